// Package transport carries HTTP requests to Datadog the way a good guest does:
// bounded in number, obedient to the rate limits that the answers announce,
// patient with failures that pass, and quick to give up when the caller does.
//
// It is a chain of [http.RoundTripper] decorators, composed in [New] and
// nowhere else. From the outside in:
//
//	retry     repeats what failed for a passing reason, within the deadline
//	limiter   bounds concurrency and waits where a rate limit would refuse
//	tracer    writes one line for each attempt (only when asked)
//	exchange  one attempt: its own timeout, the whole body, not more than a limit
//	clock     notes the server's time
//	base      an [http.Transport] with timeouts for connecting
//
// A response that leaves the chain has its body in memory, complete, or, with
// [Consume], was read to its end inside the attempt: a body that breaks off is a
// failed attempt like any other. The package knows nothing about Datadog but the
// names of its rate-limit headers.
package transport

import (
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// Defaults of [Config].
const (
	DefaultConcurrency    = 8
	DefaultAttempts       = 4
	DefaultMaxBody        = 128 << 20
	DefaultRequestTimeout = 60 * time.Second
)

// Config says how a [Stack] behaves. The zero Config is a good one.
type Config struct {
	// Base sends the requests; nil stands for an own http.Transport with proxy
	// settings from the environment.
	Base http.RoundTripper
	// Concurrency is how many requests may be under way at once.
	Concurrency int
	// Attempts is how often one request is tried in all.
	Attempts int
	// MaxBody is the largest accepted response body in bytes, after decompression.
	MaxBody int64
	// RequestTimeout bounds one attempt, its body included.
	RequestTimeout time.Duration
	// Trace receives one line for each attempt; nil writes nothing.
	Trace io.Writer
	// Random yields numbers in [0, 1) for jitter. It is called concurrently.
	Random func() float64
}

// Stack is the whole chain. It is safe for concurrent use.
type Stack struct {
	retry *retry
	clock *clock
}

// New composes the chain.
func New(c Config) *Stack {
	if c.Concurrency <= 0 {
		c.Concurrency = DefaultConcurrency
	}
	if c.Attempts <= 0 {
		c.Attempts = DefaultAttempts
	}
	if c.MaxBody <= 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.RequestTimeout <= 0 {
		c.RequestTimeout = DefaultRequestTimeout
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Base == nil {
		c.Base = newBase(c.Concurrency)
	}
	clock := &clock{next: c.Base}
	var chain http.RoundTripper = &exchange{next: clock, timeout: c.RequestTimeout, maxBody: c.MaxBody}
	if c.Trace != nil {
		chain = &tracer{next: chain, out: c.Trace}
	}
	chain = newLimiter(chain, c.Concurrency, c.Random)
	return &Stack{clock: clock, retry: &retry{next: chain, attempts: c.Attempts, random: c.Random}}
}

// RoundTrip sends the request and returns its final answer, body in memory.
func (s *Stack) RoundTrip(req *http.Request) (*http.Response, error) {
	return s.retry.RoundTrip(req)
}

// Retries is how many attempts have been repeated so far.
func (s *Stack) Retries() int { return int(s.retry.retries.Load()) }

// Date is the server's time now, as far as the answers' Date headers tell: the
// latest of what they imply, at most a second and an answer's way behind. It
// is measured with the monotonic clock, so that a wrong local one shows.
func (s *Stack) Date() (server time.Time, ok bool) { return s.clock.now() }
