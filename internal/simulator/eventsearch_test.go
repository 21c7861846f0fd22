package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

type eventsAnswer struct {
	Data []struct {
		ID, Type   string
		Attributes struct {
			Attributes struct {
				Title, Status, Service string
				Timestamp              int64
				MonitorID              int64 `json:"monitor_id"`
			}
			Message   string
			Tags      []string
			Timestamp time.Time
		}
	}
	Meta  *struct{ Page struct{ After string } }
	Links *struct{ Next string }
}

func (a eventsAnswer) titles() []string {
	titles := []string{}
	for _, e := range a.Data {
		titles = append(titles, e.Attributes.Attributes.Title)
	}
	return titles
}

// happenings is a world in which something of every kind happens.
const happenings = `
now: 2026-11-09T09:30:00Z
services:
  - {name: shop, envs: {prod: 1, dev: 0.1}, version: '1', endpoints: [{resource: GET /, rate: 1}]}
  - {name: bank, version: '1', endpoints: [{resource: GET /, rate: 1}]}
releases:
  - {service: shop, at: -3d, version: '2'}
  - {service: bank, at: -2d, version: '2', event: false}
  - {service: bank, at: -1d, version: '3', dora: false}
  - {service: shop, at: +1h, version: '3'}
events:
  - {at: -4h, title: Mail to all customers, text: 412 000 recipients, source: mailer, tags: ['service:shop', 'team:growth']}
  - {at: -5m, title: Backup is late, status: warning, tags: ['service:bank']}
monitors:
  - {id: 7, name: shop is up, query: 'a > 1', tags: ['service:shop'], down: [{from: -26h, for: 30m}], no_data: [{from: -10h, for: 5m}]}
  - id: 8
    name: hosts
    query: 'b < 1'
    options: {on_missing_data: show_and_notify_no_data}
    phase: 9s
    groups: [{name: 'host:a', down: [{from: -90m, for: 10m}], no_data: [{from: -80m, for: 20m}]}]
`

// The answers have the keys of the recording, and a page after the last one
// has neither a cursor nor links.
func TestEventsHaveTheRecordedKeys(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: parsed(t, happenings)})
	body := `{"filter":{"from":"now-15m","to":"now"},"options":{"timezone":"GMT"},"page":{"limit":2},"sort":"timestamp"}`
	rec := ask(t, s, "POST", "/api/v2/events/search", body)
	want := slices.Concat(prefixed("", "data", "meta", "meta.page", "meta.page.after", "links", "links.next"),
		prefixed(".data[]", "attributes", "id", "type"), prefixed(".data[].attributes", "attributes", "message", "tags", "timestamp"),
		prefixed(".data[].attributes.attributes", "aggregation_key", "event_object", "evt", "evt.id", "evt.source_id", "evt.type", "priority", "service", "status", "timestamp", "title"))
	slices.Sort(want)
	if diff := cmp.Diff(want, keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("(-recorded +ours):\n%s", diff)
	}
	first := decode[eventsAnswer](t, rec, "events")
	if diff := cmp.Diff([]string{"Backup is late"}, first.titles()); diff != "" {
		t.Error(diff)
	}
	e := first.Data[0].Attributes
	if e.Attributes.Timestamp != 1794216300000 || !e.Timestamp.Equal(time.UnixMilli(1794216300000)) || e.Attributes.Status != "warning" ||
		e.Attributes.Service != "bank" || !slices.Equal(e.Tags, []string{"service:bank", "source:my_apps"}) || first.Data[0].Type != "event" {
		t.Errorf("%+v", first.Data[0])
	}
	next := "http://example.com/api/v2/events/search?filter%5Bfrom%5D=now-15m&filter%5Bto%5D=now&page%5Bcursor%5D=" + first.Meta.Page.After + "&page%5Blimit%5D=2&sort=timestamp"
	if first.Links.Next != next || first.Meta.Page.After == "" {
		t.Errorf("next is %s, want %s", first.Links.Next, next)
	}
	rec = ask(t, s, "POST", "/api/v2/events/search", strings.Replace(body, `"limit":2`, `"limit":2,"cursor":"`+first.Meta.Page.After+`"`, 1))
	if got := strings.TrimSpace(rec.Body.String()); got != `{"data":[]}` {
		t.Errorf("behind the last page: %s", got)
	}
}

// Pages of any size add up to all events in order; what comes later than now
// has not happened.
func TestPagesOfEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: parsed(t, happenings), Shift: 24 * time.Hour})
	want := []string{
		"Deployed shop 2 to dev", "Deployed shop 2 to prod", "[Triggered] shop is up", "[Recovered] shop is up", "Deployed bank 3 to prod",
		"Mail to all customers", "[Triggered on {host:a}] hosts", "[No data on {host:a}] hosts", "[Recovered on {host:a}] hosts", "Backup is late",
	}
	for _, order := range []string{"timestamp", "-timestamp"} {
		for limit := 1; limit <= 11; limit += 2 {
			var got []string
			cursor, last := "", time.Time{}
			for pages := 0; ; pages++ {
				body := fmt.Sprintf(`{"filter":{"from":"now-30d","query":"*"},"sort":%q,"page":{"limit":%d,"cursor":%q}}`, order, limit, cursor)
				a := post[eventsAnswer](t, s, "/api/v2/events/search", body)
				for _, e := range a.Data {
					if at := e.Attributes.Timestamp; !last.IsZero() && at.Before(last) == (order == "timestamp") && !at.Equal(last) {
						t.Errorf("%s comes after %s", at, last)
					}
					last = e.Attributes.Timestamp
				}
				got = append(got, a.titles()...)
				if a.Meta == nil || pages > 20 {
					break
				}
				cursor = a.Meta.Page.After
			}
			if order == "-timestamp" {
				slices.Reverse(got)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %d at a time: %s", order, limit, diff)
			}
		}
	}
	if n := len(post[eventsAnswer](t, s, "/api/v2/events/search", `{"filter":{"from":"now-30d"}}`).Data); n != 10 {
		t.Errorf("%d events by default", n)
	}
	// The same by GET, newest first.
	if got := get[eventsAnswer](t, s, "/api/v2/events?filter[from]=now-30d&page[limit]=1"); !slices.Equal(got.titles(), want[9:]) {
		t.Errorf("%v", got.titles())
	}
}

func TestSearchEvents(t *testing.T) {
	t.Parallel()
	w := parsed(t, happenings)
	s := serve(t, simulator.Config{World: w})
	now := w.Now
	for _, c := range []struct {
		query, from, to string
		want            []string
	}{
		{"source:alert", "now-1d", "", []string{"[Triggered on {host:a}] hosts", "[No data on {host:a}] hosts", "[Recovered on {host:a}] hosts"}},
		{"source:(alert OR deployment) service:shop", "now-100h", "", []string{"Deployed shop 2 to dev", "Deployed shop 2 to prod", "[Triggered] shop is up", "[Recovered] shop is up"}},
		{"source:deployment env:prod -version:2", "now-100h", "", []string{"Deployed bank 3 to prod"}},
		{"tags:(team:growth AND service:shop)", "now-1w", "", []string{"Mail to all customers"}},
		{"status:warning", "now-1d", "", []string{"[No data on {host:a}] hosts", "Backup is late"}},
		{"status:error OR service:b*", "now-3h", "", []string{"[Triggered on {host:a}] hosts", "Backup is late"}},
		{"customers", "now-1d", "", []string{"Mail to all customers"}},
		{"custom*", "now-1d", "", []string{"Mail to all customers"}},
		{"custom", "now-1d", "", []string{}},
		{`"TO ALL customers"`, "now-1d", "", []string{"Mail to all customers"}},
		{"412 recipients NOT source:alert", "now-1d", "", []string{"Mail to all customers"}},
		{"monitor_id:7", "now-2d", "", []string{"[Triggered] shop is up", "[Recovered] shop is up"}},
		{"host:a @monitor.id:8 status:success", "now-2d", "", []string{"[Recovered on {host:a}] hosts"}},
		{"service:nobody", "now-2d", "", []string{}},
		// both ends belong to the window
		{"", now.Add(-4 * time.Hour).Format(time.RFC3339), "now-5m", []string{
			"Mail to all customers", "[Triggered on {host:a}] hosts", "[No data on {host:a}] hosts", "[Recovered on {host:a}] hosts", "Backup is late",
		}},
		{"-source:alert", fmt.Sprint(now.Add(-4*time.Hour).UnixMilli() + 1), fmt.Sprint(now.Add(-5*time.Minute).UnixMilli() - 1), []string{}},
		{"*", "now", "now+2h", []string{}},
	} {
		body, err := json.Marshal(map[string]any{"filter": map[string]any{"query": c.query, "from": c.from, "to": c.to}, "sort": "timestamp", "page": map[string]any{"limit": 1000}})
		if err != nil {
			t.Fatal(err)
		}
		if got := post[eventsAnswer](t, s, "/api/v2/events/search", string(body)).titles(); !slices.Equal(got, c.want) {
			t.Errorf("%s from %s to %s: %q, want %q", c.query, c.from, c.to, got, c.want)
		}
	}
	// Nothing at all in the body is the last quarter of an hour.
	if got := post[eventsAnswer](t, s, "/api/v2/events/search", "").titles(); !slices.Equal(got, []string{"Backup is late"}) {
		t.Errorf("%q", got)
	}
}

func TestEventRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t, simulator.Config{World: world(t, "keys")})
	try := func(key, method, target, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("DD-API-KEY", "api-key")
		r.Header.Set("DD-APPLICATION-KEY", key)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		return rec
	}
	for _, c := range [][3]string{
		{"POST", "/api/v2/events/search", ""}, {"GET", "/api/v2/events", ""},
		{"POST", "/api/v2/dora/deployments", `{"data":{"type":"dora_deployments_list_request"}}`},
		{"POST", "/api/v2/dora/failures", `{"data":{"type":"dora_failures_list_request"}}`}, {"GET", "/api/v2/apm/services?filter[env]=*", ""},
	} {
		if full, part := try("app-key-full", c[0], c[1], c[2]).Code, try("app-key-without-events", c[0], c[1], c[2]).Code; full != 200 || part != 403 {
			t.Errorf("%s: %d with all scopes and %d without its own", c[1], full, part)
		}
	}
	for _, body := range []string{
		"{", "[]", `{"filter":3}`, `{"filter":{"from":1}}`, `{"filter":{"from":"yesterday"}}`, `{"filter":{"from":"now-"}}`, `{"filter":{"from":"now-5y"}}`, `{"filter":{"to":"now5m"}}`,
		`{"filter":{"from":"now","to":"now-1h"}}`, `{"filter":{"query":"(a"}}`, `{"filter":{"query":"a AND"}}`, `{"sort":"title"}`,
		`{"page":{"limit":0}}`, `{"page":{"limit":1001}}`, `{"page":{"cursor":"x"}}`, `{"page":{"cursor":"eyJhZnRlciI6IngifQ"}}`,
	} {
		var envelope struct{ Errors []string }
		rec := try("app-key-full", "POST", "/api/v2/events/search", body)
		decodeInto(t, rec.Body.Bytes(), &envelope)
		if rec.Code != 400 || len(envelope.Errors) != 1 {
			t.Errorf("%s: %d %s", body, rec.Code, rec.Body)
		}
	}
}
