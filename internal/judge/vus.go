package judge

import (
	"cmp"
	"math"
	"slices"
)

// VUSPR is the volume under the surface of precision and recall (Paparrizos et
// al., "Volume Under the Surface", VLDB 2022): the area under the range-aware
// precision-recall curve, averaged over buffers of 0 … longest points in all
// around each labelled range (half of it on each side). In the buffer a label
// fades as √(1 − distance/buffer); recall is multiplied by the share of ranges
// that were touched at all. Unlike the reference, every distinct score is a
// threshold, not 250 quantiles of the scores. NaN without a label.
func VUSPR(scores []float32, ranges [][2]int, longest int) float64 {
	if len(ranges) == 0 || len(scores) == 0 {
		return math.NaN()
	}
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	weight := make([]float64, len(scores))
	core := make([]bool, len(scores))
	positives := 0.0
	for _, r := range ranges {
		for p := r[0]; p < r[1]; p++ {
			core[p] = true
			positives++
		}
	}
	sum := 0.0
	for buffer := 0; buffer <= longest; buffer++ {
		extended := extend(weight, ranges, buffer)
		sum += areaPR(scores, order, weight, core, positives, extended)
	}
	return sum / float64(longest+1)
}

// extend writes the labels with their buffers and returns the extended ranges,
// joined where they meet.
func extend(weight []float64, ranges [][2]int, buffer int) [][2]int {
	clear(weight)
	half := buffer / 2
	var extended [][2]int
	for _, r := range ranges {
		for p := r[0]; p < r[1]; p++ {
			weight[p] = 1
		}
		for d := 1; d <= half; d++ {
			fade := math.Sqrt(1 - float64(d)/float64(buffer))
			for _, p := range [2]int{r[0] - d, r[1] - 1 + d} {
				if p >= 0 && p < len(weight) {
					weight[p] = min(1, weight[p]+fade)
				}
			}
		}
		e := [2]int{max(0, r[0]-half), min(len(weight), r[1]+half)}
		if k := len(extended) - 1; k >= 0 && e[0] <= extended[k][1] {
			extended[k][1] = max(extended[k][1], e[1])
		} else {
			extended = append(extended, e)
		}
	}
	return extended
}

// areaPR is the area under the curve for one buffer.
func areaPR(scores []float32, order []int, weight []float64, core []bool, positives float64, extended [][2]int) float64 {
	touched := make([]bool, len(extended))
	existing := 0
	predicted, tp, buffered := 0.0, 0.0, 0.0
	area, before := 0.0, 0.0
	for i := 0; i < len(order); {
		change := false
		score := scores[order[i]]
		for ; i < len(order) && scores[order[i]] == score; i++ {
			p := order[i]
			predicted++
			if weight[p] == 0 {
				continue
			}
			change = true
			tp += weight[p]
			if !core[p] {
				buffered += weight[p]
			}
			k, _ := slices.BinarySearchFunc(extended, p, func(e [2]int, p int) int {
				if e[1] <= p {
					return -1
				}
				return 1
			})
			if k < len(extended) && !touched[k] {
				touched[k] = true
				existing++
			}
		}
		if !change {
			continue
		}
		// The reference counts half of the labels in the buffer that were predicted.
		recall := min(1, tp/(positives+buffered/2)) * float64(existing) / float64(len(extended))
		area += (recall - before) * tp / predicted
		before = recall
	}
	return area
}
