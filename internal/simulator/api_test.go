package simulator_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

// keysOf lists the keys of a JSON value with their paths; of a list, those of
// all its elements.
func keysOf(t testing.TB, data []byte) []string {
	t.Helper()
	var v any
	decodeInto(t, data, &v)
	seen := map[string]bool{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				seen[path+"."+k] = true
				walk(path+"."+k, x)
			}
		case []any:
			for _, x := range v {
				walk(path+"[]", x)
			}
		}
	}
	walk("", v)
	return slices.Sorted(maps.Keys(seen))
}

func prefixed(prefix string, keys ...string) []string {
	var all []string
	for _, k := range keys {
		all = append(all, prefix+"."+k)
	}
	return all
}

// Every answer has the keys that Datadog's recorded answers have: the SLO as
// created in 2024 with the specification of 2026, the history of 2024 with the
// groups of 2026, the search of 2023, the query of 2022.
func TestAnswersHaveTheRecordedKeys(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	object := func(at string) []string {
		return slices.Concat(
			prefixed(at, "id", "name", "tags", "monitor_tags", "thresholds", "type", "type_id", "description", "timeframe", "warning_threshold",
				"target_threshold", "query", "creator", "created_at", "modified_at"),
			prefixed(at+".thresholds[]", "timeframe", "target", "target_display", "warning", "warning_display"),
			prefixed(at+".query", "numerator", "denominator"), prefixed(at+".creator", "name", "handle", "email"))
	}
	side := func(at string) []string {
		return slices.Concat(prefixed(at, "values", "sum", "count", "metadata"),
			prefixed(at+".metadata", "unit", "query_index", "aggr", "metric", "tag_set", "expression", "scope"))
	}
	var legacy string
	for _, o := range w.SLOs {
		if o.Name == "legacy counter" {
			legacy = o.ID
		}
	}
	for target, want := range map[string][]string{
		"/api/v1/slo/" + legacy: append(object(".data"), ".data", ".error"),
		"/api/v1/slo?tags_query=app:httpd": slices.Concat(object(".data[]"),
			[]string{".data", ".error", ".metadata", ".metadata.page", ".metadata.page.total_count", ".metadata.page.total_filtered_count"}),
		fmt.Sprintf("/api/v1/slo/%s/history?from_ts=%d&to_ts=%d", legacy, now-86400, now): slices.Concat(
			[]string{".data", ".errors"}, object(".data.slo"), side(".data.series.numerator"), side(".data.series.denominator"),
			prefixed(".data", "thresholds", "from_ts", "to_ts", "type", "type_id", "slo", "group_by", "series", "overall"),
			prefixed(".data.thresholds", "7d"), prefixed(".data.thresholds.7d", "timeframe", "target", "target_display", "warning", "warning_display"),
			prefixed(".data.series", "timing", "res_type", "resp_version", "query", "from_date", "to_date", "message", "interval", "times",
				"numerator", "denominator", "groups", "numerator_query", "denominator_query", "bad_series_query", "graph_query"),
			prefixed(".data.overall", "errors", "sli_value", "span_precision", "precision", "precision.7d", "uptime", "corrections", "state")),
		"/api/v1/slo/search?query=legacy": slices.Concat(
			[]string{".data", ".data.type", ".data.attributes", ".data.attributes.slos", ".data.attributes.slos[].data", ".meta", ".meta.pagination", ".links"},
			prefixed(".links", "self", "last", "next", "prev", "first"),
			prefixed(".meta.pagination", "number", "first_number", "prev_number", "next_number", "last_number", "size", "type", "total"),
			prefixed(".data.attributes.slos[].data", "type", "id", "attributes"),
			prefixed(".data.attributes.slos[].data.attributes", "monitor_ids", "all_tags", "thresholds", "env_tags", "groups", "timeframe", "overall_status",
				"query", "warning_threshold", "slo_type", "name", "service_tags", "status", "creator", "created_at", "modified_at", "description", "team_tags", "target_threshold"),
			prefixed(".data.attributes.slos[].data.attributes.thresholds[]", "warning_display", "target_display", "target", "warning", "timeframe"),
			prefixed(".data.attributes.slos[].data.attributes.overall_status[]", "error_budget_remaining", "raw_error_budget_remaining", "indexed_at", "status",
				"span_precision", "error", "target", "state", "timeframe"),
			prefixed(".data.attributes.slos[].data.attributes.overall_status[].raw_error_budget_remaining", "value", "unit"),
			prefixed(".data.attributes.slos[].data.attributes.status", "error_budget_remaining", "raw_error_budget_remaining", "indexed_at", "span_precision",
				"state", "sli", "calculation_error"),
			prefixed(".data.attributes.slos[].data.attributes.status.raw_error_budget_remaining", "value", "unit"),
			prefixed(".data.attributes.slos[].data.attributes.query", "metrics", "numerator", "denominator"),
			prefixed(".data.attributes.slos[].data.attributes.creator", "name", "id", "email")),
		fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=avg:trace.http.request{*}", now-3600, now): slices.Concat(
			prefixed("", "status", "resp_version", "series", "to_date", "query", "message", "res_type", "times", "from_date", "group_by", "values"),
			prefixed(".series[]", "end", "attributes", "metric", "interval", "tag_set", "start", "length", "query_index", "aggr", "scope", "pointlist",
				"expression", "unit", "display_name"),
			prefixed(".series[].unit[]", "family", "scale_factor", "name", "short_name", "plural", "id")),
		fmt.Sprintf("/api/v1/metrics?from=%d", now-3600): {".metrics", ".from"},
		"/api/v1/metrics/httpservice.hits":               prefixed("", "description", "short_name", "integration", "statsd_interval", "per_unit", "type", "unit"),
		"/api/v1/slo/correction":                         {".data", ".meta", ".meta.page", ".meta.page.total_count", ".meta.page.total_filtered_count"},
		"/api/v1/slo/" + legacy + "/corrections": slices.Concat([]string{".data", ".meta", ".meta.pagination", ".links"},
			prefixed(".meta.pagination", "offset", "first_offset", "prev_offset", "next_offset", "last_offset", "limit", "type", "total"),
			prefixed(".links", "self", "last", "next", "prev", "first")),
		"/api/v1/validate":      {".valid"},
		"/api/v2/validate_keys": {".status"},
	} {
		rec := ask(t, s, "GET", target, "")
		slices.Sort(want)
		if diff := cmp.Diff(want, keysOf(t, rec.Body.Bytes())); diff != "" {
			t.Errorf("%s: %d (-recorded +ours):\n%s", target, rec.Code, diff)
		}
	}
}

// The history's numbers, hand-computed: ten requests a second, buckets of two
// hours on Unix time, the first from the five minutes before the window.
func TestHistoryBuckets(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	to := w.Now.Unix()               // 09:30
	from := to - 4*3600 - 1800 + 123 // 05:02:03
	got := history(t, s, w.SLOs[0].ID, from, to, "&target=99.95").Data
	start := to - 4*3600 - 1800
	if diff := cmp.Diff([]int64{start * 1000, (start + 3600) * 1000, (start + 10800) * 1000}, got.Series.Times); diff != "" {
		t.Errorf("times (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{36000, 72000, 54000}, got.Series.Denominator.Values); diff != "" {
		t.Errorf("denominator (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{35964, 71928, 53946}, got.Series.Numerator.Values); diff != "" {
		t.Errorf("numerator (-want +got):\n%s", diff)
	}
	if *got.Overall.SLIValue != 99.9 || got.Overall.State != "breached" || got.Overall.Remaining["custom"] != -100 || got.Series.Interval != 7200 {
		t.Errorf("overall %+v, interval %d", got.Overall, got.Series.Interval)
	}
	if plain := history(t, s, w.SLOs[0].ID, from, to, ""); plain.Data.Overall.Remaining != nil {
		t.Errorf("without a target there is a remaining budget: %v", plain.Data.Overall.Remaining)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	w := world(t, "odd")
	s := serve(t, simulator.Config{World: w})
	id := w.SLOs[0].ID
	var unparsable string
	for _, o := range w.SLOs {
		if o.Name == "query that does not parse" {
			unparsable = o.ID
		}
	}
	for target, want := range map[string]string{
		"/api/v1/slo/" + id + "/history?from_ts=123&to_ts=12":                      `400 {"errors":["The timeframe is incorrect: invalid from 123 or to 12 timestamp"]}`,
		"/api/v1/slo/id/history?from_ts=123&to_ts=12":                              `404 {"errors":["SLO ID: id not found"]}`,
		"/api/v1/slo/" + id + "/history?to_ts=12":                                  `400 {"errors":["The parameter 'from_ts' is required"]}`,
		"/api/v1/slo/" + id + "/history?from_ts=1&to_ts=x":                         `400 {"errors":["The value 'x' is not valid for the parameter 'to_ts'"]}`,
		"/api/v1/slo/" + id + "/history?from_ts=1&to_ts=301&target=100":            `400 {"errors":["Invalid target: 100 must be greater than 0 and less than 100"]}`,
		"/api/v1/slo/unknown":                                                      `404 {"errors":["SLO not found: unknown not found"]}`,
		"/api/v1/slo/unknown/corrections":                                          `404 {"errors":["SLO not found: unknown not found"]}`,
		"/api/v1/slo?ids=a,b":                                                      `404 {"errors":["no SLOs found for ids: ['a', 'b']"]}`,
		"/api/v1/slo?ids=" + id + "," + id:                                         `400 {"errors":["duplicate ids: ` + id + `"]}`,
		"/api/v1/slo?limit=-1":                                                     `400 {"errors":["The value '-1' is not valid for the parameter 'limit'"]}`,
		"/api/v1/metrics":                                                          `400 {"errors":["The parameter 'from' is required"]}`,
		"/api/v1/metrics/nothing":                                                  `404 {"errors":["metric_name not found"]}`,
		"/api/v1/query?from=2&to=1&query=avg:m{*}":                                 `400 {"errors":["The value of from is not before the value of to"]}`,
		"/api/v1/hosts":                                                            `404 {"errors":["Not found"]}`,
		"/api/v1/slo/0000000000000000000000000000000a/history?from_ts=1&to_ts=301": `400 {"errors":["The history of this SLO is not served by the simulator"]}`,
	} {
		rec := ask(t, s, "GET", target, "")
		if got := fmt.Sprintf("%d %s", rec.Code, strings.TrimSpace(rec.Body.String())); got != want {
			t.Errorf("%s:\n got %s\nwant %s", target, got, want)
		}
	}
	rec := ask(t, s, "GET", "/api/v1/slo/"+unparsable+"/history?from_ts=1&to_ts=301", "")
	if rec.Code != 400 || !strings.Contains(rec.Body.String(), "Error parsing query") {
		t.Errorf("history of an unparsable query: %d %s", rec.Code, rec.Body)
	}
	ask(t, s, "DELETE", "/api/v1/slo/"+id, "")
	if diff := cmp.Diff([]string{"DELETE /api/v1/slo/" + id, "GET /api/v1/hosts"}, s.UnknownRoutes()); diff != "" {
		t.Errorf("unknown routes (-want +got):\n%s", diff)
	}
	if last := s.Requests()[len(s.Requests())-1]; last.Method != "DELETE" || last.Status != 404 {
		t.Errorf("last request %+v", last)
	}
}

type listAnswer struct {
	Data     []json.RawMessage
	Metadata struct {
		Page struct {
			Total    int `json:"total_count"`
			Filtered int `json:"total_filtered_count"`
		}
	}
}

func TestPagesOfSLOs(t *testing.T) {
	t.Parallel()
	w := world(t, "big")
	s := serve(t, simulator.Config{World: w})
	var ids []string
	sizes := []int{}
	for offset := 0; ; offset += 150 {
		list := get[listAnswer](t, s, fmt.Sprintf("/api/v1/slo?limit=150&offset=%d", offset))
		sizes = append(sizes, len(list.Data))
		for _, raw := range list.Data {
			var o struct{ ID string }
			decodeInto(t, raw, &o)
			ids = append(ids, o.ID)
		}
		if len(list.Data) < 150 {
			break
		}
	}
	if diff := cmp.Diff([]int{150, 150, 150, 50}, sizes); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 500 {
		t.Errorf("%d different SLOs, want 500", n)
	}
	for query, want := range map[string]int{
		"": 500, "tags_query=team:growth": 15, "query=BROKEN": 5, "metrics_query=service:svc-480,": 1, "tags_query=team:growth&query=busy-1": 6,
		"ids=" + w.SLOs[3].ID + "," + w.SLOs[7].ID + ",nothing": 2, "is_deleted=true": 0, "query=nothing": 0,
	} {
		list := get[listAnswer](t, s, "/api/v1/slo?"+query)
		if len(list.Data) != want || list.Metadata.Page.Filtered != want || list.Metadata.Page.Total != 500 {
			t.Errorf("%s: %d SLOs, metadata %+v, want %d", query, len(list.Data), list.Metadata.Page, want)
		}
	}
}

type searchAnswer struct {
	Data struct {
		Attributes struct {
			SLOs []struct {
				Data struct {
					ID         string
					Attributes struct {
						Name    string
						Overall []struct {
							Timeframe, State string
							Status           *float64
							Remaining        *float64 `json:"error_budget_remaining"`
							IndexedAt        int64    `json:"indexed_at"`
						} `json:"overall_status"`
					}
				}
			}
		}
	}
	Meta struct {
		Pagination struct{ Total, Size, Number int }
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := world(t, "big")
	s := serve(t, simulator.Config{World: w})
	for query, want := range map[string]int{
		"": 500, "query=availability": 500, "query=vail": 0, "query=*vail*": 500, "query=team:growth": 15, "query=slo_type:metric": 500, "query=slo_type:monitor": 0,
		"query=slo_type:metric+%22broken-5+availability%22": 1, "query=id:" + w.SLOs[9].ID: 1, "query=broken*": 5, "query=timeframe:7d": 0,
		"query=service:busy-07+env:prod": 1,
	} {
		answer := get[searchAnswer](t, s, "/api/v1/slo/search?page[size]=7&"+query)
		if answer.Meta.Pagination.Total != want || len(answer.Data.Attributes.SLOs) != min(7, want) {
			t.Errorf("%s: %d of %d, want %d", query, len(answer.Data.Attributes.SLOs), answer.Meta.Pagination.Total, want)
		}
	}
	if n := len(get[searchAnswer](t, s, "/api/v1/slo/search").Data.Attributes.SLOs); n != 10 {
		t.Errorf("a page has %d SLOs, want 10", n)
	}
	if n := len(get[searchAnswer](t, s, "/api/v1/slo/search?page[size]=100&page[number]=5").Data.Attributes.SLOs); n != 0 {
		t.Errorf("the page behind the last has %d SLOs", n)
	}
}

// The search shows what the history says, as of when it was indexed.
func TestSearchAgreesWithHistory(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default", "types", "corrections", "reasons"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t, name)
			s := serve(t, simulator.Config{World: w})
			answer := get[searchAnswer](t, s, "/api/v1/slo/search?page[size]=100")
			if n := len(answer.Data.Attributes.SLOs); n != len(w.SLOs) {
				t.Fatalf("%d SLOs, want %d", n, len(w.SLOs))
			}
			for _, found := range answer.Data.Attributes.SLOs {
				for _, o := range found.Data.Attributes.Overall {
					if age := w.Now.Unix() - o.IndexedAt; age != int64(w.IndexLag.Seconds()) {
						t.Errorf("%s: indexed %d s ago, want %v", found.Data.Attributes.Name, age, w.IndexLag)
					}
					past := history(t, s, found.Data.ID, o.IndexedAt-windowSeconds(t, o.Timeframe), o.IndexedAt, "").Data.Overall
					if diff := cmp.Diff(past.SLIValue, o.Status); diff != "" {
						t.Errorf("%s %s (-history +search):\n%s", found.Data.Attributes.Name, o.Timeframe, diff)
					}
				}
			}
		})
	}
}

func TestKeysAndScopes(t *testing.T) {
	t.Parallel()
	w := world(t, "keys")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	query := fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=sum:trace.http.request.hits{*}.as_count()", now-3600, now)
	metrics := fmt.Sprintf("/api/v1/metrics?from=%d", now-3600)
	for _, c := range []struct {
		api, app, token                      string
		validate, keys, slos, query, metrics int
	}{
		{"api-key", "app-key-full", "", 200, 200, 200, 200, 200},
		{"api-key", "app-key-without-slos", "", 200, 200, 403, 200, 200},
		{"api-key", "app-key-without-queries", "", 200, 200, 200, 403, 200},
		{"api-key", "app-key-without-metrics", "", 200, 200, 200, 200, 403},
		{"api-key", "wrong", "", 200, 403, 403, 403, 403},
		{"api-key", "", "", 200, 403, 403, 403, 403},
		{"wrong", "app-key-full", "", 403, 403, 403, 403, 403},
		{"", "", "", 403, 403, 403, 403, 403},
		{"", "", "ddpat_full", 200, 200, 200, 200, 200},
		{"", "", "ddpat_without-slos", 200, 200, 403, 200, 200},
		{"", "ddpat_full", "", 200, 200, 200, 200, 200},
		{"", "", "wrong", 403, 403, 403, 403, 403},
	} {
		for target, want := range map[string]int{
			"/api/v1/validate": c.validate, "/api/v2/validate_keys": c.keys, "/api/v1/slo": c.slos, query: c.query, metrics: c.metrics,
		} {
			r := httptest.NewRequest("GET", target, nil)
			r.Header.Set("DD-API-KEY", c.api)
			r.Header.Set("DD-APPLICATION-KEY", c.app)
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			if rec.Code != want {
				t.Errorf("%q %q %q %s: %d, want %d", c.api, c.app, c.token, target, rec.Code, want)
			}
		}
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, httptest.NewRequest("GET", "/api/v1/slo", nil))
	want := `{"code":403,"email":"support@datadoghq.com","errors":["Forbidden"],"status":"error","statuspage":"http://status.datadoghq.com","twitter":"http://twitter.com/datadogops"}`
	if got := strings.TrimSpace(rec.Body.String()); got != want {
		t.Errorf("without keys: %s, want %s", got, want)
	}
}

// Limits count in windows aligned to Unix time, on the real clock.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := parsed(t, `
now: 2026-11-23T09:30:00Z
limits: [{name: metrics_query, limit: 2, period: 1h}, {name: slo_get_all, limit: 3, period: 10s}]
`)
		s := serve(t, simulator.Config{World: w})
		time.Sleep(4 * time.Second) // in the bubble: 4 s into a window
		list := func() string {
			rec := ask(t, s, "GET", "/api/v1/slo", "")
			h := rec.Header()
			return fmt.Sprint(rec.Code, " ", h.Get("X-RateLimit-Name"), " ", h.Get("X-RateLimit-Remaining"), " of ", h.Get("X-RateLimit-Limit"),
				" in ", h.Get("X-RateLimit-Period"), ", reset ", h.Get("X-RateLimit-Reset"))
		}
		var got []string
		for range 4 {
			got = append(got, list())
		}
		time.Sleep(6 * time.Second)
		got = append(got, list())
		want := []string{
			"200 slo_get_all 2 of 3 in 10, reset 6", "200 slo_get_all 1 of 3 in 10, reset 6", "200 slo_get_all 0 of 3 in 10, reset 6",
			"429 slo_get_all 0 of 3 in 10, reset 6", "200 slo_get_all 2 of 3 in 10, reset 10",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var codes []int
		for range 3 {
			codes = append(codes, ask(t, s, "GET", "/api/v1/query?from=1&to=3601&query=avg:m{*}", "").Code)
		}
		if diff := cmp.Diff([]int{200, 200, 429}, codes); diff != "" {
			t.Errorf("queries (-want +got):\n%s", diff)
		}
		if h := ask(t, s, "GET", "/api/v1/slo/x/history?from_ts=1&to_ts=2", "").Header(); h.Get("X-RateLimit-Limit") != "150" || h.Get("X-RateLimit-Name") != "slo_history" {
			t.Errorf("history has the limit %v", h)
		}
	})
	s := serve(t, simulator.Config{World: world(t, "steady")})
	if h := ask(t, s, "GET", "/api/v1/query?from=1&to=3601&query=avg:m{*}", "").Header(); h.Get("X-RateLimit-Limit") != "" {
		t.Errorf("metric queries have the limit %v, want none", h)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: world(t, "default")})
	plain := ask(t, s, "GET", "/api/v1/slo", "")
	r := httptest.NewRequest("GET", "/api/v1/slo", nil)
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Accept-Encoding", "deflate, gzip;q=0.5")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	z, err := gzip.NewReader(rec.Body)
	if err != nil {
		t.Fatalf("not gzip: %v (%v)", err, rec.Header())
	}
	var got, want any
	if err := json.NewDecoder(z).Decode(&got); err != nil {
		t.Fatal(err)
	}
	decodeInto(t, plain.Body.Bytes(), &want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-plain +gzip):\n%s", diff)
	}
}

// A real client over a real connection, many at once, from Listen to Shutdown.
func TestServesConcurrently(t *testing.T) {
	t.Parallel()
	w := world(t, "default")
	s := serve(t, simulator.Config{World: w})
	base, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	now := w.Now.Unix()
	bodies := make([]string, 16)
	var wg sync.WaitGroup
	for i := range bodies {
		wg.Go(func() {
			query := []string{"sum:trace.http.request.hits{*} by {service}.as_count()", "p95:trace.http.request{*} by {resource_name}"}[i%2]
			r, err := http.NewRequestWithContext(t.Context(), "POST", base+"/api/v2/query/timeseries",
				strings.NewReader(bodyV2("timeseries_request", now-86400, now, 300, []string{query}, nil)))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("Authorization", "Bearer token")
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			var b strings.Builder
			if err := resp.Write(&b); err != nil {
				t.Error(err)
			}
			_, bodies[i], _ = strings.Cut(b.String(), "\r\n\r\n")
		})
	}
	wg.Wait()
	for i := 2; i < len(bodies); i++ {
		if bodies[i] != bodies[i%2] || len(bodies[i]) < 1000 {
			t.Fatalf("answer %d differs from answer %d", i, i%2)
		}
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if n := len(s.Requests()); n != len(bodies) {
		t.Errorf("%d requests recorded, want %d", n, len(bodies))
	}
}

func TestMetricDiscovery(t *testing.T) {
	t.Parallel()
	w := world(t, "odd")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	type answer struct {
		Metrics []string
		From    string
	}
	for query, want := range map[string][]string{
		fmt.Sprintf("from=%d", now-3600):                         {"httpservice.hits", "queue.depth", "trace.http.request", "trace.http.request.errors", "trace.http.request.errors.by_http_status", "trace.http.request.hits", "trace.http.request.hits.by_http_status"},
		fmt.Sprintf("from=%d&tag_filter=code:5xx", now-3600):     {"httpservice.hits"},
		fmt.Sprintf("from=%d&tag_filter=service:asleep", now-60): {},
		fmt.Sprintf("from=%d&host=web-1", now-3600):              {},
	} {
		if got := get[answer](t, s, "/api/v1/metrics?"+query); !slices.Equal(got.Metrics, want) || !strings.Contains(query, "from="+got.From) {
			t.Errorf("%s: %+v, want %v", query, got, want)
		}
	}
	for metric, want := range map[string]string{"httpservice.hits": "count", "queue.depth": "gauge", "trace.http.request": "distribution", "trace.http.request.hits": "count"} {
		if got := get[struct{ Type string }](t, s, "/api/v1/metrics/"+metric).Type; got != want {
			t.Errorf("%s is a %s, want %s", metric, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	now := time.Date(2027, 2, 3, 4, 5, 6, 7, time.UTC)
	shift := simulator.Place(w, now)
	if got, want := w.Now.Add(shift), time.Date(2027, 2, 3, 4, 5, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the world's now is at %s, want %s", got, want)
	}
	s := serve(t, simulator.Config{World: w, Clock: func() time.Time { return now }, Shift: shift})
	var one struct {
		Data struct {
			CreatedAt int64 `json:"created_at"`
		}
	}
	decodeInto(t, ask(t, s, "GET", "/api/v1/slo/"+w.SLOs[0].ID, "").Body.Bytes(), &one)
	if got, want := one.Data.CreatedAt, w.SLOs[0].Created.Add(shift).Unix(); got != want {
		t.Errorf("created at %d, want %d", got, want)
	}
	if _, err := simulator.New(simulator.Config{World: w, Shift: time.Second}); err == nil {
		t.Error("a shift of one second is accepted")
	}
	if _, err := simulator.New(simulator.Config{}); err == nil {
		t.Error("no world is accepted")
	}
}

var _ http.Handler = (*simulator.Server)(nil)
