package anomaly

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// scales are the lengths of the stretches that the slow view tests, in blocks:
// a quarter of an hour to a day where a block is a quarter of an hour. Those up
// to two hours are also tested against the level of the hours around them, which
// tells more where traffic wanders.
var scales = [...]struct {
	blocks int
	local  bool
}{{1, false}, {2, false}, {4, false}, {8, false}, {24, false}, {96, false}, {2, true}, {4, true}, {8, true}}

// levels is into how many parts, by what is expected, the noise of a scale is told apart.
const levels = 4

// slow is the slow view of a series: what blocks of a quarter of an hour (or
// more, where little comes) hold against what is usual for them. Whole stretches
// of blocks are tested. The usual is what the same weekday had, and such of the last
// days as looked like it; stretches that were found unusual are no part of it.
type slow struct {
	counts  bool
	step    int64 // of the series
	idle    bool  // nothing comes more than half of the time
	size    int   // buckets of the series
	per     int   // buckets a block
	day     int   // blocks a day
	lead    int   // buckets of the first block that lie before the series
	skip    int   // blocks of the first day that lie before the series
	x       []float64
	norm    []float64 // x without the shifts of level, NaN where it is no part of the usual
	factor  []float64 // the shift of level that holds since a block: factor or offset
	told    []float64 // what was expected of a shift before its level was the usual, else NaN
	raw, e  []float64 // what is expected without and with the level of the last days
	other   []bool    // a day that is another weekday in disguise: e is final
	daily   []float64 // running sums of whole days
	dated   []int     // how many of them are known
	rate    []float64 // the middle of each day's x against raw
	strange []bool
	away    []bool    // a part of a stretch of hours
	sx, se  []float64 // running sums where both are known
	sn      []int32
	samples []sample
	sigma   [len(scales)][levels]float64
	bound   [len(scales)][levels - 1]float64
	scratch []float64
	weights []float64 // the requests, where x are the errors; else nil
	sw      []float64 // running sums of them
	spare   []float64
	drifts  drifts
}

func grow[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// fill lays the series out in blocks.
func (w *slow) fill(s timeseries.Series, m Measure) {
	w.counts = m == Counts
	w.step, w.size = s.Step, len(s.Values)
	w.weights = nil
	w.per = 1
	for _, seconds := range []int64{900, 1800, 3600} {
		if seconds > s.Step && seconds%s.Step == 0 {
			w.per = int(seconds / s.Step)
			if !w.counts || w.per == 1 || mean(s.Values)*float64(w.per) >= 4 {
				break
			}
		}
	}
	block := s.Step * int64(w.per)
	w.day = max(1, int((86400+block/2)/block))
	first := timeseries.Floor(s.Start, block)
	w.lead = int((s.Start - first) / s.Step)
	w.skip = int((first / block) % int64(w.day))
	n := (len(s.Values) + w.lead + w.per - 1) / w.per
	for _, p := range []*[]float64{&w.x, &w.norm, &w.factor, &w.told, &w.raw, &w.e} {
		*p = grow(*p, n)
	}
	w.other, w.away = grow(w.other, n), grow(w.away, n)
	w.rate = grow(w.rate, (n+w.skip)/w.day+1)
	w.daily, w.dated = grow(w.daily, len(w.rate)+1), grow(w.dated, len(w.rate)+1)
	w.sx, w.se, w.sw, w.sn = grow(w.sx, n+1), grow(w.se, n+1), grow(w.sw, n+1), grow(w.sn, n+1)
	still, known := 0, 0
	for b := range n {
		lo, hi := w.buckets(b, b+1)
		w.x[b] = w.block(s.Values[lo:hi])
		w.norm[b], w.told[b] = w.x[b], math.NaN()
		if w.counts {
			w.factor[b] = 1
		}
		if w.x[b] == w.x[b] {
			known++
		}
		if w.x[b] == 0 {
			still++
		}
	}
	w.idle = 3*still > 2*known
}

// buckets are the buckets of the blocks from a to b.
func (w *slow) buckets(a, b int) (lo, hi int) {
	return max(0, a*w.per-w.lead), min(w.size, b*w.per-w.lead)
}

func (w *slow) blockOf(bucket int) int { return (bucket + w.lead) / w.per }

func mean(values []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range values {
		if v == v {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// block is what a block holds: the count, made whole where a few buckets are not
// known, or the middle of the levels. It is not known where most buckets are not.
func (w *slow) block(values []float64) float64 {
	known := w.scratch[:0]
	sum := 0.0
	for _, v := range values {
		if v == v && !math.IsInf(v, 0) {
			known = append(known, v)
			sum += v
		}
	}
	w.scratch = known
	if 2*len(known) < w.per || len(known) == 0 {
		return math.NaN()
	}
	if w.counts {
		return sum / float64(len(known)) * float64(w.per)
	}
	return median(known)
}

// median sorts its argument.
func median(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	order(xs)
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}

// midmean is the mean of the middle half. It sorts its argument.
func midmean(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	order(xs)
	cut := (len(xs) + 2) / 4
	if 2*cut >= len(xs) {
		cut = (len(xs) - 1) / 2
	}
	xs = xs[cut : len(xs)-cut]
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// order sorts few values by insertion.
func order(xs []float64) {
	if len(xs) > 16 {
		slices.Sort(xs)
		return
	}
	for i := 1; i < len(xs); i++ {
		x, j := xs[i], i
		for ; j > 0 && xs[j-1] > x; j-- {
			xs[j] = xs[j-1]
		}
		xs[j] = x
	}
}

// learn works out what is usual for the blocks from the day of block b on.
func (w *slow) learn(b int) {
	d := (b + w.skip) / w.day
	for ; d*w.day-w.skip < len(w.x); d++ {
		lo, hi := max(0, d*w.day-w.skip), min(len(w.x), (d+1)*w.day-w.skip)
		if w.weights != nil {
			w.shares(lo, hi)
		} else {
			w.usual(d, lo, hi)
		}
	}
	from := max(0, (b+w.skip)/w.day*w.day-w.skip)
	w.total(from)
}

// total renews the running sums from block b on.
func (w *slow) total(b int) {
	for ; b < len(w.x); b++ {
		w.sx[b+1], w.se[b+1], w.sw[b+1], w.sn[b+1] = w.sx[b], w.se[b], w.sw[b], w.sn[b]
		if x, e := w.x[b], w.e[b]; x == x && e == e {
			if w.weights != nil {
				w.sw[b+1] += w.weights[b]
			}
			w.sx[b+1] += x
			w.se[b+1] += e
			w.sn[b+1]++
		}
	}
}

// usual works out what is usual for the blocks [lo, hi) of day d.
func (w *slow) usual(d, lo, hi int) {
	var trend [29]float64
	for j := range trend {
		trend[j] = w.trend(d, j)
	}
	var alike [7]bool
	weeks := w.weeks(d)
	for j := 1; j <= 6; j++ {
		alike[j] = !weeks || w.alike(j, lo, hi, trend[:])
	}
	var few [10]float64
	ratios := w.scratch[:0]
	for b := lo; b < hi; b++ {
		if w.other[b] {
			continue
		}
		refs := few[:0]
		for j := 7; j <= 28; j += 7 {
			if c := b - j*w.day; c >= 0 && w.norm[c] == w.norm[c] {
				refs = append(refs, w.norm[c]*trend[j])
			}
		}
		for j := 1; j <= 6; j++ {
			if c := b - j*w.day; alike[j] && c >= 0 && w.norm[c] == w.norm[c] {
				refs = append(refs, w.norm[c]*trend[j])
			}
		}
		w.raw[b] = midmean(refs)
		if r, v := w.raw[b], w.norm[b]; r == r && v == v {
			if !w.counts {
				ratios = append(ratios, v-r)
			} else if r > 0 {
				ratios = append(ratios, v/r)
			}
		}
	}
	w.scratch = ratios
	w.close(d, lo, hi)
	w.rate[d] = math.NaN()
	if len(ratios) >= w.day/3 {
		w.rate[d] = median(ratios)
	}
	level := w.level(d)
	for b := lo; b < hi; b++ {
		if w.other[b] {
			continue
		}
		if w.counts {
			w.e[b] = w.raw[b] * level * w.factor[b]
		} else {
			w.e[b] = w.raw[b] + level + w.factor[b]
		}
	}
}

// close adds day d to the running sums of whole days. What is not known of a day
// stands at what was expected.
func (w *slow) close(d, lo, hi int) {
	sum, n := 0.0, 0
	for b := lo; b < hi; b++ {
		switch v, e := w.norm[b], w.raw[b]; {
		case v == v:
			sum += v
			n++
		case e == e:
			sum += e
			n++
		}
	}
	w.daily[d+1], w.dated[d+1] = w.daily[d]+sum, w.dated[d]
	if 2*n >= hi-lo {
		w.dated[d+1]++
	}
}

// trend is by how much more the week before day d had than the week around the
// day that lies j days before it: growth, or a shift of level in between.
func (w *slow) trend(d, j int) float64 {
	if !w.counts || j == 0 {
		return 1
	}
	// Weeks as a whole, so that a weekend is in each.
	mid := min(d-j+3, d-1)
	first := 0
	if w.skip > 0 {
		first = 1
	}
	mid = max(mid, first+6)
	if mid > d-1 || d-7 < first {
		return 1
	}
	if w.dated[d]-w.dated[d-7] < 7 || w.dated[mid+1]-w.dated[mid-6] < 7 {
		return 1
	}
	now, then := w.daily[d]-w.daily[d-7], w.daily[mid+1]-w.daily[mid-6]
	if now < 50 || then < 50 {
		return 1
	}
	return min(max(now/then, 1./3), 3)
}

// weeks says that there is a whole day a week before day d.
func (w *slow) weeks(d int) bool { return d >= 7 && (d-7)*w.day-w.skip >= 0 }

// level is how much the three days before day d were above what is usual for them.
func (w *slow) level(d int) float64 {
	var few [3]float64
	days := few[:0]
	for j := 1; j <= 3; j++ {
		// In the first week nobody knows a weekend, so that it has no level.
		if d-j >= 0 && w.rate[d-j] == w.rate[d-j] && (w.weeks(d-j) || !w.weeks(d)) {
			days = append(days, w.rate[d-j])
		}
	}
	if len(days) < 2 {
		if w.counts {
			return 1
		}
		return 0
	}
	l := median(days)
	if w.counts {
		return min(max(l, 0.67), 1.5)
	}
	return l
}

// alike says whether the day j days before the blocks [lo, hi) looked like
// what this weekday was in earlier weeks, as well as those weeks look like each other.
func (w *slow) alike(j, lo, hi int, trend []float64) bool {
	var off, usual, size float64
	n := 0
	for b := lo; b < hi; b++ {
		c := b - j*w.day
		week := b - 7*w.day
		if c < 0 || week < 0 {
			continue
		}
		v, a := w.norm[c]*trend[j], w.norm[week]*trend[7]
		other := math.NaN()
		if week2 := b - 14*w.day; week2 >= 0 {
			other = w.norm[week2] * trend[14]
		}
		if v != v || a != a {
			continue
		}
		n++
		if other == other {
			usual += math.Abs(a - other)
			off += (math.Abs(v-a) + math.Abs(v-other)) / 2
		} else {
			off += math.Abs(v - a)
			usual += math.Sqrt(math.Abs(a))
		}
		size += math.Abs(a)
	}
	return n > (hi-lo)/2 && off <= 1.3*usual+0.03*size
}
