package judge

import (
	"math"
	"slices"
)

// tally adds outcomes up.
type tally struct {
	series                      int
	events, found, in7, in10    int
	wrong                       int
	findings, stray, told, more int
	weeks                       float64
	delays                      []float64
	volume                      float64
	volumes                     int
}

func (t *tally) add(o Outcome, step int64, counts func(Event) bool) {
	t.series++
	t.weeks += o.Weeks
	t.wrong += o.False
	t.findings += o.Findings
	t.stray += o.Stray
	for _, s := range o.Sightings {
		if !counts(s.Event) {
			continue
		}
		t.events++
		if s.Findings > 0 {
			t.told++
			t.more += s.Findings - 1
		}
		if !s.Found {
			continue
		}
		t.found++
		if s.Delay < 7 {
			t.in7++
		}
		if s.Delay < 10 {
			t.in10++
		}
		t.delays = append(t.delays, float64(int64(s.Delay)*step)/minute)
	}
	if o.VUS == o.VUS {
		t.volume += o.VUS
		t.volumes++
	}
}

func share(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

func (t *tally) recall() float64    { return share(t.found, t.events) }
func (t *tally) precision() float64 { return share(t.found, t.found+t.wrong) }

// f1 is the harmonic mean of precision and recall.
func (t *tally) f1() float64 { return share(2*t.found, t.found+t.wrong+t.events) }

// perWeek is false alarms per series and week.
func (t *tally) perWeek() float64 { return float64(t.wrong) / t.weeks }

// strays is the findings that touch no incident, a series and week; a dash for what has no findings.
func (t *tally) strays() string {
	if t.findings == 0 {
		return "–"
	}
	return number(float64(t.stray) / t.weeks)
}

// delay is the median in minutes of those found.
func (t *tally) delay() float64 {
	if len(t.delays) == 0 {
		return math.NaN()
	}
	slices.Sort(t.delays)
	return middle(t.delays)
}

func (t *tally) vus() float64 {
	if t.volumes == 0 {
		return math.NaN()
	}
	return t.volume / float64(t.volumes)
}

// total adds up one setting over the results that are wanted.
func total(results []Result, s setting, wanted func(*Result) bool, counts func(Event) bool) *tally {
	var t tally
	for i := range results {
		r := &results[i]
		if o, ok := r.outcomes[s]; ok && wanted(r) {
			t.add(o, r.Step, counts)
		}
	}
	return &t
}

func every(*Result) bool { return true }
func all(Event) bool     { return true }
func seen(e Event) bool  { return e.Visible() }

// best is the threshold of a view that gives the largest F1 over everything.
func best(results []Result, view string) setting {
	out, top := setting{}, -1.0
	for _, threshold := range theirs() {
		s := setting{view, threshold}
		if f := total(results, s, every, seen).f1(); f > top {
			out, top = s, f
		}
	}
	return out
}
