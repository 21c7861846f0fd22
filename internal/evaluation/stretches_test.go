package evaluation_test

import (
	"context"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Whoever asks what a stretch took gets its very buckets, in the window or before
// it, however wide the buckets are elsewhere.
func TestLawStretchesAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := world{seed: rapid.Int64().Draw(t, "seed")}
		frame := rapid.SampledFrom([]slo.Timeframe{slo.SevenDays, slo.ThirtyDays, slo.NinetyDays}).Draw(t, "window")
		jobs := []evaluation.Job{job("a", "good", "valid", frame)}
		q := slo.Question{To: noon + slo.BucketSeconds*rapid.Int64Range(-300, 300).Draw(t, "to")}
		for range rapid.IntRange(1, 3).Draw(t, "stretches") {
			end := q.To - slo.BucketSeconds*rapid.Int64Range(0, 100*288).Draw(t, "end")
			q.Stretches = append(q.Stretches, timeseries.Span{Start: end - slo.BucketSeconds*rapid.Int64Range(1, 500).Draw(t, "buckets"), End: end})
		}
		plan := evaluation.NewPlan(jobs, q, evaluation.Bounds{Lean: rapid.Bool().Draw(t, "lean")})
		rows, err := evaluation.Runner{Metrics: source, Concurrency: 2}.Run(context.Background(), jobs, plan, q)
		if err != nil || rows[0].Defect != nil {
			t.Fatal(err, rows[0].Defect)
		}
		a := rows[0].Windows[0]
		for i, s := range a.Stretches {
			valid := source.events("valid", s.Span.Start, s.Span.End)
			bad := valid - source.events("good", s.Span.Start, s.Span.End)
			gotValid, known := s.Valid.Value()
			gotBad, _ := s.Bad.Value()
			percent, _ := s.Percent.Value()
			if !known || s.Span != q.Stretches[i] || gotValid != valid || gotBad != bad || percent != 100*bad/a.Budget.Allowed {
				t.Fatalf("%s: %v bad of %v are %v%%, want %v of %v", s.Span, gotBad, gotValid, percent, bad, valid)
			}
		}
	})
}
