package simulator

import (
	"fmt"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
)

// unit is a metric's unit; a pair of it and null stands in answers.
type unit struct {
	Family      string  `json:"family"`
	ScaleFactor float64 `json:"scale_factor"`
	Name        string  `json:"name"`
	ShortName   string  `json:"short_name"`
	Plural      string  `json:"plural"`
	ID          int     `json:"id"`
}

type seriesV1 struct {
	Metric      string         `json:"metric"`
	DisplayName string         `json:"display_name"`
	Attributes  map[string]any `json:"attributes"`
	Expression  string         `json:"expression"`
	Scope       string         `json:"scope"`
	TagSet      []string       `json:"tag_set"`
	Aggr        *string        `json:"aggr"`
	Unit        []*unit        `json:"unit"`
	QueryIndex  int            `json:"query_index"`
	Interval    int64          `json:"interval"`
	Length      int            `json:"length"`
	Start       int64          `json:"start"`
	End         int64          `json:"end"`
	Pointlist   [][2]float64   `json:"pointlist"`
}

type answerV1 struct {
	Status      string     `json:"status"`
	RespVersion int        `json:"resp_version"`
	ResType     string     `json:"res_type"`
	Query       string     `json:"query"`
	Message     string     `json:"message"`
	FromDate    int64      `json:"from_date"`
	ToDate      int64      `json:"to_date"`
	GroupBy     []string   `json:"group_by"`
	Series      []seriesV1 `json:"series"`
	Times       []int64    `json:"times"`
	Values      []any      `json:"values"`
}

// queryV1 is GET /api/v1/query. The leading bucket is dropped when it is cut
// short; the trailing one is kept.
func (s *Server) queryV1(c call) (any, error) {
	from, err := c.seconds("from")
	if err != nil {
		return nil, err
	}
	to, err := c.seconds("to")
	if err != nil {
		return nil, err
	}
	text := c.URL.Query().Get("query")
	if from >= to {
		return nil, badRequest("The value of from is not before the value of to")
	}
	list, err := metricquery.ParseList(text)
	if err != nil {
		return nil, badRequest("Error parsing query: %v", err)
	}
	out := answerV1{
		Status: "ok", RespVersion: 1, ResType: "time_series", Query: text, FromDate: from * 1000, ToDate: to * 1000,
		GroupBy: []string{}, Series: []seriesV1{}, Times: []int64{}, Values: []any{},
	}
	for i, x := range list {
		step, err := stepOf([]metricquery.Expr{x}, 0, to-from, c.coarsen)
		if err != nil {
			return nil, err
		}
		g := grid{from: ceil(from, step), to: min(to, c.now), step: step}
		t, err := s.answering(g).eval(x)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			out.GroupBy = groupKeys(x)
		}
		if t.constant {
			return nil, badRequest("Error parsing query: %s names no metric", x)
		}
		for _, r := range t.rows {
			if !r.empty() {
				out.Series = append(out.Series, s.seriesV1(x, r, g, i))
			}
		}
	}
	return out, nil
}

func (s *Server) seriesV1(x metricquery.Expr, r row, g grid, index int) seriesV1 {
	d := describe(x, r.tags)
	out := seriesV1{
		Metric: d.metric, DisplayName: d.metric, Attributes: map[string]any{}, Expression: d.expression, Scope: d.scope,
		TagSet: r.tags, Aggr: d.aggregator, Unit: s.unitOf(x), QueryIndex: index, Interval: g.step, Pointlist: [][2]float64{},
	}
	if out.TagSet == nil {
		out.TagSet = []string{}
	}
	for i, v := range r.values {
		if !isMissing(v) {
			out.Pointlist = append(out.Pointlist, [2]float64{float64((g.first() + int64(i)*g.step) * 1000), v})
		}
	}
	out.Length = len(out.Pointlist)
	out.Start = int64(out.Pointlist[0][0])
	out.End = int64(out.Pointlist[out.Length-1][0]) + g.step*1000 - 1000
	return out
}

// groupKeys are the keys that an expression groups by, each once.
func groupKeys(x metricquery.Expr) []string {
	keys := []string{}
	seen := map[string]bool{}
	for _, q := range metricquery.Queries(x) {
		for _, key := range q.By {
			if !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// description is how an answer names one of its series.
type description struct {
	metric, expression, scope string
	aggregator                *string
}

func describe(x metricquery.Expr, tags []string) description {
	switch x := x.(type) {
	case *metricquery.Query:
		filter := "*"
		if x.Filter != nil {
			filter = x.Filter.String()
		}
		scope := filter
		if len(tags) > 0 {
			scope = strings.Join(tags, ",")
			if filter != "*" {
				scope = filter + "," + scope
			}
		}
		plain := *x
		plain.By = nil
		d := description{metric: x.Metric, scope: scope}
		d.expression = strings.Replace(plain.String(), "{"+filter+"}", "{"+scope+"}", 1)
		if x.Aggregator != "" {
			d.aggregator = &x.Aggregator
		}
		return d
	case *metricquery.Binary:
		l, r := describe(x.L, tags), describe(x.R, tags)
		d := description{
			metric:     fmt.Sprintf("(%s %c %s)", l.metric, x.Op, r.metric),
			expression: fmt.Sprintf("(%s %c %s)", l.expression, x.Op, r.expression),
			scope:      l.scope, aggregator: l.aggregator,
		}
		switch {
		case l.scope == "":
			d.scope, d.aggregator = r.scope, r.aggregator
		case r.scope != "" && r.scope != l.scope:
			d.scope = l.scope + "," + r.scope
		}
		return d
	case *metricquery.Call:
		d := description{metric: x.String(), expression: x.String()}
		if len(x.Args) > 0 {
			d = describe(x.Args[0], tags)
		}
		d.metric, d.expression = x.Name+"("+d.metric+")", x.Name+"("+d.expression+")"
		return d
	}
	return description{metric: x.String(), expression: x.String()}
}

// unitOf is the unit of an expression: seconds for latencies, unknown for counts
// and arithmetic.
func (s *Server) unitOf(x metricquery.Expr) []*unit {
	q, ok := x.(*metricquery.Query)
	if !ok || q.Threshold != nil || q.Aggregator == "count" {
		return nil
	}
	if m := s.traffic.Metric(q.Metric); m == nil || m.Unit == "" {
		return nil
	}
	return []*unit{{Family: "time", ScaleFactor: 1, Name: "second", ShortName: "s", Plural: "seconds", ID: 11}, nil}
}
