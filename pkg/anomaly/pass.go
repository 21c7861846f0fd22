package anomaly

import "math"

// pass is one walk over a series, with all that it remembers.
type pass struct {
	smooth, usual   []float32
	rises           []int32 // keys of those of smooth
	plain, seasonal sliding
	habits          habits
	// kept are the bins of the residuals, to take them out of the tally when they are old.
	kept   []uint16
	tally  tally
	moves  int // how many of the tally's buckets differ from those before
	season season
	noise  noise
	rhythm rhythm
	budget budget
	// week is the wobble of the last week, now that of this time of the day.
	week, now float32
	limit     float32 // how large a residual is for the sums
	told      bool    // whether there is a wobble
}

const (
	unknown = 1 << 15 // in kept: the bucket has no residual
	moved   = 1 << 14 // in kept: the value is not that of the bucket before
)

// leastLevel is of how many buckets a level can be told.
const leastLevel = 5

// leastShare is the least wobble, as a share of what is expected.
const leastShare = .01

func (p *pass) reset(values []float32, g grid) {
	p.smooth = smoothed(values, g, p.smooth)
	p.rises = risesOf(p.smooth, p.rises)
	p.usual = usual(p.rises, len(values), g, p.usual)
	p.plain.reset(g.level)
	p.seasonal.reset(g.level)
	p.habits.reset(len(values))
	p.kept = sized(p.kept, len(values))
	p.tally.reset()
	p.moves = 0
	p.season = season{}
	p.noise.reset()
	p.rhythm.reset(g)
	p.budget.reset()
	p.week, p.now, p.told = 0, 0, false
	p.limit = math.MaxFloat32
}

// forget takes the residual that is too old out of the tally.
func (p *pass) forget(i int) {
	if k := p.kept[i]; k&unknown == 0 {
		p.tally.drop(k &^ moved)
		if k&moved != 0 {
			p.moves--
		}
	}
}

// learn works out the wobble for a block of a period.
func (p *pass) learn(block int, g grid) {
	if p.tally.total < g.least {
		return
	}
	still, least := 2*p.moves < p.tally.total, float32(calmest)
	if still {
		least = calmestStill
	}
	p.week, p.told = wobbleOf(&p.tally, still), true
	p.now = p.week * p.rhythm.factor(block, g.near, p.week, least)
	p.limit = clipped * p.week
}

func (p *pass) run(out *view, values []float32, g grid, m Measure, hold int) {
	n := len(values)
	out.scores = sized(out.scores, n)
	out.expected = sized(out.expected, n)
	out.wobble = sized(out.wobble, n)
	out.warm = n
	p.reset(values, g)

	memory := remembered * g.period
	period, block := 0, 0                 // the bucket's
	inPeriod, inBlock, inHour := 0, 0, -1 // how far into them
	held, last, before := 0, -1, nan
	for i, v := range values {
		if inHour++; inHour == g.hour {
			inHour = 0
			p.budget.close()
		}
		if inBlock == g.block || inPeriod == g.period {
			p.rhythm.close(period, block)
			inBlock, block = 0, block+1
			if inPeriod == g.period {
				inPeriod, block, period = 0, 0, period+1
				p.season.close()
				p.noise.close()
			}
		}
		if i >= memory {
			p.forget(i - memory)
		}
		if period > 0 && inBlock == 0 {
			p.learn(block, g)
			if p.told && out.warm == n {
				out.warm = i
			}
		}
		inPeriod++
		inBlock++

		out.scores[i], out.expected[i], out.wobble[i] = 0, nan, nan
		p.kept[i] = unknown
		if v != v {
			p.habits.see(i, 0)
			continue
		}
		if last >= 0 && i-last > g.gap {
			p.plain.reset(g.level)
			p.seasonal.reset(g.level)
		}
		last = i

		u := p.usual[i]
		expected := p.expect(v, u)
		if expected != expected {
			p.habits.see(i, 0)
		} else {
			if m == Counts && expected < 0 {
				expected = 0
			}
			r := abs32(v - expected)
			out.expected[i] = expected
			p.habits.see(i, r)
			k := binOf(r)
			p.tally.add(k)
			if v != before {
				k |= moved
				p.moves++
			}
			p.kept[i] = k
			if m == Counts {
				p.noise.see(r, sqrt32(expected))
			}
			if p.told {
				p.rhythm.see(min(r, p.limit))
				w := max(p.now, leastShare*abs32(expected))
				if m == Counts {
					w = max(w, p.noise.floor(expected))
				}
				out.wobble[i] = w
				if r -= p.habits.recurring(i, g.period); r > 0 {
					score := float32(most)
					if r < most*w {
						score = r / w
					}
					p.budget.see(score)
					out.scores[i] = score * Alarm / p.budget.bar
				}
			}
		}
		before = v
		if out.scores[i] < Alarm {
			held = 0
		} else if held < hold {
			held++
			continue
		}
		p.plain.push(v)
		if u == u {
			p.seasonal.push(v - u)
		}
	}
}

// expect is what v was expected to be, given the usual at its slot: NaN where nothing was.
func (p *pass) expect(v, usual float32) float32 {
	expected := nan
	if p.plain.len() >= leastLevel {
		expected = p.plain.median()
	}
	if usual == usual && p.seasonal.len() >= leastLevel {
		with := usual + p.seasonal.median()
		if expected == expected {
			p.season.see(min(p.limit, abs32(v-with)), min(p.limit, abs32(v-expected)))
		}
		if p.season.use {
			expected = with
		}
	}
	return expected
}
