package judge

import (
	"math"
	"sync"

	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The views of the detector; the yardsticks have names of their own.
const (
	causal    = "causal"
	hindsight = "hindsight"
	findings  = "findings"
	shown     = "shown"
)

// ours and theirs are the thresholds that are tried; Alarm is the detector's own.
func ours() []float64   { return []float64{4, 5, 6, anomaly.Alarm, 8, 10, 14} }
func theirs() []float64 { return []float64{3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 80, 120} }

// setting is a view with a threshold, 0 where it has none.
type setting struct {
	view      string
	threshold float64
}

// Result is what became of one case.
type Result struct {
	Family, Season, Signal string
	Size                   float64
	Step                   int64
	outcomes               map[setting]Outcome
	// misses says in words which visible incidents no finding touches, and which findings touch none.
	misses []string
}

// source makes some cases; they are not kept.
type source func() ([]Case, error)

// Corpus are the sources of all cases.
func corpus() []source {
	var out []source
	for _, p := range worldPlans() {
		out = append(out, p.cases)
	}
	for _, p := range syntheticPlans() {
		out = append(out, func() ([]Case, error) { return []Case{p.generate()}, nil })
	}
	return out
}

// judgeAll judges the sources' cases with so many workers; the results are in order of the sources.
func judgeAll(sources []source, workers int) ([]Result, error) {
	results := make([][]Result, len(sources))
	errs := make([]error, len(sources))
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var b bench
			for i := range next {
				cases, err := sources[i]()
				errs[i] = err
				for k := range cases {
					results[i] = append(results[i], b.judge(&cases[k]))
				}
			}
		})
	}
	for i := range sources {
		next <- i
	}
	close(next)
	wg.Wait()
	var out []Result
	for i := range results {
		if errs[i] != nil {
			return nil, errs[i]
		}
		out = append(out, results[i]...)
	}
	return out, nil
}

// bench is one worker's.
type bench struct {
	detector anomaly.Detector
	flags    []bool
}

func (b *bench) judge(c *Case) Result {
	r := Result{c.Family, c.Season, c.Signal, c.Size, c.Series.Step, map[setting]Outcome{}, nil}
	for _, view := range []string{causal, hindsight} {
		scores := b.detector.Look(c.Series, c.Measure, view == hindsight).Scores
		b.score(&r, c, view, scores, ours())
	}
	for _, y := range yardsticks() {
		b.score(&r, c, y.name, y.score(c), theirs())
	}
	found := b.find(c)
	r.outcomes[setting{view: findings}] = b.judgeFindings(c, found)
	r.misses = misses(c, r.outcomes[setting{view: findings}], found)
	var large []anomaly.Finding
	for _, f := range found {
		if !f.Small {
			large = append(large, f)
		}
	}
	r.outcomes[setting{view: shown}] = b.judgeFindings(c, large)
	return r
}

// find asks for the findings in the scored half.
func (b *bench) find(c *Case) []anomaly.Finding {
	from := c.Series.Start + int64(c.Half())*c.Series.Step
	if c.Signal == failures {
		return b.detector.FindRate(c.Series, c.Requests, from)
	}
	return b.detector.Find(c.Series, c.Measure, from)
}

func (b *bench) blank(n int) []bool {
	if cap(b.flags) < n {
		b.flags = make([]bool, n)
	}
	b.flags = b.flags[:n]
	clear(b.flags)
	return b.flags
}

func (b *bench) score(r *Result, c *Case, view string, scores []float32, thresholds []float64) {
	volume := volume(c, scores)
	for _, threshold := range thresholds {
		flags := b.blank(len(scores))
		for i, s := range scores {
			flags[i] = float64(s) >= threshold
		}
		out := Judge(c, flags)
		out.VUS = volume
		r.outcomes[setting{view, threshold}] = out
	}
}

// volume is the VUS-PR of the scored half, with buffers up to an hour.
func volume(c *Case, scores []float32) float64 {
	rule := ruleAt(c.Series.Step)
	windows, _ := rule.windows(c)
	var ranges [][2]int
	for _, w := range windows {
		ranges = append(ranges, [2]int{w.at.first - c.Half(), w.at.last - c.Half()})
	}
	return VUSPR(scores[c.Half():], ranges, rule.bill)
}

// judgeFindings holds findings against the events as if each of their buckets were flagged.
func (b *bench) judgeFindings(c *Case, found []anomaly.Finding) Outcome {
	flags := b.blank(len(c.Series.Values))
	windows, _ := ruleAt(c.Series.Step).windows(c)
	touched := make([]int, len(windows))
	stray, scored := 0, 0
	for _, f := range found {
		s := points(c, told(f))
		if s.first >= s.last {
			continue
		}
		scored++
		hit := false
		for i := s.first; i < s.last; i++ {
			flags[i] = true
		}
		for i, w := range windows {
			if s.first < w.around.last && s.last > w.around.first {
				touched[i]++
				hit = true
			}
		}
		if !hit {
			stray++
		}
	}
	out := Judge(c, flags)
	for i := range out.Sightings {
		out.Sightings[i].Findings = touched[i]
	}
	out.Findings, out.Stray, out.VUS = scored, stray, math.NaN()
	return out
}

// told is when a finding calls people: of what lasts, its first week.
func told(f anomaly.Finding) timeseries.Span {
	if f.Lasting {
		f.Span.End = min(f.Span.End, f.Span.Start+7*day)
	}
	return f.Span
}

// points are a span's points in the scored half.
func points(c *Case, span timeseries.Span) stretch {
	first := (timeseries.Floor(span.Start, c.Series.Step) - c.Series.Start) / c.Series.Step
	last := (timeseries.Ceil(span.End, c.Series.Step) - c.Series.Start) / c.Series.Step
	return stretch{max(int(first), c.Half()), min(int(last), len(c.Series.Values))}
}
