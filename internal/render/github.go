package render

import (
	"bytes"
	"io"
	"strings"

	"github.com/slo-cli/slo/internal/document"
)

// GitHub writes the checks of d that did not pass as workflow commands of GitHub
// Actions, which show them beside the run: an error, or a warning. The last is the
// closing line below the title, as bad as the worst of the checks.
func GitHub(w io.Writer, d document.Document, _ Options) error {
	if len(d.Checks) == 0 {
		return errNoChecks(FormatGitHub)
	}
	var b bytes.Buffer
	worst := "notice"
	for _, c := range d.Checks {
		command := annotation(c.Outcome)
		if command == "notice" {
			continue
		}
		if worst != "error" {
			worst = command
		}
		title := strings.Join(nonEmpty([]string{c.Group, c.Name}), ": ")
		workflowCommand(&b, command, title, told(c))
	}
	if s := trimmed(d.Closing); s != "" {
		workflowCommand(&b, worst, trimmed(d.Title), s)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// annotation is the command for an outcome; what nobody knows is an error.
func annotation(o document.Outcome) string {
	switch o {
	case document.CheckPassed:
		return "notice"
	case document.CheckWarned:
		return "warning"
	default:
		return "error"
	}
}

// The runner reads a line as a command from "::" to the next "::" and splits
// what lies between at commas; then it takes these escapes back, once. (The older form
// "##[command]" counts anywhere in a line, but not in one that is a command already.)
var (
	commandData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// workflowCommand writes one line. An empty message would be no command.
func workflowCommand(b *bytes.Buffer, command, title, message string) {
	b.WriteString("::" + command)
	if title != "" {
		b.WriteString(" title=" + commandProperty.Replace(title))
	}
	if message == "" {
		message = title
	}
	b.WriteString("::" + commandData.Replace(message) + "\n")
}
