package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
)

// twoMonitors is a world in which nothing is the matter, and one monitor whose
// silence, which began before the window, counts as what was before it.
const twoMonitors = `title: monitors
now: 2026-11-09T09:30:00Z
monitors:
  - {id: 1, name: one, options: {on_missing_data: show_no_data}}
  - {id: 2, name: two, options: {on_missing_data: show_no_data}}
  - {id: 3, name: silent while down, query: 'min(last_5m):min:auth.ready{env:prod} < 1', options: {on_missing_data: default}, down: [{from: 2026-10-30T09:30:00Z, for: 24h}], no_data: [{from: 2026-10-31T09:30:00Z, for: 58h}]}
slos:
  - {name: both, monitors: [1, 2], thresholds: [{timeframe: 7d, target: 99}]}
  - {name: carried, monitors: [3], thresholds: [{timeframe: 7d, target: 99}]}
`

// The gate does not rest on a history that lacks a part, or says of one that something is wrong.
func TestGateOnHistoriesThatLackAPart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(file, []byte(twoMonitors), 0o600); err != nil {
		t.Fatal(err)
	}
	world := load(t, file)
	fake, err := simulator.New(simulator.Config{World: world})
	if err != nil {
		t.Fatal(err)
	}
	monitors := func(change func([]any) []any) func(map[string]any) {
		return func(data map[string]any) { data["monitors"] = change(data["monitors"].([]any)) }
	}
	for name, test := range map[string]struct {
		change func(data map[string]any)
		code   int
	}{
		"whole":       {func(map[string]any) {}, 0},
		"one missing": {monitors(func(all []any) []any { return all[:1] }), 7},
		"none at all": {func(data map[string]any) { delete(data, "monitors") }, 7},
		"one in error": {monitors(func(all []any) []any {
			all[1].(map[string]any)["errors"] = []any{map[string]any{"error_type": "OTHER", "error_message": "half of it is lost"}}
			return all
		}), 7},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Accept-Encoding") // what comes back is read here
			recorder := httptest.NewRecorder()
			fake.ServeHTTP(recorder, r)
			body := recorder.Body.Bytes()
			if strings.HasSuffix(r.URL.Path, "/history") {
				var answer map[string]any
				if err := json.Unmarshal(body, &answer); err != nil {
					t.Error(err)
				}
				test.change(answer["data"].(map[string]any))
				body, _ = json.Marshal(answer)
			}
			w.WriteHeader(recorder.Code)
			_, _ = w.Write(body)
		}))
		got := runSLO(t.Context(), server.URL, nil, "gate", "-o", "json", "--at", world.Now.Format(time.RFC3339), "both")
		server.Close()
		if got.code != test.code {
			t.Errorf("%s: code %d, want %d\n%s", name, got.code, test.code, got.stdout)
		}
	}
}

// What a silent monitor counts as is looked up before the window, as for the board.
func TestGateKnowsWhatSilenceCarries(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "world.yaml")
	if err := os.WriteFile(file, []byte(twoMonitors), 0o600); err != nil {
		t.Fatal(err)
	}
	world := load(t, file)
	server := serve(t, world)
	// Silent and down from 2026-11-02 09:30, where the window begins, to 19:30: 10 of 168 hours, and 1 % is allowed.
	got := runSLO(t.Context(), server.URL, nil, "gate", "-o", "json", "--at", world.Now.Format(time.RFC3339), "carried")
	if doc := document(t, got.stdout); got.code != 3 {
		t.Errorf("code %d\n%+v", got.code, doc)
	}
}
