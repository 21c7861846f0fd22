package timeseries

// Sum adds numbers without losing the small ones beside the large ones: it
// carries the rounding error of every addition along (Knuth's TwoSum), so that
// its error does not grow with the number of terms. Whole numbers below 2^53
// add exactly. The zero Sum is an empty sum.
type Sum struct {
	high, low float64
}

// Add adds x.
func (s *Sum) Add(x float64) {
	t := s.high + x
	b := t - s.high
	s.low += (s.high - (t - b)) + (x - b)
	s.high = t
}

// AddSum adds another sum with all that it carries.
func (s *Sum) AddSum(u Sum) {
	s.Add(u.high)
	s.low += u.low
}

// Minus is the difference s − u, rounded once at the end.
func (s Sum) Minus(u Sum) float64 {
	d := s
	d.Add(-u.high)
	d.low -= u.low
	return d.Value()
}

// Value is the sum as one float64.
func (s Sum) Value() float64 { return s.high + s.low }

// AddPoints adds every value of xs that is a point and reports whether there was one.
func (s *Sum) AddPoints(xs []float64) bool {
	high, low := s.high, s.low
	seen := false
	for _, x := range xs {
		if x != x {
			continue
		}
		seen = true
		t := high + x
		b := t - high
		low += (high - (t - b)) + (x - b)
		high = t
	}
	s.high, s.low = high, low
	return seen
}
