package judge

import (
	"fmt"
	"math"
	"strings"
)

// Report judges the whole corpus with so many workers and writes what came of it in Markdown.
func Report(workers int) (string, error) {
	results, err := judgeAll(corpus(), workers)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	p := page{&b, results, nil}
	p.settings = []setting{{causal, 7}, {hindsight, 7}, {view: findings}, {view: shown}}
	p.introduction()
	p.overall()
	p.thresholds()
	p.byKind()
	p.group("size of traffic", "requests a minute", sizes(), func(r *Result, s string) bool { return fmt.Sprint(r.Size) == s })
	p.group("season", "season", []string{flat, daily, weekly, holiday, office}, func(r *Result, s string) bool { return r.Season == s })
	p.group("how the series was made", "series", familyOrder(), func(r *Result, s string) bool { return r.Family == s })
	p.writtenIn()
	p.calm()
	p.told()
	if err := p.culprits(); err != nil {
		return "", err
	}
	return b.String(), nil
}

func sizes() []string { return []string{"1", "10", "100", "1000", "10000"} }

type page struct {
	out      *strings.Builder
	results  []Result
	settings []setting
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// table writes the head of a table with the first column to the left and the others to the right.
func (p *page) table(columns ...string) {
	p.line("\n| %s |", strings.Join(columns, " | "))
	p.line("|---%s|", strings.Repeat("|--:", len(columns)-1))
}

func (p *page) row(cells ...string) { p.line("| %s |", strings.Join(cells, " | ")) }

// ratio is written without the zero before the point, unknown as a dash.
func ratio(v float64) string {
	switch {
	case v != v:
		return "–"
	case v >= 0.9995:
		return fmt.Sprintf("%.2f", v)
	}
	return strings.TrimPrefix(fmt.Sprintf("%.3f", v), "0")
}

func number(v float64) string {
	if v != v || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

func minutes(v float64) string {
	if v != v {
		return "–"
	}
	return fmt.Sprintf("%.0f", v)
}

func (s setting) String() string { return s.view }

func (p *page) introduction() {
	t := total(p.results, setting{causal, 7}, every, all)
	v := total(p.results, setting{causal, 7}, every, seen)
	p.line("# How well unusual stretches are found")
	p.line("\nWritten by `make judge` (internal/judge); do not edit. Everything is made from seeds, so that two runs give the same file.")
	p.line("\n%d series of 28 days by the minute or 42 days by five minutes, %d incidents in their second halves (%.0f series-weeks are scored), %d of which are visible:"+
		" the whole change is at least %d standard deviations of what chance makes of so many requests. The others are hidden by chance, and nobody can find all of them.", t.series, t.events, t.weeks, v.events, visible)
	p.line("\n*causal*: `Look` without hindsight at score %d, as `--scores` at 0.5; *hindsight*: `Look` with it; *findings*: `Find`, or `FindRate` for errors; *shown*: those of them that are not Small.", 7)
	p.line("Rules: the first half is history. Flags and labels closer than 30 min (at least 3 points) merge. An incident is found by a flag between 3 points before its start and 15 min (at least 3 points) after its end;" +
		" one that stays, until a day after it is complete. Flagged time outside of that is billed one false alarm per started hour (at least 12 points); 30 min after an alarm that began inside are free." +
		" VUS-PR: buffers of 0 to one hour (at least 12 points), every score a threshold, mean over the series with incidents.")
	p.line("\nThese are series of our own making. They say where the detector is weak and guard against getting worse; they do not say how it fares on real ones.")
}

func (p *page) overall() {
	p.line("\n## Overall")
	p.table("", "found of all", "found of visible", "precision", "F1, all", "F1, visible", "false alarms a series and week", "stray findings", "visible in 7 points", "in 10", "VUS-PR")
	rows := p.settings
	for _, y := range yardsticks() {
		rows = append(rows[:len(rows):len(rows)], best(p.results, y.name))
	}
	for _, s := range rows {
		a, v := total(p.results, s, every, all), total(p.results, s, every, seen)
		name := s.view
		if s.threshold != 0 {
			name = fmt.Sprintf("%s, at %g", s.view, s.threshold)
		}
		p.row(name, ratio(a.recall()), ratio(v.recall()), ratio(a.precision()), ratio(a.f1()), ratio(v.f1()), number(a.perWeek()), a.strays(),
			ratio(share(v.in7, v.events)), ratio(share(v.in10, v.events)), ratio(a.vus()))
	}
	p.line("\nOf a finding that lasts the first week counts. False alarms are hours: a finding that lasts for days and touches an incident in passing is billed for each of the others. Stray findings touch no incident; they are findings a series and week.")
	p.line("\nThe yardsticks have the threshold that is best for them on this corpus, which flatters them.")
}

func (p *page) thresholds() {
	p.line("\n## The threshold")
	p.table("score", "causal: found of visible", "F1, visible", "false a week", "hindsight: found of visible", "F1, visible", "false a week")
	for _, threshold := range ours() {
		cells := []string{fmt.Sprint(threshold)}
		for _, view := range []string{causal, hindsight} {
			t := total(p.results, setting{view, threshold}, every, seen)
			cells = append(cells, ratio(t.recall()), ratio(t.f1()), number(t.perWeek()))
		}
		p.row(cells...)
	}
}

func (p *page) byKind() {
	p.line("\n## By kind of incident")
	p.line("\nFound of all / of the visible. Delay is the median of the found, in minutes after the start.")
	p.table("kind", "incidents", "visible", causal, hindsight, findings, shown, "delay causal", "visible in 7 points", "in 10")
	for _, in := range incidents() {
		kind := func(e Event) bool { return e.Kind == in.kind }
		kindSeen := func(e Event) bool { return e.Kind == in.kind && e.Visible() }
		a, v := total(p.results, p.settings[0], every, kind), total(p.results, p.settings[0], every, kindSeen)
		cells := []string{in.signal + ": " + in.kind, fmt.Sprint(a.events), fmt.Sprint(v.events)}
		for _, s := range p.settings {
			cells = append(cells, both(p.results, s, every, kind, kindSeen))
		}
		p.row(append(cells, minutes(a.delay()), ratio(share(v.in7, v.events)), ratio(share(v.in10, v.events)))...)
	}
}

func both(results []Result, s setting, wanted func(*Result) bool, a, v func(Event) bool) string {
	return ratio(total(results, s, wanted, a).recall()) + " / " + ratio(total(results, s, wanted, v).recall())
}

func (p *page) group(title, column string, values []string, is func(*Result, string) bool) {
	p.line("\n## By %s", title)
	p.line("\nFound of the visible; false alarms (hours) and stray findings a series and week.")
	p.table(column, "series", "incidents", "visible", causal, "false", hindsight, "false", findings, "false", "stray", shown, "false", "stray")
	for _, value := range values {
		wanted := func(r *Result) bool { return is(r, value) }
		a := total(p.results, p.settings[0], wanted, all)
		cells := []string{value, fmt.Sprint(a.series), fmt.Sprint(a.events), fmt.Sprint(total(p.results, p.settings[0], wanted, seen).events)}
		for _, s := range p.settings {
			t := total(p.results, s, wanted, seen)
			cells = append(cells, ratio(t.recall()), number(t.perWeek()))
			if s.threshold == 0 {
				cells = append(cells, t.strays())
			}
		}
		p.row(cells...)
	}
}

// writtenIn is the table of changes in the nastier series alone.
func (p *page) writtenIn() {
	p.line("\n## Written-in changes on synthetic series, causal / findings, by requests a minute")
	p.table(append(append([]string{"change"}, sizes()...), "all, at 10 and more", "delay causal")...)
	synthetic := func(r *Result) bool { return r.Family != "world" }
	for _, in := range only(requests, "×10 for 35 min", "×3 for 60 min", "×1.5 for 60 min", "zero for 30 min", "half for 60 min", "+50 % for 6 h", "ramp to ×2 over 2 h") {
		kind := func(e Event) bool { return e.Kind == in.kind }
		cells := []string{in.kind}
		pair := func(wanted func(*Result) bool) string {
			return ratio(total(p.results, p.settings[0], wanted, kind).recall()) + " / " + ratio(total(p.results, p.settings[2], wanted, kind).recall())
		}
		for _, size := range sizes() {
			cells = append(cells, pair(func(r *Result) bool { return synthetic(r) && fmt.Sprint(r.Size) == size }))
		}
		large := func(r *Result) bool { return synthetic(r) && r.Size >= 10 }
		p.row(append(cells, pair(large), minutes(total(p.results, p.settings[0], large, kind).delay()))...)
	}
	p.line("\nThe goal: ×10 for 35 min and silence with at least 20 expected requests all found; the ramp at least .7.")
	expected := func(e Event) bool { return e.Kind == "zero for 30 min" && e.Evidence*e.Evidence/2 >= 20 }
	p.line("Silence with at least 20 expected requests, worlds included: causal %s, hindsight %s, findings %s of %d.",
		ratio(total(p.results, p.settings[0], every, expected).recall()), ratio(total(p.results, p.settings[1], every, expected).recall()),
		ratio(total(p.results, p.settings[2], every, expected).recall()), total(p.results, p.settings[0], every, expected).events)
}

// calm is about series in which nothing happened.
func (p *page) calm() {
	p.line("\n## Series in which nothing happens: false alarms a series and week")
	p.table("series", "series-weeks", causal, hindsight, "findings", "shown", "stray findings a series and week", "shown")
	for _, family := range append(familyOrder(), "") {
		wanted := func(r *Result) bool {
			return (family == "" || r.Family == family) && len(r.outcomes[p.settings[0]].Sightings) == 0
		}
		a := total(p.results, p.settings[0], wanted, all)
		if a.series == 0 {
			continue
		}
		cells := []string{family, fmt.Sprintf("%.0f", a.weeks)}
		if family == "" {
			cells[0] = "all"
		}
		for _, s := range p.settings {
			cells = append(cells, number(total(p.results, s, wanted, all).perWeek()))
		}
		for _, s := range p.settings[2:] {
			t := total(p.results, s, wanted, all)
			cells = append(cells, number(float64(t.stray)/t.weeks))
		}
		p.row(cells...)
	}
}

// told is about findings as people read them: one for each incident.
func (p *page) told() {
	p.line("\n## One incident, one finding")
	p.table("", "findings", "stray", "stray a series and week", "incidents touched", "told once", "findings beyond the first, an incident")
	for _, s := range p.settings[2:] {
		t := total(p.results, s, every, all)
		once := 0
		for i := range p.results {
			for _, e := range p.results[i].outcomes[s].Sightings {
				if e.Findings == 1 {
					once++
				}
			}
		}
		p.row(s.view, fmt.Sprint(t.findings), fmt.Sprint(t.stray), number(float64(t.stray)/t.weeks), fmt.Sprint(t.told), ratio(share(once, t.told)), ratio(share(t.more, t.told)))
	}
}

func (p *page) culprits() error {
	p.line("\n## The endpoint at fault")
	p.line("\nOne endpoint of a service is at fault; all are ranked by their share of the change (`Shares` of requests, `RateShares` of errors and of seconds)" +
		" against the median of the same stretch of the seven days before. The start that is given is right, ten minutes early, or ten minutes late. Faults of requests are of endpoints that move the service's sum by three times its noise.")
	p.table("fault", "endpoints", "cases", "top 1", "top 3", "top 5", "early: top 1", "top 3", "late: top 1", "top 3")
	found, err := judgeCulprits()
	if err != nil {
		return err
	}
	var sum culprits
	for _, c := range found {
		p.culprit(fmt.Sprint(c.endpoints), c)
		sum.cases += c.cases
		for o := range c.top {
			for k := range c.top[o] {
				sum.top[o][k] += c.top[o][k]
			}
		}
	}
	sum.kind = "all"
	p.culprit("", sum)
	p.line("\nThe goal without a call graph: top 1 at least .65, top 5 at least .98.")
	return nil
}

func (p *page) culprit(endpoints string, c culprits) {
	cells := []string{c.kind, endpoints, fmt.Sprint(c.cases)}
	for o, most := range []int{3, 2, 2} {
		for k := range most {
			cells = append(cells, ratio(share(c.top[o][k], c.cases)))
		}
	}
	p.row(cells...)
}
