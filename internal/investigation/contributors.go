package investigation

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// allOthers stands for what is not told one by one.
	allOthers = "all others"
	// mostShares are told one by one, and only those from leastShare on.
	mostShares = 10
	leastShare = 0.01
)

// shifts are by how many buckets the stretch of a finding is moved back to where
// it was as usual: whole weeks, else whole days, else to right before it.
func (k *look) shifts(t *track, c *candidate) []int {
	known := func(back int) bool {
		if c.lo-back < 0 || c.hi-back > c.lo { // it would lie within the finding itself
			return false
		}
		part := t.requests[c.lo-back : c.hi-back]
		return 2*len(slices.DeleteFunc(slices.Clone(part), math.IsNaN)) >= len(part)
	}
	perDay := int(day / k.report.Step)
	for _, every := range []int{7 * perDay, perDay} {
		var found []int
		for n := 1; n <= 6 && len(found) < 4; n++ {
			if known(n * every) {
				found = append(found, n*every)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	if before := c.hi - c.lo; known(before) {
		return []int{before}
	}
	return nil
}

// middle is the median of a measure over the shifted stretches.
func middle(values []float64, c *candidate, shifts []int, of func(values []float64, lo, hi int) float64) float64 {
	var all []float64
	for _, back := range shifts {
		if v := of(values, c.lo-back, c.hi-back); !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return math.NaN()
	}
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// attribute says which endpoints carry a finding of a whole place: the exact
// shares of the difference between what was and what usually is.
func (k *look) attribute(c *candidate) {
	p := c.track.of
	if len(p.endpoints) == 0 {
		return
	}
	shifts := k.shifts(p.total, c)
	if len(shifts) == 0 {
		return
	}
	groups := k.parts(c, shifts)
	if len(groups) == 0 {
		return
	}
	var shares []float64
	switch c.Signal {
	case Requests, Errors:
		shares = k.shareCounts(c, groups, shifts)
	case ErrorRate:
		shares = shareRates(c, groups, shifts)
	case Latency:
		shares = shareTime(c, groups, shifts)
	}
	if shares == nil {
		return
	}
	all := make([]Share, len(groups))
	for i, g := range groups {
		all[i] = Share{Name: g.name, Share: shares[i]}
	}
	c.Contributors = brief(all)
}

// shareCounts are the shares of a change of counts.
func (k *look) shareCounts(c *candidate, groups []*track, shifts []int) []float64 {
	values := func(t *track) []float64 {
		if c.Signal == Errors {
			return t.errors
		}
		return t.requests
	}
	// What was expected of the whole may have moved since earlier weeks, and with it each part.
	scale := c.Expected * float64(c.hi-c.lo) / middle(values(c.track), c, shifts, sum)
	if !(scale > 0) || math.IsInf(scale, 0) {
		scale = 1
	}
	before, after := make([]float64, len(groups)), make([]float64, len(groups))
	for i, g := range groups {
		if values(g) == nil {
			return nil
		}
		before[i] = scale * zero(middle(values(g), c, shifts, sum))
		after[i] = zero(sum(values(g), c.lo, c.hi))
	}
	return directed(anomaly.Shares(before, after), before, after, c.up)
}

// shareRates are the shares of a change of the error rate, of which each endpoint
// has as much as its own errors are of all requests. An endpoint whose errors are
// as ever carries nothing of it, however much the others' requests grow.
func shareRates(c *candidate, groups []*track, shifts []int) []float64 {
	before, after := make([]float64, len(groups)), make([]float64, len(groups))
	was, is := middle(c.track.requests, c, shifts, sum), sum(c.track.requests, c.lo, c.hi)
	if !(was > 0 && is > 0) {
		return nil
	}
	for i, g := range groups {
		if g.errors == nil {
			return nil
		}
		before[i] = zero(middle(g.errors, c, shifts, sum)) / was
		after[i] = zero(sum(g.errors, c.lo, c.hi)) / is
	}
	return directed(anomaly.Shares(before, after), before, after, c.up)
}

// shareTime are the shares of a change of the mean latency: how much longer than
// usual the requests of each took, all together.
func shareTime(c *candidate, groups []*track, shifts []int) []float64 {
	before, after := make([]float64, len(groups)), make([]float64, len(groups))
	whole := meanOver(c.track, c, shifts)
	for i, g := range groups {
		if g.mean == nil {
			continue // never a request with a latency
		}
		requests, seconds := spent(g, c.lo, c.hi)
		usual := meanOver(g, c, shifts)
		if math.IsNaN(usual) {
			usual = whole // a new endpoint is held against all
		}
		if requests > 0 && !math.IsNaN(usual) {
			before[i], after[i] = usual*requests, seconds
		}
	}
	var change timeseries.Sum
	for i := range before {
		change.Add(after[i])
		change.Add(-before[i])
	}
	requests, seconds := spent(c.track, c.lo, c.hi)
	if c.mixed = change.Value()/(seconds-c.Expected*requests) < 0.5; c.mixed {
		return nil
	}
	return directed(anomaly.Shares(before, after), before, after, c.up)
}

// spent are the requests with a known latency, and the time that they took.
func spent(t *track, lo, hi int) (requests, seconds float64) {
	for i := lo; i < hi; i++ {
		if v := t.mean[i] * t.requests[i]; !math.IsNaN(v) {
			requests += t.requests[i]
			seconds += v
		}
	}
	return requests, seconds
}

// meanOver is the usual mean latency over the stretch of a finding.
func meanOver(t *track, c *candidate, shifts []int) float64 {
	return middle(t.mean, c, shifts, func(_ []float64, lo, hi int) float64 {
		requests, seconds := spent(t, lo, hi)
		return seconds / requests
	})
}

// directed are shares that explain a change in one direction; nil where the sum
// does not change in it, so that nothing is explained.
func directed(shares, before, after []float64, up bool) []float64 {
	var change timeseries.Sum
	for i := range before {
		change.Add(after[i])
		change.Add(-before[i])
	}
	if len(shares) == 0 || math.IsNaN(shares[0]) || change.Value() > 0 != up {
		return nil
	}
	return shares
}

func zero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// brief orders shares, the largest first, and joins the small ones.
func brief(all []Share) []Share {
	slices.SortStableFunc(all, func(a, b Share) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Share), math.Abs(a.Share)), cmp.Compare(a.Name, b.Name))
	})
	var told []Share
	var rest timeseries.Sum
	others := false
	for i, s := range all {
		if s.Name == allOthers || i >= mostShares || math.Abs(s.Share) < leastShare {
			rest.Add(s.Share)
			others = others || s.Share != 0
			continue
		}
		told = append(told, s)
	}
	slices.SortStableFunc(told, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name)) })
	if others {
		told = append(told, Share{Name: allOthers, Share: rest.Value()})
	}
	return told
}
