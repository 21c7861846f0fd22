package policy_test

import (
	"testing"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Where totals are missing, as many failures may be missing as there are good
// events without a total; the numbers are worked out beside each case.
func TestLostTotals(t *testing.T) {
	t.Parallel()
	const day = 86_400
	quiet := func(int64) (float64, float64) { return 0, 1000 }
	spread := func(int64) (float64, float64) { return 9, 1000 } // 18,144 of 2,016,000; 20,160 are allowed at 99%
	burning := func(ago int64) (float64, float64) {
		switch {
		case ago <= 300:
			return 200, 1000 // burns at 20
		case ago <= 3600:
			return 150, 1000 // 1,850 of 12,000: at 15.4
		}
		return 0, 1000
	}
	for _, test := range []struct {
		name   string
		goal   string
		policy policy.Policy
		counts counts
		lost   []int64 // seconds before the end
		rule   string
		want   policy.Verdict
	}{
		// Without three buckets 18,117 are bad and 20,130 allowed; 2,973 good events lack their total.
		{"budget, nothing lost", "99", policy.Policy{}, spread, nil, "budget", policy.Pass},
		{"budget, two buckets", "99", policy.Policy{}, spread, []int64{3 * day, 4 * day}, "budget", policy.Pass},
		{"budget, three buckets", "99", policy.Policy{}, spread, []int64{3 * day, 4 * day, 5 * day}, "budget", policy.Undecided},
		{"attainment, two buckets", "90", one(policy.Settings{AttainmentBlock: at64(99)}), spread, []int64{3 * day, 4 * day}, "attainment", policy.Pass},
		{"attainment, three buckets", "90", one(policy.Settings{AttainmentBlock: at64(99)}), spread, []int64{3 * day, 4 * day, 5 * day}, "attainment", policy.Undecided},
		{"attainment that only warns", "90", one(policy.Settings{AttainmentWarn: at64(99)}), spread, []int64{3 * day, 4 * day, 5 * day}, "attainment", policy.Pass},
		// Without one bucket of the hour 1,700 of 11,000 are bad, at 15.5; with 850 more at 23.2, above 16.8.
		{"burn, nothing lost", "99", policy.Policy{}, burning, nil, "burn_1h", policy.Pass},
		{"burn, one bucket", "99", policy.Policy{}, burning, []int64{2700}, "burn_1h", policy.Undecided},
		{"burn that only warns", "99", policy.Policy{Flags: policy.Settings{Burn: [3]policy.Burn{{Level: policy.Warn}}}}, burning, []int64{2700}, "burn_1h", policy.Pass},
		{"target 100, nothing lost", "100", policy.Policy{}, quiet, nil, "budget", policy.Pass},
		{"target 100, one bucket", "100", policy.Policy{}, quiet, []int64{3 * day}, "budget", policy.Undecided},
	} {
		e := evidence(7*day, test.counts)
		for _, ago := range test.lost {
			e.Runs[0].Valid[len(e.Runs[0].Valid)-int(ago/300)] = timeseries.Missing
		}
		a, err := slo.Assess(slo.Objective{Timeframe: slo.SevenDays, Target: target(test.goal)}, e, question(test.policy, to))
		if err != nil {
			t.Fatal(err)
		}
		d := test.policy.Judge([]policy.Subject{subject("a", a)}, asked())
		if c := only(t, d, test.rule); c.Verdict != test.want || (test.want == policy.Undecided) != (d.Outcome == policy.Open) {
			t.Errorf("%s: %s, outcome %d: %s", test.name, c.Verdict, d.Outcome, c.Reason)
		}
	}
}

// A fix passes below a burn rate of 1, also by what may be missing.
func TestLostTotalsOfAFix(t *testing.T) {
	t.Parallel()
	p := one(policy.Settings{FixesMayPass: new(true)})
	fix := asked(func(r *policy.Request) { r.Change = policy.Fix })
	// The budget is gone since long; the last day is good, but for totals that are lost in it.
	counts := func(ago int64) (float64, float64) {
		if ago <= 2*86_400 {
			return 0, 1000
		}
		return 30, 1000
	}
	for lost, want := range map[int]policy.Verdict{0: policy.Warning, 2: policy.Warning, 3: policy.Fail} {
		e := evidence(7*86_400, counts)
		for i := range lost {
			// As many failures as good events without a total: 2,000 of 286,000 burn at 0.7, 3,000 of 285,000 at 1.05.
			e.Runs[0].Valid[len(e.Runs[0].Valid)-100-i] = timeseries.Missing
		}
		a, err := slo.Assess(slo.Objective{Timeframe: slo.SevenDays, Target: target("99")}, e, question(p, to))
		if err != nil {
			t.Fatal(err)
		}
		if c := only(t, p.Judge([]policy.Subject{subject("a", a)}, fix), "budget"); c.Verdict != want {
			t.Errorf("%d lost: %s, %s", lost, c.Verdict, c.Reason)
		}
	}
}
