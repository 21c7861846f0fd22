package recurrence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/recurrence"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// drawn is a recurring correction with a span to look at, and what the second
// implementation says of them.
type drawn struct {
	correction slo.Correction
	within     timeseries.Span
	want       []timeseries.Span
}

func draw(t *rapid.T, rules *rapid.Generator[plainRule], reach, longest int64) drawn {
	r := rules.Draw(t, "rule")
	start := rapid.Int64Range(time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC).Unix()).Draw(t, "start")
	c := slo.Correction{ID: "c", Start: start, Duration: rapid.Int64Range(1, longest).Draw(t, "duration")}
	within := timeseries.Span{Start: start + rapid.Int64Range(-reach/4, reach).Draw(t, "within")}
	within.End = within.Start + rapid.Int64Range(0, reach/3).Draw(t, "length")
	switch rapid.IntRange(0, 3).Draw(t, "bound") {
	case 0:
		r.count = rapid.IntRange(1, 120).Draw(t, "count")
	case 1:
		r.until = start + rapid.Int64Range(-1, reach).Draw(t, "until")
	case 2:
		c.End = start + rapid.Int64Range(1, reach).Draw(t, "end")
	}
	c.Rule = r.String()
	d := drawn{correction: c, within: within}
	for _, at := range r.starts(start, within.End) {
		s := timeseries.Span{Start: at, End: at + c.Duration}
		if c.End > start+c.Duration { // up to there it is the end of the first occurrence
			s.End = min(s.End, c.End)
		}
		if s.Overlaps(within) {
			d.want = append(d.want, s)
		}
	}
	return d
}

func spans(occurrences []slo.Occurrence) []timeseries.Span {
	var spans []timeseries.Span
	for _, o := range occurrences {
		spans = append(spans, o.Span)
	}
	return spans
}

func checkAgainstNaive(t *rapid.T, d drawn) {
	got, _, err := recurrence.Expand(d.correction, d.within)
	if err != nil {
		if strings.Contains(err.Error(), "no date has one of these months") && len(d.want) == 0 {
			return
		}
		t.Fatalf("Expand(%+v, %v): %v", d.correction, d.within, err)
	}
	if diff := cmp.Diff(d.want, spans(got), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("Expand(%+v, %v) (-walked through +expanded):\n%s", d.correction, d.within, diff)
	}
}

func TestLawCalendarRulesLikeWalkingThroughTheDays(t *testing.T) {
	t.Parallel()
	rules := genRule("DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY")
	rapid.Check(t, func(t *rapid.T) {
		checkAgainstNaive(t, draw(t, rules, 3*366*86400, 40*86400))
	})
}

func TestLawFineRulesLikeWalkingThroughTheSteps(t *testing.T) {
	t.Parallel()
	for freq, unit := range map[string]int64{"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1} {
		t.Run(freq, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				checkAgainstNaive(t, draw(t, genRule(freq), 20_000*unit, 50*unit))
			})
		})
	}
}

// What is asked for part by part is what is asked for at once.
func TestLawPartsOfASpan(t *testing.T) {
	t.Parallel()
	rules := genRule("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, rules, 3*366*86400, 40*86400)
		cut := rapid.Int64Range(d.within.Start, d.within.End).Draw(t, "cut")
		whole, _, err := recurrence.Expand(d.correction, d.within)
		if err != nil {
			return
		}
		before, _, _ := recurrence.Expand(d.correction, timeseries.Span{Start: d.within.Start, End: cut})
		after, _, _ := recurrence.Expand(d.correction, timeseries.Span{Start: cut, End: d.within.End})
		for len(before) > 0 && len(after) > 0 && after[0].Span.Start < cut {
			after = after[1:] // runs across the cut, so that both have it
		}
		if diff := cmp.Diff(spans(whole), append(spans(before), spans(after)...), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%+v in %v, cut at %d (-at once +in parts):\n%s", d.correction, d.within, cut, diff)
		}
	})
}

func FuzzExpand(f *testing.F) {
	for _, rule := range []string{
		"FREQ=DAILY;INTERVAL=10;COUNT=5", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261109T093000Z;", "freq=monthly; byday=-1FR",
		"FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=2;BYHOUR=1", "FREQ=MONTHLY;BYDAY=-53MO", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=YEARLY;BYWEEKNO=53", "FREQ=DAILY;INTERVAL=9223372036854775807", "FREQ=YEARLY;BYDAY=53SU;BYSETPOS=-1", "UNTIL=2026", ";;=;",
	} {
		f.Add(rule, int64(1_700_000_000), int64(3600), int64(1_790_000_000), int64(90*86400))
		f.Add(rule, int64(1), int64(1<<40), int64(-1<<63), int64(1<<62))
	}
	f.Fuzz(func(t *testing.T, rule string, start, duration, from, length int64) {
		c := slo.Correction{ID: "c", Start: start, Duration: duration, Rule: rule, Timezone: "Europe/Berlin"}
		within := timeseries.Span{Start: from, End: from + length}
		began := time.Now()
		occurrences, notes, err := recurrence.Expand(c, within)
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("Expand(%+v, %v) took %v", c, within, took)
		}
		if err != nil && (occurrences != nil || notes != nil || err.Error() == "") {
			t.Fatalf("Expand(%+v) = %v, %v beside the error %q", c, occurrences, notes, err)
		}
		last := int64(0)
		for _, o := range occurrences {
			if o.Span.Start <= last || o.Span.Start < start || !o.Span.Overlaps(within) {
				t.Fatalf("Expand(%+v, %v): %v is out of order, early, or outside", c, within, o.Span)
			}
			last = o.Span.Start
		}
	})
}
