package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/iostreams"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// outcome is what one run of slo left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

// runSLO runs slo in this process against a server, with a closed environment.
func runSLO(ctx context.Context, url string, env map[string]string, args ...string) outcome {
	streams, _, out, errs := iostreams.Test()
	// Every run has a cache of its own, unless it names one; never that of whoever runs the tests.
	folder := ""
	if env["SLO_CACHE_DIR"] == "" {
		var err error
		if folder, err = os.MkdirTemp(memoryFolder(), "slo-test-"); err != nil {
			return outcome{code: -1, stderr: err.Error()}
		}
		defer os.RemoveAll(folder)
	}
	lookup := func(name string) (string, bool) {
		if v, ok := env[name]; ok {
			return v, true
		}
		v, ok := map[string]string{"SLO_CACHE_DIR": folder, "DD_HOST": url, "DD_API_KEY": "a1b2c3d4", "DD_APP_KEY": "e5f6a7b8"}[name]
		return v, ok
	}
	code := cli.Main(ctx, args, lookup, streams)
	return outcome{code, out.String(), errs.String()}
}

func serve(t *testing.T, world *scenario.World) *httptest.Server {
	t.Helper()
	server, err := simulator.New(simulator.Config{World: world})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server)
	t.Cleanup(func() {
		s.Close()
		if unknown := server.UnknownRoutes(); len(unknown) > 0 {
			t.Errorf("asked for routes that the API does not have: %q", unknown)
		}
	})
	return s
}

// memoryFolder is where files are in memory, where there is such a place.
func memoryFolder() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

type statusDocument struct {
	SLOs []struct {
		Name    string
		Error   *struct{ Kind, Message string }
		Windows []struct {
			Timeframe, State        string
			Good, Total, Attainment *float64
			Budget                  *struct {
				RemainingPercent float64 `json:"remaining_percent"`
			}
		}
	}
}

// TestTruth holds every figure that a world states, worked out by hand,
// against what slo makes of that world over HTTP.
func TestTruth(t *testing.T) {
	t.Parallel()
	for _, name := range scenario.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, err := scenario.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			server := serve(t, world)
			boards := map[time.Time]statusDocument{}
			for _, truth := range world.Truth {
				board, seen := boards[truth.At]
				if !seen {
					got := runSLO(t.Context(), server.URL, nil, "status", "-o", "json", "--timeframe", "all", "--at", truth.At.UTC().Format(time.RFC3339))
					if got.code != 0 && got.code != 6 {
						t.Fatalf("at %s: exit code %d, stderr %s", truth.At, got.code, got.stderr)
					}
					decoder := json.NewDecoder(bytes.NewBufferString(got.stdout))
					if err := decoder.Decode(&board); err != nil {
						t.Fatal(err)
					}
					boards[truth.At] = board
				}
				compare(t, truth, board)
			}
		})
	}
}

func compare(t *testing.T, truth scenario.Truth, board statusDocument) {
	t.Helper()
	found := false
	for _, s := range board.SLOs {
		if s.Name != truth.SLO {
			continue
		}
		for _, w := range s.Windows {
			if w.Timeframe != truth.Timeframe {
				continue
			}
			found = true
			var remaining *float64
			if w.Budget != nil {
				remaining = &w.Budget.RemainingPercent
			}
			if truth.State != "" && w.State != truth.State {
				t.Errorf("%s %s: state %s, want %s", truth.SLO, truth.Timeframe, w.State, truth.State)
			}
			for _, f := range []struct {
				what string
				want *scenario.Range
				got  *float64
			}{
				{"good", truth.Good, w.Good}, {"total", truth.Total, w.Total},
				{"attainment", truth.Attainment, w.Attainment}, {"remaining percent", toThreeDecimals(truth.Remaining), remaining},
			} {
				switch {
				case f.want == nil:
				case f.got == nil && f.what == "total" && f.want.Contains(0): // not one point: unknown rather than zero
				case f.got == nil:
					t.Errorf("%s %s: %s is unknown, want %v", truth.SLO, truth.Timeframe, f.what, *f.want)
				case !f.want.Contains(*f.got):
					t.Errorf("%s %s: %s is %v, want %v", truth.SLO, truth.Timeframe, f.what, *f.got, *f.want)
				}
			}
		}
	}
	if !found {
		t.Errorf("%s %s is not on the board", truth.SLO, truth.Timeframe)
	}
}

// toThreeDecimals widens a range by half a unit of the third decimal, to which
// the budgets of the worlds are worked out.
func toThreeDecimals(r *scenario.Range) *scenario.Range {
	if r == nil {
		return nil
	}
	return &scenario.Range{Min: r.Min - 0.0005, Max: r.Max + 0.0005}
}
