package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"
)

var hexID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })

func (c *construction) slo(path string, f fileSLO) {
	if f.Raw != "" {
		if !json.Valid([]byte(f.Raw)) {
			c.fail(path+".raw", "raw is not one JSON value")
		}
		c.world.SLOs = append(c.world.SLOs, SLO{Raw: f.Raw})
		return
	}
	c.need(path, f.Name, "name (or raw)")
	s := SLO{
		Type: TypeMetric, Description: f.Description,
		Created: c.instant(path+".created", f.Created, c.world.Now.Add(-120*24*time.Hour)),
	}
	s.Modified = c.instant(path+".modified", f.Modified, s.Created)
	if s.Modified.Before(s.Created) {
		c.fail(path+".modified", "modified is before created")
	}
	if f.IndexLag != "" {
		lag := c.duration(path+".index_lag", f.IndexLag, 0)
		s.IndexLag = &lag
	}
	c.indicator(path, f, &s)
	s.Thresholds = c.thresholds(path, f.Thresholds)
	if f.Datadog != nil {
		s.Own = c.ownFigure(path+".datadog", f, s)
	}
	if f.ID != "" && !hexID().MatchString(f.ID) {
		c.fail(path+".id", "id %q is not 32 hexadecimal digits", f.ID)
	}
	c.repeated(path, f.Repeat, f.Each, func(text func(string) string) {
		one := s
		one.Name, one.Good, one.Bad, one.Total = text(f.Name), text(f.Good), text(f.Bad), text(f.Total)
		if s.Slice != nil {
			slice := *s.Slice
			slice.Queries = slices.Clone(slice.Queries)
			for i := range slice.Queries {
				slice.Queries[i].Query = text(slice.Queries[i].Query)
			}
			one.Slice = &slice
		}
		one.Tags = []string{}
		for _, tag := range f.Tags {
			one.Tags = append(one.Tags, text(tag))
		}
		if one.ID = f.ID; f.ID == "" {
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", one.Name, len(c.world.SLOs)))
			one.ID = hex.EncodeToString(sum[:16])
		}
		if slices.ContainsFunc(c.world.SLOs, func(o SLO) bool { return o.ID == one.ID }) {
			c.fail(path+".id", "two SLOs have the id %s", one.ID)
		}
		c.world.SLOs = append(c.world.SLOs, one)
	})
}

func (c *construction) thresholds(path string, list []fileThreshold) []Threshold {
	if len(list) == 0 {
		c.fail(path, "thresholds are missing")
	}
	var all []Threshold
	for i, t := range list {
		at := fmt.Sprintf("%s.thresholds[%d]", path, i)
		if !slices.Contains([]string{"7d", "30d", "90d"}, t.Timeframe) {
			c.fail(at+".timeframe", "timeframe %q is not one of 7d, 30d, 90d", t.Timeframe)
		}
		if slices.ContainsFunc(all, func(o Threshold) bool { return o.Timeframe == t.Timeframe }) {
			c.fail(at+".timeframe", "two thresholds for %s", t.Timeframe)
		}
		if !(t.Target > 0 && t.Target <= 100) {
			c.fail(at+".target", "target %v is not a percentage above 0 and up to 100", t.Target)
		}
		if t.Warning != nil && !(*t.Warning > t.Target && *t.Warning <= 100) {
			c.fail(at+".warning", "warning %v is not between the target and 100", *t.Warning)
		}
		all = append(all, Threshold(t))
	}
	return all
}

func (c *construction) truth(path string, f fileTruth) {
	matches := 0
	for _, s := range c.world.SLOs {
		if s.Name == f.SLO && slices.ContainsFunc(s.Thresholds, func(t Threshold) bool { return t.Timeframe == f.Timeframe }) {
			matches++
		}
	}
	if matches != 1 {
		c.fail(path+".slo", "%d SLOs are named %q and have a %s target; one is needed", matches, f.SLO, f.Timeframe)
	}
	if !slices.Contains([]string{"", "ok", "warning", "breached", "no_data"}, f.State) {
		c.fail(path+".state", "state %q is not one of ok, warning, breached, no_data", f.State)
	}
	t := Truth{SLO: f.SLO, Timeframe: f.Timeframe, State: f.State, At: c.instant(path+".at", f.At, c.world.Now)}
	for _, v := range []struct {
		key  string
		from any
		to   **Range
	}{{"good", f.Good, &t.Good}, {"total", f.Total, &t.Total}, {"attainment", f.Attainment, &t.Attainment}, {"remaining_percent", f.Remaining, &t.Remaining}} {
		r, err := numbers(v.from)
		if err != nil {
			c.fail(path+"."+v.key, "%v", err)
		}
		*v.to = r
	}
	c.world.Truth = append(c.world.Truth, t)
}
