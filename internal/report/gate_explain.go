package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// windows are the stretches of time that the rules looked at, each once.
func (g gate) windows() document.Table {
	t := document.Table{
		Title: "Windows", Empty: "no rule looked at a stretch of time",
		Columns: []document.Column{
			{Name: "LENGTH", Key: "length"}, {Name: "FROM", Key: "from"}, {Name: "TO", Key: "to"},
			{Name: "RULES", Key: "rules", Shrink: true, Wrap: true, MinWidth: 12},
		},
	}
	var spans []timeseries.Span
	rules := map[timeseries.Span][]string{}
	add := func(s timeseries.Span, rule string) {
		if s.Empty() {
			return
		}
		if rules[s] == nil {
			spans = append(spans, s)
		}
		rules[s] = distinct(append(rules[s], rule))
	}
	for _, c := range g.Decision.Checks {
		if c.Rule == "freshness" {
			add(c.Window, "freshness (the newest point)")
		} else {
			add(c.Window, c.Rule)
		}
		if c.Confirm != nil {
			add(c.Confirm.Window, c.Rule+" (confirms)")
		}
	}
	slices.SortStableFunc(spans, func(x, y timeseries.Span) int {
		return slices.Compare([]int64{y.Seconds(), x.Start}, []int64{x.Seconds(), y.Start})
	})
	for _, s := range spans {
		t.Rows = append(t.Rows, document.Row{Cells: []document.Cell{
			text(lasting(s.Seconds())), unixCell(s.Start), unixCell(s.End), text(strings.Join(rules[s], ", ")),
		}})
	}
	return t
}

// settings are the settings in force and who set them; objectives for which
// they are the same share a line.
func (g gate) settings() document.Table {
	t := document.Table{
		Title: "Settings", Empty: "no SLO, so no settings are in force",
		Columns: []document.Column{
			{Name: "SETTING", Key: "setting"}, {Name: "VALUE", Key: "value", Shrink: true, Wrap: true, MinWidth: 14},
			{Name: "SET BY", Key: "set_by", Shrink: true, Wrap: true, MinWidth: 16},
			{Name: "FOR", Key: "slos", Shrink: true, Wrap: true, MinWidth: 16},
		},
	}
	type line struct{ value, from string }
	for _, key := range policy.Keys {
		var lines []line
		whose := map[line][]string{}
		all := 0
		for _, s := range g.Subjects {
			r, found := g.Resolved[s.Definition.ID]
			if !found {
				continue
			}
			all++
			l := line{setting(key, r.Settings), r.From[key]}
			if whose[l] == nil {
				lines = append(lines, l)
			}
			whose[l] = append(whose[l], g.names[s.Definition.ID])
		}
		for _, l := range lines {
			names := strings.Join(whose[l], ", ")
			if n := len(whose[l]); n == all && n > 1 {
				names = fmt.Sprintf("all %s", plural(n, "SLO"))
			}
			t.Rows = append(t.Rows, document.Row{Cells: []document.Cell{text(key), text(l.value), text(l.from), text(names)}})
		}
	}
	return t
}

// setting is what is set for a key, in the words of the table of rules.
func setting(key string, s policy.Settings) string {
	name, which, _ := strings.Cut(key, ".")
	switch {
	case key == "budget.block":
		return bound("more than", s.BudgetBlock)
	case key == "budget.warn":
		return bound("more than", s.BudgetWarn)
	case key == "attainment.block":
		return bound("at least", s.AttainmentBlock)
	case key == "attainment.warn":
		return bound("at least", s.AttainmentWarn)
	case name == "burn":
		i := slices.IndexFunc(policy.Lookbacks[:], func(l policy.Lookback) bool { return l.Rule == "burn_"+which })
		return burnSetting(s.Burn[i])
	case key == "min_events" && s.MinEvents != nil:
		return exact(*s.MinEvents)
	case key == "min_coverage" && s.MinCoverage != nil:
		return exact(percentage(*s.MinCoverage)) + "%"
	case key == "max_age" && s.MaxAge != nil:
		return lasting(int64(s.MaxAge.Seconds()))
	case key == "low_traffic" && s.LowTraffic != nil:
		return lowTraffic(*s.LowTraffic)
	case key == "fixes_may_pass" && s.FixesMayPass != nil:
		return map[bool]string{true: "yes", false: "no"}[*s.FixesMayPass]
	}
	return "not set"
}

func bound(side string, b *policy.Bound) string {
	switch {
	case b == nil:
		return "not set"
	case b.Off:
		return "off"
	}
	return side + " " + exact(b.Value) + "%"
}

func burnSetting(b policy.Burn) string {
	switch {
	case b.Level == "":
		return "not set"
	case b.Level == policy.Off:
		return "off"
	case b.Threshold == nil:
		return string(b.Level) + " above the usual threshold"
	}
	return string(b.Level) + " above " + exact(*b.Threshold)
}

func lowTraffic(l policy.LowTraffic) string {
	switch {
	case l.Events <= 0:
		return "no guard"
	case l.Level == policy.Off:
		return fmt.Sprintf("below %s events burn does not count", exact(l.Events))
	}
	return fmt.Sprintf("below %s events burn only warns", exact(l.Events))
}
