package report

import (
	"cmp"
	"fmt"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// PlanView is what `slo status --plan` found out.
type PlanView struct {
	// At is the instant that was asked about, To the end of the windows.
	At   time.Time
	To   int64
	Site string
	// Outlook is what would be asked.
	Outlook evaluation.Outlook
	// Zone is where people read the clock; nil is UTC.
	Zone *time.Location
}

type planJSON struct {
	Schema      string            `json:"schema"`
	At          time.Time         `json:"at"`
	Site        string            `json:"site"`
	SLOs        *int              `json:"slos"`
	Requests    []planRequestJSON `json:"requests"`
	AskedTotal  *float64          `json:"asked_total"`
	CachedTotal *float64          `json:"cached_total"`
	Notes       []noteJSON        `json:"notes"`
}

type planRequestJSON struct {
	Kind   string   `json:"kind"`
	Asked  *float64 `json:"asked"`
	Cached *float64 `json:"cached"`
	Detail *string  `json:"detail"`
}

// total is a sum of requests of which some may not be known.
type total struct {
	known float64
	// open is whether a part is missing, so that known is a lower bound.
	open bool
}

func (t *total) add(f slo.Figure) {
	v, ok := f.Value()
	t.known += v
	t.open = t.open || !ok
}

// figure is the sum; unknown when a part of it is.
func (t total) figure() slo.Figure {
	if t.open {
		return slo.Figure{}
	}
	return slo.Known(t.known)
}

// inWords is the sum as a sentence says it.
func (t total) inWords(noun string) string {
	words := plural(int(t.known), noun)
	if t.open && t.known == 0 {
		return "an unknown number of " + noun + "s"
	}
	if t.open {
		words = "at least " + words
	}
	return words
}

// Plan is what a run would ask of Datadog, in the order in which it would.
func Plan(p PlanView) document.Document {
	payload := planJSON{
		Schema: "slo.plan/v1", At: p.At.UTC(), Site: p.Site,
		Requests: make([]planRequestJSON, 0, len(p.Outlook.Lines)), Notes: notesJSON(p.Outlook.Notes),
	}
	table := document.Table{
		Columns: []document.Column{
			{Name: "WHAT", Key: "kind"},
			{Name: "REQUESTS", Key: "asked", Align: document.Right},
			{Name: "FROM THE CACHE", Key: "cached", Align: document.Right},
			{Name: "DETAIL", Key: "detail", Shrink: true, MinWidth: 20, Wrap: true},
		},
		Empty: "nothing would be asked",
	}
	var asked, cached total
	for _, l := range p.Outlook.Lines {
		asked.add(l.Asked)
		cached.add(l.Cached)
		payload.Requests = append(payload.Requests, planRequestJSON{l.Kind, l.Asked.Pointer(), l.Cached.Pointer(), textOrNull(l.Detail)})
		table.Rows = append(table.Rows, document.Row{Cells: []document.Cell{text(l.Kind), requests(l.Asked), requests(l.Cached), text(l.Detail)}})
	}
	payload.AskedTotal, payload.CachedTotal = asked.figure().Pointer(), cached.figure().Pointer()
	if len(table.Rows) > 0 {
		table.Rows = append(table.Rows, document.Row{
			Human: true, Cells: []document.Cell{text("total"), requests(asked.figure()), requests(cached.figure()), {}},
		})
	}
	var notes []string
	for _, n := range p.Outlook.Notes {
		notes = append(notes, n.Text)
	}
	title := "a run"
	// Without a listing that says otherwise, no SLO means that nobody knows yet.
	if p.Outlook.SLOs > 0 || !asked.open {
		payload.SLOs = &p.Outlook.SLOs
		title = plural(p.Outlook.SLOs, "SLO")
	}
	return document.Document{
		Title: fmt.Sprintf("%s at %s: %s to ask, %s saved by the cache",
			title, clock(p.To, cmp.Or(p.Zone, time.UTC)), asked.inWords("request"), cached.inWords("request")),
		Lead: []string{"This is a plan: nothing was asked."}, Tables: []document.Table{table}, Notes: notes, Payload: payload,
	}
}

// requests is a number of requests; a plan never promises too few.
func requests(f slo.Figure) document.Cell { return number(f, 0, document.Up, "") }
