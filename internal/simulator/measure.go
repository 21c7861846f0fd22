package simulator

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// query evaluates one metric query. An unknown metric, or a filter that
// selects nothing, is an empty table.
func (e *evaluation) query(q *metricquery.Query) (table, error) {
	if err := knownModifiers(q); err != nil {
		return table{}, err
	}
	roll, err := rollupOf(q)
	if err != nil {
		return table{}, err
	}
	out := table{counts: q.Has("as_count") || q.Has("as_rate")}
	metric := e.traffic.Metric(q.Metric)
	if metric == nil {
		return out, nil
	}
	if metric.Kind == scenario.Gauge {
		out.counts = false
	}
	measure, err := e.measure(q, metric.Kind, roll)
	if err != nil {
		return table{}, err
	}
	values := func(g group) []float64 { return e.each(g, measure) }
	switch {
	case e.plainSum(q, metric.Kind, roll):
		values = e.sums
	case metric.Kind == scenario.Distribution && !e.grid.cut:
		values = func(g group) []float64 { return e.eachBusy(g, measure) }
	}
	for _, g := range e.largest(q, groups(q, metric)) {
		r := row{tags: g.tags, values: values(g)}
		if r.empty() {
			continue
		}
		if err := fill(q, r.values, e.grid.step); err != nil {
			return table{}, err
		}
		out.rows = append(out.rows, r)
	}
	return out, nil
}

func knownModifiers(q *metricquery.Query) error {
	for _, m := range q.Modifiers {
		if !slices.Contains([]string{"as_count", "as_rate", "rollup", "fill"}, m.Name) {
			return badRequest("Error parsing query: unknown function %s in %s", m.Name, q)
		}
	}
	return nil
}

// each measures one bucket after the other.
func (e *evaluation) each(g group, measure measure) []float64 {
	values := make([]float64, e.grid.len())
	for i := range values {
		from, to := e.grid.bucket(i)
		values[i] = measure(g.series, from-e.shift, to-e.shift)
	}
	return values
}

// eachBusy is each for measures that ignore series without requests, of which
// there may be very many.
func (e *evaluation) eachBusy(g group, measure measure) []float64 {
	bounds := e.bounds()
	busy := make([][]*scenario.Series, len(bounds)-1)
	for _, s := range g.series {
		s.EachBusy(bounds, func(i int, _ int64) { busy[i] = append(busy[i], s) })
	}
	values := make([]float64, len(busy))
	for i := range values {
		values[i] = missing
		if len(busy[i]) > 0 {
			values[i] = measure(busy[i], bounds[i], bounds[i+1])
		}
	}
	return values
}

// bounds are where buckets begin in the world's time, and where the last one ends.
func (e *evaluation) bounds() []int64 {
	n := e.grid.len()
	bounds := make([]int64, n+1)
	for i := range n {
		bounds[i], bounds[i+1] = e.grid.bucket(i)
		bounds[i] -= e.shift
	}
	bounds[n] -= e.shift
	return bounds
}

// plainSum reports whether the points are nothing but sums of counts.
func (e *evaluation) plainSum(q *metricquery.Query, kind scenario.Kind, roll rollup) bool {
	return kind == scenario.Count && q.Aggregator == "sum" && !q.Has("as_rate") && (q.Has("as_count") || roll.method == "sum") && !e.grid.cut
}

// sums are the points of a plain sum, one series after the other.
func (e *evaluation) sums(g group) []float64 {
	bounds := e.bounds()
	into, values := make([]int64, len(bounds)-1), make([]float64, len(bounds)-1)
	for _, s := range g.series {
		s.AddCounts(into, bounds)
	}
	for i, count := range into {
		values[i] = positive(count)
	}
	return values
}

// measure computes the point of some series for one bucket, in the world's
// time; missing when there is nothing to measure.
type measure func(series []*scenario.Series, from, to int64) float64

// measure chooses how to compute the query's points.
func (e *evaluation) measure(q *metricquery.Query, kind scenario.Kind, roll rollup) (measure, error) {
	if kind == scenario.Distribution {
		return e.ofDistribution(q)
	}
	if q.Threshold != nil || percentile(q.Aggregator) > 0 {
		return nil, badRequest("Error parsing query: %s needs a distribution metric, %s is a %s", aggregatorText(q), q.Metric, kind)
	}
	space, err := spaceAggregation(q)
	if err != nil {
		return nil, err
	}
	var one func(s *scenario.Series, from, to int64) float64
	switch {
	case kind == scenario.Gauge:
		one = ofGauge(roll)
	case q.Has("as_count"):
		one = func(s *scenario.Series, from, to int64) float64 { return positive(s.Count(from, to)) }
	case q.Has("as_rate"):
		step := float64(e.grid.step)
		one = func(s *scenario.Series, from, to int64) float64 { return positive(s.Count(from, to)) / step }
	default:
		one = ofCount(roll)
	}
	return func(series []*scenario.Series, from, to int64) float64 {
		var points []float64
		total, n := 0.0, 0
		for _, s := range series {
			v := one(s, from, to)
			if isMissing(v) {
				continue
			}
			total += v
			n++
			if space != "sum" && space != "avg" {
				points = append(points, v)
			}
		}
		switch {
		case n == 0:
			return missing
		case space == "avg":
			return total / float64(n)
		case space == "min":
			return slices.Min(points)
		case space == "max":
			return slices.Max(points)
		}
		return total
	}, nil
}

// positive is a count as a point. A series without a single hit reports
// nothing, not 0.
func positive(n int64) float64 {
	if n == 0 {
		return missing
	}
	return float64(n)
}

func spaceAggregation(q *metricquery.Query) (string, error) {
	switch q.Aggregator {
	case "":
		return "avg", nil
	case "sum", "avg", "min", "max":
		return q.Aggregator, nil
	}
	return "", badRequest("Error parsing query: unknown aggregator %s in %s", q.Aggregator, q)
}

func aggregatorText(q *metricquery.Query) string {
	if q.Threshold != nil {
		return "a threshold count"
	}
	return q.Aggregator
}

// ofCount rolls a count up without as_count: over the points that agents
// report every ten seconds, by default their mean.
func ofCount(roll rollup) func(*scenario.Series, int64, int64) float64 {
	if roll.method == "sum" {
		return func(s *scenario.Series, from, to int64) float64 { return positive(s.Count(from, to)) }
	}
	if roll.method == "" || roll.method == "avg" {
		return func(s *scenario.Series, from, to int64) float64 {
			return positive(s.Count(from, to)) * flush / float64(to-from)
		}
	}
	return func(s *scenario.Series, from, to int64) float64 {
		var points []float64
		begin, end := s.Life()
		first := from + floor(max(0, begin-from), flush)
		for t := first; t < min(to, end); t += flush {
			if n := s.Count(t, min(t+flush, to)); n > 0 {
				points = append(points, float64(n))
			}
		}
		switch {
		case len(points) == 0:
			return missing
		case roll.method == "count":
			return float64(len(points))
		case roll.method == "min":
			return slices.Min(points)
		}
		return slices.Max(points)
	}
}

// ofGauge rolls a gauge up: a level that is reported every ten seconds, or the
// time that was spent in them.
func ofGauge(roll rollup) func(*scenario.Series, int64, int64) float64 {
	spent := ofTime(roll)
	return func(s *scenario.Series, from, to int64) float64 {
		level, ok := s.Level(from, to)
		if !ok {
			return spent(s, from, to)
		}
		samples := math.Ceil(float64(to-from) / flush)
		switch roll.method {
		case "sum":
			return level * samples
		case "count":
			return samples
		}
		return level
	}
}

// ofTime rolls up the seconds that were spent on requests, of which an agent
// reports the sum every ten seconds.
func ofTime(roll rollup) func(*scenario.Series, int64, int64) float64 {
	return func(s *scenario.Series, from, to int64) float64 {
		total, ok := s.Time(from, to)
		if !ok {
			return missing
		}
		switch roll.method {
		case "sum":
			return total
		case "", "avg":
			return total * flush / float64(to-from)
		}
		var points []float64
		for t := from; t < to; t += flush {
			if v, ok := s.Time(t, min(t+flush, to)); ok {
				points = append(points, v)
			}
		}
		switch roll.method {
		case "count":
			return float64(len(points))
		case "min":
			return slices.Min(points)
		}
		return slices.Max(points)
	}
}

// percentile reads p50, p99 or p99.9 as a share; 0 for any other aggregator.
func percentile(aggregator string) float64 {
	number, ok := strings.CutPrefix(aggregator, "p")
	if !ok {
		return 0
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0 && v < 100) {
		return 0
	}
	return v / 100
}

// ofDistribution merges time and space: every point is computed from all the
// values in the bucket, whatever the rollup method.
func (e *evaluation) ofDistribution(q *metricquery.Query) (measure, error) {
	per := 1.0
	if q.Has("as_rate") {
		per = float64(e.grid.step)
	}
	if q.Threshold != nil {
		return thresholdCount(*q.Threshold, per), nil
	}
	if q.Aggregator == "count" {
		return func(series []*scenario.Series, from, to int64) float64 {
			n := int64(0)
			for _, s := range series {
				n += s.Count(from, to)
			}
			return positive(n) / per
		}, nil
	}
	var read func(*scenario.Histogram) float64
	switch q.Aggregator {
	case "", "avg":
		read = (*scenario.Histogram).Mean
	case "sum":
		read = (*scenario.Histogram).Sum
	case "min":
		read = (*scenario.Histogram).Min
	case "max":
		read = (*scenario.Histogram).Max
	default:
		share := percentile(q.Aggregator)
		if share == 0 {
			return nil, badRequest("Error parsing query: unknown aggregator %s in %s", q.Aggregator, q)
		}
		read = func(h *scenario.Histogram) float64 { return h.Quantile(share) }
	}
	h := scenario.NewHistogram()
	return func(series []*scenario.Series, from, to int64) float64 {
		h.Reset()
		for _, s := range series {
			s.AddTo(h, from, to)
		}
		if h.Count == 0 {
			return missing
		}
		return read(h)
	}, nil
}

// thresholdCount counts the values on one side of a threshold.
func thresholdCount(t metricquery.Threshold, per float64) measure {
	strict := t.Comparator == "<" || t.Comparator == ">="
	bound := scenario.BoundAt(t.Value, strict)
	above := t.Comparator == ">" || t.Comparator == ">="
	return func(series []*scenario.Series, from, to int64) float64 {
		n := int64(0)
		for _, s := range series {
			k := s.Within(from, to, bound)
			if above {
				k = s.Count(from, to) - k
			}
			n += k
		}
		return positive(n) / per
	}
}
