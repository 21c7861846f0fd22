package evaluation

import (
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Comparison is Datadog's own figure for one window of an objective, beside
// what we compute for that very window.
type Comparison struct {
	Objective slo.Objective
	// Window is what Datadog's figure stands for.
	Window timeseries.Span
	// Attainment and RemainingPercent are Datadog's.
	Attainment, RemainingPercent slo.Figure
	// IndexedAt is when Datadog computed it, a Unix second.
	IndexedAt int64
	// Ours is our attainment for Window, up to the last whole bucket in it;
	// unknown when it could not be computed.
	Ours    slo.Figure
	Verdict Verdict
	// Reason is why the two differ, or why nothing can be said; empty when they agree.
	Reason Reason
	// Detail says the reason with its particulars, for people.
	Detail string
}

// Verdict is what a comparison found.
type Verdict int

// The verdicts.
const (
	// Incomparable: no honest comparison exists.
	Incomparable Verdict = iota
	Agrees
	Differs
)

// Reason is the stable code of why two figures differ. One is only given when
// computing again under it reproduces Datadog's figure, else it is Unexplained.
type Reason string

// The reasons.
const (
	IndexAge          Reason = "index_age"          // computed earlier than it says
	LateData          Reason = "late_data"          // computed before the newest points had arrived
	CorrectionsOff    Reason = "corrections_off"    // status corrections not applied
	CorrectionEdge    Reason = "correction_edge"    // another rule for what a correction touches in part
	DefinitionChanged Reason = "definition_changed" // only what came after the last edit
	MissingData       Reason = "missing_data"       // time without data counted the other way
	GroupSet          Reason = "group_set"          // another set of groups
	Precision         Reason = "precision"          // the figure is rounded
	Preview           Reason = "preview"            // Datadog is still computing
	Unexplained       Reason = "unexplained"
)

// Account is the full comparison of one window, from Datadog's history of the
// identical window: with status corrections and without.
type Account struct {
	Comparison
	// Ours and Theirs are with corrections, the Uncorrected ones without.
	Ours, OursUncorrected     Sums
	Theirs, TheirsUncorrected Sums
	// Problem is why Datadog gives no figure, in its own words.
	Problem string
	// Evidence is what somebody needs who is to look into an unexplained difference.
	Evidence []string
}

// Sums are the figures of a window; what one side does not give is unknown.
type Sums struct {
	Attainment, Good, Valid, RemainingPercent slo.Figure
}
