package anomaly_test

import (
	"math/rand/v2"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestRefine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name          string
		base, inside  float64 // a minute
		levels, open  bool
		start, end    int64 // true, in minutes
		coarse, until int64 // found, in minutes
		off           int64 // allowed, in minutes
	}{
		{name: "a clear spike", base: 100, inside: 1000, start: 52, end: 87, coarse: 50, until: 90},
		{name: "found a bucket late and early", base: 100, inside: 1000, start: 52, end: 87, coarse: 55, until: 85},
		{name: "three minutes in one bucket", base: 100, inside: 500, start: 61, end: 64, coarse: 60, until: 65},
		{name: "a silence", base: 20, inside: 0, start: 43, end: 73, coarse: 45, until: 75},
		{name: "a weak one", base: 100, inside: 160, start: 52, end: 87, coarse: 50, until: 90, off: 2},
		{name: "of levels", base: .1, inside: .3, levels: true, start: 58, end: 102, coarse: 55, until: 100},
		{name: "still open", base: 100, inside: 300, open: true, start: 52, end: 120, coarse: 50, until: 120},
	}
	for _, tt := range tests {
		r := rand.New(rand.NewPCG(1, 2))
		fine := timeseries.Series{Start: worldStart, Step: 60, Values: make([]float64, 120)}
		for i := range fine.Values {
			v := tt.base
			if m := int64(i); m >= tt.start && m < tt.end {
				v = tt.inside
			}
			if tt.levels {
				fine.Values[i] = v * (1 + 0.1*r.NormFloat64())
			} else {
				fine.Values[i] = poisson(r, v)
			}
		}
		f := anomaly.Finding{
			Span: timeseries.Span{Start: worldStart + 60*tt.coarse, End: worldStart + 60*tt.until},
			Open: tt.open, Observed: tt.inside, Expected: tt.base,
		}
		start, end := anomaly.Refine(fine, f, 300)
		start, end = (start-worldStart)/60, (end-worldStart)/60
		if max(start-tt.start, tt.start-start, end-tt.end, tt.end-end) > tt.off {
			t.Errorf("%s: from minute %d to %d, want %d to %d", tt.name, start, end, tt.start, tt.end)
		}
	}
}

// What cannot be told finer stays as it was found.
func TestRefineWithoutData(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: worldStart + 3600, End: worldStart + 7200}
	f := anomaly.Finding{Span: span, Observed: 5, Expected: 1}
	blank := timeseries.Blank(timeseries.Span{Start: worldStart, End: worldStart + 10800}, 60)
	even := timeseries.Series{Start: worldStart, Step: 60, Values: make([]float64, 180)}
	for name, fine := range map[string]timeseries.Series{
		"no series": {}, "no points": blank, "no change": even, "not finer": {Start: worldStart, Step: 300, Values: make([]float64, 36)},
	} {
		if start, end := anomaly.Refine(fine, f, 300); start != span.Start || end != span.End {
			t.Errorf("%s: %d to %d, want %v", name, start, end, span)
		}
	}
}
