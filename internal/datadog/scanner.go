package datadog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// scanner reads JSON in one pass, without building anything but what is asked
// for. A board reads millions of points, and nearly all of the time of a
// general decoder goes into places that hold nothing but numbers.
type scanner struct {
	data []byte
	at   int
}

// maxDepth bounds the nesting of values that are skipped, as encoding/json does.
const maxDepth = 10_000

var errTruncated = errors.New("it ends in the middle")

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// peek is the first byte of the next token, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.at == len(s.data) {
		return 0
	}
	return s.data[s.at]
}

func (s *scanner) expect(b byte) error {
	if got := s.peek(); got != b {
		if got == 0 {
			return errTruncated
		}
		return fmt.Errorf("found %q at byte %d, want %q", got, s.at, b)
	}
	s.at++
	return nil
}

// word consumes a literal such as null.
func (s *scanner) word(w string) error {
	if len(s.data)-s.at < len(w) || string(s.data[s.at:s.at+len(w)]) != w {
		return fmt.Errorf("no JSON value at byte %d", s.at)
	}
	s.at += len(w)
	return nil
}

// null consumes a null if there is one.
func (s *scanner) null() bool {
	return s.peek() == 'n' && s.word("null") == nil
}

// list calls element for each element of an array.
func (s *scanner) list(element func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.at++
		default:
			return s.expect(']')
		}
	}
}

// object calls member for each member of an object, before its value, which
// member must consume.
func (s *scanner) object(member func(name string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.at++
		return nil
	}
	for {
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
		switch s.peek() {
		case ',':
			s.at++
		default:
			return s.expect('}')
		}
	}
}

// quoted consumes a string and is its raw form, quotation marks included.
func (s *scanner) quoted() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	start := s.at - 1
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '\\':
			s.at += 2
		case '"':
			s.at++
			return s.data[start:s.at], nil
		default:
			s.at++
		}
	}
	s.at = len(s.data)
	return nil, errTruncated
}

// text reads a string.
func (s *scanner) text() (string, error) {
	raw, err := s.quoted()
	if err != nil {
		return "", err
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", fmt.Errorf("the string before byte %d is malformed", s.at)
	}
	return text, nil
}

// skip consumes a value of any kind.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return errors.New("it is nested too deeply")
	}
	switch s.peek() {
	case '{':
		return s.object(func(string) error { return s.skip(depth + 1) })
	case '[':
		return s.list(func() error { return s.skip(depth + 1) })
	case '"':
		_, err := s.text()
		return err
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

// value reads a number, or a null as [timeseries.Missing].
func (s *scanner) value() (float64, error) {
	if s.null() {
		return timeseries.Missing, nil
	}
	return s.number()
}

// number reads a JSON number. Up to fifteen digits with a short fraction are
// computed directly, which is exact: both the digits and the power of ten are
// floats without rounding, and one division rounds once, as strconv does.
func (s *scanner) number() (float64, error) {
	s.space()
	start, data := s.at, s.data
	i := start
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
		return 0, s.notANumber(start)
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
			return 0, s.notANumber(start)
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
			return 0, s.notANumber(start)
		}
	}
	s.at = i
	if !exponent && digits+fraction <= len(powersOfTen)-1 {
		f := float64(mantissa) / powersOfTen[fraction]
		if negative {
			f = -f
		}
		return f, nil
	}
	f, err := strconv.ParseFloat(string(data[start:i]), 64)
	if err != nil {
		return 0, fmt.Errorf("the number %s is out of range", clean(string(data[start:min(i, start+60)]), 40))
	}
	return f, nil
}

// powersOfTen are the exact ones that fifteen digits can need.
var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

func (s *scanner) notANumber(start int) error {
	if start >= len(s.data) {
		return errTruncated
	}
	return fmt.Errorf("found %s at byte %d, want a number", strconv.QuoteRune(rune(s.data[start])), start)
}
