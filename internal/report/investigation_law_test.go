package report_test

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/anomaly"
)

const numeralForm = `([\d,]+(?:\.\d+)?)`

var (
	heldForm  = regexp.MustCompile(`\(` + numeralForm + `(%| s| ms| µs)?( a minute| an hour| a day)? against ` + numeralForm + `(%| s| ms| µs)?(?: ±|\))`)
	timesForm = regexp.MustCompile(numeralForm + ` times the`)
	shareForm = regexp.MustCompile(numeralForm + `% of the`)
	sideForm  = regexp.MustCompile(numeralForm + `% (above|below) the`)
)

func read(s string) float64 {
	v, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// half is half of the last digit that s shows.
func half(s string) float64 {
	_, fraction, _ := strings.Cut(s, ".")
	return 0.5*math.Pow(10, -float64(len(fraction))) + 1e-9
}

// Whoever divides the two numbers of a sentence gets the ratio beside them, and
// the numbers are those that were measured.
func TestInvestigationNumbersAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		signal := rapid.SampledFrom([]investigation.Signal{investigation.Requests, investigation.Errors, investigation.ErrorRate, investigation.Latency}).Draw(t, "signal")
		step := rapid.SampledFrom([]int64{60, 300, 3600}).Draw(t, "step")
		expected := math.Pow(10, rapid.Float64Range(-3, 5).Draw(t, "magnitude"))
		ratio := math.Pow(10, rapid.Float64Range(-2.9, 3.9).Draw(t, "ratio"))
		if signal == investigation.ErrorRate {
			expected /= 1e5
		}
		f := found(signal, anomaly.Spike, expected*ratio, expected, expected/10, func(f *investigation.Finding) { f.Step = step })
		text := report.Investigation(investigated(f)).Items[0].Text
		held := heldForm.FindStringSubmatch(text)
		if held == nil {
			t.Fatalf("no two numbers in %q", text)
		}
		observed, usual := read(held[1]), read(held[4])
		told := observed / usual
		switch {
		case strings.Contains(text, "more than 1,000 times"):
			if told < 990 {
				t.Errorf("%v is no thousand times: %q", told, text)
			}
		case timesForm.MatchString(text):
			s := timesForm.FindStringSubmatch(text)[1]
			if math.Abs(told-read(s)) > half(s)*(1+1e-6) {
				t.Errorf("%s by %s is %v, and not %s times: %q", held[1], held[4], told, s, text)
			}
		case shareForm.MatchString(text):
			s := shareForm.FindStringSubmatch(text)[1]
			if math.Abs(told*100-read(s)) > half(s)*(1+1e-6) {
				t.Errorf("%s by %s is %v, and not %s%%: %q", held[1], held[4], told, s, text)
			}
		case sideForm.MatchString(text):
			m := sideForm.FindStringSubmatch(text)
			if math.Abs(math.Abs(told-1)*100-read(m[1])) > half(m[1])*(1+1e-6) || (told > 1) != (m[2] == "above") {
				t.Errorf("%s by %s is %v, and not %s%% %s: %q", held[1], held[4], told, m[1], m[2], text)
			}
		default:
			if math.Abs(told-1) > 0.006 {
				t.Errorf("no ratio in %q", text)
			}
		}
		if math.Abs(told/ratio-1) > 0.011 {
			t.Errorf("the numbers of %q have the ratio %v, and that is %v", text, told, ratio)
		}
		scale := map[string]float64{" a minute": 60, " an hour": 3600, " a day": 86_400}[held[3]] / float64(step)
		if held[3] == "" {
			scale = map[string]float64{"%": 100, " s": 1, " ms": 1e3, " µs": 1e6}[held[2]]
		}
		if got := expected * scale; math.Abs(usual/got-1) > 0.0051 {
			t.Errorf("%v is told as %v in %q", got, usual, text)
		}
	})
}

// No line is longer than the terminal but those that are to be copied.
func TestInvestigationFits(t *testing.T) {
	t.Parallel()
	for name, i := range investigations() {
		for _, width := range []int{40, 80, 120} {
			out := string(rendered(t, report.Investigation(i), render.FormatTable, render.Options{Width: width, ASCII: true}))
			for line := range strings.Lines(out) {
				line = strings.TrimRight(line, "\n")
				verbatim := strings.HasPrefix(strings.TrimSpace(line), "query: ") || strings.HasPrefix(strings.TrimSpace(line), "spans: ")
				if n := len([]rune(line)); n > width && !verbatim {
					t.Errorf("%s: %d cells in %d: %s", name, n, width, line)
				}
			}
		}
	}
}
