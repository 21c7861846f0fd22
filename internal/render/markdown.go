package render

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/slo-cli/slo/internal/document"
)

// Markdown writes d in the dialect of GitHub. Every string stands as it is:
// nothing in a name is markup.
func Markdown(w io.Writer, d document.Document, o Options) error {
	if err := check(d); err != nil {
		return err
	}
	var blocks []string
	add := func(prefix, s string) {
		if s = markdownLine(s); s != "" {
			blocks = append(blocks, prefix+s)
		}
	}
	add("# ", d.Title)
	for _, s := range d.Lead {
		add("", s)
	}
	for _, t := range d.Tables {
		t = forPeople(t)
		add("## ", t.Title)
		if len(t.Rows) == 0 {
			add("", t.Empty)
			continue
		}
		if len(t.Columns) > 0 {
			blocks = append(blocks, markdownTable(t, o))
		}
	}
	if items := markdownItems(d.Items, o); items != "" {
		blocks = append(blocks, items)
	}
	var notes []string
	for _, s := range d.Notes {
		if s = markdownLine(s); s != "" {
			notes = append(notes, "- "+s)
		}
	}
	if len(notes) > 0 {
		blocks = append(blocks, strings.Join(notes, "\n"))
	}
	add("", d.Closing)
	out := strings.Join(blocks, "\n\n")
	if out != "" {
		out += "\n"
	}
	_, err := io.WriteString(w, out)
	return err
}

func markdownTable(t document.Table, o Options) string {
	var b bytes.Buffer
	row := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		row[i] = markdownText(clean(c.Name))
	}
	markdownRow(&b, row)
	for i, c := range t.Columns {
		row[i] = "---"
		if c.Align == document.Right {
			row[i] = "---:"
		}
	}
	markdownRow(&b, row)
	for _, r := range t.Rows {
		for i, c := range r.Cells {
			row[i] = markdownCell(c, o)
		}
		markdownRow(&b, row)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func markdownRow(b *bytes.Buffer, cells []string) {
	for _, c := range cells {
		b.WriteString("| ")
		if c != "" {
			b.WriteString(c + " ")
		}
	}
	b.WriteString("|\n")
}

func markdownCell(c document.Cell, o Options) string {
	text := Text(c, o)
	s := strings.TrimLeft(text, " ")
	// Markdown trims cells; these spaces stay.
	indent := strings.Repeat("&nbsp;", len(text)-len(s))
	s = markdownText(s)
	if address := safeURL(c.Link); s != "" && address != "" {
		// Entities are read in addresses too.
		s = "[" + s + "](" + strings.ReplaceAll(address, "&", "&amp;") + ")"
	}
	return indent + s
}

// markdownLine is a paragraph or a heading on one line.
func markdownLine(s string) string {
	s = markdownText(trimmed(s))
	if at := blockStart().FindStringIndex(s); at != nil {
		s = s[:at[1]-1] + `\` + s[at[1]-1:]
	}
	return s
}

// blockStart finds what could make a list or a rule of a line, up to the
// character to escape.
var blockStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:\d{1,9}[.)]|[-+=])`) })

// markup is what means something inside a line: brackets, emphasis, code,
// entities, HTML, strikethrough, formulas, mentions, issue numbers, and the
// border of a table cell.
var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`, `]`, `\]`, `<`, `\<`, `>`, `\>`,
	`&`, `\&`, `!`, `\!`, `#`, `\#`, `|`, `\|`, `~`, `\~`, `$`, `\$`, `@`, `\@`, `://`, `\://`,
)

// bareAddress finds the addresses without a scheme that GitHub makes links of.
var bareAddress = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\bwww\.`) })

// markdownText escapes s, which is clean already.
func markdownText(s string) string {
	s = markup.Replace(s)
	return bareAddress().ReplaceAllStringFunc(s, func(m string) string { return m[:len(m)-1] + `\.` })
}
