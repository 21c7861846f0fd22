package main_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/badnet"
)

// situation is a state of the world, a fault, and how the gate is asked; want
// is what it has to say.
type situation struct {
	what string
	args []string
	// plan is what the network does; url, when set, is asked instead of it.
	plan badnet.Plan
	url  string
	env  []string
	// world is the one that is asked, instead of release; noCreds: without keys.
	world   string
	noCreds bool
	// policy and project are files: policy.yaml, which is named, and slo.yaml, which is found.
	policy, project string
	// live is a world placed at the present, asked without --at.
	live *gateWorld
	// waits: the run ends by its timeout.
	waits bool

	want answer
	// anyRules: only the code is stated; unread: the flags cannot be read, so that
	// there is no document; plain: the document is not JSON, or not a verdict.
	anyRules, unread, plain bool
	// unasked: nothing may have been sent.
	unasked bool
	// note is the code of a note that has to be there.
	note string
}

// testSituations holds the exit code of the binary, and the rules that it
// names, against what the contract says of many situations.
func (r *gateRig) testSituations(t *testing.T) {
	t.Helper()
	all := slices.Concat(
		aloneSituations(), flagSituations(), selectionSituations(), faultSituations(),
		policySituations(), brokenPolicySituations(), usageSituations(), credentialSituations(),
		instantSituations(), formatSituations(), definitionSituations(), liveSituations(t),
	)
	seen := map[string]bool{}
	for _, s := range all {
		if seen[s.what] {
			t.Errorf("two situations are called %q", s.what)
		}
		seen[s.what] = true
	}
	if testing.Short() {
		var some []situation
		for i := 0; i < len(all); i += 8 {
			some = append(some, all[i])
		}
		all = some
	}
	codes := map[int]int{}
	var running sync.WaitGroup
	for _, s := range all {
		codes[s.want.code]++
		w := r.worlds[cmp.Or(s.world, "release")]
		running.Go(func() {
			if err := r.hold(w, s); err != nil {
				t.Errorf("%s\n  slo gate %q: %v", s.what, s.args, err)
			}
		})
	}
	running.Wait()
	t.Logf("%d situations by code: %v", len(all), codes)
	if unknown := r.worlds["release"].simulated.UnknownRoutes(); len(unknown) > 0 {
		t.Errorf("asked for routes that the API does not have: %q", unknown)
	}
}

// hold runs one situation and holds it against what is wanted.
func (r *gateRig) hold(w *gateWorld, s situation) error {
	got, err := r.ask(w, s)
	if err != nil {
		return err
	}
	return s.check(got)
}

// ask runs one situation.
func (r *gateRig) ask(w *gateWorld, s situation) (none gateOutcome, err error) {
	args := append([]string{}, s.args...)
	if s.live != nil {
		w = s.live
	} else if !slices.Contains(args, "--at") {
		args = append([]string{"--at", w.world.Now.UTC().Format(time.RFC3339)}, args...)
	}
	if !s.plain && !s.unread {
		args = append([]string{"-o", "json"}, args...)
	}
	folder, err := os.MkdirTemp(memoryIfAny(), "slo-gate-")
	if err != nil {
		return none, err
	}
	defer os.RemoveAll(folder)
	for name, text := range map[string]string{"policy.yaml": s.policy, "slo.yaml": s.project} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return none, err
		}
	}
	if s.policy != "" {
		args = append(args, "--policy", "policy.yaml")
	}
	network := w.clear
	if url := w.direct; url != "" {
		s.url = url
	}
	if s.plan != nil || s.unasked {
		if network, err = badnet.Listen(w.upstream); err != nil {
			return none, err
		}
		defer network.Close()
		network.Obey(s.plan)
	}
	url := s.url
	if url == "" {
		url = network.URL
	}
	got, err := r.run(gateRun{url: url, args: args, env: s.env, folder: folder, waits: s.waits, noCreds: s.noCreds})
	if err != nil {
		return none, err
	}
	if s.unasked {
		for _, k := range append(badnet.BoardKinds(), badnet.Probe, badnet.Unknown) {
			if n := network.Seen(k); n > 0 {
				return none, fmt.Errorf("%d requests for %s were sent", n, k)
			}
		}
	}
	return got, nil
}

// check holds an outcome against what is wanted.
func (s situation) check(got gateOutcome) error {
	if got.code != s.want.code {
		return fmt.Errorf("exit code %d, want %d\n  %.600s\n  %.300s", got.code, s.want.code, said(got), got.stderr)
	}
	switch {
	case s.unread:
		if got.stdout != "" || !strings.Contains(got.stderr, "error") {
			return fmt.Errorf("stdout %q, stderr %q", got.stdout, got.stderr)
		}
		return nil
	case s.plain:
		if got.stdout == "" || strings.Contains(got.stderr, "slo: error: ") != (got.code != 0) {
			return fmt.Errorf("stdout %q, stderr %q", got.stdout, got.stderr)
		}
		return nil
	}
	doc, err := readGate(got)
	if err != nil {
		return err
	}
	if s.note != "" && !slices.ContainsFunc(doc.Notes, func(n struct{ Code, Text string }) bool { return n.Code == s.note }) {
		return fmt.Errorf("no note %s in %v", s.note, doc.Notes)
	}
	if s.anyRules {
		return nil
	}
	rules := map[string]string{}
	for _, rule := range doc.Rules {
		if rule.Verdict != "pass" {
			rules[rule.about()] = rule.Verdict
		}
		if rule.Reason == "" {
			return fmt.Errorf("%s without a reason", rule.about())
		}
	}
	if diff := gocmp.Diff(s.want.rules, rules); diff != "" {
		return fmt.Errorf("rules that are not passed (-want +got):\n%s", diff)
	}
	return nil
}

// said is the summary of a document, for messages.
func said(got gateOutcome) string {
	if doc, err := readGate(got); err == nil {
		return doc.Summary
	}
	return got.stdout
}

// aloneSituations ask about each objective by itself, without any flag.
func aloneSituations() (all []situation) {
	world := releaseWorld()
	for _, o := range world {
		if s := (situation{what: "alone: " + o.name, args: []string{o.name}, want: asked{}.judge(named(world, o.name))}); o.name != "twice" {
			all = append(all, s)
		}
	}
	return append(all, situation{what: "twice", args: []string{"twice"}, want: asked{}.judge(named(world, "twice"))},
		situation{what: "one of two by its id", args: []string{"0000000000000000000000000000d001"}, want: asked{}.judge(named(world, "healthy")), anyRules: true},
		situation{what: "the other of two by its id", args: []string{"0000000000000000000000000000d002"}, want: asked{}.judge(named(world, "old-incident")), anyRules: true},
	)
}

// flagSituations change a threshold or the window. Where the flag changes
// nothing for an objective, few of the pairs are run.
func flagSituations() (all []situation) {
	world := releaseWorld()
	num := func(v float64) *float64 { return &v }
	type choice struct {
		args   string
		change func(*asked, *terms)
	}
	var choices []choice
	add := func(args string, change func(*asked, *terms)) { choices = append(choices, choice{args, change}) }
	for _, v := range []float64{-100, -50, 10, 14.999, 15, 90, 96} {
		add(fmt.Sprintf("--min-budget %v", v), func(_ *asked, t *terms) { t.budgetBlock = num(v) })
	}
	for _, v := range []float64{0, 90, 91, 101, 1e9} {
		add(fmt.Sprintf("--min-events %v", int(v)), func(_ *asked, t *terms) { t.minEvents = v })
	}
	for _, v := range []time.Duration{4 * time.Minute, 5 * time.Minute, 54 * time.Minute, 55 * time.Minute, 2 * time.Hour, 3 * time.Hour} {
		add("--max-age "+v.String(), func(_ *asked, t *terms) { t.maxAge = v })
	}
	for _, v := range []float64{0, 0.2, 0.21, 0.5, 0.51, 1} {
		add(fmt.Sprintf("--min-coverage %v", v), func(_ *asked, t *terms) { t.minCoverage = v })
	}
	add("--min-coverage 20%", func(_ *asked, t *terms) { t.minCoverage = 0.2 })
	add("--min-budget 15%", func(_ *asked, t *terms) { t.budgetBlock = num(15) })
	add("--change fix", func(a *asked, _ *terms) { a.fix = true })
	add("--change feature", func(*asked, *terms) {})
	for _, v := range []string{"7d", "30d", "90d", "all"} {
		add("--timeframe "+v, func(a *asked, _ *terms) { a.timeframe = v })
		add("--on-undecided pass --timeframe "+v, func(a *asked, _ *terms) { a.timeframe, a.undecided = v, "pass" })
	}
	add("--expect 1", func(a *asked, _ *terms) { a.expect = 1 })
	add("--expect 2", func(a *asked, _ *terms) { a.expect = 2 })
	for _, v := range []string{"pass", "fail"} {
		add("--on-undecided "+v, func(a *asked, _ *terms) { a.undecided = v })
		add("--on-unavailable "+v, func(a *asked, _ *terms) { a.unavailable = v })
	}
	add("--min-events 0 --max-age 3h --min-coverage 0 --min-budget -1000", func(_ *asked, t *terms) {
		t.minEvents, t.maxAge, t.minCoverage, t.budgetBlock = 0, 3*time.Hour, 0, num(-1000)
	})
	skipped := 0
	for _, o := range world {
		if slices.Contains(o.tags, "kind:names") || slices.Contains(o.tags, "team:shop") {
			continue
		}
		plain := asked{}.judge([]objective{o})
		for _, c := range choices {
			t := defaultTerms()
			a := asked{terms: func(objective) terms { return t }}
			c.change(&a, &t)
			want := a.judge([]objective{o})
			if gocmp.Equal(want.rules, plain.rules) && want.code == plain.code {
				if skipped++; skipped%9 != 0 {
					continue
				}
			}
			s := situation{what: o.name + " " + c.args, args: append([]string{o.name}, strings.Fields(c.args)...), want: want}
			switch {
			case a.undecided != "" && plain.code == 7:
				s.note = "on_undecided"
			case a.unavailable != "" && plain.code == 5:
				s.note = "on_unavailable"
			}
			all = append(all, s)
		}
	}
	return all
}

// selectionSituations ask about several objectives at once.
func selectionSituations() (all []situation) {
	world := releaseWorld()
	monitors := slices.DeleteFunc(slices.Clone(world), func(o objective) bool { return !strings.HasPrefix(o.name, "monitor") })
	for _, c := range []struct {
		args   string
		picked []objective
	}{
		{"--env prod", with(world, "env:prod")},
		{"--env PROD", with(world, "env:prod")},
		{"--env staging", with(world, "env:staging")},
		{"--env dev", with(world, "env:dev")},
		{"--env nowhere", nil},
		{"--team shop", with(world, "team:shop")},
		{"--team shop --env prod", with(world, "env:prod")},
		{"--service storefront --env prod --tag team:shop", with(world, "env:prod")},
		{"--service storefront --env qa", nil},
		{"--tag kind:monitor", with(world, "kind:monitor")},
		{"--tag kind:slices", with(world, "kind:slices")},
		{"--tag kind:names", with(world, "kind:names")},
		{"--tag kind:requests", with(world, "kind:requests")},
		{"--tag kind:requests --tag kind:monitor", nil},
		{"", world},
		{"storefront*", with(world, "team:shop")},
		{"*(prod)", with(world, "env:prod")},
		{"monitor*", monitors},
		{"healthy slices monitor", named(world, "healthy", "slices", "monitor")},
		{"HEALTHY", named(world, "healthy")},
		{"healthy healthy", named(world, "healthy")},
		{"healthy no-data", named(world, "healthy", "no-data")},
		{"healthy old-incident no-data", named(world, "healthy", "old-incident", "no-data")},
		{"healthy unsupported", named(world, "healthy", "unsupported")},
		{"old-incident unsupported", named(world, "old-incident", "unsupported")},
		{"healthy monitor-deleted", named(world, "healthy", "monitor-deleted")},
		{"old-incident monitor-deleted", named(world, "old-incident", "monitor-deleted")},
		{"no-data monitor-deleted", named(world, "no-data", "monitor-deleted")},
		{"creeping healthy", named(world, "healthy", "creeping")},
		{"healthy --tag kind:monitor", nil},
	} {
		for _, flags := range []string{"", "--on-undecided pass", "--on-undecided fail", "--on-unavailable pass", "--expect 3", "--expect 4", "--expect 1000"} {
			var a asked
			switch flags {
			case "--on-undecided pass":
				a.undecided = "pass"
			case "--on-undecided fail":
				a.undecided = "fail"
			case "--on-unavailable pass":
				a.unavailable = "pass"
			case "--expect 3", "--expect 4", "--expect 1000":
				if _, err := fmt.Sscanf(flags, "--expect %d", &a.expect); err != nil {
					panic(err)
				}
			}
			want := a.judge(c.picked)
			if len(c.picked) > 9 && flags != "" && flags != "--on-undecided pass" {
				continue
			}
			all = append(all, situation{
				what: strings.TrimSpace("selected: " + c.args + " " + flags), args: append(strings.Fields(c.args), strings.Fields(flags)...), want: want,
				anyRules: slices.ContainsFunc(c.picked, func(o objective) bool { return o.name == "twice" }),
			})
		}
	}
	return all
}
