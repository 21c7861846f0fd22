package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// fixing is what a change of the kind [Fix] means for a window.
type fixing struct {
	// asked and allowed: somebody says that it is one, and the policy lets such pass.
	asked, allowed bool
	// objection is why this one may not pass all the same; empty when it may.
	objection string
}

// fix looks at the burn rates: a fix may go out over a spent budget while nothing burns.
func (j *judge) fix(v *view) fixing {
	f := fixing{asked: j.request.Change == Fix, allowed: *v.in.Settings.FixesMayPass}
	if !f.asked || !f.allowed {
		return f
	}
	if v.Objective.Target >= slo.Hundred {
		f.objection = "a target of 100% has no burn rate that could show that a fix is safe"
		return f
	}
	for _, l := range Lookbacks {
		rate, known := number(v.worstRate(l.Long))
		switch {
		case !known:
			f.objection = fmt.Sprintf("a fix may pass only below a burn rate of 1, and that over %s is not known", length(l.Long))
			return f
		case rate >= 1:
			f.objection = fmt.Sprintf("a fix may pass only below a burn rate of 1, and it burns at %s over %s", up(rate, 1, 1), length(l.Long))
			return f
		}
	}
	return f
}

// budget holds what is left of the error budget against its bounds.
func (j *judge) budget(v *view, f fixing) {
	block, warn := v.in.Settings.BudgetBlock, v.in.Settings.BudgetWarn
	if block.Off && warn.Off {
		return
	}
	if v.Objective.Target >= slo.Hundred {
		j.faultless(v, block, f)
		return
	}
	c := v.check("budget", "")
	c.Unit = Percent
	if v.Budget == nil || !finite(v.Budget.RemainingPercent) {
		c.Verdict, c.Blocks, c.From = Undecided, !block.Off, v.in.From["budget.block"]
		c.Reason = fmt.Sprintf("what is left of the %s budget is not known", v.Objective.Timeframe)
		c.Do = v.show() + " shows what it measures"
		j.add(c)
		return
	}
	left := v.Budget.RemainingPercent
	c.Value = slo.Known(left)
	bound := j.bounded(&c, v, "budget", block, warn, func(b float64) bool { return left > b })
	needs := fmt.Sprintf("more than %s%% has to be left", plain(bound))
	if left < 0 {
		c.Reason = fmt.Sprintf("%s%% over the %s budget; %s", up(-left, max(0, -bound), 1), v.Objective.Timeframe, needs)
	} else {
		c.Reason = fmt.Sprintf("%s%% of the %s budget is left; %s", down(left, bound, 1), v.Objective.Timeframe, needs)
	}
	if c.Verdict != Pass {
		j.crossing(&c, v, slices.Index(j.levels, bound))
		c.Do = v.remedy(c.Verdict)
	}
	v.doubt(&c, v.Excess, !block.Off && !(left-hidden*100*v.Excess/v.Budget.Allowed > block.Value))
	j.settle(j.fixed(c, v, f), v.overrides)
}

// faultless is the rule budget for a target of 100, which has none.
func (j *judge) faultless(v *view, block *Bound, f fixing) {
	key := "budget.block"
	if block.Off {
		key = "budget.warn"
	}
	c := v.check("budget", v.in.From[key])
	c.Unit, c.Value, c.Threshold, c.Blocks = Percent, figure(v.Attainment), slo.Known(slo.Hundred.Percent()), !block.Off
	attained, known := number(v.Attainment)
	switch {
	case !known:
		c.Verdict, c.Reason = Undecided, "a target of 100% has no budget, and what was attained is not known"
	case v.State == slo.Breached || attained < 100:
		c.Verdict = Warning
		if c.Blocks {
			c.Verdict = Fail
		}
		c.Reason = fmt.Sprintf("%s%% attained over %s; a target of 100%% has no budget, nothing may fail",
			down(attained, 100, v.Decimals()), v.Objective.Timeframe)
	default:
		c.Reason = fmt.Sprintf("nothing failed over %s; a target of 100%% has no budget", v.Objective.Timeframe)
	}
	if c.Verdict != Pass {
		c.Do = "release only what mends it; a target below 100% would leave a budget"
	}
	v.doubt(&c, v.Excess, c.Blocks)
	j.settle(j.fixed(c, v, f), v.overrides)
}

// attainment holds what was attained against its bounds, where there are any.
func (j *judge) attainment(v *view, f fixing) {
	block, warn := v.in.Settings.AttainmentBlock, v.in.Settings.AttainmentWarn
	if block.Off && warn.Off {
		return
	}
	c := v.check("attainment", "")
	c.Unit = Percent
	attained, known := number(v.Attainment)
	if !known {
		c.Verdict, c.Blocks, c.From = Undecided, !block.Off, v.in.From["attainment.block"]
		c.Reason = fmt.Sprintf("what was attained over %s is not known", v.Objective.Timeframe)
		c.Do = v.show() + " shows what it measures"
		j.add(c)
		return
	}
	c.Value = slo.Known(attained)
	bound := j.bounded(&c, v, "attainment", block, warn, func(b float64) bool { return attained >= b })
	c.Reason = fmt.Sprintf("%s%% attained over %s; at least %s%% is needed",
		down(attained, bound, v.Decimals()), v.Objective.Timeframe, plain(bound))
	if c.Verdict != Pass {
		if i := slices.Index(j.attainments, bound); i >= 0 {
			j.crossing(&c, v, len(j.levels)+i)
		}
		c.Do = v.remedy(c.Verdict)
	}
	if valid, counted := number(v.Valid); counted && valid > 0 {
		v.doubt(&c, v.Excess, !block.Off && !(attained-hidden*100*v.Excess/valid >= block.Value))
	}
	j.settle(j.fixed(c, v, f), v.overrides)
}

// bounded decides by a bound that blocks and one that warns, of which one may
// be off, and returns the one that decided.
func (j *judge) bounded(c *Check, v *view, rule string, block, warn *Bound, holds func(float64) bool) float64 {
	bound, key := warn.Value, rule+".warn"
	switch {
	case !block.Off && !holds(block.Value):
		c.Verdict, bound, key = Fail, block.Value, rule+".block"
	case !warn.Off && !holds(warn.Value):
		c.Verdict = Warning
	case warn.Off:
		bound, key = block.Value, rule+".block"
	}
	c.Threshold, c.From, c.Blocks = figure(slo.Known(bound)), v.in.From[key], !block.Off
	return bound
}

// remedy is what to do where too little is left.
func (v *view) remedy(verdict Verdict) string {
	if verdict == Fail {
		return "release only what mends it; " + v.show() + " has its queries"
	}
	return v.show() + " has its queries"
}

// crossing says since when and until when, by the crossing that belongs to the bound.
func (j *judge) crossing(c *Check, v *view, i int) {
	if i < 0 || len(v.Crossings) != len(j.levels)+len(j.attainments) {
		return // something else was asked
	}
	x := v.Crossings[i]
	c.Since, c.Until, c.UntilQuiet = x.Fell, x.Recovers, x.RecoversQuiet
}

// fixed turns a fail into a warning for a fix that may pass.
func (j *judge) fixed(c Check, v *view, f fixing) Check {
	if c.Verdict != Fail {
		return c
	}
	switch {
	case f.asked && f.allowed && f.objection == "":
		c.Verdict, c.Without = Warning, Fail
		c.Reason += "; passes as a fix, since it burns below 1"
		if !slices.Contains(j.fixes, v.definition.Name) {
			j.fixes = append(j.fixes, v.definition.Name)
		}
	case f.asked && f.allowed:
		c.Reason += "; " + f.objection
	case f.allowed:
		c.Do += "; a fix may pass with --change fix"
	}
	return c
}

// fixNotes say what came of it that somebody called the change a fix.
func (j *judge) fixNotes() []slo.Note {
	var notes []slo.Note
	if len(j.fixes) > 0 {
		notes = append(notes, slo.Note{Code: "fix_passes", Text: "passes only as a fix (--change fix), since it burns below 1: " + strings.Join(j.fixes, ", ")})
	}
	if len(j.noFixes) > 0 {
		notes = append(notes, slo.Note{Code: "fix_not_allowed", Text: "--change fix changes nothing where the policy does not let fixes pass: " + strings.Join(j.noFixes, ", ")})
	}
	return notes
}

// hidden is how many bad events each good one without a total stands for: one
// that it cancels, and one that may be missing with the total.
const hidden = 2

// doubt leaves a rule undecided that holds, but might not: where there are more
// good than total events in a bucket, the denominator is late or lost there. That
// cancels what was bad elsewhere, and hides what was bad in that bucket.
func (v *view) doubt(c *Check, excess float64, fails bool) {
	if !(excess > 0) || !fails || c.Verdict == Fail || c.Verdict == Undecided {
		return
	}
	c.Verdict, c.Do = Undecided, v.show()+" has its queries; see whether its total has lost points"
	c.Reason += fmt.Sprintf("; but in some buckets there are %s more good than total events, so totals are missing, and with as many failures it would not hold", up(excess, 0, 0))
}

// worstRate is what the burn rate over the last seconds of the window may be, if
// good events that exceed the total ones of their bucket hide failures.
func (v *view) worstRate(seconds int64) slo.Figure {
	part := timeseries.Span{Start: v.Window.End - seconds, End: v.Window.End}
	rate, known := number(v.Recent.BurnRate(v.Objective.Target, part))
	_, events := v.Recent.Counts(part)
	valid, _ := number(events)
	if !known || valid <= 0 {
		return v.Recent.BurnRate(v.Objective.Target, part)
	}
	return slo.Known(rate + hidden*v.Recent.Excess(part)/valid*highest(v.Objective.Target))
}

// burnRate is the burn rate over the last seconds of the window.
func (v *view) burnRate(seconds int64) slo.Figure {
	return v.Recent.BurnRate(v.Objective.Target, timeseries.Span{Start: v.Window.End - seconds, End: v.Window.End})
}
