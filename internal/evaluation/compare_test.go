package evaluation_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The world of these tests: ten events in five minutes, of which some fail at
// known times before noon; slices and monitors have their outages at the same times.
var outages = []timeseries.Span{
	{Start: noon - 600, End: noon - 300},                  // new
	{Start: noon - 7200, End: noon - 5400},                // inside and at the edge of the correction
	{Start: noon - week - 900, End: noon - week},          // has just left the window
	{Start: noon - 3*86_400, End: noon - 3*86_400 + 3600}, // before the edit
}

func bad(at int64) bool {
	for _, o := range outages {
		if o.Contains(at) {
			return true
		}
	}
	return false
}

func eventsWorld(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	return source(func(text string, at int64) float64 {
		sum := 0.0
		for t := at; t < at+r.Step; t += 300 {
			if !bad(t) || text[0] != 'g' {
				sum += 10
			}
		}
		return sum
	})(ctx, r)
}

// events is what eventsWorld counts over a window, without corrections.
func events(from, to int64) (good, valid float64) {
	for t := from; t < to; t += 300 {
		valid += 10
		if !bad(t) {
			good += 10
		}
	}
	return good, valid
}

func percent(good, valid float64) float64 { return 100 * good / valid }

func TestReasonsOfEvents(t *testing.T) {
	t.Parallel()
	share := func(from, to int64) float64 { return percent(events(from, to)) }
	correction := slo.Correction{ID: "c", SLOID: "a", Start: noon - 7200, End: noon - 5550}
	without := func(windowFrom, to, from, until int64) float64 {
		g, v := events(windowFrom, to)
		cg, cv := events(from, until)
		return percent(g-cg, v-cv)
	}
	edited := time.Unix(noon-2*86_400, 0)
	for _, c := range []struct {
		name        string
		theirs      float64
		indexed     int64
		corrections []slo.Correction
		modified    time.Time
		decimals    int
		verdict     evaluation.Verdict
		reason      evaluation.Reason
	}{
		{name: "the same", theirs: share(noon-week, noon), indexed: noon, verdict: evaluation.Agrees},
		{name: "the same, for a window that ended earlier", theirs: share(noon-week-1800, noon-1800), indexed: noon - 1800, verdict: evaluation.Agrees},
		{name: "the same, for a window that ended later", theirs: share(noon-week+600, noon+600), indexed: noon + 600, verdict: evaluation.Agrees},
		{name: "somewhere inside the last five minutes", theirs: percent(add(events(noon-week-600, noon-600))(0, 4)), indexed: noon - 450, verdict: evaluation.Agrees},
		{name: "cut to two decimals", theirs: math.Floor(100*share(noon-week, noon)) / 100, indexed: noon, decimals: 2, verdict: evaluation.Agrees, reason: evaluation.Precision},
		{name: "older than it says", theirs: share(noon-week-1200, noon-1200), indexed: noon, verdict: evaluation.Differs, reason: evaluation.IndexAge},
		{name: "late data", theirs: share(noon-week, noon-600), indexed: noon, verdict: evaluation.Differs, reason: evaluation.LateData},
		{name: "corrected", theirs: without(noon-week, noon, noon-7200, noon-5400), indexed: noon, corrections: []slo.Correction{correction}, verdict: evaluation.Agrees},
		{name: "corrections off", theirs: share(noon-week, noon), indexed: noon, corrections: []slo.Correction{correction}, verdict: evaluation.Differs, reason: evaluation.CorrectionsOff},
		{name: "another edge", theirs: without(noon-week, noon, noon-7200, noon-5700), indexed: noon, corrections: []slo.Correction{correction}, verdict: evaluation.Differs, reason: evaluation.CorrectionEdge},
		{name: "since the edit", theirs: share(noon-2*86_400, noon), indexed: noon, modified: edited, verdict: evaluation.Differs, reason: evaluation.DefinitionChanged},
		{name: "nothing explains it", theirs: 97.123456, indexed: noon, verdict: evaluation.Differs, reason: evaluation.Unexplained},
		{name: "an index of two hours ago", theirs: 97.123456, indexed: noon - 7200, verdict: evaluation.Incomparable},
		{name: "an index of hours later", theirs: 97.123456, indexed: noon + 7200, verdict: evaluation.Incomparable},
		{name: "an index from before the edit", theirs: 97.123456, indexed: noon - 600, modified: time.Unix(noon-300, 0), verdict: evaluation.Incomparable},
		{name: "an index of no known time", theirs: 97.123456, verdict: evaluation.Incomparable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := job("a", "g", "v", slo.SevenDays)
			j.Definition.Modified = c.modified
			decimals := -1
			if c.decimals > 0 {
				decimals = c.decimals
			}
			s := evaluation.Service{
				Catalog: withCorrections([]evaluation.Job{j}, c.corrections...),
				Runner:  evaluation.Runner{Metrics: metrics(eventsWorld), Concurrency: 1},
				Records: records{reported: func() ([]slo.Reported, []slo.Note, error) {
					return []slo.Reported{
						{SLOID: "a", Timeframe: slo.ThirtyDays, Attainment: slo.Known(1), IndexedAt: c.indexed, Decimals: -1},
						{SLOID: "a", Timeframe: slo.SevenDays, Attainment: slo.Known(c.theirs), IndexedAt: c.indexed, Decimals: decimals},
					}, nil, nil
				}},
			}
			got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0].Datadog[0]
			if got == nil || got.Verdict != c.verdict || got.Reason != c.reason {
				t.Fatalf("%+v, want verdict %d, reason %q", got, c.verdict, c.reason)
			}
			if c.indexed == 0 && !got.Window.Empty() {
				t.Errorf("window %v of a figure of no known time", got.Window)
			}
			if c.indexed != 0 && (got.Window.End != c.indexed || got.Window.Seconds() != week) {
				t.Errorf("window %v, want the week before the index", got.Window)
			}
			if c.verdict != evaluation.Agrees && got.Detail == "" {
				t.Error("nothing is said about it")
			}
		})
	}
}

// add adds to two numbers.
func add(a, b float64) func(float64, float64) (float64, float64) {
	return func(x, y float64) (float64, float64) { return a + x, b + y }
}

func TestReasonsOfGroups(t *testing.T) {
	t.Parallel()
	j := job("a", "g", "v", slo.SevenDays)
	sli := j.Definition.SLI.(slo.EventSLI)
	sli.GroupBy = []string{"env"}
	j.Definition.SLI = sli
	s := evaluation.Service{
		Catalog: listing(j),
		Runner: evaluation.Runner{Metrics: metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
			return source(func(text string, at int64) float64 {
				v := float64(r.Step / 300)
				switch text {
				case "genv:a":
					return 0.9 * v
				case "genv:b":
					return 0.5 * v
				}
				return v
			}, "env:a", "env:b", "env:c")(ctx, r)
		})},
	}
	for theirs, want := range map[float64]string{80: "", 90: "env:a", 95: "leaves out the group env:b", 70: "leaves out the group env:c"} {
		s.Records = records{reported: func() ([]slo.Reported, []slo.Note, error) {
			return []slo.Reported{{SLOID: "a", Timeframe: slo.SevenDays, Attainment: slo.Known(theirs), IndexedAt: noon, Decimals: -1}}, nil, nil
		}}
		got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0].Datadog[0]
		if agrees := got.Verdict == evaluation.Agrees; agrees != (want == "") || !agrees && (got.Reason != evaluation.GroupSet || !strings.Contains(got.Detail, want)) {
			t.Errorf("%v: %+v, want %q", theirs, got, want)
		}
	}
}

// Datadog's figures of time are float32 of the percentage, in exact seconds.
func TestReasonsOfTime(t *testing.T) {
	t.Parallel()
	const total = float64(week)
	f32 := func(up, of float64) float64 { return float64(float32(100 * up / of)) }
	transitions := []slo.Transition{
		{At: noon - 30*86_400, State: slo.Up}, {At: noon - 5000, State: slo.Down}, {At: noon - 4001, State: slo.Up},
		{At: noon - 3000, State: slo.Silent}, {At: noon - 1000, State: slo.Up},
	}
	parts := []slo.Track{{MonitorID: 1, Transitions: transitions}, {MonitorID: 2, Transitions: []slo.Transition{
		{At: noon - 30*86_400, State: slo.Up}, {At: noon - 9000, State: slo.Down}, {At: noon - 8000, State: slo.Up},
	}}}
	correction := slo.Correction{ID: "c", SLOID: "m", Start: noon - 5000, End: noon - 4500}
	for _, c := range []struct {
		name     string
		theirs   float64
		monitors []int64
		preview  bool
		verdict  evaluation.Verdict
		reason   evaluation.Reason
	}{
		{"one cast to float32", f32(total-500-499, total-500), []int64{1}, false, evaluation.Agrees, ""},
		{"corrections off", f32(total-999, total), []int64{1}, false, evaluation.Differs, evaluation.CorrectionsOff},
		{"silence as down", f32(total-500-499-2000, total-500), []int64{1}, false, evaluation.Differs, evaluation.MissingData},
		{"two monitors", f32(total-500-499-1000, total-500), []int64{1, 2}, false, evaluation.Agrees, ""},
		{"two monitors, one of which counts", f32(total-500-1000, total-500), []int64{1, 2}, false, evaluation.Differs, evaluation.GroupSet},
		{"still computing", f32(total-3000-500-499, total-3000-500), []int64{1}, true, evaluation.Differs, evaluation.Preview},
		{"nothing explains it", 98.7654, []int64{1}, false, evaluation.Differs, evaluation.Unexplained},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			overall := slo.Track{Transitions: transitions, Attainment: slo.Known(c.theirs), Decimals: -1, Preview: c.preview}
			h := slo.History{Overall: overall}
			if len(c.monitors) > 1 {
				h.Monitors = parts
			}
			list := withCorrections([]evaluation.Job{monitorJob("m", c.monitors, slo.SevenDays)}, correction)
			list.of = func(string) ([]slo.Correction, error) { return []slo.Correction{correction}, nil }
			s := evaluation.Service{
				Catalog: list,
				Runner:  evaluation.Runner{Concurrency: 1},
				Records: records{
					monitors: map[int64]slo.MonitorSettings{1: {ID: 1, Silence: slo.SilenceUp}, 2: {ID: 2, Silence: slo.SilenceUp}},
					history:  func(slo.HistoryRequest) (slo.History, error) { return h, nil },
				},
			}
			board, accounts, err := s.Accounts(context.Background(), evaluation.Query{Question: slo.Question{To: noon}})
			if err != nil {
				t.Fatal(err)
			}
			if noted(board.Rows[0].Notes, "corrections_differ") {
				t.Errorf("notes %v, and both sides apply the same correction", board.Rows[0].Notes)
			}
			got := accounts[0]
			if got.Verdict != c.verdict || got.Reason != c.reason {
				t.Errorf("%+v, want verdict %d, reason %q", got.Comparison, c.verdict, c.reason)
			}
			if (len(got.Evidence) > 0) != (c.reason == evaluation.Unexplained) {
				t.Errorf("evidence %q", got.Evidence)
			}
		})
	}
}

// No data on our side and all up on Datadog's is a difference with a reason.
func TestNoDataAgainstAllUp(t *testing.T) {
	t.Parallel()
	s := evaluation.Service{
		Catalog: listing(sliceJob("s", 300, slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source(func(string, int64) float64 { return math.NaN() })},
		Records: records{reported: func() ([]slo.Reported, []slo.Note, error) {
			return []slo.Reported{{SLOID: "s", Timeframe: slo.SevenDays, Attainment: slo.Known(100), IndexedAt: noon, Decimals: 2}}, nil, nil
		}},
	}
	got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0].Datadog[0]
	if got.Verdict != evaluation.Differs || got.Reason != evaluation.MissingData || got.Ours.IsKnown() {
		t.Errorf("%+v, want a difference for missing data", got)
	}
}

func TestWithoutDatadogsFiguresTheBoardIsComplete(t *testing.T) {
	t.Parallel()
	s := evaluation.Service{
		Catalog: listing(job("a", "g", "v", slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: metrics(eventsWorld)},
		Records: records{reported: func() ([]slo.Reported, []slo.Note, error) { return nil, nil, errors.New("502 Bad Gateway") }},
	}
	board := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}})
	if row := board.Rows[0]; row.Defect != nil || row.Datadog[0] != nil || !noted(board.Notes, "datadog_figures_unread") {
		t.Errorf("row %+v, notes %v", row, board.Notes)
	}
}

// What we apply and what Datadog lists for an objective are held against each other.
func TestCorrectionsThatDatadogAppliesAndWeDoNot(t *testing.T) {
	t.Parallel()
	other := slo.Correction{ID: "other", SLOID: "a", Start: noon - 600, End: noon}
	list := withCorrections([]evaluation.Job{job("a", "g", "v", slo.SevenDays)})
	list.of = func(string) ([]slo.Correction, error) {
		return []slo.Correction{other, {ID: "old", SLOID: "a", Start: noon - 90*86_400, End: noon - 80*86_400}}, nil
	}
	s := evaluation.Service{
		Catalog: list, Runner: evaluation.Runner{Metrics: metrics(eventsWorld), Concurrency: 2},
		Records: records{history: func(slo.HistoryRequest) (slo.History, error) { return slo.History{}, nil }},
	}
	board, _, err := s.Accounts(context.Background(), evaluation.Query{Question: slo.Question{To: noon}})
	if err != nil {
		t.Fatal(err)
	}
	notes := board.Rows[0].Notes
	if len(notes) != 1 || notes[0].Code != "corrections_differ" || !strings.Contains(notes[0].Text, "corrections none, Datadog lists other") {
		t.Errorf("notes %v", notes)
	}
}

// Slices without data, and slices whose formula has no value, may count differently.
func TestSlicesWithoutDataAsDown(t *testing.T) {
	t.Parallel()
	value := func(text string, at int64) float64 {
		switch n := (noon - at) / 300; {
		case n <= 10, text == "a / b" && n <= 25:
			return math.NaN()
		}
		return 0
	}
	for down, want := range map[int64]evaluation.Verdict{0: evaluation.Agrees, 10: evaluation.Differs, 25: evaluation.Differs} {
		theirs := float64(float32(percent(float64(week-300*down), float64(week))))
		s := evaluation.Service{
			Catalog: listing(sliceJob("s", 300, slo.SevenDays)), Runner: evaluation.Runner{Metrics: source(value), Concurrency: 2},
			Records: records{reported: func() ([]slo.Reported, []slo.Note, error) {
				return []slo.Reported{{SLOID: "s", Timeframe: slo.SevenDays, Attainment: slo.Known(theirs), IndexedAt: noon, Decimals: -1}}, nil, nil
			}},
		}
		got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0].Datadog[0]
		if got.Verdict != want || want == evaluation.Differs && got.Reason != evaluation.MissingData {
			t.Errorf("%d slices down: %+v", down, got)
		}
	}
}
