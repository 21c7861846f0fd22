package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fakeSLO writes a program slo that leaves the document and a JUnit file, and
// then does what the last lines say.
func fakeSLO(t *testing.T, document, last string) string {
	t.Helper()
	dir := t.TempDir()
	answer := writeFile(t, filepath.Join(dir, "answer"), document, 0o600)
	return writeFile(t, filepath.Join(dir, "slo"), `#!/bin/sh
for argument; do
  case $argument in
  --junit=*) junit=${argument#*=} ;;
  --summary=*) summary=${argument#*=} ;;
  esac
done
echo '<testsuites></testsuites>' >"$junit"
cat '`+answer+`'
`+last+"\n", 0o700)
}

// answer is a document of slo gate, written as slo writes it; more fields take the place of its own.
func answer(t *testing.T, verdict string, code int, more map[string]any) string {
	t.Helper()
	fields := map[string]any{
		"schema": "slo.gate/v1", "verdict": verdict, "exit_code": code, "summary": "all is said", "error": nil,
		"rules": []map[string]any{{"slo": "x", "rule": "budget", "verdict": "pass", "reason": "}\n{"}},
	}
	for name, value := range more {
		fields[name] = value
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(fields); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCITemplatesBelieveNoAccident runs programs that end well for the wrong
// reason, or end otherwise.
func TestCITemplatesBelieveNoAccident(t *testing.T) {
	t.Parallel()
	passed := answer(t, "pass", 0, nil)
	for name, c := range map[string]struct {
		document, last string
		code           int
		verdict        string
	}{
		"a pass":                         {document: passed, verdict: "pass"},
		"a warning":                      {document: answer(t, "warn", 0, nil), verdict: "warn"},
		"a refusal":                      {document: answer(t, "fail", 4, nil), last: "exit 4", code: 4, verdict: "fail"},
		"nothing":                        {code: 1, verdict: "undecided"},
		"nothing and 3":                  {last: "exit 3", code: 3, verdict: "undecided"},
		"garbage":                        {document: "panic: no\n\x00\xff{}", code: 1, verdict: "undecided"},
		"null":                           {document: "null\n", code: 1, verdict: "undecided"},
		"an empty object":                {document: "{\n}\n", code: 1, verdict: "undecided"},
		"half a document":                {document: passed[:len(passed)-2], code: 1, verdict: "undecided"},
		"two documents":                  {document: passed + passed, code: 1, verdict: "undecided"},
		"something before":               {document: "Pulling …\n" + passed, code: 1, verdict: "undecided"},
		"no beginning":                   {document: "panic" + passed[1:], code: 1, verdict: "undecided"},
		"more behind the end":            {document: passed[:len(passed)-1] + " panic\n", code: 1, verdict: "undecided"},
		"a break in the middle":          {document: "{\npanic\n" + passed[2:], code: 1, verdict: "undecided"},
		"another schema":                 {document: answer(t, "pass", 0, map[string]any{"schema": "slo.status/v1"}), code: 1, verdict: "undecided"},
		"another verdict":                {document: answer(t, "passed", 0, nil), code: 1, verdict: "undecided"},
		"no verdict but a rule's":        {document: answer(t, "", 0, map[string]any{"verdict": nil}), code: 1, verdict: "undecided"},
		"a verdict in a text":            {document: answer(t, "", 0, map[string]any{"verdict": nil, "summary": "\n  \"verdict\": \"pass\",\n"}), code: 1, verdict: "undecided"},
		"a failure that ends with 0":     {document: answer(t, "fail", 0, nil), code: 1, verdict: "undecided"},
		"an undecided that ends with 0":  {document: answer(t, "undecided", 0, nil), code: 1, verdict: "undecided"},
		"the document of another code":   {document: answer(t, "pass", 3, nil), code: 1, verdict: "undecided"},
		"a pass that ends with 3":        {document: answer(t, "pass", 3, nil), last: "exit 3", code: 3, verdict: "undecided"},
		"a pass that ends with 7":        {document: passed, last: "exit 7", code: 7, verdict: "undecided"},
		"a pass without JUnit":           {document: passed, last: `rm "$junit"`, code: 1, verdict: "undecided"},
		"a pass with an empty JUnit":     {document: passed, last: `: >"$junit"`, code: 1, verdict: "undecided"},
		"killed":                         {last: "kill -9 $$", code: 137, verdict: "undecided"},
		"killed behind a pass":           {document: passed, last: "kill -9 $$", code: 137, verdict: "undecided"},
		"interrupted":                    {last: "exit 130", code: 130, verdict: "undecided"},
		"a crash of the shell's program": {document: passed, last: "kill -11 $$", code: 139, verdict: "undecided"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := ciJob{inputs: map[string]string{"slo": fakeSLO(t, c.document, c.last)}}
			onEveryRunner(t, job, func(t *testing.T, end ciEnd) {
				if end.code != c.code {
					t.Errorf("exit code %d, want %d", end.code, c.code)
				}
				ended(t, end, c.verdict)
			})
		})
	}
}

// TestCITemplatesWithoutSLO names programs that are none, and flags that would hide what is asked for.
func TestCITemplatesWithoutSLO(t *testing.T) {
	t.Parallel()
	for name, slo := range map[string]string{
		"not there": "/nowhere/slo", "not on PATH": "slo-that-nobody-has", "a builtin": "exit", "a folder": t.TempDir(), "a command": "true; true",
		"not executable": writeFile(t, filepath.Join(t.TempDir(), "slo"), "#!/bin/sh\n", 0o600), "an option": "-x",
		"two lines": "/nowhere/slo\nverdict=pass\nexit-code=0\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEveryRunner(t, ciJob{inputs: map[string]string{"slo": slo}}, func(t *testing.T, end ciEnd) {
				if end.code != 2 {
					t.Errorf("exit code %d, want 2", end.code)
				}
				ended(t, end, "undecided")
			})
		})
	}
	t.Run("the end of flags among flags", func(t *testing.T) {
		t.Parallel()
		job := ciJob{inputs: map[string]string{"slo": fakeSLO(t, answer(t, "pass", 0, nil), ""), "args": "--min-budget=10\n --"}}
		onEveryRunner(t, job, func(t *testing.T, end ciEnd) {
			if end.code != 2 {
				t.Errorf("exit code %d, want 2", end.code)
			}
			ended(t, end, "undecided")
		})
	})
	t.Run("a program that is no gate", func(t *testing.T) {
		t.Parallel()
		onEveryRunner(t, ciJob{inputs: map[string]string{"slo": "/bin/true"}}, func(t *testing.T, end ciEnd) {
			if end.code != 1 {
				t.Errorf("exit code %d, want 1", end.code)
			}
			ended(t, end, "undecided")
		})
	})
}

// TestCITemplatesPassArguments compares what slo is called with. Each value is
// one argument as it was typed, and no key is among them.
func TestCITemplatesPassArguments(t *testing.T) {
	t.Parallel()
	const hostile = `$(touch x) "; exit 0; # ' && *` + " `touch x` ${HOME} \\n %s é"
	for name, c := range map[string]struct {
		inputs map[string]string
		want   []string
	}{
		"nothing": {want: []string{"gate", "…", "--"}},
		"everything": {
			inputs: map[string]string{
				"slos": "checkout availability\r\n\n  search*  \n\"quoted\" 'name'\n決済APIの可用性\n", "service": "checkout", "env": "prod", "team": "payments",
				"tag": "tier:1\nregion:eu west\n", "timeframe": "30d", "policy": "release policy.yaml\n", "expect": "6", "change": "fix",
				"on-undecided": "fail", "on-unavailable": "pass", "site": "datadoghq.eu", "args": "\n--min-budget=10\n  --explain\n", "version": "v1.2.3",
			},
			want: []string{
				"gate", "--service=checkout", "--env=prod", "--team=payments", "--timeframe=30d", "--policy=release policy.yaml",
				"--expect=6", "--change=fix", "--on-undecided=fail", "--on-unavailable=pass", "--site=datadoghq.eu", "--tag=tier:1", "--tag=region:eu west", "--min-budget=10", "--explain", "…",
				"--", "checkout availability", "search*", `"quoted" 'name'`, "決済APIの可用性",
			},
		},
		"hostile": {
			inputs: map[string]string{
				"slos": hostile + "\n--on-undecided=pass\n--", "service": hostile, "env": "a\n--on-undecided=pass", "tag": hostile + "\n--on-undecided=pass", "args": "--tz=" + hostile,
			},
			want: []string{
				"gate", "--service=" + hostile, "--env=a\n--on-undecided=pass", "--tag=" + hostile, "--tag=--on-undecided=pass", "--tz=" + hostile, "…",
				"--", hostile, "--on-undecided=pass", "--",
			},
		},
		"the end of a here-document": {
			inputs: map[string]string{"slos": "LINES\nEOF\nexit 0", "tag": "LINES\ntier:1"},
			want:   []string{"gate", "--tag=LINES", "--tag=tier:1", "…", "--", "LINES", "EOF", "exit 0"},
		},
		"blanks": {inputs: map[string]string{"slos": " \n\t\r\n", "service": " ", "args": "\n\n"}, want: []string{"gate", "…", "--"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The program says what it was called with, in place of a JUnit file.
			job := ciJob{inputs: map[string]string{"slo": fakeSLO(t, "", `printf '%s\0' "$@" >"$junit"; exit 7`)}}
			for k, v := range c.inputs {
				job.inputs[k] = v
			}
			onEveryRunner(t, job, func(t *testing.T, end ciEnd) {
				got := strings.Split(strings.TrimSuffix(readFile(t, end.junit), "\x00"), "\x00")
				folder := filepath.Dir(end.junit)
				forms := []string{"--output=json", "--junit=" + end.junit, "--summary=" + filepath.Join(folder, "gate.md"), "--annotations"}
				if end.outputs == nil {
					forms = []string{"--output=json", "--junit=slo-gate/gate.xml", "--summary=slo-gate/gate.md"}
				}
				i := slices.Index(c.want, "…")
				want := slices.Concat(c.want[:i], forms, c.want[i+1:])
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("slo was called otherwise (-want +got):\n%s", diff)
				}
				if end.code != 7 {
					t.Errorf("exit code %d, want 7", end.code)
				}
				ended(t, end, "undecided")
			})
		})
	}
}

// TestCITemplatesQuoteTheLog runs a program that prints names of SLOs which are
// workflow commands: GitHub sees the annotations and nothing else.
func TestCITemplatesQuoteTheLog(t *testing.T) {
	t.Parallel()
	const says = `100% of "checkout \n avail" ##[set-output name=verdict]pass` + "\n::set-output name=verdict::pass\t\\ <é>"
	const oneLine = `100% of "checkout \n avail" ##[set-output name=verdict]pass ::set-output name=verdict::pass \ <é>`
	slo := fakeSLO(t, answer(t, "fail", 3, map[string]any{"summary": says}), `
cat >"$summary" <<'END'
# gate
::set-output name=verdict::pass
| ##[stop-commands]mine |
::stop-commands::mine
no line break at the end
END
cat >&2 <<'END'
::error title=checkout::budget spent
slo: ##[set-output name=exit-code]0
::add-mask::a
  ::set-output name=verdict::pass
::warning title=search::24h burn
END
exit 3`)
	onEveryRunner(t, ciJob{inputs: map[string]string{"slo": slo}}, func(t *testing.T, end ciEnd) {
		if end.code != 3 {
			t.Errorf("exit code %d, want 3", end.code)
		}
		if end.outputs == nil {
			return
		}
		ended(t, end, "fail")
		if diff := cmp.Diff([]string{"error budget spent", "warning 24h burn"}, end.obeyed); diff != "" {
			t.Errorf("commands (-want +obeyed):\n%s", diff)
		}
		if end.outputs["summary"] != oneLine {
			t.Errorf("summary %q, want %q", end.outputs["summary"], oneLine)
		}
		if !strings.HasPrefix(end.summary, "before\n# gate\n") {
			t.Errorf("the step's summary is %q", end.summary)
		}
	})
}

// TestCITemplatesSayWhy runs a program that has an error and no document.
func TestCITemplatesSayWhy(t *testing.T) {
	t.Parallel()
	slo := fakeSLO(t, "", `echo '{"error":{"code":2,"message":"unknown flag: \"--100%0A\"","hints":["slo --help"]}}' >&2; exit 2`)
	onEveryRunner(t, ciJob{inputs: map[string]string{"slo": slo}}, func(t *testing.T, end ciEnd) {
		ended(t, end, "undecided")
		if want := `without a verdict: unknown flag: "--100%0A"`; end.code != 2 || !strings.Contains(end.log, want+"\n") ||
			end.obeyed != nil && !strings.HasSuffix(end.obeyed[0], want) {
			t.Errorf("exit code %d, and log and annotations %q do not say %q", end.code, end.obeyed, want)
		}
	})
}

// TestCITemplatesForget runs a program that answers nothing where an earlier job left a pass.
func TestCITemplatesForget(t *testing.T) {
	t.Parallel()
	passed := answer(t, "pass", 0, nil)
	stale := map[string]string{"slo-gate/gate.json": passed, "slo-gate/gate.xml": "<testsuites></testsuites>", "slo-gate/gate.md": "# pass, yesterday\n"}
	for name, last := range map[string]string{"": "", "JUnit alone is missing": "cat '" + writeFile(t, filepath.Join(t.TempDir(), "answer"), passed, 0o600) + "'"} {
		slo := writeFile(t, filepath.Join(t.TempDir(), "slo"), "#!/bin/sh\n"+last+"\n", 0o700)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEveryRunner(t, ciJob{inputs: map[string]string{"slo": slo}, files: stale}, func(t *testing.T, end ciEnd) {
				ended(t, end, "undecided")
				if end.code != 1 || strings.Contains(end.log, "yesterday") {
					t.Errorf("exit code %d, want 1 and nothing of yesterday", end.code)
				}
			})
		})
	}
}

// TestActionIsKilled kills the script itself: what the workflow sees is no pass.
func TestActionIsKilled(t *testing.T) {
	t.Parallel()
	end := onGitHub(t, ciJob{inputs: map[string]string{"slo": fakeSLO(t, answer(t, "pass", 0, nil), "kill -9 $PPID")}})
	if end.code != 137 || end.outputs["verdict"] != "undecided" || end.outputs["exit-code"] != "1" || end.outputs["summary"] == "" {
		t.Errorf("exit code %d, outputs %q", end.code, end.outputs)
	}
}

// TestCITemplatesDropWhatGitHubWouldDrop leaves a summary that is too long.
func TestCITemplatesDropWhatGitHubWouldDrop(t *testing.T) {
	t.Parallel()
	slo := fakeSLO(t, answer(t, "warn", 0, nil), `awk 'BEGIN { for (i = 0; i < 200000; i++) print "| row |" }' >"$summary"`)
	end := onGitHub(t, ciJob{inputs: map[string]string{"slo": slo}})
	ended(t, end, "warn")
	if end.code != 0 || len(end.summary) > 1000 || !strings.Contains(end.summary, "all is said") {
		t.Errorf("exit code %d, a summary of %d bytes: %.200s", end.code, len(end.summary), end.summary)
	}
}

// TestCITemplatesInstall gives the scripts a go that says what it was asked for.
func TestCITemplatesInstall(t *testing.T) {
	t.Parallel()
	passes := fakeSLO(t, answer(t, "pass", 0, nil), "")
	const installs = `mkdir -p "$GOBIN"; cp "$PROGRAM" "$GOBIN/slo"`
	for name, c := range map[string]struct {
		program, version string
		code             int
		verdict          string
		github, gitlab   string
	}{
		"a release":   {program: installs, version: "v1.2.3", verdict: "pass", github: "go install github.com/slo-cli/slo/cmd/slo@v1.2.3", gitlab: "go install github.com/slo-cli/slo/cmd/slo@v1.2.3"},
		"any":         {program: installs, verdict: "pass", github: "go build -C " + repository(t, "") + " -buildvcs=false", gitlab: "go install github.com/slo-cli/slo/cmd/slo@latest"},
		"a failure":   {program: installs + "; exit 1", version: "v9", code: 1, verdict: "undecided", github: "go install", gitlab: "go install"},
		"no program":  {program: "exit 0", version: "v9", code: 1, verdict: "undecided", github: "go install", gitlab: "go install"},
		"a directory": {program: `mkdir -p "$GOBIN/slo"`, version: "v9", code: 1, verdict: "undecided", github: "go install", gitlab: "go install"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bin := t.TempDir()
			writeFile(t, filepath.Join(bin, "go"), "#!/bin/sh\necho \"go $* with the keys ${DD_API_KEY:-}${DD_APP_KEY:-}${DD_ACCESS_TOKEN:-}.\"\n"+c.program+"\n", 0o700)
			job := ciJob{
				inputs: map[string]string{"version": c.version},
				env:    map[string]string{"PATH": bin + string(os.PathListSeparator) + os.Getenv("PATH"), "PROGRAM": passes, "DD_ACCESS_TOKEN": "ddpat_full"},
			}
			onEveryRunner(t, job, func(t *testing.T, end ciEnd) {
				want := c.gitlab
				if end.outputs != nil {
					want = c.github
				}
				if !strings.Contains(end.log, want) || !strings.Contains(end.log, " with the keys .\n") {
					t.Errorf("go was not called as %q, or with keys", want)
				}
				if end.code != c.code {
					t.Errorf("exit code %d, want %d", end.code, c.code)
				}
				ended(t, end, c.verdict)
			})
		})
	}
}

// TestActionBuildsItsOwnSource is the action without any input: the source that
// it came with is built, and judges.
func TestActionBuildsItsOwnSource(t *testing.T) {
	if testing.Short() {
		t.Skip("links the binary")
	}
	t.Parallel()
	env := map[string]string{"GOFLAGS": "", "CGO_ENABLED": "0"}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOTOOLCHAIN"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env[name] = strings.TrimSpace(string(value))
	}
	end := onGitHub(t, ciJob{inputs: map[string]string{"args": "--timeout=20s"}, env: env})
	if end.code != 5 {
		t.Errorf("exit code %d, want 5, since no Datadog is there; the log:\n%s", end.code, end.log)
	}
	ended(t, end, "undecided")
	if fileExists(filepath.Join(repository(t, ""), "slo")) {
		t.Error("a program was left in the checkout")
	}
}
