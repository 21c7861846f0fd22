package evaluation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// manyGroups is from how many groups on Datadog does not list them any more.
const manyGroups = 5000

// monitors turns Datadog's history of a monitor objective into timelines: one
// for each monitor, or for each group of the only one, and the whole, which is
// up where all of them are. Time without data counts by each monitor's settings.
func (a answers) monitors(d slo.Definition, sli slo.MonitorSLI, extent timeseries.Span) (record, error) {
	settings := make([]slo.MonitorSettings, len(sli.MonitorIDs))
	for i, id := range sli.MonitorIDs {
		answer := a.settings[id]
		if answer.err != nil {
			return record{}, answer.err
		}
		settings[i] = answer.settings
	}
	answer := a.histories[d.ID]
	if answer.err != nil {
		return record{}, answer.err
	}
	h := answer.history
	rec := record{track: &h.Overall, notes: []slo.Note{transitionsNote}}
	tracks, policies := partsOf(h, sli, settings)
	for i, track := range tracks {
		o, err := fromTrack(track, policies[i], extent)
		if err != nil {
			return record{}, err
		}
		rec.groups = append(rec.groups, groupRecord{track.Name, o})
	}
	whole, err := fromTrack(h.Overall, wholePolicy(settings), extent)
	switch {
	case len(rec.groups) == 0 || len(settings) == 1 && settings[0].Synthetic:
		// The state of a synthetic test is its own: its alert conditions say how many places must fail.
		if err != nil {
			return record{}, err
		}
		rec.overall = whole
	default:
		rec.overall = together(rec.groups, extent)
		if err == nil {
			rec.alone = &whole
		}
	}
	slices.SortStableFunc(rec.groups, func(x, y groupRecord) int { return strings.Compare(x.name, y.name) })
	rec.notes = append(rec.notes, remarksOn(h)...)
	return rec, nil
}

// transitionsNote says what a figure from transitions is, and is not.
var transitionsNote = slo.Note{
	Code: "datadog_transitions",
	Text: "its evidence is Datadog's own record of when it was down; the figures are computed from that, not independently of it",
}

// partsOf are the tracks that the whole is made of, with how their silence
// counts; none where Datadog does not list all of them.
func partsOf(h slo.History, sli slo.MonitorSLI, settings []slo.MonitorSettings) ([]slo.Track, []slo.MonitorSettings) {
	var tracks []slo.Track
	var of []slo.MonitorSettings
	if len(settings) > 1 {
		if len(h.Monitors) != len(settings) {
			return nil, nil
		}
		for _, track := range h.Monitors {
			s := settingsOf(track, settings)
			track.Name = cmp.Or(track.Name, s.Name, "a monitor without a name")
			if slices.ContainsFunc(tracks, func(t slo.Track) bool { return t.Name == track.Name }) {
				track.Name += fmt.Sprintf(" (%d)", len(tracks)+1)
			}
			tracks, of = append(tracks, track), append(of, s)
		}
		return tracks, of
	}
	if len(h.Groups) >= manyGroups {
		return nil, nil
	}
	found := 0
	for _, track := range h.Groups {
		if len(sli.Groups) > 0 && !slices.ContainsFunc(sli.Groups, func(g string) bool { return sameGroup(g, track.Name) }) {
			continue
		}
		found++
		tracks, of = append(tracks, track), append(of, settings[0])
	}
	if found < len(sli.Groups) {
		return nil, nil
	}
	return tracks, of
}

// settingsOf are the settings of the monitor that a track belongs to: by its id
// or, since Datadog's answers name none, by its name. Where that does not tell,
// it does not matter as long as all monitors treat silence alike.
func settingsOf(t slo.Track, settings []slo.MonitorSettings) slo.MonitorSettings {
	var named []slo.MonitorSettings
	for _, s := range settings {
		if t.MonitorID != 0 && s.ID == t.MonitorID {
			return s
		}
		if s.Name == t.Name {
			named = append(named, s)
		}
	}
	if len(named) > 0 {
		return wholePolicy(named)
	}
	return wholePolicy(settings)
}

// sameGroup compares the names of groups, which are tags in any order.
func sameGroup(a, b string) bool {
	tags := func(s string) []string {
		list := strings.Split(s, ",")
		for i := range list {
			list[i] = strings.TrimSpace(list[i])
		}
		slices.Sort(list)
		return list
	}
	return slices.Equal(tags(a), tags(b))
}

// wholePolicy is how the silence of several monitors together counts: known
// only where they agree.
func wholePolicy(settings []slo.MonitorSettings) slo.MonitorSettings {
	for _, s := range settings[1:] {
		if s.Silence != settings[0].Silence {
			return slo.MonitorSettings{Why: "the SLO's monitors treat that differently, and it does not say whose state this is"}
		}
	}
	return settings[0]
}

// fromTrack is the timeline of one track.
func fromTrack(t slo.Track, s slo.MonitorSettings, extent timeseries.Span) (observed, error) {
	under := func(silence slo.SilencePolicy) (slo.Timeline, error) {
		return slo.FromTransitions(t.Transitions, silence, extent)
	}
	timeline, err := under(s.Silence)
	if err == nil {
		return observed{timeline: &timeline, under: under}, nil
	}
	whose := ""
	if t.Name != "" {
		whose = " of " + t.Name
	}
	d := &slo.Defect{Kind: slo.Invalid, Message: fmt.Sprintf("Datadog's history%s: %s", whose, err)}
	if s.Silence == slo.SilenceUnknown && s.Why != "" {
		d.Message += fmt.Sprintf(" (%s)", s.Why)
	}
	return observed{}, d
}

// recorded turns Datadog's history of a time slice objective into timelines,
// for want of metric requests. Missing slices are up, as documented.
func (a answers) recorded(d slo.Definition, sli slo.SliceSLI, extent timeseries.Span) (record, error) {
	answer, asked := a.histories[d.ID]
	if !asked {
		return record{}, &slo.Defect{
			Kind: slo.Unsupported, Message: "it needs more metric requests than --max-requests leaves, and Datadog has no history of an SLO from a file",
			Hints: []string{"allow more with --max-requests", "select fewer SLOs, or a shorter --timeframe"},
		}
	}
	if answer.err != nil {
		return record{}, answer.err
	}
	documented := slo.MonitorSettings{Silence: slo.SilenceUp}
	rec := record{track: &answer.history.Overall, notes: append(remarksOn(answer.history), slo.Note{
		Code: "datadog_transitions",
		Text: "--max-requests leaves no metric requests for it, so its evidence is Datadog's own record of when it was down; the figures are computed from that, not independently of it",
	})}
	var err error
	if rec.overall, err = fromTrack(answer.history.Overall, documented, extent); err != nil {
		return record{}, err
	}
	for _, track := range answer.history.Groups {
		o, err := fromTrack(track, documented, extent)
		if err != nil {
			return record{}, err
		}
		o.step = sli.Seconds
		rec.groups = append(rec.groups, groupRecord{track.Name, o})
	}
	rec.overall.step = sli.Seconds
	slices.SortStableFunc(rec.groups, func(x, y groupRecord) int { return strings.Compare(x.name, y.name) })
	return rec, nil
}

// remarksOn are the notes that a history asks for.
func remarksOn(h slo.History) []slo.Note {
	var notes []slo.Note
	if slices.ContainsFunc(slices.Concat([]slo.Track{h.Overall}, h.Monitors, h.Groups), func(t slo.Track) bool { return t.Preview }) {
		notes = append(notes, slo.Note{Code: "preview", Text: "Datadog is still computing its history (preview); the figures are not final"})
	}
	if h.Overall.Problem != "" && len(h.Overall.Transitions) == 0 {
		notes = append(notes, slo.Note{Code: "datadog_problem", Text: "Datadog gives no history: " + h.Overall.Problem})
	}
	return notes
}
