package simulator

import (
	"fmt"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// sliceSeconds is the length of a slice where the SLO does not say.
const sliceSeconds = 300

// slicing is how an SLO of the type time_slice is measured.
type slicing struct {
	names   []string
	queries []metricquery.Expr
	formula metricquery.Expr
	step    int64
	good    func(float64) bool
}

func newSlicing(d *scenario.Slice) (*slicing, error) {
	s := &slicing{step: d.Seconds}
	if s.step == 0 {
		s.step = sliceSeconds
	}
	switch d.Comparator {
	case ">":
		s.good = func(v float64) bool { return v > d.Threshold }
	case ">=":
		s.good = func(v float64) bool { return v >= d.Threshold }
	case "<":
		s.good = func(v float64) bool { return v < d.Threshold }
	case "<=":
		s.good = func(v float64) bool { return v <= d.Threshold }
	default:
		return nil, fmt.Errorf("unknown comparator %q", d.Comparator)
	}
	for _, q := range d.Queries {
		x, err := metricquery.Parse(q.Query)
		if err != nil {
			return nil, err
		}
		s.names, s.queries = append(s.names, q.Name), append(s.queries, x)
	}
	var err error
	s.formula, err = metricquery.Parse(d.Formula)
	return s, err
}

// part is a group or a monitor of a time-based SLO.
type part struct {
	// id is a monitor's, 0 for a group.
	id    int64
	name  string
	track track
	// monitor is set for a monitor, and for the groups of one.
	monitor *monitor
}

// slices are the groups of an SLO in the slices that the window touches, from
// what is known of the metrics at an instant. A slice whose formula has no
// value is up, as documented, or down.
func (s *Server) slices(o *slo, window span, known int64, missingDown bool) ([]part, error) {
	if window.to <= window.from {
		return nil, nil
	}
	step := o.slice.step
	whole := o.slice.touched(window)
	// Nothing is kept of what is older than that.
	kept := max(whole.from, floor(s.now()-retention, step))
	g := grid{from: kept, to: min(whole.to, known), step: step}
	e := s.evaluation(g)
	e.refs = map[string]table{}
	for i, x := range o.slice.queries {
		t, err := s.evaluation(g).eval(x)
		if err != nil {
			return nil, err
		}
		e.refs[o.slice.names[i]] = t
	}
	t, err := e.eval(o.slice.formula)
	if err != nil {
		return nil, err
	}
	if t.constant {
		return nil, badRequest("Error parsing formula: %s names no query", o.Slice.Formula)
	}
	var parts []part
	for _, r := range t.rows {
		if !r.empty() {
			parts = append(parts, part{name: strings.Join(r.tags, ","), track: o.slice.track(r.values, kept, window, missingDown)})
		}
	}
	if len(parts) == 0 {
		parts = []part{{track: o.slice.track(nil, kept, window, missingDown)}}
	}
	return parts, nil
}

// touched is the time of the slices that a window touches.
func (s *slicing) touched(window span) span {
	return span{floor(window.from, s.step), ceil(window.to, s.step)}
}

// track turns the values of slices, the first of which begins at start, into
// the states of those that a window touches. Before and behind the values
// nothing is known.
func (s *slicing) track(values []float64, start int64, window span, missingDown bool) track {
	whole := s.touched(window)
	silent := stretch{state: stateSilent, up: !missingDown, counts: true}
	before, behind := silent, silent
	before.span = span{whole.from, min(start, whole.to)}
	t := track{}.push(before)
	at := max(start, whole.from)
	for _, v := range values {
		one := silent
		if !isMissing(v) {
			one.state, one.up = stateUp, true
			if !s.good(v) {
				one.state, one.up = stateDown, false
			}
		}
		one.span = span{at, at + s.step}
		t = t.push(one)
		at += s.step
	}
	behind.span = span{at, whole.to}
	return t.push(behind)
}
