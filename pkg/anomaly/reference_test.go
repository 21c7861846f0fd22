package anomaly_test

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// reference is the model of doc.go once more, slow and plain: for steps that
// divide a day and are at most five minutes, without hindsight. Quantiles are
// those of the sorted residuals, everything is float64.
type reference struct {
	s                  timeseries.Series
	m                  anomaly.Measure
	period, knot, half int
	block, hour, hold  int
	// What was found out of each bucket; NaN where there is nothing.
	expected, residual, wobble, raw, score []float64
	with, without, limit                   []float64
	week, now                              float64
	use                                    bool
	part                                   float64
	plain, seasonal                        []float64
	rises                                  []float64 // of the usual, from knot to knot
}

func refer(s timeseries.Series, m anomaly.Measure) *reference {
	per := func(seconds int64) int { return max(1, int(seconds/s.Step)) }
	r := &reference{s: s, m: m, period: per(86400), knot: per(300), half: 2, block: per(900), hour: per(3600), hold: per(1800), part: 1}
	if s.Step < 60 {
		r.half = per(300) / 2
	}
	n := len(s.Values)
	for _, p := range []*[]float64{&r.expected, &r.residual, &r.wobble, &r.raw, &r.score, &r.with, &r.without, &r.limit} {
		*p = slices.Repeat([]float64{math.NaN()}, n)
	}
	held, last, echo := 0, -1, 0.0
	for i, v := range s.Values {
		if i > 0 && i%r.period == 0 {
			r.day(i)
		}
		if i >= r.period && i%r.period%r.block == 0 {
			r.learn(i)
		}
		if math.IsNaN(v) {
			continue
		}
		if last >= 0 && i-last > per(3*3600) {
			r.plain, r.seasonal = nil, nil
		}
		last = i
		r.limit[i] = math.Inf(1)
		if i >= r.period {
			r.limit[i] = 8 * r.week
		}
		u := r.usual(i)
		r.expect(i, v, u)
		score := 0.0
		if !math.IsNaN(r.expected[i]) {
			r.residual[i] = math.Abs(v - r.expected[i])
			if i >= r.period {
				r.wobble[i] = max(r.now, .01*math.Abs(r.expected[i]))
				if m == anomaly.Counts {
					r.wobble[i] = max(r.wobble[i], r.part*math.Sqrt(r.expected[i]+2.25))
				}
				r.raw[i] = min(10000, max(0, r.residual[i]-r.recurring(i))/r.wobble[i])
				score = r.raw[i] * 7 / r.bar(i)
			}
		}
		alarm := score >= 7
		r.score[i] = max(score, min(echo*.75, 2.9))
		echo = r.score[i]
		if !alarm {
			held = 0
		} else if held < r.hold {
			held++
			continue
		}
		r.plain = append(r.plain, v)
		if !math.IsNaN(u) {
			r.seasonal = append(r.seasonal, v-u)
		}
	}
	return r
}

// usual is a line between knots, which lies as high as all rises before it make it.
func (r *reference) usual(i int) float64 {
	k := i / r.knot
	for len(r.rises) <= k+1 {
		r.rises = append(r.rises, r.rise(len(r.rises)))
	}
	return total(r.rises[:k+1]) + r.rises[k+1]*float64(i-k*r.knot)/float64(r.knot)
}

// rise is from the knot before to this one, the median of those of earlier
// days; a knot has the mean of what is around it.
func (r *reference) rise(k int) float64 {
	at := func(mid int) float64 {
		if mid < 0 {
			return math.NaN()
		}
		return mean(r.s.Values[max(0, mid-r.half):min(mid+r.half+1, len(r.s.Values))])
	}
	var days []float64
	for _, lag := range []int{1, 2, 3, 4, 5, 6, 7, 14, 21, 28} {
		mid := k*r.knot - lag*r.period
		days = append(days, at(mid)-at(mid-r.knot))
	}
	return median(days)
}

func (r *reference) expect(i int, v, u float64) {
	level := func(all []float64) float64 {
		if len(all) < 5 {
			return math.NaN()
		}
		return median(all[max(0, len(all)-max(5, int(1200/r.s.Step))):])
	}
	without, with := level(r.plain), math.NaN()
	if !math.IsNaN(u) {
		with = u + level(r.seasonal)
	}
	r.expected[i] = without
	if !math.IsNaN(with) {
		limit := r.limit[i]
		r.with[i], r.without[i] = min(limit, math.Abs(v-with)), min(limit, math.Abs(v-without))
		if r.use {
			r.expected[i] = with
		}
	}
	if r.m == anomaly.Counts {
		r.expected[i] = max(r.expected[i], 0)
	}
}

// day decides for the day that begins at i.
func (r *reference) day(i int) {
	from := max(0, i-7*r.period)
	r.use = total(r.with[from:i]) < total(r.without[from:i])
	roots := 0.0
	for _, e := range r.expected[from:i] {
		if !math.IsNaN(e) {
			roots += math.Sqrt(max(0, e))
		}
	}
	r.part = 1
	if off := total(r.residual[from:i]) * 1.2533; off < roots {
		r.part = off / roots
	}
}

// learn works out the wobble for the quarter of an hour that begins at i.
func (r *reference) learn(i int) {
	var known []float64
	moves := 0
	before := math.NaN()
	for j, v := range r.s.Values[:i] {
		if !math.IsNaN(r.residual[j]) && j > i-7*r.period {
			known = append(known, r.residual[j])
			if v != before {
				moves++
			}
		}
		if !math.IsNaN(v) {
			before = v
		}
	}
	slices.Sort(known)
	q := func(share float64) float64 { return known[int(math.Ceil(share*float64(len(known))))-1] }
	r.week = max(q(.5)/.6745, q(.9)/1.645)
	calmest := .4
	if 2*moves < len(known) {
		r.week = max(r.week, q(.99)/2.576, q(.999)/3.291)
		calmest = .6
	}
	r.now = r.week
	var days []float64
	for d := i / r.period; d >= 0 && d > i/r.period-7; d-- {
		var means []float64
		for b := -2; b <= 2; b++ {
			slots := r.period / r.block
			from := d*r.period + ((i%r.period/r.block+b+slots)%slots)*r.block
			if from < i {
				means = append(means, mean(r.clipped(from)))
			} else if old := from - 7*r.period; old >= 0 {
				means = append(means, mean(r.clipped(old)))
			}
		}
		if m := mean(means); !math.IsNaN(m) {
			days = append(days, m)
		}
	}
	if len(days) >= 3 && r.week > 0 {
		r.now *= max(calmest, min(3, median(days)*1.2533/r.week))
	}
}

// clipped are the residuals of the block that begins at from, as far as they were judged.
func (r *reference) clipped(from int) []float64 {
	var out []float64
	for j := from; j < from+r.block; j++ {
		if !math.IsNaN(r.wobble[j]) {
			out = append(out, min(r.residual[j], r.limit[j]))
		}
	}
	return out
}

func (r *reference) recurring(i int) float64 {
	var days []float64
	for at := i - r.period; at >= 0 && at >= i-7*r.period; at -= r.period {
		top := 0.0
		for j := max(0, at-1); j <= at+1; j++ {
			if !math.IsNaN(r.residual[j]) {
				top = max(top, r.residual[j])
			}
		}
		days = append(days, top)
	}
	slices.Sort(days)
	if len(days) < 2 {
		return 0
	}
	return days[len(days)-2]
}

// bar is what only eight hours of the last week reached.
func (r *reference) bar(i int) float64 {
	var tops []float64
	for h := i/r.hour - 1; h >= 0 && h >= i/r.hour-168; h-- {
		top := 0.0
		for _, x := range r.raw[h*r.hour : (h+1)*r.hour] {
			if x > top {
				top = x
			}
		}
		tops = append(tops, top)
	}
	slices.Sort(tops)
	if len(tops) < 8 {
		return 7
	}
	return max(7, tops[len(tops)-8])
}

func known(all []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(all), math.IsNaN)
}

func total(all []float64) float64 {
	sum := 0.0
	for _, v := range known(all) {
		sum += v
	}
	return sum
}

func mean(all []float64) float64 { return total(all) / float64(len(known(all))) }

func median(all []float64) float64 {
	all = known(all)
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return (all[len(all)/2] + all[(len(all)-1)/2]) / 2
}
