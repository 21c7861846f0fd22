package anomaly_test

import (
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
)

// One endpoint's requests over six weeks by five minutes, with a spike in it.
func BenchmarkFind(b *testing.B) {
	s := world{rate: 30, step: 300, days: 42, weekend: .5, spread: .2, change: during(from+5*day, hour, times(5))}.series(1)
	var d anomaly.Detector
	for b.Loop() {
		d.Find(s, anomaly.Counts, from)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s.Values)), "ns/bucket")
}
