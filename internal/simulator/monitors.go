package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxMonitors is the most monitors on one page.
const maxMonitors = 1000

type monitorCreator struct {
	Name   *string `json:"name"`
	Handle string  `json:"handle"`
	Email  string  `json:"email"`
	ID     int64   `json:"id"`
}

type monitorWire struct {
	ID              int64          `json:"id"`
	OrgID           int64          `json:"org_id"`
	Type            string         `json:"type"`
	Name            string         `json:"name"`
	Message         string         `json:"message"`
	Tags            []string       `json:"tags"`
	Query           string         `json:"query"`
	Options         map[string]any `json:"options"`
	Multi           bool           `json:"multi"`
	CreatedAt       int64          `json:"created_at"`
	Created         string         `json:"created"`
	Modified        string         `json:"modified"`
	Deleted         *string        `json:"deleted"`
	RestrictedRoles []string       `json:"restricted_roles"`
	Priority        *int64         `json:"priority"`
	OverallModified *string        `json:"overall_state_modified"`
	OverallState    string         `json:"overall_state"`
	Creator         monitorCreator `json:"creator"`
	// State is there when it is asked for, and so are the downtimes.
	State     any   `json:"state,omitempty"`
	Downtimes []any `json:"matching_downtimes,omitzero"`
}

// orgID is the organisation of every monitor.
const orgID = 1000

// noDataNow is the status of what has no data, or never had any.
const noDataNow = "No Data"

// standingNow is how a monitor or group stands.
type standingNow struct {
	// status is OK, Alert or No Data.
	status string
	// since and triggered are Unix seconds; 0: always, or never.
	since, triggered int64
}

func (t track) standingAt(now int64) standingNow {
	state, since, triggered, exists := t.at(now)
	n := standingNow{status: noDataNow, triggered: triggered}
	if exists {
		n.status = [...]string{stateUp: "OK", stateDown: "Alert", stateSilent: noDataNow}[state]
		n.since = max(0, since)
	}
	return n
}

// iso writes an instant as monitors have it.
func iso(t int64, layout string) string { return time.Unix(t, 0).UTC().Format(layout) }

const (
	// withMicros is how monitors write when they were created.
	withMicros = "2006-01-02T15:04:05.000000-07:00"
	// withoutMicros is how they write when their state changed.
	withoutMicros = "2006-01-02T15:04:05-07:00"
)

// wire is a monitor on its own and in lists.
func (m *monitor) wire(c call) (monitorWire, error) {
	states, err := groupStates(c)
	if err != nil {
		return monitorWire{}, err
	}
	downtimes, err := c.boolean("with_downtimes", false)
	if err != nil {
		return monitorWire{}, err
	}
	st := m.stood(nil, c.now, false)
	now := st.whole.standingAt(c.now)
	created, modified := m.Created.Unix()+m.shift, m.Modified.Unix()+m.shift
	w := monitorWire{
		ID: m.ID, OrgID: orgID, Type: m.Type, Name: m.Name, Tags: m.Tags, Query: m.Query, Options: m.wireOptions(), Multi: len(m.Groups) > 0,
		CreatedAt: created * 1000, Created: iso(created, withMicros), Modified: iso(modified, withMicros), OverallState: now.status,
		Creator: monitorCreator{Handle: "sre@example.com", Email: "sre@example.com", ID: 1000001},
	}
	if w.Tags == nil {
		w.Tags = []string{}
	}
	if w.Query == "" && m.synthetic() {
		w.Query = "no_query"
	}
	if len(st.whole) > 0 {
		text := iso(max(now.since, created), withoutMicros)
		w.OverallModified = &text
	}
	if len(states) > 0 {
		groups := map[string]any{}
		for _, g := range st.groups {
			n := g.track.standingAt(c.now)
			if !slices.Contains(states, "all") && !slices.Contains(states, strings.ToLower(n.status)) {
				continue
			}
			groups[g.name] = map[string]any{
				"name": g.name, "status": n.status, "last_triggered_ts": zeroIsNull(n.triggered),
				"last_resolved_ts": nil, "last_nodata_ts": nil, "last_notified_ts": zeroIsNull(n.triggered),
			}
		}
		w.State = map[string]any{"groups": groups}
	}
	if downtimes {
		w.Downtimes = []any{}
	}
	return w, nil
}

func zeroIsNull(t int64) *int64 {
	if t == 0 {
		return nil
	}
	return &t
}

// groupStates reads which states of groups are wanted: a list of all, alert,
// warn, no data.
func groupStates(c call) ([]string, error) {
	text := c.URL.Query().Get("group_states")
	if text == "" {
		return nil, nil
	}
	var states []string
	for s := range strings.SplitSeq(strings.ToLower(text), ",") {
		s = strings.TrimSpace(s)
		if !slices.Contains([]string{"all", "ok", "alert", "warn", "no data"}, s) {
			return nil, badRequest("The value '%s' is not valid for the parameter 'group_states'", text)
		}
		states = append(states, s)
	}
	return states, nil
}

// listMonitors is GET /api/v1/monitor: a bare list, all of it when no page is
// asked for.
func (s *Server) listMonitors(c call) (any, error) {
	size, err := c.whole("page_size", 100, 1)
	if err != nil {
		return nil, err
	}
	if size > maxMonitors {
		return nil, badRequest("The value '%d' is not valid for the parameter 'page_size'", size)
	}
	params := c.URL.Query()
	var tags []string
	for _, name := range []string{"tags", "monitor_tags"} {
		if text := params.Get(name); text != "" {
			tags = append(tags, strings.Split(text, ",")...)
		}
	}
	var found []*monitor
	for _, m := range s.monitors {
		missing := func(tag string) bool { return !slices.Contains(m.Tags, tag) }
		if strings.Contains(strings.ToLower(m.Name), strings.ToLower(params.Get("name"))) && !slices.ContainsFunc(tags, missing) {
			found = append(found, m)
		}
	}
	switch {
	case params.Get("id_offset") != "":
		after, err := strconv.ParseInt(params.Get("id_offset"), 10, 64)
		if err != nil || after < 0 {
			return nil, badRequest("The value '%s' is not valid for the parameter 'id_offset'", params.Get("id_offset"))
		}
		found = slices.DeleteFunc(found, func(m *monitor) bool { return m.ID <= after })
		found = page(found, 0, size)
	case params.Get("page") != "":
		number, err := c.whole("page", 0, 0)
		if err != nil {
			return nil, err
		}
		found = page(found, number*size, size)
	}
	list := []monitorWire{}
	for _, m := range found {
		w, err := m.wire(c)
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

// getMonitor is GET /api/v1/monitor/{id}.
func (s *Server) getMonitor(c call) (any, error) {
	id, err := strconv.ParseInt(c.args[0], 10, 64)
	if err != nil {
		return nil, badRequest("The value '%s' is not valid for the parameter 'monitor_id'", c.args[0])
	}
	m := s.monitor(id)
	if m == nil {
		return nil, failure(http.StatusNotFound, "Monitor not found")
	}
	return m.wire(c)
}

// searchOf reads the parameters of the monitor searches.
func searchOf(c call) (number, size int, query string, err error) {
	if number, err = c.whole("page", 0, 0); err != nil {
		return 0, 0, "", err
	}
	if size, err = c.whole("per_page", 30, 1); err != nil {
		return 0, 0, "", err
	}
	query = c.URL.Query().Get("query")
	return number, size, query, knownStatuses(query)
}

// tally counts names, the most frequent first.
type tally map[any]int

func (t tally) MarshalJSON() ([]byte, error) {
	type entry struct {
		Count int `json:"count"`
		Name  any `json:"name"`
	}
	list := []entry{}
	for name, n := range t {
		list = append(list, entry{n, name})
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		x, _ := a.Name.(string)
		y, _ := b.Name.(string)
		return strings.Compare(x, y)
	})
	return json.Marshal(list)
}

// classification is the kind of monitor that searches show.
func (m *monitor) classification() string {
	switch {
	case m.synthetic():
		return "synthetics"
	case m.Type == "service check":
		return "custom"
	case m.Type == "query alert":
		return "metric"
	}
	return strings.TrimSuffix(m.Type, " alert")
}

// matchesSearch applies the words of a search: part of the name, a tag, or a
// facet of type, status and id.
func (m *monitor) matchesSearch(query, status string) bool {
	for _, w := range searchWord.FindAllStringSubmatch(query, -1) {
		var ok bool
		switch key, value := w[1], strings.Trim(w[2], `"`); key {
		case "":
			ok = hasWord(m.Name, strings.Trim(w[0], `"`))
		case "type":
			ok = value == m.classification() || value == m.Type
		case "status":
			ok = strings.EqualFold(value, status)
		case "id":
			ok = value == strconv.FormatInt(m.ID, 10)
		case "tag":
			ok = slices.Contains(m.Tags, value)
		default:
			ok = slices.Contains(m.Tags, w[0])
		}
		if !ok {
			return false
		}
	}
	return true
}

// knownStatuses refuses a search for a status that does not exist.
func knownStatuses(query string) error {
	for _, w := range searchWord.FindAllStringSubmatch(query, -1) {
		value := strings.ToLower(strings.Trim(w[2], `"`))
		if w[1] == "status" && !slices.Contains([]string{"alert", "ignored", "no data", "ok", "skipped", "unknown", "warn"}, value) {
			return badRequest("Invalid status: %s", value)
		}
	}
	return nil
}

// facets are what the searches count of what they found.
type facets struct{ status, muted, tag, kind tally }

func newFacets() facets { return facets{tally{}, tally{}, tally{}, tally{}} }

func (f facets) add(m *monitor, status string) {
	f.status[status]++
	f.muted[false]++
	f.kind[m.classification()]++
	for _, tag := range m.Tags {
		f.tag[tag]++
	}
}

// answer is what a search found, under its name, cut to a page.
func (f facets) answer(name string, rows []any, number, size int) map[string]any {
	return map[string]any{
		"counts": map[string]tally{"status": f.status, "muted": f.muted, "tag": f.tag, "type": f.kind},
		name:     page(rows, number*size, size),
		"metadata": map[string]int{
			"total_count": len(rows), "page_count": (len(rows) + size - 1) / size, "page": number, "per_page": size,
		},
	}
}

// searchMonitors is GET /api/v1/monitor/search.
func (s *Server) searchMonitors(c call) (any, error) {
	number, size, query, err := searchOf(c)
	if err != nil {
		return nil, err
	}
	found, rows := newFacets(), []any{}
	for _, m := range s.monitors {
		now := m.stood(nil, c.now, false).whole.standingAt(c.now)
		if !m.matchesSearch(query, now.status) {
			continue
		}
		found.add(m, now.status)
		rows = append(rows, map[string]any{
			"status": now.status, "scopes": []string{}, "classification": m.classification(),
			"creator": map[string]any{"handle": "sre@example.com", "id": 1000001, "name": nil},
			"metrics": []string{}, "notifications": []any{}, "muted_until_ts": nil, "query": m.Query, "id": m.ID,
			"last_triggered_ts": zeroIsNull(now.triggered), "name": m.Name, "tags": m.Tags, "org_id": orgID, "priority": nil,
			"overall_state_modified": zeroIsNull(now.since), "restricted_roles": []string{}, "type": m.Type,
		})
	}
	return found.answer("monitors", rows, number, size), nil
}

// searchGroups is GET /api/v1/monitor/groups/search. Synthetic tests have two
// groups that are none: their total, and their own state.
func (s *Server) searchGroups(c call) (any, error) {
	number, size, query, err := searchOf(c)
	if err != nil {
		return nil, err
	}
	found, rows := newFacets(), []any{}
	for _, m := range s.monitors {
		st := m.stood(nil, c.now, false)
		groups := st.groups
		if m.synthetic() {
			groups = append([]part{{name: "total", track: st.whole}, {name: "@SYNTHETICS_OVERALL@", track: st.whole}}, groups...)
		}
		for _, g := range groups {
			now := g.track.standingAt(c.now)
			if !m.matchesSearch(query, now.status) {
				continue
			}
			found.add(m, now.status)
			silent := int64(0)
			if now.status == noDataNow {
				silent = now.since
			}
			rows = append(rows, map[string]any{
				"status": now.status, "last_nodata_ts": silent, "env_tags": tagsOf(m.Tags, "env"), "muted_remaining": nil, "muted_until_ts": nil,
				"all_tags": m.Tags, "monitor_name": m.Name, "team_tags": tagsOf(m.Tags, "team"), "last_triggered_ts": now.triggered,
				"group": g.name, "downtimes": []any{}, "monitor_id": m.ID, "priority": nil, "muted": false,
				"group_tags": strings.Split(g.name, ","),
			})
		}
	}
	return found.answer("groups", rows, number, size), nil
}
