package anomaly

import (
	"cmp"
	"math"
	"slices"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// finder is what a Detector keeps for finding: buffers for the next series.
type finder struct {
	slow      slow
	stretches []stretch
	hourly    []float64
	fine      []float64 // what is expected of each bucket
	silent    []float64
}

// stretch is an unusual run of buckets [lo, hi).
type stretch struct {
	lo, hi int
	up     bool
	score  float64
	kind   Kind // empty until it is told from the values
	long   bool // it was followed over days, and is a shift of level
	open   bool
	steady bool    // from the slow view
	stays  bool    // its level had not returned by the end of the series
	drift  bool    // it came slowly, over days
	grown  int     // of a drift: where it had come all the way
	part   float64 // of a silence: which part of what is expected came around it; 0 is all
}

// followed is up to where a stretch explains what happens inside it: what lasts
// is the usual after a day, and a drift explains nothing that is sudden.
func (t *stretch) followed(step int64) int {
	switch {
	case t.drift:
		return t.lo
	case t.stays:
		return min(t.hi, t.lo+int(max(1, day/step)))
	}
	return t.hi
}

// Find returns the unusual stretches of a series that end after from, in order
// of time. It looks back: a stretch is judged by what came after it too, where
// there is something, and as a whole: a small deviation that lasts is found, a
// single odd point where little comes is not. What is expected comes from before
// the stretch. Changes too small for most people have Small set.
//
// A shift of level is told once, to the return where there is one; of one that
// stays, only if it began after from or less than a week before; of a drift, if it had come all the way then.
func (d *Detector) Find(s timeseries.Series, m Measure, from int64) []Finding {
	if len(s.Values) == 0 || s.Step <= 0 {
		return nil
	}
	f := &d.finder
	f.stretches = f.stretches[:0]
	n := len(s.Values)
	first, last := 0, n
	if m == Counts {
		first, last = f.presence(s)
	}
	whole := s
	s.Start += int64(first) * s.Step
	s.Values = s.Values[first:last]
	if len(s.Values) > 0 {
		view := d.Look(s, m, true)
		mark := len(f.stretches)
		f.search(s, m, view)
		out := f.tell(s, m, view, f.stretches[mark:], from)
		if last < n {
			out = beforeGone(out, s)
		}
		edge := f.tellPresence(whole, f.stretches[:mark], from)
		out = append(out, edge...)
		slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
		return out
	}
	return f.tellPresence(whole, f.stretches, from)
}

// beforeGone makes of the findings of a series what they are where nothing comes
// after it: none of them is open or lasts, and the last half-filled buckets are no drop of their own.
func beforeGone(found []Finding, s timeseries.Series) []Finding {
	end := s.Span().End
	for i := range found {
		found[i].Open, found[i].Lasting = false, false
	}
	return slices.DeleteFunc(found, func(g Finding) bool {
		return g.Span.End >= end-s.Step && g.Observed < g.Expected && g.Span.Seconds() <= max(hour/2, s.Step)
	})
}

// search collects the stretches of all views, each happening once.
func (f *finder) search(s timeseries.Series, m Measure, view View) {
	mark := len(f.stretches)
	w := &f.slow
	w.fill(s, m)
	f.stretches = w.search(f.stretches)
	f.expect(s)
	for i := mark; i < len(f.stretches); i++ {
		if !f.stretches[i].drift {
			f.sharpen(s.Values, &f.stretches[i])
		}
	}
	f.once(mark, gap(s.Step))
	f.sudden(s, m, view, mark)
	if m == Counts {
		f.silence(s, mark)
	}
	kept := slices.DeleteFunc(f.stretches[mark:], func(t stretch) bool { return f.nightly(s.Values, s.Step, t) })
	f.stretches = f.stretches[:mark+len(kept)]
	slices.SortStableFunc(f.stretches[mark:], func(a, b stretch) int { return cmp.Compare(a.lo, b.lo) })
}

// expect lays what blocks expect out over the buckets.
func (f *finder) expect(s timeseries.Series) {
	w := &f.slow
	f.fine = grow(f.fine, len(s.Values))
	for i := range f.fine {
		b := w.blockOf(i)
		e := w.e[b]
		if w.counts {
			e /= float64(w.per)
		}
		f.fine[i] = e
	}
}

// usual is what was expected of bucket i of a stretch before it began.
func (f *finder) usual(t *stretch, i int) float64 {
	if t.long {
		if e := f.slow.told[f.slow.blockOf(i)]; e == e {
			if f.slow.counts {
				e /= float64(f.slow.per)
			}
			return e
		}
	}
	if t.part > 0 {
		return t.part * f.fine[i]
	}
	return f.fine[i]
}

// remembered is what was expected of bucket i before a change that stays, NaN
// where too much time has passed to say.
func (f *finder) remembered(i int) float64 {
	e := f.slow.told[f.slow.blockOf(i)]
	if f.slow.counts {
		e /= float64(f.slow.per)
	}
	return e
}

// sharpen moves the ends of a stretch of blocks to the buckets that fit best.
func (f *finder) sharpen(values []float64, t *stretch) {
	w := &f.slow
	sum, usual, n := 0.0, 0.0, 0
	for i := t.lo; i < t.hi; i++ {
		u := f.usual(t, i)
		if d := values[i] - u; d == d {
			sum += d
			usual += u
			n++
		}
	}
	if n == 0 {
		return
	}
	half, typical := math.Abs(sum)/float64(n)/2, usual/float64(n)
	if !t.long && w.counts && sum > usual {
		// Of what is usually rare, the blocks at the ends may be empty for the most part:
		// how large the change is tell the buckets that have it.
		sum, n = 0, 0
		for i := t.lo; i < t.hi; i++ {
			d := values[i] - f.usual(t, i)
			if !t.up {
				d = -d
			}
			if d > half {
				sum += d
				n++
			}
		}
		if n > 0 {
			half = sum / float64(n) / 2
		}
	}
	gain := func(i int) float64 {
		u := f.usual(t, i)
		d, least := values[i]-u, half
		if w.counts {
			// As much at night as by day, in proportion to what is usual.
			least *= (u + 1) / (typical + 1)
		}
		switch {
		case d != d:
			return 0
		case t.up:
			return d - least
		default:
			return -d - least
		}
	}
	// From where it is clearest outwards to where it is most likely to end.
	pivot, peak := t.lo, math.Inf(-1)
	for i := t.lo; i < t.hi; i++ {
		if g := gain(max(i-1, t.lo)) + gain(i) + gain(min(i+1, t.hi-1)); g > peak {
			pivot, peak = i, g
		}
	}
	lo, hi := pivot, pivot+1
	best, total := math.Inf(-1), 0.0
	for i := pivot; i >= max(0, t.lo-2*w.per); i-- {
		if total += gain(i); total > best {
			best, lo = total, i
		}
	}
	best, total = math.Inf(-1), 0.0
	for i := pivot; i < min(len(values), t.hi+2*w.per); i++ {
		if total += gain(i); total > best {
			best, hi = total, i+1
		}
	}
	t.lo = lo
	if !t.stays {
		t.hi = hi
	}
	if w.counts && !t.up {
		quiet(values, t)
	}
}

// quiet moves the ends of a stretch in which next to nothing came to its first and
// last empty bucket: those beside them had some of what is usual.
func quiet(values []float64, t *stretch) {
	if 5*empty(values[t.lo:t.hi]) < 4*(t.hi-t.lo) {
		return
	}
	for values[t.lo] != 0 {
		t.lo++
	}
	for !t.stays && values[t.hi-1] != 0 {
		t.hi--
	}
}

// once makes one of stretches in the same direction that overlap or nearly touch.
func (f *finder) once(mark, apart int) {
	all := f.stretches[mark:]
	slices.SortStableFunc(all, func(a, b stretch) int { return cmp.Compare(a.lo, b.lo) })
	kept := all[:0]
	for _, t := range all {
		if n := len(kept); n > 0 {
			u := &kept[n-1]
			if u.up == t.up && !u.long && !t.long && t.lo < u.hi+apart {
				switch {
				case t.lo >= u.hi:
					u.hi = t.hi
				case t.score > u.score:
					u.lo, u.hi = t.lo, t.hi
				}
				u.score, u.open = max(u.score, t.score), u.open || t.open
				continue
			}
		}
		kept = append(kept, t)
	}
	f.stretches = f.stretches[:mark+len(kept)]
}

// gap is how many buckets may lie between the parts of one happening.
func gap(step int64) int { return int(max(3, (1800+step-1)/step)) }

// sudden adds the stretches that score bucket by bucket, unless the slow view has them.
func (f *finder) sudden(s timeseries.Series, m Measure, view View, mark int) {
	apart := gap(s.Step)
	slowly := len(f.stretches)
	for i := 0; i < len(view.Scores); i++ {
		if view.Scores[i] < Alarm {
			continue
		}
		t := stretch{lo: i, hi: i + 1, score: float64(view.Scores[i])}
		for j := i + 1; j < len(view.Scores) && j <= t.hi+apart; j++ {
			if view.Scores[j] >= Alarm {
				t.hi = j + 1
				t.score = max(t.score, float64(view.Scores[j]))
			}
		}
		i = t.hi
		for t.lo > 0 && view.Scores[t.lo-1] >= 3 {
			t.lo--
		}
		for t.hi < len(view.Scores) && view.Scores[t.hi] >= 3 {
			t.hi++
		}
		known := false
		for j := mark; j < slowly; j++ {
			if u := &f.stretches[j]; t.lo < u.followed(s.Step)+apart && u.lo < t.hi+apart {
				known = true
				if t.lo < u.followed(s.Step) && u.lo < t.hi {
					u.score = max(u.score, t.score)
				}
			}
		}
		if !known && f.holds(s, m, view, &t) {
			f.stretches = append(f.stretches, t)
		}
	}
}

// holds tests a sudden stretch as a whole: what came in all of it against what
// was expected of all of it, as the level was before it.
func (f *finder) holds(s timeseries.Series, m Measure, view View, t *stretch) bool {
	x, e, n := 0.0, 0.0, 0
	for i := t.lo; i < t.hi; i++ {
		v, u := s.Values[i], f.before(s, view, *t, i)
		if v == v && u == u {
			x += v
			e += u
			n++
		}
	}
	if n == 0 {
		return false
	}
	t.up = x > e
	if m == Counts {
		sigma := 1.0
		if b := f.slow.blockOf(t.lo); f.slow.e[b] == f.slow.e[b] {
			sigma = max(1, f.slow.sigma[0][f.slow.part(0, f.slow.e[b])]/2)
		}
		if deviance(x, e)/sigma < 5 {
			return false
		}
	} else if n == 1 && t.score < 2*Alarm {
		return false
	}
	// A point or two that are no rarer than what the series does now and then are no news.
	if _, third := f.record(view, s.Step, *t); int64(t.hi-t.lo) < max(3, 600/s.Step) && t.score < 1.5*third {
		return false
	}
	ratio := x / e
	return m == Levels && e <= 0 || ratio > 1.25 || ratio < 0.8
}

// before is what was expected of bucket i of a sudden stretch before it moved the level.
func (f *finder) before(s timeseries.Series, view View, t stretch, i int) float64 {
	start := float64(view.Expected[t.lo])
	if int64(i-t.lo)*s.Step < 600 || i-t.lo < 2 {
		start = float64(view.Expected[i])
		return start
	}
	if a, b := f.fine[t.lo], f.fine[i]; a == a && b == b {
		if f.slow.counts {
			if a > 0 {
				return start * min(max(b/a, 0.5), 2)
			}
			return start
		}
		return start + b - a
	}
	return start
}

// deviance is how unlikely a count x is where e is expected, as a number of
// standard deviations: the signed root of the likelihood ratio, without its sign.
func deviance(x, e float64) float64 {
	e = max(e, 1e-3)
	d := e - x
	if x > 0 {
		d += x * math.Log(x/e)
	}
	return math.Sqrt(2 * max(d, 0))
}
