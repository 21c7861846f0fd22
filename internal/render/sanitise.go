package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// dottedCircle carries a mark that has nothing to stand on, as Unicode charts do.
const dottedCircle = "◌"

// clean makes a string from outside harmless on one line of any output:
//
//   - line breaks and tabs become a space, so that no row is torn;
//   - other control characters, escape included, and the characters that
//     reverse the direction of text become U+FFFD, so that no terminal obeys
//     them and the reader sees that something was there;
//   - what is invisible (zero-width characters, joiners, variation selectors,
//     tags) is dropped: two names that look equal are equal, and terminals agree
//     about the width;
//   - invalid UTF-8 becomes U+FFFD;
//   - "##[" is torn apart: anywhere in a line of a log it is a command to the
//     runner of GitHub Actions.
//
// The result has the same width wherever it stands in a line.
func clean(s string) string {
	if plain(s) {
		return strings.ReplaceAll(s, runnerCommand, "# #[")
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case breaksLine(r):
			b.WriteByte(' ')
		case unicode.IsControl(r), reverses(r):
			b.WriteRune(utf8.RuneError)
		case invisible(r):
		default:
			b.WriteRune(r)
		}
	}
	return standalone(strings.ReplaceAll(b.String(), runnerCommand, "# #["))
}

// runnerCommand begins a command in the older of the two forms that the runner
// of GitHub Actions obeys; the newer has to begin a line.
const runnerCommand = "##["

// trimmed is s, clean, without the space around it. What trimming lays bare may
// need cleaning again.
func trimmed(s string) string {
	return clean(strings.TrimSpace(clean(s)))
}

// indented is s, trimmed, with the spaces that stood before it: groups stand
// below their SLO that way.
func indented(s string) string {
	text := trimmed(s)
	if text == "" {
		return ""
	}
	return s[:len(s)-len(strings.TrimLeft(s, " "))] + text
}

// plain tells a string that needs no look at its characters.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func breaksLine(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\u0085', '\u2028', '\u2029':
		return true
	default:
		return false
	}
}

// reverses tells the embeddings, overrides and isolates. The mere marks of
// direction are only invisible.
func reverses(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// standalone keeps the ends of s from joining with what is written next to it:
// a leading mark would sit on the padding before it, a trailing prefix would
// swallow the padding behind it, and the columns would no longer align.
func standalone(s string) string {
	if s == "" {
		return s
	}
	if w := displaywidth.String(s); displaywidth.String(" "+s) != w+1 || startsWithMark(s) {
		s = dottedCircle + s
	}
	if displaywidth.String(s+" ") != displaywidth.String(s)+1 {
		s += "\uFFFD"
	}
	return s
}

func startsWithMark(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.Is(unicode.M, r)
}
