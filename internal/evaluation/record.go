package evaluation

import (
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// record is what was observed of one objective, before status corrections.
type record struct {
	overall observed
	groups  []groupRecord
	// alone is the state of the objective as a whole in Datadog's own record,
	// where that is not what overall is made from; nil otherwise.
	alone *observed
	// track is the whole in Datadog's history, where the record comes from that.
	track *slo.Track
	// partlySeen says that the record tells whether there was a value, not whether
	// there was data, so that the coverage is not known.
	partlySeen bool
	// monitors are those whose states these are.
	monitors []slo.MonitorSettings
	notes    []slo.Note
}

// groupRecord is what was observed of one group.
type groupRecord struct {
	name string
	observed
}

// observed is evidence before status corrections: counted events, or a timeline.
type observed struct {
	counts   slo.Events
	timeline *slo.Timeline
	// step is the length of a slice in seconds; 0 for monitors.
	step int64
	// uncarried is time without data that counts like what was before it, where
	// that is not known; it is not in the timeline.
	uncarried timeseries.Span
	// under is the timeline with time without data counted by another policy.
	under func(slo.SilencePolicy) (slo.Timeline, error)
}

// evaluated is the finest step of a monitor's evaluations in seconds, within
// which an edge of a correction may fall either way.
const evaluated = 60

// corrected are the stretches that status corrections take out by a rule.
func (o observed) corrected(occurrences []slo.Occurrence, rule slo.EdgeRule) []timeseries.Span {
	switch {
	case o.timeline == nil:
		return slo.Effective(occurrences, slo.BucketSeconds, rule)
	case o.step > 0:
		return slo.Effective(occurrences, o.step, rule)
	case rule == slo.ByStart:
		return slo.Effective(occurrences, 1, rule)
	}
	return slo.Effective(occurrences, evaluated, rule)
}

// events is the evidence with status corrections applied by a rule, such that
// no bucket straddles a cut.
func (o observed) events(occurrences []slo.Occurrence, rule slo.EdgeRule, cuts []int64) slo.Events {
	spans := o.corrected(occurrences, rule)
	if o.timeline == nil {
		e := o.counts
		e.Excluded = spans
		return e
	}
	return o.apply(*o.timeline, spans).Events(*o.timeline, cuts)
}

// apply takes stretches out of a timeline by the type of the objective: slices
// count as up, a monitor's time is removed.
func (o observed) apply(t slo.Timeline, spans []timeseries.Span) slo.Timeline {
	if o.step > 0 {
		return t.Excused(spans)
	}
	return t.Without(spans)
}
