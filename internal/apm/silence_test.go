package apm_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The past of a query that never answers is not asked for in every run, but
// gone over in one coarse request; what is found there counts.
func TestSilence(t *testing.T) {
	t.Parallel()
	const errorsQuery = "sum:trace.http.request.errors{service:quiet}.as_count()"
	span := timeseries.Span{Start: epoch, End: epoch + 28*day}
	demands := []apm.Demand{{Queries: []string{hitsByEnv, errorsQuery}, Span: span, Step: 300}}
	o := shop()
	kept := &shelf{settled: epoch + 27*day}
	s := o.source()
	s.Shelf, s.Pick = kept, func(int) int { return 0 }
	load := func(requests int) *apm.Loaded {
		t.Helper()
		o.requests = nil
		cost := s.Cost(demands)
		l, err := s.Load(t.Context(), demands)
		if err != nil {
			t.Fatal(err)
		}
		if len(o.requests) != requests || cost > requests {
			t.Errorf("%d requests, foretold %d, want %d", len(o.requests), cost, requests)
		}
		return l
	}
	load(6)
	l := load(3) // the last day, something that is held, and the silence
	if a := l.Answer(errorsQuery, span, 300); a.Err != nil || len(a.Groups) != 0 {
		t.Errorf("%+v", a)
	}
	if a := l.Answer(hitsByEnv, span, 300); a.Err != nil || len(a.Groups) != 2 {
		t.Errorf("%+v", a)
	}

	// What could not be gone over is not known.
	gone := &slo.Defect{Kind: slo.Unavailable, Message: "gone"}
	o.answer = func(_ int, r timeseries.Request) error {
		if r.Step == 3600 {
			return gone
		}
		return nil
	}
	l = load(3)
	if a := l.Answer(errorsQuery, span, 300); !errors.Is(a.Err, gone) {
		t.Errorf("%+v", a)
	}
	if a := l.Answer(errorsQuery, timeseries.Span{Start: epoch + 27*day, End: span.End}, 300); a.Err != nil {
		t.Errorf("%+v", a)
	}

	// Where nothing can be asked, it is taken for what it was.
	past := apm.Demand{Queries: demands[0].Queries, Span: timeseries.Span{Start: epoch, End: epoch + 27*day}, Step: 300}
	away := s
	away.Pick, away.Offline = nil, true
	o.requests = nil
	l, err := away.Load(t.Context(), []apm.Demand{past})
	if err != nil || len(o.requests) != 0 || away.Cost([]apm.Demand{past}) != 0 {
		t.Errorf("%d requests, %v", len(o.requests), err)
	} else if a := l.Answer(errorsQuery, past.Span, 300); a.Err != nil || len(a.Groups) != 0 {
		t.Errorf("%+v", a)
	}
	o.answer = nil

	// A single error came late, long ago.
	o.serve("http.request", "quiet", "prod", ".errors")
	o.weight = func(tags []string, at int64) float64 {
		if tags[0] == "service:quiet" && at != epoch+3*day+600 {
			return 0
		}
		return 1
	}
	l = load(3 + 6)
	a := l.Answer(errorsQuery, span, 300)
	if a.Err != nil || len(a.Groups) != 1 || a.Groups[0].Series.Values[3*288+2] != 1 || len(l.Notes()) != 1 {
		t.Errorf("%+v, notes %v", a, l.Notes())
	}
	// That it was silent is forgotten, and known anew of the requests that have no error.
	if mark := "silence of\x00" + errorsQuery; !slices.Contains(kept.forgotten, mark) {
		t.Errorf("forgotten %q", kept.forgotten)
	} else if held := kept.Held(mark, 300); len(held) != 2 || held[0].End != epoch+3*day || held[1].Start != epoch+8*day {
		t.Errorf("silent in %v", held)
	}
	if l = load(3); len(l.Notes()) != 0 {
		t.Errorf("notes %v", l.Notes())
	}
}

// Nothing is gone over where that takes as many requests as to ask.
func TestSilenceSparesNothing(t *testing.T) {
	t.Parallel()
	o := shop()
	s := o.source()
	s.Shelf, s.Pick = &shelf{settled: epoch + 10*day}, func(int) int { return 0 }
	for range 2 {
		o.requests = nil
		if _, err := s.Load(t.Context(), []apm.Demand{{Queries: []string{"sum:nothing{*}"}, Span: timeseries.Span{Start: epoch, End: epoch + 5*day}, Step: 300}}); err != nil {
			t.Fatal(err)
		}
		if len(o.requests) != 1 || o.requests[0].Step != 300 {
			t.Errorf("%v", o.requests)
		}
	}
}
