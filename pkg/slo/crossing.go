package slo

import (
	"cmp"
	"sort"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Crossing is when a level of the remaining budget was lost, and when it will be
// regained. A level holds while more than it is left; an attainment that
// was asked about holds while it is reached, and is lost below it.
//
// Of a level of 100 or more, and of an attainment that is no [Target], nothing is told but Level.
type Crossing struct {
	// Level is a remaining budget in percent; for an attainment what is left
	// there, which is below 0 where the target asks for more.
	Level float64
	// Fell is the bucket in which the bad events of the window, added up from its
	// start, first lost the level; empty while it holds. In a bucket longer than
	// [BucketSeconds] the instant is not known more exactly. Of seconds it is the very second.
	Fell timeseries.Span
	// Recovers is the Unix second from which the level holds again if bad events
	// come in at the present pace (that of ExhaustedAt, but never less than
	// none); 0 when that is not within one window length, or when there is no
	// present pace. RecoversQuiet is the same if not one more comes in: never 0
	// while the level does not hold.
	Recovers, RecoversQuiet int64
}

// crossings are those that the question asks about.
func crossings(o Objective, e Events, s sheet, q Question) []Crossing {
	var all []Crossing
	var lost []bound // one for each of them; the zero bound where there is nothing to tell
	window := o.Timeframe.Window(q.To)
	now, _ := s.over(window)
	valid := now.valid.Value()
	look := func(level float64, b bound, meant bool) {
		all = append(all, Crossing{Level: level})
		if !meant || b.holds(now.bad(), valid) {
			b = bound{}
		}
		lost = append(lost, b)
	}
	for _, level := range q.Levels {
		look(level, more(o.Target, level), level < 100)
	}
	for _, percent := range q.Attainments {
		t, err := TargetFromFloat(percent)
		if err != nil {
			look(100*(percent-o.Target.Percent())/o.Target.Allowed().Percent(), bound{}, false)
			continue
		}
		look(100*float64(t-o.Target)/float64(o.Target.Allowed()), atLeast(t), true)
	}

	var ahead forecast
	p, paced := s.pace(q.To)
	for i, b := range lost {
		if b == (bound{}) {
			continue
		}
		if ahead.portions == nil {
			ahead = e.forecast(now, window)
		}
		c := &all[i]
		c.Fell = e.fellAt(b, window, valid)
		// Where sums of fractions were rounded, all that was bad may have to go and still be missed.
		c.RecoversQuiet = cmp.Or(ahead.turn(b, pace{}), window.End+window.Seconds())
		switch {
		case paced && p.bad > 0:
			c.Recovers = ahead.turn(b, p)
		case paced:
			c.Recovers = c.RecoversQuiet
		}
	}
	return all
}

// fellAt is the bucket in which the bad events of the window first lost the
// bound; of seconds, which are bad one after the other, the second.
func (e Events) fellAt(b bound, window timeseries.Span, valid float64) timeseries.Span {
	bucket, before, in := e.fell(b, window, valid)
	if e.Unit != Seconds || bucket.Empty() {
		return bucket
	}
	n := bucket.Seconds()
	after := sort.Search(int(n-1), func(i int) bool { return !b.holds(before+in*float64(i+1)/float64(n), valid) })
	return timeseries.Span{Start: bucket.Start + int64(after), End: bucket.Start + int64(after) + 1}
}

// fell is the bucket in which the bad events of the window, added up from its
// start, first lost the bound, and how many there were before it and in it.
func (e Events) fell(b bound, window timeseries.Span, valid float64) (bucket timeseries.Span, before, in float64) {
	var bad timeseries.Sum
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			start := r.Start + int64(i)*r.Step
			here := present(r.Valid[i]) - present(r.Good[i])
			if here == 0 || e.excluded(start) {
				continue
			}
			until := bad.Value()
			bad.Add(present(r.Valid[i]))
			bad.Add(-present(r.Good[i]))
			if here > 0 {
				bucket, before, in = timeseries.Span{Start: start, End: start + r.Step}, until, here
			}
			if !b.holds(bad.Value(), valid) {
				return bucket, before, in
			}
		}
	}
	// Only the last rounding of a sum of fractions leads here: it was reached
	// exactly, by the last bad event.
	return bucket, before, in
}
