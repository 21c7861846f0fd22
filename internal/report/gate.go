package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// GateReport is what `slo gate` found out.
type GateReport struct {
	// At is the instant that was asked about, To the end of the windows.
	At   time.Time
	To   int64
	Site string
	// Link is where an objective is found in Datadog; empty when nowhere.
	Link     func(slo.Definition) string
	Policy   policy.Policy
	Decision policy.Decision
	// Subjects are the selected objectives.
	Subjects []policy.Subject
	ExitCode int
	// Change is the kind of change: "" or [policy.Fix].
	Change string
	// Explain shows everything that led to the verdict.
	Explain bool
	// Zone is where people read the clock; nil is UTC.
	Zone *time.Location
	// Failure is why nothing or not all could be judged, as on stderr; nil when nothing failed.
	Failure *Failure
	// Notes concern the whole run.
	Notes []slo.Note
	// Resolved are the settings in force by the id of the objective, for Explain.
	Resolved map[string]policy.Resolved
}

// Failure is an error of the run as its reader is told of it.
type Failure struct {
	Code    int
	Message string
	Hints   []string
}

// gate is a report on the way to its document.
type gate struct {
	GateReport
	verdict policy.Verdict
	// names are what objectives are called, by id: where two have one name, the id is in it.
	names map[string]string
	// assessed are the windows of the objectives.
	assessed map[windowOf]slo.Assessment
}

// windowOf names a window of an objective.
type windowOf struct {
	id        string
	timeframe slo.Timeframe
}

// Gate is the verdict on a release, and what led to it.
func Gate(r GateReport) document.Document {
	g := newGate(r)
	d := document.Document{
		Title:   g.title(),
		Lead:    []string{g.policyLine()},
		Tables:  []document.Table{g.rules()},
		Notes:   g.notes(),
		Closing: g.closing(),
		Checks:  g.checks(),
	}
	if g.Explain {
		d.Tables = append(d.Tables, g.windows(), g.settings())
	}
	d.Payload = g.payload()
	return d
}

func newGate(r GateReport) gate {
	g := gate{GateReport: r, verdict: verdictOf(r), names: map[string]string{}, assessed: map[windowOf]slo.Assessment{}}
	count := map[string]int{}
	name := func(id, name string) {
		if _, known := g.names[id]; !known && id != "" {
			g.names[id] = cmp.Or(oneLine(name), id)
			count[g.names[id]]++
		}
	}
	for _, s := range r.Subjects {
		name(s.Definition.ID, s.Definition.Name)
		for _, a := range s.Windows {
			g.assessed[windowOf{s.Definition.ID, a.Objective.Timeframe}] = a
		}
	}
	for _, c := range r.Decision.Checks {
		name(c.SLOID, c.SLO)
	}
	for id, name := range g.names {
		if count[name] > 1 {
			g.names[id] = fmt.Sprintf("%s (%s)", shortened(name, longestName), id)
		}
	}
	return g
}

// verdictOf is the verdict that is told. What does not fit together, a pass
// without a single rule or of a run that failed, is never told as a pass.
func verdictOf(r GateReport) policy.Verdict {
	switch v := r.Decision.Verdict; v {
	case policy.Fail:
		return v
	case policy.Pass, policy.Warning:
		if r.ExitCode == 0 && len(r.Decision.Checks) > 0 {
			return v
		}
	}
	return policy.Undecided
}

// label is the objective of a check as people read it; empty for the whole gate.
func (g gate) label(c policy.Check) string {
	return cmp.Or(g.names[c.SLOID], oneLine(c.SLO))
}

// tally is what checks of one verdict are about: how many of whose rules.
type tally struct {
	rules int
	slos  int
	gate  []policy.Check
}

func (g gate) tally(v policy.Verdict) tally {
	var t tally
	seen := map[string]bool{}
	for _, c := range g.Decision.Checks {
		if c.Verdict != v {
			continue
		}
		t.rules++
		switch {
		case whole(c):
			t.gate = append(t.gate, c)
		case !seen[c.SLOID]:
			seen[c.SLOID] = true
			t.slos++
		}
	}
	return t
}

// whole reports whether a check is of the whole gate.
func whole(c policy.Check) bool { return c.SLOID == "" && c.SLO == "" }

// of counts the objectives: "1 of 6 SLOs".
func (g gate) of(t tally) string {
	return fmt.Sprintf("%d of %s", t.slos, plural(max(len(g.Subjects), t.slos), "SLO"))
}

func (g gate) title() string {
	at := g.To
	if at == 0 {
		at = g.At.Unix()
	}
	return fmt.Sprintf("%s: %s at %s", capitals(g.verdict), g.summary(), clock(at, g.zone()))
}

func capitals(v policy.Verdict) string { return strings.ToUpper(string(v)) }

func (g gate) zone() *time.Location { return cmp.Or(g.Zone, time.UTC) }

// summary is the verdict in a few words.
func (g gate) summary() string {
	fail, warn, undecided := g.tally(policy.Fail), g.tally(policy.Warning), g.tally(policy.Undecided)
	switch {
	case g.verdict == policy.Fail && fail.rules > 0:
		return g.who(fail) + verb(fail, " blocks the release", " block the release")
	case g.verdict == policy.Fail || g.verdict == policy.Undecided:
		return g.unjudged(undecided)
	case undecided.slos > 0:
		return g.of(undecided) + " let pass unjudged"
	case undecided.rules > 0:
		return "let pass, although " + g.unjudged(undecided)
	case g.verdict == policy.Warning:
		return "no rule blocks, " + g.who(warn) + verb(warn, " warns", " warn")
	}
	return plural(len(g.Subjects), "SLO") + " within policy"
}

// unjudged says whom nobody can judge.
func (g gate) unjudged(t tally) string {
	switch {
	case t.slos > 0:
		return g.of(t) + " cannot be judged"
	case len(t.gate) > 0 && len(g.Subjects) > 0:
		return "the selected SLOs are not those that were expected"
	}
	return "nothing could be judged"
}

// who is what the rules of a tally belong to.
func (g gate) who(t tally) string {
	var parts []string
	if t.slos > 0 {
		parts = append(parts, g.of(t))
	}
	return strings.Join(append(parts, gateRules(t.gate)...), " and ")
}

// verb agrees with who: one thing, or several.
func verb(t tally, one, many string) string {
	if t.slos+len(t.gate) == 1 {
		return one
	}
	return many
}

// gateRules name the rules of the whole gate in a sentence.
func gateRules(checks []policy.Check) []string {
	freezes := 0
	var others []string
	for _, c := range checks {
		if c.Rule == "freeze" {
			freezes++
			continue
		}
		others = append(others, "the rule "+c.Rule)
	}
	others = distinct(others)
	switch {
	case freezes == 1:
		others = append(others, "a freeze")
	case freezes > 1:
		others = append(others, plural(freezes, "freeze"))
	}
	return others
}

// shownDigits is how much of the digest of a policy is on screen; all of it is in the JSON.
const shownDigits = 12

// policyLine names the policy: a change can edit its own.
func (g gate) policyLine() string {
	line := "policy: " + cmp.Or(oneLine(g.source()), "not read")
	if sum := g.Policy.SHA256; sum != "" && g.Policy.Source != "default" {
		line += fmt.Sprintf(" (sha256 %s)", sum[:min(len(sum), shownDigits)])
	}
	if g.Policy.Flags != (policy.Settings{}) {
		line += ", and flags"
	}
	if g.Change != "" {
		line += "; change: " + oneLine(g.Change)
	}
	if n := g.tally(policy.Pass).rules; n > 0 && n == len(g.Decision.Checks) {
		line += "; all " + holding(n)
	}
	return line
}

// source is "default" or a path; empty where an error came before there was a policy.
func (g gate) source() string {
	if g.Policy.Source == "" && g.Failure == nil {
		return "default"
	}
	return g.Policy.Source
}

// notes are what was let pass, what to do about each rule that does not hold,
// and what must be known of the run.
func (g gate) notes() []string {
	var out []string
	for _, n := range g.Decision.Notes {
		out = append(out, n.Text)
	}
	out = append(out, g.remedies()...)
	out = append(out, g.hints()...)
	for _, n := range g.Notes {
		out = append(out, n.Text)
	}
	return distinct(out)
}

// hints are what else there is to say of the error of the run, where it is the
// reason of a check or the only one there is; else it only sums up the rules.
func (g gate) hints() []string {
	f := g.Failure
	if f == nil {
		return nil
	}
	if slices.ContainsFunc(g.Decision.Checks, func(c policy.Check) bool { return c.Reason == f.Message }) {
		return f.Hints[min(1, len(f.Hints)):]
	}
	if _, found := g.head(); found {
		return nil
	}
	return append([]string{f.Message}, f.Hints...)
}

// remedies say what to do, once for all objectives that need the same, where
// the closing line does not.
func (g gate) remedies() []string {
	head, _ := g.head()
	var dos []string
	whose := map[string][]string{}
	for _, c := range g.worstFirst() {
		if c.Verdict == policy.Pass || c.Do == "" {
			continue
		}
		dos = append(dos, c.Do)
		if name := g.label(c); name != "" && !slices.Contains(whose[c.Do], name) {
			whose[c.Do] = append(whose[c.Do], name)
		}
	}
	var out []string
	for _, do := range distinct(dos) {
		names := whose[do]
		if do == head.Do && len(names) <= 1 {
			continue
		}
		if len(names) > 0 {
			do = few(names) + ": " + do
		}
		out = append(out, do)
	}
	return out
}

// worstFirst are the checks by verdict: fail, undecided, warn, pass; otherwise
// in their order.
func (g gate) worstFirst() []policy.Check {
	checks := slices.Clone(g.Decision.Checks)
	slices.SortStableFunc(checks, func(x, y policy.Check) int { return rankOfVerdict(x.Verdict) - rankOfVerdict(y.Verdict) })
	return checks
}

func rankOfVerdict(v policy.Verdict) int {
	switch v {
	case policy.Fail:
		return 0
	case policy.Warning:
		return 2
	case policy.Pass:
		return 3
	}
	return 1
}
