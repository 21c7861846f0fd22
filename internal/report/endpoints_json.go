package report

import (
	"time"

	"github.com/slo-cli/slo/internal/endpoint"
)

// The JSON document of `slo endpoints`; schema/endpoints.schema.json describes it.

type endpointsJSON struct {
	Schema       string             `json:"schema"`
	Service      string             `json:"service"`
	Env          *string            `json:"env"`
	Operation    *string            `json:"operation"`
	From         time.Time          `json:"from"`
	To           time.Time          `json:"to"`
	Baseline     *endpointsBaseJSON `json:"baseline"`
	Endpoints    []endpointJSON     `json:"endpoints"`
	ServiceTotal endpointJSON       `json:"service_total"`

	At   time.Time `json:"at"`
	Site *string   `json:"site"`
	// By is what the rows are, Errors what counts as an error.
	By           string  `json:"by"`
	Errors       string  `json:"errors"`
	BaselineKind *string `json:"baseline_kind"`
	// Groups is how many rows there are with those that Others sums up.
	Groups int           `json:"groups"`
	Others *endpointJSON `json:"others"`
	// Rest is what the total has beyond all rows, Coverage their share of its requests.
	Rest     *endpointJSON `json:"rest"`
	Coverage *float64      `json:"coverage"`
	Notes    []noteJSON    `json:"notes"`
}

type endpointsBaseJSON struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

type endpointJSON struct {
	Resource *string `json:"resource"`
	figuresJSON
	Baseline figuresJSON        `json:"baseline"`
	Change   endpointChangeJSON `json:"change"`
	URL      *string            `json:"url"`

	// Group is the tag of a row by version, status or env; Tag that of any row.
	Group *string            `json:"group"`
	Tag   *string            `json:"tag"`
	Share endpointSharesJSON `json:"share"`
	Trend []*float64         `json:"trend"`
	New   bool               `json:"new"`
	Gone  bool               `json:"gone"`
}

type figuresJSON struct {
	Requests          *float64    `json:"requests"`
	Errors            *float64    `json:"errors"`
	ErrorRate         *float64    `json:"error_rate"`
	Latency           latencyJSON `json:"latency"`
	RequestsPerSecond *float64    `json:"requests_per_second"`
}

type latencyJSON struct {
	Avg *float64 `json:"avg"`
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
}

type endpointChangeJSON struct {
	RequestsRatio  *float64 `json:"requests_ratio"`
	ErrorRateDelta *float64 `json:"error_rate_delta"`
	P95Ratio       *float64 `json:"p95_ratio"`
	AvgRatio       *float64 `json:"avg_ratio"`
	P50Ratio       *float64 `json:"p50_ratio"`
	P99Ratio       *float64 `json:"p99_ratio"`
}

// endpointSharesJSON are parts of the total, 0 to 1; Change may be negative or beyond 1.
type endpointSharesJSON struct {
	Requests *float64 `json:"requests"`
	Errors   *float64 `json:"errors"`
	Time     *float64 `json:"time"`
	Change   *float64 `json:"change"`
}

func (v endpointView) payload() endpointsJSON {
	t := v.Table
	doc := endpointsJSON{
		Schema: "slo.endpoints/v1", Service: t.Place.Service, Env: textOrNull(t.Place.Env), Operation: textOrNull(t.Place.Operation.Name),
		From: instant(t.Span.Start), To: instant(t.Span.End), Endpoints: make([]endpointJSON, 0, len(v.rows)),
		ServiceTotal: v.row(lineTotal, t.Total), At: v.At.UTC(), Site: textOrNull(v.Site),
		By: string(t.By), Errors: string(t.Errors), BaselineKind: textOrNull(string(t.BaselineKind)),
		Groups: len(t.Rows), Coverage: finite(t.Coverage).Pointer(), Notes: notesJSON(t.Notes),
	}
	if !t.Baseline.Empty() {
		doc.Baseline = &endpointsBaseJSON{instant(t.Baseline.Start), instant(t.Baseline.End)}
	}
	for _, r := range v.rows {
		doc.Endpoints = append(doc.Endpoints, v.row(v.noun(), r))
	}
	if v.others != nil {
		others := v.row(lineOthers, *v.others)
		doc.Others = &others
	}
	if t.Rest != nil {
		rest := v.row(lineRest, *t.Rest)
		doc.Rest = &rest
	}
	return doc
}

func (v endpointView) row(kind string, r endpoint.Row) endpointJSON {
	c := v.changeOf(r)
	j := endpointJSON{
		figuresJSON: v.figures(r.Now, v.Table.Span.Seconds()), Baseline: v.figures(r.Before, v.Table.Baseline.Seconds()),
		Change: endpointChangeJSON{
			finite(c.requests).Pointer(), finite(c.errorRate).Pointer(), finite(c.p95).Pointer(),
			finite(c.avg).Pointer(), finite(c.p50).Pointer(), finite(c.p99).Pointer(),
		},
		URL: textOrNull(v.link(kind, r)), Tag: textOrNull(r.Tag),
		Share: endpointSharesJSON{
			finite(r.RequestShare).Pointer(), finite(r.ErrorShare).Pointer(), finite(r.TimeShare).Pointer(), finite(r.ChangeShare).Pointer(),
		},
		Trend: make([]*float64, 0, len(r.Trend)), New: r.New, Gone: r.Gone,
	}
	for _, p := range r.Trend {
		j.Trend = append(j.Trend, finite(p).Pointer())
	}
	if kind == v.noun() {
		if v.Table.By == endpoint.ByEndpoint || v.Table.By == "" {
			name := r.Name
			j.Resource = &name
		} else {
			group := v.group(r)
			j.Group = &group
		}
	}
	return j
}

func (v endpointView) figures(f endpoint.Figures, seconds int64) figuresJSON {
	j := figuresJSON{
		Requests: finite(f.Requests).Pointer(), Errors: finite(f.Errors).Pointer(), ErrorRate: finite(f.ErrorRate).Pointer(),
		Latency: latencyJSON{finite(f.Mean).Pointer(), finite(f.P50).Pointer(), finite(f.P95).Pointer(), finite(f.P99).Pointer()},
	}
	if seconds > 0 {
		j.RequestsPerSecond = finite(f.Requests / float64(seconds)).Pointer()
	}
	return j
}
