package cli_test

import (
	"maps"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// The numbers behind the board of fifty metric SLOs with two queries each.
const (
	// naively is one request for each of its queries and each five days of the
	// 90, which is as long a stretch as Datadog answers in buckets of five minutes, and a listing.
	naively = 1 + 50*2*90/5
	// tails is what their hundred queries take at 25 a request.
	tails = 100 / 25
)

const metricRequests = "POST /api/v2/query/timeseries"

// A cold board needs twenty times fewer requests than the naive way. A warm
// one shows the same and asks for what is not settled, and no more.
func TestWarmBoard(t *testing.T) {
	t.Parallel()
	world, err := scenario.Load("../testdata/bench/board.yaml")
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, world)
	cache := t.TempDir()
	look := func(args ...string) (outcome, map[string]int) {
		t.Helper()
		before := requestsOf(server)
		got := runSLO(t.Context(), server.URL, nil, append([]string{
			"status", "-o", "json", "--timeframe", "90d", "--cache-dir", cache, "--at", world.Now.UTC().Format(time.RFC3339),
		}, args...)...)
		if got.code != 0 || got.stderr != "" {
			t.Fatalf("%q: code %d, %s", args, got.code, got.stderr)
		}
		asked := requestsOf(server)
		for route, n := range before {
			if asked[route] -= n; asked[route] == 0 {
				delete(asked, route)
			}
		}
		return got, asked
	}
	cold, asked := look()
	sum := 0
	for n := range maps.Values(asked) {
		sum += n
	}
	if sum == 0 || 20*sum > naively {
		t.Errorf("a cold board takes %d requests, which is not 20 times fewer than %d: %v", sum, naively, asked)
	}
	for range 3 {
		warm, asked := look()
		if warm.stdout != cold.stdout {
			t.Errorf("the warm board is another one: %s", cmp.Diff(cold.stdout, warm.stdout))
		}
		// One of them may be the stretch that is sampled.
		if n := asked[metricRequests]; n < tails || n > tails+1 {
			t.Errorf("a warm board takes %d metric requests, want %d and perhaps one more", n, tails)
		}
		delete(asked, metricRequests)
		want := map[string]int{"GET /api/v1/slo": 1, "GET /api/v1/slo/search": 1, "GET /api/v1/slo/correction": 1}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("a warm board asks beside its metrics (-want +got):\n%s", diff)
		}
	}
}

// requestsOf is how often each route has been asked.
func requestsOf(s *httptest.Server) map[string]int {
	asked := map[string]int{}
	for _, r := range s.Config.Handler.(*simulator.Server).Requests() {
		asked[r.Method+" "+r.Path]++
	}
	return asked
}
