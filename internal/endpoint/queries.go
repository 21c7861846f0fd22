package endpoint

import (
	"fmt"
	"strings"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
)

// set are the queries of one grouping, by measure; empty where there is none.
type set [measures]string

// plan is what is asked of a place.
type plan struct {
	place apm.Place
	key   string // the tag that is grouped by
	only  []metricquery.Filter
	// whole is ungrouped, grouped by key.
	whole, grouped set
	// latency says that the rows have latencies.
	latency bool
	notes   []slo.Note
}

// plan chooses the queries for a place.
func (q Query) plan(p apm.Place, only []metricquery.Filter) (plan, error) {
	out := plan{place: p, only: only, latency: true}
	unsupported := func(hint, format string, args ...any) error {
		return &slo.Defect{Kind: slo.Unsupported, Message: fmt.Sprintf(format, args...), Hints: []string{hint}}
	}
	byClass := false
	switch q.By {
	case ByVersion:
		out.key = apm.ByVersion
	case ByEnv:
		out.key = apm.ByEnv
	case ByStatus:
		out.latency = false // no such tag is on the latency
		switch {
		case p.Operation.HitsByStatus != "":
			out.key, byClass = apm.ByStatusClass, true
		case strings.Contains(p.Operation.Name, "grpc"):
			out.key = apm.ByRPCStatus
		default:
			return out, unsupported("leave --by out, or choose version or env", "%s has no status: %s counts no requests by HTTP status class", p.Service, p.Operation.Hits)
		}
	default:
		out.key = apm.ByResource
	}
	class := ""
	if q.Errors != Flagged {
		if class = string(q.Errors); p.Operation.HitsByStatus == "" {
			return out, unsupported("use --errors flagged, which is what the tracer marks as errors", "%s has no HTTP status classes, so that errors by %s are not known", p.Operation.Name, class)
		}
	}
	queries := func(by string) set {
		s := set{hits: p.HitsQuery(by, only...), errs: p.ErrorsQuery(by, only...), spent: p.TimeQuery(by, only...), timed: p.TimedQuery(by, only...)}
		if class != "" {
			s[errs] = p.StatusQuery(class, by, only...)
		}
		return s
	}
	out.whole, out.grouped = queries(""), queries(out.key)
	if byClass {
		out.grouped[hits] = p.StatusQuery("", out.key, only...)
		if class == "" {
			out.grouped[errs] = p.StatusErrorsQuery(out.key, only...)
		}
	}
	if !out.latency {
		out.grouped[spent], out.grouped[timed] = "", ""
	}
	switch {
	case p.Operation.Latency == "" && p.Operation.Duration == "":
		out.notes = append(out.notes, slo.Note{Code: "no_latency", Text: fmt.Sprintf("%s has no latency metric", p.Operation.Name)})
	case p.Operation.Latency == "":
		out.notes = append(out.notes, slo.Note{Code: "legacy_latency", Text: fmt.Sprintf(
			"mean latency comes from the legacy metric %s; there is no distribution, so that percentiles are not known", p.Operation.Duration)})
	}
	return out, nil
}

// all are the queries, each once.
func (p plan) all() []string {
	var all []string
	for m := range measures {
		for _, query := range []string{p.whole[m], p.grouped[m]} {
			if query != "" {
				all = append(all, query)
			}
		}
	}
	return all
}
