package anomaly

import (
	"math"
	"slices"
)

// A drift of days is followed by everything that learns from the last days: no
// bucket and no hour of it is far off. So it is looked for first, in days: what a
// day had against what its weekday had before, as a logarithm. A change that
// came slowly fits a ramp much better than a step, and is more than such days
// wander. It is then taken out, and the rest is held against what is left.

const (
	// driftDays is of how many days a drift has to be seen: of fewer, a ramp and a
	// step look alike, and the view of blocks sees it.
	driftDays = 3
	// driftPast is how many days must lie before it: two of each weekday.
	driftPast = 14
	// driftRun is how many days a drift takes at most.
	driftRun = 28
	// driftParts is into how many parts a day is told apart, so that an incident of hours moves no day.
	driftParts = 8
	// driftLeast is the change that is worth telling, as a logarithm: a quarter more.
	driftLeast = 0.2231
	// driftSure is by how much a ramp must be likelier than no change or a step,
	// in units of twice the logarithm: e^12 times, as many ramps are tried.
	driftSure = 24
)

// drifts is what the search for drifts keeps.
type drifts struct {
	parts []float64 // the logarithm of each part of each day, NaN where too little is known
	past  []float64 // what each part of a weekday had before
	off   []float64 // of each day: how far above the past
	few   []float64
}

// ramp is a change that begins with a day and grows for some days; it holds until end.
type ramp struct {
	start, days, end int
	to               float64 // the logarithm of how far
	gain             float64
}

// at is how far the ramp has come at a time, in days: the way is a straight line, its logarithm is not.
func (r ramp) at(t float64) float64 {
	part := min(max((t-float64(r.start))/float64(r.days), 0), 1)
	return math.Log1p(math.Expm1(r.to) * part)
}

// drift finds the drifts of the series and takes them out of norm; it adds what it found.
func (w *slow) drift(found []stretch) []stretch {
	if w.idle || w.weights != nil || w.day < driftParts {
		return found
	}
	v := &w.drifts
	days := (len(w.x) + w.skip + w.day - 1) / w.day
	v.lay(w, days)
	for first := driftPast; first+driftDays <= days; {
		best := ramp{}
		for start := first; start+driftDays <= days; start++ {
			v.try(start, days, &best)
		}
		if best.gain == 0 {
			break
		}
		v.last(&best, days)
		found = append(found, w.take(best, best.end == days))
		first = best.end
	}
	return found
}

// lay works out the parts of all whole days.
func (v *drifts) lay(w *slow, days int) {
	v.parts = grow(v.parts, days*driftParts)
	for i := range v.parts {
		d, p := i/driftParts, i%driftParts
		lo, hi := d*w.day+p*w.day/driftParts-w.skip, d*w.day+(p+1)*w.day/driftParts-w.skip
		sum, n := 0.0, 0
		for b := max(lo, 0); b < min(hi, len(w.x)); b++ {
			if x := w.x[b]; x == x {
				sum, n = sum+x, n+1
			}
		}
		v.parts[i] = math.NaN()
		least := 0.0
		if w.counts {
			least = 20 // the logarithm of fewer is more chance than change
		}
		if 2*n >= hi-lo && sum > least {
			v.parts[i] = math.Log(sum / float64(n))
		}
	}
}

// try looks whether a drift starts with a day, and keeps it if it is the likeliest so far.
func (v *drifts) try(start, days int, best *ramp) {
	slope, noise, ok := v.learn(start)
	if !ok {
		return
	}
	v.off = grow(v.off, days-start)
	for d := start; d < days; d++ {
		v.off[d-start] = v.above(d) - slope*float64(7+(d-start)/7*7)
	}
	// An odd day tells against a ramp, but not for ever.
	misfit := func(off, model float64) float64 {
		if off != off {
			return 0
		}
		z := (off - model) / noise
		return min(z*z, 25)
	}
	for run := driftDays; run <= min(driftRun, days-start); run++ {
		// With what came in the week after it where it stayed, and without where it did not.
		for _, end := range [...]int{min(days-start, run+7), run} {
			r := ramp{start: start, days: run, end: start + end}
			late := v.few[:0]
			for d := run * 2 / 3; d < end; d++ {
				if off := v.off[d]; off == off {
					part := min((float64(d)+0.5)/float64(run), 1)
					late = append(late, math.Log1p(math.Expm1(off)/part))
				}
			}
			v.few = late
			if len(late) < 2 {
				continue
			}
			r.to = median(late)
			if !(math.Abs(r.to) >= driftLeast) {
				continue
			}
			none, ramped := 0.0, 0.0
			for d := range end {
				none += misfit(v.off[d], 0)
				ramped += misfit(v.off[d], r.at(float64(start+d)+0.5))
			}
			if none-ramped < driftSure || none-ramped <= best.gain {
				continue
			}
			if v.stepped(end, misfit)-ramped < driftSure {
				continue
			}
			r.gain = none - ramped
			*best = r
		}
	}
}

// stepped is how badly the best step fits the first days; the day of the step itself is between.
func (v *drifts) stepped(end int, misfit func(off, model float64) float64) float64 {
	best, before := math.Inf(1), 0.0
	for at := range end {
		late := v.few[:0]
		for _, off := range v.off[at+1 : end] {
			if off == off {
				late = append(late, off)
			}
		}
		v.few = late
		level, m := median(late), before
		if level == level {
			for _, off := range v.off[at+1 : end] {
				m += misfit(off, level)
			}
		}
		best = min(best, m)
		before += misfit(v.off[at], 0)
	}
	return best
}

// learn works out what the weekdays before a day had, how fast that grew, and
// how much such days wander.
func (v *drifts) learn(start int) (slope, noise float64, ok bool) {
	from := max(0, start-28)
	// Growth is what a week had more than the one before.
	rises := v.few[:0]
	for d := from + 7; d < start; d++ {
		if r := v.against(d, d-7); r == r {
			rises = append(rises, r)
		}
	}
	if len(rises) < 7 {
		return 0, 0, false
	}
	slope = median(rises) / 7
	for i := range rises {
		rises[i] = math.Abs(rises[i] - 7*slope)
	}
	slices.Sort(rises)
	// Two days differ by √2 of what one is off. Drifts, like noise, are more than a fiftieth.
	noise = max(1.4826*rises[len(rises)/2], rises[len(rises)*9/10]/1.645) / math.Sqrt2
	v.few = rises
	// The past is moved to the week before the start.
	v.past = grow(v.past, 7*driftParts)
	var few [4]float64
	for i := range v.past {
		wd, p := i/driftParts, i%driftParts
		refs := few[:0]
		for d := start - 7 + wd; d >= from && len(refs) < 4; d -= 7 {
			if x := v.parts[d*driftParts+p]; x == x {
				refs = append(refs, x+slope*float64(start-7+wd-d))
			}
		}
		v.past[(start-7+wd)%7*driftParts+p] = midmean(refs)
	}
	return slope, max(noise, 0.02), true
}

// against is how far one day lies above another, as the middle of its parts.
func (v *drifts) against(d, other int) float64 {
	var few [driftParts]float64
	parts := few[:0]
	for p := range driftParts {
		if r := v.parts[d*driftParts+p] - v.parts[other*driftParts+p]; r == r {
			parts = append(parts, r)
		}
	}
	if len(parts) < driftParts/2 {
		return math.NaN()
	}
	return median(parts)
}

// above is how far a day lies above what its weekday had before.
func (v *drifts) above(d int) float64 {
	var few [driftParts]float64
	parts := few[:0]
	for p := range driftParts {
		if r := v.parts[d*driftParts+p] - v.past[d%7*driftParts+p]; r == r {
			parts = append(parts, r)
		}
	}
	if len(parts) < driftParts/2 {
		return math.NaN()
	}
	return median(parts)
}

// last follows a ramp to the day on which it has returned, for good or for two days.
func (v *drifts) last(r *ramp, days int) {
	slope, _, _ := v.learn(r.start)
	r.end = days
	gone := 0
	for d := r.start + r.days; d < days; d++ {
		off := v.above(d) - slope*float64(7+(d-r.start)/7*7)
		switch {
		case off != off:
		case off/r.to >= 0.5:
			gone = 0
		default:
			if gone++; gone == 2 {
				r.end = d - 1
				return
			}
		}
	}
	r.end -= gone
}

// take takes a drift out of what is usual, and remembers what was expected without it.
func (w *slow) take(r ramp, stays bool) stretch {
	level, n := 0.0, 0.0
	for _, x := range w.drifts.past {
		if x == x {
			level, n = level+math.Exp(x), n+1
		}
	}
	level /= n
	lo := max(0, r.start*w.day-w.skip)
	hi := min(len(w.x), r.end*w.day-w.skip)
	for b := lo; b < hi; b++ {
		way := math.Exp(r.at((float64(b+w.skip) + 0.5) / float64(w.day)))
		if w.counts {
			w.factor[b] *= way
			w.norm[b] = w.x[b] / w.factor[b]
			w.told[b] = way
		} else {
			// What adds to a level is in proportion to it.
			at := level
			c := b + w.skip
			if x := w.drifts.past[c/w.day%7*driftParts+c%w.day*driftParts/w.day]; x == x {
				at = math.Exp(x)
			}
			w.factor[b] += at * (way - 1)
			w.norm[b] = w.x[b] - w.factor[b]
			w.told[b] = at * (way - 1)
		}
	}
	t := stretch{up: r.to > 0, score: math.Sqrt(r.gain), steady: true, long: true, drift: true, stays: stays}
	t.lo, t.hi = w.buckets(lo, hi)
	_, t.grown = w.buckets(lo, min(hi, (r.start+r.days)*w.day-w.skip))
	return t
}

// undrifted makes what a drift added to what is expected into what was expected before it.
func (w *slow) undrifted(found []stretch) {
	for _, t := range found {
		if !t.drift {
			continue
		}
		for b := w.blockOf(t.lo); b < w.blockOf(t.hi-1)+1; b++ {
			if w.counts {
				w.told[b] = w.e[b] / w.told[b]
			} else {
				w.told[b] = w.e[b] - w.told[b]
			}
		}
	}
}
