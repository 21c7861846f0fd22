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
	if valid <= 0 || t >= Hundred {
		return nil
	}
	b := &Budget{Allowed: allowed(t, valid), Consumed: s.bad()}
	b.Remaining = left(t, b.Consumed, valid)
	b.RemainingPercent = 100 * b.Remaining / b.Allowed
	return b
}

func remainingPercent(t Target, s tally) Figure {
	if b := budgetOf(t, s); b != nil {
		return Known(b.RemainingPercent)
	}
	return Figure{}
}

func allowed(t Target, valid float64) float64 {
	return valid * float64(t.Allowed()) / float64(Hundred)
}

// left is allowed − bad, with the sign that exact arithmetic gives it: on the
// edge itself rounding would decide whether an objective is breached, and near
// it little would be right but the first digits. Both sides are brought to the
// denominator 100, so that they are products; a fused multiply-add gives the
// part of a product that rounding drops.
func left(t Target, bad, valid float64) float64 {
	const hundred = float64(Hundred)
	share := float64(t.Allowed())
	may, did := valid*share, bad*hundred
	mayRest, didRest := math.FMA(valid, share, -may), math.FMA(bad, hundred, -did)
	return ((may - did) + (mayRest - didRest)) / hundred
}
