package timeseries_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-cli/slo/pkg/timeseries"
)

func ExampleSum() {
	var plain float64
	var sum timeseries.Sum
	for _, x := range []float64{1e16, 1, 1, -1e16} {
		plain += x
		sum.Add(x)
	}
	fmt.Println(plain, sum.Value())
	// Output: 0 2
}

func ExampleSpan_Intersect() {
	day := timeseries.Between(
		time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	fmt.Println(day.Intersect(day.Shift(6 * 3600)))
	// Output: [2026-01-01T06:00:00Z, 2026-01-02T00:00:00Z)
}

func TestMissingIsNotZero(t *testing.T) {
	t.Parallel()
	if !timeseries.IsMissing(timeseries.Missing) || timeseries.IsMissing(0) {
		t.Error("zero and missing are mixed up")
	}
	var s timeseries.Sum
	if s.AddPoints([]float64{timeseries.Missing, timeseries.Missing}) || s.AddPoints(nil) {
		t.Error("a sum of nothing claims to have seen a point")
	}
	if !s.AddPoints([]float64{timeseries.Missing, 0}) || s.Value() != 0 {
		t.Error("a zero is a point")
	}
	if !s.AddPoints([]float64{2, timeseries.Missing, 3}) || s.Value() != 5 {
		t.Errorf("2 and 3 add up to %v", s.Value())
	}
}

func TestFloorBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ at, floor, ceil int64 }{
		{0, 0, 0}, {1, 0, 300}, {300, 300, 300}, {-1, -300, 0}, {-300, -300, -300}, {-301, -600, -300},
	} {
		if f, c := timeseries.Floor(test.at, 300), timeseries.Ceil(test.at, 300); f != test.floor || c != test.ceil {
			t.Errorf("%d lies between %d and %d, want %d and %d", test.at, f, c, test.floor, test.ceil)
		}
	}
}

func BenchmarkAddPoints(b *testing.B) {
	b.Run("points=25920", func(b *testing.B) {
		xs := make([]float64, 90*24*12)
		for i := range xs {
			xs[i] = float64(i % 1000)
		}
		var total float64
		for b.Loop() {
			var s timeseries.Sum
			s.AddPoints(xs)
			total += s.Value()
		}
		if total == 0 {
			b.Fatal("nothing was added up")
		}
		b.ReportMetric(float64(len(xs))*float64(b.N)/b.Elapsed().Seconds(), "points/s")
	})
}

// Formulas that differ in anything have different keys, and the same ones the same.
func TestFormulaKey(t *testing.T) {
	t.Parallel()
	in := func(name, query string) timeseries.Input { return timeseries.Input{Name: name, Query: query} }
	formulas := []timeseries.Formula{
		{},
		{Text: "a / b", Inputs: []timeseries.Input{in("a", "sum:x{*}"), in("b", "sum:y{*}")}},
		{Text: "a / b", Inputs: []timeseries.Input{in("a", "sum:y{*}"), in("b", "sum:x{*}")}},
		{Text: "a / b", Inputs: []timeseries.Input{in("a", "sum:x{*}")}},
		{Text: "b / a", Inputs: []timeseries.Input{in("a", "sum:x{*}"), in("b", "sum:y{*}")}},
		{Text: "a / b", Inputs: []timeseries.Input{in("as", "um:x{*}"), in("b", "sum:y{*}")}},
	}
	for i, f := range formulas {
		for k, g := range formulas {
			if same := f.Key() == g.Key(); same != (i == k) {
				t.Errorf("%+v and %+v have the same key: %v", f, g, same)
			}
		}
	}
}
