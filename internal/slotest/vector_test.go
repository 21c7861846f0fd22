package slotest_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-cli/slo/internal/slotest"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := slotest.Parse(`
# a comment
case the first of two
load 5m from 2026-01-01T00:00Z
  valid  10*2 _ 5+2x3     # a comment after words
  valid  _*2 7-1x2 0.5
  bad    1*2 _ 1*6 _*2
load 1h from 2026-01-02
  good   3
known from 2026-01-01T00:00Z to 2026-01-03T00:00:00Z
slo metric target 99.9% warning 99.95 window 36h
since 2026-01-02T12:00+01:00
assess at 2026-01-03T00:00Z
  good     1
  burn 6h  ~2.50
  trend    1% unknown ~3.25 %
  budget.total 12 requests
assess at 2026-01-04
  state    ok
  exhausted_at never
case the second
slo metric target 50% window 1h
assess at 2026-01-01T01:00Z
  exhausted_at 2026-01-01T00:30:15Z
case the third
slo metric target 50% window 1h
assess at 2026-01-01T01:00Z
  recovers 20% 2026-01-01T00:30:15Z
  fell attainment 99.5% from 2026-01-01T00:30Z to 2026-01-01T00:35Z
  fell 20% never
  burn from 2026-01-01T00:30Z to 2026-01-01T00:40Z ~14.4
  newest unknown
`)
	if err != nil {
		t.Fatal(err)
	}
	const day = slotest.Epoch
	nan := timeseries.Missing
	objective := slo.Objective{Timeframe: 36 * 3600, Target: slo.Hundred / 1000 * 999, Warning: slo.Hundred / 10000 * 9995}
	events := slo.Events{
		Known: timeseries.Span{Start: day, End: day + 2*86_400},
		Runs: []slo.Run{
			{
				Start: day, Step: 300,
				Valid: []float64{10, 10, nan, 5, 7, 9, nan, nan, 7, 6, 0.5},
				Good:  []float64{9, 9, nan, 4, 6, 8, -1, -1, 6, 6, 0.5},
			},
			{Start: day + 86_400, Step: 3600, Valid: []float64{nan}, Good: []float64{3}},
		},
	}
	want := []slotest.Case{
		{
			Title: "the first of two", Line: 13, Objective: objective, Events: events,
			Question: slo.Question{To: day + 2*86_400, Since: day + 35*3600, TrendDays: 3},
			Expect: []slotest.Expectation{
				{Line: 14, Figure: "good", Want: []slotest.Want{{Text: "1", IsNumber: true, Number: 1, Tolerance: 1e-12}}},
				{Line: 15, Figure: "burn 6h", Want: []slotest.Want{{Text: "~2.50", IsNumber: true, Number: 2.5, Tolerance: 0.005}}},
				{Line: 16, Figure: "trend", Want: []slotest.Want{
					{Text: "1%", IsNumber: true, Number: 1, Tolerance: 1e-12},
					{Text: "unknown"},
					{Text: "~3.25", IsNumber: true, Number: 3.25, Tolerance: 0.005},
				}},
				{Line: 17, Figure: "budget.total", Want: []slotest.Want{{Text: "12", IsNumber: true, Number: 12, Tolerance: 12e-12}}},
			},
		},
		{
			Title: "the first of two", Line: 18, Objective: objective, Events: events,
			Question: slo.Question{To: day + 3*86_400, Since: day + 35*3600},
			Expect: []slotest.Expectation{
				{Line: 19, Figure: "state", Want: []slotest.Want{{Text: "ok"}}},
				{Line: 20, Figure: "exhausted_at", Want: []slotest.Want{{Text: "never"}}},
			},
		},
		{
			Title: "the second", Line: 23, Objective: slo.Objective{Timeframe: 3600, Target: slo.Hundred / 2},
			Events:   slo.Events{Known: timeseries.Span{Start: day + 3600 - 259_200, End: day + 3600}},
			Question: slo.Question{To: day + 3600},
			Expect: []slotest.Expectation{
				{Line: 24, Figure: "exhausted_at", Want: []slotest.Want{
					{Text: "2026-01-01T00:30:15Z", IsNumber: true, Number: float64(day + 1815)},
				}},
			},
		},
		{
			Title: "the third", Line: 27, Objective: slo.Objective{Timeframe: 3600, Target: slo.Hundred / 2},
			Events:   slo.Events{Known: timeseries.Span{Start: day + 3600 - 259_200, End: day + 3600}},
			Question: slo.Question{To: day + 3600, Recent: 1800, Levels: []float64{20}, Attainments: []float64{99.5}},
			Expect: []slotest.Expectation{
				{Line: 28, Figure: "recovers", Level: 20, Want: []slotest.Want{
					{Text: "2026-01-01T00:30:15Z", IsNumber: true, Number: float64(day + 1815)},
				}},
				{Line: 29, Figure: "fell", Level: 99.5, Attainment: true, Want: []slotest.Want{
					{Text: "2026-01-01T00:30Z", IsNumber: true, Number: float64(day + 1800)},
					{Text: "2026-01-01T00:35Z", IsNumber: true, Number: float64(day + 2100)},
				}},
				{Line: 30, Figure: "fell", Level: 20, Want: []slotest.Want{{Text: "never"}}},
				{
					Line: 31, Figure: "burn from TIME to TIME", Part: timeseries.Span{Start: day + 1800, End: day + 2400},
					Want: []slotest.Want{{Text: "~14.4", IsNumber: true, Number: 14.4, Tolerance: 0.05}},
				},
				{Line: 32, Figure: "newest", Want: []slotest.Want{{Text: "unknown"}}},
			},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-6, 1e-20)); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	const head = "load 1h from 2026-01-01\nvalid 1*4\nslo metric target 90% window 4h\n"
	const asked = head + "assess at 2026-01-01T04:00Z\n"
	tests := map[string]struct {
		text string
		line int
		want string
	}{
		"unknown command":      {"\n\nlaod 1h", 3, `"laod" is not one of`},
		"load without from":    {"load 1h at 2026-01-01", 1, "want: load STEP from TIME"},
		"step without unit":    {"load 5 from 2026-01-01", 1, `step "5"`},
		"step below a second":  {"load 1ms from 2026-01-01", 1, `step "1ms"`},
		"time that is none":    {"load 1h from yesterday", 1, `time "yesterday"`},
		"values without load":  {"valid 1", 1, "valid without a load line above it"},
		"not a value":          {"load 1h from 2026-01-01\nvalid 1 x", 2, `value "x"`},
		"no repeats":           {"load 1h from 2026-01-01\nvalid 1*0", 2, `value "1*0"`},
		"too many":             {"load 1h from 2026-01-01\nvalid 1*99999999", 2, "at most"},
		"too many in all":      {"load 1h from 2026-01-01\nvalid 1*500000\nvalid 1*500000", 3, "at most"},
		"a ramp of gaps":       {"load 1h from 2026-01-01\nvalid _+x4", 2, `value "_+x4"`},
		"a ramp without slope": {"load 1h from 2026-01-01\nvalid 5x4", 2, `value "5x4"`},
		"an exponent":          {"load 1h from 2026-01-01\nvalid 1e9", 2, `value "1e9"`},
		"infinity":             {"load 1h from 2026-01-01\nvalid Inf", 2, `value "Inf"`},
		"good and bad":         {"load 1h from 2026-01-01\ngood 1\nbad 1", 3, "good or bad, not both"},
		"sides differ":         {head + "load 1h from 2026-01-02\nvalid 1*3\ngood 1*2\nassess at 2026-01-02", 7, "the run of line 4 has 2 good values of 3"},
		"known halfway":        {"known from 2026-01-01", 1, "want: known from TIME to TIME"},
		"another kind of slo":  {"slo event target 99% window 7d", 1, "want: slo metric"},
		"no target":            {"slo metric window 7d", 1, "want: slo metric"},
		"no window":            {"slo metric target 99%", 1, "want: slo metric"},
		"a bad target":         {"slo metric target 101% window 7d", 1, `target "101%"`},
		"a bad window":         {"slo metric target 99% window 7w", 1, `timeframe "7w"`},
		"since what":           {"since", 1, "want: since TIME"},
		"since too late":       {head + "since 2026-01-05\nassess at 2026-01-01T04:00Z", 5, "since is not before"},
		"assess what":          {"assess 2026-01-01", 1, "want: assess at TIME"},
		"assess without slo":   {"assess at 2026-01-01", 1, "without a slo line"},
		"expects nothing":      {asked, 4, "the assess of line 4 expects nothing"},
		"nothing, then a case": {asked + "case two", 5, "the assess of line 4 expects nothing"},
		"unknown figure":       {asked + "attainmnet 90%", 5, `"attainmnet" is not a figure`},
		"unknown burn":         {asked + "burn 2h 1", 5, `"burn 2h" is not a figure`},
		"twice":                {asked + "good 1\ngood 2", 6, "good is expected twice"},
		"no value":             {asked + "good", 5, "good wants one value"},
		"two values":           {asked + "good 1 2", 5, "good wants one value"},
		"a word for a number":  {asked + "good plenty", 5, `"plenty" is not a number`},
		"a state that is none": {asked + "state fine", 5, `state "fine": want ok, warning, breached, no_data`},
		"an instant":           {asked + "exhausted_at soon", 5, `time "soon"`},
		"an instant, unknown":  {asked + "exhausted_at unknown", 5, `time "unknown"`},
		"a level that is none": {asked + "fell low never", 5, "want: fell LEVEL"},
		"no level":             {asked + "recovers.quiet attainment", 5, "want: recovers.quiet LEVEL"},
		"recovers when":        {asked + "recovers 5% soon", 5, `time "soon"`},
		"recovers between":     {asked + "recovers 5% from 2026-01-01 to 2026-01-02", 5, `time "from"`},
		"fell at":              {asked + "fell 5% 2026-01-01", 5, "want: fell 5 from TIME to TIME, never or unknown"},
		"fell from when":       {asked + "fell 5% from then to 2026-01-01", 5, `time "then"`},
		"a level twice":        {asked + "fell 5% never\nfell 5 never", 6, "fell 5 is expected twice"},
		"attainment twice":     {asked + "fell attainment 99% never\nfell attainment 99% never", 6, "fell attainment 99 is expected twice"},
		"newest without time":  {asked + "newest yesterday", 5, "want: newest from TIME to TIME"},
		"burn from":            {asked + "burn from 2026-01-01 10", 5, "want: burn from TIME to TIME"},
		"burn backwards":       {asked + "burn from 2026-01-01T02:00Z to 2026-01-01T01:00Z 10", 5, "some of the last 7 days"},
		"burn of long ago":     {asked + "good from 2016-01-01 to 2026-01-01 10", 5, "some of the last 7 days"},
		"burn ahead":           {asked + "total from 2026-01-01 to 2026-01-02 10", 5, "some of the last 7 days"},
		"burn without value":   {asked + "burn from 2026-01-01 to 2026-01-01T01:00Z", 5, "wants one value"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases, err := slotest.Parse(test.text)
			var syntax *slotest.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != test.line || !strings.Contains(syntax.Message, test.want) || cases != nil {
				t.Errorf("%d cases and error %v, want none and one of line %d with %q", len(cases), err, test.line, test.want)
			}
		})
	}
}

// A case that the arithmetic does not meet must be noticed, in each of its figures.
func TestCheckNoticesEveryFigure(t *testing.T) {
	t.Parallel()
	const text = `
load 1h from 2026-01-01
  valid 10*23
  bad   0*23
load 5m from 2026-01-01T23:00Z
  valid 20 _*11
  bad   2 _*11
slo metric target 90% window 1d
since 2026-01-01T12:00Z
assess at 2026-01-02
`
	// 2 bad of 250; allowed 25. Then nothing was bad; of the last three days only one had traffic.
	right := map[string]string{
		"state": "ok", "attainment": "99.2%", "good": "248", "total": "250", "coverage": "1",
		"budget.total": "25", "budget.consumed": "2", "budget.remaining": "23", "budget.remaining_percent": "92%",
		"burn 1h": "1", "burn 6h": "~0.286", "burn 1d": "~0.08", "burn 3d": "~0.08",
		"previous.attainment": "100%", "previous.remaining_percent": "100%", "previous.spent": "8%", "previous.aged_out": "0%",
		"trend": "unknown 92", "exhausted_at": "never", "notes": "none",
		"newest":             "from 2026-01-01T23:00Z to 2026-01-01T23:05Z",
		"fell 92%":           "from 2026-01-01T23:00Z to 2026-01-01T23:05Z",
		"recovers 92%":       "never",
		"recovers.quiet 92%": "2026-01-02T23:00:01Z",
		"fell 91%":           "never", "recovers 91%": "never", "recovers.quiet 91%": "never",
		"fell attainment 99.3%":                             "from 2026-01-01T23:00Z to 2026-01-01T23:05Z",
		"recovers.quiet attainment 99.3%":                   "2026-01-02T23:07:30Z", // 1.75 may be bad, 0.25 of 2 have to go
		"recovers attainment 99.3%":                         "never",
		"burn from 2026-01-01T23:00Z to 2026-01-02T00:00Z":  "1",
		"good from 2026-01-01T23:00Z to 2026-01-02T00:00Z":  "18",
		"total from 2026-01-01T23:00Z to 2026-01-02T00:00Z": "20",
	}
	wrong := map[string]string{
		"state": "warning", "attainment": "99.2000001%", "good": "247", "total": "250.0000001", "coverage": "unknown",
		"budget.total": "26", "budget.consumed": "unknown", "budget.remaining": "-23", "budget.remaining_percent": "92.1%",
		"burn 1h": "0", "burn 6h": "~0.287", "burn 1d": "unknown", "burn 3d": "~0.09",
		"previous.attainment": "99%", "previous.remaining_percent": "unknown", "previous.spent": "~9%", "previous.aged_out": "unknown",
		"trend": "0 92", "exhausted_at": "2026-01-02T01:00Z", "notes": "zero_traffic",
		"budget": "none", "previous": "none", "error": "coarse",
		"newest":             "from 2026-01-01T23:00Z to 2026-01-02",
		"fell 92%":           "never",
		"recovers 92%":       "2026-01-02T23:00:01Z",
		"recovers.quiet 92%": "2026-01-02T23:00Z",
		"fell 91%":           "unknown", "recovers 91%": "unknown", "recovers.quiet 91%": "2026-01-02T23:00Z",
		"fell attainment 99.3%":                             "from 2026-01-01T23:00Z to 2026-01-02",
		"recovers.quiet attainment 99.3%":                   "never",
		"recovers attainment 99.3%":                         "unknown",
		"burn from 2026-01-01T23:00Z to 2026-01-02T00:00Z":  "unknown",
		"good from 2026-01-01T23:00Z to 2026-01-02T00:00Z":  "20",
		"total from 2026-01-01T23:00Z to 2026-01-02T00:00Z": "18",
	}
	for figure, value := range right {
		if broken := check(t, text+figure+" "+value); len(broken) != 0 {
			t.Errorf("%s %s is refused: %v", figure, value, broken)
		}
	}
	for figure, value := range wrong {
		broken := check(t, text+figure+" "+value)
		if len(broken) != 1 || !strings.HasPrefix(broken[0].Error(), "line 11: "+strings.TrimSuffix(written(figure), "%")+" is ") {
			t.Errorf("%s %s: %v, want one error about line 11", figure, value, broken)
		}
	}
}

// written is how a message names a figure.
func written(figure string) string { return strings.ReplaceAll(figure, ":00Z", ":00:00Z") }

func check(t *testing.T, text string) []error {
	t.Helper()
	return one(t, text).Check()
}

// An error of the arithmetic that nobody expects is one, and stands alone.
func TestCheckUnexpectedError(t *testing.T) {
	t.Parallel()
	broken := check(t, "load 2h from 2026-01-01\nvalid 1\nslo metric target 90% window 2h\nassess at 2026-01-01T02:00Z\nstate no_data\ngood 3")
	if len(broken) != 1 || !strings.Contains(broken[0].Error(), "line 4: the bucket") {
		t.Errorf("%v, want one error about the coarse bucket", broken)
	}
}

func TestRunFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "case.slotest")
	const text = "case one\nload 1h from 2026-01-01\n valid 10*4\n bad 0*3 1\n" +
		"slo metric target 90% window 4h\nassess at 2026-01-01T04:00Z\n attainment 97.5%\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	slotest.RunFile(t, path)
}

// FuzzParse: a file is cases or an error with a line of the file, and what was
// read can be checked, whatever it says.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../../testdata/vectors/*.slotest")
	if err != nil || len(files) == 0 {
		f.Fatalf("no vector files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for block := range strings.SplitSeq(string(text), "\ncase ") {
			f.Add("case " + block)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		cases, err := slotest.Parse(text)
		if err != nil {
			var syntax *slotest.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Line > strings.Count(text, "\n")+1 || cases != nil {
				t.Fatalf("%d cases and %v", len(cases), err)
			}
			return
		}
		points := 0
		for _, c := range cases {
			if c.Question.TrendDays > 100 || len(c.Expect) == 0 {
				t.Fatalf("case %+v", c)
			}
			for _, r := range c.Events.Runs {
				points += len(r.Valid)
				for _, v := range append(r.Valid, r.Good...) {
					if math.IsInf(v, 0) {
						t.Fatalf("an infinite value in %+v", r)
					}
				}
			}
			if points < 10_000 {
				c.Check()
			}
		}
	})
}
