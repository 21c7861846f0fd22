package investigation

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/anomaly"
)

const (
	// mostShown are shown of a service and a fortnight, and mostInAll of all services.
	mostShown = 5
	mostInAll = 20
	fortnight = 14 * day
)

// rank orders the findings, the most important first, and chooses what is shown.
//
//	importance = effect · √share · rarity · duration · badness
//
// effect is |ln ratio|, at most ln 20, which stands for all and nothing as well; share is
// the part of the service's requests, errors or time that is concerned; rarity is
// √Record, between 1/2 and 4: how the score compares with the series' own history;
// duration is √(hours), between 1/2 and 3; badness puts errors and silence before more traffic.
func (k *look) rank() {
	bar := k.bar()
	for _, c := range k.found {
		c.importance = effect(c.Finding.Finding) * math.Sqrt(c.weight()) * rarity(c.Record) * duration(c.Span.Seconds()) * badness(c)
		if !c.whole() && c.Score < bar && singled(c.Kind) {
			c.hide(hiddenChance)
		}
	}
	slices.SortStableFunc(k.found, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.importance, a.importance), byName(a, b))
	})
	times := int(max(1, (k.report.Span.Seconds()+fortnight-1)/fortnight))
	shown, all := map[string]int{}, 0
	for _, c := range k.found {
		if c.Hidden != "" {
			continue
		}
		if shown[c.Place.Service] >= mostShown*times || all >= mostInAll*times {
			c.hide(hiddenLess)
			continue
		}
		shown[c.Place.Service]++
		all++
		c.Shown = true
	}
	// What is shown comes first.
	slices.SortStableFunc(k.found, func(a, b *candidate) int {
		switch {
		case a.Shown == b.Shown:
			return 0
		case a.Shown:
			return -1
		}
		return 1
	})
}

// bar is the score that a finding of an endpoint needs to be shown. Among many
// series some are far off by chance: it grows with their number.
func (k *look) bar() float64 {
	return anomaly.Alarm * (1 + math.Log10(max(1, float64(k.looked)/10))/2)
}

// singled reports whether findings of the kind are more credible with a higher score.
func singled(kind anomaly.Kind) bool {
	switch kind {
	case anomaly.Spike, anomaly.Drop, anomaly.Shift, anomaly.Drift:
		return true
	}
	return false
}

func effect(f anomaly.Finding) float64 {
	most := math.Log(20)
	if f.Kind == anomaly.Silence || f.Kind == anomaly.New || f.Kind == anomaly.Gone || !(f.Ratio > 0) || math.IsInf(f.Ratio, 0) {
		return most
	}
	return min(most, math.Abs(math.Log(f.Ratio)))
}

// weight is the share of the service that is concerned.
func (c *candidate) weight() float64 {
	const least = 1e-4
	if c.whole() {
		return 1
	}
	t, total := c.track, c.track.of.total
	part, all := math.NaN(), math.NaN()
	n := float64(c.hi - c.lo)
	switch c.Signal {
	case Requests:
		change := math.Abs(c.Observed-c.Expected) * n
		part, all = max(c.Observed*n, change), sum(total.requests, c.lo, c.hi)+max(0, c.Expected-c.Observed)*n
	case Errors, ErrorRate:
		part, all = sum(t.errors, c.lo, c.hi), sum(total.errors, c.lo, c.hi)
	case Latency:
		_, part = spent(t, c.lo, c.hi)
		_, all = spent(total, c.lo, c.hi)
	}
	if share := part / all; share > least {
		return min(1, share)
	}
	return least
}

func rarity(record float64) float64 {
	if math.IsNaN(record) {
		return 1
	}
	return min(4, max(0.5, math.Sqrt(max(0, record))))
}

func duration(seconds int64) float64 { return min(3, max(0.5, math.Sqrt(float64(seconds)/hour))) }

// badness is how bad it is for those who use the service.
func badness(c *candidate) float64 {
	switch {
	case c.Signal == ErrorRate && c.up:
		return 4
	case c.Kind == anomaly.Silence && c.Signal == Requests:
		return 4
	case c.Signal == Errors && c.up, c.Signal == Latency && c.up:
		return 2
	case c.Signal == Requests && c.Kind == anomaly.Gone:
		return 1.5
	case c.Signal == Requests && c.Kind == anomaly.New:
		return 0.5
	case c.Signal == Requests && !c.up:
		return 2
	case c.Signal == Requests:
		return 1
	}
	return 0.25 // fewer errors, or faster
}
