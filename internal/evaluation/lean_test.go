package evaluation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// gate is the question of a release check.
func gate(to int64) slo.Question {
	return slo.Question{To: to, Recent: 48 * 3600, Levels: []float64{0, 20}, Attainments: []float64{98.5}}
}

var lean = evaluation.Bounds{Lean: true}

// The figures of lean plans that the documentation and the benchmarks quote.
func TestLeanPlanCountsRequests(t *testing.T) {
	t.Parallel()
	const (
		off      = noon + 1500 // 12:25
		midnight = noon - noon%day
	)
	edges := func(j evaluation.Job, at ...int64) []evaluation.Job {
		for i := 0; i < len(at); i += 2 {
			j.Occurrences = append(j.Occurrences, slo.Occurrence{ID: "c", Span: timeseries.Span{Start: at[i], End: at[i+1]}})
		}
		return []evaluation.Job{j}
	}
	one := func(frames ...slo.Timeframe) []evaluation.Job {
		return []evaluation.Job{job("a", "g", "v", frames...)}
	}
	var fifty []evaluation.Job
	for i := range 50 {
		fifty = append(fifty, job(fmt.Sprint("slo ", i), fmt.Sprint("good ", i), fmt.Sprint("valid ", i), slo.NinetyDays))
	}
	for _, c := range []struct {
		name        string
		jobs        []evaluation.Job
		to          int64
		want, usual int
	}{
		{"36h", one(36 * 3600), off, 1, 1},
		{"7d: fine buckets alone", one(slo.SevenDays), off, 2, 2},
		{"7d on the hour", one(slo.SevenDays), noon, 2, 2},
		{"30d: hours, and five minutes at both ends", one(slo.ThirtyDays), off, 3, 3},
		{"30d on the hour", one(slo.ThirtyDays), noon, 2, 2},
		{"65d: hours, and five days of fine buckets at an end", one(65 * slo.Day), off, 3, 3},
		{"1501h on the hour", one(1501 * 3600), noon, 2, 2},
		{"90d: two hours, and five minutes at both ends", one(slo.NinetyDays), off, 3, 4},
		{"90d on the hour: hours", one(slo.NinetyDays), noon, 3, 3},
		{"455d: eight hours", one(455 * slo.Day), off, 3, 10},
		{"455d on the hour", one(455 * slo.Day), noon + 3600, 3, 9},
		{"455d at midnight", one(455 * slo.Day), midnight, 3, 9},
		{"three windows: an end more for each", one(slo.SevenDays, slo.ThirtyDays, slo.NinetyDays), off, 5, 6},
		{"50 SLOs are 100 queries in four batches", fifty, off, 4 * 3, 4 * 4},
		{"a correction between whole eight hours costs nothing", edges(job("a", "g", "v", 455*slo.Day), midnight-100*day, midnight-99*day+8*3600), off, 3, 10},
		{"one on whole hours", edges(job("a", "g", "v", 455*slo.Day), midnight-100*day-3600, midnight-99*day+3600), off, 4, 10},
		{"several on whole hours, months apart, go into one", edges(job("a", "g", "v", 455*slo.Day),
			midnight-150*day-3600, midnight-149*day+3600, midnight-120*day-3600, midnight-100*day+3600), off, 4, 10},
		{"one off the hour", edges(job("a", "g", "v", slo.NinetyDays), midnight-50*day+700, midnight-49*day), off, 4, 5},
	} {
		if got := len(evaluation.NewPlan(c.jobs, gate(c.to), lean).Requests); got != c.want {
			t.Errorf("%s: %d requests, want %d", c.name, got, c.want)
		}
		if got := len(evaluation.NewPlan(c.jobs, gate(c.to), evaluation.Bounds{}).Requests); got != c.usual {
			t.Errorf("%s, not lean: %d requests, want %d", c.name, got, c.usual)
		}
	}
}

// Whatever the window and the instant: three requests, each under the cap.
func TestLawLeanIsThreeRequests(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		to := noon + slo.BucketSeconds*rapid.Int64Range(-300, 300).Draw(t, "to")
		frame := rapid.OneOf(
			rapid.SampledFrom([]slo.Timeframe{slo.SevenDays, slo.ThirtyDays, slo.NinetyDays, 455 * slo.Day, 36 * 3600}),
			rapid.Map(rapid.Int64Range(1, 455*24), func(hours int64) slo.Timeframe { return slo.Timeframe(3600 * hours) }),
		).Draw(t, "window")
		j := job("a", "g", "v", frame)
		var terms []slo.Term
		for i := range rapid.IntRange(1, 12).Draw(t, "queries") {
			terms = append(terms, slo.Term{Weight: 1, Query: fmt.Sprint("q", i)})
		}
		j.Definition.SLI = slo.EventSLI{Good: terms[:len(terms)/2], Valid: terms}
		jobs := []evaluation.Job{j}
		plan, usual := evaluation.NewPlan(jobs, gate(to), lean), evaluation.NewPlan(jobs, gate(to), evaluation.Bounds{})
		if len(plan.Requests) > 3 || len(plan.Requests) > len(usual.Requests) {
			t.Fatalf("%s to %s: %d requests, and %d usually", frame, timeseries.Format(to), len(plan.Requests), len(usual.Requests))
		}
		for _, r := range plan.Requests {
			if r.Span.Start%r.Step != 0 || r.Span.End%r.Step != 0 || day%r.Step != 0 || r.Span.Seconds()/r.Step > 1440 {
				t.Fatalf("%s every %d s", r.Span, r.Step)
			}
		}
	})
}

// shop is traffic in which nothing is good that is not valid: "good n" are
// those of "valid n". In some hours there is none at all.
type shop struct {
	world
	// rare is one in how many hours has traffic.
	rare uint64
	// since is when it opened.
	since int64
}

func (s shop) Series(_ context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	if _, err := s.world.Series(context.Background(), timeseries.Request{Span: r.Span, Step: r.Step, Queries: []string{"?"}}); err != nil || len(r.Queries) > 25 {
		return nil, fmt.Errorf("%d queries: %w", len(r.Queries), err)
	}
	answers := make([]timeseries.Answer, len(r.Queries))
	for i, q := range r.Queries {
		kind, of, _ := strings.Cut(q, " ")
		series, spoke := timeseries.Blank(r.Span, r.Step), false
		for t := max(r.Span.Start, timeseries.Ceil(s.since, 3600)); t < r.Span.End; t += slo.BucketSeconds {
			h := uint64(s.seed) + uint64(len(of))*131 + uint64(of[0])*0x100000001b3
			mix := func(n int64) uint64 {
				x := (h + uint64(n)) * 0x9e3779b97f4a7c15
				x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
				return x ^ x>>31
			}
			if mix(t/3600)%s.rare != 0 {
				continue
			}
			v := float64(mix(t) >> 40 % 60)
			if kind == "good" {
				v -= min(v, float64(mix(-t)>>40%7/6))
			}
			spoke = true
			if cell := &series.Values[(t-r.Span.Start)/r.Step]; timeseries.IsMissing(*cell) {
				*cell = v
			} else {
				*cell += v
			}
		}
		if spoke {
			answers[i].Groups = []timeseries.Group{{Series: series}}
		}
	}
	return answers, nil
}

// wider makes of an assessment from wide buckets what is to be the same in one
// from fine ones, and says what else does not fit.
func wider(usual slo.Assessment, lean *slo.Assessment, exact bool) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	fits := func(name string, fine timeseries.Span, wide *timeseries.Span) {
		if fine.Empty() != wide.Empty() || !wide.Covers(fine) && !fine.Covers(*wide) || exact && wide.Seconds() > 3600 {
			say("%s in %v, and by wide buckets in %v", name, fine, *wide)
		}
		*wide = fine
	}
	fits("newest", usual.Newest, &lean.Newest)
	if spent := usual.Budget != nil && usual.Budget.Remaining <= 0; spent {
		lean.ExhaustedAt = usual.ExhaustedAt
	}
	fine, _ := usual.Coverage.Value()
	wide, _ := lean.Coverage.Value()
	if wide < fine || exact && wide != fine {
		say("coverage %v, and by wide buckets %v", fine, wide)
	}
	lean.Coverage = usual.Coverage
	for i := range min(len(usual.Crossings), len(lean.Crossings)) {
		fits("fell", usual.Crossings[i].Fell, &lean.Crossings[i].Fell)
	}
	if !exact { // bad events age as if spread evenly over their buckets
		lean.ExhaustedAt = usual.ExhaustedAt
		for i := range min(len(usual.Crossings), len(lean.Crossings)) {
			a, b := usual.Crossings[i], &lean.Crossings[i]
			if late := b.RecoversQuiet - a.RecoversQuiet; late < -43_200 || late > 43_200 {
				say("recovers, if quiet, at %d, and by wide buckets at %d", a.RecoversQuiet, b.RecoversQuiet)
			}
			b.Recovers, b.RecoversQuiet = a.Recovers, a.RecoversQuiet
		}
	}
	return problems
}

// shopJobs are objectives of a few numbers, of which some share queries.
func shopJobs(t *rapid.T, to int64) []evaluation.Job {
	frame := rapid.SampledFrom([]slo.Timeframe{slo.SevenDays, slo.ThirtyDays, slo.NinetyDays, 455 * slo.Day, 36 * 3600})
	var jobs []evaluation.Job
	for i := range rapid.IntRange(1, 3).Draw(t, "jobs") {
		j := job(fmt.Sprint(i), "", "", rapid.SliceOfNDistinct(frame, 1, 2, rapid.ID).Draw(t, "windows")...)
		slices.SortFunc(j.Objectives, func(a, b slo.Objective) int { return int(a.Timeframe) - int(b.Timeframe) })
		var sli slo.EventSLI
		for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(0, 3), 1, 2, rapid.ID).Draw(t, "of") {
			sli.Good = append(sli.Good, slo.Term{Weight: 1, Query: fmt.Sprint("good ", n)})
			sli.Valid = append(sli.Valid, slo.Term{Weight: 1, Query: fmt.Sprint("valid ", n)})
		}
		j.Definition.SLI = sli
		for range rapid.IntRange(0, 2).Draw(t, "corrections") {
			unit := rapid.SampledFrom([]int64{1, 3600, 4 * 3600}).Draw(t, "unit")
			start := timeseries.Floor(to-rapid.Int64Range(-3600, 100*day).Draw(t, "start"), unit)
			j.Occurrences = append(j.Occurrences, slo.Occurrence{ID: "c", Span: timeseries.Span{
				Start: start, End: start + unit*rapid.Int64Range(0, 3*day/unit).Draw(t, "length"),
			}})
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// ragged is a shelf that holds a little less than whole days of some queries.
type ragged struct{ *memory }

func (r ragged) Held(key string, step int64) []timeseries.Span {
	spans := r.memory.Held(key, step)
	for i := range spans {
		spans[i].Start += step * int64(len(key)%5)
		spans[i].End -= step * int64(len(key)%3)
	}
	return slices.DeleteFunc(spans, timeseries.Span.Empty)
}

// overlapping are two requests of a plan that ask the same of the same time.
func overlapping(plan evaluation.Plan) string {
	for i, a := range plan.Requests {
		for _, b := range plan.Requests[:i] {
			if a.Step == b.Step && a.Span.Overlaps(b.Span) && slices.ContainsFunc(a.Queries, func(q string) bool { return slices.Contains(b.Queries, q) }) {
				return fmt.Sprintf("%s and %s every %d s", a.Span, b.Span, a.Step)
			}
		}
	}
	return ""
}

// On whatever shelf, and whatever filled it: a lean run says what the usual one
// says, except for how exactly it knows when something was; and the usual run
// says the same with the shelf of lean ones as without.
func TestLawLeanSaysTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := shop{
			world: world{seed: rapid.Int64().Draw(t, "seed")}, rare: rapid.SampledFrom([]uint64{1, 3, 50}).Draw(t, "rare"),
			since: noon - day*rapid.Int64Range(-5, 500).Draw(t, "opened days ago"),
		}
		shelf, metrics := newMemory(noon), &counting{Metrics: source}
		var holding evaluation.Shelf = shelf
		if rapid.Bool().Draw(t, "ragged") {
			holding = ragged{shelf}
		}
		run := func(m evaluation.Metrics, shelf evaluation.Shelf, jobs []evaluation.Job, plan evaluation.Plan, q slo.Question) []evaluation.Row {
			rows, err := evaluation.Runner{Metrics: m, Concurrency: 4, Shelf: shelf}.Run(context.Background(), jobs, plan, q)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		to, exact := int64(noon), true
		for i := range rapid.IntRange(1, 4).Draw(t, "runs") {
			to += slo.BucketSeconds * rapid.Int64Range(-300, 2000).Draw(t, "later")
			shelf.now = max(shelf.now, to)
			jobs, bounds, q := shopJobs(t, to), evaluation.Bounds{Shelf: holding, Lean: rapid.Bool().Draw(t, "lean")}, board(to)
			if bounds.Lean {
				q = gate(to)
			}
			if rapid.Bool().Draw(t, "sample") {
				bounds.Pick = func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }
			}
			plan := evaluation.NewPlan(jobs, q, bounds)
			rows := run(metrics, holding, jobs, plan, q)
			asked := metrics.take()
			if len(asked) != plan.Count() {
				t.Fatalf("sent %d requests, planned %d", len(asked), plan.Count())
			}
			if twice := overlapping(plan); twice != "" && bounds.Lean {
				t.Fatalf("asked twice: %s", twice)
			}
			for _, r := range plan.Requests {
				exact = exact && r.Step <= 3600
			}
			bare := run(source, nil, jobs, evaluation.NewPlan(jobs, q, evaluation.Bounds{}), q)
			if bounds.Lean {
				if cold := evaluation.NewPlan(jobs, q, lean); len(jobs) == 1 && len(plan.Requests) > len(cold.Requests) {
					t.Fatalf("%d requests with what is held, %d without", len(plan.Requests), len(cold.Requests))
				}
				for k := range bare {
					if rows[k].Defect != nil || bare[k].Defect != nil {
						t.Fatalf("run %d: %v, %v", i, rows[k].Defect, bare[k].Defect)
					}
					rows[k].Notes, bare[k].Notes = nil, nil // of the coverage
					for w := range bare[k].Windows {
						if problems := wider(bare[k].Windows[w], &rows[k].Windows[w], exact); len(problems) > 0 {
							t.Fatalf("run %d to %s, %s: %s", i, timeseries.Format(to), rows[k].Windows[w].Objective.Timeframe, strings.Join(problems, "; "))
						}
					}
				}
			}
			if diff := differing(bare, rows); diff != "" {
				t.Fatalf("run %d to %s, lean %v (-without the shelf +with):\n%s", i, timeseries.Format(to), bounds.Lean, diff)
			}
		}
	})
}
