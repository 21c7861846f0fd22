package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	api "github.com/DataDog/datadog-api-client-go/v2/api/datadog"
)

// operation is one call of the API.
type operation struct {
	// kind is the key of [Client.Counts].
	kind string
	// purpose begins every message about the call: "listing the SLOs".
	purpose string
	// scope is the permission that the call needs.
	scope string
	// keyOnly marks the one call that needs no application key.
	keyOnly bool

	method, path string
	query        url.Values
	body         []byte

	// part tells the reply from the others of its transcript where the address
	// does not, or where the address has an instant in it that the question has not.
	part string
	// lack is what an archive that has no answer lacks, for messages: "no listing of SLOs".
	lack string
	// mayBeGone says that "not found" is an answer like any other.
	mayBeGone bool
	// transcript is the answer of which the reply is a part; nil where none is kept.
	transcript *transcript
}

// reply is a successful answer, its body not yet looked at.
type reply struct {
	header http.Header
	body   []byte
}

// call sends the operation and returns its answer if the status is a success.
// Offline the answer is the archived one, and nothing is sent.
func (c *Client) call(ctx context.Context, op operation) (reply, error) {
	if err := ctx.Err(); err != nil {
		return reply{}, c.notSent(ctx, op, err)
	}
	if c.offline {
		return c.recorded(op)
	}
	if err := c.credentials.missing(op.keyOnly); err != nil {
		return reply{}, err
	}
	req, err := c.request(c.credentials.authenticate(ctx), op)
	if err != nil {
		return reply{}, c.notSent(ctx, op, err)
	}
	c.count(op.kind)
	resp, err := c.api.CallAPI(req)
	if err != nil {
		return reply{}, c.notSent(ctx, op, err)
	}
	defer resp.Body.Close()
	body, err := readAll(resp.Body)
	if err != nil {
		return reply{}, c.notSent(ctx, op, err)
	}
	op.transcript.add(op, resp.StatusCode, body)
	if !succeeded(resp.StatusCode) {
		return reply{header: resp.Header}, c.refused(op, resp.StatusCode, resp.Header, body)
	}
	return reply{header: resp.Header, body: body}, nil
}

// readAll is the body without a copy where the transport has it in memory already.
func readAll(body io.ReadCloser) ([]byte, error) {
	if buffered, ok := body.(interface{ Bytes() []byte }); ok {
		return buffered.Bytes(), nil
	}
	return io.ReadAll(body)
}

func (c *Client) request(ctx context.Context, op operation) (*http.Request, error) {
	headers := map[string]string{"Accept": "application/json"}
	api.SetAuthKeys(ctx, &headers, [2]string{"apiKeyAuth", "DD-API-KEY"}, [2]string{"appKeyAuth", "DD-APPLICATION-KEY"})
	base, err := c.api.Cfg.ServerURLWithContext(ctx, "")
	if err != nil {
		return nil, err
	}
	var body any
	if op.body != nil {
		headers["Content-Type"] = "application/json"
		body = op.body
	}
	return c.api.PrepareRequest(ctx, base+op.path, op.method, body, headers, op.query, nil, nil)
}

// object sends the operation and decodes its answer, a JSON object, into v. An
// answer that reports an error in spite of its status is an error.
func (c *Client) object(ctx context.Context, op operation, v any) (http.Header, error) {
	r, err := c.call(ctx, op)
	if err != nil {
		return r.header, err
	}
	return r.header, c.decodeObject(op, r.body, v)
}

func (c *Client) decodeObject(op operation, body []byte, v any) error {
	if trimmed := bytes.TrimSpace(body); len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(trimmed) {
		return notJSON(op, body)
	}
	if said := complaint(body); said != "" {
		return c.reported(op, said)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return strange(op, "%s", clean(err.Error(), 200))
	}
	return nil
}
