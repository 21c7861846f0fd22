package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
)

// PolicyCheck is a policy that is sound, as `slo gate --check-policy` shows it.
func PolicyCheck(p policy.Policy, at time.Time) document.Document {
	d := document.Document{
		Title: fmt.Sprintf("%s: %s, sound", p.Source, plural(len(p.Sections), "section")),
		Lead:  []string{"sha256 " + p.SHA256},
		Payload: policyCheckJSON{
			Schema: "slo.policy/v1", At: at.UTC(), Policy: policyFileJSON{textOrNull(p.Source), textOrNull(p.SHA256)},
			Sections: []sectionJSON{}, Calendars: []string{},
		},
	}
	payload := d.Payload.(policyCheckJSON)
	table := document.Table{
		Columns: []document.Column{
			{Name: "SECTION"}, {Name: "PLACE", Drop: 1}, {Name: "APPLIES TO", Shrink: true, MinWidth: 24, Wrap: true},
			{Name: "SETS", Drop: 2}, {Name: "OVERRIDES", Align: document.Right, Drop: 3},
		},
		Empty: "no section: the defaults apply to every SLO",
	}
	for _, s := range p.Sections {
		table.Rows = append(table.Rows, document.Row{Cells: []document.Cell{
			text(s.Name), text(s.Place), text(appliesTo(s.Match)), text(strings.Join(setBy(s), ", ")),
			{Kind: document.Number, Value: float64(len(s.Overrides))},
		}})
		payload.Sections = append(payload.Sections, sectionJSON{s.Name, s.Place, appliesTo(s.Match), append([]string{}, setBy(s)...), len(s.Overrides)})
	}
	for _, c := range p.Calendars {
		payload.Calendars = append(payload.Calendars, c.Name)
		d.Notes = append(d.Notes, fmt.Sprintf("calendar %s: %s, on the clock of %s", c.Name, plural(len(c.Dated)+len(c.Weekly), "freeze"), c.Zone))
	}
	d.Tables, d.Payload = []document.Table{table}, payload
	return d
}

type policyCheckJSON struct {
	Schema    string         `json:"schema"`
	At        time.Time      `json:"at"`
	Policy    policyFileJSON `json:"policy"`
	Sections  []sectionJSON  `json:"sections"`
	Calendars []string       `json:"calendars"`
}

type policyFileJSON struct {
	Source *string `json:"source"`
	SHA256 *string `json:"sha256"`
}

type sectionJSON struct {
	Name      string   `json:"name"`
	Place     string   `json:"place"`
	AppliesTo string   `json:"applies_to"`
	Sets      []string `json:"sets"`
	Overrides int      `json:"overrides"`
}

// appliesTo writes what a section matches.
func appliesTo(m policy.Match) string {
	var parts []string
	for _, p := range []struct {
		key    string
		values []string
	}{{"service", m.Services}, {"env", m.Envs}, {"team", m.Teams}} {
		if len(p.values) > 0 {
			parts = append(parts, p.key+" "+strings.Join(p.values, " or "))
		}
	}
	if len(m.Tags) > 0 {
		parts = append(parts, "tagged "+strings.Join(m.Tags, " and "))
	}
	var names []string
	for _, n := range m.Names {
		names = append(names, fmt.Sprintf("%q", n.Text))
	}
	if len(names) > 0 {
		parts = append(parts, "named "+strings.Join(names, " or "))
	}
	if len(parts) == 0 {
		return "every SLO"
	}
	return strings.Join(parts, ", ")
}

// setBy are the keys that a section sets, in the words of the file.
func setBy(s policy.Section) []string {
	var keys []string
	add := func(set bool, key string) {
		if set {
			keys = append(keys, key)
		}
	}
	t := s.Settings
	add(t.BudgetBlock != nil || t.BudgetWarn != nil, "budget")
	add(t.AttainmentBlock != nil || t.AttainmentWarn != nil, "attainment")
	add(t.Burn != [len(policy.Lookbacks)]policy.Burn{}, "burn")
	add(t.MinEvents != nil, "min_events")
	add(t.MinCoverage != nil, "min_coverage")
	add(t.MaxAge != nil, "max_age")
	add(t.LowTraffic != nil, "low_traffic")
	add(t.FixesMayPass != nil, "fixes_may_pass")
	add(s.Expect > 0, "expect")
	add(len(s.Require) > 0, "require")
	add(len(s.Freezes) > 0, "freezes")
	return keys
}
