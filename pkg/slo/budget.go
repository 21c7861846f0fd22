package slo

import "math"

// Budget is the error budget of a window, in events (or seconds).
type Budget struct {
	// Allowed is how much may be bad: valid · (100 − target) ÷ 100.
	Allowed float64
	// Consumed is how much was bad.
	Consumed float64
	// Remaining is Allowed − Consumed; below zero when overspent, and only then.
	Remaining float64
	// RemainingPercent is 100 · Remaining ÷ Allowed.
	RemainingPercent float64
}

// budgetOf is the budget of a sum; nil without valid events and for a target that allows nothing.
func budgetOf(t Target, s tally) *Budget {
	valid := s.valid.Value()
	if valid <= 0 || !s.points || t >= Hundred {
		return nil
	}
	b := &Budget{Allowed: allowed(t, valid), Consumed: s.bad()}
	b.Remaining, b.RemainingPercent = left(t, b.Consumed, valid)
	return b
}

func remainingPercent(t Target, s tally) Figure {
	if b := budgetOf(t, s); b != nil {
		return Known(b.RemainingPercent)
	}
	return Figure{}
}

// share is what a target allows to be bad as a fraction in lowest terms: 1 in
// 1,000 for 99.9. Whole counts times such small numbers are exact, so figures
// come out as the nearest float to their true value: a burn rate of 14.4 is
// not 14.400000000000002, which would be rounded up to 14.5 on screen.
func (t Target) share() (bad, of float64) {
	a, b := int64(t.Allowed()), int64(Hundred)
	for b != 0 {
		a, b = b, a%b
	}
	return float64(int64(t.Allowed()) / a), float64(int64(Hundred) / a)
}

func allowed(t Target, valid float64) float64 {
	bad, of := t.share()
	return valid * bad / of
}

// left is allowed − bad, and the same in percent of allowed, with the sign that
// exact arithmetic gives: on the edge itself rounding would decide whether an
// objective is breached, and near it little would be right but the first
// digits. Both sides are brought to one denominator, so that they are products;
// a fused multiply-add gives the part of a product that rounding drops.
func left(t Target, bad, valid float64) (remaining, percent float64) {
	share, of := t.share()
	return leftOf(share, of, bad, valid)
}

func leftOf(share, of, bad, valid float64) (remaining, percent float64) {
	may, did := valid*share, bad*of
	mayRest, didRest := math.FMA(valid, share, -may), math.FMA(bad, of, -did)
	excess := (may - did) + (mayRest - didRest)
	return excess / of, 100 * excess / may
}

// within reports whether as much was good as the target asks for.
func within(t Target, bad, valid float64) bool {
	remaining, _ := left(t, bad, valid)
	return remaining >= 0
}
