package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	firstBackoff   = 200 * time.Millisecond
	longestBackoff = 5 * time.Second
	// refusals is how often a request with a deadline may be told to wait for
	// a rate limit, as long as every wait fits before the deadline.
	refusals = 16
	// patience is the longest wait for a rate limit where no deadline says
	// how long the caller is willing to wait.
	patience = 2 * time.Minute
)

// retry repeats requests that failed for a passing reason. All requests that
// slo sends are reads, whatever their method, so each may be repeated.
type retry struct {
	next     http.RoundTripper
	attempts int
	random   func() float64
	retries  atomic.Int64
}

func (r *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	body, err := replayable(req)
	if err != nil {
		return nil, err
	}
	if err := checkAddress(req.URL); err != nil {
		return nil, err
	}
	failures, refused := 0, 0
	last := "" // what the last attempt failed for
	for {
		if err := ctx.Err(); err != nil {
			return nil, overtime(err, last)
		}
		resp, err := r.next.RoundTrip(body(req))
		if ctxErr := ctx.Err(); ctxErr != nil {
			return nil, overtime(ctxErr, last)
		}
		var wait time.Duration
		switch {
		case err != nil:
			failures++
			if !passing(err) {
				return nil, err
			}
			last = cause(err)
			wait = r.backoff(failures)
			if failures >= r.attempts || !fits(ctx, wait) {
				return nil, &AttemptsError{Attempts: failures + refused, Err: err}
			}
		case resp.StatusCode == http.StatusTooManyRequests:
			refused++
			last = "HTTP 429, a rate limit was used up"
			wait, err = r.afterRefusal(ctx, resp.Header, refused)
			if err != nil {
				return nil, err
			}
		case resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented:
			failures++
			last = fmt.Sprintf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
			wait = r.backoff(failures)
			if failures >= r.attempts || !fits(ctx, wait) {
				return resp, nil
			}
		default:
			return resp, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, overtime(err, last)
		}
		r.retries.Add(1)
	}
}

// OvertimeError says that the time of the caller was over while a request that
// had failed was to be repeated.
type OvertimeError struct {
	// Last is what it had failed for.
	Last string
}

// Error names the last failure.
func (e *OvertimeError) Error() string { return "out of time; the attempt before failed: " + e.Last }

// Unwrap makes it what it is to whoever knows contexts.
func (e *OvertimeError) Unwrap() error { return context.DeadlineExceeded }

// overtime adds the last failure to the end of a context, where there is one and
// it was not the caller who gave up.
func overtime(err error, last string) error {
	if last == "" || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &OvertimeError{Last: last}
}

// afterRefusal is how long to wait after a 429, or why there is no point in it.
func (r *retry) afterRefusal(ctx context.Context, h http.Header, refused int) (time.Duration, error) {
	limit, _ := ReadLimit(h)
	reset := limit.Reset
	if reset < 0 {
		reset = seconds(h.Get("Retry-After"))
	}
	if reset == 0 {
		reset = lastSecond // rounded down
	}
	allowed := r.attempts
	if _, ok := ctx.Deadline(); ok && reset >= 0 {
		allowed = max(allowed, refusals)
	}
	if refused >= allowed {
		return 0, &RateLimitError{Limit: limit, Wait: -1, Attempts: refused}
	}
	wait := max(reset, r.backoff(refused))
	if reset >= lastSecond {
		wait = reset
	}
	if !fits(ctx, wait) {
		return 0, &RateLimitError{Limit: limit, Wait: wait, Attempts: refused}
	}
	if reset >= lastSecond {
		return 0, nil // the limiter knows when that is, and who goes first
	}
	return wait, nil
}

// backoff is the wait after the nth failure: exponential, with full jitter.
func (r *retry) backoff(n int) time.Duration { return backoff(n, r.random()) }

func backoff(n int, chance float64) time.Duration {
	return time.Duration(chance * float64(min(firstBackoff<<min(n-1, 10), longestBackoff)))
}

// fits reports whether a wait ends before the deadline, or is short enough where there is none.
func fits(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	if !ok {
		return wait <= patience
	}
	return wait < time.Until(deadline)
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// replayable reads the request's body once and returns a function that makes
// the request anew, body included, for each attempt.
func replayable(req *http.Request) (func(*http.Request) *http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return func(r *http.Request) *http.Request { return r.Clone(r.Context()) }, nil
	}
	content, err := io.ReadAll(req.Body)
	if err := errors.Join(err, req.Body.Close()); err != nil {
		return nil, err
	}
	return func(r *http.Request) *http.Request {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(content))
		again.ContentLength = int64(len(content))
		again.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
		return again
	}, nil
}
