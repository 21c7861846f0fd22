package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
	"github.com/teambition/rrule-go"
)

// maxOccurrences bounds how often a correction recurs: every hour for two
// years, every day for half a century.
const maxOccurrences = 20_000

// occurrence is one stretch that a correction takes out.
type occurrence struct {
	span
	of *correction
}

// occurrences are those of the corrections that apply to an SLO which reach
// into a window.
func (s *Server) occurrences(o *slo, window span) []occurrence {
	var all []occurrence
	for _, c := range s.corrections {
		if !c.appliesTo(o) {
			continue
		}
		for _, at := range c.spans(window) {
			all = append(all, occurrence{at, c})
		}
	}
	return all
}

// spans are the correction's stretches that reach into a window.
func (c *correction) spans(window span) []span {
	var all []span
	for _, at := range c.every() {
		if at.from >= window.to {
			break
		}
		if at.and(window).seconds() > 0 {
			all = append(all, at)
		}
	}
	return all
}

// expanded are all the correction's stretches in order of time. A rule that
// cannot be read has none.
func (c *correction) expanded() []span {
	if c.Rule == "" {
		return []span{{c.Start, c.End}}
	}
	rule, err := readRule(c.Rule, c.Start)
	if err != nil || c.Duration <= 0 {
		return nil
	}
	var all []span
	next := rule.Iterator()
	for range maxOccurrences {
		start, ok := next()
		if !ok {
			break
		}
		all = append(all, span{start.Unix(), start.Unix() + c.Duration})
	}
	return all
}

// readRule reads a recurrence rule that begins at start and runs in UTC, of
// the keys that Datadog has.
func readRule(text string, start int64) (*rrule.RRule, error) {
	for part := range strings.SplitSeq(text, ";") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "INTERVAL", "COUNT":
			// The library takes 0 for 1 or for no end, and breaks down over
			// the largest numbers.
			if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 1e6 {
				return nil, fmt.Errorf("%s is not possible", part)
			}
		case "FREQ":
			if value == "SECONDLY" || value == "MINUTELY" {
				return nil, fmt.Errorf("%s is too often", part)
			}
		case "UNTIL", "BYDAY":
		default:
			return nil, fmt.Errorf("unknown key %q", key)
		}
	}
	option, err := rrule.StrToROption(text)
	if err != nil {
		return nil, err
	}
	option.Dtstart = time.Unix(start, 0).UTC()
	return rrule.NewRRule(*option)
}

// effective are the stretches that occurrences take out where time comes in
// steps of so many seconds: in order, disjoint. By default a step is taken out
// when it begins in an occurrence; other rules are for deviating figures.
func effective(list []occurrence, step int64, edge string) []span {
	var all []span
	for _, o := range list {
		at := span{ceil(o.from, step), ceil(o.to, step)}
		switch edge {
		case scenario.EdgeOverlap:
			at.from = floor(o.from, step)
		case scenario.EdgeInside:
			at.to = floor(o.to, step)
		}
		all = append(all, at)
	}
	return union(all)
}

// movedRule moves the end of a rule by so many seconds.
func movedRule(rule string, shift int64) string {
	if shift == 0 {
		return rule
	}
	parts := strings.Split(rule, ";")
	for i, p := range parts {
		text, ok := strings.CutPrefix(p, "UNTIL=")
		if !ok {
			continue
		}
		for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
			if at, err := time.Parse(layout, text); err == nil {
				parts[i] = "UNTIL=" + at.Add(time.Duration(shift)*time.Second).Format("20060102T150405Z")
				break
			}
		}
	}
	return strings.Join(parts, ";")
}
