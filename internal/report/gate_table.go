package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// rules is the table of the rules. People see those that do not hold, worst
// first, and how many hold, or all in their order when they asked; CSV has all.
func (g gate) rules() document.Table {
	t := document.Table{Columns: g.columns()}
	checks := g.worstFirst()
	if g.Explain {
		checks = g.Decision.Checks
		t.Title = "Rules"
	}
	links := map[string]string{}
	for _, s := range g.Subjects {
		if g.Link != nil {
			links[s.Definition.ID] = g.Link(s.Definition)
		}
	}
	passed, shown := 0, 0
	for _, c := range checks {
		row := g.line(c, links[c.SLOID]).row(t.Columns, g.severity(c))
		if c.Verdict == policy.Pass {
			passed++
			row.Machine = !g.Explain
		}
		if !row.Machine {
			shown++
		}
		t.Rows = append(t.Rows, row)
	}
	if passed > 0 && shown > 0 && !g.Explain {
		row := cells{"shown_verdict": text("pass"), "shown_slo": text(holding(passed))}.row(t.Columns, document.Muted)
		row.Human = true
		t.Rows = append(t.Rows, row)
	}
	return withoutEmpty(t)
}

func holding(n int) string {
	if n == 1 {
		return "1 rule holds"
	}
	return plural(n, "rule") + " hold"
}

// withoutEmpty is the table without the columns in which people see nothing.
func withoutEmpty(t document.Table) document.Table {
	var empty []int
	for i, c := range t.Columns {
		if c.Human && !slices.ContainsFunc(t.Rows, func(r document.Row) bool {
			return !r.Machine && r.Cells[i].Kind != document.Absent && (r.Cells[i].Kind != document.Text || r.Cells[i].Text != "")
		}) {
			empty = append(empty, i)
		}
	}
	for _, i := range slices.Backward(empty) {
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for r := range t.Rows {
			t.Rows[r].Cells = slices.Delete(t.Rows[r].Cells, i, i+1)
		}
	}
	return t
}

// columns are those of people, then those of machines. On narrow terminals
// those go first that the closing line or the reason tells as well.
func (g gate) columns() []document.Column {
	const right = document.Right
	window := 2
	if g.severalWindows() {
		window = 0
	}
	columns := []document.Column{
		{Name: "VERDICT", Key: "shown_verdict", Human: true},
		{Name: "SLO", Key: "shown_slo", Human: true, Shrink: true, Wrap: true, MinWidth: 14},
		{Name: "WIN", Key: "shown_timeframe", Human: true, Drop: window},
		{Name: "RULE", Key: "shown_rule", Human: true},
		{Name: "VALUE", Key: "shown_value", Human: true, Align: right, Drop: 1},
		{Name: "LIMIT", Key: "shown_threshold", Human: true, Align: right, Drop: 3},
	}
	if g.Explain {
		columns = append(columns, document.Column{Name: "CONFIRMED", Key: "shown_confirmed", Human: true, Align: right, Drop: 5})
	}
	columns = append(columns, document.Column{Name: "SINCE", Key: "shown_since", Human: true, Drop: 4})
	if g.Explain {
		columns = append(columns, document.Column{Name: "SET BY", Key: "shown_set_by", Human: true, Drop: 6})
	}
	columns = append(columns, document.Column{Name: "WHY", Key: "shown_reason", Human: true, Shrink: true, Wrap: true, MinWidth: 20})
	for _, key := range []string{
		"slo", "slo_id", "timeframe", "rule", "verdict", "value", "threshold", "unit", "from", "to",
		"confirmed_from", "confirmed_to", "confirmed_value", "blocks", "reason",
		"since_from", "since_to", "since_before", "recovers_at", "recovers_at_if_quiet", "do", "set_by",
		"override_reason", "override_author", "override_expires", "verdict_without_override",
	} {
		columns = append(columns, document.Column{Key: key, Machine: true})
	}
	return columns
}

// severalWindows reports whether a window is needed to tell the lines of one SLO apart.
func (g gate) severalWindows() bool {
	first := map[string]slo.Timeframe{}
	return slices.ContainsFunc(g.Decision.Checks, func(c policy.Check) bool {
		if c.Timeframe == 0 {
			return false
		}
		before, seen := first[c.SLOID]
		first[c.SLOID] = c.Timeframe
		return seen && before != c.Timeframe
	})
}

// line is one check.
func (g gate) line(c policy.Check, link string) cells {
	row := cells{
		"shown_verdict":   text(string(c.Verdict)),
		"shown_slo":       {Kind: document.Text, Text: g.label(c), Link: link},
		"shown_rule":      text(c.Rule),
		"shown_value":     g.valueCell(c),
		"shown_threshold": textOrAbsent(g.limit(c)),
		"shown_since":     g.sinceCell(c),
		"shown_set_by":    text(c.From),
		"shown_reason":    text(g.why(c)),
		"slo":             text(c.SLO), "slo_id": text(c.SLOID), "rule": text(c.Rule), "verdict": text(string(c.Verdict)),
		"value": number(c.Value, 0, document.Nearest, ""), "threshold": number(c.Threshold, 0, document.Nearest, ""),
		"unit": text(string(c.Unit)), "blocks": text(fmt.Sprint(c.Blocks)), "reason": text(c.Reason), "do": text(c.Do), "set_by": text(c.From),
		"recovers_at": unixCell(c.Until), "recovers_at_if_quiet": unixCell(c.UntilQuiet),
	}
	if c.Timeframe != 0 {
		row["shown_timeframe"] = text(c.Timeframe.String())
		row["timeframe"] = row["shown_timeframe"]
	}
	if !c.Window.Empty() {
		row["from"], row["to"] = unixCell(c.Window.Start), unixCell(c.Window.End)
	}
	if f := c.Confirm; f != nil {
		row["shown_confirmed"] = number(f.Value, 1, document.Up, "")
		row["confirmed_value"] = number(f.Value, 0, document.Nearest, "")
		row["confirmed_from"], row["confirmed_to"] = unixCell(f.Window.Start), unixCell(f.Window.End)
	}
	if !c.Since.Empty() {
		row["since_from"], row["since_to"] = unixCell(c.Since.Start), unixCell(c.Since.End)
		row["since_before"] = text(fmt.Sprint(c.SinceBefore))
	}
	if o := c.Override; o != nil {
		row["override_reason"], row["override_author"] = text(o.Reason), text(o.Author)
		row["override_expires"] = document.Cell{Kind: document.Instant, Time: o.Expires}
		row["verdict_without_override"] = text(string(c.Without))
	}
	return row
}

// why is the reason of a check, and why it was let pass.
func (g gate) why(c policy.Check) string {
	why := oneLine(c.Reason)
	if o := c.Override; o != nil {
		why += fmt.Sprintf("; let pass until %s by the override %q of %s", g.day(o.Expires), oneLine(o.Reason), oneLine(o.Author))
	}
	return why
}

// day is an instant of people, who write days: without its clock where that is midnight.
func (g gate) day(t time.Time) string {
	return strings.Replace(t.In(g.zone()).Format("2006-01-02 15:04 MST"), " 00:00 UTC", "", 1)
}

func (g gate) severity(c policy.Check) document.Severity {
	switch {
	case c.Verdict == policy.Pass:
		return document.Good
	case c.Verdict == policy.Warning || c.Verdict != policy.Fail && g.letPass():
		return document.Warn
	}
	return document.Bad
}

// letPass reports whether what is undecided does not keep the gate closed, because somebody said so.
func (g gate) letPass() bool { return g.verdict == policy.Pass || g.verdict == policy.Warning }

func textOrAbsent(s string) document.Cell {
	if s == "" {
		return document.Cell{}
	}
	return text(s)
}

// unixCell is an instant for machines; absent when there is none.
func unixCell(unix int64) document.Cell {
	if unix == 0 {
		return document.Cell{}
	}
	return document.Cell{Kind: document.Instant, Time: instant(unix)}
}
