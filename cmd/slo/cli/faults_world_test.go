package cli_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/pprof"
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
	secretAPIKey = "5ec2e7a91c0ffee0b5e55ed000facade"
	secretAppKey = "dec0debadc0de5afe0ddba11feedface00c0ffee"
	secretToken  = "ddpat_Zm9yYmlkZGVuRnJ1aXQ_7777777777"
)

// The SLOs of the world, by the evidence that they rest on.
var (
	measuredRows = []string{"requests", "requests by environment", "runs without as_count", "slices"}
	monitorRows  = []string{"monitor"}
	typedRows    = []string{"runs without as_count"}
	allRows      = slices.Concat(measuredRows, monitorRows)
)

// rowsOf are the SLOs that rest on what requests of a kind are answered.
func rowsOf(k badnet.Kind) []string {
	switch k {
	case badnet.Series:
		return measuredRows
	case badnet.History, badnet.Monitor:
		return monitorRows
	case badnet.MetricType:
		return typedRows
	}
	return allRows
}

// faultWorld is a small world with one SLO of each kind, and its board without any fault.
type faultWorld struct {
	upstream, coarse *badnet.Upstream
	simulated        *simulator.Server
	at               string
	clean            *faultBoard
	census           *census
	// caches says that a run leaves something behind for the next one.
	caches bool
	// ballast is memory that is never touched: with it the collector has less to
	// do, and thousands of small runs take half the time.
	ballast []byte
}

func newFaultWorld(t *testing.T) *faultWorld {
	t.Helper()
	described, err := scenario.Load(filepath.Join("testdata", "faults.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	w := &faultWorld{census: &census{}, ballast: make([]byte, 256<<20), at: described.Now.UTC().Format(time.RFC3339)}
	simulate := func(specs ...string) *simulator.Server {
		faults, err := simulator.ParseFaults(specs)
		if err != nil {
			t.Fatal(err)
		}
		s, err := simulator.New(simulator.Config{World: described, Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	w.simulated = simulate()
	w.upstream, w.coarse = badnet.NewUpstream(w.simulated), badnet.NewUpstream(simulate("coarsen"))
	cache := cacheFolder(t)
	got, _ := w.run(t.Context(), w.listen(t), faultRun{cache: cache})
	if got.code != 0 {
		t.Fatalf("without a fault: code %d, %s", got.code, got.stderr)
	}
	kept, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	w.caches = len(kept) > 0
	if w.clean, err = readFaultBoard(got.stdout); err != nil {
		t.Fatal(err)
	}
	for _, name := range allRows {
		row, there := w.clean.rows[name]
		if !there || row.Error != nil || len(row.Windows) != 1 || row.Windows[0]["attainment"] == nil ||
			string(row.Windows[0]["attainment"]) == "null" || string(row.Windows[0]["corrections"]) == "[]" || !row.compared() {
			t.Fatalf("%q is not a row with a figure, a correction and a comparison: %s", name, row.Windows)
		}
	}
	t.Cleanup(func() {
		if unknown := w.simulated.UnknownRoutes(); len(unknown) > 0 {
			t.Errorf("asked for routes that the API does not have: %q", unknown)
		}
	})
	return w
}

// listen opens a network in front of the world.
func (w *faultWorld) listen(t *testing.T) *badnet.Network {
	t.Helper()
	n, err := badnet.Listen(w.upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// faultRun says how slo is run.
type faultRun struct {
	cache   string // the cache directory; none: --no-cache
	timeout string
	token   bool
	url     string // other than the network's
	args    []string
	label   string // marks the goroutines of the run
}

// run is one board. It is measured with the monotonic clock, because the bound
// on a run is what these tests are about.
func (w *faultWorld) run(ctx context.Context, n *badnet.Network, r faultRun) (got outcome, took time.Duration) {
	env := map[string]string{"DD_API_KEY": secretAPIKey, "DD_APP_KEY": secretAppKey}
	if r.token {
		env = map[string]string{"DD_ACCESS_TOKEN": secretToken, "DD_API_KEY": secretAPIKey, "DD_APP_KEY": secretAppKey}
	}
	args := append([]string{"status", "-o", "json", "--at", w.at}, r.args...)
	if r.timeout != "" {
		args = append(args, "--timeout", r.timeout)
	}
	if r.cache != "" {
		args = append(args, "--cache-dir", r.cache)
	} else {
		args = append(args, "--no-cache")
	}
	url := r.url
	if url == "" {
		url = n.URL
	}
	start := time.Now()
	pprof.Do(ctx, pprof.Labels("cell", r.label), func(ctx context.Context) { got = runSLO(ctx, url, env, args...) })
	return got, time.Since(start)
}

// faultBoard is what of a status document must not change.
type faultBoard struct {
	notes map[string]string
	rows  map[string]faultRow
	// strange is how many rows are of SLOs that the world does not have; see [faultWorld.lost].
	strange int
}

// says reports whether there is a note whose code begins so.
func (b faultBoard) says(code string) bool {
	for c := range b.notes {
		if strings.HasPrefix(c, code) {
			return true
		}
	}
	return false
}

type faultRow struct {
	Name    string
	Error   *struct{ Kind, Message string }
	Windows []map[string]json.RawMessage
	Groups  []struct {
		Name    string
		Windows []map[string]json.RawMessage
	}
}

// compared reports whether Datadog's figure stands beside ours.
func (r faultRow) compared() bool {
	return len(r.Windows) > 0 && strings.Contains(string(r.Windows[0]["datadog"]), `"agrees":true`)
}

func readFaultBoard(stdout string) (*faultBoard, error) {
	var compact bytes.Buffer // white space depends on how deep something stands
	if err := json.Compact(&compact, []byte(stdout)); err != nil {
		return nil, fmt.Errorf("stdout is not one JSON document: %w", err)
	}
	var doc struct {
		Schema string
		Notes  []struct{ Code, Text string }
		SLOs   []faultRow
	}
	if err := json.Unmarshal(compact.Bytes(), &doc); err != nil {
		return nil, err
	}
	if doc.Schema != "slo.status/v1" {
		return nil, fmt.Errorf("schema %q", doc.Schema)
	}
	b := &faultBoard{notes: map[string]string{}, rows: map[string]faultRow{}}
	for _, n := range doc.Notes {
		b.notes[n.Code] = n.Text
	}
	for _, r := range doc.SLOs {
		if _, twice := b.rows[r.Name]; twice {
			return b, fmt.Errorf("%q is on the board twice", r.Name)
		}
		b.rows[r.Name] = r
	}
	return b, nil
}

// license is what a fault may do to a board besides errors in rows.
type license struct {
	// uncompared: Datadog's figures may be absent.
	uncompared bool
	// silent: figures may be unknown, in rows without data.
	silent bool
	// unlisted: rows may be absent, if a note says so.
	unlisted bool
	// strange: rows may be of unknown SLOs, if they have errors, and stand for those that are absent.
	strange bool
}

// lost are the rows of a board that have no figures, each with an error (or
// without data, where that is allowed). Any other row must be as without the
// fault, to the byte: the one wrong number is what this looks for.
func (w *faultWorld) lost(got *faultBoard, may license) (rows []string, err error) {
	for name, r := range got.rows {
		clean, known := w.clean.rows[name]
		switch {
		case r.Error != nil:
			if len(r.Windows) > 0 || len(r.Groups) > 0 {
				return nil, fmt.Errorf("%q has an error and figures beside it", name)
			}
			if r.Error.Message == "" {
				return nil, fmt.Errorf("%q has an error that says nothing", name)
			}
			if !known && may.strange {
				got.strange++
				continue
			}
			rows = append(rows, name)
		case !known:
			return nil, fmt.Errorf("there is no SLO %q without the fault", name)
		case may.silent && len(r.Windows) == 1 && unknownFigures(r.Windows[0]):
			rows = append(rows, name)
		default:
			if err := sameWindows(clean.Windows, r.Windows, may); err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			}
			if len(r.Groups) != len(clean.Groups) {
				return nil, fmt.Errorf("%q: %d groups, want %d", name, len(r.Groups), len(clean.Groups))
			}
			for i, g := range r.Groups {
				if g.Name != clean.Groups[i].Name {
					return nil, fmt.Errorf("%q: group %q, want %q", name, g.Name, clean.Groups[i].Name)
				}
				if err := sameWindows(clean.Groups[i].Windows, g.Windows, may); err != nil {
					return nil, fmt.Errorf("%q, group %q: %w", name, g.Name, err)
				}
			}
		}
	}
	for name := range w.clean.rows {
		said := may.unlisted && got.notes["listing_incomplete"] != "" || got.strange > 0
		if _, there := got.rows[name]; !there && !said {
			return nil, fmt.Errorf("%q is not on the board", name)
		}
	}
	slices.Sort(rows)
	return rows, nil
}

func unknownFigures(w map[string]json.RawMessage) bool {
	return string(w["attainment"]) == "null" && string(w["state"]) == `"no_data"`
}

func sameWindows(want, got []map[string]json.RawMessage, may license) error {
	if len(want) != len(got) {
		return fmt.Errorf("%d windows, want %d", len(got), len(want))
	}
	for i := range want {
		for _, field := range slices.Sorted(maps.Keys(want[i])) {
			w, g := want[i][field], got[i][field]
			if bytes.Equal(w, g) || field == "datadog" && may.uncompared && nothingElse(w, g) {
				continue
			}
			return fmt.Errorf("%s is %s, want %s", field, g, w)
		}
		if len(got[i]) != len(want[i]) {
			return fmt.Errorf("window %d has other fields", i)
		}
	}
	return nil
}

// nothingElse reports whether what Datadog says is the same or unknown, figure by figure.
func nothingElse(want, got json.RawMessage) bool {
	var w, g map[string]json.RawMessage
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(got, &g) != nil {
		return false
	}
	for _, field := range []string{"attainment", "remaining_percent", "from", "to", "agrees", "reason", "ours"} {
		if v := g[field]; len(v) > 0 && string(v) != "null" && !bytes.Equal(v, w[field]) {
			return false
		}
	}
	return true
}

// shownSecret is where a credential stands: in what was printed, or in a file below the folders.
func shownSecret(got outcome, folders ...string) string {
	for what, text := range map[string]string{"stdout": got.stdout, "stderr": got.stderr} {
		if holdsSecret(text) {
			return what
		}
	}
	for _, folder := range folders {
		var found string
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || found != "" {
				return nil
			}
			if holdsSecret(path) {
				found = path
			}
			if d.Type().IsRegular() {
				if content, err := os.ReadFile(path); err == nil && holdsSecret(string(content)) {
					found = path
				}
			}
			return nil
		})
		if found != "" {
			return found
		}
	}
	return ""
}

// holdsSecret also finds halves, and what is encoded in the way of Authorization headers.
func holdsSecret(text string) bool {
	return slices.ContainsFunc(secretShapes, func(shape string) bool { return strings.Contains(text, shape) })
}

var secretShapes = func() (shapes []string) {
	for _, secret := range []string{secretAPIKey, secretAppKey, secretToken} {
		shapes = append(shapes, secret[:len(secret)/2], secret[len(secret)/2:], base64.StdEncoding.EncodeToString([]byte(secret))[:20])
	}
	return shapes
}()

// cacheFolder is a folder of its own, in memory where there is such a place:
// hundreds of caches are filled.
func cacheFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "slo-faults-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// complaintOf is the error object on stderr.
func complaintOf(got outcome) (code int, message string, hints []string, err error) {
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	var object struct {
		Error struct {
			Code    int
			Message string
			Hints   []string
		}
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &object); err != nil {
		return 0, "", nil, fmt.Errorf("the last line of stderr is no error object: %w: %s", err, got.stderr)
	}
	return object.Error.Code, object.Error.Message, object.Error.Hints, nil
}
