package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/slo-cli/slo/internal/boundedyaml"
	"github.com/slo-cli/slo/internal/spelling"
)

// maxExpanded bounds what aliases can blow a file up to, in bytes of JSON.
const maxExpanded = 16 << 20

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
func parseYAML(path string, data []byte) (*node, error) {
	file, err := boundedyaml.Parse(path, data, maxProjectFile)
	if err != nil {
		return nil, &Error{Message: err.Error()}
	}
	c := converter{path: path, anchors: map[string]*node{}}
	root := &node{path: path, line: 1, col: 1}
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

// converter turns the parser's tree into ours.
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
		value, err := c.convert(n.Value)
		c.anchors[n.Name.GetToken().Value] = value
		return value, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		value := c.anchors[name]
		if value == nil {
			return nil, out.fail(nil, "no anchor &%s before this alias", name)
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
		if len(out.entries) > boundedyaml.MaxKeys {
			return nil, out.fail(nil, "more than %d keys in one mapping", boundedyaml.MaxKeys)
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
