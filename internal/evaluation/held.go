package evaluation

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// What is on the shelf is used on trust, within these bounds: one stretch of it
// is asked for again in every run, transitions are asked for again for their
// last day, and whatever turns out to be gone, damaged or different is dropped
// and asked for anew before a number is shown.

// overlap is how much of the kept transitions is asked for again, in seconds.
const overlap = day

// fetchHeld adds what the shelf holds of a job's evidence; stale when it does not after all.
func (f *round) fetchHeld(i int, got *answers) (stale bool) {
	for _, key := range f.plan.answersFor(f.jobs[i], i) {
		if !f.plan.shelved[key] {
			continue
		}
		answer, there := f.unshelve(key)
		if !there {
			f.forget(key.query)
			return true
		}
		got.series[key] = answer
	}
	sli, ok := f.jobs[i].Definition.SLI.(slo.MonitorSLI)
	h := got.histories[f.jobs[i].Definition.ID]
	if ok && h.err == nil && h.stamp != "" {
		// A monitor that was edited since may tell of its past otherwise.
		stamp, known := stampOf(sli, got.settings)
		return !known || stamp != h.stamp
	}
	return false
}

// compare holds the answer to the sample against the shelf.
func (f *round) compare(r timeseries.Request, list []timeseries.Answer) {
	var differs []string
	compared := 0
	for i, n := range needsOf(r) {
		held, there := f.unshelve(answerKey{n.series.query, chunk{r.Span, r.Step}})
		if !there || list[i].Err != nil {
			continue
		}
		compared++
		if !sameAnswer(held, list[i]) {
			differs = append(differs, n.series.query)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.differs, f.sampled = differs, compared
}

// precision is how far apart two sums of the same events may be, as a share:
// Datadog adds them up in whatever order.
const precision = 1e-9

// sameAnswer reports whether two answers over one span say the same.
func sameAnswer(a, b timeseries.Answer) bool {
	values := func(answer timeseries.Answer) map[string][]float64 {
		all := map[string][]float64{}
		for _, g := range answer.Groups {
			if slices.ContainsFunc(g.Series.Values, func(v float64) bool { return !timeseries.IsMissing(v) }) {
				all[strings.Join(g.Tags, ",")] = g.Series.Values
			}
		}
		return all
	}
	return maps.EqualFunc(values(a), values(b), func(x, y []float64) bool {
		return slices.EqualFunc(x, y, func(v, w float64) bool {
			if timeseries.IsMissing(v) || timeseries.IsMissing(w) {
				return timeseries.IsMissing(v) && timeseries.IsMissing(w)
			}
			return math.Abs(v-w) <= precision*max(math.Abs(v), math.Abs(w))
		})
	})
}

// distrusted are the held queries that a difference casts doubt on: those that
// differ, those that read the same metrics, and all of them where most differ.
func (f *round) distrusted() map[string]bool {
	if len(f.differs)+len(f.broken) == 0 {
		return nil
	}
	all := len(f.differs) > 1 && 2*len(f.differs) >= f.sampled
	metrics := map[string]bool{}
	for _, key := range slices.Concat(f.differs, f.broken) {
		for _, m := range metricsOf(key) {
			metrics[m] = true
		}
	}
	doubt := func(key string) bool {
		return all || slices.Contains(f.differs, key) || slices.Contains(f.broken, key) || slices.ContainsFunc(metricsOf(key), func(m string) bool { return metrics[m] })
	}
	doubted := map[string]bool{}
	for key := range f.plan.shelved {
		if doubt(key.query) {
			doubted[key.query] = true
		}
	}
	for _, d := range f.ask.listed {
		for _, key := range keysOf(d) {
			if doubt(key) {
				doubted[key] = true
			}
		}
	}
	// Nor is one side of an objective to be of today and the other of the past:
	// such a figure was never true.
	for spread := true; spread; {
		spread = false
		for _, d := range f.ask.listed {
			keys := keysOf(d)
			if !slices.ContainsFunc(keys, func(key string) bool { return doubted[key] }) {
				continue
			}
			for _, key := range keys {
				spread = spread || !doubted[key]
				doubted[key] = true
			}
		}
	}
	return doubted
}

// keysOf are the keys under which what an objective asks of metrics is held.
func keysOf(d slo.Definition) []string {
	switch sli := d.SLI.(type) {
	case slo.EventSLI:
		return queriesOf(sli)
	case slo.SliceSLI:
		return bundleOf(sli).keys()
	}
	return nil
}

// metricsOf are the metrics that a query, or the queries of a formula's key, read.
func metricsOf(key string) []string {
	var names []string
	for part := range strings.SplitSeq(key, "\x00") {
		expr, err := metricquery.Parse(part)
		if err != nil {
			continue
		}
		for _, q := range metricquery.Queries(expr) {
			names = append(names, q.Metric)
		}
	}
	return names
}

// drop takes what is doubted from the shelf and marks the jobs that were
// evaluated from it; the note says so.
func (f *round) drop() []slo.Note {
	doubted := f.distrusted()
	if len(doubted)+len(f.unsure)+len(f.rewritten) == 0 {
		return nil
	}
	for key := range doubted {
		f.forget(key)
	}
	for i := range f.finished {
		f.finished[i].stale = f.finished[i].stale || slices.ContainsFunc(f.plan.answersFor(f.jobs[i], i), func(key answerKey) bool {
			return f.plan.shelved[key] && (doubted[key.query] || slices.Contains(f.unsure, key.query))
		})
	}
	var notes []slo.Note
	for _, id := range f.rewritten {
		notes = append(notes, slo.Note{Code: "cache_dropped", Text: fmt.Sprintf(
			"Datadog's record of the transitions of the SLO %s has changed since it was kept; the new one is used", id)})
	}
	if len(f.differs) == 0 { // that something is not silent any more is what is looked for
		return notes
	}
	query, _, _ := strings.Cut(f.differs[0], "\x00")
	return append(notes, slo.Note{Code: "cache_dropped", Text: fmt.Sprintf(
		"Datadog's data of %s has changed since it was kept (somewhere in %s); what was kept of %s was dropped and asked for anew",
		query, f.plan.Sample.Span, counted(len(doubted), "query", "queries"))})
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// history asks for Datadog's record of one objective: all of it, or only what
// came after the part that is kept.
func (f *round) history(ctx context.Context, request slo.HistoryRequest) historyAnswer {
	kept, stamp, ok := f.kept(request)
	switch {
	case !ok:
	case request.ID == f.plan.Recheck:
		h, err := f.Records.History(ctx, request)
		if err == nil && !continues(kept, h) {
			f.mu.Lock()
			f.rewritten = append(f.rewritten, request.ID)
			f.mu.Unlock()
		}
		return historyAnswer{history: h, err: err}
	case kept.Window.Covers(request.Window):
		return historyAnswer{history: kept, stamp: stamp, held: true}
	default:
		tail := request
		tail.Window.Start = max(request.Window.Start, kept.Window.End-overlap)
		h, err := f.Records.History(ctx, tail)
		if err != nil {
			return historyAnswer{err: err}
		}
		if whole, ok := continued(kept, h); ok {
			return historyAnswer{history: whole, stamp: stamp}
		}
	}
	h, err := f.Records.History(ctx, request)
	return historyAnswer{history: h, err: err}
}

// continues reports whether a history in full tells of the time that is kept what was kept.
func continues(kept, whole slo.History) bool {
	inside := func(t slo.Track) slo.Track {
		t.Transitions = slices.DeleteFunc(slices.Clone(t.Transitions), func(x slo.Transition) bool { return x.At >= kept.Window.End })
		return t
	}
	same := func(a, b slo.Track) bool {
		_, after := split(inside(a).Transitions, whole.Window.Start)
		_, since := split(inside(b).Transitions, whole.Window.Start)
		return a.Name == b.Name && slices.Equal(after, since)
	}
	return same(kept.Overall, whole.Overall) && slices.EqualFunc(kept.Monitors, whole.Monitors, same) && slices.EqualFunc(kept.Groups, whole.Groups, same)
}

// kept is what the shelf has of a history, where that is the beginning of what is asked.
func (f *round) kept(request slo.HistoryRequest) (h slo.History, stamp string, ok bool) {
	if f.Shelf == nil || f.fresh {
		return slo.History{}, "", false
	}
	i := slices.IndexFunc(f.jobs, func(j Job) bool { return j.Definition.ID == request.ID && j.Definition.Source == slo.FromDatadog })
	h, stamp, ok = f.Shelf.History(historyKey(f.jobs[i].Definition))
	return h, stamp, ok && h.Window.Start <= request.Window.Start && h.Window.End > request.Window.Start
}

// continued joins kept transitions and those of the time since. It is false
// where the two do not agree about the time that both know.
func continued(kept, tail slo.History) (slo.History, bool) {
	both := timeseries.Span{Start: tail.Window.Start, End: kept.Window.End}
	whole := tail
	whole.Window.Start = kept.Window.Start
	// Figures of the tail are not figures of the whole.
	whole.Good, whole.Valid = slo.Figure{}, slo.Figure{}
	join := func(k, t slo.Track) (slo.Track, bool) {
		t.Attainment, t.Remaining = slo.Figure{}, slo.Figure{}
		before, after := split(k.Transitions, both.Start)
		carried, since := split(t.Transitions, both.Start)
		if stateOf(before) != stateOf(carried) || len(before) == 0 != (len(carried) == 0) || t.Preview {
			return t, false
		}
		shared, _ := split(since, both.End-1)
		t.Transitions = slices.Concat(before, since)
		return t, slices.Equal(after, shared)
	}
	var ok bool
	if whole.Overall, ok = join(kept.Overall, tail.Overall); !ok {
		return whole, false
	}
	tracks := func(k, t []slo.Track) ([]slo.Track, bool) {
		if len(k) != len(t) {
			return nil, false
		}
		joined := make([]slo.Track, len(t))
		for i, track := range t {
			// Names need not be unique, so the place counts as well.
			if k[i].Name != track.Name || k[i].MonitorID != track.MonitorID {
				return nil, false
			}
			if joined[i], ok = join(k[i], track); !ok {
				return nil, false
			}
		}
		return joined, true
	}
	if whole.Monitors, ok = tracks(kept.Monitors, tail.Monitors); !ok {
		return whole, false
	}
	whole.Groups, ok = tracks(kept.Groups, tail.Groups)
	return whole, ok
}

// split parts transitions at an instant: those that lie before it or at it
// tell of the state then.
func split(transitions []slo.Transition, at int64) (until, after []slo.Transition) {
	n := 0
	for n < len(transitions) && transitions[n].At <= at {
		n++
	}
	return transitions[:n:n], transitions[n:]
}

// stateOf is the state at the end of some transitions; none is not a state.
func stateOf(transitions []slo.Transition) slo.Condition {
	if len(transitions) == 0 {
		return -1
	}
	return transitions[len(transitions)-1].State
}

// keepHistory puts a history on the shelf that a row was made from.
func (f *round) keepHistory(i int, got answers, row Row) {
	d := f.jobs[i].Definition
	h, there := got.histories[d.ID]
	if f.Shelf == nil || !there || h.held || h.err != nil || row.Defect != nil {
		return
	}
	for _, t := range slices.Concat([]slo.Track{h.history.Overall}, h.history.Monitors, h.history.Groups) {
		if t.Preview {
			return
		}
	}
	stamp := "none"
	if sli, ok := d.SLI.(slo.MonitorSLI); ok {
		known := false
		if stamp, known = stampOf(sli, got.settings); !known {
			return
		}
	}
	f.Shelf.KeepHistory(historyKey(d), stamp, h.history)
}

// stampOf tells versions of an objective's monitors apart; not known where one
// does not say when it was edited.
func stampOf(sli slo.MonitorSLI, settings map[int64]monitorAnswer) (stamp string, known bool) {
	parts := make([]string, 0, len(sli.MonitorIDs))
	for _, id := range sli.MonitorIDs {
		s, there := settings[id]
		if !there || s.err != nil || s.settings.Modified.IsZero() {
			return "", false
		}
		parts = append(parts, strconv.FormatInt(id, 10)+"@"+s.settings.Modified.UTC().Format(time.RFC3339Nano))
	}
	return strings.Join(parts, " "), true
}

// historyKey is what an objective's transitions are kept under: whatever they
// depend on, and nothing else that can be edited.
func historyKey(d slo.Definition) string {
	parts := []string{"history", d.ID}
	switch sli := d.SLI.(type) {
	case slo.MonitorSLI:
		for _, id := range sli.MonitorIDs {
			parts = append(parts, strconv.FormatInt(id, 10))
		}
		parts = append(parts, "of")
		parts = append(parts, sli.Groups...)
	case slo.SliceSLI:
		parts = append(parts, strconv.FormatInt(sli.Seconds, 10), sli.Comparator, strconv.FormatFloat(sli.Threshold, 'g', -1, 64), formulaOf(sli).Key())
	}
	return strings.Join(parts, "\x00")
}
