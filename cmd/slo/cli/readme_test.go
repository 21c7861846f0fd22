package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/iostreams"
)

// TestReadme runs every console block of the README, on a terminal of 100
// columns without colour, and compares what it prints. SLO_UPDATE=1 rewrites the blocks.
func TestReadme(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", "..")) // where a reader stands; so not in parallel
	const path = "README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rewritten strings.Builder
	blocks := 0
	rest := string(text)
	for {
		before, after, found := strings.Cut(rest, "```console\n")
		rewritten.WriteString(before)
		if !found {
			break
		}
		block, remaining, closed := strings.Cut(after, "```\n")
		if !closed {
			t.Fatal("a console block is not closed")
		}
		command, want, _ := strings.Cut(block, "\n")
		got := runConsole(t, command)
		if os.Getenv("SLO_UPDATE") == "" {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-README +run):\n%s", command, diff)
			}
		}
		fmt.Fprintf(&rewritten, "```console\n%s\n%s```\n", command, got)
		rest = remaining
		blocks++
	}
	if blocks == 0 {
		t.Error("the README has no console block")
	}
	if os.Getenv("SLO_UPDATE") != "" && rewritten.String() != string(text) {
		if err := os.WriteFile(path, []byte(rewritten.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The policies that the README and the help show are sound.
func TestShownPolicies(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(readme), "```yaml\n")
	block, _, _ = strings.Cut(block, "```\n")
	_, example, _ := strings.Cut(runSLO(t.Context(), "", nil, "help", "policies").stdout, "\n\n  version: 1\n")
	example, _, _ = strings.Cut(example, "\n\n")
	for name, text := range map[string]string{"README": block, "help": "  version: 1\n" + example + "\n"} {
		file := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runSLO(t.Context(), "", nil, "gate", "--check-policy", "--policy", file, "--at", "2026-11-09")
		if got.code != 0 || !strings.Contains(got.stdout, "2 sections") {
			t.Errorf("the policy of the %s: code %d\n%s%s\n%s", name, got.code, got.stdout, got.stderr, text)
		}
	}
}

func runConsole(t *testing.T, command string) string {
	t.Helper()
	line, ok := strings.CutPrefix(command, "$ slo ")
	if !ok {
		t.Fatalf("console block %q: want a line that begins with $ slo", command)
	}
	env := map[string]string{"NO_COLOR": "1", "TERM": "xterm", "LANG": "C.UTF-8"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	get := func(name string) string { return env[name] }
	var out, errs bytes.Buffer
	streams := iostreams.New(strings.NewReader(""), &out, &errs, iostreams.Terminal{Out: true, OutWidth: 100}, get)
	if code := cli.Main(t.Context(), words(line), lookup, streams); code != 0 && code != 3 { // 3 is what a gate is there for
		t.Fatalf("%s: exit code %d, %s", command, code, errs.String())
	}
	return out.String()
}

// words splits a command line at spaces outside double quotes.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}
