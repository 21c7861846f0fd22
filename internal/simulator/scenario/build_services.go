package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxEndpoints bounds how many endpoints one description may stand for.
const maxEndpoints = 50_000

// What a call has that was answered as wished.
const (
	okHTTP = 200
	okGRPC = 0
)

func (c *construction) service(path string, f fileService) {
	c.need(path, f.Name, "name")
	operation := "http.request"
	if f.GRPC {
		operation = "grpc.server"
	}
	s := service{
		operation: cmp.Or(f.Operation, operation), version: f.Version,
		flat: f.Flat, http: f.HTTP == nil || *f.HTTP, grpc: f.GRPC, legacy: f.Legacy,
	}
	if f.GRPC {
		if f.HTTP != nil && *f.HTTP {
			c.fail(path+".http", "a service speaks http or grpc, not both (another entry may have the same name and another operation)")
		}
		s.http = false
	}
	for _, name := range slices.Sorted(maps.Keys(f.Envs)) {
		factor := f.Envs[name]
		c.rate(path+".envs", factor)
		s.envs = append(s.envs, environment{name, factor})
	}
	if len(s.envs) == 0 {
		s.envs = []environment{{"prod", 1}}
	}
	if len(f.Endpoints) == 0 {
		c.fail(path, "endpoints are missing")
	}
	for i, e := range f.Endpoints {
		s.endpoints = append(s.endpoints, c.endpoints(fmt.Sprintf("%s.endpoints[%d]", path, i), e, f.GRPC)...)
	}
	c.repeated(path, f.Repeat, f.Each, func(text func(string) string) {
		one := s
		one.name = text(f.Name)
		if slices.ContainsFunc(c.world.services, func(o service) bool { return o.name == one.name && o.operation == one.operation }) {
			c.fail(path+".name", "service %q is described twice", one.name)
		}
		c.world.services = append(c.world.services, one)
	})
}

// endpoints are as many as the description says.
func (c *construction) endpoints(path string, f fileEndpoint, grpc bool) []endpoint {
	one := c.endpoint(path, f, grpc)
	if f.Repeat == 0 {
		return []endpoint{one}
	}
	if f.Repeat < 0 || f.Repeat > maxEndpoints || !strings.Contains(f.Resource, "{n}") {
		c.fail(path+".repeat", "repeat %d is not between 1 and %d, or the resource has no {n}", f.Repeat, maxEndpoints)
		return nil
	}
	one.scattered = true
	all := make([]endpoint, f.Repeat)
	width := len(strconv.Itoa(f.Repeat))
	for n := range all {
		all[n] = one
		all[n].resource = strings.ReplaceAll(f.Resource, "{n}", fmt.Sprintf("%0*d", width, n+1))
	}
	return all
}

func (c *construction) endpoint(path string, f fileEndpoint, grpc bool) endpoint {
	c.need(path, f.Resource, "resource")
	c.rate(path+".rate", f.Rate)
	e := endpoint{
		resource: f.Resource, rate: f.Rate, life: c.life(path, f.From, f.To), latency: lognormal{median: 0.1},
		flat: f.Flat, rhythm: c.ownRhythm(path+".rhythm", f.Rhythm),
	}
	ok := okHTTP
	if grpc {
		ok = okGRPC
	}
	rest := 1.0
	for _, name := range slices.Sorted(maps.Keys(f.Statuses)) {
		status, err := strconv.Atoi(name)
		if err != nil {
			status = -1
		}
		c.status(path+".statuses", strconv.Quote(name), status, grpc)
		v := c.share(path+".statuses."+name, f.Statuses[name])
		e.statuses = append(e.statuses, statusShare{status, v})
		rest -= v
	}
	if rest < -1e-9 {
		c.fail(path+".statuses", "the shares add up to more than 100%%")
	}
	if !slices.ContainsFunc(e.statuses, func(s statusShare) bool { return s.status == ok }) {
		e.statuses = append(e.statuses, statusShare{ok, max(0, rest)})
	}
	if l := f.Latency; l != nil {
		c.need(path+".latency", l.Median, "median")
		median, err := time.ParseDuration(l.Median)
		if l.Median != "" && (err != nil || median < 10*time.Microsecond || median > time.Hour) {
			c.fail(path+".latency.median", "%q is not a duration from 10us to 1h, such as 120ms", l.Median)
		}
		if !(l.Spread >= 0 && l.Spread <= 3) {
			c.fail(path+".latency.spread", "spread %v is not between 0 and 3", l.Spread)
		}
		e.latency = lognormal{median: median.Seconds(), spread: l.Spread}
	}
	return e
}

// ownRhythm is an endpoint's own, in which hours may be without any traffic.
func (c *construction) ownRhythm(path string, f *fileRhythm) *rhythm {
	if f == nil {
		return nil
	}
	weekend := 1.0
	if f.Weekend != "" {
		weekend = c.share(path+".weekend", f.Weekend)
	}
	if len(f.Hours) != 24 || slices.ContainsFunc(f.Hours, func(h float64) bool { return !(h >= 0 && h < 1e9) }) || slices.Max(f.Hours) == 0 {
		c.fail(path+".hours", "hours are not 24 numbers of at least 0, one for each hour of the day in UTC")
		return nil
	}
	return newRhythm(f.Hours, weekend)
}

// status checks a status of HTTP, or a code of gRPC, that was written as text.
func (c *construction) status(path, text string, status int, grpc bool) {
	switch {
	case grpc && (status < 0 || status > 16):
		c.fail(path, "%s is not a status code of gRPC from 0 to 16", text)
	case !grpc && (status < 100 || status > 599):
		c.fail(path, "%s is not an HTTP status from 100 to 599", text)
	}
}

// allGRPC reports whether there are services of the pattern, and all speak gRPC.
func (c *construction) allGRPC(pattern string) bool {
	some := false
	for _, s := range c.world.services {
		if glob(pattern, s.name) {
			if !s.grpc {
				return false
			}
			some = true
		}
	}
	return some
}

// defaultFailure is the status that an incident's errors have where it does not say.
func defaultFailure(grpc bool) int {
	if grpc {
		return 13
	}
	return 500
}
