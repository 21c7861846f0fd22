package anomaly

import "math"

// Of normally distributed deviations: how large the quantiles of their size
// are, in standard deviations, and what their mean size is to be multiplied with.
var (
	wobbleShares = []float32{.5, .9, .99, .999}
	wobbleSizes  = [...]float32{.6745, 1.645, 2.576, 3.291}
)

const meanToWobble = 1.2533

// wobbleOf is the usual size of the residuals in the tally. Where the series
// stands still most of the time the ordinary quantiles are next to nothing,
// and what happens now and then is seen in the rare ones only.
func wobbleOf(t *tally, still bool) float32 {
	var q [4]float32
	shares := wobbleShares
	if !still {
		shares = shares[:2]
	}
	t.quantiles(shares, q[:len(shares)])
	w := float32(0)
	for i := range shares {
		w = max(w, q[i]/wobbleSizes[i])
	}
	return w
}

// habits are the residuals of earlier periods by slot, each the largest of
// three neighbours: what comes every night comes a minute sooner or later.
type habits struct {
	peaks []uint32 // the bits of float32, which sort like them where nothing is negative
	last  uint32
}

func (h *habits) reset(n int) {
	h.peaks = sized(h.peaks, n)
	h.last = 0
}

// see takes in the residual of bucket i, 0 where there is none.
func (h *habits) see(i int, residual float32) {
	r := math.Float32bits(residual)
	h.peaks[i] = max(h.last, r)
	if i > 0 && h.peaks[i-1] < r {
		h.peaks[i-1] = r
	}
	h.last = r
}

// recurring is the second largest residual that the slot had in the periods before.
func (h *habits) recurring(i, period int) float32 {
	var first, second uint32
	at := i - period
	for k := 0; k < remembered && at >= 0; k++ {
		r := h.peaks[at]
		second = max(second, min(first, r))
		first = max(first, r)
		at -= period
	}
	return math.Float32frombits(second)
}
