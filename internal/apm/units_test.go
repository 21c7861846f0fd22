package apm_test

import (
	"context"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// meeting is an org that answers the question for a unit and the one for
// requests only when it has heard both.
type meeting struct {
	*org
	unit, count chan struct{}
	units       int
}

func (m *meeting) MetricInfo(ctx context.Context, name string) (timeseries.MetricInfo, error) {
	if m.units++; m.units == 1 {
		close(m.unit)
	}
	select {
	case <-m.count:
	case <-ctx.Done():
		return timeseries.MetricInfo{}, ctx.Err()
	}
	return m.org.MetricInfo(ctx, name)
}

func (m *meeting) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	select {
	case <-m.unit:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	close(m.count)
	return m.org.Series(ctx, r)
}

// The unit of the only entry is asked for while its requests are counted, and only once.
func TestUnitBesideCount(t *testing.T) {
	t.Parallel()
	o := &org{infos: map[string]timeseries.MetricInfo{"trace.http.request": {Type: "distribution", Unit: "nanosecond"}}}
	o.serve("http.request", "shop", "prod", "")
	o.serve("postgres.query", "shop", "prod", "")
	m := &meeting{org: o, unit: make(chan struct{}), count: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // a run that asks one after the other waits for ever
	defer cancel()
	c, err := apm.Source{Directory: m, Metrics: m, Concurrency: 3}.Find(ctx, apm.Search{Services: []string{"shop"}, Span: fortnight()})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Places[0].Operation; got.Name != "http.request" || got.Scale != 1e-9 || m.units != 1 {
		t.Errorf("%+v after %d questions for a unit", got, m.units)
	}
}
