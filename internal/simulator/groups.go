package simulator

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// group is the series of one combination of the tags a query groups by.
type group struct {
	tags   []string
	series []*scenario.Series
}

// groups are the selected series by the tags of "by", in order of the tags.
// Series that lack one of the keys are in none.
func groups(q *metricquery.Query, metric *scenario.Metric) []group {
	var all []group
	at := map[string]int{}
	selects := selection(q.Filter)
	prefixes := make([]string, len(q.By))
	for i, key := range q.By {
		prefixes[i] = key + ":"
	}
	for _, s := range metric.Series {
		if !selects(s.Tags) {
			continue
		}
		tags := make([]string, 0, len(q.By))
		for _, prefix := range prefixes {
			i := slices.IndexFunc(s.Tags, func(tag string) bool { return strings.HasPrefix(tag, prefix) })
			if i < 0 {
				break
			}
			tags = append(tags, s.Tags[i])
		}
		if len(tags) < len(q.By) {
			continue
		}
		key := strings.Join(tags, ",")
		i, ok := at[key]
		if !ok {
			i = len(all)
			at[key] = i
			all = append(all, group{tags: tags})
		}
		all[i].series = append(all[i].series, s)
	}
	slices.SortFunc(all, func(a, b group) int { return slices.Compare(a.tags, b.tags) })
	return all
}

// selection is a filter as a function, with long lists of values as sets.
func selection(f metricquery.Filter) func(tags []string) bool {
	switch f := f.(type) {
	case nil:
		return func([]string) bool { return true }
	case *metricquery.And:
		parts := make([]func([]string) bool, len(f.Of))
		for i, part := range f.Of {
			parts[i] = selection(part)
		}
		return func(tags []string) bool {
			return !slices.ContainsFunc(parts, func(part func([]string) bool) bool { return !part(tags) })
		}
	case *metricquery.In:
		if f.Key == "" || slices.ContainsFunc(f.Values, func(v string) bool { return strings.Contains(v, "*") }) {
			break
		}
		set := map[string]bool{}
		for _, v := range f.Values {
			set[strings.ToLower(f.Key+":"+v)] = true
		}
		return func(tags []string) bool {
			return slices.ContainsFunc(tags, func(tag string) bool { return set[strings.ToLower(tag)] })
		}
	}
	return f.Match
}

// largest are the groups that an answer holds: all, or where the world limits
// them those with the most requests.
func (e *evaluation) largest(q *metricquery.Query, all []group) []group {
	if e.groupLimit == 0 || len(q.By) == 0 || len(all) <= e.groupLimit {
		return all
	}
	type sized struct {
		group
		size float64
	}
	sorted := make([]sized, len(all))
	for i, g := range all {
		sorted[i].group = g
		for _, s := range g.series {
			from, to := e.grid.from-e.shift, e.grid.to-e.shift
			level, _ := s.Level(from, to)
			sorted[i].size += level + float64(s.Count(from, to))
		}
	}
	slices.SortStableFunc(sorted, func(a, b sized) int { return cmp.Compare(b.size, a.size) })
	all = all[:0:0]
	for _, g := range sorted[:e.groupLimit] {
		all = append(all, g.group)
	}
	slices.SortFunc(all, func(a, b group) int { return slices.Compare(a.tags, b.tags) })
	return all
}
