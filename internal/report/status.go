package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// Board is what `slo status` found out.
type Board struct {
	// At is the instant that was asked about, To the end of the windows.
	At time.Time
	To int64
	// Since is the instant of the previous meeting.
	Since int64
	Site  string
	// Link is where an objective is found in Datadog; empty when nowhere.
	Link func(slo.Definition) string
	Rows []evaluation.Row
	// Notes concern the whole board.
	Notes []slo.Note
	// AllGroups shows every group instead of the worst few.
	AllGroups bool
	// Zone is where people read the clock.
	Zone *time.Location
	// Unusual is what investigation has to tell of; nil where it did not look.
	Unusual *Unusual

	cols []document.Column
}

// worstGroups is how many groups of an objective, of those that are not ok, the
// board shows unasked.
const worstGroups = 3

// Status is the board that opens the meeting, worst first.
func Status(b Board) document.Document {
	b.Rows = worstFirst(b.Rows)
	b.cols = b.columns()
	return document.Document{
		Title:   b.title(),
		Lead:    b.lead(),
		Tables:  []document.Table{b.table()},
		Notes:   b.notes(),
		Closing: b.Unusual.line(),
		Payload: b.payload(),
	}
}

func (b Board) payload() statusJSON {
	doc := statusJSON{
		Schema: "slo.status/v1", At: b.At.UTC(), Site: b.Site,
		Notes: notesJSON(b.Notes), SLOs: make([]sloRowJSON, 0, len(b.Rows)), Unusual: b.Unusual.payload(),
	}
	for _, r := range b.Rows {
		d := r.Definition
		row := sloRowJSON{
			ID: d.ID, Name: d.Name, Type: textOrNull(string(d.Type)), Source: string(d.Source),
			Tags: append([]string{}, d.Tags...), URL: textOrNull(b.Link(d)),
			Windows: windowsJSON(r.Windows, r.Datadog), Groups: make([]groupJSON, 0, len(r.Groups)),
			Error: defectJSON(r.Defect), Notes: notesJSON(notesOf(r)),
		}
		for _, g := range r.Groups {
			row.Groups = append(row.Groups, groupJSON{g.Name, windowsJSON(g.Windows, nil)})
		}
		doc.SLOs = append(doc.SLOs, row)
	}
	return doc
}

func (b Board) title() string {
	count := map[string]int{}
	for _, r := range b.Rows {
		count[word(r)]++
	}
	var parts []string
	for _, w := range []string{"breached", "error", "no data", "no target", "warning", "ok"} {
		if n := count[w]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w))
		}
	}
	title := fmt.Sprintf("%s at %s", plural(len(b.Rows), "SLO"), b.clock(b.To))
	if len(parts) > 0 {
		title += ": " + strings.Join(parts, ", ")
	}
	return title
}

// word is the state of a row in the words of the screen: that of its worst window.
func word(r evaluation.Row) string {
	switch {
	case r.Defect != nil:
		return "error"
	case len(r.Windows) == 0:
		return "no target"
	}
	worst := slices.MinFunc(r.Windows, func(a, b slo.Assessment) int { return rankOf(a.State) - rankOf(b.State) })
	return stateWord(worst.State)
}

func stateWord(s slo.State) string { return strings.ReplaceAll(string(s), "_", " ") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (b Board) clock(unix int64) string { return clock(unix, b.Zone) }

// clock is an instant as a title or a sentence says it.
func clock(unix int64, zone *time.Location) string {
	return time.Unix(unix, 0).In(zone).Format("2006-01-02 15:04 MST")
}

// table has one line for each objective and window, and for the groups that need a look.
func (b Board) table() document.Table {
	t := document.Table{Columns: b.cols, Empty: "no SLO matches"}
	for _, r := range b.Rows {
		link := b.Link(r.Definition)
		if len(r.Windows) == 0 {
			t.Rows = append(t.Rows, b.bareLine(r, link))
			continue
		}
		for i, a := range r.Windows {
			t.Rows = append(t.Rows, b.line(r, label(r), "", link, a, comparisonOf(r.Datadog, i)))
		}
		t.Rows = append(t.Rows, b.groupLines(r)...)
	}
	return t
}

// columns are those of the board. On narrow terminals they go in the order of
// what a meeting can do without: last go the window, unless it tells the lines
// of one SLO apart, and the target that the attainment is held against.
func (b Board) columns() []document.Column {
	const right = document.Right
	window := 1
	if slices.ContainsFunc(b.Rows, func(r evaluation.Row) bool { return len(r.Windows) > 1 }) {
		window = 0
	}
	columns := []document.Column{
		{Name: "STATE", Key: "shown_state", Human: true},
		{Name: "SLO", Key: "line", Human: true, Shrink: true, MinWidth: 24},
		{Key: "state", Machine: true},
		{Key: "slo", Machine: true},
		{Key: "id", Machine: true},
		{Key: "group", Machine: true},
		{Name: "WIN", Key: "timeframe", Drop: window},
		{Name: "ATTAINED", Key: "attainment", Align: right},
		{Name: "DATADOG", Key: "datadog", Human: true, Align: right, Drop: 4},
		{Name: "TARGET", Key: "target", Align: right, Drop: 2},
		{Name: "LEFT", Key: "remaining_percent", Align: right},
		{Name: "BUDGET LEFT", Key: "remaining", Align: right, Drop: 7},
		{Name: "CHANGE", Key: "change_since_previous", Align: right, Drop: 3},
		{Name: "TREND", Key: "trend", Drop: 8},
		{Name: "BURN 1h", Key: "burn_1h", Align: right, Drop: 6},
		{Name: "6h", Key: "burn_6h", Align: right, Drop: 10},
		{Name: "1d", Key: "burn_1d", Align: right, Drop: 9},
		{Name: "3d", Key: "burn_3d", Align: right, Drop: 11},
		{Name: "EMPTY IN", Key: "empty_in", Human: true, Align: right, Drop: 5},
		{Key: "exhausted_at", Machine: true},
		{Key: "good", Machine: true},
		{Key: "total", Machine: true},
		{Key: "consumed", Machine: true},
		{Key: "spent_percent", Machine: true},
		{Key: "coverage", Machine: true},
		{Key: "from", Machine: true},
		{Key: "to", Machine: true},
		{Key: "error", Machine: true},
		{Key: "unit", Machine: true},
		{Key: "datadog_attainment", Machine: true},
		{Key: "datadog_agrees", Machine: true},
		{Key: "datadog_reason", Machine: true},
	}
	if !b.anyDiffers() {
		columns = slices.DeleteFunc(columns, func(c document.Column) bool { return c.Key == "datadog" })
	}
	return columns
}

// cells are the typed cells of a line by the key of their column; what is not
// there is absent.
type cells map[string]document.Cell

func (c cells) row(columns []document.Column, severity document.Severity) document.Row {
	row := document.Row{Severity: severity}
	for _, column := range columns {
		row.Cells = append(row.Cells, c[column.Key])
	}
	return row
}

// line is one window of an objective with Datadog's own figure for it, or one of a group.
func (b Board) line(r evaluation.Row, name, group, link string, a slo.Assessment, theirs *evaluation.Comparison) document.Row {
	c := cells{
		"shown_state":           text(stateWord(a.State)),
		"state":                 text(string(a.State)),
		"line":                  {Kind: document.Text, Text: name, Link: link},
		"slo":                   text(r.Definition.Name),
		"id":                    text(r.Definition.ID),
		"timeframe":             text(a.Objective.Timeframe.String()),
		"target":                number(slo.Known(a.Objective.Target.Percent()), a.Objective.Target.Decimals(), document.Nearest, "%"),
		"attainment":            number(a.Attainment, a.Decimals(), document.Down, "%"),
		"remaining_percent":     number(slo.Figure{}, 1, document.Down, "%"),
		"remaining":             number(slo.Figure{}, 0, document.Down, ""),
		"change_since_previous": change(a),
		"trend":                 spark(a),
		"empty_in":              b.emptyIn(a),
		"good":                  amount(a, a.Good, document.Down),
		"total":                 amount(a, a.Valid, document.Down),
		"unit":                  text(string(unitOf(a))),
		"coverage":              number(a.Coverage, 3, document.Down, ""),
		"from":                  {Kind: document.Instant, Time: instant(a.Window.Start)},
		"to":                    {Kind: document.Instant, Time: instant(a.Window.End)},
	}
	if group != "" {
		c["group"] = text(group)
	}
	if budget := a.Budget; budget != nil {
		c["remaining_percent"] = number(slo.Known(budget.RemainingPercent), 1, document.Down, "%")
		c["remaining"] = amount(a, slo.Known(budget.Remaining), document.Down)
		c["consumed"] = amount(a, slo.Known(budget.Consumed), document.Up)
	}
	for i, key := range []string{"burn_1h", "burn_6h", "burn_1d", "burn_3d"} {
		c[key] = number(a.BurnRates[i], 1, document.Up, "")
	}
	if a.ExhaustedAt != 0 {
		c["exhausted_at"] = document.Cell{Kind: document.Instant, Time: instant(a.ExhaustedAt)}
	}
	if p := a.Previous; p != nil {
		c["spent_percent"] = number(p.Spent, 1, document.Up, "")
	}
	c.besides(a, theirs)
	return c.row(b.cols, severityOf(a.State))
}

// bareLine is a row without figures: an error, or no target for the timeframe that was asked for.
func (b Board) bareLine(r evaluation.Row, link string) document.Row {
	c := cells{
		"shown_state": text(word(r)), "state": text(strings.ReplaceAll(word(r), " ", "_")), "line": {Kind: document.Text, Text: label(r), Link: link},
		"slo": text(r.Definition.Name), "id": text(r.Definition.ID),
	}
	for _, key := range []string{"attainment", "remaining_percent"} {
		c[key] = document.Cell{Kind: document.Unknown}
	}
	if r.Defect != nil {
		c["error"] = text(r.Defect.Message)
		return c.row(b.cols, document.Bad)
	}
	return c.row(b.cols, document.Muted)
}

// groupLines are the groups that a reader should see: the worst few of those
// that are not ok, or all when asked.
func (b Board) groupLines(r evaluation.Row) []document.Row {
	shown := r.Groups[:b.shownGroups(r)]
	var lines []document.Row
	for _, g := range shown {
		for _, a := range g.Windows {
			lines = append(lines, b.line(r, "- "+part(r, g.Name), g.Name, "", a, nil))
		}
	}
	if rest := r.Groups[len(shown):]; len(rest) > 0 {
		worst := "worst " + stateWord(worstState(rest[0].Windows))
		if worstState(rest[0].Windows) == slo.OK {
			worst = "all ok"
		}
		more := fmt.Sprintf("- %d more, %s", len(rest), worst)
		if len(shown) == 0 {
			more = fmt.Sprintf("- %s, all ok", plural(len(rest), "group"))
		}
		row := cells{"line": text(more)}.row(b.cols, document.Muted)
		row.Human = true
		lines = append(lines, row)
	}
	return lines
}

// shownGroups is how many groups of a row are on the board.
func (b Board) shownGroups(r evaluation.Row) int {
	if b.AllGroups {
		return len(r.Groups)
	}
	shown := 0
	for shown < min(worstGroups, len(r.Groups)) && worstState(r.Groups[shown].Windows) != slo.OK {
		shown++
	}
	return shown
}

func (b Board) hidesGroups() bool {
	return slices.ContainsFunc(b.Rows, func(r evaluation.Row) bool { return b.shownGroups(r) < len(r.Groups) })
}

// part is the name of a group as people read it below its objective: that of
// one monitor of several as it is, that of a group of tags without their keys.
func part(r evaluation.Row, group string) string {
	if sli, ok := r.Definition.SLI.(slo.MonitorSLI); ok && len(sli.MonitorIDs) > 1 {
		return group
	}
	return values(group)
}

// values is the name of a group without the tag keys, which are the same in every line.
func values(group string) string {
	tags := strings.Split(group, ",")
	for i, t := range tags {
		if _, value, ok := strings.Cut(t, ":"); ok {
			tags[i] = value
		}
	}
	return strings.Join(tags, ", ")
}

func worstState(windows []slo.Assessment) slo.State {
	return slices.MinFunc(windows, func(a, b slo.Assessment) int { return rankOf(a.State) - rankOf(b.State) }).State
}

func severityOf(s slo.State) document.Severity {
	switch s {
	case slo.Breached:
		return document.Bad
	case slo.Warning:
		return document.Warn
	case slo.NoData:
		return document.Muted
	case slo.OK:
		return document.Good
	default:
		panic("state " + string(s))
	}
}

// change is the remaining budget now less what it was at the previous meeting, in percentage points.
func change(a slo.Assessment) document.Cell {
	unknown := number(slo.Figure{}, 1, document.Down, "")
	if a.Previous == nil || a.Budget == nil {
		return unknown
	}
	then, ok := a.Previous.RemainingPercent.Value()
	if !ok {
		return unknown
	}
	c := number(slo.Known(a.Budget.RemainingPercent-then), 1, document.Down, "")
	c.Sign = true
	return c
}

func spark(a slo.Assessment) document.Cell {
	c := document.Cell{Kind: document.Spark, Low: 0, High: 100}
	for _, f := range a.Trend {
		v, ok := f.Value()
		if !ok {
			v = math.NaN()
		}
		c.Points = append(c.Points, v)
	}
	return c
}

// emptyIn is how long the budget lasts at the present pace.
func (b Board) emptyIn(a slo.Assessment) document.Cell {
	switch {
	case a.Budget == nil:
		return document.Cell{Kind: document.Unknown}
	case a.Budget.Remaining <= 0:
		return text("spent")
	case a.ExhaustedAt == 0:
		return text(">" + a.Objective.Timeframe.String())
	}
	return document.Cell{Kind: document.Duration, Value: float64(a.ExhaustedAt - b.To), Round: document.Down}
}

func text(s string) document.Cell { return document.Cell{Kind: document.Text, Text: s} }

func number(f slo.Figure, decimals int, round document.Rounding, unit string) document.Cell {
	v, ok := f.Value()
	if !ok {
		return document.Cell{Kind: document.Unknown}
	}
	return document.Cell{Kind: document.Number, Value: v, Decimals: decimals, Round: round, Unit: unit}
}

// amount is a quantity of what the window counts: requests, shortened, or a length of time.
func amount(a slo.Assessment, f slo.Figure, round document.Rounding) document.Cell {
	c := number(f, 0, round, "")
	if c.Kind == document.Number {
		c.Compact = true
		if unitOf(a) == slo.Seconds {
			c.Kind = document.Duration
		}
	}
	return c
}
