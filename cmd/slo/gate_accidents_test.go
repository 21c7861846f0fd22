package main_test

import (
	"fmt"
	"slices"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// accidents are the reasons for which a run may not have passed, though it did;
// held is how many windows could be held against the world.
func (q *question) accidents(got gateOutcome) (held int, wrong []string) {
	accident := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	doc, err := readGate(got)
	if err != nil {
		accident("%v", err)
		return held, wrong
	}
	if q.hopeless != "" {
		accident("%s", q.hopeless)
	}
	open := 0
	for _, rule := range doc.Rules {
		switch {
		case rule.Verdict == "undecided":
			open++
		case rule.Verdict == "fail", rule.Verdict == "warn" && rule.Override != nil && rule.Override.Without == "":
			accident("%s: %s", rule.about(), rule.Verdict)
		}
	}
	if open > 0 {
		// Flags may say so, if the verdict shows that they did.
		said := func(flag, code string) bool {
			return flag == "pass" && slices.ContainsFunc(doc.Notes, func(n struct{ Code, Text string }) bool { return n.Code == code })
		}
		if !said(q.asked.undecided, "on_undecided") && !said(q.asked.unavailable, "on_unavailable") {
			accident("%d rules are undecided", open)
		}
		return held, wrong
	}
	picked, known := q.w.picks(q.names, q.tags)
	if !known {
		accident("a name names nothing")
	}
	if len(picked) < max(1, q.expect) {
		accident("%d SLOs are selected", len(picked))
	}
	for _, o := range picked {
		n, doubts := q.doubtsOf(doc, o)
		held += n
		for _, d := range doubts {
			accident("%s: %s", o.Name, d)
		}
	}
	return held, wrong
}

// doubtsOf are the reasons for which an objective may not have passed.
func (q *question) doubtsOf(doc *gateDocument, o scenario.SLO) (held int, all []string) {
	t := q.terms(o)
	windows := map[string]map[string]gateRule{}
	for _, rule := range doc.Rules {
		if rule.SLOID == nil || *rule.SLOID != o.ID {
			continue
		}
		if rule.Timeframe == nil {
			all = append(all, rule.Rule+" is of no timeframe")
			continue
		}
		if windows[*rule.Timeframe] == nil {
			windows[*rule.Timeframe] = map[string]gateRule{}
		}
		windows[*rule.Timeframe][rule.Rule] = rule
	}
	judged := 0
	for _, threshold := range o.Thresholds {
		rules := windows[threshold.Timeframe]
		switch asked := q.timeframe; {
		case rules == nil && (asked == "all" || asked == threshold.Timeframe):
			all = append(all, threshold.Timeframe+" was not looked at")
			continue
		case rules == nil:
			continue
		}
		judged++
		for _, rule := range t.needed(o) {
			if _, there := rules[rule]; !there {
				all = append(all, threshold.Timeframe+" "+rule+" was not looked at")
			}
		}
		held++
		for _, d := range q.w.doubts(o, threshold.Timeframe, threshold.Target, t, q.at, q.asked.fix) {
			all = append(all, threshold.Timeframe+" "+d)
		}
	}
	if judged == 0 {
		all = append(all, "not one window was looked at")
	}
	return held, all
}

// needed are the rules without which a window cannot pass.
func (t terms) needed(o scenario.SLO) []string {
	rules := []string{"freshness"}
	if o.Type == scenario.TypeMetric {
		rules = append(rules, "events")
	} else {
		rules = append(rules, "coverage")
	}
	if t.budgetBlock != nil {
		rules = append(rules, "budget")
	}
	if t.attainBlock != nil {
		rules = append(rules, "attainment")
	}
	for i, rule := range burnRules {
		if t.burn[i] != "off" {
			rules = append(rules, rule)
		}
	}
	return rules
}
