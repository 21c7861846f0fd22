package anomaly_test

import (
	"math"
	"slices"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
)

// What changes a little every day is far off on no day, and is told once all the same.
func TestFindSlowDrift(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int64{"two weeks": 14 * day, "five days": 5 * day} {
		w := world{rate: 200, step: 300, days: 42, weekend: .6, spread: .05}
		w.change = func(at int64, mean float64) float64 {
			return mean * (1 + 0.95*min(1, max(0, float64(at-from-9*hour)/float64(length))))
		}
		for _, m := range []anomaly.Measure{anomaly.Counts, anomaly.Levels} {
			s := w.series(6)
			var d anomaly.Detector
			// What is small around its end is nothing that people see.
			found := slices.DeleteFunc(d.Find(s, m, from), func(f anomaly.Finding) bool { return f.Small })
			if len(found) != 1 || found[0].Kind != anomaly.Drift || !found[0].Lasting || !found[0].Largest || found[0].Open ||
				off(found[0].Span.Start, from) > 2*day || found[0].Span.End != s.Span().End || math.Abs(found[0].Ratio-1.95) > .12 {
				t.Errorf("%s, measure %d: told as %+v, want one drift that lasts", name, m, found)
			}
		}
	}
}

// A batch job that starts some minutes sooner or later every night is no news.
func TestFindNightlyBatch(t *testing.T) {
	t.Parallel()
	w := world{rate: 50, step: 300, days: 42, weekend: .5, spread: .05}
	w.change = func(at int64, mean float64) float64 {
		night := at / day
		if begin := 2*hour + night*7919%7*minute; at%day >= begin && at%day < begin+25*minute {
			return mean + 300
		}
		return mean
	}
	if found := find(w, 2); len(found) != 0 {
		t.Errorf("told as %+v", found)
	}
}
