package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// comparisonOf is Datadog's own figure for window i; nil where there is none.
// The list may be shorter than that of the windows.
func comparisonOf(theirs []*evaluation.Comparison, i int) *evaluation.Comparison {
	if i >= len(theirs) {
		return nil
	}
	return theirs[i]
}

// differs reports whether Datadog's figure is another one than ours.
func differs(c *evaluation.Comparison) bool { return c != nil && c.Verdict == evaluation.Differs }

// anyDiffers reports whether the board needs a column for Datadog's figures.
func (b Board) anyDiffers() bool {
	return slices.ContainsFunc(b.Rows, func(r evaluation.Row) bool { return slices.ContainsFunc(r.Datadog, differs) })
}

// besides adds to the cells of a line what Datadog says of its window.
func (c cells) besides(a slo.Assessment, theirs *evaluation.Comparison) {
	if theirs == nil {
		return
	}
	c["datadog_attainment"] = number(theirs.Attainment, a.Decimals(), document.Down, "%")
	c.judged(*theirs, "datadog_agrees", "datadog_reason")
	if !differs(theirs) {
		return
	}
	// Both figures get the decimals at which a reader sees that they differ.
	decimals := telling(a.Attainment, theirs.Attainment, a.Decimals())
	c["attainment"] = number(a.Attainment, decimals, document.Down, "%")
	shown := number(theirs.Attainment, decimals, document.Down, "%")
	shown.Severity = document.Warn
	c["datadog"] = shown
}

// judged adds the verdict and the reason of a comparison under the given keys.
func (c cells) judged(by evaluation.Comparison, agreesKey, reasonKey string) {
	if said := agrees(by.Verdict); said != nil {
		c[agreesKey] = text(strconv.FormatBool(*said))
	}
	if by.Reason != "" {
		c[reasonKey] = text(string(by.Reason))
	}
}

// telling is how many decimals show that two figures differ, at least the given number.
func telling(f, g slo.Figure, least int) int {
	x, known := f.Value()
	y, alsoKnown := g.Value()
	if !known || !alsoKnown {
		return least
	}
	whole, fraction := digits(x)
	otherWhole, otherFraction := digits(y)
	if whole != otherWhole {
		return least
	}
	length := max(len(fraction), len(otherFraction))
	fraction += strings.Repeat("0", length-len(fraction))
	otherFraction += strings.Repeat("0", length-len(otherFraction))
	for i := range length {
		if fraction[i] != otherFraction[i] {
			return max(least, i+1)
		}
	}
	return least
}

// digits are those before and behind the point of the decimal that v is read as.
func digits(v float64) (whole, fraction string) {
	whole, fraction, _ = strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	return whole, fraction
}

// elsewhere reports whether Datadog's figure is another one for a window of the
// row, and says where the objective stands by it if that is the other side of its target.
func elsewhere(r evaluation.Row) (disputed bool, where string) {
	for i, a := range r.Windows {
		c := comparisonOf(r.Datadog, i)
		if !differs(c) {
			continue
		}
		disputed = true
		v, known := c.Attainment.Value()
		breached := v < a.Objective.Target.Percent()
		switch {
		case !known || a.State == slo.NoData || breached == (a.State == slo.Breached):
		case breached:
			return true, " (breached there)"
		default:
			where = " (not breached there)"
		}
	}
	return disputed, where
}

// disagreements are a sentence for each window for which Datadog's figure is another one.
func (b Board) disagreements() []string {
	var out []string
	for _, r := range b.Rows {
		for i, c := range r.Datadog {
			if unread := c != nil && c.Verdict == evaluation.Incomparable && !c.Attainment.IsKnown() && c.Ours.IsKnown(); unread {
				out = append(out, fmt.Sprintf("%s: %s: %s", label(r), c.Objective.Timeframe, c.Detail))
			}
			if !differs(c) {
				continue
			}
			decimals := telling(c.Ours, c.Attainment, r.Windows[i].Decimals())
			line := fmt.Sprintf("%s: %s to %s: Datadog %s, ours %s: %s", label(r), c.Objective.Timeframe, b.clock(c.Window.End),
				floored(c.Attainment, decimals), floored(c.Ours, decimals), because(*c))
			if c.Reason == evaluation.Unexplained || c.Reason == "" {
				line += fmt.Sprintf("; run slo show %s --compare", b.reference(r.Definition))
			}
			out = append(out, line)
		}
	}
	return out
}

// floored writes a percentage in a sentence, rounded down as in the table.
func floored(f slo.Figure, decimals int) string {
	v, known := f.Value()
	if !known {
		return "no figure"
	}
	scale := math.Pow10(decimals)
	return strconv.FormatFloat(math.Floor(v*scale+1e-9)/scale, 'f', decimals, 64) + "%"
}

// because is the reason of a comparison with its particulars, else what its code means.
func because(c evaluation.Comparison) string {
	if c.Detail != "" {
		return c.Detail
	}
	switch c.Reason {
	case evaluation.IndexAge:
		return "Datadog's figure was computed earlier than it says"
	case evaluation.LateData:
		return "Datadog's figure was computed before the newest points had arrived"
	case evaluation.CorrectionsOff:
		return "Datadog's figure leaves status corrections out"
	case evaluation.CorrectionEdge:
		return "Datadog has another rule for what a status correction touches only in part"
	case evaluation.DefinitionChanged:
		return "Datadog counts only what came after the last edit of the SLO"
	case evaluation.MissingData:
		return "Datadog counts time without data the other way"
	case evaluation.GroupSet:
		return "Datadog's figure is over another set of groups"
	case evaluation.Precision:
		return "Datadog's figure is rounded"
	case evaluation.Preview:
		return "Datadog is still computing its figure"
	case evaluation.Unexplained, "":
		return "nothing that slo knows to try gives Datadog's figure"
	}
	return string(c.Reason)
}

// reference is how a command names the objective: by its name where that is
// safe to type and the only one, else by its id.
func (b Board) reference(d slo.Definition) string {
	plain := d.Name != "" && !strings.ContainsFunc(d.Name, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && !strings.ContainsRune(" ._:/()-", r)
	})
	namesakes := 0
	for _, r := range b.Rows {
		if strings.EqualFold(r.Definition.Name, d.Name) {
			namesakes++
		}
	}
	if !plain || namesakes > 1 || d.Name != strings.TrimSpace(d.Name) || strings.HasPrefix(d.Name, "-") {
		return d.ID
	}
	return strconv.Quote(d.Name)
}
