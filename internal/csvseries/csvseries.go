// Package csvseries reads a series that anybody exported: a table of times and
// values as text, in whatever of the common forms, laid out on a regular grid.
//
// It guesses the form of the file (separator, columns, how times are written)
// from its beginning, and says in notes what it took for granted. It never
// guesses a value: a row that does not say what it is stays in its place,
// unread, and a form that can be read in two ways is an error.
package csvseries

import (
	"fmt"
	"io"
	"math"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// maxBytes and maxRows bound a file.
	maxBytes = 512 << 20
	maxRows  = 10_000_000
	// maxCells bounds the grid: what a gap between two rows may cost.
	maxCells = 12_000_000
)

// Row is one row of data, in the order of the file.
type Row struct {
	// Line is where it begins, from 1.
	Line int
	// Time is its instant in Unix seconds.
	Time int64
	// Value is NaN where the row says that there is none.
	Value float64
	// OK says that the row could be read.
	OK bool
	// Slot is its cell in the values of the series, -1 where it could not be read.
	Slot int
}

// File is a file as it was read.
type File struct {
	// Rows are all rows but the header, comments and empty lines.
	Rows []Row
	// Series has the mean of the rows of each cell, Missing where no row has a value.
	Series timeseries.Series
	// Measure is Counts where all values are whole and none is negative.
	Measure anomaly.Measure
	Notes   []slo.Note
}

// Read reads the table to its end. Name is what messages call it. An error says
// what is wrong with the file as a whole, or that none of its rows could be read.
func Read(r io.Reader, name string) (File, error) {
	f, err := read(r)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func read(r io.Reader) (File, error) {
	lines, err := newLines(r)
	if err != nil {
		return File{}, err
	}
	form, err := recognise(lines)
	if err != nil {
		return File{}, err
	}
	t := &reading{form: form}
	if err := t.all(lines); err != nil {
		return File{}, err
	}
	if err := t.settleTimes(); err != nil {
		return File{}, err
	}
	if t.readable == 0 {
		return File{}, nothingRead(lines)
	}
	g, err := t.layOut()
	if err != nil {
		return File{}, err
	}
	return File{Rows: t.rows, Series: g.series, Measure: t.measure(), Notes: t.notes(g)}, nil
}

// reading is what is known of the table while it is read.
type reading struct {
	form  form
	rows  []Row
	clock clock

	// readable counts the rows that could be read, and without those of them that have no value.
	readable, without int
	unread            unread
	fractional        bool
	negative          bool
	decimal           byte
}

// unread remembers rows that could not be read, the first of them by line.
type unread struct {
	count int
	lines []int
	why   string
}

func (u *unread) add(line int, why string) {
	u.count++
	if len(u.lines) < 5 {
		u.lines = append(u.lines, line)
	}
	if u.why == "" {
		u.why = why
	}
}

// all reads the rows. Their times are not settled yet: what unit an epoch is
// in, and which number of 3/4/2026 is the day, only the whole file can say.
func (t *reading) all(lines *lines) error {
	t.clock.kind = t.form.times
	var cells [][]byte
	need := max(t.form.time, t.form.value) + 1
	header := t.form.header
	for {
		record, line, ok, err := lines.next(t.form.separator)
		if err != nil {
			return err
		}
		if !ok {
			return nil
		}
		if isIdle(record) || line == t.form.hint {
			continue
		}
		if header {
			header = false
			continue
		}
		if len(t.rows) == maxRows {
			return fmt.Errorf("line %d: there are more than %d rows; cut the file, or export fewer points", line, maxRows)
		}
		cells = split(record, t.form.separator, need, cells[:0])
		row := Row{Line: line, Value: math.NaN(), Slot: -1}
		if why := t.row(&row, cells); why != "" {
			row.Value = math.NaN()
			t.unread.add(line, why)
		}
		t.rows = append(t.rows, row)
	}
}

// row reads the cells into the row; why says what is wrong with them.
func (t *reading) row(row *Row, cells [][]byte) (why string) {
	if len(cells) <= t.form.time || len(cells) <= t.form.value {
		return fmt.Sprintf("there are %d columns", len(cells))
	}
	at, ok := t.clock.read(cells[t.form.time])
	if !ok {
		return fmt.Sprintf("%q is not a time like the others", shown(cells[t.form.time]))
	}
	text := cells[t.form.value]
	value, kind := number(text, t.form.separator != ',', &t.decimal)
	if kind == notANumber {
		return fmt.Sprintf("%q is not a number", shown(text))
	}
	row.Time, row.Value, row.OK = at, value, true
	return ""
}

// settleTimes turns what stands in the times of the rows into Unix seconds, now
// that all are known, and counts what came of it.
func (t *reading) settleTimes() error {
	if err := t.clock.settle(t.rows); err != nil {
		return err
	}
	for i := range t.rows {
		row := &t.rows[i]
		if !row.OK {
			continue
		}
		at, ok := t.clock.seconds(row.Time)
		if !ok {
			t.unread.add(row.Line, "its time is none from 1970 to 9999")
			*row = Row{Line: row.Line, Value: math.NaN(), Slot: -1}
			continue
		}
		row.Time = at
		t.readable++
		if math.IsNaN(row.Value) {
			t.without++
			continue
		}
		t.negative = t.negative || row.Value < 0
		t.fractional = t.fractional || row.Value != math.Trunc(row.Value)
	}
	return nil
}

func (t *reading) measure() anomaly.Measure {
	if t.negative || t.fractional || t.readable == t.without {
		return anomaly.Levels
	}
	return anomaly.Counts
}

// nothingRead is the error for a table of which no row could be read.
func nothingRead(l *lines) error {
	const want = `expected two columns, a time and a number, such as "2026-11-09T13:00:00Z,1030"`
	if l.first == nil {
		return fmt.Errorf("there is no row in it: %s", want)
	}
	return fmt.Errorf("no row could be read; line %d is %q: %s", l.firstLine, shown(l.first), want)
}

// shown is foreign text for a message: its beginning, without what is not text.
// It is printed with %q.
func shown(text []byte) string {
	const most = 60
	runes := []rune(string(text[:min(len(text), 4*most)]))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}
