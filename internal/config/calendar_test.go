package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/pkg/policy"
)

// fatal is what tests and properties have in common.
type fatal interface {
	Helper()
	Fatal(...any)
}

// closed is the freeze from one moment to another on the clock of a zone.
func closed(t fatal, zone, from, to string) policy.Dated {
	t.Helper()
	text := fmt.Sprintf("%scalendars: {c: {freezes: [{from: %s, to: %s, reason: r}], time_zone: %s}}\n", somePolicy, from, to, zone)
	p, err := config.ParsePolicy("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p.Calendars[0].Dated[0]
}

// What the clock skips or shows twice closes for as long as can be meant.
func TestFreezesWhenTheClockIsSet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, from, to, wantFrom, wantTo string }{
		{"Asia/Tokyo", "2026-12-24", "2027-01-05", "2026-12-23T15:00:00Z", "2027-01-04T15:00:00Z"},
		{"Asia/Tokyo", "2026-12-24 18:00", "2026-12-24T18:00:01", "2026-12-24T09:00:00Z", "2026-12-24T09:00:01Z"},
		{"Asia/Tokyo", "2026-12-24T18:00Z", "2026-12-24T18:00:00-01:00", "2026-12-24T18:00:00Z", "2026-12-24T19:00:00Z"},
		{"Europe/Berlin", "2026-03-29", "2026-03-30", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		// 02:00 to 03:00 does not occur.
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T02:45", "2026-03-29T00:30:00Z", "2026-03-29T01:45:00Z"},
		{"Europe/Berlin", "2026-03-29T02:00", "2026-03-29T03:00", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		// 02:00 to 03:00 occurs twice.
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:45", "2026-10-25T00:30:00Z", "2026-10-25T01:45:00Z"},
		{"Europe/Berlin", "2026-10-25T01:59:59", "2026-10-25T03:00", "2026-10-24T23:59:59Z", "2026-10-25T02:00:00Z"},
		// Twice half an hour.
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:50", "2026-04-04T14:45:00Z", "2026-04-04T15:20:00Z"},
		// A midnight, and a whole day, that did not occur.
		{"America/Sao_Paulo", "2018-11-04", "2018-11-05", "2018-11-04T02:00:00Z", "2018-11-05T02:00:00Z"},
		{"Pacific/Apia", "2011-12-30", "2011-12-31", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},
	} {
		got := closed(t, c.zone, c.from, c.to)
		if from, to := got.From.UTC().Format(time.RFC3339), got.To.UTC().Format(time.RFC3339); from != c.wantFrom || to != c.wantTo {
			t.Errorf("%s, %s to %s: %s to %s, want %s to %s", c.zone, c.from, c.to, from, to, c.wantFrom, c.wantTo)
		}
	}
}

// No instant at which the clock shows the begin is before the freeze, none at
// which it shows the end is after it, and the freeze is not much longer.
func TestFreezesCoverWhatTheClockShows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"UTC", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo"}).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(rapid.Int64Range(1_200_000_000, 2_000_000_000).Draw(t, "at"), 0).In(zone)
		if start, end := at.ZoneBounds(); rapid.Bool().Draw(t, "at a change") && !start.IsZero() && !end.IsZero() {
			at = rapid.SampledFrom([]time.Time{start, end}).Draw(t, "change").Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "seconds")) * time.Second)
		}
		shown := at.Format("2006-01-02T15:04:05")
		const long = 26 * time.Hour
		if from := closed(t, name, shown, "9000-01-01").From; from.After(at) || at.Sub(from) > long || from.Format("15:04:05") != at.Format("15:04:05") {
			t.Fatalf("%s in %s begins at %s, want %s", shown, name, from, at)
		}
		if to := closed(t, name, "1000-01-01", shown).To; to.Before(at) || to.Sub(at) > long || to.Format("15:04:05") != at.Format("15:04:05") {
			t.Fatalf("%s in %s ends at %s, want %s", shown, name, to, at)
		}
	})
}

func TestZonesOfCalendars(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Tokyo", "America/Argentina/Buenos_Aires", "Etc/GMT+9", "CET"} {
		d := closed(t, zone, "2026-12-24", "2026-12-25")
		if d.From.Location().String() != zone || d.To.Sub(d.From) != 24*time.Hour {
			t.Errorf("%s: %v", zone, d)
		}
	}
}

// So many that nobody keeps them in mind are a mistake of a script.
func TestTooManyEntries(t *testing.T) {
	t.Parallel()
	many := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(format, i))
		}
		return strings.Join(all, ",")
	}
	for _, c := range []struct{ before, entry, after, want string }{
		{"policies: [", "{name: n%d, expect: 1}", "]", "2:11: policies: 1001 entries, want at most 1000"},
		{"policies: [{name: a, require: [", "s%d", "]}]", "2:31: require: 1001 entries, want at most 1000"},
		{"policies: [{name: a, expect: 1}]\ncalendars: {", "c%d: {time_zone: UTC, freezes: [{weekly: fri, reason: r}]}", "}", "3:12: calendars: 1001 entries, want at most 1000"},
		{"policies: [{name: a, expect: 1}]\ncalendars: {c: {time_zone: UTC, freezes: [", "{weekly: fri, reason: r%d}", "]}}", "3:42: freezes: 1001 entries, want at most 1000"},
	} {
		text := func(n int) string { return "version: 1\n" + c.before + many(n, c.entry) + c.after + "\n" }
		if _, err := config.ParsePolicy("f", []byte(text(1000))); err != nil {
			t.Error(err)
		}
		wantMistake(t, text(1001), mistake{text: c.before, message: c.want})
		if data, err := object(text(1001)); err != nil || validate(t, schema(t), data) == nil {
			t.Errorf("%s: the schema takes it, %v", c.before, err)
		}
	}
	// Ten times the same list is as good as ten lists.
	for _, c := range []struct{ before, again, want string }{
		{"policies:\n- {name: a, require: &l [" + many(1000, "s%d") + "]}\n", "- {name: n%d, require: *l}\n", "3:1: policies: more than 10000 entries in all of its lists"},
		{
			anyPolicy + "calendars:\n  c: {time_zone: UTC, freezes: &l [" + many(1000, "{weekly: fri, reason: r%d}") + "]}\n", "  c%d: {time_zone: UTC, freezes: *l}\n",
			"4:3: calendars: more than 10000 entries in all of its lists",
		},
	} {
		text := "version: 1\n" + c.before
		for i := range 8 {
			text += fmt.Sprintf(c.again, i)
		}
		if _, err := config.ParsePolicy("f", []byte(text)); err != nil {
			t.Error(err)
		}
		text += fmt.Sprintf(c.again, 8) + fmt.Sprintf(c.again, 9)
		wantMistake(t, text, mistake{text: c.again, message: c.want})
	}
}
