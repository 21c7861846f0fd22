package evaluation_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// recording is what a monitor with two groups went through, and when it was edited.
type recording struct {
	transitions map[string][]slo.Transition
	modified    time.Time
	preview     bool
	asked       []timeseries.Span
}

// over is the account of one window: the state that was carried in, and what followed.
func (r *recording) over(q slo.HistoryRequest) (slo.History, error) {
	r.asked = append(r.asked, q.Window)
	track := func(name string) slo.Track {
		t := slo.Track{Name: name, Preview: r.preview}
		for _, x := range r.transitions[name] {
			switch {
			case x.At <= q.Window.Start:
				t.Transitions = []slo.Transition{x}
			case x.At < q.Window.End:
				t.Transitions = append(t.Transitions, x)
			}
		}
		return t
	}
	return slo.History{Window: q.Window, Overall: track(""), Groups: []slo.Track{track("host:a"), track("host:b")}}, nil
}

// flapping is a state that changes now and then, from long before on.
func flapping(from, to, every int64) []slo.Transition {
	var all []slo.Transition
	for at, state := from, slo.Up; at < to; at, state = at+every, 1-state {
		all = append(all, slo.Transition{At: at, State: state})
	}
	return all
}

func newRecording() *recording {
	return &recording{
		transitions: map[string][]slo.Transition{
			"": flapping(noon-200*day, noon+20*day, 50_000), "host:a": flapping(noon-200*day, noon+20*day, 70_000), "host:b": flapping(noon-200*day, noon+20*day, 50_000),
		},
		modified: time.Unix(noon-300*day, 0),
	}
}

func (r *recording) service(shelf evaluation.Shelf) evaluation.Service {
	return evaluation.Service{
		Catalog: listing(monitorJob("m", []int64{7}, slo.ThirtyDays)),
		Runner:  evaluation.Runner{Metrics: source(func(string, int64) float64 { return 0 }), Shelf: shelf},
		Records: records{history: r.over, monitors: map[int64]slo.MonitorSettings{7: {ID: 7, Silence: slo.SilenceUp, Modified: r.modified}}},
	}
}

// look evaluates with the shelf and without, and returns what was asked with it.
func (r *recording) look(t *testing.T, shelf *memory, to int64) []timeseries.Span {
	t.Helper()
	shelf.now = max(shelf.now, to)
	q := evaluation.Query{Question: board(to)}
	bare := evaluate(t, r.service(nil), q)
	r.asked = nil
	kept := evaluate(t, r.service(shelf), q)
	if diff := differing(bare.Rows, kept.Rows); diff != "" {
		t.Fatalf("to %s (-without the shelf +with):\n%s", timeseries.Format(to), diff)
	}
	return slices.Clone(r.asked)
}

// Of transitions that are kept only the time since is asked for, and a day before.
func TestKeptTransitions(t *testing.T) {
	t.Parallel()
	r, shelf := newRecording(), newMemory(noon)
	if asked := r.look(t, shelf, noon); len(asked) != 1 || asked[0].Seconds() < 30*day {
		t.Fatalf("cold: %v", asked)
	}
	for _, to := range []int64{noon, noon + 300, noon + day, noon + 3*day} {
		kept := shelf.histories[onlyKey(shelf)].Window.End
		if asked := r.look(t, shelf, to); len(asked) != 1 || asked[0] != (timeseries.Span{Start: kept - day, End: to}) {
			t.Errorf("to %s: asked for %v, want the time since %s and a day before", timeseries.Format(to), asked, timeseries.Format(kept))
		}
	}
}

func onlyKey(m *memory) string {
	for key := range m.histories {
		return key
	}
	return ""
}

// A monitor that was edited, a history that contradicts itself, and one that is
// not final are never continued.
func TestTransitionsThatAreNotSettled(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*recording){
		"edited monitor": func(r *recording) {
			r.modified = time.Unix(noon-1, 0)
			r.transitions["host:a"] = flapping(noon-200*day, noon, 33_000)
		},
		"another last day":           func(r *recording) { r.transitions["host:a"] = flapping(noon-200*day, noon, 33_000) },
		"a group less":               func(r *recording) { r.transitions["host:b"] = nil },
		"another state at the start": func(r *recording) { r.transitions["host:b"] = []slo.Transition{{At: noon - 100*day, State: slo.Down}} },
		"a monitor without a version": func(r *recording) {
			r.modified = time.Time{}
			r.transitions["host:a"] = flapping(noon-200*day, noon, 33_000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, shelf := newRecording(), newMemory(noon)
			r.look(t, shelf, noon)
			change(r)
			r.look(t, shelf, noon+300)
			r.look(t, shelf, noon+600)
		})
	}
	r, shelf := newRecording(), newMemory(noon)
	r.preview = true
	r.look(t, shelf, noon)
	if len(shelf.histories) > 0 {
		t.Error("a history that is not final was kept")
	}
}

// For any transitions and any sequence of instants, what is kept changes no figure.
func TestLawKeptTransitionsChangeNoFigure(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, shelf := newRecording(), newMemory(noon)
		for name := range r.transitions {
			var all []slo.Transition
			for at := int64(noon - 60*day); at < noon+10*day; at += rapid.Int64Range(60, 5*day).Draw(rt, "apart") {
				all = append(all, slo.Transition{At: at, State: slo.Condition(rapid.IntRange(0, 2).Draw(rt, "state"))})
			}
			r.transitions[name] = all
		}
		to := int64(noon)
		for range rapid.IntRange(2, 5).Draw(rt, "runs") {
			to += 300 * rapid.Int64Range(-200, 800).Draw(rt, "later")
			r.look(t, shelf, to)
		}
	})
}
