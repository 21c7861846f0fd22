package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
)

type uptimesRequest struct {
	From      *int64   `json:"from_ts"`
	To        *int64   `json:"to_ts"`
	PublicIDs []string `json:"public_ids"`
}

// uptimes is POST /api/v1/synthetics/tests/uptimes: the uptime of tests
// without an SLO, and so without corrections. Tests that do not exist are left out.
func (s *Server) uptimes(c call) (any, error) {
	var in uptimesRequest
	if err := json.NewDecoder(c.Body).Decode(&in); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, failure(http.StatusRequestEntityTooLarge, "Request body is too large")
		}
		return nil, badRequest("Invalid JSON: %v", err)
	}
	if in.From == nil || in.To == nil || len(in.PublicIDs) == 0 {
		return nil, badRequest("Invalid request: from_ts, to_ts and public_ids are required")
	}
	if err := checkWindow(*in.From, *in.To); err != nil {
		return nil, err
	}
	window := span{*in.From, min(*in.To, c.now)}
	answer := []any{}
	for _, id := range in.PublicIDs {
		for _, m := range s.monitors {
			if m.Test == "" || m.Test != id {
				continue
			}
			st := m.stood(nil, c.now, false)
			groups := []any{}
			for _, g := range st.groups {
				w := uptimeWire(g, window)
				w["group"] = g.name
				groups = append(groups, w)
			}
			answer = append(answer, map[string]any{
				"from_ts": *in.From, "to_ts": *in.To, "public_id": id, "groups": groups,
				"overall": uptimeWire(part{name: m.Name, track: st.whole, monitor: m}, window),
			})
		}
	}
	return answer, nil
}

func uptimeWire(p part, window span) map[string]any {
	f := ofTrack(p.track, window, window.seconds(), nil, false)
	w := map[string]any{
		"name": p.name, "preview": false, "monitor_type": p.monitor.Type, "monitor_modified": p.monitor.Modified.Unix() + p.monitor.shift,
		"errors": nil, "span_precision": f.spanPrecision, "history": p.track.transitions(window),
	}
	if f.problem != nil {
		w["errors"] = []*problem{f.problem}
		return w
	}
	w["uptime"] = f.sli
	return w
}
