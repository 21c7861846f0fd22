package datadog_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// historyWeek is the window of the fixtures.
var historyWeek = timeseries.Span{Start: 1772020800, End: 1772625600}

func TestHistoryOfMonitors(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, fixture(t, "v1/slo_history_monitor.json")))
	const id = "33333333333333333333333333333333"
	got, err := client.History(t.Context(), slo.HistoryRequest{ID: id, Window: historyWeek, Uncorrected: true, Target: target(t, "99.0")})
	if err != nil {
		t.Fatal(err)
	}
	// Figures are those of the wire, transitions in its order.
	want := slo.History{
		Window: historyWeek, Type: slo.Monitor,
		Overall: slo.Track{
			Name: "login page is up", Preview: true, Decimals: 2, Attainment: slo.Known(99.65277862548828), Remaining: slo.Known(65.278),
			Transitions: []slo.Transition{{At: 1772000008, State: slo.Up}, {At: 1772100008, State: slo.Down}, {At: 1772102108, State: slo.Up}, {At: 1772200023, State: slo.Silent}},
		},
		Monitors: []slo.Track{
			{
				Name: "login answers", Decimals: 2, Attainment: slo.Known(99.65277862548828),
				Transitions: []slo.Transition{{At: 1772000008, State: slo.Up}, {At: 1772100008, State: slo.Down}, {At: 1772102108, State: slo.Up}},
			},
			{
				Name: "login shows", MonitorID: 112445446, Decimals: 2, Attainment: slo.Known(100),
				Transitions: []slo.Transition{{At: 1772020800, State: slo.Up}, {At: 1772200023, State: slo.Silent}},
			},
		},
		Groups: []slo.Track{
			{Name: "env:prod", Decimals: 2, Attainment: slo.Known(100), Transitions: []slo.Transition{{At: 1772020800, State: slo.Up}}},
			{Name: "env:staging", Problem: "No results found for this monitor (NO_RESULTS)", Erred: true},
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	r := server.requests[0]
	if r.URL.Path != "/api/v1/slo/"+id+"/history" || r.URL.RawQuery != "apply_correction=false&from_ts=1772020800&target=99&to_ts=1772625600" {
		t.Errorf("asked for %s", r.URL)
	}
	if client.Counts()[datadog.CallHistory] != 1 {
		t.Errorf("counts %v", client.Counts())
	}
}

func TestHistoryOfMetrics(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, fixture(t, "v1/slo_history_metric.json")))
	got, err := client.History(t.Context(), slo.HistoryRequest{ID: "11111111111111111111111111111111", Window: historyWeek, Target: target(t, "15")})
	if err != nil {
		t.Fatal(err)
	}
	want := slo.History{
		Window: historyWeek, Type: slo.Metric, Good: slo.Known(458420286000), Valid: slo.Known(2633484600000),
		Overall: slo.Track{Decimals: 5, Attainment: slo.Known(17.407365359189875), Remaining: slo.Known(2.832)},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if q := server.requests[0].URL.Query(); q.Has("apply_correction") || q.Get("target") != "15" {
		t.Errorf("asked for %s", server.requests[0].URL)
	}
}

func TestHistoryWithoutData(t *testing.T) {
	t.Parallel()
	client, _ := connect(t, always(200, fixture(t, "v1/slo_history_no_data.json")))
	got, err := client.History(t.Context(), slo.HistoryRequest{ID: "22222222222222222222222222222222", Window: historyWeek})
	if err != nil {
		t.Fatal(err)
	}
	want := slo.History{
		Window: historyWeek, Type: slo.Metric, Good: slo.Known(0), Valid: slo.Known(0),
		Overall: slo.Track{Decimals: 2, Problem: "The denominator is zero valued (ZERO_VALUED_DENOMINATOR)", Erred: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// history is an answer about the SLO "x" over the week, with more fields.
func history(overall, more string) string {
	return `{"data":{"from_ts":1772020800,"to_ts":1772625600,"type":"monitor","overall":` + overall + more + `},"errors":null}`
}

func TestTracks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, overall string
		target        string
		want          slo.Track
	}{
		{"nothing is known", `{}`, "", slo.Track{Decimals: -1}},
		{"nulls", `{"name":null,"history":null,"sli_value":null,"uptime":null,"errors":null,"precision":null,"span_precision":null,"preview":null,"error_budget_remaining":null}`, "", slo.Track{Decimals: -1}},
		{"an empty history", `{"history":[]}`, "", slo.Track{Decimals: -1, Transitions: []slo.Transition{}}},
		{"zero is a figure", `{"sli_value":0,"precision":{"7d":3}}`, "", slo.Track{Decimals: 3, Attainment: slo.Known(0)}},
		{"text for the figure", `{"sli_value":"99.9","uptime":99.9}`, "", slo.Track{Decimals: -1, Problem: `sli_value is "99.9", which is not a number`}},
		{"text for the figure, in words", `{"sli_value":"N/A"}`, "", slo.Track{Decimals: -1, Problem: `sli_value is "N/A", which is not a number`}},
		{"a figure beside an error that voids it", `{"sli_value":0,"errors":[{"error_type":"NO_RESULTS","error_message":"none"}]}`, "", slo.Track{Decimals: -1, Problem: "none (NO_RESULTS)", Erred: true}},
		{"a figure beside another error", `{"sli_value":50,"errors":[{"error_type":"SLOW","error_message":"took long"},"and text",null,{}]}`, "", slo.Track{Decimals: -1, Attainment: slo.Known(50), Erred: true, Problem: "took long (SLOW); and text; {}"}},
		{"no figure and only a state", `{"state":"no_data"}`, "", slo.Track{Decimals: -1, Problem: "the state is no_data"}},
		{"numbers in other notations", `{"history":[[1.7720208e9,1.0],["1772020860","2"]],"span_precision":2.0}`, "", slo.Track{Decimals: 2, Transitions: []slo.Transition{{At: 1772020800, State: slo.Down}, {At: 1772020860, State: slo.Silent}}}},
		{"transitions out of order stay so", `{"history":[[1772020860,1],[1772020800,0],[1772020800,0]]}`, "", slo.Track{Decimals: -1, Transitions: []slo.Transition{{At: 1772020860, State: slo.Down}, {At: 1772020800}, {At: 1772020800}}}},
		{"the budget of the window", `{"sli_value":99,"error_budget_remaining":{"7d":10,"30d":20,"custom":30}}`, "", slo.Track{Decimals: -1, Attainment: slo.Known(99), Remaining: slo.Known(10)}},
		{"the budget of the target", `{"sli_value":99,"error_budget_remaining":{"7d":10,"30d":20,"custom":30}}`, "98", slo.Track{Decimals: -1, Attainment: slo.Known(99), Remaining: slo.Known(30)}},
		{"the budget of the same target", `{"sli_value":99,"error_budget_remaining":{"7d":10}}`, "99", slo.Track{Decimals: -1, Attainment: slo.Known(99), Remaining: slo.Known(10)}},
		{"the budget of another target", `{"sli_value":99,"error_budget_remaining":{"7d":10}}`, "98", slo.Track{Decimals: -1, Attainment: slo.Known(99)}},
		{"text for the budget", `{"sli_value":99,"error_budget_remaining":{"7d":"much"}}`, "", slo.Track{Decimals: -1, Attainment: slo.Known(99), Problem: `error_budget_remaining is "much", which is not a number`}},
		{"a target of 100 has no budget", `{"sli_value":99}`, "100", slo.Track{Decimals: -1, Attainment: slo.Known(99)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := connect(t, always(200, history(tt.overall, `,"thresholds":{"7d":{"target":99.0}}`)))
			r := slo.HistoryRequest{ID: "x", Window: historyWeek}
			if tt.target != "" {
				r.Target = target(t, tt.target)
			}
			got, err := client.History(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Overall, cmp.AllowUnexported(slo.Figure{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if asked := server.requests[0].URL.Query().Get("target"); tt.target == "100" && asked != "" {
				t.Errorf("asked for the budget of the target %s", asked)
			}
		})
	}
}

func TestHistoriesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		kind       slo.DefectKind
		word       string
	}{
		{"a page", `<html>`, slo.Unavailable, "not JSON"},
		{"null", `null`, slo.Unavailable, "null"},
		{"nothing", `{}`, slo.Invalid, "no data"},
		{"data is null", `{"data":null,"errors":null}`, slo.Invalid, "no data"},
		{"data is a list", `{"data":[]}`, slo.Invalid, "reading the history"},
		{"an error beside it", `{"error":"try later","data":null}`, slo.Invalid, "try later"},
		{"errors as objects", `{"errors":[{"error":"too many groups"}],"data":{}}`, slo.Invalid, "too many groups"},
		{"errors with types", `{"errors":[{"error_type":"BAD","error_message":"too bad"}],"data":{}}`, slo.Invalid, "too bad"},
		{"errors in some new shape", `{"errors":[{"what":"new trouble"}],"data":{}}`, slo.Invalid, "new trouble"},
		{"another window", `{"data":{"from_ts":1772020800,"to_ts":1772625900,"overall":{}}}`, slo.Invalid, "window"},
		{"the window in milliseconds", `{"data":{"from_ts":1772020800000,"to_ts":1772625600000,"overall":{}}}`, slo.Invalid, "window"},
		{"no window", `{"data":{"overall":{}}}`, slo.Invalid, "window"},
		{"another SLO", history(`{}`, `,"slo":{"id":"y"}`), slo.Invalid, "for the SLO y"},
		{"no overall", history(`null`, ``), slo.Invalid, "overall is not an object"},
		{"overall is a number", history(`99.9`, ``), slo.Invalid, "overall is not an object"},
		{"history is an object", history(`{"history":{}}`, ``), slo.Invalid, "not a list of transitions"},
		{"a transition that is none", history(`{"history":[[1772020800,0],7]}`, ``), slo.Invalid, "transition number 2 is 7"},
		{"a transition of one", history(`{"history":[[1772020800]]}`, ``), slo.Invalid, "transition number 1"},
		{"a transition of three", history(`{"history":[[1772020800,0,1]]}`, ``), slo.Invalid, "transition number 1"},
		{"a transition is null", history(`{"history":[null]}`, ``), slo.Invalid, "transition number 1"},
		{"an unknown state", history(`{"history":[[1772020800,3]]}`, ``), slo.Invalid, "transition number 1"},
		{"a state in words", history(`{"history":[[1772020800,"OK"]]}`, ``), slo.Invalid, "transition number 1"},
		{"no state", history(`{"history":[[1772020800,null]]}`, ``), slo.Invalid, "transition number 1"},
		{"half a state", history(`{"history":[[1772020800,0.5]]}`, ``), slo.Invalid, "transition number 1"},
		{"a fraction of a second", history(`{"history":[[1772020800.5,0]]}`, ``), slo.Invalid, "transition number 1"},
		{"milliseconds", history(`{"history":[[1772020800000,0]]}`, ``), slo.Invalid, "transition number 1"},
		{"before time began", history(`{"history":[[-1,0]]}`, ``), slo.Invalid, "transition number 1"},
		{"a bad transition of a group", history(`{}`, `,"groups":[{"history":[]},{"name":"b","history":[[1,9]]}]`), slo.Invalid, "group number 2"},
		{"groups are no list", history(`{}`, `,"groups":{"a":{}}`), slo.Invalid, "groups is not a list"},
		{"a monitor is null", history(`{}`, `,"monitors":[null]`), slo.Invalid, "monitor number 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, tt.body))
			_, err := client.History(t.Context(), slo.HistoryRequest{ID: "x", Window: historyWeek})
			wantDefect(t, err, tt.kind, tt.word, "reading the history of the SLO x")
		})
	}
	client, server := connect(t, always(404, fixture(t, "v1/error_404.json")))
	_, err := client.History(t.Context(), slo.HistoryRequest{ID: "no/such", Window: historyWeek})
	wantDefect(t, err, slo.Invalid, "no/such", "404")
	wantNotFound(t, err)
	if p := server.requests[0].URL.EscapedPath(); !strings.HasSuffix(p, "/slo/no%2Fsuch/history") {
		t.Errorf("asked for %s", p)
	}
	for _, r := range []slo.HistoryRequest{{Window: historyWeek}, {ID: "x"}, {ID: "x", Window: timeseries.Span{Start: 5, End: 4}}} {
		client, server := connect(t, func(http.ResponseWriter, *http.Request) {})
		_, err := client.History(t.Context(), r)
		wantDefect(t, err, slo.Invalid, "want an id and a window")
		if server.calls() != 0 {
			t.Errorf("%+v was sent", r)
		}
	}
}

func TestTypesAndSumsOfHistories(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, fields string
		want         slo.History
	}{
		{"the number of a type", `"type_id":2`, slo.History{Type: slo.TimeSlice}},
		{"a type of the future", `"type":"quantum","type_id":9`, slo.History{Type: "quantum"}},
		{"no type", `"type_id":9`, slo.History{}},
		{"no series", `"type":"metric"`, slo.History{Type: slo.Metric}},
		{"no sums", `"type":"metric","series":{"numerator":{},"denominator":{"sum":null}}`, slo.History{Type: slo.Metric}},
		{"one sum", `"type":"metric","series":{"denominator":{"sum":126.5}}`, slo.History{Type: slo.Metric, Valid: slo.Known(126.5)}},
		{"text for a sum", `"type":"metric","series":{"numerator":{"sum":"84"},"denominator":{"sum":126.5}}`, slo.History{
			Type: slo.Metric, Valid: slo.Known(126.5), Overall: slo.Track{Problem: `series.numerator.sum is "84", which is not a number`},
		}},
		{"a series that is none", `"type":"metric","series":[]`, slo.History{Type: slo.Metric, Overall: slo.Track{Problem: "series has no numerator and denominator"}}},
		{"sums of something else", `"type":"monitor","series":{"numerator":{"sum":1},"denominator":{"sum":2}}`, slo.History{Type: slo.Monitor}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, always(200, `{"data":{"from_ts":1772020800,"to_ts":1772625600,"overall":{},`+tt.fields+`}}`))
			got, err := client.History(t.Context(), slo.HistoryRequest{ID: "x", Window: historyWeek})
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Window, tt.want.Overall.Decimals = historyWeek, -1
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(slo.Figure{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzHistory(f *testing.F) {
	for _, name := range []string{"slo_history_monitor", "slo_history_metric", "slo_history_no_data"} {
		f.Add(fixture(f, "v1/"+name+".json"))
	}
	f.Add(history(`{"history":[[1772020800,0]]}`, ``))
	f.Fuzz(func(t *testing.T, body string) {
		client, _ := connect(t, always(200, body))
		h, err := client.History(t.Context(), slo.HistoryRequest{ID: "33333333333333333333333333333333", Window: historyWeek})
		if err != nil {
			return
		}
		for _, track := range append(append(h.Groups, h.Monitors...), h.Overall) {
			for _, tr := range track.Transitions {
				if tr.At < 0 || tr.State < slo.Up || tr.State > slo.Silent {
					t.Errorf("accepted %+v", tr)
				}
			}
		}
	})
}
