package policy_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The gate passes if, and only if, looking again in the plainest way finds
// nothing that stands against it.
func TestLawNeverPassesByAccident(t *testing.T) {
	t.Parallel()
	passed, not := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation(t)
		if rapid.IntRange(0, 20).Draw(t, "gap") == 0 {
			s.request.Gaps = []slo.Defect{{Kind: slo.Unavailable, Message: "the listing is not complete"}}
		}
		d := s.policy.Judge(s.subjects, s.request)
		want := passes(s)
		if got := d.Outcome == policy.Passed; got != want {
			t.Fatalf("passed: %v, looking again: %v\n%+v", got, want, d)
		}
		if good := d.Verdict == policy.Pass || d.Verdict == policy.Warning; good != want {
			t.Fatalf("verdict %s with outcome %d", d.Verdict, d.Outcome)
		}
		if want {
			passed++
		} else {
			not++
		}
		for _, c := range d.Checks {
			if c.Reason == "" || c.From == "" || (c.Verdict != policy.Pass) != (c.Do != "") {
				t.Fatalf("%+v", c)
			}
			for _, f := range []slo.Figure{c.Value, c.Threshold} {
				if v, _ := f.Value(); math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("no JSON holds %v: %+v", v, c)
				}
			}
		}
		// An answer to doubt lets nothing pass in silence, and nothing that is known to be violated.
		s.request.OnUndecided = rapid.SampledFrom([]policy.Verdict{"", policy.Pass, policy.Fail}).Draw(t, "on undecided")
		s.request.OnUnavailable = rapid.SampledFrom([]policy.Verdict{"", policy.Pass, policy.Fail}).Draw(t, "on unavailable")
		answered := s.policy.Judge(s.subjects, s.request)
		if answered.Outcome == policy.Passed && !want {
			if !slices.ContainsFunc(answered.Notes, func(n slo.Note) bool { return strings.HasPrefix(n.Code, "on_") }) {
				t.Fatalf("passes without a word: %+v", answered)
			}
			if d.Outcome == policy.Violated || d.Outcome == policy.Refused {
				t.Fatalf("%d passes: %+v", d.Outcome, answered)
			}
		}
	})
	if passed+not >= 100 && (passed == 0 || not == 0) { // fewer say little
		t.Errorf("%d passed and %d did not: one of both was never tried", passed, not)
	}
}

// passes says in the plainest way whether nothing stands against a release.
func passes(s situation) bool {
	if len(s.request.Gaps) > 0 {
		return false
	}
	n := 0
	for i, x := range s.subjects {
		if !slices.ContainsFunc(s.subjects[:i], func(y policy.Subject) bool { return y.Definition.ID == x.Definition.ID }) {
			n++
		}
	}
	if n == 0 || n < s.request.Expect {
		return false
	}
	for _, section := range s.policy.Sections {
		n := 0
		for _, x := range s.subjects {
			if s.matches(section.Match, x.Definition) {
				n++
			}
		}
		if n < section.Expect {
			return false
		}
		for _, name := range section.Require {
			if !slices.ContainsFunc(s.subjects, func(x policy.Subject) bool { return s.called(name.Text, x.Definition) }) {
				return false
			}
		}
	}
	for _, calendar := range []string{"c0", "c1"} {
		if s.frozen(calendar) {
			return false
		}
	}
	for _, x := range s.subjects {
		if x.Defect != nil || x.Definition.Defect != nil || len(x.Windows) == 0 {
			return false
		}
		for _, w := range x.Windows {
			for _, note := range append(slices.Clone(x.Notes), w.Notes...) {
				if note.Code == "preview" {
					return false
				}
			}
			if !s.enough(x, w) || !s.budgetHolds(x, w) || !s.attainmentHolds(x, w) || !s.burnHolds(x, w) {
				return false
			}
		}
	}
	return true
}

func (s situation) called(name string, d slo.Definition) bool {
	all := slices.Clone(s.request.Listed)
	for _, x := range s.subjects {
		all = append(all, x.Definition)
	}
	return slices.ContainsFunc(slo.Named(name, all), func(i int) bool { return all[i].ID == d.ID })
}

func (s situation) matches(m policy.Match, d slo.Definition) bool {
	has := func(tag string) bool {
		return slices.ContainsFunc(d.Tags, func(have string) bool { return strings.EqualFold(have, tag) })
	}
	any := func(prefix string, values []string) bool {
		ok := len(values) == 0
		for _, v := range values {
			ok = ok || has(prefix+v)
		}
		return ok
	}
	byName := len(m.Names) == 0
	for _, name := range m.Names {
		byName = byName || s.called(name.Text, d)
	}
	for _, tag := range m.Tags {
		if !has(tag) {
			return false
		}
	}
	return byName && any("service:", m.Services) && any("env:", m.Envs) && any("team:", m.Teams)
}

// overridden reports whether somebody lets the rule pass for the objective now.
func (s situation) overridden(rule string, d slo.Definition) bool {
	for _, section := range s.policy.Sections {
		for _, o := range section.Overrides {
			if s.matches(section.Match, d) && slices.Contains(o.Rules, rule) && o.Expires.Unix() > s.request.At.Unix() {
				return true
			}
		}
	}
	return false
}

// frozen reports whether a calendar is closed for any objective whose owner did not override it.
func (s situation) frozen(calendar string) bool {
	missing := !slices.ContainsFunc(s.policy.Calendars, func(c policy.Calendar) bool { return c.Name == calendar })
	closed := false
	for _, c := range s.policy.Calendars {
		if c.Name != calendar {
			continue
		}
		when := s.request.At.UTC()
		closed = when.Weekday() == c.Weekly[0].Days[0] && when.Hour() == 0
		for _, d := range c.Dated {
			closed = closed || when.Unix() >= d.From.Unix() && when.Unix() < d.To.Unix()
		}
	}
	for _, x := range s.subjects {
		level := policy.Off
		for _, section := range s.policy.Sections {
			for _, f := range section.Freezes {
				if f.Calendar == calendar && s.matches(section.Match, x.Definition) {
					level = f.Level
				}
			}
		}
		if level != policy.Off && missing || level == policy.Block && closed && !s.overridden("freeze", x.Definition) {
			return true
		}
	}
	return false
}

// setting is what the last one says who says anything.
func setting[T any](s situation, d slo.Definition, get func(policy.Settings) *T, usual T) T {
	for _, section := range s.policy.Sections {
		if v := get(section.Settings); v != nil && s.matches(section.Match, d) {
			usual = *v
		}
	}
	if v := get(s.policy.Flags); v != nil {
		usual = *v
	}
	return usual
}

func (s situation) enough(x policy.Subject, w slo.Assessment) bool {
	if w.Objective.Target <= 0 || w.State != slo.OK && w.State != slo.Warning && w.State != slo.Breached || w.Newest.Empty() {
		return false
	}
	least := setting(s, x.Definition, func(s policy.Settings) *float64 { return s.MinEvents }, 100)
	have, known := w.Valid.Value()
	newest := w.Newest.Start
	if w.Unit == slo.Seconds {
		least = setting(s, x.Definition, func(s policy.Settings) *float64 { return s.MinCoverage }, 0.9)
		have, known = w.Coverage.Value()
		newest = w.Newest.End
	}
	good, _ := w.Good.Value()
	if valid, counted := w.Valid.Value(); counted && w.Good.IsKnown() && !(good-valid <= 1e-9*valid) {
		return false
	}
	old := s.request.Now.Unix() - newest
	most := setting(s, x.Definition, func(s policy.Settings) *time.Duration { return s.MaxAge }, time.Hour)
	return known && !math.IsInf(have, 0) && have >= least && old >= -300 && old <= int64(most.Seconds())
}

// fixPasses reports whether a spent budget does not matter because this is a fix.
func (s situation) fixPasses(x policy.Subject, w slo.Assessment) bool {
	if s.request.Change != policy.Fix || w.Objective.Target >= slo.Hundred ||
		!setting(s, x.Definition, func(s policy.Settings) *bool { return s.FixesMayPass }, false) {
		return false
	}
	for _, seconds := range []int64{3600, 21_600, 86_400} {
		part := timeseries.Span{Start: w.Window.End - seconds, End: w.Window.End}
		rate, known := w.Recent.BurnRate(w.Objective.Target, part).Value()
		if _, events := w.Recent.Counts(part); known {
			if valid, _ := events.Value(); valid > 0 {
				rate += 2 * w.Recent.Excess(part) / valid / (1 - w.Objective.Target.Percent()/100)
			}
		}
		if !known || rate >= 1 {
			return false
		}
	}
	return true
}

func (s situation) budgetHolds(x policy.Subject, w slo.Assessment) bool {
	block := setting(s, x.Definition, func(s policy.Settings) *policy.Bound { return s.BudgetBlock }, policy.Bound{})
	warn := setting(s, x.Definition, func(s policy.Settings) *policy.Bound { return s.BudgetWarn }, policy.Bound{Off: true})
	if block.Off && warn.Off {
		return true
	}
	holds := false
	if w.Objective.Target >= slo.Hundred {
		attained, known := w.Attainment.Value()
		if !known || math.IsNaN(attained) || math.IsInf(attained, 0) {
			return false
		}
		holds = attained >= 100 && w.State != slo.Breached
		if holds && w.Excess > 0 && !block.Off {
			return false
		}
	} else {
		if w.Budget == nil || math.IsNaN(w.Budget.RemainingPercent) || math.IsInf(w.Budget.RemainingPercent, 0) {
			return false
		}
		holds = w.Budget.RemainingPercent > block.Value
		if holds && w.Excess > 0 && !block.Off && !(w.Budget.RemainingPercent-200*w.Excess/w.Budget.Allowed > block.Value) {
			return false
		}
	}
	return holds || block.Off || s.overridden("budget", x.Definition) || s.fixPasses(x, w)
}

func (s situation) attainmentHolds(x policy.Subject, w slo.Assessment) bool {
	block := setting(s, x.Definition, func(s policy.Settings) *policy.Bound { return s.AttainmentBlock }, policy.Bound{Off: true})
	warn := setting(s, x.Definition, func(s policy.Settings) *policy.Bound { return s.AttainmentWarn }, policy.Bound{Off: true})
	if block.Off && warn.Off {
		return true
	}
	attained, known := w.Attainment.Value()
	if !known || math.IsNaN(attained) || math.IsInf(attained, 0) {
		return false
	}
	if valid, counted := w.Valid.Value(); counted && valid > 0 && !math.IsInf(valid, 0) && w.Excess > 0 &&
		attained >= block.Value && !block.Off && !(attained-200*w.Excess/valid >= block.Value) {
		return false
	}
	return block.Off || attained >= block.Value || s.overridden("attainment", x.Definition) || s.fixPasses(x, w)
}

func (s situation) burnHolds(x policy.Subject, w slo.Assessment) bool {
	guard := setting(s, x.Definition, func(s policy.Settings) *policy.LowTraffic { return s.LowTraffic }, policy.LowTraffic{})
	names := []string{"burn_1h", "burn_6h", "burn_24h"}
	for i, seconds := range []int64{3600, 21_600, 86_400} {
		b := policy.Burn{Level: []policy.Level{policy.Block, policy.Block, policy.Warn}[i]}
		said := func(more policy.Burn) {
			switch {
			case more.Level != "":
				b = more
			case more.Threshold != nil:
				b.Threshold = more.Threshold
			}
		}
		for _, section := range s.policy.Sections {
			if s.matches(section.Match, x.Definition) {
				said(section.Settings.Burn[i])
			}
		}
		said(s.policy.Flags.Burn[i])
		if b.Level == policy.Off || w.Objective.Target >= slo.Hundred {
			continue
		}
		most := policy.Threshold(w.Objective.Timeframe, i)
		if b.Threshold != nil {
			most = *b.Threshold
		}
		long := timeseries.Span{Start: w.Window.End - seconds, End: w.Window.End}
		goodEvents, events := w.Recent.Counts(long)
		good, _ := goodEvents.Value()
		valid, known := events.Value()
		if !known || math.IsNaN(most) {
			return false
		}
		rate, burns := w.Recent.BurnRate(w.Objective.Target, long).Value()
		short, confirmed := w.Recent.BurnRate(w.Objective.Target, timeseries.Span{Start: w.Window.End - seconds/12, End: w.Window.End}).Value()
		shortGood, shortEvents := w.Recent.Counts(timeseries.Span{Start: w.Window.End - seconds/12, End: w.Window.End})
		lastGood, _ := shortGood.Value()
		last, _ := shortEvents.Value()
		// What is missing of the totals may hide as many failures as it cancels.
		worst := func(rate float64, part timeseries.Span, valid float64) float64 {
			if valid <= 0 {
				return rate
			}
			return rate + 2*w.Recent.Excess(part)/valid/(1-w.Objective.Target.Percent()/100)
		}
		fires := rate > most && confirmed && short > most && b.Level != policy.Warn && !(w.Unit != slo.Seconds && valid < guard.Events)
		span := timeseries.Span{Start: w.Window.End - seconds/12, End: w.Window.End}
		if !fires && b.Level != policy.Warn && w.Recent.Excess(long) > 0 && worst(rate, long, valid) > most && (!confirmed || worst(short, span, last) > most) {
			return false
		}
		switch {
		case !(good-valid <= 1e-9*valid) || !(lastGood-last <= 1e-9*last):
			return false
		case !burns && (valid < 0 || valid == 0 && good != 0):
			return false
		case !burns || rate <= most || confirmed && short <= most:
		case w.Unit != slo.Seconds && valid < guard.Events:
		case !confirmed:
			return false
		case b.Level != policy.Warn && !s.overridden(names[i], x.Definition):
			return false
		}
	}
	return true
}

func TestLawOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSituation(t)
		d := s.policy.Judge(s.subjects, s.request)
		again := s.policy.Judge(rapid.Permutation(s.subjects).Draw(t, "in another order"), s.request)
		if d.Verdict != again.Verdict || d.Outcome != again.Outcome || len(d.Checks) != len(again.Checks) {
			t.Fatalf("%s and %d, in another order %s and %d", d.Verdict, d.Outcome, again.Verdict, again.Outcome)
		}
	})
}

// More that is bad never makes anything better.
func TestLawMoreBadIsNeverBetter(t *testing.T) {
	t.Parallel()
	severity := []policy.Verdict{policy.Pass, policy.Warning, policy.Undecided, policy.Fail}
	failed := 0
	rapid.Check(t, func(t *rapid.T) {
		p := genPolicy(t)
		o, q, r := slotest.Objective().Draw(t, "objective"), question(p, to), genRequest(t)
		e := slotest.Events(o.Timeframe, q, slotest.Shape{Coarse: true}).Draw(t, "events")
		judge := func(e slo.Events) policy.Decision {
			a, err := slo.Assess(o, e, q)
			if err != nil {
				t.Fatal(err)
			}
			return p.Judge([]policy.Subject{subject("alpha", a)}, r)
		}
		before, after := judge(e), judge(worsened(t, e))
		if len(before.Checks) != len(after.Checks) {
			t.Fatalf("%+v\n%+v", before, after)
		}
		for i, c := range before.Checks {
			if slices.Index(severity, after.Checks[i].Verdict) < slices.Index(severity, c.Verdict) {
				t.Fatalf("%+v\nbecame better\n%+v", c, after.Checks[i])
			}
		}
		if after.Outcome < before.Outcome {
			t.Fatalf("outcome %d became %d", before.Outcome, after.Outcome)
		}
		if before.Verdict == policy.Fail {
			failed++
		}
	})
	if failed == 0 {
		t.Error("nothing ever failed")
	}
}

// Whatever of the denominator is lost or late, it does not turn a fail into a pass.
func TestLawLostTotalsDoNotPass(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		none, tf := policy.Policy{}, slo.SevenDays
		goal := rapid.SampledFrom([]string{"99", "99.9"}).Draw(t, "target")
		often := rapid.SampledFrom([]int{1, 5, 50}).Draw(t, "one bucket in so many has failures")
		worst := rapid.SampledFrom([]float64{1, 10, 200}).Draw(t, "failures of a thousand")
		e := evidence(int64(tf), func(int64) (float64, float64) { return 0, 1000 })
		run := e.Runs[0]
		seed := rapid.Uint64().Draw(t, "seed")
		random := rand.New(rand.NewPCG(seed, 1))
		for i := range run.Good {
			if random.IntN(often) == 0 {
				run.Good[i] -= math.Floor(worst * random.Float64())
			}
		}
		judged := func() policy.Decision {
			a, err := slo.Assess(slo.Objective{Timeframe: tf, Target: target(goal)}, e, question(none, to))
			if err != nil {
				t.Fatal(err)
			}
			return none.Judge([]policy.Subject{subject("a", a)}, asked())
		}
		if judged().Outcome != policy.Violated {
			return
		}
		for range rapid.IntRange(1, 60).Draw(t, "how many are lost") {
			// Newer buckets, on which burn rates rest, more often than old ones.
			i := len(run.Valid) - 1 - random.IntN(1+random.IntN(len(run.Valid)))
			run.Valid[i] = [...]float64{timeseries.Missing, 0, 500}[random.IntN(3)]
		}
		if d := judged(); d.Outcome == policy.Passed {
			t.Fatalf("passes with lost totals: %+v", d.Checks)
		}
	})
}
