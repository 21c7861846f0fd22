package slo

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Timeline is how a time-based objective, or one of its groups, stood over
// time, to the second: the evidence of monitors and of time slices.
type Timeline struct {
	// Known is the stretch that was asked for.
	Known timeseries.Span
	// Stretches are in order and do not overlap. Time between them does not
	// count: a paused test, or a group that did not exist.
	Stretches []Stretch
}

// Stretch is time of one kind.
type Stretch struct {
	Span timeseries.Span
	// Up says how it counts.
	Up bool
	// Observed says that there was data; time without it counts by some policy.
	Observed bool
}

// push appends a stretch, as part of the last one where that is of the same kind and touches it.
func (t *Timeline) push(s Stretch) {
	if s.Span.Empty() {
		return
	}
	if n := len(t.Stretches); n > 0 {
		last := &t.Stretches[n-1]
		if last.Span.End == s.Span.Start && last.Up == s.Up && last.Observed == s.Observed {
			last.Span.End = s.Span.End
			return
		}
	}
	t.Stretches = append(t.Stretches, s)
}

// TransitionError says that transitions do not make a history.
type TransitionError struct {
	At     int64
	Reason string
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("the transition at %s %s", timeseries.Format(e.At), e.Reason)
}

// FromTransitions is the timeline of one monitor or group over the stretch
// known. Each state lasts until the next transition, the last one to the end.
// Time before the first transition does not count: nothing is known of it.
// Silence says how time without data counts; under [SilenceCarried] it does
// not count before any other state is known.
//
// Transitions that are not in order of time, and silence under
// [SilenceUnknown], are a [TransitionError].
func FromTransitions(transitions []Transition, silence SilencePolicy, known timeseries.Span) (Timeline, error) {
	t := Timeline{Known: known}
	var last *bool // the last known status
	for i, tr := range transitions {
		if i > 0 && tr.At <= transitions[i-1].At {
			return Timeline{}, &TransitionError{tr.At, "is not after the one before it"}
		}
		span := timeseries.Span{Start: tr.At, End: known.End}
		if i+1 < len(transitions) {
			span.End = min(span.End, transitions[i+1].At)
		}
		span = span.Intersect(known)
		switch tr.State {
		case Up, Down:
			up := tr.State == Up
			last = &up
			t.push(Stretch{Span: span, Up: up, Observed: true})
		case Silent:
			switch silence {
			case SilenceUp, SilenceDown:
				t.push(Stretch{Span: span, Up: silence == SilenceUp})
			case SilenceCarried:
				if last != nil {
					t.push(Stretch{Span: span, Up: *last})
				}
			case SilenceRemoved:
			default:
				if !span.Empty() {
					return Timeline{}, &TransitionError{tr.At, "is to a state without data, and the monitor's settings do not tell how that counts"}
				}
			}
		default:
			return Timeline{}, &TransitionError{tr.At, fmt.Sprintf("is to the unknown state %d", tr.State)}
		}
	}
	return t, nil
}

// Slices are the values of a time slice objective on its grid.
type Slices struct {
	Start, Step int64
	// Value is the formula's, [timeseries.Missing] where it has none.
	Value []float64
	// Observed says, for each slice, whether an input of the formula has a point.
	Observed []bool
}

// Span is the stretch that the slices lie in.
func (s Slices) Span() timeseries.Span {
	return timeseries.Span{Start: s.Start, End: s.Start + s.Step*int64(len(s.Value))}
}

// FromSlices is the timeline of slices: up where the value compares well.
// A slice without a value counts by silence: as up by Datadog's documentation
// ([SilenceUp]), as down ([SilenceDown]), like the last one that has one
// ([SilenceCarried]; up before there is any), or not at all ([SilenceRemoved]).
func FromSlices(s Slices, c Comparison, silence SilencePolicy) Timeline {
	t := Timeline{Known: s.Span()}
	last := true
	for i, v := range s.Value {
		at := s.Start + int64(i)*s.Step
		up := silence != SilenceDown
		switch {
		case !timeseries.IsMissing(v):
			up = c.Holds(v)
			last = up
		case silence == SilenceRemoved:
			continue
		case silence == SilenceCarried:
			up = last
		}
		t.push(Stretch{Span: timeseries.Span{Start: at, End: at + s.Step}, Up: up, Observed: s.Observed[i]})
	}
	return t
}

// Comparison is what makes a slice good: value Comparator Threshold.
type Comparison struct {
	// Comparator is one of ">", ">=", "<", "<=".
	Comparator string
	Threshold  float64
}

// Holds reports whether the value compares well.
func (c Comparison) Holds(v float64) bool {
	switch c.Comparator {
	case ">":
		return v > c.Threshold
	case ">=":
		return v >= c.Threshold
	case "<":
		return v < c.Threshold
	case "<=":
		return v <= c.Threshold
	}
	return false
}

// AllUp is the timeline of several together: down where any one is down, up
// where at least one counts and none is down, observed where any one is.
func AllUp(parts []Timeline) Timeline {
	if len(parts) == 1 {
		return parts[0]
	}
	var all Timeline
	type change struct {
		at       int64
		up, down int // how many begin (1) or end (-1)
		observed int
	}
	var changes []change
	for i, p := range parts {
		if i == 0 {
			all.Known = p.Known
		} else {
			all.Known = all.Known.Intersect(p.Known)
		}
		for _, s := range p.Stretches {
			c := change{at: s.Span.Start, up: 1}
			if !s.Up {
				c = change{at: s.Span.Start, down: 1}
			}
			if s.Observed {
				c.observed = 1
			}
			changes = append(changes, c, change{at: s.Span.End, up: -c.up, down: -c.down, observed: -c.observed})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	var now change
	for i, c := range changes {
		now.up, now.down, now.observed = now.up+c.up, now.down+c.down, now.observed+c.observed
		if i+1 == len(changes) || changes[i+1].at == c.at || now.up+now.down == 0 {
			continue
		}
		span := timeseries.Span{Start: c.at, End: changes[i+1].at}.Intersect(all.Known)
		all.push(Stretch{Span: span, Up: now.down == 0, Observed: now.observed > 0})
	}
	return all
}

// Within is the timeline of a stretch.
func (t Timeline) Within(span timeseries.Span) Timeline {
	part := Timeline{Known: t.Known.Intersect(span)}
	for _, s := range t.Stretches {
		s.Span = s.Span.Intersect(span)
		part.push(s)
	}
	return part
}

// Filled is the timeline with the time that does not count counted as up or down.
func (t Timeline) Filled(up bool) Timeline {
	out := Timeline{Known: t.Known}
	at := t.Known.Start
	for _, s := range t.Stretches {
		out.push(Stretch{Span: timeseries.Span{Start: at, End: s.Span.Start}, Up: up})
		out.push(s)
		at = s.Span.End
	}
	out.push(Stretch{Span: timeseries.Span{Start: at, End: t.Known.End}, Up: up})
	return out
}

// UnseenDown is the timeline with the time without data counted as down.
func (t Timeline) UnseenDown() Timeline {
	out := Timeline{Known: t.Known}
	for _, s := range t.Stretches {
		s.Up = s.Up && s.Observed
		out.push(s)
	}
	return out
}

// Without is the timeline with stretches that do not count (status corrections
// of monitor objectives: the time is removed). Spans are in order and disjoint, as from [Effective].
func (t Timeline) Without(spans []timeseries.Span) Timeline {
	return t.outsideOf(spans, func(*Timeline, Stretch) {})
}

// Excused is the timeline with stretches that count as up (status corrections
// of time slice objectives). Spans are in order and disjoint, as from [Effective].
func (t Timeline) Excused(spans []timeseries.Span) Timeline {
	return t.outsideOf(spans, func(to *Timeline, s Stretch) {
		s.Up = true
		to.push(s)
	})
}

// outsideOf keeps what lies outside of the spans and hands over what lies inside.
func (t Timeline) outsideOf(spans []timeseries.Span, inside func(*Timeline, Stretch)) Timeline {
	out := Timeline{Known: t.Known}
	next := 0
	for _, s := range t.Stretches {
		for next < len(spans) && spans[next].End <= s.Span.Start {
			next++
		}
		rest := s
		for i := next; i < len(spans) && spans[i].Start < s.Span.End; i++ {
			before, within := rest, rest
			before.Span.End = min(rest.Span.End, spans[i].Start)
			out.push(before)
			within.Span = rest.Span.Intersect(spans[i])
			if !within.Span.Empty() {
				inside(&out, within)
			}
			rest.Span.Start = max(rest.Span.Start, min(rest.Span.End, spans[i].End))
		}
		out.push(rest)
	}
	return out
}

// Seconds are the seconds of a stretch that were up, that count, and in which there was data.
func (t Timeline) Seconds(span timeseries.Span) (up, counted, observed int64) {
	for _, s := range t.Stretches {
		n := s.Span.Intersect(span).Seconds()
		counted += n
		if s.Up {
			up += n
		}
		if s.Observed {
			observed += n
		}
	}
	return up, counted, observed
}

// observed are the stretches with data.
func (t Timeline) observed() []timeseries.Span {
	var spans []timeseries.Span
	for _, s := range t.Stretches {
		if s.Observed {
			spans = append(spans, s.Span)
		}
	}
	return Union(spans)
}

// Events is the timeline as good and valid seconds, in runs that no cut lies
// inside. Data is in the coverage where it was observed in seen, which is the
// timeline before corrections.
func (t Timeline) Events(seen Timeline, cuts []int64) Events {
	e := Events{Known: t.Known, Unit: Seconds, Observed: seen.observed()}
	next := 0
	for _, s := range t.Stretches {
		for start := s.Span.Start; start < s.Span.End; {
			for next < len(cuts) && cuts[next] <= start {
				next++
			}
			end := s.Span.End
			if next < len(cuts) {
				end = min(end, cuts[next])
			}
			length := float64(end - start)
			run := Run{Start: start, Step: end - start, Good: []float64{0}, Valid: []float64{length}}
			if s.Up {
				run.Good[0] = length
			}
			e.Runs = append(e.Runs, run)
			start = end
		}
	}
	return e
}
