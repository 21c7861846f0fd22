package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/slo-cli/slo/internal/spelling"
)

// The parser needs stack for nesting and quadratic time for wide mappings, so
// both are bounded before it runs.
const (
	maxNesting = 100
	maxKeys    = 2000
	// maxExpanded bounds what aliases can blow a file up to, in bytes of JSON.
	maxExpanded = 16 << 20
)

type kind int

const (
	nullKind kind = iota
	stringKind
	numberKind
	boolKind
	listKind
	mappingKind
)

func (k kind) String() string {
	return [...]string{"nothing", "text", "a number", "true or false", "a list", "a mapping"}[k]
}

// node is one value of a YAML file and where it stands.
type node struct {
	path      string
	line, col int
	kind      kind
	// text is the scalar: the content of a string, the JSON form of a number.
	text    string
	list    []*node
	entries []entry
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	at    *node
	value *node
}

func (n *node) place() string { return fmt.Sprintf("%s:%d:%d", n.path, n.line, n.col) }

func (n *node) fail(hints []string, format string, args ...any) error {
	return &Error{Message: n.place() + ": " + fmt.Sprintf(format, args...), Hints: hints}
}

func (e entry) fail(hints []string, format string, args ...any) error {
	return e.at.fail(hints, format, args...)
}

// unknown complains about a key that is none of the allowed ones.
func (e entry) unknown(allowed ...string) error {
	var hints []string
	if near := spelling.Nearest(e.key, allowed); len(near) > 0 {
		hints = []string{"did you mean " + near[0] + "?"}
	}
	return e.fail(hints, "unknown key %q: want %s", e.key, alternatives(allowed))
}

func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func (n *node) mapping(what string) ([]entry, error) {
	if n.kind != mappingKind {
		return nil, n.fail(nil, "%s: want a mapping of keys to values, found %s", what, n.kind)
	}
	return n.entries, nil
}

// scalarText is a string, number or truth value as text; empty for null.
func (n *node) scalarText(what string) (string, error) {
	if n.kind == listKind || n.kind == mappingKind {
		return "", n.fail(nil, "%s: want one value, found %s", what, n.kind)
	}
	return n.text, nil
}

// get is the value of a key, nil when there is none.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// parseYAML reads one document. The errors name the file, line and column.
func parseYAML(path string, data []byte) (root *node, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, &Error{Message: path + ": not UTF-8 text"}
	}
	// The parser is not ours; a panic in it must not look like a bug of slo.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, &Error{Message: fmt.Sprintf("%s: cannot be read as YAML (%v)", path, p)}
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if err := checkShape(path, tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			pos := at.GetToken().Position
			return nil, &Error{Message: fmt.Sprintf("%s:%d:%d: %s", path, pos.Line, pos.Column, at.GetMessage())}
		}
		return nil, &Error{Message: path + ": " + strings.ReplaceAll(err.Error(), "\n", " ")}
	}
	c := converter{path: path, anchors: map[string]*node{}}
	root = &node{path: path, line: 1, col: 1}
	seen := false
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if seen {
			return nil, c.at(doc.Body).fail(nil, "a second YAML document: want one in each file")
		}
		seen = true
		if root, err = c.convert(doc.Body); err != nil {
			return nil, err
		}
	}
	return root, nil
}

// checkShape bounds nesting and the number of keys of each mapping.
func checkShape(path string, tokens token.Tokens) error {
	fail := func(t *token.Token, format string, args ...any) error {
		return &Error{Message: fmt.Sprintf("%s:%d:%d: ", path, t.Position.Line, t.Position.Column) + fmt.Sprintf(format, args...)}
	}
	// keys counts the keys of the mappings that are open, innermost last: in
	// block style one for each column, in brackets one for each bracket.
	type level struct{ column, keys int }
	var block, flow []level
	dashes, line := 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			dashes, line = 0, t.Position.Line
		}
		column := t.Position.Column
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			if flow = append(flow, level{}); len(flow) > maxNesting {
				return fail(t, "nested more than %d levels deep", maxNesting)
			}
		case token.SequenceEndType, token.MappingEndType:
			if len(flow) > 0 {
				flow = flow[:len(flow)-1]
			}
		case token.AnchorType, token.TagType, token.MappingKeyType, token.SequenceEntryType:
			if dashes++; dashes > maxNesting && len(flow) == 0 {
				return fail(t, "nested more than %d levels deep", maxNesting)
			}
			if t.Type == token.SequenceEntryType && len(flow) == 0 {
				for len(block) > 0 && block[len(block)-1].column > column {
					block = block[:len(block)-1]
				}
			}
		case token.MappingValueType:
			if len(flow) > 0 {
				if flow[len(flow)-1].keys++; flow[len(flow)-1].keys > maxKeys {
					return fail(t, "more than %d keys in one mapping", maxKeys)
				}
				continue
			}
			if t.Prev != nil && t.Prev.Position.Line == t.Position.Line {
				column = t.Prev.Position.Column
			}
			for len(block) > 0 && block[len(block)-1].column > column {
				block = block[:len(block)-1]
			}
			if len(block) == 0 || block[len(block)-1].column < column {
				if block = append(block, level{column: column}); len(block) > maxNesting {
					return fail(t, "nested more than %d levels deep", maxNesting)
				}
			}
			if block[len(block)-1].keys++; block[len(block)-1].keys > maxKeys {
				return fail(t, "more than %d keys in one mapping", maxKeys)
			}
		}
	}
	return nil
}

// converter turns the parser's tree into ours. An anchor is present, but nil,
// while its value is being read.
type converter struct {
	path    string
	anchors map[string]*node
}

func (c *converter) at(n ast.Node) *node {
	out := &node{path: c.path, line: 1, col: 1}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		n = m.Values[0].Key // the mapping's own token is the colon
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		out.line, out.col = t.Position.Line, t.Position.Column
	}
	return out
}

func (c *converter) convert(n ast.Node) (*node, error) {
	out := c.at(n)
	switch n := n.(type) {
	case *ast.NullNode:
		return out, nil
	case *ast.StringNode:
		out.kind, out.text = stringKind, n.Value
		return out, nil
	case *ast.LiteralNode:
		out.kind, out.text = stringKind, n.Value.Value
		return out, nil
	case *ast.BoolNode:
		out.kind, out.text = boolKind, strconv.FormatBool(n.Value)
		return out, nil
	case *ast.IntegerNode:
		out.kind, out.text = numberKind, fmt.Sprint(n.Value)
		return out, nil
	case *ast.FloatNode:
		if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
			return nil, out.fail(nil, "%s is too large for a number", n.Token.Value)
		}
		if out.kind, out.text = numberKind, n.Token.Value; !json.Valid([]byte(out.text)) {
			out.text = strconv.FormatFloat(n.Value, 'g', -1, 64)
		}
		return out, nil
	case *ast.SequenceNode:
		out.kind = listKind
		for _, v := range n.Values {
			item, err := c.convert(v)
			if err != nil {
				return nil, err
			}
			out.list = append(out.list, item)
		}
		return out, nil
	case *ast.MappingNode:
		return c.mapping(out, n.Values)
	case *ast.MappingValueNode:
		return c.mapping(c.at(n.Key), []*ast.MappingValueNode{n})
	case *ast.AnchorNode:
		name := n.Name.GetToken().Value
		c.anchors[name] = nil
		value, err := c.convert(n.Value)
		c.anchors[name] = value
		return value, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		value, known := c.anchors[name]
		switch {
		case !known:
			return nil, out.fail(nil, "no anchor &%s before this alias", name)
		case value == nil:
			return nil, out.fail(nil, "the alias *%s stands inside of what it names", name)
		}
		return value, nil
	case *ast.TagNode:
		return nil, out.fail(nil, "tags such as %s are not supported", n.Start.Value)
	}
	return nil, out.fail(nil, "want text, a number, true or false, a list or a mapping")
}

func (c *converter) mapping(out *node, values []*ast.MappingValueNode) (*node, error) {
	out.kind = mappingKind
	var merged []entry
	own := map[string]bool{}
	for _, v := range values {
		at := c.at(v.Key)
		value, err := c.convert(v.Value)
		if err != nil {
			return nil, err
		}
		if v.Key.IsMergeKey() {
			if value.kind != mappingKind {
				return nil, at.fail(nil, "<<: want an alias of a mapping, found %s", value.kind)
			}
			merged = append(merged, value.entries...)
			continue
		}
		key, ok := v.Key.(ast.Node)
		if !ok || key.Type() == ast.MappingKeyType || key.Type() == ast.AnchorType || key.Type() == ast.AliasType || key.Type() == ast.TagType || key.Type() == ast.NullType {
			return nil, at.fail(nil, "want a plain word as the key")
		}
		name := v.Key.GetToken().Value
		if own[name] {
			return nil, at.fail(nil, "the key %q stands here a second time", name)
		}
		own[name] = true
		out.entries = append(out.entries, entry{name, at, value})
	}
	for _, e := range merged {
		if !own[e.key] {
			own[e.key] = true
			out.entries = append(out.entries, e)
		}
		if len(out.entries) > maxKeys {
			return nil, out.fail(nil, "more than %d keys in one mapping", maxKeys)
		}
	}
	return out, nil
}

// toJSON writes a value. Aliases are written out, within maxExpanded bytes.
func toJSON(n *node) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := writeJSON(&b, n); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeJSON(b *bytes.Buffer, n *node) error {
	if b.Len() > maxExpanded {
		return n.fail(nil, "aliases blow this up to more than %d MiB", maxExpanded>>20)
	}
	switch n.kind {
	case nullKind:
		b.WriteString("null")
	case numberKind, boolKind:
		b.WriteString(n.text)
	case stringKind:
		writeString(b, n.text)
	case listKind:
		b.WriteByte('[')
		for i, v := range n.list {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeJSON(b, v); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	case mappingKind:
		b.WriteByte('{')
		for i, e := range n.entries {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, e.key)
			b.WriteByte(':')
			if err := writeJSON(b, e.value); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	}
	return nil
}

// writeString leaves <, > and & as they are: queries are full of them.
func writeString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	// Encoding a string into memory cannot fail.
	_ = enc.Encode(s)
	b.Truncate(b.Len() - 1) // the encoder's newline
}
