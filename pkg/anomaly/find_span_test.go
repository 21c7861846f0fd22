package anomaly_test

import (
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
)

// Where next to nothing fails, an incident lasts as long as it lasted: what is
// told has the ends of what happened, not those of the blocks around it.
func TestFindSpanOfErrors(t *testing.T) {
	t.Parallel()
	const at = from + 10*day + 14*hour
	for _, errors := range []float64{0.003, 0.02} {
		for seed := range uint64(4) {
			for _, length := range []int64{20 * minute, hour} {
				traffic := world{rate: 50, step: 300, days: 42, weekend: .5, spread: .05}
				lone := world{rate: errors, step: 300, days: 42, weekend: .5}
				lone.change = during(at, length, func(_, mean float64) float64 { return mean + 2.5 })
				requests, failed := traffic.series(seed), lone.series(seed+100)
				var d anomaly.Detector
				for name, found := range map[string][]anomaly.Finding{
					"counts": d.Find(failed, anomaly.Counts, from), "rate": d.FindRate(failed, requests, from),
				} {
					if len(found) != 1 || max(off(found[0].Span.Start, at), off(found[0].Span.End, at+length)) > 300 {
						t.Errorf("%s of %v a minute, seed %d, %d minutes from %d: told as %+v", name, errors, seed, length/60, at, found)
					}
				}
			}
		}
	}
}

func off(a, b int64) int64 { return max(a-b, b-a) }
