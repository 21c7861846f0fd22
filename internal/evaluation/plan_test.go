package evaluation_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const noon = 1_793_016_000 // 2026-10-26T12:00:00Z, a whole hour

func job(name string, good, valid string, timeframes ...slo.Timeframe) evaluation.Job {
	target, err := slo.ParseTarget("99")
	if err != nil {
		panic(err)
	}
	j := evaluation.Job{Definition: slo.Definition{
		ID: name, Name: name, Source: slo.FromDatadog,
		SLI: slo.EventSLI{Good: []slo.Term{{Weight: 1, Query: good}}, Valid: []slo.Term{{Weight: 1, Query: valid}}},
	}}
	for _, t := range timeframes {
		j.Objectives = append(j.Objectives, slo.Objective{Timeframe: t, Target: target})
	}
	return j
}

func board(to int64) slo.Question {
	return slo.Question{To: to, Since: to - 14*int64(slo.Day), TrendDays: 14}
}

// The figures of the plan that the documentation and the benchmarks quote.
func TestPlanCountsRequests(t *testing.T) {
	t.Parallel()
	var fifty []evaluation.Job
	for i := range 50 {
		fifty = append(fifty, job(fmt.Sprint("slo ", i), fmt.Sprint("good ", i), fmt.Sprint("valid ", i), slo.NinetyDays))
	}
	for _, c := range []struct {
		name string
		jobs []evaluation.Job
		q    slo.Question
		want int
	}{
		{"nothing to ask", nil, board(noon), 0},
		{"90d on the hour: coarse buckets alone, 104 days are two requests", fifty[:1], board(noon), 2},
		{"90d off the hour: three fine, two coarse, three fine", fifty[:1], board(noon + 300), 8},
		{"7d off the hour: 21 days of fine buckets", []evaluation.Job{job("a", "g", "v", slo.SevenDays)}, board(noon + 300), 5},
		{"50 SLOs are 100 queries in four batches", fifty, board(noon + 300), 4 * 8},
		{"equal queries once", []evaluation.Job{fifty[0], fifty[0], fifty[0]}, board(noon), 2},
		{"windows that contain each other share data", []evaluation.Job{
			job("a", "g", "v", slo.NinetyDays), job("b", "g", "v", slo.ThirtyDays), job("c", "g2", "v", slo.SevenDays),
		}, board(noon), 2},
		{"a question without meeting and trend: tail, head and middle", fifty[:1], slo.Question{To: noon + 300}, 4},
	} {
		if got := len(evaluation.NewPlan(c.jobs, c.q, evaluation.Bounds{}).Requests); got != c.want {
			t.Errorf("%s: %d requests, want %d", c.name, got, c.want)
		}
	}
}

func TestPlanSkipsWhatCannotBeEvaluated(t *testing.T) {
	t.Parallel()
	broken := job("a", "g", "v", slo.SevenDays)
	broken.Definition.Defect = &slo.Defect{Kind: slo.Invalid, Message: "broken"}
	noTarget := job("c", "g", "v")
	plan := evaluation.NewPlan([]evaluation.Job{broken, noTarget}, board(noon), evaluation.Bounds{})
	if len(plan.Requests)+len(plan.Histories)+len(plan.Monitors) != 0 {
		t.Errorf("got %+v, want nothing to ask", plan)
	}
}

// world is traffic as a function of time, from which any bucket is summed.
type world struct{ seed int64 }

func (w world) events(query string, from, to int64) float64 {
	var sum float64
	for t := from; t < to; t += slo.BucketSeconds {
		h := uint64(t/slo.BucketSeconds)*0x9e3779b97f4a7c15 + uint64(w.seed) + uint64(len(query))*77
		for _, c := range []byte(query) {
			h = (h ^ uint64(c)) * 0x100000001b3
		}
		sum += float64((h >> 32) % 50)
	}
	return sum
}

// Series answers as Datadog would and refuses what Datadog would coarsen.
func (w world) Series(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	switch points := r.Span.Seconds() / r.Step; {
	case points >= 1500 || points < 1:
		return nil, fmt.Errorf("%d points in %v", points, r.Span)
	case r.Span.Start%r.Step != 0 || r.Span.End%r.Step != 0:
		return nil, fmt.Errorf("%v is not aligned to %d", r.Span, r.Step)
	case len(r.Queries) == 0 || len(r.Queries) > 25:
		return nil, fmt.Errorf("%d queries", len(r.Queries))
	}
	answers := make([]timeseries.Answer, len(r.Queries))
	for i, q := range r.Queries {
		s := timeseries.Blank(r.Span, r.Step)
		for j := range s.Values {
			at := r.Span.Start + int64(j)*r.Step
			s.Values[j] = w.events(q, at, at+r.Step)
		}
		answers[i].Groups = []timeseries.Group{{Series: s}}
	}
	return answers, nil
}

var _ evaluation.Metrics = world{}

// uncorrected is what of the traffic between two instants does not begin inside a correction.
func (w world) uncorrected(query string, from, to int64, corrections []slo.Occurrence) float64 {
	var sum float64
	for t := from; t < to; t += slo.BucketSeconds {
		if !slices.ContainsFunc(corrections, func(o slo.Occurrence) bool { return o.Span.Contains(t) }) {
			sum += w.events(query, t, t+slo.BucketSeconds)
		}
	}
	return sum
}

// Whatever the windows, the instant and the status corrections: every request
// stays under the cap, and the sums are those of the traffic itself, no bucket
// lost, none counted twice, and none across the edge of a correction.
func TestPlannedSumsAreTheTraffic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := world{seed: rapid.Int64().Draw(t, "seed")}
		to := noon + slo.BucketSeconds*rapid.Int64Range(0, 40).Draw(t, "to")
		q := slo.Question{To: to}
		if rapid.Bool().Draw(t, "meeting") {
			q.Since = to - slo.BucketSeconds*rapid.Int64Range(1, 20*288).Draw(t, "since")
		}
		q.TrendDays = rapid.SampledFrom([]int{0, 14}).Draw(t, "trend")
		timeframe := rapid.SampledFrom([]slo.Timeframe{slo.SevenDays, slo.ThirtyDays, slo.NinetyDays, 36 * 3600, 3600})
		var jobs []evaluation.Job
		for i := range rapid.IntRange(1, 4).Draw(t, "jobs") {
			frames := rapid.SliceOfNDistinct(timeframe, 1, 3, rapid.ID).Draw(t, "frames")
			j := job(fmt.Sprint(i), fmt.Sprint("g", rapid.IntRange(0, 3).Draw(t, "good")), fmt.Sprint("v", rapid.IntRange(0, 3).Draw(t, "valid")), frames...)
			for range rapid.IntRange(0, 3).Draw(t, "corrections") {
				start := to - rapid.Int64Range(-3600, 60*86_400).Draw(t, "start")
				j.Occurrences = append(j.Occurrences, slo.Occurrence{ID: "c", Span: timeseries.Span{Start: start, End: start + rapid.Int64Range(0, 3*86_400).Draw(t, "length")}})
			}
			jobs = append(jobs, j)
		}
		plan := evaluation.NewPlan(jobs, q, evaluation.Bounds{})
		rows, err := evaluation.Runner{Metrics: w, Concurrency: 4}.Run(context.Background(), jobs, plan, q)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if row.Defect != nil {
				t.Fatalf("job %d: %v", i, row.Defect)
			}
			sli := jobs[i].Definition.SLI.(slo.EventSLI)
			for _, a := range row.Windows {
				good, _ := a.Good.Value()
				valid, _ := a.Valid.Value()
				sum := func(query string, from, to int64) float64 { return w.uncorrected(query, from, to, jobs[i].Occurrences) }
				wantGood := sum(sli.Good[0].Query, a.Window.Start, a.Window.End)
				wantValid := sum(sli.Valid[0].Query, a.Window.Start, a.Window.End)
				if good != wantGood || valid != wantValid {
					t.Fatalf("%v %v: good %v valid %v, want %v and %v", a.Objective.Timeframe, a.Window, good, valid, wantGood, wantValid)
				}
				if q.Since == 0 || a.Budget == nil {
					continue
				}
				spent := sum(sli.Valid[0].Query, q.Since, to) - sum(sli.Good[0].Query, q.Since, to)
				if got, ok := a.Previous.Spent.Value(); ok && math.Abs(got-100*spent/a.Budget.Allowed) > 1e-9*math.Abs(got) {
					t.Fatalf("spent %v %%, want %v %%", got, 100*spent/a.Budget.Allowed)
				}
			}
		}
	})
}

// No stretch of time is asked twice at the same step for the same query.
func TestPlanAsksNothingTwice(t *testing.T) {
	t.Parallel()
	jobs := []evaluation.Job{
		job("a", "g", "v", slo.SevenDays, slo.ThirtyDays, slo.NinetyDays), job("b", "g", "w", slo.ThirtyDays), job("c", "x", "y", slo.SevenDays),
	}
	type ask struct {
		query string
		step  int64
	}
	asked := map[ask][]timeseries.Span{}
	for _, r := range evaluation.NewPlan(jobs, board(noon+900), evaluation.Bounds{}).Requests {
		for _, q := range r.Queries {
			for _, other := range asked[ask{q, r.Step}] {
				if other.Overlaps(r.Span) {
					t.Errorf("query %s at %d s: %v overlaps %v", q, r.Step, r.Span, other)
				}
			}
			asked[ask{q, r.Step}] = append(asked[ask{q, r.Step}], r.Span)
		}
	}
}

func TestPlanIsDeterministic(t *testing.T) {
	t.Parallel()
	jobs := []evaluation.Job{job("a", "g", "v", slo.NinetyDays), job("b", "h", "w", slo.ThirtyDays)}
	one, two := evaluation.NewPlan(jobs, board(noon+300), evaluation.Bounds{}), evaluation.NewPlan(jobs, board(noon+300), evaluation.Bounds{})
	if diff := cmp.Diff(one.Requests, two.Requests); diff != "" {
		t.Errorf("two plans for the same jobs differ (-first +second):\n%s", diff)
	}
}
