package scenario

import (
	"math"
	"slices"
	"sync"
)

// Latencies come in bins: bin k holds the values from binRatio^k to
// binRatio^(k+1) seconds and stands for the middle of it, in whole
// microseconds. A factor on latencies is a shift by whole bins.
const (
	binRatio = 1.03
	// From about one microsecond to three days.
	lowestBin  = -470
	highestBin = 420
)

func binOf(seconds float64) int {
	return min(max(int(math.Floor(math.Log(seconds)/math.Log(binRatio))), lowestBin), highestBin)
}

// micros is the latency that bin k stands for, in microseconds.
func micros(k int) int64 {
	return int64(math.Round(1e6 * math.Pow(binRatio, float64(k)+0.5)))
}

// seconds is a number of microseconds in seconds.
func seconds(micros int64) float64 { return float64(micros) / 1e6 }

// Bound stands for "at most so many seconds", or less than them; see BoundAt.
type Bound struct {
	// last is the last bin within the bound.
	last int
}

// BoundAt is the bound at limit seconds; strict leaves limit itself out.
func BoundAt(limit float64, strict bool) Bound {
	k := lowestBin - 1
	for k < highestBin {
		v := seconds(micros(k + 1))
		if v > limit || (strict && v == limit) {
			break
		}
		k++
	}
	return Bound{k}
}

// lognormal is a latency distribution: half of the requests take less than
// median seconds, and the logarithm has standard deviation spread.
type lognormal struct{ median, spread float64 }

// latencyShape is a lognormal distribution over bins: below[i] is the share of
// requests in the bins up to first+i. The last is 1.
type latencyShape struct {
	first int
	below []float64
}

func newLatencyShape(d lognormal) *latencyShape {
	if d.spread == 0 {
		return &latencyShape{first: binOf(d.median), below: []float64{1}}
	}
	// Six standard deviations leave out one request in a thousand million.
	lo := binOf(d.median * math.Exp(-6*d.spread))
	hi := binOf(d.median * math.Exp(6*d.spread))
	s := &latencyShape{first: lo, below: make([]float64, hi-lo+1)}
	for i := range s.below {
		edge := math.Log(binRatio) * float64(lo+i+1)
		s.below[i] = 0.5 * math.Erfc(-(edge-math.Log(d.median))/(d.spread*math.Sqrt2))
	}
	s.below[len(s.below)-1] = 1
	return s
}

// ranks is how many of n requests lie in the bins up to k. The requests have
// the quantiles (r+u)/n for r = 0 … n−1; u in [0,1) decides, cell by cell,
// whether a rare value occurs among few requests.
func (s *latencyShape) ranks(k int, n int64, u float64) int64 {
	i := k - s.first
	switch {
	case i < 0:
		return 0
	case i >= len(s.below)-1:
		return n
	}
	return min(max(int64(math.Ceil(float64(n)*s.below[i]-u)), 0), n)
}

// spread visits the bins in which some of n requests lie, with how many.
func (s *latencyShape) spread(n int64, u float64, visit func(bin int, n int64)) {
	last := len(s.below) - 1
	// The first bin with a request is the first whose share exceeds u/n, and
	// nothing is before the one that ranks say.
	i, _ := slices.BinarySearch(s.below, u/float64(n))
	for i > 0 && s.ranks(s.first+i-1, n, u) > 0 {
		i--
	}
	before := int64(0)
	for ; i < last && before < n; i++ {
		// As in ranks, where neither bound can be exceeded.
		x := float64(n)*s.below[i] - u
		upTo := int64(x)
		if float64(upTo) < x {
			upTo++
		}
		if upTo != before {
			visit(s.first+i, upTo-before)
			before = upTo
		}
	}
	if before < n {
		visit(s.first+last, n-before)
	}
}

// binOfRank is the bin of one of n requests.
func (s *latencyShape) binOfRank(r, n int64, u float64) int {
	lo, hi := 0, len(s.below)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if s.ranks(s.first+mid, n, u) > r {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return s.first + lo
}

// shuffle gives the requests of a cell their ranks: request j, in order of
// time, has rank (j·step + offset) mod n.
type shuffle struct{ n, step, offset int64 }

func newShuffle(key uint64, cell, n int64) shuffle {
	return shuffle{n: n, step: stride(n), offset: int64(mix(key, uint64(cell)^0x5bd1e995) % uint64(n))}
}

func (s shuffle) rank(j int64) int64 { return (j*s.step + s.offset) % s.n }

// Histogram counts requests by latency; see [NewHistogram].
type Histogram struct {
	// Count is the number of requests.
	Count int64
	// total is the sum of their latencies in microseconds.
	total  int64
	bins   []int64
	lo, hi int
	// micros are the latencies of the bins.
	micros []int64
}

// binIndex is where a bin stands among all of them.
func binIndex(bin int) int { return min(max(bin, lowestBin), highestBin) - lowestBin }

// binMicros are the latencies that the bins stand for.
var binMicros = sync.OnceValue(func() []int64 {
	all := make([]int64, highestBin-lowestBin+1)
	for i := range all {
		all[i] = micros(i + lowestBin)
	}
	return all
})

// NewHistogram is an empty histogram. It can be used again after Reset.
func NewHistogram() *Histogram {
	return &Histogram{bins: make([]int64, highestBin-lowestBin+1), micros: binMicros()}
}

// Reset forgets everything.
func (h *Histogram) Reset() {
	if h.Count > 0 {
		clear(h.bins[h.lo : h.hi+1])
	}
	h.Count, h.total, h.lo, h.hi = 0, 0, 0, 0
}

func (h *Histogram) add(bin int, n int64) {
	if n == 0 {
		return
	}
	i := binIndex(bin)
	if h.Count == 0 {
		h.lo, h.hi = i, i
	}
	h.lo, h.hi = min(h.lo, i), max(h.hi, i)
	h.bins[i] += n
	h.Count += n
	h.total += n * h.micros[i]
}

// Sum is the sum of the latencies in seconds.
func (h *Histogram) Sum() float64 { return seconds(h.total) }

// Mean is the mean latency in seconds. There must be a request.
func (h *Histogram) Mean() float64 { return seconds(h.total) / float64(h.Count) }

// Quantile is the smallest latency, in seconds, that a share q of the requests
// does not exceed. There must be a request.
func (h *Histogram) Quantile(q float64) float64 {
	need := max(1, int64(math.Ceil(q*float64(h.Count))))
	seen := int64(0)
	for i := h.lo; i < h.hi; i++ {
		seen += h.bins[i]
		if seen >= need {
			return seconds(h.micros[i])
		}
	}
	return seconds(h.micros[h.hi])
}

// Min is the shortest latency in seconds. There must be a request.
func (h *Histogram) Min() float64 { return seconds(h.micros[h.lo]) }

// Max is the longest latency in seconds. There must be a request.
func (h *Histogram) Max() float64 { return seconds(h.micros[h.hi]) }

// Within is the number of requests within the bound.
func (h *Histogram) Within(b Bound) int64 {
	n := int64(0)
	for i := h.lo; i <= min(b.last-lowestBin, h.hi); i++ {
		n += h.bins[i]
	}
	return n
}
