package evaluation

import (
	"context"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Catalog knows the objectives. Its errors wrap a *slo.Defect that says whose turn it is, unless ctx ended.
type Catalog interface {
	// SLOs lists every objective once; what cannot be evaluated carries its Defect.
	SLOs(ctx context.Context) ([]slo.Definition, []slo.Note, error)
	// Corrections lists every status correction of the organisation.
	Corrections(ctx context.Context) ([]slo.Correction, error)
	// Settle completes definitions whose queries cannot be asked before
	// something else about them is known, in place. What cannot be completed gets its Defect.
	Settle(ctx context.Context, defs []slo.Definition) error
}

// Metrics answers metric queries. One call is one request: span and step are
// such that it can be answered at full resolution.
type Metrics interface {
	// Series returns one answer for each query, in order. An error means that
	// none was answered; a query that failed alone carries its error in its answer.
	// Errors wrap a *slo.Defect unless ctx ended.
	Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error)
}
