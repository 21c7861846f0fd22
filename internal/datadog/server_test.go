package datadog_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// inProcess answers requests from a handler, without a network, so that it
// works on the clock of a synctest bubble as well.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	p.ServeHTTP(recorder, r)
	resp := recorder.Result()
	resp.Request = r
	return resp, nil
}

// server is a Datadog of one handler that remembers what it was asked.
type server struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	handler  http.HandlerFunc
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
		r.Body = io.NopCloser(strings.NewReader(body))
	}
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.bodies = append(s.bodies, body)
	s.mu.Unlock()
	s.handler(w, r)
}

func (s *server) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

const (
	testAPIKey = "0123456789abcdef0123456789abcdef"
	testAppKey = "fedcba9876543210fedcba9876543210fedcba98"
	testToken  = "ddpat_4711471147114711"
)

// testNow is an instant that no test depends on by chance.
func testNow() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// connect makes a client of a handler, with keys and without waits between retries.
func connect(t *testing.T, handler http.HandlerFunc) (*datadog.Client, *server) {
	t.Helper()
	s := &server{handler: handler}
	return clientOf(t, datadog.Config{
		BaseURL: "https://api.example.test", APIKey: testAPIKey, AppKey: testAppKey,
		Transport: transport.New(transport.Config{Base: inProcess{s}, Random: func() float64 { return 0 }}),
	}), s
}

func clientOf(t *testing.T, c datadog.Config) *datadog.Client {
	t.Helper()
	if c.Now == nil {
		c.Now = testNow
	}
	client, err := datadog.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// always answers every request alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func fixture(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "api", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// wantDefect checks the kind of an error and that its text and hints contain the words.
func wantDefect(t *testing.T, err error, kind slo.DefectKind, words ...string) {
	t.Helper()
	var d *slo.Defect
	if !errors.As(err, &d) {
		t.Fatalf("error %v (%T) has no defect", err, err)
	}
	if d.Kind != kind {
		t.Errorf("kind %q, want %q: %v", d.Kind, kind, err)
	}
	text := strings.Join(append([]string{d.Message}, d.Hints...), "\n")
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q does not contain %q", text, w)
		}
	}
	for _, secret := range []string{testAPIKey, testAppKey, testToken} {
		if strings.Contains(text, secret) {
			t.Errorf("%q contains a key", text)
		}
	}
}

// question is a timeseries request as the server reads it.
type question struct {
	Data struct {
		Type       string
		Attributes struct {
			From, To, Interval int64
			Formulas           []struct{ Formula string }
			Queries            []struct {
				DataSource string `json:"data_source"`
				Name       string
				Query      string
			}
		}
	}
}

func readQuestion(t *testing.T, r *http.Request) question {
	t.Helper()
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		t.Errorf("request body: %v", err)
	}
	return q
}

// request asks for one hour at five minutes.
func request(queries ...string) timeseries.Request {
	return timeseries.Request{Queries: queries, Span: timeseries.Span{Start: 1711976400, End: 1711980000}, Step: 300}
}
