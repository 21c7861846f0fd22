package slo_test

import (
	"math/rand/v2"
	"testing"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
)

// BenchmarkAssess answers the full question of the board for a thousand
// objectives. A point is one bucket with its good and valid events.
func BenchmarkAssess(b *testing.B) {
	b.Run("slos=1000/days=90/step=5m", func(b *testing.B) {
		const objectives = 1000
		target, err := slo.ParseTarget("99.9")
		if err != nil {
			b.Fatal(err)
		}
		o := slo.Objective{Timeframe: slo.NinetyDays, Target: target}
		q := slo.Question{To: slotest.Epoch, Since: slotest.Epoch - 14*int64(slo.Day), TrendDays: 14}
		evidence := make([]slo.Events, objectives)
		random := rand.New(rand.NewPCG(1, 2))
		points := 0
		for i := range evidence {
			known := slo.Extent(o.Timeframe, q)
			n := int(known.Seconds() / slo.BucketSeconds)
			r := slo.Run{Start: known.Start, Step: slo.BucketSeconds, Good: make([]float64, n), Valid: make([]float64, n)}
			for k := range n {
				valid := 500 + random.IntN(1000)
				bad := 0
				if random.IntN(4) == 0 {
					bad = random.IntN(4)
				}
				r.Valid[k], r.Good[k] = float64(valid), float64(valid-bad)
			}
			points += n
			evidence[i] = slo.Events{Known: known, Runs: []slo.Run{r}}
		}
		b.ReportAllocs()
		states := map[slo.State]int{}
		for b.Loop() {
			for _, e := range evidence {
				a, err := slo.Assess(o, e, q)
				if err != nil {
					b.Fatal(err)
				}
				states[a.State]++
			}
		}
		if states[slo.OK] == 0 {
			b.Fatalf("no objective was met: %v", states)
		}
		b.ReportMetric(float64(points)*float64(b.N)/b.Elapsed().Seconds(), "points/s")
	})
}
