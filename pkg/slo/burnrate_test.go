package slo_test

import (
	"testing"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// A figure is the nearest float to its true value: dust in the last digit would
// be rounded up on screen, 14.4 to 14.5.
func TestBurnRateHasNoDust(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target     string
		bad, valid float64
		burn, left float64
	}{
		{"99.9", 144, 10_000, 14.4, -1340},
		{"99.95", 3, 10_000, 0.6, 40},
		{"99.5", 84, 1_000, 16.8, -1580},
		{"99", 7, 1_000, 0.7, 30},
		{"99.99", 27, 1_000_000, 0.27, 73},
	} {
		goal, err := slo.ParseTarget(c.target)
		if err != nil {
			t.Fatal(err)
		}
		const to = 1_793_016_000
		e := slo.Events{
			Known: timeseries.Span{Start: to - 3*86_400, End: to},
			Runs:  []slo.Run{{Start: to - 3600, Step: 3600, Good: []float64{c.valid - c.bad}, Valid: []float64{c.valid}}},
		}
		a, err := slo.Assess(slo.Objective{Timeframe: 3600, Target: goal}, e, slo.Question{To: to})
		if err != nil {
			t.Fatal(err)
		}
		if burn, _ := a.BurnRates[0].Value(); burn != c.burn || a.Budget.RemainingPercent != c.left {
			t.Errorf("%v bad of %v at %s: burn %v, %v %% left; want %v and %v %%", c.bad, c.valid, c.target, burn, a.Budget.RemainingPercent, c.burn, c.left)
		}
	}
}
