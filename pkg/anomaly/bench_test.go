package anomaly_test

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// traffic is what a busy endpoint gets: a day's curve, quieter weekends, noise, a gap.
func traffic(seed uint64, days int, step int64) timeseries.Series {
	r := rand.New(rand.NewPCG(seed, 1))
	s := timeseries.Series{Start: 1_700_006_400, Step: step}
	for i := range days * int(86400/step) {
		t := float64(int64(i)*step) / 86400
		level := 300 + 200*math.Sin(2*math.Pi*t)
		if int(t)%7 >= 5 {
			level *= .6
		}
		s.Values = append(s.Values, math.Round(level+math.Sqrt(level)*r.NormFloat64()))
	}
	for i := len(s.Values) / 2; i < len(s.Values)/2+100 && i < len(s.Values); i++ {
		s.Values[i] = timeseries.Missing
	}
	return s
}

// BenchmarkLook is one series of 90 days at one minute.
func BenchmarkLook(b *testing.B) {
	for _, hindsight := range []bool{false, true} {
		b.Run("hindsight="+strconv.FormatBool(hindsight), func(b *testing.B) {
			s := traffic(1, 90, 60)
			var d anomaly.Detector
			b.ReportAllocs()
			for b.Loop() {
				d.Look(s, anomaly.Counts, hindsight)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s.Values)), "ns/point")
		})
	}
}

// BenchmarkThousand is a thousand series of 90 days at one minute on two
// workers, or as many as SLO_BENCH_SERIES says.
func BenchmarkThousand(b *testing.B) {
	many := 1000
	if n, err := strconv.Atoi(os.Getenv("SLO_BENCH_SERIES")); err == nil {
		many = n
	}
	kinds := make([]timeseries.Series, 8)
	for i := range kinds {
		kinds[i] = traffic(uint64(i), 90, 60)
	}
	for b.Loop() {
		var workers sync.WaitGroup
		for w := range 2 {
			workers.Go(func() {
				var d anomaly.Detector
				for i := w; i < many; i += 2 {
					d.Look(kinds[i%len(kinds)], anomaly.Counts, false)
				}
			})
		}
		workers.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())*2/float64(b.N)/float64(many)/float64(len(kinds[0].Values)), "ns/point/core")
}
