package render

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/slo-cli/slo/internal/document"
)

// CSV writes the tables of d for spreadsheets and scripts (RFC 4180, lines end
// with LF): a row of machine names, then unrounded values. What is unknown is
// empty, like what is absent. Several tables are separated by an empty line.
func CSV(w io.Writer, d document.Document, _ Options) error {
	if err := check(d); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, t := range d.Tables {
		t = forMachines(t)
		if len(t.Columns) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		record := keys(t.Columns)
		if err := writeRecord(&b, record); err != nil {
			return err
		}
		for _, row := range t.Rows {
			for i, c := range row.Cells {
				record[i] = machine(c)
			}
			if err := writeRecord(&b, record); err != nil {
				return err
			}
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// forMachines is t without the columns and rows that are for people only.
func forMachines(t document.Table) document.Table {
	t = selectColumns(t, func(c document.Column) bool { return !c.Human })
	var rows []document.Row
	for _, r := range t.Rows {
		if !r.Human {
			rows = append(rows, r)
		}
	}
	t.Rows = rows
	return t
}

func writeRecord(b *bytes.Buffer, record []string) error {
	// One empty field would be an empty line, which readers skip.
	if len(record) == 1 && record[0] == "" {
		b.WriteString("\"\"\n")
		return nil
	}
	w := csv.NewWriter(b)
	if err := w.Write(record); err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

// machine is the whole value of a cell.
func machine(c document.Cell) string {
	if unknown(c) {
		return ""
	}
	switch c.Kind {
	case document.Text:
		return unarmed(trimmed(c.Text))
	case document.Number, document.Duration:
		return machineNumber(c.Value)
	case document.Instant:
		return c.Time.UTC().Format(time.RFC3339Nano)
	case document.Spark:
		return machineNumbers(c.Points)
	default:
		return ""
	}
}

// machineNumber is the shortest text that reads back as v.
func machineNumber(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case v == 0:
		return "0"
	}
	format := byte('f')
	if abs := math.Abs(v); abs < 1e-6 || abs >= 1e21 {
		format = 'e'
	}
	return strconv.FormatFloat(v, format, -1, 64)
}

// machineNumbers is a JSON array, so that a gap keeps its place.
func machineNumbers(points []float64) string {
	texts := make([]string, len(points))
	for i, p := range points {
		texts[i] = "null"
		if !math.IsNaN(p) && !math.IsInf(p, 0) {
			texts[i] = machineNumber(p)
		}
	}
	return "[" + strings.Join(texts, ",") + "]"
}

// unarmed keeps a spreadsheet from reading a text as a formula. Numbers never
// come here, so a minus sign in front is suspicious too. Spaces and the
// full-width forms of the signs do not stop every program.
func unarmed(s string) string {
	rest := strings.TrimLeftFunc(s, unicode.IsSpace)
	for _, start := range [...]string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(rest, start) {
			return "'" + s
		}
	}
	return s
}

// keys are the machine names of the columns; each is there once.
func keys(columns []document.Column) []string {
	out := make([]string, len(columns))
	seen := make(map[string]bool, len(columns))
	for i, c := range columns {
		base := unarmed(clean(c.Key))
		if base == "" {
			base = snake(c.Name)
		}
		key := base
		for n := 2; seen[key]; n++ {
			key = base + "_" + strconv.Itoa(n)
		}
		seen[key] = true
		out[i] = key
	}
	return out
}

// snake makes a machine name of a heading: "LEFT %" becomes left_percent.
func snake(name string) string {
	words := strings.FieldsFunc(strings.ReplaceAll(strings.ToLower(clean(name)), "%", " percent "), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if len(words) == 0 {
		return "column"
	}
	return strings.Join(words, "_")
}
