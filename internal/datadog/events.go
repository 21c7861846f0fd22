package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// eventsPerPage is the documented maximum of the event search.
const eventsPerPage = 1000

// Events searches for what happened in the span, in the language of Datadog's
// event search: at most so many events, the newest of them, in order of time.
// Complete says that there are no more. An event without a time is left out;
// where none has one, that is an error.
func (c *Client) Events(ctx context.Context, span timeseries.Span, query string, most int) (events []timeseries.Event, complete bool, err error) {
	op := operation{
		kind:       CallEvents,
		purpose:    "searching for events",
		scope:      "events_read",
		method:     http.MethodPost,
		path:       "/api/v2/events/search",
		lack:       fmt.Sprintf("no events for %s", span),
		transcript: c.transcript(fmt.Sprintf("events %s %d %s", span, most, query)),
	}
	if span.Empty() || span.Start < 0 || most <= 0 {
		return nil, false, defect(slo.Invalid, fmt.Sprintf("%s: want a span that is not empty and room for an event, got %s and %d", op.purpose, span, most))
	}
	found, complete, err := c.eventPages(ctx, op, span, query, most)
	if err := c.conclude(op, err); err != nil {
		return nil, false, err
	}
	odd := 0
	for _, raw := range found {
		switch e, ok := decodeEvent(raw); {
		case !ok:
			odd++
		case span.Contains(e.At):
			events = append(events, e)
		}
	}
	if odd > 0 && odd == len(found) {
		return nil, false, strange(op, "not one of %d events says when it happened", odd)
	}
	inOrder(events)
	return events, complete, nil
}

// inOrder sorts events by time; those of one second keep the order of their titles.
func inOrder(events []timeseries.Event) {
	slices.SortStableFunc(events, func(a, b timeseries.Event) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Title, b.Title))
	})
}

type (
	wireSearch struct {
		Filter wireFilter `json:"filter"`
		Page   wireCursor `json:"page"`
		Sort   string     `json:"sort"`
	}
	wireFilter struct {
		From  string `json:"from"`
		To    string `json:"to"`
		Query string `json:"query,omitempty"`
	}
	wireCursor struct {
		Limit  int    `json:"limit"`
		Cursor string `json:"cursor,omitempty"`
	}
)

// eventPages follows the cursors until there is none, a page is empty, or the
// most have been found. A cursor that comes again and a page of nothing but
// known events are the end as well: asking on would never end.
func (c *Client) eventPages(ctx context.Context, op operation, span timeseries.Span, query string, most int) (found []json.RawMessage, complete bool, err error) {
	search := wireSearch{
		Filter: wireFilter{
			From:  strconv.FormatInt(span.Start*1000, 10),
			To:    strconv.FormatInt(span.End*1000, 10),
			Query: query,
		},
		Sort: "-timestamp",
	}
	seen, cursors := map[string]bool{}, map[string]bool{}
	for number := 1; number <= maxPages; number++ {
		search.Page.Limit = min(eventsPerPage, most-len(found))
		one := op
		one.part = fmt.Sprintf("page %d", number)
		if one.body, err = json.Marshal(search); err != nil {
			return nil, false, defect(slo.Invalid, op.purpose+": "+err.Error())
		}
		elements, after, err := c.eventPage(ctx, one)
		if err != nil {
			return nil, false, err
		}
		fresh := 0
		for _, e := range elements {
			if k := identity(e); !seen[k] && len(found) < most {
				seen[k] = true
				found = append(found, e)
				fresh++
			}
		}
		switch {
		case after == "", len(elements) == 0:
			return found, true, nil
		case len(found) >= most, fresh == 0, cursors[after]:
			return found, false, nil
		}
		cursors[after] = true
		search.Page.Cursor = after
	}
	return found, false, nil
}

func (c *Client) eventPage(ctx context.Context, op operation) (elements []json.RawMessage, after string, err error) {
	var w struct {
		Data json.RawMessage
		Meta json.RawMessage
	}
	if _, err := c.object(ctx, op, &w); err != nil {
		return nil, "", err
	}
	if isNull(w.Data) || json.Unmarshal(w.Data, &elements) != nil {
		return nil, "", strange(op, `"data" is not a list`)
	}
	var meta struct {
		Page struct{ After json.RawMessage }
	}
	if !isNull(w.Meta) && json.Unmarshal(w.Meta, &meta) != nil || !isNull(meta.Page.After) && meta.Page.After[0] != '"' {
		return nil, "", strange(op, `"meta.page.after" is not a text`)
	}
	return elements, textOf(meta.Page.After), nil
}

// wireEvent is what of an event is read: some of it stands in the inner
// attributes, which came with the event, and some in the outer.
type wireEvent struct {
	Attributes struct {
		Tags, Timestamp, Message json.RawMessage
		Attributes               json.RawMessage
	}
}

// innerEvent are the attributes that an event came with.
type innerEvent struct {
	Title, Service, Timestamp, Tags, Monitor, Evt json.RawMessage

	MonitorID      json.RawMessage `json:"monitor_id"`
	SourceType     json.RawMessage `json:"source_type_name"`
	SourceCategory json.RawMessage `json:"sourcecategory"`
}

// decodeEvent reads one event; ok is false where it does not say when it happened.
func decodeEvent(raw json.RawMessage) (e timeseries.Event, ok bool) {
	var w wireEvent
	var in innerEvent
	if isNull(raw) || json.Unmarshal(raw, &w) != nil {
		return timeseries.Event{}, false
	}
	if !isNull(w.Attributes.Attributes) && json.Unmarshal(w.Attributes.Attributes, &in) != nil {
		in = innerEvent{}
	}
	if e.At, ok = momentOf(in.Timestamp); !ok {
		if e.At, ok = momentOf(w.Attributes.Timestamp); !ok {
			return timeseries.Event{}, false
		}
	}
	if e.Tags = tagsOf(w.Attributes.Tags); len(e.Tags) == 0 {
		e.Tags = tagsOf(in.Tags)
	}
	e.Title = cmp.Or(textOf(in.Title), firstLine(textOf(w.Attributes.Message)))
	e.Service, e.Env, e.Version = tagValue(e.Tags, "service"), tagValue(e.Tags, "env"), tagValue(e.Tags, "version")
	// Datadog writes "undefined" where an event came without a service.
	if name := textOf(in.Service); e.Service == "" && name != "undefined" {
		e.Service = name
	}
	e.Kind = in.kind(e.Title, e.Tags)
	return e, true
}

// tagsOf are the texts of a list, each once.
func tagsOf(raw json.RawMessage) []string {
	var tags []string
	seen := map[string]bool{}
	for _, e := range listOf(raw) {
		if tag := textOf(e); tag != "" && !seen[tag] {
			seen[tag] = true
			tags = append(tags, tag)
		}
	}
	return tags
}

// tagValue is the value of the first tag with the key.
func tagValue(tags []string, key string) string {
	for _, tag := range tags {
		if k, value, ok := strings.Cut(tag, ":"); ok && strings.EqualFold(k, key) && value != "" {
			return value
		}
	}
	return ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}

// momentOf reads an instant in RFC 3339, or as an epoch in seconds or one of
// its thousandths, which the number of digits tells apart for this century.
func momentOf(raw json.RawMessage) (int64, bool) {
	if at, err := time.Parse(time.RFC3339Nano, textOf(raw)); err == nil {
		return at.Unix(), at.Unix() > 0
	}
	n, err := numberOf(raw)
	if err != nil {
		return 0, false
	}
	for range 3 {
		if math.Abs(n) > 1e11 {
			n /= 1000
		}
	}
	return int64(math.Floor(n)), n >= 1 && n <= 1e11
}
