package simulator_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
	"pgregory.net/rapid"
)

// scalars asks for one number a group: queries are "aggregator query". The
// answer has the groups' values joined by commas, and a number for each query.
func scalars(t testing.TB, h http.Handler, from, to int64, queries []string, formulas ...string) map[string][]float64 {
	t.Helper()
	attributes := map[string]any{"from": from * 1000, "to": to * 1000}
	var qs, fs []map[string]any
	for i, text := range queries {
		aggregator, q, _ := strings.Cut(text, " ")
		qs = append(qs, map[string]any{"data_source": "metrics", "name": string(rune('a' + i)), "query": q, "aggregator": aggregator})
	}
	for _, f := range formulas {
		fs = append(fs, map[string]any{"formula": f})
	}
	attributes["queries"] = qs
	if fs != nil {
		attributes["formulas"] = fs
	}
	body, err := json.Marshal(map[string]any{"data": map[string]any{"type": "scalar_request", "attributes": attributes}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	var keys []string
	for _, c := range post[scalarV2](t, h, "/api/v2/query/scalar", string(body)).Data.Attributes.Columns {
		if c.Type == "group" {
			var values [][]string
			decodeInto(t, c.Values, &values)
			for i, v := range values {
				if i == len(keys) {
					keys = append(keys, "")
				}
				keys[i] = strings.TrimPrefix(keys[i]+","+strings.Join(v, "+"), ",")
			}
			continue
		}
		var values []*float64
		decodeInto(t, c.Values, &values)
		for i, v := range values {
			if i == len(keys) {
				keys = append(keys, "")
			}
			n := math.NaN()
			if v != nil {
				n = *v
			}
			out[keys[i]] = append(out[keys[i]], n)
		}
	}
	return out
}

// A percentile over a whole span is the value that so many of all the requests
// in it do not exceed, counted by thresholds: no mean of percentiles is.
func TestMergedPercentilesByCounting(test *testing.T) {
	test.Parallel()
	w := world(test, "hunch")
	s := serve(test, simulator.Config{World: w})
	now := w.Now.Unix()
	rapid.Check(test, func(t *rapid.T) {
		from := rapid.Int64Range(now-13*86400, now-3600).Draw(t, "from")
		to := rapid.Int64Range(from+1, min(now, from+86400)).Draw(t, "to")
		share := rapid.SampledFrom([]float64{50, 75, 95, 99, 99.9}).Draw(t, "percentile")
		filter := "{env:prod} by {service,resource_name}"
		merged := scalars(test, s, from, to, []string{
			fmt.Sprintf("percentile p%g:trace.http.request%s", share, filter), "sum count:trace.http.request" + filter + ".as_count()",
		})
		for group, got := range merged {
			service, resource, _ := strings.Cut(group, ",")
			one := "{env:prod,service:" + service + `,resource_name:"` + resource + `"}.as_count()`
			value, n := got[0], got[1]
			counted := scalars(test, s, from, to, []string{
				fmt.Sprintf("sum count(v: v<=%v):trace.http.request%s", value, one), fmt.Sprintf("sum count(v: v<%v):trace.http.request%s", value, one),
			})[""]
			within, below := counted[0], 0.0
			if len(counted) > 1 && !math.IsNaN(counted[1]) {
				below = counted[1]
			}
			if need := math.Ceil(share / 100 * n); within < need || below >= need {
				t.Fatalf("%s: p%g is %v: of %v requests %v are within it and %v below it", group, share, value, n, within, below)
			}
		}
		if len(merged) == 0 && to-from > 600 {
			t.Fatal("no group at all")
		}
	})
}

// Sums over any span are exact to the second, with several queries, groups and
// formulas at once: what the parts of the span add up to.
func TestScalarsOfExactSpans(test *testing.T) {
	test.Parallel()
	w := world(test, "hunch")
	s := serve(test, simulator.Config{World: w})
	now := w.Now.Unix()
	queries := []string{
		"sum sum:trace.http.request.hits{service:auth,env:prod} by {resource_name}.as_count()",
		"sum sum:trace.http.request{service:auth,env:prod} by {resource_name}",
	}
	rapid.Check(test, func(t *rapid.T) {
		cuts := rapid.SliceOfNDistinct(rapid.Int64Range(now-3*86400, now), 3, 3, rapid.ID[int64]).Draw(t, "cuts")
		slices.Sort(cuts)
		whole, sums := scalars(test, s, cuts[0], cuts[2], queries, "a", "b", "b/a"), map[string][]float64{}
		for i := range 2 {
			for group, v := range scalars(test, s, cuts[i], cuts[i+1], queries, "a", "b") {
				if sums[group] == nil {
					sums[group] = make([]float64, 2)
				}
				sums[group][0] += v[0]
				sums[group][1] += v[1]
			}
		}
		for group, v := range whole {
			if p := sums[group]; p == nil || v[0] != p[0] || math.Abs(v[1]-p[1]) > 1e-9*v[1] || math.Abs(v[2]-v[1]/v[0]) > 1e-12*v[2] {
				t.Fatalf("%s over %v: %v, in parts %v", group, cuts, v, p)
			}
		}
		if len(whole) != len(sums) {
			t.Fatalf("%d groups, in parts %d", len(whole), len(sums))
		}
	})
}

func TestPercentileRefusals(t *testing.T) {
	t.Parallel()
	w := world(t, "hunch")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	for query, want := range map[string]int{
		"p95:trace.http.request{*}":                       200,
		"p99.9:trace.no.such{*}":                          200, // nothing, as for any other unknown metric
		"p95:trace.http.request.hits{*}":                  400,
		"p95:trace.servlet.request.duration{*}":           400,
		"avg:trace.http.request{*}":                       400,
		"p0:trace.http.request{*}":                        400,
		"p95:trace.http.request{*} / 2":                   400,
		"count(v: v<=1):trace.http.request{*}.as_count()": 400,
		"p95:trace.http.request{*}.shrink()":              400,
		"sum:trace.http.request.hits{*}.as_count()":       400,
		"p95:trace.http.request{service:nobody} by {env}": 200,
	} {
		body := strings.Replace(bodyV2("scalar_request", now-3600, now, 0, []string{query}, nil), `"sum"`, `"percentile"`, 1)
		if rec := ask(t, s, "POST", "/api/v2/query/scalar", body); rec.Code != want {
			t.Errorf("%s: %d %s", query, rec.Code, rec.Body)
		}
	}
}

// What APM makes of a service that speaks gRPC, of one with an old tracer and
// of one with several operations.
func TestMetricsOfOperations(t *testing.T) {
	t.Parallel()
	w := parsed(t, `
now: 2026-11-09T09:30:00Z
services:
  - {name: rpc, grpc: true, flat: true, endpoints: [{resource: /a.B/C, rate: 10, statuses: {5: 20%, 14: 10%}, latency: {median: 20ms}}]}
  - {name: old, legacy: true, flat: true, operation: servlet.request, endpoints: [{resource: GET /, rate: 2, statuses: {500: 50%}, latency: {median: 500ms}}]}
  - {name: old, operation: db.query, http: false, flat: true, endpoints: [{resource: select, rate: 3, latency: {median: 10ms}}]}
incidents: [{service: rpc, from: -2h, for: 1h, errors: 50%}]
`)
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	for query, want := range map[string]map[string]float64{
		"sum:trace.grpc.server.hits{*} by {rpc.grpc.status_code}.as_count()": {"0": 3600 * 7, "5": 3600 * 2, "14": 3600},
		"sum:trace.grpc.server.errors{*}.as_count()":                         {"": 3600},
		"sum:trace.grpc.server.hits.by_http_status{*}.as_count()":            {},
		"sum:trace.servlet.request{*}":                                       {},
		"sum:trace.servlet.request.hits{*} by {http.status_code}.as_count()": {"200": 3600, "500": 3600},
		"sum:trace.db.query.hits{service:old} by {resource_name}.as_count()": {"select": 3 * 3600},
	} {
		got := map[string]float64{}
		for group, v := range scalars(t, s, now-3600, now, []string{"sum " + query}) {
			got[group] = v[0]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	// An hour before, half of the calls were INTERNAL.
	if got := scalars(t, s, now-7200, now-3600, []string{"sum sum:trace.grpc.server.errors{*} by {rpc.grpc.status_code}.as_count()"}); got["13"][0] != 18000 || got["14"][0] != 1800 {
		t.Errorf("%v", got)
	}
	// The old tracer tells how long all requests took together: 500 ms each, to the width of a bin.
	for _, step := range []int64{10, 60, 300} {
		sums := queryV2(t, s, now-3600, now, step, []string{"sum:trace.servlet.request.duration{*}.rollup(sum)", "avg:trace.servlet.request.duration{http.status_code:200}"})
		if got := total(sums.points(0)); math.Abs(got/7200-0.5) > 0.02 {
			t.Errorf("at %d s: %v s in an hour", step, got)
		}
		for at, v := range sums.points(1) {
			if math.Abs(v/5-1) > 0.04 { // half a second for each of ten requests in ten seconds
				t.Errorf("at %d s: %v s at %d", step, v, at)
			}
		}
	}
	for metric, want := range map[string][2]string{
		"trace.servlet.request.duration": {"gauge", "second"}, "trace.grpc.server": {"distribution", "second"}, "trace.db.query.hits": {"count", ""},
	} {
		if got := get[struct{ Type, Unit string }](t, s, "/api/v1/metrics/"+metric); got.Type != want[0] || got.Unit != want[1] {
			t.Errorf("%s: %+v", metric, got)
		}
	}
	if rec := ask(t, s, "GET", "/api/v1/metrics/trace.servlet.request", ""); rec.Code != http.StatusNotFound {
		t.Errorf("the distribution of the old tracer: %d", rec.Code)
	}
	type list struct{ Metrics []string }
	want := []string{"trace.db.query", "trace.db.query.hits", "trace.servlet.request.duration", "trace.servlet.request.errors", "trace.servlet.request.errors.by_http_status",
		"trace.servlet.request.hits", "trace.servlet.request.hits.by_http_status"}
	if got := get[list](t, s, fmt.Sprintf("/api/v1/metrics?from=%d&tag_filter=service:old", now-3600)).Metrics; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// An answer holds the largest groups, an SLO all of them.
func TestGroupLimit(t *testing.T) {
	t.Parallel()
	const service = `
now: 2026-11-09T09:30:00Z
services:
  - name: many
    flat: true
    endpoints:
      - {resource: 'GET /small/{n}', repeat: 30, rate: 0.01}
      - {resource: GET /large, rate: 3}
      - {resource: GET /middle, rate: 1}
slos: [{name: s, good: 'sum:trace.http.request.hits{*} by {resource_name}.as_count()', total: 'sum:trace.http.request.hits{*} by {resource_name}.as_count()', thresholds: [{timeframe: 7d, target: 99}]}]
`
	query := []string{"sum:trace.http.request.hits{*} by {resource_name}.as_count()", "sum:trace.http.request.hits{*}.as_count()", "p50:trace.http.request{*} by {resource_name}"}
	all := serve(t, simulator.Config{World: parsed(t, service)})
	w := parsed(t, service+"group_limit: 2\n")
	few := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	count := func(s *simulator.Server) (groups [3]int, sums [3]float64) {
		a := queryV2(t, s, now-3600, now, 300, query)
		for i, series := range a.Data.Attributes.Series {
			groups[series.Index]++
			sums[series.Index] += total(a.points(i))
		}
		return groups, sums
	}
	if groups, sums := count(all); groups != [3]int{32, 1, 32} || sums[0] != sums[1] || sums[0] != 3600*4+36*30 {
		t.Errorf("without a limit: %v %v", groups, sums)
	}
	if groups, sums := count(few); groups != [3]int{2, 1, 2} || sums[0] != 3600*4 || sums[1] != 3600*4+36*30 {
		t.Errorf("with a limit: %v %v", groups, sums)
	}
	if got := scalars(t, few, now-3600, now, []string{"percentile " + query[2], "sum " + query[0]}); len(got) != 2 || got["get_/large"] == nil || got["get_/middle"] == nil {
		t.Errorf("scalars: %v", got)
	}
	if good, _, err := few.Counted(w.SLOs[0].ID, now-3600, now); err != nil || good != 3600*4+36*30 {
		t.Errorf("the SLO counts %v: %v", good, err)
	}
	// Many small endpoints are not all asked in the same second.
	a := queryV2(t, all, now-3600, now, 10, []string{"sum:trace.http.request.hits{resource_name:get_/small/*}.as_count()"})
	if busy := len(a.points(0)); busy < 300 {
		t.Errorf("1080 requests in %d of 360 stretches of ten seconds", busy)
	}
}
