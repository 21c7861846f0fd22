package anomaly

const (
	// calmest and wildest bound what the time of the day does to the wobble.
	calmest, wildest = .4, 3
	// calmestStill bounds it for a series that stands still: there the hours are told by a few residuals.
	calmestStill = .6
	// clipped is how many wobbles a residual counts at most.
	clipped = 8
	// leastDays is how many periods are needed.
	leastDays = 3
)

// rhythm learns at what time of the period the residuals are larger or
// smaller than those of the whole week: at night, while a batch job runs.
type rhythm struct {
	blocks int
	means  []float32 // of the residuals, by period and block; NaN where none is known
	sum    float32
	n      int
}

func (h *rhythm) reset(g grid) {
	h.blocks = (g.period + g.block - 1) / g.block
	h.means = sized(h.means, h.blocks*remembered)
	for i := range h.means {
		h.means[i] = nan
	}
	h.sum, h.n = 0, 0
}

func (h *rhythm) see(residual float32) {
	h.sum += residual
	h.n++
}

// close ends a block of a period.
func (h *rhythm) close(period, block int) {
	mean := nan
	if h.n > 0 {
		mean = h.sum / float32(h.n)
	}
	h.means[period%remembered*h.blocks+block] = mean
	h.sum, h.n = 0, 0
}

// factor is what the week's wobble is to be multiplied with in a block: the
// median over the periods of the mean residual thereabouts, as a wobble.
func (h *rhythm) factor(block, near int, wobble, least float32) float32 {
	var days [remembered]float32
	n := 0
	for p := range remembered {
		row := h.means[p*h.blocks : (p+1)*h.blocks]
		sum, count := float32(0), float32(0)
		if near <= block && block < h.blocks-near {
			for _, v := range row[block-near : block+near+1] {
				if v == v {
					sum += v
					count++
				}
			}
		} else {
			sum, count = around(row, block, near)
		}
		if count > 0 {
			// Sorted as they come: there are seven at most.
			v, at := sum/count, n
			for ; at > 0 && days[at-1] > v; at-- {
				days[at] = days[at-1]
			}
			days[at] = v
			n++
		}
	}
	if n < leastDays || wobble == 0 {
		return 1
	}
	typical := (days[n/2] + days[(n-1)/2]) / 2
	return max(least, min(wildest, typical*meanToWobble/wobble))
}

// around sums the known means of a period near a block, from its end on to its begin.
func around(row []float32, block, near int) (sum, count float32) {
	for b := block - near; b <= block+near; b++ {
		at := b
		if at < 0 {
			at += len(row)
		} else if at >= len(row) {
			at -= len(row)
		}
		if v := row[at]; v == v {
			sum += v
			count++
		}
	}
	return sum, count
}
