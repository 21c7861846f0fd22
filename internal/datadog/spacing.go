package datadog

import (
	"context"
	"fmt"
	"math"
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
// nowhere else, one bucket is taken apart: if all of its value is in its first
// step and nothing in the rest, that is how the points were sent, and the answer
// says how far apart they are; else nothing shows where in its bucket an event
// belongs, which counts as coarse as well.
//
// Few points cannot be regular. If all points of a count lie on whole hours (or
// days, for steps of an hour) the largest is asked for once more, alone: it is as large as
// before if it is what it says, and smaller if most of it came later in the hour.
// And a bucket that begins before the span that was asked for, on a wider grid, is proof by itself.
//
// Averages, percentiles and formulas are no counts: half an hour of one may well
// be as large as all of it. There a few points on whole hours are asked for again,
// finer, like regular ones; and so are irregular ones, of any kind, that lie on
// a wider grid more often than by chance.
//
// A formula need not have a value wherever one of its queries has a point, so
// its finer answer proves little: it is asked for again as it was, over the
// short stretch and with its queries, and the queries are asked for finer.
//
// A coarse span is asked for again in halves, until Datadog answers in full or
// the stretch is too short to blame its length. The halves are believed only
// where their points themselves show the step: Datadog may well answer them at
// another width, between the step and that of the whole.

const (
	// fewestRegular is the number of points from which on regularity means
	// something: with fewer, equal gaps are a coincidence to be expected.
	fewestRegular = 6
	// fewestWhole is the number of points from which on it means something that
	// all of them lie at multiples of whole steps: sparse data does so by chance
	// once in whole × whole times, or more rarely.
	fewestWhole = 2
	whole       = 12
	// fewestWidth is the number of points from which on their common divisor
	// says something about the buckets of a span whose whole was coarse.
	fewestWidth = 3
	// narrowest is the number of cells below which a span is not cut again.
	narrowest = 12
	// chance is how rarely, once in so many times, points may lie on a wider
	// grid by accident to be believed nevertheless.
	chance = whole * whole
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
	// onTheHour: there are few points or they are irregular, but all of them lie
	// where much wider buckets would begin.
	onTheHour
	// coarse: they do, over a span of this length.
	coarse
	// fixed: they do, and over a short stretch just as well.
	fixed
	// sparse: they look like it, but nothing lies between them: that is how they were sent.
	sparse
)

// resolve asks for the queries and makes sure that the answers are fine enough.
func (c *Client) resolve(ctx context.Context, queries []seriesQuery, span timeseries.Span, step int64) ([]timeseries.Answer, error) {
	readings, err := c.ask(ctx, queries, span, step)
	if err != nil {
		return nil, err
	}
	answers := make([]timeseries.Answer, len(queries))
	for i, q := range queries {
		answers[i] = readings[i].Answer
		if answers[i].Err != nil {
			continue
		}
		times := pointTimes(answers[i].Groups)
		width, v := spacing(times, step, q)
		if early := readings[i].early; early != 0 {
			// A bucket that begins before the span is wider than was asked for,
			// unless the other points show that they are not.
			all := early
			for _, t := range times {
				all = gcd(all, t)
			}
			if all > step {
				v, width = coarse, all
			}
		}
		if v == onTheHour {
			if v, err = c.recount(ctx, q, answers[i].Groups, times, step); err != nil {
				return nil, err
			}
		}
		if v == doubtful {
			if v, err = c.check(ctx, q, answers[i].Groups, times, width, step); err != nil {
				return nil, err
			}
		}
		q.width = width
		switch v {
		case sparse:
			answers[i].Every = width
		case fixed:
			answers[i] = timeseries.Answer{Err: tooCoarse(q, span, step)}
		case coarse:
			if answers[i], err = c.halve(ctx, q, span, step); err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

// tooCoarse says that there is no answer that is fine enough.
func tooCoarse(q seriesQuery, span timeseries.Span, step int64) error {
	return defect(slo.Invalid,
		fmt.Sprintf("querying %s: asked for a point every %d s, got %s (%s)", clean(q.text, 200), step, widthText(q.width), span),
		"a .rollup() in the query fixes the width of its buckets; Datadog also widens them for old data")
}

// halve asks for a coarsened query again, in two parts.
func (c *Client) halve(ctx context.Context, q seriesQuery, span timeseries.Span, step int64) (timeseries.Answer, error) {
	cells := span.Seconds() / step
	if cells <= narrowest || !c.mayAsk() || !c.mayAsk() {
		return timeseries.Answer{Err: tooCoarse(q, span, step)}, nil
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

// widthText is the width of the buckets of an answer, where more than one point shows it.
func widthText(width int64) string {
	if width > 31*86_400 { // what one instant has in common with the epoch
		return "wider buckets"
	}
	return fmt.Sprintf("one every %d s", width)
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

// spacing judges the times of an answer to the query.
func spacing(times []int64, step int64, q seriesQuery) (width int64, v verdict) {
	known := q.width
	for _, t := range times {
		width = gcd(width, t)
	}
	if len(times) < fewestWhole || width <= step {
		if known > 0 && width > step {
			return known, doubtful // what one point has in common with itself is chance
		}
		return 0, fine
	}
	if known == 0 && len(times) < fewestRegular {
		return few(times, width, step, q.counts)
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
		return few(times, width, step, q.counts)
	}
	return width, doubtful
}

// few is what to make of points that are too few or too irregular to be judged by their gaps.
func few(times []int64, width, step int64, counts bool) (int64, verdict) {
	if width >= whole*step {
		if counts {
			return width, onTheHour
		}
		return width, doubtful
	}
	// Points with a period of their own, such as an hour, lie on an even minute
	// all or none: that is one coincidence and not many.
	period := int64(0)
	for _, t := range times {
		period = gcd(period, t-times[0])
	}
	if period == width && math.Pow(float64(width)/float64(step), float64(len(times))) >= chance {
		return width, doubtful
	}
	return 0, fine
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

// doubt is what a check is about. It is settled for all spans in which it
// arises alike: a board asks for ninety days one by one, and what reports every
// other minute does so on each. Only counts at a step at which events are
// counted are looked at every time, because no event may move across the end of a window.
type doubt struct {
	asked       string
	width, step int64
}

func (q seriesQuery) doubt(width, step int64) doubt {
	return doubt{timeseries.Formula{Text: q.text, Inputs: q.inputs}.Key(), width, step}
}

// recall is what an earlier look has found about a doubt.
func (c *Client) recall(d doubt) (verdict, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, known := c.judged[d]
	return v, known
}

func (c *Client) remember(d doubt, v verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.judged[d] = v
}

// check settles a doubt, with further questions where it is a new one.
func (c *Client) check(ctx context.Context, q seriesQuery, groups []timeseries.Group, times []int64, width, step int64) (verdict, error) {
	d := q.doubt(width, step)
	always := q.counts && step >= slo.BucketSeconds
	if v, known := c.recall(d); known && (v == sparse || !always) {
		return v, nil
	}
	v, err := c.look(ctx, q, groups, times, width, step)
	if err == nil && v == fixed {
		v, err = c.between(ctx, q, groups, times, width, step)
	}
	if err == nil && v != coarse { // coarse may be no more than a lack of evidence, or the length of this span
		c.remember(d, v)
	}
	return v, err
}

// between settles whether points at the starts of wide buckets and nowhere else
// are all that was sent, as by a job that runs every hour, or whether Datadog
// fixes the width. The first step of such a bucket is asked for alone, and then
// the rest of it: all of the value must be in the one, and nothing in the
// other, not even a bucket that begins before it.
func (c *Client) between(ctx context.Context, q seriesQuery, groups []timeseries.Group, times []int64, width, step int64) (verdict, error) {
	same, err := c.recount(ctx, q, groups, times, step)
	if err != nil || same != fine || !c.mayAsk() {
		return fixed, err
	}
	at, _ := largest(groups, times)
	rest := timeseries.Span{Start: at + step, End: at + min(width, timeseries.Floor(checkPoints*step, step))}
	asked := []seriesQuery{q.again()}
	if q.isFormula {
		asked = append(asked, q.parts()...)
	}
	readings, err := c.ask(ctx, asked, rest, step)
	if err != nil {
		return fixed, err
	}
	for _, r := range readings {
		if r.Err != nil || r.early != 0 || len(r.Groups) > 0 {
			return fixed, nil
		}
	}
	return sparse, nil
}

// look asks the query again, finer, from its largest point on.
func (c *Client) look(ctx context.Context, q seriesQuery, groups []timeseries.Group, times []int64, width, step int64) (verdict, error) {
	interval := finerInterval(step)
	if interval == step || !c.mayAsk() {
		return coarse, nil // there is nothing finer to ask for, or too much was asked already
	}
	stretch := checkStretch(groups, times, width, step, interval)
	if stretch.Seconds() <= width {
		return coarse, nil // of a stretch no longer than one wide bucket nothing can be seen to lie off their grid
	}
	claimed := slices.DeleteFunc(slices.Clone(times), func(t int64) bool { return !stretch.Contains(t) })
	if !q.isFormula {
		finer, err := c.times(ctx, []seriesQuery{q.again()}, stretch, interval)
		if err != nil || finer == nil {
			return coarse, err
		}
		return judge(cellsOf(finer[0], step), claimed, finer[0], width), nil
	}
	same, err := c.times(ctx, append(q.parts(), q.again()), stretch, step)
	if err != nil || same == nil || !slices.Equal(same[len(q.inputs)], claimed) || !c.mayAsk() {
		return coarse, err
	}
	finer, err := c.times(ctx, q.parts(), stretch, interval)
	if err != nil || finer == nil {
		return coarse, err
	}
	v := fixed
	for i := range q.inputs {
		switch judge(cellsOf(finer[i], step), same[i], finer[i], width) {
		case coarse:
			return coarse, nil
		case fine:
			v = fine // one query with points off the wide grid is enough: the request has one width
		}
	}
	return v, nil
}

// times asks for queries once more and returns the times of the points of each;
// nil when one of them has no usable answer.
func (c *Client) times(ctx context.Context, queries []seriesQuery, span timeseries.Span, step int64) ([][]int64, error) {
	readings, err := c.ask(ctx, queries, span, step)
	if err != nil {
		return nil, err
	}
	times := make([][]int64, len(queries))
	for i, r := range readings {
		if r.Err != nil || r.early != 0 {
			return nil, nil
		}
		times[i] = pointTimes(r.Groups)
	}
	return times, nil
}

// recount asks for the largest point alone. Events that came in its bucket are
// all there again; of a wider one only those of its first step are.
func (c *Client) recount(ctx context.Context, q seriesQuery, groups []timeseries.Group, times []int64, step int64) (verdict, error) {
	if !c.mayAsk() {
		return coarse, nil
	}
	at, sum := largest(groups, times)
	readings, err := c.ask(ctx, []seriesQuery{q.again()}, timeseries.Span{Start: at, End: at + step}, step)
	if err != nil {
		return coarse, err
	}
	again := readings[0]
	if again.Err != nil || again.early != 0 || len(again.Groups) == 0 {
		return coarse, nil
	}
	if _, found := largest(again.Groups, []int64{at}); math.Abs(found-sum) > 1e-9*math.Abs(sum) {
		return coarse, nil
	}
	return fine, nil
}

// judge compares the cells of a second answer with those that the first one
// claimed, and looks for finer points off the wide grid.
func judge(cells, claimed, finer []int64, width int64) verdict {
	switch {
	case !slices.Equal(cells, claimed):
		return coarse
	case onGrid(finer, width):
		return fixed
	default:
		return fine
	}
}

// cellsOf are the starts of the cells in which the times lie.
func cellsOf(times []int64, step int64) []int64 {
	var cells []int64
	for _, t := range times {
		if cell := timeseries.Floor(t, step); len(cells) == 0 || cells[len(cells)-1] != cell {
			cells = append(cells, cell)
		}
	}
	return cells
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
// ends with the answer, since nothing was claimed beyond; where that would cut
// it short, it begins at the last point from which on it has its length.
func checkStretch(groups []timeseries.Group, times []int64, width, step, interval int64) timeseries.Span {
	answer := groups[0].Series.Span()
	length := min(4*width, timeseries.Floor(checkPoints*interval, step))
	start, _ := largest(groups, times)
	for _, t := range slices.Backward(times) {
		if start+length <= answer.End {
			break
		}
		start = min(start, t)
	}
	return timeseries.Span{Start: start, End: start + length}.Intersect(answer)
}

// largest is the time with the largest values, all groups together.
func largest(groups []timeseries.Group, times []int64) (at int64, most float64) {
	at, most = times[0], -1
	for _, t := range times {
		sum := 0.0
		for _, g := range groups {
			if v := g.Series.Values[(t-g.Series.Start)/g.Series.Step]; !timeseries.IsMissing(v) {
				sum += max(v, -v)
			}
		}
		if sum > most {
			at, most = t, sum
		}
	}
	return at, most
}
