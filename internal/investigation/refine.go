package investigation

import (
	"math"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// refine finds the ends of a finding by the minute, and what was observed between them.
func (k *look) refine(c *candidate, l *apm.Loaded, d detail) {
	fine, ok := d.minutes(l, d.fine, d.count)
	if !ok {
		return
	}
	var base timeseries.Series
	if d.base != "" {
		if base, ok = d.minutes(l, d.base, true); !ok {
			return
		}
	}
	if c.Signal == Latency {
		fine.Values = c.track.of.means(fine.Values, base.Values)
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
	if !c.stays() {
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
		observed = k.mean(c.track.errors, fine, exact) / k.mean(c.track.requests, base, exact)
	case Latency:
		observed = k.weighted(c.track, fine, base, exact)
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
// false where they are not known. An end without a single point is not silence:
// either side of it there was something in the buckets, or there is no end to find.
func (d detail) minutes(l *apm.Loaded, query string, count bool) (timeseries.Series, bool) {
	if query == "" || len(d.ends) == 0 {
		return timeseries.Series{}, false
	}
	fine := timeseries.Blank(timeseries.Span{Start: d.ends[0].Start, End: d.ends[len(d.ends)-1].End}, minute)
	for _, e := range d.ends {
		answer := d.of(l.Answer(query, e, minute))
		if answer.Err != nil || answer.Every > minute || len(answer.Groups) != 1 {
			return fine, false
		}
		at := fine.Values[(e.Start-fine.Start)/minute : (e.End-fine.Start)/minute]
		if count {
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

// mean is how many there were a bucket of the grid.
func (k *look) mean(values []float64, fine timeseries.Series, span timeseries.Span) float64 {
	var total timeseries.Sum
	var seconds int64
	add := func(v float64, length int64) {
		if !math.IsNaN(v) {
			total.Add(v)
			seconds += length
		}
	}
	k.cover(fine, span, func(bucket int64) { add(values[bucket], k.report.Step) }, func(i int64) { add(fine.Values[i], minute) })
	return total.Value() / float64(seconds) * float64(k.report.Step)
}

// weighted is the mean latency of all requests of a span.
func (k *look) weighted(t *track, fine, base timeseries.Series, span timeseries.Span) float64 {
	var requests, seconds timeseries.Sum
	add := func(mean, n float64) {
		if v := mean * n; !math.IsNaN(v) {
			requests.Add(n)
			seconds.Add(v)
		}
	}
	k.cover(fine, span, func(bucket int64) { add(t.mean[bucket], t.requests[bucket]) }, func(i int64) { add(fine.Values[i], base.Values[i]) })
	return seconds.Value() / requests.Value()
}

// cover visits the buckets of the grid that lie in the span, and the minutes of
// those that straddle an end of it.
func (k *look) cover(fine timeseries.Series, span timeseries.Span, whole, part func(i int64)) {
	step := k.report.Step
	for t := timeseries.Floor(span.Start, step); t < span.End; t += step {
		inside := timeseries.Span{Start: t, End: t + step}.Intersect(span)
		if inside.Seconds() == step {
			whole((t - k.loading.Start) / step)
			continue
		}
		for m := inside.Start; m < inside.End; m += minute {
			if i := (m - fine.Start) / minute; i >= 0 && i < int64(len(fine.Values)) {
				part(i)
			}
		}
	}
}
