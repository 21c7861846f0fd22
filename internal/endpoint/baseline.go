package endpoint

import (
	"context"
	"fmt"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const week = 7 * day

// check refuses a query that cannot be answered as it stands.
func (q Query) check() error {
	invalid := func(hint, format string, args ...any) error {
		return &slo.Defect{Kind: slo.Unsupported, Message: fmt.Sprintf(format, args...), Hints: []string{hint}}
	}
	whole := func(s timeseries.Span) bool { return s.Start%fine == 0 && s.End%fine == 0 }
	switch {
	case q.Service == "":
		return invalid("name it with --service", "no service to look at")
	case q.Span.Seconds() < fine:
		return invalid("look at five minutes or more: --last, or --from and --to", "the stretch %s is too short", q.Span)
	case !whole(q.Span):
		return invalid("choose times on whole five minutes", "the stretch %s does not consist of whole five minutes", q.Span)
	case q.Baseline.Kind == Chosen && (q.Baseline.Span.Seconds() < fine || !whole(q.Baseline.Span)):
		return invalid("choose times on whole five minutes, the first before the second: --baseline FROM..TO", "the baseline %s cannot be used", q.Baseline.Span)
	}
	return nil
}

// baseline is the comparable earlier stretch; empty for the kind Release, which
// has to be asked for.
func (q Query) baseline() timeseries.Span {
	length := q.Span.Seconds()
	switch q.Baseline.Kind {
	case Chosen:
		return q.Baseline.Span
	case Previous:
		return q.Span.Shift(-length)
	case Release:
		return timeseries.Span{}
	default:
		return q.Span.Shift(-(length + week - 1) / week * week)
	}
}

// hull is the shortest span that has both.
func hull(a, b timeseries.Span) timeseries.Span {
	if b.Empty() {
		return a
	}
	return timeseries.Span{Start: min(a.Start, b.Start), End: max(a.End, b.End)}
}

// lookBack is how long before the end of a stretch of some length a release is
// looked for.
func lookBack(length int64) int64 { return min(max(30*day, length+week), 60*day) }

// sinceRelease finds the newest release before the end of the span: the first
// request of a version that was not there from the beginning. It returns the
// stretch since then, or as it is where the release lies before it, and the
// stretch of the same length right before the release.
func (s Service) sinceRelease(ctx context.Context, p apm.Place, span timeseries.Span) (now, before timeseries.Span, notes []slo.Note, err error) {
	query := p.HitsQuery(apm.ByVersion)
	look := timeseries.Span{Start: timeseries.Floor(span.End-lookBack(span.Seconds()), hour), End: timeseries.Floor(span.End, hour)}
	pieces := []piece{{look, hour}}
	if look.End < span.End {
		pieces = append(pieces, piece{timeseries.Span{Start: look.End, End: span.End}, fine})
	}
	l, err := s.Source.Load(ctx, demands([]string{query}, 0, pieces))
	if err != nil {
		return now, before, nil, fmt.Errorf("looking for releases: %w", err)
	}
	first := map[string]int64{}
	for _, part := range pieces {
		answer := l.Answer(query, part.span, part.step)
		if answer.Err != nil {
			return now, before, nil, fmt.Errorf("looking for releases: %w", answer.Err)
		}
		for _, g := range answer.Groups {
			tag := tagOf(g.Tags)
			if _, known := first[tag]; known {
				continue
			}
			if at, seen := firstPoint(g.Series); seen {
				first[tag] = at
			}
		}
	}
	version, at := "", look.Start
	for tag, t := range first {
		if t > at || t == at && version != "" && tag < version {
			version, at = tag, t
		}
	}
	if version == "" {
		return now, before, nil, &slo.Defect{
			Kind:    slo.Unsupported,
			Message: fmt.Sprintf("no release of %s was seen in %s: no version has its first request there", p.Service, look),
			Hints:   []string{"compare with --baseline week, previous, or FROM..TO", "versions come from the tag version (DD_VERSION)"},
		}
	}
	if at < look.End { // to five minutes
		one := p.HitsQuery("", apm.Tag(version))
		within := timeseries.Span{Start: at, End: at + hour}
		l, err := s.Source.Load(ctx, demands([]string{one}, 0, []piece{{within, fine}}))
		if err != nil {
			return now, before, nil, fmt.Errorf("looking for releases: %w", err)
		}
		answer := l.Answer(one, within, fine)
		if answer.Err != nil {
			return now, before, nil, fmt.Errorf("looking for releases: %w", answer.Err)
		}
		for _, g := range answer.Groups {
			if t, seen := firstPoint(g.Series); seen {
				at = t
			}
		}
	}
	if at > span.Start {
		span.Start = at
		notes = append(notes, slo.Note{Code: "since_release", Text: fmt.Sprintf(
			"the stretch begins with the release of %s at %s", apm.Name(version), timeseries.Format(at))})
	}
	return span, timeseries.Span{Start: at - span.Seconds(), End: at}, notes, nil
}

// firstPoint is the start of the first bucket with an event in it.
func firstPoint(s timeseries.Series) (int64, bool) {
	for i, v := range s.Values {
		if v > 0 {
			return s.Start + int64(i)*s.Step, true
		}
	}
	return 0, false
}
