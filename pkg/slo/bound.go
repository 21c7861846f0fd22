package slo

// bound is what the sum of a window is held against: a level of the error
// budget, of which more has to be left, or an attainment, which has to be reached.
type bound struct {
	share, of  float64 // what the target of the budget allows to be bad
	level      float64 // percent of the budget
	attainment bool    // the target itself has to be reached, whatever the level
}

// more asks that more than a level of the target's budget is left.
func more(t Target, level float64) bound {
	share, of := t.share()
	return bound{share: share, of: of, level: level}
}

// atLeast asks for an attainment.
func atLeast(t Target) bound {
	share, of := t.share()
	return bound{share: share, of: of, attainment: true}
}

// holds decides without rounding, as far as counts are whole.
func (b bound) holds(bad, valid float64) bool {
	remaining, percent := leftOf(b.share, b.of, bad, valid)
	if b.attainment {
		return remaining >= 0
	}
	return percent > b.level
}
