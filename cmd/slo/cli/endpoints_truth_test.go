package cli_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

type endpointsDocument struct {
	From, To     time.Time
	Baseline     *struct{ From, To time.Time }
	Endpoints    []endpointRow
	Others, Rest *endpointRow
	Total        endpointRow `json:"service_total"`
	Groups       int
	Coverage     *float64
}

type endpointFigures struct {
	Requests, Errors *float64
	ErrorRate        *float64 `json:"error_rate"`
	Latency          struct{ Avg, P50, P95, P99 *float64 }
}

type endpointRow struct {
	endpointFigures
	Resource, Group, Tag string
	Baseline             endpointFigures
	Share                struct{ Requests, Errors, Time, Change *float64 }
}

// TestEndpointsAddUp works out the table of several services by plain queries in
// buckets of five minutes: each row, each total, and that nothing is lost between them.
func TestEndpointsAddUp(t *testing.T) {
	t.Parallel()
	world, err := scenario.Load("hunch")
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, world)
	ask := plain{server.URL, map[string]float64{}}
	for i, c := range []struct {
		name, metric, filter, by string
		// timed says that there is a distribution; errors is another query of errors.
		timed  bool
		errors string
		args   []string
	}{
		{"days", "trace.http.request", "service:auth,env:prod", "resource_name", true, "", []string{"--service", "auth", "--last", "2d"}},
		{"days and ends of days", "trace.http.request", "service:catalog,env:prod", "resource_name", true, "", []string{"--service", "catalog", "--from", "2026-11-03T13:55", "--to", "2026-11-06T16:35"}},
		{"limit", "trace.http.request", "service:auth,env:prod", "resource_name", true, "", []string{"--service", "auth", "--last", "26h", "--limit", "2"}},
		{"minutes", "trace.http.request", "service:checkout,env:prod", "resource_name", true, "", []string{"--service", "checkout", "--from", "2026-11-05T14:00", "--to", "2026-11-05T14:30"}},
		{"classes", "trace.http.request", "service:checkout,env:prod", "resource_name", true, "sum:trace.http.request.hits.by_http_status{service:checkout,env:prod,http.status_class:4xx} by {resource_name}.as_count()", []string{"--service", "checkout", "--last", "1d", "--errors", "4xx"}},
		{"versions", "trace.http.request", "service:checkout,env:prod", "version", true, "", []string{"--service", "checkout", "--by", "version", "--from", "2026-11-04", "--to", "2026-11-06"}},
		{"environments", "trace.http.request", "service:auth", "env", true, "", []string{"--service", "auth", "--by", "env", "--last", "1d"}},
		{"gRPC", "trace.grpc.server", "service:ledger,env:prod", "resource_name", true, "", []string{"--service", "ledger", "--last", "1d"}},
		{"queue", "trace.kafka.consume", "service:notifications,env:prod", "resource_name", true, "", []string{"--service", "notifications", "--from", "2026-10-28T09:00", "--to", "2026-10-28T12:00"}},
		{"legacy", "trace.servlet.request", "service:billing,env:prod", "resource_name", false, "", []string{"--service", "billing", "--last", "1d", "--limit", "1"}},
		{"nothing at night", "trace.batch.job", "service:reports,env:prod", "resource_name", true, "", []string{"--service", "reports", "--last", "1d"}},
	} {
		if testing.Short() && i%3 != 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			got := runSLO(t.Context(), server.URL, nil, append([]string{"endpoints", "-o", "json", "--at", world.Now.UTC().Format(time.RFC3339)}, c.args...)...)
			if got.code != 0 || got.stderr != "" {
				t.Fatalf("code %d, %s", got.code, got.stderr)
			}
			validateAgainst(t, "endpoints.schema.json", got.stdout)
			var doc endpointsDocument
			if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil {
				t.Fatal(err)
			}
			query := func(suffix string) string {
				return "sum:" + c.metric + suffix + "{" + c.filter + "} by {" + c.by + "}.as_count()"
			}
			errors := c.errors
			if errors == "" {
				errors = query(".errors")
			}
			for _, side := range []struct {
				name     string
				from, to int64
				of       func(endpointRow) endpointFigures
			}{
				{"now", doc.From.Unix(), doc.To.Unix(), func(r endpointRow) endpointFigures { return r.endpointFigures }},
				{"before", doc.Baseline.From.Unix(), doc.Baseline.To.Unix(), func(r endpointRow) endpointFigures { return r.Baseline }},
			} {
				hits, failed, spent := ask.sums(t, query(".hits"), side.from, side.to, 300), ask.sums(t, errors, side.from, side.to, 300), map[string]float64{}
				if c.timed {
					spent = ask.sums(t, query(""), side.from, side.to, 300)
				}
				var allHits, allFailed, allSpent float64
				for group := range hits {
					allHits += hits[group]
					allFailed += failed[group]
					allSpent += spent[group]
				}
				for _, r := range doc.Endpoints {
					group := r.Tag
					if group == "" {
						group = r.Group
					}
					checkFigures(t, side.name+" "+group, side.of(r), hits[group], failed[group], spent[group], c.timed)
				}
				checkFigures(t, side.name+" total", side.of(doc.Total), allHits, allFailed, allSpent, c.timed)
				var requests, errs float64
				for _, r := range append(doc.Endpoints, present(doc.Others, doc.Rest)...) {
					requests += value(side.of(r).Requests)
					errs += value(side.of(r).Errors)
				}
				if requests != allHits || errs != allFailed {
					t.Errorf("%s: the rows are %v requests and %v errors in sum, want %v and %v", side.name, requests, errs, allHits, allFailed)
				}
				if side.name == "now" && len(doc.Endpoints) < doc.Groups && doc.Others == nil {
					t.Errorf("%d of %d rows and no others", len(doc.Endpoints), doc.Groups)
				}
			}
			checkEndpointShares(t, doc)
		})
	}
}

// checkFigures holds a row against what plain queries have said.
func checkFigures(t *testing.T, name string, f endpointFigures, hits, failed, spent float64, timed bool) {
	t.Helper()
	if value(f.Requests) != hits || value(f.Errors) != failed {
		t.Errorf("%s: %v requests and %v errors, plain queries say %v and %v", name, number(f.Requests), number(f.Errors), hits, failed)
	}
	if hits == 0 {
		if f.ErrorRate != nil || f.Latency.Avg != nil || f.Latency.P95 != nil {
			t.Errorf("%s: a rate or a latency of no requests: %v, %v", name, number(f.ErrorRate), number(f.Latency.Avg))
		}
		return
	}
	if f.ErrorRate == nil || math.Abs(*f.ErrorRate-failed/hits) > 1e-12 {
		t.Errorf("%s: error rate %v, plain queries say %v", name, number(f.ErrorRate), failed/hits)
	}
	if !timed {
		if f.Latency.P50 != nil || f.Latency.P95 != nil || f.Latency.P99 != nil {
			t.Errorf("%s: percentiles without a distribution", name)
		}
		return
	}
	if f.Latency.Avg == nil || math.Abs(*f.Latency.Avg-spent/hits) > 1e-6*spent/hits {
		t.Errorf("%s: mean latency %v, plain queries say %v", name, number(f.Latency.Avg), spent/hits)
	}
}

// checkEndpointShares looks whether the parts are all of the total, where they are known.
func checkEndpointShares(t *testing.T, doc endpointsDocument) {
	t.Helper()
	rows := append(doc.Endpoints, present(doc.Others, doc.Rest)...)
	for what, of := range map[string]func(endpointRow) *float64{
		"requests": func(r endpointRow) *float64 { return r.Share.Requests },
		"errors":   func(r endpointRow) *float64 { return r.Share.Errors },
		"time":     func(r endpointRow) *float64 { return r.Share.Time },
		"change":   func(r endpointRow) *float64 { return r.Share.Change },
	} {
		sum, known := 0.0, true
		for _, r := range rows {
			if of(r) == nil {
				known = false
				continue
			}
			sum += *of(r)
		}
		if known && len(rows) > 0 && math.Abs(sum-1) > 1e-6 {
			t.Errorf("the shares of %s are %v in sum", what, sum)
		}
		if what == "requests" && !known {
			t.Error("not every row has a share of the requests")
		}
	}
}

func present(rows ...*endpointRow) (there []endpointRow) {
	for _, r := range rows {
		if r != nil {
			there = append(there, *r)
		}
	}
	return there
}

// value is a figure, or what no sum can be where it is unknown.
func value(v *float64) float64 {
	if v == nil {
		return math.Inf(-1)
	}
	return *v
}

// TestEndpointsFitTheTerminal looks whether tables keep to the width of a terminal,
// with the name and the requests of every row.
func TestEndpointsFitTheTerminal(t *testing.T) {
	t.Parallel()
	world, err := scenario.Load("hunch")
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, world)
	for _, columns := range []int{80, 120, 200} {
		got := runIn(t, "C.UTF-8", columns, server.URL, "endpoints", "--service", "auth", "--last", "1d", "--at", world.Now.UTC().Format(time.RFC3339))
		if got.code != 0 {
			t.Fatalf("%d columns: code %d, %s", columns, got.code, got.stderr)
		}
		table := 0
		for line := range strings.Lines(got.stdout) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > columns {
				t.Errorf("%d columns: a line of %d: %s", columns, n, line)
			}
			for _, name := range []string{"ENDPOINT", "POST /token", "GET /userinfo", "POST /login", "GET /health", "POST /logout", "total"} {
				if strings.HasPrefix(line, name+" ") {
					table++
				}
			}
		}
		if table != 7 || !strings.Contains(got.stdout, "REQUESTS") || !strings.Contains(got.stdout, "ERRORS") || !strings.Contains(got.stdout, "P95") {
			t.Errorf("%d columns: %d rows, want 7 with requests, errors and p95:\n%s", columns, table, got.stdout)
		}
	}
}
