package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
)

// The size of a chart in a page, in pixels, and where its plot begins and ends.
const (
	svgWidth, svgHeight  = 720, 200
	svgLeft, svgRight    = 60, 710
	svgTop, svgBottom    = 10, 170
	svgMostPoints        = 2 * (svgRight - svgLeft)
	svgTextBaselineShift = 4
)

// htmlChart is a chart as the template draws it.
type htmlChart struct {
	Title, Spoken       string
	Width, Height       int
	Band, Path, Found   string
	MarkLeft, MarkWidth string
	Top, PlotHeight     int
	Ticks               []htmlTick
	Times               []htmlTime
	Left, Right         int
}

type htmlTick struct{ Y, TextY, Text string }

type htmlTime struct{ X, Anchor, Text string }

// newHTMLChart is nil where there is nothing to draw.
func newHTMLChart(c *document.Chart, o Options) *htmlChart {
	if !usable(c) {
		return nil
	}
	s := scaleOf(extent(c))
	end := c.Start.Add(time.Duration(len(c.Values)) * c.Step)
	out := &htmlChart{
		Title: clean(c.Title), Width: svgWidth, Height: svgHeight, Top: svgTop, PlotHeight: svgBottom - svgTop, Left: svgLeft, Right: svgRight,
		Times: []htmlTime{
			{strconv.Itoa(svgLeft), "start", chartTime(c.Start, o)},
			{strconv.Itoa(svgRight), "end", chartTime(end, o) + " " + zoneName(end, o)},
		},
	}
	for i := 0; i <= intervals; i++ {
		v := s.low + float64(i)*s.step
		y := svgY(s, v)
		out.Ticks = append(out.Ticks, htmlTick{pixels(y), pixels(y + svgTextBaselineShift), s.label(v)})
	}
	out.Spoken = out.Title + ", " + out.Times[0].Text + " to " + out.Times[1].Text
	out.draw(c, s)
	if !c.To.IsZero() {
		from, to := svgTime(c, end, c.From), svgTime(c, end, c.To)
		if to < from {
			from, to = to, from
		}
		out.MarkLeft, out.MarkWidth = pixels(from), pixels(max(to-from, 2))
		out.Spoken += "; the finding begins " + chartTime(c.From, o)
	}
	return out
}

// draw makes the paths. As many points as can be seen are drawn: of more
// buckets the least and the greatest of each column.
func (h *htmlChart) draw(c *document.Chart, s scale) {
	n := min(len(c.Values), svgMostPoints/2)
	columns := columnsOf(c, n)
	x := func(i int) float64 { return svgLeft + (float64(i)+0.5)*float64(svgRight-svgLeft)/float64(n) }
	var path, found, band strings.Builder
	open, openFound := false, false
	for i, col := range columns {
		if math.IsNaN(col.low) {
			open, openFound = false, false
			continue
		}
		points := [][2]float64{{x(i), svgY(s, col.low)}}
		if col.high != col.low {
			points = append(points, [2]float64{x(i), svgY(s, col.high)})
		}
		open = line(&path, points, open)
		if col.marked {
			openFound = line(&found, points, openFound)
		} else {
			openFound = false
		}
	}
	for i := 0; i < n; {
		if math.IsNaN(columns[i].bandLow) {
			i++
			continue
		}
		end := i
		for end < n && !math.IsNaN(columns[end].bandLow) {
			end++
		}
		half := float64(svgRight-svgLeft) / float64(n) / 2
		band.WriteString(" M" + pixels(x(i)-half) + " " + pixels(svgY(s, columns[i].bandHigh)))
		for k := i; k < end; k++ {
			band.WriteString(" L" + pixels(x(k)+half) + " " + pixels(svgY(s, columns[k].bandHigh)))
		}
		for k := end - 1; k >= i; k-- {
			band.WriteString(" L" + pixels(x(k)+half) + " " + pixels(svgY(s, columns[k].bandLow)))
		}
		band.WriteString(" L" + pixels(x(i)-half) + " " + pixels(svgY(s, columns[i].bandLow)) + " Z")
		i = end
	}
	h.Path, h.Found, h.Band = strings.TrimPrefix(path.String(), " "), strings.TrimPrefix(found.String(), " "), strings.TrimPrefix(band.String(), " ")
}

// line goes on through the points, or begins at them. A point alone is a dot.
func line(b *strings.Builder, points [][2]float64, open bool) bool {
	for _, p := range points {
		if open {
			b.WriteString(" L" + pixels(p[0]) + " " + pixels(p[1]))
			continue
		}
		b.WriteString(" M" + pixels(p[0]) + " " + pixels(p[1]) + " h0")
		open = true
	}
	return true
}

func svgY(s scale, v float64) float64 { return svgBottom - s.place(v)*(svgBottom-svgTop) }

func svgTime(c *document.Chart, end, t time.Time) float64 {
	part := float64(t.Sub(c.Start)) / float64(end.Sub(c.Start))
	return svgLeft + min(max(part, 0), 1)*(svgRight-svgLeft)
}

func pixels(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
