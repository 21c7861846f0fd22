package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
)

// trendDays is how many days the sparkline of the board shows.
const trendDays = 14

type statusOptions struct {
	f         *factory
	selectors selectorFlags
	names     []string
	since     string
	groups    bool
	most      int
}

func newStatusCmd(f *factory) *cobra.Command {
	o := &statusOptions{f: f}
	cmd := &cobra.Command{
		Use:   "status [NAME|ID...]",
		Short: "Show the board that opens the meeting: every SLO, worst first",
		Long: `Show how every SLO stands, worst first: state, attainment against target,
what is left of the error budget, burn rates, the trend of the last 14 days,
the change since the last meeting and when the budget ends.

Figures of metric and time slice SLOs are recomputed from Datadog's metrics,
those of monitor SLOs from the transitions that Datadog recorded; status
corrections are applied. Where Datadog's own figure for the same window is
another one, it is shown as well, with the reason. The last line tells how many
unusual signals the last "slo investigate" has found, if that is of the same day.
"slo help glossary" explains the columns and the reasons, "slo help formats" how
figures are rounded.`,
		Example: `  slo status
  slo status --team payments --timeframe 30d --since 2026-11-09
  slo status "checkout*" --at 2026-11-02T10:00:00Z -o json
  slo demo -- status --env prod`,
		GroupID:           groupAnswers,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: f.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			if f := o.f.global; f.plan && (f.noCache || f.refresh) {
				return usage("--plan goes by what the cache holds, which --no-cache and --refresh do not read: give one of them")
			}
			return f.within(cmd.Context(), func(ctx context.Context) error { return runStatus(ctx, o) })
		},
	}
	o.selectors.bind(cmd, true)
	mustComplete(cmd, "timeframe", timeframes()...)
	cmd.Flags().StringVar(&o.since, "since", "", "`TIME` of the previous meeting (default -14d)")
	cmd.Flags().BoolVar(&o.groups, "groups", false, "show every group of grouped SLOs, not only the worst of those that are not ok")
	bindMaxRequests(cmd, &o.most)
	cmd.Flags().BoolVar(&o.f.global.plan, "plan", false, "show what would be asked of Datadog, and how much the cache saves, and ask nothing")
	return cmd
}

func runStatus(ctx context.Context, o *statusOptions) error {
	query, when, err := o.f.query(o.selectors, o.names, o.since, o.most)
	if err != nil {
		return err
	}
	service, done, err := o.f.service()
	if err != nil {
		return err
	}
	if o.f.global.plan {
		return o.f.foretell(ctx, service, query, when)
	}
	board, err := service.Evaluate(ctx, query)
	var unusual *report.Unusual
	if err == nil {
		o.f.markBoard(board.Rows)
		unusual = o.f.unusual(query, board.Rows)
	}
	board.Notes = append(board.Notes, o.f.offlineNote()...)
	board.Notes = append(board.Notes, done(ctx)...)
	if err != nil {
		return err
	}
	if end := nothingEvaluated(board.Rows); end != nil {
		return end
	}
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	o.f.sayIfEmpty(len(board.Rows))
	err = o.f.print(report.Status(report.Board{
		At: when.at, To: when.to, Since: query.Question.Since, Site: settings.Site.Value, Link: o.f.link,
		Rows: board.Rows, Notes: board.Notes, AllGroups: o.groups || o.f.global.output == render.FormatCSV, Zone: settings.TimeZone,
		Unusual: unusual,
	}))
	if err != nil {
		return err
	}
	return partial(board.Rows)
}

// query resolves what was typed into what is asked, before anything is fetched.
func (f *factory) query(s selectorFlags, names []string, since string, maxRequests int) (evaluation.Query, evaluated, error) {
	q, when, err := f.typed(s, names, since, maxRequests)
	if err != nil {
		return q, when, err
	}
	q.Own, err = f.ownDefinitions(s.file)
	return q, when, err
}

// typed is the part of a query that is in the flags.
func (f *factory) typed(s selectorFlags, names []string, since string, maxRequests int) (evaluation.Query, evaluated, error) {
	q := evaluation.Query{MaxRequests: maxRequests}
	if maxRequests < 1 {
		return q, evaluated{}, usage("--max-requests %d: want a number of requests from 1 on", maxRequests)
	}
	settings, err := f.settings()
	if err != nil {
		return q, evaluated{}, err
	}
	clock := clock{now: f.now(), zone: settings.TimeZone}
	when, err := clock.evaluated(f.global.at, settings.Settle)
	if err != nil {
		return q, when, err
	}
	when = f.asOf(settings, when, s.text(names))
	q.Question = slo.Question{To: when.to, TrendDays: trendDays}
	if q.Question.Since, err = clock.previousMeeting(since, when); err != nil {
		return q, when, err
	}
	if q.Timeframe, err = s.choice(); err != nil {
		return q, when, err
	}
	q.Selector, err = s.selector(names)
	return q, when, err
}

// nothingEvaluated ends the run when every selected SLO failed for the same
// outside reason: then nothing is worth printing.
func nothingEvaluated(rows []evaluation.Row) error {
	for i, r := range rows {
		if r.Defect == nil || (r.Defect.Kind != slo.Auth && r.Defect.Kind != slo.Unavailable) || r.Defect.Kind != rows[0].Defect.Kind {
			return nil
		}
		if i == len(rows)-1 {
			return rows[0].Defect
		}
	}
	return nil
}

// partial is the failure of a board on which some rows have no figures.
func partial(rows []evaluation.Row) error {
	var failed int
	for _, r := range rows {
		if r.Defect != nil {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return &failure{
		code: exitPartial, message: fmt.Sprintf("%d of %d SLOs could not be evaluated", failed, len(rows)),
		hints: []string{"the rows with an error say why"},
	}
}
