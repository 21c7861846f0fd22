package investigation

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// seen is an endpoint as the daily counts know it.
type seen struct {
	tag string
	// before and within are requests before and in the span, late those of its
	// last day, errors those in the span.
	before, within, late, errors float64
}

// takeSeen lists the endpoints of a sheaf's places.
func (k *look) takeSeen(l *apm.Loaded, s *sheaf) {
	q := k.queriesOf(s.common, s.by(apm.ByResource), s.only...)
	total := k.queriesOf(s.common, s.by(""), s.only...)
	at := map[*place]map[string]*seen{}
	end := k.report.Span.End
	for _, d := range days(k.loading) {
		add := func(query, whole string, put func(e *seen, start int64, v float64)) {
			if query == "" {
				return
			}
			r := read(l, query, d.Span, d.Step)
			if r.err != nil {
				k.say("partly_unanswered", "some endpoints of %s may be overlooked: %v", s.title(), r.err)
			}
			k.markMore(l, s, r, whole, d)
			for _, g := range r.groups {
				p, rest := s.split(g.Tags)
				if p == nil || len(rest) != 1 {
					continue
				}
				if at[p] == nil {
					at[p] = map[string]*seen{}
				}
				e := at[p][rest[0]]
				if e == nil {
					e = &seen{tag: rest[0]}
					at[p][rest[0]] = e
				}
				for i, v := range g.Series.Values {
					if !math.IsNaN(v) {
						put(e, d.Span.Start+int64(i)*d.Step, v)
					}
				}
			}
		}
		add(q.hits, total.hits, func(e *seen, start int64, v float64) {
			if start < k.report.Span.Start {
				e.before += v
			} else {
				e.within += v
			}
			if start >= end-day {
				e.late += v
			}
		})
		add(q.errors, total.errors, func(e *seen, start int64, v float64) {
			if start >= timeseries.Floor(k.report.Span.Start, day) {
				e.errors += v
			}
		})
	}
	for p, all := range at {
		for _, e := range all {
			p.known = append(p.known, *e)
		}
		slices.SortFunc(p.known, func(a, b seen) int { return cmp.Compare(a.tag, b.tag) })
	}
}

// choose picks the endpoints that matter: half of them by requests, a quarter by
// errors, a quarter those that are new or gone, and what is left by requests again.
func choose(known []seen, most int) []seen {
	if len(known) <= most {
		return known
	}
	taken := map[string]bool{}
	take := func(until int, weight func(seen) float64) {
		order := slices.Clone(known)
		slices.SortStableFunc(order, func(a, b seen) int {
			return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a.tag, b.tag))
		})
		for _, e := range order {
			if len(taken) >= until || !(weight(e) > 0) {
				return
			}
			taken[e.tag] = true
		}
	}
	requests := func(e seen) float64 { return e.before + e.within }
	take(most/2, requests)
	take(most*3/4, func(e seen) float64 { return e.errors })
	take(most, func(e seen) float64 {
		if e.before == 0 || e.late == 0 {
			return requests(e)
		}
		return 0
	})
	take(most, requests)
	return slices.DeleteFunc(slices.Clone(known), func(e seen) bool { return !taken[e.tag] })
}

// open makes a track for each endpoint that is looked at.
func (p *place) open(chosen []seen, buckets int) {
	if p.total == nil {
		return
	}
	for _, e := range chosen {
		p.endpoints = append(p.endpoints, &track{of: p, tag: e.tag, name: apm.Name(e.tag), requests: missing(buckets)})
	}
}

// takeEndpoints files what was answered to an inquiry about the endpoints of a sheaf's places.
func (k *look) takeEndpoints(l *apm.Loaded, i inquiry) {
	s, q := i.of, i.asked
	type key struct {
		p   *place
		tag string
	}
	at := map[key]*track{}
	for _, p := range s.places {
		for _, e := range p.endpoints {
			at[key{p, e.tag}] = e
		}
		k.report.Endpoints += len(p.endpoints)
	}
	each := func(what, query string, file func(t *track, values []float64)) reading {
		if query == "" {
			return reading{known: []bool{false}}
		}
		r := read(l, query, k.loading, k.report.Step)
		k.unanswered(what+" by endpoint of "+s.title(), r)
		for _, g := range r.groups {
			p, rest := s.split(g.Tags)
			if p == nil || len(rest) != 1 {
				continue
			}
			if t := at[key{p, rest[0]}]; t != nil {
				file(t, g.Series.Values)
			}
		}
		return r
	}
	start, step := k.loading.Start, k.report.Step
	points := map[*track][]float64{}
	hits := each("requests", q.hits, func(t *track, values []float64) { points[t] = values })
	lost := k.gapsOf(l, s, hits, i.whole.hits, func(t *track) []float64 { return t.requests })
	for _, t := range at {
		if hits.none() {
			break
		}
		raw, there := points[t]
		if !there { // nothing came, as far as that was answered
			raw = missing(len(t.requests))
		}
		t.requests = hits.counts(raw, t.of.total.requests)
		lost[t.of].blank(t.requests, raw, start, step)
	}
	clear(points)
	errors := each("errors", q.errors, func(t *track, values []float64) { points[t] = values })
	alsoLost := k.gapsOf(l, s, errors, i.whole.errors, func(t *track) []float64 { return t.errors })
	for _, t := range at {
		if errors.none() {
			break
		}
		raw, there := points[t]
		if !there {
			raw = missing(len(t.requests))
		}
		t.errors = errors.counts(raw, t.requests)
		alsoLost[t.of].blank(t.errors, raw, start, step)
		for i, v := range t.requests { // without requests nobody knows which buckets had no error
			if math.IsNaN(v) {
				t.errors[i] = math.NaN()
			}
		}
	}
	each("latencies", q.mean, func(t *track, values []float64) {
		t.mean = t.of.means(values, t.requests)
	})
}

// remainder is the total without some endpoints, as far as these are known.
func (p *place) remainder(without []*track) *track {
	t := &track{of: p, name: allOthers, requests: slices.Clone(p.total.requests), errors: slices.Clone(p.total.errors), mean: slices.Clone(p.total.mean)}
	for i := range t.mean { // seconds, until all are subtracted
		t.mean[i] *= p.total.requests[i]
	}
	for _, e := range without {
		for i, v := range e.requests {
			t.requests[i] -= zero(v)
		}
		for i := range min(len(t.errors), len(e.errors)) {
			t.errors[i] -= zero(e.errors[i])
		}
		for i := range min(len(t.mean), len(e.mean)) {
			if e.requests[i] > 0 {
				t.mean[i] -= zero(e.mean[i] * e.requests[i])
			}
		}
	}
	for i := range t.requests {
		t.requests[i] = max(0, t.requests[i])
	}
	for i := range t.errors {
		t.errors[i] = max(0, t.errors[i])
	}
	for i := range t.mean {
		t.mean[i] = max(0, t.mean[i]) / t.requests[i]
		if math.IsInf(t.mean[i], 0) {
			t.mean[i] = math.NaN()
		}
	}
	return t
}

// unusual are the places whose totals have something to tell. Where services
// have too many endpoints together, only theirs are looked at.
func (k *look) unusual(ctx context.Context, places []*place) ([]*place, error) {
	var totals []*track
	for _, p := range places {
		totals = append(totals, p.total)
	}
	found, err := k.find(ctx, totals)
	if err != nil {
		return nil, err
	}
	k.early, k.found = map[*track]bool{}, found
	for _, t := range totals {
		k.early[t] = true
	}
	loud := map[*place]bool{}
	for _, c := range found {
		loud[c.track.of] = loud[c.track.of] || !c.Small
	}
	kept := slices.DeleteFunc(slices.Clone(places), func(p *place) bool { return !loud[p] })
	k.say("endpoints_skipped", "%d services have %d endpoints together: they are looked at one by one only where the whole service is unusual, which is %d of them; name a service to look at all of its",
		len(places), k.report.Known, len(kept))
	return kept, nil
}
