package cli_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
)

// chaosRuns says how many runs there are, one for each seed from 1 on; without it
// there are as many as fit into chaosTime, and chaosFewest at least.
const (
	chaosRuns   = "SLO_CHAOS_RUNS"
	chaosTime   = 8 * time.Second
	chaosFewest = 300
)

// chaosFaults are those that a client can notice. A flipped digit is not among
// them: nothing in the protocol would tell it from another answer.
func chaosFaults() []badnet.Fault {
	return []badnet.Fault{
		badnet.Reset, badnet.Hangup, badnet.ResetInside, badnet.Truncate, badnet.Cut, badnet.Halve,
		badnet.Slow(3 * time.Millisecond), badnet.Slow(20 * time.Millisecond),
		badnet.Gzip(nil), badnet.Gzip(badnet.FlipMiddle), badnet.Gzip(badnet.FlipSum), badnet.Gzip(badnet.DropEnd), badnet.Gzip(badnet.NoHeader),
		badnet.Status(500), badnet.Status(502), badnet.Status(503), badnet.Status(504),
		badnet.RateLimited("0"), badnet.RateLimited(""), badnet.RateLimited("-1"), badnet.RateLimited("soon"),
		badnet.Constant("application/json", ""), badnet.Constant("application/json", "null"),
		badnet.Constant("text/html", "<!DOCTYPE html>"), badnet.Constant("application/json", "\x00\xff{garbage"),
		badnet.Constant("application/json", `{"errors":["chaos"]}`), badnet.Appended("garbage"),
		chaosOfPages(badnet.Paging{Size: 1, Repeat: true}), chaosOfPages(badnet.Paging{Size: 2}),
		chaosOfPoints(badnet.Points(badnet.Twice)), chaosOfPoints(badnet.Points(badnet.Interleaved)),
		chaosOfPoints(badnet.Points(badnet.SeriesTwice)), chaosOfPoints(badnet.Points(badnet.MissingRow)),
		chaosOfPoints(badnet.Points(badnet.Contradicting)),
		badnet.Clock(time.Hour), badnet.Redirect(302, "http://elsewhere.invalid/"), badnet.Rewrite(badnet.MoreFields),
	}
}

func chaosOfPages(p badnet.Paging) badnet.Fault {
	return only(badnet.Pages(p), badnet.Listing, badnet.Search, badnet.Corrections, badnet.CorrectionsOf)
}

func chaosOfPoints(f badnet.Fault) badnet.Fault { return only(f, badnet.Series) }

// only damages some kinds of requests and leaves the others as they are.
func only(f badnet.Fault, kinds ...badnet.Kind) badnet.Fault {
	return func(x *badnet.Exchange) {
		for _, k := range kinds {
			if x.Kind == k {
				f(x)
				return
			}
		}
		badnet.Nothing(x)
	}
}

// TestChaos runs boards over a network that damages a share of all exchanges at
// random. Not one number may be wrong: a row is as without damage, or has none.
// Each seed is a run with a cache that other seeds share, or one without a cache.
func TestChaos(t *testing.T) {
	t.Parallel()
	w := newFaultWorld(t)
	wanted, err := strconv.Atoi(os.Getenv(chaosRuns))
	bounded := err != nil || wanted < 1
	switch {
	case bounded && testing.Short():
		wanted = 40
	case bounded:
		wanted = 1 << 30
	}
	const lanes = 24
	var seed, whole, partial, failed, damaged atomic.Int64
	end := time.Now().Add(chaosTime)
	var all sync.WaitGroup
	for lane := range lanes {
		all.Go(func() {
			network := w.listen(t)
			shared := cacheFolder(t)
			for !t.Failed() {
				n := seed.Add(1)
				if n > int64(wanted) || bounded && n > chaosFewest && time.Now().After(end) {
					return
				}
				share := []float64{0.02, 0.1, 0.3, 0.6}[n%4]
				network.Obey(badnet.Share(share, uint64(n), chaosFaults()...))
				r := faultRun{timeout: "8s", token: lane%2 == 0, label: "chaos"}
				if n%3 != 0 {
					r.cache = shared
				}
				got, took := w.run(t.Context(), network, r)
				damaged.Add(int64(network.Struck()))
				network.CloseConnections()        // the run is no process that ends
				if took > 8*time.Second+2*grace { // the machine is as busy as it can be
					t.Errorf("seed %d: took %s", n, took)
				}
				if where := shownSecret(got, shared); where != "" {
					t.Errorf("seed %d: a credential stands in %s", n, where)
				}
				switch got.code {
				case 0, 6:
					lost, err := w.chaosOutcome(got)
					switch {
					case err != nil:
						t.Errorf("seed %d, cache %q: WRONG NUMBER: %v", n, r.cache, err)
					case (got.code == 6) != (lost > 0):
						t.Errorf("seed %d: code %d with %d rows without figures", n, got.code, lost)
					case lost > 0:
						partial.Add(1)
					default:
						whole.Add(1)
					}
				case 4, 5:
					failed.Add(1)
					if got.stdout != "" {
						t.Errorf("seed %d: code %d, and on stdout %.100s", n, got.code, got.stdout)
					}
				default:
					t.Errorf("seed %d: code %d: %s", n, got.code, got.stderr)
				}
			}
		})
	}
	all.Wait()
	runs := whole.Load() + partial.Load() + failed.Load()
	t.Logf("%d runs, %d damaged exchanges: %d boards whole, %d in part, %d not at all", runs, damaged.Load(), whole.Load(), partial.Load(), failed.Load())
	if !testing.Short() && (whole.Load() == 0 || partial.Load() == 0 || failed.Load() == 0) {
		t.Error("this shows little: chaos should leave some boards whole, some in part and some not at all")
	}
}

func (w *faultWorld) chaosOutcome(got outcome) (lost int, err error) {
	board, err := readFaultBoard(got.stdout)
	if err != nil {
		return 0, err
	}
	rows, err := w.lost(board, license{uncompared: true, unlisted: true})
	if err != nil {
		return 0, fmt.Errorf("%w (notes: %v)", err, board.notes)
	}
	return len(rows), nil
}
