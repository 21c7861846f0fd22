package policy_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/policy"
)

// told are the problems as place and message.
func told(p policy.Policy) []string {
	var all []string
	for _, problem := range p.Problems(at) {
		all = append(all, strings.TrimSpace(problem.Place+" "+problem.Message))
	}
	return all
}

func TestProblemsOfSettings(t *testing.T) {
	t.Parallel()
	type settings = policy.Settings
	burn := func(i int, b policy.Burn) (s settings) {
		s.Burn[i] = b
		return s
	}
	for _, test := range []struct {
		settings settings
		want     string // after who set it; empty for none
	}{
		{policy.Defaults(), ""},
		{settings{BudgetBlock: at64(20), BudgetWarn: at64(20.1)}, ""},
		{settings{BudgetBlock: at64(20), BudgetWarn: at64(20)}, "budget.warn 20 can never warn, since budget.block 20 blocks before"},
		{settings{BudgetBlock: at64(20), BudgetWarn: at64(10)}, "budget.warn 10 can never warn, since budget.block 20 blocks before"},
		{settings{BudgetBlock: off, BudgetWarn: at64(10)}, ""},
		{settings{AttainmentBlock: at64(99), AttainmentWarn: at64(99.1)}, ""},
		{settings{AttainmentBlock: at64(99), AttainmentWarn: at64(99)}, "attainment.warn 99 can never warn, since attainment.block 99 blocks before"},
		{settings{BudgetBlock: at64(99.9)}, ""},
		{settings{BudgetBlock: at64(-100)}, ""},
		{settings{BudgetBlock: at64(100)}, "budget.block 100 can never hold"},
		{settings{BudgetWarn: at64(120)}, "budget.warn 120 can never hold"},
		{settings{BudgetBlock: at64(math.NaN())}, "budget.block NaN can never hold"},
		{settings{BudgetBlock: at64(math.Inf(-1))}, "budget.block infinity can never hold"},
		{settings{AttainmentBlock: at64(100)}, ""},
		{settings{AttainmentBlock: at64(100.1)}, "attainment.block 100.1 is not an attainment"},
		{settings{AttainmentWarn: at64(0)}, "attainment.warn 0 is not an attainment"},
		{settings{AttainmentWarn: at64(math.NaN())}, "attainment.warn NaN is not an attainment"},
		{burn(0, policy.Burn{Threshold: new(0.001)}), ""},
		{burn(0, policy.Burn{Threshold: new(0.0)}), "the threshold 0 of burn.1h is not above 0"},
		{burn(1, policy.Burn{Level: policy.Block, Threshold: new(-3.0)}), "the threshold -3 of burn.6h is not above 0"},
		{burn(2, policy.Burn{Threshold: new(math.Inf(1))}), "the threshold infinity of burn.24h is not above 0"},
		{burn(2, policy.Burn{Level: "maybe"}), `burn.24h has the level "maybe"`},
		{settings{MinEvents: new(0.0)}, ""},
		{settings{MinEvents: new(-1.0)}, "min_events -1 is not a number of events"},
		{settings{MinEvents: new(math.NaN())}, "min_events NaN is not a number of events"},
		{settings{MinCoverage: new(1.0)}, ""},
		{settings{MinCoverage: new(0.0)}, ""},
		{settings{MinCoverage: new(1.01)}, "min_coverage 1.01 is not a share from 0 to 1"},
		{settings{MinCoverage: new(-0.1)}, "min_coverage -0.1 is not a share from 0 to 1"},
		{settings{MinCoverage: new(math.NaN())}, "min_coverage NaN is not a share from 0 to 1"},
		{settings{MaxAge: new(time.Second)}, ""},
		{settings{MaxAge: new(time.Duration(0))}, "max_age 0s: nothing is as fresh as that"},
		{settings{LowTraffic: &policy.LowTraffic{Events: -1, Level: policy.Off}}, "low_traffic of -1 events is not a number of events"},
		{settings{LowTraffic: &policy.LowTraffic{Events: 1, Level: policy.Block}}, `low_traffic has the level "block"`},
	} {
		var section, flags []string
		if test.want != "" {
			section = []string{`slo.yaml:3:5 section "all": ` + test.want}
			flags = []string{"the command line: " + test.want}
		}
		if diff := cmp.Diff(section, told(one(test.settings))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(flags, told(policy.Policy{Flags: test.settings})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return at.AddDate(0, 0, n) }
	section := func(edit func(*policy.Section)) policy.Policy {
		s := policy.Section{Name: "s", Place: "p:5:3"}
		edit(&s)
		return policy.Policy{Sections: []policy.Section{s}, Calendars: []policy.Calendar{{Name: "c", Zone: time.UTC}, {Name: "d", Zone: time.UTC}}}
	}
	sections := func(all ...policy.Section) policy.Policy { return policy.Policy{Sections: all} }
	calendar := func(c policy.Calendar) policy.Policy {
		c.Name, c.Zone = "c", time.UTC
		return policy.Policy{Calendars: []policy.Calendar{c}}
	}
	dated := func(place string, from, to int) policy.Dated {
		return policy.Dated{From: day(from), To: day(to), Place: place}
	}
	weekly := func(place string, from, to int, days ...time.Weekday) policy.Weekly {
		return policy.Weekly{Days: days, From: from, To: to, Place: place}
	}
	freezes := func(all ...policy.Freeze) policy.Policy {
		return section(func(s *policy.Section) { s.Freezes = all })
	}
	good := policy.Override{Rules: []string{"budget"}, Reason: "r", Author: "a", Expires: day(1), Place: "p:7:7"}
	override := func(edit func(*policy.Override)) policy.Policy {
		o := good
		edit(&o)
		return section(func(s *policy.Section) { s.Overrides = []policy.Override{o} })
	}
	shop := policy.Match{Services: []string{"shop"}}
	sets := func(name, place string, m policy.Match, s policy.Settings) policy.Section {
		return policy.Section{Name: name, Place: place, Match: m, Settings: s}
	}
	events, age := policy.Settings{MinEvents: new(5.0)}, policy.Settings{MaxAge: new(time.Hour)}
	burn := func(level policy.Level, threshold *float64) policy.Settings {
		return policy.Settings{Burn: [3]policy.Burn{{Level: level, Threshold: threshold}}}
	}
	late := time.Saturday
	for _, test := range []struct {
		name   string
		policy policy.Policy
		want   []string
	}{
		{"nothing", policy.Policy{}, nil},
		{"no name", section(func(s *policy.Section) { s.Name = " " }), []string{"p:5:3 a section of the policy has no name"}},
		{"the same name", sections(policy.Section{Name: "s", Place: "p:2:1"}, policy.Section{Name: "S", Place: "p:10:1"}), []string{`p:10:1 there is a section "S" already at p:2:1`}},
		{"less than none", section(func(s *policy.Section) { s.Expect = -1 }), []string{`p:5:3 section "s" expects -1 objectives`}},
		{"an empty name", section(func(s *policy.Section) { s.Require = []policy.Name{{Text: "", Place: "p:6:2"}} }), []string{`p:6:2 section "s" has an empty name of an objective`}},

		{"a freeze", freezes(policy.Freeze{Calendar: "c", Level: policy.Warn}, policy.Freeze{Calendar: "d", Level: policy.Block}), nil},
		{"a freeze twice", freezes(policy.Freeze{Calendar: "c", Level: policy.Warn}, policy.Freeze{Calendar: "c", Level: policy.Block, Place: "p:6:6"}), []string{`p:6:6 section "s" names the calendar "c" twice`}},
		{"no such calendar", freezes(policy.Freeze{Calendar: "C", Level: policy.Warn}), []string{`p:5:3 there is no calendar "C"`}},
		{"a freeze that is off", freezes(policy.Freeze{Calendar: "c", Level: policy.Off}), []string{`p:5:3 a freeze cannot have the level "off"`}},

		{"dated ones that touch", calendar(policy.Calendar{Dated: []policy.Dated{dated("p:1:1", 0, 2), dated("p:2:1", 2, 3)}}), nil},
		{"dated ones that overlap", calendar(policy.Calendar{Dated: []policy.Dated{dated("p:1:1", 1, 3), dated("p:2:1", 0, 2)}}),
			[]string{`p:2:1 two freezes of calendar "c" overlap: this one and the one at p:1:1, both from Fri 2026-01-02 00:00 UTC to Sat 2026-01-03 00:00 UTC`}},
		{"one inside of another", calendar(policy.Calendar{Dated: []policy.Dated{dated("", 0, 9), dated("p:2:1", 1, 2)}}),
			[]string{`p:2:1 two freezes of calendar "c" overlap: this one and the one before it, both from Fri 2026-01-02 00:00 UTC to Sat 2026-01-03 00:00 UTC`}},
		{"a dated one without length", calendar(policy.Calendar{Dated: []policy.Dated{dated("p:1:1", 1, 1)}}), []string{`p:1:1 a freeze of calendar "c" does not begin before it ends`}},
		{"weekly ones that touch", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 60, late), weekly("p:2:1", 60, 90, late)}}), nil},
		{"weekly ones on other days", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 60, late), weekly("p:2:1", 0, 60, time.Sunday)}}), nil},
		{"weekly ones that overlap across lists", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 90, time.Friday, late), weekly("p:2:1", 60, 120, late, time.Sunday)}}),
			[]string{`p:2:1 two weekly freezes of calendar "c" overlap: this one and the one at p:1:1, both on Saturday from 01:00 to 01:30`}},
		{"a weekly one over midnight", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 1200, 60, late)}}), []string{`p:1:1 a weekly freeze of calendar "c" does not begin before it ends`}},
		{"a weekly one without length", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 60, 60, late)}}), []string{`p:1:1 a weekly freeze of calendar "c" does not begin before it ends`}},
		{"a weekly one longer than a day", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 1441, late)}}), []string{`p:1:1 a weekly freeze of calendar "c" leaves its day`}},
		{"a day twice", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 60, late, late)}}), []string{`p:1:1 a weekly freeze of calendar "c" names Saturday twice`}},
		{"no day", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 60)}}), []string{`p:1:1 a weekly freeze of calendar "c" has no day`}},
		{"an eighth day", calendar(policy.Calendar{Weekly: []policy.Weekly{weekly("p:1:1", 0, 60, 7)}}), []string{`p:1:1 a weekly freeze of calendar "c" is on a day that no week has`}},
		{"a calendar twice", policy.Policy{Calendars: []policy.Calendar{{Name: "c", Zone: time.UTC}, {Name: "c", Zone: time.UTC, Place: "p:9:1"}}}, []string{`p:9:1 there are two calendars "c"`}},
		{"a calendar without a zone", policy.Policy{Calendars: []policy.Calendar{{Name: "c"}}}, []string{`calendar "c" has no time zone`}},

		{"an override", override(func(*policy.Override) {}), nil},
		{"of an unknown rule", override(func(o *policy.Override) { o.Rules = []string{"budgets"} }), []string{`p:7:7 there is no rule "budgets"`}},
		{"of data", override(func(o *policy.Override) { o.Rules = []string{"data"} }), []string{`p:7:7 the rule "data" cannot be overridden: what is not known cannot be let pass`}},
		{"of nothing", override(func(o *policy.Override) { o.Rules = nil }), []string{"p:7:7 an override names no rule"}},
		{"without a reason", override(func(o *policy.Override) { o.Reason = " " }), []string{"p:7:7 an override has no reason"}},
		{"without an author", override(func(o *policy.Override) { o.Author = "" }), []string{"p:7:7 an override has no author"}},
		{"without an expiry", override(func(o *policy.Override) { o.Expires = time.Time{} }), []string{"p:7:7 an override has no expiry"}},
		{"that expires now", override(func(o *policy.Override) { o.Expires = at }), []string{"p:7:7 an override expired 2026-01-01 00:00 UTC"}},
		{"that expires in a second", override(func(o *policy.Override) { o.Expires = at.Add(time.Second) }), nil},
		{"a rule twice", override(func(o *policy.Override) { o.Rules = []string{"budget", "budget"} }), []string{`p:7:7 section "s" overrides the rule "budget" twice`}},
		{"a rule in two overrides", section(func(s *policy.Section) { s.Overrides = []policy.Override{good, good} }), []string{`p:7:7 section "s" overrides the rule "budget" twice`}},

		{"narrow after wide", sections(sets("w", "p:1:1", policy.Match{}, events), sets("n", "p:2:1", shop, events)), nil},
		{"wide after narrow", sections(sets("n", "p:1:1", shop, events), sets("w", "p:2:1", policy.Match{}, events)),
			[]string{`p:1:1 min_events of section "n" can never take effect: section "w" at p:2:1 sets it again for the same objectives`}},
		{"another key", sections(sets("n", "p:1:1", shop, events), sets("w", "p:2:1", policy.Match{}, age)), nil},
		{"the same match", sections(sets("a", "p:1:1", shop, age), sets("b", "p:2:1", policy.Match{Services: []string{"Shop"}}, age)),
			[]string{`p:1:1 max_age of section "a" can never take effect: section "b" at p:2:1 sets it again for the same objectives`}},
		{"one value of several", sections(sets("a", "p:1:1", policy.Match{Envs: []string{"prod", "test"}}, age), sets("b", "p:2:1", policy.Match{Envs: []string{"prod"}}, age)), nil},
		{"several after one", sections(sets("a", "p:1:1", policy.Match{Envs: []string{"prod"}}, age), sets("b", "p:2:1", policy.Match{Envs: []string{"test", "prod"}}, age)),
			[]string{`p:1:1 max_age of section "a" can never take effect: section "b" at p:2:1 sets it again for the same objectives`}},
		{"fewer tags after more", sections(sets("a", "p:1:1", policy.Match{Tags: []string{"x:1", "y:2"}}, age), sets("b", "p:2:1", policy.Match{Tags: []string{"y:2"}}, age)),
			[]string{`p:1:1 max_age of section "a" can never take effect: section "b" at p:2:1 sets it again for the same objectives`}},
		{"more tags after fewer", sections(sets("a", "p:1:1", policy.Match{Tags: []string{"y:2"}}, age), sets("b", "p:2:1", policy.Match{Tags: []string{"x:1", "y:2"}}, age)), nil},
		{"other names", sections(sets("a", "p:1:1", policy.Match{Names: []policy.Name{{Text: "x"}}}, age), sets("b", "p:2:1", policy.Match{Names: []policy.Name{{Text: "y"}}}, age)), nil},
		{"a level after a level", sections(sets("a", "p:1:1", shop, burn(policy.Warn, new(2.0))), sets("b", "p:2:1", shop, burn(policy.Block, nil))),
			[]string{`p:1:1 burn.1h of section "a" can never take effect: section "b" at p:2:1 sets it again for the same objectives`}},
		{"a threshold after a level", sections(sets("a", "p:1:1", shop, burn(policy.Warn, nil)), sets("b", "p:2:1", shop, burn("", new(3.0)))), nil},
		{"a threshold after a threshold", sections(sets("a", "p:1:1", shop, burn("", new(2.0))), sets("b", "p:2:1", shop, burn("", new(3.0)))),
			[]string{`p:1:1 burn.1h of section "a" can never take effect: section "b" at p:2:1 sets it again for the same objectives`}},

		{"in order of place", policy.Policy{
			Sections:  []policy.Section{{Name: "", Place: "p:20:1"}, {Name: "", Place: "p:3:10"}, {Name: "", Place: "p:3:9"}},
			Calendars: []policy.Calendar{{Name: "c", Place: "a:100:1"}},
			Flags:     policy.Settings{MinEvents: new(-1.0)},
		}, []string{
			"the command line: min_events -1 is not a number of events", `a:100:1 calendar "c" has no time zone`,
			"p:3:9 a section of the policy has no name", "p:3:10 a section of the policy has no name", "p:20:1 a section of the policy has no name",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, told(test.policy)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	// Without a spelling package the names that there are have to do.
	hints := freezes(policy.Freeze{Calendar: "C", Level: policy.Warn}).Problems(at)[0].Hints
	if diff := cmp.Diff([]string{`known calendars: "c", "d"`}, hints); diff != "" {
		t.Error(diff)
	}
	if got := fmt.Sprint(sections(policy.Section{Name: "s", Freezes: []policy.Freeze{{Calendar: "c", Level: policy.Warn}}}).Problems(at)); !strings.Contains(got, "there are no calendars") {
		t.Error(got)
	}
}
