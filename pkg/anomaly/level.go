package anomaly

import "math"

// sliding is the median of the last so many values. They are kept twice: in
// the order in which they came, and sorted. Both hold keys instead of numbers:
// integers that sort like them can be compared without a branch.
type sliding struct {
	ring, sorted []int32
	next         int
}

// keyOf is an integer that sorts like the number, which is not NaN.
func keyOf(x float32) int32 {
	b := int32(math.Float32bits(x))
	return b ^ int32(uint32(b>>31)>>1)
}

// valueOf is the number of a key.
func valueOf(k int32) float32 {
	return math.Float32frombits(uint32(k ^ int32(uint32(k>>31)>>1)))
}

// reset empties the window and gives it room for size values.
func (w *sliding) reset(size int) {
	if cap(w.ring) < size {
		w.ring = make([]int32, size)
		w.sorted = make([]int32, size)
	}
	w.ring = w.ring[:size]
	w.sorted = w.sorted[:0]
	w.next = 0
}

func (w *sliding) len() int { return len(w.sorted) }

// push adds a number and lets go of the oldest where the window is full.
func (w *sliding) push(x float32) {
	k := keyOf(x)
	if n := len(w.sorted); n < len(w.ring) {
		at := below(w.sorted, k)
		w.sorted = w.sorted[:n+1]
		copy(w.sorted[at+1:], w.sorted[at:n])
		w.sorted[at] = k
	} else {
		exchange(w.sorted, w.ring[w.next], k)
	}
	w.ring[w.next] = k
	w.next++
	if w.next == len(w.ring) {
		w.next = 0
	}
}

// exchange puts k in the place of old in sorted keys that hold old.
func exchange(s []int32, old, k int32) {
	if len(s) > 64 {
		from, to := below(s, old), below(s, k)
		if to > from {
			to--
			copy(s[from:to], s[from+1:to+1])
		} else {
			copy(s[to+1:from+1], s[to:from])
		}
		s[to] = k
		return
	}
	from, to := 0, 0
	for _, v := range s {
		from += less(v, old)
		to += less(v, k)
	}
	if to > from {
		to--
		for i := from; i < to; i++ {
			s[i] = s[i+1]
		}
	} else {
		for i := from; i > to; i-- {
			s[i] = s[i-1]
		}
	}
	s[to] = k
}

func less(a, b int32) int {
	if a < b {
		return 1
	}
	return 0
}

// below is how many of the sorted keys are less than k.
func below(s []int32, k int32) int {
	low, high := 0, len(s)
	for low < high {
		if m := int(uint(low+high) >> 1); s[m] < k {
			low = m + 1
		} else {
			high = m
		}
	}
	return low
}

// median is that of what is in the window; there must be something.
func (w *sliding) median() float32 {
	n := len(w.sorted)
	if n%2 == 1 {
		return valueOf(w.sorted[n/2])
	}
	return (valueOf(w.sorted[n/2-1]) + valueOf(w.sorted[n/2])) / 2
}
