package render

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/slo-cli/slo/internal/document"
)

// The SGR sequences, from the 16 colours that every theme makes readable.
const (
	styleReset = "\x1b[0m"
	styleTitle = "\x1b[1m"
)

// Table writes d for a person at a terminal, or for a pipe when o has no width.
// No line is longer than the width: columns are dropped, then one is shortened,
// and what still does not fit is written as one block for each row.
func Table(w io.Writer, d document.Document, o Options) error {
	if err := check(d); err != nil {
		return err
	}
	p := page{options: o}
	p.heading(d.Title)
	p.gap()
	for _, s := range d.Lead {
		p.prose(s, 0)
	}
	for _, t := range d.Tables {
		if t.Aside {
			continue
		}
		p.gap()
		if err := p.table(forPeople(t)); err != nil {
			return err
		}
	}
	p.items(d.Items)
	p.gap()
	for _, s := range d.Notes {
		p.prose("- "+clean(s), len("- "))
	}
	p.gap()
	p.heading(d.Closing)
	return p.flush(w)
}

// page collects the output.
type page struct {
	options Options
	out     bytes.Buffer
}

// flush writes everything at once, without empty lines at the end.
func (p *page) flush(w io.Writer) error {
	b := bytes.TrimRight(p.out.Bytes(), "\n")
	if len(b) > 0 {
		b = append(b, '\n')
	}
	_, err := w.Write(b)
	return err
}

// gap separates what follows by one empty line from what there is.
func (p *page) gap() {
	if b := p.out.Bytes(); len(b) > 0 && !bytes.HasSuffix(b, []byte("\n\n")) {
		p.out.WriteByte('\n')
	}
}

func (p *page) prose(s string, indent int) {
	for _, line := range wrap(clean(s), p.options.Width, indent) {
		p.out.WriteString(strings.TrimRight(line, " "))
		p.out.WriteByte('\n')
	}
}

func (p *page) heading(s string) {
	if clean(s) == "" {
		return
	}
	for _, line := range wrap(clean(s), p.options.Width, 0) {
		if p.options.Color {
			line = styleTitle + line + styleReset
		}
		p.out.WriteString(line)
		p.out.WriteByte('\n')
	}
}

func (p *page) table(t document.Table) error {
	p.heading(t.Title)
	if len(t.Rows) == 0 {
		if t.Empty != "" {
			p.prose(t.Empty, 0)
		}
		return nil
	}
	if len(t.Columns) == 0 {
		return nil
	}
	g := newGrid(t, p.options)
	if p.options.Width <= 0 || g.fit(p.options) {
		return g.draw(&p.out)
	}
	p.blocks(newGrid(t, p.options))
	return nil
}

// blocks writes every value on a line of its own. A number is never cut: half
// of it would be another number.
func (p *page) blocks(g *grid) {
	for _, row := range g.rows {
		p.gap()
		for i, c := range row {
			if c.text != "" {
				p.prose(g.header[i].text+": "+c.text, len(gutter))
			}
		}
	}
}

// newGrid lays t out without a limit.
func newGrid(t document.Table, o Options) *grid {
	g := &grid{columns: t.Columns, widths: make([]int, len(t.Columns)), header: make([]piece, len(t.Columns))}
	for i, c := range t.Columns {
		g.header[i] = newPiece(trimmed(c.Name))
		g.widths[i] = max(g.header[i].width, 1)
	}
	for _, row := range t.Rows {
		pieces := make([]piece, len(row.Cells))
		for i, c := range row.Cells {
			pieces[i] = newPiece(Text(c, o))
			g.widths[i] = max(g.widths[i], pieces[i].width)
			severity := c.Severity
			if severity == document.Plain && i == 0 {
				severity = row.Severity
			}
			if o.Color {
				pieces[i].style = style(severity)
			}
			if o.Hyperlinks && c.Link != "" {
				pieces[i].link = safeURL(c.Link)
			}
		}
		g.rows = append(g.rows, pieces)
	}
	return g
}

func newPiece(s string) piece {
	return piece{text: s, width: displaywidth.String(s)}
}

func style(s document.Severity) string {
	switch s {
	case document.Good:
		return "\x1b[32m"
	case document.Muted:
		return "\x1b[90m"
	case document.Warn:
		return "\x1b[33m"
	case document.Bad:
		return "\x1b[31m"
	case document.Plain:
	}
	return ""
}

// fit makes the grid at most as wide as the options say: first it drops columns,
// then it shortens those that may be shortened. It reports whether that was enough.
func (g *grid) fit(o Options) bool {
	for g.least(o.Width) > o.Width {
		if !g.drop() {
			break
		}
	}
	if g.total() <= o.Width {
		return true
	}
	widths, enough := g.shrunk(o.Width)
	if !enough {
		return false
	}
	for i, width := range widths {
		if g.columns[i].Shrink && !g.columns[i].Wrap && width < g.widths[i] {
			g.shortenColumn(i, width, glyph(o, "…", "..."))
		}
	}
	g.wrapColumns(widths)
	return g.total() <= o.Width
}

// least is the width that decides about dropping columns: a column that can be
// shortened counts with no more than a quarter of the line, or with its MinWidth.
func (g *grid) least(width int) int {
	least := g.total()
	for i, c := range g.columns {
		if c.Shrink {
			least -= max(g.widths[i]-max(width/4, c.MinWidth), 0)
		}
	}
	return least
}

// shrunk are the widths of the columns in a line of the given width: whichever
// of those that may be shortened is the widest gives. It reports whether that is enough.
func (g *grid) shrunk(width int) (widths []int, enough bool) {
	widths = slices.Clone(g.widths)
	for excess := g.total() - width; excess > 0; excess-- {
		widest := -1
		for i, c := range g.columns {
			if c.Shrink && widths[i] > max(c.MinWidth, 1) && (widest < 0 || widths[i] >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil, false
		}
		widths[widest]--
	}
	return widths, true
}

// drop removes the column with the highest Drop, the rightmost of equals.
func (g *grid) drop() bool {
	victim := -1
	for i, c := range g.columns {
		if c.Drop > 0 && (victim < 0 || c.Drop >= g.columns[victim].Drop) {
			victim = i
		}
	}
	if victim < 0 {
		return false
	}
	g.columns = without(g.columns, victim)
	g.widths = without(g.widths, victim)
	g.header = without(g.header, victim)
	for r, row := range g.rows {
		g.rows[r] = without(row, victim)
	}
	return true
}

func without[T any](s []T, i int) []T {
	out := make([]T, 0, len(s)-1)
	return append(append(out, s[:i]...), s[i+1:]...)
}

func (g *grid) shortenColumn(i, width int, tail string) {
	g.header[i] = g.header[i].shortened(width, tail)
	g.widths[i] = max(g.header[i].width, 1)
	for _, row := range g.rows {
		row[i] = row[i].shortened(width, tail)
		g.widths[i] = max(g.widths[i], row[i].width)
	}
}

// wrapColumns lets the texts of the columns that wrap go on in further lines,
// in which the other columns are empty.
func (g *grid) wrapColumns(widths []int) {
	var wrapping []int
	for i, c := range g.columns {
		if c.Shrink && c.Wrap && widths[i] < g.widths[i] {
			wrapping = append(wrapping, i)
			g.header[i] = g.header[i].shortened(widths[i], "")
			g.widths[i] = max(g.header[i].width, 1)
		}
	}
	if len(wrapping) == 0 {
		return
	}
	var rows [][]piece
	for _, row := range g.rows {
		lines := [][]piece{slices.Clone(row)}
		for _, i := range wrapping {
			for n, line := range wrap(row[i].text, widths[i], 0) {
				if n == len(lines) {
					lines = append(lines, make([]piece, len(row)))
				}
				// A line may begin where its first character joins what stands before it.
				p := newPiece(clean(line))
				p.style, p.link = row[i].style, row[i].link
				lines[n][i] = p
				g.widths[i] = max(g.widths[i], p.width)
			}
		}
		rows = append(rows, lines...)
	}
	g.rows = rows
}

func (p piece) shortened(width int, tail string) piece {
	p.text = shorten(p.text, width, tail)
	p.width = displaywidth.String(p.text)
	return p
}
