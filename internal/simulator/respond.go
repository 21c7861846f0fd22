package simulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// gzipFrom is the size in bytes from which an answer is compressed for a
// client that accepts it.
const gzipFrom = 256

// apiError is an answer with an error status.
type apiError struct {
	status int
	body   any
}

func (e *apiError) Error() string { return fmt.Sprintf("%d: %v", e.status, e.body) }

// failure is Datadog's usual envelope.
func failure(status int, format string, args ...any) error {
	return &apiError{status, map[string]any{"errors": []string{fmt.Sprintf(format, args...)}}}
}

func badRequest(format string, args ...any) error {
	return failure(http.StatusBadRequest, format, args...)
}

// output writes an answer once and remembers its status.
type output struct {
	http.ResponseWriter
	status int
	damage damage
}

func (o *output) fail(r *http.Request, err error) {
	var api *apiError
	if !errors.As(err, &api) {
		api = &apiError{http.StatusInternalServerError, map[string]any{"errors": []string{err.Error()}}}
	}
	o.send(r, api.status, "application/json", api.body)
}

// send writes body as JSON.
func (o *output) send(r *http.Request, status int, mediaType string, body any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		b.Reset()
		status = http.StatusInternalServerError
		fmt.Fprintf(&b, `{"errors":[%q]}`, err.Error())
	}
	data := b.Bytes()
	if o.damage.text && status == http.StatusOK {
		data = textual(data)
	}
	o.write(r, status, mediaType, data)
}

// textual is an answer with the percentages of SLOs as text.
func textual(data []byte) []byte {
	var v any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return data
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for key, x := range v {
				number, ok := x.(json.Number)
				if ok && slices.Contains([]string{"sli_value", "sli", "status", "uptime", "error_budget_remaining"}, key) {
					v[key] = number.String()
					continue
				}
				walk(x)
			}
		}
	}
	walk(v)
	changed, err := json.Marshal(v)
	if err != nil {
		return data
	}
	return changed
}

// write sends the bytes, compressed when that is worth while, cut off in the
// middle when a fault asks for it.
func (o *output) write(r *http.Request, status int, mediaType string, body []byte) {
	h := o.Header()
	h.Set("Content-Type", mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if len(body) >= gzipFrom && acceptsGzip(r) {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		if err == nil {
			// Writes to memory do not fail.
			_, _ = z.Write(body)
			_ = z.Close()
			body = b.Bytes()
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	o.status = status
	o.WriteHeader(status)
	if o.damage.truncate {
		_, _ = o.Write(body[:len(body)/2])
		_ = http.NewResponseController(o.ResponseWriter).Flush()
		// The documented way to break off an answer; net/http recovers it.
		panic(http.ErrAbortHandler)
	}
	// A client that has gone away is no failure of the simulator.
	_, _ = o.Write(body)
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
