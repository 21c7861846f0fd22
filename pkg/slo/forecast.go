package slo

import (
	"math"
	"sort"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// forecast is how the bad events of a window change from its end on: those of
// today leave at the old end, others may come in at the new one. What is
// allowed stays today's.
//
// The way ahead goes in steps of a clock hour, in which bad events count as
// spread evenly, whatever the buckets: evidence in fine buckets and in hourly
// ones is evidence of the same, and must not move what is forecast.
type forecast struct {
	window     timeseries.Span
	bad, valid float64
	portions   []portion
}

func (e Events) forecast(now tally, window timeseries.Span) forecast {
	return forecast{window: window, bad: now.bad(), valid: now.valid.Value(), portions: e.portions(window)}
}

// pace is how bad events come in: as many of as many valid ones. The zero pace is none at all.
type pace struct{ bad, valid float64 }

// pace is the present one: that of the last day, or of the last three where
// that day is empty. Taking a rate, and not the number of bad events a second,
// keeps a quiet Sunday from looking like a trend.
func (s sheet) pace(to int64) (p pace, ok bool) {
	for _, w := range []int64{int64(Day), 3 * int64(Day)} {
		t, known := s.over(timeseries.Span{Start: to - w, End: to})
		if known && t.happened() && t.valid.Value() > 0 {
			return pace{t.bad(), t.valid.Value()}, true
		}
	}
	return pace{}, false
}

// turn is the first second from the end of the window on at which the bound
// begins to hold, or ceases to; 0 when that is not within one window length.
func (f forecast) turn(b bound, p pace) int64 {
	held := b.holds(f.bad, f.valid)
	for _, part := range f.portions {
		from, n := part.span.Start-f.window.Start, part.span.Seconds()
		// Everything is taken n times, so that whole counts stay whole.
		turned := func(second int64) bool {
			bad := part.after*float64(n) + part.bad*float64(n-second)
			if p.bad != 0 {
				bad += float64(n) * (p.bad * f.valid * float64(from+second) / (p.valid * float64(f.window.Seconds())))
			}
			return b.holds(bad, f.valid*float64(n)) != held
		}
		// Within a portion everything is a straight line.
		if turned(n) {
			return f.window.End + from + 1 + int64(sort.Search(int(n-1), func(i int) bool { return turned(int64(i) + 1) }))
		}
	}
	return 0
}

// exhaustion is the instant at which the budget of the rolling window ends, 0
// when that is not within one window length.
//
// A budget that is spent already ended when the bad events of the present
// window, added up from its start, first reached its allowance; that is told as
// exactly as the buckets allow. One that is not is carried forward at the present pace.
func exhaustion(o Objective, e Events, s sheet, to int64) int64 {
	window := o.Timeframe.Window(to)
	now, _ := s.over(window)
	something := more(o.Target, 0)
	if !something.holds(now.bad(), now.valid.Value()) {
		return spentAt(o.Target, e, window, now.valid.Value())
	}
	p, ok := s.pace(to)
	if !ok {
		return 0
	}
	return e.forecast(now, window).turn(something, p)
}

// spentAt is when the bad events of the window first added up to its allowance.
func spentAt(t Target, e Events, window timeseries.Span, valid float64) int64 {
	bucket, before, in := e.fell(more(t, 0), window, valid)
	if in <= 0 {
		return window.End // only where sums of fractions were rounded
	}
	remaining, _ := left(t, before, valid)
	part := math.Floor(remaining * float64(bucket.Seconds()) / in) // in this order whole seconds stay whole
	return bucket.Start + min(bucket.Seconds(), max(0, int64(part)))
}
