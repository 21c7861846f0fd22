package cli_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

var counted = regexp.MustCompile(`(?m)^slo: (planned|sent): (\d+) series requests`)

// What --debug says was planned, what it says was sent, and what the server saw are the same.
func TestPlannedIsSent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default", "steady", "big"} {
		world, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"2026-11-09T09:30:00Z", "2026-11-09T09:00:00Z", "2026-11-02T23:55:00Z"} {
			server := serve(t, world)
			got := runSLO(t.Context(), server.URL, nil, "status", "--debug", "--timeframe", "all", "--at", at)
			if got.code != 0 {
				t.Fatalf("%s at %s: code %d, %s", name, at, got.code, got.stderr)
			}
			numbers := map[string]string{}
			for _, m := range counted.FindAllStringSubmatch(got.stderr, -1) {
				numbers[m[1]] = m[2]
			}
			asked := 0
			for _, r := range server.Config.Handler.(*simulator.Server).Requests() {
				if r.Path == "/api/v2/query/timeseries" {
					asked++
				}
			}
			if numbers["planned"] == "" || numbers["planned"] != numbers["sent"] || !strings.Contains(got.stderr, " 0 retries") {
				t.Errorf("%s at %s: planned %s, sent %s\n%s", name, at, numbers["planned"], numbers["sent"], got.stderr)
			}
			if traced := strings.Count(got.stderr, "POST /api/v2/query/timeseries"); traced != asked || numbers["sent"] != strconv.Itoa(asked) {
				t.Errorf("%s at %s: sent %s, traced %d, the server saw %d", name, at, numbers["sent"], traced, asked)
			}
		}
	}
}
