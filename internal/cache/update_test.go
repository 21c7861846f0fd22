package cache_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/slo-cli/slo/internal/cache"
)

// hooked runs something before the first write of a pack of series.
type hooked struct {
	cache.Store
	once   sync.Once
	hook   func()
	atRead bool
}

func (h *hooked) Read(name string) ([]byte, error) {
	content, err := h.Store.Read(name)
	if h.atRead && strings.Contains(name, "/series/") {
		h.once.Do(h.hook)
	}
	return content, err
}

func (h *hooked) Write(name string, content []byte) error {
	if !h.atRead && strings.Contains(name, "/series/") {
		h.once.Do(h.hook)
	}
	return h.Store.Write(name, content)
}

// One process adds a day while another has found out that the days before it are told otherwise now.
func TestNothingWrongComesBack(t *testing.T) {
	t.Parallel()
	for _, atRead := range []bool{false, true} {
		for _, how := range []string{"refresh", "forget and keep", "forget alone"} {
			store := cache.Dir(t.TempDir())
			c := cache.Open(config(store))
			keep(c, "q", days(-10, -1), 300, answer(days(-10, -1), 300, 1))
			quiet(t, c)

			b := cache.Open(config(&hooked{Store: store, atRead: atRead, hook: func() {
				var a *cache.Cache
				if how == "refresh" {
					a = with(config(store), refresh)
				} else {
					a = cache.Open(config(store))
					a.Forget("q")
				}
				if how != "forget alone" {
					keep(a, "q", days(-10, -1), 300, answer(days(-10, -1), 300, 2))
				}
				a.Close(t.Context())
			}}))
			keep(b, "q", days(-1, 0), 300, answer(days(-1, 0), 300, 2))
			b.Close(t.Context())

			d := cache.Open(config(store))
			got, ok := d.Series("q", 300, days(-5, -4))
			if ok && got.Groups[0].Series.Values[0] != 2 {
				t.Errorf("read %v, %s: what was found to be wrong is held again: %v", atRead, how, got.Groups[0].Series.Values[0])
			}
			quiet(t, d)
		}
	}
}

// What is to be forgotten is forgotten also when the time is up.
func TestForgetAtTheLastMoment(t *testing.T) {
	t.Parallel()
	store := cache.Dir(t.TempDir())
	c := cache.Open(config(store))
	keep(c, "q", days(-10, -1), 300, answer(days(-10, -1), 300, 1))
	quiet(t, c)
	a := cache.Open(config(store))
	a.Forget("q")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.Close(ctx)
	if held := cache.Open(config(store)).Held("q", 300); len(held) > 0 {
		t.Errorf("held again: %v", held)
	}
}
