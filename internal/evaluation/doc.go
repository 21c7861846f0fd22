// Package evaluation is the use case behind the board: how do these
// objectives stand at this instant? It selects definitions, plans the least
// set of metric requests for all of them together, runs the plan, and hands
// what came back to the arithmetic in pkg/slo.
package evaluation
