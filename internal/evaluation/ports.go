package evaluation

import (
	"context"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Every error of a port wraps a *slo.Defect that says whose turn it is, unless
// ctx ended. An error with a method NotFound that returns true says that
// Datadog does not have what was asked for; one with a method NotCached, that
// the cache has no answer and nothing else may be asked.

// Catalog knows the objectives.
type Catalog interface {
	// SLOs lists every objective once; what cannot be evaluated carries its Defect.
	SLOs(ctx context.Context) ([]slo.Definition, []slo.Note, error)
	// Corrections lists every status correction of the organisation.
	Corrections(ctx context.Context) ([]slo.Correction, error)
	// CorrectionsOf lists the status corrections that Datadog applies to one objective.
	CorrectionsOf(ctx context.Context, id string) ([]slo.Correction, error)
	// Settle completes definitions whose queries cannot be asked before
	// something else about them is known, in place. What cannot be completed gets its Defect.
	Settle(ctx context.Context, defs []slo.Definition) error
}

// Metrics answers metric queries. One call is one request: span and step are
// such that it can be answered at full resolution.
type Metrics interface {
	// Series returns one answer for each query and then one for each formula, in
	// order. An error means that none was answered; a query that failed alone
	// carries its error in its answer.
	Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error)
}

// Records knows what Datadog itself recorded and computed.
type Records interface {
	// Reported lists Datadog's own figures for every window of every objective.
	Reported(ctx context.Context) ([]slo.Reported, []slo.Note, error)
	// History is Datadog's account of one objective over one window.
	History(ctx context.Context, r slo.HistoryRequest) (slo.History, error)
	// Monitor is one monitor's settings.
	Monitor(ctx context.Context, id int64) (slo.MonitorSettings, error)
}

// Shelf keeps what was answered about time that is past changing. It never
// fails: what it cannot give it does not have. What it keeps is known by the
// text of a query, or by a formula's key.
type Shelf interface {
	// Held are the stretches that it has of a query at a step, in order and disjoint.
	Held(key string, step int64) []timeseries.Span
	// Series is the answer for a stretch that is held; false when it is gone or
	// damaged after all.
	Series(key string, step int64, span timeseries.Span) (timeseries.Answer, bool)
	// Keep takes what of the answers to a request is past changing.
	Keep(r timeseries.Request, answers []timeseries.Answer)
	// Forget drops all that is held of a query.
	Forget(key string)
	// History is what is kept of an objective's transitions, up to the end of its
	// window, under the stamp that they were kept with.
	History(key string) (h slo.History, stamp string, ok bool)
	KeepHistory(key, stamp string, h slo.History)
}
