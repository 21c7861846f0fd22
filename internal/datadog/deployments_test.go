package datadog_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestDeployments(t *testing.T) {
	t.Parallel()
	const rows = `{"data":[` +
		`{"id":"a","type":"dora_deployment","attributes":{"service":"auth","env":"prod","team":"t","version":"v1.4","started_at":"2024-04-01T13:40:00.5Z","finished_at":"2024-04-01T13:44:00Z","custom_tags":["a:b",null,"a:b"],"git":{"commit_sha":"0123456789abcdef0123"}}},` +
		`{"attributes":{"service":"auth","started_at":1711977000}},` +
		`{"attributes":{"service":"AUTH","started_at":1711977000000,"version":null,"git":{"commit_sha":"0123456789abcdef0123"}}},` +
		`{"attributes":{"service":"auth","version":"v1","started_at":1711976940000000000}},` +
		`{"attributes":{"service":"auth","version":"v2","finished_at":"2024-04-01T15:20:00+02:00"}},` +
		`{"attributes":{"service":"other","version":"v9","started_at":1711977000}},` +
		`{"attributes":{"service":"auth","version":"too late","started_at":1711980000}},` +
		`{"attributes":{"service":"auth","version":"no time"}},{"attributes":7},null,[]]}`
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.api+json")
		io.WriteString(w, rows)
	})
	got, complete, err := client.Deployments(t.Context(), request().Span, "auth", 5000)
	want := []timeseries.Event{
		{At: 1711976940, Kind: timeseries.Deployment, Title: "v1", Service: "auth", Version: "v1"},
		{At: 1711977000, Kind: timeseries.Deployment, Title: "0123456789ab", Service: "AUTH"},
		{At: 1711977000, Kind: timeseries.Deployment, Title: "deployment", Service: "auth"},
		{At: 1711977600, Kind: timeseries.Deployment, Title: "v2", Service: "auth", Version: "v2"},
		{At: 1711978800, Kind: timeseries.Deployment, Title: "v1.4", Service: "auth", Env: "prod", Version: "v1.4", Tags: []string{"a:b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || !complete || err != nil {
		t.Errorf("complete %v, %v (-want +got)\n%s", complete, err, diff)
	}
	// As recorded, with the limit and the service.
	const body = `{"data":{"type":"dora_deployments_list_request","attributes":{"from":"2024-04-01T13:00:00Z","to":"2024-04-01T14:00:00Z","limit":1000,"query":"service:\"auth\""}}}`
	if server.bodies[0] != body || server.requests[0].URL.Path != "/api/v2/dora/deployments" || client.Counts()[datadog.CallDeployments] != 1 {
		t.Errorf("asked %s at %s", server.bodies[0], server.requests[0].URL)
	}
	// A full answer need not be all, and a server may know no limit.
	got, complete, err = client.Deployments(t.Context(), request().Span, "", 2)
	if len(got) != 2 || got[1].Title != "v1.4" || complete || err != nil {
		t.Errorf("%+v, complete %v, %v", got, complete, err)
	}
	if body := server.bodies[1]; strings.Contains(body, "query") || !strings.Contains(body, `"limit":2`) {
		t.Errorf("asked %s", body)
	}
	if _, _, err = client.Deployments(t.Context(), request().Span, `a" OR service:\b`, 2); err != nil || !strings.Contains(server.bodies[2], `"service:\"a\\\" OR service:\\\\b\""`) {
		t.Errorf("asked %s, %v", server.bodies[2], err)
	}
}

func TestDeploymentsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]slo.DefectKind{
		`{}`: slo.Invalid, `{"data":{}}`: slo.Invalid, `{"errors":[{"status":"400","title":"Bad Request"}]}`: slo.Invalid, `[]`: slo.Unavailable,
	} {
		client, _ := connect(t, always(200, body))
		got, _, err := client.Deployments(t.Context(), request().Span, "auth", 100)
		if got != nil {
			t.Errorf("%s: %v", body, got)
		}
		wantDefect(t, err, kind, "listing the deployments of auth")
	}
	client, _ := connect(t, always(403, `{"errors":["Forbidden"]}`))
	_, _, err := client.Deployments(t.Context(), request().Span, "auth", 100)
	wantDefect(t, err, slo.Auth, "dora_metrics_read")
	client, server := connect(t, always(200, `{"data":[]}`))
	if got, complete, err := client.Deployments(t.Context(), request().Span, "auth", 1); got != nil || !complete || err != nil {
		t.Error(got, complete, err)
	}
	_, _, err = client.Deployments(t.Context(), timeseries.Span{}, "auth", 1)
	if wantDefect(t, err, slo.Invalid, "span"); server.calls() != 1 {
		t.Error("a request that makes no sense is sent")
	}
}
