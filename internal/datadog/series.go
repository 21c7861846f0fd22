package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// maxCells bounds the grid of one request. Datadog answers with 1,500 points at
// most, so that a request for more is a mistake of the planner.
const maxCells = 20_000

// Series asks for the values of all queries and formulas of the request at
// once: one answer for each query and then one for each formula, in order, each
// on a dense grid over the whole span. A query that Datadog refuses has its
// error in its own answer; the error of Series itself means that nothing is
// known about any of them. Formulas whose names get in each other's way and
// cannot be renamed are asked for one by one. Equal questions share their values.
//
// The answer is checked to be as fine as was asked for; see [verdict].
func (c *Client) Series(ctx context.Context, req timeseries.Request) ([]timeseries.Answer, error) {
	span, step := req.Span, req.Step
	switch {
	case len(req.Queries)+len(req.Formulas) == 0:
		return nil, nil
	case step <= 0 || span.Empty() || span.Start < 0 || span.Start%step != 0 || span.End%step != 0:
		return nil, defect(slo.Invalid, fmt.Sprintf("querying metrics: the span %s does not consist of steps of %d s", span, step))
	case span.Seconds()/step > maxCells:
		return nil, defect(slo.Invalid, fmt.Sprintf("querying metrics: the span %s has more than %d steps of %d s", span, maxCells, step))
	}
	a := arrange(req)
	if len(a.together) > 0 {
		answers, err := c.resolve(ctx, a.queries(), span, step)
		if err != nil {
			return nil, err
		}
		for i, q := range a.together {
			a.answer(q, answers[i])
		}
	}
	for _, q := range a.alone {
		answers, err := c.resolve(ctx, []seriesQuery{q.seriesQuery}, span, step)
		switch {
		case err != nil && (ctx.Err() != nil || len(a.together) == 0 && len(a.alone) == 1):
			return nil, err
		case err != nil:
			a.answer(q, timeseries.Answer{Err: err})
		default:
			a.answer(q, answers[0])
		}
	}
	return a.answers, nil
}

// seriesQuery is one query or formula of a request.
type seriesQuery struct {
	// text is what its owner wrote, for messages.
	text string
	// expression is what is asked for, over the names of the inputs: a query is
	// a formula that is nothing but its own name.
	expression string
	inputs     []timeseries.Input
	isFormula  bool
	// by are the tag keys that it groups by; each group has the fewest of them or more.
	by     []string
	fewest int
	// counts says that its points are counts of events.
	counts bool
	// width is the width in seconds at which an earlier answer over a longer
	// span was too coarse; 0 for the first question.
	width int64
}

// again is the query as if it had not been asked before.
func (q seriesQuery) again() seriesQuery {
	q.width = 0
	return q
}

// parts are the queries of a formula, each for itself.
func (q seriesQuery) parts() []seriesQuery {
	parts := make([]seriesQuery, len(q.inputs))
	for i, in := range q.inputs {
		by := groupKeys(in.Query)
		parts[i] = seriesQuery{text: in.Query, expression: in.Name, inputs: q.inputs[i : i+1], by: by, fewest: len(by)}
	}
	return parts
}

// groupKeys are the keys that a query groups by; none where it does not parse,
// which is for Datadog to complain about.
func groupKeys(text string) []string {
	expr, err := metricquery.Parse(text)
	if err != nil {
		return nil
	}
	if q, ok := expr.(*metricquery.Query); ok {
		return q.By
	}
	terms, err := metricquery.Linear(expr)
	if err != nil || len(terms) == 0 {
		return nil
	}
	if q, ok := terms[0].Of.(*metricquery.Query); ok {
		return q.By
	}
	return nil
}

// reading is an answer, and what its times say about the width of its buckets.
type reading struct {
	timeseries.Answer
	// early is the start of a bucket that begins before the span: nothing that
	// is as fine as was asked for can. 0 when there is none.
	early int64
}

// ask sends the queries in one request. A failure for which one of them may be
// to blame is cut down until the query at fault stands alone.
func (c *Client) ask(ctx context.Context, queries []seriesQuery, span timeseries.Span, step int64) ([]reading, error) {
	readings, err := c.send(ctx, queries, span, step)
	if err == nil {
		return readings, nil
	}
	var past *retentionError
	if errors.As(err, &past) {
		// It is the time that Datadog refuses, so all queries fare alike.
		return slices.Repeat([]reading{{Answer: timeseries.Answer{Err: err}}}, len(queries)), nil
	}
	return isolate(ctx, c, queries, err, func(some []seriesQuery) ([]reading, error) {
		return c.send(ctx, some, span, step)
	}, func(err error) reading { return reading{Answer: timeseries.Answer{Err: err}} })
}

func (c *Client) send(ctx context.Context, queries []seriesQuery, span timeseries.Span, step int64) ([]reading, error) {
	body, err := seriesBody(queries, span, step)
	if err != nil {
		return nil, defect(slo.Invalid, "querying metrics: "+err.Error())
	}
	op := operation{
		kind:    CallSeries,
		purpose: "querying metrics",
		scope:   "timeseries_query",
		method:  http.MethodPost,
		path:    "/api/v2/query/timeseries",
		body:    body,
	}
	if len(queries) == 1 {
		op.purpose = "querying " + clean(queries[0].text, 200)
	}
	p, err := c.points(ctx, op)
	if err != nil {
		return nil, err
	}
	// The grid of a large answer takes a while, which nobody waits for when the
	// time is up.
	if err := ctx.Err(); err != nil {
		return nil, c.notSent(ctx, op, err)
	}
	if err := p.fits(span, step); err != nil {
		return nil, &failure{defect: defectOf(strange(op, "%s", err)), ofQuery: true}
	}
	answers, err := p.answers(span, step, queries)
	if err != nil {
		return nil, strange(op, "%s", err)
	}
	return answers, nil
}

type (
	wireRequest struct {
		Data wireRequestData `json:"data"`
	}
	wireRequestData struct {
		Type       string         `json:"type"`
		Attributes wireAttributes `json:"attributes"`
	}
	wireAttributes struct {
		From     int64         `json:"from"`
		To       int64         `json:"to"`
		Interval int64         `json:"interval"`
		Formulas []wireFormula `json:"formulas"`
		Queries  []wireQuery   `json:"queries"`
	}
	wireFormula struct {
		Formula string `json:"formula"`
	}
	wireQuery struct {
		Source string `json:"data_source"`
		Name   string `json:"name"`
		Query  string `json:"query"`
	}
)

func seriesBody(queries []seriesQuery, span timeseries.Span, step int64) ([]byte, error) {
	attributes := wireAttributes{From: span.Start * 1000, To: span.End * 1000, Interval: step * 1000}
	named := map[string]bool{}
	for _, q := range queries {
		attributes.Formulas = append(attributes.Formulas, wireFormula{Formula: q.expression})
		for _, in := range q.inputs {
			if !named[in.Name] {
				named[in.Name] = true
				attributes.Queries = append(attributes.Queries, wireQuery{Source: "metrics", Name: in.Name, Query: in.Query})
			}
		}
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // a query with < is easier to find in a log as it was written
	err := encoder.Encode(wireRequest{Data: wireRequestData{Type: "timeseries_request", Attributes: attributes}})
	return body.Bytes(), err
}
