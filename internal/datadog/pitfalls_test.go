package datadog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
)

// This file holds one test for each way in which the official client is known
// to hang, to lose data silently or to leak, named after it.

const oneSLO = `{"data":[{"id":"1","name":"n","type":"metric","thresholds":[{"timeframe":"7d","target":99}],"query":{"numerator":"sum:a{*}.as_count()","denominator":"sum:b{*}.as_count()"}}],"error":null}`

// onLoopback makes a client of a server on loopback, for faults of the connection.
func onLoopback(t *testing.T, c transport.Config, handler http.HandlerFunc) *datadog.Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	if c.Random == nil {
		c.Random = func() float64 { return 0 }
	}
	return clientOf(t, datadog.Config{BaseURL: s.URL, APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(c)})
}

func TestUnknownSiteEmptyOrURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ base, site, want string }{
		{"", "", "https://api.datadoghq.com"},
		{"", "datadoghq.eu", "https://api.datadoghq.eu"},
		{"", "a.site.of.the.future.example", "https://api.a.site.of.the.future.example"},
		{"http://127.0.0.1:8080", "datadoghq.eu", "http://127.0.0.1:8080"},
		{"https://[::1]:8080/", "", "https://[::1]:8080"},
		{"https://localhost:8080/a/prefix/", "", "https://localhost:8080/a/prefix"},
	} {
		client, err := datadog.New(datadog.Config{BaseURL: tt.base, Site: tt.site, Transport: http.DefaultTransport})
		if err != nil || client.BaseURL() != tt.want {
			t.Errorf("%q, %q: %v, %v; want %s", tt.base, tt.site, client, err, tt.want)
		}
	}
	for _, bad := range []datadog.Config{
		{BaseURL: "ftp://example.test"}, {BaseURL: "https://"}, {BaseURL: "https://user:secret99@example.test"},
		{BaseURL: "https://example.test?api_key=secret99"}, {BaseURL: "http://[::1"}, {BaseURL: "127.0.0.1:8080"}, {Site: "data secret99"}, {Site: "secret99@b"},
	} {
		bad.Transport = http.DefaultTransport
		_, err := datadog.New(bad)
		wantDefect(t, err, slo.Invalid)
		if strings.Contains(err.Error(), "secret99") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

func TestPathPrefixIsKept(t *testing.T) {
	t.Parallel()
	s := &server{handler: always(200, oneSLO)}
	client := clientOf(t, datadog.Config{BaseURL: "https://proxy.test/datadog/", APIKey: testAPIKey, AppKey: testAppKey, UserAgent: "slo/1.0", Transport: inProcess{s}})
	if _, _, err := client.SLOs(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := s.requests[0]
	if r.URL.Path != "/datadog/api/v1/slo" || r.URL.Host != "proxy.test" || r.Header.Get("User-Agent") != "slo/1.0" {
		t.Errorf("asked for %s as %q", r.URL, r.Header.Get("User-Agent"))
	}
}

func TestMissingKeysAreAnErrorBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ api, app, word string }{
		{"", "", "DD_ACCESS_TOKEN"}, {testAPIKey, "", "DD_APP_KEY"}, {"", testAppKey, "DD_API_KEY"}, {" \n", "\t", "DD_API_KEY"},
	} {
		s := &server{handler: always(200, oneSLO)}
		client := clientOf(t, datadog.Config{APIKey: tt.api, AppKey: tt.app, Transport: inProcess{s}})
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, slo.Auth, tt.word, "DD_API_KEY")
		_, err = client.Series(t.Context(), request("q"))
		wantDefect(t, err, slo.Auth, tt.word)
		if s.calls() != 0 {
			t.Errorf("%d requests were sent", s.calls())
		}
	}
}

func TestAccessTokenReplacesTheKeys(t *testing.T) {
	t.Parallel()
	s := &server{handler: always(200, oneSLO)}
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, AccessToken: testToken + "\n", Transport: inProcess{s}})
	if _, _, err := client.SLOs(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := s.requests[0].Header
	if h.Get("Authorization") != "Bearer "+testToken || h.Get("DD-API-KEY") != "" || h.Get("DD-APPLICATION-KEY") != "" {
		t.Errorf("headers %v", h)
	}
}

func TestKeysAreSentAsHeaders(t *testing.T) {
	t.Parallel()
	s := &server{handler: always(200, oneSLO)}
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, Transport: inProcess{s}})
	if _, _, err := client.SLOs(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := s.requests[0].Header
	if h.Get("Authorization") != "" || h.Get("DD-API-KEY") != testAPIKey || h.Get("DD-APPLICATION-KEY") != testAppKey {
		t.Errorf("headers %v", h)
	}
}

func TestKeyWithTrailingNewline(t *testing.T) {
	t.Parallel()
	s := &server{handler: always(200, oneSLO)}
	client := clientOf(t, datadog.Config{APIKey: testAPIKey + "\r\n", AppKey: " " + testAppKey + "\n", Transport: inProcess{s}})
	if _, _, err := client.SLOs(t.Context()); err != nil || s.requests[0].Header.Get("DD-API-KEY") != testAPIKey {
		t.Errorf("%v, headers %v", err, s.requests[0].Header)
	}
	_, err := datadog.New(datadog.Config{APIKey: "two\nlines", Transport: http.DefaultTransport})
	wantDefect(t, err, slo.Auth, "a character that no key contains")
	_, err = datadog.New(datadog.Config{AppKey: "“quoted”", Transport: http.DefaultTransport})
	wantDefect(t, err, slo.Auth, "a character that no key contains")
}

func TestConfigDoesNotPrintItsKeys(t *testing.T) {
	t.Parallel()
	c := datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, AccessToken: testToken}
	client := clientOf(t, datadog.Config{APIKey: testAPIKey, AppKey: testAppKey, AccessToken: testToken, Transport: http.DefaultTransport})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{c, &c} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, testAPIKey) || strings.Contains(got, testAppKey) || strings.Contains(got, testToken) {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
	if got := fmt.Sprintf("%v %+v", client, client); strings.Contains(got, testToken) || strings.Contains(got, testAPIKey) {
		t.Errorf("the client prints %s", got)
	}
}

func Test5xxAreRetriedBut501IsNot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ status, calls int }{{500, 4}, {502, 4}, {503, 4}, {504, 4}, {512, 4}, {501, 1}} {
		client, server := connect(t, always(tt.status, "<html>Bad Gateway</html>"))
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, slo.Unavailable, "listing the SLOs", fmt.Sprint("HTTP ", tt.status))
		if strings.Contains(err.Error(), "<html>") || server.calls() != tt.calls {
			t.Errorf("%d: %d calls, %v", tt.status, server.calls(), err)
		}
		if client.Counts()[datadog.CallSLOs] != 1 || client.Counts()[datadog.Retries] != tt.calls-1 {
			t.Errorf("%d: counts %v", tt.status, client.Counts())
		}
	}
}

func TestRateLimitIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t, nil)
		server.handler = func(w http.ResponseWriter, r *http.Request) {
			if server.calls() == 1 {
				w.Header().Set("X-RateLimit-Reset", "9")
				w.WriteHeader(429)
				return
			}
			io.WriteString(w, oneSLO)
		}
		start := time.Now()
		if _, _, err := client.SLOs(t.Context()); err != nil || time.Since(start) != 9*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

func TestRateLimitPastTheDeadlineIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) {
			for k, v := range map[string]string{"Name": "slo_get_all", "Limit": "1000", "Period": "3600", "Remaining": "0", "Reset": "3000"} {
				w.Header().Set("X-RateLimit-"+k, v)
			}
			w.WriteHeader(429)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, _, err := client.SLOs(ctx)
		wantDefect(t, err, slo.Unavailable, `"slo_get_all"`, "1000 requests per 3600 s", "50m0s", "--timeout")
		if time.Since(start) != 0 {
			t.Errorf("waited %s", time.Since(start))
		}
	})
}

func TestTransportErrorsAreRetried(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"reset":                "",
		"truncated body":       "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + oneSLO,
		"truncated chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
		"half a gzip stream":   "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xaa\x56",
		"broken gzip checksum": "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 23\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x01\x02\x03\x04\x05\x06\x07\x08",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			client := onLoopback(t, transport.Config{}, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) > 2 {
					io.WriteString(w, oneSLO)
					return
				}
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(conn, raw)
				conn.Close()
			})
			got, _, err := client.SLOs(t.Context())
			if err != nil || len(got) != 1 || calls.Load() != 3 {
				t.Errorf("%v, %v after %d calls", got, err, calls.Load())
			}
		})
	}
}

func TestUnreachableHostIsNamed(t *testing.T) {
	t.Parallel()
	client := clientOf(t, datadog.Config{Site: "no.such.site.test", APIKey: testAPIKey, AppKey: testAppKey,
		Transport: transport.New(transport.Config{Base: failing{&net.DNSError{Err: "no such host", Name: "api.no.such.site.test", IsNotFound: true}}})})
	_, _, err := client.SLOs(t.Context())
	wantDefect(t, err, slo.Unavailable, "api.no.such.site.test", "--site")
}

// failing is a connection that always fails alike.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestCancellationDuringBackoffIsReportedAsCancellation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-RateLimit-Reset", "30")
			w.WriteHeader(429)
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, _, err := client.SLOs(ctx)
		var d *slo.Defect
		if !errors.Is(err, context.Canceled) || errors.As(err, &d) || time.Since(start) != time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if _, err := client.Series(ctx, request("q")); !errors.Is(err, context.Canceled) {
			t.Errorf("a call after the cancellation: %v", err)
		}
	})
}

func TestDeadlineIsReportedAsDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	client := onLoopback(t, transport.Config{}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"data":[`)
		w.(http.Flusher).Flush()
		select { // drips for as long as anyone listens
		case <-release:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := client.SLOs(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not the deadline", err)
	}
	wantDefect(t, err, slo.Unavailable, "--timeout")
}

func TestOneSlowAnswerIsBounded(t *testing.T) {
	t.Parallel()
	client := onLoopback(t, transport.Config{Attempts: 2, RequestTimeout: 30 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	})
	_, _, err := client.SLOs(t.Context())
	wantDefect(t, err, slo.Unavailable, "no complete answer within 30ms", "tried 2 times")
}

func TestPOSTBodyIsReplayed(t *testing.T) {
	t.Parallel()
	client, server := connect(t, nil)
	server.handler = func(w http.ResponseWriter, r *http.Request) {
		if server.calls() < 3 {
			w.WriteHeader(503)
			return
		}
		io.WriteString(w, attributes(`[]`, `[]`, `[]`))
	}
	if _, err := client.Series(t.Context(), request("q")); err != nil {
		t.Fatal(err)
	}
	if b := server.bodies; len(b) != 3 || b[0] == "" || b[0] != b[1] || b[1] != b[2] {
		t.Errorf("bodies %q", b)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var leaked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { leaked.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := onLoopback(t, transport.Config{}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/login?next=secret99", status)
		})
		_, _, err := client.SLOs(t.Context())
		wantDefect(t, err, slo.Unavailable, strings.TrimPrefix(elsewhere.URL, "http://"), "--site", fmt.Sprint(status))
		_, err = client.Series(t.Context(), request("q"))
		wantDefect(t, err, slo.Unavailable, "redirects")
		if strings.Contains(err.Error(), "secret99") {
			t.Errorf("%v", err)
		}
	}
	if leaked.Load() != 0 {
		t.Errorf("%d requests with keys arrived elsewhere", leaked.Load())
	}
}

func TestNothingIsLogged(t *testing.T) {
	// Not parallel: the logger of the official client is the process's own.
	var out bytes.Buffer
	old := log.Writer()
	log.SetOutput(&out)
	defer log.SetOutput(old)
	for _, body := range []string{oneSLO, "", "<html>"} {
		client, _ := connect(t, always(200, body))
		client.SLOs(t.Context())
		client.Series(t.Context(), request("q"))
		for _, p := range client.Probes() {
			p.Run(t.Context())
		}
	}
	if out.Len() != 0 {
		t.Errorf("logged: %s", &out)
	}
}

func TestTraceOfTheClientShowsNoKey(t *testing.T) {
	t.Parallel()
	for _, c := range []datadog.Config{{APIKey: testAPIKey, AppKey: testAppKey}, {AccessToken: testToken}} {
		var out bytes.Buffer
		s := &server{handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", testToken)
			w.Header().Set("X-RateLimit-Name", testAPIKey)
			fmt.Fprintf(w, `{"errors":["%s %s"]}`, r.Header.Get("DD-API-KEY"), r.Header.Get("Authorization"))
		}}
		c.Transport = transport.New(transport.Config{Base: inProcess{s}, Trace: &out})
		client := clientOf(t, c)
		_, _, err := client.SLOs(t.Context())
		got := out.String() + err.Error()
		for _, secret := range []string{testAPIKey, testAppKey, testToken} {
			if strings.Contains(got, secret) {
				t.Errorf("a key in %s", got)
			}
		}
		if !strings.Contains(got, "GET /api/v1/slo?limit=1000&offset=0 200") {
			t.Errorf("trace: %s", got)
		}
	}
}

func TestMetricWithoutAName(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, `{}`))
	_, err := client.MetricType(t.Context(), "")
	wantDefect(t, err, slo.Invalid, "without a name")
	if server.calls() != 0 {
		t.Error("a request was sent")
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(always(200, oneSLO))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := clientOf(t, datadog.Config{BaseURL: s.URL, APIKey: testAPIKey, AppKey: testAppKey, Transport: transport.New(transport.Config{Concurrency: 4})})
	for range 100 {
		if _, _, err := client.SLOs(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 100 requests one after the other, want 1", n)
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, _, err := client.SLOs(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	// A busy machine may dial a few more than it uses; without keeping them it would be dozens.
	if n := connections.Load(); n > 25 {
		t.Errorf("%d connections for 100 requests, 4 at a time", n)
	}
}
