package simulator_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// In the world of reasons Datadog's own figures differ from the documented
// reckoning, which is what they would be without deviations, but where they
// ought to agree.
func TestReasonsMakeADifference(t *testing.T) {
	t.Parallel()
	w := world(t, "reasons")
	documented := *w
	documented.SLOs = slices.Clone(w.SLOs)
	for i := range documented.SLOs {
		documented.SLOs[i].Own = scenario.OwnFigure{}
	}
	figures := func(w *scenario.World) map[string]float64 {
		s := serve(t, simulator.Config{World: w})
		all := map[string]float64{}
		for _, o := range get[searchAnswer](t, s, "/api/v1/slo/search?page[size]=100").Data.Attributes.SLOs {
			all[o.Data.Attributes.Name] = *o.Data.Attributes.Overall[0].Status
		}
		return all
	}
	own, reckoned := figures(w), figures(&documented)
	if len(own) < 12 {
		t.Errorf("only %d SLOs", len(own))
	}
	for name, figure := range own {
		difference := math.Abs(figure - reckoned[name])
		if agrees := strings.HasPrefix(name, "agrees"); agrees && difference != 0 || !agrees && difference < 0.04 {
			t.Errorf("%s: Datadog says %v, the documented figure is %v", name, figure, reckoned[name])
		}
	}
	s := serve(t, simulator.Config{World: w})
	at := "/api/v1/slo/%s/history?from_ts=%d&to_ts=%d"
	to := w.Now.Unix() - 600
	for _, o := range w.SLOs {
		past := get[timeHistory](t, s, fmt.Sprintf(at, o.ID, to-7*86400, to)).Data.Overall
		if preview := past.Preview != nil && *past.Preview; preview != o.Own.Preview {
			t.Errorf("%s: preview is %v", o.Name, preview)
		}
		if d := o.Own.Decimals; d != nil && *past.SpanPrecision != *d {
			t.Errorf("%s: span_precision is %d for %d decimals", o.Name, *past.SpanPrecision, *d)
		}
	}
}

// The transitions are those of the documentation, whatever the figure says:
// what deviates is only the figure.
func TestTransitionsDoNotDeviate(t *testing.T) {
	t.Parallel()
	w := world(t, "reasons")
	documented := *w
	documented.SLOs = slices.Clone(w.SLOs)
	for i := range documented.SLOs {
		documented.SLOs[i].Own = scenario.OwnFigure{}
	}
	s, plain := serve(t, simulator.Config{World: w}), serve(t, simulator.Config{World: &documented})
	now := w.Now.Unix()
	for _, o := range w.SLOs {
		// A correction that is ignored, or has other edges, shows in slices.
		if o.Type == scenario.TypeMetric || o.Type == scenario.TypeTimeSlice && (o.Own.IgnoreCorrections || o.Own.Edge != "") {
			continue
		}
		own, reckoned := timeBased(t, s, o.ID, now-7*86400, now, "").Data, timeBased(t, plain, o.ID, now-7*86400, now, "").Data
		if diff := cmp.Diff(reckoned.Overall.History, own.Overall.History); diff != "" {
			t.Errorf("%s (-documented +own):\n%s", o.Name, diff)
		}
		if len(own.Groups) != len(reckoned.Groups) {
			t.Errorf("%s: %d groups, want %d", o.Name, len(own.Groups), len(reckoned.Groups))
		}
	}
}

// The raw budget follows a figure that nothing explains.
func TestOffFigureHasItsBudget(t *testing.T) {
	t.Parallel()
	w := world(t, "reasons")
	s := serve(t, simulator.Config{World: w})
	now := w.Now.Unix()
	a := get[statusAnswer](t, s, fmt.Sprintf("/api/v2/slo/%s/status?from_ts=%d&to_ts=%d", named(t, w, "unexplained: inventory").ID, now-7*86400, now)).Data.Attributes
	// 1 % of 60,480,000 less 0.774464 %
	if math.Abs(a.Raw.Value-136404) > 5 || a.Raw.Unit != "requests" || math.Abs(*a.Remaining-22.554) > 0.001 {
		t.Errorf("raw %+v, remaining %v", *a.Raw, *a.Remaining)
	}
}
