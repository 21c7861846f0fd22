package scenario

import (
	"math"
	"sync"
)

// grain is the number of units that make one request. Intensities are whole
// units per second, so that counting is integer arithmetic and the same
// everywhere.
const grain = 100_000_000

// segment is a stretch, up to the next segment's start, in which a flow's
// incidents and releases do not change.
type segment struct {
	from int64
	// weight is the intensity in requests per second before rhythm and noise.
	weight float64
	// shift moves every latency by so many bins.
	shift int
}

// flow is one kind of request (one endpoint in one environment with one
// status) over the whole life of the world. Its cumulative intensity is
// computed when it is first asked for.
type flow struct {
	key      uint64
	segments []segment
	// end is where the world ends; before the first segment and from end on there is no traffic.
	end    int64
	rhythm *rhythm
	noise  float64
	// phase is how many units there are before the first second, less than grain.
	phase int64
	// chance, when there is one, draws each cell's count.
	chance  *chance
	latency *latencyShape

	once sync.Once
	// cells[i] is the cumulative count of units at the start of cell i; nil
	// for a flow without rhythm and noise, for which the knots are enough.
	cells []int64
	// knots are where the intensity changes: all of them without cells, else
	// those strictly inside a cell, ascending.
	knots []knot
}

type knot struct {
	at, units, perSecond int64
}

func (f *flow) start() int64 { return f.segments[0].from }

// flat reports whether the intensity only changes where a segment begins.
func (f *flow) flat() bool { return f.rhythm == nil && f.noise == 0 && f.chance == nil }

// compute fills in the cumulative intensity.
func (f *flow) compute() {
	if f.flat() {
		units := f.phase
		for i, s := range f.segments {
			perSecond := toGrain(s.weight)
			f.knots = append(f.knots, knot{s.from, units, perSecond})
			units += perSecond * (f.segmentEnd(i) - s.from)
		}
		f.knots = append(f.knots, knot{f.end, units, 0})
		return
	}
	n := (f.end - f.start()) / Cell
	f.cells = make([]int64, n+1)
	units, seg := f.phase, 0
	for i := range n {
		f.cells[i] = units
		at := f.start() + i*Cell
		factor := 1.0
		if f.rhythm != nil {
			factor = f.rhythm.at(at / Cell)
		}
		if f.noise != 0 {
			factor *= wobble(f.key, at/Cell, f.noise)
		}
		if f.chance != nil {
			for f.segmentEnd(seg) <= at {
				seg++
			}
			factor *= f.chance.factor(f.key, at/Cell, f.segments[seg].weight*factor*Cell)
		}
		for at < f.start()+(i+1)*Cell {
			for f.segmentEnd(seg) <= at {
				seg++
			}
			until := min(f.segmentEnd(seg), f.start()+(i+1)*Cell)
			perSecond := toGrain(f.segments[seg].weight * factor)
			if until-at != Cell {
				f.knots = append(f.knots, knot{at, units, perSecond})
			}
			units += perSecond * (until - at)
			at = until
		}
	}
	f.cells[n] = units
}

func toGrain(perSecond float64) int64 { return int64(math.Round(perSecond * grain)) }

func (f *flow) segmentEnd(i int) int64 {
	if i+1 < len(f.segments) {
		return f.segments[i+1].from
	}
	return f.end
}

// count is the number of requests before the instant t.
func (f *flow) count(t int64) int64 {
	f.once.Do(f.compute)
	t = min(max(t, f.start()), f.end)
	if f.cells == nil {
		return f.fromKnot(t)
	}
	i := (t - f.start()) / Cell
	units := f.cells[i]
	into := t - f.start() - i*Cell
	if into == 0 {
		return units / grain
	}
	if len(f.knots) > 0 && f.split(i) {
		return f.fromKnot(t)
	}
	// The intensity is constant in the cell, so that the division is exact.
	return (units + (f.cells[i+1]-units)/Cell*into) / grain
}

// split reports whether the intensity changes inside cell i.
func (f *flow) split(i int64) bool {
	at := f.start() + i*Cell
	k := f.knotBefore(at + Cell - 1)
	return k >= 0 && f.knots[k].at >= at
}

// knotBefore is the last knot that is not after t, -1 without one.
func (f *flow) knotBefore(t int64) int {
	lo, hi := 0, len(f.knots)
	for lo < hi {
		mid := (lo + hi) / 2
		if f.knots[mid].at <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

func (f *flow) fromKnot(t int64) int64 {
	k := f.knots[f.knotBefore(t)]
	return (k.units + k.perSecond*(t-k.at)) / grain
}

// shiftAt is the latency shift of the cell that begins at t. A cell has one
// latency distribution: the one in force at its middle.
func (f *flow) shiftAt(t int64) int {
	t += Cell / 2
	lo, hi := 0, len(f.segments)
	for lo < hi {
		mid := (lo + hi) / 2
		if f.segments[mid].from <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	return f.segments[lo-1].shift
}
