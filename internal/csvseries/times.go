package csvseries

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// timeKind is how the times of a file are written.
type timeKind int

const (
	// calendar is year, month, day, and mostly a time of day.
	calendar timeKind = iota
	// slashed has the year last: 9/11/2026, or 9.11.2026.
	slashed
	// compact is all digits: 20261109, or 20261109130000.
	compact
	// epoch counts since 1970, in seconds or thousandths of them.
	epoch
)

// clock reads the times of one file. It reads them into numbers that settle and
// seconds turn into Unix seconds once the file is known as a whole.
type clock struct {
	kind timeKind
	// unzoned counts calendar times that do not say where they were read.
	unzoned int

	// unit is how many of the units of an epoch are a second.
	unit int64
	// rowNumbers says that the epochs are small enough to be no times at all.
	rowNumbers bool

	// dots says that days and months are separated by dots, which puts the day first.
	dots, slashes bool
	// dayFirst is how a slashed date is read.
	dayFirst bool
}

// read reads a cell into a number that is comparable within the file.
func (c *clock) read(cell []byte) (int64, bool) {
	switch c.kind {
	case epoch:
		return readEpoch(cell)
	case slashed:
		return c.readSlashed(cell)
	case compact:
		at, ok := readCompact(cell)
		if ok {
			c.unzoned++
		}
		return at, ok
	default:
		at, zoned, ok := readCalendar(cell)
		if ok && !zoned {
			c.unzoned++
		}
		return at, ok
	}
}

// settle decides what the numbers of all rows together mean.
func (c *clock) settle(rows []Row) error {
	switch c.kind {
	case epoch:
		c.settleUnit(rows)
	case slashed:
		return c.settleOrder(rows)
	case calendar, compact:
	}
	return nil
}

// settleUnit tells the unit of epochs by their size: the one in the middle is a
// time of these decades in one unit only.
func (c *clock) settleUnit(rows []Row) {
	every := len(rows)/10_000 + 1
	var some []int64
	for i := 0; i < len(rows); i += every {
		if rows[i].OK {
			some = append(some, rows[i].Time)
		}
	}
	c.unit = 1
	if len(some) == 0 {
		return
	}
	slices.Sort(some)
	middle := some[len(some)/2]
	for middle >= 1e11 && c.unit < 1e9 {
		middle /= 1000
		c.unit *= 1000
	}
	c.rowNumbers = middle < leastEpoch
}

// seconds is what read has given, in Unix seconds.
func (c *clock) seconds(raw int64) (int64, bool) {
	at := raw
	switch c.kind {
	case epoch:
		at = floorDiv(raw, c.unit)
	case slashed:
		var ok bool
		if at, ok = c.unpack(raw); !ok {
			return 0, false
		}
	case calendar, compact:
	}
	return at, at >= 0 && at <= latest
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

const (
	// latest is the end of the year 9999.
	latest = 253_402_300_799
	// leastEpoch is an epoch in seconds of 1973. Below are row numbers rather than times.
	leastEpoch = 100_000_000
)

// readEpoch reads a number of units since 1970, without its fraction.
func readEpoch(cell []byte) (int64, bool) {
	var n int64
	for i, b := range cell {
		if b-'0' > 9 || i >= 18 {
			return readOddEpoch(cell)
		}
		n = n*10 + int64(b-'0')
	}
	return n, len(cell) > 0
}

func readOddEpoch(cell []byte) (int64, bool) {
	text := string(cell[:min(len(cell), 40)])
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	for _, b := range cell {
		if b-'0' > 9 && b != '.' && b != 'e' && b != 'E' && b != '+' && b != '-' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) > 1e18 {
		return 0, false
	}
	return int64(math.Floor(f)), true
}

// readCompact reads 20261109, 202611091300 or 20261109130000.
func readCompact(cell []byte) (int64, bool) {
	if len(cell) != 8 && len(cell) != 12 && len(cell) != 14 {
		return 0, false
	}
	for _, b := range cell {
		if b-'0' > 9 {
			return 0, false
		}
	}
	pair := func(i int) int {
		if i+2 > len(cell) {
			return 0
		}
		return int(cell[i]-'0')*10 + int(cell[i+1]-'0')
	}
	year := pair(0)*100 + pair(2)
	days, ok := dayOf(year, pair(4), pair(6))
	hour, minute, second := pair(8), pair(10), pair(12)
	if !ok || year < 1970 || year > 2199 || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	return days*86_400 + int64(hour*3600+minute*60+second), true
}

// readCalendar reads a date with the year first, and the time of day and the
// zone that may follow.
func readCalendar(cell []byte) (at int64, zoned, ok bool) {
	p := cursor{text: cell}
	year, n := p.digits(4)
	if n != 4 {
		return 0, false, false
	}
	sign := p.peek()
	if sign != '-' && sign != '/' && sign != '.' {
		return 0, false, false
	}
	p.at++
	month, n1 := p.digits(2)
	if n1 == 0 || p.peek() != sign {
		return 0, false, false
	}
	p.at++
	day, n2 := p.digits(2)
	days, valid := dayOf(year, month, day)
	if n2 == 0 || !valid {
		return 0, false, false
	}
	seconds, zoned, ok := p.timeOfDay()
	return days*86_400 + seconds, zoned, ok
}

// pack is how a slashed date travels until it is known which of its first two
// numbers is the day: all three, and the seconds since midnight UTC, which a
// zone can put into the day before or after.
const packSeconds, packShift = 1 << 19, 1 << 18

func (c *clock) readSlashed(cell []byte) (int64, bool) {
	p := cursor{text: cell}
	first, n1 := p.digits(2)
	sign := p.peek()
	if n1 == 0 || sign != '/' && sign != '.' && sign != '-' {
		return 0, false
	}
	p.at++
	second, n2 := p.digits(2)
	if n2 == 0 || p.peek() != sign {
		return 0, false
	}
	p.at++
	year, n3 := p.digits(4)
	if n3 != 4 || first < 1 || second < 1 || first > 31 || second > 31 || first > 12 && second > 12 {
		return 0, false
	}
	seconds, zoned, ok := p.timeOfDay()
	if !ok {
		return 0, false
	}
	if !zoned {
		c.unzoned++
	}
	c.dots = c.dots || sign == '.'
	c.slashes = c.slashes || sign != '.'
	return (int64(year)*10_000+int64(first)*100+int64(second))*packSeconds + seconds + packShift, true
}

func (c *clock) unpack(raw int64) (int64, bool) {
	date, seconds := raw/packSeconds, raw%packSeconds-packShift
	year, day, month := int(date/10_000), int(date/100%100), int(date%100)
	if !c.dayFirst {
		day, month = month, day
	}
	days, ok := dayOf(year, month, day)
	return days*86_400 + seconds, ok
}

// settleOrder finds out whether the day or the month comes first. Where no row
// shows it, both readings are possible, and nothing is guessed.
func (c *clock) settleOrder(rows []Row) error {
	var dayFirst, monthFirst, any int
	for _, row := range rows {
		if !row.OK {
			continue
		}
		date := row.Time / packSeconds
		any = row.Line
		switch {
		case date/100%100 > 12:
			dayFirst = row.Line
		case date%100 > 12:
			monthFirst = row.Line
		}
	}
	c.dayFirst = dayFirst != 0 || monthFirst == 0
	switch {
	case any == 0 || c.dots && !c.slashes && monthFirst == 0:
		return nil
	case dayFirst != 0 && monthFirst != 0:
		return fmt.Errorf("the day comes first in line %d and the month in line %d; write times as 2026-11-09T13:00:00Z", dayFirst, monthFirst)
	case dayFirst == 0 && monthFirst == 0:
		return errors.New("times such as 9/11/2026 may be of November or of September; write them as 2026-11-09T13:00:00Z")
	}
	return nil
}

// dayOf is the number of days since 1970 of a date that exists.
func dayOf(year, month, day int) (int64, bool) {
	if month < 1 || month > 12 || day < 1 || day > 31 || day > 28 && day > daysIn(year, month) {
		return 0, false
	}
	// Years that begin in March end with the day that leap years have more.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	return 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 1 - 719_468, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
