package config

import (
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/policy"
)

func readCalendars(n *node) ([]policy.Calendar, error) {
	entries, err := n.mapping("calendars")
	switch {
	case err != nil:
		return nil, err
	case len(entries) == 0:
		return nil, n.fail(nil, "calendars: nothing in it: want names, each with a time_zone and freezes")
	case len(entries) > maxEntries:
		return nil, n.fail(nil, "calendars: %d entries, want at most %d", len(entries), maxEntries)
	}
	if err := n.tooMany("calendars"); err != nil {
		return nil, err
	}
	var all []policy.Calendar
	for _, e := range entries {
		if strings.TrimSpace(e.key) == "" {
			return nil, e.fail(nil, "calendars: this one has an empty name")
		}
		c, err := readCalendar(e.value)
		if err != nil {
			return nil, err
		}
		c.Name, c.Place = e.key, e.at.place()
		all = append(all, c)
	}
	return all, nil
}

func readCalendar(n *node) (policy.Calendar, error) {
	var c policy.Calendar
	var freezes *node
	err := n.read("a calendar",
		field{"time_zone", to(&c.Zone, readZone)},
		// Which instants they are is known when the zone is.
		field{"freezes", func(v *node, _ string) error { freezes = v; return nil }},
	)
	if err == nil {
		err = n.require("this calendar", "time_zone", "freezes")
	}
	if err != nil {
		return policy.Calendar{}, err
	}
	_, err = listOf(func(item *node, _ string) (struct{}, error) {
		return struct{}{}, readClosed(item, &c)
	})(freezes, "freezes")
	return c, err
}

// readClosed reads one freeze of a calendar: days of the week, or from one
// date to another.
func readClosed(n *node, c *policy.Calendar) error {
	var reason string
	var days []time.Weekday
	var from, until *node
	keep := func(at **node) func(*node, string) error {
		return func(v *node, _ string) error { *at = v; return nil }
	}
	err := n.read("a freeze",
		field{"from", keep(&from)},
		field{"to", keep(&until)},
		field{"weekly", to(&days, oneOrMore(readDay))},
		field{"reason", to(&reason, readText)},
	)
	if err == nil {
		err = n.require("this freeze", "reason")
	}
	if err != nil {
		return err
	}
	if n.get("weekly") != nil {
		w := policy.Weekly{Days: distinct(days), Reason: reason, Place: n.place()}
		if w.From, w.To, err = readHours(from, until, w.Days); err == nil {
			c.Weekly = append(c.Weekly, w)
		}
		return err
	}
	if err := n.require("this freeze", "from", "to"); err != nil {
		return err
	}
	d := policy.Dated{Reason: reason, Place: n.place()}
	var latest time.Time
	if d.From, _, err = readMoment(from, "from", c.Zone); err != nil {
		return err
	}
	if _, latest, err = readMoment(until, "to", c.Zone); err != nil {
		return err
	}
	if d.To = latest; !d.To.After(d.From) {
		return until.fail([]string{"to is the first instant at which releases go out again"}, "to %s: not after from %s", until.quoted(), from.quoted())
	}
	c.Dated = append(c.Dated, d)
	return nil
}

// distinct are the days in the order of the week, each once.
func distinct(days []time.Weekday) []time.Weekday {
	slices.Sort(days)
	return slices.Compact(days)
}

// dayNames are in the order of [time.Weekday].
func dayNames() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func readDay(n *node, key string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if n.kind == stringKind && (n.text == dayNames()[d] || n.text == strings.ToLower(d.String())) {
			return d, nil
		}
	}
	names := append(dayNames()[1:], "sun")
	hints := n.meant(names)
	for _, name := range names {
		if strings.HasPrefix(strings.ToLower(n.text), name) {
			hints = []string{"did you mean " + name + "?"}
		}
	}
	return 0, n.wrong(key, alternatives(names), hints...)
}

// readHours reads the hours of a weekly freeze; without any it is whole days.
func readHours(from, until *node, days []time.Weekday) (int, int, error) {
	first, last := 0, 24*60
	var err error
	if from != nil {
		if first, err = readClock(from, "from"); err != nil {
			return 0, 0, err
		}
	}
	if until != nil {
		if last, err = readClock(until, "to"); err != nil {
			return 0, 0, err
		}
	}
	switch {
	case first == 24*60:
		return 0, 0, from.fail([]string{`the day begins at "00:00"`}, "from %s: no time is left of the day", from.quoted())
	case first < last:
		return first, last, nil
	case last == 0:
		return 0, 0, until.fail([]string{`did you mean "24:00"?`}, "to %s: not after from", until.quoted())
	}
	name := func(shift time.Weekday) string {
		var names []string
		for _, d := range days {
			names = append(names, dayNames()[(d+shift)%7])
		}
		return "[" + strings.Join(names, ", ") + "]"
	}
	return 0, 0, until.fail([]string{
		"a freeze over midnight is two: {weekly: " + name(0) + ", from: " + from.quoted() + `, to: "24:00"} and {weekly: ` + name(1) + `, from: "00:00", to: ` + until.quoted() + "}",
	}, "to %s: not after from %s", until.quoted(), from.quoted())
}
