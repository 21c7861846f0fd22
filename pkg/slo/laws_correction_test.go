package slo_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func spansOf(occurrences []slo.Occurrence) []timeseries.Span {
	var spans []timeseries.Span
	for _, o := range occurrences {
		spans = append(spans, o.Span)
	}
	return spans
}

// canonical fails unless spans are in order and neither overlap nor touch.
func canonical(t *rapid.T, spans []timeseries.Span) {
	t.Helper()
	for i, s := range spans {
		if s.Empty() || i > 0 && spans[i-1].End >= s.Start {
			t.Fatalf("span %d of %v", i, spans)
		}
	}
}

func TestLawUnion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		extent := timeseries.Span{Start: slotest.Epoch, End: slotest.Epoch + 20_000}
		spans := spansOf(slotest.Occurrences(extent).Draw(t, "spans"))
		before := slices.Clone(spans)
		union := slo.Union(spans)
		same(t, "the argument", before, spans)
		canonical(t, union)
		same(t, "twice", union, slo.Union(union))
		same(t, "with itself", union, slo.Union(slices.Concat(union, spans)))
		same(t, "in another order", union, slo.Union(rapid.Permutation(spans).Draw(t, "order")))
		at := rapid.IntRange(0, len(spans)).Draw(t, "first")
		same(t, "by parts", union, slo.Union(slices.Concat(slo.Union(spans[:at]), slo.Union(spans[at:]))))
		for range 50 {
			second := rapid.Int64Range(extent.Start-20_000, extent.End+20_000).Draw(t, "second")
			in := func(spans []timeseries.Span) bool {
				return slices.ContainsFunc(spans, func(s timeseries.Span) bool { return s.Contains(second) })
			}
			if in(union) != in(spans) {
				t.Fatalf("%d lies in the union: %v, in one of the spans: %v", second, in(union), in(spans))
			}
		}
	})
}

func TestLawEffective(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		extent := timeseries.Span{Start: slotest.Epoch, End: slotest.Epoch + 20_000}
		occurrences := slotest.Occurrences(extent).Draw(t, "corrections")
		step := rapid.SampledFrom([]int64{1, 60, 300}).Draw(t, "step")
		edges := slo.Edges(occurrences, step)
		if !slices.IsSorted(edges) || len(slices.Compact(slices.Clone(edges))) != len(edges) {
			t.Fatalf("edges %v", edges)
		}
		seconds := map[slo.EdgeRule]int64{}
		for _, rule := range slo.EdgeRules {
			spans := slo.Effective(occurrences, step, rule)
			canonical(t, spans)
			same(t, "in another order", spans, slo.Effective(rapid.Permutation(occurrences).Draw(t, "order"), step, rule))
			same(t, "each twice", spans, slo.Effective(slices.Concat(occurrences, occurrences), step, rule))
			var united []slo.Occurrence
			for _, s := range slo.Union(spansOf(occurrences)) {
				united = append(united, slo.Occurrence{Span: s})
			}
			same(t, "united before", spans, slo.Effective(united, step, rule))
			for _, s := range spans {
				for _, end := range []int64{s.Start, s.End} {
					if _, found := slices.BinarySearch(edges, end); !found || end%step != 0 {
						t.Fatalf("%d ends a correction and is not an edge between steps of %d: %v", end, step, edges)
					}
				}
				seconds[rule] += s.Seconds()
			}
			if step == 1 {
				same(t, "in steps of a second", slo.Union(spansOf(occurrences)), spans)
			}
		}
		for at := extent.Start - timeseries.Floor(13_000, step); at < extent.End; at += step {
			in := func(rule slo.EdgeRule) bool {
				return slices.ContainsFunc(slo.Effective(occurrences, step, rule), func(s timeseries.Span) bool { return s.Contains(at) })
			}
			inside, start, any := in(slo.WhollyInside), in(slo.ByStart), in(slo.AnyOverlap)
			if inside && !start || start && !any {
				t.Fatalf("the step at %d: wholly inside %v, by its start %v, any overlap %v", at, inside, start, any)
			}
			if step == 1 {
				break
			}
		}
		if seconds[slo.WhollyInside] > seconds[slo.ByStart] || seconds[slo.ByStart] > seconds[slo.AnyOverlap] {
			t.Fatalf("seconds by rule: %v", seconds)
		}
	})
}

// Splitting one correction in two changes nothing by any rule, at the edge of a
// bucket or inside of it: what the two hold together counts.
func TestLawSplitCorrections(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		extent := timeseries.Span{Start: slotest.Epoch, End: slotest.Epoch + 20_000}
		occurrences := slotest.Occurrences(extent).Draw(t, "corrections")
		var split []slo.Occurrence
		for _, o := range occurrences {
			if o.Span.Empty() {
				continue
			}
			at := rapid.Int64Range(o.Span.Start, o.Span.End).Draw(t, "at")
			split = append(split,
				slo.Occurrence{ID: o.ID, Span: timeseries.Span{Start: o.Span.Start, End: at}},
				slo.Occurrence{ID: o.ID, Span: timeseries.Span{Start: at, End: o.Span.End}})
		}
		for _, step := range []int64{1, 60, 300} {
			for _, rule := range slo.EdgeRules {
				same(t, "split", slo.Effective(occurrences, step, rule), slo.Effective(split, step, rule))
			}
		}
	})
}

// Corrections that lie outside of what a question reaches over change nothing of its answer.
func TestLawCorrectionsOutside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		extent := slo.Extent(d.o.Timeframe, d.q)
		// By any rule: not even the bucket at the edge is touched.
		before, after := timeseries.Floor(extent.Start, 300), timeseries.Ceil(extent.End, 300)
		outside := []slo.Occurrence{
			{Span: timeseries.Span{Start: before - rapid.Int64Range(1, 9000).Draw(t, "before"), End: before}},
			{Span: timeseries.Span{Start: after, End: after + rapid.Int64Range(1, 9000).Draw(t, "after")}},
		}
		line, cuts := slotest.Timeline(d.known).Draw(t, "timeline"), slo.Cuts(d.o.Timeframe, d.q)
		rule := rapid.SampledFrom(slo.EdgeRules[:]).Draw(t, "rule")
		more := slices.Concat(d.occurrences, outside)
		for _, step := range []int64{1, 60, 300} {
			without := func(list []slo.Occurrence) slo.Assessment {
				return assess(t, d.o, line.Without(slo.Effective(list, step, rule)).Events(line, cuts), d.q)
			}
			excused := func(list []slo.Occurrence) slo.Assessment {
				return assess(t, d.o, line.Excused(slo.Effective(list, step, rule)).Events(line, cuts), d.q)
			}
			same(t, "time", without(d.occurrences), without(more))
			same(t, "slices", excused(d.occurrences), excused(more))
		}
		o, q := slotest.Objective().Draw(t, "objective"), slotest.Question().Draw(t, "question")
		e := slotest.Events(o.Timeframe, q, slotest.Everything()).Draw(t, "events")
		want := assess(t, o, e, q)
		reach := slo.Extent(o.Timeframe, q)
		e.Excluded = slo.Effective([]slo.Occurrence{
			{Span: timeseries.Span{Start: reach.Start - 9000, End: reach.Start}}, {Span: timeseries.Span{Start: reach.End, End: reach.End + 9000}},
		}, slo.BucketSeconds, rule)
		same(t, "events", want, assess(t, o, e, q))
	})
}

// What is taken out and what is left are all of it, and what is excused counts as before.
func TestLawCorrectedTimeIsConserved(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := stretchOfTime().Draw(t, "known")
		line := slotest.Timeline(known).Draw(t, "timeline")
		spans := slo.Effective(slotest.Occurrences(known).Draw(t, "corrections"), rapid.SampledFrom([]int64{1, 60, 300}).Draw(t, "step"), slo.ByStart)
		without, excused := line.Without(spans), line.Excused(spans)
		part := stretchOfTime().Draw(t, "part")
		up, counted, observed := line.Seconds(part)
		var upIn, countedIn, observedIn int64
		for _, s := range spans {
			u, c, o := line.Seconds(s.Intersect(part))
			upIn, countedIn, observedIn = upIn+u, countedIn+c, observedIn+o
		}
		if u, c, o := without.Seconds(part); u != up-upIn || c != counted-countedIn || o != observed-observedIn {
			t.Fatalf("%d %d %d s are left of %d %d %d without %d %d %d", u, c, o, up, counted, observed, upIn, countedIn, observedIn)
		}
		if u, c, o := excused.Seconds(part); u != up+countedIn-upIn || c != counted || o != observed {
			t.Fatalf("%d %d %d s with the excused of %d %d %d", u, c, o, up, counted, observed)
		}
		same(t, "without, again", without, without.Without(spans))
		same(t, "excused, again", excused, excused.Excused(spans))
		same(t, "excused and taken out", without, excused.Without(spans))
		same(t, "taken out and excused", without, without.Excused(spans))
		if len(spans) == 0 {
			same(t, "nothing to correct", line, without)
			same(t, "nothing to correct", line, excused)
		}
	})
}

// A correction never lowers the attainment of slices, and more of it never lowers it further.
func TestLawExcusesNeverHurt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		line, cuts := slotest.Timeline(d.known).Draw(t, "timeline"), slo.Cuts(d.o.Timeframe, d.q)
		last := assess(t, d.o, line.Events(line, cuts), d.q)
		for _, rule := range []slo.EdgeRule{slo.WhollyInside, slo.ByStart, slo.AnyOverlap} {
			a := assess(t, d.o, line.Excused(slo.Effective(d.occurrences, 60, rule)).Events(line, cuts), d.q)
			was, known := last.Attainment.Value()
			v, still := a.Attainment.Value()
			if known != still || v < was || a.Coverage != last.Coverage || a.Valid != last.Valid {
				t.Fatalf("rule %d: attainment %v %v after %v %v, coverage %v after %v", rule, v, still, was, known, a.Coverage, last.Coverage)
			}
			last = a
		}
	})
}

// What is corrected away from end to end is no data, never 100 %; and it is known that there was some.
func TestLawEverythingCorrectedIsNoData(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		all := []timeseries.Span{slo.Extent(d.o.Timeframe, d.q)}
		line, cuts := slotest.Timeline(d.known).Draw(t, "timeline"), slo.Cuts(d.o.Timeframe, d.q)
		nothing := func(a, before slo.Assessment) {
			if a.State != slo.NoData || a.Attainment.IsKnown() || a.Budget != nil || a.Valid.IsKnown() || a.ExhaustedAt != 0 || a.BurnRates != ([4]slo.Figure{}) {
				t.Fatalf("everything is corrected away: %+v", a)
			}
			if a.Coverage != before.Coverage {
				t.Fatalf("coverage %v, was %v", a.Coverage, before.Coverage)
			}
		}
		nothing(assess(t, d.o, line.Without(all).Events(line, cuts), d.q), assess(t, d.o, line.Events(line, cuts), d.q))

		o, q := slotest.Objective().Draw(t, "objective"), slotest.Question().Draw(t, "question")
		e := slotest.Events(o.Timeframe, q, slotest.Everything()).Draw(t, "events")
		before := assess(t, o, e, q)
		e.Excluded = []timeseries.Span{slo.Extent(o.Timeframe, q)}
		nothing(assess(t, o, e, q), before)
	})
}

// Dropping buckets is the same as never having received their points, but for the coverage.
func TestLawExcludedIsMissing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o, q := slotest.Objective().Draw(t, "objective"), slotest.Question().Draw(t, "question")
		occurrences := slotest.Occurrences(slo.Extent(o.Timeframe, q)).Draw(t, "corrections")
		shape := slotest.Everything()
		shape.Edges = slo.Edges(occurrences, slo.BucketSeconds)
		e := slotest.Events(o.Timeframe, q, shape).Draw(t, "events")
		excluded := slo.Effective(occurrences, slo.BucketSeconds, rapid.SampledFrom(slo.EdgeRules[:]).Draw(t, "rule"))
		missing := slo.Events{Known: e.Known}
		for _, r := range e.Runs {
			r.Good, r.Valid = slices.Clone(r.Good), slices.Clone(r.Valid)
			for i := range r.Valid {
				start := r.Start + int64(i)*r.Step
				if slices.ContainsFunc(excluded, func(s timeseries.Span) bool { return s.Contains(start) }) {
					r.Good[i], r.Valid[i] = timeseries.Missing, timeseries.Missing
				}
			}
			missing.Runs = append(missing.Runs, r)
		}
		want := assess(t, o, missing, q)
		uncorrected := assess(t, o, e, q)
		e.Excluded = excluded
		got := assess(t, o, e, q)
		if got.Coverage != uncorrected.Coverage {
			t.Fatalf("coverage %v, without corrections %v", got.Coverage, uncorrected.Coverage)
		}
		if apart := got.ExhaustedAt - want.ExhaustedAt; apart < -1 || apart > 1 {
			t.Fatalf("exhausted at %d, want %d", got.ExhaustedAt, want.ExhaustedAt)
		}
		got.Coverage, got.ExhaustedAt = want.Coverage, want.ExhaustedAt
		if !alike(got, want) {
			t.Fatalf("excluded %+v\nmissing %+v", got, want)
		}
	})
}

// alike compares all figures, where sums of fractions may be rounded in another order.
func alike(a, b slo.Assessment) bool {
	figures := func(a slo.Assessment) []slo.Figure {
		list := slices.Concat([]slo.Figure{a.Attainment, a.Good, a.Valid, a.Coverage}, a.BurnRates[:], a.Trend)
		if a.Budget != nil {
			list = append(list, slo.Known(a.Budget.Allowed), slo.Known(a.Budget.Consumed))
		}
		if a.Previous != nil {
			list = append(list, a.Previous.Attainment, a.Previous.RemainingPercent, a.Previous.Spent, a.Previous.AgedOut)
		}
		return list
	}
	return slices.EqualFunc(figures(a), figures(b), agreeing) && len(a.Notes) == len(b.Notes)
}
