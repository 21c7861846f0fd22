package slotest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// maxPoints bounds what one file may load: a year of minutes, so that a slip
// of the finger in a repeat count is an error and not a full memory.
const maxPoints = 366 * 24 * 60

// Case is one question with the answer it must get.
type Case struct {
	// Title is from the last "case" line, Line is that of "assess".
	Title     string
	Line      int
	Objective slo.Objective
	Events    slo.Events
	Question  slo.Question
	Expect    []Expectation
}

// Expectation is one line under "assess".
type Expectation struct {
	Line int
	// Figure is what the line is about: "attainment", "burn 1h".
	Figure string
	Want   []Want
}

// Want is one value of an expectation: a number with its tolerance, or a word.
type Want struct {
	// Text is the value as it was written, without units.
	Text      string
	IsNumber  bool
	Number    float64
	Tolerance float64
}

// SyntaxError says what is wrong with a vector file, and in which line.
type SyntaxError struct {
	Line    int
	Message string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Parse reads a vector file.
func Parse(text string) ([]Case, error) {
	var p parser
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		p.line = i + 1
		if err := p.take(words); err != nil {
			return nil, &SyntaxError{Line: p.line, Message: err.Error()}
		}
	}
	if err := p.endAssess(); err != nil {
		return nil, &SyntaxError{Line: p.assess.Line, Message: err.Error()}
	}
	return p.cases, nil
}

// parser is what has been read so far of the file.
type parser struct {
	line   int
	cases  []Case
	points int

	title     string
	objective slo.Objective
	since     int64
	known     timeseries.Span
	runs      []run
	assess    *Case // the case whose expectations are being read
}

// run is a load block; a side is nil until its first line.
type run struct {
	line             int
	start, step      int64
	valid, good, bad []float64
}

func (p *parser) take(words []string) error {
	command, rest := words[0], words[1:]
	switch command {
	case "case", "load", "known", "slo", "since", "assess":
		if err := p.endAssess(); err != nil {
			return err
		}
	}
	switch command {
	case "case":
		*p = parser{line: p.line, cases: p.cases, points: p.points, title: strings.Join(rest, " ")}
		return nil
	case "load":
		return p.load(rest)
	case "valid", "good", "bad":
		if p.assess == nil {
			return p.values(command, rest)
		}
		return p.expect(words)
	case "known":
		return p.knownSpan(rest)
	case "slo":
		return p.define(rest)
	case "since":
		if len(rest) != 1 {
			return errors.New("want: since TIME")
		}
		at, err := parseTime(rest[0])
		p.since = at
		return err
	case "assess":
		return p.begin(rest)
	}
	if p.assess == nil {
		return fmt.Errorf("%q is not one of case, load, valid, good, bad, known, slo, since, assess", command)
	}
	return p.expect(words)
}

func (p *parser) load(words []string) error {
	if len(words) != 3 || words[1] != "from" {
		return errors.New("want: load STEP from TIME, such as load 5m from 2026-01-01T00:00Z")
	}
	step, err := time.ParseDuration(words[0])
	if err != nil || step < time.Second || step%time.Second != 0 {
		return fmt.Errorf("step %q: want whole seconds, such as 5m or 1h", words[0])
	}
	start, err := parseTime(words[2])
	if err != nil {
		return err
	}
	p.runs = append(p.runs, run{line: p.line, start: start, step: int64(step / time.Second)})
	return nil
}

func (p *parser) values(side string, words []string) error {
	if len(p.runs) == 0 {
		return fmt.Errorf("%s without a load line above it", side)
	}
	r := &p.runs[len(p.runs)-1]
	into := map[string]*[]float64{"valid": &r.valid, "good": &r.good, "bad": &r.bad}[side]
	for _, w := range words {
		values, err := parseValues(w, maxPoints-p.points)
		if err != nil {
			return err
		}
		p.points += len(values)
		*into = append(*into, values...)
	}
	if len(r.good) > 0 && len(r.bad) > 0 {
		return errors.New("a run has good or bad, not both")
	}
	return nil
}

func (p *parser) knownSpan(words []string) error {
	if len(words) != 4 || words[0] != "from" || words[2] != "to" {
		return errors.New("want: known from TIME to TIME")
	}
	start, err := parseTime(words[1])
	if err != nil {
		return err
	}
	end, err := parseTime(words[3])
	p.known = timeseries.Span{Start: start, End: end}
	return err
}

func (p *parser) define(words []string) error {
	const form = "want: slo metric target PERCENT [warning PERCENT] window LENGTH"
	if len(words) == 0 || words[0] != "metric" || len(words)%2 != 1 {
		return errors.New(form)
	}
	var o slo.Objective
	var err error
	for i := 1; i < len(words) && err == nil; i += 2 {
		switch words[i] {
		case "target":
			o.Target, err = slo.ParseTarget(words[i+1])
		case "warning":
			o.Warning, err = slo.ParseTarget(words[i+1])
		case "window":
			o.Timeframe, err = slo.ParseTimeframe(words[i+1])
		default:
			return errors.New(form)
		}
	}
	if err == nil && (o.Target == 0 || o.Timeframe == 0) {
		return errors.New(form)
	}
	p.objective = o
	return err
}

func (p *parser) begin(words []string) error {
	if len(words) != 2 || words[0] != "at" {
		return errors.New("want: assess at TIME")
	}
	to, err := parseTime(words[1])
	if err != nil {
		return err
	}
	if p.objective.Target == 0 {
		return errors.New("assess without a slo line above it")
	}
	if p.since >= to {
		return errors.New("since is not before the instant of assess")
	}
	runs, err := p.evidence()
	if err != nil {
		return err
	}
	p.assess = &Case{
		Title: p.title, Line: p.line, Objective: p.objective,
		Events:   slo.Events{Known: p.known, Runs: runs},
		Question: slo.Question{To: to, Since: p.since},
	}
	return nil
}

// evidence completes the runs: sides of equal length, bad turned into good.
func (p *parser) evidence() ([]slo.Run, error) {
	var runs []slo.Run
	for _, r := range p.runs {
		n := max(len(r.valid), len(r.good), len(r.bad))
		side := func(name string, values []float64) ([]float64, error) {
			if values == nil {
				values = slices.Repeat([]float64{timeseries.Missing}, n)
			}
			if len(values) != n {
				return nil, fmt.Errorf("the run of line %d has %d %s values of %d", r.line, len(values), name, n)
			}
			return values, nil
		}
		valid, err := side("valid", r.valid)
		if err != nil {
			return nil, err
		}
		good, err := side("good", r.good)
		if err != nil {
			return nil, err
		}
		if r.bad != nil {
			if good, err = side("bad", r.bad); err != nil {
				return nil, err
			}
			good = slices.Clone(good)
			for i := range good {
				if !timeseries.IsMissing(valid[i]) || !timeseries.IsMissing(good[i]) {
					good[i] = present(valid[i]) - present(good[i])
				}
			}
		}
		runs = append(runs, slo.Run{Start: r.start, Step: r.step, Good: good, Valid: valid})
	}
	return runs, nil
}

func present(v float64) float64 {
	if timeseries.IsMissing(v) {
		return 0
	}
	return v
}

func (p *parser) endAssess() error {
	if p.assess == nil {
		return nil
	}
	c := *p.assess
	if len(c.Expect) == 0 {
		return fmt.Errorf("the assess of line %d expects nothing", c.Line)
	}
	p.assess = nil
	for _, e := range c.Expect {
		if e.Figure == "trend" {
			c.Question.TrendDays = len(e.Want)
		}
	}
	if c.Events.Known == (timeseries.Span{}) {
		c.Events.Known = slo.Extent(c.Objective.Timeframe, c.Question)
	}
	p.cases = append(p.cases, c)
	return nil
}

// parseTime reads RFC 3339, with or without seconds, or a bare date (midnight UTC).
func parseTime(s string) (int64, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		t, err := time.Parse(layout, s)
		if err == nil && t.Unix() > 0 && t.Year() < 3000 {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("time %q: want one such as 2026-01-01T09:30Z", s)
}

// parseValues reads one word of a side: v, v*n, _, _*n, a+bxn or a-bxn.
func parseValues(word string, room int) ([]float64, error) {
	bad := fmt.Errorf("value %q: want a number, 100*12, _, _*12, or a ramp such as 5+2x4", word)
	base, slope, count := word, "0", "1"
	if b, n, ok := strings.Cut(word, "*"); ok {
		base, count = b, n
	} else if b, n, ok := strings.Cut(word, "x"); ok {
		at := strings.LastIndexAny(b, "+-")
		if at < 1 {
			return nil, bad
		}
		base, slope, count = b[:at], b[at:], n
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return nil, bad
	}
	if n > room {
		return nil, fmt.Errorf("value %q: a file may load at most %d points", word, maxPoints)
	}
	first := timeseries.Missing
	if base != "_" {
		if first, err = parseNumber(base); err != nil {
			return nil, bad
		}
	}
	step, err := parseNumber(slope)
	if err != nil {
		return nil, bad
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = first + float64(i)*step
	}
	return values, nil
}

// parseNumber reads a decimal without exponent, hexadecimal or infinities.
func parseNumber(s string) (float64, error) {
	if s == "" || strings.Trim(s, "+-.0123456789") != "" {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.Abs(v) > 1e18 {
		return 0, fmt.Errorf("%q is not a number up to 1000000000000000000", s)
	}
	return v, nil
}
