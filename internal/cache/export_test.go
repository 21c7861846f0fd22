package cache

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"time"
)

// Flush waits until everything that was handed over so far is done.
func (c *Cache) Flush() {
	for _, w := range c.writers {
		w.mu.Lock()
		for w.busy || len(w.jobs) > 0 {
			w.changed.Wait()
		}
		w.mu.Unlock()
	}
}

// Seal puts the right checksum behind some bytes.
func Seal(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(slices.Clone(body), crc32.Checksum(body, castagnoli))
}

// Settle waits until no writer runs any more, after Close.
func (c *Cache) Settle() {
	for _, w := range c.writers {
		w.mu.Lock()
		for w.running {
			w.changed.Wait()
		}
		w.mu.Unlock()
	}
}

// Impatient makes whoever keeps something wait for next to no time.
func (c *Cache) Impatient() {
	for _, w := range c.writers {
		w.patience = time.Millisecond
	}
}

// Running reports whether a writer runs.
func (c *Cache) Running() bool {
	for _, w := range c.writers {
		w.mu.Lock()
		running := w.running
		w.mu.Unlock()
		if running {
			return true
		}
	}
	return false
}

// Hold lets everything wait that is to be written, until it is released.
func (c *Cache) Hold() (release func()) {
	held := make(chan struct{})
	for _, w := range c.writers {
		w.add(job{do: func() { <-held }})
	}
	return func() { close(held) }
}
