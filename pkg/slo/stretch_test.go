package slo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// What a stretch took is the sum of its buckets, one after the other, wherever it lies.
func TestStretchesAgreeWithTheNaive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slotest.Objective().Draw(t, "objective")
		q := slotest.Question().Draw(t, "question")
		bare := q
		for range rapid.IntRange(1, 3).Draw(t, "stretches") {
			end := timeseries.Floor(q.To, 300) - 300*rapid.Int64Range(0, 2*int64(o.Timeframe)/300).Draw(t, "end")
			q.Stretches = append(q.Stretches, timeseries.Span{Start: end - 300*rapid.Int64Range(1, 600).Draw(t, "buckets"), End: end})
		}
		occurrences := slotest.Occurrences(slo.Extent(o.Timeframe, q)).Draw(t, "corrections")
		e := slotest.Events(o.Timeframe, q, slotest.Shape{
			Coarse: true, Excess: true, Short: true, Edges: slo.Edges(occurrences, slo.BucketSeconds),
		}).Draw(t, "events")
		e.Excluded = slo.Effective(occurrences, slo.BucketSeconds, slo.ByStart)
		a := assess(t, o, e, q)
		if len(a.Stretches) != len(q.Stretches) {
			t.Fatalf("%d answers about %d stretches", len(a.Stretches), len(q.Stretches))
		}
		for i, got := range a.Stretches {
			span := q.Stretches[i]
			var good, valid float64
			for _, r := range e.Runs {
				for k := range r.Valid {
					start := r.Start + int64(k)*r.Step
					if span.Contains(start) && !naiveCorrected(occurrences, start, start+slo.BucketSeconds, slo.ByStart) {
						good, valid = good+zeroOr(r.Good[k]), valid+zeroOr(r.Valid[k])
					}
				}
			}
			known := e.Known.Start <= span.Start && span.End <= e.Known.End
			if got.Span != span || got.Bad.IsKnown() != known || got.Valid.IsKnown() != known || got.Percent.IsKnown() != (known && a.Budget != nil) {
				t.Fatalf("%v is %+v; known in %v", span, got, e.Known)
			}
			if !known {
				continue
			}
			if value(t, "bad", got.Bad) != valid-good || value(t, "valid", got.Valid) != valid {
				t.Fatalf("%v: %v bad of %v, want %v of %v", span, got.Bad, got.Valid, valid-good, valid)
			}
			if a.Budget != nil && !close12(value(t, "percent", got.Percent), 100*(valid-good)/a.Budget.Allowed) {
				t.Fatalf("%v: %v%% of %v", span, got.Percent, a.Budget.Allowed)
			}
		}
		// The rest of the answer does not change because somebody asks.
		a.Stretches = nil
		if diff := cmp.Diff(assess(t, o, e, bare), a, cmp.AllowUnexported(slo.Figure{}, slo.Recent{}), cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
			t.Fatalf("without and with stretches (-without +with):\n%s", diff)
		}
	})
}

func TestStretches(t *testing.T) {
	t.Parallel()
	const to = slotest.Epoch
	o := slo.Objective{Timeframe: slo.Day, Target: slo.Hundred / 100 * 99}
	e := slo.Events{Known: timeseries.Span{Start: to - 2*86_400, End: to}, Runs: []slo.Run{{
		Start: to - 2*86_400, Step: 3600, Good: make([]float64, 48), Valid: make([]float64, 48),
	}}}
	for i := range 48 {
		e.Runs[0].Valid[i], e.Runs[0].Good[i] = 100, 99
	}
	e.Runs[0].Good[0], e.Runs[0].Good[47] = 40, 88 // of an allowance of 24: 60 before the window, 12 in it
	at := func(from, until int64) timeseries.Span { return timeseries.Span{Start: to - from, End: to - until} }
	figure := func(v ...float64) slo.Figure {
		if len(v) == 0 {
			return slo.Figure{}
		}
		return slo.Known(v[0])
	}
	for _, c := range []struct {
		name                string
		span                timeseries.Span
		bad, valid, percent slo.Figure
	}{
		{"the last hour", at(3600, 0), figure(12), figure(100), figure(50)},
		{"before the window", at(48*3600, 47*3600), figure(60), figure(100), figure(250)},
		{"across its start", at(25*3600, 23*3600), figure(2), figure(200), figure(100 * 2.0 / 24)},
		{"before all that is known", at(49*3600, 47*3600), figure(), figure(), figure()},
		{"after the end", at(3600, -300), figure(), figure(), figure()},
		{"no bucket begins there", at(3601, 0), figure(), figure(), figure()},
		{"empty", at(3600, 3600), figure(), figure(), figure()},
	} {
		q := slo.Question{To: to, Stretches: []timeseries.Span{c.span}}
		want := []slo.Expense{{Span: c.span, Bad: c.bad, Valid: c.valid, Percent: c.percent}}
		got := assess(t, o, e, q).Stretches
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if extent := slo.Extent(o.Timeframe, q); extent.End != to {
			t.Errorf("%s: evidence is wanted to %d s after the end", c.name, extent.End-to)
		}
	}
	if a := assess(t, o, e, slo.Question{To: to}); a.Stretches != nil {
		t.Errorf("nobody asked, and the answer is %v", a.Stretches)
	}
}
