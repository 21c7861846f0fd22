package simulator

import (
	"slices"
	"strconv"

	"github.com/slo-cli/slo/internal/metricquery"
)

// maxPoints is the most points that one series of an answer has.
const maxPoints = 1500

// maxInterval is the longest interval, in seconds, that can be asked for.
const maxInterval = 366 * 86400

// flush is how often, in seconds, an agent reports: the finest interval, and
// the spacing of the points that min, max and avg run over.
const flush = 10

// grid cuts [from, to) into buckets on multiples of step. The first and the
// last may be cut short.
type grid struct {
	from, to, step int64
	// pieces, where there are any, are measured instead of the buckets; each
	// lies in one of them.
	pieces []span
	// cut says that there are pieces, even if none is left.
	cut bool
}

func (g grid) first() int64 { return floor(g.from, g.step) }

// buckets is the number of buckets.
func (g grid) buckets() int {
	if g.to <= g.from {
		return 0
	}
	return int((g.to - g.first() + g.step - 1) / g.step)
}

// len is the number of stretches that are measured.
func (g grid) len() int {
	if g.cut {
		return len(g.pieces)
	}
	return g.buckets()
}

// bucket is the stretch that is measured as the i-th.
func (g grid) bucket(i int) (from, to int64) {
	if g.cut {
		return g.pieces[i].from, g.pieces[i].to
	}
	start := g.first() + int64(i)*g.step
	return max(start, g.from), min(start+g.step, g.to)
}

// bucketOf is the bucket in which the i-th measured stretch lies.
func (g grid) bucketOf(i int) int {
	if g.cut {
		return int((g.pieces[i].from - g.first()) / g.step)
	}
	return i
}

// without leaves the spans out, which are in order and disjoint.
func (g grid) without(spans []span) grid {
	if len(spans) == 0 {
		return g
	}
	out := g
	out.cut = true
	for i := range g.buckets() {
		from, to := g.bucket(i)
		out.pieces = append(out.pieces, outside(span{from, to}, spans)...)
	}
	return out
}

func floor(t, step int64) int64 {
	f := t - t%step
	if f > t {
		f -= step
	}
	return f
}

func ceil(t, step int64) int64 { return -floor(-t, step) }

// defaultStep is the interval that the API chooses for a span when the query
// does not say.
func defaultStep(span int64) int64 {
	for _, row := range []struct{ span, step int64 }{
		{3600, 20}, {4 * 3600, 60}, {86400, 300}, {2 * 86400, 600}, {7 * 86400, 3600}, {31 * 86400, 4 * 3600},
	} {
		if span <= row.span {
			return row.step
		}
	}
	return 86400
}

// allowedStep is the interval that is used when step is wished for: the same,
// or the next round one with which the answer keeps within the points.
func allowedStep(step, span int64) int64 {
	step = max(step, flush)
	if span <= step*maxPoints {
		return step
	}
	for _, round := range []int64{10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 43200, 86400} {
		if round > step && span <= round*maxPoints {
			return round
		}
	}
	return ceil(ceil(span, maxPoints)/maxPoints, 86400)
}

// rollup is a query's own wish for its time aggregation.
type rollup struct {
	// method is empty when the query does not name one.
	method string
	// step is 0 when the query does not name one.
	step int64
}

// rollupOf reads .rollup(), .rollup(method), .rollup(seconds) and
// .rollup(method, seconds).
func rollupOf(q *metricquery.Query) (rollup, error) {
	var r rollup
	for _, m := range q.Modifiers {
		if m.Name != "rollup" {
			continue
		}
		args := m.Args
		if len(args) > 0 && slices.Contains([]string{"avg", "sum", "min", "max", "count"}, args[0]) {
			r.method, args = args[0], args[1:]
		}
		if len(args) == 0 {
			continue
		}
		step, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || step < 1 || step > maxInterval || len(args) > 1 {
			return r, badRequest("Error parsing query: invalid rollup arguments %q in %s", m.Args, q)
		}
		r.step = step
	}
	return r, nil
}

// stepOf is the interval for some expressions that share their answer: the
// larger of what was asked for and what the queries say, else the default.
func stepOf(exprs []metricquery.Expr, asked, span int64, coarsen bool) (int64, error) {
	for _, e := range exprs {
		for _, q := range metricquery.Queries(e) {
			r, err := rollupOf(q)
			if err != nil {
				return 0, err
			}
			asked = max(asked, r.step)
		}
	}
	if asked == 0 {
		asked = defaultStep(span)
	}
	step := allowedStep(asked, span)
	if coarsen {
		step *= 2
	}
	return step, nil
}
