package cache

import (
	"bytes"
	"errors"
	"io/fs"
	"time"
)

// readPack reads an object that need not be there.
func (c *Cache) readPack(name string) (content []byte, ok bool) {
	content, err := c.reads.Read(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.faults.cannotRead(err)
	}
	return content, err == nil
}

// keyed reads the pack of a key that has one only.
func (c *Cache) keyed(name, key string, kind packKind) (pack, bool) {
	if !c.readable() {
		return pack{}, false
	}
	content, ok := c.readPack(name)
	if !ok {
		return pack{}, false
	}
	p, err := decodePack(content)
	if err == nil && (p.kind != kind || p.key != key) {
		err = errDamaged
	}
	if err != nil {
		c.spoilt(name, err)
		return pack{}, false
	}
	return p, true
}

// keepKeyed writes the pack of a key that has one only, in place of what there was.
func (c *Cache) keepKeyed(name string, p pack) {
	c.later(shardOf(p.key), int64(len(p.payload)), func() {
		if c.faults.broken() {
			return
		}
		p.written = c.stampAfter(0)
		if content, _, err := p.encode(); err == nil {
			c.write(name, content)
		}
	})
}

// File keeps the last complete answer of a listing under a name, in place of
// the one before. It returns before anything is written.
func (c *Cache) File(name string, content []byte) {
	if !c.writable() || c.secret(name) || c.secretIn(content) {
		return
	}
	c.keepKeyed(lastName(c.id, name), pack{kind: lastPack, key: name, payload: bytes.Clone(content)})
}

// Recall is what was last filed under a name, and when.
func (c *Cache) Recall(name string) (content []byte, at time.Time, ok bool) {
	p, ok := c.keyed(lastName(c.id, name), name, lastPack)
	if !ok {
		return nil, time.Time{}, false
	}
	return p.payload, time.Unix(0, p.written), true
}
