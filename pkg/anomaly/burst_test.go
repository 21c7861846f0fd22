package anomaly_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// failing draws the errors of requests at a share.
func failing(requests timeseries.Series, seed uint64, share func(t int64) float64) timeseries.Series {
	r := rand.New(rand.NewPCG(seed, 11))
	errors := timeseries.Series{Start: requests.Start, Step: requests.Step, Values: make([]float64, len(requests.Values))}
	for i, n := range requests.Values {
		errors.Values[i] = min(n, poisson(r, n*share(requests.Start+int64(i)*requests.Step)))
	}
	return errors
}

func TestFindRate(t *testing.T) {
	t.Parallel()
	const at = from + 9*day + 14*hour
	tests := []struct {
		name   string
		rate   float64
		usual  float64
		length int64
		share  float64
	}{
		{"a fifth for half an hour", 30, .001, 30 * minute, .2},
		{"one in twenty for an hour", 30, .002, hour, .05},
		{"one in a hundred for six hours", 100, .001, 6 * hour, .01},
		{"all for ten minutes", 5, .001, 10 * minute, 1},
		{"more than the many there are", 100, .05, hour, .15},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requests := world{rate: tt.rate, step: 300, days: 42, weekend: .5, spread: .05}.series(1)
			errors := failing(requests, 1, func(t int64) float64 {
				if t >= at && t < at+tt.length {
					return tt.share
				}
				return tt.usual
			})
			var d anomaly.Detector
			found := d.FindRate(errors, requests, from)
			if len(found) != 1 || found[0].Kind != anomaly.Burst {
				t.Fatalf("told as %+v, want one burst", found)
			}
			f := found[0]
			if max(f.Span.Start-at, at-f.Span.Start, f.Span.End-at-tt.length, at+tt.length-f.Span.End) > max(10*minute, tt.length/6) {
				t.Errorf("from %+d s to %+d s", f.Span.Start-at, f.Span.End-at-tt.length)
			}
			if math.Abs(f.Observed-tt.share) > .25*tt.share || math.Abs(f.Expected-tt.usual) > .5*tt.usual || f.Wobble <= 0 {
				t.Errorf("%v against %v ± %v, want %v against %v", f.Observed, f.Expected, f.Wobble, tt.share, tt.usual)
			}
		})
	}
}

func TestFindRateNothing(t *testing.T) {
	t.Parallel()
	requests := world{rate: 30, step: 300, days: 42, weekend: .5, spread: .05, change: during(from+5*day, 6*hour, times(4))}.series(1)
	night := func(t int64) float64 {
		if t%day < 6*hour {
			return .01
		}
		return .001
	}
	tests := map[string]timeseries.Series{
		"errors that follow the requests": failing(requests, 2, func(int64) float64 { return .01 }),
		"every night":                     failing(requests, 3, night),
		"none at all":                     failing(requests, 4, func(int64) float64 { return 0 }),
	}
	lone := failing(requests, 5, func(int64) float64 { return 0 })
	for i := range 10 {
		// Ten in one night, half an hour apart.
		lone.Values[(from-worldStart)/300+3*288+i*6] = 1
	}
	tests["ten lone ones at night"] = lone
	var d anomaly.Detector
	for name, errors := range tests {
		if found := d.FindRate(errors, requests, from); len(found) != 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	if found := d.FindRate(lone, timeseries.Series{Start: lone.Start, Step: 60, Values: lone.Values}, 0); found != nil {
		t.Errorf("of another step: %+v", found)
	}
}
