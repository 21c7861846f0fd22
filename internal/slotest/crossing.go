package slotest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// recentDays is how far back the parts may lie of which is asked.
const recentDays = 7

// subject reads what an expectation is about, and returns the words after it.
func (p *parser) subject(line []string) (e Expectation, rest []string, err error) {
	e, rest = Expectation{Figure: line[0]}, line[1:]
	switch {
	case slices.Contains([]string{"burn", "good", "total"}, e.Figure) && len(rest) > 0 && rest[0] == "from":
		form := e.Figure + " from TIME to TIME"
		if len(rest) < 4 {
			return e, nil, errors.New("want: " + form)
		}
		e.Part, err = fromTo(e.Figure, rest[:4])
		to := p.assess.Question.To
		if recent := (timeseries.Span{Start: to - recentDays*int64(slo.Day), End: to}); err == nil && (e.Part.Empty() || !recent.Covers(e.Part)) {
			err = fmt.Errorf("want: %s, which is some of the last %d days", form, recentDays)
		}
		e.Figure, rest = form, rest[4:]
	case e.Figure == "burn" && len(rest) > 0:
		e.Figure, rest = e.Figure+" "+rest[0], rest[1:]
	case e.crosses():
		form := fmt.Errorf("want: %s LEVEL and when, or %s attainment PERCENT and when", e.Figure, e.Figure)
		if len(rest) > 0 && rest[0] == "attainment" {
			e.Attainment, rest = true, rest[1:]
		}
		if len(rest) == 0 {
			return e, nil, form
		}
		if e.Level, err = parseNumber(strings.TrimSuffix(rest[0], "%")); err != nil {
			return e, nil, form
		}
		rest = rest[1:]
	}
	return e, rest, err
}

// alike reports whether two lines are about the same.
func (e Expectation) alike(f Expectation) bool {
	return e.Figure == f.Figure && e.Part == f.Part && e.Level == f.Level && e.Attainment == f.Attainment
}

// name is what a line is about, for messages.
func (e Expectation) name() string {
	switch {
	case e.crosses() && e.Attainment:
		return fmt.Sprintf("%s attainment %v", e.Figure, e.Level)
	case e.crosses():
		return fmt.Sprintf("%s %v", e.Figure, e.Level)
	case !e.Part.Empty():
		return strings.Replace(e.Figure, "TIME to TIME", timeseries.Format(e.Part.Start)+" to "+timeseries.Format(e.Part.End), 1)
	}
	return e.Figure
}

// crosses reports whether the line is about a [slo.Crossing].
func (e Expectation) crosses() bool {
	return slices.Contains([]string{"fell", "recovers", "recovers.quiet"}, e.Figure)
}

// ask puts what the lines are about into the question.
func ask(q *slo.Question, lines []Expectation) {
	for _, e := range lines {
		switch {
		case e.Figure == "trend":
			q.TrendDays = len(e.Want)
		case !e.Part.Empty():
			q.Recent = max(q.Recent, q.To-e.Part.Start)
		case e.crosses() && e.Attainment:
			q.Attainments = add(q.Attainments, e.Level)
		case e.crosses():
			q.Levels = add(q.Levels, e.Level)
		}
	}
}

func add(levels []float64, level float64) []float64 {
	if slices.Contains(levels, level) {
		return levels
	}
	return append(levels, level)
}

// parseBetween reads "from TIME to TIME", "never" and "unknown".
func parseBetween(figure string, words []string) ([]Want, error) {
	if len(words) == 1 && (words[0] == "never" || words[0] == "unknown") {
		return []Want{{Text: words[0]}}, nil
	}
	if len(words) != 4 {
		return nil, fmt.Errorf("want: %s from TIME to TIME, never or unknown", figure)
	}
	span, err := fromTo(figure, words)
	return []Want{
		{Text: words[1], IsNumber: true, Number: float64(span.Start)},
		{Text: words[3], IsNumber: true, Number: float64(span.End)},
	}, err
}

// crossing checks a line about the crossing of a level.
func (e Expectation) crossing(a slo.Assessment, q slo.Question) (got string, ok bool) {
	i := slices.Index(q.Levels, e.Level)
	if e.Attainment {
		i = len(q.Levels) + slices.Index(q.Attainments, e.Level)
	}
	if i >= len(a.Crossings) {
		return "unknown", e.Want[0].Text == "unknown"
	}
	c := a.Crossings[i]
	switch e.Figure {
	case "fell":
		return e.between(c.Fell)
	case "recovers.quiet":
		return e.instant(c.RecoversQuiet)
	}
	return e.instant(c.Recovers)
}

// between checks a stretch of time; an empty one is never.
func (e Expectation) between(s timeseries.Span) (got string, ok bool) {
	if s.Empty() {
		return "never", e.Want[0].Text == "never"
	}
	ok = len(e.Want) == 2 && float64(s.Start) == e.Want[0].Number && float64(s.End) == e.Want[1].Number
	return timeseries.Format(s.Start) + " " + timeseries.Format(s.End), ok
}

// instant checks an instant; 0 is never.
func (e Expectation) instant(at int64) (got string, ok bool) {
	if at == 0 {
		return "never", e.Want[0].Text == "never"
	}
	return timeseries.Format(at), e.Want[0].IsNumber && float64(at) == e.Want[0].Number
}

// part is a figure over a part of the recent past.
func (e Expectation) part(a slo.Assessment) slo.Figure {
	good, valid := a.Recent.Counts(e.Part)
	switch e.Figure {
	case "good from TIME to TIME":
		return good
	case "total from TIME to TIME":
		return valid
	}
	return a.Recent.BurnRate(a.Objective.Target, e.Part)
}
