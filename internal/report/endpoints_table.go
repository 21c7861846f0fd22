package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/endpoint"
)

// heading is the name of the first column.
func (v endpointView) heading() (name, key string) {
	switch v.Table.By {
	case endpoint.ByVersion:
		return "VERSION", "version"
	case endpoint.ByStatus:
		return "STATUS", "status"
	case endpoint.ByEnv:
		return "ENV", "env"
	case endpoint.ByEndpoint:
	}
	return "ENDPOINT", "resource"
}

// columns have a change beside what changes. On narrow terminals they go in the
// order of what a meeting can do without: last go errors, p95 and their changes.
func (v endpointView) columns() []document.Column {
	const right = document.Right
	name, key := v.heading()
	shown := func(name, key string, drop int) document.Column {
		return document.Column{Name: name, Key: key, Human: true, Align: right, Drop: drop}
	}
	columns := []document.Column{
		{Name: name, Key: key, Shrink: true, MinWidth: 18},
		{Key: "line", Machine: true},
		{Key: "tag", Machine: true},
		{Name: "REQUESTS", Key: "requests", Align: right},
		shown("CHANGE", "shown_requests_change", 0),
		shown("REQ/S", "shown_rate", 10),
		shown("ERRORS", "shown_error_rate", 0),
		shown("CHANGE", "shown_error_change", 2),
		shown("MEAN", "shown_avg", 6), shown("CHANGE", "shown_avg_change", 12),
		shown("P50", "shown_p50", 13), shown("CHANGE", "shown_p50_change", 15),
		shown("P95", "shown_p95", 1), shown("CHANGE", "shown_p95_change", 3),
		shown("P99", "shown_p99", 11), shown("CHANGE", "shown_p99_change", 14),
		shown("REQ %", "shown_request_share", 4),
		shown("ERR %", "shown_error_share", 9),
		shown("TIME %", "shown_time_share", 8),
		shown("OF CHANGE", "shown_change_share", 7),
		{Name: "TREND", Key: "shown_trend", Human: true, Drop: 5},
	}
	for _, key := range []string{
		"requests_per_second", "errors", "error_rate", "avg_seconds", "p50_seconds", "p95_seconds", "p99_seconds",
		"baseline_requests", "baseline_errors", "baseline_error_rate", "baseline_avg_seconds", "baseline_p50_seconds", "baseline_p95_seconds", "baseline_p99_seconds",
		"requests_ratio", "error_rate_delta", "avg_ratio", "p50_ratio", "p95_ratio", "p99_ratio",
		"request_share", "error_share", "time_share", "change_share", "trend", "new", "gone", "from", "to", "baseline_from", "baseline_to", "url",
	} {
		columns = append(columns, document.Column{Key: key, Machine: true})
	}
	return columns
}

// The kinds of lines, as CSV tells them apart.
const (
	lineOthers = "others"
	lineRest   = "not_told_apart"
	lineTotal  = "total"
)

// table has a line for each row, and below them what makes the columns add up.
// That there is nothing is said to people in the lead, and to machines in the total.
func (v endpointView) table() document.Table {
	t := document.Table{Columns: v.columns()}
	if v.empty() {
		total := v.line(lineTotal, "total", v.Table.Total, document.Plain).row(t.Columns, document.Plain)
		total.Machine = true
		t.Rows = append(t.Rows, total)
		return t
	}
	for _, r := range v.rows {
		t.Rows = append(t.Rows, v.line(v.noun(), v.name(r), r, document.Plain).row(t.Columns, document.Plain))
	}
	if o := v.others; o != nil {
		name := cmp.Or(o.Name, "others")
		t.Rows = append(t.Rows, v.line(lineOthers, name, *o, document.Muted).row(t.Columns, document.Muted))
	}
	if r := v.Table.Rest; r != nil {
		t.Rows = append(t.Rows, v.line(lineRest, "not told apart by Datadog", *r, document.Muted).row(t.Columns, document.Muted))
	}
	t.Rows = append(t.Rows, v.line(lineTotal, "total", v.Table.Total, document.Plain).row(t.Columns, document.Plain))
	return t
}

// line is one row, in words for people and whole for machines.
func (v endpointView) line(kind, name string, r endpoint.Row, severity document.Severity) cells {
	now, before, change := r.Now, r.Before, v.changeOf(r)
	_, key := v.heading()
	c := cells{
		key:    {Kind: document.Text, Text: name, Link: v.link(kind, r)},
		"line": text(kind), "tag": text(r.Tag),
		"requests":              compactly(now.Requests),
		"shown_requests_change": v.volumeChange(r, change),
		"shown_rate":            number(finite(v.perSecond(now.Requests)), rateDecimals(v.perSecond(now.Requests)), document.Nearest, ""),
		"shown_error_rate":      number(finite(percentage(now.ErrorRate)), errorDecimals(now.ErrorRate), document.Up, "%"),
		"shown_error_change":    errorChange(change, now.ErrorRate),
		"shown_request_share":   shareCell(r.RequestShare), "shown_error_share": shareCell(r.ErrorShare),
		"shown_time_share": shareCell(r.TimeShare), "shown_change_share": shareCell(r.ChangeShare),
		"trend": trendCell(r.Trend), "shown_trend": trendCell(folded(r.Trend)),
		"requests_per_second": unrounded(v.perSecond(now.Requests)),
		"requests_ratio":      unrounded(change.requests), "error_rate_delta": unrounded(change.errorRate), "avg_ratio": unrounded(change.avg),
		"p50_ratio": unrounded(change.p50), "p95_ratio": unrounded(change.p95), "p99_ratio": unrounded(change.p99),
		"request_share": unrounded(r.RequestShare), "error_share": unrounded(r.ErrorShare),
		"time_share": unrounded(r.TimeShare), "change_share": unrounded(r.ChangeShare),
		"new": text(yesOrNo(r.New)), "gone": text(yesOrNo(r.Gone)),
		"from": {Kind: document.Instant, Time: instant(v.Table.Span.Start)}, "to": {Kind: document.Instant, Time: instant(v.Table.Span.End)},
		"url": text(v.link(kind, r)),
	}
	if b := v.Table.Baseline; !b.Empty() {
		c["baseline_from"], c["baseline_to"] = document.Cell{Kind: document.Instant, Time: instant(b.Start)}, document.Cell{Kind: document.Instant, Time: instant(b.End)}
	}
	for prefix, f := range map[string]endpoint.Figures{"": now, "baseline_": before} {
		c[prefix+"errors"], c[prefix+"error_rate"] = unrounded(f.Errors), unrounded(f.ErrorRate)
		c[prefix+"avg_seconds"], c[prefix+"p50_seconds"] = unrounded(f.Mean), unrounded(f.P50)
		c[prefix+"p95_seconds"], c[prefix+"p99_seconds"] = unrounded(f.P95), unrounded(f.P99)
	}
	c["baseline_requests"] = unrounded(before.Requests)
	for _, l := range []struct {
		key           string
		latency, than float64
	}{{"avg", now.Mean, change.avg}, {"p50", now.P50, change.p50}, {"p95", now.P95, change.p95}, {"p99", now.P99, change.p99}} {
		c["shown_"+l.key] = latencyCell(l.latency)
		c["shown_"+l.key+"_change"] = multiple(l.than)
		if r.Gone || r.New {
			c["shown_"+l.key+"_change"] = document.Cell{}
		}
	}
	if r.Gone || r.New {
		c["shown_error_change"] = document.Cell{}
	}
	if severity == document.Muted {
		muted := c[key]
		muted.Severity = severity
		c[key] = muted
	}
	return c
}

// changes are what a row became; NaN where it is not known or there is nothing to hold it against.
type changes struct{ requests, errorRate, avg, p50, p95, p99 float64 }

func (v endpointView) changeOf(r endpoint.Row) changes {
	now, before := r.Now, r.Before
	if nan := math.NaN(); r.Uneven {
		return changes{nan, nan, nan, nan, nan, nan}
	}
	return changes{
		ratioOf(now.Requests, v.asLong(before.Requests)), now.ErrorRate - before.ErrorRate,
		ratioOf(now.Mean, before.Mean), ratioOf(now.P50, before.P50), ratioOf(now.P95, before.P95), ratioOf(now.P99, before.P99),
	}
}

// What is worth a colour: half as much again, or a third less; an error rate by a tenth of a point.
const (
	muchMore   = 1.5
	muchLess   = 0.67
	moreErrors = 0.001
)

func (v endpointView) volumeChange(r endpoint.Row, c changes) document.Cell {
	switch {
	case r.New:
		return document.Cell{Kind: document.Text, Text: "new", Severity: document.Warn}
	case r.Gone:
		return document.Cell{Kind: document.Text, Text: "gone", Severity: document.Warn}
	}
	cell := multiple(c.requests)
	if c.requests <= muchLess {
		cell.Severity = document.Warn
	}
	return cell
}

// multiple is how many times as much something became.
func multiple(ratio float64) document.Cell {
	decimals := 2
	switch {
	case ratio >= 99.95:
		decimals = 0
	case ratio >= 9.995:
		decimals = 1
	}
	c := number(finite(ratio), decimals, document.Nearest, "×")
	if ratio >= muchMore {
		c.Severity = document.Warn
	}
	return c
}

// errorDecimals are two for an error rate, and for a small one as many as tell
// it from none by two digits.
func errorDecimals(rate float64) int {
	const fewest, most = 2, 6
	percent := math.Abs(percentage(rate))
	if !(percent > 0) || math.IsInf(percent, 0) {
		return fewest
	}
	n := min(max(1-int(math.Floor(math.Log10(percent))), fewest), most)
	for text := decimal(percent, n, document.Up); n > fewest && strings.HasSuffix(text, "0"); n-- {
		text = text[:len(text)-1]
	}
	return n
}

// errorChange has as many digits as the rate beside it.
func errorChange(c changes, rate float64) document.Cell {
	cell := number(finite(percentage(c.errorRate)), errorDecimals(rate), document.Nearest, "")
	cell.Sign = true
	if c.errorRate >= moreErrors {
		cell.Severity = document.Bad
	}
	return cell
}

func compactly(v float64) document.Cell {
	c := number(finite(v), 0, document.Nearest, "")
	c.Compact = true
	return c
}

func unrounded(v float64) document.Cell { return number(finite(v), 3, document.Nearest, "") }

func shareCell(share float64) document.Cell {
	return number(finite(percentage(share)), 1, document.Nearest, "")
}

// rateDecimals let a rate have three digits.
func rateDecimals(rate float64) int {
	switch {
	case rate >= 99.95:
		return 0
	case rate >= 9.995:
		return 1
	case rate >= 0.9995 || rate == 0:
		return 2
	case rate >= 0.09995:
		return 3
	}
	return 4
}

func latencyCell(v float64) document.Cell {
	if !finite(v).IsKnown() {
		return document.Cell{Kind: document.Unknown}
	}
	return text(latencyWords(v))
}

func trendCell(points []float64) document.Cell {
	c := document.Cell{Kind: document.Spark, Points: points}
	for _, p := range points {
		c.High = math.Max(c.High, finiteOrZero(p))
	}
	if len(points) == 0 {
		return document.Cell{}
	}
	return c
}

// trendWidth is how many points of a trend a line has room for.
const trendWidth = 14

// folded has the means of neighbours, so that a part that is shorter looks no lower.
func folded(points []float64) []float64 {
	width := (len(points) + trendWidth - 1) / trendWidth
	if width <= 1 {
		return points
	}
	var out []float64
	for part := range slices.Chunk(points, width) {
		sum, n := 0.0, 0
		for _, p := range part {
			if f := finite(p); f.IsKnown() {
				sum, n = sum+p, n+1
			}
		}
		out = append(out, sum/float64(n))
	}
	return out
}

func finiteOrZero(v float64) float64 {
	v, _ = finite(v).Value()
	return v
}

// link is where the spans of a line are; what is put together has none.
func (v endpointView) link(kind string, r endpoint.Row) string {
	if v.Link == nil || kind == lineOthers || kind == lineRest {
		return ""
	}
	if kind == lineTotal {
		return v.Link("")
	}
	return v.Link(r.Tag)
}

// group is the row of a grouping other than by endpoint, as JSON names it.
func (v endpointView) group(r endpoint.Row) string {
	if r.Tag != "" {
		return r.Tag
	}
	return fmt.Sprintf("%s:%s", v.Table.By, r.Name)
}
