package datadog

import (
	"context"
	"errors"
	"slices"

	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
)

// isolate finds the query at fault for a failed request by asking for its
// halves. Where Datadog objects to a query or the answer is too large, that
// goes on to the last one, which is answered with what failed makes of its
// error. Any other failure is taken for an outage, and that of all queries,
// unless one of the two halves is answered.
func isolate[Q, A any](ctx context.Context, c *Client, queries []Q, err error, send func([]Q) ([]A, error), failed func(error) A) ([]A, error) {
	var (
		tooLarge *transport.BodyTooLargeError
		limited  *transport.RateLimitError
		f        *failure
	)
	ofQuery := errors.As(err, &tooLarge) || (errors.As(err, &f) && f.ofQuery)
	switch {
	case ctx.Err() != nil, errors.As(err, &limited), defectOf(err).Kind == slo.Auth, errors.Is(err, ErrOffline):
		return nil, err
	case len(queries) == 1 && ofQuery:
		return []A{failed(err)}, nil
	case len(queries) == 1, !c.mayAsk(), !c.mayAsk():
		return nil, err
	}
	middle := len(queries) / 2
	halves := [2][]Q{queries[:middle], queries[middle:]}
	var got [2][]A
	var errs [2]error
	for i, half := range halves {
		got[i], errs[i] = send(half)
	}
	if errs[0] != nil && errs[1] != nil && !ofQuery {
		return nil, err
	}
	for i, half := range halves {
		if errs[i] == nil {
			continue
		}
		if got[i], errs[i] = isolate(ctx, c, half, errs[i], send, failed); errs[i] != nil {
			if ctx.Err() != nil || defectOf(errs[i]).Kind == slo.Auth {
				return nil, errs[i]
			}
			got[i] = slices.Repeat([]A{failed(errs[i])}, len(half))
		}
	}
	return append(got[0], got[1]...), nil
}
