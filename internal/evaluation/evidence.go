package evaluation

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// counts turns the answers of one objective into event counts on the pieces'
// grid: each side a weighted sum of its queries, for each group and pooled
// over all groups.
func (a answers) counts(sli slo.EventSLI, pieces []piece) (record, error) {
	if len(pieces) == 0 {
		return record{}, &slo.Defect{Kind: slo.Invalid, Message: "the plan does not reach over the window"}
	}
	known := timeseries.Span{Start: pieces[0].span.Start, End: pieces[len(pieces)-1].span.End}
	var rare rarity
	groups := map[string]*slo.Events{}
	overall := blank(pieces)
	side := func(terms []slo.Term, values func(*slo.Run) []float64) error {
		for _, t := range terms {
			for i, p := range pieces {
				answer := a.at(t.Query, p.chunk)
				if beyondRetention(answer.Err) {
					known.Start = max(known.Start, p.span.End)
					continue
				}
				if answer.Err != nil {
					return answer.Err
				}
				rare.note(t.Query, answer.Every)
				for _, g := range inOrder(answer.Groups) {
					part := slice(g.Series, p.span)
					addWeighted(values(&overall.Runs[i]), part, t.Weight)
					if len(sli.GroupBy) == 0 {
						continue
					}
					name := strings.Join(g.Tags, ",")
					if groups[name] == nil {
						groups[name] = blank(pieces)
					}
					addWeighted(values(&groups[name].Runs[i]), part, t.Weight)
				}
			}
		}
		return nil
	}
	if err := side(sli.Good, func(r *slo.Run) []float64 { return r.Good }); err != nil {
		return record{}, err
	}
	if err := side(sli.Valid, func(r *slo.Run) []float64 { return r.Valid }); err != nil {
		return record{}, err
	}
	overall.Known = known
	rec := record{overall: observed{counts: *overall}, notes: rare.notes("what happened in between counts where the point is")}
	for name, events := range groups {
		events.Known = known
		rec.groups = append(rec.groups, groupRecord{name, observed{counts: *events}})
	}
	slices.SortFunc(rec.groups, func(x, y groupRecord) int { return strings.Compare(x.name, y.name) })
	return rec, nil
}

// inOrder are the groups by their tags, so that sums do not depend, not even in
// their last digit, on the order in which they were answered or kept.
func inOrder(groups []timeseries.Group) []timeseries.Group {
	if len(groups) < 2 {
		return groups
	}
	ordered := slices.Clone(groups)
	slices.SortStableFunc(ordered, func(a, b timeseries.Group) int { return slices.Compare(a.Tags, b.Tags) })
	return ordered
}

// beyondRetention reports whether an error is a [retention].
func beyondRetention(err error) bool {
	var beyond retention
	return errors.As(err, &beyond) && beyond.OutsideRetention()
}

// retention is an error that says that a stretch of time is older than what
// Datadog keeps: nothing can be known of it, which is no reason to know nothing
// of the rest.
type retention interface {
	error
	OutsideRetention() bool
}

// blank is a grid over the pieces with every cell missing.
func blank(pieces []piece) *slo.Events {
	e := &slo.Events{Runs: make([]slo.Run, len(pieces))}
	for i, p := range pieces {
		e.Runs[i] = slo.Run{
			Start: p.span.Start, Step: p.chunk.step,
			Good:  timeseries.Blank(p.span, p.chunk.step).Values,
			Valid: timeseries.Blank(p.span, p.chunk.step).Values,
		}
	}
	return e
}

// slice is the part of a series that lies in the span, which is on its grid.
func slice(s timeseries.Series, span timeseries.Span) []float64 {
	lo := (span.Start - s.Start) / s.Step
	return s.Values[lo : lo+span.Seconds()/s.Step]
}

// addWeighted adds weight times each point; a cell stays missing until the first point arrives.
func addWeighted(cells, points []float64, weight float64) {
	for i, v := range points {
		switch {
		case timeseries.IsMissing(v):
		case timeseries.IsMissing(cells[i]):
			cells[i] = weight * v
		default:
			cells[i] += weight * v
		}
	}
}

// rarity collects the queries whose points are farther apart than was asked for.
type rarity struct {
	queries []string
	every   []int64
}

func (r *rarity) note(query string, every int64) {
	if every > 0 && !slices.Contains(r.queries, query) {
		r.queries, r.every = append(r.queries, query), append(r.every, every)
	}
}

// notes say so, and what that means for the figures.
func (r *rarity) notes(meaning string) []slo.Note {
	var notes []slo.Note
	for i, q := range r.queries {
		notes = append(notes, slo.Note{Code: "sparse_points", Text: fmt.Sprintf(
			"%s has points every %d s and none in between, also when asked for finer; %s", q, r.every[i], meaning)})
	}
	return notes
}
