package scenario_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// cells are the counts of 5-minute cells of a world's only endpoint in its last ten weeks.
func cells(t *testing.T, settings string) []float64 {
	t.Helper()
	w, err := scenario.Parse("chance", []byte("now: 2026-11-23T00:00:00Z\nhistory: 70d\n"+settings+
		"\nservices: [{name: s, endpoints: [{resource: GET /, rate: 0.5}]}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	m := w.Traffic().Metric("trace.http.request.hits")
	var out []float64
	for at := w.Now.Add(-w.History).Unix(); at < w.Now.Unix(); at += scenario.Cell {
		n := int64(0)
		for _, s := range m.Series {
			n += s.Count(at, at+scenario.Cell)
		}
		out = append(out, float64(n))
	}
	return out
}

func TestDispersion(t *testing.T) {
	t.Parallel()
	// 150 requests a cell: variance 150 by chance alone, and 150 + (0.2·150)² with 20 %.
	for dispersion, want := range map[string]float64{"0%": 150, "20%": 1050} {
		counts := cells(t, "dispersion: "+dispersion)
		mean, variance := 0.0, 0.0
		for _, v := range counts {
			mean += v / float64(len(counts))
		}
		for _, v := range counts {
			variance += (v - mean) * (v - mean) / float64(len(counts))
		}
		// 20,160 cells: the mean is known to 0.2, the variance to one in a hundred.
		if math.Abs(mean-150) > 1.2 || math.Abs(variance/want-1) > 0.07 {
			t.Errorf("%s: mean %.2f and variance %.1f, want 150 and %g", dispersion, mean, variance, want)
		}
	}
	if counts := cells(t, ""); counts[0] != 150 || counts[1000] != 150 {
		t.Errorf("without the key: %v and %v, want 150 in every cell", counts[0], counts[1000])
	}
}

func TestHoliday(t *testing.T) {
	t.Parallel()
	hours := "hours: [1, 1, 1, 1, 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 4, 3, 3, 2, 2, 1, 1], weekend: 40%"
	with := cells(t, fmt.Sprintf("rhythm: {%s, holidays: ['2026-11-11T15:00:00Z', -7d]}", hours))
	without := cells(t, fmt.Sprintf("rhythm: {%s}", hours))
	const day = 288
	for back, like := range map[int]int{12: 8, 7: 1, 11: 11, 13: 13} {
		// Days are counted from the end: 1 is Sunday the 22nd, 12 is Wednesday the 11th, 7 is Monday the 16th.
		for i := range day {
			a, b := with[len(with)-back*day+i], without[len(without)-like*day+i]
			if math.Abs(a-b) > 1 {
				t.Fatalf("%d days back, cell %d: %v, want %v as %d days back without holidays", back, i, a, b, like)
			}
		}
	}
}
