package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/endpoint"
	"github.com/slo-cli/slo/pkg/slo"
)

// EndpointReport is what `slo endpoints` found out.
type EndpointReport struct {
	Table endpoint.Table
	// Sort is one of endpoint.Sorts, Limit how many lines there are before they
	// become others; 0 is no limit.
	Sort  string
	Limit int
	At    time.Time
	Site  string
	// Link is where the spans of a group are seen, by its tag; the empty tag is
	// the whole. Nil or empty when nowhere.
	Link func(tag string) string
	// Zone is where people read the clock.
	Zone *time.Location
}

// Endpoints is each endpoint of a service beside an earlier stretch.
func Endpoints(e EndpointReport) document.Document {
	if e.Zone == nil {
		e.Zone = time.UTC
	}
	v := endpointView{EndpointReport: e}
	v.rows, v.others = e.Table.Top(e.Sort, e.Limit)
	return document.Document{
		Title:   v.title(),
		Lead:    v.lead(),
		Tables:  []document.Table{v.table()},
		Notes:   v.notes(),
		Payload: v.payload(),
	}
}

type endpointView struct {
	EndpointReport
	rows   []endpoint.Row
	others *endpoint.Row
}

// noun is what a row is.
func (v endpointView) noun() string {
	switch v.Table.By {
	case endpoint.ByVersion, endpoint.ByEnv:
		return string(v.Table.By)
	case endpoint.ByStatus:
		return "status class"
	case endpoint.ByEndpoint:
	}
	return "endpoint"
}

func (v endpointView) nouns(n int) string {
	if v.Table.By == endpoint.ByStatus && n != 1 {
		return fmt.Sprintf("%d status classes", n)
	}
	return plural(n, v.noun())
}

func (v endpointView) title() string {
	p := v.Table.Place
	title := oneLine(p.Service)
	if p.Env != "" && v.Table.By != endpoint.ByEnv {
		title += " (" + oneLine(p.Env) + ")"
	}
	if p.Operation.Name != "" {
		title += ", " + oneLine(p.Operation.Name)
	}
	return fmt.Sprintf("%s: %s, %s", title, v.nouns(len(v.Table.Rows)), stretchOf(v.Table.Span.Start, v.Table.Span.End, v.Zone))
}

// held says what the figures are held against.
func (v endpointView) held() string {
	b := v.Table.Baseline
	if b.Empty() {
		return "There is nothing to hold this against."
	}
	var kind string
	switch v.Table.BaselineKind {
	case endpoint.Week:
		weeks := (v.Table.Span.Start - b.Start) / (7 * int64(slo.Day))
		kind = "the same hours a week earlier, "
		if weeks > 1 {
			kind = fmt.Sprintf("the same hours %d weeks earlier, ", weeks)
		}
	case endpoint.Previous:
		kind = "the same length right before, "
	case endpoint.Release:
		kind = "the same length right before the release, "
	case endpoint.Chosen:
	}
	return "Held against " + kind + stretchOf(b.Start, b.End, v.Zone) + "."
}

// lead is the service as a whole, who changed it most, and what it is held against.
func (v endpointView) lead() []string {
	if v.empty() {
		if slices.ContainsFunc(v.Table.Notes, func(n slo.Note) bool { return n.Code == endpoint.NoteAllExcluded }) {
			return []string{fmt.Sprintf("Nothing is left of %s without the excluded endpoints.", oneLine(v.Table.Place.Service)), v.held()}
		}
		return []string{fmt.Sprintf("No request to %s in this stretch or in the earlier one.", oneLine(v.Table.Place.Service)), v.held()}
	}
	now, before := v.Table.Total.Now, v.Table.Total.Before
	parts := []string{v.volume(now, before), v.failing(now, before)}
	if p := now.P95; !math.IsNaN(p) {
		parts = append(parts, "p95 "+wasBefore(latencyWords(p), before.P95, latencyWords))
	} else if !math.IsNaN(now.Mean) {
		parts = append(parts, "mean latency "+wasBefore(latencyWords(now.Mean), before.Mean, latencyWords))
	}
	lead := []string{strings.Join(nonEmpty(parts), "; ") + "."}
	if s := v.carrier(); s != "" {
		lead = append(lead, s)
	}
	return append(lead, v.held())
}

// empty reports whether there is nothing to show.
func (v endpointView) empty() bool {
	t := v.Table
	return len(t.Rows) == 0 && t.Rest == nil && !(t.Total.Now.Requests > 0) && !(t.Total.Before.Requests > 0)
}

func (v endpointView) volume(now, before endpoint.Figures) string {
	if math.IsNaN(now.Requests) {
		return "Requests are not known"
	}
	s := separated(decimal(now.Requests, 0, document.Nearest)) + " requests"
	if rate := v.perSecond(now.Requests); rate > 0 {
		s += " (" + significant(rate, fewestDigits) + " a second)"
	}
	switch ratio := ratioOf(now.Requests, v.asLong(before.Requests)); {
	case before.Requests == 0:
		s += ", none before"
	case !math.IsNaN(ratio):
		s += ", " + asMany(ratio) + " before"
	}
	return s
}

// asMany holds a number of requests against an earlier one.
func asMany(ratio float64) string {
	words := relation(ratio)
	switch {
	case strings.HasSuffix(words, " times"):
		return words + " as many as"
	case strings.HasSuffix(words, " above"):
		return strings.TrimSuffix(words, " above") + " more than"
	case strings.HasSuffix(words, " below"):
		return strings.TrimSuffix(words, " below") + " fewer than"
	case strings.HasSuffix(words, " of"):
		return words + " those"
	}
	return "about as many as"
}

func (v endpointView) failing(now, before endpoint.Figures) string {
	if math.IsNaN(now.ErrorRate) {
		return ""
	}
	what := "errors "
	if v.Table.Errors == endpoint.ServerErrors || v.Table.Errors == endpoint.ClientErrors {
		what = string(v.Table.Errors) + " "
	}
	return what + wasBefore(rateWords(now.ErrorRate), before.ErrorRate, rateWords)
}

// wasBefore is a value with what it was.
func wasBefore(now string, before float64, words func(float64) string) string {
	if math.IsNaN(before) {
		return now
	}
	return now + " (" + words(before) + " before)"
}

// rateWords says of an error rate what the table does: never less than it is.
func rateWords(rate float64) string {
	return decimal(percentage(rate), errorDecimals(rate), document.Up) + "%"
}

func latencyWords(v float64) string {
	by := measureOf(seconds, math.Abs(v))
	return significant(v*by.factor, fewestDigits) + by.unit
}

// worthCarrying is the share of a change from which on it is told whose it is,
// and the change of all requests that is worth it.
const (
	worthCarrying = 0.3
	worthChange   = 0.05
)

// carrier names whoever has the largest part of the change of requests.
func (v endpointView) carrier() string {
	if ratio := ratioOf(v.Table.Total.Now.Requests, v.asLong(v.Table.Total.Before.Requests)); !(math.Abs(ratio-1) >= worthChange) {
		return ""
	}
	var most *endpoint.Row
	for i, r := range v.Table.Rows {
		if !math.IsNaN(r.ChangeShare) && (most == nil || r.ChangeShare > most.ChangeShare) {
			most = &v.Table.Rows[i]
		}
	}
	if most == nil || most.ChangeShare < worthCarrying {
		return ""
	}
	return fmt.Sprintf("The largest part of the change of requests is that of %s: %s.", shortened(v.name(*most), longestName), shareWords(most.ChangeShare))
}

func (v endpointView) name(r endpoint.Row) string {
	return cmp.Or(oneLine(r.Name), oneLine(r.Tag), "(no name)")
}

// perSecond is a count as a rate over the stretch.
func (v endpointView) perSecond(count float64) float64 {
	if s := v.Table.Span.Seconds(); s > 0 {
		return count / float64(s)
	}
	return math.NaN()
}

// asLong is a count of the baseline as if that were as long as the span.
func (v endpointView) asLong(count float64) float64 {
	span, baseline := v.Table.Span.Seconds(), v.Table.Baseline.Seconds()
	if baseline <= 0 {
		return math.NaN()
	}
	if span == baseline {
		return count
	}
	return count * float64(span) / float64(baseline)
}

// ratioOf is NaN where it is no number.
func ratioOf(now, before float64) float64 {
	if !(before > 0) || !(now >= 0) {
		return math.NaN()
	}
	return now / before
}

func (v endpointView) notes() []string {
	var out []string
	for _, n := range distinct(v.Table.Notes) {
		out = append(out, n.Text)
	}
	return out
}
