package apm

import (
	"fmt"

	"github.com/slo-cli/slo/internal/spelling"
)

// Error names what is not known.
func (e *UnknownError) Error() string {
	kind := e.Kind
	if kind != kindOperation && kind != kindEnv {
		kind = kindService
	}
	name := e.Name
	if runes := []rune(name); len(runes) > mostTold {
		name = string(runes[:mostTold]) + "…"
	}
	return fmt.Sprintf("no %s %q has trace metrics", kind, name)
}

// mostTold is how much of a name is told when it names nothing.
const mostTold = 80

// The kinds of an [UnknownError].
const (
	kindService   = "service"
	kindEnv       = "environment"
	kindOperation = "operation"
)

// few is how many names are offered when none is near and there are no more.
const few = 5

func unknown(kind, name string, known []string) error {
	near := spelling.Nearest(name, known)
	if len(near) == 0 && len(known) <= few {
		near = known
	}
	return &UnknownError{Kind: kind, Name: name, Nearest: near, Known: len(known)}
}
