package datadog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
)

// A sum over time is a count of events only if each point of the query is one.
// Without .as_count() Datadog's API averages over time (it is the web page that
// adds the modifier by itself), and the sum of averages is wrong by the number
// of flushes in a bucket. So every query must carry .as_count() in the end:
// because it was written, because the metric is a documented count, or because
// Datadog was asked for the metric's type (see [Client.Settle]).

// weighted is one query of a weighted sum.
type weighted struct {
	weight float64
	query  *metricquery.Query
}

// eventBuilder collects what is found while both sides are read.
type eventBuilder struct {
	defect *slo.Defect
	notes  []slo.Note
	// by are the tag keys of the first query.
	by    []string
	first *metricquery.Query
}

// side reads one side of the ratio; nil once there is a defect.
func (b *eventBuilder) side(name, text string, queries map[string]string) []weighted {
	if b.defect != nil {
		return nil
	}
	terms, defect := flatten(name, text, queries)
	if defect != nil {
		b.defect = defect
		return nil
	}
	for i, t := range terms {
		q, notes, defect := countable(t.query)
		if defect == nil {
			defect = b.group(q)
		}
		if defect != nil {
			b.defect = defect
			return nil
		}
		terms[i].query = q
		b.notes = append(b.notes, notes...)
	}
	return terms
}

// group checks that all queries group alike, and brings the keys into one order.
func (b *eventBuilder) group(q *metricquery.Query) *slo.Defect {
	if b.first == nil {
		b.first, b.by = q, q.By
		return nil
	}
	if !slices.Equal(slices.Sorted(slices.Values(q.By)), slices.Sorted(slices.Values(b.by))) {
		return invalid("%s groups by {%s} and %s by {%s}; both sides must group by the same tags, or their groups do not correspond",
			clean(b.first.String(), 120), clean(strings.Join(b.by, ","), 60), clean(q.String(), 120), clean(strings.Join(q.By, ","), 60))
	}
	q.By = b.by
	return nil
}

func (b *eventBuilder) finish(good, valid []weighted) (slo.EventSLI, []slo.Note, *slo.Defect) {
	sli := slo.EventSLI{Good: merge(good), Valid: merge(valid), GroupBy: b.by}
	switch {
	case len(sli.Good) == 0:
		return slo.EventSLI{}, nil, invalid("the good events cancel out to nothing")
	case len(sli.Valid) == 0:
		return slo.EventSLI{}, nil, invalid("the total events cancel out to nothing")
	}
	return sli, distinctNotes(b.notes), nil
}

// merge adds up the weights of equal queries and drops what cancels out.
func merge(terms []weighted) []slo.Term {
	var merged []slo.Term
	for _, t := range terms {
		text := t.query.String()
		if i := slices.IndexFunc(merged, func(m slo.Term) bool { return m.Query == text }); i >= 0 {
			merged[i].Weight += t.weight
			continue
		}
		merged = append(merged, slo.Term{Weight: t.weight, Query: text})
	}
	return slices.DeleteFunc(merged, func(t slo.Term) bool { return t.Weight == 0 })
}

func distinctNotes(notes []slo.Note) []slo.Note {
	var distinct []slo.Note
	for _, n := range notes {
		if !slices.Contains(distinct, n) {
			distinct = append(distinct, n)
		}
	}
	return distinct
}

// countable checks that a query counts events, and strips it of modifiers that
// change how points are laid out but not what they add up to. The result
// carries .as_count(), or is unsettled: it depends on the type of the metric.
func countable(q *metricquery.Query) (*metricquery.Query, []slo.Note, *slo.Defect) {
	text := clean(q.String(), 160)
	switch {
	case q.Aggregator == "sum", q.Aggregator == "count":
	case q.Aggregator == "":
		return nil, nil, unsupported("%s names no aggregator, so Datadog averages it; a count of events begins with sum:", text)
	default:
		return nil, nil, unsupported("%s aggregates with %s, which does not add up to a count of events; a count begins with sum:", text, q.Aggregator)
	}
	counted := *q
	counted.Modifiers = nil
	for _, m := range q.Modifiers {
		switch m.Name {
		case "as_count":
			counted.Modifiers = []metricquery.Modifier{{Name: "as_count"}}
		case "as_rate":
			return nil, nil, unsupported("%s is a rate per second, which does not add up to a count of events; use .as_count()", text)
		case "rollup":
			// A sum of counts is the same in buckets of any width, and a lone width changes nothing else.
			if len(m.Args) > 0 && !isSumRollup(m.Args[0]) {
				return nil, nil, unsupported("%s rolls up with %s, which does not add up to a count of events; use .as_count()", text, clean(m.Args[0], 40))
			}
		case "fill":
			// Zeros and gaps add nothing; any other filling invents events.
			if len(m.Args) == 0 || !slices.Contains([]string{"zero", "null", "0"}, strings.ToLower(strings.TrimSpace(m.Args[0]))) {
				return nil, nil, unsupported("%s fills gaps with values that were not counted; use .fill(zero) or nothing", text)
			}
		default:
			return nil, nil, unsupported("%s uses .%s(), after which its points need not add up to a count of events", text, clean(m.Name, 40))
		}
	}
	if counted.Has("as_count") {
		return &counted, nil, nil
	}
	if counted.Threshold != nil || isTraceCount(counted.Metric) {
		return asCount(&counted), []slo.Note{asCountNote(&counted, "a documented count")}, nil
	}
	return &counted, nil, nil
}

// isSumRollup accepts .rollup(sum), .rollup(sum, 60) and .rollup(60).
func isSumRollup(arg string) bool {
	arg = strings.Trim(strings.ToLower(strings.TrimSpace(arg)), `"'`)
	return arg == "sum" || arg != "" && strings.Trim(arg, "0123456789") == ""
}

// isTraceCount recognises the count metrics of APM.
func isTraceCount(metric string) bool {
	rest, ok := strings.CutPrefix(metric, "trace.")
	rest = strings.TrimSuffix(rest, ".by_http_status")
	return ok && (strings.HasSuffix(rest, ".hits") || strings.HasSuffix(rest, ".errors"))
}

func asCount(q *metricquery.Query) *metricquery.Query {
	counted := *q
	counted.Modifiers = []metricquery.Modifier{{Name: "as_count"}}
	return &counted
}

func asCountNote(q *metricquery.Query, why string) slo.Note {
	return slo.Note{
		Code: "as_count_added",
		Text: fmt.Sprintf("%s is %s; it is queried with .as_count(), as Datadog does in its own pages", clean(q.Metric, 120), why),
	}
}

// unsettled is the query of a term that still depends on the type of its
// metric; nil when the term is a count already.
func unsettled(t slo.Term) *metricquery.Query {
	expr, err := metricquery.Parse(t.Query)
	if err != nil {
		return nil
	}
	if q, ok := expr.(*metricquery.Query); ok && !q.Has("as_count") {
		return q
	}
	return nil
}

// Unsettled names the metrics whose type decides how some definitions are
// counted, each once, sorted: the calls that [Client.Settle] would make.
func Unsettled(definitions []slo.Definition) []string {
	distinct := map[string]bool{}
	for _, d := range definitions {
		sli, ok := d.SLI.(slo.EventSLI)
		if !ok || d.Defect != nil {
			continue
		}
		for _, t := range slices.Concat(sli.Good, sli.Valid) {
			if q := unsettled(t); q != nil {
				distinct[q.Metric] = true
			}
		}
	}
	metrics := make([]string, 0, len(distinct))
	for m := range distinct {
		metrics = append(metrics, m)
	}
	slices.Sort(metrics)
	return metrics
}

// metricType is the outcome of asking for one type.
type metricType struct {
	name string
	err  error
}

// Settle asks for the type of each metric of [Unsettled], once, and rewrites
// the definitions in place: counts and rates are queried with .as_count(); a
// definition that sums anything else, or a metric that could not be looked up,
// gets a Defect. The error is that of the context alone.
func (c *Client) Settle(ctx context.Context, definitions []slo.Definition) error {
	metrics := Unsettled(definitions)
	results := make([]metricType, len(metrics))
	var all sync.WaitGroup
	for i, name := range metrics {
		all.Go(func() { results[i].name, results[i].err = c.MetricType(ctx, name) })
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	types := make(map[string]metricType, len(metrics))
	for i, name := range metrics {
		types[name] = results[i]
	}
	for i := range definitions {
		settle(&definitions[i], types)
	}
	return nil
}

func settle(d *slo.Definition, types map[string]metricType) {
	sli, ok := d.SLI.(slo.EventSLI)
	if !ok || d.Defect != nil {
		return
	}
	var notes []slo.Note
	rewrite := func(terms []slo.Term) []slo.Term {
		var settled []weighted
		for _, t := range terms {
			expr, err := metricquery.Parse(t.Query)
			q, isQuery := expr.(*metricquery.Query)
			if err != nil || !isQuery {
				d.Defect = cmp.Or(d.Defect, invalid("%q is not a metric query", clean(t.Query, 160)))
				return nil
			}
			if !q.Has("as_count") {
				var defect *slo.Defect
				var note slo.Note
				q, note, defect = settleQuery(q, types[q.Metric])
				if defect != nil {
					d.Defect = cmp.Or(d.Defect, defect)
					return nil
				}
				notes = append(notes, note)
			}
			settled = append(settled, weighted{t.Weight, q})
		}
		return merge(settled)
	}
	good, valid := rewrite(sli.Good), rewrite(sli.Valid)
	if d.Defect != nil {
		return
	}
	if len(good) == 0 || len(valid) == 0 {
		d.Defect = invalid("the good or the total events cancel out to nothing")
		return
	}
	sli.Good, sli.Valid = good, valid
	d.SLI = sli
	d.Notes = append(slices.Clip(d.Notes), distinctNotes(notes)...)
}

func settleQuery(q *metricquery.Query, t metricType) (*metricquery.Query, slo.Note, *slo.Defect) {
	metric := clean(q.Metric, 120)
	if t.err != nil {
		return nil, slo.Note{}, defectOf(t.err)
	}
	switch {
	case q.Aggregator == "count" && t.name == "distribution",
		q.Aggregator == "sum" && (t.name == "count" || t.name == "rate"):
		return asCount(q), asCountNote(q, "of type "+t.name), nil
	case t.name == "":
		return nil, slo.Note{}, &slo.Defect{
			Kind:    slo.Invalid,
			Message: fmt.Sprintf("the query of %s has no .as_count() and Datadog knows no type for the metric, so it is not known whether it counts anything", metric),
			Hints:   []string{"add .as_count() to the query of the SLO, or set the type in the metric's metadata"},
		}
	case q.Aggregator == "sum" && t.name == "distribution":
		return nil, slo.Note{}, invalid("%s is a distribution: its sum adds up measured values, not events; use count: or count(v: …):", metric)
	default:
		return nil, slo.Note{}, invalid("%s is of type %s: its points do not add up to a count of events", metric, clean(t.name, 40))
	}
}
