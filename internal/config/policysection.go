package config

import (
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/policy"
)

func readPolicies(n *node) ([]policy.Section, error) {
	if err := n.tooMany("policies"); err != nil {
		return nil, err
	}
	return listOf(readPolicySection)(n, "policies")
}

func readPolicySection(n *node, _ string) (policy.Section, error) {
	s := policy.Section{Place: n.place(), Places: map[string]string{}}
	for _, e := range n.entries {
		s.Places[e.key] = e.at.place()
		for _, inner := range e.value.entries {
			s.Places[e.key+"."+inner.key] = inner.at.place()
		}
	}
	err := n.read("a section of policies",
		field{"name", to(&s.Name, readText)},
		field{"match", to(&s.Match, readMatch)},
		field{"budget", readBounds(&s.Settings.BudgetBlock, &s.Settings.BudgetWarn, readBudgetBound)},
		field{"attainment", readBounds(&s.Settings.AttainmentBlock, &s.Settings.AttainmentWarn, readAttainmentBound)},
		field{"burn", to(&s.Settings.Burn, readBurns)},
		field{"min_events", to(&s.Settings.MinEvents, optional(readCount))},
		field{"min_coverage", to(&s.Settings.MinCoverage, optional(readCoverage))},
		field{"max_age", to(&s.Settings.MaxAge, optional(readLength))},
		field{"low_traffic", to(&s.Settings.LowTraffic, optional(readLowTraffic))},
		field{"fixes_may_pass", to(&s.Settings.FixesMayPass, optional(readSwitch))},
		field{"expect", to(&s.Expect, readExpect)},
		field{"require", to(&s.Require, oneOrMore(readName))},
		field{"freezes", to(&s.Freezes, oneOrMore(readFreeze))},
		field{"overrides", to(&s.Overrides, listOf(readOverride))},
	)
	if err == nil {
		err = n.require("this section", "name")
	}
	if err == nil && !slices.ContainsFunc(n.entries, func(e entry) bool { return e.key != "name" && e.key != "match" }) {
		err = n.fail(nil, "this section sets nothing: want at least one rule, such as budget: {block: 0}")
	}
	return s, err
}

func readMatch(n *node, _ string) (policy.Match, error) {
	var m policy.Match
	err := n.read("match",
		field{"service", to(&m.Services, oneOrMore(readTagValue))},
		field{"env", to(&m.Envs, oneOrMore(readTagValue))},
		field{"team", to(&m.Teams, oneOrMore(readTagValue))},
		field{"tag", to(&m.Tags, oneOrMore(readTagValue))},
		field{"slo", to(&m.Names, oneOrMore(readName))},
	)
	return m, err
}

// readTagValue refuses what looks like a glob: it would match nothing, and
// what the section sets would not apply to anything.
func readTagValue(n *node, key string) (string, error) {
	text, err := readText(n, key)
	if err == nil && strings.Contains(text, "*") {
		err = n.fail([]string{"without the key " + key + " the section is for all of them"},
			"%s %s: want the exact value, * is for names of SLOs only", key, n.quoted())
	}
	return text, err
}

func readName(n *node, key string) (policy.Name, error) {
	text, err := readText(n, key)
	return policy.Name{Text: text, Place: n.place()}, err
}

// readBounds reads {block: …, warn: …}.
func readBounds(block, warn **policy.Bound, read func(*node, string) (policy.Bound, error)) func(*node, string) error {
	return func(n *node, key string) error {
		var hints []string
		if n.kind != mappingKind && n.kind != listKind && n.text != "" {
			hints = []string{"did you mean " + key + ": {block: " + n.text + "}?"}
			return n.wrong(key, "a mapping such as {block: …, warn: …}", hints...)
		}
		return n.read(key, field{"block", to(block, optional(read))}, field{"warn", to(warn, optional(read))})
	}
}

func readBurns(n *node, key string) (burns [len(policy.Lookbacks)]policy.Burn, err error) {
	var fields []field
	for i, l := range policy.Lookbacks {
		fields = append(fields, field{strings.TrimPrefix(l.Rule, "burn_"), to(&burns[i], readBurn)})
	}
	return burns, n.read(key, fields...)
}

// readBurn reads a level, or {level: …, threshold: …}.
func readBurn(n *node, key string) (policy.Burn, error) {
	var b policy.Burn
	level := readChoice(policy.Off, policy.Warn, policy.Block)
	if n.kind == mappingKind {
		err := n.read(key, field{"level", to(&b.Level, level)}, field{"threshold", to(&b.Threshold, optional(readBurnThreshold))})
		return b, err
	}
	if n.kind == numberKind {
		return b, n.wrong(key, "off, warn or block", "did you mean {level: block, threshold: "+n.text+"}?")
	}
	var err error
	b.Level, err = level(n, key)
	return b, err
}

// readLowTraffic reads {events: …, level: …}. No window has fewer events than
// none, so that off takes away what another section sets.
func readLowTraffic(n *node, key string) (policy.LowTraffic, error) {
	t := policy.LowTraffic{Level: policy.Warn}
	if n.isOff() {
		return t, nil
	}
	if n.kind != mappingKind {
		return t, n.wrong(key, "off, or a mapping such as {events: 200, level: warn}")
	}
	err := n.read(key, field{"events", to(&t.Events, readGuardedEvents)}, field{"level", to(&t.Level, readChoice(policy.Off, policy.Warn))})
	if err == nil {
		err = n.require(key, "events")
	}
	return t, err
}

func readGuardedEvents(n *node, key string) (float64, error) {
	v, err := readCount(n, key)
	if err == nil && v == 0 {
		err = n.wrong(key, "a whole number above 0", "to switch the guard off write low_traffic: off")
	}
	return v, err
}

// readFreeze reads the name of a calendar, or {calendar: …, level: …}.
func readFreeze(n *node, key string) (policy.Freeze, error) {
	f := policy.Freeze{Level: policy.Block, Place: n.place()}
	if n.kind != mappingKind {
		var err error
		f.Calendar, err = readText(n, key)
		return f, err
	}
	err := n.read(key, field{"calendar", to(&f.Calendar, readText)}, field{"level", to(&f.Level, readChoice(policy.Warn, policy.Block))})
	if err == nil {
		err = n.require("this freeze", "calendar")
	}
	return f, err
}

func readOverride(n *node, _ string) (policy.Override, error) {
	o := policy.Override{Place: n.place()}
	err := n.read("an override",
		field{"rules", to(&o.Rules, oneOrMore(readOverridable))},
		field{"reason", to(&o.Reason, readText)},
		field{"author", to(&o.Author, readText)},
		field{"expires", to(&o.Expires, readExpiry)},
	)
	if err == nil {
		err = n.require("this override", "rules", "reason", "author", "expires")
	}
	return o, err
}

func readOverridable(n *node, key string) (string, error) {
	rule, err := readChoice(policy.Overridable...)(n, key)
	switch n.text {
	case "evaluated", "target", "data", "events", "coverage", "freshness", "expect", "require":
		err = n.wrong(key, alternatives(policy.Overridable), "what is not known cannot be overridden")
	}
	return rule, err
}
