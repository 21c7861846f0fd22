package evaluation

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// bundle is what an objective asks of every chunk in one request: queries, and
// a formula over them.
type bundle struct {
	queries []string
	formula *timeseries.Formula
}

// keys are what its answers are known by.
func (b bundle) keys() []string {
	if b.formula != nil {
		return append([]string{b.formula.Key()}, b.queries...)
	}
	return b.queries
}

// key tells bundles apart; those without a formula come first.
func (b bundle) key() string {
	if b.formula != nil {
		return "formula " + b.formula.Key()
	}
	return " " + strings.Join(b.queries, "\x00")
}

// load is what has to be asked: for each chunk the bundles by their keys.
type load map[chunk]map[string]bundle

// add asks for the bundle in every chunk and returns those in which nothing else asks for it.
func (l load) add(chunks []chunk, b bundle) (fresh []chunk) {
	for _, c := range chunks {
		if l[c] == nil {
			l[c] = map[string]bundle{}
		}
		if _, there := l[c][b.key()]; !there {
			fresh = append(fresh, c)
		}
		l[c][b.key()] = b
	}
	return fresh
}

// has reports whether the bundle is asked for in every chunk already.
func (l load) has(chunks []chunk, b bundle) bool {
	return !slices.ContainsFunc(chunks, func(c chunk) bool {
		_, there := l[c][b.key()]
		return !there
	})
}

// remove takes back what add did, for the chunks that it returned.
func (l load) remove(chunks []chunk, b bundle) {
	for _, c := range chunks {
		delete(l[c], b.key())
	}
}

// count is the number of requests over some chunks.
func (l load) count(chunks iter.Seq[chunk]) int {
	n := 0
	for c := range chunks {
		n += len(batches(l[c]))
	}
	return n
}

// requests packs the load into requests. Those for the same queries follow each
// other, newest first, so that objectives are complete one after the other: when
// time runs out as many as possible are, and what is evaluated can be let go.
func (l load) requests() []timeseries.Request {
	var requests []timeseries.Request
	for c, bundles := range l {
		for _, batch := range batches(bundles) {
			batch.Span, batch.Step = c.span, c.step
			requests = append(requests, batch)
		}
	}
	slices.SortFunc(requests, func(a, b timeseries.Request) int {
		return cmp.Or(cmp.Compare(a.Queries[0], b.Queries[0]), cmp.Compare(b.Span.End, a.Span.End), cmp.Compare(b.Span.Start, a.Span.Start),
			cmp.Compare(a.Step, b.Step), slices.Compare(a.Queries, b.Queries))
	})
	return requests
}

// batches fills requests one after the other with up to maxQueries different
// queries. A formula travels with the queries that it is over.
func batches(bundles map[string]bundle) []timeseries.Request {
	var all []timeseries.Request
	var current timeseries.Request
	for _, key := range slices.Sorted(maps.Keys(bundles)) {
		b := bundles[key]
		fresh := slices.DeleteFunc(slices.Clone(b.queries), func(q string) bool { return slices.Contains(current.Queries, q) })
		if len(current.Queries) > 0 && len(current.Queries)+len(fresh) > maxQueries {
			all, current, fresh = append(all, current), timeseries.Request{}, b.queries
		}
		current.Queries = append(current.Queries, fresh...)
		if b.formula != nil {
			current.Formulas = append(current.Formulas, *b.formula)
		}
	}
	if len(current.Queries) > 0 {
		all = append(all, current)
	}
	return all
}

// placeSlices adds what the time slice objectives ask, those first that need
// the fewest chunks, as long as the number of requests allows. The others are
// evaluated from Datadog's record of their transitions: their pieces stay empty.
func (p *Plan) placeSlices(jobs []Job, l load, stock *stock, most int) {
	type candidate struct {
		job      int
		coverage coverage
		bundle   bundle
	}
	var candidates, refused []candidate
	for i, job := range jobs {
		if sli, ok := job.slices(); ok {
			b := bundleOf(sli)
			candidates = append(candidates, candidate{i, coverSlices(p.extents[i], sli.Seconds, stock.whole(b, sli.Seconds)), b})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(len(a.coverage.asked), len(b.coverage.asked)) })
	total := l.count(maps.Keys(l))
	// Where one was refused, another as large over the same time need not be tried.
	type size struct {
		extent                timeseries.Span
		step, chunks, queries int
	}
	full := map[size]bool{}
	for _, c := range candidates {
		asked := c.coverage.asked
		sli, _ := jobs[c.job].slices()
		its := size{p.extents[c.job], int(sli.Seconds), len(asked), len(c.bundle.queries)}
		if full[its] && !l.has(asked, c.bundle) {
			refused = append(refused, c)
			continue
		}
		before := l.count(slices.Values(asked))
		fresh := l.add(asked, c.bundle)
		more := l.count(slices.Values(asked)) - before
		// What travels along with something else costs nothing.
		if most > 0 && more > 0 && total+more > most {
			l.remove(fresh, c.bundle)
			full[its] = true
			refused = append(refused, c)
			continue
		}
		total += more
		p.place(l, stock, c.coverage.held, c.bundle)
		p.pieces[c.job] = c.coverage.layout(timeseries.Span{
			Start: timeseries.Floor(p.extents[c.job].Start, sli.Seconds), End: timeseries.Ceil(p.extents[c.job].End, sli.Seconds),
		})
	}
	p.Wanted = total
	if len(refused) == 0 {
		return
	}
	for _, c := range refused {
		if jobs[c.job].Definition.Source == slo.FromDatadog { // elsewhere there is no record to fall back on
			p.FellBack++
		}
	}
	undo := make([][]chunk, len(refused))
	for i, c := range refused {
		undo[i] = l.add(c.coverage.asked, c.bundle)
	}
	p.Wanted = l.count(maps.Keys(l))
	for i, c := range refused {
		l.remove(undo[i], c.bundle)
	}
}

// formulaOf is the value of a slice.
func formulaOf(sli slo.SliceSLI) timeseries.Formula {
	f := timeseries.Formula{Text: sli.Formula}
	for _, name := range slices.Sorted(maps.Keys(sli.Queries)) {
		f.Inputs = append(f.Inputs, timeseries.Input{Name: name, Query: sli.Queries[name]})
	}
	return f
}

// bundleOf is what a time slice objective asks: the value, and its inputs, of
// which a point says that there was data. Where the value is an input as it
// is, the answer to that is both.
func bundleOf(sli slo.SliceSLI) bundle {
	var b bundle
	f := formulaOf(sli)
	for _, in := range f.Inputs {
		if !slices.Contains(b.queries, in.Query) {
			b.queries = append(b.queries, in.Query)
		}
	}
	if _, plain := sli.Queries[strings.TrimSpace(sli.Formula)]; !plain || len(f.Inputs) > 1 {
		b.formula = &f
	}
	return b
}

// askRecords lists what Datadog is asked for its own records of: the histories
// of monitor objectives and of the time slice objectives without pieces.
func (p *Plan) askRecords(jobs []Job, to, until int64) {
	for i, job := range jobs {
		if !job.needsHistory(p.pieces[i]) {
			continue
		}
		longest := job.Objectives[len(job.Objectives)-1].Timeframe
		start := min(p.extents[i].Start, longest.Window(to).Start-carriedFrom)
		p.Histories = append(p.Histories, slo.HistoryRequest{ID: job.Definition.ID, Window: timeseries.Span{Start: start, End: min(p.extents[i].End, until)}, Uncorrected: true})
		if sli, ok := job.Definition.SLI.(slo.MonitorSLI); ok {
			p.Monitors = append(p.Monitors, sli.MonitorIDs...)
		}
	}
	slices.Sort(p.Monitors)
	p.Monitors = slices.Compact(p.Monitors)
}

// carriedFrom is how long before a window its history is asked for at least: a
// monitor without data may have to count as it was before.
const carriedFrom = 14 * day

// needsHistory reports whether the job is evaluated from transitions.
func (j Job) needsHistory(pieces []piece) bool {
	if !j.evaluable() || j.Definition.Source != slo.FromDatadog {
		return false
	}
	switch j.Definition.SLI.(type) {
	case slo.MonitorSLI:
		return true
	case slo.SliceSLI:
		return len(pieces) == 0
	}
	return false
}
