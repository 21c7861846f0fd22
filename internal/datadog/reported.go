package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/slo-cli/slo/pkg/slo"
)

const (
	// reportedPerPage is how many objectives one page of the search is asked for.
	reportedPerPage = 100
	// reportedAtOnce is how many pages are asked for at the same time.
	reportedAtOnce = 4
)

// Reported lists Datadog's own figures for every window of every SLO, as its
// search shows them: computed at some instant in the past. An SLO whose figures
// cannot be read has a note in their place.
func (c *Client) Reported(ctx context.Context) ([]slo.Reported, []slo.Note, error) {
	op := operation{
		kind:       CallReported,
		purpose:    "searching for Datadog's own figures",
		scope:      "slos_read",
		method:     http.MethodGet,
		path:       "/api/v1/slo/search",
		lack:       "none of Datadog's own figures",
		transcript: c.transcript("reported"),
	}
	all, err := c.search(ctx, op)
	if err := c.conclude(op, err); err != nil {
		return nil, nil, err
	}
	var reported []slo.Reported
	var notes []slo.Note
	for i, raw := range all.elements {
		figures, why := decodeReported(raw)
		reported = append(reported, figures...)
		if why == "" {
			continue
		}
		which := fmt.Sprintf("SLO number %d of the search", i+1)
		if id := clean(foundID(raw), 60); id != "" {
			which = fmt.Sprintf("the SLO %q", id)
		}
		notes = append(notes, slo.Note{
			Code: "datadog_figures_unreadable",
			Text: fmt.Sprintf("Datadog's own figures of %s could not be read: %s", which, why),
		})
	}
	if all.announced > len(all.elements) {
		notes = append(notes, slo.Note{
			Code: "datadog_figures_incomplete",
			Text: fmt.Sprintf("Datadog counts %d SLOs but its search showed the figures of %d", all.announced, len(all.elements)),
		})
	}
	return reported, notes, nil
}

// foundPage is one page of the search.
type foundPage struct {
	elements []json.RawMessage
	// total is how many elements there are on all pages; -1 when the server does not say.
	total int
}

// search reads all pages of the search. A page is asked for by its number, in
// units of the page size, so elements would be skipped if the server showed
// fewer on a page than it was asked for: where the first page shows that it
// does, the pages are counted in its size.
func (c *Client) search(ctx context.Context, op operation) (listing, error) {
	size := reportedPerPage
	first, err := c.foundPage(ctx, op, 0, size)
	if err != nil {
		return listing{}, err
	}
	if n := len(first.elements); n > 0 && n < size && (first.total < 0 || first.total > n) {
		size = n
	}
	all := listing{announced: first.total}
	seen := map[string]bool{}
	// take adds what a page has that is new; a page without that is the end.
	take := func(p foundPage) (more bool) {
		all.announced = max(all.announced, p.total)
		for _, e := range p.elements {
			key := foundID(e)
			if key == "" {
				key = string(e)
			}
			if !seen[key] {
				seen[key] = true
				all.elements = append(all.elements, e)
				more = true
			}
		}
		return more
	}
	more := take(first)
	for next := 1; more && (all.announced < 0 || next*size < all.announced); {
		if next > maxPages-reportedAtOnce || len(all.elements) >= maxElements {
			return listing{}, strange(op, "it has no end, even after %d elements", len(all.elements))
		}
		wave := 1 // without a total each page may be the last
		if all.announced >= 0 {
			wave = min(reportedAtOnce, (all.announced-next*size+size-1)/size)
		}
		pages, err := c.foundPages(ctx, op, next, wave, size)
		if err != nil {
			return listing{}, err
		}
		for _, p := range pages {
			if more = take(p); !more {
				break
			}
		}
		next += wave
	}
	return all, nil
}

// foundPages asks for some pages at once and returns them in order.
func (c *Client) foundPages(ctx context.Context, op operation, from, count, size int) ([]foundPage, error) {
	pages, errs := make([]foundPage, count), make([]error, count)
	var all sync.WaitGroup
	for i := range count {
		all.Go(func() { pages[i], errs[i] = c.foundPage(ctx, op, from+i, size) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return pages, nil
}

func (c *Client) foundPage(ctx context.Context, op operation, number, size int) (foundPage, error) {
	one := op
	one.query = url.Values{"page[size]": {strconv.Itoa(size)}, "page[number]": {strconv.Itoa(number)}}
	maps.Copy(one.query, op.query)
	var w struct {
		Data struct {
			Attributes struct{ SLOs json.RawMessage }
		}
		Meta struct {
			Pagination struct{ Total json.RawMessage }
		}
	}
	if _, err := c.object(ctx, one, &w); err != nil {
		return foundPage{}, err
	}
	p := foundPage{total: -1}
	if isNull(w.Data.Attributes.SLOs) || json.Unmarshal(w.Data.Attributes.SLOs, &p.elements) != nil {
		return foundPage{}, strange(op, `"data.attributes.slos" is not a list`)
	}
	if n, err := integerOf(w.Meta.Pagination.Total); err == nil && n >= 0 {
		p.total = int(min(n, maxElements+1))
	}
	return p, nil
}

// foundID is the id of an element of the search, "" where it has none.
func foundID(raw json.RawMessage) string {
	var e struct{ Data json.RawMessage }
	var data struct{ ID json.RawMessage }
	if isNull(raw) || json.Unmarshal(raw, &e) != nil || isNull(e.Data) || json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	return textOf(data.ID)
}

// decodeReported reads the figures of one element; why says what is wrong with
// it. What could be read is returned even so.
func decodeReported(raw json.RawMessage) (reported []slo.Reported, why string) {
	id := foundID(raw)
	if id == "" {
		return nil, "it has no id"
	}
	var w struct {
		Data struct {
			Attributes struct {
				Statuses json.RawMessage `json:"overall_status"`
			}
		}
	}
	if json.Unmarshal(raw, &w) != nil {
		return nil, "it is not an object with attributes"
	}
	var statuses []json.RawMessage
	if isNull(w.Data.Attributes.Statuses) {
		return nil, "" // not computed yet
	}
	if json.Unmarshal(w.Data.Attributes.Statuses, &statuses) != nil {
		return nil, "overall_status is not a list"
	}
	for _, raw := range statuses {
		r, ok, problem := decodeStatus(raw)
		if problem != "" {
			why = problem
		}
		if ok {
			r.SLOID = id
			reported = append(reported, r)
		}
	}
	return reported, why
}

// decodeStatus reads the figures of one window; ok is false for one of a length that is not known.
func decodeStatus(raw json.RawMessage) (r slo.Reported, ok bool, why string) {
	var w struct {
		Timeframe, Status, State, Error json.RawMessage

		Remaining json.RawMessage `json:"error_budget_remaining"`
		IndexedAt json.RawMessage `json:"indexed_at"`
		Precision json.RawMessage `json:"span_precision"`
	}
	if isNull(raw) || json.Unmarshal(raw, &w) != nil {
		return slo.Reported{}, false, "an element of overall_status is not an object"
	}
	var err error
	if r.Timeframe, err = slo.ParseTimeframe(textOf(w.Timeframe)); err != nil {
		return slo.Reported{}, false, ""
	}
	if at, err := secondsOf(w.IndexedAt); err == nil && at > 0 {
		r.IndexedAt = at
	}
	r.Decimals = decimalsOf(w.Precision)
	r.Problem = clean(textOf(w.Error), 200)
	if r.Problem == "" && !isNull(w.Error) {
		r.Problem = clean(string(w.Error), 200)
	}
	var odd string
	if r.Attainment, odd = figureOf("status", w.Status); odd != "" {
		r.Problem = joined(r.Problem, odd)
	}
	if r.RemainingPercent, odd = figureOf("error_budget_remaining", w.Remaining); odd != "" {
		r.Problem = joined(r.Problem, odd)
	}
	if state := clean(textOf(w.State), 40); !r.Attainment.IsKnown() && r.Problem == "" && state != "" {
		r.Problem = "the state is " + state
	}
	return r, true, ""
}
