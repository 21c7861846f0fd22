package slo

import "github.com/slo-cli/slo/pkg/timeseries"

// Expense is what a part of time took of the error budget.
type Expense struct {
	Span timeseries.Span
	// Bad and Valid are the events of the stretch, with status corrections
	// applied; unknown where the evidence does not reach over all of it.
	Bad, Valid Figure
	// Percent is Bad in percent of the whole budget of today's window, whether or
	// not the stretch lies in it; unknown without a budget.
	Percent Figure
}

// stretches are the parts that can be asked about, as the question has them.
func (q Question) stretches() []timeseries.Span {
	var sound []timeseries.Span
	for _, s := range q.Stretches {
		if q.sound(s) {
			sound = append(sound, s)
		}
	}
	return sound
}

// sound reports whether a stretch begins and ends where buckets do, before the end.
func (q Question) sound(s timeseries.Span) bool {
	return !s.Empty() && s.End <= q.To && timeseries.Floor(s.Start, BucketSeconds) == s.Start && timeseries.Floor(s.End, BucketSeconds) == s.End
}

// stretches answers Question.Stretches, one for one.
func (s sheet) stretches(q Question, today *Budget) []Expense {
	var all []Expense
	for _, span := range q.Stretches {
		answer := Expense{Span: span}
		if sum, known := s.over(span); known && q.sound(span) {
			answer.Bad, answer.Valid = Known(sum.bad()), Known(sum.valid.Value())
			if today != nil {
				answer.Percent = Known(100 * sum.bad() / today.Allowed)
			}
		}
		all = append(all, answer)
	}
	return all
}
