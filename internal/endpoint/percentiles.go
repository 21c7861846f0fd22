package endpoint

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// percents are the percentiles that are shown.
func percents() []int { return []int{50, 95, 99} }

// percentiles of a group: p50, p95, p99, in seconds.
type percentiles [3]float64

func unknownPercentiles() percentiles { return percentiles{math.NaN(), math.NaN(), math.NaN()} }

// measured is what was measured over one stretch as a whole.
type measured struct {
	total percentiles
	of    map[string]percentiles
	// requests are those of each group, roughly: nothing says where exactly
	// Datadog's buckets end. Empty where they are not known.
	requests map[string]float64
	err      error
}

// measure asks for the percentiles of both stretches, each in one request, and
// which groups there are.
func (s Service) measure(ctx context.Context, p plan, stretches [2]timeseries.Span) ([2]measured, error) {
	var got [2]measured
	var wait sync.WaitGroup
	for i, span := range stretches {
		if !span.Empty() {
			wait.Go(func() { got[i] = s.measureOne(ctx, p, span) })
		}
	}
	wait.Wait()
	for _, m := range got {
		var d *slo.Defect
		if m.err != nil && (ctx.Err() != nil || errors.As(m.err, &d) && d.Kind == slo.Auth) {
			return got, m.err
		}
	}
	return got, nil
}

func (s Service) measureOne(ctx context.Context, p plan, span timeseries.Span) measured {
	m := measured{total: unknownPercentiles(), of: map[string]percentiles{}}
	queries := []timeseries.ScalarQuery{{Query: p.grouped[hits], Aggregator: "sum"}}
	latency := p.place.Operation.Latency != ""
	if latency {
		queries = append(queries, percentileQueries(p, "", p.only)...)
	}
	if latency && p.latency {
		queries = append(queries, percentileQueries(p, p.key, p.only)...)
	}
	answers, err := s.Source.Measured(ctx, timeseries.ScalarRequest{Queries: queries, Span: span})
	if err != nil {
		m.err = err
		return m
	}
	if answers[0].Err == nil {
		m.requests = make(map[string]float64, len(answers[0].Groups))
		for _, g := range answers[0].Groups {
			m.requests[tagOf(g.Tags)] = g.Value
		}
	}
	for i, a := range answers[1:] {
		if a.Err != nil {
			m.err = a.Err
			continue
		}
		for _, g := range a.Groups {
			v := g.Value * p.place.Operation.Scale
			if i < len(m.total) {
				m.total[i] = v
				continue
			}
			tag := tagOf(g.Tags)
			of, there := m.of[tag]
			if !there {
				of = unknownPercentiles()
			}
			of[i-len(m.total)] = v
			m.of[tag] = of
		}
	}
	return m
}

func percentileQueries(p plan, by string, only []metricquery.Filter) []timeseries.ScalarQuery {
	var all []timeseries.ScalarQuery
	for _, percent := range percents() {
		all = append(all, timeseries.ScalarQuery{Query: p.place.PercentileQuery(percent, by, only...), Aggregator: "percentile"})
	}
	return all
}

// remeasure asks for the percentiles of the whole without what was left out.
func (s Service) remeasure(ctx context.Context, p plan, filter metricquery.Filter, stretches [2]timeseries.Span, got *[2]measured) {
	only := append(slices.Clone(p.only), filter)
	var wait sync.WaitGroup
	for i, span := range stretches {
		if got[i].total = unknownPercentiles(); span.Empty() {
			continue
		}
		wait.Go(func() {
			answers, err := s.Source.Measured(ctx, timeseries.ScalarRequest{Queries: percentileQueries(p, "", only), Span: span})
			if err != nil {
				got[i].err = err
				return
			}
			for k, a := range answers {
				if a.Err != nil {
					got[i].err = a.Err
				}
				for _, g := range a.Groups {
					got[i].total[k] = g.Value * p.place.Operation.Scale
				}
			}
		})
	}
	wait.Wait()
}

// percentileNote says that percentiles are not known, where Datadog refused them.
func percentileNote(got [2]measured) []slo.Note {
	for _, m := range got {
		if m.err != nil {
			return []slo.Note{{Code: "percentiles_unknown", Text: fmt.Sprintf("percentiles are not known: %s", m.err)}}
		}
	}
	return nil
}
