package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// exchange is one attempt: it sends the request, reads the whole body, and
// gives up after a time of its own. Reading here, below the retries, is what
// lets a truncated body, a broken gzip stream or a server that drips be
// repeated like any other failure.
type exchange struct {
	next    http.RoundTripper
	timeout time.Duration
	maxBody int64
}

// Body is the body of every answer of a [Stack]: complete and in memory. Its
// Bytes method spares readers a copy.
type Body struct{ bytes.Buffer }

// Close does nothing: there is nothing to release.
func (*Body) Close() error { return nil }

// BodyTooLargeError says that an answer is larger than accepted.
type BodyTooLargeError struct{ Limit int64 }

// Error names the limit.
func (e *BodyTooLargeError) Error() string {
	if e.Limit >= 1<<20 {
		return fmt.Sprintf("the answer is larger than the limit of %d MiB", e.Limit>>20)
	}
	return fmt.Sprintf("the answer is larger than the limit of %d bytes", e.Limit)
}

// TimeoutError says that one attempt took longer than the time for one.
type TimeoutError struct{ After time.Duration }

// Error names the time.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no complete answer within %s", e.After)
}

// Timeout makes the error a net.Error-like timeout.
func (e *TimeoutError) Timeout() bool { return true }

func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	caller := req.Context()
	ctx, cancel := context.WithTimeout(caller, x.timeout)
	defer cancel()
	resp, err := x.attempt(req.WithContext(ctx))
	if err == nil {
		return resp, nil
	}
	if caller.Err() == nil && ctx.Err() != nil {
		return nil, &TimeoutError{After: x.timeout}
	}
	return nil, err
}

func (x *exchange) attempt(req *http.Request) (*http.Response, error) {
	resp, err := x.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusProxyAuthRequired {
		return nil, &ProxyError{Status: resp.StatusCode}
	}
	body := &Body{}
	if n := resp.ContentLength; n > 0 && n <= x.maxBody {
		body.Grow(int(n) + bytes.MinRead)
	}
	// One byte more than allowed tells "exactly the limit" from "over it".
	if _, err := body.ReadFrom(io.LimitReader(resp.Body, x.maxBody+1)); err != nil {
		return nil, err
	}
	if int64(body.Len()) > x.maxBody {
		return nil, &BodyTooLargeError{Limit: x.maxBody}
	}
	resp.ContentLength = int64(body.Len())
	resp.Body = body
	return resp, nil
}
