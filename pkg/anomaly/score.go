package anomaly

// Score maps a score of a [View] to 0..1, so that [Alarm] is a half.
func Score(r float32) float64 {
	if !(r > 0) {
		return 0
	}
	s := float64(r)
	if s > most {
		s = most
	}
	return s / (s + Alarm)
}

const (
	// most is the largest score: beyond it nothing more is said.
	most = 10000
	// allowed is how many hours of a week may alarm before the bar is raised.
	allowed = 8
	// weekHours is how many hours the budget looks back.
	weekHours = 168
)

// budget raises the bar of a series that alarms all the time: to what only so
// many hours of the last week reached.
type budget struct {
	hours  [weekHours]float32 // the largest score of each hour, 0 where it did not alarm
	next   int
	alarms int // how many of them did
	now    float32
	bar    float32
}

func (b *budget) reset() { *b = budget{bar: Alarm} }

// see takes in a score as it was before the bar.
func (b *budget) see(score float32) {
	if score > b.now {
		b.now = score
	}
}

// close ends an hour.
func (b *budget) close() {
	if b.hours[b.next] > 0 {
		b.alarms--
	}
	if b.now < Alarm {
		b.now = 0
	} else {
		b.alarms++
	}
	b.hours[b.next] = b.now
	b.next = (b.next + 1) % weekHours
	b.now = 0
	b.bar = Alarm
	if b.alarms < allowed {
		return
	}
	var top [allowed]float32 // ascending
	for _, h := range b.hours {
		if h <= top[0] {
			continue
		}
		i := 0
		for i+1 < allowed && top[i+1] < h {
			top[i] = top[i+1]
			i++
		}
		top[i] = h
	}
	b.bar = top[0]
}

const (
	// fading is what is left of a score in the next bucket.
	fading = .75
	// faded is the most that is left: far from an alarm, but more than most of what is ordinary.
	faded = 2.9
)

// fade lets a score die away instead of ending at once. It moves no alarm; it
// says that what lies beside one is more suspicious than what does not.
func fade(score, before float32) float32 {
	return max(score, min(before*fading, faded))
}
