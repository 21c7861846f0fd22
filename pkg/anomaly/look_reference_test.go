package anomaly_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// TestLookAgreesWithReference holds the fast reckoning against the slow one.
// Wobbles differ by the width of a bin, at most 3.2 %.
func TestLookAgreesWithReference(t *testing.T) {
	t.Parallel()
	still := timeseries.Series{Step: 300}
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 12 * 288 {
		v := 0.0
		if r.Float64() < .05 {
			v = r.ExpFloat64()
		}
		if i > 9*288 && i%288 < 4 {
			v = 40
		}
		still.Values = append(still.Values, v)
	}
	busy := traffic(4, 12, 300)
	for i := range 8 {
		busy.Values[11*288+40+i] *= 4
	}
	for i := 5*288 + 30; i < 5*288+120; i++ {
		busy.Values[i] = timeseries.Missing
	}
	fine := traffic(5, 4, 60)
	fine.Values[3*1440+700] = 0
	for name, c := range map[string]struct {
		s timeseries.Series
		m anomaly.Measure
	}{
		"counts at 5 min": {busy, anomaly.Counts},
		"levels at 5 min": {busy, anomaly.Levels},
		"counts at 1 min": {fine, anomaly.Counts},
		"stands still":    {still, anomaly.Levels},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := refer(c.s, c.m)
			var d anomaly.Detector
			got := d.Look(c.s, c.m, false)
			alarms := 0
			for i := range c.s.Values {
				near(t, i, "expected", got.Expected[i], want.expected[i], 1e-4)
				near(t, i, "wobble", got.Wobble[i], want.wobble[i], .04)
				score := want.score[i]
				if math.IsNaN(score) {
					score = 0
				}
				near(t, i, "score", got.Scores[i], score, .04)
				if score >= anomaly.Alarm {
					alarms++
				}
				if t.Failed() {
					t.FailNow()
				}
			}
			if alarms == 0 {
				t.Error("no alarm in a series that was made to have one")
			}
		})
	}
}

// near compares to a share of the wanted value, beside rounding to float32.
func near(t *testing.T, i int, what string, got float32, want, share float64) {
	t.Helper()
	if math.IsNaN(want) != math.IsNaN(float64(got)) || math.Abs(float64(got)-want) > share*math.Abs(want)+1e-4 {
		t.Errorf("bucket %d: %s is %v, want %v", i, what, got, want)
	}
}
