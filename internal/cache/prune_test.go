package cache_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/cache"
)

// filled has n packs of metric data, the first the oldest by an hour for each.
func filled(t *testing.T, n int) *memory {
	t.Helper()
	store := newMemory()
	c := cache.Open(config(store))
	for i := range n {
		keep(c, fmt.Sprint("q", i), days(int64(-1-i), 0), 300, answer(days(int64(-1-i), 0), 300, float64(i)))
		c.Flush()
		for _, name := range store.names("/series/") {
			store.age(name, time.Hour)
		}
	}
	quiet(t, c)
	return store
}

func size(t *testing.T, s cache.Store) (packs int, bytes int64) {
	t.Helper()
	all, err := cache.Survey(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all.Owners {
		packs += o.Queries
	}
	return packs, all.Bytes
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	store := filled(t, 3)
	c := cache.Open(config(store))
	c.File("x", []byte("y"))
	quiet(t, c)
	for _, name := range []string{"README", "v1/README", "v1/0123/x.pack", "v2/x", "v1/sub/folder/x"} {
		store.change(name, func([]byte) []byte { return []byte("foreign") })
	}
	all, err := cache.Survey(store)
	if err != nil || len(all.Owners) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	o := all.Owners[0]
	// The card and the listing lie beside the packs; the mark of the last look belongs to nobody.
	if o.Queries != 3 || o.Files != 5 || all.Files != 6 || o.Site != "datadoghq.eu" || len(o.ID) != 32 {
		t.Errorf("%+v", all)
	}
	if o.Oldest.Unix() != settled-3*day || o.Newest.Unix() != settled || time.Since(o.Written) > time.Hour || o.Bytes != all.Bytes {
		t.Errorf("%+v", all)
	}
	if all, err := cache.Survey(newMemory()); err != nil || all.Files != 0 || all.Owners != nil {
		t.Errorf("nothing is %+v, %v", all, err)
	}
}

func TestPruneTakesTheOldestFirst(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		share     int64 // of the size that may stay, in percent
		olderThan time.Duration
		left      []string
	}{
		{"nothing to do", 100, 0, []string{"q0", "q1", "q2", "q3"}},
		{"no bound", 0, 0, []string{"q0", "q1", "q2", "q3"}},
		{"a bit too large", 99, 0, []string{"q1", "q2", "q3"}},
		{"what is old", 0, 150 * time.Minute, []string{"q2", "q3"}},
		{"both", 99, 150 * time.Minute, []string{"q2", "q3"}},
		{"everything", 1, 0, nil},
	} {
		store := filled(t, 4)
		for _, name := range []string{"/last/", ".json", "pruned"} {
			for _, n := range store.names(name) {
				store.age(n, 48*time.Hour)
			}
		}
		total := int64(0)
		for _, name := range store.names("/series/") {
			total += int64(len(store.objects[name].content))
		}
		_, before := size(t, store)
		removed, freed, err := cache.Prune(store, total*test.share/100, test.olderThan, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		_, after := size(t, store)
		if freed != before-after || removed == 0 != (freed == 0) {
			t.Errorf("%s: %d removed, %d bytes of %d freed, %d left", test.name, removed, freed, before, after)
		}
		c := cache.Open(config(store))
		var left []string
		for i := range 4 {
			if key := fmt.Sprint("q", i); len(c.Held(key, 300)) > 0 {
				left = append(left, key)
			}
		}
		if !slices.Equal(left, test.left) {
			t.Errorf("%s: left are %v, want %v", test.name, left, test.left)
		}
		if cards := store.names("owner.json"); (len(cards) == 1) != (len(test.left) > 0) {
			t.Errorf("%s: %v", test.name, cards)
		}
	}
}

func TestPruneSweepsAndLeavesAlone(t *testing.T) {
	t.Parallel()
	store := newMemory()
	for _, name := range []string{"v1/0123456789abcdef0123456789abcdef/open/.tmp-1-old", "v1/.tmp-2-old", "v1/.tmp-3-new", "v1/foreign", "README", "v2/future", ".tmp-4-old"} {
		store.change(name, func([]byte) []byte { return []byte("x") })
	}
	store.age("v1/.tmp-3-new", -time.Since(time.Time{})) // from the zero time to now
	if err := store.Write("v1/.tmp-3-new", []byte("x")); err != nil {
		t.Fatal(err)
	}
	removed, freed, err := cache.Prune(store, 1, time.Minute, time.Now())
	if err != nil || removed != 2 || freed != 2 {
		t.Errorf("%d, %d, %v", removed, freed, err)
	}
	if left := store.names(""); !slices.Equal(left, []string{".tmp-4-old", "README", "v1/.tmp-3-new", "v1/foreign", "v2/future"}) {
		t.Errorf("left are %v", left)
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := cache.Dir(folder)
	c := cache.Open(config(store))
	keep(c, "q", days(-1, 1), 300, answer(days(-1, 1), 300, 1))
	c.File("x", []byte("y"))
	quiet(t, c)
	for _, name := range []string{"v0/x", "v1/.tmp-1", "v2/a/b/c", "video/x", "v/x", "v1x/y", "README", "v12/z"} {
		if err := store.Write(name, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	removed, freed, err := cache.Clear(store)
	if err != nil || removed != 6 || freed < 6 {
		t.Errorf("%d removed, %d freed, %v", removed, freed, err)
	}
	entries, err := store.List("")
	var left []string
	for _, e := range entries {
		left = append(left, e.Name)
	}
	// A folder called v2 may well be somebody's sources.
	if want := []string{"README", "v/x", "v0/x", "v12/z", "v1x/y", "v2/a/b/c", "video/x"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left are %v, %v, want %v", left, err, want)
	}
	if _, err := os.Stat(filepath.Join(folder, "v1")); err == nil {
		t.Error("the folder v1 is still there")
	}
	// A cache that is in use while it is cleared goes on.
	c = cache.Open(config(store))
	wantHeld(t, c, "q", 300)
	keep(c, "q", days(-1, 0), 300, answer(days(-1, 0), 300, 1))
	quiet(t, c)
	wantHeld(t, cache.Open(config(store)), "q", 300, days(-1, 0))
}

func TestCloseKeepsWithinTheBound(t *testing.T) {
	t.Parallel()
	store := filled(t, 6)
	_, before := size(t, store)
	use := func() {
		c := with(config(store), func(c *cache.Config) { c.MaxBytes = before * 3 / 4 })
		c.File("x", []byte("y"))
		quiet(t, c)
	}
	use()
	if queries, _ := size(t, store); queries != 6 {
		t.Errorf("it was looked at within the day: %d queries are left", queries)
	}
	store.age("v1/pruned", 25*time.Hour)
	quiet(t, with(config(store), func(c *cache.Config) { c.MaxBytes = 1 }))
	if queries, _ := size(t, store); queries != 6 {
		t.Error("a run that wrote nothing removed something")
	}
	use()
	queries, after := size(t, store)
	if queries == 0 || queries == 6 {
		t.Errorf("%d queries and %d bytes of %d are left", queries, after, before)
	}
	c := cache.Open(config(store))
	wantHeld(t, c, "q0", 300)
	wantHeld(t, c, "q5", 300, days(-6, 0))

	// There is some room afterwards, so that the next day does not begin with it again.
	store = filled(t, 20)
	store.age("v1/pruned", 25*time.Hour)
	packs := int64(0)
	for _, name := range slices.Concat(store.names("/series/"), store.names("/last/")) {
		packs += int64(len(store.objects[name].content))
	}
	quietly := with(config(store), func(c *cache.Config) { c.MaxBytes = packs - 1 })
	quietly.File("x", []byte("y"))
	quiet(t, quietly)
	left := int64(0)
	for _, name := range slices.Concat(store.names("/series/"), store.names("/last/")) {
		left += int64(len(store.objects[name].content))
	}
	if left > packs*9/10 || left < packs*8/10 {
		t.Errorf("%d bytes of %d are left", left, packs)
	}
}

// What is not settled is for runs that are offline, and of no use for ever.
func TestCloseSweepsWhatWasOpen(t *testing.T) {
	t.Parallel()
	store := newMemory()
	for i := range 3 {
		c := cache.Open(config(store))
		keep(c, fmt.Sprint("q", i), days(0, 1), 300, answer(days(0, 1), 300, 1))
		c.Flush()
		if i == 0 {
			for _, name := range store.names("/open/") {
				store.age(name, 15*24*time.Hour)
			}
		}
		if i < 2 {
			quiet(t, c)
			continue
		}
		store.age("v1/pruned", 25*time.Hour)
		quiet(t, c)
	}
	c := with(config(store), offline)
	wantHeld(t, c, "q0", 300)
	wantHeld(t, c, "q1", 300, days(0, 1))
	wantHeld(t, c, "q2", 300, days(0, 1))
}
