package datadog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// deploymentsPerAnswer is the documented maximum of the listing, which has no pages.
const deploymentsPerAnswer = 1000

type wireDeployments struct {
	Data struct {
		Type       string                    `json:"type"`
		Attributes wireDeploymentsAttributes `json:"attributes"`
	} `json:"data"`
}

type wireDeploymentsAttributes struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Limit int    `json:"limit"`
	Query string `json:"query,omitempty"`
}

// Deployments lists the releases of a service in the span that were reported
// for DORA metrics, in order of time; those of every service where the name is
// empty. Complete says that there are no more. A release without a time is left out.
func (c *Client) Deployments(ctx context.Context, span timeseries.Span, service string, most int) (events []timeseries.Event, complete bool, err error) {
	op := operation{
		kind:       CallDeployments,
		purpose:    "listing the deployments",
		scope:      "dora_metrics_read",
		method:     http.MethodPost,
		path:       "/api/v2/dora/deployments",
		lack:       fmt.Sprintf("no deployments for %s", span),
		transcript: c.transcript(fmt.Sprintf("deployments %s %d %s", span, most, service)),
	}
	if service != "" {
		op.purpose += " of " + clean(service, 120)
	}
	if span.Empty() || span.Start < 0 || most <= 0 {
		return nil, false, defect(slo.Invalid, fmt.Sprintf("%s: want a span that is not empty and room for one, got %s and %d", op.purpose, span, most))
	}
	limit := min(most, deploymentsPerAnswer)
	if op.body, err = deploymentsBody(span, service, limit); err != nil {
		return nil, false, defect(slo.Invalid, op.purpose+": "+err.Error())
	}
	rows, _, err := c.deployments(ctx, op)
	if err := c.conclude(op, err); err != nil {
		return nil, false, err
	}
	odd := 0
	for _, raw := range rows {
		// Filters of a listing were passed over before now.
		switch e, ok := decodeDeployment(raw); {
		case !ok:
			odd++
		case span.Contains(e.At) && (service == "" || strings.EqualFold(e.Service, service)):
			events = append(events, e)
		}
	}
	if odd > 0 && odd == len(rows) {
		return nil, false, strange(op, "not one of %d deployments says when it began", odd)
	}
	inOrder(events)
	if len(events) > most {
		events = events[len(events)-most:]
	}
	return events, len(rows) < limit, nil
}

func deploymentsBody(span timeseries.Span, service string, limit int) ([]byte, error) {
	var w wireDeployments
	w.Data.Type = "dora_deployments_list_request"
	w.Data.Attributes = wireDeploymentsAttributes{From: timeseries.Format(span.Start), To: timeseries.Format(span.End), Limit: limit}
	if service != "" {
		w.Data.Attributes.Query = `service:"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(service) + `"`
	}
	return json.Marshal(w)
}

func (c *Client) deployments(ctx context.Context, op operation) ([]json.RawMessage, http.Header, error) {
	var w struct{ Data json.RawMessage }
	header, err := c.object(ctx, op, &w)
	if err != nil {
		return nil, header, err
	}
	var rows []json.RawMessage
	if isNull(w.Data) || json.Unmarshal(w.Data, &rows) != nil {
		return nil, header, strange(op, `"data" is not a list`)
	}
	return rows, header, nil
}

// decodeDeployment reads one release; ok is false where it does not say when it began.
func decodeDeployment(raw json.RawMessage) (e timeseries.Event, ok bool) {
	var w struct{ Attributes json.RawMessage }
	var a struct {
		Service, Env, Version, Git json.RawMessage

		Started  json.RawMessage `json:"started_at"`
		Finished json.RawMessage `json:"finished_at"`
		Tags     json.RawMessage `json:"custom_tags"`
	}
	if isNull(raw) || json.Unmarshal(raw, &w) != nil || isNull(w.Attributes) || json.Unmarshal(w.Attributes, &a) != nil {
		return timeseries.Event{}, false
	}
	e = timeseries.Event{
		Kind: timeseries.Deployment, Service: textOf(a.Service), Env: textOf(a.Env), Version: textOf(a.Version), Tags: tagsOf(a.Tags),
	}
	if e.At, ok = momentOf(a.Started); !ok {
		if e.At, ok = momentOf(a.Finished); !ok {
			return timeseries.Event{}, false
		}
	}
	e.Title = cmp.Or(e.Version, commitOf(a.Git), "deployment")
	return e, true
}

// commitOf is the beginning of the commit that was released, as people write it.
func commitOf(git json.RawMessage) string {
	var w struct {
		Commit json.RawMessage `json:"commit_sha"`
	}
	if isNull(git) || json.Unmarshal(git, &w) != nil {
		return ""
	}
	sha := textOf(w.Commit)
	return sha[:min(len(sha), 12)]
}
