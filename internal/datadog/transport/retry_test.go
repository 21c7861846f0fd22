package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// base is a server of one function.
type base func(*http.Request) (*http.Response, error)

func (b base) RoundTrip(r *http.Request) (*http.Response, error) { return b(r) }

func answer(status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// half is jitter without chance.
func half() float64 { return 0.5 }

func get(ctx context.Context, t *testing.T, rt http.RoundTripper) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.test/api/v1/slo?limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("a buffered body failed to read: %v", err)
	}
	return resp, string(body), nil
}

// brokenBody yields some bytes and then fails.
type brokenBody struct {
	io.Reader
	err error
}

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}
func (brokenBody) Close() error { return nil }

func TestPassingFailuresAreRepeated(t *testing.T) {
	t.Parallel()
	failures := map[string]func() (*http.Response, error){
		"connection reset":    func() (*http.Response, error) { return nil, &net.OpError{Op: "read", Err: syscall.ECONNRESET} },
		"connection refused":  func() (*http.Response, error) { return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED} },
		"end of file":         func() (*http.Response, error) { return nil, io.EOF },
		"temporary DNS error": func() (*http.Response, error) { return nil, &net.DNSError{Err: "try again", IsTemporary: true} },
		"truncated body": func() (*http.Response, error) {
			r := answer(200, "")
			r.Body = brokenBody{strings.NewReader(`{"data":[`), io.ErrUnexpectedEOF}
			return r, nil
		},
		"status 500":                 func() (*http.Response, error) { return answer(500, ""), nil },
		"status 502":                 func() (*http.Response, error) { return answer(502, "<html>"), nil },
		"status 503":                 func() (*http.Response, error) { return answer(503, ""), nil },
		"status 504":                 func() (*http.Response, error) { return answer(504, ""), nil },
		"Datadog's status 512":       func() (*http.Response, error) { return answer(512, ""), nil },
		"status 429 without headers": func() (*http.Response, error) { return answer(429, ""), nil },
		"proxy answers 503":          func() (*http.Response, error) { return nil, &transport.ProxyError{Status: 503} },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) {
					if calls++; calls <= 3 {
						return fail()
					}
					return answer(200, "fine"), nil
				})})
				start := time.Now()
				_, body, err := get(t.Context(), t, stack)
				if err != nil || body != "fine" || calls != 4 || stack.Retries() != 3 {
					t.Errorf("got %q, %v after %d calls and %d retries; want %q after 4 and 3", body, err, calls, stack.Retries(), "fine")
				}
				// Full jitter of one half: 100 + 200 + 400 ms.
				if took := time.Since(start); took != 700*time.Millisecond {
					t.Errorf("waited %s in all, want 700ms", took)
				}
			})
		})
	}
}

func TestAttemptsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		reset := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
		stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) {
			calls++
			return nil, reset
		})})
		_, _, err := get(t.Context(), t, stack)
		if calls != transport.DefaultAttempts || !errors.Is(err, syscall.ECONNRESET) || !strings.Contains(err.Error(), "tried 4 times") {
			t.Errorf("after %d calls: %v", calls, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		stack := transport.New(transport.Config{Attempts: 2, Random: half, Base: base(func(*http.Request) (*http.Response, error) {
			calls++
			return answer(503, `{"errors":["maintenance"]}`), nil
		})})
		resp, body, err := get(t.Context(), t, stack)
		if err != nil || resp.StatusCode != 503 || !strings.Contains(body, "maintenance") || calls != 2 {
			t.Errorf("want the last 503 with its body after 2 calls, got %v, %q, %v after %d", resp, body, err, calls)
		}
	})
}

func TestPermanentFailuresAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() (*http.Response, error){
		"status 501": func() (*http.Response, error) { return answer(501, ""), nil },
		"status 400": func() (*http.Response, error) { return answer(400, ""), nil },
		"status 403": func() (*http.Response, error) { return answer(403, ""), nil },
		"status 408": func() (*http.Response, error) { return answer(408, ""), nil },
		"no such host": func() (*http.Response, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "api.example.test", IsNotFound: true}
		},
		"proxy wants credentials":  func() (*http.Response, error) { return nil, &transport.ProxyError{Proxy: "p:1", Status: 407} },
		"proxy answers 407 itself": func() (*http.Response, error) { return answer(407, ""), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
				calls++
				return fail()
			})})
			get(t.Context(), t, stack)
			if calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
		})
	}
}

func TestAddressThatCannotBeReached(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"ftp://api.example.test/", "/api/v1/slo", "https:///api"} {
		stack := transport.New(transport.Config{Base: base(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: a request was sent", address)
			return answer(200, ""), nil
		})})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stack.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "https://api.datadoghq.com") {
			t.Errorf("%s: error %v does not say what an address looks like", address, err)
		}
	}
}

func TestRequestBodyIsReplayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var bodies []string
		stack := transport.New(transport.Config{Random: half, Base: base(func(r *http.Request) (*http.Response, error) {
			b, _ := io.ReadAll(r.Body)
			bodies = append(bodies, string(b))
			if len(bodies) < 3 {
				return nil, io.EOF
			}
			return answer(200, ""), nil
		})})
		// A reader of a kind that net/http cannot rewind by itself.
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example.test/", io.MultiReader(strings.NewReader("the "), strings.NewReader("question")))
		if _, err := stack.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(bodies, "|"); got != "the question|the question|the question" {
			t.Errorf("bodies sent: %s", got)
		}
	})
}

func TestWaitAfter429(t *testing.T) {
	t.Parallel()
	const (
		jitter = 100 * time.Millisecond  // half of the first backoff
		spread = 1250 * time.Microsecond // the limiter's, for who got nothing
	)
	for _, tt := range []struct {
		name    string
		headers []string
		want    time.Duration
	}{
		{"reset", []string{"X-RateLimit-Reset", "7"}, 7*time.Second + spread},
		{"fractional reset", []string{"X-RateLimit-Reset", "1.5"}, 1500*time.Millisecond + spread},
		{"reset before Retry-After", []string{"X-RateLimit-Reset", "3", "Retry-After", "9"}, 3*time.Second + spread},
		{"Retry-After alone", []string{"Retry-After", "9"}, 9*time.Second + spread},
		{"zero, rounded down", []string{"X-RateLimit-Reset", "0"}, time.Second + spread},
		{"negative", []string{"X-RateLimit-Reset", "-1"}, jitter},
		{"not a number", []string{"X-RateLimit-Reset", "abc"}, jitter},
		{"NaN", []string{"X-RateLimit-Reset", "NaN"}, jitter},
		{"an epoch", []string{"X-RateLimit-Reset", "1785797028"}, jitter},
		{"beyond int64", []string{"X-RateLimit-Reset", "99999999999999999999999"}, jitter},
		{"Retry-After as a date", []string{"Retry-After", "Thu, 02 Mar 2023 15:20:47 GMT"}, jitter},
		{"nothing", nil, jitter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) {
					if calls++; calls == 1 {
						return answer(429, "", tt.headers...), nil
					}
					return answer(200, ""), nil
				})})
				start := time.Now()
				if _, _, err := get(t.Context(), t, stack); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(start); got != tt.want {
					t.Errorf("waited %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func Test429PastTheDeadlineFailsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) {
			return answer(429, "", "X-RateLimit-Reset", "3000", "X-RateLimit-Limit", "1600", "X-RateLimit-Period", "3600",
				"X-RateLimit-Remaining", "0", "X-RateLimit-Name", "metrics_query"), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, _, err := get(ctx, t, stack)
		var limited *transport.RateLimitError
		if !errors.As(err, &limited) || time.Since(start) != 0 {
			t.Fatalf("got %v after %s, want a RateLimitError at once", err, time.Since(start))
		}
		for _, want := range []string{`"metrics_query"`, "1600 requests per 3600 s", "50m0s"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not contain %q", err, want)
			}
		}
		// The next one is held back by the limiter, without being sent.
		if _, _, err := get(ctx, t, stack); !errors.As(err, &limited) {
			t.Errorf("second request: got %v, want a RateLimitError", err)
		}
	})
}

func Test429IsRepeatedMoreOftenWithADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) {
			calls++
			return answer(429, "", "X-RateLimit-Reset", "1"), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, _, err := get(ctx, t, stack)
		var limited *transport.RateLimitError
		if !errors.As(err, &limited) || calls != 16 {
			t.Errorf("got %v after %d calls, want a RateLimitError after 16", err, calls)
		}
	})
}

func TestCancellationWins(t *testing.T) {
	t.Parallel()
	for name, respond := range map[string]func(*http.Request) (*http.Response, error){
		"during the backoff":        func(*http.Request) (*http.Response, error) { return nil, io.EOF },
		"during a rate limit":       func(*http.Request) (*http.Response, error) { return answer(429, "", "X-RateLimit-Reset", "60"), nil },
		"while waiting for headers": func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, io.ErrUnexpectedEOF },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(50*time.Millisecond, cancel)
				stack := transport.New(transport.Config{Random: half, Base: base(respond)})
				start := time.Now()
				_, _, err := get(ctx, t, stack)
				if !errors.Is(err, context.Canceled) || time.Since(start) != 50*time.Millisecond {
					t.Errorf("got %v after %s, want context.Canceled after 50ms", err, time.Since(start))
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		stack := transport.New(transport.Config{Base: base(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, errors.New("net/http: request canceled")
		})})
		if _, _, err := get(ctx, t, stack); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
	})
}

func TestNoWaitPastTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		stack := transport.New(transport.Config{Random: half, Base: base(func(*http.Request) (*http.Response, error) { return nil, io.EOF })})
		start := time.Now()
		_, _, err := get(ctx, t, stack)
		if !errors.Is(err, io.EOF) || time.Since(start) != 0 {
			t.Errorf("got %v after %s, want the failure itself at once", err, time.Since(start))
		}
	})
}

func TestOneAttemptHasATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		stack := transport.New(transport.Config{RequestTimeout: 3 * time.Second, Random: half, Base: base(func(r *http.Request) (*http.Response, error) {
			if calls++; calls == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answer(200, "late"), nil
		})})
		_, body, err := get(t.Context(), t, stack)
		if err != nil || body != "late" || calls != 2 {
			t.Errorf("got %q, %v after %d calls", body, err, calls)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		stack := transport.New(transport.Config{Attempts: 1, RequestTimeout: 3 * time.Second, Base: base(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})})
		_, _, err := get(t.Context(), t, stack)
		var timeout *transport.TimeoutError
		if !errors.As(err, &timeout) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a TimeoutError that is not the caller's deadline", err)
		}
	})
}

// When the time is up while a request is repeated, the error says what it had failed for; when
// somebody gave up, it says no more than that.
func TestEndWhileRepeating(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"time": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 5*time.Second)
		},
		"caller": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(5*time.Second, cancel)
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				stack := transport.New(transport.Config{Random: half, Base: base(func(r *http.Request) (*http.Response, error) {
					if calls++; calls == 1 {
						return answer(503, ""), nil
					}
					<-r.Context().Done()
					return nil, r.Context().Err()
				})})
				ctx, cancel := end(t.Context())
				defer cancel()
				_, _, err := get(ctx, t, stack)
				var over *transport.OvertimeError
				if told := errors.As(err, &over); told != (name == "time") || told && over.Last != "HTTP 503 Service Unavailable" {
					t.Errorf("%v", err)
				}
				if !errors.Is(err, ctx.Err()) {
					t.Errorf("%v is not %v", err, ctx.Err())
				}
			})
		})
	}
}
