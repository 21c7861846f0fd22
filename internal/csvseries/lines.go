package csvseries

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// windowSize is how much of the file is in memory at a time.
	windowSize = 512 << 10
	// maxRecord bounds a record that goes on over several lines, and a line.
	maxRecord = 64 << 10
)

// lines reads a text record by record, and says on which line each begins.
type lines struct {
	from   io.Reader
	window []byte
	// at and end bound what of the window has not been given out.
	at, end int
	ended   bool
	size    int64
	line    int
	// newline ends a line: \r in the files of old spreadsheets, else \n.
	newline byte
	// unclosed counts the lines in which a quote opens that never closes.
	unclosed int

	// first is the first line that is neither empty nor a comment, for messages.
	first     []byte
	firstLine int
}

func newLines(from io.Reader) (*lines, error) {
	l := &lines{from: from, window: make([]byte, windowSize), newline: '\n'}
	if err := l.fill(); err != nil {
		return nil, err
	}
	head := l.window[:l.end]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		l.at = 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, errors.New("it is UTF-16; save it as UTF-8")
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")), bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil, errors.New("it is compressed, or a spreadsheet; unpack it, or save it as CSV")
	}
	if bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0 {
		l.newline = '\r'
	}
	return l, nil
}

// fill reads until the window is full or the text ends.
func (l *lines) fill() error {
	if l.at > 0 {
		l.end = copy(l.window, l.window[l.at:l.end])
		l.at = 0
	}
	for idle := 0; l.end < len(l.window) && !l.ended; {
		n, err := l.from.Read(l.window[l.end:])
		l.end += n
		l.size += int64(n)
		if n == 0 && err == nil {
			if idle++; idle == 100 {
				err = io.ErrNoProgress
			}
		}
		if err != nil && err != io.EOF && l.line == 0 {
			return fmt.Errorf("it cannot be read: %w", err)
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading after line %d: %w", l.line, err)
		}
		l.ended = err == io.EOF
		if l.size > maxBytes {
			return fmt.Errorf("it is larger than %d MB; cut it, or export fewer points", maxBytes>>20)
		}
	}
	return nil
}

// next gives out the next record without the end of its line, and the line on
// which it begins. It is valid until the next call. A line break between quotes
// belongs to the record, unless the quotes are never closed.
func (l *lines) next(separator byte) (record []byte, line int, ok bool, err error) {
	if l.end-l.at <= maxRecord && !l.ended {
		if err := l.fill(); err != nil {
			return nil, 0, false, err
		}
	}
	if l.at == l.end {
		return nil, 0, false, nil
	}
	rest := l.window[l.at:l.end]
	reach := maxRecord
	if l.unclosed > 100 { // it is not quotes that these are
		if i := bytes.IndexByte(rest, l.newline); i >= 0 {
			reach = min(reach, i)
		}
	}
	n, breaks, closed := recordLength(rest[:min(len(rest), reach)], l.newline, separator)
	if !closed {
		l.unclosed++
	}
	more := n < len(rest)
	record, line = rest[:n], l.line+1
	l.line += 1 + breaks
	l.at += n
	if more && rest[n] == l.newline {
		l.at++
	} else if more {
		if err := l.skipLine(); err != nil {
			return nil, 0, false, err
		}
		record = tooLong
	}
	record = bytes.TrimSuffix(record, []byte("\r"))
	if l.first == nil && !isIdle(record) {
		l.first, l.firstLine = bytes.Clone(record[:min(len(record), 400)]), line
	}
	return record, line, true, nil
}

// tooLong stands for a line that is longer than maxRecord.
var tooLong = []byte("(a line of more than 64 KiB)")

// skipLine passes over the rest of a line.
func (l *lines) skipLine() error {
	for {
		if i := bytes.IndexByte(l.window[l.at:l.end], l.newline); i >= 0 {
			l.at += i + 1
			return nil
		}
		l.at = l.end
		if l.ended {
			return nil
		}
		if err := l.fill(); err != nil {
			return err
		}
	}
}

// recordLength is the length of the first record of the text, and how many line
// breaks are in it. Where quotes are never closed, the record is its first line.
func recordLength(text []byte, newline, separator byte) (n, breaks int, closed bool) {
	first := bytes.IndexByte(text, newline)
	if first < 0 {
		first = len(text)
	}
	if bytes.IndexByte(text[:first], '"') < 0 {
		return first, 0, true
	}
	begins, quoted := true, false
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case quoted && b == '"' && i+1 < len(text) && text[i+1] == '"':
			i++
		case quoted && b == '"':
			quoted = false
		case quoted && b == newline:
			breaks++
		case quoted:
		case b == newline:
			return i, breaks, true
		case b == separator:
			begins = true
		case b == '"' && begins:
			begins, quoted = false, true
		case b != ' ':
			begins = false
		}
	}
	if quoted {
		return first, 0, false
	}
	return len(text), breaks, true
}

// closing is the place of the quote that closes the one at the beginning of the
// text, -1 where there is none. Two quotes are one that closes nothing.
func closing(text []byte) int {
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '"' {
			return i
		}
		i++
	}
	return -1
}

// split cuts the first most cells out of a record, without quotes and without
// space around them. Doubled quotes within stay: they are in no time and no number.
func split(record []byte, separator byte, most int, cells [][]byte) [][]byte {
	for len(cells) < most {
		begin := 0
		start := bytes.TrimLeft(record, " ")
		quoted := -1
		if len(start) > 0 && start[0] == '"' {
			if quoted = closing(start); quoted > 0 {
				begin = len(record) - len(start) + quoted + 1
			}
		}
		end := bytes.IndexByte(record[begin:], separator)
		last := end < 0
		if end += begin; last {
			end = len(record)
		}
		cell := record[:end]
		if quoted > 0 && len(trim(record[begin:end])) == 0 {
			cell = start[1:quoted]
		}
		cells = append(cells, trim(cell))
		if last {
			return cells
		}
		record = record[end+1:]
	}
	return cells
}

// isIdle reports whether a record is empty or a comment.
func isIdle(record []byte) bool {
	text := trim(record)
	return len(text) == 0 || text[0] == '#'
}

func trim(cell []byte) []byte {
	cell = trimLeft(cell)
	for len(cell) > 0 && isSpace(cell[len(cell)-1]) {
		cell = cell[:len(cell)-1]
	}
	return cell
}

func trimLeft(cell []byte) []byte {
	for len(cell) > 0 && isSpace(cell[0]) {
		cell = cell[1:]
	}
	return cell
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
