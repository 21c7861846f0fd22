package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/slo-cli/slo/internal/datadog/transport"
	"github.com/slo-cli/slo/pkg/slo"
)

// failure is a Defect together with what caused it, so that errors.As finds
// the one and errors.Is the other.
type failure struct {
	defect *slo.Defect
	cause  error
	// status is the HTTP status that the failure stands for; 0 when there was none.
	status int
	// ofQuery marks a failure for which one of several queries may be to blame:
	// asked for without it, the others may be answered.
	ofQuery bool
	// elsewhere says that the answer is not Datadog's but of something in front of it.
	elsewhere bool
}

// Error is the defect's message.
func (f *failure) Error() string { return f.defect.Message }

// NotFound reports whether Datadog does not have what was asked for. It is how
// packages that know nothing of Datadog recognise that, with errors.As. A page
// of a proxy that says "not found" says nothing about Datadog.
func (f *failure) NotFound() bool { return f.status == http.StatusNotFound && !f.elsewhere }

// Unwrap gives both to the errors package.
func (f *failure) Unwrap() []error {
	if f.cause == nil {
		return []error{f.defect}
	}
	return []error{f.defect, f.cause}
}

// retentionError is Datadog's refusal of a time for which it no longer keeps
// metrics. Nothing is wrong with the queries: their values are not known.
type retentionError struct{ *failure }

// OutsideRetention is true. It is how packages that know nothing of Datadog
// recognise the refusal, with errors.As.
func (*retentionError) OutsideRetention() bool { return true }

func defect(kind slo.DefectKind, message string, hints ...string) error {
	return &failure{defect: &slo.Defect{Kind: kind, Message: message, Hints: hints}}
}

// defectOf is the Defect in an error of this package. An error without one is
// a cancellation; for the row of an SLO it counts as unavailable.
func defectOf(err error) *slo.Defect {
	var d *slo.Defect
	if errors.As(err, &d) {
		return d
	}
	return &slo.Defect{Kind: slo.Unavailable, Message: err.Error()}
}

// notSent turns an error of the transport into one of this package.
func (c *Client) notSent(ctx context.Context, op operation, err error) error {
	// Only the context knows whether the caller gave up: a dial that timed out
	// calls itself context.DeadlineExceeded as well.
	cause := ctx.Err()
	if errors.Is(cause, context.Canceled) {
		return fmt.Errorf("%s: %w", op.purpose, context.Canceled)
	}
	if cause != nil {
		text := op.purpose + ": Datadog did not answer within the time for the whole run"
		if before, ok := errors.AsType[*transport.OvertimeError](err); ok {
			text += "; the last attempt before failed: " + before.Last
		}
		return &failure{
			defect: c.redacted(&slo.Defect{
				Kind:    slo.Unavailable,
				Message: text,
				Hints:   []string{"give it more time with --timeout"},
			}),
			cause: context.DeadlineExceeded,
		}
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // the outer text only repeats the address
	}
	text, hints := c.unreached(op, err)
	f := &failure{
		defect: c.redacted(&slo.Defect{Kind: slo.Unavailable, Message: op.purpose + ": " + clean(c.credentials.redact(text), 300), Hints: hints}),
	}
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		f.cause = err
	}
	return f
}

// refused turns an answer that is not a success into an error.
func (c *Client) refused(op operation, status int, header http.Header, body []byte) error {
	text := fmt.Sprintf("%s: HTTP %d", op.purpose, status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	said := spoken([]byte(c.credentials.redact(string(body)))) // before it is cut: half a key is a secret too
	if said != "" && said != http.StatusText(status) {
		text += ": " + said
	}
	d := &slo.Defect{Kind: slo.Invalid, Message: text}
	f := &failure{defect: d, status: status, elsewhere: !json.Valid(body)}
	switch {
	case status == http.StatusBadRequest && (op.kind == CallSeries || op.kind == CallScalars) && strings.Contains(strings.ToLower(said), outsideRetention):
		d.Hints = []string{"Datadog keeps metrics for a limited time, usually 15 months; ask for a window that ends later"}
		f.defect = c.redacted(d)
		return &retentionError{f}
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		f.ofQuery = true
	case status == http.StatusNotFound:
		d.Lasting = !f.elsewhere && op.kind == CallMonitor // it is gone
	case status >= 200 && status < 300:
		d.Kind = slo.Unavailable
		d.Message = fmt.Sprintf("%s: HTTP %d %s is not a whole answer", op.purpose, status, http.StatusText(status))
		d.Hints = []string{"check --api-url, and whether a proxy answers in Datadog's place"}
	case status >= 300 && status < 400:
		d.Kind = slo.Unavailable
		d.Message = fmt.Sprintf("%s: HTTP %d redirects to %s, which is not followed because it would carry the keys there", op.purpose, status, locationHost(header))
		d.Hints = []string{"check --site and --api-url; the address is " + c.origin}
	case status == http.StatusUnauthorized:
		d.Kind = slo.Auth
		d.Hints = []string{"the credentials are not accepted by " + c.origin + ": check DD_API_KEY, DD_APP_KEY or DD_ACCESS_TOKEN, and that --site is theirs"}
	case status == http.StatusForbidden:
		d.Kind = slo.Auth
		if op.scope != "" {
			d.Hints = append(d.Hints, "this needs the scope "+op.scope+" on the application key or token")
		}
		d.Hints = append(d.Hints, "check that the keys belong to "+c.origin+"; slo doctor tries each scope")
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		d.Kind = slo.Unavailable
		d.Hints = []string{"try again later; https://status.datadoghq.com says whether Datadog has a problem"}
	}
	f.defect = c.redacted(d)
	return f
}

// outsideRetention is in the text with which Datadog refuses a time that is too
// long ago: "Queries ending outside the retention date are invalid".
const outsideRetention = "outside the retention"

// redacted paints over the credentials in a message and its hints, however they got there.
func (c *Client) redacted(d *slo.Defect) *slo.Defect {
	d.Message = c.credentials.redact(d.Message)
	for i, hint := range d.Hints {
		d.Hints[i] = c.credentials.redact(hint)
	}
	return d
}

func locationHost(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return "an unnamed place"
	}
	return clean(u.Host, 100)
}

// notJSON is the error for a successful status whose body is no answer.
func notJSON(op operation, body []byte) error {
	what := "is not JSON (a proxy or login page?)"
	switch trimmed := bytes.TrimSpace(body); {
	case len(trimmed) == 0:
		what = "is empty"
	case string(trimmed) == "null":
		what = "is null"
	}
	return defect(slo.Unavailable, fmt.Sprintf("%s: the answer %s", op.purpose, what),
		"check --api-url and --site, and whether a proxy answers in Datadog's place")
}

// strange is the error for an answer that is JSON but not of the documented shape.
func strange(op operation, format string, args ...any) error {
	return defect(slo.Invalid, op.purpose+": the answer does not make sense: "+fmt.Sprintf(format, args...))
}

// reported is the error for an answer in which Datadog itself reports one, in spite of its status.
func (c *Client) reported(op operation, said string) error {
	d := &slo.Defect{Kind: slo.Invalid, Message: op.purpose + ": Datadog reports an error: " + said}
	return &failure{defect: c.redacted(d), ofQuery: true}
}

// complaint is what a body with a successful status says went wrong; "" when it says nothing.
func complaint(body []byte) string {
	var e envelope
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.text()
}

// spoken is Datadog's own text in the body of a failure.
func spoken(body []byte) string {
	var e envelope
	if err := json.Unmarshal(body, &e); err == nil {
		if said := e.text(); said != "" {
			return said
		}
		return clean(textOf(e.Message), 300)
	}
	plain := bytes.TrimSpace(body)
	if len(plain) == 0 || plain[0] == '<' {
		return ""
	}
	return clean(string(plain[:min(len(plain), 1000)]), 200)
}

// envelope holds the shapes in which Datadog reports errors: a list of texts, a
// list of objects with title and detail or with a text under some other name,
// the same with a status "error" from the edge, and a single text.
type envelope struct {
	Status, Error, Errors, Message json.RawMessage
}

func (e envelope) text() string {
	var said []string
	for _, raw := range append(listOf(e.Errors), e.Error) {
		var object struct {
			Title, Detail, Message, Error json.RawMessage
			Text                          json.RawMessage `json:"error_message"`
		}
		switch {
		case isNull(raw):
		case textOf(raw) != "":
			said = append(said, textOf(raw))
		case json.Unmarshal(raw, &object) == nil:
			var parts []string
			for _, part := range []json.RawMessage{object.Title, object.Detail, object.Message, object.Error, object.Text} {
				if t := textOf(part); t != "" {
					parts = append(parts, t)
				}
			}
			if len(parts) == 0 && string(raw) != "{}" {
				parts = []string{string(raw[:min(len(raw), 300)])}
			}
			said = append(said, strings.Join(parts, ": "))
		case len(raw) > 0 && raw[0] != '{' && raw[0] != '[' && raw[0] != '"' && string(raw) != "false":
			said = append(said, string(raw))
		}
	}
	said = deleteEmpty(said)
	if len(said) == 0 && textOf(e.Status) == "error" {
		said = []string{"status error"}
	}
	return clean(strings.Join(said, "; "), 300)
}

func deleteEmpty(all []string) []string {
	kept := all[:0]
	for _, s := range all {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// clean makes foreign text fit for one line of a terminal: no control or
// formatting characters, single spaces, at most limit runes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + " …"
	}
	return s
}
