package metricquery

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads one query or formula. The error is a *[SyntaxError].
func Parse(s string) (Expr, error) {
	p, err := newParser(s)
	if err != nil {
		return nil, err
	}
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if p.pos < len(p.text) {
		if p.peek() == ',' {
			return nil, p.fail(p.pos, "expected one query, found a list: the comma begins a second one")
		}
		return nil, p.expected("an operator (+ - * /) or the end")
	}
	return e, nil
}

// ParseList reads the comma-separated queries that /api/v1/query accepts. The
// error is a *[SyntaxError].
func ParseList(s string) ([]Expr, error) {
	p, err := newParser(s)
	if err != nil {
		return nil, err
	}
	var list []Expr
	for {
		e, err := p.sum()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if !p.accept(',') {
			break
		}
	}
	if p.skipSpace(); p.pos < len(p.text) {
		return nil, p.expected("an operator (+ - * /), a comma or the end")
	}
	return list, nil
}

func newParser(s string) (*parser, error) {
	p := &parser{text: s}
	if len(s) > maxLength {
		return nil, p.fail(maxLength, "longer than %d bytes", maxLength)
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return nil, p.fail(i, "not valid UTF-8")
			}
		}
		if (r < ' ' && !isSpace(byte(r))) || r == 0x7f {
			return nil, p.fail(i, "control character %U", r)
		}
	}
	return p, nil
}

func (p *parser) sum() (Expr, error) { return p.operators("+-", p.product) }

func (p *parser) product() (Expr, error) { return p.operators("*/", p.unary) }

// operators reads a chain of left-associative operators of one precedence.
func (p *parser) operators(ops string, operand func() (Expr, error)) (Expr, error) {
	l, err := operand()
	if err != nil {
		return nil, err
	}
	for {
		p.skipSpace()
		op := p.peek()
		if op == 0 || strings.IndexByte(ops, op) < 0 {
			return l, nil
		}
		p.pos++
		r, err := operand()
		if err != nil {
			return nil, err
		}
		l = &Binary{Op: op, L: l, R: r}
	}
}

// unary reads an operand with any minus signs before it. The tree has no
// negation of its own: a number changes its sign, anything else is multiplied by −1.
func (p *parser) unary() (Expr, error) {
	if !p.accept('-') {
		return p.operand()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	e, err := p.unary()
	if err != nil {
		return nil, err
	}
	if n, ok := e.(Number); ok {
		return -n, nil
	}
	return &Binary{Op: '*', L: Number(-1), R: e}, nil
}

func (p *parser) operand() (Expr, error) {
	p.skipSpace()
	switch c := p.peek(); {
	case c == '(':
		return p.parenthesised()
	case c == '$':
		return nil, p.templateVariable()
	case isDigit(c) || c == '.':
		return p.number()
	case isLetter(c):
		return p.named()
	}
	return nil, p.expected("a query, a number or (")
}

func (p *parser) parenthesised() (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	open := p.pos
	p.pos++
	e, err := p.sum()
	if err != nil {
		return nil, err
	}
	if !p.accept(')') {
		return nil, p.expected("an operator (+ - * /) or the ) for the ( at byte " + strconv.Itoa(open))
	}
	return e, nil
}

func (p *parser) number() (Expr, error) {
	start, end := p.pos, p.pos
	digits := func() {
		for end < len(p.text) && isDigit(p.text[end]) {
			end++
		}
	}
	digits()
	if end < len(p.text) && p.text[end] == '.' {
		end++
		digits()
	}
	if rest := p.text[end:]; rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		end++
		if end < len(p.text) && (p.text[end] == '+' || p.text[end] == '-') {
			end++
		}
		digits()
	}
	n, err := strconv.ParseFloat(p.text[start:end], 64)
	if err != nil || math.IsInf(n, 0) {
		return nil, p.fail(start, "expected a number, found %q", p.text[start:end])
	}
	if end < len(p.text) && isLetter(p.text[end]) {
		p.pos = end
		return nil, p.fail(start, "expected a number or a query, found %q", p.text[start:end]+p.peekWord())
	}
	p.pos = end
	return Number(n), nil
}

// named reads what begins with a name: a query, a function or a reference.
func (p *parser) named() (Expr, error) {
	start := p.pos
	name := p.dottedName()
	end := p.pos
	p.skipSpace()
	switch p.peek() {
	case '{':
		return p.query(&Query{}, name, start)
	case ':':
		if !isAggregator(name) {
			return nil, p.fail(start, "expected an aggregator (avg, sum, min, max, count, p95 …) before the colon, found %q", name)
		}
		p.pos++
		return p.aggregated(&Query{Aggregator: name})
	case '(':
		if name == "count" && p.atThreshold() {
			return p.thresholdCount()
		}
		if strings.Contains(name, ".") {
			return nil, p.fail(start, "expected { behind the metric %q", name)
		}
		return p.call(name)
	}
	p.pos = end
	if strings.Contains(name, ".") {
		return nil, p.expected("{ behind the metric, such as " + name + "{*}")
	}
	return Ref(name), nil
}

func (p *parser) dottedName() string {
	start := p.pos
	for p.pos < len(p.text) && (isLetter(p.text[p.pos]) || isDigit(p.text[p.pos]) || p.text[p.pos] == '.') {
		p.pos++
	}
	return p.text[start:p.pos]
}

func isAggregator(name string) bool {
	switch name {
	case "avg", "sum", "min", "max", "count":
		return true
	}
	digits, ok := strings.CutPrefix(name, "p")
	if !ok || digits == "" || !isDigit(digits[0]) || strings.Trim(digits, "0123456789.") != "" {
		return false
	}
	n, err := strconv.ParseFloat(digits, 64)
	return err == nil && n > 0 && n < 100
}

// aggregated reads a query from behind its aggregator's colon.
func (p *parser) aggregated(q *Query) (Expr, error) {
	p.skipSpace()
	if p.peek() == '$' {
		return nil, p.templateVariable()
	}
	if !isLetter(p.peek()) {
		return nil, p.expected("a metric name")
	}
	start := p.pos
	return p.query(q, p.dottedName(), start)
}

// query reads a query from behind its metric, which began at start.
func (p *parser) query(q *Query, metric string, start int) (Expr, error) {
	if strings.HasSuffix(metric, ".") || strings.Contains(metric, "..") || metric[0] == '_' {
		return nil, p.fail(start, "%q is no metric name: want letters, digits and underscores, with single dots between", metric)
	}
	q.Metric = metric
	if !p.accept('{') {
		return nil, p.expected("{ behind the metric, such as " + metric + "{*}")
	}
	var err error
	if q.Filter, err = p.filter(); err != nil {
		return nil, err
	}
	if p.acceptKeyword("by") {
		if q.By, err = p.groups(); err != nil {
			return nil, err
		}
	}
	for p.accept('.') {
		m, err := p.modifier()
		if err != nil {
			return nil, err
		}
		q.Modifiers = append(q.Modifiers, m)
	}
	return q, nil
}

// groups reads the tag keys of by {…}.
func (p *parser) groups() ([]string, error) {
	if !p.accept('{') {
		return nil, p.expected("{ behind by")
	}
	var keys []string
	for {
		p.skipSpace()
		if p.peek() == '$' {
			return nil, p.templateVariable()
		}
		start := p.pos
		for p.pos < len(p.text) && !isSpace(p.text[p.pos]) && strings.IndexByte(",{}():'\"!*", p.text[p.pos]) < 0 {
			p.pos++
		}
		if start == p.pos {
			return nil, p.expected("a tag key")
		}
		keys = append(keys, p.text[start:p.pos])
		if p.accept('}') {
			return keys, nil
		}
		if !p.accept(',') {
			return nil, p.expected("a comma or }")
		}
	}
}

// modifier reads a call behind a query, from behind its dot.
func (p *parser) modifier() (Modifier, error) {
	p.skipSpace()
	if !isLetter(p.peek()) {
		return Modifier{}, p.expected("a modifier, such as as_count()")
	}
	m := Modifier{Name: p.peekWord()}
	p.pos += len(m.Name)
	if !p.accept('(') {
		return Modifier{}, p.expected("( behind ." + m.Name)
	}
	if p.accept(')') {
		return m, nil
	}
	for {
		arg, err := p.rawArgument()
		if err != nil {
			return Modifier{}, err
		}
		m.Args = append(m.Args, arg)
		if p.accept(')') {
			return m, nil
		}
		if !p.accept(',') {
			return Modifier{}, p.expected("a comma or )")
		}
	}
}

// rawArgument reads one word, number or string, as written.
func (p *parser) rawArgument() (string, error) {
	p.skipSpace()
	start := p.pos
	if c := p.peek(); c == '\'' || c == '"' {
		if _, err := p.quoted(); err != nil {
			return "", err
		}
		return p.text[start:p.pos], nil
	}
	for p.pos < len(p.text) && !isSpace(p.text[p.pos]) && strings.IndexByte(",(){}'\"$", p.text[p.pos]) < 0 {
		p.pos++
	}
	if start == p.pos {
		if p.peek() == '$' {
			return "", p.templateVariable()
		}
		return "", p.expected("an argument")
	}
	return p.text[start:p.pos], nil
}

// call reads a function from its opening parenthesis.
func (p *parser) call(name string) (Expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	c := &Call{Name: name}
	for {
		arg, err := p.argument()
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, arg)
		if p.accept(')') {
			return c, nil
		}
		if !p.accept(',') {
			return nil, p.expected("an operator (+ - * /), a comma or the ) of " + name + "(")
		}
	}
}

func (p *parser) argument() (Expr, error) {
	p.skipSpace()
	if c := p.peek(); c != '\'' && c != '"' {
		return p.sum()
	}
	start := p.pos
	if _, err := p.quoted(); err != nil {
		return nil, err
	}
	return Ref(p.text[start:p.pos]), nil
}

// atThreshold tells count(v: v<=3):metric{…} from a function named count.
func (p *parser) atThreshold() bool {
	ahead := *p
	return ahead.accept('(') && ahead.acceptName("v") && ahead.accept(':')
}

func (p *parser) acceptName(name string) bool {
	p.skipSpace()
	if p.peekWord() != name {
		return false
	}
	p.pos += len(name)
	return true
}

// thresholdCount reads count(v: v<=3):metric{…} from its opening parenthesis,
// of which atThreshold has seen the beginning.
func (p *parser) thresholdCount() (Expr, error) {
	p.accept('(')
	p.acceptName("v")
	p.accept(':')
	if !p.acceptName("v") {
		return nil, p.expected("v, as in count(v: v<=3)")
	}
	p.skipSpace()
	t := &Threshold{}
	for _, op := range []string{"<=", ">=", "<", ">"} {
		if strings.HasPrefix(p.text[p.pos:], op) {
			t.Comparator = op
			break
		}
	}
	if t.Comparator == "" {
		return nil, p.expected("<, <=, > or >=")
	}
	p.pos += len(t.Comparator)
	negative := p.accept('-')
	p.skipSpace()
	if c := p.peek(); !isDigit(c) && c != '.' {
		return nil, p.expected("a number")
	}
	n, err := p.number()
	if err != nil {
		return nil, err
	}
	t.Value = float64(n.(Number))
	if negative {
		t.Value = -t.Value
	}
	if !p.accept(')') {
		return nil, p.expected("the ) of count(")
	}
	if !p.accept(':') {
		return nil, p.expected("a colon and the metric behind count(v: …)")
	}
	return p.aggregated(&Query{Aggregator: "count", Threshold: t})
}

// templateVariable explains why a $ cannot be read.
func (p *parser) templateVariable() error {
	end := p.pos + 1
	for end < len(p.text) && (isLetter(p.text[end]) || isDigit(p.text[end]) || p.text[end] == '.') {
		end++
	}
	return p.fail(p.pos, "%s is a dashboard's template variable, which has no value here: write the tag itself, such as env:prod", p.text[p.pos:end])
}
