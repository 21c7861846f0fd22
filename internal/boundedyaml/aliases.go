package boundedyaml

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// checkAliases refuses aliases that name nothing or what they stand in, and
// values that expand to more than limit bytes.
func checkAliases(name string, file *ast.File, limit int) error {
	for _, doc := range file.Docs {
		c := aliasChecker{name: name, limit: limit, anchors: map[string]int{}}
		if _, err := c.size(doc.Body); err != nil {
			return err
		}
	}
	return nil
}

// aliasChecker knows how large the value of each anchor is; open while the
// value is being read.
type aliasChecker struct {
	name    string
	limit   int
	anchors map[string]int
}

const open = -1

// size is a value's bytes once aliases are replaced by what they name, with
// one more for each value.
func (c *aliasChecker) size(n ast.Node) (int, error) {
	switch n := n.(type) {
	case nil:
		return 0, nil
	case *ast.SequenceNode:
		return c.sum(n.Start, n.Values...)
	case *ast.MappingNode:
		total := 1
		for _, v := range n.Values {
			size, err := c.sum(v.Start, v.Key, v.Value)
			if err != nil {
				return 0, err
			}
			if total += size; total > c.limit {
				return 0, c.tooLarge(v.Start)
			}
		}
		return total, nil
	case *ast.MappingValueNode:
		return c.sum(n.Start, n.Key, n.Value)
	case *ast.MappingKeyNode:
		return c.size(n.Value)
	case *ast.TagNode:
		return c.size(n.Value)
	case *ast.AnchorNode:
		name := n.Name.GetToken().Value
		c.anchors[name] = open
		size, err := c.size(n.Value)
		c.anchors[name] = size
		return size, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		size, known := c.anchors[name]
		switch {
		case !known:
			return 0, errorAt(c.name, n.Start, "no anchor &%s before this alias", name)
		case size == open:
			return 0, errorAt(c.name, n.Start, "the alias *%s stands inside of what it names", name)
		}
		return size, nil
	}
	if t := n.GetToken(); t != nil {
		return 1 + len(t.Value), nil
	}
	return 1, nil
}

func (c *aliasChecker) sum(at *token.Token, parts ...ast.Node) (int, error) {
	total := 1
	for _, n := range parts {
		size, err := c.size(n)
		if err != nil {
			return 0, err
		}
		if total += size; total > c.limit {
			return 0, c.tooLarge(at)
		}
	}
	return total, nil
}

func (c *aliasChecker) tooLarge(at *token.Token) error {
	return errorAt(c.name, at, "aliases blow this up to more than %d MiB", c.limit>>20)
}
