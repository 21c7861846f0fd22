package investigation

import (
	"math"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// refine finds the ends of a finding by the minute, and what was observed between them.
func (k *look) refine(c *candidate, l *apm.Loaded, d detail) {
	fine, ok := minutes(l, d.fine, d)
	if !ok {
		return
	}
	f := c.Finding.Finding
	if c.Signal == ErrorRate { // the minutes count errors
		n := float64(c.hi - c.lo)
		f.Observed = sum(c.track.errors, c.lo, c.hi) / n
		f.Expected = c.Expected * sum(c.track.requests, c.lo, c.hi) / n
	}
	start, end := anomaly.Refine(fine, f, c.Step)
	if start >= end {
		return
	}
	c.Start, c.Resolution = start, minute
	if !c.Open && c.Kind != anomaly.New { // what is new has no end that could be seen
		c.End = end
	}
	// The buckets at the ends hold other time as well, so the figures are taken anew.
	observed := math.NaN()
	exact := timeseries.Span{Start: start, End: end}
	switch c.Signal {
	case Requests:
		observed = k.mean(c.track.requests, fine, exact)
	case Errors:
		observed = k.mean(c.track.errors, fine, exact)
	case ErrorRate:
		if base, ok := minutes(l, d.base, d); ok {
			observed = k.mean(c.track.errors, fine, exact) / k.mean(c.track.requests, base, exact)
		}
	}
	if !math.IsNaN(observed) && !math.IsInf(observed, 0) {
		c.Observed = observed
		if c.Expected > 0 {
			c.Ratio = observed / c.Expected
		}
		if c.Signal == Requests && c.Kind == anomaly.Drop && observed == 0 {
			c.Kind = anomaly.Silence // only the buckets at its ends had requests
		}
	}
}

// minutes are the values of a query around the ends of a finding, NaN elsewhere;
// false where they are not known.
func minutes(l *apm.Loaded, query string, d detail) (timeseries.Series, bool) {
	if query == "" || len(d.ends) == 0 {
		return timeseries.Series{}, false
	}
	fine := timeseries.Blank(timeseries.Span{Start: d.ends[0].Start, End: d.ends[len(d.ends)-1].End}, minute)
	for _, e := range d.ends {
		answer := l.Answer(query, e, minute)
		if answer.Err != nil || answer.Every > minute || len(answer.Groups) > 1 {
			return fine, false
		}
		at := fine.Values[(e.Start-fine.Start)/minute : (e.End-fine.Start)/minute]
		if d.count {
			clear(at) // nothing came, unless there is a point
		}
		for _, g := range answer.Groups {
			for i, v := range g.Series.Values {
				if !math.IsNaN(v) {
					at[i] = v
				}
			}
		}
	}
	return fine, true
}

// mean is how many there were a bucket of the grid: by the buckets that lie in
// the span, and by the minutes in those that straddle an end.
func (k *look) mean(values []float64, fine timeseries.Series, span timeseries.Span) float64 {
	step := k.report.Step
	var total timeseries.Sum
	var seconds int64
	for t := timeseries.Floor(span.Start, step); t < span.End; t += step {
		part := timeseries.Span{Start: t, End: t + step}.Intersect(span)
		if part.Seconds() == step {
			if v := values[(t-k.loading.Start)/step]; !math.IsNaN(v) {
				total.Add(v)
				seconds += step
			}
			continue
		}
		for m := part.Start; m < part.End; m += minute {
			if i := (m - fine.Start) / minute; i >= 0 && i < int64(len(fine.Values)) && !math.IsNaN(fine.Values[i]) {
				total.Add(fine.Values[i])
				seconds += minute
			}
		}
	}
	return total.Value() / float64(seconds) * float64(step)
}
