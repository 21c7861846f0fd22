package policy

import (
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Verdict is the answer, for a rule and for all of them.
type Verdict string

// The verdicts, worst last.
const (
	Pass      Verdict = "pass"
	Warning   Verdict = "warn"
	Undecided Verdict = "undecided"
	Fail      Verdict = "fail"
)

// Request is what is asked beside the policy.
type Request struct {
	// At is the instant for which is asked: freezes and expiries go by it.
	At time.Time
	// Now is the instant against which the age of the newest point is held: At
	// where somebody named it, else the present.
	Now time.Time
	// Change is the kind of change: "" or [Fix].
	Change string
	// Expect is how many objectives there have to be at least, from the command line; 0 for one.
	Expect int
	// OnUndecided and OnUnavailable, when set, are Pass or Fail: what is said
	// instead where nothing can be decided, or where Datadog did not answer.
	OnUndecided, OnUnavailable Verdict
	// Listed are all objectives that exist, selected or not: names are looked up among them.
	Listed []slo.Definition
	// Gaps are what is missing of what was asked about all objectives: each
	// leaves the gate undecided.
	Gaps []slo.Defect
	// Nearest are objectives whose names come close to one that is required and
	// does not exist; may be nil.
	Nearest func(name string) []string
}

// Decision is what the policy makes of the objectives.
type Decision struct {
	Verdict Verdict
	// Outcome is why, in the terms of exit codes.
	Outcome Outcome
	// Checks are all rules that were looked at, in the order of the objectives
	// and of the rules; those of the whole gate come first.
	Checks []Check
	Notes  []slo.Note
}

// Outcome is how the process ends, worst last; the first that applies from the
// end wins. The zero Outcome is none, and no pass.
type Outcome int

// The outcomes.
const (
	// Passed: pass or warn.
	Passed Outcome = iota + 1
	// Open: no objective, no data, too little or too old data.
	Open
	// Unreachable: Datadog did not answer for a selected objective.
	Unreachable
	// Violated: a blocking rule does not hold.
	Violated
	// Refused: the credentials are missing, refused or lack a scope.
	Refused
)

// Unit is what the value and the threshold of a check count.
type Unit string

// The units.
const (
	Percent   Unit = "percent"
	BurnRate  Unit = "burn_rate"
	Events    Unit = "events"
	Ratio     Unit = "ratio"
	SecondsOf Unit = "seconds"
	SLOs      Unit = "slos"
)

// Check is one rule that was looked at.
type Check struct {
	// SLOID and SLO are empty, and Timeframe 0, for rules of the whole gate.
	SLOID, SLO string
	Timeframe  slo.Timeframe
	Rule       string
	Verdict    Verdict
	// Value is held against Threshold; either may be unknown.
	Value, Threshold slo.Figure
	Unit             Unit
	// Window is what the value is of; empty when it is of no stretch of time.
	Window timeseries.Span
	// Confirm is the short window of a burn rule; nil for others.
	Confirm *Confirm
	// Reason is one plain sentence without a full stop: what was found.
	Reason string
	// Since is from when on the rule has not held, as far as that is known;
	// empty when it is not, or does. A stretch longer than five minutes says that it is not known better.
	Since timeseries.Span
	// SinceBefore says that it began before Since and how long before is not known.
	SinceBefore bool
	// Until is when the rule holds again by itself at the present pace, UntilQuiet
	// the same if nothing more fails; 0 when not known.
	Until, UntilQuiet int64
	// Do says what to do about it; empty where the rule holds.
	Do string
	// From is who set the threshold: "default", a section's name and place, or a flag.
	From string
	// Override is the one that lets the rule pass; nil otherwise. What the verdict
	// would be without it, or without being a fix, is in Without.
	Override *Override
	Without  Verdict
	// Blocks says that the rule, did it not hold, would fail the gate.
	Blocks bool
	// Kind is whose turn it is where an objective could not be evaluated; empty otherwise.
	Kind slo.DefectKind
}

// Confirm is the short window that has to agree with the long one.
type Confirm struct {
	Window timeseries.Span
	Value  slo.Figure
}
