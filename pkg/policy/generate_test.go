package policy_test

import (
	"fmt"
	"math"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// chance is true once in n times.
func chance(t *rapid.T, n int, label string) bool {
	return rapid.IntRange(0, n-1).Draw(t, label) == n-1
}

// some are a few of the values, mostly none.
func some(t *rapid.T, label string, values ...string) []string {
	if !chance(t, 3, "some "+label) {
		return nil
	}
	return rapid.SliceOfN(rapid.SampledFrom(values), 1, 2).Draw(t, label)
}

func genMatch(t *rapid.T) policy.Match {
	m := policy.Match{
		Services: some(t, "services", "shop", "BATCH", "bank"),
		Envs:     some(t, "envs", "prod", "test"),
		Teams:    some(t, "teams", "x"),
		Tags:     some(t, "tags", "env:prod", "service:shop"),
	}
	for _, name := range some(t, "names", "alpha", "Beta", "al*", "id-1", "nobody", "*") {
		m.Names = append(m.Names, policy.Name{Text: name})
	}
	return m
}

func genBound(t *rapid.T, label string, values ...float64) *policy.Bound {
	if !chance(t, 3, "has "+label) {
		return nil
	}
	if chance(t, 3, label+" off") {
		return &policy.Bound{Off: true}
	}
	return &policy.Bound{Value: rapid.SampledFrom(values).Draw(t, label)}
}

func genSettings(t *rapid.T) policy.Settings {
	s := policy.Settings{
		BudgetBlock:     genBound(t, "budget block", 0, 10, 50, -100, 99),
		BudgetWarn:      genBound(t, "budget warn", 0, 20, 60),
		AttainmentBlock: genBound(t, "attainment block", 50, 99, 99.9, 100),
		AttainmentWarn:  genBound(t, "attainment warn", 99, 99.99),
	}
	for i := range s.Burn {
		if chance(t, 3, "burn") {
			s.Burn[i].Level = rapid.SampledFrom([]policy.Level{"", policy.Off, policy.Warn, policy.Block}).Draw(t, "level")
		}
		if chance(t, 4, "threshold") {
			s.Burn[i].Threshold = new(rapid.SampledFrom([]float64{0.1, 1, 2, 14.4, 1000, math.NaN()}).Draw(t, "threshold"))
		}
	}
	if chance(t, 3, "min events") {
		s.MinEvents = new(rapid.SampledFrom([]float64{0, 1, 1e4, 1e9}).Draw(t, "min events"))
	}
	if chance(t, 3, "min coverage") {
		s.MinCoverage = new(rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "min coverage"))
	}
	if chance(t, 2, "max age") {
		s.MaxAge = new(rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 100 * time.Hour}).Draw(t, "max age"))
	}
	if chance(t, 3, "low traffic") {
		s.LowTraffic = &policy.LowTraffic{
			Events: rapid.SampledFrom([]float64{0, 100, 1e5, 1e9}).Draw(t, "few"),
			Level:  rapid.SampledFrom([]policy.Level{policy.Warn, policy.Off}).Draw(t, "low traffic level"),
		}
	}
	if chance(t, 2, "fixes") {
		s.FixesMayPass = new(rapid.Bool().Draw(t, "fixes may pass"))
	}
	return s
}

func genPolicy(t *rapid.T) policy.Policy {
	var p policy.Policy
	for i := range rapid.IntRange(0, 2).Draw(t, "calendars") {
		from := at.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "freeze from")) * time.Hour)
		p.Calendars = append(p.Calendars, policy.Calendar{Name: fmt.Sprint("c", i), Zone: time.UTC,
			Dated:  []policy.Dated{{From: from, To: from.Add(2 * time.Hour)}},
			Weekly: []policy.Weekly{{Days: []time.Weekday{time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))}, From: 0, To: 60}}})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "sections") {
		s := policy.Section{Name: fmt.Sprint("s", i), Match: genMatch(t)}
		if chance(t, 2, "has settings") {
			s.Settings = genSettings(t)
		}
		if chance(t, 5, "has expect") {
			s.Expect = rapid.IntRange(0, 3).Draw(t, "expect")
		}
		for _, name := range some(t, "require", "alpha", "beta", "id-1", "gone", "be*") {
			if chance(t, 3, "requires") {
				s.Require = append(s.Require, policy.Name{Text: name})
			}
		}
		if chance(t, 3, "has freezes") {
			s.Freezes = []policy.Freeze{{
				Calendar: rapid.SampledFrom([]string{"c0", "c0", "c1"}).Draw(t, "calendar"),
				Level:    rapid.SampledFrom([]policy.Level{policy.Block, policy.Warn}).Draw(t, "freeze level"),
			}}
		}
		if chance(t, 2, "has overrides") {
			s.Overrides = []policy.Override{{
				Rules:   rapid.SliceOfN(rapid.SampledFrom(append([]string{"data"}, policy.Overridable...)), 1, 4).Draw(t, "overridden"),
				Expires: at.Add(time.Duration(rapid.IntRange(-1, 3).Draw(t, "expires")) * time.Hour),
			}}
		}
		p.Sections = append(p.Sections, s)
	}
	if chance(t, 3, "flags") {
		p.Flags = genSettings(t)
	}
	return p
}

// calmWindow is a window that mostly holds.
func calmWindow(t *rapid.T, p policy.Policy) slo.Assessment {
	q := question(p, to)
	o := slo.Objective{
		Timeframe: rapid.SampledFrom([]slo.Timeframe{slo.SevenDays, slo.Day, 36 * 3600}).Draw(t, "timeframe"),
		Target:    target(rapid.SampledFrom([]string{"99", "95", "99.9"}).Draw(t, "target")),
	}
	bad, recent := rapid.SampledFrom([]float64{0, 1, 9}).Draw(t, "bad"), rapid.SampledFrom([]float64{0, 1, 15}).Draw(t, "recent")
	a, err := slo.Assess(o, evidence(slo.Extent(o.Timeframe, q).Seconds(), lately(3600, recent, steady(bad))), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// genWindow is a window assessed from generated evidence, or from plain evidence that now and then holds.
func genWindow(t *rapid.T, p policy.Policy) slo.Assessment {
	q := question(p, to)
	if chance(t, 8, "not asked") {
		q.Recent = 0
	}
	o := slotest.Objective().Draw(t, "objective")
	var e slo.Events
	switch rapid.SampledFrom([]string{"plain", "plain", "plain", "generated", "line"}).Draw(t, "kind") {
	case "plain":
		bad := rapid.SampledFrom([]float64{0, 0, 0, 1, 9, 20, 200}).Draw(t, "bad")
		recent := rapid.SampledFrom([]float64{0, 0, 0, 5, 15, 500, -1}).Draw(t, "recent")
		stretch := rapid.SampledFrom([]int64{300, 600, 3600, 6 * 3600, 86_400}).Draw(t, "stretch")
		e = evidence(slo.Extent(o.Timeframe, q).Seconds(), func(ago int64) (float64, float64) {
			switch {
			case ago > stretch:
				return bad, 1000
			case recent < 0:
				return 0, -1
			}
			return recent, 1000
		})
		if chance(t, 3, "lost totals") {
			valid := e.Runs[0].Valid
			for range rapid.IntRange(1, 5).Draw(t, "how many") {
				i := len(valid) - 1 - rapid.IntRange(0, min(len(valid)-1, 400)).Draw(t, "which")
				valid[i] = rapid.SampledFrom([]float64{timeseries.Missing, 0, 500, 990}).Draw(t, "what is left")
			}
		}
	case "generated":
		e = slotest.Events(o.Timeframe, q, slotest.Everything()).Draw(t, "events")
	case "line":
		extent := slo.Extent(o.Timeframe, q)
		line, err := slo.FromTransitions(slotest.Transitions(extent).Draw(t, "transitions"), slotest.Silence().Draw(t, "silence"), extent)
		if err != nil {
			t.Fatal(err)
		}
		e = line.Events(line, slo.Cuts(o.Timeframe, q))
	}
	a, err := slo.Assess(o, e, q)
	if err != nil {
		t.Fatal(err)
	}
	if chance(t, 5, "odd") {
		makeOdd(t, &a)
	}
	return a
}

// makeOdd makes an assessment that no evidence leads to.
func makeOdd(t *rapid.T, a *slo.Assessment) {
	odd := slo.Known(rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, -5, 99, 1e300}).Draw(t, "odd value"))
	switch rapid.SampledFrom([]string{"state", "valid", "coverage", "attainment", "budget", "no budget", "newest", "recent", "unit", "target", "window", "timeframe", "crossings", "empty", "note"}).Draw(t, "oddity") {
	case "state":
		a.State = rapid.SampledFrom([]slo.State{"", slo.NoData, slo.OK, slo.Breached, "odd"}).Draw(t, "state")
	case "valid":
		a.Valid = rapid.SampledFrom([]slo.Figure{{}, odd}).Draw(t, "valid")
	case "coverage":
		a.Coverage = rapid.SampledFrom([]slo.Figure{{}, odd}).Draw(t, "coverage")
	case "attainment":
		a.Attainment = rapid.SampledFrom([]slo.Figure{{}, odd}).Draw(t, "attainment")
	case "budget":
		v, _ := odd.Value()
		a.Budget = &slo.Budget{RemainingPercent: v}
	case "no budget":
		a.Budget = nil
	case "newest":
		shift := rapid.SampledFrom([]int64{-1e9, -7200, -3600, 300, 600, 601, 1e9, math.MinInt64 / 4}).Draw(t, "shift")
		a.Newest = a.Newest.Shift(shift)
	case "recent":
		a.Recent = nil
	case "unit":
		a.Unit = rapid.SampledFrom([]slo.Unit{"", slo.Seconds, slo.Requests, "odd"}).Draw(t, "unit")
	case "target":
		a.Objective.Target = rapid.SampledFrom([]slo.Target{0, -1, slo.Hundred, slo.Hundred + 1}).Draw(t, "target")
	case "window":
		a.Window = a.Window.Shift(rapid.SampledFrom([]int64{-86_400, 300, 1, 1e12}).Draw(t, "shift"))
	case "timeframe":
		a.Objective.Timeframe = rapid.SampledFrom([]slo.Timeframe{0, -1, slo.ThirtyDays, 1e15}).Draw(t, "timeframe")
	case "crossings":
		a.Crossings = slices.Repeat([]slo.Crossing{{}}, rapid.IntRange(0, 4).Draw(t, "crossings"))
	case "empty":
		*a = slo.Assessment{}
	case "note":
		a.Notes = []slo.Note{{Code: rapid.SampledFrom([]string{"preview", "coverage"}).Draw(t, "note")}}
	}
}

func genSubject(t *rapid.T, p policy.Policy, i int, calm bool) policy.Subject {
	s := policy.Subject{Definition: slo.Definition{
		ID:   fmt.Sprint("id-", i),
		Name: rapid.SampledFrom([]string{"alpha", "beta", "alphabet", ""}).Draw(t, "name"),
		Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"service:shop", "service:batch", "env:prod", "Env:Test", "team:x"}), 0, 3).Draw(t, "tags"),
	}}
	if calm {
		s.Windows = []slo.Assessment{calmWindow(t, p)}
		return s
	}
	switch rapid.IntRange(0, 15).Draw(t, "state of the subject") {
	case 13:
		s.Defect = &slo.Defect{Kind: rapid.SampledFrom([]slo.DefectKind{slo.Auth, slo.Unavailable, slo.Invalid, slo.Unsupported, ""}).Draw(t, "defect"), Message: "it is so"}
		if rapid.Bool().Draw(t, "defined") {
			s.Definition.Defect = s.Defect
		}
		return s
	case 14:
		return s
	case 15:
		s.Notes = []slo.Note{{Code: rapid.SampledFrom([]string{"preview", "coverage"}).Draw(t, "note")}}
	}
	for range rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "windows") {
		s.Windows = append(s.Windows, genWindow(t, p))
	}
	return s
}

func genRequest(t *rapid.T) policy.Request {
	return policy.Request{
		At:     at,
		Now:    at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 10, 55, 60, 600, -5, -10, -60}).Draw(t, "now")) * time.Minute),
		Change: rapid.SampledFrom([]string{"", policy.Fix}).Draw(t, "change"),
		Expect: rapid.SampledFrom([]int{0, 0, 1, 2, 3, -1}).Draw(t, "expect"),
		Listed: []slo.Definition{{ID: "id-9", Name: "gone"}},
	}
}

// situation is all that Judge is asked.
type situation struct {
	policy   policy.Policy
	subjects []policy.Subject
	request  policy.Request
}

func genSituation(t *rapid.T) situation {
	s := situation{policy: genPolicy(t), request: genRequest(t)}
	calm := rapid.Bool().Draw(t, "calm")
	if calm {
		s.request.Now, s.request.Expect = at, 1
	}
	for i := range rapid.SampledFrom([]int{1, 1, 2, 3, 0}).Draw(t, "subjects") {
		s.subjects = append(s.subjects, genSubject(t, s.policy, i, calm))
	}
	return s
}

// worsened is the evidence with more that is bad: never more events, nor fewer.
func worsened(t *rapid.T, e slo.Events) slo.Events {
	e.Runs = slices.Clone(e.Runs)
	for i := range e.Runs {
		e.Runs[i].Good = slices.Clone(e.Runs[i].Good)
	}
	for range rapid.IntRange(1, 6).Draw(t, "worse stretches") {
		if len(e.Runs) == 0 {
			break
		}
		r := e.Runs[rapid.IntRange(0, len(e.Runs)-1).Draw(t, "run")]
		lo := rapid.IntRange(0, len(r.Good)-1).Draw(t, "from")
		hi := min(len(r.Good), lo+rapid.SampledFrom([]int{1, 2, 12, 72, 1000}).Draw(t, "buckets"))
		share := rapid.SampledFrom([]float64{1, 0.5, 0.25}).Draw(t, "share")
		for k := lo; k < hi; k++ {
			if !timeseries.IsMissing(r.Good[k]) {
				r.Good[k] = math.Floor(r.Good[k] * (1 - share))
			}
		}
	}
	return e
}
