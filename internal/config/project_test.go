package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/config"
)

const project = `# objectives of the shop
version: 1
defaults: &day {timeframe: 7d, target: 99.5}
`

const good = `version: 1
slos:
  - name: Checkout availability
    type: metric
    tags: [team:payments, "env:prod"]
    thresholds:
      - &month {timeframe: 30d, target: 99.90, warning: 99.95}
    query:
      numerator: sum:shop.hits{status:ok,a:<b>&c}.as_count()
      denominator: |-
        sum:shop.hits{*}
        .as_count()
  - name: "99"
    type: monitor
    thresholds: [{<<: *month, warning: 100}]
    monitor_ids: [12345678901234567, 7]
policies: {any: [thing, 1.5, true, null]}
calendars: []
`

func TestLoadProject(t *testing.T) {
	t.Parallel()
	src := sources(t)
	path := write(t, src.WorkDir, "slo.yaml", good)
	src.WorkDir = filepath.Join(src.WorkDir, "a", "b")
	if err := os.MkdirAll(src.WorkDir, 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := config.LoadProject(src)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Project{
		Path: path,
		SLOs: []config.SLO{
			{
				Name: "Checkout availability", Path: path, Line: 3, Column: 5,
				JSON: json.RawMessage(`{"name":"Checkout availability","type":"metric","tags":["team:payments","env:prod"],` +
					`"thresholds":[{"timeframe":"30d","target":99.90,"warning":99.95}],` +
					`"query":{"numerator":"sum:shop.hits{status:ok,a:<b>&c}.as_count()","denominator":"sum:shop.hits{*}\n.as_count()"}}`),
			},
			{
				Name: "99", Path: path, Line: 13, Column: 5,
				JSON: json.RawMessage(`{"name":"99","type":"monitor","thresholds":[{"warning":100,"timeframe":"30d","target":99.90}],"monitor_ids":[12345678901234567,7]}`),
			},
		},
		Policies:  &config.Section{JSON: json.RawMessage(`{"any":["thing",1.5,true,null]}`), Line: 17, Column: 11},
		Calendars: &config.Section{JSON: json.RawMessage(`[]`), Line: 18, Column: 12},
	}
	asText := cmp.Transformer("text", func(raw json.RawMessage) string { return string(raw) })
	if diff := cmp.Diff(want, got, asText); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDefinitionsReplaceOnlySLOs(t *testing.T) {
	t.Parallel()
	src := sources(t)
	path := write(t, src.WorkDir, ".slo.yaml", good)
	src.Flags.Definitions = write(t, t.TempDir(), "other.json",
		`{"version": 1, "slos": [{"name": "other", "type": "time_slice", "thresholds": [{"timeframe": "7d", "target": 99}], "sli_specification": {}}], "policies": []}`)
	got, err := config.LoadProject(src)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.SLOs) != 1 || got.SLOs[0].Name != "other" || got.SLOs[0].Path != src.Flags.Definitions {
		t.Errorf("slos %+v", got.SLOs)
	}
	if got.Path != path || string(got.Policies.JSON) != `{"any":["thing",1.5,true,null]}` {
		t.Errorf("project %q, policies %s", got.Path, got.Policies.JSON)
	}
	src.Flags.Definitions += ".missing"
	_, err = config.LoadProject(src)
	wantError(t, err, src.Flags.Definitions+": no such file")
}

func TestNoProject(t *testing.T) {
	t.Parallel()
	got, err := config.LoadProject(sources(t))
	if err != nil || got.Path != "" || got.SLOs != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTwoProjectFiles(t *testing.T) {
	t.Parallel()
	src := sources(t)
	write(t, src.WorkDir, "slo.yaml", good)
	write(t, src.WorkDir, ".slo.yaml", good)
	_, err := config.LoadProject(src)
	wantError(t, err, "slo.yaml and ", "want only one of them")
}

func TestWrongProject(t *testing.T) {
	t.Parallel()
	f := func(content string, says ...string) {
		t.Helper()
		src := sources(t)
		path := write(t, src.WorkDir, "slo.yaml", content)
		_, err := config.LoadProject(src)
		wantError(t, err, append(says, path)...)
	}
	// One SLO on line 3 with this in place of what is right.
	entry := func(lines string) string { return "version: 1\nslos:\n" + lines }
	f("", ":1:1: empty project file", "version: 1")
	f("slos: []\n", ":1:1: the key version is missing")
	f("version: 2\n", `:1:10: version "2": this slo reads version 1`)
	f("version: \"1\"\n", `version "1"`)
	f("version: 1\nslo: []\n", `:2:1: unknown key "slo": want version, slos, policies or calendars`, "did you mean slos?")
	f(project, `:3:1: unknown key "defaults"`)
	f("version: 1\nslos: {}\n", ":2:7: slos: want a list, each entry beginning with a dash, found a mapping")
	f("version: 1\nslos:\n", "slos: want a list, each entry beginning with a dash, found nothing")
	f(entry("- text\n"), ":3:3: an SLO: want a mapping of keys to values, found text")
	f(entry("- type: metric\n"), ":3:3: this SLO has no name")
	f(entry("- name: a\n"), ":3:3: this SLO has no type")
	f(entry("- name: a\n  type: metric\n  query: {}\n"), ":3:3: this SLO has no thresholds")
	f(entry("- name: 12\n  type: metric\n  thresholds: []\n"), ":3:9: name: want text, in quotes where it looks like a number, found a number")
	f(entry("- name: a\n  typ: metric\n"), `:4:3: unknown key "typ"`, "did you mean type?")
	f(entry("- name: a\n  type: latency\n  thresholds: []\n"), `:4:9: type "latency": want metric, time_slice or monitor`)
	f(entry("- name: a\n  type: metric\n  thresholds: []\n"), ":4:9: a metric SLO: want query")
	f(entry("- name: a\n  type: time_slice\n  thresholds: []\n"), "want sli_specification")
	f(entry("- name: a\n  type: monitor\n  thresholds: []\n"), "want monitor_ids")
	f(entry("- name: a\n  type: metric\n  query: {}\n  thresholds: []\n"), "thresholds: want a list such as")
	threshold := func(t string) string {
		return entry("- name: a\n  type: metric\n  query: {}\n  thresholds: [" + t + "]\n")
	}
	f(threshold("{timeframe: 7d}"), "this threshold has no target")
	f(threshold("{target: 99}"), "this threshold has no timeframe")
	f(threshold("{timeframe: 7d, target: \"99\"}"), "target: want a percentage above 0 and up to 100")
	f(threshold("{timeframe: 7d, target: 999}"), ":6:40: target: want a percentage above 0 and up to 100")
	f(threshold("{timeframe: 7, target: 99}"), "timeframe: want text, found a number")
	f(threshold("{timeframe: 7d, traget: 99}"), `unknown key "traget"`, "did you mean target?")
	f(entry("- {name: a, type: metric, query: {}, thresholds: [{timeframe: 7d, target: 99}], tags: [team: a]}\n"), "tags: want text, found a mapping", "team:payments")
	same := "- {name: a, type: metric, query: {}, thresholds: [{timeframe: 7d, target: 99}]}\n"
	f(entry(same+same), `:4:10: a second SLO named "a"`, ":3:10")
	f("version: 1\nslos: *nothing\n", "nothing")
	f("version: 1\npolicies: &p [*p]\n", "stands inside of what it names")
	f("version: 1\npolicies: .inf\n", ":2:11: want text, a number")
}

// Each of these would cost minutes, gigabytes or the stack if it were read naively.
func TestHostileProjectFiles(t *testing.T) {
	t.Parallel()
	f := func(name, content, says string) {
		t.Helper()
		src := sources(t)
		write(t, src.WorkDir, "slo.yaml", content)
		_, err := config.LoadProject(src)
		if err == nil {
			t.Errorf("%s: accepted", name)
			return
		}
		wantError(t, err, says)
	}
	var laughs strings.Builder
	laughs.WriteString("version: 1\npolicies:\n  a0: &a0 [haha, haha, haha, haha, haha, haha, haha, haha, haha, haha]\n")
	for i := 1; i < 12; i++ {
		prev := "*a" + string(rune('a'+i-1))
		if i == 1 {
			prev = "*a0"
		}
		letter := string(rune('a' + i))
		laughs.WriteString("  x" + letter + ": &a" + letter + " [" + strings.TrimSuffix(strings.Repeat(prev+", ", 10), ", ") + "]\n")
	}
	var wide strings.Builder
	wide.WriteString("version: 1\npolicies:\n")
	for i := range 3000 {
		wide.WriteString("  k" + strings.Repeat("i", i%50) + string(rune('a'+i%26)) + ": 1\n")
	}
	f("billion laughs", laughs.String(), "aliases blow this up")
	f("brackets", "version: 1\npolicies: "+strings.Repeat("[", 100_000), "nested more than 100 levels deep")
	f("braces", "version: 1\npolicies: "+strings.Repeat("{a: ", 100_000), "nested more than 100 levels deep")
	f("dashes", "version: 1\npolicies:\n"+strings.Repeat("- ", 100_000), "nested more than 100 levels deep")
	f("wide mapping", wide.String(), "more than 2000 keys in one mapping")
	f("huge", "version: 1\n"+strings.Repeat("# x\n", 2<<20), "larger than 4096 KiB")
}

func FuzzProject(f *testing.F) {
	for _, seed := range []string{good, project, "version: 1\nslos:\n- name: a\n  <<: {b: c}\n", "? a\n: b", "a: &x [*x]", "- - -", "a: 'b\n\n", "\"\\x\"", "a: |+2\n   b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := config.ParseProject("slo.yaml", data)
		var wrong *config.Error
		if err != nil && !errors.As(err, &wrong) {
			t.Fatalf("got %T: %v", err, err)
		}
		for _, s := range p.SLOs {
			var object struct{ Name string }
			if err := json.Unmarshal(s.JSON, &object); err != nil || object.Name != s.Name {
				t.Fatalf("%s: name %q, want %q: %v", s.JSON, object.Name, s.Name, err)
			}
		}
	})
}
