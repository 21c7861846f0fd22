package anomaly

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// awaited is how much must have been expected of a stretch in which nothing came.
const awaited = 20

// silence adds the stretches of counts in which nothing came where something was
// expected, unless another view has them. A series that often falls silent for so
// long does not tell anything by it.
func (f *finder) silence(s timeseries.Series, mark int) {
	f.silent = f.silent[:0]
	known := len(f.stretches)
	for i := 0; i < len(s.Values); {
		lo, e := i, 0.0
		for ; i < len(s.Values) && s.Values[i] == 0; i++ {
			if u := f.fine[i]; u == u {
				e += u
			}
		}
		if i == lo {
			i++
			continue
		}
		part := f.thereabouts(s, lo, i)
		e *= part
		if e >= awaited/2 {
			f.silent = append(f.silent, e)
		}
		if e < awaited || f.has(lo, i, mark, known, s.Step) {
			continue
		}
		// A Poisson tail, as a number of standard deviations.
		f.stretches = append(f.stretches, stretch{lo: lo, hi: i, score: max(Alarm, math.Sqrt(2*e)), kind: Silence, part: part})
	}
	// Where it falls silent now and then, only what is much longer is news.
	slices.Sort(f.silent)
	kept := f.stretches[:known]
	for _, t := range f.stretches[known:] {
		mass := t.score * t.score / 2
		if n := len(f.silent); n < 4 || mass > 4*f.silent[n-2] || !f.slow.idle && mass > 2*f.silent[n-4] || !f.slow.idle && mass > 4*f.silent[n/2] {
			kept = append(kept, t)
		}
	}
	f.stretches = kept
}

// has says whether a stretch between the marks overlaps the buckets [lo, hi).
func (f *finder) has(lo, hi, mark, known int, step int64) bool {
	for _, t := range f.stretches[mark:known] {
		if t.lo < hi && lo < t.followed(step) {
			return true
		}
	}
	return false
}

// thereabouts is which part of what was expected came in the hours around the
// buckets [lo, hi), where that is less than all: in the first week nobody knows a
// weekend, and what is expected of one is what the days before it had.
func (f *finder) thereabouts(s timeseries.Series, lo, hi int) float64 {
	if int64(lo)*s.Step >= week {
		return 1
	}
	around := int(max(3*hour/s.Step, 3))
	x, e := 0.0, 0.0
	for i := max(0, lo-around); i < min(len(s.Values), hi+around); i++ {
		if v, u := s.Values[i], f.fine[i]; v == v && u == u && (i < lo || i >= hi) {
			x += v
			e += u
		}
	}
	if e > 0 {
		return min(1, x/e)
	}
	return 1
}
