package investigation

import (
	"fmt"
	"math"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// track is what is known of one place or one endpoint: one value a bucket of the
// grid, NaN where it is not known. Where nothing came, that is 0 and known.
type track struct {
	of *place
	// tag is Datadog's, name for people; empty for the whole place.
	tag, name        string
	requests, errors []float64
	// mean is the mean latency in seconds, NaN without requests.
	mean []float64
}

// reading is what came back for one query.
type reading struct {
	groups []timeseries.Group
	// known says which buckets were answered, nil when all were.
	known []bool
	// err is why one was not.
	err error
}

// none reports whether not one bucket was answered.
func (r reading) none() bool {
	for _, k := range r.known {
		if k {
			return false
		}
	}
	return r.known != nil
}

// read takes the answer to a query over a span, day by day where parts of it failed.
func read(l *apm.Loaded, query string, span timeseries.Span, step int64) reading {
	whole := l.Answer(query, span, step)
	if whole.Err == nil {
		return reading{groups: whole.Groups}
	}
	r := reading{known: make([]bool, span.Seconds()/step), err: whole.Err}
	at := map[string]int{}
	for from := span.Start; from < span.End; {
		until := min(span.End, timeseries.Floor(from, day)+day)
		part := timeseries.Span{Start: from, End: until}
		from = until
		answer := l.Answer(query, part, step)
		if answer.Err != nil {
			continue
		}
		first := (part.Start - span.Start) / step
		for i := range part.Seconds() / step {
			r.known[first+i] = true
		}
		for _, g := range answer.Groups {
			key := fmt.Sprint(g.Tags)
			i, seen := at[key]
			if !seen {
				i = len(r.groups)
				at[key] = i
				r.groups = append(r.groups, timeseries.Group{Tags: g.Tags, Series: timeseries.Blank(span, step)})
			}
			copy(r.groups[i].Series.Values[first:], g.Series.Values)
		}
	}
	return r
}

// counts are the values of a group's counts, of which it is known that nothing
// came where there is no point: in what was answered, and where exists says so
// (nil: everywhere).
func (r reading) counts(values []float64, exists []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		switch {
		case !math.IsNaN(v):
			out[i] = v
		case r.known != nil && !r.known[i], exists != nil && math.IsNaN(exists[i]):
			out[i] = math.NaN()
		}
	}
	return out
}

// begun makes what lies before the first point unknown again: nobody knows
// whether there was anything to count.
func begun(values, raw []float64) []float64 {
	for i, v := range raw {
		if !math.IsNaN(v) {
			break
		}
		values[i] = math.NaN()
	}
	return values
}

// missing is n values that are not known.
func missing(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// means turns an answer about latency into seconds a request: it is the mean
// itself, or the time of all requests where the place has no distribution.
func (p *place) means(values, requests []float64) []float64 {
	out := missing(len(requests))
	for i := range min(len(values), len(out)) {
		out[i] = values[i] * p.Operation.Scale
		if p.Operation.Latency == "" {
			out[i] /= requests[i]
		}
		if math.IsInf(out[i], 0) || !(requests[i] > 0) {
			out[i] = math.NaN()
		}
	}
	return out
}

// evident is the mean where it rests on enough requests to be evidence.
func (t *track) evident() []float64 {
	const enough = 5
	out := missing(len(t.mean))
	for i, v := range t.mean {
		if t.requests[i] >= enough {
			out[i] = v
		}
	}
	return out
}

// unanswered is a note on what of a query is not known.
func (k *look) unanswered(what string, r reading) {
	if r.err == nil {
		return
	}
	var unknown int64
	for _, known := range r.known {
		if !known {
			unknown++
		}
	}
	k.report.Notes = append(k.report.Notes, slo.Note{Code: "partly_unanswered", Text: fmt.Sprintf(
		"%s are not known for %.1f of %.1f days, and nothing is said about that time: %v",
		what, float64(unknown*k.report.Step)/day, float64(k.loading.Seconds())/day, r.err)})
}
