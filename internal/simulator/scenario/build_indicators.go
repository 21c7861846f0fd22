package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// indicator reads what the SLO measures, which decides its type.
func (c *construction) indicator(path string, f fileSLO, s *SLO) {
	switch {
	case f.Slice != nil:
		s.Type, s.Slice = TypeTimeSlice, c.slice(path+".slice", f.Slice)
	case len(f.Monitors) > 0:
		s.Type, s.MonitorIDs, s.Groups = TypeMonitor, f.Monitors, f.Groups
		c.ofMonitors(path, f)
	default:
		c.ofEvents(path, f)
		s.Good, s.Bad, s.Total, s.Shape = f.Good, f.Bad, f.Total, Shape(cmp.Or(f.Shape, string(ShapeBoth)))
	}
	if s.Type != TypeMetric && f.Good+f.Bad+f.Total+f.Shape != "" || f.Slice != nil && len(f.Monitors) > 0 {
		c.fail(path, "an SLO has either good (with total or bad), or slice, or monitors")
	}
	if s.Type != TypeMonitor && len(f.Groups) > 0 {
		c.fail(path+".groups", "groups are selected of a monitor")
	}
}

// ofEvents checks what only an SLO of the type metric has.
func (c *construction) ofEvents(path string, f fileSLO) {
	c.need(path, f.Good, "good (or slice, or monitors)")
	if (f.Bad == "") == (f.Total == "") {
		c.fail(path, "an SLO has good and one of total and bad")
	}
	shape := Shape(cmp.Or(f.Shape, string(ShapeBoth)))
	if !slices.Contains([]Shape{ShapeBoth, ShapeQuery, ShapeNested, ShapeUnknown}, shape) {
		c.fail(path+".shape", "shape %q is not one of both, query, nested, unknown", f.Shape)
	}
	if f.Bad != "" && shape == ShapeNested {
		c.fail(path+".shape", "the nested shape has good and total")
	}
}

func (c *construction) slice(path string, f *fileSlice) *Slice {
	s := &Slice{Formula: f.Formula, Comparator: f.Comparator, Seconds: f.Seconds, NoDataStrategy: f.NoDataStrategy}
	for _, name := range slices.Sorted(maps.Keys(f.Queries)) {
		c.need(path+".queries", f.Queries[name], "the text of "+name)
		s.Queries = append(s.Queries, NamedQuery{name, f.Queries[name]})
	}
	if len(s.Queries) == 0 {
		c.fail(path, "queries are missing (such as {query1: avg:trace.http.request{service:auth}})")
	} else if s.Formula == "" && len(s.Queries) == 1 {
		s.Formula = s.Queries[0].Name
	}
	c.need(path, s.Formula, "formula (there are several queries)")
	if !slices.Contains([]string{">", ">=", "<", "<="}, s.Comparator) {
		c.fail(path+".comparator", "comparator %q is not one of >, >=, <, <=", s.Comparator)
	}
	if f.Threshold == nil {
		c.fail(path, "threshold is missing")
	} else if s.Threshold = *f.Threshold; math.IsNaN(s.Threshold) || math.IsInf(s.Threshold, 0) {
		c.fail(path+".threshold", "threshold %v is not a number", s.Threshold)
	}
	if !slices.Contains([]int64{0, 60, 300}, s.Seconds) {
		c.fail(path+".seconds", "a slice of %d seconds is neither of 60 nor of 300", s.Seconds)
	}
	return s
}

// ofMonitors checks the monitors that an SLO names, and its groups.
func (c *construction) ofMonitors(path string, f fileSLO) {
	if len(f.Monitors) > 20 {
		c.fail(path+".monitors", "%d monitors are more than 20", len(f.Monitors))
	}
	if len(f.Groups) > 0 && len(f.Monitors) > 1 {
		c.fail(path+".groups", "groups are selected of a single monitor, not of %d", len(f.Monitors))
	}
	for i, id := range f.Monitors {
		at := slices.IndexFunc(c.world.Monitors, func(m Monitor) bool { return m.ID == id })
		if at < 0 {
			c.fail(fmt.Sprintf("%s.monitors[%d]", path, i), "there is no monitor %d", id)
			return
		}
		if slices.Contains(f.Monitors[:i], id) {
			c.fail(fmt.Sprintf("%s.monitors[%d]", path, i), "the monitor %d is named twice", id)
		}
		c.groupsOf(path+".groups", c.world.Monitors[at], f.Groups)
		if f.Datadog != nil && len(f.Monitors) == 1 {
			c.groupsOf(path+".datadog.groups", c.world.Monitors[at], f.Datadog.Groups)
		}
	}
}

// groupsOf checks that a monitor has the groups of a list.
func (c *construction) groupsOf(path string, m Monitor, names []string) {
	for i, name := range names {
		if !slices.ContainsFunc(m.Groups, func(g MonitorGroup) bool { return g.Name == name }) {
			c.fail(fmt.Sprintf("%s[%d]", path, i), "the monitor %d has no group %q", m.ID, name)
		}
	}
}

// ownFigure reads how Datadog's own figure deviates, of what the type has.
func (c *construction) ownFigure(path string, written fileSLO, s SLO) OwnFigure {
	f := written.Datadog
	// choice reads a key that has few values.
	choice := func(key, value string, allowed ...string) bool {
		if value != "" && !slices.Contains(allowed, value) {
			c.fail(path+"."+key, "%s: %q is not %s", key, value, strings.Join(allowed, " or "))
		}
		return value != ""
	}
	o := OwnFigure{
		IgnoreCorrections: choice("corrections", f.Corrections, "ignored"),
		MissingDown:       choice("missing", f.Missing, "down"),
		OnlyGroups:        f.Groups,
		Decimals:          f.Decimals,
		Behind:            c.duration(path+".behind", f.Behind, 0),
		Late:              c.duration(path+".late", f.Late, 0),
		SinceModified:     choice("since", f.Since, "modified"),
		Preview:           f.Preview,
		Off:               f.OffBy,
	}
	if choice("edge", f.Edge, EdgeOverlap, EdgeInside) {
		o.Edge = f.Edge
	}
	if d := f.Decimals; d != nil && (*d < 0 || *d > 9) {
		c.fail(path+".decimals", "decimals %d are not between 0 and 9", *d)
	}
	if !(math.Abs(o.Off) <= 100) {
		c.fail(path+".off_by", "off_by %v is not between -100 and 100", o.Off)
	}
	switch {
	case o.MissingDown && s.Type == TypeMetric:
		c.fail(path+".missing", "missing data adds nothing to an SLO of requests")
	case o.Late > 0 && s.Type == TypeMonitor:
		c.fail(path+".late", "late data is of metrics, not of monitors")
	case o.Preview && s.Type != TypeMonitor:
		c.fail(path+".preview", "a preview is of monitors")
	case o.SinceModified && written.Modified == "":
		c.fail(path+".since", "the SLO says nothing of when it was modified")
	}
	return o
}
