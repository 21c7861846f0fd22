package datadog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// scanner reads JSON in one pass while it arrives, without building anything
// but what is asked for. A board reads millions of points, and nearly all of
// the time of a general decoder goes into places that hold nothing but numbers.
//
// It tells two mistakes apart. What is not JSON is an error, and the end of the
// scan. A value of another kind than was asked for is only remembered, the
// first one in odd, and passed over: whether all of the answer is JSON, and
// what it says about itself further down, is known at its end alone.
type scanner struct {
	from io.Reader
	// data is the window: what has arrived and is not yet let go of.
	data []byte
	at   int
	// gone counts the bytes before the window.
	gone int64
	// end is why nothing more arrives: io.EOF, or a failure to read.
	end   error
	depth int
	odd   error

	// kept is the raw text of the value that verbatim reads, from keepFrom on.
	kept     []byte
	keepFrom int
	keeping  bool
}

const (
	// windowSize is large enough that a number rarely lies across its edge.
	windowSize = 64 << 10
	// maxDepth bounds the nesting of values, as encoding/json does.
	maxDepth = 10_000
	// maxVerbatim bounds what is kept of the raw text of a value.
	maxVerbatim = 64 << 10
)

var errTruncated = errors.New("it ends in the middle")

func newScanner(from io.Reader) *scanner {
	return &scanner{from: from, data: make([]byte, 0, windowSize)}
}

// position is the place of the byte at index i of the window in the whole.
func (s *scanner) position(i int) int64 { return s.gone + int64(i) }

// more lets go of what lies before at and reads on. It is false at the end.
// Places in the window keep their distance from at.
func (s *scanner) more() bool {
	if s.end != nil {
		return false
	}
	if s.at > 0 {
		if s.keeping {
			s.keep()
			s.keepFrom = 0
		}
		s.gone += int64(s.at)
		s.data = s.data[:copy(s.data, s.data[s.at:])]
		s.at = 0
	}
	if len(s.data) == cap(s.data) {
		// One token fills the window. What is kept of an answer is bounded by its size.
		larger := make([]byte, len(s.data), max(windowSize, 2*cap(s.data)))
		copy(larger, s.data)
		s.data = larger
	}
	for range 100 {
		n, err := s.from.Read(s.data[len(s.data):cap(s.data)])
		s.data = s.data[:len(s.data)+n]
		s.end = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.end = io.ErrNoProgress
	return false
}

// ahead reads until n bytes from at on are in the window, and whether they are.
func (s *scanner) ahead(n int) bool {
	for len(s.data)-s.at < n {
		if !s.more() {
			return false
		}
	}
	return true
}

// longer reads on until twice as much lies ahead: whoever begins a token anew
// each time reads no byte more often than a handful of times.
func (s *scanner) longer() bool {
	have := len(s.data) - s.at
	s.ahead(2*have + 1)
	return len(s.data)-s.at > have
}

// peek is the first byte of the next token, 0 at the end.
func (s *scanner) peek() byte {
	for {
		for s.at < len(s.data) {
			switch b := s.data[s.at]; b {
			case ' ', '\n', '\r', '\t':
				s.at++
			default:
				return b
			}
		}
		if !s.more() {
			return 0
		}
	}
}

// over reports whether nothing but space follows.
func (s *scanner) over() bool {
	s.peek()
	return s.at == len(s.data)
}

// strange remembers what is wrong with an answer that is JSON.
func (s *scanner) strange(format string, args ...any) {
	if s.odd == nil {
		s.odd = fmt.Errorf(format, args...)
	}
}

// expect consumes a punctuation mark, where JSON allows no other.
func (s *scanner) expect(b byte) error {
	if got := s.peek(); got != b {
		if s.at == len(s.data) {
			return errTruncated
		}
		return fmt.Errorf("found %q at byte %d, want %q", got, s.position(s.at), b)
	}
	s.at++
	return nil
}

// begins reports whether the next value begins with b. Another one is passed over.
func (s *scanner) begins(b byte) (bool, error) {
	got := s.peek()
	if got == b {
		return true, nil
	}
	s.strange("found %q at byte %d, want %q", got, s.position(s.at), b)
	return false, s.skip()
}

// word consumes a literal such as null.
func (s *scanner) word(w string) error {
	if !s.ahead(len(w)) || string(s.data[s.at:s.at+len(w)]) != w {
		return fmt.Errorf("no JSON value at byte %d", s.position(s.at))
	}
	s.at += len(w)
	return nil
}

// null consumes a null if there is one.
func (s *scanner) null() bool {
	return s.peek() == 'n' && s.word("null") == nil
}

// enter consumes the bracket that opens a list or an object.
func (s *scanner) enter() error {
	s.at++
	if s.depth++; s.depth > maxDepth {
		return errors.New("it is nested too deeply")
	}
	return nil
}

// another consumes the comma or the bracket after an element, and reports which.
func (s *scanner) another(closing byte) (bool, error) {
	if s.peek() == ',' {
		s.at++
		return true, nil
	}
	s.depth--
	return false, s.expect(closing)
}

// list calls element for each element of an array, which element must consume.
func (s *scanner) list(element func() error) error {
	if ok, err := s.begins('['); !ok {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() == ']' {
		_, err := s.another(']')
		return err
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if more, err := s.another(']'); !more {
			return err
		}
	}
}

// object calls member for each member of an object, before its value, which
// member must consume.
func (s *scanner) object(member func(name string) error) error {
	if ok, err := s.begins('{'); !ok {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	if s.peek() == '}' {
		_, err := s.another('}')
		return err
	}
	for {
		if s.peek() != '"' {
			return s.expect('"')
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
		if more, err := s.another('}'); !more {
			return err
		}
	}
}

// text reads a string; it is empty for another value.
func (s *scanner) text() (string, error) {
	if ok, err := s.begins('"'); !ok {
		return "", err
	}
	plain := true
	for i := 1; ; i++ {
		if s.at+i >= len(s.data) && !s.ahead(i+1) {
			return "", errTruncated
		}
		switch b := s.data[s.at+i]; {
		case b == '\\':
			plain = false
			i++ // whatever it is that follows, it does not end the string
		case b < ' ' || b >= utf8.RuneSelf:
			plain = false
		case b == '"':
			raw := s.data[s.at : s.at+i+1]
			s.at += i + 1
			if plain {
				return string(raw[1:i]), nil
			}
			var text string
			if json.Unmarshal(raw, &text) != nil {
				return "", fmt.Errorf("the string before byte %d is malformed", s.position(s.at))
			}
			return text, nil
		}
	}
}

// skipText consumes a string of any length without holding it.
func (s *scanner) skipText() error {
	s.at++ // the quotation mark
	for {
		if s.at == len(s.data) && !s.more() {
			return errTruncated
		}
		switch b := s.data[s.at]; {
		case b == '"':
			s.at++
			return nil
		case b == '\\':
			if err := s.skipEscape(); err != nil {
				return err
			}
		case b < ' ':
			return fmt.Errorf("a control character at byte %d", s.position(s.at))
		default:
			s.at++
		}
	}
}

func (s *scanner) skipEscape() error {
	if !s.ahead(2) {
		return errTruncated
	}
	switch s.data[s.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return nil
	case 'u':
		if !s.ahead(6) {
			return errTruncated
		}
		if _, err := strconv.ParseUint(string(s.data[s.at+2:s.at+6]), 16, 16); err == nil {
			s.at += 6
			return nil
		}
	}
	return fmt.Errorf("a malformed escape at byte %d", s.position(s.at))
}

// skip consumes a value of any kind.
func (s *scanner) skip() error {
	switch s.peek() {
	case '{':
		return s.object(func(string) error { return s.skip() })
	case '[':
		return s.list(s.skip)
	case '"':
		return s.skipText()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		_, err := s.number()
		return err
	}
}

// verbatim consumes a value and returns its raw text, or the beginning of it,
// as a string, if it is very long.
func (s *scanner) verbatim() (json.RawMessage, error) {
	s.peek()
	s.kept, s.keepFrom, s.keeping = nil, s.at, true
	err := s.skip()
	s.keep()
	s.keeping = false
	if len(s.kept) <= maxVerbatim || err != nil {
		return s.kept, err
	}
	return json.Marshal(string(s.kept[:maxVerbatim]))
}

func (s *scanner) keep() {
	rest := s.data[s.keepFrom:s.at]
	s.kept = append(s.kept, rest[:min(len(rest), maxVerbatim+1-len(s.kept))]...)
}

// value reads a number, or a null as [timeseries.Missing].
func (s *scanner) value() (float64, error) {
	switch b := s.peek(); {
	case b-'0' <= 9 || b == '-':
		return s.numeral()
	case b == 'n':
		return timeseries.Missing, s.word("null")
	default:
		return s.number()
	}
}

var (
	errNotANumber = errors.New("not a number")
	errRange      = errors.New("out of range")
)

// number reads a JSON number; it is 0 for another value.
func (s *scanner) number() (float64, error) {
	switch b := s.peek(); b {
	case '{', '[', '"', 't', 'f', 'n':
		s.strange("found %q at byte %d, want a number", b, s.position(s.at))
		return 0, s.skip()
	default:
		return s.numeral()
	}
}

// numeral reads a number where there is no other value.
func (s *scanner) numeral() (float64, error) {
	for {
		f, n, err := parseNumber(s.data[s.at:])
		if s.at+n == len(s.data) && s.longer() {
			continue // it may go on beyond the window
		}
		switch {
		case err == errNotANumber && s.at == len(s.data):
			return 0, errTruncated
		case err == errNotANumber:
			return 0, fmt.Errorf("found %q at byte %d, want a number", s.data[s.at], s.position(s.at))
		case err != nil:
			s.strange("the number %s is out of range", clean(string(s.data[s.at:s.at+min(n, 60)]), 40))
		}
		s.at += n
		return f, nil
	}
}

// parseNumber reads the JSON number at the beginning of data, n bytes long. It
// looks no further than n if there is none. Up to fifteen digits with a short
// fraction are computed directly, which is exact: both the digits and the power
// of ten are floats without rounding, and one division rounds once, as strconv does.
func parseNumber(data []byte) (f float64, n int, err error) {
	i := 0
	negative := i < len(data) && data[i] == '-'
	if negative {
		i++
	}
	var mantissa uint64
	first := i
	for i < len(data) && data[i]-'0' <= 9 {
		mantissa = mantissa*10 + uint64(data[i]-'0')
		i++
	}
	digits := i - first
	if digits == 0 || digits > 1 && data[first] == '0' {
		return 0, i, errNotANumber
	}
	fraction := 0
	if i < len(data) && data[i] == '.' {
		i++
		from := i
		for i < len(data) && data[i]-'0' <= 9 {
			mantissa = mantissa*10 + uint64(data[i]-'0')
			i++
		}
		if fraction = i - from; fraction == 0 {
			return 0, i, errNotANumber
		}
	}
	exponent := i < len(data) && (data[i] == 'e' || data[i] == 'E')
	if exponent {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		from := i
		for i < len(data) && data[i]-'0' <= 9 {
			i++
		}
		if i == from {
			return 0, i, errNotANumber
		}
	}
	if !exponent && digits+fraction <= len(powersOfTen)-1 {
		f := float64(mantissa) / powersOfTen[fraction]
		if negative {
			f = -f
		}
		return f, i, nil
	}
	if f, err = strconv.ParseFloat(string(data[:i]), 64); err != nil {
		return 0, i, errRange
	}
	return f, i, nil
}

// powersOfTen are the exact ones that fifteen digits can need.
var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}
