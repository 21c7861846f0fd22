package evaluation

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Runner carries out plans.
type Runner struct {
	Metrics Metrics
	// Records answers what metrics cannot; nil where nothing of the kind is planned.
	Records Records
	// Shelf holds what the plan does not ask for, and takes what comes back; nil for none.
	Shelf Shelf
	// Concurrency is how many requests are under way at once.
	Concurrency int
	// Progress, when set, is told after each request how many of them are answered.
	Progress func(done, total int)
}

// givingUp is how many requests may fail while not one is answered, until the
// rest is not tried any more.
const givingUp = 8

// answers holds what came back.
type answers struct {
	series    map[answerKey]timeseries.Answer
	histories map[string]historyAnswer
	settings  map[int64]monitorAnswer
}

// at is what came back for a query and a chunk. Nothing is never read as "no points".
func (a answers) at(query string, c chunk) timeseries.Answer {
	answer, there := a.series[answerKey{query, c}]
	if !there {
		answer.Err = &slo.Defect{Kind: slo.Unavailable, Message: fmt.Sprintf("%s was not answered for %s", query, c.span)}
	}
	return answer
}

// answerKey is a query, or a formula's key, and when it was asked for.
type answerKey struct {
	query string
	chunk chunk
}

type historyAnswer struct {
	history slo.History
	// stamp is that of the part that was kept; empty when all of it is new.
	stamp string
	// held says that all of it was kept.
	held bool
	err  error
}

type monitorAnswer struct {
	settings slo.MonitorSettings
	err      error
}

// need is one thing that a job waits for: an answer, a history or a monitor.
type need struct {
	series  answerKey
	history string
	monitor int64
}

// round is one run of a plan. Each job is evaluated when the last of what it
// needs is there, and what nobody needs any more is let go: what is in memory
// at one time does not depend on the number of objectives.
type round struct {
	Runner
	plan Plan
	jobs []Job
	ask  inquiry
	// fresh says that no kept history is to be used.
	fresh bool

	mu       sync.Mutex
	got      answers
	waiting  []int
	waiters  map[need][]int
	answered map[need]bool
	finished []outcome
	// differs are the sampled queries whose held data is not what Datadog says now.
	differs []string
	sampled int
	// broken are the queries that are not silent any more, and unsure those of
	// which that could not be asked.
	broken, unsure []string
	// rewritten are the objectives whose kept transitions are not Datadog's any more.
	rewritten []string
	done      int

	evaluations errgroup.Group
}

// outcome is what became of one job.
type outcome struct {
	row    Row
	record record
	// stale says that what was held of it is gone or not true any more.
	stale bool
}

// lane is the part of a run whose requests are of one kind. One that needs a
// scope which is missing fails alone: the others may well be answered.
type lane struct {
	ctx            context.Context
	stop           context.CancelFunc
	done, answered int
	fatal          error
}

func newLane(ctx context.Context) *lane {
	ctx, stop := context.WithCancel(ctx)
	return &lane{ctx: ctx, stop: stop}
}

// play sends the requests of the plan and evaluates the jobs as their answers
// arrive. It returns an error only when ctx was cancelled.
func (r Runner) play(ctx context.Context, jobs []Job, plan Plan, ask inquiry, fresh bool) (*round, error) {
	if r.Records == nil {
		plan.Monitors, plan.Histories = nil, nil // what needs them gets its Defect
	}
	f := &round{
		Runner: r, plan: plan, jobs: jobs, ask: ask, fresh: fresh,
		got:      answers{map[answerKey]timeseries.Answer{}, map[string]historyAnswer{}, map[int64]monitorAnswer{}},
		waiting:  make([]int, len(jobs)),
		waiters:  map[need][]int{},
		answered: map[need]bool{},
		finished: make([]outcome, len(jobs)),
	}
	f.evaluations.SetLimit(max(1, r.Concurrency))
	var ready []int
	for i := range jobs {
		needs := f.needs(i)
		for _, n := range needs {
			f.waiters[n] = append(f.waiters[n], i)
		}
		if f.waiting[i] = len(needs); len(needs) == 0 {
			ready = append(ready, i)
		}
	}
	var early sync.WaitGroup // what needs no answer must not hold the first request up
	early.Go(func() { f.evaluate(ready) })
	f.send(ctx)
	early.Wait()
	if err := f.evaluations.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return nil, err
	}
	return f, nil
}

// send asks for everything, bounded in parallel.
func (f *round) send(ctx context.Context) {
	monitors, histories, series := newLane(ctx), newLane(ctx), newLane(ctx)
	defer monitors.stop()
	defer histories.stop()
	defer series.stop()
	group := errgroup.Group{}
	group.SetLimit(max(1, f.Concurrency))
	for _, id := range f.plan.Monitors {
		group.Go(func() error {
			settings, err := f.Records.Monitor(monitors.ctx, id)
			f.settle(monitors, err, []need{{monitor: id}}, func(err error) { f.got.settings[id] = monitorAnswer{settings, err} })
			return nil
		})
	}
	for _, request := range f.plan.Histories {
		group.Go(func() error {
			answer := f.history(histories.ctx, request)
			f.settle(histories, answer.err, []need{{history: request.ID}}, func(err error) {
				answer.err = err
				f.got.histories[request.ID] = answer
			})
			return nil
		})
	}
	for _, request := range f.plan.Requests {
		group.Go(func() error {
			list, err := f.Metrics.Series(series.ctx, request)
			if err == nil {
				f.shelve(request, list)
			}
			f.settle(series, err, needsOf(request), func(err error) { f.file(request, list, err) })
			return nil
		})
	}
	if sample := f.plan.Sample; sample != nil {
		group.Go(func() error {
			list, err := f.Metrics.Series(series.ctx, *sample)
			f.settle(series, err, nil, func(error) {})
			if err == nil {
				f.compare(*sample, list)
			}
			return nil
		})
	}
	for _, p := range f.plan.Probes {
		group.Go(func() error {
			list, err := f.Metrics.Series(series.ctx, p.Request)
			f.settle(series, err, nil, func(error) {})
			f.mu.Lock()
			defer f.mu.Unlock()
			broken, unsure := p.judge(list, err)
			f.broken, f.unsure = append(f.broken, broken...), append(f.unsure, unsure...)
			return nil
		})
	}
	_ = group.Wait() // no request returns an error; each has its own
}

// settle files one answer and evaluates the jobs that waited for no other.
// Refused keys, and failures of the first requests with nothing answered in
// between, end the whole lane.
func (f *round) settle(l *lane, err error, answered []need, file func(error)) {
	f.evaluate(f.filed(l, err, answered, file))
}

func (f *round) filed(l *lane, err error, answered []need, file func(error)) (ready []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done++
	l.done++
	switch {
	case err == nil:
		l.answered++
	case missing(err), notCached(err): // one thing that does not exist says nothing about the others
	case l.fatal != nil:
		err = l.fatal
	case l.ctx.Err() == nil && l.answered == 0 && (kind(err) == slo.Auth || l.done >= givingUp):
		l.fatal = err
		l.stop()
	}
	file(err)
	for _, n := range answered {
		if f.answered[n] { // a query may travel twice: by itself, and along with a formula
			continue
		}
		f.answered[n] = true
		for _, i := range f.waiters[n] {
			if f.waiting[i]--; f.waiting[i] == 0 {
				ready = append(ready, i)
			}
		}
	}
	if f.Progress != nil {
		f.Progress(f.done, f.plan.Count())
	}
	return ready
}

// missing reports whether an error says that Datadog does not have what was asked for.
func missing(err error) bool {
	var e interface{ NotFound() bool }
	return errors.As(err, &e) && e.NotFound()
}

// notCached reports whether an error says that the cache has no answer where
// nothing else may be asked.
func notCached(err error) bool {
	var e interface{ NotCached() bool }
	return errors.As(err, &e) && e.NotCached()
}

// file keeps the answers to one request, or its error for each part of it, as
// far as somebody waits for them.
func (f *round) file(r timeseries.Request, list []timeseries.Answer, err error) {
	for i, n := range needsOf(r) {
		if len(f.waiters[n]) > 0 && !f.answered[n] {
			f.got.series[n.series] = answerAt(list, i, err)
		}
	}
}

// needsOf is what the answers to a request are to those who wait: one for each
// query and then one for each formula.
func needsOf(r timeseries.Request) []need {
	c := chunk{r.Span, r.Step}
	needs := make([]need, 0, len(r.Queries)+len(r.Formulas))
	for _, text := range r.Queries {
		needs = append(needs, need{series: answerKey{text, c}})
	}
	for _, formula := range r.Formulas {
		needs = append(needs, need{series: answerKey{formula.Key(), c}})
	}
	return needs
}

func answerAt(list []timeseries.Answer, i int, err error) timeseries.Answer {
	if err != nil {
		return timeseries.Answer{Err: err}
	}
	return list[i]
}

// needs is what the i-th job waits for: what it is made from and the shelf does not hold.
func (f *round) needs(i int) []need {
	var needs []need
	for _, key := range f.plan.answersFor(f.jobs[i], i) {
		if !f.plan.shelved[key] {
			needs = append(needs, need{series: key})
		}
	}
	if f.Records == nil || !f.jobs[i].needsHistory(f.plan.pieces[i]) {
		return needs
	}
	needs = append(needs, need{history: f.jobs[i].Definition.ID})
	if sli, ok := f.jobs[i].Definition.SLI.(slo.MonitorSLI); ok {
		seen := map[int64]bool{}
		for _, id := range sli.MonitorIDs {
			if !seen[id] {
				needs = append(needs, need{monitor: id})
			}
			seen[id] = true
		}
	}
	return needs
}

// answersFor are the answers that a job is evaluated from, each once.
func (p Plan) answersFor(j Job, i int) []answerKey {
	var keys []string
	if sli, ok := j.events(); ok {
		keys = queriesOf(sli)
	} else if sli, ok := j.slices(); ok {
		keys = bundleOf(sli).keys()
	}
	var all []answerKey
	for _, c := range chunksOf(p.pieces[i]) {
		for _, key := range keys {
			all = append(all, answerKey{key, c})
		}
	}
	return all
}

// evaluate has jobs evaluated whose evidence is complete.
func (f *round) evaluate(ready []int) {
	for _, i := range ready {
		f.evaluations.Go(func() error {
			got := f.collect(i)
			out := outcome{}
			if stale := f.fetchHeld(i, &got); stale {
				out = outcome{row: Row{Definition: f.jobs[i].Definition}, stale: true}
			} else {
				out.row, out.record = f.jobs[i].evaluate(got, f.plan.pieces[i], f.plan.extents[i], f.ask)
				f.keepHistory(i, got, out.row)
			}
			if !f.ask.keep {
				out.record = record{}
			}
			f.finished[i] = out
			f.release(i)
			return nil
		})
	}
}

// collect is what came back for one job.
func (f *round) collect(i int) answers {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := answers{map[answerKey]timeseries.Answer{}, map[string]historyAnswer{}, map[int64]monitorAnswer{}}
	for _, key := range f.plan.answersFor(f.jobs[i], i) {
		if a, there := f.got.series[key]; there {
			mine.series[key] = a
		}
	}
	if h, there := f.got.histories[f.jobs[i].Definition.ID]; there {
		mine.histories[f.jobs[i].Definition.ID] = h
	}
	if sli, ok := f.jobs[i].Definition.SLI.(slo.MonitorSLI); ok {
		for _, id := range sli.MonitorIDs {
			if s, there := f.got.settings[id]; there {
				mine.settings[id] = s
			}
		}
	}
	return mine
}

// release lets go of what only this job was still waiting for.
func (f *round) release(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range f.plan.answersFor(f.jobs[i], i) {
		n := need{series: key}
		others := f.waiters[n]
		for k, j := range others {
			if j == i {
				others = append(others[:k], others[k+1:]...)
				break
			}
		}
		if f.waiters[n] = others; len(others) == 0 {
			delete(f.waiters, n)
			delete(f.got.series, key)
		}
	}
}
