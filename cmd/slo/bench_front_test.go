package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// front stands before the simulator as a network would: each request waits for
// the latency, whatever else is under way, and is counted.
//
// The simulator shares the machine, and what it computes is not to be measured.
// So an answer that has no rate limit is kept, and given again to the same
// question at the same instant of the world. Where there is a limit each request reaches it.
type front struct {
	latency time.Duration
	next    http.Handler
	// now is the instant that the world has reached, in Unix seconds.
	now atomic.Int64
	// kept are answers, *httptest.ResponseRecorder by question.
	kept sync.Map

	mu     sync.Mutex
	visits []visit
	wire   int64
}

// visit is one request: from its arrival to the first byte of its answer, before
// which nothing that depends on the answer can arrive.
type visit struct{ from, to time.Time }

// tally is what went through the front.
type tally struct {
	requests int
	// wire is the bytes of the bodies of all answers as they were sent, compressed.
	wire int64
	// deep is the length of the longest chain of requests each of which began
	// after the one before it was answered.
	deep int
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := time.Now()
	timer := time.NewTimer(f.latency)
	defer timer.Stop()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone away
	}
	select {
	case <-timer.C:
	case <-r.Context().Done():
		return
	}
	answer := f.answer(r, body)
	to := time.Now()
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	n, _ := w.Write(answer.Body.Bytes())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.visits = append(f.visits, visit{from, to})
	f.wire += int64(n)
}

// answer is that of the simulator, now or before.
func (f *front) answer(r *http.Request, body []byte) *httptest.ResponseRecorder {
	question := fmt.Sprint(f.now.Load(), r.Method, r.URL, r.Header["Accept-Encoding"], string(body))
	if kept, ok := f.kept.Load(question); ok {
		return kept.(*httptest.ResponseRecorder)
	}
	answer := httptest.NewRecorder()
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.next.ServeHTTP(answer, r)
	if answer.Code == http.StatusOK && answer.Header().Get("X-RateLimit-Limit") == "" {
		f.kept.Store(question, answer)
	}
	return answer
}

// take is what went through since the last take. Call it when no request is under way.
func (f *front) take() tally {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := tally{requests: len(f.visits), wire: f.wire, deep: roundTrips(f.visits)}
	f.visits, f.wire = nil, 0
	return t
}

// roundTrips is the most requests of which each began after the one before it
// was answered: the one that is answered first, then the first to be answered
// of those that begin after that, and so on.
func roundTrips(visits []visit) int {
	ordered := slices.Clone(visits)
	slices.SortFunc(ordered, func(a, b visit) int { return a.to.Compare(b.to) })
	deep := 0
	var answered time.Time
	for _, v := range ordered {
		if deep == 0 || v.from.After(answered) {
			deep++
			answered = v.to
		}
	}
	return deep
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 9, 9, 30, 0, 0, time.UTC)
	at := func(from, to int) visit {
		return visit{start.Add(time.Duration(from) * time.Millisecond), start.Add(time.Duration(to) * time.Millisecond)}
	}
	for name, c := range map[string]struct {
		visits []visit
		want   int
	}{
		"none":                                  {nil, 0},
		"one":                                   {[]visit{at(0, 50)}, 1},
		"all at once":                           {[]visit{at(0, 50), at(2, 60), at(49, 99)}, 1},
		"one after the other":                   {[]visit{at(51, 101), at(0, 50), at(102, 150)}, 3},
		"two waves of three":                    {[]visit{at(0, 50), at(1, 52), at(3, 60), at(61, 111), at(62, 112), at(63, 115)}, 2},
		"two at a time, one of them slow":       {[]visit{at(0, 200), at(0, 50), at(51, 101), at(102, 152), at(201, 251)}, 4},
		"begins in the instant of the answer":   {[]visit{at(0, 50), at(50, 100)}, 1},
		"a long one beside a chain is no chain": {[]visit{at(0, 500), at(10, 60), at(70, 120)}, 2},
	} {
		if got := roundTrips(c.visits); got != c.want {
			t.Errorf("%s: %d round trips deep, want %d", name, got, c.want)
		}
	}
}
