package anomaly_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestShares(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	tests := []struct {
		name                string
		before, after, want []float64
	}{
		{"one carries all", []float64{100, 50}, []float64{400, 50}, []float64{1, 0}},
		{"by size of the change", []float64{10, 20, 30}, []float64{11, 22, 31}, []float64{.25, .5, .25}},
		{"against the rest", []float64{100, 100}, []float64{300, 0}, []float64{2, -1}},
		{"a drop", []float64{100, 40}, []float64{70, 30}, []float64{.75, .25}},
		{"new and gone", []float64{0, 8}, []float64{16, 0}, []float64{2, -1}},
		{"a group that one side lacks", []float64{4}, []float64{4, 6}, []float64{0, 1}},
		{"no change", []float64{1, 2}, []float64{2, 1}, []float64{nan, nan}},
		{"rounding is no change", []float64{.1, .2}, []float64{.3, 0}, []float64{nan, nan}},
		{"an unknown value", []float64{1, nan}, []float64{2, 1}, []float64{nan, nan}},
		{"beyond numbers", []float64{1, 1}, []float64{math.Inf(1), 1}, []float64{nan, nan}},
		{"nothing", nil, nil, []float64{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, anomaly.Shares(tt.before, tt.after), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestLawSharesAreOneInSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "groups")
		value := rapid.Custom(func(t *rapid.T) float64 {
			return math.Ldexp(rapid.Float64Range(0, 1).Draw(t, "mantissa"), rapid.IntRange(-8, 30).Draw(t, "exponent"))
		})
		before, after := rapid.SliceOfN(value, n, n).Draw(t, "before"), rapid.SliceOfN(value, n, n).Draw(t, "after")
		got := anomaly.Shares(before, after)
		exact := new(big.Float).SetPrec(2000)
		for i := range before {
			exact.Add(exact, new(big.Float).SetFloat64(after[i]))
			exact.Sub(exact, new(big.Float).SetFloat64(before[i]))
		}
		change, _ := exact.Float64()
		if math.IsNaN(got[0]) {
			if math.Abs(change) > 1e-9*slices.Max(slices.Concat(before, after)) {
				t.Fatalf("no shares of a change of %v", change)
			}
			return
		}
		var sum timeseries.Sum
		sum.AddPoints(got)
		if sum.Value() != 1 {
			t.Fatalf("the shares %v are %v in sum", got, sum.Value())
		}
		largest := math.Abs(slices.MaxFunc(got, func(a, b float64) int { return int(math.Copysign(1, math.Abs(a)-math.Abs(b))) }))
		for i := range got {
			if want := (after[i] - before[i]) / change; math.Abs(got[i]-want) > 1e-11*largest {
				t.Fatalf("share %d is %v, want %v", i, got[i], want)
			}
		}
		slices.Reverse(before)
		slices.Reverse(after)
		turned := anomaly.Shares(before, after)
		slices.Reverse(turned)
		for i := range got {
			if math.Abs(got[i]-turned[i]) > 1e-11*largest {
				t.Fatalf("in another order share %d is %v, not %v", i, turned[i], got[i])
			}
		}
	})
}

func TestRateShares(t *testing.T) {
	t.Parallel()
	type rc = anomaly.RateChange
	type rs = anomaly.RateShare
	tests := []struct {
		name          string
		before, after []rc
		want          []rs
	}{
		// 1 % of 100 and 1 % of 100 become 11 % and 1 %: .10 · .5.
		{"one rate", []rc{{1, 100}, {1, 100}}, []rc{{11, 100}, {1, 100}}, []rs{{.05, 0}, {0, 0}}},
		// Rates stay at 0 and .2, weights go from .5 to .25 and .75: the mean of
		// both rates is .1 and .15, in the middle .125.
		{"only the mix", []rc{{0, 100}, {20, 100}}, []rc{{0, 100}, {60, 300}}, []rs{{0, .25 * .125}, {0, .25 * .075}}},
		// From 0 of 100 to 0 of 100 and 50 of 100: the rate of all goes from 0 to .25.
		{"a new group", []rc{{0, 100}}, []rc{{0, 100}, {50, 100}}, []rs{{0, .5 * .125}, {0, .5 * .375}}},
		{"a group that is gone", []rc{{0, 100}, {50, 100}}, []rc{{0, 100}, {0, 0}}, []rs{{0, -.5 * .125}, {0, -.5 * .375}}},
		{"errors without a request", []rc{{0, 100}, {0, 0}}, []rc{{0, 100}, {10, 0}}, []rs{{0, 0}, {.1, 0}}},
		{"no requests at all", []rc{{0, 0}}, []rc{{1, 2}}, []rs{{math.NaN(), math.NaN()}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, anomaly.RateShares(tt.before, tt.after), cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-15)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestLawRateSharesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "groups")
		group := rapid.Custom(func(t *rapid.T) anomaly.RateChange {
			requests := rapid.IntRange(0, 1000).Draw(t, "requests")
			return anomaly.RateChange{Errors: float64(rapid.IntRange(0, requests+1).Draw(t, "errors")), Requests: float64(requests)}
		})
		before, after := rapid.SliceOfN(group, n, n).Draw(t, "before"), rapid.SliceOfN(group, n, n).Draw(t, "after")
		rate := func(groups []anomaly.RateChange) float64 {
			e, r := 0.0, 0.0
			for _, g := range groups {
				e, r = e+g.Errors, r+g.Requests
			}
			if r == 0 {
				return math.NaN()
			}
			return e / r
		}
		want, got := rate(after)-rate(before), 0.0
		forth, back := anomaly.RateShares(before, after), anomaly.RateShares(after, before)
		for i, s := range forth {
			got += s.Rate + s.Mix
			if want == want && math.Abs(s.Rate+back[i].Rate)+math.Abs(s.Mix+back[i].Mix) > 1e-12 {
				t.Fatalf("group %d is %v there and %v back", i, s, back[i])
			}
		}
		if math.IsNaN(want) != math.IsNaN(got) || math.Abs(got-want) > 1e-11 {
			t.Fatalf("the parts %v are %v in sum, the change is %v", forth, got, want)
		}
	})
}
