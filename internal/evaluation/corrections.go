package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// SetAsideCorrected gives a Defect to every job that a status correction may
// touch: this version does not apply corrections, and a figure that ignores
// one would be wrong. An unreadable correction that names no objective at all
// is returned as a note.
func SetAsideCorrected(jobs []Job, corrections []slo.Correction, q slo.Question) []slo.Note {
	var notes []slo.Note
	for _, c := range corrections {
		if c.Unreadable != "" && c.SLOID == "" {
			notes = append(notes, slo.Note{Code: "correction_unclear", Text: c.Unreadable + "; whatever it applies to is not corrected"})
			continue
		}
		selected := selection(c)
		for i := range jobs {
			d := &jobs[i].Definition
			if d.Defect == nil && d.Source == slo.FromDatadog && selected(*d) {
				d.Defect = objection(c, jobs[i].Objectives, q)
			}
		}
	}
	return notes
}

// objection is why an objective that the correction applies to has no figure;
// nil when the correction lies elsewhere in time.
func objection(c slo.Correction, objectives []slo.Objective, q slo.Question) *slo.Defect {
	switch {
	case c.Unreadable != "":
		return &slo.Defect{Kind: slo.Invalid, Message: "a status correction of it could not be read: " + c.Unreadable}
	case !touches(c, objectives, q):
		return nil
	}
	whose := "touches its window"
	if _, readable := conjunction(c.Query); c.SLOID == "" && !readable {
		whose = fmt.Sprintf("may touch its window (it selects SLOs by %q, which this version cannot read)", c.Query)
	}
	return &slo.Defect{
		Kind:    slo.Unsupported,
		Message: fmt.Sprintf("status correction %s (%s) %s, and corrections are not applied by this version", c.ID, c.Category, whose),
		Hints:   []string{"see the corrected figure in Datadog until then"},
	}
}

// selection tells which objectives the correction may apply to: all of them
// where its query is more than this version can read.
func selection(c slo.Correction) func(slo.Definition) bool {
	tags, readable := conjunction(c.Query)
	return func(d slo.Definition) bool {
		switch {
		case c.SLOID != "":
			return d.ID == c.SLOID
		case readable:
			return hasAll(d.Tags, tags)
		}
		return true
	}
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
