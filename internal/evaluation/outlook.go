package evaluation

import (
	"context"
	"fmt"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Outlook is what a run would ask of Datadog.
type Outlook struct {
	// SLOs is how many objectives were selected and can be evaluated.
	SLOs int
	// Lines are in the order in which they would be asked.
	Lines []OutlookLine
	Notes []slo.Note
}

// OutlookLine is one kind of request.
type OutlookLine struct {
	Kind string
	// Asked is how many requests there would be; unknown where that depends on
	// answers that are not there.
	Asked slo.Figure
	// Cached is how many requests the cache saves.
	Cached slo.Figure
	Detail string
}

// Outlook plans the run that would answer the query, and asks for no evidence.
// It has a line for each kind of evidence; the listings are asked of the catalog.
func (s Service) Outlook(ctx context.Context, q Query) (Outlook, error) {
	p, err := s.prepare(ctx, q, false)
	if err != nil {
		return Outlook{}, err
	}
	o := Outlook{Notes: append(p.notes, p.plan.notes(q.MaxRequests)...)}
	for _, j := range p.jobs {
		if j.evaluable() {
			o.SLOs++
		}
	}
	count := func(n int) slo.Figure { return slo.Known(float64(max(0, n))) }
	p.bounds.Shelf, p.bounds.Pick = nil, nil
	bare := NewPlan(p.jobs, q.Question, p.bounds)
	series := OutlookLine{Kind: "metric series", Asked: count(len(p.plan.Requests)), Cached: count(len(bare.Requests) - len(p.plan.Requests))}
	if asked := p.plan.Requests; len(asked) > 0 {
		queries, oldest := map[string]bool{}, asked[0].Span
		for _, r := range asked {
			for _, text := range r.Queries {
				queries[text] = true
			}
			oldest.Start = min(oldest.Start, r.Span.Start)
		}
		series.Detail = fmt.Sprintf("for %s, from %s on", counted(len(queries), "different query", "different queries"), timeseries.Format(oldest.Start))
	}
	o.Lines = append(o.Lines, series)
	if p.plan.Sample != nil {
		o.Lines = append(o.Lines, OutlookLine{
			Kind: "checks of the cache", Asked: count(1 + len(p.plan.Probes)), Cached: count(0),
			Detail: "one stretch that is kept, and what is kept as silent, to see whether that is still true",
		})
	}
	if n := len(p.plan.Histories); n > 0 {
		o.Lines = append(o.Lines, OutlookLine{Kind: "monitor histories", Asked: count(n), Cached: count(0), Detail: "where transitions are cached, only the time since and a day before"})
	}
	if n := len(p.plan.Monitors); n > 0 {
		o.Lines = append(o.Lines, OutlookLine{Kind: "monitors", Asked: count(n), Cached: count(0), Detail: "to see whether one was edited"})
	}
	return o, nil
}
