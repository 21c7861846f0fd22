package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// syntheticsType is the type of a synthetic test's monitor on the wire.
const syntheticsType = "synthetics alert"

func (c *construction) monitor(path string, f fileMonitor) {
	if f.ID <= 0 {
		c.fail(path+".id", "id %d is not a positive number", f.ID)
	}
	if slices.ContainsFunc(c.world.Monitors, func(m Monitor) bool { return m.ID == f.ID }) {
		c.fail(path+".id", "two monitors have the id %d", f.ID)
	}
	c.need(path, f.Name, "name")
	m := Monitor{
		ID: f.ID, Name: f.Name, Type: cmp.Or(f.Type, "query alert"), Query: f.Query, Options: f.Options, Test: f.Test,
		Tags: append([]string{}, f.Tags...), NoResults: f.NoResults, Deleted: f.Deleted,
	}
	if m.Options == nil {
		m.Options = map[string]any{}
	}
	if _, err := json.Marshal(m.Options); err != nil {
		c.fail(path+".options", "the options cannot be written as JSON: %v", err)
	}
	synthetic := m.Type == syntheticsType
	if synthetic != (m.Test != "") {
		c.fail(path+".test", "a monitor has the type %s and the test behind it, or neither", syntheticsType)
	}
	m.Phase = int64(c.duration(path+".phase", f.Phase, 0).Seconds())
	if m.Phase >= 60 {
		c.fail(path+".phase", "phase %s is not less than a minute", f.Phase)
	}
	m.Own = c.track(path, m.Phase, f.From, f.Down, f.NoData)
	if !synthetic && len(f.Groups) > 0 && len(f.Down)+len(f.NoData) > 0 {
		c.fail(path, "down and no_data belong to the groups of a monitor; only a synthetic test has both")
	}
	for i, g := range f.Groups {
		at := fmt.Sprintf("%s.groups[%d]", path, i)
		c.need(at, g.Name, "name")
		if slices.ContainsFunc(m.Groups, func(o MonitorGroup) bool { return o.Name == g.Name }) {
			c.fail(at+".name", "two groups are named %q", g.Name)
		}
		m.Groups = append(m.Groups, MonitorGroup{Name: g.Name, Track: c.track(at, m.Phase, cmp.Or(g.From, f.From), g.Down, g.NoData)})
	}
	if m.NoResults && len(f.Groups)+len(f.Down)+len(f.NoData) > 0 {
		c.fail(path+".no_results", "a monitor without results has neither groups nor states")
	}
	m.Created = c.instant(path+".created", f.Created, c.world.Now.Add(-120*24*time.Hour))
	if f.Created == "" && m.Own.From != 0 {
		m.Created = time.Unix(m.Own.From, 0).UTC()
	}
	m.Modified = c.instant(path+".modified", f.Modified, m.Created)
	if m.Modified.Before(m.Created) {
		c.fail(path+".modified", "modified is before created")
	}
	c.world.Monitors = append(c.world.Monitors, m)
}

// track reads the states of a monitor or group. They change when it is
// evaluated: so long after the full minute as its phase says.
func (c *construction) track(path string, phase int64, from string, down, silent []fileInterval) Track {
	var t Track
	if from != "" {
		t.From = c.evaluated(path+".from", phase, from)
	}
	t.Down = c.intervals(path+".down", phase, down)
	t.Silent = c.intervals(path+".no_data", phase, silent)
	all := slices.Concat(t.Down, t.Silent)
	slices.SortFunc(all, func(a, b Interval) int { return cmp.Compare(a.From, b.From) })
	for i, s := range all {
		if s.From < t.From {
			c.fail(path+".from", "it is down or without data before it came to be")
		}
		if i > 0 && s.From < all[i-1].To {
			c.fail(path, "it is down and without data at the same time, at %s", time.Unix(s.From, 0).UTC().Format(time.RFC3339))
		}
	}
	return t
}

func (c *construction) intervals(path string, phase int64, list []fileInterval) []Interval {
	var all []Interval
	for i, f := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.need(at, f.From, "from")
		s := Interval{From: c.evaluated(at+".from", phase, f.From), To: c.world.Now.Add(Lookahead).Unix() + phase}
		switch {
		case f.For != "" && f.To != "":
			c.fail(at, "give for or to, not both")
		case f.For != "":
			length := c.duration(at+".for", f.For, 0)
			if length%time.Minute != 0 {
				c.fail(at+".for", "%q is not a whole number of minutes: a monitor is evaluated once a minute", f.For)
			}
			s.To = s.From + int64(length.Seconds())
		case f.To != "":
			s.To = c.evaluated(at+".to", phase, f.To)
		}
		if s.To <= s.From {
			c.fail(at, "the interval ends before it begins")
		}
		if i > 0 && s.From <= all[i-1].To {
			c.fail(at+".from", "the intervals are not in order of time, with time between them")
		}
		all = append(all, s)
	}
	return all
}

// evaluated is the instant at which a monitor is evaluated in a written minute.
func (c *construction) evaluated(path string, phase int64, text string) int64 {
	t := c.instant(path, text, c.world.Now)
	if t.Second() != 0 {
		c.fail(path, "%s is not a full minute (the monitor's phase is added to it)", text)
	}
	if t.Unix() <= 0 {
		c.fail(path, "%s is before 1970", text)
	}
	return t.Unix() + phase
}
