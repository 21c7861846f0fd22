package slo

import "github.com/slo-cli/slo/pkg/timeseries"

// portion is a stretch of a window over which its bad events count as spread
// evenly: the buckets of one hour of the clock, or one bucket that is longer.
type portion struct {
	span timeseries.Span
	// bad is how much was bad in it, after how much later in the window.
	bad, after float64
}

// portions are those that the window consists of, in order and without gaps.
// Buckets that do not count are there with nothing in them.
func (e Events) portions(window timeseries.Span) []portion {
	parts := make([]portion, 0, window.Seconds()/3600+2)
	reached := window.Start
	push := func(span timeseries.Span, bad float64) {
		if bad == 0 {
			return
		}
		if reached < span.Start {
			parts = append(parts, portion{span: timeseries.Span{Start: reached, End: span.Start}})
		}
		parts = append(parts, portion{span: span, bad: bad})
		reached = span.End
	}
	var hour timeseries.Span // what is not pushed yet
	var good, valid timeseries.Sum
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; {
			n := e.sameHour(r, i, hi)
			start := r.Start + int64(i)*r.Step
			span := timeseries.Span{Start: start, End: start + int64(n)*r.Step}
			if hour.End == start && e.Unit != Seconds && timeseries.Floor(start, 3600) == timeseries.Floor(hour.Start, 3600) {
				hour.End = span.End
			} else {
				push(hour, valid.Minus(good))
				hour, good, valid = span, timeseries.Sum{}, timeseries.Sum{}
			}
			e.addCounted(r, i, i+n, &good, &valid)
			i += n
		}
	}
	push(hour, valid.Minus(good))
	if reached < window.End {
		parts = append(parts, portion{span: timeseries.Span{Start: reached, End: window.End}})
	}
	// From the end on: when all that was bad has gone, exactly nothing is left.
	var after timeseries.Sum
	for i := len(parts) - 1; i >= 0; i-- {
		parts[i].after = after.Value()
		after.Add(parts[i].bad)
	}
	return parts
}

// sameHour is how many buckets of the run, from the i-th on, lie in the same
// hour. Seconds are as exact as they come: there it is one bucket.
func (e Events) sameHour(r Run, i, hi int) int {
	if e.Unit == Seconds {
		return 1
	}
	start := r.Start + int64(i)*r.Step
	return min(hi-i, max(1, int((timeseries.Floor(start, 3600)+3600-start)/r.Step)))
}

// addCounted adds the buckets [lo, hi) of the run that are not excluded.
func (e Events) addCounted(r Run, lo, hi int, good, valid *timeseries.Sum) {
	if len(e.Excluded) == 0 {
		good.AddPoints(r.Good[lo:hi])
		valid.AddPoints(r.Valid[lo:hi])
		return
	}
	for k := lo; k < hi; k++ {
		if !e.excluded(r.Start + int64(k)*r.Step) {
			good.AddPoints(r.Good[k : k+1])
			valid.AddPoints(r.Valid[k : k+1])
		}
	}
}
