package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds that keep cumulative counts within 63 bits and a world in memory.
const (
	maxHistory = 400 * 24 * time.Hour
	maxRate    = 2000
	maxRepeat  = 5000
)

// construction is a world in the making. Its readers remember the first
// problem and do nothing after it.
type construction struct {
	world *World
	err   error
}

func build(name string, f *fileWorld) (*World, error) {
	c := &construction{world: &World{Name: name, Title: f.Title, seed: f.Seed}}
	c.frame(f)
	for i, s := range f.Services {
		c.service(fmt.Sprintf("$.services[%d]", i), s)
	}
	for i, m := range f.Counters {
		path := fmt.Sprintf("$.counters[%d]", i)
		c.metric(path, m.Metric, m.Tags)
		c.rate(path+".rate", m.Rate)
		c.world.counters = append(c.world.counters, counter{m.Metric, m.Tags, m.Rate, c.life(path, m.From, m.To)})
	}
	for i, g := range f.Gauges {
		path := fmt.Sprintf("$.gauges[%d]", i)
		c.metric(path, g.Metric, g.Tags)
		c.world.gauges = append(c.world.gauges, gauge{g.Metric, g.Tags, g.Value, c.life(path, g.From, g.To)})
	}
	for i, r := range f.Releases {
		c.release(fmt.Sprintf("$.releases[%d]", i), r)
	}
	for i, e := range f.Events {
		c.event(fmt.Sprintf("$.events[%d]", i), e)
	}
	for i, n := range f.Incidents {
		c.incident(fmt.Sprintf("$.incidents[%d]", i), n)
	}
	for i, m := range f.Monitors {
		c.monitor(fmt.Sprintf("$.monitors[%d]", i), m)
	}
	for i, s := range f.SLOs {
		c.slo(fmt.Sprintf("$.slos[%d]", i), s)
	}
	for i, o := range f.Corrections {
		c.correction(fmt.Sprintf("$.corrections[%d]", i), o)
	}
	for i, t := range f.Truth {
		c.truth(fmt.Sprintf("$.truth[%d]", i), t)
	}
	c.intensities()
	if c.err != nil {
		return nil, c.err
	}
	return c.world, nil
}

func (c *construction) fail(path, format string, args ...any) {
	if c.err == nil {
		c.err = &problem{path, fmt.Sprintf(format, args...)}
	}
}

func (c *construction) need(path, value, what string) {
	if value == "" {
		c.fail(path, "%s is missing", what)
	}
}

func (c *construction) duration(path, text string, otherwise time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	d, err := duration(text)
	if err != nil {
		c.fail(path, "%v", err)
	}
	return d
}

func (c *construction) instant(path, text string, otherwise time.Time) time.Time {
	if text == "" {
		return otherwise
	}
	t, err := instant(text, c.world.Now)
	if err != nil {
		c.fail(path, "%v", err)
	}
	return t
}

func (c *construction) share(path, text string) float64 {
	if text == "" {
		return 0
	}
	v, err := share(text)
	if err != nil {
		c.fail(path, "%v", err)
	}
	return v
}

// life is the stretch from … to, the world's whole life where nothing is said.
func (c *construction) life(path, from, to string) life {
	l := life{
		from: c.instant(path+".from", from, c.world.Now.Add(-c.world.History)).Unix(),
		to:   c.instant(path+".to", to, c.world.Now.Add(Lookahead)).Unix(),
	}
	if l.from >= l.to {
		c.fail(path+".to", "to is not after from")
	}
	return l
}

func (c *construction) rate(path string, rate float64) {
	if !(rate >= 0 && rate <= maxRate) {
		c.fail(path, "rate %v is not between 0 and %d requests a second", rate, maxRate)
	}
}

// frame reads everything that the rest depends on: when, how long, how noisy,
// who may ask.
func (c *construction) frame(f *fileWorld) {
	w := c.world
	c.need("$", f.Now, "now (such as 2026-11-23T09:30:00Z)")
	if now, err := time.Parse(time.RFC3339, f.Now); err != nil && f.Now != "" {
		c.fail("$.now", "%q is not RFC 3339, such as 2026-11-23T09:30:00Z", f.Now)
	} else if now.Unix()%Cell != 0 || now.Nanosecond() != 0 {
		c.fail("$.now", "now %s is not a multiple of five minutes", f.Now)
	} else {
		w.Now = now.UTC()
	}
	w.History = c.duration("$.history", f.History, 180*24*time.Hour)
	if w.History%(Cell*time.Second) != 0 || w.History <= 0 || w.History > maxHistory {
		c.fail("$.history", "history %s is not a multiple of five minutes up to 400d", f.History)
	}
	w.IndexLag = c.duration("$.index_lag", f.IndexLag, 10*time.Minute)
	w.noise = c.share("$.noise", f.Noise)
	if w.GroupLimit = f.GroupLimit; f.GroupLimit < 0 {
		c.fail("$.group_limit", "group_limit %d is not a number of groups", f.GroupLimit)
	}
	if w.dispersion = -1; f.Dispersion != "" {
		w.dispersion = c.share("$.dispersion", f.Dispersion)
	}
	if r := f.Rhythm; r != nil {
		weekend := 1.0
		if r.Weekend != "" {
			weekend = c.share("$.rhythm.weekend", r.Weekend)
		}
		if len(r.Hours) != 24 || slices.ContainsFunc(r.Hours, func(h float64) bool { return !(h > 0 && h < 1e6) }) {
			c.fail("$.rhythm.hours", "hours are not 24 numbers greater than 0, one for each hour of the day in UTC")
		} else {
			w.rhythm = newRhythm(r.Hours, weekend)
			for i, text := range r.Holidays {
				path := fmt.Sprintf("$.rhythm.holidays[%d]", i)
				c.need(path, text, "day")
				w.rhythm.holiday(c.instant(path, text, w.Now).Unix())
			}
		}
	}
	for i, k := range f.Keys {
		if (k.Token == "") == (k.API == "" || k.App == "") {
			c.fail(fmt.Sprintf("$.keys[%d]", i), "a key has either api and app, or token")
		}
		w.Keys = append(w.Keys, Key(k))
	}
	for i, l := range f.Limits {
		path := fmt.Sprintf("$.limits[%d]", i)
		c.need(path, l.Name, "name")
		period := c.duration(path+".period", l.Period, 0)
		if l.Limit < 1 || period < time.Second {
			c.fail(path, "limit and period must be at least 1 and 1s")
		}
		w.Limits = append(w.Limits, Limit{Name: l.Name, Limit: l.Limit, Period: period})
	}
}

// repeated calls make once, or as often as repeat and each say, with a function
// that replaces {n} by the running number and {each} by the item of the list.
func (c *construction) repeated(path string, repeat int, each []string, make func(func(string) string)) {
	if len(each) == 0 {
		each = []string{"{each}"}
	}
	if repeat < 0 || repeat*len(each) > maxRepeat {
		c.fail(path+".repeat", "repeat %d is not between 1 and %d", repeat, maxRepeat/len(each))
		return
	}
	width := len(strconv.Itoa(repeat))
	for _, item := range each {
		for n := range max(1, repeat) {
			number := "{n}"
			if repeat > 0 {
				number = fmt.Sprintf("%0*d", width, n+1)
			}
			make(strings.NewReplacer("{n}", number, "{each}", item).Replace)
		}
	}
}

func (c *construction) metric(path, name string, tags []string) {
	c.need(path, name, "metric")
	if strings.HasPrefix(name, "trace.") {
		c.fail(path+".metric", "%s: trace metrics come from services", name)
	}
	for _, tag := range tags {
		if !strings.Contains(tag, ":") {
			c.fail(path+".tags", "%q is not a tag such as code:2xx", tag)
		}
	}
}

func (c *construction) knownService(path, pattern string) {
	if !slices.ContainsFunc(c.world.services, func(s service) bool { return glob(pattern, s.name) }) {
		c.fail(path, "there is no service %q", pattern)
	}
}

func (c *construction) release(path string, f fileRelease) {
	c.need(path, f.Version, "version")
	c.need(path, f.At, "at")
	c.knownService(path+".service", f.Service)
	r := release{
		service: f.Service, at: c.instant(path+".at", f.At, c.world.Now).Unix(), version: f.Version,
		silent: f.Event != nil && !*f.Event, unreported: f.DORA != nil && !*f.DORA,
	}
	for _, before := range c.world.releases {
		if before.service == r.service && before.at >= r.at {
			c.fail(path+".at", "releases of one service must be in order of time")
		}
	}
	c.world.releases = append(c.world.releases, r)
}

func (c *construction) incident(path string, f fileIncident) {
	n := incident{
		service: f.Service, env: f.Env, resource: f.Resource, metric: f.Metric, tags: f.Tags,
		requests: 1, latency: 1, status: cmp.Or(f.Status, defaultFailure(c.allGRPC(f.Service))), errors: c.share(path+".errors", f.Errors),
		ramp: int64(c.duration(path+".ramp", f.Ramp, 0).Seconds()),
	}
	c.need(path, f.From, "from")
	n.from = c.instant(path+".from", f.From, c.world.Now).Unix()
	n.to = c.world.Now.Add(Lookahead).Unix()
	switch {
	case f.For != "" && f.To != "":
		c.fail(path, "give for or to, not both")
	case f.For != "":
		n.to = n.from + int64(c.duration(path+".for", f.For, 0).Seconds())
	case f.To != "":
		n.to = c.instant(path+".to", f.To, c.world.Now).Unix()
	}
	if n.to <= n.from {
		c.fail(path, "the incident ends before it begins")
	}
	if f.Requests != nil {
		if n.requests = *f.Requests; !(n.requests >= 0 && n.requests <= 1000) {
			c.fail(path+".requests", "requests %v is not a factor from 0 to 1000", n.requests)
		}
	}
	if f.Latency != nil {
		if n.latency = *f.Latency; !(n.latency >= 0.01 && n.latency <= 100) {
			c.fail(path+".latency", "latency %v is not a factor from 0.01 to 100", n.latency)
		}
	}
	c.status(path+".status", strconv.Itoa(n.status), n.status, c.allGRPC(f.Service))
	if (f.Service == "") == (f.Metric == "") {
		c.fail(path, "an incident has either a service or a metric")
	} else if f.Service != "" {
		c.knownService(path+".service", f.Service)
		c.knownPlace(path, n)
	} else if !slices.ContainsFunc(c.world.counters, func(o counter) bool { return o.metric == f.Metric }) {
		c.fail(path+".metric", "there is no counter %q", f.Metric)
	}
	c.world.incidents = append(c.world.incidents, n)
}

// knownPlace checks that the incident's environment and resource exist.
func (c *construction) knownPlace(path string, n incident) {
	env, resource := n.env == "", n.resource == ""
	for _, s := range c.world.services {
		if !glob(n.service, s.name) {
			continue
		}
		env = env || slices.ContainsFunc(s.envs, func(e environment) bool { return e.name == n.env })
		resource = resource || slices.ContainsFunc(s.endpoints, func(e endpoint) bool { return e.resource == n.resource })
	}
	if !env {
		c.fail(path+".env", "service %q has no environment %q", n.service, n.env)
	}
	if !resource {
		c.fail(path+".resource", "service %q has no endpoint %q", n.service, n.resource)
	}
}

// intensities refuses traffic whose cumulative count would not fit.
func (c *construction) intensities() {
	for _, s := range c.world.services {
		for _, env := range s.envs {
			for _, e := range s.endpoints {
				peak := e.rate * env.factor
				for _, n := range c.world.incidents {
					if n.metric == "" && glob(n.service, s.name) {
						peak *= max(1, n.requests)
					}
				}
				if peak > maxRate {
					c.fail("$.services", "%s %s: %.0f requests a second with its incidents, more than %d", s.name, e.resource, peak, maxRate)
				}
			}
		}
	}
	for _, m := range c.world.counters {
		peak := m.rate
		for _, n := range c.world.incidents {
			if n.metric == m.metric {
				peak *= max(1, n.requests)
			}
		}
		if peak > maxRate {
			c.fail("$.counters", "%s: %.0f a second with its incidents, more than %d", m.metric, peak, maxRate)
		}
	}
}
