package slo_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// stretchOfTime is what the timelines of these laws are about, a few days at most.
func stretchOfTime() *rapid.Generator[timeseries.Span] {
	return rapid.Custom(func(t *rapid.T) timeseries.Span {
		start := slotest.Epoch + rapid.Int64Range(-100_000, 100_000).Draw(t, "start")
		return timeseries.Span{Start: start, End: start + rapid.Int64Range(1, 200_000).Draw(t, "seconds")}
	})
}

// wellFormed fails unless the timeline is one that can be summed: in order,
// inside of what is known, and with every stretch as long as it can be.
func wellFormed(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, line slo.Timeline) {
	t.Helper()
	for i, s := range line.Stretches {
		if s.Span.Empty() || !line.Known.Covers(s.Span) {
			t.Fatalf("stretch %+v of what is known, %v", s, line.Known)
		}
		if i == 0 {
			continue
		}
		last := line.Stretches[i-1]
		if last.Span.End > s.Span.Start {
			t.Fatalf("stretch %+v after %+v", s, last)
		}
		if last.Span.End == s.Span.Start && last.Up == s.Up && last.Observed == s.Observed {
			t.Fatalf("stretch %+v is the rest of %+v", s, last)
		}
	}
}

func same(t *rapid.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func TestLawTimelinesAreWellFormed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		line, other := slotest.Timeline(known).Draw(t, "timeline"), slotest.Timeline(known).Draw(t, "other")
		spans := slo.Effective(slotest.Occurrences(known).Draw(t, "corrections"), 1, slo.ByStart)
		part := stretchOfTime().Draw(t, "part")
		for _, l := range []slo.Timeline{line, slo.AllUp([]slo.Timeline{line, other}), line.Without(spans), line.Excused(spans), line.Within(part)} {
			wellFormed(t, l)
		}
	})
}

// Together is down where any one is down: in any order, in any grouping, and as often as one likes.
func TestLawAllUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		timelines := rapid.SliceOfN(slotest.Timeline(known), 1, 4).Draw(t, "timelines")
		all := slo.AllUp(timelines)
		same(t, "in another order", all, slo.AllUp(rapid.Permutation(timelines).Draw(t, "order")))
		same(t, "twice", all, slo.AllUp(slices.Concat(timelines, timelines)))
		same(t, "with itself", all, slo.AllUp([]slo.Timeline{all, all}))
		at := rapid.IntRange(1, len(timelines)).Draw(t, "first")
		if at < len(timelines) {
			same(t, "by parts", all, slo.AllUp([]slo.Timeline{slo.AllUp(timelines[:at]), slo.AllUp(timelines[at:])}))
		}
		up, counted, observed := all.Seconds(known)
		for _, one := range timelines {
			u, c, o := one.Seconds(known)
			if down, all := c-u, counted-up; all < down {
				t.Fatalf("%d s down together, %d alone", all, down)
			}
			if counted < c || observed < o {
				t.Fatalf("together %d s count and %d are observed, alone %d and %d", counted, observed, c, o)
			}
			if c == counted && up > u {
				t.Fatalf("together %d of %d s are up, alone %d", up, counted, u)
			}
		}
	})
}

// Together is only known what is known of each.
func TestLawTogetherIsKnownWhatAllKnow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x, y := stretchOfTime().Draw(t, "known of one"), stretchOfTime().Draw(t, "known of the other")
		one, other := slotest.Timeline(x).Draw(t, "one"), slotest.Timeline(y).Draw(t, "other")
		both := x.Intersect(y)
		got := slo.AllUp([]slo.Timeline{one, other})
		if got.Known != both {
			t.Fatalf("known of both %v, want %v", got.Known, both)
		}
		wellFormed(t, got)
		if !both.Empty() {
			same(t, "within what both know", slo.AllUp([]slo.Timeline{one.Within(both), other.Within(both)}), got)
		}
	})
}

// Where all count all of the time, the overall attainment is at most the worst group's.
func TestLawOverallIsAtMostTheWorst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, q := slotest.Hours().Draw(t, "objective"), slo.Question{To: slotest.Epoch}
		known := slo.Extent(o.Timeframe, q)
		var groups []slo.Timeline
		c := slotest.Comparison().Draw(t, "comparison")
		for range rapid.IntRange(1, 4).Draw(t, "groups") {
			groups = append(groups, slo.FromSlices(slotest.Slices(known, 300, c).Draw(t, "values"), c, slo.SilenceUp).Within(known))
		}
		all := slo.AllUp(groups)
		overall, known1 := assess(t, o, all.Events(all, slo.Cuts(o.Timeframe, q)), q).Attainment.Value()
		for _, g := range groups {
			v, known2 := assess(t, o, g.Events(g, slo.Cuts(o.Timeframe, q)), q).Attainment.Value()
			if known2 && (!known1 || overall > v) {
				t.Fatalf("overall %v %v, one group %v", overall, known1, v)
			}
		}
	})
}

// Events are the seconds of the timeline, wherever they are cut.
func TestLawEventsAreSeconds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		line := slotest.Timeline(known).Draw(t, "timeline")
		cuts := slotest.Instants(known).Draw(t, "cuts")
		e := line.Events(line, slices.Sorted(slices.Values(slices.Concat(cuts, cuts))))
		bounds := slices.Concat([]int64{known.Start - 1000}, cuts, []int64{known.End + 1000})
		for i := range len(bounds) - 1 {
			part := timeseries.Span{Start: bounds[i], End: bounds[i+1]}
			up, counted, observed := line.Seconds(part)
			var good, valid float64
			for _, r := range e.Runs {
				for k := range r.Valid {
					bucket := timeseries.Span{Start: r.Start + int64(k)*r.Step, End: r.Start + int64(k+1)*r.Step}
					if bucket.Overlaps(part) != part.Covers(bucket) || bucket.Empty() {
						t.Fatalf("the bucket %v straddles an end of %v", bucket, part)
					}
					if part.Covers(bucket) {
						good, valid = good+r.Good[k], valid+r.Valid[k]
					}
				}
			}
			if good != float64(up) || valid != float64(counted) {
				t.Fatalf("%v: %v of %v events, %d of %d s", part, good, valid, up, counted)
			}
			seen := int64(0)
			for _, s := range e.Observed {
				seen += s.Intersect(part).Seconds()
			}
			if seen != observed {
				t.Fatalf("%v: %d s observed, want %d", part, seen, observed)
			}
		}
		if e.Unit != slo.Seconds || e.Known != known {
			t.Fatalf("unit %q, known %v", e.Unit, e.Known)
		}
	})
}

// The parts of a timeline add up to the whole, and a part is what the whole says of it.
func TestLawWithin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		line := slotest.Timeline(known).Draw(t, "timeline")
		at := rapid.Int64Range(known.Start, known.End).Draw(t, "cut")
		head, tail := line.Within(timeseries.Span{Start: known.Start, End: at}), line.Within(timeseries.Span{Start: at, End: known.End})
		span := stretchOfTime().Draw(t, "span")
		up, counted, observed := line.Seconds(span)
		u1, c1, o1 := head.Seconds(span)
		u2, c2, o2 := tail.Seconds(span)
		if up != u1+u2 || counted != c1+c2 || observed != o1+o2 {
			t.Fatalf("%d %d %d s, in parts %d+%d %d+%d %d+%d", up, counted, observed, u1, u2, c1, c2, o1, o2)
		}
		if u, c, o := line.Within(span).Seconds(known); u != up || c != counted || o != observed {
			t.Fatalf("%d %d %d s within %v, want %d %d %d", u, c, o, span, up, counted, observed)
		}
		if up > counted || observed > counted {
			t.Fatalf("%d s up and %d observed of %d that count", up, observed, counted)
		}
	})
}

// Filling in counts all of the time, leaves what counted as it was, and is no observation.
func TestLawFilled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		line := slotest.Timeline(known).Draw(t, "timeline")
		span := stretchOfTime().Draw(t, "span")
		up, counted, observed := line.Seconds(span)
		all := span.Intersect(known).Seconds()
		for _, fill := range []bool{true, false} {
			filled := line.Filled(fill)
			wellFormed(t, filled)
			u, c, o := filled.Seconds(span)
			want := up
			if fill {
				want += all - counted
			}
			if u != want || c != all || o != observed {
				t.Fatalf("filled %v: %d %d %d s, want %d %d %d", fill, u, c, o, want, all, observed)
			}
			same(t, "filled again", filled, filled.Filled(!fill))
		}
	})
}

// A transition to the state that it is in already changes nothing, nor does one outside.
func TestLawRepeatedTransitionsChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		transitions := slotest.Transitions(known).Draw(t, "transitions")
		silence := slotest.Silence().Draw(t, "silence")
		want, err := slo.FromTransitions(transitions, silence, known)
		if err != nil {
			t.Fatal(err)
		}
		var more []slo.Transition
		for i, tr := range transitions {
			more = append(more, tr)
			end := known.End + 5000
			if i+1 < len(transitions) {
				end = transitions[i+1].At
			}
			for at := tr.At + 1; at < end && rapid.IntRange(0, 2).Draw(t, "repeat") == 0; at++ {
				at = rapid.Int64Range(at, end-1).Draw(t, "at")
				more = append(more, slo.Transition{At: at, State: tr.State})
			}
		}
		got, err := slo.FromTransitions(more, silence, known)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "with repetitions", want, got)

		if n := len(transitions); n == 0 || transitions[n-1].At < known.End {
			later := slices.Concat(transitions, []slo.Transition{{At: known.End, State: slo.Down}, {At: known.End + 1, State: slo.Silent}})
			got, err := slo.FromTransitions(later, silence, known)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "with what comes after", want, got)
		}
	})
}

// A slice is a pair of transitions: monitors and slices of the same states are the same timeline.
func TestLawSlicesAreTransitions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := timeseries.Span{Start: slotest.Epoch, End: slotest.Epoch + 300*rapid.Int64Range(1, 400).Draw(t, "slices")}
		c := slotest.Comparison().Draw(t, "comparison")
		values := slotest.Slices(known, 300, c).Draw(t, "values")
		silence := slotest.SliceSilence().Draw(t, "silence")
		var transitions []slo.Transition
		for i, v := range values.Value {
			state := slo.Down
			switch {
			case timeseries.IsMissing(v):
				state, values.Observed[i] = slo.Silent, false
			case c.Holds(v):
				state = slo.Up
			}
			transitions = append(transitions, slo.Transition{At: values.Start + int64(i)*300, State: state})
		}
		want, err := slo.FromTransitions(transitions, silence, known)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the slices", want, slo.FromSlices(values, c, silence))
	})
}

// Moving everything by a day moves the answer by a day and changes nothing else.
func TestLawShift(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		d.q = about(t, d.o, d.q)
		line := slotest.Timeline(d.known).Draw(t, "timeline")
		const day = int64(slo.Day)
		answer := func(line slo.Timeline, occurrences []slo.Occurrence, q slo.Question) slo.Assessment {
			corrected := line.Excused(slo.Effective(occurrences, 300, slo.ByStart))
			return assess(t, d.o, corrected.Events(line, slo.Cuts(d.o.Timeframe, q)), q)
		}
		want := answer(line, d.occurrences, d.q)

		moved, later, q := slo.Timeline{Known: line.Known.Shift(day)}, slices.Clone(d.occurrences), d.q
		for _, s := range line.Stretches {
			s.Span = s.Span.Shift(day)
			moved.Stretches = append(moved.Stretches, s)
		}
		for i := range later {
			later[i].Span = later[i].Span.Shift(day)
		}
		q.To += day
		if q.Since != 0 {
			q.Since += day
		}
		got := answer(moved, later, q)
		got.Window = got.Window.Shift(-day)
		if !got.Newest.Empty() {
			got.Newest = got.Newest.Shift(-day)
		}
		if got.ExhaustedAt != 0 {
			got.ExhaustedAt -= day
		}
		for i := range got.Crossings {
			c := &got.Crossings[i]
			if !c.Fell.Empty() {
				c.Fell, c.RecoversQuiet = c.Fell.Shift(-day), c.RecoversQuiet-day
			}
			if c.Recovers != 0 {
				c.Recovers -= day
			}
		}
		if got.Previous != nil {
			got.Previous.At -= day
		}
		same(t, "a day later", want, got)
	})
}

// now = then + spent − aged out, in seconds.
func TestLawPreviousIdentityOfTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		line := slotest.Timeline(d.known).Draw(t, "timeline")
		a := assess(t, d.o, line.Events(line, slo.Cuts(d.o.Timeframe, d.q)), d.q)
		if a.Budget == nil || a.Previous == nil || !a.Previous.AgedOut.IsKnown() {
			return
		}
		up, counted, _ := line.Seconds(d.o.Timeframe.Window(d.q.Since))
		moved := (value(t, "spent", a.Previous.Spent) - value(t, "aged out", a.Previous.AgedOut)) / 100 * a.Budget.Allowed
		if apart := a.Budget.Consumed - float64(counted-up) - moved; apart > 1e-6 || apart < -1e-6 {
			t.Fatalf("%v s now, %d then, moved %v", a.Budget.Consumed, counted-up, moved)
		}
	})
}
