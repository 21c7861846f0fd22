package report

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/pkg/policy"
	"github.com/slo-cli/slo/pkg/slo"
)

// longestName is how many cells of a name a sentence carries.
const longestName = 60

// longestPhrase bounds what others wrote: messages, reasons of overrides.
const longestPhrase = 300

// oneLine is s without line breaks and doubled spaces.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// phrase is a sentence of others as a part of one of ours.
func phrase(s string) string { return shortened(strings.TrimRight(oneLine(s), ".。 "), longestPhrase) }

// shortened cuts s to at most so many cells. It counts every character of the
// East as two and marks as one, so that the result is never wider.
func shortened(s string, cells int) string {
	width := 0
	for _, r := range s {
		width += cellsOf(r)
	}
	if width <= cells {
		return s
	}
	width = 0
	for i, r := range s {
		if width += cellsOf(r); width > cells-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

func cellsOf(r rune) int {
	if r >= 0x1100 && (r < 0x2000 || r > 0x20ff) {
		return 2
	}
	return 1
}

// decimal writes v with so many decimals, rounded from the shortest decimal
// that means v, as internal/render does for cells.
func decimal(v float64, decimals int, round document.Rounding) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	s, negative := strings.CutPrefix(strconv.FormatFloat(v, 'f', -1, 64), "-")
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) <= decimals {
		return strconv.FormatFloat(v, 'f', decimals, 64)
	}
	digits, rest := whole+fraction[:decimals], fraction[decimals:]
	away := rest[0] >= '5'
	switch round {
	case document.Down:
		away = negative
	case document.Up:
		away = !negative
	case document.Nearest:
	}
	n, _ := new(big.Int).SetString(digits, 10)
	if away {
		n.Add(n, big.NewInt(1))
	}
	digits = fmt.Sprintf("%0*s", decimals+1, n)
	cut := len(digits) - decimals
	out := strings.TrimSuffix(digits[:cut]+"."+digits[cut:], ".")
	if negative && n.Sign() != 0 {
		out = "-" + out
	}
	return out
}

// exact is the shortest decimal that means v: a threshold is what somebody typed.
func exact(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// mostDecimals ends the search for a decimal that tells two numbers apart.
const mostDecimals = 9

// apart is how many decimals, from a least number on, tell a value from the threshold
// that it is held against: nobody should read that 0.0% is more than 0%.
func apart(c policy.Check, least int, round document.Rounding) int {
	v, known := c.Value.Value()
	limit, limited := c.Threshold.Value()
	if !known || !limited || v == limit {
		return least
	}
	for d := least; d < mostDecimals; d++ {
		if decimal(v, d, round) != decimal(limit, d, document.Nearest) {
			return d
		}
	}
	return least
}

// higherIsWorse are the rules whose value must stay below the threshold.
func higherIsWorse(rule string) bool { return rule == "freshness" || strings.HasPrefix(rule, "burn_") }

// rounding is the direction in which the value of a rule looks no better than it is.
func rounding(rule string) document.Rounding {
	if higherIsWorse(rule) {
		return document.Up
	}
	return document.Down
}

// dustless is a check whose value is without the dust of binary fractions, if
// that leaves it on the same side of its threshold: 38.900000000000006 is told as 38.9.
func dustless(c policy.Check) policy.Check {
	v, known := c.Value.Value()
	clean := math.Round(v*1e9) / 1e9
	if limit, limited := c.Threshold.Value(); known && !math.IsInf(clean, 0) && !(limited && clean == limit) {
		c.Value = slo.Known(clean)
	}
	return c
}

// valueCell is the value of a check.
func (g gate) valueCell(c policy.Check) document.Cell {
	if !c.Value.IsKnown() && !c.Threshold.IsKnown() {
		return document.Cell{}
	}
	c = dustless(c)
	round := rounding(c.Rule)
	switch c.Unit {
	case policy.Percent:
		return number(c.Value, apart(c, g.decimals(c), round), round, "%")
	case policy.Ratio:
		c = inPercent(c)
		return number(c.Value, apart(c, 1, round), round, "%")
	case policy.SecondsOf:
		cell := number(c.Value, 0, round, "")
		if cell.Kind == document.Number {
			cell.Kind = document.Duration
		}
		return cell
	case policy.BurnRate:
		return number(c.Value, apart(c, 1, round), round, "")
	}
	return number(c.Value, apart(c, 0, round), round, "")
}

// decimals are how many decimals a percentage has at least: an attainment as
// many as on the board.
func (g gate) decimals(c policy.Check) int {
	a, found := g.assessed[windowOf{c.SLOID, c.Timeframe}]
	switch {
	case found && (c.Rule == "attainment" || a.Objective.Target == slo.Hundred):
		return a.Decimals()
	case c.Rule == "attainment":
		return 2
	}
	return 1
}

// inPercent is a check of a ratio in percent, without the dust of the multiplication.
func inPercent(c policy.Check) policy.Check {
	percent := func(f slo.Figure) slo.Figure {
		v, known := f.Value()
		if !known {
			return f
		}
		return slo.Known(percentage(v))
	}
	c.Value, c.Threshold = percent(c.Value), percent(c.Threshold)
	return c
}

// percentage is a share in percent.
func percentage(share float64) float64 { return math.Round(share*1e11) / 1e9 }

// limit is the threshold with the side on which the rule holds.
func (g gate) limit(c policy.Check) string {
	if c.Unit == policy.Ratio {
		c = inPercent(c)
	}
	v, known := c.Threshold.Value()
	if !known {
		return ""
	}
	text := exact(v)
	switch c.Unit {
	case policy.Percent, policy.Ratio:
		text += "%"
	case policy.SecondsOf:
		text = lasting(int64(v))
	}
	switch {
	case higherIsWorse(c.Rule):
		return "<= " + text
	case c.Rule == "budget" && !g.hundred(c):
		return "> " + text
	}
	return ">= " + text
}

// lasting is a length of time in all the units that it needs.
func lasting(seconds int64) string {
	var parts []string
	for _, u := range []struct {
		seconds int64
		name    string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if n := seconds / u.seconds; n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, u.name))
			seconds %= u.seconds
		}
	}
	if len(parts) == 0 {
		return "0s"
	}
	return strings.Join(parts, " ")
}

// atLeastLasting is a length of time rounded down to its two largest units.
func atLeastLasting(seconds int64) string {
	switch {
	case seconds >= 86400:
		seconds -= seconds % 3600
	case seconds >= 60:
		seconds -= seconds % 60
	}
	return lasting(seconds)
}

// coarse is the length of a stretch, in seconds, above which its start is told as "about".
const coarse = 300

// sinceCell is from when on a rule has not held.
func (g gate) sinceCell(c policy.Check) document.Cell {
	switch {
	case c.Verdict == policy.Pass || !mayLast(c.Rule):
		return document.Cell{}
	case c.Since.Empty():
		return document.Cell{Kind: document.Unknown}
	}
	at := func(unix int64) string { return time.Unix(unix, 0).In(g.zone()).Format("2006-01-02 15:04") }
	switch {
	case c.SinceBefore:
		return text("before " + at(c.Since.End))
	case c.Since.Seconds() > coarse:
		return text("about " + at(c.Since.Start))
	}
	return text(at(c.Since.Start))
}

// mayLast reports whether a rule is one of which is known since when it does not hold.
func mayLast(rule string) bool {
	return rule == "budget" || rule == "attainment" || rule == "freeze" || strings.HasPrefix(rule, "burn_")
}

// hundred reports whether a check is of a target of 100, which has no budget:
// its attainment is looked at instead.
func (g gate) hundred(c policy.Check) bool {
	a, found := g.assessed[windowOf{c.SLOID, c.Timeframe}]
	return found && a.Objective.Target == slo.Hundred
}
