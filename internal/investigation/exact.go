package investigation

import (
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// selection is how a query asks for an endpoint, or for the whole place.
type selection struct {
	only []metricquery.Filter
	// tag is the group that is meant, where the filter may let others through as
	// well: Datadog reads a star as any text, and knows no escape. Else it is empty.
	tag string
}

func selectionOf(tag string) selection {
	if tag == "" {
		return selection{}
	}
	filter := apm.Tag(tag)
	s := selection{only: []metricquery.Filter{filter}}
	if filter.String() != tag || strings.Contains(tag, "*") {
		s.tag = tag
	}
	return s
}

// by is what to group by to have a key, and to tell the endpoint from others.
func (s selection) by(key string) string {
	switch {
	case s.tag == "":
		return key
	case key == "":
		return apm.ByResource
	}
	return key + "," + apm.ByResource
}

// of are the groups of an answer that are meant, without the endpoint's tag.
func (s selection) of(answer timeseries.Answer) timeseries.Answer {
	if s.tag == "" {
		return answer
	}
	var groups []timeseries.Group
	for _, g := range answer.Groups {
		if i := slices.Index(g.Tags, s.tag); i >= 0 {
			g.Tags = slices.Delete(slices.Clone(g.Tags), i, i+1)
			groups = append(groups, g)
		}
	}
	answer.Groups = groups
	return answer
}
