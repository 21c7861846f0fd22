package datadog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// formula is one over queries given as name and text in turn.
func formula(text string, inputs ...string) timeseries.Formula {
	f := timeseries.Formula{Text: text}
	for i := 0; i < len(inputs); i += 2 {
		f.Inputs = append(f.Inputs, timeseries.Input{Name: inputs[i], Query: inputs[i+1]})
	}
	return f
}

// asked is what the server was asked for: formulas, and queries as name=text.
type asked struct{ Formulas, Queries []string }

// sayOne answers every formula with one point that is its place, and remembers the questions.
func sayOne(t *testing.T, questions *[]asked) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := readQuestion(t, r).Data.Attributes
		var q asked
		series, values := []map[string]any{}, [][]float64{}
		for i, f := range a.Formulas {
			q.Formulas = append(q.Formulas, f.Formula)
			series = append(series, map[string]any{"group_tags": []string{}, "query_index": i})
			values = append(values, []float64{float64(i)})
		}
		for _, in := range a.Queries {
			q.Queries = append(q.Queries, in.Name+"="+in.Query)
		}
		*questions = append(*questions, q)
		json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"attributes": map[string]any{
			"series": series, "times": []int64{a.From}, "values": values,
		}}})
	}
}

func TestFormulasShareOneRequest(t *testing.T) {
	t.Parallel()
	const x, y, z = "sum:x{*}", "sum:y{*}.as_count()", "p95:z{*}"
	for _, tt := range []struct {
		name     string
		queries  []string
		formulas []timeseries.Formula
		want     []asked
		values   []float64 // of the first cells of the answers
	}{
		{
			"a formula alone, and its queries as they are stored",
			nil, []timeseries.Formula{formula("(query1-query2)/query1", "query1", x, "query2", y)},
			[]asked{{[]string{"(query1-query2)/query1"}, []string{"query1=" + x, "query2=" + y}}},
			[]float64{0},
		},
		{
			"a formula that is a query is not asked for twice",
			[]string{x, y}, []timeseries.Formula{formula("query1", "query1", x), formula("query1", "query1", y)},
			// Counts are checked in another way than other values, so the second one is.
			[]asked{{[]string{"query1", "a0", "a0"}, []string{"query1=" + x, "a0=" + y}}},
			[]float64{0, 1, 0, 2},
		},
		{
			"a query that a formula uses goes under its name",
			[]string{y, z}, []timeseries.Formula{formula("query1 / query2", "query1", x, "query2", y)},
			[]asked{{[]string{"query2", "a0", "query1 / query2"}, []string{"query2=" + y, "a0=" + z, "query1=" + x}}},
			[]float64{0, 1, 2},
		},
		{
			"the same name for the same query is no collision",
			nil, []timeseries.Formula{formula("query1", "query1", x), formula("query1 * 2", "query1", x)},
			[]asked{{[]string{"query1", "query1 * 2"}, []string{"query1=" + x}}},
			[]float64{0, 1},
		},
		{
			"the same name for another query is replaced",
			nil, []timeseries.Formula{formula("query1", "query1", x), formula("100 * (query1 - query2) / query1", "query1", y, "query2", z)},
			[]asked{{[]string{"query1", "100 * (a0 - a1) / a0"}, []string{"query1=" + x, "a0=" + y, "a1=" + z}}},
			[]float64{0, 1},
		},
		{
			"names that are made up avoid those that exist",
			[]string{"sum:w{*}"}, []timeseries.Formula{formula("a0 + a1", "a0", x, "a1", y), formula("a0 + a2", "a0", z, "a2", x)},
			[]asked{{[]string{"a5", "a0 + a1", "a3 + a4"}, []string{"a5=sum:w{*}", "a0=" + x, "a1=" + y, "a3=" + z, "a4=" + x}}},
			[]float64{0, 1, 2},
		},
		{
			"a name that is a function of another formula is replaced",
			nil, []timeseries.Formula{formula("abs(q)", "q", x), formula("abs / 2", "abs", y)},
			[]asked{{[]string{"abs(q)", "a0 / 2"}, []string{"q=" + x, "a0=" + y}}},
			[]float64{0, 1},
		},
		{
			"a formula that cannot be read keeps its names where they are free",
			nil, []timeseries.Formula{formula("anomalies(q, 'basic', 2, direction='both')", "q", x), formula("r", "r", y)},
			[]asked{{[]string{"anomalies(q, 'basic', 2, direction='both')", "r"}, []string{"q=" + x, "r=" + y}}},
			[]float64{0, 1},
		},
		{
			"a formula that cannot be read travels alone where its names are taken",
			[]string{z}, []timeseries.Formula{formula("q", "q", y), formula("anomalies(q, 'basic', 2, direction='both')", "q", x)},
			[]asked{
				{[]string{"a0", "q"}, []string{"a0=" + z, "q=" + y}},
				{[]string{"anomalies(q, 'basic', 2, direction='both')"}, []string{"q=" + x}},
			},
			[]float64{0, 1, 0},
		},
		{
			"a word of a formula that names another's query sends it alone",
			nil, []timeseries.Formula{formula("mean", "mean", y), formula("top(q, 10, mean, desc)", "q", x)},
			[]asked{
				{[]string{"mean"}, []string{"mean=" + y}},
				{[]string{"top(q, 10, mean, desc)"}, []string{"q=" + x}},
			},
			[]float64{0, 0},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var questions []asked
			client, _ := connect(t, sayOne(t, &questions))
			r := request(tt.queries...)
			r.Formulas = tt.formulas
			got, err := client.Series(t.Context(), r)
			if err != nil || len(got) != len(tt.queries)+len(tt.formulas) {
				t.Fatal(got, err)
			}
			if diff := cmp.Diff(tt.want, questions); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for i, a := range got {
				if a.Err != nil || len(a.Groups) != 1 || a.Groups[0].Series.Values[0] != tt.values[i] {
					t.Errorf("answer %d: %+v", i, a)
				}
			}
		})
	}
}

func TestFormulasThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		bad  timeseries.Formula
		word string
	}{
		{"no query", formula("1 + 1"), "no queries"},
		{"a query without a name", formula("q", "", "sum:x{*}"), `not ""`},
		{"two queries by one name", formula("q", "q", "sum:x{*}", "q", "sum:y{*}"), `not "q"`},
		{"buckets wider than the step", formula("q / r", "q", "sum:x{*}.as_count()", "r", "avg:y{*}.rollup(avg, 600)"), "600 s"},
		{"buckets narrower than the step", formula("q", "q", "avg:y{*}.rollup(60)"), "60 s"},
		{"buckets by the calendar", formula("q", "q", "avg:y{*}.rollup(sum, 'monthly')"), "monthly"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var questions []asked
			client, _ := connect(t, sayOne(t, &questions))
			r := request("sum:w{*}")
			r.Formulas = []timeseries.Formula{tt.bad, formula("good", "good", "avg:z{*}.rollup(max, 300)")}
			got, err := client.Series(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			wantDefect(t, got[1].Err, slo.Invalid, tt.word)
			if bare := tt.bad.Text == "q"; !bare && !strings.Contains(got[1].Err.Error(), tt.bad.Text) {
				t.Errorf("%v does not name the formula", got[1].Err)
			}
			for _, i := range []int{0, 2} {
				if got[i].Err != nil || len(got[i].Groups) != 1 {
					t.Errorf("answer %d: %+v", i, got[i])
				}
			}
			if len(questions) != 1 || strings.Contains(strings.Join(questions[0].Queries, " "), "sum:x{*}") {
				t.Errorf("asked %v", questions)
			}
		})
	}
	client, server := connect(t, always(200, `{}`))
	r := request()
	r.Formulas = []timeseries.Formula{formula("1")}
	if got, err := client.Series(t.Context(), r); err != nil || len(got) != 1 || got[0].Err == nil || server.calls() != 0 {
		t.Errorf("nothing to ask for: %v, %v, %d calls", got, err, server.calls())
	}
	wide, err := client.Series(t.Context(), request("avg:x{*}.rollup(avg, 3600)"))
	if err != nil || server.calls() != 0 {
		t.Fatal(err, server.calls())
	}
	wantDefect(t, wide[0].Err, slo.Invalid, "3600 s", "300 s")
}

func TestGroupsOfFormulas(t *testing.T) {
	t.Parallel()
	grouped := func(tags string) string {
		return attributes(`[{"group_tags":[`+tags+`],"query_index":0}]`, `[1711976400000]`, `[[1]]`)
	}
	const both, one = "sum:x{*} by {a,b}", "sum:y{*} by {b}"
	for _, tt := range []struct {
		name string
		f    timeseries.Formula
		tags string
		want []string
	}{
		{"in the order of the queries", formula("q / r", "q", both, "r", "sum:y{*} by {b,a}"), `"b:2","a:1"`, []string{"a:1", "b:2"}},
		{"all keys of all queries", formula("q / r", "q", one, "r", both), `"a:1","b:2"`, []string{"b:2", "a:1"}},
		{"fewer where the queries differ", formula("q / r", "q", one, "r", both), `"b:2"`, []string{"b:2"}},
		{"fewer behind a function", formula("count_nonzero(q)", "q", both), ``, nil},
	} {
		client, _ := connect(t, always(200, grouped(tt.tags)))
		r := request()
		r.Formulas = []timeseries.Formula{tt.f}
		got, err := client.Series(t.Context(), r)
		if err != nil || got[0].Err != nil || len(got[0].Groups) != 1 || !slices.Equal(got[0].Groups[0].Tags, tt.want) {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
	client, _ := connect(t, always(200, grouped(`"a:1"`)))
	r := request()
	r.Formulas = []timeseries.Formula{formula("1 - q / r", "q", both, "r", both)}
	_, err := client.Series(t.Context(), r)
	wantDefect(t, err, slo.Invalid, "groups by 2")
}

func TestOneBadFormulaDoesNotPoisonTheOthers(t *testing.T) {
	t.Parallel()
	var questions []asked
	ok := sayOne(t, &questions)
	client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if bytes.Contains(body, []byte("bad(")) {
			w.WriteHeader(400)
			io.WriteString(w, `{"errors":["unknown function"]}`)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		ok(w, r)
	})
	r := request("sum:w{*}")
	r.Formulas = []timeseries.Formula{formula("q", "q", "sum:x{*}"), formula("bad(q)", "q", "sum:y{*}"), formula("q / 2", "q", "sum:z{*}")}
	got, err := client.Series(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	wantDefect(t, got[2].Err, slo.Invalid, "unknown function", "bad(q)")
	for _, i := range []int{0, 1, 3} {
		if got[i].Err != nil || len(got[i].Groups) != 1 {
			t.Errorf("answer %d: %+v", i, got[i])
		}
	}
	// Each question has the queries of its formulas and no others.
	for _, q := range questions {
		if len(q.Queries) != len(q.Formulas) {
			t.Errorf("asked %+v", q)
		}
	}
}

func TestRetentionOfFormulas(t *testing.T) {
	t.Parallel()
	client, _ := connect(t, always(400, `{"errors":["Queries ending outside the retention date are invalid"]}`))
	r := request("sum:x{*}")
	r.Formulas = []timeseries.Formula{formula("q", "q", "sum:x{*}")}
	got, err := client.Series(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got {
		var past interface{ OutsideRetention() bool }
		if !errors.As(a.Err, &past) || !past.OutsideRetention() {
			t.Errorf("answer %d: %v", i, a.Err)
		}
	}
}
