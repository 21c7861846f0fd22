package investigation

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// load sends demands and keeps the notes about them.
func (k *look) load(ctx context.Context, demands []apm.Demand) (*apm.Loaded, error) {
	l, err := k.Source.Load(ctx, demands)
	if err != nil {
		return nil, err
	}
	k.report.Notes = append(k.report.Notes, l.Notes()...)
	return l, nil
}

// days are the spans in which endpoints are counted before they are chosen:
// whole days, and then what is left in the widest buckets that fit.
func days(span timeseries.Span) []apm.Demand {
	var parts []apm.Demand
	from := span.Start
	for _, step := range []int64{day, coarseStep, fineStep} {
		if until := timeseries.Floor(span.End, step); until > from {
			parts = append(parts, apm.Demand{Span: timeseries.Span{Start: from, End: until}, Step: step})
			from = until
		}
	}
	return parts
}

// countEndpoints learns which endpoints there are, before anything else is known of them.
func (k *look) countEndpoints(ctx context.Context) error {
	var demands []apm.Demand
	for _, s := range k.sheaves {
		q := k.queriesOf(s.common, s.by(apm.ByResource), s.only...)
		whole := k.queriesOf(s.common, s.by(""), s.only...)
		q.mean, whole.mean = "", ""
		for _, d := range days(k.loading) {
			d.Queries = append(q.list(), whole.list()...)
			demands = append(demands, d)
		}
	}
	l, err := k.load(ctx, demands)
	if err != nil {
		return fmt.Errorf("counting endpoints: %w", err)
	}
	for _, s := range k.sheaves {
		k.takeSeen(l, s)
	}
	for _, p := range k.places {
		k.report.Known += len(p.known)
	}
	return nil
}

// totals are the demands for the totals of all places.
func (k *look) totals() []apm.Demand {
	var demands []apm.Demand
	for _, s := range k.sheaves {
		fine := append(k.queriesOf(s.common, s.by(""), s.only...).list(), s.common.HitsQuery(s.by(apm.ByVersion), s.only...))
		demands = append(demands, apm.Demand{Queries: fine, Span: k.loading, Step: k.report.Step, Groups: len(s.places)})
	}
	return demands
}

// fileTotals files what was answered to them.
func (k *look) fileTotals(l *apm.Loaded) {
	for _, s := range k.sheaves {
		k.takeTotals(l, s)
		versions := read(l, s.common.HitsQuery(s.by(apm.ByVersion), s.only...), k.loading, k.report.Step)
		for _, g := range versions.groups {
			if p, rest := s.split(g.Tags); p != nil && len(rest) == 1 {
				p.versionsKnown = versions.known
				p.versions = append(p.versions, timeseries.Group{Tags: rest, Series: g.Series})
			}
		}
	}
	k.sayHistory()
}

// takeTotals files the totals of a sheaf's places.
func (k *look) takeTotals(l *apm.Loaded, s *sheaf) {
	q := k.queriesOf(s.common, s.by(""), s.only...)
	hits := read(l, q.hits, k.loading, k.report.Step)
	k.unanswered("requests of "+s.title(), hits)
	if hits.none() {
		return
	}
	for _, g := range hits.groups {
		if p, _ := s.split(g.Tags); p != nil {
			p.total = &track{of: p, requests: begun(hits.counts(g.Series.Values, nil), g.Series.Values)}
		}
	}
	if q.errors != "" {
		failed := read(l, q.errors, k.loading, k.report.Step)
		k.unanswered("errors of "+s.title(), failed)
		for _, p := range s.places {
			if p.total != nil && !failed.none() {
				p.total.errors = failed.counts(missing(len(p.total.requests)), p.total.requests)
			}
		}
		for _, g := range failed.groups {
			if p, _ := s.split(g.Tags); p != nil && p.total != nil {
				p.total.errors = failed.counts(g.Series.Values, p.total.requests)
			}
		}
	}
	if q.mean != "" {
		mean := read(l, q.mean, k.loading, k.report.Step)
		k.unanswered("latencies of "+s.title(), mean)
		for _, g := range mean.groups {
			if p, _ := s.split(g.Tags); p != nil && p.total != nil {
				p.total.mean = p.means(g.Series.Values, p.total.requests)
			}
		}
	}
}

// title names a sheaf in notes.
func (s *sheaf) title() string {
	if len(s.places) == 1 {
		return s.places[0].title()
	}
	return fmt.Sprintf("%s of %d services", s.common.Operation.Name, len(s.places))
}

func (p *place) title() string { return p.Service + " (" + p.Operation.Name + ")" }

// sayHistory notes where there is too little history to know what is usual.
func (k *look) sayHistory() {
	k.report.History = k.report.Span.End
	var younger, young []string
	for _, p := range k.places {
		if p.total == nil {
			continue
		}
		first := slices.IndexFunc(p.total.requests, func(v float64) bool { return !math.IsNaN(v) })
		if first < 0 {
			continue
		}
		began := k.loading.Start + int64(first)*k.report.Step
		k.report.History = min(k.report.History, began)
		switch before := k.report.Span.Start - began; {
		case before < day:
			younger = append(younger, p.title())
		case before < 7*day:
			young = append(young, p.title())
		}
	}
	from := timeseries.Format(k.report.Span.Start)
	if len(younger) > 0 {
		k.say("short_history", "less than a day before %s is known of %s: what is usual there is learned from the stretch itself, and only large changes are found", from, some(younger))
	}
	if len(young) > 0 {
		k.say("short_history", "less than a week before %s is known of %s: what is usual on other days of the week is not", from, some(young))
	}
}

// some names a few, and says how many more there are.
func some(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// loadSeries gets the totals and the endpoints that are looked at one by one, in
// the same requests where it need not be seen first which services matter.
// Without the endpoints there are still the totals.
func (k *look) loadSeries(ctx context.Context) error {
	inquiries := k.inquiries(k.places)
	crowded := len(k.places) > 1 && k.report.Known > mostTogether
	demands := k.totals()
	if !crowded {
		for _, i := range inquiries {
			demands = append(demands, i.demand)
		}
	}
	l, err := k.load(ctx, demands)
	if err != nil && !crowded && ctx.Err() == nil {
		// It may be the endpoints that cannot be answered.
		inquiries = nil
		k.say("endpoints_unanswered", "no endpoint is looked at by itself: %v", err)
		l, err = k.load(ctx, k.totals())
	}
	if err != nil {
		return fmt.Errorf("loading series: %w", err)
	}
	k.fileTotals(l)
	if crowded {
		places, err := k.unusual(ctx, slices.DeleteFunc(slices.Clone(k.places), func(p *place) bool { return p.total == nil || len(p.known) == 0 }))
		if err != nil {
			return err
		}
		inquiries = k.inquiries(places)
		demands = nil
		for _, i := range inquiries {
			demands = append(demands, i.demand)
		}
		switch l, err = k.load(ctx, demands); {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			k.say("endpoints_unanswered", "no endpoint is looked at by itself: %v", err)
			return nil
		}
	}
	for _, i := range inquiries {
		k.fileEndpoints(l, i)
	}
	return nil
}

// inquiry is one question about endpoints: all of those of a sheaf's places, or those
// that matter of one place.
type inquiry struct {
	of    *sheaf
	asked queries
	// whole are the same without groups, where they are not about all endpoints.
	whole  queries
	chosen [][]seen // for each place of the sheaf
	demand apm.Demand
}

// inquiries are the questions about the endpoints of places. Few endpoints of
// several services travel together.
func (k *look) inquiries(places []*place) []inquiry {
	all, few := 0, true
	for _, p := range places {
		all += len(p.known)
		few = few && len(p.known) <= mostEndpoints
	}
	var list []inquiry
	if few && all <= mostTogether && len(places) == len(k.places) {
		for _, s := range k.sheaves {
			i := inquiry{of: s, asked: k.queriesOf(s.common, s.by(apm.ByResource), s.only...)}
			n := 0
			for _, p := range s.places {
				i.chosen = append(i.chosen, p.known)
				n += len(p.known)
			}
			i.demand = apm.Demand{Queries: i.asked.list(), Span: k.loading, Step: k.report.Step, Groups: n}
			if n > 0 {
				list = append(list, i)
			}
		}
		return list
	}
	for _, p := range places {
		if len(p.known) == 0 {
			continue
		}
		chosen := choose(p.known, mostEndpoints)
		asked, whole := k.queriesOf(p.Place, apm.ByResource), queries{}
		if len(chosen) < len(p.known) {
			tags := make([]string, len(chosen))
			for n, e := range chosen {
				tags[n] = e.tag
			}
			asked, whole = k.queriesOf(p.Place, apm.ByResource, apm.AnyOf(tags)), k.queriesOf(p.Place, "", apm.AnyOf(tags))
			whole.mean = ""
		}
		list = append(list, inquiry{
			of: &sheaf{common: p.Place, places: []*place{p}}, asked: asked, whole: whole, chosen: [][]seen{chosen},
			demand: apm.Demand{Queries: append(asked.list(), whole.list()...), Span: k.loading, Step: k.report.Step, Groups: len(chosen)},
		})
	}
	return list
}

// fileEndpoints files what was answered to an inquiry.
func (k *look) fileEndpoints(l *apm.Loaded, i inquiry) {
	for n, p := range i.of.places {
		p.open(i.chosen[n], k.size())
	}
	k.takeEndpoints(l, i)
	for n, p := range i.of.places {
		if p.total == nil {
			continue
		}
		chosen, all := len(i.chosen[n]), fmt.Sprint(len(p.known))
		if chosen == len(p.known) {
			if p.more {
				k.incomplete(p)
			}
			continue
		}
		if p.more {
			all = "more than " + all
		}
		p.rest = p.remainder(p.endpoints)
		k.say("endpoints_chosen", "%s has %s endpoints: %d of them, those with the most requests or errors and those that are new or gone, are looked at one by one, and the others as part of the whole",
			p.title(), all, chosen)
	}
}

// size is how many buckets the grid has.
func (k *look) size() int { return int(k.loading.Seconds() / k.report.Step) }
