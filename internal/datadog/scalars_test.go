package datadog_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// scalars asks for one hour, each query as "aggregator of query".
func scalars(queries ...string) timeseries.ScalarRequest {
	r := timeseries.ScalarRequest{Span: timeseries.Span{Start: 1711976400, End: 1711980001}}
	for _, q := range queries {
		aggregator, query, _ := strings.Cut(q, " of ")
		r.Queries = append(r.Queries, timeseries.ScalarQuery{Query: query, Aggregator: aggregator})
	}
	return r
}

// scalarQuestion is a scalar request as the server reads it.
type scalarQuestion struct {
	Data struct {
		Type       string
		Attributes struct {
			From, To int64
			Formulas []map[string]any
			Queries  []struct {
				DataSource              string `json:"data_source"`
				Name, Query, Aggregator string
			}
		}
	}
}

func readScalarQuestion(t *testing.T, body io.Reader) scalarQuestion {
	t.Helper()
	var q scalarQuestion
	if err := json.NewDecoder(body).Decode(&q); err != nil {
		t.Errorf("request body: %v", err)
	}
	return q
}

// columns is a scalar answer.
func columns(list ...string) string {
	return `{"data":{"type":"scalar_response","attributes":{"columns":[` + strings.Join(list, ",") + `]}}}`
}

func groups(name, values string) string {
	return fmt.Sprintf(`{"name":%q,"type":"group","values":%s}`, name, values)
}

func numbers(name, values string) string {
	return fmt.Sprintf(`{"name":%q,"type":"number","values":%s,"meta":{"unit":[{"name":"percent"},null]}}`, name, values)
}

func TestScalars(t *testing.T) {
	t.Parallel()
	const hits, p95, total = "sum of sum:h{*} by {resource_name,env}.as_count()", "percentile of p95:l{*} by {env,resource_name}", "sum of sum:h{*}.as_count()"
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		q := readScalarQuestion(t, r.Body).Data
		a := q.Attributes
		if q.Type != "scalar_request" || a.From != 1711976400_000 || a.To != 1711980001_000 || len(a.Formulas) != len(a.Queries) {
			t.Errorf("asked %+v", q)
		}
		for i, query := range a.Queries {
			// A limit would leave groups out.
			if diff := cmp.Diff(map[string]any{"formula": query.Name}, a.Formulas[i]); diff != "" || query.DataSource != "metrics" {
				t.Errorf("query %+v, formula %s", query, diff)
			}
		}
		if len(a.Queries) == 1 {
			io.WriteString(w, columns(numbers("q0", `[6.368151928283307]`)))
			return
		}
		// Columns in another order than they were asked for.
		io.WriteString(w, columns(
			numbers("q1", `[0.25,null,0.5]`), groups("env", `[["prod"],["dev"],["prod"]]`),
			groups("resource_name", `[["get_/a"],["get_/a"],["get_/c","get_/b","get_/c"]]`), numbers("q0", `[10,0,1e3]`)))
	})
	got, err := client.Scalars(t.Context(), scalars(hits, total, p95, hits))
	if err != nil {
		t.Fatal(err)
	}
	counts := timeseries.ScalarAnswer{Groups: []timeseries.Scalar{
		{Tags: []string{"resource_name:get_/a", "env:prod"}, Value: 10},
		{Tags: []string{"resource_name:get_/a", "env:dev"}, Value: 0},
		{Tags: []string{"resource_name:get_/b,get_/c", "env:prod"}, Value: 1000},
	}}
	want := []timeseries.ScalarAnswer{
		counts,
		{Groups: []timeseries.Scalar{{Value: 6.368151928283307}}},
		{Groups: []timeseries.Scalar{
			{Tags: []string{"env:prod", "resource_name:get_/a"}, Value: 0.25},
			{Tags: []string{"env:prod", "resource_name:get_/b,get_/c"}, Value: 0.5},
		}},
		counts,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := client.Counts()[datadog.CallScalars]; n != 2 || server.calls() != 2 {
		t.Errorf("%d calls counted, %d sent, want one for each way to group", n, server.calls())
	}
	if got, err := client.Scalars(t.Context(), scalars()); got != nil || err != nil {
		t.Error(got, err)
	}
}

func TestScalarColumns(t *testing.T) {
	t.Parallel()
	a := func(v float64) []timeseries.Scalar { return []timeseries.Scalar{{Tags: []string{"env:a"}, Value: v}} }
	for name, tt := range map[string]struct {
		body string
		want [2][]timeseries.Scalar
	}{
		"nothing":                  {columns(), [2][]timeseries.Scalar{}},
		"nothing, in columns":      {columns(groups("env", `[]`), numbers("q0", `[]`), numbers("q1", `[]`)), [2][]timeseries.Scalar{}},
		"nulls":                    {columns(groups("env", `[["a"]]`), numbers("q0", `[null]`), numbers("q1", `[2]`)), [2][]timeseries.Scalar{nil, a(2)}},
		"named by their queries":   {columns(groups("env", `[["a"]]`), numbers("avg:y{*} by {env}", `[2]`), numbers("sum:x{*} by {env}", `[1]`)), [2][]timeseries.Scalar{a(1), a(2)}},
		"named otherwise":          {columns(groups("env", `[["a"]]`), numbers("one", `[1]`), numbers("two", `[2]`)), [2][]timeseries.Scalar{a(1), a(2)}},
		"a group that is no list":  {columns(groups("env", `["a"]`), numbers("q0", `[1]`), numbers("q1", `[2]`)), [2][]timeseries.Scalar{a(1), a(2)}},
		"fields of the future":     {`{"meta":1,"data":{"attributes":{"x":[],"columns":[` + groups("env", `[["a"]]`) + `,{"type":"number","values":[1],"name":"q0","y":2},` + numbers("q1", `[2]`) + `]}}}`, [2][]timeseries.Scalar{a(1), a(2)}},
		"a group without a value":  {columns(groups("env", `[[]]`), numbers("q0", `[1]`), numbers("q1", `[null]`)), [2][]timeseries.Scalar{{{Tags: []string{"env:"}, Value: 1}}, nil}},
		"a column beyond the keys": {columns(groups("x", `[["y"]]`), groups("env", `[["a"]]`), numbers("q0", `[1]`), numbers("q1", `[null]`)), [2][]timeseries.Scalar{{{Tags: []string{"env:a", "x:y"}, Value: 1}}, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, tt.body))
			got, err := client.Scalars(t.Context(), scalars("sum of sum:x{*} by {env}", "avg of avg:y{*} by {env}"))
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tt.want {
				if diff := cmp.Diff(want, got[i].Groups); diff != "" || got[i].Err != nil {
					t.Errorf("query %d (-want +got)\n%s%v", i, diff, got[i].Err)
				}
			}
		})
	}
}

func TestScalarsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	env := groups("env", `[["a"],["b"]]`)
	for body, words := range map[string]string{
		`{}`:                              `"data.attributes.columns" is not a list`,
		`{"data":{"attributes":{}}}`:      "is not a list",
		columns(`null`):                   "column 0 is not an object with a list of values",
		columns(`{"type":"number"}`):      "with a list of values",
		columns(env):                      "0 columns of numbers for 1 queries",
		columns(env, numbers("q0", `[]`)): "column q0 has 0 rows and those before it 2",
		columns(env, numbers("q0", `[1,2]`), numbers("q1", `[1,2]`)):       "2 columns of numbers for 1 queries",
		columns(numbers("q0", `[1,2]`)):                                    "no column for the tag env",
		columns(groups("env", `[["a"],["a"]]`), numbers("q0", `[1,2]`)):    `the group "env:a" appears twice`,
		columns(env, env, numbers("q0", `[1,2]`)):                          "the column env comes twice",
		columns(env, numbers("q0", `[1,"NaN"]`)):                           "is text, not a number",
		columns(env, numbers("q0", `[1,1e999]`)):                           "1e999 is not a number",
		columns(env, numbers("q0", `[1,true]`)):                            "row 1 of the column q0: true is not a number",
		columns(groups("env", `[["a"],[1]]`), numbers("q0", `[1,2]`)):      "not a list of tag values",
		columns(groups("env", `[["a"],{"b":1}]`), numbers("q0", `[1,2]`)):  "not a list of tag values",
		columns(env, `{"name":"q0","type":"text","values":[1,2]}`):         `of the type "text"`,
		columns(env, `{"name":"q0","type":"number","values":[[1],[2]]}`):   "is not a number",
		columns(`{"name":"env","type":"group","values":{"a":1}}`):          "with a list of values",
		columns(env, `{"name":"q0","type":"number","values":[1,2]}`, `[]`): "column 2 is not an object",
	} {
		client, _ := connect(t, always(200, body))
		got, err := client.Scalars(t.Context(), scalars("sum of sum:x{*} by {env}"))
		if got != nil {
			t.Errorf("%s: %+v beside the error %v", body, got, err)
		}
		wantDefect(t, err, slo.Invalid, "sum:x{*} by {env}", words)
	}
	for _, bad := range []timeseries.ScalarRequest{
		{Queries: scalars("sum of x").Queries}, scalars(" of sum:x{*}"), scalars("sum of "),
	} {
		client, server := connect(t, always(200, `{}`))
		_, err := client.Scalars(t.Context(), bad)
		wantDefect(t, err, slo.Invalid)
		if server.calls() != 0 {
			t.Errorf("%+v is sent", bad)
		}
	}
}

func TestOneBadScalarQueryIsItsOwn(t *testing.T) {
	t.Parallel()
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		var list []string
		for i, q := range readScalarQuestion(t, r.Body).Data.Attributes.Queries {
			if strings.Contains(q.Query, "bad") {
				w.WriteHeader(400)
				io.WriteString(w, `{"errors":["Error parsing query"]}`)
				return
			}
			list = append(list, numbers(fmt.Sprintf("q%d", i), fmt.Sprintf("[%d]", len(q.Query))))
		}
		io.WriteString(w, columns(list...))
	})
	got, err := client.Scalars(t.Context(), scalars("sum of a", "sum of bb", "sum of bad", "sum of dddd", "sum of sum:e{*} by {bad}"))
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got {
		if i == 2 || i == 4 {
			wantDefect(t, a.Err, slo.Invalid, "bad", "Error parsing query")
		} else if a.Err != nil || len(a.Groups) != 1 || a.Groups[0].Value != float64([]int{1, 2, 0, 4}[i]) {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
	// Four, halves, halves of the second half, and the one that groups otherwise.
	if server.calls() != 6 {
		t.Errorf("%d requests", server.calls())
	}
}

func TestFailureOfAllScalars(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]slo.DefectKind{403: slo.Auth, 500: slo.Unavailable} {
		client, server := connect(t, always(status, `{"errors":["no"]}`))
		_, err := client.Scalars(t.Context(), scalars("sum of a", "sum of b"))
		wantDefect(t, err, kind, "querying metrics", "no")
		if kind == slo.Auth && server.calls() != 1 {
			t.Errorf("%d: %d requests", status, server.calls())
		}
	}
	client, server := connect(t, always(400, `{"errors":["Queries ending outside the retention date are invalid"]}`))
	got, err := client.Scalars(t.Context(), scalars("sum of a", "sum of b"))
	if err != nil || server.calls() != 1 {
		t.Fatal(err, server.calls())
	}
	for _, a := range got {
		wantDefect(t, a.Err, slo.Invalid, "retention", "15 months")
	}
	client, _ = connect(t, always(200, `<html>`))
	_, err = client.Scalars(t.Context(), scalars("sum of a"))
	wantDefect(t, err, slo.Unavailable, "is not JSON")
}

func TestScalarsAreArchivedWithTheirSpan(t *testing.T) {
	t.Parallel()
	d := newDrawer()
	body := columns(numbers("q0", `[7]`))
	want, err := online(t, d, always(200, body)).Scalars(t.Context(), scalars("sum of a"))
	if err != nil {
		t.Fatal(err)
	}
	client := offline(t, d)
	got, err := client.Scalars(t.Context(), scalars("sum of a"))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%s%v", diff, err)
	}
	later := scalars("sum of a")
	later.Span = later.Span.Shift(300)
	_, err = client.Scalars(t.Context(), later)
	wantNotCached(t, err, "the cache has nothing of a for [2024-04-01T13:05:00Z")
	wantNothingSent(t, client)
}

func FuzzScalars(f *testing.F) {
	f.Add(columns(groups("env", `[["a"],["b","c"]]`), numbers("q0", `[1,null]`), numbers("q1", `[-0,2e3]`)))
	f.Add(columns(numbers("x", `[]`)))
	f.Add(`{"errors":[{"title":"no"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		s := &server{handler: always(200, body)}
		client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{Base: inProcess{s}})})
		got, err := client.Scalars(t.Context(), scalars("sum of sum:x{*} by {env}", "avg of avg:y{*} by {env}"))
		if err != nil {
			if got != nil {
				t.Fatal("an answer beside the error")
			}
			return
		}
		if !json.Valid([]byte(body)) || len(got) != 2 {
			t.Fatalf("accepted %d answers of %q", len(got), body)
		}
		for _, a := range got {
			var seen []string
			for _, g := range a.Groups {
				name := strings.Join(g.Tags, "\x00")
				if len(g.Tags) == 0 || !strings.HasPrefix(g.Tags[0], "env:") || slices.Contains(seen, name) || g.Value != g.Value || g.Value-g.Value != 0 {
					t.Fatalf("accepted %+v", g)
				}
				seen = append(seen, name)
			}
		}
	})
}
