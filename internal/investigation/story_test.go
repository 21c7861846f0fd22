package investigation_test

import (
	"math"
	"slices"
	"testing"

	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func ask(services ...string) investigation.Query {
	return investigation.Query{Services: services, Span: fortnight()}
}

// askLately is about the last four days, where more would only take longer.
func askLately(services ...string) investigation.Query {
	return investigation.Query{Services: services, Span: timeseries.Span{Start: now - 4*day, End: now}}
}

// investigate answers a query, and checks what holds of every answer.
func investigate(t *testing.T, s investigation.Service, q investigation.Query) investigation.Report {
	t.Helper()
	r, err := s.Investigate(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.Findings {
		if f.Shown != (f.Hidden == "") {
			t.Errorf("%s %s: shown %v, hidden because %q", f.Resource, f.Signal, f.Shown, f.Hidden)
		}
		if f.Shown && i > 0 && !r.Findings[i-1].Shown {
			t.Errorf("%s %s is shown after what is not", f.Resource, f.Signal)
		}
		if (f.Open || f.Lasting) != (f.End == 0) || f.End != 0 && f.End <= f.Start || f.Query == "" {
			t.Errorf("%s %s from %d to %d, open %v, by %q", f.Resource, f.Signal, f.Start, f.End, f.Open, f.Query)
		}
		for what, shares := range map[string][]investigation.Share{"contributors": f.Contributors, "statuses": f.Statuses, "versions": f.Versions} {
			sum := 0.0
			for _, s := range shares {
				sum += s.Share
			}
			if len(shares) > 0 && math.Abs(sum-1) > 1e-9 {
				t.Errorf("%s %s: %s %v are %v in sum", f.Resource, f.Signal, what, shares, sum)
			}
		}
		if c := f.Chart; len(c.Low) != len(c.Series.Values) || len(c.High) != len(c.Low) || f.Shown && !c.Series.Span().Overlaps(f.Span) {
			t.Errorf("%s %s: a chart over %s with %d of %d values", f.Resource, f.Signal, c.Series.Span(), len(c.Low), len(c.Series.Values))
		}
	}
	return r
}

// shown are the findings that people see.
func shown(r investigation.Report) []investigation.Finding {
	for i, f := range r.Findings {
		if !f.Shown {
			return r.Findings[:i]
		}
	}
	return r.Findings
}

// only is the single finding that is shown.
func only(t *testing.T, r investigation.Report) investigation.Finding {
	t.Helper()
	all := shown(r)
	if len(all) != 1 {
		for _, f := range all {
			t.Logf("%s %q %s %s %s × %.2f", f.Place.Service, f.Resource, f.Signal, f.Kind, f.Span, f.Ratio)
		}
		t.Fatalf("%d findings are shown, want one", len(all))
	}
	return all[0]
}

func notes(r investigation.Report) map[string]int {
	codes := map[string]int{}
	for _, n := range r.Notes {
		codes[n.Code]++
	}
	return codes
}

// near reports whether a value is within a tenth of another.
func near(got, want float64) bool { return math.Abs(got-want) <= 0.1*math.Abs(want) }

// The story that started it all: a login is asked for ten times as often as usual for 35 minutes.
func TestTenfoldLoginIsToldOnce(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	at := now - 3*day + 2*hour - 8*minute // Friday 13:52
	w.flows[0].rate = during(w.flows[0].rate, at, at+35*minute, 10)
	r := investigate(t, w.service(), askLately("auth"))
	f := only(t, r)
	if f.Resource != "POST /login" || f.Tag != "resource_name:post_/login" || f.Signal != investigation.Requests || f.Kind != anomaly.Spike {
		t.Errorf("%s (%s): %s %s", f.Resource, f.Tag, f.Signal, f.Kind)
	}
	if f.Start != at || f.End != at+35*minute || f.Resolution != minute {
		t.Errorf("from %s to %s, by %d s", timeseries.Format(f.Start), timeseries.Format(f.End), f.Resolution)
	}
	if !near(f.Ratio, 10) || !near(f.Observed, 10*f.Expected) || !near(f.Observed/5, 10*steady(100)(at)) {
		t.Errorf("%v times: %v a bucket, and usually %v", f.Ratio, f.Observed, f.Expected)
	}
	if len(f.Contributors) == 0 || f.Contributors[0].Name != "POST /login" || !near(f.Contributors[0].Share, 1) {
		t.Errorf("carried by %v", f.Contributors)
	}
	if want := "sum:trace.http.request.hits{service:auth,env:prod,resource_name:post_/login}.as_count()"; f.Query != want {
		t.Errorf("the query is %s", f.Query)
	}
	if len(f.Statuses) == 0 || f.Statuses[0].Name != "2xx" {
		t.Errorf("statuses %v", f.Statuses)
	}
	// What follows from it is known, and not told again.
	hidden := map[string]int{}
	for _, f := range r.Findings {
		hidden[f.Hidden]++
	}
	if hidden["part of POST /login"] == 0 || hidden["follows the requests"] == 0 {
		t.Errorf("hidden: %v", hidden)
	}
}

func TestErrorBurstAfterARelease(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	at := now - 5*day + 3*hour + 7*minute
	for _, f := range w.flows {
		f.version = func(t int64) string {
			if t >= at-7*minute {
				return "1.1"
			}
			return "1.0"
		}
	}
	w.flows[1].fail = during(w.flows[1].fail, at, at+40*minute, 60)
	f := only(t, investigate(t, w.service(), ask("auth")))
	if f.Resource != "GET /session" || f.Signal != investigation.ErrorRate || f.Kind != anomaly.Burst {
		t.Errorf("%s: %s %s", f.Resource, f.Signal, f.Kind)
	}
	if f.Start != at || f.End != at+40*minute || !near(f.Observed, .12) || !near(f.Contributors[0].Share, 1) {
		t.Errorf("%v from %s to %s, carried by %v", f.Observed, timeseries.Format(f.Start), timeseries.Format(f.End), f.Contributors)
	}
	if len(f.Statuses) == 0 || f.Statuses[0].Name != "5xx" || len(f.Versions) == 0 || f.Versions[0].Name != "1.1" {
		t.Errorf("statuses %v, versions %v", f.Statuses, f.Versions)
	}
	if len(f.Nearby) == 0 || f.Nearby[0].Kind != timeseries.Deployment || f.Nearby[0].Version != "1.1" || f.Nearby[0].At != at-7*minute {
		t.Errorf("nearby: %+v", f.Nearby)
	}
}

// An endpoint that fails and is asked for more carries the error rate of all,
// although the others are fewer of the requests than they were.
func TestErrorsAreThoseOfWhoFails(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	at := now - 2*day + 7*minute
	w.flows[0].rate = during(w.flows[0].rate, at, at+35*minute, 8)
	w.flows[0].fail = during(w.flows[0].fail, at, at+35*minute, 100)
	q := askLately("auth")
	q.Signals = []investigation.Signal{investigation.Errors}
	f := only(t, investigate(t, w.service(), q))
	if f.Resource != "POST /login" || f.Signal != investigation.ErrorRate || !near(f.Contributors[0].Share, 1) {
		t.Errorf("%s %s, carried by %v", f.Resource, f.Signal, f.Contributors)
	}
}

// What all endpoints have in common is told once, of the service.
func TestHappeningsOfAllEndpoints(t *testing.T) {
	t.Parallel()
	ago := func(days int64) int64 { return now - days*day + 2*hour - 8*minute }
	w := &world{flows: auth()}
	for _, f := range w.flows {
		f.rate = during(f.rate, ago(12), ago(12)+30*minute, 0)
		f.rate = during(f.rate, ago(10), ago(10)+hour, .4)
		f.fail = during(f.fail, ago(7), ago(7)+25*minute, 50)
		f.slow = during(f.slow, ago(5), ago(5)+50*minute, 4)
		f.rate = during(f.rate, ago(3), now, 1.8)
	}
	told := map[int64]investigation.Finding{}
	for _, f := range shown(investigate(t, w.service(), ask("auth"))) {
		told[(now-f.Start)/day+1] = f
		if f.Resource != "" || f.Tag != "" {
			t.Errorf("%s %s %s is told of an endpoint", f.Resource, f.Signal, f.Kind)
		}
	}
	for _, c := range []struct {
		days    int64
		signal  investigation.Signal
		kinds   []anomaly.Kind
		seconds int64 // 0: it goes on
		ratio   float64
		carries string
	}{
		{12, investigation.Requests, []anomaly.Kind{anomaly.Silence}, 1800, 0, "GET /session"},
		{10, investigation.Requests, []anomaly.Kind{anomaly.Drop}, 3600, .4, "GET /session"},
		{7, investigation.ErrorRate, []anomaly.Kind{anomaly.Burst}, 1500, 50, "GET /session"},
		{5, investigation.Latency, []anomaly.Kind{anomaly.Spike}, 3000, 4, "POST /login"},
		{3, investigation.Requests, []anomaly.Kind{anomaly.Shift, anomaly.Drift}, 0, 1.8, "GET /session"},
	} {
		f, there := told[c.days]
		if !there || len(told) != 5 || f.Signal != c.signal || !slices.Contains(c.kinds, f.Kind) || (f.End == 0) != (c.seconds == 0) {
			t.Errorf("%d days ago, of %d findings: %s %s, open %v", c.days, len(told), f.Signal, f.Kind, f.Open)
			continue
		}
		if d := f.Start - ago(c.days); d < -300 || d > 300 || c.seconds > 0 && (f.End-f.Start-c.seconds > 300 || f.End-f.Start-c.seconds < -300) {
			t.Errorf("%s began %d s late, and took %d s", f.Kind, d, f.End-f.Start)
		}
		if f.Ratio < 0.75*c.ratio || f.Ratio > 1.25*c.ratio {
			t.Errorf("%s: %v times", f.Kind, f.Ratio)
		}
		if len(f.Contributors) < 4 || f.Contributors[0].Name != c.carries {
			t.Errorf("%s is carried by %v", f.Kind, f.Contributors)
		}
	}
}

func TestNewAndGoneEndpoints(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	at := now - 4*day + 2*hour - 8*minute
	token := *w.flows[2]
	token.endpoint, token.rate = "post_/token", during(steady(60), 0, at, 0)
	w.flows = append(w.flows, &token)
	w.flows[3].rate = during(w.flows[3].rate, at+day, now, 0)
	kinds := map[string]investigation.Finding{}
	for _, f := range shown(investigate(t, w.service(), ask("auth"))) {
		kinds[f.Resource+" "+string(f.Kind)] = f
	}
	if f, told := kinds["POST /token new"]; !told || len(kinds) != 2 || f.Start != at || f.End != 0 {
		t.Errorf("%d findings: %v", len(kinds), kinds)
	}
	if f, told := kinds["POST /logout gone"]; !told || f.End != 0 || f.Observed != 0 {
		t.Errorf("gone from %d to %d", f.Start, f.End)
	}
}

func TestCalmServiceShowsNothing(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth()}
	for i := range 9 {
		quiet := *w.flows[0]
		quiet.endpoint = "get_/things/" + string(rune('a'+i))
		quiet.rate = steady(40 / math.Pow(2, float64(i))) // down to one in five minutes
		w.flows = append(w.flows, &quiet)
	}
	r := investigate(t, w.service(), ask("auth"))
	for _, f := range shown(r) {
		t.Errorf("%s %s %s over %s: %v against %v, score %v", f.Resource, f.Signal, f.Kind, f.Span, f.Observed, f.Expected, f.Score)
	}
	if r.Endpoints != 14 || r.Known != 14 || len(r.Places) != 1 || r.Step != 300 || r.History > r.Span.Start-28*day {
		t.Errorf("%d of %d endpoints of %v, every %d s since %s", r.Endpoints, r.Known, r.Places, r.Step, timeseries.Format(r.History))
	}
	if len(r.Notes) != 0 {
		t.Errorf("notes: %v", r.Notes)
	}
}

func TestLegacyLatency(t *testing.T) {
	t.Parallel()
	w := &world{flows: auth(), legacy: true}
	at := now - 2*day
	w.flows[0].slow = during(w.flows[0].slow, at, at+50*minute, 4)
	q := askLately("auth")
	q.Signals = []investigation.Signal{investigation.Latency}
	f := only(t, investigate(t, w.service(), q))
	if f.Resource != "POST /login" || f.Signal != investigation.Latency || !near(f.Observed, .48) || !near(f.Expected, .12) {
		t.Errorf("%s %s: %v against %v s", f.Resource, f.Signal, f.Observed, f.Expected)
	}
	if want := "sum:trace.http.request.duration{service:auth,env:prod,resource_name:post_/login}.rollup(sum) / sum:trace.http.request.hits{service:auth,env:prod,resource_name:post_/login}.as_count()"; f.Query != want {
		t.Errorf("the query is %s", f.Query)
	}
}
