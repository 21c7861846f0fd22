package report_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/render"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
)

// written is a document in a format, as it stands in a pipe.
func written(t *testing.T, format string, doc document.Document) string {
	t.Helper()
	var out bytes.Buffer
	if err := render.Write(&out, format, doc, render.Options{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func outlook(lines ...evaluation.OutlookLine) report.PlanView {
	return report.PlanView{
		At: time.Unix(to, 0), To: to, Site: "datadoghq.com",
		Outlook: evaluation.Outlook{SLOs: 18, Lines: lines, Notes: []slo.Note{{Code: "listing", Text: "the SLOs of yesterday"}}},
	}
}

// What is known adds up; what is asked in any case comes before what the cache saves.
func TestPlan(t *testing.T) {
	t.Parallel()
	k := slo.Known
	doc := report.Plan(outlook(
		evaluation.OutlookLine{Kind: "slo listing", Asked: k(1), Cached: k(0)},
		evaluation.OutlookLine{Kind: "metric series", Asked: k(3), Cached: k(1200), Detail: "for 30 different queries, from 2026-10-25 on"},
	))
	want := `18 SLOs at 2026-10-26 12:00 UTC: 4 requests to ask, 1200 requests saved by the cache

This is a plan: nothing was asked.

WHAT           REQUESTS  FROM THE CACHE  DETAIL
slo listing           1               0
metric series         3           1,200  for 30 different queries, from 2026-10-25 on
total                 4           1,200

- the SLOs of yesterday
`
	if diff := cmp.Diff(want, written(t, render.FormatTable, doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantJSON := map[string]any{
		"schema": "slo.plan/v1", "at": "2026-10-26T12:00:00Z", "site": "datadoghq.com", "slos": 18.0,
		"requests": []any{
			map[string]any{"kind": "slo listing", "asked": 1.0, "cached": 0.0, "detail": nil},
			map[string]any{"kind": "metric series", "asked": 3.0, "cached": 1200.0, "detail": "for 30 different queries, from 2026-10-25 on"},
		},
		"asked_total": 4.0, "cached_total": 1200.0,
		"notes": []any{map[string]any{"code": "listing", "text": "the SLOs of yesterday"}},
	}
	if diff := cmp.Diff(wantJSON, payload(t, doc)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	wantCSV := `kind,asked,cached,detail
slo listing,1,0,
metric series,3,1200,"for 30 different queries, from 2026-10-25 on"
`
	if diff := cmp.Diff(wantCSV, written(t, render.FormatCSV, doc)); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}

// What depends on answers that are not there is unknown, and so is a total with it.
func TestPlanOfTheUnknown(t *testing.T) {
	t.Parallel()
	view := outlook(
		evaluation.OutlookLine{Kind: "slo listing", Asked: slo.Known(1), Cached: slo.Known(0)},
		evaluation.OutlookLine{Kind: "metric series", Detail: "depends on the listing"},
	)
	view.Outlook.SLOs, view.Outlook.Notes = 0, nil
	view.Zone = time.FixedZone("JST", 9*3600)
	doc := report.Plan(view)
	want := `a run at 2026-10-26 21:00 JST: at least 1 request to ask, an unknown number of requests saved by the cache

This is a plan: nothing was asked.

WHAT           REQUESTS  FROM THE CACHE  DETAIL
slo listing           1               0
metric series         –               –  depends on the listing
total                 –               –
`
	if diff := cmp.Diff(want, written(t, render.FormatTable, doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got := payload(t, doc)
	for _, key := range []string{"slos", "asked_total", "cached_total"} {
		if v, there := got[key]; v != nil || !there {
			t.Errorf("%s is %v, want null", key, v)
		}
	}
	if diff := cmp.Diff(map[string]any{"kind": "metric series", "asked": nil, "cached": nil, "detail": "depends on the listing"}, got["requests"].([]any)[1]); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if notes, list := got["notes"].([]any); !list || len(notes) > 0 {
		t.Errorf("notes are %v, want an empty list", got["notes"])
	}
}

// Nothing to ask is zero, and known.
func TestPlanOfNothing(t *testing.T) {
	t.Parallel()
	view := outlook()
	view.Outlook = evaluation.Outlook{}
	doc := report.Plan(view)
	want := `0 SLOs at 2026-10-26 12:00 UTC: 0 requests to ask, 0 requests saved by the cache

This is a plan: nothing was asked.

nothing would be asked
`
	if diff := cmp.Diff(want, written(t, render.FormatTable, doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got := payload(t, doc)
	if list, ok := got["requests"].([]any); !ok || len(list) > 0 || got["asked_total"] != 0.0 || got["slos"] != 0.0 {
		t.Errorf("got %v", got)
	}
}
