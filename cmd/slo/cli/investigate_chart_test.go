package cli_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// A terminal without Unicode gets the same chart in ASCII, and both keep to its width.
func TestChartsFitTheTerminal(t *testing.T) {
	t.Parallel()
	world, err := scenario.Load("hunch")
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, world)
	for _, columns := range []int{80, 120} {
		heights := map[string]int{}
		for _, locale := range []string{"C.UTF-8", "C"} {
			got := runIn(t, locale, columns, server.URL, "investigate", "--service", "auth", "--signal", "requests", "--chart",
				"--from", "2026-11-03T06:00", "--to", "2026-11-03T18:00", "--at", world.Now.UTC().Format(time.RFC3339))
			if got.code != 0 {
				t.Fatalf("%s, %d columns: code %d, %s", locale, columns, got.code, got.stderr)
			}
			_, chart, found := strings.Cut(got.stdout, "POST /login: requests a minute\n")
			chart, _, _ = strings.Cut(chart, "\n\n")
			if !found || !strings.Contains(chart, "1,200") || !strings.Contains(chart, "3 Nov 13:52") || !strings.Contains(chart, "the finding") {
				t.Errorf("%s, %d columns: no chart with an axis, a beginning and a legend:\n%s", locale, columns, got.stdout)
			}
			heights[locale] = strings.Count(chart, "\n")
			for line := range strings.Lines(chart) {
				line = strings.TrimRight(line, "\n")
				if n := utf8.RuneCountInString(line); n > columns {
					t.Errorf("%s, %d columns: a line of %d: %s", locale, columns, n, line)
				}
				if locale == "C" && strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
					t.Errorf("%d columns: not ASCII: %s", columns, line)
				}
			}
		}
		if heights["C"] != heights["C.UTF-8"] {
			t.Errorf("%d columns: charts of %v lines", columns, heights)
		}
	}
}
