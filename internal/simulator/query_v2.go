package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
)

// retention is how long metrics are kept, in seconds: fifteen months.
const retention = 457 * 86400

type requestV2 struct {
	Data struct {
		Type       string `json:"type"`
		Attributes struct {
			From     *int64      `json:"from"`
			To       *int64      `json:"to"`
			Interval *int64      `json:"interval"`
			Formulas []formulaV2 `json:"formulas"`
			Queries  []queryV2   `json:"queries"`
		} `json:"attributes"`
	} `json:"data"`
}

type formulaV2 struct {
	Formula string `json:"formula"`
	Limit   *struct {
		Count int    `json:"count"`
		Order string `json:"order"`
	} `json:"limit"`
}

type queryV2 struct {
	DataSource string `json:"data_source"`
	Name       string `json:"name"`
	Query      string `json:"query"`
	Aggregator string `json:"aggregator"`
}

// parsedV2 is a request that makes sense.
type parsedV2 struct {
	from, to, interval int64
	// names and exprs are the queries; aggregators are for scalars.
	names, aggregators []string
	exprs              []metricquery.Expr
	// columns are the formulas, or the queries where there are none.
	columns []columnV2
}

type columnV2 struct {
	name string
	expr metricquery.Expr
	// keep is how many groups a scalar keeps, 0 for all of them, the smallest
	// when ascending.
	keep      int
	ascending bool
}

// readV2 reads and checks a request of the given type.
func readV2(c call, wantType string) (*parsedV2, error) {
	var in requestV2
	if err := json.NewDecoder(c.Body).Decode(&in); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, failure(http.StatusRequestEntityTooLarge, "Request body is too large")
		}
		return nil, badRequest("Invalid JSON: %v", err)
	}
	if in.Data.Type != wantType {
		return nil, badRequest("Invalid type. Expected \"%s\".", wantType)
	}
	a := in.Data.Attributes
	if a.From == nil || a.To == nil {
		return nil, badRequest("Invalid request: from and to are required")
	}
	if *a.From >= *a.To {
		return nil, badRequest("Invalid request: from must be before to")
	}
	if *a.To/1000 < c.now-retention {
		return nil, badRequest("Queries ending outside the retention date are invalid")
	}
	// The series keep whole seconds; so does the API for metrics.
	p := &parsedV2{from: floor(*a.From, 1000) / 1000, to: ceil(*a.To, 1000) / 1000}
	if a.Interval != nil {
		if *a.Interval < 1 {
			return nil, badRequest("Invalid request: interval must be positive")
		}
		p.interval = ceil(*a.Interval, 1000) / 1000
	}
	if len(a.Queries) == 0 {
		return nil, badRequest("Invalid request: queries are required")
	}
	if err := p.readQueries(a.Queries); err != nil {
		return nil, err
	}
	return p, p.readFormulas(a.Formulas)
}

func (p *parsedV2) readQueries(queries []queryV2) error {
	for i, q := range queries {
		if q.DataSource != "metrics" {
			return badRequest("Invalid data_source %q: only metrics is served here", q.DataSource)
		}
		name := cmp.Or(q.Name, fmt.Sprintf("query%d", i+1))
		if slices.Contains(p.names, name) {
			return badRequest("Invalid request: duplicate query name %q", name)
		}
		x, err := metricquery.Parse(q.Query)
		if err != nil {
			return badRequest("Error parsing query: %v", err)
		}
		p.names, p.exprs, p.aggregators = append(p.names, name), append(p.exprs, x), append(p.aggregators, q.Aggregator)
	}
	return nil
}

func (p *parsedV2) readFormulas(formulas []formulaV2) error {
	for _, f := range formulas {
		x, err := metricquery.Parse(f.Formula)
		if err != nil {
			return badRequest("Error parsing formula: %v", err)
		}
		if len(metricquery.Queries(x)) > 0 {
			return badRequest("Error parsing formula: %s contains a query instead of a query's name", f.Formula)
		}
		col := columnV2{name: f.Formula, expr: x}
		if f.Limit != nil {
			col.keep, col.ascending = f.Limit.Count, f.Limit.Order == "asc"
		}
		p.columns = append(p.columns, col)
	}
	if len(formulas) == 0 {
		for _, name := range p.names {
			p.columns = append(p.columns, columnV2{name: name, expr: metricquery.Ref(name)})
		}
	}
	return nil
}

// evaluateV2 evaluates the named queries over a grid.
func (s *Server) evaluateV2(p *parsedV2, g grid) (*evaluation, error) {
	e := s.evaluation(g)
	e.refs = map[string]table{}
	for i, x := range p.exprs {
		t, err := s.evaluation(g).eval(x)
		if err != nil {
			return nil, err
		}
		e.refs[p.names[i]] = t
	}
	return e, nil
}

type seriesV2 struct {
	GroupTags  []string `json:"group_tags"`
	QueryIndex int      `json:"query_index"`
	Unit       []*unit  `json:"unit"`
}

// timeseriesV2 is POST /api/v2/query/timeseries. Buckets that no series has a
// point in are left out; a series without a point in a bucket has null.
func (s *Server) timeseriesV2(c call) (any, error) {
	p, err := readV2(c, "timeseries_request")
	if err != nil {
		return nil, err
	}
	step, err := stepOf(p.exprs, p.interval, p.to-p.from, c.coarsen)
	if err != nil {
		return nil, err
	}
	g := grid{from: p.from, to: min(p.to, c.now), step: step}
	e, err := s.evaluateV2(p, g)
	if err != nil {
		return nil, err
	}
	series, rows := []seriesV2{}, []row{}
	for i, col := range p.columns {
		t, err := e.eval(col.expr)
		if err != nil {
			return nil, err
		}
		if t.constant {
			return nil, badRequest("Error parsing formula: %s names no query", col.name)
		}
		for _, r := range t.rows {
			if r.empty() {
				continue
			}
			if r.tags == nil {
				r.tags = []string{}
			}
			series = append(series, seriesV2{GroupTags: r.tags, QueryIndex: i, Unit: s.unitOf(p.queryOf(col.expr))})
			rows = append(rows, r)
		}
	}
	times, values := sparse(g, rows)
	return jsonAPI("0", "timeseries_response", map[string]any{"series": series, "times": times, "values": values}), nil
}

// queryOf is the query that a formula consists of, or the formula.
func (p *parsedV2) queryOf(x metricquery.Expr) metricquery.Expr {
	if name, ok := x.(metricquery.Ref); ok {
		if i := slices.Index(p.names, string(name)); i >= 0 {
			return p.exprs[i]
		}
	}
	return x
}

// sparse lists the buckets in which some row has a point, in milliseconds.
func sparse(g grid, rows []row) (times []int64, values [][]*float64) {
	times, values = []int64{}, make([][]*float64, len(rows))
	for n := range rows {
		values[n] = []*float64{}
	}
	for i := range g.len() {
		if !slices.ContainsFunc(rows, func(r row) bool { return !isMissing(r.values[i]) }) {
			continue
		}
		times = append(times, (g.first()+int64(i)*g.step)*1000)
		for n, r := range rows {
			values[n] = append(values[n], number(r.values[i]))
		}
	}
	return times, values
}

// number is a value on the wire: null when it is missing.
func number(v float64) *float64 {
	if isMissing(v) {
		return nil
	}
	return &v
}

func jsonAPI(id, kind string, attributes any) any {
	data := map[string]any{"type": kind, "attributes": attributes}
	if id != "" {
		data["id"] = id
	}
	return map[string]any{"data": data}
}

// scalarV2 is POST /api/v2/query/scalar: every query's points become one
// number, then come the formulas.
func (s *Server) scalarV2(c call) (any, error) {
	p, err := readV2(c, "scalar_request")
	if err != nil {
		return nil, err
	}
	step, err := stepOf(p.exprs, 0, p.to-p.from, false)
	if err != nil {
		return nil, err
	}
	e, err := s.evaluateV2(p, grid{from: p.from, to: min(p.to, c.now), step: step})
	if err != nil {
		return nil, err
	}
	for i, name := range p.names {
		reduce, err := aggregation(p.aggregators[i])
		if err != nil {
			return nil, err
		}
		t := e.refs[name]
		for n, r := range t.rows {
			t.rows[n].values = []float64{reduce(r.values)}
		}
	}
	cols, err := columns(e, p)
	if err != nil {
		return nil, err
	}
	return jsonAPI("", "scalar_response", map[string]any{"columns": cols}), nil
}

// columns are the groups' tags, one column for each key, and the formulas.
func columns(e *evaluation, p *parsedV2) ([]map[string]any, error) {
	var keys []string
	for _, x := range p.exprs {
		for _, key := range groupKeys(x) {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	var groups [][]string
	known := map[string]bool{}
	results := make([]map[string]float64, len(p.columns))
	for i, col := range p.columns {
		t, err := e.eval(col.expr)
		if err != nil {
			return nil, err
		}
		results[i] = map[string]float64{}
		for _, r := range limited(t.rows, col) {
			if isMissing(r.values[0]) {
				continue
			}
			key := groupKey(r.tags)
			results[i][key] = r.values[0]
			if !known[key] {
				known[key] = true
				groups = append(groups, r.tags)
			}
		}
	}
	out := []map[string]any{}
	for _, key := range keys {
		values := [][]string{}
		for _, tags := range groups {
			values = append(values, tagValues(tags, key))
		}
		out = append(out, map[string]any{"name": key, "type": "group", "values": values})
	}
	for i, col := range p.columns {
		values := []*float64{}
		for _, tags := range groups {
			v, ok := results[i][groupKey(tags)]
			if !ok {
				v = missing
			}
			values = append(values, number(v))
		}
		out = append(out, map[string]any{"name": col.name, "type": "number", "values": values, "meta": map[string]any{"unit": nil}})
	}
	return out, nil
}

// limited are the rows that a formula's limit keeps.
func limited(rows []row, col columnV2) []row {
	if col.keep <= 0 || col.keep >= len(rows) {
		return rows
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b row) int {
		if col.ascending {
			return cmp.Compare(a.values[0], b.values[0])
		}
		return cmp.Compare(b.values[0], a.values[0])
	})
	return sorted[:col.keep]
}

func tagValues(tags []string, key string) []string {
	values := []string{}
	for _, tag := range tags {
		if v, ok := strings.CutPrefix(tag, key+":"); ok {
			values = append(values, v)
		}
	}
	return values
}

// aggregation turns a series into one number, without its missing points.
func aggregation(name string) (func([]float64) float64, error) {
	sum := func(values []float64) (total float64) {
		for _, v := range values {
			total += v
		}
		return total
	}
	var f func([]float64) float64
	switch name {
	case "sum":
		f = sum
	case "", "avg", "mean":
		f = func(values []float64) float64 { return sum(values) / float64(len(values)) }
	case "min":
		f = slices.Min[[]float64]
	case "max":
		f = slices.Max[[]float64]
	case "last":
		f = func(values []float64) float64 { return values[len(values)-1] }
	case "l2norm":
		f = func(values []float64) float64 {
			total := 0.0
			for _, v := range values {
				total += v * v
			}
			return math.Sqrt(total)
		}
	default:
		return nil, badRequest("Invalid aggregator %q", name)
	}
	return func(values []float64) float64 {
		present := slices.DeleteFunc(slices.Clone(values), isMissing)
		if len(present) == 0 {
			return missing
		}
		return f(present)
	}, nil
}
