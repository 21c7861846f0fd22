package slo_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// timed is what every test of time-based objectives is asked about.
type timed struct {
	o           slo.Objective
	q           slo.Question
	known       timeseries.Span
	occurrences []slo.Occurrence
}

func drawTimed(t *rapid.T) timed {
	d := timed{o: slotest.Hours().Draw(t, "objective"), q: slotest.Clock().Draw(t, "question")}
	extent := slo.Extent(d.o.Timeframe, d.q)
	d.occurrences = slotest.Occurrences(extent).Draw(t, "corrections")
	d.known = extent
	if rapid.IntRange(0, 4).Draw(t, "short") == 0 {
		d.known.Start += rapid.Int64Range(0, extent.Seconds()-1).Draw(t, "later")
	}
	return d
}

// TestMonitorsAgreeWithTheNaive holds every figure of monitor objectives, of one
// and of several monitors, with and without corrections, against every second.
func TestMonitorsAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		var tracks []slo.Timeline
		var naive []naiveClock
		for range rapid.IntRange(1, 3).Draw(t, "monitors") {
			transitions := slotest.Transitions(d.known).Draw(t, "transitions")
			silence := slotest.Silence().Draw(t, "silence")
			track, err := slo.FromTransitions(transitions, silence, d.known)
			if err != nil {
				t.Fatal(err)
			}
			tracks = append(tracks, track)
			naive = append(naive, naiveMonitor(transitions, silence, d.known))
		}
		seen, clock := slo.AllUp(tracks), naiveTogether(naive)
		sameSeconds(t, seen, clock)
		// By any rule the exact seconds are removed.
		rule := rapid.SampledFrom(slo.EdgeRules[:]).Draw(t, "rule")
		corrected, clock := seen.Without(slo.Effective(d.occurrences, 1, rule)), naiveRemoved(clock, d.occurrences)
		e := corrected.Events(seen, slo.Cuts(d.o.Timeframe, d.q))
		agreeOnTime(t, assess(t, d.o, e, d.q), naiveTime(d.o, clock, d.q))
	})
}

// TestSlicesAgreeWithTheNaive does the same for time slices, by each edge rule.
func TestSlicesAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		c := slotest.Comparison().Draw(t, "comparison")
		step := slotest.SliceSeconds().Draw(t, "slice")
		silence := slotest.SliceSilence().Draw(t, "silence")
		var groups []slo.Timeline
		var naive []naiveClock
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			values := slotest.Slices(d.known, step, c).Draw(t, "values")
			groups = append(groups, slo.FromSlices(values, c, silence).Within(d.known))
			naive = append(naive, naiveSlices(values, c, silence, d.known))
		}
		seen, clock := slo.AllUp(groups), naiveTogether(naive)
		sameSeconds(t, seen, clock)
		rule := rapid.SampledFrom(slo.EdgeRules[:]).Draw(t, "rule")
		e := seen.Excused(slo.Effective(d.occurrences, step, rule)).Events(seen, slo.Cuts(d.o.Timeframe, d.q))
		agreeOnTime(t, assess(t, d.o, e, d.q), naiveTime(d.o, naiveExcused(clock, step, d.occurrences, rule), d.q))
	})
}

// sameSeconds compares a timeline with the clock, second by second.
func sameSeconds(t *rapid.T, got slo.Timeline, want naiveClock) {
	t.Helper()
	if got.Known != want.known {
		t.Fatalf("known %v, want %v", got.Known, want.known)
	}
	seconds := make([]naiveSecond, len(want.seconds))
	for _, s := range got.Stretches {
		for at := s.Span.Start; at < s.Span.End; at++ {
			seconds[at-got.Known.Start] = naiveSecond{counted: true, up: s.Up, observed: s.Observed}
		}
	}
	for i, s := range want.seconds {
		if !s.counted {
			s.up = false
		}
		if seconds[i] != s {
			t.Fatalf("%s is %+v, want %+v", timeseries.Format(got.Known.Start+int64(i)), seconds[i], s)
		}
	}
}

// agreeOnTime is [agree] for seconds, where the end of a budget that is spent is known to the second.
func agreeOnTime(t *rapid.T, got slo.Assessment, want naiveAnswer) {
	t.Helper()
	if got.Unit != slo.Seconds || len(got.Notes) != 0 {
		t.Fatalf("unit %s, notes %v", got.Unit, got.Notes)
	}
	agree(t, got, want, false)
	if want.exhaustedAt == nil || want.remaining.Sign() > 0 || got.Objective.Target%(slo.Hundred/100_000) != 0 {
		return
	}
	if whole := new(big.Int).Quo(want.exhaustedAt.Num(), want.exhaustedAt.Denom()).Int64(); got.ExhaustedAt != whole {
		t.Fatalf("exhausted at %d, want %s", got.ExhaustedAt, want.exhaustedAt.FloatString(3))
	}
}
