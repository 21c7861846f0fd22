package judge

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/simulator/scenario"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// culprits counts how often the endpoint at fault is among the first of the ranking.
type culprits struct {
	kind      string
	endpoints int
	cases     int
	top       [3][3]int // by offset: the first, three, five
}

// faults are what an endpoint may do to its service.
func faults() []incident {
	return []incident{
		{kind: "requests ×3 for 60 min", signal: requests, factor: 3, length: hour},
		{kind: "requests ×10 for 35 min", signal: requests, factor: 10, length: 35 * minute},
		{kind: "requests zero for 30 min", signal: requests, factor: 0, length: 30 * minute},
		{kind: "5 % errors for 60 min", signal: failures, share: 0.05, length: hour},
		{kind: "20 % errors for 30 min", signal: failures, share: 0.2, length: 30 * minute},
		{kind: "latency ×3 for 30 min", signal: latency, factor: 3, length: 30 * minute},
	}
}

// suspects is the number of endpoints of the services that are tried.
func suspects() []int { return []int{5, 20, 60} }

const culpritDays = 15

// offsets are by how much the start that is given may be wrong.
func offsets() []int64 { return []int64{0, -10 * minute, 10 * minute} }

// rounds is how many worlds there are for a number of endpoints; each has every fault once.
const rounds = 8

// fault is one incident of one endpoint.
type fault struct {
	incident
	endpoint int
	start    int64
}

// culpritWorld is a service with so many endpoints, the traffic of which
// differs by two orders of magnitude, and one fault a day in its last week.
func culpritWorld(endpoints, round int) (*scenario.Traffic, []fault, error) {
	seed := 100*endpoints + round
	r := rand.New(rand.NewPCG(uint64(seed), 8))
	var happened strings.Builder
	var out []fault
	for i, in := range faults() {
		f := fault{incident: in, start: end - 7*day + int64(i)*day + r.Int64N(24*60)*minute}
		f.endpoint = r.IntN(atFault(in, endpoints))
		out = append(out, f)
		fmt.Fprintf(&happened, "  - {service: shop, resource: GET /%d, from: '%s', for: %ds", f.endpoint, timeseries.Format(f.start), f.length)
		switch f.signal {
		case requests:
			fmt.Fprintf(&happened, ", requests: %g}\n", f.factor)
		case failures:
			fmt.Fprintf(&happened, ", errors: %g%%}\n", f.share*100)
		case latency:
			fmt.Fprintf(&happened, ", latency: %g}\n", f.factor)
		}
	}
	text := fmt.Sprintf("title: culprits\nnow: %s\nhistory: %dd\nseed: %d\nnoise: 4%%\ndispersion: %g%%\n%sservices:\n  - name: shop\n    endpoints:\n",
		timeseries.Format(end), culpritDays, seed, culpritDispersion*100, rhythm(weekly))
	for i := range endpoints {
		text += fmt.Sprintf("      - {resource: GET /%d, rate: %.6f, statuses: {500: %g%%}, latency: {median: %dms, spread: 0.6}}\n",
			i, rateOf(i), []float64{0.05, 0.2, 1}[r.IntN(3)], 10+r.IntN(300))
	}
	world, err := scenario.Parse("culprits", []byte(text+"incidents:\n"+happened.String()))
	if err != nil {
		return nil, nil, fmt.Errorf("world of the culprits: %w", err)
	}
	return world.Traffic(), out, nil
}

// rateOf is the traffic of an endpoint, requests a second.
func rateOf(endpoint int) float64 { return 20 / math.Pow(float64(endpoint+1), 1.1) }

const culpritDispersion = 0.2

// atFault is of how many endpoints, the largest first, a fault can be asked
// for: of requests those that move the service's sum by three times its noise;
// of the rest six in ten.
func atFault(in incident, endpoints int) int {
	if in.signal != requests {
		return endpoints * 6 / 10
	}
	noise := 0.0
	for i := range endpoints {
		noise += square(culpritDispersion*rateOf(i)) * worldStep / float64(in.length)
	}
	n := 1
	for n < endpoints && math.Abs(in.factor-1)*rateOf(n) > 3*math.Sqrt(noise) {
		n++
	}
	return n
}

// place is one endpoint's series.
type place struct{ hits, failed, times []*scenario.Series }

func places(t *scenario.Traffic, endpoints int) []place {
	out := make([]place, endpoints)
	sort := func(metric string, to func(*place) *[]*scenario.Series) {
		m := t.Metric(metric)
		if m == nil {
			return
		}
		for _, s := range m.Series {
			for i := range out {
				if slices.Contains(s.Tags, fmt.Sprintf("resource_name:get_/%d", i)) {
					*to(&out[i]) = append(*to(&out[i]), s)
				}
			}
		}
	}
	sort("trace.http.request.hits", func(p *place) *[]*scenario.Series { return &p.hits })
	sort("trace.http.request.errors", func(p *place) *[]*scenario.Series { return &p.failed })
	sort("trace.http.request", func(p *place) *[]*scenario.Series { return &p.times })
	return out
}

// measure is what a stretch held: requests, and errors or seconds over requests.
func (p place) measure(signal string, h *scenario.Histogram, from, to int64) anomaly.RateChange {
	var out anomaly.RateChange
	for _, s := range p.hits {
		out.Requests += float64(s.Count(from, to))
	}
	switch signal {
	case failures:
		for _, s := range p.failed {
			out.Errors += float64(s.Count(from, to))
		}
	case latency:
		h.Reset()
		for _, s := range p.times {
			s.AddTo(h, from, to)
		}
		if h.Count > 0 {
			out.Errors = h.Sum()
		}
	}
	return out
}

// judgeCulprits ranks the endpoints of each fault by their share of the
// change against the median of the same stretch of the seven days before.
func judgeCulprits() ([]culprits, error) {
	var out []culprits
	for _, endpoints := range suspects() {
		found := make([]culprits, len(faults()))
		for round := range rounds {
			traffic, happened, err := culpritWorld(endpoints, round)
			if err != nil {
				return nil, err
			}
			all := places(traffic, endpoints)
			h := scenario.NewHistogram()
			for i, f := range happened {
				c := &found[i]
				c.kind, c.endpoints = f.kind, endpoints
				c.cases++
				for o, off := range offsets() {
					before, after := compare(all, f, off, h)
					c.add(o, slices.Index(ranking(f.signal, before, after), f.endpoint))
				}
			}
		}
		out = append(out, found...)
	}
	return out, nil
}

// add counts a rank, 0 for the first.
func (c *culprits) add(offset, rank int) {
	for k, most := range []int{1, 3, 5} {
		if rank < most {
			c.top[offset][k]++
		}
	}
}

func compare(all []place, f fault, off int64, h *scenario.Histogram) (before, after []anomaly.RateChange) {
	from := timeseries.Floor(f.start+off, worldStep)
	to := max(timeseries.Ceil(f.start+off+f.length, worldStep), from+worldStep)
	for _, p := range all {
		var errors, hits []float64
		for d := int64(1); d <= 7; d++ {
			m := p.measure(f.signal, h, from-d*day, to-d*day)
			errors, hits = append(errors, m.Errors), append(hits, m.Requests)
		}
		slices.Sort(errors)
		slices.Sort(hits)
		before = append(before, anomaly.RateChange{Errors: middle(errors), Requests: middle(hits)})
		after = append(after, p.measure(f.signal, h, from, to))
	}
	return before, after
}

// ranking is the endpoints' numbers, the one that explains most of the change first.
func ranking(signal string, before, after []anomaly.RateChange) []int {
	parts := make([]float64, len(before))
	if signal == requests {
		b, a := make([]float64, len(before)), make([]float64, len(before))
		for i := range before {
			b[i], a[i] = before[i].Requests, after[i].Requests
		}
		parts = anomaly.Shares(b, a)
	} else {
		for i, s := range anomaly.RateShares(before, after) {
			parts[i] = s.Rate + s.Mix
		}
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[b], parts[a]) })
	return order
}
