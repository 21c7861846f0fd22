package timeseries_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// bitmap is the plain model of a span: one flag for each second of a short time line.
type bitmap [64]bool

func bits(s timeseries.Span) (b bitmap) {
	for i := range b {
		b[i] = int64(i) >= s.Start && int64(i) < s.End
	}
	return b
}

func (b bitmap) count() (n int64) {
	for _, set := range b {
		if set {
			n++
		}
	}
	return n
}

func (b bitmap) and(c bitmap) (d bitmap) {
	for i := range b {
		d[i] = b[i] && c[i]
	}
	return d
}

func shortSpan() *rapid.Generator[timeseries.Span] {
	return rapid.Custom(func(t *rapid.T) timeseries.Span {
		return timeseries.Span{
			Start: rapid.Int64Range(0, 63).Draw(t, "start"),
			End:   rapid.Int64Range(0, 64).Draw(t, "end"),
		}
	})
}

func TestLawSpansAreSetsOfSeconds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, u := shortSpan().Draw(t, "s"), shortSpan().Draw(t, "u")
		both := bits(s).and(bits(u))
		if s.Seconds() != bits(s).count() || s.Empty() != (bits(s).count() == 0) {
			t.Fatalf("%v has %d seconds, empty %v", s, s.Seconds(), s.Empty())
		}
		if bits(s.Intersect(u)) != both || bits(u.Intersect(s)) != both {
			t.Fatalf("%v and %v intersect in %v", s, u, s.Intersect(u))
		}
		if s.Overlaps(u) != (both.count() > 0) {
			t.Fatalf("%v overlaps %v: %v", s, u, s.Overlaps(u))
		}
		if s.Covers(u) != (both == bits(u)) {
			t.Fatalf("%v covers %v: %v", s, u, s.Covers(u))
		}
		at := rapid.Int64Range(0, 63).Draw(t, "instant")
		if s.Contains(at) != bits(s)[at] {
			t.Fatalf("%v contains %d: %v", s, at, s.Contains(at))
		}
		d := rapid.Int64Range(-20, 20).Draw(t, "shift")
		if moved := s.Shift(d); moved.Seconds() != s.Seconds() || moved.Contains(at+d) != s.Contains(at) {
			t.Fatalf("%v shifted by %d is %v", s, d, moved)
		}
	})
}

func TestLawGrid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Int64Range(-1<<40, 1<<40).Draw(t, "instant")
		step := rapid.Int64Range(1, 1<<20).Draw(t, "step")
		f, c := timeseries.Floor(at, step), timeseries.Ceil(at, step)
		if f%step != 0 || f > at || f <= at-step {
			t.Fatalf("Floor(%d, %d) = %d", at, step, f)
		}
		if c%step != 0 || c < at || c >= at+step {
			t.Fatalf("Ceil(%d, %d) = %d", at, step, c)
		}
	})
}

func TestLawBlank(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.SampledFrom([]int64{1, 20, 60, 300, 3600}).Draw(t, "step")
		start := step * rapid.Int64Range(0, 1000).Draw(t, "start")
		span := timeseries.Span{Start: start, End: start + step*rapid.Int64Range(-2, 50).Draw(t, "buckets")}
		s := timeseries.Blank(span, step)
		if s.Span().Seconds() != span.Seconds() || s.Span().Start != span.Start {
			t.Fatalf("blank over %v is over %v", span, s.Span())
		}
		if slices.ContainsFunc(s.Values, func(v float64) bool { return !timeseries.IsMissing(v) }) {
			t.Fatalf("blank has points: %v", s.Values)
		}
	})
}

// numbers are floats of very different size and either sign, some of them missing.
func numbers() *rapid.Generator[[]float64] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 {
		if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
			return timeseries.Missing
		}
		return math.Ldexp(rapid.Float64Range(-1, 1).Draw(t, "mantissa"), rapid.IntRange(-60, 60).Draw(t, "exponent"))
	}), 0, 200)
}

// exactly is the sum without any rounding, and the sum of the magnitudes.
func exactly(xs []float64) (sum *big.Float, size float64) {
	sum = new(big.Float).SetPrec(2000)
	for _, x := range xs {
		if !timeseries.IsMissing(x) {
			sum.Add(sum, new(big.Float).SetFloat64(x))
			size += math.Abs(x)
		}
	}
	return sum, size
}

// near fails unless got is the exact sum: rounded once, or off by what the
// second order of the compensation may lose of the magnitudes.
func near(t *rapid.T, what string, got float64, want *big.Float, size float64, n int) {
	t.Helper()
	exact, _ := want.Float64()
	limit := math.Abs(exact)*0x1p-52 + float64(n)*float64(n)*0x1p-104*size
	if math.Abs(got-exact) > limit {
		t.Fatalf("%s is %v, exactly %v", what, got, exact)
	}
}

func TestLawSumIsCompensated(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		xs := numbers().Draw(t, "numbers")
		var one, many timeseries.Sum
		seen := many.AddPoints(xs)
		for _, x := range xs {
			if !timeseries.IsMissing(x) {
				one.Add(x)
			}
		}
		want, size := exactly(xs)
		near(t, "one by one", one.Value(), want, size, len(xs))
		if one != many {
			t.Fatalf("one by one %v, all at once %v", one, many)
		}
		if points := slices.ContainsFunc(xs, func(x float64) bool { return !timeseries.IsMissing(x) }); seen != points {
			t.Fatalf("a point in %v: %v", xs, seen)
		}
	})
}

func TestLawSumsAdd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// What cancels out in the end must not have taken the small numbers along.
		large, small := numbers().Draw(t, "numbers"), numbers().Draw(t, "more")
		xs := slices.Concat(large, small)
		for _, x := range slices.Backward(large) {
			xs = append(xs, -x)
		}
		at := rapid.IntRange(0, len(xs)).Draw(t, "cut")
		var head, tail timeseries.Sum
		head.AddPoints(xs[:at])
		tail.AddPoints(xs[at:])
		whole, size := exactly(xs)
		joined := head
		joined.AddSum(tail)
		near(t, "the sum of the parts", joined.Value(), whole, size, len(xs)+1)

		first, _ := exactly(xs[:at])
		rest, _ := exactly(xs[at:])
		near(t, "the difference of the parts", head.Minus(tail), first.Sub(first, rest), size, len(xs)+1)
	})
}

// Whole numbers below 2^53 add exactly, in any order and in any parts.
func TestLawWholeSumsAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Int64Range(0, 1<<45), 0, 200).Draw(t, "counts")
		total := int64(0)
		xs := make([]float64, len(counts))
		for i, c := range counts {
			xs[i], total = float64(c), total+c
		}
		var sum timeseries.Sum
		sum.AddPoints(xs)
		if sum.Value() != float64(total) {
			t.Fatalf("%v, want %d", sum.Value(), total)
		}
		// Added up by the hour and then in all: sums are conserved.
		var hours timeseries.Sum
		for part := range slices.Chunk(xs, 12) {
			var hour timeseries.Sum
			hour.AddPoints(part)
			hours.Add(hour.Value())
		}
		if hours.Value() != float64(total) {
			t.Fatalf("by the hour %v, want %d", hours.Value(), total)
		}
	})
}

// What is left of a span is every second of it that is in none of the others, in order and apart.
func TestWithoutIsTheDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := shortSpan().Draw(t, "span")
		var others []timeseries.Span
		at := int64(0)
		for _, step := range rapid.SliceOfN(rapid.Int64Range(1, 12), 0, 8).Draw(t, "others") {
			others = append(others, timeseries.Span{Start: at + step/3, End: at + step})
			at += step + 1
		}
		want := bits(s)
		for _, o := range others {
			for i, in := range bits(o) {
				want[i] = want[i] && !in
			}
		}
		var got bitmap
		last := int64(-1)
		for _, left := range s.Without(others) {
			if left.Empty() || left.Start < last {
				t.Fatalf("%v of %v without %v", left, s, others)
			}
			last = left.End
			for i, in := range bits(left) {
				got[i] = got[i] || in
			}
		}
		if got != want {
			t.Fatalf("%v without %v leaves %v", s, others, got)
		}
	})
}
