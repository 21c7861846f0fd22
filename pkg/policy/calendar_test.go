package policy_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/pkg/policy"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// frozen is the check of a calendar at an instant.
func frozen(c policy.Calendar, when time.Time) policy.Check {
	p := policy.Policy{
		Sections:  []policy.Section{{Name: "s", Freezes: []policy.Freeze{{Calendar: c.Name, Level: policy.Block}}}},
		Calendars: []policy.Calendar{c},
	}
	return rule(p.Judge(nil, policy.Request{At: when, Now: when}), "freeze")[0]
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	berlin, tokyo := zone(t, "Europe/Berlin"), zone(t, "Asia/Tokyo")
	weekly := func(from, to int, days ...time.Weekday) policy.Weekly {
		return policy.Weekly{Days: days, From: from, To: to, Reason: "w"}
	}
	weekend := []policy.Weekly{weekly(16*60, 1440, time.Friday), weekly(0, 1440, time.Saturday, time.Sunday)}
	night := []policy.Weekly{weekly(2*60, 3*60, time.Sunday)}
	everyNight := []policy.Weekly{weekly(0, 6*60, time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday)}
	always := []policy.Weekly{weekly(0, 1440, time.Sunday, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday)}
	dated := func(z *time.Location, from, to string) policy.Dated {
		f, err := time.ParseInLocation("2006-01-02T15:04", from, z)
		if err != nil {
			t.Fatal(err)
		}
		e, err := time.ParseInLocation("2006-01-02T15:04", to, z)
		if err != nil {
			t.Fatal(err)
		}
		return policy.Dated{From: f, To: e, Reason: "d"}
	}
	for _, test := range []struct {
		name     string
		calendar policy.Calendar
		at       string // UTC
		closed   bool
		from, to string // UTC; to is the next begin where it is open
	}{
		// Tokyo is nine hours ahead and never changes its clock.
		{"Tokyo, before", policy.Calendar{Zone: tokyo, Dated: []policy.Dated{dated(tokyo, "2026-12-24T00:00", "2027-01-05T00:00")}}, "2026-12-23T14:59", false, "", "2026-12-23T15:00"},
		{"Tokyo, first moment", policy.Calendar{Zone: tokyo, Dated: []policy.Dated{dated(tokyo, "2026-12-24T00:00", "2027-01-05T00:00")}}, "2026-12-23T15:00", true, "2026-12-23T15:00", "2027-01-04T15:00"},
		{"Tokyo, last moment", policy.Calendar{Zone: tokyo, Dated: []policy.Dated{dated(tokyo, "2026-12-24T00:00", "2027-01-05T00:00")}}, "2027-01-04T14:59", true, "2026-12-23T15:00", "2027-01-04T15:00"},
		{"Tokyo, over", policy.Calendar{Zone: tokyo, Dated: []policy.Dated{dated(tokyo, "2026-12-24T00:00", "2027-01-05T00:00")}}, "2027-01-04T15:00", false, "", ""},
		{"Tokyo, weekend", policy.Calendar{Zone: tokyo, Weekly: weekend}, "2026-03-28T12:00", true, "2026-03-27T07:00", "2026-03-29T15:00"},

		// A weekend in Berlin: 16:00 is 15:00 UTC in winter, 14:00 in summer.
		{"winter weekend", policy.Calendar{Zone: berlin, Weekly: weekend}, "2026-01-17T12:00", true, "2026-01-16T15:00", "2026-01-18T23:00"},
		{"Friday before four", policy.Calendar{Zone: berlin, Weekly: weekend}, "2026-01-16T14:59", false, "", "2026-01-16T15:00"},
		{"Monday", policy.Calendar{Zone: berlin, Weekly: weekend}, "2026-01-18T23:00", false, "", "2026-01-23T15:00"},
		// On 29 March 2026 the clock goes from 02:00 to 03:00 (01:00 UTC).
		{"the weekend with 23 hours of Sunday", policy.Calendar{Zone: berlin, Weekly: weekend}, "2026-03-28T12:00", true, "2026-03-27T15:00", "2026-03-29T22:00"},
		{"the hour that does not happen", policy.Calendar{Zone: berlin, Weekly: night}, "2026-03-29T00:59", false, "", "2026-04-05T00:00"},
		{"and after it", policy.Calendar{Zone: berlin, Weekly: night}, "2026-03-29T01:00", false, "", "2026-04-05T00:00"},
		{"the clock leads into the middle", policy.Calendar{Zone: berlin, Weekly: []policy.Weekly{weekly(150, 210, time.Sunday)}}, "2026-03-29T00:10", false, "", "2026-03-29T01:00"},
		{"and it is in force from there", policy.Calendar{Zone: berlin, Weekly: []policy.Weekly{weekly(150, 210, time.Sunday)}}, "2026-03-29T01:00", true, "2026-03-29T01:00", "2026-03-29T01:30"},
		// On 25 October 2026 it goes from 03:00 back to 02:00 (01:00 UTC).
		{"the hour that happens twice", policy.Calendar{Zone: berlin, Weekly: night}, "2026-10-25T00:30", true, "2026-10-25T00:00", "2026-10-25T02:00"},
		{"its second time", policy.Calendar{Zone: berlin, Weekly: night}, "2026-10-25T01:30", true, "2026-10-25T00:00", "2026-10-25T02:00"},
		{"half of it, twice", policy.Calendar{Zone: berlin, Weekly: []policy.Weekly{weekly(120, 150, time.Sunday)}}, "2026-10-25T00:10", true, "2026-10-25T00:00", "2026-10-25T00:30"},
		{"between the two", policy.Calendar{Zone: berlin, Weekly: []policy.Weekly{weekly(120, 150, time.Sunday)}}, "2026-10-25T00:45", false, "", "2026-10-25T01:00"},
		{"the night with 25 hours", policy.Calendar{Zone: berlin, Weekly: everyNight}, "2026-10-25T02:00", true, "2026-10-24T22:00", "2026-10-25T05:00"},

		{"a chain of touching freezes", policy.Calendar{Zone: berlin, Weekly: weekend, Dated: []policy.Dated{dated(berlin, "2026-01-19T00:00", "2026-01-20T12:00"), dated(berlin, "2026-01-20T13:00", "2026-01-20T14:00")}},
			"2026-01-19T08:00", true, "2026-01-16T15:00", "2026-01-20T11:00"},
		{"a minute between two", policy.Calendar{Zone: berlin, Weekly: weekend, Dated: []policy.Dated{dated(berlin, "2026-01-19T00:01", "2026-01-20T12:00")}},
			"2026-01-18T12:00", true, "2026-01-16T15:00", "2026-01-18T23:00"},
		{"dated inside of weekly", policy.Calendar{Zone: berlin, Weekly: weekend, Dated: []policy.Dated{dated(berlin, "2026-01-17T10:00", "2026-01-17T11:00")}},
			"2026-01-17T09:30", true, "2026-01-16T15:00", "2026-01-18T23:00"},
		{"for ever", policy.Calendar{Zone: berlin, Weekly: always}, "2026-01-18T12:00", true, "", ""},
		{"without a zone", policy.Calendar{Weekly: night}, "2026-01-18T02:30", true, "2026-01-18T02:00", "2026-01-18T03:00"},
		{"empty", policy.Calendar{Zone: berlin}, "2026-01-18T02:30", false, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.calendar.Name = "c"
			when, err := time.Parse("2006-01-02T15:04", test.at)
			if err != nil {
				t.Fatal(err)
			}
			c := frozen(test.calendar, when)
			if got := c.Verdict == policy.Fail; got != test.closed {
				t.Fatalf("closed: %v: %s", got, c.Reason)
			}
			unix := func(s string) int64 {
				if s == "" {
					return 0
				}
				u, err := time.Parse("2006-01-02T15:04", s)
				if err != nil {
					t.Fatal(err)
				}
				return u.Unix()
			}
			if !test.closed {
				want := `calendar "c" is open, and no freeze is to come`
				if test.to != "" {
					z := test.calendar.Zone
					want = `calendar "c" is open; the next freeze begins ` + time.Unix(unix(test.to), 0).In(z).Format("Mon 2006-01-02 15:04 MST")
				}
				if c.Reason != want {
					t.Errorf("%s, want %s", c.Reason, want)
				}
				return
			}
			if c.Since.Start != unix(test.from) || c.Until != unix(test.to) || c.SinceBefore != (test.from == "") {
				t.Errorf("from %v until %v", time.Unix(c.Since.Start, 0).UTC(), time.Unix(c.Until, 0).UTC())
			}
		})
	}
}

// Whether a calendar is closed, and until and from when, against the plainest
// way: looking at the clock on the wall every minute.
func TestLawCalendarIsTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{zone(t, "Europe/Berlin"), zone(t, "Asia/Tokyo"), zone(t, "America/St_Johns"), zone(t, "Australia/Lord_Howe"), time.UTC}
	near := []time.Time{
		time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 7, 20, 0, 0, 0, time.UTC), time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC),
		time.Date(2026, 4, 4, 2, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 2, 0, 0, 0, time.UTC),
	}
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom(near).Draw(t, "near").Add(time.Duration(rapid.IntRange(0, 36*60).Draw(t, "minutes")) * time.Minute)
		c := policy.Calendar{Name: "c", Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
		minute := rapid.OneOf(rapid.SampledFrom([]int{0, 60, 90, 120, 150, 180, 1440}), rapid.IntRange(0, 1440))
		for range rapid.IntRange(0, 3).Draw(t, "weekly") {
			c.Weekly = append(c.Weekly, policy.Weekly{
				Days: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Weekday { return time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")) }), 0, 3).Draw(t, "days"),
				From: minute.Draw(t, "from"), To: minute.Draw(t, "to"),
			})
		}
		for range rapid.IntRange(0, 2).Draw(t, "dated") {
			from := start.Add(time.Duration(rapid.IntRange(-3000, 3000).Draw(t, "begins")) * time.Minute)
			c.Dated = append(c.Dated, policy.Dated{From: from, To: from.Add(time.Duration(rapid.IntRange(-10, 2000).Draw(t, "lasts")) * time.Minute)})
		}
		closed := func(when time.Time) bool {
			local := when.In(c.Zone)
			m := local.Hour()*60 + local.Minute()
			return slices.ContainsFunc(c.Weekly, func(w policy.Weekly) bool {
				return slices.Contains(w.Days, local.Weekday()) && m >= w.From && m < w.To
			}) || slices.ContainsFunc(c.Dated, func(d policy.Dated) bool { return !when.Before(d.From) && when.Before(d.To) })
		}
		check := frozen(c, start)
		if (check.Verdict == policy.Fail) != closed(start) {
			t.Fatalf("at %s: %s", start.In(c.Zone), check.Reason)
		}
		const most = 17 * 24 * 60
		change := start
		for i := 0; i < most && closed(change) == closed(start); i++ {
			change = change.Add(time.Minute)
		}
		never := closed(change) == closed(start)
		if !closed(start) {
			want := `calendar "c" is open, and no freeze is to come`
			if !never {
				want = `calendar "c" is open; the next freeze begins ` + change.In(c.Zone).Format("Mon 2006-01-02 15:04 MST")
			}
			if check.Reason != want {
				t.Fatalf("at %s: %s, want %s", start.In(c.Zone), check.Reason, want)
			}
			return
		}
		if !never && check.Until != change.Unix() {
			t.Fatalf("at %s closed until %s, want %s", start.In(c.Zone), time.Unix(check.Until, 0).In(c.Zone), change.In(c.Zone))
		}
		began := start
		for i := 0; i < most && closed(began.Add(-time.Minute)); i++ {
			began = began.Add(-time.Minute)
		}
		if closed(began.Add(-time.Minute)) != check.SinceBefore && !check.SinceBefore {
			return // longer than is looked back here
		}
		if check.Since.Start != began.Unix() {
			t.Fatalf("at %s closed since %s, want %s", start.In(c.Zone), time.Unix(check.Since.Start, 0).In(c.Zone), began.In(c.Zone))
		}
	})
}
