package config

import (
	"regexp"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/spelling"
)

var (
	momentPattern = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?)?$`)
	datePattern   = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}`)
)

// readMoment reads a date, which is its midnight, or a date with a time, on
// the clock of the zone. A time that the clock skips or shows twice is two
// instants, the earliest and the latest that can be meant.
func readMoment(n *node, key string, zone *time.Location) (earliest, latest time.Time, err error) {
	const want = "a date such as 2026-12-24 or a time such as 2026-12-24T18:00"
	if n.kind != stringKind || !momentPattern.MatchString(n.text) {
		var hints []string
		if n.kind == stringKind && clockPattern.MatchString(n.text) {
			hints = []string{"a freeze on certain days of the week begins with weekly: [fri]"}
		}
		return earliest, latest, n.wrong(key, want, hints...)
	}
	text := strings.Replace(n.text, " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, t, nil
		}
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			earliest, latest = onClock(t, zone)
			return earliest, latest, nil
		}
	}
	return earliest, latest, n.wrong(key, want, "there is no such day or time")
}

// onClock are the first and the last instant at which a clock in the zone
// shows what a clock in UTC shows at t. Where it skips that, they are what it
// would be by the clock before and after the skip.
func onClock(t time.Time, zone *time.Location) (earliest, latest time.Time) {
	near := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
	start, end := near.ZoneBounds()
	const nearby = 48 * time.Hour // no clock was ever set by more than a day
	candidates := []time.Time{near}
	if !start.IsZero() && near.Sub(start) < nearby {
		candidates = append(candidates, start.Add(-time.Second))
	}
	if !end.IsZero() && end.Sub(near) < nearby {
		candidates = append(candidates, end)
	}
	shown, all := []time.Time{}, []time.Time{}
	for _, c := range candidates {
		_, offset := c.Zone()
		at := t.Add(-time.Duration(offset) * time.Second).In(zone)
		all = append(all, at)
		if _, o := at.Zone(); o == offset {
			shown = append(shown, at)
		}
	}
	if len(shown) == 0 {
		shown = all
	}
	earliest, latest = shown[0], shown[0]
	for _, at := range shown {
		if at.Before(earliest) {
			earliest = at
		}
		if at.After(latest) {
			latest = at
		}
	}
	return earliest, latest
}

// readExpiry reads when an override ends: a date is over as soon as it begins
// in UTC, for nobody must rely on an override that has ended.
func readExpiry(n *node, key string) (time.Time, error) {
	t, _, err := readMoment(n, key, time.UTC)
	return t, err
}

// readClock reads a time of the day in minutes.
func readClock(n *node, key string) (int, error) {
	const want = `a time of the day from "00:00" to "24:00", such as "16:00"`
	t, err := time.Parse("15:04", n.text)
	switch {
	case n.kind == stringKind && n.text == "24:00":
		return 24 * 60, nil
	case n.kind == stringKind && clockPattern.MatchString(n.text) && err == nil:
		return t.Hour()*60 + t.Minute(), nil
	case datePattern.MatchString(n.text):
		return 0, n.wrong(key, want, "a freeze from one date to another has no weekly")
	case n.kind == numberKind:
		return 0, n.wrong(key, want, `write it in quotes, with hours and minutes: "16:00"`)
	}
	return 0, n.wrong(key, want)
}

// readZone reads the name of a time zone. What depends on the machine is none:
// a freeze must not move with where the gate runs.
func readZone(n *node, key string) (*time.Location, error) {
	name, err := readText(n, key)
	if err != nil {
		return nil, err
	}
	const want = "a name of the IANA time zone database, such as Asia/Tokyo, Europe/Berlin or UTC"
	switch lower := strings.ToLower(name); {
	case lower == "local" || lower == "localtime" || lower == "posixrules":
		return nil, n.wrong(key, want, "the machine's own zone differs from machine to machine")
	case strings.HasPrefix(lower, "posix/") || strings.HasPrefix(lower, "right/"):
		return nil, n.wrong(key, want, "did you mean "+name[len("posix/"):]+"?")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, n.wrong(key, want, zoneHints(name)...)
	}
	return zone, nil
}

// zoneHints finds zones by case and by spelling.
func zoneHints(name string) []string {
	if near := spelling.Nearest(name, commonZones()); len(near) > 0 {
		return []string{"did you mean " + near[0] + "?"}
	}
	return nil
}

// commonZones are what people are likely to mean.
func commonZones() []string {
	return []string{
		"UTC", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome", "Europe/Amsterdam",
		"Europe/Zurich", "Europe/Vienna", "Europe/Stockholm", "Europe/Warsaw", "Europe/Lisbon", "Europe/Dublin",
		"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto",
		"America/Sao_Paulo", "America/Mexico_City", "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Hong_Kong",
		"Asia/Singapore", "Asia/Kolkata", "Asia/Dubai", "Asia/Jakarta", "Australia/Sydney", "Pacific/Auckland",
		"Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi",
	}
}
