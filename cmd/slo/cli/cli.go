// Package cli is the front door: the cobra commands, one file each, and the
// wiring that lets them reach every other room. Nothing else in the house
// prints, exits or reads the environment.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/slo-cli/slo/internal/iostreams"
)

// Main runs one command line and returns the exit code. lookup reads the environment.
func Main(ctx context.Context, args []string, lookup func(string) (string, bool), streams *iostreams.Streams) int {
	f := &factory{lookup: lookup, streams: streams, now: time.Now}
	if len(args) == 1 && (args[0] == "version" || args[0] == "--version") {
		// Build scripts ask this in every job. Not putting the commands together
		// first takes a fifth off the time; the command is there for its help.
		if err := printVersion(f); err != nil {
			(&failure{code: exitBug, message: err.Error()}).complain(streams.Err, false)
			return exitBug
		}
		return exitOK
	}
	return run(ctx, f, args)
}

// run executes a command line with the given factory and says what went wrong.
func run(ctx context.Context, f *factory, args []string) (code int) {
	defer func() {
		if bug := recover(); bug != nil {
			internalError(bug).complain(f.streams.Err, f.global.json())
			code = exitBug
		}
	}()
	root := newRootCmd(f)
	root.SetArgs(args)
	root.SetIn(f.streams.In)
	out := &checkedWriter{to: f.streams.Out}
	root.SetOut(out)
	root.SetErr(f.streams.Err)
	executed, err := root.ExecuteContextC(ctx)
	var silent exitStatus
	if err == nil {
		err = out.err
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &silent):
		return int(silent)
	}
	end := failureOf(ctx, err)
	if !f.reached && end.code == exitBug {
		// cobra's own complaints: unknown commands and flags, wrong numbers of arguments.
		end.code = exitUsage
		end.hints = append(end.hints, fmt.Sprintf("%s --help shows what is possible", executed.CommandPath()))
	}
	end.complain(f.streams.Err, f.global.json() || asksForJSON(args))
	return end.code
}

// checkedWriter remembers the first error, which cobra passes over when it prints help.
type checkedWriter struct {
	to  io.Writer
	err error
}

func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("stdout: %w", err)
	}
	return n, err
}

// asksForJSON looks for -o json where cobra gave up before it got there.
func asksForJSON(args []string) bool {
	for i, a := range args {
		switch a {
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			return i+1 < len(args) && args[i+1] == "json"
		case "--":
			return false
		}
	}
	return false
}
