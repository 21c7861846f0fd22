package datadog

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// MetricInfo is what Datadog knows of a metric beside its values. A metric that
// it does not know is an error with NotFound.
func (c *Client) MetricInfo(ctx context.Context, name string) (timeseries.MetricInfo, error) {
	if strings.TrimSpace(name) == "" {
		return timeseries.MetricInfo{}, defect(slo.Invalid, "asking for the type of a metric without a name")
	}
	op := operation{
		kind:       CallMetricType,
		purpose:    "asking for the type of the metric " + clean(name, 120),
		scope:      "metrics_read",
		method:     http.MethodGet,
		path:       "/api/v1/metrics/" + url.PathEscape(name),
		lack:       "nothing of the type of the metric " + clean(name, 120),
		mayBeGone:  true,
		transcript: c.transcript("metric type " + name),
	}
	var metadata struct{ Type, Unit json.RawMessage }
	_, err := c.object(ctx, op, &metadata)
	if err := c.conclude(op, err); err != nil {
		return timeseries.MetricInfo{}, err
	}
	return timeseries.MetricInfo{Type: strings.ToLower(textOf(metadata.Type)), Unit: strings.ToLower(textOf(metadata.Unit))}, nil
}
