package datadog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// search is a request for events as the server reads it.
type search struct {
	Filter struct{ From, To, Query string }
	Page   struct {
		Limit  int
		Cursor string
	}
	Sort string
}

func readSearch(t *testing.T, body string) search {
	t.Helper()
	var s search
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Errorf("request %q: %v", body, err)
	}
	return s
}

// recorded are the two events of the first recorded page, and the cursor to the second.
const recorded = `{"meta":{"page":{"after":"eyJhZnRlciI6IkFn"}},"data":[` +
	`{"attributes":{"attributes":{"status":"info","event_object":"adip","service":"undefined","title":"[Synthetics] EVMGT pipeline test","timestamp":1655744837000,"hostname":"do ani","priority":"normal","aggregation_key":"adip","evt":{"source_id":100,"type":"api","id":"6567977596797486753"}},"message":"Synthetics test check","tags":["environment:staging","source:my_apps","source:my_apps","environment:staging"],"timestamp":"2022-06-20T17:07:17Z"},"type":"event","id":"AgAAAYGCFTWI2hRv"},` +
	`{"attributes":{"attributes":{"status":"info","service":"undefined","title":"[Synthetics] EVMGT pipeline test","timestamp":1655744850000,"evt":{"source_id":100,"type":"api","id":"6567977820721297650"}},"message":"Synthetics test check","tags":["environment:staging"],"timestamp":"2022-06-20T17:07:30Z"},"type":"event","id":"AgAAAYGCFWhQ_AdvP"}],"links":{"next":"https://api.datadoghq.com/api/v2/events/search?x"}}`

func TestEvents(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"":                 recorded,
		"eyJhZnRlciI6IkFn": `{"meta":{"page":{"after":"second"}},"data":[{"id":"b","attributes":{"tags":["service:auth","env:prod","version:1.2","service:other"],"timestamp":"2022-06-20T17:07:20.5Z","attributes":{"service":"third","title":"deployed"}}}]}`,
		"second":           `{"data":[]}`,
	}
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s := readSearch(t, string(body))
		if s.Filter.From != "1655744400000" || s.Filter.To != "1655748000000" || s.Filter.Query != `service:(auth OR "a b")` || s.Sort != "-timestamp" || s.Page.Limit > 1000 {
			t.Errorf("asked %s", body)
		}
		io.WriteString(w, pages[s.Page.Cursor])
	})
	span := timeseries.Span{Start: 1655744400, End: 1655748000}
	got, complete, err := client.Events(t.Context(), span, `service:(auth OR "a b")`, 2000)
	want := []timeseries.Event{
		{At: 1655744837, Kind: timeseries.OtherEvent, Title: "[Synthetics] EVMGT pipeline test", Tags: []string{"environment:staging", "source:my_apps"}},
		{At: 1655744840, Kind: timeseries.OtherEvent, Title: "deployed", Service: "auth", Env: "prod", Version: "1.2", Tags: []string{"service:auth", "env:prod", "version:1.2", "service:other"}},
		{At: 1655744850, Kind: timeseries.OtherEvent, Title: "[Synthetics] EVMGT pipeline test", Tags: []string{"environment:staging"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || !complete || err != nil {
		t.Errorf("complete %v, %v (-want +got)\n%s", complete, err, diff)
	}
	if n := client.Counts()[datadog.CallEvents]; n != 3 || server.calls() != 3 || server.requests[0].Method != "POST" {
		t.Errorf("%d pages counted, %d sent", n, server.calls())
	}
}

// happened answers a search with the events 9, 8, 7, … one a minute from 13:00
// on, as many as a page may have, with a cursor after each page that has any.
func happened(body string) string {
	var s search
	_ = json.Unmarshal([]byte(body), &s)
	next := 9
	if s.Page.Cursor != "" {
		fmt.Sscanf(s.Page.Cursor, "after %d", &next)
		next--
	}
	var list []string
	for ; next >= 0 && len(list) < min(s.Page.Limit, 2); next-- {
		list = append(list, fmt.Sprintf(`{"id":"%d","attributes":{"attributes":{"title":"e%d","timestamp":%d}}}`, next, next, (1711976400+60*next)*1000))
	}
	if len(list) == 0 {
		return `{"data":[]}`
	}
	return fmt.Sprintf(`{"data":[%s],"meta":{"page":{"after":"after %d"}}}`, strings.Join(list, ","), next+1)
}

func TestMostEvents(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		most     int
		complete bool
		titles   string
		pages    int
	}{
		{1, false, "e9", 1},
		{3, false, "e7 e8 e9", 2},
		{10, false, "e0 e1 e2 e3 e4 e5 e6 e7 e8 e9", 5}, // the server has a cursor for more
		{11, true, "e0 e1 e2 e3 e4 e5 e6 e7 e8 e9", 6},
	} {
		client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			io.WriteString(w, happened(string(body)))
		})
		got, complete, err := client.Events(t.Context(), request().Span, "", tt.most)
		var titles []string
		for _, e := range got {
			titles = append(titles, e.Title)
		}
		if strings.Join(titles, " ") != tt.titles || complete != tt.complete || err != nil || server.calls() != tt.pages {
			t.Errorf("at most %d: %v, complete %v, %v, %d pages", tt.most, titles, complete, err, server.calls())
		}
	}
}

func TestEventsWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(n int) string{
		"the same cursor": func(n int) string {
			return fmt.Sprintf(`{"data":[{"id":"%d"}],"meta":{"page":{"after":"x"}}}`, n)
		},
		"the same events": func(n int) string {
			return fmt.Sprintf(`{"data":[{"id":"1"}],"meta":{"page":{"after":"%d"}}}`, n)
		},
	} {
		n := 0
		client, server := connect(t, func(w http.ResponseWriter, _ *http.Request) {
			n++
			io.WriteString(w, answer(n))
		})
		got, complete, err := client.Events(t.Context(), request().Span, "", 100)
		// None of these events says when it happened, which is no list of events.
		if len(got) != 0 || complete || err == nil || server.calls() != 2 {
			t.Errorf("%s: %v, complete %v, %v, %d pages", name, got, complete, err, server.calls())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		io.WriteString(w, `{"data":[{"id":"1"}],"meta":{"page":{"after":"x"}}}`)
	})
	if _, _, err := client.Events(ctx, request().Span, "", 100); !errors.Is(err, context.Canceled) || server.calls() != 1 {
		t.Errorf("cancelled: %v after %d pages", err, server.calls())
	}
}

func TestOddEvents(t *testing.T) {
	t.Parallel()
	const sound = `{"attributes":{"attributes":{"title":"sound"},"timestamp":"2024-04-01T13:30:00Z"}}`
	for _, odd := range []string{
		`null`, `7`, `"x"`, `[]`, `{}`, `{"attributes":null}`, `{"attributes":"x"}`, `{"attributes":{"timestamp":"yesterday"}}`,
		`{"attributes":{"timestamp":"2024-04-01T14:00:00Z"}}`, `{"attributes":{"timestamp":"2024-04-01T12:59:59.999Z"}}`, // beside the span
		`{"attributes":{"attributes":{"timestamp":-1}}}`, `{"attributes":{"attributes":{"timestamp":1e99}}}`,
	} {
		client, _ := connect(t, always(200, `{"data":[`+odd+`,`+sound+`,`+odd+`]}`))
		got, complete, err := client.Events(t.Context(), request().Span, "", 100)
		if len(got) != 1 || got[0].Title != "sound" || !complete || err != nil {
			t.Errorf("%s: %+v, %v, %v", odd, got, complete, err)
		}
	}
	for event, title := range map[string]string{
		`{"attributes":{"attributes":"odd","message":" what\nhappened","timestamp":"2024-04-01T13:30:00Z","tags":"env:a"}}`:     "what",
		`{"attributes":{"attributes":{"title":7,"timestamp":"1711978200000","tags":["env:a",null]},"message":"m","tags":null}}`: "m",
		`{"attributes":{"attributes":{"title":"\u001b[31mraw","timestamp":1711978200.9,"tags":{}},"tags":["ENV:a"]}}`:           "\x1b[31mraw",
	} {
		client, _ := connect(t, always(200, `{"data":[`+event+`]}`))
		got, _, err := client.Events(t.Context(), request().Span, "", 100)
		if len(got) != 1 || got[0].Title != title || got[0].At != 1711978200 || got[0].Env != "a" || err != nil {
			t.Errorf("%s: %+v, %v", event, got, err)
		}
	}
}

func TestEventKinds(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]timeseries.EventKind{
		`{"title":"[Triggered on {host:a}] p95 is high"}`:                                                             timeseries.MonitorAlert,
		`{"title":"[Re-Triggered] deployment is slow"}`:                                                               timeseries.MonitorAlert,
		`{"title":"[Recovered] x"}`:                                                                                   timeseries.MonitorAlert,
		`{"title":"x","monitor":{"id":7,"name":"n"}}`:                                                                 timeseries.MonitorAlert,
		`{"title":"x","monitor_id":7}`:                                                                                timeseries.MonitorAlert,
		`{"title":"x","sourcecategory":"monitor_alert"}`:                                                              timeseries.MonitorAlert,
		`{"title":"x","tags":["source:alert","deployment"]}`:                                                          timeseries.MonitorAlert,
		`{"title":"x","monitor":null,"monitor_id":null}`:                                                              timeseries.OtherEvent,
		`{"title":"x","monitor":{},"monitor_id":0}`:                                                                   timeseries.OtherEvent,
		`{"title":"auth 1.2","tags":["source:deployment"]}`:                                                           timeseries.Deployment,
		`{"title":"auth 1.2","source_type_name":"Argo-CD"}`:                                                           timeseries.Deployment,
		`{"title":"auth 1.2","tags":["source:spinnaker"]}`:                                                            timeseries.Deployment,
		`{"title":"Deployed auth 1.2","tags":["source:github"]}`:                                                      timeseries.Deployment,
		`{"title":"auth: release v1.2 was published","tags":["source:gitlab"]}`:                                       timeseries.Deployment,
		`{"title":"pull request opened","tags":["source:github"]}`:                                                    timeseries.OtherEvent,
		`{"title":"auth 1.2","tags":["deployment"]}`:                                                                  timeseries.Deployment,
		`{"title":"auth 1.2","tags":["Deployment:auth"]}`:                                                             timeseries.Deployment,
		`{"title":"auth 1.2","tags":["event_type:deploy"]}`:                                                           timeseries.Deployment,
		`{"title":"auth 1.2","evt":{"type":"deployment"}}`:                                                            timeseries.Deployment,
		`{"title":"unhealthy pods","tags":["source:kubernetes","deployment:auth","kube_deployment:auth"]}`:            timeseries.OtherEvent,
		`{"title":"x","tags":["deployment:false","kube_deployment:auth","release:stable","service:deploy","source"]}`: timeseries.OtherEvent,
		`{"title":"Deployment of a fix for the deployment is planned","evt":"x"}`:                                     timeseries.OtherEvent,
	} {
		client, _ := connect(t, always(200, `{"data":[{"attributes":{"attributes":`+event+`,"timestamp":"2024-04-01T13:30:00Z"}}]}`))
		got, _, err := client.Events(t.Context(), request().Span, "", 100)
		if err != nil || len(got) != 1 || got[0].Kind != want {
			t.Errorf("%s: %+v, %v, want %s", event, got, err, want)
		}
	}
}

func TestEventsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]slo.DefectKind{
		`{}`: slo.Invalid, `{"data":null}`: slo.Invalid, `{"data":{}}`: slo.Invalid, `{"data":[],"meta":7}`: slo.Invalid,
		`{"data":[],"meta":{"page":{"after":7}}}`: slo.Invalid, `{"errors":["no"]}`: slo.Invalid, `<html>`: slo.Unavailable, ``: slo.Unavailable,
	} {
		client, _ := connect(t, always(200, body))
		got, complete, err := client.Events(t.Context(), request().Span, "", 100)
		if got != nil || complete {
			t.Errorf("%s: %v", body, got)
		}
		wantDefect(t, err, kind, "searching for events")
	}
	client, _ := connect(t, always(403, `{"errors":["Forbidden"]}`))
	_, _, err := client.Events(t.Context(), request().Span, "", 100)
	wantDefect(t, err, slo.Auth, "events_read")
	client, server := connect(t, always(200, `{"data":[]}`))
	_, _, err = client.Events(t.Context(), timeseries.Span{Start: 2, End: 2}, "", 100)
	wantDefect(t, err, slo.Invalid, "span")
	_, _, err = client.Events(t.Context(), request().Span, "", 0)
	if wantDefect(t, err, slo.Invalid, "room"); server.calls() != 0 {
		t.Error("a request that makes no sense is sent")
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(recorded)
	f.Add(happened(`{"page":{"limit":2}}`))
	f.Add(`{"data":[{"attributes":{"timestamp":1.7e18,"attributes":{"monitor":{"id":1},"evt":{"name":"deploy"},"tags":["a","a:"]}}}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{Base: inProcess{always(200, body)}})})
		span := timeseries.Span{Start: 1, End: 4e9}
		got, complete, err := client.Events(t.Context(), span, "q", 50)
		checkEvents(t, body, got, span, err)
		if err != nil && complete {
			t.Fatal("complete beside an error")
		}
		got, _, err = client.Deployments(t.Context(), span, "", 50)
		checkEvents(t, body, got, span, err)
	})
}

func checkEvents(t *testing.T, body string, got []timeseries.Event, span timeseries.Span, err error) {
	t.Helper()
	if err != nil {
		if got != nil {
			t.Fatal("events beside an error")
		}
		return
	}
	if !json.Valid([]byte(body)) || len(got) > 50 {
		t.Fatalf("%d events of %q", len(got), body)
	}
	for i, e := range got {
		if !span.Contains(e.At) || e.Kind == "" || i > 0 && e.At < got[i-1].At {
			t.Fatalf("accepted %+v", e)
		}
	}
}
