package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/evaluation"
	"github.com/slo-cli/slo/pkg/slo"
)

// leastSeen are the windows of a row. Of an objective over several monitors they
// have the coverage and the newest data of the monitor of which least is known:
// that one sends data does not mean that another is up.
func leastSeen(r evaluation.Row) []slo.Assessment {
	sli, _ := r.Definition.SLI.(slo.MonitorSLI)
	if len(sli.MonitorIDs) < 2 || len(r.Groups) == 0 {
		return r.Windows
	}
	windows := slices.Clone(r.Windows)
	for i := range windows {
		for _, monitor := range r.Groups {
			of := monitor.Windows[i]
			seen, known := of.Coverage.Value()
			if least, also := windows[i].Coverage.Value(); also && (!known || seen < least) {
				windows[i].Coverage = of.Coverage
			}
			if of.Newest.End < windows[i].Newest.End {
				windows[i].Newest = of.Newest
			}
		}
	}
	return windows
}

// breachedGroups names groups that are breached where the whole is not: the whole is what is judged.
func breachedGroups(r evaluation.Row) []slo.Note {
	var names []string
	for _, group := range r.Groups {
		for i, w := range group.Windows {
			if w.State == slo.Breached && r.Windows[i].State != slo.Breached {
				names = append(names, fmt.Sprintf("%s (%s)", group.Name, w.Objective.Timeframe))
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	more := ""
	if n := len(names); n > 3 {
		names, more = names[:3], fmt.Sprintf(" and %d more", n-3)
	}
	return []slo.Note{{Code: "group_breached", Text: fmt.Sprintf("%s: the whole is judged, which is not breached; breached by itself: %s%s",
		r.Definition.Name, strings.Join(names, ", "), more)}}
}

// latestNow is the latest of all instants that may be the present, unless
// somebody named one: data is not fresh because the clock of this machine is slow.
func (g *gate) latestNow() time.Time {
	now := g.request.Now
	if server, known := g.f.stack.Date(); known && g.f.global.at == "" && server.After(now) {
		return server
	}
	return now
}
