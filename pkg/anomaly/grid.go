package anomaly

const (
	hour = 3600
	day  = 86400
	week = 7 * day
)

// remembered is how many periods residuals are remembered for.
const remembered = 7

var (
	dailyLags  = []int{1, 2, 3, 4, 5, 6, 7, 14, 21, 28}
	weeklyLags = []int{1, 2, 3, 4}
)

// grid is what the model's spans of time are in buckets of one series.
type grid struct {
	// period is after how many buckets things repeat: those of a day, or of a
	// week where a bucket is so long that a day has no shape.
	period int
	// lags are the earlier periods that say what is usual.
	lags []int
	// knot is how many buckets apart the usual is worked out; in between it is a straight line.
	knot int
	// smooth is how many buckets around a knot are averaged; odd.
	smooth int
	// level is how many known buckets the level is the median of.
	level int
	// gap is after how many unknown buckets the level is forgotten.
	gap int
	// hold is for how many buckets an alarm keeps the level from following,
	// holdBack the same where the future is known as well.
	hold, holdBack int
	// hour is how many buckets one entry of the budget has.
	hour int
	// block is how many buckets apart the wobble is worked out; near is how
	// many blocks on either side share a time of the day.
	block, near int
	// least is of how many residuals a wobble can be told.
	least int
}

func gridOf(step int64) grid {
	step = max(step, 1)
	g := grid{
		lags: dailyLags, knot: 1, smooth: 1, near: 2,
		level:    max(leastLevel, int(1200/step)),
		gap:      max(12, int(3*hour/step)),
		hold:     max(3, int(hour/2/step)),
		holdBack: max(3, int(2*hour/step)),
		hour:     max(1, int(hour/step)),
		block:    max(1, int(hour/4/step)),
	}
	if step < day/4 {
		g.period = int((day + step/2) / step)
	} else {
		g.lags, g.near = weeklyLags, 0
		g.period = max(7, int((week+step/2)/step))
	}
	if k := int(300 / step); k > 1 && g.period%k == 0 {
		g.knot = k
	}
	switch {
	case step <= 60:
		g.smooth = int(300/step) | 1
	case step <= 300:
		g.smooth = 5
	case step <= 900:
		g.smooth = 3
	}
	g.least = min(max(g.period/4, 7), 60)
	return g
}
