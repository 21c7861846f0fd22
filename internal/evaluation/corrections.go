package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// SetAsideCorrected gives a Defect to every job that a status correction
// touches: this version does not apply corrections, and a figure that ignores
// one would be wrong. A correction whose selection of objectives we cannot
// read is returned as a note.
func SetAsideCorrected(jobs []Job, corrections []slo.Correction, q slo.Question) []slo.Note {
	var notes []slo.Note
	for _, c := range corrections {
		tags, readable := conjunction(c.Query)
		if c.Unreadable != "" && c.SLOID == "" {
			notes = append(notes, slo.Note{Code: "correction_unclear", Text: c.Unreadable + "; whatever it applies to is not corrected"})
			continue
		}
		if c.SLOID == "" && !readable {
			notes = append(notes, slo.Note{
				Code: "correction_unclear",
				Text: fmt.Sprintf("correction %s selects objectives by %q, which this version cannot read; it was not applied", c.ID, c.Query),
			})
			continue
		}
		for i := range jobs {
			d := &jobs[i].Definition
			chosen := c.SLOID == d.ID
			if c.SLOID == "" {
				chosen = hasAll(d.Tags, tags)
			}
			if !chosen || d.Defect != nil || d.Source != slo.FromDatadog {
				continue
			}
			if c.Unreadable != "" {
				d.Defect = &slo.Defect{Kind: slo.Invalid, Message: "a status correction of it could not be read: " + c.Unreadable}
				continue
			}
			if !touches(c, jobs[i].Objectives, q) {
				continue
			}
			d.Defect = &slo.Defect{
				Kind:    slo.Unsupported,
				Message: fmt.Sprintf("status correction %s (%s) touches its window, and corrections are not applied by this version", c.ID, c.Category),
				Hints:   []string{"see the corrected figure in Datadog until then"},
			}
		}
	}
	return notes
}

// touches reports whether the correction may reach into the evidence of a window.
// A recurring one is taken to recur for ever.
func touches(c slo.Correction, objectives []slo.Objective, q slo.Question) bool {
	for _, o := range objectives {
		extent := slo.Extent(o.Timeframe, q)
		if c.Rule != "" && c.Start < extent.End {
			return true
		}
		if extent.Overlaps(timeseries.Span{Start: c.Start, End: c.End}) {
			return true
		}
	}
	return false
}

// conjunction reads a query that is nothing but "key:value" tags next to each
// other, all of which must be there.
func conjunction(query string) (tags []string, ok bool) {
	for word := range strings.FieldsSeq(query) {
		if word == "AND" {
			continue
		}
		key, value, isTag := strings.Cut(word, ":")
		if !isTag || key == "" || value == "" || strings.ContainsAny(word, `*?()"'\!<>[]`) || strings.HasPrefix(word, "-") {
			return nil, false
		}
		tags = append(tags, word)
	}
	return tags, len(tags) > 0
}

func hasAll(have, want []string) bool {
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, w) }) {
			return false
		}
	}
	return true
}
