package simulator_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

type monitorAnswer struct {
	ID              int64
	Name, Type      string
	Multi           bool
	CreatedAt       int64   `json:"created_at"`
	Modified        string  `json:"modified"`
	OverallState    string  `json:"overall_state"`
	OverallModified *string `json:"overall_state_modified"`
	Options         map[string]any
	State           *struct {
		Groups map[string]struct {
			Status    string
			Triggered *int64 `json:"last_triggered_ts"`
		}
	}
	Downtimes []any `json:"matching_downtimes"`
}

func TestMonitors(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	rec := ask(t, s, "GET", "/api/v1/monitor/3", "")
	if rec.Header().Get("X-RateLimit-Name") != "get_monitors" || rec.Header().Get("X-RateLimit-Limit") != "3000" {
		t.Errorf("limit %v", rec.Header())
	}
	// as recorded in 2024, without the options that depend on how it was made
	want := slices.Concat(prefixed("", "id", "org_id", "type", "name", "message", "tags", "query", "options", "multi", "created_at", "created", "modified",
		"deleted", "restricted_roles", "priority", "overall_state_modified", "overall_state", "creator"),
		prefixed(".creator", "name", "email", "handle", "id"), prefixed(".options", "synthetics_check_id", "silenced"))
	slices.Sort(want)
	if diff := cmp.Diff(want, keysOf(t, rec.Body.Bytes())); diff != "" {
		t.Errorf("(-recorded +ours):\n%s", diff)
	}
	test := decode[monitorAnswer](t, rec, "monitor 3")
	if test.Options["synthetics_check_id"] != "abc-def-ghi" || test.Type != "synthetics alert" || !test.Multi || test.OverallState != "OK" ||
		*test.OverallModified != "2026-11-09T06:30:41+00:00" || test.CreatedAt%1000 != 0 || test.CreatedAt < 1e12 || test.State != nil {
		t.Errorf("%+v", test)
	}
	up := get[monitorAnswer](t, s, "/api/v1/monitor/1")
	if up.Modified != "2026-10-10T09:30:00.000000+00:00" || up.Multi {
		t.Errorf("%+v", up)
	}
	groups := get[monitorAnswer](t, s, "/api/v1/monitor/2?group_states=all&with_downtimes=true")
	a := groups.State.Groups["host:a"]
	if len(groups.State.Groups) != 3 || a.Status != "OK" || *a.Triggered != w.Now.Unix()-3600+23 || groups.Downtimes == nil {
		t.Errorf("%+v", groups)
	}
	if alerts := get[monitorAnswer](t, s, "/api/v1/monitor/2?group_states=alert"); alerts.State == nil || len(alerts.State.Groups) != 0 {
		t.Errorf("groups in alert: %+v", alerts.State)
	}
	newborn := get[monitorAnswer](t, s, "/api/v1/monitor/4")
	if newborn.OverallState != "No Data" || newborn.OverallModified != nil {
		t.Errorf("newborn: %+v", newborn)
	}
	for target, want := range map[string]string{
		"/api/v1/monitor/5":                     `404 {"errors":["Monitor not found"]}`,
		"/api/v1/monitor/99":                    `404 {"errors":["Monitor not found"]}`,
		"/api/v1/monitor/x":                     `400 {"errors":["The value 'x' is not valid for the parameter 'monitor_id'"]}`,
		"/api/v1/monitor/1?group_states=some":   `400 {"errors":["The value 'some' is not valid for the parameter 'group_states'"]}`,
		"/api/v1/monitor?page=-1":               `400 {"errors":["The value '-1' is not valid for the parameter 'page'"]}`,
		"/api/v1/monitor?page_size=1001":        `400 {"errors":["The value '1001' is not valid for the parameter 'page_size'"]}`,
		"/api/v1/monitor?id_offset=x":           `400 {"errors":["The value 'x' is not valid for the parameter 'id_offset'"]}`,
		"/api/v1/monitor/search?per_page=0":     `400 {"errors":["The value '0' is not valid for the parameter 'per_page'"]}`,
		"/api/v1/monitor/search?query=status:x": `400 {"errors":["Invalid status: x"]}`,
		"/api/v1/monitor/groups/search?page=x":  `400 {"errors":["The value 'x' is not valid for the parameter 'page'"]}`,
	} {
		rec := ask(t, s, "GET", target, "")
		if got := fmt.Sprintf("%d %s", rec.Code, strings.TrimSpace(rec.Body.String())); got != want {
			t.Errorf("%s:\n got %s\nwant %s", target, got, want)
		}
	}
}

// Without a page there is everything; pages, and offsets by id, are cut from
// the order of the ids. A monitor that was deleted is nowhere.
func TestPagesOfMonitors(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("now: 2026-11-09T09:30:00Z\nmonitors:\n")
	for i := range 130 {
		fmt.Fprintf(&text, "  - {id: %d, name: m%d, tags: ['n:%d', all], deleted: %v}\n", 3000000000-int64(i), i, i%2, i == 0)
	}
	s := serve(t, simulator.Config{World: parsed(t, text.String())})
	for query, want := range map[string]int{
		"": 129, "page=0": 100, "page=1": 29, "page=2": 0, "page=1&page_size=60": 60, "page_size=5": 129, "id_offset=0&page_size=50": 50, "id_offset=2999999990": 9,
		"name=m12": 11, "tags=n:1": 65, "monitor_tags=n:0,all": 64, "tags=n:1&monitor_tags=n:0": 0,
	} {
		list := get[[]monitorAnswer](t, s, "/api/v1/monitor?"+query)
		if len(list) != want || !slices.IsSortedFunc(list, func(a, b monitorAnswer) int { return int(a.ID - b.ID) }) {
			t.Errorf("%s: %d monitors, want %d in order", query, len(list), want)
		}
	}
	if h := ask(t, s, "GET", "/api/v1/monitor?page=0", "").Header(); h.Get("X-RateLimit-Name") != "get_all_monitors" || h.Get("X-RateLimit-Limit") != "1000" {
		t.Errorf("limit %v", h)
	}
}

type monitorSearch struct {
	Monitors []struct{ Name, Classification string }
	Groups   []struct {
		Group     string
		MonitorID int64 `json:"monitor_id"`
	}
	Counts struct {
		Status []struct {
			Count int
			Name  string
		}
	}
	Metadata struct {
		Total   int `json:"total_count"`
		Pages   int `json:"page_count"`
		Page    int
		PerPage int `json:"per_page"`
	}
}

func TestSearchMonitors(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	counts := prefixed(".counts.status[]", "count", "name")
	for _, facet := range []string{"muted", "tag", "type"} {
		counts = append(counts, prefixed(".counts."+facet+"[]", "count", "name")...)
	}
	counts = slices.Concat(counts, prefixed("", "counts", "metadata"), prefixed(".counts", "status", "muted", "tag", "type"),
		prefixed(".metadata", "total_count", "page_count", "page", "per_page"))
	for target, want := range map[string][]string{
		"/api/v1/monitor/search": slices.Concat(counts, []string{".monitors"}, prefixed(".monitors[]", "status", "scopes", "classification", "creator", "metrics", "notifications",
			"muted_until_ts", "query", "id", "last_triggered_ts", "name", "tags", "org_id", "priority", "overall_state_modified", "restricted_roles", "type"),
			prefixed(".monitors[].creator", "handle", "id", "name")),
		"/api/v1/monitor/groups/search": slices.Concat(counts, []string{".groups"}, prefixed(".groups[]", "status", "last_nodata_ts", "env_tags", "muted_remaining", "muted_until_ts",
			"all_tags", "monitor_name", "team_tags", "last_triggered_ts", "group", "downtimes", "monitor_id", "priority", "muted", "group_tags")),
	} {
		slices.Sort(want)
		if diff := cmp.Diff(want, keysOf(t, ask(t, s, "GET", target, "").Body.Bytes())); diff != "" {
			t.Errorf("%s (-recorded +ours):\n%s", target, diff)
		}
	}
	for query, want := range map[string]int{"": 4, "query=type:synthetics": 1, "query=x": 0, "query=team:b": 1, "query=always": 1, "query=status:ok": 3, "query=status:%22no+data%22": 1, "query=id:3": 1, "query=tag:x": 2} {
		if got := get[monitorSearch](t, s, "/api/v1/monitor/search?"+query); got.Metadata.Total != want || len(got.Monitors) != want {
			t.Errorf("%s finds %d, want %d", query, got.Metadata.Total, want)
		}
	}
	if p := get[monitorSearch](t, s, "/api/v1/monitor/search?per_page=3&page=1"); len(p.Monitors) != 1 || p.Metadata.Pages != 2 || p.Metadata.PerPage != 3 || p.Metadata.Page != 1 {
		t.Errorf("page %+v", p)
	}
	var names []string
	for _, g := range get[monitorSearch](t, s, "/api/v1/monitor/groups/search").Groups {
		names = append(names, fmt.Sprint(g.MonitorID, " ", g.Group))
	}
	// A test has two groups that are none.
	want := []string{"2 host:a", "2 host:b", "2 host:c", "3 total", "3 @SYNTHETICS_OVERALL@", "3 location:x", "3 location:y"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

// Monitors, synthetic tests and status ask for permissions of their own.
func TestScopesOfMonitors(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed+`
keys:
  - {token: all}
  - {token: monitors, scopes: [monitors_read]}
  - {token: slos, scopes: [slos_read]}
  - {token: tests, scopes: [synthetics_read]}
`)
	s := serve(t, simulator.Config{World: w})
	for target, want := range map[string]string{
		"GET /api/v1/monitor":                                           "200 200 403 403",
		"GET /api/v1/monitor/1":                                         "200 200 403 403",
		"GET /api/v1/monitor/search":                                    "200 200 403 403",
		"GET /api/v1/monitor/groups/search":                             "200 200 403 403",
		"GET /api/v2/slo/" + w.SLOs[0].ID + "/status?from_ts=1&to_ts=2": "200 403 200 403",
		"GET /api/v1/slo/correction/x":                                  "404 403 404 403",
		"POST /api/v1/synthetics/tests/uptimes":                         "400 403 403 400",
	} {
		method, path, _ := strings.Cut(target, " ")
		var codes []string
		for _, token := range []string{"all", "monitors", "slos", "tests"} {
			r := httptest.NewRequest(method, path, strings.NewReader("{}"))
			r.Header.Set("Authorization", "Bearer "+token)
			rec := httptest.NewRecorder()
			s.ServeHTTP(rec, r)
			codes = append(codes, strconv.Itoa(rec.Code))
		}
		if got := strings.Join(codes, " "); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
}
