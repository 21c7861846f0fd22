package slo_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// about lets a question ask about levels and attainments as well.
func about(t *rapid.T, o slo.Objective, q slo.Question) slo.Question {
	q.Levels = append([]float64{0}, rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom([]float64{50, 25, 10, 90, 99.99, -100}),
		rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-3000, 999).Draw(t, "tenths")) / 10 }),
	), 0, 3).Draw(t, "levels")...)
	q.Attainments = append([]float64{o.Target.Percent(), 100}, rapid.SliceOfN(
		rapid.Map(slotest.Target(), slo.Target.Percent), 0, 2).Draw(t, "attainments")...)
	return q
}

// agreeOnCrossings holds crossings against exact fractions. Cells are those of
// the window, ageing the stretches in which they leave it.
func agreeOnCrossings(t *rapid.T, d drawn, cells, ageing []naiveBucket, pace *big.Rat) {
	t.Helper()
	if d.a.Budget == nil {
		if d.a.Crossings != nil {
			t.Fatalf("without a budget %v", d.a.Crossings)
		}
		return
	}
	bounds := naiveBounds(d.o, d.q, naiveTotal(cells, naiveValid))
	if len(d.a.Crossings) != len(bounds) {
		t.Fatalf("%d crossings, want %d", len(d.a.Crossings), len(bounds))
	}
	for i, b := range bounds {
		got := d.a.Crossings[i]
		if !b.lost(naiveTotal(cells, naiveBad)) {
			if got != (slo.Crossing{Level: got.Level}) {
				t.Fatalf("crossing %d: %+v of what holds", i, got)
			}
			continue
		}
		if want := naiveFell(cells, b, d.a.Unit == slo.Seconds); got.Fell != want {
			t.Fatalf("crossing %d: fell in %v, want %v", i, got.Fell, want)
		}
		// Where a level meets a quotient that is no float, it may be regained a second earlier or later.
		dust := int64(0)
		if i > 0 && i < len(d.q.Levels) {
			dust = 1
		}
		from := func(at int64) int64 { return max(0, at-d.q.To) }
		if want := naiveRegained(ageing, d.a.Window, b, new(big.Rat)); got.RecoversQuiet == 0 || !near(from(got.RecoversQuiet), want, dust) {
			t.Fatalf("crossing %d: recovers %d s from now if quiet, want %d", i, from(got.RecoversQuiet), want)
		}
		want := int64(0)
		if pace != nil {
			want = naiveRegained(ageing, d.a.Window, b, pace)
		}
		if !near(from(got.Recovers), want, 1) {
			t.Fatalf("crossing %d: recovers %d s from now, want %d", i, from(got.Recovers), want)
		}
	}
}

func near(got, want, dust int64) bool {
	return (got == 0) == (want == 0) && got-want <= dust && want-got <= dust
}

func TestCrossingsOfEventsAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slotest.Objective().Draw(t, "objective")
		q := about(t, o, slotest.Question().Draw(t, "question"))
		occurrences := slotest.Occurrences(slo.Extent(o.Timeframe, q)).Draw(t, "corrections")
		e := slotest.Events(o.Timeframe, q, slotest.Shape{
			Coarse: true, Excess: true, Short: true, Edges: slo.Edges(occurrences, slo.BucketSeconds),
		}).Draw(t, "events")
		cells := naiveCells(e, func(start int64) bool {
			return naiveCorrected(occurrences, start, start+slo.BucketSeconds, slo.ByStart)
		})
		e.Excluded = slo.Effective(occurrences, slo.BucketSeconds, slo.ByStart)
		window := o.Timeframe.Window(q.To)
		in := naiveInside(cells, window.Start, window.End)
		agreeOnCrossings(t, drawn{o, q, e, assess(t, o, e, q)}, in, naiveHours(in), naivePace(e.Known, cells, window))
	})
}

func TestCrossingsOfTimeAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		q := about(t, d.o, d.q)
		var line slo.Timeline
		var clock naiveClock
		if rapid.Bool().Draw(t, "monitor") {
			transitions, silence := slotest.Transitions(d.known).Draw(t, "transitions"), slotest.Silence().Draw(t, "silence")
			var err error
			if line, err = slo.FromTransitions(transitions, silence, d.known); err != nil {
				t.Fatal(err)
			}
			line, clock = line.Without(slo.Effective(d.occurrences, 1, slo.ByStart)), naiveRemoved(naiveMonitor(transitions, silence, d.known), d.occurrences)
		} else {
			c, step, silence := slotest.Comparison().Draw(t, "comparison"), slotest.SliceSeconds().Draw(t, "slice"), slotest.SliceSilence().Draw(t, "silence")
			values := slotest.Slices(d.known, step, c).Draw(t, "values")
			line = slo.FromSlices(values, c, silence).Within(d.known).Excused(slo.Effective(d.occurrences, step, slo.ByStart))
			clock = naiveExcused(naiveSlices(values, c, silence, d.known), step, d.occurrences, slo.ByStart)
		}
		e := line.Events(line, slo.Cuts(d.o.Timeframe, q))
		window := d.o.Timeframe.Window(q.To)
		cells := naiveStretches(clock, slo.Cuts(d.o.Timeframe, q))
		in := naiveInside(cells, window.Start, window.End)
		agreeOnCrossings(t, drawn{d.o, q, e, assess(t, d.o, e, q)}, in, in, naivePace(e.Known, cells, window))
	})
}

// Second by second, with nothing bad any more and at the present pace: before
// the instant that is told the level does not hold, and then it does.
func TestCrossingsSecondBySecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{
			Timeframe: slo.Timeframe(rapid.Int64Range(1, 3).Draw(t, "hours")) * 3600,
			Target:    slotest.LooseTarget().Draw(t, "target"),
		}
		q := about(t, o, slo.Question{To: slotest.Epoch})
		e := slotest.Events(o.Timeframe, q, slotest.Shape{Coarse: true, Excess: true}).Draw(t, "events")
		a := assess(t, o, e, q)
		if a.Budget == nil {
			return
		}
		still := make([]float64, o.Timeframe+1) // of today's, so many seconds from now
		for x := range still {
			still[x] = ahead(e, timeseries.Span{Start: q.To + int64(x) - int64(o.Timeframe), End: q.To})
		}
		incoming := math.NaN()
		if day := assess(t, slo.Objective{Timeframe: slo.Day, Target: o.Target}, e, q); day.Budget != nil {
			incoming = max(0, day.Budget.Consumed/value(t, "valid", day.Valid)*value(t, "valid", a.Valid)/float64(o.Timeframe))
		}
		scale := a.Budget.Allowed + math.Abs(a.Budget.Consumed)
		for i, c := range a.Crossings {
			if c.Fell.Empty() {
				continue
			}
			limit := a.Budget.Allowed * (100 - c.Level) / 100
			check := func(what string, told int64, incoming float64) {
				for x := int64(1); x <= int64(o.Timeframe); x++ {
					over := still[x] + incoming*float64(x) - limit
					switch {
					case math.Abs(over) <= 1e-9*scale:
						return // on the edge either is right
					case over < 0:
						if told == 0 || told > q.To+x {
							t.Fatalf("%s of crossing %d, %+v, is %d s from now; %d s from now it holds by %v", what, i, c, told-q.To, x, -over)
						}
						return
					case told != 0 && told <= q.To+x:
						t.Fatalf("%s of crossing %d, %+v, is %d s from now; %d s from now it is missed by %v", what, i, c, told-q.To, x, over)
					}
				}
				if told != 0 {
					t.Fatalf("%s of crossing %d, %+v, is %d s from now", what, i, c, told-q.To)
				}
			}
			check("quiet recovery", c.RecoversQuiet, 0)
			if !math.IsNaN(incoming) {
				check("recovery", c.Recovers, incoming)
			}
		}
	})
}

// What is told of crossings is what the other figures say: a level is lost where no
// more than it is left, the level 0 where and when the budget ends, the target where it is breached.
func TestLawCrossingsAgreeWithTheRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d drawn
		d.o = slotest.Objective().Draw(t, "objective")
		d.q = about(t, d.o, slotest.Question().Draw(t, "question"))
		d.e = slotest.Events(d.o.Timeframe, d.q, slotest.Shape{Coarse: true, Excess: true, Short: true}).Draw(t, "events")
		d.a = assess(t, d.o, d.e, d.q)
		consistent(t, d)

		timed := drawTimed(t)
		d.o, d.q = timed.o, about(t, timed.o, timed.q)
		line := slotest.Timeline(timed.known).Draw(t, "timeline")
		d.e = line.Events(line, slo.Cuts(d.o.Timeframe, d.q))
		d.a = assess(t, d.o, d.e, d.q)
		consistent(t, d)
	})
}

func consistent(t *rapid.T, d drawn) {
	t.Helper()
	if d.a.Budget == nil {
		return
	}
	end := d.q.To + int64(d.o.Timeframe)
	for i, c := range d.a.Crossings {
		lost := false
		if n := len(d.q.Levels); i < n {
			lost = !(d.a.Budget.RemainingPercent > d.q.Levels[i])
		} else {
			lost = !(value(t, "attainment", d.a.Attainment) >= d.q.Attainments[i-n])
		}
		if lost == c.Fell.Empty() || lost == (c.RecoversQuiet == 0) || !lost && c.Recovers != 0 {
			t.Fatalf("lost %v, crossing %d is %+v", lost, i, c)
		}
		if lost && (!d.a.Window.Covers(c.Fell) || c.RecoversQuiet <= d.q.To || c.RecoversQuiet > end) {
			t.Fatalf("crossing %d is %+v at %d", i, c, d.q.To)
		}
		if c.Recovers != 0 && (c.Recovers < c.RecoversQuiet || c.Recovers > end) {
			t.Fatalf("crossing %d is %+v: failures hasten it", i, c)
		}
		for k, other := range d.a.Crossings[:min(len(d.q.Levels), len(d.a.Crossings))] {
			if i < len(d.q.Levels) && other.Level <= c.Level && !above(c, other) {
				t.Fatalf("of the levels %v and %v: %+v and %+v (%d)", c.Level, other.Level, c, other, k)
			}
		}
	}
	zero, target := d.a.Crossings[0], d.a.Crossings[len(d.q.Levels)]
	if spent := !zero.Fell.Empty(); spent != (d.a.ExhaustedAt != 0 && d.a.ExhaustedAt <= d.q.To) {
		t.Fatalf("the level 0 fell in %v, the budget ended at %d", zero.Fell, d.a.ExhaustedAt)
	} else if spent && (d.a.ExhaustedAt < zero.Fell.Start || d.a.ExhaustedAt > zero.Fell.End) {
		t.Fatalf("the level 0 fell in %v, the budget ended at %d", zero.Fell, d.a.ExhaustedAt)
	}
	if target.Level != 0 || target.Fell.Empty() == (d.a.State == slo.Breached) {
		t.Fatalf("state %s, the target is %+v", d.a.State, target)
	}
}

// above reports whether a crossing can be that of a higher level than the other: lost earlier, regained later.
func above(high, low slo.Crossing) bool {
	if low.Fell.Empty() {
		return true
	}
	regained := high.Recovers == 0 || low.Recovers != 0 && low.Recovers <= high.Recovers
	return !high.Fell.Empty() && high.Fell.Start <= low.Fell.Start && high.RecoversQuiet >= low.RecoversQuiet && regained
}

// Levels and attainments that are none get an answer that says nothing.
func TestCrossingsOfNothing(t *testing.T) {
	t.Parallel()
	o := slo.Objective{Timeframe: slo.Day, Target: slo.Hundred / 100 * 99}
	q := slo.Question{
		To:          slotest.Epoch,
		Levels:      []float64{100, 250, math.NaN(), math.Inf(1), math.Inf(-1)},
		Attainments: []float64{0, -1, 100.5, math.NaN(), math.Inf(1), 99.12345678901},
	}
	known := slo.Extent(o.Timeframe, q)
	n := known.Seconds() / 3600
	run := slo.Run{Start: known.Start, Step: 3600, Good: make([]float64, n), Valid: make([]float64, n)}
	for i := range run.Valid {
		run.Valid[i], run.Good[i] = 100, 50
	}
	a := assess(t, o, slo.Events{Known: known, Runs: []slo.Run{run}}, q)
	if len(a.Crossings) != len(q.Levels)+len(q.Attainments) {
		t.Fatalf("%d crossings", len(a.Crossings))
	}
	for i, c := range a.Crossings {
		if !c.Fell.Empty() || c.Recovers != 0 || c.RecoversQuiet != 0 {
			t.Errorf("crossing %d is %+v", i, c)
		}
	}
}
