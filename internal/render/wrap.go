package render

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// wrap breaks prose into lines of at most width cells, later lines indented.
// It breaks at spaces and beside wide characters (Japanese and Chinese have no
// spaces), and inside a word only when the word is longer than a line. A width
// of 0 is no limit.
func wrap(text string, width, indent int) []string {
	if width <= 0 {
		return []string{text}
	}
	l := lines{width: width, indent: min(indent, width/2)}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' }) {
		space := true
		for _, part := range parts(word) {
			l.add(part, space)
			space = false
		}
	}
	return append(l.done, l.current.String())
}

// neverFirst are the characters that Japanese does not begin a line with.
const neverFirst = "、。，．：；？！）］｝」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"

// parts are the pieces of a word between which a line may end: each wide
// character, and each run of narrow ones.
func parts(word string) []string {
	var out []string
	start, pos := 0, 0
	g := displaywidth.StringGraphemes(word)
	for g.Next() {
		end := pos + len(g.Value())
		switch {
		case g.Width() < 2:
		case start == pos && len(out) > 0 && strings.Contains(neverFirst, g.Value()):
			out[len(out)-1] += g.Value()
			start = end
		default:
			if start < pos {
				out = append(out, word[start:pos])
			}
			out = append(out, word[pos:end])
			start = end
		}
		pos = end
	}
	if start < len(word) {
		out = append(out, word[start:])
	}
	return out
}

// lines fills lines greedily.
type lines struct {
	width, indent int
	done          []string
	current       strings.Builder
	used          int
	started       bool // whether the current line has more than its indent
}

func (l *lines) add(part string, space bool) {
	gap := 0
	if space && l.started {
		gap = 1
	}
	w := displaywidth.String(part)
	if l.started && l.used+gap+w > l.width {
		l.next()
		gap = 0
	}
	if l.used+gap+w <= l.width {
		l.put(strings.Repeat(" ", gap)+part, gap+w)
		return
	}
	g := displaywidth.StringGraphemes(part)
	for g.Next() {
		if l.started && l.used+g.Width() > l.width {
			l.next()
		}
		l.put(g.Value(), g.Width())
	}
}

func (l *lines) put(s string, w int) {
	l.current.WriteString(s)
	l.used += w
	l.started = true
}

func (l *lines) next() {
	l.done = append(l.done, l.current.String())
	l.current.Reset()
	l.current.WriteString(strings.Repeat(" ", l.indent))
	l.used = l.indent
	l.started = false
}

// shorten cuts s to at most width cells, never inside a character, and marks
// the cut with tail.
func shorten(s string, width int, tail string) string {
	if displaywidth.String(s) <= width {
		return s
	}
	if displaywidth.String(tail) >= width {
		return strings.Repeat(".", max(width, 0))
	}
	return displaywidth.TruncateString(s, width, tail)
}
