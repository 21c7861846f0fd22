package judge

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// rule is the event rule in points of one step.
type rule struct {
	// merge: flags or labels closer than this are one episode.
	merge int
	// early and late are tolerated before an event's start and after its end.
	early, late int
	// tail is free after an alarm that began inside an event.
	tail int
	// bill is one false alarm for each started so many points.
	bill int
}

func ruleAt(step int64) rule {
	points := func(seconds int64) int { return int(timeseries.Ceil(seconds, step) / step) }
	return rule{
		merge: max(3, points(30*minute)),
		early: 3, late: max(3, points(15*minute)),
		tail: points(30 * minute),
		bill: max(12, points(hour)),
	}
}

// stretch is points first … last−1.
type stretch struct{ first, last int }

// window is an event in points, with what is tolerated around it.
type window struct {
	// at is the event itself, all what counts as finding it, and around where flags are not billed.
	at, all, around stretch
}

// Sighting is what became of one event.
type Sighting struct {
	Event Event
	Found bool
	// Delay is how many points after the event's first one the first flag came, 0 for earlier ones.
	Delay int
	// Findings are how many findings touch it, where findings are judged.
	Findings int
}

// Outcome is what one detector made of one case.
type Outcome struct {
	Sightings []Sighting
	// False are the billed false alarms.
	False int
	// Findings is how many findings there were, Stray how many of them touch no event.
	Findings, Stray int
	Weeks           float64
	// VUS is NaN without scores or events.
	VUS float64
}

// windows are the events that begin in the second half, merged where they are closer than the rule says.
func (r rule) windows(c *Case) ([]window, []Event) {
	events := slices.Clone(c.Events)
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var out []window
	var kept []Event
	n := len(c.Series.Values)
	for _, e := range events {
		at := stretch{
			int((timeseries.Floor(e.Span.Start, c.Series.Step) - c.Series.Start) / c.Series.Step),
			int((timeseries.Ceil(e.Span.End, c.Series.Step) - c.Series.Start) / c.Series.Step),
		}
		at.last = min(at.last, n)
		if at.first < c.Half() || at.first >= at.last {
			continue
		}
		if k := len(out) - 1; k >= 0 && at.first-(out[k].at.last-1) < r.merge {
			at = stretch{out[k].at.first, max(at.last, out[k].at.last)}
			e = kept[k]
			out, kept = out[:k], kept[:k]
		}
		w := window{at: at, around: stretch{at.first - r.early, at.last + r.late}}
		w.all = w.around
		if e.Until > 0 {
			w.all.last = min(w.all.last, int((timeseries.Ceil(e.Until, c.Series.Step)-c.Series.Start)/c.Series.Step)+r.late)
		}
		out, kept = append(out, w), append(kept, e)
	}
	return out, kept
}

// Judge holds flags, one a point, against the events of a case.
func Judge(c *Case, flags []bool) Outcome {
	r := ruleAt(c.Series.Step)
	windows, events := r.windows(c)
	out := Outcome{Weeks: c.Weeks()}
	for i, w := range windows {
		s := Sighting{Event: events[i]}
		for p := max(c.Half(), w.all.first); p < min(w.all.last, len(flags)); p++ {
			if flags[p] {
				s.Found, s.Delay = true, max(0, p-w.at.first)
				break
			}
		}
		out.Sightings = append(out.Sightings, s)
	}
	for _, e := range r.episodes(flags, c.Half()) {
		out.False += r.billed(e, windows)
	}
	return out
}

// episodes are the flags from a point on, merged.
func (r rule) episodes(flags []bool, from int) []stretch {
	var out []stretch
	for p := from; p < len(flags); p++ {
		if !flags[p] {
			continue
		}
		if k := len(out) - 1; k >= 0 && p-(out[k].last-1) < r.merge {
			out[k].last = p + 1
		} else {
			out = append(out, stretch{p, p + 1})
		}
	}
	return out
}

// billed is how many false alarms an episode costs: what of it lies outside of
// every window, each piece by started hours.
func (r rule) billed(e stretch, windows []window) int {
	inside := slices.ContainsFunc(windows, func(w window) bool {
		return e.first >= w.around.first && e.first < w.around.last
	})
	bill := 0
	charge := func(from, to int) {
		if inside {
			from += r.tail
		}
		if to > from {
			bill += (to - from + r.bill - 1) / r.bill
		}
	}
	at := e.first
	for _, w := range windows {
		if w.around.last <= at || w.around.first >= e.last {
			continue
		}
		charge(at, w.around.first)
		at = max(at, w.around.last)
	}
	charge(at, e.last)
	return bill
}
