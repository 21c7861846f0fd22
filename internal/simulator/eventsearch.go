package simulator

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// eventsPage is how many events a page has by default, maxEventsPage at most.
	eventsPage    = 10
	maxEventsPage = 1000
)

// eventRequest is what is asked for. Times are texts: now-15m, RFC 3339 or
// milliseconds.
type eventRequest struct {
	Filter struct {
		Query string `json:"query"`
		From  string `json:"from"`
		To    string `json:"to"`
	} `json:"filter"`
	Sort string `json:"sort"`
	Page struct {
		Limit  *int   `json:"limit"`
		Cursor string `json:"cursor"`
	} `json:"page"`
}

// searchEvents is POST /api/v2/events/search.
func (s *Server) searchEvents(c call) (any, error) {
	var in eventRequest
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, badRequest("Invalid JSON: %v", err)
		}
	}
	return s.foundEvents(c, in)
}

// listEvents is GET /api/v2/events.
func (s *Server) listEvents(c call) (any, error) {
	var in eventRequest
	q := c.URL.Query()
	in.Filter.Query, in.Filter.From, in.Filter.To = q.Get("filter[query]"), q.Get("filter[from]"), q.Get("filter[to]")
	in.Sort, in.Page.Cursor = q.Get("sort"), q.Get("page[cursor]")
	if q.Has("page[limit]") {
		limit, err := c.whole("page[limit]", eventsPage, 1)
		if err != nil {
			return nil, err
		}
		in.Page.Limit = &limit
	}
	return s.foundEvents(c, in)
}

// body is the whole of what was sent.
func (c call) body() ([]byte, error) {
	data, err := io.ReadAll(c.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, failure(http.StatusRequestEntityTooLarge, "Request body is too large")
	}
	if err != nil {
		return nil, badRequest("Invalid request: %v", err)
	}
	return data, nil
}

// foundEvents is one page. It has a cursor unless it is empty, as recorded:
// also the last one with events in it.
func (s *Server) foundEvents(c call, in eventRequest) (any, error) {
	limit := eventsPage
	if in.Page.Limit != nil {
		limit = *in.Page.Limit
	}
	if limit < 1 || limit > maxEventsPage {
		return nil, badRequest("Invalid page limit: %d is not between 1 and %d", limit, maxEventsPage)
	}
	from, err := eventTime(cmp.Or(in.Filter.From, "now-15m"), c.now)
	if err != nil {
		return nil, err
	}
	to, err := eventTime(cmp.Or(in.Filter.To, "now"), c.now)
	if err != nil {
		return nil, err
	}
	if from > to {
		return nil, badRequest("Invalid time range: from is after to")
	}
	match, err := parseEventSearch(in.Filter.Query)
	if err != nil {
		return nil, badRequest("Invalid query: %v", err)
	}
	var found []*event
	for _, e := range s.events {
		// Nothing after now has happened yet.
		if ms := e.at * 1000; ms >= from && ms < to+1 && e.at <= c.now && match(e.facts) {
			found = append(found, e)
		}
	}
	switch in.Sort {
	case "timestamp":
	case "", "-timestamp":
		slices.Reverse(found)
	default:
		return nil, badRequest("Invalid sort %q: expected timestamp or -timestamp", in.Sort)
	}
	offset := 0
	if in.Page.Cursor != "" {
		id, ok := cursorID(in.Page.Cursor)
		if offset = slices.IndexFunc(found, func(e *event) bool { return e.id == id }) + 1; !ok || offset == 0 {
			return nil, badRequest("Invalid page cursor")
		}
	}
	found = page(found, offset, limit)
	data := []any{}
	for _, e := range found {
		data = append(data, e.wire())
	}
	if len(found) == 0 {
		return map[string]any{"data": data}, nil
	}
	cursor := cursorAfter(found[len(found)-1].id)
	return map[string]any{
		"data": data, "meta": map[string]any{"page": map[string]any{"after": cursor}},
		"links": map[string]any{"next": nextEvents(c, in, limit, cursor)},
	}, nil
}

// nextEvents is the address of the next page, all in its query as recorded.
func nextEvents(c call, in eventRequest, limit int, cursor string) string {
	q := url.Values{"page[cursor]": {cursor}, "page[limit]": {strconv.Itoa(limit)}}
	for key, value := range map[string]string{
		"filter[query]": in.Filter.Query, "filter[from]": in.Filter.From, "filter[to]": in.Filter.To, "sort": in.Sort,
	} {
		if value != "" {
			q.Set(key, value)
		}
	}
	return "http://" + c.Host + c.URL.Path + "?" + q.Encode()
}

// A cursor names the last event of its page.
type cursor struct {
	After string `json:"after"`
}

func cursorAfter(id string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"after":%q}`, id))
}

func cursorID(text string) (string, bool) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	var c cursor
	err = json.Unmarshal(data, &c)
	return c.After, err == nil
}

// eventTime reads milliseconds, RFC 3339, now, or now plus or minus a length of time.
func eventTime(text string, now int64) (int64, error) {
	if rest, ok := strings.CutPrefix(text, "now"); ok {
		if rest == "" {
			return now * 1000, nil
		}
		unit := map[byte]int64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400}[rest[len(rest)-1]]
		n, err := strconv.ParseInt(rest[:len(rest)-1], 10, 32)
		if err != nil || unit == 0 || rest[0] != '-' && rest[0] != '+' {
			return 0, badRequest("Invalid time %q: expected such as now-15m, 2026-11-09T09:30:00Z or milliseconds", text)
		}
		return (now + n*unit) * 1000, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 {
		return ms, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return 0, badRequest("Invalid time %q: expected such as now-15m, 2026-11-09T09:30:00Z or milliseconds", text)
}

// parseEventSearch reads a condition on the facts of an event: facets, tags,
// and words of its text. An empty one and * hold for all.
func parseEventSearch(text string) (tagSearch, error) {
	if t := strings.TrimSpace(text); t == "" || t == "*" {
		return func([]string) bool { return true }, nil
	}
	return parseSearch(text, eventMatches)
}

// eventMatches compares a facet such as service:auth, or looks for a word or
// phrase in the text, which is the first of the facts.
func eventMatches(pattern string) tagSearch {
	pattern = strings.ToLower(strings.TrimPrefix(pattern, "@"))
	if pattern == "*" {
		return func([]string) bool { return true }
	}
	facet := tagMatches(pattern)
	return func(facts []string) bool {
		if facet(facts[1:]) {
			return true
		}
		text := facts[0]
		if strings.Contains(pattern, "*") {
			return slices.ContainsFunc(strings.FieldsFunc(text, noWord), func(w string) bool { return wildcard(pattern, w) })
		}
		for at := 0; ; {
			i := strings.Index(text[at:], pattern)
			if i < 0 {
				return false
			}
			if begin, end := at+i, at+i+len(pattern); !inWord(text, begin) && !inWord(text, end) {
				return true
			}
			at += i + 1
		}
	}
}

// noWord separates words.
func noWord(r rune) bool {
	return !(r == '_' || r == '-' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || r > 127)
}

// inWord reports whether a word goes on at this place of a text.
func inWord(text string, at int) bool {
	return at > 0 && at < len(text) && !noWord(rune(text[at-1])) && !noWord(rune(text[at]))
}
