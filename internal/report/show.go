package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/slo"
)

type showJSON struct {
	Schema string         `json:"schema"`
	Site   string         `json:"site"`
	Notes  []noteJSON     `json:"notes"`
	SLO    definitionJSON `json:"slo"`
	// Comparison is null unless it was asked for.
	Comparison []accountJSON `json:"comparison"`
}

// Show is one SLO object in full, and our figures beside Datadog's where they were compared.
func Show(c Catalog, compared *Compared) document.Document {
	doc, payload := show(c)
	if compared != nil {
		doc.Tables = append(doc.Tables, compared.tables()...)
		doc.Notes = distinct(append(compared.notes(), doc.Notes...))
		payload.Comparison = compared.payload()
		payload.Notes = notesJSON(distinct(slices.Concat(c.Notes, compared.Notes)))
		payload.SLO.Notes = notesJSON(notesOf(compared.Row))
		payload.SLO.Error = defectJSON(compared.Row.Defect)
	}
	doc.Payload = payload
	return doc
}

// show is the object without figures.
func show(c Catalog) (document.Document, showJSON) {
	d := c.Definitions[0]
	table := document.Table{Columns: []document.Column{
		{Name: "FIELD", Key: "field"}, {Name: "VALUE", Key: "value", Wrap: true, Shrink: true, MinWidth: 20},
	}}
	add := func(field, value string) {
		if value != "" {
			table.Rows = append(table.Rows, document.Row{Cells: []document.Cell{text(field), text(value)}})
		}
	}
	add("name", d.Name)
	add("id", d.ID)
	add("type", string(d.Type))
	add("source", string(d.Source))
	add("description", d.Description)
	add("tags", strings.Join(d.Tags, " "))
	for _, o := range d.Objectives {
		target := fmt.Sprintf("%s%% over %s", o.Target, o.Timeframe)
		if o.Warning != 0 {
			target += fmt.Sprintf(", warning below %s%%", o.Warning)
		}
		if o.Timeframe == d.Primary {
			target += " (primary)"
		}
		add("target", target)
	}
	showSLI(d.SLI, add)
	if !d.Created.IsZero() {
		add("created", d.Created.UTC().Format(time.RFC3339))
	}
	if !d.Modified.IsZero() {
		add("modified", d.Modified.UTC().Format(time.RFC3339))
	}
	add("url", c.Link(d))
	var notes []string
	for _, n := range slices.Concat(c.Notes, d.Notes) {
		notes = append(notes, n.Text)
	}
	if d.Defect != nil {
		notes = append(notes, inFull(d.Defect))
	}
	return document.Document{Title: d.Name, Tables: []document.Table{table}, Notes: notes},
		showJSON{Schema: "slo.show/v1", Site: c.Site, Notes: notesJSON(c.Notes), SLO: c.definition(d)}
}

// distinct is the list with every element once, in the order of their first places.
func distinct[T comparable](list []T) []T {
	var once []T
	for _, v := range list {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}

func showSLI(sli slo.SLI, add func(field, value string)) {
	switch sli := sli.(type) {
	case slo.EventSLI:
		add("good", termsText(sli.Good))
		add("total", termsText(sli.Valid))
		add("group by", strings.Join(sli.GroupBy, ", "))
	case slo.SliceSLI:
		add("good slice", fmt.Sprintf("%s %s %g", sli.Formula, sli.Comparator, sli.Threshold))
		add("slice", fmt.Sprintf("%d s", sli.Seconds))
		names := make([]string, 0, len(sli.Queries))
		for name := range sli.Queries {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			add("query "+name, sli.Queries[name])
		}
		add("no data", sli.NoDataStrategy)
	case slo.MonitorSLI:
		var ids []string
		for _, id := range sli.MonitorIDs {
			ids = append(ids, strconv.FormatInt(id, 10))
		}
		add("monitors", strings.Join(ids, ", "))
		add("groups", strings.Join(sli.Groups, "; "))
	}
}

func termsText(terms []slo.Term) string {
	var b strings.Builder
	for i, t := range terms {
		switch {
		case i > 0 && t.Weight < 0:
			b.WriteString(" - ")
		case i > 0:
			b.WriteString(" + ")
		case t.Weight < 0:
			b.WriteString("-")
		}
		if w := max(t.Weight, -t.Weight); w != 1 {
			fmt.Fprintf(&b, "%g * ", w)
		}
		b.WriteString(t.Query)
	}
	return b.String()
}
