package simulator

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// scalarRequest is the type of its body.
const scalarRequest = "scalar_request"

// scalarV2 is POST /api/v2/query/scalar: every query's points become one
// number, then come the formulas. The first and last point are of the part of
// their bucket that was asked for.
func (s *Server) scalarV2(c call) (any, error) {
	p, err := readV2(c, scalarRequest)
	if err != nil {
		return nil, err
	}
	step, err := stepOf(p.exprs, 0, p.to-p.from, false)
	if err != nil {
		return nil, err
	}
	g := grid{from: p.from, to: min(p.to, c.now), step: step}
	e, err := s.evaluateV2(p, g)
	if err != nil {
		return nil, err
	}
	if err := s.merge(e, p, g); err != nil {
		return nil, err
	}
	for i, name := range p.names {
		if p.merges(i) {
			continue
		}
		reduce, err := aggregation(p.aggregators[i])
		if err != nil {
			return nil, err
		}
		t := e.refs[name]
		for n, r := range t.rows {
			t.rows[n].values = []float64{reduce(r.values)}
		}
	}
	cols, err := s.columns(e, p)
	if err != nil {
		return nil, err
	}
	return jsonAPI("", "scalar_response", map[string]any{"columns": cols}), nil
}

// columns are the groups' tags, one column for each key, and the formulas.
func (s *Server) columns(e *evaluation, p *parsedV2) ([]map[string]any, error) {
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
		values := column{}
		for _, tags := range groups {
			v, ok := results[i][groupKey(tags)]
			if !ok {
				v = missing
			}
			values = append(values, v)
		}
		out = append(out, map[string]any{"name": col.name, "type": "number", "values": values, "meta": map[string]any{"unit": s.unitOf(p.queryOf(col.expr))}})
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
