package evaluation_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// corrected is a catalog with status corrections, and what Datadog says of one objective.
type corrected struct {
	catalog
	of func(id string) ([]slo.Correction, error)
}

func (c corrected) CorrectionsOf(_ context.Context, id string) ([]slo.Correction, error) {
	return c.of(id)
}

func withCorrections(jobs []evaluation.Job, corrections ...slo.Correction) corrected {
	list := listing(jobs...)
	list.corrections = func(context.Context) ([]slo.Correction, error) { return corrections, nil }
	return corrected{catalog: list, of: func(string) ([]slo.Correction, error) { return nil, errors.New("nobody was to be asked") }}
}

// One bad event of ten in every five minutes; the correction takes out an hour
// of the week, by buckets that begin inside it.
func TestCorrectionsByType(t *testing.T) {
	t.Parallel()
	tenth := func(text string, _ int64) float64 {
		if text == "g" {
			return 9
		}
		return 10
	}
	alwaysBad := func(string, int64) float64 { return 1 }
	monitor := records{
		monitors: map[int64]slo.MonitorSettings{1: {}},
		history: func(slo.HistoryRequest) (slo.History, error) {
			return slo.History{Overall: slo.Track{Transitions: []slo.Transition{{At: 1, State: slo.Down}}}}, nil
		},
	}
	at := func(from, to int64) slo.Correction {
		return slo.Correction{ID: "c", SLOID: "a", Start: noon - from, End: noon - to}
	}
	for _, c := range []struct {
		name        string
		job         evaluation.Job
		value       func(string, int64) float64
		corrections []slo.Correction
		good, total float64
	}{
		{"events are dropped from both sides", job("a", "g", "v", slo.SevenDays), tenth, []slo.Correction{at(7200, 3600)}, 9 * (2016 - 12), 10 * (2016 - 12)},
		{"a bucket is corrected when it begins inside", job("a", "g", "v", slo.SevenDays), tenth, []slo.Correction{at(7100, 3550)}, 9 * (2016 - 12), 10 * (2016 - 12)},
		{"overlaps count once", job("a", "g", "v", slo.SevenDays), tenth, []slo.Correction{at(7200, 3600), at(5400, 1800)}, 9 * (2016 - 18), 10 * (2016 - 18)},
		{"slices are up", sliceJob("a", 300, slo.SevenDays), alwaysBad, []slo.Correction{at(7200, 3600)}, 3600, float64(week)},
		{"a slice is corrected when it begins inside", sliceJob("a", 300, slo.SevenDays), alwaysBad, []slo.Correction{at(7100, 3550)}, 3600, float64(week)},
		{"a monitor's time is removed, to the second", monitorJob("a", []int64{1}, slo.SevenDays), nil, []slo.Correction{at(7101, 3502)}, 0, float64(week) - 3599},
		{"every day", monitorJob("a", []int64{1}, slo.SevenDays), nil, []slo.Correction{
			{ID: "r", SLOID: "a", Start: noon - 30*86_400 + 60, Duration: 600, Rule: "FREQ=DAILY;INTERVAL=1"},
		}, 0, float64(week) - 7*600},
		{"by tags", job("a", "g", "v", slo.SevenDays), tenth, []slo.Correction{
			{ID: "q", Query: "env:prod AND (team:iam OR team:none)", Start: noon - 600, End: noon},
			{ID: "n", Query: "-env:prod", Start: noon - 6000, End: noon},
		}, 9 * (2016 - 2), 10 * (2016 - 2)},
		{"of another", job("a", "g", "v", slo.SevenDays), tenth, []slo.Correction{{ID: "o", SLOID: "b", Start: noon - 600, End: noon}}, 9 * 2016, 10 * 2016},
		{"all of the window", job("a", "g", "v", slo.SevenDays), tenth, []slo.Correction{at(30*86_400, 0)}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.job.Definition.Tags = []string{"env:prod", "team:iam"}
			s := evaluation.Service{Catalog: withCorrections([]evaluation.Job{c.job}, c.corrections...), Records: monitor, Runner: evaluation.Runner{Concurrency: 1}}
			// Hours where nothing speaks for less: coarse buckets must not straddle an edge.
			s.Runner.Metrics = metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
				return source(func(text string, at int64) float64 {
					if v := c.value(text, at); !strings.Contains(text, "/") && text != "sum:errors{*}" {
						return v * float64(r.Step/300)
					}
					return c.value(text, at)
				})(ctx, r)
			})
			row := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0]
			if good, total := figures(t, row); good != c.good || total != c.total {
				t.Errorf("good %v of %v, want %v of %v", good, total, c.good, c.total)
			}
			if c.total == 0 && row.Windows[0].State != slo.NoData {
				t.Errorf("state %s, want no data", row.Windows[0].State)
			}
		})
	}
}

func TestCorrectionsOfTheWindowAreClipped(t *testing.T) {
	t.Parallel()
	j := job("a", "g", "v", slo.SevenDays)
	s := evaluation.Service{
		Catalog: withCorrections([]evaluation.Job{j},
			slo.Correction{ID: "later", SLOID: "a", Start: noon - 600, End: noon + 600},
			slo.Correction{ID: "earlier", SLOID: "a", Start: noon - week - 600, End: noon - week + 300},
			slo.Correction{ID: "before", SLOID: "a", Start: noon - week - 600, End: noon - week}),
		Runner: evaluation.Runner{Metrics: source(func(string, int64) float64 { return 1 })},
	}
	want := []slo.Occurrence{
		{ID: "earlier", Span: timeseries.Span{Start: noon - week, End: noon - week + 300}},
		{ID: "later", Span: timeseries.Span{Start: noon - 600, End: noon}},
	}
	got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0].Windows[0].Corrections
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An outage of five minutes lies across the edge: whether it counts depends on
// the rule, and the note says so. With the edge on the grid nothing depends on it.
func TestCorrectionEdge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		end   int64
		noted bool
	}{{noon - 3600 + 150, true}, {noon - 3600, false}} {
		s := evaluation.Service{
			Catalog: withCorrections([]evaluation.Job{job("a", "g", "v", slo.SevenDays)}, slo.Correction{ID: "c", SLOID: "a", Start: noon - 7200, End: c.end}),
			Runner: evaluation.Runner{Metrics: metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
				return source(func(text string, at int64) float64 {
					v := 10 * float64(r.Step/300)
					if text == "g" && at == noon-3600 {
						v -= 10
					}
					return v
				})(ctx, r)
			})},
		}
		row := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}}).Rows[0]
		a := row.Windows[0]
		if noted(a.Notes, "correction_edge") != c.noted {
			t.Errorf("end %d: notes %v, want correction_edge: %v", c.end, a.Notes, c.noted)
		}
		if !c.noted {
			continue
		}
		// The bucket at the edge begins inside and is corrected: all is good. Wholly inside it is not.
		if v, _ := a.Attainment.Value(); v != 100 || !strings.Contains(a.Notes[len(a.Notes)-1].Text, "between 99.95% and 100.00%") {
			t.Errorf("attainment %v, note %q", v, a.Notes)
		}
	}
}

func TestUnreadableCorrectionsAreNeverGuessed(t *testing.T) {
	t.Parallel()
	applies := slo.Correction{ID: "q", Query: "env:[a TO z]", Start: noon - 600, End: noon}
	for _, c := range []struct {
		name       string
		correction slo.Correction
		of         func(string) ([]slo.Correction, error)
		defect     string
		corrected  bool
	}{
		{"of this objective", slo.Correction{SLOID: "a", Unreadable: `the correction "x" has no readable start`}, nil, "no readable start", false},
		{"of objectives by tags", slo.Correction{Query: "env:prod", Unreadable: `the correction "x" has no readable start`}, nil, "no readable start", false},
		{"of nobody knows what, and Datadog lists one that is not known", slo.Correction{Unreadable: "correction number 2 is not an object"},
			func(string) ([]slo.Correction, error) { return []slo.Correction{{ID: "other"}}, nil }, "number 2 is not an object", false},
		{"of nobody knows what, and Datadog lists none", slo.Correction{Unreadable: "correction number 2 is not an object"},
			func(string) ([]slo.Correction, error) { return nil, nil }, "", false},
		{"of no objective that can be read, and Datadog lists it", slo.Correction{ID: "x", Unreadable: `the correction "x" names neither an SLO nor a query`},
			func(string) ([]slo.Correction, error) { return []slo.Correction{{ID: "x"}}, nil }, "names neither", false},
		{"of no objective that can be read, and Datadog does not say", slo.Correction{ID: "x", Unreadable: `the correction "x" names neither an SLO nor a query`},
			func(string) ([]slo.Correction, error) { return nil, &slo.Defect{Kind: slo.Unavailable, Message: "503"} }, "is not known: 503", false},
		{"a broken rule", slo.Correction{ID: "r", SLOID: "a", Start: noon - 86_400, Duration: 60, Rule: "FREQ=SOMETIMES"}, nil, "r could not be read", false},
		{"a query for Datadog to read, which applies", applies, func(string) ([]slo.Correction, error) { return []slo.Correction{applies}, nil }, "", true},
		{"a query for Datadog to read, which does not", applies, func(string) ([]slo.Correction, error) { return nil, nil }, "", false},
		{"free text, which may be found anywhere", slo.Correction{ID: "q", Query: "env:prod checkout", Start: noon - 600, End: noon},
			func(string) ([]slo.Correction, error) { return []slo.Correction{{ID: "q"}}, nil }, "", true},
		{"a query that Datadog does not explain", applies, func(string) ([]slo.Correction, error) {
			return nil, &slo.Defect{Kind: slo.Unavailable, Message: "503"}
		}, "is not known: 503", false},
		{"a query that nobody can read, at another time", slo.Correction{ID: "q", Query: "env:[a TO z]", Start: noon, End: noon + 600}, nil, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := job("a", "g", "v", slo.SevenDays)
			j.Definition.Tags = []string{"env:prod"}
			list := withCorrections([]evaluation.Job{j}, c.correction)
			if c.of != nil {
				list.of = c.of
			}
			s := evaluation.Service{Catalog: list, Runner: evaluation.Runner{Metrics: source(func(string, int64) float64 { return 1 })}}
			got := evaluate(t, s, evaluation.Query{Question: slo.Question{To: noon}})
			row := got.Rows[0]
			if c.defect != "" {
				if row.Defect == nil || !strings.Contains(row.Defect.Message, c.defect) {
					t.Fatalf("defect %v, want %q", row.Defect, c.defect)
				}
				return
			}
			if row.Defect != nil || len(row.Windows[0].Corrections) > 0 != c.corrected {
				t.Errorf("defect %v, corrections %v, notes %v", row.Defect, row.Windows[0].Corrections, got.Notes)
			}
		})
	}
}
