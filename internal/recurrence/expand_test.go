package recurrence_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/recurrence"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func instant(t *testing.T, text string) int64 {
	t.Helper()
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Unix()
		}
	}
	t.Fatalf("no instant: %q", text)
	return 0
}

func between(t *testing.T, from, to string) timeseries.Span {
	t.Helper()
	return timeseries.Span{Start: instant(t, from), End: instant(t, to)}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	c := slo.Correction{ID: "c1", Start: instant(t, "2026-11-03T10:00"), End: instant(t, "2026-11-03T12:00"), Timezone: "Mars/Olympus"}
	for _, tc := range []struct {
		from, to string
		overlaps bool
	}{
		{"2026-11-03T11:00", "2026-11-03T11:01", true},
		{"2026-11-01", "2026-11-03T10:00:01Z", true},
		{"2026-11-01", "2026-11-03T10:00", false},
		{"2026-11-03T11:59:59Z", "2026-12-01", true},
		{"2026-11-03T12:00", "2026-12-01", false},
		{"2026-11-03T11:00", "2026-11-03T11:00", false},
	} {
		var want []slo.Occurrence
		if tc.overlaps {
			want = []slo.Occurrence{{ID: "c1", Span: between(t, "2026-11-03T10:00", "2026-11-03T12:00")}}
		}
		got, notes, err := recurrence.Expand(c, between(t, tc.from, tc.to))
		if err != nil || len(notes) > 0 {
			t.Errorf("%s to %s: notes %v, error %v", tc.from, tc.to, notes, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s to %s (-want +got):\n%s", tc.from, tc.to, diff)
		}
	}
}

func TestNoTimeAtAll(t *testing.T) {
	t.Parallel()
	c := slo.Correction{Start: instant(t, "2026-11-03"), End: instant(t, "2026-11-03")}
	if got, notes, err := recurrence.Expand(c, between(t, "2026-11-01", "2026-12-01")); got != nil || notes != nil || err != nil {
		t.Errorf("got %v, %v, %v, want nothing", got, notes, err)
	}
}

func TestRecurring(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, start, rule string
		duration          int64
		end               string
		from, to          string
		want              string // the starts, by spaces
	}{
		{
			name: "as in Datadog's own example", start: "2022-05-12T09:50:14Z", rule: "FREQ=DAILY;INTERVAL=10;COUNT=5",
			from: "2022-01-01", to: "2023-01-01",
			want: "2022-05-12T09:50:14Z 2022-05-22T09:50:14Z 2022-06-01T09:50:14Z 2022-06-11T09:50:14Z 2022-06-21T09:50:14Z",
		},
		{
			name: "count is counted from the start, not from the window", start: "2026-11-01T02:00", rule: "FREQ=DAILY;COUNT=5",
			from: "2026-11-04", to: "2026-12-01", want: "2026-11-04T02:00 2026-11-05T02:00",
		},
		{
			name: "count used up years ago", start: "2001-01-01", rule: "FREQ=SECONDLY;COUNT=7", from: "2026-11-04", to: "2026-12-01",
		},
		{
			name: "a day of the week", start: "2026-11-02T02:00", rule: "FREQ=WEEKLY;BYDAY=MO,WE",
			from: "2026-11-01", to: "2026-11-16", want: "2026-11-02T02:00 2026-11-04T02:00 2026-11-09T02:00 2026-11-11T02:00",
		},
		{
			name: "until includes what starts exactly then", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;UNTIL=20261116T093000Z",
			from: "2026-11-01", to: "2026-12-31", want: "2026-11-02T09:30 2026-11-09T09:30 2026-11-16T09:30",
		},
		{
			name: "until a second earlier", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;UNTIL=20261116T092959Z",
			from: "2026-11-01", to: "2026-12-31", want: "2026-11-02T09:30 2026-11-09T09:30",
		},
		{
			name: "until without a zone is UTC", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;UNTIL=20261109T093000",
			from: "2026-11-01", to: "2026-12-31", want: "2026-11-02T09:30 2026-11-09T09:30",
		},
		{
			name: "until a day", start: "2026-11-02", rule: "FREQ=WEEKLY;UNTIL=20261109",
			from: "2026-11-01", to: "2026-12-31", want: "2026-11-02 2026-11-09",
		},
		{
			name: "until before the start", start: "2026-11-02", rule: "FREQ=WEEKLY;UNTIL=20261001", from: "2026-10-01", to: "2026-11-01",
		},
		{
			name: "the last Friday of a month", start: "2026-01-30T23:00", rule: "FREQ=MONTHLY;BYDAY=-1FR",
			from: "2026-01-01", to: "2026-05-01", want: "2026-01-30T23:00 2026-02-27T23:00 2026-03-27T23:00 2026-04-24T23:00",
		},
		{
			name: "months without a 31st have none", start: "2026-01-31", rule: "FREQ=MONTHLY",
			from: "2026-01-01", to: "2026-07-01", want: "2026-01-31 2026-03-31 2026-05-31",
		},
		{
			name: "years without a 29 February have none", start: "2024-02-29", rule: "FREQ=YEARLY",
			from: "2024-01-01", to: "2033-01-01", want: "2024-02-29 2028-02-29 2032-02-29",
		},
		{ // RFC 5545, section 3.3.10: the two rules that differ by the start of the week alone
			name: "weeks begin on Monday", start: "1997-08-05T09:00", rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
			from: "1997-01-01", to: "1998-01-01", want: "1997-08-05T09:00 1997-08-10T09:00 1997-08-19T09:00 1997-08-24T09:00",
		},
		{
			name: "weeks begin on Sunday", start: "1997-08-05T09:00", rule: "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
			from: "1997-01-01", to: "1998-01-01", want: "1997-08-05T09:00 1997-08-17T09:00 1997-08-19T09:00 1997-08-31T09:00",
		},
		{
			name: "the last weekday of a month", start: "2026-08-31", rule: "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
			from: "2026-08-01", to: "2026-12-01", want: "2026-08-31 2026-09-30 2026-10-30 2026-11-30",
		},
		{
			name: "twice a day", start: "2026-11-02T02:30", rule: "FREQ=DAILY;BYHOUR=2,14",
			from: "2026-11-02", to: "2026-11-04", want: "2026-11-02T02:30 2026-11-02T14:30 2026-11-03T02:30 2026-11-03T14:30",
		},
		{
			name: "what runs into the window and out of it counts in full", start: "2026-11-01T22:00", rule: "FREQ=DAILY", duration: 4 * 3600,
			from: "2026-11-03T01:59:59Z", to: "2026-11-03T22:00:01Z", want: "2026-11-02T22:00 2026-11-03T22:00",
		},
		{
			name: "what touches the window does not count", start: "2026-11-01T22:00", rule: "FREQ=DAILY", duration: 4 * 3600,
			from: "2026-11-03T02:00", to: "2026-11-03T22:00",
		},
		{
			name: "longer than its distance", start: "2026-11-01", rule: "FREQ=DAILY", duration: 3 * 86400,
			from: "2026-11-06T12:00", to: "2026-11-06T12:00:01Z", want: "2026-11-04 2026-11-05 2026-11-06",
		},
		{
			name: "an endless rule of long ago", start: "1971-01-01T00:00:07Z", rule: "FREQ=SECONDLY;INTERVAL=3600",
			from: "2026-11-09T01:00", to: "2026-11-09T03:00", duration: 1, want: "2026-11-09T01:00:07Z 2026-11-09T02:00:07Z",
		},
		{
			name: "an endless rule far in the future", start: "2026-01-01", rule: "FREQ=YEARLY",
			from: "2600-01-01", to: "2601-01-01", want: "2600-01-01",
		},
		{
			name: "an end behind the window", start: "2026-11-01", rule: "FREQ=DAILY", end: "2026-11-03T00:10",
			from: "2026-10-01", to: "2026-11-03T00:10", want: "2026-11-01 2026-11-02 2026-11-03", duration: 600,
		},
		{
			name: "any way of writing", start: "2026-11-02", rule: " rrule:freq=weekly ; byday=mo, WE;;interval = 1;",
			from: "2026-11-01", to: "2026-11-05", want: "2026-11-02 2026-11-04",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := slo.Correction{ID: "c1", Start: instant(t, tc.start), Rule: tc.rule, Duration: tc.duration}
			if c.Duration == 0 {
				c.Duration = 1800
			}
			if tc.end != "" {
				c.End = instant(t, tc.end)
			}
			var want []slo.Occurrence
			for start := range strings.FieldsSeq(tc.want) {
				at := instant(t, start)
				want = append(want, slo.Occurrence{ID: "c1", Span: timeseries.Span{Start: at, End: at + c.Duration}})
			}
			got, notes, err := recurrence.Expand(c, between(t, tc.from, tc.to))
			if err != nil || len(notes) > 0 {
				t.Fatalf("notes %v, error %v", notes, err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// An end that is that of the first occurrence bounds nothing.
func TestEndOfTheFirstOccurrence(t *testing.T) {
	t.Parallel()
	start := instant(t, "2026-11-01")
	for _, end := range []int64{start + 1800, start + 3600} {
		c := slo.Correction{ID: "c1", Start: start, End: end, Rule: "FREQ=DAILY;COUNT=3", Duration: 3600}
		got, notes, err := recurrence.Expand(c, timeseries.Span{Start: start, End: start + 30*86_400})
		if err != nil || len(got) != 3 || len(notes) != 0 {
			t.Errorf("end %d: %v, notes %v, error %v; want three occurrences and no note", end-start, got, notes, err)
		}
	}
}

func TestEndOfARecurringCorrection(t *testing.T) {
	t.Parallel()
	c := slo.Correction{ID: "c1", Start: instant(t, "2026-11-01"), End: instant(t, "2026-11-02T00:10"), Rule: "FREQ=DAILY", Duration: 3600}
	note := []slo.Note{{Code: "correction_end", Text: "status correction c1 recurs and has an end, 2026-11-02T00:10:00Z: nothing is corrected from then on, and Datadog does not document whether it does the same"}}
	first, second := between(t, "2026-11-01", "2026-11-01T01:00"), between(t, "2026-11-02", "2026-11-02T00:10")
	for _, tc := range []struct {
		from, to string
		want     []timeseries.Span
		notes    []slo.Note
	}{
		{"2026-11-01", "2026-12-01", []timeseries.Span{first, second}, note},
		{"2026-11-01", "2026-11-02T00:11", []timeseries.Span{first, second}, note},
		{"2026-11-01", "2026-11-02T00:10", []timeseries.Span{first, second}, nil},
		{"2026-11-02T00:10", "2026-11-02T00:11", nil, note},
		{"2026-11-08", "2026-11-09", nil, note},
		{"2026-11-08T02:00", "2026-11-08T03:00", nil, nil},
	} {
		c := c
		if tc.want == nil && tc.notes != nil {
			c.Rule, c.Duration = "FREQ=SECONDLY", 1 // also where ever so many would lie behind the end
		}
		got, notes, err := recurrence.Expand(c, between(t, tc.from, tc.to))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, spans(got)); diff != "" {
			t.Errorf("%s to %s (-want +got):\n%s", tc.from, tc.to, diff)
		}
		if diff := cmp.Diff(tc.notes, notes); diff != "" {
			t.Errorf("%s to %s, notes (-want +got):\n%s", tc.from, tc.to, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, rule, want string }{
		{"no frequency", "INTERVAL=2", "FREQ is missing"},
		{"nothing but a name", "RRULE:", "FREQ is missing"},
		{"blank", " ", "FREQ is missing"},
		{"unknown frequency", "FREQ=FORTNIGHTLY", "expected one of YEARLY MONTHLY"},
		{"no value", "FREQ=DAILY;COUNT=", `"COUNT=" is not of the form KEY=VALUE`},
		{"no key", "FREQ=DAILY;=3", "KEY=VALUE"},
		{"a start of its own", "DTSTART:20261109T093000Z\nRRULE:FREQ=DAILY", "DTSTART is not supported"},
		{"unknown key", "FREQ=DAILY;X-SKIP=1", `"X-SKIP" is not supported: Datadog documents`},
		{"week numbers", "FREQ=YEARLY;BYWEEKNO=20", `"BYWEEKNO" is not supported`},
		{"days of the year", "FREQ=YEARLY;BYYEARDAY=100", `"BYYEARDAY" is not supported`},
		{"Easter", "FREQ=YEARLY;BYEASTER=0", `"BYEASTER" is not supported`},
		{"twice the same", "FREQ=DAILY;COUNT=1;count=2", `"COUNT" stands there twice`},
		{"interval zero", "FREQ=DAILY;INTERVAL=0", "INTERVAL=0: expected a whole number from 1"},
		{"interval negative", "FREQ=DAILY;INTERVAL=-1", "INTERVAL=-1: expected"},
		{"interval huge", "FREQ=HOURLY;INTERVAL=9223372036854775807", "expected a whole number from 1"},
		{"count zero", "FREQ=DAILY;COUNT=0", "COUNT=0: expected"},
		{"count negative", "FREQ=DAILY;COUNT=-3", "COUNT=-3: expected"},
		{"count a fraction", "FREQ=DAILY;COUNT=1.5", "COUNT=1.5: expected"},
		{"count and until", "FREQ=DAILY;COUNT=2;UNTIL=20261109", "COUNT and UNTIL exclude each other"},
		{"until no date", "FREQ=DAILY;UNTIL=20261309", "UNTIL=20261309: expected"},
		{"until with an offset", "FREQ=DAILY;UNTIL=20261109T093000+0100", "expected an instant such as"},
		{"until in seconds", "FREQ=DAILY;UNTIL=1794216600", "expected an instant such as"},
		{"no weekday", "FREQ=WEEKLY;BYDAY=MON", `BYDAY: "MON" is not a weekday`},
		{"weekday zero", "FREQ=MONTHLY;BYDAY=0MO", "is not a weekday"},
		{"numbered weekday of a week", "FREQ=WEEKLY;BYDAY=1MO", "needs FREQ=MONTHLY or YEARLY"},
		{"sixth weekday of a month", "FREQ=MONTHLY;BYDAY=-53MO", "no month has a weekday number -53"},
		{"sixth weekday of a month of a year", "FREQ=YEARLY;BYMONTH=3;BYDAY=6MO", "no month has a weekday number 6"},
		{"mixture of weekdays", "FREQ=MONTHLY;BYDAY=MO,1TU", "a mixture of numbered and plain"},
		{"week start with a number", "FREQ=WEEKLY;WKST=1MO", "expected a day of the week"},
		{"month 13", "FREQ=YEARLY;BYMONTH=13", `"13" is not a whole number from 1 to 12`},
		{"day 0", "FREQ=MONTHLY;BYMONTHDAY=0", "or the same with a minus"},
		{"day of the month of a week", "FREQ=WEEKLY;BYMONTHDAY=1", "not defined with FREQ=WEEKLY"},
		{"no such date", "FREQ=DAILY;BYMONTH=2,4;BYMONTHDAY=31", "no date has one of these months"},
		{"hours that never come", "FREQ=HOURLY;INTERVAL=2;BYHOUR=1", "not supported with FREQ=HOURLY"},
		{"a leap second", "FREQ=DAILY;BYSECOND=60", "whole number from 0 to 59"},
		{"positions of a week", "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS is not supported with FREQ=WEEKLY"},
		{"positions of nothing", "FREQ=MONTHLY;BYSETPOS=1", "needs another BY part"},
		{"every second", "FREQ=SECONDLY", "more than 20000 occurrences in [2026-"},
		{"too many to count", "FREQ=MINUTELY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=2000000000", "more than 1000000 occurrences would have to be counted"},
		{"very long", "FREQ=DAILY;" + strings.Repeat(";", 1000), "longer than 1000 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := slo.Correction{ID: "c1", Start: instant(t, "2001-01-01"), Duration: 60, Rule: tc.rule}
			got, notes, err := recurrence.Expand(c, between(t, "2026-08-11", "2026-11-09"))
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "recurrence rule ") {
				t.Errorf("got %d occurrences and the error %v, want one with %q", len(got), err, tc.want)
			}
			if got != nil || notes != nil {
				t.Errorf("%v and %v beside the error", got, notes)
			}
		})
	}
}

// What fills a day with times does not fill the memory.
func TestTooManyTimesOfADay(t *testing.T) {
	t.Parallel()
	sixty := "0"
	for _, tens := range []string{"", "1", "2", "3", "4", "5"} {
		for _, ones := range strings.Split("0123456789", "") {
			sixty += "," + tens + ones
		}
	}
	c := slo.Correction{Start: 1, Duration: 1, Rule: "FREQ=YEARLY;BYDAY=MO;BYMINUTE=" + sixty + ";BYSECOND=" + sixty}
	if _, _, err := recurrence.Expand(c, between(t, "2026-08-11", "2026-11-09")); err == nil || !strings.Contains(err.Error(), "more than 1440 occurrences a day") {
		t.Errorf("got the error %v", err)
	}
}

func TestInstantsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	const start = 1_700_000_000
	for _, tc := range []struct {
		name string
		c    slo.Correction
		want string
	}{
		{"could not be read", slo.Correction{Start: start, Unreadable: "its start is a text"}, "its start is a text"},
		{"no start", slo.Correction{End: start}, "its start 0 is not a Unix second"},
		{"negative start", slo.Correction{Start: -1, Rule: "FREQ=DAILY", Duration: 1}, "its start -1 is not a Unix second"},
		{"start in milliseconds", slo.Correction{Start: start * 1000, Rule: "FREQ=DAILY", Duration: 1}, "expected Unix seconds"},
		{"end in milliseconds", slo.Correction{Start: start, End: start * 1000}, "expected Unix seconds"},
		{"no end", slo.Correction{Start: start}, "neither an end nor a recurrence rule"},
		{"end before start", slo.Correction{Start: start, End: start - 1}, "is before its start"},
		{"recurring and over before it starts", slo.Correction{Start: start, End: start, Rule: "FREQ=DAILY", Duration: 1}, "is not after its start"},
		{"negative end", slo.Correction{Start: start, End: -5, Rule: "FREQ=DAILY", Duration: 1}, "is not after its start"},
		{"no duration", slo.Correction{Start: start, Rule: "FREQ=DAILY"}, "has the duration 0"},
		{"negative duration", slo.Correction{Start: start, Rule: "FREQ=DAILY", Duration: -60}, "has the duration -60"},
		{"endless duration", slo.Correction{Start: start, Rule: "FREQ=DAILY", Duration: math.MaxInt64}, "longer than the calendar"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got, _, err := recurrence.Expand(tc.c, timeseries.Span{Start: 0, End: start * 2}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v and the error %v, want one with %q", got, err, tc.want)
			}
		})
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, start, rule, zone, from, to string
		want                              []slo.Note
	}{
		{name: "UTC", start: "2026-10-01", rule: "FREQ=DAILY", zone: "UTC", from: "2026-10-11", to: "2026-11-09"},
		{name: "no zone", start: "2026-10-01", rule: "FREQ=DAILY", from: "2026-10-11", to: "2026-11-09"},
		{name: "a zone without changes", start: "2026-01-01", rule: "FREQ=DAILY", zone: "Asia/Tokyo", from: "2026-01-01", to: "2026-11-09"},
		{name: "a zone before its change", start: "2026-10-01", rule: "FREQ=DAILY", zone: "Europe/Berlin", from: "2026-10-01", to: "2026-10-25"},
		{name: "a zone between two changes", start: "2026-10-26", rule: "FREQ=DAILY", zone: "Europe/Berlin", from: "2026-10-01", to: "2027-03-28"},
		{
			name: "a zone across its change", start: "2026-10-01T02:00", rule: "FREQ=WEEKLY", zone: "Europe/Berlin", from: "2026-10-11", to: "2026-11-09",
			want: []slo.Note{{Code: "correction_dst", Text: "status correction c1 recurs in UTC and the clocks of Europe/Berlin change on 2026-10-25: Datadog does not document whether occurrences follow them, so they may be off by an hour"}},
		},
		{
			name: "exactly at the change", start: "2026-10-24T01:00", rule: "FREQ=DAILY", zone: "Europe/Berlin", from: "2026-10-24", to: "2026-10-25T01:30",
			want: []slo.Note{{Code: "correction_dst", Text: "status correction c1 recurs in UTC and the clocks of Europe/Berlin change on 2026-10-25: Datadog does not document whether occurrences follow them, so they may be off by an hour"}},
		},
		{
			name: "a zone that has changed since", start: "2026-07-01T02:00", rule: "FREQ=WEEKLY", zone: "America/New_York", from: "2026-11-02", to: "2026-11-20",
			want: []slo.Note{{Code: "correction_dst", Text: "status correction c1 recurs in UTC and the clocks of America/New_York have changed since it began on 2026-06-30: Datadog does not document whether occurrences follow them, so they may be off by an hour"}},
		},
		{
			name: "half an hour, twice", start: "2026-03-01", rule: "FREQ=DAILY", zone: "Australia/Lord_Howe", from: "2026-03-01", to: "2026-11-09",
			want: []slo.Note{{Code: "correction_dst", Text: "status correction c1 recurs in UTC and the clocks of Australia/Lord_Howe change on 2026-04-05 and 2026-10-04: Datadog does not document whether occurrences follow them, so they may be off by 30 minutes"}},
		},
		{
			name: "many years", start: "2020-01-01", rule: "FREQ=DAILY", zone: "Europe/Berlin", from: "2020-01-01", to: "2026-11-09",
			want: []slo.Note{{Code: "correction_dst", Text: "status correction c1 recurs in UTC and the clocks of Europe/Berlin change on 2020-03-29, 2020-10-25, 2021-03-28, 2021-10-31 and later ones: Datadog does not document whether occurrences follow them, so they may be off by an hour"}},
		},
		{name: "unknown zone, nothing in the window", start: "2026-10-01", rule: "FREQ=DAILY;COUNT=1", zone: "Mars/Olympus", from: "2026-10-11", to: "2026-11-09"},
		{
			name: "unknown zone", start: "2026-10-01", rule: "FREQ=DAILY", zone: "Mars/Olympus", from: "2026-10-11", to: "2026-11-09",
			want: []slo.Note{{Code: "correction_timezone", Text: `status correction c1 recurs in the time zone "Mars/Olympus", which is not known here: its occurrences are reckoned in UTC`}},
		},
		{
			name: "the zone of this machine", start: "2026-10-01", rule: "FREQ=DAILY", zone: "Local", from: "2026-10-11", to: "2026-11-09",
			want: []slo.Note{{Code: "correction_timezone", Text: `status correction c1 recurs in the time zone "Local", which is not known here: its occurrences are reckoned in UTC`}},
		},
		{
			name: "until a day on which one would start", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;UNTIL=20261109", from: "2026-11-01", to: "2026-12-01",
			want: []slo.Note{{Code: "correction_until", Text: "status correction c1 recurs until the day 2026-11-09 without a time of day: read as the beginning of that day in UTC, so what starts later on it is not corrected"}},
		},
		{name: "until a day outside of the window", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;UNTIL=20261109", from: "2026-11-01", to: "2026-11-08"},
		{
			name: "a start that the rule does not select", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;BYDAY=TU", from: "2026-11-01", to: "2026-12-01",
			want: []slo.Note{{Code: "correction_start", Text: "status correction c1 starts at 2026-11-02T09:30:00Z, which its own recurrence rule does not select: that time is not corrected, and Datadog may correct it"}},
		},
		{
			name: "a rule that never selects", start: "2026-11-02T09:30", rule: "FREQ=DAILY;INTERVAL=7;BYDAY=TU", from: "2026-11-01", to: "2026-12-01",
			want: []slo.Note{{Code: "correction_start", Text: "status correction c1 starts at 2026-11-02T09:30:00Z, which its own recurrence rule does not select: that time is not corrected, and Datadog may correct it"}},
		},
		{name: "such a start outside of the window", start: "2026-11-02T09:30", rule: "FREQ=WEEKLY;BYDAY=TU", from: "2026-11-03", to: "2026-12-01"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := slo.Correction{ID: "c1", Start: instant(t, tc.start), Duration: 3600, Rule: tc.rule, Timezone: tc.zone}
			_, notes, err := recurrence.Expand(c, between(t, tc.from, tc.to))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, notes); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
