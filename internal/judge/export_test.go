package judge

import (
	"math"

	"github.com/slo-cli/slo/pkg/anomaly"
)

// The rooms of the package that its tests look into.
const (
	Causal    = causal
	Hindsight = hindsight
	Findings  = findings
)

// Figures are what a test asserts of a slice of the corpus.
type Figures struct {
	Events                     int
	Recall, Precision, PerWeek float64
	Volume                     float64
}

// Slice judges some series of one family, or one world's requests; the figures are by view.
func Slice(family string) (map[string]Figures, error) {
	var sources []source
	if family == "world" {
		p := worldPlans()[12]
		p.signals = []string{requests}
		sources = append(sources, p.cases)
	} else {
		for _, p := range syntheticPlans() {
			if p.family == family && p.step == 300 && p.size >= 100 && (p.size == 1000 || p.signal != requests) {
				sources = append(sources, func() ([]Case, error) { return []Case{p.generate()}, nil })
			}
		}
	}
	results, err := judgeAll(sources, 2)
	if err != nil {
		return nil, err
	}
	out := map[string]Figures{}
	for _, s := range []setting{{causal, anomaly.Alarm}, {hindsight, anomaly.Alarm}, {view: findings}, {"static 3 sigma", 10}} {
		t := total(results, s, every, seen)
		out[s.view] = Figures{t.events, t.recall(), t.precision(), t.perWeek(), t.vus()}
	}
	return out, nil
}

// Sum is a fingerprint of one series of each family.
func Sum() []uint64 {
	var out []uint64
	for _, p := range syntheticPlans() {
		if p.size != 10 || p.step != 300 {
			continue
		}
		sum := uint64(14695981039346656037)
		for _, v := range p.generate().Series.Values {
			sum = (sum ^ math.Float64bits(v)) * 1099511628211
		}
		out = append(out, sum)
	}
	return out
}
