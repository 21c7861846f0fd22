package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator/scenario"
	"pgregory.net/rapid"
)

func TestEmbeddedWorlds(t *testing.T) {
	t.Parallel()
	names := scenario.Names()
	if want := []string{"big", "calm", "corrections", "crowd", "default", "empty", "hunch", "keys", "odd", "odd_types", "reasons", "release", "steady", "types"}; !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
	for _, name := range names {
		w, err := scenario.Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if w.Name != name || w.Title == "" || !w.Now.Equal(time.Date(2026, 11, 9, 9, 30, 0, 0, time.UTC)) {
			t.Errorf("%s: name %q, title %q, now %s", name, w.Name, w.Title, w.Now)
		}
		var ids []string
		for _, o := range w.SLOs {
			if o.Raw == "" {
				ids = append(ids, o.ID)
			}
		}
		slices.Sort(ids)
		if n := len(ids); len(slices.Compact(ids)) != n {
			t.Errorf("%s: two SLOs have one id", name)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte("now: 2026-11-23T09:30:00Z\ntitle: mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := scenario.Load(path)
	if err != nil || w.Title != "mine" {
		t.Errorf("%v, %v", w, err)
	}
	for name, want := range map[string]string{
		"defalt":           `unknown scenario "defalt", did you mean "default"? (or the path of a YAML file)`,
		"zzzzzzzzzz":       `unknown scenario "zzzzzzzzzz": give one of big, calm, corrections, crowd, default, empty, hunch, keys, odd, odd_types, reasons, release, steady, types, or the path of a YAML file`,
		"./no/such.yaml":   "scenario file: open ./no/such.yaml: no such file or directory",
		filepath.Dir(path): "scenario file: " + filepath.Dir(path) + ": is a directory, want a file",
	} {
		if _, err := scenario.Load(name); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", name, err, want)
		}
	}
}

// Every mistake has a message that says where and what would be right.
func TestParseRefusals(t *testing.T) {
	t.Parallel()
	const now = "now: 2026-11-23T09:30:00Z\n"
	const shop = "services:\n  - name: shop\n    endpoints:\n      - resource: GET /\n        rate: 1\n"
	const slo = "slos:\n  - name: x\n    good: a\n    total: b\n    thresholds: [{timeframe: 7d, target: 99}]\n"
	for _, c := range []struct{ text, want string }{
		{"", "w.yaml: expected one YAML document, found 0"},
		{"- a\n", "w.yaml: expected keys and values at the top, such as now: 2026-11-23T09:30:00Z"},
		{"title: x\n", "w.yaml:1:1: now (such as 2026-11-23T09:30:00Z) is missing"},
		{"now: tomorrow\n", `w.yaml:1:6: "tomorrow" is not RFC 3339, such as 2026-11-23T09:30:00Z`},
		{"now: 2026-11-23T09:31:00Z\n", "w.yaml:1:6: now 2026-11-23T09:31:00Z is not a multiple of five minutes"},
		{now + "servces: []\n", `w.yaml:2:1: unknown key "servces", did you mean "services" or "service"?`},
		{now + "services:\n  - name: a\n    endpoint: []\n", `w.yaml:4:5: unknown key "endpoint", did you mean "endpoints"?`},
		{now + "noise: 4\n", `w.yaml:2:8: "4" is not a percentage from 0% to 100%, such as 2.5%`},
		{now + "history: soon\n", `w.yaml:2:10: "soon" is not a duration such as 90s, 5m, 36h or 12d`},
		{now + "history: 401d\n", "w.yaml:2:10: history 401d is not a multiple of five minutes up to 400d"},
		{now + "rhythm: {hours: [1, 2]}\n", "w.yaml:2:17: hours are not 24 numbers greater than 0, one for each hour of the day in UTC"},
		{now + "keys: [{api: a}]\n", "w.yaml:2:8: a key has either api and app, or token"},
		{now + "limits: [{name: a, limit: 0, period: 1s}]\n", "w.yaml:2:10: limit and period must be at least 1 and 1s"},
		{now + "services: [{name: a}]\n", "w.yaml:2:12: endpoints are missing"},
		{now + shop + "  - name: shop\n    endpoints: [{resource: a, rate: 1}]\n", `w.yaml:7:11: service "shop" is described twice`},
		{now + strings.Replace(shop, "rate: 1", "rate: 3000", 1), "w.yaml:6:15: rate 3000 is not between 0 and 2000 requests a second"},
		{now + shop + "        statuses: {500: 60%, 404: 50%}\n", "w.yaml:7:19: the shares add up to more than 100%"},
		{now + shop + "        statuses: {oops: 1%}\n", `w.yaml:7:19: "oops" is not an HTTP status from 100 to 599`},
		{now + shop + "        latency: {median: 0s}\n", `w.yaml:7:27: "0s" is not a duration from 10us to 1h, such as 120ms`},
		{now + shop + "incidents:\n  - {service: sop, from: -1h}\n", `w.yaml:8:15: there is no service "sop"`},
		{now + shop + "incidents:\n  - {service: shop, env: dev, from: -1h}\n", `w.yaml:8:26: service "shop" has no environment "dev"`},
		{now + shop + "incidents:\n  - {service: shop, resource: GET, from: -1h}\n", `w.yaml:8:31: service "shop" has no endpoint "GET"`},
		{now + shop + "incidents:\n  - {service: shop, from: yesterday}\n", `w.yaml:8:27: "yesterday" is neither RFC 3339 (2026-11-23T09:30:00Z) nor a distance from now (-3d4h, +1h)`},
		{now + shop + "incidents:\n  - {service: shop, from: -1h, for: 1h, to: -1m}\n", "w.yaml:8:5: give for or to, not both"},
		{now + shop + "incidents:\n  - {service: shop, from: -1h, requests: 5000}\n", "w.yaml:8:42: requests 5000 is not a factor from 0 to 1000"},
		{now + shop + "incidents:\n  - {service: shop, from: -1h, requests: 1000}\n  - {service: shop, from: -1h, requests: 3}\n", "w.yaml:3:3: shop GET /: 3000 requests a second with its incidents, more than 2000"},
		{now + shop + "releases:\n  - {service: shop, at: -1h}\n", "w.yaml:8:5: version is missing"},
		{now + "counters: [{metric: trace.a.hits, rate: 1}]\n", "w.yaml:2:21: trace.a.hits: trace metrics come from services"},
		{now + "slos: [{name: x}]\n", "w.yaml:2:8: good (or slice, or monitors) is missing"},
		{now + strings.Replace(slo, "total: b", "description: b", 1), "w.yaml:3:5: an SLO has good and one of total and bad"},
		{now + strings.Replace(slo, "7d", "14d", 1), `w.yaml:6:30: timeframe "14d" is not one of 7d, 30d, 90d`},
		{now + strings.Replace(slo, "99}", "99, warning: 98}", 1), "w.yaml:6:55: warning 98 is not between the target and 100"},
		{now + slo + "    shape: flat\n", `w.yaml:7:12: shape "flat" is not one of both, query, nested, unknown`},
		{now + slo + "    id: abc\n", `w.yaml:7:9: id "abc" is not 32 hexadecimal digits`},
		{now + slo + "    repeat: 9999\n", "w.yaml:7:13: repeat 9999 is not between 1 and 5000"},
		{now + "slos: [{raw: '{'}]\n", "w.yaml:2:14: raw is not one JSON value"},
		{now + slo + "truth: [{slo: y, timeframe: 7d}]\n", `w.yaml:7:15: 0 SLOs are named "y" and have a 7d target; one is needed`},
		{now + slo + "truth: [{slo: x, timeframe: 7d, good: many}]\n", "w.yaml:7:39: many is neither a number nor a list of the least and the greatest, such as [99.1, 99.2]"},
		{now + now, ""},
		{"title: " + strings.Repeat("{a: ", 20_000) + "1" + strings.Repeat("}", 20_000), "w.yaml:1:408: nested more than 100 levels deep"},
		{"title: " + strings.Repeat("{a: ", 200_000), "w.yaml:1:408: nested more than 100 levels deep"},
		{now + "services: &s [*s]\n", "w.yaml:2:15: the alias *s stands inside of what it names"},
		{now + "seed: -1\n", ""},
		{now + "services: 3\n", ""},
		{"now: [", ""},
		{"\x00", ""},
	} {
		_, err := scenario.Parse("w.yaml", []byte(c.text))
		if err == nil || (c.want != "" && err.Error() != c.want) {
			t.Errorf("%.200q:\n got %v\nwant %s", c.text, err, c.want)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "w.yaml") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: %q is not one line that begins with the file", c.text, err)
		}
	}
	if _, err := scenario.Parse("w.yaml", []byte(now+"title: "+strings.Repeat("x", 1<<20))); err == nil {
		t.Error("a file of more than a megabyte is accepted")
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range scenario.Names() {
		data, err := os.ReadFile("worlds/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := scenario.Parse("w.yaml", data)
		if (w == nil) == (err == nil) {
			t.Fatalf("%v, %v", w, err)
		}
		if err == nil {
			w.Traffic().Names()
		}
	})
}

// traffic is a service with everything that can change its requests.
const traffic = `
now: 2026-11-23T09:30:00Z
history: 10d
seed: 3
noise: 30%
rhythm: {hours: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], weekend: 50%}
services:
  - name: shop
    version: v1
    endpoints:
      - {resource: GET /, rate: 0.9, statuses: {500: 3%}, latency: {median: 1s, spread: 1}}
releases: [{service: shop, at: -50h7m13s, version: v2}]
incidents:
  - {service: shop, from: -60h1m, for: 3h0m7s, requests: 4, errors: 40%}
  - {service: shop, from: -58h, ramp: 90m, for: 12h, latency: 5, requests: 0.5}
`

// Whatever the cuts, the parts add up to the whole: requests, requests within
// a bound, and the whole distribution.
func TestLawPartsAddUp(t *testing.T) {
	t.Parallel()
	w, err := scenario.Parse("w.yaml", []byte(traffic))
	if err != nil {
		t.Fatal(err)
	}
	metrics := w.Traffic()
	now := w.Now.Unix()
	bound := scenario.BoundAt(1.5, false)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"trace.http.request", "trace.http.request.errors"}).Draw(t, "metric")
		all := metrics.Metric(name).Series
		s := all[rapid.IntRange(0, len(all)-1).Draw(t, "series")]
		cuts := rapid.SliceOfN(rapid.Int64Range(now-61*3600, now-45*3600), 2, 6).Draw(t, "cuts")
		slices.Sort(cuts)
		first, last := cuts[0], cuts[len(cuts)-1]
		whole, parts := scenario.NewHistogram(), scenario.NewHistogram()
		s.AddTo(whole, first, last)
		var n, within int64
		for i := 1; i < len(cuts); i++ {
			n += s.Count(cuts[i-1], cuts[i])
			within += s.Within(cuts[i-1], cuts[i], bound)
			s.AddTo(parts, cuts[i-1], cuts[i])
		}
		if want := s.Count(first, last); n != want || whole.Count != want {
			t.Fatalf("%d requests in parts, %d in the distribution, %d in all", n, whole.Count, want)
		}
		if diff := cmp.Diff(whole, parts, cmp.AllowUnexported(scenario.Histogram{})); diff != "" && whole.Count > 0 {
			t.Fatalf("distributions (-whole +parts):\n%s", diff)
		}
		if want := s.Within(first, last, bound); within != want || whole.Within(bound) != want {
			t.Fatalf("%d within the bound in parts, %d in the distribution, %d in all", within, whole.Within(bound), want)
		}
	})
}

// Counts follow the written rates: by arithmetic on the file alone.
func TestCountsFollowTheRates(t *testing.T) {
	t.Parallel()
	w, err := scenario.Parse("w.yaml", []byte(`
now: 2026-11-23T09:30:00Z
services:
  - name: shop
    flat: true
    version: v1
    envs: {prod: 1, dev: 0.5}
    endpoints: [{resource: 'GET /Items/{id}', rate: 2, statuses: {404: 25%}, from: -10h, to: -1h}]
releases: [{service: shop, at: -5h, version: v2}]
incidents:
  - {service: s*p, env: prod, from: -4h, for: 30m20s, requests: 3}
  - {service: shop, from: -3h, for: 1h, errors: 50%, status: 503}
`))
	if err != nil {
		t.Fatal(err)
	}
	now := w.Now.Unix()
	got := map[string]int64{}
	for _, s := range w.Traffic().Metric("trace.http.request.hits").Series {
		if n := s.Count(now-86400, now+86400); n > 0 {
			got[strings.Join(s.Tags, " ")] = n
		}
	}
	const tags = "service:shop resource_name:get_/items/_id resource:"
	want := map[string]int64{}
	for tag, n := range map[string]int64{
		// 5 h of v1; then 4 h less half of an hour, and 1820 s three times.
		"prod v1 200": 5 * 3600 * 3 / 2, "prod v1 404": 5 * 3600 / 2,
		"prod v2 200": (4*3600 + 2*1820 - 1800) * 3 / 2, "prod v2 404": (4*3600 + 2*1820 - 1800) / 2, "prod v2 503": 3600,
		"dev v1 200": 5 * 3600 * 3 / 4, "dev v1 404": 5 * 3600 / 4,
		"dev v2 200": (4*3600 - 1800) * 3 / 4, "dev v2 404": (4*3600 - 1800) / 4, "dev v2 503": 1800,
	} {
		part := strings.Fields(tag)
		want["env:"+part[0]+" "+tags+" version:"+part[1]+" http.status_code:"+part[2]] = n
	}
	plain := map[string]int64{}
	for tag, n := range got {
		before, after, _ := strings.Cut(tag, "resource:")
		_, after, _ = strings.Cut(after, " ")
		plain[before+"resource: "+after] = n
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Noise and rhythm move requests about; over whole weeks they take none away.
func TestRhythmAndNoiseKeepTheMean(t *testing.T) {
	t.Parallel()
	w, err := scenario.Parse("w.yaml", []byte(`
now: 2026-11-23T09:30:00Z
noise: 20%
rhythm: {hours: [1, 1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1, 1, 1, 1, 1], weekend: 50%}
services: [{name: shop, endpoints: [{resource: GET /, rate: 7}]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	s := w.Traffic().Metric("trace.http.request.hits").Series[0]
	now := w.Now.Unix()
	const weeks = 12
	// Five days of 1 and two of a half: 6 days of 7 requests a second.
	got, want := float64(s.Count(now-weeks*7*86400, now)), 7.0*6*86400*weeks
	if got < want*0.998 || got > want*1.002 {
		t.Errorf("%v requests in %d weeks, want about %v", got, weeks, want)
	}
	monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC).Unix()
	night, noon := s.Count(monday+2*3600, monday+3*3600), s.Count(monday+12*3600, monday+13*3600)
	if ratio := float64(noon) / float64(night); ratio < 8 || ratio > 10 {
		t.Errorf("noon has %v times the requests of the night, want about 9", ratio)
	}
	sunday := s.Count(monday-86400+12*3600, monday-86400+13*3600)
	if ratio := float64(noon) / float64(sunday); ratio < 1.8 || ratio > 2.2 {
		t.Errorf("Monday noon has %v times the requests of Sunday noon, want about 2", ratio)
	}
}
