package datadog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
)

// wantNotFound checks that an error says that Datadog does not have it.
func wantNotFound(t *testing.T, err error) {
	t.Helper()
	var missing interface{ NotFound() bool }
	if !errors.As(err, &missing) || !missing.NotFound() {
		t.Errorf("%v does not say NotFound", err)
	}
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, fixture(t, "v1/monitor.json")))
	got, err := client.Monitor(t.Context(), 112445445)
	if err != nil {
		t.Fatal(err)
	}
	want := slo.MonitorSettings{
		ID: 112445445, Name: "login answers", Silence: slo.SilenceDown, Why: "on_missing_data: show_and_notify_no_data",
		Modified: time.Date(2024, 8, 6, 12, 3, 17, 451148000, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p := server.requests[0].URL.Path; p != "/api/v1/monitor/112445445" || client.Counts()[datadog.CallMonitor] != 1 {
		t.Errorf("asked for %s, counts %v", p, client.Counts())
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	const (
		errs  = "sum(last_5m):sum:trace.http.request.errors{service:web}.as_count()"
		gauge = "avg(last_5m):avg:system.load.1{*}"
	)
	for _, tt := range []struct {
		name, kind, query, options string
		want                       slo.SilencePolicy
		why                        string
	}{
		{"show and notify", "query alert", errs + " > 100", `{"on_missing_data":"show_and_notify_no_data"}`, slo.SilenceDown, "show_and_notify_no_data"},
		{"show", "query alert", errs + " > 100", `{"on_missing_data":"show_no_data"}`, slo.SilenceUp, "show_no_data"},
		{"show OK", "metric alert", errs + " > 100", `{"on_missing_data":"resolve"}`, slo.SilenceUp, "resolve"},
		{"the new setting wins", "metric alert", errs + " > 100", `{"on_missing_data":"resolve","notify_no_data":true}`, slo.SilenceUp, "resolve"},
		{"the old setting", "metric alert", gauge + " > 1", `{"notify_no_data":true}`, slo.SilenceDown, "notify_no_data: true"},
		{"a count is zero, which is fine", "query alert", errs + " > 100", `{"on_missing_data":"default","thresholds":{"critical":100}}`, slo.SilenceUp, "does not alert at > 100"},
		{"a count is zero, which alerts", "query alert", errs + " < 5", `{"on_missing_data":"default","thresholds":{"critical":5.0}}`, slo.SilenceDown, "alerts at < 5"},
		{"zero at the threshold", "query alert", errs + " <= 0", `{"thresholds":{"critical":0}}`, slo.SilenceDown, "alerts at <= 0"},
		{"zero not above the threshold", "query alert", errs + " > 0", `{"notify_no_data":false}`, slo.SilenceUp, "notify_no_data: false"},
		{"zero at a threshold that includes it", "query alert", errs + " >= 0", `{}`, slo.SilenceDown, "alerts at >= 0"},
		{"the threshold of the query stands in", "query alert", errs + " < 1", ``, slo.SilenceDown, "< 1"},
		{"a threshold below zero", "query alert", errs + " > -1.5e0", ``, slo.SilenceDown, "> -1.5"},
		{"the options know the threshold better", "query alert", errs + " > 0", `{"thresholds":{"critical":-1}}`, slo.SilenceDown, "> -1"},
		{"a count over a filter with a comparison", "query alert", "sum(last_5m):sum:hits{code:>500}.as_count() > 3", ``, slo.SilenceUp, "> 3"},
		{"a quotient of counts", "query alert", "sum(last_5m):sum:errs{*}.as_count() / sum:hits{*}.as_count() > 0.1", ``, slo.SilenceUp, "> 0.1"},
		{"a distribution that is counted", "query alert", "sum(last_5m):count(v: v<=3):trace.http.request{*} < 1", ``, slo.SilenceDown, "< 1"},
		{"a count that only Datadog can read", "query alert", "avg(last_4h):anomalies(sum:hits{*}.as_count(), 'agile', 2, direction='both', interval=60) >= 1", ``, slo.SilenceUp, ">= 1"},
		{"a gauge", "metric alert", gauge + " > 1", `{"on_missing_data":"default"}`, slo.SilenceCarried, "last known status"},
		{"a gauge without options", "metric alert", gauge + " > 1", `null`, slo.SilenceCarried, "last known status"},
		{"a sum without as_count", "metric alert", "sum(last_5m):sum:hits{*} > 1", ``, slo.SilenceCarried, "last known status"},
		{"a gauge that only Datadog can read", "query alert", "avg(last_4h):anomalies(avg:load{*}, 'agile', 2, direction='both') >= 1", ``, slo.SilenceCarried, "last known status"},
		{"a count beside a gauge", "query alert", "sum(last_5m):sum:errs{*}.as_count() / avg:load{*} > 0.1", ``, slo.SilenceUnknown, "in one part"},
		{"no comparison", "query alert", errs, ``, slo.SilenceUnknown, "comparison"},
		{"no query", "query alert", "", ``, slo.SilenceUnknown, "comparison"},
		{"a comparison for equality", "query alert", errs + " == 0", ``, slo.SilenceUnknown, "=="},
		{"a threshold in words", "query alert", errs + " > 1", `{"thresholds":{"critical":"high"}}`, slo.SilenceUnknown, "threshold"},
		{"a threshold with two points", "query alert", errs + " > 1.2.3", ``, slo.SilenceUnknown, "threshold"},
		{"thresholds that are none", "query alert", errs + " > 1", `{"thresholds":7}`, slo.SilenceUnknown, "thresholds"},
		{"an unknown setting", "query alert", errs + " > 1", `{"on_missing_data":"explode"}`, slo.SilenceUnknown, "explode"},
		{"a setting of another kind", "query alert", errs + " > 1", `{"on_missing_data":7}`, slo.SilenceUnknown, "7"},
		{"an old setting of another kind", "query alert", errs + " > 1", `{"notify_no_data":"yes"}`, slo.SilenceUnknown, "yes"},
		{"options of another kind", "query alert", errs + " > 1", `[1]`, slo.SilenceUnknown, "options"},
		{"a service check", "service check", `"http.can_connect".over("*").last(2).count_by_status()`, `{"notify_no_data":false}`, slo.SilenceUp, "notify_no_data: false"},
		{"a service check that notifies", "service check", `"http.can_connect".over("*").last(2).count_by_status()`, `{"notify_no_data":true}`, slo.SilenceDown, "notify_no_data: true"},
		{"a service check with the new setting", "service check", `x`, `{"on_missing_data":"show_and_notify_no_data"}`, slo.SilenceDown, "show_and_notify_no_data"},
		{"a synthetic test", "synthetics alert", "no_query", `{"on_missing_data":"show_no_data"}`, slo.SilenceRemoved, "paused"},
		{"a log monitor counts", "log alert", `logs("status:error").index("*").rollup("count").last("5m") > 5`, `{"on_missing_data":"default"}`, slo.SilenceUp, "zero does not alert at > 5"},
		{"silent in the old way, which is no alert carried on", "query alert", gauge + " > 1", `{"notify_no_data":false}`, slo.SilenceUp, "notify_no_data: false"},
		{"another type", "process alert", `processes('x').over('*').rollup('count').last('5m') < 1`, `{"on_missing_data":"default"}`, slo.SilenceUnknown, "process alert"},
		{"another type with a setting", "log alert", `logs("x").index("*").rollup("count").last("5m") > 5`, `{"on_missing_data":"resolve"}`, slo.SilenceUp, "resolve"},
		{"no type", "", errs + " > 1", ``, slo.SilenceUnknown, "type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := fmt.Sprintf(`{"id":7,"name":"n","type":%q,"query":%q`, tt.kind, tt.query)
			if tt.options != "" {
				body += `,"options":` + tt.options
			}
			client, _ := connect(t, always(200, body+"}"))
			got, err := client.Monitor(t.Context(), 7)
			if err != nil {
				t.Fatal(err)
			}
			if got.Silence != tt.want || !strings.Contains(got.Why, tt.why) {
				t.Errorf("silence %d, %q; want %d with %q", got.Silence, got.Why, tt.want, tt.why)
			}
			if got.Synthetic != (tt.kind == "synthetics alert") || !got.Modified.IsZero() {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestMonitorsThatDoNotExist(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]struct {
		status int
		body   string
	}{
		"not found": {404, `{"errors":["Monitor not found"]}`},
		"deleted":   {200, `{"id":123,"name":"n","type":"query alert","deleted":"2024-08-06T12:03:17+00:00"}`},
	} {
		client, _ := connect(t, always(handler.status, handler.body))
		_, err := client.Monitor(t.Context(), 123)
		wantDefect(t, err, slo.Invalid, "monitor 123 does not exist (deleted?)")
		wantNotFound(t, err)
		if !strings.HasPrefix(err.Error(), "monitor 123") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMonitorsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]slo.DefectKind{
		`<html>`: slo.Unavailable, ``: slo.Unavailable, `null`: slo.Unavailable, `[]`: slo.Unavailable,
		`{}`: slo.Invalid, `{"id":"x"}`: slo.Invalid, `{"id":124}`: slo.Invalid, `{"errors":["no"]}`: slo.Invalid,
	} {
		client, _ := connect(t, always(200, body))
		_, err := client.Monitor(t.Context(), 123)
		wantDefect(t, err, kind, "123")
	}
	client, _ := connect(t, always(403, `{"errors":["Forbidden"]}`))
	_, err := client.Monitor(t.Context(), 123)
	wantDefect(t, err, slo.Auth, "monitors_read")
	client, _ = connect(t, always(200, `{"id":123.0,"name":7,"type":[],"query":{},"modified":"yesterday"}`))
	if got, err := client.Monitor(t.Context(), 123); err != nil || got.Silence != slo.SilenceUnknown || got.Name != "" {
		t.Errorf("%+v, %v", got, err)
	}
}
