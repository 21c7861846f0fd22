package anomaly

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// tell makes findings of stretches, with the numbers a person can check.
func (f *finder) tell(s timeseries.Series, m Measure, view View, found []stretch, from int64) []Finding {
	var out []Finding
	for _, t := range found {
		if t.hi >= len(s.Values) && !t.stays {
			t.open = true
		}
		told := t.hi
		if t.stays {
			told = min(t.hi, max(t.lo, t.grown)+int(week/s.Step))
			t.hi = len(s.Values)
			t.open = int64(t.hi-t.lo)*s.Step < day // it may still return
		}
		span := spanOf(s, t.lo, t.hi)
		if spanOf(s, t.lo, told).End <= from {
			continue
		}
		g := Finding{Span: span, Open: t.open, Lasting: t.stays, Short: int64(t.lo)*s.Step < week}
		var x, e, wobble, off float64
		n, wobbles, zeros := 0, 0, 0
		first := t.lo
		if t.drift && t.stays {
			first = max(t.lo, t.hi-int(day/s.Step))
		}
		for i := first; i < t.hi; i++ {
			v, u := s.Values[i], f.usual(&t, i)
			if t.stays {
				u = f.remembered(i)
			} else if !t.steady && t.kind == "" || u != u {
				u = f.before(s, view, t, i)
			}
			if v != v || u != u {
				continue
			}
			x, e, n = x+v, e+u, n+1
			if v == 0 {
				zeros++
			}
			if d := math.Abs(v - u); d > off || n == 1 {
				off, g.Peak = d, v
			}
			if b := wobbleBefore(view, s.Step, i); b == b {
				wobble, wobbles = wobble+b, wobbles+1
			}
		}
		if n == 0 {
			continue
		}
		g.Observed, g.Expected, g.Wobble = x/float64(n), e/float64(n), math.NaN()
		if wobbles > 0 {
			g.Wobble = wobble / float64(wobbles)
		}
		g.Ratio = ratio(g.Observed, g.Expected)
		g.Small = g.Ratio > 0.67 && g.Ratio < 1.5
		g.Score = t.score
		g.Kind = t.kind
		if g.Kind == "" {
			g.Kind = f.kind(s, m, t, g, float64(zeros) >= 0.8*float64(n) && e >= awaited)
		}
		largest, third := f.record(view, s.Step, t)
		g.Record, g.Largest = g.Score/third, g.Score >= largest
		// A mean of few is thrown about by single ones: a quarter of an hour must stand
		// out from what the series does now and then.
		if m == Levels && span.Seconds() <= hour/4 && g.Record < 1 {
			continue
		}
		out = append(out, g)
	}
	return out
}

// wobbleBefore is the wobble at bucket i, or that of two weeks before where it was
// much less: where hardly anything ever moves, the stretch itself is most of its week's wobble.
func wobbleBefore(view View, step int64, i int) float64 {
	b := view.Wobble[i]
	if j := i - int(2*week/step); j >= 0 && 1.5*view.Wobble[j] < b {
		b = view.Wobble[j]
	}
	return float64(b)
}

func ratio(observed, expected float64) float64 {
	switch {
	case expected > 0:
		return observed / expected
	case observed > 0:
		return math.Inf(1)
	case expected == 0 && observed == 0:
		return 1
	default:
		return observed / expected
	}
}

// kind names the shape of a stretch.
func (f *finder) kind(s timeseries.Series, m Measure, t stretch, g Finding, silent bool) Kind {
	switch {
	case silent && m == Counts && !t.up:
		return Silence
	case t.drift || f.gradual(s, t):
		return Drift
	case t.long:
		return Shift
	case g.Observed > g.Expected:
		return Spike
	default:
		return Drop
	}
}

// gradual says whether a change came slowly: clearly less in its first quarter
// than in its last one, by more than noise.
func (f *finder) gradual(s timeseries.Series, t stretch) bool {
	if !t.steady || int64(t.hi-t.lo)*s.Step < hour {
		return false
	}
	n := min(t.hi-t.lo, int(3*day/s.Step))
	part := func(lo, hi int) (x, e float64, n int) {
		for i := lo; i < hi; i++ {
			if v, u := s.Values[i], f.usual(&t, i); v == v && u == u {
				x, e, n = x+v, e+u, n+1
			}
		}
		return x, e, n
	}
	x0, e0, n0 := part(t.lo, t.lo+n/4)
	x1, e1, n1 := part(t.lo+n-n/4, t.lo+n)
	if n0 == 0 || n1 == 0 {
		return false
	}
	if !f.slow.counts {
		d0, d1 := math.Abs(x0-e0)/float64(n0), math.Abs(x1-e1)/float64(n1)
		return d0 < 0.5*d1
	}
	if e0 <= 0 || e1 <= 0 {
		return false
	}
	r0, r1 := x0/e0-1, x1/e1-1
	if math.Abs(r0) >= 0.55*math.Abs(r1) {
		return false
	}
	// Is the first quarter clearly off what the last one lets expect?
	return deviance(x0, e0*(1+0.8*r1)) > 4
}

// record is the largest and the third largest hourly maximum of the scores outside of a stretch.
func (f *finder) record(view View, step int64, t stretch) (largest, third float64) {
	a, b, c := 1.0, 1.0, 1.0
	per := int(max(1, hour/step))
	for i := 0; i < len(view.Scores); i += per {
		end := min(i+per, len(view.Scores))
		if i < t.hi && t.lo < end {
			continue
		}
		top := float64(slices.Max(view.Scores[i:end]))
		switch {
		case top > a:
			a, b, c = top, a, b
		case top > b:
			b, c = top, b
		case top > c:
			c = top
		}
	}
	return a, c
}
