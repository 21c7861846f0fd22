package cache_test

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const day = 86_400

// cell is what was last kept of one cell: the values of the groups that have one.
type cell map[string]float64

// question is a key at a step.
type question struct {
	key  string
	step int64
}

// machine drives caches over one store beside a plain map of what was kept.
type machine struct {
	store  *memory
	caches []*cache.Cache
	now    time.Time
	// model holds the cells of whole settled days by their start.
	model map[question]map[int64]cell
	// edition makes what is answered differ after a Forget.
	edition map[string]int
	// fickle machines change settled values at will. They have one cache, and
	// nothing gets lost.
	fickle bool
	// damaged machines have lost something.
	damaged bool
	count   int
}

func (m *machine) open() *cache.Cache {
	return cache.Open(cache.Config{Store: m.store, Owner: cache.OwnerOf("datadoghq.com", "", "key"), Now: func() time.Time { return m.now }})
}

func questions() *rapid.Generator[question] {
	return rapid.Custom(func(t *rapid.T) question {
		// One more often than the others, so that its days meet.
		return rapid.SampledFrom([]question{
			{"sum:b{*} by {x}", 21_600}, {"sum:b{*} by {x}", 21_600}, {"sum:b{*} by {x}", 21_600}, {"sum:b{*} by {x}", 21_600},
			{"sum:b{*} by {x}", 1800}, {"sum:a{*}", 21_600}, {"sum:a{*}", 86_400}, {"sum:a{*}", 50_000},
		}).Draw(t, "question")
	})
}

// truth is the settled value of a cell for a group; some have none.
func (m *machine) truth(q question, group string, at int64) (float64, bool) {
	n := uint64(at)*2654435761 + uint64(len(group))*97 + uint64(len(q.key))*31 + uint64(m.edition[q.key])*7919
	n ^= n >> 7
	if n%5 == 0 || group == "x:rare" && n%64 != 1 {
		return 0, false
	}
	if group == "x:exact" {
		return float64(n%1000) / 7, true
	}
	return float64(n % 1000), true
}

func (m *machine) settled() int64 {
	return timeseries.Floor(m.now.Unix()-day, day)
}

// keep keeps and forgets a few times before anything of it is written.
func (m *machine) keep(t *rapid.T) {
	c := m.one(t)
	release := c.Hold()
	for range rapid.IntRange(1, 4).Draw(t, "times") {
		if rapid.IntRange(0, 7).Draw(t, "forget") == 0 {
			m.forgetIn(t, c)
		} else {
			m.keepIn(t, c)
		}
	}
	release()
	c.Flush()
}

func (m *machine) keepIn(t *rapid.T, c *cache.Cache) {
	q := questions().Draw(t, "question")
	if m.fickle {
		m.edition[q.key]++
	}
	from := m.settled() - day*rapid.Int64Range(-2, 45).Draw(t, "days back") + 3600*rapid.Int64Range(0, 23).Draw(t, "hours")
	length := day*rapid.Int64Range(0, rapid.SampledFrom([]int64{3, 40}).Draw(t, "at most")).Draw(t, "days") + 3600*rapid.Int64Range(1, 23).Draw(t, "more hours")
	span := timeseries.Span{Start: timeseries.Floor(from, q.step), End: timeseries.Ceil(from+length, q.step)}
	groups := []string{""}
	if q.key != "sum:a{*}" {
		groups = []string{"x:1", "x:exact", "x:rare"}
		if m.fickle {
			groups = rapid.SampledFrom([][]string{nil, {"x:1"}, {"x:2", "x:1"}, groups}).Draw(t, "groups")
		}
	}
	silent := rapid.IntRange(0, 9).Draw(t, "silent") == 0
	answer := timeseries.Answer{Every: rapid.SampledFrom([]int64{0, 0, 0, 3600}).Draw(t, "every")}
	kept := map[int64]cell{}
	points := false
	for i, name := range groups {
		g := timeseries.Group{Series: timeseries.Blank(span, q.step)}
		if name != "" {
			g.Tags = []string{name}
		}
		for k := range g.Series.Values {
			at := span.Start + int64(k)*q.step
			whole := timeseries.Floor(at, day)
			settled := whole >= span.Start && whole+day <= span.End && whole+day <= m.settled() && day%q.step == 0
			if !settled {
				m.count++
				g.Series.Values[k] = float64(m.count) // another one whenever it is asked for
				continue
			}
			if i == 0 {
				kept[at] = cell{}
			}
			if v, ok := m.truth(q, name, at); ok && !silent {
				points = true
				g.Series.Values[k] = v
				kept[at][name] = v
			}
		}
		answer.Groups = append(answer.Groups, g)
	}
	c.Keep(timeseries.Request{Queries: []string{q.key}, Span: span, Step: q.step}, []timeseries.Answer{answer})
	if points {
		if m.model[q] == nil {
			m.model[q] = map[int64]cell{}
		}
		maps.Copy(m.model[q], kept)
	}
}

func (m *machine) forget(t *rapid.T) {
	c := m.one(t)
	m.forgetIn(t, c)
	c.Flush()
}

func (m *machine) forgetIn(t *rapid.T, c *cache.Cache) {
	q := questions().Draw(t, "question")
	c.Forget(q.key)
	if held := c.Held(q.key, q.step); len(held) > 0 {
		t.Fatalf("%v is forgotten and held over %v", q, held)
	}
	m.edition[q.key]++
	for other := range m.model {
		if other.key == q.key {
			delete(m.model, other)
		}
	}
}

func (m *machine) one(t *rapid.T) *cache.Cache {
	return m.caches[rapid.IntRange(0, len(m.caches)-1).Draw(t, "cache")]
}

func (m *machine) reopen(t *rapid.T) {
	i := rapid.IntRange(0, len(m.caches)-1).Draw(t, "cache")
	notes := m.caches[i].Close(t.Context())
	if len(m.caches) > 1 {
		// What one cache forgets went away for the other one.
		notes = slices.DeleteFunc(notes, func(n slo.Note) bool { return n.Code == "cache_dropped" })
	}
	if len(notes) > 0 && !m.damaged {
		t.Fatalf("nothing is wrong, but: %v", notes)
	}
	m.caches[i] = m.open()
}

func (m *machine) pass(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "hours")) * time.Hour)
}

func (m *machine) harm(t *rapid.T) {
	names := m.store.names("/series/")
	if m.fickle || len(names) == 0 {
		return
	}
	m.damaged = true
	name := rapid.SampledFrom(names).Draw(t, "pack")
	switch rapid.SampledFrom([]string{"flip", "cut", "remove", "rename", "shift", "foreign"}).Draw(t, "harm") {
	case "flip":
		m.store.change(name, func(b []byte) []byte {
			if len(b) == 0 {
				return []byte("?")
			}
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			return b
		})
	case "cut":
		m.store.change(name, func(b []byte) []byte { return append([]byte{}, b[:rapid.IntRange(0, len(b)).Draw(t, "length")]...) })
	case "remove":
		m.store.change(name, func([]byte) []byte { return nil })
	case "rename":
		// A whole pack under the name of another one.
		content, err := m.store.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		m.store.change(rapid.SampledFrom(names).Draw(t, "other"), func([]byte) []byte { return content })
	case "shift":
		// A whole pack under a name that promises other days.
		var step, start, end int64
		var rest string
		if _, err := fmt.Sscanf(filepath.Base(name), "%d-%d-%d-%s", &step, &start, &end, &rest); err != nil {
			t.Skip("foreign")
		}
		content, err := m.store.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		m.store.change(name, func([]byte) []byte { return nil })
		m.store.change(fmt.Sprintf("%s/%d-%d-%d-%s", filepath.Dir(name), step, start-day, end-day, rest), func([]byte) []byte { return content })
	case "foreign":
		foreign := filepath.Dir(name) + rapid.SampledFrom([]string{"/notes.txt", "/300-0-86400-0000000g.pack", "/0-0-0-00000000.pack",
			"/1800--86400-0-00000000.pack", "/1800-0-43200-00000000.pack", "/1800-0-86400-00000000.pack"}).Draw(t, "foreign name")
		m.store.change(foreign, func([]byte) []byte { return []byte("hello") })
	}
}

// check compares what the caches hold with the model.
func (m *machine) check(t *rapid.T) {
	for _, c := range m.caches {
		q := questions().Draw(t, "question")
		held := c.Held(q.key, q.step)
		for i, span := range held {
			if span.Empty() || i > 0 && held[i-1].End >= span.Start {
				t.Fatalf("held: %v", held)
			}
		}
		if len(held) > 0 && !m.damaged {
			if cells := m.model[q]; !m.complete(q, held) && len(m.caches) == 1 {
				t.Fatalf("%v is held over %v, kept were %d cells", q, held, len(cells))
			}
		}
		if len(held) == 0 {
			if len(m.caches) == 1 && !m.damaged && len(m.model[q]) > 0 {
				t.Fatalf("%v is not held, kept were %d cells", q, len(m.model[q]))
			}
			continue
		}
		within := rapid.SampledFrom(held).Draw(t, "stretch")
		n := within.Seconds() / q.step
		from := rapid.Int64Range(0, n-1).Draw(t, "from")
		span := timeseries.Span{Start: within.Start + from*q.step, End: within.Start + q.step*rapid.Int64Range(from+1, n).Draw(t, "to")}
		if rapid.Bool().Draw(t, "all of it") {
			span = within
		}
		answer, ok := c.Series(q.key, q.step, span)
		if !ok {
			if len(m.caches) == 1 && !m.damaged {
				t.Fatalf("%v over %v was promised", q, span)
			}
			continue
		}
		m.compare(t, q, span, answer)
	}
}

// complete reports whether the stretches are just the cells of the model.
func (m *machine) complete(q question, held []timeseries.Span) bool {
	n := 0
	for _, span := range held {
		for at := span.Start; at < span.End; at += q.step {
			if _, ok := m.model[q][at]; !ok {
				return false
			}
			n++
		}
	}
	return n == len(m.model[q])
}

func (m *machine) compare(t *rapid.T, q question, span timeseries.Span, answer timeseries.Answer) {
	got := map[int64]cell{}
	for _, g := range answer.Groups {
		if g.Series.Span() != span || g.Series.Step != q.step {
			t.Fatalf("a series over %v every %d s, asked for %v every %d s", g.Series.Span(), g.Series.Step, span, q.step)
		}
		name := ""
		if len(g.Tags) > 0 {
			name = g.Tags[0]
		}
		points := 0
		for i, v := range g.Series.Values {
			if timeseries.IsMissing(v) {
				continue
			}
			points++
			at := span.Start + int64(i)*q.step
			if got[at] == nil {
				got[at] = cell{}
			}
			if _, twice := got[at][name]; twice {
				t.Fatalf("two groups %q", name)
			}
			got[at][name] = v
		}
		if points == 0 {
			t.Fatalf("group %q has no point", name)
		}
	}
	for at := span.Start; at < span.End; at += q.step {
		want, ok := m.model[q][at]
		if !ok {
			t.Fatalf("%v at %s was never kept", q, timeseries.Format(at))
		}
		if !maps.EqualFunc(got[at], want, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
			t.Fatalf("%v at %s is %v, kept was %v", q, timeseries.Format(at), got[at], want)
		}
	}
}

// Whatever is promised and read is what was last kept.
func TestLawHeldIsWhatWasKept(t *testing.T) {
	t.Parallel()
	for _, fickle := range []bool{false, true} {
		for _, caches := range []int{1, 2} {
			if fickle && caches > 1 {
				continue // one that has listed before does not see what another one changes
			}
			t.Run(fmt.Sprintf("fickle=%v,caches=%d", fickle, caches), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(t *rapid.T) {
					m := &machine{store: newMemory(), now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), fickle: fickle,
						model: map[question]map[int64]cell{}, edition: map[string]int{}}
					for range caches {
						m.caches = append(m.caches, m.open())
					}
					harm := rapid.Bool().Draw(t, "harm")
					actions := map[string]func(*rapid.T){"keep": m.keep, "keep more": m.keep, "forget": m.forget, "reopen": m.reopen, "pass": m.pass, "": m.check}
					if harm {
						actions["harm"] = m.harm
					}
					t.Repeat(actions)
					for _, c := range m.caches {
						c.Close(t.Context())
					}
				})
			})
		}
	}
}

// What merges grow into stays within the grid, and nothing is left that says nothing more.
func TestDaysGrowIntoOnePack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		step int64
		days int64 // the width of the grid
	}{{300, 32}, {3600, 128}} {
		store := newMemory()
		start := timeseries.Floor(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), test.days*day)
		now := time.Unix(start, 0)
		for i := range test.days + 3 {
			c := cache.Open(cache.Config{Store: store, Now: func() time.Time { return now }})
			now = now.Add(24 * time.Hour)
			span := timeseries.Span{Start: start + (i-1)*day, End: start + (i+1)*day}
			c.Keep(timeseries.Request{Queries: []string{"q"}, Span: span, Step: test.step},
				[]timeseries.Answer{{Groups: []timeseries.Group{{Series: traffic(uint64(i), span, test.step)}}}})
			if notes := c.Close(t.Context()); len(notes) > 0 {
				t.Fatal(notes)
			}
		}
		c := cache.Open(cache.Config{Store: store, Now: func() time.Time { return now }})
		held := c.Held("q", test.step)
		if want := []timeseries.Span{{Start: start - day, End: start + (test.days+2)*day}}; !slices.Equal(held, want) {
			t.Errorf("held %v, want %v", held, want)
		}
		// One day before the cell, the cell, and what follows.
		if packs := store.names("/series/"); len(packs) != 3 {
			t.Errorf("the packs are %v", packs)
		}
	}
}
