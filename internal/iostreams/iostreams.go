// Package iostreams is where a command reads and writes, and what is known
// about the terminal at the other end: whether there is one, how wide it is,
// and what it can show. A command asks these facts and never the environment.
package iostreams

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Streams are the three standard streams and the facts about them.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer

	// OutIsTerminal and ErrIsTerminal tell whether a person is watching.
	OutIsTerminal, ErrIsTerminal bool
	// Width is the number of cells in a line of Out; 0 when Out is no terminal:
	// then nothing is shortened.
	Width int
	// Color allows colours on Out.
	Color bool
	// Hyperlinks allows OSC 8 links on Out.
	Hyperlinks bool
	// UTF8 is false when Out is a terminal whose locale has no Unicode.
	UTF8 bool

	autoColor bool
	errWidth  int
	// redraw allows one line of Err to be written again and again.
	redraw bool
}

// Terminal is what the operating system says about the streams. The widths are
// 0 where they are not known.
type Terminal struct {
	Out, Err           bool
	OutWidth, ErrWidth int
}

// usualWidth is for terminals that do not tell theirs.
const usualWidth = 80

// System is the streams of the process; env is its environment, as from
// [os.Getenv].
func System(env func(string) string) *Streams {
	var t Terminal
	t.Out, t.OutWidth = terminal(os.Stdout)
	t.Err, t.ErrWidth = terminal(os.Stderr)
	return New(os.Stdin, os.Stdout, os.Stderr, t, env)
}

func terminal(f *os.File) (is bool, width int) {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return false, 0
	}
	width, _, err := term.GetSize(fd)
	if err != nil {
		return true, 0
	}
	return true, width
}

// New puts streams together and works out what can be shown on them.
func New(in io.Reader, out, err io.Writer, t Terminal, env func(string) string) *Streams {
	s := &Streams{In: in, Out: out, Err: err, OutIsTerminal: t.Out, ErrIsTerminal: t.Err}
	if t.Out {
		s.Width = width(env, t.OutWidth)
	}
	if t.Err {
		s.errWidth = width(env, t.ErrWidth)
		s.redraw = !dumb(env)
	}
	s.autoColor = color(t.Out, env)
	s.Color = s.autoColor
	s.Hyperlinks = t.Out && hyperlinks(env)
	s.UTF8 = !t.Out || utf8(env)
	return s
}

// Test is streams over buffers, as in a pipe.
func Test() (s *Streams, in, out, err *bytes.Buffer) {
	in, out, err = &bytes.Buffer{}, &bytes.Buffer{}, &bytes.Buffer{}
	return New(in, out, err, Terminal{}, func(string) string { return "" }), in, out, err
}

// ColorModes are what [Streams.SetColor] takes, the default first.
func ColorModes() []string { return []string{"auto", "always", "never"} }

// SetColor obeys the user's word about colour, which is above the environment's.
func (s *Streams) SetColor(mode string) error {
	switch mode {
	case "auto":
		s.Color = s.autoColor
	case "always":
		s.Color = true
	case "never":
		s.Color = false
	default:
		return fmt.Errorf("unknown color mode %q: use one of %s", mode, strings.Join(ColorModes(), ", "))
	}
	return nil
}

// width is COLUMNS where the user has set it, else what the terminal says.
func width(env func(string) string, told int) int {
	if n, err := strconv.Atoi(env("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if told > 0 {
		return told
	}
	return usualWidth
}

// color follows no-color.org and bixense.com/clicolors.
func color(isTerminal bool, env func(string) string) bool {
	switch {
	case env("NO_COLOR") != "":
		return false
	case env("CLICOLOR_FORCE") != "" && env("CLICOLOR_FORCE") != "0":
		return true
	case !isTerminal, dumb(env), env("CLICOLOR") == "0":
		return false
	}
	return true
}

// dumb tells a terminal that would print escape sequences. The old console of
// Windows is one; the programs that replace it set one of these variables.
func dumb(env func(string) string) bool {
	if env("TERM") == "dumb" {
		return true
	}
	return runtime.GOOS == "windows" && env("TERM") == "" && env("WT_SESSION") == "" && env("ConEmuANSI") != "ON" && env("TERM_PROGRAM") == ""
}

// hyperlinks tells the terminals that are known to support OSC 8. Others may
// print the address into the table, so a terminal that is not known has none,
// and neither has one behind a multiplexer, which may pass nothing on.
func hyperlinks(env func(string) string) bool {
	if dumb(env) || env("TMUX") != "" || env("STY") != "" {
		return false
	}
	switch env("TERM_PROGRAM") {
	case "iTerm.app", "WezTerm", "vscode", "ghostty":
		return true
	}
	switch env("TERM") {
	case "xterm-kitty", "xterm-ghostty", "alacritty", "foot", "foot-extra", "wezterm":
		return true
	}
	// 0.50 is the first version of VTE with links that do not crash it.
	if vte, err := strconv.Atoi(env("VTE_VERSION")); err == nil && vte >= 5000 {
		return true
	}
	return env("WT_SESSION") != "" || env("KONSOLE_VERSION") != "" || env("DOMTERM") != ""
}

// utf8 reads the locale as the C library does: the first variable that is set
// decides. None set says nothing, and a locale without a character set is
// Unicode on every system of today, but for C and POSIX.
func utf8(env func(string) string) bool {
	var locale string
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale = env(name); locale != "" {
			break
		}
	}
	name, rest, _ := strings.Cut(locale, ".")
	charset, _, _ := strings.Cut(rest, "@")
	switch strings.ToLower(charset) {
	case "utf-8", "utf8":
		return true
	case "":
		return name != "C" && name != "POSIX"
	default:
		return false
	}
}
