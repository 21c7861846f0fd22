package datadog

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/slo-cli/slo/internal/datadog/transport"
)

// points sends a question for series and decodes the answer while it arrives,
// below the retries, so that it is never held as a whole.
func (c *Client) points(ctx context.Context, op operation) (points, error) {
	var (
		p    points
		bad  error
		read bool
	)
	r, err := c.call(transport.Consume(ctx, func(body io.Reader) {
		p = points{} // of an attempt that has failed
		p, bad = readSeries(body)
		read = true
	}), op)
	switch {
	case err != nil:
		return points{}, err
	case !read: // the transport is not ours, and does not know how
		p, bad = readSeries(bytes.NewReader(r.body))
	}
	if bad != nil {
		return points{}, c.badSeries(op, bad)
	}
	return p, nil
}

// badSeries says what is wrong with an answer that could not be decoded. The
// error has all that is needed of the body.
func (c *Client) badSeries(op operation, err error) error {
	var broken *brokenError
	var said complaintError
	switch {
	case errors.As(err, &broken):
		return notJSON(op, broken.head)
	case errors.As(err, &said):
		return c.reported(op, string(said))
	default:
		return strange(op, "%s", err)
	}
}
