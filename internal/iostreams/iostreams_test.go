package iostreams_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/iostreams"
)

// environment reads "A=1 B=2".
func environment(s string) func(string) string {
	vars := map[string]string{}
	for _, pair := range strings.Fields(s) {
		name, value, _ := strings.Cut(pair, "=")
		vars[name] = value
	}
	return func(name string) string { return vars[name] }
}

func streams(t iostreams.Terminal, env string) *iostreams.Streams {
	return iostreams.New(strings.NewReader(""), io.Discard, io.Discard, t, environment("TERM=xterm-256color "+env))
}

func TestWidth(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		terminal iostreams.Terminal
		env      string
		want     int
	}{
		{iostreams.Terminal{}, "", 0},
		{iostreams.Terminal{}, "COLUMNS=100", 0},
		{iostreams.Terminal{Err: true, ErrWidth: 70}, "", 0},
		{iostreams.Terminal{Out: true, OutWidth: 132}, "", 132},
		{iostreams.Terminal{Out: true, OutWidth: 132}, "COLUMNS=100", 100},
		{iostreams.Terminal{Out: true, OutWidth: 132}, "COLUMNS=0", 132},
		{iostreams.Terminal{Out: true, OutWidth: 132}, "COLUMNS=-5", 132},
		{iostreams.Terminal{Out: true, OutWidth: 132}, "COLUMNS=wide", 132},
		{iostreams.Terminal{Out: true}, "", 80},
	} {
		if got := streams(test.terminal, test.env).Width; got != test.want {
			t.Errorf("%+v with %q: got %d, want %d", test.terminal, test.env, got, test.want)
		}
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env            string
		terminal, pipe bool
	}{
		{"", true, false},
		{"NO_COLOR=", true, false},
		{"NO_COLOR=1", false, false},
		{"NO_COLOR=0", false, false},
		{"TERM=dumb", false, false},
		{"CLICOLOR=0", false, false},
		{"CLICOLOR=1", true, false},
		{"CLICOLOR_FORCE=1", true, true},
		{"CLICOLOR_FORCE=0", true, false},
		{"CLICOLOR_FORCE=1 TERM=dumb", true, true},
		{"CLICOLOR_FORCE=1 NO_COLOR=1", false, false},
	} {
		for _, isTerminal := range []bool{true, false} {
			want := test.pipe
			if isTerminal {
				want = test.terminal
			}
			s := streams(iostreams.Terminal{Out: isTerminal}, test.env)
			if s.Color != want {
				t.Errorf("terminal %v with %q: color is %v, want %v", isTerminal, test.env, s.Color, want)
			}
			for mode, want := range map[string]bool{"auto": want, "always": true, "never": false} {
				if err := s.SetColor(mode); err != nil || s.Color != want {
					t.Errorf("terminal %v with %q and --color %s: %v, %v", isTerminal, test.env, mode, s.Color, err)
				}
			}
		}
	}
	err := streams(iostreams.Terminal{}, "").SetColor("yes")
	if want := `unknown color mode "yes": use one of auto, always, never`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestHyperlinks(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]bool{
		"":                                     false,
		"VTE_VERSION=4900":                     false,
		"VTE_VERSION=5000":                     true,
		"VTE_VERSION=7600":                     true,
		"VTE_VERSION=new":                      false,
		"WT_SESSION=8a":                        true,
		"KONSOLE_VERSION=230804":               true,
		"DOMTERM=version=3":                    true,
		"TERM_PROGRAM=iTerm.app":               true,
		"TERM_PROGRAM=WezTerm":                 true,
		"TERM_PROGRAM=vscode":                  true,
		"TERM_PROGRAM=ghostty":                 true,
		"TERM_PROGRAM=Apple_Terminal":          false,
		"TERM=xterm-kitty":                     true,
		"TERM=alacritty":                       true,
		"TERM=foot":                            true,
		"TERM=linux":                           false,
		"TERM=dumb VTE_VERSION=7600":           false,
		"TMUX=/tmp/tmux-0 VTE_VERSION=7600":    false,
		"STY=1.pts TERM_PROGRAM=vscode":        false,
		"NO_COLOR=1 TERM_PROGRAM=iTerm.app":    true,
		"CLICOLOR_FORCE=1 TERM=xterm-256color": false,
	} {
		if got := streams(iostreams.Terminal{Out: true}, env).Hyperlinks; got != want {
			t.Errorf("%q: got %v, want %v", env, got, want)
		}
		if streams(iostreams.Terminal{Err: true}, env+" CLICOLOR_FORCE=1").Hyperlinks {
			t.Errorf("%q: links in a pipe", env)
		}
	}
}

func TestUTF8(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]bool{
		"":                              true,
		"LANG=C":                        false,
		"LANG=POSIX":                    false,
		"LANG=C.UTF-8":                  true,
		"LANG=en_US.utf8":               true,
		"LANG=ja_JP":                    true,
		"LANG=ja_JP.eucJP":              false,
		"LANG=de_DE.ISO-8859-15@euro":   false,
		"LANG=ca_ES.UTF-8@valencia":     true,
		"LC_ALL=C LANG=en_US.UTF-8":     false,
		"LC_CTYPE=C.UTF-8 LANG=C":       true,
		"LC_ALL=C.UTF-8 LC_CTYPE=C":     true,
		"LC_ALL= LC_CTYPE=C LANG=C.UTF": false,
	} {
		if got := streams(iostreams.Terminal{Out: true}, env).UTF8; got != want {
			t.Errorf("%q: got %v, want %v", env, got, want)
		}
		// What goes into a file must not depend on the locale of the day.
		if !streams(iostreams.Terminal{}, env).UTF8 {
			t.Errorf("%q: not in a pipe", env)
		}
	}
}

func TestBuffers(t *testing.T) {
	t.Parallel()
	s, in, out, err := iostreams.Test()
	if s.In != in || s.Out != io.Writer(out) || s.Err != io.Writer(err) {
		t.Error("the streams are not the buffers")
	}
	if s.OutIsTerminal || s.ErrIsTerminal || s.Width != 0 || s.Color || s.Hyperlinks || !s.UTF8 {
		t.Errorf("the buffers are a terminal: %+v", s)
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	s := iostreams.System(environment("COLUMNS=90"))
	if s.In != os.Stdin || s.Out != os.Stdout || s.Err != os.Stderr {
		t.Error("these are not the standard streams")
	}
	if s.OutIsTerminal != (s.Width != 0) {
		t.Errorf("terminal %v, width %d", s.OutIsTerminal, s.Width)
	}
}
