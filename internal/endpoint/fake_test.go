package endpoint_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const bucket = 300

// stream is what one tag combination of a metric reported: in each bucket some
// requests, each of which took seconds.
type stream struct {
	tags  []string
	count map[int64]float64 // by start of the bucket
	took  float64
}

// world answers metric queries from streams, point by point.
type world struct {
	metrics map[string][]stream
	units   map[string]timeseries.MetricInfo
	// keep leaves all but the first groups of a grouped answer out, 0 for none.
	keep int
	// retained is from when on there are metrics.
	retained int64
	// refuse makes queries fail that contain a text.
	refuse map[string]error

	mu       sync.Mutex
	requests []timeseries.Request
	scalars  []timeseries.ScalarRequest
	listings int
}

func (w *world) source() apm.Source {
	return apm.Source{Directory: w, Metrics: w, Scalars: w, Concurrency: 4}
}

func (w *world) add(metric string, s stream) {
	if w.metrics == nil {
		w.metrics = map[string][]stream{}
	}
	w.metrics[metric] = append(w.metrics[metric], s)
}

func (w *world) ActiveMetrics(_ context.Context, _ int64, tag string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listings++
	var names []string
	for name, streams := range w.metrics {
		if tag == "" || slices.ContainsFunc(streams, func(s stream) bool { return slices.Contains(s.tags, tag) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (w *world) MetricInfo(_ context.Context, name string) (timeseries.MetricInfo, error) {
	if info, there := w.units[name]; there {
		return info, nil
	}
	return timeseries.MetricInfo{Type: "distribution", Unit: "second"}, nil
}

func (w *world) refused(query string) error {
	for text, err := range w.refuse {
		if strings.Contains(query, text) {
			return err
		}
	}
	return nil
}

func (w *world) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	w.mu.Lock()
	w.requests = append(w.requests, r)
	w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.Span.Seconds()/r.Step > 1500 {
		return nil, &slo.Defect{Kind: slo.Invalid, Message: "more than 1,500 points"}
	}
	answers := make([]timeseries.Answer, len(r.Queries))
	if r.Span.Start < w.retained {
		for i := range answers {
			answers[i].Err = outsideRetention{}
		}
		return answers, nil
	}
	for i, text := range r.Queries {
		if answers[i].Err = w.refused(text); answers[i].Err != nil {
			continue
		}
		q, groups := w.evaluate(text)
		for _, g := range groups {
			series := timeseries.Blank(r.Span, r.Step)
			for k := range series.Values {
				at := r.Span.Start + int64(k)*r.Step
				series.Values[k] = reduce(q, g.streams, timeseries.Span{Start: at, End: at + r.Step})
			}
			if slices.ContainsFunc(series.Values, func(v float64) bool { return !timeseries.IsMissing(v) }) {
				answers[i].Groups = append(answers[i].Groups, timeseries.Group{Tags: g.tags, Series: series})
			}
		}
		if w.keep > 0 && len(q.By) > 0 && len(answers[i].Groups) > w.keep {
			answers[i].Groups = answers[i].Groups[:w.keep]
		}
	}
	return answers, nil
}

func (w *world) Scalars(_ context.Context, r timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	w.mu.Lock()
	w.scalars = append(w.scalars, r)
	w.mu.Unlock()
	answers := make([]timeseries.ScalarAnswer, len(r.Queries))
	for i, query := range r.Queries {
		if answers[i].Err = w.refused(query.Query); answers[i].Err != nil {
			continue
		}
		q, groups := w.evaluate(query.Query)
		for _, g := range groups {
			if v := reduce(q, g.streams, r.Span); !timeseries.IsMissing(v) {
				answers[i].Groups = append(answers[i].Groups, timeseries.Scalar{Tags: g.tags, Value: v})
			}
		}
	}
	return answers, nil
}

type outsideRetention struct{}

func (outsideRetention) Error() string          { return "too long ago" }
func (outsideRetention) OutsideRetention() bool { return true }

type selected struct {
	tags    []string
	streams []stream
}

func (w *world) evaluate(text string) (*metricquery.Query, []selected) {
	expr, err := metricquery.Parse(text)
	if err != nil {
		panic(err)
	}
	q := expr.(*metricquery.Query)
	var groups []selected
	at := map[string]int{}
	for _, s := range w.metrics[q.Metric] {
		if !q.Filter.Match(s.tags) {
			continue
		}
		var tags []string
		for _, key := range q.By {
			if i := slices.IndexFunc(s.tags, func(tag string) bool { return strings.HasPrefix(tag, key+":") }); i >= 0 {
				tags = append(tags, s.tags[i])
			}
		}
		if len(tags) < len(q.By) {
			continue
		}
		key := strings.Join(tags, ",")
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key] = i
			groups = append(groups, selected{tags: tags})
		}
		groups[i].streams = append(groups[i].streams, s)
	}
	return q, groups
}

// reduce is the value of a query for one bucket, whatever its width.
func reduce(q *metricquery.Query, streams []stream, span timeseries.Span) float64 {
	count, sum := 0.0, 0.0
	type weighted struct{ took, n float64 }
	var values []weighted
	for _, s := range streams {
		n := 0.0
		for t := span.Start; t < span.End; t += bucket {
			n += s.count[t]
		}
		if n > 0 {
			count += n
			sum += n * s.took
			values = append(values, weighted{s.took, n})
		}
	}
	if count == 0 {
		return timeseries.Missing
	}
	distribution := !strings.HasSuffix(q.Metric, ".hits") && !strings.HasSuffix(q.Metric, ".errors") && !strings.HasSuffix(q.Metric, "by_http_status")
	switch {
	case q.Aggregator == "sum" && distribution:
		return sum
	case q.Aggregator == "sum", q.Aggregator == "count":
		return count
	}
	share := map[string]float64{"p50": 0.5, "p95": 0.95, "p99": 0.99}[q.Aggregator]
	slices.SortFunc(values, func(a, b weighted) int { return int(math.Copysign(1, a.took-b.took)) })
	for left := share * count; len(values) > 0; values = values[1:] {
		if left -= values[0].n; left <= 1e-9 || len(values) == 1 {
			return values[0].took
		}
	}
	return timeseries.Missing
}

// endpoint adds requests of an endpoint to a world: n in each bucket of the
// span, of which every failing-th one fails (with status 500).
type traffic struct {
	service, env, operation, resource, version string
	span                                       timeseries.Span
	each, failing, took                        float64
	http                                       bool
}

func (w *world) serve(f traffic) {
	tags := []string{"service:" + f.service, "env:" + f.env, "resource_name:" + f.resource}
	if f.version != "" {
		tags = append(tags, "version:"+f.version)
	}
	steady := func(n float64) map[int64]float64 {
		all := map[int64]float64{}
		for t := f.span.Start; t < f.span.End; t += bucket {
			all[t] = n
		}
		return all
	}
	name := "trace." + f.operation
	w.add(name+".hits", stream{tags: tags, count: steady(f.each)})
	if f.failing > 0 {
		w.add(name+".errors", stream{tags: tags, count: steady(f.failing)})
	}
	if f.took > 0 {
		w.add(name, stream{tags: tags, count: steady(f.each), took: f.took})
	}
	if !f.http {
		return
	}
	class := func(c string) []string { return append(slices.Clone(tags), "http.status_class:"+c) }
	w.add(name+".hits.by_http_status", stream{tags: class("2xx"), count: steady(f.each - f.failing)})
	if f.failing > 0 {
		w.add(name+".hits.by_http_status", stream{tags: class("5xx"), count: steady(f.failing)})
		w.add(name+".errors.by_http_status", stream{tags: class("5xx"), count: steady(f.failing)})
	}
}
