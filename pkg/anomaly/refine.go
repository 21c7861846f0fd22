package anomaly

import (
	"math"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Refine says when a finding most likely began and ended, from the same series
// at a finer step around the finding's ends; step is that of the series in which
// it was found. The ends move by at most one such step. They are those for which
// one level outside and another inside fit best, in the direction of the finding;
// where the finer series says nothing, they stay as they are.
func Refine(fine timeseries.Series, f Finding, step int64) (start, end int64) {
	start, end = f.Span.Start, f.Span.End
	if fine.Step <= 0 || step <= fine.Step || len(fine.Values) == 0 || f.Span.Empty() {
		return start, end
	}
	up := f.Observed > f.Expected
	if f.Observed == f.Expected || math.IsNaN(f.Observed) || math.IsNaN(f.Expected) {
		return start, end
	}
	r := refiner{values: fine.Values, start: fine.Start, step: fine.Step, up: up}
	r.sum()
	if f.Span.Seconds() <= 4*step && !f.Open {
		return r.both(f.Span, step)
	}
	middle := f.Span.Start + f.Span.Seconds()/2
	start = r.split(start, start-3*step, min(start+3*step, middle), step, up)
	if !f.Open {
		end = r.split(end, max(end-3*step, middle), end+3*step, step, !up)
	}
	return start, end
}

// refiner fits levels to parts of a series, by running sums.
type refiner struct {
	values      []float64
	start, step int64
	up          bool
	counts      bool // whole numbers, none negative
	n, x, xx    []float64
}

func (r *refiner) sum() {
	k := len(r.values)
	all := make([]float64, 3*(k+1))
	r.n, r.x, r.xx = all[:k+1], all[k+1:2*k+2], all[2*k+2:]
	r.counts = true
	// Squares are taken around a value of the series, so that they lose nothing.
	base := math.NaN()
	for i, v := range r.values {
		r.n[i+1], r.x[i+1], r.xx[i+1] = r.n[i], r.x[i], r.xx[i]
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if v < 0 || v != math.Floor(v) {
			r.counts = false
		}
		if math.IsNaN(base) {
			base = v
		}
		r.n[i+1]++
		r.x[i+1] += v
		r.xx[i+1] += (v - base) * (v - base)
	}
	if !r.counts && !math.IsNaN(base) {
		for i := range r.x {
			r.x[i] -= base * r.n[i]
		}
	}
}

// misfit is how badly one level fits a part with these sums: squares, or what a
// Poisson likelihood lacks.
func (r *refiner) misfit(n, x, xx float64) float64 {
	if n == 0 {
		return 0
	}
	if r.counts {
		if x == 0 {
			return 0
		}
		return -x * math.Log(x/n)
	}
	return xx - x*x/n
}

func (r *refiner) index(t int64) int {
	return int(min(max((t-r.start)/r.step, 0), int64(len(r.values))))
}

// split is the instant at most a step from t at which the level changes most
// clearly upwards (or downwards), judged by what lies from lo to hi.
func (r *refiner) split(t, lo, hi, step int64, up bool) int64 {
	a, b := r.index(lo), r.index(hi)
	best, found := math.Inf(1), t
	for i := max(r.index(t-step), a+1); i <= min(r.index(t+step), b-1); i++ {
		n0, n1 := r.n[i]-r.n[a], r.n[b]-r.n[i]
		if n0 == 0 || n1 == 0 {
			continue
		}
		x0, x1 := r.x[i]-r.x[a], r.x[b]-r.x[i]
		if x0*n1 == x1*n0 || (x1*n0 > x0*n1) != up {
			continue
		}
		m := r.misfit(n0, x0, r.xx[i]-r.xx[a]) + r.misfit(n1, x1, r.xx[b]-r.xx[i])
		if at := r.start + int64(i)*r.step; m < best && abs(at-t) <= step {
			best, found = m, at
		}
	}
	return found
}

// both looks for the two ends of a short stretch at once: a level of its own
// inside, and one for what lies before and after it.
func (r *refiner) both(span timeseries.Span, step int64) (start, end int64) {
	a, b := r.index(span.Start-3*step), r.index(span.End+3*step)
	best := math.Inf(1)
	start, end = span.Start, span.End
	for i := r.index(span.Start - step); i <= r.index(span.Start+step); i++ {
		for j := max(i+1, r.index(span.End-step)); j <= r.index(span.End+step); j++ {
			n1, x1 := r.n[j]-r.n[i], r.x[j]-r.x[i]
			n0, x0 := r.n[b]-r.n[a]-n1, r.x[b]-r.x[a]-x1
			if n0 <= 0 || n1 <= 0 || x0*n1 == x1*n0 || (x1*n0 > x0*n1) != r.up {
				continue
			}
			xx1 := r.xx[j] - r.xx[i]
			m := r.misfit(n1, x1, xx1) + r.misfit(n0, x0, r.xx[b]-r.xx[a]-xx1)
			s, e := r.start+int64(i)*r.step, r.start+int64(j)*r.step
			if m < best && abs(s-span.Start) <= step && abs(e-span.End) <= step {
				best, start, end = m, s, e
			}
		}
	}
	return start, end
}

func abs(x int64) int64 { return max(x, -x) }
