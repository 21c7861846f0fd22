package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
)

// ActiveMetrics lists the names of the metrics that were reported since the
// instant, in order. A tag, such as "service:auth", leaves those that were
// reported with it; an empty one leaves them all.
func (c *Client) ActiveMetrics(ctx context.Context, since int64, tag string) ([]string, error) {
	tag = strings.TrimSpace(tag)
	op := operation{
		kind:       CallActiveMetrics,
		purpose:    "listing the active metrics",
		scope:      "metrics_read",
		method:     http.MethodGet,
		path:       "/api/v1/metrics",
		query:      url.Values{"from": {strconv.FormatInt(since, 10)}},
		part:       "all",
		lack:       "no listing of the active metrics",
		transcript: c.transcript(strings.TrimSpace("active metrics " + tag)),
	}
	if tag != "" {
		op.query.Set("tag_filter", tag)
		op.purpose += " with " + clean(tag, 120)
		op.lack += " with " + clean(tag, 120)
	}
	if since < 0 {
		return nil, defect(slo.Invalid, fmt.Sprintf("%s: %d is not an instant to begin at", op.purpose, since))
	}
	names, err := c.activeMetrics(ctx, op)
	if err := c.conclude(op, err); err != nil {
		return nil, err
	}
	return names, nil
}

func (c *Client) activeMetrics(ctx context.Context, op operation) ([]string, error) {
	var w struct{ Metrics json.RawMessage }
	if _, err := c.object(ctx, op, &w); err != nil {
		return nil, err
	}
	var elements []json.RawMessage
	if isNull(w.Metrics) || json.Unmarshal(w.Metrics, &elements) != nil {
		return nil, strange(op, `"metrics" is not a list`)
	}
	names := make([]string, 0, len(elements))
	for _, e := range elements {
		if name := textOf(e); name != "" {
			names = append(names, name)
		}
	}
	if len(elements) > 0 && len(names) == 0 {
		return nil, strange(op, `"metrics" has no name in it`)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
