package anomaly

import "math"

// disguised says whether the blocks [lo, hi) belong to a day or a few that are
// like another day of the week, such as a holiday that is like a Sunday, and
// makes that day what is expected of them. An incident is not like another day
// all day long; and what goes on for more than four days is no holiday.
func (w *slow) disguised(lo, hi int) bool {
	if w.day < 12 || hi-lo > 4*w.day {
		return false
	}
	// Days begin at midnight somewhere.
	hour := max(1, w.day/24)
	best, start, lag := math.Inf(1), -1, 0
	for offset := 0; offset < w.day; offset += 2 * hour {
		first := (lo+w.skip-offset)/w.day*w.day + offset - w.skip
		if first > lo {
			first -= w.day
		}
		for first+w.day <= lo {
			first += w.day
		}
		if first < 0 || first+w.day > len(w.x) {
			continue
		}
		for j := 1; j <= 6; j++ {
			if fit, ok := w.like(first, j); ok && fit < best {
				best, start, lag = fit, first, j
			}
		}
	}
	if start < 0 {
		return false
	}
	days := 1
	for ; days <= 4; days++ {
		if _, ok := w.like(start+days*w.day, lag+days); !ok {
			break
		}
	}
	if days > 4 {
		return false
	}
	for b := start; b < start+w.day; b++ {
		if e := w.weekday(b, lag); e == e {
			w.e[b], w.other[b] = e, true
			w.norm[b] = math.NaN()
		}
	}
	w.learn(start)
	return true
}

// weekday is what is usual for the weekday that lies lag days before block b's.
func (w *slow) weekday(b, lag int) float64 {
	var few [4]float64
	refs := few[:0]
	for j := lag; j <= lag+21; j += 7 {
		if c := b - j*w.day; c >= 0 && w.norm[c] == w.norm[c] {
			refs = append(refs, w.norm[c])
		}
	}
	e := midmean(refs)
	if w.counts {
		return e * w.factor[b]
	}
	return e + w.factor[b]
}

// like says how well the day from a block on fits the weekday lag days before, in
// the usual noise of two hours; ok where it fits as well as days do, and much better
// than its own weekday.
func (w *slow) like(first, lag int) (fit float64, ok bool) {
	if first < 0 || first+w.day > len(w.x) || w.other[first] || w.other[first+w.day-1] {
		return 0, false
	}
	k := 3
	part := scales[k].blocks
	theirs, own, worst := 0.0, 0.0, 0.0
	parts, differ := 0, 0
	for b := first; b+part <= first+w.day; b += part {
		x, e, a, n := 0.0, 0.0, 0.0, 0
		for c := b; c < b+part; c++ {
			other := w.weekday(c, lag)
			if v, u := w.x[c], w.e[c]; v == v && u == u && other == other {
				if w.counts && v == 0 && min(u, other) >= awaited {
					return 0, false // a silence is like no day
				}
				x, e, a, n = x+v, e+u, a+other, n+1
			}
		}
		if 2*n < part {
			return 0, false
		}
		// The noise may have been learned from what is to be found: by itself, too, it is alike.
		if w.counts && math.Abs(x-a) > 0.14*a+4*math.Sqrt(a+1) {
			return 0, false
		}
		z, y := w.apart(x, a, n, k), w.apart(x, e, n, k)
		theirs, own, worst = theirs+z*z, own+y*y, max(worst, math.Abs(z))
		parts++
		if math.Abs(y) > 2 {
			differ++
		}
	}
	// A few hours that are like another day's are no day.
	if 4*differ < parts || parts == 0 {
		return 0, false
	}
	fit = theirs / float64(parts)
	return fit, fit < 6 && worst < bar && theirs < own/4
}

// apart is how far x lies from e, both sums of n blocks, in the usual noise of scale k.
func (w *slow) apart(x, e float64, n, k int) float64 {
	if w.counts {
		return 2 * (math.Sqrt(max(x, 0)+0.375) - math.Sqrt(max(e, 0)+0.375)) / w.sigma[k][w.part(k, e)]
	}
	return (x - e) / float64(n) / w.sigma[k][w.part(k, e/float64(n))]
}
