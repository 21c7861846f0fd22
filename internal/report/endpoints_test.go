package report_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// figures are those of so many requests; latencies in seconds.
func figures(requests, errors, mean, p50, p95, p99 float64) endpoint.Figures {
	return endpoint.Figures{
		Requests: requests, Errors: errors, ErrorRate: errors / requests, Seconds: requests * mean, Mean: mean, P50: p50, P95: p95, P99: p99,
	}
}

// none are the figures of a stretch without requests.
func noFigures() endpoint.Figures {
	gap := timeseries.Missing
	return endpoint.Figures{ErrorRate: gap, Seconds: gap, Mean: gap, P50: gap, P95: gap, P99: gap}
}

// fortnights are a fortnight of auth beside the one before.
func fortnights() report.EndpointReport {
	row := func(name, tag string, now, before endpoint.Figures, requests, errors, time, change float64, trend ...float64) endpoint.Row {
		return endpoint.Row{
			Name: name, Tag: "resource_name:" + tag, Now: now, Before: before,
			RequestShare: requests, ErrorShare: errors, TimeShare: time, ChangeShare: change, Trend: trend,
			New: before.Requests == 0, Gone: now.Requests == 0,
		}
	}
	gap := timeseries.Missing
	t := endpoint.Table{
		Place: auth, By: endpoint.ByEndpoint, Errors: endpoint.Flagged, Span: looked,
		Baseline: timeseries.Span{Start: looked.Start - 14*aDay, End: looked.Start}, BaselineKind: endpoint.Week,
		Rows: []endpoint.Row{
			row("POST /login", "post_/login", figures(12_400_000, 310_000, 0.048, 0.04, 0.12, 0.48), figures(1_200_000, 2_520, 0.044, 0.039, 0.11, 0.3), 0.62, 0.9, 0.5, 1.1, 1, 1, 2, 9, 10, 1, 1),
			row("GET /session", "get_/session", figures(6_000_000, 3_000, 0.0042, 0.004, 0.009, 0.02), figures(7_000_000, 3_500, 0.0043, 0.004, 0.009, 0.02), 0.3, 0.08, 0.3, -0.098, 5, 5, 5, gap, 5, 4, 4),
			row("POST /v2/token", "post_/v2/token", figures(1_500_000, 15, 1.25, 1.1, 2.5, 4.75), noFigures(), 0.075, 0.01, 0.2, 0.147, 0, 0, 0, 0, 3, 3, 3),
			row("GET /v1/token", "get_/v1/token", noFigures(), figures(1_500_000, 150, 0.9, 0.8, 1.9, 3), 0, 0, 0, -0.147, 0, 0, 0, 0, 0, 0, 0),
			row("GET /health", "get_/health", figures(80_000, 0, 0.0004, 0.0004, 0.0005, 0.0006), figures(80_000, 0, 0.0004, 0.0004, 0.0005, 0.0006), 0.004, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1),
			row("GET /old", "get_/old", figures(20, 1, 0.1, gap, gap, gap), figures(10, 0, 0.1, gap, gap, gap), 0.000001, 0.00001, 0, 0.000001, 1, 0, 0, 0, 0, 0, 1),
		},
		Total: endpoint.Row{
			Name: "total", Now: figures(20_000_020, 313_516, 0.13, 0.03, 0.21, 0.9), Before: figures(9_780_010, 6_170, 0.14, 0.03, 0.2, 0.85),
			RequestShare: 1, ErrorShare: 1, TimeShare: 1, ChangeShare: 1, Trend: []float64{7, 7, 8, 14, 18, 8, 8},
		},
		Coverage: 0.999,
		Notes:    []slo.Note{{Code: "operation_chosen", Text: "operation http.request was chosen; there is also redis.command"}},
	}
	rest := row("", "", figures(20_000, 500, gap, gap, gap, gap), figures(0, 0, gap, gap, gap, gap), 0.001, 0.0016, gap, 0.002)
	rest.Tag, rest.New = "", false
	t.Rest = &rest
	return report.EndpointReport{
		Table: t, Sort: "requests", At: time.Unix(looked.End, 0), Site: "datadoghq.com",
		Link: func(tag string) string { return "https://app.datadoghq.com/apm/traces?query=" + tag },
	}
}

func comparisons() map[string]report.EndpointReport {
	versions := fortnights()
	versions.Table.By, versions.Table.Rest, versions.Table.Coverage = endpoint.ByVersion, nil, 1
	versions.Table.BaselineKind = endpoint.Release
	versions.Table.Rows = versions.Table.Rows[:2]
	for i, v := range []string{"2.41.0", "2.40.3"} {
		versions.Table.Rows[i].Name, versions.Table.Rows[i].Tag = v, "version:"+v
	}
	empty := fortnights()
	empty.Table.Rows, empty.Table.Rest, empty.Table.Total = nil, nil, endpoint.Row{Now: noFigures(), Before: noFigures()}
	unknown := fortnights()
	unknown.Table.Baseline, unknown.Table.Rest, unknown.Table.Notes = timeseries.Span{}, nil, nil
	gap := timeseries.Missing
	for i := range unknown.Table.Rows {
		unknown.Table.Rows[i].Before = endpoint.Figures{Requests: gap, Errors: gap, ErrorRate: gap, Seconds: gap, Mean: gap, P50: gap, P95: gap, P99: gap}
		unknown.Table.Rows[i].ChangeShare, unknown.Table.Rows[i].New, unknown.Table.Rows[i].Gone = gap, false, false
	}
	unknown.Table.Total.Before, unknown.Table.Total.ChangeShare = unknown.Table.Rows[0].Before, gap
	unequal := fortnights()
	unequal.Table.BaselineKind, unequal.Table.Baseline = endpoint.Chosen, timeseries.Span{Start: looked.Start - 7*aDay, End: looked.Start}
	hostile := fortnights()
	hostile.Table.Rows = hostile.Table.Rows[:2]
	hostile.Table.Rows[0].Name = "\x1b[2JGET /<script>|`x`\r\n::error::"
	hostile.Table.Rows[1].Name = "=cmd() ログイン認証の可用性（東京リージョン）を確認する"
	hostile.Link = func(string) string { return "javascript:alert(1)" }
	return map[string]report.EndpointReport{
		"all": fortnights(), "limited": limited(), "versions": versions, "empty": empty, "no-baseline": unknown, "unequal": unequal, "hostile": hostile,
	}
}

func TestEndpointsGolden(t *testing.T) {
	t.Parallel()
	for name, e := range comparisons() {
		d := report.Endpoints(e)
		goldenOf(t, "endpoints", name+".txt", rendered(t, d, render.FormatTable, render.Options{Width: 120}))
		goldenOf(t, "endpoints", name+".json", rendered(t, d, render.FormatJSON, render.Options{}))
	}
	d := report.Endpoints(limited())
	for _, width := range []int{0, 60, 80, 100} {
		goldenOf(t, "endpoints", fmt.Sprintf("limited-%d.txt", width), rendered(t, d, render.FormatTable, render.Options{Width: width}))
	}
	goldenOf(t, "endpoints", "limited-ascii.txt", rendered(t, d, render.FormatTable, render.Options{Width: 120, ASCII: true}))
	goldenOf(t, "endpoints", "limited-color.txt", rendered(t, d, render.FormatTable, render.Options{Width: 120, Color: true}))
	goldenOf(t, "endpoints", "limited.csv", rendered(t, d, render.FormatCSV, render.Options{}))
	goldenOf(t, "endpoints", "limited.md", rendered(t, d, render.FormatMarkdown, render.Options{}))
}

// shop is a service with four endpoints that knows two stretches, before and since looked.Start.
type shop struct{}

// rates are requests in five minutes before and since, and how many of them fail.
func (shop) rates(endpoint int, since bool) (requests, errors float64) {
	if since {
		return []float64{1030, 400, 10, 90}[endpoint], []float64{31, 4, 1, 0}[endpoint]
	}
	return []float64{100, 500, 10, 0}[endpoint], []float64{1, 5, 0, 0}[endpoint]
}

func (shop) ActiveMetrics(context.Context, int64, string) ([]string, error) {
	return []string{"trace.http.request", "trace.http.request.errors", "trace.http.request.hits"}, nil
}

func (shop) MetricInfo(context.Context, string) (timeseries.MetricInfo, error) {
	return timeseries.MetricInfo{Type: "distribution", Unit: "second"}, nil
}

// value is what a query says of one endpoint in a stretch.
func (s shop) value(query string, endpoint int, span timeseries.Span) float64 {
	requests, errors := s.rates(endpoint, span.Start >= looked.Start)
	buckets := float64(span.Seconds()) / 300
	took := 0.01 * float64(endpoint+1)
	switch {
	case strings.HasPrefix(query, "p"):
		return took
	case strings.Contains(query, ".errors"):
		return errors * buckets
	case strings.Contains(query, ".hits"), strings.HasPrefix(query, "count:"):
		return requests * buckets
	case strings.HasPrefix(query, "avg:"):
		return took
	}
	return requests * buckets * took
}

// groups are the tags of the groups of a query, with the endpoints that are in each.
func (shop) groups(query string) map[string][]int {
	if strings.Contains(query, "by {resource_name}") {
		return map[string][]int{"resource_name:post_/login": {0}, "resource_name:get_/session": {1}, "resource_name:get_/me": {2}, "resource_name:post_/v2/token": {3}}
	}
	if _, by, grouped := strings.Cut(query, "by {"); grouped {
		return map[string][]int{map[bool]string{true: "env:prod", false: "service:auth"}[strings.HasPrefix(by, "env")]: {0, 1, 2, 3}}
	}
	return map[string][]int{"": {0, 1, 2, 3}}
}

func tagsOf(tag string) []string {
	return strings.FieldsFunc(tag, func(r rune) bool { return r == ',' })
}

func (s shop) Series(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	answers := make([]timeseries.Answer, len(r.Queries))
	for i, query := range r.Queries {
		for tag, members := range s.groups(query) {
			series := timeseries.Blank(r.Span, r.Step)
			for k := range series.Values {
				at := r.Span.Start + int64(k)*r.Step
				series.Values[k] = 0
				for _, m := range members {
					series.Values[k] += s.value(query, m, timeseries.Span{Start: at, End: at + r.Step})
				}
			}
			answers[i].Groups = append(answers[i].Groups, timeseries.Group{Tags: tagsOf(tag), Series: series})
		}
	}
	return answers, nil
}

func (s shop) Scalars(_ context.Context, r timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	answers := make([]timeseries.ScalarAnswer, len(r.Queries))
	for i, query := range r.Queries {
		for tag, members := range s.groups(query.Query) {
			answers[i].Groups = append(answers[i].Groups, timeseries.Scalar{Tags: tagsOf(tag), Value: s.value(query.Query, members[0], r.Span)})
		}
	}
	return answers, nil
}

// limited is a table of two lines of four, which the use case made.
func limited() report.EndpointReport {
	e := fortnights()
	table, err := endpoint.Service{Source: apm.Source{Directory: shop{}, Metrics: shop{}, Scalars: shop{}, Concurrency: 1}}.Compare(context.Background(), endpoint.Query{
		Service: "auth", Env: "prod", Operation: "http.request", Span: looked, Baseline: endpoint.Baseline{Kind: endpoint.Previous},
		By: endpoint.ByEndpoint, Errors: endpoint.Flagged,
	})
	if err != nil {
		panic(err)
	}
	e.Table, e.Limit = table, 2
	return e
}

// The lines of the table add up to the total, however many are shown.
func TestEndpointsAddUp(t *testing.T) {
	t.Parallel()
	whole := limited()
	for limit := range 5 {
		whole.Limit = limit
		rows, err := csv.NewReader(bytes.NewReader(rendered(t, report.Endpoints(whole), render.FormatCSV, render.Options{}))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if want := map[int]int{0: 6, 1: 4, 2: 5, 3: 6, 4: 6}[limit]; len(rows) != want {
			t.Errorf("limit %d: %d lines, want %d", limit, len(rows), want)
		}
		for i, key := range rows[0] {
			switch key {
			case "requests", "errors", "request_share", "error_share", "time_share", "change_share":
			default:
				continue
			}
			sum, total := 0.0, 0.0
			for n, r := range rows[1:] {
				v, err := strconv.ParseFloat(r[i], 64)
				if err != nil {
					t.Fatalf("%s of %s is %q", key, r[0], r[i])
				}
				if n == len(rows)-2 {
					total = v
				} else {
					sum += v
				}
			}
			if math.Abs(sum-total) > 1e-9*math.Abs(total) || total == 0 {
				t.Errorf("limit %d: %s add up to %v, and the total is %v", limit, key, sum, total)
			}
		}
	}
}

func TestEndpointsJSON(t *testing.T) {
	t.Parallel()
	var doc struct {
		Endpoints []map[string]any
		Others    map[string]any
	}
	decode := func(e report.EndpointReport) {
		t.Helper()
		if err := json.Unmarshal(rendered(t, report.Endpoints(e), render.FormatJSON, render.Options{}), &doc); err != nil {
			t.Fatal(err)
		}
	}
	decode(fortnights())
	fresh := doc.Endpoints[2]
	if fresh["resource"] != "POST /v2/token" || fresh["new"] != true || fresh["change"].(map[string]any)["requests_ratio"] != nil {
		t.Errorf("a new endpoint is %v", fresh)
	}
	if v := fresh["baseline"].(map[string]any)["error_rate"]; v != nil {
		t.Errorf("the error rate of no requests is %v, want null", v)
	}
	if v := fresh["baseline"].(map[string]any)["requests"]; v != 0.0 {
		t.Errorf("no requests are %v, want 0", v)
	}
	decode(comparisons()["versions"])
	if r := doc.Endpoints[0]; r["resource"] != nil || r["group"] != "version:2.41.0" {
		t.Errorf("a version is %v", r)
	}
	// Twice as many requests in a stretch of twice the length are as many.
	e := comparisons()["unequal"]
	e.Table.Rows[0].Before.Requests = e.Table.Rows[0].Now.Requests / 2
	decode(e)
	if v := doc.Endpoints[0]["change"].(map[string]any)["requests_ratio"]; v != 1.0 {
		t.Errorf("a ratio of stretches that are not as long is %v, want 1", v)
	}
}

// No line is longer than the terminal, and the table is one table at 80 cells.
func TestEndpointsFit(t *testing.T) {
	t.Parallel()
	for name, e := range comparisons() {
		for _, width := range []int{80, 100, 120} {
			out := string(rendered(t, report.Endpoints(e), render.FormatTable, render.Options{Width: width, ASCII: true}))
			for line := range strings.Lines(out) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); n > width {
					t.Errorf("%s: %d cells in %d: %s", name, n, width, line)
				}
			}
			if name != "empty" && !strings.Contains(out, "REQUESTS") {
				t.Errorf("%s: no table in %d cells:\n%s", name, width, out)
			}
		}
	}
}

// The head and the table say the same of an error rate, however small it is.
func TestEndpointsErrorRate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rate float64
		want string
	}{{0.00012, "0.012%"}, {0.000121, "0.013%"}, {0.0000004, "0.00004%"}, {1e-9, "0.000001%"}, {0.025001, "2.51%"}, {0.00999, "1.00%"}, {0.5, "50.00%"}} {
		e := fortnights()
		e.Table.Total.Now.ErrorRate, e.Table.Total.Before.ErrorRate = test.rate, test.rate
		out := string(rendered(t, report.Endpoints(e), render.FormatTable, render.Options{Width: 200, ASCII: true}))
		if !strings.Contains(out, "errors "+test.want+" ("+test.want+" before)") || strings.Count(out, " "+test.want) != 2 {
			t.Errorf("%v is not %s twice:\n%s", test.rate, test.want, out)
		}
	}
}

// Machines get the header and the total even where there is nothing else.
func TestEndpointsEmptyCSV(t *testing.T) {
	t.Parallel()
	records, err := csv.NewReader(bytes.NewReader(rendered(t, report.Endpoints(comparisons()["empty"]), render.FormatCSV, render.Options{}))).ReadAll()
	if err != nil || len(records) != 2 || records[0][0] != "resource" || records[1][1] != "total" || records[1][3] != "0" {
		t.Errorf("%v, %v", records, err)
	}
}

// A sum of other groups in each stretch is not compared.
func TestEndpointsUneven(t *testing.T) {
	t.Parallel()
	e := fortnights()
	rest := *e.Table.Rest
	rest.Before, rest.Uneven = figures(10_000, 500, 1, 1, 1, 1), true
	e.Table.Rest = &rest
	var doc struct {
		Rest struct{ Change map[string]any }
	}
	if err := json.Unmarshal(rendered(t, report.Endpoints(e), render.FormatJSON, render.Options{}), &doc); err != nil {
		t.Fatal(err)
	}
	for key, v := range doc.Rest.Change {
		if v != nil {
			t.Errorf("%s of the rest is %v", key, v)
		}
	}
	if len(doc.Rest.Change) != 6 {
		t.Errorf("changes %v", doc.Rest.Change)
	}
}

// That all was excluded does not mean that there was no request.
func TestEndpointsAllExcluded(t *testing.T) {
	t.Parallel()
	e := fortnights()
	e.Table.Rows, e.Table.Rest = nil, nil
	e.Table.Total = endpoint.Row{Name: "total", Now: noFigures(), Before: noFigures()}
	e.Table.Notes = []slo.Note{{Code: endpoint.NoteAllExcluded, Text: "every endpoint is left out by *"}}
	var out bytes.Buffer
	if err := render.Write(&out, render.FormatTable, report.Endpoints(e), render.Options{}); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); strings.Contains(s, "No request") || !strings.Contains(s, "every endpoint is left out by *") {
		t.Error(s)
	}
}
