package anomaly_test

import (
	"math"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// still is a series that never moves but between two instants.
func still(usual, then float64, at, until int64) timeseries.Series {
	s := timeseries.Series{Start: worldStart, Step: 300, Values: make([]float64, 42*288)}
	for i := range s.Values {
		s.Values[i] = usual
		if t := s.Start + int64(i)*s.Step; t >= at && t < until {
			s.Values[i] = then
		}
	}
	return s
}

// Where nothing ever moves, a change has the ends and the level that it had, and
// is no part of the usual wobble; one that goes on is not over.
func TestFindAmongStill(t *testing.T) {
	t.Parallel()
	const end = worldStart + 42*day
	const at = from + 4*day + 9*hour + 30*minute
	tests := []struct {
		name      string
		measure   anomaly.Measure
		then      float64
		at, until int64
		kind      anomaly.Kind
		open      bool
		lasting   bool
	}{
		{"an hour", anomaly.Levels, 4000, at, at + hour, anomaly.Spike, false, false},
		{"ten hours", anomaly.Levels, 4000, at, at + 10*hour, anomaly.Spike, false, false},
		{"thirty hours", anomaly.Levels, 4000, at, at + 30*hour, anomaly.Shift, false, false},
		{"the newest hour", anomaly.Levels, 4000, end - hour, end, anomaly.Spike, true, false},
		{"the newest two days", anomaly.Levels, 4000, end - 2*day, end, anomaly.Shift, false, true},
		{"an hour of silence", anomaly.Counts, 0, at, at + hour, anomaly.Silence, false, false},
		{"thirty hours of silence", anomaly.Counts, 0, at, at + 30*hour, anomaly.Silence, false, false},
		{"silence in the newest hour", anomaly.Counts, 0, end - hour, end, anomaly.Silence, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d anomaly.Detector
			found := d.Find(still(200, tt.then, tt.at, tt.until), tt.measure, from)
			if len(found) != 1 {
				t.Fatalf("told as %+v, want one finding", found)
			}
			f := found[0]
			if f.Kind != tt.kind || f.Span != (timeseries.Span{Start: tt.at, End: tt.until}) || f.Open != tt.open || f.Lasting != tt.lasting {
				t.Errorf("told as %+v", f)
			}
			if math.Abs(f.Observed-tt.then) > 1e-6 || math.Abs(f.Expected-200) > 1e-6 || !(f.Wobble <= 0.02*200) {
				t.Errorf("%v where %v ± %v are usual", f.Observed, f.Expected, f.Wobble)
			}
		})
	}
}

// The bucket in which the last request came is not a drop of its own.
func TestFindGoneIsToldOnce(t *testing.T) {
	t.Parallel()
	const at = from + 8*day + 11*hour
	for _, left := range []float64{0.2, 0.4, 0.7} {
		dies := world{rate: 100, step: 300, days: 42, weekend: .5, change: func(t int64, mean float64) float64 {
			switch {
			case t >= at+300:
				return 0
			case t >= at:
				return left * mean
			}
			return mean
		}}
		if found := find(dies, 3); len(found) != 1 || found[0].Kind != anomaly.Gone || found[0].Span.Start != at+300 {
			t.Errorf("%v of the last bucket: told as %+v, want one that is gone", left, found)
		}
	}
}

// Half of two hours, twice, is as much as on a Sunday: a silence that is half in
// either still is no Sunday, and what lies beside it is no spike.
func TestFindSilenceIsNoHoliday(t *testing.T) {
	t.Parallel()
	for _, weekend := range []float64{.5, .55} {
		for _, begin := range []int64{19 * hour, 21 * hour} {
			at := from + 9*day + begin // a Wednesday
			w := world{rate: 100, step: 300, days: 42, weekend: weekend, change: during(at, 2*hour-5*minute, times(0))}
			found := find(w, 3)
			if len(found) != 1 || found[0].Kind != anomaly.Silence || found[0].Span.Start != at || found[0].Observed != 0 {
				t.Errorf("told as %+v, want a silence", found)
				continue
			}
			if usual := 5 * w.mean(at+hour); math.Abs(found[0].Expected/usual-1) > 0.06 {
				t.Errorf("%v were expected, want %v", found[0].Expected, usual)
			}
		}
	}
}

// A clear step is told from the minute it began, by night and at the weekend too.
func TestFindShiftStart(t *testing.T) {
	t.Parallel()
	for i, at := range []int64{2*day + hour, 2*day + 21*hour, 4*day + 22*hour, 5*day + hour, 6*day + 11*hour + 40*minute} {
		for _, factor := range []float64{.5, 2} {
			w := world{rate: 100, step: 300, days: 42, weekend: .4, change: during(from+at, 1<<40, times(factor))}
			found := find(w, uint64(i))
			if len(found) != 1 || found[0].Kind != anomaly.Shift || !found[0].Lasting || off(found[0].Span.Start, from+at) > 10*minute {
				t.Errorf("×%v from %d on: told as %+v", factor, from+at, found)
			}
		}
	}
}

// In the first week nobody knows a weekend: that less comes is no silence.
func TestFindFirstWeekend(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		w := world{rate: 3, step: 300, days: 20, weekend: .2}
		var d anomaly.Detector
		for _, f := range d.Find(w.series(seed), anomaly.Counts, 0) {
			if f.Span.Start < worldStart+7*day {
				t.Errorf("seed %d: told as %+v", seed, f)
			}
		}
	}
}

// What lasts is told for a week after it began, or of a drift after it was complete:
// whoever asks for the last day only is told of it, and not of what is long known.
func TestFindTellsWhatLastsForAWeek(t *testing.T) {
	t.Parallel()
	drift := world{rate: 200, step: 300, days: 42, weekend: .6, spread: .05}
	drift.change = func(at int64, mean float64) float64 {
		return mean * (1 + 0.95*min(1, max(0, float64(at-from)/float64(10*day))))
	}
	born := func(d int64) world {
		return world{rate: 20, step: 300, days: 42, weekend: .5, change: during(worldStart, d*day, times(0))}
	}
	shift := func(d int64) world {
		return world{rate: 60, step: 300, days: 42, weekend: .5, spread: .05, change: during(worldStart+d*day, 1<<40, times(2))}
	}
	for _, tt := range []struct {
		name string
		kind anomaly.Kind
		w    world
		want int
	}{
		{"a drift", anomaly.Drift, drift, 1},
		{"new in this week", anomaly.New, born(37), 1}, {"new long ago", anomaly.New, born(31), 0},
		{"a shift in this week", anomaly.Shift, shift(37), 1}, {"a shift long ago", anomaly.Shift, shift(31), 0},
	} {
		var d anomaly.Detector
		s, told := tt.w.series(6), 0
		for _, f := range d.Find(s, anomaly.Counts, worldStart+41*day) {
			if f.Kind == tt.kind && f.Lasting && f.Span.End == s.Span().End {
				told++
			}
		}
		if told != tt.want {
			t.Errorf("%s: told %d times in the last day, want %d", tt.name, told, tt.want)
		}
	}
}
