package apm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Loaded is what [Source.Load] got.
type Loaded struct {
	parts map[want][]part
	notes []slo.Note
}

// part is the answer for one stretch.
type part struct {
	span   timeseries.Span
	answer timeseries.Answer
}

func (l *Loaded) add(w want, p part) { l.parts[w] = append(l.parts[w], p) }

// Notes are what the reader must know of how it was got.
func (l *Loaded) Notes() []slo.Note { return l.notes }

// Answer is what was answered to a query over a span: dense, with missing
// values where there was no point, the groups in order of their tags. Its error
// is that of the first part of the span that was not answered. What was never
// asked for is an error as well, never silence.
func (l *Loaded) Answer(query string, span timeseries.Span, step int64) timeseries.Answer {
	if step <= 0 || span.Empty() || span.Start%step != 0 || span.End%step != 0 {
		return timeseries.Answer{Err: &slo.Defect{Kind: slo.Invalid, Message: fmt.Sprintf("the span %s does not consist of steps of %d s", span, step)}}
	}
	parts := slices.Clone(l.parts[want{query, step}])
	parts = slices.DeleteFunc(parts, func(p part) bool { return !p.span.Overlaps(span) })
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.span.Start, b.span.Start) })
	var out timeseries.Answer
	at := map[string]int{}
	covered := span.Start
	for _, p := range parts {
		if p.answer.Err != nil {
			return timeseries.Answer{Err: p.answer.Err}
		}
		if p.span.Start > covered {
			break
		}
		covered = max(covered, p.span.End)
		out.Every = max(out.Every, p.answer.Every)
		for _, g := range p.answer.Groups {
			copyGroup(&out, at, g, span, step)
		}
	}
	if covered < span.End {
		return timeseries.Answer{Err: &slo.Defect{Kind: slo.Unavailable, Message: fmt.Sprintf("%s was not answered for %s", query, span)}}
	}
	slices.SortFunc(out.Groups, func(a, b timeseries.Group) int { return slices.Compare(a.Tags, b.Tags) })
	return out
}

// copyGroup adds what of a group's series lies in the span.
func copyGroup(out *timeseries.Answer, at map[string]int, g timeseries.Group, span timeseries.Span, step int64) {
	both := g.Series.Span().Intersect(span)
	if both.Empty() || g.Series.Step != step {
		return
	}
	values := g.Series.Values[(both.Start-g.Series.Start)/step : (both.End-g.Series.Start)/step]
	if !slices.ContainsFunc(values, func(v float64) bool { return !timeseries.IsMissing(v) }) {
		return
	}
	key := strings.Join(g.Tags, "\x00")
	i, known := at[key]
	if !known {
		i = len(out.Groups)
		at[key] = i
		series := timeseries.Series{Start: span.Start, Step: step, Values: values}
		if both != span { // a group that is told of by one part alone is not copied
			series = timeseries.Blank(span, step)
		}
		out.Groups = append(out.Groups, timeseries.Group{Tags: g.Tags, Series: series})
		if both == span {
			return
		}
	}
	copy(out.Groups[i].Series.Values[(both.Start-span.Start)/step:], values)
}
