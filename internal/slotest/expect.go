package slotest

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/pkg/slo"
)

// kind is what may stand behind the name of a figure.
type kind int

const (
	number  kind = iota // one number or unknown
	single              // one number, exactly, of single precision
	numbers             // any number of them
	word                // one of the words listed
	words               // any words
	instant             // a time or never
	between             // from a time to a time, or never
)

// figures is the vocabulary under "assess".
func figures() map[string]kind {
	return map[string]kind{
		"state": word, "unit": word, "attainment": number, "attainment.float32": single, "good": number, "total": number, "coverage": number,
		"budget": word, "budget.total": number, "budget.consumed": number,
		"budget.remaining": number, "budget.remaining_percent": number,
		"burn 1h": number, "burn 6h": number, "burn 1d": number, "burn 3d": number,
		"previous": word, "previous.attainment": number, "previous.remaining_percent": number,
		"previous.spent": number, "previous.aged_out": number,
		"trend": numbers, "exhausted_at": instant, "notes": words, "error": word,
		"burn from TIME to TIME": number, "good from TIME to TIME": number, "total from TIME to TIME": number,
		"newest": between, "fell": between, "recovers": instant, "recovers.quiet": instant,
	}
}

func vocabulary(figure string) []string {
	switch figure {
	case "state":
		return []string{string(slo.OK), string(slo.Warning), string(slo.Breached), string(slo.NoData)}
	case "unit":
		return []string{string(slo.Requests), string(slo.Seconds)}
	case "error":
		return []string{"coarse", "transitions"}
	}
	return []string{"none"}
}

// expect reads one line under "assess".
func (p *parser) expect(line []string) error {
	e, rest, err := p.subject(line)
	if err != nil {
		return err
	}
	figure := e.Figure
	k, ok := figures()[figure]
	if !ok {
		return fmt.Errorf("%q is not a figure that can be expected", figure)
	}
	if slices.ContainsFunc(p.assess.Expect, e.alike) {
		return fmt.Errorf("%s is expected twice", e.name())
	}
	e.Line = p.line
	if k == between {
		if e.Want, err = parseBetween(e.name(), rest); err != nil {
			return err
		}
		p.assess.Expect = append(p.assess.Expect, e)
		return nil
	}
	for _, text := range rest {
		if k != words && k != word && slices.Contains([]string{"%", "events", "requests", "seconds"}, text) {
			continue
		}
		w, err := parseWant(figure, k, text)
		if err != nil {
			return err
		}
		e.Want = append(e.Want, w)
	}
	if len(e.Want) == 0 || (len(e.Want) > 1 && k != numbers && k != words) {
		return fmt.Errorf("%s wants one value", figure)
	}
	if e.Figure == "trend" && len(e.Want) > 100 {
		return errors.New("trend wants at most 100 values")
	}
	p.assess.Expect = append(p.assess.Expect, e)
	return nil
}

func parseWant(figure string, k kind, text string) (Want, error) {
	switch k {
	case words:
		return Want{Text: text}, nil
	case word:
		if allowed := vocabulary(figure); !slices.Contains(allowed, text) {
			return Want{}, fmt.Errorf("%s %q: want %s", figure, text, strings.Join(allowed, ", "))
		}
		return Want{Text: text}, nil
	case instant:
		if text == "never" || text == "unknown" && figure != "exhausted_at" {
			return Want{Text: text}, nil
		}
		at, err := parseTime(text)
		return Want{Text: text, IsNumber: true, Number: float64(at)}, err
	case number, numbers, single:
		if text == "unknown" {
			return Want{Text: text}, nil
		}
	}
	digits, about := strings.CutPrefix(strings.TrimSuffix(text, "%"), "~")
	v, err := parseNumber(digits)
	if err != nil {
		return Want{}, fmt.Errorf("%s: %w", figure, err)
	}
	w := Want{Text: text, IsNumber: true, Number: v, Tolerance: math.Abs(v) * 1e-12}
	if k == single {
		if about || float64(float32(v)) != v {
			return Want{}, fmt.Errorf("%s %q: want all digits of a number of single precision", figure, text)
		}
		w.Tolerance = 0
	}
	if about {
		_, decimals, _ := strings.Cut(digits, ".")
		w.Tolerance = 0.5000001 * math.Pow10(-len(decimals))
	}
	return w, nil
}

// meets reports whether a figure is what was wanted.
func (w Want) meets(f slo.Figure) bool {
	v, known := f.Value()
	if !w.IsNumber || !known {
		return w.IsNumber == known
	}
	return math.Abs(v-w.Number) <= w.Tolerance
}

// Check asks the case's question and returns one error for each expectation that is not met.
func (c Case) Check() []error {
	a, err := slo.Assessment{}, c.Fault
	if err == nil {
		a, err = slo.Assess(c.Objective, c.Events, c.Question)
	}
	var broken []error
	for _, e := range c.Expect {
		if got, ok := e.check(a, c.Question, err); !ok {
			texts := make([]string, len(e.Want))
			for i, w := range e.Want {
				texts[i] = w.Text
			}
			broken = append(broken, fmt.Errorf("line %d: %s is %s, want %s", e.Line, e.name(), got, strings.Join(texts, " ")))
		}
	}
	if err != nil && !slices.ContainsFunc(c.Expect, func(e Expectation) bool { return e.Figure == "error" }) {
		return []error{fmt.Errorf("line %d: %w", c.Line, err)}
	}
	return broken
}

// check compares one expectation and writes what the answer really was.
func (e Expectation) check(a slo.Assessment, q slo.Question, err error) (got string, ok bool) {
	want := e.Want[0]
	if e.crosses() {
		return e.crossing(a, q)
	}
	switch e.Figure {
	case "error":
		var coarse *slo.CoarseError
		var transitions *slo.TransitionError
		found := map[string]bool{"coarse": errors.As(err, &coarse), "transitions": errors.As(err, &transitions)}
		return fmt.Sprint(err), found[want.Text]
	case "unit":
		return string(a.Unit), string(a.Unit) == want.Text
	case "state":
		return string(a.State), string(a.State) == want.Text
	case "budget":
		return fmt.Sprintf("%+v", a.Budget), a.Budget == nil
	case "previous":
		return fmt.Sprintf("%+v", a.Previous), a.Previous == nil
	case "trend":
		texts, ok := make([]string, len(a.Trend)), len(a.Trend) == len(e.Want)
		for i, f := range a.Trend {
			texts[i] = write(f)
			ok = ok && e.Want[i].meets(f)
		}
		return strings.Join(texts, " "), ok
	case "notes":
		var codes []string
		for _, n := range a.Notes {
			codes = append(codes, n.Code)
		}
		if len(codes) == 0 {
			codes = []string{"none"}
		}
		return strings.Join(codes, " "), slices.EqualFunc(codes, e.Want, func(c string, w Want) bool { return c == w.Text })
	case "exhausted_at":
		return e.instant(a.ExhaustedAt)
	case "newest":
		return e.between(a.Newest)
	}
	if !e.Part.Empty() {
		f := e.part(a)
		return write(f), want.meets(f)
	}
	f := figure(a, e.Figure)
	return write(f), want.meets(f)
}

// figure is the number of an assessment that goes by the name.
func figure(a slo.Assessment, name string) slo.Figure {
	var b [4]slo.Figure
	if a.Budget != nil {
		b = [4]slo.Figure{
			slo.Known(a.Budget.Allowed), slo.Known(a.Budget.Consumed),
			slo.Known(a.Budget.Remaining), slo.Known(a.Budget.RemainingPercent),
		}
	}
	var p slo.Previous
	if a.Previous != nil {
		p = *a.Previous
	}
	switch name {
	case "attainment":
		return a.Attainment
	case "attainment.float32":
		v, known := a.Attainment.Value()
		if !known {
			return slo.Figure{}
		}
		return slo.Known(float64(float32(v)))
	case "good":
		return a.Good
	case "total":
		return a.Valid
	case "coverage":
		return a.Coverage
	case "budget.total":
		return b[0]
	case "budget.consumed":
		return b[1]
	case "budget.remaining":
		return b[2]
	case "budget.remaining_percent":
		return b[3]
	case "burn 1h":
		return a.BurnRates[0]
	case "burn 6h":
		return a.BurnRates[1]
	case "burn 1d":
		return a.BurnRates[2]
	case "burn 3d":
		return a.BurnRates[3]
	case "previous.attainment":
		return p.Attainment
	case "previous.remaining_percent":
		return p.RemainingPercent
	case "previous.spent":
		return p.Spent
	case "previous.aged_out":
		return p.AgedOut
	}
	panic("no figure is called " + name)
}

func write(f slo.Figure) string {
	v, known := f.Value()
	if !known {
		return "unknown"
	}
	return fmt.Sprintf("%.17g", v)
}

// RunFile runs every case of a vector file as a test of its own.
func RunFile(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s: no case in it", path)
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s line %d", c.Title, c.Line), func(t *testing.T) {
			t.Parallel()
			for _, err := range c.Check() {
				t.Errorf("%s: %v", path, err)
			}
		})
	}
}
