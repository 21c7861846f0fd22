package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
	"github.com/spf13/cobra"
)

// selectorFlags are the flags that pick objectives, the same everywhere.
type selectorFlags struct {
	tags                                []string
	service, env, team, timeframe, file string
}

// text tells selections apart; it is empty for that of everything.
func (s selectorFlags) text(names []string) string {
	parts := slices.Concat(names, []string{"tags"}, s.tags, []string{s.service, s.env, s.team, s.timeframe, s.file})
	if strings.Join(parts, "") == "tags" {
		return everything
	}
	return strings.Join(parts, "\x00")
}

func (s *selectorFlags) bind(cmd *cobra.Command, withTimeframe bool) {
	f := cmd.Flags()
	f.StringArrayVar(&s.tags, "tag", nil, "only SLOs with this `key:value` tag; repeatable, all must match")
	f.StringVar(&s.service, "service", "", "short for --tag service:`NAME`")
	f.StringVar(&s.env, "env", "", "short for --tag env:`NAME`")
	f.StringVar(&s.team, "team", "", "short for --tag team:`NAME`")
	for _, free := range []string{"tag", "service", "env", "team"} {
		mustComplete(cmd, free) // text, not the name of a file
	}
	f.StringVarP(&s.file, "file", "f", "", "take the slos of the project file from `FILE`")
	if withTimeframe {
		f.StringVar(&s.timeframe, "timeframe", "", "`WINDOW` to evaluate: 7d, 30d, 90d or all (default: the SLO's primary one, else its shortest)")
	}
}

// defaultMaxRequests is about what four time slice objectives with slices of a
// minute need over 90 days.
const defaultMaxRequests = 400

// bindMaxRequests adds the flag that bounds the metric requests of a run.
func bindMaxRequests(cmd *cobra.Command, n *int) {
	cmd.Flags().IntVar(n, "max-requests", defaultMaxRequests,
		"past `N` metric requests time slice SLOs use the transitions that Datadog recorded, with a note; metrics of metric SLOs are always asked for")
	mustComplete(cmd, "max-requests")
}

func (s *selectorFlags) selector(names []string) (evaluation.Selector, error) {
	sel := evaluation.Selector{Names: names}
	for _, t := range s.tags {
		key, value, ok := strings.Cut(t, ":")
		if !ok || key == "" || value == "" {
			return sel, usage("--tag %q: want key:value, such as team:payments", t)
		}
		sel.Tags = append(sel.Tags, t)
	}
	for _, short := range [][2]string{{"service", s.service}, {"env", s.env}, {"team", s.team}} {
		if short[1] != "" {
			sel.Tags = append(sel.Tags, short[0]+":"+short[1])
		}
	}
	return sel, nil
}

// timeframes are the values of --timeframe.
func timeframes() []string { return []string{"7d", "30d", "90d", "all"} }

func (s *selectorFlags) choice() (evaluation.TimeframeChoice, error) {
	switch s.timeframe {
	case "":
		return evaluation.TimeframeChoice{}, nil
	case "all":
		return evaluation.TimeframeChoice{All: true}, nil
	case "7d":
		return evaluation.TimeframeChoice{Only: slo.SevenDays}, nil
	case "30d":
		return evaluation.TimeframeChoice{Only: slo.ThirtyDays}, nil
	case "90d":
		return evaluation.TimeframeChoice{Only: slo.NinetyDays}, nil
	}
	return evaluation.TimeframeChoice{}, usage("--timeframe %q: want 7d, 30d, 90d or all", s.timeframe)
}

// clock reads instants as people type them.
type clock struct {
	now  time.Time
	zone *time.Location
}

// parse reads RFC 3339, a date (midnight in the zone), a date with a time of
// day, or a negative length of time before base: -14d, -36h, -90m.
func (c clock) parse(flag, s string, base time.Time) (time.Time, error) {
	if strings.HasPrefix(s, "-") {
		if d, ok := length(s[1:]); ok {
			return base.Add(-d), nil
		}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, c.zone); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, c.zone); err == nil {
			return c.unambiguous(flag, s, layout, t)
		}
	}
	if t, err := time.Parse("2006-01-02T15:04Z07:00", s); err == nil {
		return t, nil
	}
	return time.Time{}, usage("%s %q: want an instant such as 2026-11-09T10:00:00Z, a date such as 2026-11-09, or -14d", flag, s)
}

// unambiguous refuses a local time that the clock of the zone skips or shows twice.
func (c clock) unambiguous(flag, s, layout string, t time.Time) (time.Time, error) {
	if t.Format(layout) != s {
		return t, usage("%s %q: the clocks of %s skip this time; write it with its offset, such as %s", flag, s, c.zone, t.Format(time.RFC3339))
	}
	for _, other := range []time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
		if other.Format(layout) == s {
			return t, usage("%s %q: the clocks of %s show this time twice; write %s or %s", flag, s, c.zone, t.Format(time.RFC3339), other.Format(time.RFC3339))
		}
	}
	return t, nil
}

// lengthFlag is a flag that takes a length of time: 90s, 5m, 1h, 2d.
type lengthFlag struct{ to *time.Duration }

func (l lengthFlag) String() string {
	if l.to == nil || *l.to == 0 {
		return ""
	}
	return l.to.String()
}

func (lengthFlag) Type() string { return "LENGTH" }

func (l lengthFlag) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		var ok bool
		if d, ok = length(s); !ok {
			return errors.New("want a length of time such as 90s, 5m, 1h or 2d")
		}
	}
	*l.to = d
	return nil
}

// length reads a whole number of w, d, h or m, at most 15 months.
func length(s string) (time.Duration, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	var n int64
	var unit string
	if k, err := fmt.Sscanf(s, "%d%s", &n, &unit); k != 2 || err != nil || n > 1_000_000 {
		return 0, false
	}
	units := map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}
	d, ok := units[unit]
	if !ok || time.Duration(n) > 455*24*time.Hour/d {
		return 0, false
	}
	return time.Duration(n) * d, true
}

// evaluated is the instant of a run: what was asked, and where its windows end.
type evaluated struct {
	at time.Time
	to int64
}

// evaluated resolves --at: without it, windows end before the newest points,
// which are still arriving.
func (c clock) evaluated(at string, settle time.Duration) (evaluated, error) {
	if at == "" {
		return evaluated{at: c.now.Truncate(time.Second), to: timeseries.Floor(c.now.Add(-settle).Unix(), slo.BucketSeconds)}, nil
	}
	t, err := c.parse("--at", at, c.now)
	switch {
	case err != nil:
		return evaluated{}, err
	case t.After(c.now):
		return evaluated{}, usage("--at %s lies in the future; it is %s now", t.UTC().Format(time.RFC3339), c.now.UTC().Format(time.RFC3339))
	case t.Before(c.now.AddDate(-20, 0, 0)):
		return evaluated{}, usage("--at %s is more than 20 years ago; Datadog keeps metrics for 15 months", t.UTC().Format(time.RFC3339))
	}
	return evaluated{at: t, to: timeseries.Floor(t.Unix(), slo.BucketSeconds)}, nil
}

// previousMeeting resolves --since.
func (c clock) previousMeeting(since string, e evaluated) (int64, error) {
	if since == "" || since == "last" {
		since = "-14d"
	}
	t, err := c.parse("--since", since, time.Unix(e.to, 0))
	if err != nil {
		return 0, err
	}
	floor := timeseries.Floor(t.Unix(), slo.BucketSeconds)
	switch {
	case floor >= e.to:
		return 0, usage("--since %s is not before the end of the windows, %s", t.UTC().Format(time.RFC3339), timeseries.Format(e.to))
	case e.to-floor > int64(400*slo.Day):
		return 0, usage("--since %s is more than 400 days before the end of the windows", t.UTC().Format(time.RFC3339))
	}
	return floor, nil
}
