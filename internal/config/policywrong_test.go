package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/config"
)

// mistake is what somebody wrote, and what they are told: where it stands,
// what is wrong, and a hint, which may be empty.
type mistake struct{ text, message, hint string }

// mistakes are all of one kind, which stand at the same place of a file.
type mistakes struct {
	before string
	list   []mistake
}

func (m mistakes) file(i int) string { return "version: 1\n" + m.before + m.list[i].text + "\n" }

func (m mistakes) want(t *testing.T) {
	t.Helper()
	for i := range m.list {
		wantMistake(t, m.file(i), m.list[i])
	}
}

// wantMistake is exact: the place is the whole use of these messages.
func wantMistake(t *testing.T, content string, want mistake) {
	t.Helper()
	_, err := config.ParsePolicy("f", []byte(content))
	var wrong *config.Error
	if !errors.As(err, &wrong) {
		t.Errorf("%s: got %v, want %s", want.text, err, want.message)
		return
	}
	if diff := cmp.Diff([]string{"f:" + want.message, want.hint}, []string{wrong.Message, strings.Join(wrong.Hints, "; ")}); diff != "" {
		t.Errorf("%s: (-want +got):\n%s", want.text, diff)
	}
}

const (
	wantKeys        = "want name, match, budget, attainment, burn, min_events, min_coverage, max_age, low_traffic, fixes_may_pass, expect, require, freezes or overrides"
	wantBudget      = "want off, or a percentage from 0 to less than 100, such as 10 or 10%"
	wantAttainment  = "want off, or a percentage above 0 and up to 100, such as 99.5"
	wantLength      = "want a length of time up to 455d, such as 90s, 5m, 1h30m, 36h or 2d"
	wantCount       = "want a whole number from 0 to 1000000000000, such as 100"
	wantText        = "want text, in quotes where it looks like a number"
	wantCoverage    = "want a share from 0 to 1 or a percentage, such as 0.9 or 90%"
	wantOverridable = "want budget, attainment, burn_1h, burn_6h, burn_24h or freeze"
)

// The section policies as such.
func TestWrongPolicies(t *testing.T) {
	t.Parallel()
	wrongPolicies().want(t)
}

func wrongPolicies() mistakes {
	return mistakes{"", []mistake{
		{"policies:", "2:11: policies: want a list, each entry beginning with a dash, found nothing", ""},
		{"policies: []", "2:11: policies: the list is empty", ""},
		{"policies: {name: a}", "2:11: policies: want a list, each entry beginning with a dash, found a mapping", ""},
		{"policies: text", "2:11: policies: want a list, each entry beginning with a dash, found text", ""},
		{"policies: [~]", "2:12: a section of policies: want a mapping of keys to values, found nothing", ""},
		{"policies: [text]", "2:12: a section of policies: want a mapping of keys to values, found text", ""},
		{"policies: [{}]", "2:12: a section of policies: nothing in it: " + wantKeys, ""},
		{"policies: [{name: a}]", "2:12: this section sets nothing: want at least one rule, such as budget: {block: 0}", ""},
		{"policies: [{name: a, match: {env: x}}]", "2:12: this section sets nothing: want at least one rule, such as budget: {block: 0}", ""},
		{"policies: [{budget: {block: 0}}]", `2:12: this section has no key "name"`, ""},
		{"policies: [{name: 12, expect: 1}]", "2:19: name: " + wantText + ", found a number", ""},
		{`policies: [{name: "", expect: 1}]`, "2:19: name: the text is empty", ""},
		{`policies: [{name: " ", expect: 1}]`, "2:19: name: the text is empty", ""},
		{"policies: [{name: , expect: 1}]", "2:18: name: " + wantText + ", found nothing", ""},
		{"policies: [{name: a, budgets: {block: 0}}]", `2:22: unknown key "budgets": ` + wantKeys, "did you mean budget?"},
		{"policies: [{name: a, Budget: {block: 0}}]", `2:22: unknown key "Budget": ` + wantKeys, "did you mean budget?"},
		{"policies: [{name: a, zzz: 1}]", `2:22: unknown key "zzz": ` + wantKeys, ""},
		{"policies: [{name: a, name: b}]", `2:22: mapping key "name" already defined at [2:13]`, ""},
		{"polices: []", `2:1: unknown key "polices": want version, slos, policies or calendars`, "did you mean policies?"},
		{`policies: [{name: a, expect: 0}]`, "2:30: expect 0: want a whole number from 1 to 1000000, such as 6", ""},
		{`policies: [{name: a, expect: 1.5}]`, "2:30: expect 1.5: want a whole number from 1 to 1000000, such as 6", ""},
		{`policies: [{name: a, expect: 1000001}]`, "2:30: expect 1000001: want a whole number from 1 to 1000000, such as 6", ""},
		{`policies: [{name: a, expect: "6"}]`, `2:30: expect "6": want a whole number from 1 to 1000000, such as 6`, "did you mean 6, without quotes?"},
		{`policies: [{name: a, expect: six}]`, `2:30: expect "six": want a whole number from 1 to 1000000, such as 6`, ""},
	}}
}

// One key of a section, on line 5 from column 3 on.
func TestWrongKeysOfAPolicy(t *testing.T) {
	t.Parallel()
	wrongKeys().want(t)
}

func wrongKeys() mistakes {
	return mistakes{"policies:\n- name: a\n  expect: 1\n  ", []mistake{
		{"match: prod", "5:10: match: want a mapping of keys to values, found text", ""},
		{"match: {}", "5:10: match: nothing in it: want service, env, team, tag or slo", ""},
		{"match: {envs: prod}", `5:11: unknown key "envs": want service, env, team, tag or slo`, "did you mean env?"},
		{"match: {env: []}", "5:16: env: the list is empty", ""},
		{"match: {service: []}", "5:20: service: the list is empty", ""},
		{"match: {team: []}", "5:17: team: the list is empty", ""},
		{"match: {tag: []}", "5:16: tag: the list is empty", ""},
		{"match: {slo: []}", "5:16: slo: the list is empty", ""},
		{"match: {env: 5}", "5:16: env: " + wantText + ", found a number", ""},
		{"match: {env: [prod, 5]}", "5:23: env: " + wantText + ", found a number", ""},
		{`match: {env: "prod*"}`, `5:16: env "prod*": want the exact value, * is for names of SLOs only`, "without the key env the section is for all of them"},
		{"match: {env: true}", "5:16: env: " + wantText + ", found true or false", ""},
		{"match: {tag: [tier: 2]}", "5:17: tag: " + wantText + ", found a mapping", "text with a colon and a space in it is written in quotes; a tag has no space: team:payments"},
		{"match: {slo: {name: x}}", "5:16: slo: " + wantText + ", found a mapping", "text with a colon and a space in it is written in quotes; a tag has no space: team:payments"},
		{`match: {slo: [a, ""]}`, "5:20: slo: the text is empty", ""},
		{"budget: 10", "5:11: budget 10: want a mapping such as {block: …, warn: …}", "did you mean budget: {block: 10}?"},
		{"budget: off", `5:11: budget "off": want a mapping such as {block: …, warn: …}`, "did you mean budget: {block: off}?"},
		{"budget: 10%", `5:11: budget "10%": want a mapping such as {block: …, warn: …}`, "did you mean budget: {block: 10%}?"},
		{"budget:", "5:11: budget: want a mapping of keys to values, found nothing", ""},
		{"budget: [10]", "5:11: budget: want a mapping of keys to values, found a list", ""},
		{"budget: {}", "5:11: budget: nothing in it: want block or warn", ""},
		{"budget: {fail: 10}", `5:12: unknown key "fail": want block or warn`, ""},
		{"budget: {block: 100}", "5:19: block 100: " + wantBudget, ""},
		{"budget: {block: -1}", "5:19: block -1: " + wantBudget, ""},
		{`budget: {block: "10"}`, `5:19: block "10": ` + wantBudget, "did you mean 10, without quotes?"},
		{"budget: {block: false}", "5:19: block false: " + wantBudget, "did you mean off?"},
		{"budget: {block: none}", `5:19: block "none": ` + wantBudget, "did you mean off?"},
		{"budget: {block: 1e3}", `5:19: block "1e3": ` + wantBudget, "did you mean 1000, without quotes?"},
		{"budget: {block: 99999999999999999999999999999}", `5:19: block "99999999999999999999999999999": ` + wantBudget, ""},
		{"budget: {block: [10]}", "5:19: block: " + wantBudget + ", found a list", ""},
		{"budget: {block: }", "5:18: block: " + wantBudget + ", found nothing", ""},
		{"budget: {block: 100%}", `5:19: block "100%": ` + wantBudget, ""},
		{"budget: {block: 10 percent}", `5:19: block "10 percent": ` + wantBudget, ""},
		{"budget: {block: .nan}", "5:19: want text, a number, true or false, a list or a mapping", ""},
		{"budget: {block: .inf}", "5:19: want text, a number, true or false, a list or a mapping", ""},
		{"budget: {block: NaN}", `5:19: block "NaN": ` + wantBudget, ""},
		{"attainment: {block: 0}", "5:23: block 0: " + wantAttainment, ""},
		{"attainment: {block: 100.5}", "5:23: block 100.5: " + wantAttainment, ""},
		{"attainment: {warn: 0%}", `5:22: warn "0%": ` + wantAttainment, ""},
		{"attainment: {warn: 1.5.2}", `5:22: warn "1.5.2": ` + wantAttainment, ""},
		{"attainment: 99.9", "5:15: attainment 99.9: want a mapping such as {block: …, warn: …}", "did you mean attainment: {block: 99.9}?"},
		{"burn: block", "5:9: burn: want a mapping of keys to values, found text", ""},
		{"burn: {}", "5:9: burn: nothing in it: want 1h, 6h or 24h", ""},
		{"burn: {2h: block}", `5:10: unknown key "2h": want 1h, 6h or 24h`, "did you mean 1h?"},
		{"burn: {burn_1h: block}", `5:10: unknown key "burn_1h": want 1h, 6h or 24h`, ""},
		{"burn: {1h: Block}", `5:14: 1h "Block": want off, warn or block`, "did you mean block?"},
		{"burn: {1h: fail}", `5:14: 1h "fail": want off, warn or block`, "did you mean block?"},
		{"burn: {1h: false}", "5:14: 1h false: want off, warn or block", "did you mean off?"},
		{"burn: {1h: 14.4}", "5:14: 1h 14.4: want off, warn or block", "did you mean {level: block, threshold: 14.4}?"},
		{"burn: {1h: [block]}", "5:14: 1h: want off, warn or block, found a list", ""},
		{"burn: {1h: }", "5:13: 1h: want off, warn or block, found nothing", ""},
		{"burn: {1h: {}}", "5:14: 1h: nothing in it: want level or threshold", ""},
		{"burn: {1h: {levle: warn}}", `5:15: unknown key "levle": want level or threshold`, "did you mean level?"},
		{"burn: {1h: {level: alarm}}", `5:22: level "alarm": want off, warn or block`, ""},
		{"burn: {1h: {threshold: 0}}", "5:26: threshold 0: want a burn rate above 0 and up to 1000000, such as 14.4", ""},
		{`burn: {1h: {threshold: "14.4"}}`, `5:26: threshold "14.4": want a burn rate above 0 and up to 1000000, such as 14.4`, "did you mean 14.4, without quotes?"},
		{"burn: {1h: {threshold: 2000000}}", "5:26: threshold 2000000: want a burn rate above 0 and up to 1000000, such as 14.4", ""},
		{"min_events: -1", "5:15: min_events -1: " + wantCount, ""},
		{"min_events: 1.5", "5:15: min_events 1.5: " + wantCount, ""},
		{`min_events: "100"`, `5:15: min_events "100": ` + wantCount, "did you mean 100, without quotes?"},
		{"min_events: 1e3", `5:15: min_events "1e3": ` + wantCount, "did you mean 1000, without quotes?"},
		{"min_events: many", `5:15: min_events "many": ` + wantCount, ""},
		{"min_events: 9999999999999999", "5:15: min_events 9999999999999999: " + wantCount, ""},
		{"min_events: [1]", "5:15: min_events: " + wantCount + ", found a list", ""},
		{"min_coverage: 90", "5:17: min_coverage 90: " + wantCoverage, "did you mean 90%?"},
		{"min_coverage: 1.5", "5:17: min_coverage 1.5: " + wantCoverage, "did you mean 1.5%?"},
		{"min_coverage: 101", "5:17: min_coverage 101: " + wantCoverage, ""},
		{"min_coverage: 101%", `5:17: min_coverage "101%": ` + wantCoverage, ""},
		{`min_coverage: "0.9"`, `5:17: min_coverage "0.9": ` + wantCoverage, "did you mean 0.9, without quotes?"},
		{"min_coverage: -0.1", "5:17: min_coverage -0.1: " + wantCoverage, ""},
		{"max_age: 3600", "5:12: max_age 3600: " + wantLength, "write the unit, such as 3600s or 3600m"},
		{"max_age: 1:30", `5:12: max_age "1:30": ` + wantLength, "did you mean 1h30m?"},
		{"max_age: 1", "5:12: max_age 1: " + wantLength, "write the unit, such as 1s or 1m"},
		{"max_age: 0s", `5:12: max_age "0s": ` + wantLength, ""},
		{"max_age: -1h", `5:12: max_age "-1h": ` + wantLength, ""},
		{"max_age: 456d", `5:12: max_age "456d": ` + wantLength, ""},
		{"max_age: 1d12h", `5:12: max_age "1d12h": ` + wantLength, ""},
		{"max_age: 100ms", `5:12: max_age "100ms": ` + wantLength, ""},
		{"max_age: 999999999h", `5:12: max_age "999999999h": ` + wantLength, ""},
		{"max_age: soon", `5:12: max_age "soon": ` + wantLength, ""},
		{"max_age: [1h]", "5:12: max_age: " + wantLength + ", found a list", ""},
		{"low_traffic: 200", "5:16: low_traffic 200: want off, or a mapping such as {events: 200, level: warn}", ""},
		{"low_traffic: warn", `5:16: low_traffic "warn": want off, or a mapping such as {events: 200, level: warn}`, ""},
		{"low_traffic: {}", "5:16: low_traffic: nothing in it: want events or level", ""},
		{"low_traffic: {level: warn}", `5:16: low_traffic has no key "events"`, ""},
		{"low_traffic: {events: 0}", "5:25: events 0: want a whole number above 0", "to switch the guard off write low_traffic: off"},
		{"low_traffic: {events: 10, level: block}", `5:36: level "block": want off or warn`, ""},
		{"low_traffic: {event: 10}", `5:17: unknown key "event": want events or level`, "did you mean events?"},
		{"fixes_may_pass: yes", `5:19: fixes_may_pass "yes": want true or false`, "did you mean true, without quotes?"},
		{`fixes_may_pass: "false"`, `5:19: fixes_may_pass "false": want true or false`, "did you mean false, without quotes?"},
		{"fixes_may_pass: 1", "5:19: fixes_may_pass 1: want true or false", ""},
		{"fixes_may_pass: sometimes", `5:19: fixes_may_pass "sometimes": want true or false`, ""},
		{"require: []", "5:12: require: the list is empty", ""},
		{"require: [7]", "5:13: require: " + wantText + ", found a number", ""},
		{"require: {name: a}", "5:12: require: " + wantText + ", found a mapping", "text with a colon and a space in it is written in quotes; a tag has no space: team:payments"},
		{"freezes: []", "5:12: freezes: the list is empty", ""},
		{"freezes: true", "5:12: freezes: " + wantText + ", found true or false", ""},
		{"freezes: [{level: warn}]", `5:13: this freeze has no key "calendar"`, ""},
		{"freezes: [{calendar: a, level: off}]", `5:34: level "off": want warn or block`, ""},
		{"freezes: [{calendar: a, level: warm}]", `5:34: level "warm": want warn or block`, "did you mean warn?"},
		{"freezes: [{}]", "5:13: freezes: nothing in it: want calendar or level", ""},
		{"freezes: [{calender: a}]", `5:14: unknown key "calender": want calendar or level`, "did you mean calendar?"},
		{"overrides: {rules: [budget]}", "5:14: overrides: want a list, each entry beginning with a dash, found a mapping", ""},
		{"overrides: []", "5:14: overrides: the list is empty", ""},
		{"overrides: [text]", "5:15: an override: want a mapping of keys to values, found text", ""},
		{"overrides: [{}]", "5:15: an override: nothing in it: want rules, reason, author or expires", ""},
		{"overrides: [{reason: r, author: a, expires: 2026-11-20}]", `5:15: this override has no key "rules"`, ""},
		{"overrides: [{rules: budget, author: a, expires: 2026-11-20}]", `5:15: this override has no key "reason"`, ""},
		{"overrides: [{rules: budget, reason: r, expires: 2026-11-20}]", `5:15: this override has no key "author"`, ""},
		{"overrides: [{rules: budget, reason: r, author: a}]", `5:15: this override has no key "expires"`, ""},
		{`overrides: [{rules: budget, reason: "", author: a, expires: 2026-11-20}]`, "5:39: reason: the text is empty", ""},
		{"overrides: [{rules: [], reason: r, author: a, expires: 2026-11-20}]", "5:23: rules: the list is empty", ""},
		{"overrides: [{rules: [burn], reason: r, author: a, expires: 2026-11-20}]", `5:24: rules "burn": ` + wantOverridable, "did you mean burn_1h?"},
		{"overrides: [{rules: [freshness], reason: r, author: a, expires: 2026-11-20}]", `5:24: rules "freshness": ` + wantOverridable, "what is not known cannot be overridden"},
		{"overrides: [{rules: [attainmen], reason: r, author: a, expires: 2026-11-20}]", `5:24: rules "attainmen": ` + wantOverridable, "did you mean attainment?"},
		{"overrides: [{rules: budget, reason: r, author: a, expires: tomorrow}]", `5:62: expires "tomorrow": ` + wantMoment, ""},
		{"overrides: [{rules: budget, reason: r, author: a, expires: 2026-11-31}]", `5:62: expires "2026-11-31": ` + wantMoment, "there is no such day or time"},
		{"overrides: [{rules: budget, reason: r, author: a, expires: 2026}]", "5:62: expires 2026: " + wantMoment, ""},
		{"overrides: [{rules: budget, reason: r, author: a, expires: 20.11.2026}]", `5:62: expires "20.11.2026": ` + wantMoment, ""},
		{"overrides: [{rules: budget, reason: r, author: a, expires: 2026-11-20, expire: x}]", `5:74: unknown key "expire": want rules, reason, author or expires`, "did you mean expires?"},
	}}
}
