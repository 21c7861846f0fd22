package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// Where a part of an objective does not count, the rest does not speak for it.
func TestDoubtfulEvidence(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"values_without_group", "datadog_problem", "coverage"} {
		a := metric(t, policy.Policy{}, "99", slo.SevenDays, spent(0))
		a.Notes = []slo.Note{{Code: code, Text: "what is the matter"}}
		c := only(t, policy.Policy{}.Judge([]policy.Subject{subject("a", a)}, asked()), "data")
		if doubtful := code != "coverage"; doubtful != (c.Verdict == policy.Undecided) || doubtful != strings.Contains(c.Reason, "what is the matter") {
			t.Errorf("%s: %+v", code, c)
		}
	}
}

// An objective that shares its name is called by its id: "slo show" wants exactly one.
func TestNamesakesAreCalledByID(t *testing.T) {
	t.Parallel()
	a, b := subject("a"), subject("A")
	a.Definition.ID, b.Definition.ID = "id1", "id2"
	for _, test := range []struct {
		subjects []policy.Subject
		want     string
	}{
		{[]policy.Subject{a}, `slo show "a"`},
		{[]policy.Subject{a, b}, "slo show id1"},
	} {
		d := policy.Policy{}.Judge(test.subjects, asked())
		if c := rule(d, "target")[0]; !strings.HasPrefix(c.Do, test.want) {
			t.Errorf("%d subjects: %s", len(test.subjects), c.Do)
		}
	}
}

// A section that matches nothing there is, and calendars from elsewhere, are named.
func TestPolicyNotes(t *testing.T) {
	t.Parallel()
	p := policy.Policy{
		CalendarSource: "slo.yaml", CalendarSHA256: "3f2a",
		Sections: []policy.Section{
			{Name: "used", Match: policy.Match{Envs: []string{"prod"}}},
			{Name: "mistyped", Match: policy.Match{Envs: []string{"production"}}},
		},
	}
	r := asked()
	r.Listed = []slo.Definition{named("not selected", "env:prod")}
	d := p.Judge([]policy.Subject{subject("a")}, r)
	if got := codes(d); !slices.Equal(got, []string{"section_matches_nothing", "calendars_from"}) {
		t.Fatalf("%v", got)
	}
	if text := d.Notes[0].Text; !strings.Contains(text, "mistyped") {
		t.Error(text)
	}
	if text := d.Notes[1].Text; !strings.Contains(text, "slo.yaml") || !strings.Contains(text, "3f2a") {
		t.Error(text)
	}
}

// What is missing of a listing leaves the gate undecided, whatever else holds.
func TestGaps(t *testing.T) {
	t.Parallel()
	fine := []policy.Subject{subject("a", metric(t, policy.Policy{}, "99", slo.SevenDays, spent(0)))}
	r := asked()
	if d := (policy.Policy{}).Judge(fine, r); d.Outcome != policy.Passed {
		t.Fatalf("%+v", d)
	}
	r.Gaps = []slo.Defect{{Kind: slo.Unavailable, Message: "Datadog counts 3 SLOs but listed 2"}}
	d := policy.Policy{}.Judge(fine, r)
	if c := only(t, d, "evaluated"); d.Outcome != policy.Unreachable || c.Verdict != policy.Undecided || c.Reason != r.Gaps[0].Message {
		t.Errorf("%+v", d)
	}
}

// An answer that makes no sense is a failed fetch; that something is gone is an answer.
func TestLastingDefects(t *testing.T) {
	t.Parallel()
	for lasting, want := range map[bool]policy.Outcome{false: policy.Unreachable, true: policy.Open} {
		s := subject("a")
		s.Defect = &slo.Defect{Kind: slo.Invalid, Message: "no monitor 7", Lasting: lasting}
		if d := (policy.Policy{}).Judge([]policy.Subject{s}, asked()); d.Outcome != want {
			t.Errorf("lasting %v: outcome %d", lasting, d.Outcome)
		}
	}
}

// What a file of the change defines does not stand in for what Datadog has by that name.
func TestRequireMeansDatadogsOwn(t *testing.T) {
	t.Parallel()
	own, theirs := named("broken"), named("broken")
	own.ID, own.Source = "file:broken", slo.FromFile
	theirs.ID, theirs.Source = "abc", slo.FromDatadog
	p := policy.Policy{Sections: []policy.Section{{Name: "s", Require: []policy.Name{{Text: "broken"}}}}}
	for _, test := range []struct {
		selected slo.Definition
		listed   []slo.Definition
		want     policy.Verdict
	}{
		{own, []slo.Definition{own, theirs}, policy.Undecided},
		{theirs, []slo.Definition{own, theirs}, policy.Pass},
		{own, []slo.Definition{own}, policy.Pass},
	} {
		r := asked()
		r.Listed = test.listed
		d := p.Judge([]policy.Subject{{Definition: test.selected}}, r)
		if c := only(t, d, "require"); c.Verdict != test.want {
			t.Errorf("%s selected of %d: %+v", test.selected.ID, len(test.listed), c)
		}
	}
}

// Where no violation can fail the gate, it says so.
func TestNothingBlocks(t *testing.T) {
	t.Parallel()
	off := &policy.Bound{Off: true}
	warns := policy.Settings{BudgetBlock: off, BudgetWarn: &policy.Bound{Value: 20}, Burn: [3]policy.Burn{{Level: policy.Warn}, {Level: policy.Off}, {Level: policy.Warn}}}
	blocks := warns
	blocks.Burn[1].Level = policy.Block
	for settings, want := range map[*policy.Settings]bool{&warns: true, &blocks: false, {}: false} {
		p := one(*settings)
		d := p.Judge([]policy.Subject{subject("a", metric(t, p, "99", slo.SevenDays, spent(0)))}, asked())
		if got := slices.Contains(codes(d), "nothing_blocks"); got != want {
			t.Errorf("%+v: %v", settings, d.Notes)
		}
	}
}
