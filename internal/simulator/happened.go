package simulator

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// Who tells of an event, by Datadog's numbers.
const (
	sourceMonitor = 36
	sourceAPI     = 100
)

// event is something that happened, in served time.
type event struct {
	id string
	at int64
	// number is its id in the older events API.
	number                               uint64
	title, text, status, service, source string
	tags                                 []string
	// monitor is the monitor whose state changed, in the group if it has groups.
	monitor *monitor
	group   string
	// facts are what a search sees: the text, then facets and tags.
	facts []string
}

// allEvents are those of the world in order of time: what it lists, releases,
// and monitors that changed their state.
func (s *Server) allEvents() []*event {
	var all []*event
	for _, e := range s.world.Events {
		all = append(all, &event{at: e.At.Unix() + s.shift, title: e.Title, text: e.Text, status: e.Status, source: e.Source, tags: e.Tags})
	}
	for _, d := range s.world.Deployments() {
		if !d.Silent {
			all = append(all, &event{
				at: d.At.Unix() + s.shift, title: fmt.Sprintf("Deployed %s %s to %s", d.Service, d.Version, d.Env),
				text: fmt.Sprintf("Version %s of %s is live in %s.", d.Version, d.Service, d.Env), status: "info", source: "deployment",
				tags: []string{"service:" + d.Service, "env:" + d.Env, "version:" + d.Version},
			})
		}
	}
	for _, m := range s.monitors {
		all = append(all, m.changes()...)
	}
	slices.SortStableFunc(all, func(a, b *event) int { return cmp.Compare(a.at, b.at) })
	for i, e := range all {
		e.finish(i)
	}
	return all
}

// finish fills in what follows from the rest, and from the number in the world.
func (e *event) finish(n int) {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d|%d|%s|%s", n, e.at, e.title, strings.Join(e.tags, ","))
	e.number = h.Sum64() >> 1
	e.id = "AgAAA" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%012x%06x%016x", e.at, n, e.number))
	e.tags = append(slices.Clone(e.tags), "source:"+e.source)
	e.service = "undefined"
	for _, tag := range e.tags {
		if name, ok := strings.CutPrefix(tag, "service:"); ok {
			e.service = name
			break
		}
	}
	e.facts = []string{
		strings.ToLower(e.title + "\n" + e.text), "status:" + e.status, "title:" + e.title, "message:" + e.text, "service:" + e.service,
		"priority:normal", "evt.id:" + strconv.FormatUint(e.number, 10),
	}
	if e.monitor != nil {
		id := strconv.FormatInt(e.monitor.ID, 10)
		e.facts = append(e.facts, "monitor_id:"+id, "monitor.id:"+id, "alert_id:"+id)
	}
	for _, tag := range e.tags {
		e.facts = append(e.facts, tag, "tags:"+tag)
	}
}

// changes are the events of a monitor: it alerts, lacks data where that is
// told, and recovers.
func (m *monitor) changes() []*event {
	var all []*event
	tell := func(group string, t scenario.Track) {
		type change struct {
			at            int64
			title, status string
		}
		var changes []change
		for _, i := range t.Down {
			changes = append(changes, change{i.From, "Triggered", "error"}, change{i.To, "Recovered", "success"})
		}
		if m.silence() == silenceDown {
			for _, i := range t.Silent {
				changes = append(changes, change{i.From, "No data", "warning"}, change{i.To, "Recovered", "success"})
			}
		}
		on, tags := "", []string{}
		if group != "" {
			on, tags = " on {"+group+"}", strings.Split(group, ",")
		}
		for _, c := range changes {
			// What goes from one bad state into another has not recovered.
			if c.title == "Recovered" && slices.ContainsFunc(changes, func(o change) bool { return o.at == c.at && o.title != c.title }) {
				continue
			}
			all = append(all, &event{
				at: c.at + m.shift, title: "[" + c.title + on + "] " + m.Name, status: c.status, source: "alert",
				text:    m.Query + "\n\nThe monitor was last " + strings.ToLower(c.title) + " at " + time.Unix(c.at+m.shift, 0).UTC().Format("Mon Jan 02 2006 15:04:05 MST") + ".",
				tags:    append(slices.Concat(m.Tags, tags), "monitor"),
				monitor: m, group: group,
			})
		}
	}
	if len(m.Groups) == 0 {
		tell("", m.Own)
	}
	for _, g := range m.Groups {
		tell(g.Name, g.Track)
	}
	return all
}

// wire is the event as it is served.
func (e *event) wire() any {
	attributes := map[string]any{
		"status": e.status, "title": e.title, "service": e.service, "timestamp": e.at * 1000, "priority": "normal",
		"aggregation_key": strconv.FormatUint(e.number>>20, 16), "event_object": strconv.FormatUint(e.number>>20, 16),
		"evt": map[string]any{"id": strconv.FormatUint(e.number, 10), "type": "api", "source_id": sourceAPI},
	}
	if m := e.monitor; m != nil {
		key := strconv.FormatInt(m.ID, 10)
		groups := []string{}
		if e.group != "" {
			groups = append(groups, e.group)
		}
		attributes["aggregation_key"], attributes["event_object"] = key, key
		attributes["evt"] = map[string]any{"id": strconv.FormatUint(e.number, 10), "type": "metric_alert_monitor", "source_id": sourceMonitor}
		attributes["monitor_id"], attributes["monitor_groups"] = m.ID, groups
		attributes["monitor"] = map[string]any{"id": m.ID, "name": m.Name, "type": m.Type, "query": m.Query, "tags": m.Tags}
	}
	return map[string]any{"type": "event", "id": e.id, "attributes": map[string]any{
		"attributes": attributes, "message": e.text, "tags": e.tags, "timestamp": time.Unix(e.at, 0).UTC().Format(time.RFC3339),
	}}
}
