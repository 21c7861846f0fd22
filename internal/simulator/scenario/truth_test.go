package scenario_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// What the worlds state of monitors follows from their intervals, second by
// second. (Their metrics are held against the truth by those who serve them.)
func TestTruthOfMonitors(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, name := range scenario.Names() {
		w, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, truth := range w.Truth {
			i := slices.IndexFunc(w.SLOs, func(o scenario.SLO) bool { return o.Name == truth.SLO })
			if o := w.SLOs[i]; o.Type == scenario.TypeMonitor && !recurs(w, o) {
				checked++
				checkSeconds(t, w, o, truth)
			}
		}
	}
	if checked < 25 {
		t.Errorf("only %d truths are of monitors", checked)
	}
}

func recurs(w *scenario.World, o scenario.SLO) bool {
	return slices.ContainsFunc(w.Corrections, func(c scenario.Correction) bool { return c.Rule != "" && c.SLOID == o.ID })
}

func checkSeconds(t *testing.T, w *scenario.World, o scenario.SLO, truth scenario.Truth) {
	t.Helper()
	to := truth.At.Unix()
	from := to - map[string]int64{"7d": 7, "30d": 30, "90d": 90}[truth.Timeframe]*86400
	corrected := make([]bool, to-from)
	for _, c := range w.Corrections {
		if c.SLOID == o.ID && c.SLOID != "" || c.Query != "" && selects(c.Query, o.Tags) {
			mark(corrected, from, scenario.Interval{From: c.Start, To: c.End})
		}
	}
	// Of each second, whether it counts at all and whether anything was down.
	counts, down := make([]bool, to-from), make([]bool, to-from)
	for _, id := range o.MonitorIDs {
		m := w.Monitors[slices.IndexFunc(w.Monitors, func(m scenario.Monitor) bool { return m.ID == id })]
		for _, track := range tracks(m, o.Groups) {
			silent := make([]bool, to-from)
			for _, s := range track.Down {
				mark(down, from, s)
			}
			for _, s := range track.Silent {
				mark(silent, from, s)
			}
			for i := range silent {
				switch at := from + int64(i); {
				case at < track.From:
				case !silent[i]:
					counts[i] = true
				case m.Test != "": // paused
				default:
					counts[i] = true
					down[i] = down[i] || silenceIsDown(m, track, at)
				}
			}
		}
	}
	good, total := 0, 0
	for i := range counts {
		if counts[i] && !corrected[i] {
			total++
			if !down[i] {
				good++
			}
		}
	}
	if truth.Total == nil || !truth.Total.Contains(float64(total)) || truth.Good != nil && !truth.Good.Contains(float64(good)) {
		t.Errorf("%s, %s: %d of %d seconds, the truth says %v of %v", w.Name, o.Name, good, total, truth.Good, truth.Total)
	}
	if truth.Attainment != nil && !truth.Attainment.Contains(100*float64(good)/float64(total)) {
		t.Errorf("%s, %s: attainment %v, the truth says %v", w.Name, o.Name, 100*float64(good)/float64(total), *truth.Attainment)
	}
}

// tracks are what together makes the state of a monitor.
func tracks(m scenario.Monitor, groups []string) []scenario.Track {
	if len(m.Groups) == 0 || m.Test != "" {
		return []scenario.Track{m.Own}
	}
	var all []scenario.Track
	for _, g := range m.Groups {
		if len(groups) == 0 || slices.Contains(groups, g.Name) {
			all = append(all, g.Track)
		}
	}
	return all
}

// silenceIsDown is Datadog's table of what missing data counts as.
func silenceIsDown(m scenario.Monitor, track scenario.Track, at int64) bool {
	switch option, legacy := m.Options["on_missing_data"], m.Options["notify_no_data"]; {
	case option == "show_and_notify_no_data", legacy == true:
		return true
	case option == "show_no_data", option == "resolve", m.Type == "service check":
		return false
	}
	// The last known status: an alert that ended where the silence began.
	i := slices.IndexFunc(track.Silent, func(s scenario.Interval) bool { return s.From <= at && at < s.To })
	return slices.ContainsFunc(track.Down, func(s scenario.Interval) bool { return s.To == track.Silent[i].From })
}

func mark(seconds []bool, from int64, s scenario.Interval) {
	for at := max(s.From, from); at < min(s.To, from+int64(len(seconds))); at++ {
		seconds[at-from] = true
	}
}

// selects reports whether an SLO has all the tags of a query; * stands for anything.
func selects(query string, tags []string) bool {
	return !slices.ContainsFunc(strings.Fields(query), func(word string) bool {
		return !slices.ContainsFunc(tags, func(tag string) bool {
			ok, err := path.Match(word, tag)
			return ok && err == nil
		})
	})
}

// Every world that is there to be compared says of every SLO what Datadog ought to show.
func TestReasonsAreAllThere(t *testing.T) {
	t.Parallel()
	w, err := scenario.Load("reasons")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, o := range w.SLOs {
		reason, _, _ := strings.Cut(o.Name, ":")
		found[reason]++
		if (reason == "agrees") != o.Own.Documented() {
			t.Errorf("%s: its own figure is %+v", o.Name, o.Own)
		}
		if !slices.ContainsFunc(w.Truth, func(truth scenario.Truth) bool { return truth.SLO == o.Name }) {
			t.Errorf("%s: without a truth", o.Name)
		}
	}
	for _, reason := range []string{
		"index_age", "late_data", "corrections_off", "correction_edge", "definition_changed", "missing_data", "group_set", "precision", "preview",
		"unexplained", "agrees",
	} {
		if found[reason] == 0 {
			t.Errorf("no SLO for %s", reason)
		}
		delete(found, reason)
	}
	if len(found) > 0 {
		t.Errorf("reasons that do not exist: %v", found)
	}
}
