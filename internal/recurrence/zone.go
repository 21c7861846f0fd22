package recurrence

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a machine without a time zone database must not change the notes

	"github.com/slo-cli/slo/pkg/slo"
)

// zoneNotes say where occurrences would lie elsewhere if Datadog kept them at
// the same time of day in the correction's zone.
func zoneNotes(c slo.Correction, occurrences []slo.Occurrence) []slo.Note {
	if len(occurrences) == 0 || c.Timezone == "" {
		return nil
	}
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil || c.Timezone == "Local" {
		return []slo.Note{{
			Code: "correction_timezone",
			Text: fmt.Sprintf("status correction %s recurs in the time zone %s, which is not known here: its occurrences are reckoned in UTC", c.ID, quote(c.Timezone)),
		}}
	}
	offset := func(at int64) int {
		_, seconds := time.Unix(at, 0).In(zone).Zone()
		return seconds
	}
	first, last := occurrences[0].Span.Start, occurrences[len(occurrences)-1].Span.Start
	shift := 0
	for _, o := range occurrences {
		d := offset(o.Span.Start) - offset(c.Start)
		shift = max(shift, d, -d)
	}
	if shift == 0 {
		return nil
	}
	when := "have changed since it began on " + time.Unix(c.Start, 0).In(zone).Format(time.DateOnly)
	if dates := changes(zone, first, last); dates != "" {
		when = "change on " + dates
	}
	return []slo.Note{{
		Code: "correction_dst",
		Text: fmt.Sprintf("status correction %s recurs in UTC and the clocks of %s %s: Datadog does not document whether occurrences follow them, so they may be off by %s",
			c.ID, c.Timezone, when, amount(shift)),
	}}
}

// changes names the dates on which the zone's offset changes after one instant
// and up to another; the first few where there are many.
func changes(zone *time.Location, first, last int64) string {
	const most = 4
	var dates []string
	for at := time.Unix(first, 0).In(zone); ; {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Unix() > last {
			break
		}
		_, before := at.Zone()
		_, after := end.Zone()
		if before != after {
			if len(dates) == most {
				dates = append(dates, "later ones")
				break
			}
			dates = append(dates, end.Format(time.DateOnly))
		}
		at = end
	}
	if n := len(dates); n > 1 {
		return strings.Join(dates[:n-1], ", ") + " and " + dates[n-1]
	}
	return strings.Join(dates, "")
}

// amount writes a difference of offsets as people say it.
func amount(seconds int) string {
	switch {
	case seconds == 3600:
		return "an hour"
	case seconds%3600 == 0:
		return fmt.Sprintf("%d hours", seconds/3600)
	case seconds%60 == 0:
		return fmt.Sprintf("%d minutes", seconds/60)
	}
	return fmt.Sprintf("%d seconds", seconds)
}
