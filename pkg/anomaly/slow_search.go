package anomaly

import "math"

// bar is the score from which on a stretch of blocks is unusual; of long ones there are few.
const bar = 5.5

func (w *slow) bar(k int) float64 {
	switch {
	case scales[k].blocks < 24:
		return bar
	case w.idle:
		return math.Inf(1)
	default:
		return 4.8
	}
}

// worth says that a change is large enough to be told at all.
func (w *slow) worth(k, b int) bool {
	end := b + scales[k].blocks
	x, e := w.sx[end]-w.sx[b], w.se[end]-w.se[b]
	switch {
	case w.weights != nil:
		return x >= fewest && x > 1.5*e
	case w.counts:
		return x > 1.25*e || x < 0.8*e
	default:
		return math.Abs(x-e) > 0.2*math.Abs(e)
	}
}

// news says that a score is not what comes at this time of day anyway: clearly
// more than the second largest of the days before.
func (w *slow) news(k, b int, score float64) bool {
	if scales[k].local {
		for plain := range scales {
			if scales[plain].blocks == scales[k].blocks && !scales[plain].local {
				return w.newsAs(k, b, score) && w.newsAs(plain, b, score)
			}
		}
	}
	return w.newsAs(k, b, score)
}

func (w *slow) newsAs(k, b int, score float64) bool {
	first, second := 0.0, 0.0
	for _, j := range [...]int{1, 2, 3, 4, 5, 6, 7, 14, 21} {
		top := 0.0
		for c := b - j*w.day - 1; c <= b-j*w.day+1; c++ {
			if c >= 0 && !w.away[c] {
				top = max(top, math.Abs(w.score(k, c)))
			}
		}
		if top > first {
			first, second = top, first
		} else {
			second = max(second, top)
		}
	}
	return second < 4 || math.Abs(score) >= 2*second
}

// search finds the unusual stretches of the blocks, in order of time. What is
// found is taken out of what is usual before it looks on.
func (w *slow) search(found []stretch) []stretch {
	mark := len(found)
	found = w.drift(found)
	w.learn(0)
	w.measure()
	// In the first week nobody knows a weekend from an incident.
	cursor, rounds := min(7*w.day, len(w.x)/2), 0
	for cursor < len(w.x) {
		k, b, score := w.next(cursor)
		if b < 0 {
			break
		}
		up := score > 0
		lo, hi := b, b+scales[k].blocks
		if !w.idle {
			lo, hi = w.extend(lo, hi, up, cursor, 4)
		}
		if w.weights == nil && hi-lo >= 3 && rounds < 40 && w.disguised(lo, hi) {
			rounds++
			continue
		}
		if hi-lo >= w.day/6 && rounds < 40 && w.again(lo, hi) {
			rounds++
			continue
		}
		t := stretch{up: up, score: math.Abs(score), steady: true}
		after := hi
		if hi-lo >= w.day*2/3 && w.weights == nil {
			hi, after, t.long, t.stays = w.follow(lo, hi, up)
			if !t.stays && rounds < 40 && w.outdated(lo, hi) {
				rounds++
				continue
			}
		} else {
			w.forget(lo, hi)
			if rounds < 40 {
				w.learn(lo)
			}
		}
		rounds++
		t.lo, t.hi = w.buckets(lo, hi)
		found = append(found, t)
		cursor = max(after, cursor+1)
	}
	w.undrifted(found[mark:])
	return found
}

// next is the first unusual stretch from the cursor on: of those that overlap
// it, the one that is farthest off. b is negative where there is none.
func (w *slow) next(cursor int) (scale, b int, score float64) {
	for end := cursor + 1; end <= len(w.x); end++ {
		for k := range scales {
			from := end - scales[k].blocks
			if from < cursor {
				break
			}
			if s := w.score(k, from); math.Abs(s) >= w.bar(k) && w.holds(k, from, s) && w.worth(k, from) && w.news(k, from, s) {
				return w.strongest(k, from, s, cursor)
			}
		}
	}
	return 0, -1, 0
}

// holds says that what differs from its surroundings differs from what is usual too.
func (w *slow) holds(k, b int, score float64) bool {
	if !scales[k].local {
		return true
	}
	for plain := range scales {
		if scales[plain].blocks == scales[k].blocks {
			s := w.score(plain, b)
			return s*score > 0 && math.Abs(s) >= 2.5
		}
	}
	return false
}

func (w *slow) strongest(k, b int, score float64, cursor int) (int, int, float64) {
	lo, hi := b, b+scales[k].blocks
	best, at, top := k, b, score
	for k := range scales {
		length := scales[k].blocks
		for b := max(cursor, lo-length+1); b < hi && b+length <= len(w.x); b++ {
			if s := w.score(k, b); s*score > 0 && math.Abs(s) > math.Abs(top) && w.bar(k) < 100 && w.holds(k, b, s) {
				best, at, top = k, b, s
			}
		}
	}
	return best, at, top
}

// change is a stretch that differs: by how much a block, where how much is usual.
type change struct {
	up                 bool
	size, mean, weight float64
}

// gain is what block b speaks for a change rather than for none: what it holds
// beyond half of the change, which is in proportion to what is usual for the block,
// or to its requests. Where next to nothing is usual a change knows no proportion.
func (w *slow) gain(b int, c change) float64 {
	d := w.x[b] - w.e[b]
	if d != d {
		return 0
	}
	if !c.up {
		d = -d
	}
	switch {
	case w.weights != nil && c.weight > 0:
		return d - c.size/2*w.weights[b]/c.weight
	case w.counts:
		return d - c.size/2*(w.e[b]+1)/(c.mean+1)
	default:
		return d - c.size/2
	}
}

// extend moves the ends of a stretch to where the change began and ended: to the
// most likely ones, looking across as many blocks without it as patience says.
func (w *slow) extend(lo, hi int, up bool, floor, patience int) (int, int) {
	x, e, n := w.sx[hi]-w.sx[lo], w.se[hi]-w.se[lo], float64(w.sn[hi]-w.sn[lo])
	if n == 0 {
		return lo, hi
	}
	c := change{up, math.Abs(x-e) / n, e / n, (w.sw[hi] - w.sw[lo]) / n}
	least := 0.5 * c.size * float64(patience)
	middle, peak := lo, math.Inf(-1)
	for b := lo; b < hi; b++ {
		if g := w.gain(b, c); g > peak {
			middle, peak = b, g
		}
	}
	lo, hi = middle, middle+1
	best, total := 0.0, 0.0
	for b := middle - 1; b >= floor && total > best-least; b-- {
		if total += w.gain(b, c); total > best {
			best, lo = total, b
		}
	}
	best, total = 0, 0
	for b := middle + 1; b < len(w.x) && total > best-least; b++ {
		if total += w.gain(b, c); total > best {
			best, hi = total, b+1
		}
	}
	return lo, hi
}

// forget takes blocks out of what is usual.
func (w *slow) forget(lo, hi int) {
	for b := lo; b < hi; b++ {
		w.norm[b] = math.NaN()
		w.away[b] = hi-lo >= w.day/6
	}
}

// again says that a stretch of hours is much more like the same hours a week
// before than like the usual, which did not know of them because they were unusual
// then: now they are a part of what is usual.
func (w *slow) again(lo, hi int) bool {
	back := 7 * w.day
	if lo < back {
		return false
	}
	var now, then, usual float64
	n := 0
	for b := lo; b < hi; b++ {
		if x, y, e := w.x[b], w.x[b-back], w.e[b]; x == x && y == y && e == e && w.away[b-back] {
			now, then, usual, n = now+x, then+y, usual+e, n+1
		}
	}
	if 2*n < hi-lo || math.Abs(now-then) > 0.5*math.Abs(now-usual) {
		return false
	}
	w.recall(lo-back, min(hi-back, lo))
	w.learn(lo)
	return true
}

// outdated says that a stretch of the second week is much more like the week
// after it than like the first one: then something changed within the first week,
// which is no part of what is usual.
func (w *slow) outdated(lo, hi int) bool {
	back := 7 * w.day
	if lo < back || lo >= 2*back || hi > len(w.x)-back {
		return false
	}
	var now, later, usual float64
	n := 0
	for b := lo; b < hi; b++ {
		if x, y, e := w.x[b], w.x[b+back], w.e[b]; x == x && y == y && e == e {
			now, later, usual, n = now+x, later+y, usual+e, n+1
		}
	}
	if 2*n < hi-lo || math.Abs(now-later) > 0.5*math.Abs(now-usual) {
		return false
	}
	w.forget(max(0, lo-back), min(hi-back, lo))
	w.recall(lo, hi)
	w.learn(0)
	return true
}

// recall makes blocks a part of what is usual again.
func (w *slow) recall(lo, hi int) {
	for b := lo; b < hi; b++ {
		w.away[b] = false
		if w.counts {
			w.norm[b] = w.x[b] / w.factor[b]
		} else {
			w.norm[b] = w.x[b] - w.factor[b]
		}
	}
}

// follow looks how long a change that lasts stays, against what was usual before
// it. Where it returned, the stretch is taken out of what is usual; where it did
// not, its level is the usual from then on.
// after is where to look on.
func (w *slow) follow(lo, hi int, up bool) (end, after int, long, stays bool) {
	far := min(len(w.x), lo+35*w.day)
	w.forget(lo, far)
	w.learn(lo)
	_, hi = w.extend(lo, hi, up, lo, max(4, w.day/2))
	returned := 0
	for b := hi; b < far; b++ {
		if w.e[b] == w.e[b] && w.x[b] == w.x[b] {
			returned++
		}
	}
	long = hi-lo >= w.day/2
	w.recall(lo, far)
	if returned >= w.day/4 {
		w.forget(lo, hi)
		w.learn(lo)
		return hi, hi, long, false
	}
	for b := lo; b < far; b++ {
		if w.told[b] != w.told[b] { // or else a drift lies there
			w.told[b] = w.e[b]
		}
	}
	shift := w.shift(lo, hi)
	for b := lo; b < len(w.x); b++ {
		if w.counts {
			w.factor[b] *= shift
		} else {
			w.factor[b] += shift
		}
	}
	w.recall(lo, len(w.x))
	w.learn(lo)
	return hi, min(hi, lo+w.day), true, true
}

// shift is the new level of a stretch against the one before it.
func (w *slow) shift(lo, hi int) float64 {
	changes := w.scratch[:0]
	for b := lo; b < hi; b++ {
		x, e := w.x[b], w.e[b]
		if x != x || e != e {
			continue
		}
		if !w.counts {
			changes = append(changes, x-e)
		} else if e > 0 {
			changes = append(changes, x/e)
		}
	}
	w.scratch = changes
	s := midmean(changes)
	if w.counts && !(s > 0) {
		return 1
	}
	if s != s {
		return 0
	}
	return s
}
