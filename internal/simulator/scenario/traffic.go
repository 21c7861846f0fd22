package scenario

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Lookahead is how long after the world's now its traffic goes on, for
// simulators that run on the real clock.
const Lookahead = 31 * 24 * time.Hour

// Kind is the type of a metric.
type Kind string

// The metric types that a world can produce, in Datadog's words.
const (
	Count        Kind = "count"
	Distribution Kind = "distribution"
	Gauge        Kind = "gauge"
)

// Metric is everything that is reported under one name.
type Metric struct {
	Name string
	Kind Kind
	// Unit is the unit of the values; empty where none is known.
	Unit   string
	Series []*Series
}

// Traffic is what the world's services did, as metrics. It is safe for
// concurrent use.
type Traffic struct {
	metrics map[string]*Metric
}

// Metric looks a metric up by name; nil if there is none.
func (t *Traffic) Metric(name string) *Metric { return t.metrics[name] }

// Names are the names of all metrics, sorted.
func (t *Traffic) Names() []string {
	names := make([]string, 0, len(t.metrics))
	for name := range t.metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Traffic builds the world's metrics. Counts are computed only for the series
// that are asked for.
func (w *World) Traffic() *Traffic {
	b := builder{
		world: w, traffic: &Traffic{metrics: map[string]*Metric{}},
		world0: w.Now.Add(-w.History).Unix(), end: w.Now.Add(Lookahead).Unix(),
		shapes: map[lognormal]*latencyShape{},
	}
	for _, s := range w.services {
		for _, env := range s.envs {
			for _, e := range s.endpoints {
				b.endpoint(s, env, e)
			}
		}
	}
	for _, c := range w.counters {
		b.counter(c)
	}
	for _, g := range w.gauges {
		b.add(g.metric, Gauge, &Series{Tags: g.tags, from: g.life.from, to: g.life.to, level: g.value})
	}
	return b.traffic
}

type builder struct {
	world       *World
	traffic     *Traffic
	world0, end int64
	shapes      map[lognormal]*latencyShape
	// concerned are the incidents of each service, once they were asked for.
	concerned map[string][]incident
}

func (b *builder) add(metric string, kind Kind, s *Series) {
	m := b.traffic.metrics[metric]
	if m == nil {
		m = &Metric{Name: metric, Kind: kind}
		if kind == Distribution || kind == Gauge && s.flow != nil {
			m.Unit = "second"
		}
		b.traffic.metrics[metric] = m
	}
	m.Series = append(m.Series, s)
}

func (b *builder) shape(d lognormal) *latencyShape {
	if b.shapes[d] == nil {
		b.shapes[d] = newLatencyShape(d)
	}
	return b.shapes[d]
}

// endpoint adds the series of one endpoint in one environment: one for each
// status and version.
func (b *builder) endpoint(s service, env environment, e endpoint) {
	var effects []incident
	statuses := slices.Clone(e.statuses)
	for _, i := range b.incidentsOf(s.name) {
		if i.env != "" && i.env != env.name || i.resource != "" && i.resource != e.resource {
			continue
		}
		if s.grpc && i.status > 16 {
			i.status = defaultFailure(true) // an incident of several services, some of which speak HTTP
		}
		effects = append(effects, i)
		if i.errors > 0 && !slices.ContainsFunc(statuses, func(st statusShare) bool { return st.status == i.status }) {
			statuses = append(statuses, statusShare{status: i.status})
		}
	}
	for _, st := range statuses {
		f := b.flow(b.identity(s, env, e, st.status), e.life, effects, func(t int64) (float64, int) {
			weight, share, shift := e.rate*env.factor, st.share, 0
			for _, i := range effects {
				k := i.strength(t)
				weight *= 1 + k*(i.requests-1)
				share *= 1 - k*i.errors
				if st.status == i.status {
					share += k * i.errors
				}
				shift += int(math.Round(math.Log(1+k*(i.latency-1)) / math.Log(binRatio)))
			}
			return weight * share, shift
		})
		f.latency = b.shape(e.latency)
		if e.scattered {
			f.phase = int64(mix(f.key, 0) % grain)
		}
		if !s.flat && !e.flat {
			f.rhythm, f.noise = cmp.Or(e.rhythm, b.world.rhythm), b.world.noise
			if b.world.dispersion >= 0 {
				f.chance = &chance{b.world.dispersion}
			}
		}
		for _, v := range b.versions(s) {
			b.trace(s, env, e, st.status, v, f)
		}
	}
}

// incidentsOf are the incidents that concern a service.
func (b *builder) incidentsOf(service string) []incident {
	if b.concerned == nil {
		b.concerned = map[string][]incident{}
	}
	list, ok := b.concerned[service]
	if !ok {
		for _, i := range b.world.incidents {
			if i.metric == "" && glob(i.service, service) {
				list = append(list, i)
			}
		}
		b.concerned[service] = list
	}
	return list
}

// identity is what the noise of a flow hangs on. A service's second operation
// has noise of its own.
func (b *builder) identity(s service, env environment, e endpoint, status int) string {
	id := s.name + "|" + env.name + "|" + e.resource + "|" + strconv.Itoa(status)
	first := slices.IndexFunc(b.world.services, func(o service) bool { return o.name == s.name })
	if b.world.services[first].operation != s.operation {
		id += "|" + s.operation
	}
	return id
}

// failed reports whether a request with this status is flagged as an error: by
// gRPC's codes those for which the server is to blame.
func (s service) failed(status int) bool {
	if s.grpc {
		return slices.Contains([]int{2, 4, 8, 12, 13, 14, 15}, status)
	}
	return status >= 500
}

type versionLife struct {
	version string
	life
}

// versions are the service's versions one after the other.
func (b *builder) versions(s service) []versionLife {
	all := []versionLife{{s.version, life{math.MinInt64, math.MaxInt64}}}
	for _, r := range b.world.releases {
		if glob(r.service, s.name) {
			all[len(all)-1].to = r.at
			all = append(all, versionLife{r.version, life{r.at, math.MaxInt64}})
		}
	}
	return all
}

// trace adds a flow to the metrics that APM makes of it.
func (b *builder) trace(s service, env environment, e endpoint, status int, v versionLife, f *flow) {
	tags := []string{
		"env:" + env.name, "service:" + s.name,
		"resource_name:" + tagValue(e.resource),
		"resource:" + fmt.Sprintf("%016x", hashText(0, e.resource)),
	}
	if v.version != "" {
		tags = append(tags, "version:"+v.version)
	}
	failed := s.failed(status)
	switch {
	case s.http:
		tags = append(tags, "http.status_code:"+strconv.Itoa(status))
	case s.grpc:
		tags = append(tags, "rpc.grpc.status_code:"+strconv.Itoa(status))
	}
	tags = slices.Clip(tags)
	series := func(extra ...string) *Series {
		return &Series{Tags: append(tags, extra...), from: v.from, to: v.to, flow: f}
	}
	name := "trace." + s.operation
	if s.legacy {
		b.add(name+".duration", Gauge, series())
	} else {
		b.add(name, Distribution, series())
	}
	b.add(name+".hits", Count, series())
	if failed {
		b.add(name+".errors", Count, series())
	}
	if !s.http {
		return
	}
	class := "http.status_class:" + strconv.Itoa(status/100) + "xx"
	b.add(name+".hits.by_http_status", Count, series(class))
	if failed {
		b.add(name+".errors.by_http_status", Count, series(class))
	}
}

func (b *builder) counter(c counter) {
	var effects []incident
	for _, i := range b.world.incidents {
		if i.metric == c.metric && !slices.ContainsFunc(i.tags, func(tag string) bool { return !slices.Contains(c.tags, tag) }) {
			effects = append(effects, i)
		}
	}
	f := b.flow(c.metric+"|"+strings.Join(c.tags, ","), c.life, effects, func(t int64) (float64, int) {
		weight := c.rate
		for _, i := range effects {
			weight *= 1 + i.strength(t)*(i.requests-1)
		}
		return weight, 0
	})
	b.add(c.metric, Count, &Series{Tags: c.tags, from: math.MinInt64, to: math.MaxInt64, flow: f})
}

// flow cuts the world's time where an effect changes and asks for the
// intensity in the middle of each piece.
func (b *builder) flow(identity string, alive life, effects []incident, intensity func(int64) (float64, int)) *flow {
	cuts := []int64{b.world0, alive.from, alive.to}
	for _, i := range effects {
		cuts = append(cuts, i.from, i.to)
		if i.ramp == 0 {
			continue
		}
		for t := i.from - i.from%Cell + Cell; t < min(i.from+i.ramp, i.to); t += Cell {
			cuts = append(cuts, t)
		}
		cuts = append(cuts, i.from+i.ramp)
	}
	slices.SortFunc(cuts, cmp.Compare[int64])
	cuts = slices.Compact(cuts)
	f := &flow{key: hashText(b.world.seed, identity), end: b.end}
	for n, from := range cuts {
		if from < b.world0 || from >= b.end {
			continue
		}
		to := b.end
		if n+1 < len(cuts) {
			to = min(cuts[n+1], b.end)
		}
		seg := segment{from: from}
		if from >= alive.from && from < alive.to {
			seg.weight, seg.shift = intensity(from + (to-from)/2)
		}
		f.segments = append(f.segments, seg)
	}
	return f
}

// strength is how much of the incident is felt at t, from 0 to 1.
func (i incident) strength(t int64) float64 {
	switch {
	case t < i.from || t >= i.to:
		return 0
	case t >= i.from+i.ramp:
		return 1
	}
	return float64(t-i.from) / float64(i.ramp)
}

// glob matches a name against a pattern in which * stands for anything.
func glob(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	for i := len(head); i <= len(name); i++ {
		if glob(rest, name[i:]) {
			return true
		}
	}
	return false
}

// tagValue writes a text the way Datadog normalises tags: lower case, and one
// underscore for every run of what a tag may not contain.
func tagValue(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-:./", r) {
			if gap {
				b.WriteByte('_')
			}
			b.WriteRune(r)
			gap = false
			continue
		}
		gap = b.Len() > 0
	}
	return b.String()
}
