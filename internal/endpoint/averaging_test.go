package endpoint_test

import (
	"context"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// averager is a Datadog that averages sums of latencies over time, by flushes of ten seconds.
type averager struct{ *world }

func averaging(w *world) apm.Source {
	s := w.source()
	s.Metrics = averager{w}
	return s
}

func (a averager) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	answers, err := a.world.Series(ctx, r)
	for i, query := range r.Queries {
		if !strings.HasPrefix(query, "sum:trace.http.request{") {
			continue
		}
		for _, g := range answers[i].Groups {
			for k := range g.Series.Values {
				g.Series.Values[k] *= 10 / float64(r.Step)
			}
		}
	}
	return answers, err
}

// forgetful drops what lies before the span after some requests.
type forgetful struct {
	*world
	after int
}

func (f *forgetful) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	if f.after--; f.after < 0 {
		f.retained = monday + 10*3600 + 600
	}
	return f.world.Series(ctx, r)
}
