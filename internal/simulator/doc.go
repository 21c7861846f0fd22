// Package simulator is a Datadog API on loopback HTTP, served from a scenario
// world. It exists so that the product can be used without an account and
// examined without a network, and so that clients in other languages can be
// tried against the same answers.
//
// Every figure, also the one it calls Datadog's own, is computed: of requests
// and slices by evaluating metric queries over the world's traffic, of monitors
// by looking at how they stood, to the second. It shares no arithmetic and no
// wire types with the product: it is the examiner.
//
// # Figures
//
// figure.go computes an SLO over a window, for history, search and status
// alike: events.go the type metric, slices.go the type time_slice,
// monitorstate.go the type monitor. uptime.go has what the last two share,
// tracks of states; occurrences.go says what status corrections take out,
// tagsearch.go which SLOs they are for. What Datadog does not document is
// decided as follows.
//
//   - Slices lie on multiples of their length, windows of time are exact to the
//     second. A slice in part outside of the window counts in part.
//   - What begins inside [start, end) of a correction is corrected: buckets of
//     300 s of requests, slices. Of monitors the exact seconds are removed.
//   - Recurring corrections are expanded in UTC, as served: in a world that is
//     moved UNTIL moves along, and weekdays stay what they are. One whose rule
//     or query cannot be read takes nothing out.
//   - Before a monitor or group came to be there is no time that counts. A
//     monitor that was deleted has no results.
//
// A world may have Datadog's own figure deviate (scenario.OwnFigure): figures
// change in search, history and status, transitions do not.
//
// # Files
//
// One file for each family of endpoints: slos, search, history, status_v2,
// corrections, monitors, synthetics, query_v1, query_v2, scalar_v2, metrics,
// keys. A new family is a file with its handlers and its lines in routes.
package simulator
