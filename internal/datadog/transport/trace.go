package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// tracer writes one line for each attempt. What may appear is listed, not what
// may not: method, path, known query parameters, status, duration, size and
// the rate limit. Bodies and all other headers are never looked at.
type tracer struct {
	next http.RoundTripper
	mu   sync.Mutex
	out  io.Writer
}

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	line := redact(req, describe(req, resp, err, time.Since(start)))
	t.mu.Lock()
	defer t.mu.Unlock()
	// A trace that cannot be written must not fail the request.
	_, _ = io.WriteString(t.out, line+"\n")
	return resp, err
}

func describe(req *http.Request, resp *http.Response, err error, took time.Duration) string {
	target := req.URL.EscapedPath()
	if q := shownQuery(req.URL.Query()); q != "" {
		target += "?" + q
	}
	line := fmt.Sprintf("%s %s", req.Method, target)
	if err != nil {
		return fmt.Sprintf("%s failed after %s: %s", line, took.Round(time.Millisecond), causeIn(req.Context(), err))
	}
	line = fmt.Sprintf("%s %d %s %d bytes", line, resp.StatusCode, took.Round(time.Millisecond), resp.ContentLength)
	if l, ok := ReadLimit(resp.Header); ok {
		line += fmt.Sprintf(", %d left of the limit %s", l.Remaining, l)
	}
	return line
}

// shownQuery is the query string with the values of the parameters that slo
// itself sends; of any other only the name.
func shownQuery(q url.Values) string {
	shown := []string{"from", "to", "from_ts", "to_ts", "limit", "offset", "query", "target", "page[size]", "page[number]"}
	names := make([]string, 0, len(q))
	for name := range q {
		names = append(names, name)
	}
	slices.Sort(names)
	var parts []string
	for _, name := range names {
		if !slices.Contains(shown, name) {
			parts = append(parts, url.QueryEscape(name)+"=[not shown]")
			continue
		}
		for _, v := range q[name] {
			parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(v))
		}
	}
	return strings.Join(parts, "&")
}

// causeIn is the cause, unless the caller gave up: then the error may be
// whatever reason the caller had, which is not about this request.
func causeIn(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.Canceled) {
		return "cancelled"
	}
	return cause(err)
}

// cause describes a failure without quoting text from elsewhere: messages of
// other packages may repeat an address with credentials in it.
func cause(err error) string {
	var (
		own interface {
			error
			fromTransport()
		}
		operation   *net.OpError
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		system      *os.SyscallError
		timeout     interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &own):
		return own.Error()
	case errors.As(err, &dns):
		return "lookup of " + strconv.Quote(dns.Name) + " failed"
	case errors.As(err, &certificate):
		return "the server's certificate is not valid"
	case errors.As(err, &system):
		return system.Error()
	case errors.As(err, &operation):
		return operation.Op + " " + operation.Net + " failed"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timed out"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer broke off"
	default:
		return fmt.Sprintf("%T", err)
	}
}

func (*BodyTooLargeError) fromTransport() {}
func (*TimeoutError) fromTransport()      {}
func (*ProxyError) fromTransport()        {}

// redact is the second wall: should a secret of this request have found its
// way into the line (through a path, say), it is painted over.
func redact(req *http.Request, line string) string {
	for _, name := range []string{"DD-API-KEY", "DD-APPLICATION-KEY", "Authorization", "Proxy-Authorization", "Cookie"} {
		for _, value := range req.Header.Values(name) {
			secret := strings.TrimSpace(strings.TrimPrefix(value, "Bearer "))
			if len(secret) >= 4 {
				line = strings.ReplaceAll(line, secret, "[redacted]")
				line = strings.ReplaceAll(line, url.QueryEscape(secret), "[redacted]")
			}
		}
	}
	return line
}
