package datadog_test

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/datadog"
)

// TestNumbersAreReadExactly compares the decoder with strconv: every notation
// of every float must give the same bits.
func TestNumbersAreReadExactly(t *testing.T) {
	t.Parallel()
	check := func(t interface{ Fatalf(string, ...any) }, text string) {
		want, err := strconv.ParseFloat(text, 64)
		_, rows, failure := datadog.DecodeSeriesForTest([]byte(attributes(`[{"query_index":0}]`, `[0]`, "[["+text+"]]")))
		if (err != nil) != (failure != nil) {
			t.Fatalf("%s: %v, strconv says %v", text, failure, err)
		}
		if err == nil && math.Float64bits(rows[0][0]) != math.Float64bits(want) {
			t.Fatalf("%s is read as %v, want %v", text, rows[0][0], want)
		}
	}
	for _, text := range []string{
		"0", "-0", "1", "0.1", "-0.1", "0.30000000000000004", "999999999999999", "9999999999999999", "99999999999999999999", "123456789012345.6",
		"0.000000000000001", "0.0000000000000001", "1e-400", "-1e400", "5e-324", "1E+2", "1.7976931348623157e308", "1.8e308",
	} {
		check(t, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "value")
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return
		}
		format := rapid.SampledFrom([]byte{'e', 'f', 'g'}).Draw(t, "format")
		check(t, strconv.FormatFloat(f, format, -1, 64))
		check(t, strconv.FormatFloat(math.Mod(f, 1e6), 'f', rapid.IntRange(0, 12).Draw(t, "decimals"), 64))
	})
}

func TestWhatIsNotANumber(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"01", "-", "+1", ".5", "1.", "1e", "1e+", "0x1", "NaN", "Infinity", "1_0", "--1", "1 2", "nul", "nulll", ""} {
		if _, rows, err := datadog.DecodeSeriesForTest([]byte(attributes(`[{"query_index":0}]`, `[0]`, "[["+text+"]]"))); err == nil && len(rows) == 1 && len(rows[0]) == 1 {
			t.Errorf("%q is read as %v", text, rows)
		}
	}
}
