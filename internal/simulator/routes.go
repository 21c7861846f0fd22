package simulator

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint.
type route struct {
	method string
	// path's segments in braces match anything.
	path string
	// scope is the permission the endpoint asks for; empty for the API key alone, "any" for any valid pair.
	scope string
	// limit names the rate limit that counts these requests.
	limit     string
	mediaType string
	handle    func(call) (any, error)
}

// Permissions that need no scope of their own.
const (
	apiKeyOnly = ""
	anyScope   = "any"
)

// call is a request that was let in.
type call struct {
	*http.Request
	// args are the path's segments that the route has in braces.
	args []string
	// now bounds the data.
	now int64
	// coarsen asks a metric query to answer at twice the interval.
	coarsen bool
}

// table lists the endpoints. Of two that match, the first wins.
func (s *Server) table() []route {
	return []route{
		{"GET", "/api/v1/validate", apiKeyOnly, "", "", s.validate},
		{"GET", "/api/v2/validate_keys", anyScope, "", "", s.validateKeys},

		{"GET", "/api/v1/slo", "slos_read", "slo_get_all", "", s.listSLOs},
		{"GET", "/api/v1/slo/search", "slos_read", "slo_search", "", s.searchSLOs},
		{"GET", "/api/v1/slo/correction", "slos_read", "slo_correction_get_all", "", s.listCorrections},
		{"GET", "/api/v1/slo/correction/{id}", "slos_read", "slo_correction_get", "", s.getCorrection},
		{"GET", "/api/v1/slo/{id}", "slos_read", "slo_get", "", s.getSLO},
		{"GET", "/api/v1/slo/{id}/history", "slos_read", "slo_history", "", s.history},
		{"GET", "/api/v1/slo/{id}/corrections", "slos_read", "slo_corrections", "", s.correctionsOf},
		{"GET", "/api/v2/slo/{id}/status", "slos_read", "slo_status", "", s.statusV2},

		{"GET", "/api/v1/monitor", "monitors_read", "get_all_monitors", "", s.listMonitors},
		{"GET", "/api/v1/monitor/search", "monitors_read", "monitor_search", "", s.searchMonitors},
		{"GET", "/api/v1/monitor/groups/search", "monitors_read", "monitor_group_search", "", s.searchGroups},
		{"GET", "/api/v1/monitor/{id}", "monitors_read", "get_monitors", "", s.getMonitor},
		{"POST", "/api/v1/synthetics/tests/uptimes", "synthetics_read", "synthetics_uptimes", "", s.uptimes},

		{"GET", "/api/v1/query", "timeseries_query", "metrics_query", "", s.queryV1},
		{"POST", "/api/v2/query/timeseries", "timeseries_query", "metrics_query_v2", "application/vnd.api+json", s.timeseriesV2},
		{"POST", "/api/v2/query/scalar", "timeseries_query", "metrics_query_v2", "", s.scalarV2},

		{"GET", "/api/v1/metrics", "metrics_read", "metrics_list", "", s.listMetrics},
		{"GET", "/api/v1/metrics/{name}", "metrics_read", "metrics_metadata", "", s.metricMetadata},

		{"POST", "/api/v2/events/search", "events_read", "events_search", "", s.searchEvents},
		{"GET", "/api/v2/events", "events_read", "events_search", "", s.listEvents},
		{"POST", "/api/v2/dora/deployments", "dora_metrics_read", "dora_deployments", "application/vnd.api+json", s.doraDeployments},
		{"POST", "/api/v2/dora/failures", "dora_metrics_read", "dora_failures", "application/vnd.api+json", s.doraFailures},
		{"GET", "/api/v2/apm/services", "apm_read", "apm_services", "", s.apmServices},
	}
}

func (s *Server) find(r *http.Request) (route, []string, bool) {
	have := strings.Split(r.URL.EscapedPath(), "/")
	for _, rt := range s.routes {
		if rt.method != r.Method {
			continue
		}
		if args, ok := match(strings.Split(rt.path, "/"), have); ok {
			return rt, args, true
		}
	}
	return route{}, nil, false
}

func match(want, have []string) (args []string, ok bool) {
	if len(want) != len(have) {
		return nil, false
	}
	for i, w := range want {
		segment, err := url.PathUnescape(have[i])
		if err != nil {
			return nil, false
		}
		if strings.HasPrefix(w, "{") {
			args = append(args, segment)
		} else if w != segment {
			return nil, false
		}
	}
	return args, true
}
