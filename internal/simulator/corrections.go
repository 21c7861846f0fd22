package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// correction is a status correction as it is served, its instants moved.
type correction struct {
	scenario.Correction
	wire json.RawMessage
	// search says which SLOs it is for when it names none; nil: it cannot be read.
	search tagSearch
	// every are its stretches in order of time, expanded when first asked for.
	every func() []span
}

type correctionAttributes struct {
	SLOID       *string `json:"slo_id"`
	Start       int64   `json:"start"`
	End         *int64  `json:"end"`
	Description string  `json:"description"`
	Category    string  `json:"category"`
	Timezone    string  `json:"timezone"`
	CreatedAt   *int64  `json:"created_at"`
	ModifiedAt  *int64  `json:"modified_at"`
	Rule        *string `json:"rrule"`
	Duration    *int64  `json:"duration"`
	// Only corrections that select SLOs by a query have it.
	Query    *string `json:"slo_query,omitempty"`
	Creator  any     `json:"creator"`
	Modifier any     `json:"modifier"`
}

// newCorrection prepares a correction for a world whose now is at the instant.
func newCorrection(d scenario.Correction, shift, now int64) (*correction, error) {
	c := &correction{Correction: d}
	c.every = sync.OnceValue(c.expanded)
	if d.Raw != "" {
		c.readRaw()
		return c, nil
	}
	c.Start += shift
	created := min(c.Start, now)
	a := correctionAttributes{
		Start: c.Start, Description: c.Description, Category: c.Category, Timezone: c.Timezone, CreatedAt: &created, ModifiedAt: &created,
		Creator: map[string]any{"data": map[string]any{
			"type": "users", "id": "3d3a0c5e-0000-11ef-8000-da7ad0900002",
			"attributes": map[string]any{
				"uuid": "3d3a0c5e-0000-11ef-8000-da7ad0900002", "handle": "sre@example.com", "email": "sre@example.com", "name": nil,
				"icon": "https://secure.gravatar.com/avatar/00000000000000000000000000000000?s=48&d=retro",
			},
		}},
	}
	if c.Rule != "" {
		c.Rule = movedRule(c.Rule, shift)
		a.Rule, a.Duration = &c.Rule, &c.Duration
	} else {
		c.End += shift
		a.End = &c.End
	}
	if c.SLOID != "" {
		a.SLOID = &c.SLOID
	} else {
		a.Query = &c.Query
	}
	c.readQuery()
	var err error
	c.wire, err = json.Marshal(map[string]any{"type": "correction", "id": c.ID, "attributes": a})
	return c, err
}

// readRaw takes from a correction that is served as it is what makes sense;
// where that is not all of it, it takes nothing out.
func (c *correction) readRaw() {
	c.wire = json.RawMessage(c.Raw)
	var known struct {
		ID         string
		Attributes struct {
			SLOID    string `json:"slo_id"`
			Query    string `json:"slo_query"`
			Start    int64
			End      int64
			Duration int64
			Rule     string `json:"rrule"`
		}
	}
	if err := json.Unmarshal(c.wire, &known); err != nil {
		var only struct{ ID string }
		if json.Unmarshal(c.wire, &only) == nil {
			c.ID = only.ID
		}
		return
	}
	a := known.Attributes
	c.ID, c.SLOID, c.Query, c.Start, c.End, c.Duration, c.Rule = known.ID, a.SLOID, a.Query, a.Start, a.End, a.Duration, a.Rule
	c.readQuery()
}

func (c *correction) readQuery() {
	if c.SLOID != "" {
		return
	}
	if search, err := parseTagSearch(c.Query); err == nil {
		c.search = search
	}
}

// appliesTo reports whether the correction is for the SLO.
func (c *correction) appliesTo(o *slo) bool {
	if c.SLOID != "" {
		return c.SLOID == o.ID
	}
	return c.search != nil && c.search(o.Tags)
}

// listCorrections is GET /api/v1/slo/correction. What it calls the filtered
// count is the length of the page, as in the recordings.
func (s *Server) listCorrections(c call) (any, error) {
	limit, err := c.whole("limit", 25, 1)
	if err != nil {
		return nil, err
	}
	offset, err := c.whole("offset", 0, 0)
	if err != nil {
		return nil, err
	}
	data := wires(page(s.corrections, offset, limit))
	return map[string]any{
		"data": data,
		"meta": map[string]any{"page": map[string]int{"total_count": len(s.corrections), "total_filtered_count": len(data)}},
	}, nil
}

func wires(list []*correction) []json.RawMessage {
	data := []json.RawMessage{}
	for _, o := range list {
		data = append(data, o.wire)
	}
	return data
}

// getCorrection is GET /api/v1/slo/correction/{id}.
func (s *Server) getCorrection(c call) (any, error) {
	for _, o := range s.corrections {
		if o.ID == c.args[0] && o.ID != "" {
			return map[string]any{"data": o.wire}, nil
		}
	}
	return nil, failure(http.StatusNotFound, "SLO correction not found: %s not found", c.args[0])
}

// correctionsOf is GET /api/v1/slo/{id}/corrections: those that apply to it,
// whenever they are, also the ones that select it by a query.
func (s *Server) correctionsOf(c call) (any, error) {
	o := s.slo(c.args[0])
	if o == nil {
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
	var found []*correction
	for _, k := range s.corrections {
		if k.appliesTo(o) {
			found = append(found, k)
		}
	}
	base := "http://" + c.Host + c.URL.Path
	at := func(n int) string { return fmt.Sprintf("%s?page[offset]=%d&page[limit]=%d", base, n, limit) }
	// There is a next page even after the last one, as the recording has it.
	links := map[string]any{"self": "http://" + c.Host + c.URL.RequestURI(), "first": at(0), "prev": nil, "next": at(offset + limit), "last": nil}
	if offset > 0 {
		links["prev"] = at(max(0, offset-limit))
	}
	return map[string]any{
		"data": wires(page(found, offset, limit)),
		"meta": map[string]any{"pagination": map[string]any{
			"offset": offset, "first_offset": 0, "prev_offset": max(0, offset-limit), "next_offset": offset + limit, "last_offset": 0,
			"limit": limit, "type": "offset_limit", "total": len(found),
		}},
		"links": links,
	}, nil
}
