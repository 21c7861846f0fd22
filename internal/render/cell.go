package render

import (
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/document"
)

// The levels of a sparkline, lowest first.
var (
	sparkLevels      = [...]string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}
	sparkLevelsASCII = [...]string{"_", ".", "-", "=", "#"}
)

// Text is what people read in a cell: one line, harmless, rounded.
func Text(c document.Cell, o Options) string {
	if unknown(c) {
		return glyph(o, "–", "-")
	}
	switch c.Kind {
	case document.Absent:
		return ""
	case document.Text:
		return indented(c.Text)
	case document.Number:
		return number(c, o)
	case document.Instant:
		return instant(c.Time, o)
	case document.Duration:
		return duration(c, o)
	case document.Spark:
		return sparkline(c, o)
	default:
		return glyph(o, "–", "-")
	}
}

// unknown tells a value that nobody knows: said so, or a number that is none,
// or an instant that was never set.
func unknown(c document.Cell) bool {
	switch c.Kind {
	case document.Unknown:
		return true
	case document.Number, document.Duration:
		return math.IsNaN(c.Value)
	case document.Instant:
		return c.Time.IsZero()
	case document.Spark:
		return !slices.ContainsFunc(c.Points, func(p float64) bool { return !math.IsNaN(p) })
	default:
		return false
	}
}

func glyph(o Options, unicode, ascii string) string {
	if o.ASCII {
		return ascii
	}
	return unicode
}

func sparkline(c document.Cell, o Options) string {
	levels, gap := sparkLevels[:], "·"
	if o.ASCII {
		levels, gap = sparkLevelsASCII[:], "?"
	}
	var b strings.Builder
	for _, p := range c.Points {
		if math.IsNaN(p) {
			b.WriteString(gap)
			continue
		}
		level := int(fraction(c, p) * float64(len(levels)))
		b.WriteString(levels[min(level, len(levels)-1)])
	}
	return b.String()
}

// fraction is where p stands between the Low (0) and the High (1) of c.
func fraction(c document.Cell, p float64) float64 {
	switch {
	case p <= c.Low:
		return 0
	case p >= c.High:
		return 1
	}
	f := (p - c.Low) / (c.High - c.Low)
	if math.IsNaN(f) {
		return 0
	}
	return min(max(f, 0), 1)
}
