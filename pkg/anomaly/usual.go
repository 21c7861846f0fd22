package anomaly

import "math"

var nan = float32(math.NaN())

// smoothed writes for every knot the mean of the known values around it, NaN where there are none.
func smoothed(values []float32, g grid, out []float32) []float32 {
	out = out[:0]
	half := g.smooth / 2
	for at := 0; at < len(values); at += g.knot {
		sum, n := float32(0), float32(0)
		for _, v := range values[max(0, at-half):min(len(values), at+half+1)] {
			if v == v {
				sum += v
				n++
			}
		}
		if n == 0 {
			out = append(out, nan)
		} else {
			out = append(out, sum/n)
		}
	}
	return out
}

// noRise is the key of a rise that is not known; no number has it.
const noRise = math.MaxInt32

// risesOf writes the keys of the rises from knot to knot.
func risesOf(smooth []float32, out []int32) []int32 {
	out = sized(out, len(smooth))
	for at := range out {
		out[at] = noRise
		if at > 0 {
			if v := smooth[at] - smooth[at-1]; v == v {
				out[at] = keyOf(v)
			}
		}
	}
	return out
}

// riseAt is by how much the earlier periods rose from the knot before to this
// one, in the median; NaN where none of them is known. A knot may lie one beyond the end of the series.
func riseAt(rises []int32, knot, period int, lags []int) float32 {
	var days [10]int32
	n := 0
	for _, lag := range lags {
		at := knot - lag*period
		if at < 1 {
			break
		}
		if k := rises[at]; k != noRise {
			days[n] = k
			n++
		}
	}
	if n == 0 {
		return nan
	}
	// What is missing to ten lies half below and half above.
	for i := n; i < len(days); i++ {
		days[i] = math.MinInt32
		if i >= n+(len(days)-n)/2 {
			days[i] = math.MaxInt32
		}
	}
	low, high := middle(&days)
	if n%2 == 1 {
		return valueOf(low)
	}
	return (valueOf(low) + valueOf(high)) / 2
}

// middle is the fifth and the sixth of ten keys, found without a branch: of two
// sorted halves, the smaller of each pair from opposite ends are the lower five.
func middle(d *[10]int32) (fifth, sixth int32) {
	a0, a1, a2, a3, a4 := ordered(d[0], d[1], d[2], d[3], d[4])
	b0, b1, b2, b3, b4 := ordered(d[5], d[6], d[7], d[8], d[9])
	fifth = max(min(a0, b4), min(a1, b3), min(a2, b2), min(a3, b1), min(a4, b0))
	sixth = min(max(a0, b4), max(a1, b3), max(a2, b2), max(a3, b1), max(a4, b0))
	return fifth, sixth
}

// ordered sorts five keys.
func ordered(a, b, c, d, e int32) (int32, int32, int32, int32, int32) {
	a, d = min(a, d), max(a, d)
	b, e = min(b, e), max(b, e)
	a, c = min(a, c), max(a, c)
	b, d = min(b, d), max(b, d)
	a, b = min(a, b), max(a, b)
	c, e = min(c, e), max(c, e)
	b, c = min(b, c), max(b, c)
	d, e = min(d, e), max(d, e)
	c, d = min(c, d), max(c, d)
	return a, b, c, d, e
}

// usual writes the curve of the earlier periods: it rises from knot to knot as
// they did in the median. How high it lies does not matter, because the level
// makes up for that. Rises can be compared where heights cannot: a Saturday is half
// a Friday and has much the same shape, and a day that is not known makes no jump.
// NaN where no period is known.
func usual(rises []int32, n int, g grid, out []float32) []float32 {
	out = out[:0]
	period := g.period / g.knot
	height := float32(0)
	for k := 1; len(out) < n; k++ {
		rise := riseAt(rises, k, period, g.lags)
		left := min(g.knot, n-len(out))
		if rise != rise {
			for range left {
				out = append(out, nan)
			}
			continue
		}
		slope := rise / float32(g.knot)
		for j := range left {
			out = append(out, height+slope*float32(j))
		}
		height += rise
	}
	return out
}
