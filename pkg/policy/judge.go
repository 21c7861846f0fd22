package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

// judge holds what is found while a policy is applied.
type judge struct {
	policy   Policy
	request  Request
	matchers []matcher
	// levels and attainments are what Crossings belong to.
	levels, attainments []float64

	checks []Check
	// found are the contributions to the outcome.
	found [Refused + 1]bool
	// used counts what each override let pass.
	used map[*Override]int
	// harmless are the objectives of which no violation fails the gate.
	harmless []string
	// fixes are the objectives for which a fix passes, noFixes those where the policy lets none.
	fixes, noFixes []string
}

func (p Policy) judge(r Request, subjects []Subject) *judge {
	defs := make([]slo.Definition, len(subjects))
	for i, s := range subjects {
		defs[i] = s.Definition
	}
	r.Listed = including(r.Listed, defs...)
	j := &judge{policy: p, request: r, matchers: p.matchers(r.Listed), used: map[*Override]int{}}
	j.levels, j.attainments = p.Levels()
	return j
}

// Judge holds the selected objectives against the policy.
//
// Problems of the policy itself are for [Policy.Problems] to find first; what
// they leave in doubt is undecided here.
func (p Policy) Judge(subjects []Subject, r Request) Decision {
	j := p.judge(r, subjects)
	j.expect(subjects)
	j.require(subjects)
	j.freezes(subjects)
	for _, gap := range r.Gaps {
		j.defect(Check{Rule: "evaluated", From: byDefault, Blocks: true}, &gap, false)
	}
	for _, s := range subjects {
		j.subject(s)
	}
	return j.decision()
}

// Unable is the decision where the objectives could not even be listed.
// Freezes that concern every objective hold all the same: they are known.
func (p Policy) Unable(d *slo.Defect, r Request) Decision {
	if d == nil {
		d = &slo.Defect{Message: "the objectives could not be listed"}
	}
	j := p.judge(r, nil)
	j.defect(Check{Rule: "evaluated", From: byDefault, Blocks: true}, d, false)
	j.freezes(nil)
	return j.decision()
}

// add records a check. What is undecided is [Open] unless told otherwise.
func (j *judge) add(c Check) {
	switch c.Verdict {
	case Fail:
		j.found[Violated] = true
	case Undecided:
		j.found[Open] = true
	}
	j.checks = append(j.checks, c)
}

// defect records why something could not be evaluated; defined says that the
// definition itself is what makes no sense. An answer that makes none is a
// failed fetch, unless Datadog says that it has no other.
func (j *judge) defect(c Check, d *slo.Defect, defined bool) {
	c.Verdict, c.Kind, c.Reason = Undecided, d.Kind, cmp.Or(d.Message, "it could not be evaluated")
	switch {
	case len(d.Hints) > 0:
		c.Do = d.Hints[0]
	case c.Do != "" && (d.Kind == slo.Unsupported || d.Kind == slo.Invalid):
	case d.Kind != slo.Unsupported:
		c.Do = "slo doctor says what works and what does not"
	}
	j.checks = append(j.checks, c)
	switch {
	case d.Kind == slo.Auth:
		j.found[Refused] = true
	case d.Kind == slo.Unavailable, d.Kind == slo.Invalid && !defined && !d.Lasting:
		j.found[Unreachable] = true
	default:
		j.found[Open] = true
	}
}

// settle records a check that an override may let pass.
func (j *judge) settle(c Check, overrides []*Override) {
	if c.Verdict == Fail {
		for _, o := range overrides {
			if slices.Contains(o.Rules, c.Rule) {
				c.Verdict, c.Without, c.Override = Warning, Fail, o
				j.used[o]++
				break
			}
		}
	}
	j.add(c)
}

// overrides are those that apply to an objective at the instant.
func (j *judge) overrides(d slo.Definition) []*Override {
	var all []*Override
	for i, s := range j.policy.Sections {
		if !j.matchers[i].picks(d) {
			continue
		}
		for k := range s.Overrides {
			if o := &s.Overrides[k]; j.inForce(o) {
				all = append(all, o)
			}
		}
	}
	return all
}

// inForce reports whether an override has not expired. Without an instant nothing is known to be in force.
func (j *judge) inForce(o *Override) bool {
	return !j.request.At.IsZero() && o.Expires.After(j.request.At)
}

// decision sums up.
func (j *judge) decision() Decision {
	d := Decision{Checks: j.checks, Verdict: Pass}
	for _, c := range j.checks {
		d.Verdict = worse(d.Verdict, c.Verdict)
	}
	d.Outcome = j.worst()
	d.Notes = slices.Concat(j.overrideNotes(), j.fixNotes(), j.policyNotes())
	// Each answer to a doubt takes its own kind of doubt away and leaves the other.
	d.doubt(j, Unreachable, j.request.OnUnavailable, "on_unavailable", "--on-unavailable",
		"Datadog did not answer for everything")
	d.doubt(j, Open, j.request.OnUndecided, "on_undecided", "--on-undecided",
		"not everything could be decided")
	return d
}

// worst is the worst contribution.
func (j *judge) worst() Outcome {
	for o := Refused; o > Passed; o-- {
		if j.found[o] {
			return o
		}
	}
	return Passed
}

// doubt applies what was asked to be said where the outcome is one of doubt.
func (d *Decision) doubt(j *judge, of Outcome, answer Verdict, code, flag, what string) {
	if d.Outcome != of || answer != Pass && answer != Fail {
		return
	}
	if answer == Fail {
		d.Verdict, d.Outcome = Fail, Violated
		d.Notes = append(d.Notes, slo.Note{Code: code, Text: fmt.Sprintf("%s, and %s fail makes that a fail", what, flag)})
		return
	}
	j.found[of] = false
	d.Outcome = j.worst()
	if d.Outcome != Passed {
		d.Notes = append(d.Notes, slo.Note{Code: code, Text: fmt.Sprintf("%s, and %s pass lets that pass, but something else is undecided", what, flag)})
		return
	}
	d.Verdict = Pass
	for _, c := range j.checks {
		if c.Verdict == Warning {
			d.Verdict = Warning
		}
	}
	d.Notes = append(d.Notes, slo.Note{Code: code, Text: fmt.Sprintf("%s, and it passes only because of %s pass", what, flag)})
}

// severity orders the verdicts.
var severity = map[Verdict]int{Pass: 0, Warning: 1, Undecided: 2, Fail: 3}

func worse(a, b Verdict) Verdict {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// policyNotes say what of the policy has no effect here, and what it takes from another file.
func (j *judge) policyNotes() []slo.Note {
	var notes []slo.Note
	for i, s := range j.policy.Sections {
		if len(j.request.Listed) > 0 && !slices.ContainsFunc(j.request.Listed, j.matchers[i].picks) {
			notes = append(notes, slo.Note{Code: "section_matches_nothing", Text: s.who() + " matches no SLO that exists, so what it sets has no effect"})
		}
	}
	if len(j.harmless) > 0 {
		notes = append(notes, slo.Note{Code: "nothing_blocks", Text: "no violation can fail the gate, since every rule is off or only warns: " + strings.Join(j.harmless, ", ")})
	}
	if j.policy.CalendarSource != "" {
		notes = append(notes, slo.Note{Code: "calendars_from", Text: fmt.Sprintf("the calendars are those of %s (sha256 %s)", j.policy.CalendarSource, j.policy.CalendarSHA256)})
	}
	return notes
}

// overrideNotes show every override of the policy, used or not.
func (j *judge) overrideNotes() []slo.Note {
	var notes []slo.Note
	for _, s := range j.policy.Sections {
		for k := range s.Overrides {
			o := &s.Overrides[k]
			use := "nothing needs it now"
			switch n := j.used[o]; {
			case !j.inForce(o):
				use = "it has expired and lets nothing pass"
			case n == 1:
				use = "it lets 1 check pass"
			case n > 1:
				use = fmt.Sprintf("it lets %d checks pass", n)
			}
			notes = append(notes, slo.Note{Code: "override", Text: fmt.Sprintf("%s overrides %s until %s: %s (%s); %s",
				s.who(), strings.Join(o.Rules, ", "), o.Expires.UTC().Format("2006-01-02 15:04 UTC"),
				cmp.Or(o.Reason, "no reason given"), cmp.Or(o.Author, "no author given"), use)})
		}
	}
	return notes
}
