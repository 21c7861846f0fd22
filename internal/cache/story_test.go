package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

var (
	now      = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	midnight = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Unix()
	// settled is where time is settled at now.
	settled = midnight - day
)

func config(store cache.Store) cache.Config {
	return cache.Config{Store: store, Owner: cache.OwnerOf("datadoghq.eu", "", "an api key", "an application key"), Now: func() time.Time { return now }}
}

// with is a configuration that differs.
func with(c cache.Config, change func(*cache.Config)) *cache.Cache {
	change(&c)
	return cache.Open(c)
}

func offline(c *cache.Config) { c.Offline = true }
func refresh(c *cache.Config) { c.Refresh = true }

func days(from, to int64) timeseries.Span {
	return timeseries.Span{Start: settled + from*day, End: settled + to*day}
}

// answer has one series without tags with the same value in every cell.
func answer(span timeseries.Span, step int64, value float64) timeseries.Answer {
	s := timeseries.Blank(span, step)
	for i := range s.Values {
		s.Values[i] = value
	}
	return timeseries.Answer{Groups: []timeseries.Group{{Series: s}}}
}

func keep(c *cache.Cache, key string, span timeseries.Span, step int64, a timeseries.Answer) {
	c.Keep(timeseries.Request{Queries: []string{key}, Span: span, Step: step}, []timeseries.Answer{a})
}

func codes(notes []slo.Note) []string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return all
}

// quiet closes a cache that has nothing to say.
func quiet(t *testing.T, c *cache.Cache) {
	t.Helper()
	if notes := c.Close(t.Context()); len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
	if c.Running() {
		t.Error("something goes on after Close")
	}
}

func wantHeld(t *testing.T, c *cache.Cache, key string, step int64, want ...timeseries.Span) {
	t.Helper()
	if got := c.Held(key, step); !slices.Equal(got, want) {
		t.Errorf("%q every %d s is held over %v, want %v", key, step, got, want)
	}
}

func wantValue(t *testing.T, c *cache.Cache, key string, step int64, span timeseries.Span, want float64) {
	t.Helper()
	got, ok := c.Series(key, step, span)
	if !ok || len(got.Groups) != 1 {
		t.Errorf("%q over %v: %v, %d groups", key, span, ok, len(got.Groups))
		return
	}
	for i, v := range got.Groups[0].Series.Values {
		if v != want {
			t.Errorf("%q over %v, cell %d: %v, want %v", key, span, i, v, want)
			return
		}
	}
}

func TestOnlyWholeSettledDaysAreKept(t *testing.T) {
	t.Parallel()
	failed := timeseries.Answer{Err: errors.New("no")}
	for _, test := range []struct {
		name   string
		span   timeseries.Span
		step   int64
		answer func(timeseries.Span, int64) timeseries.Answer
		want   []timeseries.Span
	}{
		{name: "a window to now", span: timeseries.Span{Start: settled - 3*day + 7200, End: now.Unix()}, step: 300, want: []timeseries.Span{days(-2, 0)}},
		{name: "just the last settled day", span: days(-1, 0), step: 300, want: []timeseries.Span{days(-1, 0)}},
		{name: "the day that is not", span: days(0, 1), step: 300},
		{name: "parts of days", span: timeseries.Span{Start: settled - day + 3600, End: settled + 3600}, step: 3600},
		{name: "a step that does not divide a day", span: timeseries.Span{Start: 0, End: 7000 * 250_000}, step: 7000},
		{name: "steps of two days", span: timeseries.Span{Start: 2 * day * 5000, End: 2 * day * 5002}, step: 2 * day},
		{name: "steps of a day", span: days(-9, 1), step: day, want: []timeseries.Span{days(-9, 0)}},
		{name: "an error", span: days(-3, 0), step: 300, answer: func(timeseries.Span, int64) timeseries.Answer { return failed }},
		{name: "nothing", span: days(-3, 0), step: 300, answer: func(timeseries.Span, int64) timeseries.Answer { return timeseries.Answer{} }},
		{name: "nothing but missing points", span: days(-3, 0), step: 300, answer: func(s timeseries.Span, step int64) timeseries.Answer {
			return timeseries.Answer{Groups: []timeseries.Group{{Series: timeseries.Blank(s, step)}}}
		}},
		{name: "points only where it is not settled", span: days(-3, 1), step: 3600, answer: func(s timeseries.Span, step int64) timeseries.Answer {
			b := timeseries.Blank(s, step)
			b.Values[len(b.Values)-1] = 1
			return timeseries.Answer{Groups: []timeseries.Group{{Series: b}}}
		}},
		{name: "one point", span: days(-3, 1), step: 3600, want: []timeseries.Span{days(-3, 0)}, answer: func(s timeseries.Span, step int64) timeseries.Answer {
			b := timeseries.Blank(s, step)
			b.Values[0] = 0
			return timeseries.Answer{Groups: []timeseries.Group{{Series: b}}}
		}},
		{name: "one group twice", span: days(-3, 0), step: 3600, answer: func(s timeseries.Span, step int64) timeseries.Answer {
			a := answer(s, step, 1)
			a.Groups = append(a.Groups, a.Groups...)
			return a
		}},
		{name: "another step than was asked for", span: days(-3, 0), step: 3600, answer: func(s timeseries.Span, _ int64) timeseries.Answer { return answer(s, 7200, 1) }},
		{name: "no step", span: days(-3, 0), step: 0, answer: func(s timeseries.Span, _ int64) timeseries.Answer { return answer(s, 7200, 1) }},
		{name: "backwards", span: days(0, -3), step: 300, answer: func(timeseries.Span, int64) timeseries.Answer { return timeseries.Answer{} }},
		{name: "before the epoch", span: timeseries.Span{Start: -2 * day, End: day}, step: 3600, want: []timeseries.Span{{Start: 0, End: day}}},
		{name: "over three cells of the grid", span: days(-90, 0), step: 3600 * 12, want: []timeseries.Span{days(-90, 0)}},
	} {
		store := newMemory()
		c := cache.Open(config(store))
		give := test.answer
		if give == nil {
			give = func(s timeseries.Span, step int64) timeseries.Answer { return answer(s, step, 7) }
		}
		keep(c, "q", test.span, test.step, give(test.span, test.step))
		quiet(t, c)
		c = cache.Open(config(store))
		if got := c.Held("q", test.step); !slices.Equal(got, test.want) {
			t.Errorf("%s: held %v, want %v", test.name, got, test.want)
		}
		wantHeld(t, c, "another", test.step)
		for _, span := range test.want {
			if _, ok := c.Series("q", test.step, span); !ok {
				t.Errorf("%s: not read", test.name)
			}
			if _, ok := c.Series("q", test.step, timeseries.Span{Start: span.Start, End: span.End + day}); ok {
				t.Errorf("%s: more is read than is held", test.name)
			}
		}
		quiet(t, c)
	}
}

func TestFormulasAndQueriesOfOneRequest(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	f := timeseries.Formula{Text: "a / b", Inputs: []timeseries.Input{{Name: "a", Query: "sum:x{*}"}, {Name: "b", Query: "sum:y{*}"}}}
	span := days(-3, 0)
	r := timeseries.Request{Queries: []string{"sum:x{*}", "sum:y{*}"}, Formulas: []timeseries.Formula{f}, Span: span, Step: 300}
	c.Keep(r, []timeseries.Answer{answer(span, 300, 1), answer(span, 300, 2)}) // one too few: whose are they?
	c.Flush()
	wantHeld(t, c, "sum:x{*}", 300)
	c.Keep(r, []timeseries.Answer{answer(span, 300, 1), {Err: errors.New("no")}, answer(span, 300, 0.5)})
	quiet(t, c)
	c = cache.Open(config(store))
	wantValue(t, c, "sum:x{*}", 300, span, 1)
	wantHeld(t, c, "sum:y{*}", 300)
	wantValue(t, c, f.Key(), 300, span, 0.5)
	wantHeld(t, c, f.Key(), 600)
}

func TestEveryIsKept(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	for i, every := range []int64{0, 3600, 3600} {
		span := days(int64(-10+i), int64(-9+i))
		a := answer(span, 300, float64(i))
		a.Every = every
		keep(c, "q", span, 300, a)
	}
	c.Flush()
	wantHeld(t, c, "q", 300, days(-10, -7))
	if packs := store.names("/series/"); len(packs) != 2 {
		t.Errorf("the packs are %v", packs)
	}
	for _, test := range []struct {
		span timeseries.Span
		want int64
	}{{days(-10, -9), 0}, {days(-9, -7), 3600}, {days(-10, -7), 3600}} {
		if got, ok := c.Series("q", 300, test.span); !ok || got.Every != test.want {
			t.Errorf("over %v every %d, %v, want %d", test.span, got.Every, ok, test.want)
		}
	}
}

// Of days that meet, the newest are right, even where they cannot be merged.
func TestTheNewerIsRight(t *testing.T) {
	t.Parallel()
	for _, flush := range []bool{true, false} {
		theNewerIsRight(t, flush)
	}
}

func theNewerIsRight(t *testing.T, flush bool) {
	store := newMemory()
	c := cache.Open(config(store))
	release := func() {}
	if !flush {
		release = c.Hold()
	}
	for i, test := range []struct {
		span  timeseries.Span
		every int64
	}{
		{days(-20, -10), 0},
		{days(-12, -8), 3600}, // over the end of the first
		{days(-22, -20), 0},   // touches the first, which may not come up again with it
		{days(-8, -6), 3600},
		{days(-15, -14), 0},
		{days(-7, -5), 0},
	} {
		a := answer(test.span, 3600, float64(i))
		a.Every = test.every
		keep(c, "q", test.span, 3600, a)
		if flush {
			c.Flush()
		}
	}
	release()
	c.Flush()
	for _, c := range []*cache.Cache{c, cache.Open(config(store))} {
		wantHeld(t, c, "q", 3600, days(-22, -5))
		for _, test := range []struct {
			span timeseries.Span
			want float64
		}{
			{days(-22, -20), 2}, {days(-20, -15), 0}, {days(-15, -14), 4}, {days(-14, -12), 0}, {days(-12, -8), 1}, {days(-8, -7), 3}, {days(-7, -5), 5},
		} {
			wantValue(t, c, "q", 3600, test.span, test.want)
		}
	}
}

// A pack that somebody moved to the folder of another query is not its.
func TestPackOfAnotherQuery(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	keep(c, "ours", days(-2, 0), 300, answer(days(-2, 0), 300, 1))
	c.Flush()
	ours := store.names("/series/")[0]
	keep(c, "theirs", days(-1, 0), 300, answer(days(-1, 0), 300, 2))
	quiet(t, c)
	for _, name := range store.names("/series/") {
		if name != ours {
			content, err := store.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			store.change(filepath.Dir(ours)+"/"+filepath.Base(name), func([]byte) []byte { return content })
		}
	}
	c = cache.Open(config(store))
	wantValue(t, c, "ours", 300, days(-2, 0), 1)
	if notes := c.Close(t.Context()); !slices.Equal(codes(notes), []string{"cache_damaged"}) {
		t.Errorf("notes: %v", notes)
	}
	wantValue(t, cache.Open(config(store)), "theirs", 300, days(-1, 0), 2)
}

func TestFile(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	contents := map[string]string{"": "no name", "nothing": "", "../../etc/passwd": "a path", "large": strings.Repeat("0123456789", 1<<18), "bytes": "\x00\xff"}
	for name, content := range contents {
		c.File(name, []byte("the one before"))
		buffer := []byte(content)
		c.File(name, buffer)
		clear(buffer) // it is the caller's
	}
	quiet(t, c)
	c = cache.Open(config(store))
	for name, want := range contents {
		got, at, ok := c.Recall(name)
		if !ok || string(got) != want || at.IsZero() {
			t.Errorf("%q: %d bytes of %v, %v, want %d", name, len(got), at, ok, len(want))
		}
	}
	if _, _, ok := c.Recall("else"); ok {
		t.Error("nothing was filed as that")
	}
	quiet(t, c)
}

func TestOffline(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	span := timeseries.Span{Start: settled - 2*day + 3600, End: now.Unix()}
	tail := timeseries.Span{Start: settled, End: now.Unix()}
	keep(c, "q", span, 300, answer(span, 300, 1))
	keep(c, "silent", span, 300, timeseries.Answer{})
	keep(c, "odd", timeseries.Span{Start: 0, End: 700}, 7, answer(timeseries.Span{Start: 0, End: 700}, 7, 3))
	c.File("listing", []byte("content"))
	quiet(t, c)
	// A while later the same tail says something else, and less far back.
	c = cache.Open(config(store))
	later := timeseries.Span{Start: settled + 3600, End: now.Unix() + 600}
	keep(c, "q", later, 300, answer(later, 300, 2))
	quiet(t, c)

	c = cache.Open(config(store))
	wantHeld(t, c, "q", 300, days(-1, 0))
	wantHeld(t, c, "silent", 300)
	if _, ok := c.Series("q", 300, tail); ok {
		t.Error("what is open is read online")
	}

	before := store.writes
	c = with(config(store), offline)
	wantHeld(t, c, "q", 300, timeseries.Span{Start: span.Start, End: later.End})
	wantHeld(t, c, "silent", 300, span)
	wantHeld(t, c, "odd", 7, timeseries.Span{Start: 0, End: 700})
	wantHeld(t, c, "odd", 14)
	wantValue(t, c, "q", 300, timeseries.Span{Start: span.Start, End: later.Start}, 1)
	wantValue(t, c, "q", 300, later, 2)
	wantValue(t, c, "odd", 7, timeseries.Span{Start: 7, End: 77}, 3)
	if got, ok := c.Series("silent", 300, tail); !ok || len(got.Groups) > 0 {
		t.Errorf("silent: %v, %v", got, ok)
	}
	if content, at, ok := c.Recall("listing"); !ok || string(content) != "content" || time.Since(at) > time.Hour || time.Until(at) > time.Hour {
		t.Errorf("recalled %q of %v, %v", content, at, ok)
	}
	keep(c, "new", days(-3, 0), 300, answer(days(-3, 0), 300, 1))
	c.File("listing", []byte("other"))
	c.KeepHistory("h", "", slo.History{Window: days(-3, 0)})
	c.Forget("q")
	wantHeld(t, c, "q", 300)
	quiet(t, c)
	if store.writes != before {
		t.Error("an offline run wrote")
	}
	c = cache.Open(config(store))
	wantHeld(t, c, "q", 300, days(-1, 0))
	c.Forget("q")
	quiet(t, c)
	c = with(config(store), offline)
	wantHeld(t, c, "q", 300)
	wantHeld(t, c, "silent", 300, span)
}

// What is settled is right wherever what was open says otherwise.
func TestSettledGoesOverOpen(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	keep(c, "q", days(-2, 0), 300, answer(days(-2, 0), 300, 1))
	keep(c, "q", days(-2, 0), 300, timeseries.Answer{})
	quiet(t, c)
	c = with(config(store), offline)
	wantHeld(t, c, "q", 300, days(-2, 0))
	wantValue(t, c, "q", 300, days(-2, 0), 1)
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	store := newMemory()
	fill := func(c *cache.Cache, value float64) {
		keep(c, "q", days(-2, 0), 300, answer(days(-2, 0), 300, value))
		c.File("listing", fmt.Append(nil, value))
		c.KeepHistory("h", fmt.Sprint(value), slo.History{Window: days(-3, 0)})
	}
	c := cache.Open(config(store))
	fill(c, 1)
	quiet(t, c)
	c = with(config(store), refresh)
	wantHeld(t, c, "q", 300)
	if _, ok := c.Series("q", 300, days(-2, 0)); ok {
		t.Error("a series is read")
	}
	if _, _, ok := c.Recall("listing"); ok {
		t.Error("a listing is recalled")
	}
	if _, _, ok := c.History("h"); ok {
		t.Error("a history is read")
	}
	fill(c, 2)
	quiet(t, c)
	c = cache.Open(config(store))
	wantValue(t, c, "q", 300, days(-2, 0), 2)
	if content, _, _ := c.Recall("listing"); string(content) != "2" {
		t.Errorf("recalled %s", content)
	}
	if _, stamp, _ := c.History("h"); stamp != "2" {
		t.Errorf("the history has the stamp %s", stamp)
	}
}

func history() slo.History {
	return slo.History{
		Window: timeseries.Span{Start: settled - 7*day, End: now.Unix()},
		Type:   slo.Type("monitor"),
		Overall: slo.Track{Name: "<all> & \u2028", Attainment: slo.Known(99.123456789012345), Remaining: slo.Known(-3), Decimals: -1,
			Transitions: []slo.Transition{{At: settled - 9*day, State: slo.Up}, {At: settled - 1, State: slo.Down}, {At: settled, State: slo.Silent}, {At: now.Unix() - 60, State: 0}}},
		Monitors: []slo.Track{{Name: "login", MonitorID: 1 << 60, Attainment: slo.Known(0), Decimals: 2}, {MonitorID: 2, Problem: "no data"}},
		Groups:   []slo.Track{{Name: "env:prod", Transitions: []slo.Transition{{At: settled + 1, State: slo.Down}}}},
		Good:     slo.Known(0),
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	full := history()
	c.KeepHistory("slo/window", "edited at 5", full)
	quiet(t, c)

	same := cmp.Comparer(func(a, b slo.Figure) bool { return a == b })
	c = with(config(store), offline)
	got, stamp, ok := c.History("slo/window")
	if diff := cmp.Diff(full, got, same); !ok || stamp != "edited at 5" || diff != "" {
		t.Errorf("offline: %v, %q (-want +got):\n%s", ok, stamp, diff)
	}
	if _, _, ok := c.History("slo"); ok {
		t.Error("there is no such history")
	}

	// Later, more is settled; but not of what was asked then.
	c = with(config(store), func(c *cache.Config) { c.Now = func() time.Time { return now.Add(240 * time.Hour) } })
	want := history()
	want.Window.End = settled
	want.Good = slo.Figure{}
	want.Overall.Attainment, want.Overall.Remaining = slo.Figure{}, slo.Figure{}
	want.Overall.Transitions = want.Overall.Transitions[:2]
	want.Monitors[0].Attainment = slo.Figure{}
	want.Groups[0].Transitions = nil
	got, _, ok = c.History("slo/window")
	empty := cmp.Transformer("empty", func(x []slo.Transition) string { return fmt.Sprint(x) })
	if diff := cmp.Diff(want, got, same, empty); !ok || diff != "" {
		t.Errorf("online: %v (-want +got):\n%s", ok, diff)
	}

	// One that ended before is whole.
	past := history()
	past.Window.End = settled
	c.KeepHistory("past", "", past)
	c.Flush()
	if got, _, ok := c.History("past"); !ok || !got.Overall.Attainment.IsKnown() || len(got.Overall.Transitions) != 4 {
		t.Errorf("a settled history: %v, %v", got, ok)
	}
	c.Forget("past")
	if _, _, ok := c.History("past"); ok {
		t.Error("it is forgotten")
	}
	quiet(t, c)
	if _, _, ok := cache.Open(config(store)).History("past"); ok {
		t.Error("it was forgotten")
	}
}

func TestHistoriesThatAreNotKept(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*slo.History){
		"in preview":                func(h *slo.History) { h.Overall.Preview = true },
		"a monitor in preview":      func(h *slo.History) { h.Monitors[1].Preview = true },
		"a group in preview":        func(h *slo.History) { h.Groups[0].Preview = true },
		"no window":                 func(h *slo.History) { h.Window.End = h.Window.Start },
		"a name that is not UTF-8":  func(h *slo.History) { h.Groups[0].Name = "\xff" },
		"a figure that is infinite": func(h *slo.History) { h.Good = slo.Known(infinite()) },
	} {
		store := newMemory()
		c := cache.Open(config(store))
		h := history()
		change(&h)
		c.KeepHistory("h", "", h)
		quiet(t, c)
		if _, _, ok := with(config(store), offline).History("h"); ok {
			t.Errorf("%s: kept", name)
		}
	}
	// Nothing of a window that has only begun is settled.
	store := newMemory()
	c := cache.Open(config(store))
	h := history()
	h.Window.Start = settled
	c.KeepHistory("h", "", h)
	quiet(t, c)
	if h, _, ok := cache.Open(config(store)).History("h"); ok {
		t.Errorf("read %v", h)
	}
}

func infinite() float64 {
	zero := 0.0
	return 1 / zero
}

func TestOwnersDoNotMeet(t *testing.T) {
	t.Parallel()
	store := newMemory()
	owners := []cache.Owner{
		cache.OwnerOf("datadoghq.eu", "", "ab", "c"),
		cache.OwnerOf("datadoghq.eu", "", "a", "bc"),
		cache.OwnerOf("datadoghq.eu", "", "c", "ab"),
		cache.OwnerOf("datadoghq.eu", "", "abc"),
		cache.OwnerOf("datadoghq.eu", ""),
		cache.OwnerOf("datadoghq.com", "", "ab", "c"),
		cache.OwnerOf("datadoghq.eu", "https://user:password@proxy.example:8443/x?api_key=1", "ab", "c"),
	}
	for i, o := range owners {
		c := with(config(store), func(c *cache.Config) { c.Owner = o })
		wantHeld(t, c, "q", 300)
		if _, _, ok := c.Recall("listing"); ok {
			t.Error("a stranger's listing")
		}
		keep(c, "q", days(-1, 0), 300, answer(days(-1, 0), 300, float64(i)))
		c.File("listing", fmt.Append(nil, i))
		quiet(t, c)
	}
	for i, o := range owners {
		c := with(config(store), func(c *cache.Config) { c.Owner = o })
		wantValue(t, c, "q", 300, days(-1, 0), float64(i))
	}
	if owners[0] != cache.OwnerOf("datadoghq.eu", "", "ab", "c") {
		t.Error("the same owner differs")
	}
	for name, o := range store.objects {
		if bytes.Contains(o.content, []byte("password")) || bytes.Contains(o.content, []byte("api_key")) {
			t.Errorf("a secret stands in %s", name)
		}
	}
	all, err := cache.Survey(store)
	if err != nil || len(all.Owners) != len(owners) {
		t.Fatalf("%d owners, %v", len(all.Owners), err)
	}
	if !slices.ContainsFunc(all.Owners, func(o cache.OwnerInfo) bool { return o.BaseURL == "proxy.example:8443" && o.Site == "datadoghq.eu" }) {
		t.Errorf("the owners are %+v", all.Owners)
	}
}

func TestSecretsAreNeverWritten(t *testing.T) {
	t.Parallel()
	const secret = `k3y/with "odd" signs+`
	store := newMemory()
	c := with(config(store), func(c *cache.Config) { c.Secrets = []string{secret, "abc", ""} })
	span := timeseries.Span{Start: settled - day, End: now.Unix()}
	escaped := "k3y%2Fwith+%22odd%22+signs%2B"
	tagged := answer(span, 300, 1)
	tagged.Groups[0].Tags = []string{"ok:1", "key:" + secret}
	keep(c, "sum:x{k:"+secret+"}", span, 300, answer(span, 300, 1))
	keep(c, "sum:x{k:"+escaped+"}", span, 300, answer(span, 300, 1))
	keep(c, "sum:tagged{*}", span, 300, tagged)
	keep(c, "sum:abc{*}", span, 300, answer(span, 300, 1))
	c.File("a", []byte("https://x?key="+escaped))
	c.File("b", []byte(`{"key":"k3y/with \"odd\" signs+"}`))
	c.File(secret, []byte("x"))
	h := history()
	h.Groups[0].Name = secret
	c.KeepHistory("h", "", h)
	c.KeepHistory(secret, "", history())
	c.KeepHistory("g", secret, history())
	notes := c.Close(t.Context())
	if !slices.Equal(codes(notes), []string{"cache_refused"}) || strings.Contains(fmt.Sprint(notes), "k3y") || !strings.Contains(notes[0].Text, "9 answers") {
		t.Errorf("notes: %v", notes)
	}
	for name, o := range store.objects {
		if bytes.Contains(o.content, []byte("k3y")) {
			t.Errorf("the secret stands in %s", name)
		}
	}
	// One owner card, one pack, one open one.
	if len(store.objects) != 4 {
		t.Errorf("written: %v", slices.Sorted(maps.Keys(store.objects)))
	}
	wantHeld(t, cache.Open(config(store)), "sum:abc{*}", 300, days(-1, 0))
}

func TestDamageIsAMissWithANote(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]struct {
		by   func([]byte) []byte
		note string
		left bool
	}{
		"a flipped bit":   {func(b []byte) []byte { b[len(b)/2] ^= 4; return b }, "cache_damaged", false},
		"cut short":       {func(b []byte) []byte { return b[:len(b)/2] }, "cache_damaged", false},
		"empty":           {func(b []byte) []byte { return []byte{} }, "cache_damaged", false},
		"something else":  {func(b []byte) []byte { return []byte("<html>") }, "cache_damaged", false},
		"gone":            {func([]byte) []byte { return nil }, "", false},
		"another version": {func(b []byte) []byte { return reseal(b, 7, 2) }, "cache_foreign", true},
		"another kind":    {func(b []byte) []byte { return reseal(b, 8, 'x') }, "cache_damaged", false},
	} {
		for _, what := range []string{"/series/", "/history/", "/last/", "/open/"} {
			store := newMemory()
			c := cache.Open(config(store))
			span := timeseries.Span{Start: settled - day, End: now.Unix()}
			keep(c, "q", span, 300, answer(span, 300, 1))
			c.KeepHistory("h", "", history())
			c.File("f", []byte("content"))
			quiet(t, c)
			c = with(config(store), func(c *cache.Config) { c.Offline = what == "/open/" })
			if len(c.Held("q", 300)) != 1 {
				t.Error("not held before")
			}
			c = with(config(store), func(c *cache.Config) { c.Offline = what == "/open/" })
			held := c.Held("q", 300)
			packs := store.names(what)
			if len(packs) != 1 {
				t.Fatalf("%v", packs)
			}
			if what == "/open/" {
				// They are read when they are first asked for.
				c = with(config(store), func(c *cache.Config) { c.Offline = true })
			}
			store.change(packs[0], harm.by)
			_, series := c.Series("q", 300, held[0])
			_, again := c.Series("q", 300, held[0])
			_, _, history := c.History("h")
			_, _, file := c.Recall("f")
			got := map[string]bool{"/series/": series || again, "/history/": history, "/last/": file, "/open/": series || again}
			for kind, ok := range got {
				affected := kind == what || what == "/open/" && kind == "/series/" || what == "/series/" && kind == "/open/"
				if ok == affected {
					t.Errorf("%s, %s: %s is read: %v", name, what, kind, ok)
				}
			}
			if what == "/series/" {
				wantHeld(t, c, "q", 300)
			}
			want := []string{harm.note}
			if harm.note == "" {
				want = nil
				if what == "/series/" {
					want = []string{"cache_dropped"}
				}
			}
			notes := c.Close(t.Context())
			if !slices.Equal(codes(notes), want) {
				t.Errorf("%s, %s: %v, want %v", name, what, notes, want)
			}
			if left := len(store.names(what)) == 1; left != (harm.left || what == "/open/" && name != "gone") {
				t.Errorf("%s, %s: the file is there: %v", name, what, left)
			}
		}
	}
}

// A name in our folders that is not ours is left alone, and nothing is read from it.
func TestForeignNames(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := cache.Open(config(store))
	keep(c, "q", days(-1, 0), 300, answer(days(-1, 0), 300, 1))
	quiet(t, c)
	folder := filepath.Dir(store.names("/series/")[0])
	for i, name := range []string{
		"notes.txt", "300-0-86400-0000000g.pack", "0-0-0-00000000.pack", "300--86400-0-00000000.pack", "300-0-43200-00000000.pack",
		"0300-0-86400-00000000.pack", "300-0-86400-0.pack", "300-86400-0-00000000.pack", "7000-0-86400-00000000.pack",
		"300-0-8640000-00000000.pack", "300-0-86400-00000000-0.pack", "300-0-86400-00000000.PACK", "300-0-86400-00000000.pack/x",
	} {
		store.change(folder+"/"+name, func([]byte) []byte { return []byte("foreign") })
		c := cache.Open(config(store))
		wantHeld(t, c, "q", 300, days(-1, 0))
		wantHeld(t, c, "q", 7000)
		wantValue(t, c, "q", 300, days(-1, 0), 1)
		notes := c.Close(t.Context())
		if !slices.Equal(codes(notes), []string{"cache_foreign"}) || i > 0 && !strings.HasPrefix(notes[0].Text, fmt.Sprint(i+1, " files")) {
			t.Errorf("%s: %v", name, notes)
		}
	}
}

func reseal(b []byte, at int, value byte) []byte {
	b[at] = value
	return cache.Seal(b[:len(b)-4])
}

func TestNotesCount(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "my cache")
	store := cache.Dir(folder)
	c := cache.Open(config(store))
	for i := range 5 {
		keep(c, fmt.Sprint("q", i), days(-1, 0), 300, answer(days(-1, 0), 300, 1))
	}
	quiet(t, c)
	entries, err := store.List("v1/")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, e := range entries {
		if !strings.Contains(e.Name, "/series/") {
			continue
		}
		if seen++; seen <= 3 {
			if err := os.WriteFile(filepath.Join(folder, e.Name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if seen == 5 {
			for _, name := range []string{"a.txt", ".tmp-1-2", "sub.pack"} {
				if err := os.WriteFile(filepath.Join(folder, filepath.Dir(e.Name), name), []byte("x"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	c = cache.Open(config(store))
	for range 2 {
		for i := range 5 {
			c.Held(fmt.Sprint("q", i), 300)
			c.Series(fmt.Sprint("q", i), 300, days(-1, 0))
		}
	}
	notes := c.Close(t.Context())
	want := []slo.Note{
		{Code: "cache_damaged", Text: "3 damaged files in the cache " + folder + ", not used: what they held is asked of Datadog"},
		{Code: "cache_foreign", Text: "2 files in the cache " + folder + " that this version of slo did not write, left alone"},
	}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if notes := c.Close(t.Context()); notes != nil {
		t.Errorf("closed twice: %v", notes)
	}
}

// everythingMisses uses a cache in every way and finds nothing.
func everythingMisses(t *testing.T, c *cache.Cache) []slo.Note {
	t.Helper()
	for range 2 {
		wantHeld(t, c, "q", 300)
		if _, ok := c.Series("q", 300, days(-1, 0)); ok {
			t.Error("a series is read")
		}
		if _, _, ok := c.History("h"); ok {
			t.Error("a history is read")
		}
		if _, _, ok := c.Recall("f"); ok {
			t.Error("a listing is recalled")
		}
		keep(c, "q", days(-1, 1), 300, answer(days(-1, 1), 300, 1))
		c.KeepHistory("h", "", history())
		c.File("f", []byte("x"))
		c.Forget("q")
		c.Flush()
	}
	return c.Close(t.Context())
}

func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	full := &fs.PathError{Op: "write", Path: "/secret/place", Err: syscall.ENOSPC}
	for _, verbs := range [][]string{{"write"}, {"list"}, {"read"}, {"remove"}, {"write", "remove"}, {"list", "read", "write", "remove"}} {
		store := newMemory()
		writes := 0
		store.refuse = func(verb, name string) error {
			if slices.Contains(verbs, verb) {
				if verb == "write" {
					writes++
				}
				return fmt.Errorf("storing: %w", full)
			}
			return nil
		}
		c := cache.Open(config(store))
		var notes []slo.Note
		if slices.Contains(verbs, "write") || slices.Contains(verbs, "list") && slices.Contains(verbs, "read") {
			notes = everythingMisses(t, c)
		} else {
			keep(c, "q", days(-1, 1), 300, answer(days(-1, 1), 300, 1))
			c.Flush()
			c.Forget("q")
			c.Flush()
			wantHeld(t, c, "q", 300)
			notes = c.Close(t.Context())
		}
		var want []string
		if slices.Contains(verbs, "list") || slices.Contains(verbs, "read") {
			want = append(want, "cache_unreadable")
		}
		if slices.Contains(verbs, "write") {
			want = append(want, "cache_unwritable")
		}
		if !slices.Equal(codes(notes), want) || strings.Contains(fmt.Sprint(notes), "/secret/place") {
			t.Errorf("%v fail: %v, want %v", verbs, notes, want)
		}
		if writes > 2 { // one on each of the two writers, at most
			t.Errorf("%v fail: %d times tried", verbs, writes)
		}
	}
}

func TestFolderThatIsNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	notes := everythingMisses(t, cache.Open(config(cache.Dir(file))))
	if !slices.Equal(codes(notes), []string{"cache_unreadable", "cache_unwritable"}) || !strings.Contains(notes[1].Text, file) {
		t.Errorf("notes: %v", notes)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "x" {
		t.Errorf("the file is %q, %v", content, err)
	}
}

func TestFolderThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere; the store that fails stands for this")
	}
	folder := filepath.Join(t.TempDir(), "cache")
	if err := os.Mkdir(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	notes := everythingMisses(t, cache.Open(config(cache.Dir(folder))))
	if !slices.Equal(codes(notes), []string{"cache_unwritable"}) {
		t.Errorf("notes: %v", notes)
	}
}

// A disk that hangs holds up neither Close nor, for long, anything else.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	store := newMemory()
	release := make(chan struct{})
	var waiting atomic.Bool
	store.refuse = func(verb, name string) error {
		if verb == "write" && waiting.CompareAndSwap(false, true) {
			store.mu.Unlock()
			<-release
			store.mu.Lock()
		}
		return nil
	}
	c := cache.Open(config(store))
	for i := range 10 {
		keep(c, fmt.Sprint("q", i), days(-1, 0), 300, answer(days(-1, 0), 300, 1))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	notes := c.Close(ctx)
	if !slices.Equal(codes(notes), []string{"cache_unfinished"}) {
		t.Errorf("notes: %v", notes)
	}
	close(release)
	c.Settle() // the one write that was going on ends, and the writers with it
	before := len(store.names(""))
	keep(c, "late", days(-1, 0), 300, answer(days(-1, 0), 300, 1))
	c.File("late", []byte("x"))
	c.KeepHistory("late", "", history())
	c.Settle()
	if after := len(store.names("")); after != before {
		t.Error("something is kept after Close")
	}
}

// Whoever keeps an answer does not wait for ever for a disk that hangs.
func TestKeepGivesUp(t *testing.T) {
	t.Parallel()
	store := newMemory()
	release := make(chan struct{})
	store.refuse = func(verb, name string) error {
		if verb == "write" {
			store.mu.Unlock()
			<-release
			store.mu.Lock()
		}
		return nil
	}
	c := cache.Open(config(store))
	c.Impatient()
	span := days(-30, 0)
	a := answer(span, 20, 1) // a megabyte
	for i := range 100 {
		keep(c, fmt.Sprint("q", i), span, 20, a)
	}
	close(release)
	if notes := c.Close(t.Context()); !slices.Equal(codes(notes), []string{"cache_unfinished"}) {
		t.Errorf("notes: %v", notes)
	}
	if packs := len(store.names("/series/")); packs == 0 || packs > 80 {
		t.Errorf("%d packs are written", packs)
	}
}

func TestOpenAndReadingDoNothingToTheStore(t *testing.T) {
	t.Parallel()
	store := newMemory()
	asked := 0
	store.refuse = func(string, string) error { asked++; return nil }
	c := cache.Open(config(store))
	if asked > 0 {
		t.Error("Open asks the store")
	}
	wantHeld(t, c, "q", 300)
	quiet(t, c)
	if len(store.objects) > 0 {
		t.Errorf("written: %v", store.objects)
	}
	if asked != 1 {
		t.Errorf("asked %d times for one key", asked)
	}
}

// A look at the past does not take away what is known of the time since; a
// history of other monitors does.
func TestHistoryOfThePast(t *testing.T) {
	t.Parallel()
	store := newMemory()
	keep := func(stamp string, end int64) {
		c := cache.Open(config(store))
		h := history()
		h.Window.End = end
		c.KeepHistory("h", stamp, h)
		quiet(t, c)
	}
	end := func() int64 {
		h, _, _ := with(config(store), offline).History("h")
		return h.Window.End
	}
	last := history().Window.End
	keep("a", last)
	if keep("a", last-7200); end() != last {
		t.Errorf("it ends %d s early after a look at the past", last-end())
	}
	if keep("a", last+300); end() != last+300 {
		t.Error("one that reaches further is not kept")
	}
	if keep("b", last-7200); end() != last-7200 {
		t.Error("one of another stamp is not kept")
	}
}
