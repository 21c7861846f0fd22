package datadog

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// wireHistory is the answer to a question for a history.
type wireHistory struct {
	From       json.RawMessage `json:"from_ts"`
	To         json.RawMessage `json:"to_ts"`
	Type       json.RawMessage
	TypeID     json.RawMessage `json:"type_id"`
	SLO        json.RawMessage
	Thresholds json.RawMessage
	Overall    json.RawMessage
	Groups     json.RawMessage
	Monitors   json.RawMessage
	Series     json.RawMessage
}

// History is Datadog's account of one SLO over one window. Transitions stand as
// Datadog sent them; their order is for the reader to judge.
func (c *Client) History(ctx context.Context, r slo.HistoryRequest) (slo.History, error) {
	op := operation{
		kind:    CallHistory,
		purpose: "reading the history of the SLO " + clean(r.ID, 60),
		scope:   "slos_read",
		method:  http.MethodGet,
		path:    "/api/v1/slo/" + url.PathEscape(r.ID) + "/history",
		query: url.Values{
			"from_ts": {strconv.FormatInt(r.Window.Start, 10)},
			"to_ts":   {strconv.FormatInt(r.Window.End, 10)},
		},
		lack: fmt.Sprintf("no history of the SLO %s for %s", clean(r.ID, 60), r.Window),
	}
	if strings.TrimSpace(r.ID) == "" || r.Window.Empty() {
		return slo.History{}, defect(slo.Invalid, fmt.Sprintf("%s: want an id and a window that is not empty, got %s", op.purpose, r.Window))
	}
	if r.Uncorrected {
		op.query.Set("apply_correction", "false")
	}
	if r.Target > 0 && r.Target < slo.Hundred { // there is no budget of anything else
		op.query.Set("target", r.Target.String())
	}
	var w struct{ Data *wireHistory }
	if _, err := c.object(ctx, op, &w); err != nil {
		return slo.History{}, err
	}
	if w.Data == nil {
		return slo.History{}, strange(op, "it has no data")
	}
	if err := w.Data.answers(r); err != nil {
		return slo.History{}, strange(op, "%s", err)
	}
	h, err := w.Data.decode(r)
	if err != nil {
		return slo.History{}, strange(op, "%s", err)
	}
	return h, nil
}

// answers checks that the history is the one that was asked for.
func (w *wireHistory) answers(r slo.HistoryRequest) error {
	from, err1 := integerOf(w.From)
	to, err2 := integerOf(w.To)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("it does not say which window it is for")
	}
	if got := (timeseries.Span{Start: from, End: to}); got != r.Window {
		return fmt.Errorf("it is for the window %s, not %s", got, r.Window)
	}
	var of struct{ ID json.RawMessage }
	if isNull(w.SLO) || json.Unmarshal(w.SLO, &of) != nil {
		return nil
	}
	if id := textOf(of.ID); id != "" && id != r.ID {
		return fmt.Errorf("it is for the SLO %s", clean(id, 60))
	}
	return nil
}

func (w *wireHistory) decode(r slo.HistoryRequest) (slo.History, error) {
	h := slo.History{Window: r.Window, Type: w.kind()}
	keys := w.budgetKeys(r)
	var err error
	if h.Overall, err = decodeTrack("overall", w.Overall, keys); err != nil {
		return slo.History{}, err
	}
	if h.Groups, err = decodeTracks("group", w.Groups, keys); err != nil {
		return slo.History{}, err
	}
	if h.Monitors, err = decodeTracks("monitor", w.Monitors, keys); err != nil {
		return slo.History{}, err
	}
	if h.Type == slo.Metric {
		w.sums(&h)
	}
	return h, nil
}

// kind is the type of the SLO in words, also where only its number was sent.
func (w *wireHistory) kind() slo.Type {
	if t := textOf(w.Type); t != "" {
		return slo.Type(t)
	}
	switch string(w.TypeID) {
	case "0":
		return slo.Monitor
	case "1":
		return slo.Metric
	case "2":
		return slo.TimeSlice
	}
	return ""
}

// budgetKeys are the names, best first, under which the budget that was asked
// for may stand: "custom" for a target that was sent along, else that of the
// timeframe which is as long as the window, if it has the target that was asked for.
func (w *wireHistory) budgetKeys(r slo.HistoryRequest) []string {
	var keys []string
	if r.Target != 0 {
		keys = append(keys, "custom")
	}
	var thresholds map[string]struct{ Target json.RawMessage }
	if isNull(w.Thresholds) || json.Unmarshal(w.Thresholds, &thresholds) != nil {
		thresholds = nil
	}
	for _, frame := range []slo.Timeframe{slo.SevenDays, slo.ThirtyDays, slo.NinetyDays} {
		if int64(frame) != r.Window.Seconds() {
			continue
		}
		target, err := decodeTarget(thresholds[frame.String()].Target)
		if r.Target == 0 || err == nil && target == r.Target {
			keys = append(keys, frame.String())
		}
	}
	return keys
}

// sums reads how many events a metric SLO counted.
func (w *wireHistory) sums(h *slo.History) {
	var series struct {
		Numerator, Denominator struct{ Sum json.RawMessage }
	}
	if isNull(w.Series) {
		return
	}
	if json.Unmarshal(w.Series, &series) != nil {
		h.Overall.Problem = joined(h.Overall.Problem, "series has no numerator and denominator")
		return
	}
	var odd string
	if h.Good, odd = figureOf("series.numerator.sum", series.Numerator.Sum); odd != "" {
		h.Overall.Problem = joined(h.Overall.Problem, odd)
	}
	if h.Valid, odd = figureOf("series.denominator.sum", series.Denominator.Sum); odd != "" {
		h.Overall.Problem = joined(h.Overall.Problem, odd)
	}
}

func decodeTracks(what string, raw json.RawMessage, keys []string) ([]slo.Track, error) {
	if isNull(raw) {
		return nil, nil
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return nil, fmt.Errorf("%ss is not a list", what)
	}
	var tracks []slo.Track
	for i, e := range elements {
		t, err := decodeTrack(fmt.Sprintf("%s number %d", what, i+1), e, keys)
		if err != nil {
			return nil, err
		}
		tracks = append(tracks, t)
	}
	return tracks, nil
}

// decodeTrack reads one line of a history. Where names it for errors.
func decodeTrack(where string, raw json.RawMessage, keys []string) (slo.Track, error) {
	var w struct {
		Name, Group, History, Uptime, Precision, Preview, Errors, State json.RawMessage

		MonitorID     json.RawMessage `json:"monitor_id"`
		SLI           json.RawMessage `json:"sli_value"`
		SpanPrecision json.RawMessage `json:"span_precision"`
		Remaining     json.RawMessage `json:"error_budget_remaining"`
	}
	if isNull(raw) || json.Unmarshal(raw, &w) != nil {
		return slo.Track{}, fmt.Errorf("%s is not an object", where)
	}
	t := slo.Track{Name: textOf(w.Name), Preview: string(w.Preview) == "true"}
	if t.Name == "" {
		t.Name = textOf(w.Group)
	}
	if id, err := integerOf(w.MonitorID); err == nil && id > 0 {
		t.MonitorID = id
	}
	var err error
	if t.Transitions, err = decodeTransitions(w.History); err != nil {
		return slo.Track{}, fmt.Errorf("%s: %w", where, err)
	}
	// sli_value was once called uptime.
	name, value := "sli_value", w.SLI
	if isNull(value) {
		name, value = "uptime", w.Uptime
	}
	var odd [2]string
	t.Attainment, odd[0] = figureOf(name, value)
	t.Remaining, odd[1] = keyedFigure("error_budget_remaining", w.Remaining, keys)
	said, void := trackErrors(w.Errors)
	if void {
		// Whatever stands in the place of a figure is none.
		t.Attainment, t.Remaining = slo.Figure{}, slo.Figure{}
	}
	t.Problem, t.Erred = joined(joined(said, odd[0]), odd[1]), said != ""
	if state := clean(textOf(w.State), 40); !t.Attainment.IsKnown() && t.Problem == "" && state != "" {
		t.Problem = "the state is " + state
	}
	if t.Decimals = decimalsOf(w.SpanPrecision); t.Decimals < 0 {
		t.Decimals = decimalsOf(keyed(w.Precision, keys))
	}
	return t, nil
}

// decodeTransitions reads pairs of a Unix second and a state.
func decodeTransitions(raw json.RawMessage) ([]slo.Transition, error) {
	if isNull(raw) {
		return nil, nil
	}
	var pairs []json.RawMessage
	if json.Unmarshal(raw, &pairs) != nil {
		return nil, fmt.Errorf("history is not a list of transitions")
	}
	transitions := make([]slo.Transition, len(pairs))
	for i, p := range pairs {
		var pair []json.RawMessage
		bad := fmt.Errorf("transition number %d is %s, not a second and a state (0, 1 or 2)", i+1, clean(string(p[:min(len(p), 80)]), 60))
		if json.Unmarshal(p, &pair) != nil || len(pair) != 2 {
			return nil, bad
		}
		at, err1 := integerOf(pair[0])
		state, err2 := integerOf(pair[1])
		if err1 != nil || err2 != nil || at < 0 || at > 1e11 || state < 0 || state > 2 {
			return nil, bad
		}
		transitions[i] = slo.Transition{At: at, State: slo.Condition(state)}
	}
	return transitions, nil
}

// keyed is the entry of a map from timeframes that is wanted, or the value
// itself where the server sent no map.
func keyed(raw json.RawMessage, keys []string) json.RawMessage {
	var entries map[string]json.RawMessage
	if isNull(raw) || json.Unmarshal(raw, &entries) != nil {
		return raw
	}
	for _, k := range keys {
		if !isNull(entries[k]) {
			return entries[k]
		}
	}
	return nil
}

func keyedFigure(name string, raw json.RawMessage, keys []string) (slo.Figure, string) {
	return figureOf(name, keyed(raw, keys))
}

// trackErrors is what a history says went wrong, in Datadog's words; void
// reports that there is no figure for that reason.
func trackErrors(raw json.RawMessage) (said string, void bool) {
	for _, e := range listOf(raw) {
		var w struct {
			Type    json.RawMessage `json:"error_type"`
			Message json.RawMessage `json:"error_message"`
		}
		text := textOf(e)
		if text == "" && !isNull(e) && json.Unmarshal(e, &w) == nil {
			text = textOf(w.Message)
			if kind := textOf(w.Type); kind != "" {
				text = strings.TrimSpace(text + " (" + kind + ")")
				void = void || kind == "NO_RESULTS" || kind == "ZERO_VALUED_DENOMINATOR"
			}
		}
		if text == "" && !isNull(e) {
			text = string(e[:min(len(e), 200)])
		}
		said = joined(said, clean(text, 200))
	}
	return said, void
}
