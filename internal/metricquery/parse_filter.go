package metricquery

import "strings"

// filter reads what stands between the braces, from behind the opening one
// through the closing one.
func (p *parser) filter() (Filter, error) {
	if p.accept('}') {
		return All{}, nil
	}
	f, err := p.filterList()
	if err != nil {
		return nil, err
	}
	if !p.accept('}') {
		return nil, p.expected("a comma, AND, OR or } behind the tag")
	}
	return f, nil
}

// filterList reads terms joined by commas, or by AND and OR, of which AND binds
// tighter. Which of the two binds tighter in a mixture is not documented, so a
// mixture is refused.
func (p *parser) filterList() (Filter, error) {
	first, err := p.filterTerm()
	if err != nil {
		return nil, err
	}
	if p.accept(',') {
		return p.filterCommas(first)
	}
	f, err := p.filterWords(first)
	if err != nil {
		return nil, err
	}
	if p.skipSpace(); p.peek() == ',' {
		return nil, p.mixture()
	}
	return f, nil
}

func (p *parser) mixture() error {
	return p.fail(p.pos, "commas cannot be mixed with AND and OR: write AND instead of the commas")
}

// filterCommas reads on behind the first comma.
func (p *parser) filterCommas(first Filter) (Filter, error) {
	parts := []Filter{first}
	for {
		f, err := p.filterTerm()
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
		if p.accept(',') {
			continue
		}
		if p.skipSpace(); p.atKeyword("and") || p.atKeyword("or") {
			return nil, p.mixture()
		}
		return and(parts), nil
	}
}

// filterWords reads on behind the first term of what AND and OR join.
func (p *parser) filterWords(first Filter) (Filter, error) {
	var alternatives []Filter
	for {
		parts := []Filter{first}
		for p.acceptKeyword("and") {
			f, err := p.filterTerm()
			if err != nil {
				return nil, err
			}
			parts = append(parts, f)
		}
		alternatives = append(alternatives, and(parts))
		if !p.acceptKeyword("or") {
			return or(alternatives), nil
		}
		var err error
		if first, err = p.filterTerm(); err != nil {
			return nil, err
		}
	}
}

// and and or flatten their own kind, so that brackets which change nothing
// leave no trace in the tree.
func and(parts []Filter) Filter {
	var flat []Filter
	for _, f := range parts {
		if inner, ok := f.(*And); ok {
			flat = append(flat, inner.Of...)
		} else {
			flat = append(flat, f)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &And{Of: flat}
}

func or(parts []Filter) Filter {
	var flat []Filter
	for _, f := range parts {
		if inner, ok := f.(*Or); ok {
			flat = append(flat, inner.Of...)
		} else {
			flat = append(flat, f)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return &Or{Of: flat}
}

// filterTerm reads one tag, negation or bracket.
func (p *parser) filterTerm() (Filter, error) {
	if p.accept('!') || p.acceptKeyword("not") {
		return p.negation()
	}
	switch p.skipSpace(); p.peek() {
	case '(':
		return p.filterBracket()
	case '$':
		return nil, p.templateVariable()
	case '"', '\'':
		tag, err := p.quoted()
		if err != nil {
			return nil, err
		}
		return &Match{Value: tag}, nil
	}
	if p.atKeyword("and") || p.atKeyword("or") {
		return nil, p.expected("a tag, such as env:prod")
	}
	return p.tag()
}

func (p *parser) negation() (Filter, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	f, err := p.filterTerm()
	if err != nil {
		return nil, err
	}
	return &Not{Of: f}, nil
}

func (p *parser) filterBracket() (Filter, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	p.pos++
	f, err := p.filterList()
	if err != nil {
		return nil, err
	}
	if !p.accept(')') {
		return nil, p.expected("AND, OR or ) behind the tag")
	}
	return f, nil
}

// tag reads key:value, a bare tag, *, or key [NOT] IN (…).
func (p *parser) tag() (Filter, error) {
	start := p.pos
	for p.pos < len(p.text) && !isSpace(p.text[p.pos]) && strings.IndexByte(":,(){}\"'", p.text[p.pos]) < 0 {
		p.pos++
	}
	word := p.text[start:p.pos]
	if word == "" {
		return nil, p.expected("a tag, such as env:prod")
	}
	if p.peek() == ':' {
		p.pos++
		value, err := p.tagValue(word)
		if err != nil {
			return nil, err
		}
		return &Match{Key: word, Value: value}, nil
	}
	end := p.pos
	if p.acceptKeyword("in") {
		return p.values(word)
	}
	if p.acceptKeyword("not") {
		if !p.acceptKeyword("in") {
			return nil, p.expected("IN, as in " + word + " NOT IN (a,b)")
		}
		in, err := p.values(word)
		if err != nil {
			return nil, err
		}
		return &Not{Of: in}, nil
	}
	p.pos = end
	if word == "*" {
		return All{}, nil
	}
	return &Match{Value: word}, nil
}

// values reads the bracket of key IN (a, b).
func (p *parser) values(key string) (Filter, error) {
	if !p.accept('(') {
		return nil, p.expected("( behind IN")
	}
	in := &In{Key: key}
	for {
		v, err := p.tagValue(key)
		if err != nil {
			return nil, err
		}
		in.Values = append(in.Values, v)
		if p.accept(')') {
			return in, nil
		}
		if !p.accept(',') {
			return nil, p.expected("a comma or )")
		}
	}
}

// tagValue reads a value in quotes or as it stands. A bare value may contain
// balanced brackets, and spaces as long as no further tag and no keyword
// follows: resource names are free text.
func (p *parser) tagValue(key string) (string, error) {
	p.skipSpace()
	switch p.peek() {
	case '$':
		return "", p.templateVariable()
	case '"', '\'':
		return p.quoted()
	}
	start := p.pos
	if !p.valueWord() {
		if p.pos = start; p.peek() != 0 && strings.IndexByte(",(){}", p.peek()) < 0 {
			return "", p.fail(start, "the brackets in this value of the tag %s do not match: put the value in quotes", key)
		}
		return "", p.expected("a value for the tag " + key)
	}
	for {
		end := p.pos
		p.skipSpace()
		next := p.pos
		if next == end || p.atFilterKeyword() || strings.IndexByte("!$\"'", p.peek()) >= 0 ||
			!p.valueWord() || strings.Contains(p.text[next:p.pos], ":") {
			p.pos = end
			return p.text[start:end], nil
		}
	}
}

func (p *parser) atFilterKeyword() bool {
	return p.atKeyword("and") || p.atKeyword("or") || p.atKeyword("not") || p.atKeyword("in")
}

// valueWord skips one word of a bare value, spaces and commas inside its
// brackets included, and reports whether there was one with all brackets closed.
func (p *parser) valueWord() bool {
	start, round, curly := p.pos, 0, 0
	for ; p.pos < len(p.text); p.pos++ {
		c := p.text[p.pos]
		nested := round > 0 || curly > 0
		ends := (isSpace(c) || c == ',') && !nested ||
			c == ')' && round == 0 || c == '}' && curly == 0 ||
			(c == '(' || c == '{') && p.pos == start
		if ends {
			break
		}
		switch c {
		case '(':
			round++
		case ')':
			round--
		case '{':
			curly++
		case '}':
			curly--
		}
	}
	return p.pos > start && round == 0 && curly == 0
}
