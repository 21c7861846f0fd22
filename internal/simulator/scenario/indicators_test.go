package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// at is an instant of 2026-11-05 in Unix seconds.
func at(t *testing.T, clock string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339, "2026-11-05T"+clock+"Z")
	if err != nil {
		t.Fatal(err)
	}
	return v.Unix()
}

// What is written arrives where the simulator looks for it.
func TestMonitorsSlicesAndCorrections(t *testing.T) {
	t.Parallel()
	w, err := scenario.Parse("w.yaml", []byte(`
now: 2026-11-09T09:30:00Z
monitors:
  - id: 7
    name: plain
    query: avg(last_5m):avg:a{*} > 1
    options: {on_missing_data: show_no_data, thresholds: {critical: 1}}
    phase: 23s
    modified: -1d
    from: 2026-11-05T08:00:00Z
    down: [{from: 2026-11-05T10:00:00Z, for: 10m}, {from: 2026-11-05T12:00:00Z, to: 2026-11-05T12:30:00Z}]
    no_data: [{from: 2026-11-05T10:10:00Z, for: 5m}]
  - {id: 8, name: grouped, groups: [{name: 'host:a', down: [{from: 2026-11-05T10:00:00Z}]}, {name: 'host:b', from: 2026-11-05T09:00:00Z}]}
  - {id: 9, name: test, type: synthetics alert, test: abc-def-ghi, phase: 1s, down: [{from: 2026-11-05T10:00:00Z, for: 1m}], groups: [{name: 'location:x'}]}
  - {id: 10, name: new, no_results: true}
  - {id: 11, name: gone, deleted: true}
slos:
  - name: events
    good: sum:a{ok}.as_count()
    total: sum:a{*}.as_count()
    thresholds: [{timeframe: 7d, target: 99}]
    index_lag: 20m
    modified: -2d
    datadog: {corrections: ignored, edge: inside, groups: ['env:prod'], decimals: 0, behind: 20m, late: 10m, since: modified, off_by: -0.05}
  - each: [a, b]
    name: slices {each}
    slice: {formula: x / y, queries: {y: 'sum:b{{each}}', x: 'sum:a{{each}}'}, comparator: '>=', threshold: 0, no_data_strategy: COUNT_AS_DOWNTIME}
    thresholds: [{timeframe: 7d, target: 99}]
    datadog: {missing: down}
  - name: one query
    slice: {queries: {a: 'sum:a{*}'}, comparator: '<', threshold: 0.5, seconds: 60}
    thresholds: [{timeframe: 7d, target: 99}]
  - {name: several, monitors: [7, 9], thresholds: [{timeframe: 7d, target: 99}], datadog: {preview: true}}
  - {name: one group, monitors: [8], groups: ['host:b'], thresholds: [{timeframe: 7d, target: 99}]}
corrections:
  - {slo: events, start: 2026-11-05T10:00:00Z, for: 90s, category: Deployment, description: why}
  - {query: 'env:prod', start: -1d, end: -1h}
  - {slo: several, start: 2026-11-05T10:00:00Z, rrule: 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;COUNT=5', duration: 2h, timezone: Asia/Tokyo}
  - raw: '{"id":1}'
`))
	if err != nil {
		t.Fatal(err)
	}
	end := w.Now.Add(scenario.Lookahead).Unix()
	created := w.Now.Add(-120 * 24 * time.Hour)
	from := time.Unix(at(t, "08:00:23"), 0).UTC()
	monitors := []scenario.Monitor{
		{
			ID: 7, Name: "plain", Type: "query alert", Query: "avg(last_5m):avg:a{*} > 1", Phase: 23, Tags: []string{}, Created: from, Modified: w.Now.Add(-24 * time.Hour),
			Options: map[string]any{"on_missing_data": "show_no_data", "thresholds": map[string]any{"critical": uint64(1)}},
			Own: scenario.Track{
				From:   at(t, "08:00:23"),
				Down:   []scenario.Interval{{From: at(t, "10:00:23"), To: at(t, "10:10:23")}, {From: at(t, "12:00:23"), To: at(t, "12:30:23")}},
				Silent: []scenario.Interval{{From: at(t, "10:10:23"), To: at(t, "10:15:23")}},
			},
		},
		{
			ID: 8, Name: "grouped", Type: "query alert", Tags: []string{}, Created: created, Modified: created, Options: map[string]any{},
			Groups: []scenario.MonitorGroup{
				{Name: "host:a", Track: scenario.Track{Down: []scenario.Interval{{From: at(t, "10:00:00"), To: end}}}},
				{Name: "host:b", Track: scenario.Track{From: at(t, "09:00:00")}},
			},
		},
		{
			ID: 9, Name: "test", Type: "synthetics alert", Test: "abc-def-ghi", Phase: 1, Tags: []string{}, Created: created, Modified: created, Options: map[string]any{},
			Own:    scenario.Track{Down: []scenario.Interval{{From: at(t, "10:00:01"), To: at(t, "10:01:01")}}},
			Groups: []scenario.MonitorGroup{{Name: "location:x"}},
		},
		{ID: 10, Name: "new", Type: "query alert", Tags: []string{}, Created: created, Modified: created, Options: map[string]any{}, NoResults: true},
		{ID: 11, Name: "gone", Type: "query alert", Tags: []string{}, Created: created, Modified: created, Options: map[string]any{}, Deleted: true},
	}
	if diff := cmp.Diff(monitors, w.Monitors); diff != "" {
		t.Errorf("monitors (-want +got):\n%s", diff)
	}

	lag, decimals := 20*time.Minute, 0
	strategy := func(tag string) *scenario.Slice {
		return &scenario.Slice{
			Formula: "x / y", Queries: []scenario.NamedQuery{{Name: "x", Query: "sum:a{" + tag + "}"}, {Name: "y", Query: "sum:b{" + tag + "}"}},
			Comparator: ">=", NoDataStrategy: "COUNT_AS_DOWNTIME",
		}
	}
	slos := []scenario.SLO{
		{
			Name: "events", Type: scenario.TypeMetric, Good: "sum:a{ok}.as_count()", Total: "sum:a{*}.as_count()", Shape: scenario.ShapeBoth,
			IndexLag: &lag, Modified: w.Now.Add(-48 * time.Hour),
			Own: scenario.OwnFigure{
				IgnoreCorrections: true, Edge: scenario.EdgeInside, OnlyGroups: []string{"env:prod"}, Decimals: &decimals,
				Behind: 20 * time.Minute, Late: 10 * time.Minute, SinceModified: true, Off: -0.05,
			},
		},
		{Name: "slices a", Type: scenario.TypeTimeSlice, Slice: strategy("a"), Own: scenario.OwnFigure{MissingDown: true}},
		{Name: "slices b", Type: scenario.TypeTimeSlice, Slice: strategy("b"), Own: scenario.OwnFigure{MissingDown: true}},
		{
			Name: "one query", Type: scenario.TypeTimeSlice,
			Slice: &scenario.Slice{Formula: "a", Queries: []scenario.NamedQuery{{Name: "a", Query: "sum:a{*}"}}, Comparator: "<", Threshold: 0.5, Seconds: 60},
		},
		{Name: "several", Type: scenario.TypeMonitor, MonitorIDs: []int64{7, 9}, Own: scenario.OwnFigure{Preview: true}},
		{Name: "one group", Type: scenario.TypeMonitor, MonitorIDs: []int64{8}, Groups: []string{"host:b"}},
	}
	ids := map[string]string{}
	for i := range slos {
		slos[i].ID, ids[slos[i].Name] = w.SLOs[i].ID, w.SLOs[i].ID
		slos[i].Tags, slos[i].Created = []string{}, created
		slos[i].Thresholds = []scenario.Threshold{{Timeframe: "7d", Target: 99}}
		if slos[i].Modified.IsZero() {
			slos[i].Modified = created
		}
		if documented := i == 3 || i == 5; w.SLOs[i].Own.Documented() != documented {
			t.Errorf("%s: documented is %t", w.SLOs[i].Name, !documented)
		}
	}
	if diff := cmp.Diff(slos, w.SLOs); diff != "" {
		t.Errorf("SLOs (-want +got):\n%s", diff)
	}

	corrections := []scenario.Correction{
		{SLO: "events", SLOID: ids["events"], Start: at(t, "10:00:00"), End: at(t, "10:01:30"), Timezone: "UTC", Category: "Deployment", Description: "why"},
		{Query: "env:prod", Start: w.Now.Unix() - 86400, End: w.Now.Unix() - 3600, Timezone: "UTC", Category: "Other"},
		{
			SLO: "several", SLOID: ids["several"], Start: at(t, "10:00:00"), Duration: 7200,
			Rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;COUNT=5", Timezone: "Asia/Tokyo", Category: "Other",
		},
		{Raw: `{"id":1}`},
	}
	seen := map[string]bool{"": true}
	for i, c := range w.Corrections {
		if c.Raw == "" && (seen[c.ID] || strings.Count(c.ID, "-") != 4 || len(c.ID) != 36) {
			t.Errorf("correction %d: id %q is used before, or is no UUID", i, c.ID)
		}
		seen[c.ID] = true
		corrections[i].ID = c.ID
	}
	if diff := cmp.Diff(corrections, w.Corrections); diff != "" {
		t.Errorf("corrections (-want +got):\n%s", diff)
	}
}

func TestParseRefusalsOfIndicators(t *testing.T) {
	t.Parallel()
	const (
		now     = "now: 2026-11-09T09:30:00Z\n"
		targets = "thresholds: [{timeframe: 7d, target: 99}]"
		events  = "slos:\n  - {name: x, good: a, total: b, " + targets + "}\n"
	)
	monitor := func(more string) string { return now + "monitors:\n  - {id: 7, name: m" + more + "}\n" }
	slice := func(more string) string {
		return now + "slos:\n  - {name: x, " + targets + ", slice: {" + more + "}}\n"
	}
	of := func(more string) string {
		return monitor(", groups: [{name: 'host:a'}]") + "slos:\n  - {name: x, " + targets + more + "}\n"
	}
	own := func(more string) string {
		return now + "slos:\n  - {name: x, good: a, total: b, " + targets + ", datadog: {" + more + "}}\n"
	}
	correction := func(more string) string { return now + events + "corrections:\n  - {" + more + "}\n" }
	for _, c := range []struct{ text, want string }{
		{now + "monitors: [{name: m}]\n", "w.yaml:2:12: id 0 is not a positive number"},
		{now + "monitors: [{id: 7}]\n", "w.yaml:2:12: name is missing"},
		{monitor("") + "  - {id: 7, name: n}\n", "w.yaml:4:10: two monitors have the id 7"},
		{monitor(", options: {x: .inf}"), "w.yaml:3:31: the options cannot be written as JSON: json: unsupported value: +Inf"},
		{monitor(", test: a-b-c"), "w.yaml:3:28: a monitor has the type synthetics alert and the test behind it, or neither"},
		{monitor(", phase: 60s"), "w.yaml:3:29: phase 60s is not less than a minute"},
		{monitor(", down: [{for: 1h}]"), "w.yaml:3:29: from is missing"},
		{monitor(", down: [{from: 2026-11-05T10:00:10Z}]"), "w.yaml:3:36: 2026-11-05T10:00:10Z is not a full minute (the monitor's phase is added to it)"},
		{monitor(", down: [{from: 1969-11-05T10:00:00Z}]"), "w.yaml:3:36: 1969-11-05T10:00:00Z is before 1970"},
		{monitor(", down: [{from: -1h, for: 90s}]"), `w.yaml:3:46: "90s" is not a whole number of minutes: a monitor is evaluated once a minute`},
		{monitor(", down: [{from: -1h, to: -2h}]"), "w.yaml:3:29: the interval ends before it begins"},
		{monitor(", down: [{from: -1h, to: -1m, for: 1m}]"), "w.yaml:3:29: give for or to, not both"},
		{monitor(", down: [{from: -2h, for: 1h}, {from: -1h}]"), "w.yaml:3:58: the intervals are not in order of time, with time between them"},
		{monitor(", down: [{from: -2h, for: 1h}], no_data: [{from: -90m}]"), "w.yaml:3:5: it is down and without data at the same time, at 2026-11-09T08:00:00Z"},
		{monitor(", from: -1h, down: [{from: -2h}]"), "w.yaml:3:28: it is down or without data before it came to be"},
		{monitor(", down: [{from: -2h}], groups: [{name: a}]"), "w.yaml:3:5: down and no_data belong to the groups of a monitor; only a synthetic test has both"},
		{monitor(", groups: [{name: a}, {name: a}]"), `w.yaml:3:49: two groups are named "a"`},
		{monitor(", no_results: true, down: [{from: -2h}]"), "w.yaml:3:34: a monitor without results has neither groups nor states"},
		{monitor(", modified: -200d"), "w.yaml:3:32: modified is before created"},

		{slice("comparator: '<', threshold: 1"), "w.yaml:3:65: queries are missing (such as {query1: avg:trace.http.request{service:auth}})"},
		{slice("queries: {a: b, c: d}, comparator: '<', threshold: 1"), "w.yaml:3:65: formula (there are several queries) is missing"},
		{slice("queries: {a: ''}, comparator: '<', threshold: 1"), "w.yaml:3:75: the text of a is missing"},
		{slice("queries: {a: b}, comparator: '=', threshold: 1"), `w.yaml:3:95: comparator "=" is not one of >, >=, <, <=`},
		{slice("queries: {a: b}, comparator: '<'"), "w.yaml:3:65: threshold is missing"},
		{slice("queries: {a: b}, comparator: '<', threshold: .nan"), "w.yaml:3:111: threshold NaN is not a number"},
		{slice("queries: {a: b}, comparator: '<', threshold: 1, seconds: 600"), "w.yaml:3:123: a slice of 600 seconds is neither of 60 nor of 300"},
		{slice("querys: {a: b}"), `w.yaml:3:66: unknown key "querys", did you mean "query" or "queries"?`},
		{of(", monitors: [9]"), "w.yaml:5:69: there is no monitor 9"},
		{of(", monitors: [7, 7]"), "w.yaml:5:72: the monitor 7 is named twice"},
		{of(", monitors: [7], groups: ['host:b']"), `w.yaml:5:82: the monitor 7 has no group "host:b"`},
		{of(", monitors: [7, 8], groups: ['host:a']"), "w.yaml:5:84: groups are selected of a single monitor, not of 2"},
		{of(", monitors: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"), "w.yaml:5:68: 21 monitors are more than 20"},
		{of(", monitors: [7], good: a"), "w.yaml:5:5: an SLO has either good (with total or bad), or slice, or monitors"},
		{of(", monitors: [7], slice: {queries: {a: b}, comparator: '<', threshold: 1}"), "w.yaml:5:5: an SLO has either good (with total or bad), or slice, or monitors"},
		{of(", good: a, total: b, groups: [c]"), "w.yaml:5:85: groups are selected of a monitor"},
		{of(", good: a, total: b, modified: -200d"), "w.yaml:5:87: modified is before created"},
		{of(", good: a, total: b, index_lag: soon"), `w.yaml:5:88: "soon" is not a duration such as 90s, 5m, 36h or 12d`},

		{own("corrections: off"), `w.yaml:3:100: corrections: "off" is not ignored`},
		{own("edge: half"), `w.yaml:3:93: edge: "half" is not overlap or inside`},
		{own("missing: up"), `w.yaml:3:96: missing: "up" is not down`},
		{own("missing: down"), "w.yaml:3:96: missing data adds nothing to an SLO of requests"},
		{own("decimals: 10"), "w.yaml:3:97: decimals 10 are not between 0 and 9"},
		{own("behind: later"), `w.yaml:3:95: "later" is not a duration such as 90s, 5m, 36h or 12d`},
		{own("since: created"), `w.yaml:3:94: since: "created" is not modified`},
		{own("since: modified"), "w.yaml:3:94: the SLO says nothing of when it was modified"},
		{own("preview: true"), "w.yaml:3:96: a preview is of monitors"},
		{own("off_by: .nan"), "w.yaml:3:95: off_by NaN is not between -100 and 100"},
		{of(", monitors: [7], datadog: {groups: ['host:b']}"), `w.yaml:5:92: the monitor 7 has no group "host:b"`},
		{of(", monitors: [7], datadog: {late: 5m}"), "w.yaml:5:89: late data is of metrics, not of monitors"},

		{correction("start: -1h, for: 1h"), "w.yaml:5:5: a correction has either slo or query (or raw)"},
		{correction("slo: x, query: y, start: -1h, for: 1h"), "w.yaml:5:5: a correction has either slo or query (or raw)"},
		{correction("slo: y, start: -1h, for: 1h"), `w.yaml:5:11: 0 SLOs are named "y"; one is needed`},
		{correction("slo: x, for: 1h"), "w.yaml:5:5: start is missing"},
		{correction("slo: x, start: 1960-01-01T00:00:00Z, for: 1h"), "w.yaml:5:21: start is before 1970"},
		{correction("slo: x, start: -1h"), "w.yaml:5:5: a correction has for or end, or else rrule and duration"},
		{correction("slo: x, start: -1h, for: 1h, end: -1m"), "w.yaml:5:5: a correction has for or end, or else rrule and duration"},
		{correction("slo: x, start: -1h, end: -2h"), "w.yaml:5:5: the correction ends before it begins"},
		{correction("slo: x, start: -1h, for: 1h, duration: 1h"), "w.yaml:5:45: duration is for a correction with rrule; use for"},
		{correction("slo: x, start: -1h, rrule: FREQ=DAILY"), "w.yaml:5:5: duration (of one occurrence) is missing"},
		{correction("slo: x, start: -1h, rrule: FREQ=DAILY, duration: 0s"), "w.yaml:5:55: the duration is nothing"},
		{correction("slo: x, start: -1h, rrule: FREQ=DAILY, duration: 1h, for: 1h"), "w.yaml:5:5: a correction with rrule has duration, not for or end"},
		{correction("slo: x, start: -1h, rrule: COUNT=2, duration: 1h"), `w.yaml:5:33: FREQ is missing in the rule "COUNT=2", such as FREQ=WEEKLY`},
		{correction("slo: x, start: -1h, rrule: FREQ=DAILY;BYHOUR=2, duration: 1h"), `w.yaml:5:33: "BYHOUR=2" is not one FREQ=…, INTERVAL=…, COUNT=…, UNTIL=… or BYDAY=…`},
		{correction("slo: x, start: -1h, rrule: FREQ=DAILY;FREQ=DAILY, duration: 1h"), `w.yaml:5:33: "FREQ=DAILY" is not one FREQ=…, INTERVAL=…, COUNT=…, UNTIL=… or BYDAY=…`},
		{correction("slo: x, start: -1h, for: 1h, category: Fun"), `w.yaml:5:45: category "Fun" is not one of Scheduled Maintenance, Outside Business Hours, Deployment, Other`},
		{correction("raw: '{'"), "w.yaml:5:11: raw is not one JSON value"},
	} {
		if _, err := scenario.Parse("w.yaml", []byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}
