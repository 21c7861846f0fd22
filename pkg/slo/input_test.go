package slo_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// hour is evidence of one hour in one bucket, and the question about it.
func hour(good, valid float64) (slo.Objective, slo.Events, slo.Question) {
	q := slo.Question{To: slotest.Epoch}
	o := slo.Objective{Timeframe: 3600, Target: slo.Hundred / 2}
	return o, slo.Events{
		Known: slo.Extent(o.Timeframe, q),
		Runs:  []slo.Run{{Start: q.To - 3600, Step: 3600, Good: []float64{good}, Valid: []float64{valid}}},
	}, q
}

func TestAssessRefusesEvidenceThatCannotBeSummed(t *testing.T) {
	t.Parallel()
	at := slotest.Epoch - 3600
	one := []float64{1}
	tests := map[string]struct {
		runs []slo.Run
		want string
	}{
		"no step":           {[]slo.Run{{Start: at, Good: one, Valid: one}}, "want a step above 0"},
		"a negative step":   {[]slo.Run{{Start: at, Step: -300, Good: one, Valid: one}}, "want a step above 0"},
		"sides differ":      {[]slo.Run{{Start: at, Step: 300, Good: []float64{1, 1}, Valid: one}}, "as many good as valid"},
		"out of order":      {[]slo.Run{{Start: at + 300, Step: 300, Good: one, Valid: one}, {Start: at, Step: 300, Good: one, Valid: one}}, "run 1 of the evidence begins before"},
		"overlapping":       {[]slo.Run{{Start: at, Step: 3600, Good: one, Valid: one}, {Start: at + 300, Step: 300, Good: one, Valid: one}}, "run 1 of the evidence begins before"},
		"infinite":          {[]slo.Run{{Start: at, Step: 3600, Good: one, Valid: []float64{math.Inf(1)}}}, "more than can be reckoned with"},
		"infinitely bad":    {[]slo.Run{{Start: at, Step: 3600, Good: []float64{math.Inf(-1)}, Valid: one}}, "more than can be reckoned with"},
		"out of range":      {[]slo.Run{{Start: at, Step: 1800, Good: []float64{0, 0}, Valid: []float64{math.MaxFloat64, math.MaxFloat64}}}, "more than can be reckoned with"},
		"beyond counting":   {[]slo.Run{{Start: at, Step: 3600, Good: one, Valid: []float64{1e201}}}, "more than can be reckoned with"},
		"a coarse bucket":   {[]slo.Run{{Start: at - 3600, Step: 7200, Good: one, Valid: one}}, "too coarse: a window or a status correction begins or ends inside it, at 2025-12-31T23:00:00Z"},
		"cut near the edge": {[]slo.Run{{Start: at - 1, Step: 3600, Good: one, Valid: one}}, "too coarse"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, e, q := hour(1, 1)
			e.Runs = test.runs
			a, err := slo.Assess(o, e, q)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if diff := cmp.Diff(slo.Assessment{}, a, cmp.AllowUnexported(slo.Figure{})); diff != "" {
				t.Errorf("an assessment beside the error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssessNotes(t *testing.T) {
	t.Parallel()
	missing := timeseries.Missing
	tests := map[string]struct {
		good, valid float64
		state       slo.State
		want        []string
	}{
		"ordinary":                {1, 1, slo.OK, nil},
		"nothing":                 {missing, missing, slo.NoData, nil},
		"zeros":                   {0, 0, slo.NoData, []string{"zero_traffic"}},
		"good without valid":      {3, missing, slo.NoData, []string{"good_without_total"}},
		"more good than valid":    {3, 2, slo.OK, []string{"good_exceeds_total"}},
		"a negative total":        {-3, -2, slo.NoData, []string{"negative_total"}},
		"negative good is no joy": {-1, 2, slo.Breached, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := slo.Assess(hour(test.good, test.valid))
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, n := range a.Notes {
				codes = append(codes, n.Code)
				if n.Text == "" {
					t.Errorf("note %s says nothing", n.Code)
				}
			}
			if diff := cmp.Diff(test.want, codes); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if a.State != test.state || a.Attainment.IsKnown() == (test.state == slo.NoData) {
				t.Errorf("state %s, attainment %v, want state %s", a.State, a.Attainment, test.state)
			}
		})
	}
}

// Questions that make no sense are answered with what is known, never with a crash.
func TestAssessOddQuestions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*slo.Objective, *slo.Events, *slo.Question){
		"a negative trend":     func(_ *slo.Objective, _ *slo.Events, q *slo.Question) { q.TrendDays = -3 },
		"no window":            func(o *slo.Objective, _ *slo.Events, _ *slo.Question) { o.Timeframe = 0 },
		"no evidence":          func(_ *slo.Objective, e *slo.Events, _ *slo.Question) { *e = slo.Events{} },
		"a run without values": func(_ *slo.Objective, e *slo.Events, _ *slo.Question) { e.Runs = []slo.Run{{Step: 300}} },
		"a meeting to come":    func(_ *slo.Objective, _ *slo.Events, q *slo.Question) { q.Since = q.To + 3600 },
		"no target":            func(o *slo.Objective, _ *slo.Events, _ *slo.Question) { o.Target = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, e, q := hour(1, 2)
			change(&o, &e, &q)
			a, err := slo.Assess(o, e, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Trend) != 0 {
				t.Errorf("a trend of %d days", len(a.Trend))
			}
		})
	}
}

func TestFigure(t *testing.T) {
	t.Parallel()
	var unknown slo.Figure
	if v, known := unknown.Value(); known || v != 0 || unknown.IsKnown() || unknown.Pointer() != nil {
		t.Errorf("the zero Figure is %v, %v", v, known)
	}
	zero := slo.Known(0)
	p := zero.Pointer()
	if p == nil || *p != 0 || !zero.IsKnown() {
		t.Errorf("a known zero points to %v", p)
	}
	*p = 7
	if v, _ := zero.Value(); v != 0 {
		t.Errorf("writing through the pointer changed the figure to %v", v)
	}
}

func TestLookbacksAreSorted(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([4]int64{3600, 21_600, 86_400, 259_200}, slo.Lookbacks); diff != "" {
		t.Errorf("lookbacks (-want +got):\n%s", diff)
	}
}

// The allocations of an assessment do not grow with the evidence.
func TestAssessAllocations(t *testing.T) {
	o, _, q := hour(1, 1)
	o.Timeframe = slo.ThirtyDays
	e := steady(o, q, 100, 1, 72)
	allocations := testing.AllocsPerRun(10, func() {
		if _, err := slo.Assess(o, e, q); err != nil {
			t.Fatal(err)
		}
	})
	if allocations > 20 {
		t.Errorf("%v allocations", allocations)
	}
}
