package evaluation

import (
	"cmp"
	"maps"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// An empty answer is no proof: there may have been nothing, or Datadog could
// not look. A shelf keeps none. But many a healthy service has not had an error
// in weeks, and asking for all of its past in every run would be asking for
// nothing most of the time. So that a query was silent is kept as a series of
// its own, and in every run all silent stretches are asked for once more, in
// few very coarse requests. A single point in one of them drops it.

// silenceOf is the key under which is kept when a query or a formula was silent.
func silenceOf(key string) string { return "silence of\x00" + key }

// probe is a request for stretches that are silent as far as is known.
type probe struct {
	timeseries.Request
	// silent are the stretches by query.
	silent map[string][]timeseries.Span
}

// probes are the requests that go over all silence that the plan relies on.
func (p *Plan) probes(stock *stock) []probe {
	silent := map[string][]timeseries.Span{}
	reach := timeseries.Span{}
	for c, bundles := range p.held {
		for _, b := range bundles {
			for _, query := range b.queries {
				gaps := c.span.Without(stock.spoken(query, c.step))
				if b.formula != nil { // that it has no value holds as long as a query of it is silent
					gaps = union(gaps, intersect(c.span.Without(stock.spoken(b.formula.Key(), c.step)), stock.silent(query, c.step)))
				}
				for _, gap := range gaps {
					silent[query] = append(silent[query], gap)
					if reach.Empty() {
						reach = gap
					}
					reach.Start, reach.End = min(reach.Start, gap.Start), max(reach.End, gap.End)
				}
			}
		}
	}
	step := int64(coarseStep)
	for _, s := range []int64{2, 4, 8, 24} {
		if reach.Seconds() > (maxPoints-2)*step { // its ends may be rounded away from each other
			step = s * coarseStep
		}
	}
	reach.Start, reach.End = timeseries.Floor(reach.Start, step), timeseries.Ceil(reach.End, step)
	var all []probe
	for queries := range slices.Chunk(slices.Sorted(maps.Keys(silent)), maxQueries) {
		one := probe{Request: timeseries.Request{Queries: queries, Span: reach, Step: step}, silent: map[string][]timeseries.Span{}}
		for _, q := range queries {
			one.silent[q] = silent[q]
		}
		all = append(all, one)
	}
	return all
}

// judge finds the queries of the probe that are not silent any more, and those
// that could not be answered: they are not known to be silent, which is no
// reason to drop anything.
func (p probe) judge(list []timeseries.Answer, err error) (broken, unsure []string) {
	for i, q := range p.Queries {
		a := answerAt(list, i, err)
		switch {
		case a.Err != nil:
			unsure = append(unsure, q)
		case slices.ContainsFunc(a.Groups, func(g timeseries.Group) bool {
			return slices.ContainsFunc(p.silent[q], func(s timeseries.Span) bool { return speaks(g.Series, s) })
		}):
			broken = append(broken, q)
		}
	}
	return broken, unsure
}

// speaks reports whether a series has a point in a bucket that touches the span.
func speaks(s timeseries.Series, span timeseries.Span) bool {
	for i, v := range s.Values {
		at := s.Start + int64(i)*s.Step
		if !timeseries.IsMissing(v) && span.Overlaps(timeseries.Span{Start: at, End: at + s.Step}) {
			return true
		}
	}
	return false
}

// shelve gives the answers to a request to the shelf: what they say, and of
// those that say nothing, that they do. A formula is silent where its queries are.
func (r Runner) shelve(request timeseries.Request, list []timeseries.Answer) {
	if r.Shelf == nil {
		return
	}
	r.Shelf.Keep(request, list)
	silent := map[string]timeseries.Span{}
	for i, n := range needsOf(request) {
		if list[i].Err != nil {
			continue
		}
		span := request.Span
		for _, g := range list[i].Groups {
			for k, v := range g.Series.Values {
				if at := g.Series.Start + int64(k)*g.Series.Step; !timeseries.IsMissing(v) {
					span.End = min(span.End, timeseries.Floor(at, day))
					break
				}
			}
		}
		if i >= len(request.Queries) {
			end := span.Start // nothing where no query was silent at all
			for _, in := range request.Formulas[i-len(request.Queries)].Inputs {
				end = max(end, silent[in.Query].End)
			}
			span.End = min(span.End, end)
		}
		if span.Seconds() >= day {
			silent[n.series.query] = span
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(silent), cmp.Compare[string]) {
		span := silent[key]
		mark := timeseries.Blank(span, request.Step)
		for i := range mark.Values {
			mark.Values[i] = 1
		}
		r.Shelf.Keep(timeseries.Request{Queries: []string{silenceOf(key)}, Span: span, Step: request.Step},
			[]timeseries.Answer{{Groups: []timeseries.Group{{Series: mark}}}})
	}
}

// unshelve is what the shelf says for a stretch that it holds, silence included.
func (f *round) unshelve(key answerKey) (timeseries.Answer, bool) {
	spoken := f.plan.stock.spoken(key.query, key.chunk.step)
	if slices.ContainsFunc(spoken, func(s timeseries.Span) bool { return s.Covers(key.chunk.span) }) {
		return f.Shelf.Series(key.query, key.chunk.step, key.chunk.span)
	}
	var whole timeseries.Answer
	for _, s := range spoken {
		if s = s.Intersect(key.chunk.span); s.Empty() {
			continue
		}
		part, there := f.Shelf.Series(key.query, key.chunk.step, s)
		if !there {
			return timeseries.Answer{}, false
		}
		whole.Every = max(whole.Every, part.Every)
		for _, g := range part.Groups {
			i := slices.IndexFunc(whole.Groups, func(w timeseries.Group) bool { return slices.Equal(w.Tags, g.Tags) })
			if i < 0 {
				i = len(whole.Groups)
				whole.Groups = append(whole.Groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Blank(key.chunk.span, key.chunk.step)})
			}
			copy(whole.Groups[i].Series.Values[(g.Series.Start-key.chunk.span.Start)/key.chunk.step:], g.Series.Values)
		}
	}
	return whole, true
}

// forget drops a query from the shelf, and that it was silent.
func (r Runner) forget(key string) {
	r.Shelf.Forget(key)
	r.Shelf.Forget(silenceOf(key))
}
