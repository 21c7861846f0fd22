package transport_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// calendar is a server that counts requests the way Datadog does: in periods
// that follow the calendar, refusing what is over the limit without counting it.
type calendar struct {
	limit  int
	period time.Duration
	// there and back bound the way of a request and of its answer.
	there, back time.Duration
	// down has the reset rounded down instead of up.
	down bool
	// bare has no headers at all, and no limit.
	bare bool

	mu       sync.Mutex
	random   *rand.Rand
	count    map[int64]int
	refused  int
	requests int
	arrivals []time.Time
	// first is when a process received its first answer of a period.
	first map[seat]time.Time
	// foreseeable counts refusals of requests whose process had already had an
	// answer of that period when it sent them.
	foreseeable int
}

// seat is a process in a period.
type seat struct {
	process any
	period  int64
}

// processKey is what the process is known by in the context of its requests.
type processKey struct{}

func newCalendar(limit int, period time.Duration, seed uint64) *calendar {
	return &calendar{limit: limit, period: period, random: rand.New(rand.NewPCG(seed, 1)), count: map[int64]int{}, first: map[seat]time.Time{}}
}

func (s *calendar) way(longest time.Duration) time.Duration {
	if longest == 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return longest/2 + time.Duration(s.random.Int64N(int64(longest/2)+1))
}

func (s *calendar) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	if err := travel(r.Context(), s.way(s.there)); err != nil {
		return nil, err
	}
	period, resp := s.answer(r.Context().Value(processKey{}), sent)
	if err := travel(r.Context(), s.way(s.back)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := seat{r.Context().Value(processKey{}), period}
	if _, ok := s.first[at]; !ok {
		s.first[at] = time.Now()
	}
	return resp, nil
}

func (s *calendar) answer(process any, sent time.Time) (int64, *http.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.requests++
	s.arrivals = append(s.arrivals, now)
	if s.bare {
		return 0, answer(200, "")
	}
	period := now.UnixNano() / int64(s.period)
	status := 200
	if s.count[period] >= s.limit {
		status = 429
		s.refused++
		if first, ok := s.first[seat{process, period}]; ok && first.Before(sent) {
			s.foreseeable++
		}
	} else {
		s.count[period]++
	}
	left := s.period - time.Duration(now.UnixNano()%int64(s.period))
	if !s.down {
		left += time.Second - 1
	}
	return period, answer(status, "",
		"X-RateLimit-Limit", fmt.Sprint(s.limit), "X-RateLimit-Period", fmt.Sprint(int(s.period.Seconds())),
		"X-RateLimit-Remaining", fmt.Sprint(s.limit-s.count[period]), "X-RateLimit-Reset", fmt.Sprint(int(left.Seconds())),
		"X-RateLimit-Name", "slo_history")
}

func travel(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// fleet is a number of processes that ask the same server at the same time.
type fleet struct {
	processes, requests, workers int
	timeout                      time.Duration
}

// outcome is what became of a fleet.
type outcome struct {
	took   []time.Duration // by process
	errors []error
}

func (o outcome) longest() time.Duration {
	var most time.Duration
	for _, d := range o.took {
		most = max(most, d)
	}
	return most
}

func (f fleet) run(ctx context.Context, server http.RoundTripper, seed uint64) outcome {
	o := outcome{took: make([]time.Duration, f.processes)}
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	for p := range f.processes {
		var dice sync.Mutex
		random := rand.New(rand.NewPCG(seed, uint64(p)))
		stack := transport.New(transport.Config{Base: server, Random: func() float64 {
			dice.Lock()
			defer dice.Unlock()
			return random.Float64()
		}})
		ctx, cancel := context.WithTimeout(context.WithValue(ctx, processKey{}, p), f.timeout)
		tasks := make(chan struct{}, f.requests)
		for range f.requests {
			tasks <- struct{}{}
		}
		close(tasks)
		var process sync.WaitGroup
		for range f.workers {
			process.Go(func() {
				for range tasks {
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.test/api/v1/slo", nil)
					if err == nil {
						var resp *http.Response
						if resp, err = stack.RoundTrip(req); err == nil && resp.StatusCode != http.StatusOK {
							err = fmt.Errorf("status %d", resp.StatusCode)
						}
					}
					if err != nil {
						mu.Lock()
						o.errors = append(o.errors, err)
						mu.Unlock()
					}
				}
			})
		}
		all.Go(func() {
			defer cancel()
			process.Wait()
			mu.Lock()
			defer mu.Unlock()
			o.took[p] = time.Since(start)
		})
	}
	all.Wait()
	return o
}

func (o outcome) err() error { return errors.Join(o.errors...) }
