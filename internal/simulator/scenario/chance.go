package scenario

import "math"

// chance draws counts: Poisson around a mean that itself varies from cell to
// cell by the relative standard deviation spread (gamma, so that counts are
// negative binomial).
type chance struct{ spread float64 }

// factor is the count drawn for a cell with this mean, as a factor on the mean.
func (c *chance) factor(key uint64, cell int64, mean float64) float64 {
	if mean <= 0 {
		return 1
	}
	d := dice{mix(key^0xc0ffee, uint64(cell))}
	drawn := mean
	if c.spread > 0 {
		shape := 1 / (c.spread * c.spread)
		drawn *= d.gamma(shape) / shape
	}
	return d.poisson(drawn) / mean
}

// dice is a stream of draws that depends on its seed alone.
type dice struct{ state uint64 }

// uniform is in (0, 1).
func (d *dice) uniform() float64 {
	d.state = mix(d.state, 1)
	return fraction(d.state) + 1.0/(1<<54)
}

func (d *dice) normal() float64 {
	return math.Sqrt(-2*math.Log(d.uniform())) * math.Cos(2*math.Pi*d.uniform())
}

// gamma has mean and variance shape (Marsaglia and Tsang).
func (d *dice) gamma(shape float64) float64 {
	if shape < 1 {
		return d.gamma(shape+1) * math.Pow(d.uniform(), 1/shape)
	}
	a := shape - 1.0/3
	for {
		x := d.normal()
		v := 1 + x/math.Sqrt(9*a)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(d.uniform()) < x*x/2+a-a*v+a*math.Log(v) {
			return a * v
		}
	}
}

// poisson counts arrivals one by one for small means and rounds a normal draw
// for large ones, where the difference is below one in a thousand.
func (d *dice) poisson(mean float64) float64 {
	if mean > 500 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*d.normal()))
	}
	n, left := 0.0, mean
	for {
		if left += math.Log(d.uniform()); left < 0 {
			return n
		}
		n++
	}
}
