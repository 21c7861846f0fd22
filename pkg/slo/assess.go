package slo

import (
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
	// Coverage is the share, 0 to 1, of the window's hours with a point of the denominator.
	Coverage Figure
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
	Notes       []Note
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
	cuts := Cuts(o.Timeframe, q)
	if err := e.check(cuts); err != nil {
		return Assessment{}, err
	}
	sums := tabulate(e, cuts)
	if err := sums.checkRange(); err != nil {
		return Assessment{}, err
	}
	window := o.Timeframe.Window(q.To)
	a := Assessment{Objective: o, Window: window, State: NoData, Trend: trend(o, sums, q)}

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
	}
	a.Notes = remarks(now)
	return a, nil
}

// standing is the attainment and the state of a sum.
func standing(o Objective, t tally) (Figure, State) {
	valid := t.valid.Value()
	if valid <= 0 {
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

// remarks are the notes that follow from the sums alone.
func remarks(t tally) []Note {
	good, valid := t.good.Value(), t.valid.Value()
	switch {
	case valid < 0:
		return []Note{{Code: "negative_total", Text: "the total of the denominator is negative; no attainment follows from it"}}
	case !t.points && good != 0:
		return []Note{{Code: "good_without_total", Text: "there are good events and not one point of the denominator"}}
	case t.points && valid == 0:
		return []Note{{Code: "zero_traffic", Text: "the denominator is zero over the whole window"}}
	case good > valid:
		return []Note{{Code: "good_exceeds_total", Text: "more good than total events: the two queries do not count the same thing, so attainment is above 100"}}
	}
	return nil
}
