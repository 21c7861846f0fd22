package scenario

import (
	"math"
	"slices"
)

// AddCounts adds the number of requests in [bounds[i], bounds[i+1]) to into[i],
// as Count would one by one. Bounds ascend.
func (s *Series) AddCounts(into, bounds []int64) {
	s.EachBusy(bounds, func(i int, n int64) { into[i] += n })
}

// EachBusy visits the stretches [bounds[i], bounds[i+1]) with requests, with how
// many there are. Bounds ascend.
func (s *Series) EachBusy(bounds []int64, visit func(i int, n int64)) {
	if s.flow == nil || len(bounds) < 2 {
		return
	}
	f := s.flow
	// Instants outside of the series' life count as its ends.
	before := f.count(min(max(bounds[0], s.from), s.to))
	for i := 0; i+1 < len(bounds) && bounds[i] < s.to; i++ {
		if f.sparse() {
			// Nothing happens up to the next request.
			if next := f.next(max(bounds[i], s.from)); next > bounds[i+1] {
				j, _ := slices.BinarySearch(bounds, next)
				if i = j - 1; i+1 >= len(bounds) {
					return
				}
			}
		}
		after := f.count(min(max(bounds[i+1], s.from), s.to))
		if after > before {
			visit(i, after-before)
			before = after
		}
	}
}

// sparse reports whether next can tell how long nothing happens. The flow must
// have been counted.
func (f *flow) sparse() bool { return f.cells == nil }

// next is the first instant before which there is a request that is not yet
// before t, in a flow that is all knots.
func (f *flow) next(t int64) int64 {
	t = min(max(t, f.start()), f.end)
	units := (f.fromKnot(t) + 1) * grain
	for k := max(f.knotBefore(t), 0); k < len(f.knots); k++ {
		at := f.knots[k]
		if at.perSecond == 0 {
			continue
		}
		when := at.at + (max(units-at.units, 0)+at.perSecond-1)/at.perSecond
		if k+1 == len(f.knots) || when <= f.knots[k+1].at {
			return when
		}
	}
	return math.MaxInt64
}
