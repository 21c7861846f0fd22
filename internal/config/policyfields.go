package config

import (
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/spelling"
)

// maxEntries bounds each list of a policy, maxAllEntries all of its lists:
// sections, names and freezes are compared with each other.
const (
	maxEntries    = 1000
	maxAllEntries = 10_000
)

// tooMany complains about a section of the file with too many list entries,
// aliases written out.
func (n *node) tooMany(key string) error {
	if n.entriesOfLists(maxAllEntries) > maxAllEntries {
		return n.fail(nil, "%s: more than %d entries in all of its lists", key, maxAllEntries)
	}
	return nil
}

// entriesOfLists counts no further than a little above the limit.
func (n *node) entriesOfLists(limit int) int {
	total := len(n.list)
	for _, item := range n.list {
		if total > limit {
			return total
		}
		total += item.entriesOfLists(limit - total)
	}
	for _, e := range n.entries {
		if total > limit {
			return total
		}
		total += e.value.entriesOfLists(limit - total)
	}
	return total
}

// field is a key that a mapping may have. A value is read by a function of the
// node and of the key, which complaints name.
type field struct {
	key  string
	read func(n *node, key string) error
}

// to stores what is read.
func to[T any](target *T, read func(*node, string) (T, error)) func(*node, string) error {
	return func(n *node, key string) (err error) {
		*target, err = read(n, key)
		return err
	}
}

// optional makes nil of what is not there.
func optional[T any](read func(*node, string) (T, error)) func(*node, string) (*T, error) {
	return func(n *node, key string) (*T, error) {
		v, err := read(n, key)
		return &v, err
	}
}

// oneOrMore reads one value, or a list of them.
func oneOrMore[T any](read func(*node, string) (T, error)) func(*node, string) ([]T, error) {
	return func(n *node, key string) ([]T, error) {
		if n.kind == listKind {
			return listOf(read)(n, key)
		}
		v, err := read(n, key)
		return []T{v}, err
	}
}

// listOf reads a list that is not empty.
func listOf[T any](read func(*node, string) (T, error)) func(*node, string) ([]T, error) {
	return func(n *node, key string) ([]T, error) {
		switch {
		case n.kind != listKind:
			return nil, n.fail(nil, "%s: want a list, each entry beginning with a dash, found %s", key, n.kind)
		case len(n.list) == 0:
			return nil, n.fail(nil, "%s: the list is empty", key)
		case len(n.list) > maxEntries:
			return nil, n.fail(nil, "%s: %d entries, want at most %d", key, len(n.list), maxEntries)
		}
		var all []T
		for _, item := range n.list {
			v, err := read(item, key)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return all, nil
	}
}

// read reads the mapping's values in the order in which they stand there.
func (n *node) read(what string, fields ...field) error {
	entries, err := n.mapping(what)
	if err != nil {
		return err
	}
	var keys []string
	known := map[string]field{}
	for _, f := range fields {
		keys, known[f.key] = append(keys, f.key), f
	}
	if len(entries) == 0 {
		return n.fail(nil, "%s: nothing in it: want %s", what, alternatives(keys))
	}
	for _, e := range entries {
		f, ok := known[e.key]
		if !ok {
			return e.unknown(keys...)
		}
		if err := f.read(e.value, e.key); err != nil {
			return err
		}
	}
	return nil
}

// require complains about the first of the keys that is not there.
func (n *node) require(what string, keys ...string) error {
	for _, key := range keys {
		if n.get(key) == nil {
			return n.fail(nil, "%s has no key %q", what, key)
		}
	}
	return nil
}

// wrong complains about a value that is not what is wanted.
func (n *node) wrong(key, want string, hints ...string) error {
	switch n.kind {
	case stringKind, numberKind, boolKind:
		return n.fail(hints, "%s %s: want %s", key, n.quoted(), want)
	}
	return n.fail(hints, "%s: want %s, found %s", key, want, n.kind)
}

// quoted is the scalar for a message: text in quotes, and not all of a long one.
func (n *node) quoted() string {
	const long = 60
	text := n.text
	if r := []rune(text); len(r) > long {
		text = string(r[:long]) + "…"
	}
	if n.kind == stringKind {
		return strconv.Quote(text)
	}
	return text
}

// readText reads text that is not blank.
func readText(n *node, key string) (string, error) {
	if n.kind != stringKind {
		var hints []string
		if n.kind == mappingKind {
			hints = []string{"text with a colon and a space in it is written in quotes; a tag has no space: team:payments"}
		}
		return "", n.fail(hints, "%s: want text, in quotes where it looks like a number, found %s", key, n.kind)
	}
	if strings.TrimSpace(n.text) == "" {
		return "", n.fail(nil, "%s: the text is empty", key)
	}
	return n.text, nil
}

// readChoice reads one of a few words.
func readChoice[T ~string](allowed ...T) func(*node, string) (T, error) {
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	return func(n *node, key string) (T, error) {
		for _, a := range allowed {
			if n.kind == stringKind && n.text == string(a) {
				return a, nil
			}
		}
		return "", n.wrong(key, alternatives(words), n.meant(words)...)
	}
}

// synonyms are words that are meant for another; some YAML tools write false
// for off.
var synonyms = map[string]string{
	"false": "off", "no": "off", "none": "off", "never": "off", "disabled": "off", "ignore": "off",
	"warning": "warn", "fail": "block", "error": "block", "deny": "block",
	"true": "block", "on": "block", "yes": "block",
}

// meant is a hint at the word that was meant.
func (n *node) meant(words []string) []string {
	if n.kind == listKind || n.kind == mappingKind {
		return nil
	}
	word, known := synonyms[strings.ToLower(n.text)]
	near := spelling.Nearest(n.text, words)
	if known {
		near = spelling.Nearest(word, words)
	}
	if len(near) == 0 {
		return nil
	}
	return []string{"did you mean " + near[0] + "?"}
}

// readSwitch reads a truth value.
func readSwitch(n *node, key string) (bool, error) {
	if n.kind == boolKind {
		return n.text == "true", nil
	}
	var hints []string
	switch strings.ToLower(n.text) {
	case "true", "yes", "on", "y":
		hints = []string{"did you mean true, without quotes?"}
	case "false", "no", "off", "n":
		hints = []string{"did you mean false, without quotes?"}
	}
	return false, n.wrong(key, "true or false", hints...)
}
