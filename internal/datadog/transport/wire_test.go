package transport_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

func fetch(ctx context.Context, t *testing.T, rt http.RoundTripper, address string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("a buffered body failed to read: %v", err)
	}
	return string(body), nil
}

// quick makes backoff as short as it gets, for tests over a real connection.
func quick() float64 { return 0 }

func TestRealConnectionFailures(t *testing.T) {
	t.Parallel()
	hijack := func(w http.ResponseWriter, raw string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		fmt.Fprint(conn, raw)
		conn.Close()
	}
	for name, misbehave := range map[string]http.HandlerFunc{
		"closes at once": func(w http.ResponseWriter, _ *http.Request) { hijack(w, "") },
		"truncates by length": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
		},
		"truncates chunks": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"da")
		},
		"malformed status line": func(w http.ResponseWriter, _ *http.Request) { hijack(w, "HELLO\r\n\r\n") },
		"half a gzip stream": func(w http.ResponseWriter, _ *http.Request) {
			var z bytes.Buffer
			g := gzip.NewWriter(&z)
			io.WriteString(g, strings.Repeat("data", 1000))
			g.Close()
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(z.Bytes()[:z.Len()/2])
		},
		"not gzip at all": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "plain text that claims to be compressed")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) < 3 {
					misbehave(w, r)
					return
				}
				io.WriteString(w, "fine")
			}))
			defer server.Close()
			stack := transport.New(transport.Config{Random: quick})
			body, err := fetch(t.Context(), t, stack, server.URL)
			if err != nil || body != "fine" {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	stack := transport.New(transport.Config{Random: quick})
	_, err = fetch(t.Context(), t, stack, "http://"+listener.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "refused") || stack.Retries() != 3 {
		t.Errorf("got %v after %d retries, want a refused connection after 3", err, stack.Retries())
	}
}

func TestCancellationWhileABodyDrips(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"data":[`)
		w.(http.Flusher).Flush()
		close(started)
		<-release
	}))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	go func() {
		<-started
		cancelled = time.Now()
		cancel()
	}()
	_, err := fetch(ctx, t, transport.New(transport.Config{}), server.URL)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if late := time.Since(cancelled); late > 500*time.Millisecond {
		t.Errorf("returned %s after the cancellation", late)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size := 1000
		if r.URL.Path == "/over" {
			size++
		}
		io.WriteString(w, strings.Repeat("x", size))
	}))
	defer server.Close()
	stack := transport.New(transport.Config{MaxBody: 1000})
	if body, err := fetch(t.Context(), t, stack, server.URL+"/at"); err != nil || len(body) != 1000 {
		t.Errorf("a body of exactly the limit: %d bytes, %v", len(body), err)
	}
	_, err := fetch(t.Context(), t, stack, server.URL+"/over")
	var tooLarge *transport.BodyTooLargeError
	if !errors.As(err, &tooLarge) || !strings.Contains(err.Error(), "1000 bytes") || stack.Retries() != 0 {
		t.Errorf("got %v after %d retries, want the limit named at once", err, stack.Retries())
	}
	if got := (&transport.BodyTooLargeError{Limit: transport.DefaultMaxBody}).Error(); !strings.Contains(got, "128 MiB") {
		t.Errorf("the default limit is described as %q", got)
	}
}

func TestUnknownCertificateIsNotRepeated(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	stack := transport.New(transport.Config{Random: quick})
	_, err := fetch(t.Context(), t, stack, server.URL)
	if err == nil || !strings.Contains(err.Error(), "certificate") || stack.Retries() != 0 {
		t.Errorf("got %v after %d retries, want a certificate error at once", err, stack.Retries())
	}
}

func TestHTTPSToAPlainServerIsNotRepeated(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	stack := transport.New(transport.Config{Random: quick})
	_, err := fetch(t.Context(), t, stack, strings.Replace(server.URL, "http:", "https:", 1))
	if err == nil || stack.Retries() != 0 {
		t.Errorf("got %v after %d retries, want an error at once", err, stack.Retries())
	}
}

func TestTraceShowsRequestsAndNoSecrets(t *testing.T) {
	t.Parallel()
	const apiKey, appKey, token, cookie, secretBody, password = "api-key-4711", "app-key-4712", "token-4713", "cookie-4714", "body-4715", "password-4716"
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", cookie)
		w.Header().Set("X-Echo", r.Header.Get("DD-API-KEY"))
		w.Header().Set("X-RateLimit-Name", "slo_get_all")
		w.Header().Set("X-RateLimit-Remaining", "999")
		w.Header().Set("X-RateLimit-Reset", "10")
		if calls.Add(1) == 1 {
			w.WriteHeader(503)
		}
		io.WriteString(w, secretBody)
	}))
	defer server.Close()
	var out bytes.Buffer
	stack := transport.New(transport.Config{Trace: &out, Random: quick})
	address, _ := url.Parse(server.URL + "/" + apiKey + "/api/v1/slo?limit=1000&offset=0&api_key=" + apiKey + "&query=sum%3Aa%7B%2A%7D")
	address.User = url.UserPassword("someone", password)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, address.String(), strings.NewReader(secretBody))
	req.Header.Set("DD-API-KEY", apiKey)
	req.Header.Set("DD-APPLICATION-KEY", appKey)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Cookie", cookie)
	if _, err := stack.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, secret := range []string{apiKey, appKey, token, cookie, secretBody, password, "someone"} {
		if strings.Contains(got, secret) {
			t.Errorf("the trace contains %q:\n%s", secret, got)
		}
	}
	if lines := strings.Count(got, "\n"); lines != 2 {
		t.Errorf("%d lines for two attempts:\n%s", lines, got)
	}
	for _, want := range []string{"POST /[redacted]/api/v1/slo?", "limit=1000", "offset=0", "query=sum%3Aa", "503", "200", "9 bytes", `"slo_get_all"`, "999 left"} {
		if !strings.Contains(got, want) {
			t.Errorf("the trace does not contain %q:\n%s", want, got)
		}
	}
}

func TestTraceOfAFailureQuotesNoForeignText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	stack := transport.New(transport.Config{Attempts: 1, Trace: &out, Base: base(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("invalid proxy address http://user:hunter22@proxy")
	})})
	if _, err := fetch(t.Context(), t, stack, "https://api.example.test/"); err == nil {
		t.Fatal("want an error")
	}
	if got := out.String(); strings.Contains(got, "hunter22") || !strings.Contains(got, "failed after") {
		t.Errorf("trace: %s", got)
	}
}

// Another request's failure cancels this one; the trace does not blame it here.
func TestTraceOfACancelledRequest(t *testing.T) {
	t.Parallel()
	var trace bytes.Buffer
	ctx, cancel := context.WithCancelCause(t.Context())
	stack := transport.New(transport.Config{Trace: &trace, Base: base(func(r *http.Request) (*http.Response, error) {
		cancel(&transport.ProxyError{Status: 403})
		return nil, context.Cause(r.Context())
	})})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.test/api/v1/slo", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stack.RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if !strings.HasSuffix(trace.String(), ": cancelled\n") {
		t.Errorf("trace %q, want it to end with cancelled", trace.String())
	}
}

func TestProxyThatRefusesToConnect(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct {
		calls int64
		text  string
	}{407: {1, "asks for credentials"}, 403: {1, "403 Forbidden"}, 503: {4, "503 Service Unavailable"}} {
		var calls atomic.Int64
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			w.WriteHeader(status)
		}))
		address, _ := url.Parse(proxy.URL)
		address.User = url.UserPassword("someone", "hunter22")
		base := transport.BaseForTest()
		base.Proxy = http.ProxyURL(address)
		_, err := fetch(t.Context(), t, transport.New(transport.Config{Base: base, Random: quick}), "https://api.example.test/")
		var refused *transport.ProxyError
		if !errors.As(err, &refused) || refused.Status != status || !strings.Contains(err.Error(), want.text) || calls.Load() != want.calls {
			t.Errorf("%d: %v after %d calls", status, err, calls.Load())
		}
		if strings.Contains(err.Error(), "hunter22") {
			t.Errorf("the proxy's password is in %v", err)
		}
		proxy.Close()
	}
}
