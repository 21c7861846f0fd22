package evaluation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Row is how one objective stands.
type Row struct {
	Definition slo.Definition
	// Windows holds one assessment for each selected timeframe, shortest first; empty with a Defect.
	Windows []slo.Assessment
	// Datadog holds Datadog's own figure for each of Windows; nil where there is none.
	Datadog []*Comparison
	Groups  []Group
	Defect  *slo.Defect
	Notes   []slo.Note
}

// Group is how one group of an objective stands, with the same windows.
type Group struct {
	Name    string
	Windows []slo.Assessment
}

// inquiry is what is asked of every job.
type inquiry struct {
	question slo.Question
	// reported are Datadog's own figures, by objective.
	reported map[string][]slo.Reported
	// keep asks for the records that the rows are made from: most of the memory of a large board.
	keep bool
	// listed are all definitions: what is found out about a metric concerns whoever reads it.
	listed []slo.Definition
	// replan plans anew for some of the jobs, with the shelf or without.
	replan func(jobs []Job, shelf bool, unsure []string) Plan
}

// Run asks what the plan says and assesses every job. It returns an error only
// when ctx was cancelled; whatever else failed is the Defect of the rows it concerns.
func (r Runner) Run(ctx context.Context, jobs []Job, plan Plan, q slo.Question) ([]Row, error) {
	out, err := r.run(ctx, jobs, plan, inquiry{question: q, replan: func(jobs []Job, shelf bool, unsure []string) Plan {
		if !shelf {
			return NewPlan(jobs, q, Bounds{Lean: plan.lean})
		}
		return NewPlan(jobs, q, Bounds{Shelf: r.Shelf, Unsure: unsure, Lean: plan.lean})
	}})
	return out.rows, err
}

// result is what a run yields.
type result struct {
	rows []Row
	// records are what the rows are made from, where they are to be kept.
	records []record
	notes   []slo.Note
}

// run plays the plan, and then those jobs again whose held evidence turned out
// to be gone or not true any more: first with what is left on the shelf, and
// should that be in doubt again, without.
func (r Runner) run(ctx context.Context, jobs []Job, plan Plan, ask inquiry) (result, error) {
	out := result{rows: make([]Row, len(jobs)), records: make([]record, len(jobs))}
	todo := make([]int, len(jobs))
	for i := range todo {
		todo[i] = i
	}
	var unsure []string
	for again := 0; ; again++ {
		part := make([]Job, len(todo))
		for k, i := range todo {
			part[k] = jobs[i]
		}
		if again > 0 {
			plan = ask.replan(part, again == 1, unsure)
		}
		round, err := r.play(ctx, part, plan, ask, again > 0)
		if err != nil {
			return result{}, err
		}
		unsure = append(unsure, round.unsure...)
		out.notes = append(out.notes, round.drop()...)
		var stale []int
		for k, i := range todo {
			out.rows[i], out.records[i] = round.finished[k].row, round.finished[k].record
			if round.finished[k].stale {
				stale = append(stale, i)
			}
		}
		if todo = stale; len(todo) == 0 {
			return out, nil
		}
	}
}

// evaluate is the row of the job.
func (j Job) evaluate(got answers, pieces []piece, extent timeseries.Span, ask inquiry) (Row, record) {
	d := j.Definition
	if !j.evaluable() {
		return Row{Definition: d, Notes: d.Notes, Defect: d.Defect}, record{}
	}
	rec, err := j.record(got, pieces, extent)
	if err != nil {
		return Row{Definition: d, Notes: d.Notes, Defect: DefectOf(err)}, record{}
	}
	row, err := j.assess(rec, ask)
	if err != nil {
		return Row{Definition: d, Notes: d.Notes, Defect: DefectOf(err)}, record{}
	}
	if known := rec.overall.known(); known.Start > extent.Start {
		row.Notes = append(row.Notes, slo.Note{
			Code: "beyond_retention",
			Text: fmt.Sprintf("Datadog keeps nothing from before %s; what would need it is not known", timeseries.Format(known.Start)),
		})
	}
	return row, rec
}

// record is what the answers say of the job.
func (j Job) record(got answers, pieces []piece, extent timeseries.Span) (record, error) {
	switch sli := j.Definition.SLI.(type) {
	case slo.EventSLI:
		return got.counts(sli, pieces)
	case slo.SliceSLI:
		if len(pieces) == 0 {
			return got.recorded(j.Definition, sli, extent)
		}
		return got.slices(sli, pieces)
	case slo.MonitorSLI:
		if j.Definition.Source != slo.FromDatadog {
			return record{}, &slo.Defect{
				Kind: slo.Unsupported, Message: "a monitor SLO from a file cannot be evaluated: what Datadog recorded of monitors is only found under an SLO of its own",
			}
		}
		return got.monitors(j.Definition, sli, extent)
	}
	return record{}, &slo.Defect{Kind: slo.Unsupported, Message: fmt.Sprintf("objectives of type %s are not evaluated by this version", j.Definition.Type)}
}

// assess answers the question for every window, overall and for each group.
func (j Job) assess(rec record, ask inquiry) (Row, error) {
	d, q := j.Definition, ask.question
	row := Row{Definition: d, Notes: slices.Concat(d.Notes, rec.notes), Datadog: make([]*Comparison, len(j.Objectives))}
	for i, o := range j.Objectives {
		if known := rec.overall.known(); !known.Covers(o.Timeframe.Window(q.To)) {
			return row, &slo.Defect{
				Kind:    slo.Invalid,
				Message: fmt.Sprintf("its %s window begins before %s, and Datadog keeps nothing older", o.Timeframe, timeseries.Format(known.Start)),
			}
		}
		a, err := j.window(rec.overall, o, q)
		if err != nil {
			return row, err
		}
		if rec.partlySeen {
			a.Coverage, a.Newest = slo.Figure{}, timeseries.Span{}
		}
		row.Windows = append(row.Windows, a)
		for _, r := range ask.reported[d.ID] {
			if r.Timeframe == o.Timeframe {
				row.Datadog[i] = j.compareReported(rec, o, r, q.To)
			}
		}
	}
	// Nobody asks of single groups what happened lately or when a level was passed, nor what a stretch took.
	part := q
	part.Recent, part.Levels, part.Attainments, part.Stretches = 0, nil, nil, nil
	for _, g := range rec.groups {
		group := Group{Name: g.name}
		for _, o := range j.Objectives {
			a, err := j.window(g.observed, o, part)
			if err != nil {
				return row, err
			}
			if rec.partlySeen {
				a.Coverage = slo.Figure{}
			}
			group.Windows = append(group.Windows, a)
		}
		row.Groups = append(row.Groups, group)
	}
	row.Notes = append(row.Notes, about(d, row, rec)...)
	longest := row.Windows[len(row.Windows)-1].Window
	for _, g := range slices.Concat(rec.groups, []groupRecord{{name: "it", observed: rec.overall}}) {
		if g.uncarried.Overlaps(longest) {
			row.Notes = append(row.Notes, slo.Note{Code: "carried_unknown", Text: fmt.Sprintf(
				"%s had no data until %s and counts like before, which is not known; that time does not count", g.name, timeseries.Format(g.uncarried.End))})
			break
		}
	}
	for _, m := range rec.monitors {
		if !m.Modified.IsZero() && longest.Contains(m.Modified.Unix()) {
			row.Notes = append(row.Notes, slo.Note{Code: "monitor_changed", Text: fmt.Sprintf(
				"its monitor %q was edited %s, inside its %s window; what it recorded before then stands as it was",
				cmp.Or(m.Name, strconv.FormatInt(m.ID, 10)), onClock(m.Modified), row.Windows[len(row.Windows)-1].Objective.Timeframe)})
		}
	}
	if t := rec.overall.timeline; t != nil && len(t.Stretches) > 0 && t.Stretches[0].Span.Start > longest.Start {
		row.Notes = append(row.Notes, slo.Note{
			Code: "record_begins", Text: fmt.Sprintf("nothing is recorded before %s; the time before then does not count", timeseries.Format(t.Stretches[0].Span.Start)),
		})
	}
	return row, nil
}

// window is one assessment, with what status corrections make of it.
func (j Job) window(o observed, objective slo.Objective, q slo.Question) (slo.Assessment, error) {
	cuts := slo.Cuts(objective.Timeframe, q)
	a, err := slo.Assess(objective, o.events(j.Occurrences, slo.ByStart, cuts), q)
	if err != nil {
		return a, err
	}
	for _, c := range j.Occurrences {
		if c.Span = c.Span.Intersect(a.Window); !c.Span.Empty() {
			a.Corrections = append(a.Corrections, c)
		}
	}
	slices.SortStableFunc(a.Corrections, func(x, y slo.Occurrence) int {
		return cmp.Or(cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(x.ID, y.ID))
	})
	note, err := j.edgeNote(o, a)
	if note != nil {
		a.Notes = append(a.Notes, *note)
	}
	return a, err
}

// edgeNote says between which figures the truth lies, where what is shown
// depends on how Datadog treats what a correction touches only in part.
func (j Job) edgeNote(o observed, a slo.Assessment) (*slo.Note, error) {
	if len(a.Corrections) == 0 {
		return nil, nil
	}
	usual := o.corrected(a.Corrections, slo.ByStart)
	low, high, differs := a, a, false
	for _, rule := range slo.EdgeRules[1:] {
		if slices.Equal(usual, o.corrected(a.Corrections, rule)) {
			continue
		}
		q := slo.Question{To: a.Window.End}
		other, err := slo.Assess(a.Objective, o.events(j.Occurrences, rule, slo.Cuts(a.Objective.Timeframe, q)), q)
		if err != nil {
			return nil, err
		}
		differs = differs || !a.ReadsLike(other)
		if v, ok := other.Attainment.Value(); ok {
			if l, known := low.Attainment.Value(); !known || v < l {
				low = other
			}
			if h, known := high.Attainment.Value(); !known || v > h {
				high = other
			}
		}
	}
	if !differs {
		return nil, nil
	}
	text := fmt.Sprintf("%s: Datadog does not document how it counts what a status correction touches only in part; by all rules the attainment is between %s",
		a.Objective.Timeframe, between(low.Attainment, high.Attainment, a.Decimals()+1))
	if low.Budget != nil && high.Budget != nil {
		text += " and the budget left between " + between(slo.Known(low.Budget.RemainingPercent), slo.Known(high.Budget.RemainingPercent), 2)
	}
	return &slo.Note{Code: "correction_edge", Text: text}, nil
}

// between writes a range of percentages that holds both ends.
func between(low, high slo.Figure, decimals int) string {
	scale := math.Pow10(decimals)
	write := func(f slo.Figure, round func(float64) float64, dust float64) string {
		v, known := f.Value()
		if !known {
			return "no figure"
		}
		return strconv.FormatFloat(round(v*scale+dust)/scale, 'f', decimals, 64) + "%"
	}
	return write(low, math.Floor, 1e-9) + " and " + write(high, math.Ceil, -1e-9)
}

// known is the stretch that the evidence was asked for.
func (o observed) known() timeseries.Span {
	if o.timeline != nil {
		return o.timeline.Known
	}
	return o.counts.Known
}

// about are the notes that follow from a definition's history and its windows together.
func about(d slo.Definition, row Row, rec record) []slo.Note {
	var notes []slo.Note
	say := func(code, format string, args ...any) {
		notes = append(notes, slo.Note{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	longest := row.Windows[len(row.Windows)-1].Window
	switch created, modified := d.Created, d.Modified; {
	case !created.IsZero() && created.Unix() >= longest.End:
		say("created_later", "created %s, after the window; it is counted by today's definition", onClock(created))
	case !created.IsZero() && longest.Contains(created.Unix()):
		say("younger_than_window", "created %s, inside its %s window; here what was measured before then is counted by today's definition",
			onClock(created), row.Windows[len(row.Windows)-1].Objective.Timeframe)
	case !modified.IsZero() && longest.Contains(modified.Unix()):
		say("definition_changed", "edited %s, inside its %s window; here the whole window is counted by today's definition",
			onClock(modified), row.Windows[len(row.Windows)-1].Objective.Timeframe)
	}
	for _, w := range row.Windows {
		if c, ok := w.Coverage.Value(); ok && c < 1 && w.State != slo.NoData {
			if t := rec.overall.timeline; t != nil {
				if _, counted, seen := t.Seconds(w.Window); counted > seen {
					say("coverage", "%s: in %.1f%% of the time there was no data, which %s",
						w.Objective.Timeframe, tenths(float64(counted-seen)/float64(w.Window.Seconds())), rec.silence())
				}
				continue
			}
			least := ""
			if slices.ContainsFunc(rec.overall.counts.Runs, func(r slo.Run) bool { return r.Step > coarseStep }) {
				least = "at least " // of a wide bucket all hours count as covered
			}
			say("coverage", "%s: %s%.1f%% of the hours have no point of the denominator; no traffic and lost data look the same there", w.Objective.Timeframe, least, tenths(1-c))
		}
	}
	return notes
}

// tenths is a share in percent, rounded up to one decimal.
func tenths(share float64) float64 { return math.Ceil(1000*share) / 10 }

// silence says how time without data counts.
func (r record) silence() string {
	if len(r.monitors) == 0 {
		return "counts as up"
	}
	return "counts by the settings of its monitors"
}

// onClock is an instant as notes write it.
func onClock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// DefectOf is the defect that an error stands for: the one it wraps, else one
// that says what went wrong.
func DefectOf(err error) *slo.Defect {
	var d *slo.Defect
	switch {
	case errors.As(err, &d):
		return d
	case errors.Is(err, context.DeadlineExceeded):
		return &slo.Defect{
			Kind: slo.Unavailable, Message: "not answered before the timeout",
			Hints: []string{"allow more time with --timeout"},
		}
	}
	return &slo.Defect{Kind: slo.Invalid, Message: err.Error()}
}

func kind(err error) slo.DefectKind { return DefectOf(err).Kind }
