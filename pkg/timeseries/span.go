package timeseries

import (
	"fmt"
	"time"
)

// Span is the half-open stretch of time [Start, End), in Unix seconds.
// A span whose End is not after its Start is empty.
type Span struct {
	Start, End int64
}

// Between is the span from one instant to another, whole seconds.
func Between(start, end time.Time) Span {
	return Span{Start: start.Unix(), End: end.Unix()}
}

// Seconds is the length of the span, 0 when it is empty.
func (s Span) Seconds() int64 {
	return max(0, s.End-s.Start)
}

// Empty reports whether no instant lies in the span.
func (s Span) Empty() bool { return s.End <= s.Start }

// Contains reports whether the instant t lies in the span.
func (s Span) Contains(t int64) bool { return t >= s.Start && t < s.End }

// Covers reports whether every instant of u lies in s.
// An empty span is covered by every span.
func (s Span) Covers(u Span) bool {
	return u.Empty() || (u.Start >= s.Start && u.End <= s.End)
}

// Overlaps reports whether some instant lies in both.
func (s Span) Overlaps(u Span) bool { return !s.Intersect(u).Empty() }

// Intersect is the stretch that lies in both spans, possibly empty.
func (s Span) Intersect(u Span) Span {
	return Span{Start: max(s.Start, u.Start), End: min(s.End, u.End)}
}

// Without is what of the span lies in none of the others, which are in order and disjoint.
func (s Span) Without(others []Span) []Span {
	var left []Span
	for _, o := range others {
		if !o.Overlaps(s) {
			continue
		}
		if before := (Span{Start: s.Start, End: o.Start}); !before.Empty() {
			left = append(left, before)
		}
		s.Start = o.End
	}
	if !s.Empty() {
		left = append(left, s)
	}
	return left
}

// Shift moves the span by d seconds.
func (s Span) Shift(d int64) Span { return Span{Start: s.Start + d, End: s.End + d} }

// String is the span in RFC 3339, for messages.
func (s Span) String() string {
	return fmt.Sprintf("[%s, %s)", Format(s.Start), Format(s.End))
}

// Floor is the last multiple of step that is not after t.
func Floor(t, step int64) int64 {
	f := t - t%step
	if f > t {
		f -= step
	}
	return f
}

// Ceil is the first multiple of step that is not before t.
func Ceil(t, step int64) int64 { return -Floor(-t, step) }

// Format writes a Unix second in RFC 3339, UTC.
func Format(t int64) string { return time.Unix(t, 0).UTC().Format(time.RFC3339) }
