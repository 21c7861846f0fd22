package scenario

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/slo-cli/slo/internal/boundedyaml"
	"github.com/slo-cli/slo/internal/spelling"
)

// maxFile bounds a scenario file, in bytes.
const maxFile = 1 << 20

// problem is something wrong at a place of the file, given as a YAML path.
type problem struct {
	path, text string
}

func (p *problem) Error() string { return p.text }

// Parse reads a world. The name is used in messages, and as the world's name.
// Unknown keys are errors; every error says where and what would be right.
func Parse(name string, data []byte) (*World, error) {
	file, err := boundedyaml.Parse(name, data, maxFile)
	if err != nil {
		return nil, err
	}
	docs := slices.DeleteFunc(slices.Clone(file.Docs), func(d *ast.DocumentNode) bool { return d.Body == nil })
	if len(docs) != 1 {
		return nil, fmt.Errorf("%s: expected one YAML document, found %d", name, len(docs))
	}
	if docs[0].Body.Type() != ast.MappingType {
		return nil, fmt.Errorf("%s: expected keys and values at the top, such as now: 2026-11-23T09:30:00Z", name)
	}
	var f fileWorld
	if err := boundedyaml.Decode(name, docs[0].Body, &f); err != nil {
		return nil, explained(err)
	}
	w, err := build(name, &f)
	if err != nil {
		var p *problem
		if errors.As(err, &p) {
			return nil, fmt.Errorf("%s%s: %s", name, position(docs[0], p.path), p.text)
		}
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}

// position finds a path in the document, or the nearest place above it that
// is written there.
func position(doc *ast.DocumentNode, path string) string {
	for path != "" {
		if p, err := yaml.PathString(path); err == nil {
			if node, err := p.FilterNode(doc.Body); err == nil && node != nil {
				return place(beginning(node))
			}
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return ""
}

// beginning is a node's first token. A block of keys would name its first colon.
func beginning(node ast.Node) *token.Token {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return node.GetToken()
}

func place(t *token.Token) string {
	if t == nil || t.Position == nil {
		return ""
	}
	return fmt.Sprintf(":%d:%d", t.Position.Line, t.Position.Column)
}

var unknownField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`unknown field "([^"]*)"`) })

// explained says which keys there are, where the decoder met an unknown one.
func explained(err error) error {
	var y *boundedyaml.Error
	if !errors.As(err, &y) {
		return err
	}
	m := unknownField().FindStringSubmatch(y.Message)
	if m == nil {
		return err
	}
	better := *y
	known := fieldNames(reflect.TypeFor[fileWorld]())
	better.Message = fmt.Sprintf("unknown key %q", m[1])
	if near := spelling.Nearest(m[1], known); len(near) > 0 {
		better.Message += ", did you mean " + quotedList(near) + "?"
	} else {
		better.Message += " (known here or elsewhere in a scenario: " + strings.Join(known, ", ") + ")"
	}
	return &better
}

// fieldNames are all keys that a scenario may contain, sorted.
func fieldNames(t reflect.Type) []string {
	var names []string
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("yaml"))
		names = append(names, fieldNames(t.Field(i).Type)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
