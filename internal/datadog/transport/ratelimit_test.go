package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// limitedServer counts requests in calendar-aligned periods and refuses what
// is over the limit, as Datadog does.
type limitedServer struct {
	mu      sync.Mutex
	limit   int
	period  time.Duration
	used    map[int64]int
	refused int
	sent    []time.Time
	busy    int
	busiest int
	delay   time.Duration
}

func (s *limitedServer) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	now := time.Now()
	period := now.UnixNano() / int64(s.period)
	s.used[period]++
	s.sent = append(s.sent, now)
	s.busy++
	s.busiest = max(s.busiest, s.busy)
	status, remaining := 200, s.limit-s.used[period]
	if remaining < 0 {
		status, remaining = 429, 0
		s.refused++
	}
	left := s.period - time.Duration(now.UnixNano()%int64(s.period))
	s.mu.Unlock()
	time.Sleep(s.delay)
	s.mu.Lock()
	s.busy--
	s.mu.Unlock()
	return answer(status, "",
		"X-RateLimit-Limit", fmt.Sprint(s.limit), "X-RateLimit-Period", fmt.Sprint(int(s.period.Seconds())),
		"X-RateLimit-Remaining", fmt.Sprint(remaining), "X-RateLimit-Reset", fmt.Sprint(int(left.Seconds()+0.999)),
		"X-RateLimit-Name", "slo_history"), nil
}

func TestLimiterStaysBelowTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &limitedServer{limit: 15, period: 10 * time.Second, used: map[int64]int{}, delay: 20 * time.Millisecond}
		stack := transport.New(transport.Config{Base: server})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if resp, _, err := get(t.Context(), t, stack); err != nil || resp.StatusCode != 200 {
					t.Errorf("got %v, %v", resp, err)
				}
			})
		}
		all.Wait()
		if server.refused != 0 {
			t.Errorf("%d requests were refused, want none", server.refused)
		}
		if server.busiest > transport.DefaultConcurrency {
			t.Errorf("%d requests at once, want at most %d", server.busiest, transport.DefaultConcurrency)
		}
		if n := len(server.sent); n != 50 {
			t.Errorf("%d requests sent, want 50", n)
		}
	})
}

func TestLimiterRespectsTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
			sent++
			return answer(200, "", "X-RateLimit-Limit", "1", "X-RateLimit-Period", "60", "X-RateLimit-Remaining", "0",
				"X-RateLimit-Reset", "60", "X-RateLimit-Name", "slo_get_all"), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, _, err := get(ctx, t, stack); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		_, _, err := get(ctx, t, stack)
		var limited *transport.RateLimitError
		if !errors.As(err, &limited) || limited.Limit.Name != "slo_get_all" || time.Since(start) != 0 || sent != 1 {
			t.Errorf("got %v after %s with %d requests sent", err, time.Since(start), sent)
		}
	})
}

func TestRoutesWithoutHeadersAreNotLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// A proxy's own header has no name, no remaining count and no reset.
		stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
			return answer(200, "", "X-RateLimit-Limit", "1"), nil
		})})
		start := time.Now()
		for range 100 {
			if _, _, err := get(t.Context(), t, stack); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("waited %s", time.Since(start))
		}
	})
}

func TestOneLimitDoesNotHoldBackAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stack := transport.New(transport.Config{Concurrency: 1, Random: half, Base: base(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api/v1/metrics/trace.http.request" {
				return answer(200, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "30", "X-RateLimit-Name", "metadata"), nil
			}
			return answer(200, ""), nil
		})})
		ask := func(path string) {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.test"+path, nil)
			if _, err := stack.RoundTrip(req); err != nil {
				t.Error(err)
			}
		}
		start := time.Now()
		ask("/api/v1/metrics/trace.http.request")
		var waiting sync.WaitGroup
		// Another metric is the same route, so it waits; it must not hold the only slot meanwhile.
		waiting.Go(func() {
			ask("/api/v1/metrics/trace.grpc.server")
			if took := time.Since(start); took < 30*time.Second {
				t.Errorf("the limited request was sent after %s, want 30s or more", took)
			}
		})
		synctest.Wait()
		ask("/api/v1/slo")
		if took := time.Since(start); took != 0 {
			t.Errorf("a request without a limit waited %s", took)
		}
		waiting.Wait()
	})
}

func TestCancellationWhileWaitingForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stack := transport.New(transport.Config{Concurrency: 1, Base: base(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, _, err := get(ctx, t, stack); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want context.Canceled", err)
				}
			})
		}
		all.Wait()
	})
}

func TestReadLimit(t *testing.T) {
	t.Parallel()
	h := answer(200, "", "X-RateLimit-Name", "slo_get\x1b[2J all", "X-RateLimit-Limit", "3000", "X-RateLimit-Period", "10",
		"X-RateLimit-Remaining", "2999", "X-RateLimit-Reset", "4").Header
	got, ok := transport.ReadLimit(h)
	want := transport.Limit{Name: "slo_get2Jall", Requests: 3000, Period: 10 * time.Second, Remaining: 2999, Reset: 4 * time.Second}
	if !ok || got != want {
		t.Errorf("ReadLimit = %+v, %v; want %+v", got, ok, want)
	}
	for period, want := range map[string]string{
		"10": `"slo_get2Jall" (3000 requests per 10 s)`, "60": `"slo_get2Jall" (3000 requests per 60 s)`,
		"3600": `"slo_get2Jall" (3000 requests per 3600 s)`, "0.5": `"slo_get2Jall" (3000 requests per 0.5 s)`, "": `"slo_get2Jall"`,
	} {
		h.Set("X-RateLimit-Period", period)
		if l, _ := transport.ReadLimit(h); l.String() != want {
			t.Errorf("a period of %q is written %s, want %s", period, l, want)
		}
	}
	h.Set("X-RateLimit-Remaining", "-3")
	if _, ok := transport.ReadLimit(h); ok {
		t.Error("a negative remaining count was believed")
	}
}
