package cli_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// Every command answers --help on stdout with a usage line and examples that
// begin with slo, and leaves stderr empty.
func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"status", "gate", "endpoints", "investigate", "list", "show", "demo", "simulator", "doctor", "version"} {
		got := runSLO(t.Context(), "http://127.0.0.1:1", nil, name, "--help")
		if got.code != 0 || got.stderr != "" {
			t.Errorf("%s --help: code %d, stderr %q", name, got.code, got.stderr)
		}
		if !strings.Contains(got.stdout, "Usage:\n  slo "+name) || !strings.Contains(got.stdout, "Examples:\n  slo ") {
			t.Errorf("%s --help has no usage or no examples:\n%s", name, got.stdout)
		}
	}
}

// Every example in the help of a command runs in the demo.
func TestExamplesRun(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"status", "gate", "endpoints", "investigate", "list", "show", "demo", "doctor", "version"} {
		help := runSLO(t.Context(), "", nil, name, "--help").stdout
		_, examples, _ := strings.Cut(help, "Examples:\n")
		examples, _, _ = strings.Cut(examples, "\n\n")
		for line := range strings.Lines(examples) {
			args := words(strings.TrimPrefix(strings.TrimSpace(line), "slo "))
			if len(args) > 0 && args[0] != "demo" {
				args = append([]string{"demo", "--"}, args...)
			}
			// Files that an example names, in places that a test may use.
			folder := t.TempDir()
			for i, a := range args {
				switch a {
				case "release.yaml":
					args[i] = filepath.Join("..", "..", "..", "examples", "policies", "fixes-may-pass.yaml")
				case "requests.csv":
					args[i] = filepath.Join("..", "..", "..", "examples", "requests.csv")
				case "gate.xml", "$GITHUB_STEP_SUMMARY":
					args[i] = filepath.Join(folder, strings.Trim(a, "$"))
				}
			}
			got := runSLO(t.Context(), "", nil, args...)
			// In the demo there is something to say no to.
			if no := name == "gate" && (got.code == 3 || got.code == 7); got.code != 0 && !no {
				t.Errorf("%s: code %d, %s", strings.TrimSpace(line), got.code, got.stderr)
			}
		}
	}
}
