package datadog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestActiveMetrics(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		body, tag, query string
		want             []string
	}{
		{`{"metrics":["Test_TestMetrics_1618221195"],"from":"1618221195"}`, "", "from=1618221195", []string{"Test_TestMetrics_1618221195"}},
		{`{"metrics":[],"from":"1618221195"}`, "service:no such", "from=1618221195&tag_filter=service%3Ano+such", []string{}},
		{`{"metrics":["b",null,7,{"a":1},"a","b",""]}`, " service:auth ", "from=1618221195&tag_filter=service%3Aauth", []string{"a", "b"}},
	} {
		client, server := connect(t, always(200, tt.body))
		got, err := client.ActiveMetrics(t.Context(), 1618221195, tt.tag)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s (-want +got)\n%s%v", tt.body, diff, err)
		}
		if url := server.requests[0].URL; url.Path != "/api/v1/metrics" || url.RawQuery != tt.query || client.Counts()[datadog.CallActiveMetrics] != 1 {
			t.Errorf("asked for %s, counted %v", url, client.Counts())
		}
	}
}

func TestActiveMetricsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]slo.DefectKind{
		`{}`: slo.Invalid, `{"metrics":null}`: slo.Invalid, `{"metrics":{"a":1}}`: slo.Invalid, `{"metrics":"a"}`: slo.Invalid, `{"metrics":[null,null]}`: slo.Invalid,
		`{"errors":["no"]}`: slo.Invalid, `[]`: slo.Unavailable, `<html>`: slo.Unavailable, ``: slo.Unavailable,
	} {
		client, _ := connect(t, always(200, body))
		got, err := client.ActiveMetrics(t.Context(), 1, "service:auth")
		if got != nil {
			t.Errorf("%s: %v", body, got)
		}
		wantDefect(t, err, kind, "listing the active metrics with service:auth")
	}
	client, _ := connect(t, always(403, `{"errors":["Forbidden"]}`))
	_, err := client.ActiveMetrics(t.Context(), 1, "")
	wantDefect(t, err, slo.Auth, "metrics_read")
	client, server := connect(t, always(200, `{}`))
	_, err = client.ActiveMetrics(t.Context(), -1, "")
	if wantDefect(t, err, slo.Invalid, "-1"); server.calls() != 0 {
		t.Error("a request that makes no sense is sent")
	}
}

func TestMetricInfo(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]timeseries.MetricInfo{
		`{"description":"description","short_name":"short_name","integration":null,"statsd_interval":20,"per_unit":"second","type":"count","unit":"byte"}`: {Type: "count", Unit: "byte"},
		`{"description":null,"short_name":null,"integration":null,"statsd_interval":null,"per_unit":null,"type":null,"unit":null}`:                         {},
		`{"type":"Distribution","unit":"Nanosecond"}`: {Type: "distribution", Unit: "nanosecond"},
		`{"type":7,"unit":["second"]}`:                {},
	} {
		client, _ := connect(t, always(200, body))
		got, err := client.MetricInfo(t.Context(), "trace.http.request")
		if got != want || err != nil {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	client, _ := connect(t, always(404, `{"errors":["metric_name not found"]}`))
	_, err := client.MetricInfo(t.Context(), "gone")
	wantNotFound(t, err)
}
