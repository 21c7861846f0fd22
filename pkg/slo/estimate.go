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
	// the parts of buckets at the ends, which may be in or out
	maybeGood, maybeBad timeseries.Sum
	// unknown says that something was not asked for.
	unknown bool
}

// add adds a bucket; certain says that it lies in the window from end to end.
func (t *Tally) add(good, valid float64, certain bool) {
	good, valid = present(good), present(valid)
	if certain {
		t.good.Add(good)
		t.valid.Add(valid)
		return
	}
	t.maybeGood.Add(max(0, good))
	t.maybeBad.Add(max(0, valid-good))
}

// Estimate is the attainment of what was added.
func (t *Tally) Estimate() Estimate {
	good, valid := t.good.Value(), t.valid.Value()
	maybeGood, maybeBad := t.maybeGood.Value(), t.maybeBad.Value()
	if valid <= 0 || t.unknown {
		return Estimate{}
	}
	return Estimate{Low: 100 * good / (valid + maybeBad), High: 100 * (good + maybeGood) / (valid + maybeGood), Known: true}
}
