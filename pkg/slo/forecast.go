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
// age out, evenly within each bucket. Taking the burn rate, and not the number
// of bad events a second, keeps a quiet Sunday from looking like a trend.
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
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			start := r.Start + int64(i)*r.Step
			if e.excluded(start) {
				continue
			}
			if start > reached {
				if at, ended := step(start, 0); ended {
					return at
				}
			}
			bad := present(r.Valid[i]) - present(r.Good[i])
			if at, ended := step(start+r.Step, bad/float64(r.Step)); ended {
				return at
			}
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

func present(v float64) float64 {
	if timeseries.IsMissing(v) {
		return 0
	}
	return v
}
