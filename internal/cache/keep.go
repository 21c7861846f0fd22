package cache

import (
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Keep stores the answers to a request: whole settled days of those that have a
// point in them for good, and the rest for runs that are offline. An answer with
// an error is not kept. Keep returns before anything is written; the answers
// must not change any more.
func (c *Cache) Keep(r timeseries.Request, answers []timeseries.Answer) {
	if _, ok := cellsOf(r.Step, r.Span); !ok || !c.writable() || c.faults.broken() || len(answers) != len(r.Queries)+len(r.Formulas) {
		return
	}
	keys := slices.Clone(r.Queries)
	for _, f := range r.Formulas {
		keys = append(keys, f.Key())
	}
	part := c.storable(r.Step, r.Span)
	var rest []openPart
	for i, answer := range answers {
		key := keys[i]
		if answer.Err != nil || slices.Contains(keys[:i], key) || !sound(answer.Groups, r.Step) || c.secret(key) || c.secretTag(answer.Groups) {
			continue
		}
		whole := stretch{step: r.Step, every: answer.Every, span: r.Span, groups: answer.Groups}
		var days stretch
		if !part.Empty() {
			days = whole.cut(part)
		}
		// Nothing at all is no proof that there was nothing.
		if len(days.groups) == 0 {
			rest = append(rest, openPart{key, whole.cut(r.Span)})
			continue
		}
		c.settleLater(key, days)
		for _, span := range []timeseries.Span{{Start: r.Span.Start, End: part.Start}, {Start: part.End, End: r.Span.End}} {
			if !span.Empty() {
				rest = append(rest, openPart{key, whole.cut(span)})
			}
		}
	}
	if len(rest) > 0 {
		size := int64(0)
		for _, p := range rest {
			size += p.size()
		}
		c.later(general, size, func() { c.keepOpen(r, rest) })
	}
}

func (c *Cache) secretTag(groups []timeseries.Group) bool {
	return slices.ContainsFunc(groups, func(g timeseries.Group) bool { return c.secret(g.Tags...) })
}

// storable is the whole days of the span that are settled.
func (c *Cache) storable(step int64, span timeseries.Span) timeseries.Span {
	part := timeseries.Span{
		Start: timeseries.Ceil(max(span.Start, 0), day),
		End:   timeseries.Floor(min(span.End, c.settled()), day),
	}
	if !divides(step) || part.Empty() {
		return timeseries.Span{}
	}
	return part
}

// size is how much memory the values hold on to.
func (s stretch) size() int64 {
	n := int64(256)
	for _, g := range s.groups {
		n += 64 + 8*int64(len(g.Series.Values))
	}
	return n
}

// cells is how many values the stretch has.
func (s stretch) cells() int64 {
	return int64(len(s.groups)) * (s.span.Seconds() / s.step)
}

// settleLater hands settled days over. Whoever writes first writes all that wait
// for the same key, so that a slow disk is asked less often.
func (c *Cache) settleLater(key string, days stretch) {
	s, waiting := c.shelf(key), &days
	s.mu.Lock()
	s.pending = append(s.pending, waiting)
	generation := s.generation
	s.mu.Unlock()
	taken := c.later(shardOf(key), days.size(), func() {
		s.mu.Lock()
		var all []*stretch
		if s.generation == generation {
			all, s.pending = s.pending, nil
		}
		s.mu.Unlock()
		if len(all) > 0 {
			c.keepSettled(key, all)
		}
	})
	if !taken {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pending = slices.DeleteFunc(s.pending, func(p *stretch) bool { return p == waiting })
	}
}

// keepSettled writes days as packs, the earlier first where they meet.
func (c *Cache) keepSettled(key string, all []*stretch) {
	if c.faults.broken() {
		return
	}
	packs := c.list(key, true)
	var runs []stretch
	flush := func() {
		for _, run := range runs {
			packs = c.keepRun(key, run, packs)
		}
		runs = nil
	}
	for _, days := range all {
		if slices.ContainsFunc(runs, days.clashes) {
			flush()
		}
		runs = grow(runs, *days)
	}
	flush()
	s := c.shelf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgetting == 0 && s.listed {
		s.shelve(packs)
	}
}

// clashes reports whether two stretches meet and cannot become one.
func (s stretch) clashes(t stretch) bool {
	return s.step == t.step && s.span.Overlaps(t.span) && s.every != t.every
}

// grow adds a stretch to others, over which it goes, and puts those that touch together.
func grow(runs []stretch, s stretch) []stretch {
	for i := 0; i < len(runs); i++ {
		r := runs[i]
		if r.step != s.step || r.every != s.every || r.span.End < s.span.Start || s.span.End < r.span.Start {
			continue
		}
		s = overlay(timeseries.Span{Start: min(r.span.Start, s.span.Start), End: max(r.span.End, s.span.End)}, s.step, []stretch{r, s})
		runs = slices.Delete(runs, i, i+1)
		i = -1 // what is longer now may touch another
	}
	return append(runs, s)
}

// keepRun writes days, none of the packs across an edge of the grid.
func (c *Cache) keepRun(key string, days stretch, packs []shelved) []shelved {
	for start := days.span.Start; start < days.span.End; {
		end := min(days.span.End, timeseries.Floor(start, reach(days.step))+reach(days.step))
		packs = c.keepPiece(key, days.cut(timeseries.Span{Start: start, End: end}), packs)
		start = end
	}
	return packs
}

// keepPiece writes days that lie in one cell of the grid, together with the
// packs there that they touch, which go away then. It returns the packs that there are afterwards.
func (c *Cache) keepPiece(key string, n stretch, packs []shelved) []shelved {
	if n.cells() > most {
		if n.span.Seconds() == day {
			return packs
		}
		middle := n.span.Start + n.span.Seconds()/day/2*day
		packs = c.keepPiece(key, n.cut(timeseries.Span{Start: n.span.Start, End: middle}), packs)
		return c.keepPiece(key, n.cut(timeseries.Span{Start: middle, End: n.span.End}), packs)
	}
	packs = slices.DeleteFunc(slices.Clone(packs), func(p shelved) bool { return c.isBanned(key, p.name) })
	whole, used, newest := c.join(key, n, packs)
	if len(used) == 1 && used[0].span == whole.span && newest.same(whole) {
		return packs // just what is there already
	}
	// What is told otherwise now goes over what is there. Days that are only put
	// beside others must not make those younger: another process may just have
	// found out that they are not true any more.
	if slices.ContainsFunc(packs, func(p shelved) bool { return p.step == n.step && p.span.Overlaps(n.span) }) {
		whole, used = n, nil
	}
	if whole.written = newest.written; len(used) == 0 {
		whole.written = c.stampAfter(newest.written)
	}
	content, crc, err := whole.content(key)
	if err != nil {
		return packs
	}
	h := held{step: whole.step, span: whole.span, crc: crc}
	written := shelved{h, seriesFolder(c.id, key) + h.name()}
	if !c.write(written.name, content) {
		return packs
	}
	if len(used) > 0 {
		// What went into it and is gone by now, somebody merged too, or forgot,
		// and that must not come back.
		there := c.list(key, false)
		if slices.ContainsFunc(used, func(p shelved) bool { return p.name != written.name && !slices.Contains(there, p) }) {
			_ = c.store.Remove(written.name)
			return c.keepAlone(key, n, there)
		}
	}
	kept := []shelved{written}
	for _, p := range packs {
		if p.name == written.name {
			continue
		}
		// What is wholly behind the new one has nothing more to say.
		if p.step == whole.step && whole.span.Covers(p.span) && c.store.Remove(p.name) == nil {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// join puts new days and the packs that they touch together into one stretch.
// It also returns the packs that went into it, and the newest of them.
func (c *Cache) join(key string, n stretch, packs []shelved) (whole stretch, used []shelved, newest stretch) {
	span := n.span
	cell := timeseries.Floor(span.Start, reach(n.step))
	limit := timeseries.Span{Start: cell, End: cell + reach(n.step)}
	var parts []stretch
	tried := map[string]bool{}
	for grown := true; grown; {
		grown = false
		for _, p := range packs {
			if tried[p.name] || p.step != n.step || !limit.Covers(p.span) || p.span.Start > span.End || p.span.End < span.Start {
				continue
			}
			tried[p.name] = true
			s, err := c.readOne(key, p)
			if err != nil {
				continue
			}
			if s.written > newest.written {
				newest = s
			}
			if s.every != n.every {
				continue
			}
			parts, used = append(parts, s), append(used, p)
			span = timeseries.Span{Start: min(span.Start, p.span.Start), End: max(span.End, p.span.End)}
			grown = true
		}
	}
	if len(parts) == 0 {
		return n, nil, newest
	}
	slices.SortStableFunc(parts, byWritten)
	whole = overlay(span, n.step, append(parts, n))
	whole.every = n.every
	if whole.cells() > most || c.hides(key, whole.span, n, used, packs) {
		return n, nil, newest
	}
	return whole, used, newest
}

// hides reports whether a pack over the span would stand over another one that
// went neither into it nor is replaced by the new days.
func (c *Cache) hides(key string, span timeseries.Span, n stretch, used, packs []shelved) bool {
	return slices.ContainsFunc(packs, func(p shelved) bool {
		return p.step == n.step && p.span.Overlaps(span) && !n.span.Covers(p.span.Intersect(span)) &&
			!slices.Contains(used, p) && !c.isBanned(key, p.name)
	})
}

func (c *Cache) isBanned(key, name string) bool {
	s := c.shelf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.banned[name]
}

// Forget drops all that is held of a key. It is not held any more when Forget
// returns, even where it cannot be removed.
func (c *Cache) Forget(key string) {
	s := c.shelf(key)
	s.mu.Lock()
	s.forgetting++
	s.generation++
	s.pending = nil
	s.mu.Unlock()
	if !c.writable() {
		return
	}
	c.later(shardOf(key), 0, func() {
		packs := c.list(key, true)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, p := range packs {
			if c.store.Remove(p.name) != nil {
				s.ban(p.name)
			}
		}
		if name := historyName(c.id, key); c.store.Remove(name) != nil {
			s.ban(name)
		}
		s.forgetting--
		s.packs, s.listed = nil, false
	})
	c.later(general, 0, func() { c.forgetOpen(key) })
}

// keepAlone writes days as they are.
func (c *Cache) keepAlone(key string, n stretch, packs []shelved) []shelved {
	n.written = c.stampAfter(0)
	content, crc, err := n.content(key)
	if err != nil {
		return packs
	}
	h := held{step: n.step, span: n.span, crc: crc}
	name := seriesFolder(c.id, key) + h.name()
	if !c.write(name, content) {
		return packs
	}
	return append(packs, shelved{h, name})
}
