package render

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"github.com/slo-cli/slo/internal/document"
)

// The elements of JUnit XML as Jenkins' schema has them, in its order; GitLab,
// Jenkins, CircleCI and Azure read them. There are no times: nothing was timed.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr,omitempty"`
		junitCounts
		Suites []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Cases []junitCase `xml:"testcase"`
		Out   string      `xml:"system-out,omitempty"`
	}
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Error     *junitProblem `xml:"error"`
		Failure   *junitProblem `xml:"failure"`
		Out       string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the checks of d as JUnit XML: a suite for each group, a case for
// each check. JUnit knows no warnings: such a case passes and says so in its
// output. The closing line is the output of the first suite.
func JUnit(w io.Writer, d document.Document, _ Options) error {
	if len(d.Checks) == 0 {
		return errNoChecks(FormatJUnit)
	}
	all := junitSuites{Name: trimmed(d.Title)}
	suites := map[string]*junitSuite{}
	for _, c := range d.Checks {
		group := trimmed(c.Group)
		suite := suites[group]
		if suite == nil {
			suite = &junitSuite{Name: group}
			suites[group] = suite
			all.Suites = append(all.Suites, suite)
		}
		suite.Cases = append(suite.Cases, newJUnitCase(group, c))
		suite.count(c.Outcome)
		all.count(c.Outcome)
	}
	all.Suites[0].Out = trimmed(d.Closing)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(all); err != nil {
		return err
	}
	b.WriteByte('\n')
	// Only texts between tags have line breaks, and there they are legible as they are.
	_, err := w.Write(bytes.ReplaceAll(b.Bytes(), []byte("&#xA;"), []byte("\n")))
	return err
}

func (n *junitCounts) count(o document.Outcome) {
	n.Tests++
	switch o {
	case document.CheckPassed, document.CheckWarned:
	case document.CheckFailed:
		n.Failures++
	default:
		n.Errors++
	}
}

func newJUnitCase(group string, c document.Check) junitCase {
	out := junitCase{Name: trimmed(c.Name), ClassName: group}
	text := told(c)
	switch c.Outcome {
	case document.CheckPassed:
		out.Out = text
	case document.CheckWarned:
		out.Out = "warning: " + text
	case document.CheckFailed:
		out.Failure = &junitProblem{Message: trimmed(c.Message), Type: outcomeWord(c.Outcome), Text: text}
	default:
		out.Error = &junitProblem{Message: trimmed(c.Message), Type: outcomeWord(c.Outcome), Text: text}
	}
	return out
}

// told are the message and the details, clean, one a line. Clean text has no
// characters that XML 1.0 has no place for, but for two, which the encoder replaces.
func told(c document.Check) string {
	return strings.Join(nonEmpty(append([]string{c.Message}, c.Detail...)), "\n")
}

// nonEmpty are the texts, trimmed, of which something is left.
func nonEmpty(texts []string) []string {
	var out []string
	for _, s := range texts {
		if s = trimmed(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func outcomeWord(o document.Outcome) string {
	switch o {
	case document.CheckPassed:
		return "pass"
	case document.CheckWarned:
		return "warn"
	case document.CheckFailed:
		return "fail"
	default:
		return "undecided"
	}
}
