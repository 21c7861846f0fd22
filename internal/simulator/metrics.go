package simulator

import (
	"math"
	"net/http"
	"slices"
	"strconv"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// listMetrics is GET /api/v1/metrics: the names of what was reported since
// from. The answer gives from back as text.
func (s *Server) listMetrics(c call) (any, error) {
	from, err := c.seconds("from")
	if err != nil {
		return nil, err
	}
	var filter metricquery.Filter = metricquery.All{}
	if text := c.URL.Query().Get("tag_filter"); text != "" {
		x, err := metricquery.Parse("m{" + text + "}")
		q, ok := x.(*metricquery.Query)
		if err != nil || !ok {
			return nil, badRequest("Invalid tag_filter: %s", text)
		}
		filter = q.Filter
	}
	names := []string{}
	for _, name := range s.traffic.Names() {
		reported := func(series *scenario.Series) bool {
			return filter.Match(series.Tags) && series.Active(from-s.shift, c.now-s.shift)
		}
		// Nothing carries a host: metrics of a host there are none.
		if c.URL.Query().Get("host") == "" && slices.ContainsFunc(s.traffic.Metric(name).Series, reported) {
			names = append(names, name)
		}
	}
	return map[string]any{"metrics": names, "from": strconv.FormatInt(from, 10)}, nil
}

// metricMetadata is GET /api/v1/metrics/{name}.
func (s *Server) metricMetadata(c call) (any, error) {
	metric := s.traffic.Metric(c.args[0])
	if metric == nil || !slices.ContainsFunc(metric.Series, func(series *scenario.Series) bool {
		return series.Active(math.MinInt64/2, c.now-s.shift)
	}) {
		return nil, failure(http.StatusNotFound, "metric_name not found")
	}
	out := map[string]any{
		"type": metric.Kind, "description": nil, "short_name": nil, "integration": nil,
		"statsd_interval": nil, "per_unit": nil, "unit": nil,
	}
	switch metric.Kind {
	case scenario.Count:
		out["statsd_interval"] = flush
	case scenario.Distribution, scenario.Gauge:
	}
	if metric.Unit != "" {
		out["unit"] = metric.Unit
	}
	return out, nil
}
