package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// inBubble runs a fleet against a server in a bubble that begins somewhere in a period.
func inBubble(t *testing.T, f fleet, server *calendar, seed uint64) (o outcome) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Duration(seed%100) * server.period / 100)
		o = f.run(t.Context(), server, seed)
	})
	return o
}

func drawServer(t *rapid.T, seed uint64) *calendar {
	s := newCalendar(rapid.IntRange(1, 150).Draw(t, "limit"),
		time.Duration(rapid.SampledFrom([]int{10, 60}).Draw(t, "period"))*time.Second, seed)
	s.there = time.Duration(rapid.IntRange(0, 1500).Draw(t, "there")) * time.Millisecond
	s.back = time.Duration(rapid.IntRange(0, 1500).Draw(t, "back")) * time.Millisecond
	return s
}

func TestOneProcessForeseesEveryRefusal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		server := drawServer(rt, seed)
		f := fleet{processes: 1, timeout: 24 * time.Hour,
			requests: rapid.IntRange(1, 200).Draw(rt, "requests"), workers: rapid.IntRange(1, 20).Draw(rt, "workers")}
		o := inBubble(t, f, server, seed)
		if err := o.err(); err != nil {
			rt.Fatalf("failed: %v", err)
		}
		// Only the first requests of all may be refused, when there are more of
		// them than the limit allows: at most one for each slot.
		if most := max(0, transport.DefaultConcurrency-server.limit); server.refused > most || server.foreseeable > 0 {
			rt.Errorf("%d refused, want at most %d; %d of them were foreseeable", server.refused, most, server.foreseeable)
		}
		if periods := len(server.count); periods > f.requests/server.limit+2+int(o.longest()/server.period) {
			rt.Errorf("took %d periods", periods)
		}
	})
}

// What a fleet may cost, for P processes and N periods: in the first period
// each process has at most its slots under way when it learns that nothing
// remains. Later ones open with one request for each process, which is refused
// if the others took everything before it; and a process that misjudges the
// others draws a few more before it is told.
func mostRefused(processes, periods int) int {
	return transport.DefaultConcurrency*processes + processes*(periods-1)
}

func TestAFleetSharesALimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		server := drawServer(rt, seed)
		f := fleet{processes: rapid.IntRange(2, 8).Draw(rt, "processes"), timeout: 24 * time.Hour,
			requests: rapid.IntRange(1, 60).Draw(rt, "requests"), workers: rapid.IntRange(1, 12).Draw(rt, "workers")}
		// 10 is the smallest limit that was recorded. Where a period has hardly
		// one request for each process, somebody goes empty again and again.
		server.limit = max(server.limit, 10, 2*f.processes)
		o := inBubble(t, f, server, seed)
		if err := o.err(); err != nil {
			rt.Fatalf("failed: %v", err)
		}
		least := (f.processes*f.requests + server.limit - 1) / server.limit
		periods := int(o.longest()/server.period) + 1
		if slow := int(time.Duration(f.requests)*(server.there+server.back)/server.period) + 1; periods > 3*least+slow+3 {
			rt.Errorf("took %d periods where %d are the least", periods, least)
		}
		if most := mostRefused(f.processes, periods); server.refused > most {
			rt.Errorf("%d refused in %d periods, want at most %d", server.refused, periods, most)
		}
	})
}

// The counts that the plain rule "no more under way than remain" drew here,
// for comparison: 261, 134, 190 and 575 on the average.
func TestAFleetDrawsFewRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ processes, requests, limit, most int }{
		{8, 40, 15, 120},
		{8, 40, 60, 40},
		{8, 100, 150, 15},
		{32, 30, 150, 200},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			t.Parallel()
			refused := 0
			const runs = 5
			for seed := range uint64(runs) {
				server := newCalendar(tt.limit, 10*time.Second, seed)
				server.there, server.back = 25*time.Millisecond, 25*time.Millisecond
				f := fleet{processes: tt.processes, requests: tt.requests, workers: 8, timeout: time.Hour}
				o := inBubble(t, f, server, seed*13)
				if err := o.err(); err != nil {
					t.Fatal(err)
				}
				refused += server.refused
				// Nobody starves: the last one is done when the fleet could be, and a half more.
				fair := time.Duration(tt.processes*tt.requests/tt.limit+2) * server.period * 3 / 2
				if o.longest() > fair {
					t.Errorf("the slowest process took %s, want at most %s", o.longest(), fair)
				}
			}
			if refused > runs*tt.most {
				t.Errorf("%d refused in %d runs, want at most %d in each", refused, runs, tt.most)
			}
		})
	}
}

// A server that rounds its resets down has us come up to a second early, with
// the few that open a period.
func TestResetsThatAreRoundedDown(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		server := newCalendar(12, 10*time.Second, seed)
		server.down, server.there, server.back = true, 20*time.Millisecond, 20*time.Millisecond
		o := inBubble(t, fleet{processes: 1, requests: 60, workers: 8, timeout: time.Hour}, server, seed*5)
		if err := o.err(); err != nil {
			t.Fatal(err)
		}
		periods := len(server.count)
		if most := 4 * (periods - 1); server.refused > most || periods > 7 {
			t.Errorf("%d refused in %d periods, want at most %d in at most 7", server.refused, periods, most)
		}
	}
}

func TestAFleetDoesNotComeBackInOneInstant(t *testing.T) {
	t.Parallel()
	server := newCalendar(12, 10*time.Second, 1)
	server.there, server.back = 20*time.Millisecond, 20*time.Millisecond
	o := inBubble(t, fleet{processes: 6, requests: 12, workers: 4, timeout: time.Hour}, server, 3)
	if err := o.err(); err != nil {
		t.Fatal(err)
	}
	begin := server.arrivals[0].Truncate(server.period).Add(server.period)
	openers := 0
	for _, at := range server.arrivals {
		if since := at.Sub(begin); since >= 0 && since < 100*time.Millisecond {
			openers++
		}
	}
	if openers > 4 {
		t.Errorf("%d requests in the first tenth of a second of a period that 6 processes waited for", openers)
	}
}

func TestWithoutHeadersNothingWaits(t *testing.T) {
	t.Parallel()
	const way = 40 * time.Millisecond
	run := func(requests int) time.Duration {
		server := newCalendar(1, time.Second, 1)
		server.bare = true
		var took time.Duration
		synctest.Test(t, func(t *testing.T) {
			slow := base(func(r *http.Request) (*http.Response, error) {
				time.Sleep(way)
				return server.RoundTrip(r)
			})
			o := fleet{processes: 1, requests: requests, workers: transport.DefaultConcurrency, timeout: time.Hour}.run(t.Context(), slow, 1)
			if err := o.err(); err != nil {
				t.Error(err)
			}
			took = o.longest()
		})
		return took
	}
	// The first four go at once, and from their answers on all slots are used:
	// never more than one way beyond what eight at a time take.
	for requests, ways := range map[int]int{1: 1, 4: 1, 8: 2, 12: 2, 20: 3, 100: 13} {
		if took := run(requests); took != time.Duration(ways)*way {
			t.Errorf("%d requests took %s, want %d times %s", requests, took, ways, way)
		}
	}
}

// sending asks a path and reports when the request arrived.
func sending(ctx context.Context, t *testing.T, stack *transport.Stack, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.test"+path, nil)
	if err != nil {
		t.Error(err)
		return err
	}
	_, err = stack.RoundTrip(req)
	return err
}

func TestFirstContact(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		remaining string // what a limit of 100 showed before; empty for none
		want      int
	}{
		{"nothing known", "", 4},
		{"alone", "99", 8},
		{"one other", "98", 4},
		{"three others", "96", 2},
		{"many others", "40", 1},
		{"odd: more remain than allowed", "4000", 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var arrived []time.Duration
				start := time.Now()
				stack := transport.New(transport.Config{Random: half, Base: base(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == "/list" {
						return answer(200, "", "X-RateLimit-Limit", "100", "X-RateLimit-Period", "10", "X-RateLimit-Remaining", tt.remaining,
							"X-RateLimit-Reset", "10", "X-RateLimit-Name", "slo_get_all"), nil
					}
					mu.Lock()
					arrived = append(arrived, time.Since(start))
					mu.Unlock()
					time.Sleep(50 * time.Millisecond)
					return answer(200, ""), nil
				})})
				if tt.remaining != "" {
					sending(t.Context(), t, stack, "/list")
				}
				var all sync.WaitGroup
				for range 8 {
					all.Go(func() { sending(t.Context(), t, stack, "/query") })
				}
				all.Wait()
				if got := len(slices.DeleteFunc(arrived, func(d time.Duration) bool { return d > 0 })); got != tt.want {
					t.Errorf("%d went at once, want %d", got, tt.want)
				}
				if took := time.Since(start); took > 100*time.Millisecond {
					t.Errorf("all took %s, want at most two ways", took)
				}
			})
		})
	}
}

func TestSilenceDoesNotBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var arrived []time.Duration
		start := time.Now()
		var mu sync.Mutex
		stack := transport.New(transport.Config{Base: base(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			arrived = append(arrived, time.Since(start).Round(time.Millisecond))
			mu.Unlock()
			time.Sleep(20 * time.Second)
			return answer(200, ""), nil
		})})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { sending(t.Context(), t, stack, "/query") })
		}
		all.Wait()
		const step = 100 * time.Millisecond
		if want := []time.Duration{0, 0, 0, 0, step, 2 * step, 3 * step, 4 * step}; !slices.Equal(arrived, want) {
			t.Errorf("requests to a slow route went at %v, want %v", arrived, want)
		}
	})
}

func TestCancelledWaitsEndAtOnce(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string][]string{
		"for a reset":            {"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60", "X-RateLimit-Name", "a"},
		"for an answer":          nil,
		"for an answer of a few": {"X-RateLimit-Remaining", "1", "X-RateLimit-Reset", "60", "X-RateLimit-Name", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				met := false
				var mu sync.Mutex
				stack := transport.New(transport.Config{Base: base(func(r *http.Request) (*http.Response, error) {
					mu.Lock()
					first := !met
					met = true
					mu.Unlock()
					if first && headers != nil {
						return answer(200, "", headers...), nil
					}
					<-r.Context().Done()
					return nil, r.Context().Err()
				})})
				if headers != nil {
					sending(t.Context(), t, stack, "/query")
				}
				ctx, cancel := context.WithCancel(t.Context())
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						if err := sending(ctx, t, stack, "/query"); !errors.Is(err, context.Canceled) {
							t.Errorf("got %v, want context.Canceled", err)
						}
					})
				}
				time.Sleep(50 * time.Millisecond)
				start := time.Now()
				cancel()
				all.Wait()
				if took := time.Since(start); took != 0 {
					t.Errorf("the wait ended after %s", took)
				}
			})
		})
	}
}

func TestA429WithoutResetDoubles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var arrived []time.Duration
		var mu sync.Mutex
		stack := transport.New(transport.Config{Attempts: 4, Random: half, Base: base(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			arrived = append(arrived, time.Since(start))
			n := len(arrived)
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			if n <= 6 {
				return answer(429, ""), nil
			}
			return answer(200, ""), nil
		})})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := sending(t.Context(), t, stack, "/query"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// Four are refused together, then one goes first, twice: with half of
		// 200 ms, 400 ms and 800 ms of backoff.
		at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
		if want := []time.Duration{0, 0, 0, 0, at(110), at(320), at(730)}; len(arrived) != 10 || !slices.Equal(arrived[:7], want) {
			t.Errorf("requests went at %v, want %v and three more", arrived, want)
		}
	})
}

func TestTwoRoutesUnderOneLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newCalendar(10, 10*time.Second, 1)
		server.there, server.back = 10*time.Millisecond, 10*time.Millisecond
		stack := transport.New(transport.Config{Random: half, Base: server})
		start := time.Now()
		sending(t.Context(), t, stack, "/a")
		sending(t.Context(), t, stack, "/b")
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() { sending(t.Context(), t, stack, []string{"/a", "/b"}[i%2]) })
		}
		all.Wait()
		if server.refused != 0 {
			t.Errorf("%d refused", server.refused)
		}
		if took := time.Since(start); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("took %s, want the rest of a period and a moment", took)
		}
	})
}

// A deadline leaves no time for caution: what remains by the headers is used,
// and only what does not fails.
func TestCautionFailsNoRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		remaining := 100
		stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) {
			remaining = max(remaining-9, 0) // eight others for each of ours
			return answer(200, "", "X-RateLimit-Limit", "100", "X-RateLimit-Period", "3600", "X-RateLimit-Name", "a",
				"X-RateLimit-Remaining", fmt.Sprint(remaining), "X-RateLimit-Reset", "3000"), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for i := range 12 {
			if err := sending(ctx, t, stack, "/a"); err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
		}
		start := time.Now()
		var limited *transport.RateLimitError
		if err := sending(ctx, t, stack, "/a"); !errors.As(err, &limited) || limited.Limit.Name != "a" || time.Since(start) != 0 {
			t.Errorf("got %v after %s, want a RateLimitError at once", err, time.Since(start))
		}
	})
}

func TestOddLimitHeaders(t *testing.T) {
	t.Parallel()
	const never = -1
	for _, tt := range []struct {
		name                            string
		limit, period, remaining, reset string
		least, most                     time.Duration // how long the next request waits
	}{
		{"absent", "", "", "", "", 0, 0},
		{"used up", "10", "10", "0", "7", 7 * time.Second, 8 * time.Second},
		{"used up, and no period", "10", "", "0", "7", 7 * time.Second, 8 * time.Second},
		{"remaining is absent", "10", "10", "", "7", 0, 0},
		{"remaining is negative", "10", "10", "-1", "7", 0, 0},
		{"remaining is huge", "10", "10", "99999999999999999999", "7", 0, 0},
		{"remaining is fractional", "10", "10", "0.5", "7", 0, 0},
		{"more remain than allowed", "10", "10", "11", "7", 0, 0},
		{"reset is absent", "10", "10", "0", "", 0, 0},
		{"reset is negative", "10", "10", "0", "-7", 0, 0},
		{"reset is fractional", "10", "10", "0", "1.5", 1500 * time.Millisecond, 2500 * time.Millisecond},
		{"reset is 0", "10", "10", "0", "0", time.Second, 2 * time.Second},
		{"reset is an epoch", "10", "10", "0", "1785797028", 0, 0},
		{"reset is a day", "10", "10", "0", "86400", never, never},
		{"period is 0", "10", "0", "0", "7", 7 * time.Second, 8 * time.Second},
		{"period is tiny", "10", "0.000000001", "0", "7", 7 * time.Second, 8 * time.Second},
		{"period is huge", "10", "1e99", "0", "7", 7 * time.Second, 8 * time.Second},
		{"limit is 0", "0", "10", "0", "7", 7 * time.Second, 8 * time.Second},
		{"limit is negative", "-5", "10", "0", "7", 7 * time.Second, 8 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
					return answer(200, "", "X-RateLimit-Limit", tt.limit, "X-RateLimit-Period", tt.period,
						"X-RateLimit-Remaining", tt.remaining, "X-RateLimit-Reset", tt.reset, "X-RateLimit-Name", "a"), nil
				})})
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				if err := sending(ctx, t, stack, "/a"); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				err := sending(ctx, t, stack, "/a")
				took := time.Since(start)
				var limited *transport.RateLimitError
				if tt.most == never {
					if !errors.As(err, &limited) || took != 0 {
						t.Errorf("got %v after %s, want a RateLimitError at once", err, took)
					}
					return
				}
				if err != nil || took < tt.least || took > tt.most {
					t.Errorf("got %v after %s, want no error after %s to %s", err, took, tt.least, tt.most)
				}
			})
		})
	}
}

// A limit whose answers stop to carry headers holds nothing back for long.
func TestALimitThatIsNoLongerAnnounced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
			if sent++; sent == 1 {
				return answer(200, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "5", "X-RateLimit-Name", "a"), nil
			}
			return answer(200, ""), nil
		})})
		start := time.Now()
		for range 100 {
			if err := sending(t.Context(), t, stack, "/a"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("took %s, want one wait for the reset", took)
		}
	})
}
