package endpoint_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// crowded is a shop of which Datadog tells two endpoints in each answer: GET /a
// and GET /b in the baseline, and GET /b and GET /c since GET /a has gone.
func crowded() (*world, endpoint.Query) {
	w := &world{keep: 2}
	span := timeseries.Span{Start: monday + 10*3600, End: monday + 11*3600}
	earlier := span.Shift(-7 * day)
	f := traffic{service: "shop", env: "prod", operation: "http.request", took: 0.1}
	f.resource, f.span, f.each, f.failing = "get_/a", earlier, 10, 1
	w.serve(f)
	f.resource, f.each, f.failing = "get_/b", 10, 0
	w.serve(f)
	f.resource, f.each, f.failing = "get_/c", 20, 2
	w.serve(f)
	f.resource, f.each, f.failing = "get_/d", 1, 1
	w.serve(f)
	f.resource, f.span, f.each, f.failing = "get_/b", span, 10, 1
	w.serve(f)
	f.resource, f.each, f.failing = "get_/c", 40, 1
	w.serve(f)
	return w, endpoint.Query{Service: "shop", Span: span}
}

// What an answer without all groups does not tell of is unknown, and not nothing.
func TestCutGroups(t *testing.T) {
	t.Parallel()
	w, q := crowded()
	table := compare(t, w, q)
	a, b, c := rowOf(t, table, "GET /a"), rowOf(t, table, "GET /b"), rowOf(t, table, "GET /c")
	near(t, "what is known to have gone", a.Now.Requests, 0)
	if !a.Gone || a.ErrorShare != 0 {
		t.Errorf("GET /a: %+v", a)
	}
	near(t, "errors that are told of", a.Before.Errors, 12)
	near(t, "errors that another endpoint may have had", b.Before.Errors, math.NaN())
	near(t, "their rate", b.Before.ErrorRate, math.NaN())
	near(t, "requests that are not told of", c.Before.Requests, math.NaN())
	near(t, "their mean", c.Before.Mean, math.NaN())
	near(t, "a share of a change that is not known", c.ChangeShare, math.NaN())
	if c.New {
		t.Error("GET /c is new, and it was not told of")
	}
	near(t, "the rest", table.Rest.Before.Requests, 12*21)
	if !table.Rest.Uneven || table.Total.Uneven || !math.IsNaN(table.Rest.ChangeShare) {
		t.Errorf("the rest has GET /c in one stretch only: %+v", table.Rest)
	}
	i := slices.IndexFunc(table.Notes, func(n slo.Note) bool { return n.Code == "groups_incomplete" })
	if i < 0 || !strings.Contains(table.Notes[i].Text, "unknown") {
		t.Errorf("notes %v", table.Notes)
	}
	// GET /c has at least 19 more in 300 s: the rest cannot have had more than 21.
	if rows, _ := table.Top("importance", 1); rows[0].Name != "GET /c" {
		t.Errorf("first is %s", rows[0].Name)
	}
	rows, others := table.Top("name", 1)
	near(t, "requests of others", others.Now.Requests, 12*50)
	near(t, "requests of others before", others.Before.Requests, 12*10)
	if !others.Uneven || rows[0].Uneven {
		t.Errorf("others %+v", others)
	}
	near(t, "the rate of requests and errors of different endpoints", others.Before.ErrorRate, math.NaN())
}

// Where the whole was measured at once, an endpoint that is not in it had no request.
func TestCutGroupsNewest(t *testing.T) {
	t.Parallel()
	w, q := crowded()
	q.Span, q.Baseline = q.Span.Shift(-7*day), endpoint.Baseline{Kind: endpoint.Chosen, Span: q.Span}
	table := compare(t, w, q)
	if row := rowOf(t, table, "GET /a"); !row.New || row.Before.Requests != 0 {
		t.Errorf("%+v", row)
	}
	if row := rowOf(t, table, "GET /c"); row.Gone || !math.IsNaN(row.Now.Requests) || !math.IsNaN(row.Trend[0]) {
		t.Errorf("%+v", row)
	}
}

// A class of status has no latency, and no share of the time either.
func TestStatusHasNoTime(t *testing.T) {
	t.Parallel()
	w := &world{}
	span := timeseries.Span{Start: monday, End: monday + 3600}
	f := traffic{service: "shop", env: "prod", operation: "http.request", resource: "get_/", span: span, each: 9, failing: 1, took: 0.1, http: true}
	w.serve(f)
	f.span, f.failing = span.Shift(3600), 0
	w.serve(f)
	table := compare(t, w, endpoint.Query{Service: "shop", Span: f.span, By: endpoint.ByStatus, Baseline: endpoint.Baseline{Kind: endpoint.Previous}})
	for _, name := range []string{"2xx", "5xx"} {
		near(t, name+" share of time", rowOf(t, table, name).TimeShare, math.NaN())
		near(t, name+" errors", rowOf(t, table, name).Now.Errors, 0)
	}
	near(t, "time of all", table.Total.TimeShare, 1)
}

// What is left of whole numbers is whole, and nothing of what cancels.
func TestTrendIsExact(t *testing.T) {
	t.Parallel()
	w := &world{}
	// 29 buckets of 300 s are no whole number of parts.
	span := timeseries.Span{Start: monday, End: monday + 29*300}
	for _, name := range []string{"get_/a", "get_/b", "get_/c", "get_/d"} {
		w.serve(traffic{service: "shop", env: "prod", operation: "http.request", resource: name, span: span, each: float64(len(w.metrics["trace.http.request.hits"])*7 + 1)})
	}
	one := timeseries.Span{Start: monday + 300, End: monday + 600}
	w.serve(traffic{service: "shop", env: "prod", operation: "http.request", resource: "get_/e", span: one, each: 3})
	q := endpoint.Query{Service: "shop", Span: span, Exclude: []string{"get_/a", "get_/b", "get_/c", "get_/d"}}
	table := compare(t, w, q)
	for i, v := range table.Total.Trend[3:] {
		if v != 0 {
			t.Errorf("part %d of nothing is %v", i+3, v)
		}
	}
}
