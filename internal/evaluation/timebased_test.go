package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const week = int64(slo.SevenDays)

// records are Datadog's own, made of functions.
type records struct {
	reported func() ([]slo.Reported, []slo.Note, error)
	history  func(slo.HistoryRequest) (slo.History, error)
	monitors map[int64]slo.MonitorSettings
}

func (r records) Reported(context.Context) ([]slo.Reported, []slo.Note, error) {
	if r.reported == nil {
		return nil, nil, nil
	}
	return r.reported()
}

func (r records) History(_ context.Context, q slo.HistoryRequest) (slo.History, error) {
	if r.history == nil {
		return slo.History{}, errors.New("no history was expected to be asked for")
	}
	return r.history(q)
}

func (r records) Monitor(_ context.Context, id int64) (slo.MonitorSettings, error) {
	if m, ok := r.monitors[id]; ok {
		return m, nil
	}
	return slo.MonitorSettings{}, gone{}
}

// gone is what the client says of what does not exist.
type gone struct{}

func (gone) Error() string  { return "monitor does not exist" }
func (gone) NotFound() bool { return true }

var _ evaluation.Records = records{}

// source answers every query and formula by a function of its text and the instant.
func source(value func(text string, at int64) float64, groups ...string) metrics {
	if len(groups) == 0 {
		groups = []string{""}
	}
	return func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		texts := slices.Clone(r.Queries)
		for _, f := range r.Formulas {
			texts = append(texts, f.Text)
		}
		answers := make([]timeseries.Answer, len(texts))
		for i, text := range texts {
			for _, g := range groups {
				s := timeseries.Blank(r.Span, r.Step)
				for k := range s.Values {
					s.Values[k] = value(text+g, r.Span.Start+int64(k)*r.Step)
				}
				var tags []string
				if g != "" {
					tags = []string{g}
				}
				answers[i].Groups = append(answers[i].Groups, timeseries.Group{Tags: tags, Series: s})
			}
		}
		return answers, nil
	}
}

func sliceJob(id string, seconds int64, timeframes ...slo.Timeframe) evaluation.Job {
	j := job(id, "g", "v", timeframes...)
	j.Definition.Type = slo.TimeSlice
	j.Definition.SLI = slo.SliceSLI{
		Formula: "a / b", Queries: map[string]string{"a": "sum:errors{*}", "b": "sum:hits{*}"},
		Comparator: "<=", Threshold: 0.5, Seconds: seconds,
	}
	return j
}

func monitorJob(id string, monitors []int64, timeframes ...slo.Timeframe) evaluation.Job {
	j := job(id, "g", "v", timeframes...)
	j.Definition.Type = slo.Monitor
	j.Definition.SLI = slo.MonitorSLI{MonitorIDs: monitors}
	return j
}

func evaluate(t *testing.T, s evaluation.Service, q evaluation.Query) evaluation.Board {
	t.Helper()
	board, err := s.Evaluate(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return board
}

func figures(t *testing.T, r evaluation.Row) (good, total float64) {
	t.Helper()
	if r.Defect != nil {
		t.Fatalf("%s: %v", r.Definition.ID, r.Defect)
	}
	good, _ = r.Windows[0].Good.Value()
	total, _ = r.Windows[0].Valid.Value()
	return good, total
}

// Ten bad slices of five minutes in a week, ten without a value, twenty without any data at all.
func TestSlices(t *testing.T) {
	t.Parallel()
	value := func(text string, at int64) float64 {
		n := (noon - at) / 300 // the last slice is 1
		switch {
		case n >= 30 && n < 50:
			return math.NaN()
		case n >= 20 && n < 30 && text == "a / b":
			return math.NaN() // zero traffic: division by zero
		case n >= 10 && n < 20 && text == "a / b":
			return 0.6
		}
		return 0.5 // equal to the threshold, which <= allows
	}
	board := evaluate(t, evaluation.Service{
		Catalog: listing(sliceJob("s", 300, slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source(value), Concurrency: 2},
	}, evaluation.Query{Question: slo.Question{To: noon}})
	row := board.Rows[0]
	good, total := figures(t, row)
	if total != float64(week) || good != float64(week-10*300) {
		t.Errorf("good %v of %v, want all but ten slices of %d", good, total, week)
	}
	a := row.Windows[0]
	if c, _ := a.Coverage.Value(); c != float64(week-20*300)/float64(week) {
		t.Errorf("coverage %v, want all but twenty slices", c)
	}
	if a.Unit != slo.Seconds || a.Budget.Allowed != float64(week)/100 || a.Budget.Consumed != 3000 {
		t.Errorf("unit %s, budget %+v", a.Unit, a.Budget)
	}
	if len(row.Groups) != 0 {
		t.Errorf("groups %v, want none", row.Groups)
	}
}

func TestGroupedSlicesAreBadWhereAnyGroupIs(t *testing.T) {
	t.Parallel()
	value := func(text string, at int64) float64 {
		n := (noon - at) / 60
		if text == "a / benv:dev" && n < 10 || text == "a / benv:prod" && n >= 5 && n < 20 {
			return 1
		}
		return 0
	}
	row := evaluate(t, evaluation.Service{
		Catalog: listing(sliceJob("s", 60, slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source(value, "env:prod", "env:dev"), Concurrency: 2},
	}, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0]
	if good, total := figures(t, row); total != float64(week) || total-good != 19*60 {
		t.Errorf("%v s bad of %v, want 19 slices: the union of both", total-good, total)
	}
	for i, want := range []struct {
		name string
		bad  float64
	}{{"env:dev", 9 * 60}, {"env:prod", 15 * 60}} {
		g := row.Groups[i]
		good, _ := g.Windows[0].Good.Value()
		if g.Name != want.name || float64(week)-good != want.bad {
			t.Errorf("group %s: %v s bad, want %s with %v", g.Name, float64(week)-good, want.name, want.bad)
		}
	}
}

func TestNoSliceWithDataIsNoData(t *testing.T) {
	t.Parallel()
	row := evaluate(t, evaluation.Service{
		Catalog: listing(sliceJob("s", 300, slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source(func(string, int64) float64 { return math.NaN() })},
	}, evaluation.Query{Question: board(noon)}).Rows[0]
	a := row.Windows[0]
	if a.State != slo.NoData || a.Attainment.IsKnown() || a.Budget != nil || a.Good.IsKnown() || a.Previous.RemainingPercent.IsKnown() {
		t.Errorf("%+v, want no data and no figures", a)
	}
}

// A hundred requests for a 90-day objective of 60-second slices; past the bound it is its history.
func TestMaxRequestsBoundsThePlan(t *testing.T) {
	t.Parallel()
	jobs := []evaluation.Job{
		job("events", "g", "v", slo.NinetyDays),
		sliceJob("fine", 60, slo.NinetyDays),
		sliceJob("coarse", 300, slo.SevenDays),
	}
	q := slo.Question{To: noon}
	free := evaluation.NewPlan(jobs, q, evaluation.Bounds{})
	// Two days of hours in one more request, and the hours at both ends; minutes by the day, and noon to noon
	// touches 91 of them; 7 days of five minutes.
	if n := len(free.Requests); n != 2+91+2 || free.FellBack != 0 || len(free.Histories) != 0 {
		t.Errorf("%d requests, %d fell back; want 95 and none", n, free.FellBack)
	}
	bound := evaluation.NewPlan(jobs, q, evaluation.Bounds{MaxRequests: 94})
	if n := len(bound.Requests); n != 4 || bound.FellBack != 1 || bound.Wanted != 95 {
		t.Errorf("%d requests, %d fell back of %d wanted; want 4, 1 of 95", n, bound.FellBack, bound.Wanted)
	}
	if len(bound.Histories) != 1 || bound.Histories[0].ID != "fine" || !bound.Histories[0].Uncorrected {
		t.Errorf("histories %+v, want the uncorrected one of the 60-second objective", bound.Histories)
	}
	if n := len(evaluation.NewPlan(jobs, q, evaluation.Bounds{MaxRequests: 95}).Requests); n != 95 {
		t.Errorf("%d requests under a bound of 95, want 95", n)
	}
	if n := len(evaluation.NewPlan(jobs, q, evaluation.Bounds{MaxRequests: 1}).Requests); n != 2 {
		t.Errorf("%d requests under a bound of 1; counted events have no other evidence than two", n)
	}
}

// Among many that do not fit, those that do and those that ask nothing new still find their place.
func TestMaxRequestsFillsWhatThereIs(t *testing.T) {
	t.Parallel()
	var jobs []evaluation.Job
	for i := range 60 {
		j := sliceJob(fmt.Sprint("s", i), 60, slo.NinetyDays)
		sli := j.Definition.SLI.(slo.SliceSLI)
		sli.Queries = map[string]string{"a": fmt.Sprint("a", i%40), "b": fmt.Sprint("b", i%40)} // the last twenty repeat the first
		j.Definition.SLI = sli
		jobs = append(jobs, j)
	}
	plan := evaluation.NewPlan(jobs, slo.Question{To: noon}, evaluation.Bounds{MaxRequests: 95})
	// A request holds 25 queries, twelve objectives of two; ninety-one days, one request each.
	if len(plan.Requests) != 91 || plan.FellBack != 40-12+20-12 || len(plan.Histories) != plan.FellBack || plan.Wanted != 91*4 {
		t.Errorf("%d requests, %d fell back, %d histories, %d wanted; want 91, 36, 36 and 364", len(plan.Requests), plan.FellBack, len(plan.Histories), plan.Wanted)
	}
}

func TestSlicesBeyondTheBoundUseTransitions(t *testing.T) {
	t.Parallel()
	s := evaluation.Service{
		Catalog: listing(sliceJob("s", 60, slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source(func(string, int64) float64 { return 0 })},
		Records: records{history: func(r slo.HistoryRequest) (slo.History, error) {
			return slo.History{Window: r.Window, Overall: slo.Track{Transitions: []slo.Transition{
				{At: r.Window.Start - 100, State: slo.Up}, {At: noon - 600, State: slo.Down}, {At: noon - 540, State: slo.Silent},
			}}}, nil
		}},
	}
	board := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}, MaxRequests: 3})
	if good, total := figures(t, board.Rows[0]); total != float64(week) || total-good != 60 {
		t.Errorf("%v s bad of %v, want 60", total-good, total)
	}
	if !noted(board.Rows[0].Notes, "datadog_transitions") || !noted(board.Notes, "max_requests") {
		t.Errorf("notes %v and %v, want both to say so", board.Rows[0].Notes, board.Notes)
	}
}

func noted(notes []slo.Note, code string) bool {
	return slices.ContainsFunc(notes, func(n slo.Note) bool { return n.Code == code })
}

func TestMonitors(t *testing.T) {
	t.Parallel()
	up := func(name string, id int64, rest ...slo.Transition) slo.Track {
		return slo.Track{Name: name, MonitorID: id, Transitions: append([]slo.Transition{{At: noon - week - 12345, State: slo.Up}}, rest...)}
	}
	down := func(from, to int64) []slo.Transition {
		return []slo.Transition{{At: noon - from, State: slo.Down}, {At: noon - to, State: slo.Up}}
	}
	silent := []slo.Transition{{At: noon - 7000, State: slo.Silent}, {At: noon - 6000, State: slo.Up}}
	plain := slo.MonitorSettings{Silence: slo.SilenceUp}
	for _, c := range []struct {
		name     string
		monitors []int64
		settings map[int64]slo.MonitorSettings
		groups   []string
		history  slo.History
		// bad and removed are seconds of the week.
		bad, removed float64
		parts        int
		note         string
		defect       string
	}{
		{
			name: "exact seconds, with the state carried in", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: up("", 0, down(1007, 308)...)}, bad: 699,
		},
		{
			name: "edited inside the window", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: {ID: 1, Modified: time.Unix(noon-86_400, 0)}},
			history: slo.History{Overall: up("", 0)}, note: "monitor_changed",
		},
		{
			name: "two monitors, each second once", monitors: []int64{1, 2}, parts: 2,
			settings: map[int64]slo.MonitorSettings{1: {ID: 1, Name: "one"}, 2: {ID: 2, Name: "two"}},
			history: slo.History{
				Overall:  up("", 0),
				Monitors: []slo.Track{up("", 2, down(500, 100)...), up("", 1, down(700, 300)...)},
			}, bad: 600,
		},
		{
			name: "silence by each monitor's own settings", monitors: []int64{1, 2}, parts: 2,
			settings: map[int64]slo.MonitorSettings{1: {ID: 1, Silence: slo.SilenceDown}, 2: {ID: 2, Silence: slo.SilenceUp}},
			history: slo.History{
				Overall:  up("", 0),
				Monitors: []slo.Track{up("", 1, silent...), up("", 2, slo.Transition{At: noon - 9000, State: slo.Silent}, slo.Transition{At: noon - 8000, State: slo.Up})},
			}, bad: 1000,
		},
		{
			name: "monitors known by their names", monitors: []int64{1, 2}, parts: 2,
			settings: map[int64]slo.MonitorSettings{1: {ID: 1, Name: "one", Silence: slo.SilenceDown}, 2: {ID: 2, Name: "two", Silence: slo.SilenceUp}},
			history:  slo.History{Overall: up("", 0), Monitors: []slo.Track{up("two", 0), up("one", 0, silent...)}}, bad: 1000,
		},
		{
			name: "monitors that cannot be told apart", monitors: []int64{1, 2},
			settings: map[int64]slo.MonitorSettings{1: {ID: 1, Name: "same", Silence: slo.SilenceDown}, 2: {ID: 2, Name: "same", Silence: slo.SilenceUp}},
			history:  slo.History{Overall: up("", 0), Monitors: []slo.Track{up("same", 0), up("same", 0, silent...)}}, defect: "does not say whose",
		},
		{
			name: "one of the monitors is not listed: the state of the whole", monitors: []int64{1, 2},
			settings: map[int64]slo.MonitorSettings{1: {ID: 1, Name: "one"}, 2: {ID: 2, Name: "two"}},
			history:  slo.History{Overall: up("", 0, down(20, 10)...), Monitors: []slo.Track{up("two", 0)}}, bad: 10,
		},
		{
			name: "groups", monitors: []int64{1}, parts: 2, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: up("", 0), Groups: []slo.Track{up("a:1", 0, down(60, 0)...), up("a:2", 0, down(90, 30)...)}}, bad: 90,
		},
		{
			name: "groups of which not all are listed: what the whole says counts as well", monitors: []int64{1}, parts: 1, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: up("", 0, down(900, 30)...), Groups: []slo.Track{up("a:1", 0, down(60, 0)...)}}, bad: 900, note: "parts_incomplete",
		},
		{
			name: "a group that is listed twice", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: up("", 0), Groups: []slo.Track{up("a:1", 0), up("a:1", 0)}}, defect: "twice",
		},
		{
			name: "no state at all", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: plain},
			removed: float64(week), note: "datadog_problem",
		},
		{
			name: "the last known state of a time before the record", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: {Silence: slo.SilenceCarried}},
			history: slo.History{Overall: slo.Track{Transitions: []slo.Transition{{At: noon - 2*week, State: slo.Silent}, {At: noon - 1000, State: slo.Up}}}},
			removed: float64(week) - 1000, note: "record_begins",
		},
		{
			name: "selected groups only", monitors: []int64{1}, parts: 1, groups: []string{"b:1, a:2"}, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: up("", 0), Groups: []slo.Track{up("a:1,b:1", 0, down(60, 0)...), up("a:2,b:1", 0, down(90, 30)...)}}, bad: 60,
		},
		{
			name: "a grouped synthetic test by its own state", monitors: []int64{1}, parts: 2,
			settings: map[int64]slo.MonitorSettings{1: {Synthetic: true, Silence: slo.SilenceRemoved}},
			history: slo.History{
				Overall: up("", 0, down(40, 30)...),
				Groups:  []slo.Track{up("a:1", 0, down(60, 0)...), up("a:2", 0, down(90, 30)...)},
			}, bad: 10,
		},
		{
			name: "a paused synthetic test", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: {Synthetic: true, Silence: slo.SilenceRemoved}},
			history: slo.History{Overall: up("", 0, silent...)}, removed: 1000,
		},
		{
			name: "time before there was a record does not count", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: slo.Track{Transitions: []slo.Transition{{At: noon - 86_400, State: slo.Up}}}}, removed: float64(week - 86_400),
		},
		{
			name: "out of order", monitors: []int64{1}, settings: map[int64]slo.MonitorSettings{1: plain},
			history: slo.History{Overall: up("", 0, slo.Transition{At: noon - 100, State: slo.Down}, slo.Transition{At: noon - 200, State: slo.Up})},
			defect:  "is not after the one before it",
		},
		{
			name: "silence of which nothing is known", monitors: []int64{1},
			settings: map[int64]slo.MonitorSettings{1: {Why: "on_missing_data: sometimes"}},
			history:  slo.History{Overall: up("", 0, silent...)}, defect: "on_missing_data: sometimes",
		},
		{name: "a monitor that was deleted", monitors: []int64{7}, history: slo.History{Overall: up("", 0)}, defect: "does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := monitorJob("m", c.monitors, slo.SevenDays)
			sli := j.Definition.SLI.(slo.MonitorSLI)
			sli.Groups = c.groups
			j.Definition.SLI = sli
			s := evaluation.Service{
				Catalog: listing(j), Runner: evaluation.Runner{Concurrency: 2},
				Records: records{monitors: c.settings, history: func(slo.HistoryRequest) (slo.History, error) { return c.history, nil }},
			}
			row := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0]
			if c.defect != "" {
				if row.Defect == nil || !strings.Contains(row.Defect.Message, c.defect) || len(row.Windows) != 0 {
					t.Fatalf("defect %v, want %q and no windows", row.Defect, c.defect)
				}
				return
			}
			good, total := figures(t, row)
			if total-good != c.bad || total != float64(week)-c.removed || len(row.Groups) != c.parts {
				t.Errorf("%v s bad of %v with %d groups, want %v of %v with %d", total-good, total, len(row.Groups), c.bad, float64(week)-c.removed, c.parts)
			}
			if c.note != "" && !noted(row.Notes, c.note) {
				t.Errorf("notes %v, want %s", row.Notes, c.note)
			}
			if !noted(row.Notes, "datadog_transitions") {
				t.Errorf("notes %v, want one that says whose evidence it is", row.Notes)
			}
		})
	}
}

// Without permission for monitors the rest of the board is evaluated all the same.
func TestRefusedRecordsConcernTheirRowsAlone(t *testing.T) {
	t.Parallel()
	refused := &slo.Defect{Kind: slo.Auth, Message: "403 Forbidden"}
	s := evaluation.Service{
		Catalog: listing(monitorJob("m", []int64{1}, slo.SevenDays), job("e", "g", "v", slo.SevenDays)),
		Runner:  evaluation.Runner{Metrics: source(func(string, int64) float64 { return 1 }), Concurrency: 1},
		Records: records{
			monitors: map[int64]slo.MonitorSettings{1: {}},
			history:  func(slo.HistoryRequest) (slo.History, error) { return slo.History{}, refused },
		},
	}
	rows := evaluate(t, s, evaluation.Query{Question: board(noon)}).Rows
	if rows[0].Defect != refused || rows[1].Defect != nil {
		t.Errorf("defects %v and %v, want the first row's alone", rows[0].Defect, rows[1].Defect)
	}
}
