package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Two monitors of one name each have their own past.
func TestMonitorsOfOneName(t *testing.T) {
	t.Parallel()
	const now = noon
	shelf := newMemory(now)
	down := func(from, to int64) []slo.Transition {
		return []slo.Transition{{At: now - 40*day, State: slo.Up}, {At: from, State: slo.Down}, {At: to, State: slo.Up}}
	}
	all := []slo.Track{
		{Name: "cpu", Transitions: down(now-20*day, now-20*day+3600)},
		{Name: "cpu", Transitions: down(now-10*day, now-10*day+7200)},
	}
	overall := slo.Track{Transitions: []slo.Transition{{At: now - 40*day, State: slo.Up}, {At: now - 20*day, State: slo.Down}, {At: now - 20*day + 3600, State: slo.Up},
		{At: now - 10*day, State: slo.Down}, {At: now - 10*day + 7200, State: slo.Up}}}
	win := func(tr slo.Track, w timeseries.Span) slo.Track {
		var out []slo.Transition
		for _, x := range tr.Transitions {
			if x.At >= w.End {
				continue
			}
			if x.At <= w.Start {
				out = []slo.Transition{x}
				continue
			}
			out = append(out, x)
		}
		tr.Transitions = out
		return tr
	}
	rec := records{
		monitors: map[int64]slo.MonitorSettings{
			1: {ID: 1, Name: "cpu", Silence: slo.SilenceUp, Modified: time.Unix(now-100*day, 0)},
			2: {ID: 2, Name: "cpu", Silence: slo.SilenceUp, Modified: time.Unix(now-100*day, 0)},
		},
		history: func(q slo.HistoryRequest) (slo.History, error) {
			return slo.History{Window: q.Window, Overall: win(overall, q.Window), Monitors: []slo.Track{win(all[0], q.Window), win(all[1], q.Window)}}, nil
		},
	}
	s := evaluation.Service{Catalog: listing(monitorJob("m", []int64{1, 2}, slo.ThirtyDays)), Records: rec, Runner: evaluation.Runner{Metrics: world{}, Concurrency: 1, Shelf: shelf}}
	q := evaluation.Query{Question: slo.Question{To: now}}
	cold := evaluate(t, s, q)
	warm := evaluate(t, s, q)
	if d := differing(cold.Rows, warm.Rows); d != "" {
		t.Errorf("warm differs: %s", d)
	}
}

// table is a metric source with values by query; nil value = missing; formulas are the first input.
type table struct {
	value func(query string, at int64) float64
	fail  func(r timeseries.Request) error
	saw   []timeseries.Request
}

func (s *table) Series(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	s.saw = append(s.saw, r)
	if n := r.Span.Seconds() / r.Step; n >= 1500 {
		return nil, fmt.Errorf("coarsened: %d points over %s", n, r.Span)
	}
	if s.fail != nil {
		if err := s.fail(r); err != nil {
			return nil, err
		}
	}
	var out []timeseries.Answer
	one := func(f func(at int64) float64) {
		g := timeseries.Group{Series: timeseries.Blank(r.Span, r.Step)}
		any := false
		for i := range g.Series.Values {
			sum, seen := 0.0, false
			for at := r.Span.Start + int64(i)*r.Step; at < r.Span.Start+int64(i+1)*r.Step; at += min(r.Step, 300) {
				if v := f(at); !math.IsNaN(v) {
					sum, seen = sum+v, true
				}
			}
			if seen {
				g.Series.Values[i], any = sum, true
			}
		}
		if any {
			out = append(out, timeseries.Answer{Groups: []timeseries.Group{g}})
		} else {
			out = append(out, timeseries.Answer{})
		}
	}
	for _, q := range r.Queries {
		one(func(at int64) float64 { return s.value(q, at) })
	}
	for _, f := range r.Formulas {
		one(func(at int64) float64 {
			v := s.value(f.Inputs[0].Query, at)
			for _, in := range f.Inputs[1:] {
				v /= s.value(in.Query, at)
			}
			return v
		})
	}
	return out, nil
}

// A formula and its query were silent; a run without the formula finds that the query is not.
func TestSilentFormulaOfAQueryThatSpeaks(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	shelf := newMemory(to)
	// both silent until 20 days ago
	late := false
	src := &table{value: func(q string, at int64) float64 {
		if !late && at < timeseries.Floor(to-20*day, day) {
			return math.NaN()
		}
		if q == "sum:errors{*}" {
			return 2
		}
		return 4
	}}
	ev := job("e", "sum:errors{*}", "sum:hits{*}", slo.NinetyDays)
	sl := sliceJob("s", 300, slo.NinetyDays)
	s := evaluation.Service{Runner: evaluation.Runner{Metrics: src, Concurrency: 1, Shelf: shelf}, Pick: func(int) int { return 0 }}
	run := func(sh evaluation.Shelf, jobs ...evaluation.Job) evaluation.Board {
		s := s
		s.Runner.Shelf = sh
		if sh == nil {
			s.Pick = nil
		}
		s.Catalog = listing(jobs...)
		b, err := s.Evaluate(t.Context(), evaluation.Query{Question: slo.Question{To: to}, Timeframe: evaluation.TimeframeChoice{All: true}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	run(shelf, sl)
	late = true
	run(shelf, ev) // event SLO alone
	want, got := run(nil, sl), run(shelf, sl)
	if d := differing(want.Rows, got.Rows); d != "" {
		t.Errorf("%s", d)
	}
	if got.Rows[0].Defect != nil {
		t.Error(got.Rows[0].Defect)
	}
}

// refreshing is a shelf of which nothing is read.
type refreshing struct{ *memory }

func (refreshing) Held(string, int64) []timeseries.Span { return nil }
func (refreshing) Series(string, int64, timeseries.Span) (timeseries.Answer, bool) {
	return timeseries.Answer{}, false
}

// A formula and its query were silent; a run that reads nothing keeps the points that the query has by now.
func TestSilentFormulaOfAQueryThatWasRefreshed(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	shelf := newMemory(to)
	late := false
	src := &table{value: func(q string, at int64) float64 {
		hole := at >= timeseries.Floor(to-15*day, day) && at < timeseries.Floor(to-14*day, day)
		if at < timeseries.Floor(to-3*day, day) && !(late && hole) {
			return math.NaN()
		}
		return 4
	}}
	// An event SLO over one 5-day fine stretch
	ev := job("e", "sum:errors{*}", "sum:hits{*}", slo.SevenDays)
	sl := sliceJob("s", 300, slo.ThirtyDays)
	s := evaluation.Service{Runner: evaluation.Runner{Metrics: src, Concurrency: 1, Shelf: shelf}, Pick: func(n int) int { return n - 1 }}
	run := func(sh evaluation.Shelf, jobs ...evaluation.Job) evaluation.Board {
		s := s
		s.Runner.Shelf = sh
		if sh == nil {
			s.Pick = nil
		}
		s.Catalog = listing(jobs...)
		b, err := s.Evaluate(t.Context(), evaluation.Query{Question: board(to), Timeframe: evaluation.TimeframeChoice{All: true}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	run(shelf, sl)
	late = true
	run(refreshing{shelf}, ev)
	want := run(nil, sl)
	got := run(shelf, sl)
	if d := differing(want.Rows, got.Rows); d != "" {
		t.Errorf("%s", d)
	}
}

// What cannot be asked for is asked for otherwise in that run, and drops nothing.
func TestSilenceThatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	shelf := newMemory(to)
	src := &table{value: func(q string, at int64) float64 {
		if q == "sum:requests{error}" {
			return math.NaN()
		}
		return 4
	}}
	ev := job("e", "sum:requests{error}", "sum:requests{*}", slo.NinetyDays)
	s := evaluation.Service{Catalog: listing(ev), Runner: evaluation.Runner{Metrics: src, Concurrency: 1, Shelf: shelf}, Pick: func(int) int { return 0 }}
	q := evaluation.Query{Question: board(to)}
	cold := evaluate(t, s, q)
	src.saw = nil
	evaluate(t, s, q)
	warm := len(src.saw)
	src.fail = func(r timeseries.Request) error {
		if r.Step > 3600 {
			return errors.New("429")
		}
		return nil
	}
	if d := differing(cold.Rows, evaluate(t, s, q).Rows); d != "" {
		t.Errorf("while it cannot be asked for: %s", d)
	}
	src.saw, src.fail = nil, nil
	evaluate(t, s, q)
	if warm == 0 || len(src.saw) != warm {
		t.Errorf("the run after it asks %d times, one before %d times", len(src.saw), warm)
	}
}

// What one run finds out about a metric is dropped for objectives that it did not select as well.
func TestWhatIsFoundOutConcernsAllWhoReadIt(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	shelf := newMemory(to)
	v := 4.0
	src := &table{value: func(q string, at int64) float64 {
		if q == "sum:errors{*}" {
			if at < to-10*day {
				return v
			}
			return 1
		}
		return 4
	}}
	a, b := sliceJob("a", 300, slo.ThirtyDays), sliceJob("b", 300, slo.ThirtyDays)
	sli := b.Definition.SLI.(slo.SliceSLI)
	sli.Formula = " a / b"
	b.Definition.SLI = sli
	s := evaluation.Service{Runner: evaluation.Runner{Metrics: src, Concurrency: 1, Shelf: shelf}, Pick: func(int) int { return 0 }}
	run := func(sh evaluation.Shelf, names ...string) evaluation.Board {
		s := s
		s.Runner.Shelf = sh
		if sh == nil {
			s.Pick = nil
		}
		s.Catalog = listing(a, b)
		bd, err := s.Evaluate(t.Context(), evaluation.Query{
			Selector: evaluation.Selector{Names: names}, Question: slo.Question{To: to}, Timeframe: evaluation.TimeframeChoice{All: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		return bd
	}
	run(shelf)
	v = 1
	if found := run(shelf, "a"); !noted(found.Notes, "cache_dropped") {
		t.Fatalf("nothing is found out: %v", found.Notes)
	}
	s.Pick = nil
	want, got := run(nil, "b"), run(shelf, "b")
	if d := differing(want.Rows, got.Rows); d != "" {
		t.Errorf("%v", got.Notes)
		t.Errorf("want %v got %v", want.Rows[0].Windows[0].Attainment, got.Rows[0].Windows[0].Attainment)
	}
}

// When both sides of an objective are told otherwise now, on different days, the
// figure is the old one or the new one, and never one that was not true at any time.
func TestOneSideIsNeverOfThePast(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	for seed := range uint64(30) {
		shelf, changed := newMemory(to), false
		src := &table{value: func(q string, at int64) float64 {
			since := map[string]int64{"sum:errors{*}": to - 25*day, "sum:hits{*}": to - 3*day, "sum:more{*}": to - 18*day}[q]
			if changed && at >= since && at < since+day {
				return 9
			}
			return 4
		}}
		random := rand.New(rand.NewPCG(seed, 7))
		jobs := []evaluation.Job{job("a", "sum:errors{*}", "sum:hits{*}", slo.ThirtyDays), job("b", "sum:more{*}", "sum:hits{*}", slo.ThirtyDays)}
		s := evaluation.Service{Catalog: listing(jobs...), Runner: evaluation.Runner{Metrics: src, Concurrency: 1, Shelf: shelf}, Pick: random.IntN}
		q := evaluation.Query{Question: board(to)}
		before := evaluate(t, s, q).Rows
		changed = true
		bare := s
		bare.Runner.Shelf, bare.Pick = nil, nil
		after := evaluate(t, bare, q).Rows
		for found := false; !found; {
			b := evaluate(t, s, q)
			found = noted(b.Notes, "cache_dropped")
			want := before
			if found {
				want = after
			}
			if d := differing(want, b.Rows); d != "" {
				t.Fatalf("seed %d, found %v: %s", seed, found, d)
			}
		}
	}
}

// Transitions that are kept are asked for in full now and then.
func TestKeptTransitionsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	r, shelf := newRecording(), newMemory(noon)
	s := r.service(shelf)
	s.Pick = func(int) int { return 0 }
	q := evaluation.Query{Question: board(noon)}
	if b := evaluate(t, s, q); len(b.Notes) > 0 {
		t.Fatal(b.Notes)
	}
	if b := evaluate(t, s, q); len(b.Notes) > 0 {
		t.Fatalf("with nothing changed: %v", b.Notes)
	}
	r.transitions["host:a"] = []slo.Transition{{At: noon - 201*day, State: slo.Up}, {At: noon - 15*day, State: slo.Down}, {At: noon - 14*day, State: slo.Up}}
	b := evaluate(t, s, q)
	if d := differing(evaluate(t, r.service(nil), q).Rows, b.Rows); d != "" || !noted(b.Notes, "cache_dropped") {
		t.Errorf("notes %v, %s", b.Notes, d)
	}
}
