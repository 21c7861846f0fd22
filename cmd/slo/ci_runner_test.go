package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// ciJob is a run of the gate in a CI system: the inputs by their names in
// action.yml, the environment that the caller adds, and files that are in the workspace.
type ciJob struct {
	inputs, env, files map[string]string
}

// workspace is the folder that the job runs in.
func (j ciJob) workspace(t *testing.T) string {
	t.Helper()
	dir := spaced(t)
	for name, text := range j.files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, text, 0o600)
	}
	return dir
}

// spaced is a new folder with a space in its path.
func spaced(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ciEnd is what became of a job.
type ciEnd struct {
	code int
	log  string
	// workspace is where the script ran, junit the path of its report.
	workspace, junit string
	// outputs, summary and obeyed exist on GitHub only: the outputs of the
	// action, the summary of the step, and the workflow commands in the log.
	outputs map[string]string
	summary string
	obeyed  []string
}

// ciRunners run a job the way the runners of CI systems do.
var ciRunners = map[string]func(*testing.T, ciJob) ciEnd{
	"github": onGitHub,
	"gitlab bash": func(t *testing.T, j ciJob) ciEnd {
		return onGitLab(t, j, "bash", ": | eval ")
	},
	// FF_USE_NEW_BASH_EVAL_STRATEGY puts parentheses around it.
	"gitlab bash in a subshell": func(t *testing.T, j ciJob) ciEnd {
		return onGitLab(t, j, "bash", ": | (eval ")
	},
	"gitlab sh": func(t *testing.T, j ciJob) ciEnd {
		return onGitLab(t, j, "sh", ": | eval ")
	},
}

// onEveryRunner runs a subtest for each of them.
func onEveryRunner(t *testing.T, job ciJob, check func(*testing.T, ciEnd)) {
	t.Helper()
	for name, run := range ciRunners {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end := run(t, job)
			check(t, end)
			if t.Failed() {
				t.Logf("the log:\n%s", end.log)
			}
		})
	}
}

// githubAction is action.yml.
type githubAction struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Shell, Run string
			Env            map[string]string
		}
	}
}

// gitlabTemplate is the template for GitLab.
type gitlabTemplate map[string]struct {
	AllowFailure bool `yaml:"allow_failure"`
	Variables    map[string]string
	Script       []string
	Artifacts    struct {
		When    string
		Paths   []string
		Reports struct{ JUnit string }
	}
}

const templatePath = "ci/gitlab/slo-gate.gitlab-ci.yml"

// repository is the path of a file of the checkout.
func repository(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func readYAML[T any](t *testing.T, path string) (file T) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(readFile(t, repository(t, path))), &file); err != nil {
		t.Fatal(err)
	}
	return file
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	anInput  = regexp.MustCompile(`^\$\{\{ inputs\.([a-z-]+) \}\}$`)
	anOutput = regexp.MustCompile(`^\$\{\{ steps\.gate\.outputs\.([a-z-]+) \}\}$`)
)

// variables are the environment of the action's script for the given inputs.
func (a githubAction) variables(t *testing.T, inputs map[string]string) map[string]string {
	t.Helper()
	for name := range inputs {
		if _, ok := a.Inputs[name]; !ok {
			t.Fatalf("action.yml has no input %s", name)
		}
	}
	env := map[string]string{}
	for name, value := range a.Runs.Steps[0].Env {
		if m := anInput.FindStringSubmatch(value); m != nil {
			value = a.Inputs[m[1]].Default
			if given, ok := inputs[m[1]]; ok {
				value = given
			}
		}
		env[name] = value
	}
	return env
}

// onGitHub does what the runner does with a composite action of one step.
func onGitHub(t *testing.T, job ciJob) ciEnd {
	t.Helper()
	action := readYAML[githubAction](t, "action.yml")
	temp, workspace := spaced(t), job.workspace(t)
	output, summary := filepath.Join(temp, "output"), filepath.Join(temp, "summary")
	writeFile(t, output, "", 0o600)
	writeFile(t, summary, "before\n", 0o600)
	env := map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": repository(t, ""), "GITHUB_WORKSPACE": workspace,
		"GITHUB_OUTPUT": output, "GITHUB_STEP_SUMMARY": summary, "RUNNER_TEMP": temp,
	}
	maps.Copy(env, job.env)
	maps.Copy(env, action.variables(t, job.inputs))
	script := writeFile(t, filepath.Join(temp, "step.sh"), action.Runs.Steps[0].Run, 0o600)
	end := ciEnd{workspace: workspace, outputs: map[string]string{}}
	end.code, end.log = runShell(t, workspace, env, "", "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	set := stepOutputs(t, readFile(t, output))
	for name, o := range action.Outputs {
		end.outputs[name] = set[anOutput.FindStringSubmatch(o.Value)[1]]
	}
	end.summary, end.junit, end.obeyed = readFile(t, summary), end.outputs["junit"], obeyed(end.log)
	return end
}

// stepOutputs reads the file behind GITHUB_OUTPUT as the runner does.
func stepOutputs(t *testing.T, file string) map[string]string {
	t.Helper()
	set := map[string]string{}
	for line := range strings.Lines(file) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok || strings.Contains(name, "<<") {
			t.Fatalf("GITHUB_OUTPUT: line %q", line)
		}
		set[name] = value
	}
	return set
}

var (
	newCommand = regexp.MustCompile(`^\s*::([\w-]+)(?: .*?)?::(.*)$`)
	oldCommand = regexp.MustCompile(`##\[([\w-]+)[^\]]*\](.*)$`)
)

// obeyed is what the runner does with a log: name and text of each command. An
// old one may stand anywhere in a line.
func obeyed(log string) (commands []string) {
	known := []string{"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "set-output", "set-env", "add-path", "save-state", "stop-commands"}
	resume := ""
	for line := range strings.Lines(log) {
		m := newCommand.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || m[1] != resume && !slices.Contains(known, m[1]) {
			m = oldCommand.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		}
		switch {
		case m == nil || m[1] != resume && !slices.Contains(known, m[1]):
		case resume != "":
			if m[1] == resume {
				resume = ""
			}
		case m[1] == "stop-commands":
			resume = m[2]
		default:
			commands = append(commands, m[1]+" "+strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(m[2]))
		}
	}
	if resume != "" {
		commands = append(commands, "never resumed")
	}
	return commands
}

// onGitLab does what GitLab's runner does with the job's script (BashWriter.Finish
// of gitlab-runner): it is one word of a shell that reads its program from stdin.
func onGitLab(t *testing.T, job ciJob, shell, strategy string) ciEnd {
	t.Helper()
	template := readYAML[gitlabTemplate](t, templatePath)[".slo-gate"]
	workspace := job.workspace(t)
	env := map[string]string{"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": workspace, "TMPDIR": spaced(t)}
	maps.Copy(env, job.env)
	maps.Copy(env, template.Variables)
	for name, value := range readYAML[githubAction](t, "action.yml").variables(t, job.inputs) {
		if value != "" {
			env[name] = value
		}
	}
	program := "if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit\nset +o noclobber\n" +
		strategy + "'" + strings.ReplaceAll(strings.Join(template.Script, "\n"), "'", `'\''`) + "'"
	if strings.Contains(strategy, "(") {
		program += ")"
	}
	end := ciEnd{workspace: workspace}
	end.code, end.log = runShell(t, workspace, env, program+"\nexit 0\n", shell)
	if path := filepath.Join(workspace, template.Artifacts.Reports.JUnit); fileExists(path) {
		end.junit = path
	}
	return end
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// runShell runs a program in a closed environment and returns its exit code and everything it said.
func runShell(t *testing.T, dir string, env map[string]string, stdin, name string, args ...string) (int, string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && runtime.GOOS == "windows" {
		t.Skipf("no %s on this machine", name)
	} else if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	all := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": home, "XDG_CACHE_HOME": filepath.Join(home, ".cache"), "TZ": "UTC", "LANG": "C.UTF-8",
		"DD_HOST": "http://127.0.0.1:1", "DD_API_KEY": "api-key", "DD_APP_KEY": "app-key-full",
	}
	maps.Copy(all, env)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	for name, value := range all {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), log.String()
}
