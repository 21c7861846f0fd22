package apm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
	"pgregory.net/rapid"
)

const hitsByEnv = "sum:trace.http.request.hits{service:shop} by {env}.as_count()"

func shop() *org {
	o := &org{}
	o.serve("http.request", "shop", "prod", ".errors", "")
	o.serve("http.request", "shop", "test")
	return o
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		step, days int64
		groups     int
		requests   int
	}{
		{300, 5, 0, 1},
		{300, 6, 0, 2},
		{300, 28, 0, 6},
		{3600, 62, 0, 1},
		{3600, 63, 0, 2},
		{60, 3, 0, 3},
		{day, 90, 0, 1},
		{300, 10, 20_000, 10}, // one day is what is kept at least
		{3600, 28, 20_000, 4},
	} {
		o := shop()
		var told []int
		s := o.source()
		s.Progress = func(done, total int) { told = append(told, done, total) }
		span := timeseries.Span{Start: epoch, End: epoch + test.days*day}
		demands := []apm.Demand{{Queries: []string{hitsByEnv, "", hitsByEnv}, Span: span, Step: test.step, Groups: test.groups}}
		if cost := s.Cost(demands); cost != test.requests {
			t.Errorf("%d days at %d s: to cost %d, want %d", test.days, test.step, cost, test.requests)
		}
		l, err := s.Load(t.Context(), demands)
		if err != nil || len(o.requests) != test.requests {
			t.Fatalf("%d days at %d s: %d requests, %v", test.days, test.step, len(o.requests), err)
		}
		if n := len(told); n != 2*test.requests || told[n-2] != test.requests || told[n-1] != test.requests {
			t.Errorf("progress %v", told)
		}
		if test.step < 300 {
			continue
		}
		answer := l.Answer(hitsByEnv, span, test.step)
		if answer.Err != nil || len(answer.Groups) != 2 || answer.Groups[0].Tags[0] != "env:prod" {
			t.Fatalf("%+v", answer)
		}
		for _, g := range answer.Groups {
			if g.Series.Span() != span || slices.ContainsFunc(g.Series.Values, func(v float64) bool { return v != float64(test.step/300) }) {
				t.Errorf("%v is not what was reported", g.Series)
			}
		}
	}
}

// What was not asked for, or not answered, is never read as silence.
func TestAnswerThatIsNotThere(t *testing.T) {
	t.Parallel()
	o := shop()
	gone := &slo.Defect{Kind: slo.Unavailable, Message: "gone"}
	o.answer = func(_ int, r timeseries.Request) error {
		if r.Span.Start == epoch {
			return gone
		}
		return nil
	}
	l, err := o.source().Load(t.Context(), []apm.Demand{{Queries: []string{hitsByEnv, "sum:nothing{*}"}, Span: timeseries.Span{Start: epoch, End: epoch + 10*day}, Step: 300}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		query string
		span  timeseries.Span
		step  int64
		fails bool
	}{
		{hitsByEnv, timeseries.Span{Start: epoch + 5*day, End: epoch + 10*day}, 300, false},
		{hitsByEnv, timeseries.Span{Start: epoch + 7*day + 300, End: epoch + 7*day + 600}, 300, false},
		{"sum:nothing{*}", timeseries.Span{Start: epoch + 5*day, End: epoch + 10*day}, 300, false},
		{hitsByEnv, timeseries.Span{Start: epoch, End: epoch + 10*day}, 300, true},
		{hitsByEnv, timeseries.Span{Start: epoch + 9*day, End: epoch + 11*day}, 300, true},
		{hitsByEnv, timeseries.Span{Start: epoch + 5*day, End: epoch + 6*day}, 3600, true},
		{hitsByEnv, timeseries.Span{Start: epoch + 5*day, End: epoch + 5*day}, 300, true},
		{"sum:other{*}", timeseries.Span{Start: epoch + 5*day, End: epoch + 6*day}, 300, true},
	} {
		if a := l.Answer(test.query, test.span, test.step); (a.Err != nil) != test.fails {
			t.Errorf("%s over %v at %d: %v", test.query, test.span, test.step, a.Err)
		}
	}
}

func TestLoadAroundTheShelf(t *testing.T) {
	t.Parallel()
	o := shop()
	kept := &shelf{settled: epoch + 20*day}
	s := o.source()
	s.Shelf = kept
	demand := func(from, to int64) []apm.Demand {
		return []apm.Demand{{Queries: []string{hitsByEnv, "sum:trace.http.request.errors{service:shop}.as_count()"}, Span: timeseries.Span{Start: epoch + from, End: epoch + to}, Step: 3600}}
	}
	load := func(demands []apm.Demand, want ...timeseries.Span) {
		t.Helper()
		o.requests = nil
		if cost := s.Cost(demands); cost != len(want) {
			t.Errorf("to cost %d, want %d", cost, len(want))
		}
		l, err := s.Load(t.Context(), demands)
		if err != nil {
			t.Fatal(err)
		}
		var got []timeseries.Span
		for _, r := range o.requests {
			got = append(got, r.Span)
		}
		slices.SortFunc(got, func(a, b timeseries.Span) int { return int(a.Start - b.Start) })
		if !slices.Equal(got, want) {
			t.Errorf("asked for %v, want %v", got, want)
		}
		answer := l.Answer(hitsByEnv, demands[0].Span, 3600)
		if answer.Err != nil || len(answer.Groups) != 2 || slices.ContainsFunc(answer.Groups[1].Series.Values, func(v float64) bool { return v != 12 }) {
			t.Errorf("%+v", answer)
		}
	}
	span := func(from, to int64) timeseries.Span {
		return timeseries.Span{Start: epoch + from, End: epoch + to}
	}
	load(demand(3600, 10*day+3600), span(0, 10*day+3600)) // the first day is completed, to be kept
	load(demand(0, 10*day))
	load(demand(5*day, 12*day), span(10*day, 12*day))
	load(demand(0, 21*day), span(12*day, 21*day))

	// One stretch of what is held is asked for again, and believed where it is the same.
	s.Pick = func(n int) int { return n - 1 }
	load(demand(day, 20*day), span(day, 20*day))
	if len(kept.forgotten) > 0 {
		t.Errorf("%v is forgotten", kept.forgotten)
	}
	// Datadog's past has changed: nothing is made of what was kept of the metric.
	o.weight = func(_ []string, _ int64) float64 { return 2 }
	l, err := s.Load(t.Context(), demand(day, 20*day))
	if err != nil {
		t.Fatal(err)
	}
	changed := o.requests[len(o.requests)-1].Queries
	if !slices.Contains(kept.forgotten, changed[0]) || len(changed) != 1 || len(l.Notes()) != 1 {
		t.Errorf("%v is forgotten, %v asked for anew, notes %v", kept.forgotten, changed, l.Notes())
	}
	answer := l.Answer(changed[0], span(day, 20*day), 3600)
	if answer.Err != nil || answer.Groups[0].Series.Values[0] != 24 {
		t.Errorf("%+v", answer)
	}
}

// A pack that is damaged is asked for like one that is not there.
func TestDamagedShelf(t *testing.T) {
	t.Parallel()
	o := shop()
	s := o.source()
	s.Shelf = damaged{}
	l, err := s.Load(t.Context(), []apm.Demand{{Queries: []string{hitsByEnv}, Span: timeseries.Span{Start: epoch, End: epoch + 2*day}, Step: 3600}})
	if err != nil {
		t.Fatal(err)
	}
	if a := l.Answer(hitsByEnv, timeseries.Span{Start: epoch, End: epoch + 2*day}, 3600); a.Err != nil || len(a.Groups) != 2 || len(o.requests) != 1 {
		t.Errorf("%+v after %d requests", a, len(o.requests))
	}
}

type damaged struct{}

func (damaged) Held(string, int64) []timeseries.Span {
	return []timeseries.Span{{Start: epoch, End: epoch + day}}
}
func (damaged) Series(string, int64, timeseries.Span) (timeseries.Answer, bool) {
	return timeseries.Answer{}, false
}
func (damaged) Keep(timeseries.Request, []timeseries.Answer) {}
func (damaged) Forget(string)                                {}

func TestLoadGivesUp(t *testing.T) {
	t.Parallel()
	year := []apm.Demand{{Queries: []string{hitsByEnv}, Span: timeseries.Span{Start: epoch, End: epoch + 300*day}, Step: 300}}
	for _, test := range []struct {
		kind slo.DefectKind
		most int
	}{{slo.Auth, 3}, {slo.Unavailable, 8 + 2}} {
		o := shop()
		o.answer = func(int, timeseries.Request) error { return &slo.Defect{Kind: test.kind, Message: "no"} }
		_, err := o.source().Load(t.Context(), year)
		var d *slo.Defect
		if !errors.As(err, &d) || d.Kind != test.kind || len(o.requests) > test.most {
			t.Errorf("%s: %v after %d requests", test.kind, err, len(o.requests))
		}
	}
	o := shop()
	ctx, cancel := context.WithCancel(t.Context())
	o.answer = func(n int, _ timeseries.Request) error {
		if n == 2 {
			cancel()
		}
		return ctx.Err()
	}
	if _, err := o.source().Load(ctx, year); !errors.Is(err, context.Canceled) || len(o.requests) > 6 {
		t.Errorf("%v after %d requests", err, len(o.requests))
	}
}

// Whatever is demanded and held: what comes back is what a source without a
// shelf says, no request is longer than Datadog answers, and the cost is what was foretold.
func TestLoadLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := shop()
		o.weight = func(tags []string, at int64) float64 { return float64((at/300 + int64(len(tags[1]))) % 7) }
		kept := &shelf{settled: epoch + rapid.Int64Range(0, 40).Draw(t, "settled")*day}
		s := o.source()
		s.Shelf = kept
		if rapid.Bool().Draw(t, "checked") {
			s.Pick = func(int) int { return 0 }
		}
		for round := range 3 {
			var demands []apm.Demand
			for i := range rapid.IntRange(1, 3).Draw(t, "demands") {
				step := rapid.SampledFrom([]int64{300, 3600, day}).Draw(t, "step")
				from := rapid.Int64Range(0, 30*day/step).Draw(t, "from")
				length := rapid.Int64Range(1, 12*day/step).Draw(t, "length")
				demands = append(demands, apm.Demand{
					Queries: []string{hitsByEnv, fmt.Sprintf("sum:trace.http.request.errors{service:shop,n:%d}.as_count()", i)},
					Span:    timeseries.Span{Start: epoch + from*step, End: epoch + (from+length)*step}, Step: step,
					Groups: rapid.SampledFrom([]int{0, 5000}).Draw(t, "groups"),
				})
			}
			cost := s.Cost(demands)
			o.requests = nil
			l, err := s.Load(t.Context(), demands)
			if err != nil {
				t.Fatal(err)
			}
			if len(o.requests) != cost {
				t.Fatalf("round %d: %d requests, foretold %d", round, len(o.requests), cost)
			}
			for _, r := range o.requests {
				if r.Span.Seconds()/r.Step > 1500 || r.Span.Start%r.Step != 0 || r.Span.End%r.Step != 0 {
					t.Fatalf("asked for %v at %d s", r.Span, r.Step)
				}
			}
			for _, d := range demands {
				plain, err := o.Series(t.Context(), timeseries.Request{Queries: d.Queries, Span: d.Span, Step: d.Step})
				if err != nil {
					t.Fatal(err)
				}
				for i, query := range d.Queries {
					got := l.Answer(query, d.Span, d.Step)
					if got.Err != nil || len(got.Groups) != len(plain[i].Groups) {
						t.Fatalf("%s: %d groups, want %d, %v", query, len(got.Groups), len(plain[i].Groups), got.Err)
					}
					for k, g := range got.Groups {
						want := plain[i].Groups[k]
						if !slices.Equal(g.Tags, want.Tags) || g.Series.Span() != want.Series.Span() || !slices.EqualFunc(g.Series.Values, want.Series.Values, func(v, w float64) bool {
							return v == w || timeseries.IsMissing(v) && timeseries.IsMissing(w)
						}) {
							t.Fatalf("%s: %v differs from %v", query, g, want)
						}
					}
				}
			}
		}
	})
}
