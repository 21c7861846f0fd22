package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// expect counts the selected objectives: all of them, and those of each section that says how many there are.
func (j *judge) expect(subjects []Subject) {
	least, from := 1, byDefault
	for _, s := range j.policy.Sections {
		if s.Match.everything() && s.Expect > least {
			least, from = s.Expect, s.who()
		}
	}
	if j.request.Expect > least {
		least, from = j.request.Expect, byCommandLine
	}
	j.count(least, distinct(subjects, matcher{}), from, "")
	for i, s := range j.policy.Sections {
		if !s.Match.everything() && s.Expect > 0 {
			j.count(s.Expect, distinct(subjects, j.matchers[i]), s.who(), " that the section matches")
		}
	}
}

// distinct is how many different objectives the matcher picks.
func distinct(subjects []Subject, m matcher) int {
	seen := map[string]bool{}
	for _, s := range subjects {
		if m.picks(s.Definition) {
			seen[key(s.Definition)] = true
		}
	}
	return len(seen)
}

func (j *judge) count(least, n int, from, which string) {
	c := Check{Rule: "expect", Verdict: Pass, Unit: SLOs, From: from, Blocks: true,
		Value: slo.Known(float64(n)), Threshold: slo.Known(float64(least))}
	c.Reason = fmt.Sprintf("%d selected%s, at least %d expected", n, which, least)
	if n == 0 {
		c.Reason = fmt.Sprintf("no SLO was selected%s, at least %d expected", which, least)
	}
	if n < least {
		c.Verdict = Undecided
		c.Do = "slo list shows which SLOs there are; check the names and filters that were given"
	}
	j.add(c)
}

// require looks for objectives that have to be among the selected ones.
func (j *judge) require(subjects []Subject) {
	selected := map[string]bool{}
	for _, s := range subjects {
		selected[key(s.Definition)] = true
	}
	for _, s := range j.policy.Sections {
		for _, name := range s.Require {
			j.required(name, s.who(), selected)
		}
	}
}

func (j *judge) required(name Name, from string, selected map[string]bool) {
	exist := map[string]bool{}
	n := 0
	hits := slo.Named(name.Text, j.request.Listed)
	theirs := func(i int) bool { return j.request.Listed[i].Source == slo.FromDatadog }
	if slices.ContainsFunc(hits, theirs) {
		// A file of the change itself must not stand in for what Datadog has by that name.
		hits = slices.DeleteFunc(hits, func(i int) bool { return !theirs(i) })
	}
	for _, i := range hits {
		k := key(j.request.Listed[i])
		if selected[k] && !exist[k] {
			n++
		}
		exist[k] = true
	}
	c := Check{Rule: "require", Verdict: Pass, Unit: SLOs, From: from, Blocks: true,
		Value: slo.Known(float64(n)), Threshold: slo.Known(1)}
	switch {
	case n > 0:
		c.Reason = fmt.Sprintf("%q is among the selected SLOs", name.Text)
	case len(exist) > 0:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("%q has to be there, exists, and is not among the selected SLOs", name.Text)
		c.Do = "select it as well, or take it out of the policy"
	default:
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("%q has to be there, and no SLO has that id or name", name.Text)
		c.Do = "slo list shows which SLOs there are; create it, or take it out of the policy"
		if j.request.Nearest != nil {
			if near := j.request.Nearest(name.Text); len(near) > 0 {
				c.Reason += fmt.Sprintf("; nearest: %s", strings.Join(near, ", "))
			}
		}
	}
	j.add(c)
}

// concern is a calendar that has to be heeded.
type concern struct {
	name, from string
	level      Level
	// covers are the overrides of freezes for each objective that is concerned.
	covers [][]*Override
}

// freezes looks at every calendar that concerns a selected objective. Which
// level it has for one is what the last section says that names it.
func (j *judge) freezes(subjects []Subject) {
	if len(subjects) == 0 {
		subjects = []Subject{{}} // what holds for every objective holds for whichever it is
	}
	var all []*concern
	for _, s := range subjects {
		mine := map[string]Freeze{}
		by := map[string]string{}
		var order []string
		for i, section := range j.policy.Sections {
			if !j.matchers[i].picks(s.Definition) {
				continue
			}
			for _, f := range section.Freezes {
				if _, twice := mine[f.Calendar]; !twice {
					order = append(order, f.Calendar)
				}
				mine[f.Calendar], by[f.Calendar] = f, section.who()
			}
		}
		for _, name := range order {
			level := Block
			if mine[name].Level == Warn {
				level = Warn
			}
			i := slices.IndexFunc(all, func(c *concern) bool { return c.name == name })
			if i < 0 {
				i = len(all)
				all = append(all, &concern{name: name, level: level, from: by[name]})
			}
			if c := all[i]; level == Block {
				if c.level == Warn {
					c.level, c.from = Block, by[name]
				}
				c.covers = append(c.covers, j.overrides(s.Definition))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *concern) int { return j.rank(a.name) - j.rank(b.name) })
	for _, c := range all {
		j.freeze(c)
	}
}

// rank is the place of a calendar among all, so that the order of objectives does not show.
func (j *judge) rank(name string) int {
	return slices.IndexFunc(j.policy.Calendars, func(c Calendar) bool { return c.Name == name })
}

func (j *judge) freeze(of *concern) {
	c := Check{Rule: "freeze", Verdict: Pass, From: of.from, Blocks: of.level == Block}
	i := j.rank(of.name)
	if i < 0 {
		c.Verdict = Undecided
		c.Reason = fmt.Sprintf("there is no calendar %q", of.name)
		c.Do = "slo gate --check-policy says what is wrong with the policy"
		j.add(c)
		return
	}
	calendar, at := j.policy.Calendars[i], j.request.At
	whole, closed := calendar.chain(at)
	if !closed {
		c.Reason = fmt.Sprintf("calendar %q is open, and no freeze is to come", of.name)
		if next := calendar.next(at); !next.IsZero() {
			c.Reason = fmt.Sprintf("calendar %q is open; the next freeze begins %s", of.name, clock(next, calendar.zone()))
		}
		j.add(c)
		return
	}
	c.Verdict = Fail
	if of.level == Warn {
		c.Verdict = Warning
	}
	until := "for more than a year"
	c.Do = "ask whoever keeps the calendar for an override with a reason and an expiry"
	if !whole.to.IsZero() {
		c.Until, c.UntilQuiet = whole.to.Unix(), whole.to.Unix()
		until = "until " + clock(whole.to, calendar.zone())
		c.Do = "wait until then, or " + c.Do
	}
	c.Reason = fmt.Sprintf("calendar %q is closed %s", of.name, until)
	if whole.reason != "" {
		c.Reason += ": " + whole.reason
	}
	if whole.from.IsZero() {
		c.SinceBefore = true
	} else {
		c.Since = timeseries.Span{Start: whole.from.Unix(), End: whole.from.Unix() + 1}
		if !whole.to.IsZero() {
			c.Window = timeseries.Between(whole.from, whole.to)
		}
	}
	j.settle(c, of.common())
}

// common is an override of the freeze for each objective that is concerned, or
// nothing: one objective whose owner agrees does not speak for the others.
func (c *concern) common() []*Override {
	var first []*Override
	for _, overrides := range c.covers {
		i := slices.IndexFunc(overrides, func(o *Override) bool { return slices.Contains(o.Rules, "freeze") })
		if i < 0 {
			return nil
		}
		if first == nil {
			first = overrides[i : i+1]
		}
	}
	return first
}
