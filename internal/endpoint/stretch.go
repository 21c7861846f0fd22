package endpoint

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	fine = 300
	hour = 3600
	day  = 86_400
	// mostCells is how many values of groups are asked for in the widest buckets that are needed.
	mostCells = 4 << 20
	// fineDays is how many days are asked for in the finest buckets throughout.
	fineDays = 4
)

// piece is a part of a stretch at one step. The pieces of a stretch cover it
// exactly: no bucket lies across one of its ends.
type piece struct {
	span timeseries.Span
	step int64
}

// cut divides a stretch into pieces: as much of it as can be in buckets of the
// widest step, and the ends in finer ones.
func cut(span timeseries.Span, widest int64) []piece {
	step := int64(fine)
	switch {
	case widest >= day:
		step = day
	case widest >= hour:
		step = hour
	}
	return cutAt(span, step)
}

func cutAt(span timeseries.Span, step int64) []piece {
	if span.Empty() {
		return nil
	}
	if step == fine {
		return []piece{{span, fine}}
	}
	finer := int64(fine)
	if step == day {
		finer = hour
	}
	middle := timeseries.Span{Start: timeseries.Ceil(span.Start, step), End: timeseries.Floor(span.End, step)}
	if middle.Empty() {
		return cutAt(span, finer)
	}
	all := cutAt(timeseries.Span{Start: span.Start, End: middle.Start}, finer)
	all = append(all, piece{middle, step})
	return append(all, cutAt(timeseries.Span{Start: middle.End, End: span.End}, finer)...)
}

// widest is the step in which the middle of the stretches is asked for: wide
// enough for that many groups and queries.
func widest(groups, queries int, stretches ...timeseries.Span) int64 {
	seconds := int64(0)
	for _, s := range stretches {
		seconds += s.Seconds()
	}
	cells := func(step int64) int64 { return int64(max(1, groups)) * int64(queries) * (seconds / step) }
	switch {
	case seconds <= fineDays*day && cells(fine) <= mostCells:
		return fine
	case cells(hour) <= mostCells:
		return hour
	}
	return day
}

// demands are what has to be loaded for all pieces. Stretches with no more than
// a bucket between them are asked for as one.
func demands(queries []string, groups int, pieces []piece) []apm.Demand {
	spans := map[int64][]timeseries.Span{}
	for _, p := range pieces {
		spans[p.step] = append(spans[p.step], p.span)
	}
	var all []apm.Demand
	for _, step := range []int64{fine, hour, day} {
		list := spans[step]
		slices.SortFunc(list, func(a, b timeseries.Span) int { return cmp.Compare(a.Start, b.Start) })
		var merged []timeseries.Span
		for _, s := range list {
			if n := len(merged); n > 0 && s.Start-merged[n-1].End <= step {
				merged[n-1].End = max(merged[n-1].End, s.End)
				continue
			}
			merged = append(merged, s)
		}
		for _, s := range merged {
			all = append(all, apm.Demand{Queries: queries, Span: s, Step: step, Groups: groups})
		}
	}
	return all
}
