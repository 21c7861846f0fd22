package anomaly_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// anySeries has a few days of an odd series at a coarse step: what is normal,
// what is missing, and what nobody should send.
func anySeries(t *rapid.T) (timeseries.Series, anomaly.Measure) {
	step := rapid.SampledFrom([]int64{600, 900, 3600, 7200, 21600, 86400, 604800, 5000}).Draw(t, "step")
	s := timeseries.Series{Start: step * 1000, Step: step}
	value := rapid.Float64Range(0, 20)
	odd := rapid.SampledFrom([]float64{0, 1, -5, 1e6, -1e6, 1e-40, 1e300, -1e300, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, 5e-324})
	oddness := rapid.IntRange(0, 10).Draw(t, "oddness")
	seed := rapid.SliceOfN(value, 8, 40).Draw(t, "values")
	odds := rapid.SliceOfN(odd, 5, 5).Draw(t, "odd values")
	places := rapid.SliceOfN(rapid.IntRange(0, 99), 30, 60).Draw(t, "places")
	for i := range rapid.IntRange(0, 9*144).Draw(t, "length") {
		v := seed[i*i%len(seed)] + 10*float64(i%24)
		if p := places[i*7%len(places)]; p < oddness {
			v = odds[i%len(odds)]
		}
		s.Values = append(s.Values, v)
	}
	if len(s.Values) > 300 && rapid.Bool().Draw(t, "gap") {
		for i := 200; i < 250; i++ {
			s.Values[i] = timeseries.Missing
		}
	}
	return s, rapid.SampledFrom([]anomaly.Measure{anomaly.Counts, anomaly.Levels}).Draw(t, "measure")
}

func keep(v anomaly.View) anomaly.View {
	v.Scores, v.Expected, v.Wobble = slices.Clone(v.Scores), slices.Clone(v.Expected), slices.Clone(v.Wobble)
	return v
}

func bits(all []float32) []uint32 {
	var out []uint32
	for _, v := range all {
		out = append(out, math.Float32bits(v))
	}
	return out
}

func sameView(t *rapid.T, why string, a, b anomaly.View, n int) {
	for i := range n {
		for _, x := range [][2]float32{{a.Scores[i], b.Scores[i]}, {a.Expected[i], b.Expected[i]}, {a.Wobble[i], b.Wobble[i]}} {
			if math.Float32bits(x[0]) != math.Float32bits(x[1]) {
				t.Fatalf("%s: bucket %d has %v, and %v", why, i, x[0], x[1])
			}
		}
	}
}

// TestLookSaysNumbers: whatever the series, scores are numbers from 0 on, and
// there are as many as buckets; where there is a score there is what it comes from.
func TestLookSaysNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, m := anySeries(t)
		var d anomaly.Detector
		for _, hindsight := range []bool{false, true} {
			v := d.Look(s, m, hindsight)
			n := len(s.Values)
			if len(v.Scores) != n || len(v.Expected) != n || len(v.Wobble) != n || v.Warm < 0 || v.Warm > n {
				t.Fatalf("%d buckets, warm at %d: %d scores, %d expected, %d wobbles", n, v.Warm, len(v.Scores), len(v.Expected), len(v.Wobble))
			}
			for i, score := range v.Scores {
				if !(score >= 0 && score <= math.MaxFloat32) || i < v.Warm && score != 0 {
					t.Fatalf("score %d is %v (warm at %d)", i, score, v.Warm)
				}
				if score >= anomaly.Alarm && (v.Expected[i] != v.Expected[i] || v.Wobble[i] != v.Wobble[i]) {
					t.Fatalf("bucket %d alarms from nothing", i)
				}
				if x := s.Values[i]; (math.IsNaN(x) || math.IsInf(x, 0)) && score != 0 {
					t.Fatalf("bucket %d is unknown and has score %v", i, score)
				}
			}
		}
	})
}

// TestLookIsCausal: no later bucket, nor that there is one, changes what is said of an earlier one.
func TestLookIsCausal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, m := anySeries(t)
		if len(s.Values) == 0 {
			return
		}
		var d anomaly.Detector
		want := keep(d.Look(s, m, false))
		cut := rapid.IntRange(0, len(s.Values)-1).Draw(t, "cut")
		other := s
		other.Values = slices.Clone(s.Values)
		for i := cut; i < len(other.Values); i++ {
			other.Values[i] = 1e9 * float64(i%3)
		}
		sameView(t, "another future", d.Look(other, m, false), want, cut)
		other.Values = s.Values[:cut]
		sameView(t, "no future", d.Look(other, m, false), want, cut)
	})
}

// TestLookRemembersNothing: a detector that looked at other series says the same as a new one.
func TestLookRemembersNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, m := anySeries(t)
		other, k := anySeries(t)
		hindsight := rapid.Bool().Draw(t, "hindsight")
		var fresh, used anomaly.Detector
		want := keep(fresh.Look(s, m, hindsight))
		used.Look(other, k, true)
		used.Look(other, k, false)
		got := used.Look(s, m, hindsight)
		sameView(t, "a used detector", got, want, len(s.Values))
		if got.Warm != want.Warm || got.Days != want.Days {
			t.Fatalf("warm %d and %v days, want %d and %v", got.Warm, got.Days, want.Warm, want.Days)
		}
	})
}

// TestLookHasNoUnits: the same series in other units, or on other days, has the same scores.
func TestLookHasNoUnits(t *testing.T) {
	t.Parallel()
	s := traffic(6, 10, 300)
	for i := range 12 {
		s.Values[9*288+100+i] *= 3
	}
	var d anomaly.Detector
	want := keep(d.Look(s, anomaly.Levels, true))
	moved := s
	moved.Start += 3 * 86400
	if got := d.Look(moved, anomaly.Levels, true); !slices.Equal(bits(got.Scores), bits(want.Scores)) {
		t.Error("three days later the scores are others")
	}
	scaled := s
	for _, by := range []float64{1. / 1024, 1000, 1024} {
		scaled.Values = nil
		for _, v := range s.Values {
			scaled.Values = append(scaled.Values, by*v)
		}
		got := d.Look(scaled, anomaly.Levels, true)
		// A power of two moves no residual within its bin; anything else may by 3 %.
		share := .05
		if math.Exp2(math.Round(math.Log2(by))) == by {
			share = 0
		}
		for i := range got.Scores {
			if math.Abs(float64(got.Scores[i]-want.Scores[i])) > share*float64(want.Scores[i])+share/100 {
				t.Fatalf("times %v: score %d is %v, was %v", by, i, got.Scores[i], want.Scores[i])
			}
		}
	}
}
