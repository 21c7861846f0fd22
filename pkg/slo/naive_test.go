package slo_test

import (
	"math/big"
	"slices"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// This file is the second implementation: slow, in exact fractions, written
// from the contract and from Datadog's formulas alone. It shares nothing with
// the product but the types of the input.

// naiveAnswer is everything that the contract asks of one window; nil is unknown.
type naiveAnswer struct {
	state             slo.State
	good, valid       *big.Rat
	attainment        *big.Rat
	coverage          *big.Rat
	allowed, consumed *big.Rat
	remaining         *big.Rat
	remainingPercent  *big.Rat
	burn              map[int64]*big.Rat
	previous          *naivePrevious
	trend             []*big.Rat
	// exhaustedAt is an exact instant, not yet a whole second.
	exhaustedAt *big.Rat
}

type naivePrevious struct {
	attainment, remainingPercent, spent, agedOut *big.Rat
}

// naiveBucket is one cell of the evidence.
type naiveBucket struct {
	start, end int64
	good, bad  *big.Rat
	valid      *big.Rat
	// denominator says that a point of the denominator came in, corrected or not.
	denominator bool
	// corrected says that it does not count on either side.
	corrected bool
}

// naiveAssess answers for events; corrected says which buckets of 300 s status
// corrections take out.
func naiveAssess(o slo.Objective, e slo.Events, q slo.Question, corrected func(start int64) bool) naiveAnswer {
	cells := naiveCells(e, corrected)
	window := o.Timeframe.Window(q.To)
	now := naiveWindow(o, e, cells, window)
	now.burn = map[int64]*big.Rat{}
	if o.Target != slo.Hundred {
		for _, seconds := range []int64{3600, 21_600, 86_400, 259_200} {
			now.burn[seconds] = naiveBurn(o, e, cells, q.To-seconds, q.To)
		}
	}
	if q.Since != 0 {
		now.previous = naiveCompare(o, e, cells, now, q)
	}
	for i := range q.TrendDays {
		end := q.To - int64(q.TrendDays-1-i)*86_400
		now.trend = append(now.trend, naiveWindow(o, e, cells, o.Timeframe.Window(end)).remainingPercent)
	}
	if now.remaining != nil {
		if now.remaining.Sign() > 0 {
			now.exhaustedAt = naiveEnd(o, e, cells, window)
		} else {
			now.exhaustedAt = naiveEnded(cells, window, now.allowed)
		}
	}
	return now
}

func naiveCells(e slo.Events, corrected func(start int64) bool) []naiveBucket {
	var cells []naiveBucket
	for _, run := range e.Runs {
		for i := range run.Valid {
			start := run.Start + int64(i)*run.Step
			c := naiveBucket{start: start, end: start + run.Step, good: new(big.Rat), valid: new(big.Rat)}
			if !timeseries.IsMissing(run.Good[i]) {
				c.good.SetFloat64(run.Good[i])
			}
			if !timeseries.IsMissing(run.Valid[i]) {
				c.valid.SetFloat64(run.Valid[i])
				c.denominator = true
			}
			if c.corrected = corrected(start); c.corrected {
				c.good, c.valid = new(big.Rat), new(big.Rat)
			}
			c.bad = new(big.Rat).Sub(c.valid, c.good)
			cells = append(cells, c)
		}
	}
	return cells
}

func naiveInside(cells []naiveBucket, from, to int64) []naiveBucket {
	return slices.DeleteFunc(slices.Clone(cells), func(c naiveBucket) bool { return c.start < from || c.end > to })
}

// naiveKnows is whether all of [from, to) was asked for.
func naiveKnows(e slo.Events, from, to int64) bool { return e.Known.Start <= from && to <= e.Known.End }

func naiveTotal(cells []naiveBucket, of func(naiveBucket) *big.Rat) *big.Rat {
	total := new(big.Rat)
	for _, c := range cells {
		total.Add(total, of(c))
	}
	return total
}

func naiveGood(c naiveBucket) *big.Rat  { return c.good }
func naiveValid(c naiveBucket) *big.Rat { return c.valid }
func naiveBad(c naiveBucket) *big.Rat   { return c.bad }

// naiveShare is the share that may fail, 0 to 1.
func naiveShare(t slo.Target) *big.Rat {
	percent, ok := new(big.Rat).SetString(t.String())
	if !ok {
		panic("a target that is not a decimal: " + t.String())
	}
	left := new(big.Rat).Sub(big.NewRat(100, 1), percent)
	return left.Quo(left, big.NewRat(100, 1))
}

func naiveTimes(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func naivePercent(part, whole *big.Rat) *big.Rat {
	p := new(big.Rat).Quo(part, whole)
	return p.Mul(p, big.NewRat(100, 1))
}

// naiveWindow is what can be said of one window without looking at any other.
func naiveWindow(o slo.Objective, e slo.Events, cells []naiveBucket, window timeseries.Span) naiveAnswer {
	a := naiveAnswer{state: slo.NoData}
	if !naiveKnows(e, window.Start, window.End) {
		return a
	}
	in := naiveInside(cells, window.Start, window.End)
	a.coverage = naiveCoverage(in, window)
	if !slices.ContainsFunc(in, func(c naiveBucket) bool { return c.denominator && !c.corrected }) {
		return a
	}
	a.good, a.valid = naiveTotal(in, naiveGood), naiveTotal(in, naiveValid)
	if a.valid.Sign() == 0 {
		return a
	}
	a.attainment = naivePercent(a.good, a.valid)
	a.state = naiveState(o, a.attainment)
	if o.Target == slo.Hundred {
		return a
	}
	a.allowed = naiveTimes(a.valid, naiveShare(o.Target))
	a.consumed = naiveTotal(in, naiveBad)
	a.remaining = new(big.Rat).Sub(a.allowed, a.consumed)
	a.remainingPercent = naivePercent(a.remaining, a.allowed)
	return a
}

func naiveState(o slo.Objective, attainment *big.Rat) slo.State {
	target, _ := new(big.Rat).SetString(o.Target.String())
	warning, _ := new(big.Rat).SetString(o.Warning.String())
	switch {
	case attainment.Cmp(target) < 0:
		return slo.Breached
	case o.Warning != 0 && attainment.Cmp(warning) < 0:
		return slo.Warning
	}
	return slo.OK
}

// naiveCoverage looks at every hour of the clock for a point of the
// denominator; the first and the last count for as much as lies in the window.
func naiveCoverage(in []naiveBucket, window timeseries.Span) *big.Rat {
	with, all := int64(0), int64(0)
	for hour := window.Start - window.Start%3600; hour < window.End; hour += 3600 {
		seconds := min(hour+3600, window.End) - max(hour, window.Start)
		all += seconds
		if slices.ContainsFunc(in, func(c naiveBucket) bool {
			return c.denominator && c.start < hour+3600 && c.end > hour
		}) {
			with += seconds
		}
	}
	return big.NewRat(with, all)
}

func naiveBurn(o slo.Objective, e slo.Events, cells []naiveBucket, from, to int64) *big.Rat {
	in := naiveInside(cells, from, to)
	valid := naiveTotal(in, naiveValid)
	if !naiveKnows(e, from, to) || valid.Sign() == 0 {
		return nil
	}
	rate := new(big.Rat).Quo(naiveTotal(in, naiveBad), valid)
	return rate.Quo(rate, naiveShare(o.Target))
}

func naiveCompare(o slo.Objective, e slo.Events, cells []naiveBucket, now naiveAnswer, q slo.Question) *naivePrevious {
	w := int64(o.Timeframe)
	then := naiveWindow(o, e, cells, o.Timeframe.Window(q.Since))
	p := &naivePrevious{attainment: then.attainment, remainingPercent: then.remainingPercent}
	if now.allowed == nil {
		return p
	}
	if naiveKnows(e, q.Since, q.To) {
		p.spent = naivePercent(naiveTotal(naiveInside(cells, q.Since, q.To), naiveBad), now.allowed)
	}
	if naiveKnows(e, q.Since-w, q.To-w) {
		p.agedOut = naivePercent(naiveTotal(naiveInside(cells, q.Since-w, q.To-w), naiveBad), now.allowed)
	}
	return p
}

// naiveEnded is the first instant of the window at which the bad events, added
// up from its start, reach the allowance.
func naiveEnded(cells []naiveBucket, window timeseries.Span, allowed *big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, c := range naiveInside(cells, window.Start, window.End) {
		after := new(big.Rat).Add(sum, c.bad)
		if after.Cmp(allowed) >= 0 {
			part := new(big.Rat).Sub(allowed, sum)
			part.Quo(part, c.bad)
			part.Mul(part, big.NewRat(c.end-c.start, 1))
			return part.Add(part, big.NewRat(c.start, 1))
		}
		sum = after
	}
	return nil
}

// naiveEnd looks one window length ahead. x seconds from now the window holds
// what is left of today's bad events, each hour losing its own evenly, and x
// seconds of new ones: the error rate of the last day at the mean traffic of
// today's window. The budget ends at the first x at which today's allowance is used up.
func naiveEnd(o slo.Objective, e slo.Events, cells []naiveBucket, window timeseries.Span) *big.Rat {
	share := naiveShare(o.Target)
	to := window.End
	paceOf := int64(86_400)
	if naiveTotal(naiveInside(cells, to-paceOf, to), naiveValid).Sign() == 0 {
		paceOf *= 3
	}
	recent := naiveInside(cells, to-paceOf, to)
	if !naiveKnows(e, to-paceOf, to) || naiveTotal(recent, naiveValid).Sign() == 0 {
		return nil
	}
	in := naiveInside(cells, window.Start, window.End)
	pace := new(big.Rat).Quo(naiveTotal(recent, naiveBad), naiveTotal(recent, naiveValid))
	pace.Mul(pace, naiveTotal(in, naiveValid))
	pace.Quo(pace, big.NewRat(int64(o.Timeframe), 1))

	// remaining(x) is a straight line between two edges of buckets.
	remaining, at := naiveTimes(naiveTotal(in, naiveValid), share), window.Start
	remaining.Sub(remaining, naiveTotal(in, naiveBad))
	walk := func(until int64, ageing *big.Rat) *big.Rat {
		seconds := big.NewRat(until-at, 1)
		slope := new(big.Rat).Sub(ageing, pace)
		after := naiveTimes(slope, seconds)
		after.Add(after, remaining)
		if after.Sign() <= 0 {
			x := new(big.Rat).Quo(remaining, new(big.Rat).Neg(slope))
			return x.Add(x, big.NewRat(at+int64(o.Timeframe), 1))
		}
		remaining, at = after, until
		return nil
	}
	for _, c := range naiveHours(in) {
		if c.start > at {
			if end := walk(c.start, new(big.Rat)); end != nil {
				return end
			}
		}
		ageing := new(big.Rat).Quo(c.bad, big.NewRat(c.end-c.start, 1))
		if end := walk(c.end, ageing); end != nil {
			return end
		}
	}
	if at < to {
		return walk(to, new(big.Rat))
	}
	return nil
}

// naiveHours joins the cells of each hour of the clock, within which bad events
// count as spread evenly.
func naiveHours(in []naiveBucket) []naiveBucket {
	var hours []naiveBucket
	for _, c := range in {
		if n := len(hours); n > 0 && hours[n-1].end == c.start && hours[n-1].start/3600 == c.start/3600 {
			h := &hours[n-1]
			h.end, h.bad = c.end, new(big.Rat).Add(h.bad, c.bad)
			continue
		}
		hours = append(hours, naiveBucket{start: c.start, end: c.end, bad: c.bad})
	}
	return hours
}
