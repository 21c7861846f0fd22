package investigation

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/anomaly"
)

const (
	// carries is the share of a service's change from which on it is the endpoint's.
	carries = 0.8
	// fewEvents are too few to speak of.
	fewEvents = 20
	// fewTimed are too few requests for their mean latency to tell of more than one of them.
	fewTimed = 100
	// fewFailures are too few to know from them how often an endpoint fails.
	fewFailures = 10
	// The edges within which a rate is unchanged, and a change small.
	smallDown, smallUp = 1 / 1.5, 1.5
)

// The reasons for which a finding is not shown.
const (
	hiddenSmall   = "small"
	hiddenFew     = "few events"
	hiddenChance  = "could be chance among so many series"
	hiddenLess    = "less important"
	hiddenFollows = "follows the requests"
	hiddenShort   = "too little history to know"
)

func partOf(c *candidate) string {
	name := c.Resource
	if c.whole() {
		name = c.Place.Service
	}
	return "part of " + name
}

// tellOnce hides what is said by another finding already.
func (k *look) tellOnce() {
	byPlace := map[*place][]*candidate{}
	for _, c := range k.found {
		if c.whole() {
			k.attribute(c)
		} else {
			c.Contributors = []Share{{Name: c.Resource, Share: 1}}
		}
		byPlace[c.track.of] = append(byPlace[c.track.of], c)
	}
	for _, p := range k.places {
		all := byPlace[p]
		k.departed(all)
		k.followers(all)
		k.together(all)
		k.repeated(all)
		for _, c := range all {
			switch {
			case c.Small:
				c.hide(hiddenSmall)
			case k.few(c):
				c.hide(hiddenFew)
			case unlearned(c.Finding.Finding):
				c.hide(hiddenShort)
			}
		}
	}
}

// departed hides that nothing came of what is told to be gone.
func (k *look) departed(all []*candidate) {
	for _, g := range all {
		if g.Kind != anomaly.Gone || g.Small {
			continue
		}
		for _, c := range all {
			if c != g && c.track == g.track && c.Signal == g.Signal && !c.up && c.lo >= g.lo-k.apart() && c.Kind != anomaly.Gone {
				c.hide(partOf(g))
			}
		}
	}
}

// apart is by how many buckets the begins of what began together may differ.
func (k *look) apart() int { return max(3, int(1800/k.report.Step)) }

// family tells signals apart that may be one happening.
func (c *candidate) family() Signal {
	if c.Signal == ErrorRate {
		return Errors
	}
	return c.Signal
}

// alike reports whether both are the same change: in one direction, and over
// much the same time, or begun at the same time.
func (k *look) alike(a, b *candidate) bool {
	if a.family() != b.family() || a.up != b.up {
		return false
	}
	lo, hi := max(a.lo, b.lo), min(a.hi, b.hi)
	if hi <= lo {
		return false
	}
	return 2*(hi-lo) >= max(a.hi-a.lo, b.hi-b.lo) || abs(a.lo-b.lo) <= k.apart()
}

func abs(n int) int { return max(n, -n) }

// followers hides errors that are as many as ever for so many requests, those
// that their own rate tells of already, and latencies of a service that changed
// only because its endpoints' parts of the requests did.
func (k *look) followers(all []*candidate) {
	for _, c := range all {
		if c.Signal != Errors || c.Hidden != "" {
			continue
		}
		for _, rate := range all {
			if rate.Signal == ErrorRate && rate.track == c.track && k.alike(rate, c) {
				c.hide("part of the error rate")
			}
		}
		if c.Hidden != "" {
			continue
		}
		if k.explained(c) {
			c.hide(hiddenFollows)
		}
	}
	for _, c := range all {
		if c.Signal == Latency && c.whole() && c.mixed {
			c.hide(hiddenFollows)
		}
	}
}

// explained reports whether errors are as many as the requests let expect at the
// rate of the time before, within what chance does.
func (k *look) explained(c *candidate) bool {
	t := c.track
	from := max(0, c.lo-int(history/k.report.Step))
	failed, ran := t.failed(from, c.lo)
	rate := failed / ran
	fresh := false
	if total := t.of.total; total.errors != nil {
		// A new endpoint is held against all, as long as it had no time to show how often it fails itself.
		allFailed, all := total.failed(from, c.lo)
		if usual := allFailed / all; math.IsNaN(rate) || k.late(t) && usual*ran < fewFailures {
			rate, fresh = usual, !c.whole()
		}
	}
	observed, during := t.failed(c.lo, c.hi)
	expected := rate * during
	chance := 3 * math.Sqrt(expected)
	return observed <= smallUp*expected+chance && (observed >= smallDown*expected-chance || fresh && c.up)
}

// failed are the errors and the requests of the buckets in which both are known.
func (t *track) failed(lo, hi int) (errors, requests float64) {
	for i := lo; i < hi; i++ {
		if !math.IsNaN(t.errors[i]) && !math.IsNaN(t.requests[i]) {
			errors += t.errors[i]
			requests += t.requests[i]
		}
	}
	return errors, requests
}

// late reports whether an endpoint had its first request more than a day after its service had.
func (k *look) late(t *track) bool {
	first := func(values []float64) int { return slices.IndexFunc(values, func(v float64) bool { return v > 0 }) }
	return first(t.requests) > first(t.of.total.requests)+int(day/k.report.Step)
}

// together joins a service's finding with those of its endpoints: an endpoint
// that carries it is shown in its place, and otherwise it stands for them all.
func (k *look) together(all []*candidate) {
	wholes := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return !c.whole() || c.Hidden != "" })
	slices.SortStableFunc(wholes, func(a, b *candidate) int {
		// The rate says more than the number of errors.
		return cmp.Or(cmp.Compare(b.strength(), a.strength()), byName(a, b))
	})
	for _, w := range wholes {
		var parts []*candidate
		for _, c := range all {
			if !c.whole() && c.Hidden == "" && k.alike(w, c) {
				parts = append(parts, c)
			}
		}
		if bearer := bearerOf(w, parts); bearer != nil {
			bearer.Contributors = w.Contributors
			w.hide(partOf(bearer))
			for _, c := range parts {
				if c != bearer {
					c.hide(partOf(bearer))
				}
			}
			continue
		}
		if w.Small { // it will not be seen, so it stands for nobody
			continue
		}
		for _, c := range parts {
			c.hide(partOf(w))
		}
	}
}

// strength orders findings of one place, strongest first.
func (c *candidate) strength() float64 {
	s := c.Score
	if c.Signal == ErrorRate {
		s *= 2
	}
	if math.IsNaN(s) {
		return 0
	}
	return s
}

// bearerOf is the finding of the endpoint that carries a service's finding; nil where none does.
func bearerOf(w *candidate, parts []*candidate) *candidate {
	var best *candidate
	for _, c := range parts {
		if shareOf(w, c) >= carries && !c.Small && (best == nil || c.strength() > best.strength()) {
			best = c
		}
	}
	return best
}

// shareOf is an endpoint's share of a service's finding.
func shareOf(w, c *candidate) float64 {
	for _, s := range w.Contributors {
		if s.Name == c.Resource {
			return s.Share
		}
	}
	return 0
}

// repeated hides what the same series tells twice: the strongest stands.
func (k *look) repeated(all []*candidate) {
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.strength(), a.strength()), byName(a, b))
	})
	for i, c := range order {
		if c.Hidden != "" {
			continue
		}
		for _, other := range order[:i] {
			if other.Hidden == "" && other.track == c.track && k.alike(other, c) {
				c.hide(partOf(other))
			}
		}
	}
}

// unlearned reports whether a lasting change may be what every week has.
func unlearned(f anomaly.Finding) bool {
	return f.Short && (f.Kind == anomaly.Shift || f.Kind == anomaly.Drift)
}

// few reports whether too few events make the change.
func (k *look) few(c *candidate) bool {
	n := float64(c.hi - c.lo)
	t := c.track
	switch {
	case c.Signal == ErrorRate: // ten errors at night are no incident, unless all fails
		return sum(t.errors, c.lo, c.hi) < fewEvents && c.Observed < 0.5
	case c.Signal == Latency: // one request that hangs moves the mean of a few
		requests := sum(t.requests, c.lo, c.hi)
		return requests < fewTimed || c.hi-c.lo == 1 && requests < 10*fewTimed
	}
	return math.Abs(c.Observed-c.Expected)*n < fewEvents
}
