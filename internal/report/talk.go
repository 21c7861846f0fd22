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

// lead says what needs talking about: first what was spent since the previous
// meeting, then what was in debt before.
func (b Board) lead() []string {
	if len(b.Rows) == 0 {
		return nil
	}
	type topic struct {
		name   string
		amount float64
		window slo.Timeframe
	}
	var spent, debt []topic
	var failed int
	for _, r := range b.Rows {
		if r.Defect != nil {
			failed++
			continue
		}
		for _, a := range r.Windows {
			if a.Previous == nil || a.Budget == nil {
				continue
			}
			name, window := r.Definition.Name, a.Objective.Timeframe
			then, known := a.Previous.RemainingPercent.Value()
			lost := !known || then-a.Budget.RemainingPercent >= worthTalking
			if s, ok := a.Previous.Spent.Value(); ok && s >= worthTalking && (lost || a.State != slo.OK) {
				spent = append(spent, topic{name, s, window})
				continue
			}
			if a.State == slo.Breached {
				debt = append(debt, topic{name, -a.Budget.RemainingPercent, window})
			}
		}
	}
	most := func(x, y topic) int { return cmp.Or(cmp.Compare(y.amount, x.amount), cmp.Compare(x.name, y.name)) }
	slices.SortStableFunc(spent, most)
	slices.SortStableFunc(debt, most)
	list := func(all []topic, say func(topic) string) string {
		var parts []string
		for _, t := range all[:min(topics, len(all))] {
			parts = append(parts, say(t))
		}
		if more := len(all) - len(parts); more > 0 {
			parts = append(parts, fmt.Sprintf("and %d more", more))
		}
		return strings.Join(parts, ", ")
	}
	var lead []string
	since := b.clock(b.Since)
	if len(spent) > 0 {
		lead = append(lead, fmt.Sprintf("Spent since %s: %s.", since, list(spent, func(t topic) string {
			return fmt.Sprintf("%s %s of its %s budget", t.name, percentUp(t.amount), t.window)
		})))
	} else if failed < len(b.Rows) {
		lead = append(lead, fmt.Sprintf("Nothing spent %d %% of its budget or more since %s.", worthTalking, since))
	}
	if len(debt) > 0 {
		lead = append(lead, fmt.Sprintf("In debt from before: %s.", list(debt, func(t topic) string {
			return fmt.Sprintf("%s, %s over its %s budget", t.name, percentUp(t.amount), t.window)
		})))
	}
	if failed > 0 {
		lead = append(lead, fmt.Sprintf("%s could not be evaluated; see below.", plural(failed, "SLO")))
	}
	return lead
}

// percentUp writes what is bad when it is high: whole percents, rounded up. A
// sentence has no typed cells, so this is the one rounding outside internal/render.
func percentUp(v float64) string { return fmt.Sprintf("%.0f %%", math.Ceil(v)) }

// notes are the errors first, then what must be known about the figures.
func (b Board) notes() []string {
	var out []string
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
			if !quiet[n.Code] {
				out = append(out, fmt.Sprintf("%s: %s", label(r), n.Text))
			}
		}
	}
	return out
}

// quiet are the codes of notes that JSON carries and the screen does not: they explain, and change nothing that a meeting decides.
var quiet = map[string]bool{"coverage": true, "as_count_added": true}

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
