package evaluation

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// hypothesis is one way in which Datadog may have come to its figure.
type hypothesis struct {
	reason    Reason
	detail    string
	estimates func() []slo.Estimate
}

const (
	// latest is how late in seconds points are taken to arrive at most.
	latest = 900
	// fewGroups is up to how many groups every set of them is tried.
	fewGroups = 8
	// someGroups is up to how many groups each one alone, and all others, are tried.
	someGroups = 200
	// mostStretches is up to how many stretches of time all sets of groups together may have.
	mostStretches = 10_000_000
	// fewTransitions is how many transitions are tried from either end as where a preview stands.
	fewTransitions = 100
)

// hypotheses are what is tried, the most particular first: one that can
// reproduce almost any figure, such as another instant, explains least.
func (j Job) hypotheses(rec record, theirs claim) []hypothesis {
	var all []hypothesis
	all = append(all, j.preview(rec, theirs)...)
	all = append(all, j.otherCorrections(rec, theirs)...)
	all = append(all, j.otherSilence(rec, theirs)...)
	all = append(all, j.otherGroups(rec, theirs)...)
	all = append(all, j.sinceEdit(rec, theirs)...)
	all = append(all, j.lateData(rec, theirs)...)
	return append(all, j.otherInstant(rec, theirs)...)
}

// preview: Datadog is still going through the window and has come to the last
// transition, or has gone back to the first.
func (j Job) preview(rec record, theirs claim) []hypothesis {
	if theirs.track == nil || !theirs.track.Preview {
		return nil
	}
	var all []hypothesis
	inside := slices.DeleteFunc(slices.Clone(theirs.track.Transitions), func(t slo.Transition) bool { return !theirs.window.Contains(t.At) })
	if n := len(inside); n > 2*fewTransitions {
		inside = slices.Concat(inside[:fewTransitions], inside[n-fewTransitions:])
	}
	for _, t := range inside {
		for _, part := range []timeseries.Span{{Start: theirs.window.Start, End: t.At}, {Start: t.At, End: theirs.window.End}} {
			all = append(all, hypothesis{
				Preview, fmt.Sprintf("Datadog is still computing (preview): its figure is that of %s", part),
				func() []slo.Estimate { return rec.overall.estimates(part, j.Occurrences, slo.ByStart) },
			})
		}
	}
	return all
}

func (j Job) otherCorrections(rec record, theirs claim) []hypothesis {
	if len(j.Occurrences) == 0 {
		return nil
	}
	all := []hypothesis{{
		CorrectionsOff, "Datadog's figure leaves the status corrections out",
		func() []slo.Estimate { return rec.overall.estimates(theirs.window, nil, slo.ByStart) },
	}}
	for _, rule := range slo.EdgeRules[1:] {
		detail := "Datadog also corrects what a status correction touches only in part"
		if rule == slo.WhollyInside {
			detail = "Datadog corrects only what lies inside a status correction from end to end"
		}
		all = append(all, hypothesis{CorrectionEdge, detail, func() []slo.Estimate {
			return rec.overall.estimates(theirs.window, j.Occurrences, rule)
		}})
	}
	return all
}

// otherSilence counts time without data by every other policy.
func (j Job) otherSilence(rec record, theirs claim) []hypothesis {
	o := rec.overall
	if o.under == nil {
		return nil
	}
	var all []hypothesis
	for _, p := range []struct {
		silence slo.SilencePolicy
		words   string
	}{
		{slo.SilenceDown, "down"}, {slo.SilenceUp, "up"}, {slo.SilenceCarried, "the state before"}, {slo.SilenceRemoved, "nothing at all"},
	} {
		all = append(all, hypothesis{MissingData, "Datadog counts time without data as " + p.words, func() []slo.Estimate {
			t, err := o.under(p.silence)
			if err != nil {
				return nil
			}
			return o.shares(o.apply(t, o.corrected(j.Occurrences, slo.ByStart)), theirs.window)
		}})
	}
	if o.step > 0 {
		all = append(all, hypothesis{MissingData, "Datadog counts slices without data as down, and those whose formula has no value as up", func() []slo.Estimate {
			parts := []slo.Timeline{o.timeline.UnseenDown()}
			if len(rec.groups) > 0 {
				parts = nil
			}
			for _, g := range rec.groups {
				parts = append(parts, g.timeline.UnseenDown())
			}
			return o.shares(o.apply(slo.AllUp(parts), o.corrected(j.Occurrences, slo.ByStart)), theirs.window)
		}})
	}
	for _, up := range []bool{true, false} {
		all = append(all, hypothesis{MissingData, "Datadog counts the time before its record began, or in which a test was paused, as " + upOrDown(up), func() []slo.Estimate {
			return o.shares(o.apply(o.timeline.Filled(up), o.corrected(j.Occurrences, slo.ByStart)), theirs.window)
		}})
	}
	return all
}

func upOrDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// otherGroups tries Datadog's own state of the whole, sets of groups, and those that still have data.
func (j Job) otherGroups(rec record, theirs claim) []hypothesis {
	var all []hypothesis
	if rec.alone != nil {
		all = append(all, hypothesis{
			GroupSet, "Datadog's figure is that of its own overall state, in which not all of the monitors or groups count",
			func() []slo.Estimate { return rec.alone.estimates(theirs.window, j.Occurrences, slo.ByStart) },
		})
	}
	n := len(rec.groups)
	if n < 2 {
		return all
	}
	sets, stretches := setsOf(n), 0
	for _, g := range rec.groups {
		if g.timeline != nil {
			stretches += len(g.timeline.Stretches)
		}
	}
	if len(sets)*stretches/2 > mostStretches {
		return all
	}
	for _, set := range sets {
		var names []string
		chosen := make([]groupRecord, len(set))
		for i, k := range set {
			chosen[i] = rec.groups[k]
			names = append(names, rec.groups[k].name)
		}
		detail := fmt.Sprintf("Datadog's figure is that of %d of the %d groups: %s", len(set), n, strings.Join(names, " and "))
		if len(set) == n-1 && n > 2 {
			detail = fmt.Sprintf("Datadog's figure leaves out the group %s", left(rec.groups, set))
		}
		all = append(all, hypothesis{GroupSet, detail, func() []slo.Estimate { return j.ofGroups(chosen, theirs.window) }})
	}
	return all
}

// left is the name of the one group that is not in the set.
func left(groups []groupRecord, set []int) string {
	for i, k := range set {
		if i != k {
			return groups[i].name
		}
	}
	return groups[len(groups)-1].name
}

// ofGroups is the figure of some groups together.
func (j Job) ofGroups(groups []groupRecord, window timeseries.Span) []slo.Estimate {
	if groups[0].timeline != nil {
		return together(groups, groups[0].timeline.Known).estimates(window, j.Occurrences, slo.ByStart)
	}
	window.Start = timeseries.Floor(window.Start, slo.BucketSeconds)
	var pooled slo.Tally
	for _, g := range groups {
		g.events(j.Occurrences, slo.ByStart, nil).Tally(window, &pooled)
	}
	return []slo.Estimate{pooled.Estimate()}
}

// setsOf are the sets of n things that are tried, without the whole: all of
// them where n is small, else each alone and each left out. Indices are in order.
func setsOf(n int) [][]int {
	var sets [][]int
	if n <= fewGroups {
		for mask := uint(1); mask < 1<<n-1; mask++ {
			set := make([]int, 0, bits.OnesCount(mask))
			for i := range n {
				if mask&(1<<i) != 0 {
					set = append(set, i)
				}
			}
			sets = append(sets, set)
		}
		return sets
	}
	if n > someGroups {
		return nil
	}
	for i := range n {
		rest := make([]int, 0, n-1)
		for k := range n {
			if k != i {
				rest = append(rest, k)
			}
		}
		sets = append(sets, []int{i}, rest)
	}
	return sets
}

// sinceEdit counts only what came after the objective was created or edited.
func (j Job) sinceEdit(rec record, theirs claim) []hypothesis {
	var all []hypothesis
	for _, edit := range []struct {
		at   time.Time
		verb string
	}{{j.Definition.Modified, "edited"}, {j.Definition.Created, "created"}} {
		if edit.at.IsZero() || !theirs.window.Contains(edit.at.Unix()) {
			continue
		}
		since := timeseries.Span{Start: edit.at.Unix(), End: theirs.window.End}
		all = append(all, hypothesis{
			DefinitionChanged, fmt.Sprintf("Datadog counts only what came after the SLO was %s, %s", edit.verb, onClock(edit.at)),
			func() []slo.Estimate {
				if rec.overall.timeline == nil {
					return []slo.Estimate{rec.overall.events(j.Occurrences, slo.ByStart, nil).Between(since)}
				}
				return rec.overall.estimates(since, j.Occurrences, slo.ByStart)
			},
		})
	}
	return all
}

// lateData leaves out the newest points, which had not arrived yet.
func (j Job) lateData(rec record, theirs claim) []hypothesis {
	o := rec.overall
	if o.timeline != nil && o.step == 0 {
		return nil // transitions are Datadog's own
	}
	var all []hypothesis
	for late := int64(slo.BucketSeconds); late <= latest; late += slo.BucketSeconds {
		all = append(all, hypothesis{
			LateData, fmt.Sprintf("Datadog computed its figure before the points of the last %d minutes had arrived", late/60),
			func() []slo.Estimate {
				cut := timeseries.Span{Start: theirs.window.Start, End: theirs.window.End - late}
				if o.timeline == nil {
					return o.estimates(cut, j.Occurrences, slo.ByStart)
				}
				// Slices whose points are missing are up.
				late := append(o.corrected(j.Occurrences, slo.ByStart), timeseries.Span{Start: cut.End, End: theirs.window.End})
				return o.shares(o.apply(*o.timeline, slo.Union(late)), theirs.window)
			},
		})
	}
	return all
}

// otherInstant takes the figure for one of an earlier instant than it says, up to an hour.
func (j Job) otherInstant(rec record, theirs claim) []hypothesis {
	o := rec.overall
	older := func(age int64, words string) hypothesis {
		return hypothesis{IndexAge, fmt.Sprintf("Datadog's figure is %s%d minutes older than it says", words, (age+59)/60), func() []slo.Estimate {
			return o.estimates(theirs.window.Shift(-age), j.Occurrences, slo.ByStart)
		}}
	}
	step := int64(slo.BucketSeconds)
	if o.timeline != nil {
		step = evaluated
	}
	var all []hypothesis
	for age := step; age <= comparableFor; age += step {
		all = append(all, older(age, ""))
	}
	if o.timeline != nil || theirs.window.End%step != 0 {
		return all
	}
	// Inside a bucket a figure is only known between two bounds.
	for age := step / 2; age < comparableFor; age += step {
		all = append(all, older(age, "about "))
	}
	return all
}
