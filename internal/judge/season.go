package judge

import (
	"time"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// The seasons.
const (
	flat    = "flat"
	daily   = "day"
	weekly  = "day and week"
	holiday = "a holiday"
	office  = "office hours"
)

// hours are the weights of the hours of a day, UTC: quiet at night, two humps.
func hours() []float64 {
	return []float64{32, 24, 20, 18, 20, 28, 45, 70, 95, 118, 130, 132, 120, 124, 132, 134, 128, 120, 116, 118, 112, 94, 70, 48}
}

// weekend is the weekend's share of a weekday's traffic.
const weekend = 0.55

// end is where every series ends: the start of a Monday. freeDay is a
// Wednesday in every second half.
var (
	end     = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Unix()
	freeDay = time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC).Unix()
)

// seasonal is the factor on the traffic at an instant; its mean over a weekday is 1.
func seasonal(season string, t int64) float64 {
	if season == flat {
		return 1
	}
	h := hours()
	mean := 0.0
	for _, v := range h {
		mean += v / float64(len(h))
	}
	into := t - timeseries.Floor(t, day)
	here, next := h[into/hour], h[(into/hour+1)%24]
	f := (here + (next-here)*float64(into%hour)/hour) / mean
	// Day 0 was a Thursday.
	weekday := (timeseries.Floor(t, day)/day + 4) % 7
	off := weekday == 0 || weekday == 6 || season == holiday && timeseries.Floor(t, day) == freeDay
	switch {
	case season == daily:
	case season == office:
		if off || into < 7*hour || into >= 19*hour {
			f = 0
		}
	case off:
		f *= weekend
	}
	return f
}
