package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/spelling"
	"github.com/slo-cli/slo/pkg/slo"
)

// Selector picks objectives. The zero Selector picks all.
type Selector struct {
	// Names are ids, names or globs with "*"; each must name something.
	Names []string
	// Tags must all be there.
	Tags []string
}

// UnknownNameError says that an argument names no objective.
type UnknownNameError struct {
	Name string
	// Nearest are the names that come closest, best first.
	Nearest []string
}

func (e *UnknownNameError) Error() string {
	return fmt.Sprintf("no SLO has the id or name %q", e.Name)
}

// Select returns the chosen definitions in their order.
//
// A name is an exact id; else an exact name in any case; else, with a "*" in
// it, a glob over names. Duplicate names all match.
func (s Selector) Select(defs []slo.Definition) ([]slo.Definition, error) {
	chosen := make([]bool, len(defs))
	for _, name := range s.Names {
		hits := matches(name, defs)
		if len(hits) == 0 {
			return nil, &UnknownNameError{Name: name, Nearest: spelling.Nearest(name, namesOf(defs))}
		}
		for _, i := range hits {
			chosen[i] = true
		}
	}
	var picked []slo.Definition
	for i, d := range defs {
		if (chosen[i] || len(s.Names) == 0) && hasAll(d.Tags, s.Tags) {
			picked = append(picked, d)
		}
	}
	return picked, nil
}

func matches(name string, defs []slo.Definition) []int {
	where := func(match func(slo.Definition) bool) (hits []int) {
		for i, d := range defs {
			if match(d) {
				hits = append(hits, i)
			}
		}
		return hits
	}
	if hits := where(func(d slo.Definition) bool { return d.ID == name && name != "" }); hits != nil {
		return hits
	}
	if hits := where(func(d slo.Definition) bool { return strings.EqualFold(d.Name, name) }); hits != nil {
		return hits
	}
	if !strings.Contains(name, "*") {
		return nil
	}
	pattern := strings.ToLower(name)
	return where(func(d slo.Definition) bool { return glob(pattern, strings.ToLower(d.Name)) })
}

// glob matches a pattern in which "*" stands for any text and everything else for itself.
func glob(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[last])
}

func namesOf(defs []slo.Definition) []string {
	names := make([]string, len(defs))
	for i, d := range defs {
		names[i] = d.Name
	}
	return names
}

// hasAll reports whether all tags that are wanted are there, in any case.
func hasAll(have, want []string) bool {
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, w) }) {
			return false
		}
	}
	return true
}
