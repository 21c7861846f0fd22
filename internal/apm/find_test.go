package apm_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func fortnight() timeseries.Span {
	return timeseries.Span{Start: epoch + 600, End: epoch + 14*day + 600}
}

func placesOf(c apm.Catalog) string {
	var all []string
	for _, p := range c.Places {
		all = append(all, p.Service+"/"+p.Env+"/"+p.Operation.Name)
	}
	return strings.Join(all, " ")
}

func codes(notes []slo.Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return strings.Join(all, " ")
}

func TestFind(t *testing.T) {
	t.Parallel()
	o := &org{infos: map[string]timeseries.MetricInfo{
		"trace.http.request":     {Type: "distribution", Unit: "nanosecond"},
		"trace.kafka.consume":    {Type: "gauge"},
		"trace.old.run.duration": {Unit: "microsecond"},
	}}
	o.serve("http.request", "shop", "prod", ".errors", ".hits.by_http_status", "", ".duration")
	o.serve("http.request", "shop", "staging")
	o.serve("postgres.query", "shop", "prod", "")
	o.serve("kafka.consume", "shop", "prod", "")
	o.serve("old.run", "cron", "live", ".duration")
	o.serve("old.run", "cron", "aaa")
	o.serve("web.request", "blog", "blue")
	o.serve("web.request", "blog", "green")
	o.weight = func(tags []string, _ int64) float64 {
		if slices.Contains(tags, "env:green") || slices.Contains(tags, "env:staging") || slices.Contains(tags, "env:aaa") {
			return 3
		}
		return 1
	}
	find := func(q apm.Search) apm.Catalog {
		t.Helper()
		q.Span = fortnight()
		c, err := o.source().Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := find(apm.Search{Services: []string{"shop"}})
	if got := placesOf(c); got != "shop/prod/http.request shop/prod/kafka.consume shop/prod/postgres.query" {
		t.Errorf("found %s", got)
	}
	if len(c.Others) != 1 || c.Others[0].Env != "staging" || codes(c.Notes) != "env_chosen" || !strings.Contains(c.Notes[0].Text, "staging") {
		t.Errorf("others %+v, notes %v", c.Others, c.Notes)
	}
	if len(o.listings) != 1 || len(o.requests) != 1 {
		t.Errorf("%d listings and %d requests", len(o.listings), len(o.requests))
	}
	http := c.Places[0].Operation
	want := apm.Operation{
		Name: "http.request", Hits: "trace.http.request.hits", Errors: "trace.http.request.errors",
		HitsByStatus: "trace.http.request.hits.by_http_status", ErrorsByStatus: "trace.http.request.errors.by_http_status",
		Latency: "trace.http.request", Duration: "trace.http.request.duration", Scale: 1e-9,
	}
	if http != want || math.Abs(c.Places[0].Requests-14*288) > 12 {
		t.Errorf("%+v, %v requests", http, c.Places[0].Requests)
	}
	// What is not a distribution is not used as one; without a metric there is no unit.
	if kafka := c.Places[1].Operation; kafka.Latency != "" || kafka.Errors == "" || kafka.HitsByStatus != "" || !kafka.Entry() {
		t.Errorf("%+v", kafka)
	}
	if query := c.Places[2].Operation; query.Entry() || !math.IsNaN(query.Scale) || slices.Contains(o.asked, "trace.postgres.query") {
		t.Errorf("%+v was asked for", query)
	}

	if got := placesOf(find(apm.Search{Services: []string{"shop"}, Env: "staging"})); got != "shop/staging/http.request" {
		t.Errorf("staging: %s", got)
	}
	c = find(apm.Search{Services: []string{"shop", "cron"}, Env: "live"})
	if got := placesOf(c); got != "cron/live/old.run" || codes(c.Notes) != "service_not_there" {
		t.Errorf("live: %s, notes %v", got, c.Notes)
	}
	for _, name := range []string{"postgres.query", "trace.postgres.query", "trace.postgres.query.hits"} {
		if got := placesOf(find(apm.Search{Services: []string{"shop"}, Operation: name})); got != "shop/prod/postgres.query" {
			t.Errorf("%s: %s", name, got)
		}
	}
	c = find(apm.Search{Services: []string{"cron"}})
	if got := placesOf(c); got != "cron/live/old.run" || c.Places[0].Operation.Scale != 1e-6 || c.Places[0].Operation.Latency != "" {
		t.Errorf("%s, %+v", got, c.Places)
	}
	if got := placesOf(find(apm.Search{Services: []string{"blog"}})); got != "blog/green/web.request" {
		t.Errorf("the larger one: %s", got)
	}
	c = find(apm.Search{})
	if got := placesOf(c); got != "blog/green/web.request cron/live/old.run shop/prod/http.request shop/prod/kafka.consume shop/prod/postgres.query" || len(c.Others) != 3 {
		t.Errorf("all: %s", got)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	o := shop()
	o.serve("http.request", "shipping", "prod")
	for _, test := range []struct {
		search  apm.Search
		kind    string
		nearest []string
		known   int
	}{
		{apm.Search{Services: []string{"shpo"}}, "service", []string{"shop"}, 2},
		{apm.Search{Services: []string{"Shop"}}, "service", []string{"shop"}, 2},
		{apm.Search{Services: []string{"shop"}, Env: "prood"}, "environment", []string{"prod"}, 2},
		{apm.Search{Services: []string{"shop"}, Env: "elsewhere"}, "environment", []string{"prod", "test"}, 2},
		{apm.Search{Services: []string{"shop"}, Operation: "http.requests"}, "operation", []string{"http.request"}, 1},
	} {
		o.listings = nil
		test.search.Span = fortnight()
		_, err := o.source().Find(t.Context(), test.search)
		var unknown *apm.UnknownError
		if !errors.As(err, &unknown) || unknown.Kind != test.kind || !slices.Equal(unknown.Nearest, test.nearest) || unknown.Known != test.known {
			t.Errorf("%+v: %v, %+v", test.search, err, unknown)
		}
		if test.kind == "service" && !slices.Equal(o.listings, []string{"service:" + test.search.Services[0], ""}) {
			t.Errorf("listings %q", o.listings)
		}
	}
}

// What no tag can be like is not put into a query, where it would mean
// something else, and is not told at full length.
func TestFindHostileName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"*", "sh*", "a,b)} by {x", "a\nb\x1b[31m", "\u202eshop", "shop ", strings.Repeat("x", 10_000)} {
		o := shop()
		_, err := o.source().Find(t.Context(), apm.Search{Services: []string{name}, Span: fortnight()})
		var unknown *apm.UnknownError
		if !errors.As(err, &unknown) || unknown.Kind != "service" || len(err.Error()) > 500 {
			t.Errorf("%.20q: %v", name, err)
		}
		for _, r := range o.requests {
			if strings.Contains(r.Queries[0], "service:"+name) {
				t.Errorf("asked for %s", r.Queries[0])
			}
		}
		if !slices.Equal(o.listings, []string{""}) {
			t.Errorf("%.20q: listings %.40q", name, o.listings)
		}
	}
}

func TestNothingToFind(t *testing.T) {
	t.Parallel()
	silent := shop()
	silent.weight = func([]string, int64) float64 { return 0 }
	refused := &slo.Defect{Kind: slo.Auth, Message: "forbidden"}
	for name, test := range map[string]struct {
		org  *org
		kind slo.DefectKind
		says string
	}{
		"no metrics at all":  {&org{}, slo.Unsupported, "no APM trace metrics"},
		"no request":         {silent, slo.Unsupported, "no request"},
		"a listing fails":    {&org{listing: &slo.Defect{Kind: slo.Unavailable, Message: "down"}}, slo.Unavailable, "down"},
		"nothing is allowed": {&org{listing: refused}, slo.Auth, "forbidden"},
	} {
		for _, services := range [][]string{{"shop"}, nil} {
			_, err := test.org.source().Find(t.Context(), apm.Search{Services: services, Span: fortnight()})
			var d *slo.Defect
			if !errors.As(err, &d) || d.Kind != test.kind || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s of %v: %v", name, services, err)
			}
			if test.kind != slo.Auth && test.kind != slo.Unavailable && (d == nil || len(d.Hints) == 0) {
				t.Errorf("%s of %v: no hint", name, services)
			}
		}
	}
}

// Where the metrics may not be listed, the usual ones are tried.
func TestFindWithoutListing(t *testing.T) {
	t.Parallel()
	o := shop()
	o.serve("kafka.consume", "shop", "prod")
	o.listing = &slo.Defect{Kind: slo.Auth, Message: "forbidden"}
	c, err := o.source().Find(t.Context(), apm.Search{Services: []string{"shop"}, Span: fortnight()})
	if err != nil {
		t.Fatal(err)
	}
	if got := placesOf(c); got != "shop/prod/http.request shop/prod/kafka.consume" || codes(c.Notes) != "operations_guessed env_chosen" {
		t.Errorf("%s, notes %v", got, c.Notes)
	}
	http, kafka := c.Places[0].Operation, c.Places[1].Operation
	if http.Latency == "" || http.HitsByStatus != "" || http.Scale != 1 || kafka.Latency != "" {
		t.Errorf("%+v, %+v", http, kafka)
	}
}
