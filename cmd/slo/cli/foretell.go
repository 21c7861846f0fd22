package cli

import (
	"context"
	"errors"

	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
)

// foretell prints what a run would ask, by the listings of the last one.
func (f *factory) foretell(ctx context.Context, service evaluation.Service, q evaluation.Query, when evaluated) error {
	settings, err := f.settings()
	if err != nil {
		return err
	}
	outlook, err := service.Outlook(ctx, q)
	var lacking interface{ NotCached() bool }
	if err != nil && !(errors.As(err, &lacking) && lacking.NotCached()) {
		return err
	}
	if err != nil {
		outlook = evaluation.Outlook{
			Lines: []evaluation.OutlookLine{{Kind: "metric series", Detail: "depends on the SLOs and their corrections"}},
			Notes: []slo.Note{{Code: "not_listed", Text: "what a plan is made from is not kept yet, so how much would be asked is not known: the first run without --plan keeps it"}},
		}
	}
	recalled := f.datadog.Recalled()
	line := func(kind, call, detail string) evaluation.OutlookLine {
		l := evaluation.OutlookLine{Kind: kind, Cached: slo.Known(0), Detail: "asked in every run"}
		if n := recalled[call]; n > 0 {
			l.Asked, l.Detail = slo.Known(float64(n)), detail
		}
		return l
	}
	lines := []evaluation.OutlookLine{
		line("slo listing", datadog.CallSLOs, "asked in every run; as many pages as last time"),
		line("datadog's figures", datadog.CallReported, "asked in every run; as many pages as last time"),
		line("corrections", datadog.CallCorrections, "asked in every run; as many as last time"),
	}
	if recalled[datadog.CallMetricType] > 0 {
		lines = append(lines, line("metric types", datadog.CallMetricType, "asked in every run"))
	}
	outlook.Lines = append(lines, outlook.Lines...)
	f.quiet()
	return f.print(report.Plan(report.PlanView{At: when.at, To: when.to, Site: settings.Site.Value, Outlook: outlook, Zone: settings.TimeZone}))
}
