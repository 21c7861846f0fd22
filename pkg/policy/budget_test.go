package policy_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// five days ago, in seconds: inside a window of seven, outside of what burn rates look at.
const fiveDays = 432_000

// spent is a thousand events a bucket, of which n are bad, as fast as they go
// from five days ago on. Over seven days with a target of 99, 20,160 may be.
func spent(n float64) counts {
	return func(ago int64) (float64, float64) {
		before := 1000 * float64(fiveDays-ago) / slo.BucketSeconds
		if ago > fiveDays {
			return 0, 1000
		}
		return min(1000, max(0, n-before)), 1000
	}
}

func at64(v float64) *policy.Bound { return &policy.Bound{Value: v} }

var off = &policy.Bound{Off: true}

func TestBudget(t *testing.T) {
	t.Parallel()
	bounds := func(block, warn *policy.Bound) policy.Settings {
		return policy.Settings{BudgetBlock: block, BudgetWarn: warn}
	}
	section := `section "all" (slo.yaml:3:5)`
	for _, test := range []struct {
		name      string
		settings  policy.Settings
		spent     float64
		verdict   policy.Verdict
		threshold float64
		from      string
		blocks    bool
		reason    string
	}{
		{"all left", policy.Settings{}, 0, policy.Pass, 0, "default", true, "100.0% of the 7d budget is left; more than 0% has to be left"},
		{"one event left", policy.Settings{}, 20_159, policy.Pass, 0, "default", true, "0.004% of the 7d budget is left; more than 0% has to be left"},
		{"nothing left", policy.Settings{}, 20_160, policy.Fail, 0, "default", true, "0.0% of the 7d budget is left; more than 0% has to be left"},
		{"one event over", policy.Settings{}, 20_161, policy.Fail, 0, "default", true, "0.1% over the 7d budget; more than 0% has to be left"},
		{"an eighth over", policy.Settings{}, 22_680, policy.Fail, 0, "default", true, "12.5% over the 7d budget; more than 0% has to be left"},
		{"below a bound", bounds(at64(20), nil), 16_129, policy.Fail, 20, section, true, "19.9% of the 7d budget is left; more than 20% has to be left"},
		{"at a bound", bounds(at64(20), nil), 16_128, policy.Fail, 20, section, true, "20.0% of the 7d budget is left; more than 20% has to be left"},
		{"above a bound", bounds(at64(20), nil), 16_127, policy.Pass, 20, section, true, "20.004% of the 7d budget is left; more than 20% has to be left"},
		{"above both", bounds(nil, at64(20)), 16_000, policy.Pass, 20, section, true, "20.6% of the 7d budget is left; more than 20% has to be left"},
		{"at the one that warns", bounds(nil, at64(20)), 16_128, policy.Warning, 20, section, true, "20.0% of the 7d budget is left; more than 20% has to be left"},
		{"at the one that blocks", bounds(nil, at64(20)), 20_160, policy.Fail, 0, "default", true, "0.0% of the 7d budget is left; more than 0% has to be left"},
		{"only one that warns", bounds(off, at64(20)), 30_000, policy.Warning, 20, section, false, "48.9% over the 7d budget; more than 20% has to be left"},
		{"an overdraft", bounds(at64(-50), nil), 30_239, policy.Pass, -50, section, true, "49.996% over the 7d budget; more than -50% has to be left"},
		{"an overdraft that is used up", bounds(at64(-50), nil), 30_240, policy.Fail, -50, section, true, "50.0% over the 7d budget; more than -50% has to be left"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := one(test.settings)
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99", slo.SevenDays, spent(test.spent)))}, asked())
			c := only(t, d, "budget")
			if c.Verdict != test.verdict || c.From != test.from || c.Blocks != test.blocks || c.Threshold != slo.Known(test.threshold) {
				t.Errorf("%+v", c)
			}
			if c.Reason != test.reason {
				t.Errorf("%s", c.Reason)
			}
			if got := c.Value; got != slo.Known(100*(20_160-test.spent)/20_160) {
				t.Errorf("value %v", got)
			}
			if d.Verdict != test.verdict {
				t.Errorf("the whole is %s", d.Verdict)
			}
			if holds := test.verdict == policy.Pass; holds != (c.Do == "") || holds != c.Since.Empty() {
				t.Errorf("do %q, since %v", c.Do, c.Since)
			}
		})
	}
}

func TestBudgetOff(t *testing.T) {
	t.Parallel()
	p := one(policy.Settings{BudgetBlock: off})
	d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99", slo.SevenDays, spent(50_000)))}, asked())
	if len(rule(d, "budget")) != 0 || d.Outcome != policy.Passed {
		t.Errorf("%+v", d)
	}
}

// Since when and until when, by the bound that decided.
func TestBudgetCrossings(t *testing.T) {
	t.Parallel()
	p := one(policy.Settings{BudgetWarn: at64(50), AttainmentBlock: at64(98), AttainmentWarn: at64(99.5)})
	// 20 buckets take 20,000, the next one the last 160 that may be bad: 0 % is left.
	fell := func(buckets int64) timeseries.Span {
		start := to - fiveDays + buckets*300
		return timeseries.Span{Start: start, End: start + 300}
	}
	// The first bad bucket leaves the window two days from now, 1,000 in 300 s.
	const leaves = to + int64(slo.SevenDays) - fiveDays
	for _, test := range []struct {
		name  string
		spent float64
		rule  string
		since timeseries.Span
		until int64
	}{
		{"nothing left", 20_160, "budget", fell(20), leaves + 1},
		{"301 over", 20_461, "budget", fell(20), leaves + 91}, // 90.3 s
		{"half left, which warns", 10_080, "budget", fell(10), leaves + 1},
		{"attainment 99.5", 10_081, "attainment", fell(10), leaves + 1},
		{"attainment 98", 40_321, "attainment", fell(40), leaves + 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99", slo.SevenDays, spent(test.spent)))}, asked())
			c := only(t, d, test.rule)
			if c.Since != test.since || c.SinceBefore || c.Until != test.until || c.UntilQuiet != test.until {
				t.Errorf("since %v, until %d and %d", c.Since, c.Until-leaves, c.UntilQuiet-leaves)
			}
		})
	}
	// Where other levels were asked for, nothing is said rather than something wrong.
	a := metric(t, p, "99", slo.SevenDays, spent(20_160))
	if c := only(t, policy.Policy{}.Judge([]policy.Subject{subject("a", a)}, asked()), "budget"); !c.Since.Empty() || c.Until != 0 {
		t.Errorf("%+v", c)
	}
}

func TestBudgetUnknown(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	a := metric(t, none, "99", slo.SevenDays, spent(0))
	for _, b := range []*slo.Budget{nil, {RemainingPercent: math.NaN()}, {RemainingPercent: math.Inf(1)}} {
		a.Budget = b
		d := none.Judge([]policy.Subject{subject("a", a)}, asked())
		if c := only(t, d, "budget"); c.Verdict != policy.Undecided || c.Value.IsKnown() || d.Outcome != policy.Open {
			t.Errorf("%+v: %+v", b, c)
		}
	}
}

func TestTargetOfHundred(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		settings policy.Settings
		spent    float64
		verdict  policy.Verdict
		reason   string
	}{
		{"nothing failed", policy.Settings{}, 0, policy.Pass, "nothing failed over 7d; a target of 100% has no budget"},
		{"one failed", policy.Settings{}, 1, policy.Fail, "99.9% attained over 7d; a target of 100% has no budget, nothing may fail"},
		{"one failed, which warns", policy.Settings{BudgetBlock: off, BudgetWarn: at64(10)}, 1, policy.Warning, "99.9% attained over 7d; a target of 100% has no budget, nothing may fail"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := one(test.settings)
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "100", slo.SevenDays, spent(test.spent)))}, asked())
			c := only(t, d, "budget")
			if c.Verdict != test.verdict || c.Reason != test.reason || c.Threshold != slo.Known(100) || d.Verdict != test.verdict {
				t.Errorf("%s: %s", c.Verdict, c.Reason)
			}
			for _, l := range policy.Lookbacks {
				if b := only(t, d, l.Rule); b.Verdict != policy.Pass || b.Reason != "a target of 100% has no burn rate" {
					t.Errorf("%+v", b)
				}
			}
		})
	}
	p := one(policy.Settings{})
	a := metric(t, p, "100", slo.SevenDays, spent(0))
	a.Attainment = slo.Figure{}
	if c := only(t, p.Judge([]policy.Subject{subject("a", a)}, asked()), "budget"); c.Verdict != policy.Undecided {
		t.Errorf("%+v", c)
	}
}

func TestAttainment(t *testing.T) {
	t.Parallel()
	// Of 2,016,000 events 0.5 % are 10,080 and 0.1 % are 2,016.
	both := policy.Settings{AttainmentBlock: at64(99.5), AttainmentWarn: at64(99.9)}
	for _, test := range []struct {
		name      string
		settings  policy.Settings
		spent     float64
		verdict   policy.Verdict
		threshold float64
		reason    string
	}{
		{"above both", both, 2_015, policy.Pass, 99.9, "99.90004% attained over 7d; at least 99.9% is needed"},
		{"at the one that warns", both, 2_016, policy.Pass, 99.9, "99.9% attained over 7d; at least 99.9% is needed"},
		{"below the one that warns", both, 2_017, policy.Warning, 99.9, "99.8% attained over 7d; at least 99.9% is needed"},
		{"at the one that blocks", both, 10_080, policy.Warning, 99.9, "99.5% attained over 7d; at least 99.9% is needed"},
		{"below the one that blocks", both, 10_081, policy.Fail, 99.5, "99.4% attained over 7d; at least 99.5% is needed"},
		{"only one that blocks", policy.Settings{AttainmentBlock: at64(99.5)}, 10_080, policy.Pass, 99.5, "99.5% attained over 7d; at least 99.5% is needed"},
		{"only one that warns", policy.Settings{AttainmentWarn: at64(99.5)}, 10_081, policy.Warning, 99.5, "99.4% attained over 7d; at least 99.5% is needed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.settings.BudgetBlock = off
			p := one(test.settings)
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99", slo.SevenDays, spent(test.spent)))}, asked())
			c := only(t, d, "attainment")
			if c.Verdict != test.verdict || c.Threshold != slo.Known(test.threshold) || d.Verdict != test.verdict {
				t.Errorf("%+v", c)
			}
			if c.Reason != test.reason {
				t.Error(c.Reason)
			}
		})
	}
	p := one(both)
	a := metric(t, p, "99", slo.SevenDays, spent(0))
	a.Attainment = slo.Known(math.NaN())
	if c := only(t, p.Judge([]policy.Subject{subject("a", a)}, asked()), "attainment"); c.Verdict != policy.Undecided {
		t.Errorf("%+v", c)
	}
	if got := rule(policy.Policy{}.Judge([]policy.Subject{subject("a", a)}, asked()), "attainment"); got != nil {
		t.Errorf("attainment is looked at without a bound: %+v", got)
	}
}

func TestFixes(t *testing.T) {
	t.Parallel()
	may := policy.Settings{FixesMayPass: new(true)}
	withAttainment := policy.Settings{FixesMayPass: new(true), AttainmentBlock: at64(99)}
	fix := func(r *policy.Request) { r.Change = policy.Fix }
	// Beside the spent budget so many are bad in each bucket of a last stretch.
	late := func(seconds int64, bad float64) counts { return lately(seconds, bad, spent(25_000)) }
	quiet := func(ago int64) (float64, float64) {
		if ago <= 3600 {
			return 0, -1
		}
		return spent(25_000)(ago)
	}
	for _, test := range []struct {
		name     string
		settings policy.Settings
		request  policy.Request
		goal     string
		counts   counts
		verdict  policy.Verdict
		notes    []string
	}{
		{"not called a fix", may, asked(), "99", spent(25_000), policy.Fail, nil},
		{"another kind of change", may, asked(func(r *policy.Request) { r.Change = "feature" }), "99", spent(25_000), policy.Fail, nil},
		{"a fix that may not", policy.Settings{}, asked(fix), "99", spent(25_000), policy.Fail, []string{"fix_not_allowed"}},
		{"a fix that may", may, asked(fix), "99", spent(25_000), policy.Warning, []string{"fix_passes"}},
		{"attainment too", withAttainment, asked(fix), "99", spent(25_000), policy.Warning, []string{"fix_passes"}},
		{"just below 1", may, asked(fix), "99", late(86_400, 9), policy.Warning, []string{"fix_passes"}},
		{"burns at 1 over 24 h", may, asked(fix), "99", late(86_400, 10), policy.Fail, nil},
		{"burns at 1 over 1 h", may, asked(fix), "99", late(3600, 10), policy.Fail, nil},
		{"burns at 1 over 6 h", may, asked(fix), "99", func(ago int64) (float64, float64) {
			if ago > 3600 && ago <= 6*3600 {
				return 12, 1000
			}
			return spent(25_000)(ago)
		}, policy.Fail, nil},
		{"burns above 1 over 24 h alone", may, asked(fix), "99", func(ago int64) (float64, float64) {
			if ago > 6*3600 && ago <= 24*3600 {
				return 14, 1000 // 10.5 of a thousand over the day
			}
			return spent(25_000)(ago)
		}, policy.Fail, nil},
		{"no traffic over 1 h", may, asked(fix), "99", quiet, policy.Fail, nil},
		{"a target of 100", may, asked(fix), "100", spent(1), policy.Fail, nil},
		{"nothing to let pass", may, asked(fix), "99", spent(0), policy.Pass, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.settings.MaxAge = new(2 * time.Hour)
			p := one(test.settings)
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, test.goal, slo.SevenDays, test.counts))}, test.request)
			if c := only(t, d, "budget"); c.Verdict != test.verdict || (c.Verdict == policy.Warning) != (c.Without == policy.Fail) {
				t.Errorf("%+v", c)
			}
			if diff := cmp.Diff(test.notes, codes(d)); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if d.Verdict != test.verdict {
				t.Errorf("the whole is %s", d.Verdict)
			}
		})
	}
}
