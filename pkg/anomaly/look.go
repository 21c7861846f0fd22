package anomaly

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Detector looks at series. Its zero value is ready; it keeps its buffers for
// the next series and is not for concurrent use. What it says of a series does
// not depend on what it looked at before.
type Detector struct {
	forward, backward view
	pass              pass
	values            []float32
	finder            finder
}

// view is a View under construction.
type view struct {
	scores, expected, wobble []float32
	warm                     int
}

// Look says of every bucket how far off it is. An entry is reckoned from its
// bucket and earlier ones alone, unless hindsight is asked for: then a bucket
// is as unusual as both the past and the future say, and the newest hour has the past alone.
func (d *Detector) Look(s timeseries.Series, m Measure, hindsight bool) View {
	g := gridOf(s.Step)
	d.values = d.values[:0]
	first := -1
	for i, v := range s.Values {
		x := narrow(v)
		if first < 0 && x == x {
			first = i
		}
		d.values = append(d.values, x)
	}
	if hindsight {
		d.lookBack(g, m)
	} else {
		d.pass.run(&d.forward, d.values, g, m, g.hold)
		echo(d.forward.scores, d.values)
	}
	f := &d.forward
	v := View{Scores: f.scores, Expected: f.expected, Wobble: f.wobble, Warm: f.warm}
	if first >= 0 {
		v.Days = float64(len(s.Values)-1-first) * float64(max(s.Step, 1)) / day
	}
	return v
}

// narrow makes a value safe for reckoning in float32: what is beyond all
// measure is cut off, and infinity is not a measurement.
func narrow(v float64) float32 {
	const huge, tiny = 1e30, 1e-30
	switch size := math.Abs(v); {
	case size >= tiny && size <= huge:
		return float32(v)
	case size < tiny:
		return 0
	case v != v || size > math.MaxFloat64:
		return nan
	case v > 0:
		return huge
	}
	return -huge
}

const (
	// slack is how many buckets the future's score may lie beside the past's.
	slack = 3
	// agreed is by how much two scores that agree count for more than one.
	agreed = 1.1
)

// lookBack makes the forward view one with hindsight. The reversed series gets
// a start of its own: up to a week of what came last stands for what will come.
func (d *Detector) lookBack(g grid, m Measure) {
	n := len(d.values)
	f, b := &d.forward, &d.backward
	d.pass.run(f, d.values, g, m, g.holdBack)
	tail := min(n/g.period, remembered) * g.period
	d.values = append(d.values, d.values[n-tail:]...)
	slices.Reverse(d.values)
	d.pass.run(b, d.values, g, m, g.holdBack)
	slices.Reverse(d.values)
	d.values = d.values[:n]
	last := len(b.scores) - 1
	for i := f.warm; i < n-g.hour; i++ {
		j := last - i
		if j < b.warm || b.expected[j] != b.expected[j] {
			continue
		}
		after := float32(0)
		for k := max(0, j-slack); k <= min(last, j+slack); k++ {
			after = max(after, b.scores[k])
		}
		if b.scores[j] < f.scores[i] {
			f.expected[i], f.wobble[i] = b.expected[j], b.wobble[j]
		}
		f.scores[i] = both(f.scores[i], after)
	}
	scores, values := f.scores[f.warm:], d.values[f.warm:]
	echo(scores, values)
	slices.Reverse(scores)
	slices.Reverse(values)
	echo(scores, values)
	slices.Reverse(scores)
}

// both is the smaller of two scores, with a quarter of a say for the larger.
func both(a, b float32) float32 {
	low, high := min(a, b), max(a, b)
	return min(most, agreed*sqrt32(low*sqrt32(low*high)))
}

// echo lets the scores of known buckets fade.
func echo(scores, values []float32) {
	before := float32(0)
	for i, v := range values {
		if v != v {
			continue
		}
		scores[i] = fade(scores[i], before)
		before = scores[i]
	}
}

// sized is s with n entries, of which nothing is known.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func abs32(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
