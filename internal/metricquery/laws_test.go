package metricquery_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/metricquery"
)

// Generators of trees as Parse builds them: brackets that change nothing leave
// no trace, a minus before a number belongs to the number.

func genName() *rapid.Generator[string] {
	return rapid.StringMatching(`[a-z][a-z0-9_]{0,3}`)
}

// Keys that look like keywords are fine, as are values that need quotes.
func genKey() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"env", "in", "not", "and", "@http.code", "a-b"}), genName())
}

func genValue() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"prod", "4*", "*", "get_/a/{b}", "f(x, y)", "f(", "}", "a b", "a  or b", "and", "", " ", `"`, `\`, "$x", "a $x", "!", "http://x:1", "a b:c", "決済", "('"}),
		rapid.StringMatching(`[a-z {}()",:!*$\\']{0,6}`),
	)
}

func genFilter(depth int) *rapid.Generator[filter] {
	return rapid.Custom(func(t *rapid.T) filter {
		kinds := 4
		if depth > 0 {
			kinds = 7
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return all{}
		case 1:
			return &match{genKey().Draw(t, "key"), genValue().Draw(t, "value")}
		case 2:
			return &match{"", genValue().Draw(t, "bare")}
		case 3:
			// A keyword cannot be the key of IN, as it can before a colon.
			return &in{"k" + genName().Draw(t, "key"), rapid.SliceOfN(genValue(), 1, 3).Draw(t, "values")}
		case 4:
			return &not{genFilter(depth-1).Draw(t, "not")}
		case 5:
			parts := rapid.SliceOfN(genFilter(depth-1), 2, 3).Draw(t, "and")
			for i, p := range parts {
				if _, nested := p.(*and); nested {
					parts[i] = &not{p}
				}
			}
			return &and{parts}
		}
		parts := rapid.SliceOfN(genFilter(depth-1), 2, 3).Draw(t, "or")
		for i, p := range parts {
			if _, nested := p.(*or); nested {
				parts[i] = &not{p}
			}
		}
		return &or{parts}
	})
}

func genQuery() *rapid.Generator[*query] {
	return rapid.Custom(func(t *rapid.T) *query {
		q := &query{
			Aggregator: rapid.SampledFrom([]string{"", "sum", "avg", "count", "p95", "p99.9"}).Draw(t, "aggregator"),
			Metric:     rapid.StringMatching(`[A-Za-z][a-z0-9_]{0,2}(\.[a-z0-9_]{1,3}){0,2}`).Draw(t, "metric"),
			Filter:     genFilter(2).Draw(t, "filter"),
		}
		if q.Aggregator == "count" && rapid.Bool().Draw(t, "with threshold") {
			q.Threshold = &metricquery.Threshold{
				Comparator: rapid.SampledFrom([]string{"<", "<=", ">", ">="}).Draw(t, "comparator"),
				Value:      rapid.Float64().Draw(t, "threshold"),
			}
		}
		if rapid.Bool().Draw(t, "grouped") {
			q.By = rapid.SliceOfN(genKey(), 1, 3).Draw(t, "by")
		}
		if rapid.Bool().Draw(t, "counted") {
			q.Modifiers = append(q.Modifiers, metricquery.Modifier{Name: "as_count"})
		}
		if rapid.Bool().Draw(t, "rolled up") {
			q.Modifiers = append(q.Modifiers, metricquery.Modifier{Name: "rollup", Args: rapid.SliceOfN(rapid.SampledFrom([]string{"sum", "60", "-1.5", "'a, b'", `"\""`}), 1, 3).Draw(t, "args")})
		}
		return q
	})
}

func genExpr(depth int, functions []string) *rapid.Generator[metricquery.Expr] {
	return rapid.Custom(func(t *rapid.T) metricquery.Expr {
		kinds := 3
		if depth > 0 {
			kinds = 6
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return number(rapid.OneOf(rapid.SampledFrom([]float64{0, 1, -1, 2, 0.5, 100, math.Copysign(0, -1)}), rapid.Float64()).Draw(t, "number"))
		case 1:
			return ref(genName().Draw(t, "ref"))
		case 2:
			return genQuery().Draw(t, "query")
		case 3:
			return &call{rapid.SampledFrom(functions).Draw(t, "function"), rapid.SliceOfN(genExpr(depth-1, functions), 1, 2).Draw(t, "args")}
		}
		return &binary{
			rapid.SampledFrom([]byte("+-*/")).Draw(t, "operator"),
			genExpr(depth-1, functions).Draw(t, "left"), genExpr(depth-1, functions).Draw(t, "right"),
		}
	})
}

func TestLawParseAfterPrintIsIdentity(t *testing.T) {
	t.Parallel()
	exact := cmp.Comparer(func(a, b number) bool { return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) })
	rapid.Check(t, func(t *rapid.T) {
		want := genExpr(3, []string{"abs", "default_zero", "count", "ewma_5"}).Draw(t, "expression")
		text := want.String()
		got, err := metricquery.Parse(text)
		if err != nil {
			t.Fatalf("Parse of the printed %q: %v", text, err)
		}
		if diff := cmp.Diff(want, got, exact); diff != "" {
			t.Fatalf("Parse(%q) (-printed +parsed):\n%s", text, diff)
		}
	})
}

// Datadog refuses filters that mix ! and , with AND, OR, NOT and IN.
func TestLawCanonicalFilterNeverMixesNotations(t *testing.T) {
	t.Parallel()
	plain := rapid.Custom(func(t *rapid.T) filter {
		var build func(depth int) filter
		build = func(depth int) filter {
			switch rapid.IntRange(0, 3+min(depth, 1)*3).Draw(t, "kind") {
			case 0, 1:
				return &match{genName().Draw(t, "key"), "v"}
			case 2:
				return &not{&match{genName().Draw(t, "key"), "v"}}
			case 3:
				return &in{"k" + genName().Draw(t, "key"), []string{"v"}}
			case 4:
				return &not{build(depth - 1)}
			case 5:
				return &and{[]filter{build(depth - 1), build(depth - 1)}}
			}
			return &or{[]filter{build(depth - 1), build(depth - 1)}}
		}
		return build(3)
	})
	rapid.Check(t, func(t *rapid.T) {
		text := plain.Draw(t, "filter").String()
		words := strings.Contains(text, " ")
		if words && strings.ContainsAny(text, "!,") {
			t.Fatalf("%q mixes both notations", text)
		}
	})
}

func TestLawPrintedFilterMatchesTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := genFilter(3).Draw(t, "filter")
		back, err := metricquery.Parse("m{" + f.String() + "}")
		if err != nil {
			t.Fatal(err)
		}
		tags := rapid.SliceOf(rapid.Custom(func(t *rapid.T) string {
			return genKey().Draw(t, "key") + ":" + genValue().Draw(t, "value")
		})).Draw(t, "tags")
		if got, want := back.(*query).Filter.Match(tags), f.Match(tags); got != want {
			t.Fatalf("{%s} on %q: %v, want %v", f, tags, got, want)
		}
	})
}

// evaluate is the meaning of an expression where every leaf has a value. It
// shares nothing with Linear.
func evaluate(e metricquery.Expr, leaf func(string) float64) float64 {
	switch e := e.(type) {
	case number:
		return float64(e)
	case *call:
		return evaluate(e.Args[0], leaf)
	case *binary:
		l, r := evaluate(e.L, leaf), evaluate(e.R, leaf)
		switch e.Op {
		case '+':
			return l + r
		case '-':
			return l - r
		case '*':
			return l * r
		}
		return l / r
	}
	return leaf(e.String())
}

func TestLawLinearEvaluatesLikeTheTree(t *testing.T) {
	t.Parallel()
	constants := rapid.SampledFrom([]float64{1, 2, -3, 0.5, 4, 0.25, -1})
	leaves := []metricquery.Expr{ref("a"), ref("b"), &query{Aggregator: "sum", Metric: "c", Filter: all{}}}
	var gen func(t *rapid.T, depth int) metricquery.Expr
	gen = func(t *rapid.T, depth int) metricquery.Expr {
		if depth == 0 {
			return rapid.SampledFrom(leaves).Draw(t, "leaf")
		}
		x := gen(t, depth-1)
		switch rapid.IntRange(0, 6).Draw(t, "step") {
		case 0:
			return &binary{'+', x, gen(t, depth-1)}
		case 1:
			return &binary{'-', x, gen(t, depth-1)}
		case 2:
			return &binary{'*', x, number(constants.Draw(t, "factor"))}
		case 3:
			return &binary{'*', number(constants.Draw(t, "factor")), x}
		case 4:
			return &binary{'/', x, &binary{'*', number(constants.Draw(t, "p")), number(constants.Draw(t, "q"))}}
		case 5:
			return &call{"default_zero", []metricquery.Expr{x}}
		}
		return x
	}
	rapid.Check(t, func(t *rapid.T) {
		e := gen(t, rapid.IntRange(0, 5).Draw(t, "depth"))
		terms, err := metricquery.Linear(e)
		if err != nil {
			t.Fatalf("Linear(%s): %v", e, err)
		}
		values := map[string]float64{}
		leaf := func(name string) float64 {
			if _, known := values[name]; !known {
				values[name] = float64(rapid.IntRange(0, 1000).Draw(t, name))
			}
			return values[name]
		}
		want := evaluate(e, leaf)
		var got float64
		seen := map[string]bool{}
		for _, term := range terms {
			name := term.Of.String()
			if seen[name] || term.Weight == 0 {
				t.Fatalf("Linear(%s) = %v: a repeated or empty term", e, terms)
			}
			seen[name] = true
			got += term.Weight * leaf(name)
		}
		if math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Fatalf("Linear(%s) = %v gives %v, the tree %v", e, terms, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"sum:httpservice.hits{code:2xx}.as_count()",
		"sum:httpservice.hits{!code:3xx}.as_count()",
		"default_zero(sum:httpservice.hits{!code:3xx}.as_count()) - default_zero(sum:httpservice.hits{code:2xx}.as_count())",
		"(sum:httpservice.errors{*}.as_count()) + (sum:httpservice.errors{*}.as_count())",
		"sum:my.custom.metric{type:good,!type:ignored}.as_count()",
		"avg:aws.ec2.cpu{environment:foo,host:foo}",
		"avg:Test_TestMetrics_1618221195{bar:baz}by{host}",
		"trace.servlet.request{env:prod}",
		"system.cpu.idle{*}",
		"sum:trace.grpc.server.hits{service:x}",
		"(query1-query2)/query1",
		"sum:trace.web.duration{}.rollup(sum).fill(zero) / sum:trace.web.hits{}.rollup(sum).fill(zero)",
		"count(v: v<=3):trace.http.request{env:prod AND (service:auth OR service:sso)}.as_count()",
		"p95:trace.http.request{resource_name:get_/users/_id,!env:dev} by {resource_name}.rollup(300)",
		`top(avg:a.b{name:"x, \"y\"" OR zone NOT IN (a,b*)} by {host}, 10, 'mean', 'desc') * -1.5e3`,
		"sum:a.b{$env}, c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := metricquery.ParseList(s)
		if err != nil {
			if list != nil {
				t.Fatalf("ParseList(%q) returned both %v and %v", s, list, err)
			}
			return
		}
		for _, e := range list {
			text := e.String()
			back, err := metricquery.Parse(text)
			if err != nil {
				t.Fatalf("%q printed as %q, which does not parse: %v", s, text, err)
			}
			if again := back.String(); again != text {
				t.Fatalf("%q printed as %q, then as %q", s, text, again)
			}
			if _, err := metricquery.Linear(e); err != nil && err.Error() == "" {
				t.Fatalf("Linear(%q): an empty message", text)
			}
		}
	})
}
