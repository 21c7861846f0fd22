package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// Whatever stands in a parameter, the answer is JSON: what it asks for, or 400
// and why not.
func TestParametersMakeSense(t *testing.T) {
	t.Parallel()
	w := parsed(t, mixed)
	s := serve(t, simulator.Config{World: w})
	window := "from_ts=1794130200&to_ts=1794216600"
	id := named(t, w, "slices").ID
	for _, e := range []struct {
		path       string
		parameters []string
	}{
		{"/api/v1/slo?", []string{"limit", "offset", "query", "tags_query", "metrics_query", "is_deleted"}},
		{"/api/v1/slo/search?", []string{"page[size]", "page[number]", "query"}},
		{"/api/v1/slo/" + id + "/history?" + window + "&", []string{"target", "apply_correction"}},
		{"/api/v1/slo/" + id + "/history?to_ts=1794216600&", []string{"from_ts"}},
		{"/api/v1/slo/" + id + "/history?from_ts=1794130200&", []string{"to_ts"}},
		{"/api/v2/slo/" + id + "/status?" + window + "&", []string{"disable_corrections"}},
		{"/api/v2/slo/" + id + "/status?to_ts=1794216600&", []string{"from_ts"}},
		{"/api/v1/slo/" + id + "/corrections?", []string{"page[offset]", "page[limit]"}},
		{"/api/v1/slo/correction?", []string{"limit", "offset"}},
		{"/api/v1/monitor?", []string{"page", "page_size", "id_offset", "name", "tags", "monitor_tags", "group_states", "with_downtimes"}},
		{"/api/v1/monitor/2?", []string{"group_states", "with_downtimes"}},
		{"/api/v1/monitor/search?", []string{"page", "per_page", "query"}},
		{"/api/v1/monitor/groups/search?", []string{"page", "per_page", "query"}},
	} {
		for _, parameter := range e.parameters {
			for _, value := range []string{
				"0", "-1", "1073741824", "99999999999999999999", "9223372036854775807", "1e3", "NaN", "Inf", "0x10", "true", "maybe", "a b", "\"", "*", "(", "status:\"", ":", "%", "\x00", "é",
			} {
				target := e.path + url.QueryEscape(parameter) + "=" + url.QueryEscape(value)
				rec := ask(t, s, "GET", target, "")
				if rec.Code != 200 && rec.Code != 400 || !json.Valid(rec.Body.Bytes()) {
					t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
				}
				if rec.Code == 400 && !strings.Contains(rec.Body.String(), `{"errors":["`) {
					t.Errorf("%s: %s", target, rec.Body)
				}
			}
		}
	}
}

// Whatever a world has, also what makes no sense, its endpoints answer.
func TestEveryWorldIsServed(t *testing.T) {
	t.Parallel()
	for _, name := range scenario.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := *world(t, name)
			w.Keys = nil // any are good
			s := serve(t, simulator.Config{World: &w})
			now := w.Now.Unix()
			list := get[listAnswer](t, s, "/api/v1/slo")
			targets := []string{"/api/v1/slo/search?page[size]=20", "/api/v1/slo/correction", "/api/v1/monitor?group_states=all", "/api/v1/monitor/search", "/api/v1/monitor/groups/search"}
			for _, raw := range list.Data[:min(len(list.Data), 60)] {
				var o struct{ ID string }
				if json.Unmarshal(raw, &o) != nil || o.ID == "" {
					continue // some are no objects at all
				}
				at := "/api/v1/slo/" + url.PathEscape(o.ID)
				window := fmt.Sprintf("?from_ts=%d&to_ts=%d", now-86400, now)
				targets = append(targets, at, at+"/corrections", at+"/history"+window, "/api/v2/slo/"+url.PathEscape(o.ID)+"/status"+window)
			}
			for _, target := range targets {
				rec := ask(t, s, "GET", target, "")
				if rec.Code != 200 && rec.Code != 400 || !json.Valid(rec.Body.Bytes()) {
					t.Errorf("%s: %d %s", target, rec.Code, rec.Body)
				}
			}
			if unknown := s.UnknownRoutes(); len(unknown) > 0 {
				t.Errorf("unknown routes: %v", unknown)
			}
		})
	}
}
