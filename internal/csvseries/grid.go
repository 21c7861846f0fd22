package csvseries

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

const day = 86_400

// grid is the series, and how the rows came to lie on it.
type grid struct {
	series timeseries.Series
	// apart is how many seconds most rows are apart, 0 where there is no such distance.
	apart int64
	// typical is the distance in the middle of all.
	typical int64
	// shared counts the rows beyond the first of each cell, late those that
	// stand behind a later one.
	shared, late int
}

// layOut puts the rows that could be read into the cells of a regular grid.
func (t *reading) layOut() (grid, error) {
	order, late := t.byTime()
	g := grid{late: late}
	d := t.distances(order)
	g.apart, g.typical = d.regular(), d.median()
	step := d.step()
	first, last := t.rows[order[0]].Time, t.rows[order[len(order)-1]].Time
	cells := (last-first)/step + 1
	switch {
	case cells <= maxCells:
	case d.widest/step < cells/2:
		return grid{}, fmt.Errorf("its times from %s to %s are %d steps of %d s, more than %d; cut the file, or export fewer points",
			timeseries.Format(first), timeseries.Format(last), cells, step, maxCells)
	default:
		before, after := t.rows[order[d.widestAt-1]], t.rows[order[d.widestAt]]
		return grid{}, fmt.Errorf("between line %d (%s) and line %d (%s) lies a gap so wide that the series would have %d steps of %d s; is one of the two times wrong?",
			before.Line, timeseries.Format(before.Time), after.Line, timeseries.Format(after.Time), cells, step)
	}
	// Rows that come a little early or late crowd at the edges of cells; half a
	// step on, each has a cell of its own.
	shift := int64(0)
	if crowded := t.crowded(order, step, 0); crowded > 0 && t.crowded(order, step, step/2) < crowded/2 {
		shift = step / 2
	}
	start := timeseries.Floor(first+shift, step)
	cells = (timeseries.Floor(last+shift, step)-start)/step + 1
	g.series = timeseries.Blank(timeseries.Span{Start: start, End: start + cells*step}, step)
	g.shared = t.fill(order, g.series, shift)
	return g, nil
}

// byTime are the rows that could be read in order of time, those of one instant
// as in the file, and how many stand behind a later one.
func (t *reading) byTime() (order []int32, late int) {
	order = make([]int32, 0, t.readable)
	newest := int64(math.MinInt64)
	for i, row := range t.rows {
		if !row.OK {
			continue
		}
		order = append(order, int32(i))
		if row.Time < newest {
			late++
		}
		newest = max(newest, row.Time)
	}
	if late > 0 {
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(t.rows[a].Time, t.rows[b].Time), cmp.Compare(a, b))
		})
	}
	return order, late
}

// crowded counts the rows that have no cell of their own although their time is
// another than that of the row before.
func (t *reading) crowded(order []int32, step, shift int64) (n int) {
	before, cell := int64(-1), int64(-1)
	for _, i := range order {
		at := t.rows[i].Time
		if at == before {
			continue
		}
		c := timeseries.Floor(at+shift, step)
		if c == cell {
			n++
		}
		before, cell = at, c
	}
	return n
}

// fill gives each row its cell, and each cell the mean of its rows. It counts
// the rows beyond the first of a cell.
func (t *reading) fill(order []int32, s timeseries.Series, shift int64) (shared int) {
	sum, n, cell := 0.0, 0, -1
	close := func() {
		if n > 0 {
			s.Values[cell] = sum / float64(n)
		}
	}
	for _, i := range order {
		row := &t.rows[i]
		slot := int((row.Time + shift - s.Start) / s.Step)
		if slot == cell {
			shared++
		} else {
			close()
			sum, n, cell = 0, 0, slot
		}
		row.Slot = slot
		if !math.IsNaN(row.Value) {
			sum += row.Value
			n++
		}
	}
	close()
	return shared
}

// distances are how far apart neighbouring rows are, without those of one instant.
type distances struct {
	count map[int64]int
	total int
	// some are distances from all over the file.
	some []int64
	// divisor divides them all.
	divisor int64
	// widest is the largest of them, which ends at the row at widestAt of the order.
	widest   int64
	widestAt int
}

// mostDistances bounds how many different distances are counted, and how many are kept.
const mostDistances = 1 << 16

func (t *reading) distances(order []int32) *distances {
	d := &distances{count: map[int64]int{}}
	every := len(order)/mostDistances + 1
	for n := 1; n < len(order); n++ {
		apart := t.rows[order[n]].Time - t.rows[order[n-1]].Time
		if apart == 0 {
			continue
		}
		d.total++
		if _, known := d.count[apart]; known || len(d.count) < mostDistances {
			d.count[apart]++
		}
		if d.total%every == 0 {
			d.some = append(d.some, apart)
		}
		if d.divisor = gcd(apart, d.divisor); apart > d.widest {
			d.widest, d.widestAt = apart, n
		}
	}
	slices.Sort(d.some)
	return d
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// regular is the distance of at least half of the rows, or that of which all
// others are multiples if it occurs; else 0.
func (d *distances) regular() int64 {
	common, most := int64(0), 0
	for apart, n := range d.count {
		if n > most || n == most && apart < common {
			common, most = apart, n
		}
	}
	switch {
	case 2*most >= d.total && most > 0:
		return common
	case d.divisor > 1 && 20*d.count[d.divisor] >= d.total && d.total > 0:
		return d.divisor
	}
	return 0
}

func (d *distances) median() int64 {
	if len(d.some) == 0 {
		return 0
	}
	return d.some[len(d.some)/2]
}

// step is the width of the cells, which divides a day. Rows at regular
// distances have a cell each; others about one.
func (d *distances) step() int64 {
	if apart := d.regular(); apart > 0 {
		step := int64(1)
		for s := int64(1); s <= min(apart, day); s++ {
			if day%s == 0 {
				step = s
			}
		}
		return step
	}
	typical := max(1, d.median())
	if d.total == 0 {
		return 60 // a single instant has no distance
	}
	best, least := int64(1), math.Inf(1)
	for s := int64(1); s <= day; s++ {
		if off := math.Abs(math.Log(float64(s) / float64(typical))); day%s == 0 && off <= least {
			best, least = s, off
		}
	}
	return best
}
