package datadog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestSeries(t *testing.T) {
	t.Parallel()
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		q := readQuestion(t, r).Data
		a := q.Attributes
		if q.Type != "timeseries_request" || a.From != 1711976400_000 || a.To != 1711980000_000 || a.Interval != 300_000 {
			t.Errorf("asked %+v", q)
		}
		for i, query := range a.Queries {
			if query.DataSource != "metrics" || a.Formulas[i].Formula != query.Name || query.Name != fmt.Sprintf("a%d", i) {
				t.Errorf("query %d: %+v with formula %+v", i, query, a.Formulas[i])
			}
		}
		io.WriteString(w, fixture(t, "v2/timeseries.json"))
	})
	got, err := client.Series(t.Context(), request("sum:orders{*} by {env}.as_count()", "sum:all{code:<500}.as_count()", "sum:none{*}.as_count()"))
	if err != nil {
		t.Fatal(err)
	}
	m := timeseries.Missing
	grid := func(values ...float64) timeseries.Series {
		return timeseries.Series{Start: 1711976400, Step: 300, Values: values}
	}
	want := []timeseries.Answer{
		{Groups: []timeseries.Group{
			{Tags: []string{"env:prod"}, Series: grid(m, m, m, m, 1, 2.5, m, m, m, m, m, m)},
			{Tags: []string{"env:staging"}, Series: grid(m, m, m, m, m, m, m, 7, m, m, m, m)},
		}},
		{Groups: []timeseries.Group{{Series: grid(m, m, m, m, 12345678901234567890, 0, m, -0.1, m, m, m, m)}}},
		{},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if client.Counts()[datadog.CallSeries] != 1 || !strings.Contains(server.bodies[0], "code:<500") {
		t.Errorf("counts %v, body %s", client.Counts(), server.bodies[0])
	}
}

// attributes is a series answer.
func attributes(series, times, values string) string {
	return `{"data":{"type":"timeseries_response","attributes":{"series":` + series + `,"times":` + times + `,"values":` + values + `}}}`
}

func TestSeriesGrid(t *testing.T) {
	t.Parallel()
	const q0 = `[{"group_tags":[],"query_index":0}]`
	for _, tt := range []struct {
		name, body string
		at         map[int]float64 // cell → value; all others are missing
		tags       []string
	}{
		{"no data", attributes(`[]`, `[]`, `[]`), nil, nil},
		{"nothing but nulls", attributes(q0, `[1711976400000]`, `[[null]]`), nil, nil},
		{"unsorted times", attributes(q0, `[1711977000000,1711976400000,1711976700000]`, `[[3,1,2]]`), map[int]float64{0: 1, 1: 2, 2: 3}, nil},
		{"duplicate times that agree", attributes(q0, `[1711976400000,1711976400000,1711976400000]`, `[[5,null,5]]`), map[int]float64{0: 5}, nil},
		{"outside of the span", attributes(q0, `[1711976100000,1711976400000,1711979700000,1711980000000]`, `[[9,1,2,9]]`), map[int]float64{0: 1, 11: 2}, nil},
		{"numbers", attributes(q0, `[1711976400000,1.7119767e12]`, `[[-1.25e-3,0.1]]`), map[int]float64{0: -1.25e-3, 1: 0.1}, nil},
		{"values before times", `{"data":{"attributes":{"values":[[1]],"times":[1711976400000],"series":` + q0 + `}}}`, map[int]float64{0: 1}, nil},
		{"fields of the future", `{"meta":{"x":[1,{"y":"\"z"}]},"data":{"id":null,"attributes":{"new":true,"series":[{"query_index":0,"unit":[{"id":1},null],"group_tags":null}],"times":[1711976400000],"values":[[1]]}}}`, map[int]float64{0: 1}, nil},
		{"tags in the order of the query", attributes(`[{"group_tags":["extra:1","b:2","a:1"],"query_index":0}]`, `[1711976400000]`, `[[1]]`), map[int]float64{0: 1}, []string{"a:1", "b:2", "extra:1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, tt.body))
			query := "sum:x{*}.as_count()"
			if tt.tags != nil {
				query = "sum:x{*} by {a,b}.as_count()"
			}
			got, err := client.Series(t.Context(), request(query))
			if err != nil || got[0].Err != nil {
				t.Fatal(err, got)
			}
			var want timeseries.Answer
			if len(tt.at) > 0 {
				series := timeseries.Blank(request().Span, 300)
				for cell, v := range tt.at {
					series.Values[cell] = v
				}
				want.Groups = []timeseries.Group{{Tags: tt.tags, Series: series}}
			}
			if diff := cmp.Diff(want, got[0], cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestSeriesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	const q0 = `[{"group_tags":[],"query_index":0}]`
	for _, tt := range []struct{ name, body, word string }{
		{"number out of range", attributes(q0, `[1711976400000]`, `[[1e400]]`), "out of range"},
		{"text for a value", attributes(q0, `[1711976400000]`, `[["1"]]`), "want a number"},
		{"true for a value", attributes(q0, `[1711976400000]`, `[[true]]`), "want a number"},
		{"row too short", attributes(q0, `[1711976400000,1711976700000]`, `[[1]]`), "1 values for 2 times"},
		{"row too long", attributes(q0, `[1711976400000]`, `[[1,2]]`), "2 values for 1 times"},
		{"fewer rows than series", attributes(q0, `[1711976400000]`, `[]`), "describes 1 series"},
		{"more rows than series", attributes(`[]`, `[1711976400000]`, `[[1]]`), "describes 0 series"},
		{"unknown query_index", attributes(`[{"query_index":1}]`, `[1711976400000]`, `[[1]]`), "query 1 of 1"},
		{"no query_index", attributes(`[{"group_tags":[]}]`, `[1711976400000]`, `[[1]]`), "query_index"},
		{"fractional query_index", attributes(`[{"query_index":0.5}]`, `[1711976400000]`, `[[1]]`), "query_index"},
		{"negative query_index", attributes(`[{"query_index":-1}]`, `[1711976400000]`, `[[1]]`), "query_index"},
		{"null among the series", attributes(`[null]`, `[1711976400000]`, `[[1]]`), "want '{'"},
		{"null among the times", attributes(q0, `[null]`, `[[1]]`), "want a number"},
		{"a row is null", attributes(q0, `[1711976400000]`, `[null]`), "want '['"},
		{"off the grid", attributes(q0, `[1711976460000]`, `[[1]]`), "not a multiple"},
		{"a fraction of a second", attributes(q0, `[1711976400500]`, `[[1]]`), "not a multiple"},
		{"time out of range", attributes(q0, `[1e300]`, `[[1]]`), "not a time"},
		{"one time with two values", attributes(q0, `[1711976400000,1711976400000]`, `[[1,2]]`), "two values"},
		{"a group twice", attributes(`[{"query_index":0},{"query_index":0}]`, `[1711976400000]`, `[[1],[1]]`), "twice"},
		{"no values", `{"data":{"attributes":{"series":[],"times":[]}}}`, "lacks"},
		{"no attributes", `{"data":{}}`, "attributes"},
		{"data is null", `{"data":null}`, "want '{'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, tt.body))
			got, err := client.Series(t.Context(), request("sum:x{*}.as_count()"))
			if got != nil {
				t.Errorf("answers beside the error: %v", got)
			}
			wantDefect(t, err, slo.Invalid, "sum:x{*}.as_count()", tt.word)
		})
	}
}

func TestSeriesRequestThatMakesNoSense(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, attributes(`[]`, `[]`, `[]`)))
	for _, req := range []timeseries.Request{
		{Queries: []string{"q"}, Span: timeseries.Span{Start: 0, End: 300}},
		{Queries: []string{"q"}, Span: timeseries.Span{Start: 300, End: 300}, Step: 300},
		{Queries: []string{"q"}, Span: timeseries.Span{Start: 1, End: 301}, Step: 300},
		{Queries: []string{"q"}, Span: timeseries.Span{Start: 0, End: 301}, Step: 300},
		{Queries: []string{"q"}, Span: timeseries.Span{Start: -600, End: 300}, Step: 300},
		{Queries: []string{"q"}, Span: timeseries.Span{Start: 0, End: math.MaxInt64 - 7}, Step: 1},
	} {
		if _, err := client.Series(t.Context(), req); err == nil {
			t.Errorf("%+v was accepted", req)
		}
	}
	if got, err := client.Series(t.Context(), timeseries.Request{}); got != nil || err != nil {
		t.Errorf("no queries: %v, %v", got, err)
	}
	if server.calls() != 0 {
		t.Errorf("%d requests were sent", server.calls())
	}
}

func TestMoreGroupsThanMemory(t *testing.T) {
	t.Parallel()
	var series, values []string
	for i := range 2000 {
		series, values = append(series, fmt.Sprintf(`{"query_index":0,"group_tags":["g:%d"]}`, i)), append(values, "[1]")
	}
	client, _ := connect(t, always(200, attributes("["+strings.Join(series, ",")+"]", "[1711976400000]", "["+strings.Join(values, ",")+"]")))
	req := timeseries.Request{Queries: []string{"q"}, Span: timeseries.Span{Start: 1711976400, End: 1711976400 + 18_000*300}, Step: 300}
	got, err := client.Series(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	wantDefect(t, got[0].Err, slo.Invalid, "2000 groups")
	req.Span.End = req.Span.Start + 10*300
	if got, err := client.Series(t.Context(), req); err != nil || got[0].Err != nil || len(got[0].Groups) != 2000 {
		t.Errorf("a smaller span: %v, %v", got[0].Err, err)
	}
}

func TestOneBadQueryDoesNotPoisonTheOthers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 422} {
		client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
			a := readQuestion(t, r).Data.Attributes
			var series, values []string
			for i, q := range a.Queries {
				if q.Query == "bad" {
					w.WriteHeader(status)
					io.WriteString(w, fixture(t, "v2/error_422.json"))
					return
				}
				series = append(series, fmt.Sprintf(`{"query_index":%d}`, i))
				values = append(values, "["+strings.TrimPrefix(q.Query, "q")+"]")
			}
			io.WriteString(w, attributes("["+strings.Join(series, ",")+"]", "[1711976400000]", "["+strings.Join(values, ",")+"]"))
		})
		got, err := client.Series(t.Context(), request("q0", "q1", "q2", "bad", "q4", "q5", "q6", "q7"))
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range got {
			if i == 3 {
				wantDefect(t, a.Err, slo.Invalid, "bad", "the query cannot be parsed")
				continue
			}
			if a.Err != nil || len(a.Groups) != 1 || a.Groups[0].Series.Values[0] != float64(i) {
				t.Errorf("query %d: %+v", i, a)
			}
		}
		// 8, 4 4, 2 2, 1 1: seven, not one for each query.
		if server.calls() != 7 || client.Counts()[datadog.CallSeries] != 7 {
			t.Errorf("%d requests, counted %d", server.calls(), client.Counts()[datadog.CallSeries])
		}
	}
}

func TestErrorBesideTheDataIsThatOfItsQuery(t *testing.T) {
	t.Parallel()
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		body := attributes(`[]`, `[]`, `[]`)
		if slices.ContainsFunc(readQuestion(t, r).Data.Attributes.Queries, func(q struct {
			DataSource string `json:"data_source"`
			Name       string
			Query      string
		}) bool {
			return q.Query == "bad"
		}) {
			body = strings.TrimSuffix(body, "}") + `,"errors":["half of it is missing"]}`
		}
		io.WriteString(w, body)
	})
	got, err := client.Series(t.Context(), request("a", "bad"))
	if err != nil || got[0].Err != nil || got[1].Groups != nil || server.calls() != 3 {
		t.Fatalf("%+v, %v after %d calls", got, err, server.calls())
	}
	wantDefect(t, got[1].Err, slo.Invalid, "querying bad", "half of it is missing")
}

func TestTimeOutsideOfTheRetention(t *testing.T) {
	t.Parallel()
	const refusal = `{"errors":["Queries ending outside the retention date are invalid"]}`
	client, server := connect(t, always(400, refusal))
	got, err := client.Series(t.Context(), request("a", "b", "c"))
	if err != nil || len(got) != 3 || server.calls() != 1 {
		t.Fatalf("%+v, %v after %d calls", got, err, server.calls())
	}
	for _, a := range got {
		var past interface{ OutsideRetention() bool }
		if !errors.As(a.Err, &past) || !past.OutsideRetention() || a.Groups != nil {
			t.Errorf("%+v", a)
		}
		wantDefect(t, a.Err, slo.Invalid, "outside the retention date", "15 months")
	}
	// The same words elsewhere, and other refusals, mean something else.
	for _, tt := range []struct {
		status int
		body   string
	}{{403, refusal}, {503, refusal}, {400, `{"errors":["no"]}`}, {200, "<html>outside the retention date"}} {
		client, _ := connect(t, always(tt.status, tt.body))
		answers, err := client.Series(t.Context(), request("a"))
		if err == nil {
			err = answers[0].Err
		}
		var past interface{ OutsideRetention() bool }
		if err == nil || errors.As(err, &past) {
			t.Errorf("%d %s: %v", tt.status, tt.body, err)
		}
	}
}

// What fails for both halves of a request is no query's fault; refused keys are not even tried again.
func TestOutageIsNotCutDownToQueries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		kind   slo.DefectKind
	}{
		{200, "<html>Log in</html>", slo.Unavailable},
		{200, `{"data":{}}`, slo.Invalid},
		{200, attributes(`[{"query_index":7}]`, `[1711976400000]`, `[[1]]`), slo.Invalid},
		{401, `{"errors":["no"]}`, slo.Auth},
		{404, `{"errors":["no"]}`, slo.Invalid},
		{413, `<html>too large</html>`, slo.Invalid},
		{302, ``, slo.Unavailable},
	} {
		client, server := connect(t, always(tt.status, tt.body))
		got, err := client.Series(t.Context(), request("a", "b", "c", "d"))
		want := 3
		if tt.kind == slo.Auth {
			want = 1
		}
		if got != nil || server.calls() != want {
			t.Errorf("%d %s: %v after %d calls", tt.status, tt.body, got, server.calls())
		}
		wantDefect(t, err, tt.kind, "querying metrics")
	}
}

// A query that Datadog fails on every time has its own error; the others are answered.
func TestQueryThatAlwaysFailsIsItsOwn(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 503, 200} { // 200 with a page instead of an answer
		client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
			a := readQuestion(t, r).Data.Attributes
			var series, values []string
			for i, q := range a.Queries {
				if q.Query == "bad" {
					w.WriteHeader(status)
					io.WriteString(w, "<html>oops</html>")
					return
				}
				series, values = append(series, fmt.Sprintf(`{"query_index":%d}`, i)), append(values, "[1]")
			}
			io.WriteString(w, attributes("["+strings.Join(series, ",")+"]", "[1711976400000]", "["+strings.Join(values, ",")+"]"))
		})
		got, err := client.Series(t.Context(), request("a", "b", "c", "bad", "d", "e", "f", "g"))
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range got {
			if (a.Err != nil) != (i == 3) {
				t.Errorf("status %d: answer %d: %v", status, i, a.Err)
			}
		}
		if server.calls() > 7*4 { // each may be tried four times
			t.Errorf("status %d: %d calls for one query of eight", status, server.calls())
		}
	}
}

// Answers at whatever width the server likes: never a sum, and not without end.
func TestServerThatCoarsensEverything(t *testing.T) {
	t.Parallel()
	for _, width := range []int64{600, 3600, 86_400} {
		client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
			a := readQuestion(t, r).Data.Attributes
			var times, values []string
			for at := timeseries.Floor(a.From/1000, width); at < a.To/1000; at += width {
				times, values = append(times, fmt.Sprint(at*1000)), append(values, "7")
			}
			io.WriteString(w, attributes(`[{"query_index":0}]`, "["+strings.Join(times, ",")+"]", "[["+strings.Join(values, ",")+"]]"))
		})
		for days := range int64(20) {
			start := int64(1_711_965_600) + days*86_400 // 10:00, inside a day
			span := timeseries.Span{Start: start, End: start + 5*86_400}
			got, err := client.Series(t.Context(), timeseries.Request{Queries: []string{"q"}, Span: span, Step: 300})
			if err != nil {
				t.Fatal(err)
			}
			wantDefect(t, got[0].Err, slo.Invalid, "asked for a point every 300 s")
		}
		if server.calls() > 200 {
			t.Errorf("%d s: %d calls for twenty questions", width, server.calls())
		}
	}
}

func TestBodyOverTheLimitIsCutByQuery(t *testing.T) {
	t.Parallel()
	s := &server{handler: func(w http.ResponseWriter, r *http.Request) {
		a := readQuestion(t, r).Data.Attributes
		if len(a.Queries) > 1 {
			io.WriteString(w, strings.Repeat(" ", 2000))
		}
		io.WriteString(w, attributes(`[{"query_index":0}]`, `[1711976400000]`, `[[1]]`))
	}}
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{Base: inProcess{s}, MaxBody: 1000})})
	got, err := client.Series(t.Context(), request("a", "b", "c"))
	if err != nil || slices.ContainsFunc(got, func(a timeseries.Answer) bool { return a.Err != nil }) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFailureOfTheWholeSeriesCall(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]slo.DefectKind{401: slo.Auth, 403: slo.Auth, 503: slo.Unavailable} {
		client, server := connect(t, always(status, `{"errors":["no"]}`))
		got, err := client.Series(t.Context(), request("a", "b"))
		if got != nil {
			t.Errorf("%d: answers beside the error", status)
		}
		wantDefect(t, err, kind, "querying metrics", "no")
		if kind == slo.Auth && server.calls() != 1 {
			t.Errorf("%d: %d requests", status, server.calls())
		}
	}
}

func FuzzDecodeSeries(f *testing.F) {
	f.Add([]byte(fixture(f, "v2/timeseries.json")))
	for _, s := range []string{
		``, `null`, `[`, `{"data":`, attributes(`[]`, `[]`, `[]`), attributes(`[{"query_index":0}]`, `[0]`, `[[-0.0e-1]]`),
		attributes(`[{"query_index":0,"group_tags":["a\u0000"]}]`, `[300000,300000]`, `[[1,1]]`),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 1<<16 {
			return
		}
		times, rows, err := datadog.DecodeSeriesForTest(body)
		if err != nil {
			if times != nil || rows != nil {
				t.Fatal("a value beside the error")
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what is not JSON: %q", body)
		}
		if 2*len(times) > len(body) || 2*len(rows) > len(body) {
			t.Fatalf("%d times and %d rows out of %d bytes", len(times), len(rows), len(body))
		}
		for _, r := range rows {
			if len(r) != len(times) {
				t.Fatalf("a row of %d for %d times", len(r), len(times))
			}
			for _, v := range r {
				if math.IsInf(v, 0) {
					t.Fatal("an infinite value")
				}
			}
		}
	})
}
