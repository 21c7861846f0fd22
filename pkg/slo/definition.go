package slo

import "time"

// Definition is one service level objective as its owner wrote it: what is
// measured, and how much of it has to be good over which windows.
type Definition struct {
	ID, Name, Description string
	// Type is Datadog's word as found, also where this version knows no such type.
	Type   Type
	Source Source
	// Tags are "key:value" or bare words, in Datadog's order.
	Tags []string
	// SLI is what is measured; nil where Defect says why it cannot be.
	SLI SLI
	// Objectives holds one entry for each timeframe, shortest first.
	Objectives []Objective
	// Primary is the timeframe that Datadog shows first; zero when the object names none.
	Primary Timeframe
	// Created and Modified are zero when unknown.
	Created, Modified time.Time
	// Defect says why this objective cannot be evaluated at all; nil when it can.
	Defect *Defect
	// Notes is what a reader of any figure of this objective must know.
	Notes []Note
}

// Source is where a definition comes from.
type Source string

// The sources.
const (
	FromDatadog Source = "datadog"
	FromFile    Source = "file"
)

// Type is Datadog's word for the kind of SLI.
type Type string

// The SLO types.
const (
	Metric    Type = "metric"
	TimeSlice Type = "time_slice"
	Monitor   Type = "monitor"
)

// SLI is what an objective measures: one of [EventSLI], [SliceSLI] and [MonitorSLI].
type SLI interface{ sli() }

// EventSLI counts events (Datadog: metric SLO): good ÷ valid. Each side is a
// weighted sum of metric queries, which is what makes it independent of the
// width of the buckets it is summed over.
type EventSLI struct {
	Good, Valid []Term
	// GroupBy are the tag keys that both sides group by, in the order of the query.
	GroupBy []string
}

// Term is one metric query of a weighted sum.
type Term struct {
	Weight float64
	// Query is the text that Datadog is asked for.
	Query string
}

// SliceSLI counts time slices in which a value compares well (Datadog: time slice SLO).
type SliceSLI struct {
	// Formula is over the names of Queries; Queries maps a name to its text.
	Formula string
	Queries map[string]string
	// Comparator is one of ">", ">=", "<", "<="; a slice is good when value Comparator Threshold holds.
	Comparator string
	Threshold  float64
	// Seconds is the length of a slice: 60 or 300.
	Seconds int64
	// NoDataStrategy is Datadog's undocumented field, as found; empty when absent.
	NoDataStrategy string
}

// MonitorSLI counts the time in which no monitor alerts (Datadog: monitor SLO).
type MonitorSLI struct {
	MonitorIDs []int64
	// Groups narrows one multi-alert monitor to some of its groups; empty means all.
	Groups []string
}

func (EventSLI) sli()   {}
func (SliceSLI) sli()   {}
func (MonitorSLI) sli() {}

// Objective is the target of one timeframe.
type Objective struct {
	Timeframe Timeframe
	Target    Target
	// Warning lies between the target and 100; the zero Target when there is none.
	Warning Target
}

// Defect is why an objective or one of its windows has no figure.
type Defect struct {
	Kind    DefectKind
	Message string
	// Hints say what to type or read next.
	Hints []string
	// Lasting says that asking again changes nothing: Datadog answered, and does
	// not have what was asked for any more, or does not tell what it means.
	Lasting bool
}

// Error is the message, so that a Defect can travel as an error.
func (d *Defect) Error() string { return d.Message }

// DefectKind says whose turn it is to mend a [Defect].
type DefectKind string

// The kinds, as in the JSON contract.
const (
	// Auth: the credentials are missing, refused, or lack a scope.
	Auth DefectKind = "auth"
	// Unavailable: Datadog could not be reached, failed, or limited the rate past the deadline.
	Unavailable DefectKind = "unavailable"
	// Invalid: the definition or the answer does not make sense.
	Invalid DefectKind = "invalid"
	// Unsupported: this version of slo does not evaluate such an objective.
	Unsupported DefectKind = "unsupported"
)

// Note is something the reader must know about a number. Code is stable, Text is for people.
type Note struct {
	Code string
	Text string
}
