package report

import (
	"time"

	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
)

// The JSON document of `slo investigate`; schema/investigate.schema.json describes it.

type investigateJSON struct {
	Schema string    `json:"schema"`
	At     time.Time `json:"at"`
	Site   *string   `json:"site"`
	// Service is null for an exported series, and where there are several.
	Service   *string       `json:"service"`
	Services  []string      `json:"services"`
	Env       *string       `json:"env"`
	From      time.Time     `json:"from"`
	To        time.Time     `json:"to"`
	Anomalies []anomalyJSON `json:"anomalies"`
	LookedAt  lookedAtJSON  `json:"looked_at"`
	Notes     []noteJSON    `json:"notes"`
}

// scoredJSON is the document with the scores of an exported series.
type scoredJSON struct {
	investigateJSON
	Scores []float64 `json:"scores"`
}

type lookedAtJSON struct {
	Places []placeJSON `json:"places"`
	// Endpoints is how many of the Known ones were looked at one by one.
	Endpoints   int        `json:"endpoints"`
	Known       int        `json:"known"`
	HistoryFrom *time.Time `json:"history_from"`
	Step        *int64     `json:"step"`
}

type placeJSON struct {
	Service   string   `json:"service"`
	Env       *string  `json:"env"`
	Operation *string  `json:"operation"`
	Requests  *float64 `json:"requests"`
}

type anomalyJSON struct {
	Service  *string      `json:"service"`
	Resource *string      `json:"resource"`
	Signal   *string      `json:"signal"`
	Kind     anomaly.Kind `json:"kind"`
	Start    time.Time    `json:"start"`
	End      *time.Time   `json:"end"`
	Observed *float64     `json:"observed"`
	// ObservedFrom is the start of what Observed and Expected are means over, up to the end.
	ObservedFrom time.Time       `json:"observed_from"`
	Expected     *float64        `json:"expected"`
	Ratio        *float64        `json:"ratio"`
	Score        *float64        `json:"score"`
	BudgetSpent  []costJSON      `json:"budget_spent"`
	Contributors []resourceShare `json:"contributors"`
	Nearby       []nearbyJSON    `json:"nearby"`
	Query        *string         `json:"query"`
	URL          *string         `json:"url"`

	Env       *string      `json:"env"`
	Operation *string      `json:"operation"`
	Tag       *string      `json:"tag"`
	Text      string       `json:"text"`
	Unit      string       `json:"unit"`
	Spread    *float64     `json:"spread"`
	Peak      *float64     `json:"peak"`
	Record    *float64     `json:"record"`
	Small     bool         `json:"small"`
	Short     bool         `json:"short_history"`
	Shown     bool         `json:"shown"`
	Hidden    *string      `json:"hidden"`
	Statuses  []groupShare `json:"statuses"`
	Versions  []groupShare `json:"versions"`
	// Resolution is how exact start and end are, in seconds.
	Resolution *int64 `json:"resolution"`
}

type costJSON struct {
	SLOID string `json:"slo_id"`
	// Percent was spent in the stretch, and Usual in the same hours whole weeks before.
	Percent   *float64 `json:"percent"`
	Usual     *float64 `json:"usual_percent"`
	Name      string   `json:"name"`
	Timeframe string   `json:"timeframe"`
}

type resourceShare struct {
	Resource string   `json:"resource"`
	Share    *float64 `json:"share"`
}

type groupShare struct {
	Name  string   `json:"name"`
	Share *float64 `json:"share"`
}

type nearbyJSON struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Title   string    `json:"title"`
	Service *string   `json:"service"`
	Env     *string   `json:"env"`
	Version *string   `json:"version"`
}

func (v investigationView) payload() any {
	r := v.Report
	doc := investigateJSON{
		Schema: "slo.investigate/v1", At: v.At.UTC(), Site: textOrNull(v.Site), Services: []string{},
		From: instant(r.Span.Start), To: instant(r.Span.End),
		Anomalies: make([]anomalyJSON, 0, len(r.Findings)), Notes: notesJSON(r.Notes),
		LookedAt: lookedAtJSON{Places: []placeJSON{}, Endpoints: r.Endpoints, Known: r.Known, HistoryFrom: instantOrNull(r.History), Step: lengthOrNull(r.Step)},
	}
	if v.At.IsZero() {
		doc.At = instant(r.Span.End) // an exported series has no other now
	}
	var envs []string
	if !v.Exported {
		for _, p := range r.Places {
			doc.Services, envs = append(doc.Services, p.Service), append(envs, p.Env)
			doc.LookedAt.Places = append(doc.LookedAt.Places, placeJSON{
				p.Service, textOrNull(p.Env), textOrNull(p.Operation.Name), finite(p.Requests).Pointer(),
			})
		}
		doc.Services = append([]string{}, distinct(doc.Services)...)
		doc.Service, doc.Env = onlyOne(doc.Services), onlyOne(distinct(envs))
	}
	for _, f := range r.Findings {
		doc.Anomalies = append(doc.Anomalies, v.anomaly(f))
	}
	if v.Scores != nil {
		scores := make([]float64, len(v.Scores))
		for i, s := range v.Scores {
			scores[i], _ = finite(s).Value() // what nothing can be said of scores 0
		}
		return scoredJSON{doc, scores}
	}
	return doc
}

func (v investigationView) anomaly(f investigation.Finding) anomalyJSON {
	m := v.measured(f)
	j := anomalyJSON{
		Signal: textOrNull(string(f.Signal)), Kind: f.Kind, Start: instant(startOf(f)), End: instantOrNull(endOf(f)),
		ObservedFrom: instant(observedFrom(f)),
		Observed:     finite(m.observed).Pointer(), Expected: finite(m.expected).Pointer(), Ratio: finite(m.ratio()).Pointer(),
		Score: finite(f.Score).Pointer(), BudgetSpent: make([]costJSON, 0, len(f.Costs)),
		Contributors: make([]resourceShare, 0, len(f.Contributors)), Nearby: make([]nearbyJSON, 0, len(f.Nearby)),
		Query: textOrNull(f.Query), URL: textOrNull(v.link(f)),
		Text: v.sentence(f), Unit: m.machineUnit(), Spread: finite(m.spread).Pointer(), Peak: finite(m.peak).Pointer(),
		Record: finite(f.Record).Pointer(), Small: f.Small, Short: f.Short, Shown: f.Shown, Hidden: textOrNull(f.Hidden),
		Statuses: groupShares(f.Statuses), Versions: groupShares(f.Versions), Resolution: lengthOrNull(f.Resolution),
	}
	if !v.Exported {
		j.Service, j.Resource, j.Tag = textOrNull(f.Place.Service), textOrNull(f.Resource), textOrNull(f.Tag)
		j.Env, j.Operation = textOrNull(f.Place.Env), textOrNull(f.Place.Operation.Name)
	}
	for _, c := range f.Costs {
		j.BudgetSpent = append(j.BudgetSpent, costJSON{c.ID, finite(c.Percent).Pointer(), finite(c.Usual).Pointer(), c.Name, c.Timeframe.String()})
	}
	for _, s := range f.Contributors {
		j.Contributors = append(j.Contributors, resourceShare{s.Name, finite(s.Share).Pointer()})
	}
	for _, e := range f.Nearby {
		j.Nearby = append(j.Nearby, nearbyJSON{
			instant(e.At), string(e.Kind), e.Title, textOrNull(e.Service), textOrNull(e.Env), textOrNull(e.Version),
		})
	}
	return j
}

func groupShares(shares []investigation.Share) []groupShare {
	out := make([]groupShare, 0, len(shares))
	for _, s := range shares {
		out = append(out, groupShare{s.Name, finite(s.Share).Pointer()})
	}
	return out
}

// onlyOne is the one of a list of one, else null.
func onlyOne(list []string) *string {
	if len(list) != 1 {
		return nil
	}
	return textOrNull(list[0])
}

// lengthOrNull is a length of time in seconds, null where it is not known.
func lengthOrNull(seconds int64) *int64 {
	if seconds <= 0 {
		return nil
	}
	return &seconds
}
