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
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// consumer remembers what each attempt gave it. It stops after some bytes, or
// reads to the end if there is no limit.
type consumer struct {
	stop  int64
	texts []string
	errs  []error
}

func (c *consumer) read(body io.Reader) {
	if c.stop > 0 {
		body = io.LimitReader(body, c.stop)
	}
	b, err := io.ReadAll(body)
	c.texts, c.errs = append(c.texts, string(b)), append(c.errs, err)
}

func (c *consumer) last() string {
	if len(c.texts) == 0 {
		return ""
	}
	return c.texts[len(c.texts)-1]
}

func packed(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

func TestConsumedBodyThatBreaksOffIsRepeated(t *testing.T) {
	t.Parallel()
	const begun = `{"data":[1,2`
	hijack := func(w http.ResponseWriter, raw string, linger int) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(linger)
		}
		fmt.Fprint(conn, raw)
		conn.Close()
	}
	for name, misbehave := range map[string]http.HandlerFunc{
		"truncated by length": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"+begun, -1)
		},
		"truncated chunks": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(begun), begun), -1)
		},
		"reset": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"+begun, 0)
		},
		"half a gzip stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := packed(strings.Repeat("data", 1000))
			w.Write(z[:len(z)/2])
		},
		"a wrong checksum at the end": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := packed(begun)
			z[len(z)-5] ^= 1
			w.Write(z)
		},
		"not gzip at all": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			io.WriteString(w, "plain text that claims to be compressed")
		},
		"a failure and then a body": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			io.WriteString(w, "maintenance")
		},
	} {
		for _, stop := range []int64{0, 1} { // a consumer that reads all, and one that loses interest
			t.Run(fmt.Sprintf("%s, stop %d", name, stop), func(t *testing.T) {
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
				c := &consumer{stop: stop}
				stack := transport.New(transport.Config{Random: quick})
				body, err := fetch(transport.Consume(t.Context(), c.read), t, stack, server.URL)
				want := "fine"
				if stop > 0 {
					want = want[:stop]
				}
				if err != nil || body != "" || c.last() != want || stack.Retries() != 2 {
					t.Errorf("consumed %q, left %q, %v after %d retries", c.last(), body, err, stack.Retries())
				}
			})
		}
	}
}

func TestFailureIsNotConsumed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 400, 404, 503} {
		c := &consumer{}
		stack := transport.New(transport.Config{Attempts: 2, Random: quick, Base: base(func(*http.Request) (*http.Response, error) {
			return answer(status, "the reason"), nil
		})})
		resp, body, err := get(transport.Consume(t.Context(), c.read), t, stack)
		if err != nil || resp.StatusCode != status || body != "the reason" || len(c.texts) != 0 {
			t.Errorf("%d: %q, %v; consumed %q", status, body, err, c.texts)
		}
	}
}

func TestBodyLimitOfAConsumedBody(t *testing.T) {
	t.Parallel()
	for _, stop := range []int64{0, 1, 1000} {
		for size, large := range map[int]bool{999: false, 1000: false, 1001: true, 1_000_000: true} {
			// What counts is the size after decompression: this is a few bytes on the wire.
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(packed(strings.Repeat("x", size)))
			}))
			c := &consumer{stop: stop}
			stack := transport.New(transport.Config{MaxBody: 1000})
			_, err := fetch(transport.Consume(t.Context(), c.read), t, stack, server.URL)
			var tooLarge *transport.BodyTooLargeError
			if errors.As(err, &tooLarge) != large || (err != nil) != large || stack.Retries() != 0 || len(c.last()) > 1001 {
				t.Errorf("%d bytes, stop %d: %v after %d retries, %d bytes consumed", size, stop, err, stack.Retries(), len(c.last()))
			}
			server.Close()
		}
	}
}

// A body that is there already is not worth an answer that nobody waits for.
func TestCancellationWhileABodyIsConsumed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	body := strings.NewReader(strings.Repeat("x", 1<<20))
	stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
		r := answer(200, "")
		r.Body = io.NopCloser(body)
		return r, nil
	})})
	var failed error
	_, err := fetch(transport.Consume(ctx, func(body io.Reader) {
		_, failed = body.Read(make([]byte, 10))
		cancel()
		if failed == nil {
			_, failed = body.Read(make([]byte, 10))
		}
	}), t, stack, "https://api.example.test/")
	if !errors.Is(err, context.Canceled) || !errors.Is(failed, context.Canceled) || body.Len() != 1<<20-10 {
		t.Errorf("got %v, the consumer %v, %d bytes left", err, failed, body.Len())
	}
}

func TestTimeoutOfAnAttemptWhileABodyIsConsumed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		stack := transport.New(transport.Config{RequestTimeout: 3 * time.Second, Random: half, Base: base(func(r *http.Request) (*http.Response, error) {
			if calls++; calls > 1 {
				return answer(200, "late"), nil
			}
			resp := answer(200, "")
			// It drips a byte every two seconds and does not listen.
			resp.Body = brokenBody{dripping{}, nil}
			return resp, nil
		})})
		c := &consumer{}
		start := time.Now()
		_, _, err := get(transport.Consume(t.Context(), c.read), t, stack)
		var timeout interface{ Timeout() bool }
		if err != nil || c.last() != "late" || calls != 2 || len(c.errs) != 2 || !errors.As(c.errs[0], &timeout) {
			t.Errorf("consumed %q with %v, %v after %d calls", c.texts, c.errs, err, calls)
		}
		if took := time.Since(start); took != 4*time.Second+100*time.Millisecond {
			t.Errorf("took %s, want two bytes and one backoff", took)
		}
	})
}

type dripping struct{}

func (dripping) Read(p []byte) (int, error) {
	time.Sleep(2 * time.Second) // of the synctest bubble
	return copy(p, "x"), nil
}

func TestConsumedConnectionIsReused(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", 1<<20))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	var trace bytes.Buffer
	stack := transport.New(transport.Config{Trace: &trace})
	for range 20 {
		if _, err := fetch(transport.Consume(t.Context(), func(io.Reader) {}), t, stack, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 20 bodies of which nothing was read", n)
	}
	if n := strings.Count(trace.String(), "1048576 bytes"); n != 20 {
		t.Errorf("the trace has the size %d times:\n%s", n, trace.String())
	}
}
