package metricquery

import (
	"slices"
	"strings"
)

// Filter selects series by their tags: one of All, *Match, *In, *Not, *And and *Or.
type Filter interface {
	// Match reports whether a series with these tags ("key:value" or bare
	// words) is selected. Case does not matter, as Datadog lower-cases tags. A
	// key may have several values among the tags.
	Match(tags []string) bool
	// String writes the canonical form that stands between the braces.
	String() string
}

// All selects every series: {*}.
type All struct{}

// Match selects series that carry a tag. A * in Value stands for any run of
// characters, so that "*" asks only for the presence of the key. An empty Key
// makes Value a bare tag, compared with whole tags.
type Match struct {
	Key, Value string
}

// In selects series whose Key has one of Values, each as in [Match].
type In struct {
	Key    string
	Values []string
}

// Not selects what Of does not, also series that lack the tag altogether.
type Not struct {
	Of Filter
}

// And selects what all of Of select.
type And struct {
	Of []Filter
}

// Or selects what at least one of Of selects.
type Or struct {
	Of []Filter
}

// Match is true.
func (All) Match([]string) bool { return true }

// Match reports whether one of the tags is the one that m names.
func (m *Match) Match(tags []string) bool { return hasTag(tags, m.Key, m.Value) }

// Match reports whether the key has one of the values.
func (in *In) Match(tags []string) bool {
	return slices.ContainsFunc(in.Values, func(v string) bool { return hasTag(tags, in.Key, v) })
}

// Match is the opposite of n.Of.
func (n *Not) Match(tags []string) bool { return !n.Of.Match(tags) }

// Match reports whether all parts select the series.
func (a *And) Match(tags []string) bool {
	return !slices.ContainsFunc(a.Of, func(f Filter) bool { return !f.Match(tags) })
}

// Match reports whether some part selects the series.
func (o *Or) Match(tags []string) bool {
	return slices.ContainsFunc(o.Of, func(f Filter) bool { return f.Match(tags) })
}

func hasTag(tags []string, key, pattern string) bool {
	key, pattern = strings.ToLower(key), strings.ToLower(pattern)
	for _, tag := range tags {
		value := strings.ToLower(tag)
		if key != "" {
			var rest bool
			if value, rest = strings.CutPrefix(value, key); !rest {
				continue
			}
			if value, rest = strings.CutPrefix(value, ":"); !rest {
				continue
			}
		}
		if matchWildcard(pattern, value) {
			return true
		}
	}
	return false
}

// matchWildcard goes back only to the latest *, which is enough: an earlier one
// could not reach further. The work is at most len(pattern) × len(s).
func matchWildcard(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
