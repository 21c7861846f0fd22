package datadog

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"strconv"
)

// A listing that never ends is ended by the number of its pages or of its
// elements, more than any organisation has.
const (
	maxPages    = 1000
	maxElements = 100_000
)

// listing is the result of reading all pages.
type listing struct {
	// elements are the distinct elements in the order of the pages.
	elements []json.RawMessage
	// announced is how many elements the server says there are; -1 when it does not say.
	announced int
}

// paging is how a limit/offset listing is asked for its pages.
type paging struct {
	// size is how many elements a page is asked for.
	size int
	// limit and offset are the names of the parameters.
	limit, offset string
	// toTheEnd says that without a count of all elements only an empty page is the end.
	toTheEnd bool
}

// page is one page of a limit/offset listing. The count stands under
// "metadata" for SLOs, under "meta" for corrections, and under "pagination"
// for the corrections of one SLO.
type page struct {
	Data           json.RawMessage
	Metadata, Meta struct {
		Page struct {
			TotalCount json.RawMessage `json:"total_count"`
		}
		Pagination struct{ Total json.RawMessage }
	}
}

// list reads all pages. Pages may overlap, because objects come and go between
// two of them; a page of nothing but known elements is an error, since asking
// on would never end. A page shorter than asked is the last one, unless the
// server counts more elements than it has shown: it may allow fewer per page than we asked for.
//
// Where the server counts more than it showed, objects may have moved to pages
// that were read already. All is then read once more.
func (c *Client) list(ctx context.Context, op operation, by paging, key func(json.RawMessage) string) (listing, error) {
	all, err := c.pages(ctx, op, by, key)
	if err != nil || all.announced <= len(all.elements) {
		return all, err
	}
	return c.pages(ctx, op, by, key)
}

// pages reads all pages once.
func (c *Client) pages(ctx context.Context, op operation, by paging, key func(json.RawMessage) string) (listing, error) {
	all := listing{announced: -1}
	seen := map[string]bool{}
	offset := 0
	for range maxPages {
		query := url.Values{by.limit: {strconv.Itoa(by.size)}, by.offset: {strconv.Itoa(offset)}}
		maps.Copy(query, op.query)
		one := op
		one.query = query
		var p page
		if _, err := c.object(ctx, one, &p); err != nil {
			return listing{}, err
		}
		var elements []json.RawMessage
		if isNull(p.Data) || json.Unmarshal(p.Data, &elements) != nil {
			return listing{}, strange(op, `"data" is not a list`)
		}
		all.announced = max(all.announced, p.total())
		fresh := 0
		for _, e := range elements {
			if k := key(e); !seen[k] {
				seen[k] = true
				all.elements = append(all.elements, e)
				fresh++
			}
		}
		if len(elements) > 0 && fresh == 0 {
			return listing{}, strange(op, "the page at offset %d repeats earlier ones", offset)
		}
		if len(all.elements) >= maxElements {
			break
		}
		offset += len(elements)
		if len(elements) == 0 {
			return all, nil
		}
		if uncounted := all.announced < 0; len(elements) < by.size && offset >= all.announced && !(uncounted && by.toTheEnd) {
			return all, nil
		}
	}
	return listing{}, strange(op, "it has no end, even after %d elements", len(all.elements))
}

func (p page) total() int {
	for _, raw := range []json.RawMessage{p.Metadata.Page.TotalCount, p.Meta.Page.TotalCount, p.Meta.Pagination.Total} {
		if n, err := integerOf(raw); err == nil && n >= 0 {
			return int(n)
		}
	}
	return -1
}

// identity tells the elements of a listing apart: by id, or by all of its text where it has none.
func identity(raw json.RawMessage) string {
	var e struct{ ID json.RawMessage }
	if json.Unmarshal(raw, &e) == nil {
		if id := textOf(e.ID); id != "" {
			return "id " + id
		}
	}
	return string(raw)
}
