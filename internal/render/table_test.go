package render_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
)

// escapes are the sequences that render itself writes.
var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m|\x1b\\]8;;[ -~]*?\x1b\\\\")

// table renders one table and gives its lines without colours and links.
func table(t interface {
	Helper()
	Fatal(...any)
}, d document.Document, o render.Options) []string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Table(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(escapes.ReplaceAllString(b.String(), ""), "\n"), "\n")
}

// names are made of everything that is known to tear tables.
func names() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.StringN(0, 20, -1),
		rapid.SampledFrom([]string{
			"checkout", " ", "可用性", "ｶﾞ", "\uff9e", "e\u0301", "\u0301", "👨‍👩‍👧", "🇯🇵", "🇯", "👍🏽", "⚠️", "\u0d4e", "각", "ᄀ", "ᅡ", "क्षि",
			"\x1b[31m", "\x1b]8;;http://x\x07", "\r\n", "\t", "\u202e", "\u200b", "\xff\xfe", "\u0600", "…", "█", "（", "\u2028", "\u3164",
		}),
		rapid.StringOf(rapid.RuneFrom(nil, unicode.Han, unicode.Devanagari, unicode.Mn, unicode.Mc, unicode.Cf, unicode.So)),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, "pieces"), "")
	})
}

func cells(names *rapid.Generator[string]) *rapid.Generator[document.Cell] {
	return rapid.Custom(func(t *rapid.T) document.Cell {
		c := document.Cell{
			Kind:     document.Kind(rapid.IntRange(0, int(document.Spark)).Draw(t, "kind")),
			Value:    rapid.Float64Range(-1e9, 1e9).Draw(t, "value"),
			Decimals: rapid.IntRange(0, 4).Draw(t, "decimals"),
			Round:    document.Rounding(rapid.IntRange(0, 2).Draw(t, "round")),
			Compact:  rapid.Bool().Draw(t, "compact"),
			Severity: document.Severity(rapid.IntRange(0, 4).Draw(t, "severity")),
			Time:     clock,
			Points:   rapid.SliceOfN(rapid.Float64Range(-1, 2), 0, 14).Draw(t, "points"),
			High:     1,
		}
		if c.Kind == document.Text {
			c.Text = names.Draw(t, "text")
		}
		if rapid.Bool().Draw(t, "linked") {
			c.Link = "https://example.com/?q=" + names.Draw(t, "query")
		}
		return c
	})
}

func tables(names *rapid.Generator[string]) *rapid.Generator[document.Table] {
	return rapid.Custom(func(t *rapid.T) document.Table {
		var table document.Table
		for i := range rapid.IntRange(1, 10).Draw(t, "columns") {
			table.Columns = append(table.Columns, document.Column{
				Name:     names.Draw(t, "name"),
				Align:    document.Align(rapid.IntRange(0, 1).Draw(t, "align")),
				Drop:     rapid.IntRange(0, 5).Draw(t, "drop"),
				Shrink:   i == 1 || i == 3,
				Wrap:     rapid.Bool().Draw(t, "wrap"),
				MinWidth: rapid.IntRange(0, 20).Draw(t, "least"),
			})
		}
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			row := document.Row{Severity: document.Severity(rapid.IntRange(0, 4).Draw(t, "severity"))}
			for range table.Columns {
				row.Cells = append(row.Cells, cells(names).Draw(t, "cell"))
			}
			table.Rows = append(table.Rows, row)
		}
		return table
	})
}

func TestNothingIsWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := render.Options{
			Width: rapid.IntRange(20, 160).Draw(t, "width"),
			Color: rapid.Bool().Draw(t, "color"), Hyperlinks: rapid.Bool().Draw(t, "links"), ASCII: rapid.Bool().Draw(t, "ascii"),
		}
		d := document.Document{
			Title: names().Draw(t, "title"), Lead: []string{names().Draw(t, "lead")}, Notes: []string{names().Draw(t, "note")},
			Tables: []document.Table{tables(names()).Draw(t, "table")},
		}
		for _, line := range table(t, d, o) {
			if w := displaywidth.String(line); w > o.Width {
				t.Fatalf("width %d: a line of %d: %q", o.Width, w, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Fatalf("space at the end of %q", line)
			}
			for _, r := range line {
				if unicode.Is(unicode.C, r) && !unicode.Is(unicode.Co, r) {
					t.Fatalf("%U in %q", r, line)
				}
			}
		}
	})
}

// A column of ticks before and after a random one must be straight, with and
// without colours, at any width.
func TestColumnsAlign(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := render.Options{Width: rapid.SampledFrom([]int{0, 60, 100}).Draw(t, "width"), Color: rapid.Bool().Draw(t, "color"), Hyperlinks: rapid.Bool().Draw(t, "links")}
		d := document.Document{Tables: []document.Table{{Columns: []document.Column{
			{Name: "A"}, {Name: "B", Shrink: true, Align: document.Align(rapid.IntRange(0, 1).Draw(t, "align"))}, {Name: "C"},
		}}}}
		for range rapid.IntRange(1, 5).Draw(t, "rows") {
			d.Tables[0].Rows = append(d.Tables[0].Rows, document.Row{Cells: []document.Cell{text("┃"), cells(names()).Draw(t, "cell"), text("┃")}})
		}
		want := -1
		for i, line := range table(t, d, o) {
			mark := strings.LastIndex(line, "┃")
			if i == 0 {
				mark = strings.LastIndex(line, "C")
			}
			if mark < 0 {
				t.Fatalf("line %d without its mark: %q", i, line)
			}
			at := displaywidth.String(line[:mark])
			if want >= 0 && at != want {
				t.Fatalf("line %d: the mark is at %d, want %d: %q", i, at, want, line)
			}
			want = at
		}
	})
}

// Above a number of rows tablewriter is not used; nobody may see a difference.
func TestBothWritersAgree(t *testing.T) {
	t.Parallel()
	// Of these tablewriter knows the widths, in every locale.
	simple := rapid.Map(rapid.SliceOf(rapid.SampledFrom([]string{
		"checkout", " ", "\u3000", "可用性", "ｶﾞ", "e\u0301", "…", "–", "×", "█", "│", "①", "α", "Я", "🛒", "\x1b[31m", "\t", "👨\u200d👩",
	})), func(parts []string) string { return strings.Join(parts, "") })
	for seed := range 25 {
		few := tables(simple).Example(seed)
		many := few
		for len(many.Rows) <= 2000 {
			many.Rows = append(many.Rows, few.Rows...)
		}
		for _, o := range []render.Options{{}, {Width: 100, Color: true, Hyperlinks: true}} {
			var a, b bytes.Buffer
			if err := errors.Join(render.Table(&a, document.Document{Tables: []document.Table{few}}, o), render.Table(&b, document.Document{Tables: []document.Table{many}}, o)); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(b.String(), a.String()) {
				t.Errorf("seed %d: tablewriter:\n%s\nplain:\n%s", seed, a.String(), b.String()[:min(b.Len(), 2*a.Len())])
			}
		}
	}
}

func TestColumnsGoInOrderAndOneLongNameDoesNotCostThem(t *testing.T) {
	t.Parallel()
	columns := []document.Column{
		{Name: "STATE"}, {Name: "NAME", Shrink: true, MinWidth: 10}, {Name: "FIRST-TO-GO", Drop: 9}, {Name: "SECOND-TO-GO", Drop: 8}, {Name: "LAST"},
	}
	long := strings.Repeat("longlong", 30)
	d := document.Document{Tables: []document.Table{{Columns: columns, Rows: []document.Row{
		{Cells: []document.Cell{text("ok"), text(long), text("1"), text("2"), text("3")}},
	}}}}
	for _, test := range []struct {
		width int
		want  []string
	}{
		{0, []string{"STATE", "NAME", "FIRST-TO-GO", "SECOND-TO-GO", "LAST"}},
		{90, []string{"STATE", "NAME", "FIRST-TO-GO", "SECOND-TO-GO", "LAST"}},
		{60, []string{"STATE", "NAME", "FIRST-TO-GO", "SECOND-TO-GO", "LAST"}},
		{50, []string{"STATE", "NAME", "SECOND-TO-GO", "LAST"}},
		{30, []string{"STATE", "NAME", "LAST"}},
	} {
		lines := table(t, d, render.Options{Width: test.width})
		if got := strings.Fields(lines[0]); strings.Join(got, " ") != strings.Join(test.want, " ") {
			t.Errorf("width %d: columns %v, want %v", test.width, got, test.want)
		}
		cut := strings.Contains(lines[1], "…")
		if cut != (test.width > 0) {
			t.Errorf("width %d: shortened is %v: %q", test.width, cut, lines[1])
		}
		if full := displaywidth.String(lines[0]); test.width > 0 && full < test.width-len("LAST") {
			t.Errorf("width %d is not used: %d, %q", test.width, full, lines[1])
		}
	}
}

func TestWrappedColumn(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{{
		Columns: []document.Column{{Name: "CHECK"}, {Name: "FOUND", Shrink: true, Wrap: true, MinWidth: 10}, {Name: "N", Align: document.Right}},
		Rows: []document.Row{
			{Cells: []document.Cell{text("clock"), text("the clock of this machine is right"), number(1, 0, "")}},
			{Cells: []document.Cell{text("site"), text("監視サイトに到達で\u3000きました"), number(22, 0, "")}},
		},
	}}}
	want := []string{
		"CHECK  FOUND                N",
		"clock  the clock of this    1",
		"       machine is right",
		"site   監視サイトに到達で  22",
		"       \u3000きました",
	}
	if diff := cmp.Diff(want, table(t, d, render.Options{Width: 29})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := table(t, d, render.Options{}); len(got) != 3 {
		t.Errorf("without a width: %q", got)
	}
}

func TestJapaneseProse(t *testing.T) {
	t.Parallel()
	d := document.Document{Lead: []string{"認証サービスは目標を、下回っています。SLO「決済」"}}
	want := []string{"認証サービスは目標", "を、下回っていま", "す。SLO「決済」"}
	if diff := cmp.Diff(want, table(t, d, render.Options{Width: 18})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNumbersAreNeverCut(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{{
		Columns: []document.Column{{Name: "A"}, {Name: "B"}, {Name: "C"}},
		Rows:    []document.Row{{Cells: []document.Cell{number(123456789, 0, ""), number(987654321, 0, ""), text("Zeile")}}},
	}}}
	got := strings.Join(table(t, d, render.Options{Width: 20}), "\n")
	if want := "A: 123,456,789\nB: 987,654,321\nC: Zeile"; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestColourIsClosedAndOnlyOnItsCell(t *testing.T) {
	t.Parallel()
	bad := number(-6.81, 1, "%")
	bad.Severity = document.Warn
	d := document.Document{Tables: []document.Table{{
		Columns: []document.Column{{Name: "A"}, {Name: "B"}, {Name: "C", Align: document.Right}},
		Rows: []document.Row{{Severity: document.Bad, Cells: []document.Cell{
			text("breached"), {Kind: document.Text, Text: "name", Link: "https://example.com/a b\x1b]\x07"}, bad,
		}}},
	}}}
	var b bytes.Buffer
	if err := render.Table(&b, d, render.Options{Color: true, Hyperlinks: true}); err != nil {
		t.Fatal(err)
	}
	want := "A         B         C\n\x1b[31mbreached\x1b[0m  name  \x1b[33m-6.9%\x1b[0m\n"
	if got := b.String(); got != want {
		t.Errorf("an address with control characters is no link:\ngot  %q\nwant %q", got, want)
	}
	d.Tables[0].Rows[0].Cells[1].Link = "https://example.com/ü|x?a=1&b=2"
	b.Reset()
	if err := render.Table(&b, d, render.Options{Hyperlinks: true}); err != nil {
		t.Fatal(err)
	}
	want = "A         B         C\nbreached  \x1b]8;;https://example.com/%C3%BC%7Cx?a=1&b=2\x1b\\name\x1b]8;;\x1b\\  -6.9%\n"
	if got := b.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestLinksOnlyToTheWeb(t *testing.T) {
	t.Parallel()
	for _, link := range []string{
		"javascript:alert(1)", "file:///etc/passwd", "ftp://x/", "//evil.example", "data:text/html,x", "https://user@evil.example/",
		"https://", "http://a b/", "https://ho\x1bst/", "\x00", "JavaScript://x/%0aalert(1)",
	} {
		d := document.Document{Tables: []document.Table{{
			Columns: []document.Column{{Name: "A"}}, Rows: []document.Row{{Cells: []document.Cell{{Kind: document.Text, Text: "x", Link: link}}}},
		}}}
		for format, mark := range map[string]string{render.FormatTable: "\x1b", render.FormatMarkdown: "](", render.FormatHTML: "<a "} {
			var b bytes.Buffer
			if err := render.Write(&b, format, d, render.Options{Hyperlinks: true}); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), mark) {
				t.Errorf("%s links to %q: %q", format, link, b.String())
			}
		}
	}
}

func TestWrongTables(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]document.Row{
		`table 1 "t": row 1 has 1 cells for 2 columns`:                 {Cells: make([]document.Cell, 1)},
		`table 1 "t": row 1 has 3 cells for 2 columns`:                 {Cells: make([]document.Cell, 3)},
		`table 1 "t": row 1, column "B": unknown kind of cell 99`:      {Cells: []document.Cell{{}, {Kind: 99}}},
		`table 1 "t": row 1, column "A": unknown kind of cell ` + "-1": {Cells: []document.Cell{{Kind: -1}, {}}},
	} {
		d := document.Document{Tables: []document.Table{{Title: "t", Columns: []document.Column{{Name: "A"}, {Name: "B"}}, Rows: []document.Row{row}}}}
		for _, format := range []string{render.FormatTable, render.FormatCSV, render.FormatMarkdown, render.FormatHTML} {
			var b bytes.Buffer
			if err := render.Write(&b, format, d, render.Options{}); err == nil || err.Error() != want {
				t.Errorf("%s: got error %v, want %s", format, err, want)
			}
			if b.Len() > 0 {
				t.Errorf("%s: wrote %q before the error", format, b.String())
			}
		}
	}
	err := render.Write(&bytes.Buffer{}, "yaml", document.Document{}, render.Options{})
	if want := `unknown output format "yaml": use one of table, json, csv, markdown, html`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestWriteErrorsAreReported(t *testing.T) {
	t.Parallel()
	for _, format := range render.Formats() {
		if err := render.Write(brokenPipe{}, format, board(), render.Options{}); !errors.Is(err, errPipe) {
			t.Errorf("%s: got %v, want %v", format, err, errPipe)
		}
	}
}

func TestEmptyDocuments(t *testing.T) {
	t.Parallel()
	for _, format := range []string{render.FormatTable, render.FormatCSV, render.FormatMarkdown} {
		for _, d := range []document.Document{{}, {Tables: []document.Table{{}}}, {Tables: []document.Table{{Rows: []document.Row{{}}}}}} {
			var b bytes.Buffer
			if err := render.Write(&b, format, d, render.Options{Width: 80}); err != nil || b.Len() > 0 {
				t.Errorf("%s of %+v: %q, %v", format, d, b.String(), err)
			}
		}
	}
	got := table(t, document.Document{Tables: []document.Table{{Columns: []document.Column{{Name: "A"}}, Empty: "no SLO matches"}}}, render.Options{})
	if strings.Join(got, "\n") != "no SLO matches" {
		t.Errorf("an empty table says %q", got)
	}
}

func BenchmarkTable(b *testing.B) {
	row := board().Tables[0].Rows
	for _, rows := range []int{1000, 10_000} {
		t := document.Table{Columns: board().Tables[0].Columns}
		for i := range rows {
			r := row[i%len(row)]
			r.Cells = append([]document.Cell(nil), r.Cells...)
			r.Cells[1] = text(fmt.Sprintf("checkout availability %d", i))
			r.Cells[3] = number(math.Mod(float64(i)*1.37, 100), 3, "%")
			t.Rows = append(t.Rows, r)
		}
		d := document.Document{Tables: []document.Table{t}}
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				if err := render.Table(&out, d, render.Options{Width: 160, Color: true}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
