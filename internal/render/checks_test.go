package render_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
)

// checked is a document with one check of each outcome, and names that try to do harm.
func checked() document.Document {
	return document.Document{
		Title: "FAIL: 1 of 2 SLOs", Closing: "FAIL: a is over; b, too.",
		Checks: []document.Check{
			{Group: "a", Name: "budget 30d", Outcome: document.CheckFailed, Message: "100% over", Detail: []string{"value: -100%", "", "do: mend"}},
			{Group: "b\n::error::x", Name: "burn, fast: 1h", Outcome: document.CheckWarned, Message: "burns\r\n::set-output name=x::y"},
			{Group: "a", Name: "data", Outcome: document.CheckPassed, Message: "there"},
			{Group: "a", Name: "age", Outcome: document.CheckUndecided, Message: "%0A::stop-commands::x ##[error]y ]]> \x00\x1b \ufffe"},
		},
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	want := strings.Join([]string{
		"::error title=a%3A budget 30d::100%25 over%0Avalue: -100%25%0Ado: mend",
		"::warning title=b %3A%3Aerror%3A%3Ax%3A burn%2C fast%3A 1h::burns  ::set-output name=x::y",
		"::error title=a%3A age::%250A::stop-commands::x # #[error]y ]]> \ufffd\ufffd \ufffe",
		"::error title=FAIL%3A 1 of 2 SLOs::FAIL: a is over; b, too.",
		"",
	}, "\n")
	if diff := cmp.Diff(want, rendered(t, render.FormatGitHub, checked())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	quiet := checked()
	quiet.Checks = quiet.Checks[2:3]
	if got, want := rendered(t, render.FormatGitHub, quiet), "::notice title=FAIL%3A 1 of 2 SLOs::FAIL: a is over; b, too.\n"; got != want {
		t.Errorf("nothing wrong: %q, want %q", got, want)
	}
}

func rendered(t interface {
	Helper()
	Fatal(...any)
}, format string, d document.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, format, d, render.Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// command reads a line as the runner of GitHub does: "::" at the start, the
// name up to a space, properties up to the next "::", each escape taken back once.
func command(line string) (name string, properties map[string]string, data string, ok bool) {
	rest, found := strings.CutPrefix(strings.TrimLeft(line, " \t"), "::")
	info, data, ended := strings.Cut(rest, "::")
	if !found || !ended {
		return "", nil, "", false
	}
	name, list, _ := strings.Cut(info, " ")
	properties = map[string]string{}
	for _, p := range strings.Split(list, ",") {
		if key, value, ok := strings.Cut(p, "="); ok {
			properties[key] = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(value)
		}
	}
	return name, properties, strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(data), true
}

// anyCheck has texts that want to be commands, elements and escapes.
func anyCheck() *rapid.Generator[document.Check] {
	texts := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.OneOf(names(), rapid.SampledFrom([]string{
			"::", "::error::", "::set-output name=a::b", "%0A", "%25", "%", ",", "=", "\n", "\r", "##[error]", "]]>", "<![CDATA[", "&#xA;", "&", "<", "\"",
			"\x00", "\x0b", "\ufffe", "\uffff", "\ud7ff", "\U0010ffff",
		})), 0, 5).Draw(t, "texts"), "")
	})
	return rapid.Custom(func(t *rapid.T) document.Check {
		return document.Check{
			Group: texts.Draw(t, "group"), Name: texts.Draw(t, "name"), Message: texts.Draw(t, "message"),
			Outcome: document.Outcome(rapid.IntRange(0, int(document.CheckFailed)).Draw(t, "outcome")),
			Detail:  rapid.SliceOfN(texts, 0, 3).Draw(t, "detail"),
		}
	})
}

// Whatever names say, the runner sees one command for each check that did not
// pass, of the three that are ours, with one property.
func TestGitHubCannotBeInjected(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := document.Document{Checks: rapid.SliceOfN(anyCheck(), 1, 6).Draw(t, "checks"), Closing: "closing."}
		want := 1
		for _, c := range d.Checks {
			if c.Outcome != document.CheckPassed {
				want++
			}
		}
		lines := strings.Split(strings.TrimSuffix(rendered(t, render.FormatGitHub, d), "\n"), "\n")
		if len(lines) != want {
			t.Fatalf("%d lines, want %d: %q", len(lines), want, lines)
		}
		for _, line := range lines {
			name, properties, _, ok := command(line)
			if !ok || !slices.Contains([]string{"error", "warning", "notice"}, name) || len(properties) > 1 || strings.ContainsAny(line, "\r\u0085\u2028\u2029") {
				t.Fatalf("%q is read as the command %q with %q", line, name, properties)
			}
		}
	})
}

func TestFormatsOfChecksNeedChecks(t *testing.T) {
	t.Parallel()
	for _, format := range []string{render.FormatJUnit, render.FormatGitHub} {
		var b bytes.Buffer
		err := render.Write(&b, format, document.Document{Title: "x", Closing: "y"}, render.Options{})
		if err == nil || !strings.Contains(err.Error(), "no checks") || b.Len() > 0 {
			t.Errorf("%s: error %v and %q", format, err, b.String())
		}
		if !slices.Contains(render.CheckFormats(), format) || slices.Contains(render.Formats(), format) {
			t.Errorf("%s is in the wrong list", format)
		}
		if err := render.Write(failingWriter{}, format, checked(), render.Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s: the writer's error is lost: %v", format, err)
		}
	}
	err := render.Write(io.Discard, "xml", checked(), render.Options{})
	if err == nil || !strings.HasSuffix(err.Error(), "html, junit, github") {
		t.Errorf("an unknown format: %v", err)
	}
}

var errFull = errors.New("disk full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

func TestJUnit(t *testing.T) {
	t.Parallel()
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="FAIL: 1 of 2 SLOs" tests="4" failures="1" errors="1">
  <testsuite name="a" tests="3" failures="1" errors="1">
    <testcase name="budget 30d" classname="a">
      <failure message="100% over" type="fail">100% over
value: -100%
do: mend</failure>
    </testcase>
    <testcase name="data" classname="a">
      <system-out>there</system-out>
    </testcase>
    <testcase name="age" classname="a">
      <error message="%0A::stop-commands::x # #[error]y ]]&gt; �� �" type="undecided">%0A::stop-commands::x # #[error]y ]]&gt; �� �</error>
    </testcase>
    <system-out>FAIL: a is over; b, too.</system-out>
  </testsuite>
  <testsuite name="b ::error::x" tests="1" failures="0" errors="0">
    <testcase name="burn, fast: 1h" classname="b ::error::x">
      <system-out>warning: burns  ::set-output name=x::y</system-out>
    </testcase>
  </testsuite>
</testsuites>
`
	if diff := cmp.Diff(want, rendered(t, render.FormatJUnit, checked())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever names say, the file is well-formed, keeps the rules of the schema,
// and has every check once, in its place and with its outcome.
func TestJUnitIsOfItsSchema(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := document.Document{
			Title: names().Draw(t, "title"), Closing: names().Draw(t, "closing"),
			Checks: rapid.SliceOfN(anyCheck(), 1, 8).Draw(t, "checks"),
		}
		root, err := parseXML(rendered(t, render.FormatJUnit, d))
		if err != nil {
			t.Fatal(err)
		}
		if root.name != "testsuites" {
			t.Fatalf("the root is %s", root.name)
		}
		if err := root.keeps(); err != nil {
			t.Fatal(err)
		}
		want := [3]int{len(d.Checks)}
		for _, c := range d.Checks {
			switch c.Outcome {
			case document.CheckFailed:
				want[1]++
			case document.CheckUndecided:
				want[2]++
			}
		}
		if got := root.counts(t); got != want {
			t.Fatalf("the root counts %v, want %v", got, want)
		}
		var sum [3]int
		groups := map[string]bool{}
		for _, suite := range root.children {
			if groups[suite.attributes["name"]] {
				t.Fatalf("two suites %q", suite.attributes["name"])
			}
			groups[suite.attributes["name"]] = true
			var found [3]int
			for _, c := range suite.children {
				if c.name != "testcase" {
					continue
				}
				found[0]++
				for _, part := range c.children {
					found[1] += map[string]int{"failure": 1}[part.name]
					found[2] += map[string]int{"error": 1}[part.name]
				}
			}
			if got := suite.counts(t); got != found {
				t.Fatalf("the suite %q counts %v and has %v", suite.attributes["name"], got, found)
			}
			for i := range sum {
				sum[i] += found[i]
			}
		}
		if sum != want {
			t.Fatalf("the suites have %v, want %v", sum, want)
		}
	})
}

// node is an element as any XML reader sees it.
type node struct {
	name       string
	attributes map[string]string
	children   []*node
	text       string
}

func parseXML(source string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(source))
	top := &node{}
	path := []*node{top}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if len(top.children) != 1 {
				return nil, fmt.Errorf("%d roots", len(top.children))
			}
			return top.children[0], nil
		}
		if err != nil {
			return nil, err
		}
		last := path[len(path)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &node{name: token.Name.Local, attributes: map[string]string{}}
			for _, a := range token.Attr {
				n.attributes[a.Name.Local] = a.Value
			}
			last.children = append(last.children, n)
			path = append(path, n)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
}

// element is what the published schemas of Jenkins (junit-4.xsd and
// junit-10.xsd) both allow, as far as we use it: schema/run.sh asks them themselves.
type element struct {
	required, optional []string
	// children are in this order; one that is not in many is there at most once.
	children, many []string
	text           bool
}

var junitElements = map[string]element{
	"testsuites": {optional: []string{"name", "tests", "failures", "errors"}, children: []string{"testsuite"}, many: []string{"testsuite"}},
	"testsuite":  {required: []string{"name", "tests", "failures", "errors"}, children: []string{"testcase", "system-out"}, many: []string{"testcase"}},
	"testcase":   {required: []string{"name"}, optional: []string{"classname"}, children: []string{"error", "failure", "system-out"}},
	"failure":    {optional: []string{"type", "message"}, text: true},
	"error":      {optional: []string{"type", "message"}, text: true},
	"system-out": {text: true},
}

// keeps reports the first rule that the element or one inside it breaks.
func (n *node) keeps() error {
	rule, known := junitElements[n.name]
	if !known {
		return fmt.Errorf("there is no element %s", n.name)
	}
	for _, a := range rule.required {
		if _, there := n.attributes[a]; !there {
			return fmt.Errorf("%s has no attribute %s", n.name, a)
		}
	}
	for a := range n.attributes {
		if !slices.Contains(rule.required, a) && !slices.Contains(rule.optional, a) {
			return fmt.Errorf("%s has the attribute %s", n.name, a)
		}
	}
	if !rule.text && strings.TrimSpace(n.text) != "" {
		return fmt.Errorf("%s has the text %q", n.name, n.text)
	}
	before := -1
	for _, c := range n.children {
		place := slices.Index(rule.children, c.name)
		if place < 0 || place < before || place == before && !slices.Contains(rule.many, c.name) {
			return fmt.Errorf("%s is not allowed here in %s", c.name, n.name)
		}
		before = place
		if err := c.keeps(); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) counts(t interface{ Fatal(...any) }) (counts [3]int) {
	for i, a := range []string{"tests", "failures", "errors"} {
		v, err := strconv.Atoi(n.attributes[a])
		if err != nil {
			t.Fatal(err)
		}
		counts[i] = v
	}
	return counts
}

// The closing line is the last thing in what people read, and nowhere in CSV and JSON.
func TestClosing(t *testing.T) {
	t.Parallel()
	d := board()
	d.Closing = "FAIL: *payments* is\nover <b>."
	for format, want := range map[string]string{
		render.FormatTable:    "\n\nFAIL: *payments* is over <b>.\n",
		render.FormatMarkdown: "\n\nFAIL: \\*payments\\* is over \\<b\\>.\n",
		render.FormatHTML:     "<p><strong>FAIL: *payments* is over &lt;b&gt;.</strong></p>\n</body>\n</html>\n",
	} {
		if got := rendered(t, format, d); !strings.HasSuffix(got, want) {
			t.Errorf("%s ends with %q, want %q", format, got[max(0, len(got)-80):], want)
		}
	}
	for _, format := range []string{render.FormatCSV, render.FormatJSON} {
		if got, want := rendered(t, format, d), rendered(t, format, board()); got != want {
			t.Errorf("%s has the closing line", format)
		}
	}
}

// The runner obeys "##[command]" anywhere in a line of any format.
func TestNoRunnerCommandAnywhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a ##[set-output name=x]y", "###[error]é", "#\u200b#[error]", "##\u2066[error]"} {
		d := checked()
		d.Title, d.Closing, d.Notes, d.Payload = name, name, []string{name}, map[string]string{"name": name}
		d.Tables = []document.Table{{Columns: []document.Column{{Name: name}}, Rows: []document.Row{{Cells: []document.Cell{text(name)}}}}}
		d.Checks[0].Group, d.Checks[0].Message = name, name
		for _, format := range render.CheckFormats() {
			if got := rendered(t, format, d); strings.Contains(got, "##[") {
				t.Errorf("%q as %s: %q", name, format, got)
			}
		}
		var decoded map[string]string
		if err := json.Unmarshal([]byte(rendered(t, render.FormatJSON, d)), &decoded); err != nil || decoded["name"] != name {
			t.Errorf("JSON of %q reads back as %q: %v", name, decoded["name"], err)
		}
	}
}

// A row for machines is in CSV alone.
func TestRowsForMachines(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{{
		Columns: []document.Column{{Name: "RULE"}}, Empty: "nothing fails",
		Rows: []document.Row{{Cells: []document.Cell{text("passes")}, Machine: true}},
	}}}
	for _, format := range []string{render.FormatTable, render.FormatMarkdown, render.FormatHTML} {
		if got := rendered(t, format, d); strings.Contains(got, "passes") || !strings.Contains(got, "nothing fails") {
			t.Errorf("%s: %q", format, got)
		}
	}
	if got := rendered(t, render.FormatCSV, d); got != "rule\npasses\n" {
		t.Errorf("csv: %q", got)
	}
}

// Of several columns that may give, the widest gives first, and what wraps does so side by side.
func TestSeveralColumnsShrink(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{{
		Columns: []document.Column{
			{Name: "V"}, {Name: "SLO", Shrink: true, Wrap: true, MinWidth: 8}, {Name: "N"}, {Name: "WHY", Shrink: true, Wrap: true, MinWidth: 8},
			{Name: "ID", Shrink: true, MinWidth: 4},
		},
		Rows: []document.Row{
			{Cells: []document.Cell{text("a"), text("the availability of search"), text("1"), text("because of this and of that and more"), text("abcdefghij")}},
			{Cells: []document.Cell{text("b"), text("short"), text("2"), text("so"), text("x")}},
		},
	}}}
	want := []string{
		"V  SLO          N  WHY         ID",
		"a  the          1  because of  abcdefghij",
		"   availabilit     this and",
		"   y of search     of that",
		"                   and more",
		"b  short        2  so          x",
	}
	got := table(t, d, render.Options{Width: 41})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
