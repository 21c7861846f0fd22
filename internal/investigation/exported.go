package investigation

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Exported looks at one series of which nothing else is known. Its findings have
// no place, and the signal that they are most like; the most important are first, by what their effect,
// duration and rarity are, and all are shown but small ones and those that only a
// longer history could tell from what every week has.
func Exported(series timeseries.Series, m anomaly.Measure) Report {
	r := Report{Span: series.Span(), History: series.Start, Step: series.Step}
	if len(series.Values) == 0 || series.Step <= 0 {
		return r
	}
	like := Requests
	if m == anomaly.Levels {
		like = Latency
	}
	var d anomaly.Detector
	found := d.Find(series, m, series.Start)
	low, high := bandOf(&d, series, m)
	importance := func(f Finding) float64 {
		return effect(f.Finding) * rarity(f.Record) * duration(f.Span.Seconds())
	}
	for _, f := range found {
		one := Finding{
			Signal: like, Finding: f, Step: series.Step, Start: f.Span.Start, End: f.Span.End, Resolution: resolution(f.Kind, series.Step),
			Chart: cutChart(series, low, high, f),
		}
		if f.Open || f.Lasting {
			one.End = 0
		}
		switch {
		case f.Small:
			one.Hidden = hiddenSmall
		case unlearned(f):
			one.Hidden = hiddenShort
		}
		one.Shown = one.Hidden == ""
		r.Findings = append(r.Findings, one)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.Shown != b.Shown {
			return cmp.Compare(btoi(b.Shown), btoi(a.Shown))
		}
		return cmp.Or(cmp.Compare(importance(b), importance(a)), cmp.Compare(a.Start, b.Start))
	})
	if first := slices.IndexFunc(series.Values, func(v float64) bool { return !math.IsNaN(v) }); first >= 0 {
		r.History = series.Start + int64(first)*series.Step
	}
	return r
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
