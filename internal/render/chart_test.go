package render_test

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/render"
)

// day is a chart of 24 hours: a usual band, a gap, and a finding of which a part is missing.
func day() *document.Chart {
	gap := math.NaN()
	c := &document.Chart{
		Title: "POST /login: requests a minute", Start: clock.Truncate(24 * time.Hour), Step: time.Hour,
		Values: []float64{20, 20, 22, 25, 30, gap, gap, 35, 40, 45, 50, 50, 120, 119, gap, 100, 50, 45, 40, 35, 30, 25, 20, 20},
	}
	for i := range c.Values {
		usual := 35 - 15*math.Cos(float64(i)*math.Pi/12)
		c.Low, c.High = append(c.Low, usual-8), append(c.High, usual+8)
	}
	c.From, c.To = c.Start.Add(12*time.Hour), c.Start.Add(16*time.Hour)
	return c
}

func charted(c *document.Chart) document.Document {
	return document.Document{
		Title:  "one chart",
		Tables: []document.Table{{Aside: true, Columns: []document.Column{{Name: "ASIDE"}}, Rows: []document.Row{{Cells: []document.Cell{text("beside")}}}}},
		Items:  []document.Item{{Text: "requests 2.4 times the usual (120 ± 3)", Details: []document.Detail{{Text: "below"}, {Label: "query", Text: "sum:x{*}", Verbatim: true}}, Chart: c}},
	}
}

func as(t interface {
	Helper()
	Fatalf(string, ...any)
}, d document.Document, format string, o render.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := render.Write(&b, format, d, o); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return b.String()
}

func TestChartASCII(t *testing.T) {
	t.Parallel()
	const want = `one chart

1. requests 2.4 times the usual (120 +/- 3)
   below
   query: sum:x{*}
   POST /login: requests a minute
   120 +                          #####
       |                                 ##
    90 +
       |
    60 +                    :::::::::::::::
       |           :::::::********:::::::::*******::
    30 +:::::::****:::::**::               :::::::******::::
       |*******::::                                 ::::****
     0 +
       +----------------------------------------------------
                                  ^^^^^^^^^
        9 Nov 00:00                         10 Nov 00:00 UTC
        * value, : usual, # the finding
`
	if diff := cmp.Diff(want, as(t, charted(day()), render.FormatTable, render.Options{Width: 60, ASCII: true})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is coloured can be read without colours, and what is aside is not in the terminal.
func TestChartFormats(t *testing.T) {
	t.Parallel()
	d := charted(day())
	plain := as(t, d, render.FormatTable, render.Options{Width: 80})
	color := as(t, d, render.FormatTable, render.Options{Width: 80, Color: true})
	if stripped := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(color, ""); stripped != plain {
		t.Errorf("without its colours the chart is another (-plain +stripped):\n%s", cmp.Diff(plain, stripped))
	}
	if color == plain {
		t.Error("nothing is coloured")
	}
	if strings.Contains(plain, "ASIDE") {
		t.Errorf("the table is in the terminal:\n%s", plain)
	}
	if got := as(t, d, render.FormatCSV, render.Options{}); got != "aside\nbeside\n" {
		t.Errorf("CSV is %q", got)
	}
	if got := as(t, d, render.FormatMarkdown, render.Options{}); !strings.Contains(got, "| ASIDE |") || strings.Count(got, "```") != 2 || !strings.Contains(got, "█") || !strings.Contains(got, "`sum:x{*}`") {
		t.Errorf("Markdown has not the table and the chart:\n%s", got)
	}
	requireHTML(t, d)
	html := as(t, d, render.FormatHTML, render.Options{})
	for _, part := range []string{`class="band"`, `class="found"`, `class="bad"`, "<figcaption>POST /login: requests a minute</figcaption>", `aria-label="POST /login: requests a minute, 9 Nov 00:00 to 10 Nov 00:00 UTC; the finding begins 9 Nov 12:00"`} {
		if !strings.Contains(html, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	// A line begins anew behind each of the three gaps.
	if path := regexp.MustCompile(`<path d="([^"]*)"`).FindStringSubmatch(html); path == nil || strings.Count(path[1], "M") != 3 {
		t.Errorf("the line is %v", path)
	}
	quiet := as(t, document.Document{Title: "x"}, render.FormatHTML, render.Options{})
	if strings.Contains(quiet, "figure") {
		t.Error("a page without a chart has its styles")
	}
}

// Nothing is drawn of nothing.
func TestChartOfNothing(t *testing.T) {
	t.Parallel()
	gap := math.NaN()
	for name, c := range map[string]*document.Chart{
		"no chart": nil, "no values": {Step: time.Hour}, "only gaps": {Step: time.Hour, Values: []float64{gap, gap}}, "no step": {Values: []float64{1}},
	} {
		for _, format := range []string{render.FormatTable, render.FormatMarkdown, render.FormatHTML} {
			if got := as(t, charted(c), format, render.Options{Width: 80}); strings.Contains(got, "value") || strings.Contains(got, "<figure>") {
				t.Errorf("%s, %s:\n%s", name, format, got)
			}
		}
	}
}

// Whatever the values and names are, no line is wider than the terminal, the
// page is strict and alone, and a code block ends where it should.
func TestChartLaws(t *testing.T) {
	t.Parallel()
	value := rapid.OneOf(rapid.Float64Range(0, 1000), rapid.Float64(), rapid.SampledFrom([]float64{
		0, -1, 1e-320, 5e-12, 1e17, 1e308, math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1),
	}))
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(value, 0, 300).Draw(t, "values")
		c := &document.Chart{
			Title: names().Draw(t, "title"), Start: clock, Values: values,
			Step: time.Duration(rapid.IntRange(1, 1<<20).Draw(t, "step")) * time.Second,
		}
		if rapid.Bool().Draw(t, "band") {
			c.Low = rapid.SliceOfN(value, len(values), len(values)).Draw(t, "low")
			c.High = rapid.SliceOfN(value, len(values), len(values)).Draw(t, "high")
		}
		if rapid.Bool().Draw(t, "marked") {
			c.From = clock.Add(time.Duration(rapid.IntRange(-100, 100_000).Draw(t, "from")) * time.Second)
			c.To = clock.Add(time.Duration(rapid.IntRange(-100, 100_000).Draw(t, "to")) * time.Second)
		}
		d := document.Document{
			Tables: []document.Table{{Columns: []document.Column{{Name: "A"}}}},
			Items: []document.Item{{
				Text: names().Draw(t, "text"), Chart: c, Severity: document.Severity(rapid.IntRange(0, 4).Draw(t, "severity")),
				Details: []document.Detail{{Label: names().Draw(t, "label"), Text: names().Draw(t, "detail")}},
			}},
		}
		width := rapid.IntRange(3, 130).Draw(t, "width")
		for line := range strings.Lines(as(t, d, render.FormatTable, render.Options{Width: width})) {
			if w := displaywidth.String(strings.TrimRight(line, "\n")); w > width {
				t.Fatalf("%d cells in %d: %q", w, width, line)
			}
		}
		requireHTML(t, d)
		fences := 0
		for line := range strings.Lines(as(t, d, render.FormatMarkdown, render.Options{})) {
			if strings.HasPrefix(line, "   ```") {
				fences++
			}
		}
		if fences%2 != 0 {
			t.Fatalf("%d fences", fences)
		}
	})
}
