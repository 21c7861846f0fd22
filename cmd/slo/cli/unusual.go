package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/internal/report"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

// The board asks nothing for its last line: it tells what the last slo
// investigate has found, as long as that is not old.

// lookFresh is how long before the end of the board's windows such a look may have ended.
const lookFresh = 24 * time.Hour

// lastLook is what slo investigate files of itself: a look at all signals, with
// the findings that it showed.
type lastLook struct {
	Span timeseries.Span `json:"span"`
	// Services are those that were looked at.
	Services []string   `json:"services"`
	Findings []sighting `json:"findings"`
}

// sighting is one finding of a look; End is 0 while it goes on.
type sighting struct {
	Service string `json:"service"`
	Env     string `json:"env"`
	Start   int64  `json:"start"`
	End     int64  `json:"end"`
}

// lookName is the name under which a look is filed, by the services and the
// environment that it was about; none for all and the usual one.
func lookName(services []string, env string) string {
	named := slices.Sorted(slices.Values(services))
	return "last look " + strings.Join(append(named, env), "\x00")
}

// fileLook files what a look has found.
func (f *factory) fileLook(q investigation.Query, r investigation.Report) {
	if f.kept == nil || f.kept.cache == nil || f.asksNothing() || len(q.Signals) > 0 || q.Operation != "" {
		return
	}
	look := lastLook{Span: q.Span}
	for _, p := range r.Places {
		if !slices.Contains(look.Services, p.Service) {
			look.Services = append(look.Services, p.Service)
		}
	}
	for _, x := range r.Findings {
		if x.Shown {
			look.Findings = append(look.Findings, sighting{x.Place.Service, x.Place.Env, x.Start, x.End})
		}
	}
	if content, err := json.Marshal(look); err == nil {
		f.kept.cache.File(lookName(q.Services, q.Env), content)
	}
}

// unusual is what the last look has found since the previous meeting in the
// services of the selected objectives; nil where there was none that can be used.
func (f *factory) unusual(q evaluation.Query, rows []evaluation.Row) *report.Unusual {
	if f.kept == nil || f.kept.cache == nil || f.global.refresh {
		return nil
	}
	settings, err := f.settings()
	if err != nil {
		return nil
	}
	since := time.Unix(q.Question.Since, 0).In(settings.TimeZone)
	var services []string
	env := ""
	selected := len(q.Selector.Names)+len(q.Selector.Tags) > 0
	if selected {
		defs := make([]slo.Definition, len(rows))
		for i, r := range rows {
			defs[i] = r.Definition
		}
		if services, env = servicesOf(defs); len(services) == 0 {
			return nil
		}
	}
	// A look at exactly these services, else one at all of them.
	for _, name := range []string{lookName(services, env), lookName(nil, env), lookName(nil, "")} {
		look, known := f.recallLook(name)
		if !known || look.Span.Start > q.Question.Since || look.Span.End <= q.Question.To-int64(lookFresh.Seconds()) || look.Span.End > q.Question.To+int64(lookFresh.Seconds()) {
			continue
		}
		// An SLO may be about something that has no trace metrics.
		about := slices.DeleteFunc(slices.Clone(services), func(s string) bool { return !slices.Contains(look.Services, s) })
		if selected && len(about) == 0 {
			return nil
		}
		u := &report.Unusual{Since: since, Command: lookCommand(since, about, env)}
		for _, x := range look.Findings {
			within := x.Start < q.Question.To && (x.End == 0 || x.End > q.Question.Since)
			if within && (!selected || slices.Contains(about, x.Service)) && (env == "" || env == x.Env) {
				u.Signals++
			}
		}
		return u
	}
	return nil
}

// lookCommand is what to type to see the findings.
func lookCommand(since time.Time, services []string, env string) string {
	command := "slo investigate --from " + since.Format(time.DateOnly)
	for _, s := range services {
		command += " --service " + shellWord(s)
	}
	if env != "" {
		command += " --env " + shellWord(env)
	}
	return command
}

func (f *factory) recallLook(name string) (look lastLook, known bool) {
	content, _, there := f.kept.cache.Recall(name)
	if !there || json.Unmarshal(content, &look) != nil {
		return look, false
	}
	return look, true
}

// servicesOf are the services that objectives are tagged with, and their
// environment where all of them have the same.
func servicesOf(defs []slo.Definition) (services []string, env string) {
	envs := map[string]bool{}
	for _, d := range defs {
		tagged := ""
		for _, tag := range d.Tags {
			if name, ok := strings.CutPrefix(tag, "service:"); ok && !slices.Contains(services, name) {
				services = append(services, name)
			}
			if name, ok := strings.CutPrefix(tag, "env:"); ok {
				tagged = name
			}
		}
		envs[tagged] = true
	}
	slices.Sort(services)
	if len(envs) == 1 {
		for env = range envs {
			break
		}
	}
	return services, env
}

// shellWord quotes what a shell would read as something else than one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r))
	}
	if s != "" && strings.IndexFunc(s, plain) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
