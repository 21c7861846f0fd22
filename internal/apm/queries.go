package apm

import (
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
)

// The tags by which trace metrics are grouped.
const (
	ByResource    = "resource_name"
	ByVersion     = "version"
	ByStatusClass = "http.status_class"
	ByRPCStatus   = "rpc.grpc.status_code"
	ByEnv         = "env"
	ByService     = "service"
)

// Tag selects what has the tag "key:value", literally but for a star, for which
// Datadog knows no escape.
func Tag(tag string) metricquery.Filter {
	key, value, found := strings.Cut(tag, ":")
	if !found {
		key, value = "", tag
	}
	return &metricquery.Match{Key: key, Value: value}
}

// AnyOf selects what has one of the tags, which are of one key.
func AnyOf(tags []string) metricquery.Filter {
	if len(tags) == 1 {
		return Tag(tags[0])
	}
	in := &metricquery.In{}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, ":")
		in.Key, in.Values = key, append(in.Values, value)
	}
	return in
}

// NoneOf selects what has none of the tags, which are of one key.
func NoneOf(tags []string) metricquery.Filter { return &metricquery.Not{Of: AnyOf(tags)} }

// Filter is what stands between the braces of the place's queries. What is
// extra are more tags, "key:value".
func (p Place) Filter(extra ...string) string {
	filters := make([]metricquery.Filter, len(extra))
	for i, tag := range extra {
		filters[i] = Tag(tag)
	}
	return p.filter(filters).String()
}

func (p Place) filter(only []metricquery.Filter) metricquery.Filter {
	var all []metricquery.Filter
	if p.Service != "" {
		all = append(all, &metricquery.Match{Key: ByService, Value: p.Service})
	}
	if p.Env != "" {
		all = append(all, &metricquery.Match{Key: ByEnv, Value: p.Env})
	}
	all = append(all, only...)
	switch len(all) {
	case 0:
		return metricquery.All{}
	case 1:
		return all[0]
	}
	return &metricquery.And{Of: all}
}

// query writes a query of the place. By are tag keys with commas between them,
// empty for the whole.
func (p Place) query(aggregator, metric, by string, only []metricquery.Filter, modifiers ...string) string {
	if metric == "" {
		return ""
	}
	q := &metricquery.Query{Aggregator: aggregator, Metric: metric, Filter: p.filter(only)}
	if by != "" {
		q.By = strings.Split(by, ",")
	}
	for _, name := range modifiers {
		m := metricquery.Modifier{Name: name}
		if name == "rollup" {
			m.Args = []string{"sum"}
		}
		q.Modifiers = append(q.Modifiers, m)
	}
	return q.String()
}

// The queries below are empty where the operation has no such metric. By are
// tag keys with commas between them, empty for the whole; only are further
// filters, see [Tag], [AnyOf] and [NoneOf].

// HitsQuery counts requests.
func (p Place) HitsQuery(by string, only ...metricquery.Filter) string {
	return p.query("sum", p.Operation.Hits, by, only, "as_count")
}

// ErrorsQuery counts spans that were flagged as errors.
func (p Place) ErrorsQuery(by string, only ...metricquery.Filter) string {
	return p.query("sum", p.Operation.Errors, by, only, "as_count")
}

// StatusQuery counts requests with an HTTP status: of a class, such as 5xx, or of all for "".
func (p Place) StatusQuery(class, by string, only ...metricquery.Filter) string {
	if class != "" {
		only = append([]metricquery.Filter{&metricquery.Match{Key: ByStatusClass, Value: class}}, only...)
	}
	return p.query("sum", p.Operation.HitsByStatus, by, only, "as_count")
}

// StatusErrorsQuery counts flagged errors among the requests with an HTTP status.
func (p Place) StatusErrorsQuery(by string, only ...metricquery.Filter) string {
	return p.query("sum", p.Operation.ErrorsByStatus, by, only, "as_count")
}

// TimeQuery sums up the time spent in requests, in units of Operation.Scale
// seconds: that of the distribution, or of the legacy gauge. Both modifiers are
// needed: which of them a sum over time obeys depends on how the metric is stored.
func (p Place) TimeQuery(by string, only ...metricquery.Filter) string {
	if p.Operation.Latency == "" {
		return p.query("sum", p.Operation.Duration, by, only, "rollup")
	}
	return p.query("sum", p.Operation.Latency, by, only, "as_count", "rollup")
}

// TimedQuery counts the requests that [Place.TimeQuery] sums up: its quotient is the mean latency.
func (p Place) TimedQuery(by string, only ...metricquery.Filter) string {
	if p.Operation.Latency == "" {
		if p.Operation.Duration == "" {
			return ""
		}
		return p.HitsQuery(by, only...)
	}
	return p.query("count", p.Operation.Latency, by, only, "as_count")
}

// MeanQuery is the mean latency, in units of Operation.Scale seconds. Means of
// buckets do not add up; see [Place.TimeQuery].
func (p Place) MeanQuery(by string, only ...metricquery.Filter) string {
	return p.query("avg", p.Operation.Latency, by, only)
}

// PercentileQuery is a percentile (50, 95, 99) of the latency, in units of
// Operation.Scale seconds; empty where there is no distribution.
func (p Place) PercentileQuery(percent int, by string, only ...metricquery.Filter) string {
	return p.query("p"+strconv.Itoa(percent), p.Operation.Latency, by, only)
}
