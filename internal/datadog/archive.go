package datadog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// Archive is where complete answers are kept.
type Archive interface {
	// File keeps the content under the name, in place of what was there.
	File(name string, content []byte)
	// Recall is what was filed last under the name, and when.
	Recall(name string) (content []byte, at time.Time, ok bool)
}

// ErrOffline is in every error about an answer that would have to be sent for.
var ErrOffline = errors.New("the cache has no answer, and offline nothing is sent")

// notCached is the error for a question that only Datadog could answer. The
// other questions may be answered all the same.
type notCached struct{ *failure }

// NotCached is true. It is how packages that know nothing of Datadog recognise
// the error, with errors.As.
func (*notCached) NotCached() bool { return true }

// transcriptVersion is the version of the form in which transcripts are filed.
const transcriptVersion = 1

// transcript is all that Datadog replied to one question, which may take
// several calls. It is filed as a whole once the answer is complete, so that the
// pages of two runs never mix and half a listing never replaces a whole one.
// Only the bytes are kept: what they mean is for the decoders of the version
// that reads them. It is safe for concurrent use.
type transcript struct {
	archive  Archive
	question string

	mu      sync.Mutex
	replies map[string]archivedReply

	// recall fills replies from the archive, offline.
	recall sync.Once
	at     time.Time
}

// archivedReply is one reply of a transcript.
type archivedReply struct {
	status int
	body   []byte
}

// transcript is that of the question; nil where no archive is.
func (c *Client) transcript(question string) *transcript {
	if c.archive == nil {
		return nil
	}
	return &transcript{archive: c.archive, question: question, replies: map[string]archivedReply{}}
}

// add keeps a reply that may be part of an answer; the body stays the caller's.
func (t *transcript) add(op operation, status int, body []byte) {
	if t == nil || !succeeded(status) && status != http.StatusNotFound {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.replies[requestKey(op)] = archivedReply{status, bytes.Clone(body)}
}

// reply is the archived reply to the operation.
func (t *transcript) reply(op operation) (archivedReply, bool) {
	if t == nil {
		return archivedReply{}, false
	}
	t.recall.Do(func() {
		content, at, ok := t.archive.Recall(t.question)
		if !ok {
			return
		}
		if replies, err := decodeTranscript(t.question, content); err == nil {
			t.replies, t.at = replies, at
		}
	})
	r, ok := t.replies[requestKey(op)] // nothing is added offline
	return r, ok
}

// requestKey tells the calls of one transcript apart.
func requestKey(op operation) string {
	key := op.method + " " + op.path
	if op.part != "" {
		return key + " " + op.part
	}
	if query := op.query.Encode(); query != "" { // sorted by name
		key += "?" + query
	}
	return key
}

// transcriptHead is the first line of a filed transcript. The bodies follow it
// byte for byte, so that whoever looks for a secret in the file finds it.
type transcriptHead struct {
	Version  int              `json:"version"`
	Question string           `json:"question"`
	Replies  []transcriptPart `json:"replies"`
}

type transcriptPart struct {
	Request string `json:"request"`
	Status  int    `json:"status"`
	Bytes   int    `json:"bytes"`
}

func (t *transcript) encode() ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	head := transcriptHead{Version: transcriptVersion, Question: t.question}
	size := 0
	for request, r := range t.replies {
		head.Replies = append(head.Replies, transcriptPart{request, r.status, len(r.body)})
		size += len(r.body)
	}
	slices.SortFunc(head.Replies, func(a, b transcriptPart) int { return strings.Compare(a.Request, b.Request) })
	line, err := json.Marshal(head)
	if err != nil {
		return nil, err
	}
	content := append(make([]byte, 0, len(line)+1+size), line...)
	content = append(content, '\n')
	for _, part := range head.Replies {
		content = append(content, t.replies[part.Request].body...)
	}
	return content, nil
}

func decodeTranscript(question string, content []byte) (map[string]archivedReply, error) {
	line, rest, found := bytes.Cut(content, []byte("\n"))
	var head transcriptHead
	switch err := json.Unmarshal(line, &head); {
	case !found:
		return nil, errors.New("the transcript has no head")
	case err != nil:
		return nil, fmt.Errorf("the head of the transcript: %w", err)
	case head.Version != transcriptVersion:
		return nil, fmt.Errorf("the transcript is of version %d, not %d", head.Version, transcriptVersion)
	case head.Question != question:
		return nil, fmt.Errorf("the transcript is about %q, not %q", clean(head.Question, 80), clean(question, 80))
	}
	replies := map[string]archivedReply{}
	for _, part := range head.Replies {
		_, twice := replies[part.Request]
		if twice || part.Bytes < 0 || part.Bytes > len(rest) || !succeeded(part.Status) && part.Status != http.StatusNotFound {
			return nil, errors.New("the head of the transcript does not fit what follows")
		}
		replies[part.Request] = archivedReply{part.Status, rest[:part.Bytes:part.Bytes]}
		rest = rest[part.Bytes:]
	}
	if len(rest) > 0 {
		return nil, errors.New("there is more in the transcript than its head says")
	}
	return replies, nil
}

// conclude ends the reading of a whole answer: one that is complete is filed.
// Offline it turns what could not be read into an error that says so.
func (c *Client) conclude(op operation, err error) error {
	var f *failure
	answered := err == nil || op.mayBeGone && errors.As(err, &f) && f.NotFound()
	switch t := op.transcript; {
	case t == nil:
	case answered && c.offline:
		c.showing(t.at)
	case answered:
		// Texts and numbers always encode; were it otherwise, nothing would be filed.
		if content, err := t.encode(); err == nil {
			t.archive.File(t.question, content)
		}
	case c.offline && !errors.Is(err, ErrOffline) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		// The version that filed it could read it, and this one cannot.
		return c.lacking(op.lack + " that this version of slo can read")
	}
	return err
}

// recorded is the archived answer to the operation, in the place of Datadog's.
func (c *Client) recorded(op operation) (reply, error) {
	r, ok := op.transcript.reply(op)
	switch {
	case !ok && (op.kind == CallSeries || op.kind == CallScalars):
		return reply{}, c.lacking(seriesLack(op), "--at with the instant of an earlier run shows what that run showed")
	case !ok && op.lack == "":
		return reply{}, notCachedError("--offline: " + op.purpose + " would mean asking Datadog")
	case !ok:
		return reply{}, c.lacking(op.lack)
	case !succeeded(r.status):
		return reply{}, c.refused(op, r.status, nil, r.body)
	}
	c.mu.Lock()
	c.recalled[op.kind]++
	c.mu.Unlock()
	return reply{body: r.body}, nil
}

// Recalled is how many replies came from the archive, by kind: so many calls it
// took when they were filed.
func (c *Client) Recalled() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.recalled)
}

// lacking is the error for a question that the archive does not answer.
func (c *Client) lacking(what string, hints ...string) error {
	return notCachedError(c.credentials.redact("--offline: the cache has "+what), hints...)
}

func notCachedError(message string, hints ...string) error {
	hints = append([]string{"run once without --offline"}, hints...)
	return &notCached{&failure{
		defect: &slo.Defect{Kind: slo.Unavailable, Message: message, Hints: hints},
		cause:  ErrOffline,
	}}
}

// seriesLack names the queries of a request for metrics and their span.
func seriesLack(op operation) string {
	var w wireRequest
	if json.Unmarshal(op.body, &w) != nil || len(w.Data.Attributes.Queries) == 0 {
		return "no such metric data"
	}
	a := w.Data.Attributes
	which := clean(a.Queries[0].Query, 200)
	if more := len(a.Queries) - 1; more == 1 {
		which += " and 1 more query"
	} else if more > 1 {
		which += fmt.Sprintf(" and %d more queries", more)
	}
	return fmt.Sprintf("nothing of %s for %s", which, timeseries.Span{Start: a.From / 1000, End: a.To / 1000})
}

// showing notes that an archived answer of that instant is being shown.
func (c *Client) showing(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.shown || at.Before(c.oldest) {
		c.oldest, c.shown = at, true
	}
}

// Archived is when the oldest of the answers was filed that were taken from the
// archive; false when none was.
func (c *Client) Archived() (oldest time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.oldest, c.shown
}

// succeeded reports whether a status stands for a whole answer. 202, 206 and 207
// say that there is more than was sent.
func succeeded(status int) bool { return status == http.StatusOK }
