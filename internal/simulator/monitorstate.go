package simulator

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// monitor is a monitor as it is served, its instants moved.
type monitor struct {
	scenario.Monitor
	shift int64
}

func newMonitors(list []scenario.Monitor, shift int64) []*monitor {
	var all []*monitor
	for _, m := range list {
		if !m.Deleted {
			all = append(all, &monitor{m, shift})
		}
	}
	slices.SortFunc(all, func(a, b *monitor) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// monitor is nil for one that does not exist any more.
func (s *Server) monitor(id int64) *monitor {
	i, found := slices.BinarySearchFunc(s.monitors, id, func(m *monitor, id int64) int { return cmp.Compare(m.ID, id) })
	if !found {
		return nil
	}
	return s.monitors[i]
}

// monitorTags are the tags of all the monitors, each once.
func (s *Server) monitorTags(ids []int64) []string {
	tags := []string{}
	for _, id := range ids {
		if m := s.monitor(id); m != nil {
			tags = append(tags, m.Tags...)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

func (m *monitor) synthetic() bool { return m.Test != "" }

// silence says how time without data counts.
type silence int

const (
	silenceUp silence = iota
	silenceDown
	// silenceCarried: as the state before it.
	silenceCarried
	// silenceRemoved: not at all.
	silenceRemoved
)

// silence is what the monitor's options make of time without data. A synthetic
// test has none while it is paused, and that time is removed.
func (m *monitor) silence() silence {
	if m.synthetic() {
		return silenceRemoved
	}
	switch m.Options["on_missing_data"] {
	case "show_and_notify_no_data":
		return silenceDown
	case "show_no_data", "resolve":
		return silenceUp
	case "default":
		return m.silenceByQuery()
	}
	if m.Options["notify_no_data"] == true {
		return silenceDown
	}
	return silenceUp
}

// comparison is the end of a monitor's query: what it compares, and with what.
var comparison = regexp.MustCompile(`^(.*\S)\s*([<>]=?)\s*(-?[0-9.]+)\s*$`)

// silenceByQuery is the default: a query that counts evaluates to zero, any
// other keeps its last status.
func (m *monitor) silenceByQuery() silence {
	parts := comparison.FindStringSubmatch(m.Query)
	if parts == nil || !strings.Contains(parts[1], "as_count()") {
		return silenceCarried
	}
	threshold, err := strconv.ParseFloat(parts[3], 64)
	if err != nil {
		return silenceCarried
	}
	alert := map[string]bool{">": 0 > threshold, ">=": 0 >= threshold, "<": 0 < threshold, "<=": 0 <= threshold}
	if alert[parts[2]] {
		return silenceDown
	}
	return silenceUp
}

// otherWay is the policy that a deviating figure has instead.
func (s silence) otherWay() silence {
	if s == silenceDown {
		return silenceUp
	}
	return silenceDown
}

// trackOf is a track of the world in served time, up to what is known.
func (m *monitor) trackOf(d scenario.Track, policy silence, known int64) track {
	type change struct {
		span
		state int
	}
	var changes []change
	for state, list := range map[int][]scenario.Interval{stateDown: d.Down, stateSilent: d.Silent} {
		for _, i := range list {
			changes = append(changes, change{span{i.From + m.shift, i.To + m.shift}, state})
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.from, b.from) })
	at := int64(always)
	if d.From != 0 {
		at = d.From + m.shift
	}
	var t track
	push := func(until int64, state int, up, counts bool) {
		until = min(until, known)
		t = t.push(stretch{span{at, until}, state, up, counts})
		at = max(at, until)
	}
	before := true
	for _, c := range changes {
		if c.from > at {
			push(c.from, stateUp, true, true)
			before = true
		}
		switch {
		case c.state == stateDown:
			push(c.to, stateDown, false, true)
			before = false
		case policy == silenceCarried:
			push(c.to, stateSilent, before, true)
		default:
			push(c.to, stateSilent, policy == silenceUp, policy != silenceRemoved)
		}
	}
	push(known, stateUp, true, true)
	return t
}

// standing is how a monitor stood: as a whole, and its groups.
type standing struct {
	whole  track
	groups []part
}

// stood evaluates a monitor over all its time. With groups selected, only
// those are looked at.
func (m *monitor) stood(selected []string, known int64, missingDown bool) standing {
	if m.NoResults {
		return standing{}
	}
	policy := m.silence()
	if missingDown {
		policy = policy.otherWay()
	}
	var st standing
	for _, g := range m.Groups {
		if len(selected) == 0 || slices.Contains(selected, g.Name) {
			st.groups = append(st.groups, part{name: g.Name, track: m.trackOf(g.Track, policy, known), monitor: m})
		}
	}
	if len(st.groups) == 0 || m.synthetic() && len(selected) == 0 {
		// A grouped synthetic test has its own conditions for the whole.
		st.whole = m.trackOf(m.Own, policy, known)
		return st
	}
	st.whole = together(tracks(st.groups))
	return st
}

func tracks(parts []part) []track {
	list := make([]track, len(parts))
	for i, p := range parts {
		list[i] = p.track
	}
	return list
}

// wireOptions are the monitor's options with what Datadog adds to them.
func (m *monitor) wireOptions() map[string]any {
	options := map[string]any{"silenced": map[string]any{}}
	if m.synthetic() {
		options["synthetics_check_id"] = m.Test
	}
	for k, v := range m.Options {
		options[k] = v
	}
	return options
}

// at is the state of a track just before an instant, since when, and when it
// last went down.
func (t track) at(now int64) (state int, since, lastDown int64, exists bool) {
	for _, s := range t {
		if s.from >= now {
			break
		}
		if s.state == stateDown {
			lastDown = s.from
		}
		if !exists || state != s.state {
			state, since = s.state, s.from
		}
		exists = true
	}
	return state, since, lastDown, exists
}
