package slo_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// steady is evidence of the same traffic in every bucket, of which per mille bad
// over the last hours and nothing before them.
func steady(o slo.Objective, q slo.Question, valid, bad float64, hours int64) slo.Events {
	known := slo.Extent(o.Timeframe, q)
	n := known.Seconds() / 300
	r := slo.Run{Start: known.Start, Step: 300, Good: make([]float64, n), Valid: make([]float64, n)}
	for i := range r.Valid {
		r.Valid[i], r.Good[i] = valid, valid
		if known.Start+int64(i)*300 >= q.To-hours*3600 {
			r.Good[i] = valid - bad
		}
	}
	return slo.Events{Known: known, Runs: []slo.Run{r}}
}

// While nothing bad ages out, a constant burn ends at what is left ÷ rate.
func TestLawConstantBurnEndsWhereItMust(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{
			Timeframe: slo.Timeframe(rapid.Int64Range(3, 7).Draw(t, "days")) * slo.Day,
			Target:    slotest.LooseTarget().Draw(t, "target"),
		}
		q := slo.Question{To: slotest.Epoch}
		valid := float64(rapid.Int64Range(1, 1_000_000).Draw(t, "valid")) * 1e6
		burn := rapid.Float64Range(0.05, 8).Draw(t, "burn")
		bad := math.Round(valid * burn * o.Target.Allowed().Percent() / 100)
		if bad > valid || bad == 0 {
			return
		}
		a := assess(t, o, steady(o, q, valid, bad, 24), q)
		rate := bad / 300 // a second
		left := a.Budget.Remaining / rate
		room := float64(o.Timeframe) - 86_400 // until the first bad one ages out
		switch {
		case left <= 0:
			if a.ExhaustedAt == 0 || a.ExhaustedAt > q.To {
				t.Fatalf("overspent by %v, exhausted at %d", -a.Budget.Remaining, a.ExhaustedAt)
			}
		case left < room-1:
			if math.Abs(float64(a.ExhaustedAt-q.To)-left) > 1.001 {
				t.Fatalf("exhausted %d s from now, want %v", a.ExhaustedAt-q.To, left)
			}
		case left > room+1:
			if a.ExhaustedAt != 0 {
				t.Fatalf("exhausted %d s from now, but from %v on as much ages out as comes in", a.ExhaustedAt-q.To, room)
			}
		}
	})
}

// A full budget is never emptied by a burn rate of at most 1.
func TestLawFullBudgetOutlastsBurnOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{Timeframe: slotest.Timeframe().Draw(t, "timeframe"), Target: slotest.LooseTarget().Draw(t, "target")}
		q := slo.Question{To: slotest.Epoch}
		valid := float64(rapid.Int64Range(1, 1_000_000).Draw(t, "valid")) * 1e6
		bad := math.Floor(valid * rapid.Float64Range(0, 0.999).Draw(t, "burn") * o.Target.Allowed().Percent() / 100)
		hours := rapid.Int64Range(0, 72).Draw(t, "hours")
		a := assess(t, o, steady(o, q, valid, bad, hours), q)
		if a.ExhaustedAt != 0 {
			t.Fatalf("exhausted %d s from now at burn rates %v", a.ExhaustedAt-q.To, a.BurnRates)
		}
	})
}

// Burn 1 throughout lands exactly on the target: nothing left, not breached.
func TestLawBurnOneLandsOnTheTarget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{
			Timeframe: slotest.Timeframe().Draw(t, "timeframe"),
			Target:    slo.Target(rapid.Int64Range(1, 99_999).Draw(t, "thousandths of a percent")) * (slo.Hundred / 100_000),
		}
		q := slo.Question{To: slotest.Epoch}
		share := float64(o.Target.Allowed() / (slo.Hundred / 100_000))
		a := assess(t, o, steady(o, q, 100_000, share, 24*30), q)
		if a.State != slo.OK || a.Budget.Remaining != 0 || a.ExhaustedAt != q.To {
			t.Fatalf("state %s, budget %+v, exhausted at %d", a.State, a.Budget, a.ExhaustedAt)
		}
		for i, f := range a.BurnRates {
			if v := value(t, "burn", f); v != 1 {
				t.Fatalf("burn %d is %v", i, v)
			}
		}
	})
}

// The naive end of a budget is itself held against looking at every second.
func TestForecastSecondBySecond(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{
			Timeframe: slo.Timeframe(rapid.Int64Range(1, 5).Draw(t, "hours")) * 3600,
			Target:    slotest.LooseTarget().Draw(t, "target"),
		}
		q := slo.Question{To: slotest.Epoch}
		e := slotest.Events(o.Timeframe, q, slotest.Shape{Coarse: true, Excess: true}).Draw(t, "events")
		a := assess(t, o, e, q)
		if a.Budget == nil || a.Budget.Remaining <= 0 || a.Budget.Remaining < 1e-9*a.Budget.Allowed {
			return
		}
		pace := assess(t, slo.Objective{Timeframe: slo.Day, Target: o.Target}, e, q)
		if pace.Budget == nil {
			return
		}
		rate := pace.Budget.Consumed / value(t, "valid", pace.Valid)
		incoming := rate * value(t, "valid", a.Valid) / float64(o.Timeframe)
		scale := a.Budget.Allowed + math.Abs(a.Budget.Consumed)
		for x := int64(1); x <= int64(o.Timeframe); x++ {
			left := a.Budget.Allowed - ahead(e, timeseries.Span{Start: q.To + x - int64(o.Timeframe), End: q.To}) - incoming*float64(x)
			at := q.To + x
			switch {
			case left < -1e-9*scale:
				if a.ExhaustedAt == 0 || a.ExhaustedAt > at {
					t.Fatalf("%d s from now %v is left; exhausted at %d", x, left, a.ExhaustedAt-q.To)
				}
				return
			case left > 1e-9*scale:
				if a.ExhaustedAt != 0 && a.ExhaustedAt <= at-1 {
					t.Fatalf("%d s from now %v is left; exhausted at %d", x, left, a.ExhaustedAt-q.To)
				}
			default:
				return // on the edge either is right
			}
		}
		if a.ExhaustedAt != 0 {
			t.Fatalf("exhausted %d s from now", a.ExhaustedAt-q.To)
		}
	})
}

// ahead is how many of today's bad events are still in the span, each hour losing its own evenly.
func ahead(e slo.Events, span timeseries.Span) (bad float64) {
	type portion struct {
		span timeseries.Span
		bad  float64
	}
	var portions []portion
	for _, r := range e.Runs {
		for i := range r.Valid {
			start, b := r.Start+int64(i)*r.Step, zeroOr(r.Valid[i])-zeroOr(r.Good[i])
			if n := len(portions); n > 0 && portions[n-1].span.End == start && portions[n-1].span.Start/3600 == start/3600 {
				portions[n-1].span.End += r.Step
				portions[n-1].bad += b
				continue
			}
			portions = append(portions, portion{timeseries.Span{Start: start, End: start + r.Step}, b})
		}
	}
	for _, p := range portions {
		bad += p.bad * float64(p.span.Intersect(span).Seconds()) / float64(p.span.Seconds())
	}
	return bad
}

// Evidence in hourly buckets and in fine ones is evidence of the same: no figure depends on
// which hours were asked for how.
func TestLawBucketsDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slo.Objective{Timeframe: slo.Timeframe(rapid.Int64Range(20, 200).Draw(t, "window")) * 300, Target: slotest.LooseTarget().Draw(t, "target")}
		q := about(t, o, slo.Question{To: slotest.Epoch + 300*rapid.Int64Range(0, 11).Draw(t, "to")})
		known := timeseries.Span{Start: timeseries.Floor(q.To-4*int64(slo.Day), 3600), End: q.To}
		fine := slo.Run{Start: known.Start, Step: 300}
		for at := known.Start; at < known.End; at += 300 {
			valid := float64(rapid.IntRange(0, 5).Draw(t, "valid"))
			fine.Valid = append(fine.Valid, valid)
			fine.Good = append(fine.Good, max(0, valid-float64(rapid.IntRange(0, 1).Draw(t, "bad"))))
		}
		cuts := slo.Cuts(o.Timeframe, q)
		var runs []slo.Run
		for at := known.Start; at < known.End; at += 3600 {
			end := min(at+3600, known.End)
			from, to := (at-known.Start)/300, (end-known.Start)/300
			hour := slo.Run{Start: at, Step: 300, Good: fine.Good[from:to], Valid: fine.Valid[from:to]}
			cut := slices.ContainsFunc(cuts, func(c int64) bool { return c > at && c < end })
			if !cut && end-at == 3600 && rapid.Bool().Draw(t, "coarse") {
				var good, valid float64
				for i := range hour.Good {
					good, valid = good+hour.Good[i], valid+hour.Valid[i]
				}
				hour = slo.Run{Start: at, Step: 3600, Good: []float64{good}, Valid: []float64{valid}}
			}
			runs = append(runs, hour)
		}
		one := assess(t, o, slo.Events{Known: known, Runs: []slo.Run{fine}}, q)
		other := assess(t, o, slo.Events{Known: known, Runs: runs}, q)
		if one.Budget != nil && one.Budget.Remaining <= 0 {
			// When it did end is as exact as the evidence.
			if late := one.ExhaustedAt - other.ExhaustedAt; late < -3600 || late > 3600 {
				t.Fatalf("exhausted at %d by fine buckets, at %d by mixed ones", one.ExhaustedAt, other.ExhaustedAt)
			}
			other.ExhaustedAt = one.ExhaustedAt
		}
		for i, c := range one.Crossings {
			if rough := other.Crossings[i].Fell; c.Fell.Empty() != rough.Empty() || !rough.Covers(c.Fell) {
				t.Fatalf("the level %v fell in %v by fine buckets, in %v by mixed ones", c.Level, c.Fell, rough)
			}
			other.Crossings[i].Fell = c.Fell
		}
		if !other.Newest.Covers(one.Newest) {
			t.Fatalf("the newest point lies in %v by fine buckets, in %v by mixed ones", one.Newest, other.Newest)
		}
		other.Newest = one.Newest
		if diff := cmp.Diff(one, other, cmp.AllowUnexported(slo.Figure{})); diff != "" {
			t.Fatalf("(-fine +mixed):\n%s", diff)
		}
	})
}
