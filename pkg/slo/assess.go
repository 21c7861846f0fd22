package slo

import (
	"cmp"
	"math"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// State is how an objective stands.
type State string

// The states, in the order in which a reader looks at them.
const (
	Breached State = "breached"
	NoData   State = "no_data"
	Warning  State = "warning"
	OK       State = "ok"
)

// Assessment is the answer for one window of one objective, or of one of its groups.
type Assessment struct {
	Objective Objective
	Window    timeseries.Span
	State     State
	// Attainment is 100 · good ÷ valid in percent, neither rounded nor clamped.
	Attainment Figure
	// Good and Valid are sums over the window; unknown where not a single point of the denominator came in.
	Good, Valid Figure
	// Coverage is the share, 0 to 1, of the window's hours with a point of the
	// denominator; where seconds are counted, of its seconds in which there was data.
	Coverage Figure
	// Unit is what Good, Valid and Budget count.
	Unit Unit
	// Corrections are the status corrections that lie in the window, clipped to it.
	Corrections []Occurrence
	// Budget is nil without data and for a target of 100.
	Budget *Budget
	// BurnRates belong to Lookbacks; a rate is unknown where there was no traffic.
	BurnRates [len(Lookbacks)]Figure
	// Previous is nil when the question did not ask.
	Previous *Previous
	// Trend is the remaining budget in percent at the end of each of the last days, oldest first.
	Trend []Figure
	// ExhaustedAt is the Unix second at which the budget ends or ended; 0 when
	// that is not within one window length.
	ExhaustedAt int64
	// Recent are the events since Question.Recent seconds before To, with status
	// corrections applied, as far back as they are known; nil when the question did not ask.
	Recent *Recent
	// Excess is by how much there were more good than valid events in those
	// buckets in which there were, added up: events that cancel as many bad ones in
	// Consumed, and need not be there at all. It is 0 where Recent was not asked for.
	Excess float64
	// Newest is the bucket of the window in which the newest point of the
	// denominator lies, corrected away or not; for seconds the last stretch of at
	// most [BucketSeconds] with data. Empty when there is none.
	Newest timeseries.Span
	// Crossings belong to Question.Levels and then Question.Attainments; nil without a budget.
	Crossings []Crossing
	// Stretches belong to Question.Stretches.
	Stretches []Expense
	Notes     []Note
}

// Previous is how the same objective stood at an earlier instant, and what moved since.
type Previous struct {
	At               int64
	Attainment       Figure
	RemainingPercent Figure
	// Spent is what was bad since then, AgedOut what has left the window since
	// then (also what came and left in between), both in percent of today's allowance.
	Spent, AgedOut Figure
}

// Assess answers the question for one objective from what was observed.
//
// It returns an error only when the evidence cannot be summed at the
// question's cuts ([CoarseError]), is not in order, or is not finite; everything else is a state, an unknown figure, or a note.
func Assess(o Objective, e Events, q Question) (Assessment, error) {
	cuts := e.edges(Cuts(o.Timeframe, q))
	if err := e.check(cuts); err != nil {
		return Assessment{}, err
	}
	sums := tabulate(e, cuts)
	if err := sums.checkRange(); err != nil {
		return Assessment{}, err
	}
	window := o.Timeframe.Window(q.To)
	a := Assessment{Objective: o, Window: window, Unit: cmp.Or(e.Unit, Requests), State: NoData, Trend: trend(o, sums, q)}

	now, known := sums.over(window)
	if known {
		a.Coverage = Known(e.coverage(window))
	}
	if now.points {
		a.Good, a.Valid = Known(now.good.Value()), Known(now.valid.Value())
	}
	a.Attainment, a.State = standing(o, now)
	a.Budget = budgetOf(o.Target, now)
	a.Previous = previous(o, sums, q, a.Budget)
	for i, w := range Lookbacks {
		t, _ := sums.over(timeseries.Span{Start: q.To - w, End: q.To})
		a.BurnRates[i] = burnRate(o.Target, t)
	}
	if a.Budget != nil {
		a.ExhaustedAt = exhaustion(o, e, sums, q.To)
		a.Crossings = crossings(o, e, sums, q)
	}
	a.Stretches = sums.stretches(q, a.Budget)
	a.Recent, a.Newest = sums.recent(q), e.newest(window)
	if a.Recent != nil {
		a.Excess = e.excess(window)
	}
	a.Notes = remarks(now, a.Unit)
	return a, nil
}

// Decimals is how many decimals the attainment is shown with: one more than the
// target has, four at most. Where seconds are counted that is at least
// Datadog's two, or three over more than 30 days; where requests are, no more
// than their number can carry (Datadog's rules for each kind).
func (a Assessment) Decimals() int {
	decimals := min(4, a.Objective.Target.Decimals()+1)
	if a.Unit == Seconds {
		least := 2
		if a.Objective.Timeframe > ThirtyDays {
			least = 3
		}
		return max(decimals, least)
	}
	if total, ok := a.Valid.Value(); ok && total >= 1 {
		decimals = min(decimals, max(0, int(math.Floor(math.Log10(total)))))
	}
	return decimals
}

// ReadsLike reports whether both read the same where they are shown: the
// attainment with its decimals, the remaining budget with one, both rounded down.
func (a Assessment) ReadsLike(b Assessment) bool {
	scale := math.Pow10(a.Decimals())
	same := func(x, y Figure, scale float64) bool {
		v, known := x.Value()
		w, also := y.Value()
		return known == also && math.Floor(v*scale+1e-9) == math.Floor(w*scale+1e-9)
	}
	remaining := func(a Assessment) Figure {
		if a.Budget == nil {
			return Figure{}
		}
		return Known(a.Budget.RemainingPercent)
	}
	return a.State == b.State && same(a.Attainment, b.Attainment, scale) && same(remaining(a), remaining(b), 10)
}

// standing is the attainment and the state of a sum.
func standing(o Objective, t tally) (Figure, State) {
	valid := t.valid.Value()
	if valid <= 0 || !t.points {
		return Figure{}, NoData
	}
	attainment := Known(100 * t.good.Value() / valid)
	switch {
	case !within(o.Target, t.bad(), valid):
		return attainment, Breached
	case o.Warning != 0 && !within(o.Warning, t.bad(), valid):
		return attainment, Warning
	}
	return attainment, OK
}

func previous(o Objective, s sheet, q Question, today *Budget) *Previous {
	if q.Since == 0 {
		return nil
	}
	p := &Previous{At: q.Since}
	if then, known := s.over(o.Timeframe.Window(q.Since)); known {
		p.Attainment, _ = standing(o, then)
		p.RemainingPercent = remainingPercent(o.Target, then)
	}
	if today == nil {
		return p
	}
	if t, ok := s.over(timeseries.Span{Start: q.Since, End: q.To}); ok {
		p.Spent = Known(100 * t.bad() / today.Allowed)
	}
	if t, ok := s.over(timeseries.Span{
		Start: o.Timeframe.Window(q.Since).Start, End: o.Timeframe.Window(q.To).Start,
	}); ok {
		p.AgedOut = Known(100 * t.bad() / today.Allowed)
	}
	return p
}

func trend(o Objective, s sheet, q Question) []Figure {
	figures := make([]Figure, max(0, q.TrendDays))
	for i := range figures {
		end := q.To - int64(q.TrendDays-1-i)*int64(Day)
		if t, ok := s.over(o.Timeframe.Window(end)); ok {
			figures[i] = remainingPercent(o.Target, t)
		}
	}
	return figures
}

// remarks are the notes that follow from the sums alone. Where seconds are
// counted, time that is up by policy needs no observation.
func remarks(t tally, u Unit) []Note {
	good, valid := t.good.Value(), t.valid.Value()
	switch {
	case valid < 0:
		return []Note{{Code: "negative_total", Text: "the total of the denominator is negative; no attainment follows from it"}}
	case !t.points && good != 0 && u == Requests:
		return []Note{{Code: "good_without_total", Text: "there are good events and not one point of the denominator"}}
	case t.points && valid == 0:
		return []Note{{Code: "zero_traffic", Text: "the denominator is zero over the whole window"}}
	case good > valid:
		return []Note{{Code: "good_exceeds_total", Text: "more good than total events: the two queries do not count the same thing, so attainment is above 100"}}
	}
	return nil
}
