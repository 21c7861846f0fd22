package investigation

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/slo-cli/slo/pkg/anomaly"
)

// candidate is a finding under consideration.
type candidate struct {
	Finding
	track *track
	// up is the direction of the change.
	up bool
	// lo and hi are its buckets.
	lo, hi int
	// mixed says that a mean changed by what it is the mean of: the endpoints' parts of the requests.
	mixed bool
	// importance ranks it, see [look.rank].
	importance float64
}

// whole reports whether it is of the whole place.
func (c *candidate) whole() bool { return c.Tag == "" }

// stays reports whether it has no end: it goes on, or nothing has returned to what it was.
func (c *candidate) stays() bool { return c.Open || c.Lasting }

// hide says why people do not see it; the first reason stands.
func (c *candidate) hide(why string) {
	if c.Hidden == "" {
		c.Hidden = why
	}
}

// detect looks at all tracks that were not looked at before, and keeps what was found.
func (k *look) detect(ctx context.Context, tracks []*track) error {
	tracks = slices.DeleteFunc(tracks, func(t *track) bool { return k.early[t] })
	found, err := k.find(ctx, tracks)
	k.found = append(k.found, found...)
	for _, t := range tracks {
		if t.tag != "" {
			k.looked += len(k.signalsOf(t))
		}
	}
	return err
}

// signalsOf are the signals that there is data of.
func (k *look) signalsOf(t *track) []Signal {
	var all []Signal
	if k.wanted[Requests] {
		all = append(all, Requests)
	}
	if t.errors != nil && k.wanted[Errors] {
		all = append(all, Errors)
	}
	if t.errors != nil && k.wanted[ErrorRate] {
		all = append(all, ErrorRate)
	}
	if t.mean != nil && k.wanted[Latency] {
		all = append(all, Latency)
	}
	return all
}

// find looks at tracks, one detector a worker. What it returns does not depend
// on which worker was faster.
func (k *look) find(ctx context.Context, tracks []*track) ([]*candidate, error) {
	type job struct {
		track  *track
		signal Signal
	}
	var jobs []job
	for _, t := range tracks {
		for _, s := range k.signalsOf(t) {
			jobs = append(jobs, job{t, s})
		}
	}
	results := make([][]*candidate, len(jobs))
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
				results[i] = k.candidates(&d, jobs[i].track, jobs[i].signal)
			}
		})
	}
	group.Wait()
	return slices.Concat(results...), ctx.Err()
}

// candidates are what one series shows.
func (k *look) candidates(d *anomaly.Detector, t *track, s Signal) []*candidate {
	var all []*candidate
	for _, f := range k.findings(d, t, s) {
		c := &candidate{track: t, Finding: Finding{
			Place: t.of.Place, Resource: t.name, Tag: t.tag, Signal: s, Finding: f,
			Step: k.report.Step, Start: f.Span.Start, End: f.Span.End, Resolution: resolution(f.Kind, k.report.Step),
		}}
		c.Query = queryText(t, s)
		c.up = f.Observed > f.Expected || math.IsInf(f.Ratio, 1) || f.Kind == anomaly.New || f.Kind == anomaly.Burst
		c.lo, c.hi = k.buckets(f.Span)
		if c.stays() {
			c.End = 0
		}
		if c.hi > c.lo {
			all = append(all, c)
		}
	}
	return all
}

func (k *look) findings(d *anomaly.Detector, t *track, s Signal) []anomaly.Finding {
	from := k.report.Span.Start
	switch s {
	case Requests:
		return d.Find(k.series(t.requests), anomaly.Counts, from)
	case Errors:
		return slices.DeleteFunc(d.Find(k.series(t.errors), anomaly.Counts, from), func(f anomaly.Finding) bool {
			// That no errors come any more, or the first one ever, is no happening.
			return f.Kind == anomaly.Gone || f.Kind == anomaly.Silence || f.Kind == anomaly.New && f.Observed*float64(f.Span.Seconds()/k.report.Step) < fewEvents
		})
	case ErrorRate:
		return d.FindRate(k.series(t.errors), k.series(t.requests), from)
	case Latency:
		return d.Find(k.series(t.evident()), anomaly.Levels, from)
	}
	return nil
}

// queryText is the query of a signal, ready to copy: by endpoint where it can
// only be told from others so.
func queryText(t *track, s Signal) string {
	p := t.of.Place
	selected := selectionOf(t.tag)
	only, one := selected.only, selected.by("")
	switch s {
	case Errors:
		return p.ErrorsQuery(one, only...)
	case ErrorRate:
		return p.ErrorsQuery(one, only...) + " / " + p.HitsQuery(one, only...)
	case Latency:
		if p.Operation.Latency == "" {
			return p.TimeQuery(one, only...) + " / " + p.HitsQuery(one, only...)
		}
		return p.MeanQuery(one, only...)
	}
	return p.HitsQuery(one, only...)
}

// resolution is how exact the ends of a finding are, in seconds, before anybody looks
// closer: what comes slowly is known to the day.
func resolution(kind anomaly.Kind, step int64) int64 {
	if kind == anomaly.Drift {
		return max(day, step)
	}
	return step
}
