package anomaly

// season decides period by period whether the usual helps: it is used where it
// made the residuals of the last periods smaller. A residual counts up to a
// limit, so that one incident does not decide for a week.
type season struct {
	with, without [remembered]float64
	at            int
	use           bool
}

func (s *season) see(with, without float32) {
	s.with[s.at] += float64(with)
	s.without[s.at] += float64(without)
}

// close ends a period.
func (s *season) close() {
	var with, without float64
	for i := range s.with {
		with += s.with[i]
		without += s.without[i]
	}
	s.use = with < without
	s.at = (s.at + 1) % remembered
	s.with[s.at], s.without[s.at] = 0, 0
}
