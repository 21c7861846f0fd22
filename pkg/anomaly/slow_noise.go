package anomaly

import (
	"cmp"
	"math"
	"slices"
)

// off is how far the blocks [a, b) lie from what was expected, on a scale on
// which the noise of counts is about the same at every level; ok where enough is known.
func (w *slow) off(a, b int) (d, expected float64, ok bool) {
	n := w.sn[b] - w.sn[a]
	if 2*int(n) < b-a || n == 0 {
		return 0, 0, false
	}
	x, e := w.sx[b]-w.sx[a], max(0, w.se[b]-w.se[a])
	if w.weights != nil {
		return excess(x, e, w.sw[b]-w.sw[a]), e, true
	}
	if w.counts {
		return 2 * (math.Sqrt(max(x, 0)+0.375) - math.Sqrt(e+0.375)), e, true
	}
	return (x - (w.se[b] - w.se[a])) / float64(n), (w.se[b] - w.se[a]) / float64(n), true
}

// test is what the k-th scale holds against the stretch from block b on.
func (w *slow) test(k, b int) (d, expected float64, ok bool) {
	n := scales[k].blocks
	if !scales[k].local {
		return w.off(b, b+n)
	}
	if !w.counts || w.weights != nil {
		return 0, 0, false
	}
	side := max(4, n)
	if b < side || b+n+side > len(w.x) {
		return 0, 0, false
	}
	e := w.se[b+n] - w.se[b]
	before, ok1 := w.around(b-side, b)
	after, ok2 := w.around(b+n, b+n+side)
	if !ok1 || !ok2 || e <= 0 || 2*int(w.sn[b+n]-w.sn[b]) < n {
		return 0, 0, false
	}
	x := math.Sqrt(max(w.sx[b+n]-w.sx[b], 0) + 0.375)
	d1, d2 := x-math.Sqrt(e*before+0.375), x-math.Sqrt(e*after+0.375)
	if d1*d2 <= 0 {
		return 0, e, true
	}
	d = 2 * (x - math.Sqrt(e*(before+after)/2+0.375))
	// It came and went: it differs clearly from either side.
	least := min(math.Abs(d1), math.Abs(d2))
	if d > 0 {
		return min(d, 4*least), e, true
	}
	return max(d, -4*least), e, true
}

// around is what came in blocks against what was expected.
func (w *slow) around(a, b int) (float64, bool) {
	e := w.se[b] - w.se[a]
	if e <= 0 || 2*int(w.sn[b]-w.sn[a]) < b-a {
		return 0, false
	}
	return (w.sx[b] - w.sx[a]) / e, true
}

// measure learns the noise of every scale from the whole series, by how much is expected.
func (w *slow) measure() {
	// The first weeks know too little of a week to tell noise by.
	begin := 0
	for _, days := range []int{14, 7, 2} {
		if len(w.x) >= 2*days*w.day {
			begin = days * w.day
			break
		}
	}
	w.judge()
	for k, scale := range scales {
		// Hundreds tell enough. No hop meets the same hours every day.
		hop := 1
		for _, h := range [...]int{5, 7, 11, 13, 23} {
			if h <= max(1, scale.blocks/4) || (len(w.x)-begin)/h >= 350 {
				hop = h
			}
		}
		w.sample(k, begin, hop)
		slices.SortFunc(w.samples, func(a, b sample) int { return cmp.Compare(a.expected, b.expected) })
		n := len(w.samples)
		for q := range w.bound[k] {
			w.bound[k][q] = math.Inf(1)
			if n >= 40 {
				// What is equal but for rounding is of one kind.
				e := w.samples[(q+1)*n/levels].expected
				w.bound[k][q] = e + 1e-9*math.Abs(e)
			}
		}
		var sizes [levels]int
		rest := w.samples
		for q := range levels {
			offs := w.scratch[:0]
			size, still := 0.0, 0
			for len(rest) > 0 && w.part(k, rest[0].expected) == q {
				offs = append(offs, math.Abs(rest[0].off))
				size += math.Abs(rest[0].expected)
				if rest[0].still {
					still++
				}
				rest = rest[1:]
			}
			w.scratch = offs
			sizes[q] = len(offs)
			w.sigma[k][q] = w.spread(offs, size/float64(max(1, len(offs))), 2*still > len(offs) && w.weights == nil)
		}
		for q := range levels {
			if sizes[q] < 10 {
				// Too few of a kind: the most that any other has.
				w.sigma[k][q] = max(w.sigma[k][q], slices.Max(w.sigma[k][:]))
			}
		}
	}
}

// sample is a stretch from which the noise is learned.
type sample struct {
	off, expected float64
	still         bool // nothing came
}

// sample takes stretches of the k-th scale from block b on.
func (w *slow) sample(k, b, hop int) {
	w.samples = w.samples[:0]
	for n := scales[k].blocks; b+n <= len(w.x); b += hop {
		if d, e, ok := w.test(k, b); ok && w.ordinary(b, b+n) {
			w.samples = append(w.samples, sample{d, e, w.sx[b+n] == w.sx[b]})
		}
	}
}

// judge tells the days that as a whole are off their level: those after a shift,
// above all. They are no noise, unless a large part of all days is like that.
func (w *slow) judge() {
	w.strange = grow(w.strange, len(w.rate))
	known, strange := 0, 0
	for d, r := range w.rate {
		l := w.level(d)
		if w.weights != nil || r != r {
			continue
		}
		known++
		usual := math.Abs(w.daily[d+1]-w.daily[d]) / float64(w.day)
		if w.counts && (r > 1.35*l || l > 1.35*r) || !w.counts && math.Abs(r-l) > 0.35*usual {
			w.strange[d] = true
			strange++
		}
	}
	if 5*strange > 2*known {
		clear(w.strange)
	}
}

// ordinary says that no block of [a, b) lies in a day that is strange.
func (w *slow) ordinary(a, b int) bool {
	return !w.strange[(a+w.skip)/w.day] && !w.strange[(b-1+w.skip)/w.day]
}

// spread is the robust standard deviation of deviations, at least what counts
// must have and at least a hundredth of the level. Heavy tails count in part; of
// a series that stands still most of the time, the tails are what there is.
func (w *slow) spread(offs []float64, level float64, idle bool) float64 {
	s := 0.0
	if n := len(offs); n > 0 {
		slices.Sort(offs)
		s = max(1.4826*offs[n/2], offs[n*9/10]/1.645)
		if n >= 100 {
			s = max(s, 0.6*offs[n*99/100]/2.576)
		}
		if idle {
			s = max(s, offs[n*99/100]/2.576)
			if n >= 3000 { // or else the rarest are one incident
				s = max(s, offs[n*999/1000]/3.291)
			}
		}
	}
	if w.counts {
		// Of counts, a hundredth of the level is this on the scale of roots.
		return max(s, 1, 0.01*math.Sqrt(level))
	}
	return max(s, 0.01*level, math.SmallestNonzeroFloat32)
}

func (w *slow) part(k int, e float64) int {
	q := 0
	for q < levels-1 && e > w.bound[k][q] {
		q++
	}
	return q
}

// score is how many times the usual noise of such stretches the k-th scale's
// stretch from block b on lies off.
func (w *slow) score(k, b int) float64 {
	d, e, ok := w.test(k, b)
	if !ok {
		return 0
	}
	return d / w.sigma[k][w.part(k, e)]
}
