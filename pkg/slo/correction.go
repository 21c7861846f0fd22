package slo

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Correction is a Datadog status correction: a stretch that its owners took out of the reckoning.
type Correction struct {
	ID, Category, Description string
	// SLOID names the one objective it applies to; empty when Query selects several.
	SLOID string
	// Query selects objectives by their tags.
	Query string
	// Start and End are Unix seconds; End is 0 for a recurring correction.
	Start, End int64
	// Duration is the length in seconds of one occurrence of a recurring correction.
	Duration int64
	// Rule is the iCalendar recurrence rule; empty for a correction that happens once.
	Rule string
	// Timezone is the zone that Datadog shows a recurring correction in; occurrences are reckoned in UTC.
	Timezone string
	// Unreadable says what of it could not be understood; then only the fields
	// above that could be read are set.
	Unreadable string
}

// Occurrence is one stretch of time that a correction takes out.
type Occurrence struct {
	ID   string
	Span timeseries.Span
}

// EdgeRule says whether a bucket, slice or minute that a correction touches
// only in part counts as corrected. Datadog does not document which one it uses.
type EdgeRule int

// The rules. ByStart is the one that figures are computed by; the others show
// how much the choice matters.
const (
	// ByStart corrects what begins inside the correction.
	ByStart EdgeRule = iota
	// AnyOverlap corrects whatever the correction touches.
	AnyOverlap
	// WhollyInside corrects only what lies inside the correction from end to end.
	WhollyInside
)

// EdgeRules are all of them.
var EdgeRules = [3]EdgeRule{ByStart, AnyOverlap, WhollyInside}

// Effective are the stretches that the occurrences take out where time comes
// in steps of the given number of seconds: in order, disjoint, their ends
// multiples of step. Occurrences may overlap; what several take out is taken out once.
func Effective(occurrences []Occurrence, step int64, rule EdgeRule) []timeseries.Span {
	spans := make([]timeseries.Span, 0, len(occurrences))
	for _, o := range occurrences {
		spans = append(spans, o.Span)
	}
	// United before the rule is applied: what lies inside two that meet lies
	// inside what is taken out.
	spans = Union(spans)
	for i, s := range spans {
		spans[i] = timeseries.Span{Start: timeseries.Ceil(s.Start, step), End: timeseries.Ceil(s.End, step)}
		if rule == AnyOverlap {
			spans[i].Start = timeseries.Floor(s.Start, step)
		}
		if rule == WhollyInside {
			spans[i].End = timeseries.Floor(s.End, step)
		}
	}
	return Union(spans)
}

// Union is the same time in order and without overlaps; stretches that touch become one.
func Union(spans []timeseries.Span) []timeseries.Span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b timeseries.Span) int { return cmp.Compare(a.Start, b.Start) })
	var union []timeseries.Span
	for _, s := range spans {
		if s.Empty() {
			continue
		}
		if n := len(union); n > 0 && s.Start <= union[n-1].End {
			union[n-1].End = max(union[n-1].End, s.End)
			continue
		}
		union = append(union, s)
	}
	return union
}

// Edges are the instants between which no bucket may lie when the occurrences
// are applied by any of the rules, where buckets of step seconds are the finest.
func Edges(occurrences []Occurrence, step int64) []int64 {
	var edges []int64
	for _, o := range occurrences {
		for _, t := range []int64{o.Span.Start, o.Span.End} {
			edges = append(edges, timeseries.Floor(t, step), timeseries.Ceil(t, step))
		}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}
