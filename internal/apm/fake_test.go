package apm_test

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	day = 86_400
	// epoch is the beginning of a day in November 2026.
	epoch = 20_770 * day
)

// org answers with one request in every 300 s for every series it has.
type org struct {
	// series are tags by metric.
	series map[string][][]string
	infos  map[string]timeseries.MetricInfo
	// listing is the error for every listing of metrics, and infoErr that for every type.
	listing, infoErr error
	// answer is asked before a request is answered, 0 for the first.
	answer func(n int, r timeseries.Request) error
	// weight is what a series counts in a bucket of 300 s; 1 without it.
	weight func(tags []string, at int64) float64

	mu       sync.Mutex
	requests []timeseries.Request
	listings []string
	asked    []string
}

func (o *org) source() apm.Source { return apm.Source{Directory: o, Metrics: o, Concurrency: 3} }

func (o *org) serve(operation, service, env string, suffixes ...string) {
	if o.series == nil {
		o.series = map[string][][]string{}
	}
	for _, suffix := range append([]string{".hits"}, suffixes...) {
		name := "trace." + operation + suffix
		o.series[name] = append(o.series[name], []string{"service:" + service, "env:" + env})
	}
}

func (o *org) ActiveMetrics(_ context.Context, _ int64, tag string) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.listings = append(o.listings, tag)
	var names []string
	for name, all := range o.series {
		if tag == "" || slices.ContainsFunc(all, func(tags []string) bool { return slices.Contains(tags, tag) }) {
			names = append(names, name)
		}
	}
	return names, o.listing
}

func (o *org) MetricInfo(_ context.Context, name string) (timeseries.MetricInfo, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, name)
	return o.infos[name], o.infoErr
}

func (o *org) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	o.mu.Lock()
	n := len(o.requests)
	o.requests = append(o.requests, r)
	o.mu.Unlock()
	if o.answer != nil {
		if err := o.answer(n, r); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	answers := make([]timeseries.Answer, len(r.Queries))
	for i, text := range r.Queries {
		expr, err := metricquery.Parse(text)
		if err != nil {
			answers[i].Err = &slo.Defect{Kind: slo.Invalid, Message: err.Error()}
			continue
		}
		answers[i].Groups = o.evaluate(expr.(*metricquery.Query), r)
	}
	return answers, nil
}

func (o *org) evaluate(q *metricquery.Query, r timeseries.Request) []timeseries.Group {
	var groups []timeseries.Group
	for _, tags := range o.series[q.Metric] {
		if !q.Filter.Match(tags) {
			continue
		}
		var by []string
		for _, key := range q.By {
			for _, tag := range tags {
				if strings.HasPrefix(tag, key+":") {
					by = append(by, tag)
				}
			}
		}
		i := slices.IndexFunc(groups, func(g timeseries.Group) bool { return slices.Equal(g.Tags, by) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, timeseries.Group{Tags: by, Series: timeseries.Blank(r.Span, r.Step)})
		}
		values := groups[i].Series.Values
		for k := range values {
			n := 0.0
			for at := r.Span.Start + int64(k)*r.Step; at < r.Span.Start+int64(k+1)*r.Step; at += 300 {
				if o.weight == nil {
					n++
				} else {
					n += o.weight(tags, at)
				}
			}
			switch {
			case n == 0:
			case timeseries.IsMissing(values[k]):
				values[k] = n
			default:
				values[k] += n
			}
		}
	}
	return slices.DeleteFunc(groups, func(g timeseries.Group) bool {
		return !slices.ContainsFunc(g.Series.Values, func(v float64) bool { return !timeseries.IsMissing(v) })
	})
}

// shelf keeps whole days of answers with points, as the cache does.
type shelf struct {
	mu        sync.Mutex
	settled   int64
	days      map[string]map[int64]timeseries.Answer // query and step, day
	forgotten []string
}

func (s *shelf) key(query string, step int64) string { return query + "|" + string(rune(step)) }

func (s *shelf) Held(query string, step int64) []timeseries.Span {
	s.mu.Lock()
	defer s.mu.Unlock()
	var starts []int64
	for at := range s.days[s.key(query, step)] {
		starts = append(starts, at)
	}
	slices.Sort(starts)
	var spans []timeseries.Span
	for _, at := range starts {
		if n := len(spans); n > 0 && spans[n-1].End == at {
			spans[n-1].End = at + day
			continue
		}
		spans = append(spans, timeseries.Span{Start: at, End: at + day})
	}
	return spans
}

func (s *shelf) Series(query string, step int64, span timeseries.Span) (timeseries.Answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out timeseries.Answer
	for at := timeseries.Floor(span.Start, day); at < span.End; at += day {
		answer, there := s.days[s.key(query, step)][at]
		if !there {
			return out, false
		}
		for _, g := range answer.Groups {
			i := slices.IndexFunc(out.Groups, func(o timeseries.Group) bool { return slices.Equal(o.Tags, g.Tags) })
			if i < 0 {
				i = len(out.Groups)
				out.Groups = append(out.Groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Blank(span, step)})
			}
			for k, v := range g.Series.Values {
				if t := g.Series.Start + int64(k)*step; span.Contains(t) {
					out.Groups[i].Series.Values[(t-span.Start)/step] = v
				}
			}
		}
	}
	return out, true
}

func (s *shelf) Keep(r timeseries.Request, answers []timeseries.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.days == nil {
		s.days = map[string]map[int64]timeseries.Answer{}
	}
	for i, a := range answers {
		for at := timeseries.Ceil(r.Span.Start, day); at+day <= min(r.Span.End, s.settled) && len(a.Groups) > 0; at += day {
			var cut timeseries.Answer
			for _, g := range a.Groups {
				from := (at - g.Series.Start) / r.Step
				cut.Groups = append(cut.Groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Series{Start: at, Step: r.Step, Values: g.Series.Values[from : from+day/r.Step]}})
			}
			key := s.key(r.Queries[i], r.Step)
			if s.days[key] == nil {
				s.days[key] = map[int64]timeseries.Answer{}
			}
			s.days[key][at] = cut
		}
	}
}

func (s *shelf) Forget(query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten = append(s.forgotten, query)
	for key := range s.days {
		if strings.HasPrefix(key, query+"|") {
			delete(s.days, key)
		}
	}
}
