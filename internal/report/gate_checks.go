package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
)

// wholeGate is the group of the checks that are of no single objective.
const wholeGate = "gate"

// checks are all rules that were looked at, for formats that list cases. Where
// the gate does not pass, one of them does not either: a list without would read as a pass.
func (g gate) checks() []document.Check {
	all := make([]document.Check, 0, len(g.Decision.Checks)+1)
	seen := map[[2]string]int{}
	for _, c := range g.Decision.Checks {
		check := document.Check{
			Group: g.group(c), Name: c.Rule, Outcome: g.outcome(c), Message: g.message(c), Detail: g.detail(c),
		}
		if c.Timeframe != 0 {
			check.Name += " " + c.Timeframe.String()
		}
		// Readers of JUnit keep one case of each name.
		key := [2]string{check.Group, check.Name}
		if seen[key]++; seen[key] > 1 {
			check.Name += fmt.Sprintf(" (%d)", seen[key])
		}
		all = append(all, check)
	}
	bad := func(c document.Check) bool {
		return c.Outcome == document.CheckFailed || c.Outcome == document.CheckUndecided
	}
	if !g.letPass() && !slices.ContainsFunc(all, bad) {
		run := document.Check{Group: wholeGate, Name: "run", Outcome: document.CheckUndecided, Message: g.failed()}
		if g.verdict == policy.Fail {
			run.Outcome = document.CheckFailed
		}
		all = append(all, run)
	}
	return all
}

// group is the objective of a check, or the gate; one that is called so has its id behind.
func (g gate) group(c policy.Check) string {
	if whole(c) {
		return wholeGate
	}
	name := g.label(c)
	if strings.EqualFold(name, wholeGate) {
		name = fmt.Sprintf("%s (%s)", name, c.SLOID)
	}
	return name
}

// outcome is that of a check. What the command line lets pass is a warning.
func (g gate) outcome(c policy.Check) document.Outcome {
	switch {
	case c.Verdict == policy.Pass:
		return document.CheckPassed
	case c.Verdict == policy.Warning:
		return document.CheckWarned
	case c.Verdict == policy.Fail:
		return document.CheckFailed
	case g.letPass():
		return document.CheckWarned
	}
	return document.CheckUndecided
}

func (g gate) message(c policy.Check) string {
	if c.Verdict == policy.Undecided && g.letPass() {
		return "undecided, and let pass" + g.asAsked() + ": " + g.why(c)
	}
	return g.why(c)
}

// detail is everything else that is known of a check, a line each.
func (g gate) detail(c policy.Check) []string {
	var lines []string
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, name+": "+value)
		}
	}
	add("value", g.valueText(c))
	add("limit", g.limit(c))
	if !c.Window.Empty() {
		add("window", g.stretch(c.Window.Start, c.Window.End))
	}
	if f := c.Confirm; f != nil {
		confirmed := "not known"
		if v, known := f.Value.Value(); known {
			confirmed = decimal(v, 1, document.Up)
		}
		add("confirmed by", confirmed+" over "+g.stretch(f.Window.Start, f.Window.End))
	}
	if c.Verdict != policy.Pass {
		add("since", strings.TrimPrefix(strings.TrimPrefix(g.since(c), ", "), "since "))
		add("by itself", strings.TrimPrefix(g.recovery(c), "better by itself "))
		add("do", oneLine(c.Do))
	}
	add("set by", oneLine(c.From))
	if c.Override != nil {
		add("without the override", string(c.Without))
	}
	return lines
}

// valueText is the value of a check in a sentence; a rule with a threshold has one, if perhaps an unknown one.
func (g gate) valueText(c policy.Check) string {
	cell := g.valueCell(c)
	switch cell.Kind {
	case document.Unknown:
		return "not known"
	case document.Number:
		return decimal(cell.Value, cell.Decimals, cell.Round) + cell.Unit
	case document.Duration:
		return age(cell.Value)
	}
	return ""
}

// age is how old something is, rounded up, from a minute on to minutes.
func age(seconds float64) string {
	whole := int64(math.Ceil(seconds))
	switch {
	case whole < 0:
		return "-" + lasting(-whole)
	case whole > 60:
		whole = (whole + 59) / 60 * 60
	}
	return lasting(whole)
}

func (g gate) stretch(from, to int64) string {
	return time.Unix(from, 0).In(g.zone()).Format("2006-01-02 15:04") + " to " + clock(to, g.zone())
}
