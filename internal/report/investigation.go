package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/document"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/slo"
)

// InvestigationReport is what `slo investigate` found out.
type InvestigationReport struct {
	Report investigation.Report
	// All shows what is small or less important as well, Charts each series.
	All, Charts bool
	// Services, Env and Signals are what was asked for; empty for all.
	Services []string
	Env      string
	Signals  []investigation.Signal
	At       time.Time
	Site     string
	// Link is where the spans of a finding are seen; nil or empty when nowhere.
	Link func(investigation.Finding) string
	// Scores are one number for each row of an exported series; nil when not asked for.
	Scores []float64
	// Exported says that this is a series from a file: no service, the file's own
	// values. File is its name.
	Exported bool
	File     string
	// AllCommand is what shows everything; "--all" when empty.
	AllCommand string
	// Zone is where people read the clock.
	Zone *time.Location
}

// Investigation is what is unusual, the most important first.
func Investigation(i InvestigationReport) document.Document {
	if i.Zone == nil {
		i.Zone = time.UTC
	}
	v := newInvestigationView(i)
	return document.Document{
		Title:   v.title(),
		Lead:    v.lead(),
		Tables:  []document.Table{v.table()},
		Items:   v.items(),
		Notes:   v.notes(),
		Payload: v.payload(),
	}
}

// UnusualLine is the last line of slo status: how many signals are unusual, and
// how to see them. It is empty when there are none.
func UnusualLine(n int, since time.Time, command string) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("%s since %s: %s", plural(n, "unusual signal"), since.Format("2 Jan"), command)
}

// investigationView knows what its sentences have to tell apart.
type investigationView struct {
	InvestigationReport
	// services, envs and operations say whether there are several.
	services, envs bool
	operations     map[string]bool // services with several operations
}

func newInvestigationView(i InvestigationReport) investigationView {
	v := investigationView{InvestigationReport: i, operations: map[string]bool{}}
	operation := map[string]string{}
	var services, envs []string
	see := func(service, env, op string) {
		services, envs = append(services, service), append(envs, env)
		if first, seen := operation[service]; seen && first != op {
			v.operations[service] = true
		}
		operation[service] = op
	}
	for _, p := range i.Report.Places {
		see(p.Service, p.Env, p.Operation.Name)
	}
	for _, f := range i.Report.Findings {
		see(f.Place.Service, f.Place.Env, f.Place.Operation.Name)
	}
	v.services, v.envs = len(distinct(services)) > 1, len(distinct(envs)) > 1
	return v
}

// shown are the findings that people see.
func (v investigationView) shown() []investigation.Finding {
	if v.All {
		return v.Report.Findings
	}
	return slices.DeleteFunc(slices.Clone(v.Report.Findings), func(f investigation.Finding) bool { return !f.Shown })
}

// subject is what was looked at: "auth (prod)".
func (v investigationView) subject() string {
	if v.Exported {
		if v.File == "" {
			return "the series"
		}
		return oneLine(v.File)
	}
	var names, envs []string
	for _, p := range v.Report.Places {
		names, envs = append(names, oneLine(p.Service)), append(envs, oneLine(p.Env))
	}
	names, envs = distinct(names), distinct(envs)
	if len(names) == 0 {
		names = v.Services
	}
	if len(envs) == 0 && v.Env != "" {
		envs = []string{v.Env}
	}
	envs = slices.DeleteFunc(envs, func(e string) bool { return e == "" })
	subject := few(names)
	switch {
	case len(names) == 0:
		subject = "all services"
	case len(names) > topics:
		subject = plural(len(names), "service")
	}
	if len(envs) > 0 {
		subject += " (" + few(envs) + ")"
	}
	return subject
}

func (v investigationView) title() string {
	return fmt.Sprintf("What is unusual: %s, %s", v.subject(), v.stretch(v.Report.Span.Start, v.Report.Span.End))
}

// stretch is a span as a title says it.
func (v investigationView) stretch(start, end int64) string { return stretchOf(start, end, v.Zone) }

func stretchOf(start, end int64, zone *time.Location) string {
	return time.Unix(start, 0).In(zone).Format("2006-01-02 15:04") + " to " + clock(end, zone)
}

// lead says how much is unusual, how much of that is not shown, and, where
// nothing is, what was looked at.
func (v investigationView) lead() []string {
	shown := len(v.shown())
	hidden := v.hiddenWords()
	when := time.Unix(v.Report.Span.Start, 0).In(v.Zone).Format("2 Jan")
	var lead string
	switch {
	case shown == 0 && len(v.Report.Findings) == 0:
		lead = fmt.Sprintf("Nothing unusual in %s since %s.", v.subject(), when)
	case shown == 0:
		lead = fmt.Sprintf("Nothing in %s since %s needs a look", v.subject(), when)
	default:
		lead = fmt.Sprintf("%s of %s since %s", plural(shown, "unusual signal"), v.subject(), when)
	}
	if hidden != "" {
		command := v.AllCommand
		if command == "" {
			command = "--all"
		}
		lead += "; " + hidden + ": " + command
	} else if !strings.HasSuffix(lead, ".") {
		lead += "."
	}
	out := []string{lead}
	if shown == 0 {
		if looked := v.lookedAt(); looked != "" {
			out = append(out, looked)
		}
	}
	return out
}

// hiddenWords count what is not shown, by reason.
func (v investigationView) hiddenWords() string {
	if v.All {
		return ""
	}
	var hidden int
	var small, part, other bool
	for _, f := range v.Report.Findings {
		if f.Shown {
			continue
		}
		hidden++
		switch {
		case strings.HasPrefix(f.Hidden, "part of"), strings.HasPrefix(f.Hidden, "follows"):
			part = true
		case f.Small, f.Hidden == "few events":
			small = true
		default:
			other = true
		}
	}
	if hidden == 0 {
		return ""
	}
	var reasons []string
	for _, r := range []struct {
		there bool
		word  string
	}{{part, "part of others"}, {small, "small"}, {other, "less important"}} {
		if r.there {
			reasons = append(reasons, r.word)
		}
	}
	verb, more := "are", " more"
	if hidden == 1 {
		verb = "is"
	}
	if len(v.shown()) == 0 {
		more = ""
	}
	return fmt.Sprintf("%d%s %s %s", hidden, more, verb, either(reasons))
}

// either joins words with commas and a last "or".
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// lookedAt says what was looked at and what it was held against.
func (v investigationView) lookedAt() string {
	if v.Exported {
		return fmt.Sprintf("Looked at %s of values.", length(v.Report.Span.Seconds()))
	}
	days := v.historyDays()
	against := "with no history to hold them against"
	if days >= 1 {
		against = fmt.Sprintf("held against the %s before", plural(days, "day"))
	}
	if len(v.Report.Places) == 0 {
		return ""
	}
	what := fmt.Sprintf("Looked at %s", v.signals())
	switch r := v.Report; {
	case r.Known == 0 || r.Endpoints == 0:
		what += " of the whole"
	case r.Endpoints >= r.Known:
		what += fmt.Sprintf(" of the whole and of %s", plural(r.Known, "endpoint"))
	default:
		what += fmt.Sprintf(" of the whole and of %s of %s endpoints one by one", thousands(r.Endpoints), thousands(r.Known))
	}
	return what + ", " + against + "."
}

func thousands(n int) string { return separated(fmt.Sprint(n)) }

// signals are those that were looked at, as people call them.
func (v investigationView) signals() string {
	signals := v.Signals
	if len(signals) == 0 {
		signals = []investigation.Signal{investigation.Requests, investigation.Errors, investigation.ErrorRate, investigation.Latency}
	}
	var words []string
	for _, s := range signals {
		words = append(words, signalWord(s))
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// historyDays are the whole days before the span from which the usual was learned.
func (v investigationView) historyDays() int {
	if v.Report.History <= 0 {
		return 0
	}
	return int(max(v.Report.Span.Start-v.Report.History, 0) / int64(slo.Day))
}

// recordDays are the whole days of the series that a finding's record is of.
func (v investigationView) recordDays() int {
	start := v.Report.Span.Start
	if v.Report.History > 0 {
		start = min(start, v.Report.History)
	}
	return int((v.Report.Span.End - start) / int64(slo.Day))
}

// notes are those of the report, and what trace metrics cannot tell.
func (v investigationView) notes() []string {
	var out []string
	for _, n := range distinct(v.Report.Notes) {
		out = append(out, n.Text)
	}
	if slices.ContainsFunc(v.shown(), func(f investigation.Finding) bool { return v.link(f) != "" }) {
		out = append(out, "trace metrics do not know client addresses, user agents or users; the spans behind the links do")
	}
	return out
}

func (v investigationView) link(f investigation.Finding) string {
	if v.Link == nil || v.Exported {
		return ""
	}
	return v.Link(f)
}

// finite is v as a figure, unknown where it is no number.
func finite(v float64) slo.Figure {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return slo.Figure{}
	}
	return slo.Known(v)
}
