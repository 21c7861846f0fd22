package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// Whatever is asked, the answer is JSON with status 200 or 400.
func FuzzQueries(f *testing.F) {
	w := world(f, "steady")
	s := serve(f, simulator.Config{World: w})
	now := w.Now.Unix()
	for _, query := range []string{
		"sum:trace.http.request.hits{service:mail} by {env}.as_count() - sum:trace.http.request.errors{*} by {env}.as_count()",
		"count(v: v<=3):trace.http.request{*}.as_count().rollup(60)", "2 * p95:trace.http.request{env:prod} / 3", "default_zero(avg:queue.depth{*}.fill(last, 60))",
		"(sum:a{*} + 1) * sum:httpservice.hits{code:2xx}.rollup(min, 7200)", "1", "a",
	} {
		f.Add(query, int64(3600), int64(60))
		f.Add(query, int64(90*86400), int64(0))
	}
	f.Fuzz(func(t *testing.T, query string, span, step int64) {
		v1 := ask(t, s, "GET", fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=%s", now-span, now, url.QueryEscape(query)), "")
		body, err := json.Marshal(map[string]any{"data": map[string]any{"type": "timeseries_request", "attributes": map[string]any{
			"from": (now - span) * 1000, "to": now * 1000, "interval": step * 1000,
			"queries": []map[string]string{{"data_source": "metrics", "name": "a", "query": query}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		v2 := ask(t, s, "POST", "/api/v2/query/timeseries", string(body))
		for _, rec := range []struct {
			code int
			body []byte
		}{{v1.Code, v1.Body.Bytes()}, {v2.Code, v2.Body.Bytes()}} {
			if rec.code != 200 && rec.code != 400 || !json.Valid(rec.body) {
				t.Fatalf("%d %s", rec.code, rec.body)
			}
		}
	})
}

// Whatever rule and query a correction has, the SLOs it may be for have a
// history, and soon.
func FuzzCorrections(f *testing.F) {
	w := world(f, "types")
	now := w.Now.Unix()
	for _, rule := range []string{
		"FREQ=DAILY;INTERVAL=10;COUNT=5", "FREQ=WEEKLY;BYDAY=MO,TU,WE;UNTIL=20261104T020000Z", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYDAY=53MO", "FREQ=HOURLY;INTERVAL=5",
		"FREQ=MONTHLY;BYDAY=6MO", "FREQ=WEEKLY;BYDAY=99XX", "FREQ=SECONDLY", "FREQ=DAILY;COUNT=0", "FREQ=MONTHLY;INTERVAL=9223372036854775807", "FREQ=DAILY;INTERVAL=00", "UNTIL=1", "FREQ=", "=", "",
	} {
		f.Add(rule, "kind:monitor OR (service:* -env:test)", now-30*86400, int64(3600))
		f.Add(rule, `-team:("a b" OR c*)`, int64(0), int64(86400*400))
	}
	f.Fuzz(func(t *testing.T, rule, query string, start, duration int64) {
		edited := *w
		edited.Corrections = []scenario.Correction{{ID: "c", Query: query, Start: start % (1 << 40), Duration: duration % (1 << 30), Rule: rule, End: start%(1<<40) + duration%(1<<30)}}
		s := serve(t, simulator.Config{World: &edited, Shift: 5 * time.Minute})
		for _, o := range edited.SLOs[:3] {
			rec := ask(t, s, "GET", fmt.Sprintf("/api/v1/slo/%s/history?from_ts=%d&to_ts=%d", o.ID, now-86400, now), "")
			if rec.Code != 200 || !json.Valid(rec.Body.Bytes()) {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
		}
		if rec := ask(t, s, "GET", "/api/v1/slo/correction", ""); rec.Code != 200 || !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
	})
}
