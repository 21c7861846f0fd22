package judge

import (
	"math"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Event is an incident that was put into a series.
type Event struct {
	// Kind is the incident's, as in the tables.
	Kind string
	// Span is when it happened. Of a change that stays it goes to the end of the series.
	Span timeseries.Span
	// Until, of a change that stays, is when the last flag comes that counts as finding it; else 0.
	Until int64
	// Evidence is the size of the whole change in standard deviations of what
	// chance makes of so many requests.
	Evidence float64
}

// visible is the evidence from which on an incident can be seen at all by
// something that looks for every kind at every instant.
const visible = 6

// Visible reports whether chance alone does not hide the event.
func (e Event) Visible() bool { return e.Evidence >= visible }

// Case is one series with what is known about it. Its second half is scored.
type Case struct {
	// Family is how the series was made, "world" for the simulator's.
	Family, Season, Signal string
	// Size is the traffic behind it, requests a minute on an ordinary day.
	Size    float64
	Measure anomaly.Measure
	Series  timeseries.Series
	// Requests belong to a series of errors.
	Requests timeseries.Series
	Events   []Event
}

// Half is the index of the first scored point.
func (c *Case) Half() int { return len(c.Series.Values) / 2 }

// Weeks is how long the scored part is.
func (c *Case) Weeks() float64 {
	return float64(int64(len(c.Series.Values)-c.Half())*c.Series.Step) / (7 * 86400)
}

// incident is a recipe for events.
type incident struct {
	kind   string
	signal string
	// factor acts on requests or latency; share of the requests become errors.
	factor, share float64
	// length is in seconds; 0: it stays.
	length int64
	// ramp is how long the effect takes to grow, linearly.
	ramp int64
	// born and dies are endpoints that appear and vanish.
	born, dies bool
}

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// incidents are all kinds, in the order of the tables.
func incidents() []incident {
	return []incident{
		{kind: "×10 for 35 min", signal: requests, factor: 10, length: 35 * minute},
		{kind: "×3 for 60 min", signal: requests, factor: 3, length: hour},
		{kind: "×1.5 for 60 min", signal: requests, factor: 1.5, length: hour},
		{kind: "zero for 30 min", signal: requests, factor: 0, length: 30 * minute},
		{kind: "half for 60 min", signal: requests, factor: 0.5, length: hour},
		{kind: "+50 % for 6 h", signal: requests, factor: 1.5, length: 6 * hour},
		{kind: "ramp to ×2 over 2 h", signal: requests, factor: 2, length: 2 * hour, ramp: 2 * hour},
		{kind: "+50 % to stay", signal: requests, factor: 1.5},
		{kind: "drift to ×2 over 5 d", signal: requests, factor: 2, ramp: 5 * day},
		{kind: "new endpoint", signal: requests, born: true},
		{kind: "endpoint gone", signal: requests, dies: true},
		{kind: "1 % errors for 6 h", signal: failures, share: 0.01, length: 6 * hour},
		{kind: "5 % errors for 60 min", signal: failures, share: 0.05, length: hour},
		{kind: "20 % errors for 30 min", signal: failures, share: 0.2, length: 30 * minute},
		{kind: "all fail for 10 min", signal: failures, share: 1, length: 10 * minute},
		{kind: "latency ×1.5 for 2 h", signal: latency, factor: 1.5, length: 2 * hour},
		{kind: "latency ×3 for 30 min", signal: latency, factor: 3, length: 30 * minute},
		{kind: "latency ×10 for 5 min", signal: latency, factor: 10, length: 5 * minute},
		{kind: "latency ×1.5 to stay", signal: latency, factor: 1.5},
	}
}

// The signals.
const (
	requests = "requests"
	failures = "errors"
	latency  = "latency"
)

// only are the incidents of a signal; of requests without those that are born or die.
func only(signal string, kinds ...string) []incident {
	var out []incident
	for _, in := range incidents() {
		if in.signal != signal || in.born || in.dies {
			continue
		}
		for _, k := range kinds {
			if k == in.kind {
				out = append(out, in)
			}
		}
		if len(kinds) == 0 {
			out = append(out, in)
		}
	}
	return out
}

func (in incident) stays() bool { return in.length == 0 }

// strength is how much of it is felt so many seconds after its start.
func (in incident) strength(since int64) float64 {
	switch {
	case since < 0 || (!in.stays() && since >= in.length):
		return 0
	case since >= in.ramp:
		return 1
	}
	return float64(since) / float64(in.ramp)
}

// hidden is what an incident has to stand out from.
type hidden struct {
	// perMinute are the requests while nothing happens, errors the share of them that fail.
	perMinute, errors float64
	// spread is the relative standard deviation of the traffic beyond chance, a
	// point, and linked how many points go on average the same way.
	spread, linked float64
	// latencies is the relative standard deviation of single latencies.
	latencies float64
}

// event is the incident at an instant of a series that ends at end.
func (in incident) event(start, end, step int64, h hidden) Event {
	e := Event{Kind: in.kind, Span: timeseries.Span{Start: start, End: min(end, start+in.length)}}
	felt := in.length
	if in.stays() {
		e.Span.End = end
		e.Until = start + in.ramp + day
		felt = day
	}
	expected := h.perMinute * float64(felt) / minute
	factor := in.factor
	if in.ramp > 0 && !in.stays() {
		factor = (1 + factor) / 2
	}
	switch {
	case in.signal == latency:
		e.Evidence = math.Abs(math.Log(factor)) * math.Sqrt(expected) / h.latencies
		return e
	case in.signal == failures:
		usual := max(h.errors*expected, 1e-3)
		factor = (usual + in.share*expected) / usual
		expected = usual
	case in.born || in.dies:
		factor = 0
	}
	independent := max(1, float64(felt)/float64(step)/max(1, h.linked))
	effective := 1 / (1/max(expected, 1e-9) + h.spread*h.spread/independent)
	e.Evidence = deviance(effective, factor)
	return e
}

// deviance is how many standard deviations a Poisson count of factor times what is expected is off.
func deviance(expected, factor float64) float64 {
	off := 1 - factor
	if factor > 0 {
		off += factor * math.Log(factor)
	}
	return math.Sqrt(2 * expected * max(0, off))
}
