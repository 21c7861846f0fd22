package slo_test

import (
	"math/big"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// This file looks at every second by itself: what state a monitor was in, what
// value its slice had, whether a correction holds it. Like the rest of the second
// implementation it follows the contract and shares only the types of the input.

// naiveSecond is how one second counts.
type naiveSecond struct{ counted, up, observed bool }

// naiveClock holds every second of what is known.
type naiveClock struct {
	known   timeseries.Span
	seconds []naiveSecond
}

func naiveEvery(known timeseries.Span, at func(second int64) naiveSecond) naiveClock {
	c := naiveClock{known: known, seconds: make([]naiveSecond, known.Seconds())}
	for i := range c.seconds {
		c.seconds[i] = at(known.Start + int64(i))
	}
	return c
}

// naiveMonitor: the last transition at or before a second says its state.
func naiveMonitor(transitions []slo.Transition, silence slo.SilencePolicy, known timeseries.Span) naiveClock {
	last := -1
	return naiveEvery(known, func(second int64) naiveSecond {
		for last+1 < len(transitions) && transitions[last+1].At <= second {
			last++
		}
		if last < 0 {
			return naiveSecond{}
		}
		switch state := transitions[last].State; {
		case state != slo.Silent:
			return naiveSecond{counted: true, up: state == slo.Up, observed: true}
		case silence == slo.SilenceRemoved:
			return naiveSecond{}
		case silence == slo.SilenceCarried:
			for i := last; i >= 0; i-- {
				if transitions[i].State != slo.Silent {
					return naiveSecond{counted: true, up: transitions[i].State == slo.Up}
				}
			}
			return naiveSecond{} // nobody knows what is carried on
		}
		return naiveSecond{counted: true, up: silence == slo.SilenceUp}
	})
}

// naiveSlices: a second is as good as its slice.
func naiveSlices(s slo.Slices, c slo.Comparison, silence slo.SilencePolicy, known timeseries.Span) naiveClock {
	slices := make([]naiveSecond, len(s.Value))
	for i, v := range s.Value {
		up := map[string]bool{"<": v < c.Threshold, "<=": v <= c.Threshold, ">": v > c.Threshold, ">=": v >= c.Threshold}[c.Comparator]
		if timeseries.IsMissing(v) {
			if up = silence == slo.SilenceUp; silence == slo.SilenceRemoved {
				continue
			}
		}
		slices[i] = naiveSecond{counted: true, up: up, observed: s.Observed[i]}
	}
	return naiveEvery(known, func(second int64) naiveSecond { return slices[(second-s.Start)/s.Step] })
}

// naiveTogether: all must be up that count; what is known of all of them.
func naiveTogether(tracks []naiveClock) naiveClock {
	if len(tracks) == 1 {
		return tracks[0]
	}
	return naiveEvery(tracks[0].known, func(second int64) naiveSecond {
		all := naiveSecond{up: true}
		for _, t := range tracks {
			s := t.seconds[second-t.known.Start]
			all.counted = all.counted || s.counted
			all.up = all.up && (s.up || !s.counted)
			all.observed = all.observed || s.observed
		}
		return all
	})
}

// naiveRemoved: corrected time of a monitor does not count. That it had data is no secret.
func naiveRemoved(c naiveClock, occurrences []slo.Occurrence) naiveClock {
	return naiveEvery(c.known, func(second int64) naiveSecond {
		s := c.seconds[second-c.known.Start]
		s.counted = s.counted && !naiveTakenOut(occurrences, second)
		return s
	})
}

// naiveExcused: corrected slices are up.
func naiveExcused(c naiveClock, step int64, occurrences []slo.Occurrence, rule slo.EdgeRule) naiveClock {
	slice, corrected := int64(-1), false
	return naiveEvery(c.known, func(second int64) naiveSecond {
		if start := second - second%step; start != slice {
			slice, corrected = start, naiveCorrected(occurrences, start, start+step, rule)
		}
		s := c.seconds[second-c.known.Start]
		s.up = s.up || corrected
		return s
	})
}

// naiveCount is what a stretch adds up to.
type naiveCount struct{ good, valid, observed, countedAndObserved int64 }

// naiveLedger adds up from the first second to each.
type naiveLedger struct {
	known timeseries.Span
	until []naiveCount
}

func (c naiveClock) ledger() naiveLedger {
	l := naiveLedger{known: c.known, until: make([]naiveCount, len(c.seconds)+1)}
	for i, s := range c.seconds {
		n := l.until[i]
		if s.counted {
			n.valid++
			if s.up {
				n.good++
			}
			if s.observed {
				n.countedAndObserved++
			}
		}
		if s.observed {
			n.observed++
		}
		l.until[i+1] = n
	}
	return l
}

func (l naiveLedger) knows(from, to int64) bool { return l.known.Start <= from && to <= l.known.End }

func (l naiveLedger) count(from, to int64) naiveCount {
	a, b := l.until[from-l.known.Start], l.until[to-l.known.Start]
	return naiveCount{b.good - a.good, b.valid - a.valid, b.observed - a.observed, b.countedAndObserved - a.countedAndObserved}
}

func (n naiveCount) bad() int64 { return n.valid - n.good }

// naiveTime answers everything for a time-based objective.
func naiveTime(o slo.Objective, c naiveClock, q slo.Question) naiveAnswer {
	l, w := c.ledger(), int64(o.Timeframe)
	now := naiveTimeWindow(o, l, q.To)
	now.burn = map[int64]*big.Rat{}
	for _, seconds := range []int64{3600, 21_600, 86_400, 259_200} {
		if o.Target == slo.Hundred || !l.knows(q.To-seconds, q.To) {
			continue
		}
		if n := l.count(q.To-seconds, q.To); n.countedAndObserved > 0 || n.bad() > 0 {
			rate := big.NewRat(n.bad(), n.valid)
			now.burn[seconds] = rate.Quo(rate, naiveShare(o.Target))
		}
	}
	if q.Since != 0 {
		then := naiveTimeWindow(o, l, q.Since)
		now.previous = &naivePrevious{attainment: then.attainment, remainingPercent: then.remainingPercent}
		if now.allowed != nil && l.knows(q.Since, q.To) {
			now.previous.spent = naivePercent(big.NewRat(l.count(q.Since, q.To).bad(), 1), now.allowed)
		}
		if now.allowed != nil && l.knows(q.Since-w, q.To-w) {
			now.previous.agedOut = naivePercent(big.NewRat(l.count(q.Since-w, q.To-w).bad(), 1), now.allowed)
		}
	}
	for i := range q.TrendDays {
		now.trend = append(now.trend, naiveTimeWindow(o, l, q.To-int64(q.TrendDays-1-i)*86_400).remainingPercent)
	}
	if now.remaining != nil {
		if now.remaining.Sign() > 0 {
			now.exhaustedAt = naiveTimeEnd(o, l, q.To, now.allowed)
		} else {
			now.exhaustedAt = naiveTimeEnded(l, q.To-w, now.allowed)
		}
	}
	return now
}

func naiveTimeWindow(o slo.Objective, l naiveLedger, to int64) naiveAnswer {
	a, from := naiveAnswer{state: slo.NoData}, to-int64(o.Timeframe)
	if !l.knows(from, to) {
		return a
	}
	n := l.count(from, to)
	a.coverage = big.NewRat(n.observed, to-from)
	if n.countedAndObserved == 0 {
		return a
	}
	a.good, a.valid = big.NewRat(n.good, 1), big.NewRat(n.valid, 1)
	a.attainment = naivePercent(a.good, a.valid)
	a.state = naiveState(o, a.attainment)
	if o.Target != slo.Hundred {
		a.allowed = naiveTimes(a.valid, naiveShare(o.Target))
		a.consumed = big.NewRat(n.bad(), 1)
		a.remaining = new(big.Rat).Sub(a.allowed, a.consumed)
		a.remainingPercent = naivePercent(a.remaining, a.allowed)
	}
	return a
}

// naiveTimeEnded is the instant at which the bad seconds from a start reach the allowance.
func naiveTimeEnded(l naiveLedger, from int64, allowed *big.Rat) *big.Rat {
	for second := from; second < l.known.End; second++ {
		before := l.count(from, second).bad()
		if after := l.count(from, second+1).bad(); after == before || big.NewRat(after, 1).Cmp(allowed) < 0 {
			continue
		}
		at := new(big.Rat).Sub(allowed, big.NewRat(before, 1))
		return at.Add(at, big.NewRat(second, 1))
	}
	return nil
}

// naiveTimeEnd is the first second from now on at which nothing is left: bad
// seconds come in at the pace of the last day and leave when the window does.
func naiveTimeEnd(o slo.Objective, l naiveLedger, to int64, allowed *big.Rat) *big.Rat {
	w := int64(o.Timeframe)
	for _, day := range []int64{86_400, 259_200} {
		if !l.knows(to-day, to) || l.count(to-day, to).countedAndObserved == 0 && l.count(to-day, to).bad() == 0 {
			continue
		}
		recent, now := l.count(to-day, to), l.count(to-w, to)
		pace := naiveTimes(big.NewRat(recent.bad(), recent.valid), big.NewRat(now.valid, w))
		paceFloat, allowedFloat := float(pace), float(allowed)
		for x := int64(1); x <= w; x++ {
			still := l.count(to-w+x, to).bad()
			// Fractions are slow; they are only asked where it is close.
			if allowedFloat-float64(still)-paceFloat*float64(x) > 1e-3 {
				continue
			}
			left := new(big.Rat).Sub(allowed, big.NewRat(still, 1))
			if left.Sub(left, naiveTimes(pace, big.NewRat(x, 1))).Sign() <= 0 {
				return big.NewRat(to+x, 1)
			}
		}
		return nil
	}
	return nil
}
