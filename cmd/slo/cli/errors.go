package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/slo-cli/slo/internal/config"
	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/pkg/slo"
)

// The exit codes of the contract.
const (
	exitOK          = 0
	exitBug         = 1
	exitUsage       = 2
	exitViolated    = 3
	exitAuth        = 4
	exitUnavailable = 5
	exitPartial     = 6
	exitUndecided   = 7
	exitInterrupted = 130
)

// failure is an error that knows how the process ends.
type failure struct {
	code    int
	message string
	hints   []string
}

func (f *failure) Error() string { return f.message }

// usage is a complaint about what was typed.
func usage(format string, args ...any) *failure {
	return &failure{code: exitUsage, message: fmt.Sprintf(format, args...)}
}

// internalError is what a panic is to the user.
func internalError(bug any) *failure {
	return &failure{
		code: exitBug, message: fmt.Sprintf("internal error: %v", bug),
		hints: []string{"this is a bug in slo " + version() + "; please report it with the command you typed"},
	}
}

// exitStatus ends the process with a code about which everything has been said.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// failureOf is the one table from errors to messages, hints and exit codes.
func failureOf(ctx context.Context, err error) *failure {
	var (
		known   *failure
		unknown *evaluation.UnknownNameError
		setting *config.Error
		defect  *slo.Defect
	)
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled) || errors.Is(err, context.Canceled):
		return &failure{code: exitInterrupted, message: "interrupted"}
	case errors.As(err, &known):
		return known
	case errors.As(err, &unknown):
		f := &failure{code: exitUsage, message: unknown.Error(), hints: []string{"slo list shows every SLO"}}
		if len(unknown.Nearest) > 0 {
			f.hints = []string{"did you mean " + strings.Join(quoted(unknown.Nearest), " or ") + "?"}
		}
		return f
	case errors.As(err, &setting):
		return &failure{code: exitUsage, message: setting.Message, hints: setting.Hints}
	case errors.As(err, &defect):
		f := &failure{code: codeOf(defect.Kind), message: defect.Message, hints: defect.Hints}
		if len(f.hints) == 0 {
			f.hints = []string{"slo doctor looks for the cause; --debug shows what was asked and answered"}
		}
		return f
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{code: exitUnavailable, message: "Datadog did not answer before the timeout", hints: []string{"allow more time with --timeout", "slo doctor looks for the cause"}}
	}
	return &failure{code: exitBug, message: err.Error()}
}

func codeOf(k slo.DefectKind) int {
	switch k {
	case slo.Auth:
		return exitAuth
	case slo.Unavailable, slo.Invalid:
		// What Datadog (or a proxy before it) answered cannot be used: for the
		// whole run that is the same as no answer.
		return exitUnavailable
	case slo.Unsupported:
		return exitPartial
	default:
		panic("kind " + string(k))
	}
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return out
}

// complain writes the failure: prose for people, one JSON object for machines.
func (f *failure) complain(w io.Writer, asJSON bool) {
	if asJSON {
		type object struct {
			Code    int      `json:"code"`
			Message string   `json:"message"`
			Hints   []string `json:"hints"`
		}
		line, err := json.Marshal(map[string]object{"error": {f.code, f.message, append([]string{}, f.hints...)}})
		if err == nil {
			fmt.Fprintf(w, "%s\n", line)
			return
		}
	}
	fmt.Fprintf(w, "slo: error: %s\n", printable(f.message))
	for _, h := range f.hints {
		fmt.Fprintf(w, "slo: hint: %s\n", printable(h))
	}
}

// printable keeps what came from outside from steering the terminal.
func printable(s string) string {
	return render.Text(document.Cell{Kind: document.Text, Text: s}, render.Options{})
}
