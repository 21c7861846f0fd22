package endpoint

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// The keys by which rows are sorted.
const (
	byImportance = "importance"
	byRequests   = "requests"
	byErrors     = "errors"
	byErrorRate  = "error-rate"
	byLatency    = "latency"
	byTime       = "time"
	byChange     = "change"
	byName       = "name"
)

// Sorts are the keys that rows can be sorted by, the usual one first.
func Sorts() []string {
	return []string{byImportance, byRequests, byErrors, byErrorRate, byLatency, byTime, byChange, byName}
}

// Top are the first n rows in an order, all for n ≤ 0, and the others together,
// nil where there are none. An order that does not exist is the usual one. Rows
// and others and Rest add up to Total in requests, errors and time.
func (t Table) Top(sort string, n int) (rows []Row, others *Row) {
	type ranked struct {
		row Row
		key float64
	}
	all := make([]ranked, len(t.Rows))
	for i, r := range t.Rows {
		all[i] = ranked{r, t.key(sort, r)}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(descending(a.key, b.key), cmp.Compare(a.row.Name, b.row.Name), cmp.Compare(a.row.Tag, b.row.Tag))
	})
	if n <= 0 || n > len(all) {
		n = len(all)
	}
	for _, r := range all[:n] {
		rows = append(rows, r.row)
	}
	if n == len(all) {
		return rows, nil
	}
	cut := make([]Row, 0, len(all)-n)
	for _, r := range all[n:] {
		cut = append(cut, r.row)
	}
	return rows, together(cut)
}

// together are some rows as one. What is not known of some of them is left out of
// it; percentiles cannot be added up.
func together(rows []Row) *Row {
	out := &Row{Name: fmt.Sprintf("%d others", len(rows))}
	if len(rows) == 1 {
		out.Name = "1 other"
	}
	sum := func(of func(Row) float64) float64 {
		var s timeseries.Sum
		values := make([]float64, len(rows))
		for i, r := range rows {
			values[i] = of(r)
		}
		if !s.AddPoints(values) {
			return math.NaN()
		}
		return s.Value()
	}
	figures := func(of func(Row) Figures) Figures {
		f := Figures{
			Requests: sum(func(r Row) float64 { return of(r).Requests }),
			Errors:   sum(func(r Row) float64 { return of(r).Errors }),
			Seconds:  sum(func(r Row) float64 { return of(r).Seconds }),
			P50:      math.NaN(), P95: math.NaN(), P99: math.NaN(),
		}
		f.ErrorRate = ratio(f.Errors, f.Requests)
		f.Mean = ratio(f.Seconds, sum(func(r Row) float64 { return of(r).Seconds / of(r).Mean })) // by how many were timed
		return f
	}
	out.Now = figures(func(r Row) Figures { return r.Now })
	out.Before = figures(func(r Row) Figures { return r.Before })
	out.RequestShare = sum(func(r Row) float64 { return r.RequestShare })
	out.ErrorShare = sum(func(r Row) float64 { return r.ErrorShare })
	out.TimeShare = sum(func(r Row) float64 { return r.TimeShare })
	out.ChangeShare = sum(func(r Row) float64 { return r.ChangeShare })
	out.spoil(rows)
	for _, r := range rows {
		if missing := len(r.Trend) - len(out.Trend); missing > 0 {
			out.Trend = append(out.Trend, make([]float64, missing)...)
		}
		for i, v := range r.Trend {
			if !timeseries.IsMissing(v) {
				out.Trend[i] += v
			}
		}
	}
	return out
}

// key is what rows are sorted by, the largest first, NaN last.
func (t Table) key(sort string, r Row) float64 {
	switch sort {
	case byRequests:
		return r.Now.Requests
	case byErrors:
		return r.Now.Errors
	case byErrorRate:
		return r.Now.ErrorRate
	case byLatency:
		if math.IsNaN(r.Now.P95) {
			return r.Now.Mean
		}
		return r.Now.P95
	case byTime:
		return r.Now.Seconds
	case byChange:
		return math.Abs(r.Now.Requests - t.stretched()*r.Before.Requests)
	case byName:
		return 0
	}
	return t.importance(r)
}

// importance is how much a meeting should want to look at a row:
//
//	4 × errors added ÷ (all errors of the service + 1 of 1,000 of its requests)
//	+ 2 × change of requests, up or down ÷ all requests
//	+ 2 × time added ÷ all time
//	+ 1 × requests ÷ all requests
//
// each against the larger of now and before, so that the weight of a row is
// that of what it does to the service. Of what is unknown of a row it is the
// least that is certain: it had between nothing and all of the rest. Without a
// baseline all errors and none of the other parts count as added.
func (t Table) importance(r Row) float64 {
	k := t.stretched()
	zero := func(x float64) float64 {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return 0
		}
		return x
	}
	most := func(now, before float64) float64 { return max(zero(now), k*zero(before)) }
	rest := Row{Now: unknownFigures(), Before: unknownFigures()}
	if t.Rest != nil {
		rest = *t.Rest
	}
	// added is the least that was certainly added.
	added := func(now, before, unknown float64) float64 {
		if math.IsNaN(before) {
			before = unknown
		}
		return max(0, zero(now-k*before))
	}
	requests := most(t.Total.Now.Requests, t.Total.Before.Requests)
	failed := most(t.Total.Now.Errors, t.Total.Before.Errors) + requests/1000
	errors := added(zero(r.Now.Errors), r.Before.Errors, rest.Before.Errors)
	if math.IsNaN(t.Total.Before.Errors) {
		errors = zero(r.Now.Errors)
	}
	changed := added(r.Now.Requests, r.Before.Requests, rest.Before.Requests)
	fewer := r.Now.Requests
	if math.IsNaN(fewer) {
		fewer = rest.Now.Requests
	}
	changed = max(changed, zero(k*r.Before.Requests-fewer))
	return 4*zero(errors/failed) +
		2*zero(changed/requests) +
		2*zero(added(r.Now.Seconds, r.Before.Seconds, rest.Before.Seconds)/most(t.Total.Now.Seconds, t.Total.Before.Seconds)) +
		zero(r.Now.Requests/requests)
}

// stretched is how many times as long as the baseline the span is.
func (t Table) stretched() float64 {
	if t.Baseline.Empty() {
		return 1
	}
	return float64(t.Span.Seconds()) / float64(t.Baseline.Seconds())
}

// descending compares two keys, the larger first and NaN last.
func descending(a, b float64) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	case math.IsNaN(b):
		return -1
	}
	return cmp.Compare(b, a)
}

// matches reports whether a pattern, in which * stands for any run of
// characters and ? for one, fits all of s. Case does not matter.
func matches(pattern, s string) bool {
	p, text := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(s))
	i, k, star, mark := 0, 0, -1, 0
	for k < len(text) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, k
			i++
		case i < len(p) && (p[i] == '?' || p[i] == text[k]):
			i++
			k++
		case star >= 0:
			mark++
			i, k = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(string(p[i:]), "*") == ""
}
