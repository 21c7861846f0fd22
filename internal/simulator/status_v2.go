package simulator

import (
	"net/http"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// statusV2 is GET /api/v2/slo/{id}/status: the figure of any window, by the
// target of that length, else by the primary one. For monitors the error
// budget is always 0, a known mistake of Datadog's.
func (s *Server) statusV2(c call) (any, error) {
	o := s.slo(c.args[0])
	if o == nil {
		return nil, failure(http.StatusNotFound, "SLO not found: %s not found", c.args[0])
	}
	window, err := c.window()
	if err != nil {
		return nil, err
	}
	uncorrected, err := c.boolean("disable_corrections", false)
	if err != nil {
		return nil, err
	}
	f, err := s.figure(o, asked{window: window, now: c.now, uncorrected: uncorrected})
	if err != nil {
		return nil, err
	}
	t := o.primary()
	for _, other := range o.Thresholds {
		if timeframeSeconds(other.Timeframe) == window.seconds() {
			t = other
		}
	}
	left, raw := f.remaining(t.Target), f.remainingRaw(t.Target)
	if o.Type == scenario.TypeMonitor && f.sli != nil {
		zero := 0.0
		left, raw = &zero, &rawBudget{0, f.unit}
	}
	return jsonAPI(o.ID, "slo_status", map[string]any{
		"sli": f.sli, "state": f.state(t.Target, t.Warning), "span_precision": f.spanPrecision,
		"error_budget_remaining": left, "raw_error_budget_remaining": raw,
	}), nil
}
