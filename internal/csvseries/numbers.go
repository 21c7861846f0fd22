package csvseries

import (
	"math"
	"strconv"
)

// numberKind is what a cell of values is.
type numberKind int

const (
	// aNumber is a value.
	aNumber numberKind = iota
	// noValue is a cell that says that there is none.
	noValue
	// notANumber is anything else.
	notANumber
)

// largest bounds values, so that a mean of some is always finite.
const largest = 1e300

// number reads a cell of values. The sign of decimals is a point, or a comma
// where commas may be; what the first such cell of a file has, all others must
// have, because 1.234 beside 5,6 may be a thousand.
func number(cell []byte, commas bool, decimal *byte) (float64, numberKind) {
	if isBlank(cell) {
		return math.NaN(), noValue
	}
	i, negative := 0, false
	switch cell[0] {
	case '-':
		negative = true
		i++
	case '+':
		i++
	}
	var mantissa uint64
	digits, fraction := 0, 0
	sign := byte(0)
	for ; i < len(cell); i++ {
		b := cell[i]
		if b-'0' <= 9 {
			digits++
			if sign != 0 {
				fraction++
			}
			if digits <= 19 {
				mantissa = mantissa*10 + uint64(b-'0')
			}
			continue
		}
		if sign != 0 || b != '.' && (b != ',' || !commas) {
			break
		}
		sign = b
	}
	if digits == 0 || sign != 0 && *decimal != 0 && *decimal != sign {
		return math.NaN(), notANumber
	}
	if i == len(cell) && digits <= 15 {
		// Both are exact in a float64, so that one division rounds once, as strconv does.
		f := float64(mantissa) / powersOfTen[fraction]
		if negative {
			f = -f
		}
		settle(decimal, sign)
		return f, aNumber
	}
	if i < len(cell) && cell[i] != 'e' && cell[i] != 'E' {
		return math.NaN(), notANumber
	}
	text := make([]byte, 0, 64)
	for _, b := range cell {
		switch {
		case b == ',' && sign == ',':
			b = '.'
		case b-'0' <= 9, b == '.', b == '-', b == '+', b == 'e', b == 'E':
		default: // ParseFloat knows notations that no export has
			return math.NaN(), notANumber
		}
		text = append(text, b)
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.Abs(f) > largest {
		return math.NaN(), notANumber
	}
	settle(decimal, sign)
	return f, aNumber
}

func settle(decimal *byte, sign byte) {
	if sign != 0 {
		*decimal = sign
	}
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// isBlank reports whether a cell says that there is no value.
func isBlank(cell []byte) bool {
	if len(cell) == 0 {
		return true
	}
	if len(cell) > 9 || cell[0]-'0' <= 9 {
		return false
	}
	var lower [9]byte
	for i, b := range cell {
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		lower[i] = b
	}
	switch string(lower[:len(cell)]) {
	case "-", "--", "nan", "null", "nil", "none", "na", "n/a", "#n/a", `\n`, ".", "missing", "undefined":
		return true
	}
	return false
}
