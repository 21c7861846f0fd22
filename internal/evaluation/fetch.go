package evaluation

import (
	"context"
	"errors"
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

// answerKey is a query, or a formula's key, and when it was asked for.
type answerKey struct {
	query string
	chunk chunk
}

type historyAnswer struct {
	history slo.History
	err     error
}

type monitorAnswer struct {
	settings slo.MonitorSettings
	err      error
}

// fetcher is one run of a plan.
type fetcher struct {
	mu       sync.Mutex
	got      answers
	done     int
	progress func(done int)
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

// fetch sends the requests of the plan. It returns an error only when ctx was cancelled.
func (r Runner) fetch(ctx context.Context, plan Plan) (answers, error) {
	f := &fetcher{got: answers{map[answerKey]timeseries.Answer{}, map[string]historyAnswer{}, map[int64]monitorAnswer{}}}
	if total := len(plan.Requests) + len(plan.Histories) + len(plan.Monitors); r.Progress != nil {
		f.progress = func(done int) { r.Progress(done, total) }
	}
	if r.Records == nil {
		plan.Monitors, plan.Histories = nil, nil // what needs them gets its Defect
	}
	monitors, histories, series := newLane(ctx), newLane(ctx), newLane(ctx)
	defer monitors.stop()
	defer histories.stop()
	defer series.stop()
	group := errgroup.Group{}
	group.SetLimit(max(1, r.Concurrency))
	for _, id := range plan.Monitors {
		group.Go(func() error {
			settings, err := r.Records.Monitor(monitors.ctx, id)
			f.settle(monitors, err, func(err error) { f.got.settings[id] = monitorAnswer{settings, err} })
			return nil
		})
	}
	for _, request := range plan.Histories {
		group.Go(func() error {
			history, err := r.Records.History(histories.ctx, request)
			f.settle(histories, err, func(err error) { f.got.histories[request.ID] = historyAnswer{history, err} })
			return nil
		})
	}
	for _, request := range plan.Requests {
		group.Go(func() error {
			list, err := r.Metrics.Series(series.ctx, request)
			f.settle(series, err, func(err error) { f.got.file(request, list, err) })
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return answers{}, err
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return answers{}, err
	}
	return f.got, nil
}

// settle files one answer. Refused keys, and failures of the first requests
// with nothing answered in between, end the whole lane.
func (f *fetcher) settle(l *lane, err error, file func(error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done++
	l.done++
	switch {
	case err == nil:
		l.answered++
	case missing(err): // one thing that does not exist says nothing about the others
	case l.fatal != nil:
		err = l.fatal
	case l.ctx.Err() == nil && l.answered == 0 && (kind(err) == slo.Auth || l.done >= givingUp):
		l.fatal = err
		l.stop()
	}
	file(err)
	if f.progress != nil {
		f.progress(f.done)
	}
}

// missing reports whether an error says that Datadog does not have what was asked for.
func missing(err error) bool {
	var e interface{ NotFound() bool }
	return errors.As(err, &e) && e.NotFound()
}

// file keeps the answers to one request, or its error for each part of it.
func (a answers) file(r timeseries.Request, list []timeseries.Answer, err error) {
	c := chunk{r.Span, r.Step}
	for i, text := range r.Queries {
		a.series[answerKey{text, c}] = answerAt(list, i, err)
	}
	for i, f := range r.Formulas {
		a.series[answerKey{f.Key(), c}] = answerAt(list, len(r.Queries)+i, err)
	}
}

func answerAt(list []timeseries.Answer, i int, err error) timeseries.Answer {
	if err != nil {
		return timeseries.Answer{Err: err}
	}
	return list[i]
}
