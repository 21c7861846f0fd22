package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/config"
)

// examples are the policies in the repository that people begin with.
func examples(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "examples", "policies", "*.yaml"))
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d examples, %v", len(paths), err)
	}
	return paths
}

// Each example can be used as it is at the present of the demo's world, is
// short, and says on top when to use it.
func TestExamplePolicies(t *testing.T) {
	t.Parallel()
	for _, path := range examples(t) {
		p := mustLoadPolicy(t, sources(t), path)
		for _, problem := range p.Problems(time.Date(2026, 11, 9, 9, 30, 0, 0, time.UTC)) {
			t.Errorf("%s: %s", problem.Place, problem.Message)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n"); lines > 30 || !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s: %d lines, begins with %.20q", path, lines, text)
		}
	}
}

// Between them the examples, and the default policy, show every key.
func TestExamplesShowEveryKey(t *testing.T) {
	t.Parallel()
	text := config.DefaultPolicyText()
	for _, path := range examples(t) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text += string(content)
	}
	for _, key := range []string{
		"calendars", "time_zone", "freezes", "from", "to", "weekly", "reason", "name", "match", "service", "env", "team", "tag", "slo",
		"budget", "attainment", "burn", "level", "threshold", "min_events", "min_coverage", "max_age", "low_traffic", "events",
		"fixes_may_pass", "expect", "require", "calendar", "overrides", "rules", "author", "expires",
	} {
		if !strings.Contains(text, key+":") {
			t.Errorf("no example of %s", key)
		}
	}
}

// The default policy's text is full of lines to take the # from.
func TestDefaultPolicyTextWithoutItsComments(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`(?m)^( *)# ( *(- )?\{?(match|expect|require|freezes|overrides|rules|reason|author|expires|calendars|year-end|time_zone|from|weekly):.*)$`)
	text := comment.ReplaceAllString(config.DefaultPolicyText(), "$1$2")
	p, err := config.ParsePolicy("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sections[0]
	if slices.Contains([]int{len(p.Calendars), s.Expect, len(s.Require), len(s.Freezes), len(s.Overrides), len(s.Match.Names)}, 0) {
		t.Errorf("some comment is no key: %+v", p)
	}
	if problems := p.Problems(time.Date(2026, 11, 9, 9, 30, 0, 0, time.UTC)); len(problems) > 0 {
		t.Error(problems)
	}
}
