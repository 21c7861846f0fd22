package datadog

import (
	"context"
	"fmt"
	"net/http"

	"github.com/slo-cli/slo/pkg/slo"
)

// slosPerPage is the documented default and maximum of the SLO listing.
const slosPerPage = 1000

// SLOs lists every SLO of the organisation, in Datadog's order. An SLO that
// cannot be read or evaluated is in the list with its Defect. The notes concern the listing as a whole.
func (c *Client) SLOs(ctx context.Context) ([]slo.Definition, []slo.Note, error) {
	op := operation{
		kind:       CallSLOs,
		purpose:    "listing the SLOs",
		scope:      "slos_read",
		method:     http.MethodGet,
		path:       "/api/v1/slo",
		lack:       "no listing of SLOs",
		transcript: c.transcript("slos"),
	}
	all, err := c.list(ctx, op, paging{size: slosPerPage, limit: "limit", offset: "offset"}, identity)
	if err := c.conclude(op, err); err != nil {
		return nil, nil, err
	}
	definitions := make([]slo.Definition, len(all.elements))
	for i, raw := range all.elements {
		d := DecodeDefinition(raw)
		if d.ID == "" && d.Name == "" {
			d.Name = fmt.Sprintf("SLO number %d of the listing", i+1)
		}
		definitions[i] = d
	}
	var notes []slo.Note
	if all.announced > len(all.elements) {
		notes = append(notes, slo.Note{
			Code: "listing_incomplete",
			Text: fmt.Sprintf("Datadog counts %d SLOs but listed %d", all.announced, len(all.elements)),
		})
	}
	return definitions, notes, nil
}
