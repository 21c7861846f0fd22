package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// limiter counts requests by the name of their limit, in periods aligned to
// Unix time. The clock is the real one, whatever the world's now is.
type limiter struct {
	mu     sync.Mutex
	limits map[string]*limit
}

type limit struct {
	requests, period int64
	// window is the number of the current period, used how many it has seen.
	window, used int64
}

// newLimiter has the limits that were recorded, and what the world says.
// Metric queries have none unless the world sets one: no header has been seen
// on them since 2021.
func newLimiter(own []scenario.Limit) *limiter {
	l := &limiter{limits: map[string]*limit{
		"slo_history":            {requests: 150, period: 10},
		"slo_get":                {requests: 3000, period: 10},
		"slo_get_all":            {requests: 1000, period: 10},
		"slo_correction_get_all": {requests: 120, period: 10},
		"slo_correction_get":     {requests: 120, period: 10},
		"get_all_monitors":       {requests: 1000, period: 10},
		"get_monitors":           {requests: 3000, period: 10},
		"metrics_list":           {requests: 100, period: 60},
	}}
	for _, o := range own {
		l.limits[o.Name] = &limit{requests: int64(o.Limit), period: int64(o.Period / time.Second)}
	}
	return l
}

// take counts one request, writes the headers, and refuses what is too much.
// A refused request does not count.
func (l *limiter) take(h http.Header, name string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.limits[name]
	if b == nil {
		return nil
	}
	if window := now.Unix() / b.period; window != b.window {
		b.window, b.used = window, 0
	}
	refused := b.used >= b.requests
	if !refused {
		b.used++
	}
	quota{name, b.requests, b.period, b.requests - b.used, b.period - now.Unix()%b.period}.write(h)
	if refused {
		return tooMany()
	}
	return nil
}

func tooMany() error { return failure(http.StatusTooManyRequests, "Too many requests") }

// quota is what the headers say about a limit; period and reset in seconds.
type quota struct {
	name                               string
	requests, period, remaining, reset int64
}

func (q quota) write(h http.Header) {
	h.Set("X-RateLimit-Limit", strconv.FormatInt(q.requests, 10))
	h.Set("X-RateLimit-Period", strconv.FormatInt(q.period, 10))
	h.Set("X-RateLimit-Remaining", strconv.FormatInt(q.remaining, 10))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(q.reset, 10))
	if q.name != "" {
		h.Set("X-RateLimit-Name", q.name)
	}
}
