package slotest_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
)

// A property that is never put to an interesting case proves nothing: each of
// these must come up in a few hundred draws.
func TestGeneratorsReachEveryCorner(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for seed := range 600 {
		c := rapid.Custom(func(t *rapid.T) []string {
			o := slotest.Objective().Draw(t, "objective")
			q := slotest.Question().Draw(t, "question")
			e := slotest.Events(o.Timeframe, q, slotest.Everything()).Draw(t, "events")
			a, err := slo.Assess(o, e, q)
			if err != nil {
				t.Fatal(err)
			}
			corners := []string{"state " + string(a.State)}
			add := func(name string, reached bool) {
				if reached {
					corners = append(corners, name)
				}
			}
			for _, n := range a.Notes {
				add("note "+n.Code, true)
			}
			add("target 100", o.Target == slo.Hundred)
			add("ended", a.ExhaustedAt != 0 && a.ExhaustedAt <= q.To)
			add("will end", a.ExhaustedAt > q.To)
			add("never ends", a.Budget != nil && a.ExhaustedAt == 0)
			add("negative budget", a.Budget != nil && a.Budget.Remaining < 0)
			add("no traffic in the last hour", a.Budget != nil && !a.BurnRates[0].IsKnown())
			add("no traffic on the last day", a.Budget != nil && !a.BurnRates[2].IsKnown())
			add("not known", !a.Coverage.IsKnown())
			if p := a.Previous; p != nil {
				add("windows overlap", q.Since > q.To-int64(o.Timeframe))
				add("windows do not overlap", q.Since < q.To-int64(o.Timeframe))
				add("previous without data", a.Budget != nil && !p.Attainment.IsKnown())
				add("spent known, aged out not", p.Spent.IsKnown() && !p.AgedOut.IsKnown())
			}
			steps := map[int64]bool{}
			for _, r := range e.Runs {
				steps[r.Step] = true
			}
			add("both resolutions", steps[300] && steps[3600])
			v, known := a.Valid.Value()
			add("a fractional sum", known && v != float64(int64(v)))
			add("partial coverage", a.Coverage != slo.Known(0) && a.Coverage != slo.Known(1))
			return corners
		}).Example(seed)
		for _, corner := range c {
			seen[corner]++
		}
	}
	for _, corner := range []string{
		"state ok", "state warning", "state breached", "state no_data",
		"note zero_traffic", "note good_without_total", "note good_exceeds_total",
		"target 100", "ended", "will end", "never ends", "negative budget",
		"no traffic in the last hour", "no traffic on the last day", "not known",
		"windows overlap", "windows do not overlap", "previous without data", "spent known, aged out not",
		"both resolutions", "a fractional sum", "partial coverage",
	} {
		if seen[corner] < 3 {
			t.Errorf("%q came up %d times in 600", corner, seen[corner])
		}
	}
	t.Log(seen)
}

func TestDefinitionsAreWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := slotest.Definition().Draw(t, "definition")
		if d.ID == "" || d.Name == "" || d.SLI == nil || d.Primary != d.Objectives[0].Timeframe {
			t.Fatalf("%+v", d)
		}
		for i, o := range d.Objectives {
			if o.Target <= 0 || o.Target > slo.Hundred || (o.Warning != 0 && (o.Warning < o.Target || o.Warning > slo.Hundred)) {
				t.Fatalf("objective %+v", o)
			}
			if i > 0 && o.Timeframe <= d.Objectives[i-1].Timeframe {
				t.Fatalf("timeframes out of order: %+v", d.Objectives)
			}
		}
	})
}
