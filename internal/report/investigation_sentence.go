package report

import (
	"math"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/pkg/anomaly"
	"github.com/slo-cli/slo/pkg/slo"
)

// sentence is a finding in words, with numbers that can be checked.
func (v investigationView) sentence(f investigation.Finding) string {
	s := v.happened(f)
	if from, comes := v.comes(f); comes {
		s = from + ", " + s
	} else {
		s += ", " + v.when(f)
	}
	if where := v.where(f); where != "" {
		s = where + ": " + s
	}
	return s
}

// comes is "new since …" or "gone since …" for what came or went and stayed so.
func (v investigationView) comes(f investigation.Finding) (string, bool) {
	if f.Kind != anomaly.New && f.Kind != anomaly.Gone || endOf(f) != 0 {
		return "", false
	}
	return string(f.Kind) + " since " + v.moment(time.Unix(startOf(f), 0).In(v.Zone)), true
}

// where is what a finding is about: its endpoint, or the service as a whole,
// with what tells it from others of the same name.
func (v investigationView) where(f investigation.Finding) string {
	if v.Exported {
		return shortened(oneLine(v.File), longestName)
	}
	service := shortened(oneLine(f.Place.Service), longestName)
	var inside []string
	if v.operations[f.Place.Service] {
		inside = append(inside, oneLine(f.Place.Operation.Name))
	}
	if v.envs {
		inside = append(inside, oneLine(f.Place.Env))
	}
	if f.Resource == "" {
		return service + bracketed(inside)
	}
	where := shortened(oneLine(f.Resource), longestName)
	if v.services {
		where += " of " + service
	}
	return where + bracketed(inside)
}

func bracketed(words []string) string {
	words = nonEmpty(words)
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func nonEmpty(words []string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// happened says what the signal did, in the words of the kind of the finding.
func (v investigationView) happened(f investigation.Finding) string {
	m := v.measured(f)
	before := against{"the level before", " before", "there were", "there was"}
	switch f.Kind {
	case anomaly.Shift:
		return m.compared(before, m.noun+" shifted to ", m.noun+" shifted to ")
	case anomaly.Drift:
		if lately(f) {
			m.when = " in the newest day"
		}
		return m.compared(before, m.noun+" rose slowly to ", m.noun+" fell slowly to ")
	case anomaly.Burst:
		if m.none() && m.observed > 0 {
			return "burst of " + m.compared(v.usual(f), "", "")
		}
		return "burst of errors, " + m.compared(v.usual(f), m.noun+" ", m.noun+" down to ")
	case anomaly.New:
		word := v.wordOf(f)
		if m.dimension == perMinute {
			return word + m.amount() + " where there were none before"
		}
		return word + m.noun + " " + m.tell().observed
	case anomaly.Gone:
		return v.wordOf(f) + m.nothing(before)
	case anomaly.Silence:
		if m.observed == 0 {
			return m.nothing(v.usual(f))
		}
	case anomaly.Spike, anomaly.Drop:
	}
	return m.compared(v.usual(f), m.noun+" ", m.noun+" down to ")
}

// wordOf is the kind in front of what happened, unless "new since …" says it already.
func (v investigationView) wordOf(f investigation.Finding) string {
	if _, comes := v.comes(f); comes {
		return ""
	}
	return string(f.Kind) + ", "
}

// against is what a value is held against, in three places of a sentence.
type against struct {
	level     string // "10.3 times the usual for a Tuesday 14:00"
	behind    string // "where 100 a minute are usual for a Tuesday 14:00"
	are, are1 string // "where there were 100 a minute before"
}

// usual is what is usual at the time of a finding; without a season it is only what was before.
func (v investigationView) usual(f investigation.Finding) against {
	if f.Short {
		return against{"the level before", " before", "there were", "there was"}
	}
	at := v.timeOfWeek(f)
	return against{"the usual" + at, " usual" + at, "", ""}
}

// timeOfWeek is the time that the usual is of: " for a Tuesday 14:00"; empty for
// what lasts longer than a time of the week does.
func (v investigationView) timeOfWeek(f investigation.Finding) string {
	start, end := startOf(f), endOf(f)
	if end == 0 {
		end = v.Report.Span.End
	}
	from, to := time.Unix(start, 0).In(v.Zone), time.Unix(max(end-1, start), 0).In(v.Zone)
	switch length := end - start; {
	case length <= 4*3600:
		middle := time.Unix(start+max(length, 0)/2, 0).In(v.Zone)
		return " for a " + middle.Format("Monday 15") + ":00"
	case length <= int64(slo.Day) && from.YearDay() == to.YearDay():
		return " for a " + from.Format("Monday")
	}
	return ""
}

// compared holds the observed value against another one. Up and down begin the
// phrase where it is a multiple, or a part.
func (m measured) compared(a against, up, down string) string {
	t, per := m.tell(), m.measure().per
	switch {
	case math.IsNaN(m.observed):
		return m.noun + " unusual, of unknown size"
	case math.IsNaN(m.expected):
		return m.noun + " unusual (" + t.observed + per + "; what is usual is not known)"
	case m.none() && m.observed > 0 && m.dimension == perMinute:
		return m.noun + " where " + a.none() + " (" + t.observed + per + ")"
	case m.none() && m.observed > 0 && m.dimension == share:
		return "errors where " + a.none() + " (" + t.observed + " of requests)"
	case m.observed == 0 && m.expected > 0 && m.dimension == perMinute:
		return m.nothing(a)
	case math.IsNaN(m.ratio()) || m.observed == 0:
		return m.noun + " " + t.observed + " where " + a.expected(t.usual()+per, false)
	}
	begin := up
	if m.ratio() < shareBelow {
		begin = down
	}
	return begin + t.relation + " " + a.level + " (" + t.observed + per + m.when + " against " + t.usual() + ")"
}

// nothing says that nothing came.
func (m measured) nothing(a against) string {
	if m.dimension == share || m.dimension == seconds {
		return "no requests"
	}
	t := m.tell()
	if !(m.expected > 0) {
		return "no " + m.noun
	}
	return "no " + m.noun + " where " + a.expected(t.usual()+m.measure().per, true)
}

// expected is "100 a minute are usual for a Tuesday 14:00", or "there were 100 a minute before".
func (a against) expected(what string, many bool) string {
	if a.are != "" {
		if many {
			return a.are + " " + what + a.behind
		}
		return a.are1 + " " + what + a.behind
	}
	if many {
		return what + " are" + a.behind
	}
	return what + " is" + a.behind
}

func (a against) none() string {
	if a.are != "" {
		return a.are + " none" + a.behind
	}
	return "none are" + a.behind
}

// amount is the observed value with its noun: "120 requests a minute".
func (m measured) amount() string {
	t := m.tell()
	noun := m.noun
	if t.observed == "1" {
		noun = strings.TrimSuffix(noun, "s")
	}
	return t.observed + " " + noun + m.measure().per
}

// startOf and endOf are the ends of a finding, as exact as they are known; the end is 0 while it goes on and where it stayed.
func startOf(f investigation.Finding) int64 {
	if f.Start != 0 {
		return f.Start
	}
	return f.Span.Start
}

func endOf(f investigation.Finding) int64 {
	if f.End != 0 || f.Open || f.Lasting {
		return f.End
	}
	return f.Span.End
}

// lately reports whether the values are not those of the whole stretch: what
// rises slowly and goes on is told as far as it has come.
func lately(f investigation.Finding) bool {
	return f.Kind == anomaly.Drift && f.Lasting && f.Span.Seconds() > int64(slo.Day)
}

// observedFrom is where the stretch begins that observed and expected are means over.
func observedFrom(f investigation.Finding) int64 {
	if lately(f) {
		return f.Span.End - int64(slo.Day)
	}
	return startOf(f)
}

// when is the time of a finding on the clock of the reader.
func (v investigationView) when(f investigation.Finding) string {
	start, end := time.Unix(startOf(f), 0).In(v.Zone), endOf(f)
	about := f.Resolution >= int64(slo.Day)
	if end == 0 {
		since := "since " + v.moment(start)
		if about {
			since = "since about " + v.date(start)
		}
		if f.Lasting {
			return since + ", and it stayed"
		}
		return since + ", still going on"
	}
	to := time.Unix(end, 0).In(v.Zone)
	switch {
	case about:
		return "from about " + v.date(start) + " to " + v.date(to)
	case end <= start.Unix():
		return "at " + v.moment(start)
	case start.Format("2006-01-02") != to.Format("2006-01-02"):
		return "from " + v.moment(start) + " to " + v.moment(to)
	case start.Format("MST") != to.Format("MST"):
		return "from " + start.Format("15:04 MST") + " to " + v.moment(to)
	}
	return "from " + start.Format("15:04") + " to " + v.moment(to)
}

// moment is "14:27 UTC on 10 Nov", with the year where it is not that of the report.
func (v investigationView) moment(t time.Time) string { return t.Format("15:04 MST on ") + v.date(t) }

func (v investigationView) date(t time.Time) string {
	layout := "2 Jan"
	if t.Year() != time.Unix(v.Report.Span.End, 0).In(v.Zone).Year() {
		layout += " 2006"
	}
	return t.Format(layout)
}
