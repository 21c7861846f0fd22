package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// worthTalking is the share of a budget, in percent, from which spending it
// between two meetings is worth a sentence, if it left a mark: what a short
// window has spent and regained since then is not.
const worthTalking = 10

// topics is how many names a sentence carries before it says "and N more".
const topics = 3

// topic is one thing to talk about.
type topic struct {
	name   string
	amount float64 // in percent of the budget
	window slo.Timeframe
}

// agenda is what needs talking about, each list with the largest first.
type agenda struct {
	// spent since the previous meeting, in debt from before, and groups in debt
	// within an objective that is not.
	spent, debt, within []topic
	// known is how many windows have a figure of what was spent.
	known int
	// failed is how many objectives could not be evaluated, windows how many windows were.
	failed, windows int
	// differ are the objectives for which Datadog has another figure.
	differ []string
}

func (b Board) agenda() agenda {
	var g agenda
	var verdicts []string // where Datadog's figure is on the other side of the target
	for _, r := range b.Rows {
		if r.Defect != nil {
			g.failed++
			continue
		}
		switch disputed, where := elsewhere(r); {
		case where != "":
			verdicts = append(verdicts, label(r)+where)
		case disputed:
			g.differ = append(g.differ, label(r))
		}
		g.windows += len(r.Windows)
		for i, a := range r.Windows {
			g.add(r.Definition.Name, a)
			for _, group := range r.Groups {
				if w := group.Windows[i]; a.State != slo.Breached && w.State == slo.Breached && w.Budget != nil {
					g.within = append(g.within, topic{label(r) + " / " + part(r, group.Name), -w.Budget.RemainingPercent, w.Objective.Timeframe})
				}
			}
		}
	}
	g.differ = append(verdicts, g.differ...)
	for _, list := range [][]topic{g.spent, g.debt, g.within} {
		slices.SortStableFunc(list, func(x, y topic) int { return cmp.Or(cmp.Compare(y.amount, x.amount), cmp.Compare(x.name, y.name)) })
	}
	return g
}

// add puts one window where it belongs, if anywhere.
func (g *agenda) add(name string, a slo.Assessment) {
	if a.Previous == nil || a.Budget == nil {
		return
	}
	spent, known := a.Previous.Spent.Value()
	if known {
		g.known++
	}
	then, thenKnown := a.Previous.RemainingPercent.Value()
	lost := !thenKnown || then-a.Budget.RemainingPercent >= worthTalking
	switch {
	case known && spent >= worthTalking && (lost || a.State != slo.OK):
		g.spent = append(g.spent, topic{name, spent, a.Objective.Timeframe})
	case a.State == slo.Breached:
		g.debt = append(g.debt, topic{name, -a.Budget.RemainingPercent, a.Objective.Timeframe})
	}
}

// lead says what needs talking about: first what was spent since the previous
// meeting, then what was in debt before.
func (b Board) lead() []string {
	g := b.agenda()
	var lead []string
	since := b.clock(b.Since)
	switch {
	case len(g.spent) > 0:
		lead = append(lead, fmt.Sprintf("Spent since %s: %s.", since, enumerate(g.spent, "%s (%s of its %s budget)")))
	case g.known > 0:
		lead = append(lead, fmt.Sprintf("No SLO lost %d percentage points or more of its budget since %s.", worthTalking, since))
	case g.windows > 0:
		lead = append(lead, fmt.Sprintf("What was spent since %s is not known: there is no data.", since))
	}
	if len(g.debt) > 0 {
		lead = append(lead, fmt.Sprintf("In debt from before: %s.", enumerate(g.debt, "%s (%s over its %s budget)")))
	}
	if len(g.within) > 0 {
		lead = append(lead, fmt.Sprintf("Breached groups of SLOs that are not: %s.", enumerate(g.within, "%s (%s over its %s budget)")))
	}
	if g.failed > 0 {
		lead = append(lead, fmt.Sprintf("%s could not be evaluated; see below.", plural(g.failed, "SLO")))
	}
	if len(g.differ) > 0 {
		lead = append(lead, fmt.Sprintf("Datadog's own figure differs for %s; see below.", few(g.differ)))
	}
	return lead
}

// enumerate names the first few topics and counts the rest.
func enumerate(all []topic, format string) string {
	var parts []string
	for _, t := range all {
		parts = append(parts, fmt.Sprintf(format, t.name, percentUp(t.amount), t.window))
	}
	return few(parts)
}

// few are the first of several names, and how many more there are.
func few(names []string) string {
	if more := len(names) - topics; more > 0 {
		names = append(slices.Clone(names[:topics]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// percentUp writes what is bad when it is high: whole percents, rounded up. A
// sentence has no typed cells, so this is the one rounding outside internal/render.
// Dust below a billionth of a percent is not rounded up.
func percentUp(v float64) string { return fmt.Sprintf("%.0f%%", math.Ceil(math.Round(v*1e9)/1e9)) }

// notes are the errors first, then what must be known about the figures.
func (b Board) notes() []string {
	var out []string
	if b.hidesGroups() {
		out = append(out, "groups that are ok, and more than three that are not, are only counted; --groups shows every group")
	}
	for _, n := range b.Notes {
		out = append(out, n.Text)
	}
	for _, r := range b.Rows {
		if r.Defect == nil {
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s", label(r), inFull(r.Defect)))
	}
	return slices.Concat(out, b.disagreements(), b.remarks())
}

// remarks are what must be known about the figures of the rows. What is to be
// said of several rows is said once, and what only tells where figures come
// from is said last.
func (b Board) remarks() []string {
	type remark struct {
		note  slo.Note
		names []string
	}
	var all []remark
	for _, r := range b.Rows {
		if r.Defect != nil {
			continue
		}
		for _, n := range append(notesOf(r), corrected(r)...) {
			if quiet(n, r) {
				continue
			}
			i := slices.IndexFunc(all, func(m remark) bool { return m.note == n })
			if i < 0 {
				i = len(all)
				all = append(all, remark{note: n})
			}
			all[i].names = append(all[i].names, label(r))
		}
	}
	slices.SortStableFunc(all, func(x, y remark) int { return cmp.Compare(background(x.note), background(y.note)) })
	var out []string
	for _, m := range all {
		out = append(out, fmt.Sprintf("%s: %s", few(m.names), m.note.Text))
	}
	return out
}

// corrected says that status corrections have a part in the figures of a row.
func corrected(r evaluation.Row) []slo.Note {
	if !slices.ContainsFunc(r.Windows, func(a slo.Assessment) bool { return len(a.Corrections) > 0 }) {
		return nil
	}
	return []slo.Note{{Code: "corrected", Text: "figures after status corrections"}}
}

// background is 1 for a note that says where figures come from, not what is the matter with them.
func background(n slo.Note) int {
	switch n.Code {
	case "corrected", "datadog_transitions", "sparse_points":
		return 1
	}
	return 0
}

// quiet reports whether a note is for machines only: it explains, and changes
// nothing that a meeting decides.
func quiet(n slo.Note, r evaluation.Row) bool {
	switch n.Code {
	case "as_count_added":
		return true
	case "coverage":
		return !coveredBelow(r, fullEnough)
	case "no_data_strategy":
		// It decides about slices without data only.
		return !coveredBelow(r, 1)
	}
	return false
}

// coveredBelow reports whether a window of the row has less data than the given share.
func coveredBelow(r evaluation.Row, share float64) bool {
	return slices.ContainsFunc(r.Windows, func(a slo.Assessment) bool {
		c, known := a.Coverage.Value()
		return known && c < share
	})
}

// fullEnough is the coverage from which on gaps are not mentioned on screen.
const fullEnough = 0.95

func label(r evaluation.Row) string {
	return cmp.Or(strings.TrimSpace(r.Definition.Name), r.Definition.ID, "an SLO without a name")
}

// notesOf are the notes of a row and of its windows, each text once.
func notesOf(r evaluation.Row) []slo.Note {
	notes := slices.Clone(r.Notes)
	for _, a := range r.Windows {
		notes = append(notes, a.Notes...)
	}
	return distinct(notes)
}

// NotesOf are the notes of a row, each with the name that it is about.
func NotesOf(r evaluation.Row) []slo.Note {
	notes := notesOf(r)
	for i := range notes {
		notes[i].Text = label(r) + ": " + notes[i].Text
	}
	return notes
}

// inFull is a defect with what to type or read next.
func inFull(d *slo.Defect) string { return strings.Join(append([]string{d.Message}, d.Hints...), "; ") }
