package render

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/slo-cli/slo/internal/document"
)

//go:embed page.gohtml
var pageSource string

// pageTemplate is parsed when the first page is written, not when the program starts.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Parse(pageSource))
})

// The size of a sparkline in pixels: a step for each point, and room for the stroke.
const (
	sparkStep   = 8
	sparkHeight = 24
	sparkMargin = 2
)

// The data of the template.
type (
	htmlPage struct {
		Title   string
		Lead    []string
		Tables  []htmlTable
		Items   []htmlItem
		Notes   []string
		Closing string
	}
	htmlTable struct {
		Title, Empty string
		Columns      []htmlColumn
		Rows         [][]htmlCell
	}
	htmlColumn struct{ Name, Class string }
	htmlCell   struct {
		Text, Class, Link string
		Path              string
		Width, Height     int
	}
)

// HTML writes d as one page that needs nothing else: no script, no font, no
// address but those that its links lead to.
func HTML(w io.Writer, d document.Document, o Options) error {
	if err := check(d); err != nil {
		return err
	}
	p := htmlPage{Title: clean(d.Title), Lead: cleanAll(d.Lead), Items: newHTMLItems(d.Items, o), Notes: cleanAll(d.Notes), Closing: clean(d.Closing)}
	for _, t := range d.Tables {
		p.Tables = append(p.Tables, newHTMLTable(forPeople(t), o))
	}
	var b bytes.Buffer
	if err := pageTemplate().Execute(&b, p); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func cleanAll(lines []string) []string {
	out := make([]string, len(lines))
	for i, s := range lines {
		out[i] = clean(s)
	}
	return out
}

func newHTMLTable(t document.Table, o Options) htmlTable {
	out := htmlTable{Title: clean(t.Title), Empty: clean(t.Empty)}
	if len(t.Columns) == 0 {
		return out
	}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, htmlColumn{Name: clean(c.Name), Class: alignClass(c.Align)})
	}
	for _, row := range t.Rows {
		cells := make([]htmlCell, len(row.Cells))
		for i, c := range row.Cells {
			severity := c.Severity
			if severity == document.Plain && i == 0 {
				severity = row.Severity
			}
			cells[i] = newHTMLCell(c, o)
			cells[i].Class = strings.TrimSpace(alignClass(t.Columns[i].Align) + " " + severityClass(severity))
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func newHTMLCell(c document.Cell, o Options) htmlCell {
	if c.Kind != document.Spark || unknown(c) {
		return htmlCell{Text: Text(c, o), Link: safeURL(c.Link)}
	}
	return htmlCell{
		Text:   spoken(c, o),
		Path:   sparkPath(c),
		Width:  sparkStep*(len(c.Points)-1) + 2*sparkMargin,
		Height: sparkHeight,
	}
}

// spoken says a sparkline in words, for those who do not see it.
func spoken(c document.Cell, o Options) string {
	last := document.Cell{Kind: document.Number, Value: c.Points[len(c.Points)-1], Decimals: c.Decimals, Round: c.Round, Unit: c.Unit}
	return fmt.Sprintf("the last of %d: %s", len(c.Points), Text(last, o))
}

// sparkPath draws the points. A gap ends a line; a point between two gaps is a dot.
func sparkPath(c document.Cell) string {
	const inner = sparkHeight - 2*sparkMargin
	var b strings.Builder
	open := false
	for i, p := range c.Points {
		if math.IsNaN(p) {
			open = false
			continue
		}
		x := strconv.Itoa(sparkMargin + i*sparkStep)
		y := strconv.FormatFloat(sparkMargin+inner*(1-fraction(c, p)), 'f', 1, 64)
		if open {
			b.WriteString(" L" + x + " " + y)
			continue
		}
		b.WriteString(" M" + x + " " + y + " h0")
		open = true
	}
	return strings.TrimPrefix(b.String(), " ")
}

func alignClass(a document.Align) string {
	if a == document.Right {
		return "right"
	}
	return ""
}

func severityClass(s document.Severity) string {
	switch s {
	case document.Good:
		return "good"
	case document.Muted:
		return "muted"
	case document.Warn:
		return "warn"
	case document.Bad:
		return "bad"
	case document.Plain:
	}
	return ""
}
