package evaluation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const day = int64(slo.Day)

// memory is a shelf of whole days, for one instant that counts as now.
type memory struct {
	mu        sync.Mutex
	now       int64
	days      map[memoryKey]map[int64]timeseries.Answer
	histories map[string]slo.History
	stamps    map[string]string
	// gone are queries whose data is promised and then not there.
	gone map[string]bool
}

type memoryKey struct {
	key  string
	step int64
}

func newMemory(now int64) *memory {
	return &memory{
		now: now, days: map[memoryKey]map[int64]timeseries.Answer{},
		histories: map[string]slo.History{}, stamps: map[string]string{}, gone: map[string]bool{},
	}
}

func (m *memory) settled() int64 { return timeseries.Floor(m.now-day, day) }

func (m *memory) Held(key string, step int64) []timeseries.Span {
	m.mu.Lock()
	defer m.mu.Unlock()
	var spans []timeseries.Span
	var starts []int64
	for d := range m.days[memoryKey{key, step}] {
		starts = append(starts, d)
	}
	slices.Sort(starts)
	for _, d := range starts {
		if n := len(spans); n > 0 && spans[n-1].End == d {
			spans[n-1].End += day
			continue
		}
		spans = append(spans, timeseries.Span{Start: d, End: d + day})
	}
	return spans
}

func (m *memory) Series(key string, step int64, span timeseries.Span) (timeseries.Answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone[key] {
		return timeseries.Answer{}, false
	}
	var whole timeseries.Answer
	for t := span.Start; t < span.End; t += step {
		a, there := m.days[memoryKey{key, step}][timeseries.Floor(t, day)]
		if !there {
			return timeseries.Answer{}, false
		}
		for _, g := range a.Groups {
			i := slices.IndexFunc(whole.Groups, func(w timeseries.Group) bool { return slices.Equal(w.Tags, g.Tags) })
			if i < 0 {
				i = len(whole.Groups)
				whole.Groups = append(whole.Groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Blank(span, step)})
			}
			whole.Groups[i].Series.Values[(t-span.Start)/step] = g.Series.Values[(t-g.Series.Start)/step]
		}
	}
	return whole, true
}

func (m *memory) Keep(r timeseries.Request, answers []timeseries.Answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.Clone(r.Queries)
	for _, f := range r.Formulas {
		keys = append(keys, f.Key())
	}
	for i, key := range keys {
		if answers[i].Err != nil || len(answers[i].Groups) == 0 {
			continue
		}
		k := memoryKey{key, r.Step}
		if m.days[k] == nil {
			m.days[k] = map[int64]timeseries.Answer{}
		}
		for d := timeseries.Ceil(r.Span.Start, day); d+day <= min(r.Span.End, m.settled()); d += day {
			m.days[k][d] = answers[i]
		}
	}
}

func (m *memory) Forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.gone, key)
	for k := range m.days {
		if k.key == key {
			delete(m.days, k)
		}
	}
}

func (m *memory) History(key string) (slo.History, string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.histories[key]
	return h, m.stamps[key], ok
}

func (m *memory) KeepHistory(key, stamp string, h slo.History) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clip := func(t slo.Track) slo.Track {
		t.Transitions = slices.DeleteFunc(slices.Clone(t.Transitions), func(x slo.Transition) bool { return x.At >= m.settled() })
		return t
	}
	h.Window.End = min(h.Window.End, m.settled())
	h.Overall = clip(h.Overall)
	for _, list := range []*[]slo.Track{&h.Monitors, &h.Groups} {
		*list = slices.Clone(*list)
		for i, t := range *list {
			(*list)[i] = clip(t)
		}
	}
	m.histories[key], m.stamps[key] = h, stamp
}

var _ evaluation.Shelf = (*memory)(nil)

// counting passes requests on and remembers them.
type counting struct {
	evaluation.Metrics
	mu  sync.Mutex
	saw []timeseries.Request
}

func (c *counting) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	c.mu.Lock()
	c.saw = append(c.saw, r)
	c.mu.Unlock()
	return c.Metrics.Series(ctx, r)
}

func (c *counting) take() []timeseries.Request {
	saw := c.saw
	c.saw = nil
	return saw
}

func fiftyJobs() []evaluation.Job {
	var fifty []evaluation.Job
	for i := range 50 {
		fifty = append(fifty, job(fmt.Sprint("slo ", i), fmt.Sprint("good ", i), fmt.Sprint("valid ", i), slo.NinetyDays))
	}
	return fifty
}

// A warm board asks for the open tail, in batches, and nothing else: at once,
// an hour later and up to a day later.
func TestWarmBoardAsksForTheTail(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	jobs, shelf, metrics := fiftyJobs(), newMemory(to), &counting{Metrics: world{seed: 1}}
	runner := evaluation.Runner{Metrics: metrics, Concurrency: 4, Shelf: shelf}
	run := func(to int64) (rows []evaluation.Row, asked []timeseries.Request) {
		t.Helper()
		shelf.now = to
		q := board(to)
		rows, err := runner.Run(t.Context(), jobs, evaluation.NewPlan(jobs, q, evaluation.Bounds{Shelf: shelf}), q)
		if err != nil {
			t.Fatal(err)
		}
		return rows, metrics.take()
	}
	if _, asked := run(to); len(asked) != 4*9 {
		t.Errorf("cold: %d requests, want 4 batches of 9: what tomorrow needs comes along", len(asked))
	}
	kept := shelf.settled()
	for _, later := range []int64{0, 300, 3600, 12*3600 - 600, day - 600} {
		rows, asked := run(to + later)
		if len(asked) != 4 {
			t.Errorf("%d s later: %d requests, want 4", later, len(asked))
		}
		for _, r := range asked {
			if r.Span.End != to+later || r.Span.Start != kept || r.Step != slo.BucketSeconds {
				t.Errorf("%d s later: asked for %s every %d s, want the time since %s", later, r.Span, r.Step, timeseries.Format(kept))
			}
		}
		bare, err := evaluation.Runner{Metrics: world{seed: 1}, Concurrency: 4}.Run(t.Context(), jobs, evaluation.NewPlan(jobs, board(to+later), evaluation.Bounds{}), board(to+later))
		if err != nil {
			t.Fatal(err)
		}
		if diff := differing(bare, rows); diff != "" {
			t.Fatalf("%d s later the shelf changes a number (-without +with):\n%s", later, diff)
		}
	}
}

// differing is how two boards differ, empty when not a bit does. Only the instants at which a
// budget did end and of the newest point are as exact as the buckets, which may be finer on the
// shelf; here, where good and valid events know nothing of each other, a budget may then have
// ended at another instant altogether.
func differing(want, got []evaluation.Row) string {
	level := func(want, got []slo.Assessment) {
		for k := range min(len(want), len(got)) {
			a, b := &want[k], &got[k]
			if spent := func(x *slo.Assessment) bool { return x.ExhaustedAt != 0 && x.ExhaustedAt <= x.Window.End }; spent(a) && spent(b) {
				b.ExhaustedAt = a.ExhaustedAt
			}
			if a.Newest.Empty() == b.Newest.Empty() && (a.Newest.Covers(b.Newest) || b.Newest.Covers(a.Newest)) {
				b.Newest = a.Newest
			}
		}
	}
	for i := range min(len(want), len(got)) {
		level(want[i].Windows, got[i].Windows)
		for g := range min(len(want[i].Groups), len(got[i].Groups)) {
			level(want[i].Groups[g].Windows, got[i].Groups[g].Windows)
		}
	}
	return cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true }))
}

// For any sequence of questions the shelf changes no number, and nothing that
// is held of all queries of a request is asked for.
func TestLawTheShelfChangesNoNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		silent := map[string]int64{}
		for _, q := range []string{"g0", "v1"} {
			silent[q] = noon - day*rapid.Int64Range(-5, 120).Draw(t, "silent until days ago")
		}
		w := quiet{world{seed: rapid.Int64().Draw(t, "seed")}, silent}
		shelf, metrics := newMemory(noon), &counting{Metrics: w}
		to := int64(noon)
		for range rapid.IntRange(2, 5).Draw(t, "runs") {
			to += slo.BucketSeconds * rapid.Int64Range(-300, 2000).Draw(t, "later")
			shelf.now = max(shelf.now, to)
			q := slo.Question{To: to, TrendDays: rapid.SampledFrom([]int{0, 14}).Draw(t, "trend")}
			if rapid.Bool().Draw(t, "meeting") {
				q.Since = to - slo.BucketSeconds*rapid.Int64Range(1, 20*288).Draw(t, "since")
			}
			jobs := randomJobs(t, to)
			held := map[memoryKey][]timeseries.Span{}
			for k := range shelf.days {
				held[k] = shelf.Held(k.key, k.step)
			}
			bounds := evaluation.Bounds{Shelf: shelf, Pick: func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }}
			plan := evaluation.NewPlan(jobs, q, bounds)
			rows, err := evaluation.Runner{Metrics: metrics, Concurrency: 4, Shelf: shelf}.Run(t.Context(), jobs, plan, q)
			if err != nil {
				t.Fatal(err)
			}
			bare, err := evaluation.Runner{Metrics: w, Concurrency: 4}.Run(t.Context(), jobs, evaluation.NewPlan(jobs, q, evaluation.Bounds{}), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := differing(bare, rows); diff != "" {
				t.Fatalf("to %s: the shelf changes a number (-without +with):\n%s", timeseries.Format(to), diff)
			}
			if got, want := len(metrics.take()), plan.Count(); got != want {
				t.Fatalf("sent %d requests, planned %d", got, want)
			}
			for _, r := range plan.Requests {
				for _, query := range r.Queries {
					if slices.ContainsFunc(held[memoryKey{query, r.Step}], func(s timeseries.Span) bool { return s.Covers(r.Span) }) {
						t.Fatalf("%s is asked for over %s although that is held", query, r.Span)
					}
				}
			}
		}
	})
}

func randomJobs(t *rapid.T, to int64) []evaluation.Job {
	timeframe := rapid.SampledFrom([]slo.Timeframe{slo.SevenDays, slo.ThirtyDays, slo.NinetyDays, 36 * 3600, 3600})
	var jobs []evaluation.Job
	for i := range rapid.IntRange(1, 4).Draw(t, "jobs") {
		frames := rapid.SliceOfNDistinct(timeframe, 1, 3, rapid.ID).Draw(t, "frames")
		j := job(fmt.Sprint(i), fmt.Sprint("g", rapid.IntRange(0, 3).Draw(t, "good")), fmt.Sprint("v", rapid.IntRange(0, 3).Draw(t, "valid")), frames...)
		if rapid.IntRange(0, 3).Draw(t, "slices") == 0 {
			j.Definition.SLI = slo.SliceSLI{
				Formula: "a", Queries: map[string]string{"a": fmt.Sprint("v", rapid.IntRange(0, 3).Draw(t, "value"))},
				Comparator: "<", Threshold: 25, Seconds: rapid.SampledFrom([]int64{300, 900}).Draw(t, "slice"),
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "corrections") {
			start := to - rapid.Int64Range(-3600, 60*day).Draw(t, "start")
			j.Occurrences = append(j.Occurrences, slo.Occurrence{ID: "c", Span: timeseries.Span{Start: start, End: start + rapid.Int64Range(0, 3*day).Draw(t, "length")}})
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// quiet is traffic of which some queries know nothing before an instant.
type quiet struct {
	world
	until map[string]int64
}

func (q quiet) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	answers, err := q.world.Series(ctx, r)
	for i, query := range r.Queries {
		spoke := false
		for j := range answers[i].Groups[0].Series.Values {
			if at := r.Span.Start + int64(j)*r.Step; at < timeseries.Floor(q.until[query], 3600) {
				answers[i].Groups[0].Series.Values[j] = timeseries.Missing
			} else {
				spoke = true
			}
		}
		if !spoke {
			answers[i].Groups = nil
		}
	}
	return answers, err
}

// A query that was silent is not asked for all of its past again, but for
// whether it still is; and once it is not, that shows in the same run.
func TestSilenceIsNoProof(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	jobs := []evaluation.Job{job("a", "sum:errors{*}", "sum:hits{*}", slo.NinetyDays), job("b", "sum:other{*}", "sum:all{*}", slo.NinetyDays)}
	shelf, source := newMemory(to), quiet{world{seed: 5}, map[string]int64{"sum:errors{*}": to}}
	metrics := &counting{Metrics: source}
	service := evaluation.Service{Catalog: listing(jobs...), Runner: evaluation.Runner{Metrics: metrics, Concurrency: 2, Shelf: shelf}, Pick: func(int) int { return 0 }}
	look := func(s evaluation.Service) []evaluation.Row {
		t.Helper()
		b, err := s.Evaluate(t.Context(), evaluation.Query{Question: board(to), Timeframe: evaluation.TimeframeChoice{All: true}})
		if err != nil || len(b.Notes) > 0 {
			t.Fatal(err, b.Notes)
		}
		return b.Rows
	}
	bare := service
	bare.Runner.Shelf, bare.Pick = nil, nil
	for i, want := range []int{9, 3, 3} {
		rows := look(service)
		asked := metrics.take()
		if len(asked) != want {
			t.Errorf("run %d: %d requests, want %d: the tail, a sample, and whether it is still silent", i, len(asked), want)
		}
		if diff := differing(look(bare), rows); diff != "" {
			t.Errorf("run %d (-without the shelf +with):\n%s", i, diff)
		}
		metrics.take()
	}
	source.until["sum:errors{*}"] = to - 50*day
	if diff := differing(look(bare), look(service)); diff != "" {
		t.Errorf("after points came in (-without the shelf +with):\n%s", diff)
	}
	metrics.take()
	look(service)
	if asked := metrics.take(); len(asked) != 3 {
		t.Errorf("the run after that: %d requests, want 3", len(asked))
	}
}

// changed is traffic whose past is told otherwise from some run on.
type changed struct {
	world
	query string
	since timeseries.Span
}

func (c *changed) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	answers, err := c.world.Series(ctx, r)
	for i, q := range r.Queries {
		for j, v := range answers[i].Groups[0].Series.Values {
			if at := r.Span.Start + int64(j)*r.Step; q == c.query && c.since.Contains(at) {
				answers[i].Groups[0].Series.Values[j] = v + 1
			}
		}
	}
	return answers, err
}

// Once the sample falls on data that Datadog tells otherwise now, what is held
// of the metric is dropped, and the numbers are right in that very run.
func TestSampleFindsWhatChanged(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	jobs := []evaluation.Job{job("a", "sum:errors{*}", "sum:hits{*}", slo.ThirtyDays), job("b", "sum:other{*}", "sum:all{*}", slo.ThirtyDays)}
	q, shelf, metrics := board(to), newMemory(to), &changed{world: world{seed: 3}, query: "sum:hits{*}"}
	random := rand.New(rand.NewPCG(1, 2))
	service := evaluation.Service{
		Catalog: listing(jobs...), Runner: evaluation.Runner{Metrics: metrics, Concurrency: 2, Shelf: shelf}, Pick: random.IntN,
	}
	look := func() evaluation.Board {
		t.Helper()
		b, err := service.Evaluate(t.Context(), evaluation.Query{Question: q, Timeframe: evaluation.TimeframeChoice{All: true}})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := look().Rows
	if again := look(); len(again.Notes) > 0 || differing(before, again.Rows) != "" {
		t.Fatalf("a second look with nothing changed: %v", again.Notes)
	}
	metrics.since = timeseries.Span{Start: to - 20*day, End: to - 19*day}
	service.Runner.Shelf = nil
	right := look().Rows
	service.Runner.Shelf = shelf
	if differing(right, before) == "" {
		t.Fatal("the change changes nothing")
	}
	for range 100 {
		b := look()
		if len(b.Notes) == 0 {
			if differing(before, b.Rows) != "" {
				t.Fatal("other numbers without a note")
			}
			continue
		}
		if diff := differing(right, b.Rows); diff != "" || b.Notes[0].Code != "cache_dropped" || !strings.Contains(b.Notes[0].Text, "sum:hits{*}") {
			t.Fatalf("the run that found it (%v) shows (-right +shown):\n%s", b.Notes, diff)
		}
		if b = look(); len(b.Notes) > 0 || differing(right, b.Rows) != "" {
			t.Fatalf("the run after it: %v", b.Notes)
		}
		return
	}
	t.Fatal("100 samples did not find a day of 44")
}

// What is promised and then gone is asked for.
func TestGoneFromTheShelf(t *testing.T) {
	t.Parallel()
	const to = noon + 300
	jobs, q, shelf := []evaluation.Job{job("a", "g", "v", slo.ThirtyDays), job("b", "h", "w", slo.ThirtyDays)}, board(to), newMemory(to)
	runner := evaluation.Runner{Metrics: world{seed: 4}, Concurrency: 2, Shelf: shelf}
	var want []evaluation.Row
	for i := range 3 {
		shelf.gone["v"] = i == 1
		rows, err := runner.Run(t.Context(), jobs, evaluation.NewPlan(jobs, q, evaluation.Bounds{Shelf: shelf}), q)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = rows
		}
		if diff := differing(want, rows); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", i, diff)
		}
	}
}

// A query that travels twice over one stretch, by itself and along with a
// formula, is one answer: nothing is evaluated before the last is there.
func TestQueriesThatTravelTwice(t *testing.T) {
	t.Parallel()
	var jobs []evaluation.Job
	for i := range 30 { // more than one request holds
		jobs = append(jobs, job(fmt.Sprint("e", i), fmt.Sprint("g", i), fmt.Sprint("v", i), slo.SevenDays))
		s := job(fmt.Sprint("s", i), "", "", slo.SevenDays)
		s.Definition.SLI = slo.SliceSLI{
			Formula: "a + b", Queries: map[string]string{"a": fmt.Sprint("g", i), "b": fmt.Sprint("v", i)},
			Comparator: "<", Threshold: 60, Seconds: slo.BucketSeconds,
		}
		jobs = append(jobs, s)
	}
	source := metrics(func(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
		answers, err := world{seed: 6}.Series(ctx, r)
		for _, f := range r.Formulas {
			answers = append(answers, answers[slices.Index(r.Queries, f.Inputs[0].Query)])
		}
		return answers, err
	})
	q := board(noon + 300)
	for range 20 {
		rows, err := evaluation.Runner{Metrics: source, Concurrency: 8}.Run(t.Context(), jobs, evaluation.NewPlan(jobs, q, evaluation.Bounds{}), q)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if row.Defect != nil {
				t.Fatalf("%s: %v", row.Definition.ID, row.Defect)
			}
			if sli, counts := jobs[i].Definition.SLI.(slo.EventSLI); counts {
				a := row.Windows[0]
				if good, _ := a.Good.Value(); good != (world{seed: 6}).events(sli.Good[0].Query, a.Window.Start, a.Window.End) {
					t.Fatalf("%s: %v good events are not those of the traffic", row.Definition.ID, good)
				}
			}
		}
	}
}
