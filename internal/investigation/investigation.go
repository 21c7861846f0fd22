// Package investigation is the use case behind slo investigate: what is unusual
// about services, since when, carried by which endpoints, at what cost, and what
// happened around it.
package investigation

import (
	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Signal is what of a service is looked at.
type Signal string

// The signals.
const (
	Requests  Signal = "requests"
	Errors    Signal = "errors"
	ErrorRate Signal = "error_rate"
	Latency   Signal = "latency" // the mean
)

// Query is what is asked.
type Query struct {
	// Services are those that are looked at; none: all with trace metrics.
	Services       []string
	Env, Operation string
	// Span is what is looked at, multiples of 300 s; what is usual is learned from before it.
	Span timeseries.Span
	// Signals are those that are wanted; none: all.
	Signals []Signal
}

// Share is the part of a change that something carries. The shares of all are 1 in sum.
type Share struct {
	Name  string
	Share float64
}

// Cost is what a finding took of an SLO's error budget.
type Cost struct {
	ID, Name string
	// Percent is of the whole budget of the SLO's window, as it is now.
	Percent float64
	// Usual is what the same hours took Weeks earlier, of the same budget; NaN where that is not known.
	Usual     float64
	Weeks     int
	Timeframe slo.Timeframe
}

// Finding is one unusual stretch of one signal of a service or an endpoint.
type Finding struct {
	Place apm.Place
	// Resource is the endpoint for people ("POST /login"), Tag as Datadog has it
	// ("resource_name:post_/login"); both empty for the whole service.
	Resource, Tag string
	Signal        Signal
	// Finding has the values: requests and errors a bucket of Step seconds, rates 0 to 1, latency in seconds.
	anomaly.Finding
	Step int64
	// Start and End are as exact as the data, End 0 while it goes on and where it stayed.
	Start, End int64
	// Resolution is how exact they are, in seconds.
	Resolution int64
	// Contributors are the endpoints that carry it, the largest share first.
	Contributors []Share
	// Statuses and Versions split the same change; empty where the service has none.
	Statuses, Versions []Share
	Costs              []Cost
	Nearby             []timeseries.Event
	// Query is the metric query of the signal, ready to copy.
	Query string
	// Shown says that people see it without asking; Hidden says why not: small, part of another, less important.
	Shown  bool
	Hidden string
	// Chart is the series around it.
	Chart Chart
}

// Chart is a series with what was usual. All slices have one entry a bucket; NaN is unknown.
type Chart struct {
	Series    timeseries.Series
	Low, High []float64
}

// Report is the answer to a [Query].
type Report struct {
	// Span is what was looked at, and History from when on the usual was learned.
	Span    timeseries.Span
	History int64
	Step    int64
	// Places are where was looked, and Endpoints how many of how many endpoints one by one.
	Places           []apm.Place
	Endpoints, Known int
	// Findings are the most important first, also those that are not shown.
	Findings []Finding
	Notes    []slo.Note
}
