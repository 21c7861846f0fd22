package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
)

// compactSuffixes are the sizes of a compact number, each a thousand of the one before.
var compactSuffixes = [...]string{"", "k", "M", "G", "T", "P", "E"}

// compactDecimals is how exact a shortened number is: 12.4k.
const compactDecimals = 1

// number writes v for people. An infinite v is written as such; the caller has
// dealt with NaN.
func number(c document.Cell, o Options) string {
	var s string
	switch {
	case math.IsInf(c.Value, 0):
		s = glyph(o, "∞", "inf")
		if c.Value < 0 {
			s = "-" + s
		}
	case c.Compact:
		s = compact(c.Value, c.Decimals, c.Round)
	default:
		s = separate(round(shortest(c.Value), c.Decimals, c.Round))
	}
	return signed(s, c.Sign) + unit(c.Unit, o)
}

// signed puts a plus before s when asked to, unless s is negative or reads as
// zero: it has a digit above zero, or is infinite.
func signed(s string, sign bool) string {
	if !sign || strings.HasPrefix(s, "-") || !strings.ContainsAny(s, "123456789∞i") {
		return s
	}
	return "+" + s
}

func unit(u string, o Options) string {
	u = clean(u)
	if o.ASCII {
		u = strings.ReplaceAll(u, "×", "x")
	}
	return u
}

// shortest is the shortest decimal that means v. Rounding starts from it and
// not from the binary value, because it is what the reader of the machine
// output sees: 99.29 is stored a little below 99.29 and must not become 99.28.
func shortest(v float64) string {
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// round cuts or pads the decimal s to the given number of decimals.
func round(s string, decimals int, r document.Rounding) string {
	decimals = max(decimals, 0)
	s, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) <= decimals {
		return join(negative, whole, fraction+strings.Repeat("0", decimals-len(fraction)))
	}
	rest := fraction[decimals:]
	digits := []byte(whole + fraction[:decimals])
	var away bool
	switch r {
	case document.Down:
		away = negative && strings.Trim(rest, "0") != ""
	case document.Up:
		away = !negative && strings.Trim(rest, "0") != ""
	default:
		away = rest[0] >= '5'
	}
	if away {
		digits = increment(digits)
	}
	cut := len(digits) - decimals
	return join(negative, string(digits[:cut]), string(digits[cut:]))
}

// increment adds one to the last digit.
func increment(digits []byte) []byte {
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i] < '9' {
			digits[i]++
			return digits
		}
		digits[i] = '0'
	}
	return append([]byte{'1'}, digits...)
}

// join puts a number together. A zero has no sign: "-0.0" says nothing.
func join(negative bool, whole, fraction string) string {
	s := whole
	if fraction != "" {
		s += "." + fraction
	}
	if negative && strings.ContainsAny(s, "123456789") {
		s = "-" + s
	}
	return s
}

// compact writes v with at most three digits before the point and a suffix.
func compact(v float64, decimals int, r document.Rounding) string {
	s := shortest(v)
	for i := 0; ; i++ {
		d := compactDecimals
		if i == 0 {
			d = decimals
		}
		// Each size is rounded from the whole number, never from a rounded one,
		// and a result that rounding lifted to 1000 takes the next size.
		text := round(shift(s, 3*i), d, r)
		whole, _, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
		if len(whole) <= 3 || i == len(compactSuffixes)-1 {
			return separate(text) + compactSuffixes[i]
		}
	}
}

// shift moves the decimal point of s to the left.
func shift(s string, places int) string {
	if places == 0 {
		return s
	}
	s, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) <= places {
		whole = strings.Repeat("0", places-len(whole)+1) + whole
	}
	cut := len(whole) - places
	s = whole[:cut] + "." + whole[cut:] + fraction
	if negative {
		s = "-" + s
	}
	return s
}

// separate puts commas between the thousands.
func separate(s string) string {
	s, negative := strings.CutPrefix(s, "-")
	whole, fraction, point := strings.Cut(s, ".")
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if point {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// longest is the number of seconds up to which whole seconds are exact in a float64.
const longest = 1 << 53

// duration writes a length of time with its two largest units: days and hours,
// hours and minutes, or minutes. Between the units it rounds in the direction
// of r.
func duration(c document.Cell, o Options) string {
	v := c.Value
	switch {
	case math.IsInf(v, 1):
		return signed(glyph(o, "∞", "inf"), c.Sign)
	case math.IsInf(v, -1):
		return "-" + glyph(o, "∞", "inf")
	case math.Abs(v) > longest:
		return signed(separate(round(shortest(v/day), 0, c.Round)), c.Sign) + "d"
	case v < 0:
		return negativeDuration(-v, c.Round)
	case v > 0 && v < minute && c.Round != document.Up:
		return signed("<1m", c.Sign)
	}
	return signed(units(magnitude(v, c.Round)), c.Sign)
}

// negativeDuration writes -v. Down means away from zero here, Up towards it.
func negativeDuration(v float64, r document.Rounding) string {
	switch r {
	case document.Down:
		r = document.Up
	case document.Up:
		r = document.Down
	case document.Nearest:
	}
	if v < minute && r != document.Up {
		return ">-1m"
	}
	return "-" + units(magnitude(v, r))
}

// magnitude rounds v to the smallest unit that will be shown.
func magnitude(v float64, r document.Rounding) int64 {
	step := int64(minute)
	if v >= day {
		step = hour
	}
	var whole int64
	switch r {
	case document.Up:
		whole = int64(math.Ceil(v)) + step - 1
	case document.Nearest:
		whole = int64(math.Floor(v)) + step/2
	default:
		whole = int64(math.Floor(v))
	}
	return whole / step * step
}

func units(seconds int64) string {
	large, small, largeName, smallName := seconds/hour, seconds%hour/minute, "h", "m"
	switch {
	case seconds >= day:
		large, small, largeName, smallName = seconds/day, seconds%day/hour, "d", "h"
	case seconds < hour:
		return strconv.FormatInt(seconds/minute, 10) + "m"
	}
	s := separate(strconv.FormatInt(large, 10)) + largeName
	if small > 0 {
		s += " " + strconv.FormatInt(small, 10) + smallName
	}
	return s
}

// instant writes t for people.
func instant(t time.Time, o Options) string {
	zone := o.TimeZone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04")
}
