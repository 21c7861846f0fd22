package evaluation

import (
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// stock is what the shelf holds, as a plan sees it: looked up once, so that
// what another process adds or drops meanwhile does not make a plan that contradicts itself.
type stock struct {
	shelf Shelf
	held  map[stockKey][]timeseries.Span
}

type stockKey struct {
	key  string
	step int64
}

// stretches are what is held of some queries in fine and in coarse buckets.
type stretches struct{ fine, coarse []timeseries.Span }

// kept reports whether answers go to a shelf.
func (s *stock) kept() bool { return s.shelf != nil }

// of are the stretches held of a query or a formula's key, in order and disjoint.
func (s *stock) of(key string, step int64) []timeseries.Span {
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
	for _, key := range b.keys() {
		if !slices.ContainsFunc(s.of(key, c.step), func(held timeseries.Span) bool { return held.Covers(c.span) }) {
			return false
		}
	}
	return s.kept()
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
