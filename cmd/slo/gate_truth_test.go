package main_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// What a world is like, asked of the simulated API as curl would ask: Datadog's
// own figures of any window, and the points of the queries. Nothing here knows
// how slo reckons.

const daySeconds = 86400

var gateWindows = map[string]int64{"7d": 7 * daySeconds, "30d": 30 * daySeconds, "90d": 90 * daySeconds}

// get asks for a path and decodes the answer; false where there is none.
func (w *gateWorld) get(path string, into any) bool {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for header, value := range map[string]string{"DD-API-KEY": "api-key", "DD-APPLICATION-KEY": "app-key-full"} {
		r.Header.Set(header, value)
	}
	recorder := httptest.NewRecorder()
	w.simulated.ServeHTTP(recorder, r)
	return recorder.Code == http.StatusOK && json.Unmarshal(recorder.Body.Bytes(), into) == nil
}

// sum is what happened in a window.
type sum struct {
	// sli is a percentage, NaN where there is none.
	sli float64
	// valid are the requests of a metric SLO.
	valid float64
}

func (w *gateWorld) sum(id string, from, to int64) (sum, bool) {
	var answer struct {
		Data struct {
			Series  struct{ Denominator struct{ Sum float64 } }
			Overall struct {
				SLI *float64 `json:"sli_value"`
			}
		}
	}
	if !w.get(fmt.Sprintf("/api/v1/slo/%s/history?from_ts=%d&to_ts=%d", id, from, to), &answer) {
		return sum{}, false
	}
	s := sum{sli: math.NaN(), valid: answer.Data.Series.Denominator.Sum}
	if v := answer.Data.Overall.SLI; v != nil {
		s.sli = *v
	}
	return s, true
}

// points are the instants of a query's points in steps of five minutes (a day)
// or an hour (31 days, in pieces).
func (w *gateWorld) points(query string, from, to int64) (times []int64) {
	var answer struct {
		Series []struct{ Pointlist [][2]float64 }
	}
	if !w.get(fmt.Sprintf("/api/v1/query?from=%d&to=%d&query=%s", from, to, url.QueryEscape(query)), &answer) {
		return nil
	}
	for _, s := range answer.Series {
		for _, p := range s.Pointlist {
			times = append(times, int64(p[0])/1000)
		}
	}
	return times
}

// newest is the start of the newest bucket of five minutes with a point of one
// of the queries; 0 where there is none in the window.
func (w *gateWorld) newest(queries []string, from, to int64) int64 {
	newest := int64(0)
	for end := to; end > from && newest == 0; end -= daySeconds {
		for _, q := range queries {
			for _, at := range w.points(q, max(from, end-daySeconds), end) {
				newest = max(newest, at)
			}
		}
	}
	return newest
}

// hours is the share of the window's hours with a point of one of the queries:
// no less than the share of its slices.
func (w *gateWorld) hours(queries []string, from, to int64) float64 {
	seen := map[int64]bool{}
	for end := to; end > from; end -= 6 * daySeconds {
		for _, q := range queries {
			for _, at := range w.points(q, max(from, end-6*daySeconds), end) {
				seen[at/3600] = true
			}
		}
	}
	return float64(len(seen)) / (float64(to-from) / 3600)
}

// watched is the share of the window in which one of the monitors had data, and
// the end of the last such second.
func (w *gateWorld) watched(o scenario.SLO, from, to int64) (share float64, last int64) {
	var tracks []scenario.Track
	for _, m := range w.world.Monitors {
		if slices.Contains(o.MonitorIDs, m.ID) && !m.Deleted && !m.NoResults {
			if len(m.Groups) == 0 || m.Test != "" {
				tracks = append(tracks, m.Own)
				continue
			}
			for _, g := range m.Groups {
				tracks = append(tracks, g.Track)
			}
		}
	}
	n := int64(0)
	for at := from; at < to; at += 60 {
		if slices.ContainsFunc(tracks, func(t scenario.Track) bool {
			return at >= t.From-60 && !slices.ContainsFunc(t.Silent, func(s scenario.Interval) bool { return s.From <= at && at+60 <= s.To })
		}) {
			n++
			last = at + 60
		}
	}
	return float64(n) / (float64(to-from) / 60), last
}

// doubts are the reasons for which an objective may not pass by some terms: what
// is violated for certain, or not known. Where the world itself says that
// Datadog's figures deviate there is nothing to hold it against.
func (w *gateWorld) doubts(o scenario.SLO, timeframe string, target float64, t terms, at int64, fix bool) (all []string) {
	to := at - at%300
	from := to - gateWindows[timeframe]
	doubt := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	whole, ok := w.sum(o.ID, from, to)
	if !ok {
		doubt("Datadog has no figure of it")
		return all
	}
	documented := o.Own.Documented()
	if documented && math.IsNaN(whole.sli) {
		doubt("there is no data")
	}
	now := at
	switch o.Type {
	case scenario.TypeMetric:
		if documented && whole.valid < t.minEvents {
			doubt("%v events, of at least %v", whole.valid, t.minEvents)
		}
		if newest := w.newest(slices.DeleteFunc([]string{o.Good, o.Bad, o.Total}, func(q string) bool { return q == "" }), from, to); now-newest > int64(t.maxAge.Seconds()) {
			doubt("the newest point is %d s old", now-newest)
		}
	case scenario.TypeTimeSlice:
		var queries []string
		for _, q := range o.Slice.Queries {
			queries = append(queries, q.Query)
		}
		if share := w.hours(queries, from, to); share < t.minCoverage {
			doubt("covered to %v", share)
		}
		if newest := w.newest(queries, from, to); now-(newest+300) > int64(t.maxAge.Seconds()) {
			doubt("the newest point is %d s old", now-newest)
		}
	case scenario.TypeMonitor:
		share, last := w.watched(o, from, to)
		if share < t.minCoverage {
			doubt("covered to %v", share)
		}
		if now-last > int64(t.maxAge.Seconds())+60 {
			doubt("no data for %d s", now-last)
		}
	}
	if !documented {
		return all
	}
	return append(all, w.violations(o, timeframe, target, t, whole, to, fix)...)
}

// violations are the rules that certainly do not hold, by Datadog's own figures.
func (w *gateWorld) violations(o scenario.SLO, timeframe string, target float64, t terms, whole sum, to int64, fix bool) (all []string) {
	const dust = 1e-5 // Datadog's figures of seconds are of single precision
	calm := true
	for i, lookback := range [3]int64{3600, 6 * 3600, daySeconds} {
		long, ok1 := w.sum(o.ID, to-lookback, to)
		short, ok2 := w.sum(o.ID, to-lookback/12, to)
		above := burnTable[timeframe][i]
		if t.burnAbove[i] != 0 {
			above = t.burnAbove[i]
		}
		rate := func(s sum) float64 { return (100 - s.sli - dust) / (100 - target) }
		if !ok1 || !ok2 || !(rate(long) < 1) {
			calm = false
		}
		low := o.Type == scenario.TypeMetric && long.valid < t.lowEvents
		if target < 100 && t.burn[i] == "block" && !low && rate(long) > above && rate(short) > above && !slices.Contains(t.overridden, burnRules[i]) {
			all = append(all, fmt.Sprintf("%s: %v and %v", burnRules[i], rate(long), rate(short)))
		}
	}
	forgiven := fix && t.fixes && calm && target < 100
	if forgiven || slices.Contains(t.overridden, "budget") {
		return all
	}
	left := 100 * (whole.sli + dust - target) / (100 - target)
	switch {
	case t.budgetBlock == nil:
	case target == 100 && whole.sli < 100-dust, target < 100 && left < *t.budgetBlock:
		all = append(all, fmt.Sprintf("%v %% of the budget are left", left))
	}
	if t.attainBlock != nil && whole.sli < *t.attainBlock-dust && !slices.Contains(t.overridden, "attainment") {
		all = append(all, fmt.Sprintf("attainment %v", whole.sli))
	}
	return all
}

// picks are the SLOs that a selection picks, by the words of the contract.
func (w *gateWorld) picks(names, tags []string) (picked []scenario.SLO, known bool) {
	chosen := map[int]bool{}
	for _, name := range names {
		hits := map[int]bool{}
		for _, fits := range []func(scenario.SLO) bool{
			func(o scenario.SLO) bool { return o.ID == name && name != "" },
			func(o scenario.SLO) bool { return strings.EqualFold(o.Name, name) },
			func(o scenario.SLO) bool {
				head, tail, wild := strings.Cut(strings.ToLower(name), "*") // one star at most here
				low := strings.ToLower(o.Name)
				return wild && len(low) >= len(head)+len(tail) && strings.HasPrefix(low, head) && strings.HasSuffix(low, tail)
			},
		} {
			for i, o := range w.world.SLOs {
				if len(o.Raw) == 0 && fits(o) {
					hits[i] = true
				}
			}
			if len(hits) > 0 {
				break
			}
		}
		if len(hits) == 0 {
			return nil, false
		}
		for i := range hits {
			chosen[i] = true
		}
	}
	for i, o := range w.world.SLOs {
		all := !slices.ContainsFunc(tags, func(tag string) bool {
			return !slices.ContainsFunc(o.Tags, func(has string) bool { return strings.EqualFold(has, tag) })
		})
		if o.Raw == "" && all && (chosen[i] || len(names) == 0) {
			picked = append(picked, o)
		}
	}
	return picked, true
}
