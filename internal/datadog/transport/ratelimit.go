package transport

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// limiter bounds how many requests are under way, and holds back those that a
// rate limit would refuse:
//
//   - Requests wait in one line and leave it in order. Those under one limit do
//     not hold up those under another; whoever waits holds no slot.
//   - On a route never met 4 go and the others wait for their first answer; with
//     another limit known, the slots divided by the others that it has counted
//     (so all when we are alone). An answer without a limit opens the route.
//   - Under a limit no more are under way than remain. A count that falls faster
//     than we ask shows others: as many as they send meanwhile are left to them,
//     twice, and the last ones go one by one.
//   - A new period starts with a few. If it was waited for, each client begins at
//     a random moment of its first second and takes no more than its share for two.
//   - After a 429 nothing goes before its reset or, without one, before a backoff
//     that doubles; then one goes first.
//   - Each moment of silence lets one more go, so that no lost answer blocks. What
//     is too near its deadline to be cautious goes while anything remains, and
//     fails at once if nothing will.
type limiter struct {
	next   http.RoundTripper
	slots  int
	random func() float64

	mu     sync.Mutex
	busy   int // slots in use
	line   []*waiter
	routes map[string]*route
	limits map[string]*quota // by name
	timer  *time.Timer       // looks at the line again
}

// waiter is a request in the line; decided receives nil when it may go.
type waiter struct {
	ctx     context.Context
	route   *route
	decided chan error
}

// route is an endpoint and the limit that it counts for, as far as is known.
type route struct {
	quota    *quota
	underWay int
}

func newLimiter(next http.RoundTripper, concurrency int, random func() float64) *limiter {
	return &limiter{next: next, slots: concurrency, random: random, routes: map[string]*route{}, limits: map[string]*quota{}}
}

func (l *limiter) RoundTrip(req *http.Request) (*http.Response, error) {
	r, err := l.enter(req)
	if err != nil {
		return nil, err
	}
	sent := time.Now()
	resp, err := l.next.RoundTrip(req)
	l.leave(r, sent, resp)
	return resp, err
}

// enter waits in the line until the request may go, or there is no point in waiting.
func (l *limiter) enter(req *http.Request) (*route, error) {
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := l.join(ctx, routeOf(req))
	select {
	case err := <-w.decided:
		return w.route, err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.line, w); i >= 0 {
		l.line = slices.Delete(l.line, i, i+1)
	} else if <-w.decided == nil { // decided at the same moment
		l.count(w.route, -1)
		w.route.quota.sent--
	}
	l.dispatch()
	return nil, ctx.Err()
}

func (l *limiter) join(ctx context.Context, name string) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.routes[name]
	if r == nil {
		r = &route{quota: newQuota(l.random)}
		l.routes[name] = r
	}
	w := &waiter{ctx: ctx, route: r, decided: make(chan error, 1)}
	l.line = append(l.line, w)
	l.dispatch()
	return w
}

// leave counts the request out and learns from its answer.
func (l *limiter) leave(r *route, sent time.Time, resp *http.Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(r, -1)
	if resp != nil {
		limit, ok := ReadLimit(resp.Header)
		if limit.Name != "" && (ok || resp.StatusCode == http.StatusTooManyRequests) {
			l.assign(r, limit.Name)
		}
		if limit.Reset < 0 {
			limit.Reset = seconds(resp.Header.Get("Retry-After"))
		}
		r.quota.learn(sent, time.Now(), resp.StatusCode, limit, ok)
	}
	l.dispatch()
}

// assign makes the route count for the limit of that name, with all that it has under way.
func (l *limiter) assign(r *route, name string) {
	q := l.limits[name]
	if q == nil {
		q = r.quota
		if q.name != "" {
			q = newQuota(l.random)
		}
		q.name = name
		l.limits[name] = q
	}
	if q == r.quota {
		return
	}
	// The request that was just answered is no longer under way, but it was sent.
	r.quota.underWay -= r.underWay
	r.quota.sent -= r.underWay + 1
	q.underWay += r.underWay
	q.sent += r.underWay + 1
	r.quota = q
}

// dispatch lets go whoever may, in order, and sets the timer for the others.
func (l *limiter) dispatch() {
	now := time.Now()
	scouts := l.scouts(now)
	var next time.Time
	l.line = slices.DeleteFunc(l.line, func(w *waiter) bool {
		q := w.route.quota
		room := q.room(now, scouts)
		wait := room.again.Sub(now)
		patient := room.again.IsZero() || fits(w.ctx, wait)
		switch {
		case room.utmost == 0 && !patient:
			w.decided <- &RateLimitError{Limit: q.limit, Wait: wait}
			return true
		case l.busy >= l.slots:
			return false
		case q.underWay < room.now, q.underWay < room.utmost && !patient:
			q.depart(now)
			l.count(w.route, 1)
			w.decided <- nil
			return true
		}
		next = sooner(next, room.again)
		if q.limited {
			next = sooner(next, q.reset)
		}
		return false
	})
	l.lookAgain(now, next)
}

// sooner is the earlier of two times; the zero time is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// lookAgain sets the timer; the zero time stops it.
func (l *limiter) lookAgain(now, at time.Time) {
	if at.IsZero() {
		if l.timer != nil {
			l.timer.Stop()
		}
		return
	}
	wait := max(at.Sub(now), time.Millisecond)
	if l.timer != nil {
		l.timer.Reset(wait)
		return
	}
	l.timer = time.AfterFunc(wait, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dispatch()
	})
}

func (l *limiter) count(r *route, n int) {
	l.busy += n
	r.underWay += n
	r.quota.underWay += n
}

// scouts is how many requests may go to a route before its first answer.
func (l *limiter) scouts(now time.Time) int {
	others := -1
	for _, q := range l.limits {
		others = max(others, q.others(now))
	}
	if others < 0 {
		return scouts
	}
	return max(1, l.slots/(1+others))
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
