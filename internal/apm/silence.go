package apm

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// An empty answer is no proof: there may have been nothing, or Datadog could
// not look. A shelf keeps none. But many a healthy service has not had an error
// in weeks, and asking for all of its past in every run would be asking for
// nothing most of the time. So that a query was silent is kept as a series of
// its own, as evaluation does, and all silence that a run relies on is asked for
// once more, in few very coarse requests. A single point in it drops it.

// silenceOf is the key under which is kept when a query was silent.
func silenceOf(query string) string { return "silence of\x00" + query }

// mostHushed is how many groups a query may have so that its silence is probed:
// the probe may see what lies beside it.
const mostHushed = 1000

// hush parts what is missing of a need into what has to be asked for, and what
// was silent. Without a Pick nothing of the shelf is asked again, so that no silence
// is believed, unless nothing can be asked at all.
func (s Source) hush(n need, missing []timeseries.Span) (left, silent []timeseries.Span) {
	if s.Shelf == nil || s.Pick == nil && !s.Offline || len(missing) == 0 || n.cells > mostHushed {
		return missing, nil
	}
	marks := s.Shelf.Held(silenceOf(n.query), n.step)
	for _, span := range missing {
		left = append(left, span.Without(marks)...)
		for _, m := range marks {
			if both := m.Intersect(span); !both.Empty() {
				silent = append(silent, both)
			}
		}
	}
	return left, silent
}

// probes are the requests that go over all of what was silent.
func probes(silent []sample) []timeseries.Request {
	reach := silent[0].span
	for _, s := range silent {
		reach.Start, reach.End = min(reach.Start, s.span.Start), max(reach.End, s.span.End)
	}
	step := int64(3600)
	for _, hours := range []int64{2, 4, 8, 24} {
		if reach.Seconds() > (mostPoints-2)*step { // its ends may be rounded away from each other
			step = hours * 3600
		}
	}
	reach.Start, reach.End = timeseries.Floor(reach.Start, step), timeseries.Ceil(reach.End, step)
	at := map[string]int{}
	var needs []need
	for _, s := range silent {
		if i, known := at[s.query]; known {
			needs[i].cells = max(needs[i].cells, s.cells)
			continue
		}
		at[s.query] = len(needs)
		needs = append(needs, need{want: want{s.query, step}, spans: []timeseries.Span{reach}, cells: s.cells})
	}
	slices.SortFunc(needs, func(a, b need) int { return cmp.Compare(a.query, b.query) })
	return requests(needs)
}

// judge files what the answer to a probe says of the silence: that there is
// still nothing, that there is something after all, or that it is not known.
func (f *fetching) judge(r timeseries.Request, list []timeseries.Answer, err error) {
	for i, query := range r.Queries {
		answer := timeseries.Answer{Err: err}
		if err == nil {
			answer = list[i]
		}
		for _, s := range f.silent {
			span := s.span.Intersect(r.Span)
			if s.query != query || span.Empty() {
				continue
			}
			if slices.ContainsFunc(answer.Groups, func(g timeseries.Group) bool { return speaks(g.Series, span) }) {
				f.changed = append(f.changed, query)
				break
			}
			f.loaded.add(s.want, part{span: span, answer: timeseries.Answer{Err: answer.Err}})
		}
	}
}

// speaks reports whether a series has a point in a bucket that touches the span.
func speaks(s timeseries.Series, span timeseries.Span) bool {
	for i, v := range s.Values {
		at := s.Start + int64(i)*s.Step
		if !timeseries.IsMissing(v) && span.Overlaps(timeseries.Span{Start: at, End: at + s.Step}) {
			return true
		}
	}
	return false
}

// shelve gives the answers to a request to the shelf: what they say, and of
// those that say nothing, that they do.
func (f *fetching) shelve(r timeseries.Request, list []timeseries.Answer) {
	f.Shelf.Keep(r, list)
	for i, query := range r.Queries {
		silent := r.Span
		if list[i].Err != nil {
			continue
		}
		for _, g := range list[i].Groups {
			if first := slices.IndexFunc(g.Series.Values, func(v float64) bool { return !timeseries.IsMissing(v) }); first >= 0 {
				silent.End = min(silent.End, timeseries.Floor(g.Series.Start+int64(first)*g.Series.Step, day))
			}
		}
		if silent.Seconds() < day {
			continue
		}
		mark := timeseries.Blank(silent, r.Step)
		for k := range mark.Values {
			mark.Values[k] = 1
		}
		f.Shelf.Keep(timeseries.Request{Queries: []string{silenceOf(query)}, Span: silent, Step: r.Step},
			[]timeseries.Answer{{Groups: []timeseries.Group{{Series: mark}}}})
	}
}
