package timeseries

import (
	"math"
	"strings"
)

// Missing is the value of a grid cell for which no point was received.
// It is not zero: a sum over nothing but missing cells is unknown.
var Missing = math.NaN()

// IsMissing reports whether v stands for "no point".
func IsMissing(v float64) bool { return v != v }

// Series is a run of values on a regular grid: Values[i] belongs to the bucket
// [Start+i·Step, Start+(i+1)·Step). Start is a multiple of Step. A cell without
// a point holds [Missing].
type Series struct {
	Start, Step int64
	Values      []float64
}

// Span is the stretch that the series was asked for, whether or not points
// arrived for all of it.
func (s Series) Span() Span {
	return Span{Start: s.Start, End: s.Start + s.Step*int64(len(s.Values))}
}

// Blank is a series over the span with every cell missing. The span's ends
// must be multiples of step.
func Blank(span Span, step int64) Series {
	values := make([]float64, span.Seconds()/step)
	for i := range values {
		values[i] = Missing
	}
	return Series{Start: span.Start, Step: step, Values: values}
}

// Request asks a metrics source for the values of several queries, and of
// formulas over queries, over one span at one step. Span's ends are multiples of Step.
type Request struct {
	Queries  []string
	Formulas []Formula
	Span     Span
	Step     int64
}

// Formula is an expression over named queries, both as their owner wrote them.
type Formula struct {
	Text string
	// Inputs are in order of their names.
	Inputs []Input
}

// Input is one query of a [Formula] under the name that the formula knows it by.
type Input struct{ Name, Query string }

// Key tells formulas apart.
func (f Formula) Key() string {
	var key strings.Builder
	key.WriteString(f.Text)
	for _, in := range f.Inputs {
		key.WriteString("\x00" + in.Name + "\x00" + in.Query)
	}
	return key.String()
}

// Group is the series of one tag combination of a query, or of the whole query
// where it does not group. Tags are "key:value", in the order in which the query names its keys.
type Group struct {
	Tags   []string
	Series Series
}

// Answer is what came back for one query or formula of a [Request]: its groups
// (none when there was no point at all), or the error that belongs to it alone.
type Answer struct {
	Groups []Group
	Err    error
	// Every is how many seconds apart the points are where they are regular and
	// farther apart than was asked for, because nothing was sent in between; else 0.
	Every int64
}
