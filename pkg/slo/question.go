package slo

import (
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Question is what is asked of an objective at one instant.
type Question struct {
	// To is the end of the window.
	To int64
	// Since is the instant of the previous meeting, before To; 0 when nobody asks.
	Since int64
	// TrendDays is for how many days the remaining budget at the end of the day is asked, the last
	// day being the 24 hours before To.
	TrendDays int
	// Recent is for how many seconds before To the events are asked in steps of
	// [BucketSeconds], rounded up to whole ones; 0 when nobody asks.
	Recent int64
	// Levels are budgets left, in percent and below 100, Attainments are
	// attainments in percent, each as a [Target] can be: when were they lost, and when
	// will they be regained? See [Crossing].
	Levels, Attainments []float64
	// Stretches are parts of time before To, also before the window: what did each
	// take of the budget? They begin and end at multiples of [BucketSeconds]. See [Expense].
	Stretches []timeseries.Span
}

// recent is the stretch that Recent asks about, empty when nobody asks.
func (q Question) recent() timeseries.Span {
	return timeseries.Span{Start: q.To - timeseries.Ceil(max(0, q.Recent), BucketSeconds), End: q.To}
}

// Lookbacks are the stretches before To over which burn rates are computed, in
// seconds: one hour, six hours, one day and three days.
var Lookbacks = [4]int64{3600, 6 * 3600, 24 * 3600, 72 * 3600}

// Cuts are the instants, in order, at which sums are needed to answer the
// question for a timeframe: no bucket of the evidence may straddle one.
func Cuts(t Timeframe, q Question) []int64 {
	ends := []int64{q.To}
	if q.Since != 0 {
		ends = append(ends, q.Since)
	}
	for day := 1; day < q.TrendDays; day++ {
		ends = append(ends, q.To-int64(day)*int64(Day))
	}
	var cuts []int64
	for _, end := range ends {
		cuts = append(cuts, end, t.Window(end).Start)
	}
	for _, w := range Lookbacks {
		cuts = append(cuts, q.To-w)
	}
	for t := q.recent().Start; t < q.To; t += BucketSeconds {
		cuts = append(cuts, t)
	}
	for _, s := range q.stretches() {
		cuts = append(cuts, s.Start, s.End)
	}
	slices.Sort(cuts)
	return slices.Compact(cuts)
}

// Extent is the stretch of evidence that the question reaches over.
func Extent(t Timeframe, q Question) timeseries.Span {
	cuts := Cuts(t, q)
	return timeseries.Span{Start: cuts[0], End: cuts[len(cuts)-1]}
}
