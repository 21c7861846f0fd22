package tagquery_test

import (
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/tagquery"
)

func TestMatches(t *testing.T) {
	t.Parallel()
	// One SLO with several tags of one key, a value with a colon, bare tags.
	tags := []string{"env:Prod", "team:payments", "team:core", "service:checkout-api", "runbook:https://wiki/x", "tier1", "star:a*b", "city:münchen", "empty:", ":odd"}
	for _, tc := range []struct {
		query string
		want  bool
	}{
		{"env:prod", true},
		{"ENV:PROD", true},
		{"  env:prod\t", true},
		{"env:staging", false},
		{"en:prod", false},
		{"prod", false},
		{"prod:env", false},
		{"service:checkout", false},
		{"service:checkout-api", true},
		{"city:MÜNCHEN", true},
		{"tier1", true},
		{"TIER1", true},
		{"tier1:x", false},
		{"odd", false},
		{"env", false},

		{"env:prod service:checkout-api", true},
		{"env:prod service:cart", false},
		{"env:prod AND team:core AND tier1", true},
		{"env:prod AND team:web", false},
		{"team:payments team:core", true},
		{"env:staging OR team:core", true},
		{"env:staging OR team:web", false},
		{"team:web OR env:prod AND tier1", true},
		{"env:prod OR tier1 AND team:web", true}, // AND first: left to right would be false
		{"env:prod OR tier1 team:web", true},
		{"(env:prod OR tier1) AND team:web", false},
		{"tier1 (env:staging OR (team:core AND env:prod))", true},

		{"-env:prod", false},
		{"-env:staging", true},
		{"NOT env:staging", true},
		{"NOT NOT env:prod", true},
		{"NOT -env:prod", true},
		{"-(env:staging OR team:web)", true},
		{"-(env:staging OR team:core)", false},
		{"-team:core", false}, // also has another team
		{"-region:eu", true},
		{"env:prod -team:web", true},
		{"env:prod AND NOT tier1", false},
		{"-tier1 OR env:prod", true}, // NOT reaches only what follows it

		{"team:(web OR core)", true},
		{"team:(web OR mobile)", false},
		{"team:(payments AND core)", true},
		{"team:(payments core)", true},
		{"team:(payments -core)", false},
		{"team:(NOT web)", true},
		{"team:( (web OR core) -mobile )", true},
		{"-team:(web OR core)", false},
		{`team:("core" OR w*)`, true},
		{"team:(tier1)", false},

		{"*", true},
		{"-*", false},
		{"env:*", true},
		{"region:*", false},
		{"-region:*", true},
		{"empty:*", true},
		{"service:check*", true},
		{"service:*api", true},
		{"service:*out*", true},
		{"service:c*k*-*i", true},
		{"service:*cart*", false},
		{"env:pro?", true},
		{"env:prod?", false},
		{"city:m?nchen", true}, // a character, not a byte
		{"tier?", true},
		{"env*", false}, // a bare word selects bare tags
		{"env:**", true},

		{`team:"core"`, true},
		{`team:"CORE"`, true},
		{`runbook:"https://wiki/x"`, true},
		{`runbook:"https://wiki/?"`, false}, // no wildcards in quotes
		{`star:"a*b"`, true},
		{`team:"c*"`, false},
		{`"tier1"`, true},
		{`team:"core" AND "tier1"`, true},
	} {
		q, err := tagquery.Parse(tc.query)
		if err != nil {
			t.Errorf("Parse(%q): %v", tc.query, err)
			continue
		}
		if got := q.Matches(tags); got != tc.want {
			t.Errorf("%q: %v, want %v", tc.query, got, tc.want)
		}
	}
}

// Whoever needs to be sure asks Datadog about these.
func TestFreeText(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"checkout": true, "env:prod checkout": true, "-(env:prod OR *check*)": true, `"tier1"`: true,
		"env:prod": false, "*": false, "env:(a OR b) -team:c*": false,
	} {
		q, err := tagquery.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.FreeText(); got != want {
			t.Errorf("%q has free text: %v, want %v", query, got, want)
		}
	}
	if (tagquery.Query{}).FreeText() {
		t.Error("no query has free text")
	}
}

func TestNothingToMatch(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{"env:prod": false, "-env:prod": true, "*": true, "env:*": false, "tier*": false, "?": false} {
		q, err := tagquery.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Matches(nil); got != want {
			t.Errorf("%q on no tags: %v, want %v", query, got, want)
		}
	}
	if (tagquery.Query{}).Matches([]string{"env:prod"}) {
		t.Error("the zero query selects something")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ query, want string }{
		{"", "the query is empty"},
		{" \n", "the query is empty"},
		{"env:", "expected a term, found the end"},
		{"env: prod", "' ' is not supported here"},
		{"env :prod", `expected a term, found ':'`},
		{":prod", `expected a term, found ':'`},
		{"env:prod AND", "found the end"},
		{"env:prod OR", "found the end"},
		{"AND env:prod", "found AND"},
		{"env:prod OR OR tier1", "found OR"},
		{"NOT", "found the end"},
		{"-", "right behind the minus sign"},
		{"- env:prod", "right behind the minus sign"},
		{"--env:prod", "right behind the minus sign"},
		{"env:-5", "'-' is not supported here"},
		{"env:prod and tier1", "operators are in capitals"},
		{"Not env:prod", "operators are in capitals"},
		{"env:prod && tier1", "'&' is not supported here"},
		{"env:prod || tier1", "'|' is not supported here"},
		{"!env:prod", "'!' is not supported here"},
		{"+env:prod", "'+' is not supported here"},
		{"env:prod, tier1", "',' is not supported here"},
		{"()", `expected a term, found ')'`},
		{"env:()", `expected a term, found ')'`},
		{"(env:prod", "at byte 0: the bracket is not closed"},
		{"env:(prod", "the bracket is not closed"},
		{"env:prod)", "a closing bracket without an opening one"},
		{"(env:prod)(tier1)", "expected a space"},
		{"env:(a team:b)", "a key within the brackets of the key env"},
		{"env:a:b", "a second colon"},
		{`env:"a":b`, "a second colon"},
		{`env:"a"b`, "expected a space"},
		{`env:"a`, "the quotes are not closed"},
		{`env:""`, "nothing between the quotes"},
		{`env:"a\"b"`, "escaped characters are not supported"},
		{`env:a\ b`, `'\\' is not supported here`},
		{`"env:prod"`, "two ways"},
		{`"env":prod`, "quotes and wildcards in a key"},
		{"e*:prod", "quotes and wildcards in a key"},
		{"*:prod", "quotes and wildcards in a key"},
		{"@duration:5", "@duration is not the key of a tag"},
		{"tags:prod", "tags is not the key of a tag"},
		{"_exists_:env", "_exists_ is not the key of a tag"},
		{"latency:>5", "'>' is not supported here"},
		{"latency:<=5", "'<' is not supported here"},
		{"latency:[1 TO 5]", "'[' is not supported here"},
		{"env:prod~1", "'~' is not supported here"},
		{"env:{a TO b}", "'{' is not supported here"},
		{"env:$env", "'$' is not supported here"},
		{"env:'prod'", `'\'' is not supported here`},
		{"env:a\x00", `'\x00' is not supported here`},
		{"env:\"a\x00\"", "control characters"},
		{"env:\xff", "not valid UTF-8"},
		{strings.Repeat("(", 60) + "a" + strings.Repeat(")", 60), "nested more than 50 deep"},
		{strings.Repeat("NOT ", 60) + "a", "nested more than 50 deep"},
		{strings.Repeat("a ", 3000), "longer than 4096 bytes"},
	} {
		q, err := tagquery.Parse(tc.query)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), `tag query "`) {
			t.Errorf("Parse(%.60q): error %v, want one with %q", tc.query, err, tc.want)
		}
		if q.Matches([]string{"env:prod", "tier1"}) {
			t.Errorf("Parse(%.60q) gives a query beside its error", tc.query)
		}
	}
}

// Many wildcards against a long value stay quick: the product of both lengths.
func TestManyWildcards(t *testing.T) {
	t.Parallel()
	q, err := tagquery.Parse("env:" + strings.Repeat("*a", 1000) + "b")
	if err != nil {
		t.Fatal(err)
	}
	if q.Matches([]string{"env:" + strings.Repeat("a", 5000)}) {
		t.Error("matched without the b")
	}
}
