package datadog

import (
	"context"
	"errors"
)

// MetricType is how Datadog stores a metric: "count", "rate", "gauge",
// "distribution", or "" when it does not know.
func (c *Client) MetricType(ctx context.Context, name string) (string, error) {
	info, err := c.MetricInfo(ctx, name)
	var f *failure
	if errors.As(err, &f) && f.NotFound() {
		return "", nil
	}
	return info.Type, err
}
