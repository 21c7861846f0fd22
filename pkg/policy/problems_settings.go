package policy

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// settings finds thresholds that make no sense by themselves or beside each other.
// place is where a key stands.
func (f *finder) settings(place func(key string) string, who string, s Settings) {
	say := func(key, hint, format string, args ...any) {
		f.add(place(key), who+": "+fmt.Sprintf(format, args...), hint)
	}
	for _, b := range []struct {
		key   string
		bound *Bound
	}{{"budget.block", s.BudgetBlock}, {"budget.warn", s.BudgetWarn}} {
		if b.bound != nil && !b.bound.Off && !(b.bound.Value < 100 && finite(b.bound.Value)) {
			say(b.key, "more than that percentage has to be left, and no more than 100% ever is", "%s %s can never hold", b.key, number64(b.bound.Value))
		}
	}
	for _, b := range []struct {
		key   string
		bound *Bound
	}{{"attainment.block", s.AttainmentBlock}, {"attainment.warn", s.AttainmentWarn}} {
		if b.bound != nil && !b.bound.Off && !(b.bound.Value > 0 && b.bound.Value <= 100) {
			say(b.key, "an attainment is a percentage above 0 and up to 100", "%s %s is not an attainment", b.key, number64(b.bound.Value))
		}
	}
	f.order(place, who, "budget", s.BudgetBlock, s.BudgetWarn)
	f.order(place, who, "attainment", s.AttainmentBlock, s.AttainmentWarn)
	for i, b := range s.Burn {
		if b.Level != "" && b.Level != Off && b.Level != Warn && b.Level != Block {
			say(burnKey(i), "allowed are off, warn and block", "%s has the level %q", burnKey(i), b.Level)
		}
		if b.Threshold != nil && (!finite(*b.Threshold) || *b.Threshold <= 0) {
			say(burnKey(i), "a burn rate of 1 spends exactly the budget over the timeframe", "the threshold %s of %s is not above 0", number64(*b.Threshold), burnKey(i))
		}
	}
	if v := s.MinEvents; v != nil && (!finite(*v) || *v < 0) {
		say("min_events", "0 asks for none", "min_events %s is not a number of events", number64(*v))
	}
	if v := s.MinCoverage; v != nil && !(*v >= 0 && *v <= 1) {
		say("min_coverage", "write 0.9 or 90%", "min_coverage %s is not a share from 0 to 1", number64(*v))
	}
	if v := s.MaxAge; v != nil && *v <= 0 {
		say("max_age", "write a length such as 1h", "max_age %s: nothing is as fresh as that", *v)
	}
	if g := s.LowTraffic; g != nil {
		if !finite(g.Events) || g.Events < 0 {
			say("low_traffic", "0 turns the guard off", "low_traffic of %s events is not a number of events", number64(g.Events))
		}
		if g.Level != Warn && g.Level != Off {
			say("low_traffic", "allowed are warn and off", "low_traffic has the level %q", g.Level)
		}
	}
}

// order finds a bound that warns only after the other has blocked.
func (f *finder) order(place func(string) string, who, rule string, block, warn *Bound) {
	if block != nil && warn != nil && !block.Off && !warn.Off && warn.Value <= block.Value {
		f.add(place(rule+".warn"), fmt.Sprintf("%s: %s.warn %s can never warn, since %s.block %s blocks before",
			who, rule, number64(warn.Value), rule, number64(block.Value)), "a warning comes first where warn is above block")
	}
}

// number64 writes any float, also one that is none.
func number64(v float64) string {
	switch {
	case math.IsNaN(v):
		return "NaN"
	case math.IsInf(v, 0):
		return "infinity"
	}
	return plain(v)
}

// calendar finds freezes that never occur and those that say the same twice.
func (f *finder) calendar(c Calendar) {
	if c.Zone == nil {
		f.add(c.Place, fmt.Sprintf("calendar %q has no time zone", c.Name), "write time_zone: UTC, or a name such as Europe/Berlin")
	}
	for i, d := range c.Dated {
		if !d.From.Before(d.To) {
			f.add(d.Place, fmt.Sprintf("a freeze of calendar %q does not begin before it ends", c.Name), "to: is the first moment after the freeze")
			continue
		}
		for _, e := range c.Dated[:i] {
			if e.From.Before(e.To) && d.From.Before(e.To) && e.From.Before(d.To) {
				f.add(d.Place, fmt.Sprintf("two freezes of calendar %q overlap: this one and the one%s, both from %s to %s",
					c.Name, orBefore(e.Place), clock(later(d.From, e.From), c.zone()), clock(earlier(d.To, e.To), c.zone())),
					"let one end where the other begins: to: is exclusive")
				break
			}
		}
	}
	for i, w := range c.Weekly {
		f.weekly(c, w)
		for _, e := range c.Weekly[:i] {
			from, to := max(w.From, e.From), min(w.To, e.To)
			k := slices.IndexFunc(w.Days, func(d time.Weekday) bool { return slices.Contains(e.Days, d) })
			if from < to && w.From < w.To && e.From < e.To && k >= 0 {
				f.add(w.Place, fmt.Sprintf("two weekly freezes of calendar %q overlap: this one and the one%s, both on %s from %s to %s",
					c.Name, orBefore(e.Place), w.Days[k], minutes(from), minutes(to)), "let one end where the other begins")
				break
			}
		}
	}
}

// weekly finds what is wrong with one weekly freeze.
func (f *finder) weekly(c Calendar, w Weekly) {
	if len(w.Days) == 0 {
		f.add(w.Place, fmt.Sprintf("a weekly freeze of calendar %q has no day", c.Name), "weekly: is a list of days such as [sat, sun]")
	}
	for i, d := range w.Days {
		if d < time.Sunday || d > time.Saturday {
			f.add(w.Place, fmt.Sprintf("a weekly freeze of calendar %q is on a day that no week has", c.Name), "weekly: is a list of days such as [sat, sun]")
		} else if slices.Contains(w.Days[:i], d) {
			f.add(w.Place, fmt.Sprintf("a weekly freeze of calendar %q names %s twice", c.Name, d), "name every day once")
		}
	}
	switch {
	case w.From < 0 || w.To > 24*60:
		f.add(w.Place, fmt.Sprintf("a weekly freeze of calendar %q leaves its day", c.Name), `a day goes from "00:00" to "24:00"`)
	case w.From >= w.To:
		f.add(w.Place, fmt.Sprintf("a weekly freeze of calendar %q does not begin before it ends", c.Name),
			`one over midnight is two: to "24:00", and from "00:00" on the next day`)
	}
}

// orBefore names the place of an earlier freeze.
func orBefore(place string) string {
	if place == "" {
		return " before it"
	}
	return where(place)
}

func minutes(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
