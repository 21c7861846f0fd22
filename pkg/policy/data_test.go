package policy_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestData(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	fine := metric(t, none, "99.9", slo.SevenDays, steady(0))
	with := func(edit func(*slo.Assessment)) slo.Assessment {
		a := fine
		edit(&a)
		return a
	}
	upTime := stood(t, none, "99", slo.SevenDays, 0, 0)
	seconds := func(edit func(*slo.Assessment)) slo.Assessment {
		a := upTime
		edit(&a)
		return a
	}
	ageIs := func(d time.Duration) func(*slo.Assessment) {
		return func(a *slo.Assessment) {
			start := at.Add(-d).Unix()
			a.Newest = timeseries.Span{Start: start, End: start + 300}
		}
	}
	endedAgo := func(seconds int64) func(*slo.Assessment) {
		return func(a *slo.Assessment) { a.Newest = timeseries.Span{Start: to - seconds - 300, End: to - seconds} }
	}
	valid := func(v float64) func(*slo.Assessment) {
		return func(a *slo.Assessment) { a.Valid, a.Good = slo.Known(v), slo.Known(v) }
	}
	coverage := func(v float64) func(*slo.Assessment) {
		return func(a *slo.Assessment) { a.Coverage = slo.Known(v) }
	}
	for _, test := range []struct {
		name    string
		window  slo.Assessment
		rule    string
		verdict policy.Verdict
		reason  string
	}{
		{"data", fine, "data", policy.Pass, "there is data in the 7d window"},
		{"no data", with(func(a *slo.Assessment) { a.State = slo.NoData }), "data", policy.Undecided, "no data in the 7d window, so no other rule could be looked at"},
		{"a state that nobody knows", with(func(a *slo.Assessment) { a.State = "" }), "data", policy.Undecided, "no data in the 7d window, so no other rule could be looked at"},
		{"no target", with(func(a *slo.Assessment) { a.Objective.Target = 0 }), "target", policy.Undecided, "no target for 7d"},

		{"more good than total", with(func(a *slo.Assessment) { a.Good, a.Valid = slo.Known(1001), slo.Known(1000) }), "data", policy.Undecided,
			"more good than total events in the 7d window: the two do not count the same thing, or some have not arrived"},
		{"as much good as total, but for the dust", with(func(a *slo.Assessment) { a.Good, a.Valid = slo.Known(1000.0000001), slo.Known(1000) }), "data", policy.Pass,
			"there is data in the 7d window"},
		{"events below", with(valid(99)), "events", policy.Undecided, "only 99 events in the 7d window, at least 100 are needed"},
		{"events just below", with(valid(99.9999)), "events", policy.Undecided, "only 99 events in the 7d window, at least 100 are needed"},
		{"events at", with(valid(100)), "events", policy.Pass, "100 events in the 7d window, at least 100 are needed"},
		{"events above", with(valid(100.5)), "events", policy.Pass, "100.5 events in the 7d window, at least 100 are needed"},
		{"events unknown", with(func(a *slo.Assessment) { a.Valid = slo.Figure{} }), "events", policy.Undecided, "how many events the 7d window has is not known"},
		{"events not a number", with(valid(math.NaN())), "events", policy.Undecided, "how many events the 7d window has is not known"},

		{"coverage below", seconds(coverage(0.8999)), "coverage", policy.Undecided, "data in only 89.9% of the 7d window, at least 90% is needed"},
		{"coverage at", seconds(coverage(0.9)), "coverage", policy.Pass, "data in 90.0% of the 7d window, at least 90% is needed"},
		{"coverage above", seconds(coverage(0.9501)), "coverage", policy.Pass, "data in 95.0% of the 7d window, at least 90% is needed"},
		{"coverage unknown", seconds(func(a *slo.Assessment) { a.Coverage = slo.Figure{} }), "coverage", policy.Undecided, "in how much of the 7d window there was data is not known"},
		{"coverage not a number", seconds(coverage(math.NaN())), "coverage", policy.Undecided, "in how much of the 7d window there was data is not known"},

		{"fresh", fine, "freshness", policy.Pass, "the newest point is 5m old, at most 1h is allowed"},
		{"as old as allowed", with(ageIs(time.Hour)), "freshness", policy.Pass, "the newest point is 1h old, at most 1h is allowed"},
		{"a second too old", with(ageIs(time.Hour + time.Second)), "freshness", policy.Undecided, "the newest point is 1h1m old, at most 1h is allowed"},
		{"two days old", with(ageIs(48 * time.Hour)), "freshness", policy.Undecided, "the newest point is 48h old, at most 1h is allowed"},
		{"no point", with(func(a *slo.Assessment) { a.Newest = timeseries.Span{} }), "freshness", policy.Undecided, "how old the newest point of the 7d window is, is not known"},
		{"five minutes ahead", with(ageIs(-5 * time.Minute)), "freshness", policy.Pass, "the newest point is of this moment"},
		{"more than five minutes ahead", with(ageIs(-5*time.Minute - time.Second)), "freshness", policy.Undecided, "the newest point lies 6m in the future"},
		{"seconds go by the end", seconds(endedAgo(3600)), "freshness", policy.Pass, "the newest point is 1h old, at most 1h is allowed"},
		{"seconds too old by the end", seconds(endedAgo(3601)), "freshness", policy.Undecided, "the newest point is 1h1m old, at most 1h is allowed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := none.Judge([]policy.Subject{subject("a", test.window)}, asked())
			c := only(t, d, test.rule)
			if c.Verdict != test.verdict || c.Reason != test.reason {
				t.Errorf("%s: %s", c.Verdict, c.Reason)
			}
			if d.Verdict != test.verdict || (d.Outcome == policy.Passed) != (test.verdict == policy.Pass) {
				t.Errorf("the whole is %s, outcome %d", d.Verdict, d.Outcome)
			}
			if (c.Do != "") != (test.verdict != policy.Pass) {
				t.Errorf("do: %q", c.Do)
			}
			if none := strings.HasPrefix(test.reason, "no "); none && test.verdict != policy.Pass && len(rule(d, "budget")) != 0 {
				t.Error("rules of a window without data were looked at")
			}
		})
	}
}

// What an objective counts decides by which rule its data is enough.
func TestEventsOrCoverage(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	d := none.Judge([]policy.Subject{subject("m", metric(t, none, "99", slo.Day, steady(0))), subject("s", stood(t, none, "99", slo.Day, 0, 0))}, asked())
	if e, c := only(t, d, "events"), only(t, d, "coverage"); e.SLO != "m" || c.SLO != "s" {
		t.Errorf("events of %s, coverage of %s", e.SLO, c.SLO)
	}
	if d.Outcome != policy.Passed {
		t.Errorf("%+v", d)
	}
}

func TestNotEvaluated(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	fine := metric(t, none, "99", slo.Day, steady(0))
	defect := func(kind slo.DefectKind) *slo.Defect {
		return &slo.Defect{Kind: kind, Message: "it is so", Hints: []string{"do this", "do that"}}
	}
	defined := func(kind slo.DefectKind) policy.Subject {
		s := policy.Subject{Definition: named("a"), Defect: defect(kind)}
		s.Definition.Defect = s.Defect
		return s
	}
	preview := subject("a", fine)
	preview.Notes = []slo.Note{{Code: "other"}, {Code: "preview"}}
	previewed := fine
	previewed.Notes = []slo.Note{{Code: "preview"}}
	forgotten := subject("a", fine)
	forgotten.Definition.Defect = defect(slo.Unsupported)
	for _, test := range []struct {
		name    string
		subject policy.Subject
		rule    string
		outcome policy.Outcome
		reason  string
	}{
		{"auth", policy.Subject{Defect: defect(slo.Auth)}, "evaluated", policy.Refused, "it is so"},
		{"unavailable", policy.Subject{Defect: defect(slo.Unavailable)}, "evaluated", policy.Unreachable, "it is so"},
		{"an answer that makes no sense", policy.Subject{Defect: defect(slo.Invalid)}, "evaluated", policy.Unreachable, "it is so"},
		{"a definition that makes no sense", defined(slo.Invalid), "evaluated", policy.Open, "it is so"},
		{"unsupported", policy.Subject{Defect: defect(slo.Unsupported)}, "evaluated", policy.Open, "it is so"},
		{"unsupported by definition", defined(slo.Unsupported), "evaluated", policy.Open, "it is so"},
		{"a kind that nobody knows", policy.Subject{Defect: defect("odd")}, "evaluated", policy.Open, "it is so"},
		{"a defect without words", policy.Subject{Defect: &slo.Defect{}}, "evaluated", policy.Open, "it could not be evaluated"},
		{"a defect of the definition beside windows", forgotten, "evaluated", policy.Open, "it is so"},
		{"no target", subject("a"), "target", policy.Open, "no target for the timeframe"},
		{"preview", preview, "evaluated", policy.Open, "Datadog is still computing its history, so no figure is final"},
		{"preview of a window", subject("a", previewed), "evaluated", policy.Open, "Datadog is still computing its history, so no figure is final"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := none.Judge([]policy.Subject{test.subject}, asked())
			c := only(t, d, test.rule)
			if c.Verdict != policy.Undecided || c.Reason != test.reason || c.Timeframe != 0 || c.Do == "" {
				t.Errorf("%+v", c)
			}
			if test.subject.Defect != nil && c.Kind != test.subject.Defect.Kind {
				t.Errorf("kind %q", c.Kind)
			}
			if d.Outcome != test.outcome || d.Verdict != policy.Undecided {
				t.Errorf("%s, outcome %d", d.Verdict, d.Outcome)
			}
		})
	}
}

// A preview is no excuse: what is known to be violated fails.
func TestPreviewDoesNotHideAFail(t *testing.T) {
	t.Parallel()
	var none policy.Policy
	s := subject("a", metric(t, none, "99.9", slo.SevenDays, steady(100)))
	s.Notes = []slo.Note{{Code: "preview"}}
	if d := none.Judge([]policy.Subject{s}, asked()); d.Outcome != policy.Violated {
		t.Errorf("%+v", d)
	}
}

func TestUnable(t *testing.T) {
	t.Parallel()
	frozen := policy.Policy{
		Calendars: []policy.Calendar{{Name: "c", Zone: time.UTC, Dated: []policy.Dated{{From: at.Add(-time.Hour), To: at.Add(time.Hour)}}}},
		Sections:  []policy.Section{{Name: "all", Freezes: []policy.Freeze{{Calendar: "c", Level: policy.Block}}}},
	}
	some := frozen
	some.Sections = []policy.Section{{Name: "some", Match: policy.Match{Services: []string{"x"}}, Freezes: frozen.Sections[0].Freezes}}
	pass := func(r *policy.Request) { r.OnUnavailable = policy.Pass }
	down := &slo.Defect{Kind: slo.Unavailable, Message: "no route"}
	for _, test := range []struct {
		name    string
		policy  policy.Policy
		defect  *slo.Defect
		request policy.Request
		verdict policy.Verdict
		outcome policy.Outcome
	}{
		{"unavailable", policy.Policy{}, down, asked(), policy.Undecided, policy.Unreachable},
		{"invalid", policy.Policy{}, &slo.Defect{Kind: slo.Invalid, Message: "?"}, asked(), policy.Undecided, policy.Unreachable},
		{"auth", policy.Policy{}, &slo.Defect{Kind: slo.Auth}, asked(pass), policy.Undecided, policy.Refused},
		{"nothing said", policy.Policy{}, nil, asked(pass), policy.Undecided, policy.Open},
		{"may pass", policy.Policy{}, down, asked(pass), policy.Pass, policy.Passed},
		{"a freeze needs no Datadog", frozen, down, asked(pass), policy.Fail, policy.Violated},
		{"a freeze of some", some, down, asked(pass), policy.Pass, policy.Passed},
		{"may fail", policy.Policy{}, down, asked(func(r *policy.Request) { r.OnUnavailable = policy.Fail }), policy.Fail, policy.Violated},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := test.policy.Unable(test.defect, test.request)
			if c := only(t, d, "evaluated"); c.SLO != "" || c.Verdict != policy.Undecided {
				t.Errorf("%+v", c)
			}
			if d.Verdict != test.verdict || d.Outcome != test.outcome {
				t.Errorf("%s, outcome %d", d.Verdict, d.Outcome)
			}
		})
	}
}
