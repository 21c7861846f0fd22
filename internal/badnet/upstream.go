package badnet

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Answer is what the API says to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Upstream is an API that answers from memory what it was asked before. Its
// answers carry no rate limits: they would be those of the first time.
type Upstream struct {
	handler http.Handler
	mu      sync.Mutex
	known   map[string]*remembered
}

type remembered struct {
	once   sync.Once
	answer Answer
}

// NewUpstream remembers the answers of a handler that answers equal questions equally.
func NewUpstream(h http.Handler) *Upstream {
	return &Upstream{handler: h, known: map[string]*remembered{}}
}

// Answer is the whole answer, not compressed. The caller may change the header, not the body.
func (u *Upstream) Answer(r *http.Request, body []byte) Answer {
	key := r.Method + " " + r.URL.RequestURI() + "\n" + string(body)
	u.mu.Lock()
	m := u.known[key]
	if m == nil {
		m = &remembered{}
		u.known[key] = m
	}
	u.mu.Unlock()
	m.once.Do(func() {
		again := r.Clone(r.Context())
		again.Header.Del("Accept-Encoding")
		again.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		u.handler.ServeHTTP(recorder, again)
		h := recorder.Header().Clone()
		for name := range h {
			if strings.HasPrefix(name, "X-Ratelimit-") {
				h.Del(name)
			}
		}
		h.Del("Content-Length")
		m.answer = Answer{recorder.Code, h, recorder.Body.Bytes()}
	})
	return Answer{m.answer.Status, m.answer.Header.Clone(), m.answer.Body}
}
