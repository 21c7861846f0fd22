package boundedyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// Error is what is wrong with a file, and where.
type Error struct {
	// Name is what the file is called.
	Name string
	// Line and Column count from 1; both are 0 where the place is unknown.
	Line, Column int
	Message      string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Name + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
}

func errorAt(name string, t *token.Token, format string, args ...any) *Error {
	e := &Error{Name: name, Message: oneLine(fmt.Sprintf(format, args...))}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
	}
	return e
}

// libraryError takes the place and the message out of the library's error,
// which shows the text around the place in further lines.
func libraryError(name string, err error) *Error {
	var at yaml.Error
	if errors.As(err, &at) {
		return errorAt(name, at.GetToken(), "%s", at.GetMessage())
	}
	return &Error{Name: name, Message: oneLine(err.Error())}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// recovered turns a panic into an error: the library is not ours, and a panic
// in it must not look like a bug of slo.
func recovered(name string, err *error) {
	if p := recover(); p != nil {
		*err = &Error{Name: name, Message: "cannot be read as YAML (" + oneLine(fmt.Sprint(p)) + ")"}
	}
}
