package report

import (
	"math"
	"time"

	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The JSON document of `slo gate`; schema/gate.schema.json describes it.

type gateJSON struct {
	Schema   string         `json:"schema"`
	At       time.Time      `json:"at"`
	Verdict  policy.Verdict `json:"verdict"`
	ExitCode int            `json:"exit_code"`
	// Summary is the closing line of the screen.
	Summary string         `json:"summary"`
	Policy  gatePolicyJSON `json:"policy"`
	Change  *string        `json:"change"`
	SLOs    int            `json:"slos"`
	Rules   []gateRuleJSON `json:"rules"`
	Error   *failureJSON   `json:"error"`
	Notes   []noteJSON     `json:"notes"`
}

type gatePolicyJSON struct {
	Source *string `json:"source"`
	SHA256 *string `json:"sha256"`
}

type gateRuleJSON struct {
	// SLOID, SLO and Timeframe are null for rules of the whole gate; Timeframe
	// too where an SLO could not be evaluated.
	SLOID             *string        `json:"slo_id"`
	SLO               *string        `json:"slo"`
	Timeframe         *string        `json:"timeframe"`
	Rule              string         `json:"rule"`
	Value             *float64       `json:"value"`
	Threshold         *float64       `json:"threshold"`
	Unit              *string        `json:"unit"`
	Window            *stretchJSON   `json:"window"`
	ConfirmedBy       *confirmJSON   `json:"confirmed_by"`
	Verdict           policy.Verdict `json:"verdict"`
	Blocks            bool           `json:"blocks"`
	Reason            string         `json:"reason"`
	Since             *sinceJSON     `json:"since"`
	RecoversAt        *time.Time     `json:"recovers_at"`
	RecoversAtIfQuiet *time.Time     `json:"recovers_at_if_quiet"`
	Do                *string        `json:"do"`
	SetBy             *string        `json:"set_by"`
	Override          *overrideJSON  `json:"override"`
}

type stretchJSON struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// sinceJSON is when a rule ceased to hold: in the stretch, or before it.
type sinceJSON struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Before bool      `json:"before"`
}

type confirmJSON struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Value *float64  `json:"value"`
}

type overrideJSON struct {
	Rules          []string       `json:"rules"`
	Reason         string         `json:"reason"`
	Author         string         `json:"author"`
	Expires        time.Time      `json:"expires"`
	VerdictWithout policy.Verdict `json:"verdict_without"`
}

type failureJSON struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Hints   []string `json:"hints"`
}

func (g gate) payload() gateJSON {
	doc := gateJSON{
		Schema: "slo.gate/v1", At: g.At.UTC(), Verdict: g.verdict, ExitCode: g.ExitCode, Summary: g.closing(),
		Policy: gatePolicyJSON{Source: textOrNull(g.source()), SHA256: textOrNull(g.Policy.SHA256)},
		Change: textOrNull(g.Change), SLOs: len(g.Subjects), Rules: make([]gateRuleJSON, 0, len(g.Decision.Checks)),
		Notes: append(notesJSON(g.Decision.Notes), notesJSON(g.Notes)...),
	}
	for _, c := range g.Decision.Checks {
		doc.Rules = append(doc.Rules, ruleJSON(c))
	}
	if f := g.Failure; f != nil {
		doc.Error = &failureJSON{f.Code, f.Message, append([]string{}, f.Hints...)}
	}
	return doc
}

func ruleJSON(c policy.Check) gateRuleJSON {
	r := gateRuleJSON{
		Rule: c.Rule, Value: finiteOrNull(c.Value), Threshold: finiteOrNull(c.Threshold), Unit: textOrNull(string(c.Unit)),
		Verdict: c.Verdict, Blocks: c.Blocks, Reason: c.Reason,
		RecoversAt: instantOrNull(c.Until), RecoversAtIfQuiet: instantOrNull(c.UntilQuiet),
		Do: textOrNull(c.Do), SetBy: textOrNull(c.From), Window: spanOrNull(c.Window),
	}
	if !whole(c) {
		r.SLOID, r.SLO = &c.SLOID, &c.SLO
	}
	if c.Timeframe != 0 {
		timeframe := c.Timeframe.String()
		r.Timeframe = &timeframe
	}
	if f := c.Confirm; f != nil {
		r.ConfirmedBy = &confirmJSON{instant(f.Window.Start), instant(f.Window.End), finiteOrNull(f.Value)}
	}
	if s := spanOrNull(c.Since); s != nil {
		r.Since = &sinceJSON{s.From, s.To, c.SinceBefore}
	}
	if o := c.Override; o != nil {
		r.Override = &overrideJSON{append([]string{}, o.Rules...), o.Reason, o.Author, o.Expires.UTC(), c.Without}
	}
	return r
}

func spanOrNull(s timeseries.Span) *stretchJSON {
	if s.Empty() {
		return nil
	}
	return &stretchJSON{instant(s.Start), instant(s.End)}
}

// finiteOrNull is null also for what JSON has no number for: a verdict must not
// be lost to a figure.
func finiteOrNull(f slo.Figure) *float64 {
	p := f.Pointer()
	if p == nil || math.IsNaN(*p) || math.IsInf(*p, 0) {
		return nil
	}
	return p
}
