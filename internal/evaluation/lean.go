package evaluation

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Whoever wants one answer now, and no comparison with other instants, can do
// with wider buckets where no window begins or ends: a year and more then fits
// into one request. All that is lost is when exactly something happened there.

// widths are the steps that a lean plan may take where no cut is near, those
// first that it prefers. All divide a day, and all but the last are whole hours.
// The last is for windows that are short enough to be asked in fine buckets alone.
var widths = []int64{coarseStep, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, fineStep}

// coverLean is the fewest chunks that reach over all cuts so that no used
// bucket straddles one. What is held is used as it is, unless there would be
// fewer without it: what is held in pieces may leave more gaps than it fills.
func coverLean(cuts []int64, held func(step int64) []timeseries.Span) coverage {
	var best coverage
	extent, marks := timeseries.Span{Start: cuts[0], End: cuts[len(cuts)-1]}, marksOf(cuts)
	try := func(held func(int64) []timeseries.Span) {
		for _, width := range widths {
			for _, m := range []manner{{width: width, between: fineStep}, {width: width, between: fineStep, long: true},
				{width: width, between: coarseStep}, {width: width, between: coarseStep, long: true}} {
				if m.most = len(best.asked); best.extent.Empty() {
					m.most = math.MaxInt
				}
				if c := m.cover(extent, marks, held); len(c.asked) < m.most {
					best = c
				}
			}
		}
	}
	try(held)
	if slices.ContainsFunc(widths, func(step int64) bool { return len(held(step)) > 0 }) {
		try(func(int64) []timeseries.Span { return nil })
	}
	return best
}

// mark is an hour with a cut in it: at its start only, or inside as well.
type mark struct {
	hour   int64
	inside bool
}

func marksOf(cuts []int64) []mark {
	var marks []mark
	for _, cut := range cuts {
		hour := timeseries.Floor(cut, coarseStep)
		if n := len(marks); n == 0 || marks[n-1].hour != hour {
			marks = append(marks, mark{hour: hour})
		}
		last := &marks[len(marks)-1]
		last.inside = last.inside || cut != hour
	}
	return marks
}

// manner is one way to cover cuts: at a width, with finer buckets in the cells
// of it that have a cut inside.
type manner struct {
	width int64
	// between is the step of cells whose cuts all lie on whole hours.
	between int64
	// long makes fine chunks as long as one request goes, which leaves less to the wide ones.
	long bool
	// most is as many chunks as another manner needs, so that there is no use in going on.
	most int
}

func (m manner) cover(extent timeseries.Span, marks []mark, held func(step int64) []timeseries.Span) coverage {
	c := coverage{extent: extent}
	for _, step := range slices.Compact([]int64{fineStep, min(coarseStep, m.width), m.width}) {
		c.holdCells(held(step), step, m.width)
	}
	cell := func(at int64) timeseries.Span {
		start := timeseries.Floor(at, m.width)
		return timeseries.Span{Start: start, End: start + m.width}.Intersect(extent)
	}
	var fine, hours []timeseries.Span
	if gaps := c.gaps(); m.width > coarseStep && len(gaps) > 0 && gaps[len(gaps)-1].End-gaps[0].Start > maxPoints*coarseStep {
		// Datadog refuses only what ends before its retention begins. So that a
		// long stretch does not begin there unnoticed, its beginning is asked for by itself.
		fine = append(fine, cell(gaps[0].Start))
	}
	for _, k := range marks {
		switch {
		case m.width == fineStep || !k.inside && k.hour%m.width == 0:
		case k.inside || m.between == fineStep:
			fine = append(fine, cell(k.hour))
		default:
			hours = append(hours, cell(k.hour))
		}
	}
	slices.SortFunc(fine, func(a, b timeseries.Span) int { return cmp.Compare(a.Start, b.Start) })
	c.askCells(slices.Compact(fine), fineStep, m)
	c.askCells(slices.Compact(hours), coarseStep, m)
	c.askCells(c.gaps(), m.width, m)
	return c
}

// holdCells adds what is held in whole cells of a width, but for the extent's own ends.
func (c *coverage) holdCells(spans []timeseries.Span, step, width int64) {
	for _, s := range spans {
		s = s.Intersect(c.extent)
		if s.Start > c.extent.Start || s.Start%step != 0 {
			s.Start = timeseries.Ceil(s.Start, width)
		}
		if s.End < c.extent.End || s.End%step != 0 {
			s.End = timeseries.Floor(s.End, width)
		}
		if !s.Empty() {
			c.held = append(c.held, chunk{s, step})
		}
	}
}

// gaps are what of the extent no chunk tells of.
func (c *coverage) gaps() []timeseries.Span {
	var known []timeseries.Span
	for _, k := range slices.Concat(c.held, c.asked) {
		known = append(known, k.span)
	}
	return c.extent.Without(union(nil, known))
}

// askCells asks for spans at a step, as many with one chunk as it reaches over.
// Chunks begin and end with a day, as far as nothing is known there, because whole days are kept.
func (c *coverage) askCells(spans []timeseries.Span, step int64, m manner) {
	last := c.extent.End
	if last%step != 0 {
		last = timeseries.Floor(last, m.width)
	}
	for _, s := range spans {
		for s.Start < s.End && len(c.asked) < m.most {
			if k, known := c.at(s.Start, step); known {
				s.Start = k.span.End
				continue
			}
			start := c.since(timeseries.Floor(s.Start, day), s.Start, step)
			reach := start + maxPoints*step
			end := min(s.End, timeseries.Floor(reach, day))
			for _, other := range spans {
				if _, known := c.at(other.Start, step); !known && other.Start >= s.Start && other.End <= reach {
					end = max(end, other.End)
				}
			}
			until := min(timeseries.Ceil(end, day), reach, last)
			if m.long && step == fineStep {
				until = min(reach, last)
			}
			until = c.until(end, until, step)
			if m.long && step == fineStep && until == c.extent.End {
				start = c.since(max(timeseries.Ceil(until-maxPoints*step, day), timeseries.Floor(c.extent.Start, day)), s.Start, step)
			}
			c.asked = append(c.asked, chunk{timeseries.Span{Start: start, End: until}, step})
			s.Start = end
		}
	}
}

// since is where a chunk begins that must hold an instant and would best begin
// earlier: as far back as nothing is known.
func (c *coverage) since(best, at, step int64) int64 {
	for _, k := range slices.Concat(c.held, c.asked) {
		if k.step <= step && k.span.End <= at {
			best = max(best, k.span.End)
		}
	}
	return best
}

// until is where a chunk ends that must reach to an instant and would best end
// later: as far ahead as nothing is known.
func (c *coverage) until(at, best, step int64) int64 {
	for _, k := range slices.Concat(c.held, c.asked) {
		if k.step <= step && k.span.Start >= at {
			best = min(best, k.span.Start)
		}
	}
	return best
}
