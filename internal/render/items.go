package render

import (
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/document"
)

// items writes the sentences, numbered, each with what belongs to it below.
func (p *page) items(items []document.Item) {
	for i, item := range items {
		p.gap()
		number := strconv.Itoa(i+1) + ". "
		for _, line := range wrap(number+p.spelled(item.Text), p.options.Width, len(number)) {
			p.out.WriteString(p.dress(strings.TrimRight(line, " "), item.Severity) + "\n")
		}
		indent, room := strings.Repeat(" ", len(number)), p.options.Width
		if room > 0 && room <= 2*len(indent) {
			indent = ""
		}
		if room > 0 {
			room -= len(indent)
		}
		for _, d := range item.Details {
			p.detail(d, indent, room)
		}
		for _, line := range drawn(item.Chart, p.options, room, p.dress) {
			p.out.WriteString(strings.TrimRight(indent+line, " ") + "\n")
		}
	}
}

// detail is one line below a sentence. What is to be copied is on one line,
// however long it is: a terminal that wraps it by itself copies it whole.
func (p *page) detail(d document.Detail, indent string, room int) {
	text := clean(d.Text)
	if !d.Verbatim {
		text = p.spelled(d.Text)
	}
	if label := clean(d.Label); label != "" {
		text = label + ": " + text
	}
	if d.Verbatim {
		p.out.WriteString(indent + strings.TrimSpace(text) + "\n")
		return
	}
	for _, line := range wrap(text, room, len(gutter)) {
		p.out.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
}

// spelled is a sentence of ours in the characters that there are.
func (p *page) spelled(s string) string {
	s = clean(s)
	if p.options.ASCII {
		s = asciiSigns.Replace(s)
	}
	return s
}

var asciiSigns = strings.NewReplacer("±", "+/-", "×", "x", "µs", "us", "…", "...")

func (p *page) dress(s string, severity document.Severity) string {
	if sgr := style(severity); p.options.Color && sgr != "" && s != "" {
		return sgr + s + styleReset
	}
	return s
}

// undressed is for formats without colours.
func undressed(s string, _ document.Severity) string { return s }

// markdownItems are the sentences as a numbered list. A chart is a code block.
func markdownItems(items []document.Item, o Options) string {
	var blocks []string
	for i, item := range items {
		number := strconv.Itoa(i+1) + ". "
		indent := strings.Repeat(" ", len(number))
		block := number + markdownLine(item.Text)
		for _, d := range item.Details {
			block += "\n" + indent + "- " + markdownDetail(d)
		}
		if lines := drawn(item.Chart, o, 0, undressed); len(lines) > 0 {
			fence := strings.Repeat("`", 3)
			block += "\n\n" + indent + fence + "text\n"
			for _, line := range lines {
				// A title may have a fence in it, which ends no block behind another character.
				block += indent + strings.TrimRight(strings.ReplaceAll(line, "`", "'"), " ") + "\n"
			}
			block += indent + fence
		}
		blocks = append(blocks, block)
	}
	return strings.Join(blocks, "\n\n")
}

func markdownDetail(d document.Detail) string {
	label, text := trimmed(d.Label), markdownText(trimmed(d.Text))
	if label == "" {
		text = markdownLine(d.Text)
	}
	switch address := safeURL(d.Link); {
	case address != "":
		return "[" + markdownText(label) + "](" + strings.ReplaceAll(address, "&", "&amp;") + ")"
	case d.Verbatim && !strings.Contains(d.Text, "`"):
		text = "`" + trimmed(d.Text) + "`"
	}
	if label != "" {
		text = markdownText(label) + ": " + text
	}
	return text
}

// htmlItem is a sentence as the template writes it.
type htmlItem struct {
	Text, Class string
	Details     []htmlDetail
	Chart       *htmlChart
}

type htmlDetail struct {
	Label, Text, Link string
	Verbatim          bool
}

func newHTMLItems(items []document.Item, o Options) []htmlItem {
	var out []htmlItem
	for _, item := range items {
		h := htmlItem{Text: clean(item.Text), Class: severityClass(item.Severity), Chart: newHTMLChart(item.Chart, o)}
		for _, d := range item.Details {
			h.Details = append(h.Details, htmlDetail{clean(d.Label), clean(d.Text), safeURL(d.Link), d.Verbatim})
		}
		out = append(out, h)
	}
	return out
}
