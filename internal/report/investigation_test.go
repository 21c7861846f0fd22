package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// tuesday is 2026-11-10T13:52:00Z.
const tuesday = int64(1_794_318_720)

// looked is the fortnight around it, learned from the four weeks before.
var looked = timeseries.Span{Start: tuesday - tuesday%aDay - aDay, End: tuesday - tuesday%aDay + 13*aDay}

var auth = apm.Place{Service: "auth", Env: "prod", Operation: apm.Operation{Name: "http.request"}, Requests: 1e7}

// found is a finding of POST /login with values a bucket of five minutes.
func found(signal investigation.Signal, kind anomaly.Kind, observed, expected, wobble float64, change func(*investigation.Finding)) investigation.Finding {
	f := investigation.Finding{
		Place: auth, Resource: "POST /login", Tag: "resource_name:post_/login", Signal: signal, Step: 300,
		Finding: anomaly.Finding{
			Kind: kind, Span: timeseries.Span{Start: tuesday - 120, End: tuesday + 2280}, Observed: observed, Expected: expected, Wobble: wobble,
			Peak: observed, Ratio: observed / expected, Score: 61.4, Record: 1.8,
		},
		Start: tuesday, End: tuesday + 35*60, Resolution: 60, Shown: true,
		Query: "sum:trace.http.request.hits{service:auth,env:prod,resource_name:post_/login}.as_count()",
	}
	if change != nil {
		change(&f)
	}
	return f
}

func investigated(findings ...investigation.Finding) report.InvestigationReport {
	return report.InvestigationReport{
		Report: investigation.Report{
			Span: looked, History: looked.Start - 28*aDay, Step: 300, Places: []apm.Place{auth}, Endpoints: 23, Known: 23, Findings: findings,
		},
		Services: []string{"auth"}, At: time.Unix(looked.End, 0), Site: "datadoghq.com",
		Link: func(f investigation.Finding) string {
			return "https://app.datadoghq.com/apm/traces?query=service:" + f.Place.Service
		},
	}
}

// sentenceOf is the only sentence of a document.
func sentenceOf(t *testing.T, i report.InvestigationReport) string {
	t.Helper()
	items := report.Investigation(i).Items
	if len(items) != 1 {
		t.Fatalf("%d items, want one", len(items))
	}
	return items[0].Text
}

func open(f *investigation.Finding)    { f.End, f.Open = 0, true }
func lasting(f *investigation.Finding) { f.End, f.Lasting = 0, true }
func ofDays(f *investigation.Finding)  { lasting(f); f.Span.End = f.Span.Start + 5*aDay }
func whole(f *investigation.Finding)   { f.Resource, f.Tag = "", "" }

func TestInvestigationSentences(t *testing.T) {
	t.Parallel()
	const (
		requests = investigation.Requests
		errors   = investigation.Errors
		rate     = investigation.ErrorRate
		latency  = investigation.Latency
	)
	const at = ", from 13:52 to 14:27 UTC on 10 Nov"
	const from = " since 13:52 UTC on 10 Nov"
	const since = "," + from + ", still going on"
	const stayed = "," + from + ", and it stayed"
	for _, c := range []struct {
		f    investigation.Finding
		want string
	}{
		{found(requests, anomaly.Spike, 5150, 500, 60, nil), "POST /login: requests 10.3 times the usual for a Tuesday 14:00 (1,030 a minute against 100 ± 12)" + at},
		{found(requests, anomaly.Spike, 5150, 500, 60, whole), "auth: requests 10.3 times the usual for a Tuesday 14:00 (1,030 a minute against 100 ± 12)" + at},
		{found(requests, anomaly.Spike, 5150, 500, 60, open), "POST /login: requests 10.3 times the usual for a Tuesday 13:00 (1,030 a minute against 100 ± 12)" + since},
		{found(requests, anomaly.Spike, 60, 0, 0, nil), "POST /login: requests where none are usual for a Tuesday 14:00 (12 a minute)" + at},
		{found(requests, anomaly.Spike, 600, 500, 0, nil), "POST /login: requests 20% above the usual for a Tuesday 14:00 (120 a minute against 100)" + at},
		{found(requests, anomaly.Spike, 3, 1, 0.5, nil), "POST /login: requests 3.0 times the usual for a Tuesday 14:00 (36 an hour against 12 ± 6)" + at},
		{found(requests, anomaly.Spike, 0.05, 0.01, 0, nil), "POST /login: requests 5.0 times the usual for a Tuesday 14:00 (14.4 a day against 2.88)" + at},
		{found(requests, anomaly.Spike, 5e6, 5, 0, nil), "POST /login: requests more than 1,000 times the usual for a Tuesday 14:00 (1,000,000 a minute against 1)" + at},
		{found(requests, anomaly.Spike, 5e6, 5e3, 0, nil), "POST /login: requests 1,000 times the usual for a Tuesday 14:00 (1,000,000 a minute against 1,000)" + at},
		{found(requests, anomaly.Spike, 500, timeseries.Missing, 0, nil), "POST /login: requests unusual (100 a minute; what is usual is not known)" + at},
		{found(requests, anomaly.Spike, timeseries.Missing, 500, 0, nil), "POST /login: requests unusual, of unknown size" + at},
		{found(requests, anomaly.Spike, 3, 1, 1.5, nil), "POST /login: requests 3.0 times the usual for a Tuesday 14:00 (36 an hour against 12)" + at},
		{found(requests, anomaly.Drop, 105, 500, 60, nil), "POST /login: requests down to 21% of the usual for a Tuesday 14:00 (21 a minute against 100 ± 12)" + at},
		{found(requests, anomaly.Drop, 0, 500, 60, nil), "POST /login: no requests where 100 ± 12 a minute are usual for a Tuesday 14:00" + at},
		{found(requests, anomaly.Drop, 480, 500, 60, nil), "POST /login: requests 4% below the usual for a Tuesday 14:00 (96 a minute against 100 ± 12)" + at},
		{found(requests, anomaly.Silence, 0, 500, 60, nil), "POST /login: no requests where 100 ± 12 a minute are usual for a Tuesday 14:00" + at},
		{found(requests, anomaly.Shift, 1050, 500, 60, open), "POST /login: requests shifted to 2.1 times the level before (210 a minute against 100 ± 12)" + since},
		{found(requests, anomaly.Shift, 1050, 500, 60, lasting), "POST /login: requests shifted to 2.1 times the level before (210 a minute against 100 ± 12)" + stayed},
		{found(latency, anomaly.Drift, 0.3, 0.15, 0.012, lasting), "POST /login: mean latency rose slowly to 2.0 times the level before (300 ms against 150 ± 12 ms)" + stayed},
		{found(latency, anomaly.Drift, 0.3, 0.15, 0.012, ofDays), "POST /login: mean latency rose slowly to 2.0 times the level before (300 ms in the newest day against 150 ± 12 ms)" + stayed},
		{found(requests, anomaly.Drift, 900, 500, 60, ofDays), "POST /login: requests rose slowly to 1.8 times the level before (180 a minute in the newest day against 100 ± 12)" + stayed},
		{found(requests, anomaly.New, 600, 0, 0, lasting), "POST /login: new" + from + ", 120 requests a minute where there were none before"},
		{found(requests, anomaly.Gone, 0, 500, 60, nil), "POST /login: gone, no requests where there were 100 ± 12 a minute before" + at},
		{found(requests, anomaly.Shift, 300, 500, 60, open), "POST /login: requests shifted to 60% of the level before (60 a minute against 100 ± 12)" + since},
		{found(requests, anomaly.Shift, 60, 0, 0, open), "POST /login: requests where there were none before (12 a minute)" + since},
		{found(requests, anomaly.Shift, 0, 500, 60, open), "POST /login: no requests where there were 100 ± 12 a minute before" + since},
		{found(requests, anomaly.Drift, 900, 500, 60, func(f *investigation.Finding) { f.End = tuesday + 3*aDay }), "POST /login: requests rose slowly to 1.8 times the level before (180 a minute against 100 ± 12), from 13:52 UTC on 10 Nov to 13:52 UTC on 13 Nov"},
		{found(requests, anomaly.Drift, 300, 500, 60, open), "POST /login: requests fell slowly to 60% of the level before (60 a minute against 100 ± 12)" + since},
		{found(requests, anomaly.New, 600, 0, 0, open), "POST /login: new" + from + ", 120 requests a minute where there were none before"},
		{found(requests, anomaly.New, 5, 0, 0, nil), "POST /login: new, 1 request a minute where there were none before" + at},
		{found(requests, anomaly.Gone, 0, 500, 60, open), "POST /login: gone" + from + ", no requests where there were 100 ± 12 a minute before"},
		{found(errors, anomaly.Spike, 200, 50, 5, nil), "POST /login: errors 4.0 times the usual for a Tuesday 14:00 (40 a minute against 10 ± 1)" + at},
		{found(errors, anomaly.Drop, 10, 50, 5, nil), "POST /login: errors down to 20% of the usual for a Tuesday 14:00 (2 a minute against 10 ± 1)" + at},
		{found(errors, anomaly.Silence, 0, 50, 5, nil), "POST /login: no errors where 10 ± 1 a minute are usual for a Tuesday 14:00" + at},
		{found(errors, anomaly.Shift, 200, 50, 5, nil), "POST /login: errors shifted to 4.0 times the level before (40 a minute against 10 ± 1)" + at},
		{found(errors, anomaly.Drift, 100, 50, 5, nil), "POST /login: errors rose slowly to 2.0 times the level before (20 a minute against 10 ± 1)" + at},
		{found(errors, anomaly.New, 50, 0, 0, open), "POST /login: new" + from + ", 10 errors a minute where there were none before"},
		{found(errors, anomaly.Gone, 0, 50, 5, open), "POST /login: gone" + from + ", no errors where there were 10 ± 1 a minute before"},
		{found(rate, anomaly.Burst, 0.041, 0.003, 0.001, nil), "POST /login: burst of errors, error rate 13.7 times the usual for a Tuesday 14:00 (4.1% against 0.3% ± 0.1%)" + at},
		{found(errors, anomaly.Burst, 0.041, 0.003, 0.001, whole), "auth: burst of errors, error rate 13.7 times the usual for a Tuesday 14:00 (4.1% against 0.3% ± 0.1%)" + at},
		{found(rate, anomaly.Burst, 0.041, 0, 0, nil), "POST /login: burst of errors where none are usual for a Tuesday 14:00 (4.1% of requests)" + at},
		{found(rate, anomaly.Spike, 0.041, 0, 0, nil), "POST /login: errors where none are usual for a Tuesday 14:00 (4.1% of requests)" + at},
		{found(rate, anomaly.Spike, 1, 0.5, 0.01, nil), "POST /login: error rate 2.0 times the usual for a Tuesday 14:00 (100% against 50% ± 1%)" + at},
		{found(rate, anomaly.Drop, 0.01, 0.1, 0.01, nil), "POST /login: error rate down to 10% of the usual for a Tuesday 14:00 (1% against 10% ± 1%)" + at},
		{found(rate, anomaly.Drop, 0, 0.1, 0.01, nil), "POST /login: error rate 0% where 10% ± 1% is usual for a Tuesday 14:00" + at},
		{found(rate, anomaly.Shift, 0.02, 0.01, 0.001, open), "POST /login: error rate shifted to 2.0 times the level before (2% against 1% ± 0.1%)" + since},
		{found(rate, anomaly.Shift, 0.02, 0, 0, open), "POST /login: errors where there were none before (2% of requests)" + since},
		{found(rate, anomaly.Drift, 0.02, 0.01, 0.001, open), "POST /login: error rate rose slowly to 2.0 times the level before (2% against 1% ± 0.1%)" + since},
		{found(latency, anomaly.Spike, 0.48, 0.15, 0.012, nil), "POST /login: mean latency 3.2 times the usual for a Tuesday 14:00 (480 ms against 150 ± 12 ms)" + at},
		{found(latency, anomaly.Spike, 4.8, 0.15, 0.012, nil), "POST /login: mean latency 32.0 times the usual for a Tuesday 14:00 (4.8 s against 0.15 ± 0.012 s)" + at},
		{found(latency, anomaly.Spike, 0.00048, 0.00015, 0, nil), "POST /login: mean latency 3.2 times the usual for a Tuesday 14:00 (480 µs against 150 µs)" + at},
		{found(latency, anomaly.Drop, 0.015, 0.15, 0.012, nil), "POST /login: mean latency down to 10% of the usual for a Tuesday 14:00 (15 ms against 150 ± 12 ms)" + at},
		{found(latency, anomaly.Shift, 0.3, 0.15, 0.012, open), "POST /login: mean latency shifted to 2.0 times the level before (300 ms against 150 ± 12 ms)" + since},
		{found(latency, anomaly.Drift, 0.3, 0.15, 0.012, open), "POST /login: mean latency rose slowly to 2.0 times the level before (300 ms against 150 ± 12 ms)" + since},
		{found(latency, anomaly.New, 0.3, 0, 0, open), "POST /login: new" + from + ", mean latency 300 ms"},
		{found(requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) { f.Short = true }), "POST /login: requests 10.3 times the level before (1,030 a minute against 100 ± 12)" + at},
		{found(requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) { f.End = tuesday + 5*3600 }), "POST /login: requests 10.3 times the usual for a Tuesday (1,030 a minute against 100 ± 12), from 13:52 to 18:52 UTC on 10 Nov"},
		{found(requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) { f.End = tuesday + aDay }), "POST /login: requests 10.3 times the usual (1,030 a minute against 100 ± 12), from 13:52 UTC on 10 Nov to 13:52 UTC on 11 Nov"},
		{found(requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) { f.End = tuesday }), "POST /login: requests 10.3 times the usual for a Tuesday 13:00 (1,030 a minute against 100 ± 12), at 13:52 UTC on 10 Nov"},
	} {
		i := investigated(c.f)
		if c.f.End == 0 && c.f.Kind == anomaly.Spike {
			i.Report.Span.End = tuesday + 600
		}
		if got := sentenceOf(t, i); got != c.want {
			t.Errorf("%s %s %v against %v:\n got %s\nwant %s", c.f.Signal, c.f.Kind, c.f.Observed, c.f.Expected, got, c.want)
		}
	}
}

// Times are those of the reader, with the year and both zones where one would not do.
func TestInvestigationClock(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(start, end string) investigation.Finding {
		return found(investigation.Requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) {
			f.Start, f.End = unix(t, start), unix(t, end)
		})
	}
	for _, c := range []struct {
		f    investigation.Finding
		want string
	}{
		{at("2026-11-10T13:52:00Z", "2026-11-10T14:27:00Z"), "for a Tuesday 15:00 (1,030 a minute against 100 ± 12), from 14:52 to 15:27 CET on 10 Nov"},
		{at("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"), "from 02:30 CEST to 02:30 CET on 25 Oct"},
		{at("2025-12-31T22:30:00Z", "2025-12-31T23:30:00Z"), "from 23:30 CET on 31 Dec 2025 to 00:30 CET on 1 Jan"},
	} {
		i := investigated(c.f)
		i.Zone = berlin
		if got := sentenceOf(t, i); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s\nwant it to end with %s", got, c.want)
		}
	}
}

func unix(t *testing.T, s string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.Unix()
}

// Services, operations and environments are named where there are several.
func TestInvestigationNames(t *testing.T) {
	t.Parallel()
	pay := apm.Place{Service: "pay", Env: "prod", Operation: apm.Operation{Name: "grpc.server"}}
	jobs := apm.Place{Service: "auth", Env: "prod", Operation: apm.Operation{Name: "sidekiq.job"}}
	staging := apm.Place{Service: "auth", Env: "staging", Operation: apm.Operation{Name: "http.request"}}
	f := found(investigation.Requests, anomaly.Spike, 5150, 500, 60, nil)
	service := found(investigation.Requests, anomaly.Spike, 5150, 500, 60, whole)
	for _, c := range []struct {
		f      investigation.Finding
		places []apm.Place
		want   string
	}{
		{f, []apm.Place{auth}, "POST /login: "},
		{f, []apm.Place{auth, pay}, "POST /login of auth: "},
		{f, []apm.Place{auth, jobs}, "POST /login (http.request): "},
		{f, []apm.Place{auth, pay, staging}, "POST /login of auth (prod): "},
		{service, []apm.Place{auth, jobs, staging}, "auth (http.request, prod): "},
		{service, nil, "auth: "},
	} {
		i := investigated(c.f)
		i.Report.Places = c.places
		if got := sentenceOf(t, i); !strings.HasPrefix(got, c.want) {
			t.Errorf("among %v: %s, want it to begin with %s", c.places, got, c.want)
		}
	}
}

// story is a report with everything in it.
func story() report.InvestigationReport {
	values := make([]float64, 144)
	low, high := make([]float64, len(values)), make([]float64, len(values))
	start := tuesday - 120 - 72*300
	for i := range values {
		usual := 500 + 150*math.Sin(float64(i)/30)
		values[i], low[i], high[i] = usual+40*math.Sin(float64(i)*1.7), usual-60, usual+60
		if i >= 72 && i < 80 {
			values[i] = 5150 - 90*float64(i%3)
		}
		if i >= 100 && i < 112 {
			values[i] = timeseries.Missing
		}
	}
	spike := found(investigation.Requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) {
		f.Largest = true
		f.Statuses = []investigation.Share{{Name: "4xx", Share: 0.97}, {Name: "2xx", Share: 0.03}}
		f.Versions = []investigation.Share{{Name: "2.41.0", Share: 0.998}, {Name: "2.40.3", Share: 0.002}}
		f.Costs = []investigation.Cost{
			{ID: "abc", Name: "auth availability", Percent: 11.2, Usual: 0.3, Weeks: 1, Timeframe: slo.ThirtyDays},
			{ID: "def", Name: "login latency", Percent: 0.004, Timeframe: slo.SevenDays},
			{ID: "ghi", Name: "not touched", Percent: 0, Timeframe: slo.SevenDays},
		}
		f.Nearby = []timeseries.Event{
			{At: tuesday - 600, Kind: timeseries.Deployment, Title: "deployment auth 2.41.0", Service: "auth", Version: "2.41.0"},
			{At: tuesday + 300, Kind: timeseries.MonitorAlert, Title: "[Triggered] login requests are high"},
		}
		f.Chart = investigation.Chart{Series: timeseries.Series{Start: start, Step: 300, Values: values}, Low: low, High: high}
	})
	burst := found(investigation.ErrorRate, anomaly.Burst, 0.041, 0.003, 0.001, func(f *investigation.Finding) {
		whole(f)
		open(f)
		f.Start, f.Resolution, f.Record, f.Score = tuesday+2*aDay, 300, 0.4, 12
		f.Contributors = []investigation.Share{
			{Name: "GET /session", Share: 0.83}, {Name: "POST /login", Share: 0.21}, {Name: "GET /me", Share: 0.004}, {Name: "DELETE /session", Share: -0.03}, {Name: "PUT /me", Share: -0.014},
		}
		f.Query = "sum:trace.http.request.errors{service:auth,env:prod}.as_count()"
	})
	gone := found(investigation.Requests, anomaly.Gone, 0, 45, 6, func(f *investigation.Finding) {
		lasting(f)
		f.Resource, f.Tag, f.Score, f.Record = "GET /v1/session", "resource_name:get_/v1/session", 45, 45 // what is gone has no other hours
	})
	small := found(investigation.Latency, anomaly.Shift, 0.168, 0.15, 0.01, func(f *investigation.Finding) {
		f.Small, f.Shown, f.Hidden = true, false, "small"
	})
	part := found(investigation.Requests, anomaly.Spike, 6150, 1500, 160, func(f *investigation.Finding) {
		whole(f)
		f.Shown, f.Hidden = false, "part of POST /login"
	})
	i := investigated(spike, burst, gone, part, small)
	i.Charts = true
	i.Report.Notes = []slo.Note{{Code: "env_chosen", Text: "env prod was chosen; there are also staging and dev"}}
	return i
}

func hostileStory() report.InvestigationReport {
	i := investigated(
		found(investigation.Requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) {
			f.Resource = "\x1b[2JGET /<script>alert(1)</script>|`x`\r\n::error::" + strings.Repeat("very-long/", 30)
			f.Query = "sum:trace.http.request.hits{resource_name:`\x1b[2J`}"
			f.Nearby = []timeseries.Event{{At: tuesday, Kind: timeseries.OtherEvent, Title: "```\n# \u202egnp ##[error] =1+1"}}
			f.Contributors = []investigation.Share{{Name: "=cmd()", Share: timeseries.Missing}, {Name: "*a*", Share: 1}}
			f.Chart = investigation.Chart{Series: timeseries.Series{Start: tuesday - 120, Step: 300, Values: []float64{1, math.Inf(1), timeseries.Missing, 3, 2, 1, 1, 1}}}
		}),
		found(investigation.Latency, anomaly.Shift, 0.3, 0.15, 0.012, func(f *investigation.Finding) {
			f.Resource, f.Place.Service = "ログイン認証の可用性（東京リージョン）を確認する", "認証サービス"
			f.Score, f.Record = math.Inf(1), timeseries.Missing
		}),
	)
	i.Charts = true
	i.Link = func(investigation.Finding) string { return "javascript:alert(1)" }
	return i
}

func exported() report.InvestigationReport {
	f := found(investigation.Requests, anomaly.Spike, 41.5, 20, 1.5, func(f *investigation.Finding) {
		f.Place, f.Resource, f.Tag, f.Query, f.Step = apm.Place{}, "", "", "", 60
	})
	i := investigated(f)
	i.Report.Places, i.Report.Known, i.Report.Endpoints, i.Services = nil, 0, 0, nil
	i.Exported, i.Site, i.At, i.Link = true, "", time.Time{}, nil
	i.Scores = []float64{0, 0.5, timeseries.Missing, 1}
	i.Report.Notes = []slo.Note{{Code: "warm_up", Text: "the first 1,440 rows are warm-up: their scores are 0"}}
	return i
}

func investigations() map[string]report.InvestigationReport {
	all := story()
	all.All = true
	onlySmall := story()
	onlySmall.Report.Findings = onlySmall.Report.Findings[4:]
	several := investigated()
	several.Report.Places = append(several.Report.Places, apm.Place{Service: "pay", Env: "prod"}, apm.Place{Service: "cart", Env: "prod"}, apm.Place{Service: "search", Env: "prod"})
	several.Report.Known, several.Services, several.Signals = 2400, nil, []investigation.Signal{investigation.Latency}
	none := investigated()
	none.Report.History = 0
	return map[string]report.InvestigationReport{
		"story": story(), "all": all, "small": onlySmall, "nothing": investigated(), "several": several, "no-history": none,
		"hostile": hostileStory(), "exported": exported(),
	}
}

func rendered(t *testing.T, d document.Document, format string, o render.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, format, d, o); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

// goldenOf compares with a file below testdata, or writes it when SLO_UPDATE is 1.
func goldenOf(t *testing.T, folder, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", folder, name)
	if os.Getenv("SLO_UPDATE") == "1" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestInvestigationGolden(t *testing.T) {
	t.Parallel()
	for name, i := range investigations() {
		d := report.Investigation(i)
		goldenOf(t, "investigate", name+".txt", rendered(t, d, render.FormatTable, render.Options{Width: 100}))
		goldenOf(t, "investigate", name+".json", rendered(t, d, render.FormatJSON, render.Options{}))
	}
	d := report.Investigation(story())
	for _, width := range []int{0, 80, 120} {
		goldenOf(t, "investigate", fmt.Sprintf("story-%d.txt", width), rendered(t, d, render.FormatTable, render.Options{Width: width}))
	}
	goldenOf(t, "investigate", "story-ascii.txt", rendered(t, d, render.FormatTable, render.Options{Width: 100, ASCII: true}))
	goldenOf(t, "investigate", "story-color.txt", rendered(t, d, render.FormatTable, render.Options{Width: 100, Color: true}))
	goldenOf(t, "investigate", "story.md", rendered(t, d, render.FormatMarkdown, render.Options{}))
	goldenOf(t, "investigate", "story.html", rendered(t, d, render.FormatHTML, render.Options{}))
	goldenOf(t, "investigate", "story.csv", rendered(t, d, render.FormatCSV, render.Options{}))
	hostile := report.Investigation(hostileStory())
	goldenOf(t, "investigate", "hostile.md", rendered(t, hostile, render.FormatMarkdown, render.Options{}))
	goldenOf(t, "investigate", "hostile.html", rendered(t, hostile, render.FormatHTML, render.Options{}))
}

// CSV has every finding, also those that people do not see, in whole numbers.
func TestInvestigationCSV(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(bytes.NewReader(rendered(t, report.Investigation(story()), render.FormatCSV, render.Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 6 {
		t.Fatalf("%d lines, want a heading and five findings", len(rows))
	}
	got := map[string]string{}
	for i, key := range rows[0] {
		got[key] = rows[1][i]
	}
	for key, want := range map[string]string{
		"rank": "1", "service": "auth", "resource": "POST /login", "signal": "requests", "kind": "spike", "observed": "1030", "expected": "100", "spread": "12",
		"ratio": "10.3", "unit": "per_minute", "start": "2026-11-10T13:52:00Z", "end": "2026-11-10T14:27:00Z", "budget_percent": "11.2", "shown": "true",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
}

func TestUnusualLine(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)
	const command = "slo investigate --from 2026-11-09"
	for n, want := range map[int]string{
		0: "", 1: "1 unusual signal since 9 Nov: " + command, 3: "3 unusual signals since 9 Nov: " + command,
	} {
		if got := report.UnusualLine(n, since, command); got != want {
			t.Errorf("UnusualLine(%d) = %q, want %q", n, got, want)
		}
	}
}

// What is unknown is null, and so is what is no number.
func TestInvestigationJSONUnknown(t *testing.T) {
	t.Parallel()
	i := investigated(found(investigation.Requests, anomaly.Spike, timeseries.Missing, 0, 0, func(f *investigation.Finding) {
		open(f)
		whole(f)
		f.Step, f.Score, f.Record, f.Resolution, f.Query = 0, timeseries.Missing, math.Inf(1), 0, ""
		f.Costs = []investigation.Cost{{ID: "a", Name: "a", Percent: timeseries.Missing}}
	}))
	var doc struct{ Anomalies []map[string]any }
	if err := json.Unmarshal(rendered(t, report.Investigation(i), render.FormatJSON, render.Options{}), &doc); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"resource", "tag", "end", "observed", "ratio", "score", "record", "resolution", "query", "hidden"} {
		if v, there := doc.Anomalies[0][field]; !there || v != nil {
			t.Errorf("%s is %v, want null", field, v)
		}
	}
	cost := doc.Anomalies[0]["budget_spent"].([]any)[0].(map[string]any)
	if cost["percent"] != nil {
		t.Errorf("a cost that is not known is %v", cost["percent"])
	}
}
