package apm_test

import (
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"pgregory.net/rapid"
)

func TestName(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"resource_name:post_/login":      "POST /login",
		"resource_name:get_/":            "GET /",
		"resource_name:get_users":        "get_users",
		"resource_name:fetch_/x":         "fetch_/x",
		"resource_name:shop.cart/add":    "shop.cart/add",
		"resource_name:get_/a:b":         "GET /a:b",
		"http.status_class:5xx":          "5xx",
		"version:v1.2":                   "v1.2",
		"resource_name:":                 "",
		"bare":                           "bare",
		"resource_name:select_*_from_x":  "select_*_from_x",
		"resource_name:delete_/items/_x": "DELETE /items/_x",
	} {
		if got := apm.Name(tag); got != want {
			t.Errorf("%s is called %q, want %q", tag, got, want)
		}
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	p := apm.Place{Service: "shop", Env: "prod", Operation: apm.Operation{
		Hits: "h", Errors: "e", HitsByStatus: "hs", ErrorsByStatus: "es", Latency: "d",
	}}
	legacy := apm.Place{Service: "shop", Operation: apm.Operation{Hits: "h", Duration: "x"}}
	some := []string{"resource_name:a", "resource_name:b,c"}
	for _, test := range []struct{ got, want string }{
		{p.Filter(), "service:shop,env:prod"},
		{p.Filter("resource_name:get_/a b"), "service:shop,env:prod,resource_name:get_/a b"},
		{p.Filter(`resource_name:a,b "c"`), `service:shop,env:prod,resource_name:"a,b \"c\""`},
		{apm.Place{}.Filter(), "*"},
		{p.HitsQuery(""), "sum:h{service:shop,env:prod}.as_count()"},
		{p.HitsQuery("service,env"), "sum:h{service:shop,env:prod} by {service,env}.as_count()"},
		{p.HitsQuery("", apm.AnyOf(some)), `sum:h{service:shop AND env:prod AND resource_name IN (a,"b,c")}.as_count()`},
		{p.ErrorsQuery(apm.ByResource, apm.NoneOf(some[:1])), "sum:e{service:shop,env:prod,!resource_name:a} by {resource_name}.as_count()"},
		{p.StatusQuery("5xx", ""), "sum:hs{service:shop,env:prod,http.status_class:5xx}.as_count()"},
		{p.StatusQuery("", apm.ByStatusClass), "sum:hs{service:shop,env:prod} by {http.status_class}.as_count()"},
		{p.TimeQuery(""), "sum:d{service:shop,env:prod}.as_count().rollup(sum)"},
		{p.TimedQuery(""), "count:d{service:shop,env:prod}.as_count()"},
		{p.MeanQuery(""), "avg:d{service:shop,env:prod}"},
		{p.PercentileQuery(95, apm.ByResource), "p95:d{service:shop,env:prod} by {resource_name}"},
		{legacy.TimeQuery(""), "sum:x{service:shop}.rollup(sum)"},
		{legacy.TimedQuery(""), "sum:h{service:shop}.as_count()"},
		{legacy.PercentileQuery(95, ""), ""},
		{legacy.StatusQuery("5xx", ""), ""},
	} {
		if test.got != test.want {
			t.Errorf("got  %s\nwant %s", test.got, test.want)
		}
	}
}

// Any name of an endpoint makes a query that reads back as that name.
func TestFilterLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[ -~äλ]{1,30}`).Draw(t, "name")
		p := apm.Place{Service: "shop", Operation: apm.Operation{Hits: "h"}}
		tag := "resource_name:" + name
		for _, filter := range []metricquery.Filter{apm.Tag(tag), apm.AnyOf([]string{"resource_name:x", tag}), apm.NoneOf([]string{tag})} {
			expr, err := metricquery.Parse(p.HitsQuery(apm.ByResource, filter))
			if err != nil {
				t.Fatal(err)
			}
			q := expr.(*metricquery.Query)
			_, excluding := filter.(*metricquery.Not)
			if q.Filter.Match([]string{"service:shop", tag}) == excluding {
				t.Fatalf("%s selects otherwise", q)
			}
			if !strings.Contains(name, "*") && !excluding && q.Filter.Match([]string{"service:shop", tag + "!"}) {
				t.Fatalf("%s selects too much", q)
			}
		}
	})
}
