package badnet

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// Paging is how the pages of a listing are served, whatever page was asked for.
type Paging struct {
	// Size is how many elements a page has.
	Size int
	// Repeat serves the first page again and again.
	Repeat bool
	// Endless fills every page with new elements.
	Endless bool
	// Shrink is how many elements are gone from the front when the second page is asked for.
	Shrink int
	// Uncounted leaves out how many elements there are.
	Uncounted bool
	// Grow puts a new element in front of all others when the second page is asked
	// for, so that pages overlap.
	Grow bool
}

// pageOf is where a listing has its elements, its count, and what page is asked for.
func pageOf(k Kind, q url.Values) (list, count []string, offset func(size int) int) {
	number := func(name string) int {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil {
			return 0
		}
		return n
	}
	switch k {
	case Search:
		return []string{"data", "attributes", "slos"}, []string{"meta", "pagination", "total"},
			func(size int) int { return number("page[number]") * size }
	case CorrectionsOf:
		return []string{"data"}, []string{"meta", "pagination", "total"}, func(int) int { return number("page[offset]") }
	case Corrections:
		return []string{"data"}, []string{"meta", "page", "total_count"}, func(int) int { return number("offset") }
	default:
		return []string{"data"}, []string{"metadata", "page", "total_count"}, func(int) int { return number("offset") }
	}
}

// Pages serves the elements of a listing in pages of its own.
func Pages(p Paging) Fault {
	return func(x *Exchange) {
		path, count, from := pageOf(x.Kind, x.R.URL.Query())
		a, v, all := whole(x, path)
		offset := from(p.Size)
		total := len(all)
		switch {
		case p.Repeat:
			offset = 0
		case p.Endless:
			all, total = invented(offset, p.Size), offset+10*p.Size
			offset = 0
		case offset > 0 && p.Grow:
			all = append(invented(0, 1), all...)
			total = len(all)
		case offset > 0 && p.Shrink > 0:
			all = all[min(p.Shrink, len(all)):]
			total = len(all)
		}
		page := all[min(offset, len(all)):min(offset+p.Size, len(all))]
		set(v, path, append([]any{}, page...))
		if p.Uncounted {
			drop(v, count)
		} else {
			set(v, count, json.Number(strconv.Itoa(total)))
		}
		a.Body = encoded(v)
		x.Write(a)
	}
}

// whole is the listing from its first element on, as it is when nothing is damaged.
func whole(x *Exchange, path []string) (a Answer, v any, all []any) {
	first := x.R.Clone(x.R.Context())
	q := first.URL.Query()
	for _, name := range []string{"offset", "page[offset]", "page[number]"} {
		if q.Has(name) {
			q.Set(name, "0")
		}
	}
	for _, name := range []string{"limit", "page[limit]", "page[size]"} {
		if q.Has(name) {
			q.Set(name, "100")
		}
	}
	first.URL.RawQuery = q.Encode()
	a = x.upstream.Answer(first, x.Sent)
	v, ok := decoded(a.Body)
	if a.Status != http.StatusOK || !ok {
		return a, map[string]any{}, nil
	}
	all, _ = inside(v, path[:len(path)-1]...)[path[len(path)-1]].([]any)
	return a, v, all
}

func invented(offset, n int) []any {
	all := make([]any, n)
	for i := range all {
		id := fmt.Sprintf("%032x", 1<<40+offset+i)
		all[i] = map[string]any{"id": id, "data": map[string]any{"id": id}}
	}
	return all
}

func set(v any, path []string, to any) {
	if o := inside(v, path[:len(path)-1]...); o != nil {
		o[path[len(path)-1]] = to
	}
}

func drop(v any, path []string) {
	if o := inside(v, path[:len(path)-1]...); o != nil {
		delete(o, path[len(path)-1])
	}
}
