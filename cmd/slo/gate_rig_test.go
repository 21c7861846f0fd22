package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// The credentials of these runs, which nothing may ever show.
const (
	gateAPIKey = "5ec2e7a91c0ffee0b5e55ed000facade"
	gateAppKey = "dec0debadc0de5afe0ddba11feedface00c0ffee"
)

// TestGate runs the binary, built the way it is released, as a process each time.
func TestGate(t *testing.T) {
	t.Parallel()
	r := newGateRig(t)
	t.Run("Situations", func(t *testing.T) { t.Parallel(); r.testSituations(t) })
	t.Run("NeverPassesByAccident", func(t *testing.T) { t.Parallel(); r.testAccidents(t) })
	t.Run("Interrupted", func(t *testing.T) { t.Parallel(); r.testInterrupt(t) })
}

// gateRig is the binary, and the worlds that it is asked about.
type gateRig struct {
	binary string
	worlds map[string]*gateWorld
	// busy bounds the processes that compute, waiting those that mostly wait.
	busy, waiting chan struct{}
}

type gateWorld struct {
	world     *scenario.World
	simulated *simulator.Server
	upstream  *badnet.Upstream
	// clear is a network without faults; direct is the address of the API itself,
	// where credentials decide about answers.
	clear  *badnet.Network
	direct string
}

func newGateRig(t *testing.T) *gateRig {
	t.Helper()
	r := &gateRig{
		binary: filepath.Join(t.TempDir(), "slo"), worlds: map[string]*gateWorld{},
		busy: make(chan struct{}, runtime.GOMAXPROCS(0)+1), waiting: make(chan struct{}, 24),
	}
	cmd := exec.Command("go", "build", "-o", r.binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, name := range scenario.Names() {
		described, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		r.worlds[name] = placed(t, described, 0)
	}
	return r
}

// placed serves a world, at its own now or moved from it.
func placed(t *testing.T, described *scenario.World, shift time.Duration) *gateWorld {
	t.Helper()
	// Nobody is told to wait: answers are remembered, and thousands are asked for.
	unlimited := *described
	for _, name := range []string{"slo_history", "slo_get_all", "slo_correction_get_all", "slo_correction_get", "get_monitors"} {
		unlimited.Limits = append(slices.Clone(unlimited.Limits), scenario.Limit{Name: name, Limit: 1 << 30, Period: time.Hour})
	}
	simulated, err := simulator.New(simulator.Config{World: &unlimited, Shift: shift})
	if err != nil {
		t.Fatal(err)
	}
	w := &gateWorld{world: described, simulated: simulated, upstream: badnet.NewUpstream(simulated)}
	if w.clear, err = badnet.Listen(w.upstream); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.clear.Close)
	if len(described.Keys) > 0 {
		server := httptest.NewServer(simulated)
		t.Cleanup(server.Close)
		w.direct = server.URL
	}
	return w
}

// gateRun is one process.
type gateRun struct {
	url     string
	args    []string
	env     []string
	folder  string // the working directory; none: an empty one
	waits   bool   // it waits more than it computes
	noCreds bool
}

type gateOutcome struct {
	code           int
	stdout, stderr string
}

// run starts slo gate and waits for its end.
func (r *gateRig) run(g gateRun) (gateOutcome, error) {
	pool := r.busy
	if g.waits {
		pool = r.waiting
	}
	pool <- struct{}{}
	defer func() { <-pool }()
	folder := g.folder
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp(memoryIfAny(), "slo-gate-"); err != nil {
			return gateOutcome{}, err
		}
		defer os.RemoveAll(folder)
	}
	// A gate that does not end by itself has failed already.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.binary, append([]string{"gate"}, g.args...)...)
	cmd.Dir = folder
	cmd.Env = append([]string{"HOME=" + folder, "DD_HOST=" + g.url, "NO_COLOR=1", "TZ=UTC", "GOMAXPROCS=2"}, g.env...)
	if !g.noCreds {
		cmd.Env = append(cmd.Env, "DD_API_KEY="+gateAPIKey, "DD_APP_KEY="+gateAppKey)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	got := gateOutcome{stdout: stdout.String(), stderr: stderr.String()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got.code = exit.ExitCode()
	} else if err != nil {
		return got, err
	}
	return got, nil
}

// memoryIfAny is where files are in memory, where there is such a place.
func memoryIfAny() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// gateDocument is what a script can read of the verdict.
type gateDocument struct {
	Schema   string
	At       time.Time
	Verdict  string
	ExitCode *int `json:"exit_code"`
	Summary  string
	Policy   struct{ Source, SHA256 string }
	SLOs     *int
	Rules    []gateRule
	Error    *struct {
		Code    int
		Message string
	}
	Notes []struct{ Code, Text string }
}

type gateRule struct {
	SLOID     *string `json:"slo_id"`
	SLO       *string
	Timeframe *string
	Rule      string
	Verdict   string
	Reason    string
	Value     *float64
	Threshold *float64
	Blocks    bool
	Override  *struct {
		Without string `json:"verdict_without"`
	}
}

// about says which rule of which objective it is.
func (g gateRule) about() string {
	var words []string
	for _, part := range []*string{g.SLO, g.Timeframe, &g.Rule} {
		if part != nil {
			words = append(words, *part)
		}
	}
	return strings.Join(words, " ")
}

// readGate holds a run against what is promised of every run: one document
// that fits the code, an error object with every code but 0, and no credentials.
func readGate(got gateOutcome) (*gateDocument, error) {
	for what, text := range map[string]string{"stdout": got.stdout, "stderr": got.stderr} {
		for _, secret := range []string{gateAPIKey, gateAppKey} {
			if strings.Contains(text, secret[:len(secret)/2]) || strings.Contains(text, secret[len(secret)/2:]) {
				return nil, fmt.Errorf("%s shows a key", what)
			}
		}
	}
	if err := checkComplaint(got); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(got.stdout))
	var doc gateDocument
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("stdout is no JSON document: %w: %.200s", err, got.stdout)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("stdout has more than one JSON document")
	}
	if doc.Schema != "slo.gate/v1" || doc.Summary == "" || doc.ExitCode == nil || *doc.ExitCode != got.code {
		return nil, fmt.Errorf("schema %q, summary %q, exit_code %v", doc.Schema, doc.Summary, doc.ExitCode)
	}
	fits := map[int]string{0: "pass warn", 1: "undecided fail", 2: "undecided fail", 3: "fail", 4: "undecided fail", 5: "undecided", 7: "undecided"}
	allowed, known := fits[got.code]
	if !known || doc.Verdict == "" || !strings.Contains(allowed, doc.Verdict) {
		return nil, fmt.Errorf("verdict %q does not fit code %d", doc.Verdict, got.code)
	}
	if (doc.Error == nil) != (got.code == 0) || doc.Error != nil && (doc.Error.Code != got.code || doc.Error.Message == "") {
		return nil, fmt.Errorf("the document's error %+v does not fit code %d", doc.Error, got.code)
	}
	if len(doc.Rules) == 0 {
		return nil, fmt.Errorf("no rule was looked at")
	}
	return &doc, nil
}

// checkComplaint looks for the error object on stderr.
func checkComplaint(got gateOutcome) error {
	var object struct {
		Error *struct {
			Code    int
			Message string
		}
	}
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	err := json.Unmarshal([]byte(lines[len(lines)-1]), &object)
	found := err == nil && object.Error != nil
	if found != (got.code != 0) || found && (object.Error.Code != got.code || object.Error.Message == "") {
		return fmt.Errorf("stderr with code %d: %q", got.code, got.stderr)
	}
	return nil
}
