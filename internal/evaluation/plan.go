package evaluation

import (
	"cmp"
	"fmt"
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
}

// Plan is the least set of requests that answers the question for all jobs
// together, and for each job the way back from answers to evidence.
type Plan struct {
	Requests []timeseries.Request
	// Histories are asked for what no metric request can tell, or may not any more.
	Histories []slo.HistoryRequest
	// Monitors are those whose settings are needed.
	Monitors []int64
	// FellBack is how many time slice objectives are evaluated from transitions
	// because of MaxRequests, and Wanted how many metric requests it would have been.
	FellBack, Wanted int
	// pieces[i] covers the time of job i: which chunk answers which stretch.
	pieces [][]piece
	// extents[i] is the time of job i.
	extents []timeseries.Span
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

// NewPlan plans the requests for the jobs. It is pure.
//
// Jobs that share a query share its data, so their cuts are thrown together:
// each query is then asked once for every stretch of time, and both sides of
// an objective lie on the same grid. What needs the same stretch at the same step travels together.
func NewPlan(jobs []Job, q slo.Question, b Bounds) Plan {
	cuts := sharedCuts(jobs, q, b.Ends)
	plan := Plan{pieces: make([][]piece, len(jobs)), extents: make([]timeseries.Span, len(jobs))}
	asked := load{}
	for i, job := range jobs {
		if !job.evaluable() {
			continue
		}
		plan.extents[i] = extentOf(job, q, b.Ends)
		if sli, ok := job.events(); ok {
			chunks := cover(cuts[i])
			plan.pieces[i] = layout(chunks, cuts[i])
			for _, text := range queriesOf(sli) {
				asked.add(chunks, bundle{queries: []string{text}})
			}
		}
	}
	plan.placeSlices(jobs, asked, b.MaxRequests)
	plan.Requests = asked.requests()
	plan.askRecords(jobs, max(q.To, b.Ends.End))
	return plan
}

// extentOf is the time that the job's evidence must reach over.
func extentOf(job Job, q slo.Question, ends timeseries.Span) timeseries.Span {
	cuts := cutsOf(job, q, ends)
	return timeseries.Span{Start: slices.Min(cuts), End: slices.Max(cuts)}
}

// sharedCuts are, for each job, the cuts of all jobs that it is tied to by common queries.
func sharedCuts(jobs []Job, q slo.Question, ends timeseries.Span) [][]int64 {
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
	union := map[int][]int64{}
	for i, job := range jobs {
		if _, ok := job.events(); ok {
			union[find(i)] = append(union[find(i)], cutsOf(job, q, ends)...)
		}
	}
	for k, c := range union {
		slices.Sort(c)
		union[k] = slices.Compact(c)
	}
	cuts := make([][]int64, len(jobs))
	for i := range jobs {
		cuts[i] = union[find(i)]
	}
	return cuts
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

// cover is the fewest chunks that reach over all cuts so that no used bucket
// straddles one. An hour with a cut inside must be asked in fine buckets; fine
// chunks are as long as they may be, and coarse ones take the rest, passing over fine stretches in between.
func cover(cuts []int64) []chunk {
	extent := timeseries.Span{Start: cuts[0], End: cuts[len(cuts)-1]}
	var fine []chunk
	covered := extent.End + coarseStep // everything from here on is covered by fine chunks or beyond the extent
	for _, cut := range slices.Backward(cuts) {
		hour := timeseries.Floor(cut, coarseStep)
		if hour == cut || hour >= covered {
			continue
		}
		end := hour + coarseStep
		covered = max(timeseries.Floor(extent.Start, coarseStep), end-maxPoints*fineStep)
		span := timeseries.Span{Start: covered, End: end}.Intersect(extent)
		fine = append(fine, chunk{span: span, step: fineStep})
	}
	chunks := fine
	for t := timeseries.Ceil(extent.Start, coarseStep); t < extent.End; {
		if f, ok := holding(fine, t); ok {
			t = timeseries.Ceil(f.span.End, coarseStep)
			continue
		}
		end := min(t+maxPoints*coarseStep, timeseries.Floor(extent.End, coarseStep))
		// Trim what fine chunks answer at the far end.
		for f, ok := holding(fine, end-coarseStep); ok; f, ok = holding(fine, end-coarseStep) {
			end = f.span.Start
		}
		chunks = append(chunks, chunk{span: timeseries.Span{Start: t, End: end}, step: coarseStep})
		t = end
	}
	return chunks
}

// holding is the chunk that holds the instant.
func holding(chunks []chunk, t int64) (chunk, bool) {
	for _, c := range chunks {
		if c.span.Contains(t) {
			return c, true
		}
	}
	return chunk{}, false
}

// layout cuts the chunks into pieces that follow each other in time without
// overlapping: where both exist the fine answer is used.
func layout(chunks []chunk, cuts []int64) []piece {
	var pieces []piece
	ordered := slices.Clone(chunks)
	slices.SortFunc(ordered, func(a, b chunk) int { return cmp.Compare(a.span.Start, b.span.Start) })
	for t, end := cuts[0], cuts[len(cuts)-1]; t < end; {
		var best piece
		next := end
		for _, c := range ordered {
			switch {
			case c.span.Contains(t) && (best.chunk.step == 0 || c.step < best.chunk.step):
				best = piece{chunk: c, span: timeseries.Span{Start: t, End: c.span.End}}
			case c.span.Start > t && c.step == fineStep:
				next = min(next, c.span.Start)
			}
		}
		if best.chunk.step == 0 { // cannot happen for chunks from cover; a gap would be read as "unknown"
			return nil
		}
		best.span.End = min(best.span.End, next)
		pieces = append(pieces, best)
		t = best.span.End
	}
	return pieces
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
	text := fmt.Sprintf("%d series requests for %d different queries", len(p.Requests), len(queries))
	if len(p.Histories) > 0 {
		text += fmt.Sprintf(", %d histories, %d monitors", len(p.Histories), len(p.Monitors))
	}
	return text
}
