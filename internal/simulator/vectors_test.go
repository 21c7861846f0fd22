package simulator_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// Datadog's documentation works these out; letters as in our facts.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	// ten steps of six minutes for three monitors, 1 for an alert
	var steps strings.Builder
	for id, row := range []string{"0100000000", "0000001000", "0000001010"} {
		fmt.Fprintf(&steps, "  - {id: %d, name: m%d, down: [", id+1, id+1)
		for i, state := range row {
			if state == '1' {
				fmt.Fprintf(&steps, "{from: -%dm, for: 6m}, ", 60-6*i)
			}
		}
		steps.WriteString("]}\n")
	}
	const slice = `
now: 2026-11-09T12:00:00Z
services: [{name: shop, flat: true, envs: {prod: 1, test: 1}, endpoints: [{resource: GET /, rate: 1}]}]
incidents: [{service: shop, env: prod, from: -6h, for: 5m, errors: 100%}, {service: shop, env: test, from: -3h, for: 5m, errors: 100%}]
slos:
  - name: s
    tags: []
    slice: {formula: a/b, queries: {a: 'sum:trace.http.request.errors{FILTER} by {env}.as_count()', b: 'sum:trace.http.request.hits{FILTER} by {env}.as_count()'}, comparator: '<', threshold: 0.5, seconds: 300}
    thresholds: [{timeframe: 7d, target: 99}]
`
	for name, c := range map[string]struct {
		world  string
		window int64
		want   float64
	}{
		"H, one bad slice in twelve hours": {strings.ReplaceAll(slice, "FILTER", "env:prod"), 12 * 3600, 100 * 715. / 720},
		"H, a bad slice in each group":     {strings.ReplaceAll(slice, "FILTER", "*"), 12 * 3600, 100 * 710. / 720},
		"I, three monitors": {
			"now: 2026-11-09T12:00:00Z\nmonitors:\n" + steps.String() + "slos: [{name: s, tags: [], monitors: [1, 2, 3], thresholds: [{timeframe: 7d, target: 99}]}]\n", 3600, 70,
		},
		"J, an hour down in a week of which a day is corrected": {
			`
now: 2026-11-09T12:00:00Z
monitors: [{id: 1, name: m, down: [{from: -2d, for: 1h}]}]
slos: [{name: s, tags: [], monitors: [1], thresholds: [{timeframe: 7d, target: 99}]}]
corrections: [{slo: s, start: -4d, for: 1d}]
`, 7 * 86400, 100 * (1 - 60./8640),
		},
		"G, 420 s down in a week": {
			`
now: 2026-11-09T12:00:00Z
monitors: [{id: 1, name: m, down: [{from: -2d, for: 7m}]}]
slos: [{name: s, tags: [], monitors: [1], thresholds: [{timeframe: 7d, target: 99.5}]}]
`, 7 * 86400, 100 * (1 - 420./604800),
		},
	} {
		w := parsed(t, c.world)
		s := serve(t, simulator.Config{World: w})
		to := w.Now.Unix()
		got := timeBased(t, s, w.SLOs[0].ID, to-c.window, to, "&target=99.5").Data
		if sli(t, got.Overall) != float64(float32(c.want)) {
			t.Errorf("%s: %v, want %v", name, sli(t, got.Overall), c.want)
		}
		if left := got.Overall.Remaining["custom"]; strings.HasPrefix(name, "G") && left != 86.111 {
			t.Errorf("%s: %v %% of the budget are left, want 86.111", name, left)
		}
		for i, m := range got.Monitors {
			if want := []float64{90, 90, 80}[i]; sli(t, m) != want {
				t.Errorf("%s: monitor %d has %v, want %v", name, i, sli(t, m), want)
			}
		}
	}
}

// While everything is paused there is no state, and while one is paused the
// others tell.
func TestPausedTogether(t *testing.T) {
	t.Parallel()
	w := parsed(t, `
now: 2026-11-09T12:00:00Z
monitors:
  - {id: 1, name: a, type: synthetics alert, test: aaa, no_data: [{from: -3h, for: 2h}]}
  - {id: 2, name: b, type: synthetics alert, test: bbb, no_data: [{from: -2h, for: 2h}]}
slos: [{name: s, tags: [], monitors: [1, 2], thresholds: [{timeframe: 7d, target: 99}]}]
`)
	s := serve(t, simulator.Config{World: w})
	to := w.Now.Unix()
	got := timeBased(t, s, w.SLOs[0].ID, to-4*3600, to, "").Data.Overall
	if diff := cmp.Diff([][2]int64{{to - 4*3600, 0}, {to - 2*3600, 2}, {to - 3600, 0}}, got.History); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, total, err := s.Counted(w.SLOs[0].ID, to-4*3600, to); err != nil || total != 3*3600 {
		t.Errorf("%v s count (%v), want three hours", total, err)
	}
}

// What the history says of slices is what comparing the answers of metric
// queries at the length of a slice gives.
func TestSliceFiguresFollowFromQueries(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default", "types", "corrections"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, name)
			s := serve(t, simulator.Config{World: w})
			to := w.Now.Unix()
			from := to - 10*86400
			for _, o := range w.SLOs {
				if o.Type != scenario.TypeTimeSlice {
					continue
				}
				bad := badSlices(t, s, o, from, to)
				step := o.Slice.Seconds
				if step == 0 {
					step = 300
				}
				got := timeBased(t, s, o.ID, from, to, "&apply_correction=false").Data.Overall
				want := 100 * (1 - float64(int64(len(bad))*step)/float64(to-from))
				if sli(t, got) != float64(float32(want)) {
					t.Errorf("%s: %v, want %v", o.Name, sli(t, got), want)
				}
				at := map[int64]bool{}
				for i, h := range got.History {
					end := to
					if i+1 < len(got.History) {
						end = got.History[i+1][0]
					}
					for slice := h[0]; h[1] == 1 && slice < end; slice += step {
						at[slice] = true
					}
				}
				if diff := cmp.Diff(bad, at); diff != "" {
					t.Errorf("%s (-queries +history):\n%s", o.Name, diff)
				}
			}
		})
	}
}

// badSlices asks for the slices of an SLO, and compares.
func badSlices(t *testing.T, s *simulator.Server, o scenario.SLO, from, to int64) map[int64]bool {
	t.Helper()
	step := o.Slice.Seconds
	if step == 0 {
		step = 300
	}
	var queries []string
	formula := o.Slice.Formula
	for i, q := range o.Slice.Queries {
		queries = append(queries, q.Query)
		formula = strings.ReplaceAll(formula, q.Name, "Q"+string(rune('a'+i)))
	}
	formula = strings.ReplaceAll(formula, "Q", "")
	good := func(v float64) bool {
		return map[string]bool{"<": v < o.Slice.Threshold, "<=": v <= o.Slice.Threshold, ">": v > o.Slice.Threshold, ">=": v >= o.Slice.Threshold}[o.Slice.Comparator]
	}
	bad := map[int64]bool{}
	for at := from; at < to; at += 1000 * step {
		answer := queryV2(t, s, at, min(at+1000*step, to), step, queries, formula)
		for i := range answer.Data.Attributes.Series {
			for slice, v := range answer.points(i) {
				if !good(v) {
					bad[slice] = true
				}
			}
		}
	}
	return bad
}

// Deviations that the world of reasons does not have.
func TestOwnFiguresOfEveryType(t *testing.T) {
	t.Parallel()
	const text = `
now: 2026-11-09T12:00:00Z
index_lag: 0s
services: [{name: shop, flat: true, envs: {prod: 1, test: 1}, endpoints: [{resource: GET /, rate: 1}]}]
incidents:
  - {service: shop, env: prod, from: -6h, for: 5m, errors: 100%}
  - {service: shop, env: test, from: -20m, for: 15m, errors: 100%}
monitors:
  - {id: 1, name: a, phase: 30s, down: [{from: -6h, for: 10m}, {from: -20m, for: 10m}], no_data: [{from: -3h, for: 1h}], options: {on_missing_data: show_and_notify_no_data}}
  - {id: 2, name: b, phase: 30s, down: [{from: -5h, for: 1h}]}
corrections:
  - {query: corrected, start: 2026-11-09T05:59:45Z, end: 2026-11-09T06:05:15Z}
  - {query: amid, start: 2026-11-09T06:02:00Z, end: 2026-11-09T06:03:00Z}
  - {query: begun, start: 2026-11-09T05:59:00Z, end: 2026-11-09T06:04:00Z}
slos: [{name: s, tags: [TAG], modified: -4h, SLI, thresholds: [{timeframe: 7d, target: 99}], datadog: {DEVIATION}}]
`
	slice := `slice: {formula: a/b, queries: {a: 'sum:trace.http.request.errors{*} by {env}.as_count()', b: 'sum:trace.http.request.hits{*} by {env}.as_count()'}, comparator: '<', threshold: 0.5, seconds: 300}`
	const requests = "good: 'sum:trace.http.request.hits{*} by {env}.as_count() - sum:trace.http.request.errors{*} by {env}.as_count()', total: 'sum:trace.http.request.hits{*} by {env}.as_count()'"
	monitor, both := "monitors: [1]", "monitors: [1, 2]"
	const twelve = 12 * 3600.
	for _, c := range []struct {
		name, sli, deviation, tag string
		want                      float64
	}{
		{"slices", slice, "", "x", 1 - 1200/twelve},
		{"slices, one group", slice, "groups: ['env:prod']", "x", 1 - 300/twelve},
		{"slices, late", slice, "late: 10m", "x", 1 - 900/twelve},
		{"slices, behind", slice, "behind: 10m", "x", 1 - 900/twelve},
		{"slices, since modified", slice, "since: modified", "x", 1 - 900./(4*3600)},
		{"slices, off", slice, "off_by: -1.5", "x", 1 - 1200/twelve - 0.015},
		{"slices, cut", slice, "decimals: 1", "x", 0.972},
		{"slices, corrected", slice, "", "corrected", 1 - 900/twelve},
		{"slices, amid one", slice, "", "amid", 1 - 1200/twelve},
		{"slices, amid one by overlap", slice, "edge: overlap", "amid", 1 - 900/twelve},
		{"slices, at the beginning of one", slice, "", "begun", 1 - 900/twelve},
		{"slices, at the beginning of one inside", slice, "edge: inside", "begun", 1 - 1200/twelve},
		{"slices, corrections ignored", slice, "corrections: ignored", "corrected", 1 - 1200/twelve},
		{"requests", requests, "", "x", 1 - 1200./86400},
		{"requests, one group", requests, "groups: ['env:prod']", "x", 1 - 300./43200},
		{"requests, late", requests, "late: 10m", "x", 1 - 900./85200},
		{"requests, behind", requests, "behind: 10m", "x", 1 - 900./86400},
		{"requests, since modified", requests, "since: modified", "x", 1 - 900./28800},
		{"requests, off", requests, "off_by: 0.5", "x", 1 - 1200./86400 + 0.005},
		{"requests, cut", requests, "decimals: 3", "x", 0.98611},
		// the buckets of 06:00 and 06:05; that of 05:55 too; that of 06:00 only
		{"requests, corrected", requests, "", "corrected", 1 - 900./85200},
		{"requests, corrected by overlap", requests, "edge: overlap", "corrected", 1 - 900./84600},
		{"requests, corrected inside", requests, "edge: inside", "corrected", 1 - 900./85800},
		{"requests, corrections ignored", requests, "corrections: ignored", "corrected", 1 - 1200./86400},
		{"monitor", monitor, "", "x", 1 - (1200+3600)/twelve},
		{"monitor, the other way", monitor, "missing: down", "x", 1 - 1200/twelve},
		{"monitor, since modified", monitor, "since: modified", "x", 1 - (600+3600)/(4*3600.)},
		{"monitor, behind", monitor, "behind: 10m", "x", 1 - (600+570+3600)/twelve},
		{"monitor, cut", monitor, "decimals: 2", "x", 0.8888},
		{"monitor, preview", monitor, "preview: true", "x", 1 - (1200+3600)/(twelve-570)},
		// 05:59:45 to 06:05:15, of which 06:00:30 on is down
		{"monitor, corrected", monitor, "", "corrected", 1 - (1200+3600-285)/(twelve-330)},
		{"monitor, corrected by overlap", monitor, "edge: overlap", "corrected", 1 - (1200+3600-330)/(twelve-420)},
		{"monitor, corrected inside", monitor, "edge: inside", "corrected", 1 - (1200+3600-270)/(twelve-300)},
		{"monitors", both, "", "x", 1 - (1200+3600+3600)/twelve},
		{"monitors, one of them", both, "groups: [b]", "x", 1 - 3600/twelve},
	} {
		w := parsed(t, strings.NewReplacer("SLI", c.sli, "DEVIATION", c.deviation, "TAG", c.tag).Replace(text))
		s := serve(t, simulator.Config{World: w})
		to := w.Now.Unix()
		got := timeBased(t, s, w.SLOs[0].ID, to-12*3600, to, "").Data
		if math.Abs(sli(t, got.Overall)-100*c.want) > 4e-6 {
			t.Errorf("%s: %v, want %v", c.name, sli(t, got.Overall), 100*c.want)
		}
		if strings.Contains(c.name, "cut") && sli(t, got.Overall) != math.Round(c.want*1e5)/1e3 {
			t.Errorf("%s: %v is not cut", c.name, sli(t, got.Overall))
		}
		if n := len(got.Groups); c.sli == slice && n != 2 {
			t.Errorf("%s: %d groups", c.name, n)
		}
		searched := get[searchAnswer](t, s, "/api/v1/slo/search").Data.Attributes.SLOs[0].Data.Attributes.Overall[0]
		week := timeBased(t, s, w.SLOs[0].ID, to-7*86400, to, "").Data.Overall
		status := get[statusAnswer](t, s, fmt.Sprintf("/api/v2/slo/%s/status?from_ts=%d&to_ts=%d", w.SLOs[0].ID, to-7*86400, to)).Data.Attributes
		if *searched.Status != sli(t, week) || *status.SLI != sli(t, week) {
			t.Errorf("%s: search says %v, status %v, history %v", c.name, *searched.Status, *status.SLI, sli(t, week))
		}
		if slices.ContainsFunc(got.Groups, func(g trackAnswer) bool { return g.SLIValue == nil }) {
			t.Errorf("%s: a group has no figure", c.name)
		}
	}
}
