// Package recurrence says when Datadog's status corrections apply: it expands
// the iCalendar rule of a recurring one into its occurrences.
//
// Datadog documents FREQ, INTERVAL, COUNT, UNTIL and BYDAY. What else of RFC
// 5545 is read here is read as the standard has it; a rule that the standard
// does not define, or that this package would evaluate otherwise, is an error.
// Occurrences are reckoned in UTC: Datadog documents the time zone of a
// correction as one for display.
package recurrence

import (
	"errors"
	"fmt"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// maxOccurrences bounds what one correction may have within one span: more
	// than an hourly one has in two years.
	maxOccurrences = 20_000
	// maxSteps bounds how many occurrences are counted through where COUNT does
	// not allow going straight to the span.
	maxSteps = 1_000_000
	// lastSecond is the end of the year 9999, the last one of iCalendar. A later
	// instant is most likely given in milliseconds.
	lastSecond = 253402300799
)

// Expand lists the occurrences of the correction that overlap the span within,
// in order and in full: they are not clipped to it. They may overlap each other.
//
// A correction without a rule happens once, in [Start, End). Occurrence k of a
// recurring one starts at Start plus the rule and lasts Duration; UNTIL
// includes an occurrence that starts exactly then. Where a recurring correction
// has an End, none of its time lies behind it, unless that is no more than the
// end of its first occurrence.
//
// The notes say what the reader must know: correction_dst and
// correction_timezone where its time zone may have been meant, correction_end,
// correction_until and correction_start where it can be read in two ways and
// that matters within the span. The error says what of the correction makes no
// sense, without its id.
func Expand(c slo.Correction, within timeseries.Span) ([]slo.Occurrence, []slo.Note, error) {
	if err := check(c); err != nil {
		return nil, nil, err
	}
	if c.Rule == "" {
		once := slo.Occurrence{ID: c.ID, Span: timeseries.Span{Start: c.Start, End: c.End}}
		if !once.Span.Overlaps(within) {
			return nil, nil, nil
		}
		return []slo.Occurrence{once}, nil, nil
	}
	if c.End <= c.Start+c.Duration {
		c.End = 0
	}
	r, err := parseRule(c.Rule)
	if err != nil {
		return nil, nil, fmt.Errorf("recurrence rule %s: %w", quote(c.Rule), err)
	}
	x := expansion{correction: c, within: within, rule: r}
	if err := x.run(); err != nil {
		return nil, nil, fmt.Errorf("recurrence rule %s: %w", quote(c.Rule), err)
	}
	return x.occurrences, append(x.notes, zoneNotes(c, x.occurrences)...), nil
}

// check refuses a correction whose instants make no sense.
func check(c slo.Correction) error {
	switch {
	case c.Unreadable != "":
		return errors.New(c.Unreadable)
	case c.Start <= 0:
		return fmt.Errorf("its start %d is not a Unix second after 1970 began", c.Start)
	case c.Start > lastSecond:
		return fmt.Errorf("its start %d lies behind the year 9999: expected Unix seconds", c.Start)
	case c.End > lastSecond:
		return fmt.Errorf("its end %d lies behind the year 9999: expected Unix seconds", c.End)
	case c.Rule == "" && c.End == 0:
		return errors.New("it has neither an end nor a recurrence rule")
	case c.Rule == "" && c.End < c.Start:
		return fmt.Errorf("its end %d is before its start %d", c.End, c.Start)
	case c.Rule != "" && c.End != 0 && c.End <= c.Start:
		return fmt.Errorf("its end %d is not after its start %d", c.End, c.Start)
	case c.Rule == "":
		return nil
	case c.Duration <= 0:
		return fmt.Errorf("it recurs and has the duration %d: expected seconds, 1 or more", c.Duration)
	case c.Duration > lastSecond:
		return fmt.Errorf("its duration of %d s is longer than the calendar", c.Duration)
	}
	return nil
}

// expansion is the work on one recurring correction.
type expansion struct {
	correction slo.Correction
	within     timeseries.Span
	rule       rule

	occurrences []slo.Occurrence
	notes       []slo.Note
}

func (x *expansion) run() error {
	c, within := x.correction, x.within
	stop := min(within.End, lastSecond+1) // the first second at which no occurrence can matter
	if stop <= c.Start || within.Empty() {
		return nil
	}
	option := x.rule.option
	skipped := x.skip()
	start := c.Start + skipped*x.rule.period
	if option.Count > 0 {
		if skipped >= int64(option.Count) {
			return nil
		}
		option.Count -= int(skipped)
	}
	if start >= stop {
		return nil
	}
	option.Dtstart = time.Unix(start, 0).UTC()
	// The library's own end of an endless rule is 290 years away.
	option.Until = time.Unix(stop-1, 0).UTC()
	if x.rule.hasUntil && x.rule.until < stop {
		option.Until = time.Unix(x.rule.until, 0).UTC()
	}
	recurring, err := rrule.NewRRule(option)
	if err != nil {
		return err
	}
	return x.collect(recurring.Iterator())
}

// skip is the number of whole periods between the start and the first
// occurrence that can matter, so that a rule of many years is not counted
// through. Under COUNT that needs exactly one occurrence a period.
func (x *expansion) skip() int64 {
	c := x.correction
	if x.rule.period == 0 || x.rule.option.Count > 0 && x.rule.selective {
		return 0
	}
	if x.within.Start <= c.Start+c.Duration {
		return 0
	}
	return (x.within.Start - c.Duration - c.Start) / x.rule.period
}

// collect keeps what overlaps the span.
func (x *expansion) collect(next rrule.Next) error {
	c := x.correction
	var cut, untilDay bool // something was left out by the end, or by a day as UNTIL
	for step := 0; ; step++ {
		at, more := next()
		// Where the start itself matters nothing was skipped, so this is the rule's first instant.
		if step == 0 && (!more || at.Unix() != c.Start) && x.span(c.Start).Overlaps(x.within) {
			x.note("correction_start", "status correction %s starts at %s, which its own recurrence rule does not select: that time is not corrected, and Datadog may correct it",
				c.ID, timeseries.Format(c.Start))
		}
		if !more {
			break
		}
		if step == maxSteps {
			return fmt.Errorf("more than %d occurrences would have to be counted up to %s", maxSteps, timeseries.Format(x.within.End))
		}
		span := x.span(at.Unix())
		if !span.Overlaps(x.within) {
			continue
		}
		if x.rule.wholeDay && at.Unix() > x.rule.midnight {
			untilDay = true
			continue
		}
		if c.End != 0 && span.End > c.End {
			cut = cut || span.Intersect(x.within).End > c.End
			if at.Unix() >= c.End {
				break // as everything later does
			}
			if span.End = c.End; !span.Overlaps(x.within) {
				continue
			}
		}
		if len(x.occurrences) == maxOccurrences {
			return fmt.Errorf("more than %d occurrences in %s", maxOccurrences, x.within)
		}
		x.occurrences = append(x.occurrences, slo.Occurrence{ID: c.ID, Span: span})
	}
	if cut {
		x.note("correction_end", "status correction %s recurs and has an end, %s: nothing is corrected from then on, and Datadog does not document whether it does the same",
			c.ID, timeseries.Format(c.End))
	}
	if untilDay {
		x.note("correction_until", "status correction %s recurs until the day %s without a time of day: read as the beginning of that day in UTC, so what starts later on it is not corrected",
			c.ID, time.Unix(x.rule.midnight, 0).UTC().Format(time.DateOnly))
	}
	return nil
}

// span is the occurrence that starts at an instant, were there no end.
func (x *expansion) span(at int64) timeseries.Span {
	return timeseries.Span{Start: at, End: at + x.correction.Duration}
}

func (x *expansion) note(code, format string, args ...any) {
	x.notes = append(x.notes, slo.Note{Code: code, Text: fmt.Sprintf(format, args...)})
}
