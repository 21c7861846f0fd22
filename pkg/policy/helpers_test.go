package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// to is the end of every window in the tables.
const to = slotest.Epoch

var at = time.Unix(to, 0).UTC()

// asked is a request at the end of the window.
func asked(edit ...func(*policy.Request)) policy.Request {
	r := policy.Request{At: at, Now: at}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func target(s string) slo.Target {
	t, err := slo.ParseTarget(s)
	if err != nil {
		panic(err)
	}
	return t
}

// question is what the policy wants to know at an instant.
func question(p policy.Policy, end int64) slo.Question {
	levels, attainments := p.Levels()
	return slo.Question{To: end, Recent: policy.Recent, Levels: levels, Attainments: attainments}
}

// counts says what happened in the bucket of 300 s that begins so many seconds before the end.
type counts func(ago int64) (bad, valid float64)

// steady is a thousand events a bucket, of which some are bad.
func steady(bad float64) counts {
	return func(int64) (float64, float64) { return bad, 1000 }
}

// lately is one thing during the last seconds and another before.
func lately(seconds int64, bad float64, before counts) counts {
	return func(ago int64) (float64, float64) {
		if ago <= seconds {
			return bad, 1000
		}
		return before(ago)
	}
}

// evidence is the counts over a stretch before the end; a valid count below 0 stands for no point.
func evidence(reach int64, c counts) slo.Events {
	e := slo.Events{Known: timeseries.Span{Start: to - reach, End: to}}
	r := slo.Run{Start: to - reach, Step: slo.BucketSeconds}
	for ago := reach; ago > 0; ago -= slo.BucketSeconds {
		bad, valid := c(ago)
		if valid < 0 {
			r.Good, r.Valid = append(r.Good, timeseries.Missing), append(r.Valid, timeseries.Missing)
			continue
		}
		r.Good, r.Valid = append(r.Good, valid-bad), append(r.Valid, valid)
	}
	e.Runs = []slo.Run{r}
	return e
}

// metric is one window of a metric objective.
func metric(t *testing.T, p policy.Policy, goal string, tf slo.Timeframe, c counts) slo.Assessment {
	t.Helper()
	q := question(p, to)
	a, err := slo.Assess(slo.Objective{Timeframe: tf, Target: target(goal)}, evidence(max(int64(tf), q.Recent, 3*86400), c), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// stood is one window of a time-based objective that was down and unseen for the last seconds.
func stood(t *testing.T, p policy.Policy, goal string, tf slo.Timeframe, down, unseen int64) slo.Assessment {
	t.Helper()
	q := question(p, to)
	known := timeseries.Span{Start: to - max(int64(tf), q.Recent, 3*86400), End: to}
	line := slo.Timeline{Known: known, Stretches: []slo.Stretch{
		{Span: timeseries.Span{Start: known.Start, End: to - unseen - down}, Up: true, Observed: true},
		{Span: timeseries.Span{Start: to - unseen - down, End: to - unseen}, Observed: true},
		{Span: timeseries.Span{Start: to - unseen, End: to}, Up: true},
	}}
	line.Stretches = slices.DeleteFunc(line.Stretches, func(s slo.Stretch) bool { return s.Span.Empty() })
	a, err := slo.Assess(slo.Objective{Timeframe: tf, Target: target(goal)}, line.Events(line, slo.Cuts(tf, q)), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// named is a definition.
func named(name string, tags ...string) slo.Definition {
	return slo.Definition{ID: "id-" + name, Name: name, Tags: tags}
}

// subject is a selected objective with its windows.
func subject(name string, windows ...slo.Assessment) policy.Subject {
	return policy.Subject{Definition: named(name), Windows: windows}
}

// one is a policy of one section without a match.
func one(s policy.Settings) policy.Policy {
	return policy.Policy{Sections: []policy.Section{{Name: "all", Place: "slo.yaml:3:5", Settings: s}}}
}

// rule are the checks of a rule.
func rule(d policy.Decision, name string) []policy.Check {
	var all []policy.Check
	for _, c := range d.Checks {
		if c.Rule == name {
			all = append(all, c)
		}
	}
	return all
}

// only is the one check of a rule.
func only(t *testing.T, d policy.Decision, name string) policy.Check {
	t.Helper()
	all := rule(d, name)
	if len(all) != 1 {
		t.Fatalf("%d checks of %s in %+v", len(all), name, d.Checks)
	}
	return all[0]
}

// codes are the codes of the notes.
func codes(d policy.Decision) []string {
	var all []string
	for _, n := range d.Notes {
		all = append(all, n.Code)
	}
	return all
}
