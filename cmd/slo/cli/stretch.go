package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// retention is how long Datadog keeps metrics.
const retention = 455 * 24 * time.Hour

// stretchFlags say which stretch of time a command looks at.
type stretchFlags struct{ last, from, to string }

func (s *stretchFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.last, "last", "", "look at the last `LENGTH` up to --at, such as 14d or 6h (default 14d)")
	f.StringVar(&s.from, "from", "", "look at what is since `TIME`: RFC 3339, 2026-11-09 or -14d")
	f.StringVar(&s.to, "to", "", "and before `TIME` (default --at)")
	for _, free := range []string{"last", "from", "to"} {
		mustComplete(cmd, free)
	}
}

// span resolves the flags: multiples of five minutes that end no later than the run's instant.
func (s stretchFlags) span(c clock, when evaluated) (timeseries.Span, error) {
	span := timeseries.Span{Start: when.to - int64((14 * 24 * time.Hour).Seconds()), End: when.to}
	ends := time.Unix(when.to, 0).UTC()
	if s.to != "" {
		t, err := c.parse("--to", s.to, ends)
		if err != nil {
			return span, err
		}
		if t.After(when.at) {
			return span, usage("--to %s lies after %s, the instant of the run", t.UTC().Format(time.RFC3339), when.at.UTC().Format(time.RFC3339))
		}
		span.End = min(when.to, timeseries.Floor(t.Unix(), slo.BucketSeconds))
	}
	switch {
	case s.from != "" && s.last != "":
		return span, usage("--from and --last both say where the stretch begins: give one of them")
	case s.from != "":
		t, err := c.parse("--from", s.from, ends)
		if err != nil {
			return span, err
		}
		span.Start = timeseries.Floor(t.Unix(), slo.BucketSeconds)
	default:
		last := 14 * 24 * time.Hour
		if s.last != "" {
			d, ok := length(strings.TrimPrefix(s.last, "-"))
			if !ok {
				return span, usage("--last %q: want a length of time such as 14d, 36h or 90m, at most 455d", s.last)
			}
			last = d
		}
		span.Start = timeseries.Floor(span.End-int64(last.Seconds()), slo.BucketSeconds)
	}
	switch {
	case span.Empty():
		return span, usage("the stretch from %s to %s is empty: it takes five minutes at least", timeseries.Format(span.Start), timeseries.Format(span.End))
	case when.at.Unix()-span.Start > int64(retention.Seconds()):
		return span, usage("the stretch begins on %s, more than 455 days ago; Datadog keeps metrics for 15 months", timeseries.Format(span.Start))
	}
	return span, nil
}

// baselineOf reads --baseline.
func baselineOf(text string, c clock, when evaluated, span timeseries.Span) (endpoint.Baseline, error) {
	switch kind := endpoint.BaselineKind(text); kind {
	case endpoint.Previous, endpoint.Week, endpoint.Release:
		return endpoint.Baseline{Kind: kind}, nil
	}
	from, to, ok := strings.Cut(text, "..")
	if !ok {
		return endpoint.Baseline{}, usage("--baseline %q: want previous, week, release or FROM..TO, such as 2026-11-02..2026-11-09", text)
	}
	var ends [2]int64
	for i, side := range []string{from, to} {
		t, err := c.parse("--baseline", side, time.Unix(when.to, 0).UTC())
		if err != nil {
			return endpoint.Baseline{}, err
		}
		ends[i] = timeseries.Floor(t.Unix(), slo.BucketSeconds)
	}
	b := timeseries.Span{Start: ends[0], End: ends[1]}
	switch {
	case b.Empty():
		return endpoint.Baseline{}, usage("--baseline %s: the stretch from %s to %s is empty", text, timeseries.Format(b.Start), timeseries.Format(b.End))
	case b.End > span.End:
		return endpoint.Baseline{}, usage("--baseline %s ends after the stretch that is looked at, %s", text, timeseries.Format(span.End))
	case span.End-b.Start > int64(retention.Seconds()):
		return endpoint.Baseline{}, usage("--baseline %s begins more than 455 days ago; Datadog keeps metrics for 15 months", text)
	}
	return endpoint.Baseline{Kind: endpoint.Chosen, Span: b}, nil
}
