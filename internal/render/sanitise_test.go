package render_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
)

func TestTextIsHarmless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"checkout availability":             "checkout availability",
		"可用性 – ñ ✓":                         "可用性 – ñ ✓",
		"a\nb\tc\r\nd\u2028e":               "a b c  d e",
		"\x1b[2J\x1b]0;title\x07":           "�[2J�]0;title�",
		"\u009b31m":                         "�31m",
		"nul\x00del\x7f":                    "nul�del�",
		"gnp\u202e.exe\u2066x\u2069":        "gnp�.exe�x�",
		"zero\u200bwidth\ufeff\u00ad\u2060": "zerowidth",
		"👨\u200d👩":                          "👨👩",
		"⚠\ufe0f tag\U000e0041":             "⚠ tag",
		"\xff\xfe\xfdx\xc3":                 "�x�",
		"\u0301a":                           "◌\u0301a",
		"  spaces  ":                        "  spaces",
		"\t\n ":                             "",
		" \ttab":                            " tab",
		" \u0301x":                          " ◌\u0301x",
		"a\u3164\u115fb":                    "ab",
	} {
		if got := render.Text(text(in), render.Options{}); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// requireHarmless holds for whatever a renderer takes from outside.
func requireHarmless(t interface{ Fatalf(string, ...any) }, in string) {
	got := render.Text(text(in), render.Options{})
	if !utf8.ValidString(got) {
		t.Fatalf("%q became invalid UTF-8: %q", in, got)
	}
	for _, r := range got {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r),
			unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			t.Fatalf("%q became %q, with %U", in, got, r)
		}
	}
	if again := render.Text(text(got), render.Options{}); again != got {
		t.Fatalf("%q became %q, and that %q", in, got, again)
	}
	w := displaywidth.String(got)
	if got != "" && displaywidth.String("  "+got+"  ") != w+4 {
		t.Fatalf("%q became %q, which is %d wide alone and not between spaces", in, got, w)
	}
	if strings.TrimSpace(in) == "" && got != "" && !strings.ContainsFunc(in, func(r rune) bool { return !unicode.IsSpace(r) }) {
		t.Fatalf("white space %q became %q", in, got)
	}
}

func TestTextIsHarmlessAlways(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { requireHarmless(t, names().Draw(t, "name")) })
}

func FuzzText(f *testing.F) {
	for _, row := range board().Tables[0].Rows {
		for _, c := range row.Cells {
			if c.Kind == document.Text {
				f.Add(c.Text)
			}
		}
	}
	for _, s := range []string{"\x1b[31m", "\u202e", "\xff", "\u0d4e", "\uff9e", "🇯", "👨\u200d👩", "\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { requireHarmless(t, s) })
}
