package cache_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// right checks everything that is held of the victim's keys, and returns how many cells that were.
func right(t *testing.T, c *cache.Cache, mayBeGone bool) (cells int) {
	t.Helper()
	for i := range 7 {
		for _, span := range c.Held(victimKey(i), 300) {
			answer, ok := c.Series(victimKey(i), 300, span)
			if !ok {
				if !mayBeGone {
					t.Errorf("%s over %v is gone", victimKey(i), span)
				}
				continue
			}
			if len(answer.Groups) != 1 || answer.Groups[0].Series.Span() != span {
				t.Errorf("%s over %v has %d groups", victimKey(i), span, len(answer.Groups))
				continue
			}
			for k, v := range answer.Groups[0].Series.Values {
				if at := span.Start + int64(k)*300; v != victimValue(at) {
					t.Fatalf("%s at %s is %v, want %v", victimKey(i), timeseries.Format(at), v, victimValue(at))
				}
				cells++
			}
		}
	}
	if content, _, ok := c.Recall("listing"); ok && !strings.HasPrefix(string(content), "round ") {
		t.Errorf("recalled %q", content)
	}
	return cells
}

// A process that is killed in the middle of writing leaves nothing wrong behind.
func TestKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for kill := range 15 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), victimFolder+"="+folder)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		// It is killed a while after some round: in the middle of the next one, as a rule.
		lines := bufio.NewScanner(out)
		for range 1 + kill%3 {
			if !lines.Scan() {
				t.Fatal("the victim ended by itself")
			}
		}
		c := victimCache(cache.Dir(folder))
		right(t, c, true) // while it goes on writing
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // it says that it was killed
		for _, n := range c.Close(t.Context()) {
			if n.Code != "cache_dropped" {
				t.Errorf("beside the victim: %v", n)
			}
		}
		c = victimCache(cache.Dir(folder))
		if cells := right(t, c, false); cells == 0 {
			t.Error("nothing is held")
		}
		if _, _, ok := c.Recall("listing"); !ok {
			t.Error("the listing is gone")
		}
		if notes := c.Close(t.Context()); len(notes) > 0 {
			t.Errorf("after the kill: %v", notes)
		}
	}
}

// Several caches write and read the same keys of one folder at the same time.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	store := cache.Dir(t.TempDir())
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for round := range 6 {
				c := victimCache(store)
				var inner sync.WaitGroup
				inner.Go(func() {
					for i := range 14 {
						start := timeseries.Floor(victimNow.Unix(), day) - int64(2+(worker*7+round*11+i*3)%60)*day
						span := timeseries.Span{Start: start, End: start + int64(1+(round+i)%9)*day}
						s := timeseries.Blank(span, 300)
						for k := range s.Values {
							s.Values[k] = victimValue(span.Start + int64(k)*300)
						}
						c.Keep(timeseries.Request{Queries: []string{victimKey(i)}, Span: span, Step: 300},
							[]timeseries.Answer{{Groups: []timeseries.Group{{Series: s}}}})
						c.File("listing", fmt.Appendf(nil, "round %d", round))
						c.KeepHistory("history", "stamp", slo.History{Window: span})
					}
				})
				inner.Go(func() { right(t, c, true) })
				inner.Go(func() { right(t, c, true) })
				if worker == 0 {
					inner.Go(func() { c.Forget(victimKey(round)) })
				}
				inner.Wait()
				for _, n := range c.Close(t.Context()) {
					if n.Code != "cache_dropped" {
						t.Errorf("%v", n)
					}
				}
			}
		})
	}
	wg.Wait()
	c := victimCache(store)
	if right(t, c, false) == 0 {
		t.Error("nothing is held")
	}
	if notes := c.Close(t.Context()); len(notes) > 0 {
		t.Error(notes)
	}
}
