package cache

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// shelf is what is known to be held of one key: the names of its packs.
type shelf struct {
	mu     sync.Mutex
	listed bool
	packs  []shelved
	// forgetting counts the times that the key is to be forgotten and that has
	// not happened yet. Until then nothing is held.
	forgetting int
	// pending are days that wait to be written, in the order in which they came.
	pending []*stretch
	// generation counts the times that the key was to be forgotten.
	generation int
	// banned are packs that were to be forgotten but could not be removed, and
	// those that turned out damaged.
	banned map[string]bool
}

// shelved is one pack on a [shelf].
type shelved struct {
	held
	name string
}

func (c *Cache) shelf(key string) *shelf {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.shelves[key]
	if !ok {
		s = &shelf{}
		c.shelves[key] = s
	}
	return s
}

// list is the packs of a key as they lie in the store now. Temporary files that
// somebody left behind are swept on the way when sweep is set.
func (c *Cache) list(key string, sweep bool) []shelved {
	folder := seriesFolder(c.id, key)
	entries, err := c.reads.List(folder)
	if err != nil {
		c.faults.cannotRead(err)
	}
	var packs []shelved
	for _, e := range entries {
		base := strings.TrimPrefix(e.Name, folder)
		h, ok := heldOf(base)
		switch {
		case ok:
			packs = append(packs, shelved{h, e.Name})
		case !strings.HasPrefix(path.Base(e.Name), temporary):
			c.faults.stranger(e.Name)
		case sweep:
			c.sweep(e)
		}
	}
	return packs
}

// shelve makes the packs those that are held.
func (s *shelf) shelve(packs []shelved) {
	s.packs = slices.DeleteFunc(slices.Clone(packs), func(p shelved) bool { return s.banned[p.name] })
	s.listed = true
}

func (s *shelf) ban(name string) {
	if s.banned == nil {
		s.banned = map[string]bool{}
	}
	s.banned[name] = true
	s.packs = slices.DeleteFunc(s.packs, func(p shelved) bool { return p.name == name })
}

// covering is the packs of the step that have a part of the span. They are
// listed first if that has not been done or is to be done again. Nothing is to
// be read of a key that is hidden.
func (c *Cache) covering(key string, step int64, span timeseries.Span, again bool) (packs []shelved, hidden bool) {
	s := c.shelf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forgetting > 0 {
		return nil, true
	}
	if !s.listed || again {
		s.shelve(c.list(key, false))
	}
	for _, p := range s.packs {
		if p.step == step && p.span.Overlaps(span) {
			packs = append(packs, p)
		}
	}
	return packs, false
}

// forgotten reports whether a key is on its way out, or its pack of that name could not be removed.
func (c *Cache) forgotten(key, name string) bool {
	s := c.shelf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgetting > 0 || s.banned[name]
}

// merged is the union of spans, ordered and disjoint; spans that touch become one.
func merged(spans []timeseries.Span) []timeseries.Span {
	slices.SortFunc(spans, func(a, b timeseries.Span) int { return cmp.Compare(a.Start, b.Start) })
	var union []timeseries.Span
	for _, s := range spans {
		if last := len(union) - 1; last >= 0 && s.Start <= union[last].End {
			union[last].End = max(union[last].End, s.End)
			continue
		}
		union = append(union, s)
	}
	return union
}

func covers(spans []timeseries.Span, span timeseries.Span) bool {
	return slices.ContainsFunc(merged(spans), func(s timeseries.Span) bool { return s.Covers(span) })
}

// everything is all of time.
var everything = timeseries.Span{Start: -1 << 62, End: 1 << 62}

// Held is the stretches that can be read of a query or formula at a step, in
// order, none touching the next. The key is the text of the query, or that of
// [timeseries.Formula.Key].
func (c *Cache) Held(key string, step int64) []timeseries.Span {
	if !c.readable() || step <= 0 {
		return nil
	}
	packs, hidden := c.covering(key, step, everything, false)
	if hidden {
		return nil
	}
	var spans []timeseries.Span
	for _, p := range packs {
		spans = append(spans, p.span)
	}
	for _, s := range c.openStretches(key, step) {
		spans = append(spans, s.span)
	}
	return merged(spans)
}

// Series reads a span that lies in one of the stretches of [Cache.Held]. Groups
// without a point in it are left out. False means that it is gone or damaged
// and has to be asked for; Held no longer promises it then.
func (c *Cache) Series(key string, step int64, span timeseries.Span) (timeseries.Answer, bool) {
	if _, ok := cellsOf(step, span); !ok || !c.readable() {
		return timeseries.Answer{}, false
	}
	open := c.openStretches(key, step)
	again, missing := false, ""
	for {
		packs, hidden := c.covering(key, step, span, again)
		if hidden {
			return timeseries.Answer{}, false
		}
		spans := make([]timeseries.Span, 0, len(packs)+len(open))
		for _, p := range packs {
			spans = append(spans, p.span)
		}
		for _, o := range open {
			spans = append(spans, o.span)
		}
		if !covers(spans, span) {
			if missing != "" {
				c.faults.drop(missing)
			}
			return timeseries.Answer{}, false
		}
		parts, gone, err := c.readAll(key, packs)
		if err == nil {
			// What is settled goes over what was not when it was written.
			whole := overlay(span, step, append(slices.Clone(open), parts...))
			return timeseries.Answer{Groups: whole.groups, Every: whole.every}, true
		}
		if errors.Is(err, fs.ErrNotExist) {
			missing = gone
		}
		if again {
			c.lose(key, gone)
		}
		again = true
	}
}

// readAll reads packs, older first. It stops at the first that is not there or
// not right, which gone names; a pack that is not right is held no more.
func (c *Cache) readAll(key string, packs []shelved) (parts []stretch, gone string, err error) {
	for _, p := range packs {
		s, err := c.readOne(key, p)
		if err != nil {
			return nil, p.name, err
		}
		parts = append(parts, s)
	}
	slices.SortStableFunc(parts, byWritten)
	return parts, "", nil
}

// readOne reads a pack. One that is there and not right is a fault, and removed
// if it is ours.
func (c *Cache) readOne(key string, p shelved) (stretch, error) {
	content, err := c.reads.Read(p.name)
	if errors.Is(err, fs.ErrNotExist) {
		return stretch{}, err
	}
	if err != nil {
		c.faults.cannotRead(err)
		c.lose(key, p.name)
		return stretch{}, err
	}
	text, s, err := stretchOf(content)
	if err == nil && (text != key || s.step != p.step || s.span != p.span || checksum(content) != p.crc) {
		err = errDamaged
	}
	if err != nil {
		c.spoilt(p.name, err)
		c.lose(key, p.name)
	}
	return s, err
}

// lose takes a pack off the shelf for the rest of the run.
func (c *Cache) lose(key, name string) {
	s := c.shelf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ban(name)
}

// spoilt counts a pack that is not right and removes it, unless another version may still want it.
func (c *Cache) spoilt(name string, why error) {
	if errors.Is(why, errVersion) {
		c.faults.stranger(name)
		return
	}
	c.faults.damage(name)
	if c.writable() {
		// Whether that works or not, it is not used.
		_ = c.store.Remove(name)
	}
}
