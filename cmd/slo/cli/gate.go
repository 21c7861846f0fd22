package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/internal/spelling"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

type gateOptions struct {
	f         *factory
	selectors selectorFlags
	names     []string
	most      int

	policy               string
	checkPolicy, explain bool
	rules                ruleFlags
	expect               string
	change               string
	onUndecided          string
	onUnavailable        string
	reports              reportFiles
}

func newGateCmd(f *factory) *cobra.Command {
	o := &gateOptions{f: f}
	cmd := &cobra.Command{
		Use:   "gate [NAME|ID...]",
		Short: "Say whether a release may go out, for CI: it never passes by accident",
		Long: `Hold the selected SLOs against an error budget policy and say whether a release
may go out. Without a policy: some budget is left, it does not burn fast (over 1h
and 6h, each confirmed by a shorter window; 24h only warns), and there is enough
data, of which the newest is not old. "slo help policies" explains the file.

The exit code is 0 only if every selected SLO was evaluated on enough, fresh data
and no blocking rule is violated: 3 is a violation, 7 means that nothing can be
decided, 5 that Datadog did not answer. The document is printed with every code.

Besides the usual formats -o takes junit and github.`,
		Example: `  slo gate --env prod --expect 6
  slo gate "checkout*" --min-budget 10 --junit gate.xml --summary "$GITHUB_STEP_SUMMARY"
  slo gate --policy release.yaml --change fix --explain
  slo gate --policy release.yaml --check-policy
  slo demo -- gate --team payments`,
		GroupID:           groupAnswers,
		Annotations:       map[string]string{printsChecks: ""},
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: f.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.names = args
			return runGate(cmd, o)
		},
	}
	o.selectors.bind(cmd, true)
	mustComplete(cmd, "timeframe", timeframes()...)
	flags := cmd.Flags()
	flags.StringVar(&o.policy, "policy", "", "take the policies of the project file from `FILE`")
	flags.BoolVar(&o.checkPolicy, "check-policy", false, "say whether the policy is sound, and fetch nothing")
	o.rules.bind(cmd)
	flags.StringVar(&o.expect, "expect", "", "at least `N` SLOs must be selected, else nothing is decided")
	flags.StringVar(&o.change, "change", "feature", "`KIND` of change: feature, or fix, which a policy may let pass without budget")
	flags.StringVar(&o.onUndecided, "on-undecided", "", "`VERDICT` where nothing can be decided: fail or pass (default: code 7)")
	flags.StringVar(&o.onUnavailable, "on-unavailable", "", "`VERDICT` where Datadog does not answer: fail or pass (default: code 5)")
	flags.BoolVar(&o.explain, "explain", false, "show every rule that was looked at, and who set its threshold")
	o.reports.bind(cmd)
	bindMaxRequests(cmd, &o.most)
	mustComplete(cmd, "expect")
	mustComplete(cmd, "change", "feature", policy.Fix)
	for _, on := range []string{"on-undecided", "on-unavailable"} {
		mustComplete(cmd, on, string(policy.Fail), string(policy.Pass))
	}
	return cmd
}

// gate is one run of the command: what was asked, and what became of it so far.
type gate struct {
	*gateOptions
	flags   policy.Settings
	query   evaluation.Query
	when    evaluated
	request policy.Request
	policy  policy.Policy

	report report.GateReport
	// read is the policy, from the moment on that everything on this machine has been read.
	read *atomic.Pointer[policy.Policy]
}

// runGate asks the question and prints the answer. From the moment on that the
// flags are understood, whatever happens ends in a document and in one place, publish.
func runGate(cmd *cobra.Command, o *gateOptions) error {
	g, err := o.understood(cmd)
	if err != nil {
		return err
	}
	settings, err := o.f.settings()
	if err == nil && !o.checkPolicy {
		err = g.reports.begin(g.unfinished())
	}
	if err != nil {
		return g.publish(g.unable(cmd.Context(), err))
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), settings.Timeout)
	defer cancel()
	if o.checkPolicy {
		return g.validate(ctx)
	}
	end := g.bounded(ctx)
	if end != nil && end.code == exitInterrupted {
		o.f.hush()
		return end
	}
	return g.publish(end)
}

// overtime is how long after its end --timeout waits for what heeds it.
const overtime = 500 * time.Millisecond

// bounded judges, and returns when the time is over whatever else happens.
func (g *gate) bounded(ctx context.Context) *failure {
	// The work has a gate of its own: should it come too late, nobody looks at it any more.
	type ended struct {
		gate gate
		end  *failure
	}
	done := make(chan ended, 1)
	work := *g
	go func() {
		end := work.judge(ctx)
		done <- ended{work, end}
	}()
	select {
	case d := <-done:
		*g = d.gate
		return d.end
	case <-ctx.Done():
	}
	late := time.NewTimer(overtime)
	defer late.Stop()
	select {
	case d := <-done:
		*g = d.gate
		return d.end
	case <-late.C:
		p := g.read.Load()
		if p == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return g.unable(ctx, usage("the policy and the definitions could not be read within --timeout"))
		}
		if p != nil {
			g.policy, g.report.Policy = *p, *p
		}
		return g.unable(ctx, ctx.Err())
	}
}

// judge reads the policy, evaluates the objectives and decides.
func (g *gate) judge(ctx context.Context) (end *failure) {
	defer func() {
		if bug := recover(); bug != nil {
			end = g.unable(ctx, internalError(bug))
		}
	}()
	defer g.f.closeCache(ctx)
	if err := g.readPolicy(); err != nil {
		return g.unable(ctx, err)
	}
	var err error
	if g.query.Own, err = g.f.ownDefinitions(g.selectors.file); err != nil {
		return g.unable(ctx, err)
	}
	service, done, err := g.f.service()
	if err != nil {
		return g.unable(ctx, err)
	}
	g.query.Listed = func(all []slo.Definition) error {
		g.request.Listed = all
		g.request.Nearest = func(name string) []string { return nearest(name, all) }
		return unknownInPolicy(g.policy.Unknown(all), all)
	}
	g.read.Store(&g.policy)
	board, err := service.Evaluate(ctx, g.query)
	g.report.Notes = slices.Concat(g.report.Notes, board.Notes, g.f.offlineNote(), done(ctx))
	if err != nil {
		return g.unable(ctx, err)
	}
	for _, n := range board.Notes {
		missing := slo.Defect{Kind: slo.Unavailable, Message: n.Text}
		switch n.Code {
		case "corrections_unread": // then no figure is what it should be
			return g.unable(ctx, &missing)
		case "listing_incomplete":
			g.request.Gaps = append(g.request.Gaps, missing)
		}
	}
	g.request.Now = g.latestNow()
	g.report.Resolved = map[string]policy.Resolved{}
	for _, r := range board.Rows {
		s := policy.Subject{Definition: r.Definition, Windows: leastSeen(r), Defect: r.Defect, Notes: r.Notes}
		g.report.Subjects = append(g.report.Subjects, s)
		g.report.Resolved[r.Definition.ID] = g.policy.For(r.Definition, g.request.Listed)
		g.report.Notes = append(g.report.Notes, breachedGroups(r)...)
		if g.explain {
			g.report.Notes = append(g.report.Notes, report.NotesOf(r)...)
		}
	}
	g.report.Decision = g.policy.Judge(g.report.Subjects, g.request)
	return g.failed()
}

// readPolicy finds the policy and everything that is wrong with it.
func (g *gate) readPolicy() error {
	p, err := config.LoadPolicy(g.f.sources(), g.gateOptions.policy)
	if err != nil {
		return err
	}
	p.Flags = g.flags
	if file := g.selectors.file; file != "" && g.gateOptions.policy == "" && file != p.Source {
		if has, err := config.HasPolicies(file); err == nil && has { // what is wrong with it, the definitions will say
			g.report.Notes = append(g.report.Notes, slo.Note{Code: "policies_not_in_force", Text: file + " has policies, of which -f takes none; --policy puts them in force"})
		}
	}
	g.policy, g.report.Policy = p, p
	if problems := p.Problems(g.request.At); len(problems) > 0 {
		end := usage("%s: %s", problems[0].Place, problems[0].Message)
		end.hints = problems[0].Hints
		for _, also := range problems[1:] {
			end.hints = append(end.hints, fmt.Sprintf("also: %s: %s", also.Place, also.Message))
		}
		return end
	}
	g.query.Question.Recent = policy.Recent
	g.query.Question.Levels, g.query.Question.Attainments = p.Levels()
	return nil
}

// validate says what the policy says, or what is wrong with it.
func (g *gate) validate(ctx context.Context) error {
	if err := g.readPolicy(); err != nil {
		return g.publish(g.unable(ctx, err))
	}
	return g.f.print(report.PolicyCheck(g.policy, g.when.at))
}

// unknownInPolicy is the complaint about names in a policy that name nothing.
func unknownInPolicy(unknown []policy.Name, all []slo.Definition) error {
	if len(unknown) == 0 {
		return nil
	}
	end := usage("%s: no SLO has the id or name %q", unknown[0].Place, unknown[0].Text)
	if near := nearest(unknown[0].Text, all); len(near) > 0 {
		end.hints = []string{"did you mean " + strings.Join(quoted(near), " or ") + "?"}
	}
	for _, also := range unknown[1:] {
		end.hints = append(end.hints, fmt.Sprintf("also: %s: no SLO has the id or name %q", also.Place, also.Text))
	}
	return end
}

func nearest(name string, all []slo.Definition) []string {
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = d.Name
	}
	return spelling.Nearest(name, names)
}

// unable is the end of a run that could not judge at all.
func (g *gate) unable(ctx context.Context, err error) *failure {
	end := failureOf(ctx, err)
	defect := &slo.Defect{Kind: slo.Unsupported, Message: end.message, Hints: end.hints}
	request := g.request
	switch end.code {
	case exitAuth:
		defect.Kind = slo.Auth
	case exitUnavailable:
		defect.Kind = slo.Unavailable
	default:
		// That something was typed wrong, or that slo is broken, is no verdict that a flag may choose.
		request.OnUndecided, request.OnUnavailable = "", ""
		g.report.Decision = g.policy.Unable(defect, request)
		return end
	}
	g.report.Decision = g.policy.Unable(defect, request)
	switch g.report.Decision.Outcome {
	case policy.Passed: // as --on-unavailable says
		return nil
	case policy.Violated: // as it says, or by a freeze
		end.code = exitViolated
	default:
	}
	return end
}

// failed is the failure that a decision is; nil for pass and warn.
func (g *gate) failed() *failure {
	d := g.report.Decision
	count := map[policy.Verdict]int{}
	var first string
	for _, c := range d.Checks {
		count[c.Verdict]++
		if first == "" && len(c.Do) > 0 && (c.Verdict == policy.Fail || c.Verdict == policy.Undecided && d.Outcome != policy.Violated) {
			first = c.Do
		}
	}
	end := &failure{hints: []string{"slo gate --explain shows every rule that was looked at"}}
	if first != "" {
		end.hints = append([]string{first}, end.hints...)
	}
	rules := func(v policy.Verdict) string {
		if count[v] == 1 {
			return "1 rule"
		}
		return fmt.Sprintf("%d rules", count[v])
	}
	switch d.Outcome {
	case policy.Passed:
		return nil
	case policy.Violated:
		end.code, end.message = exitViolated, "the gate fails: "+rules(policy.Fail)+" violated"
		if count[policy.Fail] == 0 { // as --on-undecided or --on-unavailable say
			end.message = "the gate fails: " + rules(policy.Undecided) + " undecided, which flags call a failure"
		}
	case policy.Refused:
		end.code, end.message = exitAuth, "the gate is undecided: Datadog refuses the credentials for what some SLOs need"
	case policy.Unreachable:
		end.code, end.message = exitUnavailable, "the gate is undecided: Datadog did not answer for every selected SLO"
	default:
		end.code, end.message = exitUndecided, "the gate is undecided: "+rules(policy.Undecided)+" without an answer"
	}
	return end
}

// unfinished is the document that stands in the report files until there is an answer.
func (g *gate) unfinished() report.GateReport {
	early := *g
	early.unable(context.Background(), errors.New("slo gate did not finish"))
	return early.described(&failure{code: exitBug, message: "slo gate did not finish"})
}

// described completes the report.
func (g *gate) described(end *failure) report.GateReport {
	r := g.report
	if end != nil {
		r.ExitCode = end.code
		r.Failure = &report.Failure{Code: end.code, Message: end.message, Hints: end.hints}
	}
	return r
}

// publish writes the document in every form that was asked for, and ends the
// process with the code that the document names. The error is written first:
// the last line that a reader sees is that of the document.
func (g *gate) publish(end *failure) error {
	g.f.hush()
	if v := g.report.Decision.Verdict; end == nil && v != policy.Pass && v != policy.Warning {
		end = g.unable(context.Background(), fmt.Errorf("the gate ended well with the verdict %q", v))
	}
	document := report.Gate(g.described(end))
	if err := g.reports.write(document, g.f.renderOptions()); err != nil {
		if end == nil {
			end = g.unable(context.Background(), err)
			document = report.Gate(g.described(end))
			_ = g.reports.writeJUnit(document, g.f.renderOptions()) // where that can be written, it says so too
		} else {
			fmt.Fprintf(g.f.streams.Err, "slo: error: %s\n", printable(err.Error()))
		}
	}
	if g.reports.annotations {
		if err := render.GitHub(g.f.streams.Err, document, g.f.renderOptions()); err != nil && end == nil {
			end = g.unable(context.Background(), fmt.Errorf("stderr: %w", err))
			document = report.Gate(g.described(end))
		}
	}
	if end != nil {
		end.complain(g.f.streams.Err, g.f.global.json())
	}
	if err := g.f.print(document); err != nil && end == nil {
		// Nobody knows what this gate says, so the files must not call it a pass.
		_ = g.reports.writeJUnit(report.Gate(g.described(g.unable(context.Background(), err))), g.f.renderOptions())
		return err
	}
	if end != nil {
		return exitStatus(end.code)
	}
	return nil
}
