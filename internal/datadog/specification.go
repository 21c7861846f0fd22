package datadog

import (
	"encoding/json"
	"errors"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
)

// formulaQuery is a formula over named queries, as both kinds of
// sli_specification contain them.
type formulaQuery struct {
	Formulas json.RawMessage
	Queries  json.RawMessage
}

// read gives the one formula and the queries by name.
func (f formulaQuery) read() (formula string, queries map[string]string, defect *slo.Defect) {
	queries, ok := namedQueries(f.Queries)
	if !ok {
		return "", nil, invalid("the queries of the SLO are not a list of metric queries with names")
	}
	formulas := listOf(f.Formulas)
	if len(formulas) != 1 || formulaText(formulas[0]) == "" {
		return "", nil, invalid("the SLO has %d formulas; want one", len(formulas))
	}
	return formulaText(formulas[0]), queries, nil
}

// formulaText is a formula that is written as an object or as plain text.
func formulaText(raw json.RawMessage) string {
	if text := textOf(raw); text != "" {
		return text
	}
	var object struct{ Formula json.RawMessage }
	if isNull(raw) || json.Unmarshal(raw, &object) != nil {
		return ""
	}
	return textOf(object.Formula)
}

// namedQueries reads a list of metric queries; ok is false when it is anything else.
func namedQueries(raw json.RawMessage) (queries map[string]string, ok bool) {
	queries = map[string]string{}
	for _, e := range listOf(raw) {
		var q struct {
			Source json.RawMessage `json:"data_source"`
			Name   json.RawMessage
			Query  json.RawMessage
		}
		if isNull(e) || json.Unmarshal(e, &q) != nil {
			return nil, false
		}
		name, text, source := textOf(q.Name), textOf(q.Query), textOf(q.Source)
		if name == "" || text == "" || source != "" && source != "metrics" {
			return nil, false
		}
		if other, taken := queries[name]; taken && other != text {
			return nil, false
		}
		queries[name] = text
	}
	return queries, len(queries) > 0
}

// ratio is good events over valid ones as text, before it is parsed. Either
// total or bad is set.
type ratio struct {
	good, total, bad string
	queries          map[string]string
	// nested queries of the older shape, where each side has names of its own
	totalQueries map[string]string
}

// readSpecification reads sli_specification.count in its known shapes; ok is
// false for any other, which older servers and newer ones may well send.
func readSpecification(raw json.RawMessage) (r ratio, ok bool) {
	var spec struct {
		Count *struct {
			GoodFormula  json.RawMessage `json:"good_events_formula"`
			TotalFormula json.RawMessage `json:"total_events_formula"`
			BadFormula   json.RawMessage `json:"bad_events_formula"`
			Queries      json.RawMessage
			GoodQuery    *formulaQuery `json:"good_events_query"`
			TotalQuery   *formulaQuery `json:"total_events_query"`
			BadQuery     *formulaQuery `json:"bad_events_query"`
		}
	}
	if isNull(raw) || json.Unmarshal(raw, &spec) != nil || spec.Count == nil {
		return ratio{}, false
	}
	count := spec.Count
	if count.GoodQuery != nil {
		other, isTotal := count.TotalQuery, true
		if other == nil {
			other, isTotal = count.BadQuery, false
		}
		if other == nil || isTotal && count.BadQuery != nil {
			return ratio{}, false
		}
		var d1, d2 *slo.Defect
		var formula string
		r.good, r.queries, d1 = count.GoodQuery.read()
		formula, r.totalQueries, d2 = other.read()
		if isTotal {
			r.total = formula
		} else {
			r.bad = formula
		}
		return r, d1 == nil && d2 == nil
	}
	r = ratio{good: formulaText(count.GoodFormula), total: formulaText(count.TotalFormula), bad: formulaText(count.BadFormula)}
	if r.queries, ok = namedQueries(count.Queries); !ok {
		return ratio{}, false
	}
	r.totalQueries = r.queries
	return r, r.good != "" && (r.total == "") != (r.bad == "")
}

// decodeEventSLI reads a metric SLO from its specification, or else from its
// older query, which Datadog keeps up to date beside it.
func decodeEventSLI(w wireSLO) (slo.EventSLI, []slo.Note, *slo.Defect) {
	var notes []slo.Note
	r, ok := readSpecification(w.Specification)
	if !ok {
		var query struct{ Numerator, Denominator json.RawMessage }
		if isNull(w.Query) || json.Unmarshal(w.Query, &query) != nil ||
			textOf(query.Numerator) == "" || textOf(query.Denominator) == "" {
			return slo.EventSLI{}, nil, invalid("the metric SLO has neither a query with numerator and denominator nor an sli_specification.count that slo could read")
		}
		r = ratio{good: textOf(query.Numerator), total: textOf(query.Denominator)}
		if !isNull(w.Specification) {
			notes = append(notes, slo.Note{
				Code: "specification_fallback",
				Text: "the sli_specification has a shape that slo does not know; the SLO's query was used in its place",
			})
		}
	}
	sli, more, defect := r.events()
	return sli, append(notes, more...), defect
}

// events turns the text of both sides into weighted sums of counts.
func (r ratio) events() (slo.EventSLI, []slo.Note, *slo.Defect) {
	var b eventBuilder
	good := b.side("good events", r.good, r.queries)
	var valid []weighted
	if r.bad != "" {
		valid = append(append(valid, good...), b.side("bad events", r.bad, r.totalQueries)...)
	} else {
		valid = b.side("total events", r.total, r.totalQueries)
	}
	if b.defect != nil {
		return slo.EventSLI{}, nil, b.defect
	}
	return b.finish(good, valid)
}

// flatten writes an expression as a weighted sum of queries, with the names of
// other queries replaced by what they stand for. A query may not name another one.
func flatten(side, text string, queries map[string]string) ([]weighted, *slo.Defect) {
	terms, defect := linear(side, text)
	if defect != nil {
		return nil, defect
	}
	var flat []weighted
	for _, term := range terms {
		switch of := term.Of.(type) {
		case *metricquery.Query:
			flat = append(flat, weighted{term.Weight, of})
		case metricquery.Ref:
			body, ok := queries[string(of)]
			if !ok {
				return nil, invalid("the %s refer to %q, which is not a query of the SLO", side, clean(string(of), 60))
			}
			inner, defect := linear("query "+clean(string(of), 60), body)
			if defect != nil {
				return nil, defect
			}
			for _, t := range inner {
				q, ok := t.Of.(*metricquery.Query)
				if !ok {
					return nil, invalid("the query %q is not a metric query such as sum:requests{*}.as_count()", clean(string(of), 60))
				}
				flat = append(flat, weighted{term.Weight * t.Weight, q})
			}
		}
	}
	return flat, nil
}

func linear(side, text string) ([]metricquery.Term, *slo.Defect) {
	expr, err := metricquery.Parse(text)
	if err != nil {
		return nil, invalid("the %s could not be read: %s", side, clean(err.Error(), 300))
	}
	terms, err := metricquery.Linear(expr)
	if err != nil {
		var why *metricquery.LinearError
		reason := err.Error()
		if errors.As(err, &why) {
			reason = why.Part + ": " + why.Reason
		}
		return nil, &slo.Defect{
			Kind:    slo.Unsupported,
			Message: "the " + side + " are not a weighted sum of queries: " + clean(reason, 300),
			Hints:   []string{"only sums and differences of counts, with constant factors, have a total that does not depend on the width of the buckets"},
		}
	}
	return terms, nil
}
