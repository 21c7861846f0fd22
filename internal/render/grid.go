package render

import (
	"bytes"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/slo-cli/slo/internal/document"
)

// gutter is what stands between two columns.
const gutter = "  "

// manyRows is the number of rows from which tablewriter, with some 50 µs for
// each, is felt.
const manyRows = 2000

// piece is the text of one cell as it will be seen, and how it is dressed.
type piece struct {
	text  string
	width int
	style string // an SGR sequence, or none
	link  string // a safe address, or none
}

// grid is a table ready to be drawn: texts that fit, and their widths.
type grid struct {
	columns []document.Column
	widths  []int
	header  []piece
	rows    [][]piece
}

// total is the width of a line.
func (g *grid) total() int {
	sum := len(gutter) * (len(g.widths) - 1)
	for _, w := range g.widths {
		sum += w
	}
	return sum
}

// draw writes the grid. Both ways give the same bytes for the same grid, as
// long as tablewriter counts as we do.
func (g *grid) draw(b *bytes.Buffer) error {
	if len(g.rows) > manyRows || !g.countsAlike() {
		g.drawPlainly(b)
		return nil
	}
	return g.drawTable(b)
}

// countsAlike tells whether tablewriter, which adds up single code points, finds
// the same widths as we, who measure whole characters: a flag is two code
// points of two cells each, and two cells in all.
func (g *grid) countsAlike() bool {
	for _, p := range g.header {
		if !p.countsAlike() {
			return false
		}
	}
	for _, row := range g.rows {
		for _, p := range row {
			if !p.countsAlike() {
				return false
			}
		}
	}
	return true
}

func (p piece) countsAlike() bool {
	if len(p.text) == p.width {
		return true
	}
	sum := 0
	for _, r := range p.text {
		sum += displaywidth.Rune(r)
	}
	return sum == p.width
}

// drawTable draws with tablewriter. Everything that it would decide by itself
// is switched off: it measures ambiguous characters by the locale, wraps and
// reformats. The gutter is a column border and not a padding, because a padding
// of two characters makes tablewriter cut each cell to size, which breaks links.
func (g *grid) drawTable(b *bytes.Buffer) error {
	var out bytes.Buffer
	aligns := g.aligns()
	table := tablewriter.NewTable(&out,
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbolCustom("gutter").WithColumn(gutter),
			Settings: tw.Settings{
				Lines:      tw.LinesNone,
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.On},
			},
		}),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithPadding(tw.PaddingNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
	)
	table.Header(dressed(g.header))
	for _, row := range g.rows {
		if err := table.Append(dressed(row)); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	for line := range bytes.Lines(out.Bytes()) {
		b.Write(bytes.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	return nil
}

func (g *grid) aligns() []tw.Align {
	out := make([]tw.Align, len(g.columns))
	for i, c := range g.columns {
		out[i] = tw.AlignLeft
		if c.Align == document.Right {
			out[i] = tw.AlignRight
		}
	}
	return out
}

func dressed(row []piece) []string {
	out := make([]string, len(row))
	for i, p := range row {
		out[i] = p.dressed()
	}
	return out
}

// dressed is the text with its colour and its link. The padding has neither.
func (p piece) dressed() string {
	s := p.text
	if s == "" {
		return s
	}
	if p.link != "" {
		s = "\x1b]8;;" + p.link + "\x1b\\" + s + "\x1b]8;;\x1b\\"
	}
	if p.style != "" {
		s = p.style + s + styleReset
	}
	return s
}

// drawPlainly draws without tablewriter.
func (g *grid) drawPlainly(b *bytes.Buffer) {
	g.drawLine(b, g.header)
	for _, row := range g.rows {
		g.drawLine(b, row)
	}
}

func (g *grid) drawLine(b *bytes.Buffer, row []piece) {
	start := b.Len()
	for i, p := range row {
		padding := strings.Repeat(" ", g.widths[i]-p.width)
		if i > 0 {
			b.WriteString(gutter)
		}
		if g.columns[i].Align == document.Right {
			b.WriteString(padding + p.dressed())
		} else {
			b.WriteString(p.dressed() + padding)
		}
	}
	line := bytes.TrimRight(b.Bytes()[start:], " ")
	b.Truncate(start + len(line))
	b.WriteByte('\n')
}
