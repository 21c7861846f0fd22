package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const to = 1_793_016_000 // 2026-10-26T12:00:00Z

// hourly is evidence of 100 requests an hour, of which bad[h] failed h hours before the end.
func hourly(t *testing.T, bad map[int]float64) slo.Events {
	t.Helper()
	const hours = 60 * 24
	run := slo.Run{Start: to - hours*3600, Step: 3600, Good: make([]float64, hours), Valid: make([]float64, hours)}
	for i := range hours {
		run.Valid[i], run.Good[i] = 100, 100-bad[hours-i]
	}
	return slo.Events{Known: timeseries.Span{Start: run.Start, End: to}, Runs: []slo.Run{run}}
}

func row(t *testing.T, name, target string, bad map[int]float64) evaluation.Row {
	t.Helper()
	goal, err := slo.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	o := slo.Objective{Timeframe: slo.ThirtyDays, Target: goal}
	a, err := slo.Assess(o, hourly(t, bad), slo.Question{To: to, Since: to - 14*int64(slo.Day), TrendDays: 14})
	if err != nil {
		t.Fatal(err)
	}
	return evaluation.Row{
		Definition: slo.Definition{
			ID: "id-" + name, Name: name, Source: slo.FromDatadog, SLI: slo.EventSLI{}, Objectives: []slo.Objective{o},
		},
		Windows: []slo.Assessment{a},
	}
}

func boardOf(rows ...evaluation.Row) report.Board {
	return report.Board{
		At: time.Unix(to, 0), To: to, Since: to - 14*int64(slo.Day), Site: "datadoghq.com", Zone: time.UTC,
		Link: func(d slo.Definition) string { return "https://app.datadoghq.com/slo?slo_id=" + d.ID }, Rows: rows,
	}
}

func failed(name string) evaluation.Row {
	return evaluation.Row{
		Definition: slo.Definition{ID: "id-" + name, Name: name, Type: "quantum", Source: slo.FromDatadog},
		Defect:     &slo.Defect{Kind: slo.Unsupported, Message: "unknown type quantum"},
	}
}

func silent(t *testing.T, name string) evaluation.Row {
	r := row(t, name, "99", nil)
	r.Windows[0] = slo.Assessment{Objective: r.Windows[0].Objective, Window: r.Windows[0].Window, State: slo.NoData, Coverage: slo.Known(0)}
	return r
}

// The order of the contract: breached, rows with an error, no data, warning, ok; then lowest remaining, name, id.
func TestStatusOrder(t *testing.T) {
	t.Parallel()
	warned := row(t, "warned", "99", map[int]float64{5: 60})
	warned.Windows[0].State = slo.Warning
	var names []string
	doc := report.Status(boardOf(
		row(t, "b ok", "99", nil), warned, silent(t, "silent"), row(t, "a ok", "99", nil), row(t, "ok, less left", "99", map[int]float64{1: 1}),
		failed("failed"), row(t, "breached", "99.9", map[int]float64{1: 100}), row(t, "breached worse", "99.9", map[int]float64{1: 100, 2: 100}),
	))
	for _, s := range payload(t, doc)["slos"].([]any) {
		names = append(names, s.(map[string]any)["name"].(string))
	}
	want := []string{"breached worse", "breached", "failed", "silent", "warned", "ok, less left", "a ok", "b ok"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func payload(t *testing.T, d document.Document) map[string]any {
	t.Helper()
	text, err := json.Marshal(d.Payload)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Every field that the contract names is there, under its name, and nothing unknown is a number.
func TestStatusJSONHasTheFieldsOfTheContract(t *testing.T) {
	t.Parallel()
	keys := func(v any) []string {
		var names []string
		for k := range v.(map[string]any) {
			names = append(names, k)
		}
		return names
	}
	sorted := func(want string, got []string) string {
		return cmp.Diff(set(strings.Fields(want)), set(got))
	}
	doc := payload(t, report.Status(boardOf(row(t, "a", "99", map[int]float64{20: 3}), silent(t, "b"), row(t, "c", "100", nil), failed("d"))))
	if diff := sorted("schema at site notes slos", keys(doc)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	byName := map[string]map[string]any{}
	for _, s := range doc["slos"].([]any) {
		m := s.(map[string]any)
		byName[m["name"].(string)] = m
		if diff := sorted("id name type source tags url windows groups error notes", keys(m)); diff != "" {
			t.Errorf("slo (-want +got):\n%s", diff)
		}
	}
	window := func(name string) map[string]any { return byName[name]["windows"].([]any)[0].(map[string]any) }
	if diff := sorted(`timeframe from to target warning state attainment good total unit coverage budget burn_rates
		previous exhausted_at trend datadog corrections`, keys(window("a"))); diff != "" {
		t.Errorf("window (-want +got):\n%s", diff)
	}
	for path, want := range map[string]string{
		"budget":     "total consumed remaining remaining_percent",
		"burn_rates": "1h 6h 1d 3d",
		"previous":   "at attainment remaining_percent spent_percent aged_out_percent",
	} {
		if diff := sorted(want, keys(window("a")[path])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for _, path := range []string{"attainment", "good", "total", "budget", "exhausted_at"} {
		if v := window("b")[path]; v != nil {
			t.Errorf("no data: %s is %v, want null", path, v)
		}
	}
	for _, path := range []string{"budget", "burn_rates"} {
		if v := window("c")[path]; v != nil {
			t.Errorf("target 100: %s is %v, want null", path, v)
		}
	}
	if window("c")["state"] != "ok" {
		t.Errorf("target 100, all good: state %v, want ok", window("c")["state"])
	}
	if e := byName["d"]["error"].(map[string]any); e["kind"] != "unsupported" || len(byName["d"]["windows"].([]any)) != 0 || byName["d"]["type"] != "quantum" {
		t.Errorf("a row with an error: %v", byName["d"])
	}
}

func set(names []string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = true
	}
	return m
}

// The lead says first what was spent since the meeting, then what was in debt before.
func TestStatusLead(t *testing.T) {
	t.Parallel()
	const dayAgo, threeWeeksAgo = 24, 21 * 24
	grouped := row(t, "a", "99.9", nil)
	grouped.Groups = []evaluation.Group{{Name: "env:prod", Windows: row(t, "", "99.9", map[int]float64{threeWeeksAgo: 100}).Windows}}
	regained := row(t, "a", "99", map[int]float64{dayAgo: 100, threeWeeksAgo: 100})
	regained.Windows[0].Previous.RemainingPercent = slo.Known(regained.Windows[0].Budget.RemainingPercent)
	for _, c := range []struct {
		name string
		rows []evaluation.Row
		want []string
	}{
		{"nothing", []evaluation.Row{row(t, "a", "99", nil)}, []string{
			"No SLO lost 10 percentage points or more of its budget since 2026-10-12 12:00 UTC.",
		}},
		{"spent since", []evaluation.Row{row(t, "a", "99", map[int]float64{dayAgo: 100})}, []string{
			"Spent since 2026-10-12 12:00 UTC: a (14% of its 30d budget).",
		}},
		{"spent and regained, as a short window does", []evaluation.Row{regained}, []string{
			"No SLO lost 10 percentage points or more of its budget since 2026-10-12 12:00 UTC.",
		}},
		{"standing debt", []evaluation.Row{row(t, "a", "99.9", map[int]float64{threeWeeksAgo: 100})}, []string{
			"No SLO lost 10 percentage points or more of its budget since 2026-10-12 12:00 UTC.",
			"In debt from before: a (39% over its 30d budget).",
		}},
		{"no data", []evaluation.Row{silent(t, "a")}, []string{
			"What was spent since 2026-10-12 12:00 UTC is not known: there is no data.",
		}},
		{"a group in debt", []evaluation.Row{grouped}, []string{
			"No SLO lost 10 percentage points or more of its budget since 2026-10-12 12:00 UTC.",
			"Breached groups of SLOs that are not: a / prod (39% over its 30d budget).",
		}},
		{"an error", []evaluation.Row{failed("a"), row(t, "b", "99", nil)}, []string{
			"No SLO lost 10 percentage points or more of its budget since 2026-10-12 12:00 UTC.", "1 SLO could not be evaluated; see below.",
		}},
		{"empty", nil, nil},
	} {
		if diff := cmp.Diff(c.want, report.Status(boardOf(c.rows...)).Lead); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// Good figures are floored, bad ones rounded up, to the decimals that the target and the events carry.
func TestStatusRounding(t *testing.T) {
	t.Parallel()
	doc := report.Status(boardOf(row(t, "a", "99.9", map[int]float64{2: 1})))
	columns := map[string]document.Cell{}
	for i, c := range doc.Tables[0].Columns {
		columns[c.Key] = doc.Tables[0].Rows[0].Cells[i]
	}
	for key, want := range map[string]struct {
		round    document.Rounding
		decimals int
	}{
		"attainment":            {document.Down, 2},
		"remaining_percent":     {document.Down, 1},
		"change_since_previous": {document.Down, 1},
		"burn_1d":               {document.Up, 1},
		"spent_percent":         {document.Up, 1},
		"consumed":              {document.Up, 0},
	} {
		if c := columns[key]; c.Kind != document.Number || c.Round != want.round || c.Decimals != want.decimals {
			t.Errorf("%s: kind %v, rounding %v, %d decimals; want a number, %v, %d", key, c.Kind, c.Round, c.Decimals, want.round, want.decimals)
		}
	}
}

// Groups that are not ok are shown, three at most, and one line counts the rest.
func TestStatusGroups(t *testing.T) {
	t.Parallel()
	names := func(all bool, breached ...string) (out []string) {
		r := row(t, "a", "99", nil)
		for _, name := range []string{"env:a", "env:b", "env:c", "env:d", "env:e"} {
			bad := map[int]float64{}
			if slices.Contains(breached, name) {
				bad[2] = 1000
			}
			r.Groups = append(r.Groups, evaluation.Group{Name: name, Windows: row(t, name, "99", bad).Windows})
		}
		b := boardOf(r)
		b.AllGroups = all
		for _, line := range report.Status(b).Tables[0].Rows {
			out = append(out, line.Cells[1].Text)
		}
		return out
	}
	for _, c := range []struct {
		breached, want []string
	}{
		{nil, []string{"a", "- 5 groups, all ok"}},
		{[]string{"env:d"}, []string{"a", "- d", "- 4 more, all ok"}},
		{[]string{"env:e", "env:b", "env:a", "env:d"}, []string{"a", "- a", "- b", "- d", "- 2 more, worst breached"}},
	} {
		if diff := cmp.Diff(c.want, names(false, c.breached...)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.breached, diff)
		}
	}
	if got := len(names(true)); got != 6 {
		t.Errorf("--groups shows %d lines, want 6", got)
	}
}
