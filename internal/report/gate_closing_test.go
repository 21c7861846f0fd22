package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// over is a budget that is 39.9 % over, of which no more is known than change sets.
func over(change func(*policy.Check)) policy.Check {
	return rule("a", "budget", policy.Fail, "39.9% over", func(c *policy.Check) {
		budget(-39.9, 0)(c)
		c.Since, c.Until, c.UntilQuiet, c.Do = timeseries.Span{}, 0, 0, ""
		if change != nil {
			change(c)
		}
	})
}

// What is known of one rule that fails is told, and no more than that.
func TestGateClosingOfAFail(t *testing.T) {
	t.Parallel()
	const unsaid = "; when it is better by itself is not known."
	hundred := subject(t, "a", 0)
	hundred.Windows[0].Objective.Target, hundred.Windows[0].Budget = slo.Hundred, nil
	for name, c := range map[string]struct {
		check policy.Check
		want  string
	}{
		"nothing known": {over(nil), "a is 39.9% over its 30d budget, not known since when" + unsaid},
		"since five minutes": {over(func(c *policy.Check) { c.Since = timeseries.Span{Start: to - 600, End: to - 300} }),
			"a is 39.9% over its 30d budget, since 2026-10-26 11:50 UTC" + unsaid},
		"since an hour or so": {over(func(c *policy.Check) { c.Since = timeseries.Span{Start: to - 7200, End: to - 3600} }),
			"a is 39.9% over its 30d budget, since about 2026-10-26 10:00 UTC" + unsaid},
		"since a day or so": {over(func(c *policy.Check) { c.Since = timeseries.Span{Start: to - 2*aDay, End: to - aDay} }),
			"a is 39.9% over its 30d budget, since about 2026-10-24" + unsaid},
		"since longer than known": {over(func(c *policy.Check) {
			c.Since, c.SinceBefore = timeseries.Span{Start: to - 2*aDay - 1800 - 300, End: to - 2*aDay - 1800}, true
		}), "a is 39.9% over its 30d budget, for more than 2d" + unsaid},
		"at the present pace": {over(func(c *policy.Check) { c.Until = to + 1 }),
			"a is 39.9% over its 30d budget, not known since when; better by itself on 2026-10-26 12:01 UTC at the present pace."},
		"only when quiet": {over(func(c *policy.Check) { c.UntilQuiet = to + aDay }),
			"a is 39.9% over its 30d budget, not known since when; better by itself on 2026-10-27 12:00 UTC if nothing more fails."},
		"both": {over(func(c *policy.Check) { c.Until, c.UntilQuiet = to+2*aDay, to+aDay }),
			"a is 39.9% over its 30d budget, not known since when; better by itself on 2026-10-28 12:00 UTC at the present pace, on 2026-10-27 12:00 UTC if nothing more fails."},
		"at the same time": {over(func(c *policy.Check) { c.Until, c.UntilQuiet = to+aDay, to+aDay }),
			"a is 39.9% over its 30d budget, not known since when; better by itself on 2026-10-27 12:00 UTC."},
		"in the past": {over(func(c *policy.Check) { c.UntilQuiet = to - 60 }), "a is 39.9% over its 30d budget, not known since when" + unsaid},
		"what to do": {over(func(c *policy.Check) { c.Do = "mend\nit." }),
			"a is 39.9% over its 30d budget, not known since when; when it is better by itself is not known; mend it."},
		"dust":         {over(func(c *policy.Check) { c.Value = slo.Known(-38.900000000000006) }), "a is 38.9% over its 30d budget, not known since when" + unsaid},
		"a hair":       {over(func(c *policy.Check) { c.Value = slo.Known(-0.0001) }), "a is 0.1% over its 30d budget, not known since when" + unsaid},
		"just spent":   {over(func(c *policy.Check) { c.Value = slo.Known(0) }), "a has spent its 30d budget, not known since when" + unsaid},
		"little left":  {over(func(c *policy.Check) { c.Value, c.Threshold = slo.Known(9.99), slo.Known(10) }), "a has 9.9% of its 30d budget left, and the policy wants more than 10%, not known since when" + unsaid},
		"exactly left": {over(func(c *policy.Check) { c.Value, c.Threshold = slo.Known(10), slo.Known(10) }), "a has 10.0% of its 30d budget left, and the policy wants more than 10%, not known since when" + unsaid},
		"debt allowed": {over(func(c *policy.Check) { c.Threshold = slo.Known(-20) }), "a is 39.9% over its 30d budget, and the policy wants less than 20%, not known since when" + unsaid},
		"no figure":    {over(func(c *policy.Check) { c.Value = slo.Figure{} }), "a: 39.9% over, not known since when" + unsaid},
		"attainment": {over(func(c *policy.Check) {
			c.Rule, c.Value, c.Threshold = "attainment", slo.Known(99.4999), slo.Known(99.5)
		}),
			"a is at 99.49% over 30d, and the policy wants at least 99.5%, not known since when" + unsaid},
		"burn": {over(func(c *policy.Check) {
			c.Rule = "burn_1h"
			burn(14.4001, 14.4, slo.Known(15))(c)
			c.Since, c.UntilQuiet = timeseries.Span{}, to+300
		}), "a burns its 30d budget at 14.5 times the rate at which it lasts, over the last 1h, where at most 14.4 are allowed, not known since when; better by itself on 2026-10-26 12:05 UTC if nothing more fails."},
	} {
		r := gated(policy.Fail, 3, []policy.Subject{subject(t, "a", -39.9)}, c.check)
		if diff := cmp.Diff("FAIL: "+c.want, report.GateClosing(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	r := gated(policy.Fail, 3, []policy.Subject{hundred}, over(func(c *policy.Check) { c.Value, c.Threshold = slo.Known(99.99999), slo.Known(100) }))
	if got, want := report.GateClosing(r), "FAIL: a is at 99.9% over 30d with a target of 100%, not known since when"+unsaid; got != want {
		t.Errorf("target 100: %q, want %q", got, want)
	}
}

// The worst is named, the rest is counted, and what could not be judged is not kept quiet.
func TestGateClosingOfSeveral(t *testing.T) {
	t.Parallel()
	named := func(name string, c policy.Check) policy.Check {
		c.SLO, c.SLOID = name, "id-"+name
		return c
	}
	attained := over(func(c *policy.Check) { c.Rule, c.Value, c.Threshold = "attainment", slo.Known(90), slo.Known(99) })
	worse := named("b", over(func(c *policy.Check) { c.Value = slo.Known(-50) }))
	missing := rule("c", "data", policy.Undecided, "no data", func(c *policy.Check) { c.Do = "look" })
	for name, c := range map[string]struct {
		checks []policy.Check
		want   string
	}{
		"same SLO":   {[]policy.Check{over(nil), attained}, "also failing: 1 more rule of the same SLO."},
		"other SLOs": {[]policy.Check{over(nil), worse, named("c", over(nil)), attained}, "FAIL: b is 50.0% over its 30d budget, not known since when; when it is better by itself is not known; also failing: 3 rules of 2 other SLOs."},
		"the last to recover": {[]policy.Check{
			over(func(c *policy.Check) { c.UntilQuiet = to + 300 }),
			named("b", over(func(c *policy.Check) { c.Value, c.UntilQuiet = slo.Known(-1), to+aDay })),
		}, "since when; better by itself on 2026-10-27 12:00 UTC if nothing more fails; also failing: 1 rule of 1 other SLO."},
		"one of them unknown": {[]policy.Check{
			over(func(c *policy.Check) { c.UntilQuiet = to + 300 }), named("b", over(func(c *policy.Check) { c.Value = slo.Known(-1) })),
		}, "since when; when it is better by itself is not known; also failing: 1 rule of 1 other SLO."},
		"a freeze": {[]policy.Check{freeze(policy.Fail), over(nil)}, "not known; also failing: a freeze."},
		"unjudged": {[]policy.Check{over(nil), missing, expected(3, 4, policy.Undecided)}, "; could not be judged: 1 SLO, the rule expect."},
	} {
		got := report.GateClosing(gated(policy.Fail, 3, []policy.Subject{subject(t, "a", 1), subject(t, "b", 1), subject(t, "c", 1)}, c.checks...))
		if !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %q, want the end %q", name, got, c.want)
		}
	}
	first := report.GateClosing(gated(policy.Undecided, 7, nil, missing, rule("d", "evaluated", policy.Undecided, "refused", func(c *policy.Check) {
		c.Kind, c.Do = slo.Auth, "set the keys"
	})))
	if want := "UNDECIDED: d: refused; set the keys; also undecided: 1 rule of 1 other SLO."; first != want {
		t.Errorf("keys come first: %q, want %q", first, want)
	}
}

// A flag that made the verdict is named with it, in the title or the closing line.
func TestGateClosingSaysWhatWasAsked(t *testing.T) {
	t.Parallel()
	missing := rule("a", "data", policy.Undecided, "no data", func(c *policy.Check) { c.Do = "" })
	asked := func(v policy.Verdict, code int, flag string, checks ...policy.Check) report.GateReport {
		r := gated(v, code, []policy.Subject{subject(t, "a", 1), subject(t, "b", 2)}, checks...)
		r.Decision.Notes = []slo.Note{{Code: flag, Text: "said so"}}
		return r
	}
	low := rule("b", "budget", policy.Warning, "2% left", budget(2, 20))
	for _, c := range []struct {
		r    report.GateReport
		want string
	}{
		{asked(policy.Pass, 0, "on_undecided", missing), "PASS because of --on-undecided pass: a: no data; the other SLO did not block."},
		{asked(policy.Pass, 0, "on_unavailable", missing), "PASS because of --on-unavailable pass: a: no data; the other SLO did not block."},
		{asked(policy.Warning, 0, "on_undecided", low, missing), "WARN because of --on-undecided pass: a: no data; the other SLO did not block."},
		{asked(policy.Fail, 3, "on_undecided", missing), "FAIL because of --on-undecided fail: a: no data."},
		{asked(policy.Fail, 3, "on_unavailable", missing, expected(2, 2, policy.Pass)), "FAIL because of --on-unavailable fail: a: no data."},
		// It was asked and changed nothing: something else is undecided.
		{asked(policy.Undecided, 7, "on_unavailable", missing), "UNDECIDED: a: no data."},
	} {
		if got := report.GateClosing(c.r); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		for _, check := range report.Gate(c.r).Checks {
			want := document.CheckPassed
			switch {
			case check.Name == "expect":
			case check.Name != "data 30d":
				want = document.CheckWarned
			case c.r.ExitCode == 0:
				want = document.CheckWarned
			default:
				want = document.CheckUndecided
			}
			if check.Outcome != want {
				t.Errorf("%s: %s has the outcome %v, want %v", c.want, check.Name, check.Outcome, want)
			}
		}
	}
}

func TestGateClosingOfAPass(t *testing.T) {
	t.Parallel()
	faultless := subject(t, "faultless", 0)
	faultless.Windows[0].Budget = nil
	for _, c := range []struct {
		subjects []policy.Subject
		want     string
	}{
		{[]policy.Subject{subject(t, "a", 50), faultless, subject(t, "b", 15.09)}, "PASS: 3 SLOs within policy; the tightest is b with 15.0% of its 30d budget left."},
		{[]policy.Subject{subject(t, "a", 100)}, "PASS: a is within policy with 100.0% of its 30d budget left."},
		{[]policy.Subject{subject(t, "a", -5.01)}, "PASS: a is within policy 5.1% over its 30d budget."},
		{[]policy.Subject{faultless}, "PASS: 1 SLO within policy."},
		{[]policy.Subject{subject(t, strings.Repeat("長い名前", 40), 5), faultless}, "PASS: 2 SLOs within policy; the tightest is " + strings.Repeat("長い名前", 7) + "長… with 5.0% of its 30d budget left."},
	} {
		if got := report.GateClosing(gated(policy.Pass, 0, c.subjects, expected(1, 1, policy.Pass))); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Where the parts of a report contradict each other, it is no pass.
func TestGateNeverPassesByAccident(t *testing.T) {
	t.Parallel()
	subjects := []policy.Subject{subject(t, "a", 50)}
	ok := passing("a", 50)
	failure := gated("", 2, nil)
	failure.Policy = policy.Policy{}
	failure.Failure = &report.Failure{Code: 2, Message: "slo.yaml:3:5: unknown key budgte", Hints: []string{"did you mean budget"}}
	for name, c := range map[string]struct {
		r    report.GateReport
		want string
	}{
		"nothing at all":       {report.GateReport{}, "UNDECIDED: nothing was judged."},
		"a pass of nothing":    {gated(policy.Pass, 0, subjects), "UNDECIDED: nothing was judged."},
		"a pass with code 1":   {gated(policy.Pass, 1, subjects, ok...), "UNDECIDED: the run ended with exit code 1."},
		"a warning with 130":   {gated(policy.Warning, 130, subjects, ok...), "UNDECIDED: the run ended with exit code 130."},
		"an unknown verdict":   {gated("fine", 0, subjects, ok...), "UNDECIDED: nothing was judged."},
		"a policy is not read": {failure, "UNDECIDED: slo.yaml:3:5: unknown key budgte; did you mean budget."},
	} {
		d := report.Gate(c.r)
		if d.Closing != c.want {
			t.Errorf("%s: %q, want %q", name, d.Closing, c.want)
		}
		if !strings.HasPrefix(d.Title, "UNDECIDED: ") {
			t.Errorf("%s: title %q", name, d.Title)
		}
		open := 0
		for _, check := range d.Checks {
			if check.Outcome == document.CheckUndecided {
				open++
			}
		}
		if open == 0 {
			t.Errorf("%s: no check is undecided, and a reader of JUnit sees a pass", name)
		}
		if c.r.ExitCode != 0 {
			if err := gateSchema(t, true).Validate(instance(t, c.r)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, format := range render.CheckFormats() {
			gateAs(t, c.r, format, render.Options{Width: 60})
		}
	}
}

// Whatever comes, the closing line is one line, names are short in it, and no format fails.
func TestGateWhateverComes(t *testing.T) {
	t.Parallel()
	verdicts := []policy.Verdict{policy.Pass, policy.Warning, policy.Undecided, policy.Fail}
	rules := []string{"evaluated", "data", "events", "coverage", "freshness", "budget", "attainment", "burn_1h", "burn_24h", "expect", "require", "freeze"}
	units := []policy.Unit{policy.Percent, policy.BurnRate, policy.Events, policy.Ratio, policy.SecondsOf, policy.SLOs, ""}
	known := subject(t, "x", 5)
	closed := gateSchema(t, true)
	rapid.Check(t, func(rt *rapid.T) {
		figure := rapid.Custom(func(t *rapid.T) slo.Figure {
			if rapid.Bool().Draw(t, "unknown") {
				return slo.Figure{}
			}
			return slo.Known(rapid.Float64().Draw(t, "value"))
		})
		span := rapid.Custom(func(t *rapid.T) timeseries.Span {
			start := to - rapid.Int64Range(-aDay, 40*aDay).Draw(t, "start")
			return timeseries.Span{Start: start, End: start + rapid.Int64Range(-1, 3*aDay).Draw(t, "length")}
		})
		instants := rapid.SampledFrom([]int64{0, 1, to - 1, to, to + 1, to + 90*aDay})
		check := rapid.Custom(func(t *rapid.T) policy.Check {
			name := rapid.String().Draw(t, "name")
			c := policy.Check{
				SLO: name, SLOID: rapid.StringMatching(`[a-z0-9]{0,4}`).Draw(t, "id"),
				Timeframe: rapid.SampledFrom([]slo.Timeframe{0, slo.SevenDays, slo.ThirtyDays}).Draw(t, "timeframe"),
				Rule:      rapid.SampledFrom(rules).Draw(t, "rule"), Verdict: rapid.SampledFrom(verdicts).Draw(t, "verdict"),
				Value: figure.Draw(t, "value"), Threshold: figure.Draw(t, "threshold"), Unit: rapid.SampledFrom(units).Draw(t, "unit"),
				Window: span.Draw(t, "window"), Reason: rapid.String().Draw(t, "reason"), Do: rapid.String().Draw(t, "do"),
				Since: span.Draw(t, "since"), SinceBefore: rapid.Bool().Draw(t, "before"),
				Until: instants.Draw(t, "until"), UntilQuiet: instants.Draw(t, "quiet"), From: "default",
			}
			if rapid.Bool().Draw(t, "confirmed") {
				c.Confirm = &policy.Confirm{Window: span.Draw(t, "short"), Value: figure.Draw(t, "rate")}
			}
			if rapid.Bool().Draw(t, "overridden") {
				c.Override = &policy.Override{Reason: rapid.String().Draw(t, "why"), Author: rapid.String().Draw(t, "who"), Expires: time.Unix(to, 0)}
				c.Without = policy.Fail
			}
			return c
		})
		verdict := rapid.SampledFrom(verdicts).Draw(rt, "verdict")
		code := 0
		if verdict == policy.Fail || verdict == policy.Undecided {
			code = 3
		}
		r := gated(verdict, code, []policy.Subject{known}, rapid.SliceOfN(check, 0, 8).Draw(rt, "checks")...)
		r.Explain = rapid.Bool().Draw(rt, "explain")
		if len(r.Decision.Checks) == 0 {
			r.ExitCode = 7
		}
		closing := report.GateClosing(r)
		if strings.ContainsAny(closing, "\r\n\t") || len([]rune(closing)) > 2000 {
			rt.Fatalf("not one line: %q", closing)
		}
		for _, format := range render.CheckFormats() {
			gateAs(t, r, format, render.Options{Width: rapid.IntRange(0, 100).Draw(rt, "width")})
		}
		if err := closed.Validate(instance(t, r)); err != nil {
			rt.Fatal(err)
		}
		passed := strings.HasPrefix(closing, "PASS") || strings.HasPrefix(closing, "WARN")
		if may := r.Decision.Verdict == policy.Pass || r.Decision.Verdict == policy.Warning; passed && !may {
			rt.Fatalf("%s told as %q", r.Decision.Verdict, closing)
		}
	})
}

// Every rule is a case, and cases of one group have different names.
func TestGateChecksAreAllThere(t *testing.T) {
	t.Parallel()
	var checks []policy.Check
	for range 125 {
		checks = append(checks, over(nil), freeze(policy.Fail), expected(1, 1, policy.Pass), rule("gate", "data", policy.Pass, "", nil))
	}
	twin := rule("a", "data", policy.Pass, "", func(c *policy.Check) { c.SLOID = "other" })
	d := report.Gate(gated(policy.Fail, 3, nil, append(checks, twin)...))
	seen := map[[2]string]bool{}
	for _, c := range d.Checks {
		seen[[2]string{c.Group, c.Name}] = true
	}
	if len(seen) != 501 {
		t.Errorf("%d different cases of 501", len(seen))
	}
	for _, want := range [][2]string{{"gate", "freeze"}, {"gate", "freeze (125)"}, {"a (id-a)", "budget 30d"}, {"a (other)", "data 30d"}, {"gate (id-gate)", "data 30d"}} {
		if !seen[want] {
			t.Errorf("no case %v", want)
		}
	}
	if !strings.Contains(d.Closing, "also failing: 124 more rules of the same SLO, 125 freezes.") {
		t.Errorf("closing: %q", d.Closing)
	}
}
