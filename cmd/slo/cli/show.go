package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
)

type showOptions struct {
	f         *factory
	selectors selectorFlags
	name      string
	compare   bool
	most      int
}

func newShowCmd(f *factory) *cobra.Command {
	o := &showOptions{f: f}
	cmd := &cobra.Command{
		Use:   "show NAME|ID",
		Short: "Show one SLO object in full, or our figures for it beside Datadog's",
		Long: `Show one SLO object as it is, without evaluating it.

With --compare it is evaluated as well, and for each window our figures stand
beside those of Datadog's own history of the very same window, with status
corrections applied and left out. Where the two differ, the reason is named that
reproduces Datadog's figure; where none does, what is printed is what a report
of the difference needs. "slo help glossary" lists the reasons.`,
		Example: `  slo show "checkout availability"
  slo demo -- show "auth availability (prod)" -o json
  slo demo -- show "orders database accepts writes" --compare`,
		GroupID: groupObjects,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("slo show wants one name or id, not %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: f.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			for _, flag := range []string{"timeframe", "max-requests"} {
				if !o.compare && cmd.Flags().Changed(flag) {
					return usage("--%s is about figures, which slo show computes only with --compare", flag)
				}
			}
			return f.within(cmd.Context(), func(ctx context.Context) error { return runShow(ctx, o) })
		},
	}
	o.selectors.bind(cmd, false)
	cmd.Flags().BoolVar(&o.compare, "compare", false, "evaluate it, and show Datadog's own figures beside ours")
	cmd.Flags().StringVar(&o.selectors.timeframe, "timeframe", "", "`WINDOW` to compare: 7d, 30d, 90d or all (default all)")
	mustComplete(cmd, "timeframe", timeframes()...)
	bindMaxRequests(cmd, &o.most)
	return cmd
}

func runShow(ctx context.Context, o *showOptions) error {
	if o.compare && o.f.global.offline {
		return usage("--compare asks Datadog for its account of this very window, which is never kept: leave out --offline")
	}
	query, _, err := o.f.query(o.selectors, nil, "", o.most)
	if err != nil {
		return err
	}
	catalog, service, done, err := o.f.catalog(ctx, o.selectors, []string{o.name})
	if err != nil {
		return err
	}
	defer done(ctx)
	if err := onlyOne(o.name, catalog.Definitions); err != nil {
		return err
	}
	if !o.compare {
		return o.f.print(report.Show(catalog, nil))
	}
	return o.compareWith(ctx, service, catalog, query)
}

// onlyOne explains what to do where a name does not pick one objective.
func onlyOne(name string, defs []slo.Definition) error {
	switch len(defs) {
	case 0:
		return usage("%q is an SLO, but it does not match the filters", name)
	case 1:
		return nil
	}
	end := usage("%q names %d SLOs; give the id of one", name, len(defs))
	for _, d := range defs {
		end.hints = append(end.hints, fmt.Sprintf("slo show %s   # %s", d.ID, d.Name))
	}
	return end
}

// compareWith evaluates the one objective of the catalog and prints Datadog's figures beside ours.
func (o *showOptions) compareWith(ctx context.Context, service evaluation.Service, catalog report.Catalog, query evaluation.Query) error {
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	service.Catalog = found{service.Catalog, catalog.Definitions}
	// Nothing else is asked than how the windows stand: no trend, no previous meeting.
	query.Question = slo.Question{To: query.Question.To}
	query.Selector, query.Own = evaluation.Selector{}, nil
	if o.selectors.timeframe == "" {
		query.Timeframe = evaluation.TimeframeChoice{All: true}
	}
	board, accounts, err := service.Accounts(ctx, query)
	if err != nil {
		return err
	}
	if end := nothingEvaluated(board.Rows); end != nil {
		return end
	}
	err = o.f.print(report.Show(catalog, &report.Compared{
		Row: board.Rows[0], Accounts: accounts, Notes: board.Notes, Zone: settings.TimeZone,
	}))
	if err != nil {
		return err
	}
	if d := board.Rows[0].Defect; d != nil {
		return &failure{code: exitPartial, message: "the SLO could not be evaluated: " + d.Message, hints: d.Hints}
	}
	return nil
}

// found is a catalog that lists what was found in it before, so that it is not listed twice.
type found struct {
	evaluation.Catalog
	defs []slo.Definition
}

func (c found) SLOs(context.Context) ([]slo.Definition, []slo.Note, error) {
	return slices.Clone(c.defs), nil, nil
}
