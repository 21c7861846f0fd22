package evaluation

import (
	"fmt"

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
func (s Selector) Select(defs []slo.Definition) ([]slo.Definition, error) {
	chosen := make([]bool, len(defs))
	for _, name := range s.Names {
		hits := slo.Named(name, defs)
		if len(hits) == 0 {
			return nil, &UnknownNameError{Name: name, Nearest: spelling.Nearest(name, namesOf(defs))}
		}
		for _, i := range hits {
			chosen[i] = true
		}
	}
	var picked []slo.Definition
	for i, d := range defs {
		if (chosen[i] || len(s.Names) == 0) && slo.HasTags(d.Tags, s.Tags) {
			picked = append(picked, d)
		}
	}
	return picked, nil
}

func namesOf(defs []slo.Definition) []string {
	names := make([]string, len(defs))
	for i, d := range defs {
		names[i] = d.Name
	}
	return names
}
