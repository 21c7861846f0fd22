package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// GateClosing is the one line that a tired reader needs: what failed, by how
// much, since when, when it will be better by itself, and what to do.
func GateClosing(r GateReport) string { return newGate(r).closing() }

func (g gate) closing() string {
	head, found := g.head()
	opening := capitals(g.verdict) + g.asAsked() + ": "
	switch {
	case !found && g.letPass():
		return opening + full(g.within())
	case !found:
		return opening + full(g.failed())
	}
	what := g.what(head) + g.since(head)
	if head.Verdict == policy.Warning {
		what = g.despite(head) + what
	}
	opens := head
	if head.Verdict == policy.Fail {
		opens.Until, opens.UntilQuiet = g.lastOf(policy.Fail)
	}
	recovery := g.recovery(opens)
	if head.Rule == "freeze" {
		recovery = "" // its reason says so
	}
	return opening + full(sentence([]string{what, recovery, g.remedy(head), g.others(head), g.besides(head)}))
}

// besides is what the closing line must not keep quiet about: what is not
// known beside a verdict, and that what was let pass is not all there is.
func (g gate) besides(head policy.Check) string {
	open := g.tally(policy.Undecided)
	switch n := open.slos; {
	case head.Verdict != policy.Undecided && open.rules > 0:
		var parts []string
		if n > 0 {
			parts = append(parts, plural(n, "SLO"))
		}
		return "could not be judged: " + strings.Join(append(parts, gateRules(open.gate)...), ", ")
	case head.Verdict == policy.Undecided && g.letPass() && n < len(g.Subjects):
		if n == 0 {
			return "none of " + plural(len(g.Subjects), "SLO") + " blocks"
		}
		if n+1 == len(g.Subjects) {
			return "the other SLO did not block"
		}
		return fmt.Sprintf("the other %d SLOs did not block", len(g.Subjects)-n)
	}
	return ""
}

// full ends a sentence, whatever the last thing in it ends with.
func full(s string) string {
	if s = strings.TrimRight(s, ".:; "); strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// sentence joins what there is to say.
func sentence(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// head is the check that the closing line tells of.
func (g gate) head() (policy.Check, bool) {
	var candidates []policy.Check
	for _, c := range g.Decision.Checks {
		if c.Verdict != policy.Pass {
			candidates = append(candidates, c)
		}
	}
	if len(candidates) == 0 {
		return policy.Check{}, false
	}
	head := slices.MinFunc(candidates, func(x, y policy.Check) int {
		if d := g.importance(x) - g.importance(y); d != 0 {
			return d
		}
		// Of one rule, the one that is furthest from its limit.
		return slices.Compare([]float64{excess(y)}, []float64{excess(x)})
	})
	return head, true
}

// importance orders checks for the closing line, the most important first:
// what decides the verdict, then what was let pass, then by rule.
func (g gate) importance(c policy.Check) int {
	rank := 100 * rankOfVerdict(c.Verdict)
	switch {
	case c.Verdict == policy.Undecided:
		// Nothing else can be known before the keys are right and Datadog answers.
		switch {
		case c.Kind == slo.Auth:
		case c.Kind == slo.Unavailable || c.Kind == slo.Invalid:
			rank++
		case whole(c):
			rank += 2
		default:
			rank += 3
		}
		return rank
	case c.Verdict == policy.Warning && c.Without != policy.Fail:
		rank += 20
	}
	order := []string{"budget", "attainment", "burn_1h", "burn_6h", "burn_24h", "freeze"}
	if i := slices.Index(order, c.Rule); i >= 0 {
		return rank + i
	}
	return rank + len(order)
}

// excess is how far a value is on the wrong side of its threshold.
func excess(c policy.Check) float64 {
	v, known := c.Value.Value()
	limit, limited := c.Threshold.Value()
	switch {
	case !known || !limited:
		return 0
	case higherIsWorse(c.Rule):
		return v - limit
	}
	return limit - v
}

// asAsked says that the command line made the verdict what it is.
func (g gate) asAsked() string {
	open := g.tally(policy.Undecided).rules > 0
	asked := "pass"
	if g.verdict == policy.Fail {
		open = open && g.tally(policy.Fail).rules == 0
		asked = "fail"
	}
	if !open || g.verdict == policy.Undecided {
		return ""
	}
	var flags []string
	for _, n := range g.Decision.Notes {
		switch n.Code {
		case "on_undecided":
			flags = append(flags, "--on-undecided "+asked)
		case "on_unavailable":
			flags = append(flags, "--on-unavailable "+asked)
		}
	}
	flags = distinct(flags)
	switch len(flags) {
	case 0:
		return ""
	case 1:
		return " because of " + flags[0]
	}
	return " because of " + strings.Join(flags, " and ")
}

// what says what a check found, in a sentence about its SLO.
func (g gate) what(c policy.Check) string {
	name := shortened(g.label(c), longestName)
	c = dustless(c)
	v, known := c.Value.Value()
	limit, limited := c.Threshold.Value()
	if c.Verdict == policy.Undecided || !known || !limited || name == "" {
		return g.reason(c, name)
	}
	round := rounding(c.Rule)
	switch {
	case c.Rule == "budget" && g.hundred(c):
		return fmt.Sprintf("%s is at %s%% over %s with a target of 100%%", name, decimal(v, apart(c, g.decimals(c), round), round), c.Timeframe)
	case c.Rule == "budget":
		return name + " " + g.budget(c, v, limit)
	case c.Rule == "attainment":
		return fmt.Sprintf("%s is at %s%% over %s, and the policy wants at least %s%%",
			name, decimal(v, apart(c, g.decimals(c), round), round), c.Timeframe, exact(limit))
	case strings.HasPrefix(c.Rule, "burn_"):
		return fmt.Sprintf("%s burns its %s budget at %s times the rate at which it lasts, over the last %s, where at most %s are allowed",
			name, c.Timeframe, decimal(v, apart(c, 1, round), round), strings.TrimPrefix(c.Rule, "burn_"), exact(limit))
	}
	return g.reason(c, name)
}

func (g gate) budget(c policy.Check, left, bound float64) string {
	over := func(v float64) string {
		return decimal(-v, apart(c, 1, document.Down), document.Up) + "%"
	}
	switch {
	case left == 0 && bound == 0:
		return fmt.Sprintf("has spent its %s budget", c.Timeframe)
	case left < 0 && bound >= 0:
		return fmt.Sprintf("is %s over its %s budget", over(left), c.Timeframe)
	case left < 0:
		return fmt.Sprintf("is %s over its %s budget, and the policy wants less than %s%%", over(left), c.Timeframe, exact(-bound))
	}
	return fmt.Sprintf("has %s%% of its %s budget left, and the policy wants more than %s%%",
		decimal(left, apart(c, 1, document.Down), document.Down), c.Timeframe, exact(bound))
}

// reason is what the policy says of a check, with a name that fits.
func (g gate) reason(c policy.Check, name string) string {
	reason := phrase(c.Reason)
	if reason == "" {
		reason = "the rule " + c.Rule + " is " + string(c.Verdict)
	}
	if long := oneLine(c.SLO); name != "" && shortened(long, longestName) != long {
		reason = strings.ReplaceAll(reason, long, name)
	}
	if name == "" || strings.HasPrefix(reason, name+" ") || strings.Contains(reason, `"`+name+`"`) {
		return reason
	}
	return name + ": " + reason
}

// since says from when on, where that may be known.
func (g gate) since(c policy.Check) string {
	switch {
	case c.Verdict == policy.Undecided || c.Rule == "freeze" || !mayLast(c.Rule):
		return ""
	case c.Since.Empty():
		return ", not known since when"
	case c.SinceBefore:
		if g.To-c.Since.End < coarse {
			return ", not known since when"
		}
		return ", for more than " + atLeastLasting(g.To-c.Since.End)
	case c.Since.Seconds() >= int64(slo.Day):
		return ", since about " + instant(c.Since.Start).In(g.zone()).Format("2006-01-02")
	case c.Since.Seconds() > coarse:
		return ", since about " + clock(c.Since.Start, g.zone())
	}
	return ", since " + clock(c.Since.Start, g.zone())
}

// recovery says when a rule holds again by itself. It never says never: that it
// is not known is all that is known.
func (g gate) recovery(c policy.Check) string {
	if c.Verdict == policy.Undecided || !mayLast(c.Rule) {
		return ""
	}
	pace, quiet := g.later(c, c.Until), g.later(c, c.UntilQuiet)
	switch {
	case c.Rule == "freeze" && pace == "":
		return ""
	case c.Rule == "freeze":
		return "it ends on " + pace
	case pace == "" && quiet == "":
		return "when it is better by itself is not known"
	case pace == "":
		return "better by itself on " + quiet + " if nothing more fails"
	case quiet == "":
		return "better by itself on " + pace + " at the present pace"
	case pace == quiet, c.Until-c.UntilQuiet < 15*60:
		return "better by itself on " + pace
	}
	return fmt.Sprintf("better by itself on %s at the present pace, on %s if nothing more fails", pace, quiet)
}

// lastOf is when the last of the checks with a verdict holds again: before that
// the gate does not open. It is 0 where that is not known of one of them.
func (g gate) lastOf(v policy.Verdict) (until, quiet int64) {
	until, quiet = math.MinInt64, math.MinInt64
	for _, c := range g.Decision.Checks {
		if c.Verdict != v {
			continue
		}
		if until = max(until, c.Until); c.Until == 0 {
			until = math.MaxInt64
		}
		if quiet = max(quiet, c.UntilQuiet); c.UntilQuiet == 0 {
			quiet = math.MaxInt64
		}
	}
	known := func(unix int64) int64 {
		if unix == math.MinInt64 || unix == math.MaxInt64 {
			return 0
		}
		return unix
	}
	return known(until), known(quiet)
}

// later is an instant of the future, rounded up to the minute; or to the hour
// where the evidence of what has to age is in buckets longer than that of Since.
func (g gate) later(c policy.Check, unix int64) string {
	switch {
	case unix <= g.To:
		return ""
	case c.Rule != "freeze" && c.Since.Seconds() > coarse:
		return "about " + clock((unix+3599)/3600*3600, g.zone())
	}
	return clock((unix+59)/60*60, g.zone())
}

// remedy is what to do. Where a name is too long for a line, a command takes the id as well.
func (g gate) remedy(c policy.Check) string {
	do := phrase(c.Do)
	if long := oneLine(c.SLO); c.SLOID != "" && shortened(long, longestName) != long {
		do = strings.ReplaceAll(do, long, c.SLOID)
	}
	return do
}

// others count what else came out like the head.
func (g gate) others(head policy.Check) string {
	own, rules := 0, 0
	slos := map[string]bool{}
	var gateWide []policy.Check
	skipped := false
	for _, c := range g.Decision.Checks {
		switch {
		case c.Verdict != head.Verdict:
		case !skipped && same(c, head):
			skipped = true
		case whole(c):
			gateWide = append(gateWide, c)
		case c.SLOID == head.SLOID:
			own++
		default:
			rules++
			slos[c.SLOID] = true
		}
	}
	var parts []string
	if own > 0 {
		parts = append(parts, plural(own, "more rule")+" of the same SLO")
	}
	switch {
	case rules > 0 && whole(head):
		parts = append(parts, fmt.Sprintf("%s of %s", plural(rules, "rule"), plural(len(slos), "SLO")))
	case rules > 0:
		parts = append(parts, fmt.Sprintf("%s of %s", plural(rules, "rule"), plural(len(slos), "other SLO")))
	}
	parts = append(parts, gateRules(gateWide)...)
	if len(parts) == 0 {
		return ""
	}
	also := "also undecided: "
	switch head.Verdict {
	case policy.Fail:
		also = "also failing: "
	case policy.Warning:
		also = "also warning: "
	}
	return also + strings.Join(parts, ", ")
}

func same(x, y policy.Check) bool {
	return x.SLOID == y.SLOID && x.Timeframe == y.Timeframe && x.Rule == y.Rule && x.Reason == y.Reason
}

// despite says why something that is the matter does not keep the release back.
func (g gate) despite(c policy.Check) string {
	switch {
	case c.Override != nil:
		o := c.Override
		return fmt.Sprintf("let pass until %s by the override %q of %s: ",
			g.day(o.Expires), shortened(oneLine(o.Reason), longestName), shortened(oneLine(o.Author), longestName))
	case g.Change == policy.Fix && c.Without == policy.Fail:
		return "let pass as a fix: "
	}
	return "no rule blocks, but "
}

// within is a pass: everybody is within the policy, and who comes next.
func (g gate) within() string {
	var tightest *slo.Assessment
	var whose slo.Definition
	for _, s := range g.Subjects {
		for _, a := range s.Windows {
			if a.Budget != nil && (tightest == nil || a.Budget.RemainingPercent < tightest.Budget.RemainingPercent) {
				tightest, whose = &a, s.Definition
			}
		}
	}
	all := plural(len(g.Subjects), "SLO") + " within policy"
	if tightest == nil {
		return all
	}
	name := shortened(g.names[whose.ID], longestName)
	left, window := tightest.Budget.RemainingPercent, tightest.Objective.Timeframe
	standing := fmt.Sprintf("with %s%% of its %s budget left", decimal(left, 1, document.Down), window)
	if left < 0 {
		standing = fmt.Sprintf("%s%% over its %s budget", decimal(-left, 1, document.Up), window)
	}
	if len(g.Subjects) == 1 {
		return fmt.Sprintf("%s is within policy %s", name, standing)
	}
	return fmt.Sprintf("%s; the tightest is %s %s", all, name, standing)
}

// failed is why nothing could be judged.
func (g gate) failed() string {
	f := g.Failure
	switch {
	case f == nil && g.ExitCode != 0 && len(g.Decision.Checks) > 0:
		return fmt.Sprintf("the run ended with exit code %d", g.ExitCode)
	case f == nil:
		return "nothing was judged"
	case len(f.Hints) == 0:
		return phrase(f.Message)
	}
	return sentence([]string{phrase(f.Message), phrase(f.Hints[0])})
}
