package badnet

import (
	"net/http"
	"strings"
)

// Kind is what a request asks for.
type Kind string

// The kinds of requests that slo sends.
const (
	Listing       Kind = "listing"
	Search        Kind = "search"
	Corrections   Kind = "corrections"
	CorrectionsOf Kind = "corrections of one"
	History       Kind = "history"
	Monitor       Kind = "monitor"
	MetricType    Kind = "metric type"
	Series        Kind = "series"
	// Services is what only commands about services ask, and the last line of the
	// board: which metrics there are, single numbers, what happened.
	Services Kind = "services"
	// Probe is what only slo doctor asks: keys, monitors.
	Probe Kind = "probe"
	// Unknown is a request that slo should not send.
	Unknown Kind = "unknown"
)

// BoardKinds are the kinds that a board is made from.
func BoardKinds() []Kind {
	return []Kind{Listing, Search, Corrections, CorrectionsOf, History, Monitor, MetricType, Series}
}

// KindOf tells requests apart by method and path.
func KindOf(r *http.Request) Kind {
	path := r.URL.Path
	under := func(prefix string) bool {
		rest, found := strings.CutPrefix(path, prefix)
		return found && rest != ""
	}
	switch {
	case r.Method == http.MethodPost && path == "/api/v2/query/timeseries":
		return Series
	case r.Method == http.MethodPost && (path == "/api/v2/query/scalar" || path == "/api/v2/events/search" || path == "/api/v2/dora/deployments"),
		r.Method == http.MethodGet && path == "/api/v1/metrics":
		return Services
	case r.Method != http.MethodGet:
		return Unknown
	case path == "/api/v1/slo":
		return Listing
	case path == "/api/v1/slo/search":
		return Search
	case path == "/api/v1/slo/correction":
		return Corrections
	case under("/api/v1/slo/") && strings.HasSuffix(path, "/corrections"):
		return CorrectionsOf
	case under("/api/v1/slo/") && strings.HasSuffix(path, "/history"):
		return History
	case under("/api/v1/monitor/"):
		return Monitor
	case under("/api/v1/metrics/"):
		return MetricType
	case path == "/api/v1/validate", path == "/api/v2/validate_keys", path == "/api/v1/monitor":
		return Probe
	}
	return Unknown
}
