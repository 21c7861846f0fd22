package simulator

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// missing is the value of a bucket without a point.
var missing = math.NaN()

func isMissing(v float64) bool { return v != v }

// table is the value of an expression over a grid.
type table struct {
	rows []row
	// counts says that a bucket without a point is one in which nothing
	// happened: the values come from as_count or as_rate.
	counts bool
	// constant says that the value is one number, in rows[0].values[0].
	constant bool
}

// row is one group's series. Tags are in the order of the query's keys.
type row struct {
	tags   []string
	values []float64
}

func (r row) empty() bool {
	return !slices.ContainsFunc(r.values, func(v float64) bool { return !isMissing(v) })
}

// evaluation evaluates expressions over the traffic.
type evaluation struct {
	traffic *scenario.Traffic
	// shift is served time minus the world's.
	shift int64
	grid  grid
	// groupLimit is the most groups that a query has; 0: any number.
	groupLimit int
	// refs are the named queries of a formula.
	refs map[string]table
}

// evaluation evaluates for the server's own figures.
func (s *Server) evaluation(g grid) *evaluation {
	return &evaluation{traffic: s.traffic, shift: s.shift, grid: g}
}

// answering evaluates for those who ask, who may not get all groups.
func (s *Server) answering(g grid) *evaluation {
	e := s.evaluation(g)
	e.groupLimit = s.world.GroupLimit
	return e
}

func (e *evaluation) eval(x metricquery.Expr) (table, error) {
	switch x := x.(type) {
	case metricquery.Number:
		return table{constant: true, rows: []row{{values: []float64{float64(x)}}}}, nil
	case metricquery.Ref:
		t, ok := e.refs[string(x)]
		if !ok {
			return table{}, badRequest("Error parsing query: unknown query name or scope missing: %s", x)
		}
		return t, nil
	case *metricquery.Query:
		return e.query(x)
	case *metricquery.Binary:
		l, err := e.eval(x.L)
		if err != nil {
			return table{}, err
		}
		r, err := e.eval(x.R)
		if err != nil {
			return table{}, err
		}
		return combine(x.Op, l, r), nil
	case *metricquery.Call:
		return e.call(x)
	}
	return table{}, badRequest("Error parsing query: %s", x)
}

// call applies a function, of those that SLOs and APM pages use.
func (e *evaluation) call(c *metricquery.Call) (table, error) {
	if len(c.Args) != 1 {
		return table{}, badRequest("Error parsing query: unexpected arguments of %s in %s", c.Name, c)
	}
	t, err := e.eval(c.Args[0])
	if err != nil {
		return table{}, err
	}
	var f func(float64) float64
	switch c.Name {
	case "default_zero":
		f = func(v float64) float64 {
			if isMissing(v) {
				return 0
			}
			return v
		}
	case "abs":
		f = math.Abs
	default:
		return table{}, badRequest("Error parsing query: unknown function %s", c.Name)
	}
	out := table{counts: t.counts, constant: t.constant}
	for _, r := range t.rows {
		if !r.empty() {
			out.rows = append(out.rows, row{r.tags, mapped(r.values, f)})
		}
	}
	return out, nil
}

func mapped(values []float64, f func(float64) float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = f(v)
	}
	return out
}

// combine does arithmetic bucket by bucket, between groups of the same tags.
// Of counts, a missing one is 0 where the other side has a point, also where
// the whole group is missing and the sides are added or subtracted; anything
// else needs both.
func combine(op byte, l, r table) table {
	if l.constant && r.constant {
		return table{constant: true, rows: []row{{values: []float64{apply(op, l.rows[0].values[0], r.rows[0].values[0])}}}}
	}
	out := table{counts: l.counts && r.counts}
	if l.constant || r.constant {
		out.counts = l.counts || r.counts
	}
	union := l.counts && r.counts && (op == '+' || op == '-')
	used := map[string]bool{}
	for _, a := range l.rows {
		for _, b := range partners(a, l, r) {
			used[groupKey(b.tags)] = true
			out.rows = append(out.rows, pair{a, b, l.constant, r.constant, out.counts}.joined(op))
		}
		if union && len(partners(a, l, r)) == 0 {
			out.rows = append(out.rows, row{a.tags, slices.Clone(a.values)})
		}
	}
	if union {
		for _, b := range r.rows {
			if !used[groupKey(b.tags)] {
				sign := func(v float64) float64 { return apply(op, 0, v) }
				out.rows = append(out.rows, row{b.tags, mapped(b.values, sign)})
			}
		}
	}
	sortRows(out.rows)
	return out
}

// partners are the rows of r that meet a: the one with the same tags, or all
// of them when one side is a single number or not grouped.
func partners(a row, l, r table) []row {
	if l.constant || r.constant || len(a.tags) == 0 {
		return r.rows
	}
	var found []row
	for _, b := range r.rows {
		if len(b.tags) == 0 || groupKey(a.tags) == groupKey(b.tags) {
			found = append(found, b)
		}
	}
	return found
}

// pair is two rows that arithmetic joins; a constant one has a single value.
type pair struct {
	a, b                 row
	aConstant, bConstant bool
	// counts says that missing stands for 0 beside a point.
	counts bool
}

func (p pair) joined(op byte) row {
	n := len(p.a.values)
	if p.aConstant {
		n = len(p.b.values)
	}
	out := row{tags: p.a.tags, values: make([]float64, n)}
	if len(p.b.tags) > len(p.a.tags) {
		out.tags = p.b.tags
	}
	for i := range out.values {
		x, y := p.a.at(i, p.aConstant), p.b.at(i, p.bConstant)
		if p.counts && !p.aConstant && !p.bConstant && isMissing(x) != isMissing(y) {
			if isMissing(x) {
				x = 0
			} else {
				y = 0
			}
		}
		out.values[i] = apply(op, x, y)
	}
	return out
}

func (r row) at(i int, constant bool) float64 {
	if constant {
		return r.values[0]
	}
	return r.values[i]
}

// apply does one operation; what is not a number is missing.
func apply(op byte, x, y float64) float64 {
	var v float64
	switch op {
	case '+':
		v = x + y
	case '-':
		v = x - y
	case '*':
		v = x * y
	case '/':
		v = x / y
	}
	if math.IsInf(v, 0) {
		return missing
	}
	return v
}

func groupKey(tags []string) string { return strings.Join(slices.Sorted(slices.Values(tags)), ",") }

func sortRows(rows []row) {
	slices.SortStableFunc(rows, func(a, b row) int { return slices.CompareFunc(a.tags, b.tags, cmp.Compare[string]) })
}
