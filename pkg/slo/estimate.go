package slo

import (
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Estimate is what the attainment of a window can be, as far as the evidence
// tells: between Low and High percent. They are the same unless the window
// begins or ends inside a bucket, of which anything may lie on either side.
type Estimate struct {
	Low, High float64
	// Known is whether there is a figure at all.
	Known bool
}

// Exactly is the estimate that is certain.
func Exactly(f Figure) Estimate {
	v, known := f.Value()
	return Estimate{v, v, known}
}

// Between estimates the attainment of a window that may begin and end anywhere.
func (e Events) Between(window timeseries.Span) Estimate {
	var in Tally
	e.Tally(window, &in)
	return in.Estimate()
}

// Tally adds the events of a window, which may begin and end anywhere.
func (e Events) Tally(window timeseries.Span, in *Tally) {
	if !e.Known.Covers(window) {
		in.unknown = true
		return
	}
	for _, r := range e.Runs {
		first, _ := r.indices(window)
		for i := max(0, first-1); i < len(r.Valid); i++ {
			start := r.Start + int64(i)*r.Step
			bucket := timeseries.Span{Start: start, End: start + r.Step}
			if start >= window.End {
				break
			}
			if !bucket.Overlaps(window) || e.excluded(start) {
				continue
			}
			in.add(r.Good[i], r.Valid[i], window.Covers(bucket))
		}
	}
}

// Tally adds up events of which some may lie outside of the window.
type Tally struct {
	good, valid timeseries.Sum
	// What of the buckets at the ends makes the attainment lowest, and highest.
	lowGood, lowValid, highGood, highValid timeseries.Sum
	// unknown says that something was not asked for.
	unknown bool
}

// add adds a bucket; certain says that it lies in the window from end to end.
// Of another any part of the good and of the bad events may lie inside. Where
// good exceeds valid, or is negative, the two sides do not count the same
// events, and any part of each may.
func (t *Tally) add(good, valid float64, certain bool) {
	good, valid = present(good), present(valid)
	switch {
	case certain:
		t.good.Add(good)
		t.valid.Add(valid)
	case good >= 0 && good <= valid:
		t.lowValid.Add(valid - good)
		t.highGood.Add(good)
		t.highValid.Add(good)
	default:
		t.lowGood.Add(min(0, good))
		t.lowValid.Add(max(0, valid))
		t.highGood.Add(max(0, good))
		t.highValid.Add(min(0, valid))
	}
}

// Estimate is the attainment of what was added.
func (t *Tally) Estimate() Estimate {
	good, valid := t.good.Value(), t.valid.Value()
	low, high := valid+t.lowValid.Value(), valid+t.highValid.Value()
	if valid <= 0 || low <= 0 || high <= 0 || t.unknown {
		return Estimate{}
	}
	return Estimate{Low: 100 * (good + t.lowGood.Value()) / low, High: 100 * (good + t.highGood.Value()) / high, Known: true}
}

func present(v float64) float64 {
	if timeseries.IsMissing(v) {
		return 0
	}
	return v
}
