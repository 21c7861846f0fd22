package evaluation

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/slo-cli/slo/pkg/slo"
)

// Query is what is asked about which objectives.
type Query struct {
	Selector Selector
	// Timeframe picks the windows; see Windows.
	Timeframe TimeframeChoice
	Question  slo.Question
	// Own are definitions beside those of the catalog, from a project file.
	Own []slo.Definition
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

// Service answers queries from a catalog and a metrics source.
type Service struct {
	Catalog Catalog
	Runner  Runner
	// Planned, when set, is told the plan before the first metric request is sent.
	Planned func(Plan)
}

// List is every definition of the catalog and the query's own, those that the selector picks.
func (s Service) List(ctx context.Context, q Query) ([]slo.Definition, []slo.Note, error) {
	defs, notes, err := s.Catalog.SLOs(ctx)
	if err != nil {
		return nil, nil, err
	}
	picked, err := q.Selector.Select(slices.Concat(defs, q.Own))
	return picked, notes, err
}

// Evaluate answers the query: list, plan, fetch, assess. It returns an error
// when nothing can be said at all; what concerns single objectives is in their rows.
func (s Service) Evaluate(ctx context.Context, q Query) (Board, error) {
	var (
		defs        []slo.Definition
		corrections []slo.Correction
		board       Board
	)
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		defs, board.Notes, err = s.List(within, q)
		return err
	})
	var none error
	group.Go(func() (err error) {
		corrections, err = s.Catalog.Corrections(within)
		var missing interface{ NotFound() bool }
		if errors.As(err, &missing) && missing.NotFound() {
			none = err // an API without corrections: said below, not fatal
			return nil
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return Board{}, err
	}
	if none != nil {
		board.Notes = append(board.Notes, slo.Note{
			Code: "corrections_unread", Text: "status corrections could not be read, so figures are as if there were none: " + none.Error(),
		})
	}
	if err := s.Catalog.Settle(ctx, defs); err != nil {
		return Board{}, err
	}
	jobs := make([]Job, len(defs))
	for i, d := range defs {
		jobs[i] = Job{Definition: d, Objectives: q.Timeframe.pick(d)}
	}
	board.Notes = append(board.Notes, SetAsideCorrected(jobs, corrections, q.Question)...)
	plan := NewPlan(jobs, q.Question)
	if s.Planned != nil {
		s.Planned(plan)
	}
	rows, err := s.Runner.Run(ctx, jobs, plan, q.Question)
	if err != nil {
		return Board{}, err
	}
	for i := range rows {
		if rows[i].Defect == nil && len(jobs[i].Objectives) == 0 {
			rows[i].Notes = append(rows[i].Notes, slo.Note{
				Code: "no_target_for_timeframe", Text: "has no target for " + q.Timeframe.Only.String(),
			})
		}
	}
	board.Rows = rows
	return board, nil
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
