package slo_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
)

// TestAssessAgreesWithTheNaive holds every figure of random objectives on
// random evidence against the exact fractions of the second implementation.
func TestAssessAgreesWithTheNaive(t *testing.T) {
	t.Parallel()
	shapes := map[string]slotest.Shape{
		"whole counts": {Coarse: true, Excess: true},
		"everything":   slotest.Everything(),
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				o := slotest.Objective().Draw(t, "objective")
				q := slotest.Question().Draw(t, "question")
				e := slotest.Events(o.Timeframe, q, shape).Draw(t, "events")
				agree(t, assess(t, o, e, q), naiveAssess(o, e, q, func(int64) bool { return false }), shape.Fractional)
			})
		})
	}
}

// TestCorrectedEventsAgreeWithTheNaive does the same where status corrections
// drop buckets, by each of the rules.
func TestCorrectedEventsAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	for name, rule := range edgeRules() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				o := slotest.Objective().Draw(t, "objective")
				q := slotest.Question().Draw(t, "question")
				occurrences := slotest.Occurrences(slo.Extent(o.Timeframe, q)).Draw(t, "corrections")
				e := slotest.Events(o.Timeframe, q, slotest.Shape{
					Coarse: true, Excess: true, Short: true, Edges: slo.Edges(occurrences, slo.BucketSeconds),
				}).Draw(t, "events")
				want := naiveAssess(o, e, q, func(start int64) bool {
					return naiveCorrected(occurrences, start, start+slo.BucketSeconds, rule)
				})
				e.Excluded = slo.Effective(occurrences, slo.BucketSeconds, rule)
				agree(t, assess(t, o, e, q), want, false)
			})
		})
	}
}

// agree compares an assessment with the exact one: whole counts and
// instants to the last digit, quotients to 1e-12 of their value.
func agree(t *rapid.T, got slo.Assessment, want naiveAnswer, fractional bool) {
	t.Helper()
	near := func(what string, f slo.Figure, want *big.Rat, scale float64) {
		t.Helper()
		v, known := f.Value()
		if known != (want != nil) {
			t.Fatalf("%s: known %v, want %v", what, known, want != nil)
		}
		if !known {
			return
		}
		exact, _ := want.Float64()
		if math.Abs(v-exact) > 1e-12*math.Max(math.Abs(exact), scale) {
			t.Fatalf("%s: %.17g, want %.17g", what, v, exact)
		}
	}
	same := func(what string, f slo.Figure, want *big.Rat) {
		t.Helper()
		near(what, f, want, 0)
		if v, known := f.Value(); known && !fractional && new(big.Rat).SetFloat64(v).Cmp(want) != 0 {
			t.Fatalf("%s: %v, want %v", what, v, want)
		}
	}

	// Where fractions are not binary, sums of them are rounded; a state on the very edge may then fall either way.
	edge := fractional && want.remaining != nil && math.Abs(float(want.remaining)) < 1e-9*float(want.allowed)
	if got.State != want.state && !edge {
		t.Fatalf("state %s, want %s", got.State, want.state)
	}
	same("good", got.Good, want.good)
	same("valid", got.Valid, want.valid)
	near("attainment", got.Attainment, want.attainment, 0)
	near("coverage", got.Coverage, want.coverage, 0)
	if (got.Budget != nil) != (want.allowed != nil) {
		t.Fatalf("budget %v, want %v", got.Budget, want.allowed)
	}
	// What is a difference of sums of fractions cannot be closer to the truth
	// than the sums themselves; one of whole counts is held to its own size.
	dust := func(scale float64) float64 {
		if fractional {
			return scale
		}
		return 0
	}
	percent := func(f *big.Rat) float64 { return dust(100 + math.Abs(float(f))) }
	if b := got.Budget; b != nil {
		near("allowed", slo.Known(b.Allowed), want.allowed, 0)
		near("consumed", slo.Known(b.Consumed), want.consumed, dust(float(want.valid)))
		if !fractional {
			same("consumed", slo.Known(b.Consumed), want.consumed)
		}
		near("remaining", slo.Known(b.Remaining), want.remaining, dust(float(want.valid)))
		near("remaining percent", slo.Known(b.RemainingPercent), want.remainingPercent, dust(100*float(want.valid)/b.Allowed))
	}
	for i, seconds := range slo.Lookbacks {
		near("burn rate", got.BurnRates[i], want.burn[seconds], dust(1/float(naiveShare(got.Objective.Target))))
	}
	if (got.Previous != nil) != (want.previous != nil) {
		t.Fatalf("previous %v, want %v", got.Previous, want.previous)
	}
	if p := got.Previous; p != nil {
		near("previous attainment", p.Attainment, want.previous.attainment, 0)
		near("previous remaining percent", p.RemainingPercent, want.previous.remainingPercent, percent(want.previous.remainingPercent))
		near("spent", p.Spent, want.previous.spent, percent(want.previous.spent))
		near("aged out", p.AgedOut, want.previous.agedOut, percent(want.previous.agedOut))
	}
	if len(got.Trend) != len(want.trend) {
		t.Fatalf("trend of %d days, want %d", len(got.Trend), len(want.trend))
	}
	for i := range want.trend {
		near("trend", got.Trend[i], want.trend[i], percent(want.trend[i]))
	}
	if !edge {
		sameInstant(t, got, want)
	}
}

// sameInstant compares the end of the budget; a second apart is the same.
func sameInstant(t *rapid.T, got slo.Assessment, want naiveAnswer) {
	t.Helper()
	if (got.ExhaustedAt != 0) != (want.exhaustedAt != nil) {
		t.Fatalf("exhausted at %d, want %v", got.ExhaustedAt, want.exhaustedAt)
	}
	if want.exhaustedAt == nil {
		return
	}
	spent := want.remaining.Sign() <= 0
	if spent != (got.ExhaustedAt <= got.Window.End) {
		t.Fatalf("exhausted at %d, window ends %d, spent %v", got.ExhaustedAt, got.Window.End, spent)
	}
	apart := new(big.Rat).Sub(want.exhaustedAt, new(big.Rat).SetInt64(got.ExhaustedAt))
	if d, _ := apart.Float64(); math.Abs(d) > 1+1e-6 {
		t.Fatalf("exhausted at %d, want %s", got.ExhaustedAt, want.exhaustedAt.FloatString(3))
	}
}

// float is the nearest float64; 0 for what is unknown.
func float(r *big.Rat) float64 {
	if r == nil {
		return 0
	}
	f, _ := r.Float64()
	return f
}
