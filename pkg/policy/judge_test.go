package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// All combinations of what objectives can contribute, of answers to doubt, and
// what comes of them, by the precedence of the contract written out once more.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	p := one(policy.Settings{BudgetWarn: at64(50)})
	kinds := []struct {
		name    string
		subject policy.Subject
	}{
		{"holds", subject("holds", metric(t, p, "99", slo.SevenDays, spent(0)))},
		{"warns", subject("warns", metric(t, p, "99", slo.SevenDays, spent(15_000)))},
		{"open", subject("open")},
		{"unreachable", policy.Subject{Definition: named("unreachable"), Defect: &slo.Defect{Kind: slo.Unavailable}}},
		{"violated", subject("violated", metric(t, p, "99", slo.SevenDays, spent(30_000)))},
		{"refused", policy.Subject{Definition: named("refused"), Defect: &slo.Defect{Kind: slo.Auth}}},
	}
	answers := []policy.Verdict{"", policy.Pass, policy.Fail, policy.Warning}
	for set := 1; set < 1<<len(kinds); set++ {
		var subjects []policy.Subject
		has := map[string]bool{}
		for i, k := range kinds {
			if set&(1<<i) != 0 {
				subjects = append(subjects, k.subject)
				has[k.name] = true
			}
		}
		for _, onUndecided := range answers {
			for _, onUnavailable := range answers {
				verdict, outcome, notes := expected(has, onUndecided, onUnavailable)
				d := p.Judge(subjects, asked(func(r *policy.Request) { r.OnUndecided, r.OnUnavailable = onUndecided, onUnavailable }))
				got := fmt.Sprint(d.Verdict, d.Outcome, codes(d))
				if want := fmt.Sprint(verdict, outcome, notes); got != want {
					t.Errorf("%v, on undecided %q, on unavailable %q: %s, want %s", has, onUndecided, onUnavailable, got, want)
				}
			}
		}
	}
	if d := none.Judge(nil, asked()); d.Outcome != policy.Open || d.Verdict != policy.Undecided {
		t.Errorf("no objective: %+v", d)
	}
}

func expected(has map[string]bool, onUndecided, onUnavailable policy.Verdict) (policy.Verdict, policy.Outcome, []string) {
	good := policy.Pass
	if has["warns"] {
		good = policy.Warning
	}
	switch {
	case has["refused"] && has["violated"]:
		return policy.Fail, policy.Refused, nil
	case has["refused"]:
		return policy.Undecided, policy.Refused, nil
	case has["violated"]:
		return policy.Fail, policy.Violated, nil
	}
	var notes []string
	if has["unreachable"] {
		switch onUnavailable {
		case policy.Fail:
			return policy.Fail, policy.Violated, []string{"on_unavailable"}
		case policy.Pass:
			notes = []string{"on_unavailable"}
		default:
			return policy.Undecided, policy.Unreachable, nil
		}
	}
	if has["open"] {
		switch onUndecided {
		case policy.Fail:
			return policy.Fail, policy.Violated, append(notes, "on_undecided")
		case policy.Pass:
			notes = append(notes, "on_undecided")
		default:
			return policy.Undecided, policy.Open, notes
		}
	}
	return good, policy.Passed, notes
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	override := func(rules ...string) policy.Override {
		return policy.Override{Rules: rules, Reason: "INC-1", Author: "mika", Expires: at.Add(time.Hour)}
	}
	expiring := func(after time.Duration) policy.Override {
		o := override("budget")
		o.Expires = at.Add(after)
		return o
	}
	for _, test := range []struct {
		name     string
		match    policy.Match
		override policy.Override
		verdict  policy.Verdict
		use      string
	}{
		{"in force", policy.Match{}, override("budget"), policy.Warning, "it lets 1 check pass"},
		{"one of several rules", policy.Match{}, override("attainment", "budget", "freeze"), policy.Warning, "it lets 1 check pass"},
		{"of another rule", policy.Match{}, override("burn_1h"), policy.Fail, "nothing needs it now"},
		{"of no rule", policy.Match{}, override(), policy.Fail, "nothing needs it now"},
		{"of another objective", policy.Match{Names: []policy.Name{{Text: "b"}}}, override("budget"), policy.Fail, "nothing needs it now"},
		{"for a second more", policy.Match{}, expiring(time.Second), policy.Warning, "it lets 1 check pass"},
		{"expires now", policy.Match{}, expiring(0), policy.Fail, "it has expired and lets nothing pass"},
		{"expired", policy.Match{}, expiring(-time.Second), policy.Fail, "it has expired and lets nothing pass"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Sections: []policy.Section{{Name: "s", Match: test.match, Overrides: []policy.Override{test.override}}}}
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99", slo.SevenDays, spent(30_000)))}, asked())
			c := only(t, d, "budget")
			if c.Verdict != test.verdict || d.Verdict != test.verdict || !c.Blocks {
				t.Errorf("%+v", c)
			}
			if passes := test.verdict == policy.Warning; passes != (c.Override != nil) || passes != (c.Without == policy.Fail) {
				t.Errorf("override %+v, without %q", c.Override, c.Without)
			}
			if len(d.Notes) == 0 || d.Notes[0].Code != "override" || !strings.HasSuffix(d.Notes[0].Text, ": INC-1 (mika); "+test.use) {
				t.Errorf("%+v", d.Notes)
			}
		})
	}
	// What is not known cannot be overridden.
	p := policy.Policy{Sections: []policy.Section{{Name: "s", Overrides: []policy.Override{override("data", "events", "freshness", "evaluated", "expect")}}}}
	stale := metric(t, p, "99", slo.SevenDays, spent(0))
	stale.Valid, stale.Newest.Start = slo.Known(3), to-9000
	for _, s := range [][]policy.Subject{{subject("a", stale)}, {{Definition: named("a"), Defect: &slo.Defect{}}}, nil} {
		if d := p.Judge(s, asked()); d.Outcome != policy.Open {
			t.Errorf("%+v", d)
		}
	}
	// Burn rates can.
	p = policy.Policy{Sections: []policy.Section{{Name: "s", Overrides: []policy.Override{override("burn_1h", "burn_6h")}}}}
	d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99.9", slo.ThirtyDays, lately(3600, 50, steady(0))))}, asked())
	if c := only(t, d, "burn_1h"); c.Verdict != policy.Warning || c.Without != policy.Fail || d.Verdict != policy.Warning {
		t.Errorf("%+v", c)
	}
	if !strings.HasSuffix(d.Notes[0].Text, "it lets 2 checks pass") {
		t.Errorf("%+v", d.Notes)
	}
}

// The order: the whole gate, then objective by objective, rule by rule.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	p := policy.Policy{
		Calendars: []policy.Calendar{{Name: "c", Zone: time.UTC}},
		Sections: []policy.Section{{
			Name: "s", Settings: policy.Settings{AttainmentBlock: at64(90)},
			Require: []policy.Name{{Text: "a"}}, Freezes: []policy.Freeze{{Calendar: "c", Level: policy.Block}},
		}},
	}
	d := p.Judge([]policy.Subject{
		subject("a", metric(t, p, "99", slo.Day, steady(0)), metric(t, p, "99", slo.SevenDays, steady(0))),
		subject("b", stood(t, p, "99", slo.Day, 0, 0)),
		subject("c"),
	}, asked())
	var got []string
	for _, c := range d.Checks {
		if tf := c.Timeframe; tf != 0 {
			got = append(got, c.SLO+" "+tf.String()+" "+c.Rule)
			continue
		}
		got = append(got, strings.TrimSpace(c.SLO+" "+c.Rule))
	}
	want := []string{"expect", "require", "freeze"}
	for _, w := range []string{"a 1d", "a 7d"} {
		for _, r := range []string{"data", "events", "freshness", "budget", "attainment", "burn_1h", "burn_6h", "burn_24h"} {
			want = append(want, w+" "+r)
		}
	}
	for _, r := range []string{"data", "coverage", "freshness", "budget", "attainment", "burn_1h", "burn_6h", "burn_24h"} {
		want = append(want, "b 1d "+r)
	}
	want = append(want, "c target")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range d.Checks {
		if c.Reason == "" || c.From == "" || strings.HasSuffix(c.Reason, ".") || (c.Verdict != policy.Pass) != (c.Do != "") {
			t.Errorf("%+v", c)
		}
	}
}

// The time-based objective beside the metric one: an hour down burns a budget of a month.
func TestTimeBased(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	d := none.Judge([]policy.Subject{subject("a", stood(t, none, "99.9", slo.ThirtyDays, 1800, 0))}, asked())
	if c := only(t, d, "budget"); c.Verdict != policy.Pass || c.Reason != "30.5% of the 30d budget is left; more than 0% has to be left" {
		t.Errorf("%+v", c) // 2,592 s may be down
	}
	if c := only(t, d, "burn_1h"); c.Verdict != policy.Fail || c.Reason != "burns at 500.0 over 1h and at 1000.0 over the last 5m, both above 14.4: 69.5% of the 30d budget is gone each hour" {
		t.Errorf("%+v", c)
	}
	// Nothing was seen for two hours: what counts as up is no news, and it is too old.
	d = none.Judge([]policy.Subject{subject("a", stood(t, none, "99.9", slo.ThirtyDays, 0, 7200))}, asked())
	if c := only(t, d, "burn_1h"); c.Verdict != policy.Pass || c.Reason != "no data in the last 1h" {
		t.Errorf("%+v", c)
	}
	if c := only(t, d, "freshness"); c.Verdict != policy.Undecided || d.Outcome != policy.Open {
		t.Errorf("%+v", c)
	}
}
