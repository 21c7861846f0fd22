package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// mostNearby is how many events a finding tells on screen; JSON has all.
const mostNearby = 5

// items are the findings as sentences, with what explains them below.
func (v investigationView) items() []document.Item {
	var items []document.Item
	shown := v.shown()
	for i, f := range shown {
		f.Costs = slices.DeleteFunc(slices.Clone(f.Costs), func(c investigation.Cost) bool { return costTold(shown[:i], f, c) })
		item := document.Item{Text: v.sentence(f), Severity: document.Warn, Details: v.details(f)}
		if !f.Shown {
			item.Severity = document.Muted
		}
		if v.Charts {
			item.Chart = v.chart(f)
		}
		items = append(items, item)
	}
	return items
}

func (v investigationView) details(f investigation.Finding) []document.Detail {
	var out []document.Detail
	add := func(label, text string) {
		if text != "" {
			out = append(out, document.Detail{Label: label, Text: text})
		}
	}
	if !f.Shown && f.Hidden != "" {
		add("left out without --all", oneLine(f.Hidden))
	}
	add("", v.unusual(f))
	// That an endpoint carries itself needs no saying.
	if len(f.Contributors) > 0 && (f.Resource == "" || f.Contributors[0].Name != f.Resource) {
		add("carried by", sharesOf(f.Contributors))
	}
	add("status classes", sharesOf(f.Statuses))
	add("versions", sharesOf(f.Versions))
	add("cost", costOf(f))
	for _, e := range nearest(f) {
		add("nearby", v.event(f, e))
	}
	if more := len(f.Nearby) - mostNearby; more > 0 {
		add("nearby", fmt.Sprintf("and %d more", more))
	}
	if f.Query != "" {
		out = append(out, document.Detail{Label: "query", Text: f.Query, Verbatim: true})
	}
	if link := v.link(f); link != "" {
		out = append(out, document.Detail{Label: "spans", Text: link, Verbatim: true, Link: link})
	}
	return out
}

// unusual says how unusual a finding is, and how exactly its time is known.
func (v investigationView) unusual(f investigation.Finding) string {
	whose := "this endpoint's"
	switch {
	case v.Exported:
		whose = "this series'"
	case f.Resource == "":
		whose = "this service's"
	}
	var parts []string
	// What comes or goes for good has no wobble, and no hours to compare with.
	wobbles := f.Kind != anomaly.New && f.Kind != anomaly.Gone
	if wobbles && f.Score >= 1 && !math.IsInf(f.Score, 0) {
		parts = append(parts, scoreWords(f.Score)+" times "+whose+" usual wobble")
	}
	switch days := v.recordDays(); {
	case !wobbles || days < 2:
	case f.Largest:
		parts = append(parts, fmt.Sprintf("the largest in %d days", days))
	case f.Record > 1: // held against the third largest hour, so more must not be said
		parts = append(parts, fmt.Sprintf("among the three most unusual hours in %d days", days))
	}
	if f.Short {
		parts = append(parts, "too little history to know what is usual at this time of the week")
	}
	switch {
	case f.Resolution <= 60 || f.Kind == anomaly.Drift: // which has no sharp ends
	case endOf(f) == 0:
		parts = append(parts, "its start is known to "+length(f.Resolution))
	default:
		parts = append(parts, "start and end are known to "+length(f.Resolution))
	}
	return strings.Join(parts, ", ")
}

// scoreWords is a score without more digits than it means.
func scoreWords(score float64) string {
	switch {
	case score > 1000:
		return "more than 1,000"
	case score >= 10:
		return decimal(score, 0, document.Down)
	}
	return decimal(score, 1, document.Down)
}

// sharesOf are the first few shares of a change, and what is left of it. One of
// less than half a percent says nothing beside others.
func sharesOf(shares []investigation.Share) string {
	shares = slices.DeleteFunc(slices.Clone(shares), func(s investigation.Share) bool { return math.IsNaN(s.Share) || math.IsInf(s.Share, 0) })
	if len(shares) > 1 && math.Abs(shares[0].Share) >= 0.005 {
		shares = slices.DeleteFunc(shares, func(s investigation.Share) bool { return math.Abs(s.Share) < 0.005 })
	}
	shown := shares[:min(topics, len(shares))]
	if len(shares) == topics+1 {
		shown = shares
	}
	var parts []string
	for _, s := range shown {
		parts = append(parts, shortened(oneLine(s.Name), longestName)+" "+shareWords(s.Share))
	}
	if rest := shares[len(shown):]; len(rest) > 0 {
		sum := 0.0
		for _, s := range rest {
			sum += s.Share
		}
		parts = append(parts, fmt.Sprintf("%d more %s", len(rest), shareWords(sum)))
	}
	return strings.Join(parts, ", ")
}

// shareWords is a share in whole percents, without a nothing or a whole that is none.
func shareWords(share float64) string {
	percent := share * 100
	switch {
	case math.Abs(percent) < 1e-6: // what rounding leaves
		return "0%"
	case percent > 0 && percent < 0.5:
		return "below 1%"
	case percent < 0 && percent > -0.5:
		return "above -1%"
	case percent >= 99.5 && percent < 100-1e-9:
		return "over 99%"
	}
	return separated(decimal(percent, 0, document.Nearest)) + "%"
}

// costOf is what a finding took of error budgets, where it is more than the same
// hours usually take.
func costOf(f investigation.Finding) string {
	var parts []string
	for _, c := range f.Costs {
		if !worthTelling(f, c) {
			continue
		}
		percent := "an unknown part"
		if !math.IsNaN(c.Percent) && !math.IsInf(c.Percent, 0) {
			percent = percentUp(c.Percent)
		}
		part := fmt.Sprintf("%s of the %s budget of %s", percent, c.Timeframe, shortened(oneLine(c.Name), longestName))
		if usual, known := finite(c.Usual).Value(); known {
			part += fmt.Sprintf(" (%s in the same hours %s before)", usualPercent(usual), weeks(c.Weeks))
		}
		parts = append(parts, part)
	}
	return few(parts)
}

// The cost of a finding is told from so many percent of the budget on, and where
// it is so many times what is usual.
const (
	leastCost = 1
	timesCost = 2
)

func worthTelling(f investigation.Finding, c investigation.Cost) bool {
	switch usual, known := finite(c.Usual).Value(); {
	// What was spent while an endpoint is there, or is not, is rarely spent by that.
	case c.Percent < leastCost, f.Kind == anomaly.New, f.Kind == anomaly.Gone:
		return false
	case known:
		return !(c.Percent < timesCost*usual)
	}
	// Fewer requests are not what spends a budget, as far as is known.
	fewer := f.Kind == anomaly.Drop || f.Kind == anomaly.Silence
	return f.Signal != investigation.Requests || !fewer
}

// costTold reports whether a more important finding of the same service and time
// says already what that time took of a budget.
func costTold(before []investigation.Finding, f investigation.Finding, c investigation.Cost) bool {
	const apart = 300
	near := func(a, b int64) bool { return max(a-b, b-a) <= apart }
	return slices.ContainsFunc(before, func(b investigation.Finding) bool {
		return b.Place.Service == f.Place.Service && near(startOf(b), startOf(f)) && near(endOf(b), endOf(f)) &&
			slices.ContainsFunc(b.Costs, func(t investigation.Cost) bool {
				return t.ID == c.ID && t.Timeframe == c.Timeframe && worthTelling(b, t)
			})
	})
}

func usualPercent(v float64) string {
	if v > 0 && v < 0.1 {
		return "less than 0.1%"
	}
	return significant(max(0, v), 1) + "%"
}

func weeks(n int) string {
	if n <= 1 {
		return "a week"
	}
	return fmt.Sprintf("%d weeks", n)
}

// nearest are the events that lie nearest to the start of a finding, in order of time.
func nearest(f investigation.Finding) []timeseries.Event {
	events := slices.Clone(f.Nearby)
	if len(events) > mostNearby {
		start := startOf(f)
		off := func(e timeseries.Event) int64 { return max(e.At-start, start-e.At) }
		slices.SortStableFunc(events, func(a, b timeseries.Event) int { return int(off(a) - off(b)) })
		events = events[:mostNearby]
	}
	slices.SortStableFunc(events, func(a, b timeseries.Event) int { return int(a.At - b.At) })
	return events
}

// event is one thing that happened, and how long before or after the start of a finding.
func (v investigationView) event(f investigation.Finding, e timeseries.Event) string {
	at := ""
	switch off := e.At - e.At%60 - startOf(f); { // by the minutes that are on the line
	case off <= -60:
		at = length(-off) + " before"
	case off < 60:
		at = "as it began"
	default:
		at = length(off) + " after it began"
	}
	return clock(e.At, v.Zone) + " " + titleOf(e) + ", " + at
}

// kindWords are how titles say of what kind an event is.
var kindWords = map[timeseries.EventKind][]string{
	timeseries.Deployment:       {"deployment", "deployed", "deploying", "deploy", "released", "release"},
	timeseries.MonitorAlert:     {"monitor"},
	timeseries.StatusCorrection: {"correction"},
	timeseries.OtherEvent:       {"event"},
}

// titleOf is the title of an event, with its kind in front once.
func titleOf(e timeseries.Event) string {
	kind, title := string(e.Kind), phrase(e.Title)
	if kind == "" || e.Kind == timeseries.StatusCorrection && strings.Contains(title, kind) {
		return title
	}
	fields := strings.Fields(title)
	says := func(word string) bool {
		return slices.Contains(kindWords[e.Kind], strings.ToLower(strings.Trim(word, ".:!")))
	}
	if n := len(fields); n > 0 && says(fields[0]) {
		fields = fields[1:]
	} else if n > 0 && says(fields[n-1]) {
		fields = fields[:n-1]
	}
	return strings.TrimRight(kind+" "+strings.Join(fields, " "), " ")
}

// length is a length of time in its largest fitting unit.
func length(seconds int64) string {
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{86_400, "day"}, {3600, "hour"}, {60, "minute"}} {
		if seconds >= 2*unit.seconds || seconds == unit.seconds {
			return plural(int((seconds+unit.seconds/2)/unit.seconds), unit.name)
		}
	}
	if seconds > 60 {
		return "1 minute"
	}
	return plural(int(seconds), "second")
}

// chart is the series around a finding, in the units of its sentence; nil where there is none.
func (v investigationView) chart(f investigation.Finding) *document.Chart {
	s := f.Chart.Series
	if len(s.Values) == 0 || s.Step <= 0 {
		return nil
	}
	m := v.measured(f)
	scale, step := 1.0, 1.0
	if m.dimension == perMinute {
		scale, step = 60, float64(s.Step)
	}
	by := measureOf(m.dimension, greatest(s.Values...)*scale/step)
	inUnit := func(values []float64) []float64 {
		if len(values) != len(s.Values) {
			return nil
		}
		out := make([]float64, len(values))
		for i, x := range values {
			out[i] = x * scale * by.factor / step
			if math.IsInf(out[i], 0) {
				out[i] = timeseries.Missing
			}
		}
		return out
	}
	end := endOf(f)
	if end == 0 {
		end = s.Span().End
	}
	title := m.noun + by.per
	if unit := strings.TrimSpace(by.unit); unit != "" {
		title += " in " + unit
	}
	if where := v.where(f); where != "" {
		title = where + ": " + title
	}
	c := &document.Chart{
		Title: title, Start: instant(s.Start), Step: time.Duration(s.Step) * time.Second,
		Values: inUnit(s.Values), Low: inUnit(f.Chart.Low), High: inUnit(f.Chart.High),
		From: instant(startOf(f)), To: instant(end), Unit: strings.TrimSpace(by.unit),
	}
	if c.Low == nil || c.High == nil {
		c.Low, c.High = nil, nil
	}
	return c
}
