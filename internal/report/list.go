package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/slo"
)

// Catalog is what `slo list` and `slo show` found.
type Catalog struct {
	Site        string
	Definitions []slo.Definition
	Notes       []slo.Note
	Link        func(slo.Definition) string
}

type listJSON struct {
	Schema string           `json:"schema"`
	Site   string           `json:"site"`
	Notes  []noteJSON       `json:"notes"`
	SLOs   []definitionJSON `json:"slos"`
}

type definitionJSON struct {
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Type        *string         `json:"type"`
	Source      string          `json:"source"`
	Tags        []string        `json:"tags"`
	URL         *string         `json:"url"`
	Timeframe   *string         `json:"timeframe"`
	Thresholds  []thresholdJSON `json:"thresholds"`
	SLI         any             `json:"sli"`
	CreatedAt   *time.Time      `json:"created_at"`
	ModifiedAt  *time.Time      `json:"modified_at"`
	Error       *errorJSON      `json:"error"`
	Notes       []noteJSON      `json:"notes"`
}

type thresholdJSON struct {
	Timeframe string   `json:"timeframe"`
	Target    float64  `json:"target"`
	Warning   *float64 `json:"warning"`
}

type eventSLIJSON struct {
	Good    []termJSON `json:"good"`
	Total   []termJSON `json:"total"`
	GroupBy []string   `json:"group_by"`
}

type termJSON struct {
	Weight float64 `json:"weight"`
	Query  string  `json:"query"`
}

type sliceSLIJSON struct {
	Formula        string            `json:"formula"`
	Queries        map[string]string `json:"queries"`
	Comparator     string            `json:"comparator"`
	Threshold      float64           `json:"threshold"`
	SliceSeconds   int64             `json:"slice_seconds"`
	NoDataStrategy *string           `json:"no_data_strategy"`
}

type monitorSLIJSON struct {
	MonitorIDs []int64  `json:"monitor_ids"`
	Groups     []string `json:"groups"`
}

func (c Catalog) definition(d slo.Definition) definitionJSON {
	j := definitionJSON{
		ID: d.ID, Name: d.Name, Description: d.Description, Type: textOrNull(string(d.Type)), Source: string(d.Source),
		Tags: append([]string{}, d.Tags...), URL: textOrNull(c.Link(d)),
		Thresholds: make([]thresholdJSON, 0, len(d.Objectives)),
		CreatedAt:  timeOrNull(d.Created), ModifiedAt: timeOrNull(d.Modified),
		Error: defectJSON(d.Defect), Notes: notesJSON(d.Notes),
	}
	if d.Primary != 0 {
		j.Timeframe = textOrNull(d.Primary.String())
	}
	for _, o := range d.Objectives {
		j.Thresholds = append(j.Thresholds, thresholdJSON{o.Timeframe.String(), o.Target.Percent(), percentOrNull(o.Warning)})
	}
	switch sli := d.SLI.(type) {
	case slo.EventSLI:
		j.SLI = eventSLIJSON{termsJSON(sli.Good), termsJSON(sli.Valid), append([]string{}, sli.GroupBy...)}
	case slo.SliceSLI:
		j.SLI = sliceSLIJSON{sli.Formula, sli.Queries, sli.Comparator, sli.Threshold, sli.Seconds, textOrNull(sli.NoDataStrategy)}
	case slo.MonitorSLI:
		j.SLI = monitorSLIJSON{append([]int64{}, sli.MonitorIDs...), append([]string{}, sli.Groups...)}
	}
	return j
}

func termsJSON(terms []slo.Term) []termJSON {
	out := make([]termJSON, 0, len(terms))
	for _, t := range terms {
		out = append(out, termJSON{t.Weight, t.Query})
	}
	return out
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// List is the SLO objects as they are, by name.
func List(c Catalog) document.Document {
	defs := slices.Clone(c.Definitions)
	slices.SortStableFunc(defs, func(a, b slo.Definition) int {
		return strings.Compare(a.Name+"\x00"+a.ID, b.Name+"\x00"+b.ID)
	})
	payload := listJSON{Schema: "slo.list/v1", Site: c.Site, Notes: notesJSON(c.Notes), SLOs: make([]definitionJSON, 0, len(defs))}
	table := document.Table{
		Columns: []document.Column{
			{Name: "SLO", Key: "slo", Shrink: true, MinWidth: 16},
			{Name: "TYPE", Key: "type"},
			{Name: "TARGETS", Key: "targets"},
			{Name: "TAGS", Key: "tags", Drop: 2},
			{Name: "ID", Key: "id", Drop: 1},
			{Key: "source", Machine: true},
			{Key: "url", Machine: true},
		},
		Empty: "no SLO matches",
	}
	var notes []string
	for _, n := range c.Notes {
		notes = append(notes, n.Text)
	}
	for _, d := range defs {
		payload.SLOs = append(payload.SLOs, c.definition(d))
		row := document.Row{Cells: []document.Cell{
			{Kind: document.Text, Text: d.Name, Link: c.Link(d)},
			text(string(d.Type)), text(targets(d)), text(strings.Join(d.Tags, " ")), text(d.ID), text(string(d.Source)), text(c.Link(d)),
		}}
		if d.Defect != nil {
			row.Severity = document.Muted
			notes = append(notes, fmt.Sprintf("%s: %s", d.Name, d.Defect.Message))
		}
		table.Rows = append(table.Rows, row)
	}
	return document.Document{
		Title: plural(len(defs), "SLO"), Tables: []document.Table{table}, Notes: notes, Payload: payload,
	}
}

// targets is every target with its timeframe: "99.9% 7d, 99.5% 30d".
func targets(d slo.Definition) string {
	var parts []string
	for _, o := range d.Objectives {
		parts = append(parts, fmt.Sprintf("%s%% %s", o.Target, o.Timeframe))
	}
	return strings.Join(parts, ", ")
}
