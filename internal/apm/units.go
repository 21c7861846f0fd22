package apm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/pkg/slo"
	"golang.org/x/sync/errgroup"
)

// latencyKind is what is known of a latency metric.
type latencyKind struct {
	distribution bool
	// scale is how many seconds its unit is.
	scale float64
}

// latencyMetric is where the latencies of an operation come from.
func latencyMetric(op Operation) string { return cmp.Or(op.Latency, op.Duration) }

// askEarly asks for the latency metric of the operation that is sure to be of
// interest, where there is one, and returns how to wait for the answer.
func (f *finder) askEarly(ctx context.Context, operations []Operation) (wait func()) {
	entries := slices.DeleteFunc(slices.Clone(operations), func(op Operation) bool { return !op.Entry() })
	if len(operations) == 1 {
		entries = operations
	}
	if len(entries) != 1 || latencyMetric(entries[0]) == "" || f.search.Operation != "" && len(operations) > 1 || len(f.search.Services) > 1 {
		return func() {}
	}
	early := &finder{Source: f.Source, search: f.search, kinds: map[string]*latencyKind{latencyMetric(entries[0]): {}}}
	var group sync.WaitGroup
	failed := false
	group.Go(func() { failed = early.ask(ctx, early.kinds) != nil })
	return func() {
		if group.Wait(); !failed {
			f.early = early
		}
	}
}

// settle asks what the latency metrics of the places are, as far as they are of interest.
func (f *finder) settle(ctx context.Context, places []Place) error {
	metric := latencyMetric
	kinds := map[string]*latencyKind{}
	for i, p := range places {
		first := i == 0 || places[i-1].Service != p.Service
		if name := metric(p.Operation); name != "" && p.Operation.Scale == 0 && (first || p.Operation.Entry()) {
			kinds[name] = &latencyKind{}
		}
	}
	if err := f.ask(ctx, kinds); err != nil {
		return fmt.Errorf("asking for the units of latencies: %w", err)
	}
	again := false
	for i := range places {
		op := &places[i].Operation
		if op.Scale != 0 {
			continue
		}
		k, known := kinds[metric(*op)]
		if op.Latency != "" && known && !k.distribution {
			op.Latency = "" // percentiles and sums of what is no distribution mean nothing
			again = true
			continue
		}
		if op.Scale = math.NaN(); known {
			op.Scale = k.scale
		}
	}
	if again { // the legacy metric has a unit of its own
		return f.settle(ctx, places)
	}
	return nil
}

// ask fills in the kinds of metrics, bounded in parallel.
func (f *finder) ask(ctx context.Context, kinds map[string]*latencyKind) error {
	if f.early != nil {
		for name, k := range f.early.kinds {
			if asked := kinds[name]; asked != nil {
				*asked = *k
				for _, n := range f.early.notes {
					f.note(n)
				}
			}
		}
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, f.Concurrency))
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		k := kinds[name]
		if f.early != nil && f.early.kinds[name] != nil {
			continue
		}
		group.Go(func() error {
			info, err := f.Directory.MetricInfo(ctx, name)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			k.distribution = info.Type == "" || strings.EqualFold(info.Type, "distribution")
			k.scale = scaleOf(info.Unit)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil && !missing(err):
				f.note(slo.Note{Code: "unit_unknown", Text: fmt.Sprintf("the unit of %s could not be asked for; it is taken for seconds", name)})
			case math.IsNaN(k.scale):
				f.note(slo.Note{Code: "unit_unknown", Text: fmt.Sprintf("the unit of %s is %s, which is no time: latencies are not known", name, info.Unit)})
			}
			return nil
		})
	}
	return group.Wait()
}

// missing reports whether an error says that Datadog does not have what was asked for.
func missing(err error) bool {
	var e interface{ NotFound() bool }
	return errors.As(err, &e) && e.NotFound()
}

// scaleOf is how many seconds a unit is; one for none, NaN for one that is no time.
func scaleOf(unit string) float64 {
	switch strings.TrimSuffix(strings.ToLower(unit), "s") {
	case "", "second", "sec":
		return 1
	case "millisecond", "m":
		return 1e-3
	case "microsecond", "u", "μ":
		return 1e-6
	case "nanosecond", "n":
		return 1e-9
	case "minute":
		return 60
	case "hour":
		return 3600
	}
	return math.NaN()
}
