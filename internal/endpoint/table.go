package endpoint

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// finish makes figures of the sums.
func (c *collector) finish(points [2]measured) {
	t := c.table
	t.Total = c.row("total", "", c.total, points[now].total, points[before].total)
	if t.Total.Now.doubtful() || t.Total.Before.doubtful() {
		t.Notes = append(t.Notes, slo.Note{Code: "latency_doubtful", Text: "the sums of latencies contradict the percentiles, so that mean latencies and times are left out"})
		c.known[now][spent], c.known[before][spent] = false, false
		t.Total = c.row("total", "", c.total, points[now].total, points[before].total)
	}
	rest := c.gather(points)
	if c.lacks(now, rest) || c.lacks(before, rest) {
		row := c.row("rest", "", rest, unknownPercentiles(), unknownPercentiles())
		if !c.plan.latency { // the rows are not timed, so that what they lack is not known either
			row.Now.Seconds, row.Now.Mean, row.Before.Seconds, row.Before.Mean, row.TimeShare = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}
		row.spoil(t.Rows)
		t.Rest = &row
	}
	t.judge(c.singles)
}

// gather makes the rows, and returns what the total has beyond them.
func (c *collector) gather(points [2]measured) (rest *pair) {
	t := c.table
	t.Rows = make([]Row, 0, len(c.rows))
	counted := newPair()
	for _, tag := range slices.Sorted(maps.Keys(c.rows)) {
		of := func(i int) percentiles {
			if p, there := points[i].of[tag]; there {
				return p
			}
			return unknownPercentiles()
		}
		row := c.row(apm.Name(tag), tag, c.rows[tag], of(now), of(before))
		if !(row.Now.Requests > 0) && !(row.Before.Requests > 0) {
			continue // errors or latencies alone are no endpoint
		}
		row.New = row.Before.Requests == 0
		row.Gone = row.Now.Requests == 0
		counted.plus(c.rows[tag], 1)
		t.Rows = append(t.Rows, row)
	}
	rest = newPair()
	rest.plus(c.total, 1)
	rest.plus(counted, -1)
	t.Coverage = ratio(counted[now].of[hits].Value(), t.Total.Now.Requests)
	return rest
}

// figures are those of one stretch.
func (c *collector) figures(which int, p *pair) Figures {
	return p[which].figures(c.known[which], c.plan.place.Operation.Scale)
}

// row computes what follows from the sums of a group and those of the total.
func (c *collector) row(name, tag string, p *pair, points, earlier percentiles) Row {
	r := Row{Name: name, Tag: tag, Now: c.figures(now, p), Before: c.figures(before, p)}
	r.Now.set(points)
	r.Before.set(earlier)
	whole, was := c.figures(now, c.total), c.figures(before, c.total)
	r.RequestShare = ratio(r.Now.Requests, whole.Requests)
	r.ErrorShare = ratio(r.Now.Errors, whole.Errors)
	r.TimeShare = ratio(r.Now.Seconds, whole.Seconds)
	// Shares of next to nothing are noise, and huge.
	const hardly = 0.01
	k := c.table.stretched()
	change := whole.Requests - k*was.Requests
	if r.ChangeShare = math.NaN(); math.Abs(change) >= hardly*max(whole.Requests, k*was.Requests) {
		r.ChangeShare = ratio(r.Now.Requests-k*r.Before.Requests, change)
	}
	if r.Trend = p[now].trend; r.Trend == nil {
		r.Trend = make([]float64, len(c.total[now].trend))
		for i := range r.Trend {
			if p[now].lost[hits] {
				r.Trend[i] = timeseries.Missing
			}
		}
	}
	return r
}

// ratio is NaN where there is nothing to divide by.
func ratio(part, whole float64) float64 {
	if whole == 0 {
		return math.NaN()
	}
	return part / whole
}

// set takes percentiles, which only stand for a group with requests.
func (f *Figures) set(p percentiles) {
	if f.Requests > 0 {
		f.P50, f.P95, f.P99 = p[0], p[1], p[2]
	}
}

// lacks reports whether more than rounding is left of a total.
func (c *collector) lacks(which int, rest *pair) bool {
	for m := range timed {
		if m == spent && !c.plan.latency {
			continue
		}
		if left, of := rest[which].of[m].Value(), c.total[which].of[m].Value(); c.known[which][m] && math.Abs(left) > m.tolerance()*math.Abs(of) {
			return true
		}
	}
	return false
}

// judge notes what the reader must know of the table as a whole; singles says
// that figures of single rows are unknown.
func (t *Table) judge(singles bool) {
	note := func(code, format string, args ...any) {
		t.Notes = append(t.Notes, slo.Note{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	excluded := slices.ContainsFunc(t.Notes, func(n slo.Note) bool { return n.Code == NoteAllExcluded })
	if t.Total.Now.Requests == 0 && !excluded {
		note("no_traffic", "no request in %s", t.Span)
	}
	if t.Total.Before.Requests == 0 && !excluded {
		note("no_baseline_traffic", "no request in the baseline %s: there is nothing to compare with", t.Baseline)
	}
	if t.Baseline.Empty() {
		note("baseline_unknown", "there is no earlier stretch to compare with")
	} else if t.Span.Seconds() != t.Baseline.Seconds() {
		note("baseline_length", "the baseline is not as long as the stretch: counts of the two are compared as if it were")
	}
	const exact = 0.0005
	if t.Coverage > 1+exact {
		note("groups_overlap", "the rows add up to %.4g %% of the requests: some are in several rows", 100*t.Coverage)
	}
	const single = "where it did not tell of a row, single figures of that row are unknown, and part of the rest"
	switch less := t.Coverage < 1-exact; {
	case less && singles:
		note("groups_incomplete", "the rows account for %.4g %% of the requests: Datadog answered for some of them only; "+single, 100*t.Coverage)
	case less:
		note("groups_incomplete", "the rows account for %.4g %% of the requests: Datadog answered for some of them only, or the rest has no such tag", 100*t.Coverage)
	case singles:
		note("groups_incomplete", "Datadog answered for some of the rows only: "+single)
	}
}

// doubtful reports whether the mean contradicts the percentiles: half of the
// requests take at least the median, and a twentieth at least p95, so that the
// mean cannot be below half of the one or a twentieth of the other. Sums that
// Datadog averaged over time instead of adding them up look like that.
func (f Figures) doubtful() bool {
	const tolerance = 0.9 // percentiles are exact to about two percent, and not every request is timed
	return f.Mean < tolerance*0.5*f.P50 || f.Mean < tolerance*0.05*f.P95
}
