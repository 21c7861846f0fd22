package render_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
)

// Every typed cell can be read back whole.
func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	d := board()
	d.Tables = d.Tables[:1]
	requireCSV(t, d)
	rapid.Check(t, func(t *rapid.T) {
		requireCSV(t, document.Document{Tables: []document.Table{tables(names()).Draw(t, "table")}})
	})
}

func requireCSV(t interface {
	Helper()
	Fatalf(string, ...any)
}, d document.Document) {
	t.Helper()
	var b bytes.Buffer
	if err := render.CSV(&b, d, render.Options{Width: 10}); err != nil {
		t.Fatalf("%v", err)
	}
	records, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	if err != nil {
		t.Fatalf("%v in:\n%s", err, b.String())
	}
	table := d.Tables[0]
	if len(records) != len(table.Rows)+1 {
		t.Fatalf("%d records for %d rows:\n%s", len(records), len(table.Rows), b.String())
	}
	for i, row := range table.Rows {
		for j, c := range row.Cells {
			got := records[i+1][j]
			if err := sameValue(c, got); err != nil {
				t.Fatalf("row %d, column %s: %v", i+1, records[0][j], err)
			}
			if c.Kind == document.Text && got != "" && strings.Contains("=+-@", got[:1]) {
				t.Fatalf("row %d, column %s: %q is a formula", i+1, records[0][j], got)
			}
		}
	}
}

func sameValue(c document.Cell, got string) error {
	var want any
	var have any = got
	switch c.Kind {
	case document.Number, document.Duration:
		if math.IsNaN(c.Value) {
			want = ""
			break
		}
		v, err := strconv.ParseFloat(got, 64)
		if err != nil {
			return err
		}
		want, have = c.Value, v
	case document.Instant:
		at, err := time.Parse(time.RFC3339, got)
		if err != nil {
			return err
		}
		want, have = c.Time.UTC(), at
	case document.Spark:
		if len(c.Points) == 0 {
			want = ""
			break
		}
		var points []*float64
		if err := json.Unmarshal([]byte(got), &points); err != nil {
			return err
		}
		back := make([]float64, len(points))
		for i, p := range points {
			back[i] = math.NaN()
			if p != nil {
				back[i] = *p
			}
		}
		if diff := cmp.Diff(c.Points, back, cmpopts.EquateNaNs()); diff != "" {
			return errors.New(diff)
		}
		want = got
	case document.Text:
		want = got
		if plain := strings.TrimLeft(render.Text(c, render.Options{}), " "); got != plain && got != "'"+plain {
			return fmt.Errorf("%q was written as %q", plain, got)
		}
	case document.Absent, document.Unknown:
		want = ""
	}
	if want != have {
		return fmt.Errorf("got %v, want %v", have, want)
	}
	return nil
}

func TestCSVHeadings(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{
		{Columns: []document.Column{{Name: "LEFT %"}, {Name: "LEFT", Key: "left_requests"}, {Name: "BURN 1h"}, {Name: "burn-1h"}, {Name: "日本"}, {Name: "–"}, {Name: "ID", Machine: true}, {Key: "=x", Name: "y"}}},
		{Columns: []document.Column{{Name: "ALONE"}}, Rows: []document.Row{{Cells: []document.Cell{{}}}, {Cells: []document.Cell{text("a,\"b\"")}}}},
	}}
	var b bytes.Buffer
	if err := render.CSV(&b, d, render.Options{}); err != nil {
		t.Fatal(err)
	}
	want := "left_percent,left_requests,burn_1h,burn_1h_2,日本,column,id,'=x\n\nalone\n\"\"\n\"a,\"\"b\"\"\"\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatIsForPeopleAndWhatIsForMachines(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{{
		Columns: []document.Column{{Name: "BOTH"}, {Name: "PEOPLE", Human: true}, {Key: "machines", Machine: true}},
		Rows: []document.Row{
			{Cells: []document.Cell{text("one"), text("two"), text("three")}},
			{Cells: []document.Cell{text("and 7 more"), {}, {}}, Human: true},
		},
	}}}
	for format, want := range map[string]string{
		render.FormatCSV:      "both,machines\none,three\n",
		render.FormatTable:    "BOTH        PEOPLE\none         two\nand 7 more\n",
		render.FormatMarkdown: "| BOTH | PEOPLE |\n| --- | --- |\n| one | two |\n| and 7 more | |\n",
	} {
		var b bytes.Buffer
		if err := render.Write(&b, format, d, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func TestCSVNumbersAreWhole(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{
		99.99871234567891: "99.99871234567891", 0.30000000000000004: "0.30000000000000004", 1e-9: "1e-09", 1e21: "1e+21", 123456789012: "123456789012",
		math.Inf(1): "inf", math.Inf(-1): "-inf", math.Copysign(0, -1): "0", -6.81: "-6.81",
	} {
		d := document.Document{Tables: []document.Table{{
			Columns: []document.Column{{Name: "V"}}, Rows: []document.Row{{Cells: []document.Cell{{Kind: document.Number, Value: value, Compact: true, Unit: "%"}}}},
		}}}
		var b bytes.Buffer
		if err := render.CSV(&b, d, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimPrefix(strings.TrimSpace(b.String()), "v\n"); got != want {
			t.Errorf("%v: got %s, want %s", value, got, want)
		}
	}
}

func TestMarkdownTablesAreWhole(t *testing.T) {
	t.Parallel()
	requireMarkdown(t, board())
	rapid.Check(t, func(t *rapid.T) {
		table := tables(names()).Draw(t, "table")
		requireMarkdown(t, document.Document{Title: names().Draw(t, "title"), Tables: []document.Table{table}})
	})
}

func requireMarkdown(t interface {
	Helper()
	Fatalf(string, ...any)
}, d document.Document) {
	t.Helper()
	var b bytes.Buffer
	if err := render.Markdown(&b, d, render.Options{}); err != nil {
		t.Fatalf("%v", err)
	}
	lines := strings.Split(b.String(), "\n")
	at := 0
	for _, table := range d.Tables {
		if len(table.Rows) == 0 {
			continue
		}
		columns := 0
		for _, c := range table.Columns {
			if !c.Machine {
				columns++
			}
		}
		for !strings.HasPrefix(lines[at], "| ") {
			at++
		}
		for range len(table.Rows) + 2 {
			if got := bars(lines[at]); got != columns+1 {
				t.Fatalf("%d borders for %d columns in %q", got, columns, lines[at])
			}
			at++
		}
		if strings.HasPrefix(lines[at], "|") {
			t.Fatalf("a row too many: %q", lines[at])
		}
	}
}

func bars(line string) int {
	n, escaped := 0, false
	for _, r := range line {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '|':
			n++
		}
	}
	return n
}

func TestMarkdownIsLiteral(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a|b\\|c":                   `a\|b\\\|c`,
		"*bold* _it_ `code` ~~no~~": "\\*bold\\* \\_it\\_ \\`code\\` \\~\\~no\\~\\~",
		"[x](http://evil) ![i](y)":  `\[x\](http\://evil) \!\[i\](y)`,
		"<b>&lt;":                   `\<b\>\&lt;`,
		"# 1 #2 @you $x$":           `\# 1 \#2 \@you \$x\$`,
		"www.evil.example":          `www\.evil.example`,
		"two\nlines":                "two lines",
		"- item":                    `\- item`,
		"1. item":                   `1\. item`,
		"12) item":                  `12\) item`,
		"99.9% left":                `99\.9% left`,
		"2026-11-09":                "2026-11-09",
		"===":                       `\===`,
		"    code":                  "code",
	} {
		var b bytes.Buffer
		if err := render.Markdown(&b, document.Document{Lead: []string{in}}, render.Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSuffix(b.String(), "\n"); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	d := document.Document{Tables: []document.Table{{Columns: []document.Column{{Name: "A"}}, Rows: []document.Row{
		{Cells: []document.Cell{{Kind: document.Text, Text: "x]", Link: "https://e.example/(a)?b=1&copy;=2|3"}}},
	}}}}
	var b bytes.Buffer
	if err := render.Markdown(&b, d, render.Options{}); err != nil {
		t.Fatal(err)
	}
	if want := "| A |\n| --- |\n| [x\\]](https://e.example/%28a%29?b=1&amp;copy;=2%7C3) |\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// The page is read by a strict XML decoder; whatever refers to anything outside
// of the page, other than a link that somebody clicks, fails.
func TestHTMLIsStrictAndAlone(t *testing.T) {
	t.Parallel()
	requireHTML(t, board())
	rapid.Check(t, func(t *rapid.T) {
		requireHTML(t, document.Document{
			Title: names().Draw(t, "title"), Lead: []string{names().Draw(t, "lead")}, Notes: []string{names().Draw(t, "note")},
			Tables: []document.Table{tables(names()).Draw(t, "table")},
		})
	})
}

func requireHTML(t interface {
	Helper()
	Fatalf(string, ...any)
}, d document.Document) {
	t.Helper()
	var b bytes.Buffer
	if err := render.HTML(&b, d, render.Options{}); err != nil {
		t.Fatalf("%v", err)
	}
	if strings.Contains(b.String(), "ZgotmplZ") {
		t.Fatalf("the template refused a value:\n%s", b.String())
	}
	columns := 0
	for _, c := range d.Tables[0].Columns {
		if !c.Machine {
			columns++
		}
	}
	cells, elements := 0, map[string]int{}
	decoder := xml.NewDecoder(&b)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			elements[e.Name.Local]++
			if e.Name.Local == "td" {
				cells++
			}
			for _, a := range e.Attr {
				harmless := a.Name.Local == "href" && e.Name.Local == "a" && regexp.MustCompile(`^https?://`).MatchString(a.Value)
				if a.Name.Local == "src" || a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" && !harmless ||
					!harmless && a.Name.Local != "aria-label" && strings.Contains(a.Value, "//") {
					t.Fatalf("<%s %s=%q>", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			if elements["style"] == 1 && elements["body"] == 0 && (bytes.Contains(e, []byte("url(")) || bytes.Contains(e, []byte("@import"))) {
				t.Fatalf("the style sheet loads something: %s", e)
			}
		}
	}
	for _, name := range []string{"script", "link", "img", "iframe", "object", "base", "form", "b", "markup"} {
		if elements[name] > 0 {
			t.Fatalf("the page has <%s>", name)
		}
	}
	want := 0
	for _, table := range d.Tables {
		for range table.Rows {
			for _, c := range table.Columns {
				if !c.Machine {
					want++
				}
			}
		}
	}
	if cells != want || elements["title"] != 1 {
		t.Fatalf("%d cells, want %d; %d titles", cells, want, elements["title"])
	}
}

func TestHTMLSparkline(t *testing.T) {
	t.Parallel()
	d := document.Document{Tables: []document.Table{{Columns: []document.Column{{Name: "A"}}, Rows: []document.Row{
		{Cells: []document.Cell{{Kind: document.Spark, Points: []float64{100, 50, math.NaN(), 0, math.NaN(), -7}, High: 100, Unit: "%"}}},
	}}}}
	var b bytes.Buffer
	if err := render.HTML(&b, d, render.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`d="M2 2.0 h0 L10 12.0 M26 22.0 h0 M42 22.0 h0"`, `aria-label="the last of 6: -7%"`, `viewBox="0 0 44 24"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in:\n%s", want, b.String())
		}
	}
}

func TestJSONRoundTrips(t *testing.T) {
	t.Parallel()
	d := board()
	var b bytes.Buffer
	if err := render.JSON(&b, d, render.Options{Color: true}); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d.Payload, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, r := range b.String() {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) || r == '\u202e' {
			t.Errorf("%U at %d", r, i)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := strings.ToValidUTF8(names().Draw(t, "name"), "\ufffd")
		var b bytes.Buffer
		if err := render.JSON(&b, document.Document{Payload: map[string]string{name: name}}, render.Options{}); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil || got[name] != name {
			t.Fatalf("%q became %s: %v", name, b.String(), err)
		}
	})
}

func TestJSONForm(t *testing.T) {
	t.Parallel()
	type window struct {
		Attainment float64  `json:"attainment"`
		Burn       *float64 `json:"burn"`
		Tags       []string `json:"tags"`
	}
	var b bytes.Buffer
	if err := render.JSON(&b, document.Document{Payload: window{Attainment: 99.98700000000001, Tags: []string{"a<b&c>", "\u2028\x7f\u0085\U000e0041"}}}, render.Options{}); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"attainment\": 99.98700000000001,\n  \"burn\": null,\n  \"tags\": [\n    \"a<b&c>\",\n    \"\\u2028\\u007f\\u0085\\udb40\\udc41\"\n  ]\n}\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// nullable is a number that knows how to say that it is none.
type nullable float64

func (n nullable) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func TestJSONNamesTheBadNumber(t *testing.T) {
	t.Parallel()
	type base struct{ Low float64 }
	type window struct {
		base
		Burn    map[string]float64 `json:"burn_rates"`
		Trend   []*float64         `json:"trend,omitempty"`
		Ignored float64            `json:"-"`
		hidden  float64
		None    nullable
		Any     any
	}
	nan, inf := math.NaN(), math.Inf(-1)
	for want, payload := range map[string]any{
		"payload is NaN, which JSON cannot hold: it must be null":                          nan,
		"payload.slos[1].burn_rates.1h is NaN, which JSON cannot hold: it must be null":    map[string]any{"slos": []window{{}, {Burn: map[string]float64{"1h": nan}}}},
		"payload[0].trend[1] is -Inf, which JSON cannot hold: it must be null":             []any{&window{Trend: []*float64{nil, &inf}}},
		"payload.Low is NaN, which JSON cannot hold: it must be null":                      window{base: base{Low: nan}},
		"payload.Any is NaN, which JSON cannot hold: it must be null":                      window{Any: &nan},
		"this document has no JSON form":                                                   nil,
		"json: unsupported type: chan int":                                                 make(chan int),
		"json: unsupported type: func()":                                                   func() {},
		"json: error calling MarshalJSON for type render_test.broken: there is no such id": broken{},
	} {
		var b bytes.Buffer
		err := render.JSON(&b, document.Document{Payload: payload}, render.Options{})
		if err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("wrote %q before the error", b.String())
		}
	}
	fine := window{Ignored: nan, hidden: nan, None: nullable(nan)}
	if err := render.JSON(io.Discard, document.Document{Payload: fine}, render.Options{}); err != nil {
		t.Errorf("of %v, which the encoder does not see: %v", fine.hidden, err)
	}
}

type broken struct{}

func (broken) MarshalJSON() ([]byte, error) { return nil, errors.New("there is no such id") }
