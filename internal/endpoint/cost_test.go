package endpoint_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// crowd is a service with many endpoints, each of which serves one request in
// every 300 s, in a tenth of a second.
type crowd struct {
	tags [][]string

	mu                      sync.Mutex
	metrics, scalars, cells int
	largest                 int
}

func newCrowd(endpoints int) *crowd {
	c := &crowd{}
	for i := range endpoints {
		c.tags = append(c.tags, []string{fmt.Sprintf("resource_name:get_/%d", i)})
	}
	return c
}

func (c *crowd) source() apm.Source {
	w := &world{}
	w.add("trace.http.request.hits", stream{tags: []string{"service:shop"}})
	w.add("trace.http.request", stream{tags: []string{"service:shop"}})
	return apm.Source{Directory: w, Metrics: c, Scalars: c, Concurrency: 4}
}

func (c *crowd) groups(query string) [][]string {
	switch {
	case strings.Contains(query, "by {resource_name}"):
		return c.tags
	case strings.Contains(query, "by {env}"):
		return [][]string{{"env:prod"}}
	}
	return [][]string{nil}
}

func (c *crowd) Series(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	answers := make([]timeseries.Answer, len(r.Queries))
	cells := 0
	for i, query := range r.Queries {
		if strings.Contains(query, ".errors{") {
			continue
		}
		groups := c.groups(query)
		each := float64(r.Step / bucket * int64(len(c.tags)/len(groups)))
		if strings.HasPrefix(query, "sum:trace.http.request{") {
			each *= 0.1
		}
		for _, tags := range groups {
			series := timeseries.Blank(r.Span, r.Step)
			for k := range series.Values {
				series.Values[k] = each
			}
			cells += len(series.Values)
			answers[i].Groups = append(answers[i].Groups, timeseries.Group{Tags: tags, Series: series})
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics, c.cells, c.largest = c.metrics+1, c.cells+cells, max(c.largest, cells)
	return answers, nil
}

func (c *crowd) Scalars(_ context.Context, r timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	c.mu.Lock()
	c.scalars++
	c.mu.Unlock()
	answers := make([]timeseries.ScalarAnswer, len(r.Queries))
	for i, query := range r.Queries {
		for _, tags := range c.groups(query.Query) {
			answers[i].Groups = append(answers[i].Groups, timeseries.Scalar{Tags: tags, Value: 0.1})
		}
	}
	return answers, nil
}

func fortnight() timeseries.Span {
	return timeseries.Span{Start: monday - 14*day + 10*3600 + 900, End: monday + 10*3600 + 900}
}

// A fortnight beside the fortnight before takes a handful of requests, of
// which none has a larger answer than what is reasonable.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ endpoints, metrics int }{{1, 5}, {300, 5}, {1500, 5}, {6000, 9}} {
		if testing.Short() && test.endpoints > 5000 {
			continue
		}
		c := newCrowd(test.endpoints)
		table, err := endpoint.Service{Source: c.source()}.Compare(t.Context(), endpoint.Query{Service: "shop", Span: fortnight()})
		if err != nil {
			t.Fatal(err)
		}
		if c.metrics > test.metrics || c.scalars != 2 || c.largest > 5<<20 {
			t.Errorf("%d endpoints: %d requests for points, %d for numbers, %d values in the largest answer", test.endpoints, c.metrics, c.scalars, c.largest)
		}
		near(t, "requests", table.Total.Now.Requests, float64(14*288*test.endpoints))
		near(t, "requests before", table.Total.Before.Requests, float64(14*288*test.endpoints))
		near(t, "mean", table.Rows[0].Now.Mean, 0.1)
		if len(table.Rows) != test.endpoints || table.Rest != nil || table.Notes != nil {
			t.Errorf("%d rows, rest %v, notes %v", len(table.Rows), table.Rest, table.Notes)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, endpoints := range []int{200, 20_000} {
		b.Run(fmt.Sprintf("endpoints=%d", endpoints), func(b *testing.B) {
			c := newCrowd(endpoints)
			b.ReportAllocs()
			for b.Loop() {
				table, err := endpoint.Service{Source: c.source()}.Compare(b.Context(), endpoint.Query{Service: "shop", Span: fortnight()})
				if err != nil {
					b.Fatal(err)
				}
				if rows, _ := table.Top("", 20); len(rows) != 20 {
					b.Fatal(len(rows))
				}
			}
		})
	}
}
