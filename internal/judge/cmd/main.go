// Command cmd judges pkg/anomaly and writes the report to the file that is
// named, or to stdout. "cmd misses [FAMILY]" lists what was missed and what
// was found where nothing is, of all series or of one family.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/slo-cli/slo/internal/judge"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "misses" {
		text, err := judge.Misses(strings.Join(args[1:], " "), runtime.GOMAXPROCS(0))
		fmt.Print(text)
		return err
	}
	text, err := judge.Report(runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	if len(args) == 0 {
		_, err = os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(args[0], []byte(text), 0o644)
}
