package judge_test

import (
	"testing"

	"github.com/slo-cli/slo/internal/judge"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// A day of five-minute points: 144 to 287 are scored. By the rules three
// points are 15 min, six are 30 min, and an hour has twelve.
const (
	points = 288
	step   = 300
)

// event is an incident on the points first … last−1.
func event(first, last int64) judge.Event {
	return judge.Event{Span: timeseries.Span{Start: first * step, End: last * step}}
}

func judged(events []judge.Event, flags ...[2]int) judge.Outcome {
	c := judge.Case{Series: timeseries.Series{Step: step, Values: make([]float64, points)}, Events: events}
	flagged := make([]bool, points)
	for _, f := range flags {
		for p := f[0]; p < f[1]; p++ {
			flagged[p] = true
		}
	}
	return judge.Judge(&c, flagged)
}

func TestFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flag  int
		found bool
		delay int
		wrong int
	}{
		"four points early":         {flag: 196, wrong: 1},
		"three points early":        {flag: 197, found: true},
		"at the start":              {flag: 200, found: true},
		"seventh point":             {flag: 206, found: true, delay: 6},
		"last point":                {flag: 209, found: true, delay: 9},
		"quarter of an hour later":  {flag: 212, found: true, delay: 12},
		"later than that":           {flag: 213, wrong: 1},
		"in the half that is known": {flag: 143},
		"first scored point":        {flag: 144, wrong: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judged([]judge.Event{event(200, 210)}, [2]int{c.flag, c.flag + 1})
			if s := got.Sightings[0]; s.Found != c.found || s.Delay != c.delay || got.False != c.wrong {
				t.Errorf("found %v after %d with %d false alarms, want %v, %d, %d", s.Found, s.Delay, got.False, c.found, c.delay, c.wrong)
			}
		})
	}
}

func TestEventsOfTheFirstHalfDoNotCount(t *testing.T) {
	t.Parallel()
	if got := judged([]judge.Event{event(100, 110), event(143, 150), event(144, 150)}); len(got.Sightings) != 1 {
		t.Errorf("%d events count, want the one that begins in the second half", len(got.Sightings))
	}
}

func TestBill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags [][2]int
		wrong int
	}{
		"one point":                        {[][2]int{{150, 151}}, 1},
		"an hour":                          {[][2]int{{150, 162}}, 1},
		"an hour and a point":              {[][2]int{{150, 163}}, 2},
		"five points apart are one":        {[][2]int{{150, 151}, {155, 156}}, 1},
		"what lies between is billed":      {[][2]int{{150, 151}, {155, 156}, {160, 161}, {165, 166}}, 2},
		"six points apart are two":         {[][2]int{{150, 151}, {156, 157}}, 2},
		"the event itself is free":         {[][2]int{{197, 213}}, 0},
		"half an hour of tail is free":     {[][2]int{{200, 219}}, 0},
		"a longer tail is not":             {[][2]int{{200, 220}}, 1},
		"an hour after the free tail":      {[][2]int{{200, 231}}, 1},
		"and a point more":                 {[][2]int{{200, 232}}, 2},
		"an alarm from before has no tail": {[][2]int{{196, 214}}, 2},
		"a new alarm after it":             {[][2]int{{205, 206}, {218, 219}}, 1},
		"one that merges with it":          {[][2]int{{205, 206}, {210, 211}, {215, 216}}, 0},
		"the half that is known":           {[][2]int{{0, 144}}, 0},
		"everything":                       {[][2]int{{0, 288}}, 5 + 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := judged([]judge.Event{event(200, 210)}, c.flags...); got.False != c.wrong {
				t.Errorf("%d false alarms, want %d", got.False, c.wrong)
			}
		})
	}
}

func TestLabelsMerge(t *testing.T) {
	t.Parallel()
	// The last point of the first event is 209: 214 is five away, 215 six.
	if got := judged([]judge.Event{event(200, 210), event(214, 220)}, [2]int{219, 220}); len(got.Sightings) != 1 || !got.Sightings[0].Found || got.Sightings[0].Delay != 19 {
		t.Errorf("five points apart: %+v, want one event, found after 19 points", got.Sightings)
	}
	if got := judged([]judge.Event{event(200, 210), event(215, 220)}, [2]int{219, 220}); len(got.Sightings) != 2 || got.Sightings[0].Found || !got.Sightings[1].Found {
		t.Errorf("six points apart: %+v, want two events, the second found", got.Sightings)
	}
}

func TestMinutes(t *testing.T) {
	t.Parallel()
	// By the minute 15 min are 15 points, and an hour has sixty.
	c := judge.Case{Series: timeseries.Series{Step: 60, Values: make([]float64, 1000)},
		Events: []judge.Event{{Span: timeseries.Span{Start: 700 * 60, End: 710 * 60}}}}
	flags := make([]bool, 1000)
	flags[724] = true
	for p := 800; p < 861; p++ {
		flags[p] = true
	}
	if got := judge.Judge(&c, flags); !got.Sightings[0].Found || got.Sightings[0].Delay != 24 || got.False != 2 {
		t.Errorf("%+v, want the event found after 24 points and two false alarms", got)
	}
	flags[724], flags[725] = false, true
	if got := judge.Judge(&c, flags); got.Sightings[0].Found || got.False != 3 {
		t.Errorf("%+v, want the event missed and three false alarms", got)
	}
}

func TestAChangeThatStaysIsFoundInTime(t *testing.T) {
	t.Parallel()
	e := event(200, points)
	e.Until = 220 * step
	if got := judged([]judge.Event{e}, [2]int{222, 223}); !got.Sightings[0].Found {
		t.Error("a flag in time does not find it")
	}
	if got := judged([]judge.Event{e}, [2]int{223, 287}); got.Sightings[0].Found || got.False != 0 {
		t.Errorf("%+v, want a flag that comes too late to be neither a find nor a false alarm", got)
	}
}
