package anomaly

import "math"

// Bins are a 32nd of an octave wide, so that a quantile is exact to 1.6 %.
const (
	binBits = 5
	octaves = 256
	bins    = octaves << binBits
	binDrop = 23 - binBits
)

// tally counts residuals by size. Adding and dropping take the same time
// whatever it holds; a quantile takes one walk over the octaves.
type tally struct {
	total  int
	lowest int // the least octave but the first that ever held something
	octave [octaves]int32
	bin    [bins]int32
}

// binOf is the bin of a residual, which is neither negative nor NaN.
func binOf(r float32) uint16 { return uint16(math.Float32bits(r) >> binDrop) }

func (t *tally) reset() { *t = tally{lowest: octaves - 1} }

func (t *tally) add(b uint16) {
	t.total++
	o := b >> binBits
	if o > 0 && int(o) < t.lowest {
		t.lowest = int(o)
	}
	t.octave[o]++
	t.bin[b]++
}

func (t *tally) drop(b uint16) {
	t.total--
	t.octave[b>>binBits]--
	t.bin[b]--
}

// quantiles writes the values at the shares, which ascend, into out. Inside a bin it is a straight line.
func (t *tally) quantiles(shares, out []float32) {
	below, o := float32(0), 0
	for i, share := range shares {
		rank := share * float32(t.total)
		for o < octaves-1 && below+float32(t.octave[o]) < rank {
			below += float32(t.octave[o])
			o = max(o+1, t.lowest)
		}
		at, b, end := below, o<<binBits, (o+1)<<binBits-1
		for b < end && at+float32(t.bin[b]) < rank {
			at += float32(t.bin[b])
			b++
		}
		if b == 0 {
			out[i] = 0 // zero, or as good as that
			continue
		}
		low := math.Float32frombits(uint32(b) << binDrop)
		high := math.Float32frombits(uint32(b+1) << binDrop)
		part := float32(0)
		if n := t.bin[b]; n > 0 {
			part = (rank - at) / float32(n)
		}
		out[i] = low + (high-low)*part
	}
}
