package cli

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// ruleFlags are the thresholds that the command line can set.
type ruleFlags struct {
	minBudget, minCoverage, minEvents string
	maxAge                            time.Duration
}

func (r *ruleFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.minBudget, "min-budget", "", "more than `PERCENT` of each error budget must be left (default 0; below 0 lets debt pass)")
	f.StringVar(&r.minCoverage, "min-coverage", "", "`SHARE` of a time-based SLO's window in which there must be data (default 0.9)")
	f.StringVar(&r.minEvents, "min-events", "", "events that a metric SLO's window must have, a `NUMBER` (default 100)")
	f.Var(lengthFlag{&r.maxAge}, "max-age", "how old the newest point may be (default 1h)")
	for _, free := range []string{"min-budget", "min-coverage", "min-events", "max-age"} {
		mustComplete(cmd, free)
	}
}

// settings are the thresholds that were typed.
func (r *ruleFlags) settings(cmd *cobra.Command) (policy.Settings, error) {
	var s policy.Settings
	typed := cmd.Flags().Changed
	if typed("min-budget") {
		v, ok := quantity(r.minBudget, "%")
		if !ok || v >= 100 {
			return s, usage("--min-budget %q: want a percentage below 100, such as 10; more than that must be left", r.minBudget)
		}
		s.BudgetBlock = &policy.Bound{Value: v}
	}
	if typed("min-coverage") {
		v, ok := quantity(r.minCoverage, "")
		if percent, yes := quantity(strings.TrimSuffix(r.minCoverage, "%"), ""); !ok && yes {
			v, ok = percent/100, true
		}
		if !ok || v < 0 || v > 1 {
			return s, usage("--min-coverage %q: want a share from 0 to 1, such as 0.9, or 90%%", r.minCoverage)
		}
		s.MinCoverage = &v
	}
	if typed("min-events") {
		v, ok := quantity(r.minEvents, "")
		if !ok || v < 0 {
			return s, usage("--min-events %q: want a number of events from 0 on", r.minEvents)
		}
		s.MinEvents = &v
	}
	if typed("max-age") {
		if r.maxAge <= 0 {
			return s, usage("--max-age %s: want a length of time above 0, such as 1h", r.maxAge)
		}
		s.MaxAge = &r.maxAge
	}
	return s, nil
}

// quantity reads a finite number, with the unit behind it or without.
func quantity(s, unit string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, unit), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// nothingEmpty refuses flags without a value: behind --policy "$POLICY" with a
// misspelt name there is no policy, and the gate would go by another one.
func nothingEmpty(cmd *cobra.Command) (err error) {
	own := cmd.LocalNonPersistentFlags()
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if own.Lookup(f.Name) == nil {
			return
		}
		if values, list := f.Value.(pflag.SliceValue); err == nil && f.Value.String() == "" || list && slices.Contains(values.GetSlice(), "") {
			err = usage("--%s has an empty value: leave it out, or give it one", f.Name)
		}
	})
	return err
}

// understood reads the flags. What is wrong with them is said before there is a gate.
func (o *gateOptions) understood(cmd *cobra.Command) (*gate, error) {
	g := &gate{gateOptions: o, read: &atomic.Pointer[policy.Policy]{}}
	if err := nothingEmpty(cmd); err != nil {
		return nil, err
	}
	var err error
	if g.flags, err = o.rules.settings(cmd); err != nil {
		return nil, err
	}
	var expect int
	if cmd.Flags().Changed("expect") {
		if expect, err = strconv.Atoi(o.expect); err != nil || expect < 0 {
			return nil, usage("--expect %q: want a number of SLOs from 0 on", o.expect)
		}
	}
	if o.change != "feature" && o.change != policy.Fix {
		return nil, usage("--change %q: want feature or %s", o.change, policy.Fix)
	}
	for flag, value := range map[string]string{"--on-undecided": o.onUndecided, "--on-unavailable": o.onUnavailable} {
		if value != "" && value != string(policy.Pass) && value != string(policy.Fail) {
			return nil, usage("%s %q: want fail or pass", flag, value)
		}
	}
	if err := o.reports.check(map[string]string{"--policy": o.policy, "-f": o.selectors.file}); err != nil {
		return nil, err
	}
	g.request = policy.Request{
		Expect: expect, OnUndecided: policy.Verdict(o.onUndecided), OnUnavailable: policy.Verdict(o.onUnavailable),
	}
	if o.change == policy.Fix {
		g.request.Change = policy.Fix
	}
	g.when = evaluated{at: o.f.now().Truncate(time.Second)}
	settings, err := o.f.settings()
	if err == nil { // else the settings are to blame, and the document will say so
		if g.query, g.when, err = o.f.typed(o.selectors, o.names, "", o.most); err != nil {
			return nil, err
		}
	}
	g.query.Lean, g.query.Uncompared = true, true
	g.query.Question = slo.Question{To: g.when.to}
	g.request.At, g.request.Now = g.when.at, o.f.now()
	if o.f.global.at != "" {
		g.request.Now = g.when.at
	}
	g.report = report.GateReport{
		At: g.when.at, To: g.when.to, Site: settings.Site.Value, Link: o.f.link, Zone: settings.TimeZone,
		Change: g.request.Change, Explain: o.explain,
	}
	if g.report.Zone == nil {
		g.report.Zone = time.UTC
	}
	return g, nil
}

// reportFiles are the forms in which the document is written beside stdout.
type reportFiles struct {
	junit, summary string
	annotations    bool
}

func (r *reportFiles) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.junit, "junit", "", "also write JUnit XML to `FILE`: one case an SLO and rule")
	f.StringVar(&r.summary, "summary", "", "also append Markdown to `FILE`, such as $GITHUB_STEP_SUMMARY")
	f.BoolVar(&r.annotations, "annotations", false, "also write GitHub annotations to stderr")
}

// check finds files that cannot be written, before anything else is done, and
// those that would be written over what is read.
func (r *reportFiles) check(read map[string]string) error {
	taken := map[string]os.FileInfo{}
	for flag, path := range read {
		if info, err := os.Stat(path); err == nil {
			taken[flag] = info
		}
	}
	for _, out := range []struct{ flag, path string }{{"--junit", r.junit}, {"--summary", r.summary}} {
		if out.path == "" {
			continue
		}
		if info, err := os.Stat(out.path); err == nil && (info.IsDir() || info.Mode()&os.ModeNamedPipe != 0) {
			return usage("%s %s: want a file, not a folder or a pipe", out.flag, out.path)
		}
		file, err := os.OpenFile(out.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			return usage("%s: %v", out.flag, err)
		}
		info, err := file.Stat()
		if late := file.Close(); err == nil {
			err = late
		}
		if err != nil {
			return usage("%s: %v", out.flag, err)
		}
		for flag, other := range taken {
			if os.SameFile(info, other) && info.Mode().IsRegular() {
				return usage("%s and %s both name %s: want different files", flag, out.flag, out.path)
			}
		}
		taken[out.flag] = info
	}
	return nil
}

// begin puts a document that fails where an older one may lie: a run that is
// killed must not leave yesterday's success behind.
func (r *reportFiles) begin(unfinished report.GateReport) error {
	return r.writeJUnit(report.Gate(unfinished), render.Options{})
}

func (r *reportFiles) write(d document.Document, o render.Options) error {
	if err := r.writeJUnit(d, o); err != nil {
		return err
	}
	if r.summary == "" {
		return nil
	}
	return r.into(r.summary, os.O_APPEND, render.FormatMarkdown, d, o)
}

func (r *reportFiles) writeJUnit(d document.Document, o render.Options) error {
	if r.junit == "" {
		return nil
	}
	return r.into(r.junit, os.O_TRUNC, render.FormatJUnit, d, o)
}

func (r *reportFiles) into(path string, mode int, format string, d document.Document, o render.Options) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|mode, 0o644)
	if err != nil {
		return err
	}
	if info, known := file.Stat(); mode == os.O_APPEND && known == nil && info.Size() > 0 {
		_, err = file.WriteString("\n") // what stands there may not end with an empty line
	}
	if err == nil {
		err = render.Write(file, format, d, o)
	}
	if late := file.Close(); err == nil {
		err = late
	}
	return err
}
