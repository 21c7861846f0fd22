package datadog_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
)

// permissive answers what each probe asks for, as long as the key has the scope.
func permissive(lacking string) http.HandlerFunc {
	routes := map[string]struct{ scope, body string }{
		"GET /api/v1/validate":          {"api key", `{"valid":true}`},
		"GET /api/v2/validate_keys":     {"app key", `{"status":"ok"}`},
		"GET /api/v1/slo":               {"slos_read", `{"data":[],"error":null}`},
		"GET /api/v1/slo/correction":    {"slos_read", `{"data":[]}`},
		"POST /api/v2/query/timeseries": {"timeseries_query", attributes(`[]`, `[]`, `[]`)},
		"GET /api/v1/metrics":           {"metrics_read", `{"metrics":[],"from":"1772362800"}`},
		"GET /api/v1/monitor":           {"monitors_read", `[]`},
		"POST /api/v2/events/search":    {"events_read", `{"data":[]}`},
		"POST /api/v2/dora/deployments": {"dora_metrics_read", `{"data":[]}`},
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", "Sun, 01 Mar 2026 12:00:07 GMT")
		w.Header().Set("X-RateLimit-Name", "some_limit")
		w.Header().Set("X-RateLimit-Limit", "100")
		w.Header().Set("X-RateLimit-Period", "60")
		w.Header().Set("X-RateLimit-Remaining", "99")
		w.Header().Set("X-RateLimit-Reset", "10")
		route, ok := routes[r.Method+" "+r.URL.Path]
		switch {
		case !ok:
			w.WriteHeader(404)
		case route.scope == lacking:
			w.WriteHeader(403)
			io.WriteString(w, `{"status":"error","code":403,"errors":["Forbidden"]}`)
		default:
			io.WriteString(w, route.body)
		}
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	for lacking, want := range map[string][]string{
		"":                  nil,
		"api key":           {"reach the API with the API key"},
		"app key":           {"use both keys"},
		"slos_read":         {"list SLOs", "list SLO corrections"},
		"timeseries_query":  {"query metrics"},
		"metrics_read":      {"read metric metadata"},
		"monitors_read":     {"read monitors"},
		"events_read":       {"search events"},
		"dora_metrics_read": {"list deployments"},
	} {
		client, server := connect(t, permissive(lacking))
		var failed []string
		for _, p := range client.Probes() {
			if p.Name == "" || p.Needed == "" || p.Remedy == "" {
				t.Errorf("a probe without words: %+v", p)
			}
			if near := p.Scope == "events_read" || p.Scope == "dora_metrics_read"; p.Optional != near {
				t.Errorf("%s: optional is %v", p.Name, p.Optional)
			}
			found, err := p.Run(t.Context())
			if err != nil {
				failed = append(failed, p.Name)
				wantDefect(t, err, slo.Auth, "Forbidden", p.Scope)
			} else {
				limit := transport.Limit{Name: "some_limit", Requests: 100, Period: time.Minute, Remaining: 99, Reset: 10 * time.Second}
				if found.Limit == nil || *found.Limit != limit {
					t.Errorf("%s: limit %v", p.Name, found.Limit)
				}
			}
			if !found.Date.Equal(time.Date(2026, 3, 1, 12, 0, 7, 0, time.UTC)) {
				t.Errorf("%s: date %s", p.Name, found.Date)
			}
		}
		if diff := cmp.Diff(want, failed); diff != "" {
			t.Errorf("lacking %q (-want +got)\n%s", lacking, diff)
		}
		if n := client.Counts()[datadog.CallProbe]; n != server.calls() || n != 9 {
			t.Errorf("%d probes counted, %d sent", n, server.calls())
		}
	}
}

func TestProbeWithTheAPIKeyAlone(t *testing.T) {
	t.Parallel()
	s := &server{handler: permissive("")}
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, Transport: inProcess{s}})
	for i, p := range client.Probes() {
		_, err := p.Run(t.Context())
		if i == 0 {
			if err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
			continue
		}
		wantDefect(t, err, slo.Auth, "DD_APP_KEY")
	}
	if s.calls() != 1 {
		t.Errorf("%d requests", s.calls())
	}
}

func TestProbesWithAToken(t *testing.T) {
	t.Parallel()
	s := &server{handler: permissive("api key")}
	client := clientOf(t, datadog.Config{AccessToken: testToken, Transport: inProcess{s}})
	for _, p := range client.Probes() {
		if _, err := p.Run(t.Context()); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if strings.Contains(p.Name, "key") {
			t.Errorf("a token has no key to %s", p.Name)
		}
	}
}

func TestProbesDoNotBelieveAnything(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"valid":false,"status":"no"}`, `{"valid":"true"}`, `<html>`, ``, `null`, `"text"`, `{"errors":["no"]}`} {
		client, _ := connect(t, always(200, body))
		for _, p := range client.Probes() {
			if _, err := p.Run(t.Context()); err == nil {
				t.Errorf("%s believes %q", p.Name, body)
			}
		}
	}
}
