package datadog

import (
	"errors"
	"io"
)

// RowForTest is one series of an answer before it is laid out on a grid.
type RowForTest struct {
	Tags   []string
	Query  int
	Values []float64
}

// ReadSeriesForTest is the bare decoder over a stream. Kind is what an error
// stands for: "broken", "complaint", "strange", or "unread" where the stream failed.
func ReadSeriesForTest(body io.Reader) (times []int64, rows []RowForTest, kind string, err error) {
	s := &tee{from: body}
	p, err := readSeries(s)
	for i, r := range p.rows {
		rows = append(rows, RowForTest{Tags: r.tags, Query: r.query, Values: p.values[i]})
	}
	var broken *brokenError
	var said complaintError
	switch {
	case err == nil:
	case s.failed:
		kind = "unread"
	case errors.As(err, &broken):
		kind = "broken"
	case errors.As(err, &said):
		kind = "complaint"
	default:
		kind = "strange"
	}
	return p.times, rows, kind, err
}

// tee remembers whether the stream failed.
type tee struct {
	from   io.Reader
	failed bool
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.failed = t.failed || err != nil && err != io.EOF
	return n, err
}
