package report_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// timed is a row in seconds: up but for the last so many seconds before the end.
func timed(t *testing.T, name, target string, kind slo.Type, sli slo.SLI, down int64) evaluation.Row {
	t.Helper()
	goal, err := slo.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	o := slo.Objective{Timeframe: slo.ThirtyDays, Target: goal}
	q := slo.Question{To: to, Since: to - 14*int64(slo.Day), TrendDays: 14}
	line, err := slo.FromTransitions([]slo.Transition{
		{At: slo.Extent(o.Timeframe, q).Start, State: slo.Up}, {At: to - down, State: slo.Down},
	}, slo.SilenceUp, slo.Extent(o.Timeframe, q))
	if err != nil {
		t.Fatal(err)
	}
	a, err := slo.Assess(o, line.Events(line, slo.Cuts(o.Timeframe, q)), q)
	if err != nil {
		t.Fatal(err)
	}
	return evaluation.Row{
		Definition: slo.Definition{ID: "id-" + name, Name: name, Type: kind, Source: slo.FromDatadog, SLI: sli, Objectives: []slo.Objective{o}},
		Windows:    []slo.Assessment{a},
	}
}

// said is Datadog's figure for the row's window.
func said(r evaluation.Row, attainment float64, verdict evaluation.Verdict, reason evaluation.Reason, detail string) evaluation.Row {
	w := r.Windows[0]
	r.Datadog = []*evaluation.Comparison{{
		Objective: w.Objective, Window: w.Window.Shift(-600), Attainment: slo.Known(attainment), RemainingPercent: slo.Known(12.5),
		Ours: w.Attainment, Verdict: verdict, Reason: reason, Detail: detail,
	}}
	return r
}

// cellsOf are the cells of line i of the board by the key of their column.
func cellsOf(doc document.Document, i int) map[string]document.Cell {
	out := map[string]document.Cell{}
	for k, c := range doc.Tables[0].Columns {
		out[c.Key] = doc.Tables[0].Rows[i].Cells[k]
	}
	return out
}

func heading(doc document.Document, name string) bool {
	return slices.ContainsFunc(doc.Tables[0].Columns, func(c document.Column) bool { return c.Name == name })
}

func shown(c document.Cell) string { return render.Text(c, render.Options{}) }

// Datadog's figure in JSON: what it says, of which window, and whether that agrees.
func TestStatusJSONOfDatadog(t *testing.T) {
	t.Parallel()
	base := func() evaluation.Row { return row(t, "a", "99", nil) }
	unknown := said(base(), 0, evaluation.Incomparable, "", "")
	unknown.Datadog[0].Window, unknown.Datadog[0].Attainment, unknown.Datadog[0].RemainingPercent = timeseries.Span{}, slo.Figure{}, slo.Figure{}
	window := map[string]any{"from": "2026-09-26T11:50:00Z", "to": "2026-10-26T11:50:00Z"}
	object := func(attainment, agrees, reason, detail any) any {
		return map[string]any{
			"attainment": attainment, "remaining_percent": 12.5, "from": window["from"], "to": window["to"], "agrees": agrees, "reason": reason,
			"ours": 100.0, "detail": detail,
		}
	}
	shorter := base()
	shorter.Datadog = []*evaluation.Comparison{}
	missing := base()
	missing.Datadog = []*evaluation.Comparison{nil}
	for _, c := range []struct {
		name string
		row  evaluation.Row
		want any
	}{
		{"nothing said", base(), nil},
		{"an empty list", shorter, nil},
		{"nothing for the window", missing, nil},
		{"agrees", said(base(), 100, evaluation.Agrees, "", ""), object(100.0, true, nil, nil)},
		{"agrees but for its precision", said(base(), 99.9, evaluation.Agrees, evaluation.Precision, ""), object(99.9, true, "precision", nil)},
		{"differs", said(base(), 98.5, evaluation.Differs, evaluation.CorrectionsOff, "words"), object(98.5, false, "corrections_off", "words")},
		{"cannot be compared", said(base(), 98.5, evaluation.Incomparable, evaluation.Preview, ""), object(98.5, nil, "preview", nil)},
		{"nothing known of it", unknown, map[string]any{
			"attainment": nil, "remaining_percent": nil, "from": nil, "to": nil, "agrees": nil, "reason": nil,
			"ours": 100.0, "detail": nil,
		}},
	} {
		c.row.Groups = []evaluation.Group{{Name: "env:prod", Windows: base().Windows}}
		s := payload(t, report.Status(boardOf(c.row)))["slos"].([]any)[0].(map[string]any)
		if diff := cmp.Diff(c.want, s["windows"].([]any)[0].(map[string]any)["datadog"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		group := s["groups"].([]any)[0].(map[string]any)["windows"].([]any)[0].(map[string]any)
		if v, there := group["datadog"]; v != nil || !there {
			t.Errorf("%s: the group has %v, want null", c.name, v)
		}
	}
}

// Units and corrections in JSON.
func TestStatusJSONOfTime(t *testing.T) {
	t.Parallel()
	r := timed(t, "a", "99", slo.Monitor, slo.MonitorSLI{MonitorIDs: []int64{1}}, 7200)
	r.Windows[0].Corrections = []slo.Occurrence{{ID: "c1", Span: timeseries.Span{Start: to - 3600, End: to}}}
	w := payload(t, report.Status(boardOf(r)))["slos"].([]any)[0].(map[string]any)["windows"].([]any)[0].(map[string]any)
	for key, want := range map[string]any{
		"unit": "seconds", "good": 2_584_800.0, "total": 2_592_000.0,
		"budget":      map[string]any{"total": 25_920.0, "consumed": 7200.0, "remaining": 18_720.0, "remaining_percent": 100 * 18_720.0 / 25_920},
		"corrections": []any{map[string]any{"id": "c1", "from": "2026-10-26T11:00:00Z", "to": "2026-10-26T12:00:00Z"}},
	} {
		if diff := cmp.Diff(want, w[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	plain := payload(t, report.Status(boardOf(row(t, "b", "99", nil))))["slos"].([]any)[0].(map[string]any)["windows"].([]any)[0].(map[string]any)
	if diff := cmp.Diff([]any{"requests", []any{}}, []any{plain["unit"], plain["corrections"]}); diff != "" {
		t.Errorf("counted in requests (-want +got):\n%s", diff)
	}
}

// Budgets in time are lengths of time, rounded so that nothing looks better than it is.
func TestStatusBudgetLeft(t *testing.T) {
	t.Parallel()
	monitor := slo.MonitorSLI{MonitorIDs: []int64{1}}
	for _, c := range []struct {
		name, want, attained string
		row                  evaluation.Row
	}{
		{"hours and minutes", "5h 10m", "99.71%", timed(t, "a", "99", slo.Monitor, monitor, 7310)},
		{"minutes", "43m", "99.99%", timed(t, "a", "99.9", slo.TimeSlice, slo.SliceSLI{}, 5)},
		{"overspent", "-17m", "99.86%", timed(t, "a", "99.9", slo.Monitor, monitor, 3600)},
		{"requests", "620", "99.8%", row(t, "a", "99", map[int]float64{1: 100})},
	} {
		doc := report.Status(boardOf(c.row))
		cells := cellsOf(doc, 0)
		if got := shown(cells["remaining"]); got != c.want {
			t.Errorf("%s: %s left, want %s", c.name, got, c.want)
		}
		if got := shown(cells["attainment"]); got != c.attained {
			t.Errorf("%s: attained %s, want %s", c.name, got, c.attained)
		}
		if !heading(doc, "BUDGET LEFT") || heading(doc, "DATADOG") {
			t.Errorf("%s: columns %+v", c.name, doc.Tables[0].Columns)
		}
	}
}

// The DATADOG column is there when a figure differs, has one in such rows
// only, and with as many decimals as tell it from ours.
func TestStatusShowsDatadogWhereItDiffers(t *testing.T) {
	t.Parallel()
	ours := func(name string) evaluation.Row { return row(t, name, "99", map[int]float64{20: 3}) } // 99.9958…
	for _, c := range []struct {
		name           string
		theirs         float64
		attained, said string
	}{
		{"the usual decimals tell", 99.12, "99.9%", "99.1%"},
		{"it takes two", 99.98, "99.99%", "99.98%"},
		{"it takes more", 99.99580, "99.99583%", "99.99580%"},
		{"above", 100, "99.9%", "100.0%"},
		{"the same, over another window", 100 * 71997.0 / 72000, "99.9%", "99.9%"},
	} {
		doc := report.Status(boardOf(
			said(ours("a"), c.theirs, evaluation.Differs, evaluation.IndexAge, ""),
			said(ours("b"), 99.99583333333334, evaluation.Agrees, "", ""), ours("c"), failed("d"),
		))
		if !heading(doc, "DATADOG") {
			t.Fatalf("%s: no column DATADOG", c.name)
		}
		for i := range 4 {
			cells := cellsOf(doc, i)
			line, seen := cells["line"].Text, shown(cells["datadog"])
			switch {
			case line == "a" && (seen != c.said || shown(cells["attainment"]) != c.attained):
				t.Errorf("%s: %s beside Datadog's %s, want %s and %s", c.name, shown(cells["attainment"]), seen, c.attained, c.said)
			case line != "a" && seen != "":
				t.Errorf("%s: %s shows Datadog's %s", c.name, line, seen)
			case line == "b" && shown(cells["attainment"]) != "99.9%":
				t.Errorf("%s: where both agree ours is %s", c.name, shown(cells["attainment"]))
			}
		}
	}
}

// Machines get what Datadog says of every window.
func TestStatusCSVOfDatadog(t *testing.T) {
	t.Parallel()
	b := boardOf(
		said(row(t, "a", "99", nil), 98.5, evaluation.Differs, evaluation.Unexplained, ""),
		said(row(t, "b", "99", nil), 100, evaluation.Agrees, "", ""),
		said(timed(t, "c", "99", slo.Monitor, slo.MonitorSLI{}, 60), 50, evaluation.Incomparable, evaluation.Preview, ""), row(t, "d", "99", nil),
	)
	var out bytes.Buffer
	if err := render.CSV(&out, report.Status(b), render.Options{}); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, line := range lines[1:] {
		var values []string
		for _, key := range []string{"unit", "remaining", "datadog_attainment", "datadog_agrees", "datadog_reason"} {
			values = append(values, line[slices.Index(lines[0], key)])
		}
		got[line[slices.Index(lines[0], "slo")]] = strings.Join(values, ",")
	}
	want := map[string]string{
		"a": "requests,720,98.5,false,unexplained", "b": "requests,720,100,true,", "c": "seconds,25860,50,,preview", "d": "requests,720,,,",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if slices.Contains(lines[0], "datadog") {
		t.Errorf("the column for people is in CSV: %v", lines[0])
	}
}

// What the room has to know about differences: who, whether it changes the verdict, and why.
func TestStatusSaysWhyDatadogDiffers(t *testing.T) {
	t.Parallel()
	good, bad := map[int]float64(nil), map[int]float64{1: 100, 2: 100, 3: 100, 4: 100, 5: 100, 6: 100, 7: 100, 8: 100}
	odd := said(row(t, "$(x)", "99", good), 99.5, evaluation.Differs, evaluation.Unexplained, "")
	odd.Definition.ID = "342a43c6"
	for _, c := range []struct {
		name  string
		rows  []evaluation.Row
		lead  string
		notes []string
	}{
		{"nothing differs", []evaluation.Row{said(row(t, "a", "99", good), 100, evaluation.Agrees, "", "")}, "", nil},
		{
			"on the same side of the target", []evaluation.Row{said(row(t, "a", "99", good), 99.5, evaluation.Differs, evaluation.LateData, "Datadog computed it too early")},
			"Datadog's own figure differs for a; see below.", []string{"a: 30d to 2026-10-26 11:50 UTC: Datadog 99.5%, ours 100.0%: Datadog computed it too early"},
		},
		{
			"on the other side", []evaluation.Row{
				said(row(t, "a", "99", good), 98.9, evaluation.Differs, evaluation.CorrectionsOff, ""),
				said(row(t, "0", "99", good), 99.5, evaluation.Differs, evaluation.IndexAge, ""),
				said(row(t, "b", "99", bad), 99.5, evaluation.Differs, evaluation.GroupSet, ""),
			},
			"Datadog's own figure differs for b (not breached there), a (breached there), 0; see below.",
			[]string{"b: 30d to 2026-10-26 11:50 UTC: Datadog 99.5%, ours 98.8%: Datadog's figure is over another set of groups", "0: 30d to 2026-10-26 11:50 UTC: Datadog 99.5%, ours 100.0%: Datadog's figure was computed earlier than it says", "a: 30d to 2026-10-26 11:50 UTC: Datadog 98.9%, ours 100.0%: Datadog's figure leaves status corrections out"},
		},
		{
			"no reason, and a name that is safe to type", []evaluation.Row{said(row(t, "mail (prod)", "99", good), 99.5, evaluation.Differs, evaluation.Unexplained, "")},
			"Datadog's own figure differs for mail (prod); see below.",
			[]string{`mail (prod): 30d to 2026-10-26 11:50 UTC: Datadog 99.5%, ours 100.0%: nothing that slo knows to try gives Datadog's figure; run slo show "mail (prod)" --compare`},
		},
		{
			"no reason, and a name that a shell would read", []evaluation.Row{odd},
			"Datadog's own figure differs for $(x); see below.",
			[]string{`$(x): 30d to 2026-10-26 11:50 UTC: Datadog 99.5%, ours 100.0%: nothing that slo knows to try gives Datadog's figure; run slo show 342a43c6 --compare`},
		},
		{
			"no reason, and two of the name", []evaluation.Row{said(row(t, "a", "99", good), 99.5, evaluation.Differs, evaluation.Unexplained, ""), failed("A")},
			"Datadog's own figure differs for a; see below.",
			[]string{"A: unknown type quantum", "a: 30d to 2026-10-26 11:50 UTC: Datadog 99.5%, ours 100.0%: nothing that slo knows to try gives Datadog's figure; run slo show id-a --compare"},
		},
	} {
		doc := report.Status(boardOf(c.rows...))
		lead := slices.DeleteFunc(doc.Lead, func(s string) bool { return !strings.HasPrefix(s, "Datadog") })
		if got := strings.Join(lead, "|"); got != c.lead {
			t.Errorf("%s: the lead says %q, want %q", c.name, got, c.lead)
		}
		if diff := cmp.Diff(c.notes, doc.Notes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Every reason has words of its own.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	seen := map[string]evaluation.Reason{}
	for _, reason := range []evaluation.Reason{
		evaluation.IndexAge, evaluation.LateData, evaluation.CorrectionsOff, evaluation.CorrectionEdge, evaluation.DefinitionChanged,
		evaluation.MissingData, evaluation.GroupSet, evaluation.Precision, evaluation.Preview, evaluation.Unexplained,
	} {
		note := report.Status(boardOf(said(row(t, "a", "99", nil), 99.5, evaluation.Differs, reason, ""))).Notes[0]
		if other, twice := seen[note]; twice || strings.Contains(note, string(reason)) {
			t.Errorf("%s says %q, as %q does, or nothing but its code", reason, note, other)
		}
		seen[note] = reason
	}
}

// Notes: the same thing about several rows is said once, and where figures
// come from comes last; what changes nothing is for machines only.
func TestStatusNotes(t *testing.T) {
	t.Parallel()
	monitor := func(name string, notes ...slo.Note) evaluation.Row {
		r := timed(t, name, "99", slo.Monitor, slo.MonitorSLI{MonitorIDs: []int64{1}}, 0)
		r.Notes = notes
		return r
	}
	origin := slo.Note{Code: "datadog_transitions", Text: "from transitions"}
	edge := slo.Note{Code: "correction_edge", Text: "30d: between 1% and 2%"}
	strategy := slo.Note{Code: "no_data_strategy", Text: "the strategy is x"}
	gappy := monitor("gappy", strategy, slo.Note{Code: "coverage", Text: "30d: gaps"})
	gappy.Windows[0].Coverage = slo.Known(0.5)
	nearly := monitor("nearly", strategy, slo.Note{Code: "coverage", Text: "30d: gaps"})
	nearly.Windows[0].Coverage = slo.Known(0.97)
	corrected := monitor("corrected", origin)
	corrected.Windows[0].Corrections = []slo.Occurrence{{ID: "x", Span: timeseries.Span{Start: to - 60, End: to}}}
	for _, c := range []struct {
		name string
		rows []evaluation.Row
		want []string
	}{
		{"one", []evaluation.Row{monitor("a", origin, edge)}, []string{"a: 30d: between 1% and 2%", "a: from transitions"}},
		{"several", []evaluation.Row{monitor("a", origin), monitor("b", origin, edge), monitor("c", origin)}, []string{"b: 30d: between 1% and 2%", "a, b, c: from transitions"}},
		{"many", []evaluation.Row{monitor("a", origin), monitor("b", origin), monitor("c", origin), monitor("d", origin), monitor("e", origin)}, []string{
			"a, b, c, and 2 more: from transitions",
		}},
		{"gaps", []evaluation.Row{gappy, nearly}, []string{"gappy, nearly: the strategy is x", "gappy: 30d: gaps"}},
		{"no gaps", []evaluation.Row{monitor("a", strategy)}, nil},
		{"corrections", []evaluation.Row{corrected}, []string{
			"corrected: from transitions", "corrected: figures after status corrections",
		}},
	} {
		doc := report.Status(boardOf(c.rows...))
		if diff := cmp.Diff(c.want, doc.Notes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		for i, s := range payload(t, doc)["slos"].([]any) {
			if got := len(s.(map[string]any)["notes"].([]any)); got != len(c.rows[i].Notes) {
				t.Errorf("%s: row %d has %d notes in JSON, want %d", c.name, i, got, len(c.rows[i].Notes))
			}
		}
	}
}

// The monitors of an SLO of several are named as they are; groups lose their tag keys.
func TestStatusGroupNames(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string][]int64{"- checkout: orders, slow": {1, 2}, "- orders, slow": {1}} {
		r := timed(t, "a", "99", slo.Monitor, slo.MonitorSLI{MonitorIDs: ids}, 0)
		r.Groups = []evaluation.Group{{Name: "checkout: orders, slow", Windows: timed(t, "", "99", slo.Monitor, nil, 90_000).Windows}}
		doc := report.Status(boardOf(r))
		if got := doc.Tables[0].Rows[1].Cells[1].Text; strings.Join(strings.Fields(got), " ") != name {
			t.Errorf("with monitors %v: %q, want %q", ids, got, name)
		}
		if lead := strings.Join(doc.Lead, " "); !strings.Contains(strings.Join(strings.Fields(lead), " "), "a / "+strings.TrimPrefix(name, "- ")) {
			t.Errorf("with monitors %v the lead says %q", ids, lead)
		}
	}
}
