package policy

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// ahead is how far the newest point may lie in the future: clocks differ.
const ahead = 5 * time.Minute

// view is one window of one objective, with what is in force for it.
type view struct {
	slo.Assessment
	definition slo.Definition
	in         Resolved
	overrides  []*Override
	// called is how to name the objective on the command line.
	called string
}

// check begins a check of the window.
func (v *view) check(rule, from string) Check {
	return Check{
		SLOID: v.definition.ID, SLO: v.definition.Name, Timeframe: v.Objective.Timeframe,
		Rule: rule, Verdict: Pass, From: from, Window: v.Window, Blocks: true,
	}
}

// show is the command that shows the objective.
func (v *view) show() string { return "slo show " + v.called }

// subject looks at all rules of one objective.
func (j *judge) subject(s Subject) {
	whole := Check{SLOID: s.Definition.ID, SLO: s.Definition.Name, Rule: "evaluated", From: byDefault, Blocks: true}
	if d := cmp.Or(s.Defect, s.Definition.Defect); d != nil {
		whole.Do = "slo show " + j.typed(s.Definition) + " shows what it is made of"
		j.defect(whole, d, s.Definition.Defect != nil)
		return
	}
	if len(s.Windows) == 0 {
		whole.Rule, whole.Verdict = "target", Undecided
		whole.Reason = "no target for the timeframe"
		whole.Do = "slo show " + j.typed(s.Definition) + " lists its targets; ask with --timeframe for one of them"
		j.add(whole)
		return
	}
	if isPreview(s) {
		whole.Verdict = Undecided
		whole.Reason = "Datadog is still computing its history, so no figure is final"
		whole.Do = "ask again in a few minutes"
		j.add(whole)
	}
	in, overrides := j.policy.resolve(s.Definition, j.matchers), j.overrides(s.Definition)
	if j.request.Change == Fix && !*in.Settings.FixesMayPass {
		j.noFixes = append(j.noFixes, s.Definition.Name)
	}
	if in.Settings.blocksNothing() {
		j.harmless = append(j.harmless, s.Definition.Name)
	}
	for _, a := range s.Windows {
		v := &view{Assessment: a, definition: s.Definition, in: in, overrides: overrides, called: j.typed(s.Definition)}
		if !j.data(v, doubts(s, a)) {
			continue
		}
		j.sufficient(v)
		j.freshness(v)
		fix := j.fix(v)
		j.budget(v, fix)
		j.attainment(v, fix)
		for i := range Lookbacks {
			j.burn(v, i)
		}
	}
}

// isPreview reports whether Datadog says that it is not done yet.
func isPreview(s Subject) bool {
	preview := func(n slo.Note) bool { return n.Code == "preview" }
	return slices.ContainsFunc(s.Notes, preview) || slices.ContainsFunc(s.Windows, func(a slo.Assessment) bool {
		return slices.ContainsFunc(a.Notes, preview)
	})
}

// doubts are why a part of what the objective measures does not count,
// although figures follow from the rest.
func doubts(s Subject, a slo.Assessment) []string {
	var all []string
	for _, n := range slices.Concat(s.Notes, a.Notes) {
		switch n.Code {
		case "datadog_problem", "values_without_group", "carried_unknown", "monitors_missing":
			all = append(all, n.Text)
		}
	}
	return all
}

// exceeds reports whether more was good than there was, or either is no number.
func exceeds(good, valid slo.Figure) bool {
	g, known := good.Value()
	v, also := valid.Value()
	return known && also && !(g-v <= 1e-9*v) // less is the dust of fractions
}

// data reports whether there is anything to look at.
func (j *judge) data(v *view, doubts []string) bool {
	c := v.check("data", byDefault)
	if v.Objective.Target <= 0 {
		c.Rule, c.Verdict, c.Reason = "target", Undecided, fmt.Sprintf("no target for %s", v.Objective.Timeframe)
		c.Do = v.show() + " lists its targets"
		j.add(c)
		return false
	}
	if len(doubts) > 0 {
		c.Verdict, c.Do = Undecided, v.show()+" has its queries"
	}
	if good, valid := v.Good, v.Valid; exceeds(good, valid) {
		c.Verdict, c.Do = Undecided, v.show()+" has its queries"
		c.Reason = fmt.Sprintf("more good than total events in the %s window: the two do not count the same thing, or some have not arrived", v.Objective.Timeframe)
		j.add(c)
		return true
	}
	has := v.State == slo.OK || v.State == slo.Warning || v.State == slo.Breached
	c.Reason = strings.Join(append([]string{fmt.Sprintf("there is data in the %s window", v.Objective.Timeframe)}, doubts...), "; ")
	if !has {
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("no data in the %s window, so no other rule could be looked at", v.Objective.Timeframe)
		c.Do = v.show() + " shows its queries; see whether they still match anything"
	}
	j.add(c)
	return has
}

// sufficient is the rule events or coverage, by what the objective counts.
func (j *judge) sufficient(v *view) {
	if v.Unit == slo.Seconds {
		j.coverage(v)
		return
	}
	least := *v.in.Settings.MinEvents
	c := v.check("events", v.in.From["min_events"])
	c.Unit, c.Value, c.Threshold = Events, figure(v.Valid), figure(slo.Known(least))
	valid, known := number(v.Valid)
	switch {
	case !known:
		c.Verdict, c.Reason = Undecided, fmt.Sprintf("how many events the %s window has is not known", v.Objective.Timeframe)
	case valid >= least:
		c.Reason = fmt.Sprintf("%s events in the %s window, at least %s are needed", down(valid, least, 0), v.Objective.Timeframe, plain(least))
	default:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("only %s events in the %s window, at least %s are needed", down(valid, least, 0), v.Objective.Timeframe, plain(least))
	}
	if c.Verdict != Pass {
		c.Do = "wait for more traffic, or set min_events lower for such a service"
	}
	j.add(c)
}

func (j *judge) coverage(v *view) {
	least := *v.in.Settings.MinCoverage
	c := v.check("coverage", v.in.From["min_coverage"])
	c.Unit, c.Value, c.Threshold = Ratio, figure(v.Coverage), figure(slo.Known(least))
	share, known := number(v.Coverage)
	switch {
	case !known:
		c.Verdict, c.Reason = Undecided, fmt.Sprintf("in how much of the %s window there was data is not known", v.Objective.Timeframe)
	case share >= least:
		c.Reason = fmt.Sprintf("data in %s%% of the %s window, at least %s%% is needed", down(100*share, 100*least, 1), v.Objective.Timeframe, percent(least))
	default:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("data in only %s%% of the %s window, at least %s%% is needed", down(100*share, 100*least, 1), v.Objective.Timeframe, percent(least))
	}
	if c.Verdict != Pass {
		c.Do = v.show() + " shows what it measures; see why data is missing"
	}
	j.add(c)
}

// percent writes a share that somebody chose in percent, without the dust of the product.
func percent(share float64) string { return plain(math.Round(share*100*1e9) / 1e9) }

func (j *judge) freshness(v *view) {
	most := *v.in.Settings.MaxAge
	c := v.check("freshness", v.in.From["max_age"])
	c.Unit, c.Threshold, c.Window = SecondsOf, slo.Known(most.Seconds()), v.Newest
	if v.Newest.Empty() {
		c.Verdict, c.Window = Undecided, timeseries.Span{}
		c.Reason = fmt.Sprintf("how old the newest point of the %s window is, is not known", v.Objective.Timeframe)
		c.Do = v.show() + " shows its queries; see whether they still match anything"
		j.add(c)
		return
	}
	// A point is known by the start of its bucket; stretches of time have an end.
	newest := v.Newest.Start
	if v.Unit == slo.Seconds {
		newest = v.Newest.End
	}
	old := j.request.Now.Sub(time.Unix(newest, 0))
	c.Value = slo.Known(old.Seconds())
	switch {
	case old < -ahead:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("the newest point lies %s in the future", age(-old))
		c.Do = "slo doctor compares the clocks"
	case old > most:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("the newest point is %s old, at most %s is allowed", age(old), age(most))
		c.Do = "see whether data still comes in, or set max_age higher for a sleepy service"
	case old < 0:
		c.Reason = "the newest point is of this moment"
	default:
		c.Reason = fmt.Sprintf("the newest point is %s old, at most %s is allowed", age(old), age(most))
	}
	j.add(c)
}
