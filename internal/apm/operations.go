package apm

import (
	"cmp"
	"slices"
	"strings"
)

const (
	namespace      = "trace."
	hitsSuffix     = ".hits"
	errorsSuffix   = ".errors"
	byStatusSuffix = ".by_http_status"
	durationSuffix = ".duration"
)

// operationsOf are the operations that some active metrics belong to, by name.
func operationsOf(metrics []string) []Operation {
	active := map[string]bool{}
	for _, m := range metrics {
		active[m] = true
	}
	there := func(name string) string {
		if active[name] {
			return name
		}
		return ""
	}
	var all []Operation
	for name := range active {
		op, ok := operationOf(name)
		if !ok {
			continue
		}
		all = append(all, Operation{
			Name: op,
			Hits: name,
			// There is no such metric before the first error, and then there was none.
			Errors:         namespace + op + errorsSuffix,
			HitsByStatus:   there(name + byStatusSuffix),
			ErrorsByStatus: errorsByStatus(op, active[name+byStatusSuffix]),
			Latency:        there(namespace + op),
			Duration:       there(namespace + op + durationSuffix),
		})
	}
	slices.SortFunc(all, func(a, b Operation) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// operationOf is the operation whose requests a metric counts.
func operationOf(metric string) (string, bool) {
	op, counts := strings.CutSuffix(metric, hitsSuffix)
	op, traces := strings.CutPrefix(op, namespace)
	return op, counts && traces && op != ""
}

func errorsByStatus(op string, there bool) string {
	if !there {
		return ""
	}
	return namespace + op + errorsSuffix + byStatusSuffix
}

// Entry reports whether the operation is work that the service was asked to do
// (a request served, a message consumed) and not what it asks of others on the way.
func (o Operation) Entry() bool { return interest(o.Name) == entry }

// The kinds of operations, that of the most interest first.
const (
	entry = iota
	other
	client
)

// interest ranks an operation by its name, which is all that is known of it.
func interest(name string) int {
	name = strings.ToLower(name)
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
	}
	ends := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.HasSuffix(name, part) })
	}
	begins := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(name, part) })
	}
	switch {
	// Libraries with which requests are made end in .request as well.
	case has("client", "produce", "publish", ".send", "enqueue"), ends(".query", ".command", ".connect", ".commit", ".execute"),
		begins("requests.", "httpx.", "urllib3.", "okhttp.", "faraday.", "guzzle.", "curl.", "aiohttp.request", "axios.", "undici.", "elasticsearch.", "opensearch.", "redis.", "memcached.", "postgres.", "mysql.", "mongo"):
		return client
	case has("server", "consume", "receive", "process", "handler", "handle"), ends(".request", ".job", ".task", ".run", ".perform", ".worker", ".invoke"), begins("web.", "aws.lambda"):
		return entry
	}
	return other
}

// wellKnown are operations that are looked for where metrics may not be listed.
func wellKnown() []string {
	return []string{
		"http.request", "web.request", "servlet.request", "grpc.server", "rack.request", "rails.action_controller", "express.request",
		"flask.request", "django.request", "fastapi.request", "aspnet_core.request", "aspnet.request", "spring.handler", "laravel.request", "symfony.request",
		"gin.request", "echo.request", "koa.request", "next.request", "aiohttp.server", "kafka.consume", "kafka.process", "amqp.consume", "sqs.process", "celery.run",
		"sidekiq.job", "aws.lambda", "http.server.request", "server.request",
	}
}
