package judge

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/anomaly"
)

// yardstick is a method that everybody knows: a score for each point, without
// a look ahead. It needs no thought to write, and that is what it is for.
type yardstick struct {
	name  string
	score func(*Case) []float32
}

func yardsticks() []yardstick {
	return []yardstick{
		{"static 3 sigma", static},
		{"rolling median + MAD, 24 h", rolling},
		{"same slot of 7 days, MAD", sameSlot},
	}
}

// floor is the least deviation that counts as usual: 1 % of the level, and one event for counts.
func floor(c *Case, level float64) float64 {
	f := 0.01 * math.Abs(level)
	if c.Measure == anomaly.Counts {
		return max(f, 1)
	}
	return max(f, 1e-12)
}

// static measures against mean and standard deviation of the first half.
func static(c *Case) []float32 {
	out := make([]float32, len(c.Series.Values))
	n, sum, squares := 0.0, 0.0, 0.0
	for _, v := range c.Series.Values[:c.Half()] {
		if v == v {
			n++
			sum += v
			squares += v * v
		}
	}
	mean := sum / max(n, 1)
	sd := max(math.Sqrt(max(0, squares/max(n, 1)-mean*mean)), floor(c, mean))
	for i, v := range c.Series.Values {
		if v == v && n > 0 {
			out[i] = float32(math.Abs(v-mean) / sd)
		}
	}
	return out
}

// rolling measures against median and MAD of the 24 hours before.
func rolling(c *Case) []float32 {
	out := make([]float32, len(c.Series.Values))
	width := int(day / c.Series.Step)
	var window []float64
	for i, v := range c.Series.Values {
		if v == v && len(window) >= width/2 {
			out[i] = off(c, v, window)
		}
		if v == v {
			k, _ := slices.BinarySearch(window, v)
			window = slices.Insert(window, k, v)
		}
		if i >= width {
			if old := c.Series.Values[i-width]; old == old {
				k, _ := slices.BinarySearch(window, old)
				window = slices.Delete(window, k, k+1)
			}
		}
	}
	return out
}

// sameSlot measures against median and MAD of the same five slots of the seven days before.
func sameSlot(c *Case) []float32 {
	out := make([]float32, len(c.Series.Values))
	width := int(day / c.Series.Step)
	var usual []float64
	for i, v := range c.Series.Values {
		if v != v {
			continue
		}
		usual = usual[:0]
		for d := 1; d <= 7; d++ {
			for k := i - d*width - 2; k <= i-d*width+2; k++ {
				if k >= 0 && c.Series.Values[k] == c.Series.Values[k] {
					usual = append(usual, c.Series.Values[k])
				}
			}
		}
		if len(usual) >= 10 {
			slices.Sort(usual)
			out[i] = off(c, v, usual)
		}
	}
	return out
}

// off is how many robust standard deviations v lies off the median of sorted values.
func off(c *Case, v float64, sorted []float64) float32 {
	median := middle(sorted)
	return float32(math.Abs(v-median) / max(1.4826*deviation(sorted, median), floor(c, median)))
}

func middle(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// deviation is the median distance of sorted values from their median: the
// nearest half of them is a run, found from the middle outwards.
func deviation(sorted []float64, median float64) float64 {
	hi, _ := slices.BinarySearch(sorted, median)
	lo := hi - 1
	d := 0.0
	for range (len(sorted) + 1) / 2 {
		if lo >= 0 && (hi >= len(sorted) || median-sorted[lo] <= sorted[hi]-median) {
			d = median - sorted[lo]
			lo--
		} else {
			d = sorted[hi] - median
			hi++
		}
	}
	return d
}
