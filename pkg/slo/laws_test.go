package slo_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// drawn is a question about random evidence, and its answer.
type drawn struct {
	o slo.Objective
	q slo.Question
	e slo.Events
	a slo.Assessment
}

func draw(t *rapid.T, shape slotest.Shape) drawn {
	o := slotest.Objective().Draw(t, "objective")
	q := slotest.Question().Draw(t, "question")
	e := slotest.Events(o.Timeframe, q, shape).Draw(t, "events")
	return drawn{o: o, q: q, e: e, a: assess(t, o, e, q)}
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func assess(t fataler, o slo.Objective, e slo.Events, q slo.Question) slo.Assessment {
	t.Helper()
	a, err := slo.Assess(o, e, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// value is a figure that must be known.
func value(t *rapid.T, what string, f slo.Figure) float64 {
	t.Helper()
	v, known := f.Value()
	if !known {
		t.Fatalf("%s is unknown", what)
	}
	return v
}

func close12(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Max(math.Abs(a), math.Abs(b)) }

// each rewrites every bucket of the evidence; missing sides stay missing.
func each(e slo.Events, f func(i int, good, valid float64) (float64, float64)) slo.Events {
	runs := slices.Clone(e.Runs)
	n := 0
	for k, r := range runs {
		r.Good, r.Valid = slices.Clone(r.Good), slices.Clone(r.Valid)
		for i := range r.Valid {
			r.Good[i], r.Valid[i] = f(n, r.Good[i], r.Valid[i])
			n++
		}
		runs[k] = r
	}
	return slo.Events{Known: e.Known, Runs: runs}
}

func zeroOr(v float64) float64 {
	if timeseries.IsMissing(v) {
		return 0
	}
	return v
}

func TestLawBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Fractional: true, Coarse: true, Short: true})
		valid, known := d.a.Valid.Value()
		if none := !known || valid == 0; none != (d.a.State == slo.NoData) || none == d.a.Attainment.IsKnown() {
			t.Fatalf("valid %v known %v, state %s, attainment %v", valid, known, d.a.State, d.a.Attainment)
		}
		if v, known := d.a.Attainment.Value(); known && (v < 0 || v > 100*(1+1e-15)) {
			t.Fatalf("attainment %v of good events that are a part of the valid ones", v)
		}
		if v, known := d.a.Coverage.Value(); known && (v < 0 || v > 1) {
			t.Fatalf("coverage %v", v)
		}
		if (d.a.Budget == nil) != (d.a.State == slo.NoData || d.o.Target == slo.Hundred) {
			t.Fatalf("budget %v, state %s, target %s", d.a.Budget, d.a.State, d.o.Target)
		}
		if d.a.ExhaustedAt != 0 && (d.a.ExhaustedAt < d.a.Window.Start || d.a.ExhaustedAt > d.a.Window.End+int64(d.o.Timeframe)) {
			t.Fatalf("exhausted at %d, more than a window from %d", d.a.ExhaustedAt, d.q.To)
		}
	})
}

// The evidence of the parts of a window adds up to the whole: what licenses
// chunks and the cache.
func TestLawPartition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.Int64Range(2, 48).Draw(t, "hours")
		first := rapid.Int64Range(1, hours-1).Draw(t, "first part")
		target := slotest.LooseTarget().Draw(t, "target")
		q := slo.Question{To: slotest.Epoch + 300*rapid.Int64Range(0, 12).Draw(t, "to")}
		whole := slo.Objective{Timeframe: slo.Timeframe(hours * 3600), Target: target}
		e := slotest.Events(whole.Timeframe, q, slotest.Shape{}).Draw(t, "events")

		head, tail := whole, whole
		head.Timeframe, tail.Timeframe = slo.Timeframe(first*3600), slo.Timeframe((hours-first)*3600)
		a := assess(t, whole, e, q)
		// The head may reach back further than the evidence; its own figures do not.
		e.Known.Start -= 4 * int64(slo.Day)
		h := assess(t, head, e, slo.Question{To: q.To - (hours-first)*3600})
		l := assess(t, tail, e, q)
		for what, of := range map[string]func(slo.Assessment) slo.Figure{
			"good":  func(a slo.Assessment) slo.Figure { return a.Good },
			"valid": func(a slo.Assessment) slo.Figure { return a.Valid },
		} {
			sum, known := of(a).Value()
			x, k1 := of(h).Value()
			y, k2 := of(l).Value()
			if sum != x+y || known != (k1 || k2) {
				t.Fatalf("%s: whole %v %v, parts %v %v and %v %v", what, sum, known, x, k1, y, k2)
			}
		}
		covered := value(t, "coverage", h.Coverage)*float64(first) + value(t, "coverage", l.Coverage)*float64(hours-first)
		// An hour of the clock that the cut divides may have its only point in one part.
		if c := value(t, "coverage", a.Coverage) * float64(hours); covered > c+1e-9 || covered < c-1-1e-9 {
			t.Fatalf("covered hours: whole %v, parts %v", c, covered)
		}
	})
}

func TestLawBudgetIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Coarse: true, Excess: true})
		b := d.a.Budget
		if b == nil {
			return
		}
		good, valid := value(t, "good", d.a.Good), value(t, "valid", d.a.Valid)
		if b.Consumed != valid-good {
			t.Fatalf("consumed %v of %v valid and %v good", b.Consumed, valid, good)
		}
		// Exact but for the last rounding of each of the figures.
		if math.Abs(b.Consumed+b.Remaining-b.Allowed) > 0x1p-52*(math.Abs(b.Consumed)+math.Abs(b.Allowed)) {
			t.Fatalf("consumed %v and remaining %v are not the %v allowed", b.Consumed, b.Remaining, b.Allowed)
		}
		if (b.Remaining < 0) != (d.a.State == slo.Breached) {
			t.Fatalf("remaining %v, state %s", b.Remaining, d.a.State)
		}
		if !close12(b.RemainingPercent, 100*b.Remaining/b.Allowed) {
			t.Fatalf("remaining percent %v of %+v", b.RemainingPercent, b)
		}
		if (b.Remaining <= 0) != (d.a.ExhaustedAt != 0 && d.a.ExhaustedAt <= d.q.To) {
			t.Fatalf("remaining %v, exhausted at %d, to %d", b.Remaining, d.a.ExhaustedAt, d.q.To)
		}
	})
}

func TestLawBurn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Coarse: true, Excess: true})
		for i, w := range slo.Lookbacks {
			// Over a whole window the burn rate is what was consumed of what was allowed.
			o := d.o
			o.Timeframe = slo.Timeframe(w)
			a := assess(t, o, d.e, slo.Question{To: d.q.To})
			burn, known := d.a.BurnRates[i].Value()
			if known != (a.Budget != nil) {
				t.Fatalf("burn over %d s known %v, budget %v", w, known, a.Budget)
			}
			if known && !close12(burn, a.Budget.Consumed/a.Budget.Allowed) {
				t.Fatalf("burn over %d s: %v, budget %+v", w, burn, a.Budget)
			}
		}
	})
}

// The burn rate of a union is the mean of its parts, weighted by their valid events.
func TestLawBurnOfUnion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		target := slotest.LooseTarget().Draw(t, "target")
		q := slo.Question{To: slotest.Epoch}
		e := slotest.Events(slo.Day, q, slotest.Shape{Fractional: true}).Draw(t, "events")
		over := func(hours int64, end int64) (burn, valid float64) {
			e := e
			e.Known.Start -= 4 * int64(slo.Day)
			a := assess(t, slo.Objective{Timeframe: slo.Timeframe(hours * 3600), Target: target}, e, slo.Question{To: end})
			if a.Budget == nil {
				return 0, 0
			}
			return a.Budget.Consumed / a.Budget.Allowed, value(t, "valid", a.Valid)
		}
		b, v := over(24, q.To)
		b1, v1 := over(18, q.To-6*3600)
		b2, v2 := over(6, q.To)
		if math.Abs(b*v-(b1*v1+b2*v2)) > 1e-9*(math.Abs(b1*v1)+math.Abs(b2*v2)) {
			t.Fatalf("burn %v of %v, parts %v of %v and %v of %v", b, v, b1, v1, b2, v2)
		}
	})
}

func TestLawMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Coarse: true})
		if !d.a.Attainment.IsKnown() {
			return
		}
		total := 0
		for _, r := range d.e.Runs {
			total += len(r.Valid)
		}
		at := rapid.IntRange(0, total-1).Draw(t, "bucket")
		more := func(good, valid float64) float64 {
			e := each(d.e, func(i int, g, v float64) (float64, float64) {
				if i != at {
					return g, v
				}
				return zeroOr(g) + good, zeroOr(v) + valid
			})
			return value(t, "attainment", assess(t, d.o, e, d.q).Attainment)
		}
		before := value(t, "attainment", d.a.Attainment)
		if after := more(1, 1); after < before {
			t.Fatalf("one more good event: %v after %v", after, before)
		}
		if after := more(0, 1); after > before {
			t.Fatalf("one more bad event: %v after %v", after, before)
		}
	})
}

// Multiplying all counts changes no ratio, no state and no instant.
func TestLawScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Coarse: true, Excess: true, Short: true})
		k := rapid.SampledFrom([]float64{2, 3, 10, 1000, 0.5, 0x1p-20}).Draw(t, "factor")
		a := assess(t, d.o, each(d.e, func(_ int, g, v float64) (float64, float64) { return g * k, v * k }), d.q)
		if a.State != d.a.State {
			t.Fatalf("state %s, was %s", a.State, d.a.State)
		}
		if apart := a.ExhaustedAt - d.a.ExhaustedAt; apart < -1 || apart > 1 {
			t.Fatalf("exhausted at %d, was %d", a.ExhaustedAt, d.a.ExhaustedAt)
		}
		figures := func(a slo.Assessment) []slo.Figure {
			return slices.Concat([]slo.Figure{a.Attainment, a.Coverage}, a.BurnRates[:], a.Trend)
		}
		for i, was := range figures(d.a) {
			x, k1 := was.Value()
			y, k2 := figures(a)[i].Value()
			if k1 != k2 || !close12(x, y) {
				t.Fatalf("figure %d: %v %v, was %v %v", i, y, k2, x, k1)
			}
		}
	})
}

// For counts the total is the sum of the groups, so that the overall
// attainment lies between the worst and the best of them.
func TestLawGroups(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slotest.Objective().Draw(t, "objective")
		q := slo.Question{To: slotest.Epoch}
		worst, best, pooled := math.Inf(1), math.Inf(-1), slo.Events{}
		for i := range rapid.IntRange(1, 4).Draw(t, "groups") {
			e := slotest.Events(o.Timeframe, q, slotest.Shape{}).Draw(t, "group")
			if v, known := assess(t, o, e, q).Attainment.Value(); known {
				worst, best = min(worst, v), max(best, v)
			}
			e = refined(e, slo.Extent(o.Timeframe, q))
			if i == 0 {
				pooled = e
				continue
			}
			n := 0
			pooled = each(pooled, func(_ int, g, v float64) (float64, float64) {
				g2, v2 := e.Runs[0].Good[n], e.Runs[0].Valid[n]
				n++
				return zeroOr(g) + zeroOr(g2), zeroOr(v) + zeroOr(v2)
			})
		}
		v, known := assess(t, o, pooled, q).Attainment.Value()
		if known != !math.IsInf(worst, 1) || (known && (v < worst*(1-1e-15) || v > best*(1+1e-15))) {
			t.Fatalf("overall %v %v, groups between %v and %v", v, known, worst, best)
		}
	})
}

// refined is the evidence as one run of 300 s over the span; it must have no coarser buckets.
func refined(e slo.Events, span timeseries.Span) slo.Events {
	good, valid := timeseries.Blank(span, 300), timeseries.Blank(span, 300)
	for _, r := range e.Runs {
		at := (r.Start - span.Start) / 300
		copy(good.Values[at:], r.Good)
		copy(valid.Values[at:], r.Valid)
	}
	return slo.Events{Known: e.Known, Runs: []slo.Run{{Start: span.Start, Step: 300, Good: good.Values, Valid: valid.Values}}}
}

// A rolling window moved by d gains d new seconds and loses d old ones.
func TestLawWindowsRoll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tf := slotest.Timeframe().Draw(t, "timeframe")
		to := rapid.Int64Range(0, 1<<40).Draw(t, "to")
		d := rapid.Int64Range(0, int64(tf)).Draw(t, "shift")
		old, moved := tf.Window(to), tf.Window(to+d)
		kept := old.Intersect(moved)
		if old.Seconds() != int64(tf) || moved != old.Shift(d) || kept.Seconds() != int64(tf)-d ||
			(timeseries.Span{Start: old.End, End: moved.End}).Seconds() != d || old.Contains(old.End) {
			t.Fatalf("%v moved by %d is %v", old, d, moved)
		}
	})
}

// What is measured before the evidence begins or after the window ends changes nothing.
func TestLawOutsideTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Everything())
		q := d.q
		q.TrendDays, q.Since = 0, 0
		want := assess(t, d.o, d.e, q)
		extent := slo.Extent(d.o.Timeframe, q)
		n := 0
		noisy := slo.Events{Known: d.e.Known}
		for _, r := range d.e.Runs {
			r.Good, r.Valid = slices.Clone(r.Good), slices.Clone(r.Valid)
			for i := range r.Valid {
				if start := r.Start + int64(i)*r.Step; start+r.Step <= extent.Start || start >= extent.End {
					r.Good[i], r.Valid[i] = 7, 1e6
					n++
				}
			}
			noisy.Runs = append(noisy.Runs, r)
		}
		after := slo.Run{Start: extent.End, Step: 300, Good: []float64{0, 0}, Valid: []float64{1e9, 1e9}}
		noisy.Runs = append(noisy.Runs, after)
		got := assess(t, d.o, noisy, q)
		if got.State != want.State || got.Attainment != want.Attainment || got.Coverage != want.Coverage ||
			got.BurnRates != want.BurnRates || got.ExhaustedAt != want.ExhaustedAt {
			t.Fatalf("%d buckets outside changed %+v to %+v", n, want, got)
		}
	})
}

// Cuts are all that is needed: evidence whose buckets they do not divide is
// never too coarse; and one bucket that a cut divides always is.
func TestLawCutsSuffice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slotest.Objective().Draw(t, "objective")
		q := slotest.Question().Draw(t, "question")
		cuts := slo.Cuts(o.Timeframe, q)
		if !slices.IsSorted(cuts) || len(slices.Compact(slices.Clone(cuts))) != len(cuts) {
			t.Fatalf("cuts out of order: %v", cuts)
		}
		// One bucket from each cut to the next.
		e := slo.Events{Known: slo.Extent(o.Timeframe, q)}
		for i := range len(cuts) - 1 {
			parts := float64((cuts[i+1] - cuts[i]) / 300)
			e.Runs = append(e.Runs, slo.Run{
				Start: cuts[i], Step: cuts[i+1] - cuts[i], Good: []float64{float64(i%3) * parts}, Valid: []float64{3 * parts},
			})
		}
		a := assess(t, o, e, q)
		fine := assess(t, o, sliced(e), q)
		if a.State != fine.State || !agreeing(a.Attainment, fine.Attainment) {
			t.Fatalf("one bucket between cuts: %s %v, in slices: %s %v", a.State, a.Attainment, fine.State, fine.Attainment)
		}
		if p, f := a.Previous, fine.Previous; p != nil &&
			!(agreeing(p.Attainment, f.Attainment) && agreeing(p.Spent, f.Spent) && agreeing(p.AgedOut, f.AgedOut)) {
			t.Fatalf("one bucket between cuts: %+v, in slices: %+v", p, f)
		}
		for i := range a.Trend {
			if !agreeing(a.Trend[i], fine.Trend[i]) {
				t.Fatalf("trend: %v, in slices: %v", a.Trend, fine.Trend)
			}
		}

		k := rapid.IntRange(1, max(1, len(cuts)-2)).Draw(t, "divided cut")
		if k > len(cuts)-2 {
			return
		}
		e.Runs = []slo.Run{{Start: cuts[k-1], Step: cuts[k+1] - cuts[k-1], Good: []float64{1}, Valid: []float64{1}}}
		_, err := slo.Assess(o, e, q)
		var coarse *slo.CoarseError
		if !errors.As(err, &coarse) || coarse.Cut != cuts[k] || coarse.Bucket != (timeseries.Span{Start: cuts[k-1], End: cuts[k+1]}) {
			t.Fatalf("a bucket over the cut %d: %v", cuts[k], err)
		}
	})
}

func agreeing(a, b slo.Figure) bool {
	x, k1 := a.Value()
	y, k2 := b.Value()
	return k1 == k2 && math.Abs(x-y) <= 1e-9*math.Max(1, math.Abs(x))
}

// sliced spreads every bucket of the evidence evenly over buckets of 300 s.
func sliced(e slo.Events) slo.Events {
	fine := slo.Events{Known: e.Known}
	for _, r := range e.Runs {
		k := int(r.Step / 300)
		s := slo.Run{Start: r.Start, Step: 300}
		for i := range r.Valid {
			s.Good = append(s.Good, slices.Repeat([]float64{r.Good[i] / float64(k)}, k)...)
			s.Valid = append(s.Valid, slices.Repeat([]float64{r.Valid[i] / float64(k)}, k)...)
		}
		fine.Runs = append(fine.Runs, s)
	}
	return fine
}

// The same traffic in buckets of an hour and of five minutes gives the same
// answer where the question is cut at full hours.
func TestLawResolution(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := slotest.Objective().Draw(t, "objective")
		q := slotest.Question().Draw(t, "question")
		q.To = timeseries.Floor(q.To, 3600)
		if q.Since != 0 {
			q.Since = timeseries.Floor(q.Since, 3600)
		}
		if q.Since == q.To {
			q.Since = 0
		}
		extent := slo.Extent(o.Timeframe, q)
		fine := refined(slotest.Events(o.Timeframe, q, slotest.Shape{Excess: true}).Draw(t, "events"), extent)
		r := fine.Runs[0]
		hours := slo.Run{Start: r.Start, Step: 3600}
		for i := 0; i < len(r.Valid); i += 12 {
			var good, valid timeseries.Sum
			g, v := timeseries.Missing, timeseries.Missing
			if good.AddPoints(r.Good[i : i+12]) {
				g = good.Value()
			}
			if valid.AddPoints(r.Valid[i : i+12]) {
				v = valid.Value()
			}
			hours.Good, hours.Valid = append(hours.Good, g), append(hours.Valid, v)
		}
		a := assess(t, o, fine, q)
		b := assess(t, o, slo.Events{Known: fine.Known, Runs: []slo.Run{hours}}, q)
		// Only where within an hour something ended depends on the buckets.
		if spentA, spentB := a.ExhaustedAt != 0 && a.ExhaustedAt <= q.To, b.ExhaustedAt != 0 && b.ExhaustedAt <= q.To; spentA != spentB {
			t.Fatalf("exhausted at %d and %d", a.ExhaustedAt, b.ExhaustedAt)
		}
		a.ExhaustedAt, b.ExhaustedAt = 0, 0
		same := a.State == b.State && a.Attainment == b.Attainment && a.Good == b.Good && a.Valid == b.Valid &&
			a.Coverage == b.Coverage && a.BurnRates == b.BurnRates && slices.Equal(a.Trend, b.Trend) &&
			(a.Budget == nil) == (b.Budget == nil) && (a.Previous == nil) == (b.Previous == nil)
		if same && a.Budget != nil {
			same = *a.Budget == *b.Budget
		}
		if same && a.Previous != nil {
			same = *a.Previous == *b.Previous
		}
		if !same {
			t.Fatalf("in five minutes %+v\nin hours %+v", a, b)
		}
	})
}

// now = then + spent − aged out, whether or not the two windows overlap.
func TestLawPreviousIdentity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Excess: true})
		if d.a.Previous == nil || d.a.Budget == nil {
			return
		}
		then := assess(t, d.o, d.e, slo.Question{To: d.q.Since})
		consumed := 0.0
		if then.Budget != nil {
			consumed = then.Budget.Consumed
		} else if v, _ := then.Valid.Value(); v != 0 || then.Good.IsKnown() && value(t, "good", then.Good) != 0 || len(then.Notes) > 0 {
			return // good events without valid ones: bad is negative and there is no budget to hold it
		}
		spent, aged := value(t, "spent", d.a.Previous.Spent), value(t, "aged out", d.a.Previous.AgedOut)
		moved := (spent - aged) / 100 * d.a.Budget.Allowed
		if math.Abs(d.a.Budget.Consumed-consumed-moved) > 1e-9*(math.Abs(consumed)+(math.Abs(spent)+math.Abs(aged))*d.a.Budget.Allowed+1) {
			t.Fatalf("consumed %v now, %v then, moved %v", d.a.Budget.Consumed, consumed, moved)
		}
		if then.Attainment != d.a.Previous.Attainment {
			t.Fatalf("attainment then %v, previous says %v", then.Attainment, d.a.Previous.Attainment)
		}
	})
}

// The last day of the trend is today, and each day is what was assessed then.
func TestLawTrend(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, slotest.Shape{Fractional: true, Excess: true, Short: true})
		for i, f := range d.a.Trend {
			then := assess(t, d.o, d.e, slo.Question{To: d.q.To - int64(len(d.a.Trend)-1-i)*86_400})
			want := slo.Figure{}
			if then.Budget != nil {
				want = slo.Known(then.Budget.RemainingPercent)
			}
			if !agreeing(f, want) {
				t.Fatalf("day %d of the trend is %v, was %v", i, f, want)
			}
		}
	})
}
