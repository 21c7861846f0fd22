package datadog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Probe tries one thing that slo needs from Datadog, by itself.
type Probe struct {
	// Name is what is tried, in a few words.
	Name string
	// Scope is the permission that it shows; empty where there is none.
	Scope string
	// Needed says what does not work without.
	Needed string
	// Remedy says what to do when it fails.
	Remedy string
	// Optional says that slo does without: findings then tell less.
	Optional bool
	// Run tries it. The finding is worth reading even beside an error.
	Run func(context.Context) (Finding, error)
}

// Finding is what the answer to a probe says beside yes or no.
type Finding struct {
	// Date is the server's clock; zero when no answer came or it has none.
	Date time.Time
	// Limit is the rate limit of the call; nil when the answer names none.
	Limit *transport.Limit
}

// answerFields are the fields by which a probe's answer is judged.
type answerFields struct {
	Valid, Status, Data, Metrics json.RawMessage
}

// Probes are the checks of `slo doctor`, in the order in which they make
// sense: each one presupposes those above it. With an access token there is no
// key to validate, so the first two are left out.
func (c *Client) Probes() []Probe {
	if c.credentials.token != "" {
		return c.scopeProbes()
	}
	return append(c.keyProbes(), c.scopeProbes()...)
}

func (c *Client) keyProbes() []Probe {
	return []Probe{
		{
			Name:   "reach the API with the API key",
			Needed: "everything",
			Remedy: "check DD_API_KEY, --site or --api-url, and the proxy settings of this machine",
			Run: c.prober(operation{purpose: "validating the API key", path: "/api/v1/validate", keyOnly: true}, func(a answerFields) string {
				if string(a.Valid) != "true" {
					return "it does not call the API key valid"
				}
				return ""
			}),
		},
		{
			Name:   "use both keys",
			Needed: "everything",
			Remedy: "check DD_APP_KEY, and that it belongs to the same organisation as DD_API_KEY",
			Run: c.prober(operation{purpose: "validating both keys", path: "/api/v2/validate_keys"}, func(a answerFields) string {
				if s := textOf(a.Status); s != "ok" {
					return "its status is " + strconv.Quote(clean(s, 40)) + ", not \"ok\""
				}
				return ""
			}),
		},
	}
}

func (c *Client) scopeProbes() []Probe {
	const grant = "add the scope to the application key or access token (Organization Settings), or ask an administrator for it"
	const near = "what happened near a finding (slo investigate)"
	one := url.Values{"limit": {"1"}}
	hasData := func(a answerFields) string {
		if isNull(a.Data) {
			return "it has no data"
		}
		return ""
	}
	hourAgo := strconv.FormatInt(c.now().Unix()-3600, 10)
	return []Probe{
		{
			Name: "list SLOs", Scope: "slos_read", Needed: "every command", Remedy: grant,
			Run: c.prober(operation{purpose: "listing the SLOs", scope: "slos_read", path: "/api/v1/slo", query: one}, hasData),
		},
		{
			Name: "list SLO corrections", Scope: "slos_read", Needed: "every board", Remedy: grant,
			Run: c.prober(operation{purpose: "listing the SLO corrections", scope: "slos_read", path: "/api/v1/slo/correction", query: one}, hasData),
		},
		{
			Name: "query metrics", Scope: "timeseries_query", Needed: "metric and time slice SLOs", Remedy: grant,
			Run: c.probeSeries,
		},
		{
			Name: "read metric metadata", Scope: "metrics_read", Needed: "SLOs whose queries lack .as_count()", Remedy: grant,
			Run: c.prober(operation{
				purpose: "listing the active metrics", scope: "metrics_read", path: "/api/v1/metrics",
				query: url.Values{"from": {hourAgo}},
			}, func(a answerFields) string {
				if isNull(a.Metrics) {
					return "it has no list of metrics"
				}
				return ""
			}),
		},
		{
			Name: "read monitors", Scope: "monitors_read", Needed: "monitor SLOs", Remedy: grant,
			Run: c.probeMonitors,
		},
		{
			Name: "search events", Scope: "events_read", Needed: near, Remedy: grant, Optional: true,
			Run: c.prober(operation{
				purpose: "searching for events", scope: "events_read", method: http.MethodPost, path: "/api/v2/events/search",
				body: []byte(`{"filter":{"from":"now-15m","to":"now"},"page":{"limit":1}}`),
			}, hasData),
		},
		{
			Name: "list deployments", Scope: "dora_metrics_read", Needed: near, Remedy: grant, Optional: true,
			Run: c.probeDeployments,
		},
	}
}

// prober makes the Run of a probe that is one call, a GET if it does not say. Objection says what is wrong with an answer, or "".
func (c *Client) prober(op operation, objection func(answerFields) string) func(context.Context) (Finding, error) {
	op.kind, op.method = CallProbe, cmp.Or(op.method, http.MethodGet)
	return func(ctx context.Context) (Finding, error) {
		var a answerFields
		header, err := c.object(ctx, op, &a)
		if err == nil {
			if why := objection(a); why != "" {
				err = strange(op, "%s", why)
			}
		}
		return findingOf(header), err
	}
}

func (c *Client) probeSeries(ctx context.Context) (Finding, error) {
	const step = 60
	to := timeseries.Floor(c.now().Unix(), step)
	body, err := seriesBody(arrange(timeseries.Request{Queries: []string{"sum:trace.http.request.hits{*}.as_count()"}, Step: step}).queries(), timeseries.Span{Start: to - 10*step, End: to}, step)
	if err != nil {
		return Finding{}, err
	}
	op := operation{
		kind: CallProbe, purpose: "querying metrics", scope: "timeseries_query",
		method: http.MethodPost, path: "/api/v2/query/timeseries", body: body,
	}
	r, err := c.call(ctx, op)
	if err == nil {
		if _, bad := readSeries(bytes.NewReader(r.body)); bad != nil {
			err = c.badSeries(op, bad)
		}
	}
	return findingOf(r.header), err
}

// probeMonitors lists one monitor; the answer is a bare list, which may be empty.
func (c *Client) probeMonitors(ctx context.Context) (Finding, error) {
	op := operation{
		kind: CallProbe, purpose: "listing the monitors", scope: "monitors_read",
		method: http.MethodGet, path: "/api/v1/monitor", query: url.Values{"page": {"0"}, "page_size": {"1"}},
	}
	r, err := c.call(ctx, op)
	if err != nil {
		return findingOf(r.header), err
	}
	var monitors []json.RawMessage
	if json.Unmarshal(r.body, &monitors) != nil || monitors == nil {
		err = c.decodeObject(op, r.body, &struct{}{})
		if err == nil {
			err = strange(op, "it is not a list of monitors")
		}
	}
	return findingOf(r.header), err
}

// probeDeployments lists one deployment of the last hour; there need not be any.
func (c *Client) probeDeployments(ctx context.Context) (Finding, error) {
	to := c.now().Unix()
	op := operation{
		kind: CallProbe, purpose: "listing the deployments", scope: "dora_metrics_read",
		method: http.MethodPost, path: "/api/v2/dora/deployments",
	}
	var err error
	if op.body, err = deploymentsBody(timeseries.Span{Start: to - 3600, End: to}, "", 1); err != nil {
		return Finding{}, err
	}
	_, header, err := c.deployments(ctx, op)
	return findingOf(header), err
}

func findingOf(h http.Header) Finding {
	var f Finding
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		f.Date = date.UTC()
	}
	if limit, ok := transport.ReadLimit(h); ok {
		f.Limit = &limit
	}
	return f
}
