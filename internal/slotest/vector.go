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
	// Fault is why the evidence does not make sense; nil when it does.
	Fault    error
	Question slo.Question
	Expect   []Expectation
}

// Expectation is one line under "assess".
type Expectation struct {
	Line int
	// Figure is what the line is about: "attainment", "burn 1h", "fell", "burn from TIME to TIME".
	Figure string
	// Level is that of "fell" and "recovers", in percent of the budget or, when
	// Attainment says so, as an attainment.
	Level      float64
	Attainment bool
	// Part is the stretch that the figure is over; empty when that is the window.
	Part timeseries.Span
	Want []Want
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

	title       string
	objective   slo.Objective
	kind        slo.Type
	comparison  slo.Comparison // of time slices
	since       int64
	known       timeseries.Span
	tracks      []track
	corrections []slo.Occurrence
	edge        slo.EdgeRule
	assess      *Case // the case whose expectations are being read
	of          string
}

// commands are the words that a line outside an assess may begin with.
const commands = "case, load, valid, good, bad, value, monitor, up, down, silent, track, silence, correct, edge, known, slo, since, assess"

func (p *parser) take(words []string) error {
	command, rest := words[0], words[1:]
	switch command {
	case "case", "load", "monitor", "track", "silence", "correct", "edge", "known", "slo", "since", "assess":
		if err := p.endAssess(); err != nil {
			return err
		}
	}
	if p.assess != nil {
		return p.expect(words)
	}
	switch command {
	case "case":
		*p = parser{line: p.line, cases: p.cases, points: p.points, title: strings.Join(rest, " ")}
		return nil
	case "load":
		return p.load(rest)
	case "valid", "good", "bad", "value":
		return p.values(command, rest)
	case "monitor":
		return p.monitor(rest)
	case "up", "down", "silent":
		return p.states(words)
	case "track":
		return p.openTrack(rest)
	case "silence":
		return p.setSilence(rest)
	case "correct":
		return p.correct(rest)
	case "edge":
		return p.setEdge(rest)
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
	return fmt.Errorf("%q is not one of %s", command, commands)
}

// fromTo reads "from TIME to TIME".
func fromTo(command string, words []string) (timeseries.Span, error) {
	if len(words) != 4 || words[0] != "from" || words[2] != "to" {
		return timeseries.Span{}, fmt.Errorf("want: %s from TIME to TIME", command)
	}
	start, err := parseTime(words[1])
	if err != nil {
		return timeseries.Span{}, err
	}
	end, err := parseTime(words[3])
	return timeseries.Span{Start: start, End: end}, err
}

func (p *parser) knownSpan(words []string) error {
	span, err := fromTo("known", words)
	p.known = span
	return err
}

func (p *parser) correct(words []string) error {
	span, err := fromTo("correct", words)
	p.corrections = append(p.corrections, slo.Occurrence{ID: fmt.Sprintf("line %d", p.line), Span: span})
	return err
}

func (p *parser) setEdge(words []string) error {
	rules := map[string]slo.EdgeRule{
		"by_start": slo.ByStart, "any_overlap": slo.AnyOverlap, "wholly_inside": slo.WhollyInside,
	}
	if len(words) == 1 {
		if rule, ok := rules[words[0]]; ok {
			p.edge = rule
			return nil
		}
	}
	return errors.New("want: edge by_start, any_overlap or wholly_inside")
}

func (p *parser) define(words []string) error {
	const tail = " target PERCENT [warning PERCENT] window LENGTH"
	form := errors.New("want: slo metric" + tail + ", slo monitor" + tail + ", or slo time_slice < NUMBER" + tail)
	if len(words) == 0 {
		return form
	}
	kind, comparison := slo.Type(words[0]), slo.Comparison{}
	words = words[1:]
	switch kind {
	case slo.Metric, slo.Monitor:
	case slo.TimeSlice:
		if len(words) < 2 || !slices.Contains([]string{"<", "<=", ">", ">="}, words[0]) {
			return form
		}
		threshold, err := parseNumber(words[1])
		if err != nil {
			return err
		}
		comparison = slo.Comparison{Comparator: words[0], Threshold: threshold}
		words = words[2:]
	default:
		return form
	}
	if len(words)%2 != 0 {
		return form
	}
	var o slo.Objective
	var err error
	for i := 0; i < len(words) && err == nil; i += 2 {
		switch words[i] {
		case "target":
			o.Target, err = slo.ParseTarget(words[i+1])
		case "warning":
			o.Warning, err = slo.ParseTarget(words[i+1])
		case "window":
			o.Timeframe, err = parseWindow(words[i+1])
		default:
			return form
		}
	}
	if err == nil && (o.Target == 0 || o.Timeframe == 0) {
		return form
	}
	p.objective, p.kind, p.comparison = o, kind, comparison
	return err
}

// parseWindow reads what [slo.ParseTimeframe] does, and whole seconds: the
// windows of recorded answers are of any length.
func parseWindow(s string) (slo.Timeframe, error) {
	digits, isSeconds := strings.CutSuffix(s, "s")
	if !isSeconds {
		return slo.ParseTimeframe(s)
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 || slo.Timeframe(n) > 455*slo.Day {
		return 0, fmt.Errorf("window %q: want a length such as 7d, 36h or 14466s, at most 455d", s)
	}
	return slo.Timeframe(n), nil
}

func (p *parser) begin(words []string) error {
	if (len(words) != 2 && len(words) != 4) || words[0] != "at" || (len(words) == 4 && words[2] != "of") {
		return errors.New("want: assess at TIME, or assess at TIME of TRACK")
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
	p.of = ""
	if len(words) == 4 {
		p.of = words[3]
		if !slices.ContainsFunc(p.tracks, func(t track) bool { return t.name == p.of }) {
			return fmt.Errorf("no track is called %s", p.of)
		}
	}
	if err := p.checkTracks(); err != nil {
		return err
	}
	p.assess = &Case{
		Title: p.title, Line: p.line, Objective: p.objective,
		Question: slo.Question{To: to, Since: p.since},
	}
	return nil
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
	ask(&c.Question, c.Expect)
	known := p.known
	if known == (timeseries.Span{}) {
		known = slo.Extent(c.Objective.Timeframe, c.Question)
	}
	c.Events, c.Fault = p.evidence(known, slo.Cuts(c.Objective.Timeframe, c.Question))
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
