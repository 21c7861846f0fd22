package policy_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

func TestThreshold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		timeframe string
		want      [3]float64
	}{
		{"7d", [3]float64{16.8, 5.6, 2.8}},
		{"30d", [3]float64{14.4, 6, 3}},
		{"90d", [3]float64{21.6, 10.8, 4.5}},
		// W × 2 % ÷ 1, W × 5 % ÷ 6, W × 10 % ÷ 24.
		{"60d", [3]float64{28.8, 12, 6}},
		{"14d", [3]float64{6.72, 2.8, 1.4}},
		{"10d", [3]float64{4.8, 2, 1}},
		{"100h", [3]float64{2, 1, 1}},
		{"1h", [3]float64{1, 1, 1}},
	} {
		tf, err := slo.ParseTimeframe(test.timeframe)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range test.want {
			if got := policy.Threshold(tf, i); math.Abs(got-want) > 1e-12 {
				t.Errorf("%s over %s: %v, want %v", policy.Lookbacks[i].Rule, test.timeframe, got, want)
			}
		}
	}
}

func TestDefaultsAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	d := named("a")
	got := policy.Policy{}.For(d, nil)
	want := policy.Settings{
		BudgetBlock: at64(0), BudgetWarn: off, AttainmentBlock: off, AttainmentWarn: off,
		Burn:      [3]policy.Burn{{Level: policy.Block}, {Level: policy.Block}, {Level: policy.Warn}},
		MinEvents: new(100.0), MinCoverage: new(0.9), MaxAge: new(time.Hour),
		LowTraffic: &policy.LowTraffic{Level: policy.Warn}, FixesMayPass: new(false),
	}
	if diff := cmp.Diff(want, got.Settings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(got.From) != 12 {
		t.Errorf("%v", got.From)
	}
	for _, k := range policy.Keys {
		if got.From[k] != "default" {
			t.Errorf("%s is set by %q", k, got.From[k])
		}
	}
}

func TestLaterWinsKeyByKey(t *testing.T) {
	t.Parallel()
	shop := policy.Match{Services: []string{"shop"}}
	p := policy.Policy{
		Sections: []policy.Section{
			{Name: "one", Place: "p:1:1", Settings: policy.Settings{
				BudgetBlock: at64(1), BudgetWarn: at64(30), MinEvents: new(10.0), MaxAge: new(time.Minute),
				Burn: [3]policy.Burn{{Level: policy.Warn, Threshold: new(5.0)}, {Threshold: new(7.0)}, {Level: policy.Off}},
			}},
			{Name: "two", Match: shop, Settings: policy.Settings{
				BudgetBlock: off, MinEvents: new(20.0), MinCoverage: new(0.5),
				Burn: [3]policy.Burn{{Level: policy.Block}, {Level: policy.Off}, {Threshold: new(9.0)}},
			}},
			{Name: "three", Place: "p:9:1", Match: policy.Match{Services: []string{"batch"}}, Settings: policy.Settings{FixesMayPass: new(true), LowTraffic: &policy.LowTraffic{Events: 3, Level: policy.Off}}},
		},
		Flags: policy.Settings{MinEvents: new(99.0)},
	}
	one, two, flag := `section "one" (p:1:1)`, `section "two"`, "the command line"
	got := p.For(named("a", "service:shop"), nil)
	want := policy.Resolved{
		Settings: policy.Settings{
			BudgetBlock: off, BudgetWarn: at64(30), AttainmentBlock: off, AttainmentWarn: off,
			// A level alone means the threshold of the table; a threshold alone leaves the level.
			Burn:      [3]policy.Burn{{Level: policy.Block}, {Level: policy.Off}, {Level: policy.Off, Threshold: new(9.0)}},
			MinEvents: new(99.0), MinCoverage: new(0.5), MaxAge: new(time.Minute),
			LowTraffic: &policy.LowTraffic{Level: policy.Warn}, FixesMayPass: new(false),
		},
		From: map[string]string{
			"budget.block": two, "budget.warn": one, "attainment.block": "default", "attainment.warn": "default",
			"burn.1h": two, "burn.6h": two, "burn.24h": two,
			"min_events": flag, "min_coverage": two, "max_age": one, "low_traffic": "default", "fixes_may_pass": "default",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	levels, attainments := policy.Policy{}.Levels()
	if diff := cmp.Diff([]float64{0}, levels); diff != "" || attainments != nil {
		t.Errorf("%v, %v", levels, attainments)
	}
	p := policy.Policy{
		Sections: []policy.Section{
			{Settings: policy.Settings{BudgetBlock: at64(20), BudgetWarn: at64(-5), AttainmentWarn: at64(99.9)}},
			{Settings: policy.Settings{BudgetBlock: off, BudgetWarn: at64(20), AttainmentBlock: at64(95), AttainmentWarn: at64(math.NaN())}},
		},
		Flags: policy.Settings{BudgetBlock: at64(7), AttainmentBlock: at64(99.9)},
	}
	levels, attainments = p.Levels()
	if diff := cmp.Diff([][]float64{{-5, 0, 7, 20}, {95, 99.9}}, [][]float64{levels, attainments}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	listed := []slo.Definition{
		named("checkout availability", "service:shop", "env:prod", "team:x", "tier:2"),
		named("checkout latency", "service:shop", "env:staging", "team:x"),
		named("nightly", "Service:Batch", "env:prod", "team:y"),
		named("id-nightly", "bare"), // named like another one's id
	}
	names := func(all ...string) policy.Match {
		var m policy.Match
		for _, n := range all {
			m.Names = append(m.Names, policy.Name{Text: n})
		}
		return m
	}
	both := names("checkout*")
	both.Envs = []string{"PROD"}
	for _, test := range []struct {
		name  string
		match policy.Match
		want  []string
	}{
		{"everything", policy.Match{}, []string{"checkout availability", "checkout latency", "nightly", "id-nightly"}},
		{"a service in any case", policy.Match{Services: []string{"batch"}}, []string{"nightly"}},
		{"any of several", policy.Match{Envs: []string{"staging", "prod"}}, []string{"checkout availability", "checkout latency", "nightly"}},
		{"a team", policy.Match{Teams: []string{"x"}}, []string{"checkout availability", "checkout latency"}},
		{"all of several tags", policy.Match{Tags: []string{"team:x", "tier:2"}}, []string{"checkout availability"}},
		{"a bare tag", policy.Match{Tags: []string{"bare"}}, []string{"id-nightly"}},
		{"both a service and an env", policy.Match{Services: []string{"shop"}, Envs: []string{"prod"}}, []string{"checkout availability"}},
		{"a name in any case", names("Checkout Latency"), []string{"checkout latency"}},
		{"an id before a name", names("id-nightly"), []string{"nightly"}},
		{"a glob", names("checkout*"), []string{"checkout availability", "checkout latency"}},
		{"any of several names", names("nightly", "checkout latency"), []string{"checkout latency", "nightly"}},
		{"a name and an env", both, []string{"checkout availability"}},
		{"a name that is none", names("checkout"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Sections: []policy.Section{{Name: "s", Match: test.match, Settings: policy.Settings{MinEvents: new(1.0)}}}}
			var got []string
			for _, d := range listed {
				if p.For(d, listed).From["min_events"] == `section "s"` {
					got = append(got, d.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	p := policy.Policy{Sections: []policy.Section{{Match: names("nightly", "checkout")}, {Match: names("n*", "x*")}}}
	if diff := cmp.Diff([]policy.Name{{Text: "checkout"}, {Text: "x*"}}, p.Unknown(listed)); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
}
