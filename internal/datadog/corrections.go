package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

const (
	// correctionsPerPage is four of Datadog's default pages.
	correctionsPerPage = 100
	// appliedPerPage is Datadog's default for the corrections of one SLO. Its
	// paging is not documented, so nothing else is asked for.
	appliedPerPage = 10
)

// Corrections lists every status correction of the organisation. One that
// cannot be read says so: leaving it out would change figures silently.
func (c *Client) Corrections(ctx context.Context) ([]slo.Correction, error) {
	op := operation{
		kind:       CallCorrections,
		purpose:    "listing the SLO corrections",
		scope:      "slos_read",
		method:     http.MethodGet,
		path:       "/api/v1/slo/correction",
		lack:       "no status corrections",
		transcript: c.transcript("corrections"),
	}
	return c.corrections(ctx, op, paging{size: correctionsPerPage, limit: "limit", offset: "offset"})
}

// CorrectionsOf lists the status corrections that Datadog applies to one SLO,
// those that select it by a query among them.
func (c *Client) CorrectionsOf(ctx context.Context, id string) ([]slo.Correction, error) {
	if strings.TrimSpace(id) == "" {
		return nil, defect(slo.Invalid, "listing the corrections of an SLO without an id")
	}
	op := operation{
		kind:       CallCorrections,
		purpose:    "listing the corrections of the SLO " + clean(id, 60),
		scope:      "slos_read",
		method:     http.MethodGet,
		path:       "/api/v1/slo/" + url.PathEscape(id) + "/corrections",
		lack:       "no status corrections of the SLO " + clean(id, 60),
		transcript: c.transcript("corrections of " + id),
	}
	return c.corrections(ctx, op, paging{size: appliedPerPage, limit: "page[limit]", offset: "page[offset]", toTheEnd: true})
}

func (c *Client) corrections(ctx context.Context, op operation, by paging) ([]slo.Correction, error) {
	all, err := c.list(ctx, op, by, identity)
	if err == nil && all.announced > len(all.elements) {
		// Whatever the missing ones apply to would have a wrong figure.
		err = strange(op, "Datadog counts %d status corrections but listed %d", all.announced, len(all.elements))
	}
	if err := c.conclude(op, err); err != nil {
		return nil, err
	}
	corrections := make([]slo.Correction, len(all.elements))
	for i, raw := range all.elements {
		correction, why := decodeCorrection(raw)
		if why != "" {
			correction.Unreadable = nameOf(correction, i) + " " + why
		}
		corrections[i] = correction
	}
	return corrections, nil
}

// nameOf says which correction of the listing it is, where it has no id by its place.
func nameOf(c slo.Correction, index int) string {
	if id := clean(c.ID, 60); id != "" {
		return fmt.Sprintf("the correction %q", id)
	}
	return fmt.Sprintf("correction number %d of the listing", index+1)
}

// decodeCorrection reads one element of the listing; why says what is wrong with it.
func decodeCorrection(raw json.RawMessage) (correction slo.Correction, why string) {
	var w struct {
		ID         json.RawMessage
		Attributes struct {
			SLOID       json.RawMessage `json:"slo_id"`
			Query       json.RawMessage `json:"slo_query"`
			Category    json.RawMessage
			Description json.RawMessage
			Start       json.RawMessage
			End         json.RawMessage
			Duration    json.RawMessage
			Rule        json.RawMessage `json:"rrule"`
			Timezone    json.RawMessage
		}
	}
	if isNull(raw) || json.Unmarshal(raw, &w) != nil {
		return slo.Correction{ID: textOf(w.ID)}, "is not an object with attributes"
	}
	a := w.Attributes
	correction = slo.Correction{
		ID:          textOf(w.ID),
		SLOID:       textOf(a.SLOID),
		Query:       textOf(a.Query),
		Category:    textOf(a.Category),
		Description: textOf(a.Description),
		Rule:        textOf(a.Rule),
		Timezone:    textOf(a.Timezone),
	}
	var err error
	if correction.Start, err = secondsOf(a.Start); err != nil {
		return correction, "has no readable start"
	}
	if !isNull(a.End) {
		if correction.End, err = secondsOf(a.End); err != nil {
			return correction, "has no readable end"
		}
	}
	if !isNull(a.Duration) {
		if correction.Duration, err = integerOf(a.Duration); err != nil || correction.Duration < 0 {
			return correction, "has no readable duration"
		}
	}
	switch {
	case correction.SLOID == "" && correction.Query == "":
		return correction, "names neither an SLO nor a query"
	case correction.Rule == "" && correction.End == 0:
		return correction, "has neither an end nor a recurrence rule"
	case correction.Rule != "" && correction.Duration == 0:
		return correction, "recurs without a duration"
	case correction.Rule == "" && correction.End < correction.Start:
		return correction, "ends before it starts"
	}
	return correction, ""
}
