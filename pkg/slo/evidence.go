package slo

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Events counts good and valid events, or seconds, over time.
type Events struct {
	// Unit is what is counted; empty stands for [Requests].
	Unit Unit
	// Known is the stretch that was asked for. Outside it nothing is known;
	// inside it a missing point means that nothing was counted.
	Known timeseries.Span
	// Runs are in order of time and do not overlap.
	Runs []Run
	// Excluded are stretches, in order and disjoint, whose buckets do not count
	// (status corrections of event-based objectives). No bucket may straddle an end of one.
	Excluded []timeseries.Span
	// Observed are, for seconds, the stretches in which there was data, in order
	// and disjoint. For requests it stays empty: there a point of the denominator speaks for itself.
	Observed []timeseries.Span
}

// Unit is what an objective counts.
type Unit string

// The units, as in the JSON contract.
const (
	Requests Unit = "requests"
	Seconds  Unit = "seconds"
)

// excluded reports whether the bucket that starts at t does not count. It is
// asked about every bucket, and mostly there is nothing to look through.
func (e *Events) excluded(t int64) bool { return len(e.Excluded) > 0 && inside(e.Excluded, t) }

// inside reports whether the instant lies in one of the spans, which are in order and disjoint.
func inside(spans []timeseries.Span, t int64) bool {
	i := sort.Search(len(spans), func(i int) bool { return spans[i].End > t })
	return i < len(spans) && spans[i].Start <= t
}

// edges are the ends of what is excluded, which cut sums like the ends of windows.
func (e Events) edges(cuts []int64) []int64 {
	if len(e.Excluded) == 0 || len(cuts) == 0 {
		return cuts
	}
	all := slices.Clone(cuts)
	for _, s := range e.Excluded {
		for _, t := range []int64{s.Start, s.End} {
			if t > cuts[0] && t < cuts[len(cuts)-1] {
				all = append(all, t)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Run is a stretch of events on a regular grid. Good[i] and Valid[i] belong to
// the bucket [Start+i·Step, Start+(i+1)·Step) and hold [timeseries.Missing]
// where there was no point; a missing side counts as zero beside one that is there.
type Run struct {
	Start, Step int64
	Good, Valid []float64
}

func (r Run) span() timeseries.Span {
	return timeseries.Span{Start: r.Start, End: r.Start + r.Step*int64(len(r.Valid))}
}

// CoarseError says that a bucket of the evidence straddles an instant at which
// sums are cut, so that no true sum exists on either side.
type CoarseError struct {
	Cut    int64
	Bucket timeseries.Span
}

func (e *CoarseError) Error() string {
	return fmt.Sprintf("the bucket %v is too coarse: a window or a status correction begins or ends inside it, at %s", e.Bucket, timeseries.Format(e.Cut))
}

// check finds evidence that cannot be summed: runs out of order, sides of
// different length, or a bucket that straddles a cut.
func (e Events) check(cuts []int64) error {
	for i, r := range e.Runs {
		if r.Step <= 0 || len(r.Good) != len(r.Valid) {
			return fmt.Errorf("run %d of the evidence: want a step above 0 and as many good as valid values", i)
		}
		if i > 0 && r.Start < e.Runs[i-1].span().End {
			return fmt.Errorf("run %d of the evidence begins before the one before it ends", i)
		}
		first := sort.Search(len(cuts), func(i int) bool { return cuts[i] > r.Start })
		for _, c := range cuts[first:] {
			if c >= r.span().End {
				break
			}
			if (c-r.Start)%r.Step != 0 {
				b := r.Start + (c-r.Start)/r.Step*r.Step
				return &CoarseError{Cut: c, Bucket: timeseries.Span{Start: b, End: b + r.Step}}
			}
		}
	}
	return nil
}

// tally is the sum of the events of a stretch.
type tally struct {
	good, valid timeseries.Sum
	// points is whether any valid point lay in the stretch; of seconds, whether
	// any that counts was observed.
	points bool
}

func (t *tally) add(u tally) {
	t.good.AddSum(u.good)
	t.valid.AddSum(u.valid)
	t.points = t.points || u.points
}

func (t tally) bad() float64 { return t.valid.Minus(t.good) }

// happened reports whether anything is known of the stretch: there was data, or
// its absence counts as bad.
func (t tally) happened() bool { return t.points || t.bad() > 0 }

// sheet holds the sums between consecutive cuts, so that the sum of every
// window that begins and ends at cuts is a handful of additions.
type sheet struct {
	known timeseries.Span
	cuts  []int64
	cells []tally // cells[i] is [cuts[i], cuts[i+1])
}

// tabulate sums the events between consecutive cuts, in one pass.
func tabulate(e Events, cuts []int64) sheet {
	s := sheet{known: e.Known, cuts: cuts, cells: make([]tally, max(0, len(cuts)-1))}
	for _, r := range e.Runs {
		first := max(0, sort.Search(len(cuts), func(i int) bool { return cuts[i] > r.Start })-1)
		for i := first; i < len(s.cells) && cuts[i] < r.span().End; i++ {
			lo, hi := r.indices(timeseries.Span{Start: cuts[i], End: cuts[i+1]})
			if e.excluded(cuts[i]) {
				continue
			}
			c := &s.cells[i]
			c.good.AddPoints(r.Good[lo:hi])
			points := c.valid.AddPoints(r.Valid[lo:hi])
			if e.Unit == Seconds {
				// Time that counts by policy is no data, nor is data of time that does not count.
				counted := r.span().Intersect(timeseries.Span{Start: cuts[i], End: cuts[i+1]})
				points = points && overlap(e.Observed, counted) > 0
			}
			c.points = c.points || points
		}
	}
	return s
}

// newest is the bucket of the newest valid point of the window.
func (e Events) newest(window timeseries.Span) timeseries.Span {
	if e.Unit == Seconds {
		for i := len(e.Observed) - 1; i >= 0; i-- {
			if s := e.Observed[i].Intersect(window); !s.Empty() {
				return timeseries.Span{Start: max(s.Start, s.End-BucketSeconds), End: s.End}
			}
		}
		return timeseries.Span{}
	}
	for i := len(e.Runs) - 1; i >= 0; i-- {
		r := e.Runs[i]
		lo, hi := r.indices(window)
		for k := hi - 1; k >= lo; k-- {
			if !timeseries.IsMissing(r.Valid[k]) {
				start := r.Start + int64(k)*r.Step
				return timeseries.Span{Start: start, End: start + r.Step}
			}
		}
	}
	return timeseries.Span{}
}

// overlap is how many seconds of the window lie in the spans.
func overlap(spans []timeseries.Span, window timeseries.Span) int64 {
	var seconds int64
	first := sort.Search(len(spans), func(i int) bool { return spans[i].End > window.Start })
	for _, s := range spans[first:] {
		if s.Start >= window.End {
			break
		}
		seconds += s.Intersect(window).Seconds()
	}
	return seconds
}

// indices are the buckets of the run that begin in the span.
func (r Run) indices(s timeseries.Span) (lo, hi int) {
	n := int64(len(r.Valid))
	at := func(t int64) int { return int(min(n, max(0, (t-r.Start+r.Step-1)/r.Step))) }
	return at(s.Start), max(at(s.Start), at(s.End))
}

// maxCount is more than anybody counts. Beyond it products of a sum would leave the range of float64.
const maxCount = 1e140

// checkRange finds sums that cannot be reckoned with.
func (s sheet) checkRange() error {
	for i, c := range s.cells {
		if good, valid := math.Abs(c.good.Value()), math.Abs(c.valid.Value()); !(good <= maxCount) || !(valid <= maxCount) {
			return fmt.Errorf("the evidence of %v adds up to more than can be reckoned with",
				timeseries.Span{Start: s.cuts[i], End: s.cuts[i+1]})
		}
	}
	return nil
}

// over is the sum of a stretch that begins and ends at cuts, and whether it is known.
func (s sheet) over(span timeseries.Span) (t tally, known bool) {
	if !s.known.Covers(span) {
		return tally{}, false
	}
	from := sort.Search(len(s.cuts), func(i int) bool { return s.cuts[i] >= span.Start })
	for i := from; i < len(s.cells) && s.cuts[i] < span.End; i++ {
		t.add(s.cells[i])
	}
	return t, true
}

// coverage is, for seconds, the share of the window's in which there was data;
// for requests the share of the window's hours in which a valid point lies.
// Hours are those of the clock in UTC, the first and the last clipped to the
// window; a bucket longer than an hour speaks for all of its hours.
func (e Events) coverage(window timeseries.Span) float64 {
	if window.Empty() {
		return 0
	}
	if e.Unit == Seconds {
		return float64(overlap(e.Observed, window)) / float64(window.Seconds())
	}
	var covered int64
	until := window.Start
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			start := r.Start + int64(i)*r.Step
			if r.Valid[i] != r.Valid[i] || start+r.Step <= until {
				continue
			}
			from := max(until, timeseries.Floor(start, 3600))
			end := min(window.End, timeseries.Ceil(start+r.Step, 3600))
			covered += max(0, end-from)
			until = max(until, end)
		}
	}
	return float64(covered) / float64(window.Seconds())
}
