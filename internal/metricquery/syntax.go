package metricquery

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits keep hostile input from exhausting the stack or the memory. They
// lie far above what Datadog accepts.
const (
	maxLength = 64 << 10
	maxDepth  = 100
)

// SyntaxError says where a query stops making sense and what would be right there.
type SyntaxError struct {
	// Query is the whole text, Offset the byte at which reading stopped.
	Query  string
	Offset int
	// Message says what was expected or what is wrong.
	Message string
}

// Error names the place, with a little of the text before and after it.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("metric query %s: at byte %d: %s", strconv.Quote(excerpt(e.Query, e.Offset)), e.Offset, e.Message)
}

// excerpt keeps messages readable when the query is very long.
func excerpt(s string, at int) string {
	const before, after = 120, 60
	start, end := 0, len(s)
	if len(s) > before+after {
		if at > before {
			start = at - before
		}
		end = min(end, start+before+after)
	}
	for start < end && start > 0 && !utf8.RuneStart(s[start]) {
		start++
	}
	for end < len(s) && end > start && !utf8.RuneStart(s[end]) {
		end--
	}
	text := s[start:end]
	if start > 0 {
		text = "…" + text
	}
	if end < len(s) {
		text += "…"
	}
	return text
}

// parser reads one text from left to right. The first error ends the reading.
type parser struct {
	text  string
	pos   int
	depth int
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &SyntaxError{Query: p.text, Offset: at, Message: fmt.Sprintf(format, args...)}
}

// expected fails at the present position, naming what is wanted and what stands there.
func (p *parser) expected(want string) error {
	return p.fail(p.pos, "expected %s, found %s", want, p.found())
}

func (p *parser) found() string {
	if p.pos >= len(p.text) {
		return "the end"
	}
	if name := p.peekWord(); name != "" {
		return strconv.Quote(name)
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return strconv.Quote(string(r))
}

// enter counts nesting; every enter is followed by a leave.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.pos, "nested more than %d levels deep", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

func (p *parser) skipSpace() {
	for p.pos < len(p.text) && isSpace(p.text[p.pos]) {
		p.pos++
	}
}

// peek is the present byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

// accept skips space and the byte c, if it comes next.
func (p *parser) accept(c byte) bool {
	p.skipSpace()
	if p.peek() != c || p.pos >= len(p.text) {
		return false
	}
	p.pos++
	return true
}

// peekWord is the run of letters, digits and underscores at the present position.
func (p *parser) peekWord() string {
	end := p.pos
	for end < len(p.text) && (isLetter(p.text[end]) || isDigit(p.text[end])) {
		end++
	}
	return p.text[p.pos:end]
}

// acceptKeyword skips space and the word, in any case, if it comes next and ends there.
func (p *parser) acceptKeyword(keyword string) bool {
	p.skipSpace()
	if !p.atKeyword(keyword) {
		return false
	}
	p.pos += len(keyword)
	return true
}

// atKeyword wants a space or a bracket behind the word: "in" in "in.flight:yes" is no keyword.
func (p *parser) atKeyword(keyword string) bool {
	if word := p.peekWord(); !strings.EqualFold(word, keyword) {
		return false
	}
	end := p.pos + len(keyword)
	return end == len(p.text) || isSpace(p.text[end]) || strings.IndexByte("(){},!", p.text[end]) >= 0
}

// quoted reads a string in single or double quotes and returns its content, in
// which a backslash takes the next character literally.
func (p *parser) quoted() (string, error) {
	start, quote := p.pos, p.text[p.pos]
	var b strings.Builder
	for i := start + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			p.pos = i + 1
			return b.String(), nil
		case c == '\\' && i+1 < len(p.text):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(start, "this %c has no closing %c", quote, quote)
}

func isSpace(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }
