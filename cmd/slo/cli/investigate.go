package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/csvseries"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

type investigateOptions struct {
	f              *factory
	services       []string
	env, operation string
	stretch        stretchFlags
	signals        []string
	all, chart     bool
	csv            string
	scores         bool
	hindsight      bool
}

func newInvestigateCmd(f *factory) *cobra.Command {
	o := &investigateOptions{f: f}
	cmd := &cobra.Command{
		Use:   "investigate",
		Short: "Find what is unusual: since when, how much, on which endpoints, and what it cost",
		Long: `Find unusual stretches in requests, errors, error rate and latency of services and
of each of their endpoints, by what is usual for the time of the week: spikes and
drops, silence, shifts of level, drifts, bursts of errors, endpoints that are new
or gone. Each is told with the endpoints that carry it, what it cost each SLO, and
what happened nearby: releases, alerts, status corrections, events.

Nothing has to be configured. With --csv the series comes from a file (two columns:
time and value) and no account is needed; --scores adds a score from 0 to 1 for every
row to the JSON document, 0.5 being the alarm.`,
		Example: `  slo investigate
  slo investigate --service auth --last 7d --signal requests --chart
  slo investigate --service auth --from 2026-11-06 --to 2026-11-07 --all
  slo demo -- investigate --service checkout
  slo investigate --csv requests.csv --scores -o json`,
		GroupID: groupAnswers,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.within(cmd.Context(), func(ctx context.Context) error {
				if cmd.Flags().Changed("csv") {
					return runExported(ctx, cmd, o)
				}
				return runInvestigate(ctx, o)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.services, "service", nil, "the `NAME` of a service; repeatable (default: all with trace metrics)")
	flags.StringVar(&o.env, "env", "", "the `NAME` of the environment (default: production)")
	flags.StringVar(&o.operation, "operation", "", "the `NAME` of the operation, such as http.request (default: those by which services are entered)")
	o.stretch.bind(cmd)
	flags.StringSliceVar(&o.signals, "signal", nil, "look only at this `SIGNAL`: requests, errors or latency; repeatable")
	flags.BoolVar(&o.all, "all", false, "show every finding, also the small and the less important ones")
	flags.BoolVar(&o.chart, "chart", false, "draw the series of each finding with what is usual")
	flags.StringVar(&o.csv, "csv", "", "look at the series in `FILE` instead (time and value; - for stdin)")
	flags.BoolVar(&o.scores, "scores", false, "with --csv and -o json: a score for every row")
	flags.BoolVar(&o.hindsight, "hindsight", false, "with --scores: a row's score may use later rows, which mends many false alarms")
	if err := cmd.RegisterFlagCompletionFunc("service", f.completeServices); err != nil {
		panic(err) // the flag is bound above
	}
	for _, free := range []string{"env", "operation"} {
		mustComplete(cmd, free)
	}
	mustComplete(cmd, "signal", signalNames()...)
	return cmd
}

func signalNames() []string { return []string{"requests", "errors", "latency"} }

// wanted are the signals that were asked for; errors stand for their number and their share.
func (o *investigateOptions) wanted() ([]investigation.Signal, error) {
	var signals []investigation.Signal
	for _, name := range o.signals {
		switch name {
		case "requests":
			signals = append(signals, investigation.Requests)
		case "errors":
			signals = append(signals, investigation.Errors, investigation.ErrorRate)
		case "error_rate", "error-rate":
			signals = append(signals, investigation.ErrorRate)
		case "latency":
			signals = append(signals, investigation.Latency)
		default:
			return nil, usage("--signal %q: want one of %s", name, strings.Join(signalNames(), ", "))
		}
	}
	return signals, nil
}

func runInvestigate(ctx context.Context, o *investigateOptions) error {
	if o.scores || o.hindsight {
		end := usage("--scores and --hindsight belong to --csv FILE")
		end.hints = []string{"slo investigate --csv requests.csv --scores -o json"}
		return end
	}
	if slices.ContainsFunc(o.services, func(s string) bool { return strings.TrimSpace(s) == "" }) {
		return usage("--service \"\": want the name of a service")
	}
	signals, err := o.wanted()
	if err != nil {
		return err
	}
	selection := strings.Join(slices.Concat([]string{"investigate", o.env, o.operation}, o.services), "\x00")
	_, when, span, err := o.f.looked(o.stretch, selection)
	if err != nil {
		return err
	}
	source, done, err := o.f.traces()
	if err != nil {
		return err
	}
	service, err := o.f.investigator(source)
	if err != nil {
		return err
	}
	query := investigation.Query{Services: o.services, Env: o.env, Operation: o.operation, Span: span, Signals: signals}
	found, err := service.Investigate(ctx, query)
	if err == nil {
		o.f.mark()
		o.f.fileLook(query, found)
	}
	notes := append(o.f.offlineNote(), done(ctx)...)
	if err != nil {
		return serviceFailure(err)
	}
	found.Notes = append(found.Notes, notes...)
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	err = o.f.print(report.Investigation(report.InvestigationReport{
		Report: found, All: o.all, Charts: o.chart, Services: o.services, Env: o.env, Signals: signals, At: when.at,
		Site: settings.Site.Value, Zone: settings.TimeZone,
		Link: func(x investigation.Finding) string { return o.f.spansLink(x.Place, x.Tag, spanOf(x)) },
	}))
	if err != nil {
		return err
	}
	return incomplete(found.Notes)
}

// spanOf is from the first to the last instant of a finding, to the end of what
// was looked at where it goes on.
func spanOf(x investigation.Finding) timeseries.Span {
	span := timeseries.Span{Start: x.Start, End: x.End}
	if x.End == 0 {
		span.End = x.Span.End
	}
	return span
}

// incomplete is the failure of a look at services of which a part was not answered.
func incomplete(notes []slo.Note) error {
	for _, n := range notes {
		switch n.Code {
		case "partly_unanswered", "endpoints_unanswered":
			return &failure{code: exitPartial, message: n.Text, hints: []string{"slo doctor looks for the cause; --debug shows what was asked and answered"}}
		}
	}
	return nil
}

// investigator is the use case behind slo investigate.
func (f *factory) investigator(source apm.Source) (investigation.Service, error) {
	client, err := f.client()
	if err != nil {
		return investigation.Service{}, err
	}
	slos := evaluation.Service{
		Catalog: client, Records: client,
		Runner: evaluation.Runner{Metrics: client, Concurrency: source.Concurrency},
	}
	if kept := f.kept.cache; kept != nil {
		slos.Runner.Shelf = kept
	}
	return investigation.Service{Source: source, SLOs: slos, Events: client, Workers: runtime.GOMAXPROCS(0)}, nil
}

// runExported looks at a series from a file. Nothing is asked of anybody.
func runExported(ctx context.Context, cmd *cobra.Command, o *investigateOptions) error {
	for _, other := range []string{"service", "env", "operation", "signal", "last", "from", "to"} {
		if cmd.Flags().Changed(other) {
			return usage("--%s asks Datadog, and --csv looks at a file: give one of them", other)
		}
	}
	if o.hindsight && !o.scores {
		return usage("--hindsight says how --scores are reckoned: give both")
	}
	if o.scores && !o.f.global.json() {
		return usage("--scores are in the JSON document: add -o json")
	}
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	name := o.csv
	if name == "-" {
		name = "stdin"
	}
	r, err := promptly(ctx, func() (report.InvestigationReport, error) {
		file, err := o.f.readSeries(o.csv)
		if err != nil {
			return report.InvestigationReport{}, usage("%v", err)
		}
		r := report.InvestigationReport{
			Report: investigation.Exported(file.Series, file.Measure), All: o.all, Charts: o.chart, Exported: true, File: name, Zone: settings.TimeZone,
		}
		r.Report.Notes = slices.Concat(r.Report.Notes, file.Notes)
		if o.scores {
			r.Scores = scoresOf(file, o.hindsight)
		}
		return r, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return &failure{code: exitUnavailable, message: name + " was not looked at to its end before the timeout", hints: []string{"allow more time with --timeout"}}
	}
	if err != nil {
		return err
	}
	return o.f.print(report.Investigation(r))
}

// readSeries reads the file of --csv, or stdin.
func (f *factory) readSeries(path string) (csvseries.File, error) {
	if path == "-" {
		return csvseries.Read(f.streams.In, "stdin")
	}
	file, err := os.Open(path)
	if err != nil {
		return csvseries.File{}, fmt.Errorf("--csv: %w", err)
	}
	defer file.Close()
	return csvseries.Read(file, path)
}

// scoresOf is one score for every row of the file, in order; 0 where nothing can be said.
func scoresOf(file csvseries.File, hindsight bool) []float64 {
	var detector anomaly.Detector
	view := detector.Look(file.Series, file.Measure, hindsight)
	scores := make([]float64, len(file.Rows))
	for i, row := range file.Rows {
		if row.OK && row.Slot >= 0 && row.Slot < len(view.Scores) && !math.IsNaN(row.Value) {
			scores[i] = anomaly.Score(view.Scores[row.Slot])
		}
	}
	return scores
}
