package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Service compares the endpoints of services.
type Service struct{ Source apm.Source }

// The stretches of a comparison.
const (
	now = iota
	before
)

// Compare answers a query. Its error is an *apm.UnknownError, or wraps a *slo.Defect, unless ctx ended.
func (s Service) Compare(ctx context.Context, q Query) (Table, error) {
	if err := q.check(); err != nil {
		return Table{}, err
	}
	q.By, q.Errors, q.Baseline.Kind = cmp.Or(q.By, ByEndpoint), cmp.Or(q.Errors, Flagged), cmp.Or(q.Baseline.Kind, Week)
	t := Table{By: q.By, Errors: q.Errors, Span: q.Span, Baseline: q.baseline(), BaselineKind: q.Baseline.Kind}
	if t.Baseline.Start < 0 {
		t.Baseline = timeseries.Span{}
	}
	if err := s.find(ctx, q, &t); err != nil {
		return Table{}, err
	}
	if q.Baseline.Kind == Release {
		span, base, notes, err := s.sinceRelease(ctx, t.Place, q.Span)
		if err != nil {
			return Table{}, err
		}
		t.Span, t.Baseline, t.Notes = span, base, append(t.Notes, notes...)
	}
	var only []metricquery.Filter
	if len(q.Exclude) > 0 && q.By != ByEndpoint {
		var err error
		if only, err = s.filter(ctx, t.Place, q, t.Span, t.Baseline); err != nil {
			return Table{}, err
		}
	}
	p, err := q.plan(t.Place, only)
	if err != nil {
		return Table{}, err
	}
	t.Notes = append(t.Notes, p.notes...)
	return s.compare(ctx, q, p, t)
}

// find chooses the place.
func (s Service) find(ctx context.Context, q Query, t *Table) error {
	search := apm.Search{Services: []string{q.Service}, Env: q.Env, Operation: q.Operation, Span: hull(t.Span, t.Baseline)}
	catalog, err := s.Source.Find(ctx, search)
	if retention(err) && search.Span != t.Span { // the span itself may be in reach
		search.Span = t.Span
		catalog, err = s.Source.Find(ctx, search)
	}
	if err != nil {
		return err
	}
	t.Place = catalog.Places[0]
	if q.By == ByEnv && q.Env == "" {
		t.Place.Env = ""
		catalog.Notes = slices.DeleteFunc(catalog.Notes, func(n slo.Note) bool { return n.Code == "env_chosen" })
		for _, p := range catalog.Others {
			if p.Operation.Name == t.Place.Operation.Name {
				t.Place.Requests += p.Requests
			}
		}
	}
	t.Notes = append(t.Notes, catalog.Notes...)
	if q.Operation == "" && len(catalog.Places) > 1 {
		t.Notes = append(t.Notes, operationNote(catalog.Places))
	}
	return nil
}

// operationNote names the operations that were not chosen.
func operationNote(places []apm.Place) slo.Note {
	const most = 6
	var names []string
	for _, p := range places[1:] {
		names = append(names, p.Operation.Name)
	}
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return slo.Note{Code: "operation_chosen", Text: fmt.Sprintf(
		"the operation is %s; there are also %s (--operation)", places[0].Operation.Name, strings.Join(names, ", "))}
}

// compare asks for the figures of both stretches and makes rows of them.
func (s Service) compare(ctx context.Context, q Query, p plan, t Table) (Table, error) {
	stretches := [2]timeseries.Span{t.Span, t.Baseline}
	points, err := s.measure(ctx, p, stretches)
	if err != nil {
		return Table{}, err
	}
	groups, err := s.groups(ctx, p, points, t)
	if err != nil {
		return Table{}, err
	}
	step := widest(groups, int(measures), t.Span, t.Baseline)
	pieces := [2][]piece{cut(t.Span, step), cut(t.Baseline, step)}
	l, err := s.Source.Load(ctx, demands(p.all(), groups, slices.Concat(pieces[now], pieces[before])))
	if err != nil {
		return Table{}, err
	}
	c := collector{plan: p, loaded: l, table: &t, rows: map[string]*pair{}, total: newPair()}
	err = c.collect(now, t.Span, pieces[now], parts(t.Span, step))
	var lost error // why nothing is known of the baseline
	if retention(err) && !t.Baseline.Empty() {
		// One request may have been for both stretches, of which only the earlier one is out of reach.
		lost, c.failed = err, [measures]error{}
		if c.loaded, err = s.Source.Load(ctx, demands(p.all(), groups, pieces[now])); err != nil {
			return Table{}, err
		}
		err = c.collect(now, t.Span, pieces[now], parts(t.Span, step))
	}
	if err != nil {
		return Table{}, err
	}
	if lost == nil && !t.Baseline.Empty() {
		lost = c.collect(before, t.Baseline, pieces[before], 1)
	}
	if lost != nil {
		t.Notes = append(t.Notes, slo.Note{Code: "baseline_unknown", Text: fmt.Sprintf("nothing is known of the baseline %s: %s", t.Baseline, lost)})
	}
	t.Notes = append(t.Notes, c.notes()...)
	out, all := c.exclude(q)
	c.forget(points)
	if !all {
		t.Notes = append(t.Notes, slo.Note{Code: "exclude_incomplete", Text: "Datadog answered for some endpoints only: what it did not tell apart of the excluded ones is still in the total"})
	}
	if len(out) > 0 && len(c.rows) == 0 {
		t.Notes = append(t.Notes, slo.Note{Code: NoteAllExcluded, Text: fmt.Sprintf("every endpoint is left out by %s", strings.Join(q.Exclude, ", "))})
	}
	if len(out) > 0 && p.place.Operation.Latency != "" {
		if filter, ok := without(out, slices.Collect(maps.Keys(c.rows))); ok {
			s.remeasure(ctx, p, filter, stretches, &points)
		} else {
			points[now].total, points[before].total = unknownPercentiles(), unknownPercentiles()
			t.Notes = append(t.Notes, slo.Note{Code: "percentiles_unknown", Text: "percentiles of the whole are not known without the excluded endpoints: no one query leaves out just those"})
		}
	}
	if err := ctx.Err(); err != nil {
		return Table{}, fmt.Errorf("comparing endpoints: %w", err)
	}
	if p.place.Operation.Latency != "" {
		t.Notes = append(t.Notes, percentileNote(points)...)
	}
	if len(q.Exclude) > 0 && len(out) == 0 && len(p.only) == 0 {
		t.Notes = append(t.Notes, slo.Note{Code: "exclude_unmatched", Text: fmt.Sprintf("no endpoint matches %s", strings.Join(q.Exclude, ", "))})
	}
	t.Notes = append(t.Notes, l.Notes()...)
	c.finish(points)
	return t, nil
}

// retention reports whether an error says that Datadog no longer keeps that time.
func retention(err error) bool {
	var e interface{ OutsideRetention() bool }
	return errors.As(err, &e) && e.OutsideRetention()
}

// groups is how many groups there are, as far as it takes to ask for them well:
// counted in the answers that there are already, or else in one coarse request.
func (s Service) groups(ctx context.Context, p plan, points [2]measured, t Table) (int, error) {
	known := max(len(points[now].requests), len(points[before].requests))
	if points[now].requests != nil {
		return known, nil
	}
	days := timeseries.Span{Start: timeseries.Floor(t.Span.Start, day), End: timeseries.Ceil(t.Span.End, day)}
	query := p.grouped[hits]
	l, err := s.Source.Load(ctx, []apm.Demand{{Queries: []string{query}, Span: days, Step: day}})
	if err != nil {
		return 0, fmt.Errorf("counting endpoints: %w", err)
	}
	return max(known, len(l.Answer(query, days, day).Groups)), nil
}

// pair are the sums of one group in both stretches.
type pair [2]*sums

func newPair() *pair { return &pair{{}, {}} }

// collector adds up what was loaded.
type collector struct {
	plan   plan
	loaded *apm.Loaded
	table  *Table
	total  *pair
	rows   map[string]*pair // by tag
	// known says what is known of each stretch.
	known [2]known
	// cut are the pieces, as bits, whose answer lacks groups; singles says that
	// figures of single rows are unknown for that.
	cut     [2][measures]uint8
	singles bool
	// asked are all requests of each stretch, with what is excluded.
	asked [2]float64
	// failed is why a measure is not known.
	failed [measures]error
}

// collect adds up one stretch. Its error says that not even requests are known.
func (c *collector) collect(which int, stretch timeseries.Span, pieces []piece, trend int) error {
	rows := map[string]*sums{}
	total := &sums{trend: make([]float64, trend)}
	k := known{}
	for m := range measures {
		k[m] = c.plan.whole[m] != ""
	}
	for i, p := range pieces {
		for m := range measures {
			whole := c.loaded.Answer(c.plan.whole[m], p.span, p.step)
			var grouped timeseries.Answer
			if c.plan.grouped[m] != "" {
				grouped = c.loaded.Answer(c.plan.grouped[m], p.span, p.step)
			}
			if c.plan.whole[m] == "" {
				continue
			}
			if err := cmp.Or(whole.Err, grouped.Err); err != nil {
				if m == hits {
					return fmt.Errorf("counting requests: %w", err)
				}
				k[m], c.failed[m] = false, err
				continue
			}
			var all, told timeseries.Sum
			for _, g := range whole.Groups {
				all.AddPoints(g.Series.Values)
				total.take(m, stretch, g.Series)
			}
			for _, g := range grouped.Groups {
				tag := tagOf(g.Tags)
				row := rows[tag]
				if row == nil {
					row = &sums{trend: make([]float64, trend)}
					rows[tag] = row
				}
				told.AddPoints(g.Series.Values)
				row.take(m, stretch, g.Series)
				row.in[m] |= 1 << i
			}
			c.note(which, m, i, all, told)
		}
	}
	c.known[which], c.total[which], c.asked[which] = k, total, total.of[hits].Value()
	for tag, s := range rows {
		if c.rows[tag] == nil {
			c.rows[tag] = newPair()
		}
		c.rows[tag][which] = s
	}
	return nil
}

func (s *sums) take(m measure, stretch timeseries.Span, series timeseries.Series) {
	s.add(m, series.Values)
	if m == hits {
		s.spread(stretch, series)
	}
}

// exclude takes what is left out from the rows and from the total, and says what
// it was, and whether that was all of it as far as anybody can tell.
func (c *collector) exclude(q Query) (out []string, all bool) {
	if q.By != ByEndpoint || len(q.Exclude) == 0 {
		return nil, true
	}
	all = true
	gone := newPair()
	for _, tag := range slices.Sorted(maps.Keys(c.rows)) {
		if !q.excluded(tag) {
			continue
		}
		for i, s := range c.rows[tag] {
			all = all && c.cut[i][hits]&^s.in[hits] == 0
		}
		gone.plus(c.rows[tag], 1)
		delete(c.rows, tag)
		out = append(out, tag)
	}
	if len(out) > 0 {
		c.total.plus(gone, -1)
	}
	return out, all
}

// notes say which measures are not known.
func (c *collector) notes() []slo.Note {
	var notes []slo.Note
	if err := c.failed[errs]; err != nil {
		notes = append(notes, slo.Note{Code: "errors_unknown", Text: "errors are not known: " + err.Error()})
	}
	if err := cmp.Or(c.failed[spent], c.failed[timed]); err != nil {
		notes = append(notes, slo.Note{Code: "latency_unknown", Text: "mean latencies are not known: " + err.Error()})
	}
	return notes
}
