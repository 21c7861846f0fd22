package investigation

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// tally counts the requests of a quick look and refuses those beyond its bound.
type tally struct {
	most    int64
	sent    atomic.Int64
	refused atomic.Bool
}

// take reports whether one more request may be sent.
func (t *tally) take() error {
	if t.most > 0 && t.sent.Add(1) > t.most {
		t.refused.Store(true)
		return ErrTooMuch
	}
	return nil
}

// fits reports whether so many more may be sent.
func (t *tally) fits(more int) bool { return t.most <= 0 || t.sent.Load()+int64(more) <= t.most }

func (t *tally) exceeded() bool { return t.refused.Load() }

// explain is the error to return for one that may come from a refusal.
func (t *tally) explain(err error) error {
	if t.exceeded() && !errors.Is(err, context.Canceled) {
		return ErrTooMuch
	}
	return err
}

// watch is the source with all that it sends counted.
func (t *tally) watch(s apm.Source) apm.Source {
	if s.Directory != nil {
		s.Directory = watchedDirectory{s.Directory, t}
	}
	if s.Metrics != nil {
		s.Metrics = watchedMetrics{s.Metrics, t}
	}
	if s.Scalars != nil {
		s.Scalars = watchedScalars{s.Scalars, t}
	}
	return s
}

type watchedDirectory struct {
	of    apm.Directory
	tally *tally
}

func (w watchedDirectory) ActiveMetrics(ctx context.Context, since int64, tag string) ([]string, error) {
	if err := w.tally.take(); err != nil {
		return nil, err
	}
	return w.of.ActiveMetrics(ctx, since, tag)
}

func (w watchedDirectory) MetricInfo(ctx context.Context, name string) (timeseries.MetricInfo, error) {
	if err := w.tally.take(); err != nil {
		return timeseries.MetricInfo{}, err
	}
	return w.of.MetricInfo(ctx, name)
}

type watchedMetrics struct {
	of    apm.Metrics
	tally *tally
}

func (w watchedMetrics) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	if err := w.tally.take(); err != nil {
		return nil, err
	}
	return w.of.Series(ctx, r)
}

type watchedScalars struct {
	of    apm.Scalars
	tally *tally
}

func (w watchedScalars) Scalars(ctx context.Context, r timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	if err := w.tally.take(); err != nil {
		return nil, err
	}
	return w.of.Scalars(ctx, r)
}
