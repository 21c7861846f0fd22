package anomaly

import (
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// fewest is how many errors a burst has at least.
const fewest = 5

// FindRate returns the bursts of errors that end after from: stretches with more
// errors than the requests let expect at the share of errors that is usual at
// that time. Observed, Expected, Wobble and Peak are rates, 0 to 1. Few errors
// are no burst where they are spread over hours.
func (d *Detector) FindRate(errors, requests timeseries.Series, from int64) []Finding {
	if errors.Step <= 0 || errors.Step != requests.Step {
		return nil
	}
	lo, hi := max(errors.Start, requests.Start), min(errors.Span().End, requests.Span().End)
	if hi <= lo || (errors.Start-requests.Start)%errors.Step != 0 {
		return nil
	}
	cut := func(s timeseries.Series) timeseries.Series {
		return timeseries.Series{Start: lo, Step: s.Step, Values: s.Values[(lo-s.Start)/s.Step : (hi-s.Start)/s.Step]}
	}
	errors, requests = cut(errors), cut(requests)
	f := &d.finder
	w := &f.slow
	w.fillRate(errors, requests)
	f.stretches = w.search(f.stretches[:0])
	return f.tellRate(errors, requests, from)
}

// fillRate lays errors and requests out in blocks.
func (w *slow) fillRate(errors, requests timeseries.Series) {
	w.fill(errors, Counts)
	w.idle = false
	w.weights = grow(w.spare, len(w.x))
	w.spare = w.weights
	for b := range w.x {
		lo, hi := w.buckets(b, b+1)
		x, n := 0.0, 0.0
		for i := lo; i < hi; i++ {
			if e, r := errors.Values[i], requests.Values[i]; e == e && r == r {
				x += e
				n += max(e, r)
			}
		}
		w.x[b], w.weights[b] = x, n
		w.norm[b] = x
	}
}

// shares works out what errors the requests let expect in the blocks [lo, hi):
// at the share that was usual about this time of day, and at least at that of the
// middle one of the last days, both in part.
func (w *slow) shares(lo, hi int) {
	hours := max(1, w.day/24)
	days := w.scratch[:0]
	for j := 1; j <= 14; j++ {
		if p := w.pooled(lo-j*w.day, hi-j*w.day); p == p {
			days = append(days, p)
		}
	}
	w.scratch = days
	whole := midmean(days)
	var few [10]float64
	for b := lo; b < hi; b += hours {
		refs := few[:0]
		for j := 1; j <= 7; j++ {
			if p := w.pooled(b-j*w.day-hours, b-j*w.day+2*hours); p == p {
				refs = append(refs, p)
			}
		}
		for j := 14; j <= 28; j += 7 {
			if p := w.pooled(b-j*w.day-hours, b-j*w.day+2*hours); p == p {
				refs = append(refs, p)
			}
		}
		p := max(midmean(refs), 0.8*whole)
		for c := b; c < min(hi, b+hours); c++ {
			w.e[c] = w.weights[c] * p
		}
	}
}

// pooled is the share of errors among the requests of the blocks [lo, hi).
func (w *slow) pooled(lo, hi int) float64 {
	x, n := 0.0, 0.0
	for b := max(lo, 0); b < min(hi, len(w.x)); b++ {
		if v := w.norm[b]; v == v {
			x += v
			n += w.weights[b]
		}
	}
	return x / n
}

// excess is by how many standard deviations x errors of n requests are more than e.
func excess(x, e, n float64) float64 {
	if x <= e {
		return -deviance(x, e)
	}
	// What never failed before may fail a little; not most of it.
	floor := 0.5
	if x >= 0.2*n {
		floor = 0.02
	}
	return deviance(x, max(e, floor))
}

func (f *finder) tellRate(errors, requests timeseries.Series, from int64) []Finding {
	var out []Finding
	w := &f.slow
	f.expectRate(requests)
	f.stretches = slices.DeleteFunc(f.stretches, func(t stretch) bool { return !t.up })
	for i := range f.stretches {
		f.sharpen(errors.Values, &f.stretches[i])
	}
	f.once(0, gap(errors.Step))
	for _, t := range f.stretches {
		span := spanOf(errors, t.lo, t.hi)
		if span.End <= from {
			continue
		}
		g := Finding{Kind: Burst, Span: span, Open: t.hi >= len(errors.Values), Score: t.score, Short: int64(t.lo)*errors.Step < week}
		var x, n, e float64
		for i := t.lo; i < t.hi; i++ {
			v, r, u := errors.Values[i], requests.Values[i], f.fine[i]
			if v != v || r != r || u != u || max(v, r) == 0 {
				continue
			}
			x, n, e = x+v, n+max(v, r), e+u
			if p := v / max(v, r); p > g.Peak {
				g.Peak = p
			}
		}
		if x < fewest || !f.dense(errors, t) {
			continue
		}
		g.Observed, g.Expected = x/n, e/n
		g.Ratio = ratio(g.Observed, g.Expected)
		if g.Ratio < 1.2 {
			continue
		}
		g.Small = g.Ratio < 1.5
		// The usual deviation of a bucket's rate.
		per := n / float64(t.hi-t.lo)
		g.Wobble = math.Sqrt(max(g.Expected*(1-g.Expected), 0)/per) * w.sigma[0][w.part(0, per*float64(w.per)*g.Expected)]
		g.Record = g.Score / f.recordBlocks(w.blockOf(t.lo), w.blockOf(t.hi-1)+1)
		out = append(out, g)
	}
	return out
}

// dense says whether at least some of a burst's errors lie close together.
func (f *finder) dense(errors timeseries.Series, t stretch) bool {
	per := int(max(1, hour/2/errors.Step))
	for i := t.lo; i < t.hi; i++ {
		sum := 0.0
		for _, v := range errors.Values[i:min(i+per, t.hi)] {
			if v == v {
				sum += v
			}
		}
		if sum >= fewest {
			return true
		}
	}
	return false
}

// expectRate lays the errors that the requests let expect out over the buckets.
func (f *finder) expectRate(requests timeseries.Series) {
	w := &f.slow
	f.fine = grow(f.fine, len(requests.Values))
	for i, r := range requests.Values {
		b := w.blockOf(i)
		f.fine[i] = w.e[b] * r / w.weights[b]
		if r == 0 {
			f.fine[i] = 0
		}
	}
}

// recordBlocks is the third largest score of a block outside of [lo, hi).
func (f *finder) recordBlocks(lo, hi int) float64 {
	w := &f.slow
	top := f.hourly[:0]
	for b := range w.x {
		if b < lo || b >= hi {
			top = append(top, w.score(0, b))
		}
	}
	f.hourly = top
	if len(top) < 3 {
		return 1
	}
	slices.Sort(top)
	return max(1, top[len(top)-3])
}
