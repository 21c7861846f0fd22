package policy_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// part is so many bad of 10,000 in every bucket between two times before the end.
type part struct {
	from, to int64
	bad      float64
}

// parts is ten thousand events a bucket with some bad here and there; -1 stands for no point.
func parts(all ...part) counts {
	return func(ago int64) (float64, float64) {
		for _, p := range all {
			if ago <= p.from && ago > p.to {
				if p.bad < 0 {
					return 0, -1
				}
				return p.bad, 10_000
			}
		}
		return 0, 10_000
	}
}

func TestBurn(t *testing.T) {
	t.Parallel()
	const hour = 3600
	// With a target of 99.9 over 30 days the thresholds are 14.4, 6 and 3: 144, 60 and 30 bad of 10,000.
	for _, test := range []struct {
		name     string
		settings policy.Settings
		counts   counts
		rule     string
		verdict  policy.Verdict
		reason   string
	}{
		{"nothing bad", policy.Settings{}, parts(), "burn_1h", policy.Pass, "burns at 0.0 over 1h and at 0.0 over the last 5m; not both above 14.4"},
		{"at the threshold", policy.Settings{}, parts(part{hour, 0, 144}), "burn_1h", policy.Pass, "burns at 14.4 over 1h and at 14.4 over the last 5m; not both above 14.4"},
		{"above", policy.Settings{}, parts(part{hour, 0, 145}), "burn_1h", policy.Fail, "burns at 14.5 over 1h and at 14.5 over the last 5m, both above 14.4: 2.1% of the 30d budget is gone each hour"},
		{"just above", policy.Settings{}, parts(part{hour, 300, 144}, part{300, 0, 144.01}), "burn_1h", policy.Fail, "burns at 14.5 over 1h and at 14.5 over the last 5m, both above 14.4: 2.1% of the 30d budget is gone each hour"},
		{"only the long one", policy.Settings{}, parts(part{hour, 300, 200}), "burn_1h", policy.Pass, "burns at 18.4 over 1h and at 0.0 over the last 5m; not both above 14.4"},
		{"only the short one", policy.Settings{}, parts(part{300, 0, 1000}), "burn_1h", policy.Pass, "burns at 8.4 over 1h and at 100.0 over the last 5m; not both above 14.4"},
		{"short at the threshold", policy.Settings{}, parts(part{hour, 300, 200}, part{300, 0, 144}), "burn_1h", policy.Pass, "burns at 19.6 over 1h and at 14.4 over the last 5m; not both above 14.4"},
		{"the short one without traffic", policy.Settings{}, parts(part{hour, 300, 200}, part{300, 0, -1}), "burn_1h", policy.Undecided, "burns at 20.0 over 1h, above 14.4, and the last 5m had no traffic, so that cannot be confirmed"},
		{"not above, the short one without traffic", policy.Settings{}, parts(part{hour, 300, 100}, part{300, 0, -1}), "burn_1h", policy.Pass, "burns at 10.0 over 1h, not above 14.4"},
		{"no traffic", policy.Settings{MaxAge: new(48 * time.Hour)}, parts(part{hour, 0, -1}), "burn_1h", policy.Pass, "no traffic in the last 1h"},
		{"6 h at the threshold", policy.Settings{}, parts(part{6 * hour, 0, 60}), "burn_6h", policy.Pass, "burns at 6.0 over 6h and at 6.0 over the last 30m; not both above 6"},
		{"6 h above", policy.Settings{}, parts(part{6 * hour, 0, 61}), "burn_6h", policy.Fail, "burns at 6.1 over 6h and at 6.1 over the last 30m, both above 6: 0.9% of the 30d budget is gone each hour"},
		{"24 h at the threshold", policy.Settings{}, parts(part{24 * hour, 0, 30}), "burn_24h", policy.Pass, "burns at 3.0 over 24h and at 3.0 over the last 2h; not both above 3"},
		{"24 h above, which warns", policy.Settings{}, parts(part{24 * hour, 0, 31}), "burn_24h", policy.Warning, "burns at 3.1 over 24h and at 3.1 over the last 2h, both above 3: 0.5% of the 30d budget is gone each hour"},
		{"24 h not confirmed", policy.Settings{}, parts(part{24 * hour, 2 * hour, 40}), "burn_24h", policy.Pass, "burns at 3.7 over 24h and at 0.0 over the last 2h; not both above 3"},
		{"a threshold of one's own", policy.Settings{Burn: [3]policy.Burn{{Level: policy.Block, Threshold: new(5.0)}}}, parts(part{hour, 0, 51}), "burn_1h", policy.Fail, "burns at 5.1 over 1h and at 5.1 over the last 5m, both above 5: 0.8% of the 30d budget is gone each hour"},
		{"a level of one's own", policy.Settings{Burn: [3]policy.Burn{{Level: policy.Warn}}}, parts(part{hour, 0, 145}), "burn_1h", policy.Warning, "burns at 14.5 over 1h and at 14.5 over the last 5m, both above 14.4: 2.1% of the 30d budget is gone each hour"},
		{"not a number", policy.Settings{Burn: [3]policy.Burn{{Threshold: new(math.NaN())}}}, parts(), "burn_1h", policy.Undecided, "its threshold is not a number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.settings.BudgetBlock = off
			p := one(test.settings)
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99.9", slo.ThirtyDays, test.counts))}, asked())
			c := only(t, d, test.rule)
			if c.Verdict != test.verdict {
				t.Errorf("%+v", c)
			}
			if c.Reason != test.reason {
				t.Error(c.Reason)
			}
			if d.Verdict != test.verdict {
				t.Errorf("the whole is %s", d.Verdict)
			}
			if c.Window.End != to || c.Confirm.Window.End != to || c.Window.Seconds() != 12*c.Confirm.Window.Seconds() {
				t.Errorf("windows %v and %v", c.Window, c.Confirm.Window)
			}
		})
	}
	// A rule that is off is not looked at.
	p := one(policy.Settings{Burn: [3]policy.Burn{{Level: policy.Off}}})
	if d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99.9", slo.ThirtyDays, parts()))}, asked()); rule(d, "burn_1h") != nil {
		t.Errorf("%+v", d.Checks)
	}
}

func TestBurnUnknown(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	tf, goal := slo.SevenDays, slo.Objective{Timeframe: slo.SevenDays, Target: target("99")}
	e := evidence(int64(tf), parts())
	late := question(none, to)
	late.Recent = 3600 // enough for one rule
	never := question(none, to)
	never.Recent = 0
	for _, test := range []struct {
		name     string
		question slo.Question
		want     [3]policy.Verdict
	}{
		{"asked", question(none, to), [3]policy.Verdict{policy.Pass, policy.Pass, policy.Pass}},
		{"not asked", never, [3]policy.Verdict{policy.Undecided, policy.Undecided, policy.Undecided}},
		{"not far enough", late, [3]policy.Verdict{policy.Pass, policy.Undecided, policy.Undecided}},
	} {
		a, err := slo.Assess(goal, e, test.question)
		if err != nil {
			t.Fatal(err)
		}
		d := none.Judge([]policy.Subject{subject("a", a)}, asked())
		for i, l := range policy.Lookbacks {
			if c := only(t, d, l.Rule); c.Verdict != test.want[i] {
				t.Errorf("%s: %+v", test.name, c)
			}
		}
	}
	// Good events without any total are not silence.
	lost := evidence(int64(tf), parts(part{3600, 0, -1}))
	for i := len(lost.Runs[0].Good) - 12; i < len(lost.Runs[0].Good); i++ {
		lost.Runs[0].Good[i] = 5
	}
	a, err := slo.Assess(goal, lost, question(none, to))
	if err != nil {
		t.Fatal(err)
	}
	if c := only(t, none.Judge([]policy.Subject{subject("a", a)}, asked()), "burn_1h"); c.Verdict != policy.Undecided || c.Reason != "the events of the last 1h make no sense: 60 good of 0" {
		t.Errorf("%+v", c)
	}
}

// A denominator that is late must not cancel what was bad before.
func TestBurnWithMoreGoodThanTotal(t *testing.T) {
	t.Parallel()
	none := policy.Policy{}
	tf := slo.SevenDays
	for name, edit := range map[string]func(r *slo.Run){
		"the newest point of the denominator is missing": func(r *slo.Run) { r.Valid[len(r.Valid)-1] = timeseries.Missing },
		"it is too small": func(r *slo.Run) { r.Valid[len(r.Valid)-1] = 1 },
	} {
		e := evidence(int64(tf), parts(part{3600, 900, 9000}))
		edit(&e.Runs[0])
		a, err := slo.Assess(slo.Objective{Timeframe: tf, Target: target("99")}, e, question(none, to))
		if err != nil {
			t.Fatal(err)
		}
		d := none.Judge([]policy.Subject{subject("a", a)}, asked())
		if c := only(t, d, "burn_1h"); c.Verdict != policy.Undecided || !strings.Contains(c.Reason, "more good than total") {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Where everything bad burns at 10, a threshold of 14.4 means nothing.
func TestBurnThatCanNeverFire(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		goal   string
		reason string
	}{
		{"90", "can never fire: with a target of 90% no burn rate is above 10.0, the threshold is 14.4"},
		{"93", "can never fire: with a target of 93% no burn rate is above 14.3, the threshold is 14.4"},
		{"94", "burns at 0.0 over 1h and at 0.0 over the last 5m; not both above 14.4"},
	} {
		var none policy.Policy
		d := none.Judge([]policy.Subject{subject("a", metric(t, none, test.goal, slo.ThirtyDays, parts()))}, asked())
		if c := only(t, d, "burn_1h"); c.Verdict != policy.Pass || c.Reason != test.reason {
			t.Errorf("%s: %+v", test.goal, c)
		}
	}
	p := one(policy.Settings{Burn: [3]policy.Burn{{Threshold: new(20.0)}}})
	d := p.Judge([]policy.Subject{subject("a", metric(t, p, "95", slo.ThirtyDays, parts(part{86400, 0, 10_000})))}, asked())
	if c := only(t, d, "burn_1h"); c.Verdict != policy.Pass || c.Reason != "can never fire: with a target of 95% no burn rate is above 20.0, the threshold is 20" {
		t.Errorf("%+v", c)
	}
}

func TestLowTraffic(t *testing.T) {
	t.Parallel()
	guard := func(events float64, level policy.Level) policy.Settings {
		return policy.Settings{BudgetBlock: off, LowTraffic: &policy.LowTraffic{Events: events, Level: level}}
	}
	burning, unconfirmed := parts(part{3600, 0, 145}), parts(part{3600, 300, 200}, part{300, 0, -1})
	for _, test := range []struct {
		name     string
		settings policy.Settings
		counts   counts
		verdict  policy.Verdict
	}{
		{"as many as asked", guard(120_000, policy.Off), burning, policy.Fail},
		{"fewer, which warns", guard(120_001, policy.Warn), burning, policy.Warning},
		{"fewer, which passes", guard(120_001, policy.Off), burning, policy.Pass},
		{"not burning", guard(120_001, policy.Warn), parts(), policy.Pass},
		{"only the long one", guard(120_001, policy.Warn), parts(part{3600, 300, 200}), policy.Pass},
		{"not confirmed, enough", guard(110_000, policy.Off), unconfirmed, policy.Undecided},
		{"not confirmed, fewer, which warns", guard(110_001, policy.Warn), unconfirmed, policy.Warning},
		{"not confirmed, fewer, which passes", guard(110_001, policy.Off), unconfirmed, policy.Pass},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := one(test.settings)
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99.9", slo.ThirtyDays, test.counts))}, asked())
			if c := only(t, d, "burn_1h"); c.Verdict != test.verdict {
				t.Errorf("%+v", c)
			}
		})
	}
	// Time is no traffic.
	p := one(guard(1e9, policy.Off))
	d := p.Judge([]policy.Subject{subject("a", stood(t, p, "99.9", slo.ThirtyDays, 3600, 0))}, asked())
	if c := only(t, d, "burn_1h"); c.Verdict != policy.Fail {
		t.Errorf("%+v", c)
	}
}

func TestBurnSince(t *testing.T) {
	t.Parallel()
	span := func(ago int64) timeseries.Span { return timeseries.Span{Start: to - ago, End: to - ago + 300} }
	for _, test := range []struct {
		name   string
		counts counts
		rule   string
		since  timeseries.Span
		before bool
	}{
		{"with the first bad bucket", parts(part{900, 0, 10_000}), "burn_1h", span(900), false},
		{"a gap begins it anew", parts(part{3000, 1200, 10_000}, part{900, 0, 10_000}), "burn_1h", span(900), false},
		{"once the long window has enough", parts(part{3600, 0, 288}), "burn_1h", span(1800), false}, // 6 of 12 buckets are 14.4, 7 are more
		{"for as long as is known", parts(part{49 * 3600, 0, 10_000}), "burn_1h", span(47*3600 + 300), true},
		{"for as long as is known of a day", parts(part{49 * 3600, 0, 10_000}), "burn_24h", span(24*3600 + 300), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := one(policy.Settings{BudgetBlock: off})
			d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99.9", slo.ThirtyDays, test.counts))}, asked())
			c := only(t, d, test.rule)
			if c.SinceBefore != test.before {
				t.Errorf("before: %v", c.SinceBefore)
			}
			if c.Since != test.since {
				t.Errorf("since %v, %d s before the end", c.Since, to-c.Since.Start)
			}
			if c.Until != 0 || c.UntilQuiet != to+c.Confirm.Window.Seconds() {
				t.Errorf("until %d, quiet %d", c.Until, c.UntilQuiet-to)
			}
		})
	}
}

// Since when a rule fires, against the plainest way: for every instant add up
// the evidence again, bucket by bucket.
func TestLawSinceIsWhatTheEvidenceSays(t *testing.T) {
	t.Parallel()
	fired := 0
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0, 10, 50, 100, 400, 1000, -1}), 1, 12).Draw(t, "bad of a thousand")
		lengths := rapid.SliceOfN(rapid.Int64Range(1, 90), len(levels), len(levels)).Draw(t, "buckets")
		reach := int64(3 * 86_400)
		bad, valid := map[int64]float64{}, map[int64]float64{} // by seconds before the end
		e := evidence(reach, func(ago int64) (float64, float64) {
			k, i := ago/300, 0
			for ; i < len(levels)-1 && k > lengths[i]; i++ {
				k -= lengths[i]
			}
			if levels[i] < 0 {
				return 0, -1
			}
			bad[ago], valid[ago] = levels[i], 1000
			return levels[i], 1000
		})
		goal := rapid.SampledFrom([]string{"99.9", "99", "95"}).Draw(t, "target")
		p := one(policy.Settings{BudgetBlock: off, MaxAge: new(200 * time.Hour)})
		for i := range policy.Lookbacks {
			p.Sections[0].Settings.Burn[i] = policy.Burn{Level: policy.Block, Threshold: new(rapid.SampledFrom([]float64{0.5, 1, 2, 14.4}).Draw(t, "threshold"))}
		}
		a, err := slo.Assess(slo.Objective{Timeframe: slo.Day, Target: target(goal)}, e, question(p, slotest.Epoch))
		if err != nil {
			t.Fatal(err)
		}
		d := p.Judge([]policy.Subject{subject("a", a)}, asked())
		share := map[string]float64{"99.9": 1, "99": 10, "95": 50}[goal] // of a thousand
		for i, l := range policy.Lookbacks {
			threshold := *p.Sections[0].Settings.Burn[i].Threshold
			above := func(ago, seconds int64) bool {
				var b, v float64
				for k := ago + 300; k <= ago+seconds; k += 300 {
					b, v = b+bad[k], v+valid[k]
				}
				return b*1000 > threshold*share*v
			}
			fires := func(ago int64) bool { return above(ago, l.Long) && above(ago, l.Short) }
			for _, c := range rule(d, l.Rule) {
				if got := c.Verdict == policy.Fail; got != fires(0) {
					t.Fatalf("%s fires: %v, by the evidence %v", l.Rule, got, fires(0))
				}
				if c.Verdict != policy.Fail {
					continue
				}
				fired++
				ago := int64(0)
				for ago+300+l.Long <= policy.Recent && fires(ago+300) {
					ago += 300
				}
				want := fmt.Sprint(timeseries.Span{Start: to - ago - 300, End: to - ago}, ago+300+l.Long > policy.Recent)
				if got := fmt.Sprint(c.Since, c.SinceBefore); got != want {
					t.Fatalf("%s since %s, by the evidence %s", l.Rule, got, want)
				}
			}
		}
	})
	if fired == 0 {
		t.Error("no rule ever fired")
	}
}
