package datadog

import (
	"errors"
	"fmt"
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

// decodeSeries reads the whole answer. A null value is [timeseries.Missing];
// a null anywhere else is an error.
func decodeSeries(body []byte) (points, error) {
	s := &scanner{data: body}
	var p points
	var found bool
	err := s.object(func(name string) error {
		if name != "data" {
			return s.skip(0)
		}
		return s.object(func(name string) error {
			if name != "attributes" {
				return s.skip(0)
			}
			found = true
			return p.attributes(s)
		})
	})
	if err != nil {
		return points{}, err
	}
	if s.peek() != 0 {
		return points{}, fmt.Errorf("something follows the answer at byte %d", s.at)
	}
	if !found {
		return points{}, errors.New("it has no data.attributes")
	}
	if len(p.rows) != len(p.values) {
		return points{}, fmt.Errorf("it describes %d series and has values of %d", len(p.rows), len(p.values))
	}
	for i, v := range p.values {
		if len(v) != len(p.times) {
			return points{}, fmt.Errorf("series %d has %d values for %d times", i, len(v), len(p.times))
		}
	}
	return p, nil
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
			return s.skip(0)
		}
	})
	if err != nil {
		return err
	}
	if !series || !times || !values {
		return errors.New("it lacks series, times or values")
	}
	return nil
}

// readValues is the hot loop: one row of numbers and nulls.
func (p *points) readValues(s *scanner) error {
	size := len(p.times)
	if len(p.values) > 0 {
		size = len(p.values[len(p.values)-1])
	}
	// A value takes two bytes at least, so the body bounds what is set aside.
	values := make([]float64, 0, min(size, (len(s.data)-s.at)/2+1))
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
	if err != nil {
		return 0, err
	}
	t := int64(f)
	if f < 0 || f > 1e15 || float64(t) != f {
		return 0, fmt.Errorf("%v is not a time in milliseconds", f)
	}
	return t, nil
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
			if err != nil {
				return err
			}
			if f < 0 || f > 1e6 || f != float64(int(f)) {
				return fmt.Errorf("%v is not a query_index", f)
			}
			r.query = int(f)
			return nil
		default:
			return s.skip(0)
		}
	})
	if err == nil && r.query < 0 {
		err = errors.New("a series has no query_index")
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
