package scenario

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Event is something that happened, in the world's own time.
type Event struct {
	At time.Time
	// Source is who says so, Status one of info, error, warning, success.
	Title, Text, Source, Status string
	// Tags are "key:value".
	Tags []string
}

// Deployment is a release of a service in one environment.
type Deployment struct {
	Service, Env, Version string
	At                    time.Time
	// Silent: no event tells of it. Unreported: DORA does not know it.
	Silent, Unreported bool
}

func (c *construction) event(path string, f fileEvent) {
	c.need(path, f.Title, "title")
	c.need(path, f.At, "at")
	e := Event{
		At: c.instant(path+".at", f.At, c.world.Now), Title: f.Title, Text: f.Text,
		Source: cmp.Or(f.Source, "my_apps"), Status: cmp.Or(f.Status, "info"), Tags: append([]string{}, f.Tags...),
	}
	if !slices.Contains([]string{"info", "error", "warning", "success"}, e.Status) {
		c.fail(path+".status", "status %q is not one of info, error, warning, success", e.Status)
	}
	for _, tag := range f.Tags {
		if !strings.Contains(tag, ":") {
			c.fail(path+".tags", "%q is not a tag such as service:checkout", tag)
		}
	}
	c.world.Events = append(c.world.Events, e)
}

// Deployments are the world's releases, each in all environments of each of
// its services, in order of time.
func (w *World) Deployments() []Deployment {
	var all []Deployment
	for _, r := range w.releases {
		seen := map[[2]string]bool{}
		for _, s := range w.services {
			for _, env := range s.envs {
				place := [2]string{s.name, env.name}
				if !glob(r.service, s.name) || seen[place] {
					continue
				}
				seen[place] = true
				all = append(all, Deployment{
					Service: s.name, Env: env.name, Version: r.version, At: time.Unix(r.at, 0).UTC(),
					Silent: r.silent, Unreported: r.unreported,
				})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Deployment) int { return a.At.Compare(b.At) })
	return all
}

// ServicesIn are the services that run in an environment; with "*", all of them.
func (w *World) ServicesIn(env string) []string {
	names := []string{}
	for _, s := range w.services {
		if env == "*" || slices.ContainsFunc(s.envs, func(e environment) bool { return e.name == env }) {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
