package render_test

import (
	"math"
	"time"

	"github.com/slo-cli/slo/internal/document"
)

var clock = time.Date(2026, 11, 9, 8, 30, 0, 0, time.UTC)

func text(s string) document.Cell { return document.Cell{Kind: document.Text, Text: s} }

func number(v float64, decimals int, unit string) document.Cell {
	return document.Cell{Kind: document.Number, Value: v, Decimals: decimals, Unit: unit}
}

// board is like the document of `slo status`: every kind of cell, and names
// that try to do harm.
func board() document.Document {
	row := func(severity document.Severity, state, name string, attained, left, requests, since, burn float64, trend []float64, empty document.Cell) document.Row {
		spark := document.Cell{Kind: document.Spark, Points: trend, Low: 0, High: 100, Unit: "%", Decimals: 1}
		change := number(since, 1, "")
		change.Sign = true
		burning := number(burn, 1, "×")
		burning.Round = document.Up
		short := number(requests, 0, "")
		short.Compact = true
		return document.Row{Severity: severity, Cells: []document.Cell{
			text(state),
			{Kind: document.Text, Text: name, Link: "https://app.datadoghq.com/slo/manage?slo_id=abc&x=(1)|2"},
			text("30d"), number(attained, 3, "%"), number(99.9, 1, "%"), number(left, 1, "%"), short, change, burning, spark, empty, text("id-" + state),
		}}
	}
	// timed is a row whose budget is time.
	timed := func(r document.Row, seconds float64) document.Row {
		r.Cells[6] = document.Cell{Kind: document.Duration, Value: seconds, Round: document.Down, Compact: true}
		return r
	}
	gap := math.NaN()
	lasting := func(seconds float64) document.Cell {
		return document.Cell{Kind: document.Duration, Value: seconds}
	}
	unknown := document.Cell{Kind: document.Unknown}
	return document.Document{
		Title: "SLO board at 2026-11-09 08:30 UTC, 8 windows, app.datadoghq.com",
		Lead: []string{
			"Since the last meeting payments spent 106.8% of its budget, most of it in one bad hour after the release of 2026-11-03; nothing else spent more than a tenth.",
			"ログイン認証サービスは目標を下回っています。先週の障害の影響がまだ窓の中に残っているためで、十一月末には回復する見込みです。",
		},
		Tables: []document.Table{
			{
				Columns: []document.Column{
					{Name: "STATE"},
					{Name: "SLO", Shrink: true, MinWidth: 12},
					{Name: "WINDOW", Drop: 4},
					{Name: "ATTAINED", Align: document.Right},
					{Name: "TARGET", Align: document.Right, Drop: 5},
					{Name: "LEFT %", Align: document.Right},
					{Name: "LEFT", Key: "left_requests", Align: document.Right, Drop: 3},
					{Name: "SINCE", Align: document.Right, Drop: 2},
					{Name: "BURN 1h", Align: document.Right, Drop: 6},
					{Name: "TREND", Drop: 7},
					{Name: "EMPTY", Drop: 8},
					{Name: "ID", Machine: true},
				},
				Rows: []document.Row{
					row(document.Bad, "breached", "payments availability", 99.893185, -6.815, -12449.5, -106.82, 14.4001, []float64{100, 90, 80, 12.5, -6.8}, document.Cell{Kind: document.Instant, Time: clock}),
					row(document.Bad, "breached", "ログイン認証の可用性（東京リージョン）", 98.5, -1400, -999_950, -3, 2, []float64{0, 0, gap, 0, 0}, lasting(0)),
					{Severity: document.Bad, Cells: []document.Cell{
						text("error"), text("\x1b[2J\x1b]0;owned\x07evil\r\n| name | <script>alert(1)</script>"), text("30d"),
						unknown, unknown, unknown, unknown, unknown, unknown, {Kind: document.Spark}, {}, text("=1+1"),
					}},
					{Severity: document.Muted, Cells: []document.Cell{
						text("no data"), text("=HYPERLINK(\"http://evil\"), *bold* `code` [x](javascript:1) \u202egnp.exe"), text("30d"),
						number(gap, 3, "%"), number(99, 1, "%"), unknown, unknown, unknown, {}, unknown, {}, text("@id"),
					}},
					row(document.Warn, "warning", "search latency under 300 ms for every endpoint of the public interface in all three environments", 99.912, 12.06, 3_100_000, 0, 0.91, []float64{50, 40, 30, 20, 12}, lasting(3*86400+4*3600+59)),
					row(document.Good, "ok", "cart 🛒 👨‍👩‍👧 e\u0301", 99.996, 96, 2_600_000_000, 0.04, 0, []float64{96, 97, 98, 99, 100}, unknown),
					timed(row(document.Bad, "breached", "login page is up", 99.861111, -38.8889, 0, -12.5, 0, []float64{0}, unknown), -1020),
					timed(row(document.Good, "ok", "orders database", 99.976787, 76.787, 0, -0.04, 0, []float64{76}, unknown), 7_384.8),
					row(document.Good, "ok", "auth", 100, 100, 12, 12.5, 0.04, []float64{100}, document.Cell{}),
				},
			},
			{
				Title:   "Worst groups",
				Columns: []document.Column{{Name: "GROUP"}, {Name: "LEFT %", Align: document.Right}},
				Rows: []document.Row{
					{Cells: []document.Cell{text("  env:prod,region:eu"), number(-1234.5, 1, "%")}, Severity: document.Bad},
					{Cells: []document.Cell{text("+env:dev 🇯🇵"), number(100, 1, "%")}},
				},
			},
			{Title: "Corrections", Columns: []document.Column{{Name: "ID"}}, Empty: "no corrections in any window"},
		},
		Notes: []string{
			"Coverage: hours without traffic and hours without data cannot be told apart for a metric SLO.",
			"An SLO named \"x\x1b[31m\" has <markup> & more than one 値 with https://a-very-long-address.example.com/that/cannot/be/broken/at/a/space.",
		},
		Payload: map[string]any{"schema": "slo.status/v1", "slos": []any{map[string]any{"name": "a<b>&\u2028\u202e\x7f\x1b\U000e0041", "attainment": 99.987, "x": nil}}},
	}
}
