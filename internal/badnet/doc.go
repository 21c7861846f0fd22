// Package badnet is the test room of what networks do: an HTTP server that
// stands between slo and a Datadog API and damages chosen exchanges. It may be
// imported by tests only.
//
// A [Network] asks its [Plan] about each request. The plan knows the [Kind] of
// the request and which of its kind it is, and answers with a [Fault], or with
// nil for no fault at all:
//
//	net, err := badnet.Listen(upstream)
//	net.Obey(badnet.Once(badnet.Series, badnet.Status(503)))
//
// Answers of the API are taken from an [Upstream], which remembers them: a
// simulated world does not change, and thousands of runs ask it the same.
package badnet
