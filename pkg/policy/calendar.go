package policy

import (
	"slices"
	"time"
)

// horizon is how far ahead of an instant the end of a freeze is looked for, and how far back its begin.
const horizon = 400 * 24 * time.Hour

// recurs is a stretch in which a weekly freeze occurs even where a change of
// the clock swallows one occurrence.
const recurs = 15 * 24 * time.Hour

// closing is an occurrence of a freeze that contains an instant, or a part of one.
type closing struct {
	from, to time.Time
	reason   string
}

func (c Calendar) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// at are the occurrences that contain the instant. Weekly ones go by the clock
// on the wall: where that is set back, 02:00 to 03:00 occurs twice, and a part
// ends where the clock is changed.
func (c Calendar) at(t time.Time) []closing {
	var all []closing
	for _, d := range c.Dated {
		if !t.Before(d.From) && t.Before(d.To) {
			all = append(all, closing{d.From, d.To, d.Reason})
		}
	}
	local := t.In(c.zone())
	changed, changes := local.ZoneBounds()
	midnight := startOfDay(local)
	for _, w := range c.Weekly {
		if !slices.Contains(w.Days, local.Weekday()) {
			continue
		}
		from, to := midnight.Add(time.Duration(w.From)*time.Minute), midnight.Add(time.Duration(w.To)*time.Minute)
		if local.Before(from) || !local.Before(to) {
			continue
		}
		if !changed.IsZero() && from.Before(changed) {
			from = changed
		}
		if !changes.IsZero() && to.After(changes) {
			to = changes
		}
		all = append(all, closing{from, to, w.Reason})
	}
	return all
}

// startOfDay is where midnight would lie if the clock had not been changed since.
func startOfDay(local time.Time) time.Time {
	h, m, s := local.Clock()
	return local.Add(-time.Duration(h)*time.Hour - time.Duration(m)*time.Minute -
		time.Duration(s)*time.Second - time.Duration(local.Nanosecond()))
}

// chain is the whole stretch around the instant in which no moment is open,
// with the reason of the freeze at the instant; false while the calendar is
// open. An end that is not within the horizon is the zero time.
func (c Calendar) chain(t time.Time) (whole closing, closed bool) {
	now := c.at(t)
	if len(now) == 0 {
		return closing{}, false
	}
	whole = closing{from: t, to: t, reason: now[0].reason}
	for parts := now; len(parts) > 0; parts = c.at(whole.to) {
		for _, p := range parts {
			if p.to.After(whole.to) {
				whole.to = p.to
			}
		}
		if whole.to.Sub(t) > horizon {
			whole.to = time.Time{}
			break
		}
	}
	for parts := now; len(parts) > 0; parts = c.at(whole.from.Add(-1)) {
		for _, p := range parts {
			if p.from.Before(whole.from) {
				whole.from = p.from
			}
		}
		if t.Sub(whole.from) > horizon {
			whole.from = time.Time{}
			break
		}
	}
	return whole, true
}

// next is when the next freeze begins after an instant at which the calendar is
// open; the zero time when none does.
func (c Calendar) next(t time.Time) time.Time {
	var first time.Time
	begins := func(at time.Time) {
		if at.After(t) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for _, d := range c.Dated {
		if d.From.Before(d.To) {
			begins(d.From)
		}
	}
	if len(c.Weekly) == 0 {
		return first
	}
	// In a stretch without a change of the clock days have 24 hours.
	for from := t.In(c.zone()); from.Sub(t) < recurs; {
		_, changes := from.ZoneBounds()
		midnight := startOfDay(from)
		day := from.Weekday()
		for i := range 16 {
			start := midnight.Add(time.Duration(i) * 24 * time.Hour)
			for _, w := range c.Weekly {
				at := start.Add(time.Duration(w.From) * time.Minute)
				here := !at.Before(from) && (changes.IsZero() || at.Before(changes))
				if here && w.From < w.To && slices.Contains(w.Days, (day+time.Weekday(i))%7) {
					begins(at)
				}
			}
		}
		if changes.IsZero() {
			break
		}
		// A change of the clock may lead into the middle of a freeze.
		if len(c.at(changes)) > 0 {
			begins(changes)
		}
		from = changes.In(c.zone())
	}
	return first
}
