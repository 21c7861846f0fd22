// Package simulator is a Datadog API on loopback HTTP, served from a scenario
// world. It exists so that the product can be used without an account and
// examined without a network, and so that clients in other languages can be
// tried against the same answers.
//
// Every figure, also the one it calls Datadog's own, comes from evaluating
// metric queries over the world's traffic. It shares no arithmetic and no wire
// types with the product: it is the examiner.
//
// One file for each family of endpoints: slos, search, history, corrections,
// query_v1, query_v2, metrics, keys. A new family is a file with its handlers
// and its lines in routes.
package simulator
