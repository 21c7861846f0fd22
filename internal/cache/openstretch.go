package cache

import (
	"encoding/binary"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// openPart is what one key answered over a span that is not settled, or not proven.
type openPart struct {
	key string
	stretch
}

// keepOpen writes the parts of one request into one pack.
func (c *Cache) keepOpen(r timeseries.Request, parts []openPart) {
	if c.faults.broken() {
		return
	}
	written := c.stampAfter(0)
	for i := range parts {
		parts[i].written = written
	}
	// The same request earlier in the day may have been for another hour of it.
	if content, ok := c.readPack(openName(c.id, r.Step, openKeys(parts), r.Span.Start)); ok {
		if _, earlier, err := decodeOpen(content); err == nil {
			parts = extend(earlier, parts)
		}
	}
	if name, content := encodeOpen(c.id, r.Step, r.Span, parts, written); content != nil {
		c.write(name, content)
	}
}

// extend is the parts with what earlier ones say beside them. Parts of a key
// that touch become one.
func extend(earlier, parts []openPart) []openPart {
	all := slices.Clone(parts)
	for _, e := range earlier {
		for i := 0; i < len(all); i++ {
			p := all[i]
			if p.key != e.key || p.step != e.step || e.span.End < p.span.Start || e.span.Start > p.span.End {
				continue
			}
			span := timeseries.Span{Start: min(e.span.Start, p.span.Start), End: max(e.span.End, p.span.End)}
			e.stretch = overlay(span, e.step, []stretch{e.stretch, p.stretch})
			all = slices.Delete(all, i, i+1)
			i = -1 // what is longer now may touch another
		}
		all = append(all, e)
	}
	return all
}

// encodeOpen is nil when there is too much of it.
func encodeOpen(owner string, step int64, span timeseries.Span, parts []openPart, written int64) (name string, content []byte) {
	cells := int64(0)
	for _, p := range parts {
		cells += p.cells()
	}
	if cells > most {
		return "", nil
	}
	payload := binary.AppendUvarint(nil, uint64(len(parts)))
	for _, p := range parts {
		payload = appendText(payload, p.key)
		payload = binary.AppendVarint(payload, p.span.Start)
		payload = binary.AppendVarint(payload, p.span.End)
		payload = binary.AppendVarint(payload, p.every)
		payload = binary.AppendVarint(payload, p.written)
		payload = appendGroups(payload, p.groups)
	}
	content, _, err := pack{kind: openPack, step: step, span: span, written: written, payload: payload}.encode()
	if err != nil {
		return "", nil
	}
	return openName(owner, step, openKeys(parts), span.Start), content
}

func openKeys(parts []openPart) []string {
	var keys []string
	for _, p := range parts {
		keys = append(keys, p.key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// decodeOpen reads what [encodeOpen] wrote.
func decodeOpen(content []byte) (p pack, parts []openPart, err error) {
	p, err = decodePack(content)
	if err != nil {
		return pack{}, nil, err
	}
	if p.kind != openPack {
		return pack{}, nil, errDamaged
	}
	r, room := reader{rest: p.payload}, int64(most)
	for range r.count() {
		var o openPart
		o.key = r.text()
		o.step = p.step
		o.span = timeseries.Span{Start: r.varint(), End: r.varint()}
		o.every = r.varint()
		o.written = r.varint()
		o.groups = r.groups(o.step, o.span, &room)
		if r.bad {
			return pack{}, nil, errDamaged
		}
		parts = append(parts, o)
	}
	if r.bad || len(r.rest) > 0 {
		return pack{}, nil, errDamaged
	}
	return p, parts, nil
}

// openStretches is what is open of a key at a step, older first; only for runs that are offline.
func (c *Cache) openStretches(key string, step int64) []stretch {
	if !c.offline || !c.readable() {
		return nil
	}
	c.opened.Do(c.loadOpen)
	var found []stretch
	for _, s := range c.open[key] {
		if s.step == step {
			found = append(found, s)
		}
	}
	return found
}

// loadOpen reads all that is open, once.
func (c *Cache) loadOpen() {
	c.open = map[string][]stretch{}
	c.eachOpen(func(_ string, _ pack, parts []openPart) {
		for _, p := range parts {
			c.open[p.key] = append(c.open[p.key], p.stretch)
		}
	})
	for _, stretches := range c.open {
		slices.SortStableFunc(stretches, byWritten)
	}
}

// eachOpen visits the packs of what is open.
func (c *Cache) eachOpen(visit func(name string, p pack, parts []openPart)) {
	entries, err := c.reads.List(openFolder(c.id))
	if err != nil {
		c.faults.cannotRead(err)
	}
	for _, e := range entries {
		switch nameOf(e.Name).kind {
		case openPackName:
		case temporaryName:
			continue
		default:
			c.faults.stranger(e.Name)
			continue
		}
		content, ok := c.readPack(e.Name)
		if !ok {
			continue
		}
		p, parts, err := decodeOpen(content)
		if err == nil && openName(c.id, p.step, openKeys(parts), p.span.Start) != e.Name {
			err = errDamaged
		}
		if err != nil {
			c.spoilt(e.Name, err)
			continue
		}
		visit(e.Name, p, parts)
	}
}

// forgetOpen takes a key out of all that is open.
func (c *Cache) forgetOpen(key string) {
	c.eachOpen(func(name string, p pack, parts []openPart) {
		left := slices.DeleteFunc(parts, func(o openPart) bool { return o.key == key })
		if len(left) == len(parts) {
			return
		}
		// Whatever does not work out here shows in offline runs only.
		_ = c.store.Remove(name)
		if len(left) > 0 {
			if name, content := encodeOpen(c.id, p.step, p.span, left, p.written); content != nil {
				c.write(name, content)
			}
		}
	})
}
