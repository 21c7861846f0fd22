package slo_test

import (
	"github.com/slo-cli/slo/pkg/slo"
)

// edgeRules are the rules by the name that the vector language has for them.
func edgeRules() map[string]slo.EdgeRule {
	return map[string]slo.EdgeRule{
		"by_start": slo.ByStart, "any_overlap": slo.AnyOverlap, "wholly_inside": slo.WhollyInside,
	}
}

// naiveTakenOut is whether a second lies in any of the corrections.
func naiveTakenOut(occurrences []slo.Occurrence, second int64) bool {
	for _, o := range occurrences {
		if o.Span.Start <= second && second < o.Span.End {
			return true
		}
	}
	return false
}

// naiveCorrected looks at every second of a bucket or slice.
func naiveCorrected(occurrences []slo.Occurrence, start, end int64, rule slo.EdgeRule) bool {
	if len(occurrences) == 0 {
		return false
	}
	seconds := int64(0)
	for second := start; second < end; second++ {
		if naiveTakenOut(occurrences, second) {
			seconds++
		}
	}
	switch rule {
	case slo.AnyOverlap:
		return seconds > 0
	case slo.WhollyInside:
		return seconds == end-start
	}
	return naiveTakenOut(occurrences, start)
}
