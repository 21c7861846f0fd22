package cache_test

import (
	"testing"
	"testing/synctest"

	"github.com/slo-cli/slo/internal/cache"
)

// hanging is a store on a disk that has stopped to answer.
type hanging struct {
	cache.Store
	until chan struct{}
}

func (h hanging) List(prefix string) ([]cache.Entry, error) {
	<-h.until
	return h.Store.List(prefix)
}

func (h hanging) Read(name string) ([]byte, error) {
	<-h.until
	return h.Store.Read(name)
}

// A disk that does not answer is a cache with nothing in it, and said once.
func TestDiskThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		until := make(chan struct{})
		c := cache.Open(config(hanging{newMemory(), until}))
		if _, _, ok := c.Recall("slos"); ok {
			t.Error("something is recalled")
		}
		if held := c.Held("q", 300); len(held) > 0 {
			t.Errorf("held: %v", held)
		}
		notes := c.Close(t.Context())
		if len(notes) != 1 || notes[0].Code != "cache_unreadable" {
			t.Errorf("notes: %v", notes)
		}
		close(until)
	})
}
