package evaluation

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// stock is what the shelf holds, as a plan sees it: looked up once, so that
// what another process adds or drops meanwhile does not make a plan that contradicts itself.
type stock struct {
	shelf Shelf
	held  map[stockKey][]timeseries.Span
	// unsure are queries whose silence is not to be relied on.
	unsure []string
}

type stockKey struct {
	key  string
	step int64
}

// stretches are what is held of some queries in fine and in coarse buckets.
type stretches struct{ fine, coarse []timeseries.Span }

// kept reports whether answers go to a shelf.
func (s *stock) kept() bool { return s.shelf != nil }

// of are the stretches held of a query or a formula's key, in order and
// disjoint, those in which it was silent included.
func (s *stock) of(key string, step int64) []timeseries.Span {
	return union(s.spoken(key, step), s.silent(key, step))
}

// spoken are the stretches of which there is an answer with points in it.
func (s *stock) spoken(key string, step int64) []timeseries.Span {
	if s.shelf == nil {
		return nil
	}
	k := stockKey{key, step}
	spans, known := s.held[k]
	if !known {
		spans = s.shelf.Held(key, step)
		s.held[k] = spans
	}
	return spans
}

// silent are the stretches for which the answer was that there is nothing.
func (s *stock) silent(key string, step int64) []timeseries.Span {
	if slices.Contains(s.unsure, key) {
		return nil
	}
	return s.spoken(silenceOf(key), step)
}

// common are the stretches that are held of all keys.
func (s *stock) common(keys []string, step int64) []timeseries.Span {
	if len(keys) == 0 {
		return nil
	}
	spans := s.of(keys[0], step)
	for _, key := range keys[1:] {
		if len(spans) == 0 {
			return nil
		}
		spans = intersect(spans, s.of(key, step))
	}
	return spans
}

// holds reports whether all of a bundle is held for the whole chunk.
func (s *stock) holds(b bundle, c chunk) bool {
	whole := func(spans []timeseries.Span, span timeseries.Span) bool {
		return slices.ContainsFunc(spans, func(held timeseries.Span) bool { return held.Covers(span) })
	}
	for _, key := range b.keys() {
		if !whole(s.of(key, c.step), c.span) {
			return false
		}
	}
	return s.kept() && whole(s.whole(b, c.step), c.span)
}

// whole are the stretches that are held of all of a bundle. That a formula has
// no value can be seen to be still true only where one of its queries is silent too.
func (s *stock) whole(b bundle, step int64) []timeseries.Span {
	spans := s.common(b.keys(), step)
	if b.formula == nil || len(spans) == 0 {
		return spans
	}
	var silent []timeseries.Span
	for _, query := range b.queries {
		silent = union(silent, s.silent(query, step))
	}
	silent = intersect(silent, s.silent(b.formula.Key(), step))
	return intersect(spans, union(s.spoken(b.formula.Key(), step), silent))
}

// union is what lies in one of the lists of ordered, disjoint spans.
func union(a, b []timeseries.Span) []timeseries.Span {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(x, y timeseries.Span) int { return cmp.Compare(x.Start, y.Start) })
	merged := all[:1]
	for _, s := range all[1:] {
		if last := &merged[len(merged)-1]; s.Start <= last.End {
			last.End = max(last.End, s.End)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// intersect is what lies in both lists of ordered, disjoint spans.
func intersect(a, b []timeseries.Span) []timeseries.Span {
	var both []timeseries.Span
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if s := a[i].Intersect(b[j]); !s.Empty() {
			both = append(both, s)
		}
		if a[i].End < b[j].End {
			i++
		} else {
			j++
		}
	}
	return both
}
