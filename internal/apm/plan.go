package apm

import (
	"cmp"
	"slices"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	day = 86_400
	// mostPoints is how many points Datadog answers a series with at most.
	mostPoints = 1500
	// mostCells is how many values one answer should have at most: larger ones
	// take long, and beyond some size they are refused.
	mostCells = 4 << 20
	// finestKept is the finest step at which days are completed to be kept; what
	// is finer is a look at a moment.
	finestKept = 300
	// mostQueries is how many queries travel together at most.
	mostQueries = 40
)

// Demand is what is wanted: all queries over a span at a step. The ends of the
// span are multiples of the step.
type Demand struct {
	Queries []string
	Span    timeseries.Span
	Step    int64
	// Groups is how many groups a query that groups has, where that is known. It
	// keeps requests small enough to be answered.
	Groups int
}

// want is one query at one step.
type want struct {
	query string
	step  int64
}

// need is when something is wanted and not held.
type need struct {
	want
	spans []timeseries.Span
	// cells is how many values the answer has for each bucket.
	cells int64
}

// worthKeeping is how many values more of a query may be asked for so that the
// day they belong to can be kept.
const worthKeeping = 1 << 17

// wants are the demands by query and step, each once, with the union of their
// spans. What can be kept is extended to whole days, as far as these lie before
// the end of what is demanded: that takes no further request, and the next run is spared one.
func wants(demands []Demand, kept bool) []need {
	end := int64(0)
	for _, d := range demands {
		end = max(end, d.Span.End)
	}
	at := map[want]int{}
	var all []need
	for _, d := range demands {
		if d.Step <= 0 || d.Span.Empty() {
			continue
		}
		for _, query := range d.Queries {
			if query == "" {
				continue
			}
			w := want{query, d.Step}
			i, known := at[w]
			if !known {
				i = len(all)
				at[w] = i
				all = append(all, need{want: w, cells: 1})
			}
			n := &all[i]
			if d.Groups > 1 && grouped(query) {
				n.cells = max(n.cells, int64(d.Groups))
			}
			span := d.Span
			if kept && d.Step >= finestKept && d.Step < day && day%d.Step == 0 && n.cells*(day/d.Step) <= worthKeeping {
				span.Start = timeseries.Floor(span.Start, day)
				if last := timeseries.Ceil(span.End, day); last <= end {
					span.End = last
				}
			}
			n.spans = slo.Union(append(n.spans, span))
		}
	}
	return all
}

func grouped(query string) bool {
	expr, err := metricquery.Parse(query)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(metricquery.Queries(expr), func(q *metricquery.Query) bool { return len(q.By) > 0 })
}

// metricsOf are the metrics that a query reads.
func metricsOf(query string) []string {
	expr, err := metricquery.Parse(query)
	if err != nil {
		return nil
	}
	var names []string
	for _, q := range metricquery.Queries(expr) {
		names = append(names, q.Metric)
	}
	return names
}

// requests put what is needed together: whole days counted back from the end,
// so that runs with other beginnings share them, and queries that need the same
// stretch in one request.
func requests(needs []need) []timeseries.Request {
	type cell struct {
		step int64
		span timeseries.Span
	}
	ends, widest := map[int64]int64{}, map[int64]int64{}
	for _, n := range needs {
		for _, s := range n.spans {
			ends[n.step] = max(ends[n.step], timeseries.Ceil(s.End, day))
		}
		widest[n.step] = max(widest[n.step], n.cells)
	}
	together := map[cell][]need{}
	var cells []cell
	for _, n := range needs {
		length := chunkLength(n.step, widest[n.step])
		for _, span := range n.spans {
			for start := span.Start; start < span.End; {
				end := min(span.End, ends[n.step]-(ends[n.step]-start-1)/length*length)
				c := cell{n.step, timeseries.Span{Start: start, End: end}}
				if together[c] == nil {
					cells = append(cells, c)
				}
				together[c] = append(together[c], n)
				start = end
			}
		}
	}
	slices.SortFunc(cells, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.step, b.step), cmp.Compare(a.span.Start, b.span.Start), cmp.Compare(a.span.End, b.span.End))
	})
	var all []timeseries.Request
	for _, c := range cells {
		size := int64(0)
		r := timeseries.Request{Span: c.span, Step: c.step}
		for _, n := range together[c] {
			values := n.cells * (c.span.Seconds() / c.step)
			if len(r.Queries) == mostQueries || len(r.Queries) > 0 && size+values > mostCells {
				all = append(all, r)
				r, size = timeseries.Request{Span: c.span, Step: c.step}, 0
			}
			r.Queries, size = append(r.Queries, n.query), size+values
		}
		all = append(all, r)
	}
	return all
}

// chunkLength is how long the span of one request may be: whole days where the
// step is shorter than that, because whole days are what the shelf keeps.
func chunkLength(step, groups int64) int64 {
	points := min(mostPoints, max(1, mostCells/max(1, groups)))
	length := points * step
	if length >= day && day%step == 0 {
		return length / day * day
	}
	if step < day && day%step == 0 && mostPoints*step >= day {
		return day
	}
	return max(step, length)
}
