package cache

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	defaultSettledAfter = 24 * time.Hour
	defaultMaxBytes     = 1 << 30
	// closing is how long Close waits for a slow disk: people wait for the board.
	closing = 10 * time.Second
)

// Config says where a [Cache] lies and what may be read from and written to it.
type Config struct {
	Store Store
	// Owner is who asks whom: part of every name.
	Owner Owner
	// Now is the earliest of all clocks that are known. It may be called often.
	Now func() time.Time
	// SettledAfter is how long after its end a day is past changing; 0 means 24 hours.
	SettledAfter time.Duration
	// Secrets are what nothing that is written may contain.
	Secrets []string
	// Refresh reads nothing and writes as usual.
	Refresh bool
	// Offline counts what was not settled as held too, and writes nothing.
	Offline bool
	// MaxBytes is the size above which the oldest packs go; 0 means 1 GiB.
	MaxBytes int64
}

// Cache is the view of one owner on a [Store]. It is safe for concurrent use.
type Cache struct {
	store Store
	// reads is the store for whoever waits for what is read.
	reads        Store
	owner        Owner
	id           string
	now          func() time.Time
	settledAfter time.Duration
	forms        []string
	refresh      bool
	offline      bool
	maxBytes     int64

	faults  faults
	writers [writers]*writer
	closed  atomic.Bool
	wrote   atomic.Bool
	// stamp is the last instant that anything was written at.
	stamp atomic.Int64
	card  sync.Once

	mu      sync.Mutex
	shelves map[string]*shelf

	opened sync.Once
	open   map[string][]stretch // by key, older first
}

// Open makes a Cache. It does nothing else: the store is first asked when something is.
func Open(config Config) *Cache {
	c := &Cache{
		store:        config.Store,
		reads:        &patient{Store: config.Store, limit: readPatience},
		owner:        config.Owner,
		id:           config.Owner.id(),
		now:          config.Now,
		settledAfter: config.SettledAfter,
		forms:        forms(config.Secrets),
		refresh:      config.Refresh,
		offline:      config.Offline,
		maxBytes:     config.MaxBytes,
		shelves:      map[string]*shelf{},
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.settledAfter <= 0 {
		c.settledAfter = defaultSettledAfter
	}
	if c.maxBytes <= 0 {
		c.maxBytes = defaultMaxBytes
	}
	for i := range c.writers {
		c.writers[i] = newWriter()
	}
	return c
}

// settled is where the settled part of time ends, at the start of a day.
func (c *Cache) settled() int64 {
	return timeseries.Floor(c.now().Add(-c.settledAfter).Unix(), day)
}

// readable and writable say what this run may do.
func (c *Cache) readable() bool { return !c.refresh }
func (c *Cache) writable() bool { return !c.offline && !c.closed.Load() }

// stampAfter is an instant to write at, after all that were used or seen before.
// It is read off the clock of this machine: the clock of the configuration may
// be set to the past.
func (c *Cache) stampAfter(seen int64) int64 {
	for {
		last := c.stamp.Load()
		next := max(time.Now().UnixNano(), last+1)
		if c.stamp.CompareAndSwap(last, next) {
			return max(next, seen+1)
		}
	}
}

// later does a job in the background, unless there is no room for it. Jobs of
// the same shard keep their order.
func (c *Cache) later(shard int, size int64, do func()) bool {
	if !c.writers[shard].add(job{size: size, do: do}) {
		c.faults.unfinish(1)
		return false
	}
	return true
}

// shardOf spreads keys over the writers.
func shardOf(key string) int {
	b, err := hex.DecodeString(digest(key)[:2])
	if err != nil {
		return 0 // a digest is hexadecimal
	}
	return int(b[0]) % writers
}

// general is the shard of everything that does not belong to one key.
const general = 0

// write writes an object of the owner, unless writing failed before.
func (c *Cache) write(name string, content []byte) bool {
	if c.faults.broken() {
		return false
	}
	c.card.Do(c.writeCard)
	if c.faults.broken() { // the card was the first to meet it
		return false
	}
	if err := c.store.Write(name, content); err != nil {
		c.faults.cannotWrite(err)
		return false
	}
	c.wrote.Store(true)
	return true
}

// writeCard says whose folder this is, once and for all.
func (c *Cache) writeCard() {
	name, card := version+c.id+"/"+cardName, c.owner.card()
	if there, err := c.store.Read(name); err == nil && string(there) == string(card) || c.secretIn(card) {
		return
	}
	if err := c.store.Write(name, card); err != nil {
		c.faults.cannotWrite(err)
	}
}

// where names the store in notes.
func (c *Cache) where() string {
	if s, ok := c.store.(fmt.Stringer); ok {
		return s.String()
	}
	return "store"
}

// Close waits until everything is written, keeps the cache within its bound,
// and returns what the reader must know. It gives up at once when ctx is done;
// what is not written then is asked for again. Nothing is kept after Close.
func (c *Cache) Close(ctx context.Context) []slo.Note {
	if c.closed.Swap(true) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	for _, w := range c.writers {
		c.faults.unfinish(w.close(ctx))
	}
	if c.wrote.Load() && !c.faults.broken() && ctx.Err() == nil {
		c.tidy(ctx)
	}
	return c.faults.notes(c.where(), c.offline)
}
