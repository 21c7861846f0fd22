package investigation

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// sameAlert is how far apart one thing is reported for several groups or environments.
const sameAlert = 10 * minute

// toldOnce drops what another of the events says already.
func toldOnce(all []timeseries.Event) []timeseries.Event {
	var releases, others []timeseries.Event
	for _, e := range all {
		if e.Kind == timeseries.Deployment {
			releases = append(releases, e)
		} else {
			others = append(others, e)
		}
	}
	slices.SortStableFunc(others, func(a, b timeseries.Event) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Title, b.Title))
	})
	told := releasesOnce(releases)
	for _, e := range others {
		if !slices.ContainsFunc(told, func(t timeseries.Event) bool { return says(t, e) }) {
			told = append(told, e)
		}
	}
	return told
}

// says reports whether an event tells of the same as a later one.
func says(e, later timeseries.Event) bool {
	if e.Kind != later.Kind {
		return false
	}
	if e.Kind != timeseries.MonitorAlert {
		return e.Title == later.Title && later.At-e.At <= sameAlert
	}
	state, name := stateOf(e.Title)
	laterState, laterName := stateOf(later.Title)
	if name != laterName {
		return false
	}
	// That an alert of which its begin is told has ended needs no line of its own.
	return state == laterState && later.At-e.At <= sameAlert || laterState == recovered && state != recovered
}

const recovered = "recovered"

// stateOf splits the title of an alert, "[Triggered on {env:prod}] Payments fail",
// into the first word of its state and the name of the monitor.
func stateOf(title string) (state, name string) {
	inside, name, found := strings.Cut(strings.TrimPrefix(title, "["), "]")
	if !found || !strings.HasPrefix(title, "[") {
		return "", title
	}
	state, _, _ = strings.Cut(strings.ToLower(inside), " ")
	return state, strings.TrimSpace(name)
}
