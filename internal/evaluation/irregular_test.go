package evaluation_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// steady is a group with one value all the time.
func steady(r timeseries.Request, v float64, tags ...string) timeseries.Group {
	s := timeseries.Blank(r.Span, r.Step)
	for i := range s.Values {
		s.Values[i] = v
	}
	return timeseries.Group{Tags: tags, Series: s}
}

// Inputs may group by fewer tags than the value, or group where the value does
// not: they tell of the groups that share their tags, and are none themselves.
func TestInputsThatGroupOtherwiseThanTheValue(t *testing.T) {
	t.Parallel()
	a, b := []string{"env:prod", "service:a"}, []string{"env:prod", "service:b"}
	for _, c := range []struct {
		name   string
		value  [][]string
		input  []string
		groups int
		mixed  bool
	}{
		{"by fewer tags", [][]string{a, b}, []string{"env:prod"}, 2, false},
		{"where the value does not", [][]string{nil}, []string{"env:prod"}, 0, false},
		{"a value without a group beside groups", [][]string{a, b, nil}, a, 2, true},
	} {
		s := evaluation.Service{Catalog: listing(sliceJob("s", 300, slo.SevenDays))}
		s.Runner.Metrics = metrics(func(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
			var out []timeseries.Answer
			for range r.Queries {
				out = append(out, timeseries.Answer{Groups: []timeseries.Group{steady(r, 1, c.input...)}})
			}
			for range r.Formulas {
				var answer timeseries.Answer
				for _, tags := range c.value {
					answer.Groups = append(answer.Groups, steady(r, 1, tags...)) // bad: above 0.5
				}
				out = append(out, answer)
			}
			return out, nil
		})
		row := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0]
		if good, _ := figures(t, row); good != 0 || len(row.Groups) != c.groups || noted(row.Notes, "values_without_group") != c.mixed {
			t.Errorf("%s: %v s good, groups %+v, notes %v; want none good and %d groups", c.name, good, row.Groups, row.Notes, c.groups)
		}
	}
}

// What one history is refused says nothing about the others.
func TestOneForbiddenHistoryIsOneRow(t *testing.T) {
	t.Parallel()
	var jobs []evaluation.Job
	for i := range 5 {
		jobs = append(jobs, monitorJob(fmt.Sprint("m", i), []int64{1}, slo.SevenDays))
	}
	s := evaluation.Service{
		Catalog: listing(jobs...), Runner: evaluation.Runner{Concurrency: 1},
		Records: records{
			monitors: map[int64]slo.MonitorSettings{1: {}},
			history: func(r slo.HistoryRequest) (slo.History, error) {
				if r.ID == "m2" {
					return slo.History{}, &slo.Defect{Kind: slo.Auth, Message: "403 Forbidden"}
				}
				return slo.History{Overall: slo.Track{Transitions: []slo.Transition{{At: 1, State: slo.Up}}}}, nil
			},
		},
	}
	for i, row := range evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows {
		if (row.Defect != nil) != (i == 2) {
			t.Errorf("row %d: defect %v", i, row.Defect)
		}
	}
}

// Datadog is asked fifty times at most which corrections apply, also when it does not answer.
func TestCorrectionsAreAskedForSoManyTimes(t *testing.T) {
	t.Parallel()
	var jobs []evaluation.Job
	for i := range 120 {
		jobs = append(jobs, job(fmt.Sprint("s", i), "g", "v", slo.SevenDays))
	}
	calls := 0
	list := withCorrections(jobs, slo.Correction{ID: "q", Query: "free text", Start: noon - 600, End: noon})
	list.of = func(string) ([]slo.Correction, error) {
		calls++
		return nil, errors.New("503")
	}
	s := evaluation.Service{Catalog: list, Runner: evaluation.Runner{Metrics: metrics(eventsWorld)}}
	board := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}})
	if calls != 50 || board.Rows[119].Defect == nil {
		t.Errorf("%d calls, the last row has %v; want 50 calls and a defect", calls, board.Rows[119].Defect)
	}
}

// A figure that is cut to its decimals, of a window that ends inside a bucket.
func TestRoundedFigureInsideABucket(t *testing.T) {
	t.Parallel()
	good, valid := events(noon-week-600, noon-600)
	for share, agrees := range map[float64]bool{
		math.Floor(10*percent(good, valid+5)) / 10: true,
		math.Floor(10*percent(good, valid))/10 - 1: false,
	} {
		s := evaluation.Service{
			Catalog: listing(job("a", "g", "v", slo.SevenDays)), Runner: evaluation.Runner{Metrics: metrics(eventsWorld)},
			Records: records{reported: func() ([]slo.Reported, []slo.Note, error) {
				return []slo.Reported{{SLOID: "a", Timeframe: slo.SevenDays, Attainment: slo.Known(share), IndexedAt: noon - 450, Decimals: 1}}, nil, nil
			}},
		}
		got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0].Datadog[0]
		if (got.Verdict == evaluation.Agrees) != agrees || agrees && got.Reason != evaluation.Precision {
			t.Errorf("%v: %+v, want agreement %v", share, got, agrees)
		}
		if ours, _ := got.Ours.Value(); ours != percent(good, valid) {
			t.Errorf("ours %v, want %v: that of the whole buckets", ours, percent(good, valid))
		}
	}
}

// Nothing is asked about the future, however far the window of Datadog's figure is rounded.
func TestHistoriesEndWithWhatWasReported(t *testing.T) {
	t.Parallel()
	plan := evaluation.NewPlan([]evaluation.Job{monitorJob("m", []int64{1}, slo.SevenDays)}, slo.Question{To: noon},
		evaluation.Bounds{Ends: timeseries.Span{Start: noon - 3600, End: noon + 130}})
	if got := plan.Histories[0].Window.End; got != noon+130 {
		t.Errorf("asked up to %d, want %d", got-noon, 130)
	}
}

func TestMonitorsWithoutRecordsAreRowErrors(t *testing.T) {
	t.Parallel()
	s := evaluation.Service{Catalog: listing(monitorJob("m", []int64{1}, slo.SevenDays))}
	row := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0]
	if row.Defect == nil || row.Defect.Kind != slo.Unsupported {
		t.Errorf("defect %v", row.Defect)
	}
}
