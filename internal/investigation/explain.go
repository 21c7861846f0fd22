package investigation

import (
	"context"
	"fmt"
	"time"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// explain adds to what is shown when exactly it was, which statuses and versions
// it was, what it cost, and what lies near. Whatever cannot be said is left out with a note.
func (k *look) explain(ctx context.Context) error {
	shown := k.shown()
	if len(shown) == 0 {
		return nil
	}
	var demands []apm.Demand
	details := make([]detail, len(shown))
	for i, c := range shown {
		details[i] = k.detailOf(c)
		demands = append(demands, details[i].demands()...)
	}
	near, cancel := patient(ctx)
	defer cancel()
	l, err := k.Source.Load(near, demands)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("looking closer: %w", ctx.Err())
	case err != nil:
		k.say("no_details", "minutes, statuses and versions are not known: %v", err)
	default:
		for i, c := range shown {
			k.refine(c, l, details[i])
			k.takeStatuses(c, l, details[i])
			k.takeVersions(c, l, details[i])
		}
	}
	slos := k.costs(ctx, shown)
	k.nearby(ctx, shown, slos)
	return ctx.Err()
}

// patience is how long what only explains is waited for.
const patience = 30 * time.Second

// patient ends long before ctx does: findings must not be lost to a wait for
// what would have explained them.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	wait := patience
	if end, bounded := ctx.Deadline(); bounded {
		wait = min(wait, time.Until(end)/4)
	}
	return context.WithTimeout(ctx, wait)
}

func (k *look) shown() []*candidate {
	var shown []*candidate
	for _, c := range k.found {
		if c.Shown {
			shown = append(shown, c)
		}
	}
	return shown
}

// detail is what is asked about one finding.
type detail struct {
	selection
	// fine is the signal by the minute around the ends.
	fine  string
	count bool // fine counts
	// base are the requests by the minute, where fine is a part or a mean of them.
	base string
	ends []timeseries.Span
	// statuses and versions are asked over the stretch (with a run-up), and
	// statuses over the usual one as well.
	statuses            string
	hits, errors, means string
	now, run, usual     timeseries.Span
	step                int64
}

// runUp is the stretch before a finding that versions are held against.
const runUp = 2 * hour

func (k *look) detailOf(c *candidate) detail {
	p := c.track.of.Place
	d := detail{selection: selectionOf(c.Tag)}
	only, one := d.only, d.by("")
	if k.report.Step == fineStep || c.Span.Seconds() < 30*day { // nobody wants minutes of months
		d.fine, d.count = p.HitsQuery(one, only...), true
		switch {
		case c.family() == Errors:
			d.fine = p.ErrorsQuery(one, only...)
			if c.Signal == ErrorRate {
				d.base = p.HitsQuery(one, only...)
			}
		case c.Signal == Latency:
			d.base = d.fine
			d.fine, d.count = latencyQuery(p, one, only...), false
		}
		if c.Kind == anomaly.Drift { // it has no sharp ends
			d.fine = ""
		}
	}
	edge := max(4*k.report.Step, hour)
	end := c.Span.End
	for _, t := range []int64{c.Span.Start, end} {
		e := timeseries.Span{Start: t - edge, End: min(t+edge, k.loading.End)}
		if n := len(d.ends); n > 0 && d.ends[n-1].End >= e.Start {
			d.ends[n-1].End = e.End
			continue
		}
		if t == end && c.stays() && len(d.ends) > 0 {
			continue
		}
		d.ends = append(d.ends, e)
	}

	d.step = k.report.Step
	if c.Span.Seconds() > 2*day {
		d.step = coarseStep
	}
	d.now = timeseries.Span{Start: timeseries.Floor(c.Span.Start, d.step), End: timeseries.Floor(c.Span.End, d.step)}
	if d.now.Empty() {
		d.now.End = d.now.Start + d.step
	}
	d.run = timeseries.Span{Start: d.now.Start - runUp, End: d.now.Start}
	if shifts := k.shifts(c.track.of.total, c); len(shifts) > 0 {
		d.usual = d.now.Shift(-timeseries.Floor(int64(shifts[0])*k.report.Step, d.step))
	}
	switch {
	case c.family() == Errors:
		d.statuses = p.StatusErrorsQuery(d.by(apm.ByStatusClass), only...)
		d.errors = p.ErrorsQuery(d.by(apm.ByVersion), only...)
	case c.Signal == Requests:
		d.statuses = p.StatusQuery("", d.by(apm.ByStatusClass), only...)
	default:
		d.means = latencyQuery(p, d.by(apm.ByVersion), only...)
	}
	d.hits = p.HitsQuery(d.by(apm.ByVersion), only...)
	return d
}

func (d detail) demands() []apm.Demand {
	var all []apm.Demand
	if d.fine != "" {
		for _, e := range d.ends {
			all = append(all, apm.Demand{Queries: []string{d.fine, d.base}, Span: e, Step: minute})
		}
	}
	near := []string{d.statuses, d.hits, d.errors, d.means}
	all = append(all,
		apm.Demand{Queries: near, Span: timeseries.Span{Start: d.run.Start, End: d.now.End}, Step: d.step, Groups: 10},
		apm.Demand{Queries: []string{d.statuses}, Span: d.usual, Step: d.step, Groups: 10})
	return all
}

// sums adds up what each group of a query has over a span, in the order of the
// tags; false where that is not known.
func (d detail) sums(l *apm.Loaded, query string, span timeseries.Span) (map[string]float64, bool) {
	if query == "" || span.Empty() {
		return nil, false
	}
	answer := d.of(l.Answer(query, span, d.step))
	if answer.Err != nil {
		return nil, false
	}
	all := map[string]float64{}
	for _, g := range answer.Groups {
		if len(g.Tags) == 1 {
			all[g.Tags[0]] += zero(sum(g.Series.Values, 0, len(g.Series.Values)))
		}
	}
	return all, true
}
