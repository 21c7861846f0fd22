package investigation

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Datadog answers a query with so many groups at most, and does not say that
// there are more. What the groups lack of the whole shows it. A group that was
// left out was left out of a whole request, which is whole days; on a day of
// which something is lacking, a group without a point is therefore unknown.

// gaps says for each bucket of the grid whether groups were left out on its day.
type gaps []bool

// lacking are the days on which the sum of the groups is less than the whole, by
// more than rounding. Both have one value a bucket from start on; no point is 0.
func lacking(whole, groups []float64, known []bool, start, step int64) gaps {
	const rounding = 1e-6
	var found gaps
	for lo := 0; lo < len(whole); {
		hi := nextDay(lo, len(whole), start, step)
		var all, told timeseries.Sum
		for i := lo; i < hi; i++ {
			if !math.IsNaN(whole[i]) && (known == nil || known[i]) {
				all.Add(whole[i])
				told.Add(zero(groups[i]))
			}
		}
		if all.Value()-told.Value() > 0.5+rounding*all.Value() {
			if found == nil {
				found = make(gaps, len(whole))
			}
			for i := lo; i < hi; i++ {
				found[i] = true
			}
		}
		lo = hi
	}
	return found
}

// nextDay is the first bucket of the day after that of bucket i, at most n.
func nextDay(i, n int, start, step int64) int {
	t := start + int64(i)*step
	return min(n, max(i+1, int((timeseries.Floor(t, day)+day-start)/step)))
}

// blank makes values unknown on the days on which groups were left out and this
// one has no point.
func (g gaps) blank(values, points []float64, start, step int64) {
	if g == nil {
		return
	}
	for lo := 0; lo < len(values); {
		hi := nextDay(lo, len(values), start, step)
		if g[lo] && !slices.ContainsFunc(points[lo:hi], func(v float64) bool { return !math.IsNaN(v) }) {
			for i := lo; i < hi; i++ {
				values[i] = math.NaN()
			}
		}
		lo = hi
	}
}

// sumOf adds up the groups of each place of a sheaf, also those that are not
// looked at and those that lack a tag.
func (s *sheaf) sumOf(r reading, buckets int) map[*place][]float64 {
	sums := map[*place][]float64{}
	for _, g := range r.groups {
		p, _ := s.split(g.Tags)
		if p == nil {
			continue
		}
		if sums[p] == nil {
			sums[p] = make([]float64, buckets)
		}
		for i, v := range g.Series.Values {
			sums[p][i] += zero(v)
		}
	}
	for _, p := range s.places {
		if sums[p] == nil {
			sums[p] = make([]float64, buckets)
		}
	}
	return sums
}

// gapsOf are the gaps of the answer to a query by endpoint. What it is held
// against is the total of each place, or the answer to the same query without
// groups where that is not about all endpoints.
func (k *look) gapsOf(l *apm.Loaded, s *sheaf, r reading, whole string, of func(total *track) []float64) map[*place]gaps {
	if r.none() {
		return nil
	}
	start, step := k.loading.Start, k.report.Step
	found := map[*place]gaps{}
	told := s.sumOf(r, k.size())
	for _, p := range s.places {
		if p.total == nil {
			continue
		}
		against := of(p.total)
		if whole != "" {
			against = missing(k.size())
			for _, g := range read(l, whole, k.loading, step).groups {
				against = g.Series.Values
			}
		}
		if g := lacking(against, told[p], r.known, start, step); g != nil {
			found[p], p.cut = g, true
			k.incomplete(p)
		}
	}
	return found
}

// markMore notices of which places endpoints were left out when they were counted.
func (k *look) markMore(l *apm.Loaded, s *sheaf, r reading, whole string, d apm.Demand) {
	if r.none() {
		return
	}
	n := int(d.Span.Seconds() / d.Step)
	told := s.sumOf(r, n)
	for _, g := range read(l, whole, d.Span, d.Step).groups {
		if p, _ := s.split(g.Tags); p != nil && lacking(g.Series.Values, told[p], r.known, d.Span.Start, d.Step) != nil {
			p.more = true
		}
	}
}

// incomplete notes once that endpoints of a place were left out.
func (k *look) incomplete(p *place) {
	if !p.told {
		k.say("endpoints_incomplete", "Datadog answered for some of the endpoints of %s only: there are more of them, and when one was left out, nothing is known of it", p.title())
	}
	p.told = true
}

// unknown reports whether something of a track is not known in a stretch in
// which it is known of the whole place.
func (t *track) unknown(s Signal, lo, hi int) bool {
	total := t.of.total
	lacks := func(values, whole []float64) bool {
		for i := lo; i < hi && whole != nil; i++ {
			if !math.IsNaN(whole[i]) && (values == nil || math.IsNaN(values[i])) {
				return true
			}
		}
		return false
	}
	switch s {
	case Errors, ErrorRate:
		return lacks(t.errors, total.errors)
	case Latency:
		for i := lo; i < hi && total.mean != nil; i++ {
			if t.requests[i] > 0 && !math.IsNaN(total.mean[i]) && (t.mean == nil || math.IsNaN(t.mean[i])) {
				return true
			}
		}
	}
	return lacks(t.requests, total.requests)
}

// parts are the tracks that a finding of a place is divided among: of a place
// of which endpoints were left out only those that are known all along, and the rest.
func (k *look) parts(c *candidate, shifts []int) []*track {
	p := c.track.of
	if !p.cut {
		if p.rest != nil {
			return append(slices.Clone(p.endpoints), p.rest)
		}
		return p.endpoints
	}
	known := slices.DeleteFunc(slices.Clone(p.endpoints), func(t *track) bool {
		return t.unknown(c.Signal, c.lo, c.hi) || slices.ContainsFunc(shifts, func(back int) bool {
			return t.unknown(c.Signal, c.lo-back, c.hi-back)
		})
	})
	if len(known) == 0 {
		return nil
	}
	return append(known, p.remainder(known))
}
