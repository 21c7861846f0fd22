package tagquery

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits lie far above what people write, and keep the stack and the work small.
const (
	maxLength = 4096
	maxDepth  = 50
)

// Parse reads a query. The error says what of it cannot be read here.
func Parse(query string) (Query, error) {
	p := parser{text: query}
	if len(query) > maxLength {
		return Query{}, p.fail(maxLength, "longer than %d bytes", maxLength)
	}
	if !utf8.ValidString(query) {
		return Query{}, p.fail(0, "not valid UTF-8")
	}
	if p.space(); p.atEnd() {
		return Query{}, p.fail(p.pos, "the query is empty: expected a tag such as env:prod")
	}
	root, err := p.alternatives("")
	if err != nil {
		return Query{}, err
	}
	if !p.atEnd() {
		return Query{}, p.fail(p.pos, "a closing bracket without an opening one")
	}
	return Query{root: root}, nil
}

// parser reads one text from left to right. The first error ends the reading.
type parser struct {
	text  string
	pos   int
	depth int
}

// fail says what is wrong at an offset, with a little of the text before it.
func (p *parser) fail(at int, format string, args ...any) error {
	const most = 200
	text := p.text
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Errorf("tag query %s: at byte %d: %s", strconv.Quote(text), at, fmt.Sprintf(format, args...))
}

func (p *parser) atEnd() bool { return p.pos == len(p.text) }

// next is the character at hand, 0 at the end.
func (p *parser) next() rune {
	if p.atEnd() {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return r
}

func (p *parser) space() {
	for !p.atEnd() && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// keyword skips a word and the space behind it, if it is the one at hand.
func (p *parser) keyword(word string) bool {
	rest, found := strings.CutPrefix(p.text[p.pos:], word)
	if !found || rest != "" && strings.IndexByte(" \t\r\n()\"", rest[0]) < 0 {
		return false
	}
	p.pos += len(word)
	p.space()
	return true
}

// enter guards the nesting; the caller defers leave.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.pos, "nested more than %d deep", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// alternatives reads what OR joins, up to a closing bracket or the end. Within
// key:(…) the key belongs to every term.
func (p *parser) alternatives(key string) (node, error) {
	var parts or
	for {
		n, err := p.conjunction(key)
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		if !p.keyword("OR") {
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// conjunction reads what AND, or nothing but space, joins.
func (p *parser) conjunction(key string) (node, error) {
	var parts and
	for {
		n, err := p.negation(key)
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
		if p.keyword("AND") {
			continue
		}
		start := p.pos
		if p.atEnd() || p.next() == ')' || p.keyword("OR") {
			p.pos = start
			break
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

// negation reads one operand with what negates it, and the space behind.
func (p *parser) negation(key string) (node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if p.keyword("NOT") {
		n, err := p.negation(key)
		return not{n}, err
	}
	if p.next() == '-' {
		p.pos++
		if r := p.next(); r == '-' || r == 0 || unicode.IsSpace(r) {
			return nil, p.fail(p.pos, "expected a term right behind the minus sign")
		}
		n, err := p.operand(key)
		return not{n}, err
	}
	return p.operand(key)
}

// operand reads a bracket or a term, and the space behind.
func (p *parser) operand(key string) (n node, err error) {
	if p.next() == '(' {
		n, err = p.bracket(key)
	} else {
		n, err = p.term(key)
	}
	if err != nil {
		return nil, err
	}
	end := p.pos
	if p.space(); p.pos == end && !p.atEnd() && p.next() != ')' {
		return nil, p.fail(end, "expected a space, found %q", p.next())
	}
	return n, nil
}

func (p *parser) bracket(key string) (node, error) {
	open := p.pos
	p.pos++
	p.space()
	n, err := p.alternatives(key)
	if err != nil {
		return nil, err
	}
	if p.next() != ')' {
		return nil, p.fail(open, "the bracket is not closed")
	}
	p.pos++
	return n, nil
}

// term reads key:value, key:(…), or a bare word; within key:(…) a value.
func (p *parser) term(key string) (node, error) {
	start := p.pos
	pattern, quoted, err := p.value()
	if err != nil {
		return nil, err
	}
	text := p.text[start:p.pos]
	if !quoted {
		switch strings.ToUpper(text) {
		case "AND", "OR", "NOT":
			return nil, p.fail(start, "expected a term, found %s: operators are in capitals, between terms", text)
		}
	}
	if p.next() != ':' {
		switch {
		case key == "" && quoted && slices.Contains(pattern, ':'):
			return nil, p.fail(start, "quotes around a whole tag can be read in two ways: put them around the value")
		case key == "" && !quoted && strings.Trim(text, "*") == "":
			return everything{}, nil
		}
		return term{key, pattern}, nil
	}
	switch {
	case key != "":
		return nil, p.fail(start, "a key within the brackets of the key %s", key)
	case quoted || strings.ContainsAny(text, "*?"):
		return nil, p.fail(start, "quotes and wildcards in a key are not supported")
	case text[0] == '@' || slices.Contains([]string{"tags", "_exists_", "_missing_"}, strings.ToLower(text)):
		return nil, p.fail(start, "%s is not the key of a tag", text)
	}
	key = strings.ToLower(text)
	p.pos++
	if p.next() == '(' {
		return p.bracket(key)
	}
	if pattern, _, err = p.value(); err != nil {
		return nil, err
	}
	if p.next() == ':' {
		return nil, p.fail(p.pos, "a second colon: put the value in quotes")
	}
	return term{key, pattern}, nil
}

// value reads quoted text, or a word with wildcards.
func (p *parser) value() (pattern []rune, quoted bool, err error) {
	if p.next() == '"' {
		pattern, err = p.quoted()
		return pattern, true, err
	}
	start := p.pos
	for !p.atEnd() {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		switch {
		case r == '*':
			pattern = append(pattern, anyRun)
		case r == '?':
			pattern = append(pattern, anyCharacter)
		case unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune("_./%@", r) || r == '-' && p.pos > start:
			pattern = append(pattern, unicode.ToLower(r))
		case p.pos > start && (unicode.IsSpace(r) || strings.ContainsRune(`():`, r)):
			return pattern, false, nil
		case strings.ContainsRune(`():`, r):
			return nil, false, p.fail(p.pos, "expected a term, found %q", r)
		default:
			return nil, false, p.fail(p.pos, "%q is not supported here: put the value in quotes if it belongs to it", r)
		}
		p.pos += size
	}
	if p.pos == start {
		return nil, false, p.fail(start, "expected a term, found the end")
	}
	return pattern, false, nil
}

func (p *parser) quoted() ([]rune, error) {
	open := p.pos
	text, _, closed := strings.Cut(p.text[open+1:], `"`)
	switch {
	case strings.Contains(text, `\`):
		return nil, p.fail(open+1+strings.IndexByte(text, '\\'), "escaped characters are not supported")
	case !closed:
		return nil, p.fail(open, "the quotes are not closed")
	case text == "":
		return nil, p.fail(open, "there is nothing between the quotes")
	case strings.ContainsFunc(text, unicode.IsControl):
		return nil, p.fail(open, "control characters between the quotes")
	}
	p.pos += len(text) + 2
	return []rune(strings.ToLower(text)), nil
}
