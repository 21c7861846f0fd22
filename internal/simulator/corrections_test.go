package simulator_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

type correctionAnswer struct {
	Type, ID   string
	Attributes struct {
		SLOID    *string `json:"slo_id"`
		Query    *string `json:"slo_query"`
		Start    int64
		End      *int64
		Duration *int64
		Rule     *string `json:"rrule"`
	}
}

type correctionsAnswer struct {
	Data []correctionAnswer
	Meta struct {
		Page struct {
			Total    int `json:"total_count"`
			Filtered int `json:"total_filtered_count"`
		}
		Pagination struct{ Total, Offset, Limit int }
	}
	Links struct{ Next, Prev *string }
}

// One request a second fails one time in two from 02:00 to 03:00 of Thursday;
// everything else is well.
const corrected = `
now: 2026-11-09T09:30:00Z
services:
  - {name: shop, flat: true, endpoints: [{resource: GET /, rate: 10}]}
incidents:
  - {service: shop, from: 2026-11-05T02:00:00Z, for: 1h, errors: 50%}
monitors:
  - {id: 1, name: one, phase: 23s, down: [{from: 2026-11-05T02:00:00Z, for: 1h}]}
slos:
  - name: requests
    tags: ['service:shop', 'env:prod']
    good: sum:trace.http.request.hits{service:shop}.as_count() - sum:trace.http.request.errors{service:shop}.as_count()
    total: sum:trace.http.request.hits{service:shop}.as_count()
    thresholds: [{timeframe: 7d, target: 99}]
  - name: slices
    tags: ['service:shop', 'env:prod', 'team:x']
    slice: {formula: a/b, queries: {a: 'sum:trace.http.request.errors{service:shop}.as_count()', b: 'sum:trace.http.request.hits{service:shop}.as_count()'}, comparator: '<', threshold: 0.1, seconds: 60}
    thresholds: [{timeframe: 7d, target: 99}]
  - {name: monitor, tags: ['env:test'], monitors: [1], thresholds: [{timeframe: 7d, target: 99}]}
corrections:
`

// What is left of the bad hour, in failed requests or seconds, and of
// everything, when some of it is corrected.
func TestCorrectionsTakeOut(t *testing.T) {
	t.Parallel()
	const week = 604800
	type left struct{ bad, total float64 }
	for name, c := range map[string]struct {
		text                      string
		requests, slices, monitor left
		spans                     int
	}{
		"none":           {`[]`, left{18000, 10 * week}, left{3600, week}, left{3600, week}, 0},
		"broken rule":    {`[{raw: '{"type":"correction","id":"r","attributes":{"slo_id":"ID","start":1762300800,"duration":7200,"rrule":"FREQ=SOMETIMES"}}'}]`, left{18000, 10 * week}, left{3600, week}, left{3600, week}, 0},
		"negative count": {`[{query: '*:*', start: 2026-11-05T02:00:00Z, duration: 1h, rrule: FREQ=DAILY;COUNT=-1}]`, left{18000, 10 * week}, left{3600, week}, left{3600, week}, 0},
		"the hour":       {`[{query: '*:*', start: 2026-11-05T02:00:00Z, for: 1h}]`, left{0, 10*week - 36000}, left{0, week}, left{23, week - 3600}, 1},
		"by a raw one":   {`[{raw: '{"type":"correction","id":"r","attributes":{"slo_query":"env:*","start":1793844000,"end":1793847600}}'}]`, left{0, 10*week - 36000}, left{0, week}, left{23, week - 3600}, 1},
		"in two that overlap": {
			`[{query: '*:*', start: 2026-11-05T02:00:00Z, for: 40m}, {query: '*:*', start: 2026-11-05T02:20:00Z, for: 40m}]`,
			left{0, 10*week - 36000}, left{0, week}, left{23, week - 3600}, 2,
		},
		// Buckets that begin from 02:10 to 02:20, slices from 02:08 to 02:19, seconds 02:07:30 to 02:18:30.
		"off the grid": {
			`[{query: '*:*', start: 2026-11-05T02:07:30Z, end: 2026-11-05T02:18:30Z}]`,
			left{18000 - 3000, 10*week - 6000}, left{3600 - 660, week}, left{3600 - 660, week - 660}, 1,
		},
		"every day": {
			`[{query: '*:*', start: 2026-11-01T02:00:00Z, duration: 1h, rrule: FREQ=DAILY}]`,
			left{0, 10 * (week - 7*3600)}, left{0, week}, left{23, week - 7*3600}, 7,
		},
		"every second day, five times, of which three are in the week": {
			`[{query: '*:*', start: 2026-10-30T02:00:00Z, duration: 1h, rrule: FREQ=DAILY;INTERVAL=2;COUNT=5}]`,
			left{0, 10 * (week - 3*3600)}, left{0, week}, left{23, week - 3*3600}, 3,
		},
		"on Tuesdays and Thursdays": {
			`[{query: '*:*', start: 2026-10-06T02:00:00Z, duration: 1h, rrule: 'FREQ=WEEKLY;BYDAY=TU,TH'}]`,
			left{0, 10 * (week - 2*3600)}, left{0, week}, left{23, week - 2*3600}, 2,
		},
		"until the day before": {
			`[{query: '*:*', start: 2026-11-01T02:00:00Z, duration: 1h, rrule: FREQ=DAILY;UNTIL=20261104T020000Z}]`,
			left{18000, 10 * (week - 2*3600)}, left{3600, week}, left{3600, week - 2*3600}, 2,
		},
		"reaching into the window": {
			`[{query: '*:*', start: 2026-11-02T08:30:00Z, for: 2h}]`,
			left{18000, 10 * (week - 3600)}, left{3600, week}, left{3600, week - 3600}, 1,
		},
		"of others":                       {`[{query: 'env:nowhere', start: 2026-11-05T02:00:00Z, for: 1h}]`, left{18000, 10 * week}, left{3600, week}, left{3600, week}, 0},
		"of a query that nobody can read": {`[{query: '(env:prod', start: 2026-11-05T02:00:00Z, for: 1h}]`, left{18000, 10 * week}, left{3600, week}, left{3600, week}, 0},
	} {
		for _, shift := range []time.Duration{0, 14*24*time.Hour + 10*time.Minute} {
			if strings.Contains(c.text, "raw") && shift != 0 {
				continue // served as it is, and so not moved
			}
			t.Run(fmt.Sprintf("%s moved by %s", name, shift), func(t *testing.T) {
				t.Parallel()
				w := parsed(t, corrected+strings.Replace(c.text, "[", "  [", 1))
				s := serve(t, simulator.Config{World: w, Shift: shift})
				to := w.Now.Add(shift).Unix()
				for i, want := range []left{c.requests, c.slices, c.monitor} {
					o := w.SLOs[i]
					good, total, err := s.Counted(o.ID, to-week, to)
					if err != nil {
						t.Fatal(err)
					}
					if total-good != want.bad || total != want.total {
						t.Errorf("%s: %v bad of %v, want %v of %v", o.Name, total-good, total, want.bad, want.total)
					}
					plain := timeBased(t, s, o.ID, to-week, to, "&apply_correction=false").Data.Overall
					if want := 100 * (1 - []float64{18000. / (10 * week), 3600. / week, 3600. / week}[i]); float32(sli(t, plain)) != float32(want) || len(plain.Corrections) != 0 {
						t.Errorf("%s without corrections: %v with %v, want %v", o.Name, sli(t, plain), plain.Corrections, want)
					}
					applied := timeBased(t, s, o.ID, to-week, to, "").Data.Overall
					if len(applied.Corrections) != c.spans {
						t.Errorf("%s: %d stretches, want %d", o.Name, len(applied.Corrections), c.spans)
					}
					if o.Name == "slices" && (len(applied.History) == 1) != (want.bad == 0) {
						t.Errorf("corrected slices are not shown as up: %v", applied.History)
					}
					if o.Name == "monitor" && (len(applied.History) != 3 || len(plain.History) != 3) {
						t.Errorf("transitions of a monitor: %v and %v", applied.History, plain.History)
					}
				}
			})
		}
	}
}

// The sums of a history add up, also where buckets are empty of everything.
func TestHistorySeriesOfCorrections(t *testing.T) {
	t.Parallel()
	w := parsed(t, corrected+`  [{slo: requests, start: 2026-11-05T00:00:00Z, for: 150m}]`)
	s := serve(t, simulator.Config{World: w})
	from := time.Date(2026, 11, 4, 22, 0, 0, 0, time.UTC).Unix()
	got := history(t, s, w.SLOs[0].ID, from, from+6*3600, "").Data
	if diff := cmp.Diff([]float64{72000, 0, 54000}, got.Series.Denominator.Values); diff != "" {
		t.Errorf("denominator (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{72000, 0, 45000}, got.Series.Numerator.Values); diff != "" {
		t.Errorf("numerator (-want +got):\n%s", diff)
	}
	all := history(t, s, w.SLOs[0].ID, from+2*3600, from+4*3600, "").Data
	if all.Overall.SLIValue != nil || all.Overall.State != "no_data" || all.Series.Denominator.Count != 1 {
		t.Errorf("a window that is corrected from end to end: %+v", all.Overall)
	}
}

func TestCorrectionObjects(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "  - {slo: slices, start: -%dd, for: 1h}\n", i+2)
	}
	text.WriteString("  - {query: 'env:prod -team:y', start: -1d, duration: 30m, rrule: 'FREQ=WEEKLY;BYDAY=MO', category: Scheduled Maintenance}\n")
	text.WriteString("  - {raw: '42'}\n  - {raw: '{\"id\":\"odd\",\"attributes\":{\"slo_id\":5,\"start\":\"noon\"}}'}\n")
	w := parsed(t, corrected+text.String())
	shift := 5 * time.Minute
	s := serve(t, simulator.Config{World: w, Shift: shift})

	// 25 to a page; what is called the filtered count is the length of the page.
	rec := ask(t, s, "GET", "/api/v1/slo/correction?limit=12&offset=1", "")
	of := func(at string, more ...string) []string {
		return slices.Concat(prefixed(at, "type", "id", "attributes"),
			prefixed(at+".attributes", append(more, "slo_id", "start", "end", "description", "category", "timezone", "created_at", "modified_at", "rrule", "duration", "creator", "modifier")...),
			prefixed(at+".attributes.creator.data", "type", "id", "attributes"), []string{at + ".attributes.creator.data"},
			prefixed(at+".attributes.creator.data.attributes", "uuid", "handle", "email", "name", "icon"))
	}
	want := slices.Concat([]string{".data", ".meta", ".meta.page", ".meta.page.total_count", ".meta.page.total_filtered_count"}, of(".data[]", "slo_query"))
	slices.Sort(want)
	if diff := cmp.Diff(want, keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("(-recorded +ours):\n%s", diff)
	}
	page := decode[correctionsAnswer](t, rec, "corrections")
	if page.Meta.Page.Total != 15 || page.Meta.Page.Filtered != 12 || len(page.Data) != 12 {
		t.Errorf("page %+v with %d", page.Meta.Page, len(page.Data))
	}
	first, last := page.Data[0], page.Data[11]
	if first.Attributes.Query != nil || *first.Attributes.SLOID != w.SLOs[1].ID || *first.Attributes.End-first.Attributes.Start != 3600 ||
		first.Attributes.Start != w.Now.Add(shift).Unix()-3*86400 || first.Attributes.Rule != nil || first.Attributes.Duration != nil {
		t.Errorf("once: %+v", first)
	}
	if last.Attributes.SLOID != nil || *last.Attributes.Query != "env:prod -team:y" || last.Attributes.End != nil || *last.Attributes.Duration != 1800 || *last.Attributes.Rule != "FREQ=WEEKLY;BYDAY=MO" {
		t.Errorf("recurring: %+v", last)
	}

	one := ask(t, s, "GET", "/api/v1/slo/correction/"+first.ID, "")
	want = append(of(".data"), ".data")
	slices.Sort(want)
	if diff := cmp.Diff(want, keysOf(t, one.Body.Bytes())); diff != "" {
		t.Errorf("one (-recorded +ours):\n%s", diff)
	}
	if odd := ask(t, s, "GET", "/api/v1/slo/correction/odd", "").Body.String(); !strings.Contains(odd, `"start":"noon"`) {
		t.Errorf("a raw correction: %s", odd)
	}

	// Ten to a page, with a link to the next even behind the last one.
	at := "/api/v1/slo/" + w.SLOs[1].ID + "/corrections"
	var sizes []int
	for range 3 {
		p := get[correctionsAnswer](t, s, at)
		sizes = append(sizes, len(p.Data))
		if p.Meta.Pagination.Total != 13 || p.Links.Next == nil {
			t.Fatalf("%s: %+v", at, p.Meta)
		}
		next, err := url.Parse(*p.Links.Next)
		if err != nil {
			t.Fatal(err)
		}
		at = next.RequestURI()
	}
	if diff := cmp.Diff([]int{10, 3, 0}, sizes); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	for target, want := range map[string]string{
		"/api/v1/slo/correction/nothing":                              `404 {"errors":["SLO correction not found: nothing not found"]}`,
		"/api/v1/slo/correction?limit=0":                              `400 {"errors":["The value '0' is not valid for the parameter 'limit'"]}`,
		"/api/v1/slo/correction?offset=x":                             `400 {"errors":["The value 'x' is not valid for the parameter 'offset'"]}`,
		"/api/v1/slo/" + w.SLOs[1].ID + "/corrections?page[limit]=no": `400 {"errors":["The value 'no' is not valid for the parameter 'page[limit]'"]}`,
	} {
		rec := ask(t, s, "GET", target, "")
		if got := fmt.Sprintf("%d %s", rec.Code, strings.TrimSpace(rec.Body.String())); got != want {
			t.Errorf("%s:\n got %s\nwant %s", target, got, want)
		}
	}
}

// A rule that ends ends later in a world that is moved.
func TestRuleIsMoved(t *testing.T) {
	t.Parallel()
	for until, want := range map[string]string{
		"20261104T020000Z": "20261104T021500Z", "20261104T020000": "20261104T021500Z", "20261104": "20261104T001500Z", "soon": "soon",
	} {
		w := parsed(t, corrected+"  - {slo: slices, start: -9d, duration: 1h, rrule: FREQ=DAILY;UNTIL="+until+"}\n")
		s := serve(t, simulator.Config{World: w, Shift: 15 * time.Minute})
		got := get[correctionsAnswer](t, s, "/api/v1/slo/correction").Data[0]
		if *got.Attributes.Rule != "FREQ=DAILY;UNTIL="+want {
			t.Errorf("%s: %s", until, *got.Attributes.Rule)
		}
	}
}

func TestSearchByTags(t *testing.T) {
	t.Parallel()
	tags := []string{"service:checkout", "env:prod", "team:Payments EU", "critical"}
	for query, want := range map[string]bool{
		"env:prod": true, "ENV:Prod": true, "env:test": false, "env:pro": false, "env": false, "critical": true, "crit*": true,
		"env:prod service:checkout": true, "env:prod service:other": false, "env:prod AND service:checkout": true, "env:test AND service:checkout": false,
		"env:test OR service:checkout": true, "env:test OR env:dev": false, "NOT env:test": true, "NOT env:prod": false, "-env:test": true, "-env:prod": false,
		"env:prod -service:other": true, "env:prod NOT service:checkout": false, "NOT NOT env:prod": true, "-(env:test OR env:prod)": false,
		// AND binds closer than OR
		"env:test service:other OR critical": true, "critical OR env:test service:other": true, "(critical OR env:test) service:other": false,
		"env:(test OR prod)": true, "env:(test OR dev)": false, "env:(prod -test)": true, "-env:(prod OR dev)": false,
		"service:check*": true, "service:*out": true, "service:c*k*t": true, "service:*x*": false, "*:prod": true, "*": true, "env:*": true, "owner:*": false,
		`team:"Payments EU"`: true, `team:"payments eu"`: true, `team:"Payments"`: false, `"critical"`: true, `"AND"`: false,
	} {
		if got, readable := simulator.SelectsTags(query, tags); got != want || !readable {
			t.Errorf("%s: %v (readable: %v), want %v", query, got, readable, want)
		}
	}
	for _, query := range []string{
		"", " ", "(", ")", "env:prod)", "(env:prod", "AND", "env:prod AND", "OR env:prod", "NOT", "env:prod OR", `team:"open`, "env:(", "env:()", "env:(a team:(b))", "()",
		strings.Repeat("(", 300) + "a" + strings.Repeat(")", 300), strings.Repeat("-", 300) + "a",
	} {
		if _, readable := simulator.SelectsTags(query, tags); readable {
			t.Errorf("%q can be read", query)
		}
	}
}
