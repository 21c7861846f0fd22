package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Query is what is asked about which objectives.
type Query struct {
	Selector Selector
	// Timeframe picks the windows of each objective.
	Timeframe TimeframeChoice
	Question  slo.Question
	// Own are definitions beside those of the catalog, from a project file.
	Own []slo.Definition
	// MaxRequests is how many metric requests there may be before time slice
	// objectives make do with Datadog's record of their transitions; 0 for any number.
	MaxRequests int
	// Lean wants the fewest metric requests for one answer now, see [Bounds].
	Lean bool
	// Uncompared leaves Datadog's own figures alone: they are not asked for, and
	// nothing is compared.
	Uncompared bool
	// Listed, when set, is told all definitions, the catalog's and Own, whether
	// selected or not, before any evidence is asked for. An error ends the run.
	Listed func([]slo.Definition) error
}

// TimeframeChoice says which windows of an objective are evaluated. The zero
// choice is its primary one, else its shortest.
type TimeframeChoice struct {
	All  bool
	Only slo.Timeframe
}

// Board is the answer to a Query.
type Board struct {
	Rows  []Row
	Notes []slo.Note
}

// Service answers queries from a catalog, a metrics source and Datadog's records.
type Service struct {
	Catalog Catalog
	// Records is nil where Datadog's own figures are not to be compared; then
	// neither monitor objectives nor those beyond MaxRequests can be evaluated.
	Records Records
	Runner  Runner
	// Planned, when set, is told the plan before the first metric request is sent.
	Planned func(Plan)
	// Pick chooses one of n things by chance: what of the shelf is asked for again;
	// nil for nothing.
	Pick func(n int) int
}

// List is every definition of the catalog and the query's own, those that the selector picks.
func (s Service) List(ctx context.Context, q Query) ([]slo.Definition, []slo.Note, error) {
	_, picked, notes, err := s.list(ctx, q)
	return picked, notes, err
}

// list also returns all definitions, whether picked or not.
func (s Service) list(ctx context.Context, q Query) (all, picked []slo.Definition, notes []slo.Note, err error) {
	defs, notes, err := s.Catalog.SLOs(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	all = slices.Concat(defs, q.Own)
	picked, err = q.Selector.Select(all)
	return all, picked, notes, err
}

// Evaluate answers the query: list, plan, fetch, assess, compare. It returns an
// error when nothing can be said at all; what concerns single objectives is in their rows.
func (s Service) Evaluate(ctx context.Context, q Query) (Board, error) {
	board, _, _, err := s.evaluate(ctx, q, false)
	return board, err
}

// prepared is a query before anything of its evidence is asked for.
type prepared struct {
	jobs   []Job
	plan   Plan
	bounds Bounds
	ask    inquiry
	notes  []slo.Note
}

// prepare lists, selects and plans.
func (s Service) prepare(ctx context.Context, q Query, keep bool) (prepared, error) {
	known, err := s.inventory(ctx, q)
	if err != nil {
		return prepared{}, err
	}
	if err := s.Catalog.Settle(ctx, known.definitions); err != nil {
		return prepared{}, err
	}
	jobs := make([]Job, len(known.definitions))
	for i, d := range known.definitions {
		jobs[i] = Job{Definition: d, Objectives: q.Timeframe.pick(d)}
	}
	ask := inquiry{question: q.Question, reported: map[string][]slo.Reported{}, keep: keep, listed: known.listed}
	mine := known.reported[:0]
	byID := jobsByID(jobs)
	for _, r := range known.reported {
		if i, there := byID[r.SLOID]; there && jobs[i].compares(r) {
			mine = append(mine, r)
			ask.reported[r.SLOID] = append(ask.reported[r.SLOID], r)
		}
	}
	ends := endsOf(mine, q.Question.To)
	if keep && ends.Empty() { // whoever looks for a reason needs the hour in front as well
		ends = timeseries.Span{Start: q.Question.To - comparableFor, End: q.Question.To}
	}
	unclear, err := correct(ctx, s.Catalog, jobs, known.corrections, q.Question, ends)
	if err != nil {
		return prepared{}, err
	}
	bounds := Bounds{Ends: ends, MaxRequests: q.MaxRequests, Shelf: s.Runner.Shelf, Pick: s.Pick, Lean: q.Lean}
	ask.replan = func(jobs []Job, shelf bool, unsure []string) Plan {
		again := bounds
		again.Pick, again.Unsure = nil, unsure
		if !shelf {
			again.Shelf = nil
		}
		return NewPlan(jobs, q.Question, again)
	}
	return prepared{
		jobs: jobs, plan: NewPlan(jobs, q.Question, bounds), bounds: bounds, ask: ask, notes: append(known.notes, unclear...),
	}, nil
}

// evaluate also returns the jobs, and the records that the rows are made from if they are to be kept.
func (s Service) evaluate(ctx context.Context, q Query, keep bool) (Board, []Job, []record, error) {
	p, err := s.prepare(ctx, q, keep)
	if err != nil {
		return Board{}, nil, nil, err
	}
	board := Board{Notes: append(p.notes, p.plan.notes(q.MaxRequests)...)}
	if s.Planned != nil {
		s.Planned(p.plan)
	}
	runner := s.Runner
	runner.Records = s.Records
	done, err := runner.run(ctx, p.jobs, p.plan, p.ask)
	if err != nil {
		return Board{}, nil, nil, err
	}
	board.Notes = append(board.Notes, done.notes...)
	rows := done.rows
	for i := range rows {
		if rows[i].Defect == nil && len(p.jobs[i].Objectives) == 0 {
			rows[i].Notes = append(rows[i].Notes, slo.Note{
				Code: "no_target_for_timeframe", Text: "the SLO has no target for " + q.Timeframe.Only.String(),
			})
		}
	}
	board.Rows = rows
	return board, p.jobs, done.records, nil
}

// jobsByID finds the evaluable jobs of Datadog's own objectives.
func jobsByID(jobs []Job) map[string]int {
	byID := map[string]int{}
	for i, j := range jobs {
		if j.evaluable() && j.Definition.Source == slo.FromDatadog {
			byID[j.Definition.ID] = i
		}
	}
	return byID
}

// compares reports whether Datadog's figure is of one of the job's windows.
func (j Job) compares(r slo.Reported) bool {
	return slices.ContainsFunc(j.Objectives, func(o slo.Objective) bool { return o.Timeframe == r.Timeframe })
}

// notes say when there are more requests than were allowed.
func (p Plan) notes(most int) []slo.Note {
	var notes []slo.Note
	if p.FellBack > 0 {
		notes = append(notes, slo.Note{Code: "max_requests", Text: fmt.Sprintf(
			"number of time slice SLOs that rest on Datadog's record of their transitions: %d; asking for their metrics too would take %d requests in all, and --max-requests is %d",
			p.FellBack, p.Wanted, most)})
	}
	if most > 0 && len(p.Requests) > most {
		notes = append(notes, slo.Note{Code: "max_requests", Text: fmt.Sprintf(
			"this took %d metric requests, more than --max-requests %d: metric SLOs have no other evidence", len(p.Requests), most)})
	}
	return notes
}

// reportedPatience is how long Datadog's own figures are waited for, at most: a
// third of the time for the whole run where that is less.
const reportedPatience = 20 * time.Second

// inventory is what Datadog knows before anything is evaluated.
type inventory struct {
	definitions []slo.Definition
	// listed are all objectives, also those that were not selected.
	listed      []slo.Definition
	corrections []slo.Correction
	reported    []slo.Reported
	notes       []slo.Note
}

// inventory asks for the objectives, the status corrections and, unless nothing is
// to be compared, Datadog's own figures at the same time. Without the figures nothing is wrong, only less is said.
func (s Service) inventory(ctx context.Context, q Query) (inventory, error) {
	var (
		all                     inventory
		said                    []slo.Note
		uncorrected, unreported error
	)
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		all.listed, all.definitions, all.notes, err = s.list(within, q)
		if err == nil && q.Listed != nil {
			err = q.Listed(all.listed)
		}
		return err
	})
	group.Go(func() error {
		// What is wrong with the listing as well is the better explanation, so this does not end it.
		all.corrections, uncorrected = s.Catalog.Corrections(within)
		return nil
	})
	if s.Records != nil && !q.Uncompared {
		group.Go(func() error {
			// What is only there to compare with must not hold the board up.
			patience := reportedPatience
			if end, bounded := within.Deadline(); bounded {
				patience = min(patience, time.Until(end)/3)
			}
			patient, cancel := context.WithTimeout(within, patience)
			defer cancel()
			all.reported, said, unreported = s.Records.Reported(patient)
			if unreported != nil && patient.Err() != nil && within.Err() == nil {
				unreported = &slo.Defect{Kind: slo.Unavailable, Message: fmt.Sprintf("no answer within %s", patience.Round(time.Second))}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return inventory{}, err
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return inventory{}, err
	}
	if uncorrected != nil && !missing(uncorrected) {
		return inventory{}, uncorrected
	}
	if uncorrected != nil { // an API without corrections
		all.notes = append(all.notes, slo.Note{
			Code: "corrections_unread", Text: "status corrections could not be read, so figures are as if there were none: " + uncorrected.Error(),
		})
	}
	if unreported != nil {
		all.notes = append(all.notes, slo.Note{
			Code: "datadog_figures_unread", Text: "Datadog's own figures could not be read, so nothing is compared: " + DefectOf(unreported).Message,
		})
	}
	all.notes = append(all.notes, said...)
	return all, nil
}

func (c TimeframeChoice) pick(d slo.Definition) []slo.Objective {
	want := c.Only
	if c.All || len(d.Objectives) == 0 {
		return d.Objectives
	}
	if want == 0 {
		want = d.Objectives[0].Timeframe
		if slices.ContainsFunc(d.Objectives, func(o slo.Objective) bool { return o.Timeframe == d.Primary }) {
			want = d.Primary
		}
	}
	for _, o := range d.Objectives {
		if o.Timeframe == want {
			return []slo.Objective{o}
		}
	}
	return nil
}
