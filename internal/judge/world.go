package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/simulator/scenario"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	worldDays  = 42
	worldStep  = 300
	errorShare = 0.002
)

// worldPlan is one world of the corpus: every kind of incident at one size,
// season and noise, each in a service of its own, and one service with none.
type worldPlan struct {
	season     string
	perMinute  float64
	dispersion float64
	seed       uint64
	// signals, when there are some, are the only ones of interest.
	signals []string
}

// of reports whether a signal is of interest.
func (p worldPlan) of(signal string) bool {
	return len(p.signals) == 0 || slices.Contains(p.signals, signal)
}

func worldPlans() []worldPlan {
	var out []worldPlan
	for _, season := range []string{flat, daily, weekly, holiday} {
		for i, size := range []float64{1, 10, 100, 1000, 10000} {
			dispersion := []float64{0, 0.15}[(i+len(out)/5)%2]
			out = append(out, worldPlan{season: season, perMinute: size, dispersion: dispersion, seed: uint64(len(out) + 1)})
		}
	}
	return out
}

// rhythm writes a season as worlds do.
func rhythm(season string) string {
	if season == flat {
		return ""
	}
	text := "rhythm: {hours: [" + strings.Trim(strings.ReplaceAll(fmt.Sprint(hours()), " ", ", "), "[]") + "]"
	if season != daily {
		text += fmt.Sprintf(", weekend: %g%%", weekend*100)
	}
	if season == holiday {
		text += ", holidays: ['" + timeseries.Format(freeDay) + "']"
	}
	return text + "}\n"
}

// starts are instants in the scored half for one service's incidents, days apart and not on the holiday.
func starts(r *rand.Rand, in incident) []int64 {
	half := end - worldDays/2*day
	if in.stays() {
		return []int64{half + r.Int64N(8*24*60)*minute + 2*day}
	}
	var out []int64
	for _, d := range []int64{1, 7, 14} {
		t := half + d*day + r.Int64N(5*24*60)*minute
		if timeseries.Floor(t, day) == freeDay {
			t += 2 * day
		}
		out = append(out, t)
	}
	return out
}

// cases parses and measures the world.
func (p worldPlan) cases() ([]Case, error) {
	r := rand.New(rand.NewPCG(p.seed, 6))
	var services, happened strings.Builder
	type planned struct {
		in     incident
		starts []int64
	}
	var plans []planned
	for i, in := range incidents() {
		at := starts(r, in)
		// Worlds bound the traffic of a service as if all of its incidents came at once.
		for len(at) > 1 && p.perMinute/60*math.Pow(in.factor, float64(len(at))) > 1900 {
			at = at[:len(at)-1]
		}
		plans = append(plans, planned{in, at})
		life := ""
		for _, t := range plans[i].starts {
			switch {
			case in.born:
				life = fmt.Sprintf(", from: '%s'", timeseries.Format(t))
				continue
			case in.dies:
				life = fmt.Sprintf(", to: '%s'", timeseries.Format(t))
				continue
			}
			fmt.Fprintf(&happened, "  - {service: s%d, from: '%s'", i, timeseries.Format(t))
			if !in.stays() {
				fmt.Fprintf(&happened, ", for: %ds", in.length)
			}
			if in.ramp > 0 {
				fmt.Fprintf(&happened, ", ramp: %ds", in.ramp)
			}
			switch in.signal {
			case requests:
				fmt.Fprintf(&happened, ", requests: %g", in.factor)
			case failures:
				fmt.Fprintf(&happened, ", errors: %g%%", in.share*100)
			case latency:
				fmt.Fprintf(&happened, ", latency: %g", in.factor)
			}
			happened.WriteString("}\n")
		}
		services.WriteString(p.service(i, life))
	}
	services.WriteString(p.service(len(plans), ""))
	text := fmt.Sprintf("title: judged\nnow: %s\nhistory: %dd\nseed: %d\nnoise: 4%%\ndispersion: %g%%\n%sservices:\n%sincidents:\n%s",
		timeseries.Format(end), worldDays, p.seed, p.dispersion*100, rhythm(p.season), services.String(), happened.String())
	world, err := scenario.Parse("judged", []byte(text))
	if err != nil {
		return nil, fmt.Errorf("world of the corpus: %w", err)
	}
	traffic := world.Traffic()
	var out []Case
	for i, plan := range plans {
		if !p.of(plan.in.signal) {
			continue
		}
		c := p.measure(traffic, i, plan.in.signal)
		for _, t := range plan.starts {
			h := hidden{perMinute: p.perMinute, errors: errorShare, spread: p.dispersion, latencies: relative(0.6)}
			if !plan.in.stays() {
				h.perMinute *= seasonal(p.season, t+plan.in.length/2)
			}
			c.Events = append(c.Events, plan.in.event(t, end, worldStep, h))
		}
		if plan.in.born && i%2 == 0 {
			// A source that knows nothing of the endpoint beforehand has no zeros either.
			for k := range c.Series.Values[:(plan.starts[0]-c.Series.Start)/worldStep] {
				c.Series.Values[k] = timeseries.Missing
			}
		}
		out = append(out, c)
	}
	for _, signal := range []string{requests, failures, latency} {
		if p.of(signal) {
			out = append(out, p.measure(traffic, len(plans), signal))
		}
	}
	return out, nil
}

func (p worldPlan) service(i int, life string) string {
	return fmt.Sprintf("  - {name: s%d, endpoints: [{resource: GET /, rate: %.6f, statuses: {500: %g%%}, latency: {median: 80ms, spread: 0.6}%s}]}\n",
		i, p.perMinute/60, errorShare*100, life)
}

// measure reads one signal of one service.
func (p worldPlan) measure(traffic *scenario.Traffic, service int, signal string) Case {
	c := Case{Family: "world", Season: p.season, Signal: signal, Size: p.perMinute}
	switch signal {
	case requests:
		c.Series = counts(traffic, "trace.http.request.hits", service)
	case failures:
		c.Series = counts(traffic, "trace.http.request.errors", service)
		c.Requests = counts(traffic, "trace.http.request.hits", service)
	case latency:
		c.Measure = anomaly.Levels
		c.Series = means(traffic, "trace.http.request", service)
	}
	return c
}

func blank() timeseries.Series {
	return timeseries.Blank(timeseries.Span{Start: end - worldDays*day, End: end}, worldStep)
}

func of(m *scenario.Metric, service int) []*scenario.Series {
	var out []*scenario.Series
	if m == nil {
		return nil
	}
	tag := fmt.Sprintf("service:s%d", service)
	for _, s := range m.Series {
		for _, t := range s.Tags {
			if t == tag {
				out = append(out, s)
			}
		}
	}
	return out
}

func counts(traffic *scenario.Traffic, metric string, service int) timeseries.Series {
	s := blank()
	clear(s.Values)
	for _, one := range of(traffic.Metric(metric), service) {
		for i := range s.Values {
			t := s.Start + int64(i)*s.Step
			s.Values[i] += float64(one.Count(t, t+s.Step))
		}
	}
	return s
}

func means(traffic *scenario.Traffic, metric string, service int) timeseries.Series {
	s := blank()
	h := scenario.NewHistogram()
	all := of(traffic.Metric(metric), service)
	for i := range s.Values {
		t := s.Start + int64(i)*s.Step
		h.Reset()
		for _, one := range all {
			one.AddTo(h, t, t+s.Step)
		}
		if h.Count > 0 {
			s.Values[i] = h.Mean()
		}
	}
	return s
}
