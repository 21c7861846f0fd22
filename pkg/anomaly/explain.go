package anomaly

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Shares says what part each group has in the change of the sum of all groups:
// (after − before) ÷ the change of the sum. A group that moved against the rest
// has a negative share, so that one of another can be above 1. They are exactly
// 1 in sum. All are NaN where the sum does not change or a value is not known.
// A group that one side lacks had nothing there.
func Shares(before, after []float64) []float64 {
	n := max(len(before), len(after))
	shares := make([]float64, n)
	var total, size timeseries.Sum
	for i := range shares {
		b, a := at(before, i), at(after, i)
		total.Add(a)
		total.Add(-b)
		size.Add(math.Abs(a) + math.Abs(b))
		shares[i] = a - b
	}
	change := total.Value()
	// What is left of large numbers that cancel out is rounding and no change.
	if known := math.Abs(change) > 0x1p-48*size.Value() && !math.IsInf(size.Value(), 0); !known {
		for i := range shares {
			shares[i] = math.NaN()
		}
		return shares
	}
	for i := range shares {
		shares[i] /= change
	}
	settle(shares, 1)
	return shares
}

func at(xs []float64, i int) float64 {
	if i < len(xs) {
		return xs[i]
	}
	return 0
}

// settle gives what rounding left over to the largest parts, so that the sum is exact.
func settle(parts []float64, want float64) {
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Abs(parts[b]), math.Abs(parts[a])) })
	for _, i := range order {
		var sum timeseries.Sum
		sum.Add(-want)
		sum.AddPoints(parts)
		left := sum.Value()
		if left == 0 || parts[i] == 0 {
			return
		}
		parts[i] -= left
	}
}

// RateChange is what a group had: its errors and its requests.
type RateChange struct{ Errors, Requests float64 }

// RateShare is what a group has in the change of the rate of all groups.
type RateShare struct {
	// Rate is by the change of the group's own rate, Mix by that of its weight.
	Rate, Mix float64
}

// RateShares says what each group has in the change of Σ errors ÷ Σ requests;
// the parts of all groups add up to it. With w for a group's part of the
// requests, r for its own rate, R for the rate of all, and means over both sides:
//
//	Rate = (r1 − r0) · mean w
//	Mix  = (w1 − w0) · (mean r − mean R)
//
// which favours neither side (Bennet). A group that is new or gone has no change
// of its own rate: it is all Mix. Errors without a request are all Rate.
// All parts are NaN where one side has no requests at all or a value is not known.
func RateShares(before, after []RateChange) []RateShare {
	shares := make([]RateShare, max(len(before), len(after)))
	e0, n0 := totals(before)
	e1, n1 := totals(after)
	if !(n0 > 0) || !(n1 > 0) || math.IsInf(n0, 0) || math.IsInf(n1, 0) || math.IsNaN(e0+e1) || math.IsInf(e0+e1, 0) {
		for i := range shares {
			shares[i] = RateShare{Rate: math.NaN(), Mix: math.NaN()}
		}
		return shares
	}
	mean := (e0/n0 + e1/n1) / 2
	for i := range shares {
		var b, a RateChange
		if i < len(before) {
			b = before[i]
		}
		if i < len(after) {
			a = after[i]
		}
		s := &shares[i]
		r0, r1 := b.Errors/b.Requests, a.Errors/a.Requests
		if b.Requests == 0 {
			s.Rate -= b.Errors / n0
			r0 = r1
		}
		if a.Requests == 0 {
			s.Rate += a.Errors / n1
			r1 = r0
		}
		if b.Requests == 0 && a.Requests == 0 {
			continue
		}
		w0, w1 := b.Requests/n0, a.Requests/n1
		s.Rate += (r1 - r0) * (w0 + w1) / 2
		s.Mix = (w1 - w0) * ((r0+r1)/2 - mean)
	}
	return shares
}

func totals(groups []RateChange) (errors, requests float64) {
	var e, n timeseries.Sum
	for _, g := range groups {
		e.Add(g.Errors)
		n.Add(g.Requests)
	}
	return e.Value(), n.Value()
}
