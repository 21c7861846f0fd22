package report

import (
	"math"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/investigation"
)

// columns of the findings: those with a name are for pages, all with a key for CSV.
func (v investigationView) columns() []document.Column {
	const right = document.Right
	return []document.Column{
		{Name: "#", Key: "rank", Align: right},
		{Name: "WHERE", Key: "where", Human: true, Shrink: true, MinWidth: 20},
		{Name: "SIGNAL", Key: "shown_signal", Human: true},
		{Name: "KIND", Key: "kind"},
		{Name: "OBSERVED", Key: "shown_observed", Human: true, Align: right},
		{Name: "USUAL", Key: "shown_expected", Human: true, Align: right},
		{Name: "RATIO", Key: "ratio", Align: right},
		{Name: "FROM", Key: "start"},
		{Name: "TO", Key: "shown_end", Human: true},
		{Name: "CARRIED BY", Key: "carried_by", Human: true},
		{Key: "service", Machine: true},
		{Key: "env", Machine: true},
		{Key: "operation", Machine: true},
		{Key: "resource", Machine: true},
		{Key: "tag", Machine: true},
		{Key: "signal", Machine: true},
		{Key: "observed", Machine: true},
		{Key: "expected", Machine: true},
		{Key: "spread", Machine: true},
		{Key: "unit", Machine: true},
		{Key: "end", Machine: true},
		{Key: "score", Machine: true},
		{Key: "record", Machine: true},
		{Key: "small", Machine: true},
		{Key: "shown", Machine: true},
		{Key: "hidden", Machine: true},
		{Key: "first_contributor", Machine: true},
		{Key: "first_contributor_share", Machine: true},
		{Key: "budget_percent", Machine: true},
		{Key: "text", Machine: true},
		{Key: "query", Machine: true},
		{Key: "url", Machine: true},
	}
}

// table has every finding for machines, and for pages those that people see.
func (v investigationView) table() document.Table {
	t := document.Table{Columns: v.columns(), Aside: true}
	for rank, f := range v.Report.Findings {
		row := v.cells(rank+1, f).row(t.Columns, document.Warn)
		if !f.Shown {
			row.Severity = document.Muted
			row.Machine = !v.All
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (v investigationView) cells(rank int, f investigation.Finding) cells {
	m := v.measured(f)
	t, per := m.tell(), m.measure().per
	c := cells{
		"rank":         {Kind: document.Number, Value: float64(rank)},
		"where":        {Kind: document.Text, Text: v.where(f), Link: v.link(f)},
		"shown_signal": text(m.noun), "kind": text(string(f.Kind)),
		"shown_observed": toldCell(m.observed, t.observed+per), "shown_expected": toldCell(m.expected, t.usual()+per),
		"ratio":      number(finite(m.ratio()), 1, document.Nearest, "×"),
		"start":      {Kind: document.Instant, Time: instant(startOf(f))},
		"shown_end":  text("still going on"),
		"carried_by": text(sharesOf(f.Contributors[:min(1, len(f.Contributors))])),
		"signal":     text(string(f.Signal)), "unit": text(m.machineUnit()),
		"observed": number(finite(m.observed), 2, document.Nearest, ""), "expected": number(finite(m.expected), 2, document.Nearest, ""),
		"spread": number(finite(m.spread), 2, document.Nearest, ""),
		"score":  number(finite(f.Score), 1, document.Nearest, ""), "record": number(finite(f.Record), 1, document.Nearest, ""),
		"small": text(yesOrNo(f.Small)), "shown": text(yesOrNo(f.Shown)), "hidden": text(f.Hidden),
		"text": text(v.sentence(f)), "query": text(f.Query), "url": text(v.link(f)),
	}
	if !v.Exported {
		c["service"], c["env"], c["operation"] = text(f.Place.Service), text(f.Place.Env), text(f.Place.Operation.Name)
		c["resource"], c["tag"] = text(f.Resource), text(f.Tag)
	}
	if end := endOf(f); end != 0 {
		c["end"] = document.Cell{Kind: document.Instant, Time: instant(end)}
		c["shown_end"] = c["end"]
	}
	if len(f.Contributors) > 0 {
		first := f.Contributors[0]
		c["first_contributor"], c["first_contributor_share"] = text(first.Name), number(finite(first.Share), 2, document.Nearest, "")
	}
	if len(f.Costs) > 0 {
		most := 0.0
		for _, cost := range f.Costs {
			most = math.Max(most, cost.Percent) // one that is not known makes the most unknown
		}
		c["budget_percent"] = number(finite(most), 1, document.Up, "")
	}
	return c
}

func toldCell(v float64, said string) document.Cell {
	if math.IsNaN(v) {
		return document.Cell{Kind: document.Unknown}
	}
	return text(said)
}

func yesOrNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
