package judge_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/slo-cli/slo/internal/judge"
)

func TestVUSPR(t *testing.T) {
	t.Parallel()
	const n, longest = 2000, 12
	ranges := [][2]int{{300, 320}, {1000, 1030}, {1600, 1610}}
	inside := func(p int) bool {
		for _, r := range ranges {
			if p >= r[0] && p < r[1] {
				return true
			}
		}
		return false
	}
	r := rand.New(rand.NewPCG(1, 2))
	perfect, inverted, random := make([]float32, n), make([]float32, n), make([]float32, n)
	for p := range n {
		random[p] = r.Float32()
		perfect[p], inverted[p] = 0.5*random[p], 1+0.5*random[p]
		if inside(p) {
			perfect[p], inverted[p] = inverted[p], perfect[p]
		}
	}
	// 60 of 2,000 points are labelled.
	for name, c := range map[string]struct {
		scores   []float32
		from, to float64
	}{
		"perfect":  {perfect, 0.95, 1},
		"inverted": {inverted, 0, 0.035},
		"random":   {random, 0.02, 0.07},
		"constant": {make([]float32, n), 0.03, 0.045},
	} {
		if got := judge.VUSPR(c.scores, ranges, longest); !(got >= c.from && got <= c.to) {
			t.Errorf("%s: %v, want %v to %v", name, got, c.from, c.to)
		}
	}
	if got := judge.VUSPR(perfect, ranges, 0); got != 1 {
		t.Errorf("perfect without a buffer: %v, want 1", got)
	}
	if got := judge.VUSPR(random, nil, longest); !math.IsNaN(got) {
		t.Errorf("without labels: %v, want NaN", got)
	}
}

// TestVUSPRByHand has one labelled point of five.
func TestVUSPRByHand(t *testing.T) {
	t.Parallel()
	// Without a buffer: recall 1 at the second threshold, precision 1/2.
	// With a buffer of two, one point on each side weighs √½. The first
	// prediction is such a neighbour: recall √½ ÷ (1 + √½/2), precision √½. The
	// second is the label: recall capped at 1, precision (1 + √½)/2. The third is
	// nothing new. A buffer of one reaches no neighbour.
	scores := []float32{0, 0.9, 0.8, 0.1, 0.2}
	w := math.Sqrt(0.5)
	first := w / (1 + w/2)
	want := (0.5 + 0.5 + first*w + (1-first)*(1+w)/2) / 3
	if got := judge.VUSPR(scores, [][2]int{{2, 3}}, 2); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}
