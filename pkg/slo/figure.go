package slo

// Figure is a number that may be unknown. The zero Figure is unknown.
type Figure struct {
	value float64
	known bool
}

// Known is the figure v.
func Known(v float64) Figure { return Figure{value: v, known: true} }

// Value returns the number and whether it is known; an unknown figure returns 0, false.
func (f Figure) Value() (float64, bool) { return f.value, f.known }

// IsKnown reports whether there is a number.
func (f Figure) IsKnown() bool { return f.known }

// Pointer is nil when the figure is unknown: what JSON writes as null.
func (f Figure) Pointer() *float64 {
	if !f.known {
		return nil
	}
	v := f.value
	return &v
}
