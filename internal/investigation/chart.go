package investigation

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// bandWobbles is how many times the usual wobble the band of a chart is wide, each way.
	bandWobbles = 3
	// around is how much is drawn before and after a finding at least.
	around = 6 * hour
	// mostCharts are drawn: those of the most important findings.
	mostCharts = 100
)

// chart draws the series around the most important findings.
func (k *look) chart(ctx context.Context) {
	type job struct {
		track  *track
		signal Signal
	}
	at := map[job][]*candidate{}
	var jobs []job
	for _, c := range k.found[:min(len(k.found), mostCharts)] {
		j := job{c.track, c.Signal}
		if at[j] == nil {
			jobs = append(jobs, j)
		}
		at[j] = append(at[j], c)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(k.Workers, len(jobs)) {
		group.Go(func() {
			var d anomaly.Detector
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(jobs) {
					return
				}
				low, high := k.band(&d, jobs[i].track, jobs[i].signal)
				values := drawn(jobs[i].track, jobs[i].signal)
				for _, c := range at[jobs[i]] {
					c.Chart = cutChart(k.series(values), low, high, c.Finding.Finding)
				}
			}
		})
	}
	group.Wait()
}

// drawn are the values that a chart of a signal shows.
func drawn(t *track, s Signal) []float64 {
	switch s {
	case Errors:
		return t.errors
	case Latency:
		return t.mean
	case ErrorRate:
		rates := missing(len(t.requests))
		for i := range rates {
			if t.requests[i] > 0 {
				rates[i] = t.errors[i] / t.requests[i]
			}
		}
		return rates
	}
	return t.requests
}

// band is what was usual of each bucket. For rates nothing is: see cutChart.
func (k *look) band(d *anomaly.Detector, t *track, s Signal) (low, high []float64) {
	switch s {
	case Requests:
		return bandOf(d, k.series(t.requests), anomaly.Counts)
	case Errors:
		return bandOf(d, k.series(t.errors), anomaly.Counts)
	case Latency:
		return bandOf(d, k.series(t.evident()), anomaly.Levels)
	}
	return nil, nil
}

func bandOf(d *anomaly.Detector, s timeseries.Series, m anomaly.Measure) (low, high []float64) {
	v := d.Look(s, m, true)
	low, high = missing(len(s.Values)), missing(len(s.Values))
	for i := range low {
		expected, wobble := float64(v.Expected[i]), float64(v.Wobble[i])
		low[i], high[i] = expected-bandWobbles*wobble, expected+bandWobbles*wobble
		if m == anomaly.Counts {
			low[i] = max(0, low[i])
		}
	}
	return low, high
}

// cutChart is the part of a series around a finding. During the finding the
// band is that of what was expected without it.
func cutChart(s timeseries.Series, low, high []float64, f anomaly.Finding) Chart {
	pad := max(around, f.Span.Seconds())
	n := int64(len(s.Values))
	from := max(0, (f.Span.Start-pad-s.Start)/s.Step)
	until := min(n, (f.Span.End+pad-s.Start+s.Step-1)/s.Step)
	if until <= from {
		return Chart{}
	}
	c := Chart{Series: timeseries.Series{Start: s.Start + from*s.Step, Step: s.Step, Values: slices.Clone(s.Values[from:until])}}
	if low == nil {
		low, high = missing(int(n)), missing(int(n))
	}
	c.Low, c.High = slices.Clone(low[from:until]), slices.Clone(high[from:until])
	for i := range c.Low {
		t := c.Series.Start + int64(i)*s.Step
		unknown := math.IsNaN(c.Low[i])
		if !math.IsNaN(f.Wobble) && (unknown && !math.IsNaN(f.Expected) || f.Span.Contains(t)) {
			c.Low[i], c.High[i] = max(0, f.Expected-bandWobbles*f.Wobble), f.Expected+bandWobbles*f.Wobble
		}
	}
	return c
}
