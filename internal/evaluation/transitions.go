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
	answer, asked := a.histories[d.ID]
	if !asked {
		return record{}, &slo.Defect{Kind: slo.Unsupported, Message: "Datadog's records are not read, and a monitor SLO has no other evidence"}
	}
	if answer.err != nil {
		return record{}, answer.err
	}
	h := answer.history
	rec := record{track: &h.Overall, monitors: settings, notes: []slo.Note{transitionsNote}}
	tracks, policies, incomplete := partsOf(h, sli, settings)
	for i, track := range tracks {
		if slices.ContainsFunc(tracks[:i], func(t slo.Track) bool { return t.Name == track.Name }) {
			return record{}, &slo.Defect{Kind: slo.Invalid, Message: fmt.Sprintf("Datadog's history lists %q twice", track.Name)}
		}
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
		if len(rec.groups) > 0 {
			rec.notes = append(rec.notes, slo.Note{Code: "own_state", Text: "a synthetic test's own state counts, not that of its places: its alert conditions say how many must fail"})
		}
	default:
		if err == nil {
			rec.alone = &whole
		}
		rec.overall = together(rec.groups, extent)
		if explicit, seconds := downBeside(rec.overall, h.Overall, extent); seconds > 0 {
			rec.overall = together(append(slices.Clone(rec.groups), groupRecord{observed: explicit}), extent)
			incomplete = fmt.Sprintf("Datadog's own overall state is down for %d s in which nothing that it lists is, so that time counts as well", seconds)
		}
	}
	if incomplete != "" {
		code := "parts_incomplete"
		if len(settings) > 1 && len(h.Monitors) != len(settings) {
			code = "monitors_missing"
		}
		rec.notes = append(rec.notes, slo.Note{Code: code, Text: incomplete})
	}
	slices.SortStableFunc(rec.groups, func(x, y groupRecord) int { return strings.Compare(x.name, y.name) })
	rec.notes = append(rec.notes, remarksOn(h)...)
	return rec, nil
}

// downBeside is Datadog's own overall state without the time of which it has no
// data, and for how many seconds that is down where the parts together are not:
// Datadog does not list groups beyond some number.
func downBeside(parts observed, overall slo.Track, extent timeseries.Span) (observed, int64) {
	explicit, err := slo.FromTransitions(overall.Transitions, slo.SilenceRemoved, extent)
	if err != nil {
		return observed{}, 0
	}
	down := func(t slo.Timeline) int64 {
		up, counted, _ := t.Seconds(extent)
		return counted - up
	}
	return observed{timeline: &explicit}, down(slo.AllUp([]slo.Timeline{*parts.timeline, explicit})) - down(*parts.timeline)
}

// transitionsNote says what a figure from transitions is, and is not.
var transitionsNote = slo.Note{
	Code: "datadog_transitions",
	Text: "evidence: Datadog's own record of up and down; figures are computed from that, not independently of it",
}

// partsOf are the tracks that the whole is made of, with how their silence
// counts; none where Datadog does not list all of them, and what that means.
func partsOf(h slo.History, sli slo.MonitorSLI, settings []slo.MonitorSettings) (tracks []slo.Track, of []slo.MonitorSettings, incomplete string) {
	if len(settings) > 1 {
		if len(h.Monitors) != len(settings) {
			return nil, nil, fmt.Sprintf("Datadog's history lists %d monitors and the SLO has %d, so its own overall state is used", len(h.Monitors), len(settings))
		}
		for _, track := range h.Monitors {
			s := settingsOf(track, settings)
			track.Name = cmp.Or(track.Name, s.Name, "a monitor without a name")
			if slices.ContainsFunc(tracks, func(t slo.Track) bool { return t.Name == track.Name }) {
				track.Name += fmt.Sprintf(" (%d)", len(tracks)+1)
			}
			tracks, of = append(tracks, track), append(of, s)
		}
		return tracks, of, ""
	}
	if len(h.Groups) >= manyGroups {
		return nil, nil, fmt.Sprintf("it has %d groups or more, of which Datadog does not list all, so its own overall state is used", manyGroups)
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
		return nil, nil, fmt.Sprintf("Datadog's history lists %d of the %d groups that it selects, so its own overall state is used", found, len(sli.Groups))
	}
	return tracks, of, ""
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
		o := observed{timeline: &timeline, under: under}
		if s.Silence == slo.SilenceCarried {
			o.uncarried = silentFirst(t.Transitions, extent)
		}
		return o, nil
	}
	whose := ""
	if t.Name != "" {
		whose = " of " + t.Name
	}
	d := &slo.Defect{Kind: slo.Invalid, Lasting: s.Silence == slo.SilenceUnknown, Message: fmt.Sprintf("Datadog's history%s: %s", whose, err)}
	if s.Silence == slo.SilenceUnknown && s.Why != "" {
		d.Message += fmt.Sprintf(" (%s)", s.Why)
	}
	return observed{}, d
}

// silentFirst is the time without data before any other state is known.
func silentFirst(transitions []slo.Transition, extent timeseries.Span) timeseries.Span {
	silent := timeseries.Span{Start: extent.End, End: extent.End}
	for _, t := range transitions {
		if t.State != slo.Silent {
			silent.End = t.At
			break
		}
		silent.Start = min(silent.Start, t.At)
	}
	return silent.Intersect(extent)
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
	rec := record{track: &answer.history.Overall, partlySeen: true, notes: append(remarksOn(answer.history), slo.Note{
		Code: "datadog_transitions",
		Text: "evidence, for want of metric requests: Datadog's own record of up and down; figures are computed from that, not independently of it",
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
	for _, o := range append(rec.groups, groupRecord{observed: rec.overall}) {
		// A slice without a value is up, and the record does not tell whether it had
		// data: where any has, the paces of all others are those of slices that are up.
		if slices.ContainsFunc(o.timeline.Stretches, func(s slo.Stretch) bool { return s.Observed }) {
			for i := range o.timeline.Stretches {
				o.timeline.Stretches[i].Observed = true
			}
		}
	}
	slices.SortStableFunc(rec.groups, func(x, y groupRecord) int { return strings.Compare(x.name, y.name) })
	return rec, nil
}

// remarksOn are the notes that a history asks for.
func remarksOn(h slo.History) []slo.Note {
	var notes []slo.Note
	if slices.ContainsFunc(slices.Concat([]slo.Track{h.Overall}, h.Monitors, h.Groups), func(t slo.Track) bool { return t.Preview }) {
		notes = append(notes, slo.Note{Code: "preview", Text: "Datadog is still computing its history (preview); the figures are not final"})
	}
	if tracks := slices.Concat(h.Monitors, h.Groups); len(h.Overall.Transitions) > 0 {
		for _, t := range tracks {
			switch {
			case len(t.Transitions) > 0 && t.Erred:
				notes = append(notes, slo.Note{Code: "datadog_problem", Text: fmt.Sprintf("Datadog says of its history of %s: %s", t.Name, t.Problem)})
			case len(t.Transitions) == 0:
				notes = append(notes, slo.Note{Code: "datadog_problem", Text: fmt.Sprintf("Datadog's history lists no state of %s, so it does not count: %s", t.Name, cmp.Or(t.Problem, "it does not say why"))})
			}
		}
	}
	switch {
	case h.Overall.Problem != "":
		notes = append(notes, slo.Note{Code: "datadog_problem", Text: "Datadog says of its history: " + h.Overall.Problem})
	case len(h.Overall.Transitions)+len(h.Groups)+len(h.Monitors) == 0:
		notes = append(notes, slo.Note{Code: "datadog_problem", Text: "Datadog's history lists no state at all"})
	}
	return notes
}
