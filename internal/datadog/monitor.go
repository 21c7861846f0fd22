package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
)

// wireMonitor is what of a monitor is read.
type wireMonitor struct {
	ID, Name, Type, Query, Modified, Deleted, Options json.RawMessage
}

// Monitor is one monitor's settings. A monitor that was deleted is an error
// with NotFound.
func (c *Client) Monitor(ctx context.Context, id int64) (slo.MonitorSettings, error) {
	op := operation{
		kind:       CallMonitor,
		purpose:    fmt.Sprintf("reading the monitor %d", id),
		scope:      "monitors_read",
		method:     http.MethodGet,
		path:       "/api/v1/monitor/" + strconv.FormatInt(id, 10),
		lack:       fmt.Sprintf("nothing of monitor %d", id),
		mayBeGone:  true,
		transcript: c.transcript(fmt.Sprintf("monitor %d", id)),
	}
	settings, err := c.monitor(ctx, op, id)
	if err := c.conclude(op, err); err != nil {
		return slo.MonitorSettings{}, err
	}
	return settings, nil
}

func (c *Client) monitor(ctx context.Context, op operation, id int64) (slo.MonitorSettings, error) {
	gone := &failure{
		defect: &slo.Defect{
			Kind:    slo.Invalid,
			Message: fmt.Sprintf("monitor %d does not exist (deleted?)", id),
			Hints:   []string{"remove it from the SLO, or restore it"},
		},
		status: http.StatusNotFound,
	}
	var w wireMonitor
	_, err := c.object(ctx, op, &w)
	var f *failure
	if errors.As(err, &f) && f.NotFound() {
		return slo.MonitorSettings{}, gone
	}
	if err != nil {
		return slo.MonitorSettings{}, err
	}
	if got, err := integerOf(w.ID); err != nil || got != id {
		return slo.MonitorSettings{}, strange(op, "it is about the monitor %s", clean(string(orNull(w.ID)), 40))
	}
	if deleted := string(w.Deleted); !isNull(w.Deleted) && deleted != "false" && deleted != `""` {
		return slo.MonitorSettings{}, gone
	}
	settings := slo.MonitorSettings{ID: id, Name: textOf(w.Name), Synthetic: textOf(w.Type) == syntheticTest}
	if modified, err := time.Parse(time.RFC3339Nano, textOf(w.Modified)); err == nil {
		settings.Modified = modified.UTC()
	}
	settings.Silence, settings.Why = w.silence()
	return settings, nil
}

// The types of monitors for which time without data does not count as that of
// a metric does.
const (
	syntheticTest = "synthetics alert"
	serviceCheck  = "service check"
)

// silence is how the monitor's time without data counts, and the setting that
// says so. Source: Datadog, "Monitor-based SLOs", missing data.
func (w wireMonitor) silence() (slo.SilencePolicy, string) {
	var options struct {
		OnMissingData json.RawMessage `json:"on_missing_data"`
		NotifyNoData  json.RawMessage `json:"notify_no_data"`
		Thresholds    json.RawMessage
	}
	kind := textOf(w.Type)
	if kind == syntheticTest {
		return slo.SilenceRemoved, "a synthetic test has no data only while it is paused"
	}
	if !isNull(w.Options) && json.Unmarshal(w.Options, &options) != nil {
		return slo.SilenceUnknown, "the options of the monitor are not an object"
	}
	why := "on_missing_data: " + clean(strings.Trim(string(options.OnMissingData), `"`), 40)
	switch setting := textOf(options.OnMissingData); {
	case setting == "show_and_notify_no_data":
		return slo.SilenceDown, why
	case setting == "show_no_data", setting == "resolve":
		return slo.SilenceUp, why
	case setting == "default":
	case !isNull(options.OnMissingData):
		return slo.SilenceUnknown, why + " is not known to this version of slo"
	case isNull(options.NotifyNoData):
		why = "neither on_missing_data nor notify_no_data is set"
	case string(options.NotifyNoData) == "false":
		// Monitors that were never moved to on_missing_data report "No Data" and
		// stay silent about it, which is what show_no_data says today.
		return slo.SilenceUp, "notify_no_data: false"
	case string(options.NotifyNoData) == "true":
		return slo.SilenceDown, "notify_no_data: true"
	default:
		return slo.SilenceUnknown, "notify_no_data: " + clean(string(options.NotifyNoData), 40) + " is neither true nor false"
	}
	switch kind {
	case serviceCheck:
		return slo.SilenceUp, why
	case "metric alert", "query alert", "log alert", "event-v2 alert", "rum alert", "audit alert", "trace-analytics alert",
		"error-tracking alert", "ci-pipelines alert", "ci-tests alert":
		policy, because := silentQuery(textOf(w.Query), options.Thresholds)
		return policy, why + ", " + because
	default:
		return slo.SilenceUnknown, fmt.Sprintf("%s, and how that counts for a monitor of type %q is not known", why, clean(kind, 40))
	}
}

// monitorQuery takes the query of a metric monitor apart:
// sum(last_5m):sum:errors{*}.as_count() > 100
var monitorQuery = regexp.MustCompile(`(?s)^(.*?)\s*([<>]=?|[=!]=)\s*(-?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*$`)

// silentQuery is how a metric monitor evaluates that gets no data and has no
// setting for it: a query that counts is taken for zero, any other keeps its last status.
func silentQuery(query string, thresholds json.RawMessage) (slo.SilencePolicy, string) {
	parts := monitorQuery.FindStringSubmatch(query)
	if parts == nil {
		return slo.SilenceUnknown, fmt.Sprintf("and the query %q does not end in a comparison with a number", clean(query, 80))
	}
	if strings.HasPrefix(strings.TrimSpace(parts[1]), "formula(") {
		return slo.SilenceUnknown, "and what its formula counts does not stand in the query"
	}
	counts, mixed := countsEvents(parts[1])
	switch {
	case mixed:
		return slo.SilenceUnknown, "and the query counts in one part and does not in another"
	case !counts:
		return slo.SilenceCarried, "and the query does not count, so the last known status is shown"
	}
	var critical struct{ Critical json.RawMessage }
	if !isNull(thresholds) && json.Unmarshal(thresholds, &critical) != nil {
		return slo.SilenceUnknown, "and options.thresholds is not an object"
	}
	threshold, err := strconv.ParseFloat(parts[3], 64)
	if !isNull(critical.Critical) {
		threshold, err = numberOf(critical.Critical)
	}
	comparison := slo.Comparison{Comparator: parts[2], Threshold: threshold}
	switch {
	case err != nil:
		return slo.SilenceUnknown, "and the critical threshold is not a number"
	case comparison.Comparator == "==", comparison.Comparator == "!=":
		return slo.SilenceUnknown, "and the query compares with " + comparison.Comparator
	case comparison.Holds(0):
		return slo.SilenceDown, fmt.Sprintf("and the query counts: zero alerts at %s %v", comparison.Comparator, threshold)
	default:
		return slo.SilenceUp, fmt.Sprintf("and the query counts: zero does not alert at %s %v", comparison.Comparator, threshold)
	}
}

// countsEvents reports whether a monitor's query, without its comparison,
// counts events, or does so in one of its parts only.
func countsEvents(query string) (counts, mixed bool) {
	_, metric, found := strings.Cut(query, "):")
	if !found {
		metric = query
	}
	expr, err := metricquery.Parse(metric)
	if err != nil {
		// Functions such as anomalies() take arguments that metricquery does not read.
		return strings.Contains(query, ".as_count()") || strings.Contains(query, `.rollup("count")`), false
	}
	counting := 0
	queries := metricquery.Queries(expr)
	for _, q := range queries {
		if q.Has("as_count") || q.Aggregator == "count" {
			counting++
		}
	}
	return counting > 0 && counting == len(queries), counting > 0 && counting < len(queries)
}
