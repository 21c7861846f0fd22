package scenario

import (
	"math"
	"slices"
)

// Cell is the length in seconds of the stretch within which rhythm, noise and
// latency are constant. Windows of Datadog's SLO history start on its multiples.
const Cell = 300

const (
	cellsPerHour = 3600 / Cell
	cellsPerDay  = 86400 / Cell
	cellsPerWeek = 7 * cellsPerDay
)

// rhythm is the factor on the traffic of each cell of a week. The week begins
// on Thursday 00:00 UTC, where Unix time begins.
type rhythm struct {
	week [cellsPerWeek]float64
	// holidays are days, by their number since the Unix epoch, that go like a Sunday.
	holidays []int64
}

// newRhythm spreads 24 hourly weights over the week, straight lines between
// them, so that a weekday has mean 1 and a day of the weekend has mean weekend.
func newRhythm(hours []float64, weekend float64) *rhythm {
	sum := 0.0
	for _, h := range hours {
		sum += h
	}
	mean := sum / float64(len(hours))
	var r rhythm
	for i := range r.week {
		day, inDay := i/cellsPerDay, i%cellsPerDay
		hour := inDay / cellsPerHour
		here, next := hours[hour]/mean, hours[(hour+1)%len(hours)]/mean
		part := (float64(inDay%cellsPerHour) + 0.5) / cellsPerHour
		r.week[i] = here + part*(next-here)
		// Day 0 is Thursday, so that 2 and 3 are Saturday and Sunday.
		if day == 2 || day == 3 {
			r.week[i] *= weekend
		}
	}
	return &r
}

// holiday makes the UTC day of the instant t one.
func (r *rhythm) holiday(t int64) { r.holidays = append(r.holidays, t/86400) }

// at is the factor of the cell with this number since the Unix epoch.
func (r *rhythm) at(cell int64) float64 {
	if slices.Contains(r.holidays, cell/cellsPerDay) {
		cell = 3*cellsPerDay + cell%cellsPerDay
	}
	return r.week[cell%cellsPerWeek]
}

// mix turns two numbers into one without visible pattern (the finaliser of
// splitmix64). The world's noise is made of nothing else.
func mix(a, b uint64) uint64 {
	x := a ^ (b+0x9e3779b97f4a7c15)*0xbf58476d1ce4e5b9
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// fraction maps a hash to [0, 1).
func fraction(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// wobble is the noise factor of one cell: mean 1, at most size away from it,
// rarely so far.
func wobble(key uint64, cell int64, size float64) float64 {
	h := mix(key, uint64(cell))
	return 1 + size*(fraction(h)+fraction(mix(h, 1))-1)
}

// hashText is FNV-1a.
func hashText(seed uint64, text string) uint64 {
	h := uint64(14695981039346656037) ^ seed
	for i := range len(text) {
		h ^= uint64(text[i])
		h *= 1099511628211
	}
	return h
}

// gcd is the greatest common divisor of two positive numbers.
func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// stride is a number coprime to n near the golden section of it, so that the
// multiples of it modulo n visit every residue, evenly spread at any moment.
func stride(n int64) int64 {
	m := max(1, int64(math.Round(float64(n)*0.6180339887498949)))
	for gcd(m, n) != 1 {
		m++
	}
	return m
}
