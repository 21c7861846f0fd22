package judge_test

import (
	"slices"
	"testing"

	"github.com/slo-cli/slo/internal/judge"
)

// TestSlice guards a small part of the corpus: the floors lie well below what
// was measured, so that only a detector that got worse falls through.
func TestSlice(t *testing.T) {
	t.Parallel()
	type floor struct {
		view            string
		recall, perWeek float64
	}
	for family, floors := range map[string][]floor{
		"world":           {{judge.Causal, 0.4, 1}, {judge.Hindsight, 0.4, 1}, {judge.Findings, 0.75, 2}, {"static 3 sigma", 0.03, 1}},
		"poisson":         {{judge.Causal, 0.6, 0.5}, {judge.Hindsight, 0.6, 0.5}, {judge.Findings, 0.8, 0.7}},
		"even errors":     {{judge.Findings, 0.7, 0.3}},
		"lognormal means": {{judge.Findings, 0.6, 0.7}},
	} {
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			figures, err := judge.Slice(family)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range floors {
				f := figures[want.view]
				t.Logf("%s: %+v", want.view, f)
				if f.Events < 5 || !(f.Recall >= want.recall && f.PerWeek <= want.perWeek) {
					t.Errorf("%s: recall %.3f of %d incidents with %.2f false alarms a series and week, want at least %.3f and at most %.2f",
						want.view, f.Recall, f.Events, f.PerWeek, want.recall, want.perWeek)
				}
			}
		})
	}
}

func TestCorpusIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	a, b := judge.Sum(), judge.Sum()
	if !slices.Equal(a, b) {
		t.Error("the same seeds make other series")
	}
	slices.Sort(a)
	if n := len(slices.Compact(a)); n < 10 || n != len(b) {
		t.Errorf("%d different series among %d", n, len(b))
	}
}
