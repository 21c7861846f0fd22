package cache

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// Inventory is what lies in a [Store], over all owners.
type Inventory struct {
	Owners []OwnerInfo
	Bytes  int64
	Files  int
}

// OwnerInfo is what lies there of one owner.
type OwnerInfo struct {
	// ID is the name of the owner's folder.
	ID string
	// Site and BaseURL are empty when unknown. Of the URL there is the host alone.
	Site, BaseURL string
	Files         int
	Bytes         int64
	// Queries is how many queries and formulas there is settled data of.
	Queries int
	// Oldest and Newest are the ends of that data; zero when there is none.
	Oldest, Newest time.Time
	// Written is when anything was last written.
	Written time.Time
}

// Survey says what there is. Files that are not ours do not count. With an
// error there is what could be listed.
func Survey(s Store) (Inventory, error) {
	entries, err := s.List(version)
	var all Inventory
	owners := map[string]*OwnerInfo{}
	keys := map[string]bool{}
	for _, e := range entries {
		n := nameOf(e.Name)
		if n.kind == foreignName {
			continue
		}
		all.Files++
		all.Bytes += e.Size
		if n.owner == "" {
			continue
		}
		o := owners[n.owner]
		if o == nil {
			o = &OwnerInfo{ID: n.owner}
			owners[n.owner] = o
		}
		o.Files++
		o.Bytes += e.Size
		if e.Modified.After(o.Written) {
			o.Written = e.Modified
		}
		switch n.kind {
		case cardFile:
			o.Site, o.BaseURL = readCard(s, e.Name)
		case seriesName:
			if at := n.owner + n.key; !keys[at] {
				keys[at] = true
				o.Queries++
			}
			from, to := time.Unix(n.held.span.Start, 0).UTC(), time.Unix(n.held.span.End, 0).UTC()
			if o.Oldest.IsZero() || from.Before(o.Oldest) {
				o.Oldest = from
			}
			if to.After(o.Newest) {
				o.Newest = to
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(owners)) {
		all.Owners = append(all.Owners, *owners[id])
	}
	return all, err
}

func readCard(s Store, name string) (site, host string) {
	content, err := s.Read(name)
	if err != nil {
		return "", ""
	}
	var card ownerCard
	if json.Unmarshal(content, &card) != nil {
		return "", ""
	}
	return card.Site, card.Host
}

const (
	// leftover is the age at which a temporary file belongs to nobody any more.
	leftover = time.Hour
	// openFor is how long what is not settled stays, for runs that are offline.
	openFor = 14 * 24 * time.Hour
	// between is how long after one look at the size the next one follows.
	between = 24 * time.Hour
)

// Prune removes packs that were written longer ago than olderThan, unless it is
// 0, and then the oldest until what is left takes at most maxBytes, unless that
// is 0. It also removes what was left half written. Files that are not ours stay.
func Prune(s Store, maxBytes int64, olderThan time.Duration, now time.Time) (removed int, freed int64, err error) {
	return prune(context.Background(), s, now, func(entries []Entry, total int64) []Entry {
		var gone []Entry
		for _, e := range entries {
			if olderThan > 0 && now.Sub(e.Modified) > olderThan || maxBytes > 0 && total > maxBytes {
				gone = append(gone, e)
				total -= e.Size
			}
		}
		return gone
	})
}

// prune removes what choose chooses out of the packs, which it gets oldest first
// and with their size in all, and whatever belongs to nobody.
func prune(ctx context.Context, s Store, now time.Time, choose func(entries []Entry, total int64) []Entry) (removed int, freed int64, err error) {
	entries, err := s.List(version)
	if err != nil {
		return 0, 0, err
	}
	var packs, cards, gone []Entry
	total, left := int64(0), map[string]int{}
	for _, e := range entries {
		switch n := nameOf(e.Name); n.kind {
		case temporaryName:
			if now.Sub(e.Modified) > leftover {
				gone = append(gone, e)
			}
		case cardFile:
			cards = append(cards, e)
		case seriesName, openPackName, otherPackName:
			packs = append(packs, e)
			total += e.Size
			left[n.owner]++
		}
	}
	slices.SortStableFunc(packs, func(a, b Entry) int {
		return cmp.Or(a.Modified.Compare(b.Modified), strings.Compare(a.Name, b.Name))
	})
	for _, e := range choose(packs, total) {
		gone = append(gone, e)
		left[nameOf(e.Name).owner]--
	}
	for _, e := range cards {
		// The card of an owner who may be about to write for the first time stays.
		if left[nameOf(e.Name).owner] == 0 && now.Sub(e.Modified) > leftover {
			gone = append(gone, e)
		}
	}
	return remove(ctx, s, gone)
}

func remove(ctx context.Context, s Store, entries []Entry) (removed int, freed int64, err error) {
	for _, e := range entries {
		if ctx.Err() != nil {
			return removed, freed, ctx.Err()
		}
		if failed := s.Remove(e.Name); failed != nil {
			err = cmp.Or(err, failed)
			continue
		}
		removed++
		freed += e.Size
	}
	return removed, freed, err
}

// Clear removes everything that is ours by its name, and nothing beside it: the
// folder may be one that holds other things as well.
func Clear(s Store) (removed int, freed int64, err error) {
	entries, unlisted := s.List(version)
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return nameOf(e.Name).kind == foreignName })
	removed, freed, err = remove(context.Background(), s, entries)
	return removed, freed, cmp.Or(unlisted, err)
}

// sweep removes a temporary file that belongs to nobody any more.
func (c *Cache) sweep(e Entry) {
	if time.Since(e.Modified) > leftover {
		_ = c.store.Remove(e.Name) // the next run tries again
	}
}

// tidy keeps the whole cache within its bound. Since that means to look at every
// file, it happens once a day.
func (c *Cache) tidy(ctx context.Context) {
	now := time.Now()
	marker, err := c.store.List(prunedName)
	if err != nil || slices.ContainsFunc(marker, func(e Entry) bool {
		return e.Name == prunedName && now.Sub(e.Modified) < between && !e.Modified.After(now.Add(between))
	}) {
		return
	}
	// Others need not do the same at the same time.
	if err := c.store.Write(prunedName, nil); err != nil {
		return
	}
	// What cannot be removed today may be tomorrow.
	_, _, _ = prune(ctx, c.store, now, func(entries []Entry, total int64) []Entry {
		var gone, kept []Entry
		for _, e := range entries {
			if nameOf(e.Name).kind == openPackName && now.Sub(e.Modified) > openFor {
				gone = append(gone, e)
				total -= e.Size
			} else {
				kept = append(kept, e)
			}
		}
		if total <= c.maxBytes {
			return gone
		}
		for _, e := range kept {
			if total <= c.maxBytes-c.maxBytes/10 {
				break
			}
			gone = append(gone, e)
			total -= e.Size
		}
		return gone
	})
}
