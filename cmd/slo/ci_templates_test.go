package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// TestCITemplatesAreConsistent looks at what no run shows.
func TestCITemplatesAreConsistent(t *testing.T) {
	t.Parallel()
	action := readYAML[githubAction](t, "action.yml")
	if action.Runs.Using != "composite" || len(action.Runs.Steps) != 1 {
		t.Fatalf("action.yml: %d steps of %s, want one step of composite", len(action.Runs.Steps), action.Runs.Using)
	}
	step := action.Runs.Steps[0]
	if step.ID != "gate" || step.Shell != "bash" || strings.Contains(step.Run, "${{") {
		t.Errorf("action.yml: id %q, shell %q, run %q: want gate, bash, and no expression in the script", step.ID, step.Shell, step.Run)
	}
	var mapped []string
	for name, value := range step.Env {
		m := anInput.FindStringSubmatch(value)
		switch {
		case m != nil:
			mapped = append(mapped, m[1])
		case value != "":
			t.Errorf("action.yml: %s: %q is no input", name, value)
		}
	}
	for name, input := range action.Inputs {
		if input.Description == "" || input.Default != "" || !slices.Contains(mapped, name) {
			t.Errorf("action.yml: input %s: description %q, default %q; want a description, no default, and a variable", name, input.Description, input.Default)
		}
		if strings.Contains(name, "key") || strings.Contains(name, "token") {
			t.Errorf("action.yml: input %s: credentials come from the environment", name)
		}
	}
	for name, o := range action.Outputs {
		if m := anOutput.FindStringSubmatch(o.Value); m == nil || m[1] != name || o.Description == "" {
			t.Errorf("action.yml: output %s: value %q, description %q", name, o.Value, o.Description)
		}
	}

	template := readFile(t, repository(t, templatePath))
	for variable := range step.Env {
		if strings.HasSuffix(variable, "_DIR") {
			continue
		}
		if mentioned := strings.Contains(template, "#   "+variable+" ") || strings.Contains(template, variable[len("SLO_GATE"):]+" and ") ||
			strings.Contains(template, variable[len("SLO_GATE"):]+" likewise"); !mentioned {
			t.Errorf("%s does not explain %s", templatePath, variable)
		}
	}
	job := readYAML[gitlabTemplate](t, templatePath)[".slo-gate"]
	folder := job.Variables["SLO_GATE_DIR"] + "/"
	if job.AllowFailure || job.Artifacts.When != "always" || job.Artifacts.Reports.JUnit != folder+"gate.xml" || !slices.Equal(job.Artifacts.Paths, []string{folder}) {
		t.Errorf("%s: %+v", templatePath, job)
	}
}

// TestReadmeShowsTheTemplates reads the YAML blocks of the README: an example for
// each system, with inputs and variables that exist.
func TestReadmeShowsTheTemplates(t *testing.T) {
	t.Parallel()
	action := readYAML[githubAction](t, "action.yml")
	systems := map[string]int{}
	blocks := strings.Split(readFile(t, repository(t, "README.md")), "```yaml\n")
	for _, block := range blocks[1:] {
		block, _, _ = strings.Cut(block, "```\n")
		switch {
		case strings.Contains(block, "uses: slo-cli/slo@"):
			systems["GitHub"]++
			var steps []struct{ With, Env map[string]string }
			if err := yaml.Unmarshal([]byte(block), &steps); err != nil || len(steps) != 1 {
				t.Fatalf("%d steps, %v, in\n%s", len(steps), err, block)
			}
			action.variables(t, steps[0].With)
			if len(steps[0].With) == 0 || steps[0].Env["DD_API_KEY"] != "${{ secrets.DD_API_KEY }}" {
				t.Errorf("no inputs or no key in\n%s", block)
			}
		case strings.Contains(block, "extends: .slo-gate"):
			systems["GitLab"]++
			var file struct {
				Include []struct{ Remote string }
				Job     struct{ Variables map[string]string } `yaml:"slo-gate"`
			}
			if err := yaml.Unmarshal([]byte(block), &file); err != nil || len(file.Include) != 1 || !strings.HasSuffix(file.Include[0].Remote, "/"+templatePath) {
				t.Fatalf("%+v, %v, in\n%s", file.Include, err, block)
			}
			for variable := range file.Job.Variables {
				if _, ok := action.Runs.Steps[0].Env[variable]; !ok {
					t.Errorf("no script reads %s", variable)
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"GitHub": 1, "GitLab": 1}, systems); diff != "" {
		t.Errorf("examples in the README (-want +got):\n%s", diff)
	}
}

// TestGitLabTemplateHoldsTheScript compares the template with ci/gate.sh; SLO_UPDATE=1 copies the script into it.
func TestGitLabTemplateHoldsTheScript(t *testing.T) {
	t.Parallel()
	_, script, _ := strings.Cut(readFile(t, repository(t, "ci/gate.sh")), "\n")
	if os.Getenv("SLO_UPDATE") != "" {
		path := repository(t, templatePath)
		before, _, found := strings.Cut(readFile(t, path), "  script:\n    - |\n")
		if !found {
			t.Fatalf("%s has no script", templatePath)
		}
		var b strings.Builder
		b.WriteString(before + "  script:\n    - |\n")
		for line := range strings.Lines(script) {
			if line != "\n" {
				b.WriteString("      ")
			}
			b.WriteString(line)
		}
		writeFile(t, path, b.String(), 0o644)
		return
	}
	job := readYAML[gitlabTemplate](t, templatePath)[".slo-gate"]
	if diff := cmp.Diff([]string{script}, job.Script); diff != "" {
		t.Errorf("the template's script is not ci/gate.sh (-gate.sh +template):\n%s", diff)
	}
}

// sloLink is the binary under test as a program called slo.
func sloLink(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "slo")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// TestCITemplates runs the scripts of action.yml and of the GitLab template with
// the real binary against the simulator.
func TestCITemplates(t *testing.T) {
	t.Parallel()
	world, err := scenario.Load("keys")
	if err != nil {
		t.Fatal(err)
	}
	at := "--at=" + world.Now.UTC().Format("2006-01-02T15:04:05Z")
	policy := writeFile(t, filepath.Join(t.TempDir(), "release policy.yaml"), "version: 1\npolicies:\n  - name: early warning\n    budget: {warn: 90}\n", 0o600)
	broken := writeFile(t, filepath.Join(t.TempDir(), "broken.yaml"), "version: 1\npolicies:\n  - nmae: typo\n", 0o600)
	const shop = "shop availability" // 80 % of its budget are left
	for name, c := range map[string]struct {
		inputs, env map[string]string
		code        int
		verdict     string
		document    bool
	}{
		"pass":                    {inputs: map[string]string{"slos": shop}, verdict: "pass", document: true},
		"pass, every selector":    {inputs: map[string]string{"slos": shop, "service": "shop", "env": "prod", "tag": "service:shop\nenv:prod", "timeframe": "30d", "expect": "1", "change": "fix"}, verdict: "pass", document: true},
		"warn":                    {inputs: map[string]string{"slos": shop, "policy": policy}, verdict: "warn", document: true},
		"fail":                    {inputs: map[string]string{"slos": shop, "args": at + "\n--min-budget=90"}, code: 3, verdict: "fail", document: true},
		"undecided":               {inputs: map[string]string{"slos": shop, "expect": "5"}, code: 7, verdict: "undecided", document: true},
		"undecided must pass":     {inputs: map[string]string{"slos": shop, "expect": "5", "on-undecided": "pass"}, verdict: "pass", document: true},
		"undecided must fail":     {inputs: map[string]string{"slos": shop, "expect": "5", "on-undecided": "fail"}, code: 3, verdict: "fail", document: true},
		"nothing is selected":     {inputs: map[string]string{"service": "elsewhere"}, code: 7, verdict: "undecided", document: true},
		"Datadog is away":         {inputs: map[string]string{"slos": shop}, env: map[string]string{"DD_HOST": "http://127.0.0.1:1"}, code: 5, verdict: "undecided", document: true},
		"away must fail":          {inputs: map[string]string{"slos": shop, "on-unavailable": "fail"}, env: map[string]string{"DD_HOST": "http://127.0.0.1:1"}, code: 3, verdict: "fail", document: true},
		"keys are refused":        {inputs: map[string]string{"slos": shop}, env: map[string]string{"DD_APP_KEY": "app-key-unknown"}, code: 4, verdict: "undecided", document: true},
		"keys are missing":        {inputs: map[string]string{"slos": shop}, env: map[string]string{"DD_APP_KEY": ""}, code: 4, verdict: "undecided", document: true},
		"a scope is missing":      {inputs: map[string]string{"slos": shop}, env: map[string]string{"DD_APP_KEY": "app-key-without-queries"}, code: 4, verdict: "undecided", document: true},
		"a name names nothing":    {inputs: map[string]string{"slos": shop + "\nshop avialability"}, code: 2, verdict: "undecided", document: true},
		"the policy is broken":    {inputs: map[string]string{"policy": broken}, code: 2, verdict: "undecided", document: true},
		"the policy is not there": {inputs: map[string]string{"policy": "nowhere.yaml"}, code: 2, verdict: "undecided", document: true},
		"a flag is wrong":         {inputs: map[string]string{"timeframe": "31d"}, code: 2, verdict: "undecided"},
		"a flag is unknown":       {inputs: map[string]string{"args": "--min-budgets=90"}, code: 2, verdict: "undecided"},

		// Commands that end well and are no gate.
		"help":              {inputs: map[string]string{"args": "--help"}, code: 1, verdict: "undecided"},
		"the policy's test": {inputs: map[string]string{"args": "--check-policy"}, code: 1, verdict: "undecided"},

		// Text of strangers in inputs.
		"a flag as a name":            {inputs: map[string]string{"slos": shop + "\n--on-undecided=pass\n--help", "expect": "5"}, code: 2, verdict: "undecided", document: true},
		"a command as a name":         {inputs: map[string]string{"slos": "$(touch x)\n`touch x`\n\"; touch x; exit 0; #"}, code: 2, verdict: "undecided", document: true},
		"a command as a service":      {inputs: map[string]string{"service": "\"; touch x; exit 0; #'; touch x; exit 0; #"}, code: 7, verdict: "undecided", document: true},
		"a flag behind a service":     {inputs: map[string]string{"service": "elsewhere\n--on-undecided=pass"}, code: 7, verdict: "undecided", document: true},
		"a flag behind an expected 5": {inputs: map[string]string{"slos": shop, "expect": "5\n--on-undecided=pass"}, code: 2, verdict: "undecided"},
		"the end of flags in args":    {inputs: map[string]string{"slos": shop, "args": "--"}, code: 2, verdict: "undecided"},
		"a command in args":           {inputs: map[string]string{"slos": shop, "args": "--tz=UTC; touch x"}, code: 2, verdict: "undecided"},
		"another form in args":        {inputs: map[string]string{"slos": shop, "args": at + "\n--output=table\n--junit=/dev/null\n--annotations=false"}, verdict: "pass", document: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := simulator.New(simulator.Config{World: world})
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(server)
			t.Cleanup(front.Close)
			job := ciJob{inputs: map[string]string{"slo": sloLink(t), "args": at}, env: map[string]string{"DD_HOST": front.URL}}
			for k, v := range c.inputs {
				job.inputs[k] = v
			}
			for k, v := range c.env {
				job.env[k] = v
			}
			onEveryRunner(t, job, func(t *testing.T, end ciEnd) {
				if end.code != c.code {
					t.Errorf("exit code %d, want %d", end.code, c.code)
				}
				ended(t, end, c.verdict)
				if c.document {
					documented(t, end)
				}
			})
		})
	}
}

// ended checks what holds of every end of a job.
func ended(t *testing.T, end ciEnd, verdict string) {
	t.Helper()
	if !strings.Contains(end.log, fmt.Sprintf("\nslo gate: %s (exit code %d): ", verdict, end.code)) {
		t.Errorf("the log does not say %s and %d", verdict, end.code)
	}
	for _, secret := range []string{"api-key", "app-key"} {
		if strings.Contains(end.log, secret) {
			t.Errorf("the log holds a key: %s", secret)
		}
	}
	files, err := os.ReadDir(end.workspace)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != "slo-gate" {
			t.Errorf("the script left %s in the workspace", f.Name())
		}
	}
	if end.outputs == nil { // GitLab has no use for workflow commands
		if slices.ContainsFunc(strings.Split(end.log, "\n"), func(line string) bool { return strings.HasPrefix(line, "::") }) {
			t.Errorf("a workflow command of GitHub in the log of GitLab")
		}
		return
	}
	if end.outputs["verdict"] != verdict || end.outputs["exit-code"] != fmt.Sprint(end.code) || end.outputs["summary"] == "" {
		t.Errorf("outputs %q, want verdict %s, exit code %d and a summary", end.outputs, verdict, end.code)
	}
	if !strings.HasPrefix(end.summary, "before\n") || len(end.summary) < len("before\n# slo") {
		t.Errorf("the step's summary was not appended to: %q", end.summary)
	}
	for _, command := range end.obeyed {
		if name, _, _ := strings.Cut(command, " "); name != "error" && name != "warning" && name != "notice" {
			t.Errorf("GitHub was told %s", command)
		}
	}
	if isError := func(c string) bool { return strings.HasPrefix(c, "error ") }; end.code != 0 && !slices.ContainsFunc(end.obeyed, isError) {
		t.Errorf("no error among the annotations: %q", end.obeyed)
	}
}

// documented checks the files that slo itself wrote.
func documented(t *testing.T, end ciEnd) {
	t.Helper()
	if end.junit == "" {
		t.Fatal("no JUnit file")
	}
	var junit struct{ XMLName xml.Name }
	if err := xml.Unmarshal([]byte(readFile(t, end.junit)), &junit); err != nil || junit.XMLName.Local != "testsuites" {
		t.Errorf("the JUnit file is %q, %v", junit.XMLName.Local, err)
	}
	var document struct {
		Verdict, Summary string
		ExitCode         int `json:"exit_code"`
	}
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(filepath.Dir(end.junit), "gate.json"))), &document); err != nil {
		t.Fatal(err)
	}
	if document.ExitCode != end.code || document.Summary == "" || !strings.Contains(end.log, document.Summary) {
		t.Errorf("the document says exit code %d and %q", document.ExitCode, document.Summary)
	}
	if end.outputs != nil && document.Summary != end.outputs["summary"] {
		t.Errorf("the output says %q, the document %q", end.outputs["summary"], document.Summary)
	}
}
