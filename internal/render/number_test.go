package render_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	const down, up, nearest = document.Down, document.Up, document.Nearest
	for _, test := range []struct {
		value    float64
		decimals int
		round    document.Rounding
		want     string
	}{
		{99.29, 2, down, "99.29"}, // stored a little above or below
		{99.29, 2, up, "99.29"},
		{99.996, 2, down, "99.99"},
		{99.996, 2, nearest, "100.00"},
		{99.991, 2, up, "100.00"},
		{100, 2, down, "100.00"},
		{-6.81, 1, down, "-6.9"},
		{-6.81, 1, up, "-6.8"},
		{-6.85, 1, nearest, "-6.9"},
		{-6.8, 1, down, "-6.8"},
		{-0.04, 1, up, "0.0"},
		{-0.04, 1, nearest, "0.0"},
		{-0.04, 1, down, "-0.1"},
		{0.04, 1, down, "0.0"},
		{0.04, 1, up, "0.1"},
		{math.Copysign(0, -1), 1, down, "0.0"},
		{0, 0, up, "0"},
		{0.5, 0, nearest, "1"},
		{9.999, 0, up, "10"},
		{-999.5, 0, down, "-1,000"},
		{1234567.891, 1, down, "1,234,567.8"},
		{-1234567, 0, down, "-1,234,567"},
		{123, 0, down, "123"},
		{1e21, 0, down, "1,000,000,000,000,000,000,000"},
		{5e-324, 1, up, "0.1"},
		{5e-324, 1, down, "0.0"},
		{0.1, -1, up, "1"},
		{math.NaN(), 1, down, "–"},
		{math.Inf(1), 1, up, "∞"},
		{math.Inf(-1), 1, down, "-∞"},
	} {
		got := render.Text(document.Cell{Kind: document.Number, Value: test.value, Decimals: test.decimals, Round: test.round}, render.Options{})
		if got != test.want {
			t.Errorf("%v at %d decimals, direction %d: got %s, want %s", test.value, test.decimals, test.round, got, test.want)
		}
	}
}

func TestCompactNumbers(t *testing.T) {
	t.Parallel()
	const down, up, nearest = document.Down, document.Up, document.Nearest
	for _, test := range []struct {
		value float64
		round document.Rounding
		want  string
	}{
		{0, down, "0"}, {12, down, "12"}, {999, down, "999"}, {999.5, down, "999"}, {999.5, up, "1.0k"}, {999.5, nearest, "1.0k"},
		{1000, down, "1.0k"}, {12_449, down, "12.4k"}, {12_449, up, "12.5k"}, {12_449, nearest, "12.4k"},
		{999_949, nearest, "999.9k"}, {999_950, nearest, "1.0M"}, {999_950, down, "999.9k"}, {999_901, up, "1.0M"}, {999_900, up, "999.9k"},
		{-999_950, down, "-1.0M"}, {-999_950, up, "-999.9k"}, {-12_449.5, down, "-12.5k"}, {-0.5, up, "0"}, {-0.5, down, "-1"},
		{3_100_000, down, "3.1M"}, {2_600_000_000, down, "2.6G"}, {1e12, down, "1.0T"}, {1.29e15, down, "1.2P"}, {9.99e18, down, "9.9E"}, {1.2e24, down, "1,200,000.0E"},
	} {
		got := render.Text(document.Cell{Kind: document.Number, Value: test.value, Compact: true, Round: test.round}, render.Options{})
		if got != test.want {
			t.Errorf("%v, direction %d: got %s, want %s", test.value, test.round, got, test.want)
		}
	}
}

func TestSignsAndUnits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cell        document.Cell
		want, ascii string
	}{
		{document.Cell{Value: 12.5, Decimals: 1, Sign: true, Unit: "%"}, "+12.5%", "+12.5%"},
		{document.Cell{Value: -12.5, Decimals: 1, Sign: true}, "-12.5", "-12.5"},
		{document.Cell{Value: 0, Sign: true}, "0", "0"},
		{document.Cell{Value: 0.04, Decimals: 1, Sign: true}, "0.0", "0.0"},
		{document.Cell{Value: 14.4, Decimals: 1, Unit: "×"}, "14.4×", "14.4x"},
		{document.Cell{Value: 5, Unit: " req"}, "5 req", "5 req"},
		{document.Cell{Value: math.Inf(1), Sign: true, Unit: "×"}, "+∞×", "+infx"},
		{document.Cell{Value: math.NaN(), Unit: "%"}, "–", "-"},
		{document.Cell{Value: 1, Unit: "\x1b[31m"}, "1�[31m", "1�[31m"},
	} {
		test.cell.Kind = document.Number
		if got := render.Text(test.cell, render.Options{}); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.cell, got, test.want)
		}
		if got := render.Text(test.cell, render.Options{ASCII: true}); got != test.ascii {
			t.Errorf("%+v in ASCII: got %q, want %q", test.cell, got, test.ascii)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	const down, up, nearest = document.Down, document.Up, document.Nearest
	const m, h, d = 60, 3600, 86400
	for _, test := range []struct {
		seconds float64
		round   document.Rounding
		want    string
	}{
		{0, down, "0m"}, {0, up, "0m"}, {0.5, down, "<1m"}, {59, nearest, "<1m"}, {0.5, up, "1m"}, {59.9, down, "<1m"},
		{60, down, "1m"}, {60.1, up, "2m"}, {45 * m, down, "45m"}, {45*m + 30, nearest, "46m"}, {45*m + 29, nearest, "45m"},
		{59*m + 59, down, "59m"}, {59*m + 59, up, "1h"}, {2*h + 5*m, down, "2h 5m"}, {2 * h, down, "2h"}, {2*h + 59, down, "2h"}, {2*h + 59, up, "2h 1m"},
		{d - 1, down, "23h 59m"}, {d - 1, up, "1d"}, {3*d + 4*h, down, "3d 4h"}, {3*d + 5*h - 1, down, "3d 4h"}, {3*d + 4*h + 1, up, "3d 5h"},
		{3*d + 4*h + 1800, nearest, "3d 5h"}, {4*d - 1, up, "4d"}, {1000 * d, down, "1,000d"},
		{-30, down, "-1m"}, {-30, up, ">-1m"}, {-30, nearest, ">-1m"}, {-61, down, "-2m"}, {-61, up, "-1m"}, {-3*d - 4*h, down, "-3d 4h"}, {-3*d - 4*h - 1, down, "-3d 5h"},
		{math.Inf(1), down, "∞"}, {math.Inf(-1), down, "-∞"}, {math.NaN(), down, "–"}, {1e20, down, "1,157,407,407,407,407d"},
	} {
		if got := render.Text(document.Cell{Kind: document.Duration, Value: test.seconds, Round: test.round}, render.Options{}); got != test.want {
			t.Errorf("%v s, direction %d: got %s, want %s", test.seconds, test.round, got, test.want)
		}
	}
	if got := render.Text(document.Cell{Kind: document.Duration, Value: 7200, Sign: true}, render.Options{}); got != "+2h" {
		t.Errorf("with a sign: %s", got)
	}
}

func TestInstants(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("JST", 9*3600)
	at := time.Date(2026, 11, 9, 23, 30, 59, 0, time.UTC)
	for want, test := range map[string]struct {
		at   time.Time
		zone *time.Location
	}{
		"2026-11-09 23:30": {at.In(tokyo), nil}, "2026-11-10 08:30": {at, tokyo}, "–": {time.Time{}, tokyo},
	} {
		if got := render.Text(document.Cell{Kind: document.Instant, Time: test.at}, render.Options{TimeZone: test.zone}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSparklines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		points      []float64
		low, high   float64
		want, ascii string
	}{
		{[]float64{0, 12.5, 25, 37.5, 50, 62.5, 75, 87.5, 100}, 0, 100, "▁▂▃▄▅▆▇██", "__..-==##"},
		{[]float64{99.99, 87.4, 0.1}, 0, 100, "█▇▁", "##_"},
		{[]float64{-500, math.Inf(-1), math.NaN(), math.Inf(1), 500}, 0, 100, "▁▁·██", "__?##"},
		{[]float64{0, 1, 2}, 1, 1, "▁▁█", "__#"},
		{nil, 0, 1, "–", "-"},
	} {
		cell := document.Cell{Kind: document.Spark, Points: test.points, Low: test.low, High: test.high}
		if got := render.Text(cell, render.Options{}); got != test.want {
			t.Errorf("%v: got %s, want %s", test.points, got, test.want)
		}
		if got := render.Text(cell, render.Options{ASCII: true}); got != test.ascii {
			t.Errorf("%v: got %s, want %s", test.points, got, test.ascii)
		}
	}
}

// Nothing looks better than it is: a floored number is at most the value and
// less than one unit of its last digit away; a raised one the other way round.
func TestRoundingBounds(t *testing.T) {
	t.Parallel()
	values := rapid.OneOf(
		rapid.Float64Range(-200, 200), rapid.Float64Range(-1e18, 1e18),
		rapid.Map(rapid.IntRange(-20_000_000, 20_000_000), func(n int) float64 { return float64(n) / 1e5 }),
	)
	rapid.Check(t, func(t *rapid.T) {
		v := values.Draw(t, "value")
		decimals := rapid.IntRange(0, 8).Draw(t, "decimals")
		compact := rapid.Bool().Draw(t, "compact")
		// The value is the decimal that machines get.
		exact := rat(t, strconv.FormatFloat(v, 'f', -1, 64))
		cell := document.Cell{Kind: document.Number, Value: v, Decimals: decimals, Compact: compact}
		read := func(r document.Rounding) (value, ulp *big.Rat) {
			cell.Round = r
			s := render.Text(cell, render.Options{})
			if strings.HasPrefix(s, "-") && !strings.ContainsAny(s, "123456789") {
				t.Fatalf("%v is written %s", v, s)
			}
			return parse(t, s)
		}
		low, ulp := read(document.Down)
		if low.Cmp(exact) > 0 || new(big.Rat).Add(low, ulp).Cmp(exact) <= 0 {
			t.Fatalf("%v floored is %s", v, low.FloatString(9))
		}
		high, ulp := read(document.Up)
		if high.Cmp(exact) < 0 || new(big.Rat).Sub(high, ulp).Cmp(exact) >= 0 {
			t.Fatalf("%v raised is %s", v, high.FloatString(9))
		}
		near, ulp := read(document.Nearest)
		off := new(big.Rat).Sub(near, exact)
		if off.Abs(off).Cmp(ulp.Quo(ulp, big.NewRat(2, 1))) > 0 {
			t.Fatalf("%v to the nearest is %s", v, near.FloatString(9))
		}
	})
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

// parse reads a written number back, and the unit of its last digit.
func parse(t *rapid.T, s string) (value, ulp *big.Rat) {
	s = strings.ReplaceAll(s, ",", "")
	scale := big.NewRat(1, 1)
	for i, suffix := range []string{"k", "M", "G", "T", "P", "E"} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			s = rest
			for range i + 1 {
				scale.Mul(scale, big.NewRat(1000, 1))
			}
		}
	}
	_, fraction, _ := strings.Cut(s, ".")
	ulp = new(big.Rat).Mul(scale, rat(t, "1e-"+strconv.Itoa(len(fraction))))
	return new(big.Rat).Mul(scale, rat(t, s)), ulp
}
