package simulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// trackAnswer is the overall, a group or a monitor of a history.
type trackAnswer struct {
	Name, Group, State string
	MonitorType        string `json:"monitor_type"`
	MonitorModified    int64  `json:"monitor_modified"`
	Preview            *bool
	SLIValue           *float64 `json:"sli_value"`
	Uptime             *float64
	SpanPrecision      *int `json:"span_precision"`
	Precision          map[string]int
	History            [][2]int64
	Remaining          map[string]float64 `json:"error_budget_remaining"`
	Errors             []struct {
		Type    string `json:"error_type"`
		Message string `json:"error_message"`
	}
	Corrections []struct {
		ID         string
		Start, End int64
	}
}

type timeHistory struct {
	Data struct {
		Type             string
		TypeID           int `json:"type_id"`
		Overall          trackAnswer
		Groups, Monitors []trackAnswer
	}
}

func timeBased(t testing.TB, s *simulator.Server, id string, from, to int64, more string) timeHistory {
	t.Helper()
	return get[timeHistory](t, s, fmt.Sprintf("/api/v1/slo/%s/history?from_ts=%d&to_ts=%d%s", id, from, to, more))
}

func named(t testing.TB, w *scenario.World, name string) scenario.SLO {
	t.Helper()
	i := slices.IndexFunc(w.SLOs, func(o scenario.SLO) bool { return o.Name == name })
	if i < 0 {
		t.Fatalf("there is no SLO %q", name)
	}
	return w.SLOs[i]
}

func sli(t testing.TB, a trackAnswer) float64 {
	t.Helper()
	if a.SLIValue == nil {
		t.Fatalf("no sli_value in %+v", a)
	}
	return *a.SLIValue
}

// A day of one monitor with three groups, a test in two places, monitors
// without a past, and slices. Now is a Monday, 09:30.
const mixed = `
now: 2026-11-09T09:30:00Z
index_lag: 15m
services:
  - {name: shop, flat: true, envs: {prod: 1, test: 1}, endpoints: [{resource: GET /, rate: 1}]}
incidents:
  - {service: shop, env: prod, from: -12h, for: 5m, errors: 50%}
  - {service: shop, env: test, from: -6h, for: 5m, errors: 50%}
monitors:
  - {id: 1, name: always up, phase: 8s, modified: -30d, tags: ['team:a', 'x']}
  - id: 2
    name: grouped
    type: query alert
    query: avg(last_5m):avg:m{*} by {host} < 1
    phase: 23s
    tags: ['team:b', 'x']
    options: {on_missing_data: show_and_notify_no_data}
    groups:
      - {name: 'host:a', down: [{from: -2d, to: -1d12h}, {from: -1h, for: 10m}]}
      - {name: 'host:b', no_data: [{from: -3h, for: 30m}]}
      - {name: 'host:c', from: -2h}
  - id: 3
    name: a test
    type: synthetics alert
    test: abc-def-ghi
    phase: 41s
    down: [{from: -5h, for: 10m}]
    no_data: [{from: -4h, for: 1h}]
    groups:
      - {name: 'location:x', down: [{from: -5h, for: 1h}]}
      - {name: 'location:y', down: [{from: -5h, for: 10m}]}
  - {id: 4, name: newborn, no_results: true}
  - {id: 5, name: gone, deleted: true}
slos:
  - {name: up, tags: ['env:prod'], monitors: [1], thresholds: [{timeframe: 7d, target: 99}, {timeframe: 90d, target: 99.9}]}
  - {name: groups, tags: ['env:prod'], monitors: [2], thresholds: [{timeframe: 7d, target: 95, warning: 99}]}
  - {name: chosen, tags: [], monitors: [2], groups: ['host:b', 'host:c'], thresholds: [{timeframe: 7d, target: 99}]}
  - {name: several, tags: [], monitors: [1, 2, 3], thresholds: [{timeframe: 30d, target: 99}]}
  - {name: test, tags: [], monitors: [3], thresholds: [{timeframe: 7d, target: 99}]}
  - {name: newborn, tags: [], monitors: [4], thresholds: [{timeframe: 30d, target: 95, warning: 98}]}
  - {name: gone, tags: [], monitors: [5], thresholds: [{timeframe: 30d, target: 95}]}
  - {name: half gone, tags: [], monitors: [3, 5], thresholds: [{timeframe: 30d, target: 95}]}
  - name: slices
    tags: ['env:prod']
    slice:
      formula: a / b
      queries: {a: 'sum:trace.http.request.errors{service:shop} by {env}.as_count()', b: 'sum:trace.http.request.hits{service:shop} by {env}.as_count()'}
      comparator: '<'
      threshold: 0.1
      seconds: 300
      no_data_strategy: COUNT_AS_DOWNTIME
    thresholds: [{timeframe: 7d, target: 95, warning: 99}]
  - name: slices of the default length
    tags: []
    slice: {queries: {query1: 'sum:trace.http.request.hits{service:shop}.as_count()'}, comparator: '>', threshold: 0}
    thresholds: [{timeframe: 7d, target: 95}]
`

func TestObjectsOfEveryType(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	object := func(name string) map[string]any {
		return get[struct{ Data map[string]any }](t, s, "/api/v1/slo/"+named(t, w, name).ID).Data
	}
	pick := func(o map[string]any, keys ...string) map[string]any {
		out := map[string]any{}
		for _, k := range keys {
			if v, ok := o[k]; ok {
				out[k] = v
			}
		}
		return out
	}
	of := []string{"type", "type_id", "monitor_ids", "groups", "monitor_tags", "query", "sli_specification"}
	for name, want := range map[string]map[string]any{
		"groups":  {"type": "monitor", "type_id": 0., "monitor_ids": []any{2.}, "monitor_tags": []any{"team:b", "x"}},
		"chosen":  {"type": "monitor", "type_id": 0., "monitor_ids": []any{2.}, "monitor_tags": []any{"team:b", "x"}, "groups": []any{"host:b", "host:c"}},
		"several": {"type": "monitor", "type_id": 0., "monitor_ids": []any{1., 2., 3.}, "monitor_tags": []any{"team:a", "team:b", "x"}},
		"slices": {"type": "time_slice", "type_id": 2., "monitor_tags": []any{}, "sli_specification": map[string]any{"time_slice": map[string]any{
			"comparator": "<", "threshold": 0.1, "query_interval_seconds": 300., "no_data_strategy": "COUNT_AS_DOWNTIME",
			"query": map[string]any{
				"formulas": []any{map[string]any{"formula": "a / b"}},
				"queries": []any{
					map[string]any{"data_source": "metrics", "name": "a", "query": "sum:trace.http.request.errors{service:shop} by {env}.as_count()"},
					map[string]any{"data_source": "metrics", "name": "b", "query": "sum:trace.http.request.hits{service:shop} by {env}.as_count()"},
				},
			},
		}}},
	} {
		if diff := cmp.Diff(want, pick(object(name), of...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	short := object("slices of the default length")["sli_specification"].(map[string]any)["time_slice"].(map[string]any)
	if _, has := short["query_interval_seconds"]; has {
		t.Errorf("a length that the world leaves out is served: %v", short)
	}
	for facet, want := range map[string]int{"monitor": 8, "time_slice": 2, "metric": 0} {
		if got := get[searchAnswer](t, s, "/api/v1/slo/search?query=slo_type:"+facet).Meta.Pagination.Total; got != want {
			t.Errorf("slo_type:%s finds %d, want %d", facet, got, want)
		}
	}
}

// Every key that a recorded history of monitors has, and no other in the
// answer without results: that one is complete in the recording of 2023.
func TestHistoriesHaveTheRecordedKeys(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	keys := func(name string) []string {
		body := ask(t, s, "GET", fmt.Sprintf("/api/v1/slo/%s/history?from_ts=%d&to_ts=%d", named(t, w, name).ID, now-86400, now), "").Body.Bytes()
		return slices.DeleteFunc(keysOf(t, body), func(k string) bool {
			return strings.HasPrefix(k, ".data.slo.") || strings.HasPrefix(k, ".data.thresholds.")
		})
	}
	envelope := append([]string{".data", ".errors"}, prefixed(".data", "thresholds", "from_ts", "to_ts", "type", "type_id", "slo", "overall")...)
	empty := slices.Concat(envelope, prefixed(".data.overall", "errors", "precision", "corrections"),
		prefixed(".data.overall.errors[]", "error_type", "error_message"), prefixed(".data.overall.precision", "custom", "30d"))
	slices.Sort(empty)
	for _, name := range []string{"newborn", "gone"} {
		if diff := cmp.Diff(empty, keys(name)); diff != "" {
			t.Errorf("%s (-recorded +ours):\n%s", name, diff)
		}
	}
	track := []string{"name", "preview", "span_precision", "precision", "precision.7d", "sli_value", "history", "errors", "uptime", "monitor_type", "monitor_modified"}
	grouped := keys("groups")
	for _, want := range slices.Concat(envelope, prefixed(".data.overall", track...), []string{".data.overall.corrections", ".data.groups"}, prefixed(".data.groups[]", track...)) {
		if !slices.Contains(grouped, want) {
			t.Errorf("a history of groups has no %s", want)
		}
	}
	if several := keys("several"); !slices.Contains(several, ".data.monitors[].sli_value") || slices.Contains(several, ".data.groups") {
		t.Errorf("a history of several monitors has the keys %v", several)
	}
}

func TestMonitorHistories(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	from := now - 86400
	hour := int64(3600)

	up := timeBased(t, s, named(t, w, "up").ID, from, now, "&target=99.5").Data
	if diff := cmp.Diff([][2]int64{{from, 0}}, up.Overall.History); diff != "" {
		t.Errorf("a monitor that was always up (-want +got):\n%s", diff)
	}
	if sli(t, up.Overall) != 100 || *up.Overall.Uptime != 100 || *up.Overall.Preview || up.Overall.MonitorType != "query alert" ||
		up.Overall.MonitorModified != now-30*86400 || up.Overall.Remaining["custom"] != 100 || up.Overall.State != "ok" {
		t.Errorf("overall %+v", up.Overall)
	}
	// floor(log10(86400/6000)), and of 7 and 90 days
	if diff := cmp.Diff(map[string]int{"custom": 1, "7d": 2, "90d": 3}, up.Overall.Precision); diff != "" || *up.Overall.SpanPrecision != 1 {
		t.Errorf("precision (-want +got):\n%s span %d", diff, *up.Overall.SpanPrecision)
	}

	// Down 600 s of host:a; 1,800 s without data of host:b, which notifies and
	// so is down; host:c was born two hours ago.
	groups := timeBased(t, s, named(t, w, "groups").ID, from, now, "").Data
	if want := float64(float32(100 * (86400. - 2400) / 86400)); sli(t, groups.Overall) != want || groups.Overall.State != "warning" {
		t.Errorf("overall %v %s, want %v warning", sli(t, groups.Overall), groups.Overall.State, want)
	}
	carried := now - 36*hour + 23
	wantHistory := [][2]int64{{carried, 0}, {now - 3*hour + 23, 1}, {now - 3*hour + 1823, 0}, {now - hour + 23, 1}, {now - hour + 623, 0}}
	if diff := cmp.Diff(wantHistory, groups.Overall.History); diff != "" {
		t.Errorf("overall (-want +got):\n%s", diff)
	}
	var lines []string
	for _, g := range groups.Groups {
		lines = append(lines, fmt.Sprint(g.Name, " ", g.Group, " ", sli(t, g), " ", g.History))
	}
	wantLines := []string{
		fmt.Sprint("host:a host:a ", float64(float32(100*85800./86400)), " ", [][2]int64{{carried, 0}, {now - hour + 23, 1}, {now - hour + 623, 0}}),
		fmt.Sprint("host:b host:b ", float64(float32(100*84600./86400)), " ", [][2]int64{{from, 0}, {now - 3*hour + 23, 2}, {now - 3*hour + 1823, 0}}),
		fmt.Sprint("host:c host:c 100 ", [][2]int64{{now - 2*hour + 23, 0}}),
	}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	inside := timeBased(t, s, named(t, w, "groups").ID, now-40*hour, now-38*hour, "").Data.Overall
	if diff := cmp.Diff([][2]int64{{now - 48*hour + 23, 1}}, inside.History); diff != "" || sli(t, inside) != 0 || inside.State != "breached" {
		t.Errorf("a window inside of an alert: %v\n%s", sli(t, inside), diff)
	}

	if chosen := timeBased(t, s, named(t, w, "chosen").ID, from, now, "").Data; sli(t, chosen.Overall) != float64(float32(100*84600./86400)) || len(chosen.Groups) != 2 {
		t.Errorf("chosen groups: %v with %d groups", sli(t, chosen.Overall), len(chosen.Groups))
	}

	// The test's own ten minutes; the hour it was paused does not count.
	test := timeBased(t, s, named(t, w, "test").ID, from, now, "").Data
	if want := float64(float32(100 * (82800. - 600) / 82800)); sli(t, test.Overall) != want || len(test.Groups) != 2 {
		t.Errorf("a test: %v, want %v", sli(t, test.Overall), want)
	}
	wantHistory = [][2]int64{{from, 0}, {now - 5*hour + 41, 1}, {now - 5*hour + 641, 0}, {now - 4*hour + 41, 2}, {now - 3*hour + 41, 0}}
	if diff := cmp.Diff(wantHistory, test.Overall.History); diff != "" {
		t.Errorf("a test (-want +got):\n%s", diff)
	}

	// 2,400 s of the groups and 600 s of the test, which do not overlap; while
	// the test was paused the others count.
	several := timeBased(t, s, named(t, w, "several").ID, from, now, "").Data
	if want := float64(float32(100 * (86400. - 3000) / 86400)); sli(t, several.Overall) != want || len(several.Monitors) != 3 || several.Monitors[2].Name != "a test" {
		t.Errorf("several: %v with %+v, want %v", sli(t, several.Overall), several.Monitors, want)
	}

	half := timeBased(t, s, named(t, w, "half gone").ID, from, now, "").Data
	if sli(t, half.Overall) != sli(t, test.Overall) || len(half.Monitors) != 2 || half.Monitors[1].SLIValue != nil || half.Monitors[1].Errors[0].Type != "NO_RESULTS" {
		t.Errorf("half gone: %+v", half)
	}

	none := timeBased(t, s, named(t, w, "newborn").ID, now-10, now, "").Data.Overall
	if len(none.Errors) != 1 || none.Errors[0].Type != "NO_RESULTS" || none.Errors[0].Message != "No results found for this monitor" {
		t.Errorf("newborn: %+v", none)
	}
	if diff := cmp.Diff(map[string]int{"custom": 0, "30d": 2}, none.Precision); diff != "" {
		t.Errorf("newborn (-want +got):\n%s", diff)
	}
}

func TestSliceHistories(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	got := timeBased(t, s, named(t, w, "slices").ID, now-86400+100, now, "").Data
	// Two bad slices of different groups, in a window that begins in a slice.
	if want := float64(float32(100 * (86300. - 600) / 86300)); sli(t, got.Overall) != want || got.Type != "time_slice" || got.TypeID != 2 {
		t.Errorf("%s %d: %v, want %v", got.Type, got.TypeID, sli(t, got.Overall), want)
	}
	start, prod, test := now-86400, now-12*3600, now-6*3600
	if diff := cmp.Diff([][2]int64{{start, 0}, {prod, 1}, {prod + 300, 0}, {test, 1}, {test + 300, 0}}, got.Overall.History); diff != "" {
		t.Errorf("overall (-want +got):\n%s", diff)
	}
	if len(got.Groups) != 2 || got.Groups[0].Name != "env:prod" || got.Groups[1].Name != "env:test" {
		t.Fatalf("groups %+v", got.Groups)
	}
	if diff := cmp.Diff([][2]int64{{start, 0}, {prod, 1}, {prod + 300, 0}}, got.Groups[0].History); diff != "" {
		t.Errorf("env:prod (-want +got):\n%s", diff)
	}
	// The whole of time takes no longer.
	if all := timeBased(t, s, named(t, w, "slices").ID, 0, now+1e9, "").Data.Overall; all.History[0] != [2]int64{0, 2} || len(all.History) != 6 {
		t.Errorf("since 1970: %v", all.History)
	}
	before := timeBased(t, s, named(t, w, "slices of the default length").ID, now-400*86400, now-300*86400, "").Data.Overall
	if diff := cmp.Diff([][2]int64{{now - 400*86400, 2}}, before.History); diff != "" || sli(t, before) != 100 {
		t.Errorf("before there was traffic: %v\n%s", sli(t, before), diff)
	}
}

// Vector D of the facts: a synthetic test as recorded, to the last digit.
func TestUptimeOfARecordedTest(t *testing.T) {
	t.Parallel()
	w := parsed(t, `
now: 2024-09-11T12:00:00Z
monitors:
  - {id: 7, name: '[Synthetics] Synthetics test', type: synthetics alert, test: p8m-9gw-nte, phase: 23s, from: 2024-09-10T21:42:00Z, down: [{from: 2024-09-11T11:18:00Z}], modified: 2024-09-11T10:00:00Z}
slos:
  - {name: test, tags: [], monitors: [7], thresholds: [{timeframe: 7d, target: 90}]}
`)
	s := serve(t, simulator.Config{World: w})
	body := `{"from_ts":1726041488,"to_ts":1726055954,"public_ids":["p8m-9gw-nte","not-the-re"]}`
	rec := ask(t, s, "POST", "/api/v1/synthetics/tests/uptimes", body)
	want := slices.Concat(prefixed("[]", "from_ts", "to_ts", "overall", "public_id", "groups"),
		prefixed("[].overall", "name", "preview", "monitor_type", "monitor_modified", "errors", "span_precision", "history", "uptime"))
	slices.Sort(want)
	if diff := cmp.Diff(want, keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("(-recorded +ours):\n%s", diff)
	}
	got := decode[[]struct{ Overall trackAnswer }](t, rec, "uptimes")
	if len(got) != 1 {
		t.Fatalf("%d tests", len(got))
	}
	o := got[0].Overall
	if *o.Uptime != 83.05682373046875 || *o.SpanPrecision != 0 || *o.Preview {
		t.Errorf("uptime %v, span_precision %d", *o.Uptime, *o.SpanPrecision)
	}
	transitions := [][2]int64{{1726004543, 0}, {1726053503, 1}}
	if diff := cmp.Diff(transitions, o.History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	asSLO := timeBased(t, s, w.SLOs[0].ID, 1726041488, 1726055954, "").Data.Overall
	if diff := cmp.Diff(transitions, asSLO.History); diff != "" || sli(t, asSLO) != 83.05682373046875 {
		t.Errorf("as an SLO %v (-want +got):\n%s", sli(t, asSLO), diff)
	}
	for body, want := range map[string]string{
		`{`:                       "Invalid JSON: unexpected EOF",
		`{"from_ts":1,"to_ts":2}`: "Invalid request: from_ts, to_ts and public_ids are required",
		`{"public_ids":["a"]}`:    "Invalid request: from_ts, to_ts and public_ids are required",
		`{"from_ts":5,"to_ts":2,"public_ids":["a"]}`: "The timeframe is incorrect: invalid from 5 or to 2 timestamp",
	} {
		rec := ask(t, s, "POST", "/api/v1/synthetics/tests/uptimes", body)
		if rec.Code != 400 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %d %s, want %s", body, rec.Code, rec.Body, want)
		}
	}
	if none := ask(t, s, "POST", "/api/v1/synthetics/tests/uptimes", `{"from_ts":1,"to_ts":2,"public_ids":["p8m-9gw-nte"]}`).Body.String(); !strings.Contains(none, "NO_RESULTS") || strings.Contains(none, `"uptime"`) {
		t.Errorf("before the test existed: %s", none)
	}
}

type statusAnswer struct {
	Data struct {
		ID, Type   string
		Attributes struct {
			SLI           *float64
			State         string
			SpanPrecision *int     `json:"span_precision"`
			Remaining     *float64 `json:"error_budget_remaining"`
			Raw           *struct {
				Value float64
				Unit  string
			} `json:"raw_error_budget_remaining"`
		}
	}
}

func TestStatusV2(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	status := func(name string, from int64, more string) statusAnswer {
		return get[statusAnswer](t, s, fmt.Sprintf("/api/v2/slo/%s/status?from_ts=%d&to_ts=%d%s", named(t, w, name).ID, from, now, more))
	}
	slice := status("slices", now-7*86400, "").Data
	a := slice.Attributes
	// 600 s of the 5 % of 604,800 s are spent.
	if slice.Type != "slo_status" || a.Raw.Value-29640 > 1e-6 || 29640-a.Raw.Value > 1e-6 || a.Raw.Unit != "seconds" || *a.Remaining != 98.016 || a.State != "ok" || *a.SpanPrecision != 2 {
		t.Errorf("slices: %+v raw %+v remaining %v", slice, a.Raw, *a.Remaining)
	}
	groups := status("groups", now-86400, "").Data.Attributes
	if *groups.Remaining != 0 || groups.Raw.Value != 0 || *groups.SLI == 100 || groups.State != "warning" {
		t.Errorf("of monitors the budget is said to be 0, a known mistake: %+v", groups)
	}
	if none := status("newborn", now-86400, "").Data.Attributes; none.SLI != nil || none.Remaining != nil || none.Raw != nil || none.State != "no_data" {
		t.Errorf("newborn: %+v", none)
	}
	// The target is that of the window's length, else the primary one.
	if ninety, week := status("up", now-90*86400, "").Data.Attributes, status("up", now-86400, "").Data.Attributes; *ninety.SpanPrecision != 3 || *week.SpanPrecision != 1 {
		t.Errorf("precision %d and %d", *ninety.SpanPrecision, *week.SpanPrecision)
	}
	for target, want := range map[string]string{
		"/api/v2/slo/nothing/status?from_ts=1&to_ts=2":                                      `404 {"errors":["SLO not found: nothing not found"]}`,
		"/api/v2/slo/" + w.SLOs[0].ID + "/status?from_ts=2&to_ts=1":                         `400 {"errors":["The timeframe is incorrect: invalid from 2 or to 1 timestamp"]}`,
		"/api/v2/slo/" + w.SLOs[0].ID + "/status?to_ts=1":                                   `400 {"errors":["The parameter 'from_ts' is required"]}`,
		"/api/v2/slo/" + w.SLOs[0].ID + "/status?from_ts=1&to_ts=2&disable_corrections=may": `400 {"errors":["The value 'may' is not valid for the parameter 'disable_corrections'"]}`,
		"/api/v1/slo/" + w.SLOs[0].ID + "/history?from_ts=1&to_ts=2&apply_correction=may":   `400 {"errors":["The value 'may' is not valid for the parameter 'apply_correction'"]}`,
	} {
		rec := ask(t, s, "GET", target, "")
		if got := fmt.Sprintf("%d %s", rec.Code, strings.TrimSpace(rec.Body.String())); got != want {
			t.Errorf("%s:\n got %s\nwant %s", target, got, want)
		}
	}
}

// The search has every type, as of the age that its own lag says.
func TestSearchOfEveryType(t *testing.T) {
	t.Parallel()
	w := parsed(t, strings.Replace(mixed, "{name: up, ", "{name: up, index_lag: 1h, ", 1))
	s := serve(t, simulator.Config{World: w})
	raw := get[struct {
		Data struct {
			Attributes struct {
				SLOs []struct {
					Data struct{ Attributes map[string]json.RawMessage }
				}
			}
		}
	}](t, s, "/api/v1/slo/search?page[size]=100")
	text := map[string]string{}
	for _, o := range raw.Data.Attributes.SLOs {
		a := o.Data.Attributes
		text[string(a["name"])] = fmt.Sprint(string(a["slo_type"]), string(a["monitor_ids"]), string(a["groups"]), string(a["query"]))
		var statuses []struct {
			IndexedAt int64    `json:"indexed_at"`
			Status    *float64 `json:"status"`
			State     string
			Error     *string
			Raw       *struct{ Unit string } `json:"raw_error_budget_remaining"`
		}
		decodeInto(t, a["overall_status"], &statuses)
		for _, st := range statuses {
			lag := int64(900)
			if string(a["name"]) == `"up"` {
				lag = 3600
			}
			if age := w.Now.Unix() - st.IndexedAt; age != lag {
				t.Errorf("%s was indexed %d s ago, want %d", a["name"], age, lag)
			}
			if none := string(a["name"]) == `"newborn"` || string(a["name"]) == `"gone"`; none != (st.Status == nil) || none && (st.State != "no_data" || *st.Error != "No results found for this monitor") {
				t.Errorf("%s: %+v", a["name"], st)
			}
			if st.Raw != nil && st.Raw.Unit != "seconds" {
				t.Errorf("%s: the budget is in %s", a["name"], st.Raw.Unit)
			}
		}
	}
	for name, want := range map[string]string{
		`"up"`: `"monitor"[1]nullnull`, `"chosen"`: `"monitor"[2]["host:b","host:c"]null`, `"slices"`: `"time_slice"nullnullnull`,
	} {
		if text[name] != want {
			t.Errorf("%s: %s, want %s (of %v)", name, text[name], want, slices.Sorted(maps.Keys(text)))
		}
	}
}
