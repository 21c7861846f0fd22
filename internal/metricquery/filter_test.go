package metricquery_test

import (
	"strings"
	"testing"
)

func TestFilterMatch(t *testing.T) {
	t.Parallel()
	f := func(filterText, tagText string, want bool) {
		t.Helper()
		q := mustParse(t, "sum:m{"+filterText+"}").(*query)
		tags := strings.Fields(tagText)
		if got := q.Filter.Match(tags); got != want {
			t.Errorf("{%s} matches %q: %v, want %v", filterText, tags, got, want)
		}
	}
	f("*", "", true)
	f("!*", "env:prod", false)
	f("env:prod", "env:prod service:auth", true)
	f("env:prod", "env:production", false)
	f("env:prod", "myenv:prod", false)
	f("env:prod", "", false)
	f("ENV:Prod", "env:prod", true)
	f("env:prod", "Env:PROD", true)
	f("env:prod,service:auth", "env:prod service:auth", true)
	f("env:prod,service:auth", "env:prod service:sso", false)
	// The same key twice asks for both values, which only a multi-valued key has.
	f("team:a,team:b", "team:a", false)
	f("team:a,team:b", "team:a team:b", true)
	// A negation also selects series without the tag.
	f("!code:3xx", "code:2xx", true)
	f("!code:3xx", "code:3xx", false)
	f("!code:3xx", "env:prod", true)
	f("!a:1,!a:2", "a:2", false)
	f("!a:1,!a:2", "a:3", true)
	f("NOT (a:1 OR b:2)", "b:2", false)
	f("NOT (a:1 OR b:2)", "a:2 b:1", true)
	f("a:1 OR b:2 AND c:3", "a:1", true)
	f("a:1 OR b:2 AND c:3", "b:2", false)
	f("(a:1 OR b:2) AND c:3", "a:1", false)
	f("zone IN (a,b*)", "zone:bcd", true)
	f("zone IN (a,b)", "zone:c", false)
	f("zone NOT IN (a,b)", "zone:c", true)
	f("zone NOT IN (a,b)", "", true)
	f("zone NOT IN (a,b)", "zone:a", false)
	f("host:web-*", "host:web-1", true)
	f("host:web-*", "host:web-", true)
	f("host:web-*", "host:dbweb-1", false)
	f("host:*-canary", "host:web-canary", true)
	f("host:*-canary", "host:web-canary-2", false)
	f("host:*east*", "host:us-east-1", true)
	f("host:a*b*c", "host:a-b-b-c", true)
	f("host:a*b*c", "host:a-c-b", false)
	f("version:*", "version:1", true)
	f("version:*", "env:prod", false)
	f("!version:*", "env:prod", true)
	f("production", "production", true)
	f("production", "env:production", false)
	f("prod*", "production", true)
	f("url:http://x:80", "url:http://x:80", true)
	f("team:決済", "team:決済", true)
	f("team:Ä*", "team:ärger", true)
}
