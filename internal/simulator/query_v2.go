package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"

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
	// scalar: one number a group is asked for.
	scalar bool
}

// merges reports whether the i-th query is computed from everything in the span.
func (p *parsedV2) merges(i int) bool { return p.scalar && p.aggregators[i] == "percentile" }

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
	p := &parsedV2{scalar: wantType == scalarRequest, from: floor(*a.From, 1000) / 1000, to: ceil(*a.To, 1000) / 1000}
	if a.Interval != nil {
		if *a.Interval < 1 || *a.Interval > maxInterval*1000 {
			return nil, badRequest("Invalid request: interval must be positive and at most %d", maxInterval*1000)
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
	e := s.answering(g)
	e.refs = map[string]table{}
	for i, x := range p.exprs {
		if p.merges(i) {
			continue
		}
		t, err := s.answering(g).eval(x)
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

// column is a series' values on the wire: null where one is missing.
type column []float64

// MarshalJSON writes the numbers as encoding/json does, without a pointer for each.
func (c column) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 2+8*len(c))
	b = append(b, '[')
	for i, v := range c {
		if i > 0 {
			b = append(b, ',')
		}
		switch size := math.Abs(v); {
		case isMissing(v):
			b = append(b, "null"...)
		case size != 0 && (size < 1e-6 || size >= 1e21):
			b = strconv.AppendFloat(b, v, 'e', -1, 64)
		default:
			b = strconv.AppendFloat(b, v, 'f', -1, 64)
		}
	}
	return append(b, ']'), nil
}

// sparse lists the buckets in which some row has a point, in milliseconds.
func sparse(g grid, rows []row) (times []int64, values []column) {
	times, values = []int64{}, make([]column, len(rows))
	for i := range g.len() {
		if !slices.ContainsFunc(rows, func(r row) bool { return !isMissing(r.values[i]) }) {
			continue
		}
		times = append(times, (g.first()+int64(i)*g.step)*1000)
		for n, r := range rows {
			values[n] = append(values[n], r.values[i])
		}
	}
	return times, values
}

func jsonAPI(id, kind string, attributes any) any {
	data := map[string]any{"type": kind, "attributes": attributes}
	if id != "" {
		data["id"] = id
	}
	return map[string]any{"data": data}
}
