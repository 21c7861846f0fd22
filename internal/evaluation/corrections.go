package evaluation

import (
	"context"
	"errors"
	"fmt"
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
// that ignores a correction would be wrong. What concerns no single objective is returned as notes.
func correct(ctx context.Context, catalog Catalog, jobs []Job, corrections []slo.Correction, q slo.Question, ends timeseries.Span) ([]slo.Note, error) {
	var notes []slo.Note
	applies := applied{catalog: catalog, asked: map[string]listed{}}
	for _, c := range corrections {
		if c.Unreadable != "" && c.SLOID == "" && c.Query == "" {
			notes = append(notes, slo.Note{Code: "correction_unclear", Text: c.Unreadable + "; whatever it applies to is not corrected"})
			continue
		}
		chosen, readable := selection(c)
		for i := range jobs {
			job := &jobs[i]
			if !job.evaluable() || job.Definition.Source != slo.FromDatadog || readable && !chosen(job.Definition) {
				continue
			}
			extent := extentOf(*job, q, ends)
			if c.Unreadable == "" && c.Rule == "" && !extent.Overlaps(timeseries.Span{Start: c.Start, End: c.End}) {
				continue
			}
			if !readable {
				yes, err := applies.to(ctx, job.Definition.ID, c)
				if err != nil {
					if ctxErr := ctx.Err(); errors.Is(ctxErr, context.Canceled) {
						return nil, ctxErr
					}
					d := DefectOf(err)
					job.Definition.Defect = &slo.Defect{Kind: d.Kind, Hints: d.Hints, Message: fmt.Sprintf(
						"whether the status correction %s, which selects SLOs by %q, applies is not known: %s", c.ID, c.Query, d.Message)}
					continue
				}
				if !yes {
					continue
				}
			}
			job.apply(c, extent)
		}
	}
	return notes, nil
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

// selection tells which objectives the correction applies to; not readable
// where its query is more than can be read here.
func selection(c slo.Correction) (chosen func(slo.Definition) bool, readable bool) {
	if c.SLOID != "" {
		return func(d slo.Definition) bool { return d.ID == c.SLOID }, true
	}
	query, err := tagquery.Parse(c.Query)
	if err != nil || query.FreeText() {
		return nil, false
	}
	return func(d slo.Definition) bool { return query.Matches(d.Tags) }, true
}

// applied asks Datadog which corrections apply to an objective, each once.
type applied struct {
	catalog Catalog
	asked   map[string]listed
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
	return slices.ContainsFunc(list.corrections, func(l slo.Correction) bool { return l.ID == c.ID }), nil
}
