package apm

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Find looks for the places that a search means. A name that names nothing is
// an [UnknownError]; every other error wraps a *slo.Defect.
func (s Source) Find(ctx context.Context, q Search) (Catalog, error) {
	if q.Span.Empty() {
		return Catalog{}, &slo.Defect{Kind: slo.Invalid, Message: "no time to look for services in", Hints: []string{"--from must lie before --to"}}
	}
	f := finder{Source: s, search: q}
	places, err := f.places(ctx)
	if err != nil {
		return Catalog{}, err
	}
	if len(places) == 0 {
		return Catalog{}, f.nothing()
	}
	catalog, err := f.choose(places)
	if err != nil {
		return Catalog{}, err
	}
	if err := f.settle(ctx, catalog.Places); err != nil {
		return Catalog{}, err
	}
	for i := range catalog.Others {
		catalog.Others[i].Operation.Scale = math.NaN()
	}
	catalog.Notes = append(f.notes, catalog.Notes...)
	return catalog, nil
}

type finder struct {
	Source
	search Search
	notes  []slo.Note
	// early is what was asked of latencies while requests were counted.
	early *finder
	kinds map[string]*latencyKind
	// listed says that there are trace metrics, though maybe no requests in the span.
	listed bool
}

// places are all services, environments and operations with requests.
func (f *finder) places(ctx context.Context) ([]Place, error) {
	if len(f.search.Services) == 0 {
		return f.everywhere(ctx)
	}
	var all []Place
	for _, service := range slices.Compact(slices.Sorted(slices.Values(f.search.Services))) {
		found, err := f.of(ctx, service)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// of are the places of one service.
func (f *finder) of(ctx context.Context, service string) ([]Place, error) {
	if !isTagValue(service) {
		return f.elsewhere(ctx, service)
	}
	names, err := f.Directory.ActiveMetrics(ctx, f.search.Span.Start, ByService+":"+service)
	if err != nil && !refused(err) {
		return nil, fmt.Errorf("looking for the trace metrics of %s: %w", service, err)
	}
	var found []Place
	if err != nil {
		if found, err = f.guess(ctx, service, err); err != nil {
			return nil, err
		}
	} else if operations := operationsOf(names); len(operations) > 0 {
		f.listed = true
		wait := f.askEarly(ctx, operations)
		found, err = f.count(ctx, Place{Service: service}, operations, ByEnv)
		if wait(); err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, f.silent(service)
		}
		return found, nil
	}
	if len(found) > 0 {
		return found, nil
	}
	return f.elsewhere(ctx, service)
}

// isTagValue reports whether Datadog writes the value of a tag like that: it
// lets in no other characters. In a query they would mean something, a star any service.
func isTagValue(s string) bool {
	return len(s) <= 200 && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-:./", r)
	}) < 0
}

// elsewhere looks for a service among all that there are. What it returns is
// the service after all, or the error with the names that come near.
func (f *finder) elsewhere(ctx context.Context, service string) ([]Place, error) {
	others, err := f.everywhere(ctx)
	if err != nil {
		return nil, err
	}
	if len(others) == 0 {
		return nil, f.nothing()
	}
	var mine []Place
	var names []string
	for _, p := range others {
		if p.Service == service {
			mine = append(mine, p)
		}
		if !slices.Contains(names, p.Service) {
			names = append(names, p.Service)
		}
	}
	if len(mine) > 0 {
		return mine, nil
	}
	slices.Sort(names)
	return nil, unknown(kindService, service, names)
}

// everywhere are the places of all services.
func (f *finder) everywhere(ctx context.Context) ([]Place, error) {
	names, err := f.Directory.ActiveMetrics(ctx, f.search.Span.Start, "")
	if refused(err) {
		return f.guess(ctx, "", err)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for trace metrics: %w", err)
	}
	operations := operationsOf(names)
	f.listed = f.listed || len(operations) > 0
	if len(operations) == 0 {
		return nil, nil
	}
	return f.count(ctx, Place{}, operations, ByService+","+ByEnv)
}

// guess tries operations that are common, where the metrics may not be listed.
func (f *finder) guess(ctx context.Context, service string, refusal error) ([]Place, error) {
	var operations []Operation
	for _, name := range wellKnown() {
		hits := namespace + name + hitsSuffix
		operations = append(operations, Operation{
			Name: name, Hits: hits, Errors: namespace + name + errorsSuffix, HitsByStatus: hits + byStatusSuffix,
			ErrorsByStatus: errorsByStatus(name, true), Latency: namespace + name, Scale: 1,
		})
	}
	by := ByEnv
	if service == "" {
		by = ByService + "," + ByEnv
	}
	found, err := f.count(ctx, Place{Service: service}, operations, by)
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("the trace metrics could not be listed, and none of the usual ones answers: %w", cmp.Or(err, refusal))
	}
	// What these metrics are cannot be asked either, so it is seen from their answers.
	var demands []Demand
	span, step := f.coarse()
	for _, p := range found {
		all := Place{Service: service, Operation: p.Operation}
		demands = append(demands, Demand{Queries: []string{all.TimedQuery(""), all.StatusQuery("", "")}, Span: span, Step: step})
	}
	l, err := f.Load(ctx, demands)
	if err != nil {
		return nil, err
	}
	for i, p := range found {
		all := Place{Service: service, Operation: p.Operation}
		op := &found[i].Operation
		if a := l.Answer(all.TimedQuery(""), span, step); a.Err != nil || len(a.Groups) == 0 {
			op.Latency = ""
		}
		if a := l.Answer(all.StatusQuery("", ""), span, step); a.Err != nil || len(a.Groups) == 0 {
			op.HitsByStatus, op.ErrorsByStatus = "", ""
		}
	}
	f.note(slo.Note{Code: "operations_guessed", Text: "the trace metrics could not be listed (scope metrics_read); only the usual operations were looked for, and latencies are taken for seconds"})
	return found, nil
}

func (f *finder) note(n slo.Note) {
	if !slices.Contains(f.notes, n) {
		f.notes = append(f.notes, n)
	}
}

// coarse is the span of the search in as few steps as a request takes.
func (f *finder) coarse() (timeseries.Span, int64) {
	step := int64(3600)
	switch length := f.search.Span.Seconds(); {
	case length <= day:
		step = 300
	case length > 60*day:
		step = day
	}
	return timeseries.Span{Start: timeseries.Floor(f.search.Span.Start, step), End: timeseries.Ceil(f.search.Span.End, step)}, step
}

// count asks how many requests there were of each operation, by environment or
// by service and environment.
func (f *finder) count(ctx context.Context, of Place, operations []Operation, by string) ([]Place, error) {
	span, step := f.coarse()
	d := Demand{Span: span, Step: step}
	for _, op := range operations {
		of.Operation = op
		d.Queries = append(d.Queries, of.HitsQuery(by))
	}
	source := f.Source
	source.Pick = nil // what is found here chooses and orders, and is no figure that anybody reads
	l, err := source.Load(ctx, []Demand{d})
	if err != nil {
		return nil, fmt.Errorf("counting requests: %w", err)
	}
	var found []Place
	var failed error
	for i, op := range operations {
		answer := l.Answer(d.Queries[i], span, step)
		if answer.Err != nil {
			failed = cmp.Or(failed, answer.Err)
			continue
		}
		for _, g := range answer.Groups {
			var sum timeseries.Sum
			if sum.AddPoints(g.Series.Values); sum.Value() <= 0 {
				continue
			}
			p := Place{Service: cmp.Or(value(g.Tags, ByService), of.Service), Env: value(g.Tags, ByEnv), Operation: op, Requests: sum.Value()}
			if p.Service != "" {
				found = append(found, p)
			}
		}
	}
	if failed != nil && len(found) == 0 {
		return nil, fmt.Errorf("counting requests: %w", failed)
	}
	if failed != nil {
		f.note(slo.Note{Code: "operations_incomplete", Text: "some operations could not be counted: " + failed.Error()})
	}
	for _, n := range l.Notes() {
		f.note(n)
	}
	return found, nil
}

// value is the value of a key among tags, "" where there is none.
func value(tags []string, key string) string {
	for _, tag := range tags {
		if k, v, found := strings.Cut(tag, ":"); found && k == key {
			return v
		}
	}
	return ""
}

// silent says that a service has trace metrics and no requests.
func (f *finder) silent(service string) error {
	return fmt.Errorf("looking for %s: %w", service, &slo.Defect{
		Kind:    slo.Unsupported,
		Message: fmt.Sprintf("%s has trace metrics, but no request in %s", service, f.search.Span),
		Hints:   []string{"look at another time with --from and --to, or a longer one with --last"},
	})
}

// nothing says that there are no trace metrics at all.
func (f *finder) nothing() error {
	d := &slo.Defect{
		Kind:    slo.Unsupported,
		Message: fmt.Sprintf("there are no APM trace metrics (trace.*.hits) in %s", f.search.Span),
		Hints: []string{
			"is APM switched on for the service, with statistics computed by the Agent (DD_APM_ENABLED, DD_TRACE_ENABLED)?",
			"is it this organisation and site, and were there requests at that time (--from, --to, --last)?",
			"the application key needs the scopes metrics_read and timeseries_query",
		},
	}
	if f.listed {
		d.Message = fmt.Sprintf("there was no request to any service in %s", f.search.Span)
	}
	return fmt.Errorf("looking for services: %w", d)
}
