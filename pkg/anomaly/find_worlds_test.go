package anomaly_test

import (
	"math"
	"math/rand/v2"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// world is traffic with days, weeks, slow weather and noise.
type world struct {
	rate    float64 // a minute at noon of a working day
	step    int64
	days    int
	weekend float64 // of a working day
	spread  float64 // of each bucket beyond Poisson, as a share
	weather float64 // of the slow noise over hours, as a share
	growth  float64 // a week
	change  func(t int64, rate float64) float64
}

const worldStart = 1790553600 // a Monday, midnight

// mean is what the world expects in a minute.
func (w world) mean(t int64) float64 {
	hour := float64(t%86400) / 3600
	day := int(((t - worldStart) / 86400) % 7)
	m := w.rate * (0.55 - 0.45*math.Cos((hour-2)/24*2*math.Pi))
	if day >= 5 {
		m *= w.weekend
	}
	return m * (1 + w.growth*float64(t-worldStart)/604800)
}

func (w world) series(seed uint64) timeseries.Series {
	r := rand.New(rand.NewPCG(seed, 7))
	n := w.days * 86400 / int(w.step)
	s := timeseries.Series{Start: worldStart, Step: w.step, Values: make([]float64, n)}
	slow := 0.0
	keep := math.Exp(-float64(w.step) / 7200)
	for i := range s.Values {
		t := s.Start + int64(i)*w.step
		slow = keep*slow + math.Sqrt(1-keep*keep)*r.NormFloat64()
		m := w.mean(t)
		if w.change != nil {
			m = w.change(t, m)
		}
		m *= float64(w.step) / 60
		m *= math.Exp(w.weather*slow + w.spread*r.NormFloat64())
		s.Values[i] = poisson(r, m)
	}
	return s
}

func poisson(r *rand.Rand, m float64) float64 {
	if m > 60 {
		return max(0, math.Round(m+math.Sqrt(m)*r.NormFloat64()))
	}
	if m <= 0 {
		return 0
	}
	l, k, p := math.Exp(-m), 0, 1.0
	for p > l {
		p *= r.Float64()
		k++
	}
	return float64(k - 1)
}
