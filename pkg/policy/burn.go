package policy

import (
	"fmt"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// burn is the rule of Lookbacks[i].
func (j *judge) burn(v *view, i int) {
	set, l := v.in.Settings.Burn[i], Lookbacks[i]
	if set.Level == Off {
		return
	}
	to := v.Window.End
	threshold := Threshold(v.Objective.Timeframe, i)
	if set.Threshold != nil {
		threshold = *set.Threshold
	}
	c := v.check(l.Rule, v.in.From[burnKey(i)])
	c.Window = timeseries.Span{Start: to - l.Long, End: to}
	c.Unit, c.Threshold, c.Blocks = BurnRate, figure(slo.Known(threshold)), set.Level != Warn
	if v.Objective.Target >= slo.Hundred {
		c.Reason = "a target of 100% has no burn rate"
		j.settle(c, v.overrides)
		return
	}
	short := timeseries.Span{Start: to - l.Short, End: to}
	c.Confirm = &Confirm{Window: short, Value: figure(v.burnRate(l.Short))}
	c.Value = figure(v.burnRate(l.Long))
	good, valid := v.Recent.Counts(c.Window)
	j.rate(&c, v, l, good, valid, threshold)
	long, _ := number(v.worstRate(l.Long))
	confirm, confirmed := number(v.worstRate(l.Short))
	v.doubt(&c, v.Recent.Excess(c.Window), c.Blocks && long > threshold && (confirm > threshold || !confirmed))
	if c.Verdict != Pass {
		c.Do = v.show() + " has its queries"
		if c.Verdict == Fail {
			c.Do = "stop what burns, roll back; " + c.Do
		}
	}
	j.settle(c, v.overrides)
}

// rate decides by the burn rates of the long and the short window.
func (j *judge) rate(c *Check, v *view, l Lookback, good, valid slo.Figure, threshold float64) {
	long, short := length(l.Long), length(l.Short)
	rate, known := number(c.Value)
	confirm, confirmed := number(c.Confirm.Value)
	events, counted := number(valid)
	ok, _ := number(good)
	guard := v.in.Settings.LowTraffic
	few := v.Unit != slo.Seconds && counted && events < guard.Events
	switch {
	case !finite(threshold):
		c.Verdict, c.Reason = Undecided, "its threshold is not a number"
	case !counted:
		c.Verdict, c.Reason = Undecided, fmt.Sprintf("what happened in the last %s is not known", long)
	case !known && (events < 0 || events == 0 && ok != 0):
		c.Verdict, c.Reason = Undecided, fmt.Sprintf("the events of the last %s make no sense: %s good of %s", long, plain(ok), plain(events))
	case v.exceedsLately(c.Window), v.exceedsLately(c.Confirm.Window):
		// Points of the denominator that are late, or lost, would cancel what was bad.
		c.Verdict, c.Reason = Undecided, fmt.Sprintf("more good than total events in the last %s or the last %s: some have not arrived, or the two do not count the same thing", long, short)
	case !known:
		c.Reason = fmt.Sprintf("no traffic in the last %s", long)
		if v.Unit == slo.Seconds {
			c.Reason = fmt.Sprintf("no data in the last %s", long)
		}
	case rate > threshold && few && (!confirmed || confirm > threshold):
		c.Reason = fmt.Sprintf("burns at %s over %s, above %s, but over only %s events; below %s the low-traffic guard ",
			up(rate, threshold, 1), long, plain(threshold), down(events, guard.Events, 0), plain(guard.Events))
		if guard.Level == Off {
			c.Reason += "lets it pass"
			break
		}
		c.Verdict = Warning
		c.Reason += "makes it a warning"
		j.since(c, v, l, threshold)
	case rate > threshold && !confirmed:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("burns at %s over %s, above %s, and the last %s had no traffic, so that cannot be confirmed",
			up(rate, threshold, 1), long, plain(threshold), short)
	case rate > threshold && confirm > threshold:
		c.Verdict = Fail
		if !c.Blocks {
			c.Verdict = Warning
		}
		c.Reason = fmt.Sprintf("burns at %s over %s and at %s over the last %s, both above %s: %s%% of the %s budget is gone each hour",
			up(rate, threshold, 1), long, up(confirm, threshold, 1), short, plain(threshold),
			up(rate*3600*100/float64(v.Objective.Timeframe), 0, 1), v.Objective.Timeframe)
		j.since(c, v, l, threshold)
	case highest(v.Objective.Target) <= threshold:
		c.Reason = fmt.Sprintf("can never fire: with a target of %s%% no burn rate is above %s, the threshold is %s",
			v.Objective.Target, up(highest(v.Objective.Target), threshold, 1), plain(threshold))
	case confirmed:
		c.Reason = fmt.Sprintf("burns at %s over %s and at %s over the last %s; not both above %s",
			up(rate, threshold, 1), long, up(confirm, threshold, 1), short, plain(threshold))
	default:
		c.Reason = fmt.Sprintf("burns at %s over %s, not above %s", up(rate, threshold, 1), long, plain(threshold))
	}
}

// exceedsLately reports whether more was good than there was in a part of the recent events.
func (v *view) exceedsLately(part timeseries.Span) bool {
	return exceeds(v.Recent.Counts(part))
}

// highest is the burn rate at which everything is bad.
func highest(t slo.Target) float64 { return float64(slo.Hundred) / float64(t.Allowed()) }

// since says from when on the rule has been firing, as far back as the recent
// events tell, and when what is bad now will have left the short window.
func (j *judge) since(c *Check, v *view, l Lookback, threshold float64) {
	fires := func(t int64) (firing, known bool) {
		long := timeseries.Span{Start: t - l.Long, End: t}
		if !v.Recent.Span().Covers(long) {
			return false, false
		}
		above := func(part timeseries.Span) bool {
			rate, ok := number(v.Recent.BurnRate(v.Objective.Target, part))
			return ok && rate > threshold
		}
		return above(long) && above(timeseries.Span{Start: t - l.Short, End: t}), true
	}
	to := v.Window.End
	if firing, _ := fires(to); !firing {
		return
	}
	c.UntilQuiet = to + l.Short
	first := to
	for {
		firing, known := fires(first - slo.BucketSeconds)
		if !firing {
			c.SinceBefore = !known
			break
		}
		first -= slo.BucketSeconds
	}
	c.Since = timeseries.Span{Start: first - slo.BucketSeconds, End: first}
}
