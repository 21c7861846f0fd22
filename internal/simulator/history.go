package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// window reads from_ts and to_ts.
func (c call) window() (span, error) {
	from, err := c.seconds("from_ts")
	if err != nil {
		return span{}, err
	}
	to, err := c.seconds("to_ts")
	if err != nil {
		return span{}, err
	}
	return span{from, to}, checkWindow(from, to)
}

func checkWindow(from, to int64) error {
	if from >= to || from < 0 {
		return badRequest("The timeframe is incorrect: invalid from %d or to %d timestamp", from, to)
	}
	return nil
}

// history is GET /api/v1/slo/{id}/history.
func (s *Server) history(c call) (any, error) {
	o := s.slo(c.args[0])
	if o == nil {
		return nil, failure(http.StatusNotFound, "SLO ID: %s not found", c.args[0])
	}
	window, err := c.window()
	if err != nil {
		return nil, err
	}
	target, err := c.target()
	if err != nil {
		return nil, err
	}
	corrected, err := c.boolean("apply_correction", true)
	if err != nil {
		return nil, err
	}
	f, err := s.figure(o, asked{window: window, now: c.now, uncorrected: !corrected})
	if err != nil {
		return nil, err
	}
	thresholds := map[string]thresholdWire{}
	precision := map[string]int{}
	for _, t := range o.Thresholds {
		thresholds[t.Timeframe] = wireThreshold(t)
		precision[t.Timeframe] = f.precisionFor(t.Timeframe)
	}
	if target != nil {
		thresholds["custom"] = wireThreshold(scenario.Threshold{Timeframe: "custom", Target: *target})
	}
	data := map[string]any{
		"thresholds": thresholds, "from_ts": window.from, "to_ts": window.to,
		"type": o.Type, "type_id": typeID(o.Type), "slo": json.RawMessage(o.wire),
	}
	var overall map[string]any
	if f.counts != nil {
		data["group_by"], data["series"] = groupKeys(o.total), o.historySeries(f.counts, window)
		if target != nil {
			precision["custom"] = f.counts.precision
		}
		overall = map[string]any{"errors": nil, "sli_value": f.sli, "uptime": f.sli, "span_precision": f.spanPrecision, "precision": precision}
		if f.problem != nil {
			overall["errors"] = []*problem{f.problem}
		}
	} else {
		precision["custom"] = timePrecision(window.seconds())
		overall = f.trackWire(o.Name, precision, target)
		overall["preview"] = f.uptime.preview
		if f.problem != nil {
			delete(overall, "preview")
		}
		f.partsWire(data, precision, target)
	}
	overall["corrections"] = appliedWire(f.applied)
	if f.counts != nil || f.problem == nil {
		overall["state"] = f.stateFor(o, target)
	}
	if left := f.custom(target); left != nil {
		overall["error_budget_remaining"] = left
	}
	data["overall"] = overall
	return map[string]any{"errors": nil, "data": data}, nil
}

// stateFor is the state by the target asked with, else by the primary one.
func (f figure) stateFor(o *slo, target *float64) string {
	if target != nil {
		return f.state(*target, nil)
	}
	primary := o.primary()
	return f.state(primary.Target, primary.Warning)
}

// custom is the budget that is left of the target asked with.
func (f figure) custom(target *float64) map[string]float64 {
	if target == nil {
		return nil
	}
	if left := f.remaining(*target); left != nil {
		return map[string]float64{"custom": *left}
	}
	return nil
}

// trackWire is a time-based figure. Without results it has no sli_value at
// all, as the recording has it.
func (f figure) trackWire(name string, precision map[string]int, target *float64) map[string]any {
	if f.problem != nil {
		return map[string]any{"errors": []*problem{f.problem}, "precision": precision}
	}
	w := map[string]any{
		"name": name, "errors": nil, "sli_value": f.sli, "uptime": f.sli, "history": f.uptime.transitions,
		"span_precision": f.spanPrecision, "precision": precision,
	}
	if m := f.uptime.monitor; m != nil {
		w["monitor_type"], w["monitor_modified"] = m.Type, m.Modified.Unix()+m.shift
	}
	if left := f.custom(target); left != nil {
		w["error_budget_remaining"] = left
	}
	return w
}

// partsWire adds groups and monitors. Their precision is a map, where the
// specification says a number.
func (f figure) partsWire(data map[string]any, precision map[string]int, target *float64) {
	list := func(parts []partFigure, complete func(partFigure, map[string]any)) []any {
		all := []any{}
		for _, p := range parts {
			w := p.trackWire(p.name, precision, target)
			if p.problem == nil {
				w["preview"] = f.uptime.preview
			} else {
				w["name"] = p.name
			}
			complete(p, w)
			all = append(all, w)
		}
		return all
	}
	if len(f.uptime.groups) > 0 {
		data["groups"] = list(f.uptime.groups, func(p partFigure, w map[string]any) { w["group"] = p.name })
	}
	if len(f.uptime.monitors) > 0 {
		data["monitors"] = list(f.uptime.monitors, func(p partFigure, w map[string]any) {
			w["monitor_id"] = p.id
		})
	}
}

// appliedWire lists what was corrected, each occurrence once.
func appliedWire(list []occurrence) []any {
	all := []any{}
	for _, o := range list {
		all = append(all, map[string]any{
			"id": o.of.ID, "start": o.from, "end": o.to, "category": o.of.Category, "description": o.of.Description,
		})
	}
	return all
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
func (o *slo) historySeries(c *counts, window span) map[string]any {
	good, total := "default_zero("+o.goodText+")", "default_zero("+o.totalText+")"
	times := make([]int64, len(c.times))
	for i, t := range c.times {
		times[i] = t * 1000
	}
	return map[string]any{
		"timing": "0.021", "res_type": "time_series", "resp_version": 2, "message": "", "interval": historyStep,
		"query": good + ", " + total, "times": times,
		"from_date": floor(window.from, historyFloor) * 1000, "to_date": window.to * 1000,
		"numerator":       historySide(o.good, c.good, c.goodSum, 0),
		"denominator":     historySide(o.total, c.total, c.totalSum, 1),
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
