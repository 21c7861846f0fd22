package slo

import (
	"math"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// exhaustion is the instant at which the budget of the rolling window ends, 0
// when that is not within one window length.
//
// A budget that is spent already ended when the bad events of the present
// window, added up from its start, first reached its allowance. One that is
// not is carried forward against today's allowance: bad events come in at the
// present pace, which is the burn rate of the last day (of the last three
// where that day is empty), and at the other end of the window the old ones
// age out. Taking the burn rate, and not the number of bad events a second,
// keeps a quiet Sunday from looking like a trend.
//
// The way ahead goes in steps of a clock hour, in which bad events count as
// spread evenly, whatever the buckets: evidence in fine buckets and in hourly
// ones is evidence of the same, and must not move what is forecast. When a
// budget did end is told as exactly as the buckets allow.
func exhaustion(o Objective, e Events, s sheet, to int64) int64 {
	window := o.Timeframe.Window(to)
	now, _ := s.over(window)
	valid := now.valid.Value()
	remaining, _ := left(o.Target, now.bad(), valid)
	if remaining <= 0 {
		return spentAt(o.Target, e, window, valid)
	}
	rate, ok := pace(s, to)
	if !ok {
		return 0
	}
	incoming := rate * valid / float64(o.Timeframe) // bad events a second
	reached := window.Start                         // how far the old end of the window has moved
	// step moves the old end to the instant end, while bad events age out at
	// the given number a second; it reports where the budget ended, if it did.
	step := func(end int64, ageing float64) (int64, bool) {
		after := remaining + (ageing-incoming)*float64(end-reached)
		if after > 0 {
			remaining, reached = after, end
			return 0, false
		}
		seconds := math.Ceil(remaining / (incoming - ageing))
		return to + reached - window.Start + min(int64(seconds), end-reached), true
	}
	var p portion // what is not gone through yet
	pass := func() (int64, bool) {
		if p.span.Start > reached {
			if at, ended := step(p.span.Start, 0); ended {
				return at, true
			}
		}
		return step(p.span.End, p.valid.Minus(p.good)/float64(p.span.Seconds()))
	}
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; {
			next := e.portion(r, i, hi)
			i += int(next.span.Seconds() / r.Step)
			if p.joins(next, e.Unit) {
				p.span.End = next.span.End
				p.good.AddSum(next.good)
				p.valid.AddSum(next.valid)
				continue
			}
			if !p.span.Empty() {
				if at, ended := pass(); ended {
					return at
				}
			}
			p = next
		}
	}
	if !p.span.Empty() {
		if at, ended := pass(); ended {
			return at
		}
	}
	if at, ended := step(window.End, 0); ended {
		return at
	}
	return 0
}

// spentAt is when the bad events of the window first added up to its allowance.
func spentAt(t Target, e Events, window timeseries.Span, valid float64) int64 {
	var bad timeseries.Sum
	remaining, last := allowed(t, valid), window.End
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			b := present(r.Valid[i]) - present(r.Good[i])
			if b == 0 || e.excluded(r.Start+int64(i)*r.Step) {
				continue
			}
			before := remaining
			bad.Add(present(r.Valid[i]))
			bad.Add(-present(r.Good[i]))
			start := r.Start + int64(i)*r.Step
			if remaining, _ = left(t, bad.Value(), valid); remaining <= 0 {
				part := math.Floor(before * float64(r.Step) / b) // in this order whole seconds stay whole
				return start + min(r.Step, max(0, int64(part)))
			}
			if b > 0 {
				last = start + r.Step
			}
		}
	}
	// Only the last rounding of a sum of fractions leads here: the allowance
	// was reached exactly, by the last bad event.
	return last
}

// pace is the share of valid events that is bad at present.
func pace(s sheet, to int64) (rate float64, ok bool) {
	for _, w := range []int64{int64(Day), 3 * int64(Day)} {
		t, known := s.over(timeseries.Span{Start: to - w, End: to})
		if known && t.happened() && t.valid.Value() > 0 {
			return t.bad() / t.valid.Value(), true
		}
	}
	return 0, false
}

// portion is what was counted in a stretch that lies in one hour of the clock,
// or in one bucket that is longer. Buckets that do not count are there with nothing in them.
type portion struct {
	span        timeseries.Span
	good, valid timeseries.Sum
}

// portion is the buckets of the run from the i-th on, as far as they lie in the
// same hour. Seconds are as exact as they come: there it is one bucket.
func (e Events) portion(r Run, i, hi int) (p portion) {
	start := r.Start + int64(i)*r.Step
	n := 1
	if e.Unit != Seconds {
		n = min(hi-i, max(1, int((timeseries.Floor(start, 3600)+3600-start)/r.Step)))
	}
	p.span = timeseries.Span{Start: start, End: start + int64(n)*r.Step}
	if len(e.Excluded) == 0 {
		p.good.AddPoints(r.Good[i : i+n])
		p.valid.AddPoints(r.Valid[i : i+n])
		return p
	}
	for k := i; k < i+n; k++ {
		if !e.excluded(r.Start + int64(k)*r.Step) {
			p.good.AddPoints(r.Good[k : k+1])
			p.valid.AddPoints(r.Valid[k : k+1])
		}
	}
	return p
}

// joins reports whether the next portion belongs to the same hour.
func (p portion) joins(next portion, u Unit) bool {
	return u != Seconds && !p.span.Empty() && next.span.Start == p.span.End &&
		timeseries.Floor(next.span.Start, 3600) == timeseries.Floor(p.span.Start, 3600)
}
