package cache

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// wireHistory is a [slo.History] in a pack.
type wireHistory struct {
	Stamp    string      `json:"stamp"`
	Start    int64       `json:"start"`
	End      int64       `json:"end"`
	Type     string      `json:"type"`
	Overall  wireTrack   `json:"overall"`
	Monitors []wireTrack `json:"monitors,omitempty"`
	Groups   []wireTrack `json:"groups,omitempty"`
	Good     *float64    `json:"good,omitempty"`
	Valid    *float64    `json:"valid,omitempty"`
}

// wireTrack is a [slo.Track] in a pack.
type wireTrack struct {
	Name       string   `json:"name,omitempty"`
	MonitorID  int64    `json:"monitor_id,omitempty"`
	At         []int64  `json:"at,omitempty"`
	States     []int    `json:"states,omitempty"`
	Attainment *float64 `json:"attainment,omitempty"`
	Remaining  *float64 `json:"remaining,omitempty"`
	Decimals   int      `json:"decimals"`
	Problem    string   `json:"problem,omitempty"`
}

func toWire(t slo.Track) wireTrack {
	w := wireTrack{
		Name: t.Name, MonitorID: t.MonitorID, Decimals: t.Decimals, Problem: t.Problem,
		Attainment: t.Attainment.Pointer(), Remaining: t.Remaining.Pointer(),
	}
	for _, x := range t.Transitions {
		w.At, w.States = append(w.At, x.At), append(w.States, int(x.State))
	}
	return w
}

func fromWire(w wireTrack) (t slo.Track, ok bool) {
	t = slo.Track{
		Name: w.Name, MonitorID: w.MonitorID, Decimals: w.Decimals, Problem: w.Problem,
		Attainment: figureOf(w.Attainment), Remaining: figureOf(w.Remaining),
	}
	if len(w.At) != len(w.States) {
		return slo.Track{}, false
	}
	for i, at := range w.At {
		t.Transitions = append(t.Transitions, slo.Transition{At: at, State: slo.Condition(w.States[i])})
	}
	return t, true
}

func figureOf(v *float64) slo.Figure {
	if v == nil {
		return slo.Figure{}
	}
	return slo.Known(*v)
}

// tracks are all tracks of a history.
func tracks(h slo.History) []slo.Track {
	return slices.Concat([]slo.Track{h.Overall}, h.Monitors, h.Groups)
}

// KeepHistory stores what Datadog said of one objective, in place of what was
// kept under the key before, unless that has the same stamp and reaches further:
// a look at the past must not take away the present. The stamp is the caller's, to tell whether it
// still holds. A history that Datadog is still computing is not kept.
func (c *Cache) KeepHistory(key, stamp string, h slo.History) {
	if !c.writable() || h.Window.Empty() || c.secret(key, stamp) {
		return
	}
	texts := []string{stamp}
	for _, t := range tracks(h) {
		if t.Preview || c.secret(t.Name, t.Problem) {
			return
		}
		texts = append(texts, t.Name, t.Problem)
	}
	// JSON would quietly change what is not UTF-8.
	if slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) }) {
		return
	}
	name := historyName(c.id, key)
	if p, there := c.keyed(name, key, historyPack); there {
		if old, of, ok := historyOf(p.payload); ok && of == stamp && old.Window.End > h.Window.End {
			return
		}
	}
	w := wireHistory{
		Stamp: stamp, Start: h.Window.Start, End: h.Window.End, Type: string(h.Type),
		Overall: toWire(h.Overall), Good: h.Good.Pointer(), Valid: h.Valid.Pointer(),
	}
	for _, t := range h.Monitors {
		w.Monitors = append(w.Monitors, toWire(t))
	}
	for _, t := range h.Groups {
		w.Groups = append(w.Groups, toWire(t))
	}
	payload, err := json.Marshal(w)
	if err != nil {
		return // a figure that is not finite
	}
	c.keepKeyed(name, pack{kind: historyPack, key: key, settled: c.settled(), payload: payload})
}

// History is what was last kept under the key, with its stamp: up to where time
// was settled when it was kept, or all of it when this run is offline. A history
// that was cut has no figures, since they are of the whole.
func (c *Cache) History(key string) (h slo.History, stamp string, ok bool) {
	name := historyName(c.id, key)
	if c.forgotten(key, name) {
		return slo.History{}, "", false
	}
	p, ok := c.keyed(name, key, historyPack)
	if !ok {
		return slo.History{}, "", false
	}
	h, stamp, ok = historyOf(p.payload)
	if !ok {
		c.spoilt(name, errDamaged)
		return slo.History{}, "", false
	}
	if !c.offline && p.settled < h.Window.End {
		h = clipped(h, p.settled)
	}
	return h, stamp, !h.Window.Empty()
}

func historyOf(payload []byte) (h slo.History, stamp string, ok bool) {
	var w wireHistory
	if json.Unmarshal(payload, &w) != nil {
		return slo.History{}, "", false
	}
	h = slo.History{
		Window: timeseries.Span{Start: w.Start, End: w.End}, Type: slo.Type(w.Type),
		Good: figureOf(w.Good), Valid: figureOf(w.Valid),
	}
	if h.Overall, ok = fromWire(w.Overall); !ok {
		return slo.History{}, "", false
	}
	for _, from := range []struct {
		wire []wireTrack
		to   *[]slo.Track
	}{{w.Monitors, &h.Monitors}, {w.Groups, &h.Groups}} {
		for _, t := range from.wire {
			track, ok := fromWire(t)
			if !ok {
				return slo.History{}, "", false
			}
			*from.to = append(*from.to, track)
		}
	}
	return h, w.Stamp, true
}

// clipped is the history up to an instant.
func clipped(h slo.History, end int64) slo.History {
	h.Window.End = min(h.Window.End, end)
	h.Good, h.Valid = slo.Figure{}, slo.Figure{}
	h.Overall = clippedTrack(h.Overall, end)
	h.Monitors, h.Groups = slices.Clone(h.Monitors), slices.Clone(h.Groups)
	for _, list := range [][]slo.Track{h.Monitors, h.Groups} {
		for i := range list {
			list[i] = clippedTrack(list[i], end)
		}
	}
	return h
}

func clippedTrack(t slo.Track, end int64) slo.Track {
	t.Attainment, t.Remaining = slo.Figure{}, slo.Figure{}
	t.Transitions = slices.DeleteFunc(slices.Clone(t.Transitions), func(x slo.Transition) bool { return x.At >= end })
	return t
}
