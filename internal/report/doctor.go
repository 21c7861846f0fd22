package report

import (
	"fmt"

	"github.com/slo-cli/slo/internal/document"
)

// Check is one thing that `slo doctor` looked at.
type Check struct {
	Name string
	// Verdict is one of the words below.
	Verdict Verdict
	// Detail is what was found.
	Detail string
	// Remedy says what to do; empty where nothing needs doing.
	Remedy string
}

// Verdict is how a check ended.
type Verdict string

// The verdicts. Skipped is for what could not be looked at because something before it failed.
const (
	Works   Verdict = "ok"
	Suspect Verdict = "warning"
	Fails   Verdict = "failed"
	Skipped Verdict = "skipped"
)

type doctorJSON struct {
	Schema string      `json:"schema"`
	Site   string      `json:"site"`
	Checks []checkJSON `json:"checks"`
}

type checkJSON struct {
	Name    string  `json:"name"`
	Verdict string  `json:"verdict"`
	Detail  string  `json:"detail"`
	Remedy  *string `json:"remedy"`
}

// Doctor is the list of checks, in the order in which they were made.
func Doctor(site string, checks []Check) document.Document {
	payload := doctorJSON{Schema: "slo.doctor/v1", Site: site, Checks: make([]checkJSON, 0, len(checks))}
	table := document.Table{Columns: []document.Column{
		{Name: "CHECK", Key: "check"}, {Name: "VERDICT", Key: "verdict"},
		{Name: "FOUND", Key: "found", Shrink: true, MinWidth: 20, Wrap: true},
		{Key: "remedy", Machine: true},
	}}
	var remedies []string
	count := map[Verdict]int{}
	severity := map[Verdict]document.Severity{
		Works: document.Good, Suspect: document.Warn, Fails: document.Bad, Skipped: document.Muted,
	}
	for _, c := range checks {
		count[c.Verdict]++
		payload.Checks = append(payload.Checks, checkJSON{c.Name, string(c.Verdict), c.Detail, textOrNull(c.Remedy)})
		table.Rows = append(table.Rows, document.Row{
			Severity: severity[c.Verdict],
			Cells:    []document.Cell{text(c.Name), text(string(c.Verdict)), text(c.Detail), text(c.Remedy)},
		})
		if c.Remedy != "" {
			remedies = append(remedies, fmt.Sprintf("%s: %s", c.Name, c.Remedy))
		}
	}
	title := "everything works"
	if bad := count[Fails] + count[Skipped]; bad > 0 {
		title = fmt.Sprintf("%d of %d checks failed", count[Fails], len(checks))
	} else if count[Suspect] > 0 {
		title = "works, with something to look at"
	}
	return document.Document{Title: title, Tables: []document.Table{table}, Notes: remedies, Payload: payload}
}
