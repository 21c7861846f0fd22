package boundedyaml_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/boundedyaml"
)

const limit = 1 << 20

// numbered repeats a line that has %d for its number.
func numbered(n int, line string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

// stair repeats a line, each one column further to the right.
func stair(n int, line string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + line + "\n")
	}
	return b.String()
}

// Each of these took the parser gigabytes, minutes or the whole stack, or
// would take them from whoever follows the aliases.
func TestBombs(t *testing.T) {
	t.Parallel()
	r := strings.Repeat
	const deep, wide = "nested more than 100 levels deep", "more than 2000 keys in one mapping"
	for name, c := range map[string]struct{ text, want string }{
		"braces":             {"title: " + r("{a: ", 20_000) + "1" + r("}", 20_000), "f:1:408: " + deep},
		"open braces":        {"title: " + r("{a: ", 200_000), "f:1:408: " + deep},
		"brackets":           {r("[", 200_000), "f:1:101: " + deep},
		"dashes":             {r("- ", 200_000), "f:1:201: " + deep},
		"dashes in brackets": {"[" + r("- ", 200_000), "f:1:202: " + deep},
		"dashes and lines":   {"[" + r("-\n", 200_000), "f:101:1: " + deep},
		"closed between":     {"[" + r("- [] ", 100_000), "f:1:502: " + deep},
		"colons":             {r("a: ", 200_000), "f:1:302: " + deep},
		"colons in braces":   {"{" + r("a: \n", 200_000), "f:201:2: " + deep},
		"questions":          {r("? ", 200_000), "f:1:201: " + deep},
		"tags":               {r("!a ", 200_000), "f:1:201: " + deep},
		"tags below":         {"a:\n" + r(" !a\n", 200_000), "f:102:2: " + deep},
		"anchors":            {r("&a ", 200_000), "f:1:301: " + deep},
		"stair of keys":      {stair(1000, "a:"), "f:101:102: " + deep},
		"stair of dashes":    {stair(1000, "-"), "f:101:101: " + deep},
		"keys":               {numbered(5000, "k%d: 1\n"), "f:2001:6: " + wide},
		"keys in braces":     {"{" + numbered(5000, "k%d: 1, ") + "}", "f:1:18897: " + wide},
		"keys without value": {"{" + numbered(5000, "k%d, ") + "}", "f:1:12897: " + wide},
		"questioned keys":    {numbered(5000, "? k%d\n"), "f:2001:1: " + wide},
		"documents":          {r("---\na\n", 100_000), "f:201:1: more than 100 YAML documents"},
		"aliases": {"- &a0 laugh\n" + numbered(20_000, "- &a [*a0]\n#%d\n") + "- &b [" + r("*a, ", 20_000) + "]\n- [" + r("*b, ", 20_000) + "]\n",
			"f:40003:3: aliases blow this up to more than 4 MiB"},
		"no anchor":     {"a: *b\n", "f:1:4: no anchor &b before this alias"},
		"two lines":     {"* a\n\nb", "f:1:1: no anchor &a b before this alias"},
		"anchor behind": {"a: *b\nc: &b 1\n", "f:1:4: no anchor &b before this alias"},
		"inside":        {"a: &b {c: [*b]}\n", "f:1:12: the alias *b stands inside of what it names"},
		"itself":        {"a: &b *b\n", "f:1:7: unexpected scalar value type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := boundedyaml.Parse("f", []byte(c.text), limit)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: [1":                      "f:1:4: sequence end token ']' not found",
		"a: 1\na: 2\n":               `f:2:1: mapping key "a" already defined at [1:1]`,
		"\xff":                       "f: not UTF-8 text",
		strings.Repeat("#", limit+1): "f: larger than 1024 KiB",
	} {
		_, err := boundedyaml.Parse("f", []byte(text), limit)
		var e *boundedyaml.Error
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%.20q: got %v\nwant %s", text, err, want)
		}
	}
}

type garden struct {
	Name  string   `yaml:"name"`
	Trees []garden `yaml:"trees"`
}

// What people write passes, up to the bounds.
func TestReadable(t *testing.T) {
	t.Parallel()
	decoded := func(text string) (garden, error) {
		t.Helper()
		file, err := boundedyaml.Parse("f", []byte(text), limit)
		if err != nil {
			t.Fatalf("%.40q: %v", text, err)
		}
		var g garden
		return g, boundedyaml.Decode("f", file.Docs[0].Body, &g)
	}
	const text = "\xef\xbb\xbf# mine\nname: &n oak\ntrees:\n- name: *n\n- {name: elm, trees: [{name: 'a, b: c'}]}\n"
	g, err := decoded(text)
	want := garden{Name: "oak", Trees: []garden{{Name: "oak"}, {Name: "elm", Trees: []garden{{Name: "a, b: c"}}}}}
	if diff := cmp.Diff(want, g); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if g, err := decoded("trees:\n" + strings.Repeat("  - name: a\n    trees: [{name: b}, {name: c}]\n", 10_000)); err != nil || len(g.Trees) != 10_000 {
		t.Errorf("%d trees, %v", len(g.Trees), err)
	}
	for _, text := range []string{
		"trees: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), stair(100, "a:"),
		numbered(2000, "k%d: {a: [&a%[1]d 1, *a%[1]d]}\n"), "{" + numbered(2000, "k%d: 1,") + "}",
		"- [" + strings.Repeat("!t &a 1, ", 1000) + "]\n", strings.Repeat("- !t &a {b: 1}\n", 1000), "? a\n: b\n",
	} {
		if _, err := boundedyaml.Parse("f", []byte(text), limit); err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"name: a\nnames: b\n":        `f:2:1: unknown field "names"`,
		"trees: [{name: a}, {x: 1}]": `f:1:21: unknown field "x"`,
		"trees: 3\n":                 "f:1:8: int was used where sequence is expected",
	} {
		_, err := decoded(text)
		var e *boundedyaml.Error
		if !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%q: got %v\nwant %s", text, err, want)
		}
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 1024)), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := boundedyaml.ReadFile(path, 1024); err != nil || len(data) != 1024 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 1025)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := boundedyaml.ReadFile(path, 1024); err == nil || err.Error() != path+": larger than 1 KiB" {
		t.Error(err)
	}
	if _, err := boundedyaml.ReadFile(dir, 1024); err == nil || err.Error() != dir+": is a directory, want a file" {
		t.Error(err)
	}
	if _, err := boundedyaml.ReadFile(filepath.Join(dir, "b.yaml"), 1024); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Whatever the text, what comes out is a tree or one line.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"a: &b {c: [*b]}\n", "- ? !t\n  : |\n   x\n---\n<<: [*a, 1.5]\n", "\xef\xbb\xbf{a, b: 'c'}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := boundedyaml.Parse("f", data, 4096)
		if err == nil {
			for _, doc := range file.Docs {
				var v any
				if doc.Body != nil {
					err = errors.Join(err, boundedyaml.Decode("f", doc.Body, &v))
				}
			}
		} else if file != nil {
			t.Fatalf("both a tree and %v", err)
		} else if text := err.Error(); strings.Contains(text, "\n") || !strings.HasPrefix(text, "f:") {
			t.Fatalf("%q is not one line that begins with the file", text)
		}
	})
}
