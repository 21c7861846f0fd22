package main_test

import (
	"slices"
	"strings"
	"time"
)

// policyCase is a policy, and what it comes to by hand.
type policyCase struct {
	name string
	// sections are those of the file; calendars stand before them.
	sections, calendars string
	terms               func(objective, *terms)
	// gate are rules of the whole gate that do not pass.
	gate map[string]string
	// picked are the objectives that args select; by default a mixed lot, of which
	// the names stand before args.
	picked [][]objective
	args   string
	asked  asked
}

func (c policyCase) file() string {
	text := "version: 1\n"
	if c.calendars != "" {
		text += "calendars:\n" + c.calendars
	}
	return text + "policies:\n" + c.sections
}

// gateCalendars are around the world's now, Monday
// 2026-11-09 09:30 UTC, 18:30 in Tokyo.
const gateCalendars = `  closed: {time_zone: Asia/Tokyo, freezes: [{from: 2026-11-09, to: 2026-11-10, reason: inventory}]}
  over: {time_zone: Asia/Tokyo, freezes: [{from: 2026-11-08, to: 2026-11-09T18:30, reason: it ended this minute}]}
  just-begun: {time_zone: UTC, freezes: [{from: 2026-11-09T09:30, to: 2026-11-10, reason: it began this minute}]}
  evenings: {time_zone: Asia/Tokyo, freezes: [{weekly: [mon, tue], from: "18:00", to: "24:00", reason: nobody is there}]}
  mornings: {time_zone: Asia/Tokyo, freezes: [{weekly: [mon, tue], from: "09:00", to: "10:00", reason: stand-up}]}
  next-year: {time_zone: UTC, freezes: [{from: 2027-01-01, to: 2027-01-05, reason: holidays}]}
`

func policyCases() []policyCase {
	world := releaseWorld()
	num := func(v float64) *float64 { return &v }
	rest := func(change func(*terms)) func(objective, *terms) { return func(_ objective, t *terms) { change(t) } }
	const head = "  - name: all\n    "
	const reasoned = "reason: 'INC-1, agreed', author: mika@example.com, expires: 2026-12-01"
	prod, staging := with(world, "env:prod"), with(world, "env:staging")
	storefront := func(c policyCase) policyCase { c.picked = [][]objective{prod}; return c }
	all := []policyCase{
		{name: "the defaults, written down", sections: head + "budget: {block: 0}\n    burn: {1h: block, 6h: block, 24h: warn}\n    min_events: 100\n    min_coverage: 0.9\n    max_age: 1h\n"},
		{name: "warn early", sections: head + "budget: {warn: 95}\n", terms: rest(func(t *terms) { t.budgetWarn = num(95) })},
		{name: "half must be left", sections: head + "budget: {block: 50}\n", terms: rest(func(t *terms) { t.budgetBlock = num(50) })},
		{name: "half in per cent", sections: head + "budget: {block: 50%, warn: 99%}\n", terms: rest(func(t *terms) { t.budgetBlock, t.budgetWarn = num(50), num(99) })},
		{name: "no bound on the budget", sections: head + "budget: {block: off}\n", terms: rest(func(t *terms) { t.budgetBlock = nil })},
		{name: "budget only warns", sections: head + "budget: {block: off, warn: 0}\n", terms: rest(func(t *terms) { t.budgetBlock, t.budgetWarn = nil, num(0) })},
		{name: "burn only warns", sections: head + "burn: {1h: warn, 6h: warn, 24h: off}\n", terms: rest(func(t *terms) { t.burn = [3]string{"warn", "warn", "off"} })},
		{name: "creeping blocks", sections: head + "burn: {24h: block}\n", terms: rest(func(t *terms) { t.burn[2] = "block" })},
		{name: "patient", sections: head + "burn: {1h: {level: block, threshold: 25}}\n", terms: rest(func(t *terms) { t.burnAbove[0] = 25 })},
		{name: "impatient", sections: head + "burn: {1h: {level: block, threshold: 1.5}, 6h: {level: warn, threshold: 1.5}}\n", terms: rest(func(t *terms) { t.burnAbove, t.burn[1] = [3]float64{1.5, 1.5, 0}, "warn" })},
		{name: "no burn rules", sections: head + "burn: {1h: off, 6h: off, 24h: off}\n", terms: rest(func(t *terms) { t.burn = [3]string{"off", "off", "off"} })},
		{name: "attainment", sections: head + "attainment: {block: 99.95, warn: 99.995}\n", terms: rest(func(t *terms) { t.attainBlock, t.attainWarn = num(99.95), num(99.995) })},
		{name: "many events", sections: head + "min_events: 26000000\n", terms: rest(func(t *terms) { t.minEvents = 26e6 })},
		{name: "very fresh", sections: head + "max_age: 4m\n", terms: rest(func(t *terms) { t.maxAge = 4 * time.Minute })},
		{name: "sleepy", sections: head + "max_age: 36h\n    min_coverage: 10%\n    min_events: 50\n", terms: rest(func(t *terms) { t.maxAge, t.minCoverage, t.minEvents = 36*time.Hour, 0.1, 50 })},
		{name: "low traffic warns", sections: head + "low_traffic: {events: 2000, level: warn}\n", terms: rest(func(t *terms) { t.lowEvents, t.lowLevel = 2000, "warn" })},
		{name: "low traffic is not looked at", sections: head + "low_traffic: {events: 2000, level: off}\n", terms: rest(func(t *terms) { t.lowEvents, t.lowLevel = 2000, "off" })},
		{name: "low traffic of less than there is", sections: head + "low_traffic: {events: 73, level: warn}\n", terms: rest(func(t *terms) { t.lowEvents, t.lowLevel = 73, "warn" })},
		{name: "a fix", sections: head + "fixes_may_pass: true\n", args: "--change fix", asked: asked{fix: true}, terms: rest(func(t *terms) { t.fixes = true })},
		{name: "a fix that nobody announces", sections: head + "fixes_may_pass: true\n", terms: rest(func(t *terms) { t.fixes = true })},
		{name: "a fix that is not allowed", sections: head + "fixes_may_pass: false\n", args: "--change fix", asked: asked{fix: true}},
		{name: "a fix, and attainment", sections: head + "fixes_may_pass: true\n    attainment: {block: 99.9}\n", args: "--change fix", asked: asked{fix: true}, terms: rest(func(t *terms) { t.fixes, t.attainBlock = true, num(99.9) })},
		{name: "override of budget", sections: head + "overrides: [{rules: [budget], " + reasoned + "}]\n", terms: rest(func(t *terms) { t.overridden = []string{"budget"} })},
		{name: "override of burn", sections: head + "overrides: [{rules: [burn_1h, burn_6h], " + reasoned + "}]\n", terms: rest(func(t *terms) { t.overridden = []string{"burn_1h", "burn_6h"} })},
		{name: "override of all that there is", sections: head + "overrides: [{rules: [budget, burn_1h, burn_6h, burn_24h], " + reasoned + "}]\n", terms: rest(func(t *terms) { t.overridden = []string{"budget", "burn_1h", "burn_6h", "burn_24h"} })},
		{name: "override for another", sections: "  - name: one\n    match: {slo: exactly-spent}\n    overrides: [{rules: [budget], " + reasoned + "}]\n", terms: func(o objective, t *terms) {
			if o.name == "exactly-spent" {
				t.overridden = []string{"budget"}
			}
		}},
		{name: "match by name", sections: "  - name: some\n    match: {slo: ['s*', HEALTHY]}\n    budget: {block: 92}\n", terms: func(o objective, t *terms) {
			if strings.HasPrefix(o.name, "s") || o.name == "healthy" {
				t.budgetBlock = num(92)
			}
		}},
		{name: "match by tag", sections: "  - name: some\n    match: {tag: 'kind:monitor'}\n    budget: {block: 95}\n", terms: func(o objective, t *terms) {
			if slices.Contains(o.tags, "kind:monitor") {
				t.budgetBlock = num(95)
			}
		}},
		{name: "the later section wins", sections: head + "budget: {block: 95, warn: 99}\n  - name: then\n    match: {service: [healthy, storefront]}\n    budget: {block: 10}\n", terms: func(o objective, t *terms) {
			t.budgetBlock, t.budgetWarn = num(95), num(99)
			if slices.Contains(o.tags, "service:healthy") || slices.Contains(o.tags, "service:storefront") {
				t.budgetBlock = num(10)
			}
		}},
		{name: "a flag beats a section", sections: head + "budget: {block: 95}\n    max_age: 1m\n", args: "--min-budget 0 --max-age 1h"},
		{name: "a flag beats a lax section", sections: head + "budget: {block: off}\n    min_events: 0\n", args: "--min-budget 95 --min-events 100", terms: rest(func(t *terms) { t.budgetBlock = num(95) })},
		storefront(policyCase{name: "match by env", sections: "  - name: some\n    match: {env: [prod, qa]}\n    budget: {block: 80}\n", args: "--env prod", terms: rest(func(t *terms) { t.budgetBlock = num(80) })}),
		storefront(policyCase{name: "match by team and env", sections: "  - name: some\n    match: {team: shop, env: staging}\n    budget: {block: 99}\n", args: "--env prod"}),
		storefront(policyCase{name: "as many as expected", sections: "  - name: some\n    match: {env: prod}\n    expect: 3\n", args: "--env prod"}),
		storefront(policyCase{name: "fewer than expected", sections: "  - name: some\n    match: {env: prod}\n    expect: 4\n", args: "--env prod", gate: map[string]string{"expect": "undecided"}}),
		storefront(policyCase{name: "expected elsewhere", sections: "  - name: some\n    match: {env: staging}\n    expect: 1\n", args: "--env prod", gate: map[string]string{"expect": "undecided"}}),
		storefront(policyCase{name: "required and there", sections: head + "require: [storefront works (prod), 'storefront is*']\n", args: "--env prod"}),
		storefront(policyCase{name: "required and not selected", sections: head + "require: [storefront works (staging)]\n", args: "--env prod", gate: map[string]string{"require": "undecided"}}),
		storefront(policyCase{name: "required and unheard of", sections: head + "require: [storefront works (qa)]\n", args: "--env prod", gate: map[string]string{"require": "undecided"}}),
		{name: "a violation and one that is missing", sections: head + "require: [storefront works (prod)]\n", args: "--env staging", picked: [][]objective{staging}, gate: map[string]string{"require": "undecided"}},
	}
	for _, c := range []struct{ calendar, verdict string }{
		{"closed", "fail"}, {"over", ""}, {"just-begun", "fail"}, {"evenings", "fail"}, {"mornings", ""}, {"next-year", ""},
	} {
		for _, form := range []struct{ text, verdict string }{
			{"freezes: [" + c.calendar + "]\n", "fail"},
			{"freezes: [{calendar: " + c.calendar + ", level: warn}]\n", "warn"},
			{"freezes: [" + c.calendar + "]\n    overrides: [{rules: [freeze], " + reasoned + "}]\n", "warn"},
			{"match: {env: staging}\n    freezes: [" + c.calendar + "]\n", ""},
		} {
			p := storefront(policyCase{name: "calendar " + form.text, calendars: gateCalendars, sections: head + form.text, args: "--env prod"})
			if c.verdict != "" && form.verdict != "" {
				p.gate = map[string]string{"freeze": form.verdict}
			}
			all = append(all, p)
		}
	}
	return all
}

func policySituations() (all []situation) {
	world := releaseWorld()
	mixed := [][]objective{
		named(world, "healthy"), named(world, "old-incident"), named(world, "burning-fast", "burning-slowly"), named(world, "creeping", "smouldering"), named(world, "monitor-down", "slices"),
		named(world, "low-traffic"), named(world, "exactly-spent"), named(world, "nothing-may-fail, and something did", "slices-breached"), named(world, "no-data", "silent-2h"),
		named(world, "few", "monitor-mostly-silent"), named(world, "spent-and-burning"),
	}
	for i, c := range policyCases() {
		picks, byName := c.picked, false
		if picks == nil {
			picks, byName = mixed, true
		}
		for j, picked := range picks {
			a := c.asked
			a.gate = c.gate
			a.terms = func(o objective) terms {
				t := defaultTerms()
				if c.terms != nil {
					c.terms(o, &t)
				}
				return t
			}
			want := a.judge(picked)
			plain := asked{}.judge(picked)
			if byName && want.code == plain.code && len(want.rules) == len(plain.rules) && (i+j)%4 != 0 {
				continue // the policy changes nothing here; a few of these are enough
			}
			var names []string
			if byName {
				for _, o := range picked {
					names = append(names, o.name)
				}
			}
			s := situation{
				what: "policy " + c.name + ": " + strings.Join(names, ", "), args: append(names, strings.Fields(c.args)...), policy: c.file(), want: want,
			}
			if strings.Contains(c.sections, "overrides") {
				s.note = "override"
			}
			all = append(all, s)
			if j == 0 && i%3 == 0 { // the same as the project's own
				s.what, s.project, s.policy = "project's "+s.what, s.policy, ""
				all = append(all, s)
			}
			if j == 1 && i%3 == 0 {
				all = append(all, situation{what: "check of " + s.what, args: []string{"--check-policy"}, policy: s.policy, plain: true, unasked: true})
			}
		}
	}
	return all
}

// brokenPolicySituations are policies that mean nothing, or not what they say.
func brokenPolicySituations() (all []situation) {
	const reasoned = "reason: agreed, author: mika@example.com"
	for what, text := range map[string]string{
		"nothing":                       "\n",
		"no version":                    "policies:\n  - name: all\n",
		"a version of tomorrow":         "version: 2\npolicies:\n  - name: all\n",
		"a version that is text":        "version: one\npolicies:\n  - name: all\n",
		"no YAML":                       "version: 1\npolicies: [\n",
		"not even text":                 "\x00\x01\x02",
		"a list":                        "- version: 1\n",
		"two documents":                 "version: 1\npolicies: [{name: all}]\n---\nversion: 1\n",
		"an unknown key at the top":     "version: 1\npolicy:\n  - name: all\n",
		"an unknown key":                "version: 1\npolicies:\n  - name: all\n    budgets: {block: 0}\n",
		"an unknown key further down":   "version: 1\npolicies:\n  - name: all\n    budget: {blocks: 0}\n",
		"a key twice":                   "version: 1\npolicies:\n  - name: all\n    budget: {block: 0}\n    budget: {block: 1}\n",
		"a section that sets nothing":   "version: 1\npolicies:\n  - name: all\n",
		"no name":                       "version: 1\npolicies:\n  - budget: {block: 0}\n",
		"a name twice":                  "version: 1\npolicies:\n  - name: all\n  - name: all\n",
		"a budget of text":              "version: 1\npolicies:\n  - name: all\n    budget: {block: much}\n",
		"a budget above 100":            "version: 1\npolicies:\n  - name: all\n    budget: {block: 101}\n",
		"a warning below the block":     "version: 1\npolicies:\n  - name: all\n    budget: {block: 20, warn: 10}\n",
		"an attainment above 100":       "version: 1\npolicies:\n  - name: all\n    attainment: {block: 100.5}\n",
		"an attainment turned round":    "version: 1\npolicies:\n  - name: all\n    attainment: {block: 99.9, warn: 99}\n",
		"an unknown burn window":        "version: 1\npolicies:\n  - name: all\n    burn: {2h: block}\n",
		"an unknown level":              "version: 1\npolicies:\n  - name: all\n    burn: {1h: stop}\n",
		"a negative threshold":          "version: 1\npolicies:\n  - name: all\n    burn: {1h: {level: block, threshold: -1}}\n",
		"a threshold that is not one":   "version: 1\npolicies:\n  - name: all\n    burn: {1h: {level: block, threshold: .nan}}\n",
		"negative events":               "version: 1\npolicies:\n  - name: all\n    min_events: -1\n",
		"a coverage of 2":               "version: 1\npolicies:\n  - name: all\n    min_coverage: 2\n",
		"an age without a unit":         "version: 1\npolicies:\n  - name: all\n    max_age: 36\n",
		"no age":                        "version: 1\npolicies:\n  - name: all\n    max_age: 0h\n",
		"low traffic that blocks":       "version: 1\npolicies:\n  - name: all\n    low_traffic: {events: 10, level: block}\n",
		"an unknown match":              "version: 1\npolicies:\n  - name: all\n    match: {region: eu}\n",
		"a tag without a colon":         "version: 1\npolicies:\n  - name: all\n    match: {tag: prod}\n",
		"a calendar that is not there":  "version: 1\npolicies:\n  - name: all\n    freezes: [year-end]\n",
		"a freeze level":                "version: 1\npolicies:\n  - name: all\n    freezes: [{calendar: closed, level: fail}]\ncalendars:\n" + gateCalendars,
		"an unknown time zone":          "version: 1\npolicies: [{name: all, freezes: [c]}]\ncalendars:\n  c: {time_zone: Mars/Olympus, freezes: [{from: 2026-12-24, to: 2027-01-05, reason: x}]}\n",
		"a freeze that ends before":     "version: 1\npolicies: [{name: all, freezes: [c]}]\ncalendars:\n  c: {time_zone: UTC, freezes: [{from: 2027-01-05, to: 2026-12-24, reason: x}]}\n",
		"freezes that overlap":          "version: 1\npolicies: [{name: all, freezes: [c]}]\ncalendars:\n  c: {time_zone: UTC, freezes: [{from: 2026-12-24, to: 2027-01-05, reason: x}, {from: 2027-01-01, to: 2027-01-06, reason: y}]}\n",
		"weekly freezes that overlap":   "version: 1\npolicies: [{name: all, freezes: [c]}]\ncalendars:\n  c: {time_zone: UTC, freezes: [{weekly: [fri], from: '16:00', to: '24:00', reason: x}, {weekly: [thu, fri], from: '20:00', to: '22:00', reason: y}]}\n",
		"a date that does not exist":    "version: 1\npolicies: [{name: all, freezes: [c]}]\ncalendars:\n  c: {time_zone: UTC, freezes: [{from: 2026-02-30, to: 2027-01-05, reason: x}]}\n",
		"an override of data":           "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [freshness], " + reasoned + ", expires: 2026-12-01}]\n",
		"an override without rules":     "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [], " + reasoned + ", expires: 2026-12-01}]\n",
		"an override without a reason":  "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [budget], author: x, expires: 2026-12-01}]\n",
		"an override without an author": "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [budget], reason: x, expires: 2026-12-01}]\n",
		"an override without an end":    "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [budget], " + reasoned + "}]\n",
		"an override that has expired":  "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [budget], " + reasoned + ", expires: 2026-11-01}]\n",
		"an override that ends now":     "version: 1\npolicies:\n  - name: all\n    overrides: [{rules: [budget], " + reasoned + ", expires: '2026-11-09T09:30:00Z'}]\n",
		"aliases without end":           "version: 1\na: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\npolicies: [*b, *b, *b]\n",
	} {
		for _, flags := range []string{"", "--check-policy", "--on-undecided pass --on-unavailable pass"} {
			all = append(all, situation{
				what: strings.TrimSpace("policy with " + what + " " + flags), args: append([]string{"healthy"}, strings.Fields(flags)...), policy: text, want: answer{code: 2},
				anyRules: true, unasked: true,
			})
		}
	}
	for _, flags := range []string{"", "--on-undecided pass", "--on-unavailable pass"} {
		all = append(all, situation{
			what: "policy for an SLO that does not exist " + flags, args: append([]string{"healthy"}, strings.Fields(flags)...), want: answer{code: 2}, anyRules: true,
			policy: "version: 1\npolicies:\n  - name: one\n    match: {slo: helthy}\n    budget: {block: 0}\n",
		})
	}
	return all
}
