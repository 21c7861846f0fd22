package investigation

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// before and after a finding's start things are near it.
	nearBefore, nearAfter = 2 * hour, hour / 2
	// nearDrift is how much before the start of what comes slowly, which is known to the day.
	nearDrift = day
	// nearInside is how much of a long finding is looked at, and nearEnd what lies
	// behind one that ended: it may be what ended it.
	nearInside = day
	nearEnd    = hour / 6
	mostNearby = 5
	// mostOfAKind are told of one kind as long as there are others.
	mostOfAKind = 3
	// mostEvents are asked for at once.
	mostEvents = 200
)

// near is where things are near a finding.
func (c *candidate) near(to int64) timeseries.Span {
	inside := min(cmp.Or(c.End+nearEnd*int64(btoi(c.End != 0)), to), c.Start+nearInside)
	before := int64(nearBefore)
	if c.Kind == anomaly.Drift {
		before = nearDrift
	}
	return timeseries.Span{Start: c.Start - before, End: min(to, max(inside, c.Start+nearAfter))}
}

// nearby lists what happened near the shown findings.
func (k *look) nearby(ctx context.Context, shown []*candidate, slos []evaluation.Row) {
	to := k.q.Span.End
	windows := map[string][]timeseries.Span{}
	var services []string
	for _, c := range shown {
		if windows[c.Place.Service] == nil {
			services = append(services, c.Place.Service)
		}
		windows[c.Place.Service] = append(windows[c.Place.Service], c.near(to))
	}
	happened := k.happened(ctx, services, windows)
	for _, c := range shown {
		var all []timeseries.Event
		for _, e := range happened[c.Place.Service] {
			if e.Env == "" || c.Place.Env == "" || strings.EqualFold(e.Env, c.Place.Env) {
				all = append(all, e)
			}
		}
		all = toldOnce(append(all, c.track.of.firsts(k)...))
		all = append(all, corrections(slos, c)...)
		window := c.near(to)
		all = slices.DeleteFunc(all, func(e timeseries.Event) bool { return !window.Contains(e.At) })
		c.Nearby = telling(all, c.Start)
	}
}

// happened asks for events and deployments, those of each service over as few
// stretches as its windows make. Each of both that fails is one note, and nothing else.
func (k *look) happened(ctx context.Context, services []string, windows map[string][]timeseries.Span) map[string][]timeseries.Event {
	if k.Events == nil {
		return nil
	}
	type question struct {
		service string
		span    timeseries.Span
		found   []timeseries.Event
		// The errors of both.
		events, deployments error
		incomplete          bool
	}
	var asked []*question
	for _, service := range services {
		for _, span := range joined(windows[service]) {
			asked = append(asked, &question{service: service, span: span})
		}
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	slots := make(chan struct{}, max(1, k.Source.Concurrency))
	var group sync.WaitGroup
	for _, q := range asked {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := ctx.Err(); err != nil {
				q.events, q.deployments = err, err
				return
			}
			events, complete, err := k.Events.Events(ctx, q.span, "service:"+quoted(q.service), mostEvents)
			q.events, q.incomplete = err, !complete && err == nil
			deployments, _, err := k.Events.Deployments(ctx, q.span, q.service, mostEvents)
			q.deployments = err
			q.found = slices.Concat(deployments, events)
		})
	}
	group.Wait()
	all := map[string][]timeseries.Event{}
	said := map[string]bool{}
	once := func(code, format string, args ...any) {
		if !said[code] {
			said[code] = true
			k.say(code, format, args...)
		}
	}
	for _, q := range asked {
		all[q.service] = append(all[q.service], q.found...)
		if q.events != nil {
			once("events_unread", "monitor alerts and events near the findings are not known: %s", evaluation.DefectOf(q.events).Message)
		}
		if q.deployments != nil {
			once("deployments_unread", "reported deployments near the findings are not known: %s", evaluation.DefectOf(q.deployments).Message)
		}
		if q.incomplete {
			once("events_bounded", "there were more than %d events of %s in %s: only the newest are considered", mostEvents, q.service, q.span)
		}
	}
	return all
}

// quoted is a value for the event search.
func quoted(value string) string {
	if strings.ContainsAny(value, " :\"()") {
		return `"` + strings.ReplaceAll(value, `"`, `\"`) + `"`
	}
	return value
}

// joined are the windows as disjoint stretches, in order.
func joined(windows []timeseries.Span) []timeseries.Span {
	all := slices.Clone(windows)
	slices.SortFunc(all, func(a, b timeseries.Span) int { return cmp.Compare(a.Start, b.Start) })
	var out []timeseries.Span
	for _, s := range all {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// corrections are the status corrections of the SLOs of a finding's service.
func corrections(slos []evaluation.Row, c *candidate) []timeseries.Event {
	var all []timeseries.Event
	seen := map[string]bool{}
	for _, row := range slos {
		if !concerns(row.Definition, c.Place.Service, c.Place.Env) {
			continue
		}
		for _, a := range row.Windows {
			for _, o := range a.Corrections {
				if o.Span.Start == a.Window.Start || seen[o.ID+timeseries.Format(o.Span.Start)] {
					continue // when it began is not known, or it is told already
				}
				seen[o.ID+timeseries.Format(o.Span.Start)] = true
				all = append(all, timeseries.Event{
					At: o.Span.Start, Kind: timeseries.StatusCorrection, Title: "status correction of " + row.Definition.Name, Service: c.Place.Service,
				})
			}
		}
	}
	return all
}

// telling are the few that tell the most: deployments before alerts before
// corrections before other events, the nearest of each first.
func telling(all []timeseries.Event, start int64) []timeseries.Event {
	rank := func(e timeseries.Event) int {
		return slices.Index([]timeseries.EventKind{timeseries.Deployment, timeseries.MonitorAlert, timeseries.StatusCorrection, timeseries.OtherEvent}, e.Kind)
	}
	slices.SortStableFunc(all, func(a, b timeseries.Event) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(max(a.At-start, start-a.At), max(b.At-start, start-b.At)),
			cmp.Compare(a.At, b.At), cmp.Compare(a.Title, b.Title))
	})
	var told, more []timeseries.Event
	of := map[timeseries.EventKind]int{}
	for _, e := range all {
		if of[e.Kind]++; of[e.Kind] > mostOfAKind {
			more = append(more, e)
			continue
		}
		told = append(told, e)
	}
	told = append(told, more...)
	return told[:min(len(told), mostNearby)]
}
