// Package tagquery reads the queries by which status corrections select SLOs:
// Datadog's search syntax for events, over the tags of an SLO.
//
// It reads terms (key:value, bare words, quoted text), the wildcards * and ?
// outside of quotes, AND, OR, NOT and the minus sign, terms next to each other
// (AND), brackets, and key:(a OR b). AND binds tighter than OR. Everything else
// of the syntax, and whatever can be read in two ways, is an error: Datadog can
// be asked then, and a wrong guess would correct the wrong SLOs.
package tagquery

import (
	"slices"
	"strings"
)

// Query selects SLOs by their tags. The zero Query selects none.
type Query struct {
	root node
}

// Matches reports whether the query selects an SLO with these tags, each
// "key:value" or a bare word. Case does not matter, as in Datadog. A key may
// have several values among the tags: a term matches if one of them does, and
// its negation if none does.
func (q Query) Matches(tags []string) bool {
	if q.root == nil {
		return false
	}
	parts := make([]tag, len(tags))
	for i, t := range tags {
		key, value, keyed := strings.Cut(strings.ToLower(t), ":")
		if !keyed {
			key, value = "", key
		}
		parts[i] = tag{keyed: keyed, key: key, value: []rune(value)}
	}
	return q.root.matches(parts)
}

// FreeText reports whether the query has a bare word. It is matched against
// bare tags, and Datadog may look for it in names and descriptions as well.
func (q Query) FreeText() bool { return q.root != nil && bare(q.root) }

func bare(n node) bool {
	switch n := n.(type) {
	case term:
		return n.key == ""
	case not:
		return bare(n.of)
	case and:
		return slices.ContainsFunc(n, bare)
	case or:
		return slices.ContainsFunc(n, bare)
	}
	return false
}

// tag is a tag in lower case, taken apart. A bare one has only a value.
type tag struct {
	keyed bool
	key   string
	value []rune
}

// node is one of everything, term, not, and, or.
type node interface {
	matches(tags []tag) bool
}

type (
	// everything is the query *.
	everything struct{}
	// term selects by one tag. Its key is empty for a bare word.
	term struct {
		key     string
		pattern []rune
	}
	not struct{ of node }
	and []node
	or  []node
)

// Wildcards stand in a pattern in place of characters, so that a quoted * is just a *.
const (
	anyRun       rune = -1
	anyCharacter rune = -2
)

func (everything) matches([]tag) bool { return true }

func (t term) matches(tags []tag) bool {
	return slices.ContainsFunc(tags, func(g tag) bool {
		return g.keyed == (t.key != "") && g.key == t.key && matchPattern(t.pattern, g.value)
	})
}

func (n not) matches(tags []tag) bool { return !n.of.matches(tags) }

func (a and) matches(tags []tag) bool {
	return !slices.ContainsFunc(a, func(n node) bool { return !n.matches(tags) })
}

func (o or) matches(tags []tag) bool {
	return slices.ContainsFunc(o, func(n node) bool { return n.matches(tags) })
}

// matchPattern goes back only to the latest run of any characters, which is
// enough: an earlier one could not reach further. The work is at most
// len(pattern) × len(text).
func matchPattern(pattern, text []rune) bool {
	p, i, run, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == anyRun:
			run, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == text[i] || pattern[p] == anyCharacter):
			p++
			i++
		case run >= 0:
			mark++
			p, i = run+1, mark
		default:
			return false
		}
	}
	return !slices.ContainsFunc(pattern[p:], func(r rune) bool { return r != anyRun })
}
