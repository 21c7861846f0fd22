package datadog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
)

func target(t *testing.T, s string) slo.Target {
	t.Helper()
	v, err := slo.ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDecodeDefinition(t *testing.T) {
	t.Parallel()
	const hits, errs = "sum:httpservice.hits{*}.as_count()", "sum:httpservice.errors{*}.as_count()"
	for _, tt := range []struct {
		file string
		want slo.Definition
	}{
		{"v1/slo_metric_bad_events.json", slo.Definition{
			ID: "44444444444444444444444444444444", Type: slo.Metric, Name: "requests without errors", Description: "good and bad events",
			Tags: []string{"env:prod", "type:count"}, Primary: slo.SevenDays,
			Created: time.Unix(1772041538, 0).UTC(), Modified: time.Unix(1772041538, 0).UTC(),
			Objectives: []slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "99"), Warning: target(t, "99.5")}},
			// The bad events of the denominator cancel those taken off the good ones.
			SLI: slo.EventSLI{Good: []slo.Term{{Weight: 1, Query: hits}, {Weight: -1, Query: errs}}, Valid: []slo.Term{{Weight: 1, Query: hits}}},
		}},
		{"v1/slo_metric_total_events.json", slo.Definition{
			ID: "55555555555555555555555555555555", Type: slo.Metric, Name: "requests without errors, of all", Description: "good and total events",
			Tags: []string{"env:prod"}, Primary: slo.SevenDays,
			Created: time.Unix(1770322058, 0).UTC(), Modified: time.Unix(1770322058, 0).UTC(),
			Objectives: []slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "99")}},
			SLI:        slo.EventSLI{Good: []slo.Term{{Weight: 1, Query: hits}, {Weight: -1, Query: errs}}, Valid: []slo.Term{{Weight: 1, Query: hits}}},
		}},
		{"v1/slo_metric_nested.json", slo.Definition{
			ID: "66666666666666666666666666666666", Type: slo.Metric, Name: "the older shape", Primary: slo.SevenDays,
			Created: time.Unix(1712000000, 0).UTC(), Modified: time.Unix(1712000000, 0).UTC(),
			Objectives: []slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "99")}},
			// Both sides call their query query1, and mean different ones.
			SLI: slo.EventSLI{Good: []slo.Term{{Weight: 1, Query: "sum:httpservice.hits{code:2xx}.as_count()"}}, Valid: []slo.Term{{Weight: 1, Query: hits}}},
		}},
		{"v1/slo_time_slice.json", slo.Definition{
			ID: "77777777777777777777777777777777", Type: slo.TimeSlice, Name: "auth is fast", Description: "string",
			Tags: []string{"env:prod"}, Primary: slo.SevenDays,
			Created: time.Unix(1704322485, 0).UTC(), Modified: time.Unix(1704322485, 0).UTC(),
			Objectives: []slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "97"), Warning: target(t, "98")}},
			SLI: slo.SliceSLI{
				Formula: "query1", Queries: map[string]string{"query1": "p95:trace.http.request{service:auth}"},
				Comparator: "<", Threshold: 0.3, Seconds: 300, NoDataStrategy: "COUNT_AS_DOWNTIME",
			},
			Notes: []slo.Note{{
				Code: "no_data_strategy",
				Text: "Datadog's undocumented no_data_strategy is COUNT_AS_DOWNTIME; slices without data are counted as up, as documented",
			}},
		}},
		{"v1/slo_monitor.json", slo.Definition{
			ID: "33333333333333333333333333333333", Type: slo.Monitor, Name: "login page is up",
			Created: time.Unix(1677686871, 0).UTC(), Modified: time.Unix(1677686871, 0).UTC(),
			Objectives: []slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "99")}},
			SLI:        slo.MonitorSLI{MonitorIDs: []int64{112445445}, Groups: []string{"env:prod"}},
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			tt.want.Source = slo.FromDatadog
			got := datadog.DecodeDefinition(json.RawMessage(fixture(t, tt.file)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// metric is a metric SLO with the given sides, and more fields if wanted.
func metric(good, total, more string) json.RawMessage {
	g, _ := json.Marshal(good)
	v, _ := json.Marshal(total)
	return json.RawMessage(fmt.Sprintf(`{"id":"1","name":"n","type":"metric","thresholds":[{"timeframe":"7d","target":99}],"query":{"numerator":%s,"denominator":%s}%s}`, g, v, more))
}

func TestEventSLI(t *testing.T) {
	t.Parallel()
	const a, b = "sum:a{*}.as_count()", "sum:b{*}.as_count()"
	one := []slo.Term{{Weight: 1, Query: a}}
	for _, tt := range []struct {
		name  string
		raw   json.RawMessage
		good  []slo.Term
		valid []slo.Term
		by    []string
		notes []string
	}{
		{"equal queries are merged", metric(a, a+" + "+a+" - "+b, ""), one, []slo.Term{{Weight: 2, Query: a}, {Weight: -1, Query: b}}, nil, nil},
		{"what cancels is dropped", metric(a, a+" + "+b+" - "+b, ""), one, one, nil, nil},
		{"constant factors and default_zero", metric("default_zero("+a+") * 2", "("+a+" / 4)", ""), []slo.Term{{Weight: 2, Query: a}}, []slo.Term{{Weight: 0.25, Query: a}}, nil, nil},
		{"groups in one order", metric("sum:a{*} by {x,y}.as_count()", "sum:b{*} by {y,x}.as_count()", ""),
			[]slo.Term{{Weight: 1, Query: "sum:a{*} by {x,y}.as_count()"}}, []slo.Term{{Weight: 1, Query: "sum:b{*} by {x,y}.as_count()"}}, []string{"x", "y"}, nil},
		{"rollup(sum) and fill(zero) change no sum", metric("sum:a{*}.as_count().rollup(sum, 3600).fill(zero)", "sum:a{*}.as_count().rollup(60)", ""), one, one, nil, nil},
		{"APM counts", metric("sum:trace.http.request.hits{*}", "sum:trace.http.request.errors.by_http_status{*}", ""),
			[]slo.Term{{Weight: 1, Query: "sum:trace.http.request.hits{*}.as_count()"}}, []slo.Term{{Weight: 1, Query: "sum:trace.http.request.errors.by_http_status{*}.as_count()"}}, nil,
			[]string{"as_count_added", "as_count_added"}},
		{"threshold counts", metric("count(v: v<=0.3):trace.http.request{*}", "count:trace.http.request{*}.as_count()", ""),
			[]slo.Term{{Weight: 1, Query: "count(v: v<=0.3):trace.http.request{*}.as_count()"}}, []slo.Term{{Weight: 1, Query: "count:trace.http.request{*}.as_count()"}}, nil, []string{"as_count_added"}},
		{"other metrics wait for their type", metric("sum:a{*}", a, ""), []slo.Term{{Weight: 1, Query: "sum:a{*}"}}, one, nil, nil},
		{"formulas as plain text", metric("x", "x", `,"sli_specification":{"count":{"good_events_formula":"q","total_events_formula":"q + q","queries":[{"name":"q","query":"sum:a{*}.as_count()"}]}}`),
			one, []slo.Term{{Weight: 2, Query: a}}, nil, nil},
		{"a query that is a sum itself", metric("x", "x", `,"sli_specification":{"count":{"good_events_formula":"2 * q","total_events_formula":"q","queries":[{"name":"q","query":"sum:a{*}.as_count() - sum:b{*}.as_count()"}]}}`),
			[]slo.Term{{Weight: 2, Query: a}, {Weight: -2, Query: b}}, []slo.Term{{Weight: 1, Query: a}, {Weight: -1, Query: b}}, nil, nil},
		{"nested bad events", metric("x", "x", `,"sli_specification":{"count":{"good_events_query":{"formulas":["q"],"queries":[{"name":"q","query":"sum:a{*}.as_count()"}]},"bad_events_query":{"formulas":["q"],"queries":[{"name":"q","query":"sum:b{*}.as_count()"}]}}}`),
			one, []slo.Term{{Weight: 1, Query: a}, {Weight: 1, Query: b}}, nil, nil},
		{"unknown specification", metric(a, b, `,"sli_specification":{"quantum":{"spin":1}}`), one, []slo.Term{{Weight: 1, Query: b}}, nil, []string{"specification_fallback"}},
		{"both bad and total events", metric(a, b, `,"sli_specification":{"count":{"good_events_formula":"q","bad_events_formula":"q","total_events_formula":"q","queries":[{"name":"q","query":"sum:c{*}.as_count()"}]}}`),
			one, []slo.Term{{Weight: 1, Query: b}}, nil, []string{"specification_fallback"}},
		{"another data source", metric(a, b, `,"sli_specification":{"count":{"good_events_formula":"q","total_events_formula":"q","queries":[{"data_source":"logs","name":"q","query":"*"}]}}`),
			one, []slo.Term{{Weight: 1, Query: b}}, nil, []string{"specification_fallback"}},
		{"specification is null", metric(a, b, `,"sli_specification":null`), one, []slo.Term{{Weight: 1, Query: b}}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := datadog.DecodeDefinition(tt.raw)
			if d.Defect != nil {
				t.Fatalf("defect: %v", d.Defect)
			}
			want := slo.EventSLI{Good: tt.good, Valid: tt.valid, GroupBy: tt.by}
			if diff := cmp.Diff(slo.SLI(want), d.SLI); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var codes []string
			for _, n := range d.Notes {
				codes = append(codes, n.Code)
			}
			if diff := cmp.Diff(tt.notes, codes); diff != "" {
				t.Errorf("notes (-want +got)\n%s", diff)
			}
		})
	}
}

// slice is a time slice SLO with a formula over queries, and more fields of its specification.
func slice(formula, queries, more string) json.RawMessage {
	f, _ := json.Marshal(formula)
	return json.RawMessage(fmt.Sprintf(`{"id":"1","name":"n","type":"time_slice","thresholds":[{"timeframe":"7d","target":99}],
		"sli_specification":{"time_slice":{"comparator":"<","threshold":0.3,"query":{"formulas":[{"formula":%s}],"queries":%s}%s}}}`, f, queries, more))
}

func TestSliceSLI(t *testing.T) {
	t.Parallel()
	const queries = `[{"data_source":"metrics","name":"q","query":"sum:a{*}"},{"data_source":"metrics","name":"r","query":"sum:b{*}.as_count()"}]`
	for _, tt := range []struct {
		name, formula, more string
		seconds             int64
		note                string
	}{
		{"five minutes unless it says otherwise", "(q - r) / q", "", 300, ""},
		{"a minute", "r", `,"query_interval_seconds":60`, 60, ""},
		{"settings of a function are no names", "top(q, 10, mean, desc)", "", 300, ""},
		{"a formula that only Datadog can read", "anomalies(q, 'basic', 2, direction='both')", "", 300, ""},
		{"no strategy", "q", `,"no_data_strategy":null`, 300, ""},
		{"a strategy", "q", `,"no_data_strategy":"COUNT_AS_FAILED"`, 300, "COUNT_AS_FAILED"},
		{"a strategy of the future", "q", `,"no_data_strategy":{"kind":7}`, 300, `{"kind":7}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := datadog.DecodeDefinition(slice(tt.formula, queries, tt.more))
			if d.Defect != nil {
				t.Fatal(d.Defect)
			}
			want := slo.SliceSLI{
				Formula: tt.formula, Queries: map[string]string{"q": "sum:a{*}", "r": "sum:b{*}.as_count()"},
				Comparator: "<", Threshold: 0.3, Seconds: tt.seconds, NoDataStrategy: tt.note,
			}
			if diff := cmp.Diff(want, d.SLI); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			noted := len(d.Notes) == 1 && d.Notes[0].Code == "no_data_strategy" && strings.Contains(d.Notes[0].Text, tt.note)
			if noted != (tt.note != "") || len(d.Notes) > 1 {
				t.Errorf("notes %v", d.Notes)
			}
		})
	}
}

func TestDefects(t *testing.T) {
	t.Parallel()
	const a, b = "sum:a{*}.as_count()", "sum:b{*}.as_count()"
	with := func(fields string) json.RawMessage { return json.RawMessage(`{"id":"1","name":"n",` + fields + `}`) }
	const seven = `"thresholds":[{"timeframe":"7d","target":99}]`
	for _, tt := range []struct {
		name string
		raw  json.RawMessage
		kind slo.DefectKind
		word string
	}{
		{"a quotient of queries", metric(a+" / "+b, a, ""), slo.Unsupported, "weighted sum"},
		{"a product of queries", metric(a+" * "+b, a, ""), slo.Unsupported, "weighted sum"},
		{"a constant summand", metric(a+" + 1", a, ""), slo.Unsupported, "constant"},
		{"a function", metric("abs("+a+")", a, ""), slo.Unsupported, "weighted sum"},
		{"as_rate", metric("sum:a{*}.as_rate()", a, ""), slo.Unsupported, ".as_count()"},
		{"an average", metric("avg:a{*}.as_count()", a, ""), slo.Unsupported, "sum:"},
		{"a percentile", metric("p95:a{*}", a, ""), slo.Unsupported, "p95"},
		{"no aggregator", metric("a{*}.as_count()", a, ""), slo.Unsupported, "averages"},
		{"rollup(avg)", metric("sum:a{*}.as_count().rollup(avg, 60)", a, ""), slo.Unsupported, "rolls up with avg"},
		{"fill(last)", metric("sum:a{*}.as_count().fill(last)", a, ""), slo.Unsupported, "fill"},
		{"another modifier", metric("sum:a{*}.as_count().ewma_3()", a, ""), slo.Unsupported, "ewma_3"},
		{"different groups", metric("sum:a{*} by {x}.as_count()", a, ""), slo.Invalid, "group"},
		{"a name without a query", metric("unknown", a, ""), slo.Invalid, `"unknown"`},
		{"good events cancel out", metric(a+" - "+a, a, ""), slo.Invalid, "cancel"},
		{"total events cancel out", metric(a, b+" - "+b, ""), slo.Invalid, "cancel"},
		{"syntax", metric("sum:a{", a, ""), slo.Invalid, "could not be read"},
		{"neither query nor specification", with(seven + `,"type":"metric"`), slo.Invalid, "neither"},
		{"unknown type", with(seven + `,"type":"quantum"`), slo.Unsupported, `"quantum"`},
		{"no type", with(seven), slo.Invalid, "no type"},
		{"type of another kind", with(seven + `,"type":7`), slo.Invalid, "no type"},
		{"no id", json.RawMessage(`{"name":"n","type":"metric",` + seven + `,"query":{"numerator":"` + a + `","denominator":"` + a + `"}}`), slo.Invalid, "no id"},
		{"no thresholds", with(`"thresholds":[],"type":"monitor","monitor_ids":[1]`), slo.Invalid, "no target"},
		{"target above 100", with(`"thresholds":[{"timeframe":"7d","target":101}],"type":"monitor","monitor_ids":[1]`), slo.Invalid, "7d"},
		{"target null", with(`"thresholds":[{"timeframe":"7d","target":null}],"type":"monitor","monitor_ids":[1]`), slo.Invalid, "missing"},
		{"two targets", with(`"thresholds":[{"timeframe":"7d","target":99},{"timeframe":"7d","target":98}],"type":"monitor","monitor_ids":[1]`), slo.Invalid, "two targets"},
		{"no monitor", with(seven + `,"type":"monitor","monitor_ids":[]`), slo.Invalid, "no monitor"},
		{"comparator", with(seven + `,"type":"time_slice","sli_specification":{"time_slice":{"comparator":"=","threshold":1,"query":{"formulas":["q"],"queries":[{"name":"q","query":"avg:a{*}"}]}}}`), slo.Invalid, "comparator"},
		{"slice of ten minutes", with(seven + `,"type":"time_slice","sli_specification":{"time_slice":{"comparator":"<","threshold":1,"query_interval_seconds":600,"query":{"formulas":["q"],"queries":[{"name":"q","query":"avg:a{*}"}]}}}`), slo.Invalid, "60 or 300"},
		{"a formula over an unknown name", slice("q / nosuch", `[{"name":"q","query":"avg:a{*}"}]`, ""), slo.Invalid, `"nosuch"`},
		{"a function of an unknown name", slice("abs(nosuch)", `[{"name":"q","query":"avg:a{*}"}]`, ""), slo.Invalid, `"nosuch"`},
		{"a formula without a name", slice("1 + 1", `[{"name":"q","query":"avg:a{*}"}]`, ""), slo.Invalid, "names no query"},
		{"two queries by one name", slice("q", `[{"name":"q","query":"avg:a{*}"},{"name":"q","query":"avg:b{*}"}]`, ""), slo.Invalid, "queries"},
		{"a query of logs", slice("q", `[{"data_source":"logs","name":"q","query":"status:error"}]`, ""), slo.Invalid, "queries"},
		{"null", json.RawMessage(`null`), slo.Invalid, "not a JSON object"},
		{"a list", json.RawMessage(`[]`), slo.Invalid, "not a JSON object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := datadog.DecodeDefinition(tt.raw)
			if d.Defect == nil {
				t.Fatal("no defect")
			}
			if d.Defect.Kind != tt.kind || !strings.Contains(d.Defect.Message, tt.word) {
				t.Errorf("defect %q: %s; want %q with %q", d.Defect.Kind, d.Defect.Message, tt.kind, tt.word)
			}
		})
	}
}

func TestObjectives(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, fields string
		want         []slo.Objective
		primary      slo.Timeframe
		notes        []string
	}{
		{"shortest first", `"timeframe":"30d","thresholds":[{"timeframe":"90d","target":99},{"timeframe":"7d","target":98},{"timeframe":"30d","target":97}]`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "98"), Warning: 0}, {Timeframe: slo.ThirtyDays, Target: target(t, "97"), Warning: 0}, {Timeframe: slo.NinetyDays, Target: target(t, "99"), Warning: 0}}, slo.ThirtyDays, nil},
		{"unknown timeframe", `"timeframe":"custom","thresholds":[{"timeframe":"custom","target":99},{"timeframe":"7d","target":98}]`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "98"), Warning: 0}}, 0, []string{"unknown_timeframe"}},
		{"warning below the target", `"thresholds":[{"timeframe":"7d","target":98,"warning":97}]`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "98"), Warning: 0}}, 0, []string{"warning_ignored"}},
		{"warning of another kind", `"thresholds":[{"timeframe":"7d","target":98,"warning":"high"}]`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "98"), Warning: 0}}, 0, []string{"warning_ignored"}},
		{"numbers in other notations", `"thresholds":[{"timeframe":"7d","target":9.99e1,"warning":"99.95"}]`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "99.9"), Warning: target(t, "99.95")}}, 0, nil},
		{"primary target alone", `"timeframe":"7d","target_threshold":95,"warning_threshold":97`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "95"), Warning: target(t, "97")}}, slo.SevenDays, nil},
		{"the same target twice", `"thresholds":[{"timeframe":"7d","target":98},{"timeframe":"7d","target":98.0}]`,
			[]slo.Objective{{Timeframe: slo.SevenDays, Target: target(t, "98"), Warning: 0}}, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := datadog.DecodeDefinition(json.RawMessage(`{"id":"1","name":"n","type":"metric","query":{"numerator":"sum:a{*}.as_count()","denominator":"sum:b{*}.as_count()"},` + tt.fields + `}`))
			if d.Defect != nil {
				t.Fatal(d.Defect)
			}
			if diff := cmp.Diff(tt.want, d.Objectives); diff != "" || d.Primary != tt.primary {
				t.Errorf("primary %v (-want +got)\n%s", d.Primary, diff)
			}
			var codes []string
			for _, n := range d.Notes {
				codes = append(codes, n.Code)
			}
			if diff := cmp.Diff(tt.notes, codes); diff != "" {
				t.Errorf("notes (-want +got)\n%s", diff)
			}
		})
	}
}

func FuzzDecodeDefinition(f *testing.F) {
	for _, name := range []string{"slo_metric_bad_events", "slo_metric_total_events", "slo_metric_nested", "slo_time_slice", "slo_monitor"} {
		f.Add([]byte(fixture(f, "v1/"+name+".json")))
	}
	for _, s := range []string{``, `null`, `{}`, `{"id":1}`, `{"id":"1","type":"metric","query":{"numerator":[],"denominator":{}}}`, `{"thresholds":[null]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<16 {
			return
		}
		d := datadog.DecodeDefinition(raw)
		if d.Defect != nil {
			if d.Defect.Message == "" || d.Defect.Kind == "" {
				t.Errorf("a defect without words: %+v", d.Defect)
			}
			return
		}
		if d.SLI == nil || len(d.Objectives) == 0 || d.ID == "" || d.Name == "" {
			t.Fatalf("accepted without SLI, objectives, id or name: %+v", d)
		}
		sound := false
		switch sli := d.SLI.(type) {
		case slo.EventSLI:
			sound = len(sli.Good) > 0 && len(sli.Valid) > 0 && len(sli.Good)+len(sli.Valid) <= len(raw)
		case slo.SliceSLI:
			sound = sli.Formula != "" && len(sli.Queries) > 0 && (sli.Seconds == 60 || sli.Seconds == 300) && sli.Comparator != ""
		case slo.MonitorSLI:
			sound = len(sli.MonitorIDs) > 0
		}
		if !sound {
			t.Fatalf("accepted with the SLI %+v", d.SLI)
		}
		for i, o := range d.Objectives {
			if o.Timeframe <= 0 || o.Target <= 0 || o.Target > slo.Hundred || o.Warning != 0 && o.Warning <= o.Target ||
				i > 0 && d.Objectives[i-1].Timeframe >= o.Timeframe {
				t.Errorf("objective %+v", o)
			}
		}
	})
}
