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
	// Whether the budget is left, and is carried forward over the whole window,
	// or is overspent, and its end is looked for, are two different ways.
	for name, worst := range map[string]int{"slos=1000/days=90/step=5m": 4, "slos=1000/days=90/step=5m/overspent": 10} {
		b.Run(name, func(b *testing.B) { benchmarkAssess(b, 1000, worst) })
	}
}

func benchmarkAssess(b *testing.B, objectives, worst int) {
	target, err := slo.ParseTarget("99.9")
	if err != nil {
		b.Fatal(err)
	}
	o := slo.Objective{Timeframe: slo.NinetyDays, Target: target}
	q := slo.Question{To: slotest.Epoch, Since: slotest.Epoch - 14*int64(slo.Day), TrendDays: 14}
	known := slo.Extent(o.Timeframe, q)
	n := int(known.Seconds() / slo.BucketSeconds)
	evidence := make([]slo.Events, objectives)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range evidence {
		r := slo.Run{Start: known.Start, Step: slo.BucketSeconds, Good: make([]float64, n), Valid: make([]float64, n)}
		for k := range n {
			valid, bad := 500+random.IntN(1000), 0
			if random.IntN(4) == 0 {
				bad = random.IntN(worst)
			}
			r.Valid[k], r.Good[k] = float64(valid), float64(valid-bad)
		}
		evidence[i] = slo.Events{Known: known, Runs: []slo.Run{r}}
	}
	b.ReportAllocs()
	assessed := 0
	for b.Loop() {
		for _, e := range evidence {
			a, err := slo.Assess(o, e, q)
			if err != nil {
				b.Fatal(err)
			}
			if a.State != slo.NoData {
				assessed++
			}
		}
	}
	if assessed != b.N*objectives {
		b.Fatalf("%d of %d objectives had data", assessed, b.N*objectives)
	}
	b.ReportMetric(float64(n*assessed)/b.Elapsed().Seconds(), "points/s")
}
