package slotest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// track is what was loaded of one group or of one monitor. A file that names
// none has one without a name.
type track struct {
	name        string
	silence     slo.SilencePolicy
	runs        []run
	transitions []slo.Transition
	// next is where the next state of the open monitor line begins; 0 when none is open.
	next int64
}

// run is a load block; a side is nil until its first line.
type run struct {
	line             int
	start, step      int64
	valid, good, bad []float64
	value            []float64
	observed         []bool // belongs to value
}

func (r run) end() int64 {
	return r.start + r.step*int64(max(len(r.valid), len(r.good), len(r.bad), len(r.value)))
}

// track is the one that lines belong to at present.
func (p *parser) track() *track {
	if len(p.tracks) == 0 {
		p.tracks = []track{{}}
	}
	return &p.tracks[len(p.tracks)-1]
}

func (p *parser) openTrack(words []string) error {
	if len(words) != 1 {
		return errors.New("want: track NAME")
	}
	if slices.ContainsFunc(p.tracks, func(t track) bool { return t.name == words[0] || t.name == "" }) {
		return errors.New("every track wants a name of its own, also the first")
	}
	p.tracks = append(p.tracks, track{name: words[0]})
	return nil
}

func (p *parser) setSilence(words []string) error {
	policies := map[string]slo.SilencePolicy{
		"up": slo.SilenceUp, "down": slo.SilenceDown, "carried": slo.SilenceCarried, "removed": slo.SilenceRemoved,
	}
	if len(words) == 1 {
		if policy, ok := policies[words[0]]; ok {
			p.track().silence = policy
			return nil
		}
	}
	return errors.New("want: silence up, down, carried or removed")
}

func (p *parser) load(words []string) error {
	if len(words) != 3 || words[1] != "from" {
		return errors.New("want: load STEP from TIME, such as load 5m from 2026-01-01T00:00Z")
	}
	step, err := parseLength(words[0])
	if err != nil {
		return fmt.Errorf("step %q: want whole seconds, such as 5m or 1h", words[0])
	}
	start, err := parseTime(words[2])
	if err != nil {
		return err
	}
	t := p.track()
	t.runs = append(t.runs, run{line: p.line, start: start, step: step})
	return nil
}

// parseLength reads a length of whole seconds: 90s, 5m, 1h30m.
func parseLength(s string) (int64, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second || d%time.Second != 0 {
		return 0, fmt.Errorf("length %q: want whole seconds, such as 90s, 5m or 1h30m", s)
	}
	return int64(d / time.Second), nil
}

func (p *parser) values(side string, words []string) error {
	t := p.track()
	if len(t.runs) == 0 {
		return fmt.Errorf("%s without a load line above it", side)
	}
	r := &t.runs[len(t.runs)-1]
	into := map[string]*[]float64{"valid": &r.valid, "good": &r.good, "bad": &r.bad, "value": &r.value}[side]
	for _, w := range words {
		// Where a slice has no value its queries may still have had points.
		observed := side == "value" && w[0] == '?'
		text := w
		if observed {
			text = "_" + w[1:]
		}
		values, err := parseValues(text, maxPoints-p.points)
		if err != nil {
			return err
		}
		p.points += len(values)
		*into = append(*into, values...)
		if side == "value" {
			observed = observed || !timeseries.IsMissing(values[0])
			r.observed = append(r.observed, slices.Repeat([]bool{observed}, len(values))...)
		}
	}
	if len(r.good) > 0 && len(r.bad) > 0 {
		return errors.New("a run has good or bad, not both")
	}
	return nil
}

func (p *parser) monitor(words []string) error {
	if len(words) != 2 || words[0] != "from" {
		return errors.New("want: monitor from TIME")
	}
	at, err := parseTime(words[1])
	p.track().next = at
	return err
}

// states reads a line such as "up 20m down 5m times 3" or "up 20m down".
func (p *parser) states(words []string) error {
	t := p.track()
	if t.next == 0 {
		return fmt.Errorf("%s without a monitor line above it that is still open", words[0])
	}
	form := errors.New("want states with their lengths, such as: up 20m down 5m times 3; only the very last may have none")
	times := 1
	if n := len(words); n > 2 && words[n-2] == "times" {
		var err error
		if times, err = strconv.Atoi(words[n-1]); err != nil || times < 1 || n%2 != 0 {
			return form
		}
		words = words[:n-2]
	}
	if len(words)*times > maxPoints-p.points {
		return fmt.Errorf("a file may load at most %d points", maxPoints)
	}
	p.points += len(words) * times
	conditions := map[string]slo.Condition{"up": slo.Up, "down": slo.Down, "silent": slo.Silent}
	for range times {
		for i := 0; i < len(words); i += 2 {
			state, ok := conditions[words[i]]
			if !ok || t.next == 0 {
				return form
			}
			t.transitions = append(t.transitions, slo.Transition{At: t.next, State: state})
			if i+1 == len(words) {
				t.next = 0
				break
			}
			length, err := parseLength(words[i+1])
			if err != nil {
				return err
			}
			t.next += length
		}
	}
	return nil
}

// checkTracks holds what was loaded against the kind of the objective.
func (p *parser) checkTracks() error {
	if first := p.track(); p.kind == slo.Metric && (len(p.tracks) > 1 || first.name != "" || first.silence != slo.SilenceUnknown) {
		return errors.New("slo metric has no tracks and no silence; load the sum of its groups")
	}
	var step int64
	for _, t := range p.tracks {
		if p.kind != slo.Monitor && len(t.transitions) > 0 {
			return fmt.Errorf("slo %s does not look at monitors", p.kind)
		}
		if p.kind == slo.Monitor && len(t.runs) > 0 {
			return fmt.Errorf("slo monitor does not look at the run of line %d", t.runs[0].line)
		}
		if p.kind == slo.TimeSlice && t.silence == slo.SilenceCarried {
			return errors.New("a time slice without a value is up, down or removed")
		}
		for i, r := range t.runs {
			if isValue := r.value != nil; isValue != (p.kind == slo.TimeSlice) || isValue && (r.valid != nil || r.good != nil || r.bad != nil) {
				return fmt.Errorf("the run of line %d: want value for slo time_slice, valid and good or bad for slo metric", r.line)
			}
			if p.kind != slo.TimeSlice {
				if _, err := r.events(); err != nil {
					return err
				}
				continue
			}
			if step == 0 {
				step = r.step
			}
			if r.step != step || (step != 60 && step != 300) || r.start%step != 0 {
				return fmt.Errorf("the run of line %d: want slices of 1m or of 5m, all alike, that begin at a multiple of it", r.line)
			}
			if i > 0 && r.start < t.runs[i-1].end() {
				return fmt.Errorf("the run of line %d begins before the one before it ends", r.line)
			}
		}
	}
	return nil
}

// evidence is what the arithmetic is asked about, of all tracks or of the one
// that was named.
func (p *parser) evidence(known timeseries.Span, cuts []int64) (slo.Events, error) {
	if p.kind == slo.Metric {
		e := slo.Events{Known: known, Excluded: slo.Effective(p.corrections, slo.BucketSeconds, p.edge)}
		for _, r := range p.track().runs {
			events, err := r.events()
			if err != nil {
				return slo.Events{}, err
			}
			e.Runs = append(e.Runs, events)
		}
		return e, nil
	}
	step := int64(1)
	var parts []slo.Timeline
	for _, t := range p.tracks {
		if p.of != "" && t.name != p.of {
			continue
		}
		if p.kind == slo.TimeSlice {
			parts = append(parts, t.slices(p.comparison, known))
			if len(t.runs) > 0 {
				step = t.runs[0].step
			}
			continue
		}
		part, err := slo.FromTransitions(t.transitions, t.silence, known)
		if err != nil {
			return slo.Events{}, err
		}
		parts = append(parts, part)
	}
	seen := slo.AllUp(parts)
	corrections := slo.Effective(p.corrections, step, p.edge)
	if p.kind == slo.TimeSlice {
		return seen.Excused(corrections).Events(seen, cuts), nil
	}
	return seen.Without(corrections).Events(seen, cuts), nil
}

// slices is the timeline of the loaded slices; what was not loaded has no value.
func (t track) slices(c slo.Comparison, known timeseries.Span) slo.Timeline {
	var parts []slo.Timeline
	part := func(s slo.Slices) {
		timeline := slo.FromSlices(s, c, t.silence)
		timeline.Known = known
		parts = append(parts, timeline)
	}
	gap := func(start, end int64) {
		if start < end {
			part(slo.Slices{Start: start, Step: end - start, Value: []float64{timeseries.Missing}, Observed: []bool{false}})
		}
	}
	reached := known.Start
	for _, r := range t.runs {
		gap(reached, min(r.start, known.End))
		part(slo.Slices{Start: r.start, Step: r.step, Value: r.value, Observed: r.observed})
		reached = max(reached, r.end())
	}
	gap(reached, known.End)
	return slo.AllUp(parts).Within(known)
}

// events completes the run: sides of equal length, bad turned into good.
func (r run) events() (slo.Run, error) {
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
		return slo.Run{}, err
	}
	good, err := side("good", r.good)
	if err != nil {
		return slo.Run{}, err
	}
	if r.bad != nil {
		if good, err = side("bad", r.bad); err != nil {
			return slo.Run{}, err
		}
		good = slices.Clone(good)
		for i := range good {
			if !timeseries.IsMissing(valid[i]) || !timeseries.IsMissing(good[i]) {
				good[i] = present(valid[i]) - present(good[i])
			}
		}
	}
	return slo.Run{Start: r.start, Step: r.step, Good: good, Valid: valid}, nil
}

func present(v float64) float64 {
	if timeseries.IsMissing(v) {
		return 0
	}
	return v
}
