package investigation

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
)

// mostNamed is how many services a query names; beyond it, all are asked for.
const mostNamed = 50

// sheaf is places whose series come from the same queries: one place, or
// services that have an operation in common and are told apart by their tag.
type sheaf struct {
	// common is what they have in common; its Service is empty for several.
	common apm.Place
	only   []metricquery.Filter
	places []*place
}

// gather binds places together as far as they can be asked about together.
func gather(places []*place, named []string) []*sheaf {
	type key struct{ env, name, latency, duration string }
	at := map[key]*sheaf{}
	var all []*sheaf
	for _, p := range places {
		k := key{p.Env, p.Operation.Name, p.Operation.Latency, p.Operation.Duration}
		if at[k] == nil {
			at[k] = &sheaf{common: p.Place}
			all = append(all, at[k])
		}
		at[k].places = append(at[k].places, p)
	}
	for _, s := range all {
		if len(s.places) == 1 {
			continue
		}
		s.common.Service = ""
		if len(named) == 0 && len(s.places) > mostNamed {
			continue // most of all: what else comes along is let go
		}
		var tags []string
		for _, p := range s.places {
			tags = append(tags, apm.ByService+":"+p.Service)
		}
		s.only = []metricquery.Filter{apm.AnyOf(tags)}
	}
	return all
}

// by is what to group by to have a key for each place.
func (s *sheaf) by(key string) string {
	if len(s.places) == 1 {
		return key
	}
	return strings.TrimSuffix(apm.ByService+","+key, ",")
}

// split finds the place that a group is of, and the rest of its tags.
func (s *sheaf) split(tags []string) (of *place, rest []string) {
	if len(s.places) == 1 {
		return s.places[0], tags
	}
	if len(tags) == 0 {
		return nil, nil
	}
	service, _ := strings.CutPrefix(tags[0], apm.ByService+":")
	i := slices.IndexFunc(s.places, func(p *place) bool { return p.Service == service })
	if i < 0 {
		return nil, nil
	}
	return s.places[i], tags[1:]
}

// queries are those of the signals, grouped by a key within each place.
type queries struct{ hits, errors, mean string }

func (k *look) queriesOf(p apm.Place, by string, only ...metricquery.Filter) queries {
	q := queries{hits: p.HitsQuery(by, only...)}
	if k.wantsErrors() {
		q.errors = p.ErrorsQuery(by, only...)
	}
	if k.wanted[Latency] && p.Operation.Scale > 0 {
		q.mean = latencyQuery(p, by, only...)
	}
	return q
}

// latencyQuery is the mean, or where there is no distribution the time spent in all requests.
func latencyQuery(p apm.Place, by string, only ...metricquery.Filter) string {
	return cmp.Or(p.MeanQuery(by, only...), p.TimeQuery(by, only...))
}

// list are the queries that there are.
func (q queries) list() []string {
	return slices.DeleteFunc([]string{q.hits, q.errors, q.mean}, func(s string) bool { return s == "" })
}
