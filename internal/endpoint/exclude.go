package endpoint

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	// mostExcluded is how many endpoints a filter can leave out, and longestFilter
	// how many bytes their names may have together.
	mostExcluded  = 400
	longestFilter = 30_000
)

// excluded reports whether a tag is left out.
func (q Query) excluded(tag string) bool {
	_, value, _ := strings.Cut(tag, ":")
	return slices.ContainsFunc(q.Exclude, func(glob string) bool { return matches(glob, value) || matches(glob, apm.Name(tag)) })
}

// without is the filter that leaves the tags out; false where no filter says
// just that, because there are too many, or because a star in a name would
// leave out others as well.
func without(tags, others []string) (metricquery.Filter, bool) {
	length := 0
	for _, tag := range tags {
		length += len(tag)
	}
	if len(tags) > mostExcluded || length > longestFilter {
		return nil, false
	}
	filter := apm.NoneOf(tags)
	for _, tag := range others {
		if !filter.Match([]string{tag}) {
			return nil, false
		}
	}
	return filter, true
}

// filter is what leaves the excluded endpoints out of queries that do not group
// by them; it asks which endpoints there are.
func (s Service) filter(ctx context.Context, p apm.Place, q Query, spans ...timeseries.Span) ([]metricquery.Filter, error) {
	var out, others []string
	for _, span := range spans {
		answers, err := s.Source.Measured(ctx, timeseries.ScalarRequest{
			Queries: []timeseries.ScalarQuery{{Query: p.HitsQuery(apm.ByResource), Aggregator: "sum"}}, Span: span,
		})
		if err == nil {
			err = answers[0].Err
		}
		if err != nil {
			return nil, fmt.Errorf("looking for the endpoints to leave out: %w", err)
		}
		for _, g := range answers[0].Groups {
			if tag := tagOf(g.Tags); q.excluded(tag) {
				out = append(out, tag)
			} else {
				others = append(others, tag)
			}
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, nil
	}
	filter, ok := without(out, others)
	if !ok {
		return nil, &slo.Defect{
			Kind:    slo.Unsupported,
			Message: fmt.Sprintf("%d endpoints cannot be left out of one metric query", len(out)),
			Hints:   []string{"leave --by out: a table of endpoints can leave out any number of them"},
		}
	}
	return []metricquery.Filter{filter}, nil
}

// tagOf is the tag of a group by one key.
func tagOf(tags []string) string { return strings.Join(tags, ",") }
