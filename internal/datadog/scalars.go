package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// scalarQuery is one question of a request for scalars.
type scalarQuery struct {
	timeseries.ScalarQuery
	// by are the tag keys that it groups by.
	by []string
}

// Scalars asks for one number a group for every query, over the whole span:
// one answer for each query, in order. Queries that group by the same keys
// travel in one request, and equal ones are asked for once. A query that
// Datadog refuses has its error in its own answer; the error of Scalars itself
// means that nothing is known about any of them.
func (c *Client) Scalars(ctx context.Context, req timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	if len(req.Queries) == 0 {
		return nil, nil
	}
	if req.Span.Empty() || req.Span.Start < 0 {
		return nil, defect(slo.Invalid, fmt.Sprintf("querying metrics: the span %s is none to ask for", req.Span))
	}
	for _, q := range req.Queries {
		if strings.TrimSpace(q.Query) == "" || strings.TrimSpace(q.Aggregator) == "" {
			return nil, defect(slo.Invalid, fmt.Sprintf("querying metrics: the query %q with the aggregator %q lacks one of the two", clean(q.Query, 120), clean(q.Aggregator, 40)))
		}
	}
	answers := make(map[timeseries.ScalarQuery]timeseries.ScalarAnswer, len(req.Queries))
	batches := alike(req.Queries)
	for _, batch := range batches {
		got, err := c.askScalars(ctx, batch, req.Span)
		if err != nil && (ctx.Err() != nil || len(batches) == 1 || defectOf(err).Kind == slo.Auth) {
			return nil, err
		}
		for i, q := range batch {
			if err != nil {
				answers[q.ScalarQuery] = timeseries.ScalarAnswer{Err: err}
			} else {
				answers[q.ScalarQuery] = got[i]
			}
		}
	}
	all := make([]timeseries.ScalarAnswer, len(req.Queries))
	for i, q := range req.Queries {
		all[i] = answers[q]
	}
	return all, nil
}

// alike sorts distinct queries by what they group by, because an answer has
// one column a key and one row for what all of its queries group by.
func alike(queries []timeseries.ScalarQuery) [][]scalarQuery {
	var batches [][]scalarQuery
	place := map[string]int{}
	known := map[timeseries.ScalarQuery]bool{}
	for _, q := range queries {
		if known[q] {
			continue
		}
		known[q] = true
		by := groupKeys(q.Query)
		key := strings.Join(slices.Sorted(slices.Values(by)), ",")
		i, ok := place[key]
		if !ok {
			i = len(batches)
			place[key] = i
			batches = append(batches, nil)
		}
		batches[i] = append(batches[i], scalarQuery{q, by})
	}
	return batches
}

// askScalars sends the queries in one request. A failure for which one of them
// may be to blame is cut down until the query at fault stands alone.
func (c *Client) askScalars(ctx context.Context, queries []scalarQuery, span timeseries.Span) ([]timeseries.ScalarAnswer, error) {
	send := func(some []scalarQuery) ([]timeseries.ScalarAnswer, error) { return c.sendScalars(ctx, some, span) }
	failed := func(err error) timeseries.ScalarAnswer { return timeseries.ScalarAnswer{Err: err} }
	answers, err := send(queries)
	var past *retentionError
	switch {
	case err == nil:
		return answers, nil
	case errors.As(err, &past):
		return slices.Repeat([]timeseries.ScalarAnswer{failed(err)}, len(queries)), nil
	default:
		return isolate(ctx, c, queries, err, send, failed)
	}
}

func (c *Client) sendScalars(ctx context.Context, queries []scalarQuery, span timeseries.Span) ([]timeseries.ScalarAnswer, error) {
	body, err := scalarBody(queries, span)
	if err != nil {
		return nil, defect(slo.Invalid, "querying metrics: "+err.Error())
	}
	op := operation{
		kind:       CallScalars,
		purpose:    "querying metrics",
		scope:      "timeseries_query",
		method:     http.MethodPost,
		path:       "/api/v2/query/scalar",
		body:       body,
		transcript: c.transcript("scalars " + strings.TrimSpace(string(body))),
	}
	op.lack = seriesLack(op)
	if len(queries) == 1 {
		op.purpose = "querying " + clean(queries[0].Query, 200)
	}
	answers, err := c.scalars(ctx, op, queries)
	if err := c.conclude(op, err); err != nil {
		return nil, err
	}
	return answers, nil
}

func (c *Client) scalars(ctx context.Context, op operation, queries []scalarQuery) ([]timeseries.ScalarAnswer, error) {
	var w struct {
		Data struct {
			Attributes struct{ Columns json.RawMessage }
		}
	}
	if _, err := c.object(ctx, op, &w); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, c.notSent(ctx, op, err)
	}
	table, err := readColumns(w.Data.Attributes.Columns)
	if err != nil {
		return nil, strange(op, "%s", err)
	}
	answers, err := table.answers(queries)
	if err != nil {
		return nil, strange(op, "%s", err)
	}
	return answers, nil
}

// wireScalar is one query of the request. Its formula has no limit, because
// one would leave groups out.
type wireScalar struct {
	wireQuery
	Aggregator string `json:"aggregator"`
}

func scalarBody(queries []scalarQuery, span timeseries.Span) ([]byte, error) {
	type attributes struct {
		From     int64         `json:"from"`
		To       int64         `json:"to"`
		Formulas []wireFormula `json:"formulas"`
		Queries  []wireScalar  `json:"queries"`
	}
	type data struct {
		Type       string     `json:"type"`
		Attributes attributes `json:"attributes"`
	}
	a := attributes{From: span.Start * 1000, To: span.End * 1000}
	for i, q := range queries {
		a.Formulas = append(a.Formulas, wireFormula{Formula: scalarName(i)})
		a.Queries = append(a.Queries, wireScalar{
			wireQuery:  wireQuery{Source: "metrics", Name: scalarName(i), Query: q.Query},
			Aggregator: q.Aggregator,
		})
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		Data data `json:"data"`
	}{data{"scalar_request", a}})
	return body.Bytes(), err
}

// scalarName is the name of a query in its request, and that of its column in
// the answer.
func scalarName(i int) string { return fmt.Sprintf("q%d", i) }
