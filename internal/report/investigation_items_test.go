package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// details are what explains the only finding, by label.
func details(t *testing.T, f investigation.Finding) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, d := range report.Investigation(investigated(f)).Items[0].Details {
		all[d.Label] = append(all[d.Label], d.Text)
	}
	return all
}

// A cost is told where the same hours usually cost less.
func TestInvestigationCosts(t *testing.T) {
	t.Parallel()
	missing := timeseries.Missing
	for _, c := range []struct {
		kind           anomaly.Kind
		percent, usual float64
		weeks          int
		want           string
	}{
		{anomaly.Spike, 79.9, 0.13, 1, "80% of the 30d budget of a (0.1% in the same hours a week before)"},
		{anomaly.Spike, 24, 0.03, 2, "24% of the 30d budget of a (less than 0.1% in the same hours 2 weeks before)"},
		{anomaly.Spike, 24, 12, 1, "24% of the 30d budget of a (12% in the same hours a week before)"},
		{anomaly.Spike, 24, 12.1, 1, ""},
		{anomaly.Spike, 0.99, 0, 1, ""},
		{anomaly.Spike, 24, missing, 1, "24% of the 30d budget of a"},
		{anomaly.Silence, 24, missing, 1, ""},
		{anomaly.Silence, 24, 0, 1, "24% of the 30d budget of a (0% in the same hours a week before)"},
		{anomaly.Gone, 24, 0, 1, ""},
		{anomaly.New, 24, 0, 1, ""},
		{anomaly.Spike, missing, 0, 1, "an unknown part of the 30d budget of a (0% in the same hours a week before)"},
	} {
		got := strings.Join(details(t, found(investigation.Requests, c.kind, 5150, 500, 60, func(f *investigation.Finding) {
			f.Costs = []investigation.Cost{{ID: "a", Name: "a", Percent: c.percent, Usual: c.usual, Weeks: c.weeks, Timeframe: slo.ThirtyDays}}
		}))["cost"], "; ")
		if got != c.want {
			t.Errorf("%s of %v%%, usually %v%%: %q, want %q", c.kind, c.percent, c.usual, got, c.want)
		}
	}
}

// What happened nearby begins with its kind, once.
func TestInvestigationEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  timeseries.EventKind
		title string
		after int64
		want  string
	}{
		{timeseries.Deployment, "2.41.0", -120, "13:50 UTC deployment 2.41.0, 2 minutes before"},
		{timeseries.Deployment, "Deployed checkout 2.41.0", 30, "13:52 UTC deployment checkout 2.41.0, as it began"},
		{timeseries.Deployment, "Deployment: 2.41.0", 0, "13:52 UTC deployment 2.41.0, as it began"},
		{timeseries.Deployment, "checkout 2.41.0 deployed", 100, "13:53 UTC deployment checkout 2.41.0, 1 minute after it began"},
		{timeseries.Deployment, "", 0, "13:52 UTC deployment, as it began"},
		{timeseries.MonitorAlert, "Monitor of payments", 700, "14:03 UTC monitor of payments, 11 minutes after it began"},
		{timeseries.StatusCorrection, "status correction of a", 0, "13:52 UTC status correction of a, as it began"},
		{timeseries.OtherEvent, "Newsletter sent", 0, "13:52 UTC event Newsletter sent, as it began"},
	} {
		got := details(t, found(investigation.Requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) {
			f.Nearby = []timeseries.Event{{At: tuesday + c.after, Kind: c.kind, Title: c.title}}
		}))["nearby"]
		if len(got) != 1 || got[0] != "2026-11-10 "+c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.title, got, c.want)
		}
	}
}

// What a time cost is told once, by its most important finding.
func TestInvestigationCostIsToldOnce(t *testing.T) {
	t.Parallel()
	cost := []investigation.Cost{{ID: "a", Name: "a", Percent: 24, Usual: 1, Weeks: 1, Timeframe: slo.ThirtyDays}}
	burst := found(investigation.ErrorRate, anomaly.Burst, 0.1, 0.001, 0.001, func(f *investigation.Finding) { f.Costs = cost })
	spike := found(investigation.Requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) { f.Costs, f.Start = cost, f.Start+60 })
	later := found(investigation.Requests, anomaly.Spike, 5150, 500, 60, func(f *investigation.Finding) {
		f.Costs, f.Start, f.End = cost, f.Start+aDay, f.End+aDay
	})
	var told []bool
	for _, item := range report.Investigation(investigated(burst, spike, later)).Items {
		costs := false
		for _, d := range item.Details {
			costs = costs || d.Label == "cost"
		}
		told = append(told, costs)
	}
	if len(told) != 3 || !told[0] || told[1] || !told[2] {
		t.Errorf("costs are told of %v", told)
	}
}

// What rises slowly and goes on is told as far as it has come; everything else
// over its whole stretch.
func TestSinceWhenValuesAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    investigation.Finding
		want int64
	}{
		{found(investigation.Requests, anomaly.Drift, 900, 500, 60, ofDays), tuesday - 120 + 4*aDay},
		{found(investigation.Requests, anomaly.Drift, 900, 500, 60, lasting), tuesday},
		{found(investigation.Requests, anomaly.Shift, 900, 500, 60, ofDays), tuesday},
		{found(investigation.Requests, anomaly.Spike, 900, 500, 60, nil), tuesday},
	} {
		written, err := json.Marshal(report.Investigation(investigated(c.f)).Payload)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Anomalies []struct {
				From time.Time `json:"observed_from"`
			} `json:"anomalies"`
		}
		if err := json.Unmarshal(written, &doc); err != nil || doc.Anomalies[0].From.Unix() != c.want {
			t.Errorf("%s from %s, want %d (%v)", c.f.Kind, doc.Anomalies[0].From, c.want, err)
		}
	}
}
