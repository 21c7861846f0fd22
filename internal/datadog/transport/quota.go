package transport

import (
	"math"
	"net/http"
	"time"
)

const (
	// scouts is how many requests go ahead where nothing is known yet.
	scouts = 4
	// heaviest is the largest share of all clients that is believed.
	heaviest = 64
	// priorWeight is how many requests of this period what was seen before it is worth.
	priorWeight = 2
	// caution is the longest wait for the sake of others while anything remains.
	caution = time.Minute
	// quickStep and slowStep are the silence after which one more request goes
	// without an answer: on a route never met, and where a limit is known.
	quickStep = 100 * time.Millisecond
	slowStep  = time.Second
)

// quota is what is known about one limit: how much of its current period
// remains, when the next one begins, and how much others take.
type quota struct {
	random func() float64

	name     string
	limit    Limit // as announced last
	underWay int
	silent   time.Time // since when no answer has come

	limited bool // an answer carried the limit
	open    bool // an answer carried none

	// earliest and reset enclose the end of the period: it is announced in
	// whole seconds, and at some moment between sending and receiving.
	earliest, reset time.Time
	// known says that an answer has told of this period: first and remaining
	// are the largest and the smallest count, heard is when the latter came.
	known            bool
	first, remaining int
	heard            time.Time
	// sent is how many of our requests the period may have counted, answered
	// how many it has.
	sent, answered int

	// share is how many requests all clients send for each of ours, 1 when we
	// are alone; prior is what it was before this period.
	share, prior float64
	crowded      bool // there have been others
	// spent says that somebody waits for the end of the period.
	spent bool
	// setOut is when we may open a period that was waited for, gathered when
	// all others will have; zero where the beginning is not known.
	setOut, gathered time.Time
	// chance is this period's throw of the dice.
	chance float64

	// refusals counts 429s in a row; refused is when the last one came, paused
	// until when one that tells no period holds everything back.
	refusals        int
	refused, paused time.Time
}

// room is how many requests of a limit may be under way.
type room struct {
	now    int
	utmost int // without regard to others
	// again is when now may grow by itself; zero when only an answer can tell.
	again time.Time
}

func newQuota(random func() float64) *quota {
	return &quota{random: random, share: 1, prior: 1, chance: random()}
}

// room decides; scouts is how many may go to a route that was never met.
func (q *quota) room(now time.Time, scouts int) room {
	if q.limited {
		q.turn(now)
	}
	switch {
	case now.Before(q.paused):
		return room{again: q.paused}
	case q.limited && q.known:
		return q.rest(now)
	case q.limited:
		return q.opening(now)
	case q.refusals > 0:
		return q.few(now, 1, slowStep, math.MaxInt)
	case q.open:
		return room{now: math.MaxInt, utmost: math.MaxInt}
	default:
		return q.few(now, scouts, quickStep, math.MaxInt)
	}
}

// opening is the room in a period of which no answer has told.
func (q *quota) opening(now time.Time) room {
	utmost := math.MaxInt
	if q.limit.Requests > 0 {
		utmost = q.limit.Requests
	}
	if now.Before(q.setOut) {
		return room{utmost: utmost, again: q.setOut}
	}
	return q.few(now, q.ahead(), slowStep, utmost)
}

// rest is the room in a period of which an answer has told.
func (q *quota) rest(now time.Time) room {
	if q.remaining == 0 {
		q.spent = true
		return room{again: q.reset}
	}
	// While others have as many under way as there is room for, they may send
	// as many again before an answer shows it.
	together := int(float64(q.remaining) / (2*q.share - 1))
	if together == 0 {
		return q.last(now)
	}
	// The more answers, the surer we are how many others there are; old ones say little.
	together = min(together, max(q.ahead(), 2*q.answered))
	if q.refusals > 0 || q.share > 1 && now.Sub(q.heard) > slowStep {
		together = min(together, q.ahead())
	}
	if q.share > 1 && now.Before(q.gathered) {
		// Not all are back yet: until then nobody takes more than its share.
		ours := max(int(float64(q.limit.Requests)/q.share)-q.sent, 0)
		if ours == 0 && q.underWay == 0 {
			return room{utmost: q.remaining, again: q.gathered}
		}
		together = min(together, q.underWay+ours)
	}
	return q.few(now, together, slowStep, q.remaining)
}

// last is the room where too little remains for all at once: one at a time,
// each at a random moment, and none when it is not enough for one each.
func (q *quota) last(now time.Time) room {
	at := q.heard.Add(time.Duration(q.chance * float64(q.pace())))
	if float64(q.remaining) < q.share {
		q.spent = true
		at = sooner(q.heard.Add(caution), q.reset)
	}
	if now.Before(at) {
		return room{utmost: q.remaining, again: at}
	}
	return q.few(now, 1, slowStep, q.remaining)
}

// few lets so many go, and one more for each step of silence.
func (q *quota) few(now time.Time, n int, step time.Duration, utmost int) room {
	if q.underWay == 0 {
		return room{now: min(n, utmost), utmost: utmost}
	}
	steps := max(now.Sub(q.silent), 0) / step
	return room{
		now:    min(n+int(steps), utmost),
		utmost: utmost,
		again:  q.silent.Add((steps + 1) * step),
	}
}

// ahead is how many requests go ahead of the others: a few, and of a small
// limit no more than our share.
func (q *quota) ahead() int {
	if q.refusals > 0 {
		return 1
	}
	n := scouts
	if q.limit.Requests > 0 {
		n = min(n, q.limit.Requests)
	}
	return max(1, int(float64(n)/q.share))
}

// turn begins the next period when its time has come. Periods follow the
// calendar, so that their ends are known when their length is.
func (q *quota) turn(now time.Time) {
	if now.Before(q.reset) {
		return
	}
	if q.spent {
		// Whoever got some of the last one leaves the beginning to others, if
		// there ever were any.
		spread := q.pace() / 20
		if q.crowded && q.answered > 0 {
			spread = q.pace()
		}
		q.setOut = q.reset.Add(time.Duration(q.chance * float64(spread)))
	}
	q.begin()
	q.silent = now
	p := q.limit.Period
	if p <= 0 {
		q.earliest, q.reset = q.reset, now.Add(longestReset)
		return
	}
	gone := now.Sub(q.reset) / p * p
	if q.limit.Requests > 0 {
		q.gathered = q.reset.Add(gone + min(2*time.Second, p/2))
	}
	q.earliest, q.reset = q.earliest.Add(gone+p), q.reset.Add(gone+p)
}

func (q *quota) begin() {
	q.known, q.spent = false, false
	q.prior, q.sent, q.answered = q.share, q.underWay, 0
	q.gathered = time.Time{}
	q.chance = q.random()
}

// pace is a moment in the life of the limit: a tenth of its period, but not more than a second.
func (q *quota) pace() time.Duration {
	return max(min(q.limit.Period/10, time.Second), 50*time.Millisecond)
}

// depart notes that a request is about to be sent.
func (q *quota) depart(now time.Time) {
	if q.underWay == 0 {
		q.silent = now
	}
	q.sent++
}

// learn takes in the answer to a request that was sent at that time; announced
// says that the limit was in it.
func (q *quota) learn(sent, now time.Time, status int, limit Limit, announced bool) {
	q.silent = now
	refused := status == http.StatusTooManyRequests
	switch {
	case refused:
		q.refuse(sent, now)
		limit.Remaining, announced = 0, limit.Reset >= 0
		if !announced {
			q.pause(now.Add(backoff(q.refusals, q.random())))
		}
	case status < http.StatusInternalServerError:
		if !sent.Before(q.refused) {
			q.refusals = 0
		}
		if !announced {
			q.open, q.limited = true, q.limited && q.known
		}
	}
	if !announced {
		return
	}
	latest := now.Add(limit.Reset)
	if limit.Reset == 0 {
		latest = now.Add(lastSecond)
	}
	switch {
	case q.place(sent.Add(limit.Reset-time.Second), latest, limit):
		q.observe(now, limit.Remaining, refused)
	case refused:
		q.pause(latest) // we were early, or the answer is late
	}
}

// place finds the period that an answer is about by when it ends, and reports
// whether that is the current one.
func (q *quota) place(earliest, latest time.Time, limit Limit) bool {
	switch {
	case !q.limited || earliest.After(q.reset):
		q.begin()
		q.sent++
		q.earliest, q.reset = earliest, latest
	case latest.Before(q.earliest):
		q.sent-- // it counted in a period that is over
		return false
	default:
		if earliest.After(q.earliest) {
			q.earliest = earliest
		}
		q.reset = sooner(q.reset, latest)
	}
	q.limited = true
	// A 429 may say no more than its reset.
	if limit.Requests == 0 {
		limit.Requests = q.limit.Requests
	}
	if limit.Period == 0 {
		limit.Period = q.limit.Period
	}
	q.limit = limit
	return true
}

// observe takes in what remains of the current period. Answers may overtake
// each other: the smallest count is the latest.
func (q *quota) observe(now time.Time, remaining int, refused bool) {
	if q.limit.Requests > 0 {
		remaining = min(remaining, q.limit.Requests)
	}
	if refused {
		q.sent--
	} else {
		q.answered++
	}
	switch {
	case q.known:
		q.first = max(q.first, remaining)
	case refused:
		// There was nothing for us at all.
		q.first, q.share = -1, max(q.share, 2)
	default:
		q.first = remaining
		if q.prior > 1 && !q.gathered.IsZero() {
			q.first = max(remaining, q.limit.Requests-1)
		}
	}
	if !q.known || remaining <= q.remaining {
		q.known, q.remaining, q.heard = true, remaining, now
	}
	q.estimate()
	q.crowded = q.crowded || refused || q.share > 1
}

// estimate compares how far the count has fallen with what we have sent.
func (q *quota) estimate() {
	all := float64(q.first - q.remaining + 1)
	if q.first < 0 || q.prior == 1 && all <= float64(q.sent) {
		return // nothing seen, or nothing that we have not done ourselves
	}
	q.share = min((priorWeight*q.prior+all)/(priorWeight+float64(q.answered)), heaviest)
	if q.share < 1.05 {
		q.share = 1
	}
}

// refuse counts a 429; those that were refused together count once.
func (q *quota) refuse(sent, now time.Time) {
	if q.refusals == 0 || !sent.Before(q.refused) {
		q.refusals++
		q.refused = now
	}
}

func (q *quota) pause(until time.Time) {
	if until.After(q.paused) {
		q.paused = until
	}
}

// others is how many requests of others the current period has counted at the
// least; -1 when that is not known.
func (q *quota) others(now time.Time) int {
	if !q.known || !now.Before(q.reset) || q.limit.Requests == 0 {
		return -1
	}
	return max(0, q.limit.Requests-q.remaining-q.sent)
}
