package investigation

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// mostSLOs are asked what the findings cost.
const mostSLOs = 100

// costs says what the shown findings took of the budgets of their services'
// SLOs, and returns how these stand. Whatever goes wrong is a note.
func (k *look) costs(ctx context.Context, shown []*candidate) []evaluation.Row {
	if k.SLOs.Catalog == nil {
		return nil
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	defs, told, err := k.SLOs.List(ctx, evaluation.Query{})
	if err != nil {
		k.say("costs_unknown", "what findings cost in error budget is not known: %s", evaluation.DefectOf(err).Message)
		return nil
	}
	k.report.Notes = append(k.report.Notes, told...)
	var names []string
	unread := 0
	for _, d := range defs {
		if d.ID == "" && d.SLI == nil && d.Source == slo.FromDatadog { // whatever it is about
			unread++
		}
		if d.ID != "" && slices.ContainsFunc(shown, func(c *candidate) bool { return concerns(d, c.Place.Service, c.Place.Env) }) {
			names = append(names, d.ID)
		}
	}
	if unread > 0 {
		k.say("cost_unknown", "of %d in Datadog's listing of SLOs nobody can tell what it is about, nor what findings cost of it", unread)
	}
	if len(names) == 0 {
		return nil
	}
	if len(names) > mostSLOs {
		k.say("costs_bounded", "%d SLOs are about these services: what findings cost is told of %d of them", len(names), mostSLOs)
		names = names[:mostSLOs]
	}
	q := evaluation.Query{Selector: evaluation.Selector{Names: names}, Lean: true, Uncompared: true}
	q.Question.To = k.q.Span.End
	for _, c := range shown {
		spent := c.stretch(q.Question.To)
		q.Question.Stretches = append(q.Question.Stretches, spent, spent.Shift(-int64(weeksBack(spent))*7*day))
	}
	board, err := k.SLOs.Evaluate(ctx, q)
	if err != nil {
		k.say("costs_unknown", "what findings cost in error budget is not known: %s", evaluation.DefectOf(err).Message)
		return nil
	}
	for _, row := range board.Rows {
		if row.Defect != nil {
			k.say("cost_unknown", "what findings cost %q is not known: %s", row.Definition.Name, row.Defect.Message)
			continue
		}
		for _, a := range row.Windows {
			for i, c := range shown {
				if 2*i+1 >= len(a.Stretches) || !concerns(row.Definition, c.Place.Service, c.Place.Env) {
					continue
				}
				spent, before := a.Stretches[2*i], a.Stretches[2*i+1]
				if percent, known := spent.Percent.Value(); known && percent > 0 {
					usual, known := before.Percent.Value()
					if !known {
						usual = math.NaN()
					}
					c.Costs = append(c.Costs, Cost{
						ID: row.Definition.ID, Name: row.Definition.Name, Percent: percent, Usual: usual,
						Weeks: weeksBack(spent.Span), Timeframe: a.Objective.Timeframe,
					})
				}
			}
		}
	}
	for _, c := range shown {
		slices.SortStableFunc(c.Costs, func(a, b Cost) int {
			return cmp.Or(cmp.Compare(b.Percent, a.Percent), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Timeframe, b.Timeframe))
		})
	}
	return board.Rows
}

// weeksBack is how many weeks before a stretch its hours were last, without a part of it.
func weeksBack(s timeseries.Span) int { return int(max(1, (s.Seconds()+7*day-1)/(7*day))) }

// stretch is the time of the finding in whole buckets, up to the end where it goes on.
func (c *candidate) stretch(to int64) timeseries.Span {
	end := cmp.Or(c.End, to)
	return timeseries.Span{Start: timeseries.Floor(c.Start, slo.BucketSeconds), End: min(to, timeseries.Ceil(end, slo.BucketSeconds))}
}

// concerns reports whether an objective is about a service in an environment: by
// its tags, or because its queries select the service.
func concerns(d slo.Definition, service, env string) bool {
	var services, envs []string
	for _, tag := range d.Tags {
		key, value, _ := strings.Cut(tag, ":")
		switch strings.ToLower(key) {
		case "service":
			services = append(services, value)
		case "env":
			envs = append(envs, value)
		}
	}
	asked := map[string][]string{}
	for _, text := range textsOf(d.SLI) {
		expr, err := metricquery.Parse(text)
		if err != nil {
			continue
		}
		for _, q := range metricquery.Queries(expr) {
			selected(q.Filter, asked)
		}
	}
	services, envs = append(services, asked["service"]...), append(envs, asked["env"]...)
	return slices.ContainsFunc(services, func(s string) bool { return strings.EqualFold(s, service) }) &&
		(len(envs) == 0 || env == "" || slices.ContainsFunc(envs, func(e string) bool { return strings.EqualFold(e, env) }))
}

// textsOf are the metric queries of an objective.
func textsOf(sli slo.SLI) []string {
	var texts []string
	switch sli := sli.(type) {
	case slo.EventSLI:
		for _, t := range slices.Concat(sli.Good, sli.Valid) {
			texts = append(texts, t.Query)
		}
	case slo.SliceSLI:
		for _, name := range slices.Sorted(maps.Keys(sli.Queries)) {
			texts = append(texts, sli.Queries[name])
		}
	}
	return texts
}

// selected collects the tag values that a filter asks for, by key.
func selected(f metricquery.Filter, into map[string][]string) {
	add := func(key string, values ...string) {
		key = strings.ToLower(key)
		into[key] = append(into[key], values...)
	}
	switch f := f.(type) {
	case *metricquery.Match:
		add(f.Key, f.Value)
	case *metricquery.In:
		add(f.Key, f.Values...)
	case *metricquery.And:
		for _, part := range f.Of {
			selected(part, into)
		}
	case *metricquery.Or:
		for _, part := range f.Of {
			selected(part, into)
		}
	}
}
