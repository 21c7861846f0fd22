package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

// MetricType is how Datadog stores a metric: "count", "rate", "gauge",
// "distribution", or "" when it does not know.
func (c *Client) MetricType(ctx context.Context, name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", defect(slo.Invalid, "asking for the type of a metric without a name")
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
	var metadata struct{ Type json.RawMessage }
	_, err := c.object(ctx, op, &metadata)
	err = c.conclude(op, err)
	var f *failure
	if errors.As(err, &f) && f.NotFound() {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return strings.ToLower(textOf(metadata.Type)), nil
}
