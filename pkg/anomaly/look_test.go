package anomaly_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const aDay = 288 // buckets of five minutes

// days repeats a day's values.
func days(n int, value func(day, slot int) float64) timeseries.Series {
	s := timeseries.Series{Start: 1_700_006_400, Step: 300}
	for i := range n * aDay {
		s.Values = append(s.Values, value(i/aDay, i%aDay))
	}
	return s
}

// saw is a day that falls until noon and rises again, two a bucket.
func saw(day, slot int) float64 {
	return 1000 + 2*math.Abs(float64(slot-aDay/2))
}

func TestLookNeedsADay(t *testing.T) {
	t.Parallel()
	s := days(2, saw)
	s.Values[100] = 1e6
	var d anomaly.Detector
	short := s
	short.Values = s.Values[:aDay]
	v := d.Look(short, anomaly.Counts, false)
	if v.Warm != aDay || slices.Max(v.Scores) != 0 || v.Days >= 1 {
		t.Errorf("a day: warm at %d, largest score %v, %v days", v.Warm, slices.Max(v.Scores), v.Days)
	}
	if v = d.Look(s, anomaly.Counts, false); v.Warm != aDay || v.Days != 2-1./aDay {
		t.Errorf("two days: warm at %d, %v days", v.Warm, v.Days)
	}
	if v = d.Look(timeseries.Series{Step: 300}, anomaly.Counts, true); v.Warm != 0 || len(v.Scores) != 0 || v.Days != 0 {
		t.Errorf("nothing: %+v", v)
	}
	blank := days(3, func(int, int) float64 { return timeseries.Missing })
	if v = d.Look(blank, anomaly.Levels, true); v.Warm != 3*aDay || v.Days != 0 {
		t.Errorf("nothing known: warm at %d, %v days", v.Warm, v.Days)
	}
	late := days(3, func(day, slot int) float64 {
		if day == 0 {
			return timeseries.Missing
		}
		return 5
	})
	if v = d.Look(late, anomaly.Levels, false); v.Days != 2-1./aDay {
		t.Errorf("known from the second day on: %v days", v.Days)
	}
}

// TestLookExpects works the usual and the level out by hand.
func TestLookExpects(t *testing.T) {
	t.Parallel()
	// A day falls by two a bucket around slot 40, where it has 1208. Four of
	// the seven days before had 50 less there, so 1158 is usual.
	s := days(9, saw)
	at := 8*aDay + 40
	for day := 1; day <= 4; day++ {
		for k := -10; k <= 10; k++ {
			s.Values[day*aDay+40+k] -= 50
		}
	}
	// The five buckets before are usually 1168, 1166 … 1160, and off by these.
	for k, off := range []float64{-30, 10, -20, 5, -10} {
		s.Values[at-5+k] = 1168 - 2*float64(k) + off
	}
	var d anomaly.Detector
	v := d.Look(s, anomaly.Levels, false)
	if want := float32(1158 - 10); v.Expected[at] != want {
		t.Errorf("expected %v, want %v", v.Expected[at], want)
	}
}

// TestLookWobbles works the wobble out by hand: the level is always 500, so
// that of ten residuals six are 0, two are 8 and two are 32.
func TestLookWobbles(t *testing.T) {
	t.Parallel()
	pattern := []float64{0, 8, 0, -8, 0, 32, 0, -32, 0, 0}
	s := days(9, func(day, slot int) float64 { return 500 + pattern[(day*aDay+slot)%10] })
	var d anomaly.Detector
	v := d.Look(s, anomaly.Levels, false)
	// The median is 0, the 90th percentile 32. A bin is 3 % wide.
	if w, want := v.Wobble[2*aDay], 32/1.645; math.Abs(float64(w)-want) > .03*want {
		t.Errorf("wobble %v, want %v", w, want)
	}
	// From the fourth judged day on the hours are known. All are alike: the mean is
	// 8, which is 10 as a wobble; five quarters of an hour are not whole patterns, and off by some.
	for _, at := range []int{5*aDay + 1, 8*aDay + 200} {
		if w, want := v.Wobble[at], 8*1.2533; math.Abs(float64(w)-want) > .15*want {
			t.Errorf("bucket %d: wobble %v, want %v", at, w, want)
		}
	}
	s = days(9, func(int, int) float64 { return 500 })
	v = d.Look(s, anomaly.Levels, false)
	if w := v.Wobble[len(v.Wobble)-1]; w != 5 {
		t.Errorf("wobble of a constant is %v, want 1 %% of it", w)
	}
	if slices.Max(v.Scores) != 0 {
		t.Error("a constant has a score")
	}
	s = days(9, func(int, int) float64 { return 0 })
	v = d.Look(s, anomaly.Counts, false)
	if w := v.Wobble[len(v.Wobble)-1]; w != 1.5 {
		t.Errorf("wobble of a count that is always 0 is %v, want the floor", w)
	}
}

// TestLookSees tells what is to be seen in ordinary traffic, and what is not.
func TestLookSees(t *testing.T) {
	t.Parallel()
	at := 20*aDay + 130
	scores := func(change func(s timeseries.Series), hindsight bool) []float32 {
		s := traffic(7, 24, 300)
		for i := range s.Values {
			if s.Values[i] != s.Values[i] {
				s.Values[i] = s.Values[i-aDay]
			}
		}
		change(s)
		var d anomaly.Detector
		return d.Look(s, anomaly.Counts, hindsight).Scores
	}
	times := func(from, n int, by float64) func(timeseries.Series) {
		return func(s timeseries.Series) {
			for i := range n {
				s.Values[from+i] = math.Round(s.Values[from+i] * by)
			}
		}
	}
	for _, hindsight := range []bool{false, true} {
		for name, c := range map[string]struct {
			change func(timeseries.Series)
			alarms bool
		}{
			"nothing":           {times(at, 0, 1), false},
			"ten times":         {times(at, 7, 10), true},
			"silence":           {times(at, 6, 0), true},
			"a tenth more":      {times(at, 12, 1.1), false},
			"every day at noon": {func(s timeseries.Series) { times(140, 2, 10)(s); each(s, 140, 2, 4) }, false},
		} {
			all := scores(c.change, hindsight)
			from := 10 * aDay
			top := slices.Max(all[from:])
			if got := top >= anomaly.Alarm; got != c.alarms {
				t.Errorf("%s, hindsight %v: largest score %v at %d", name, hindsight, top, slices.Index(all, top))
			}
			if c.alarms && slices.Index(all, top) < at {
				t.Errorf("%s, hindsight %v: the largest score is at %d, before %d", name, hindsight, slices.Index(all, top), at)
			}
		}
	}
	// A shift is news for the past, and none for the future.
	shift := times(at, 24*aDay-at, 2)
	if all := scores(shift, false); all[at] < anomaly.Alarm {
		t.Errorf("a shift scores %v", all[at])
	}
	if all := scores(shift, true); slices.Max(all[at-aDay:at+aDay]) >= anomaly.Alarm {
		t.Errorf("a shift scores %v with hindsight", slices.Max(all[at-aDay:at+aDay]))
	}
	// The newest hour has no future: what the past says of it stands.
	newest := times(24*aDay-4, 4, 10)
	if all := scores(newest, true); all[24*aDay-4] < anomaly.Alarm {
		t.Errorf("what goes on at the end scores %v with hindsight", all[24*aDay-4])
	}
}

// each multiplies the same slots of every day.
func each(s timeseries.Series, slot, n int, by float64) {
	for day := 0; day+aDay <= len(s.Values); day += aDay {
		for i := range n {
			s.Values[day+slot+i] *= by
		}
	}
}

// TestLookIsNotAlarmedByFew: where next to nothing comes, some more is chance.
func TestLookIsNotAlarmedByFew(t *testing.T) {
	t.Parallel()
	var d anomaly.Detector
	for _, rate := range []float64{.001, .02, .3, 2, 6} {
		r := rand.New(rand.NewPCG(8, uint64(rate*1000)))
		s := days(20, func(int, int) float64 {
			n, p := 0., r.Float64()
			for limit := math.Exp(-rate); p > limit; n++ {
				p *= r.Float64()
			}
			return n
		})
		for range 10 {
			s.Values[15*aDay+r.IntN(aDay)]++
		}
		for _, hindsight := range []bool{false, true} {
			if top := slices.Max(d.Look(s, anomaly.Counts, hindsight).Scores); top >= anomaly.Alarm {
				t.Errorf("%v a bucket, hindsight %v: score %v", rate, hindsight, top)
			}
		}
		for i := range 4 {
			s.Values[18*aDay+i] += 60
		}
		if v := d.Look(s, anomaly.Counts, true); slices.Max(v.Scores[18*aDay:18*aDay+4]) < anomaly.Alarm {
			t.Errorf("%v a bucket: sixty more score %v", rate, v.Scores[18*aDay:18*aDay+4])
		}
	}
}

// TestLookRaisesTheBar: a series that alarms some seven times a day alarms less in time.
func TestLookRaisesTheBar(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	s := days(28, func(int, int) float64 { return 100 + r.NormFloat64() })
	for i := 8 * aDay; i < len(s.Values); i += 50 + r.IntN(40) {
		s.Values[i] += 30
	}
	var d anomaly.Detector
	v := d.Look(s, anomaly.Levels, false)
	count := func(from, to int) (n int) {
		for _, score := range v.Scores[from*aDay : to*aDay] {
			if score >= anomaly.Alarm {
				n++
			}
		}
		return n
	}
	if early, late := count(8, 11), count(22, 25); early < 8 || late >= early {
		t.Errorf("%d alarms in the first three days, %d two weeks later", early, late)
	}
	// Not so loud that it could not be heard.
	s.Values[27*aDay] += 300
	if v = d.Look(s, anomaly.Levels, false); v.Scores[27*aDay] < anomaly.Alarm {
		t.Errorf("ten times as large scores %v", v.Scores[27*aDay])
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	for r, want := range map[float32]float64{nan: 0, -3: 0, 0: 0, 7: .5, 21: .75} {
		if got := anomaly.Score(r); got != want {
			t.Errorf("Score(%v) is %v, want %v", r, got, want)
		}
	}
	if a, b := anomaly.Score(500), anomaly.Score(float32(math.Inf(1))); !(a < b && b < 1) {
		t.Errorf("Score rises from %v to %v, want towards 1", a, b)
	}
}

// TestLookJumpsOverHoles: weekends at half the traffic, and holes in earlier
// days: the median of heights would jump at the ends of the holes.
func TestLookJumpsOverHoles(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(10, 10))
	s := days(28, func(day, slot int) float64 {
		level := 2000 + 1000*math.Sin(2*math.Pi*float64(slot)/aDay)
		if day%7 >= 5 {
			level /= 2
		}
		return math.Round(level + math.Sqrt(level)*r.NormFloat64())
	})
	for _, day := range []int{14, 17, 19, 20, 22, 23, 25} {
		from := day*aDay + 20 + 30*(day%7)
		for i := range 10 {
			s.Values[from+i] = timeseries.Missing
		}
	}
	var d anomaly.Detector
	v := d.Look(s, anomaly.Counts, false)
	if top := slices.Max(v.Scores[21*aDay:]); top >= anomaly.Alarm {
		t.Errorf("score %v at slot %d", top, slices.Index(v.Scores, top)%aDay)
	}
}
