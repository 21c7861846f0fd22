// Package timeseries is the vocabulary of time that the rest of slo is built
// on: half-open spans on the Unix time line, values on a regular grid in which
// a missing point is not a zero, and sums that do not lose small numbers
// beside large ones.
//
// Everything here is a pure value. Instants are whole Unix seconds in UTC;
// Datadog's milliseconds are converted at the edge, once.
package timeseries
