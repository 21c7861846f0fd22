package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/cache"
	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/datadog"
	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
)

// clockTolerance is how far the clock here may be from Datadog's until windows
// end noticeably elsewhere than a reader thinks.
const clockTolerance = 2 * time.Minute

func newDoctorCmd(f *factory) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Find out what works and what to do about what does not",
		Long: `Check the configuration, that Datadog answers, the keys, each scope that slo
uses, the clock and the rate limits. What fails is named with its remedy; the
exit code is then 4 (credentials) or 5 (unreachable).`,
		Example: `  slo doctor
  slo demo -- doctor`,
		GroupID: groupSetup,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.within(cmd.Context(), func(ctx context.Context) error { return runDoctor(ctx, f) })
		},
	}
}

func runDoctor(ctx context.Context, f *factory) error {
	settings, err := f.settings()
	if err != nil {
		return err
	}
	checks := []report.Check{
		{Name: "site", Verdict: report.Works, Detail: fmt.Sprintf("%s (%s), %s (%s)", settings.Site.Value, settings.Site.Origin, settings.BaseURL.Value, settings.BaseURL.Origin)},
		cacheCheck(ctx, settings, f.global.noCache),
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	client, err := f.client()
	var end *failure
	if errors.As(err, &end) && end.code == exitAuth {
		checks = append(checks, report.Check{Name: "credentials", Verdict: report.Fails, Detail: end.message, Remedy: strings.Join(end.hints, "; ")})
		return f.diagnose(report.Doctor(settings.Site.Value, checks), end)
	}
	if err != nil {
		return err
	}
	checks = append(checks, report.Check{Name: "credentials", Verdict: report.Works, Detail: "from " + origin(settings.Credentials)})
	found, worst := probe(ctx, client.Probes())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	doc := report.Doctor(settings.Site.Value, append(checks, found...))
	if worst == nil {
		return f.print(doc)
	}
	return f.diagnose(doc, worst)
}

// diagnose shows the checks although the run fails with end.
func (f *factory) diagnose(doc document.Document, end error) error {
	// The contract keeps stdout empty for these codes, so people read the table on stderr.
	if !f.global.json() {
		var out bytes.Buffer
		if err := render.Table(&out, doc, f.renderOptions()); err != nil {
			return err
		}
		fmt.Fprintln(f.streams.Err, out.String())
	}
	return end
}

// origin names the variables that the credentials come from.
func origin(c config.Credentials) string {
	if !c.AccessToken.IsZero() {
		return c.AccessToken.Origin()
	}
	return c.APIKey.Origin() + " and " + c.AppKey.Origin()
}

// probe runs the probes in order. Once Datadog cannot be reached, or the keys
// are refused as a whole, what comes after is skipped.
func probe(ctx context.Context, probes []datadog.Probe) (checks []report.Check, worst *slo.Defect) {
	var clockSeen, stopped bool
	for _, p := range probes {
		check := report.Check{Name: p.Name, Verdict: report.Works, Detail: detail(p)}
		if stopped {
			check.Verdict, check.Detail = report.Skipped, "not tried after the failure above"
			checks = append(checks, check)
			continue
		}
		seen, err := p.Run(ctx)
		if ctx.Err() != nil {
			return checks, nil
		}
		if err != nil {
			defect := evaluation.DefectOf(err)
			check.Verdict, check.Remedy = report.Fails, p.Remedy
			check.Detail = fmt.Sprintf("%s; needed for: %s", defect.Message, p.Needed)
			if p.Optional && defect.Kind != slo.Unavailable { // less is said without, nothing is wrong
				check.Verdict = report.Suspect
				checks = append(checks, check)
				continue
			}
			if worst == nil {
				worst = &slo.Defect{Kind: defect.Kind, Message: fmt.Sprintf("%s: %s", p.Name, defect.Message), Hints: append([]string{p.Remedy}, defect.Hints...)}
			}
			stopped = p.Scope == "" || defect.Kind == slo.Unavailable
		}
		if limit := seen.Limit; limit != nil && err == nil {
			check.Detail += fmt.Sprintf("; rate limit %s", limit)
		}
		checks = append(checks, check)
		if !seen.Date.IsZero() && !clockSeen {
			clockSeen = true
			checks = append(checks, clockCheck(time.Now(), seen.Date))
		}
	}
	return checks, worst
}

// detail is what a probe that works has shown.
func detail(p datadog.Probe) string {
	if p.Scope == "" {
		return "works"
	}
	return fmt.Sprintf("scope %s is there, for %s", p.Scope, p.Needed)
}

func clockCheck(here, there time.Time) report.Check {
	check := report.Check{Name: "clock", Verdict: report.Works, Detail: "agrees with Datadog's"}
	if off := here.Sub(there).Abs(); off > clockTolerance {
		check.Verdict = report.Suspect
		check.Detail = fmt.Sprintf("is %s off from Datadog's", off.Round(time.Second))
		check.Remedy = "set the clock of this machine; windows end at its time"
	}
	return check
}

// cachePatience is how long a disk may take to write and read a little.
const cachePatience = 10 * time.Second

// cacheCheck writes to the cache folder and reads what is there. Without a
// cache figures are the same, so nothing about it fails.
func cacheCheck(ctx context.Context, s config.Settings, noCache bool) report.Check {
	check := report.Check{Name: "cache", Verdict: report.Works, Detail: "not used, because of --no-cache"}
	switch {
	case noCache:
		return check
	case s.CacheDir == "":
		check.Verdict, check.Detail = report.Suspect, "no folder for it is known on this machine, so every run asks for everything"
		check.Remedy = "name a folder with --cache-dir or SLO_CACHE_DIR"
		return check
	}
	ctx, cancel := context.WithTimeout(ctx, cachePatience)
	defer cancel()
	view, err := promptly(ctx, func() (report.CacheView, error) {
		if err := tryWriting(cache.Dir(s.CacheDir)); err != nil {
			return report.CacheView{}, fmt.Errorf("the cache cannot be written: %w", cause(err))
		}
		return tidy(s, nil)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("the folder %s does not answer", s.CacheDir)
	}
	if err != nil {
		check.Verdict, check.Detail = report.Suspect, fmt.Sprintf("%v; nothing new is kept", err)
		check.Remedy = "make it a folder that you may read and write, or name another one with --cache-dir or SLO_CACHE_DIR"
		return check
	}
	check.Detail = view.Summary()
	return check
}

// tryWriting leaves nothing behind.
func tryWriting(s cache.Store) error {
	const name = "v1/.tmp-doctor" // of the kind that prune removes, should this be the end
	if err := s.Write(name, []byte("written by slo doctor\n")); err != nil {
		return err
	}
	return s.Remove(name)
}
