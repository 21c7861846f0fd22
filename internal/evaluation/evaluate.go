package evaluation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Row is how one objective stands.
type Row struct {
	Definition slo.Definition
	// Windows holds one assessment for each selected timeframe, shortest first; empty with a Defect.
	Windows []slo.Assessment
	Groups  []Group
	Defect  *slo.Defect
	Notes   []slo.Note
}

// Group is how one group of an objective stands, with the same windows.
type Group struct {
	Name    string
	Windows []slo.Assessment
}

// Runner carries out plans.
type Runner struct {
	Metrics Metrics
	// Concurrency is how many requests are under way at once.
	Concurrency int
	// Progress, when set, is told after each request how many of them are answered.
	Progress func(done, total int)
}

// givingUp is how many requests may fail while not one is answered, until the
// rest is not tried any more.
const givingUp = 8

// Run asks what the plan says and assesses every job. It returns an error only
// when ctx was cancelled; whatever else failed is the Defect of the rows it concerns.
func (r Runner) Run(ctx context.Context, jobs []Job, plan Plan, q slo.Question) ([]Row, error) {
	got, err := r.fetch(ctx, plan)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(jobs))
	var group errgroup.Group
	group.SetLimit(max(1, r.Concurrency))
	for i, job := range jobs {
		group.Go(func() error {
			rows[i] = assess(job, got, plan.pieces[i], q)
			return nil
		})
	}
	return rows, group.Wait()
}

// fetch sends the requests of the plan.
func (r Runner) fetch(ctx context.Context, plan Plan) (answers, error) {
	got := answers{}
	var (
		mu             sync.Mutex
		done, answered int
		fatal          error
	)
	group := errgroup.Group{}
	group.SetLimit(max(1, r.Concurrency))
	within, stop := context.WithCancel(ctx)
	defer stop()
	for _, request := range plan.Requests {
		group.Go(func() error {
			list, err := r.Metrics.Series(within, request)
			mu.Lock()
			defer mu.Unlock()
			done++
			if err == nil {
				answered++
			} else if fatal == nil && within.Err() == nil && (kind(err) == slo.Auth || (answered == 0 && done >= givingUp)) {
				fatal = err
				stop()
			}
			if fatal != nil && err != nil {
				err = fatal
			}
			for i, text := range request.Queries {
				answer := timeseries.Answer{Err: err}
				if err == nil {
					answer = list[i]
				}
				got[answerKey{text, chunk{request.Span, request.Step}}] = answer
			}
			if r.Progress != nil {
				r.Progress(done, len(plan.Requests))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return nil, err
	}
	return got, nil
}

// assess is the row of one job.
func assess(job Job, got answers, pieces []piece, q slo.Question) Row {
	d := job.Definition
	row := Row{Definition: d, Notes: d.Notes, Defect: d.Defect}
	if row.Defect != nil {
		return row
	}
	if len(job.Objectives) == 0 {
		return row
	}
	sli, ok := d.SLI.(slo.EventSLI)
	if !ok {
		row.Defect = &slo.Defect{Kind: slo.Unsupported, Message: fmt.Sprintf("objectives of type %s are not evaluated by this version", d.Type)}
		return row
	}
	evidence, err := got.evidence(sli, pieces)
	if err != nil {
		row.Defect = DefectOf(err)
		return row
	}
	for _, o := range job.Objectives {
		if known := evidence.Overall.Known; !known.Covers(o.Timeframe.Window(q.To)) {
			row.Defect = &slo.Defect{
				Kind:    slo.Invalid,
				Message: fmt.Sprintf("its %s window begins before %s, and Datadog keeps nothing older", o.Timeframe, timeseries.Format(known.Start)),
			}
			row.Windows = nil
			return row
		}
		a, err := slo.Assess(o, evidence.Overall, q)
		if err != nil {
			return Row{Definition: d, Notes: d.Notes, Defect: DefectOf(err)}
		}
		row.Windows = append(row.Windows, a)
	}
	for _, g := range evidence.Groups {
		group := Group{Name: g.Name}
		for _, o := range job.Objectives {
			a, err := slo.Assess(o, g.Events, q)
			if err != nil {
				return Row{Definition: d, Notes: d.Notes, Defect: DefectOf(err)}
			}
			group.Windows = append(group.Windows, a)
		}
		row.Groups = append(row.Groups, group)
	}
	row.Notes = append(row.Notes, about(d, row)...)
	if known := evidence.Overall.Known; known.Start > pieces[0].span.Start {
		row.Notes = append(row.Notes, slo.Note{
			Code: "beyond_retention",
			Text: fmt.Sprintf("Datadog keeps nothing from before %s; what would need it is not known", timeseries.Format(known.Start)),
		})
	}
	return row
}

// about are the notes that follow from a definition's history and its windows together.
func about(d slo.Definition, row Row) []slo.Note {
	var notes []slo.Note
	say := func(code, format string, args ...any) {
		notes = append(notes, slo.Note{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	longest := row.Windows[len(row.Windows)-1].Window
	day := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
	switch created, modified := d.Created, d.Modified; {
	case !created.IsZero() && created.Unix() >= longest.End:
		say("created_later", "created %s, after the window; it is counted by today's definition", day(created))
	case !created.IsZero() && longest.Contains(created.Unix()):
		say("younger_than_window", "created %s, inside its %s window; what was measured before then is counted by today's definition",
			day(created), row.Windows[len(row.Windows)-1].Objective.Timeframe)
	case !modified.IsZero() && longest.Contains(modified.Unix()):
		say("definition_changed", "edited %s, inside its %s window; the whole window is counted by today's definition",
			day(modified), row.Windows[len(row.Windows)-1].Objective.Timeframe)
	}
	for _, w := range row.Windows {
		if c, ok := w.Coverage.Value(); ok && c < 1 && w.State != slo.NoData {
			say("coverage", "%s: %.1f%% of the hours have no point of the denominator; no traffic and lost data look the same there",
				w.Objective.Timeframe, math.Ceil(1000*(1-c))/10)
		}
	}
	return notes
}

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
