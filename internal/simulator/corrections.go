package simulator

import (
	"fmt"
	"net/http"
)

// listCorrections is GET /api/v1/slo/correction. The worlds have none yet, so
// that every page is empty.
func (s *Server) listCorrections(c call) (any, error) {
	if _, err := c.whole("limit", 25, 1); err != nil {
		return nil, err
	}
	if _, err := c.whole("offset", 0, 0); err != nil {
		return nil, err
	}
	return map[string]any{
		"data": []any{},
		"meta": map[string]any{"page": map[string]int{"total_count": 0, "total_filtered_count": 0}},
	}, nil
}

// correctionsOf is GET /api/v1/slo/{id}/corrections.
func (s *Server) correctionsOf(c call) (any, error) {
	if s.slo(c.args[0]) == nil {
		return nil, failure(http.StatusNotFound, "SLO not found: %s not found", c.args[0])
	}
	limit, err := c.whole("page[limit]", 10, 1)
	if err != nil {
		return nil, err
	}
	offset, err := c.whole("page[offset]", 0, 0)
	if err != nil {
		return nil, err
	}
	base := "http://" + c.Host + c.URL.Path
	at := func(n int) string { return fmt.Sprintf("%s?page[offset]=%d&page[limit]=%d", base, n, limit) }
	links := map[string]any{"self": "http://" + c.Host + c.URL.RequestURI(), "first": at(0), "prev": nil, "next": at(offset + limit), "last": nil}
	if offset > 0 {
		links["prev"] = at(max(0, offset-limit))
	}
	return map[string]any{
		"data": []any{},
		"meta": map[string]any{"pagination": map[string]any{
			"offset": offset, "first_offset": 0, "prev_offset": max(0, offset-limit), "next_offset": offset + limit, "last_offset": 0,
			"limit": limit, "type": "offset_limit", "total": 0,
		}},
		"links": links,
	}, nil
}
