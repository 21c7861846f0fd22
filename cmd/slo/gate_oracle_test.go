package main_test

import (
	"maps"
	"math"
	"slices"
	"time"
)

// What the gate has to say, worked out anew from the contract: it shares
// nothing with the product but the words.

// terms are the thresholds for an objective.
type terms struct {
	// budgetBlock and the others are nil when nobody set them.
	budgetBlock, budgetWarn, attainBlock, attainWarn *float64
	// burn are the levels of the three rules and, unless 0, thresholds of their own.
	burn                   [3]string
	burnAbove              [3]float64
	minEvents, minCoverage float64
	maxAge                 time.Duration
	// lowEvents and lowLevel soften burn rules.
	lowEvents float64
	lowLevel  string
	fixes     bool
	// overridden are the rules that may be violated.
	overridden []string
}

func defaultTerms() terms {
	none := 0.0
	return terms{budgetBlock: &none, burn: [3]string{"block", "block", "warn"}, minEvents: 100, minCoverage: 0.9, maxAge: time.Hour}
}

// burnTable are the thresholds of Datadog's page on burn rate alerts.
var burnTable = map[string][3]float64{"7d": {16.8, 5.6, 2.8}, "30d": {14.4, 6, 3}, "90d": {21.6, 10.8, 4.5}}

var burnRules = [3]string{"burn_1h", "burn_6h", "burn_24h"}

// asked is everything that is asked of the gate beside its selection.
type asked struct {
	timeframe string // empty, 7d, 30d, 90d or all
	expect    int
	fix       bool
	// undecided and unavailable are the values of the flags.
	undecided, unavailable string
	// terms are those of an objective.
	terms func(objective) terms
	// lost says why an objective cannot be evaluated: auth, unavailable or empty.
	lost func(objective) string
	// gate are verdicts of the whole gate: freeze, require.
	gate map[string]string
}

// answer is the code, and the rules that are not passed, by "name timeframe rule".
type answer struct {
	code  int
	rules map[string]string
}

// precedence is that of the codes, first come first.
var precedence = []int{4, 3, 5, 7}

func (a asked) judge(picked []objective) answer {
	rules, codes := map[string]string{}, map[int]bool{}
	put := func(rule, verdict string, code int) {
		switch verdict {
		case "fail":
			codes[3] = true
		case "undecided":
			codes[code] = true
		case "pass":
			return
		}
		rules[rule] = verdict
	}
	if len(picked) < max(1, a.expect) {
		put("expect", "undecided", 7)
	}
	for rule, verdict := range a.gate {
		put(rule, verdict, 7)
	}
	for _, o := range picked {
		windows, why := a.windows(o), o.kind
		if why != "unsupported" && len(windows) == 0 {
			put(o.name+" target", "undecided", 7)
			continue
		}
		if a.lost != nil && why == "" {
			why = a.lost(o)
		}
		if why != "" {
			put(o.name+" evaluated", "undecided", map[string]int{"auth": 4, "unavailable": 5, "invalid": 5, "unsupported": 7}[why])
			continue
		}
		t := defaultTerms()
		if a.terms != nil {
			t = a.terms(o)
		}
		for _, timeframe := range windows {
			for rule, verdict := range t.judge(timeframe, o.windows[timeframe], a.fix) {
				put(o.name+" "+timeframe+" "+rule, verdict, 7)
			}
		}
	}
	code := 0
	for _, c := range precedence {
		if codes[c] {
			code = c
			break
		}
	}
	return answer{a.flagged(code, codes), rules}
}

// flagged is what --on-undecided and --on-unavailable make of a code.
func (a asked) flagged(code int, codes map[int]bool) int {
	if code == 5 && a.unavailable != "" {
		if a.unavailable == "fail" {
			return 3
		}
		code = 0
		if codes[7] {
			code = 7
		}
	}
	if code == 7 && a.undecided != "" {
		return map[string]int{"pass": 0, "fail": 3}[a.undecided]
	}
	return code
}

func (a asked) windows(o objective) []string {
	switch a.timeframe {
	case "":
		return []string{o.primary}
	case "all":
		return slices.Sorted(maps.Keys(o.windows))
	}
	if _, there := o.windows[a.timeframe]; there {
		return []string{a.timeframe}
	}
	return nil
}

// judge are the verdicts of one window by rule; those that pass may be left out.
func (t terms) judge(timeframe string, s stand, fix bool) map[string]string {
	if s.noData {
		return map[string]string{"data": "undecided"}
	}
	v := map[string]string{}
	if !s.seconds && s.events < t.minEvents {
		v["events"] = "undecided"
	}
	if s.seconds && s.coverage < t.minCoverage {
		v["coverage"] = "undecided"
	}
	if s.age > t.maxAge {
		v["freshness"] = "undecided"
	}
	bound := func(rule string, value float64, block, warn *float64, strict bool) {
		broken := func(b *float64) bool { return b != nil && (value < *b || strict && value == *b) }
		switch {
		case broken(block):
			v[rule] = "fail"
		case broken(warn):
			v[rule] = "warn"
		}
	}
	switch {
	case s.target != 100:
		bound("budget", s.left, t.budgetBlock, t.budgetWarn, true)
	case s.breached && t.budgetBlock != nil:
		v["budget"] = "fail"
	case s.breached && t.budgetWarn != nil:
		v["budget"] = "warn"
	}
	bound("attainment", s.attained(), t.attainBlock, t.attainWarn, false)
	for i, rule := range burnRules {
		if verdict := t.burns(i, timeframe, s); verdict != "" {
			v[rule] = verdict
		}
	}
	if fix && t.fixes && s.target != 100 && s.calm() {
		for _, rule := range []string{"budget", "attainment"} {
			if v[rule] == "fail" {
				v[rule] = "warn"
			}
		}
	}
	for _, rule := range t.overridden {
		if v[rule] == "fail" {
			v[rule] = "warn"
		}
	}
	return v
}

func (t terms) burns(i int, timeframe string, s stand) string {
	above := burnTable[timeframe][i]
	if t.burnAbove[i] != 0 {
		above = t.burnAbove[i]
	}
	long, short := s.burn[i][0], s.burn[i][1]
	level := t.burn[i]
	switch {
	case level == "off" || s.target == 100 || math.IsNaN(long) || long <= above:
		return ""
	case math.IsNaN(short):
		return "undecided"
	case short <= above:
		return ""
	}
	if !s.seconds && s.lately[i] < t.lowEvents {
		switch t.lowLevel {
		case "off":
			return ""
		case "warn":
			level = "warn"
		}
	}
	return map[string]string{"block": "fail", "warn": "warn"}[level]
}

// calm says that the budget is known not to burn over any of the long windows.
func (s stand) calm() bool {
	return !slices.ContainsFunc(s.burn[:], func(r [2]float64) bool { return math.IsNaN(r[0]) || r[0] >= 1 })
}
