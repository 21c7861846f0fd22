package endpoint

import (
	"math"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// Datadog may answer for some groups only, and for others in each request. What
// the total has beyond an answer shows that. A group that is not in such an
// answer had anything from nothing to all of it: its figure is unknown, and
// counts as part of the rest.

// tolerance is how far a sum may be from another one of the same values, as a share.
func (m measure) tolerance() float64 {
	if m == spent {
		return 1e-9 // latencies are no whole numbers, and added up in another order
	}
	return rounding
}

// note remembers of one piece whether its answer lacks groups. Classes of status
// are few enough for one answer: what is missing there has no status.
func (c *collector) note(which int, m measure, piece int, whole, told timeseries.Sum) {
	if c.table.By != ByStatus && whole.Minus(told) > m.tolerance()*math.Abs(whole.Value()) {
		c.cut[which][m] |= 1 << piece
	}
}

// forget makes unknown what answers without some groups do not say.
func (c *collector) forget(points [2]measured) {
	for i := range c.total {
		partial := c.partial(i, points[i].requests)
		exact := c.measuredAs(i, points[i].requests)
		for tag, row := range c.rows {
			s := row[i]
			if partial[tag] {
				for m := range measures {
					c.lose(s, m)
				}
				continue
			}
			if c.cut[i][hits]&^s.in[hits] != 0 && !exact(tag, s.of[hits].Value()) {
				c.lose(s, hits)
			}
			nothing := !s.lost[hits] && s.of[hits].Value() == 0
			for m := errs; m < measures; m++ {
				switch {
				case c.plan.grouped[m] == "": // it is not told apart at all
					s.lost[m] = m != errs || !nothing && c.total[i].of[errs].Value() != 0
				case c.cut[i][m]&^s.in[m] != 0 && !nothing:
					c.lose(s, m)
				}
			}
		}
	}
}

// lose makes a measure of a group unknown; what there is of it goes to the rest.
func (c *collector) lose(s *sums, m measure) {
	s.of[m], s.seen[m], s.lost[m] = timeseries.Sum{}, false, true
	if m == hits {
		s.trend = nil
	}
	c.singles = true
}

// measuredAs tells of a group whether as many requests were measured over the
// whole stretch at once as were added up, so that nothing of it is missing.
func (c *collector) measuredAs(which int, requests map[string]float64) func(tag string, got float64) bool {
	const same = 1e-9
	var all timeseries.Sum
	for _, v := range requests {
		all.Add(v)
	}
	total := c.asked[which]
	complete := requests != nil && math.Abs(all.Value()-total) <= same*total
	return func(tag string, got float64) bool {
		v, there := requests[tag]
		return (there || complete) && math.Abs(v-got) <= same*got
	}
}

// partial are the groups that lack more than a fifth of what was measured for
// them over a whole stretch, where the rest has that much: one piece may take
// several requests, of which only some told of them.
func (c *collector) partial(which int, requests map[string]float64) map[string]bool {
	const enough, few = 0.8, 20
	if !c.known[which][hits] {
		return nil
	}
	var told timeseries.Sum
	for _, row := range c.rows {
		told.AddSum(row[which].of[hits])
	}
	whole := c.total[which].of[hits]
	left := whole.Minus(told) + rounding*whole.Value()
	out := map[string]bool{}
	for tag, measured := range requests {
		row := c.rows[tag]
		if row == nil {
			continue
		}
		got := row[which].of[hits].Value()
		// A few requests may lie in a bucket that Datadog counted and we did not.
		if lacking := measured - got; got < enough*measured && lacking > few && lacking <= left {
			out[tag] = true
		}
	}
	return out
}

// spoil takes from a sum of groups what would be a comparison of different ones:
// some of them are unknown in one stretch, or by one measure, and not in another.
func (r *Row) spoil(rows []Row) {
	nan := math.IsNaN
	for _, of := range rows {
		for _, f := range []struct{ to, of *Figures }{{&r.Now, &of.Now}, {&r.Before, &of.Before}} {
			if nan(f.of.Errors) != nan(f.of.Requests) {
				f.to.ErrorRate = math.NaN()
			}
			if f.of.Seconds > 0 && nan(f.of.Mean) || f.of.untimed {
				f.to.Mean = math.NaN()
			}
		}
		if nan(of.Now.Requests) != nan(of.Before.Requests) || nan(of.Now.Errors) != nan(of.Before.Errors) || of.Now.untimed != of.Before.untimed {
			r.Uneven, r.ChangeShare = true, math.NaN()
		}
	}
}
