package scenario

// Series is one combination of tags of a metric. Instants are Unix seconds;
// stretches of time are half open.
type Series struct {
	// Tags are "key:value". They belong to the series: do not change them.
	Tags []string
	// The series is alive in [from, to).
	from, to int64
	flow     *flow
	// level is a gauge's value; a gauge has no flow.
	level float64
}

// Count is the number of requests in [from, to).
func (s *Series) Count(from, to int64) int64 {
	from, to = s.clip(from, to)
	if s.flow == nil || from >= to {
		return 0
	}
	return s.flow.count(to) - s.flow.count(from)
}

// Level is the value of a gauge in [from, to); false if it did not report.
func (s *Series) Level(from, to int64) (float64, bool) {
	from, to = s.clip(from, to)
	return s.level, s.flow == nil && from < to
}

// Active reports whether anything was reported in [from, to).
func (s *Series) Active(from, to int64) bool {
	_, level := s.Level(from, to)
	return level || s.Count(from, to) > 0
}

// Life is the stretch outside of which there cannot be anything.
func (s *Series) Life() (from, to int64) {
	if s.flow == nil {
		return s.from, s.to
	}
	return max(s.from, s.flow.start()), min(s.to, s.flow.end)
}

func (s *Series) clip(from, to int64) (int64, int64) {
	return max(from, s.from), min(to, s.to)
}

// Within is the number of requests in [from, to) whose latency is within the
// bound. It agrees with AddTo to the request.
func (s *Series) Within(from, to int64, b Bound) int64 {
	n := int64(0)
	s.eachCell(from, to, func(c cellPart) {
		fast := s.flow.latency.ranks(b.last-c.shift, c.n, c.u)
		if c.whole() {
			n += fast
			return
		}
		order := newShuffle(s.flow.key, c.cell, c.n)
		for j := c.first; j < c.last; j++ {
			if order.rank(j) < fast {
				n++
			}
		}
	})
	return n
}

// AddTo adds the latencies of the requests in [from, to) to a histogram.
func (s *Series) AddTo(h *Histogram, from, to int64) {
	s.eachCell(from, to, func(c cellPart) {
		shape := s.flow.latency
		if !c.whole() {
			order := newShuffle(s.flow.key, c.cell, c.n)
			for j := c.first; j < c.last; j++ {
				h.add(shape.binOfRank(order.rank(j), c.n, c.u)+c.shift, 1)
			}
			return
		}
		shape.spread(c.n, c.u, func(bin int, n int64) { h.add(bin+c.shift, n) })
	})
}

// Time is the sum of the latencies, in seconds, of the requests in [from, to);
// false if there was none.
func (s *Series) Time(from, to int64) (float64, bool) {
	micros, some := int64(0), false
	table := binMicros()
	s.eachCell(from, to, func(c cellPart) {
		some = true
		shape := s.flow.latency
		if !c.whole() {
			order := newShuffle(s.flow.key, c.cell, c.n)
			for j := c.first; j < c.last; j++ {
				micros += table[binIndex(shape.binOfRank(order.rank(j), c.n, c.u)+c.shift)]
			}
			return
		}
		shape.spread(c.n, c.u, func(bin int, n int64) { micros += n * table[binIndex(bin+c.shift)] })
	})
	return seconds(micros), some
}

// cellPart is the requests first … last−1 of the n of one cell.
type cellPart struct {
	cell           int64
	n, first, last int64
	u              float64
	shift          int
}

func (c cellPart) whole() bool { return c.first == 0 && c.last == c.n }

// eachCell visits the cells of [from, to) in which there are requests.
func (s *Series) eachCell(from, to int64, visit func(cellPart)) {
	from, to = s.clip(from, to)
	f := s.flow
	if f == nil || f.latency == nil {
		return
	}
	from, to = max(from, f.start()), min(to, f.end)
	if from >= to {
		return
	}
	start := from - from%Cell
	before := f.count(start)
	for ; start < to; start += Cell {
		if f.sparse() {
			// The next request is before the end of the cell that ends there or behind.
			next := f.next(start)
			if next >= to+Cell {
				return
			}
			start = max(start, (next-1)-(next-1)%Cell)
		}
		after := f.count(start + Cell)
		c := cellPart{cell: start / Cell, n: after - before, last: after - before}
		if start < from {
			c.first = f.count(from) - before
		}
		if start+Cell > to {
			c.last = f.count(to) - before
		}
		before = after
		if c.first == c.last {
			continue
		}
		c.u = fraction(mix(f.key^0xa5a5a5a5a5a5a5a5, uint64(c.cell)))
		c.shift = f.shiftAt(start)
		visit(c)
	}
}
