package cache

import (
	"encoding/binary"
	"math"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// The values of a series are a byte for their form, a bitmap of the cells that
// have a point, and the points: as differences where all of them are whole
// numbers, which is what counts are, else as doubles with their first bytes
// together, then their second ones, and so on, since those are alike.
const (
	wholeForm  = 1
	doubleForm = 2
)

// wholeLimit is up to where a float64 tells whole numbers apart.
const wholeLimit = 1 << 53

func appendValues(b []byte, values []float64) []byte {
	form := byte(wholeForm)
	for _, v := range values {
		if !timeseries.IsMissing(v) && !isWhole(v) {
			form = doubleForm
			break
		}
	}
	b = append(b, form)
	at := len(b)
	b = append(b, make([]byte, (len(values)+7)/8)...)
	points := 0
	for i, v := range values {
		if !timeseries.IsMissing(v) {
			b[at+i/8] |= 1 << (i % 8)
			points++
		}
	}
	if form == wholeForm {
		last := int64(0)
		for _, v := range values {
			if !timeseries.IsMissing(v) {
				n := int64(v)
				b = binary.AppendVarint(b, n-last)
				last = n
			}
		}
		return b
	}
	at = len(b)
	b = append(b, make([]byte, 8*points)...)
	planes, k := b[at:], 0
	for _, v := range values {
		if timeseries.IsMissing(v) {
			continue
		}
		bits := math.Float64bits(v)
		for plane := range 8 {
			planes[plane*points+k] = byte(bits >> (56 - 8*plane))
		}
		k++
	}
	return b
}

// isWhole reports whether v is the same number after a trip through int64. The
// negative zero is not.
func isWhole(v float64) bool {
	return v >= -wholeLimit && v <= wholeLimit && v == math.Trunc(v) && !(v == 0 && math.Signbit(v))
}

// values reads n cells that [appendValues] wrote.
func (r *reader) values(n int) []float64 {
	form := r.bytes(1)
	present := r.bytes((n + 7) / 8)
	if r.bad {
		return nil
	}
	values := make([]float64, n)
	switch form[0] {
	case wholeForm:
		r.wholes(values, present)
	case doubleForm:
		r.doubles(values, present)
	default:
		r.fail()
	}
	// Bits behind the last cell are none of ours.
	if n%8 != 0 && present[n/8]>>(n%8) != 0 {
		r.fail()
	}
	if r.bad {
		return nil
	}
	return values
}

func (r *reader) wholes(values []float64, present []byte) {
	rest, last := r.rest, int64(0)
	for i := range values {
		if present[i>>3]>>(i&7)&1 == 0 {
			values[i] = timeseries.Missing
			continue
		}
		// Most differences take a byte or two.
		var u uint64
		switch {
		case len(rest) > 0 && rest[0] < 0x80:
			u, rest = uint64(rest[0]), rest[1:]
		case len(rest) > 1 && rest[1] < 0x80:
			u, rest = uint64(rest[0]&0x7f)|uint64(rest[1])<<7, rest[2:]
		default:
			n, size := binary.Uvarint(rest)
			if size <= 0 {
				r.fail()
				return
			}
			u, rest = n, rest[size:]
		}
		last += int64(u>>1) ^ -int64(u&1)
		if last > wholeLimit || last < -wholeLimit {
			r.fail()
			return
		}
		values[i] = float64(last)
	}
	r.rest = rest
}

func (r *reader) doubles(values []float64, present []byte) {
	points := 0
	for i := range values {
		points += int(present[i>>3] >> (i & 7) & 1)
	}
	planes := r.bytes(8 * points)
	if r.bad {
		return
	}
	k := 0
	for i := range values {
		if present[i>>3]>>(i&7)&1 == 0 {
			values[i] = timeseries.Missing
			continue
		}
		var bits uint64
		for plane := range 8 {
			bits = bits<<8 | uint64(planes[plane*points+k])
		}
		values[i] = math.Float64frombits(bits)
		if timeseries.IsMissing(values[i]) {
			r.fail() // a point that is no number was never written
			return
		}
		k++
	}
}
