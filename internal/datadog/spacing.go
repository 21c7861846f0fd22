package datadog

import (
	"context"
	"fmt"
	"slices"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The interval of a request is a wish. Where an answer would have too many
// points, or where the query rolls up by itself, Datadog answers with wider
// buckets and does not say so. Their points lie on the grid that was asked
// for, so a coarse answer looks just like a fine one over sparse data: one
// point an hour may be the traffic of that hour, or an hourly job that ran in
// five minutes of it. Summing the first as if it were the second puts an
// hour's events into five minutes, which is wrong at every edge of a window.
//
// So an answer whose points are regular at a width above the step is not
// believed. One further question settles it: the same query, finer, over a
// short stretch with points in it. If the points of that answer lie in the
// very cells that were claimed, the data is sparse. If they lie elsewhere, the
// width was Datadog's. If they lie at the starts of the wide buckets and
// nowhere else, the query cannot be answered any finer, and nothing shows
// where in its bucket an event belongs; that counts as coarse as well.
//
// A coarse span is asked for again in halves, until Datadog answers in full or
// the stretch is too short to blame its length. The halves are believed only
// where their points themselves show the step: Datadog may well answer them at
// another width, between the step and that of the whole.

const (
	// fewestRegular is the number of points from which on regularity means
	// something: with fewer, equal gaps are a coincidence to be expected.
	fewestRegular = 6
	// fewestWidth is the number of points from which on their common divisor
	// says something about the buckets of a span whose whole was coarse.
	fewestWidth = 3
	// narrowest is the number of cells below which a span is not cut again.
	narrowest = 12
	// finest is the smallest interval in seconds that a check asks for, as a rule.
	finest = 60
	// checkPoints is how many points a check may ask for, below Datadog's 1,500.
	checkPoints = 1200
)

// verdict is what the spacing of an answer says.
type verdict int

const (
	// fine: the points are as close as was asked for, or too irregular to come from wider buckets.
	fine verdict = iota
	// doubtful: the points may come from wider buckets.
	doubtful
	// coarse: they do.
	coarse
)

// resolve asks for the queries and makes sure that the answers are fine enough.
func (c *Client) resolve(ctx context.Context, queries []seriesQuery, span timeseries.Span, step int64) ([]timeseries.Answer, error) {
	answers, err := c.ask(ctx, queries, span, step)
	if err != nil {
		return nil, err
	}
	for i, q := range queries {
		if answers[i].Err != nil {
			continue
		}
		times := pointTimes(answers[i].Groups)
		width, v := spacing(times, step, q.width)
		if v == doubtful {
			if v, err = c.check(ctx, q, answers[i].Groups, times, width, step); err != nil {
				return nil, err
			}
		}
		if v == coarse {
			q.width = width
			if answers[i], err = c.halve(ctx, q, span, step); err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

// halve asks for a coarsened query again, in two parts.
func (c *Client) halve(ctx context.Context, q seriesQuery, span timeseries.Span, step int64) (timeseries.Answer, error) {
	cells := span.Seconds() / step
	if cells <= narrowest {
		return timeseries.Answer{Err: &failure{defect: &slo.Defect{
			Kind: slo.Invalid,
			Message: fmt.Sprintf("querying %s: asked for a point every %d s, got one every %d s, even over a short stretch (%s)",
				clean(q.text, 200), step, q.width, span),
			Hints: []string{"a .rollup() in the query fixes the width of its buckets; Datadog also widens them for old data"},
		}}}, nil
	}
	middle := span.Start + cells/2*step
	var halves [2]timeseries.Answer
	for i, part := range []timeseries.Span{{Start: span.Start, End: middle}, {Start: middle, End: span.End}} {
		answers, err := c.resolve(ctx, []seriesQuery{q}, part, step)
		if err != nil {
			return timeseries.Answer{}, err
		}
		if answers[0].Err != nil {
			return answers[0], nil // the other half could not change that
		}
		halves[i] = answers[0]
	}
	return join(halves[0], halves[1], span, step), nil
}

// join puts the groups of two adjacent stretches together.
func join(left, right timeseries.Answer, span timeseries.Span, step int64) timeseries.Answer {
	var whole timeseries.Answer
	for _, half := range []timeseries.Answer{left, right} {
		for _, g := range half.Groups {
			i := slices.IndexFunc(whole.Groups, func(w timeseries.Group) bool { return slices.Equal(w.Tags, g.Tags) })
			if i < 0 {
				i = len(whole.Groups)
				whole.Groups = append(whole.Groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Blank(span, step)})
			}
			copy(whole.Groups[i].Series.Values[(g.Series.Start-span.Start)/step:], g.Series.Values)
		}
	}
	return whole
}

// pointTimes are the instants at which any group has a point, in order.
func pointTimes(groups []timeseries.Group) []int64 {
	if len(groups) == 0 {
		return nil
	}
	first := groups[0].Series
	var times []int64
	for i := range first.Values {
		if slices.ContainsFunc(groups, func(g timeseries.Group) bool { return !timeseries.IsMissing(g.Series.Values[i]) }) {
			times = append(times, first.Start+int64(i)*first.Step)
		}
	}
	return times
}

// spacing judges the times of an answer. Known is the width at which a longer
// span was already found to be too coarse, 0 without such knowledge.
func spacing(times []int64, step, known int64) (width int64, v verdict) {
	if len(times) == 0 || known == 0 && len(times) < fewestRegular {
		return 0, fine
	}
	for _, t := range times {
		width = gcd(width, t)
	}
	if width <= step {
		return 0, fine
	}
	if known > 0 {
		if len(times) < fewestWidth {
			width = known // what so few points have in common is chance
		}
		return width, doubtful
	}
	regular := 0
	for i := 1; i < len(times); i++ {
		if times[i]-times[i-1] == width {
			regular++
		}
	}
	if 2*regular <= len(times)-1 {
		return 0, fine
	}
	return width, doubtful
}

func onGrid(times []int64, width int64) bool {
	return !slices.ContainsFunc(times, func(t int64) bool { return t%width != 0 })
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// check asks the query again, finer, from its largest point on.
func (c *Client) check(ctx context.Context, q seriesQuery, groups []timeseries.Group, times []int64, width, step int64) (verdict, error) {
	interval := finerInterval(step)
	if interval == step {
		return coarse, nil // there is nothing finer to ask for
	}
	stretch := checkStretch(groups, times, width, step, interval)
	answers, err := c.ask(ctx, []seriesQuery{{text: q.text, by: q.by}}, stretch, interval)
	if err != nil {
		return coarse, err
	}
	if answers[0].Err != nil {
		return coarse, nil
	}
	claimed := slices.DeleteFunc(slices.Clone(times), func(t int64) bool { return !stretch.Contains(t) })
	return judge(pointTimes(answers[0].Groups), claimed, width, step), nil
}

// judge compares the finer points with the cells that the answer claimed.
func judge(points, claimed []int64, width, step int64) verdict {
	var cells []int64
	for _, t := range points {
		if cell := timeseries.Floor(t, step); len(cells) == 0 || cells[len(cells)-1] != cell {
			cells = append(cells, cell)
		}
	}
	if !slices.Equal(cells, claimed) || onGrid(points, width) {
		return coarse
	}
	return fine
}

// finerInterval is a twelfth of the step, but a divisor of it and not below
// [finest], or below a third of a step that is itself so small; the step
// itself where there is no such number.
func finerInterval(step int64) int64 {
	for interval := max(min(finest, step/3), step/12, 1); interval < step; interval++ {
		if step%interval == 0 {
			return interval
		}
	}
	return step
}

// checkStretch begins at the largest point, so that there is something to see,
// and is as long as a few wide buckets or as the number of points allows. It
// ends with the answer, since nothing was claimed beyond.
func checkStretch(groups []timeseries.Group, times []int64, width, step, interval int64) timeseries.Span {
	start, most := times[0], -1.0
	for _, t := range times {
		sum := 0.0
		for _, g := range groups {
			if v := g.Series.Values[(t-g.Series.Start)/g.Series.Step]; !timeseries.IsMissing(v) {
				sum += max(v, -v)
			}
		}
		if sum > most {
			start, most = t, sum
		}
	}
	long := timeseries.Span{Start: start, End: start + min(4*width, timeseries.Floor(checkPoints*interval, step))}
	return long.Intersect(groups[0].Series.Span())
}
