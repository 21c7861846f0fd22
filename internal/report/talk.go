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
	// failed is how many objectives could not be evaluated.
	failed int
}

func (b Board) agenda() agenda {
	var g agenda
	for _, r := range b.Rows {
		if r.Defect != nil {
			g.failed++
			continue
		}
		for i, a := range r.Windows {
			g.add(r.Definition.Name, a)
			for _, group := range r.Groups {
				if w := group.Windows[i]; a.State != slo.Breached && w.State == slo.Breached && w.Budget != nil {
					g.within = append(g.within, topic{label(r) + " / " + values(group.Name), -w.Budget.RemainingPercent, w.Objective.Timeframe})
				}
			}
		}
	}
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
		lead = append(lead, fmt.Sprintf("No SLO spent %d%% or more of its budget since %s.", worthTalking, since))
	case len(b.Rows) > g.failed:
		lead = append(lead, fmt.Sprintf("What was spent since %s is not known: there is no data.", since))
	}
	if len(g.debt) > 0 {
		lead = append(lead, fmt.Sprintf("In debt from before: %s.", enumerate(g.debt, "%s (%s over its %s budget)")))
	}
	if len(g.within) > 0 {
		lead = append(lead, fmt.Sprintf("Breached within an SLO that is not: %s.", enumerate(g.within, "%s (%s over its %s budget)")))
	}
	if g.failed > 0 {
		lead = append(lead, fmt.Sprintf("%s could not be evaluated; see below.", plural(g.failed, "SLO")))
	}
	return lead
}

// enumerate names the first few topics and counts the rest.
func enumerate(all []topic, format string) string {
	var parts []string
	for _, t := range all[:min(topics, len(all))] {
		parts = append(parts, fmt.Sprintf(format, t.name, percentUp(t.amount), t.window))
	}
	if more := len(all) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, ", ")
}

// percentUp writes what is bad when it is high: whole percents, rounded up. A
// sentence has no typed cells, so this is the one rounding outside internal/render.
// Dust below a billionth of a percent is not rounded up.
func percentUp(v float64) string { return fmt.Sprintf("%.0f%%", math.Ceil(math.Round(v*1e9)/1e9)) }

// notes are the errors first, then what must be known about the figures.
func (b Board) notes() []string {
	var out []string
	if b.hidesGroups() {
		out = append(out, fmt.Sprintf("of each SLO the %d worst groups are shown; --groups shows all", worstGroups))
	}
	for _, n := range b.Notes {
		out = append(out, n.Text)
	}
	for _, r := range b.Rows {
		if r.Defect == nil {
			continue
		}
		line := fmt.Sprintf("%s: %s", label(r), r.Defect.Message)
		if len(r.Defect.Hints) > 0 {
			line += "; " + strings.Join(r.Defect.Hints, "; ")
		}
		out = append(out, line)
	}
	for _, r := range b.Rows {
		if r.Defect != nil {
			continue
		}
		for _, n := range notesOf(r) {
			if !quiet(n, r) {
				out = append(out, fmt.Sprintf("%s: %s", label(r), n.Text))
			}
		}
	}
	return out
}

// quiet reports whether a note is for machines only: it explains, and changes
// nothing that a meeting decides.
func quiet(n slo.Note, r evaluation.Row) bool {
	switch n.Code {
	case "as_count_added":
		return true
	case "coverage":
		return !slices.ContainsFunc(r.Windows, func(a slo.Assessment) bool {
			c, known := a.Coverage.Value()
			return known && c < fullEnough
		})
	}
	return false
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
	var once []slo.Note
	for _, n := range notes {
		if !slices.Contains(once, n) {
			once = append(once, n)
		}
	}
	return once
}
