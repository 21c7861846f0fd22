package evaluation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/slo-cli/slo/internal/recurrence"
	"github.com/slo-cli/slo/internal/tagquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// mostAsked bounds for how many objectives Datadog is asked which corrections
// apply, where a correction selects them by a query that we cannot read.
const mostAsked = 50

// correct gives every job the occurrences of the status corrections that apply
// to it. An objective about which that cannot be known gets a Defect: a figure
// that ignores a correction would be wrong. One that says neither itself whom it
// concerns nor is listed by Datadog for any of these objectives is in a note.
func correct(ctx context.Context, catalog Catalog, jobs []Job, corrections []slo.Correction, q slo.Question, ends timeseries.Span) ([]slo.Note, error) {
	var notes []slo.Note
	applies := applied{catalog: catalog, asked: map[string]listed{}, known: map[string]bool{}}
	for _, c := range corrections {
		applies.known[c.ID] = true
	}
	byID := jobsByID(jobs)
	all := slices.Sorted(maps.Values(byID))
	extents := map[int]timeseries.Span{}
	for _, c := range corrections {
		candidates := all
		if i, there := byID[c.SLOID]; there {
			candidates = []int{i}
		} else if c.SLOID != "" {
			continue
		}
		query, readable := selection(c)
		concerned := false
		for _, i := range candidates {
			job := &jobs[i]
			if !job.evaluable() || c.SLOID == "" && readable && !query.Matches(job.Definition.Tags) {
				continue
			}
			extent, known := extents[i]
			if !known {
				extent = extentOf(*job, q, ends)
				extents[i] = extent
			}
			if c.Unreadable == "" && c.Rule == "" && !extent.Overlaps(timeseries.Span{Start: c.Start, End: c.End}) {
				continue
			}
			if !readable {
				yes, err := applies.to(ctx, job.Definition.ID, c)
				concerned = concerned || yes || err != nil
				if err != nil {
					if ctxErr := ctx.Err(); errors.Is(ctxErr, context.Canceled) {
						return nil, ctxErr
					}
					d := DefectOf(err)
					job.Definition.Defect = &slo.Defect{Kind: d.Kind, Hints: d.Hints, Message: fmt.Sprintf(
						"whether %s applies to it is not known: %s", described(c), d.Message)}
					continue
				}
				if !yes {
					continue
				}
			}
			job.apply(c, extent)
		}
		if c.SLOID == "" && c.Query == "" && !concerned {
			notes = append(notes, slo.Note{Code: "correction_unclear", Text: c.Unreadable + "; Datadog does not list it for any of these SLOs"})
		}
	}
	return notes, nil
}

// described says which status correction it is, for messages.
func described(c slo.Correction) string {
	if c.Query == "" {
		return "a status correction that cannot be read (" + c.Unreadable + ")"
	}
	return fmt.Sprintf("the status correction %s, which selects SLOs by %q,", c.ID, c.Query)
}

// apply adds the occurrences of a correction that reach into the extent.
func (j *Job) apply(c slo.Correction, extent timeseries.Span) {
	if c.Unreadable != "" {
		j.Definition.Defect = &slo.Defect{Kind: slo.Invalid, Message: "a status correction of it could not be read: " + c.Unreadable}
		return
	}
	occurrences, notes, err := recurrence.Expand(c, extent)
	if err != nil {
		j.Definition.Defect = &slo.Defect{
			Kind: slo.Invalid, Message: fmt.Sprintf("its status correction %s could not be read: %v", c.ID, err),
			Hints: []string{"mend or delete the correction in Datadog"},
		}
		return
	}
	j.Occurrences = append(j.Occurrences, occurrences...)
	j.Definition.Notes = append(slices.Clip(j.Definition.Notes), notes...)
}

// selection is the query by which a correction selects objectives; not readable
// where that is more than can be read here. One that names its objective has none.
func selection(c slo.Correction) (query tagquery.Query, readable bool) {
	if c.SLOID != "" {
		return query, true
	}
	if c.Query == "" { // it names neither that we could read
		return query, false
	}
	query, err := tagquery.Parse(c.Query)
	return query, err == nil && !query.FreeText()
}

// applied asks Datadog which corrections apply to an objective, each once.
type applied struct {
	catalog Catalog
	asked   map[string]listed
	// known are the ids of all status corrections.
	known map[string]bool
}

// listed is what Datadog said of one objective.
type listed struct {
	corrections []slo.Correction
	err         error
}

func (a applied) to(ctx context.Context, id string, c slo.Correction) (bool, error) {
	list, known := a.asked[id]
	if !known {
		if len(a.asked) >= mostAsked {
			return false, &slo.Defect{
				Kind: slo.Unsupported, Message: fmt.Sprintf("Datadog was asked about %d SLOs already", mostAsked),
				Hints: []string{"select fewer SLOs"},
			}
		}
		list.corrections, list.err = a.catalog.CorrectionsOf(ctx, id)
		a.asked[id] = list
	}
	if list.err != nil {
		return false, list.err
	}
	if i := slices.IndexFunc(list.corrections, func(l slo.Correction) bool { return l.ID == "" }); i >= 0 && c.ID != "" {
		return false, &slo.Defect{Kind: slo.Invalid, Message: "Datadog lists one of it without a readable id"}
	}
	return slices.ContainsFunc(list.corrections, func(l slo.Correction) bool {
		if c.ID == "" { // it may be any that is not another
			return l.ID == "" || !a.known[l.ID]
		}
		return l.ID == c.ID
	}), nil
}
