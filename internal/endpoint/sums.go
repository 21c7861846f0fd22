package endpoint

import (
	"math"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// measure is one thing that is added up.
type measure int

const (
	hits measure = iota
	errs
	spent // time, in the unit of the metric
	timed // requests that the time is of
	measures
)

// rounding is how far apart two sums of the same values may be, as a share. A
// single request among billions is more than that.
const rounding = 1e-12

// sums are what was added up for one group in one stretch.
type sums struct {
	of   [measures]timeseries.Sum
	seen [measures]bool
	// trend are the requests in each part of the stretch.
	trend []float64
	// in are the pieces, as bits, in whose answer the group is, and lost the
	// measures that are unknown of it: they are in no sum.
	in   [measures]uint8
	lost [measures]bool
}

func (s *sums) add(m measure, values []float64) {
	s.seen[m] = s.of[m].AddPoints(values) || s.seen[m]
}

// plus adds another group, or takes it away for a factor of −1.
func (s *sums) plus(o *sums, factor float64) {
	for m := range s.of {
		if factor > 0 {
			s.of[m].AddSum(o.of[m])
		} else {
			left := s.of[m].Minus(o.of[m])
			if math.Abs(left) <= rounding*math.Abs(s.of[m].Value()) {
				left = 0 // of fractions, rounding alone may be left
			}
			s.of[m] = timeseries.Sum{}
			s.of[m].Add(left)
		}
		s.seen[m] = s.seen[m] || o.seen[m]
	}
	if missing := len(o.trend) - len(s.trend); missing > 0 {
		s.trend = append(s.trend, make([]float64, missing)...)
	}
	for i, v := range o.trend {
		s.trend[i] = settled(s.trend[i]+factor*v, max(math.Abs(s.trend[i]), math.Abs(v)))
	}
}

// settled is a difference or sum of counts without what is rounding alone: a
// whole number where it is next to one.
func settled(v, of float64) float64 {
	const dust = 1e-11
	if whole := math.Round(v); math.Abs(v-whole) <= dust*of {
		return whole
	}
	return v
}

func (p *pair) plus(o *pair, factor float64) {
	for i := range p {
		p[i].plus(o[i], factor)
	}
}

// spread adds the points of one piece to the parts of a trend.
func (s *sums) spread(stretch timeseries.Span, series timeseries.Series) {
	width := float64(stretch.Seconds()) / float64(len(s.trend))
	for i, v := range series.Values {
		if timeseries.IsMissing(v) {
			continue
		}
		from := float64(series.Start + int64(i)*series.Step - stretch.Start)
		to := from + float64(series.Step)
		first := int(from / width)
		for k := max(0, first); k < len(s.trend); k++ {
			left, right := max(from, float64(k)*width), min(to, float64(k+1)*width)
			if left >= to {
				break
			}
			if right > left {
				s.trend[k] += v * ((right - left) / (to - from))
			}
		}
	}
}

// parts is how many parts the trend of a stretch has: about two or four dozen
// of whole buckets, where the length can be divided like that.
func parts(span timeseries.Span, step int64) int {
	const fewest, most = 14, 28
	n := span.Seconds() / step
	for k := int64(most); k >= fewest; k-- {
		if n >= k && span.Seconds()%(k*step) == 0 {
			return int(k)
		}
	}
	return int(max(1, min(most, n)))
}

// known says which measures there are figures of.
type known [measures]bool

func unknownFigures() Figures {
	nan := math.NaN()
	return Figures{Requests: nan, Errors: nan, ErrorRate: nan, Seconds: nan, Mean: nan, P50: nan, P95: nan, P99: nan}
}

// figures are the measurements that the sums amount to.
func (s *sums) figures(k known, scale float64) Figures {
	f := unknownFigures()
	for m, lost := range s.lost {
		k[m] = k[m] && !lost
	}
	if k[hits] {
		f.Requests = s.of[hits].Value()
	}
	if k[errs] {
		f.Errors = s.of[errs].Value()
		if f.Requests > 0 {
			f.ErrorRate = f.Errors / f.Requests
		}
	}
	f.untimed = s.lost[spent] || s.lost[timed]
	if !k[spent] {
		return f
	}
	switch {
	case s.seen[spent]:
		f.Seconds = s.of[spent].Value() * scale
		if n := s.of[timed].Value(); k[timed] && n > 0 {
			f.Mean = f.Seconds / n
		}
	case f.Requests == 0:
		f.Seconds = 0
	}
	return f
}
