package investigation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// catalog has a few objectives.
type catalog struct {
	defs        []slo.Definition
	corrections []slo.Correction
	err         error
}

func (c catalog) SLOs(context.Context) ([]slo.Definition, []slo.Note, error) {
	return c.defs, nil, c.err
}

func (c catalog) Corrections(context.Context) ([]slo.Correction, error) { return c.corrections, nil }

func (c catalog) CorrectionsOf(context.Context, string) ([]slo.Correction, error) { return nil, nil }

func (c catalog) Settle(context.Context, []slo.Definition) error { return nil }

// objective is 99.5 % of some requests without an error over a week.
func objective(id, filter string, tags ...string) slo.Definition {
	hits, errors := "sum:trace.http.request.hits{"+filter+"}.as_count()", "sum:trace.http.request.errors{"+filter+"}.as_count()"
	return slo.Definition{
		ID: id, Name: "name of " + id, Type: slo.Metric, Source: slo.FromDatadog, Tags: tags,
		SLI:        slo.EventSLI{Good: []slo.Term{{Weight: 1, Query: hits}, {Weight: -1, Query: errors}}, Valid: []slo.Term{{Weight: 1, Query: hits}}},
		Objectives: []slo.Objective{{Timeframe: slo.SevenDays, Target: slo.Hundred / 1000 * 995}},
	}
}

// happenings are events and deployments, or why there are none.
type happenings struct {
	events, deployments   []timeseries.Event
	eventsErr, deploysErr error
}

func (h happenings) Events(_ context.Context, span timeseries.Span, query string, _ int) ([]timeseries.Event, bool, error) {
	if query != "service:auth" {
		return nil, false, fmt.Errorf("nobody should ask for %s", query)
	}
	return within(h.events, span), true, h.eventsErr
}

func (h happenings) Deployments(_ context.Context, span timeseries.Span, service string, _ int) ([]timeseries.Event, bool, error) {
	if service != "auth" {
		return nil, false, fmt.Errorf("nobody should ask for %s", service)
	}
	return within(h.deployments, span), true, h.deploysErr
}

func within(events []timeseries.Event, span timeseries.Span) []timeseries.Event {
	var all []timeseries.Event
	for _, e := range events {
		if span.Contains(e.At) {
			all = append(all, e)
		}
	}
	return all
}

// burst is auth with an error burst of 40 minutes, two days ago.
func burst() (w *world, at int64) {
	w, at = &world{flows: auth()}, now-2*day+7*minute
	w.flows[1].fail = during(w.flows[1].fail, at, at+40*minute, 60)
	return w, at
}

func TestCosts(t *testing.T) {
	t.Parallel()
	w, at := burst()
	defs := []slo.Definition{
		objective("tagged", "service:auth,env:prod", "service:auth", "team:identity"),
		objective("by query", "service:auth AND env:prod AND resource_name IN (get_/session, get_/health)"),
		objective("elsewhere", "service:auth,env:prod", "env:staging", "service:auth"),
		objective("other", "service:cart,env:prod", "service:cart"),
		objective("login", "service:auth,env:prod,resource_name:post_/login", "service:auth"),
	}
	defs[2].SLI = slo.EventSLI{Good: []slo.Term{{Weight: 1, Query: "sum:a{*}"}}, Valid: []slo.Term{{Weight: 1, Query: "sum:b{*}"}}}
	s := w.service()
	s.SLOs = evaluation.Service{
		Catalog: catalog{defs: defs, corrections: []slo.Correction{{ID: "c", SLOID: "tagged", Start: at - hour, End: at - hour/2}}},
		Runner:  evaluation.Runner{Metrics: w, Concurrency: 2},
	}
	f := only(t, investigate(t, s, askLately("auth")))
	costs := map[string]investigation.Cost{}
	for _, c := range f.Costs {
		costs[c.ID] = c
	}
	if len(costs) != 3 || costs["by query"].ID == "" || costs["tagged"].Name != "name of tagged" || costs["tagged"].Timeframe != slo.SevenDays {
		t.Fatalf("costs %v", f.Costs)
	}
	// What it took is what failed in it of what may fail in a week.
	bad, valid := 0.0, 0.0
	for _, fl := range w.flows {
		fl.each(timeseries.Span{Start: at - 2*minute, End: at + 43*minute}, minute, func(_ int64, _, errors, _ float64) { bad += errors })
		fl.each(timeseries.Span{Start: now - 7*day, End: now}, minute, func(m int64, hits, _, _ float64) {
			if m < at-hour || m >= at-hour/2 {
				valid += hits
			}
		})
	}
	if want := 100 * bad / (0.005 * valid); costs["tagged"].Percent < want*0.999 || costs["tagged"].Percent > want*1.001 {
		t.Errorf("it took %v%%, want %v%%", costs["tagged"].Percent, want)
	}
	if usual := costs["tagged"].Usual; !(usual > 0) || usual > costs["tagged"].Percent/10 || costs["tagged"].Weeks != 1 {
		t.Errorf("%d weeks before, these hours took %v%%", costs["tagged"].Weeks, usual)
	}
	if costs["login"].Percent > 1 {
		t.Errorf("of another endpoint it took %v%%", costs["login"].Percent)
	}
	if len(f.Nearby) != 1 || f.Nearby[0].Kind != timeseries.StatusCorrection || f.Nearby[0].At != at-hour {
		t.Errorf("nearby %v", f.Nearby)
	}

	// What cannot be read may be about the service as well.
	defs = append(defs, slo.Definition{Source: slo.FromDatadog, Defect: &slo.Defect{Kind: slo.Invalid, Message: "it has no type"}})
	s.SLOs.Catalog = catalog{defs: defs}
	if n := notes(investigate(t, s, askLately("auth"))); n["cost_unknown"] != 1 {
		t.Errorf("of an SLO that cannot be read: %v", n)
	}

	// Without, there are no costs, a note, and everything else.
	s.SLOs.Catalog = catalog{err: &slo.Defect{Kind: slo.Auth, Message: "the scope slos_read is missing"}}
	q := askLately("auth")
	q.Signals = []investigation.Signal{investigation.Errors}
	r := investigate(t, s, q)
	if f := only(t, r); f.Costs != nil || f.Statuses == nil || notes(r)["costs_unknown"] != 1 {
		t.Errorf("costs %v, statuses %v, notes %v", f.Costs, f.Statuses, r.Notes)
	}
}

func TestNearby(t *testing.T) {
	t.Parallel()
	w, at := burst()
	for _, f := range w.flows {
		f.version = func(t int64) string {
			switch {
			case t >= at-7*minute:
				return "1.2"
			case t >= at-92*minute:
				return "1.1"
			}
			return "1.0"
		}
	}
	event := func(at int64, kind timeseries.EventKind, title string) timeseries.Event {
		return timeseries.Event{At: at, Kind: kind, Title: title}
	}
	deployed := event(at-12*minute, timeseries.Deployment, "1.2")
	deployed.Version = "1.2"
	staging := event(at, timeseries.MonitorAlert, "errors in staging")
	staging.Env = "staging"
	h := happenings{
		deployments: []timeseries.Event{deployed},
		events: []timeseries.Event{
			event(at-13*minute, timeseries.Deployment, "Deployed auth v1.2 to prod"), event(at-11*minute, timeseries.Deployment, "Deployed auth v1.2 to prod-eu"),
			event(at+48*minute, timeseries.Deployment, "Deployed auth 1.2.1"),
			event(at-3*hour, timeseries.MonitorAlert, "long before"), staging,
			event(at+6*minute, timeseries.MonitorAlert, "[Triggered on {env:prod}] errors are high"), event(at+7*minute, timeseries.MonitorAlert, "[Triggered on {env:prod-eu}] errors are high"),
			event(at+30*minute, timeseries.MonitorAlert, "[Recovered on {env:prod}] errors are high"), event(at-2*minute, timeseries.MonitorAlert, "[Recovered] disks are full"),
			event(at+35*minute, timeseries.OtherEvent, "inside"), event(at+hour, timeseries.OtherEvent, "after"),
			event(at-hour, timeseries.OtherEvent, "a"), event(at-50*minute, timeseries.OtherEvent, "b"), event(at-40*minute, timeseries.OtherEvent, "c"),
		},
	}
	s := w.service()
	s.Events = h
	titles := func(f investigation.Finding) string {
		var all []string
		for _, e := range f.Nearby {
			all = append(all, e.Title)
		}
		return strings.Join(all, ", ")
	}
	if got, want := titles(only(t, investigate(t, s, askLately("auth")))), "1.2, Deployed auth 1.2.1, version 1.1 first seen, [Recovered] disks are full, [Triggered on {env:prod}] errors are high"; got != want {
		t.Errorf("nearby: %s\nwant:   %s", got, want)
	}
	h.deployments, h.deploysErr = nil, &slo.Defect{Kind: slo.Auth, Message: "the scope dora_metrics_read is missing"}
	h.eventsErr, h.events = errors.New("no answer"), nil
	s.Events = h
	q := askLately("auth")
	q.Signals = []investigation.Signal{investigation.Errors}
	r := investigate(t, s, q)
	if got, want := titles(only(t, r)), "version 1.2 first seen, version 1.1 first seen"; got != want {
		t.Errorf("nearby: %s\nwant:   %s", got, want)
	}
	if n := notes(r); n["events_unread"] != 1 || n["deployments_unread"] != 1 {
		t.Errorf("notes %v", r.Notes)
	}
}
