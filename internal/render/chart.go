package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/clipperhouse/displaywidth"

	"github.com/slo-cli/slo/internal/document"
)

// The size of a chart made of characters.
const (
	chartRows  = 9 // with the lowest and the highest; four intervals of two rows
	chartWidth = 100
	// leastPlot is the number of columns below which nothing is drawn.
	leastPlot = 10
)

// chartGlyphs are what a chart is drawn with.
type chartGlyphs struct{ value, found, band, mark, side, tick, corner, floor string }

func chartGlyphsOf(o Options) chartGlyphs {
	if o.ASCII {
		return chartGlyphs{"*", "#", ":", "^", "|", "+", "+", "-"}
	}
	return chartGlyphs{"•", "█", "░", "▔", "│", "┤", "└", "─"}
}

// usable reports whether there is anything to draw.
func usable(c *document.Chart) bool {
	if c == nil || c.Step <= 0 {
		return false
	}
	low, high := extent(c)
	return low <= high
}

// extent are the least and the greatest of what is drawn; low > high where there is nothing.
func extent(c *document.Chart) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, values := range [][]float64{c.Values, c.Low, c.High} {
		for _, v := range values {
			if isFinite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, high
}

// isFinite leaves room for the arithmetic of an axis.
func isFinite(v float64) bool { return math.Abs(v) < 1e300 }

// scale is the vertical axis: round numbers at a distance of step, from low to high.
type scale struct{ low, step float64 }

// intervals is how many steps there are on the axis.
const intervals = 4

func (s scale) high() float64 { return s.low + intervals*s.step }

// place is where v stands between low (0) and high (1).
func (s scale) place(v float64) float64 {
	return min(max((v-s.low)/(s.high()-s.low), 0), 1)
}

// scaleOf has the zero in it, unless all values lie far above.
func scaleOf(low, high float64) scale {
	if low >= 0 && low < 0.75*high {
		low = 0
	}
	if high <= 0 && high > 0.75*low {
		high = 0
	}
	if size := max(math.Abs(low), math.Abs(high)); size < 1e-290 {
		low, high = 0, 1
	} else if high-low <= 1e-9*size {
		high = low + size/10
	}
	for step := roundStep((high - low) / intervals); ; step = roundStep(step * 1.01) {
		if s := (scale{math.Floor(low/step) * step, step}); s.high() >= high || !isFinite(step) {
			return s
		}
	}
}

// roundStep is the least round number that is not below v.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range [...]float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8} {
		if m*power >= v*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// label writes a number of the axis.
func (s scale) label(v float64) string {
	if s.step < 1e-9 || s.step >= 1e15 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	decimals := 0
	for step := s.step; decimals < 9 && math.Abs(step-math.Round(step)) > 1e-9*step; decimals++ {
		step *= 10
	}
	return separate(round(shortest(v), decimals, document.Nearest))
}

// column is what a column of the chart has of the series.
type column struct {
	low, high         float64 // of the values; NaN where there is none
	bandLow, bandHigh float64
	marked            bool
}

// columnsOf puts the buckets into so many columns, or each bucket into several.
func columnsOf(c *document.Chart, width int) []column {
	n := len(c.Values)
	out := make([]column, width)
	for x := range out {
		from, to := x*n/width, (x+1)*n/width
		to = min(max(to, from+1), n)
		gap := math.NaN()
		col := column{gap, gap, gap, gap, false}
		for i := from; i < to; i++ {
			if v := c.Values[i]; isFinite(v) {
				col.low, col.high = least(col.low, v), most(col.high, v)
			}
			if i < len(c.Low) && i < len(c.High) && isFinite(c.Low[i]) && isFinite(c.High[i]) {
				col.bandLow, col.bandHigh = least(col.bandLow, c.Low[i]), most(col.bandHigh, c.High[i])
			}
			col.marked = col.marked || marked(c, i)
		}
		out[x] = col
	}
	return out
}

// least and most pass over what is not known.
func least(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return min(a, b)
}

func most(a, b float64) float64 {
	if math.IsNaN(a) {
		return b
	}
	return max(a, b)
}

// marked reports whether the i-th bucket has a part in the marked stretch.
func marked(c *document.Chart, i int) bool {
	if c.To.IsZero() {
		return false
	}
	start := c.Start.Add(time.Duration(i) * c.Step)
	return start.Before(c.To) && start.Add(c.Step).After(c.From)
}

// drawn is the chart in lines of characters, at most width cells wide (0 for
// the usual width); nil where there is no room or nothing to draw. dress gives a
// piece its colour.
func drawn(c *document.Chart, o Options, width int, dress func(string, document.Severity) string) []string {
	if !usable(c) {
		return nil
	}
	if width <= 0 {
		width = chartWidth
	}
	s, g := scaleOf(extent(c)), chartGlyphsOf(o)
	labels := make([]string, chartRows)
	margin := 0
	for r := 0; r < chartRows; r += (chartRows - 1) / intervals {
		labels[r] = s.label(s.high() - float64(r)*s.step*intervals/(chartRows-1))
		margin = max(margin, displaywidth.String(labels[r]))
	}
	plot := width - margin - 2
	if plot < leastPlot {
		return nil
	}
	columns := columnsOf(c, plot)
	var out []string
	if title := trimmed(c.Title); title != "" {
		out = append(out, wrap(title, width, 0)...)
	}
	for r := range chartRows {
		side := g.side
		if labels[r] != "" {
			side = g.tick
		}
		out = append(out, strings.TrimRight(padLeft(labels[r], margin)+" "+side+chartLine(columns, s, r, g, dress), " "))
	}
	pad := strings.Repeat(" ", margin+1)
	out = append(out, pad+g.corner+strings.Repeat(g.floor, plot))
	if line := markLine(columns, g, dress); line != "" {
		out = append(out, pad+" "+line)
	}
	out = append(out, pad+" "+timeLine(c, plot, o))
	for _, line := range wrap(chartLegend(c, columns, g), plot, 0) {
		out = append(out, pad+" "+dress(line, document.Muted))
	}
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ")
	}
	return out
}

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-displaywidth.String(s), 0)) + s
}

// chartLine is one row of the plot, the highest is 0. Runs of the same colour are dressed together.
func chartLine(columns []column, s scale, r int, g chartGlyphs, dress func(string, document.Severity) string) string {
	var b, run strings.Builder
	severity := document.Plain
	flush := func(next document.Severity) {
		if next != severity && run.Len() > 0 {
			b.WriteString(dress(run.String(), severity))
			run.Reset()
		}
		severity = next
	}
	row := func(v float64) int { return chartRows - 1 - int(math.Round(s.place(v)*(chartRows-1))) }
	for _, c := range columns {
		glyph, colour := " ", document.Plain
		switch {
		case !math.IsNaN(c.low) && r >= row(c.high) && r <= row(c.low):
			if glyph = g.value; c.marked {
				glyph, colour = g.found, document.Bad
			}
		case !math.IsNaN(c.bandLow) && r >= row(c.bandHigh) && r <= row(c.bandLow):
			glyph, colour = g.band, document.Muted
		}
		flush(colour)
		run.WriteString(glyph)
	}
	flush(document.Severity(-1))
	return b.String()
}

// markLine shows the marked stretch below the axis, so that a gap in it is seen too.
func markLine(columns []column, g chartGlyphs, dress func(string, document.Severity) string) string {
	first, last := -1, -1
	for x, c := range columns {
		if c.marked {
			if first < 0 {
				first = x
			}
			last = x
		}
	}
	if first < 0 {
		return ""
	}
	return strings.Repeat(" ", first) + dress(strings.Repeat(g.mark, last-first+1), document.Bad)
}

// timeLine has the ends of the chart, and between them, where there is room, the begin of what is marked.
func timeLine(c *document.Chart, plot int, o Options) string {
	end := c.Start.Add(time.Duration(len(c.Values)) * c.Step)
	first, last := chartTime(c.Start, o), chartTime(end, o)+" "+zoneName(end, o)
	line := []rune(strings.Repeat(" ", plot))
	put := func(at int, s string) {
		for i, r := range []rune(s) {
			if at+i >= 0 && at+i < len(line) {
				line[at+i] = r
			}
		}
	}
	if len(first)+2+len(last) > plot {
		put(0, first)
		return string(line)
	}
	put(0, first)
	put(plot-len(last), last)
	if c.To.IsZero() || end.Sub(c.Start) <= 0 {
		return string(line)
	}
	label := chartTime(c.From, o)
	at := int(float64(plot) * float64(c.From.Sub(c.Start)) / float64(end.Sub(c.Start)))
	if at >= len(first)+2 && at+len(label)+2 <= plot-len(last) {
		put(at, label)
	}
	return string(line)
}

func chartTime(t time.Time, o Options) string { return t.In(zoneOf(o)).Format("2 Jan 15:04") }

func zoneName(t time.Time, o Options) string { return t.In(zoneOf(o)).Format("MST") }

func zoneOf(o Options) *time.Location {
	if o.TimeZone == nil {
		return time.UTC
	}
	return o.TimeZone
}

func chartLegend(c *document.Chart, columns []column, g chartGlyphs) string {
	legend := []string{g.value + " value"}
	if len(c.Low) > 0 {
		legend = append(legend, g.band+" usual")
	}
	for _, col := range columns {
		if col.marked {
			legend = append(legend, g.found+" the finding")
			break
		}
	}
	return strings.Join(legend, ", ")
}
