package simulator_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/simulator"
)

// What the world says is to be found in it is there, to the minute, and the
// same numbers of the week before are as usual.
func TestHunchHasWhatItSays(t *testing.T) {
	t.Parallel()
	w := world(t, "hunch")
	s := serve(t, simulator.Config{World: w})
	at := func(text string) int64 {
		v, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return v.Unix()
	}
	count := func(query string, from, to int64) float64 {
		v := scalars(t, s, from, to, []string{"sum " + query})[""]
		if v == nil {
			return 0
		}
		return v[0]
	}
	const week = 7 * 86400
	hits := func(operation, filter string) string {
		return "sum:trace." + operation + ".hits{" + filter + "}.as_count()"
	}
	for _, c := range []struct {
		query, from, to string
		factor          float64
	}{
		{hits("http.request", "service:auth,env:prod,resource_name:post_/login"), "2026-11-03 13:52", "2026-11-03 14:27", 10},
		{hits("http.request", "service:search,resource_name:get_/suggest"), "2026-11-02 08:15", "2026-11-09 08:15", 2},
		{hits("kafka.consume", "service:notifications,resource_name:consume_topic_email"), "2026-10-28 10:10", "2026-10-28 10:50", 0},
		{hits("http.request", "service:payment-api,resource_name:post_/v1/payments"), "2026-11-04 12:00", "2026-11-04 15:00", 1.3},
	} {
		from, to := at(c.from), at(c.to)
		usual := count(c.query, from-week, to-week)
		if got := count(c.query, from, to) / usual; math.Abs(got-c.factor) > 0.1*c.factor {
			t.Errorf("%s: %v times the requests of the week before, want %v", c.query, got, c.factor)
		}
		// A minute before and, where it ends, a minute after it is as usual.
		for _, edge := range []int64{from - 60, to} {
			if edge >= w.Now.Unix()-week {
				continue
			}
			if got := count(c.query, edge, edge+60) / (count(c.query, edge-week, edge-week+60)); got < 0.5 || got > 1.9 {
				t.Errorf("%s: %v times the requests of the week before in the minute from %s", c.query, got, time.Unix(edge, 0).UTC())
			}
		}
	}
	errors := "sum:trace.http.request.errors{service:checkout,resource_name:post_/pay}.as_count()"
	pay := hits("http.request", "service:checkout,resource_name:post_/pay")
	from, to := at("2026-11-05 13:56"), at("2026-11-05 14:38")
	if got := count(errors, from, to) / count(pay, from, to); math.Abs(got-0.12) > 0.01 {
		t.Errorf("%v of the payments fail, want 0.12", got)
	}
	if before, after := count(errors, from-3600, from), count(errors, to, to+3600); before+after > 4 {
		t.Errorf("%v payments fail in the hours before and after", before+after)
	}
	if got := count("sum:trace.http.request.errors{service:admin}.as_count()", at("2026-10-20 00:00"), w.Now.Unix()); got < 8 || got > 12 {
		t.Errorf("%v lone errors, want ten", got)
	}
	for resource, want := range map[string][2]bool{"get_/items/_id_/related": {false, true}, "get_/v1/items": {true, false}} {
		first := count(hits("http.request", "resource_name:"+resource), at("2026-11-03 00:00"), at("2026-11-04 00:00")) > 0
		last := count(hits("http.request", "resource_name:"+resource), at("2026-11-08 00:00"), at("2026-11-09 00:00")) > 0
		if first != want[0] || last != want[1] {
			t.Errorf("%s is there on Tuesday: %v, on Sunday: %v", resource, first, last)
		}
	}
	drift := []string{"percentile p50:trace.http.request{service:catalog,resource_name:get_/items/_id}"}
	before, after := scalars(t, s, at("2026-10-28 00:00"), at("2026-10-29 00:00"), drift)[""][0], scalars(t, s, at("2026-11-08 00:00"), at("2026-11-09 00:00"), drift)[""][0]
	if got := after / before; got < 1.8 || got > 2 {
		t.Errorf("the catalogue takes %v times as long, want 1.9", got)
	}
	// The batch job runs at night, on all days, and never by day.
	batch := hits("batch.job", "service:reports")
	for day := at("2026-10-27 00:00"); day < w.Now.Unix(); day += 86400 {
		if night, noon := count(batch, day+2*3600, min(day+5*3600, w.Now.Unix())), count(batch, day+6*3600, min(day+26*3600, w.Now.Unix())); night < 30000 || noon > 0 {
			t.Errorf("%s: %v exports at night and %v by day", time.Unix(day, 0).UTC(), night, noon)
		}
	}
	titles := post[eventsAnswer](t, s, "/api/v2/events/search", `{"filter":{"from":"now-14d","query":"source:alert"},"sort":"timestamp","page":{"limit":100}}`).titles()
	want := []string{
		"[No data on {resource_name:consume_topic_email}] Mails are consumed", "[Recovered on {resource_name:consume_topic_email}] Mails are consumed",
		"[Triggered] Logins are many", "[Recovered] Logins are many", "[Triggered] Payments fail", "[Recovered] Payments fail",
	}
	if !slices.Equal(titles, want) {
		t.Errorf("alerts %q", titles)
	}
}

// Nothing happens in the calm world: every hour of every endpoint is within the
// noise of the same hour a week before.
func TestCalmIsCalm(t *testing.T) {
	t.Parallel()
	w := world(t, "calm")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	now -= now % 3600
	compared := 0
	for _, operation := range []string{"http.request", "kafka.consume", "grpc.server", "servlet.request", "postgres.query", "redis.command", "batch.job"} {
		a := queryV2(t, s, now-21*86400, now, 3600, []string{"sum:trace." + operation + ".hits{env:prod} by {service,resource_name}.as_count()"})
		for i := range a.Data.Attributes.Series {
			points := a.points(i)
			for at, v := range points {
				if before := points[at-7*86400]; before >= 300 {
					compared++
					if r := v / before; r < 0.8 || r > 1.25 {
						t.Errorf("%v: %v requests from %s, %v a week before", a.Data.Attributes.Series[i].GroupTags, v, time.Unix(at, 0).UTC(), before)
					}
				}
			}
		}
	}
	if compared < 5000 {
		t.Errorf("only %d hours compared", compared)
	}
	if got := post[eventsAnswer](t, s, "/api/v2/events/search", `{"filter":{"from":"now-60d","query":"source:alert"}}`).titles(); len(got) > 0 {
		t.Errorf("alerts %q", got)
	}
}

// Of twenty thousand endpoints an answer holds the largest, and the totals all.
func TestCrowd(t *testing.T) {
	t.Parallel()
	w := world(t, "crowd")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	by := scalars(t, s, now-86400, now, []string{"sum sum:trace.http.request.hits{service:gateway} by {resource_name}.as_count()"})
	all := scalars(t, s, now-86400, now, []string{"sum sum:trace.http.request.hits{service:gateway}.as_count()"})[""][0]
	shown := 0.0
	for _, v := range by {
		shown += v[0]
	}
	if len(by) != 500 || shown/all < 0.9 || shown/all > 0.97 || by["post_/sessions"] == nil {
		t.Errorf("%d groups with %v of %v requests", len(by), shown, all)
	}
	for _, avatar := range []int{1, 19994} {
		one := fmt.Sprintf("sum sum:trace.http.request.hits{resource_name:get_/users/%05d/avatar}.as_count()", avatar)
		if v := scalars(t, s, now-86400, now, []string{one})[""]; v == nil || v[0] < 8 || v[0] > 9 {
			t.Errorf("avatar %d: %v requests in a day, want 8.64", avatar, v)
		}
	}
}
