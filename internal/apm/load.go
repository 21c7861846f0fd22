package apm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
	"golang.org/x/sync/errgroup"
)

// givingUp is how many requests may fail while not one is answered, until the
// rest is not tried any more.
const givingUp = 8

// Cost is how many requests [Source.Load] would send.
func (s Source) Cost(demands []Demand) int {
	t := s.sort(wants(demands, s.Shelf != nil), nil, nil)
	count := len(t.planned) + len(t.probes)
	if len(t.held) > 0 && s.Pick != nil {
		count++
	}
	return count
}

// sorted is what of some needs is on the shelf, and what is asked for the rest.
type sorted struct {
	held    []sample
	planned []timeseries.Request
	// silent is not asked for but in the probes.
	silent []sample
	probes []timeseries.Request
}

// sort divides the needs. Nothing is taken from the shelf of what is doubted,
// nor what cannot be read; a nil read takes all that is held for readable.
func (s Source) sort(all []need, doubted map[string]bool, read func(sample) bool) sorted {
	var t sorted
	var missing, loud []need
	for _, n := range all {
		if doubted[n.query] {
			missing, loud = append(missing, n), append(loud, n)
			continue
		}
		left, have := s.split(n)
		for _, span := range have {
			if one := (sample{n, span}); read == nil || read(one) {
				t.held = append(t.held, one)
			} else { // gone or damaged after all
				left = slo.Union(append(left, span))
			}
		}
		rest, silent := s.hush(n, left)
		for _, span := range silent {
			t.silent = append(t.silent, sample{n, span})
		}
		if n.spans = left; len(left) > 0 {
			missing = append(missing, n)
		}
		if n.spans = rest; len(rest) > 0 {
			loud = append(loud, n)
		}
	}
	t.planned = requests(missing)
	if len(t.silent) == 0 {
		return t
	}
	if s.Offline {
		t.planned = requests(loud)
		return t
	}
	t.probes = probes(t.silent)
	if fewer := requests(loud); len(fewer)+len(t.probes) < len(t.planned) {
		t.planned = fewer
	} else { // to believe it spares nothing
		t.silent, t.probes = nil, nil
	}
	return t
}

// split parts what is wanted into what has to be asked for and what is held.
func (s Source) split(n need) (missing, held []timeseries.Span) {
	if s.Shelf == nil {
		return n.spans, nil
	}
	there := s.Shelf.Held(n.query, n.step)
	for _, span := range n.spans {
		missing = append(missing, span.Without(there)...)
		for _, h := range there {
			if both := h.Intersect(span); !both.Empty() {
				held = append(held, both)
			}
		}
	}
	return missing, held
}

// Load gets what is wanted: from the shelf what it holds, and the rest in few
// requests, bounded in parallel. A query that was refused carries its error in
// its answer. The error of Load itself means that ctx ended, or that nothing at all was answered.
func (s Source) Load(ctx context.Context, demands []Demand) (*Loaded, error) {
	all := wants(demands, s.Shelf != nil)
	l := &Loaded{parts: map[want][]part{}}
	changed, err := s.load(ctx, l, all, nil)
	if err != nil {
		return nil, err
	}
	if len(changed) == 0 {
		return l, nil
	}
	// What was kept is not true any more: it goes, with all that was kept of the
	// same metrics, and no number is made of it.
	doubted := map[string]bool{}
	for _, n := range all {
		doubted[n.query] = slices.ContainsFunc(changed, func(c string) bool {
			return n.query == c || slices.ContainsFunc(metricsOf(n.query), func(m string) bool { return slices.Contains(metricsOf(c), m) })
		})
	}
	again := make([]need, 0, len(all))
	for _, n := range all {
		if doubted[n.query] {
			s.Shelf.Forget(n.query)
			s.Shelf.Forget(silenceOf(n.query))
			delete(l.parts, n.want)
			again = append(again, n)
		}
	}
	l.notes = append(l.notes, slo.Note{Code: "cache_dropped", Text: fmt.Sprintf(
		"Datadog's data of %s has changed since it was kept; what was kept of the metric was dropped and asked for anew", strings.Join(changed, ", "))})
	if _, err := s.load(ctx, l, again, doubted); err != nil {
		return nil, err
	}
	return l, nil
}

// load fills l with all needs. It returns the queries whose held data is not what
// Datadog says now. Nothing is read from the shelf of what is doubted.
func (s Source) load(ctx context.Context, l *Loaded, all []need, doubted map[string]bool) (changed []string, err error) {
	t := s.sort(all, doubted, func(h sample) bool {
		answer, there := s.Shelf.Series(h.query, h.step, h.span)
		if there {
			l.add(h.want, part{span: h.span, answer: answer})
		}
		return there
	})
	if s.Offline {
		for _, h := range t.silent {
			l.add(h.want, part{span: h.span})
		}
	}
	f := fetching{Source: s, loaded: l, sorted: t}
	if doubted == nil && s.Pick != nil && len(t.held) > 0 {
		f.check(t.held)
	}
	if err := f.send(ctx); err != nil {
		return nil, err
	}
	return f.changed, nil
}

// fetching is one round of requests.
type fetching struct {
	Source
	sorted
	loaded *Loaded
	// again is asked although the shelf holds it; nil for nothing.
	again *timeseries.Request
	kept  timeseries.Answer

	mu             sync.Mutex
	done, answered int
	first          error
	fatal          error
	changed        []string
}

// send asks for everything.
func (f *fetching) send(ctx context.Context) error {
	outer := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group := errgroup.Group{}
	group.SetLimit(max(1, f.Concurrency))
	ask := func(r timeseries.Request, file func([]timeseries.Answer, error)) {
		group.Go(func() error {
			if ctx.Err() != nil && f.gaveUp() == nil {
				return nil
			}
			var list []timeseries.Answer
			err := f.gaveUp()
			if err == nil {
				list, err = f.Metrics.Series(ctx, r)
			}
			if err == nil && len(list) != len(r.Queries) {
				err = &slo.Defect{Kind: slo.Invalid, Message: "querying metrics: there are not as many answers as queries"}
			}
			f.settle(r, list, err, file, stop)
			return nil
		})
	}
	if f.again != nil {
		ask(*f.again, f.compare)
	}
	for _, r := range f.probes {
		ask(r, func(list []timeseries.Answer, err error) { f.judge(r, list, err) })
	}
	for _, r := range f.planned {
		ask(r, nil)
	}
	_ = group.Wait() // no request returns an error; each has its own
	switch {
	case outer.Err() != nil && f.first != nil:
		return f.first
	case outer.Err() != nil:
		return fmt.Errorf("loading trace metrics: %w", outer.Err())
	case f.answered == 0 && f.first != nil && len(f.held) == 0:
		return f.first
	}
	return nil
}

func (f *fetching) gaveUp() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fatal
}

// settle files one answer, or its error for each of its queries.
func (f *fetching) settle(r timeseries.Request, list []timeseries.Answer, err error, file func([]timeseries.Answer, error), stop func()) {
	if err == nil && file == nil && f.Shelf != nil {
		f.shelve(r, list)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done++
	switch {
	case err == nil:
		f.answered++
	default:
		if f.first == nil {
			f.first = err
		}
		if f.fatal == nil && f.answered == 0 && (refused(err) || f.done >= givingUp) {
			f.fatal = err
			stop()
		}
	}
	if file != nil {
		file(list, err)
	} else {
		for i, query := range r.Queries {
			answer := timeseries.Answer{Err: err}
			if err == nil {
				answer = list[i]
			}
			f.loaded.add(want{query, r.Step}, part{span: r.Span, answer: answer})
		}
	}
	if f.Progress != nil {
		total := len(f.planned) + len(f.probes)
		if f.again != nil {
			total++
		}
		f.Progress(f.done, total)
	}
}

// refused reports whether an error says that the credentials will not do.
func refused(err error) bool {
	var d *slo.Defect
	return errors.As(err, &d) && d.Kind == slo.Auth
}

// sample is one stretch of what is held.
type sample struct {
	need
	span timeseries.Span
}

// check chooses by chance what of the shelf is asked for again.
func (f *fetching) check(held []sample) {
	chosen := held[f.Pick(len(held))]
	chunks := requests([]need{{want: chosen.want, spans: []timeseries.Span{chosen.span}, cells: chosen.cells}})
	r := chunks[f.Pick(len(chunks))]
	kept, there := f.Shelf.Series(chosen.query, r.Step, r.Span)
	if there {
		f.again, f.kept = &r, kept
	}
}

func (f *fetching) compare(list []timeseries.Answer, err error) {
	if err == nil && list[0].Err == nil && !same(f.kept, list[0]) {
		f.changed = append(f.changed, f.again.Queries[0])
	}
}

// precision is how far apart two sums of the same events may be, as a share:
// Datadog adds them up in whatever order.
const precision = 1e-9

// same reports whether two answers over one span say the same.
func same(a, b timeseries.Answer) bool {
	values := func(answer timeseries.Answer) map[string][]float64 {
		all := map[string][]float64{}
		for _, g := range answer.Groups {
			if slices.ContainsFunc(g.Series.Values, func(v float64) bool { return !timeseries.IsMissing(v) }) {
				all[strings.Join(g.Tags, "\x00")] = g.Series.Values
			}
		}
		return all
	}
	x, y := values(a), values(b)
	if len(x) != len(y) {
		return false
	}
	for key, v := range x {
		w, there := y[key]
		if !there || !slices.EqualFunc(v, w, sameValue) {
			return false
		}
	}
	return true
}

func sameValue(v, w float64) bool {
	if timeseries.IsMissing(v) || timeseries.IsMissing(w) {
		return timeseries.IsMissing(v) && timeseries.IsMissing(w)
	}
	return math.Abs(v-w) <= precision*max(math.Abs(v), math.Abs(w))
}

// Measured asks for one number a group. It passes on to Scalars, and is counted in the progress.
func (s Source) Measured(ctx context.Context, r timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	if s.Scalars == nil {
		return nil, &slo.Defect{Kind: slo.Unsupported, Message: "measuring trace metrics: nobody to ask for single numbers"}
	}
	answers, err := s.Scalars.Scalars(ctx, r)
	if s.Progress != nil {
		s.Progress(1, 1)
	}
	if err == nil && len(answers) != len(r.Queries) {
		err = &slo.Defect{Kind: slo.Invalid, Message: "querying metrics: there are not as many answers as queries"}
	}
	if err != nil {
		return nil, fmt.Errorf("measuring trace metrics: %w", err)
	}
	return answers, nil
}
