package simulator

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// tagSearch is a condition on the tags of an SLO, in the language of Datadog's
// event search: key:value and words, AND (also implied), OR, NOT and -,
// parentheses, also around the values of a key, and * as a wildcard.
type tagSearch func(tags []string) bool

// parseTagSearch reads a condition; an empty one is an error.
func parseTagSearch(text string) (tagSearch, error) { return parseSearch(text, tagMatches) }

// parseSearch reads a condition whose words, with their keys, mean what word says.
func parseSearch(text string, word func(string) tagSearch) (tagSearch, error) {
	p := &searchParser{tokens: searchTokens(text), word: word}
	if len(p.tokens) == 0 {
		return nil, errors.New("empty query")
	}
	s, err := p.or("")
	if err == nil && p.at < len(p.tokens) {
		err = errors.New("unexpected " + p.tokens[p.at].text)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// searchToken is an operator or parenthesis, or a word, which quotes make one
// whatever it contains.
type searchToken struct {
	text     string
	operator bool
	// key says that the word ends in a colon and values in parentheses follow.
	key bool
}

// searchTokens cuts a query up. An unfinished quote becomes an operator that
// no rule knows.
func searchTokens(text string) []searchToken {
	var tokens []searchToken
	runes := []rune(text)
	for i := 0; i < len(runes); {
		switch r := runes[i]; {
		case unicode.IsSpace(r):
			i++
			continue
		case r == '(' || r == ')':
			tokens = append(tokens, searchToken{text: string(r), operator: true})
			i++
			continue
		case r == '-' && i+1 < len(runes) && !unicode.IsSpace(runes[i+1]):
			tokens = append(tokens, searchToken{text: "NOT", operator: true})
			i++
			continue
		}
		var word strings.Builder
		quoted, open := false, false
		for ; i < len(runes) && (open || !unicode.IsSpace(runes[i]) && runes[i] != '(' && runes[i] != ')'); i++ {
			if runes[i] == '"' {
				quoted, open = true, !open
				continue
			}
			word.WriteRune(runes[i])
		}
		w := word.String()
		token := searchToken{text: w, operator: !quoted && slices.Contains([]string{"AND", "OR", "NOT"}, w)}
		if open {
			token = searchToken{text: `"`, operator: true}
		}
		token.key = !token.operator && strings.HasSuffix(w, ":") && i < len(runes) && runes[i] == '('
		tokens = append(tokens, token)
	}
	return tokens
}

type searchParser struct {
	tokens []searchToken
	word   func(string) tagSearch
	at     int
	depth  int
}

// operator takes the next token if it is this operator.
func (p *searchParser) operator(text string) bool {
	if p.at < len(p.tokens) && p.tokens[p.at].operator && p.tokens[p.at].text == text {
		p.at++
		return true
	}
	return false
}

// or reads alternatives. With a key, words are its values.
func (p *searchParser) or(key string) (tagSearch, error) {
	left, err := p.and(key)
	for err == nil && p.operator("OR") {
		var right tagSearch
		before := left
		if right, err = p.and(key); err == nil {
			left = func(tags []string) bool { return before(tags) || right(tags) }
		}
	}
	return left, err
}

func (p *searchParser) and(key string) (tagSearch, error) {
	left, err := p.not(key)
	for err == nil {
		explicit := p.operator("AND")
		if !explicit && (p.at >= len(p.tokens) || p.tokens[p.at].operator && !slices.Contains([]string{"(", "NOT"}, p.tokens[p.at].text)) {
			break
		}
		var right tagSearch
		before := left
		if right, err = p.not(key); err == nil {
			left = func(tags []string) bool { return before(tags) && right(tags) }
		}
	}
	return left, err
}

func (p *searchParser) not(key string) (tagSearch, error) {
	// Far deeper than anybody writes, and far from the end of the stack.
	if p.depth++; p.depth > 200 {
		return nil, errors.New("nested too deeply")
	}
	defer func() { p.depth-- }()
	switch {
	case p.operator("NOT"):
		of, err := p.not(key)
		return func(tags []string) bool { return !of(tags) }, err
	case p.operator("("):
		return p.closed(key)
	case p.at >= len(p.tokens) || p.tokens[p.at].operator:
		return nil, errors.New("a condition is missing")
	}
	token := p.tokens[p.at]
	p.at++
	if token.key {
		if key != "" {
			return nil, errors.New("a key among the values of a key")
		}
		p.operator("(")
		return p.closed(token.text)
	}
	return p.word(key + token.text), nil
}

// closed reads up to a closing parenthesis.
func (p *searchParser) closed(key string) (tagSearch, error) {
	s, err := p.or(key)
	if err == nil && !p.operator(")") {
		err = errors.New("a closing parenthesis is missing")
	}
	return s, err
}

// tagMatches compares whole tags, without regard to case.
func tagMatches(pattern string) tagSearch {
	pattern = strings.ToLower(pattern)
	return func(tags []string) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return wildcard(pattern, strings.ToLower(tag)) })
	}
}

// wildcard compares a text with a pattern in which * stands for anything.
func wildcard(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return strings.HasSuffix(rest, last)
}
