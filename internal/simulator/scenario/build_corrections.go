package scenario

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func (c *construction) correction(path string, f fileCorrection) {
	if f.Raw != "" {
		if !json.Valid([]byte(f.Raw)) {
			c.fail(path+".raw", "raw is not one JSON value")
		}
		c.world.Corrections = append(c.world.Corrections, Correction{Raw: f.Raw})
		return
	}
	o := Correction{
		SLO: f.SLO, Query: f.Query, Rule: f.Rule, Description: f.Description,
		Timezone: cmp.Or(f.Timezone, "UTC"), Category: cmp.Or(f.Category, "Other"),
	}
	if (f.SLO == "") == (f.Query == "") {
		c.fail(path, "a correction has either slo or query (or raw)")
	}
	if f.SLO != "" {
		o.SLOID = c.onlySLO(path+".slo", f.SLO)
	}
	c.need(path, f.Start, "start")
	o.Start = c.instant(path+".start", f.Start, c.world.Now).Unix()
	if o.Start <= 0 {
		c.fail(path+".start", "start is before 1970")
	}
	if f.Rule != "" {
		c.recurring(path, f)
		o.Duration = int64(c.duration(path+".duration", f.Duration, 0).Seconds())
		if f.Duration != "" && o.Duration == 0 {
			c.fail(path+".duration", "the duration is nothing")
		}
	} else {
		o.End = c.end(path, f, o.Start)
	}
	if categories := []string{"Scheduled Maintenance", "Outside Business Hours", "Deployment", "Other"}; !slices.Contains(categories, o.Category) {
		c.fail(path+".category", "category %q is not one of %s", o.Category, strings.Join(categories, ", "))
	}
	// The form of Datadog's own ids.
	sum := sha256.Sum256(fmt.Appendf(nil, "correction\x00%s\x00%s\x00%d", f.SLO, f.Query, len(c.world.Corrections)))
	o.ID = fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
	c.world.Corrections = append(c.world.Corrections, o)
}

// onlySLO is the id of the one SLO with this name.
func (c *construction) onlySLO(path, name string) string {
	id, n := "", 0
	for _, s := range c.world.SLOs {
		if s.Name == name {
			id, n = s.ID, n+1
		}
	}
	if n != 1 {
		c.fail(path, "%d SLOs are named %q; one is needed", n, name)
	}
	return id
}

// end is the end of a correction that happens once.
func (c *construction) end(path string, f fileCorrection, start int64) int64 {
	end := int64(0)
	switch {
	case (f.For == "") == (f.End == ""):
		c.fail(path, "a correction has for or end, or else rrule and duration")
	case f.Duration != "":
		c.fail(path+".duration", "duration is for a correction with rrule; use for")
	case f.For != "":
		end = start + int64(c.duration(path+".for", f.For, 0).Seconds())
	default:
		end = c.instant(path+".end", f.End, c.world.Now).Unix()
	}
	if end <= start {
		c.fail(path, "the correction ends before it begins")
	}
	return end
}

// recurring checks a correction with a rule. Whether the values of the rule
// make sense is for those who expand it; a rule that is broken on purpose is raw.
func (c *construction) recurring(path string, f fileCorrection) {
	if f.For != "" || f.End != "" {
		c.fail(path, "a correction with rrule has duration, not for or end")
	}
	c.need(path, f.Duration, "duration (of one occurrence)")
	seen := map[string]bool{}
	for part := range strings.SplitSeq(f.Rule, ";") {
		key, value, _ := strings.Cut(part, "=")
		if !slices.Contains([]string{"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY"}, key) || value == "" || seen[key] {
			c.fail(path+".rrule", "%q is not one FREQ=…, INTERVAL=…, COUNT=…, UNTIL=… or BYDAY=…", part)
		}
		seen[key] = true
	}
	if !seen["FREQ"] {
		c.fail(path+".rrule", "FREQ is missing in the rule %q, such as FREQ=WEEKLY", f.Rule)
	}
}
