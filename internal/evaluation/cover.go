package evaluation

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// ahead is how far behind the last of some cuts a fine stretch reaches at
// least, where what is asked is also kept: windows move on, and the hours that
// their ends will need tomorrow come along today.
const ahead = day

const day = int64(slo.Day)

// coverage is the chunks that reach over an extent: asked ones, and those that are held.
type coverage struct {
	extent      timeseries.Span
	asked, held []chunk
}

// at is a chunk that tells of the bucket at t in steps that are as fine.
func (c coverage) at(t, step int64) (chunk, bool) {
	for _, list := range [][]chunk{c.held, c.asked} {
		for _, k := range list {
			if k.step <= step && k.span.Contains(t) {
				return k, true
			}
		}
	}
	return chunk{}, false
}

// hold adds what is held, as far as it lies in the extent and, but for the
// extent's own ends, in whole hours.
func (c *coverage) hold(spans []timeseries.Span, step int64) {
	for _, s := range spans {
		s = s.Intersect(c.extent)
		if step == coarseStep || s.Start > c.extent.Start {
			s.Start = timeseries.Ceil(s.Start, coarseStep)
		}
		if step == coarseStep || s.End < c.extent.End {
			s.End = timeseries.Floor(s.End, coarseStep)
		}
		if !s.Empty() {
			c.held = append(c.held, chunk{s, step})
		}
	}
}

// cover is the fewest chunks that reach over all cuts so that no used bucket
// straddles one. An hour with a cut inside must be known in fine buckets, all
// others may be known in coarse ones. What is held is used as it is. Fine
// chunks are as long as they may be and lie on a grid that is counted back from
// the end, so that windows of different lengths share them; coarse ones take the
// rest, passing over other stretches in between. All of them begin and end with
// a day, but for the end of the extent, because whole days are kept.
func cover(cuts []int64, held stretches, kept bool) coverage {
	extent := timeseries.Span{Start: cuts[0], End: cuts[len(cuts)-1]}
	c := coverage{extent: extent}
	c.hold(held.fine, fineStep)
	c.hold(held.coarse, coarseStep)
	for i, cut := range cuts {
		hour := timeseries.Floor(cut, coarseStep)
		if hour == cut || c.knows(hour, fineStep) {
			continue
		}
		c.askFine(hour)
		last := i
		for last+1 < len(cuts) && cuts[last+1]-cuts[last] <= ahead {
			last++
		}
		for next := timeseries.Floor(cuts[last], coarseStep) + ahead; kept && hour <= next && next < extent.End; hour += coarseStep {
			if !c.knows(hour, fineStep) {
				c.askFine(hour)
			}
		}
	}
	for t := timeseries.Ceil(extent.Start, coarseStep); t < extent.End; {
		if k, known := c.at(t, coarseStep); known {
			t = timeseries.Ceil(k.span.End, coarseStep)
			continue
		}
		start := c.dawn(t, coarseStep)
		end := min(timeseries.Floor(start+maxPoints*coarseStep, day), timeseries.Floor(extent.End, coarseStep))
		for k, known := c.at(end-coarseStep, coarseStep); known; k, known = c.at(end-coarseStep, coarseStep) {
			end = k.span.Start
		}
		c.asked = append(c.asked, chunk{timeseries.Span{Start: start, End: end}, coarseStep})
		t = end
	}
	return c
}

// knows reports whether the hour, as far as it lies in the extent, is known at the step.
func (c *coverage) knows(hour, step int64) bool {
	_, known := c.at(max(hour, c.extent.Start), step)
	return known
}

// askFine asks for fine buckets around an hour: from the beginning of its cell
// of the grid, or from where nothing is known, as far as one request goes and nothing is known.
func (c *coverage) askFine(hour int64) {
	const length = maxPoints * fineStep
	anchor := timeseries.Ceil(c.extent.End, day)
	cell := anchor - timeseries.Ceil(anchor-hour, length)
	start, end := hour, cell+length
	for first := max(cell, timeseries.Floor(c.extent.Start, day)); start > first; start -= coarseStep {
		if c.knows(start-coarseStep, fineStep) {
			end = timeseries.Floor(start, day) + length // off the grid, it may as well be of full length
			break
		}
	}
	for t := hour + coarseStep; t < min(end, c.extent.End); t += coarseStep {
		if c.knows(t, fineStep) {
			end = t
		}
	}
	c.asked = append(c.asked, chunk{timeseries.Span{Start: start, End: min(end, c.extent.End)}, fineStep})
}

// dawn is where a chunk begins that must hold the hour: with its day, as far as
// the time before is not known.
func (c *coverage) dawn(hour, step int64) int64 {
	for hour%day != 0 {
		if _, known := c.at(hour-coarseStep, step); known {
			break
		}
		hour -= coarseStep
	}
	return hour
}

// coverSlices is the fewest chunks at one step over an extent, full ones from
// the end on, each beginning with a day where one is so long.
func coverSlices(extent timeseries.Span, step int64, held []timeseries.Span) coverage {
	extent = timeseries.Span{Start: timeseries.Floor(extent.Start, step), End: timeseries.Ceil(extent.End, step)}
	if day%step == 0 {
		extent.Start = timeseries.Floor(extent.Start, day)
	}
	var c coverage
	end := extent.End
	for _, s := range slices.Backward(held) {
		s = s.Intersect(extent)
		if s = (timeseries.Span{Start: timeseries.Ceil(s.Start, step), End: timeseries.Floor(s.End, step)}); s.Empty() {
			continue
		}
		c.held = append(c.held, chunk{s, step})
		c.ask(timeseries.Span{Start: s.End, End: end}, step)
		end = s.Start
	}
	c.ask(timeseries.Span{Start: extent.Start, End: end}, step)
	return c
}

// ask cuts a gap into the fewest chunks at one step.
func (c *coverage) ask(gap timeseries.Span, step int64) {
	length := maxPoints * step
	for end := gap.End; end > gap.Start; {
		start := max(gap.Start, end-length)
		if dawn := timeseries.Ceil(end-length, day); dawn > gap.Start && dawn < end {
			start = dawn
		}
		c.asked = append(c.asked, chunk{timeseries.Span{Start: start, End: end}, step})
		end = start
	}
}

// layout cuts the chunks into pieces that follow each other in time without
// overlapping: the finest answer is used, and what is held before what is asked.
func (c coverage) layout(extent timeseries.Span) []piece {
	var pieces []piece
	chunks := slices.Concat(c.held, c.asked)
	for t := extent.Start; t < extent.End; {
		var best chunk
		next := extent.End
		for _, k := range chunks {
			if k.span.Contains(t) && (best.step == 0 || k.step < best.step) {
				best = k
			}
		}
		for _, k := range chunks {
			if k.span.Start > t && k.step < best.step {
				next = min(next, k.span.Start)
			}
		}
		if best.step == 0 { // cannot happen; a gap would be read as "unknown"
			return nil
		}
		span := timeseries.Span{Start: t, End: min(best.span.End, next)}
		pieces = append(pieces, piece{chunk: best, span: span})
		t = span.End
	}
	return pieces
}

// chunksOf are the chunks behind pieces, each once, in order of time.
func chunksOf(pieces []piece) []chunk {
	var chunks []chunk
	for _, p := range pieces {
		if !slices.Contains(chunks, p.chunk) {
			chunks = append(chunks, p.chunk)
		}
	}
	slices.SortFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.span.Start, b.span.Start) })
	return chunks
}
