package transport

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// limiter bounds how many requests are under way, and holds back those that a
// rate limit would refuse. Which limit a route belongs to is learned from the
// first answer; a route whose answers carry no limit is never held back.
type limiter struct {
	next   http.RoundTripper
	slots  chan struct{}
	random func() float64

	mu     sync.Mutex
	routes map[string]string  // route → name of its limit
	counts map[string]*counts // by name of the limit
}

// counts is what is known about one limit.
type counts struct {
	limit     Limit
	remaining int
	underWay  int
	reset     time.Time
	// guessed marks a period of which no answer has been seen yet.
	guessed bool
}

func newLimiter(next http.RoundTripper, concurrency int, random func() float64) *limiter {
	return &limiter{
		next:   next,
		slots:  make(chan struct{}, concurrency),
		random: random,
		routes: map[string]string{},
		counts: map[string]*counts{},
	}
}

func (l *limiter) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, route := req.Context(), routeOf(req)
	counted, err := l.enter(ctx, route)
	if err != nil {
		return nil, err
	}
	defer func() { <-l.slots }()
	resp, err := l.next.RoundTrip(req)
	l.leave(route, counted, resp)
	return resp, err
}

// enter waits for a free slot and for room in the route's limit. The slot is
// not held during the wait for the limit, so that requests under other limits pass.
func (l *limiter) enter(ctx context.Context, route string) (counted *counts, err error) {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		counted, wait := l.admit(route)
		if wait == 0 {
			return counted, nil
		}
		<-l.slots
		if !fits(ctx, wait) {
			return nil, &RateLimitError{Limit: l.limitOf(route), Wait: wait}
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// admit counts the request in, or says how long to wait before asking again.
func (l *limiter) admit(route string) (*counts, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.counts[l.routes[route]]
	if c == nil {
		return nil, 0
	}
	now := time.Now()
	if !now.Before(c.reset) && c.remaining <= c.underWay {
		// A new period: nothing is known of it until its first answer, which
		// overrides this guess.
		c.remaining = max(c.limit.Requests, c.underWay+1)
		c.reset = now.Add(max(c.limit.Period, time.Second))
		c.guessed = true
	}
	if c.remaining > c.underWay {
		c.underWay++
		return c, 0
	}
	// Those who wait come back spread over a moment, not all at the same instant.
	spread := max(min(c.limit.Period/10, time.Second), 50*time.Millisecond)
	return nil, c.reset.Sub(now) + time.Duration(l.random()*float64(spread)) + time.Millisecond
}

// leave counts the request out and learns from its answer.
func (l *limiter) leave(route string, counted *counts, resp *http.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if counted != nil {
		counted.underWay--
	}
	if resp == nil {
		return
	}
	limit, ok := ReadLimit(resp.Header)
	if resp.StatusCode == http.StatusTooManyRequests {
		limit.Remaining = 0
		ok = limit.Reset >= 0
	}
	if !ok {
		return
	}
	name := limit.Name
	if name == "" {
		name = route
	}
	l.routes[route] = name
	reset := time.Now().Add(limit.Reset)
	c := l.counts[name]
	if c == nil {
		c = &counts{remaining: limit.Remaining, reset: reset}
		l.counts[name] = c
	}
	c.limit = limit
	const slack = time.Second // resets are announced in whole seconds
	switch {
	case c.guessed || reset.After(c.reset.Add(slack)):
		c.remaining, c.reset, c.guessed = limit.Remaining, reset, false
	case reset.Before(c.reset.Add(-slack)):
		// An answer from the period before says nothing about this one.
	default:
		// Answers of one period may overtake each other: the smallest count is the latest.
		c.remaining = min(c.remaining, limit.Remaining)
	}
}

func (l *limiter) limitOf(route string) Limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.counts[l.routes[route]]; c != nil {
		return c.limit
	}
	return Limit{}
}

// routeOf names the endpoint of a request: method and path, with the segments
// that are names of things (ids, metric names) left out, since Datadog limits
// endpoints and not objects.
func routeOf(req *http.Request) string {
	segments := strings.Split(req.URL.Path, "/")
	for i, s := range segments {
		if len(s) > 3 && strings.ContainsAny(s, ".0123456789") {
			segments[i] = "*"
		}
	}
	return req.Method + " " + strings.Join(segments, "/")
}
