package transport

import (
	"net/http"
	"sync"
	"time"
)

// clock notes what time the server says it is. It stands below exchange, so
// that the time a body takes to arrive does not age what its header said.
type clock struct {
	next http.RoundTripper

	mu   sync.Mutex
	date time.Time // what the header said
	at   time.Time // when it came, by our own clock
}

func (c *clock) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(req)
	if err == nil {
		c.note(resp.Header.Get("Date"), time.Now())
	}
	return resp, err
}

// note keeps the header that implies the latest time: each is late by the way
// of its answer and the rest of a second, and much too late out of a cache.
func (c *clock) note(header string, at time.Time) {
	date, err := http.ParseTime(header)
	if err != nil || date.Year() < 2015 || date.Year() > 2100 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || date.Sub(c.date) > at.Sub(c.at) {
		c.date, c.at = date, at
	}
}

func (c *clock) now() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Time{}, false
	}
	return c.date.Add(time.Since(c.at)), true
}
