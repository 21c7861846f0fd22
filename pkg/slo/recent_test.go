package slo_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// parts generates a part of a stretch that burn rates can be reckoned over.
func parts(s timeseries.Span) *rapid.Generator[timeseries.Span] {
	return rapid.Custom(func(t *rapid.T) timeseries.Span {
		n := s.Seconds() / slo.BucketSeconds
		from := rapid.Int64Range(0, n-1).Draw(t, "from")
		to := rapid.Int64Range(from+1, n).Draw(t, "to")
		return timeseries.Span{Start: s.Start + from*slo.BucketSeconds, End: s.Start + to*slo.BucketSeconds}
	})
}

// agreeOnRecent holds the recent past against sums of one bucket after the other.
func agreeOnRecent(t *rapid.T, d drawn, count func(timeseries.Span) (good, valid float64, happened bool)) {
	t.Helper()
	r := d.a.Recent
	want := timeseries.Span{Start: d.q.To - timeseries.Ceil(d.q.Recent, slo.BucketSeconds), End: d.q.To}
	for want.Start < d.e.Known.Start {
		want.Start += slo.BucketSeconds
	}
	if want.Empty() {
		if r != nil {
			t.Fatalf("%v of nothing that is known", r.Span())
		}
		return
	}
	if r.Span() != want {
		t.Fatalf("recent is %v, want %v", r.Span(), want)
	}
	part := parts(want).Draw(t, "part")
	good, valid, happened := count(part)
	gotGood, gotValid := r.Counts(part)
	if value(t, "good", gotGood) != good || value(t, "valid", gotValid) != valid {
		t.Fatalf("%v: %v of %v events, want %v of %v", part, gotGood, gotValid, good, valid)
	}
	rate, known := r.BurnRate(d.o.Target, part).Value()
	if known != (happened && valid > 0 && d.o.Target < slo.Hundred) {
		t.Fatalf("%v: burn rate known %v with %v of %v events", part, known, good, valid)
	}
	if known {
		if exact := (valid - good) / valid / float(naiveShare(d.o.Target)); !close12(rate, exact) {
			t.Fatalf("%v: burn rate %v, want %v", part, rate, exact)
		}
	}
	// The parts of a part add up to it.
	if part.Seconds() > slo.BucketSeconds {
		at := part.Start + slo.BucketSeconds*rapid.Int64Range(1, part.Seconds()/slo.BucketSeconds-1).Draw(t, "cut")
		g1, v1 := r.Counts(timeseries.Span{Start: part.Start, End: at})
		g2, v2 := r.Counts(timeseries.Span{Start: at, End: part.End})
		if value(t, "good", g1)+value(t, "good", g2) != good || value(t, "valid", v1)+value(t, "valid", v2) != valid {
			t.Fatalf("%v: %v %v and %v %v, want %v %v", part, g1, v1, g2, v2, good, valid)
		}
	}
	for i, w := range slo.Lookbacks {
		if w <= d.q.Recent && r.BurnRate(d.o.Target, timeseries.Span{Start: d.q.To - w, End: d.q.To}) != d.a.BurnRates[i] {
			t.Fatalf("burn rate %d is %v", i, d.a.BurnRates[i])
		}
	}
	for _, outside := range []timeseries.Span{
		part.Shift(1), {Start: part.Start, End: part.End + 1}, {Start: part.Start, End: part.Start}, {Start: part.End, End: part.Start},
		{Start: want.Start - slo.BucketSeconds, End: part.End}, {Start: part.Start, End: want.End + slo.BucketSeconds}, {},
	} {
		g, v := r.Counts(outside)
		if g.IsKnown() || v.IsKnown() || r.BurnRate(d.o.Target, outside).IsKnown() {
			t.Fatalf("%v is known of %v", outside, want)
		}
	}
}

// recently lets a question ask about the recent past.
func recently(t *rapid.T, q slo.Question) slo.Question {
	q.Recent = rapid.SampledFrom([]int64{72 * 3600, 48 * 3600, 3600, 100 * 3600, 1000, 300, 1}).Draw(t, "recent")
	return q
}

func TestRecentEventsAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slotest.Objective().Draw(t, "objective")
		q := recently(t, slotest.Question().Draw(t, "question"))
		occurrences := slotest.Occurrences(slo.Extent(o.Timeframe, q)).Draw(t, "corrections")
		e := slotest.Events(o.Timeframe, q, slotest.Shape{
			Coarse: true, Excess: true, Short: true, Edges: slo.Edges(occurrences, slo.BucketSeconds),
		}).Draw(t, "events")
		e.Excluded = slo.Effective(occurrences, slo.BucketSeconds, slo.ByStart)
		agreeOnRecent(t, drawn{o, q, e, assess(t, o, e, q)}, func(part timeseries.Span) (good, valid float64, happened bool) {
			for _, r := range e.Runs {
				for i := range r.Valid {
					start := r.Start + int64(i)*r.Step
					if !part.Contains(start) || naiveCorrected(occurrences, start, start+slo.BucketSeconds, slo.ByStart) {
						continue
					}
					good, valid = good+zeroOr(r.Good[i]), valid+zeroOr(r.Valid[i])
					happened = happened || !timeseries.IsMissing(r.Valid[i])
				}
			}
			return good, valid, happened
		})
	})
}

func TestRecentTimeAgreesWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := drawTimed(t)
		q := recently(t, d.q)
		line := slotest.Timeline(d.known).Draw(t, "timeline")
		if rapid.Bool().Draw(t, "removed") {
			line = line.Without(slo.Effective(d.occurrences, 1, slo.ByStart))
		}
		e := line.Events(line, slo.Cuts(d.o.Timeframe, q))
		agreeOnRecent(t, drawn{d.o, q, e, assess(t, d.o, e, q)}, func(part timeseries.Span) (good, valid float64, happened bool) {
			for _, s := range line.Stretches {
				n := float64(s.Span.Intersect(part).Seconds())
				valid += n
				if s.Up {
					good += n
				}
				happened = happened || n > 0 && (s.Observed || !s.Up)
			}
			return good, valid, happened
		})
	})
}

// Nobody asked: there is nothing, and asking that is no accident.
func TestRecentOfNothing(t *testing.T) {
	t.Parallel()
	o := slo.Objective{Timeframe: slo.Day, Target: slo.Hundred / 100 * 99}
	for _, q := range []slo.Question{{To: slotest.Epoch}, {To: slotest.Epoch, Recent: -3600}} {
		a := assess(t, o, slo.Events{Known: slo.Extent(o.Timeframe, q)}, q)
		part := timeseries.Span{Start: q.To - 300, End: q.To}
		if a.Recent != nil || !a.Recent.Span().Empty() || a.Recent.BurnRate(o.Target, part).IsKnown() {
			t.Errorf("recent %+v", a.Recent)
		}
		if good, valid := a.Recent.Counts(part); good.IsKnown() || valid.IsKnown() {
			t.Errorf("%v of %v events", good, valid)
		}
	}
}
