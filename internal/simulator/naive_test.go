package simulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/simulator"
	"pgregory.net/rapid"
)

// drawnTrack is a group of a monitor: for each minute up, down, silent or not there yet.
type drawnTrack struct {
	phase  int64
	states []byte // one of u d s, by the minute from the world's now − len minutes
	born   int
}

// state is the state at so many seconds after the first minute, 0 before it was born.
func (d drawnTrack) state(second int64) byte {
	if second < d.phase {
		// What was before the first minute was up.
		if d.born > 0 {
			return 0
		}
		return 'u'
	}
	minute := int((second - d.phase) / 60)
	if minute < d.born {
		return 0
	}
	return d.states[min(minute, len(d.states)-1)]
}

// written is the track in YAML.
func (d drawnTrack) written() string {
	minutes := len(d.states)
	lists := map[byte][]string{}
	for i := d.born; i < minutes; {
		j := i
		for j < minutes && d.states[j] == d.states[i] {
			j++
		}
		lists[d.states[i]] = append(lists[d.states[i]], fmt.Sprintf("{from: -%dm, for: %dm}", minutes-i, j-i))
		i = j
	}
	text := fmt.Sprintf("down: [%s], no_data: [%s]", strings.Join(lists['d'], ", "), strings.Join(lists['s'], ", "))
	if d.born > 0 {
		text += fmt.Sprintf(", from: -%dm", minutes-d.born)
	}
	return text
}

// Every figure of monitors is what looking at each second on its own gives:
// all groups of all monitors up, silence by the options, corrections removed,
// and nothing before there was anything.
func TestMonitorFiguresSecondBySecond(test *testing.T) {
	test.Parallel()
	rapid.Check(test, func(t *rapid.T) {
		const minutes = 40
		policies := map[string]string{
			"show_no_data": "up", "resolve": "up", "show_and_notify_no_data": "down", "default": "carried", "": "removed",
		}
		type drawnMonitor struct {
			policy string
			groups []drawnTrack
		}
		var monitors []drawnMonitor
		var text, ids strings.Builder
		text.WriteString("now: 2026-11-09T09:30:00Z\nmonitors:\n")
		for id := range rapid.IntRange(1, 3).Draw(t, "monitors") {
			option := rapid.SampledFrom([]string{"show_no_data", "resolve", "show_and_notify_no_data", "default", ""}).Draw(t, "option")
			m := drawnMonitor{policy: policies[option]}
			phase := rapid.Int64Range(0, 59).Draw(t, "phase")
			groups := 1
			if option != "" { // a test has a state of its own beside its groups
				groups = rapid.IntRange(1, 3).Draw(t, "groups")
			}
			for range groups {
				g := drawnTrack{phase: phase, states: make([]byte, minutes), born: rapid.SampledFrom([]int{0, 0, 0, 7}).Draw(t, "born")}
				last := byte('u')
				for i := range g.states {
					if rapid.IntRange(0, 5).Draw(t, "change") == 0 {
						last = rapid.SampledFrom([]byte("uds")).Draw(t, "state")
					}
					g.states[i] = last
				}
				m.groups = append(m.groups, g)
			}
			monitors = append(monitors, m)
			fmt.Fprintf(&ids, "%d, ", id+1)
			fmt.Fprintf(&text, "  - {id: %d, name: m%d, phase: %ds, ", id+1, id+1, phase)
			if option == "" {
				text.WriteString("type: synthetics alert, test: t" + fmt.Sprint(id) + ", ")
			} else {
				text.WriteString("options: {on_missing_data: " + option + "}, ")
			}
			if len(m.groups) == 1 {
				text.WriteString(m.groups[0].written() + "}\n")
				continue
			}
			var groupTexts []string
			for i, g := range m.groups {
				groupTexts = append(groupTexts, fmt.Sprintf("{name: g%d, %s}", i, g.written()))
			}
			text.WriteString("groups: [" + strings.Join(groupTexts, ", ") + "]}\n")
		}
		text.WriteString("slos: [{name: s, tags: [a], monitors: [" + ids.String() + "], thresholds: [{timeframe: 7d, target: 99}]}]\ncorrections:\n")
		type stretch struct{ from, to int64 }
		var corrections []stretch
		for range rapid.IntRange(0, 3).Draw(t, "corrections") {
			from := rapid.Int64Range(0, minutes*60-1).Draw(t, "start")
			c := stretch{from, from + rapid.Int64Range(1, 900).Draw(t, "length")}
			corrections = append(corrections, c)
			fmt.Fprintf(&text, "  - {query: a, start: -%ds, for: %ds}\n", minutes*60-c.from, c.to-c.from)
		}
		if len(corrections) == 0 {
			text.WriteString("  []\n")
		}
		w := parsed(test, text.String())
		s := serve(test, simulator.Config{World: w})
		from := rapid.Int64Range(0, minutes*60-2).Draw(t, "from")
		to := rapid.Int64Range(from+1, minutes*60).Draw(t, "to")

		counts := func(m drawnMonitor, g drawnTrack, second int64) (down, counted bool) {
			state := g.state(second)
			if state == 's' {
				switch m.policy {
				case "up":
					state = 'u'
				case "down":
					state = 'd'
				case "removed":
					state = 0
				case "carried":
					at := second
					for at >= 0 && g.state(at) == 's' {
						at -= 60
					}
					if state = 'u'; at >= 0 && g.state(at) == 'd' {
						state = 'd'
					}
				}
			}
			return state == 'd', state != 0
		}
		var up, counted int64
		for second := from; second < to; second++ {
			corrected, exists, bad := false, false, false
			for _, c := range corrections {
				corrected = corrected || second >= c.from && second < c.to
			}
			for _, m := range monitors {
				for _, g := range m.groups {
					isDown, isCounted := counts(m, g, second)
					exists, bad = exists || isCounted, bad || isDown
				}
			}
			if corrected || !exists {
				continue
			}
			counted++
			if !bad {
				up++
			}
		}
		start := w.Now.Unix() - minutes*60
		good, total, err := s.Counted(w.SLOs[0].ID, start+from, start+to)
		if err != nil {
			t.Fatal(err)
		}
		if good != float64(up) || total != float64(counted) {
			t.Fatalf("%v of %v s are up, looking at each one %d of %d\n%s", good, total, up, counted, text.String())
		}
		got := timeBased(test, s, w.SLOs[0].ID, start+from, start+to, "").Data.Overall
		if counted == 0 {
			if got.SLIValue != nil || got.Errors[0].Type != "NO_RESULTS" {
				t.Fatalf("nothing counts: %+v", got)
			}
			return
		}
		if want := float64(float32(100 * float64(up) / float64(counted))); *got.SLIValue != want {
			t.Fatalf("sli_value is %v, want %v", *got.SLIValue, want)
		}
		for i := 1; i < len(got.History); i++ {
			if got.History[i][0] <= got.History[i-1][0] || got.History[i][1] == got.History[i-1][1] {
				t.Fatalf("transitions out of order, or none: %v", got.History)
			}
		}
	})
}
