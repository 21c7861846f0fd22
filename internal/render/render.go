// Package render turns a [document.Document] into bytes, one file for each
// format. It knows tables, notes and typed cells; it does not know SLOs.
//
// Two things happen here and nowhere else. Numbers are rounded and get their
// units (number.go), always in the direction that a cell asks for. And strings
// from outside are made harmless (sanitise.go): names of SLOs are written by
// anybody who may edit one, and must not tear a table, drive a terminal, run
// as a formula or become markup.
//
// Every renderer builds its output completely before the first byte is
// written, so that an error leaves the writer untouched, and returns the error
// of the writer.
package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
)

// Options is what a renderer must know about the reader.
type Options struct {
	// Width is the number of cells in a line; 0 is no limit. Only [Table] looks at it.
	Width int
	// Color allows SGR sequences, Hyperlinks OSC 8 sequences, in a [Table].
	Color, Hyperlinks bool
	// ASCII draws sparklines, dashes and ellipses in ASCII. Names stay as they are.
	ASCII bool
	// TimeZone is where instants are told for people; nil is UTC.
	TimeZone *time.Location
}

// The names of the formats.
const (
	FormatTable    = "table"
	FormatJSON     = "json"
	FormatCSV      = "csv"
	FormatMarkdown = "markdown"
	FormatHTML     = "html"
	FormatJUnit    = "junit"
	FormatGitHub   = "github"
)

// Formats lists the names that [Write] knows, the default first.
func Formats() []string {
	return []string{FormatTable, FormatJSON, FormatCSV, FormatMarkdown, FormatHTML}
}

// CheckFormats lists the names for the documents of a command that checks something.
func CheckFormats() []string { return append(Formats(), FormatJUnit, FormatGitHub) }

// Write renders d in the named format.
func Write(w io.Writer, format string, d document.Document, o Options) error {
	switch format {
	case FormatTable:
		return Table(w, d, o)
	case FormatJSON:
		return JSON(w, d, o)
	case FormatCSV:
		return CSV(w, d, o)
	case FormatMarkdown:
		return Markdown(w, d, o)
	case FormatHTML:
		return HTML(w, d, o)
	case FormatJUnit:
		return JUnit(w, d, o)
	case FormatGitHub:
		return GitHub(w, d, o)
	default:
		formats := Formats()
		if len(d.Checks) > 0 {
			formats = CheckFormats()
		}
		return fmt.Errorf("unknown output format %q: use one of %s", format, strings.Join(formats, ", "))
	}
}

// check finds the mistakes of a builder that would shift values into the wrong
// column or hide them.
func check(d document.Document) error {
	for i, t := range d.Tables {
		for j, row := range t.Rows {
			if len(row.Cells) != len(t.Columns) {
				return fmt.Errorf("table %d %q: row %d has %d cells for %d columns", i+1, t.Title, j+1, len(row.Cells), len(t.Columns))
			}
			for k, c := range row.Cells {
				if c.Kind < document.Absent || c.Kind > document.Spark {
					return fmt.Errorf("table %d %q: row %d, column %q: unknown kind of cell %d", i+1, t.Title, j+1, t.Columns[k].Name, c.Kind)
				}
			}
		}
	}
	return nil
}

// errNoChecks is of a builder that gave a format for checks nothing to write:
// an empty list would read as if nothing were the matter.
func errNoChecks(format string) error {
	return fmt.Errorf("this document has no checks, which the format %s is made of", format)
}

// forPeople is t without the columns and rows that are for machines only.
func forPeople(t document.Table) document.Table {
	t = selectColumns(t, func(c document.Column) bool { return !c.Machine })
	if slices.ContainsFunc(t.Rows, func(r document.Row) bool { return r.Machine }) {
		t.Rows = slices.DeleteFunc(slices.Clone(t.Rows), func(r document.Row) bool { return r.Machine })
	}
	return t
}

// selectColumns is t with only the wanted columns.
func selectColumns(t document.Table, wanted func(document.Column) bool) document.Table {
	var places []int
	for i, c := range t.Columns {
		if wanted(c) {
			places = append(places, i)
		}
	}
	if len(places) == len(t.Columns) {
		return t
	}
	columns := make([]document.Column, len(places))
	for i, p := range places {
		columns[i] = t.Columns[p]
	}
	t.Columns = columns
	t.Rows = slices.Clone(t.Rows)
	for r, row := range t.Rows {
		cells := make([]document.Cell, len(places))
		for i, p := range places {
			cells[i] = row.Cells[p]
		}
		t.Rows[r].Cells = cells
	}
	return t
}
