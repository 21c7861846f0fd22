package cli_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/iostreams"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// gateDocument is the part of the gate's document that the tests here look at.
type gateDocument struct {
	Verdict  string
	ExitCode int `json:"exit_code"`
	Policy   struct{ Source string }
	Rules    []struct{ SLO, Rule, Verdict, Reason string }
	Notes    []struct{ Code, Text string }
}

func document(t *testing.T, stdout string) gateDocument {
	t.Helper()
	var v gateDocument
	if err := json.Unmarshal([]byte(stdout), &v); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	return v
}

// trap is a stderr on which the line about the plan does something.
type trap struct {
	bytes.Buffer
	spring func()
}

func (w *trap) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("slo: planned")) {
		w.spring()
	}
	return w.Buffer.Write(p)
}

// trapped runs the gate; spring is called while the work is under way.
func trapped(t *testing.T, url string, spring func(), args ...string) (code int, stdout string) {
	t.Helper()
	streams, _, out, _ := iostreams.Test()
	streams.Err = &trap{spring: spring}
	env := map[string]string{"SLO_CACHE_DIR": t.TempDir(), "DD_HOST": url, "DD_API_KEY": "a1b2c3d4", "DD_APP_KEY": "e5f6a7b8"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	code = cli.Main(t.Context(), append([]string{"gate", "--debug", "-o", "json"}, args...), lookup, streams)
	return code, out.String()
}

// What does not heed --timeout is left behind; the policy holds all the same.
func TestGateLeavesBehindWhatHangs(t *testing.T) {
	t.Parallel()
	frozen := filepath.Join(t.TempDir(), "frozen.yaml")
	if err := os.WriteFile(frozen, []byte(`version: 1
policies: [{name: s, freezes: c}]
calendars: {c: {time_zone: UTC, freezes: [{from: 2026-11-09, to: 2026-11-10, reason: r}]}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	world := load(t, "default")
	server := serve(t, world)
	for _, test := range []struct {
		args []string
		code int
	}{
		{nil, 5},
		{[]string{"--on-unavailable", "pass"}, 0},
		{[]string{"--policy", frozen, "--on-unavailable", "pass"}, 3},
	} {
		hangs := make(chan struct{})
		args := append([]string{"checkout availability", "--timeout", "1s", "--at", world.Now.Format(time.RFC3339)}, test.args...)
		code, out := trapped(t, server.URL, func() { <-hangs }, args...)
		close(hangs)
		doc := document(t, out)
		if code != test.code || doc.ExitCode != code {
			t.Errorf("%v: code %d\n%s", test.args, code, out)
		}
		if given := strings.Contains(strings.Join(test.args, " "), "--policy"); given != (doc.Policy.Source == frozen) {
			t.Errorf("%v: policy %s", test.args, doc.Policy.Source)
		}
	}
}

// A bug is no verdict, whatever the flags say about doubts.
func TestGateWithABug(t *testing.T) {
	t.Parallel()
	world := load(t, "default")
	code, out := trapped(t, serve(t, world).URL, func() { panic("a bug") }, "checkout availability", "--at", world.Now.Format(time.RFC3339),
		"--on-unavailable", "pass", "--on-undecided", "pass")
	if doc := document(t, out); code != 1 || doc.ExitCode != 1 || doc.Verdict != "undecided" {
		t.Errorf("code %d\n%s", code, out)
	}
}

// Nor is something that was typed wrong.
func TestGateWithAMistake(t *testing.T) {
	t.Parallel()
	got := runSLO(t.Context(), serve(t, load(t, "default")).URL, nil, "gate", "-o", "json", "no such SLO", "--on-unavailable", "pass", "--on-undecided", "pass")
	if doc := document(t, got.stdout); got.code != 2 || doc.Verdict != "undecided" {
		t.Errorf("code %d\n%s", got.code, got.stdout)
	}
}

// The age of data is held against Datadog's clock where that of this machine is slow.
func TestGateOnASlowClock(t *testing.T) {
	t.Parallel()
	world := load(t, "default")
	now := time.Now()
	fake, err := simulator.New(simulator.Config{World: world, Shift: simulator.Place(world, now), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for ahead, want := range map[time.Duration]int{0: 0, 3 * time.Hour: 7, -3 * time.Hour: 0} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", now.Add(ahead).UTC().Format(http.TimeFormat))
			fake.ServeHTTP(w, r)
		}))
		got := runSLO(t.Context(), server.URL, nil, "gate", "-o", "json", "auth availability (prod)")
		server.Close()
		if got.code != want {
			t.Errorf("Datadog's clock %s ahead: code %d\n%s%s", ahead, got.code, got.stdout, got.stderr)
		}
	}
}

// Of several monitors the one that sends data does not speak for the one that does not.
func TestGateOnTheSilentOfTwoMonitors(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(file, []byte(`title: two monitors
now: 2026-11-09T09:30:00Z
monitors:
  - {id: 1, name: fine, options: {on_missing_data: show_no_data}}
  - {id: 2, name: too, options: {on_missing_data: show_no_data}}
  - {id: 3, name: never had data, options: {on_missing_data: show_no_data}, no_data: [{from: 2026-07-01T00:00:00Z}]}
  - {id: 4, name: gone two hours ago, options: {on_missing_data: show_no_data}, no_data: [{from: 2026-11-09T07:30:00Z}]}
  - {id: 5, name: new, options: {on_missing_data: show_no_data}, no_results: true, created: 2026-11-08T09:29:30Z}
slos:
  - {name: both, monitors: [1, 2], thresholds: [{timeframe: 30d, target: 99.5}]}
  - {name: coverage, monitors: [1, 3], thresholds: [{timeframe: 30d, target: 99.5}]}
  - {name: freshness, monitors: [1, 4], thresholds: [{timeframe: 30d, target: 99.5}]}
  - {name: data, monitors: [1, 5], thresholds: [{timeframe: 30d, target: 99.5}]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	world := load(t, file)
	server := serve(t, world)
	for name, code := range map[string]int{"both": 0, "coverage": 7, "freshness": 7, "data": 7} {
		got := runSLO(t.Context(), server.URL, nil, "gate", "-o", "json", "--at", world.Now.Format(time.RFC3339), name)
		undecided := ""
		for _, r := range document(t, got.stdout).Rules {
			if r.Verdict == "undecided" && undecided == "" {
				undecided = r.Rule
			}
		}
		if got.code != code || code == 7 && undecided != name {
			t.Errorf("%s: code %d, undecided %s\n%s", name, got.code, undecided, got.stdout)
		}
	}
}

// The files do not call a pass what the process does not.
func TestGateFilesAgreeWithTheCode(t *testing.T) {
	t.Parallel()
	world := load(t, "default")
	server := serve(t, world)
	junit := filepath.Join(t.TempDir(), "gate.xml")
	args := []string{"gate", "auth availability (prod)", "--junit", junit, "--at", world.Now.Format(time.RFC3339)}
	read := func() string {
		text, err := os.ReadFile(junit)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := runSLO(t.Context(), server.URL, nil, args...); got.code != 0 || !strings.Contains(read(), `errors="0"`) {
		t.Fatalf("code %d\n%s", got.code, read())
	}
	streams, _, _, _ := iostreams.Test()
	streams.Out = full{}
	env := map[string]string{"SLO_CACHE_DIR": t.TempDir(), "DD_HOST": server.URL, "DD_API_KEY": "a1b2c3d4", "DD_APP_KEY": "e5f6a7b8"}
	code := cli.Main(t.Context(), args, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, streams)
	if code != 1 || strings.Contains(read(), `errors="0"`) {
		t.Errorf("stdout is full: code %d\n%s", code, read())
	}
	// Neither may the files be written over each other, or over what is read.
	for _, clash := range [][]string{{"--summary", filepath.Dir(junit) + "/./gate.xml"}, {"--policy", junit}} {
		if got := runSLO(t.Context(), server.URL, nil, append(args, clash...)...); got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, "want different files") {
			t.Errorf("%v: code %d, %s", clash, got.code, got.stderr)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func load(t *testing.T, name string) *scenario.World {
	t.Helper()
	world, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return world
}
