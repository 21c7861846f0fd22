package simulator

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

const (
	// historyStep is the interval of the history's buckets.
	historyStep = 7200
	// historyFloor is what the beginning of a history is floored to.
	historyFloor = 300
)

// The words for how an SLO is doing.
const (
	stateOK       = "ok"
	stateWarning  = "warning"
	stateBreached = "breached"
	stateNoData   = "no_data"
)

// noData is what Datadog says when the denominator is zero.
const noData = "The denominator is zero valued"

// measured is Datadog's own figure for a window.
type measured struct {
	times                    []int64
	good, total              []float64
	goodSum, totalSum        float64
	sli                      *float64
	spanPrecision, precision int
}

// figures computes an SLO over [from, to), with from floored to five minutes.
func (s *Server) figures(o *slo, from, to, now int64) (measured, error) {
	if o.queryError != nil {
		return measured{}, o.queryError
	}
	g := grid{from: floor(from, historyFloor), to: min(to, now), step: historyStep}
	m := measured{times: []int64{}}
	for i := range g.len() {
		start, _ := g.bucket(i)
		m.times = append(m.times, start)
	}
	var err error
	if m.good, m.goodSum, err = s.pooled(o.good, g); err != nil {
		return measured{}, err
	}
	if m.total, m.totalSum, err = s.pooled(o.total, g); err != nil {
		return measured{}, err
	}
	m.spanPrecision, m.precision = 2, 0
	if m.totalSum != 0 {
		sli := 100 * m.goodSum / m.totalSum
		m.sli = &sli
		digits := int(math.Max(0, math.Floor(math.Log10(math.Abs(m.totalSum)))))
		m.spanPrecision, m.precision = min(5, digits), min(3, digits)
	}
	return m, nil
}

// pooled adds the groups up, with 0 where there is nothing.
func (s *Server) pooled(x metricquery.Expr, g grid) (values []float64, sum float64, err error) {
	t, err := s.evaluation(g).eval(x)
	if err != nil {
		return nil, 0, err
	}
	values = make([]float64, g.len())
	for _, r := range t.rows {
		for i := range values {
			if v := r.values[min(i, len(r.values)-1)]; !isMissing(v) {
				values[i] += v
			}
		}
	}
	for _, v := range values {
		sum += v
	}
	return values, sum, nil
}

// state compares with a target. Exactly on it is good.
func (m measured) state(target float64, warning *float64) string {
	switch {
	case m.sli == nil:
		return stateNoData
	case *m.sli < target:
		return stateBreached
	case warning != nil && *m.sli < *warning:
		return stateWarning
	}
	return stateOK
}

// remaining is the error budget that is left, in percent with three decimals;
// nil without data or with a target of 100.
func (m measured) remaining(target float64) *float64 {
	if m.sli == nil || target >= 100 {
		return nil
	}
	v := math.Round(1e5*(*m.sli-target)/(100-target)) / 1000
	// No minus before a zero.
	v += 0
	return &v
}

// remainingEvents is the same in events.
func (m measured) remainingEvents(target float64) float64 {
	return (100-target)/100*m.totalSum - (m.totalSum - m.goodSum)
}

// history is GET /api/v1/slo/{id}/history.
func (s *Server) history(c call) (any, error) {
	o := s.slo(c.args[0])
	if o == nil {
		return nil, failure(http.StatusNotFound, "SLO ID: %s not found", c.args[0])
	}
	from, err := c.seconds("from_ts")
	if err != nil {
		return nil, err
	}
	to, err := c.seconds("to_ts")
	if err != nil {
		return nil, err
	}
	if from >= to || from < 0 {
		return nil, badRequest("The timeframe is incorrect: invalid from %d or to %d timestamp", from, to)
	}
	custom, err := c.target()
	if err != nil {
		return nil, err
	}
	m, err := s.figures(o, from, to, c.now)
	if err != nil {
		return nil, err
	}
	thresholds := map[string]thresholdWire{}
	precision := map[string]int{}
	for _, t := range o.Thresholds {
		thresholds[t.Timeframe] = wireThreshold(t)
		precision[t.Timeframe] = m.precision
	}
	primary := o.primary()
	overall := map[string]any{
		"errors": nil, "sli_value": m.sli, "span_precision": m.spanPrecision, "precision": precision,
		"uptime": m.sli, "corrections": []any{}, "state": m.state(primary.Target, primary.Warning),
	}
	if m.sli == nil {
		overall["errors"] = []map[string]string{{"error_message": noData, "error_type": "ZERO_VALUED_DENOMINATOR"}}
	}
	if custom != nil {
		thresholds["custom"] = wireThreshold(scenario.Threshold{Timeframe: "custom", Target: *custom})
		precision["custom"] = m.precision
		overall["state"] = m.state(*custom, nil)
		if left := m.remaining(*custom); left != nil {
			overall["error_budget_remaining"] = map[string]float64{"custom": *left}
		}
	}
	return map[string]any{"errors": nil, "data": map[string]any{
		"thresholds": thresholds, "from_ts": from, "to_ts": to, "type": "metric", "type_id": 1, "slo": json.RawMessage(o.wire),
		"group_by": groupKeys(o.total), "series": o.historySeries(m, from, to), "overall": overall,
	}}, nil
}

// target reads the optional target, between 0 and 100.
func (c call) target() (*float64, error) {
	text := c.URL.Query().Get("target")
	if text == "" {
		return nil, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0 && v < 100) {
		return nil, badRequest("Invalid target: %s must be greater than 0 and less than 100", text)
	}
	return &v, nil
}

// historySeries are the buckets, with the queries as Datadog rewrites them.
func (o *slo) historySeries(m measured, from, to int64) map[string]any {
	good, total := "default_zero("+o.goodText+")", "default_zero("+o.totalText+")"
	times := make([]int64, len(m.times))
	for i, t := range m.times {
		times[i] = t * 1000
	}
	return map[string]any{
		"timing": "0.021", "res_type": "time_series", "resp_version": 2, "message": "", "interval": historyStep,
		"query": good + ", " + total, "from_date": floor(from, historyFloor) * 1000, "to_date": to * 1000, "times": times,
		"numerator":       historySide(o.good, m.good, m.goodSum, 0),
		"denominator":     historySide(o.total, m.total, m.totalSum, 1),
		"groups":          map[string]any{},
		"numerator_query": good, "denominator_query": total,
		"bad_series_query": total + " - " + good,
		"graph_query":      good + ", " + total + " - " + good,
	}
}

func historySide(x metricquery.Expr, values []float64, sum float64, index int) map[string]any {
	d := describe(&metricquery.Call{Name: "default_zero", Args: []metricquery.Expr{x}}, nil)
	return map[string]any{
		"values": values, "sum": sum, "count": len(values),
		"metadata": map[string]any{
			"unit": nil, "query_index": index, "aggr": d.aggregator, "metric": d.metric, "tag_set": []string{},
			"expression": d.expression, "scope": d.scope,
		},
	}
}
