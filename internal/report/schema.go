package report

import (
	"cmp"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The types below are the JSON documents of the contract, field by field.
// Fields are only ever added. What is unknown is null, never 0.

type statusJSON struct {
	Schema string       `json:"schema"`
	At     time.Time    `json:"at"`
	Site   string       `json:"site"`
	Notes  []noteJSON   `json:"notes"`
	SLOs   []sloRowJSON `json:"slos"`
	// Unusual is absent where nobody looked.
	Unusual *unusualJSON `json:"unusual,omitempty"`
}

type unusualJSON struct {
	Signals int       `json:"signals"`
	Since   time.Time `json:"since"`
	Command string    `json:"command"`
}

type noteJSON struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

type sloRowJSON struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Type    *string      `json:"type"`
	Source  string       `json:"source"`
	Tags    []string     `json:"tags"`
	URL     *string      `json:"url"`
	Windows []windowJSON `json:"windows"`
	Groups  []groupJSON  `json:"groups"`
	Error   *errorJSON   `json:"error"`
	Notes   []noteJSON   `json:"notes"`
}

type groupJSON struct {
	Name    string       `json:"name"`
	Windows []windowJSON `json:"windows"`
}

type errorJSON struct {
	Kind    string   `json:"kind"`
	Message string   `json:"message"`
	Hints   []string `json:"hints"`
}

type windowJSON struct {
	Timeframe   string         `json:"timeframe"`
	From        time.Time      `json:"from"`
	To          time.Time      `json:"to"`
	Target      float64        `json:"target"`
	Warning     *float64       `json:"warning"`
	State       string         `json:"state"`
	Attainment  *float64       `json:"attainment"`
	Good        *float64       `json:"good"`
	Total       *float64       `json:"total"`
	Unit        string         `json:"unit"`
	Coverage    *float64       `json:"coverage"`
	Budget      *budgetJSON    `json:"budget"`
	BurnRates   *burnRatesJSON `json:"burn_rates"`
	Previous    *previousJSON  `json:"previous"`
	ExhaustedAt *time.Time     `json:"exhausted_at"`
	Trend       []*float64     `json:"trend"`
	// Datadog is null where Datadog has no figure, and for groups.
	Datadog     *datadogJSON     `json:"datadog"`
	Corrections []correctionJSON `json:"corrections"`
}

// datadogJSON is Datadog's own figure and the window that it stands for.
type datadogJSON struct {
	Attainment       *float64   `json:"attainment"`
	RemainingPercent *float64   `json:"remaining_percent"`
	From             *time.Time `json:"from"`
	To               *time.Time `json:"to"`
	// Agrees is null when no honest comparison exists.
	Agrees *bool   `json:"agrees"`
	Reason *string `json:"reason"`
	// Ours is our attainment for the same window, Detail the reason in words.
	Ours   *float64 `json:"ours"`
	Detail *string  `json:"detail"`
}

type budgetJSON struct {
	Total            float64 `json:"total"`
	Consumed         float64 `json:"consumed"`
	Remaining        float64 `json:"remaining"`
	RemainingPercent float64 `json:"remaining_percent"`
}

type burnRatesJSON struct {
	Hour      *float64 `json:"1h"`
	SixHours  *float64 `json:"6h"`
	Day       *float64 `json:"1d"`
	ThreeDays *float64 `json:"3d"`
}

type previousJSON struct {
	At               time.Time `json:"at"`
	Attainment       *float64  `json:"attainment"`
	RemainingPercent *float64  `json:"remaining_percent"`
	SpentPercent     *float64  `json:"spent_percent"`
	AgedOutPercent   *float64  `json:"aged_out_percent"`
}

type correctionJSON struct {
	ID   string    `json:"id"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

func notesJSON(notes []slo.Note) []noteJSON {
	out := make([]noteJSON, 0, len(notes))
	for _, n := range notes {
		out = append(out, noteJSON{n.Code, n.Text})
	}
	return out
}

func defectJSON(d *slo.Defect) *errorJSON {
	if d == nil {
		return nil
	}
	return &errorJSON{Kind: string(d.Kind), Message: d.Message, Hints: append([]string{}, d.Hints...)}
}

func instant(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

func instantOrNull(unix int64) *time.Time {
	if unix == 0 {
		return nil
	}
	t := instant(unix)
	return &t
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func percentOrNull(t slo.Target) *float64 {
	if t == 0 {
		return nil
	}
	p := t.Percent()
	return &p
}

// windowsJSON are the windows, each with Datadog's own figure where there is one.
func windowsJSON(assessments []slo.Assessment, theirs []*evaluation.Comparison) []windowJSON {
	out := make([]windowJSON, 0, len(assessments))
	for i, a := range assessments {
		w := assessmentJSON(a)
		w.Datadog = comparisonJSON(comparisonOf(theirs, i))
		out = append(out, w)
	}
	return out
}

func assessmentJSON(a slo.Assessment) windowJSON {
	w := windowJSON{
		Timeframe: a.Objective.Timeframe.String(),
		From:      instant(a.Window.Start), To: instant(a.Window.End),
		Target: a.Objective.Target.Percent(), Warning: percentOrNull(a.Objective.Warning),
		State:      string(a.State),
		Attainment: a.Attainment.Pointer(), Good: a.Good.Pointer(), Total: a.Valid.Pointer(),
		Unit: string(unitOf(a)), Coverage: a.Coverage.Pointer(),
		ExhaustedAt: instantOrNull(a.ExhaustedAt),
		Trend:       make([]*float64, 0, len(a.Trend)),
		Corrections: correctionsJSON(a.Corrections),
	}
	for _, f := range a.Trend {
		w.Trend = append(w.Trend, f.Pointer())
	}
	if b := a.Budget; b != nil {
		w.Budget = &budgetJSON{b.Allowed, b.Consumed, b.Remaining, b.RemainingPercent}
	}
	if a.Objective.Target < slo.Hundred {
		r := a.BurnRates
		w.BurnRates = &burnRatesJSON{r[0].Pointer(), r[1].Pointer(), r[2].Pointer(), r[3].Pointer()}
	}
	if p := a.Previous; p != nil {
		w.Previous = &previousJSON{
			instant(p.At), p.Attainment.Pointer(), p.RemainingPercent.Pointer(), p.Spent.Pointer(), p.AgedOut.Pointer(),
		}
	}
	return w
}

// unitOf is what the window counts; one without evidence counts requests, as pkg/slo does.
func unitOf(a slo.Assessment) slo.Unit { return cmp.Or(a.Unit, slo.Requests) }

func correctionsJSON(occurrences []slo.Occurrence) []correctionJSON {
	out := make([]correctionJSON, 0, len(occurrences))
	for _, o := range occurrences {
		out = append(out, correctionJSON{ID: o.ID, From: instant(o.Span.Start), To: instant(o.Span.End)})
	}
	return out
}

func comparisonJSON(c *evaluation.Comparison) *datadogJSON {
	if c == nil {
		return nil
	}
	from, to := endsOrNull(c.Window)
	return &datadogJSON{
		Attainment: c.Attainment.Pointer(), RemainingPercent: c.RemainingPercent.Pointer(),
		From: from, To: to, Agrees: agrees(c.Verdict), Reason: textOrNull(string(c.Reason)),
		Ours: c.Ours.Pointer(), Detail: textOrNull(c.Detail),
	}
}

// endsOrNull are the ends of a window; null where it is not known.
func endsOrNull(window timeseries.Span) (from, to *time.Time) {
	if window.Empty() {
		return nil, nil
	}
	start, end := instant(window.Start), instant(window.End)
	return &start, &end
}

// agrees is the verdict as the contract has it.
func agrees(v evaluation.Verdict) *bool {
	said := v == evaluation.Agrees
	if !said && v != evaluation.Differs {
		return nil
	}
	return &said
}
