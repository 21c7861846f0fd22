package cache

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// most is how many cells a pack has at most, over all of its groups.
const most = 8 << 20

// stretch is what one query answered over one span at one step. The series of
// all groups are over the whole span.
type stretch struct {
	step, every int64
	span        timeseries.Span
	groups      []timeseries.Group
	// written is 0 for what was not written yet.
	written int64
}

// cellsOf is the number of cells of a span; ok is false when it is not made of whole steps.
func cellsOf(step int64, span timeseries.Span) (n int64, ok bool) {
	if step <= 0 || span.Start < -1<<40 || span.End > 1<<40 || span.Empty() || span.Start%step != 0 || span.End%step != 0 {
		return 0, false
	}
	return span.Seconds() / step, true
}

// cut is the part of the stretch in the span, without the groups that have no point in it.
func (s stretch) cut(span timeseries.Span) stretch {
	part := s
	part.span = span
	part.groups = nil
	for _, g := range s.groups {
		values := window(g.Series, span)
		if hasPoint(values) {
			part.groups = append(part.groups, timeseries.Group{
				Tags:   g.Tags,
				Series: timeseries.Series{Start: span.Start, Step: s.step, Values: values},
			})
		}
	}
	return part
}

// window is the values of a series over a span, shared where the series covers it.
func window(s timeseries.Series, span timeseries.Span) []float64 {
	if s.Span().Covers(span) {
		return s.Values[(span.Start-s.Start)/s.Step : (span.End-s.Start)/s.Step]
	}
	blank := timeseries.Blank(span, s.Step)
	if both := span.Intersect(s.Span()); !both.Empty() {
		copy(blank.Values[(both.Start-span.Start)/s.Step:], window(s, both))
	}
	return blank.Values
}

func hasPoint(values []float64) bool {
	return slices.ContainsFunc(values, func(v float64) bool { return !timeseries.IsMissing(v) })
}

// identity tells groups apart.
func identity(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	var b []byte
	for _, t := range tags {
		b = appendText(b, t)
	}
	return string(b)
}

// overlay is one stretch over the span out of several of one step, in which
// later ones replace earlier ones where they overlap, points or not.
func overlay(span timeseries.Span, step int64, parts []stretch) stretch {
	whole := stretch{step: step, span: span}
	if len(parts) == 1 {
		whole = parts[0].cut(span)
		return whole
	}
	index := map[string]int{}
	var filled []timeseries.Span
	for _, p := range parts {
		both := p.span.Intersect(span)
		if both.Empty() {
			continue
		}
		from, to := (both.Start-span.Start)/step, (both.End-span.Start)/step
		if slices.ContainsFunc(filled, both.Overlaps) {
			for _, g := range whole.groups {
				blank(g.Series.Values[from:to])
			}
		}
		filled = append(filled, both)
		whole.every = max(whole.every, p.every)
		whole.written = max(whole.written, p.written)
		for _, g := range p.groups {
			id := identity(g.Tags)
			i, ok := index[id]
			if !ok {
				i = len(whole.groups)
				index[id] = i
				whole.groups = append(whole.groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Blank(span, step)})
			}
			copy(whole.groups[i].Series.Values[from:to], window(g.Series, both))
		}
	}
	whole.groups = slices.DeleteFunc(whole.groups, func(g timeseries.Group) bool { return !hasPoint(g.Series.Values) })
	return whole
}

func blank(values []float64) {
	for i := range values {
		values[i] = timeseries.Missing
	}
}

// same reports whether two stretches over the same span say the same, in whatever order.
func (s stretch) same(t stretch) bool {
	if s.every != t.every || s.span != t.span || s.step != t.step || len(s.groups) != len(t.groups) {
		return false
	}
	values := map[string][]float64{}
	for _, g := range s.groups {
		values[identity(g.Tags)] = g.Series.Values
	}
	for _, g := range t.groups {
		ours, ok := values[identity(g.Tags)]
		if !ok || !slices.EqualFunc(ours, g.Series.Values, sameValue) {
			return false
		}
	}
	return true
}

// sameValue tells the two zeros apart and takes all missing points for the same.
func sameValue(a, b float64) bool {
	return timeseries.IsMissing(a) && timeseries.IsMissing(b) || math.Float64bits(a) == math.Float64bits(b)
}

// sound reports whether an answer can be kept over the span: every group once,
// all on the grid of the request.
func sound(groups []timeseries.Group, step int64) bool {
	seen := make(map[string]bool, len(groups))
	for _, g := range groups {
		id := identity(g.Tags)
		if seen[id] || g.Series.Step != step || g.Series.Start%step != 0 {
			return false
		}
		seen[id] = true
	}
	return true
}

func appendGroups(b []byte, groups []timeseries.Group) []byte {
	b = binary.AppendUvarint(b, uint64(len(groups)))
	for _, g := range groups {
		b = binary.AppendUvarint(b, uint64(len(g.Tags)))
		for _, t := range g.Tags {
			b = appendText(b, t)
		}
		b = appendValues(b, g.Series.Values)
	}
	return b
}

// groups reads what [appendGroups] wrote, of which the room left says how many cells there may be.
func (r *reader) groups(step int64, span timeseries.Span, room *int64) []timeseries.Group {
	cells, ok := cellsOf(step, span)
	if !ok {
		r.fail()
		return nil
	}
	seen := map[string]bool{}
	var groups []timeseries.Group
	for range r.count() {
		tags := make([]string, 0, 2)
		for range r.count() {
			tags = append(tags, r.text())
		}
		if cells > *room || seen[identity(tags)] {
			r.fail()
		}
		if r.bad {
			return nil
		}
		seen[identity(tags)] = true
		*room -= cells
		values := r.values(int(cells))
		if len(tags) == 0 {
			tags = nil
		}
		groups = append(groups, timeseries.Group{Tags: tags, Series: timeseries.Series{Start: span.Start, Step: step, Values: values}})
	}
	if r.bad {
		return nil
	}
	return groups
}

// content is the stretch as a pack of settled data.
func (s stretch) content(key string) (content []byte, crc uint32, err error) {
	p := pack{kind: seriesPack, key: key, step: s.step, span: s.span, written: s.written, every: s.every,
		payload: appendGroups(nil, s.groups)}
	return p.encode()
}

// stretchOf reads a pack of settled data.
func stretchOf(content []byte) (key string, s stretch, err error) {
	p, err := decodePack(content)
	if err != nil {
		return "", stretch{}, err
	}
	if p.kind != seriesPack {
		return "", stretch{}, errDamaged
	}
	r, room := reader{rest: p.payload}, int64(most)
	s = stretch{step: p.step, every: p.every, span: p.span, written: p.written, groups: r.groups(p.step, p.span, &room)}
	if r.bad || len(r.rest) > 0 {
		return "", stretch{}, errDamaged
	}
	return p.key, s, nil
}

// byWritten orders what is older first. Two of the same instant are in some
// order that is the same for everybody.
func byWritten(a, b stretch) int {
	return cmp.Or(cmp.Compare(a.written, b.written), cmp.Compare(a.span.Start, b.span.Start), cmp.Compare(a.span.End, b.span.End))
}
