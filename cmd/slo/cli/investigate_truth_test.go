package cli_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

type investigateDocument struct {
	Anomalies []unusualThing
	Notes     []struct{ Code, Text string }
}

type unusualThing struct {
	Service, Resource, Signal, Kind    string
	Env, Operation, Unit, Text, Hidden string
	Start                              time.Time
	End                                *time.Time
	Observed, Expected, Ratio, Score   *float64
	Shown, Small                       bool
	Resolution                         int64
	Contributors                       []struct {
		Resource string
		Share    *float64
	}
	Statuses, Versions []struct {
		Name  string
		Share *float64
	}
	BudgetSpent []struct {
		Name    string
		Percent float64
		Usual   *float64 `json:"usual_percent"`
	} `json:"budget_spent"`
	Nearby []struct{ Kind, Title, Version string }
}

// hunchTruth is an incident of the world of hunch, and how it may be found.
type hunchTruth struct {
	service, resource, signal string
	kinds                     []string
	from, to                  string // to is empty where it stays
	within                    time.Duration
	small                     bool
	// what stands nearby, if anything
	nearby, title string
	// hits is the query of the requests that it is about, errors those of them that fail.
	hits, errors string
	// times is what the world says the ratio is; 0 where there is none.
	times float64
}

const minute = time.Minute

var hunchTruths = []hunchTruth{
	{
		service: "auth", resource: "POST /login", signal: "requests", kinds: []string{"spike"}, from: "2026-11-03 13:52", to: "2026-11-03 14:27", within: minute,
		nearby: "event", title: "Newsletter", times: 10,
		hits: "sum:trace.http.request.hits{service:auth,env:prod,resource_name:post_/login}.as_count()",
	},
	{
		service: "checkout", resource: "POST /pay", signal: "error_rate", kinds: []string{"burst"}, from: "2026-11-05 13:56", to: "2026-11-05 14:38", within: minute,
		nearby: "deployment", title: "2.41.0",
		hits:   "sum:trace.http.request.hits{service:checkout,env:prod,resource_name:post_/pay}.as_count()",
		errors: "sum:trace.http.request.errors{service:checkout,env:prod,resource_name:post_/pay}.as_count()",
	},
	// A drift has no minute at which it begins.
	{
		service: "catalog", resource: "GET /items/_id", signal: "latency", kinds: []string{"drift"}, from: "2026-10-29 00:00", within: 24 * time.Hour,
	},
	{
		service: "catalog", resource: "GET /items/_id_/related", signal: "requests", kinds: []string{"new"}, from: "2026-11-04 10:05", within: minute,
		nearby: "deployment", title: "3.2.0",
		hits: "sum:trace.http.request.hits{service:catalog,env:prod,resource_name:get_/items/_id_/related}.as_count()",
	},
	{
		service: "catalog", resource: "GET /v1/items", signal: "requests", kinds: []string{"gone"}, from: "2026-11-06 16:20", within: minute,
		hits: "sum:trace.http.request.hits{service:catalog,env:prod,resource_name:get_/v1/items}.as_count()",
	},
	{
		service: "search", resource: "GET /suggest", signal: "requests", kinds: []string{"shift"}, from: "2026-11-02 08:15", within: minute,
		nearby: "event", title: "Feature flag", times: 2,
		hits: "sum:trace.http.request.hits{service:search,env:prod,resource_name:get_/suggest}.as_count()",
	},
	{
		service: "notifications", resource: "consume_topic_email", signal: "requests", kinds: []string{"silence"}, from: "2026-10-28 10:10", to: "2026-10-28 10:50", within: minute,
		nearby: "monitor", title: "Mails are consumed",
		hits: "sum:trace.kafka.consume.hits{service:notifications,env:prod,resource_name:consume_topic_email}.as_count()",
	},
	{
		service: "payment-api", resource: "POST /v1/payments", signal: "requests", kinds: []string{"spike"}, from: "2026-11-04 12:00", to: "2026-11-04 15:00", within: minute,
		small: true, times: 1.3,
		hits: "sum:trace.http.request.hits{service:payment-api,env:prod,resource_name:post_/v1/payments}.as_count()",
	},
}

// TestHunch holds what slo investigate makes of the world of hunch over HTTP
// against what the world says, and against figures from plain queries.
func TestHunch(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the race detector, which is run with -short, takes a minute for ten services")
	}
	world, err := scenario.Load("hunch")
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, world)
	ask := plain{server.URL, map[string]float64{}}
	now := world.Now.Unix()
	got := runSLO(t.Context(), server.URL, nil, "investigate", "-o", "json", "--at", world.Now.UTC().Format(time.RFC3339))
	if got.code != 0 || got.stderr != "" {
		t.Fatalf("code %d, %s", got.code, got.stderr)
	}
	validateAgainst(t, "investigate.schema.json", got.stdout)
	var doc investigateDocument
	if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, x := range doc.Anomalies {
		if x.Shown {
			shown++
		}
		if x.Shown == (x.Hidden != "") {
			t.Errorf("%s: shown %t, and hidden %q", x.Text, x.Shown, x.Hidden)
		}
		checkShares(t, x)
		checkBudgets(t, ask, x, now)
	}
	want := 0
	for _, truth := range hunchTruths {
		if !truth.small {
			want++
		}
		var found []unusualThing
		for _, x := range doc.Anomalies {
			if x.Service == truth.service && x.Resource == truth.resource && x.Signal == truth.signal && x.Shown != truth.small && x.Small == truth.small {
				found = append(found, x)
			}
		}
		if len(found) != 1 {
			t.Errorf("%s of %s: found %d times, want once: %v", truth.resource, truth.service, len(found), found)
			continue
		}
		checkTruth(t, ask, truth, found[0], now)
	}
	if shown != want {
		t.Errorf("%d findings are shown, want %d", shown, want)
		for _, x := range doc.Anomalies {
			if x.Shown {
				t.Log(x.Text)
			}
		}
	}
}

func checkTruth(t *testing.T, ask plain, truth hunchTruth, x unusualThing, now int64) {
	t.Helper()
	if !slices.Contains(truth.kinds, x.Kind) {
		t.Errorf("%s: a %s, want %v", x.Text, x.Kind, truth.kinds)
	}
	if off := time.Duration(x.Start.Unix()-instant(t, truth.from)) * time.Second; off.Abs() > truth.within {
		t.Errorf("%s: begins %s, which is %s from %s", x.Text, x.Start, off, truth.from)
	}
	switch {
	case truth.to == "" && x.End != nil:
		t.Errorf("%s: ends %s, and it stays", x.Text, x.End)
	case truth.to != "" && x.End == nil:
		t.Errorf("%s: goes on, and it ended %s", x.Text, truth.to)
	case truth.to != "":
		if off := time.Duration(x.End.Unix()-instant(t, truth.to)) * time.Second; off.Abs() > truth.within {
			t.Errorf("%s: ends %s, which is %s from %s", x.Text, x.End, off, truth.to)
		}
	}
	if truth.title != "" {
		near := false
		for _, n := range x.Nearby {
			near = near || n.Kind == truth.nearby && strings.Contains(n.Title, truth.title)
		}
		if !near {
			t.Errorf("%s: the %s %q is not nearby: %v", x.Text, truth.nearby, truth.title, x.Nearby)
		}
	}
	if truth.hits == "" {
		return
	}
	from, to := x.Start.Unix(), now
	if x.End != nil {
		to = x.End.Unix()
	}
	requests := ask.sum(t, truth.hits, from, to, 60)
	observed := requests / (float64(to-from) / 60)
	if truth.errors != "" {
		observed = ask.sum(t, truth.errors, from, to, 60) / requests
	}
	// The end of a stretch that goes on may lie a little before the newest minute.
	tolerance := 1e-9
	if x.End == nil {
		tolerance = 0.01
	}
	if x.Observed == nil || math.Abs(*x.Observed-observed) > tolerance*math.Max(1, observed) {
		t.Errorf("%s: observed %v, and plain queries say %v", x.Text, number(x.Observed), observed)
	}
	if truth.times == 0 {
		return
	}
	// What is usual: the same minutes of the four weeks before.
	usual := 0.0
	for week := range int64(4) {
		back := (week + 1) * 7 * 86400
		if x.End == nil {
			back += ((to - from) / (7 * 86400)) * 7 * 86400
		}
		usual += ask.sum(t, truth.hits, from-back, to-back, 60) / (float64(to-from) / 60) / 4
	}
	if x.Ratio == nil || math.Abs(*x.Ratio-observed/usual) > 0.06*observed/usual {
		t.Errorf("%s: ratio %v, and the four weeks before say %v", x.Text, number(x.Ratio), observed/usual)
	}
	if x.Ratio == nil || math.Abs(*x.Ratio-truth.times) > 0.06*truth.times {
		t.Errorf("%s: ratio %v, and the world says %v", x.Text, number(x.Ratio), truth.times)
	}
	if math.Abs(*x.Ratio - *x.Observed / *x.Expected) > 1e-9**x.Ratio {
		t.Errorf("%s: ratio %v of %v by %v", x.Text, *x.Ratio, *x.Observed, *x.Expected)
	}
}

// checkShares looks whether the parts of a change are all of it.
func checkShares(t *testing.T, x unusualThing) {
	t.Helper()
	add := func(what string, shares []*float64) {
		sum := 0.0
		for _, s := range shares {
			if s == nil {
				return // not known is not known
			}
			sum += *s
		}
		if len(shares) > 0 && math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: the shares of %s are %v in sum", x.Text, what, sum)
		}
	}
	var contributors, statuses, versions []*float64
	for _, c := range x.Contributors {
		contributors = append(contributors, c.Share)
	}
	for _, c := range x.Statuses {
		statuses = append(statuses, c.Share)
	}
	for _, c := range x.Versions {
		versions = append(versions, c.Share)
	}
	add("contributors", contributors)
	add("statuses", statuses)
	add("versions", versions)
	if x.Shown && (len(contributors) == 0 || contributors[0] == nil || *contributors[0] < 0.5 || x.Contributors[0].Resource != x.Resource) {
		t.Errorf("%s: carried by %v", x.Text, x.Contributors)
	}
}

// hunchBudget is an SLO of the world, with its parts as plain queries.
type hunchBudget struct {
	bad, valid string
	good       string // in place of bad
	days       int64
	target     float64
	corrected  [2]string
}

var hunchBudgets = map[string]hunchBudget{
	"auth availability": {
		bad:   "sum:trace.http.request.hits.by_http_status{service:auth,env:prod,http.status_class:5xx}.as_count()",
		valid: "sum:trace.http.request.hits{service:auth,env:prod}.as_count()", days: 30, target: 0.999,
	},
	"checkout availability": {
		bad:   "sum:trace.http.request.errors{service:checkout}.as_count()",
		valid: "sum:trace.http.request.hits{service:checkout}.as_count()", days: 30, target: 0.999,
		corrected: [2]string{"2026-11-05 14:00", "2026-11-05 14:10"},
	},
	"catalog answers within half a second": {
		good:  "count(v: v<=0.5):trace.http.request{service:catalog}.as_count()",
		valid: "count:trace.http.request{service:catalog}.as_count()", days: 7, target: 0.98,
	},
	"notifications delivered": {
		bad:   "sum:trace.kafka.consume.errors{service:notifications}.as_count()",
		valid: "sum:trace.kafka.consume.hits{service:notifications}.as_count()", days: 30, target: 0.995,
	},
}

// took is how much of the budget of the whole window was spent in a stretch, in percent.
func (b hunchBudget) took(t *testing.T, ask plain, from, to, now int64) float64 {
	t.Helper()
	all := func(query string, from, to int64) float64 {
		sum := ask.sum(t, query, from, to, 300)
		if b.corrected[0] != "" {
			begin, end := max(from, instant(t, b.corrected[0])), min(to, instant(t, b.corrected[1]))
			if begin < end {
				sum -= ask.sum(t, query, begin, end, 300)
			}
		}
		return sum
	}
	begin := now - b.days*86400
	var bad float64
	if b.good != "" {
		bad = all(b.valid, from, to) - all(b.good, from, to)
	} else {
		bad = all(b.bad, from, to)
	}
	return 100 * bad / ((1 - b.target) * all(b.valid, begin, now))
}

// checkBudgets works out what a finding cost each SLO: what was bad in its five-minute
// buckets, by what the whole window may have, and the same for as many weeks before as
// it takes to be before it.
func checkBudgets(t *testing.T, ask plain, x unusualThing, now int64) {
	t.Helper()
	from, to := x.Start.Unix()/300*300, now
	if x.End != nil {
		to = (x.End.Unix() + 299) / 300 * 300
	}
	const week = 7 * 86400
	back := (to - from + week - 1) / week * week
	for _, spent := range x.BudgetSpent {
		var want, usual float64
		if spent.Name == "checkout works" {
			// Its monitor alerted from 13:59:12 to 14:41:12, and the budget is half a percent of 30 days.
			down := min(to, instant(t, "2026-11-05 14:41")+12) - max(from, instant(t, "2026-11-05 13:59")+12)
			want = 100 * float64(down) / (0.005 * 30 * 86400)
		} else {
			b, known := hunchBudgets[spent.Name]
			if !known {
				t.Errorf("%s: took of the budget of %q", x.Text, spent.Name)
				continue
			}
			want, usual = b.took(t, ask, from, to, now), b.took(t, ask, from-back, to-back, now)
		}
		if math.Abs(spent.Percent-want) > 1e-6*math.Max(1, want) {
			t.Errorf("%s: took %v%% of the budget of %s, and plain queries say %v%%", x.Text, spent.Percent, spent.Name, want)
		}
		if spent.Usual == nil || math.Abs(*spent.Usual-usual) > 1e-6*math.Max(1, usual) {
			t.Errorf("%s: the same hours usually take %v%% of the budget of %s, and plain queries say %v%%", x.Text, number(spent.Usual), spent.Name, usual)
		}
	}
	if x.Shown && (x.Service == "checkout" || x.Service == "auth") && len(x.BudgetSpent) == 0 {
		t.Errorf("%s: cost nothing", x.Text)
	}
}

// validateAgainst holds a document against a published schema.
func validateAgainst(t *testing.T, schema, document string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", "..", "schema", schema))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(schema, parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(instance); err != nil {
		t.Errorf("%s: %v", schema, err)
	}
}

// number is a figure for a message; nil is unknown.
func number(v *float64) any {
	if v == nil {
		return "unknown"
	}
	return *v
}
