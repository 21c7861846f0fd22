// Package judge measures pkg/anomaly: a corpus of series with known incidents,
// made from seeds, the rules by which alarms are held against them, and a
// report. "make judge" runs it and writes JUDGE.md.
//
// The corpus has two halves. Worlds are the simulator's, with incidents of
// every kind, size of traffic and season. Synthetic series are nastier than
// those: over-dispersed, autocorrelated, with heavy tails, batch jobs, shifts,
// gaps, or nothing at all most of the time. What counts in the end are real
// series that are not in the repository: these here say where to look.
package judge
