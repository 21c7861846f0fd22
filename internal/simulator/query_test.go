package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadog"
	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

func contextWithKeys(ctx context.Context) context.Context {
	return context.WithValue(ctx, datadog.ContextAPIKeys, map[string]datadog.APIKey{
		"apiKeyAuth": {Key: "key"}, "appKeyAuth": {Key: "app"},
	})
}

type answerV1 struct {
	Status string
	Series []struct {
		Scope     string
		TagSet    []string `json:"tag_set"`
		Index     int      `json:"query_index"`
		Interval  int64
		Length    int
		Start     int64
		End       int64
		Pointlist [][2]float64
	}
	GroupBy []string `json:"group_by"`
}

func queryV1(t testing.TB, h http.Handler, from, to int64, query string) answerV1 {
	t.Helper()
	return get[answerV1](t, h, fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=%s", from, to, url.QueryEscape(query)))
}

type timeseriesV2 struct {
	Data struct {
		Attributes struct {
			Series []struct {
				GroupTags []string `json:"group_tags"`
				Index     int      `json:"query_index"`
			}
			Times  []int64
			Values [][]*float64
		}
	}
}

// bodyV2 is a request of one or more queries, named a, b, … and of formulas.
func bodyV2(kind string, from, to, step int64, queries, formulas []string) string {
	attributes := map[string]any{"from": from * 1000, "to": to * 1000}
	if step > 0 {
		attributes["interval"] = step * 1000
	}
	var qs, fs []map[string]any
	for i, q := range queries {
		qs = append(qs, map[string]any{"data_source": "metrics", "name": string(rune('a' + i)), "query": q, "aggregator": "sum"})
	}
	for _, f := range formulas {
		fs = append(fs, map[string]any{"formula": f})
	}
	attributes["queries"] = qs
	if fs != nil {
		attributes["formulas"] = fs
	}
	b, err := json.Marshal(map[string]any{"data": map[string]any{"type": kind, "attributes": attributes}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func queryV2(t testing.TB, h http.Handler, from, to, step int64, queries []string, formulas ...string) timeseriesV2 {
	t.Helper()
	return post[timeseriesV2](t, h, "/api/v2/query/timeseries", bodyV2("timeseries_request", from, to, step, queries, formulas))
}

type scalarV2 struct {
	Data struct {
		Attributes struct {
			Columns []struct {
				Name, Type string
				Values     json.RawMessage
			}
		}
	}
}

// points are the values of one series by their instant.
func (a timeseriesV2) points(series int) map[int64]float64 {
	out := map[int64]float64{}
	for i, v := range a.Data.Attributes.Values[series] {
		if v != nil {
			out[a.Data.Attributes.Times[i]/1000] = *v
		}
	}
	return out
}

func total(points map[int64]float64) (sum float64) {
	for _, v := range points {
		sum += v
	}
	return sum
}

// Sums agree to the request at every interval, and a coarse bucket is the sum
// of the fine ones in it, for plain counts, errors and threshold counts.
func TestSumsAgreeAtEveryInterval(t *testing.T) {
	t.Parallel()
	w := world(t, "default")
	s := serve(t, simulator.Config{World: w})
	// Four hours around the bad hour of checkout, and around the surge of auth.
	for _, start := range []time.Time{
		time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 6, 12, 0, 0, 0, time.UTC),
	} {
		from, to := start.Unix(), start.Add(4*time.Hour).Unix()
		for _, query := range []string{
			"sum:trace.http.request.hits{*}.as_count()",
			"sum:trace.http.request.errors{service:checkout}.as_count()",
			"sum:trace.http.request.hits.by_http_status{service:checkout,!http.status_class:5xx}.as_count()",
			"count:trace.http.request{service:auth,env:prod}.as_count()",
			"count(v: v<=0.2):trace.http.request{service:auth,env:prod}.as_count()",
			"count(v: v>0.2):trace.http.request{service:checkout}.as_count()",
			"sum:trace.http.request{service:catalog}",
		} {
			fine := queryV2(t, s, from, to, 20, []string{query}).points(0)
			if len(fine) > 720 || total(fine) == 0 {
				t.Fatalf("%s: %d points of 20 s, sum %v", query, len(fine), total(fine))
			}
			for _, step := range []int64{60, 300, 600, 3600, 7200} {
				coarse := queryV2(t, s, from, to, step, []string{query}).points(0)
				want := map[int64]float64{}
				for at, v := range fine {
					want[at-at%step] += v
				}
				if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(coarse))); diff != "" {
					t.Fatalf("%s at %d s: buckets (-want +got):\n%s", query, step, diff)
				}
				for at, v := range coarse {
					if d := v - want[at]; d > 1e-6 || d < -1e-6 {
						t.Errorf("%s at %d s: bucket %d is %v, its parts add up to %v", query, step, at, v, want[at])
					}
				}
			}
		}
	}
}

// v1 and v2, a scalar and the SLO history all see the same requests.
func TestEndpointsAgree(t *testing.T) {
	t.Parallel()
	w := world(t, "default")
	s := serve(t, simulator.Config{World: w})
	for _, o := range w.SLOs {
		if o.Name != "checkout availability" {
			continue
		}
		to := w.Now.Unix()
		from := to - 30*86400
		past := history(t, s, o.ID, from, to, "")
		bad := past.Data.Series.Denominator.Sum - past.Data.Series.Numerator.Sum

		v2 := 0.0
		for at := from; at < to; at += 1500 * 300 {
			v2 += total(queryV2(t, s, at, min(at+1500*300, to), 300, []string{o.Bad}).points(0))
		}
		// One bucket of a day, cut to the window on both sides.
		scalar := post[scalarV2](t, s, "/api/v2/query/scalar", bodyV2("scalar_request", from, to, 0, []string{o.Bad}, nil))
		var values []float64
		if err := json.Unmarshal(scalar.Data.Attributes.Columns[0].Values, &values); err != nil {
			t.Fatal(err)
		}
		v1 := 0.0
		for at := from; at < to; at += 86400 {
			for _, p := range queryV1(t, s, at, at+86400, o.Bad).Series {
				for _, v := range p.Pointlist {
					v1 += v[1]
				}
			}
		}
		if bad == 0 || v2 != bad || values[0] != bad || v1 != bad {
			t.Errorf("bad requests: history %v, v2 %v, scalar %v, v1 %v; want the same", bad, v2, values[0], v1)
		}
	}
}

// A longer incident changes every endpoint by the same requests.
func TestLongerIncidentChangesEveryEndpoint(t *testing.T) {
	t.Parallel()
	const text = `
now: 2026-11-23T09:30:00Z
index_lag: 0s
services: [{name: shop, flat: true, endpoints: [{resource: GET /, rate: 2}]}]
incidents: [{service: shop, from: -5h, for: %s, errors: 50%%, status: 503}]
slos:
  - name: shop
    good: sum:trace.http.request.hits{service:shop}.as_count() - sum:trace.http.request.errors{service:shop}.as_count()
    total: sum:trace.http.request.hits{service:shop}.as_count()
    thresholds: [{timeframe: 7d, target: 99}]
`
	for length, want := range map[string]float64{"1h": 3600, "100m": 6000, "90m20s": 5420} {
		w := parsed(t, fmt.Sprintf(text, length))
		s := serve(t, simulator.Config{World: w})
		now := w.Now.Unix()
		past := history(t, s, w.SLOs[0].ID, now-7*86400, now, "")
		if got := past.Data.Series.Denominator.Sum - past.Data.Series.Numerator.Sum; got != want {
			t.Errorf("%s: history has %v bad requests, want %v", length, got, want)
		}
		errors := "sum:trace.http.request.errors{service:shop}.as_count()"
		if got := total(queryV2(t, s, now-86400, now, 300, []string{errors}).points(0)); got != want {
			t.Errorf("%s: v2 has %v errors, want %v", length, got, want)
		}
		var search struct {
			Data struct {
				Attributes struct {
					SLOs []struct {
						Data struct {
							Attributes struct {
								Overall []struct{ Status float64 } `json:"overall_status"`
							}
						}
					}
				}
			}
		}
		decodeInto(t, ask(t, s, "GET", "/api/v1/slo/search?query=shop", "").Body.Bytes(), &search)
		status := search.Data.Attributes.SLOs[0].Data.Attributes.Overall[0].Status
		if sli := 100 * (1209600 - want) / 1209600; status != sli {
			t.Errorf("%s: search says %v, want %v", length, status, sli)
		}
	}
}

func decodeInto(t testing.TB, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// Percentiles, mean, extremes and counts come from one distribution.
func TestPercentilesAreConsistent(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: world(t, "default")})
	from := time.Date(2026, 11, 4, 0, 0, 0, 0, time.UTC).Unix()
	scope := ":trace.http.request{service:auth,env:prod}"
	queries := []string{"min" + scope, "p50" + scope, "p75" + scope, "p95" + scope, "p99" + scope, "max" + scope, "avg" + scope, "sum" + scope, "count" + scope}
	for _, step := range []int64{60, 300, 3600} {
		answer := queryV2(t, s, from, from+6*3600, step, queries)
		for i := range answer.Data.Attributes.Times {
			v := make([]float64, len(queries))
			for n := range queries {
				v[n] = *answer.Data.Attributes.Values[n][i]
			}
			if !slices.IsSorted(v[:6]) || v[6] <= v[0] || v[6] >= v[5] {
				t.Fatalf("step %d: min to max %v, mean %v", step, v[:6], v[6])
			}
			if d := v[7]/v[8] - v[6]; d > 1e-9 || d < -1e-9 {
				t.Fatalf("step %d: sum %v over count %v is not the mean %v", step, v[7], v[8], v[6])
			}
		}
		// At most 5 % of the requests are slower than the 95th percentile.
		p95 := *answer.Data.Attributes.Values[3][0]
		counts := queryV2(t, s, from, from+step, step, []string{fmt.Sprintf("count(v: v>%v)%s", p95, scope), "count" + scope})
		slow, all := total(counts.points(0)), total(counts.points(1))
		if slow > all*0.05 || slow < all*0.05-all*0.04-1 {
			t.Errorf("step %d: %v of %v requests are slower than the 95th percentile %v", step, slow, all, p95)
		}
	}
}

// The value of each query, hand-computed for constant traffic: shop has 9.99
// answers and 0.01 failures a second.
func TestQueryLanguage(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	const shop = "{service:shop}"
	for query, want := range map[string]float64{
		"sum:trace.http.request.hits" + shop + ".as_count()":                                                              3000,
		"sum:trace.http.request.hits" + shop + ".as_rate()":                                                               10,
		"sum:trace.http.request.hits" + shop:                                                                              100,
		"avg:trace.http.request.hits" + shop + ".as_count()":                                                              1500,
		"min:trace.http.request.hits" + shop + ".as_count()":                                                              3,
		"max:trace.http.request.hits" + shop + ".as_count()":                                                              2997,
		"sum:trace.http.request.hits" + shop + ".rollup(sum)":                                                             3000,
		"sum:trace.http.request.hits" + shop + ".rollup(sum, 600)":                                                        6000,
		"sum:trace.http.request.hits" + shop + ".as_count().rollup(600)":                                                  6000,
		"sum:trace.http.request.hits{service:shop,http.status_code:200}.rollup(max, 300)":                                 100,
		"sum:trace.http.request.hits{service:shop,http.status_code:5*}.as_count()":                                        3,
		"sum:trace.http.request.hits{service IN (shop,bank)}.as_count()":                                                  3600,
		"sum:trace.http.request.errors.by_http_status{http.status_class:5xx,service:shop}.as_count()":                     3,
		"sum:trace.http.request.hits" + shop + ".as_count() - sum:trace.http.request.errors" + shop + ".as_count()":       2997,
		"100 * sum:trace.http.request.errors" + shop + ".as_count() / sum:trace.http.request.hits" + shop + ".as_count()": 0.1,
		"sum:trace.http.request.hits" + shop + ".as_count() + sum:trace.http.request.errors{service:none}.as_count()":     3000,
		"abs(sum:trace.http.request.errors" + shop + ".as_count() - sum:trace.http.request.hits" + shop + ".as_count())":  2997,
		"default_zero(sum:trace.http.request.errors" + shop + ".as_count())":                                              3,
		"count:trace.http.request" + shop + ".as_count()":                                                                 3000,
		"count(v: v<=3):trace.http.request" + shop + ".as_count()":                                                        3000,
		"count(v: v<0.1):trace.http.request{service:mail,env:dev}.as_count()":                                             300,
		"sum:httpservice.hits{!code:3xx}.as_count()":                                                                      1515,
		"sum:queue.depth{*}":              12,
		"sum:queue.depth{*}.as_count()":   12,
		"queue.depth{*}.rollup(sum, 300)": 360,
		"sum:queue.depth{*}.fill(zero)":   12,
	} {
		// Five minutes a bucket, by the span.
		answer := queryV1(t, s, now-86400, now, query)
		if len(answer.Series) != 1 || len(answer.Series[0].Pointlist) == 0 {
			t.Errorf("%s: %d series, want 1 with points", query, len(answer.Series))
			continue
		}
		for _, p := range answer.Series[0].Pointlist[1:] {
			if d := p[1] - want; d > 1e-9 || d < -1e-9 {
				t.Errorf("%s: %v, want %v", query, p[1], want)
				break
			}
		}
	}
}

func TestQueriesWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	for _, query := range []string{
		"sum:no.such.metric{*}.as_count()", "sum:trace.http.request.hits{service:none}.as_count()",
		"sum:trace.http.request.hits{*} by {nothing}.as_count()", "sum:trace.http.request.errors{service:mail2}.as_count() / sum:trace.http.request.hits{service:mail}.as_count()",
		"default_zero(sum:no.such.metric{*}.as_count())",
	} {
		if answer := queryV1(t, s, now-3600, now, query); answer.Status != "ok" || len(answer.Series) != 0 {
			t.Errorf("%s: %+v, want no series", query, answer)
		}
		body := ask(t, s, "POST", "/api/v2/query/timeseries", bodyV2("timeseries_request", now-3600, now, 0, []string{query}, nil)).Body.String()
		if want := `{"data":{"attributes":{"series":[],"times":[],"values":[]},"id":"0","type":"timeseries_response"}}` + "\n"; body != want {
			t.Errorf("%s: %s, want %s", query, body, want)
		}
	}
	for _, query := range []string{
		"sum:trace.http.request.hits{", "", "frobnicate(sum:trace.http.request.hits{*})", "sum:trace.http.request.hits{*}.weird()",
		"p95:trace.http.request.hits{*}", "count(v: v<=3):trace.http.request.hits{*}.as_count()", "a + b", "3 + 4",
		"sum:trace.http.request.hits{*}.rollup(sum, 'monthly')", "sum:trace.http.request.hits{*}.fill(banana)", "median:trace.http.request.hits{*}",
	} {
		rec := ask(t, s, "GET", fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=%s", now-3600, now, url.QueryEscape(query)), "")
		var envelope struct{ Errors []string }
		decodeInto(t, rec.Body.Bytes(), &envelope)
		if rec.Code != http.StatusBadRequest || len(envelope.Errors) != 1 || envelope.Errors[0] == "" {
			t.Errorf("%q: %d %s, want 400 with one error", query, rec.Code, rec.Body)
		}
	}
}

// The interval that an answer has for the one that was asked for.
func TestIntervals(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	const query = "sum:trace.http.request.hits{service:shop}.as_count()"
	for _, c := range []struct{ span, asked, want int64 }{
		{3600, 0, 20}, {4 * 3600, 0, 60}, {86400, 0, 300}, {2 * 86400, 0, 600}, {7 * 86400, 0, 3600}, {30 * 86400, 0, 14400}, {90 * 86400, 0, 86400},
		{3600, 60, 60}, {86400, 60, 60}, {1500 * 60, 60, 60}, {1500*60 + 60, 60, 120}, {90 * 86400, 300, 7200}, {5 * 86400, 300, 300}, {6 * 86400, 300, 600},
		{3600, 1, 10}, {86400, 7200, 7200}, {90 * 86400, 3600, 7200}, {62 * 86400, 3600, 3600},
	} {
		times := queryV2(t, s, now-c.span, now, c.asked, []string{query}).Data.Attributes.Times
		for i := 1; i < len(times); i++ {
			if got := (times[i] - times[i-1]) / 1000; got != c.want {
				t.Errorf("%d s asked for over %d s: spacing %d, want %d", c.asked, c.span, got, c.want)
				break
			}
		}
		if times[0]/1000%c.want != 0 || len(times) > 1501 {
			t.Errorf("%d s asked for over %d s: first %d, %d points", c.asked, c.span, times[0]/1000, len(times))
		}
	}
	if got := queryV1(t, s, now-90*86400, now, query+".rollup(sum, 60)").Series[0].Interval; got != 7200 {
		t.Errorf("rollup of 60 s over 90 days has interval %d, want 7200", got)
	}
}

// v1 leaves a leading bucket out that is cut short; v2 cuts it.
func TestEdgesOfTheWindow(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	from := w.Now.Unix() - 3600
	const query = "sum:trace.http.request.hits{service:bank}.as_count()"
	v1 := queryV1(t, s, from+100, from+650, query+".rollup(300)").Series[0]
	want := [][2]float64{{float64(from+300) * 1000, 600}, {float64(from+600) * 1000, 100}}
	if diff := cmp.Diff(want, v1.Pointlist); diff != "" {
		t.Errorf("v1 (-want +got):\n%s", diff)
	}
	if v1.Start != (from+300)*1000 || v1.End != (from+899)*1000 || v1.Length != 2 {
		t.Errorf("v1: start %d, end %d, length %d", v1.Start, v1.End, v1.Length)
	}
	v2 := queryV2(t, s, from+100, from+650, 300, []string{query}).points(0)
	if diff := cmp.Diff(map[int64]float64{from: 400, from + 300: 600, from + 600: 100}, v2); diff != "" {
		t.Errorf("v2 (-want +got):\n%s", diff)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	v1 := queryV1(t, s, now-300, now, "sum:trace.http.request.hits{service:mail} by {env,service}.as_count().rollup(300), sum:queue.depth{*}.rollup(300)")
	got := map[string]float64{}
	for _, series := range v1.Series {
		got[fmt.Sprintf("%d %v %s", series.Index, series.TagSet, series.Scope)] = series.Pointlist[0][1]
	}
	want := map[string]float64{
		"0 [env:dev service:mail] service:mail,env:dev,service:mail":         300,
		"0 [env:prod service:mail] service:mail,env:prod,service:mail":       1200,
		"0 [env:staging service:mail] service:mail,env:staging,service:mail": 600,
		"1 [] *": 12,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("v1 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"env", "service"}, v1.GroupBy); diff != "" {
		t.Errorf("group_by (-want +got):\n%s", diff)
	}
	// A failure a second is only in some groups: the difference keeps all of them.
	v2 := queryV2(t, s, now-300, now, 300, []string{
		"sum:trace.http.request.hits{*} by {service}.as_count()", "sum:trace.http.request.errors{*} by {service}.as_count()",
	}, "a - b", "b / a")
	groups := map[string]float64{}
	for i, series := range v2.Data.Attributes.Series {
		groups[fmt.Sprint(series.Index, series.GroupTags)] = *v2.Data.Attributes.Values[i][0]
	}
	want = map[string]float64{
		"0 [service:bank]": 600, "0 [service:mail]": 2079, "0 [service:newcomer]": 294, "0 [service:shop]": 2997,
		"1 [service:mail]": 0.01, "1 [service:newcomer]": 0.02, "1 [service:shop]": 0.001,
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Errorf("v2 (-want +got):\n%s", diff)
	}
	scalar := post[scalarV2](t, s, "/api/v2/query/scalar", bodyV2("scalar_request", now-7200, now, 0, []string{"sum:trace.http.request.hits{service:mail} by {env}.as_count()"}, []string{"a * 2"}))
	var lines []string
	for _, c := range scalar.Data.Attributes.Columns {
		lines = append(lines, c.Name+" "+c.Type+" "+string(c.Values))
	}
	if diff := cmp.Diff([]string{`env group [["dev"],["prod"],["staging"]]`, "a * 2 number [14400,57600,28800]"}, lines); diff != "" {
		t.Errorf("scalar (-want +got):\n%s", diff)
	}
}

func TestV2Refusals(t *testing.T) {
	t.Parallel()
	w := world(t, "steady")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	queries := []string{"sum:trace.http.request.hits{*}.as_count()"}
	for name, body := range map[string]string{
		`Invalid type. Expected "timeseries_request".`:                bodyV2("scalar_request", now-60, now, 0, queries, nil),
		"Invalid request: from must be before to":                     bodyV2("timeseries_request", now, now, 0, queries, nil),
		"Invalid request: queries are required":                       bodyV2("timeseries_request", now-60, now, 0, nil, nil),
		"Queries ending outside the retention date are invalid":       bodyV2("timeseries_request", 1, 100, 0, queries, nil),
		"Error parsing query: unknown query name or scope missing: z": bodyV2("timeseries_request", now-60, now, 0, queries, []string{"z"}),
		`Invalid data_source "logs": only metrics is served here`:     `{"data":{"type":"timeseries_request","attributes":{"from":` + fmt.Sprint(now*1000-60000) + `,"to":` + fmt.Sprint(now*1000) + `,"queries":[{"data_source":"logs","name":"a"}]}}}`,
	} {
		rec := ask(t, s, "POST", "/api/v2/query/timeseries", body)
		var envelope struct{ Errors []string }
		decodeInto(t, rec.Body.Bytes(), &envelope)
		if rec.Code != http.StatusBadRequest || !slices.Equal(envelope.Errors, []string{name}) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	for _, body := range []string{"", "{", `{"data":3}`, `[]`} {
		if rec := ask(t, s, "POST", "/api/v2/query/timeseries", body); rec.Code != http.StatusBadRequest {
			t.Errorf("%q: status %d, want 400", body, rec.Code)
		}
	}
}
