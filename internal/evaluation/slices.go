package evaluation

import (
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// slices turns the answers of a time slice objective into timelines: one for
// each group, and the whole, which is up where all groups are.
func (a answers) slices(sli slo.SliceSLI, pieces []piece) (record, error) {
	value, inputs := valueKey(sli), bundleOf(sli).queries
	grid := sliceGrid{
		span:   timeseries.Span{Start: pieces[0].span.Start, End: pieces[len(pieces)-1].span.End},
		step:   sli.Seconds,
		groups: map[string]*slo.Slices{},
	}
	known := grid.span
	var rare rarity
	for _, p := range pieces {
		answer := a.at(value, p.chunk)
		if beyondRetention(answer.Err) {
			known.Start = max(known.Start, p.span.End)
			continue
		}
		if answer.Err != nil {
			return record{}, answer.Err
		}
		for _, g := range answer.Groups {
			grid.place(g, p.span)
		}
	}
	for _, query := range inputs {
		for _, p := range pieces {
			answer := a.at(query, p.chunk)
			if answer.Err != nil && !beyondRetention(answer.Err) {
				return record{}, answer.Err
			}
			rare.note(query, answer.Every)
			for _, g := range answer.Groups {
				grid.observe(g, p.span)
			}
		}
	}
	rec := grid.record(slo.Comparison{Comparator: sli.Comparator, Threshold: sli.Threshold}, known)
	rec.notes = rare.notes("slices without a point count as up")
	if grid.mixed {
		rec.notes = append(rec.notes, slo.Note{Code: "values_without_group", Text: "for part of the time Datadog answers with one value for all groups together; those values are left out, so their slices count as up"})
	}
	return rec, nil
}

// valueKey is under which key the value of a slice was answered.
func valueKey(sli slo.SliceSLI) string {
	b := bundleOf(sli)
	if b.formula != nil {
		return b.formula.Key()
	}
	return b.queries[0]
}

// sliceGrid collects values and observations by the names of the groups; the
// whole of an objective without groups has no name.
type sliceGrid struct {
	span   timeseries.Span
	step   int64
	groups map[string]*slo.Slices
	// everywhere are points of an input that does not group: they tell of all groups.
	everywhere []bool
	// mixed says that there were values of groups, and values without one.
	mixed bool
}

func (g *sliceGrid) group(name string) *slo.Slices {
	s := g.groups[name]
	if s == nil {
		s = &slo.Slices{
			Start: g.span.Start, Step: g.step,
			Value: timeseries.Blank(g.span, g.step).Values, Observed: make([]bool, g.span.Seconds()/g.step),
		}
		g.groups[name] = s
	}
	return s
}

func (g *sliceGrid) place(from timeseries.Group, span timeseries.Span) {
	copy(g.group(strings.Join(from.Tags, ",")).Value[(span.Start-g.span.Start)/g.step:], slice(from.Series, span))
}

func (g *sliceGrid) observe(from timeseries.Group, span timeseries.Span) {
	if g.everywhere == nil {
		g.everywhere = make([]bool, g.span.Seconds()/g.step)
	}
	offset := (span.Start - g.span.Start) / g.step
	for _, seen := range g.seenBy(from.Tags) {
		for i, v := range slice(from.Series, span) {
			if !timeseries.IsMissing(v) {
				seen[offset+int64(i)] = true
			}
		}
	}
}

// seenBy are the observations of which the points of an input with these tags
// tell: those of its own group, or, where the value groups by fewer tags or by
// more, of every group that shares them.
func (g *sliceGrid) seenBy(tags []string) [][]bool {
	_, ungrouped := g.groups[""]
	if len(tags) == 0 || ungrouped && len(g.groups) == 1 {
		return [][]bool{g.everywhere}
	}
	if own := g.groups[strings.Join(tags, ",")]; own != nil {
		return [][]bool{own.Observed}
	}
	var all [][]bool
	for name, s := range g.groups {
		if of := strings.Split(name, ","); name != "" && len(of) != len(tags) && (within(tags, of) || within(of, tags)) {
			all = append(all, s.Observed)
		}
	}
	if len(all) == 0 {
		all = [][]bool{g.group(strings.Join(tags, ",")).Observed}
	}
	return all
}

// within reports whether all of some tags are among others.
func within(some, others []string) bool {
	return !slices.ContainsFunc(some, func(t string) bool { return !slices.Contains(others, t) })
}

// record makes timelines of what was collected.
func (g *sliceGrid) record(good slo.Comparison, known timeseries.Span) record {
	if len(g.groups) > 1 {
		// Beside groups a value or an input without a group is not one of them.
		_, g.mixed = g.groups[""]
		delete(g.groups, "")
	}
	if len(g.groups) == 0 {
		g.group("")
	}
	var rec record
	for name, s := range g.groups {
		for i, seen := range g.everywhere {
			s.Observed[i] = s.Observed[i] || seen
		}
		under := func(silence slo.SilencePolicy) (slo.Timeline, error) {
			return slo.FromSlices(*s, good, silence).Within(known), nil
		}
		rec.groups = append(rec.groups, groupRecord{name, timed(g.step, under, slo.SilenceUp)})
	}
	slices.SortFunc(rec.groups, func(x, y groupRecord) int { return strings.Compare(x.name, y.name) })
	rec.overall = together(rec.groups, known)
	if len(rec.groups) == 1 && rec.groups[0].name == "" {
		rec.groups = nil
	}
	return rec
}

// timed is evidence whose timeline cannot fail under the policy that it is documented to have.
func timed(step int64, under func(slo.SilencePolicy) (slo.Timeline, error), silence slo.SilencePolicy) observed {
	t, err := under(silence)
	if err != nil {
		t = slo.Timeline{}
	}
	return observed{timeline: &t, step: step, under: under}
}

// together is the whole of some groups: up where all of them are.
func together(groups []groupRecord, known timeseries.Span) observed {
	all := func(of func(observed) (slo.Timeline, error)) (slo.Timeline, error) {
		parts := make([]slo.Timeline, len(groups))
		for i, g := range groups {
			var err error
			if parts[i], err = of(g.observed); err != nil {
				return slo.Timeline{}, err
			}
		}
		return slo.AllUp(parts), nil
	}
	if len(groups) == 0 {
		return observed{timeline: &slo.Timeline{Known: known}}
	}
	whole, _ := all(func(o observed) (slo.Timeline, error) { return *o.timeline, nil })
	return observed{timeline: &whole, step: groups[0].step, under: func(silence slo.SilencePolicy) (slo.Timeline, error) {
		return all(func(o observed) (slo.Timeline, error) {
			if o.under == nil {
				return *o.timeline, nil
			}
			return o.under(silence)
		})
	}}
}
