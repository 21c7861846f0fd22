package apm

import (
	"fmt"

	"github.com/slo-cli/slo/internal/spelling"
)

// Error names what is not known.
func (e *UnknownError) Error() string {
	switch e.Kind {
	case kindOperation:
		return fmt.Sprintf("no operation %q has trace metrics", e.Name)
	case kindEnv:
		return fmt.Sprintf("no environment %q has trace metrics", e.Name)
	}
	return fmt.Sprintf("no service %q has trace metrics", e.Name)
}

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
