package evaluation

import (
	"errors"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// answers holds what came back, by query and chunk.
type answers map[answerKey]timeseries.Answer

type answerKey struct {
	query string
	chunk chunk
}

// evidence turns the answers of one objective into event counts on the pieces'
// grid: each side a weighted sum of its queries, for each group and pooled
// over all groups.
func (a answers) evidence(sli slo.EventSLI, pieces []piece) (slo.Evidence, error) {
	if len(pieces) == 0 {
		return slo.Evidence{}, &slo.Defect{Kind: slo.Invalid, Message: "the plan does not reach over the window"}
	}
	known := timeseries.Span{Start: pieces[0].span.Start, End: pieces[len(pieces)-1].span.End}
	groups := map[string]*slo.Events{}
	overall := blank(pieces)
	side := func(terms []slo.Term, values func(*slo.Run) []float64) error {
		for _, t := range terms {
			for i, p := range pieces {
				answer := a[answerKey{t.Query, p.chunk}]
				if beyond := (retention)(nil); errors.As(answer.Err, &beyond) && beyond.OutsideRetention() {
					known.Start = max(known.Start, p.span.End)
					continue
				}
				if answer.Err != nil {
					return answer.Err
				}
				for _, g := range answer.Groups {
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
		return slo.Evidence{}, err
	}
	if err := side(sli.Valid, func(r *slo.Run) []float64 { return r.Valid }); err != nil {
		return slo.Evidence{}, err
	}
	overall.Known = known
	e := slo.Evidence{Overall: *overall}
	for name, events := range groups {
		events.Known = known
		e.Groups = append(e.Groups, slo.GroupEvents{Name: name, Events: *events})
	}
	slices.SortFunc(e.Groups, func(x, y slo.GroupEvents) int { return strings.Compare(x.Name, y.Name) })
	return e, nil
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
