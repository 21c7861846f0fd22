package investigation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	fineStep   = slo.BucketSeconds
	coarseStep = 3600
	minute     = 60
	hour       = 3600
	day        = 86_400
	// history is how much before the span the usual is learned from.
	history = 28 * day
	// longSpan is from what length on hours are looked at instead of five minutes.
	longSpan = 35 * day
	// mostEndpoints are looked at one by one of one service, and mostTogether of several.
	mostEndpoints = 200
	mostTogether  = 300
	// mostPlaces are looked at by five minutes.
	mostPlaces = 600
)

// EventSource knows what happened; nothing of it is necessary.
type EventSource interface {
	// Events are those that a query of Datadog's event search finds, at most so
	// many; complete says that there are no more.
	Events(ctx context.Context, span timeseries.Span, query string, most int) (events []timeseries.Event, complete bool, err error)
	// Deployments are those that were reported of a service.
	Deployments(ctx context.Context, span timeseries.Span, service string, most int) (deployments []timeseries.Event, complete bool, err error)
}

// Service answers queries from trace metrics.
type Service struct {
	Source apm.Source
	// SLOs are asked what findings cost; the zero value has no catalog and then nobody is asked.
	SLOs evaluation.Service
	// Events is nil where nothing is known of what happened.
	Events EventSource
	// Workers is how many series are looked at at once; 0 for as many as there are processors.
	Workers int
}

// look is one investigation under way.
type look struct {
	Service
	q       Query
	wanted  map[Signal]bool
	report  Report
	loading timeseries.Span
	sheaves []*sheaf
	places  []*place
	found   []*candidate
	// early are the totals that were looked at before the endpoints were chosen.
	early map[*track]bool
	// looked is how many series of endpoints were looked at.
	looked int
}

// place is one place with all that was loaded of it.
type place struct {
	apm.Place
	total     *track
	endpoints []*track
	// rest is the total without the endpoints that are looked at one by one; nil
	// where these are all.
	rest *track
	// known are all endpoints that were seen.
	known []seen
	// more says that there are more, which Datadog left out; cut that it left out
	// some of those that are looked at, and told that a note says so.
	more, cut, told bool
	// versions are requests by version.
	versions []timeseries.Group
	// versionsKnown says in which buckets they were answered; nil for all.
	versionsKnown []bool
}

// Investigate looks for what is unusual. Errors are *apm.UnknownError and what
// wraps a *slo.Defect; what fails in part is in the notes.
func (s Service) Investigate(ctx context.Context, q Query) (Report, error) {
	k, err := s.begin(q)
	if err != nil {
		return Report{}, err
	}
	// A service that has fallen silent is looked for as well.
	search := apm.Search{Services: q.Services, Env: q.Env, Operation: q.Operation, Span: q.Span}
	search.Span.Start = min(search.Span.Start, timeseries.Floor(search.Span.End-7*day, coarseStep))
	catalog, err := k.Source.Find(ctx, search)
	if err != nil {
		return Report{}, fmt.Errorf("finding services: %w", err)
	}
	k.report.Notes = append(k.report.Notes, catalog.Notes...)
	k.choosePlaces(catalog.Places)
	if len(k.places) == 0 {
		k.say("nothing_to_look_at", "no service with trace metrics had a request from %s to %s", timeseries.Format(q.Span.Start), timeseries.Format(q.Span.End))
		return k.report, nil
	}
	if n := len(k.places); n > mostPlaces && k.report.Step < coarseStep {
		k.say("coarse_step", "%d services are looked at by the hour: what is over within an hour may be missed; name a service to look more closely", n)
		k.grid(coarseStep)
	}
	if err := k.countEndpoints(ctx); err != nil {
		return Report{}, err
	}
	if err := k.loadSeries(ctx); err != nil {
		return Report{}, err
	}
	if err := k.detect(ctx, k.tracks()); err != nil {
		return Report{}, err
	}
	k.tellOnce()
	k.rank()
	k.chart(ctx)
	if err := k.explain(ctx); err != nil {
		return Report{}, err
	}
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	return k.finish(), nil
}

// begin settles the grid: steps and where history begins.
func (s Service) begin(q Query) (*look, error) {
	if q.Span.Seconds() < hour {
		return nil, &slo.Defect{
			Kind: slo.Unsupported, Message: fmt.Sprintf("%s is too short to look for what is unusual", q.Span),
			Hints: []string{"look at an hour or more, such as --last 1d"},
		}
	}
	if s.Workers <= 0 {
		s.Workers = runtime.GOMAXPROCS(0)
	}
	k := &look{Service: s, q: q, wanted: wanted(q.Signals)}
	k.report = Report{Span: q.Span}
	if q.Span.Seconds() > longSpan {
		k.say("coarse_step", "more than %d days are looked at by the hour: what is over within an hour may be missed; --last %dd looks more closely", longSpan/day, longSpan/day)
		k.grid(coarseStep)
	} else {
		k.grid(fineStep)
	}
	return k, nil
}

// grid settles the step, and with it where everything begins and ends.
func (k *look) grid(step int64) {
	k.report.Step = step
	k.report.Span = timeseries.Span{Start: timeseries.Floor(k.q.Span.Start, step), End: timeseries.Floor(k.q.Span.End, step)}
	k.report.History = timeseries.Floor(k.report.Span.Start-history, day)
	k.loading = timeseries.Span{Start: k.report.History, End: k.report.Span.End}
}

// wanted are the signals to look at. Errors are two signals: their number and their rate.
func wanted(signals []Signal) map[Signal]bool {
	all := map[Signal]bool{}
	for _, s := range signals {
		all[s] = true
		if s == Errors {
			all[ErrorRate] = true
		}
	}
	if len(signals) == 0 {
		all = map[Signal]bool{Requests: true, Errors: true, ErrorRate: true, Latency: true}
	}
	return all
}

func (k *look) wantsErrors() bool { return k.wanted[Errors] || k.wanted[ErrorRate] }

func (k *look) say(code, format string, args ...any) {
	k.report.Notes = append(k.report.Notes, slo.Note{Code: code, Text: fmt.Sprintf(format, args...)})
}

// choosePlaces picks what is looked at of the places that were found: the
// operations that are a service's own work, else its main one.
func (k *look) choosePlaces(found []apm.Place) {
	type where struct{ service, env string }
	first, entries := map[where]int{}, map[where]bool{}
	for i, p := range found {
		at := where{p.Service, p.Env}
		if _, seen := first[at]; !seen {
			first[at] = i
		}
		entries[at] = entries[at] || p.Operation.Entry()
	}
	for i, p := range found {
		at := where{p.Service, p.Env}
		if k.q.Operation != "" || p.Operation.Entry() || !entries[at] && first[at] == i {
			k.report.Places = append(k.report.Places, p)
			k.places = append(k.places, &place{Place: p})
		}
	}
	k.sheaves = gather(k.places, k.q.Services)
}

// tracks are all that is looked at, places in order and each total before its endpoints.
func (k *look) tracks() []*track {
	var all []*track
	for _, p := range k.places {
		if p.total == nil {
			continue
		}
		all = append(all, p.total)
		all = append(all, p.endpoints...)
	}
	return all
}

// finish is the report with its findings in order.
func (k *look) finish() Report {
	for _, c := range k.found {
		k.report.Findings = append(k.report.Findings, c.Finding)
	}
	k.report.Notes = distinct(k.report.Notes)
	return k.report
}

// distinct drops notes that say the same twice.
func distinct(notes []slo.Note) []slo.Note {
	seen := map[slo.Note]bool{}
	return slices.DeleteFunc(notes, func(n slo.Note) bool {
		again := seen[n]
		seen[n] = true
		return again
	})
}

// series is a view on values of the grid.
func (k *look) series(values []float64) timeseries.Series {
	return timeseries.Series{Start: k.loading.Start, Step: k.report.Step, Values: values}
}

// buckets are the indexes of a stretch on the grid.
func (k *look) buckets(s timeseries.Span) (lo, hi int) {
	n := int((k.loading.End - k.loading.Start) / k.report.Step)
	at := func(t int64) int {
		return min(n, max(0, int((timeseries.Floor(t, k.report.Step)-k.loading.Start)/k.report.Step)))
	}
	return at(s.Start), max(at(s.Start), at(s.End+k.report.Step-1))
}

// sum adds the known values of a stretch; NaN where none is known.
func sum(values []float64, lo, hi int) float64 {
	var s timeseries.Sum
	if !s.AddPoints(values[lo:hi]) {
		return math.NaN()
	}
	return s.Value()
}

// byName orders what has equal weight, so that every run says the same.
func byName(a, b *candidate) int {
	return cmp.Or(cmp.Compare(a.Place.Service, b.Place.Service), cmp.Compare(a.Place.Operation.Name, b.Place.Operation.Name), cmp.Compare(a.Tag, b.Tag),
		cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Kind, b.Kind))
}
