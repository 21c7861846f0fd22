package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const aDay = int64(slo.Day)

// subject is an objective of 30 days of which so much of the budget is left, in percent.
func subject(t *testing.T, name string, left float64) policy.Subject {
	t.Helper()
	r := row(t, name, "99.9", nil)
	r.Windows[0].Budget.RemainingPercent = left
	return policy.Subject{Definition: r.Definition, Windows: r.Windows}
}

// rule is a check of the 30 days of an objective; change sets what else there is.
func rule(name, of string, v policy.Verdict, reason string, change func(*policy.Check)) policy.Check {
	c := policy.Check{
		Rule: of, Verdict: v, Reason: reason, From: "default", Blocks: true,
		SLOID: "id-" + name, SLO: name, Timeframe: slo.ThirtyDays, Window: slo.ThirtyDays.Window(to),
	}
	if v != policy.Pass {
		c.Do = fmt.Sprintf("slo show %q says what it measures", name)
	}
	if change != nil {
		change(&c)
	}
	return c
}

func budget(left, bound float64) func(*policy.Check) {
	return func(c *policy.Check) {
		c.Value, c.Threshold, c.Unit = slo.Known(left), slo.Known(bound), policy.Percent
		if c.Verdict != policy.Pass {
			c.Since = timeseries.Span{Start: to - 11*aDay, End: to - 11*aDay + 300}
			c.UntilQuiet = to + 4*aDay + 61
		}
	}
}

func burn(rate, threshold float64, confirm slo.Figure) func(*policy.Check) {
	return func(c *policy.Check) {
		c.Value, c.Threshold, c.Unit = slo.Known(rate), slo.Known(threshold), policy.BurnRate
		long, short := int64(3600), int64(300)
		if c.Rule == "burn_6h" {
			long, short = 6*3600, 1800
		}
		c.Window = timeseries.Span{Start: to - long, End: to}
		c.Confirm = &policy.Confirm{Window: timeseries.Span{Start: to - short, End: to}, Value: confirm}
		if c.Verdict != policy.Pass {
			c.Since, c.UntilQuiet = timeseries.Span{Start: to - 3900, End: to - 3600}, to+short
		}
	}
}

// passing are the rules of an objective that is well.
func passing(name string, left float64) []policy.Check {
	return []policy.Check{
		rule(name, "data", policy.Pass, "there is data in the 30d window", nil),
		rule(name, "events", policy.Pass, "72000 events in the 30d window, at least 100 are needed", func(c *policy.Check) {
			c.Value, c.Threshold, c.Unit = slo.Known(72000), slo.Known(100), policy.Events
		}),
		rule(name, "freshness", policy.Pass, "the newest point is 8m old, at most 1h is allowed", func(c *policy.Check) {
			c.Value, c.Threshold, c.Unit = slo.Known(437.5), slo.Known(3600), policy.SecondsOf
			c.Window = timeseries.Span{Start: to - 300, End: to}
		}),
		rule(name, "budget", policy.Pass, fmt.Sprintf("%g%% of the 30d budget is left; more than 0%% has to be left", left), budget(left, 0)),
		rule(name, "burn_1h", policy.Pass, "burns at 0.4 over 1h and at 0.2 over the last 5m; not both above 14.4", burn(0.4, 14.4, slo.Known(0.2))),
		rule(name, "burn_6h", policy.Pass, "no traffic in the last 6h", func(c *policy.Check) {
			burn(0, 6, slo.Figure{})(c)
			c.Value = slo.Figure{}
		}),
	}
}

func expected(n, least int, v policy.Verdict) policy.Check {
	c := policy.Check{
		Rule: "expect", Verdict: v, Unit: policy.SLOs, From: "default", Blocks: true,
		Value: slo.Known(float64(n)), Threshold: slo.Known(float64(least)), Reason: fmt.Sprintf("%d selected, at least %d expected", n, least),
	}
	if v != policy.Pass {
		c.Do = "slo list shows which SLOs there are; check the names and filters that were given"
	}
	return c
}

func freeze(v policy.Verdict) policy.Check {
	return policy.Check{
		Rule: "freeze", Verdict: v, Blocks: true, From: `section "every service" (slo.yaml:12:5)`,
		Reason: `calendar "year-end" is closed until Tue 2026-11-05 00:00 JST: year-end freeze`,
		Since:  timeseries.Span{Start: to - 2*aDay, End: to - 2*aDay + 1}, Until: to + 9*aDay, UntilQuiet: to + 9*aDay,
		Do: "wait until then, or ask whoever keeps the calendar for an override with a reason and an expiry",
	}
}

// gated is a report over the decision of a policy file.
func gated(v policy.Verdict, code int, subjects []policy.Subject, checks ...policy.Check) report.GateReport {
	return report.GateReport{
		At: time.Unix(to+437, 0), To: to, Site: "datadoghq.com", Zone: time.UTC, ExitCode: code, Subjects: subjects,
		Link:     func(d slo.Definition) string { return "https://app.datadoghq.com/slo?slo_id=" + d.ID },
		Policy:   policy.Policy{Source: "slo.yaml", SHA256: "3f2a9c41d0be7f6a5e4d3c2b1a09182736455463728190abcdef0123456789ab"},
		Decision: policy.Decision{Verdict: v, Checks: checks},
	}
}

// replaced are the checks with some in the place of those of the same rule.
func replaced(checks []policy.Check, by ...policy.Check) []policy.Check {
	for _, b := range by {
		for i := range checks {
			if checks[i].Rule == b.Rule && checks[i].SLOID == b.SLOID {
				checks[i] = b
			}
		}
	}
	return checks
}

func together(lists ...[]policy.Check) (all []policy.Check) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// situations are the reports of the golden files.
func situations(t *testing.T) map[string]report.GateReport {
	t.Helper()
	const search, checkout, login = "search availability", "checkout availability", "ログイン認証の可用性（東京リージョン）"
	three := []policy.Subject{subject(t, search, 42), subject(t, checkout, 15.04), subject(t, login, 99.96)}
	all := []policy.Check{expected(3, 1, policy.Pass)}

	pass := gated(policy.Pass, 0, three, together(all, passing(search, 42), passing(checkout, 15.04), passing(login, 99.96))...)
	pass.Policy = policy.Policy{Source: "default", SHA256: "00"}

	spent := []policy.Subject{subject(t, search, -38.900000000000006), three[1], three[2]}
	fail := gated(policy.Fail, 3, spent, together(all,
		replaced(passing(search, 0),
			rule(search, "budget", policy.Fail, "38.9% over the 30d budget; more than 0% has to be left", budget(-38.900000000000006, 0)),
			rule(search, "burn_1h", policy.Fail, "burns at 15.3 over 1h and at 16.1 over the last 5m, both above 14.4: 2.2% of the 30d budget is gone each hour",
				burn(15.21, 14.4, slo.Known(16.1)))),
		passing(checkout, 15.04),
		replaced(passing(login, 99), rule(login, "burn_6h", policy.Fail,
			"burns at 6.1 over 6h and at 7 over the last 30m, both above 6: 0.9% of the 30d budget is gone each hour", burn(6.04, 6, slo.Known(7)))),
	)...)

	override := &policy.Override{
		Rules: []string{"budget"}, Reason: "INC-123, the provider's outage", Author: "mika@example.com", Expires: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC),
	}
	warn := gated(policy.Warning, 0, spent, together(all,
		replaced(passing(search, 0), rule(search, "budget", policy.Warning, "38.9% over the 30d budget; more than 0% has to be left", func(c *policy.Check) {
			budget(-38.9, 0)(c)
			c.Override, c.Without = override, policy.Fail
		})),
		replaced(passing(checkout, 0), rule(checkout, "budget", policy.Warning, "15% of the 30d budget is left; more than 20% has to be left", budget(15.04, 20))),
		passing(login, 99.96),
	)...)
	warn.Decision.Notes = []slo.Note{{Code: "override", Text: `section "the provider's outage" (slo.yaml:40:5) overrides budget until 2026-11-20 00:00 UTC: ` +
		`INC-123, the provider's outage (mika@example.com); it lets 1 check pass`}}

	silence := rule(search, "data", policy.Undecided, "no data in the 30d window, so no other rule could be looked at", func(c *policy.Check) {
		c.Do = `slo show "search availability" shows its queries; see whether they still match anything`
	})
	down := rule(checkout, "evaluated", policy.Undecided, "GET /api/v1/query: 503 Service Unavailable, after 4 attempts", func(c *policy.Check) {
		c.Timeframe, c.Window, c.Kind, c.Do = 0, timeseries.Span{}, slo.Unavailable, "status.datadoghq.com shows incidents of Datadog"
	})
	undecided := gated(policy.Undecided, 5, three, together(all, []policy.Check{silence, down}, passing(login, 99.96))...)
	undecided.Notes = []slo.Note{{Code: "rate_limited", Text: "waited 12 s for Datadog's rate limit"}}

	let := gated(policy.Pass, 0, three, together(all, []policy.Check{silence}, passing(checkout, 15.04), passing(login, 99.96))...)
	let.Decision.Notes = []slo.Note{{Code: "on_undecided", Text: "not everything could be decided, and it passes only because of --on-undecided pass"}}

	refused := gated(policy.Undecided, 4, nil, policy.Check{
		Rule: "evaluated", Verdict: policy.Undecided, Kind: slo.Auth, Blocks: true, From: "default",
		Reason: "Datadog refuses the keys (403 Forbidden)", Do: "check DD_API_KEY and DD_APP_KEY",
	})
	refused.To = 0
	refused.Failure = &report.Failure{Code: 4, Message: "Datadog refuses the keys (403 Forbidden)", Hints: []string{"check DD_API_KEY and DD_APP_KEY", "slo doctor says more"}}

	frozen := gated(policy.Fail, 3, three, together([]policy.Check{freeze(policy.Fail)}, all, passing(search, 42), passing(checkout, 15.04), passing(login, 99.96))...)

	explain := fail
	explain.Explain = true
	block := policy.Defaults()
	block.Burn[1] = policy.Burn{Level: policy.Off}
	by := func(s policy.Settings, from string) policy.Resolved {
		r := policy.Resolved{Settings: s, From: map[string]string{}}
		for _, k := range policy.Keys {
			r.From[k] = "default"
		}
		r.From["burn.6h"] = from
		return r
	}
	explain.Resolved = map[string]policy.Resolved{
		"id-" + search: by(policy.Defaults(), "default"), "id-" + login: by(policy.Defaults(), "default"),
		"id-" + checkout: by(block, `section "nightly jobs" (slo.yaml:31:5)`),
	}

	evil := "::set-output name=x::y\r\n%0A::error::<b>&\x1b[31m]]>\ufffe\u202e"
	hostile := gated(policy.Fail, 3, []policy.Subject{subject(t, evil, -1), subject(t, "gate", 5)},
		rule(evil, "budget", policy.Fail, "1% over the 30d budget; more than 0% has to be left\n::warning::x", func(c *policy.Check) {
			budget(-1, 0)(c)
			c.SLOID, c.Do = "id-"+evil, "slo show 0123456789 says what it measures"
		}),
		rule("gate", "budget", policy.Pass, "5% of the 30d budget is left; more than 0% has to be left", budget(5, 0)))

	none := gated(policy.Undecided, 7, nil, func() policy.Check {
		c := expected(0, 1, policy.Undecided)
		c.Reason = "no SLO was selected, at least 1 expected"
		return c
	}())
	none.Failure = &report.Failure{Code: 7, Message: "the gate is undecided: 1 rule without an answer", Hints: []string{"slo gate --explain shows every rule that was looked at"}}

	return map[string]report.GateReport{
		"none": none,
		"pass": pass, "fail": fail, "warn": warn, "undecided": undecided, "let-pass": let, "refused": refused, "frozen": frozen,
		"explain": explain, "hostile": hostile,
	}
}

func gateAs(t *testing.T, r report.GateReport, format string, o render.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, format, report.Gate(r), o); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.Bytes()
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "gate", name)
	if os.Getenv("SLO_UPDATE") == "1" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// Every situation as every reader sees it. The terminal is 120 wide, and for one also narrow.
func TestGateGolden(t *testing.T) {
	t.Parallel()
	for name, r := range situations(t) {
		golden(t, name+".txt", gateAs(t, r, render.FormatTable, render.Options{Width: 120}))
		for format, suffix := range map[string]string{
			render.FormatJSON: ".json", render.FormatMarkdown: ".md", render.FormatJUnit: ".junit.xml", render.FormatGitHub: ".github",
		} {
			golden(t, name+suffix, gateAs(t, r, format, render.Options{}))
		}
	}
	fail := situations(t)["fail"]
	for _, width := range []int{0, 60, 80} {
		golden(t, fmt.Sprintf("fail-%d.txt", width), gateAs(t, fail, render.FormatTable, render.Options{Width: width}))
	}
	golden(t, "fail-color.txt", gateAs(t, fail, render.FormatTable, render.Options{Width: 120, Color: true}))
	golden(t, "fail.csv", gateAs(t, fail, render.FormatCSV, render.Options{}))
	golden(t, "fail.html", gateAs(t, fail, render.FormatHTML, render.Options{}))
	golden(t, "explain-80.txt", gateAs(t, situations(t)["explain"], render.FormatTable, render.Options{Width: 80}))
}

// The closing line is the last one of every format for people, and one line.
func TestGateClosingIsLast(t *testing.T) {
	t.Parallel()
	for name, r := range situations(t) {
		closing := report.GateClosing(r)
		if strings.ContainsAny(closing, "\r\n") || !strings.HasSuffix(closing, ".") {
			t.Errorf("%s: not one sentence: %q", name, closing)
		}
		if d := report.Gate(r); d.Closing != closing {
			t.Errorf("%s: the document closes with %q, want %q", name, d.Closing, closing)
		}
		if name == "hostile" {
			continue // what is shown of it is not what it is
		}
		lines := strings.Split(strings.TrimSpace(string(gateAs(t, r, render.FormatTable, render.Options{}))), "\n")
		if last := lines[len(lines)-1]; last != closing {
			t.Errorf("%s: the last line is %q, want %q", name, last, closing)
		}
	}
}
