package slotest_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// one parses a file of one case.
func one(t *testing.T, text string) slotest.Case {
	t.Helper()
	cases, err := slotest.Parse(text)
	if err != nil || len(cases) != 1 {
		t.Fatalf("%d cases, %v, in:\n%s", len(cases), err, text)
	}
	return cases[0]
}

// seconds are the events of stretches from an instant on: "up", "down" or, where nothing counts, "".
func seconds(from int64, stretches ...any) []slo.Run {
	var runs []slo.Run
	for i := 0; i < len(stretches); i += 2 {
		length := int64(stretches[i+1].(int))
		good := map[any]float64{"up": float64(length), "down": 0}
		if g, counts := good[stretches[i]]; counts {
			runs = append(runs, slo.Run{Start: from, Step: length, Good: []float64{g}, Valid: []float64{float64(length)}})
		}
		from += length
	}
	return runs
}

func TestParseEvidenceOfTime(t *testing.T) {
	t.Parallel()
	const day = slotest.Epoch
	// The hour that begins two hours after midnight.
	const question = "known from 2026-01-01T02:00Z to 2026-01-01T03:00Z\n"
	const asked = "slo monitor target 90% window 1h\nassess at 2026-01-01T03:00Z\nstate ok\n"
	const start = day + 7200
	// spans are from and to so many seconds after the start.
	spans := func(bounds ...int64) (list []timeseries.Span) {
		for pair := range slices.Chunk(bounds, 2) {
			list = append(list, timeseries.Span{Start: start + pair[0], End: start + pair[1]})
		}
		return list
	}
	tests := map[string]struct {
		text     string
		runs     []slo.Run
		observed []timeseries.Span
	}{
		"states carried in, repeated, open at the end": {
			"monitor from 2026-01-01T01:00:08Z\nup 59m down 10m times 1\nup 1m down 2m\nup 1m down 2m\ndown\n" + asked,
			// until 02:09:08, then a minute up and two down, twice, and down
			seconds(start, "down", 548, "up", 60, "down", 120, "up", 60, "down", 2812), spans(0, 3600),
		},
		"times": {
			"monitor from 2026-01-01T02:00Z\nup 5m down 60s times 3\nup\n" + asked,
			seconds(start, "up", 300, "down", 60, "up", 300, "down", 60, "up", 300, "down", 60, "up", 2520), spans(0, 3600),
		},
		"silence": {
			"silence down\nmonitor from 2026-01-01T02:00Z\nup 30m silent 10m\nup\n" + asked,
			seconds(start, "up", 1800, "down", 600, "up", 1200), spans(0, 1800, 2400, 3600),
		},
		"tracks and a correction": {
			"track a\nmonitor from 2026-01-01T02:00Z\nup 30m down\ntrack b\nmonitor from 2026-01-01T02:00Z\ndown 60s up\n" +
				"correct from 2026-01-01T02:00:30Z to 2026-01-01T02:10Z\n" + asked,
			seconds(start, "down", 30, "", 570, "up", 1200, "down", 1800), spans(0, 3600),
		},
		"one track": {
			"track a\nmonitor from 2026-01-01T02:00Z\nup 30m down\ntrack b\nmonitor from 2026-01-01T02:00Z\ndown 60s up\n" +
				strings.Replace(asked, "03:00Z\n", "03:00Z of b\n", 1),
			seconds(start, "down", 60, "up", 3540), spans(0, 3600),
		},
		"slices, and what was not loaded": {
			"load 5m from 2026-01-01T01:50Z\nvalue 5*3 1*2\nload 5m from 2026-01-01T02:30Z\nvalue 1 _ ?*2 5\n" +
				strings.Replace(asked, "monitor", "time_slice > 3", 1),
			// 02:05 to 02:15 and 02:30 to 02:35 are bad; nothing is observed but up to 02:15, to 02:35, and 02:40 to 02:55.
			seconds(start, "up", 300, "down", 600, "up", 900, "down", 300, "up", 1500),
			spans(0, 900, 1800, 2100, 2400, 3300),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := one(t, question+test.text)
			if c.Fault != nil {
				t.Fatal(c.Fault)
			}
			// Only the sums of every half minute matter, not where the runs are cut.
			want := slo.Events{Unit: slo.Seconds, Known: spans(0, 3600)[0], Runs: test.runs}
			if diff := cmp.Diff(halfMinutes(want), halfMinutes(c.Events)); diff != "" {
				t.Errorf("seconds by the half minute (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.observed, c.Events.Observed); diff != "" || c.Events.Unit != slo.Seconds || c.Events.Known != want.Known {
				t.Errorf("unit %q, known %v, observed (-want +got):\n%s", c.Events.Unit, c.Events.Known, diff)
			}
		})
	}
}

// halfMinutes are the good and the valid seconds of each half minute of what is known.
func halfMinutes(e slo.Events) (sums [][2]float64) {
	for at := e.Known.Start; at < e.Known.End; at += 30 {
		var sum [2]float64
		for _, r := range e.Runs {
			part := timeseries.Span{Start: at, End: at + 30}.Intersect(timeseries.Span{Start: r.Start, End: r.Start + r.Step})
			share := float64(part.Seconds()) / float64(r.Step)
			sum[0] += r.Good[0] * share
			sum[1] += r.Valid[0] * share
		}
		sums = append(sums, sum)
	}
	return sums
}

func TestParseCorrectionsOfEvents(t *testing.T) {
	t.Parallel()
	c := one(t, `
load 5m from 2026-01-01T00:00Z
  valid 1*12
correct from 2026-01-01T00:02Z to 2026-01-01T00:13Z
correct from 2026-01-01T00:20Z to 2026-01-01T00:20Z
correct from 2026-01-01T00:50Z to 2026-01-01T00:55Z
edge any_overlap
slo metric target 90% window 3600s
assess at 2026-01-01T01:00Z
  state breached
`)
	const day = slotest.Epoch
	want := []timeseries.Span{{Start: day, End: day + 900}, {Start: day + 3000, End: day + 3300}}
	if diff := cmp.Diff(want, c.Events.Excluded, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("excluded (-want +got):\n%s", diff)
	}
	if c.Objective.Timeframe != 3600 || c.Events.Unit != "" {
		t.Errorf("window %d, unit %q", c.Objective.Timeframe, c.Events.Unit)
	}
}

func TestFault(t *testing.T) {
	t.Parallel()
	const text = "monitor from 2026-01-01\nup 1h silent\nslo monitor target 90% window 2h\nassess at 2026-01-01T02:00Z\n"
	c := one(t, text+"error transitions")
	var wrong *slo.TransitionError
	if !errors.As(c.Fault, &wrong) || len(c.Check()) != 0 {
		t.Errorf("fault %v, broken %v", c.Fault, c.Check())
	}
	for _, expectation := range []string{"error coarse", "state no_data"} {
		if broken := check(t, text+expectation); len(broken) != 1 || !strings.Contains(broken[0].Error(), "2026-01-01T01:00:00Z") {
			t.Errorf("%s: %v", expectation, broken)
		}
	}
}

func TestSinglePrecisionIsExact(t *testing.T) {
	t.Parallel()
	const text = "monitor from 2024-09-10T21:42:23Z\nup 13h36m down\nslo monitor target 99% window 14466s\nassess at 2024-09-11T11:59:14Z\n"
	if broken := check(t, text+"attainment.float32 83.05682373046875\nunit seconds"); len(broken) != 0 {
		t.Error(broken)
	}
	// The next number of single precision, and the other unit.
	for _, expectation := range []string{"attainment.float32 83.0568313598632812500", "attainment.float32 unknown", "unit requests"} {
		if broken := check(t, text+expectation); len(broken) != 1 {
			t.Errorf("%s: %v", expectation, broken)
		}
	}
}

func TestParseErrorsOfTime(t *testing.T) {
	t.Parallel()
	const monitor, slice = "slo monitor target 90% window 4h\n", "slo time_slice < 1 target 90% window 4h\n"
	const ask = "assess at 2026-01-02"
	tests := map[string]struct {
		text string
		line int
		want string
	}{
		"a monitor from nowhere":          {"monitor 2026-01-01", 1, "want: monitor from TIME"},
		"states without a monitor":        {"up 5m", 1, "up without a monitor line"},
		"states after the last":           {"monitor from 2026-01-01\nup\ndown 5m", 3, "down without a monitor line above it that is still open"},
		"an open state in the middle":     {"monitor from 2026-01-01\nup down 5m", 2, `length "down"`},
		"a length that is none":           {"monitor from 2026-01-01\nup 5", 2, `length "5"`},
		"a length below a second":         {"monitor from 2026-01-01\nup 5ms", 2, `length "5ms"`},
		"no length of time":               {"monitor from 2026-01-01\nup 0s", 2, `length "0s"`},
		"an unknown state":                {"monitor from 2026-01-01\nup 5m warn 5m", 2, "want states with their lengths"},
		"times of an open state":          {"monitor from 2026-01-01\nup 5m down times 3", 2, "want states with their lengths"},
		"no times":                        {"monitor from 2026-01-01\nup 5m times 0", 2, "want states with their lengths"},
		"times too many":                  {"monitor from 2026-01-01\nup 5m times 99999999", 2, "at most"},
		"silence of what":                 {"silence loud", 1, "want: silence up"},
		"silence of nothing":              {"silence", 1, "want: silence up"},
		"a track without a name":          {"track", 1, "want: track NAME"},
		"a track twice":                   {"track a\ntrack a", 2, "a name of its own"},
		"a second track after no name":    {"monitor from 2026-01-01\nup\ntrack b", 3, "a name of its own"},
		"a correction without an end":     {"correct from 2026-01-01", 1, "want: correct from TIME to TIME"},
		"an edge rule that is none":       {"edge sharp", 1, "want: edge by_start"},
		"a comparison that is none":       {"slo time_slice = 1 target 90% window 1h", 1, "slo time_slice < NUMBER"},
		"a threshold that is none":        {"slo time_slice < one target 90% window 1h", 1, `"one" is not a number`},
		"no comparison":                   {"slo time_slice target 90% window 1h", 1, "slo time_slice < NUMBER"},
		"a window of no seconds":          {"slo monitor target 90% window 0s", 1, `window "0s"`},
		"a window of too many":            {"slo monitor target 90% window 39312001s", 1, `window "39312001s"`},
		"a track that is not there":       {"track a\nmonitor from 2026-01-01\nup\n" + monitor + ask + " of b", 5, "no track is called b"},
		"assess of nothing":               {monitor + ask + " of", 2, "want: assess at TIME"},
		"events for a monitor":            {"load 5m from 2026-01-01\nvalid 1\n" + monitor + ask, 4, "does not look at the run of line 1"},
		"values for a monitor":            {"load 5m from 2026-01-01\nvalue 1\n" + monitor + ask, 4, "does not look at the run of line 1"},
		"states for slices":               {"monitor from 2026-01-01\nup\n" + slice + ask, 4, "slo time_slice does not look at monitors"},
		"states for events":               {"monitor from 2026-01-01\nup\nslo metric target 90% window 4h\n" + ask, 4, "slo metric does not look at monitors"},
		"events for slices":               {"load 5m from 2026-01-01\nvalid 1\n" + slice + ask, 4, "want value for slo time_slice"},
		"values and events":               {"load 5m from 2026-01-01\nvalue 1\ngood 1\n" + slice + ask, 5, "want value for slo time_slice"},
		"values for events":               {"load 5m from 2026-01-01\nvalue 1\nslo metric target 90% window 4h\n" + ask, 4, "want value for slo time_slice"},
		"tracks for events":               {"track a\nslo metric target 90% window 4h\n" + ask, 3, "slo metric has no tracks"},
		"slices of another length":        {"load 10m from 2026-01-01\nvalue 1\n" + slice + ask, 4, "want slices of 1m or of 5m"},
		"slices of two lengths":           {"load 1m from 2026-01-01\nvalue 1\nload 5m from 2026-01-01T01:00Z\nvalue 1\n" + slice + ask, 6, "all alike"},
		"slices beside the grid":          {"load 5m from 2026-01-01T00:01Z\nvalue 1\n" + slice + ask, 4, "a multiple of it"},
		"slices that overlap":             {"load 5m from 2026-01-01\nvalue 1*3\nload 5m from 2026-01-01T00:10Z\nvalue 1\n" + slice + ask, 6, "begins before the one before it ends"},
		"slices whose silence is carried": {"silence carried\n" + slice + ask, 3, "up, down or removed"},
		"a float32 that is none":          {monitor + ask + "\nattainment.float32 83.1", 3, "all digits of a number of single precision"},
		"a float32 about":                 {monitor + ask + "\nattainment.float32 ~83", 3, "all digits of a number of single precision"},
		"a unit that is none":             {monitor + ask + "\nunit minutes", 3, `unit "minutes": want requests, seconds`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases, err := slotest.Parse(test.text)
			var syntax *slotest.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != test.line || !strings.Contains(syntax.Message, test.want) || cases != nil {
				t.Errorf("%d cases and error %v, want none and one of line %d with %q", len(cases), err, test.line, test.want)
			}
		})
	}
}

// What the documentation of the language shows is true.
func TestDocumentationHolds(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for block := range strings.SplitSeq(string(source), "\n//\n") {
		lines := strings.ReplaceAll("\n"+block, "\n//\t", "\n")
		if !strings.HasPrefix(lines, "\ncase ") {
			continue
		}
		checked++
		if broken := check(t, lines); len(broken) != 0 {
			t.Errorf("%v in:%s", broken, lines)
		}
	}
	if checked != 2 {
		t.Errorf("%d examples, want 2", checked)
	}
}
