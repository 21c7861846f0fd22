package anomaly

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// presence adds what a series of counts tells by its ends: that nothing came for
// a day or more before its first event, or since its last one. It says between
// which buckets there is a series to look at.
func (f *finder) presence(s timeseries.Series) (first, last int) {
	n := len(s.Values)
	some := func(v float64) bool { return v > 0 }
	lo := slices.IndexFunc(s.Values, some)
	if lo < 0 {
		return 0, 0
	}
	hi := n
	for s.Values[hi-1] == 0 || s.Values[hi-1] != s.Values[hi-1] {
		hi--
	}
	first, last = 0, n
	dayLong := int(day / s.Step)
	if empty(s.Values[:lo]) >= max(dayLong, 3) {
		first = lo
		// Enough must have come within a day.
		sum := 0.0
		for _, v := range s.Values[lo:min(n, lo+max(dayLong, 1))] {
			if v == v {
				sum += v
			}
		}
		if sum >= awaited {
			f.stretches = append(f.stretches, stretch{
				lo: lo, hi: min(n, lo+max(dayLong, 1)), up: true, kind: New, score: math.Sqrt(2 * sum), open: lo+dayLong >= n, stays: true,
			})
		}
	}
	if silent := empty(s.Values[hi:]); silent >= max(dayLong, 3) {
		last = hi
		for i := range f.stretches {
			f.stretches[i].stays = false // what is gone again is not here to stay
		}
		if e := awaitedSince(s, hi, first); e >= awaited {
			f.stretches = append(f.stretches, stretch{
				lo: hi, hi: min(n, hi+7*dayLong), kind: Gone, score: math.Sqrt(2 * e), open: hi+7*dayLong >= n, stays: true,
			})
		} else {
			last = n
		}
	}
	return first, last
}

// awaitedSince is what the buckets from hi on had in the weeks before, in the one
// with least; where there is no week, as much as the mean says if it is three days.
func awaitedSince(s timeseries.Series, hi, first int) float64 {
	n, weekLong := len(s.Values), int(week/s.Step)
	if hi-first < weekLong {
		if n-hi < int(3*day/s.Step) || hi-first < int(day/s.Step) {
			return 0
		}
		return mean(s.Values[first:hi]) * float64(n-hi)
	}
	least := math.Inf(1)
	end := min(n, hi+weekLong)
	for k := 1; k <= 3 && hi-k*weekLong >= first; k++ {
		sum := 0.0
		for i := hi - k*weekLong; i < end-k*weekLong; i++ {
			if v := s.Values[i]; v == v {
				sum += v
			}
		}
		least = min(least, sum)
	}
	return least
}

// empty counts the buckets that are known to hold nothing.
func empty(values []float64) (n int) {
	for _, v := range values {
		if v == 0 {
			n++
		}
	}
	return n
}

// tellPresence makes findings of the ends of a series.
func (f *finder) tellPresence(s timeseries.Series, found []stretch, from int64) []Finding {
	var out []Finding
	for _, t := range found {
		span := spanOf(s, t.lo, t.hi)
		until := span.End
		if t.stays {
			until = max(until, span.Start+week)
		}
		if until <= from {
			continue
		}
		g := Finding{Kind: t.kind, Span: span, Open: t.open, Score: t.score, Record: t.score, Wobble: math.NaN()}
		g.Lasting = t.stays
		if t.stays {
			g.Span.End = s.Span().End
		}
		if t.kind == New {
			g.Observed = mean(s.Values[t.lo:t.hi])
			for _, v := range s.Values[t.lo:t.hi] {
				if v > g.Peak {
					g.Peak = v
				}
			}
			g.Ratio = math.Inf(1)
			g.Wobble = 0
		} else {
			span := t.hi - t.lo
			g.Expected = mean(s.Values[max(0, t.lo-max(span, int(week/s.Step))):][:span])
			if math.IsNaN(g.Expected) {
				g.Expected = mean(s.Values[:t.lo])
			}
		}
		g.Short = int64(t.lo)*s.Step < week
		out = append(out, g)
	}
	return out
}

func spanOf(s timeseries.Series, lo, hi int) timeseries.Span {
	return timeseries.Span{Start: s.Start + int64(lo)*s.Step, End: s.Start + int64(hi)*s.Step}
}
