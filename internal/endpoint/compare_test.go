package endpoint_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const day = 86_400

// monday is a Monday, 00:00 UTC, in November 2026.
const monday = 1_793_577_600 - 1_793_577_600%day

func compare(t *testing.T, w *world, q endpoint.Query) endpoint.Table {
	t.Helper()
	table, err := endpoint.Service{Source: w.source()}.Compare(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func rowOf(t *testing.T, table endpoint.Table, name string) endpoint.Row {
	t.Helper()
	i := slices.IndexFunc(table.Rows, func(r endpoint.Row) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no row %q among %d", name, len(table.Rows))
	}
	return table.Rows[i]
}

func codes(notes []slo.Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return strings.Join(all, " ")
}

// near holds figures against what was worked out by hand.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// shop is a service with two endpoints that were always there, one that came
// and one that went, over two hours that do not begin on the hour, and the two before.
func shop() (*world, timeseries.Span) {
	w := &world{}
	span := timeseries.Span{Start: monday + 10*3600 + 600, End: monday + 12*3600 + 600}
	earlier := span.Shift(-span.Seconds())
	both := timeseries.Span{Start: earlier.Start - 3600, End: span.End + 3600}
	f := traffic{service: "shop", env: "prod", operation: "http.request", http: true}
	list := f
	list.resource, list.span, list.each, list.took = "get_/items", both, 10, 0.1
	w.serve(list)
	login := f
	login.resource, login.span, login.each, login.failing, login.took = "post_/login", timeseries.Span{Start: both.Start, End: span.Start}, 10, 1, 0.2
	w.serve(login)
	login.span, login.each, login.failing, login.took = timeseries.Span{Start: span.Start, End: both.End}, 30, 6, 0.4
	w.serve(login)
	born := f
	born.resource, born.span, born.each = "get_/new", span, 5
	w.serve(born)
	gone := f
	gone.resource, gone.span, gone.each, gone.took = "get_/old", earlier, 5, 0.3
	w.serve(gone)
	return w, span
}

// A story by hand: 24 buckets of 300 s in each stretch.
func TestCompare(t *testing.T) {
	t.Parallel()
	w, span := shop()
	table := compare(t, w, endpoint.Query{Service: "shop", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}})
	if table.Place.Env != "prod" || table.Place.Operation.Name != "http.request" || table.Baseline != span.Shift(-7200) {
		t.Fatalf("looked at %+v against %v", table.Place, table.Baseline)
	}
	near(t, "requests", table.Total.Now.Requests, 24*45)
	near(t, "requests before", table.Total.Before.Requests, 24*25)
	near(t, "errors", table.Total.Now.Errors, 24*6)
	near(t, "time", table.Total.Now.Seconds, 24*(10*0.1+30*0.4))
	near(t, "mean", table.Total.Now.Mean, 13.0/40) // of those that were timed
	near(t, "p50", table.Total.Now.P50, 0.4)
	near(t, "coverage", table.Coverage, 1)
	login := rowOf(t, table, "POST /login")
	near(t, "error rate", login.Now.ErrorRate, 0.2)
	near(t, "error rate before", login.Before.ErrorRate, 0.1)
	near(t, "p99", login.Now.P99, 0.4)
	near(t, "p99 before", login.Before.P99, 0.2)
	near(t, "request share", login.RequestShare, 30.0/45)
	near(t, "error share", login.ErrorShare, 1)
	near(t, "time share", login.TimeShare, 12.0/13)
	near(t, "change share", login.ChangeShare, 20.0/20)
	if len(login.Trend) != 24 || login.Trend[0] != 30 {
		t.Errorf("trend %v", login.Trend)
	}
	born, gone := rowOf(t, table, "GET /new"), rowOf(t, table, "GET /old")
	if !born.New || born.Gone || !gone.Gone || gone.New || login.New || login.Gone {
		t.Error("new and gone are mixed up")
	}
	near(t, "mean of what is not timed", born.Now.Mean, math.NaN())
	near(t, "time of what is not timed", born.Now.Seconds, math.NaN())
	near(t, "errors of what has none", born.Now.Errors, 0)
	near(t, "rate without requests", gone.Now.ErrorRate, math.NaN())
	near(t, "time without requests", gone.Now.Seconds, 0)
	if table.Rest != nil || table.Notes != nil {
		t.Errorf("rest %+v, notes %v", table.Rest, table.Notes)
	}
}

func TestGroupings(t *testing.T) {
	t.Parallel()
	w, span := shop()
	other := traffic{service: "shop", env: "staging", operation: "http.request", resource: "get_/items", span: span, each: 1, took: 0.1, http: true, version: "v2"}
	w.serve(other)
	base := endpoint.Query{Service: "shop", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}}

	q := base
	q.By = endpoint.ByStatus
	table := compare(t, w, q)
	near(t, "5xx", rowOf(t, table, "5xx").Now.Requests, 24*6)
	near(t, "5xx flagged", rowOf(t, table, "5xx").Now.Errors, 24*6)
	near(t, "2xx before", rowOf(t, table, "2xx").Before.Requests, 24*24)
	near(t, "latency by class", rowOf(t, table, "2xx").Now.Mean, math.NaN())
	if table.Rest != nil {
		t.Errorf("rest %+v", table.Rest)
	}
	if got := codes(table.Notes); got != "env_chosen" {
		t.Errorf("notes %s", got)
	}

	q.By = endpoint.ByEnv
	table = compare(t, w, q)
	near(t, "both environments", table.Total.Now.Requests, 24*46)
	near(t, "staging", rowOf(t, table, "staging").Now.Requests, 24)
	near(t, "prod p50", rowOf(t, table, "prod").Now.P50, 0.4)

	q.By, q.Env = endpoint.ByVersion, "staging"
	table = compare(t, w, q)
	near(t, "v2", rowOf(t, table, "v2").Now.Requests, 24)

	// Without the tag there is nothing to group by: all is rest.
	q.Env = "prod"
	table = compare(t, w, q)
	if len(table.Rows) != 0 || table.Rest == nil {
		t.Fatalf("%d rows, rest %+v", len(table.Rows), table.Rest)
	}
	near(t, "rest", table.Rest.Now.Requests, 24*45)
	near(t, "coverage", table.Coverage, 0)
}

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	w, span := shop()
	q := endpoint.Query{Service: "shop", Span: span, Errors: endpoint.ServerErrors}
	near(t, "5xx", compare(t, w, q).Total.Now.Errors, 24*6)
	q.Errors = endpoint.ClientErrors
	near(t, "4xx", compare(t, w, q).Total.Now.Errors, 0)

	queue := &world{}
	queue.serve(traffic{service: "mailer", env: "prod", operation: "kafka.consume", resource: "mails", span: span, each: 3, took: 1})
	_, err := endpoint.Service{Source: queue.source()}.Compare(t.Context(), endpoint.Query{Service: "mailer", Span: span, Errors: endpoint.ServerErrors})
	var d *slo.Defect
	if !errors.As(err, &d) || d.Kind != slo.Unsupported || len(d.Hints) == 0 {
		t.Errorf("5xx of a queue: %v", err)
	}
	if _, err := (endpoint.Service{Source: queue.source()}).Compare(t.Context(), endpoint.Query{Service: "mailer", Span: span, By: endpoint.ByStatus}); !errors.As(err, &d) {
		t.Errorf("the status of a queue: %v", err)
	}
}

func TestExclude(t *testing.T) {
	t.Parallel()
	w, span := shop()
	q := endpoint.Query{Service: "shop", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}, Exclude: []string{"POST /LOG*", "get_/new"}}
	table := compare(t, w, q)
	near(t, "requests", table.Total.Now.Requests, 24*10)
	near(t, "requests before", table.Total.Before.Requests, 24*15)
	near(t, "errors", table.Total.Now.Errors, 0)
	near(t, "p99", table.Total.Now.P99, 0.1)
	near(t, "p99 before", table.Total.Before.P99, 0.3)
	if len(table.Rows) != 2 || table.Rest != nil {
		t.Errorf("%d rows, rest %+v", len(table.Rows), table.Rest)
	}
	q.By = endpoint.ByStatus
	near(t, "by status", compare(t, w, q).Total.Now.Requests, 24*10)

	// A star in a name is a wildcard in a filter: what is excluded is still
	// exact, and percentiles that would be wrong are unknown.
	star := traffic{service: "shop", env: "prod", operation: "http.request", resource: "get_/*", span: span, each: 2, took: 9}
	w.serve(star)
	q.By, q.Exclude = "", []string{"get /?"}
	table = compare(t, w, q)
	near(t, "requests without the star", table.Total.Now.Requests, 24*45)
	near(t, "p50 without the star", table.Total.Now.P50, math.NaN())
	if got := codes(table.Notes); got != "percentiles_unknown" {
		t.Errorf("notes %s", got)
	}

	q.Exclude = []string{"*"}
	if got := codes(compare(t, w, q).Notes); !strings.HasPrefix(got, endpoint.NoteAllExcluded) || strings.Contains(got, "no_traffic") {
		t.Errorf("notes %s", got)
	}

	q.Exclude = []string{"nothing"}
	for _, by := range []endpoint.Grouping{endpoint.ByEndpoint, endpoint.ByStatus} {
		q.By = by
		if got := codes(compare(t, w, q).Notes); !strings.HasPrefix(got, "exclude_unmatched") {
			t.Errorf("by %s: notes %s", by, got)
		}
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	release := int64(monday + 9*3600 + 1500)
	w := &world{}
	f := traffic{service: "shop", env: "prod", operation: "http.request", resource: "get_/items", each: 10, took: 0.1, version: "v1"}
	f.span = timeseries.Span{Start: monday - 40*day, End: release}
	w.serve(f)
	f.span, f.each, f.version = timeseries.Span{Start: release, End: monday + day}, 20, "v2"
	w.serve(f)
	q := endpoint.Query{Service: "shop", Span: timeseries.Span{Start: monday, End: monday + 12*3600}, Baseline: endpoint.Baseline{Kind: endpoint.Release}}
	table := compare(t, w, q)
	length := q.Span.End - release
	if want := (timeseries.Span{Start: release, End: q.Span.End}); table.Span != want || table.Baseline != (timeseries.Span{Start: release - length, End: release}) {
		t.Errorf("%v against %v", table.Span, table.Baseline)
	}
	near(t, "requests", table.Total.Now.Requests, 20*float64(length/300))
	near(t, "requests before", table.Total.Before.Requests, 10*float64(length/300))
	if got := codes(table.Notes); got != "since_release" {
		t.Errorf("notes %s", got)
	}

	// The release lies before the span.
	q.Span = timeseries.Span{Start: monday + 11*3600, End: monday + 12*3600}
	table = compare(t, w, q)
	if table.Span != q.Span || table.Baseline != (timeseries.Span{Start: release - 3600, End: release}) {
		t.Errorf("%v against %v", table.Span, table.Baseline)
	}

	q.Span = timeseries.Span{Start: monday - 2*day, End: monday - day}
	var d *slo.Defect
	if _, err := (endpoint.Service{Source: w.source()}).Compare(t.Context(), q); !errors.As(err, &d) || d.Kind != slo.Unsupported || len(d.Hints) == 0 {
		t.Errorf("without a release: %v", err)
	}
}

func TestWeekBaselines(t *testing.T) {
	t.Parallel()
	w, _ := shop()
	for _, test := range []struct{ length, back int64 }{{3600, 7}, {7 * day, 7}, {7*day + 300, 14}, {14 * day, 14}, {30 * day, 35}} {
		span := timeseries.Span{Start: monday + 12*3600 - test.length, End: monday + 12*3600}
		table := compare(t, w, endpoint.Query{Service: "shop", Span: span})
		if want := span.Shift(-test.back * day); table.Baseline != want || table.BaselineKind != endpoint.Week {
			t.Errorf("%d s: %v, want %v", test.length, table.Baseline, want)
		}
	}
}

func TestGoneSilent(t *testing.T) {
	t.Parallel()
	w, span := shop()
	later := span.Shift(2 * day)
	table := compare(t, w, endpoint.Query{Service: "shop", Span: later, Baseline: endpoint.Baseline{Kind: endpoint.Chosen, Span: span}})
	if got := codes(table.Notes); got != "no_traffic" {
		t.Errorf("notes %s", got)
	}
	near(t, "requests", table.Total.Now.Requests, 0)
	near(t, "coverage", table.Coverage, math.NaN())
	if row := rowOf(t, table, "POST /login"); !row.Gone {
		t.Error("POST /login is not gone")
	}
	// And without a baseline in reach there is nothing to be said.
	_, err := endpoint.Service{Source: w.source()}.Compare(t.Context(), endpoint.Query{Service: "shop", Span: later, Baseline: endpoint.Baseline{Kind: endpoint.Chosen, Span: later.Shift(7200)}})
	var d *slo.Defect
	if !errors.As(err, &d) {
		t.Errorf("no traffic at all: %v", err)
	}
}

func TestWhatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	broken := &slo.Defect{Kind: slo.Invalid, Message: "unknown aggregator"}
	for _, test := range []struct{ refuse, code string }{
		{"p95:", "percentiles_unknown"},
		{".errors{", "errors_unknown"},
		{"sum:trace.http.request{", "latency_unknown"},
	} {
		w, span := shop()
		w.refuse = map[string]error{test.refuse: broken}
		table := compare(t, w, endpoint.Query{Service: "shop", Span: span})
		if got := codes(table.Notes); !strings.Contains(got, test.code) {
			t.Errorf("%s: notes %s", test.refuse, got)
		}
		near(t, "requests", table.Total.Now.Requests, 24*45)
		row := rowOf(t, table, "POST /login").Now
		for name, unknown := range map[string]bool{"percentiles_unknown": math.IsNaN(row.P95), "errors_unknown": math.IsNaN(row.Errors), "latency_unknown": math.IsNaN(row.Mean)} {
			if unknown != (name == test.code) {
				t.Errorf("%s: unknown by %s: %v", test.refuse, name, unknown)
			}
		}
	}
	w, span := shop()
	w.refuse = map[string]error{".hits{": broken}
	var d *slo.Defect
	if _, err := (endpoint.Service{Source: w.source()}).Compare(t.Context(), endpoint.Query{Service: "shop", Span: span}); !errors.As(err, &d) {
		t.Errorf("without requests: %v", err)
	}
	var unknown *apm.UnknownError
	if _, err := (endpoint.Service{Source: w.source()}).Compare(t.Context(), endpoint.Query{Service: "shop"}); !errors.As(err, &d) || errors.As(err, &unknown) {
		t.Errorf("without a span: %v", err)
	}
}

// A baseline that is too long ago takes nothing from what is known of the span.
func TestBaselineOutsideRetention(t *testing.T) {
	t.Parallel()
	w, span := shop()
	w.retained = span.Start
	if got := codes(compare(t, w, endpoint.Query{Service: "shop", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}}).Notes); got != "baseline_unknown" {
		t.Errorf("notes %s", got)
	}
	w.retained = 0
	s := w.source()
	s.Metrics = &forgetful{w, 1} // it is gone between two requests
	table, err := endpoint.Service{Source: s}.Compare(t.Context(), endpoint.Query{Service: "shop", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}})
	if err != nil {
		t.Fatal(err)
	}
	if got := codes(table.Notes); got != "baseline_unknown" {
		t.Errorf("notes %s", got)
	}
	near(t, "requests", table.Total.Now.Requests, 24*45)
	near(t, "requests before", table.Total.Before.Requests, math.NaN())
	if row := rowOf(t, table, "POST /login"); row.New || row.Gone || !math.IsNaN(row.ChangeShare) || !math.IsNaN(row.Before.P50) {
		t.Errorf("%+v", row)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	w, span := shop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (endpoint.Service{Source: w.source()}).Compare(ctx, endpoint.Query{Service: "shop", Span: span}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestLegacyLatency(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: monday, End: monday + 3600}
	w := &world{units: map[string]timeseries.MetricInfo{"trace.job.run.duration": {Type: "gauge", Unit: "nanosecond"}}}
	f := traffic{service: "cron", env: "prod", operation: "job.run", resource: "nightly", span: span, each: 4}
	w.serve(f)
	tags := []string{"service:cron", "env:prod", "resource_name:nightly"}
	took := map[int64]float64{}
	for at := span.Start; at < span.End; at += bucket {
		took[at] = 4
	}
	w.add("trace.job.run.duration", stream{tags: tags, count: took, took: 2e9})
	table := compare(t, w, endpoint.Query{Service: "cron", Span: span, Baseline: endpoint.Baseline{Kind: endpoint.Previous}})
	near(t, "mean", table.Total.Now.Mean, 2)
	near(t, "p95", table.Total.Now.P95, math.NaN())
	if got := codes(table.Notes); got != "legacy_latency no_baseline_traffic" {
		t.Errorf("notes %s", got)
	}
}

// Sums that were averaged over time are found out.
func TestDoubtfulLatency(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: monday, End: monday + 3600}
	w := &world{}
	w.serve(traffic{service: "shop", env: "prod", operation: "http.request", resource: "get_/", span: span, each: 100, took: 0.2})
	table, err := endpoint.Service{Source: averaging(w)}.Compare(t.Context(), endpoint.Query{Service: "shop", Span: span})
	if err != nil {
		t.Fatal(err)
	}
	if got := codes(table.Notes); !strings.Contains(got, "latency_doubtful") {
		t.Errorf("notes %s", got)
	}
	near(t, "mean", table.Total.Now.Mean, math.NaN())
	near(t, "p50", table.Total.Now.P50, 0.2)
}
