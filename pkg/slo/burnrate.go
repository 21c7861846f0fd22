package slo

// burnRate is (bad ÷ valid) ÷ (1 − target): 1 spends exactly the budget over
// the window. Unknown without traffic (for
// time: without data, unless that counts as down) and for a target of 100.
// Source: SRE workbook, chapter 5; Datadog, "Burn rate alerts".
func burnRate(t Target, s tally) Figure {
	valid := s.valid.Value()
	if valid <= 0 || !s.happened() || t >= Hundred {
		return Figure{}
	}
	share, of := t.share()
	return Known(s.bad() * of / (valid * share))
}
