package anomaly

import "math"

// late is by how much what comes every day may come sooner or later, in seconds.
const late = 600

// nightly says that most of the last seven days had as much (or as little) in a
// stretch as long as this one up to ten minutes sooner or later: a batch job that
// starts late tonight is neither a silence nor a spike. The days are put on the
// level of this one, by what is expected an hour around.
func (f *finder) nightly(values []float64, step int64, t stretch) bool {
	period, apart, around := int(day/step), int(late/step), int(hour/step)
	length := t.hi - t.lo
	if apart == 0 || t.long || length > around {
		return false
	}
	x, ok := whole(values, t.lo, t.hi)
	e, known := whole(f.fine, t.lo-around, t.hi+around)
	if !ok || !known {
		return false
	}
	var few [7]float64
	days := few[:0]
	for j := 1; j <= 7; j++ {
		lo := t.lo - j*period
		then, ok := whole(f.fine, lo-around, lo+length+around)
		if !ok || then <= 0 {
			continue
		}
		far, ok := math.NaN(), false
		for at := lo - apart; at <= lo+apart; at++ {
			if y, known := whole(values, at, at+length); known && (far != far || y > far == t.up) {
				far, ok = y, true
			}
		}
		if ok {
			days = append(days, far*e/then)
		}
	}
	if len(days) < 3 {
		return false
	}
	usual := median(days)
	return t.up && x <= 1.25*usual || !t.up && x >= 0.8*usual
}

// whole is the mean of the buckets [lo, hi); ok where most of them are known.
func whole(values []float64, lo, hi int) (x float64, ok bool) {
	lo, hi = max(lo, 0), min(hi, len(values))
	sum, n := 0.0, 0
	for i := lo; i < hi; i++ {
		if v := values[i]; v == v {
			sum += v
			n++
		}
	}
	if n == 0 || 2*n < hi-lo {
		return 0, false
	}
	return sum / float64(n), true
}
