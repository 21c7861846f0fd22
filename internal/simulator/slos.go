package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// slo is an SLO as it is served.
type slo struct {
	scenario.SLO
	// wire is the object in lists and on its own.
	wire json.RawMessage
	// good and total are what the history of the type metric evaluates, slice
	// what that of the type time_slice does; queryError says why they cannot be.
	good, total         metricquery.Expr
	goodText, totalText string
	slice               *slicing
	queryError          error
	// shift moves its instants, in seconds.
	shift int64
}

// typeID is the number of a type.
func typeID(t scenario.Type) int {
	switch t {
	case scenario.TypeTimeSlice:
		return 2
	case scenario.TypeMetric:
		return 1
	case scenario.TypeMonitor:
	}
	return 0
}

type thresholdWire struct {
	Timeframe      string   `json:"timeframe"`
	Target         float64  `json:"target"`
	TargetDisplay  string   `json:"target_display"`
	Warning        *float64 `json:"warning,omitempty"`
	WarningDisplay string   `json:"warning_display,omitempty"`
}

type queryWire struct {
	Numerator   string `json:"numerator"`
	Denominator string `json:"denominator"`
}

type creatorWire struct {
	Name   *string `json:"name"`
	Handle string  `json:"handle"`
	Email  string  `json:"email"`
}

type sloWire struct {
	ID               string          `json:"id"`
	Name             string          `json:"name"`
	Tags             []string        `json:"tags"`
	MonitorTags      []string        `json:"monitor_tags"`
	Thresholds       []thresholdWire `json:"thresholds"`
	Type             string          `json:"type"`
	TypeID           int             `json:"type_id"`
	Description      string          `json:"description"`
	Timeframe        string          `json:"timeframe"`
	WarningThreshold *float64        `json:"warning_threshold,omitempty"`
	TargetThreshold  float64         `json:"target_threshold"`
	Query            *queryWire      `json:"query,omitempty"`
	MonitorIDs       []int64         `json:"monitor_ids,omitempty"`
	Groups           []string        `json:"groups,omitempty"`
	Creator          creatorWire     `json:"creator"`
	CreatedAt        int64           `json:"created_at"`
	ModifiedAt       int64           `json:"modified_at"`
	Specification    any             `json:"sli_specification,omitempty"`
}

func (s *Server) newSLO(d scenario.SLO) (*slo, error) {
	o := &slo{SLO: d, shift: s.shift}
	if d.Raw != "" {
		o.wire = json.RawMessage(d.Raw)
		// Whatever of it can be read is used to find the object again.
		var known struct{ ID, Name string }
		if err := json.Unmarshal(o.wire, &known); err == nil {
			o.ID, o.Name = known.ID, known.Name
		}
		o.queryError = badRequest("The history of this SLO is not served by the simulator")
		return o, nil
	}
	body := sloWire{
		ID: d.ID, Name: d.Name, Tags: d.Tags, MonitorTags: []string{}, Type: string(d.Type), TypeID: typeID(d.Type), Description: d.Description,
		Creator:   creatorWire{Handle: "sre@example.com", Email: "sre@example.com"},
		CreatedAt: d.Created.Unix() + s.shift, ModifiedAt: o.modified(),
	}
	for _, t := range d.Thresholds {
		body.Thresholds = append(body.Thresholds, wireThreshold(t))
	}
	primary := o.primary()
	body.Timeframe, body.TargetThreshold, body.WarningThreshold = primary.Timeframe, primary.Target, primary.Warning
	var err error
	switch d.Type {
	case scenario.TypeTimeSlice:
		o.slice, err = newSlicing(d.Slice)
		body.Specification = sliceSpecification(d.Slice)
	case scenario.TypeMonitor:
		body.MonitorIDs, body.Groups, body.MonitorTags = d.MonitorIDs, d.Groups, s.monitorTags(d.MonitorIDs)
	default:
		err = o.parseQueries()
		body.Query = &queryWire{Numerator: o.goodText, Denominator: o.totalText}
	}
	if err != nil {
		o.queryError = badRequest("Error parsing query: %v", err)
	}
	if o.good != nil {
		if body.Specification, err = o.specification(); err != nil {
			return nil, err
		}
	}
	o.wire, err = json.Marshal(body)
	return o, err
}

// parseQueries reads the queries of the type metric.
func (o *slo) parseQueries() error {
	o.goodText, o.totalText = o.Good, o.Total
	if o.Bad != "" {
		o.totalText = "(" + o.Good + ") + (" + o.Bad + ")"
	}
	good, err := metricquery.Parse(o.goodText)
	if err != nil {
		return err
	}
	total, err := metricquery.Parse(o.totalText)
	if err != nil {
		return err
	}
	o.good, o.total = good, total
	return nil
}

// modified is when it was last edited, as served.
func (o *slo) modified() int64 { return o.Modified.Unix() + o.shift }

// primary is the threshold of the shortest timeframe.
func (o *slo) primary() scenario.Threshold {
	return slices.MinFunc(o.Thresholds, func(a, b scenario.Threshold) int {
		return int(timeframeSeconds(a.Timeframe) - timeframeSeconds(b.Timeframe))
	})
}

func timeframeSeconds(timeframe string) int64 {
	days, err := strconv.ParseInt(strings.TrimSuffix(timeframe, "d"), 10, 64)
	if err != nil {
		return 0
	}
	return days * 86400
}

func wireThreshold(t scenario.Threshold) thresholdWire {
	w := thresholdWire{Timeframe: t.Timeframe, Target: t.Target, TargetDisplay: display(t.Target), Warning: t.Warning}
	if t.Warning != nil {
		w.WarningDisplay = display(*t.Warning)
	}
	return w
}

// display writes a target as Datadog does: a whole number keeps its point.
func display(target float64) string {
	text := strconv.FormatFloat(target, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += "."
	}
	return text
}

type namedQuery struct {
	DataSource string `json:"data_source"`
	Name       string `json:"name"`
	Query      string `json:"query"`
}

type formulaWire struct {
	Formula string `json:"formula"`
}

// specification is the sli_specification in the SLO's shape; nil for none.
func (o *slo) specification() (any, error) {
	if o.Shape == scenario.ShapeQuery {
		return nil, nil
	}
	var queries []namedQuery
	good := formulaWire{name(o.good, &queries).String()}
	switch o.Shape {
	case scenario.ShapeUnknown:
		return map[string]any{"event_ratio": map[string]any{"version": 9, "good": o.goodText, "valid": o.totalText}}, nil
	case scenario.ShapeNested:
		var totals []namedQuery
		total := formulaWire{name(o.total, &totals).String()}
		nested := func(f formulaWire, q []namedQuery) any {
			return map[string]any{"formulas": []formulaWire{f}, "queries": q}
		}
		return map[string]any{"count": map[string]any{"good_events_query": nested(good, queries), "total_events_query": nested(total, totals)}}, nil
	case scenario.ShapeBoth:
		other, key := o.total, "total_events_formula"
		if o.Bad != "" {
			bad, err := metricquery.Parse(o.Bad)
			if err != nil {
				return nil, fmt.Errorf("SLO %q: %w", o.Name, err)
			}
			other, key = bad, "bad_events_formula"
		}
		second := formulaWire{name(other, &queries).String()}
		return map[string]any{"count": map[string]any{"good_events_formula": good, key: second, "queries": queries}}, nil
	}
	return nil, nil
}

// sliceSpecification is the sli_specification of time slices. The length of a
// slice is there where the world gives one: the server stores what it was told.
func sliceSpecification(d *scenario.Slice) any {
	queries := []namedQuery{}
	for _, q := range d.Queries {
		queries = append(queries, namedQuery{"metrics", q.Name, q.Query})
	}
	w := map[string]any{
		"comparator": d.Comparator, "threshold": d.Threshold,
		"query": map[string]any{"formulas": []formulaWire{{d.Formula}}, "queries": queries},
	}
	if d.Seconds != 0 {
		w["query_interval_seconds"] = d.Seconds
	}
	if d.NoDataStrategy != "" {
		w["no_data_strategy"] = d.NoDataStrategy
	}
	return map[string]any{"time_slice": w}
}

// name replaces the queries of an expression by names, adding those that have
// none yet.
func name(x metricquery.Expr, queries *[]namedQuery) metricquery.Expr {
	switch x := x.(type) {
	case *metricquery.Query:
		text := x.String()
		i := slices.IndexFunc(*queries, func(q namedQuery) bool { return q.Query == text })
		if i < 0 {
			i = len(*queries)
			*queries = append(*queries, namedQuery{"metrics", fmt.Sprintf("query%d", i+1), text})
		}
		return metricquery.Ref((*queries)[i].Name)
	case *metricquery.Binary:
		l := name(x.L, queries)
		return &metricquery.Binary{Op: x.Op, L: l, R: name(x.R, queries)}
	case *metricquery.Call:
		c := &metricquery.Call{Name: x.Name}
		for _, arg := range x.Args {
			c.Args = append(c.Args, name(arg, queries))
		}
		return c
	}
	return x
}

// listSLOs is GET /api/v1/slo.
func (s *Server) listSLOs(c call) (any, error) {
	limit, err := c.whole("limit", 1000, 1)
	if err != nil {
		return nil, err
	}
	offset, err := c.whole("offset", 0, 0)
	if err != nil {
		return nil, err
	}
	found := s.slos
	params := c.URL.Query()
	if params.Get("ids") != "" {
		if found, err = s.byIDs(strings.Split(params.Get("ids"), ",")); err != nil {
			return nil, err
		}
	}
	found = slices.DeleteFunc(slices.Clone(found), func(o *slo) bool {
		return params.Get("is_deleted") == "true" || !o.matches(params.Get("query"), params.Get("tags_query"), params.Get("metrics_query"))
	})
	data := []json.RawMessage{}
	for _, o := range page(found, offset, limit) {
		data = append(data, o.wire)
	}
	return map[string]any{
		"data": data, "error": nil,
		"metadata": map[string]any{"page": map[string]int{"total_count": len(s.slos), "total_filtered_count": len(found)}},
	}, nil
}

func (s *Server) byIDs(ids []string) ([]*slo, error) {
	var found []*slo
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return nil, badRequest("duplicate ids: %s", id)
		}
		if o := s.slo(id); o != nil {
			found = append(found, o)
		}
	}
	if len(found) == 0 {
		return nil, failure(http.StatusNotFound, "no SLOs found for ids: ['%s']", strings.Join(ids, "', '"))
	}
	return found, nil
}

func (s *Server) slo(id string) *slo {
	i := slices.IndexFunc(s.slos, func(o *slo) bool { return o.ID == id && id != "" })
	if i < 0 {
		return nil
	}
	return s.slos[i]
}

// matches applies the list's filters: part of the name, one tag, part of a query.
func (o *slo) matches(nameQuery, tag, metrics string) bool {
	contains := func(text, part string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(part))
	}
	return contains(o.Name, nameQuery) &&
		(tag == "" || slices.Contains(o.Tags, tag)) &&
		(contains(o.goodText, metrics) || contains(o.totalText, metrics))
}

// getSLO is GET /api/v1/slo/{id}.
func (s *Server) getSLO(c call) (any, error) {
	o := s.slo(c.args[0])
	if o == nil {
		return nil, failure(http.StatusNotFound, "SLO not found: %s not found", c.args[0])
	}
	return map[string]any{"data": o.wire, "error": nil}, nil
}
