// Package endpoint is the use case behind slo endpoints: requests, errors and
// latency of each endpoint of a service, beside a comparable earlier stretch.
package endpoint

import (
	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Grouping is what the rows of a table are.
type Grouping string

// The groupings.
const (
	ByEndpoint Grouping = "endpoint" // resource_name
	ByVersion  Grouping = "version"
	ByStatus   Grouping = "status" // http.status_class, or the gRPC status where there is one
	ByEnv      Grouping = "env"
)

// ErrorKind says what counts as an error.
type ErrorKind string

// The kinds of errors.
const (
	Flagged      ErrorKind = "flagged" // error-flagged spans
	ServerErrors ErrorKind = "5xx"
	ClientErrors ErrorKind = "4xx"
)

// Query is what is asked of a service.
type Query struct {
	Service, Env, Operation string
	// Span is the stretch that is looked at: multiples of 300 s.
	Span timeseries.Span
	// Baseline is what it is held against.
	Baseline Baseline
	By       Grouping
	Errors   ErrorKind
	// Exclude are globs of endpoints that are left out, such as health checks.
	Exclude []string
}

// BaselineKind says which earlier stretch is comparable.
type BaselineKind string

// The kinds of baselines.
const (
	Previous BaselineKind = "previous" // the same length right before
	Week     BaselineKind = "week"     // the same hours a week (or as many weeks as it takes not to overlap) earlier
	Release  BaselineKind = "release"  // the same length right before the newest release before the end
	Chosen   BaselineKind = "chosen"   // Span
)

// Baseline is the earlier stretch that the span is held against.
type Baseline struct {
	Kind BaselineKind
	// Span is the stretch of the kind Chosen.
	Span timeseries.Span
}

// Figures are the measurements of one group in one stretch. NaN is unknown.
type Figures struct {
	Requests, Errors float64
	// ErrorRate is Errors ÷ Requests, NaN without requests.
	ErrorRate float64
	// Seconds is the time spent in all requests together, and Mean the time of one:
	// Seconds by how many requests were timed. Both are NaN where no request was.
	Seconds, Mean float64
	// P50, P95 and P99 are percentiles of the latency over the whole stretch, in seconds.
	P50, P95, P99 float64
	// untimed says that the time of a group is not known, and in the rest.
	untimed bool
}

// Row is one group: an endpoint, a version, a status class or an environment.
type Row struct {
	// Name is for people ("POST /login"), Tag as Datadog has it ("resource_name:post_/login").
	Name, Tag   string
	Now, Before Figures
	// Shares of the total's requests, errors, time, 0 to 1, and Change, the share of
	// the change of requests since the baseline; NaN where the total is 0, or hardly
	// changed (by less than a percent). Change may be negative or beyond 1.
	// Where the baseline is longer or shorter than the span, it counts as much as if it were as long.
	RequestShare, ErrorShare, TimeShare, ChangeShare float64
	// Trend are requests in equal parts of the span, oldest first; what of a
	// bucket lies in which part is in proportion to time.
	Trend []float64
	// New and Gone: no request in the baseline, or none in the span, as far as that is known.
	New, Gone bool
	// Uneven marks a sum of groups of which some are unknown in one of the
	// stretches only, so that the two are not to be compared.
	Uneven bool
}

// Table is the answer to a [Query].
type Table struct {
	Place          apm.Place
	By             Grouping
	Errors         ErrorKind
	Span, Baseline timeseries.Span
	BaselineKind   BaselineKind
	// Rows are all groups, unsorted.
	Rows []Row
	// Total is the whole service, asked for as such; without what was excluded.
	Total Row
	// Rest is what the total has beyond the sum of all rows, nil when there is
	// nothing: Datadog answered for some of the groups only, or a part has no such
	// tag. Figures of rows that are unknown are in it.
	Rest *Row
	// Coverage is the share of the total's requests that the rows account for; NaN without requests.
	Coverage float64
	Notes    []slo.Note
}

// NoteAllExcluded is the code of the note that nothing is left of a table because all was excluded.
const NoteAllExcluded = "all_excluded"
