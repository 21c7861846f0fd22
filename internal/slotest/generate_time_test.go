package slotest_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Also of time each of these must come up in a few hundred draws.
func TestGeneratorsOfTimeReachEveryCorner(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range 500 {
		corners := rapid.Custom(func(t *rapid.T) []string {
			o, q := slotest.Hours().Draw(t, "objective"), slotest.Clock().Draw(t, "question")
			known := slo.Extent(o.Timeframe, q)
			line := slotest.Timeline(known).Draw(t, "timeline")
			occurrences := slotest.Occurrences(known).Draw(t, "corrections")
			a, err := slo.Assess(o, line.Without(slo.Effective(occurrences, 1, slo.ByStart)).Events(line, slo.Cuts(o.Timeframe, q)), q)
			if err != nil {
				t.Fatal(err)
			}
			corners := []string{"state " + string(a.State)}
			add := func(name string, reached bool) {
				if reached {
					corners = append(corners, name)
				}
			}
			add("ended", a.ExhaustedAt != 0 && a.ExhaustedAt <= q.To)
			add("will end", a.ExhaustedAt > q.To)
			add("never ends", a.Budget != nil && a.ExhaustedAt == 0)
			valid, _ := a.Valid.Value()
			add("part of the window does not count", valid > 0 && valid < float64(o.Timeframe))
			coverage, _ := a.Coverage.Value()
			add("data, and all of it corrected", a.State == slo.NoData && coverage > 0)
			add("partial coverage", coverage > 0 && coverage < 1)
			add("beside the grid", q.To%slo.BucketSeconds != 0)
			for _, s := range line.Stretches {
				add("up in silence", s.Up && !s.Observed)
				add("down in silence", !s.Up && !s.Observed)
			}
			for i, x := range occurrences {
				add("empty", x.Span.Empty())
				add("outside", !x.Span.Empty() && !x.Span.Overlaps(known))
				add("over the start", x.Span.Start < known.Start && x.Span.Overlaps(known))
				add("over the end", x.Span.End > known.End && x.Span.Overlaps(known))
				add("all", x.Span.Covers(known))
				add("within a bucket", !x.Span.Empty() && timeseries.Floor(x.Span.Start, 300) == timeseries.Floor(x.Span.End, 300))
				for _, y := range occurrences[:i] {
					add("overlapping", x.Span.Overlaps(y.Span) && x.Span != y.Span)
					add("the same again", !x.Span.Empty() && x.Span == y.Span)
					add("meeting", !x.Span.Empty() && x.Span.Start == y.Span.End)
				}
			}
			return corners
		}).Example(seed)
		for _, corner := range corners {
			seen[corner]++
		}
	}
	for _, corner := range []string{
		"state ok", "state warning", "state breached", "state no_data", "ended", "will end", "never ends",
		"part of the window does not count", "data, and all of it corrected", "partial coverage", "beside the grid",
		"up in silence", "down in silence", "empty", "outside", "over the start", "over the end", "all", "within a bucket",
		"overlapping", "the same again", "meeting",
	} {
		if seen[corner] < 3 {
			t.Errorf("%q came up %d times in 500", corner, seen[corner])
		}
	}
	t.Log(seen)
}

// Generated transitions make a history, and slices lie on their grid.
func TestEvidenceOfTimeIsWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := timeseries.Span{Start: slotest.Epoch + rapid.Int64Range(0, 5000).Draw(t, "start"), End: slotest.Epoch + 50_000}
		transitions := slotest.Transitions(known).Draw(t, "transitions")
		for i := range transitions {
			if i > 0 && transitions[i].At <= transitions[i-1].At {
				t.Fatalf("%v", transitions)
			}
		}
		c := slotest.Comparison().Draw(t, "comparison")
		s := slotest.Slices(known, slotest.SliceSeconds().Draw(t, "step"), c).Draw(t, "values")
		if s.Start%s.Step != 0 || !s.Span().Covers(known) || len(s.Observed) != len(s.Value) {
			t.Fatalf("slices %v in steps of %d over %v", s.Span(), s.Step, known)
		}
		for i, v := range s.Value {
			if !timeseries.IsMissing(v) && !s.Observed[i] {
				t.Fatalf("slice %d has the value %v and was not observed", i, v)
			}
		}
	})
}
