package simulator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
)

type wireSLO struct {
	ID, Name, Type string
	Query          *struct{ Numerator, Denominator string }
	Specification  json.RawMessage `json:"sli_specification"`
	Thresholds     []struct {
		Display string `json:"target_display"`
	}
}

// The definition of an SLO in each of the forms that Datadog has served.
func TestShapesOfAnSLO(t *testing.T) {
	t.Parallel()
	const head = "now: 2026-11-23T09:30:00Z\nslos: [{name: x, thresholds: [{timeframe: 7d, target: 95}, {timeframe: 30d, target: 99.5}], "
	const good, bad = "sum:h{*} by {env}.as_count() - sum:e{*} by {env}.as_count()", "sum:e{*} by {env}.as_count()"
	const hits, errs = `{"data_source":"metrics","name":"query1","query":"sum:h{*} by {env}.as_count()"}`, `{"data_source":"metrics","name":"query2","query":"sum:e{*} by {env}.as_count()"}`
	for shape, want := range map[string]struct{ definition, denominator, specification string }{
		"both": {
			"total: '" + "sum:h{*} by {env}.as_count()'", "sum:h{*} by {env}.as_count()",
			`{"count":{"good_events_formula":{"formula":"query1 - query2"},"queries":[` + hits + `,` + errs + `],"total_events_formula":{"formula":"query1"}}}`,
		},
		"both ": {
			"bad: '" + bad + "'", "(" + good + ") + (" + bad + ")",
			`{"count":{"bad_events_formula":{"formula":"query2"},"good_events_formula":{"formula":"query1 - query2"},"queries":[` + hits + `,` + errs + `]}}`,
		},
		"query": {"total: 'sum:h{*}.as_count()'", "sum:h{*}.as_count()", ""},
		"nested": {
			"total: '" + "sum:h{*} by {env}.as_count()'", "sum:h{*} by {env}.as_count()",
			`{"count":{"good_events_query":{"formulas":[{"formula":"query1 - query2"}],"queries":[` + hits + `,` + errs + `]},` +
				`"total_events_query":{"formulas":[{"formula":"query1"}],"queries":[` + hits + `]}}}`,
		},
		"unknown": {
			"total: 'sum:h{*}.as_count()'", "sum:h{*}.as_count()",
			`{"event_ratio":{"good":"` + good + `","valid":"sum:h{*}.as_count()","version":9}}`,
		},
	} {
		w := parsed(t, head+"shape: "+strings.TrimSpace(shape)+", good: '"+good+"', "+want.definition+"}]")
		s := serve(t, simulator.Config{World: w})
		got := get[struct{ Data wireSLO }](t, s, "/api/v1/slo/"+w.SLOs[0].ID).Data
		if got.Query.Numerator != good || got.Query.Denominator != want.denominator {
			t.Errorf("%s: query %+v", shape, got.Query)
		}
		if diff := cmp.Diff(want.specification, string(got.Specification)); diff != "" {
			t.Errorf("%s: specification (-want +got):\n%s", shape, diff)
		}
		if got.Thresholds[0].Display != "95." || got.Thresholds[1].Display != "99.5" {
			t.Errorf("%s: thresholds %+v", shape, got.Thresholds)
		}
	}
}

// Whatever a world contains, its SLOs are served in its order, and what
// cannot be evaluated does not take the search down.
func TestOddSLOs(t *testing.T) {
	t.Parallel()
	w := world(t, "odd")
	s := serve(t, simulator.Config{World: w})
	list := get[listAnswer](t, s, "/api/v1/slo")
	if len(list.Data) != len(w.SLOs) {
		t.Fatalf("%d SLOs, want %d", len(list.Data), len(w.SLOs))
	}
	for i, raw := range list.Data {
		if o := w.SLOs[i]; o.Raw != "" {
			var want, got any
			decodeInto(t, []byte(o.Raw), &want)
			decodeInto(t, raw, &got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("raw SLO %d (-want +got):\n%s", i, diff)
			}
			continue
		}
		var got wireSLO
		decodeInto(t, raw, &got)
		if got.Name != w.SLOs[i].Name || got.ID != w.SLOs[i].ID {
			t.Errorf("SLO %d is %q, want %q", i, got.Name, w.SLOs[i].Name)
		}
	}
	states := map[string]string{}
	for _, o := range get[searchAnswer](t, s, "/api/v1/slo/search?page[size]=100").Data.Attributes.SLOs {
		states[o.Data.Attributes.Name] = o.Data.Attributes.Overall[0].State
	}
	for name, want := range map[string]string{"=1+1": "ok", "query that does not parse": "no_data", "function nobody knows": "no_data", "zero traffic": "no_data", "more good than total": "ok", "target of one hundred": "breached"} {
		if states[name] != want {
			t.Errorf("%s: state %q, want %q", name, states[name], want)
		}
	}
}
