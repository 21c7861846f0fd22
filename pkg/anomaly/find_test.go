package anomaly_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	from   = worldStart + 28*day
)

// during changes a world's mean for a time.
func during(at, length int64, f func(share, mean float64) float64) func(int64, float64) float64 {
	return func(t int64, mean float64) float64 {
		if t >= at && t < at+length {
			return f(float64(t-at)/float64(length), mean)
		}
		return mean
	}
}

func times(k float64) func(float64, float64) float64 {
	return func(_, mean float64) float64 { return k * mean }
}

func find(w world, seed uint64) []anomaly.Finding {
	var d anomaly.Detector
	return d.Find(w.series(seed), anomaly.Counts, from)
}

func TestFindWrittenIn(t *testing.T) {
	t.Parallel()
	const at = from + 9*day + 13*hour // a Wednesday
	tests := []struct {
		name   string
		rate   float64
		length int64
		change func(share, mean float64) float64
		kind   anomaly.Kind
		ratio  float64
		small  bool
		off    int64 // how far the ends may be off
	}{
		{"ten times for 35 minutes", 20, 35 * minute, times(10), anomaly.Spike, 10, false, 5 * minute},
		{"three times for an hour", 20, hour, times(3), anomaly.Spike, 3, false, 5 * minute},
		{"nothing for half an hour", 5, 30 * minute, times(0), anomaly.Silence, 0, false, 5 * minute},
		{"half for an hour", 100, hour, times(.5), anomaly.Drop, .5, false, 10 * minute},
		{"half as much again for an hour", 200, hour, times(1.4), anomaly.Spike, 1.4, true, 10 * minute},
		{"half as much again for six hours", 50, 6 * hour, times(1.6), anomaly.Spike, 1.6, false, 20 * minute},
		{"a ramp to three times", 100, 3 * hour, func(x, m float64) float64 { return (1 + 2*x) * m }, anomaly.Drift, 2.3, false, hour},
		{"two days at twice", 50, 2 * day, times(2), anomaly.Shift, 2, false, 20 * minute},
		{"two days at a third", 50, 2 * day, times(.33), anomaly.Shift, .33, false, 20 * minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := world{rate: tt.rate, step: 300, days: 42, weekend: .5, spread: .05, change: during(at, tt.length, tt.change)}
			found := find(w, 3)
			if len(found) != 1 {
				t.Fatalf("%d findings, want one: %+v", len(found), found)
			}
			f := found[0]
			want := timeseries.Span{Start: at, End: at + tt.length}
			if off := max(f.Span.Start-want.Start, want.Start-f.Span.Start, f.Span.End-want.End, want.End-f.Span.End); off > tt.off {
				t.Errorf("from %+d s to %+d s of what happened", f.Span.Start-want.Start, f.Span.End-want.End)
			}
			if f.Kind != tt.kind || f.Small != tt.small || f.Open || f.Short {
				t.Errorf("told as %+v", f)
			}
			if math.Abs(f.Ratio-tt.ratio) > 0.12*max(tt.ratio, 1) || math.Abs(f.Ratio-f.Observed/f.Expected) > 1e-12 {
				t.Errorf("%v times the usual, want %v", f.Ratio, tt.ratio)
			}
			if f.Wobble <= 0 || f.Score < 4.8 || f.Record <= 0 {
				t.Errorf("wobble %v, score %v, record %v", f.Wobble, f.Score, f.Record)
			}
		})
	}
}

// Nothing happens: a finding would be one too many.
func TestFindNothing(t *testing.T) {
	t.Parallel()
	worlds := map[string]world{
		"sparse":          {rate: .05, step: 300, days: 42, weekend: .5},
		"a few":           {rate: 1, step: 300, days: 42, weekend: .3},
		"many":            {rate: 500, step: 300, days: 42, weekend: .5, weather: .05},
		"over-dispersed":  {rate: 30, step: 300, days: 42, weekend: .6, spread: .3},
		"growing":         {rate: 100, step: 300, days: 42, weekend: .5, growth: .1},
		"by the minute":   {rate: 3, step: 60, days: 35, weekend: .5, spread: .1},
		"no night at all": {rate: 50, step: 300, days: 42, weekend: 1},
		"a holiday": {rate: 50, step: 300, days: 42, weekend: .4, spread: .05,
			change: during(from+8*day, day, times(.4))},
		"a long weekend": {rate: 50, step: 300, days: 42, weekend: .4, spread: .05,
			change: during(from+10*day, 2*day, times(.4))},
	}
	for name, w := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(2) {
				if found := find(w, seed); len(found) > 0 {
					t.Errorf("seed %d: %+v", seed, found)
				}
			}
		})
	}
}

// A shift that stays is told once, and what comes after is held against the new level.
func TestFindShiftThatStays(t *testing.T) {
	t.Parallel()
	const at = from + 3*day + 10*hour
	stays := during(at, 1<<40, times(1.7))
	found := find(world{rate: 60, step: 300, days: 42, weekend: .5, spread: .05, change: stays}, 1)
	if len(found) != 1 || found[0].Span.Start != at || found[0].Kind != anomaly.Shift || found[0].Span.End != from+14*day || !found[0].Lasting || found[0].Open {
		t.Errorf("told as %+v, want one shift that lasts", found)
	}
	spike := during(from+11*day+14*hour, 40*minute, times(4))
	both := func(t int64, mean float64) float64 { return spike(t, stays(t, mean)) }
	found = find(world{rate: 60, step: 300, days: 42, weekend: .5, spread: .05, change: both}, 1)
	if len(found) != 2 || found[1].Kind != anomaly.Spike || math.Abs(found[1].Ratio-4) > .3 {
		t.Errorf("after the shift: %+v, want a spike to four times the new level", found)
	}
	young := during(from+13*day+2*hour, 1<<40, times(1.7))
	found = find(world{rate: 60, step: 300, days: 42, weekend: .5, spread: .05, change: young}, 1)
	if len(found) != 1 || !found[0].Open || !found[0].Lasting || math.Abs(found[0].Ratio-1.7) > .1 {
		t.Errorf("of the last day: %+v, want one that is open", found)
	}
}

// What was found does not become what is usual: a week later the same hours are no finding.
func TestFindDoesNotRemember(t *testing.T) {
	t.Parallel()
	change := during(from+2*day+12*hour, 5*hour, times(8))
	found := find(world{rate: 40, step: 300, days: 42, weekend: .9, spread: .05, change: change}, 5)
	if len(found) != 1 {
		t.Errorf("%+v, want one finding", found)
	}
}

func TestFindNewAndGone(t *testing.T) {
	t.Parallel()
	born := world{rate: 20, step: 300, days: 42, weekend: .5, change: during(worldStart, 30*day+9*hour, times(0))}
	found := find(born, 1)
	if len(found) != 1 || found[0].Kind != anomaly.New || found[0].Span.Start != from+2*day+9*hour ||
		found[0].Expected != 0 || !math.IsInf(found[0].Ratio, 1) || !found[0].Lasting {
		t.Errorf("told as %+v, want one that is new", found)
	}
	dies := world{rate: 20, step: 300, days: 42, weekend: .5, change: during(from+8*day+9*hour, 1<<40, times(0))}
	found = find(dies, 1)
	if len(found) != 1 || found[0].Kind != anomaly.Gone || found[0].Span.Start != from+8*day+9*hour || !found[0].Open || !found[0].Lasting || found[0].Ratio != 0 {
		t.Errorf("told as %+v, want one that is gone", found)
	}
	// An hour without anything at the end may yet end.
	waits := world{rate: 20, step: 300, days: 42, weekend: .5, change: during(from+14*day-hour, hour, times(0))}
	waits.change = during(from+13*day+11*hour, 1<<40, times(0))
	waits.days = 41
	s := waits.series(1)
	s.Values = slices.Concat(s.Values, world{rate: 20, step: 300, days: 42, weekend: .5}.series(2).Values[len(s.Values):][:11*12], make([]float64, 12))
	var d anomaly.Detector
	found = d.Find(s, anomaly.Counts, from)
	if len(found) != 1 || found[0].Kind != anomaly.Silence || !found[0].Open {
		t.Errorf("told as %+v, want a silence that is open", found)
	}
	// An office that is closed at the weekend is not gone on Sunday.
	office := world{rate: 20, step: 300, days: 42, weekend: 0}
	if found = find(office, 1); len(found) != 0 {
		t.Errorf("a weekend: %+v", found)
	}
}

func TestFindLevels(t *testing.T) {
	t.Parallel()
	s := world{rate: 1000, step: 300, days: 42, weekend: .9, spread: .05}.series(2)
	at := len(s.Values) - 40*12
	for i := range s.Values {
		s.Values[i] = 0.05 + s.Values[i]/1e5
		if i >= at && i < at+12 {
			s.Values[i] *= 3
		}
	}
	var d anomaly.Detector
	found := d.Find(s, anomaly.Levels, from)
	if len(found) != 1 || found[0].Kind != anomaly.Spike || math.Abs(found[0].Ratio-3) > .2 ||
		found[0].Span.Start != s.Start+int64(at)*300 || found[0].Span.Seconds() != hour {
		t.Errorf("told as %+v, want one hour at three times", found)
	}
}

func TestFindIsIndependentAndBounded(t *testing.T) {
	t.Parallel()
	w := world{rate: 20, step: 300, days: 42, weekend: .5, spread: .05, change: during(from+5*day, hour, times(5))}
	s := w.series(1)
	var used anomaly.Detector
	used.Find(world{rate: 3, step: 60, days: 20, weekend: .2}.series(9), anomaly.Levels, 0)
	errors := world{rate: 1, step: 300, days: 42}.series(4)
	used.FindRate(errors, s, from)
	if diff := cmp.Diff(find(w, 1), used.Find(s, anomaly.Counts, from), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("after other series (-want +got):\n%s", diff)
	}
	if found := used.Find(s, anomaly.Counts, from+5*day+2*hour); len(found) != 0 {
		t.Errorf("what ended before: %+v", found)
	}
	for name, s := range map[string]timeseries.Series{
		"nothing":        {},
		"no step":        {Values: []float64{1, 2}},
		"one bucket":     {Step: 300, Values: []float64{7}},
		"no points":      timeseries.Blank(timeseries.Span{Start: 0, End: 90 * day}, 300),
		"nothing came":   {Step: 300, Values: make([]float64, 9000)},
		"days":           {Step: day, Values: slices.Repeat([]float64{5, 6, 7}, 20)},
		"an odd step":    {Start: 4200, Step: 420, Values: slices.Repeat([]float64{5, 6, 7}, 2000)},
		"beyond numbers": {Step: 300, Values: slices.Repeat([]float64{5, math.Inf(1), 1e300, -4, math.Inf(-1)}, 2000)},
	} {
		for _, m := range []anomaly.Measure{anomaly.Counts, anomaly.Levels} {
			for _, f := range used.Find(s, m, 0) {
				if f.Span.Empty() || !s.Span().Covers(f.Span) {
					t.Errorf("%s: a finding over %v of %v", name, f.Span, s.Span())
				}
			}
			used.FindRate(s, s, 0)
		}
	}
}
