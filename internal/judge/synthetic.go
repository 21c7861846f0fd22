package judge

import (
	"math"
	"math/rand/v2"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// syntheticPlan is one series of the nastier half of the corpus.
type syntheticPlan struct {
	family, season, signal string
	size                   float64
	step, days             int64
	incidents              []incident
	seed                   uint64
}

// countFamilies are ways in which counts are noisy, and whether flat traffic is tried too.
func countFamilies() map[string]bool {
	return map[string]bool{
		"poisson": true, "over-dispersed": true, "autocorrelated": true, "heavy tails": true,
		"nightly batch": false, "hourly cron": false, "shifted before": false, "gaps": false, "growing": false, "office hours": false, "mostly idle": false,
	}
}

// familyOrder is the order of the tables.
func familyOrder() []string {
	return []string{"world", "poisson", "over-dispersed", "autocorrelated", "heavy tails", "nightly batch", "hourly cron",
		"shifted before", "gaps", "growing", "office hours", "mostly idle", "even errors", "trickling errors", "lone errors", "lognormal means", "heavy means"}
}

func syntheticPlans() []syntheticPlan {
	var out []syntheticPlan
	add := func(p syntheticPlan) {
		p.seed = uint64(1000 + len(out))
		p.step, p.days = 300, 42
		if len(out)%3 == 0 {
			p.step, p.days = 60, 28
		}
		out = append(out, p)
	}
	sizes := []float64{1, 10, 100, 1000, 10000}
	few := only(requests, "×10 for 35 min", "×1.5 for 60 min", "half for 60 min", "+50 % to stay")
	more := only(requests, "×3 for 60 min", "zero for 30 min", "ramp to ×2 over 2 h", "+50 % for 6 h")
	for _, family := range familyOrder() {
		alsoFlat, known := countFamilies()[family]
		if !known {
			continue
		}
		seasons := []string{weekly}
		switch {
		case alsoFlat:
			seasons = []string{flat, weekly}
		case family == "office hours":
			seasons = []string{office}
		}
		for _, season := range seasons {
			for _, size := range sizes {
				plans := [][]incident{nil, few, more}
				if family == "mostly idle" {
					plans = [][]incident{nil, only(requests, "×10 for 35 min", "×3 for 60 min")}
				}
				for _, ins := range plans {
					add(syntheticPlan{family: family, season: season, signal: requests, size: size, incidents: ins})
				}
			}
		}
	}
	for _, family := range []string{"even errors", "trickling errors", "lone errors"} {
		for _, size := range sizes {
			add(syntheticPlan{family: family, season: weekly, signal: failures, size: size})
			if family != "lone errors" {
				add(syntheticPlan{family: family, season: weekly, signal: failures, size: size, incidents: only(failures)})
			}
		}
	}
	for _, family := range []string{"lognormal means", "heavy means"} {
		for _, season := range []string{flat, weekly} {
			for _, size := range sizes {
				add(syntheticPlan{family: family, season: season, signal: latency, size: size})
				add(syntheticPlan{family: family, season: season, signal: latency, size: size, incidents: only(latency)})
			}
		}
	}
	return out
}

// placed is an incident with its start.
type placed struct {
	incident
	start int64
}

// place spreads the incidents over the scored half in any order, those that stay last.
func (p syntheticPlan) place(r *rand.Rand) []placed {
	if len(p.incidents) == 0 {
		return nil
	}
	ins := append([]incident(nil), p.incidents...)
	r.Shuffle(len(ins), func(a, b int) { ins[a], ins[b] = ins[b], ins[a] })
	for i, in := range ins {
		if in.stays() {
			ins[i], ins[len(ins)-1] = ins[len(ins)-1], in
		}
	}
	half := end - p.days/2*day
	room := p.days / 2 * day / int64(len(ins))
	var out []placed
	for i, in := range ins {
		t := half + int64(i)*room + r.Int64N((room-9*hour)/minute)*minute
		if in.stays() {
			t = min(t, end-3*day)
		}
		if p.season == office {
			t = workingHour(t, r)
		}
		out = append(out, placed{in, t})
	}
	return out
}

// workingHour moves an instant to a time when an office works.
func workingHour(t int64, r *rand.Rand) int64 {
	t = timeseries.Floor(t, day) + 8*hour + r.Int64N(4*60)*minute
	switch (timeseries.Floor(t, day)/day + 4) % 7 {
	case 0:
		t += day
	case 6:
		t -= day
	}
	return t
}

func (p syntheticPlan) generate() Case {
	r := rand.New(rand.NewPCG(p.seed, 7))
	happened := p.place(r)
	c := Case{Family: p.family, Season: p.season, Signal: p.signal, Size: p.size}
	span := timeseries.Span{Start: end - p.days*day, End: end}
	c.Series = timeseries.Blank(span, p.step)
	switch p.signal {
	case requests:
		p.counts(&c, r, happened)
	case failures:
		p.errors(&c, r, happened)
	case latency:
		c.Measure = anomaly.Levels
		p.means(&c, r, happened)
	}
	for _, in := range happened {
		h := p.hidden()
		if !in.stays() {
			h.perMinute *= seasonal(p.season, in.start+in.length/2)
		}
		c.Events = append(c.Events, in.event(in.start, end, p.step, h))
	}
	return c
}

// hidden is what this family's incidents have to stand out from.
func (p syntheticPlan) hidden() hidden {
	h := hidden{perMinute: p.size, errors: errorShare, latencies: relative(0.6)}
	switch p.family {
	case "over-dispersed":
		h.spread = overDispersion
	case "autocorrelated":
		h.spread, h.linked = wandering, 2*memory/float64(p.step)
	case "heavy tails":
		h.spread = heavyTail * math.Sqrt(3)
	case "trickling errors":
		h.spread, h.linked = trickling, 5*memory/float64(p.step)
	case "heavy means":
		h.latencies = relative(1.4)
	}
	return h
}

// relative is the relative standard deviation of a lognormal latency.
func relative(spread float64) float64 { return math.Sqrt(math.Exp(spread*spread) - 1) }

// The noise of the families: relative standard deviations, and for how many
// seconds the wandering ones remember.
const (
	overDispersion = 0.25
	wandering      = 0.12
	heavyTail      = 0.06
	trickling      = 0.5
	memory         = 100 * minute
)

// effect is the factor of the incidents on requests or latency in a bucket.
func effect(happened []placed, t, step int64) float64 {
	f := 1.0
	for _, in := range happened {
		// The mean over the minutes of the bucket, as incidents begin at any minute.
		sum := 0.0
		for m := t; m < t+step; m += minute {
			sum += 1 + in.strength(m-in.start)*(in.factor-1)
		}
		f *= sum / float64(step/minute)
	}
	return f
}

func (p syntheticPlan) counts(c *Case, r *rand.Rand, happened []placed) {
	noise := 0.0
	phi := math.Exp(-float64(p.step) / memory)
	batch := map[int64]int64{}
	// Long enough before the scored half that a week of it is over.
	shiftAt := end - p.days*day + p.days/8*day + r.Int64N(2*day)
	busy, idleUntil := false, int64(0)
	gapUntil := int64(0)
	for i := range c.Series.Values {
		t := c.Series.Start + int64(i)*p.step
		mean := p.size * float64(p.step) / minute * seasonal(p.season, t)
		shape := math.Inf(1)
		switch p.family {
		case "over-dispersed":
			shape = 1 / square(overDispersion)
		case "autocorrelated":
			noise = phi*noise + math.Sqrt(1-phi*phi)*wandering*r.NormFloat64()
			mean *= math.Exp(noise)
		case "heavy tails":
			// Student's t with three degrees of freedom.
			w := r.NormFloat64() / math.Sqrt((square(r.NormFloat64())+square(r.NormFloat64())+square(r.NormFloat64()))/3)
			mean *= math.Exp(heavyTail * min(max(w, -20), 20))
		case "nightly batch":
			d := timeseries.Floor(t, day)
			if _, ok := batch[d]; !ok {
				batch[d] = d + 2*hour + r.Int64N(7)*minute
			}
			if t >= batch[d] && t < batch[d]+25*minute {
				mean += 6 * p.size * float64(p.step) / minute
			}
		case "hourly cron":
			if t%hour < 5*minute {
				mean += 1.5 * p.size * float64(p.step) / minute
			}
		case "shifted before":
			if t < shiftAt {
				mean *= 0.45
			}
		case "growing":
			mean *= math.Pow(1.02, float64(t-end)/day)
		case "mostly idle":
			// Somebody uses it for ten minutes a few times a day.
			if t >= idleUntil {
				busy = !busy
				mean := 4.0 * hour
				if busy {
					mean = 10 * minute
				}
				idleUntil = t + int64(r.ExpFloat64()*mean)
			}
			// An incident is somebody else, who does not care.
			if !busy && effect(happened, t, p.step) == 1 {
				mean = 0
			}
		case "gaps":
			if t >= gapUntil && r.Float64() < float64(p.step)/(4*day) {
				gapUntil = t + int64((0.2+r.ExpFloat64())*2*hour)
			}
		}
		mean *= effect(happened, t, p.step)
		if !math.IsInf(shape, 1) {
			mean *= gamma(r, shape) / shape
		}
		if p.family == "gaps" && (t < gapUntil || r.Float64() < 0.05) {
			continue
		}
		c.Series.Values[i] = poisson(r, mean)
	}
}

// errors draws requests and those of them that fail.
func (p syntheticPlan) errors(c *Case, r *rand.Rand, happened []placed) {
	c.Requests = timeseries.Blank(c.Series.Span(), p.step)
	trickle := 0.0
	for i := range c.Series.Values {
		t := c.Series.Start + int64(i)*p.step
		mean := p.size * float64(p.step) / minute * seasonal(p.season, t)
		share := errorShare
		switch p.family {
		case "trickling errors":
			// The share wanders by a factor of two and more over the hours.
			phi := math.Exp(-float64(p.step) / (2.5 * memory))
			trickle = phi*trickle + math.Sqrt(1-phi*phi)*trickling*r.NormFloat64()
			share *= math.Exp(trickle)
		case "lone errors":
			// Ten a day, at night, one at a time; no share of anything.
			share = 0
		}
		for _, in := range happened {
			for m := t; m < t+p.step; m += minute {
				share += in.strength(m-in.start) * in.share * minute / float64(p.step)
			}
		}
		c.Requests.Values[i] = poisson(r, mean)
		failed := poisson(r, min(1, share)*mean)
		if share >= 1 {
			failed = c.Requests.Values[i]
		}
		if p.family == "lone errors" && t%day < 6*hour && r.Float64() < 10*float64(p.step)/(6*hour) {
			failed = 1
		}
		c.Series.Values[i] = min(failed, c.Requests.Values[i])
	}
}

// means draws mean latencies of lognormal requests: the fewer requests, the noisier.
func (p syntheticPlan) means(c *Case, r *rand.Rand, happened []placed) {
	spread := 0.6
	if p.family == "heavy means" {
		spread = 1.4
	}
	for i := range c.Series.Values {
		t := c.Series.Start + int64(i)*p.step
		level := seasonal(p.season, t)
		n := int(poisson(r, p.size*float64(p.step)/minute*level))
		if n == 0 {
			continue
		}
		// Under load everything takes a little longer.
		median := 0.08 * (0.9 + 0.1*level) * effect(happened, t, p.step)
		c.Series.Values[i] = median * lognormalMean(r, n, spread)
	}
}

// lognormalMean is the mean of n draws; of more than 200 that of 200 draws, drawn closer to
// what is expected by as much as the number says.
func lognormalMean(r *rand.Rand, n int, spread float64) float64 {
	k := min(n, 200)
	sum := 0.0
	for range k {
		sum += math.Exp(spread * r.NormFloat64())
	}
	expected := math.Exp(spread * spread / 2)
	return expected + (sum/float64(k)-expected)*math.Sqrt(float64(k)/float64(n))
}

func square(v float64) float64 { return v * v }

// gamma has mean and variance shape, which is at least 1 (Marsaglia and Tsang).
func gamma(r *rand.Rand, shape float64) float64 {
	a := shape - 1.0/3
	for {
		x := r.NormFloat64()
		v := 1 + x/math.Sqrt(9*a)
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+a-a*v+a*math.Log(v) {
			return a * v
		}
	}
}

// poisson counts arrivals one by one for small means; large ones are as good as normal.
func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 100 {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n := 0.0
	for left := mean - r.ExpFloat64(); left > 0; left -= r.ExpFloat64() {
		n++
	}
	return n
}
