package report

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// Compared is what `slo show --compare` found out about one objective.
type Compared struct {
	Row      evaluation.Row
	Accounts []evaluation.Account
	// Notes concern the whole evaluation.
	Notes []slo.Note
	// Zone is where people read the clock.
	Zone *time.Location
}

// accountJSON is one window of the comparison, unrounded.
type accountJSON struct {
	Timeframe   string           `json:"timeframe"`
	From        *time.Time       `json:"from"`
	To          *time.Time       `json:"to"`
	Target      float64          `json:"target"`
	Unit        string           `json:"unit"`
	Agrees      *bool            `json:"agrees"`
	Reason      *string          `json:"reason"`
	Detail      *string          `json:"detail"`
	Ours        sidesJSON        `json:"ours"`
	Datadog     sidesJSON        `json:"datadog"`
	Problem     *string          `json:"problem"`
	Evidence    []string         `json:"evidence"`
	Corrections []correctionJSON `json:"corrections"`
}

type sidesJSON struct {
	Corrected   sumsJSON `json:"corrected"`
	Uncorrected sumsJSON `json:"uncorrected"`
}

type sumsJSON struct {
	Attainment       *float64 `json:"attainment"`
	Good             *float64 `json:"good"`
	Total            *float64 `json:"total"`
	RemainingPercent *float64 `json:"remaining_percent"`
}

// window is the assessment that an account is about; the zero one, with the
// objective, where there is none.
func (m Compared) window(a evaluation.Account) slo.Assessment {
	for _, w := range m.Row.Windows {
		if w.Objective.Timeframe == a.Objective.Timeframe {
			return w
		}
	}
	return slo.Assessment{Objective: a.Objective, Window: a.Window}
}

func (m Compared) payload() []accountJSON {
	out := make([]accountJSON, 0, len(m.Accounts))
	for _, a := range m.Accounts {
		w := m.window(a)
		from, to := endsOrNull(a.Window)
		out = append(out, accountJSON{
			Timeframe: a.Objective.Timeframe.String(), From: from, To: to, Target: a.Objective.Target.Percent(),
			Unit: string(unitOf(w)), Agrees: agrees(a.Verdict), Reason: textOrNull(string(a.Reason)), Detail: textOrNull(a.Detail),
			Ours:    sidesJSON{toSumsJSON(a.Ours), toSumsJSON(a.OursUncorrected)},
			Datadog: sidesJSON{toSumsJSON(a.Theirs), toSumsJSON(a.TheirsUncorrected)},
			Problem: textOrNull(a.Problem), Evidence: append([]string{}, a.Evidence...),
			Corrections: correctionsJSON(w.Corrections),
		})
	}
	return out
}

func toSumsJSON(s evaluation.Sums) sumsJSON {
	return sumsJSON{s.Attainment.Pointer(), s.Good.Pointer(), s.Valid.Pointer(), s.RemainingPercent.Pointer()}
}

// tables are one for each window: our figures, Datadog's, and what lies between.
func (m Compared) tables() []document.Table {
	var tables []document.Table
	for _, a := range m.Accounts {
		tables = append(tables, m.table(a))
	}
	return tables
}

func (m Compared) table(a evaluation.Account) document.Table {
	const right = document.Right
	t := document.Table{
		Title: fmt.Sprintf("%s to %s: %s", a.Objective.Timeframe, clock(a.Window.End, m.Zone), verdict(a.Comparison)),
		Columns: []document.Column{
			{Name: "FIGURE", Key: "figure"},
			{Name: "CORRECTIONS", Key: "corrections", Drop: 1},
			{Name: "OURS", Key: "ours", Align: right},
			{Name: "DATADOG", Key: "datadog", Align: right},
			{Name: "DIFFERENCE", Key: "difference", Align: right},
			{Key: "timeframe", Machine: true}, {Key: "from", Machine: true}, {Key: "to", Machine: true},
			{Key: "unit", Machine: true}, {Key: "agrees", Machine: true}, {Key: "reason", Machine: true},
		},
		Empty: "neither side has a figure",
	}
	w := m.window(a)
	type side struct {
		corrections  string
		ours, theirs evaluation.Sums
	}
	sides := []side{{"applied", a.Ours, a.Theirs}, {"left out", a.OursUncorrected, a.TheirsUncorrected}}
	if len(w.Corrections) == 0 && a.Ours == a.OursUncorrected && a.Theirs == a.TheirsUncorrected {
		sides = []side{{"none", a.Ours, a.Theirs}}
	}
	for _, side := range sides {
		for _, f := range figuresOf(w, side.ours, side.theirs) {
			if !f.ours.IsKnown() && !f.theirs.IsKnown() {
				continue
			}
			c := cells{
				"figure": text(f.name), "corrections": text(side.corrections),
				"ours": f.cell(f.ours), "datadog": f.cell(f.theirs), "difference": f.difference(),
				"timeframe": text(a.Objective.Timeframe.String()), "unit": text(string(unitOf(w))),
				"from": {Kind: document.Instant, Time: instant(a.Window.Start)},
				"to":   {Kind: document.Instant, Time: instant(a.Window.End)},
			}
			c.judged(a.Comparison, "agrees", "reason")
			t.Rows = append(t.Rows, c.row(t.Columns, document.Plain))
		}
	}
	return t
}

// verdict is the outcome of a comparison in a few words.
func verdict(c evaluation.Comparison) string {
	if c.Verdict == evaluation.Agrees && !c.Attainment.IsKnown() {
		return "neither side has a figure"
	}
	words := map[evaluation.Verdict]string{
		evaluation.Agrees: "Datadog's figure agrees", evaluation.Differs: "Datadog's figure differs", evaluation.Incomparable: "nothing can be said",
	}[c.Verdict]
	if c.Reason != "" {
		words += fmt.Sprintf(" (%s)", c.Reason)
	}
	return words
}

// pair is one figure of both sides, and how it is written.
type pair struct {
	name         string
	ours, theirs slo.Figure
	decimals     int
	round        document.Rounding
	unit         string
	// rounded says that Datadog rounds its figure, so that a small difference is none.
	rounded bool
}

// figuresOf are the figures of a window, each with the decimals that tell the sides apart.
func figuresOf(w slo.Assessment, ours, theirs evaluation.Sums) []pair {
	counted := ""
	if unitOf(w) == slo.Seconds {
		counted = " s"
	}
	pairs := []pair{
		{name: "attainment", ours: ours.Attainment, theirs: theirs.Attainment, decimals: w.Decimals(), unit: "%"},
		{name: "good", ours: ours.Good, theirs: theirs.Good, decimals: fractional(ours.Good, theirs.Good), round: document.Nearest, unit: counted},
		{name: "total", ours: ours.Valid, theirs: theirs.Valid, decimals: fractional(ours.Valid, theirs.Valid), round: document.Nearest, unit: counted},
		// Datadog rounds its own to three decimals, for time of a float32.
		{name: "budget left", ours: ours.RemainingPercent, theirs: theirs.RemainingPercent, decimals: 2, round: document.Nearest, unit: "%", rounded: true},
	}
	if !alike(ours.Attainment, theirs.Attainment) {
		pairs[0].decimals = telling(ours.Attainment, theirs.Attainment, pairs[0].decimals)
	}
	return pairs
}

// alike reports whether two figures are the same but for the width in which
// they were reckoned: Datadog's for time are floats of 32 bits.
func alike(f, g slo.Figure) bool {
	x, _ := f.Value()
	y, _ := g.Value()
	return math.Abs(x-y) <= 1e-9*math.Max(math.Abs(x), math.Abs(y)) || float64(float32(x)) == y
}

// fractional is how many decimals counts have, three at most.
func fractional(figures ...slo.Figure) int {
	decimals := 0
	for _, f := range figures {
		v, _ := f.Value()
		_, fraction := digits(v)
		decimals = max(decimals, min(3, len(fraction)))
	}
	return decimals
}

func (p pair) cell(f slo.Figure) document.Cell { return number(f, p.decimals, p.round, p.unit) }

// difference is Datadog's figure less ours.
func (p pair) difference() document.Cell {
	x, known := p.ours.Value()
	y, alsoKnown := p.theirs.Value()
	if !known || !alsoKnown {
		return document.Cell{Kind: document.Unknown}
	}
	decimals := p.decimals
	if !p.rounded && !alike(p.ours, p.theirs) {
		decimals = telling(slo.Known(0), slo.Known(math.Abs(y-x)), decimals) // a difference never reads as none
	}
	c := number(slo.Known(y-x), decimals, document.Nearest, "")
	c.Sign = true
	return c
}

// notes are, for each window, why the figures differ, what Datadog itself says,
// and what somebody needs who is to look into it.
func (m Compared) notes() []string {
	var out []string
	say := func(a evaluation.Account, words string) {
		out = append(out, fmt.Sprintf("%s: %s", a.Objective.Timeframe, words))
	}
	for _, a := range m.Accounts {
		switch {
		case a.Verdict == evaluation.Agrees && !a.Attainment.IsKnown() && a.Problem != "":
			say(a, "Datadog says of its figure: "+a.Problem)
		case a.Detail != "" || a.Reason != "":
			say(a, because(a.Comparison))
		case a.Problem != "":
			say(a, "Datadog gives no figure: "+a.Problem)
		}
		for _, line := range a.Evidence {
			say(a, line)
		}
	}
	if d := m.Row.Defect; d != nil {
		out = append(out, inFull(d))
	}
	for _, n := range slices.Concat(m.Notes, notesOf(m.Row)) {
		out = append(out, n.Text)
	}
	return out
}
