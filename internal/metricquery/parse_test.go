package metricquery_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/metricquery"
)

type (
	query  = metricquery.Query
	binary = metricquery.Binary
	call   = metricquery.Call
	number = metricquery.Number
	ref    = metricquery.Ref
	match  = metricquery.Match
	in     = metricquery.In
	not    = metricquery.Not
	and    = metricquery.And
	or     = metricquery.Or
	all    = metricquery.All
	filter = metricquery.Filter
	mods   = []metricquery.Modifier
)

func mustParse(t *testing.T, s string) metricquery.Expr {
	t.Helper()
	e, err := metricquery.Parse(s)
	if err != nil {
		t.Fatalf("Parse(%q): %v", s, err)
	}
	return e
}

func TestParseExpressions(t *testing.T) {
	t.Parallel()
	asCount := mods{{Name: "as_count"}}
	hits := &query{Aggregator: "sum", Metric: "shop.hits", Filter: all{}, Modifiers: asCount}
	for _, tc := range []struct {
		in        string
		want      metricquery.Expr
		canonical string // the text itself where empty
	}{
		{in: "sum:shop.hits{*}.as_count()", want: hits},
		{in: "  sum : shop.hits { * } . as_count ( ) ", want: hits, canonical: "sum:shop.hits{*}.as_count()"},
		{in: "sum:shop.hits{}.as_count()", want: hits, canonical: "sum:shop.hits{*}.as_count()"},
		{in: "trace.servlet.request{env:prod}", want: &query{Metric: "trace.servlet.request", Filter: &match{"env", "prod"}}},
		{
			in:        "avg:Load_Metrics_1618{zone:b}by{host}",
			want:      &query{Aggregator: "avg", Metric: "Load_Metrics_1618", Filter: &match{"zone", "b"}, By: []string{"host"}},
			canonical: "avg:Load_Metrics_1618{zone:b} by {host}",
		},
		{
			in: "sum:trace.http.request.hits{env:prod} by {resource_name, service}.as_count().rollup(sum,60).fill(zero)",
			want: &query{
				Aggregator: "sum", Metric: "trace.http.request.hits", Filter: &match{"env", "prod"},
				By:        []string{"resource_name", "service"},
				Modifiers: mods{{Name: "as_count"}, {Name: "rollup", Args: []string{"sum", "60"}}, {Name: "fill", Args: []string{"zero"}}},
			},
			canonical: "sum:trace.http.request.hits{env:prod} by {resource_name,service}.as_count().rollup(sum, 60).fill(zero)",
		},
		{
			in:   "avg:a.b{*}.rollup(sum, 'monthly', \"Asia/Tokyo\")",
			want: &query{Aggregator: "avg", Metric: "a.b", Filter: all{}, Modifiers: mods{{Name: "rollup", Args: []string{"sum", "'monthly'", `"Asia/Tokyo"`}}}},
		},
		{in: "p95:trace.http.request{*}", want: &query{Aggregator: "p95", Metric: "trace.http.request", Filter: all{}}},
		{in: "p99.9:trace.http.request{*}", want: &query{Aggregator: "p99.9", Metric: "trace.http.request", Filter: all{}}},
		{
			in: "count(v: v<=3):trace.http.request{*}.as_count()",
			want: &query{
				Aggregator: "count", Threshold: &metricquery.Threshold{Comparator: "<=", Value: 3},
				Metric: "trace.http.request", Filter: all{}, Modifiers: asCount,
			},
		},
		{
			in:        "count( v :v > -0.25 ) : a.b{*}",
			want:      &query{Aggregator: "count", Threshold: &metricquery.Threshold{Comparator: ">", Value: -0.25}, Metric: "a.b", Filter: all{}},
			canonical: "count(v: v>-0.25):a.b{*}",
		},
		{in: "count:a.b{*}", want: &query{Aggregator: "count", Metric: "a.b", Filter: all{}}},
		{in: "count(a)", want: &call{Name: "count", Args: []metricquery.Expr{ref("a")}}},
		{in: "query1", want: ref("query1")},
		{in: "1.50", want: number(1.5), canonical: "1.5"},
		{in: "-1e3", want: number(-1000), canonical: "-1000"},
		{in: "2e-12", want: number(2e-12), canonical: "2e-12"},
		{in: "a + b * c", want: &binary{'+', ref("a"), &binary{'*', ref("b"), ref("c")}}},
		{in: "(a+b)*c", want: &binary{'*', &binary{'+', ref("a"), ref("b")}, ref("c")}, canonical: "(a + b) * c"},
		{in: "a-b-c", want: &binary{'-', &binary{'-', ref("a"), ref("b")}, ref("c")}, canonical: "a - b - c"},
		{in: "a-(b-c)", want: &binary{'-', ref("a"), &binary{'-', ref("b"), ref("c")}}, canonical: "a - (b - c)"},
		{in: "a/b/c", want: &binary{'/', &binary{'/', ref("a"), ref("b")}, ref("c")}, canonical: "a / b / c"},
		{in: "-a", want: &binary{'*', number(-1), ref("a")}, canonical: "-1 * a"},
		{in: "2--3", want: &binary{'-', number(2), number(-3)}, canonical: "2 - -3"},
		{in: "((a))", want: ref("a"), canonical: "a"},
		{in: "default_zero(a)", want: &call{Name: "default_zero", Args: []metricquery.Expr{ref("a")}}},
		{in: "cutoff_min(a, 5)", want: &call{Name: "cutoff_min", Args: []metricquery.Expr{ref("a"), number(5)}}},
		{
			in:   "top(avg:a.b{*} by {host}, 10, 'mean', \"desc\")",
			want: &call{Name: "top", Args: []metricquery.Expr{&query{Aggregator: "avg", Metric: "a.b", Filter: all{}, By: []string{"host"}}, number(10), ref("'mean'"), ref(`"desc"`)}},
		},
		{
			in:        "default_zero(sum:shop.hits{*}.as_count())-default_zero(sum:shop.hits{*}.as_count())",
			want:      &binary{'-', &call{"default_zero", []metricquery.Expr{hits}}, &call{"default_zero", []metricquery.Expr{hits}}},
			canonical: "default_zero(sum:shop.hits{*}.as_count()) - default_zero(sum:shop.hits{*}.as_count())",
		},
	} {
		got := mustParse(t, tc.in)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tc.in, diff)
		}
		want := tc.canonical
		if want == "" {
			want = tc.in
		}
		if got.String() != want {
			t.Errorf("Parse(%q).String() = %q, want %q", tc.in, got, want)
		}
	}
}

func TestParseFilters(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in        string
		want      filter
		canonical string // the text itself where empty
	}{
		{in: "*", want: all{}},
		{in: "env:prod", want: &match{"env", "prod"}},
		{in: "env:prod,service:auth", want: &and{[]filter{&match{"env", "prod"}, &match{"service", "auth"}}}},
		{in: "env:prod , !code:3xx", want: &and{[]filter{&match{"env", "prod"}, &not{&match{"code", "3xx"}}}}, canonical: "env:prod,!code:3xx"},
		{in: "!code:3xx", want: &not{&match{"code", "3xx"}}},
		{in: "NOT code:3xx", want: &not{&match{"code", "3xx"}}, canonical: "!code:3xx"},
		{in: "env:prod and service:auth", want: &and{[]filter{&match{"env", "prod"}, &match{"service", "auth"}}}, canonical: "env:prod,service:auth"},
		{in: "a:1 OR b:2 AND c:3", want: &or{[]filter{&match{"a", "1"}, &and{[]filter{&match{"b", "2"}, &match{"c", "3"}}}}}, canonical: "a:1 OR (b:2 AND c:3)"},
		{in: "env:prod AND (service:auth OR service:sso)", want: &and{[]filter{&match{"env", "prod"}, &or{[]filter{&match{"service", "auth"}, &match{"service", "sso"}}}}}},
		{in: "(a:1 OR b:2),!c:3", want: &and{[]filter{&or{[]filter{&match{"a", "1"}, &match{"b", "2"}}}, &not{&match{"c", "3"}}}}, canonical: "(a:1 OR b:2) AND NOT c:3"},
		{in: "env:prod AND !code:4*", want: &and{[]filter{&match{"env", "prod"}, &not{&match{"code", "4*"}}}}, canonical: "env:prod,!code:4*"},
		{in: "NOT (a:1 OR b:2)", want: &not{&or{[]filter{&match{"a", "1"}, &match{"b", "2"}}}}},
		{in: "a:1 AND (b:2 AND (c:3))", want: &and{[]filter{&match{"a", "1"}, &match{"b", "2"}, &match{"c", "3"}}}, canonical: "a:1,b:2,c:3"},
		{in: "zone IN (a, b)", want: &in{"zone", []string{"a", "b"}}, canonical: "zone IN (a,b)"},
		{in: "env:x AND zone not in (a,b)", want: &and{[]filter{&match{"env", "x"}, &not{&in{"zone", []string{"a", "b"}}}}}, canonical: "env:x AND zone NOT IN (a,b)"},
		{in: "pod_name: web-*", want: &match{"pod_name", "web-*"}, canonical: "pod_name:web-*"},
		{in: "!device:/dev/loop*", want: &not{&match{"device", "/dev/loop*"}}},
		{in: "version:*", want: &match{"version", "*"}},
		{in: "production", want: &match{"", "production"}},
		{in: "production,!canary", want: &and{[]filter{&match{"", "production"}, &not{&match{"", "canary"}}}}},
		{in: "resource_name:get_/users/_id", want: &match{"resource_name", "get_/users/_id"}},
		{in: "resource_name:get /users/{id},env:prod", want: &and{[]filter{&match{"resource_name", "get /users/{id}"}, &match{"env", "prod"}}}},
		{in: "resource_name:find(a, b) OR x:y", want: &or{[]filter{&match{"resource_name", "find(a, b)"}, &match{"x", "y"}}}},
		{in: `name:"a, b: \"c\" and }"`, want: &match{"name", `a, b: "c" and }`}},
		{in: `name:'plain'`, want: &match{"name", "plain"}, canonical: "name:plain"},
		{in: "url:http://x.example:80/a@b$c-d", want: &match{"url", "http://x.example:80/a@b$c-d"}},
		{in: "team:決済", want: &match{"team", "決済"}},
		{in: "in.flight:yes,order:and", want: &and{[]filter{&match{"in.flight", "yes"}, &match{"order", "and"}}}},
		{in: "@http.status_code:200", want: &match{"@http.status_code", "200"}},
	} {
		s := "sum:m{" + tc.in + "}"
		q, ok := mustParse(t, s).(*query)
		if !ok {
			t.Fatalf("Parse(%q) is no query", s)
		}
		if diff := cmp.Diff(tc.want, q.Filter); diff != "" {
			t.Errorf("filter of %q (-want +got):\n%s", s, diff)
		}
		want := tc.canonical
		if want == "" {
			want = tc.in
		}
		if got := q.Filter.String(); got != want {
			t.Errorf("filter of %q prints as %q, want %q", s, got, want)
		}
	}
}

func TestParseErrorsNamePlaceAndRemedy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in     string
		offset int
		says   string
	}{
		{"", 0, "expected a query, a number or (, found the end"},
		{"   ", 3, "found the end"},
		{"sum:a.b", 7, "expected { behind the metric, such as a.b{*}"},
		{"a.b", 3, "expected { behind the metric"},
		{"sum:a.b{", 8, "expected a tag, such as env:prod, found the end"},
		{"sum:a.b{env:prod", 16, "expected a comma, AND, OR or } behind the tag"},
		{"sum:a.b{env:}", 12, "expected a value for the tag env"},
		{"sum:a.b{env:prod service:x}", 17, `expected a comma, AND, OR or } behind the tag, found "service"`},
		{"sum:a.b{a:1, b:2 OR c:3}", 17, "write AND instead of the commas"},
		{"sum:a.b{a:1 OR b:2, c:3}", 18, "write AND instead of the commas"},
		{"sum:a.b{a:1,}", 12, "expected a tag"},
		{"sum:a.b{AND a:1}", 8, `expected a tag, such as env:prod, found "AND"`},
		{"sum:a.b{(a:1}", 12, "expected AND, OR or )"},
		{"sum:a.b{a NOT b:1}", 14, "expected IN"},
		{"sum:a.b{a IN b}", 13, "expected ( behind IN"},
		{"sum:a.b{a IN (b}", 15, "expected a comma or )"},
		{"sum:a.b{a IN ()}", 14, "expected a value for the tag a"},
		{`sum:a.b{a:"b}`, 10, `has no closing "`},
		{"sum:a.b{a:f(b}", 10, "brackets in this value of the tag a do not match"},
		{"sum:a.b{$env}", 8, "$env is a dashboard's template variable"},
		{"sum:a.b{env:$env.value}", 12, "$env.value is a dashboard's template variable"},
		{"sum:$metric{*}", 4, "$metric is a dashboard's template variable"},
		{"sum:a.b{*} by {$host}", 15, "$host is a dashboard's template variable"},
		{"sum:a.b{*} by {}", 15, "expected a tag key"},
		{"sum:a.b{*} by host", 14, "expected { behind by"},
		{"sum:a.b{*} by {a b}", 17, "expected a comma or }"},
		{"sum:a.b{*}.as_count", 19, "expected ( behind .as_count"},
		{"sum:a.b{*}.rollup(sum,)", 22, "expected an argument"},
		{"sum:a.b{*}.", 11, "expected a modifier"},
		{"sum:a.{*}", 4, `"a." is no metric name`},
		{"sum:a..b{*}", 4, `"a..b" is no metric name`},
		{"total:a.b{*}", 0, `expected an aggregator (avg, sum, min, max, count, p95 …) before the colon, found "total"`},
		{"p100:a.b{*}", 0, "expected an aggregator"},
		{"count(v: w<3):a.b{*}", 9, "expected v, as in count(v: v<=3)"},
		{"count(v: v=3):a.b{*}", 10, "expected <, <=, > or >="},
		{"count(v: v<x):a.b{*}", 11, "expected a number"},
		{"count(v: v<3)a.b{*}", 13, "expected a colon and the metric"},
		{"a +", 3, "expected a query, a number or ("},
		{"a b", 2, `expected an operator (+ - * /) or the end, found "b"`},
		{"(a", 2, "the ) for the ( at byte 0"},
		{"a)", 1, "expected an operator"},
		{"f(a", 3, "the ) of f("},
		{"f()", 2, "expected a query"},
		{"3x", 0, `expected a number or a query, found "3x"`},
		{"1e999", 0, "expected a number"},
		{"a, b", 1, "found a list"},
		{"sum:a.b{a:\x00}", 10, "control character U+0000"},
		{"sum:a.b{a:\xff}", 10, "not valid UTF-8"},
		{strings.Repeat("(", 200) + "a", 100, "nested more than 100 levels deep"},
		{strings.Repeat("-", 200) + "a", 101, "nested more than 100 levels deep"},
		{"sum:a.b{" + strings.Repeat("!", 200) + "a}", 109, "nested more than 100 levels deep"},
		{strings.Repeat("a+", 40_000) + "a", 64 << 10, "longer than 65536 bytes"},
	} {
		e, err := metricquery.Parse(tc.in)
		var syntax *metricquery.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%.60q) = %v, %v, want a *SyntaxError", tc.in, e, err)
			continue
		}
		if syntax.Offset != tc.offset || !strings.Contains(syntax.Message, tc.says) {
			t.Errorf("Parse(%.60q): byte %d: %s\nwant byte %d: …%s…", tc.in, syntax.Offset, syntax.Message, tc.offset, tc.says)
		}
		if len(err.Error()) > 1000 {
			t.Errorf("Parse(%.60q): the message has %d bytes", tc.in, len(err.Error()))
		}
	}
}

func TestParseList(t *testing.T) {
	t.Parallel()
	got, err := metricquery.ParseList("sum:a.b{x:1,y:2}.rollup(sum, 60), top(c, 5) , d/2")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range got {
		texts = append(texts, e.String())
	}
	want := []string{"sum:a.b{x:1,y:2}.rollup(sum, 60)", "top(c, 5)", "d / 2"}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "a,", ",a", "a,,b", "a b"} {
		if got, err := metricquery.ParseList(bad); err == nil {
			t.Errorf("ParseList(%q) = %v, want an error", bad, got)
		}
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	var got []string
	for _, q := range metricquery.Queries(mustParse(t, "a + abs(sum:x{*} - sum:y{*}) * 2 / sum:x{*}")) {
		got = append(got, q.Metric)
	}
	if diff := cmp.Diff([]string{"x", "y", "x"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithModifier(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in, name string
		args     []string
		want     string
	}{
		{"sum:a{*}", "as_count", nil, "sum:a{*}.as_count()"},
		{"sum:a{*}.as_count()", "as_count", nil, "sum:a{*}.as_count()"},
		{"sum:a{*}.fill(zero)", "as_count", nil, "sum:a{*}.as_count().fill(zero)"},
		{"sum:a{*} by {x}.as_count()", "rollup", []string{"sum", "300"}, "sum:a{*} by {x}.as_count().rollup(sum, 300)"},
		{"sum:a{*}.rollup(sum, 60).fill(zero)", "rollup", []string{"sum", "300"}, "sum:a{*}.rollup(sum, 300).fill(zero)"},
		{"count(v: v<3):a{*}", "as_count", nil, "count(v: v<3):a{*}.as_count()"},
	} {
		q := mustParse(t, tc.in).(*query)
		got := q.WithModifier(tc.name, tc.args...)
		if got.String() != tc.want {
			t.Errorf("%s with %s = %s, want %s", tc.in, tc.name, got, tc.want)
		}
		if !got.Has(tc.name) {
			t.Errorf("%s: Has(%q) is false", got, tc.name)
		}
		if q.String() != tc.in {
			t.Errorf("WithModifier changed its receiver: %s, was %s", q, tc.in)
		}
	}
}

// The product's promise for very long queries is an answer, not speed.
func TestLongChainDoesNotExhaustTheStack(t *testing.T) {
	t.Parallel()
	s := strings.TrimSuffix(strings.Repeat("a+", 30_000), "+")
	e := mustParse(t, s)
	if got, want := e.String(), strings.ReplaceAll(s, "+", " + "); got != want {
		t.Errorf("printed %d bytes, want %d", len(got), len(want))
	}
	terms, err := metricquery.Linear(e)
	if err != nil || len(terms) != 1 || terms[0].Weight != 30_000 {
		t.Errorf("Linear = %v, %v", terms, err)
	}
}
