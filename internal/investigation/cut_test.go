package investigation_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Datadog answers with the largest groups only: which these are changes from
// request to request, and what is left out there has not fallen silent.
func TestEndpointsThatWereCutAreNotSilent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ endpoints, most int }{{8, 4}, {210, 190}} {
		w := &world{most: c.most}
		for i := range c.endpoints {
			f := *auth()[2]
			f.endpoint, f.rate, f.fail = fmt.Sprintf("get_/e%d", i), steady(60), constant(0.01)
			if c.endpoints > 200 { // which are asked for by name
				f.every = (60 + int64(i)%3) * minute
			}
			w.flows = append(w.flows, &f)
		}
		q := askLately("auth")
		q.Signals = []investigation.Signal{investigation.Requests}
		r := investigate(t, w.service(), q)
		for _, f := range shown(r) {
			t.Errorf("%d of %d endpoints are answered: %s %s %s over %s", c.most, c.endpoints, f.Resource, f.Signal, f.Kind, f.Span)
		}
		if notes(r)["endpoints_incomplete"] != 1 {
			t.Errorf("%d of %d endpoints are answered: notes %v", c.most, c.endpoints, r.Notes)
		}
	}
}

// Of what an endpoint carried that was not answered nothing is known, and that
// is not nothing: it is among the others.
func TestCutEndpointsCarryWithTheOthers(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth(), most: 3}
	at := now - 2*day
	for _, f := range w.flows[3:] {
		f.rate, f.fail = constant(30), constant(0.01)
		f.fail = during(f.fail, at, at+40*minute, 80)
		f.rate = during(f.rate, at, at+40*minute, 20)
	}
	w.flows[1].rate = steady(900)
	w.flows[0].rate = steady(700)
	w.flows[2].rate = steady(700)
	r := investigate(t, w.service(), askLately("auth"))
	told := false
	for _, f := range r.Findings {
		if f.Resource != "" || f.Signal != investigation.Requests || f.Start < at-hour || f.Start > at+hour {
			continue
		}
		told = true
		for _, s := range f.Contributors {
			if s.Name != "all others" && math.Abs(s.Share) > 0.2 {
				t.Errorf("%s is carried by %v", f.Signal, f.Contributors)
			}
		}
	}
	if !told {
		t.Error("nothing is told of the whole service")
	}
}

// A star in a name is a wildcard to Datadog, and catches other endpoints.
func TestEndpointsWithAStar(t *testing.T) {
	t.Parallel()
	at := now - 2*day + 11*minute
	for name, change := range map[string]func(f *flow){
		"drop":  func(f *flow) { f.rate = during(f.rate, at, at+95*minute, .2) },
		"burst": func(f *flow) { f.fail = during(f.fail, at, at+95*minute, 100) },
		"slow":  func(f *flow) { f.slow = during(f.slow, at, at+95*minute, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{flows: auth()}
			w.flows[0].endpoint, w.flows[1].endpoint = "get_/api/*", "get_/api/users"
			change(w.flows[0])
			f := only(t, investigate(t, w.service(), askLately("auth")))
			if f.Resource != "GET /api/*" || f.Start != at || f.End < at+93*minute || f.End > at+96*minute || f.Resolution != minute {
				t.Errorf("%s from %s to %s, by %d s", f.Resource, timeseries.Format(f.Start), timeseries.Format(f.End), f.Resolution)
			}
			want := map[string]float64{"drop": .2 * f.Expected, "burst": .2, "slow": .36}[name]
			if !near(f.Observed, want) {
				t.Errorf("observed %v, want %v", f.Observed, want)
			}
			if !strings.Contains(f.Query, "by {resource_name}") {
				t.Errorf("the query is %s", f.Query)
			}
			if name == "burst" && (len(f.Statuses) != 1 || f.Statuses[0].Name != "5xx") {
				t.Errorf("statuses %v", f.Statuses)
			}
		})
	}
}

// Where nothing is kept by the minute, nothing is known to the minute.
func TestWithoutMinutesNothingIsRefined(t *testing.T) {
	t.Parallel()
	at := now - 2*day + 7*minute
	for name, change := range map[string]func(f *flow){
		"requests": func(f *flow) { f.rate = during(f.rate, at, at+95*minute, 8) },
		"silence":  func(f *flow) { f.rate = during(f.rate, at, at+5*hour, 0) },
	} {
		w := &world{flows: auth(), hourly: true}
		change(w.flows[0])
		f := only(t, investigate(t, w.service(), askLately("auth")))
		if f.Resolution != 300 || f.Start != f.Span.Start || f.Observed == 0 != (f.Kind == anomaly.Silence) {
			t.Errorf("%s: %v from %d (%d) by %d s", name, f.Observed, f.Start, f.Span.Start, f.Resolution)
		}
	}
}

// The mean latency is that of the stretch that is told, to the minute.
func TestLatencyOfExactlyTheStretch(t *testing.T) {
	t.Parallel()
	for _, legacy := range []bool{false, true} {
		w := &world{flows: auth(), legacy: legacy}
		slow, at := w.flows[0], now-2*day+3*minute
		slow.slow = during(slow.slow, at, at+35*minute, 4)
		f := only(t, investigate(t, w.service(), askLately("auth")))
		if f.Signal != investigation.Latency || f.Start != at || f.End != at+35*minute || f.Resolution != minute {
			t.Errorf("legacy %v: %s from %s to %s, by %d s", legacy, f.Signal, timeseries.Format(f.Start), timeseries.Format(f.End), f.Resolution)
		}
		requests, spent := 0.0, 0.0
		slow.each(timeseries.Span{Start: f.Start, End: f.End}, minute, func(_ int64, hits, _, seconds float64) {
			requests, spent = requests+hits, spent+seconds
		})
		if want := spent / requests; math.Abs(f.Observed-want) > 1e-5*want || math.Abs(f.Ratio*f.Expected-want) > 1e-5*want {
			t.Errorf("legacy %v: %v s, and %v times %v s, want %v s", legacy, f.Observed, f.Ratio, f.Expected, want)
		}
	}
}

// A new endpoint that fails as often as the service always did is told once.
func TestErrorsOfANewEndpointAsEver(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	for _, f := range w.flows {
		f.fail = constant(0.004)
	}
	at := now - 5*day + 17*minute
	fresh := *w.flows[2]
	fresh.endpoint, fresh.rate = "get_/fresh1", during(steady(40), 0, at, 0)
	w.flows = append(w.flows, &fresh)
	f := only(t, investigate(t, w.service(), ask("auth")))
	if f.Signal != investigation.Requests || f.Kind != anomaly.New {
		t.Errorf("%s %s", f.Signal, f.Kind)
	}
}
