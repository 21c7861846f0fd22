package csvseries

import (
	"bytes"
	"strings"
)

// form is how a file is laid out.
type form struct {
	separator byte
	// time and value are the columns, from 0.
	time, value int
	// columns is how many columns most rows have.
	columns int
	times   timeKind
	header  bool
	// hint is the line that says which separator there is, as spreadsheets write it; 0 for none.
	hint int
}

// separators are what may stand between two columns; of two that fit equally
// well the first is taken.
const separators = ",;\t|"

// sampleRows and sampleBytes are how much of the beginning of a file shows its form.
const sampleRows, sampleBytes = 400, 128 << 10

// recognise finds the form in which most rows at the beginning of the file have
// a time and a value.
func recognise(l *lines) (form, error) {
	candidates := separators
	head := l.window[l.at:min(l.end, l.at+sampleBytes)]
	whole := l.ended && l.end-l.at <= sampleBytes
	hint := 0
	if line, _, _ := bytes.Cut(head, []byte{l.newline}); len(trim(line)) == 5 && bytes.HasPrefix(trim(line), []byte("sep=")) {
		hint, candidates = 1, string(line[4])
	} else if bytes.HasPrefix(line, []byte("sep=\t")) {
		hint, candidates = 1, "\t"
	}
	best, most := form{}, 0
	for i := range len(candidates) {
		f, fits := layout(sample(head, l.newline, candidates[i], whole, hint), candidates[i])
		if fits > most {
			best, most = f, fits
		}
	}
	if most == 0 {
		for { // for the message: which line is the first
			if _, _, ok, err := l.next(','); err != nil || !ok || l.first != nil {
				return form{}, errorOr(err, nothingRead(l))
			}
		}
	}
	best.hint = hint
	return best, nil
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// sample are the cells of the first rows. The last one is left out where it may be cut off.
func sample(head []byte, newline, separator byte, whole bool, skip int) [][][]byte {
	var rows [][][]byte
	for line := 1; len(head) > 0 && len(rows) < sampleRows; line++ {
		n, _, _ := recordLength(head, newline, separator)
		if n == len(head) && !whole {
			break
		}
		record := bytes.TrimSuffix(head[:n], []byte("\r"))
		head = head[min(n+1, len(head)):]
		if !isIdle(record) && line != skip {
			rows = append(rows, split(record, separator, 1000, nil))
		}
	}
	return rows
}

// layout finds the columns, and says how well they fit: by the number of rows in
// which both can be read.
func layout(rows [][][]byte, separator byte) (form, int) {
	f := form{separator: separator}
	width := 0
	for _, cells := range rows {
		width = max(width, len(cells))
	}
	if width < 2 {
		return f, 0
	}
	var found bool
	if f.times, f.time, found = timeColumn(rows, width); !found {
		return f, 0
	}
	numbers := true
	if f.value, found = valueColumn(rows, width, f); !found {
		// The values may begin later, after many rows without one.
		numbers = false
		if f.value = f.time + 1; f.value == width {
			f.value = f.time - 1
		}
	}
	fits, widths := 0, map[int]int{}
	for _, cells := range rows {
		widths[len(cells)]++
		if widths[len(cells)] > widths[f.columns] {
			f.columns = len(cells)
		}
		if f.isTime(cells) && f.isValue(cells, f.value) {
			fits++
		}
	}
	f.header = isHeader(rows[0], f)
	if numbers {
		fits *= len(rows) + 1 // any number is better than none
	}
	return f, fits
}

// isHeader reports whether a row names the columns: it has neither a time nor a
// number, or in the place of a time a word.
func isHeader(cells [][]byte, f form) bool {
	switch {
	case f.isTime(cells) || len(cells) <= f.time:
		return false
	case !f.isValue(cells, f.value):
		return true
	default:
		name := cells[f.time]
		return !isBlank(name) && !bytes.ContainsAny(name, "0123456789")
	}
}

func (f form) isTime(cells [][]byte) bool {
	return len(cells) > f.time && readable(cells[f.time], f.times)
}

// isValue reports whether a cell is a number, or says that there is none.
func (f form) isValue(cells [][]byte, column int) bool {
	if len(cells) <= column {
		return false
	}
	var decimal byte
	_, kind := number(cells[column], f.separator != ',', &decimal)
	return kind != notANumber
}

func readable(cell []byte, kind timeKind) bool {
	c := clock{kind: kind}
	_, ok := c.read(cell)
	return ok
}

// timeColumn is the first column that has times in most rows, dates before
// numbers, and numbers that are times of these decades before those that only
// grow from row to row.
func timeColumn(rows [][][]byte, width int) (timeKind, int, bool) {
	for _, kind := range []timeKind{calendar, slashed, compact} {
		if column, ok := commonest(rows, width, -1, func(c []byte) bool { return readable(c, kind) }); ok {
			return kind, column, true
		}
	}
	recent := func(c []byte) bool { n, ok := readEpoch(c); return ok && n >= leastEpoch }
	// Among several columns of numbers the name tells the time best, and then that it grows.
	for _, is := range []func(int) bool{
		func(i int) bool { return len(rows[0]) > i && isTimeName(rows[0][i]) && mostly(rows, i, recent) },
		func(i int) bool { return mostly(rows, i, recent) && grows(rows, i, 0) },
		func(i int) bool { return mostly(rows, i, recent) },
		func(i int) bool { return len(rows[0]) > i && isTimeName(rows[0][i]) && grows(rows, i, 0) },
		func(i int) bool { return grows(rows, i, 1) },
	} {
		for i := range width {
			if is(i) {
				return epoch, i, true
			}
		}
	}
	column, ok := commonest(rows, width, -1, recent)
	return epoch, column, ok
}

// grows reports whether a column has whole numbers, each above the one before
// by at least so much.
func grows(rows [][][]byte, column int, least int64) bool {
	last, n := int64(-1), 0
	for i, cells := range rows {
		if len(cells) <= column {
			continue
		}
		at, ok := readEpoch(cells[column])
		switch {
		case i == 0 && !ok: // a header
		case !ok, at < last+least, bytes.ContainsAny(cells[column], ".eE"):
			return false
		default:
			last = at
			n++
		}
	}
	return n > 0 && (n == 1 || 2*n >= len(rows))
}

func isTimeName(name []byte) bool {
	switch strings.ToLower(string(name)) {
	case "time", "timestamp", "ts", "date", "datetime", "epoch", "unix", "unixtime":
		return true
	}
	return false
}

// valueColumn is the first column of numbers to the right of the times, or else to their left.
func valueColumn(rows [][][]byte, width int, f form) (int, bool) {
	var decimal byte
	fits := func(cell []byte) bool {
		decimal = 0
		_, kind := number(cell, f.separator != ',', &decimal)
		return kind == aNumber
	}
	for i := f.time + 1; i < width; i++ {
		if mostly(rows, i, fits) {
			return i, true
		}
	}
	for i := f.time - 1; i >= 0; i-- {
		if mostly(rows, i, fits) {
			return i, true
		}
	}
	return commonest(rows, width, f.time, fits)
}

// mostly reports whether at least half of the rows have such a cell in the column.
func mostly(rows [][][]byte, column int, fits func([]byte) bool) bool {
	n := count(rows, column, fits)
	return n > 0 && 2*n >= len(rows)-1 // one may be a header
}

func count(rows [][][]byte, column int, fits func([]byte) bool) int {
	n := 0
	for _, cells := range rows {
		if len(cells) > column && fits(cells[column]) {
			n++
		}
	}
	return n
}

// commonest is the first column with such cells in most rows, or else the one
// with the most of them.
func commonest(rows [][][]byte, width, without int, fits func([]byte) bool) (int, bool) {
	best, most := 0, 0
	for i := range width {
		if i == without {
			continue
		}
		if mostly(rows, i, fits) {
			return i, true
		}
		if n := count(rows, i, fits); n > most {
			best, most = i, n
		}
	}
	return best, most > 0
}
