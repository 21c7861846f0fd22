package simulator

import (
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
)

const (
	// historyStep is the interval of the history's buckets.
	historyStep = 7200
	// historyFloor is what the beginning of a history is floored to, and the
	// length of the buckets that corrections take out.
	historyFloor = 300
)

// counts is what the history of the type metric shows of its figure.
type counts struct {
	times             []int64
	good, total       []float64
	goodSum, totalSum float64
	precision         int
}

// ofEvents computes the type metric, with the beginning floored to five minutes.
func (s *Server) ofEvents(o *slo, r reckoning) (figure, error) {
	from := floor(r.window.from, historyFloor)
	g := grid{from: from, to: min(r.window.to, r.known), step: historyStep}
	c := &counts{times: []int64{}}
	for i := range g.len() {
		start, _ := g.bucket(i)
		c.times = append(c.times, start)
	}
	corrected := effective(r.occurrences, historyFloor, o.Own.Edge)
	var err error
	if c.good, c.goodSum, err = s.pooled(o.good, g, corrected, o.Own.OnlyGroups); err != nil {
		return figure{}, err
	}
	if c.total, c.totalSum, err = s.pooled(o.total, g, corrected, o.Own.OnlyGroups); err != nil {
		return figure{}, err
	}
	f := figure{good: c.goodSum, total: c.totalSum, unit: "requests", spanPrecision: 2, counts: c}
	if c.totalSum == 0 {
		f.problem = zeroDenominator()
		return f, nil
	}
	sli := 100 * c.goodSum / c.totalSum
	f.sli, f.exact = &sli, sli
	digits := int(math.Max(0, math.Floor(math.Log10(math.Abs(c.totalSum)))))
	f.spanPrecision, c.precision = min(5, digits), min(3, digits)
	return f, nil
}

// pooled adds the groups up, with 0 where there is nothing, and without what
// lies in corrected spans. With names, only those groups count.
func (s *Server) pooled(x metricquery.Expr, g grid, corrected []span, names []string) (values []float64, sum float64, err error) {
	g = g.without(corrected)
	t, err := s.evaluation(g).eval(x)
	if err != nil {
		return nil, 0, err
	}
	values = make([]float64, g.buckets())
	for _, r := range t.rows {
		if len(names) > 0 && !slices.Contains(names, strings.Join(r.tags, ",")) {
			continue
		}
		for i := range g.len() {
			if v := r.values[min(i, len(r.values)-1)]; !isMissing(v) {
				values[g.bucketOf(i)] += v
			}
		}
	}
	for _, v := range values {
		sum += v
	}
	return values, sum, nil
}
