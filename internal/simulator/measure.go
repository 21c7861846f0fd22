package simulator

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// group is the series of one combination of the tags a query groups by.
type group struct {
	tags   []string
	series []*scenario.Series
}

// query evaluates one metric query. An unknown metric, or a filter that
// selects nothing, is an empty table.
func (e *evaluation) query(q *metricquery.Query) (table, error) {
	for _, m := range q.Modifiers {
		if !slices.Contains([]string{"as_count", "as_rate", "rollup", "fill"}, m.Name) {
			return table{}, badRequest("Error parsing query: unknown function %s in %s", m.Name, q)
		}
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
	for _, g := range groups(q, metric) {
		r := row{tags: g.tags, values: make([]float64, e.grid.len())}
		for i := range r.values {
			from, to := e.grid.bucket(i)
			r.values[i] = measure(g.series, from-e.shift, to-e.shift)
		}
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

// groups are the selected series by the tags of "by", in order of the tags.
// Series that lack one of the keys are in none.
func groups(q *metricquery.Query, metric *scenario.Metric) []group {
	var all []group
	at := map[string]int{}
	for _, s := range metric.Series {
		if q.Filter != nil && !q.Filter.Match(s.Tags) {
			continue
		}
		tags := make([]string, 0, len(q.By))
		for _, key := range q.By {
			i := slices.IndexFunc(s.Tags, func(tag string) bool { return strings.HasPrefix(tag, key+":") })
			if i < 0 {
				break
			}
			tags = append(tags, s.Tags[i])
		}
		if len(tags) < len(q.By) {
			continue
		}
		key := strings.Join(tags, ",")
		i, ok := at[key]
		if !ok {
			i = len(all)
			at[key] = i
			all = append(all, group{tags: tags})
		}
		all[i].series = append(all[i].series, s)
	}
	slices.SortFunc(all, func(a, b group) int { return slices.Compare(a.tags, b.tags) })
	return all
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

// ofGauge rolls a gauge up. It reports its level every ten seconds.
func ofGauge(roll rollup) func(*scenario.Series, int64, int64) float64 {
	return func(s *scenario.Series, from, to int64) float64 {
		level, ok := s.Level(from, to)
		if !ok {
			return missing
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

// fill replaces missing values as .fill() says: zero, null, or the last or the
// interpolated value for at most limit seconds, by default 300.
func fill(q *metricquery.Query, values []float64, step int64) error {
	for _, m := range q.Modifiers {
		if m.Name != "fill" {
			continue
		}
		limit := int64(300)
		method := "linear"
		if len(m.Args) > 0 {
			method = m.Args[0]
		}
		if len(m.Args) > 1 {
			n, err := strconv.ParseInt(m.Args[1], 10, 64)
			if err != nil || n < 1 {
				return badRequest("Error parsing query: invalid fill limit %q in %s", m.Args[1], q)
			}
			limit = n
		}
		switch method {
		case "null":
		case "zero":
			for i, v := range values {
				if isMissing(v) {
					values[i] = 0
				}
			}
		case "last", "linear":
			carry(values, int(limit/step), method == "linear")
		default:
			return badRequest("Error parsing query: unknown fill method %q in %s", method, q)
		}
	}
	return nil
}

// carry fills gaps of at most limit buckets from the value before them, or on
// a straight line to the value behind them.
func carry(values []float64, limit int, linear bool) {
	last := -1
	for i := range values {
		if isMissing(values[i]) {
			continue
		}
		gap := i - last - 1
		if last >= 0 && gap > 0 && gap <= limit {
			for j := last + 1; j < i; j++ {
				values[j] = values[last]
				if linear {
					values[j] += (values[i] - values[last]) * float64(j-last) / float64(i-last)
				}
			}
		}
		last = i
	}
	if !linear && last >= 0 {
		for j := last + 1; j < min(len(values), last+1+limit); j++ {
			values[j] = values[last]
		}
	}
}
