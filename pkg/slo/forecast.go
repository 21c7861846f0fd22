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
// not is carried forward: new events come in at the pace of the last day (of
// the last three where that day is empty), and at the other end of the window
// the old ones age out, evenly within each bucket.
func exhaustion(o Objective, e Events, s sheet, to int64) int64 {
	window := o.Timeframe.Window(to)
	now, _ := s.over(window)
	remaining := left(o.Target, now.bad(), now.valid.Value())
	if remaining <= 0 {
		return spentAt(o.Target, e, window, now.valid.Value())
	}
	badPace, validPace, ok := pace(s, to)
	if !ok {
		return 0
	}
	share := float64(o.Target.Allowed()) / float64(Hundred)
	slope := share*validPace - badPace // what new events do to the remaining budget, per second
	reached := window.Start            // how far the old end of the window has moved
	// step moves the old end to the instant end, while the events that age out
	// give back gain per second; it reports where the budget ended, if it did.
	step := func(end int64, gain float64) (int64, bool) {
		rate := slope + gain
		after := remaining + rate*float64(end-reached)
		if after > 0 {
			remaining, reached = after, end
			return 0, false
		}
		seconds := math.Ceil(remaining / -rate)
		return to + reached - window.Start + min(int64(seconds), end-reached), true
	}
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			start := r.Start + int64(i)*r.Step
			if start > reached {
				if at, ended := step(start, 0); ended {
					return at
				}
			}
			good, valid := present(r.Good[i]), present(r.Valid[i])
			gain := ((valid - good) - share*valid) / float64(r.Step)
			if at, ended := step(start+r.Step, gain); ended {
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
	last := window.End
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			b := present(r.Valid[i]) - present(r.Good[i])
			if b == 0 {
				continue
			}
			before := left(t, bad.Value(), valid)
			bad.Add(present(r.Valid[i]))
			bad.Add(-present(r.Good[i]))
			start := r.Start + int64(i)*r.Step
			if left(t, bad.Value(), valid) <= 0 {
				part := math.Floor(before / b * float64(r.Step))
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

// pace is how many bad and valid events come in per second at present.
func pace(s sheet, to int64) (bad, valid float64, ok bool) {
	for _, w := range []int64{int64(Day), 3 * int64(Day)} {
		t, known := s.over(timeseries.Span{Start: to - w, End: to})
		if known && t.valid.Value() > 0 {
			return t.bad() / float64(w), t.valid.Value() / float64(w), true
		}
	}
	return 0, 0, false
}

func present(v float64) float64 {
	if timeseries.IsMissing(v) {
		return 0
	}
	return v
}
