// Package apm knows which services have trace metrics, how these are named, and
// how to get them: in few requests, around what the shelf holds. It is shared by
// the use cases that look at services instead of SLOs.
package apm

import (
	"context"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Directory knows which metrics there are.
type Directory interface {
	// ActiveMetrics lists the names of the metrics that were reported since an
	// instant (Unix seconds) with a tag; an empty tag is any. Tag is "key:value".
	ActiveMetrics(ctx context.Context, since int64, tag string) ([]string, error)
	// MetricInfo is a metric's type (count, rate, gauge, distribution) and unit
	// (second, nanosecond, …), each empty where Datadog does not say. NotFound() as elsewhere.
	MetricInfo(ctx context.Context, name string) (timeseries.MetricInfo, error)
}

// Metrics answers metric queries with points; see evaluation.Metrics.
type Metrics interface {
	Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error)
}

// Scalars answers metric queries with one number a group.
type Scalars interface {
	// Scalars returns one answer for each query, in order. An error means that none was answered.
	Scalars(ctx context.Context, r timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error)
}

// Shelf keeps what was answered about time that is past changing; see evaluation.Shelf.
type Shelf interface {
	Held(key string, step int64) []timeseries.Span
	Series(key string, step int64, span timeseries.Span) (timeseries.Answer, bool)
	Keep(r timeseries.Request, answers []timeseries.Answer)
	Forget(key string)
}

// Source is where trace metrics come from.
type Source struct {
	Directory Directory
	Metrics   Metrics
	Scalars   Scalars
	// Shelf is nil where nothing is kept.
	Shelf Shelf
	// Concurrency is how many requests are under way at once.
	Concurrency int
	// Progress, when set, is told after each request how many are answered. Safe for concurrent use.
	Progress func(done, total int)
	// Pick chooses one of n things by chance: what of the shelf is asked for again;
	// nil for nothing.
	Pick func(n int) int
	// Offline says that nothing can be asked: what was silent when it was asked is taken to be.
	Offline bool
}

// Operation is one kind of work of a service, with the names of its trace
// metrics; a name is empty where there is no such metric.
type Operation struct {
	// Name is the span name, such as http.request.
	Name string
	// Hits and Errors count requests and spans that were flagged as errors.
	Hits, Errors string
	// HitsByStatus counts requests by http.status_class, ErrorsByStatus those that were flagged.
	HitsByStatus, ErrorsByStatus string
	// Latency is the distribution of latencies.
	Latency string
	// Duration is the legacy gauge of total time, where there is no distribution.
	Duration string
	// Scale turns values of Latency or Duration into seconds (1 for seconds). It
	// is NaN where nobody asked for the unit: of operations that are not an entry
	// and not the first of their place.
	Scale float64
}

// Place is one operation of one service in one environment.
type Place struct {
	Service, Env string
	Operation    Operation
	// Requests is how many there were in the span of the search, give or take an hour at its ends.
	Requests float64
}

// Search says which services are looked for. Empty fields are "all" for
// Services and "choose" for Env and Operation.
type Search struct {
	Services       []string
	Env, Operation string
	// Span is when; places without a request in it are not found.
	Span timeseries.Span
}

// Catalog is what a search found.
type Catalog struct {
	// Places are the chosen ones: for each service its environment, and its
	// operations with that of the most interest first.
	Places []Place
	// Others are the places that were not chosen (other environments).
	Others []Place
	Notes  []slo.Note
}

// UnknownError says that a name names nothing: Kind is service, environment or operation.
type UnknownError struct {
	Kind, Name string
	// Nearest are names that exist, nearest first, and Known how many exist.
	Nearest []string
	Known   int
}
