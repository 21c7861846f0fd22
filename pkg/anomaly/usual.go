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

// riseAt is by how much the earlier periods rose from the knot before to this
// one, in the median; NaN where none of them is known. A knot may lie one beyond the end of the series.
func riseAt(smooth []float32, knot, period int, lags []int) float32 {
	var days [10]float32
	n := 0
	for _, lag := range lags {
		at := knot - lag*period
		if at < 1 {
			break
		}
		v := smooth[at] - smooth[at-1]
		if v != v {
			continue
		}
		i := n
		for i > 0 && days[i-1] > v {
			days[i] = days[i-1]
			i--
		}
		days[i] = v
		n++
	}
	switch {
	case n == 0:
		return nan
	case n%2 == 1:
		return days[n/2]
	}
	return (days[n/2-1] + days[n/2]) / 2
}

// usual writes the curve of the earlier periods: it rises from knot to knot as
// they did in the median. How high it lies does not matter, because the level
// makes up for that. Rises can be compared where heights cannot: a Saturday is half
// a Friday and has much the same shape, and a day that is not known makes no jump.
// NaN where no period is known.
func usual(smooth []float32, n int, g grid, out []float32) []float32 {
	out = out[:0]
	period := g.period / g.knot
	height := float32(0)
	for k := 1; len(out) < n; k++ {
		rise := riseAt(smooth, k, period, g.lags)
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
