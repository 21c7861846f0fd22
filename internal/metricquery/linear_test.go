package metricquery_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/metricquery"
)

func TestLinear(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		terms, err := metricquery.Linear(mustParse(t, in))
		if err != nil {
			t.Errorf("Linear(%q): %v", in, err)
			return
		}
		var texts []string
		for _, term := range terms {
			texts = append(texts, fmt.Sprintf("%v×%s", term.Weight, term.Of))
		}
		if got := strings.Join(texts, " "); got != want {
			t.Errorf("Linear(%q) = %s, want %s", in, got, want)
		}
	}
	f("a", "1×a")
	f("sum:x{a:1 AND b:2}.as_count()", "1×sum:x{a:1,b:2}.as_count()")
	f("a + b - c", "1×a 1×b -1×c")
	f("a - (b - c)", "1×a -1×b 1×c")
	f("-(a - b)", "-1×a 1×b")
	f("2 * a / 4", "0.5×a")
	f("(a + b) * (3 - 1)", "2×a 2×b")
	f("a / (2 * 2) + 0", "0.25×a")
	f("default_zero(a) + default_zero(default_zero(b) - c)", "1×a 1×b -1×c")
	f("a + b + a", "2×a 1×b")
	f("a + b - a", "1×b")
	f("a - a", "")
	f("0 * a", "")
	f("sum:x{k:v} + sum:x{ k:v }", "2×sum:x{k:v}")
	f("sum:x{*} + sum:x{*}.as_count()", "1×sum:x{*} 1×sum:x{*}.as_count()")
}

func TestLinearRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, part, reason string }{
		{"1 + a*b", "a * b", "product"},
		{"c - 100 * (a / b)", "a / b", "quotient"},
		{"1 / a", "1 / a", "quotient"},
		{"a / (1 - 1)", "a / (1 - 1)", "division by zero"},
		{"a + 1", "a + 1", "constant"},
		{"100", "100", "constant"},
		{"abs(a) + b", "abs(a)", "function abs"},
		{"a - cutoff_min(b, 5)", "cutoff_min(b, 5)", "function cutoff_min"},
		{"default_zero(a, b)", "default_zero(a, b)", "function default_zero"},
		{"a * 1e300 * 1e300", "a * " + number(1e300).String() + " * " + number(1e300).String(), "too large"},
	} {
		terms, err := metricquery.Linear(mustParse(t, tc.in))
		var linear *metricquery.LinearError
		if !errors.As(err, &linear) {
			t.Errorf("Linear(%q) = %v, %v, want a *LinearError", tc.in, terms, err)
			continue
		}
		if linear.Part != tc.part || !strings.Contains(linear.Reason, tc.reason) {
			t.Errorf("Linear(%q): %s: %s\nwant %s: …%s…", tc.in, linear.Part, linear.Reason, tc.part, tc.reason)
		}
	}
}
