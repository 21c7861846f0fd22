package datadog_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// world answers timeseries requests from single events, in buckets as wide as
// its rules say, which need not be what was asked for. Its formulas are
// quotients of names.
type world struct {
	// events are Unix seconds, by query.
	events map[string][]int64
	// width says how wide the buckets of an answer are.
	width func(query string, seconds, interval int64) int64
	// asked are the spans and intervals that were asked for.
	asked []string
}

func (w *world) handle(t *testing.T) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		a := readQuestion(t, r).Data.Attributes
		from, to, interval := a.From/1000, a.To/1000, a.Interval/1000
		w.asked = append(w.asked, fmt.Sprintf("%d/%d", (to-from)/interval, interval))
		queries := map[string]map[int64]float64{}
		for _, q := range a.Queries {
			width := w.width(q.Query, to-from, interval)
			counted := map[int64]float64{}
			for _, e := range w.events[q.Query] {
				bucket := e - e%width
				if e >= from && e < to && bucket >= from {
					counted[bucket]++
				}
			}
			queries[q.Name] = counted
		}
		// A formula has a value, the product, where all of its queries have one.
		counts := make([]map[int64]float64, len(a.Formulas))
		distinct := map[int64]bool{}
		for i, f := range a.Formulas {
			counts[i] = map[int64]float64{}
			names := strings.Split(f.Formula, " / ")
			for bucket := range queries[names[0]] {
				value := 1.0
				for _, name := range names {
					value *= queries[name][bucket]
				}
				if value != 0 {
					counts[i][bucket] = value
					distinct[bucket] = true
				}
			}
		}
		times := []int64{}
		for b := range distinct {
			times = append(times, b)
		}
		slices.Sort(times)
		type wireSeries struct {
			Tags  []string `json:"group_tags"`
			Index int      `json:"query_index"`
		}
		series, values := []wireSeries{}, [][]*float64{}
		for i, c := range counts {
			if len(c) == 0 {
				continue
			}
			row := make([]*float64, len(times))
			for j, b := range times {
				if n, ok := c[b]; ok {
					row[j] = &n
				}
			}
			series, values = append(series, wireSeries{[]string{}, i}), append(values, row)
		}
		for i := range times {
			times[i] *= 1000
		}
		json.NewEncoder(out).Encode(map[string]any{"data": map[string]any{"attributes": map[string]any{"series": series, "times": times, "values": values}}})
	}
}

// honest answers with the buckets that were asked for.
func honest(_ string, _, interval int64) int64 { return interval }

// capped widens the buckets until there are at most n of them, as Datadog does.
func capped(n int64) func(string, int64, int64) int64 {
	return func(_ string, seconds, interval int64) int64 {
		for _, width := range []int64{interval, 600, 1200, 3600, 7200, 14400} {
			if width >= interval && seconds/width <= n {
				return width
			}
		}
		return 86400
	}
}

// every is an event each period seconds, first at the offset.
func every(span timeseries.Span, period, offset int64) []int64 {
	var all []int64
	for t := span.Start + offset; t < span.End; t += period {
		all = append(all, t)
	}
	return all
}

const counted = "sum:q{*}.as_count()"

func TestSpacingOfAnswers(t *testing.T) {
	t.Parallel()
	const day = 86400
	span := timeseries.Span{Start: 1711929600, End: 1711929600 + 5*day} // 1,440 cells of 300 s
	dense := every(span, 40, 7)
	for _, tt := range []struct {
		name   string
		events []int64
		width  func(string, int64, int64) int64
		fails  bool
		most   int // requests
		days   int64
	}{
		{"dense and as asked", dense, honest, false, 1, 5},
		{"an hourly job, honestly answered", every(span, 3600, 130), honest, false, 2, 5},
		{"an hourly job of two minutes", append(every(span, 3600, 10), every(span, 3600, 130)...), honest, false, 2, 5},
		{"an hourly job whose largest run is the last, before a busy time", append(append(every(span, 3600, 130), span.End-3600+130, span.End-3600+190), every(timeseries.Span{Start: span.End, End: span.End + 7200}, 30, 0)...), honest, false, 2, 5},
		{"a daily job at midnight: too few to be regular", every(span, day, 100), honest, false, 2, 5},
		{"a daily job at no whole hour", every(span, day, 1900), honest, false, 1, 5},
		{"irregular and sparse", []int64{span.Start + 3600, span.Start + 9*3600, span.Start + 17*3600, span.Start + 40*3600, span.Start + 41*3600, span.Start + 70*3600, span.Start + 99*3600}, honest, false, 2, 5},
		{"nothing at all", nil, honest, false, 1, 5},
		{"widened by the number of points", dense, capped(1000), false, 8, 5},
		{"widened by far", dense, capped(100), false, 80, 5},
		{"widened, with quiet hours", every(timeseries.Span{Start: span.Start, End: span.Start + 2*day}, 50, 3), capped(700), false, 10, 5},
		{"an hour wide whatever is asked", dense, func(string, int64, int64) int64 { return 3600 }, true, 20, 5},
		{"a day wide whatever is asked, over few days", dense, func(string, int64, int64) int64 { return day }, true, 20, 5},
		{"six hours wide, and little traffic", every(span, 5*3600, 1234), func(string, int64, int64) int64 { return 6 * 3600 }, true, 30, 5},
		{"a day wide whatever is asked", every(timeseries.Span{Start: span.Start, End: span.Start + 20*day}, 40, 7), func(string, int64, int64) int64 { return day }, true, 30, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			span := timeseries.Span{Start: span.Start, End: span.Start + tt.days*day}
			w := &world{events: map[string][]int64{counted: tt.events}, width: tt.width}
			client, server := connect(t, w.handle(t))
			got, err := client.Series(t.Context(), timeseries.Request{Queries: []string{counted}, Span: span, Step: 300})
			if err != nil {
				t.Fatal(err)
			}
			if server.calls() > tt.most {
				t.Errorf("%d requests, want at most %d: %v", server.calls(), tt.most, w.asked)
			}
			if tt.fails {
				wantDefect(t, got[0].Err, slo.Invalid, "asked for a point every 300 s")
				return
			}
			if got[0].Err != nil {
				t.Fatalf("%v after %v", got[0].Err, w.asked)
			}
			// Every event must stand in its own cell.
			want := timeseries.Blank(span, 300)
			for _, e := range tt.events {
				if !span.Contains(e) {
					continue
				}
				if cell := (e - span.Start) / 300; timeseries.IsMissing(want.Values[cell]) {
					want.Values[cell] = 1
				} else {
					want.Values[cell]++
				}
			}
			if len(tt.events) == 0 {
				if len(got[0].Groups) != 0 {
					t.Errorf("groups without an event: %v", got[0].Groups)
				}
				return
			}
			series := got[0].Groups[0].Series
			if series.Start != want.Start || series.Step != want.Step || len(series.Values) != len(want.Values) {
				t.Fatalf("a grid of %d from %d by %d", len(series.Values), series.Start, series.Step)
			}
			for i, v := range series.Values {
				if v != want.Values[i] && !(timeseries.IsMissing(v) && timeseries.IsMissing(want.Values[i])) {
					t.Fatalf("cell %d is %v, want %v", i, v, want.Values[i])
				}
			}
		})
	}
}

func TestOnlyTheCoarseQueryIsAskedAgain(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: 1711929600, End: 1711929600 + 86400}
	dense := every(span, 40, 7)
	w := &world{
		events: map[string][]int64{"fine": dense, "coarse": dense, "broken": dense},
		width: func(query string, seconds, interval int64) int64 {
			switch {
			case query == "broken", query == "coarse" && seconds/interval > 100 && interval == 300:
				return 3600
			default:
				return interval
			}
		},
	}
	client, server := connect(t, w.handle(t))
	got, err := client.Series(t.Context(), timeseries.Request{Queries: []string{"fine", "coarse", "broken"}, Span: span, Step: 300})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range got[:2] {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		sum := 0.0
		for _, v := range a.Groups[0].Series.Values {
			sum += v // a missing cell would make this NaN
		}
		if int(sum) != len(dense) {
			t.Errorf("query %d: %v events, want %d", i, sum, len(dense))
		}
	}
	wantDefect(t, got[2].Err, slo.Invalid, "broken", "3600 s")
	for _, body := range server.bodies[1:] {
		if strings.Contains(body, "fine") {
			t.Errorf("the fine query was asked again: %s", body)
		}
	}
	if n := client.Counts()[datadog.CallSeries]; n != server.calls() {
		t.Errorf("counted %d of %d", n, server.calls())
	}
}

func TestHalvesKeepTheirGroups(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: 1711929600, End: 1711929600 + 86400}
	first := true
	client, _ := connect(t, func(out http.ResponseWriter, r *http.Request) {
		a := readQuestion(t, r).Data.Attributes
		interval := a.Interval
		if first {
			interval, first = 3600_000, false
		}
		// Group a lives through the first half only, b through all of it.
		var times []int64
		var as, bs []any
		for at := a.From; at < a.To; at += interval {
			times, bs = append(times, at), append(bs, 2)
			if at/1000 < span.Start+43200 {
				as = append(as, 1)
			} else {
				as = append(as, nil)
			}
		}
		json.NewEncoder(out).Encode(map[string]any{"data": map[string]any{"attributes": map[string]any{
			"series": []any{map[string]any{"group_tags": []string{"g:a"}, "query_index": 0}, map[string]any{"group_tags": []string{"g:b"}, "query_index": 0}},
			"times":  times, "values": [][]any{as, bs},
		}}})
	})
	got, err := client.Series(t.Context(), timeseries.Request{Queries: []string{"sum:x{*} by {g}.as_count()"}, Span: span, Step: 300})
	if err != nil || got[0].Err != nil || len(got[0].Groups) != 2 {
		t.Fatal(got, err)
	}
	for _, g := range got[0].Groups {
		for i, v := range g.Series.Values {
			want := 2.0
			if g.Tags[0] == "g:a" {
				if want = 1; i >= 144 {
					want = timeseries.Missing
				}
			}
			if v != want && !(timeseries.IsMissing(v) && timeseries.IsMissing(want)) {
				t.Fatalf("group %v cell %d is %v, want %v", g.Tags, i, v, want)
			}
		}
	}
}

func TestSpacingOfSlices(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: 1711929600, End: 1711929600 + 86400} // 1,440 cells of 60 s
	const gauge, other = "avg:q{*}", "sum:r{*}"
	dense := every(span, 20, 7)
	wide := func(width int64) func(string, int64, int64) int64 {
		return func(string, int64, int64) int64 { return width }
	}
	for _, tt := range []struct {
		name   string
		events []int64 // of the query
		width  func(string, int64, int64) int64
		fails  string
		most   int   // requests
		sent   int64 // seconds between points, where the answer has to say so
	}{
		{"dense and as asked", dense, honest, "", 1, 0},
		{"nothing at all", nil, honest, "", 1, 0},
		{"an hourly report", every(span, 3600, 130), honest, "", 1, 0},
		{"an hourly report near the hour", every(span, 3600, 30), honest, "", 3, 0},
		{"every other minute", every(span, 120, 30), honest, "", 3, 0},
		{"an hourly report on the hour", every(span, 3600, 0), honest, "", 5, 3600},
		{"every five minutes on the grid, as CloudWatch sends them", every(span, 300, 0), honest, "", 5, 300},
		{"a few reports at odd minutes", []int64{span.Start + 61, span.Start + 7*60, span.Start + 31*60}, honest, "", 1, 0},
		{"irregular reports at even minutes, by chance", []int64{span.Start, span.Start + 240, span.Start + 360, span.Start + 1200, span.Start + 1320}, honest, "", 1, 0},
		{"five minutes wide whatever is asked", dense, wide(300), "one every 300 s", 4, 0},
		{"five minutes wide, and few values", []int64{span.Start + 61, span.Start + 1861, span.Start + 2461, span.Start + 7261, span.Start + 9000, span.Start + 20000, span.Start + 61000}, wide(300), "one every 300 s", 4, 0},
		{"an hour wide, and two values", []int64{span.Start + 61, span.Start + 5*3600}, wide(3600), "one every", 4, 0},
		{"twice as wide as asked, whatever is asked", dense, func(_ string, _, interval int64) int64 { return 2 * interval }, "one every 120 s", 60, 0},
		{"widened by the number of points", dense, capped(1200), "", 6, 0},
		{"widened by far", dense, capped(200), "", 100, 0},
	} {
		for kind, r := range map[string]timeseries.Request{
			"gauge":   {Queries: []string{gauge}},
			"count":   {Queries: []string{counted}},
			"formula": {Formulas: []timeseries.Formula{formula("q / r", "q", gauge, "r", other)}},
		} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				w := &world{events: map[string][]int64{gauge: tt.events, counted: tt.events, other: dense}, width: tt.width}
				client, server := connect(t, w.handle(t))
				r.Span, r.Step = span, 60
				most := tt.most
				if kind == "count" && tt.fails != "" {
					most = 60 // too few counts to be judged by their times are asked for in ever shorter spans
				}
				got, err := client.Series(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				if server.calls() > most {
					t.Errorf("%d requests, want at most %d: %v", server.calls(), most, w.asked)
				}
				if tt.fails != "" {
					wantDefect(t, got[0].Err, slo.Invalid, "asked for a point every 60 s", tt.fails)
					return
				}
				if got[0].Err != nil {
					t.Fatalf("%v after %v", got[0].Err, w.asked)
				}
				sent := tt.sent
				if kind == "formula" {
					sent = 0 // the other query has points in between
				}
				if got[0].Every != sent {
					t.Errorf("points every %d s, want %d", got[0].Every, sent)
				}
				want := map[int64]bool{}
				for _, e := range tt.events {
					want[timeseries.Floor(e, 60)] = true
				}
				have := map[int64]bool{}
				for _, g := range got[0].Groups {
					for i, v := range g.Series.Values {
						if !timeseries.IsMissing(v) {
							have[g.Series.Start+int64(i)*60] = true
						}
					}
				}
				if len(want) != len(have) {
					t.Fatalf("%d cells with a value, want %d; %v", len(have), len(want), w.asked)
				}
				for cell := range want {
					if !have[cell] {
						t.Errorf("nothing at %s", timeseries.Format(cell))
					}
				}
			})
		}
	}
}

// A formula has no finer answer where its queries never report in the same
// twenty seconds; that is no reason to mistrust it.
func TestFormulaWhoseQueriesReportAtDifferentTimes(t *testing.T) {
	t.Parallel()
	span := timeseries.Span{Start: 1711929600, End: 1711929600 + 86400}
	w := &world{events: map[string][]int64{"avg:q{*}": every(span, 3600, 125), "avg:r{*}": every(span, 3600, 170)}, width: honest}
	client, _ := connect(t, w.handle(t))
	got, err := client.Series(t.Context(), timeseries.Request{Formulas: []timeseries.Formula{formula("q / r", "q", "avg:q{*}", "r", "avg:r{*}")}, Span: span, Step: 60})
	if err != nil || got[0].Err != nil || len(got[0].Groups) != 1 {
		t.Errorf("%v, %v after %v", got, err, w.asked)
	}
}

func TestDoubtAboutAGaugeIsSettledOnce(t *testing.T) {
	t.Parallel()
	const day = 86400
	whole := timeseries.Span{Start: 1711929600, End: 1711929600 + 30*day}
	for _, tt := range []struct {
		name  string
		from  int64
		width func(string, int64, int64) int64
		fails bool
	}{
		{"every other minute", 30, honest, false},
		{"two minutes wide", 90, func(string, int64, int64) int64 { return 120 }, true},
	} {
		w := &world{events: map[string][]int64{"avg:q{*}": every(whole, 120, tt.from), counted: every(whole, 7200, 130)}, width: tt.width}
		client, server := connect(t, w.handle(t))
		for at := whole.Start; at < whole.End; at += day {
			got, err := client.Series(t.Context(), timeseries.Request{
				Formulas: []timeseries.Formula{formula("q", "q", "avg:q{*}")}, Span: timeseries.Span{Start: at, End: at + day}, Step: 60,
			})
			if err != nil || (got[0].Err != nil) != tt.fails {
				t.Fatal(tt.name, got[0].Err, err)
			}
		}
		if n := server.calls(); n < 32 || n > 33 {
			t.Errorf("%s: %d requests, want one a day and two or three more", tt.name, n)
		}
	}
	// Counts are looked at on each day.
	w := &world{events: map[string][]int64{counted: every(whole, 3600, 130)}, width: honest}
	client, server := connect(t, w.handle(t))
	for at := whole.Start; at < whole.End; at += day {
		if _, err := client.Series(t.Context(), timeseries.Request{Queries: []string{counted}, Span: timeseries.Span{Start: at, End: at + day}, Step: 300}); err != nil {
			t.Fatal(err)
		}
	}
	if n := server.calls(); n != 60 {
		t.Errorf("%d requests for a count, want two a day", n)
	}
}
