package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
)

type endpointsOptions struct {
	f                       *factory
	service, env, operation string
	stretch                 stretchFlags
	baseline, by, errors    string
	exclude                 []string
	sort                    string
	limit                   int
}

func newEndpointsCmd(f *factory) *cobra.Command {
	o := &endpointsOptions{f: f}
	cmd := &cobra.Command{
		Use:   "endpoints --service NAME",
		Short: "Show requests, errors and latency of each endpoint, beside a comparable earlier stretch",
		Long: `Show one line for each endpoint of a service: requests, error rate, mean latency
and percentiles, each beside the same hours a week earlier (or another --baseline),
and its share of the service's requests, errors and time. What matters comes first.

The figures are those of Datadog's trace metrics, which count all requests, not
only sampled ones. Percentiles are Datadog's over the whole stretch; they are never
averaged. Which operation and environment are meant is found out; --env and
--operation choose others. "slo help glossary" explains the columns.`,
		Example: `  slo endpoints --service auth
  slo endpoints --service auth --last 24h --errors 5xx --exclude-resource "*health*"
  slo endpoints --service checkout --by version --baseline release
  slo demo -- endpoints --service checkout --from 2026-11-05T14:00 --to 2026-11-05T15:00`,
		GroupID: groupAnswers,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out := f.global.output; !cmd.Flags().Changed("limit") && (out == render.FormatJSON || out == render.FormatCSV) {
				o.limit = 0 // machines read all of it
			}
			return f.within(cmd.Context(), func(ctx context.Context) error { return runEndpoints(ctx, o) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.service, "service", "", "the `NAME` of the service, as in Datadog APM")
	flags.StringVar(&o.env, "env", "", "the `NAME` of the environment (default: production)")
	flags.StringVar(&o.operation, "operation", "", "the `NAME` of the operation, such as http.request (default: the one by which the service is entered)")
	o.stretch.bind(cmd)
	flags.StringVar(&o.baseline, "baseline", string(endpoint.Week), "what it is held against: previous, week, release or `FROM..TO`")
	flags.StringVar(&o.by, "by", string(endpoint.ByEndpoint), "a line for each `THING`: endpoint, version, status or env")
	flags.StringVar(&o.errors, "errors", string(endpoint.Flagged), "what counts as an error: spans that are `FLAGGED`, or the status classes 5xx or 4xx")
	flags.StringArrayVar(&o.exclude, "exclude-resource", nil, "leave out endpoints that match `GLOB`, such as health checks; repeatable")
	flags.StringVar(&o.sort, "sort", endpoint.Sorts()[0], "order by `KEY`: "+strings.Join(endpoint.Sorts(), ", "))
	flags.IntVar(&o.limit, "limit", 20, "show at most `N` lines, and the others as one; 0 shows all, as json and csv do by themselves")
	if err := cmd.RegisterFlagCompletionFunc("service", f.completeServices); err != nil {
		panic(err) // the flag is bound above
	}
	for _, free := range []string{"env", "operation", "exclude-resource", "limit"} {
		mustComplete(cmd, free)
	}
	mustComplete(cmd, "baseline", string(endpoint.Week), string(endpoint.Previous), string(endpoint.Release))
	mustComplete(cmd, "by", groupings()...)
	mustComplete(cmd, "errors", errorKinds()...)
	mustComplete(cmd, "sort", endpoint.Sorts()...)
	return cmd
}

func groupings() []string {
	return []string{string(endpoint.ByEndpoint), string(endpoint.ByVersion), string(endpoint.ByStatus), string(endpoint.ByEnv)}
}

func errorKinds() []string {
	return []string{string(endpoint.Flagged), string(endpoint.ServerErrors), string(endpoint.ClientErrors)}
}

// understood checks what was typed before anything is asked.
func (o *endpointsOptions) understood() error {
	switch {
	case strings.TrimSpace(o.service) == "":
		end := usage("which service? give --service NAME")
		end.hints = []string{"slo endpoints --service auth", "slo investigate looks at every service"}
		return end
	case !slices.Contains(groupings(), o.by):
		return usage("--by %q: want one of %s", o.by, strings.Join(groupings(), ", "))
	case !slices.Contains(errorKinds(), o.errors):
		return usage("--errors %q: want one of %s", o.errors, strings.Join(errorKinds(), ", "))
	case !slices.Contains(endpoint.Sorts(), o.sort):
		return usage("--sort %q: want one of %s", o.sort, strings.Join(endpoint.Sorts(), ", "))
	case o.limit < 0:
		return usage("--limit %d: want a number of lines, or 0 for all", o.limit)
	case slices.Contains(o.exclude, ""):
		return usage("--exclude-resource \"\": want a glob such as \"*health*\"")
	}
	return nil
}

func runEndpoints(ctx context.Context, o *endpointsOptions) error {
	if err := o.understood(); err != nil {
		return err
	}
	selection := strings.Join([]string{"endpoints", o.service, o.env, o.operation}, "\x00")
	clock, when, span, err := o.f.looked(o.stretch, selection)
	if err != nil {
		return err
	}
	baseline, err := baselineOf(o.baseline, clock, when, span)
	if err != nil {
		return err
	}
	source, done, err := o.f.traces()
	if err != nil {
		return err
	}
	table, err := endpoint.Service{Source: source}.Compare(ctx, endpoint.Query{
		Service: o.service, Env: o.env, Operation: o.operation, Span: span, Baseline: baseline,
		By: endpoint.Grouping(o.by), Errors: endpoint.ErrorKind(o.errors), Exclude: o.exclude,
	})
	if err == nil {
		o.f.mark()
	}
	notes := append(o.f.offlineNote(), done(ctx)...)
	if err != nil {
		return serviceFailure(err)
	}
	table.Notes = append(table.Notes, notes...)
	settings, err := o.f.settings()
	if err != nil {
		return err
	}
	return o.f.print(report.Endpoints(report.EndpointReport{
		Table: table, Sort: o.sort, Limit: o.limit, At: when.at, Site: settings.Site.Value, Zone: settings.TimeZone,
		Link: func(tag string) string { return o.f.spansLink(linked(table.Place, tag), tag, table.Span) },
	}))
}

// linked is the place that a row is about: a row of another environment is about that one.
func linked(p apm.Place, tag string) apm.Place {
	if env, ok := strings.CutPrefix(tag, "env:"); ok {
		p.Env = env
	}
	return p
}
