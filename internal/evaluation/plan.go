package evaluation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The limits of one metric request.
const (
	// maxPoints keeps every series under Datadog's 1,500 points, past which it
	// coarsens the answer. 1,440 are five days of fine and sixty of coarse buckets.
	maxPoints = 1440
	// maxQueries is how many queries travel in one request.
	maxQueries = 25

	fineStep   = slo.BucketSeconds
	coarseStep = 3600
)

// Job is one objective to evaluate, with the windows that were selected and the
// status corrections that apply to it.
type Job struct {
	Definition  slo.Definition
	Objectives  []slo.Objective
	Occurrences []slo.Occurrence
}

// evaluable reports whether there is anything to ask for.
func (j Job) evaluable() bool { return j.Definition.Defect == nil && len(j.Objectives) > 0 }

// events is what the job counts, where it counts events and can be evaluated.
func (j Job) events() (slo.EventSLI, bool) {
	sli, ok := j.Definition.SLI.(slo.EventSLI)
	return sli, ok && j.evaluable()
}

// slices is what the job compares, where it compares slices and can be evaluated.
func (j Job) slices() (slo.SliceSLI, bool) {
	sli, ok := j.Definition.SLI.(slo.SliceSLI)
	return sli, ok && j.evaluable()
}

// Bounds is what a plan has to heed beside the question.
type Bounds struct {
	// Ends is the stretch in which Datadog computed its own figures: windows that
	// end anywhere in it are evaluated as well, to be compared. Empty when there are none.
	Ends timeseries.Span
	// MaxRequests is how many metric requests there may be before time slice
	// objectives make do with Datadog's record of their transitions; 0 for any number.
	MaxRequests int
	// Shelf is asked what it holds, which then need not be asked of Datadog; nil for nothing.
	Shelf Shelf
	// Pick chooses one of n things by chance, for the sample; nil where nothing
	// that is held is asked for again.
	Pick func(n int) int
	// Unsure are queries whose silence is not to be relied on.
	Unsure []string
	// Lean wants the fewest requests for one answer now: buckets of events as wide
	// as the cuts allow, and nothing that only a later run needs.
	Lean bool
}

// Plan is the least set of requests that answers the question for all jobs
// together, and for each job the way back from answers to evidence.
type Plan struct {
	Requests []timeseries.Request
	// Histories are asked for what no metric request can tell, or may not any more.
	Histories []slo.HistoryRequest
	// Monitors are those whose settings are needed.
	Monitors []int64
	// Sample asks once more for a stretch that is read from the shelf, to see
	// whether it is still true; nil when there is none.
	Sample *timeseries.Request
	// Recheck is the objective whose history is asked for in full although its
	// transitions are kept; empty when there is none.
	Recheck string
	// Probes ask for stretches that are held as silent.
	Probes []probe
	// FellBack is how many time slice objectives are evaluated from transitions
	// because of MaxRequests, and Wanted how many metric requests it would have been.
	FellBack, Wanted int
	// pieces[i] covers the time of job i: which chunk answers which stretch.
	pieces [][]piece
	// extents[i] is the time of job i.
	extents []timeseries.Span
	// shelved are the answers that are read from the shelf, and held what asks for them.
	shelved map[answerKey]bool
	held    load
	stock   *stock
	// lean is that of the bounds.
	lean bool
}

// chunk is one stretch at one step, asked in one request of up to maxQueries queries.
type chunk struct {
	span timeseries.Span
	step int64
}

// piece is the part of a chunk's answer that is used.
type piece struct {
	chunk chunk
	span  timeseries.Span
}

// NewPlan plans the requests for the jobs. It is pure, but for what it asks the shelf.
//
// Jobs that share a query share its data, so their cuts are thrown together:
// each query is then asked once for every stretch of time, and both sides of
// an objective lie on the same grid. What needs the same stretch at the same step travels together.
func NewPlan(jobs []Job, q slo.Question, b Bounds) Plan {
	ties := tie(jobs, q, b.Ends)
	plan := Plan{
		pieces: make([][]piece, len(jobs)), extents: make([]timeseries.Span, len(jobs)),
		shelved: map[answerKey]bool{}, held: load{}, lean: b.Lean,
	}
	asked := load{}
	stock := &stock{shelf: b.Shelf, unsure: b.Unsure, held: map[stockKey][]timeseries.Span{}}
	for i, job := range jobs {
		if !job.evaluable() {
			continue
		}
		plan.extents[i] = extentOf(job, q, b.Ends)
		if t := ties[i]; t != nil {
			plan.pieces[i] = t.cover(stock, b.Lean)
			sli, _ := job.events()
			for _, text := range queriesOf(sli) {
				plan.place(asked, stock, chunksOf(plan.pieces[i]), bundle{queries: []string{text}})
			}
		}
	}
	plan.placeSlices(jobs, asked, stock, b.MaxRequests)
	plan.Requests = asked.requests()
	plan.askRecords(jobs, q.To, max(q.To, b.Ends.End))
	if b.Pick != nil {
		plan.Probes, plan.Sample = plan.probes(stock), plan.sample(b.Pick)
		if n := len(plan.Histories); n > 0 {
			plan.Recheck = plan.Histories[b.Pick(n)].ID
		}
	}
	plan.stock = stock
	return plan
}

// place asks for a bundle in those chunks in which the shelf does not hold it,
// and notes where it does.
func (p *Plan) place(asked load, stock *stock, chunks []chunk, b bundle) {
	for _, c := range chunks {
		if !stock.holds(b, c) {
			asked.add([]chunk{c}, b)
			continue
		}
		p.held.add([]chunk{c}, b)
		for _, key := range b.keys() {
			p.shelved[answerKey{key, c}] = true
		}
	}
}

// sample picks, by chance, some of what is read from the shelf, to ask for it
// once more: as many queries and as long a stretch as one request takes.
func (p *Plan) sample(pick func(int) int) *timeseries.Request {
	var total int64
	chunks := slices.SortedFunc(maps.Keys(p.held), func(a, b chunk) int {
		return cmp.Or(cmp.Compare(a.span.Start, b.span.Start), cmp.Compare(a.span.End, b.span.End), cmp.Compare(a.step, b.step))
	})
	for _, c := range chunks {
		total += c.span.Seconds() / coarseStep
	}
	if len(chunks) == 0 {
		return nil
	}
	// Every hour of every stretch is as likely as any other.
	at := int64(pick(int(max(1, total))))
	var of chunk
	for _, of = range chunks {
		if at < of.span.Seconds()/coarseStep {
			break
		}
		at -= of.span.Seconds() / coarseStep
	}
	options := batches(p.held[of])
	r := options[pick(len(options))]
	r.Step = of.step
	start := timeseries.Floor(of.span.Start+at*coarseStep, day)
	start = max(of.span.Start, min(start, of.span.End-maxPoints*of.step))
	r.Span = timeseries.Span{Start: start, End: min(of.span.End, start+maxPoints*of.step)}
	return &r
}

// extentOf is the time that the job's evidence must reach over.
func extentOf(job Job, q slo.Question, ends timeseries.Span) timeseries.Span {
	cuts := cutsOf(job, q, ends)
	return timeseries.Span{Start: slices.Min(cuts), End: slices.Max(cuts)}
}

// tied are jobs that must lie on one grid, because they share queries.
type tied struct {
	cuts    []int64
	queries []string
	pieces  []piece
}

// cover is the pieces that all of them use.
func (t *tied) cover(stock *stock, lean bool) []piece {
	if t.pieces != nil {
		return t.pieces
	}
	var c coverage
	if lean {
		found := map[int64][]timeseries.Span{}
		c = coverLean(t.cuts, func(step int64) []timeseries.Span {
			spans, known := found[step]
			if !known {
				spans = stock.common(t.queries, step)
				found[step] = spans
			}
			return spans
		})
	} else {
		c = cover(t.cuts, stretches{fine: stock.common(t.queries, fineStep), coarse: stock.common(t.queries, coarseStep)}, stock.kept())
	}
	t.pieces = c.layout(c.extent)
	return t.pieces
}

// tie finds, for each job that counts events, the jobs that it is tied to by
// common queries: all cuts and queries of them. It is nil for other jobs.
func tie(jobs []Job, q slo.Question, ends timeseries.Span) []*tied {
	leader := make([]int, len(jobs))
	find := func(i int) int {
		for leader[i] != i {
			leader[i] = leader[leader[i]]
			i = leader[i]
		}
		return i
	}
	owner := map[string]int{}
	for i, job := range jobs {
		leader[i] = i
		sli, ok := job.events()
		if !ok {
			continue
		}
		for _, text := range queriesOf(sli) {
			if j, taken := owner[text]; taken {
				leader[find(i)] = find(j)
			}
			owner[text] = i
		}
	}
	ties := make([]*tied, len(jobs))
	for i, job := range jobs {
		sli, ok := job.events()
		if !ok {
			continue
		}
		of := find(i)
		if ties[of] == nil {
			ties[of] = &tied{}
		}
		ties[i] = ties[of]
		ties[i].cuts = append(ties[i].cuts, cutsOf(job, q, ends)...)
		ties[i].queries = append(ties[i].queries, queriesOf(sli)...)
	}
	for i, t := range ties {
		if t != nil && find(i) == i {
			slices.Sort(t.cuts)
			slices.Sort(t.queries)
			t.cuts, t.queries = slices.Compact(t.cuts), slices.Compact(t.queries)
		}
	}
	return ties
}

// cutsOf are the instants that no bucket of a job may straddle: those of the
// question, the edges of status corrections, and every five minutes where a
// window that Datadog reported may begin or end.
func cutsOf(job Job, q slo.Question, ends timeseries.Span) []int64 {
	var cuts []int64
	for _, o := range job.Objectives {
		cuts = append(cuts, slo.Cuts(o.Timeframe, q)...)
		if !ends.Empty() {
			for _, at := range []timeseries.Span{ends, ends.Shift(-int64(o.Timeframe))} {
				for t := timeseries.Floor(at.Start, fineStep); t <= timeseries.Ceil(at.End, fineStep); t += fineStep {
					cuts = append(cuts, t)
				}
			}
		}
	}
	extent := timeseries.Span{Start: slices.Min(cuts), End: slices.Max(cuts)}
	for _, edge := range slo.Edges(job.Occurrences, fineStep) {
		if extent.Contains(edge) {
			cuts = append(cuts, edge)
		}
	}
	return cuts
}

// queriesOf are the distinct query texts of an objective, sorted.
func queriesOf(sli slo.EventSLI) []string {
	var texts []string
	for _, t := range slices.Concat(sli.Good, sli.Valid) {
		texts = append(texts, t.Query)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// Count is how many requests the plan sends.
func (p Plan) Count() int {
	n := len(p.Requests) + len(p.Probes) + len(p.Histories) + len(p.Monitors)
	if p.Sample != nil {
		n++
	}
	return n
}

// Summary says what the plan will ask, for --debug.
func (p Plan) Summary() string {
	queries := map[string]bool{}
	for _, r := range p.Requests {
		for _, q := range r.Queries {
			queries[q] = true
		}
		for _, f := range r.Formulas {
			queries[f.Key()] = true
		}
	}
	checks := len(p.Probes)
	if p.Sample != nil {
		checks++
	}
	text := fmt.Sprintf("%d series requests for %d different queries", len(p.Requests)+checks, len(queries))
	if checks > 0 {
		text += fmt.Sprintf(", %d of them to see whether what is cached is still true", checks)
	}
	if len(p.Histories) > 0 {
		text += fmt.Sprintf(", %d histories, %d monitors", len(p.Histories), len(p.Monitors))
	}
	return text
}
