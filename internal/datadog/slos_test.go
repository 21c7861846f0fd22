package datadog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
)

func names(definitions []slo.Definition) []string {
	var all []string
	for _, d := range definitions {
		all = append(all, d.Name)
	}
	return all
}

func TestSLOsAreReadOverAllPages(t *testing.T) {
	t.Parallel()
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/slo" || r.URL.Query().Get("limit") != "1000" {
			t.Errorf("asked for %s", r.URL)
		}
		if r.URL.Query().Get("offset") == "0" {
			io.WriteString(w, fixture(t, "v1/slo_list_1.json"))
			return
		}
		io.WriteString(w, fixture(t, "v1/slo_list_2.json"))
	})
	got, notes, err := client.SLOs(t.Context())
	if err != nil || len(notes) != 0 {
		t.Fatal(notes, err)
	}
	// The first page is shorter than asked, but total_count says that there is more.
	if diff := cmp.Diff([]string{"auth availability", "checkout 認証", "login page is up"}, names(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if offset := server.requests[1].URL.Query().Get("offset"); offset != "2" || server.calls() != 2 {
		t.Errorf("second page at offset %s, %d calls", offset, server.calls())
	}
	if n := client.Counts()[datadog.CallSLOs]; n != 2 {
		t.Errorf("counted %d pages, want 2", n)
	}
	if diff := cmp.Diff([]string{"env"}, got[1].SLI.(slo.EventSLI).GroupBy); diff != "" {
		t.Errorf("group by (-want +got)\n%s", diff)
	}
}

// elements is a listing of SLOs with the given ids.
func elements(total int, ids ...int) string {
	var all []string
	for _, id := range ids {
		all = append(all, fmt.Sprintf(`{"id":"%d","name":"slo %d","type":"monitor","monitor_ids":[1],"thresholds":[{"timeframe":"7d","target":99}]}`, id, id))
	}
	body := `{"data":[` + strings.Join(all, ",") + `],"error":null`
	if total >= 0 {
		body += fmt.Sprintf(`,"metadata":{"page":{"total_count":%d}}`, total)
	}
	return body + "}"
}

func span(from, to int) []int {
	var all []int
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

func TestPaging(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		page func(offset int) string
		want int // number of SLOs
		note string
		fail string
	}{
		{"a full page and a short one", func(offset int) string {
			if offset == 0 {
				return elements(-1, span(0, 1000)...)
			}
			return elements(-1, span(1000, 1007)...)
		}, 1007, "", ""},
		{"a full page and an empty one", func(offset int) string {
			if offset == 0 {
				return elements(-1, span(0, 1000)...)
			}
			return elements(-1)
		}, 1000, "", ""},
		{"the server allows fewer per page", func(offset int) string { return elements(250, span(offset, min(offset+100, 250))...) }, 250, "", ""},
		{"overlapping pages", func(offset int) string {
			if offset == 0 {
				return elements(-1, span(0, 1000)...)
			}
			return elements(-1, span(990, 1100)...)
		}, 1100, "", ""},
		{"the same page again and again", func(int) string { return elements(-1, span(0, 1000)...) }, 0, "", "repeats"},
		{"pages without end", func(offset int) string { return elements(-1, span(offset, offset+1000)...) }, 0, "", "no end"},
		{"fewer than announced", func(offset int) string {
			if offset == 0 {
				return elements(5, 1, 2, 3)
			}
			return elements(5)
		}, 3, "listing_incomplete", ""},
		{"error beside data", func(int) string { return `{"data":[],"error":"partial outage"}` }, 0, "", "partial outage"},
		{"errors beside data", func(int) string { return `{"data":[],"errors":[{"detail":"shard 3 is gone"}]}` }, 0, "", "shard 3 is gone"},
		{"data is null", func(int) string { return `{"data":null,"error":null}` }, 0, "", "not a list"},
		{"data is absent", func(int) string { return `{}` }, 0, "", "not a list"},
		{"data is an object", func(int) string { return `{"data":{"id":"1"}}` }, 0, "", "not a list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) {
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				io.WriteString(w, tt.page(offset))
			})
			got, notes, err := client.SLOs(t.Context())
			if tt.fail != "" {
				wantDefect(t, err, slo.Invalid, "listing the SLOs", tt.fail)
				return
			}
			if err != nil || len(got) != tt.want {
				t.Fatalf("%d SLOs, %v; want %d", len(got), err, tt.want)
			}
			if tt.note == "" && len(notes) != 0 || tt.note != "" && (len(notes) != 1 || notes[0].Code != tt.note) {
				t.Errorf("notes %v, want %q", notes, tt.note)
			}
		})
	}
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, fixture(t, "v1/correction_list.json")))
	got, err := client.Corrections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []slo.Correction{
		{ID: "fb76e0fa-0000-11ed-ba7e-da7ad0902002", SLOID: "11111111111111111111111111111111", Category: "Other", Description: "load test", Start: 1678255200, End: 1678355280, Timezone: "UTC"},
		{ID: "ec8f9488-0000-11ec-bc64-da7ad0902002", SLOID: "22222222222222222222222222222222", Category: "Scheduled Maintenance", Start: 1652349014, Duration: 3600, Rule: "FREQ=DAILY;INTERVAL=10;COUNT=5", Timezone: "Europe/Berlin"},
		{ID: "fb3a5c0a-0000-11f1-8207-da7ad0902002", Query: "env:prod service:checkout", Category: "Deployment", Start: 1779914722, End: 1779918322, Timezone: "UTC"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p := server.requests[0].URL.Path; p != "/api/v1/slo/correction" || client.Counts()[datadog.CallCorrections] != 1 {
		t.Errorf("asked %s, counts %v", p, client.Counts())
	}
}

func TestCorrectionsOf(t *testing.T) {
	t.Parallel()
	client, server := connect(t, always(200, fixture(t, "v1/slo_corrections.json")))
	const id = "11111111111111111111111111111111"
	got, err := client.CorrectionsOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := []slo.Correction{
		{ID: "fb76e0fa-0000-11ed-ba7e-da7ad0902002", SLOID: id, Category: "Other", Description: "load test", Start: 1678255200, End: 1678355280, Timezone: "UTC"},
		{ID: "fb3a5c0a-0000-11f1-8207-da7ad0902002", Query: "env:prod service:checkout", Category: "Deployment", Start: 1779914722, Duration: 3600, Rule: "FREQ=WEEKLY;BYDAY=SU", Timezone: "America/New_York"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if u := server.requests[0].URL; u.Path != "/api/v1/slo/"+id+"/corrections" || u.Query().Get("page[limit]") != "10" || u.Query().Get("page[offset]") != "0" || server.calls() != 1 {
		t.Errorf("asked for %s in %d calls", u, server.calls())
	}
	for _, nameless := range []string{"", " "} {
		_, err := client.CorrectionsOf(t.Context(), nameless)
		wantDefect(t, err, slo.Invalid, "without an id")
	}
	client, _ = connect(t, always(404, `{"errors":["SLO ID: x not found"]}`))
	_, err = client.CorrectionsOf(t.Context(), "x")
	wantDefect(t, err, slo.Invalid, "the corrections of the SLO x")
	wantNotFound(t, err)
}

func TestPagesOfTheCorrectionsOfOne(t *testing.T) {
	t.Parallel()
	// applied is a page; a total below 0 is left out.
	applied := func(total int, ids ...int) string {
		var all []string
		for _, id := range ids {
			all = append(all, fmt.Sprintf(`{"id":"%d","attributes":{"slo_id":"x","start":1,"end":2}}`, id))
		}
		body := `{"data":[` + strings.Join(all, ",") + `]`
		if total >= 0 {
			body += fmt.Sprintf(`,"meta":{"pagination":{"total":%d}}`, total)
		}
		return body + "}"
	}
	for _, tt := range []struct {
		name string
		page func(offset int) string
		want int
		most int
		fail string
	}{
		{"beyond ten", func(offset int) string { return applied(25, window(25, offset, 10)...) }, 25, 3, ""},
		{"fewer per page than asked", func(offset int) string { return applied(25, window(25, offset, 4)...) }, 25, 7, ""},
		{"fewer per page than asked, without a total", func(offset int) string { return applied(-1, window(9, offset, 4)...) }, 9, 4, ""},
		{"more per page than asked", func(offset int) string { return applied(25, window(25, offset, 25)...) }, 25, 2, ""},
		{"a total that is too large", func(offset int) string { return applied(99, window(12, offset, 10)...) }, 0, 6, "counts 99 status corrections but listed 12"},
		{"none", func(int) string { return applied(0) }, 0, 1, ""},
		{"none, without a total", func(int) string { return applied(-1) }, 0, 1, ""},
		{"the offset is ignored", func(int) string { return applied(25, window(25, 0, 10)...) }, 0, 2, "repeats"},
		{"no end", func(offset int) string { return applied(-1, offset) }, 0, 1000, "no end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
				offset, err := strconv.Atoi(r.URL.Query().Get("page[offset]"))
				if err != nil {
					t.Error(err)
				}
				io.WriteString(w, tt.page(offset))
			})
			got, err := client.CorrectionsOf(t.Context(), "x")
			if server.calls() > tt.most {
				t.Errorf("%d requests, want at most %d", server.calls(), tt.most)
			}
			if tt.fail != "" {
				wantDefect(t, err, slo.Invalid, tt.fail)
				return
			}
			if err != nil || len(got) != tt.want {
				t.Errorf("%d corrections, want %d; %v", len(got), tt.want, err)
			}
		})
	}
}

func TestCorrectionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, attributes := range map[string]string{
		"no start":         `"slo_id":"1","end":2`,
		"start is text":    `"slo_id":"1","start":"soon","end":2`,
		"no end":           `"slo_id":"1","start":1`,
		"applies to none":  `"start":1,"end":2`,
		"rule without end": `"slo_id":"1","start":1,"rrule":"FREQ=DAILY"`,
		"backwards":        `"slo_id":"1","start":9,"end":2`,
	} {
		client, _ := connect(t, always(200, `{"data":[{"id":"c-1","attributes":{`+attributes+`}}]}`))
		got, err := client.Corrections(t.Context())
		if err != nil || len(got) != 1 || !strings.HasPrefix(got[0].Unreadable, `the correction "c-1" `) {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if want := strings.Contains(attributes, "slo_id"); (got[0].SLOID == "1") != want {
			t.Errorf("%s: it is said to be of SLO %q", name, got[0].SLOID)
		}
	}
	const whole = `{"id":"c-0","attributes":{"slo_id":"1","start":1,"end":2}}`
	for bad, name := range map[string]string{
		`{"id":"c-1","attributes":7}`: `the correction "c-1" is not an object with attributes`,
		`7`:                           "correction number 2 of the listing is not an object with attributes",
		`{"attributes":{"start":1}}`:  "correction number 2 of the listing names neither an SLO nor a query",
	} {
		client, _ := connect(t, always(200, `{"data":[`+whole+`,`+bad+`]}`))
		got, err := client.Corrections(t.Context())
		if err != nil || len(got) != 2 || got[0].Unreadable != "" || got[1].Unreadable != name {
			t.Errorf("%s: %+v, %v", bad, got, err)
		}
	}
	client, _ := connect(t, always(200, `{"data":[{"id":"c-1","attributes":{"slo_id":"1","start":1.7e12,"end":1700000300.0}}]}`))
	got, err := client.Corrections(t.Context())
	if err != nil || got[0].Start != 1700000000 || got[0].End != 1700000300 {
		t.Errorf("numbers in other notations: %+v, %v", got, err)
	}
}

func TestMetricType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ body, want string }{
		{fixture(t, "v1/metric_metadata.json"), "count"},
		{`{"type":"Gauge"}`, "gauge"},
		{`{"description":null,"type":null}`, ""},
		{`{}`, ""},
	} {
		client, server := connect(t, always(200, tt.body))
		got, err := client.MetricType(t.Context(), "checkout.orders/odd name?")
		if err != nil || got != tt.want {
			t.Errorf("MetricType = %q, %v; want %q", got, err, tt.want)
		}
		if path := server.requests[0].URL.EscapedPath(); path != "/api/v1/metrics/checkout.orders%2Fodd%20name%3F" {
			t.Errorf("asked for %s", path)
		}
	}
	client, _ := connect(t, always(404, `{"errors":["Metric not found"]}`))
	if got, err := client.MetricType(t.Context(), "gone"); got != "" || err != nil {
		t.Errorf("an unknown metric: %q, %v", got, err)
	}
	client, _ = connect(t, always(403, fixture(t, "v1/error_403.json")))
	_, err := client.MetricType(t.Context(), "orders")
	wantDefect(t, err, slo.Auth, "Forbidden", "metrics_read", "orders")
}

func TestSettle(t *testing.T) {
	t.Parallel()
	client, server := connect(t, func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch name {
		case "forbidden":
			w.WriteHeader(403)
			io.WriteString(w, fixture(t, "v1/error_403.json"))
		case "unknown":
			io.WriteString(w, `{"type":null}`)
		default:
			io.WriteString(w, `{"type":"`+strings.TrimSuffix(name, "2")+`"}`)
		}
	})
	var definitions []slo.Definition
	add := func(good, total string) {
		definitions = append(definitions, datadog.DecodeDefinition(metric(good, total, "")))
	}
	add("sum:count{*}", "sum:count{*}.as_count() + sum:rate{*}")
	add("sum:gauge{*}", "sum:count{*}")
	add("sum:unknown{*}", "sum:count{*}")
	add("sum:forbidden{*}", "sum:count{*}")
	add("sum:distribution{*}", "sum:count{*}")
	add("count:distribution2{*}", "count:distribution2{*}")
	add("sum:settled{*}.as_count()", "sum:settled{*}.as_count()")
	add("sum:count{*} / sum:never.asked{*}", "sum:count{*}")
	want := []string{"count", "distribution", "distribution2", "forbidden", "gauge", "rate", "unknown"}
	if diff := cmp.Diff(want, datadog.Unsettled(definitions)); diff != "" {
		t.Fatalf("Unsettled (-want +got)\n%s", diff)
	}
	if err := client.Settle(t.Context(), definitions); err != nil {
		t.Fatal(err)
	}
	if n := client.Counts()[datadog.CallMetricType]; n != len(want) || server.calls() != n {
		t.Errorf("%d lookups counted, %d sent; want %d", n, server.calls(), len(want))
	}
	first := slo.EventSLI{
		Good:  []slo.Term{{Weight: 1, Query: "sum:count{*}.as_count()"}},
		Valid: []slo.Term{{Weight: 1, Query: "sum:count{*}.as_count()"}, {Weight: 1, Query: "sum:rate{*}.as_count()"}},
	}
	if diff := cmp.Diff(slo.SLI(first), definitions[0].SLI); diff != "" || definitions[0].Defect != nil {
		t.Errorf("%v (-want +got)\n%s", definitions[0].Defect, diff)
	}
	if !slices.ContainsFunc(definitions[0].Notes, func(n slo.Note) bool { return n.Code == "as_count_added" && strings.Contains(n.Text, "rate") }) {
		t.Errorf("notes %v", definitions[0].Notes)
	}
	for i, want := range map[int]slo.Defect{
		1: {Kind: slo.Invalid, Message: "gauge"}, 2: {Kind: slo.Invalid, Message: "no type"}, 3: {Kind: slo.Auth, Message: "Forbidden"},
		4: {Kind: slo.Invalid, Message: "distribution"}, 7: {Kind: slo.Unsupported, Message: "weighted sum"},
	} {
		if d := definitions[i].Defect; d == nil || d.Kind != want.Kind || !strings.Contains(d.Message, want.Message) {
			t.Errorf("definition %d: defect %+v, want %+v", i, d, want)
		}
	}
	for _, i := range []int{5, 6} {
		if definitions[i].Defect != nil {
			t.Errorf("definition %d: %v", i, definitions[i].Defect)
		}
	}
	if left := datadog.Unsettled(definitions); len(left) != 0 {
		t.Errorf("still unsettled: %v", left)
	}
}

func TestSettleIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client, _ := connect(t, func(w http.ResponseWriter, r *http.Request) { cancel() })
	definitions := []slo.Definition{datadog.DecodeDefinition(metric("sum:a{*}", "sum:a{*}", ""))}
	if err := client.Settle(ctx, definitions); !errors.Is(err, context.Canceled) || definitions[0].Defect != nil {
		t.Errorf("got %v and the defect %v", err, definitions[0].Defect)
	}
}

func TestUnreadableElementsKeepTheirNames(t *testing.T) {
	t.Parallel()
	good := fixture(t, "v1/slo_metric_bad_events.json")
	client, _ := connect(t, always(200, `{"data":[`+good+`,null,{"id":"x","name":7,"type":"metric"},{"name":"named","thresholds":"none"}]}`))
	got, _, err := client.SLOs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"requests without errors", "SLO number 2 of the listing", "x", "named"}, names(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got[0].Defect != nil {
		t.Errorf("the good one: %v", got[0].Defect)
	}
	for _, d := range got[1:] {
		if d.Defect == nil || d.Defect.Kind != slo.Invalid {
			t.Errorf("%s: defect %v", d.Name, d.Defect)
		}
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
}

// A status that says "in part" or "later" is no answer, whatever the body looks like.
func TestOnlyAWholeAnswerCounts(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusCreated, http.StatusAccepted, http.StatusNonAuthoritativeInfo, http.StatusPartialContent, http.StatusMultiStatus} {
		client, _ := connect(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, elements(2, 0, 1))
		})
		_, _, err := client.SLOs(t.Context())
		var defect *slo.Defect
		if !errors.As(err, &defect) || defect.Kind != slo.Unavailable || !strings.Contains(defect.Message, "is not a whole answer") {
			t.Errorf("status %d: %v", status, err)
		}
	}
}
