package slo

import "github.com/slo-cli/slo/pkg/timeseries"

// Recent is the last stretch of a window in steps of [BucketSeconds], with
// status corrections applied: enough to reckon burn rates over any part of it.
type Recent struct {
	span  timeseries.Span
	cells []tally
}

// recent is the last stretch of the sheet, as far back as it is known; nil
// where nobody asks, or where nothing before the end is known.
func (s sheet) recent(q Question) *Recent {
	r := Recent{span: q.recent()}
	if early := s.known.Start - r.span.Start; early > 0 {
		r.span.Start += timeseries.Ceil(early, BucketSeconds)
	}
	if r.span.Empty() || !s.known.Covers(r.span) {
		return nil
	}
	for t := r.span.Start; t < r.span.End; t += BucketSeconds {
		cell, _ := s.over(timeseries.Span{Start: t, End: t + BucketSeconds})
		r.cells = append(r.cells, cell)
	}
	return &r
}

// Span is the stretch that is known: shorter than the question's where what
// was observed does not reach back so far.
func (r *Recent) Span() timeseries.Span {
	if r == nil {
		return timeseries.Span{}
	}
	return r.span
}

// BurnRate is the burn rate over a part of the stretch that begins and ends a
// multiple of [BucketSeconds] before its end. It is unknown outside of the
// stretch, where there was no traffic, and for a target of 100.
func (r *Recent) BurnRate(t Target, over timeseries.Span) Figure {
	sum, known := r.over(over)
	if !known {
		return Figure{}
	}
	return burnRate(t, sum)
}

// Counts are the good and valid events of such a part; unknown outside of the
// stretch, and 0 where it had no point.
func (r *Recent) Counts(over timeseries.Span) (good, valid Figure) {
	sum, known := r.over(over)
	if !known {
		return Figure{}, Figure{}
	}
	return Known(sum.good.Value()), Known(sum.valid.Value())
}

// Excess is by how much there were more good than valid events in the buckets of
// such a part in which there were, added up.
func (r *Recent) Excess(over timeseries.Span) float64 {
	if _, known := r.over(over); !known {
		return 0
	}
	var excess timeseries.Sum
	for _, cell := range r.cells[(over.Start-r.span.Start)/BucketSeconds : (over.End-r.span.Start)/BucketSeconds] {
		excess.Add(max(0, cell.good.Minus(cell.valid)))
	}
	return excess.Value()
}

// excess is by how much there were more good than valid events in the buckets
// of the window in which there were, added up.
func (e Events) excess(window timeseries.Span) float64 {
	var excess timeseries.Sum
	for _, r := range e.Runs {
		lo, hi := r.indices(window)
		for i := lo; i < hi; i++ {
			if more := present(r.Good[i]) - present(r.Valid[i]); more > 0 && !e.excluded(r.Start+int64(i)*r.Step) {
				excess.Add(more)
			}
		}
	}
	return excess.Value()
}

func (r *Recent) over(part timeseries.Span) (sum tally, known bool) {
	if r == nil || part.Empty() || !r.span.Covers(part) ||
		(part.Start-r.span.Start)%BucketSeconds != 0 || (part.End-r.span.Start)%BucketSeconds != 0 {
		return tally{}, false
	}
	for _, cell := range r.cells[(part.Start-r.span.Start)/BucketSeconds : (part.End-r.span.Start)/BucketSeconds] {
		sum.add(cell)
	}
	return sum, true
}
