package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

type deploymentsAnswer struct {
	Data []struct {
		ID, Type   string
		Attributes struct {
			Service, Env, Version string
			StartedAt             time.Time `json:"started_at"`
			FinishedAt            time.Time `json:"finished_at"`
		}
	}
}

func deployments(t testing.TB, h http.Handler, attributes string) []string {
	t.Helper()
	names := []string{}
	for _, d := range post[deploymentsAnswer](t, h, "/api/v2/dora/deployments", `{"data":{"type":"dora_deployments_list_request","attributes":`+attributes+`}}`).Data {
		a := d.Attributes
		names = append(names, a.Service+" "+a.Version+" "+a.Env)
		if d.Type != "dora_deployment" || d.ID == "" || !a.FinishedAt.After(a.StartedAt) {
			t.Errorf("%+v", d)
		}
	}
	return names
}

// Deployments are the releases that were reported, each in every environment,
// the newest first and no more than asked for.
func TestDORADeployments(t *testing.T) {
	t.Parallel()
	w := parsed(t, happenings)
	s := serve(t, simulator.Config{World: w})
	all := []string{"bank 2 prod", "shop 2 prod", "shop 2 dev"}
	rfc := func(d time.Duration) string { return w.Now.Add(d).Format(time.RFC3339) }
	for attributes, want := range map[string][]string{
		`{}`:                                all,
		`{"limit":2}`:                       all[:2],
		`{"limit":1,"sort":"started_at"}`:   all[2:],
		`{"query":"service:shop env:prod"}`: all[1:2],
		`{"query":"version:*2* -service:(bank OR mail)"}`: all[1:],
		`{"query":"service:nobody"}`:                      {},
		// both ends belong to it, and what is announced has not happened
		fmt.Sprintf(`{"from":%q,"to":%q}`, rfc(-72*time.Hour), rfc(-72*time.Hour)):                   all[1:],
		fmt.Sprintf(`{"from":%q,"to":%q}`, rfc(-72*time.Hour+time.Second), rfc(48*time.Hour)):        all[:1],
		fmt.Sprintf(`{"from":%q,"to":%q,"limit":1}`, "2025-03-23T00:00:00Z", "2025-03-24T00:00:00Z"): {}, // as recorded
	} {
		if got := deployments(t, s, attributes); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", attributes, got, want)
		}
	}
	rec := ask(t, s, "POST", "/api/v2/dora/deployments", `{"data":{"type":"dora_deployments_list_request","attributes":{}}}`)
	want := slices.Concat(prefixed("", "data"), prefixed(".data[]", "attributes", "id", "type"),
		prefixed(".data[].attributes", "env", "finished_at", "git", "git.commit_sha", "git.repository_id", "service", "started_at", "version"))
	slices.Sort(want)
	if diff := cmp.Diff(want, keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("(-documented +ours):\n%s", diff)
	}
	for target, kinds := range map[string]string{"/api/v2/dora/failures": "dora_failures_list_request", "/api/v2/dora/deployments": "dora_deployments_list_request"} {
		body := `{"data":{"attributes":{"from":"2025-03-23T00:00:00Z","limit":1,"to":"2025-03-24T00:00:00Z"},"type":"` + kinds + `"}}`
		rec := ask(t, s, "POST", target, body)
		if got := rec.Body.String(); got != "{\"data\":[]}\n" || rec.Header().Get("Content-Type") != "application/vnd.api+json" {
			t.Errorf("%s: %s", target, got)
		}
		for _, bad := range []string{
			"", "{", `{"data":{"type":"x"}}`, `{"data":{"type":"` + kinds + `","attributes":{"limit":0}}}`, `{"data":{"type":"` + kinds + `","attributes":{"limit":1001}}}`,
			`{"data":{"type":"` + kinds + `","attributes":{"from":"yesterday"}}}`, `{"data":{"type":"` + kinds + `","attributes":{"query":"("}}}`,
			`{"data":{"type":"` + kinds + `","attributes":{"sort":"team"}}}`, `{"data":{"type":"` + kinds + `","attributes":{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}}}`,
		} {
			var envelope struct {
				Errors []struct{ Title, Detail string }
			}
			rec := ask(t, s, "POST", target, bad)
			decodeInto(t, rec.Body.Bytes(), &envelope)
			if rec.Code != 400 || len(envelope.Errors) != 1 || envelope.Errors[0].Detail == "" {
				t.Errorf("%s %s: %d %s", target, bad, rec.Code, rec.Body)
			}
		}
	}
}

func TestServicesByEnvironment(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: parsed(t, happenings)})
	type answer struct {
		Data struct{ Attributes struct{ Services []string } }
	}
	for env, want := range map[string][]string{"*": {"bank", "shop"}, "dev": {"shop"}, "test": {}} {
		if got := get[answer](t, s, "/api/v2/apm/services?filter[env]="+env).Data.Attributes.Services; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", env, got, want)
		}
	}
	if rec := ask(t, s, "GET", "/api/v2/apm/services", ""); rec.Code != 400 {
		t.Errorf("without an environment: %d", rec.Code)
	}
}
