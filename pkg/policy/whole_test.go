package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// trio are three objectives that hold, of two services.
func trio(t *testing.T) []policy.Subject {
	t.Helper()
	a := metric(t, policy.Policy{}, "99", slo.Day, steady(0))
	return []policy.Subject{
		{Definition: named("a", "service:shop", "env:prod"), Windows: []slo.Assessment{a}},
		{Definition: named("b", "service:shop", "env:test"), Windows: []slo.Assessment{a}},
		{Definition: named("c", "service:batch", "env:prod"), Windows: []slo.Assessment{a}},
	}
}

func TestExpect(t *testing.T) {
	t.Parallel()
	section := func(n int, services ...string) policy.Section {
		return policy.Section{Name: "s", Place: "p:1:1", Expect: n, Match: policy.Match{Services: services}}
	}
	for _, test := range []struct {
		name     string
		sections []policy.Section
		expect   int
		n        int
		want     []string // verdict, found, expected, who
	}{
		{"any", nil, 0, 3, []string{"pass 3/1 default"}},
		{"none at all", nil, 0, 0, []string{"undecided 0/1 default"}},
		{"a negative number", nil, -3, 0, []string{"undecided 0/1 default"}},
		{"as many", nil, 3, 3, []string{"pass 3/3 the command line"}},
		{"more than expected", nil, 2, 3, []string{"pass 3/2 the command line"}},
		{"one missing", nil, 4, 3, []string{"undecided 3/4 the command line"}},
		{"one missing by the policy", []policy.Section{section(4)}, 2, 3, []string{`undecided 3/4 section "s" (p:1:1)`}},
		{"the larger of both", []policy.Section{section(2)}, 3, 3, []string{"pass 3/3 the command line"}},
		{"of a service", []policy.Section{section(2, "shop")}, 0, 3, []string{"pass 3/1 default", `pass 2/2 section "s" (p:1:1)`}},
		{"one of a service missing", []policy.Section{section(3, "shop"), section(1, "batch")}, 0, 3,
			[]string{"pass 3/1 default", `undecided 2/3 section "s" (p:1:1)`, `pass 1/1 section "s" (p:1:1)`}},
		{"none of a service", []policy.Section{section(1, "bank")}, 0, 3, []string{"pass 3/1 default", `undecided 0/1 section "s" (p:1:1)`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Sections: test.sections}
			d := p.Judge(trio(t)[:test.n], asked(func(r *policy.Request) { r.Expect = test.expect }))
			var got []string
			for _, c := range rule(d, "expect") {
				got = append(got, string(c.Verdict)+" "+number(c.Value)+"/"+number(c.Threshold)+" "+c.From)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if undecided := strings.Contains(strings.Join(got, ""), "undecided"); undecided != (d.Outcome == policy.Open) {
				t.Errorf("outcome %d", d.Outcome)
			}
		})
	}
	// The same objective twice is one objective.
	two := append(trio(t)[:1], trio(t)[0])
	if d := (policy.Policy{}).Judge(two, asked(func(r *policy.Request) { r.Expect = 2 })); d.Outcome != policy.Open {
		t.Errorf("%+v", d)
	}
}

func number(f slo.Figure) string {
	v, known := f.Value()
	if !known {
		return "?"
	}
	return strings.TrimSuffix(time.Duration(v*1e9).String(), "s")
}

func TestRequire(t *testing.T) {
	t.Parallel()
	elsewhere := named("elsewhere")
	for _, test := range []struct {
		name, require string
		verdict       policy.Verdict
		reason        string
	}{
		{"by name", "A", policy.Pass, `"A" is among the selected SLOs`},
		{"by id", "id-b", policy.Pass, `"id-b" is among the selected SLOs`},
		{"by glob", "*", policy.Pass, `"*" is among the selected SLOs`},
		{"not selected", "elsewhere", policy.Undecided, `"elsewhere" has to be there, exists, and is not among the selected SLOs`},
		{"a glob of what is not selected", "else*", policy.Undecided, `"else*" has to be there, exists, and is not among the selected SLOs`},
		{"does not exist", "d", policy.Undecided, `"d" has to be there, and no SLO has that id or name; nearest: near d, by d`},
		{"nothing comes close", "xyz", policy.Undecided, `"xyz" has to be there, and no SLO has that id or name`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Sections: []policy.Section{{Name: "s", Require: []policy.Name{{Text: test.require}}}}}
			d := p.Judge(trio(t), asked(func(r *policy.Request) {
				r.Listed = []slo.Definition{named("a"), named("b"), named("c"), elsewhere}
				r.Nearest = func(name string) []string {
					if name == "d" {
						return []string{"near d", "by d"}
					}
					return nil
				}
			}))
			c := only(t, d, "require")
			if c.Verdict != test.verdict || c.Reason != test.reason || c.From != `section "s"` || d.Verdict != test.verdict {
				t.Errorf("%s: %s (%s)", c.Verdict, c.Reason, c.From)
			}
		})
	}
	// Every name has to be there.
	p := policy.Policy{Sections: []policy.Section{{Require: []policy.Name{{Text: "a"}, {Text: "d"}}}}}
	if d := p.Judge(trio(t), asked()); len(rule(d, "require")) != 2 || d.Outcome != policy.Open {
		t.Errorf("%+v", d)
	}
}

func TestFreezes(t *testing.T) {
	t.Parallel()
	closed := policy.Calendar{Name: "closed", Zone: time.UTC, Dated: []policy.Dated{{From: at.Add(-time.Hour), To: at.Add(time.Hour), Reason: "stocktaking"}}}
	opened := policy.Calendar{Name: "open", Zone: time.UTC, Dated: []policy.Dated{{From: at.Add(time.Hour), To: at.Add(2 * time.Hour)}}}
	past := policy.Calendar{Name: "past", Zone: time.UTC, Dated: []policy.Dated{{From: at.Add(-time.Hour), To: at}}}
	freeze := func(calendar string, level policy.Level, services ...string) policy.Section {
		return policy.Section{Name: "s", Match: policy.Match{Services: services}, Freezes: []policy.Freeze{{Calendar: calendar, Level: level}}}
	}
	cover := func(expires time.Duration, rules []string, services ...string) policy.Section {
		return policy.Section{Name: "o", Match: policy.Match{Services: services}, Overrides: []policy.Override{{
			Rules: rules, Reason: "why", Author: "who", Expires: at.Add(expires),
		}}}
	}
	freezes := []string{"freeze"}
	for _, test := range []struct {
		name     string
		sections []policy.Section
		verdict  policy.Verdict
		reasons  []string
	}{
		{"none", nil, policy.Pass, nil},
		{"closed", []policy.Section{freeze("closed", policy.Block)}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"a level that nobody wrote", []policy.Section{freeze("closed", "")}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"closed, which warns", []policy.Section{freeze("closed", policy.Warn)}, policy.Warning, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"open", []policy.Section{freeze("open", policy.Block)}, policy.Pass, []string{`calendar "open" is open; the next freeze begins Thu 2026-01-01 01:00 UTC`}},
		{"just over", []policy.Section{freeze("past", policy.Block)}, policy.Pass, []string{`calendar "past" is open, and no freeze is to come`}},
		{"for one service", []policy.Section{freeze("closed", policy.Block, "batch")}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"for another service", []policy.Section{freeze("closed", policy.Block, "bank")}, policy.Pass, nil},
		{"softened for all", []policy.Section{freeze("closed", policy.Block), freeze("closed", policy.Warn)}, policy.Warning, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"softened for some", []policy.Section{freeze("closed", policy.Block), freeze("closed", policy.Warn, "shop")}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"in the order of the calendars", []policy.Section{freeze("past", policy.Block, "shop"), freeze("open", policy.Block)}, policy.Pass,
			[]string{`calendar "open" is open; the next freeze begins Thu 2026-01-01 01:00 UTC`, `calendar "past" is open, and no freeze is to come`}},
		{"no such calendar", []policy.Section{freeze("clsed", policy.Warn)}, policy.Undecided, []string{`there is no calendar "clsed"`}},
		{"overridden", []policy.Section{freeze("closed", policy.Block), cover(time.Second, freezes)}, policy.Warning, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"overridden until now", []policy.Section{freeze("closed", policy.Block), cover(0, freezes)}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"another rule overridden", []policy.Section{freeze("closed", policy.Block), cover(time.Hour, []string{"budget"})}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"overridden for some", []policy.Section{freeze("closed", policy.Block), cover(time.Hour, freezes, "shop")}, policy.Fail, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"overridden for those concerned", []policy.Section{freeze("closed", policy.Block, "shop"), cover(time.Hour, freezes, "shop")}, policy.Warning, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"overridden for each", []policy.Section{freeze("closed", policy.Block), cover(time.Hour, freezes, "shop"), cover(time.Hour, freezes, "batch")}, policy.Warning, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
		{"softened for those without an override", []policy.Section{freeze("closed", policy.Block), freeze("closed", policy.Warn, "shop"), cover(time.Hour, freezes, "batch")}, policy.Warning, []string{`calendar "closed" is closed until Thu 2026-01-01 01:00 UTC: stocktaking`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Sections: test.sections, Calendars: []policy.Calendar{closed, opened, past}}
			d := p.Judge(trio(t), asked())
			var reasons []string
			for _, c := range rule(d, "freeze") {
				reasons = append(reasons, c.Reason)
				if c.Verdict == policy.Fail && (c.Until != at.Add(time.Hour).Unix() || c.Since.Start != at.Add(-time.Hour).Unix() || c.Window.Seconds() != 7200) {
					t.Errorf("%+v", c)
				}
				if (c.Override != nil) != (c.Without == policy.Fail) || (c.Override != nil && c.Override.Author != "who") {
					t.Errorf("override %+v, without %q", c.Override, c.Without)
				}
			}
			if diff := cmp.Diff(test.reasons, reasons); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d.Verdict != test.verdict {
				t.Errorf("the whole is %s", d.Verdict)
			}
		})
	}
	// Where nothing was selected a freeze of everything is still one.
	p := policy.Policy{Sections: []policy.Section{freeze("closed", policy.Block)}, Calendars: []policy.Calendar{closed}}
	if d := p.Judge(nil, asked(func(r *policy.Request) { r.OnUndecided = policy.Pass })); d.Outcome != policy.Violated {
		t.Errorf("%+v", d)
	}
}
