package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func catalogOf(defs ...slo.Definition) report.Catalog {
	return report.Catalog{Site: "datadoghq.com", Definitions: defs, Link: func(slo.Definition) string { return "" }}
}

// fields are what `slo show` says of an object.
func fields(doc document.Document) map[string]string {
	out := map[string]string{}
	for _, r := range doc.Tables[0].Rows {
		out[r.Cells[0].Text] = r.Cells[1].Text
	}
	return out
}

// Every type says what it measures, in words and in JSON.
func TestShowTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		d    slo.Definition
		want map[string]string
		sli  any
	}{
		{
			"time slice", slo.Definition{ID: "1", Name: "a", Type: slo.TimeSlice, SLI: slo.SliceSLI{
				Formula: "q1 / q2", Queries: map[string]string{"q2": "sum:y{*}", "q1": "sum:x{*}"}, Comparator: "<=", Threshold: 0.25, Seconds: 60, NoDataStrategy: "x",
			}},
			map[string]string{
				"name": "a", "id": "1", "type": "time_slice", "good slice": "q1 / q2 <= 0.25", "slice": "60 s", "query q1": "sum:x{*}", "query q2": "sum:y{*}", "no data": "x",
			},
			map[string]any{
				"formula": "q1 / q2", "queries": map[string]any{"q1": "sum:x{*}", "q2": "sum:y{*}"}, "comparator": "<=", "threshold": 0.25,
				"slice_seconds": 60.0, "no_data_strategy": "x",
			},
		},
		{
			"monitors", slo.Definition{ID: "2", Name: "b", Type: slo.Monitor, SLI: slo.MonitorSLI{MonitorIDs: []int64{12345678901, 7}}},
			map[string]string{"name": "b", "id": "2", "type": "monitor", "monitors": "12345678901, 7"},
			map[string]any{"monitor_ids": []any{12345678901.0, 7.0}, "groups": []any{}},
		},
		{
			"groups of a monitor", slo.Definition{ID: "3", Name: "c", Type: slo.Monitor, SLI: slo.MonitorSLI{MonitorIDs: []int64{7}, Groups: []string{"env:prod,az:a", "env:dev,az:b"}}},
			map[string]string{"name": "c", "id": "3", "type": "monitor", "monitors": "7", "groups": "env:prod,az:a; env:dev,az:b"},
			map[string]any{"monitor_ids": []any{7.0}, "groups": []any{"env:prod,az:a", "env:dev,az:b"}},
		},
	} {
		doc := report.Show(catalogOf(c.d), nil)
		if diff := cmp.Diff(c.want, fields(doc)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		p := payload(t, doc)
		if diff := cmp.Diff(c.sli, p["slo"].(map[string]any)["sli"]); diff != "" {
			t.Errorf("%s in JSON (-want +got):\n%s", c.name, diff)
		}
		if v, there := p["comparison"]; v != nil || !there {
			t.Errorf("%s: without --compare the comparison is %v, want null", c.name, v)
		}
		list := report.List(catalogOf(c.d))
		if got := list.Tables[0].Rows[0].Cells[1].Text; got != string(c.d.Type) {
			t.Errorf("%s: the list says type %q", c.name, got)
		}
	}
}

func sums(attainment, good, valid, left slo.Figure) evaluation.Sums {
	return evaluation.Sums{Attainment: attainment, Good: good, Valid: valid, RemainingPercent: left}
}

// account is one window of a row with the figures of both sides.
func account(r evaluation.Row, verdict evaluation.Verdict, reason evaluation.Reason, ours, oursBare, theirs, theirsBare evaluation.Sums) evaluation.Account {
	w := r.Windows[0]
	a := evaluation.Account{Ours: ours, OursUncorrected: oursBare, Theirs: theirs, TheirsUncorrected: theirsBare}
	a.Comparison = evaluation.Comparison{
		Objective: w.Objective, Window: w.Window, Attainment: theirs.Attainment, RemainingPercent: theirs.RemainingPercent, Verdict: verdict, Reason: reason,
	}
	return a
}

// compared is the page of a comparison as people see it in a pipe.
func compared(t *testing.T, r evaluation.Row, accounts ...evaluation.Account) (string, document.Document) {
	t.Helper()
	doc := report.Show(catalogOf(r.Definition), &report.Compared{
		Row: r, Accounts: accounts, Notes: []slo.Note{{Code: "whole", Text: "about everything"}}, Zone: time.UTC,
	})
	page := doc
	page.Tables = page.Tables[1:]
	page.Title = ""
	var out bytes.Buffer
	if err := render.Table(&out, page, render.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.String(), doc
}

// Both sides of a window in time, with corrections and without, and why they differ.
func TestShowCompare(t *testing.T) {
	t.Parallel()
	k := slo.Known
	none := slo.Figure{}
	r := timed(t, "a", "99.9", slo.Monitor, slo.MonitorSLI{MonitorIDs: []int64{1}}, 600)
	r.Notes = []slo.Note{{Code: "datadog_transitions", Text: "from transitions"}}
	r.Windows[0].Corrections = []slo.Occurrence{{ID: "c1", Span: timeseries.Span{Start: to - 7200, End: to}}}
	a := account(r, evaluation.Differs, evaluation.CorrectionsOff,
		sums(k(99.97678737233055), k(2_584_200), k(2_584_800), k(76.78737233054783)),
		sums(k(99.76851851851852), k(2_586_000), k(2_592_000), k(-131.4814814814815)),
		sums(k(99.76851654052734), none, none, k(-131.483)), sums(k(99.76851654052734), none, none, k(-131.483)),
	)
	a.Detail, a.Evidence = "Datadog leaves them out", []string{"the first line", "the second line"}
	got, doc := compared(t, r, a)
	want := `30d to 2026-10-26 12:00 UTC: Datadog's figure differs (corrections_off)
FIGURE       CORRECTIONS         OURS   DATADOG  DIFFERENCE
attainment   applied           99.97%    99.76%       -0.21
good         applied      2,584,200 s         –           –
total        applied      2,584,800 s         –           –
budget left  applied           76.79%  -131.48%     -208.27
attainment   left out          99.76%    99.76%        0.00
good         left out     2,586,000 s         –           –
total        left out     2,592,000 s         –           –
budget left  left out        -131.48%  -131.48%        0.00

- 30d: Datadog leaves them out
- 30d: the first line
- 30d: the second line
- about everything
- from transitions
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p := payload(t, doc)
	wantJSON := map[string]any{
		"timeframe": "30d", "from": "2026-09-26T12:00:00Z", "to": "2026-10-26T12:00:00Z", "target": 99.9, "unit": "seconds",
		"agrees": false, "reason": "corrections_off", "detail": "Datadog leaves them out",
		"ours": map[string]any{
			"corrected":   map[string]any{"attainment": 99.97678737233055, "good": 2_584_200.0, "total": 2_584_800.0, "remaining_percent": 76.78737233054783},
			"uncorrected": map[string]any{"attainment": 99.76851851851852, "good": 2_586_000.0, "total": 2_592_000.0, "remaining_percent": -131.4814814814815},
		},
		"datadog": map[string]any{
			"corrected":   map[string]any{"attainment": 99.76851654052734, "good": nil, "total": nil, "remaining_percent": -131.483},
			"uncorrected": map[string]any{"attainment": 99.76851654052734, "good": nil, "total": nil, "remaining_percent": -131.483},
		},
		"problem": nil, "evidence": []any{"the first line", "the second line"},
		"corrections": []any{map[string]any{"id": "c1", "from": "2026-10-26T10:00:00Z", "to": "2026-10-26T12:00:00Z"}},
	}
	if diff := cmp.Diff([]any{wantJSON}, p["comparison"]); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if notes := p["slo"].(map[string]any)["notes"].([]any); len(notes) != 1 {
		t.Errorf("the notes of the row in JSON: %v", notes)
	}
}

// Counts, with the digits that tell two figures apart, and without the rows
// about corrections where there are none.
func TestShowCompareOfEvents(t *testing.T) {
	t.Parallel()
	k := slo.Known
	r := row(t, "a", "99.9", nil)
	ours := sums(k(100*10_818_413.0/10_827_615), k(10_818_413), k(10_827_615), k(15.013601795039813))
	theirs := sums(k(100*10_818_413.5/10_827_615), k(10_818_413.5), k(10_827_615), k(15.014))
	got, _ := compared(t, r, account(r, evaluation.Differs, evaluation.Unexplained, ours, ours, theirs, theirs))
	want := `30d to 2026-10-26 12:00 UTC: Datadog's figure differs (unexplained)
FIGURE       CORRECTIONS          OURS       DATADOG  DIFFERENCE
attainment   none           99.915013%    99.915018%   +0.000005
good         none         10,818,413.0  10,818,413.5        +0.5
total        none           10,827,615    10,827,615           0
budget left  none               15.01%        15.01%        0.00

- 30d: nothing that slo knows to try gives Datadog's figure
- about everything
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// Datadog corrects something that we know nothing of.
	got, _ = compared(t, r, account(r, evaluation.Differs, evaluation.Unexplained, ours, ours, ours, theirs))
	if !strings.Contains(got, "left out") {
		t.Errorf("Datadog's figures with and without corrections are not the same, and not both shown:\n%s", got)
	}
	// A correction that changes nothing is no reason to say that there is none.
	idle := row(t, "a", "99.9", nil)
	idle.Windows[0].Corrections = []slo.Occurrence{{ID: "c1", Span: timeseries.Span{Start: to - 60, End: to}}}
	got, _ = compared(t, idle, account(idle, evaluation.Agrees, "", ours, ours, ours, ours))
	if !strings.Contains(got, "applied") || !strings.Contains(got, "left out") {
		t.Errorf("a correction of no effect:\n%s", got)
	}
	// One verdict for each window.
	agreeing := account(r, evaluation.Agrees, "", ours, ours, ours, ours)
	agreeing.Objective.Timeframe = slo.NinetyDays
	preview := account(r, evaluation.Incomparable, "", ours, ours, evaluation.Sums{}, evaluation.Sums{})
	preview.Detail = "Datadog gives no figure"
	got, _ = compared(t, r, preview, agreeing)
	for _, line := range []string{
		"30d to 2026-10-26 12:00 UTC: nothing can be said\n", "90d to 2026-10-26 12:00 UTC: Datadog's figure agrees\n", "- 30d: Datadog gives no figure\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is not said:\n%s", line, got)
		}
	}
}

// What has no comparison says why.
func TestShowCompareWithoutFigures(t *testing.T) {
	t.Parallel()
	defect := failed("a")
	defect.Defect.Hints = []string{"do this"}
	fromFile := row(t, "b", "99", nil)
	fromFile.Definition.Source = slo.FromFile
	silent := account(row(t, "c", "99", nil), evaluation.Agrees, "", evaluation.Sums{}, evaluation.Sums{}, evaluation.Sums{}, evaluation.Sums{})
	silent.Problem = "The denominator is zero valued"
	for _, c := range []struct {
		name     string
		row      evaluation.Row
		accounts []evaluation.Account
		want     string
	}{
		{"a defect", defect, nil, "- unknown type quantum; do this\n- about everything\n"},
		{"an SLO from a file", fromFile, nil, "- about everything\n"},
		{"neither side has data", row(t, "c", "99", nil), []evaluation.Account{silent}, `30d to 2026-10-26 12:00 UTC: neither side has a figure
neither side has a figure

- 30d: Datadog says of its figure: The denominator is zero valued
- about everything
`},
	} {
		got, doc := compared(t, c.row, c.accounts...)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		p := payload(t, doc)
		if list, ok := p["comparison"].([]any); !ok || len(list) != len(c.accounts) {
			t.Errorf("%s: the comparison is %v, want a list of %d", c.name, p["comparison"], len(c.accounts))
		}
		if e := p["slo"].(map[string]any)["error"]; (e != nil) != (c.row.Defect != nil) {
			t.Errorf("%s: error %v", c.name, e)
		}
	}
}
