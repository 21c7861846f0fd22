package endpoint_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/pkg/timeseries"
	"pgregory.net/rapid"
)

// randomWorld has some endpoints with requests here and there, in fractions too.
func randomWorld(t *rapid.T, reach timeseries.Span) *world {
	w := &world{}
	for i := range rapid.IntRange(1, 6).Draw(t, "endpoints") {
		tags := []string{"service:shop", "env:prod"}
		if i > 0 || rapid.Bool().Draw(t, "tagged") {
			tags = append(tags, fmt.Sprintf("resource_name:get_/%c", 'a'+i))
		}
		count, failed := map[int64]float64{}, map[int64]float64{}
		every := rapid.SampledFrom([]int64{1, 2, 7, 50, 300}).Draw(t, "every")
		from := reach.Start + rapid.Int64Range(0, reach.Seconds()/bucket-1).Draw(t, "from")*bucket
		scale := rapid.SampledFrom([]float64{1, 0.1, 1e6}).Draw(t, "scale")
		for at := from; at < reach.End; at += every * bucket {
			n := float64(at/bucket%11+1) * scale
			count[at] = n
			if at/bucket%3 == 0 {
				failed[at] = n / 2
			}
		}
		w.add("trace.http.request.hits", stream{tags: tags, count: count})
		w.add("trace.http.request.errors", stream{tags: tags, count: failed})
		if rapid.Bool().Draw(t, "timed") {
			w.add("trace.http.request", stream{tags: tags, count: count, took: float64(i + 1)})
		}
	}
	return w
}

// naive adds up a metric bucket by bucket: what has the tag, or all of it, without some tags.
func naive(w *world, metric, tag string, span timeseries.Span, without ...string) float64 {
	var sum timeseries.Sum
	for _, s := range w.metrics[metric] {
		if tag != "" && !slices.Contains(s.tags, tag) || slices.ContainsFunc(without, func(out string) bool { return slices.Contains(s.tags, out) }) {
			continue
		}
		for at := span.Start; at < span.End; at += bucket {
			sum.Add(s.count[at])
		}
	}
	return sum.Value()
}

// Whatever is asked: all sums are those of the single buckets of 300 s, and
// what is shown always adds up to the whole.
func TestCompareLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.SampledFrom([]int64{1, 7, 12, 100, 288, 1300, 3000}).Draw(t, "length") * bucket
		end := int64(monday) + rapid.Int64Range(0, 2*day/bucket).Draw(t, "end")*bucket
		q := endpoint.Query{
			Service: "shop", Span: timeseries.Span{Start: end - length, End: end},
			Baseline: endpoint.Baseline{Kind: rapid.SampledFrom([]endpoint.BaselineKind{endpoint.Week, endpoint.Previous, endpoint.Chosen}).Draw(t, "baseline")},
		}
		if q.Baseline.Kind == endpoint.Chosen {
			q.Baseline.Span = timeseries.Span{Start: end - 3*day, End: end - 2*day}
		}
		w := randomWorld(t, timeseries.Span{Start: end - 3*day, End: end + day})
		w.keep = rapid.SampledFrom([]int{0, 0, 2}).Draw(t, "keep")
		if rapid.Bool().Draw(t, "exclude") {
			q.Exclude = []string{"get /b", "get_/d"}
		}
		table, err := endpoint.Service{Source: w.source()}.Compare(t.Context(), q)
		if err != nil {
			if !strings.Contains(err.Error(), "no request") {
				t.Fatal(err)
			}
			return
		}
		// Fractions that come with millions in one point are rounded by Datadog already.
		lost := 0.0
		if q.Exclude != nil {
			lost = 1e-14 * naive(w, "trace.http.request.hits", "", timeseries.Span{Start: table.Baseline.Start, End: table.Span.End})
		}
		same := func(what string, got, want float64) {
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9*max(1, math.Abs(want))+lost {
				t.Fatalf("%s is %v, want %v", what, got, want)
			}
		}
		whole := w.keep == 0 && !slices.ContainsFunc(w.metrics["trace.http.request.hits"], func(s stream) bool { return len(s.tags) < 3 })
		var without []string
		if q.Exclude != nil {
			without = []string{"resource_name:get_/b", "resource_name:get_/d"}
		}
		for _, side := range []struct {
			span timeseries.Span
			of   func(endpoint.Row) endpoint.Figures
		}{
			{table.Span, func(r endpoint.Row) endpoint.Figures { return r.Now }},
			{table.Baseline, func(r endpoint.Row) endpoint.Figures { return r.Before }},
		} {
			if q.Exclude == nil || w.keep == 0 {
				const hits, errors = "trace.http.request.hits", "trace.http.request.errors"
				same("requests", side.of(table.Total).Requests, naive(w, hits, "", side.span, without...))
				same("errors", side.of(table.Total).Errors, naive(w, errors, "", side.span, without...))
			}
			for _, row := range table.Rows {
				f := side.of(row)
				// Where the rows are not all, a figure is right or unknown.
				if whole || !math.IsNaN(f.Requests) {
					same(row.Tag, f.Requests, naive(w, "trace.http.request.hits", row.Tag, side.span))
				}
				if whole || !math.IsNaN(f.Errors) {
					same(row.Tag+" errors", f.Errors, naive(w, "trace.http.request.errors", row.Tag, side.span))
				}
			}
			addsUp(t, table, side.of, same)
		}
		var trend float64
		for _, v := range table.Total.Trend {
			trend += v
		}
		same("trend", trend, table.Total.Now.Requests)
	})
}

// addsUp checks that rows, others and rest are the total, in every order.
func addsUp(t *rapid.T, table endpoint.Table, of func(endpoint.Row) endpoint.Figures, same func(string, float64, float64)) {
	known := func(v float64) float64 {
		if math.IsNaN(v) {
			return 0
		}
		return v
	}
	for _, sort := range endpoint.Sorts() {
		for _, n := range []int{0, 1, 3} {
			rows, others := table.Top(sort, n)
			if n > 0 && len(rows) > n || len(rows) < min(len(table.Rows), max(n, 1)) {
				t.Fatalf("%d of %d rows by %s for %d", len(rows), len(table.Rows), sort, n)
			}
			if (others != nil) != (len(rows) < len(table.Rows)) {
				t.Fatalf("others are %v", others)
			}
			if others != nil {
				rows = append(rows, *others)
			}
			if table.Rest != nil {
				rows = append(rows, *table.Rest)
			}
			var requests, errors, seconds, share timeseries.Sum
			for _, r := range rows {
				requests.Add(known(of(r).Requests))
				errors.Add(known(of(r).Errors))
				seconds.Add(known(of(r).Seconds))
				share.Add(known(r.RequestShare))
			}
			same("all requests by "+sort, requests.Value(), of(table.Total).Requests)
			same("all errors by "+sort, errors.Value(), of(table.Total).Errors)
			same("all time by "+sort, seconds.Value(), known(of(table.Total).Seconds))
			if table.Total.Now.Requests > 0 {
				same("all shares by "+sort, share.Value(), 1)
			}
		}
	}
}

func TestSorts(t *testing.T) {
	t.Parallel()
	w, span := shop()
	table := compare(t, w, endpoint.Query{Service: "shop", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}})
	for sort, want := range map[string]string{
		"importance": "POST /login, GET /new, GET /items, GET /old",
		"requests":   "POST /login, GET /items, GET /new, GET /old",
		"errors":     "POST /login, GET /items, GET /new, GET /old",
		"error-rate": "POST /login, GET /items, GET /new, GET /old",
		"latency":    "POST /login, GET /items, GET /new, GET /old",
		"time":       "POST /login, GET /items, GET /old, GET /new", // what has no latency is last
		"change":     "POST /login, GET /new, GET /old, GET /items",
		"name":       "GET /items, GET /new, GET /old, POST /login",
	} {
		rows, others := table.Top(sort, 0)
		var names []string
		for _, r := range rows {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, ", "); got != want || others != nil {
			t.Errorf("by %s: %s, want %s", sort, got, want)
		}
	}
	if len(endpoint.Sorts()) != 8 {
		t.Errorf("sorts %v", endpoint.Sorts())
	}
	rows, others := table.Top("requests", 3)
	if len(rows) != 3 || others == nil || others.Name != "1 other" || others.Now.Requests != 0 || others.Before.Requests != 24*5 || !math.IsNaN(others.Now.P50) {
		t.Errorf("others %+v", others)
	}
	if others.New || others.Gone || others.Tag != "" {
		t.Errorf("others are an endpoint: %+v", others)
	}
}
