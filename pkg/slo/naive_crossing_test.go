package slo_test

import (
	"math/big"
	"strconv"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// naiveBound is how many may be bad, and whether as many are too many already.
type naiveBound struct {
	limit     *big.Rat
	exclusive bool
}

func (b naiveBound) lost(bad *big.Rat) bool {
	c := bad.Cmp(b.limit)
	return c > 0 || b.exclusive && c == 0
}

// naiveBounds are those of the question's levels, then of its attainments, as
// the decimals that they were written with.
func naiveBounds(o slo.Objective, q slo.Question, valid *big.Rat) []naiveBound {
	var bounds []naiveBound
	spare := func(percent float64) *big.Rat {
		r, _ := new(big.Rat).SetString(strconv.FormatFloat(percent, 'f', -1, 64))
		r.Sub(big.NewRat(100, 1), r)
		return r.Quo(r, big.NewRat(100, 1))
	}
	for _, level := range q.Levels {
		bounds = append(bounds, naiveBound{naiveTimes(naiveTimes(valid, naiveShare(o.Target)), spare(level)), true})
	}
	for _, attainment := range q.Attainments {
		bounds = append(bounds, naiveBound{naiveTimes(valid, spare(attainment)), false})
	}
	return bounds
}

// naiveFell is the first bucket with which the bound is lost; of seconds the second.
func naiveFell(cells []naiveBucket, b naiveBound, seconds bool) timeseries.Span {
	sum := new(big.Rat)
	for _, c := range cells {
		after := new(big.Rat).Add(sum, c.bad)
		if !b.lost(after) {
			sum = after
			continue
		}
		if !seconds {
			return timeseries.Span{Start: c.start, End: c.end}
		}
		for at := c.start; ; at++ {
			if sum.Add(sum, big.NewRat(1, 1)); b.lost(sum) {
				return timeseries.Span{Start: at, End: at + 1}
			}
		}
	}
	return timeseries.Span{}
}

// naiveRegained is how many seconds from the end of a window on the bound holds again, while
// the bad ones of each cell leave it evenly and others come in; 0 for not within its length.
func naiveRegained(cells []naiveBucket, window timeseries.Span, b naiveBound, incoming *big.Rat) int64 {
	excess, at := new(big.Rat).Sub(naiveTotal(cells, naiveBad), b.limit), window.Start
	walk := func(until int64, ageing *big.Rat) int64 {
		slope := new(big.Rat).Sub(incoming, ageing)
		after := naiveTimes(slope, big.NewRat(until-at, 1))
		after.Add(after, excess)
		if after.Sign() > 0 || b.exclusive && after.Sign() == 0 {
			excess, at = after, until
			return 0
		}
		x := new(big.Rat).Quo(excess, slope.Neg(slope))
		whole := new(big.Int).Quo(x.Num(), x.Denom()).Int64()
		if b.exclusive || !x.IsInt() {
			whole++
		}
		return at - window.Start + whole
	}
	for _, c := range cells {
		if c.start > at {
			if x := walk(c.start, new(big.Rat)); x != 0 {
				return x
			}
		}
		if x := walk(c.end, new(big.Rat).Quo(c.bad, big.NewRat(c.end-c.start, 1))); x != 0 {
			return x
		}
	}
	if at < window.End {
		return walk(window.End, new(big.Rat))
	}
	return 0
}

// naivePace is how many bad ones come in a second: the share of the last day,
// or of the last three, of the mean traffic of the window; nil when there is none.
func naivePace(known timeseries.Span, cells []naiveBucket, window timeseries.Span) *big.Rat {
	for _, length := range []int64{86_400, 259_200} {
		in := naiveInside(cells, window.End-length, window.End)
		valid := naiveTotal(in, naiveValid)
		happened := false
		for _, c := range in {
			happened = happened || c.denominator && !c.corrected || c.bad.Sign() > 0
		}
		if !known.Covers(timeseries.Span{Start: window.End - length, End: window.End}) || !happened || valid.Sign() <= 0 {
			continue
		}
		pace := naiveTimes(naiveTotal(in, naiveBad), naiveTotal(naiveInside(cells, window.Start, window.End), naiveValid))
		pace.Quo(pace, valid)
		pace.Quo(pace, big.NewRat(window.Seconds(), 1))
		if pace.Sign() < 0 {
			return new(big.Rat)
		}
		return pace
	}
	return nil
}

// naiveStretches are the seconds of a clock that are alike and follow one
// another; none goes over one of the cuts.
func naiveStretches(c naiveClock, cuts []int64) []naiveBucket {
	cut := map[int64]bool{}
	for _, at := range cuts {
		cut[at] = true
	}
	var cells []naiveBucket
	for i, s := range c.seconds {
		at := c.known.Start + int64(i)
		if i == 0 || s != c.seconds[i-1] || cut[at] {
			cells = append(cells, naiveBucket{start: at, good: new(big.Rat), valid: new(big.Rat), denominator: s.observed && s.counted})
		}
		cells[len(cells)-1].end = at + 1
	}
	for i := range cells {
		k := &cells[i]
		s := c.seconds[k.start-c.known.Start]
		if s.counted {
			k.valid.SetInt64(k.end - k.start)
		}
		if s.counted && s.up {
			k.good.SetInt64(k.end - k.start)
		}
		k.bad = new(big.Rat).Sub(k.valid, k.good)
	}
	return cells
}
