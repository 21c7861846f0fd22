package scenario

import (
	"reflect"
	"time"
)

// OwnFigure says how the figures that the simulated Datadog serves of an SLO
// (search, history, status) deviate from the documented reckoning. The zero
// value: not at all.
type OwnFigure struct {
	// IgnoreCorrections: status corrections are not applied.
	IgnoreCorrections bool
	// Edge is the rule for a bucket or slice that a correction touches in
	// part: [EdgeOverlap] or [EdgeInside]; empty: corrected when its start lies
	// in [start, end).
	Edge string
	// MissingDown: a slice without a value is down, and a monitor without data
	// counts the other way round.
	MissingDown bool
	// OnlyGroups, when not empty, are the only groups that count.
	OnlyGroups []string
	// Decimals is how many decimals the percentage is cut to; nil: all are served.
	Decimals *int
	// Behind: the figure is that of a window ending so much before what is said.
	Behind time.Duration
	// Late: computed while the newest so much of metric data had not arrived.
	Late time.Duration
	// SinceModified: only what came after Modified counts.
	SinceModified bool
	// Preview: history says that it is a preview; the figure is only of what
	// lies before the last transition in the window.
	Preview bool
	// Off, in percentage points, is added to the percentage. Nothing explains it.
	Off float64
}

// Documented reports whether nothing deviates: Datadog's figures are what its
// documentation makes of the same data.
func (o OwnFigure) Documented() bool { return reflect.DeepEqual(o, OwnFigure{}) }

// The rules of OwnFigure.Edge beside the documented one.
const (
	// EdgeOverlap: corrected when any part of it lies in the correction.
	EdgeOverlap = "overlap"
	// EdgeInside: corrected when all of it lies in the correction.
	EdgeInside = "inside"
)
