package cli_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/cmd/slo/cli"
	"github.com/slo-cli/slo/internal/iostreams"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// runIn runs slo in a terminal of so many columns, without colours.
func runIn(t *testing.T, locale string, columns int, url string, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	settings := map[string]string{
		"SLO_CACHE_DIR": t.TempDir(), "DD_HOST": url, "DD_API_KEY": "a1b2c3d4", "DD_APP_KEY": "e5f6a7b8",
		"NO_COLOR": "1", "LANG": locale, "TERM": "xterm",
	}
	streams := iostreams.New(&bytes.Buffer{}, &out, &errs, iostreams.Terminal{Out: true, OutWidth: columns}, func(name string) string { return settings[name] })
	code := cli.Main(t.Context(), args, func(name string) (string, bool) { v, ok := settings[name]; return v, ok }, streams)
	return outcome{code, out.String(), errs.String()}
}

// TestLastLineAsksNothing runs the board with and without a look in its cache:
// what is asked is the same, and what is shown differs by the one line.
func TestLastLineAsksNothing(t *testing.T) {
	t.Parallel()
	world, err := scenario.Parse("line", []byte(serviceFaultsWorld))
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, world)
	at := world.Now.UTC().Format(time.RFC3339)
	run := func(cache string, args ...string) (string, map[string]int) {
		t.Helper()
		before := requestsOf(server)
		got := runSLO(t.Context(), server.URL, nil, append(args, "--at", at, "--cache-dir", cache)...)
		if got.code != 0 || got.stderr != "" {
			t.Fatalf("%q: code %d, %s", args, got.code, got.stderr)
		}
		asked := requestsOf(server)
		maps.DeleteFunc(asked, func(route string, n int) bool { return n == before[route] })
		for route := range asked {
			asked[route] -= before[route]
		}
		return got.stdout, asked
	}
	without, with := t.TempDir(), t.TempDir()
	first, _ := run(without, "status")
	board, asked := run(without, "status")
	if board != first || strings.Contains(board, "unusual") {
		t.Errorf("the board speaks of what nobody has looked for:\n%s", board)
	}
	run(with, "status")
	run(with, "investigate")
	seen, askedThen := run(with, "status")
	// A run samples one stretch of what it holds, or none.
	delete(asked, metricRequests)
	delete(askedThen, metricRequests)
	if diff := cmp.Diff(asked, askedThen); diff != "" {
		t.Errorf("with a last line the board asks something else (-without +with):\n%s", diff)
	}
	line, found := strings.CutPrefix(seen, board)
	if !found || strings.Count(line, "\n") != 2 || !strings.Contains(line, " unusual signals since 26 Oct: slo investigate --from 2026-10-26\n") {
		t.Errorf("the board differs by %q, want one line more:\n%s", line, cmp.Diff(board, seen))
	}
}
