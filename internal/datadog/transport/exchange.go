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

type consumerKey struct{}

// Consume has the body of a successful answer read by read while it arrives,
// instead of being kept: the response itself then has an empty body. Each
// attempt that gets a successful answer calls read anew, with its own body, so
// that read must begin from nothing each time. It may stop where it likes and
// keeps what it thinks of the content to itself: an attempt fails by what goes
// wrong between here and the server, and what read found counts only if the
// request as a whole has succeeded.
func Consume(ctx context.Context, read func(body io.Reader)) context.Context {
	return context.WithValue(ctx, consumerKey{}, read)
}

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
	body, arriving := &Body{}, &incoming{ctx: req.Context(), from: resp.Body, limit: x.maxBody}
	if consume, ok := req.Context().Value(consumerKey{}).(func(io.Reader)); ok && resp.StatusCode >= 200 && resp.StatusCode < 300 {
		consume(arriving)
		// Whether an answer is complete shows only at its end, wherever the
		// consumer lost interest.
		_, err = io.Copy(io.Discard, arriving)
	} else {
		if n := resp.ContentLength; n > 0 && n <= x.maxBody {
			body.Grow(int(n) + bytes.MinRead)
		}
		_, err = body.ReadFrom(arriving)
	}
	if err != nil {
		return nil, err
	}
	resp.ContentLength = arriving.read
	resp.Body = body
	return resp, nil
}

// incoming is a body on its way, after decompression. It fails where it grows
// over the limit or its time is up, even if the next bytes are there already,
// and once it has failed it stays so.
type incoming struct {
	ctx   context.Context
	from  io.Reader
	limit int64
	read  int64
	err   error
}

func (b *incoming) Read(p []byte) (int, error) {
	if b.err == nil {
		b.err = b.ctx.Err()
	}
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	// One byte more than allowed tells "exactly the limit" from "over it".
	n, err := b.from.Read(p[:min(int64(len(p)), b.limit-b.read+1)])
	b.read += int64(n)
	b.err = err
	if b.read > b.limit {
		b.err = &BodyTooLargeError{Limit: b.limit}
	}
	return n, b.err
}
