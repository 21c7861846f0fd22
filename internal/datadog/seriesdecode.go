package datadog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// maxGrid bounds the cells of one answer, 256 MiB: an answer lists few times
// for many groups in little space, but each group is laid out in full.
const maxGrid = 32 << 20

// points is the answer of the timeseries endpoint as it stands on the wire:
// rows of values over shared times.
type points struct {
	times  []int64 // Unix milliseconds
	rows   []row
	values [][]float64 // one for each row
}

// row is what the answer says about one series.
type row struct {
	tags  []string
	query int
}

// brokenError says that an answer is no JSON object.
type brokenError struct {
	// head is the beginning of the answer, without leading space.
	head []byte
	err  error
}

// Error says where it stops being one.
func (e *brokenError) Error() string { return e.err.Error() }

// complaintError is what an answer says went wrong, in spite of its status.
type complaintError string

// Error is what it says.
func (e complaintError) Error() string { return string(e) }

// readSeries reads the whole answer as it arrives. A null value is
// [timeseries.Missing]; a null anywhere else is an error. An answer that is no
// JSON object is a [brokenError]; in one that is, a complaint of Datadog's own
// comes before what else is odd about it.
func readSeries(body io.Reader) (points, error) {
	s := newScanner(body)
	first := s.peek()
	s.ahead(100)
	head := bytes.Clone(s.data[s.at:min(s.at+100, len(s.data))])
	var p points
	var said envelope
	err := errors.New("it is not a JSON object")
	if first == '{' {
		p, said, err = readAnswer(s)
	}
	switch {
	case s.end != nil && s.end != io.EOF:
		return points{}, s.end
	case err != nil:
		return points{}, &brokenError{head: head, err: err}
	}
	if text := said.text(); text != "" {
		return points{}, complaintError(text)
	}
	if s.odd != nil {
		return points{}, s.odd
	}
	return p, nil
}

// readAnswer reads the object that an answer is, up to the end of all.
func readAnswer(s *scanner) (p points, said envelope, err error) {
	var found bool
	err = s.object(func(name string) (err error) {
		if name == "data" {
			return s.object(func(name string) error {
				if name != "attributes" {
					return s.skip()
				}
				found = true
				return p.attributes(s)
			})
		}
		switch {
		case strings.EqualFold(name, "status"):
			said.Status, err = s.verbatim()
		case strings.EqualFold(name, "error"):
			said.Error, err = s.verbatim()
		case strings.EqualFold(name, "errors"):
			said.Errors, err = s.verbatim()
		default:
			err = s.skip()
		}
		return err
	})
	if err == nil && !s.over() {
		err = fmt.Errorf("something follows the answer at byte %d", s.position(s.at))
	}
	if !found {
		s.strange("it has no data.attributes")
	}
	if len(p.rows) != len(p.values) {
		s.strange("it describes %d series and has values of %d", len(p.rows), len(p.values))
	}
	for i, v := range p.values {
		if len(v) != len(p.times) {
			s.strange("series %d has %d values for %d times", i, len(v), len(p.times))
		}
	}
	return p, said, err
}

// attributes reads the three lists, of which each must be there.
func (p *points) attributes(s *scanner) error {
	*p = points{}
	var series, times, values bool
	err := s.object(func(name string) error {
		switch name {
		case "series":
			series = true
			p.rows = nil
			return s.list(func() error {
				r, err := readRow(s)
				p.rows = append(p.rows, r)
				return err
			})
		case "times":
			times = true
			p.times = nil
			return s.list(func() error {
				t, err := readTime(s)
				p.times = append(p.times, t)
				return err
			})
		case "values":
			values = true
			p.values = nil
			return s.list(func() error { return p.readValues(s) })
		default:
			return s.skip()
		}
	})
	if !series || !times || !values {
		s.strange("it lacks series, times or values")
	}
	return err
}

// readValues is the hot loop: one row of numbers and nulls.
func (p *points) readValues(s *scanner) error {
	size := len(p.times)
	if len(p.values) > 0 {
		size = len(p.values[len(p.values)-1])
	}
	values := make([]float64, 0, min(size, maxCells))
	err := s.list(func() error {
		v, err := s.value()
		values = append(values, v)
		return err
	})
	p.values = append(p.values, values)
	return err
}

func readTime(s *scanner) (int64, error) {
	f, err := s.number()
	t := int64(f)
	if f < 0 || f > 1e15 || float64(t) != f {
		s.strange("%v is not a time in milliseconds", f)
	}
	return t, err
}

func readRow(s *scanner) (row, error) {
	r := row{query: -1}
	err := s.object(func(name string) error {
		switch name {
		case "group_tags":
			r.tags = nil
			if s.null() {
				return nil
			}
			return s.list(func() error {
				tag, err := s.text()
				r.tags = append(r.tags, tag)
				return err
			})
		case "query_index":
			f, err := s.number()
			if f < 0 || f > 1e6 || f != float64(int(f)) {
				s.strange("%v is not a query_index", f)
			}
			r.query = int(f)
			return err
		default:
			return s.skip()
		}
	})
	if r.query < 0 {
		s.strange("a series has no query_index")
	}
	return r, err
}

// The places of times that lie outside of the grid.
const (
	before = -2
	after  = -1
)

// cells says in which cell of the grid over span each time falls, or on which
// side of it.
func (p points) cells(span timeseries.Span, step int64) ([]int, error) {
	cells := make([]int, len(p.times))
	for i, ms := range p.times {
		if ms%(1000*step) != 0 {
			return nil, fmt.Errorf("the time %s (%d ms) is not a multiple of the %d s that were asked for", timeseries.Format(ms/1000), ms, step)
		}
		switch t := ms / 1000; {
		case t < span.Start:
			cells[i] = before
		case t >= span.End:
			cells[i] = after
		default:
			cells[i] = int((t - span.Start) / step)
		}
	}
	return cells, nil
}

// fits checks that the grid of the answer is not larger than [maxGrid].
func (p points) fits(span timeseries.Span, step int64) error {
	if cells := span.Seconds() / step; int64(len(p.rows)) > maxGrid/cells {
		return fmt.Errorf("%d groups over %d steps are more than slo holds in memory at once", len(p.rows), cells)
	}
	return nil
}

// answers lays the rows out on the grid, one answer for each query.
func (p points) answers(span timeseries.Span, step int64, queries []seriesQuery) ([]reading, error) {
	cells, err := p.cells(span, step)
	if err != nil {
		return nil, err
	}
	answers := make([]reading, len(queries))
	seen := make([]map[string]bool, len(queries))
	for i, r := range p.rows {
		if r.query >= len(queries) {
			return nil, fmt.Errorf("series %d belongs to query %d of %d", i, r.query, len(queries))
		}
		q := queries[r.query]
		if len(r.tags) < q.fewest {
			return nil, fmt.Errorf("series %d has %d tags, and query %d groups by %d", i, len(r.tags), r.query, q.fewest)
		}
		tags := orderTags(r.tags, q.by)
		name := strings.Join(tags, "\x00")
		if seen[r.query] == nil {
			seen[r.query] = map[string]bool{}
		}
		if seen[r.query][name] {
			return nil, fmt.Errorf("the group %q appears twice in query %d", clean(strings.Join(tags, ","), 120), r.query)
		}
		seen[r.query][name] = true
		series := timeseries.Blank(span, step)
		any, err := place(series.Values, p.values[i], cells)
		if err != nil {
			return nil, err
		}
		for n, cell := range cells {
			if cell == before && !timeseries.IsMissing(p.values[i][n]) {
				answers[r.query].early = p.times[n] / 1000
			}
		}
		p.values[i] = nil // it is on the grid, and not needed twice
		if any {
			answers[r.query].Groups = append(answers[r.query].Groups, timeseries.Group{Tags: tags, Series: series})
		}
	}
	return answers, nil
}

// place puts values into their cells. The same time may appear more than once
// if it does not contradict itself.
func place(grid, values []float64, cells []int) (any bool, err error) {
	for i, v := range values {
		cell := cells[i]
		if cell < 0 || timeseries.IsMissing(v) {
			continue
		}
		if old := grid[cell]; !timeseries.IsMissing(old) && old != v {
			return false, fmt.Errorf("one time has two values, %v and %v", old, v)
		}
		grid[cell] = v
		any = true
	}
	return any, nil
}

// orderTags brings the tags of a group into the order of the query's keys.
// Tags under other keys follow, as they came.
func orderTags(tags, keys []string) []string {
	if len(tags) == 0 {
		return nil
	}
	rank := func(tag string) int {
		key, _, _ := strings.Cut(tag, ":")
		if i := slices.Index(keys, key); i >= 0 {
			return i
		}
		return len(keys)
	}
	ordered := slices.Clone(tags)
	slices.SortStableFunc(ordered, func(a, b string) int { return rank(a) - rank(b) })
	return ordered
}
