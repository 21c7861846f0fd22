package simulator

import (
	"cmp"
	"math"
	"slices"
)

// span is the stretch [from, to) in Unix seconds.
type span struct{ from, to int64 }

func (s span) seconds() int64 { return max(0, s.to-s.from) }

func (s span) and(o span) span { return span{max(s.from, o.from), min(s.to, o.to)} }

// always is the beginning of what always existed.
const always = math.MinInt64 / 4

// The states of histories.
const (
	stateUp     = 0
	stateDown   = 1
	stateSilent = 2
)

// stretch is time in one state, with how it counts.
type stretch struct {
	span
	state      int
	up, counts bool
}

// track is how something stood over time: stretches in order that do not
// overlap. Before the first one it did not exist.
type track []stretch

// push appends a stretch, as part of the last one where that is the same.
func (t track) push(s stretch) track {
	if s.seconds() == 0 {
		return t
	}
	if n := len(t); n > 0 {
		last := &t[n-1]
		if last.to == s.from && last.state == s.state && last.up == s.up && last.counts == s.counts {
			last.to = s.to
			return t
		}
	}
	return append(t, s)
}

// together is the track of several: down where any is down, up where some
// count and none is down, silent where none of those that count has data.
func together(parts []track) track {
	if len(parts) == 1 {
		return parts[0]
	}
	// change is how many of each kind begin (1) or end (-1) at an instant.
	type change struct{ down, up, silent, removed int }
	kind := func(s stretch, n int) change {
		switch {
		case !s.counts:
			return change{removed: n}
		case !s.up:
			return change{down: n}
		case s.state == stateSilent:
			return change{silent: n}
		}
		return change{up: n}
	}
	changes := map[int64]change{}
	add := func(at int64, c change) {
		o := changes[at]
		changes[at] = change{o.down + c.down, o.up + c.up, o.silent + c.silent, o.removed + c.removed}
	}
	for _, p := range parts {
		for _, s := range p {
			add(s.from, kind(s, 1))
			add(s.to, kind(s, -1))
		}
	}
	instants := make([]int64, 0, len(changes))
	for at := range changes {
		instants = append(instants, at)
	}
	slices.Sort(instants)
	var all track
	var now change
	for i, at := range instants[:max(0, len(instants)-1)] {
		c := changes[at]
		now = change{now.down + c.down, now.up + c.up, now.silent + c.silent, now.removed + c.removed}
		s := stretch{span: span{at, instants[i+1]}, up: true, counts: true}
		switch {
		case now.down > 0:
			s.state, s.up = stateDown, false
		case now.up > 0:
		case now.silent > 0:
			s.state = stateSilent
		case now.removed > 0:
			s.state, s.up, s.counts = stateSilent, false, false
		default:
			continue
		}
		all = all.push(s)
	}
	return all
}

// tally is the seconds of the window that were up, and those that count. What
// lies in the corrected spans is up when it is excused, else it is removed.
func (t track) tally(window span, corrected []span, excused bool) (up, counted int64) {
	for _, s := range t {
		if !s.counts {
			continue
		}
		part := s.and(window)
		n, c := part.seconds(), int64(0)
		for _, o := range corrected {
			c += o.and(part).seconds()
		}
		switch {
		case excused:
			counted += n
			up += c
		default:
			counted += n - c
		}
		if s.up {
			up += n - c
		}
	}
	return up, counted
}

// excuse is the track with the state up in the spans.
func (t track) excuse(spans []span) track {
	var out track
	for _, s := range t {
		at := s.from
		for _, o := range spans {
			if o = o.and(s.span); o.seconds() == 0 {
				continue
			}
			before, within := s, s
			before.span, within.span = span{at, o.from}, o
			within.state, within.up, within.counts = stateUp, true, true
			out = out.push(before).push(within)
			at = o.to
		}
		s.from = at
		out = out.push(s)
	}
	return out
}

// transitions are the changes of state in the window, and before them the one
// that brought the state that the window begins in. What was always in that
// state begins with the window.
func (t track) transitions(window span) [][2]int64 {
	list := [][2]int64{}
	for _, s := range t {
		at, state := s.from, int64(s.state)
		switch {
		case at >= window.to:
			return list
		case at == always:
			at = window.from
		}
		if n := len(list); n > 0 && list[n-1][1] == state {
			continue
		}
		if at <= window.from {
			list = list[:0]
		}
		list = append(list, [2]int64{at, state})
	}
	return list
}

// lastChange is the last change of state inside the window, else its end.
func (t track) lastChange(window span) int64 {
	list := t.transitions(window)
	if n := len(list); n > 0 && list[n-1][0] > window.from {
		return list[n-1][0]
	}
	return window.to
}

// union is the same time in order and without overlaps.
func union(spans []span) []span {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var all []span
	for _, s := range spans {
		if n := len(all); n > 0 && s.from <= all[n-1].to {
			all[n-1].to = max(all[n-1].to, s.to)
		} else if s.seconds() > 0 {
			all = append(all, s)
		}
	}
	return all
}

// outside is the time of the window that lies in none of the spans, which are
// in order and disjoint.
func outside(window span, spans []span) []span {
	var rest []span
	at := window.from
	for _, s := range spans {
		if s = s.and(window); s.seconds() == 0 {
			continue
		}
		if s.from > at {
			rest = append(rest, span{at, s.from})
		}
		at = s.to
	}
	if at < window.to {
		rest = append(rest, span{at, window.to})
	}
	return rest
}
