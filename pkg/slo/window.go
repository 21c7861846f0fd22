package slo

import (
	"fmt"
	"strconv"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Timeframe is the length of a rolling window in seconds. "30d" is 30 × 86,400
// seconds, not a calendar month (Datadog's burn-rate arithmetic: 720 hours).
// The zero Timeframe means "none".
type Timeframe int64

// The timeframes that Datadog's SLO objects use.
const (
	Day        Timeframe = 86_400
	SevenDays            = 7 * Day
	ThirtyDays           = 30 * Day
	NinetyDays           = 90 * Day
)

// BucketSeconds is the finest step at which events are counted. Datadog's own
// history starts a window at a multiple of it; every window of ours begins and ends at one.
const BucketSeconds = 300

// ParseTimeframe reads "7d", "30d", "90d" and any custom length of whole days
// or hours up to 455 days, the 15 months for which Datadog keeps metrics.
func ParseTimeframe(s string) (Timeframe, error) {
	bad := fmt.Errorf("timeframe %q: want a length such as 7d, 30d, 90d or 36h, at most 455d", s)
	if len(s) < 2 || s[0] < '1' || s[0] > '9' {
		return 0, bad
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 16)
	if err != nil {
		return 0, bad
	}
	t := Timeframe(n)
	switch s[len(s)-1] {
	case 'd':
		t *= Day
	case 'h':
		t *= 3600
	default:
		return 0, bad
	}
	if t > 455*Day {
		return 0, bad
	}
	return t, nil
}

// String is the timeframe in Datadog's notation: "30d", or "36h" where it is not whole days.
func (t Timeframe) String() string {
	if t%Day == 0 {
		return strconv.FormatInt(int64(t/Day), 10) + "d"
	}
	return strconv.FormatInt(int64(t/3600), 10) + "h"
}

// Window is the rolling window that ends at the instant to.
func (t Timeframe) Window(to int64) timeseries.Span {
	return timeseries.Span{Start: to - int64(t), End: to}
}
