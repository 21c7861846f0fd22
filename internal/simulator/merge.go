package simulator

import (
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// merge evaluates the queries with the aggregator percentile: from all the
// values in the span, which points of shorter stretches do not tell.
func (s *Server) merge(e *evaluation, p *parsedV2, g grid) error {
	// Queries that differ in the percentile alone share the work.
	var signatures []string
	alike := map[string][]int{}
	for i, x := range p.exprs {
		if !p.merges(i) {
			continue
		}
		q, ok := x.(*metricquery.Query)
		if !ok || q.Threshold != nil || percentile(q.Aggregator) == 0 {
			return badRequest("Invalid aggregator %q: %s is not a percentile of a distribution", "percentile", x)
		}
		if err := knownModifiers(q); err != nil {
			return err
		}
		if m := s.traffic.Metric(q.Metric); m != nil && m.Kind != scenario.Distribution {
			return badRequest("Invalid aggregator %q: %s is a %s and not a distribution", "percentile", q.Metric, m.Kind)
		}
		key := q.Metric + "{" + q.Filter.String() + "}" + strings.Join(q.By, ",")
		if alike[key] == nil {
			signatures = append(signatures, key)
		}
		alike[key] = append(alike[key], i)
	}
	h := scenario.NewHistogram()
	for _, key := range signatures {
		same := alike[key]
		for _, i := range same {
			e.refs[p.names[i]] = table{}
		}
		q := p.exprs[same[0]].(*metricquery.Query)
		metric := s.traffic.Metric(q.Metric)
		if metric == nil {
			continue
		}
		for _, group := range e.largest(q, groups(q, metric)) {
			h.Reset()
			for _, series := range group.series {
				series.AddTo(h, g.from-s.shift, g.to-s.shift)
			}
			if h.Count == 0 {
				continue
			}
			for _, i := range same {
				share := percentile(p.exprs[i].(*metricquery.Query).Aggregator)
				t := e.refs[p.names[i]]
				t.rows = append(t.rows, row{group.tags, []float64{h.Quantile(share)}})
				e.refs[p.names[i]] = t
			}
		}
	}
	return nil
}
