package cli_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-cli/slo/internal/badnet"
	"github.com/slo-cli/slo/internal/simulator"
	"github.com/slo-cli/slo/internal/simulator/scenario"
)

// serviceFaultsWorld has one service with something to be found, an SLO of each
// kind, a release and an event: every kind of request is worth sending.
const serviceFaultsWorld = `
now: 2026-11-09T09:30:00Z
history: 10d
seed: 3
noise: 10%
services:
  - name: shop
    version: 1.0.0
    endpoints:
      - {resource: POST /pay, rate: 1, statuses: {500: 0.1%}, latency: {median: 100ms, spread: 0.5}}
      - {resource: GET /cart, rate: 3, statuses: {500: 0.1%}, latency: {median: 50ms, spread: 0.5}}
releases:
  - {service: shop, at: 2026-11-08T11:50:00Z, version: 1.1.0}
incidents:
  - {service: shop, resource: POST /pay, from: 2026-11-08T12:03:00Z, to: 2026-11-08T12:58:00Z, requests: 8}
  - {service: shop, resource: GET /cart, from: 2026-11-08T18:03:00Z, to: 2026-11-08T18:58:00Z, errors: 20%, status: 503}
events:
  - {at: 2026-11-08T12:02:00Z, title: Newsletter sent, source: mailer, tags: ['service:shop', 'env:prod']}
monitors:
  - id: 901
    name: Carts fail
    type: query alert
    query: 'sum(last_5m):sum:trace.http.request.errors{service:shop,env:prod}.as_count() > 10'
    options: {thresholds: {critical: 10}}
    tags: ['service:shop', 'env:prod']
    down: [{from: 2026-11-08T18:05:00Z, to: 2026-11-08T19:00:00Z}]
slos:
  - name: shop availability
    tags: ['service:shop', 'env:prod']
    good: sum:trace.http.request.hits{service:shop}.as_count() - sum:trace.http.request.errors{service:shop}.as_count()
    total: sum:trace.http.request.hits{service:shop}.as_count()
    thresholds: [{timeframe: 7d, target: 99}]
  - name: shop works
    tags: ['service:shop', 'env:prod']
    monitors: [901]
    thresholds: [{timeframe: 7d, target: 99}]
corrections:
  - {slo: shop availability, start: 2026-11-08T18:20:00Z, for: 10m, category: Deployment}
`

// serviceRequests tells the requests of these commands apart more finely than
// kinds of exchanges do.
func serviceRequests(r *http.Request) string {
	switch kind := badnet.KindOf(r); {
	case kind != badnet.Services:
		return string(kind)
	case r.URL.Path == "/api/v1/metrics":
		return "metric names"
	case strings.HasSuffix(r.URL.Path, "/scalar"):
		return "scalars"
	case strings.Contains(r.URL.Path, "/events/"):
		return "events"
	}
	return "deployments"
}

// serviceFault is a fault of the short matrix.
type serviceFault struct {
	name   string
	damage badnet.Fault
	// passes says that the same request is sent again, and that all is well if it happens once.
	passes bool
	hangs  bool
}

var serviceFaults = []serviceFault{
	{name: "500", damage: badnet.Status(500), passes: true},
	{name: "403", damage: badnet.Status(403)},
	{name: "hang", damage: badnet.Hang, hangs: true},
	{name: "garbage", damage: badnet.Constant("application/json", "\x00\xff{garbage")},
	{name: "truncated", damage: badnet.Truncate, passes: true},
	{name: "nulls", damage: badnet.Rewrite(badnet.NullsInside)},
	{name: "HTML", damage: badnet.Constant("text/html", "<!DOCTYPE html><title>Sign in</title>")},
}

// serviceCommand is a command of the matrix, with what it says undamaged.
type serviceCommand struct {
	args []string
	// asks are the requests that it sends.
	asks  []string
	clean serviceAnswer
}

// TestServiceFaults puts every kind of request of slo endpoints and slo investigate
// together with faults, once and always. What is shown is as without the fault,
// or unknown with a note or a code; it is never another number.
func TestServiceFaults(t *testing.T) {
	t.Parallel()
	described, err := scenario.Parse("faults", []byte(serviceFaultsWorld))
	if err != nil {
		t.Fatal(err)
	}
	simulated, err := simulator.New(simulator.Config{World: described})
	if err != nil {
		t.Fatal(err)
	}
	upstream := badnet.NewUpstream(simulated)
	at := described.Now.UTC().Format(time.RFC3339)
	commands := []*serviceCommand{
		{
			args: []string{"endpoints", "--service", "shop", "--last", "1d"},
			asks: []string{"metric names", "series", "scalars", "metric type"},
		},
		{
			args: []string{"investigate", "--service", "shop", "--last", "1d"},
			asks: []string{"metric names", "series", "events", "deployments", "listing", "corrections", "history", "monitor", "metric type"},
		},
	}
	run := func(t *testing.T, c *serviceCommand, url, timeout, cache string) (outcome, time.Duration) {
		env := map[string]string{"DD_API_KEY": secretAPIKey, "DD_APP_KEY": secretAppKey}
		start := time.Now()
		got := runSLO(t.Context(), url, env, append(slices.Clone(c.args), "-o", "json", "--at", at, "--timeout", timeout, "--cache-dir", cache, "--debug")...)
		return got, time.Since(start)
	}
	for _, c := range commands {
		network, err := badnet.Listen(upstream)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		seen := map[string]bool{}
		network.Obey(badnet.Everything(func(x *badnet.Exchange) {
			mu.Lock()
			seen[serviceRequests(x.R)] = true
			mu.Unlock()
			badnet.Nothing(x)
		}))
		got, _ := run(t, c, network.URL, "1m", cacheFolder(t))
		network.Close()
		if got.code != 0 {
			t.Fatalf("%s without a fault: code %d, %s", c.args[0], got.code, got.stderr)
		}
		if c.clean, err = readServiceAnswer(got.stdout); err != nil || len(c.clean.rows) < 2 {
			t.Fatalf("%s without a fault: %v, %d rows", c.args[0], err, len(c.clean.rows))
		}
		for _, kind := range c.asks {
			if !seen[kind] {
				t.Errorf("%s does not ask for %s", c.args[0], kind)
			}
			delete(seen, kind)
		}
		for kind := range seen {
			t.Errorf("%s asks for %s, which this does not try", c.args[0], kind)
		}
	}

	type cell struct {
		command *serviceCommand
		kind    string
		fault   serviceFault
		once    bool
	}
	var cells []cell
	for _, c := range commands {
		for _, kind := range c.asks {
			for _, f := range serviceFaults {
				cells = append(cells, cell{c, kind, f, false})
				if !f.hangs { // for which once is enough to use up the time
					cells = append(cells, cell{c, kind, f, true})
				}
			}
		}
	}
	try := func(c cell, timeout time.Duration) (wrong []string, late string) {
		object := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
		network, err := badnet.Listen(upstream)
		if err != nil {
			return []string{err.Error()}, ""
		}
		defer network.Close()
		var struck atomic.Int64
		network.Obey(badnet.Everything(func(x *badnet.Exchange) {
			if serviceRequests(x.R) != c.kind || c.once && struck.Load() > 0 || struck.Add(1) > 1 && c.once {
				badnet.Nothing(x)
				return
			}
			c.fault.damage(x)
		}))
		cache := cacheFolder(t)
		got, took := run(t, c.command, network.URL, timeout.String(), cache)
		if took > timeout+grace {
			late = fmt.Sprintf("took %s, more than %s", took, timeout+grace)
		}
		if struck.Load() == 0 {
			late = "the fault never happened"
		}
		if where := shownSecret(got, cache); where != "" {
			object("a credential stands in %s", where)
		}
		lost, err := c.command.judge(got)
		switch {
		case err != nil:
			object("%v", err)
		case c.once && c.fault.passes && (got.code != 0 || len(lost) > 0):
			object("it passes, and the code is %d, lost %v: %s", got.code, lost, got.stderr)
		case got.code == 4 && c.fault.name != "403":
			object("code 4: %s", got.stderr)
		case !c.once && got.code == 0 && c.kind == "series":
			object("code 0 without a single series")
		}
		if c.once {
			return wrong, late
		}
		// What the run has left behind damages no later one.
		network.Obey(nil)
		again, _ := run(t, c.command, network.URL, "1m", cache)
		if lost, err := c.command.judge(again); err != nil || len(lost) > 0 || again.code != 0 {
			object("afterwards, without the fault: code %d, lost %v, %v", again.code, lost, err)
		}
		return wrong, late
	}
	timeoutOf := func(c cell) time.Duration {
		switch {
		case c.fault.hangs:
			return 2 * time.Second
		case !c.once: // what fails for good need not wait for the end of all attempts
			return 8 * time.Second
		}
		return 30 * time.Second
	}
	var all sync.WaitGroup
	places := make(chan struct{}, 12)
	for i, c := range cells {
		if testing.Short() && i%9 != 0 {
			continue
		}
		all.Go(func() {
			places <- struct{}{}
			wrong, late := try(c, timeoutOf(c))
			<-places
			// What was late may owe that to its neighbours.
			for again := 1; late != "" && again <= 3; again++ {
				wrong, late = try(c, timeoutOf(c)<<again)
			}
			if late != "" {
				wrong = append(wrong, late)
			}
			for _, w := range wrong {
				t.Errorf("%s, %s, %s, once %t: %.1500s", c.command.args[0], c.kind, c.fault.name, c.once, w)
			}
		})
	}
	all.Wait()
	if unknown := simulated.UnknownRoutes(); len(unknown) > 0 {
		t.Errorf("asked for routes that the API does not have: %q", unknown)
	}
}
