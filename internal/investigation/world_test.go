package investigation_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slo-cli/slo/internal/apm"
	"github.com/slo-cli/slo/internal/investigation"
	"github.com/slo-cli/slo/internal/metricquery"
	"github.com/slo-cli/slo/pkg/slo"
	"github.com/slo-cli/slo/pkg/timeseries"
)

const (
	minute = int64(60)
	hour   = int64(3600)
	day    = int64(86_400)
)

// now is a Monday, 12:00 UTC: the end of what is looked at.
var now = time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC).Unix()

// began is when the world began: long before the history that anybody asks for.
var began = now - 46*day

// fortnight is the usual question.
func fortnight() timeseries.Span { return timeseries.Span{Start: now - 14*day, End: now} }

// flow is the traffic of one endpoint, by the minute.
type flow struct {
	service, endpoint string
	// rate is how many requests a minute, fail the share of errors, slow the mean latency.
	rate, fail, slow func(t int64) float64
	version          func(t int64) string
	// every, when set, makes it one request in so many seconds, and nothing else counts.
	every int64

	// What came in each minute, and the same in five: requests, errors, seconds.
	minutes, fives [3][]float32
}

// noises are those of all minutes by name: the same in every world.
var noises sync.Map

func noisesOf(name string) *[4][]float32 {
	if made, there := noises.Load(name); there {
		return made.(*[4][]float32)
	}
	var all [4][]float32
	for salt := range all {
		for t := began; t < now; t += minute {
			all[salt] = append(all[salt], float32(noise(name, t, uint64(salt))))
		}
	}
	made, _ := noises.LoadOrStore(name, &all)
	return made.(*[4][]float32)
}

// world is services with trace metrics, as Datadog would tell of them.
type world struct {
	flows []*flow
	// operation of all of them.
	operation string
	legacy    bool
	// most is how many endpoints are answered a query, those with the most of it,
	// and of what is alike now these and then those; 0 for all.
	most int
	// hourly says that nothing is kept by the minute.
	hourly bool
	// refuse says which requests fail.
	refuse func(r timeseries.Request) error

	mu       sync.Mutex
	requests []timeseries.Request
}

// steady is traffic with days and weekends: so many requests a minute at noon.
func steady(perMinute float64) func(int64) float64 {
	return func(t int64) float64 {
		rate := perMinute * (0.6 - 0.4*math.Cos(2*math.Pi*float64(t%day)/float64(day)))
		if weekday := time.Unix(t, 0).UTC().Weekday(); weekday == time.Saturday || weekday == time.Sunday {
			rate *= 0.6
		}
		return rate
	}
}

// during multiplies in a stretch.
func during(of func(int64) float64, from, until int64, factor float64) func(int64) float64 {
	return func(t int64) float64 {
		if t >= from && t < until {
			return of(t) * factor
		}
		return of(t)
	}
}

func constant(v float64) func(int64) float64 { return func(int64) float64 { return v } }

// auth is a service with a few endpoints in which nothing unusual happens.
func auth() []*flow {
	one := func(endpoint string, perMinute, latency float64) *flow {
		return &flow{service: "auth", endpoint: endpoint, rate: steady(perMinute), fail: constant(0.002), slow: constant(latency), version: func(int64) string { return "1.0" }}
	}
	return []*flow{one("post_/login", 100, .12), one("get_/session", 300, .03), one("get_/users/?", 80, .05), one("post_/logout", 40, .02), one("get_/health", 12, .001)}
}

// noise is a number from a bell around 0, the same for the same seeds.
func noise(seed string, t int64, salt uint64) float64 {
	h := uint64(14695981039346656037) + salt*0x9e3779b97f4a7c15
	for i := range len(seed) {
		h = (h ^ uint64(seed[i])) * 1099511628211
	}
	var sum float64
	for range 4 {
		h += uint64(t)*0xbf58476d1ce4e5b9 + 0x9e3779b97f4a7c15
		x := (h ^ h>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		sum += float64((x^x>>31)>>11)/float64(1<<53) - .5
	}
	return sum * math.Sqrt(3)
}

// ready works out what happens in every minute.
func (f *flow) ready() {
	if f.minutes[0] != nil || f.every > 0 {
		return
	}
	n := (now - began) / minute
	for k := range f.minutes {
		f.minutes[k], f.fives[k] = make([]float32, n), make([]float32, n/5)
	}
	chance := noisesOf(f.service + f.endpoint)
	for i := range n {
		t := began + i*minute
		rate := f.rate(t)
		hits := max(0, math.Round(rate+1.2*math.Sqrt(rate)*float64(chance[0][i])))
		expected := hits * f.fail(t)
		errors := math.Floor(expected)
		if expected > 4 {
			errors = max(0, math.Round(expected+math.Sqrt(expected)*float64(chance[1][i])))
		} else if float64(chance[2][i])/4+.5 < expected-errors {
			errors++
		}
		seconds := hits * f.slow(t) * (1 + .1*float64(chance[3][i])/math.Sqrt(max(1, hits)))
		for k, v := range []float64{hits, min(errors, hits), seconds} {
			f.minutes[k][i] = float32(v)
			f.fives[k][i/5] += float32(v)
		}
	}
}

func (w *world) source() apm.Source {
	return apm.Source{Directory: w, Metrics: w, Scalars: w, Concurrency: 4}
}

func (w *world) service() investigation.Service { return investigation.Service{Source: w.source()} }

func (w *world) name() string {
	if w.operation == "" {
		return "http.request"
	}
	return w.operation
}

func (w *world) ActiveMetrics(_ context.Context, _ int64, tag string) ([]string, error) {
	if service, named := strings.CutPrefix(tag, "service:"); named && !slices.ContainsFunc(w.flows, func(f *flow) bool { return f.service == service }) {
		return nil, nil
	}
	root := "trace." + w.name()
	names := []string{root + ".hits", root + ".hits.by_http_status", root + ".errors", root + ".errors.by_http_status"}
	if w.legacy {
		return append(names, root+".duration"), nil
	}
	return append(names, root), nil
}

func (w *world) MetricInfo(context.Context, string) (timeseries.MetricInfo, error) {
	if w.legacy {
		return timeseries.MetricInfo{Type: "gauge", Unit: "second"}, nil
	}
	return timeseries.MetricInfo{Type: "distribution", Unit: "second"}, nil
}

func (w *world) Scalars(context.Context, timeseries.ScalarRequest) ([]timeseries.ScalarAnswer, error) {
	return nil, &slo.Defect{Kind: slo.Unsupported, Message: "nobody needs scalars here"}
}

func (w *world) Series(ctx context.Context, r timeseries.Request) ([]timeseries.Answer, error) {
	w.mu.Lock()
	w.requests = append(w.requests, r)
	for _, f := range w.flows {
		f.ready()
	}
	w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("querying: %w", err)
	}
	if w.refuse != nil {
		if err := w.refuse(r); err != nil {
			return nil, err
		}
	}
	if r.Span.Start%r.Step != 0 || r.Span.End%r.Step != 0 || r.Span.Seconds()/r.Step > 1500 {
		return nil, fmt.Errorf("%s every %d s is not to be asked", r.Span, r.Step)
	}
	answers := make([]timeseries.Answer, len(r.Queries))
	for i, text := range r.Queries {
		answers[i] = w.answer(text, r.Span, r.Step)
	}
	return answers, nil
}

func (w *world) answer(text string, span timeseries.Span, step int64) timeseries.Answer {
	expr, err := metricquery.Parse(text)
	q, single := expr.(*metricquery.Query)
	if err != nil || !single {
		return timeseries.Answer{Err: fmt.Errorf("%s: not one query: %w", text, err)}
	}
	suffix := strings.TrimPrefix(q.Metric, "trace."+w.name())
	type sums struct{ value, weight []float64 }
	groups := map[string]*sums{}
	n := span.Seconds() / step
	// A key is put together once for all minutes that have it.
	type kind struct{ version, class string }
	var keys map[kind]*sums
	add := func(f *flow, t int64, class string, value, weight float64) {
		at := (t - span.Start) / step
		k := kind{class: class}
		if slices.Contains(q.By, "version") {
			k.version = f.version(t)
		}
		if g := keys[k]; g != nil {
			g.value[at] += value
			g.weight[at] += weight
			return
		}
		var key strings.Builder
		for _, by := range q.By {
			switch by {
			case "service":
				key.WriteString("\x00service:" + f.service)
			case "env":
				key.WriteString("\x00env:prod")
			case "resource_name":
				key.WriteString("\x00resource_name:" + f.endpoint)
			case "version":
				key.WriteString("\x00version:" + k.version)
			case "http.status_class":
				key.WriteString("\x00http.status_class:" + class)
			}
		}
		g := groups[key.String()]
		if g == nil {
			g = &sums{make([]float64, n), make([]float64, n)}
			groups[key.String()] = g
		}
		keys[k] = g
		g.value[at] += value
		g.weight[at] += weight
	}
	chosen := named(q.Filter)
	flows := w.flows
	if w.hourly && step < 5*minute {
		flows = nil
	}
	for _, f := range flows {
		if chosen != nil && !chosen[f.endpoint] || !q.Filter.Match([]string{"service:" + f.service, "env:prod", "resource_name:" + f.endpoint}) {
			continue
		}
		keys = map[kind]*sums{}
		f.each(span, step, func(t int64, hits, errors, seconds float64) {
			if hits == 0 {
				return
			}
			switch suffix {
			case ".hits":
				add(f, t, "", hits, 1)
			case ".errors":
				if errors > 0 {
					add(f, t, "", errors, 1)
				}
			case ".hits.by_http_status", ".errors.by_http_status":
				if errors > 0 {
					add(f, t, "5xx", errors, 1)
				}
				if hits > errors && suffix == ".hits.by_http_status" {
					add(f, t, "2xx", hits-errors, 1)
				}
			case "":
				add(f, t, "", seconds, hits)
			case ".duration":
				add(f, t, "", seconds, 1)
			}
		})
	}
	if w.most > 0 && slices.Contains(q.By, "resource_name") {
		whole := map[string]float64{}
		for key, g := range groups {
			for _, v := range g.value {
				whole[key] += v
			}
		}
		order := slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
			return cmp.Or(cmp.Compare(math.Ilogb(whole[b]), math.Ilogb(whole[a])), cmp.Compare(noise(a, span.Start, 0), noise(b, span.Start, 0)))
		})
		for _, key := range order[min(w.most, len(order)):] {
			delete(groups, key)
		}
	}
	var answer timeseries.Answer
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := timeseries.Group{Series: timeseries.Blank(span, step)}
		if key != "" {
			g.Tags = strings.Split(key, "\x00")[1:]
		}
		for i, weight := range groups[key].weight {
			if weight > 0 {
				g.Series.Values[i] = groups[key].value[i]
				if q.Aggregator == "avg" {
					g.Series.Values[i] /= weight
				}
			}
		}
		answer.Groups = append(answer.Groups, g)
	}
	return answer
}

// named are the endpoints that a filter lists, nil where it lists none: it is
// quicker to ask than a filter with hundreds of names.
func named(f metricquery.Filter) map[string]bool {
	and, ok := f.(*metricquery.And)
	if !ok {
		return nil
	}
	for _, part := range and.Of {
		if in, ok := part.(*metricquery.In); ok && in.Key == "resource_name" {
			all := map[string]bool{}
			for _, v := range in.Values {
				all[v] = true
			}
			return all
		}
	}
	return nil
}

// each visits the minutes of a span, or where nobody wants to know more exactly
// every fifth, with what came in them.
func (f *flow) each(span timeseries.Span, step int64, visit func(t int64, hits, errors, seconds float64)) {
	span = span.Intersect(timeseries.Span{Start: began, End: now})
	if f.every > 0 {
		for t := timeseries.Ceil(span.Start, f.every); t < span.End; t += f.every {
			visit(t, 1, 0, .1)
		}
		return
	}
	values, width := f.minutes, minute
	if step%(5*minute) == 0 {
		values, width = f.fives, 5*minute
	}
	for i := (span.Start - began) / width; i < (span.End-began)/width; i++ {
		visit(began+i*width, float64(values[0][i]), float64(values[1][i]), float64(values[2][i]))
	}
}
